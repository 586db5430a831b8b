package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// serve starts a server on loopback that answers every request with h.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// sse writes one data line of a chat stream for each piece, then what follows.
func sse(pieces []string, after string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, p := range pieces {
			js, _ := json.Marshal(p)
			fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"content\":%s}}]}\n\n", js)
			w.(http.Flusher).Flush()
		}
		fmt.Fprint(w, after)
	}
}

const (
	stop = `data: {"choices":[{"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	done = "data: [DONE]\n\n"
)

func newGenerator(t *testing.T, s Server) Generator {
	t.Helper()
	s.Model = "m"
	g, err := NewGenerator(s)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestGenerate(t *testing.T) {
	pieces := []string{"처리기간은 ", "한 차례 ", "연장할 수 있습니다. [1]"}
	whole := strings.Join(pieces, "")
	for _, tt := range []struct {
		name string
		h    http.HandlerFunc
		want string // "" for ErrCut
	}{
		{"whole", sse(pieces, stop+done), whole},
		{"no done line but a stop reason", sse(pieces, stop), whole},
		{"comments and keep-alives", sse(pieces, ": ping\n\n"+stop+done), whole},
		{"cut after three pieces", sse(pieces, ""), ""},
		{"done without a stop reason", sse(pieces, done), ""},
		{"error event in the stream", sse(pieces, `data: {"error":{"message":"out of memory"}}`+"\n\n"), ""},
		{"nothing at all", sse(nil, ""), ""},
		{"stop but no text", sse(nil, stop+done), ""},
		{"only spaces", sse([]string{" ", "\n"}, stop+done), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGenerator(t, Server{URL: serve(t, tt.h)})
			var got []string
			r, err := g.Generate(t.Context(), Request{User: "질문"}, func(s string) error { got = append(got, s); return nil })
			if tt.want == "" {
				if !errors.Is(err, ErrCut) {
					t.Fatalf("Generate = %+v, %v; want ErrCut", r, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := (&Response{Text: tt.want, Model: "m", StopReason: "stop"}); cmp.Diff(want, r) != "" {
				t.Errorf("response (-want +got):\n%s", cmp.Diff(want, r))
			}
			if diff := cmp.Diff(pieces, got); diff != "" {
				t.Errorf("pieces (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGenerateRequest(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "of the environment")
	t.Setenv("OPENAI_ORGANIZATION", "of the environment")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	var header http.Header
	var body map[string]any
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		sse([]string{"예"}, stop+done)(w, r)
	})
	g := newGenerator(t, Server{URL: url + "/", Key: "secret", MaxTokens: 77})
	if _, err := g.Generate(t.Context(), Request{System: "규칙", User: "질문"}, nil); err != nil {
		t.Fatal(err)
	}
	if got := header.Get("Authorization"); got != "Bearer secret" {
		t.Errorf("Authorization = %q", got)
	}
	if got := header.Get("OpenAI-Organization"); got != "" {
		t.Errorf("OpenAI-Organization = %q, taken from the environment", got)
	}
	if body["model"] != "m" || body["max_tokens"] != 77.0 || body["stream"] != true || body["temperature"] != 0.0 {
		t.Errorf("body = %v", body)
	}
	js, _ := json.Marshal(body["messages"])
	if !strings.Contains(string(js), "규칙") || !strings.Contains(string(js), "질문") {
		t.Errorf("messages = %s", js)
	}
}

func TestGenerateStops(t *testing.T) {
	stall := func(pieces []string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			sse(pieces, "")(w, r)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	}
	refuse := errors.New("client gone")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		s    Server
		h    http.HandlerFunc
		emit func(string) error
		want error
	}{
		{"no first piece", t.Context(), Server{FirstWait: 50 * time.Millisecond}, stall(nil), nil, errWait},
		{"stalls midway", t.Context(), Server{Idle: 50 * time.Millisecond}, stall([]string{"가"}), nil, errWait},
		{"emit refuses", t.Context(), Server{}, stall([]string{"가"}), func(string) error { return refuse }, refuse},
		{"cancelled", cancelled, Server{}, stall(nil), nil, context.Canceled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.s.URL = serve(t, tt.h)
			if _, err := newGenerator(t, tt.s).Generate(tt.ctx, Request{User: "q"}, tt.emit); !errors.Is(err, tt.want) {
				t.Errorf("Generate: %v, want %v", err, tt.want)
			}
		})
	}
}

func TestOllama(t *testing.T) {
	line := func(text string, done bool) string {
		js, _ := json.Marshal(map[string]any{"message": map[string]string{"role": "assistant", "content": text}, "done": done})
		return string(js) + "\n"
	}
	for _, tt := range []struct{ name, body, want string }{
		{"whole", line("한 ", false) + line("차례", false) + line("", true), "한 차례"},
		{"cut", line("한 ", false) + line("차례", false), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var sent struct{ Options map[string]any }
			g := newGenerator(t, Server{API: "ollama", Context: 4096, URL: serve(t, func(w http.ResponseWriter, r *http.Request) {
				_ = json.NewDecoder(r.Body).Decode(&sent)
				_, _ = io.WriteString(w, tt.body)
			})})
			r, err := g.Generate(t.Context(), Request{User: "q"}, nil)
			if tt.want == "" {
				if !errors.Is(err, ErrCut) {
					t.Errorf("Generate = %v, %v; want ErrCut", r, err)
				}
				return
			}
			if err != nil || r.Text != tt.want {
				t.Errorf("Generate = %v, %v; want %q", r, err, tt.want)
			}
			if sent.Options["num_ctx"] != 4096.0 {
				t.Errorf("num_ctx = %v: Ollama would cut the prompt to its own default", sent.Options["num_ctx"])
			}
		})
	}
}

func TestEmbed(t *testing.T) {
	// vectors answers n-dimensional vectors, one less text than asked when short.
	vectors := func(n int, short bool, seen *[]string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var in struct{ Input []string }
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
				t.Error(err)
			}
			*seen = append(*seen, in.Input...)
			if short {
				in.Input = in.Input[1:]
			}
			type item struct {
				Embedding []float32 `json:"embedding"`
				Index     int       `json:"index"`
			}
			data := make([]item, len(in.Input))
			for i, s := range in.Input {
				data[i] = item{make([]float32, n), i}
				data[i].Embedding[0], data[i].Embedding[n-1] = 3, float32(len(s))
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
		}
	}
	var seen []string
	texts := []string{"제1조\n목적", "제2조\n정의"}
	kept := slices.Clone(texts)
	e, err := NewEmbedder(Server{URL: serve(t, vectors(4, false, &seen)), Model: "multilingual-e5-small", Dimension: 4})
	if err != nil {
		t.Fatal(err)
	}
	vecs, err := e.Embed(t.Context(), Passage, texts)
	if err != nil {
		t.Fatal(err)
	}
	if e.Space() != "multilingual-e5-small/4" || len(vecs) != 2 {
		t.Errorf("space %q, %d vectors", e.Space(), len(vecs))
	}
	for _, v := range vecs {
		var sum float64
		for _, x := range v {
			sum += float64(x) * float64(x)
		}
		if sum < 0.999 || sum > 1.001 {
			t.Errorf("length² of a vector = %v, want 1", sum)
		}
	}
	if diff := cmp.Diff(kept, texts); diff != "" {
		t.Errorf("the caller's texts changed:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"passage: 제1조\n목적", "passage: 제2조\n정의"}, seen[max(0, len(seen)-2):]); diff != "" {
		t.Errorf("texts sent (-want +got):\n%s", diff)
	}
	seen = nil
	if got, err := e.Embed(t.Context(), Question, make([]string, 70)); err != nil || len(got) != 70 || len(seen) != 70+len(commonQuestions) || seen[69] != "query: " {
		t.Errorf("70 questions: %d sent, %d vectors, %v", len(seen), len(got), err)
	}

	for name, h := range map[string]http.HandlerFunc{
		"wrong dimension": vectors(5, false, &seen),
		"too few":         vectors(4, true, &seen),
		"zero vector": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"data":[{"embedding":[0,0,0,0]},{"embedding":[1,0,0,0]}]}`)
		},
	} {
		e, err := NewEmbedder(Server{URL: serve(t, h), Model: "m", Dimension: 4})
		if err != nil {
			t.Fatal(err)
		}
		if v, err := e.Embed(t.Context(), Passage, texts); err == nil || errors.Is(err, ErrDimension) != (name == "wrong dimension") {
			t.Errorf("%s: Embed = %v, %v, want another error", name, v, err)
		}
	}
}

