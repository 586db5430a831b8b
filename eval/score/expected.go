package score

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/eval/golden"
)

// expected judges an answer by what the case asks for.
func (s *Score) expected(c golden.Case, r Result) {
	a := r.Answer
	text := shown(a)
	stated := golden.NewText(text)
	var vital, vitalSaid, allSaid int
	for _, f := range c.Facts {
		ok := stated.SaysAny(f.Any)
		if ok {
			allSaid++
		}
		if f.Vital {
			vital++
			if ok {
				vitalSaid++
			} else {
				s.find("빠진 요점: " + f.Text)
			}
		}
	}
	s.share(FactsAll, allSaid, len(c.Facts))
	if vital > 0 {
		s.share(FactsVital, vitalSaid, vital)
		s.set(StrictVital, vitalSaid == vital, "")
	}
	if len(c.MustNot) > 0 {
		i := slices.IndexFunc(c.MustNot, stated.Says)
		s.set(NotWrong, i < 0, "")
		if i >= 0 {
			s.find("하면 안 되는 말: " + c.MustNot[i])
		}
	}
	if len(c.Warnings) > 0 {
		missing := slices.DeleteFunc(slices.Clone(c.Warnings), func(code string) bool {
			return slices.ContainsFunc(a.Warnings, func(w assistant.Warning) bool { return w.Code == code })
		})
		s.set(Warned, len(missing) == 0, "없는 경고: "+strings.Join(missing, ", "))
	}
	s.citesGold(c, r)
	s.form(c, a)
	public := text
	if a.Reply != nil {
		public = everything(a.Reply.Public) // the draft itself goes to the person whose data they are
	}
	s.private(c, r, public)
	if c.Reference != "" {
		s.Values[ROUGE], s.Values[CHRF] = RougeL(text, c.Reference), ChrF(text, c.Reference)
	}
}

// citesGold is 1 where a passage that the case asks for is cited, or each of them
// if it asks for all.
func (s *Score) citesGold(c golden.Case, r Result) {
	if len(c.Cites) == 0 || silent(r.Answer) {
		return
	}
	found := 0
	for _, p := range c.Cites {
		for x := range sentences(r.Answer.Blocks) {
			if slices.ContainsFunc(x.Cites, func(cite ground.Cite) bool {
				src, ok := cited(r.Answer.Sources, cite)
				return ok && r.Paths[src.DocID] == p.Doc && golden.Holds(src.Text, p.Quote)
			}) {
				found++
				break
			}
		}
	}
	need := 1
	if c.All {
		need = len(c.Cites)
	}
	s.set(CiteGold, found >= need, fmt.Sprintf("바라는 근거 %d건 가운데 %d건을 인용", need, found))
}

// form judges what a draft must have beside its facts.
func (s *Score) form(c golden.Case, a *assistant.Answer) {
	var wrong []string
	demand := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	asked := len(c.Sections)+len(c.Gaps)+c.MaxChars+c.Requests > 0 || c.Due != "" || c.Transfer != "" || a.Reply != nil && c.Kind != ""
	var headings, gaps []string
	for _, b := range a.Blocks {
		for _, x := range b.Sentences {
			if b.Kind == "heading" {
				headings = append(headings, x.Text)
			}
		}
	}
	for x := range sentences(a.Blocks) {
		if x.Status == ground.Gap {
			gaps = append(gaps, x.Text)
		}
	}
	for _, h := range c.Sections {
		demand(slices.ContainsFunc(headings, func(s string) bool { return golden.Matches(s, h) }), "없는 항목: %s", h)
	}
	for _, g := range c.Gaps {
		demand(slices.ContainsFunc(gaps, func(s string) bool { return golden.Matches(s, g) }), "비워 두지 않은 곳: %s", g)
	}
	if c.MaxChars > 0 {
		n := utf8.RuneCountInString(everything(a.Blocks))
		demand(n <= c.MaxChars, "%d자로 %d자를 넘음", n, c.MaxChars)
	}
	if r := a.Reply; r != nil {
		demand(c.Requests == 0 || len(r.Requests) == c.Requests, "요청 %d건, 바라는 것 %d건", len(r.Requests), c.Requests)
		demand(c.Kind == "" || c.Asks != "" || r.Kind == c.Kind, "민원 종류 %s, 바라는 것 %s", r.Kind, c.Kind)
		due, _, _ := strings.Cut(r.Due, " ")
		demand(c.Due == "" || due == c.Due, "처리 기한 %s, 바라는 것 %s", r.Due, c.Due)
		demand(c.Transfer == "" || golden.Matches(everything(a.Blocks), c.Transfer), "이송할 곳이 없음: %s", c.Transfer)
	}
	if asked {
		s.set(Form, len(wrong) == 0, strings.Join(wrong, "; "))
	}
	if len(a.Hints) > 0 || c.Sections != nil || a.Reply != nil {
		marked := map[int]bool{}
		for _, h := range a.Hints {
			marked[h.Block] = true
		}
		s.share(Lint, len(a.Blocks)-len(marked), len(a.Blocks))
	}
}

// private is 1 where no personal data of the case stands in public, the part that
// others may read, nor in sources, nor in what a model was sent.
func (s *Score) private(c golden.Case, r Result, public string) {
	if len(c.Hidden) == 0 {
		return
	}
	seen := public + "\n" + r.Prompts
	if r.Answer != nil {
		b, _ := json.Marshal(r.Answer.Sources) // strings and numbers only
		seen += "\n" + string(b)
	}
	if r.Search != nil {
		b, _ := json.Marshal(r.Search.Hits)
		seen += "\n" + string(b)
	}
	i := slices.IndexFunc(c.Hidden, golden.NewText(seen).Holds)
	s.set(Private, i < 0, "개인정보가 드러남")
}
