package ground

import (
	"cmp"
	"slices"
	"strings"

	"biseo/korea/law"
	"biseo/korea/text"
)

// A Conflict is a value that two sources state differently. An answer shows both
// with their dates and decides nothing.
type Conflict struct {
	A, B   Cite // whole sentences or rows, A from the source with the lower number
	ValueA string
	ValueB string
	DateA  string // since when A's source is in force, 2006-01-02; "" if unknown
	DateB  string
}

// What two sentences must share to speak of the same thing, chosen so that sets of
// passages found for one question, over laws and over the documents of an agency,
// raise hardly any false alarm; the test of this package measures it.
const (
	minAlike   = 0.75 // share of the content terms of the one with fewer
	minAbout   = 3    // content terms shared
	maxFacts   = 4    // values of a sentence; long ones align by accident
	maxStrange = 0.34 // share of the terms of the longer that the other lacks
	maxOwn     = 1    // terms that each of the two has and the other lacks
)

// generic are words of titles and headings that say nothing about a subject.
var generic = contentTerms("가온시 조례 규칙 규정 지침 예규 훈령 안내 계획 보고 결과 관리 운영 설치 지원 신청 시행령 시행규칙 법률 관한 문의 답변 추진 현황 기본 처리")

// Conflicts lists where two sources of different documents give the same thing
// different values: sentences, items or rows in nearly the same words, with as
// many values of the same kinds and units, of which exactly one differs. The
// documents must share a word of their title. Precision comes before recall: what
// only may be a conflict is not listed. Ordered by sources and their text.
func Conflicts(sources []Source) []Conflict {
	e := &evidence{sources: sources}
	var out []Conflict
	for i, a := range sources {
		for j := i + 1; j < len(sources); j++ {
			b := sources[j]
			if a.DocID == b.DocID && a.InForce == b.InForce || !related(a, b) {
				continue
			}
			for _, p := range e.candidates(i+1, 0, len(a.Text)) {
				for _, q := range e.candidates(j+1, 0, len(b.Text)) {
					if k := differ(p, q); k >= 0 {
						out = append(out, Conflict{
							A: Span(a, p.Start, p.End), B: Span(b, q.Start, q.End),
							ValueA: quantities(p)[k].written, ValueB: quantities(q)[k].written,
							DateA: a.InForce.From, DateB: b.InForce.From,
						})
					}
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Conflict) int {
		return cmp.Or(cmp.Compare(a.A.Source, b.A.Source), cmp.Compare(a.B.Source, b.B.Source), cmp.Compare(a.A.Start, b.A.Start), cmp.Compare(a.B.Start, b.B.Start))
	})
	return out
}

// related reports that two sources may be about one thing: two versions of one
// article, or two documents whose titles share a word, of which at most one is
// the article of a law. Articles of two laws set their own numbers.
func related(a, b Source) bool {
	x, lawA := own(a)
	y, lawB := own(b)
	if lawA && lawB && x.Article != (law.Unit{}) && y.Article != (law.Unit{}) {
		return x.Key() == y.Key()
	}
	other := contentTerms(b.Title)
	for t := range contentTerms(a.Title) {
		if other[t] && !generic[t] {
			return true
		}
	}
	return false
}

// quantities are the facts of p that can be in conflict: amounts, not dates,
// numbers of telephones or citations.
func quantities(p passage) []fact {
	return slices.DeleteFunc(slices.Clone(p.facts), func(f fact) bool {
		switch f.value.Kind {
		case text.Money, text.Ratio, text.Period, text.Count, text.Time:
			return f.cite != nil
		}
		return true
	})
}

// differ is the index of the one quantity that two sentences about the same thing
// state differently, or -1.
func differ(p, q passage) int {
	x, y := quantities(p), quantities(q)
	if strings.ContainsAny(p.Text+q.Text, "“\"?") { // somebody else's words, or a question
		return -1
	}
	if len(x) == 0 || len(x) != len(y) || len(x) > maxFacts || p.Cells != q.Cells {
		return -1
	}
	at := -1
	for k := range x {
		if x[k].value.Kind != y[k].value.Kind || x[k].value.Unit != y[k].value.Unit {
			return -1
		}
		if x[k].value.Key() != y[k].value.Key() {
			if at >= 0 {
				return -1
			}
			at = k
		}
	}
	if at < 0 || !nearby(x[at], y[at]) || !sameSubject(p, q) || p.labels(x[at]) || q.labels(y[at]) {
		return -1
	}
	return at
}

// labels reports that f stands in the first cell of a row: it says which row it is.
func (p passage) labels(f fact) bool {
	return p.Cells > 1 && !strings.Contains(string([]rune(p.source.Text)[p.Start:f.start]), strings.TrimSpace(cellMark))
}

// sameSubject reports that two sentences say the same apart from their facts.
func sameSubject(p, q passage) bool {
	x, y := subject(p), subject(q)
	both := 0
	for t := range x {
		if y[t] {
			both++
		}
	}
	few, many := min(len(x), len(y)), max(len(x), len(y))
	return both >= minAbout && float64(both) >= minAlike*float64(few) && float64(many-both) <= maxStrange*float64(many) &&
		few-both <= maxOwn && slices.Equal(p.fixed(), q.fixed()) && markedAlike(p.Text, q.Text)
}

// subject are the content terms of p without its facts, of a row with those of
// its table's header.
func subject(p passage) map[string]bool {
	runes := []rune(p.source.Text)[p.Start:p.End]
	for _, f := range p.facts {
		for i := f.start - p.Start; i < f.end-p.Start; i++ {
			runes[i] = ' '
		}
	}
	return contentTerms(strings.ReplaceAll(bullet.ReplaceAllString(clean(string(runes)), ""), cellMark, " "))
}

// fixed are the numbers of p that tell things apart instead of measuring them:
// 1인용, 제2차, A4.
func (p passage) fixed() []string {
	runes := []rune(bullet.ReplaceAllString(p.Text, ""))
	var out []string
	for _, f := range facts(string(runes), law.Citation{}) {
		if k := f.value.Kind; k == text.Number || k == text.Ordinal || k == text.Code {
			out = append(out, f.value.Key())
		}
		for i := f.start; i < f.end; i++ {
			runes[i] = ' '
		}
	}
	return append(out, digits.FindAllString(string(runes), -1)...)
}

// markedAlike reports that two sentences bound their values alike: one of 이상
// and one of 미만 state no conflict.
func markedAlike(a, b string) bool {
	classes := func(s string) string {
		var out []string
		for _, m := range markers(plainly(s)) {
			if m.family == "bound" || m.family == "order" || m.class == "neg" {
				out = append(out, m.class)
			}
		}
		return strings.Join(out, " ")
	}
	return classes(a) == classes(b)
}
