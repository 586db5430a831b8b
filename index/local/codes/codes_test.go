package codes

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDot compares the two forms of the dot product with the sum of products.
func TestDot(t *testing.T) {
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
			scale := encode(codes, b)
			q := NewQuery(a)
			var want int32
			for i, f := range b {
				want += int32(q.codes[i]) * int32(code(f, scale))
			}
			if got := dot(q, codes); got != want {
				t.Fatalf("dimension %d: %d, want %d", dim, got, want)
			}
			if got := dotGo(q, codes); got != want {
				t.Fatalf("dimension %d in Go: %d, want %d", dim, got, want)
			}
		}
	}
}

func BenchmarkDot(b *testing.B) {
	q, codes := &Query{codes: make([]int8, 384)}, make([]byte, 192)
	b.Run("best", func(b *testing.B) {
		for b.Loop() {
			dot(q, codes)
		}
	})
	b.Run("go", func(b *testing.B) {
		for b.Loop() {
			dotGo(q, codes)
		}
	})
}

func TestMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	const dim = 70
	centre := make([]float32, dim)
	centre[3] = 1
	for range 50 {
		var matrices []Matrix
		var want [][]float32
		gone := map[[2]int]bool{}
		for i := range r.IntN(5) {
			vectors := make([][]float32, r.IntN(5))
			for j := range vectors {
				if r.IntN(3) > 0 {
					vectors[j] = make([]float32, dim)
					for k := range vectors[j] {
						vectors[j][k] = float32(r.NormFloat64())
					}
				}
				if r.IntN(3) == 0 {
					gone[[2]int{i, j}] = true
				} else {
					want = append(want, vectors[j])
				}
			}
			m, err := Parse(Encode(vectors, centre), len(vectors), dim)
			if err != nil {
				t.Fatal(err)
			}
			matrices = append(matrices, m)
		}
		got, err := Parse(Merge(matrices, func(i, j int) bool { return !gone[[2]int{i, j}] }), len(want), dim)
		if err != nil {
			t.Fatal(err)
		}
		built, err := Parse(Encode(want, centre), len(want), dim)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range want {
			if got.Has(i) != (v != nil) || !got.Equal(i, built, i) {
				t.Fatalf("chunk %d of %d differs (-want +got):\n%s", i, len(want), cmp.Diff(built, got, cmp.AllowUnexported(Matrix{})))
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	good := Encode([][]float32{{1, 2}, nil}, []float32{1, 1})
	for name, b := range map[string][]byte{"short": good[:len(good)-1], "long": append(slices.Clone(good), 0)} {
		if _, err := Parse(b, 2, 2); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := Parse(good, 2, 0); err == nil {
		t.Error("vectors in an index of none: no error")
	}
}
