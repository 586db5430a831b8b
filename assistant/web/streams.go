package web

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/assistant/ground"
	"biseo/assistant/web/stream"
)

const (
	eventStream  = "text/event-stream"
	streamHeader = "Biseo-Stream"

	streamDescription = `With "Accept: text/event-stream" the answer comes as server-sent events, each with an id:
status {"status":"started","stream":ID}, then status {"status":"searching"|"writing"}, sources {"sources":[Source]}, block (a Block that the sentences after it belong to), sentence (a Sentence, sent only after its check),
warning (a Warning), and at the end done (a Result) or error (a Problem). A stream without either was cut: GET /v1/streams/{id} with the header Last-Event-ID goes on behind that event.
A client that goes away stops the model after ten seconds, unless it comes back. Offsets in citations count Unicode code points.`
)

// A task is one request to the assistant under way.
type task struct {
	run  func(ctx context.Context, who assistant.Principal, emit func(assistant.Event) error) (*assistant.Answer, error)
	keep func(ctx context.Context, r *Result) error // stores what the caller wants kept; nil: nothing
}

// A Result is an answer or draft, and where it was kept.
type Result struct {
	assistant.Answer
	Draft        *DraftRef `json:"draft,omitempty" doc:"Where the draft is kept, if the request asked for it"`
	Conversation string    `json:"conversation,omitempty" doc:"The conversation that the turn was added to, if the request asked for it"`
}

// A DraftRef names a version of a draft.
type DraftRef struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
}

