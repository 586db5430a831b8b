package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"biseo/index"
)

// A matrix holds the vectors of a segment as codes of four bits, which are -7 to 7
// times the scale of their vector. A search by meaning reads all of it and ranks the
// nearest again by their float32 vectors.
type matrix struct {
	scale  []float32 // 0 for a chunk without vector; empty if no chunk has one
	codes  []byte    // stride for each chunk
	stride int
}

// Codes are written plus zeroCode, in blocks: a block of 64 is 32 bytes, the first
// half of it in the low four bits. The last block is filled up with zeros.
const (
	codeBlock = 64
	topCode   = 7
	zeroCode  = 8
	topQuery  = 127
)

func blocks(dim int) int { return (dim + codeBlock - 1) / codeBlock }

// stride is the number of bytes of the codes of a vector.
func stride(dim int) int { return blocks(dim) * codeBlock / 2 }

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
		codes := b[4*len(vectors)+i*stride(dim):][:stride(dim)]
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(encodeVector(codes, v)))
	}
	return b
}

// clips are the shares of its largest value that a vector is cut off at, for the
// one that loses least: a single large value would leave few codes to the others.
var clips = [...]float32{1, 0.8, 0.65, 0.5, 0.4}

// encodeVector writes the codes of v and returns their scale.
func encodeVector(codes []byte, v []float32) (scale float32) {
	var most float32
	for _, f := range v {
		most = max(most, f, -f)
	}
	least := math.Inf(1)
	for _, clip := range clips {
		s := most * clip / topCode
		var lost float64
		for _, f := range v {
			d := float64(f - s*float32(code(f, s)))
			lost += d * d
		}
		if lost < least {
			least, scale = lost, s
		}
	}
	for i := range codes {
		codes[i] = zeroCode | zeroCode<<4
	}
	if most == 0 {
		return 0
	}
	for i, f := range v {
		at, half := i/codeBlock*codeBlock/2+i%(codeBlock/2), i/(codeBlock/2)%2
		codes[at] += byte(code(f, scale)) << (4 * half)
	}
	return scale
}

// code is f over scale, rounded, from -topCode to topCode.
func code(f, scale float32) int {
	if scale == 0 {
		return 0
	}
	return int(max(-topCode, min(topCode, math.Round(float64(f/scale)))))
}

// parseMatrix reads the vectors of n chunks, and keeps b.
func parseMatrix(b []byte, n, dim int) (matrix, error) {
	if len(b) == 0 {
		return matrix{}, nil
	}
	if dim == 0 || len(b) != (4+stride(dim))*n {
		return matrix{}, errors.New("stored vectors have the wrong length")
	}
	m := matrix{make([]float32, n), b[4*n:], stride(dim)}
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
			codes = append(codes, s.vectors.of(chunk)...)
		}
	}
	if !some {
		return nil
	}
	return append(scales, codes...)
}

// of is the codes of a chunk.
func (m matrix) of(chunk int) []byte { return m.codes[chunk*m.stride : (chunk+1)*m.stride] }

// A vectorQuery is what the codes of vectors are compared with.
type vectorQuery struct {
	codes []int8 // filled up to whole blocks
	sum   int32  // of the codes
}

// newVectorQuery returns nil for the zero vector, which is near to nothing.
func newVectorQuery(v []float32) *vectorQuery {
	var most float32
	for _, f := range v {
		most = max(most, f, -f)
	}
	if most == 0 {
		return nil
	}
	q := &vectorQuery{codes: make([]int8, blocks(len(v))*codeBlock)}
	for i, f := range v {
		q.codes[i] = int8(math.Round(float64(f / most * topQuery)))
		q.sum += int32(q.codes[i])
	}
	return q
}

// dotGo is the dot product of the codes of a query and of a vector.
func dotGo(query *vectorQuery, codes []byte) int32 {
	const half = codeBlock / 2
	var sum int32
	for q := query.codes; len(q) >= codeBlock && len(codes) >= half; q, codes = q[codeBlock:], codes[half:] {
		low, high := q[:half], q[half:codeBlock]
		for i, c := range codes[:half] {
			sum += int32(low[i])*int32(c&15) + int32(high[i])*int32(c>>4)
		}
	}
	return sum - zeroCode*query.sum
}

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
