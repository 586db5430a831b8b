package openai

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/assistant/web/chat"
	"biseo/index"
	"biseo/ingest"
	"biseo/llm"
)

// A run does one task. What emit is told is the text of the answer.
type run func(ctx context.Context, emit func(assistant.Event) error) (*assistant.Answer, error)

// namedBy bounds what biseo-summary takes for words that name a document; a longer
// message is itself the text to sum up. Code points.
const namedBy = 200

// prepare reads the settings of a request and returns the task that it asks for.
func (h *handler) prepare(ctx context.Context, m model, req *request) (run, error) {
	set, bad := req.settings(m)
	if bad != nil {
		return nil, bad
	}
	who, now := h.o.Who(ctx), h.o.Now()
	on, err := chat.Day(set.On, now)
	if err != nil {
		return nil, err
	}
	question, earlier := req.question()
	switch m.task {
	case "summary":
		return func(ctx context.Context, emit func(assistant.Event) error) (*assistant.Answer, error) {
			sum := assistant.SummaryRequest{Docs: set.Docs, On: on, Length: assistant.Length(set.Length), Prose: set.Prose, Audience: set.Audience}
			if len(set.Docs) == 0 {
				if err := h.find(ctx, who, question, &sum); err != nil {
					return nil, err
				}
			}
			return h.svc.Summarize(ctx, who, sum, emit)
		}, nil
	case "report":
		return func(ctx context.Context, emit func(assistant.Event) error) (*assistant.Answer, error) {
			return h.svc.DraftReport(ctx, who, assistant.ReportRequest{Topic: question, Template: set.Template, Notes: set.Notes, On: on,
				Kinds: set.Kinds, Agencies: set.Agencies, Docs: set.Docs}, emit)
		}, nil
	case "reply":
		received, err := chat.Moment("received", set.Received, now)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, emit func(assistant.Event) error) (*assistant.Answer, error) {
			return h.svc.DraftReply(ctx, who, assistant.ReplyRequest{Text: question, Received: received, Kind: set.Kind, Period: set.Period, Extend: set.Extend,
				Number: set.Number, Decision: set.Decision, Remedy: set.Remedy, Handler: set.Handler.handler(), Kinds: set.Kinds, Agencies: set.Agencies}, emit)
		}, nil
	}
	return func(ctx context.Context, emit func(assistant.Event) error) (*assistant.Answer, error) {
		return h.svc.Answer(ctx, who, assistant.AnswerRequest{Question: question, Earlier: earlier, On: on,
			Kinds: set.Kinds, Agencies: set.Agencies, Docs: set.Docs}, emit)
	}, nil
}

// find fills in what a summary without document IDs is of: the message itself, or,
// where it is short and of one line, the document that its words find.
func (h *handler) find(ctx context.Context, who assistant.Principal, text string, sum *assistant.SummaryRequest) error {
	text = strings.TrimSpace(norm.NFC.String(text))
	if n := utf8.RuneCountInString(text); n > namedBy || strings.Contains(text, "\n") {
		d := &ingest.Document{Meta: index.Doc{ID: "message", Title: "보낸 글", Grade: max(who.Grade, index.Open)}, Text: text,
			Blocks: []ingest.Block{{Kind: ingest.Paragraph, End: n}}}
		sum.Uploads = []assistant.Upload{{Doc: d.Meta, Chunks: ingest.Split(d, ingest.SplitOptions{})}}
		return nil
	}
	found, err := h.svc.Search(ctx, who, assistant.SearchRequest{Query: text, On: sum.On, Limit: 1})
	if err != nil {
		return err
	}
	if len(found.Hits) == 0 {
		return &assistant.InputError{Field: "text", Text: "그런 문서를 찾지 못했으니 문서 이름을 다시 적거나 요약할 글을 그대로 붙여 넣어 주세요."}
	}
	sum.Docs = []string{found.Hits[0].DocID}
	return nil
}

func (h *handler) chat(w http.ResponseWriter, r *http.Request) {
	req, bad := read(w, r)
	if bad != nil {
		writeError(w, bad)
		return
	}
	m, bad := h.model(req.Model)
	if bad != nil {
		writeError(w, bad)
		return
	}
	do, err := h.prepare(r.Context(), m, req)
	if err != nil {
		writeError(w, h.failure(r, err))
		return
	}
	c := &completion{h: h, task: m.task, model: m.ID, id: "chatcmpl-" + rand.Text(), created: h.o.Now().Unix()}
	for _, msg := range req.Messages {
		n, err := llm.CountTokens(msg.text)
		if err != nil {
			writeError(w, h.failure(r, err))
			return
		}
		c.prompt += n
	}
	if req.Stream {
		c.stream(w, r, do, req.StreamOptions != nil && req.StreamOptions.IncludeUsage)
		return
	}
	ans, err := do(r.Context(), func(e assistant.Event) error { c.take(e); return nil })
	if err == nil {
		c.text.WriteString(c.md.End(ans))
		err = c.audit(r.Context(), string(ans.Outcome), ans.Sources, ans)
	}
	if err != nil {
		writeError(w, c.failed(r, err))
		return
	}
	writeJSON(w, http.StatusOK, response{c.head("chat.completion"), []choice{{Message: &reply{"assistant", c.text.String()}, FinishReason: &stop}}, c.usage(), chat.Citations(ans), tell(ans)})
}

