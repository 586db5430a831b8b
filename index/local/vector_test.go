package local

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
)

// TestDotCodes compares the two forms of the dot product with the sum of products.
func TestDotCodes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, dim := range []int{1, 8, 63, 64, 65, 384, 1024, 4096} {
		for n := range 100 {
			a, b := make([]float32, dim), make([]float32, dim)
			for i := range a {
				a[i], b[i] = float32(r.NormFloat64()), float32(r.NormFloat64())
				if n%2 == 0 { // sums as far from zero as they get
					a[i], b[i] = 1, float32(1-n%4)
				}
			}
			codes := make([]byte, stride(dim))
			scale := encodeVector(codes, b)
			q := newVectorQuery(a)
			var want int32
			for i, f := range b {
				want += int32(q.codes[i]) * int32(code(f, scale))
			}
			if got := dotCodes(q, codes); got != want {
				t.Fatalf("dimension %d: %d, want %d", dim, got, want)
			}
			if got := dotGo(q, codes); got != want {
				t.Fatalf("dimension %d in Go: %d, want %d", dim, got, want)
			}
		}
	}
}

func BenchmarkDotCodes(b *testing.B) {
	q, codes := &vectorQuery{codes: make([]int8, 384)}, make([]byte, 192)
	b.Run("best", func(b *testing.B) {
		for b.Loop() {
			dotCodes(q, codes)
		}
	})
	b.Run("go", func(b *testing.B) {
		for b.Loop() {
			dotGo(q, codes)
		}
	})
}

// TestRecall ranks clustered unit vectors by their codes: of the ten that are
// nearest by float32 nearly all are among those proposed. BISEO_RECALL_VECTORS sets
// how many there are; 400,000 take about three minutes.
func TestRecall(t *testing.T) {
	const dim, queries, nearest = 384, 20, 200 + spare
	n := 10_000
	if s := os.Getenv("BISEO_RECALL_VECTORS"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	r := rand.New(rand.NewPCG(1, 1))
	var centres [][]float32
	for range max(10, n/400) {
		centres = append(centres, unit(r, nil, dim))
	}
	var asked [][]float32
	for i := range queries {
		asked = append(asked, unit(r, centres[i%len(centres)], dim))
	}
	exact, coded := make([]*best, queries), make([]*best, queries)
	for i := range queries {
		exact[i], coded[i] = newBest(10), newBest(nearest)
	}
	codes := make([]byte, stride(dim))
	for key := range n {
		v := unit(r, centres[r.IntN(len(centres))], dim)
		scale := encodeVector(codes, v)
		for i, q := range asked {
			exact[i].add(scored{key: int64(key), score: dot(q, v)})
			coded[i].add(scored{key: int64(key), score: float64(scale) * float64(dotCodes(newVectorQuery(q), codes))})
		}
	}
	found, wanted := 0, 0
	for i := range queries {
		exact[i].cut()
		coded[i].cut()
		for _, s := range exact[i].found {
			wanted++
			if slices.ContainsFunc(coded[i].found, func(c scored) bool { return c.key == s.key }) {
				found++
			}
		}
	}
	recall := float64(found) / float64(wanted)
	t.Logf("%d vectors: recall@10 of %d proposed %.4f", n, nearest, recall)
	if recall < 0.99 {
		t.Errorf("recall@10 %.4f, want 0.99", recall)
	}
}

// unit is a random unit vector, near to centre unless that is nil.
func unit(r *rand.Rand, centre []float32, dim int) []float32 {
	v := make([]float32, dim)
	var square float64
	for i := range v {
		v[i] = float32(r.NormFloat64()) / 20
		if centre != nil {
			v[i] += centre[i]
		}
		square += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(square))
	}
	return v
}
