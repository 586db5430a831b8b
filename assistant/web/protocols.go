package web

import (
	"context"
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

	tools := gin.WrapH(mcp.New(s.lg, s.svc, mcp.Options{Version: s.o.Version, Now: s.o.Now, Who: who, Audit: record, Problem: problem}))
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} { // the last two are refused: there are no sessions
		s.route(r, Ask, method, "/mcp", tools)
	}
}
