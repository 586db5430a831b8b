package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/index"
)

// A Restriction is what every request may say about the documents to look at. It
// is exported because huma ignores the fields of an unexported embedded struct.
type Restriction struct {
	On       string   `json:"on,omitempty" format:"date" example:"2026-10-02" doc:"Only what is in force that day; today in Korea if left out"`
	Kinds    []string `json:"kinds,omitempty" maxItems:"50" doc:"Kinds of document, such as law, ordinance, reply; all if left out"`
	Agencies []string `json:"agencies,omitempty" maxItems:"50" doc:"Agencies that issued the document; all if left out"`
	Docs     []string `json:"docs,omitempty" maxItems:"50" doc:"Document IDs; all if left out"`
}

type searchInput struct {
	Body struct {
		Query string `json:"query" minLength:"1" maxLength:"2000" example:"민원 처리기간 연장" doc:"Words, a question, or a citation such as 「민원 처리에 관한 법률」 제19조"`
		Limit int    `json:"limit,omitempty" minimum:"1" maximum:"100" default:"10" doc:"Passages wanted"`
		Restriction
	}
}

type searchOutput struct{ Body *assistant.SearchResult }

type passageInput struct {
	ChunkID string `path:"chunk_id" doc:"As a hit or a source names it"`
	On      string `query:"on" format:"date" doc:"Only if in force that day; today in Korea if left out"`
	Around  int    `query:"around" minimum:"0" maximum:"20" doc:"Passages of the same document wanted on either side"`
}

type passageOutput struct {
	Body struct {
		On      string          `json:"on" format:"date"`
		Sources []ground.Source `json:"sources" nullable:"false" doc:"In document order"`
	}
}

type statusOutput struct{ Body statusBody }

type statusBody struct {
	Version   string         `json:"version"`
	Today     string         `json:"today" format:"date" doc:"The date of a request that names none"`
	Documents int            `json:"documents"`
	Kinds     []string       `json:"kinds" nullable:"false" doc:"Kinds of the documents"`
	Model     string         `json:"model" doc:"Empty: answers are sentences copied from the documents"`
	Embedder  string         `json:"embedder" doc:"Empty: search by words only"`
	Mode      assistant.Mode `json:"mode" doc:"hybrid or words"`
	Examples  []string       `json:"examples" nullable:"false" doc:"Questions to start with"`
}

type healthOutput struct {
	Status int
	Body   healthBody
}

type healthBody struct {
	Status  string   `json:"status" enum:"ok,not_ready"`
	Reasons []string `json:"reasons" nullable:"false" doc:"Why it is not ready, or what it does without"`
}

func (s *server) registerAPI(r *gin.Engine) error {
	config := huma.DefaultConfig("Biseo", s.o.Version)
	config.Info.Description = "An AI administrative secretary: cited answers from an agency's own documents."
	config.OpenAPIPath, config.SchemasPath = "", "" // one description, served below
	config.DocsPath = ""                            // huma's page loads scripts from a public CDN
	config.CreateHooks = nil                        // no $schema links: they repeat the Host header
	config.RejectUnknownQueryParameters = true
	config.Transformers = []huma.Transformer{rewrite}
	api := humagin.New(r, config)
	schemas := api.OpenAPI().Components.Schemas
	failure := &huma.Response{Description: "Problem", Content: map[string]*huma.MediaType{
		problemType: {Schema: schemas.Schema(reflect.TypeFor[Problem](), true, "")},
	}}
	op := func(method, path, id, summary string) huma.Operation {
		return huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, MaxBodyBytes: maxBody + 1,
			BodyReadTimeout: -1, // the guard has read the body
			Responses:       map[string]*huma.Response{"default": failure}}
	}
	register(s, api, Read, op(http.MethodPost, "/v1/search", "search", "Ranked passages"), s.search)
	answers := op(http.MethodPost, "/v1/answers", "answer", "A cited answer, whole or as a stream")
	answers.Description = answersDescription
	answers.Responses["200"] = &huma.Response{Description: "The answer", Content: map[string]*huma.MediaType{
		"application/json": {Schema: schemas.Schema(reflect.TypeFor[assistant.Answer](), true, "")},
		eventStream:        {Schema: &huma.Schema{Type: huma.TypeString}},
	}}
	register(s, api, Ask, answers, s.answer)
	register(s, api, Read, op(http.MethodGet, "/v1/passages/{chunk_id}", "passage", "A passage and its neighbours"), s.passage)
	register(s, api, Read, op(http.MethodGet, "/v1/status", "status", "What the service works with"), s.status)
	register(s, api, Anyone, op(http.MethodGet, "/healthz", "healthz", "The process answers"), s.healthz)
	register(s, api, Anyone, op(http.MethodGet, "/readyz", "readyz", "The index can be searched"), s.readyz)

	delete(schemas.Map(), "ErrorModel") // huma's own errors, which never leave this package
	delete(schemas.Map(), "ErrorDetail")
	spec, err := json.Marshal(api.OpenAPI())
	if err != nil {
		return fmt.Errorf("describe the API: %w", err)
	}
	r.GET("/openapi.json", func(c *gin.Context) { c.Data(http.StatusOK, "application/openapi+json", spec) })
	return nil
}

