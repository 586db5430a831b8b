package index

import (
	"slices"
	"unicode"
)

const (
	verbatimDepth = 50  // how many of the best of a fusion are read
	verbatimFrom  = 16  // syllables in a row that nobody types by chance
	verbatimQuery = 400 // letters of the query that are compared

	verbatimRepeats = 32 // places of four letters in the query that are tried: a text may be one letter
)

// VerbatimDepth is how many of the best of a fusion [Verbatim] reads: 0 for a query too
// short to be a quotation, and for one about a law or an article, whose name is long.
func VerbatimDepth(query string) int {
	if kind := QueryKindOf(query); kind == Citation || kind == Name || syllables(letters(query)) < verbatimFrom {
		return 0
	}
	return verbatimDepth
}

// Verbatim moves chunks up that say word for word what the query says: who pastes a
// passage of a law wants its article, though others share as many of its terms. First
// come those with the longest run of letters in common, by how often 16 syllables
// double in it; those with fewer, and equal ones, stay in their order. Four letters of
// other scripts, or four digits, count as one syllable; spaces and marks do not count.
// best are as many of the fusion as [VerbatimDepth] says; text gives the text of a chunk.
//
// The 16 were chosen on a third of the questions on welfare programmes and of the
// beginnings of articles of laws. On the rest the beginnings gain .14 in nDCG@10 by
// words, and questions in other words lose nothing.
func Verbatim(query string, best []Fused, text func(id string) string) {
	if len(best) == 0 {
		return
	}
	quoted := letters(query)
	run := newLongestRun(quoted[:min(len(quoted), verbatimQuery)])
	doublings := make(map[string]int, len(best))
	for _, f := range best {
		for n := run.in(letters(text(f.ID))); n >= verbatimFrom; n /= 2 {
			doublings[f.ID]++
		}
	}
	slices.SortStableFunc(best, func(a, b Fused) int { return doublings[b.ID] - doublings[a.ID] })
	for i := range best {
		best[i].Score = 1 / float64(i+1)
	}
}

// letters returns the letters and digits of s, in lower case. ㆍ is the dot that laws
// put between words, though Unicode calls it a letter.
func letters(s string) []rune {
	out := make([]rune, 0, len(s)/3)
	for _, r := range s {
		switch {
		case r >= '가' && r <= '힣': // most, and the tables of unicode are slow
			out = append(out, r)
		case (unicode.IsLetter(r) || unicode.IsDigit(r)) && r != 'ㆍ':
			out = append(out, unicode.ToLower(r))
		}
	}
	return out
}

// syllables is how many syllables rs are worth.
func syllables(rs []rune) (n float64) {
	for _, r := range rs {
		if unicode.In(r, unicode.Hangul, unicode.Han) {
			n++
		} else {
			n += 0.25
		}
	}
	return n
}

// A longestRun finds the longest run of a query's letters in texts.
type longestRun struct {
	query []rune
	at    map[[4]rune][]int // where four letters begin
}

func newLongestRun(query []rune) longestRun {
	r := longestRun{query, map[[4]rune][]int{}}
	for i := 0; i+4 <= len(query); i++ {
		four := [4]rune(query[i:])
		if len(r.at[four]) < verbatimRepeats {
			r.at[four] = append(r.at[four], i)
		}
	}
	return r
}

// in returns the worth in syllables of the run worth most that text shares with the
// query; below verbatimFrom it may be less than that. A run that counts is of so many
// letters at least: it has four at one of the places of text that are looked up.
func (r longestRun) in(text []rune) (most float64) {
	const step = verbatimFrom - 4 + 1
	for j := 0; j+4 <= len(text); j += step {
		for _, i := range r.at[[4]rune(text[j:])] {
			before, n := 0, 4
			for before < min(i, j, step) && r.query[i-before-1] == text[j-before-1] {
				before++
			}
			if before == step {
				continue // found at the place before
			}
			for i+n < len(r.query) && j+n < len(text) && r.query[i+n] == text[j+n] {
				n++
			}
			if float64(before+n) > most { // a letter is a syllable at most
				most = max(most, syllables(r.query[i-before:i+n]))
			}
		}
	}
	return most
}
