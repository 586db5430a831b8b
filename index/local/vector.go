package local

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

func dot(a, b []float32) float64 {
	var s float64
	for i, f := range a {
		s += float64(f) * float64(b[i])
	}
	return s
}

func packVector(v []float32) []byte {
	b := make([]byte, 0, 4*len(v))
	for _, f := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return b
}

// unpackVector reads a vector of length dim into v, which it may grow.
func unpackVector(v []float32, b []byte, dim int) ([]float32, error) {
	if len(b) != 4*dim {
		return nil, errors.New("stored vector has the wrong length")
	}
	v = v[:0]
	for ; len(b) > 0; b = b[4:] {
		v = append(v, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return v, nil
}

// packSentences writes each unit vector as a count of eight bits for each value, behind
// the float32 that one is worth, so that the length is 1 again, if it was not 0; nil for no vectors.
func packSentences(vectors [][]float32) []byte {
	var b []byte
	for _, v := range vectors {
		var most float32
		for _, f := range v {
			most = max(most, f, -f)
		}
		at := len(b)
		b = append(b, make([]byte, 4+len(v))...)
		if most == 0 {
			continue
		}
		var square float64
		for i, f := range v {
			n := math.Round(float64(f) / float64(most) * math.MaxInt8)
			square += n * n
			b[at+4+i] = byte(int8(n))
		}
		binary.LittleEndian.PutUint32(b[at:], math.Float32bits(float32(1/math.Sqrt(square))))
	}
	return b
}

// sentences yields each vector of packSentences, of length dim: what a count is worth, and
// the counts.
func sentences(b []byte, dim int) func(yield func(worth float32, counts []byte) bool) {
	return func(yield func(float32, []byte) bool) {
		for v := range slices.Chunk(b, 4+dim) {
			if !yield(math.Float32frombits(binary.LittleEndian.Uint32(v)), v[4:]) {
				return
			}
		}
	}
}

var errSentences = errors.New("stored vectors of sentences have the wrong length")

// unpackSentences returns the vectors that packSentences wrote, of length 1 or 0.
func unpackSentences(b []byte, dim int) ([][]float32, error) {
	if len(b)%(4+dim) != 0 {
		return nil, errSentences
	}
	var vectors [][]float32
	for worth, counts := range sentences(b, dim) {
		v := make([]float32, dim)
		for i, n := range counts {
			v[i] = worth * float32(int8(n))
		}
		if length := dot(v, v); length != 0 && !(math.Abs(length-1) < 1e-3) {
			return nil, errors.New("stored vectors of sentences are damaged")
		}
		vectors = append(vectors, v)
	}
	return vectors, nil
}

// nearest is the greatest product of the query with a vector that packSentences wrote.
func nearest(query []float32, b []byte) (float64, error) {
	if len(b)%(4+len(query)) != 0 {
		return 0, errSentences
	}
	best := float32(math.Inf(-1))
	for worth, counts := range sentences(b, len(query)) {
		var sum float32
		for i, n := range counts {
			sum += query[i] * float32(int8(n))
		}
		best = max(best, worth*sum)
	}
	return float64(best), nil
}
