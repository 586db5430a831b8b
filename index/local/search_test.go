package local

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

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
				allowed := v.allowed(index.Scope{On: index.Day(2026, 1, 1)})
				got, err := v.words(ctx, query, allowed, depth)
				want := want[:min(depth, len(want))]
				if len(got) != len(want) {
					t.Errorf("%q: %d chunks, want %d", query, len(got), len(want))
					return err
				}
				for i := range got {
					if got[i].id != want[i].id || got[i].score != want[i].score {
						t.Errorf("%q, rank %d: got %s %v, want %s %v", query, i+1, got[i].id, got[i].score, want[i].id, want[i].score)
						break
					}
				}
				v.small = 0 // as on a large collection: pruned, but filled
				pruned, err := v.words(ctx, query, allowed, depth)
				if len(pruned) != len(want) {
					t.Errorf("%q pruned: %d chunks, want %d", query, len(pruned), len(want))
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

func TestTokens(t *testing.T) {
	seen := map[string]string{}
	for _, term := range []string{"민원", "@21-2-1", "A", "a", "_41", "제 1", `"`, "a\x00b", "AND", "é", "É", "*", "2026.5"} {
		p := phrase(term)
		if other, ok := seen[p]; ok {
			t.Errorf("%q and %q share the token %s", term, other, p)
		}
		seen[p] = term
	}
	// Each must be found by itself and by nothing else.
	x := mustOpen(t, t.TempDir(), testOptions)
	i := 0
	terms := map[int]string{}
	for _, term := range seen {
		i++
		terms[i] = term
		counts := map[string]index.FieldCounts{term: once, "공통": once}
		if _, err := x.live.write.Exec(`INSERT INTO words(rowid, terms) VALUES(?, ?)`, i, tokens(counts)); err != nil {
			t.Fatal(err)
		}
	}
	for key, term := range terms {
		var got string
		if err := x.live.write.QueryRow(`SELECT group_concat(rowid) FROM words WHERE words MATCH ?`, phrase(term)).Scan(&got); err != nil {
			t.Fatalf("%q: %v", term, err)
		}
		diff(t, term, got, fmt.Sprint(key))
	}
}

func TestPackTerms(t *testing.T) {
	want := map[string]index.FieldCounts{"가": once, "나": {1, 2, 3, 400}, strings.Repeat("긴", 50): once, "": {0, 0, 0, 2}}
	length := index.FieldCounts{1, 2, 3, 100_000}
	packed := packTerms(want, length)
	got := map[string]index.FieldCounts{}
	gotLength, err := unpackTerms(packed, func(term []byte, counts index.FieldCounts) { got[string(term)] = counts })
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "terms", got, want)
	diff(t, "length", gotLength, length)
	for n := range packed { // cut anywhere: an error or fewer terms, no panic
		unpackTerms(packed[:n], func([]byte, index.FieldCounts) {})
	}
	if _, err := unpackTerms([]byte{1, 2, 3, 4, 200}, func([]byte, index.FieldCounts) {}); err == nil {
		t.Error("damaged terms are read without error")
	}
}
