// Package postings is an inverted index of a run of chunks, in memory: which of
// them hold a term, and how often in which field. A chunk is known by its place in
// the run, from 0.
//
// A [Segment] never changes. [Build] makes a small one, [Merge] makes one of
// several; both return the bytes that [Parse] reads.
package postings

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
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
// A list has, for each chunk that holds the term,
//
//	2·gap + more, where gap is the distance from the chunk before, at first from -1
//
// and, if more is 1, how often each field holds it: two bits for each in one byte,
// or the byte escape and a number for each. If more is 0, the term occurs once, in
// the text, as most do.
const (
	fields    = len(index.FieldCounts{})
	textField = fields - 1
	blockSize = 16 // terms
	escape    = 0xff
	fewBits   = 2
	few       = 1<<fewBits - 1

	// longestField bounds the length of a field; a longer one counts as this long.
	longestField = 1<<20 - 1
)

// once is the count of a term that occurs once, in the text.
var once = index.FieldCounts{textField: 1}

var errDamaged = errors.New("stored postings are damaged")

// A Segment is safe for concurrent use.
type Segment struct {
	lengths [fields][]uint32
	terms   []byte
	blocks  []byte
}

// A Chunk is what [index.CountTerms] says of one chunk.
type Chunk struct {
	Terms  map[string]index.FieldCounts
	Length index.FieldCounts
}

