package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"biseo/assistant"
)

// A Permission is what a caller must hold to use a route.
type Permission string

const (
	Anyone    Permission = "anyone"    // also who has not said who they are: health, the page's files
	Read      Permission = "read"      // search, passages, documents that the caller may see
	Ask       Permission = "ask"       // the tasks: answers, summaries, reports, replies, check, mask
	Draft     Permission = "draft"     // to keep one's own drafts, conversations and feedback
	Documents Permission = "documents" // to add, change and remove documents
	Admin     Permission = "admin"     // keys, jobs of others, usage, audit
)

// A Caller is who sends a request, and what they may do.
type Caller struct {
	assistant.Principal
	Via         string       // local, key or session
	Key         string       // ID of the API key; "" without one
	User        string       // the end user that a trusted front end named; "" if none
	Address     string       // of the sender, as far as trusted proxies tell it; "" if unknown
	Permissions []Permission // besides Anyone
}

// Owner names whose drafts and conversations the caller sees: local, key:ID,
// user:SUBJECT or key:ID/user:NAME. IDs of keys have no slash.
func (c Caller) Owner() string { return c.Principal.ID }

// May reports whether the caller holds p.
func (c Caller) May(p Permission) bool { return p == Anyone || slices.Contains(c.Permissions, p) }

type callerKey struct{}

// CallerOf returns who sends the request of ctx. Outside a request it is nobody,
// who may see public documents and do nothing.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// identify finds out who the caller is, before every route. An unknown caller is
// let through as nobody: the route's policy refuses them.
func (s *server) identify(c *gin.Context) {
	caller := Caller{Principal: s.o.Who, Via: "local", Permissions: []Permission{Read, Ask, Draft, Documents, Admin}}
	caller.ID = cmp.Or(caller.ID, "local")
	if s.o.Identify != nil {
		var err error
		if caller, err = s.o.Identify(c.Request); err != nil {
			writeProblem(c.Writer, s.problem(c.Request.Context(), err))
			c.Abort()
			return
		}
	}
	caller.Address = arrivalOf(c.Request.Context()).address
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), callerKey{}, caller))
	c.Next()
}

// refusal is nil where the caller of ctx holds p.
func refusal(ctx context.Context, p Permission) *Problem {
	caller := CallerOf(ctx)
	switch {
	case caller.May(p):
		return nil
	case caller.Via == "":
		return newProblem(http.StatusUnauthorized, "unauthorized", "누구의 요청인지 알 수 없으니 로그인하거나 Authorization: Bearer 머리말에 API 키를 넣어 보내 주세요.")
	}
	return newProblem(http.StatusForbidden, "forbidden", "이 일을 할 권한이 없으니 관리자에게 권한을 요청해 주세요.")
}

// register adds an operation that only callers who hold p may use.
func register[In, Out any](s *server, api huma.API, p Permission, op huma.Operation, handle func(context.Context, *In) (*Out, error)) {
	s.policies[op.Method+" "+op.Path] = p
	op.Middlewares = append(op.Middlewares, func(ctx huma.Context, next func(huma.Context)) {
		if problem := refusal(ctx.Context(), p); problem != nil {
			writeProblem(humagin.Unwrap(ctx).Writer, problem)
			return
		}
		next(ctx)
	})
	huma.Register(api, op, handle)
}

// route adds a handler outside the described API, such as /mcp, that only callers
// who hold p may use.
func (s *server) route(r *gin.Engine, p Permission, method, path string, handle gin.HandlerFunc) {
	s.policies[method+" "+path] = p
	r.Handle(method, path, func(c *gin.Context) {
		if problem := refusal(c.Request.Context(), p); problem != nil {
			writeProblem(c.Writer, problem)
			return
		}
		handle(c)
	})
}
