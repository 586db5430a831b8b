package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
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
