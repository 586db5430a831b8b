// Package postings is an inverted index of a run of chunks, in memory: which of
// them hold a term, and how often in which field. A chunk is known by its place in
// the run, from 0.
//
// A [Segment] never changes. [Build] makes a small one, [Merge] makes one of
// several; both return the bytes that [Parse] reads.
package postings

import (
	"encoding/binary"
	"errors"
	"iter"
	"sort"

	"biseo/index"
)

// The bytes of a segment are, all numbers as uvarint unless said otherwise,
//
//	the number of chunks
//	the length of each chunk's field, field by field
//	the terms in sorted order, each as
//	    how many bytes it shares with the term before, 0 at the start of a block
//	    how many bytes follow, and these bytes
//	    how many chunks hold it
//	    the length of its list in bytes, and the list
//	the place of each block among the terms, as little-endian uint32
//	the number of blocks, as little-endian uint32
//
// A list is in two parts, so that reading either needs few decisions: the size of
// the first part in bytes; in the first the chunks that hold the term once, in the
// text, as most do; in the second the others, each with how often each field holds
// it: two bits for each in one byte, or the byte escape and a number for each.
// A chunk is the gap from the one before, at first from -1: see appendGap.
const (
	fields    = len(index.FieldCounts{})
	textField = fields - 1
	blockSize = 16 // terms
	escape    = 0xff
	fewBits   = 2
	few       = 1<<fewBits - 1

	// longestField bounds the length of a field; a longer one counts as this long.
	longestField = 1<<16 - 1
)

// once is the count of a term that occurs once, in the text.
var once = index.FieldCounts{textField: 1}

var errDamaged = errors.New("stored postings are damaged")

// A Segment is safe for concurrent use.
type Segment struct {
	lengths [][fields]uint16
	terms   []byte
	blocks  []byte
}

// Parse reads what [Build] or [Merge] made, and keeps b.
func Parse(b []byte) (*Segment, error) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)) {
		return nil, errDamaged
	}
	b = b[size:]
	s := &Segment{lengths: make([][fields]uint16, n)}
	for f := range fields {
		for i := range s.lengths {
			v, size := binary.Uvarint(b)
			if size <= 0 || v > longestField {
				return nil, errDamaged
			}
			s.lengths[i][f] = uint16(v)
			b = b[size:]
		}
	}
	if len(b) < 4 {
		return nil, errDamaged
	}
	end := len(b) - 4
	blocks := uint64(binary.LittleEndian.Uint32(b[end:]))
	if 4*blocks > uint64(end) {
		return nil, errDamaged
	}
	s.terms, s.blocks = b[:end-int(4*blocks)], b[end-int(4*blocks):end]
	for i := range int(blocks) {
		if s.block(i) > len(s.terms) {
			return nil, errDamaged
		}
	}
	return s, nil
}

// Len is the number of chunks.
func (s *Segment) Len() int { return len(s.lengths) }

// Longest is the length of the longest of each field.
func (s *Segment) Longest() (longest index.FieldCounts) {
	for _, lengths := range s.lengths {
		for f, n := range lengths {
			longest[f] = max(longest[f], int(n))
		}
	}
	return longest
}

// Length is the length of each field of a chunk.
func (s *Segment) Length(chunk int) (length index.FieldCounts) {
	for f, n := range s.lengths[chunk] {
		length[f] = int(n)
	}
	return length
}

func (s *Segment) block(i int) int { return int(binary.LittleEndian.Uint32(s.blocks[4*i:])) }

// Find returns the list of a term, an empty one if no chunk holds it.
func (s *Segment) Find(term string) List {
	// The last block that begins with term or before it.
	i := sort.Search(len(s.blocks)/4, func(i int) bool { return string(s.first(i)) > term })
	if i == 0 {
		return List{}
	}
	var room [64]byte
	c := cursor{rest: s.terms[s.block(i-1):], term: room[:0]}
	for range blockSize {
		if !c.next() || string(c.term) > term {
			break
		}
		if string(c.term) == term {
			return List{s, c.n, c.list}
		}
	}
	return List{}
}

// first is the term that block i begins with, which shares nothing with another.
func (s *Segment) first(i int) []byte {
	c := cursor{rest: s.terms[s.block(i):]}
	c.number()
	n, _ := c.number()
	return c.rest[:min(n, len(c.rest))]
}

