package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/assistant/web/stream"
	"biseo/index"
)

// start serves svc on a real port, as streams need one, and returns its address
// and what it logs.
func start(t *testing.T, svc Service, change func(*server)) (string, *logBuffer) {
	t.Helper()
	logs := new(logBuffer)
	s := newServer(slog.New(slog.NewTextHandler(logs, nil)), svc, agencyOptions())
	if change != nil {
		change(s)
	}
	h, err := s.handler()
	if err != nil {
		t.Fatal(err)
	}
	return serveTest(t, h), logs
}

// serveTest serves h on a port and returns its address.
func serveTest(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// do sends one request; header is name, value, name, value.
func do(t *testing.T, method, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	described(t, req, resp, b)
	return resp, string(b)
}

func TestProblems(t *testing.T) {
	const secret = "비밀로 할 글"
	fail := func(err error) *fake {
		return &fake{search: func(context.Context, assistant.Principal, assistant.SearchRequest) (*assistant.SearchResult, error) {
			return nil, err
		}}
	}
	tests := []struct {
		name         string
		svc          *fake
		method, path string
		body         string
		status       int
		code, field  string
		detail       string // its start
	}{
		{"day that does not exist", &fake{}, "POST", "/v1/search", `{"query":"` + secret + `","on":"2026-02-30"}`, 422, "invalid_request", "on", "기준일을 2026-10-02처럼"},
		{"year 0", &fake{}, "POST", "/v1/search", `{"query":"` + secret + `","on":"0000-01-01"}`, 422, "invalid_request", "on", "기준일을 2026-10-02처럼"},
		{"receipt in year 0", &fake{}, "POST", "/v1/deadlines", `{"kind":"질의","received":"0000-06-30"}`, 422, "invalid_request", "received", "일시를"},
		{"day in a query", &fake{}, "GET", "/v1/passages/c1?on=tomorrow", "", 422, "invalid_request", "on", "기준일을"},
		{"unknown query parameter", &fake{}, "GET", "/v1/passages/c1?onn=2026-01-01", "", 422, "invalid_request", "body", "주소에 정해진"},
		{"most of another operation", &fake{}, "GET", "/v1/documents?limit=201", "", 422, "invalid_request", "limit", "결과 수를 1 이상 200 이하의"},
		{"long cursor", &fake{}, "GET", "/v1/documents?after=" + strings.Repeat("a", 2001), "", 422, "invalid_request", "after", "after의 값을"},
		{"day of a list that does not exist", &fake{}, "GET", "/v1/documents?changed_since=2026-02-30", "", 422, "invalid_request", "changed_since", "changed_since의 값을"},
		{"no question", &fake{}, "POST", "/v1/answers", `{}`, 422, "invalid_request", "question", "질문을 1자"},
		{"empty question", &fake{}, "POST", "/v1/answers", `{"question":""}`, 422, "invalid_request", "question", "질문을 1자"},
		{"long question", &fake{}, "POST", "/v1/answers", `{"question":"` + strings.Repeat("가", 2001) + `"}`, 422, "invalid_request", "question", "질문을 1자"},
		{"wrong type", &fake{}, "POST", "/v1/search", `{"query":"a","kinds":"` + secret + `"}`, 422, "invalid_request", "kinds", "문서 종류"},
		{"unknown kind", &fake{}, "POST", "/v1/search", `{"query":"a","kinds":["` + secret + `"]}`, 422, "invalid_request", "kinds", "문서 종류"},
		{"unknown kind in a query", &fake{}, "GET", "/v1/documents?kind=poem", "", 422, "invalid_request", "kind", "kind의 값을"},
		{"wrong element", &fake{}, "POST", "/v1/search", `{"query":"a","kinds":["law",7]}`, 422, "invalid_request", "kinds", "문서 종류"},
		{"limit", &fake{}, "POST", "/v1/search", `{"query":"a","limit":101}`, 422, "invalid_request", "limit", "결과 수를"},
		{"around", &fake{}, "GET", "/v1/passages/c1?around=21", "", 422, "invalid_request", "around", "앞뒤 문단 수"},
		{"unknown field", &fake{}, "POST", "/v1/search", `{"query":"a","비밀로 할 글":1}`, 422, "invalid_request", "body", "정해진 항목만"},
		{"field of another operation", &fake{}, "POST", "/v1/answers", `{"question":"a","limit":3}`, 422, "invalid_request", "body", "정해진 항목만"},
		{"not JSON", &fake{}, "POST", "/v1/search", `{"query":"` + secret, 400, "bad_json", "", "본문을 JSON으로"},
		{"no body", &fake{}, "POST", "/v1/search", "", 400, "bad_json", "", "본문을"},
		{"body too large", &fake{}, "POST", "/v1/search", `{"query":"` + strings.Repeat("a", 64<<10) + `"}`, 413, "body_too_large", "", "본문은 64 KB까지"},
		{"input error", fail(fmt.Errorf("search: %w", &assistant.InputError{Field: "query", Text: "찾을 낱말이 없습니다."})), "POST", "/v1/search", `{"query":"?"}`, 422, "invalid_request", "query", "찾을 낱말이 없습니다."},
		{"not found", &fake{}, "GET", "/v1/passages/none", "", 404, "not_found", "", "문서를 찾을 수 없습니다."},
		{"no index server", fail(fmt.Errorf("search: %w", index.ErrUnavailable)), "POST", "/v1/search", `{"query":"a"}`, 503, "index_unavailable", "", "색인 서버가 응답하지"},
		{"other rules", fail(fmt.Errorf("search: %w", index.ErrFingerprint)), "POST", "/v1/search", `{"query":"a"}`, 503, "index_outdated", "", "색인을 만든 규칙"},
		{"other error", fail(errors.New("disk: " + secret)), "POST", "/v1/search", `{"query":"a"}`, 500, "internal", "", "처리하지 못했습니다."},
		{"unknown address", &fake{}, "GET", "/v1/none", "", 404, "not_found", "", "없는 주소입니다."},
		{"wrong method", &fake{}, "GET", "/v1/search", "", 405, "method_not_allowed", "", "이 주소에서"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			url, _ := start(t, tt.svc, nil)
			resp, body := do(t, tt.method, url+tt.path, tt.body)
			if resp.StatusCode != tt.status || resp.Header.Get("Content-Type") != "application/problem+json" {
				t.Fatalf("got %d %s %s, want %d application/problem+json", resp.StatusCode, resp.Header.Get("Content-Type"), body, tt.status)
			}
			var p Problem
			if err := json.Unmarshal([]byte(body), &p); err != nil {
				t.Fatal(err)
			}
			field := ""
			if len(p.Errors) > 0 {
				field = p.Errors[0].Field
			}
			if p.Status != tt.status || p.Code != tt.code || field != tt.field || !strings.HasPrefix(p.Detail, tt.detail) {
				t.Errorf("got %s", body)
			}
			if id := resp.Header.Get("X-Request-Id"); id == "" || p.TraceID != id {
				t.Errorf("trace_id is %q, X-Request-Id is %q", p.TraceID, id)
			}
			if strings.Contains(body, "비밀") || strings.Contains(body, "가가") {
				t.Errorf("the problem repeats what was sent: %s", body)
			}
		})
	}
}

