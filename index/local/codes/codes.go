// Package codes keeps vectors in four bits a number, to find those that may be the
// nearest to a query in little memory and time. A [Matrix] never changes.
package codes

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// A Matrix holds the vectors of a run of chunks, each known by its place in the run,
// from 0; a chunk may have none. Its codes are -7 to 7 times the scale of their
// vector. It is safe for concurrent use.
type Matrix struct {
	n      int
	scale  []float32 // 0 for a chunk without vector; nil if no chunk has one
	codes  []byte    // stride for each chunk
	stride int
}

// Codes are written plus zero, in blocks: a block of 64 is 32 bytes, its first half in
// the low four bits. The last block is filled up with zeros.
const (
	block    = 64
	top      = 7
	zero     = 8
	topQuery = 127
)

func blocks(dim int) int { return (dim + block - 1) / block }

// stride is the number of bytes of the codes of a vector.
func stride(dim int) int { return blocks(dim) * block / 2 }

// Centre returns what [Encode] may take away from all vectors of an index, from the
// first of them. Vectors of one model share a large part, as those of
// multilingual-e5-small, of which any two have a cosine near .8: without it the codes
// tell more of what differs. Few vectors count less than many, for what they share
// may be theirs alone.
func Centre(vectors [][]float32, dim int) []float32 {
	const doubt = 4 // vectors
	centre := make([]float32, dim)
	n := float32(doubt)
	for _, v := range vectors {
		if len(v) > 0 {
			n++
		}
		for i, f := range v {
			centre[i] += f
		}
	}
	for i := range centre {
		centre[i] /= n
	}
	return centre
}

// Encode returns the bytes that [Parse] reads, of vectors less centre: the scales as
// float32, little-endian, then the codes. Each vector is as long as centre, or empty
// for a chunk without one; nil if all are. The zero vector counts as none.
func Encode(vectors [][]float32, centre []float32) []byte {
	dim := len(centre)
	rest := make([]float32, dim)
	var b []byte
	for i, v := range vectors {
		if !slices.ContainsFunc(v, func(f float32) bool { return f != 0 }) {
			continue
		}
		if b == nil {
			b = make([]byte, (4+stride(dim))*len(vectors))
		}
		for j, f := range v {
			rest[j] = f - centre[j]
		}
		codes := b[4*len(vectors)+i*stride(dim):][:stride(dim)]
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(encode(codes, rest)))
	}
	return b
}

// clips are the shares of its largest value that a vector is cut off at, for the
// one that loses least: a single large value would leave few codes to the others.
var clips = [...]float32{1, 0.8, 0.65, 0.5, 0.4}

// encode writes the codes of v and returns their scale.
func encode(codes []byte, v []float32) (scale float32) {
	var most float32
	for _, f := range v {
		most = max(most, f, -f)
	}
	least := math.Inf(1)
	for _, clip := range clips {
		s := most * clip / top
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
		codes[i] = zero | zero<<4
	}
	for i, f := range v {
		at, half := i/block*block/2+i%(block/2), i/(block/2)%2
		codes[at] += byte(code(f, scale)) << (4 * half)
	}
	return scale
}

// code is f over scale, rounded, from -top to top.
func code(f, scale float32) int {
	if scale == 0 {
		return 0
	}
	return int(max(-top, min(top, math.Round(float64(f/scale)))))
}

// Parse reads the vectors, dim long, of n chunks, and keeps b.
func Parse(b []byte, n, dim int) (Matrix, error) {
	if len(b) == 0 {
		return Matrix{n: n}, nil
	}
	if dim == 0 || len(b) != (4+stride(dim))*n {
		return Matrix{}, errors.New("stored vectors have the wrong length")
	}
	m := Matrix{n, make([]float32, n), b[4*n:], stride(dim)}
	for i := range m.scale {
		m.scale[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return m, nil
}

// Merge is [Encode] of those chunks, matrix after matrix, for which keep says so.
// All have vectors of one length.
func Merge(matrices []Matrix, keep func(matrix, chunk int) bool) []byte {
	stride := 0
	for _, m := range matrices {
		stride = max(stride, m.stride)
	}
	if stride == 0 {
		return nil
	}
	none := make([]byte, stride)
	var scales, codes []byte
	for i, m := range matrices {
		for chunk := range m.n {
			switch {
			case !keep(i, chunk):
			case m.Has(chunk):
				scales = binary.LittleEndian.AppendUint32(scales, math.Float32bits(m.scale[chunk]))
				codes = append(codes, m.of(chunk)...)
			default:
				scales = append(scales, 0, 0, 0, 0)
				codes = append(codes, none...)
			}
		}
	}
	return append(scales, codes...)
}

// Has reports whether a chunk has a vector, other than the zero vector.
func (m Matrix) Has(chunk int) bool { return m.scale != nil && m.scale[chunk] > 0 }

func (m Matrix) of(chunk int) []byte { return m.codes[chunk*m.stride : (chunk+1)*m.stride] }

// Equal reports whether chunk of m and chunk i of o have the same codes, or none.
func (m Matrix) Equal(chunk int, o Matrix, i int) bool {
	if !m.Has(chunk) || !o.Has(i) {
		return m.Has(chunk) == o.Has(i)
	}
	return m.scale[chunk] == o.scale[i] && string(m.of(chunk)) == string(o.of(i))
}

// A Query is what the codes are compared with.
type Query struct {
	codes []int8 // filled up to whole blocks
	sum   int32  // of the codes
}

// NewQuery returns nil for the zero vector, which is near to nothing.
func NewQuery(v []float32) *Query {
	var most float32
	for _, f := range v {
		most = max(most, f, -f)
	}
	if most == 0 {
		return nil
	}
	q := &Query{codes: make([]int8, blocks(len(v))*block)}
	for i, f := range v {
		q.codes[i] = int8(math.Round(float64(f / most * topQuery)))
		q.sum += int32(q.codes[i])
	}
	return q
}

// Rank calls add with the chunks that have a vector and that see lets be seen, and
// with about the dot product of q and that vector, times one number and less another
// that are the same for all vectors less one centre. add returns the least that it
// still wants to hear of.
func (m Matrix) Rank(q *Query, see func(chunk int) bool, add func(chunk int, near float64) (least float64)) {
	least := math.Inf(-1)
	for chunk, scale := range m.scale {
		if scale <= 0 {
			continue
		}
		// Few are near enough to ask whether they may be seen.
		near := float64(scale) * float64(dot(q, m.codes[chunk*m.stride:(chunk+1)*m.stride]))
		if near >= least && see(chunk) {
			least = add(chunk, near)
		}
	}
}

// dotGo is the dot product of the codes of a query and of a vector.
func dotGo(query *Query, codes []byte) int32 {
	const half = block / 2
	var sum int32
	for q := query.codes; len(q) >= block && len(codes) >= half; q, codes = q[block:], codes[half:] {
		low, high := q[:half], q[half:block]
		for i, c := range codes[:half] {
			sum += int32(low[i])*int32(c&15) + int32(high[i])*int32(c>>4)
		}
	}
	return sum - zero*query.sum
}
