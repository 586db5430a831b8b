package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/index"
	"biseo/index/local"
	"biseo/llm/llmtest"
)

func now() time.Time { return time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC) }

// office is the real assistant over a small index: an ordinance in two versions, a
// letter to staff, and a reply.
func office(t testing.TB) *assistant.Assistant {
	t.Helper()
	x, err := local.Open(t.Context(), t.TempDir(), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	add := func(id, work, title, kind, reader, cite string, d index.Doc, texts ...string) {
		t.Helper()
		d.ID, d.Work, d.Title, d.Kind, d.Agency, d.Readers, d.Grade = id, work, title, kind, "가온시", []string{reader}, index.Open
		var chunks []index.Chunk
		for i, s := range texts {
			chunks = append(chunks, index.Chunk{ID: index.ChunkID(id, i), DocID: id, Cite: cite, Text: s})
		}
		if err := x.Replace(t.Context(), d, chunks); err != nil {
			t.Fatal(err)
		}
	}
	add("old", "parking", "가온시 주차장 조례", "ordinance", "public", "「가온시 주차장 조례」 제5조", index.Doc{Until: index.Day(2026, 7, 1)}, "제5조 소형 승용차의 주차요금은 1시간에 900원으로 한다.")
	add("new", "parking", "가온시 주차장 조례", "ordinance", "public", "「가온시 주차장 조례」 제5조", index.Doc{From: index.Day(2026, 7, 1)},
		"제5조 소형 승용차의 주차요금은 1시간에 1,200원으로 한다.", "제6조 다자녀 가정의 주차요금은 100분의 50을 줄인다.")
	add("staff", "staff", "주차요금 감사 결과", "report", "staff", "「주차요금 감사 결과」", index.Doc{}, "주차요금 감사 결과 소형 승용차 요금 300만원이 누락되었다.")
	return assistant.New(slog.New(slog.DiscardHandler), x, assistant.Options{Generator: llmtest.Truthful{}})
}

type groupsKey struct{}

type recorder struct {
	mu   sync.Mutex
	all  []audit.Record
	fail bool
}

func (r *recorder) append(_ context.Context, rec audit.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail {
		return errors.New("disk full")
	}
	r.all = append(r.all, rec)
	return nil
}

func options(log *recorder) Options {
	o := Options{Version: "test", Now: now, Who: func(ctx context.Context) assistant.Principal {
		g, _ := ctx.Value(groupsKey{}).([]string)
		return assistant.Principal{Groups: g}
	}}
	if log != nil {
		o.Audit = log.append
	}
	return o
}

// listen serves svc on a real listener. The key staff belongs to a member of staff.
func listen(t testing.TB, svc Service, log *recorder) string {
	t.Helper()
	h := New(slog.New(slog.NewTextHandler(t.Output(), nil)), svc, options(log))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var g []string
		if r.Header.Get("Authorization") == "Bearer staff" {
			g = []string{"staff"}
		}
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), groupsKey{}, g)))
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// bearer sends a key with each request.
type bearer struct{ key string }

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.key)
	return http.DefaultTransport.RoundTrip(r)
}

