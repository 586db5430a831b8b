package web

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// The chat completions of the whole service: errors of the guard and of the policy
// have OpenAI's form, a long history is read, foreign hosts and origins are refused.
func TestChatCompletions(t *testing.T) {
	url, _ := start(t, &fake{}, nil)
	send := func(body string, headers ...string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "POST", url+"/v1/chat/completions", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			if headers[i] == "Host" {
				req.Host = headers[i+1]
			}
			req.Header.Set(headers[i], headers[i+1])
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	history := strings.Repeat(`{"role":"assistant","content":"`+strings.Repeat("가", 1000)+`"},`, 100)
	ask := `{"model":"biseo-ask","stream":true,"messages":[` + history + `{"role":"user","content":"주차요금은 얼마인가요?"}]}`
	status, got := send(ask)
	if status != 200 || !strings.Contains(got, `"event":{"type":"source"`) || !strings.Contains(got, "1,200원입니다. [1]") || !strings.Contains(got, `"finish_reason":"stop"`) || !strings.HasSuffix(got, "data: [DONE]\n\n") {
		t.Errorf("got %d %s", status, got)
	}
	for name, tt := range map[string]struct {
		body    string
		headers []string
		status  int
		code    string
	}{
		"too large":      {`{"model":"` + strings.Repeat("x", maxText) + `"}`, nil, 413, "body_too_large"},
		"foreign origin": {ask, []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 403, "cross_origin"},
		"foreign host":   {ask, []string{"Host", "evil.example"}, 421, "wrong_host"},
	} {
		if status, got := send(tt.body, tt.headers...); status != tt.status || !strings.HasPrefix(got, `{"error":{"code":"`+tt.code+`","message":"`) {
			t.Errorf("%s: got %d %s", name, status, got)
		}
	}
}
