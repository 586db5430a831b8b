package law

import (
	"regexp"
	"strings"
)

// Resolve fills in what the citations of one text leave out, and returns them
// in the same order; found must be what [Find] returned for s. Self says where
// the text stands: the title of its own law and, where known, the unit it
// begins in; zero for a text that is no law. It knows
//
//   - inline definitions, 「민원 처리에 관한 법률」(이하 "법"이라 한다), to the end
//     of the text, or of the article if they say 이하 이 조에서 (이 항, 이 호, ...);
//   - 법 in a 시행령 and 법, 영 in a 시행규칙 of the same law, and 이 법, 이 영, 영,
//     규칙, 규정, 조례 for self;
//   - 같은 법, 같은 영, 같은 규칙: the one named last; after a 시행령 of X, 같은 법 is X;
//   - 같은 조, 같은 항, 같은 호, 같은 별표: that of the citation before;
//   - a unit without a law: an article is one of self; a 항 or 호 belongs to the
//     article whose heading was met last, else to self's unit, else to the
//     citation before;
//   - short names, which become full titles.
//
// In the 부칙, an article whose text amends another law (「…」 일부를 다음과 같이
// 개정한다. 제5조 중 ...) is taken for one of self. What cannot be resolved keeps its Back, or has no Law: a caller must treat it
// as unverified, never as a match.
func Resolve(s string, found []Found, self Citation) []Found {
	if full, ok := FullName(self.Law); ok {
		self.Law = full
	}
	r := &resolver{
		runes:   []rune(s),
		self:    self.Law,
		here:    self,
		aliases: map[string]string{},
		scoped:  map[string]string{},
		latest:  map[string]string{},
	}
	out := make([]Found, len(found))
	for i, f := range found {
		f.Heading = f.Law == "" && f.Back == "" && r.heading(f)
		f.Citation = r.resolve(f)
		r.end = f.End
		r.define(f)
		out[i] = f
	}
	return out
}

type resolver struct {
	runes       []rune
	self        string
	here        Citation          // the unit the text stands in
	last        Citation          // the last citation of a unit
	lastArticle Citation          // the last one of an article or of what lies within
	end         int               // where the citation before ends
	aliases     map[string]string // squashed short form to title
	scoped      map[string]string // the same, until the next article heading
	latest      map[string]string // by kind (법, 영, 규칙, 규정, 조례), the title named last
}

func (r *resolver) resolve(f Found) Citation {
	c := f.Citation
	if f.Heading {
		c.Law = r.self
		if c.Part == Body && r.here.Part == Addenda { // articles of the 부칙, which ends a law
			c.Part, c.Number, c.Date = Addenda, r.here.Number, r.here.Date
		}
		r.here = c
		r.scoped = map[string]string{}
		r.last = c
		return c
	}
	switch {
	case c.Law != "":
		c.Law = r.full(c.Law)
		r.named(c.Law)
	case c.Back == "" && f.Listed && c.Article.N > 0:
		c.Law, c.Back = r.last.Law, r.last.Back
	case c.Back == "":
		c = r.fill(c, r.end > 0 && f.Start == r.end+1 && r.runes[r.end] == '(')
	default:
		if unit, ok := strings.CutPrefix(c.Back, "같은 "); ok && hasUnit(c.Back) {
			base, ok := within(r.last, unit)
			if !ok { // 법 제3조는 별지 제1호서식에 따르고, 같은 조
				base, ok = within(r.lastArticle, unit)
			}
			if ok {
				c.Back = ""
				c = under(base, c)
			}
			break
		}
		if law := r.back(c.Back); law != "" {
			c.Law, c.Back = law, ""
			r.named(law)
		}
	}
	if !c.Whole() {
		r.last = c
	}
	if c.Part == Body && c.Article.N > 0 {
		r.lastArticle = c
	}
	return c
}

// full is the title for a name that is defined in the text or known.
func (r *resolver) full(name string) string {
	key := squash(name)
	for _, m := range []map[string]string{r.scoped, r.aliases} {
		if law, ok := m[key]; ok {
			return law
		}
	}
	if law, ok := FullName(name); ok {
		return law
	}
	return name
}

// back is the title of the law that a back-reference means, "" if unknown.
func (r *resolver) back(ref string) string {
	if law := r.full(ref); law != ref {
		return law
	}
	if base, decree, ok := strings.Cut(ref, "법 시행"); ok { // 같은 법 시행령, 법 시행규칙
		if law := r.back(base + "법"); law != "" {
			return law + " 시행" + decree
		}
		return ""
	}
	if kind, ok := strings.CutPrefix(ref, "같은 "); ok {
		return r.latest[kind]
	}
	ref = strings.TrimPrefix(ref, "이 ")
	base := parent(r.self)
	switch {
	case ref == "법" && base != "":
		return base
	case ref == "영" && base != "" && strings.HasSuffix(r.self, "시행규칙"):
		return base + " 시행령"
	case r.self != "" && hasKind(r.self, ref):
		return r.self
	}
	return ""
}

