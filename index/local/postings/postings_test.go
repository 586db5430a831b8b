package postings

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/index"
)

// sample makes n chunks over a small vocabulary, so that lists are short and long
// and counts of every kind occur.
func sample(r *rand.Rand, n int) []Chunk {
	chunks := make([]Chunk, n)
	for i := range chunks {
		c := Chunk{Terms: map[string]index.FieldCounts{}}
		for range r.IntN(40) {
			term := fmt.Sprintf("말%d", int(r.ExpFloat64()*30))
			counts := c.Terms[term]
			f, times := r.IntN(fields), 1+int(r.ExpFloat64()*2)
			counts[f] += times
			c.Length[f] += times
			c.Terms[term] = counts
		}
		chunks[i] = c
	}
	return chunks
}

func parse(t *testing.T, b []byte) *Segment {
	t.Helper()
	s, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// read is the chunks that a segment holds, by reading all its lists.
func read(s *Segment) []Chunk {
	chunks := make([]Chunk, s.Len())
	for i := range chunks {
		chunks[i] = Chunk{Terms: map[string]index.FieldCounts{}, Length: s.Length(i)}
	}
	for term, list := range s.All() {
		for i, counts := range list.All() {
			chunks[i].Terms[term] = counts
		}
	}
	return chunks
}

func TestBuild(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{0, 1, 2, 3, 15, 16, 17, 100, 1000} {
		want := sample(r, n)
		s := parse(t, Build(want))
		if diff := cmp.Diff(want, read(s)); diff != "" {
			t.Fatalf("%d chunks (-want +got):\n%s", n, diff)
		}
		for i := -1; i < 300; i++ {
			term := fmt.Sprintf("말%d", i)
			var got, holders []int
			for chunk := range s.Find(term).All() {
				got = append(got, chunk)
			}
			slices.Sort(got)
			for i, c := range want {
				if _, ok := c.Terms[term]; ok {
					holders = append(holders, i)
				}
			}
			if !slices.Equal(got, holders) || s.Find(term).Len() != len(holders) {
				t.Fatalf("%d chunks, Find(%q): got %v of length %d, want %v", n, term, got, s.Find(term).Len(), holders)
			}
		}
	}
}

func TestMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 50 {
		var segments []*Segment
		var want []Chunk
		gone := map[[2]int]bool{}
		for i := range r.IntN(9) {
			chunks := sample(r, r.IntN(50))
			segments = append(segments, parse(t, Build(chunks)))
			for j, c := range chunks {
				if r.IntN(3) == 0 {
					gone[[2]int{i, j}] = true
				} else {
					want = append(want, c)
				}
			}
		}
		merged, err := Merge(segments, func(i, j int) bool { return !gone[[2]int{i, j}] })
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(merged, Build(want)) {
			t.Fatalf("merged differs from built (-want +got):\n%s", cmp.Diff(want, read(parse(t, merged))))
		}
	}
}

// TestAddTo compares with BM25 of each chunk.
func TestAddTo(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	chunks := sample(r, 500)
	var all index.Collection
	for _, c := range chunks {
		all.Chunks++
		for f, n := range c.Length {
			all.Length[f] += n
		}
	}
	s := parse(t, Build(chunks))
	bm25 := index.DefaultBM25()
	norms := NewNorms(bm25, all, s.Longest())
	got, matches := make([]float64, len(chunks)), make([][]index.Match, len(chunks))
	for i := range 200 {
		term, weight := fmt.Sprintf("말%d", i), 1+r.Float64()
		s.Find(term).AddTo(got, 0, weight, norms)
		for i, c := range chunks {
			if counts, ok := c.Terms[term]; ok {
				matches[i] = append(matches[i], index.Match{Weight: weight, Counts: counts})
			}
		}
	}
	for i, c := range chunks {
		if want := bm25.Score(all, c.Length, matches[i]); math.Abs(got[i]-want) > 1e-9 {
			t.Errorf("chunk %d: %v, want %v", i, got[i], want)
		}
	}
}

// FuzzParse reads damaged bytes: an error or fewer postings, never a panic.
func FuzzParse(f *testing.F) {
	good := Build(sample(rand.New(rand.NewPCG(4, 4)), 20))
	for n := 0; n < len(good); n += 11 {
		f.Add(good[:n])
		bad := slices.Clone(good)
		bad[n] ^= byte(1 + n%255)
		f.Add(bad)
	}
	norms := NewNorms(index.DefaultBM25(), index.Collection{Chunks: 20, Length: index.FieldCounts{9, 9, 9, 9}}, index.FieldCounts{longestField, longestField, longestField, longestField})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse(b)
		if err != nil {
			return
		}
		scores := make([]float64, s.Len())
		for term, list := range s.All() {
			list.AddTo(scores, 0, 1, norms)
			s.Find(term)
		}
		s.Longest()
		Merge([]*Segment{s, s}, func(_, _ int) bool { return true })
	})
}

func BenchmarkBuild(b *testing.B) {
	chunks := sample(rand.New(rand.NewPCG(5, 5)), 75)
	for b.Loop() {
		Build(chunks)
	}
}