func connect(t testing.TB, transport sdk.Transport, o *sdk.ClientOptions) *sdk.ClientSession {
	t.Helper()
	c, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, o).Connect(t.Context(), transport, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func overHTTP(t testing.TB, url, key string) *sdk.ClientSession {
	return connect(t, &sdk.StreamableClientTransport{Endpoint: url, HTTPClient: &http.Client{Transport: bearer{key}}}, nil)
}

// overPipes is Serve at the other end of a pair of streams, with the groups given.
func overPipes(t testing.TB, svc Service, o *sdk.ClientOptions, groups ...string) *sdk.ClientSession {
	t.Helper()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), groupsKey{}, groups))
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, slog.New(slog.DiscardHandler), svc, options(nil), inR, outW) }()
	t.Cleanup(func() {
		cancel()
		inW.Close()
		outR.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return connect(t, &sdk.IOTransport{Reader: outR, Writer: inW}, o)
}

// use calls a tool and returns its text and its structured output.
func use(t testing.TB, c *sdk.ClientSession, tool string, args any, out any) (text string, failed bool) {
	t.Helper()
	res, err := c.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	if len(res.Content) != 1 {
		t.Fatalf("%s: %d contents", tool, len(res.Content))
	}
	if out != nil && !res.IsError {
		b, _ := json.Marshal(res.StructuredContent)
		if err := json.Unmarshal(b, out); err != nil {
			t.Fatalf("%s: %v in %s", tool, err, b)
		}
	}
	return res.Content[0].(*sdk.TextContent).Text, res.IsError
}

func TestTools(t *testing.T) {
	svc, log := office(t), &recorder{}
	for name, c := range map[string]*sdk.ClientSession{"http": overHTTP(t, listen(t, svc, log), "anyone"), "pipes": overPipes(t, svc, nil)} {
		t.Run(name, func(t *testing.T) {
			list, err := c.ListTools(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, tool := range list.Tools {
				names = append(names, tool.Name)
				if !tool.Annotations.ReadOnlyHint || tool.InputSchema == nil || tool.OutputSchema == nil || tool.Description == "" || *tool.Annotations.OpenWorldHint {
					t.Errorf("tool %+v", tool)
				}
			}
			if diff := cmp.Diff([]string{"ask", "check", "draft_reply", "read_passage", "search"}, names); diff != "" {
				t.Error(diff)
			}
			if got := c.InitializeResult(); !strings.Contains(got.Instructions, "민원") || got.ServerInfo.Name != "biseo" {
				t.Errorf("server: %+v", got)
			}

			var found assistant.SearchResult
			text, failed := use(t, c, "search", map[string]any{"query": "소형 승용차 주차요금", "limit": 2}, &found)
			if failed || found.On != "2026-11-22" || len(found.Hits) == 0 || !strings.Contains(found.Hits[0].Text, "1,200원") || !strings.Contains(text, found.Hits[0].ChunkID) {
				t.Fatalf("search: %s %+v", text, found)
			}
			text, _ = use(t, c, "search", map[string]any{"query": "소형 승용차 주차요금", "on": "2026-01-01"}, nil)
			if !strings.Contains(text, "900원") || strings.Contains(text, "1,200원") {
				t.Errorf("search of an earlier day: %s", text)
			}

			var read passages
			text, failed = use(t, c, "read_passage", map[string]any{"chunk_id": found.Hits[0].ChunkID, "around": 1}, &read)
			if failed || len(read.Sources) != 2 || !strings.Contains(text, "다자녀") {
				t.Errorf("read_passage: %s", text)
			}

			var ans answered
			text, failed = use(t, c, "ask", map[string]any{"question": "소형 승용차의 주차요금은 얼마인가요?", "earlier": []string{"주차요금은 누가 내나요?"}}, &ans)
			if failed || ans.Outcome != "answered" && ans.Outcome != "partial" || len(ans.Sources) == 0 || ans.Text != text || !strings.Contains(text, "1,200원") || !strings.Contains(text, "[1]") {
				t.Errorf("ask: %s %+v", text, ans)
			}

			text, failed = use(t, c, "draft_reply", map[string]any{"complaint": "저는 홍길동(010-1234-5678)입니다. 다자녀 가정은 주차요금을 얼마나 줄여 주나요?", "received": "2026-11-20 10:00", "kind": "질의", "department": "교통과"}, &ans)
			if failed || ans.Reply == nil || ans.Reply.Due == "" || len(ans.Reply.Requests) == 0 || !strings.HasPrefix(text, "["+assistant.Label+"]") || !strings.Contains(text, ans.Reply.Due) {
				t.Errorf("draft_reply: %s %+v", text, ans.Reply)
			}

			var checked assistant.Checked
			text, failed = use(t, c, "check", map[string]any{"text": "「가온시 주차장 조례」 제5조에 따라 2026.11.22 회의를 합니다.", "kind": "letter"}, &checked)
			if failed || len(checked.Findings) == 0 || !strings.Contains(text, "기준일 2026-11-22") {
				t.Errorf("check: %s", text)
			}
		})
	}
	actions := map[string]int{}
	for _, r := range log.all {
		actions[r.Action]++
		if r.On == "" || r.Action != "check" && len(r.Passages) == 0 {
			t.Errorf("audit record %+v", r)
		}
	}
	if diff := cmp.Diff(map[string]int{"search": 2, "passages": 1, "answers": 1, "replies": 1, "check": 1}, actions); diff != "" {
		t.Error(diff)
	}
}

// Rights are those of whoever sends a request, also where two callers use one
// server at the same time, or one names a session of the other.
func TestRights(t *testing.T) {
	svc := office(t)
	url := listen(t, svc, nil)
	anyone, staff := overHTTP(t, url, "anyone"), overHTTP(t, url, "staff")
	const secret = "300만원"
	var wg sync.WaitGroup
	for range 20 {
		for c, want := range map[*sdk.ClientSession]bool{anyone: false, staff: true} {
			wg.Go(func() {
				for tool, args := range map[string]map[string]any{
					"search": {"query": "주차요금 감사 결과 소형 승용차"}, "ask": {"question": "주차요금 감사 결과는 무엇인가요?"},
				} {
					if text, _ := use(t, c, tool, args, nil); strings.Contains(text, secret) != want {
						t.Errorf("%s by staff %t: %s", tool, want, text)
					}
				}
			})
		}
	}
	wg.Wait()
	hidden := index.ChunkID("staff", 0)
	denied, failed := use(t, anyone, "read_passage", map[string]any{"chunk_id": hidden}, nil)
	missing, _ := use(t, anyone, "read_passage", map[string]any{"chunk_id": index.ChunkID("none", 0)}, nil)
	if !failed || denied != missing || strings.Contains(denied, "감사") {
		t.Errorf("hidden: %q, missing: %q", denied, missing)
	}
	if text, failed := use(t, staff, "read_passage", map[string]any{"chunk_id": hidden}, nil); failed || !strings.Contains(text, secret) {
		t.Errorf("staff: %s", text)
	}
	if text, _ := use(t, overPipes(t, svc, nil, "staff"), "search", map[string]any{"query": "감사 결과"}, nil); !strings.Contains(text, secret) {
		t.Errorf("staff over pipes: %s", text)
	}

	if id := staff.ID(); id != "" {
		t.Errorf("a session %q: another caller could name it", id)
	}
	resp := post(t, url, "anyone", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{"query":"주차요금 감사 결과"}}}`, "Mcp-Session-Id", "of-staff")
	if strings.Contains(resp, secret) || !strings.Contains(resp, `"result"`) {
		t.Errorf("with a session of another caller: %s", resp)
	}
}

func post(t testing.TB, url, key, body string, headers ...string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := (&http.Client{Transport: bearer{key}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What is wrong with a message itself is an error of the protocol, in JSON, that
// repeats nothing of it either.
func TestTransportErrors(t *testing.T) {
	url := listen(t, office(t), nil)
	const list = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	for name, tt := range map[string]struct {
		body    string
		headers []string
	}{
		"no JSON":        {`비밀`, nil},
		"empty":          {``, nil},
		"unknown method": {`{"jsonrpc":"2.0","id":1,"method":"비밀"}`, nil},
		"unknown tool":   {`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"비밀"}}`, nil},
		"no ID":          {`{"jsonrpc":"2.0","method":"tools/list","params":{"cursor":"비밀"}}`, nil},
		"type":           {list, []string{"Content-Type", "text/비밀"}},
		"accept":         {list, []string{"Accept", "text/비밀"}},
		"version":        {list, []string{"MCP-Protocol-Version", "비밀"}},
		"batch":          {"[" + list + "," + list + "]", []string{"MCP-Protocol-Version", "2025-06-18"}},
	} {
		got := post(t, url, "anyone", tt.body, tt.headers...)
		if at := strings.Index(got, "{"); at > 0 { // an event
			got = strings.TrimSpace(got[at:])
		}
		var e struct {
			JSONRPC string
			Error   struct{ Message string }
		}
		if err := json.Unmarshal([]byte(got), &e); err != nil || e.JSONRPC != "2.0" || e.Error.Message == "" || strings.Contains(got, "비밀") {
			t.Errorf("%s: %v in %s", name, err, got)
		}
	}
}

// What cannot be done is one sentence of a tool result that repeats nothing of what
// was sent.
func TestErrors(t *testing.T) {
	c := overHTTP(t, listen(t, office(t), nil), "anyone")
	for name, tt := range map[string]struct {
		tool string
		args map[string]any
		want string
	}{
		"missing":   {"search", map[string]any{}, "query이(가) 도구의 inputSchema"},
		"unknown":   {"search", map[string]any{"query": "비밀", "secret": "비밀"}, "secret이(가) 도구의"},
		"type":      {"search", map[string]any{"query": 5}, "query이(가) 도구의"},
		"limit":     {"search", map[string]any{"query": "비밀", "limit": 51}, "limit이(가) 도구의"},
		"long":      {"search", map[string]any{"query": strings.Repeat("비밀 ", 1001)}, "query이(가) 도구의"},
		"list":      {"ask", map[string]any{"question": "비밀", "docs": make([]string, 51)}, "docs이(가) 도구의"},
		"kind":      {"search", map[string]any{"query": "비밀", "kinds": []string{"비밀"}}, "kinds이(가) 도구의"},
		"complaint": {"draft_reply", map[string]any{"complaint": strings.Repeat("비", 20001)}, "complaint이(가) 도구의"},
		"no words":  {"ask", map[string]any{"question": "?!"}, "질문에 찾을 낱말이 없으니"},
		"day":       {"search", map[string]any{"query": "비밀", "on": "2026-02-30"}, "기준일을"},
		"received":  {"draft_reply", map[string]any{"complaint": "비밀", "received": "비밀"}, "일시를"},
		"enum":      {"draft_reply", map[string]any{"complaint": "비밀", "decision": "비밀"}, "decision이(가) 도구의"},
		"passage":   {"read_passage", map[string]any{"chunk_id": "비밀"}, "문서를 찾을 수 없습니다."},
	} {
		text, failed := use(t, c, tt.tool, tt.args, nil)
		if !failed || !strings.Contains(text, tt.want) || strings.Contains(text, "비밀") || strings.Contains(text, "\n") {
			t.Errorf("%s: failed %t: %s", name, failed, text)
		}
	}
	if _, err := c.CallTool(t.Context(), &sdk.CallToolParams{Name: "delete_everything"}); err == nil {
		t.Error("an unknown tool is called")
	}
}

// Nothing is shown where the record of it cannot be written.
func TestAudit(t *testing.T) {
	c := overHTTP(t, listen(t, office(t), &recorder{fail: true}), "anyone")
	if text, failed := use(t, c, "search", map[string]any{"query": "주차요금"}, nil); !failed || !strings.Contains(text, "감사 기록") || strings.Contains(text, "1,200원") {
		t.Errorf("got %s", text)
	}
}

// faulty is a service that panics, or goes on until its context ends.
type faulty struct {
	Service
	stopped chan struct{}
}

func (f faulty) Search(context.Context, assistant.Principal, assistant.SearchRequest) (*assistant.SearchResult, error) {
	panic("비밀")
}

func (f faulty) Answer(ctx context.Context, _ assistant.Principal, _ assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
	defer close(f.stopped)
	if err := emit(assistant.Event{Status: "searching"}); err != nil {
		return nil, err
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestPanic(t *testing.T) {
	c := overHTTP(t, listen(t, faulty{}, nil), "anyone")
	if text, failed := use(t, c, "search", map[string]any{"query": "주차요금"}, nil); !failed || text != string(internal) {
		t.Errorf("got %s", text)
	}
}

// A client that goes away stops the model; one that waits learns that it goes on.
func TestGone(t *testing.T) {
	for name, dial := range map[string]func(t *testing.T, svc Service, o *sdk.ClientOptions) *sdk.ClientSession{
		"http": func(t *testing.T, svc Service, o *sdk.ClientOptions) *sdk.ClientSession {
			return connect(t, &sdk.StreamableClientTransport{Endpoint: listen(t, svc, nil)}, o)
		},
		"pipes": func(t *testing.T, svc Service, o *sdk.ClientOptions) *sdk.ClientSession { return overPipes(t, svc, o) },
	} {
		t.Run(name, func(t *testing.T) {
			f := faulty{stopped: make(chan struct{})}
			told := make(chan string, 10)
			c := dial(t, f, &sdk.ClientOptions{ProgressNotificationHandler: func(_ context.Context, r *sdk.ProgressNotificationClientRequest) { told <- r.Params.Message }})
			ctx, cancel := context.WithCancel(t.Context())
			p := &sdk.CallToolParams{Name: "ask", Arguments: map[string]any{"question": "주차요금은?"}}
			p.SetProgressToken("t")
			done := make(chan error, 1)
			go func() { _, err := c.CallTool(ctx, p); done <- err }()
			select {
			case got := <-told:
				if got != "searching" {
					t.Errorf("told %q", got)
				}
			case <-time.After(10 * time.Second):
				t.Error("no progress")
			}
			cancel()
			if err := <-done; err == nil {
				t.Error("no error")
			}
			select {
			case <-f.stopped:
			case <-time.After(10 * time.Second):
				t.Error("the model goes on")
			}
		})
	}
}

// So does a client of an older version of the protocol that closes its connection.
func TestOlderGone(t *testing.T) {
	f := faulty{stopped: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "POST", listen(t, f, nil), strings.NewReader(
		`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"ask","arguments":{"question":"주차요금은?"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	req.Header.Set("MCP-Protocol-Version", "2025-06-18")
	time.AfterFunc(200*time.Millisecond, cancel)
	if resp, err := http.DefaultClient.Do(req); err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
		if err == nil {
			t.Error("no error")
		}
	}
	select {
	case <-f.stopped:
	case <-time.After(10 * time.Second):
		t.Error("the model goes on")
	}
}

// Clients of the protocol's older versions are served, without a session.
func TestOlderProtocol(t *testing.T) {
	url := listen(t, office(t), nil)
	got := post(t, url, "anyone", `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{"name":"old","version":"1"}}}`)
	if !strings.Contains(got, `"protocolVersion":"2025-03-26"`) {
		t.Errorf("got %s", got)
	}
	got = post(t, url, "anyone", `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"search","arguments":{"query":"주차요금"}}}`, "MCP-Protocol-Version", "2025-06-18")
	if !strings.Contains(got, "1,200원") {
		t.Errorf("got %s", got)
	}
	if got := post(t, url, "anyone", `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"search","arguments":{"query":"`+strings.Repeat("가", maxBody/3)+`"}}}`); !strings.Contains(got, "1024 KB까지") {
		t.Errorf("too large: %.200s", got)
	}
}