// All yields the terms in sorted order. It ends early where s is damaged.
func (s *Segment) All() iter.Seq2[string, List] {
	return func(yield func(string, List) bool) {
		for c := (cursor{rest: s.terms}); c.next(); {
			if !yield(string(c.term), List{s, c.n, c.list}) {
				return
			}
		}
	}
}

// A cursor reads terms one after the other.
type cursor struct {
	rest []byte
	term []byte // valid until next
	n    int    // chunks that hold it
	list []byte
}

func (c *cursor) next() bool {
	shared, ok1 := c.number()
	suffix, ok2 := c.number()
	if !ok1 || !ok2 || shared > len(c.term) || suffix > len(c.rest) {
		return false
	}
	c.term = append(c.term[:shared], c.rest[:suffix]...)
	c.rest = c.rest[suffix:]
	n, ok1 := c.number()
	length, ok2 := c.number()
	if !ok1 || !ok2 || length > len(c.rest) {
		return false
	}
	c.n, c.list, c.rest = n, c.rest[:length], c.rest[length:]
	return true
}

func (c *cursor) number() (int, bool) {
	v, size := binary.Uvarint(c.rest)
	if size <= 0 || v > 1<<31-1 {
		return 0, false
	}
	c.rest = c.rest[size:]
	return int(v), true
}

// A List says which chunks of a segment hold a term.
type List struct {
	in *Segment
	n  int
	b  []byte
}

// Len is the number of chunks that hold the term.
func (l List) Len() int { return l.n }

// All yields the chunks that hold the term and how often each field does: in
// order those that hold it once, in the text, then in order the others. It ends
// early where the list is damaged.
func (l List) All() iter.Seq2[int, index.FieldCounts] {
	return func(yield func(int, index.FieldCounts) bool) {
		simple, rest := l.parts()
		for chunk, i := -1, 0; i < len(simple); {
			gap, size := readGap(simple[i:])
			if size == 0 || gap > l.in.Len()-1-chunk {
				return
			}
			i += size
			if chunk += gap; !yield(chunk, once) {
				return
			}
		}
		for chunk, i := -1, 0; i < len(rest); {
			gap, size := readGap(rest[i:])
			if size == 0 || gap > l.in.Len()-1-chunk {
				return
			}
			i += size
			counts, size := readCounts(rest[i:])
			if size == 0 {
				return
			}
			i += size
			if chunk += gap; !yield(chunk, counts) {
				return
			}
		}
	}
}

// parts are the chunks that hold the term once, in the text, and the others.
func (l List) parts() (simple, rest []byte) {
	n, size := binary.Uvarint(l.b)
	if size <= 0 || n > uint64(len(l.b)-size) {
		return nil, nil
	}
	return l.b[size : size+int(n)], l.b[size+int(n):]
}

// A gap is one byte up to shortGap, two bytes up to longGap, else the byte escape
// and uvarint. It is at least 1.
const (
	shortGap = 240
	longGap  = shortGap + (escape-shortGap)<<8
)

// readGap returns the gap that b begins with and its size in bytes, 0 if it is
// damaged.
func readGap(b []byte) (gap, size int) {
	switch {
	case len(b) > 0 && b[0] < shortGap:
		return int(b[0]) + 1, 1
	case len(b) > 1 && b[0] < escape:
		return int(b[0]-shortGap)<<8 + int(b[1]) + shortGap + 1, 2
	case len(b) > 1:
		v, n := binary.Uvarint(b[1:])
		if n > 0 && v > 0 && v < 1<<31 {
			return int(v), 1 + n
		}
	}
	return 0, 0
}

// readCounts returns the counts that b begins with and their size in bytes, 0 if
// they are damaged.
func readCounts(b []byte) (counts index.FieldCounts, size int) {
	if len(b) == 0 {
		return counts, 0
	}
	if b[0] != escape {
		for f := range counts {
			counts[f] = int(b[0] >> (fewBits * f) & few)
		}
		return counts, 1
	}
	size = 1
	for f := range counts {
		if size < len(b) && b[size] < 0x80 { // as most: binary.Uvarint takes longer
			counts[f] = int(b[size])
			size++
			continue
		}
		v, n := binary.Uvarint(b[size:])
		if n <= 0 || v > 1<<31-1 {
			return counts, 0
		}
		counts[f] = int(v)
		size += n
	}
	return counts, size
}
