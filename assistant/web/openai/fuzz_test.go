package openai

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"biseo/assistant"
)

// none answers every request with nothing found.
type none struct{}

func (none) Search(context.Context, assistant.Principal, assistant.SearchRequest) (*assistant.SearchResult, error) {
	return &assistant.SearchResult{}, nil
}

func (none) Answer(context.Context, assistant.Principal, assistant.AnswerRequest, func(assistant.Event) error) (*assistant.Answer, error) {
	return empty("answer")
}

func (none) Summarize(context.Context, assistant.Principal, assistant.SummaryRequest, func(assistant.Event) error) (*assistant.Answer, error) {
	return empty("summary")
}

func (none) DraftReport(context.Context, assistant.Principal, assistant.ReportRequest, func(assistant.Event) error) (*assistant.Answer, error) {
	return empty("report")
}

func (none) DraftReply(context.Context, assistant.Principal, assistant.ReplyRequest, func(assistant.Event) error) (*assistant.Answer, error) {
	return empty("reply")
}

// Whatever is sent, the answer is 200 or an error of the client in OpenAI's form.
func FuzzCompletions(f *testing.F) {
	for _, s := range []string{
		`{"model":"biseo-ask","messages":[{"role":"user","content":"주차요금은?"}]}`,
		`{"model":"biseo-summary","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":[{"type":"text","text":"가\n나"}]}],"biseo":{"docs":["a"],"length":"line"}}`,
		`{"model":"biseo-reply","messages":[{"role":"system","content":null},{"role":"user","content":"가로등"}],"biseo":{"received":"2026-11-20 10:30","handler":{"name":"가"}}}`,
		`{"model":"biseo-report","n":1,"tools":null,"response_format":{"type":"text"},"temperature":"x","messages":[{"role":"user","content":"주차"}],"biseo":{"on":"2026-01-01","template":"가"}}`,
		`{"model":1,"messages":{}}`, `[]`, `null`, `{`, "\x00", `{"model":"biseo-ask","messages":[{"role":"user","content":"\u0000\ud800"}],"n":1e999}`,
		strings.Repeat("[", 20000),
	} {
		f.Add(s)
	}
	h := New(none{}, Options{Now: now})
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/chat/completions", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		got := w.Body.String()
		if w.Code == 200 && strings.HasPrefix(got, "data: ") {
			if !strings.HasSuffix(got, "data: [DONE]\n\n") {
				t.Errorf("cut: %s", got)
			}
			return
		}
		var v struct {
			Choices []any
			Error   *struct{ Message, Type, Code string }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code >= 500 || (w.Code == 200) != (len(v.Choices) == 1) || w.Code != 200 && (v.Error == nil || v.Error.Message == "" || v.Error.Code == "") {
			t.Errorf("got %d %s", w.Code, got)
		}
	})
}