// Parse reads what [Build] or [Merge] made, and keeps b.
func Parse(b []byte) (*Segment, error) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)) {
		return nil, errDamaged
	}
	b = b[size:]
	s := &Segment{}
	for f := range s.lengths {
		s.lengths[f] = make([]uint32, n)
		for i := range s.lengths[f] {
			v, size := binary.Uvarint(b)
			if size <= 0 || v > longestField {
				return nil, errDamaged
			}
			s.lengths[f][i] = uint32(v)
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
func (s *Segment) Len() int { return len(s.lengths[0]) }

// Longest is the length of the longest of each field.
func (s *Segment) Longest() (longest index.FieldCounts) {
	for f, lengths := range s.lengths {
		if len(lengths) > 0 {
			longest[f] = int(slices.Max(lengths))
		}
	}
	return longest
}

// Length is the length of each field of a chunk.
func (s *Segment) Length(chunk int) (length index.FieldCounts) {
	for f := range length {
		length[f] = int(s.lengths[f][chunk])
	}
	return length
}

func (s *Segment) block(i int) int { return int(binary.LittleEndian.Uint32(s.blocks[4*i:])) }

// Find returns the list of a term, an empty one if no chunk holds it.
func (s *Segment) Find(term string) List {
	// The last block that begins with term or before it.
	i := sort.Search(len(s.blocks)/4, func(i int) bool {
		c := cursor{rest: s.terms[s.block(i):]}
		return c.next() && string(c.term) > term
	})
	if i == 0 {
		return List{}
	}
	c := cursor{rest: s.terms[s.block(i-1):]}
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

// All yields the chunks that hold the term, in order, and how often each field
// does. It ends early where the list is damaged.
func (l List) All() iter.Seq2[int, index.FieldCounts] {
	return func(yield func(int, index.FieldCounts) bool) {
		chunk, b := -1, l.b
		for len(b) > 0 {
			head, size := binary.Uvarint(b)
			if size <= 0 || head>>1 > uint64(l.in.Len()) {
				return
			}
			b = b[size:]
			if chunk += int(head >> 1); chunk < 0 || chunk >= l.in.Len() {
				return
			}
			counts := once
			if head&1 == 1 {
				if counts, size = readCounts(b); size == 0 {
					return
				}
				b = b[size:]
			}
			if !yield(chunk, counts) {
				return
			}
		}
	}
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
		v, n := binary.Uvarint(b[size:])
		if n <= 0 || v > 1<<31-1 {
			return counts, 0
		}
		counts[f] = int(v)
		size += n
	}
	return counts, size
}

func appendPosting(list []byte, gap int, counts index.FieldCounts) []byte {
	if counts == once {
		return binary.AppendUvarint(list, uint64(gap)<<1)
	}
	list = binary.AppendUvarint(list, uint64(gap)<<1|1)
	var bits byte
	fits := true
	for f, n := range counts {
		fits = fits && n <= few
		bits |= byte(n) << (fewBits * f)
	}
	if fits && bits != escape {
		return append(list, bits)
	}
	list = append(list, escape)
	for _, n := range counts {
		list = binary.AppendUvarint(list, uint64(n))
	}
	return list
}

// Build makes a segment of chunks.
func Build(chunks []Chunk) []byte {
	type growing struct {
		list []byte
		n    int
		last int
	}
	at := map[string]int{}
	var lists []growing
	for i, c := range chunks {
		for term, counts := range c.Terms {
			j, ok := at[term]
			if !ok {
				j = len(lists)
				at[term] = j
				lists = append(lists, growing{last: -1})
			}
			l := &lists[j]
			l.list = appendPosting(l.list, i-l.last, counts)
			l.last = i
			l.n++
		}
	}
	terms := make([]string, 0, len(at))
	for term := range at {
		terms = append(terms, term)
	}
	slices.Sort(terms)
	w := newWriter(len(chunks), func(chunk, field int) int { return chunks[chunk].Length[field] })
	for _, term := range terms {
		l := &lists[at[term]]
		w.add([]byte(term), l.n, l.list)
	}
	return w.finish()
}

// Merge makes one segment of several: of those chunks, segment after segment, for
// which keep(segment, chunk) says so. A damaged segment is an error.
func Merge(segments []*Segment, keep func(segment, chunk int) bool) ([]byte, error) {
	type place struct{ segment, chunk int }
	var kept []place
	to := make([][]int, len(segments)) // the new place of each chunk, -1 if it is not kept
	for i, s := range segments {
		to[i] = make([]int, s.Len())
		for chunk := range to[i] {
			to[i][chunk] = -1
			if keep(i, chunk) {
				to[i][chunk] = len(kept)
				kept = append(kept, place{i, chunk})
			}
		}
	}
	w := newWriter(len(kept), func(chunk, field int) int {
		p := kept[chunk]
		return int(segments[p.segment].lengths[field][p.chunk])
	})
	cursors := make([]cursor, len(segments))
	open := make([]bool, len(segments))
	for i, s := range segments {
		cursors[i].rest = s.terms
		open[i] = cursors[i].next()
	}
	var term, list []byte
	for {
		least := -1
		for i := range cursors {
			if open[i] && (least < 0 || bytes.Compare(cursors[i].term, cursors[least].term) < 0) {
				least = i
			}
		}
		if least < 0 {
			break
		}
		term = append(term[:0], cursors[least].term...)
		list = list[:0]
		n, last := 0, -1
		for i := range cursors {
			c := &cursors[i]
			if !open[i] || !bytes.Equal(c.term, term) {
				continue
			}
			read := 0
			for chunk, counts := range (List{segments[i], c.n, c.list}).All() {
				read++
				if chunk = to[i][chunk]; chunk < 0 {
					continue
				}
				list = appendPosting(list, chunk-last, counts)
				last = chunk
				n++
			}
			if read != c.n {
				return nil, fmt.Errorf("term %q: %w", term, errDamaged)
			}
			open[i] = c.next()
		}
		if n > 0 {
			w.add(term, n, list)
		}
	}
	for i := range cursors {
		if len(cursors[i].rest) > 0 {
			return nil, errDamaged
		}
	}
	return w.finish(), nil
}

// A writer writes the bytes of a segment.
type writer struct {
	b      []byte
	start  int // of the terms in b
	blocks []byte
	n      int // terms
	last   []byte
}

func newWriter(chunks int, length func(chunk, field int) int) *writer {
	w := &writer{b: binary.AppendUvarint(nil, uint64(chunks))}
	for f := range fields {
		for i := range chunks {
			w.b = binary.AppendUvarint(w.b, uint64(min(length(i, f), longestField)))
		}
	}
	w.start = len(w.b)
	return w
}

// add writes the next term, which comes after all before.
func (w *writer) add(term []byte, n int, list []byte) {
	shared := 0
	if w.n%blockSize == 0 {
		w.blocks = binary.LittleEndian.AppendUint32(w.blocks, uint32(len(w.b)-w.start))
	} else {
		for shared < min(len(term), len(w.last)) && term[shared] == w.last[shared] {
			shared++
		}
	}
	w.n++
	w.last = append(w.last[:0], term...)
	w.b = binary.AppendUvarint(w.b, uint64(shared))
	w.b = binary.AppendUvarint(w.b, uint64(len(term)-shared))
	w.b = append(w.b, term[shared:]...)
	w.b = binary.AppendUvarint(w.b, uint64(n))
	w.b = binary.AppendUvarint(w.b, uint64(len(list)))
	w.b = append(w.b, list...)
}

func (w *writer) finish() []byte {
	w.b = append(w.b, w.blocks...)
	return binary.LittleEndian.AppendUint32(w.b, uint32(len(w.blocks)/4))
}