func TestSearch(t *testing.T) {
	var got assistant.SearchRequest
	var who assistant.Principal
	svc := &fake{search: func(_ context.Context, w assistant.Principal, req assistant.SearchRequest) (*assistant.SearchResult, error) {
		got, who = req, w
		return (&fake{}).Search(context.Background(), w, req)
	}}
	clerk := assistant.Principal{ID: "local", Groups: []string{"staff"}, Grade: index.Sensitive}
	// 16:00 UTC is the next day in Korea.
	url, logs := start(t, svc, func(s *server) { s.o.Who = clerk; s.o.Now = func() time.Time { return november.Add(16 * time.Hour) } })
	resp, body := do(t, "POST", url+"/v1/search", `{"query":"주차요금","kinds":["ordinance"],"docs":["a"]}`)
	if resp.StatusCode != 200 {
		t.Fatal(body)
	}
	want := assistant.SearchRequest{Query: "주차요금", On: index.Day(2026, 11, 21), Limit: 10, Kinds: []string{"ordinance"}, Docs: []string{"a"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("request (-want +got):\n%s", d)
	}
	if d := cmp.Diff(clerk, who); d != "" {
		t.Errorf("principal (-want +got):\n%s", d)
	}
	var res assistant.SearchResult
	if err := json.Unmarshal([]byte(body), &res); err != nil || len(res.Hits) != 3 || strings.Contains(body, "$schema") {
		t.Errorf("got %s, %v", body, err)
	}
	if log := logs.String(); strings.Contains(log, "주차요금") || !strings.Contains(log, "route=/v1/search") {
		t.Errorf("log: %s", log)
	}
}

func TestPassage(t *testing.T) {
	url, _ := start(t, &fake{}, nil)
	_, body := do(t, "GET", url+"/v1/passages/c2?on=2026-09-01&around=1", "")
	var got struct {
		On      string
		Sources []ground.Source
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(agency, got.Sources); d != "" || got.On != "2026-09-01" {
		t.Errorf("on %s (-want +got):\n%s", got.On, d)
	}
}

// An sse is one event of a stream; a comment has only data.
type sse struct{ id, name, data string }

func readSSE(t *testing.T, r *bufio.Scanner) (sse, bool) {
	t.Helper()
	var e sse
	for r.Scan() {
		line := r.Text()
		switch name, value, _ := strings.Cut(line, ": "); {
		case line == "":
			return e, true
		case name == "id":
			e.id = value
		case name == "event":
			e.name = value
		default:
			e.data = value
		}
	}
	return e, false
}

func openStream(t *testing.T, ctx context.Context, url string) (*http.Response, *bufio.Scanner) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, "POST", url+"/v1/answers", strings.NewReader(`{"question":"주차요금은?"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	sc := bufio.NewScanner(resp.Body)
	sc.Buffer(nil, 1<<20)
	return resp, sc
}

func TestAnswer(t *testing.T) {
	url, _ := start(t, &fake{}, nil)
	resp, body := do(t, "POST", url+"/v1/answers", `{"question":"주차요금은?"}`)
	var whole assistant.Answer
	if err := json.Unmarshal([]byte(body), &whole); err != nil || resp.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%v: %s", err, body)
	}

	resp, sc := openStream(t, t.Context(), url)
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("Content-Type is %s", got)
	}
	var names []string
	var sentences []ground.Sentence
	var last sse
	for {
		e, ok := readSSE(t, sc)
		if !ok {
			break
		}
		names, last = append(names, e.name), e
		if want := fmt.Sprint(len(names)); e.id != want {
			t.Errorf("event %s has id %s, want %s", e.name, e.id, want)
		}
		if e.name == "sentence" {
			var s ground.Sentence
			if err := json.Unmarshal([]byte(e.data), &s); err != nil {
				t.Fatal(err)
			}
			sentences = append(sentences, s)
		}
	}
	want := []string{"status", "status", "warning", "sources", "status", "sentence", "sentence", "sentence", "sentence", "done"}
	if d := cmp.Diff(want, names); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
	var done assistant.Answer
	if err := json.Unmarshal([]byte(last.data), &done); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(whole, done); d != "" {
		t.Errorf("the stream's answer differs from the whole one:\n%s", d)
	}
	var all []ground.Sentence
	for _, b := range done.Blocks {
		all = append(all, b.Sentences...)
	}
	if d := cmp.Diff(all, sentences); d != "" {
		t.Errorf("sentences sent (-answer +sent):\n%s", d)
	}
}

func TestAnswerErrors(t *testing.T) {
	boom := errors.New("model: connection refused")
	t.Run("before the first event", func(t *testing.T) {
		url, _ := start(t, &fake{answer: func(context.Context, assistant.AnswerRequest, func(assistant.Event) error) (*assistant.Answer, error) {
			return nil, &assistant.InputError{Field: "question", Text: "질문을 적어 주세요."}
		}}, nil)
		for _, accept := range []string{"text/event-stream", "application/json", ""} {
			resp, body := do(t, "POST", url+"/v1/answers", `{"question":"?"}`, "Accept", accept)
			if resp.StatusCode != 422 || resp.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, `"field":"question"`) {
				t.Errorf("Accept %s: got %d %s", accept, resp.StatusCode, body)
			}
		}
	})
	t.Run("after it", func(t *testing.T) {
		url, logs := start(t, &fake{answer: func(_ context.Context, _ assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
			return nil, errors.Join(emit(assistant.Event{Status: "searching"}), boom)
		}}, nil)
		_, sc := openStream(t, t.Context(), url)
		readSSE(t, sc)
		readSSE(t, sc)
		e, _ := readSSE(t, sc)
		if e.name != "error" || !strings.Contains(e.data, `"code":"internal"`) || strings.Contains(e.data, "refused") {
			t.Errorf("got %+v", e)
		}
		if !strings.Contains(logs.String(), "connection refused") {
			t.Errorf("log: %s", logs)
		}
	})
	t.Run("panic", func(t *testing.T) {
		url, logs := start(t, &fake{answer: func(context.Context, assistant.AnswerRequest, func(assistant.Event) error) (*assistant.Answer, error) {
			panic("주차요금은?")
		}}, nil)
		resp, body := do(t, "POST", url+"/v1/answers", `{"question":"주차요금은?"}`)
		if resp.StatusCode != 500 || !strings.Contains(body, `"code":"internal"`) {
			t.Errorf("got %d %s", resp.StatusCode, body)
		}
		if log := logs.String(); !strings.Contains(log, "msg=panic") || strings.Contains(log, "주차요금") {
			t.Errorf("log: %s", log)
		}
	})
	t.Run("panic in a stream", func(t *testing.T) {
		url, logs := start(t, &fake{answer: func(_ context.Context, _ assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
			_ = emit(assistant.Event{Status: "searching"})
			panic("주차요금은?")
		}}, nil)
		_, sc := openStream(t, t.Context(), url)
		var last sse
		for {
			e, ok := readSSE(t, sc)
			if !ok {
				break
			}
			last = e
		}
		if last.name != "error" || !strings.Contains(last.data, `"code":"internal"`) {
			t.Errorf("last event: got %+v", last)
		}
		if log := logs.String(); !strings.Contains(log, "msg=panic") || strings.Contains(log, "주차요금") {
			t.Errorf("log: %s", log)
		}
	})
}

// A silent model: the stream is kept open, longer than the time to read the
// request, until the client leaves; then the model is stopped.
func TestAnswerSilence(t *testing.T) {
	stopped := make(chan error, 1)
	url, _ := start(t, &fake{answer: func(ctx context.Context, _ assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
		_ = emit(assistant.Event{Status: "writing"})
		<-ctx.Done()
		stopped <- ctx.Err()
		return nil, ctx.Err()
	}}, func(s *server) {
		s.keepAlive, s.bodyTime = 100*time.Millisecond, 400*time.Millisecond
		s.streams = stream.New(stream.Options{Grace: 50 * time.Millisecond})
	})
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	_, sc := openStream(t, ctx, url)
	for range 2 {
		if e, _ := readSSE(t, sc); e.name != "status" {
			t.Fatalf("got %+v", e)
		}
	}
	for range 6 {
		if e, ok := readSSE(t, sc); !ok || e.data != "keep-alive" {
			t.Fatalf("got %+v %v, want a comment", e, ok)
		}
	}
	select {
	case err := <-stopped:
		t.Fatalf("stopped while the client waits: %v", err)
	default:
	}
	leave()
	select {
	case <-stopped:
	case <-time.After(5 * time.Second):
		t.Error("the model goes on after the client has left")
	}
}

func TestGuard(t *testing.T) {
	url, _ := start(t, &fake{}, nil)
	tests := []struct {
		name         string
		method, path string
		header       []string
		status       int
	}{
		{"plain client", "POST", "/v1/search", nil, 200},
		{"localhost", "POST", "/v1/search", []string{"Host", "localhost:8080"}, 200},
		{"IPv6", "POST", "/v1/search", []string{"Host", "[::1]:8080"}, 200},
		{"another loopback address", "GET", "/healthz", []string{"Host", "127.5.0.1"}, 200},
		{"name that DNS may turn here", "POST", "/v1/search", []string{"Host", "evil.example:8080"}, 421},
		{"the page, too", "GET", "/", []string{"Host", "evil.example"}, 421},
		{"name that begins like ours", "GET", "/", []string{"Host", "localhost.evil.example"}, 421},
		{"address that begins like ours", "GET", "/", []string{"Host", "127.0.0.1.evil.example"}, 421},
		{"own page", "POST", "/v1/search", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"other site", "POST", "/v1/search", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"other origin", "POST", "/v1/search", []string{"Origin", "https://evil.example"}, 403},
		{"cookie without origin", "POST", "/v1/search", []string{"Cookie", "a=b"}, 403},
		{"cookie with origin", "POST", "/v1/search", []string{"Cookie", "a=b", "Origin", url}, 200},
		{"cookie on reading", "GET", "/v1/status", []string{"Cookie", "a=b"}, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := ""
			if tt.method == "POST" {
				body = `{"query":"a"}`
			}
			resp, got := do(t, tt.method, url+tt.path, body, tt.header...)
			if resp.StatusCode != tt.status {
				t.Errorf("got %d %s, want %d", resp.StatusCode, got, tt.status)
			}
			for name, want := range map[string]string{
				"Content-Security-Policy": contentSecurityPolicy, "X-Content-Type-Options": "nosniff",
				"Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			} {
				if resp.Header.Get(name) != want {
					t.Errorf("%s is %q", name, resp.Header.Get(name))
				}
			}
		})
	}
}

func TestHealth(t *testing.T) {
	broken := fmt.Errorf("open: %w", index.ErrFingerprint)
	status := func(st Status, err error) func(*server) {
		return func(s *server) { s.o.Status = func(context.Context) (Status, error) { return st, err } }
	}
	tests := []struct {
		name   string
		change func(*server)
		path   string
		code   int
		body   string
	}{
		{"alive", status(Status{}, broken), "/healthz", 200, `{"status":"ok","reasons":[]}`},
		{"ready", status(Status{Documents: 1, Model: "m", Embedder: "e"}, nil), "/readyz", 200, `{"status":"ok","reasons":[]}`},
		{"ready without models", status(Status{Documents: 1}, nil), "/readyz", 200, `{"status":"ok","reasons":["no_embedder: search by words","no_model: answers are extracts"]}`},
		{"not ready", status(Status{}, broken), "/readyz", 503, `{"status":"not_ready","reasons":["index_outdated"]}`},
		{"status", nil, "/v1/status", 200, `{"version":"test","today":"2026-11-20","documents":2,"kinds":["ordinance"],"model":"","model_ok":false,"embedder":"","embedder_ok":false,"mode":"words","examples":["주차요금은 얼마입니까?","정기권은 언제부터 팝니까?"],"who":{"name":"local","via":"local","groups":[],"grade":"open","permissions":["read","ask","draft","documents","admin"]},"features":[],"upload_bytes":104857600}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			url, _ := start(t, &fake{}, tt.change)
			resp, body := do(t, "GET", url+tt.path, "")
			if got := strings.TrimSpace(body); resp.StatusCode != tt.code || got != tt.body {
				t.Errorf("got %d %s\nwant %d %s", resp.StatusCode, got, tt.code, tt.body)
			}
		})
	}
}

