package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"biseo/index"
)

// A matrix holds the vectors of a segment as codes: int8 numbers that are
// multiplied by the scale of their vector. A search by meaning reads all of it and
// ranks the nearest again by their float32 vectors.
type matrix struct {
	scale []float32 // 0 for a chunk without vector; empty if no chunk has one
	codes []byte    // int8, stride(dim) for each chunk
}

const (
	codeBlock = 32
	codeTop   = 127  // codes of vectors are from -codeTop to codeTop
	queryTop  = 2047 // and of queries finer: sums of 2^16 products stay below 2^31
)

// stride is the number of codes of a vector, filled up with zeros.
func stride(dim int) int { return (dim + codeBlock - 1) / codeBlock * codeBlock }

// encodeMatrix codes the vectors of a document, nil for a chunk without one. The
// bytes are the scales as float32, little-endian, then the codes; nil if there is
// no vector at all.
func encodeMatrix(vectors [][]float32, dim int) []byte {
	var b []byte
	for i, v := range vectors {
		if len(v) == 0 {
			continue
		}
		if b == nil {
			b = make([]byte, (4+stride(dim))*len(vectors))
		}
		codes := b[4*len(vectors)+i*stride(dim):]
		scale := quantise(v, codeTop, func(i, code int) { codes[i] = byte(int8(code)) })
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(scale))
	}
	return b
}

// parseMatrix reads the vectors of n chunks, and keeps b.
func parseMatrix(b []byte, n, dim int) (matrix, error) {
	if len(b) == 0 {
		return matrix{}, nil
	}
	if dim == 0 || len(b) != (4+stride(dim))*n {
		return matrix{}, errors.New("stored vectors have the wrong length")
	}
	m := matrix{scale: make([]float32, n), codes: b[4*n:]}
	for i := range m.scale {
		m.scale[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return m, nil
}

// mergeMatrices is encodeMatrix of the chunks of several segments that are kept.
func mergeMatrices(segments []*segment, dim int, keep func(segment, chunk int) bool) []byte {
	var scales, codes []byte
	some := false
	for i, s := range segments {
		for chunk := range s.keys {
			if !keep(i, chunk) {
				continue
			}
			if len(s.vectors.scale) == 0 {
				scales = append(scales, 0, 0, 0, 0)
				codes = append(codes, make([]byte, stride(dim))...)
				continue
			}
			some = true
			scales = binary.LittleEndian.AppendUint32(scales, math.Float32bits(s.vectors.scale[chunk]))
			codes = append(codes, s.vectors.of(chunk, stride(dim))...)
		}
	}
	if !some {
		return nil
	}
	return append(scales, codes...)
}

// of is the codes of a chunk, stride of them.
func (m matrix) of(chunk, stride int) []byte {
	return m.codes[chunk*stride : (chunk+1)*stride]
}

// queryCodes is what the codes of vectors are compared with; nil for the zero vector, which
// is near to nothing.
func queryCodes(v []float32) []int16 {
	q := make([]int16, stride(len(v)))
	if quantise(v, queryTop, func(i, code int) { q[i] = int16(code) }) == 0 {
		return nil
	}
	return q
}

// dotGo is the dot product of a query and the codes of a vector of the same length,
// a multiple of four.
func dotGo(q []int16, codes []byte) int32 {
	var sum int32
	for ; len(codes) >= 4 && len(q) >= 4; q, codes = q[4:], codes[4:] {
		sum += int32(q[0])*int32(int8(codes[0])) + int32(q[1])*int32(int8(codes[1])) +
			int32(q[2])*int32(int8(codes[2])) + int32(q[3])*int32(int8(codes[3]))
	}
	return sum
}

func dot(a, b []float32) float64 {
	var s float64
	for i, f := range a {
		s += float64(f) * float64(b[i])
	}
	return s
}

// quantise calls put with v as numbers from -top to top, and returns what to
// multiply them by.
func quantise(v []float32, top float32, put func(i, code int)) (scale float32) {
	var most float32
	for _, f := range v {
		most = max(most, f, -f)
	}
	if most == 0 {
		return 0
	}
	for i, f := range v {
		put(i, int(math.Round(float64(f/most*top))))
	}
	return most / top
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

func checkVector(v []float32, dim int) error {
	if len(v) != dim {
		return fmt.Errorf("vector of %d where the index has %d: %w", len(v), dim, index.ErrDimension)
	}
	for _, f := range v {
		if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
			return errors.New("vector with a value that is not finite")
		}
	}
	return nil
}