func TestSettings(t *testing.T) {
	for _, s := range []Server{
		{}, {Model: "m"}, {Model: "m", URL: "localhost:8000"}, {Model: "m", URL: "ftp://h/"},
		{Model: "m", URL: "http://h", API: "grpc"},
	} {
		if _, err := NewGenerator(s); err == nil {
			t.Errorf("NewGenerator(%+v) accepted it", s)
		}
	}
	if _, err := NewEmbedder(Server{Model: "m", URL: "http://h"}); err == nil {
		t.Error("an embedder without a dimension was accepted")
	}
}

func TestRetries(t *testing.T) {
	var calls atomic.Int32
	failing := func(n int32, status int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if calls.Add(1) <= n {
				if len(header) == 2 {
					w.Header().Set(header[0], header[1])
				}
				w.WriteHeader(status)
				return
			}
			if b, _ := io.ReadAll(r.Body); !strings.Contains(string(b), "질문") {
				t.Errorf("body of call %d = %q", calls.Load(), b)
			}
			sse([]string{"예"}, stop+done)(w, r)
		}
	}
	for _, tt := range []struct {
		name  string
		h     http.HandlerFunc
		ok    bool
		calls int32
	}{
		{"busy twice", failing(2, 503), true, 3},
		{"busy for good", failing(99, 503), false, 3},
		{"told to wait too long", failing(1, 429, "Retry-After", "60"), false, 1},
		{"wrong key", failing(1, 401), false, 1},
		{"sent elsewhere", failing(1, 307, "Location", "http://127.0.0.1:1/"), false, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls.Store(0)
			_, err := newGenerator(t, Server{URL: serve(t, tt.h)}).Generate(t.Context(), Request{User: "질문"}, nil)
			if (err == nil) != tt.ok || calls.Load() != tt.calls {
				t.Errorf("%d calls, error %v; want %d calls, success %v", calls.Load(), err, tt.calls, tt.ok)
			}
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRetryBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		rt := newRetrier(roundTrip(func(*http.Request) (*http.Response, error) {
			calls++
			return nil, errors.New("connection refused")
		}))
		const requests = 1000
		for range requests {
			req, _ := http.NewRequest(http.MethodGet, "http://h/", nil)
			if _, err := rt.RoundTrip(req); err == nil {
				t.Fatal("no error")
			}
		}
		if retries := calls - requests; retries > requests/10+int(retryBurst) || retries < requests/20 {
			t.Errorf("%d retries for %d requests", retries, requests)
		}
	})
}

func TestCountTokens(t *testing.T) {
	for _, tt := range []struct {
		s        string
		min, max int
	}{
		{"", 0, 0}, {"hello world", 2, 2}, {"민원 처리에 관한 법률", 5, 12},
		{strings.Repeat("가", 20_000), 5_000, 40_000}, // one long word: not quadratic
	} {
		n, err := CountTokens(tt.s)
		if err != nil || n < tt.min || n > tt.max {
			t.Errorf("CountTokens(%.20q) = %d, %v; want %d to %d", tt.s, n, err, tt.min, tt.max)
		}
	}
}