var param = regexp.MustCompile(`:(\w+)`)

func TestOpenAPI(t *testing.T) {
	s := newServer(slog.New(slog.DiscardHandler), &fake{}, Options{Version: "1.2.3"})
	r, err := s.router()
	if err != nil {
		t.Fatal(err)
	}
	url, _ := start(t, &fake{}, nil)
	_, body := do(t, "GET", url+"/openapi.json", "")
	var spec struct {
		OpenAPI    string
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal([]byte(body), &spec); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(spec.OpenAPI, "3.1") {
		t.Errorf("openapi is %q, want 3.1", spec.OpenAPI)
	}
	var got, want []string
	for path, methods := range spec.Paths {
		for m := range methods {
			got = append(got, strings.ToUpper(m)+" "+path)
		}
	}
	for _, route := range r.Routes() {
		others := []string{"/page/", "/docs", "/login", "/v1/models", "/v1/chat/", "/mcp"} // described elsewhere
		if !slices.ContainsFunc(others, func(p string) bool { return strings.HasPrefix(route.Path, p) }) && !slices.Contains(views, route.Path) && route.Path != "/openapi.json" {
			want = append(want, route.Method+" "+param.ReplaceAllString(route.Path, "{$1}"))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("described (-registered +described):\n%s", d)
	}
	for _, name := range []string{"Answer", "SearchResult", "Source", "Problem"} {
		if spec.Components.Schemas[name] == nil {
			t.Errorf("no schema %s", name)
		}
	}
	if spec.Components.Schemas["ErrorModel"] != nil || strings.Contains(body, "ErrorModel") {
		t.Error("huma's own error is described, which is never sent")
	}
	if !strings.Contains(string(spec.Paths["/v1/answers"]["post"]), "text/event-stream") {
		t.Error("the stream is not described")
	}
}

func TestPageAddresses(t *testing.T) {
	url, _ := start(t, &fake{}, nil)
	for _, path := range []string{"/", "/search", "/?n=3&lang=en"} {
		resp, body := do(t, "GET", url+path, "")
		if resp.StatusCode != 200 || !strings.Contains(body, `id="question"`) {
			t.Errorf("%s: got %d", path, resp.StatusCode)
		}
		again, _ := do(t, "GET", url+path, "", "If-None-Match", resp.Header.Get("ETag"))
		if again.StatusCode != 304 {
			t.Errorf("%s again: got %d, want 304", path, again.StatusCode)
		}
	}
	resp, body := do(t, "GET", url+"/none", "", "Accept", "text/html,*/*")
	if resp.StatusCode != 404 || !strings.Contains(body, "없는 주소입니다") {
		t.Errorf("unknown address: got %d %s", resp.StatusCode, body)
	}
	for _, path := range []string{"/page/", "/page/none.js", "/page/index.html", "/page/../web.go"} {
		if resp, _ := do(t, "GET", url+path, ""); resp.StatusCode != 404 {
			t.Errorf("%s: got %d, want 404", path, resp.StatusCode)
		}
	}
}
