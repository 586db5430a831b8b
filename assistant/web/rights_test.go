package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"biseo/assistant"
	"biseo/assistant/state"
	"biseo/index"
	"biseo/index/local"
	"biseo/llm"
	"biseo/llm/llmtest"
)

// A rightsWorld is an agency of documents with random readers, grades and dates.
// Each holds a canary, a word that stands in everything that is known of it and
// nowhere else.
type rightsWorld struct {
	docs    []rightsDoc
	handler http.Handler
	callers []rightsCaller
	today   time.Time
	grade   index.Grade // of the model

	mu      sync.Mutex
	prompts []string // since the last request began
}

type rightsDoc struct {
	index.Doc
	canary string
	chunks []index.Chunk
}

// A rightsCaller is who sends requests, with the rights that they should have.
type rightsCaller struct {
	name   string
	header []string
	groups []string
	grade  index.Grade
}

var rightsGroups = []string{"총무과", "민원과", "감사담당관", "도로과", "staff"}

func canary(r *rand.Rand) string { return fmt.Sprintf("kanari%010x", r.Uint64()>>24) }

var anyCanary = regexp.MustCompile(`kanari[0-9a-f]{10}`)

// A blindEmbedder takes all canaries for one word, so that the meaning of a text
// does not depend on which one it holds.
type blindEmbedder struct{ llmtest.LexicalEmbedder }

func (e blindEmbedder) Embed(ctx context.Context, role llm.Role, texts []string) ([][]float32, error) {
	blind := make([]string, len(texts))
	for i, s := range texts {
		blind[i] = anyCanary.ReplaceAllString(s, "kanari")
	}
	return e.LexicalEmbedder.Embed(ctx, role, blind)
}

// completionOwn is what a response in OpenAI's protocol says of itself, and how many
// tokens texts have, which are compared themselves.
var completionOwn = regexp.MustCompile(`chatcmpl-[A-Z2-7]+|"[a-z]+_tokens":[0-9]+`)

// sees is the oracle: whether somebody may see a document, whatever the day.
func (c rightsCaller) sees(d index.Doc) bool {
	if c.grade == 0 {
		c.grade = index.Open
	}
	grade := d.Grade
	if grade == 0 {
		grade = index.Classified
	}
	return grade <= c.grade && slices.ContainsFunc(d.Readers, func(g string) bool { return g == "public" || slices.Contains(c.groups, g) })
}

// inForce reports whether a chunk stands on the day.
func inForce(d index.Doc, c index.Chunk, on time.Time) bool {
	within := func(from, until time.Time) bool {
		return (from.IsZero() || !on.Before(from)) && (until.IsZero() || on.Before(until))
	}
	return within(d.From, d.Until) && within(c.From, c.Until)
}

func pick(r *rand.Rand, from []string, share float64) []string {
	some := []string{}
	for _, s := range from {
		if r.Float64() < share {
			some = append(some, s)
		}
	}
	return some
}

