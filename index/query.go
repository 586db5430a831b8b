package index

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"biseo/korea/text"
)

// A QueryKind is what a query looks like.
type QueryKind uint8

const (
	Sentence QueryKind = iota // anything else: a question, keywords
	Citation                  // names an article: 민원처리법 제19조
	Name                      // names a law or puts a title in brackets: 「고향사랑 기부금에 관한 법률」
	Figures                   // has a number or a date: 2026년 3월 예산 지침
)

const (
	namedLength = 100 // code points up to which a query that names something is about that: a long text names much in passing
	bareLength  = 40  // code points up to which a query is about an article that it names without its law: more is a passage
)

// QueryKindOf tells what a query looks like: Citation, else Name, else Figures, else
// Sentence, which a long text always is.
func QueryKindOf(query string) QueryKind {
	length := utf8.RuneCountInString(query)
	if length > namedLength {
		return Sentence
	}
	name := strings.Contains(query, "「")
	for _, t := range text.Terms(query) {
		if text.IsArticle(t) && (text.IsLaw(t) || length <= bareLength) {
			return Citation
		}
		name = name || text.IsLaw(t)
	}
	switch {
	case name:
		return Name
	case strings.ContainsFunc(query, unicode.IsDigit):
		return Figures
	}
	return Sentence
}

// FusionFor returns how Biseo fuses words and meaning for a query, on every backend.
// Who names an article, a law, a title or a figure means just that, and embedding
// models know such names least: words lead, and rank alone where an article is named.
// Otherwise meaning, which ranks by sentences, counts nearly twice: on a third of the
// questions on welfare programmes three fifths to three quarters did about equally.
func FusionFor(query string) Fusion {
	f := Fusion{Words: .35, Meaning: .65, Depth: 200}
	switch QueryKindOf(query) {
	case Citation:
		f.Words, f.Meaning = 1, 0
	case Name:
		f.Words, f.Meaning = .7, .3
	case Figures:
		f.Words, f.Meaning = .6, .4
	}
	return f
}

// What takes part in the ranking by meaning, on every backend.
const (
	// SpareByMeaning is how many chunks more than are ranked by meaning are found by their
	// own vectors, to be ranked by their sentences.
	SpareByMeaning = 100
	// AlsoByMeaning is how many of the best by words are ranked by meaning too, whether or
	// not their vectors are among the nearest: a long chunk may have one sentence that answers.
	AlsoByMeaning = 50
)

const (
	mostTerms       = 1000 // distinct terms of a query that rank; later ones do not
	mostRespelt     = 8    // words of a query that are tried in other spellings
	shortestRespelt = 3    // syllables: nearly every two make a word, 규정 and 개정 are one letter apart
	longestRespelt  = 8
	mostMeanings    = 3 // other spellings of a word that are taken; of more none, for the word tells too little
)

// SearchTerms returns the distinct terms to rank by when query is asked, sorted: those
// of [text.QueryTerms] and [text.Synonyms], and for a word that stands nowhere, as
// 지언금, the terms of the words one letter away that do, as 지원금. seen tells which of
// some terms stand in chunks that the asker may see: what other chunks hold must not
// change the terms. An error of seen is returned. nil for seen takes the words as they
// are written.
func SearchTerms(query string, seen func(terms []string) (map[string]bool, error)) ([]string, error) {
	var terms, words []string
	has := map[string]bool{}
	for _, t := range text.QueryTerms(query) {
		if len(has) == mostTerms {
			break
		}
		if !has[t] {
			has[t] = true
			terms = append(terms, t)
		}
		w := text.Word(t)
		if n := utf8.RuneCountInString(w); n >= shortestRespelt && n <= longestRespelt && len(words) < mostRespelt {
			words = append(words, w)
		}
	}
	if seen != nil && len(words) > 0 {
		more, err := respell(words, seen)
		if err != nil {
			return nil, err
		}
		terms = append(terms, more...)
	}
	for _, w := range text.Synonyms(query) {
		terms = append(terms, text.Terms(w)...)
	}
	slices.Sort(terms)
	return slices.Compact(terms), nil
}

// respell returns the terms of the seen words that are one letter away from those of
// words that are not seen. A word whose bigrams are all seen is a compound.
func respell(words []string, seen func([]string) (map[string]bool, error)) ([]string, error) {
	var asked []string
	for _, w := range words {
		asked = append(asked, text.Terms(w)...)
	}
	known, err := seen(asked)
	if err != nil {
		return nil, err
	}
	slips := map[string][]string{}
	asked = nil
	for _, w := range words {
		if !slices.ContainsFunc(text.Terms(w), func(t string) bool { return text.Word(t) == "" && !known[t] }) {
			continue
		}
		slips[w] = text.Slips(w)
		for _, s := range slips[w] {
			asked = append(asked, text.StemTerm(s))
		}
	}
	if len(asked) == 0 {
		return nil, nil
	}
	if known, err = seen(asked); err != nil {
		return nil, err
	}
	var terms []string
	for _, w := range words {
		found := slices.DeleteFunc(slips[w], func(s string) bool { return !known[text.StemTerm(s)] })
		if len(found) > mostMeanings {
			continue
		}
		for _, s := range found {
			terms = append(terms, text.Terms(s)...)
		}
	}
	return terms, nil
}
