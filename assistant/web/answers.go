package web

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"biseo/assistant"
)

const (
	eventStream = "text/event-stream"

	answersDescription = `With "Accept: text/event-stream" the answer comes as server-sent events, each with an id:
status {"status":"searching"|"writing"}, sources {"sources":[Source]}, block (a Block that the sentences after it belong to), sentence (a Sentence, sent only after its check),
warning (a Warning), and at the end done (the whole Answer) or error (a Problem). A stream without either was cut.
Closing the connection stops the model. Offsets in citations count Unicode code points.`
)

type answerInput struct {
	Body struct {
		Question string `json:"question" minLength:"1" maxLength:"2000" example:"민원 처리기간은 몇 번까지 연장할 수 있나요?" doc:"The question"`
		Restriction
	}
}

func (s *server) answer(ctx context.Context, in *answerInput) (*huma.StreamResponse, error) {
	on, err := s.day(in.Body.On)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	req := assistant.AnswerRequest{Question: in.Body.Question, On: on, Kinds: in.Body.Kinds, Agencies: in.Body.Agencies, Docs: in.Body.Docs}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		w := humagin.Unwrap(hc).Writer
		w.Header().Set("Vary", "Accept")
		if wantsStream(hc.Header("Accept")) {
			s.stream(ctx, w, req)
			return
		}
		ans, err := s.svc.Answer(ctx, CallerOf(ctx).Principal, req, nil)
		if err != nil {
			writeProblem(w, s.problem(ctx, err))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_ = huma.DefaultJSONFormat.Marshal(w, ans) // a client that is gone needs no answer
	}}, nil
}

// wantsStream reports whether accept names the event stream before JSON.
func wantsStream(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		switch t, _, _ := mime.ParseMediaType(part); t {
		case eventStream:
			return true
		case "application/json", "*/*":
			return false
		}
	}
	return false
}

// stream answers with events. An error before the first event is an ordinary
// problem; after it, an error event.
func (s *server) stream(ctx context.Context, w http.ResponseWriter, req assistant.AnswerRequest) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ev := &events{w: w, rc: http.NewResponseController(w), limit: s.writeTime}

	ticker := time.NewTicker(s.keepAlive)
	defer ticker.Stop()
	stopped := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait() // nothing may write once the handler has returned
	defer close(stopped)
	wg.Go(func() {
		for {
			select {
			case <-ticker.C:
				if ev.comment() != nil {
					cancel() // the client is gone: stop the model
				}
			case <-stopped:
				return
			}
		}
	})

	ans, err := s.svc.Answer(ctx, CallerOf(ctx).Principal, req, ev.emit)
	switch {
	case err == nil:
		_ = ev.send("done", ans)
	case ev.started():
		p := s.problem(ctx, err)
		p.TraceID = requestID(ctx)
		_ = ev.send("error", p)
	default:
		writeProblem(w, s.problem(ctx, err))
	}
}

// events writes server-sent events. Its methods may be called from two goroutines.
type events struct {
	w     http.ResponseWriter
	rc    *http.ResponseController
	limit time.Duration // to write one event

	mu sync.Mutex
	id int // of the last event; 0 before the first
}

func (e *events) emit(ev assistant.Event) error {
	switch {
	case ev.Block != nil:
		return e.send("block", ev.Block)
	case ev.Sentence != nil:
		return e.send("sentence", ev.Sentence)
	case ev.Warning != nil:
		return e.send("warning", ev.Warning)
	case ev.Sources != nil:
		return e.send("sources", map[string]any{"sources": ev.Sources})
	}
	return e.send("status", map[string]string{"status": ev.Status})
}

func (e *events) send(name string, v any) error {
	b, err := json.Marshal(v) // on one line, as data must be
	if err != nil {
		return fmt.Errorf("event %s: %w", name, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.id == 0 {
		e.w.Header().Set("Content-Type", eventStream)
		e.w.Header().Set("X-Accel-Buffering", "no") // proxies of the nginx family hold streams back
		e.w.WriteHeader(http.StatusOK)
	}
	e.id++
	return e.write(fmt.Appendf(nil, "id: %d\nevent: %s\ndata: %s\n\n", e.id, name, b))
}

// comment keeps a silent stream open; before the first event it does nothing.
func (e *events) comment() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.id == 0 {
		return nil
	}
	return e.write([]byte(": keep-alive\n\n"))
}

func (e *events) write(b []byte) error {
	_ = e.rc.SetWriteDeadline(time.Now().Add(e.limit))
	if _, err := e.w.Write(b); err != nil {
		return err
	}
	return e.rc.Flush()
}

func (e *events) started() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.id > 0
}
