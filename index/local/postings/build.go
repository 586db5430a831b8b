package postings

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"biseo/index"
)

// A Chunk is what [index.CountTerms] says of one chunk.
type Chunk struct {
	Terms  map[string]index.FieldCounts
	Length index.FieldCounts
}

func appendGap(b []byte, gap int) []byte {
	switch {
	case gap <= shortGap:
		return append(b, byte(gap-1))
	case gap <= longGap:
		over := gap - shortGap - 1
		return append(b, byte(shortGap+over>>8), byte(over))
	}
	return binary.AppendUvarint(append(b, escape), uint64(gap))
}

// A listWriter writes a list.
type listWriter struct {
	n                    int
	simple, rest         []byte
	lastSimple, lastRest int
	b                    []byte // made by bytes
}

func (w *listWriter) reset() {
	w.n, w.simple, w.rest, w.lastSimple, w.lastRest = 0, w.simple[:0], w.rest[:0], -1, -1
}

// add adds a chunk, which comes after those added with the same kind of counts.
func (w *listWriter) add(chunk int, counts index.FieldCounts) {
	w.n++
	if counts == once {
		w.simple = appendGap(w.simple, chunk-w.lastSimple)
		w.lastSimple = chunk
		return
	}
	w.rest = appendGap(w.rest, chunk-w.lastRest)
	w.lastRest = chunk
	var bits byte
	fits := true
	for f, n := range counts {
		fits = fits && n <= few
		bits |= byte(n) << (fewBits * f)
	}
	if fits && bits != escape {
		w.rest = append(w.rest, bits)
		return
	}
	w.rest = append(w.rest, escape)
	for _, n := range counts {
		w.rest = binary.AppendUvarint(w.rest, uint64(n))
	}
}

func (w *listWriter) bytes() []byte {
	w.b = binary.AppendUvarint(w.b[:0], uint64(len(w.simple)))
	w.b = append(w.b, w.simple...)
	w.b = append(w.b, w.rest...)
	return w.b
}

// Build makes a segment of chunks.
func Build(chunks []Chunk) []byte {
	type posting struct {
		term, chunk int
		counts      index.FieldCounts
	}
	total := 0
	for _, c := range chunks {
		total += len(c.Terms)
	}
	all := make([]posting, 0, total)    // in order of chunks
	at := make(map[string]int, total/2) // number of each term
	terms := make([]string, 0, total/2) // by number
	var start []int                     // how many postings a term has; then where they begin
	for i, c := range chunks {
		for term, counts := range c.Terms {
			n, ok := at[term]
			if !ok {
				n = len(terms)
				at[term] = n
				terms, start = append(terms, term), append(start, 0)
			}
			start[n]++
			all = append(all, posting{n, i, counts})
		}
	}
	sum := 0
	for n, count := range start {
		start[n] = sum
		sum += count
	}
	sorted := make([]posting, len(all)) // by term, then by chunk
	for _, p := range all {
		sorted[start[p.term]] = p
		start[p.term]++
	}
	w := newWriter(len(chunks), func(chunk, field int) int { return chunks[chunk].Length[field] })
	order := make([]int, len(terms))
	for n := range order {
		order[n] = n
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(terms[a], terms[b]) })
	var list listWriter
	var term []byte
	for _, n := range order {
		from := 0
		if n > 0 {
			from = start[n-1]
		}
		list.reset()
		for _, p := range sorted[from:start[n]] {
			list.add(p.chunk, p.counts)
		}
		term = append(term[:0], terms[n]...)
		w.add(term, &list)
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
		return int(segments[p.segment].lengths[p.chunk][field])
	})
	cursors := make([]cursor, len(segments))
	open := make([]bool, len(segments))
	for i, s := range segments {
		cursors[i].rest = s.terms
		open[i] = cursors[i].next()
	}
	var term []byte
	var list listWriter
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
		list.reset()
		for i := range cursors {
			c := &cursors[i]
			if !open[i] || !bytes.Equal(c.term, term) {
				continue
			}
			read := 0
			for chunk, counts := range (List{segments[i], c.n, c.list}).All() {
				read++
				if chunk = to[i][chunk]; chunk >= 0 {
					list.add(chunk, counts)
				}
			}
			if read != c.n {
				return nil, fmt.Errorf("term %q: %w", term, errDamaged)
			}
			open[i] = c.next()
		}
		if list.n > 0 {
			w.add(term, &list)
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
func (w *writer) add(term []byte, list *listWriter) {
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
	b := list.bytes()
	w.b = binary.AppendUvarint(w.b, uint64(list.n))
	w.b = binary.AppendUvarint(w.b, uint64(len(b)))
	w.b = append(w.b, b...)
}

func (w *writer) finish() []byte {
	w.b = append(w.b, w.blocks...)
	return binary.LittleEndian.AppendUint32(w.b, uint32(len(w.blocks)/4))
}
