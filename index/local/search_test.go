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

// A bruteForce ranks every chunk by BM25 as package index states it.
type bruteForce struct {
	chunks []bruteChunk
	all    index.Collection
	df     map[string]int
}

type bruteChunk struct {
	id     string
	terms  map[string]index.FieldCounts
	length index.FieldCounts
}

func (b *bruteForce) add(d index.Doc, chunks []index.Chunk) {
	for _, c := range chunks {
		terms, length := index.CountTerms(d, c)
		b.chunks = append(b.chunks, bruteChunk{c.ID, terms, length})
		b.all.Chunks++
		for f, n := range length {
			b.all.Length[f] += n
		}
		for term := range terms {
			b.df[term]++
		}
	}
}

func (b *bruteForce) rank(query string) (best []scored) {
	bm25 := index.DefaultBM25()
	terms, _ := index.SearchTerms(query, func(terms []string) (map[string]bool, error) {
		seen := map[string]bool{}
		for _, t := range terms {
			seen[t] = b.df[t] > 0
		}
		return seen, nil
	})
	for _, c := range b.chunks {
		var matches []index.Match
		for _, term := range terms {
			if counts, ok := c.terms[term]; ok {
				matches = append(matches, index.Match{Weight: bm25.Weight(b.all, index.QueryKindOf(query), term, b.df[term]), Counts: counts})
			}
		}
		if score := bm25.Score(b.all, c.length, matches); score > 0 {
			best = append(best, scored{id: c.id, score: score})
		}
	}
	slices.SortFunc(best, compareScored)
	return best
}

// compareWords compares the depth best by words with want.
func compareWords(t *testing.T, x *Index, query string, depth int, want []scored) {
	t.Helper()
	err := x.view(t.Context(), func(v *view) error {
		got, _, err := v.rank(t.Context(), index.Query{Scope: index.Scope{On: index.Day(2030, 1, 1)}, Text: query}, depth)
		want := want[:min(depth, len(want))]
		if len(got) != len(want) {
			t.Errorf("%q: %d chunks, want %d", query, len(got), len(want))
			return err
		}
		for i := range got {
			if math.Abs(got[i].score-want[i].score) > 1e-9 || got[i].id != want[i].id && !tied(want, i) {
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

// tied reports whether a neighbour of i scores the same but for rounding.
func tied(all []scored, i int) bool {
	return i > 0 && all[i-1].score-all[i].score < 1e-9 || i+1 < len(all) && all[i].score-all[i+1].score < 1e-9 || i+1 == len(all)
}

// TestWords compares the word ranking with BM25 over every chunk, while documents
// come, change and go.
func TestWords(t *testing.T) {
	x := mustOpen(t, t.TempDir(), testOptions)
	r := rand.New(rand.NewPCG(1, 1))
	type stored struct {
		doc    index.Doc
		chunks []index.Chunk
	}
	docs := map[string]stored{}
	for range 5 {
		for range 60 {
			d := index.Doc{ID: fmt.Sprint("d", r.IntN(80)), Title: sampleText(r, 2), Readers: []string{index.Public}, Grade: index.Open}
			var cs []index.Chunk
			for j := range r.IntN(9) {
				cs = append(cs, index.Chunk{ID: index.ChunkID(d.ID, j), DocID: d.ID, Path: []string{sampleText(r, 1)}, Cite: sampleText(r, 1), Text: sampleText(r, 5+r.IntN(40))})
			}
			if r.IntN(4) == 0 {
				delete(docs, d.ID)
				if err := x.Remove(t.Context(), d.ID); err != nil {
					t.Fatal(err)
				}
				continue
			}
			docs[d.ID] = stored{d, cs}
			if err := x.Replace(t.Context(), d, cs); err != nil {
				t.Fatal(err)
			}
		}
		brute := &bruteForce{df: map[string]int{}}
		for _, s := range docs {
			brute.add(s.doc, s.chunks)
		}
		for range 20 {
			query := sampleText(r, 1+r.IntN(6))
			want := brute.rank(query)
			compareWords(t, x, query, 5, want)
			compareWords(t, x, query, 1000, want)
		}
	}
	if err := x.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestWordsOnLaws does the same with real laws and questions of up to 300 characters.
func TestWordsOnLaws(t *testing.T) {
	x := mustOpen(t, t.TempDir(), testOptions)
	brute := &bruteForce{df: map[string]int{}}
	var queries []string
	for i, l := range readLaws(t) {
		if i%8 > 0 {
			continue
		}
		if err := x.Replace(t.Context(), l.doc, l.chunks); err != nil {
			t.Fatal(err)
		}
		brute.add(l.doc, l.chunks)
		for j := 0; j < len(l.chunks); j += 11 {
			text := []rune(strings.Join(strings.Fields(l.chunks[j].Text), " "))
			queries = append(queries, string(text[:min(len(text), []int{20, 60, 300}[j%3])]), l.chunks[j].Cite)
		}
	}
	for _, q := range queries {
		compareWords(t, x, q, 10, brute.rank(q))
	}
	t.Logf("%d questions, %d chunks", len(queries), len(brute.chunks))
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
