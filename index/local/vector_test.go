package local

import (
	"math/rand/v2"
	"testing"
)

// TestDotCodes compares the two forms of the dot product.
func TestDotCodes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, dim := range []int{0, 32, 64, 384, 1024, 4096} {
		for range 100 {
			q, codes := make([]int16, dim), make([]byte, dim)
			extreme := r.IntN(2) == 0
			for i := range q {
				q[i], codes[i] = int16(r.IntN(2*queryTop+1)-queryTop), byte(int8(r.IntN(2*codeTop+1)-codeTop))
				if extreme {
					q[i], codes[i] = queryTop, byte(256-codeTop) // -codeTop: sums as far from zero as they get
				}
			}
			if got, want := dotCodes(q, codes), dotGo(q, codes); got != want {
				t.Fatalf("dimension %d: %d, want %d", dim, got, want)
			}
		}
	}
}

func BenchmarkDotCodes(b *testing.B) {
	q, codes := make([]int16, 384), make([]byte, 384)
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
