package ground

import (
	"regexp"
	"strings"
)

// framed is a sentence that Quote makes: what a source says, word for word.
var framed = regexp.MustCompile(`^(.{2,200}?)(?:에서는|에는) “([^“”]+)”라고 (?:정하고|되어) 있습니다\.$`)

// listMark begins an item, a row or a paragraph of a source and is not quoted.
var listMark = regexp.MustCompile(`^\s*(?:[-ㅇ○□•*※·◦]|[①-⑳]|\d{1,2}(?:의\d+)?[.)]|[가-하][.)]|답\s*[:.])\s*|\s+-\s*$`)

// predicate ends what can stand before 라고.
var predicate = regexp.MustCompile(`[가-힣][다요]\.?(?:\s*[(（][^()（）]*[)）]\.?)?$`)

// Quote puts a unit of a source into a sentence of a letter: 「…」 제3조제1항에서는
// “…”라고 정하고 있습니다. It is verified by what it is; [Check] agrees. A unit that
// cannot stand in quotation marks, such as a row of a table or a noun phrase, comes as it is.
func Quote(src Source, u Unit) Sentence {
	body := listMark.ReplaceAllString(u.Text, "")
	s := Sentence{Text: body, Cites: []Cite{Span(src, u.Start, u.End)}, Status: Verified}
	if u.Cells > 0 || strings.ContainsAny(body, "“”\"") || !predicate.MatchString(body) {
		return s
	}
	name, end := "「"+strings.Trim(src.Title, "「」")+"」에는 ", "라고 되어 있습니다."
	if _, ok := own(src); ok {
		name, end = src.Cite+"에서는 ", "라고 정하고 있습니다."
	}
	s.Text = name + "“" + body + "”" + end
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
			if !u.Head && Squeeze(listMark.ReplaceAllString(u.Text, "")) == Squeeze(m[2]) {
				return []Cite{Span(src, u.Start, u.End)}, true
			}
		}
	}
	return nil, false
}
