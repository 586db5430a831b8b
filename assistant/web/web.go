// Package web serves Biseo over HTTP: a JSON API described by OpenAPI 3.1, answers
// as a stream of checked sentences, and the page that officials use.
//
// Start with [New] and [Serve]. There is no login yet: every request acts as the
// one principal of [Options], and so the service answers on loopback only, to
// loopback host names only.
package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"biseo/assistant"
	"biseo/assistant/ground"
)

// A Service does the tasks that this package offers over HTTP: an [assistant.Assistant].
type Service interface {
	Search(ctx context.Context, who assistant.Principal, req assistant.SearchRequest) (*assistant.SearchResult, error)
	Passage(ctx context.Context, who assistant.Principal, req assistant.PassageRequest) ([]ground.Source, error)
	Answer(ctx context.Context, who assistant.Principal, req assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error)
}

// A Status says what the service works with.
type Status struct {
	Documents int
	Kinds     []string // kinds of the documents, for the page's filter; empty: all kinds are offered
	Model     string   // "" without a model
	Embedder  string   // "" without an embedder: search by words only
}

// Options of [New]. Every field may be left out.
type Options struct {
	Version  string
	Now      func() time.Time                      // nil means time.Now; a request without a date asks of this day in Korea
	Who      assistant.Principal                   // whom every request acts as where Identify is nil
	Identify func(*http.Request) (Caller, error)   // nil: single-user mode; a Caller without Via is nobody
	Status   func(context.Context) (Status, error) // an error means that the service is not ready
	Examples []string                              // questions that the page offers
	Edge     Edge                                  // hosts, proxies, frames
	Limits   Limits                                // of requests and answers
	Login    Login                                 // nil: nobody logs in with a browser
}

type server struct {
	lg        *slog.Logger
	svc       Service
	o         Options
	keepAlive time.Duration // between comments in a silent stream
	bodyTime  time.Duration // to read a request body
	writeTime time.Duration // a client that takes an event no sooner is gone
	limits    *limiter
	policies  map[string]Permission // by method and path, of every route but the page's files
}

// New returns the handler of the whole service: API, page, health. It logs method,
// route, status and duration of each request to lg, never a question or a passage.
func New(lg *slog.Logger, svc Service, o Options) (http.Handler, error) {
	return newServer(lg, svc, o).handler()
}

func newServer(lg *slog.Logger, svc Service, o Options) *server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Status == nil {
		o.Status = func(context.Context) (Status, error) { return Status{}, nil }
	}
	limits := newLimiter(o.Limits)
	return &server{lg: lg, svc: bounded{svc, limits}, limits: limits, o: o, policies: map[string]Permission{}, keepAlive: 15 * time.Second, bodyTime: 5 * time.Second, writeTime: 5 * time.Second}
}

func (s *server) handler() (http.Handler, error) {
	router, err := s.router()
	if err != nil {
		return nil, err
	}
	return s.guard(router), nil
}

func (s *server) router() (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode) // otherwise gin writes its routes to standard output
	r := gin.New()
	if err := r.SetTrustedProxies(nil); err != nil {
		return nil, fmt.Errorf("gin: %w", err)
	}
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false
	r.Use(s.logged, s.recovered, s.identify)
	if err := s.registerAPI(r); err != nil {
		return nil, err
	}
	s.registerLogin(r)
	notFound, err := registerPage(r)
	if err != nil {
		return nil, err
	}
	r.NoRoute(notFound)
	r.NoMethod(func(c *gin.Context) {
		writeProblem(c.Writer, newProblem(http.StatusMethodNotAllowed, "method_not_allowed", "이 주소에서 쓸 수 없는 메서드입니다. /openapi.json을 확인해 주세요."))
	})
	return r, nil
}

// logged writes one line for each request. The route, not the address, is logged:
// an address may hold anything that a caller typed.
func (s *server) logged(c *gin.Context) {
	start := time.Now()
	defer func() {
		s.lg.Info("request", "id", requestID(c.Request.Context()), "method", c.Request.Method, "route", c.FullPath(),
			"status", c.Writer.Status(), "bytes", max(c.Writer.Size(), 0), "ms", time.Since(start).Milliseconds())
	}()
	c.Next()
}
