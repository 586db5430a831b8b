package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/assistant/state"
	"biseo/index"
	"biseo/index/local"
	"biseo/llm/llmtest"
)

// TestFuzzRequests sends generated requests to every route of the whole service, with
// the real assistant and a model that tells the truth: 5,000 of them, or 500,000 with
//
//	BISEO_TEST_LOAD=full go test ./assistant/web -run TestFuzzRequests -v -timeout 60m
//
// A number in BISEO_TEST_SEED sends others. What a request asks for is drawn from
// the description of the API and then spoilt; the IDs that it names are those of
// earlier responses, too.
func TestFuzzRequests(t *testing.T) {
	n, seed := 5_000, uint64(1)
	if full() {
		n = 500_000
	}
	if s := os.Getenv("BISEO_TEST_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("BISEO_TEST_SEED: %v", err)
		}
	}
	before := runtime.NumGoroutine()
	f := newFuzzer(t)
	start, next := time.Now(), atomic.Int64{}
	var wg sync.WaitGroup
	for range 64 { // most wait: what does not exist takes its time
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				f.send(t, rand.New(rand.NewPCG(seed, uint64(i))), nil, i%20 == 0)
				if f.faults.Load() > 20 {
					return
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	var undone []string
	for route, statuses := range f.seen {
		if statuses[2]+statuses[3] == 0 && !slices.Contains(f.neverDone, route) {
			undone = append(undone, fmt.Sprint(route, statuses))
		}
	}
	if len(undone) > 3 || n >= 50_000 && len(undone) > 0 { // a short run misses what needs three right guesses
		t.Errorf("never done: %q", undone)
	}
	f.close()
	goroutinesAs(t, before)
	if left, err := os.ReadDir(f.spool); err != nil || len(left) > 0 {
		t.Errorf("%d folders of uploads are left: %v", len(left), err)
	}
	t.Logf("%d requests over %d routes, %.0f/s; responses by status: %v", n, len(f.routes), float64(n)/took.Seconds(), f.statuses)
}

// FuzzRequests is the same for go test -fuzz: a seed and, if there is one, the body.
func FuzzRequests(f *testing.F) {
	for i := range uint64(50) {
		f.Add(i, []byte(nil))
	}
	for _, s := range []string{`{"query":"주차"}`, `{"question":"\u0000\ud800"}`, `[]`, "\xff", strings.Repeat("[", 20_000)} {
		f.Add(uint64(7), []byte(s))
	}
	z := newFuzzer(f)
	f.Cleanup(z.close)
	f.Fuzz(func(t *testing.T, seed uint64, body []byte) { z.send(t, rand.New(rand.NewPCG(seed, 0)), body, true) })
}

// A fuzzer makes requests, and knows what a response must be.
type fuzzer struct {
	handler   http.Handler
	routes    []string // method and path
	neverDone []string // routes that this service refuses always
	schemas   map[string]any
	ops       map[string]fuzzOperation // by route
	codes     []string
	keys      []string
	spool     string
	close     func()

	faults atomic.Int64
	errors atomic.Int64 // lines of the log that report an error of the service

	mu       sync.Mutex
	ids      map[string][]string // in earlier responses, by what they name: drafts, jobs, …
	answers  []any               // earlier ones, for drafts
	statuses map[int]int
	seen     map[string][6]int // responses of a route by the first digit of their status
}

type fuzzOperation struct {
	Parameters []struct {
		Name, In string
		Schema   map[string]any
	}
	RequestBody struct {
		Content map[string]struct{ Schema map[string]any }
	}
}

func newFuzzer(tb testing.TB) *fuzzer {
	tb.Helper()
	f := &fuzzer{spool: tb.TempDir(), statuses: map[int]int{}, seen: map[string][6]int{}, ids: map[string][]string{"documents": {"gaon~1parking@2026-01-01", "gaon~1audit"}, "models": {"biseo-ask"}},
		neverDone: []string{"GET /mcp", "DELETE /mcp", "DELETE /v1/documents/{id}", "GET /v1/documents/{id}/original"}}
	ctx := context.Background()
	x, err := local.Open(ctx, tb.TempDir(), local.Options{Space: llmtest.LexicalEmbedder{}.Space()})
	if err != nil {
		tb.Fatal(err)
	}
	d := shelf{}.doc()
	d.Readers = []string{index.Public}
	var chunks []index.Chunk
	for i, src := range agency {
		chunks = append(chunks, index.Chunk{ID: index.ChunkID(d.ID, i), DocID: d.ID, Path: src.Path, Cite: src.Cite, Text: src.Text})
		f.ids["passages"] = append(f.ids["passages"], chunks[i].ID)
	}
	if err := x.Replace(ctx, d, chunks); err != nil {
		tb.Fatal(err)
	}
	store, err := state.Open(ctx, tb.TempDir()+"/state.db", state.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	for _, k := range []state.Key{
		{Name: "all", Permissions: []string{"read", "ask", "draft", "documents", "admin"}, Grade: "classified"},
		{Name: "front end", Permissions: []string{"read", "ask", "draft"}, Grade: "open", Trusted: true},
		{Name: "reader", Permissions: []string{"read"}, Grade: "open"},
	} {
		_, secret := newKey(tb, store, k)
		f.keys = append(f.keys, secret)
	}
	lg := slog.New(faultLog{f, tb})
	login := fakeLogin{"good": {Subject: "kim", Permissions: []string{"read", "ask", "draft", "documents"}, Grade: "sensitive"}}
	opt := agencyOptions()
	opt.State, opt.Library, opt.Ingest, opt.Spool, opt.Login, opt.Identify = store, x, &fakeIngester{}, f.spool, login, Identify(store, login)
	opt.Templates = []Template{{"검토보고", "검토한 결과"}}
	opt.Limits = Limits{KeyPerMinute: -1, UserPerMinute: -1, Answers: -1, AllAnswers: 64}
	opt.Audit = func(context.Context, audit.Record) error { return nil }
	opt.Figures = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "up 1") })
	s := newServer(lg, assistant.New(lg, x, assistant.Options{Generator: llmtest.Truthful{}, Grade: index.Sensitive, Embedder: llmtest.LexicalEmbedder{}, Now: opt.Now}), opt)
	if f.handler, err = s.handler(); err != nil {
		tb.Fatal(err)
	}
	f.routes = slices.Sorted(maps.Keys(s.policies))
	f.routes = append(f.routes, "GET /", "GET /openapi.json")
	var spec struct {
		Paths      map[string]map[string]fuzzOperation
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(s.spec, &spec); err != nil {
		tb.Fatal(err)
	}
	f.schemas, f.ops = spec.Components.Schemas, map[string]fuzzOperation{}
	for path, methods := range spec.Paths {
		for method, op := range methods {
			f.ops[strings.ToUpper(method)+" "+path] = op
		}
	}
	field, _ := reflect.TypeFor[Problem]().FieldByName("Code")
	_, list, _ := strings.Cut(field.Tag.Get("doc"), ": ")
	f.codes = strings.Split(list, ", ")
	f.close = func() {
		for range 200 { // until the last of the jobs has ended
			page, _, err := s.jobs.Jobs(ctx, "", true, "", 200)
			if err != nil || !slices.ContainsFunc(page, func(j state.Job) bool { return j.State == state.Queued || j.State == state.Running }) {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if err := errors.Join(store.Close(), x.Close()); err != nil {
			tb.Error(err)
		}
	}
	return f
}

// A faultLog fails the test where the service logs an error.
type faultLog struct {
	f  *fuzzer
	tb testing.TB
}

func (l faultLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }
func (l faultLog) WithAttrs([]slog.Attr) slog.Handler               { return l }
func (l faultLog) WithGroup(string) slog.Handler                    { return l }
func (l faultLog) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	r.Attrs(func(a slog.Attr) bool { fmt.Fprintf(&b, " %s=%v", a.Key, a.Value); return true })
	if l.f.errors.Add(1) <= 10 {
		l.tb.Errorf("log: %s%s", r.Message, b.String())
	}
	return nil
}

// send makes a request, sends it and judges the response.
func (f *fuzzer) send(t *testing.T, r *rand.Rand, body []byte, validate bool) {
	route := f.routes[r.IntN(len(f.routes))]
	req, sent := f.request(r, route, body)
	if req == nil {
		return // net/http, too, refuses an address that cannot be parsed
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, req)
	got := w.Body.Bytes()
	f.mu.Lock()
	f.statuses[w.Code]++
	seen := f.seen[route]
	seen[w.Code/100]++
	f.seen[route] = seen
	if w.Code < 300 {
		f.learn(route, w)
	}
	f.mu.Unlock()
	if fault := f.fault(req, w); fault != "" && f.faults.Add(1) <= 20 {
		t.Errorf("%s %s: %s\nheader: %v\nbody: %.600q\ngot %d %v %.600q", req.Method, req.URL, fault, req.Header, sent, w.Code, w.Header(), got)
	}
	if validate && f.ops[route].Parameters != nil && req.Method+" "+req.URL.Path == route {
		resp := w.Result()
		described(t, req, resp, got)
	}
}

// fault says what is wrong with a response, or "".
func (f *fuzzer) fault(req *http.Request, w *httptest.ResponseRecorder) string {
	contentType, body := w.Header().Get("Content-Type"), w.Body.Bytes()
	switch {
	case w.Code >= 500 && w.Code != http.StatusServiceUnavailable && w.Code != http.StatusGatewayTimeout:
		return "fault of the server"
	case (contentType == problemType || strings.HasPrefix(contentType, "application/json") && contentType != linesType) && len(body) > 0 && !json.Valid(body):
		return "no JSON"
	case strings.HasPrefix(contentType, "text/") && req.URL.Path != "/mcp" && !utf8.Valid(body):
		return "no UTF-8"
	case contentType == eventStream && w.Code == 200 && req.Header.Get("Last-Event-ID") == "" && strings.HasPrefix(req.URL.Path, "/v1/") && !strings.HasPrefix(req.URL.Path, "/v1/chat/"):
		if !bytes.Contains(body, []byte("event: done\n")) && !bytes.Contains(body, []byte("event: error\n")) {
			return "a stream without an end"
		}
	}
	switch {
	case w.Code < 400, w.Code == http.StatusNotFound && strings.HasPrefix(contentType, "text/html"), // the page's
		w.Code == http.StatusPreconditionFailed || w.Code == http.StatusRequestedRangeNotSatisfiable, // of files
		req.URL.Path == "/readyz" && w.Code == 503:
		return ""
	case strings.HasPrefix(req.URL.Path, "/v1/chat/") || req.URL.Path == "/v1/models" || strings.HasPrefix(req.URL.Path, "/v1/models/"):
		var e struct {
			Error struct{ Message, Type, Code string }
		}
		if err := json.Unmarshal(body, &e); err != nil || e.Error.Message == "" || e.Error.Type == "" || e.Error.Code == "" {
			return "an error that is not in OpenAI's form"
		}
	case req.URL.Path == "/mcp" && contentType != problemType:
		return "" // JSON-RPC and its transport have forms of their own
	default:
		var p Problem
		if err := json.Unmarshal(body, &p); err != nil || contentType != problemType || p.Status != w.Code || p.Detail == "" || !slices.Contains(f.codes, p.Code) {
			return "an error that is no problem"
		}
	}
	if (w.Code == http.StatusTooManyRequests || w.Code == http.StatusServiceUnavailable && bytes.Contains(body, []byte(`"overloaded"`))) && w.Header().Get("Retry-After") == "" {
		return "no Retry-After"
	}
	return ""
}

func one[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// learn keeps what later requests may name. The caller holds mu.
func (f *fuzzer) learn(route string, w *httptest.ResponseRecorder) {
	keep := func(kind, id string) {
		if ids := f.ids[kind]; id != "" && !slices.Contains(ids, id) {
			f.ids[kind] = append(ids[max(0, len(ids)-30):], id)
		}
	}
	keep("streams", w.Header().Get(streamHeader))
	var v struct {
		ID, Conversation, Task string
		Draft                  *DraftRef
	}
	var whole any
	if json.Unmarshal(w.Body.Bytes(), &v) != nil || json.Unmarshal(w.Body.Bytes(), &whole) != nil {
		return
	}
	if resource := resourceOf(route); resource == "drafts" || resource == "conversations" {
		keep(resource, v.ID)
	} else if strings.HasPrefix(w.Header().Get("Location"), "/v1/jobs/") {
		keep("jobs", v.ID)
	}
	keep("conversations", v.Conversation)
	if v.Draft != nil {
		keep("drafts", v.Draft.ID)
	}
	if v.Task != "" {
		f.answers = append(f.answers[max(0, len(f.answers)-30):], whole)
	}
}

// resourceOf is the first word of a route behind /v1.
func resourceOf(route string) string {
	_, path, _ := strings.Cut(route, " /v1/")
	path, _, _ = strings.Cut(path, "/")
	return path
}

func (f *fuzzer) id(r *rand.Rand, kind string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ids := f.ids[kind]; len(ids) > 0 {
		return one(r, ids...)
	}
	return "x"
}

// request is a request for a route, and its body. nil: the address is none.
func (f *fuzzer) request(r *rand.Rand, route string, body []byte) (*http.Request, []byte) {
	method, path, _ := strings.Cut(route, " ")
	path = pathInBraces.ReplaceAllStringFunc(path, func(string) string {
		if r.IntN(8) == 0 {
			return one(r, url.PathEscape(wildString(r)), "%2F", "..", "%00", "%ff", "%EA%B0%80", strings.Repeat("a", r.IntN(5_000)))
		}
		return url.PathEscape(f.id(r, resourceOf(route)))
	})
	op, query := f.ops[route], url.Values{}
	header := http.Header{"Accept": {one(r, "application/json", "application/json", "*/*", eventStream, "application/json, text/event-stream", "text/html", wildString(r))}}
	if method == "PUT" {
		header.Set("If-Match", one(r, `"1"`, `"1"`, `"2"`, "*", wildString(r)))
	}
	for _, p := range op.Parameters {
		if p.In == "path" || r.IntN(3) > 0 {
			continue
		}
		value := fmt.Sprint(spoil(r, f.value(r, p.Schema, 0)))
		if p.In == "query" {
			query.Add(p.Name, value)
		} else if r.IntN(2) == 0 {
			header.Set(p.Name, one(r, value, `"1"`, "*", "0", "3", "again"))
		}
	}
	switch r.IntN(40) {
	case 0:
		method = one(r, "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "X")
	case 1:
		path += one(r, "/", "//", "/x", "%2e%2e", ";a=b")
	case 2:
		query.Set(wildString(r), wildString(r))
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	if r.IntN(60) == 0 {
		path += one(r, "?%zz", "?a=%ff", "?;", "?on=1&on=2")
	}
	u, err := url.ParseRequestURI(path)
	if err != nil {
		return nil, nil
	}
	contentType := "application/json"
	if body == nil && (method == "POST" || method == "PUT" || r.IntN(20) == 0) {
		body, contentType = f.body(r, route)
	}
	switch r.IntN(30) {
	case 0:
		contentType = one(r, "", "text/plain", "application/json; charset=euc-kr", "multipart/form-data", "multipart/form-data; boundary=x", "application/cbor", "application/x-www-form-urlencoded", wildString(r))
	case 1:
		header.Set(one(r, "Origin", "Sec-Fetch-Site", "Range", "If-None-Match", "If-Range", "Content-Encoding", "X-Forwarded-For", "Mcp-Session-Id", "Mcp-Protocol-Version", "Biseo-User", "Biseo-Grade"),
			one(r, "cross-site", "bytes=0-1,5-", `"x"`, "gzip", "127.0.0.1, x", "2025-06-18", wildString(r)))
	}
	if contentType != "" {
		header.Set("Content-Type", contentType)
	}
	switch n := r.IntN(20); {
	case n < 13:
		header.Set("Authorization", "Bearer "+f.keys[0])
	case n < 16:
		header.Set("Authorization", "Bearer "+f.keys[1])
		header.Set("Biseo-User", one(r, "kim", url.QueryEscape("김주무"), wildString(r)))
	case n == 16:
		header.Set("Authorization", one(r, "Bearer "+f.keys[2], "Bearer", "Basic eDp5", wildString(r)))
	case n < 19:
		header.Set("Cookie", "b="+one(r, "good", "bad"))
		header.Set("Sec-Fetch-Site", "same-origin")
	}
	req := &http.Request{Method: method, URL: u, RequestURI: path, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, Host: "localhost", RemoteAddr: "127.0.0.1:9",
		Body: http.NoBody, ContentLength: int64(len(body))}
	if r.IntN(100) == 0 {
		req.Host = one(r, "", "evil.example", "localhost:x", wildString(r))
	}
	if len(body) > 0 {
		req.Body = io.NopCloser(bytes.NewReader(body))
		if r.IntN(100) == 0 { // a client that goes away
			req.Body, req.ContentLength = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), brokenReader{})), -1
		}
	}
	return req, body
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// body is a body for a route, and its type.
func (f *fuzzer) body(r *rand.Rand, route string) ([]byte, string) {
	content := f.ops[route].RequestBody.Content
	var v any
	switch {
	case route == "POST /mcp":
		v = one(r, mcpCalls...)
	case route == "POST /v1/chat/completions":
		v = one(r, chatCalls...)
	case content["application/json"].Schema != nil:
		v = f.value(r, content["application/json"].Schema, 0)
	case content[formType].Schema != nil:
		properties, _ := content[formType].Schema["properties"].(map[string]any)
		request, _ := properties["request"].(map[string]any)
		v = f.value(r, request, 0)
	}
	f.mu.Lock()
	if m, ok := v.(map[string]any); ok && m["answer"] != nil && len(f.answers) > 0 {
		m["answer"] = one(r, f.answers...)
	}
	f.mu.Unlock()
	if s, ok := v.(string); ok {
		_ = json.Unmarshal([]byte(s), &v)
	}
	if r.IntN(2) == 0 {
		v = spoil(r, v)
	}
	b, err := json.Marshal(v)
	if err != nil { // a number that is none
		b = []byte("1e999")
	}
	if r.IntN(8) == 0 {
		b = spoilBytes(r, b)
	}
	if content[formType].Schema == nil || content["application/json"].Schema != nil && r.IntN(3) > 0 {
		return b, "application/json"
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	_ = w.WriteField(one(r, "request", "request", "request", "x", wildString(r)), string(b))
	for range r.IntN(4) {
		name := one(r, "주차.md", "고장.txt", "a.hwpx", "a.pdf", "../../etc/passwd.md", "a.exe", ".md", wildString(r)+".txt")
		if p, err := w.CreateFormFile("files", name); err == nil {
			_, _ = p.Write([]byte(one(r, "주차요금은 1,200원", "PK\x03\x04", "%PDF-1.7", "\xff\xfe", "", wildString(r))))
		}
	}
	_ = w.Close()
	b = form.Bytes()
	if r.IntN(10) == 0 {
		b = spoilBytes(r, b)
	}
	return b, w.FormDataContentType()
}
