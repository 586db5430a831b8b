package postings

import "biseo/index"

// Norms are what BM25 makes of the lengths of fields, for every length there is.
type Norms struct {
	k1    float64
	field [fields][]float64 // of a field of that length
	once  []float64         // of a term that occurs once in a text of that length and nowhere else
}

// NewNorms returns the norms of a collection whose longest fields are given.
func NewNorms(p index.BM25, c index.Collection, longest index.FieldCounts) *Norms {
	n := &Norms{k1: p.K1}
	for f := range n.field {
		n.field[f] = make([]float64, min(longest[f], longestField)+1)
		for length := range n.field[f] {
			n.field[f][length] = p.Norm(c, f, length)
		}
	}
	n.once = make([]float64, len(n.field[textField]))
	for length, norm := range n.field[textField] {
		n.once[length] = n.saturate(norm)
	}
	return n
}

func (n *Norms) saturate(tf float64) float64 {
	if tf <= 0 {
		return 0
	}
	return tf * (n.k1 + 1) / (tf + n.k1)
}

// Most is what a term of that weight adds to a score at most.
func (n *Norms) Most(weight float64) float64 { return weight * (n.k1 + 1) }

// AddTo adds to the score of each chunk of the list's segment what the term adds to
// [index.BM25.Score], if it is least at least: scores has a place for each chunk. It is
// where a search spends its time.
func (l List) AddTo(scores []float64, least, weight float64, norms *Norms) {
	if l.n == 0 {
		return
	}
	lengths := l.in.lengths
	simple, rest := l.parts()
	chunk := -1
	for i := 0; i < len(simple); {
		gap := int(simple[i]) + 1
		if i++; gap > shortGap {
			var size int
			if gap, size = readGap(simple[i-1:]); size == 0 {
				return
			}
			i += size - 1
		}
		chunk += gap
		if uint(chunk) >= uint(len(lengths)) || chunk >= len(scores) {
			return
		}
		if scores[chunk] >= least {
			scores[chunk] += weight * norms.once[lengths[chunk][textField]]
		}
	}
	l.addRest(rest, scores, least, weight, norms)
}

// addRest is AddTo for the chunks that hold the term otherwise than once in the text.
func (l List) addRest(rest []byte, scores []float64, least, weight float64, norms *Norms) {
	lengths := l.in.lengths
	const _ = uint(4 - fields) // a field more needs a line more
	n0, n1, n2, n3 := norms.field[0], norms.field[1], norms.field[2], norms.field[3]
	weight *= norms.k1 + 1
	chunk := -1
	for i := 0; i < len(rest); {
		gap := int(rest[i]) + 1
		if i++; gap > shortGap {
			var size int
			if gap, size = readGap(rest[i-1:]); size == 0 {
				return
			}
			i += size - 1
		}
		chunk += gap
		if i >= len(rest) || uint(chunk) >= uint(len(lengths)) || chunk >= len(scores) {
			return
		}
		length, bits := &lengths[chunk], rest[i]
		enough := scores[chunk] >= least
		var tf float64
		if i++; bits != escape {
			if !enough {
				continue
			}
			tf = n0[length[0]]*float64(bits&few) + n1[length[1]]*float64(bits>>fewBits&few) +
				n2[length[2]]*float64(bits>>(2*fewBits)&few) + n3[length[3]]*float64(bits>>(3*fewBits))
		} else {
			counts, size := readCounts(rest[i-1:])
			if size == 0 {
				return
			}
			if i += size - 1; !enough {
				continue
			}
			for f, n := range counts {
				tf += norms.field[f][length[f]] * float64(n)
			}
		}
		if tf > 0 {
			scores[chunk] += weight * tf / (tf + norms.k1)
		}
	}
}