// perform does a task. What is shown is recorded before: the sources before their
// event, the outcome before the result. emit may be nil.
func (s *server) perform(ctx context.Context, t task, emit func(assistant.Event) error) (*Result, error) {
	action := actionOf(ctx)
	send := emit
	if emit != nil {
		send = func(e assistant.Event) error {
			if len(e.Sources) > 0 {
				if err := s.record(ctx, audit.Record{Action: action, Outcome: "shown"}, e.Sources); err != nil {
					return err
				}
			}
			return emit(e)
		}
	}
	ans, err := t.run(ctx, CallerOf(ctx).Principal, send)
	if err != nil {
		if failed := s.record(context.WithoutCancel(ctx), audit.Record{Action: action, Outcome: "failed: " + s.problem(ctx, err).Code}, nil); failed != nil {
			return nil, failed
		}
		return nil, err
	}
	err = s.record(context.WithoutCancel(ctx), audit.Record{Action: action, Outcome: string(ans.Outcome), On: ans.On,
		Versions: map[string]string{"prompt": ans.Prompt, "model": ans.Model, "index": ans.Index}}, ans.Sources)
	if err != nil {
		return nil, err
	}
	if err := s.seal(ctx, action, ans); err != nil {
		return nil, err
	}
	r := &Result{Answer: *ans}
	if t.keep != nil {
		if err := t.keep(ctx, r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// answer answers with JSON, or with events where the caller prefers them.
func (s *server) answer(ctx context.Context, t task) (*huma.StreamResponse, error) {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		w := humagin.Unwrap(hc).Writer
		w.Header().Set("Vary", "Accept")
		if wantsStream(hc.Header("Accept")) {
			s.stream(ctx, w, t)
			return
		}
		r, err := s.perform(ctx, t, nil)
		if err != nil {
			writeProblem(w, s.problem(ctx, err))
			return
		}
		writeJSON(w, http.StatusOK, r)
	}}, nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = huma.DefaultJSONFormat.Marshal(w, v) // a client that is gone needs no answer
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

var errPanic = errors.New("panic")

// stream answers with events. An error before the first event is an ordinary
// problem; after it, an error event. The task goes on in a goroutine of its own, so
// that a client may come back for the rest.
func (s *server) stream(ctx context.Context, w http.ResponseWriter, t task) {
	once := onceOf(ctx)
	if once != nil {
		once.handed = true
	}
	st, err := s.streams.Start(ctx, audience(ctx), func(ctx context.Context, st *stream.Stream) (err error) {
		begun := false
		defer func() {
			if v := recover(); v != nil {
				s.panicked(ctx, v)
				err = errPanic
			}
			if err != nil && begun {
				p := s.problem(ctx, err)
				p.TraceID = requestID(ctx)
				_ = st.Send("error", p)
			}
			if err != nil {
				once.end(context.WithoutCancel(ctx), nil)
			}
		}()
		r, err := s.perform(ctx, t, func(e assistant.Event) error {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			if !begun {
				begun = true
				if err := st.Send("status", streamStatus{"started", st.ID}); err != nil {
					return err
				}
			}
			return sendEvent(st, e)
		})
		if err != nil {
			return err
		}
		once.end(context.WithoutCancel(ctx), r)
		return st.Send("done", r)
	})
	if err == nil {
		err = st.Started(ctx)
	}
	if err != nil {
		writeProblem(w, s.problem(ctx, err))
		return
	}
	s.follow(ctx, w, st, 0)
}

type streamStatus struct {
	Status string `json:"status"`
	Stream string `json:"stream,omitempty"`
}

func sendEvent(st *stream.Stream, e assistant.Event) error {
	switch {
	case e.Block != nil:
		return st.Send("block", e.Block)
	case e.Sentence != nil:
		return st.Send("sentence", e.Sentence)
	case e.Warning != nil:
		return st.Send("warning", e.Warning)
	case e.Sources != nil:
		return st.Send("sources", map[string][]ground.Source{"sources": e.Sources})
	}
	return st.Send("status", streamStatus{Status: e.Status})
}

// follow passes a stream on, each write under its own deadline: a client that takes
// an event no sooner is gone.
func (s *server) follow(ctx context.Context, w http.ResponseWriter, st *stream.Stream, after int) {
	w.Header().Set(streamHeader, st.ID)
	_ = st.Follow(ctx, after, s.keepAlive, s.eventWriter(w)) // what is wrong with the client the client knows
}

// eventWriter begins an event stream and returns what writes to it.
func (s *server) eventWriter(w http.ResponseWriter) func([]byte) error {
	w.Header().Set("Content-Type", eventStream)
	w.Header().Set("X-Accel-Buffering", "no") // proxies of the nginx family hold streams back
	w.WriteHeader(http.StatusOK)
	rc := http.NewResponseController(w)
	return func(b []byte) error {
		_ = rc.SetWriteDeadline(time.Now().Add(s.writeTime))
		if _, err := w.Write(b); err != nil {
			return err
		}
		return rc.Flush()
	}
}

type resumeInput struct {
	ID    string `path:"id" doc:"As the header Biseo-Stream and the first event name it"`
	After string `header:"Last-Event-ID" doc:"The last event received; left out: from the beginning"`
}

// resume goes on with a stream. Only who began it finds it, with the rights they had.
func (s *server) resume(ctx context.Context, in *resumeInput) (*huma.StreamResponse, error) {
	after := 0
	if in.After != "" {
		n, err := strconv.Atoi(in.After)
		if err != nil || n < 0 {
			return nil, s.problem(ctx, &assistant.InputError{Field: "Last-Event-ID", Text: "마지막으로 받은 이벤트의 id를 수 그대로 보내 주세요."})
		}
		after = n
	}
	st, err := s.streams.Find(audience(ctx), in.ID)
	if err == nil && !st.Kept(after) {
		err = stream.ErrGone
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	if err := s.record(ctx, audit.Record{Action: actionOf(ctx), Outcome: "resumed", Docs: []string{actionOf(ctx) + "/" + in.ID}}, nil); err != nil {
		return nil, s.problem(ctx, err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) { s.follow(ctx, humagin.Unwrap(hc).Writer, st, after) }}, nil
}

// audience names the caller together with the rights that they have now: what was
// made under other rights is not theirs any more.
func audience(ctx context.Context) string {
	c := CallerOf(ctx)
	return fmt.Sprintf("%q %q %d", c.Owner(), c.Groups, c.Grade)
}

// panicked logs a panic: the stack and its kind. Its value may hold text of a
// document.
func (s *server) panicked(ctx context.Context, v any) {
	what := fmt.Sprintf("%T", v)
	if e, ok := v.(runtime.Error); ok {
		what = e.Error()
	}
	s.lg.Error("panic", "id", requestID(ctx), "route", routeOf(ctx), "what", what, "stack", string(debug.Stack()))
}
