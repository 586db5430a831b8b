package web

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/assistant/ground"
	"biseo/assistant/web/catalog"
	"biseo/assistant/web/chat"
	"biseo/index"
)

// A Restriction is what every request may say about the documents to look at. It
// is exported because huma ignores the fields of an unexported embedded struct.
type Restriction struct {
	On       string   `json:"on,omitempty" format:"date" example:"2026-10-02" doc:"Only what is in force that day; today in Korea if left out"`
	Kinds    []string `json:"kinds,omitempty" maxItems:"50" enum:"law,decree,rule,directive,ordinance,plan,report,reply,guide,press,other" doc:"Kinds of document; all if left out"`
	Agencies []string `json:"agencies,omitempty" maxItems:"50" doc:"Agencies that issued the document; all if left out"`
	Docs     []string `json:"docs,omitempty" maxItems:"50" doc:"Document IDs; all if left out"`
}

type searchInput struct {
	Body struct {
		Query   string `json:"query" minLength:"1" maxLength:"2000" example:"민원 처리기간 연장" doc:"Words, a question, or a citation such as 「민원 처리에 관한 법률」 제19조"`
		Limit   int    `json:"limit,omitempty" minimum:"1" maximum:"100" default:"10" doc:"Passages wanted"`
		Context bool   `json:"context,omitempty" doc:"With each hit up to three passages that belong to it: the article that defines its words, those that carry it out or that it carries out, those that it names"`
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
	Version     string         `json:"version"`
	Today       string         `json:"today" format:"date" doc:"The date of a request that names none"`
	Documents   int            `json:"documents" doc:"That the caller may see"`
	Kinds       []string       `json:"kinds" nullable:"false" doc:"Kinds of those documents"`
	Model       string         `json:"model" doc:"Empty: answers are sentences copied from the documents"`
	ModelOK     bool           `json:"model_ok" doc:"False while there is none or it does not answer"`
	Embedder    string         `json:"embedder" doc:"Empty: search by words only"`
	EmbedderOK  bool           `json:"embedder_ok" doc:"False while there is none or it does not answer"`
	Mode        assistant.Mode `json:"mode" enum:"hybrid,words"`
	Examples    []string       `json:"examples" nullable:"false" doc:"Questions to start with"`
	Who         whoBody        `json:"who"`
	Features    []string       `json:"features" nullable:"false" enum:"drafts,documents,uploads" doc:"What this service offers: drafts also means conversations and feedback, uploads that files can be read"`
	UploadBytes int64          `json:"upload_bytes" doc:"Of all files of a request at most"`
}

// whoBody is the caller, for the page.
type whoBody struct {
	Name        string       `json:"name" doc:"Of the person or program"`
	Via         string       `json:"via" enum:"local,key,session"`
	Groups      []string     `json:"groups" nullable:"false"`
	Grade       string       `json:"grade" enum:"open,sensitive,classified" doc:"Highest grade that the caller may see"`
	Permissions []Permission `json:"permissions" nullable:"false" enum:"read,ask,draft,documents,admin"`
	IdleSeconds int          `json:"idle_seconds,omitempty" doc:"Of a login: it ends when there is no request for so long"`
	LeftSeconds int          `json:"left_seconds,omitempty" doc:"Of a login: it ends then, however much it is used"`
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
	config := huma.DefaultConfig("Biseo", apiVersion)
	config.Info.Description = "An AI administrative secretary: cited answers from an agency's own documents."
	config.OpenAPIPath, config.SchemasPath = "", "" // one description, served below
	config.DocsPath = ""                            // huma's page loads scripts from a public CDN
	config.CreateHooks = nil                        // no $schema links: they repeat the Host header
	config.RejectUnknownQueryParameters = true
	config.Transformers = []huma.Transformer{rewrite}
	api := humagin.New(r, config)
	s.operations(api)
	schemas := api.OpenAPI().Components.Schemas
	delete(schemas.Map(), "ErrorModel") // huma's own errors, which never leave this package
	delete(schemas.Map(), "ErrorDetail")
	return s.registerDescription(r, api)
}

// An operation is what differs between the operations of the API.
type operation struct {
	method, path, id, tag, summary string
	about                          string       // more, for the description
	status                         int          // of success; 0 means 200
	task                           bool         // answers with a Result, or a stream of events
	stores                         bool         // takes an Idempotency-Key
	sends                          []string     // types of what it sends, where that is not JSON by the handler's type
	body                           reflect.Type // of JSON that it sends besides
}

// operations adds every operation.
func (s *server) operations(api huma.API) {
	schemas := api.OpenAPI().Components.Schemas
	failure := &huma.Response{Description: "Problem", Content: map[string]*huma.MediaType{
		problemType: {Schema: schemas.Schema(reflect.TypeFor[Problem](), true, "")},
	}}
	op := func(o operation) huma.Operation {
		h := huma.Operation{Method: o.method, Path: o.path, OperationID: o.id, Tags: []string{o.tag}, Summary: o.summary, Description: o.about,
			MaxBodyBytes: maxDraft + 1, BodyReadTimeout: -1, // the guard has read the body, within narrower limits
			DefaultStatus: cmp.Or(o.status, http.StatusOK),
			Responses:     map[string]*huma.Response{"default": failure}}
		if o.task {
			h.Description = strings.TrimSpace(h.Description + "\n\n" + streamDescription)
			o.body, o.sends = reflect.TypeFor[Result](), []string{eventStream}
		}
		content := map[string]*huma.MediaType{}
		if o.body != nil {
			content["application/json"] = &huma.MediaType{Schema: schemas.Schema(o.body, true, "")}
		}
		for _, t := range o.sends {
			t, _, _ = strings.Cut(t, ";")
			format := "binary"
			if strings.HasPrefix(t, "text/") || t == linesType {
				format = ""
			}
			content[t] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: format}}
		}
		if len(content) > 0 {
			h.Responses["200"] = &huma.Response{Description: "OK", Content: content}
		}
		if o.method == http.MethodPost || o.method == http.MethodPut {
			h.Middlewares = append(h.Middlewares, s.body(slices.Contains(takeFiles, o.id)))
		}
		if o.stores {
			h.Middlewares = append(h.Middlewares, s.onlyOnce)
			h.Parameters = append(h.Parameters, &huma.Param{Name: onceHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: new(maxOnceKey)},
				Description: "Sent again with the same key within 24 hours, the request gets the response of the first"})
		}
		return h
	}
	get, post, put, del := http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete

	register(s, api, Read, op(operation{method: post, path: "/v1/search", id: "search", tag: "tasks", summary: "Ranked passages"}), s.search)
	register(s, api, Read, op(operation{method: get, path: "/v1/passages/{chunk_id}", id: "passage", tag: "tasks", summary: "A passage and its neighbours"}), s.passage)
	register(s, api, Ask, op(operation{method: post, path: "/v1/answers", id: "answer", tag: "tasks", summary: "A cited answer, whole or as a stream", task: true, stores: true}), s.answers)
	register(s, api, Ask, op(operation{method: post, path: "/v1/summaries", id: "summarize", tag: "tasks", summary: "A summary of documents or files", task: true, stores: true}), s.summaries)
	register(s, api, Ask, op(operation{method: post, path: "/v1/reports", id: "report", tag: "tasks", summary: "The draft of a report", task: true, stores: true}), s.reports)
	register(s, api, Ask, op(operation{method: post, path: "/v1/replies", id: "reply", tag: "tasks", summary: "The draft of a reply to a complaint", task: true, stores: true}), s.replies)
	register(s, api, Ask, op(operation{method: get, path: "/v1/streams/{id}", id: "resume", tag: "tasks", summary: "Go on with a stream that was cut", sends: []string{eventStream},
		about: "The stream is kept for five minutes after its end, and only for the caller that began it."}), s.resume)
	register(s, api, Ask, op(operation{method: post, path: "/v1/check", id: "check", tag: "tasks", summary: "A text against the rules of official documents and the law"}), s.check)
	register(s, api, Ask, op(operation{method: post, path: "/v1/mask", id: "mask", tag: "tasks", summary: "Personal data found and masked"}), s.mask)
	register(s, api, Ask, op(operation{method: post, path: "/v1/read", id: "read", tag: "tasks", summary: "The text of a file, which is not kept"}), s.readFile)
	register(s, api, Ask, op(operation{method: post, path: "/v1/deadlines", id: "deadline", tag: "tasks", summary: "When a complaint is due, and how that was counted"}), s.deadlines)
	register(s, api, Read, op(operation{method: get, path: "/v1/templates", id: "templates", tag: "tasks", summary: "Report templates, kinds of complaint and other choices"}), s.templates)

	register(s, api, Read, op(operation{method: get, path: "/v1/documents", id: "documents", tag: "documents", summary: "Documents that the caller may see", about: documentIDs}), s.documents)
	register(s, api, Documents, op(operation{method: post, path: "/v1/documents", id: "add", tag: "documents", summary: "Add documents", status: http.StatusAccepted, stores: true,
		about: "A job brings them in. They are looked at in quarantine first; a file that cannot be read is not kept."}), s.add)
	register(s, api, Read, op(operation{method: get, path: "/v1/documents/{id}", id: "document", tag: "documents", summary: "A document, its versions and its outline", about: documentIDs}), s.document)
	register(s, api, Read, op(operation{method: get, path: "/v1/documents/{id}/passages", id: "passages", tag: "documents", summary: "The passages of a document", about: documentIDs}), s.passages)
	register(s, api, Read, op(operation{method: get, path: "/v1/documents/{id}/original", id: "original", tag: "documents", summary: "The file that a document was read from", about: documentIDs, sends: []string{"application/octet-stream"}}), s.original)
	register(s, api, Documents, op(operation{method: post, path: "/v1/documents/{id}/reingest", id: "reingest", tag: "documents", summary: "Read the file of a document again", status: http.StatusAccepted, stores: true, about: documentIDs}), s.again)
	register(s, api, Documents, op(operation{method: del, path: "/v1/documents/{id}", id: "remove", tag: "documents", summary: "Delete an uploaded document", status: http.StatusAccepted, about: documentIDs}), s.remove)
	register(s, api, Documents, op(operation{method: get, path: "/v1/jobs", id: "jobs", tag: "documents", summary: "The caller's jobs; to administrators those of all"}), s.listJobs)
	register(s, api, Documents, op(operation{method: get, path: "/v1/jobs/{id}", id: "job", tag: "documents", summary: "A job, or its progress as a stream", body: reflect.TypeFor[Job](), sends: []string{eventStream},
		about: "With \"Accept: text/event-stream\" the job comes as an event progress whenever it changes and as the event done at its end."}), s.job)
	register(s, api, Documents, op(operation{method: del, path: "/v1/jobs/{id}", id: "cancel", tag: "documents", summary: "Cancel a job", status: http.StatusNoContent}), s.cancelJob)
	register(s, api, Admin, op(operation{method: get, path: "/v1/files", id: "files", tag: "documents", summary: "How each file of the source folders stands"}), s.files)

	register(s, api, Draft, op(operation{method: get, path: "/v1/drafts", id: "drafts", tag: "drafts", summary: "The caller's drafts"}), s.drafts)
	register(s, api, Draft, op(operation{method: post, path: "/v1/drafts", id: "createDraft", tag: "drafts", summary: "Keep an answer as a draft", status: http.StatusCreated, stores: true}), s.newDraft)
	register(s, api, Draft, op(operation{method: get, path: "/v1/drafts/{id}", id: "draft", tag: "drafts", summary: "A draft"}), s.readDraft)
	register(s, api, Draft, op(operation{method: put, path: "/v1/drafts/{id}", id: "editDraft", tag: "drafts", summary: "A new version of a draft"}), s.putDraft)
	register(s, api, Draft, op(operation{method: del, path: "/v1/drafts/{id}", id: "deleteDraft", tag: "drafts", summary: "Delete a draft with all its versions", status: http.StatusNoContent}), s.deleteDraft)
	register(s, api, Draft, op(operation{method: get, path: "/v1/drafts/{id}/versions", id: "draftVersions", tag: "drafts", summary: "The versions of a draft"}), s.draftVersions)
	register(s, api, Draft, op(operation{method: post, path: "/v1/drafts/{id}/check", id: "checkDraft", tag: "drafts", summary: "An edited draft against its sources"}), s.checkDraft)
	register(s, api, Draft, op(operation{method: get, path: "/v1/drafts/{id}/export", id: "exportDraft", tag: "drafts", summary: "A draft as a file", sends: exported()}), s.exportDraft)
	register(s, api, Ask, op(operation{method: post, path: "/v1/export", id: "export", tag: "drafts", summary: "An answer as a file", sends: exported()}), s.export)
	register(s, api, Draft, op(operation{method: get, path: "/v1/conversations", id: "conversations", tag: "drafts", summary: "The caller's conversations"}), s.conversations)
	register(s, api, Draft, op(operation{method: get, path: "/v1/conversations/{id}", id: "conversation", tag: "drafts", summary: "A conversation"}), s.conversation)
	register(s, api, Draft, op(operation{method: del, path: "/v1/conversations/{id}", id: "deleteConversation", tag: "drafts", summary: "Delete a conversation", status: http.StatusNoContent}), s.deleteConversation)
	register(s, api, Draft, op(operation{method: post, path: "/v1/feedback", id: "feedback", tag: "drafts", summary: "What the caller thinks of a sentence", status: http.StatusCreated, stores: true}), s.addFeedback)
	register(s, api, Admin, op(operation{method: get, path: "/v1/feedback", id: "allFeedback", tag: "drafts", summary: "All feedback, a JSON object a line", sends: []string{linesType}}), s.allFeedback)

	register(s, api, Read, op(operation{method: get, path: "/v1/status", id: "status", tag: "service", summary: "What the service works with, and who asks"}), s.status)
	register(s, api, Anyone, op(operation{method: get, path: "/healthz", id: "healthz", tag: "service", summary: "The process answers"}), s.healthz)
	ready := op(operation{method: get, path: "/readyz", id: "readyz", tag: "service", summary: "The index can be searched"})
	ready.Responses["503"] = &huma.Response{Description: "It cannot", Content: map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[healthBody](), true, "")}}}
	register(s, api, Anyone, ready, s.readyz)
}

