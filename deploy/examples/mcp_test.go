package examples

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

type mcpServer struct {
	Type    string
	Command string
	Args    []string
	URL     string
	Headers map[string]string
}

func mcpSettings(t *testing.T, file string) mcpServer {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("mcp", file))
	if err != nil {
		t.Fatal(err)
	}
	var v struct{ MCPServers map[string]mcpServer }
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v.MCPServers["biseo"]
}

// headers sends the headers of a configuration.
type headers map[string]string

func (h headers) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range h {
		r.Header.Set(name, strings.ReplaceAll(value, "${BISEO_KEY}", "example"))
	}
	return http.DefaultTransport.RoundTrip(r)
}

// TestMCP connects as the two configurations say, to the service and to a child
// process, and asks.
func TestMCP(t *testing.T) {
	url := service(t)
	overHTTP := mcpSettings(t, "http.json")
	stdio := mcpSettings(t, "stdio.json")
	var args []string
	for _, a := range stdio.Args {
		args = append(args, strings.Replace(a, "/var/lib/biseo", filepath.Join(demo.dir, "data", "demo"), 1))
	}
	child := exec.CommandContext(t.Context(), filepath.Join(demo.dir, stdio.Command), args...)
	child.Stderr = t.Output()
	for name, transport := range map[string]sdk.Transport{
		"http":  &sdk.StreamableClientTransport{Endpoint: strings.Replace(overHTTP.URL, "http://127.0.0.1:8080", url, 1), HTTPClient: &http.Client{Transport: headers(overHTTP.Headers)}},
		"stdio": &sdk.CommandTransport{Command: child},
	} {
		c, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), transport, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		list, err := c.ListTools(t.Context(), nil)
		if err != nil || len(list.Tools) != 5 {
			t.Fatalf("%s: %v, %v", name, list, err)
		}
		res, err := c.CallTool(t.Context(), &sdk.CallToolParams{Name: "ask", Arguments: map[string]any{"question": question}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := res.Content[0].(*sdk.TextContent).Text; res.IsError || !strings.Contains(got, "50%") || !strings.Contains(got, "[1]") {
			t.Errorf("%s: %s", name, got)
		}
		if err := c.Close(); err != nil {
			t.Errorf("%s: close: %v", name, err)
		}
	}
}
