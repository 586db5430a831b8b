package local

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"biseo/index"
	"biseo/index/local/codes"
)

// TestRecall ranks clustered unit vectors by their codes: of the ten that are
// nearest by float32 nearly all are among those proposed. As those of real models,
// the vectors share a large part. BISEO_RECALL_VECTORS sets
// how many there are; 400,000 take about three minutes.
func TestRecall(t *testing.T) {
	const dim, queries, nearest = 384, 20, 200 + index.SpareByMeaning
	n := 10_000
	if s := os.Getenv("BISEO_RECALL_VECTORS"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	r := rand.New(rand.NewPCG(1, 1))
	var centres [][]float32
	shared := unit(r, nil, dim)
	for i := range shared {
		shared[i] *= 3
	}
	for range max(10, n/400) {
		centres = append(centres, unit(r, shared, dim))
	}
	var asked [][]float32
	for i := range queries {
		asked = append(asked, unit(r, centres[i%len(centres)], dim))
	}
	exact, coded := make([]*best, queries), make([]*best, queries)
	for i := range queries {
		exact[i], coded[i] = newBest(10), newBest(nearest)
	}
	vector := func() []float32 { return unit(r, centres[r.IntN(len(centres))], dim) }
	var first [][]float32
	for range 50 {
		first = append(first, vector())
	}
	centre := codes.Centre(first, dim)
	for key := range n {
		v := vector()
		m, err := codes.Parse(codes.Encode([][]float32{v}, centre), 1, dim)
		if err != nil {
			t.Fatal(err)
		}
		for i, q := range asked {
			exact[i].add(scored{key: int64(key), score: dot(q, v)})
			m.Rank(codes.NewQuery(q), func(int) bool { return true }, func(_ int, near float64) float64 {
				coded[i].add(scored{key: int64(key), score: near})
				return coded[i].least
			})
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

// Vectors of sentences keep their length and nearly their direction, and do not change
// when they are stored again.
func TestPackSentences(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	query, stored := unit(r, nil, 384), [][]float32{unit(r, nil, 384), unit(r, nil, 384)}
	packed := packSentences(stored)
	read, err := unpackSentences(packed, 384)
	if err != nil || len(read) != len(stored) {
		t.Fatalf("%d vectors of %d, %v", len(read), len(stored), err)
	}
	for i, v := range read {
		if length := dot(v, v); math.Abs(length-1) > 1e-5 {
			t.Errorf("vector %d has length %v", i, length)
		}
		if cosine := dot(v, stored[i]); cosine < 0.9995 {
			t.Errorf("vector %d has turned: cosine %v", i, cosine)
		}
	}
	if !bytes.Equal(packSentences(read), packed) {
		t.Error("stored again they are others")
	}
	got, err := nearest(query, packed)
	if want := max(dot(query, read[0]), dot(query, read[1])); err != nil || math.Abs(got-want) > 1e-5 {
		t.Errorf("nearest: got %v, %v, want %v", got, err, want)
	}
	if _, err := nearest(query, packed[1:]); err == nil {
		t.Error("nearest of a damaged list: no error")
	}
	packed[3] = 0xff
	if _, err := unpackSentences(packed, 384); err == nil {
		t.Error("a damaged vector is read")
	}
	if b := packSentences([][]float32{make([]float32, 2)}); !bytes.Equal(b, make([]byte, 6)) {
		t.Errorf("a vector of zeros: %v", b)
	}
}
