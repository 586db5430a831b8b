package index

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"biseo/korea/text"
)

// A QueryKind is what a query looks like.
type QueryKind uint8

const (
	Sentence QueryKind = iota // asks in a sentence
	Citation                  // names an article: 민원처리법 제19조
	Name                      // names a law or puts a title in brackets: 「고향사랑 기부금에 관한 법률」
	Figures                   // has a number or a date: 2026년 3월 예산 지침
	Keywords                  // few words and no sentence: 육아휴직 급여 신청
	Case                      // tells a case: several sentences, or one long one
)

const (
	caseLength   = 120 // code points from which a query tells a case
	keywordWords = 4   // at most, of a query of keywords
)

// QueryKindOf tells what a query looks like; the first kind of the list that fits,
// Sentence last. The empty query is Keywords.
func QueryKindOf(query string) QueryKind {
	if utf8.RuneCountInString(query) > caseLength {
		return Case
	}
	name := strings.Contains(query, "「")
	for _, t := range text.Terms(query) {
		if text.IsArticle(t) {
			return Citation
		}
		name = name || text.IsLaw(t)
	}
	switch {
	case name:
		return Name
	case strings.ContainsFunc(query, unicode.IsDigit):
		return Figures
	case len(strings.Fields(query)) <= keywordWords && !asks(query):
		return Keywords
	}
	return Sentence
}

// asks reports whether query ends as a Korean sentence does, or with its mark.
func asks(query string) bool {
	query = strings.TrimSpace(query)
	trimmed := strings.TrimRight(query, ".?!")
	if trimmed != query {
		return true
	}
	for _, end := range [...]string{"요", "다", "까", "죠", "줘"} {
		if strings.HasSuffix(trimmed, end) {
			return true
		}
	}
	return false
}

// FusionFor returns how Biseo fuses words and meaning for a query, on every backend.
// Who names an article, a law, a title or a figure means just that: embedding models
// know such names least, so words lead, and rank alone where an article is named. Who
// tells a case uses other words than the clause that settles it, so meaning counts
// more than in a question.
func FusionFor(query string) Fusion {
	f := Fusion{Words: .5, Meaning: .5, Depth: 200}
	switch QueryKindOf(query) {
	case Citation:
		f.Words, f.Meaning = 1, 0
	case Name:
		f.Words, f.Meaning = .8, .2
	case Figures:
		f.Words, f.Meaning = .7, .3
	case Case:
		f.Words, f.Meaning = .5, .5
	}
	return f
}