// named remembers a law for a later 같은 법.
func (r *resolver) named(law string) {
	for _, kind := range []string{"법", "영", "규칙", "규정", "조례"} {
		if hasKind(law, kind) {
			r.latest[kind] = law
		}
	}
	if base := parent(law); base != "" {
		r.latest["법"] = base
	}
}

// fill completes a citation that names no law. One that opens the parenthesis right
// behind another, 제27조의2(제1항제2호는 제외한다), lies within that.
func (r *resolver) fill(c Citation, inside bool) Citation {
	switch {
	case inside && c.Part == Body && c.Article.N == 0 && r.last.Article.N > 0:
		return under(r.last, c)
	case c.Part != Body || c.Article.N > 0:
		c.Law = r.self
		return c
	case r.here.Article.N > 0:
		return under(r.here, c)
	}
	return under(r.last, c)
}

// hasUnit reports whether a back-reference is one to a unit, not to a law.
func hasUnit(back string) bool {
	switch back {
	case "같은 조", "같은 항", "같은 호", "같은 목", "같은 별표":
		return true
	}
	return false
}

// under puts the units of c below those of base.
func under(base, c Citation) Citation {
	switch {
	case c.Paragraph > 0:
		base.Paragraph, base.Item, base.Subitem, base.Sub = c.Paragraph, c.Item, c.Subitem, c.Sub
	case c.Item.N > 0:
		base.Item, base.Subitem, base.Sub = c.Item, c.Subitem, c.Sub
	case c.Subitem != "":
		base.Subitem, base.Sub = c.Subitem, c.Sub
	}
	return base
}

// within cuts c down to the given unit; ok is false if c has no such unit.
func within(c Citation, unit string) (Citation, bool) {
	switch unit {
	case "조":
		c.Paragraph, c.Item, c.Subitem, c.Sub = 0, Unit{}, "", 0
		return c, c.Article.N > 0
	case "항":
		c.Item, c.Subitem, c.Sub = Unit{}, "", 0
		return c, c.Paragraph > 0
	case "호":
		c.Subitem, c.Sub = "", 0
		return c, c.Item.N > 0
	case "목":
		c.Sub = 0
		return c, c.Subitem != ""
	case "별표":
		c.Item, c.Subitem, c.Sub = Unit{}, "", 0
		return c, c.Part == Table
	}
	return c, false
}

// parent is the law that a 시행령 or 시행규칙 belongs to, "" for other titles.
func parent(law string) string {
	for _, decree := range []string{"시행령", "시행규칙"} {
		if base, ok := strings.CutSuffix(law, decree); ok {
			return strings.TrimSpace(base)
		}
	}
	return ""
}

// hasKind reports whether a law can be called 같은 법, 영, 규칙, 규정 or 조례. Many
// decrees of the president are titled 규정, so 영 may mean one of these.
func hasKind(law, kind string) bool {
	switch kind {
	case "법":
		return strings.HasSuffix(law, "법") || strings.HasSuffix(law, "법률")
	case "영":
		return strings.HasSuffix(law, "령") || strings.HasSuffix(law, "규정")
	}
	return strings.HasSuffix(law, kind)
}

// heading reports whether f stands as the heading of an article or of the
// 부칙: at the start of a line (Markdown marks aside), with a title in
// parentheses or nothing behind it.
func (r *resolver) heading(f Found) bool {
	if f.Part == Body && (f.Article.N == 0 || f.Paragraph > 0 || f.Item.N > 0) || f.Part == Table || f.Part == Form {
		return false
	}
	i := f.Start
	for i > 0 && (r.runes[i-1] == '#' || r.runes[i-1] == '*' || r.runes[i-1] == ' ') {
		i--
	}
	if i > 0 && r.runes[i-1] != '\n' {
		return false
	}
	j := f.End
	for j < len(r.runes) && r.runes[j] == ' ' {
		j++
	}
	return j == len(r.runes) || r.runes[j] == '\n' || r.runes[j] == '(' || r.runes[j] == '*'
}

// definition is (이하 "법"이라 한다), with (법률 제1호를 말하며, 이하 이 조에서 ...) allowed before.
var definition = regexp.MustCompile(`^\s?\((?:[^()]{0,80}[,;]\s*)?이하\s*(이 [가-힣]{1,2}에서(?:는)?)?\s*["“”'‘’]([^"“”'‘’()]{1,30})["“”'‘’]\s*(?:이?라고?|으로|로)\s`)

// define learns the short form that the text defines right after a law's name.
func (r *resolver) define(f Found) {
	if f.Law == "" || !f.Whole() {
		return
	}
	m := definition.FindStringSubmatch(string(r.runes[f.End:min(len(r.runes), f.End+160)]))
	if m == nil {
		return
	}
	if m[1] != "" && !strings.HasPrefix(m[1], "이 법") && !strings.HasPrefix(m[1], "이 영") {
		r.scoped[squash(m[2])] = f.Law
		return
	}
	r.aliases[squash(m[2])] = f.Law
	delete(r.scoped, squash(m[2]))
}
