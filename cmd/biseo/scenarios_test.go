package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"biseo/assistant"
	"biseo/assistant/retrieval"
	"biseo/eval"
	"biseo/index"
	"biseo/korea/law"
)

// A scenario is a question that several articles answer together.
type scenario struct {
	question string
	articles []string // their keys
}

func scenarios(t *testing.T) []scenario {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "scenarios.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var out []scenario
	for line := range strings.Lines(string(b)) {
		question, articles, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			continue // a comment
		}
		s := scenario{question: question}
		for a := range strings.SplitSeq(articles, "; ") {
			i := strings.LastIndexByte(a, ' ')
			c, err := law.Parse("「" + a[:i] + "」" + a[i:])
			if err != nil {
				t.Fatal(err)
			}
			s.articles = append(s.articles, c.Key())
		}
		out = append(out, s)
	}
	return out
}

// share is how many of the articles lie in the first n passages, as a fraction.
func share(articles, cites []string, n int) float64 {
	found := 0
	shown := cites[:min(n, len(cites))]
	for _, a := range articles {
		if slices.ContainsFunc(shown, func(cite string) bool { return (index.Hit{Chunk: index.Chunk{Cite: cite}}).Article() == a }) {
			found++
		}
	}
	return float64(found) / float64(len(articles))
}

// TestScenarios asks questions that two or three articles answer together, and
// compares the passages found with as many that hold also what belongs to them.
func TestScenarios(t *testing.T) {
	dir := laws(t, "admin-subset")
	if fewRounds() {
		t.Log("all laws of the set take too long under the race detector")
		return
	}
	data := filepath.Join(t.TempDir(), "data")
	ingestJSON(t, "--data", data, dir)
	a, x, err := (&settings{Data: data}).assistant(t.Context(), testConsole(t))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	finder := retrieval.New(slog.New(slog.DiscardHandler), x, retrieval.Options{})
	for _, n := range []int{8, 10} {
		var plain, linked []float64
		all := [2]int{}
		for _, s := range scenarios(t) {
			req := assistant.SearchRequest{Query: s.question, On: index.Day(2030, 1, 1), Limit: n}
			r, err := a.Search(t.Context(), assistant.Principal{}, req)
			if err != nil {
				t.Fatal(err)
			}
			var hits, evidence []string
			for _, h := range r.Hits {
				hits = append(hits, h.Cite)
			}
			found, err := finder.Evidence(t.Context(), index.Query{Scope: index.Scope{Grade: index.Open, On: req.On}, Text: req.Query, Limit: n})
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range found.Hits {
				evidence = append(evidence, h.Chunk.Cite)
			}
			p, l := share(s.articles, hits, n), share(s.articles, evidence, n)
			plain, linked = append(plain, p), append(linked, l)
			if p == 1 {
				all[0]++
			}
			if l == 1 {
				all[1]++
			}
		}
		diff := make([]float64, len(plain))
		for i := range plain {
			diff[i] = linked[i] - plain[i]
		}
		p, gain := eval.Randomise(diff), eval.Mean(diff)
		t.Logf("%d passages, %d questions: recall of the articles %.3f as found, %.3f with what belongs to them (%+.3f, p = %.4f); questions with all articles: %d and %d",
			n, len(plain), eval.Mean(plain), eval.Mean(linked), gain, p, all[0], all[1])
		if gain <= 0 || p > 0.05 || all[1] <= all[0] {
			t.Errorf("%d passages: the articles that belong together do not help", n)
		}
	}
}
