// Package openai serves Biseo's tasks in the form of OpenAI's chat completions, for
// front ends and libraries that speak nothing else.
//
// Start with [New]. Each task is a model: biseo-ask, biseo-summary, biseo-report and
// biseo-reply. The last user message is the question, the text or the words to find
// the document, the topic, or the complaint; earlier user messages only help to
// understand a follow-up question. Settings of a task go in the member biseo of the
// body, see [Settings]. What else a front end sends is no part of the request:
// system and developer messages and what assistants said before are not read, since
// nobody but the agency's own prompts may instruct the model, and nothing that a
// model wrote may count as a question.
//
// openai.go holds the handler, request.go reads requests, chat.go runs a task and
// writes its text, errors.go writes errors.
package openai

import (
	"context"
	"net/http"
	"strings"
	"time"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/assistant/web/chat"
)

// A Service does the tasks: an [assistant.Assistant].
type Service interface {
	Search(ctx context.Context, who assistant.Principal, req assistant.SearchRequest) (*assistant.SearchResult, error)
	Answer(ctx context.Context, who assistant.Principal, req assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error)
	Summarize(ctx context.Context, who assistant.Principal, req assistant.SummaryRequest, emit func(assistant.Event) error) (*assistant.Answer, error)
	DraftReport(ctx context.Context, who assistant.Principal, req assistant.ReportRequest, emit func(assistant.Event) error) (*assistant.Answer, error)
	DraftReply(ctx context.Context, who assistant.Principal, req assistant.ReplyRequest, emit func(assistant.Event) error) (*assistant.Answer, error)
}

// Options of [New]. Every field may be left out.
type Options struct {
	Version   string
	Now       func() time.Time                          // nil means time.Now
	Who       func(context.Context) assistant.Principal // whose rights a request has; nil: those of anyone
	Audit     func(context.Context, audit.Record) error // called before anything is shown; an error refuses the request; nil: no record
	Problem   func(context.Context, error) chat.Problem // what a caller may know of an error; nil: nothing but what is wrong with the request
	KeepAlive time.Duration                             // between comments in a silent stream; 0 means 15 s
	WriteTime time.Duration                             // a client that takes a chunk no sooner is gone; 0 means 5 s
}

// A model is one task under the name that clients call it by.
type model struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
	Name    string `json:"name"` // shown by front ends such as Open WebUI
	task    string
}

type handler struct {
	svc    Service
	o      Options
	models []model
}

// New returns the handler of GET /v1/models, GET /v1/models/{id} and POST
// /v1/chat/completions. It does not find out who the caller is, nor how often they
// may ask: mount it behind what does, and [Errors] before all.
func New(svc Service, o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Who == nil {
		o.Who = func(context.Context) assistant.Principal { return assistant.Principal{} }
	}
	if o.KeepAlive == 0 {
		o.KeepAlive = 15 * time.Second
	}
	if o.WriteTime == 0 {
		o.WriteTime = 5 * time.Second
	}
	h := &handler{svc: svc, o: o}
	created := o.Now().Unix()
	for _, m := range []struct{ id, name, task string }{
		{"biseo-ask", "비서: 질문", "answer"}, {"biseo-summary", "비서: 요약", "summary"},
		{"biseo-report", "비서: 보고서 초안", "report"}, {"biseo-reply", "비서: 민원 답변 초안", "reply"},
	} {
		h.models = append(h.models, model{ID: m.id, Object: "model", Created: created, OwnedBy: "biseo", Name: m.name, task: m.task})
	}
	return h
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, one := strings.CutPrefix(r.URL.Path, "/v1/models/")
	switch {
	case r.URL.Path == "/v1/chat/completions" && r.Method == http.MethodPost:
		h.chat(w, r)
	case r.URL.Path == "/v1/models" && r.Method == http.MethodGet:
		writeJSON(w, http.StatusOK, map[string]any{"object": "list", "data": h.models})
	case one && r.Method == http.MethodGet:
		m, err := h.model(id)
		if err != nil {
			writeError(w, err)
			return
		}
		writeJSON(w, http.StatusOK, m)
	case r.URL.Path == "/v1/chat/completions", r.URL.Path == "/v1/models", one:
		writeError(w, &apiError{status: http.StatusMethodNotAllowed, code: "method_not_allowed", message: "이 주소에서 쓸 수 없는 메서드입니다."})
	default:
		writeError(w, &apiError{status: http.StatusNotFound, code: "not_found", message: "없는 주소입니다. /v1/models와 /v1/chat/completions를 쓸 수 있습니다."})
	}
}

func (h *handler) model(id string) (model, *apiError) {
	var names []string
	for _, m := range h.models {
		if m.ID == id {
			return m, nil
		}
		names = append(names, m.ID)
	}
	return model{}, &apiError{status: http.StatusNotFound, code: "model_not_found", param: "model", message: "그런 모델은 없으니 다음 가운데 하나로 적어 주세요: " + strings.Join(names, ", ")}
}
