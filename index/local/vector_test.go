package local

import (
	"math/rand/v2"
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
