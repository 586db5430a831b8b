// Package web serves Biseo over HTTP: a JSON API described by OpenAPI 3.1, answers
// as a stream of checked sentences, and the page that officials use.
//
// Start with [New] and [Serve]. Who may do what stands in access.go, what stands
// before every request in guard.go. api.go registers the operations; each file
// holds those of one resource: tasks.go (with streams.go, how an answer is sent),
// documents.go and ingestjobs.go, drafts.go, conversations.go. uploads.go, once.go
// and audit.go are what several have in common. Package stream keeps events so that
// a reader can come back, catalog lists documents, jobs works in the background.
package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/assistant/ground"
	"biseo/assistant/state"
	"biseo/assistant/web/catalog"
	"biseo/assistant/web/jobs"
	"biseo/assistant/web/openai"
	"biseo/assistant/web/stream"
	"biseo/korea/calendar"
)

// A Service does the tasks that this package offers over HTTP: an [assistant.Assistant].
type Service interface {
	Search(ctx context.Context, who assistant.Principal, req assistant.SearchRequest) (*assistant.SearchResult, error)
	Passage(ctx context.Context, who assistant.Principal, req assistant.PassageRequest) ([]ground.Source, error)
	Answer(ctx context.Context, who assistant.Principal, req assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error)
	Summarize(ctx context.Context, who assistant.Principal, req assistant.SummaryRequest, emit func(assistant.Event) error) (*assistant.Answer, error)
	DraftReport(ctx context.Context, who assistant.Principal, req assistant.ReportRequest, emit func(assistant.Event) error) (*assistant.Answer, error)
	DraftReply(ctx context.Context, who assistant.Principal, req assistant.ReplyRequest, emit func(assistant.Event) error) (*assistant.Answer, error)
	Check(ctx context.Context, who assistant.Principal, req assistant.CheckRequest) (*assistant.Checked, error)
	Recheck(ctx context.Context, who assistant.Principal, req assistant.RecheckRequest) (*assistant.Rechecked, error)
}

// A Status says what the service works with.
type Status struct {
	Documents int      // that the caller may see; not used where [Options] has a Library
	Kinds     []string // of those documents; not used where [Options] has a Library
	Model     string   // "" without a model
	Embedder  string   // "" without an embedder: search by words only

	ModelDown, EmbedderDown bool // the last calls failed
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

	State     *state.Store                                              // drafts, conversations, jobs, feedback; nil: none are kept
	Audit     func(context.Context, audit.Record) error                 // durable when it returns; nil: nothing is recorded
	Seal      func(ctx context.Context, trace, kind, text string) error // keeps what was answered, sealed; nil: not kept. An error refuses the request, as one of Audit does
	Library   catalog.Index                                             // whose documents are listed, an [index.Index]; nil: none
	Ingest    Ingester                                                  // nil: documents are not managed, and no files are read
	Spool     string                                                    // folder for files on their way, on the same file system as where Ingest puts them; "" is that of the system
	Templates []Template                                                // report templates
	Agency    string                                                    // named as the author in exported files
	Calendar  *calendar.Calendar                                        // working days of the agency; nil means those of national offices
	Metrics   Metrics
	Figures   http.Handler // what /metrics serves to administrators; nil: there is no such page

	// Needs are parts without which the service is not ready, by name, such as
	// state, and what tells that one does not work. They are asked every five
	// seconds at most.
	Needs map[string]func(context.Context) error
}

type server struct {
	lg        *slog.Logger
	svc       Service
	o         Options
	limits    *limiter
	library   catalog.Index // Options.Library within the limits; nil: none
	streams   *stream.Hub
	jobs      *jobs.Queue           // nil without State
	keepAlive time.Duration         // between comments in a silent stream
	bodyTime  time.Duration         // to read a request body
	maxUpload int64                 // bytes of all files of a request
	writeTime time.Duration         // a client that takes an event no sooner is gone
	policies  map[string]Permission // by method and path, of every route but the page's files
	spec      []byte                // the description of the API
	needs     needs
}

// A Site is the handler of the whole service: API, page, health.
type Site struct {
	http.Handler
	jobs *jobs.Queue
}

// Close ends the jobs that work in the background, when nothing is served any more
// and before the parts that they use are closed.
func (s *Site) Close(ctx context.Context) error {
	if s.jobs == nil {
		return nil
	}
	return s.jobs.Close(ctx)
}

// New returns the whole service. It logs method, route, status and duration of each
// request to lg, never a question or a passage.
func New(lg *slog.Logger, svc Service, o Options) (*Site, error) {
	s := newServer(lg, svc, o)
	h, err := s.handler()
	if err != nil {
		return nil, err
	}
	return &Site{h, s.jobs}, nil
}

func newServer(lg *slog.Logger, svc Service, o Options) *server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Status == nil {
		o.Status = func(context.Context) (Status, error) { return Status{}, nil }
	}
	s := &server{lg: lg, o: o, limits: newLimiter(o.Limits), policies: map[string]Permission{}, keepAlive: 15 * time.Second, bodyTime: 5 * time.Second, maxUpload: maxUpload, writeTime: 5 * time.Second}
	s.svc = bounded{svc, s.limits, o.Metrics}
	if o.Library != nil {
		s.library = boundedLibrary{o.Library, s.limits}
	}
	s.streams = stream.New(stream.Options{Number: o.Metrics.Streams})
	if o.State != nil {
		s.jobs = jobs.New(lg, o.State, o.Now, o.Metrics.Job)
	}
	return s
}

func (s *server) handler() (http.Handler, error) {
	router, err := s.router()
	if err != nil {
		return nil, err
	}
	return openai.Errors(s.guard(router)), nil
}

func (s *server) router() (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode) // otherwise gin writes its routes to standard output
	r := gin.New()
	if err := r.SetTrustedProxies(nil); err != nil {
		return nil, fmt.Errorf("gin: %w", err)
	}
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false
	r.UseRawPath, r.UnescapePathValues = true, true // %2F does not end a segment
	r.Use(routed, s.logged, s.recovered, s.identify)
	if err := s.registerAPI(r); err != nil {
		return nil, err
	}
	s.registerLogin(r)
	s.registerProtocols(r)
	if o := s.o.Figures; o != nil {
		s.route(r, Admin, http.MethodGet, "/metrics", gin.WrapH(o))
	}
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
		s.o.Metrics.request(c.Request.Context(), c.Request.Method, c.FullPath(), c.Writer.Status(), time.Since(start))
	}()
	c.Next()
}