func newRightsWorld(t *testing.T, r *rand.Rand, documents int) *rightsWorld {
	t.Helper()
	w := &rightsWorld{today: index.Day(2026, 11, 20), grade: index.Sensitive}
	x, err := local.Open(t.Context(), t.TempDir(), local.Options{Space: blindEmbedder{}.Space()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	kinds := []string{"law", "ordinance", "plan", "report", "reply"}
	for i := range documents {
		c := canary(r)
		d := index.Doc{ID: "gaon/" + c + "@2026", Work: "gaon/" + c, Title: "주차장 운영 계획 " + c, Kind: kinds[i%len(kinds)], Agency: "부서" + c, URL: "https://gaon.example/" + c, Gist: "주차 " + c,
			Keywords: []string{"주차", c}, Source: "/files/" + c + ".hwpx", Readers: pick(r, rightsGroups, .3), Grade: index.Grade(r.IntN(4)), Dated: w.today.AddDate(0, 0, -i)}
		switch {
		case i%4 == 0:
			d.Readers, d.Grade = []string{"public"}, index.Open
		case i%7 == 0:
			d.Readers = nil
		}
		if i%5 == 0 {
			d.Until = w.today.AddDate(0, 0, r.IntN(9)-4)
		}
		if i > 0 && i%3 == 0 { // a newer one that says nearly the same, seen by others
			d.Near = w.docs[r.IntN(i)].ID
		}
		doc := rightsDoc{canary: c}
		for j := range 1 + r.IntN(3) {
			text := fmt.Sprintf("제%d조 시장은 공영주차장 %s의 주차요금을 1시간에 %d원으로 정하고 장애인의 요금을 100분의 %d 줄인다. 담당은 %s이다.", j+1, c, 100*r.IntN(50), 10+r.IntN(80), c)
			ch := index.Chunk{ID: index.ChunkID(d.ID, j), DocID: d.ID, Path: []string{"제1장 " + c}, Cite: fmt.Sprintf("「주차 %s」 제%d조", c, j+1), Text: text, Start: 200 * j}
			if r.IntN(8) == 0 {
				ch.From = w.today.AddDate(0, 0, 3)
			}
			v, err := blindEmbedder{}.Embed(t.Context(), llm.Passage, []string{text})
			if err != nil {
				t.Fatal(err)
			}
			ch.Dense = v[0]
			doc.chunks = append(doc.chunks, ch)
		}
		doc.Doc = d
		if err := x.Replace(t.Context(), d, doc.chunks); err != nil {
			t.Fatal(err)
		}
		w.docs = append(w.docs, doc)
	}

	store := newStore(t)
	login := fakeLogin{}
	all := []string{"read", "ask", "draft", "documents"}
	front, frontSecret := newKey(t, store, state.Key{Name: "portal", Permissions: all, Groups: rightsGroups[:3], Grade: "sensitive", Trusted: true})
	for i := range 30 {
		groups, grade := pick(r, rightsGroups, .4), index.Open+index.Grade(r.IntN(3))
		_, secret := newKey(t, store, state.Key{Name: "program", Permissions: all, Groups: groups, Grade: grade.String()})
		w.callers = append(w.callers, rightsCaller{fmt.Sprint("key ", i), []string{"Authorization", "Bearer " + secret}, groups, grade})

		login[fmt.Sprint(i)] = state.Session{Subject: fmt.Sprint("person", i), Groups: groups, Grade: grade.String(), Permissions: all}
		w.callers = append(w.callers, rightsCaller{fmt.Sprint("session ", i), []string{"Cookie", fmt.Sprintf("b=%d", i), "Sec-Fetch-Site", "same-origin"}, groups, grade})

		said := make([]string, len(groups))
		for j, g := range groups {
			said[j] = url.PathEscape(g)
		}
		own := slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return !slices.Contains(front.Groups, g) })
		w.callers = append(w.callers, rightsCaller{fmt.Sprint("user ", i), []string{"Authorization", "Bearer " + frontSecret, "Biseo-User", fmt.Sprint("u", i),
			"Biseo-Groups", strings.Join(said, ","), "Biseo-Grade", grade.String(), "Biseo-Permissions", "read,ask,draft,documents"}, own, min(grade, index.Sensitive)})
	}

	lg := slog.New(slog.DiscardHandler)
	svc := assistant.New(lg, x, assistant.Options{Generator: recorder{w, llmtest.Echo{}}, Grade: w.grade, Embedder: blindEmbedder{}})
	w.handler, err = New(lg, svc, Options{Identify: Identify(store, login), Login: login, State: store, Library: x, Now: func() time.Time { return w.today },
		Limits: Limits{KeyPerMinute: -1, UserPerMinute: -1, Answers: -1}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// A recorder keeps what a model is shown.
type recorder struct {
	w *rightsWorld
	llm.Generator
}

func (g recorder) Generate(ctx context.Context, req llm.Request, emit func(string) error) (*llm.Response, error) {
	g.w.mu.Lock()
	g.w.prompts = append(g.w.prompts, req.System+"\n"+req.User)
	g.w.mu.Unlock()
	return g.Generator.Generate(ctx, req, emit)
}

// A rightsRequest is one request about a document, and what the oracle asks of it.
type rightsRequest struct {
	method, path, accept string
	body                 any
	about                bool // names the document, so that its twin that does not exist must get the same
	found                bool // 200 where the document, or the chunk, may be seen, else 404
	chunk                int  // that found asks for; -1 for the document whatever the day
	list                 bool // the whole list of documents
}

func (d rightsDoc) path() string { return "/v1/documents/" + url.PathEscape(toPath.Replace(d.ID)) }

type rightsKind struct {
	name string
	make func(r *rand.Rand, d rightsDoc) rightsRequest
}

// drafting is the first of rightsKinds that takes long: it is asked for one time in twenty.
const drafting = "answer"

// rightsKinds are the kinds of request, the quick ones first. d may not exist.
var rightsKinds = []rightsKind{
	{"search", func(r *rand.Rand, _ rightsDoc) rightsRequest {
		return rightsRequest{method: "POST", path: "/v1/search", body: map[string]any{"query": "공영주차장 주차요금", "limit": 1 + r.IntN(100)}}
	}},
	{"search for its word", func(r *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "POST", path: "/v1/search", about: true, body: map[string]any{"query": d.canary + " 주차요금", "limit": 1 + r.IntN(20)}}
	}},
	{"search in it", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "POST", path: "/v1/search", about: true, body: map[string]any{"query": "주차요금", "docs": []string{d.ID}}}
	}},
	{"search in its agency", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "POST", path: "/v1/search", about: true, body: map[string]any{"query": "주차요금", "agencies": []string{d.Agency}, "kinds": []string{d.Kind}}}
	}},
	{"search for its article", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "POST", path: "/v1/search", about: true, body: map[string]any{"query": "「주차 " + d.canary + "」 제1조"}}
	}},
	{"passage", func(r *rand.Rand, d rightsDoc) rightsRequest {
		i := r.IntN(len(d.chunks))
		return rightsRequest{method: "GET", path: fmt.Sprintf("/v1/passages/%s?around=%d", d.chunks[i].ID, r.IntN(3)), about: true, found: true, chunk: i}
	}},
	{"documents", func(*rand.Rand, rightsDoc) rightsRequest {
		return rightsRequest{method: "GET", path: "/v1/documents?limit=200", list: true}
	}},
	{"documents behind it", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "GET", path: "/v1/documents?limit=3&after=" + base64.RawURLEncoding.EncodeToString([]byte("after "+d.ID))}
	}},
	{"documents of its title", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "GET", path: "/v1/documents?title=" + d.canary, about: true}
	}},
	{"document", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "GET", path: d.path(), about: true, found: true, chunk: -1}
	}},
	{"passages of it", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "GET", path: d.path() + "/passages", about: true}
	}},
	{"passages behind its first", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "GET", path: d.path() + "/passages?after=" + d.chunks[0].ID, about: true}
	}},
	{"original", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "GET", path: d.path() + "/original", about: true}
	}},
	{"removal", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "DELETE", path: d.path(), about: true}
	}},
	{"status", func(*rand.Rand, rightsDoc) rightsRequest { return rightsRequest{method: "GET", path: "/v1/status"} }},
	{"check", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "POST", path: "/v1/check", about: true, body: map[string]any{"text": "「주차 " + d.canary + "」 제1조에 따라 주차요금을 정한다."}}
	}},
	{"MCP search for its word", func(r *rand.Rand, d rightsDoc) rightsRequest {
		return toolCall("search", map[string]any{"query": d.canary + " 주차요금", "limit": 1 + r.IntN(20)})
	}},
	{"MCP search in it", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return toolCall("search", map[string]any{"query": "주차요금", "docs": []string{d.ID}})
	}},
	{"MCP passage", func(r *rand.Rand, d rightsDoc) rightsRequest {
		return toolCall("read_passage", map[string]any{"chunk_id": d.chunks[r.IntN(len(d.chunks))].ID, "around": r.IntN(3)})
	}},
	{"MCP check", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return toolCall("check", map[string]any{"text": "「주차 " + d.canary + "」 제1조에 따라 주차요금을 정한다."})
	}},
	{"answer", func(*rand.Rand, rightsDoc) rightsRequest {
		return rightsRequest{method: "POST", path: "/v1/answers", body: map[string]any{"question": "공영주차장의 주차요금은 얼마입니까?"}}
	}},
	{"answer about it", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "POST", path: "/v1/answers", about: true, body: map[string]any{"question": d.canary + "의 주차요금은 얼마입니까?"}}
	}},
	{"answer from it, streamed", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "POST", path: "/v1/answers", accept: "text/event-stream", about: true, body: map[string]any{"question": "주차요금은 얼마입니까?", "docs": []string{d.ID}}}
	}},
	{"summary of it", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "POST", path: "/v1/summaries", about: true, body: map[string]any{"docs": []string{d.ID}}}
	}},
	{"report", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "POST", path: "/v1/reports", about: true, body: map[string]any{"topic": "공영주차장 " + d.canary + " 주차요금 개편"}}
	}},
	{"chat completion", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "POST", path: "/v1/chat/completions", about: true, body: chatAbout("biseo-ask", d.canary+" 공영주차장의 주차요금은 얼마입니까?", false)}
	}},
	{"chat completion, streamed", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "POST", path: "/v1/chat/completions", about: true, body: chatAbout("biseo-ask", "「주차 "+d.canary+"」 제1조의 주차요금은 얼마입니까?", true)}
	}},
	{"summary by chat", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "POST", path: "/v1/chat/completions", about: true, body: chatAbout("biseo-summary", d.ID, false)}
	}},
	{"MCP question", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return toolCall("ask", map[string]any{"question": d.canary + "의 주차요금은 얼마입니까?"})
	}},
	{"MCP question about it alone", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return toolCall("ask", map[string]any{"question": "주차요금은 얼마입니까?", "docs": []string{d.ID}})
	}},
	{"MCP reply", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return toolCall("draft_reply", map[string]any{"complaint": d.canary + " 공영주차장의 주차요금이 너무 비싸니 내려 주십시오."})
	}},
	{"reply", func(_ *rand.Rand, d rightsDoc) rightsRequest {
		return rightsRequest{method: "POST", path: "/v1/replies", about: true, body: map[string]any{"text": d.canary + " 공영주차장의 주차요금이 너무 비싸니 내려 주십시오."}}
	}},
}

