package ground

import (
	"regexp"
	"strings"
)

// framed is a sentence that Quote makes: what a source says, word for word.
var framed = regexp.MustCompile(`^(.{2,200}?)(?:에서는|에는) “([^“”]+)”라고 (?:정하고|되어) 있습니다\.$`)

var (
	itemMark = regexp.MustCompile(`^\s*(?:[□■○●❍ㅇ◦•ㆍ·▪⇒→▶►☞※*–—-]|[①-⑳㉑-㉟]|\(?\d{1,3}(?:의\d+)?[.)]|\(?[가-하][.)])\s*`)
	// What only looks like a mark: 1.5퍼센트 and -5도, 12. 31.
	beforeDigit = regexp.MustCompile(`[-–.]$`)
	digitFirst  = regexp.MustCompile(`^\d`)
	dayFirst    = regexp.MustCompile(`^\d{1,2}\s*\.`)

	answerMark = regexp.MustCompile(`^\s*답\s*[:.]\s*`)
	pageMark   = regexp.MustCompile(`\s+-\s*$`)
)

// Mark is the mark of an item with which a line begins, with the spaces around it:
// "1. ", "가) ", "□ "; "" if there is none. The first digits of a number or a date are none.
func Mark(line string) string {
	m := itemMark.FindString(line)
	rest := line[len(m):]
	if beforeDigit.MatchString(m) && digitFirst.MatchString(rest) || strings.HasSuffix(strings.TrimSpace(m), ".") && dayFirst.MatchString(rest) {
		return ""
	}
	return m
}

// body is a unit without what begins an item, an answer or a row, which is not quoted.
func body(s string) string {
	s = s[len(Mark(s)):]
	return pageMark.ReplaceAllString(answerMark.ReplaceAllString(s, ""), "")
}

// predicate ends what can stand before 라고.
var predicate = regexp.MustCompile(`[가-힣][다요]\.?(?:\s*[(（][^()（）]*[)）]\.?)?$`)

// Quote puts a unit of a source into a sentence of a letter: 「…」 제3조제1항에서는
// “…”라고 정하고 있습니다. It is verified by what it is; [Check] agrees. A unit that
// cannot stand in quotation marks, such as a row of a table or a noun phrase, comes as it is.
func Quote(src Source, u Unit) Sentence {
	said := body(u.Text)
	s := Sentence{Text: said, Cites: []Cite{Span(src, u.Start, u.End)}, Status: Verified}
	if u.Cells > 0 || strings.ContainsAny(said, "“”\"") || !predicate.MatchString(said) {
		return s
	}
	name, end := "「"+strings.Trim(src.Title, "「」")+"」에는 ", "라고 되어 있습니다."
	if _, ok := own(src); ok {
		name, end = src.Cite+"에서는 ", "라고 정하고 있습니다."
	}
	s.Text = name + "“" + said + "”" + end
	return s
}

// quotes returns the citation of a framed sentence that quotes a whole sentence of
// the source that it names.
func quotes(s Sentence, sources []Source) ([]Cite, bool) {
	m := framed.FindStringSubmatch(s.Text)
	if m == nil {
		return nil, false
	}
	for _, c := range s.Cites {
		if c.Source < 1 || c.Source > len(sources) {
			continue
		}
		src := sources[c.Source-1]
		if Squeeze(m[1]) != Squeeze(src.Cite) && Squeeze(strings.Trim(m[1], "「」")) != Squeeze(strings.Trim(src.Title, "「」")) {
			continue
		}
		for _, u := range Units(src) {
			if !u.Head && Squeeze(body(u.Text)) == Squeeze(m[2]) {
				return []Cite{Span(src, u.Start, u.End)}, true
			}
		}
	}
	return nil, false
}