func exported() []string { return slices.Sorted(maps.Values(fileTypes)) }

func (s *server) search(ctx context.Context, in *searchInput) (*searchOutput, error) {
	on, err := chat.Day(in.Body.On, s.o.Now())
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	req := assistant.SearchRequest{Query: in.Body.Query, On: on, Limit: in.Body.Limit, Kinds: in.Body.Kinds, Agencies: in.Body.Agencies, Docs: in.Body.Docs}
	if in.Body.Context {
		req.Context = assistant.UsualContext
	}
	res, err := s.svc.Search(ctx, CallerOf(ctx).Principal, req)
	if err == nil {
		r := audit.Record{Outcome: string(res.Mode), On: res.On}
		shown := func(chunk, doc string) {
			if r.Passages = append(r.Passages, chunk); !slices.Contains(r.Docs, doc) {
				r.Docs = append(r.Docs, doc)
			}
		}
		for _, h := range res.Hits {
			shown(h.ChunkID, h.DocID)
			for _, c := range h.Context {
				shown(c.ChunkID, c.DocID)
			}
		}
		err = s.record(ctx, r, nil)
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &searchOutput{res}, nil
}

func (s *server) passage(ctx context.Context, in *passageInput) (*passageOutput, error) {
	on, err := chat.Day(in.On, s.o.Now())
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	sources, err := s.svc.Passage(ctx, CallerOf(ctx).Principal, assistant.PassageRequest{ChunkID: in.ChunkID, On: on, Around: in.Around})
	if err == nil {
		err = s.record(ctx, audit.Record{Outcome: "shown", On: on.Format(time.DateOnly)}, sources)
	}
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
	if s.library != nil {
		if st.Documents, st.Kinds, err = catalog.Count(ctx, s.library, s.person(ctx)); err != nil {
			return nil, s.problem(ctx, err)
		}
	}
	c := CallerOf(ctx)
	b := statusBody{
		Version: s.o.Version, Today: index.Today(s.o.Now()).Format(time.DateOnly), Documents: st.Documents, Kinds: append([]string{}, st.Kinds...),
		Model: st.Model, ModelOK: st.Model != "" && !st.ModelDown, Embedder: st.Embedder, EmbedderOK: st.Embedder != "" && !st.EmbedderDown,
		Mode: assistant.Hybrid, Examples: append([]string{}, s.o.Examples...), Features: []string{}, UploadBytes: s.maxUpload,
		Who: whoBody{cmp.Or(c.Name, c.User, c.Owner()), c.Via, append([]string{}, c.Groups...), max(c.Grade, index.Open).String(), append([]Permission{}, c.Permissions...), int(c.Idle.Seconds()), 0},
	}
	if !c.Expires.IsZero() {
		b.Who.LeftSeconds = int(c.Expires.Sub(s.o.Now()).Seconds())
	}
	if !b.EmbedderOK {
		b.Mode = assistant.Words
	}
	for _, f := range []struct {
		name string
		has  bool
	}{{"drafts", s.o.State != nil}, {"documents", s.o.Library != nil}, {"uploads", s.o.Ingest != nil}} {
		if f.has {
			b.Features = append(b.Features, f.name)
		}
	}
	return &statusOutput{b}, nil
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
	reasons := s.missing(ctx)
	if len(reasons) > 0 {
		return &healthOutput{http.StatusServiceUnavailable, healthBody{"not_ready", reasons}}, nil
	}
	if s.o.Library != nil {
		for _, err := range s.o.Library.Docs(ctx) {
			if err != nil {
				return &healthOutput{http.StatusServiceUnavailable, healthBody{"not_ready", []string{s.problem(ctx, err).Code}}}, nil
			}
			st.Documents = 1
			break
		}
	}
	if st.Documents == 0 {
		reasons = append(reasons, "no_documents")
	}
	if st.Embedder == "" {
		reasons = append(reasons, "no_embedder: search by words")
	}
	if st.Model == "" {
		reasons = append(reasons, "no_model: answers are extracts")
	}
	if st.EmbedderDown {
		reasons = append(reasons, "embedder_down: search by words")
	}
	if st.ModelDown {
		reasons = append(reasons, "model_down: answers are extracts")
	}
	return &healthOutput{http.StatusOK, healthBody{"ok", reasons}}, nil
}