func (s *server) search(ctx context.Context, in *searchInput) (*searchOutput, error) {
	on, err := s.day(in.Body.On)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	res, err := s.svc.Search(ctx, CallerOf(ctx).Principal, assistant.SearchRequest{Query: in.Body.Query, On: on, Limit: in.Body.Limit,
		Kinds: in.Body.Kinds, Agencies: in.Body.Agencies, Docs: in.Body.Docs})
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &searchOutput{res}, nil
}

func (s *server) passage(ctx context.Context, in *passageInput) (*passageOutput, error) {
	on, err := s.day(in.On)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	sources, err := s.svc.Passage(ctx, CallerOf(ctx).Principal, assistant.PassageRequest{ChunkID: in.ChunkID, On: on, Around: in.Around})
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := new(passageOutput)
	out.Body.On, out.Body.Sources = on.Format(time.DateOnly), sources
	return out, nil
}

func (s *server) status(ctx context.Context, _ *struct{}) (*statusOutput, error) {
	st, err := s.o.Status(ctx)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	mode := assistant.Hybrid
	if st.Embedder == "" {
		mode = assistant.Words
	}
	return &statusOutput{statusBody{
		Version: s.o.Version, Today: index.Today(s.o.Now()).Format(time.DateOnly), Documents: st.Documents,
		Kinds: append([]string{}, st.Kinds...), Model: st.Model, Embedder: st.Embedder, Mode: mode,
		Examples: append([]string{}, s.o.Examples...),
	}}, nil
}

func (s *server) healthz(context.Context, *struct{}) (*healthOutput, error) {
	return &healthOutput{http.StatusOK, healthBody{"ok", []string{}}}, nil
}

// readyz is 503 only where nothing can be searched. Missing models are told, and
// are no reason to send requests elsewhere: answers degrade in the open.
func (s *server) readyz(ctx context.Context, _ *struct{}) (*healthOutput, error) {
	st, err := s.o.Status(ctx)
	if err != nil {
		return &healthOutput{http.StatusServiceUnavailable, healthBody{"not_ready", []string{s.problem(ctx, err).Code}}}, nil
	}
	reasons := []string{}
	if st.Documents == 0 {
		reasons = append(reasons, "no_documents")
	}
	if st.Embedder == "" {
		reasons = append(reasons, "no_embedder: search by words")
	}
	if st.Model == "" {
		reasons = append(reasons, "no_model: answers are extracts")
	}
	return &healthOutput{http.StatusOK, healthBody{"ok", reasons}}, nil
}

// day reads a date of a request; "" is today in Korea.
func (s *server) day(on string) (time.Time, error) {
	if on == "" {
		return index.Today(s.o.Now()), nil
	}
	t, err := time.Parse(time.DateOnly, on)
	if err != nil {
		return time.Time{}, &assistant.InputError{Field: "on", Text: fieldDetails["on"]}
	}
	return t, nil
}
