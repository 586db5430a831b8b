package llm

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRerank(t *testing.T) {
	for _, tt := range []struct {
		api, path, want, answer string
	}{
		{"jina", "/v1", `{"documents":["가","나","다"],"model":"m","query":"질문","return_documents":false}`,
			`{"model":"m","usage":{},"results":[{"index":2,"relevance_score":0.9,"document":{"text":"다"}},{"index":0,"relevance_score":-0.5},{"index":1,"relevance_score":0}]}`},
		{"", "/rerank", `{"documents":["가","나","다"],"model":"m","query":"질문","return_documents":false}`,
			`{"results":[{"index":2,"relevance_score":0.9},{"index":0,"relevance_score":-0.5},{"index":1,"relevance_score":0}]}`},
		{"tei", "/", `{"query":"질문","texts":["가","나","다"],"truncate":true}`,
			`[{"index":2,"score":0.9},{"index":1,"score":0},{"index":0,"score":-0.5}]`},
	} {
		r, err := NewReranker(Server{API: tt.api, Key: "k", Model: "m", URL: serve(t, func(w http.ResponseWriter, r *http.Request) {
			var in any
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
				t.Error(err)
			}
			if b, _ := json.Marshal(in); string(b) != tt.want || !strings.HasSuffix(r.URL.Path, "/rerank") || strings.HasSuffix(r.URL.Path, "/rerank/rerank") || r.Header.Get("Authorization") != "Bearer k" {
				t.Errorf("%s: asked %s %s with key %q, want %s", tt.api, r.URL.Path, b, r.Header.Get("Authorization"), tt.want)
			}
			fmt.Fprint(w, tt.answer)
		}) + tt.path})
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Rerank(t.Context(), "질문", []string{"가", "나", "다"})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]float64{-.5, 0, .9}, got); d != "" {
			t.Errorf("%s: scores (-want +got):\n%s", tt.api, d)
		}
		if got, err := r.Rerank(t.Context(), "질문", nil); got != nil || err != nil {
			t.Errorf("no texts: %v, %v", got, err)
		}
	}
}

// What a faulty server answers is an error that quotes no text, at the latest when
// the time is over, and is not asked for again.
func TestRerankFaults(t *testing.T) {
	say := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, s) }
	}
	for name, h := range map[string]http.HandlerFunc{
		"busy":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"wrong key": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		},
		"no JSON":     say("<html>"),
		"cut":         say(`{"results":[{"index":0,"rel`),
		"empty":       say(""),
		"other shape": say(`[{"index":0,"score":1},{"index":1,"score":1}]`),
		"too few":     say(`{"results":[{"index":0,"relevance_score":1}]}`),
		"twice":       say(`{"results":[{"index":0,"relevance_score":1},{"index":0,"relevance_score":1}]}`),
		"out":         say(`{"results":[{"index":0,"relevance_score":1},{"index":2,"relevance_score":1}]}`),
		"no score":    say(`{"results":[{"index":0,"relevance_score":1},{"index":1}]}`),
		"slow": func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(5 * time.Second):
			}
		},
	} {
		var calls atomic.Int32
		r, err := NewReranker(Server{Model: "m", FirstWait: 50 * time.Millisecond, URL: serve(t, func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			h(w, r)
		})})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		got, err := r.Rerank(t.Context(), "비밀", []string{"가", "나"})
		if err == nil || strings.Contains(err.Error(), "비밀") || calls.Load() != 1 {
			t.Errorf("%s: %v, %v after %d calls; want an error without the question after one", name, got, err, calls.Load())
		}
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		if name == "slow" && !errors.Is(err, errWait) {
			t.Errorf("slow: %v, want that the time is over", err)
		}
	}
	for _, s := range []Server{{}, {URL: "http://h"}, {URL: "h", Model: "m"}, {URL: "http://h", Model: "m", API: "ollama"}} {
		if _, err := NewReranker(s); err == nil {
			t.Errorf("NewReranker(%+v) accepted it", s)
		}
	}
}
