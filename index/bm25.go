package index

import (
	"math"
	"strings"

	"biseo/korea/text"
)

// FieldCounts holds one number for each field that words are ranked over, in
// the order title of the document, path, cite, text of the chunk.
type FieldCounts [4]int

// CountTerms returns how often each index term occurs in each field of c, a
// chunk of d, and the length of each field in terms. c's Links count once in the text,
// as terms of their own: a question that names an article finds that article first
// and then what refers to it.
func CountTerms(d Doc, c Chunk) (terms map[string]FieldCounts, length FieldCounts) {
	terms = make(map[string]FieldCounts, len(c.Text)/4)
	for f, s := range [len(length)]string{d.Title, strings.Join(c.Path, "\n"), c.Cite, c.Text} {
		for _, t := range text.Terms(s) {
			n := terms[t]
			n[f]++
			terms[t] = n
			length[f]++
		}
	}
	for _, l := range c.Links {
		terms[text.LinkTerm(l)] = FieldCounts{len(length) - 1: 1}
	}
	return terms, length
}

// A Collection is what word ranking needs to know of all chunks together.
type Collection struct {
	Chunks int
	Length FieldCounts // sum over all chunks
}

// A Match is a term of the query that a chunk holds.
type Match struct {
	Weight float64     // see [BM25.Weight]
	Counts FieldCounts // how often the chunk holds it
}

// BM25 ranks chunks by words: the simple BM25F of Robertson and Zaragoza, "The
// Probabilistic Relevance Framework: BM25 and Beyond" (2009), §3.6. For a chunk
// and the terms t that it shares with the query,
//
//	tf(t) = Σ_f w_f · tf_f(t) / (1 − b + b · len_f/avg_f)
//	score = Σ_t weight(t) · idf(t) · tf(t)·(k1+1) / (tf(t)+k1)
//	idf(t) = ln(1 + (N − df + ½)/(df + ½))
//
// where weight(t) is [text.Weight], a tenth of it for an article in a query that is no
// [Citation], N the number of chunks and df the number of those that hold t in any field. The 1 inside the logarithm, as in Lucene, keeps
// idf positive for a term that most chunks hold.
//
// Its methods are pure. The zero value ranks nothing; start from [DefaultBM25].
type BM25 struct {
	K1     float64                     // how slowly repeats of a term stop counting
	B      float64                     // how much a long field counts less, 0 to 1
	Fields [len(FieldCounts{})]float64 // w_f, in the order of FieldCounts
}

// DefaultBM25 returns the parameters that Biseo ranks with: chosen on a third of the
// questions on welfare programmes and confirmed on the rest of them and on Cranfield.
// KorQuAD, whose questions repeat the words of short paragraphs, would rather have a K1
// of 1.2, by .004 in nDCG@10. The cite weighs most: who types 제19조제1항 wants that
// clause, not those that refer to it.
func DefaultBM25() BM25 {
	return BM25{K1: 1.8, B: 0.75, Fields: [...]float64{3, 1, 8, 1}}
}

// Weight is weight(t) · idf(t) of a term that df of c's chunks hold, for a query that
// looks like kind. An article weighs a tenth unless the query is a Citation: who pastes
// a passage wants it, not the articles that it names.
func (p BM25) Weight(c Collection, kind QueryKind, term string, df int) float64 {
	n := float64(max(c.Chunks, df))
	weight := text.Weight(term)
	if kind != Citation && text.IsArticle(term) {
		weight /= 10
	}
	return weight * math.Log1p((n-float64(df)+0.5)/(float64(df)+0.5))
}

// Norm is w_f / (1 − b + b·n/avg_f): what each occurrence counts in a field f of n
// terms. It is 0 for an empty field, which holds no term.
func (p BM25) Norm(c Collection, f, n int) float64 {
	if n == 0 || c.Length[f] == 0 || c.Chunks == 0 {
		return 0
	}
	avg := float64(c.Length[f]) / float64(c.Chunks)
	return p.Fields[f] / (1 - p.B + p.B*float64(n)/avg)
}

// Score ranks one chunk of c whose fields are length terms long and that holds
// the matches. Equal chunks score equal if their matches come in equal order.
func (p BM25) Score(c Collection, length FieldCounts, matches []Match) float64 {
	var norm [len(length)]float64
	for f, n := range length {
		norm[f] = p.Norm(c, f, n)
	}
	var score float64
	for _, m := range matches {
		var tf float64
		for f, n := range m.Counts {
			tf += norm[f] * float64(n)
		}
		if tf > 0 {
			score += m.Weight * tf * (p.K1 + 1) / (tf + p.K1)
		}
	}
	return score
}
