package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"biseo/assistant/state"
)

const (
	onceHeader = "Idempotency-Key"
	maxOnceKey = 200
	maxReplay  = 8 << 20 // bytes of a response that is kept
)

// A once is a request with an Idempotency-Key under way.
type once struct {
	s          *server
	owner, key string
	handed     bool // to a stream, which ends it
}

type onceKey struct{}

func onceOf(ctx context.Context) *once {
	o, _ := ctx.Value(onceKey{}).(*once)
	return o
}

// end keeps the result of a stream: repeated, it is the event done alone. A nil
// result lets the request begin anew. A nil o does nothing.
func (o *once) end(ctx context.Context, r *Result) {
	if o == nil {
		return
	}
	var err error
	if r == nil {
		err = o.s.o.State.Forget(ctx, o.owner, o.key)
	} else {
		var b []byte
		if b, err = json.Marshal(r); err == nil {
			err = o.s.o.State.Finish(ctx, o.owner, o.key, state.Saved{Status: http.StatusOK, Header: map[string]string{"Content-Type": eventStream},
				Body: fmt.Appendf(nil, "id: 1\nevent: done\ndata: %s\n\n", b)})
		}
	}
	if err != nil {
		o.s.lg.Error("keep result", "id", requestID(ctx), "err", err)
	}
}

// onlyOnce is a middleware: with an Idempotency-Key, a request that is sent again
// within 24 hours gets the response of the first. Requests that differ in body,
// preferred format or rights of the caller are other requests.
func (s *server) onlyOnce(hc huma.Context, next func(huma.Context)) {
	c := humagin.Unwrap(hc)
	ctx := hc.Context()
	key := hc.Header(onceHeader)
	if key == "" {
		next(hc)
		return
	}
	if len(key) > maxOnceKey {
		writeProblem(c.Writer, newProblem(http.StatusUnprocessableEntity, "invalid_request", onceTooLong, FieldError{onceHeader, onceTooLong}))
		return
	}
	if s.o.State == nil {
		writeProblem(c.Writer, s.problem(ctx, errNoState))
		return
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %t %s\n", hc.Method(), c.Request.URL.RequestURI(), wantsStream(hc.Header("Accept")), audience(ctx))
	body, err := io.ReadAll(c.Request.Body) // in memory since the guard, or the form of an upload
	if err != nil {
		writeProblem(c.Writer, s.problem(ctx, err))
		return
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(body))
	h.Write(body)
	for _, f := range filesOf(ctx) {
		fmt.Fprintf(h, "\n%q %x", f.Name, f.sum)
	}
	o := &once{s: s, owner: CallerOf(ctx).Owner(), key: key}
	saved, err := s.o.State.Once(ctx, o.owner, key, h.Sum(nil))
	switch {
	case errors.Is(err, state.ErrConflict):
		writeProblem(c.Writer, newProblem(http.StatusUnprocessableEntity, "idempotency_mismatch", "같은 Idempotency-Key로 다른 요청을 보낸 적이 있으니 새 키로 보내 주세요."))
		return
	case errors.Is(err, state.ErrBusy):
		c.Writer.Header().Set("Retry-After", "5")
		writeProblem(c.Writer, newProblem(http.StatusConflict, "idempotency_busy", "같은 Idempotency-Key의 앞선 요청을 처리하는 중이니 잠시 뒤 다시 보내 주세요."))
		return
	case err != nil:
		writeProblem(c.Writer, s.problem(ctx, err))
		return
	case saved != nil:
		for name, value := range saved.Header {
			c.Writer.Header().Set(name, value)
		}
		c.Writer.Header().Set("Idempotency-Replayed", "true")
		c.Writer.WriteHeader(saved.Status)
		_, _ = c.Writer.Write(saved.Body)
		return
	}
	c.Request = c.Request.WithContext(context.WithValue(ctx, onceKey{}, o))
	w := &copier{ResponseWriter: c.Writer}
	c.Writer = w
	finished := false
	defer func() { // also when the handler panics
		c.Writer = w.ResponseWriter
		if o.handed || finished {
			return
		}
		o.end(context.WithoutCancel(ctx), nil)
	}()
	next(hc)
	if status := w.Status(); !o.handed && status < 300 && w.body.Len() <= maxReplay {
		header := map[string]string{}
		for _, name := range []string{"Content-Type", "Location", "ETag"} {
			if v := w.Header().Get(name); v != "" {
				header[name] = v
			}
		}
		err := s.o.State.Finish(context.WithoutCancel(ctx), o.owner, key, state.Saved{Status: status, Header: header, Body: slices.Clone(w.body.Bytes())})
		if finished = err == nil; err != nil {
			s.lg.Error("keep result", "id", requestID(ctx), "err", err)
		}
	}
}

const onceTooLong = "Idempotency-Key를 200자 안으로 적어 주세요."

// A copier keeps what is written through it, up to a little more than maxReplay.
type copier struct {
	gin.ResponseWriter
	body bytes.Buffer
}

func (c *copier) Write(b []byte) (int, error) {
	if c.body.Len() <= maxReplay {
		c.body.Write(b)
	}
	return c.ResponseWriter.Write(b)
}

func (c *copier) Unwrap() http.ResponseWriter { return c.ResponseWriter }
