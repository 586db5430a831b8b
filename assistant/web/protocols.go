package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/assistant/web/chat"
	"biseo/assistant/web/mcp"
	"biseo/assistant/web/openai"
)

// registerProtocols adds what speaks another protocol than the described API.
func (s *server) registerProtocols(r *gin.Engine) {
	who := func(ctx context.Context) assistant.Principal { return CallerOf(ctx).Principal }
	problem := func(ctx context.Context, err error) chat.Problem {
		p := s.problem(ctx, err)
		return chat.Problem{Status: p.Status, Code: p.Code, Detail: p.Detail, RetryAfter: p.RetryAfter}
	}
	var record func(context.Context, audit.Record) error
	if s.o.Audit != nil {
		record = func(ctx context.Context, rec audit.Record) error { return s.record(ctx, rec, nil) }
	}
	completions := gin.WrapH(openai.New(s.svc, openai.Options{Version: s.o.Version, Now: s.o.Now, Who: who, Audit: record, Problem: problem,
		KeepAlive: s.keepAlive, WriteTime: s.writeTime}))
	s.route(r, Ask, http.MethodGet, "/v1/models", completions)
	s.route(r, Ask, http.MethodGet, "/v1/models/{id}", completions)
	s.route(r, Ask, http.MethodPost, "/v1/chat/completions", completions)

	tools := s.counted(mcp.New(s.lg, s.svc, mcp.Options{Version: s.o.Version, Now: s.o.Now, Who: who, Audit: record, Problem: problem}))
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} { // the last two are refused: there are no sessions
		s.route(r, Ask, method, "/mcp", tools)
	}
}

// maxCalls is how many calls of tools one request may hold, as older versions of the
// protocol allow.
const maxCalls = 50

// counted passes requests on to h. One that holds several calls counts as so many.
func (s *server) counted(h http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		body, err := io.ReadAll(c.Request.Body) // in memory since the guard
		if err != nil {
			writeProblem(c.Writer, s.problem(c.Request.Context(), err))
			return
		}
		c.Request.Body = io.NopCloser(bytes.NewReader(body))
		if !json.Valid(body) {
			writeProblem(c.Writer, newProblem(http.StatusBadRequest, "bad_json", "본문이 올바른 JSON이 아니니 고쳐서 보내 주세요."))
			return
		}
		var calls []json.RawMessage
		if json.Unmarshal(body, &calls) == nil && len(calls) > 1 { // what is no list is one call
			if len(calls) > maxCalls {
				writeProblem(c.Writer, newProblem(http.StatusRequestEntityTooLarge, "body_too_large", fmt.Sprintf("한 요청에 호출을 %d개까지 담을 수 있으니 나누어 보내 주세요.", maxCalls)))
				return
			}
			if p := s.limits.admit(CallerOf(c.Request.Context()), c.Writer.Header(), len(calls)-1, 1); p != nil { // the first is counted
				writeProblem(c.Writer, p)
				return
			}
		}
		h.ServeHTTP(c.Writer, c.Request)
	}
}
