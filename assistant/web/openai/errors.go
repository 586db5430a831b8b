package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"biseo/assistant"
)

// An apiError is an error in the form that clients of OpenAI read.
type apiError struct {
	status  int
	code    string // stable
	param   string // member of the body at fault; "" if none
	message string // one Korean sentence
	retry   int    // seconds; 0: none
}

func (e *apiError) Error() string { return e.code }

// body is {"error":{…}}. Its type follows from the status.
func (e *apiError) body() any {
	kind := "invalid_request_error"
	switch {
	case e.status == http.StatusTooManyRequests:
		kind = "rate_limit_error"
	case e.status == http.StatusUnauthorized:
		kind = "authentication_error"
	case e.status == http.StatusForbidden:
		kind = "permission_error"
	case e.status >= 500:
		kind = "server_error"
	}
	param := &e.param
	if e.param == "" {
		param = nil
	}
	return map[string]any{"error": map[string]any{"message": e.message, "type": kind, "param": param, "code": e.code}}
}

func writeError(w http.ResponseWriter, e *apiError) {
	if e.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(e.retry))
	}
	writeJSON(w, e.status, e.body())
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"error":{"message":"처리하지 못했습니다.","type":"server_error","param":null,"code":"internal"}}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that is gone needs no answer
}

// errAudit is an audit record that could not be written.
var errAudit = errors.New("audit record not written")

// failure turns an error of the service into what the caller may know of it.
func (h *handler) failure(r *http.Request, err error) *apiError {
	var input *assistant.InputError
	var own *apiError
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &input):
		param := "biseo." + input.Field
		switch input.Field {
		case "question", "earlier", "topic", "text", "query", "uploads":
			param = "messages"
		}
		return bad("invalid_request", param, "%s", input.Text)
	case errors.Is(err, errAudit):
		return &apiError{status: http.StatusServiceUnavailable, code: "audit_unavailable", message: "감사 기록을 남길 수 없어 처리하지 않았습니다. 관리자에게 알려 주세요."}
	case h.o.Problem != nil:
		p := h.o.Problem(r.Context(), err)
		if p.Status == http.StatusUnprocessableEntity { // OpenAI has 400 for every request at fault
			p.Status = http.StatusBadRequest
		}
		return &apiError{status: p.Status, code: p.Code, message: p.Detail, retry: p.RetryAfter}
	}
	return &apiError{status: http.StatusInternalServerError, code: "internal", message: "처리하지 못했습니다. 잠시 뒤 다시 시도해 주세요."}
}

const problemType = "application/problem+json"

// Errors gives the problems (RFC 9457) that handlers behind it write for the
// addresses of [New] the form that clients of OpenAI read: who the caller is, how
// often they ask and how much they send is judged by handlers that know nothing of
// this package. Other responses pass as they are.
func Errors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/v1/chat/") && r.URL.Path != "/v1/models" && !strings.HasPrefix(r.URL.Path, "/v1/models/") {
			next.ServeHTTP(w, r)
			return
		}
		s := &reshaper{ResponseWriter: w}
		next.ServeHTTP(s, r)
		s.finish()
	})
}

// A reshaper holds a problem back until it is whole.
type reshaper struct {
	http.ResponseWriter
	problem *bytes.Buffer // nil: passes everything on
	status  int
	begun   bool
}

// Unwrap lets [http.ResponseController] set deadlines.
func (s *reshaper) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (s *reshaper) WriteHeader(status int) {
	if s.begun {
		return
	}
	if status >= 200 {
		s.begun = true
	}
	if strings.HasPrefix(s.Header().Get("Content-Type"), problemType) {
		s.problem, s.status = new(bytes.Buffer), status
		return
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *reshaper) Write(b []byte) (int, error) {
	if !s.begun {
		s.WriteHeader(http.StatusOK)
	}
	if s.problem != nil {
		return s.problem.Write(b)
	}
	return s.ResponseWriter.Write(b)
}

// Flush implements [http.Flusher].
func (s *reshaper) Flush() {
	if s.problem == nil {
		_ = http.NewResponseController(s.ResponseWriter).Flush()
	}
}

func (s *reshaper) finish() {
	if s.problem == nil {
		return
	}
	var p struct {
		Code   string `json:"code"`
		Detail string `json:"detail"`
		Trace  string `json:"trace_id"`
	}
	if err := json.Unmarshal(s.problem.Bytes(), &p); err != nil {
		p.Code, p.Detail = "internal", "처리하지 못했습니다."
	}
	if s.status == http.StatusUnprocessableEntity {
		s.status = http.StatusBadRequest
	}
	if p.Trace != "" && s.status >= 500 {
		p.Detail = fmt.Sprintf("%s (문의 번호 %s)", p.Detail, p.Trace)
	}
	s.Header().Del("Content-Length")
	writeError(s.ResponseWriter, &apiError{status: s.status, code: p.Code, message: p.Detail})
}
