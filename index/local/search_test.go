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
	only    map[string]bool // terms that are kept; nil for all
	ids     []string
	lengths []index.FieldCounts
	all     index.Collection
	lists   map[string][]bruteMatch
}

// A bruteMatch is a chunk that holds a term.
type bruteMatch struct {
	chunk  int32
	counts [len(index.FieldCounts{})]uint16
}

func (b *bruteForce) add(d index.Doc, chunks []index.Chunk) {
	terms, lengths := make([]map[string]index.FieldCounts, len(chunks)), make([]index.FieldCounts, len(chunks))
	parallel(len(chunks), func(_, i int) { terms[i], lengths[i] = index.CountTerms(d, chunks[i]) })
	for i, c := range chunks {
		for term, counts := range terms[i] {
			if b.only != nil && !b.only[term] {
				continue
			}
			m := bruteMatch{chunk: int32(len(b.ids))}
			for f, n := range counts {
				m.counts[f] = uint16(n)
			}
			if _, ok := b.lists[term]; !ok {
				term = strings.Clone(term)
			}
			b.lists[term] = append(b.lists[term], m)
		}
		b.ids, b.lengths = append(b.ids, c.ID), append(b.lengths, lengths[i])
		b.all.Chunks++
		for f, n := range lengths[i] {
			b.all.Length[f] += n
		}
	}
}

func (b *bruteForce) rank(query string) (best []scored) {
	bm25 := index.DefaultBM25()
	terms, _ := index.SearchTerms(query, func(terms []string) (map[string]bool, error) {
		seen := map[string]bool{}
		for _, t := range terms {
			seen[t] = len(b.lists[t]) > 0
		}
		return seen, nil
	})
	scores := make([]float64, len(b.ids))
	for _, term := range terms {
		weight := bm25.Weight(b.all, index.QueryKindOf(query), term, len(b.lists[term]))
		for _, m := range b.lists[term] {
			match := index.Match{Weight: weight}
			for f, n := range m.counts {
				match.Counts[f] = int(n)
			}
			scores[m.chunk] += bm25.Score(b.all, b.lengths[m.chunk], []index.Match{match})
		}
	}
	for chunk, score := range scores {
		if score > 0 {
			best = append(best, scored{id: b.ids[chunk], score: score})
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
		if d := difference(got, want[:min(depth, len(want))]); d != "" {
			t.Errorf("%q: %s", query, d)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// difference tells where two rankings differ, but for the order of equal scores; "" if
// nowhere.
func difference(got, want []scored) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d chunks, want %d", len(got), len(want))
	}
	for i := range got {
		if math.Abs(got[i].score-want[i].score) > 1e-9 || got[i].id != want[i].id && !tied(want, i) {
			return fmt.Sprintf("rank %d: got %s %v, want %s %v", i+1, got[i].id, got[i].score, want[i].id, want[i].score)
		}
	}
	return ""
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
		brute := &bruteForce{lists: map[string][]bruteMatch{}}
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
	brute := &bruteForce{lists: map[string][]bruteMatch{}}
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
	t.Logf("%d questions, %d chunks", len(queries), len(brute.ids))
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