// A completion is one answer on its way out.
type completion struct {
	h       *handler
	task    string
	model   string
	id      string
	created int64
	prompt  int // tokens
	md      chat.Writer
	text    strings.Builder // what was said
}

// take adds an event to the text and returns what it adds.
func (c *completion) take(e assistant.Event) string {
	s := c.md.Event(e, c.task)
	c.text.WriteString(s)
	return s
}

// audit records what is about to be shown, also to a client that is gone by then.
func (c *completion) audit(ctx context.Context, outcome string, shown []ground.Source, ans *assistant.Answer) error {
	if c.h.o.Audit == nil {
		return nil
	}
	if err := c.h.o.Audit(context.WithoutCancel(ctx), chat.Record(chat.Action(c.task), outcome, shown, ans)); err != nil {
		return fmt.Errorf("%w: %w", errAudit, err)
	}
	return nil
}

// failed records that a task has failed and returns what the caller may know of it.
func (c *completion) failed(r *http.Request, err error) *apiError {
	e := c.h.failure(r, err)
	if !errors.Is(err, errAudit) {
		if err := c.audit(r.Context(), "failed: "+e.code, nil, nil); err != nil {
			return c.h.failure(r, err)
		}
	}
	return e
}

// The parts of a response, as OpenAI names them.
type (
	head struct {
		ID          string `json:"id"`
		Object      string `json:"object"`
		Created     int64  `json:"created"`
		Model       string `json:"model"`
		Fingerprint string `json:"system_fingerprint"`
	}
	reply struct {
		Role    string `json:"role,omitempty"`
		Content string `json:"content"`
	}
	choice struct {
		Index        int     `json:"index"`
		Message      *reply  `json:"message,omitempty"`
		Delta        *reply  `json:"delta,omitempty"`
		Logprobs     any     `json:"logprobs"`
		FinishReason *string `json:"finish_reason"`
	}
	usage struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
		Total      int `json:"total_tokens"`
	}
	response struct {
		head
		Choices   []choice        `json:"choices"`
		Usage     *usage          `json:"usage,omitempty"`
		Citations []chat.Citation `json:"citations,omitempty"` // not "sources": Open WebUI takes that name for its own form and would lose those of the events
		Biseo     *about          `json:"biseo,omitempty"`
	}
	chunk struct {
		response
		Event *event `json:"event,omitempty"`
	}
)

var stop = "stop"

// about tells of an answer what its text says in words.
type about struct {
	Task     string              `json:"task"`
	Title    string              `json:"title,omitempty"`
	Outcome  assistant.Outcome   `json:"outcome"`
	On       string              `json:"on"`
	Mode     assistant.Mode      `json:"mode"`
	Due      string              `json:"due,omitempty"`
	Warnings []assistant.Warning `json:"warnings"`
	Prompt   string              `json:"prompt"`
	Model    string              `json:"model"`
	Index    string              `json:"index"`
}

// An event is what Open WebUI shows as a source. It numbers sources in the order
// of their events, and takes those of one name or one metadata source for the same.
type event struct {
	Type string    `json:"type"`
	Data eventData `json:"data"`
}

type eventData struct {
	Document []string        `json:"document"`
	Metadata []eventMetadata `json:"metadata"`
	Source   eventSource     `json:"source"`
}

type eventMetadata struct {
	Source string `json:"source"`
	Name   string `json:"name"`
	Page   int    `json:"page,omitempty"`
}

type eventSource struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

// events are the sources for Open WebUI, each under a name of its own.
func events(sources []ground.Source) []*event {
	var out []*event
	seen := map[string]bool{}
	for _, s := range sources {
		name := chat.Name(s)
		if seen[name] {
			name = fmt.Sprintf("%s (근거 %d)", name, s.N)
		}
		seen[name] = true
		out = append(out, &event{"source", eventData{[]string{s.Text}, []eventMetadata{{s.ChunkID, name, s.Page}}, eventSource{s.ChunkID, name, s.URL}}})
	}
	return out
}

func tell(a *assistant.Answer) *about {
	s := &about{a.Task, a.Title, a.Outcome, a.On, a.Mode, "", append([]assistant.Warning{}, a.Warnings...), a.Prompt, a.Model, a.Index}
	if a.Reply != nil {
		s.Due = a.Reply.Due
	}
	return s
}

