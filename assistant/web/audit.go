package web

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/assistant/ground"
)

var errAudit = errors.New("the audit record cannot be written")

// record writes an audit record of who asked for what and which documents they
// are shown. It stands before anything is shown: where it fails nothing may be.
// Texts never enter it.
func (s *server) record(ctx context.Context, r audit.Record, shown []ground.Source) error {
	if s.o.Audit == nil {
		return nil
	}
	c := CallerOf(ctx)
	r.Actor, r.Via, r.Key, r.User, r.Address = c.Owner(), c.Via, c.Key, c.User, c.Address
	r.Route, r.Trace = routeOf(ctx), requestID(ctx)
	if r.Action == "" {
		r.Action = actionOf(ctx)
	}
	for _, src := range shown {
		if !slices.Contains(r.Docs, src.DocID) {
			r.Docs = append(r.Docs, src.DocID)
		}
		r.Passages = append(r.Passages, src.ChunkID)
	}
	if err := s.o.Audit(ctx, r); err != nil {
		s.lg.Error("audit record", "id", requestID(ctx), "err", err)
		return errAudit
	}
	return nil
}

// seal keeps an answer with the question it answers under the trace of its audit
// record, where the settings want that.
func (s *server) seal(ctx context.Context, action string, ans *assistant.Answer) error {
	if s.o.Seal == nil {
		return nil
	}
	b, err := json.Marshal(ans)
	if err == nil {
		err = s.o.Seal(context.WithoutCancel(ctx), requestID(ctx), action, string(b))
	}
	if err != nil {
		s.lg.Error("sealed text", "id", requestID(ctx), "err", err)
		return errAudit
	}
	return nil
}

// Metrics is told what the service does. Its fields may be nil; each is called
// often and from many goroutines.
type Metrics struct {
	Request func(ctx context.Context, method, route string, status int, took time.Duration) // method is what a caller wrote; route is "" for unknown addresses
	Task    func(task, outcome string, took time.Duration)                                  // outcome is that of the answer, or failed
	Streams func(running int)                                                               // streams under way, whenever it changes
	Job     func(kind, state string)                                                        // a job has ended
}

func (m Metrics) request(ctx context.Context, method, route string, status int, took time.Duration) {
	if m.Request != nil {
		m.Request(ctx, method, route, status, took)
	}
}

func (m Metrics) task(task, outcome string, took time.Duration) {
	if m.Task != nil {
		m.Task(task, outcome, took)
	}
}

type routeKey struct{}

// routed puts the route of a request into its context.
func routed(c *gin.Context) {
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), routeKey{}, c.Request.Method+" "+c.FullPath()))
	c.Next()
}

// routeOf is method and route of a request, such as POST /v1/answers.
func routeOf(ctx context.Context) string {
	r, _ := ctx.Value(routeKey{}).(string)
	return r
}

// actionOf names what a request does: the first word of its route behind /v1, such
// as answers.
func actionOf(ctx context.Context) string {
	_, route, _ := strings.Cut(routeOf(ctx), " ")
	action, _, _ := strings.Cut(strings.TrimPrefix(route, "/v1/"), "/")
	return action
}