// toolCall is a request in the form of the Model Context Protocol, about a document.
func toolCall(tool string, args map[string]any) rightsRequest {
	return rightsRequest{method: "POST", path: "/mcp", accept: "application/json, text/event-stream", about: true,
		body: map[string]any{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": map[string]any{"name": tool, "arguments": args}}}
}

// chatAbout is a request in OpenAI's form.
func chatAbout(model, text string, stream bool) any {
	return map[string]any{"model": model, "stream": stream, "messages": []any{map[string]any{"role": "user", "content": text}}}
}

// send performs a request and returns its status and everything of the response
// that does not differ from one request to the next anyway.
func (w *rightsWorld) send(t *testing.T, c rightsCaller, q rightsRequest) (status int, response string) {
	t.Helper()
	body := ""
	if q.body != nil {
		b, err := json.Marshal(q.body)
		if err != nil {
			t.Fatal(err)
		}
		body = string(b)
	}
	r := httptest.NewRequestWithContext(t.Context(), q.method, "http://localhost"+q.path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.accept != "" {
		r.Header.Set("Accept", q.accept)
	}
	for i := 0; i < len(c.header); i += 2 {
		r.Header.Set(c.header[i], c.header[i+1])
	}
	w.mu.Lock()
	w.prompts = nil
	w.mu.Unlock()
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	var s strings.Builder
	id, stream := rec.Header().Get("X-Request-Id"), rec.Header().Get("Biseo-Stream")
	if err := rec.Header().Write(&s); err != nil {
		t.Fatal(err)
	}
	s.WriteString(rec.Body.String())
	response = s.String()
	for _, unique := range []string{id, stream} {
		if unique != "" {
			response = strings.ReplaceAll(response, unique, "ID")
		}
	}
	return rec.Code, completionOwn.ReplaceAllString(response, "ID")
}

// twin is a document that does not exist, as like d as can be.
func (d rightsDoc) twin(r *rand.Rand) rightsDoc {
	c := canary(r)
	tw := rightsDoc{canary: c, Doc: d.Doc, chunks: slices.Clone(d.chunks)}
	tw.ID, tw.Agency = strings.ReplaceAll(d.ID, d.canary, c), strings.ReplaceAll(d.Agency, d.canary, c)
	for i := range tw.chunks {
		tw.chunks[i].ID = index.ChunkID(tw.ID, i)
	}
	return tw
}

// names puts d's names where its twin's stand.
func (d rightsDoc) names(twin rightsDoc, s string) string {
	s = strings.ReplaceAll(s, twin.canary, d.canary)
	for i := range twin.chunks {
		s = strings.ReplaceAll(s, twin.chunks[i].ID, d.chunks[i].ID)
	}
	return s
}

// TestRights sends random triples of caller, document and kind of request. Of a
// document that the caller may not see, no response may hold the canary (but where
// the request itself said it), nor any prompt; and every response must be the
// same, byte for byte, as if the document did not exist. BISEO_RIGHTS sets how
// many triples, 300 if it is not set.
func TestRights(t *testing.T) {
	triples := 300
	if s := os.Getenv("BISEO_RIGHTS"); s != "" {
		var err error
		if triples, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(6, 2026))
	w := newRightsWorld(t, r, 60)
	byCanary := map[string]rightsDoc{}
	for _, d := range w.docs {
		byCanary[d.canary] = d
	}
	slow := slices.IndexFunc(rightsKinds, func(k rightsKind) bool { return k.name == drafting })
	tried, hiddenTried, shown, prompted := map[string]int{}, 0, 0, 0
	for range triples {
		c, d, kind := w.callers[r.IntN(len(w.callers))], w.docs[r.IntN(len(w.docs))], rightsKinds[r.IntN(slow)]
		if r.IntN(20) == 0 {
			kind = rightsKinds[slow+r.IntN(len(rightsKinds)-slow)]
		}
		seed := r.Uint64()
		make := func(d rightsDoc) rightsRequest { return kind.make(rand.New(rand.NewPCG(seed, 0)), d) }
		q := make(d)
		tried[kind.name]++
		what := fmt.Sprintf("%s: %s of %s", c.name, kind.name, d.canary)
		status, got := w.send(t, c, q)
		prompts := slices.Clone(w.prompts)
		if status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusInternalServerError {
			t.Fatalf("%s: got %d\n%s", what, status, got)
		}
		said := fmt.Sprint(q.path, q.body)
		for _, name := range anyCanary.FindAllString(got, -1) {
			found, known := byCanary[name]
			if known && c.sees(found.Doc) {
				shown++
			} else if !strings.Contains(said, name) {
				t.Fatalf("%s: the response names %s, which the caller may not see\n%s", what, name, got)
			}
		}
		for _, prompt := range prompts {
			for _, name := range anyCanary.FindAllString(prompt, -1) {
				found := byCanary[name]
				mayPrompt := c.sees(found.Doc) && rightsCaller{groups: c.groups, grade: w.grade}.sees(found.Doc)
				if prompted++; !mayPrompt && !strings.Contains(said, name) {
					t.Fatalf("%s: a prompt holds %s\n%s", what, name, prompt)
				}
			}
		}
		if q.found {
			want := c.sees(d.Doc) && (q.chunk < 0 || inForce(d.Doc, d.chunks[max(q.chunk, 0)], w.today))
			if got := status == http.StatusOK; got != want || !got && status != http.StatusNotFound {
				t.Fatalf("%s: got %d, want it found: %v", what, status, want)
			}
		}
		if q.list {
			var want []string
			for _, d := range w.docs {
				if c.sees(d.Doc) {
					want = append(want, d.ID)
				}
			}
			slices.Sort(want)
			var page struct{ Documents []struct{ ID string } }
			if err := json.Unmarshal([]byte(got[strings.Index(got, "\r\n{")+2:]), &page); err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, e := range page.Documents {
				ids = append(ids, e.ID)
			}
			if d := cmp.Diff(want, ids); d != "" {
				t.Fatalf("%s (-want +got):\n%s", what, d)
			}
		}
		if q.about && !c.sees(d.Doc) {
			hiddenTried++
			twin := d.twin(r)
			twinStatus, twinGot := w.send(t, c, make(twin))
			twinGot = d.names(twin, twinGot)
			if status != twinStatus || got != twinGot {
				t.Fatalf("%s: it exists (-absent +hidden):\n%s", what, cmp.Diff(twinGot, got))
			}
		}
	}
	if hiddenTried < triples/4 || shown < triples || prompted < triples/20 || triples >= 1000 && len(tried) != len(rightsKinds) {
		t.Errorf("weak: %d on hidden documents, %d canaries shown, %d in prompts, kinds %v", hiddenTried, shown, prompted, tried)
	}
	t.Logf("%d triples over %d callers and %d documents, %d of them on hidden ones; %d canaries seen by who may, %d in prompts; no leak", triples, len(w.callers), len(w.docs), hiddenTried, shown, prompted)
}

// Whether a document exists must not show in how long its absence takes to tell.
// Requests for hidden and for absent chunks alternate, so that whatever else the
// machine does falls on both alike, and the ranks of their times are compared
// (Mann-Whitney): the chance that a hidden one takes longer than an absent one must
// be near one half. Without settle it was .67 of 1,119 on a busy machine.
func TestExistenceTiming(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 2026))
	w := newRightsWorld(t, r, 40)
	c := rightsCaller{groups: nil, grade: index.Open, header: w.callers[0].header, name: w.callers[0].name}
	for _, caller := range w.callers { // the one who sees least
		if len(caller.groups) == 0 && caller.grade == index.Open {
			c = caller
		}
	}
	hiddenDocs := slices.DeleteFunc(slices.Clone(w.docs), func(d rightsDoc) bool { return c.sees(d.Doc) })
	times := map[string][]float64{}
	ask := func(what, chunk string) {
		start := time.Now()
		w.send(t, c, rightsRequest{method: "GET", path: "/v1/passages/" + chunk})
		times[what] = append(times[what], float64(time.Since(start)))
	}
	for i := range 150 {
		d := hiddenDocs[r.IntN(len(hiddenDocs))]
		pair := []string{"hidden", d.chunks[0].ID, "absent", d.twin(r).chunks[0].ID}
		if i%2 == 0 {
			pair = []string{pair[2], pair[3], pair[0], pair[1]}
		}
		ask(pair[0], pair[1])
		ask(pair[2], pair[3])
	}
	hidden := longer(times["hidden"], times["absent"])
	t.Logf("chance to take longer than an absent one: %.3f of %d", hidden, len(times["hidden"]))
	if hidden < .35 || hidden > .65 { // 150 of each: .5 ± .033
		t.Errorf("a hidden document takes longer than an absent one with chance %.3f, want about .5", hidden)
	}
}

// longer is the chance that one of a takes longer than one of b: the Mann-Whitney
// statistic over its greatest value.
func longer(a, b []float64) float64 {
	b = slices.Sorted(slices.Values(b))
	sum := 0
	for _, x := range a {
		n, _ := slices.BinarySearch(b, x)
		sum += n
	}
	return float64(sum) / float64(len(a)) / float64(len(b))
}

// A question whose evidence is above the model's grade says so, and above the
// asker's grade is as if there were none.
func TestGradesOverHTTP(t *testing.T) {
	x, err := local.Open(t.Context(), t.TempDir(), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	d := index.Doc{ID: "plan", Work: "plan", Title: "주차장 개편 계획", Kind: "plan", Readers: []string{"staff"}, Grade: index.Sensitive}
	if err := x.Replace(t.Context(), d, []index.Chunk{{ID: index.ChunkID("plan", 0), DocID: "plan", Cite: "주차장 개편 계획", Text: "공영주차장의 주차요금은 2027년에 1시간 1,700원으로 올린다."}}); err != nil {
		t.Fatal(err)
	}
	store := newStore(t)
	w := &rightsWorld{}
	lg := slog.New(slog.DiscardHandler)
	h, err := New(lg, assistant.New(lg, x, assistant.Options{Generator: recorder{w, llmtest.Echo{}}, Grade: index.Open}), Options{Identify: Identify(store, nil)})
	if err != nil {
		t.Fatal(err)
	}
	w.handler = h
	ask := func(grade string) (assistant.Answer, string) {
		_, secret := newKey(t, store, state.Key{Name: grade, Permissions: []string{"ask"}, Groups: []string{"staff"}, Grade: grade})
		_, got := w.send(t, rightsCaller{header: []string{"Authorization", "Bearer " + secret}},
			rightsRequest{method: "POST", path: "/v1/answers", body: map[string]any{"question": "공영주차장 주차요금은 얼마로 오릅니까?"}})
		var a assistant.Answer
		if err := json.Unmarshal([]byte(got[strings.Index(got, "\r\n{")+2:]), &a); err != nil {
			t.Fatalf("%v\n%s", err, got)
		}
		return a, got
	}
	a, got := ask("sensitive")
	if a.Outcome != assistant.BlockedGrade && a.Outcome != assistant.Extractive || !slices.ContainsFunc(a.Warnings, func(w assistant.Warning) bool { return w.Code == assistant.WarnModelGrade }) {
		t.Errorf("above the model's grade: got %s", got)
	}
	if len(w.prompts) > 0 {
		t.Errorf("above the model's grade: the model was shown %q", w.prompts)
	}
	a, got = ask("open")
	if a.Outcome != assistant.NoSource || len(a.Sources) > 0 || strings.Contains(got, "1,700") || strings.Contains(got, "개편") || len(w.prompts) > 0 {
		t.Errorf("above the asker's grade: got %s", got)
	}
}
