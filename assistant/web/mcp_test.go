package web

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"biseo/assistant/state"
)

// The tools of the whole service: foreign hosts and origins are refused before them.
func TestMCP(t *testing.T) {
	url, _ := start(t, &fake{}, nil)
	c, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: url + "/mcp"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	res, err := c.CallTool(t.Context(), &sdk.CallToolParams{Name: "ask", Arguments: map[string]any{"question": "주차요금은 얼마인가요?"}})
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := json.Marshal(res); res.IsError || !strings.Contains(string(b), "1,200원입니다. [1]") {
		t.Errorf("got %s", b)
	}
	for name, tt := range map[string]struct {
		host, origin string
		status       int
		code         string
	}{"origin": {"", "https://evil.example", 403, "cross_origin"}, "host": {"evil.example", "", 421, "wrong_host"}} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", url+"/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Host = tt.host
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
		if tt.origin != "" {
			req.Header.Set("Origin", tt.origin)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var p Problem
		err = json.NewDecoder(resp.Body).Decode(&p)
		resp.Body.Close()
		if err != nil || resp.StatusCode != tt.status || p.Code != tt.code {
			t.Errorf("%s: got %d %+v, %v", name, resp.StatusCode, p, err)
		}
	}
}

// A request that holds several calls counts as so many, and a task by whatever
// protocol is measured.
func TestCallsCounted(t *testing.T) {
	store := newStore(t)
	_, secret := newKey(t, store, state.Key{Name: "agent", Permissions: []string{"read", "ask"}, PerMinute: 40})
	var mu sync.Mutex
	tasks := map[string]int{}
	h, err := New(slog.New(slog.DiscardHandler), &fake{}, Options{Identify: Identify(store, nil), Metrics: Metrics{Task: func(task, outcome string, _ time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		tasks[task+" "+outcome]++
	}}})
	if err != nil {
		t.Fatal(err)
	}
	send := func(path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "http://localhost"+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+secret)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	calls := func(n int) string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/list"}`, i+1)
		}
		return "[" + strings.Join(all, ",") + "]"
	}
	if w := send("/mcp", calls(30)); w.Code != 200 || !strings.Contains(w.Header().Get("RateLimit"), ";r=1") {
		t.Errorf("30 calls: got %d, RateLimit %s", w.Code, w.Header().Get("RateLimit"))
	}
	if w := send("/mcp", calls(20)); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("20 more: got %d %s", w.Code, w.Body)
	}
	if w := send("/mcp", calls(maxCalls+1)); w.Code != 413 {
		t.Errorf("%d calls: got %d %s", maxCalls+1, w.Code, w.Body)
	}
	if w := send("/mcp", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":{"question":"주차요금은?"}}}`); w.Code != 200 {
		t.Errorf("a question: got %d %s", w.Code, w.Body)
	}
	if w := send("/v1/chat/completions", `{"model":"biseo-ask","messages":[{"role":"user","content":"주차요금은?"}]}`); w.Code != 200 {
		t.Errorf("a completion: got %d %s", w.Code, w.Body)
	}
	if w := send("/v1/answers", `{"question":"주차요금은?"}`); w.Code != 200 {
		t.Errorf("an answer: got %d %s", w.Code, w.Body)
	}
	if d := cmp.Diff(map[string]int{"answers partial": 3}, tasks); d != "" {
		t.Errorf("tasks (-want +got):\n%s", d)
	}
}