func (c *completion) head(object string) head {
	return head{c.id, object, c.created, c.model, "biseo-" + cmp.Or(c.h.o.Version, "dev")}
}

// usage counts what was asked and said: what the language model behind it read is
// more, and not told.
func (c *completion) usage() *usage {
	n, _ := llm.CountTokens(c.text.String()) // the vocabulary is there: the question was counted
	return &usage{c.prompt, n, c.prompt + n}
}

// stream writes the answer as it comes. What fails before the first chunk is an
// ordinary error, later an error in the stream.
func (c *completion) stream(w http.ResponseWriter, r *http.Request, do run, withUsage bool) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	out := &chunks{c: c, w: w, rc: http.NewResponseController(w)}

	ticker := time.NewTicker(c.h.o.KeepAlive)
	defer ticker.Stop()
	stopped := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait() // nothing may write once the handler has returned
	defer close(stopped)
	wg.Go(func() {
		for {
			select {
			case <-ticker.C:
				if out.comment() != nil {
					cancel() // the client is gone: stop the model
				}
			case <-stopped:
				return
			}
		}
	})

	ans, err := do(ctx, func(e assistant.Event) error {
		if len(e.Sources) > 0 {
			if err := c.audit(ctx, "shown", e.Sources, nil); err != nil {
				return err
			}
		}
		for _, ev := range events(e.Sources) {
			if err := out.send(delta(""), nil, ev); err != nil {
				return err
			}
		}
		if s := c.take(e); s != "" {
			return out.send(delta(s), nil, nil)
		}
		return nil
	})
	if err == nil {
		err = c.audit(ctx, string(ans.Outcome), ans.Sources, ans)
	}
	switch begun := out.end(); {
	case err != nil && !begun:
		writeError(w, c.failed(r, err))
	case err != nil:
		out.fail(c.failed(r, err))
	default:
		end := c.md.End(ans)
		c.text.WriteString(end)
		out.finish(end, ans, withUsage)
	}
}

func delta(s string) []choice { return []choice{{Delta: &reply{Content: s}}} }

// chunks writes the events of a stream. Its methods may be called from two goroutines.
type chunks struct {
	c  *completion
	w  http.ResponseWriter
	rc *http.ResponseController

	mu    sync.Mutex
	begun bool
	ended bool // no more comments
}

// end lets nothing more be written by the keeper of a silent stream, and reports
// whether the stream has begun.
func (o *chunks) end() (begun bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	return o.begun
}

// begin writes the headers and the chunk that names the role.
func (o *chunks) begin() error {
	if o.begun {
		return nil
	}
	o.begun = true
	o.w.Header().Set("Content-Type", "text/event-stream")
	o.w.Header().Set("X-Accel-Buffering", "no") // proxies of the nginx family hold streams back
	o.w.WriteHeader(http.StatusOK)
	return o.data(chunk{response: response{head: o.c.head("chat.completion.chunk"), Choices: []choice{{Delta: &reply{Role: "assistant"}}}}})
}

func (o *chunks) data(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("chunk: %w", err)
	}
	return o.write(fmt.Appendf(nil, "data: %s\n\n", b))
}

func (o *chunks) write(b []byte) error {
	_ = o.rc.SetWriteDeadline(time.Now().Add(o.c.h.o.WriteTime))
	if _, err := o.w.Write(b); err != nil {
		return err
	}
	return o.rc.Flush()
}

func (o *chunks) send(choices []choice, ans *assistant.Answer, ev *event) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.begin(); err != nil {
		return err
	}
	x := chunk{response: response{head: o.c.head("chat.completion.chunk"), Choices: choices}, Event: ev}
	if ans != nil {
		x.Citations, x.Biseo = chat.Citations(ans), tell(ans)
	}
	return o.data(x)
}

// comment keeps a silent stream open. It begins one that has been silent from the
// start: what fails later is then told in the stream. No empty line ends it, since
// clients are known that take one for an event.
func (o *chunks) comment() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return nil
	}
	if err := o.begin(); err != nil {
		return err
	}
	return o.write([]byte(": keep-alive\n"))
}

// finish writes what stands below the answer, its citations and, if asked for, its
// usage. A client that is gone needs none of it.
func (o *chunks) finish(end string, ans *assistant.Answer, withUsage bool) {
	if o.send(delta(end), nil, nil) != nil || o.send([]choice{{Delta: &reply{}, FinishReason: &stop}}, ans, nil) != nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if withUsage {
		last := chunk{response: response{head: o.c.head("chat.completion.chunk"), Choices: []choice{}, Usage: o.c.usage()}}
		if o.data(last) != nil {
			return
		}
	}
	_ = o.write([]byte("data: [DONE]\n\n"))
}

func (o *chunks) fail(e *apiError) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.data(e.body()) == nil {
		_ = o.write([]byte("data: [DONE]\n\n"))
	}
}
