package local

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"biseo/index"
	"biseo/korea/text"
)

// sampleText is words of a small vocabulary, the first of them most often.
func sampleText(r *rand.Rand, n int) string {
	var words []string
	for range n {
		k := int(r.ExpFloat64() * 12)
		words = append(words, string([]rune{rune('가' + k*28), rune('나' + k*7), rune('다' + k)}))
	}
	return strings.Join(words, " ")
}

// TestWords compares the word ranking with BM25 over every chunk.
func TestWords(t *testing.T) {
	ctx := t.Context()
	x := mustOpen(t, t.TempDir(), testOptions)
	r := rand.New(rand.NewPCG(1, 1))
	type chunk struct {
		id     string
		terms  map[string]index.FieldCounts
		length index.FieldCounts
	}
	var chunks []chunk
	var all index.Collection
	df := map[string]int{}
	for i := range 60 {
		d := index.Doc{ID: fmt.Sprint("d", i), Title: sampleText(r, 2), Readers: []string{index.Public}, Grade: index.Open}
		var cs []index.Chunk
		for j := range 4 {
			c := index.Chunk{ID: index.ChunkID(d.ID, j), DocID: d.ID, Path: []string{sampleText(r, 1)}, Cite: sampleText(r, 1), Text: sampleText(r, 5+r.IntN(40))}
			cs = append(cs, c)
			terms, length := index.CountTerms(d, c)
			chunks = append(chunks, chunk{c.ID, terms, length})
			all.Chunks++
			for f, n := range length {
				all.Length[f] += n
			}
			for term := range terms {
				df[term]++
			}
		}
		if err := x.Replace(ctx, d, cs); err != nil {
			t.Fatal(err)
		}
	}
	bm25 := index.DefaultBM25()
	for range 50 {
		query := sampleText(r, 1+r.IntN(6))
		terms := text.QueryTerms(query)
		slices.Sort(terms)
		var want []scored
		for _, c := range chunks {
			var matches []index.Match
			for _, term := range slices.Compact(slices.Clone(terms)) {
				if counts, ok := c.terms[term]; ok {
					matches = append(matches, index.Match{Weight: bm25.Weight(all, term, df[term]), Counts: counts})
				}
			}
			if score := bm25.Score(all, c.length, matches); score > 0 {
				want = append(want, scored{id: c.id, score: score})
			}
		}
		slices.SortFunc(want, compareScored)
		for _, depth := range []int{5, 1000} {
			err := x.view(ctx, func(v *view) error {
				got, _, err := v.rank(ctx, index.Query{Scope: index.Scope{On: index.Day(2026, 1, 1)}, Text: query}, depth)
				want := want[:min(depth, len(want))]
				if len(got) != len(want) {
					t.Errorf("%q: %d chunks, want %d", query, len(got), len(want))
					return err
				}
				for i := range got {
					if got[i].id != want[i].id || math.Abs(got[i].score-want[i].score) > 1e-9 {
						t.Errorf("%q, rank %d: got %s %v, want %s %v", query, i+1, got[i].id, got[i].score, want[i].id, want[i].score)
						break
					}
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestMeaning compares the scan of compact vectors with an exact one.
func TestMeaning(t *testing.T) {
	ctx := t.Context()
	opt := testOptions
	opt.Space = "toy/32"
	x := mustOpen(t, t.TempDir(), opt)
	r := rand.New(rand.NewPCG(2, 2))
	vector := func() []float32 {
		v := make([]float32, 32)
		for i := range v {
			v[i] = float32(r.NormFloat64()) / 6
		}
		return v
	}
	var all []index.Chunk
	for i := range 100 {
		d := index.Doc{ID: fmt.Sprint("d", i), Readers: []string{index.Public}, Grade: index.Open}
		var cs []index.Chunk
		for j := range 20 {
			cs = append(cs, index.Chunk{ID: index.ChunkID(d.ID, j), DocID: d.ID, Dense: vector()})
		}
		all = append(all, cs...)
		if err := x.Replace(ctx, d, cs); err != nil {
			t.Fatal(err)
		}
	}
	for range 50 {
		q := vector()
		var want []scored
		for _, c := range all {
			want = append(want, scored{id: c.ID, score: dot(q, c.Dense)})
		}
		slices.SortFunc(want, compareScored)
		hits, err := x.Search(ctx, index.Query{Scope: index.Scope{On: index.Day(2026, 1, 1)}, Dense: q, Limit: 60})
		if err != nil {
			t.Fatal(err)
		}
		for i, h := range hits {
			diff(t, fmt.Sprint("rank ", i+1), h.Chunk.ID, want[i].id)
		}
	}
}

// TestTwoChecks takes away one check of the rights after the other: the one that is
// left lets nothing through. Without both the test must see a leak.
func TestTwoChecks(t *testing.T) {
	none := func(index.Scope, index.Doc, index.Chunk) bool { return true }
	for _, test := range []struct {
		name          string
		before, after func(index.Scope, index.Doc, index.Chunk) bool
		leaks         bool
	}{
		{"both", index.Scope.Allows, index.Scope.Allows, false},
		{"before ranking only", index.Scope.Allows, none, false},
		{"on what is stored only", none, index.Scope.Allows, false},
		{"none", none, none, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := mustOpen(t, t.TempDir(), testOptions)
			x.before, x.after = test.before, test.after
			r := rand.New(rand.NewPCG(3, 3))
			day := func() time.Time { return index.Day(2026, 1, 1+r.IntN(10)) }
			for i := range 60 {
				d := index.Doc{ID: fmt.Sprint("d", i), Readers: []string{[]string{index.Public, "감사", "인사"}[r.IntN(3)]}, Grade: index.Grade(r.IntN(4))}
				if r.IntN(3) == 0 {
					d.From = day()
				}
				var cs []index.Chunk
				for j := range 3 {
					c := index.Chunk{ID: index.ChunkID(d.ID, j), DocID: d.ID, Text: "공통 수당", Dense: []float32{1, 0, 0, float32(i)}}
					if r.IntN(3) == 0 {
						c.Until = day()
					}
					cs = append(cs, c)
				}
				if err := x.Replace(t.Context(), d, cs); err != nil {
					t.Fatal(err)
				}
			}
			leaks := 0
			for i := range 200 {
				s := index.Scope{Readers: []string{[]string{"감사", "인사", "세무"}[r.IntN(3)]}, Grade: index.Grade(r.IntN(4)), On: day()}
				q := index.Query{Scope: s, Text: "공통 수당", Dense: []float32{1, 0, 0, 1}, Limit: 30}
				if i%3 == 1 {
					q.Text = ""
				} else if i%3 == 2 {
					q.Dense = nil
				}
				hits, err := x.Search(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, h := range hits {
					if !s.Allows(h.Doc, h.Chunk) {
						leaks++
					}
				}
			}
			if (leaks > 0) != test.leaks {
				t.Errorf("%d hits outside the rights", leaks)
			}
		})
	}
}
