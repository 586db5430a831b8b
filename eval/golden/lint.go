package golden

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Fault is one thing that lint finds wrong with a case.
type Fault struct {
	ID   string `json:"id"`
	Text string `json:"text"` // Korean: what is wrong and what to do
}

// Lint holds cases against the corpus: texts holds the whole text of each document
// by its path. Each document named must be there, each quoted passage must stand in
// it, a key fact must occur in a document that is cited, relevant or summarised, the
// request must not say a vital one itself, and a forbidden form must not occur in an
// accepted one. Faults come in case order.
func Lint(cases []Case, texts map[string]string) []Fault {
	var faults []Fault
	read := map[string]Text{} // documents, as they are compared
	for doc, s := range texts {
		read[doc] = NewText(s)
	}
	for _, c := range cases {
		fault := func(format string, args ...any) {
			faults = append(faults, Fault{c.ID, fmt.Sprintf(format, args...)})
		}
		planted := map[string]Text{}
		for _, p := range c.Plants {
			planted[p.Doc] = NewText(p.Text)
		}
		find := func(doc string) (Text, bool) {
			if t, ok := planted[doc]; ok {
				return t, true
			}
			t, ok := read[doc]
			return t, ok
		}
		var named []string // documents that may hold the facts
		passages := slices.Clone(c.Cites)
		for _, r := range c.Relevant {
			passages = append(passages, r.Passage)
		}
		for _, p := range passages {
			t, ok := find(p.Doc)
			switch n := utf8.RuneCountInString(p.Quote); {
			case !ok:
				fault("%s 문서가 없으니 경로를 고쳐 주세요.", p.Doc)
			case n < 8 || n > 120:
				fault("인용 %q은(는) %d자이니 8자에서 120자로 적어 주세요.", p.Quote, n)
			case !t.Holds(p.Quote):
				fault("%s에 %q이(가) 없으니 문서의 말 그대로 적어 주세요.", p.Doc, p.Quote)
			}
			named = append(named, p.Doc)
		}
		for _, d := range slices.Concat(c.Docs, c.Forbidden) {
			if _, ok := find(d); !ok {
				fault("%s 문서가 없으니 경로를 고쳐 주세요.", d)
			}
		}
		named = append(named, c.Docs...)
		stated := func(f Fact) bool {
			return slices.ContainsFunc(named, func(doc string) bool {
				t, _ := find(doc)
				return t.SaysAny(f.Any)
			})
		}
		asked := NewText(c.Asked())
		for _, f := range c.Facts {
			if len(named) > 0 && !slices.Contains(c.Tags, "calculation") && !stated(f) {
				fault("요점 %q이(가) 든 문서가 없으니 cites나 relevant에 근거를 더하거나, 셈한 값이면 calculation 태그를 다세요.", f.Text)
			}
			for _, form := range f.Any {
				if f.Vital && asked.Says(form) {
					fault("요점 %q의 맞는 말 %q이(가) 물음에 이미 있어 되뇌기만 해도 맞으니 답에만 있을 말로 고쳐 주세요.", f.Text, form)
				}
			}
			for _, m := range c.MustNot {
				if slices.ContainsFunc(f.Any, func(form string) bool { return !strings.HasPrefix(form, "re:") && Matches(form, m) }) {
					fault("맞는 말 %q이(가) 틀린 말 %q에 걸리니 하나를 고쳐 주세요.", f.Text, m)
				}
			}
		}
	}
	return faults
}
