package ground

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"biseo/korea/law"
	"biseo/korea/text"
)

var digits = regexp.MustCompile(`\d+`)

// A fact is a value or a legal citation in a text.
type fact struct {
	written    string
	start, end int           // code points
	in         *script       // the text it stands in
	value      text.Value    // a sign before it, as in △3%, is part of its unit
	cite       *law.Citation // nil for a value
}

// key is the same for facts that are equal as written.
func (f fact) key() string {
	if f.cite != nil {
		return f.cite.Back + f.cite.Key()
	}
	return f.value.Key()
}

// A script is a text with its facts marked.
type script struct {
	runes   []rune
	covered []bool // by a fact or an amendment note
}

// nearby reports whether two equal facts stand near one of the same words. A
// fact that stands alone is near anything.
func nearby(a, b fact) bool {
	x, y := a.near(), b.near()
	if len(x) == 0 || len(y) == 0 {
		return true
	}
	for t := range x {
		if y[t] {
			return true
		}
	}
	return false
}

// facts lists the values and legal citations of s in order. Self is the citation
// of the place that s stands in.
func facts(s string, self law.Citation) []fact {
	var out []fact
	runes := []rune(s)
	covered := make([]bool, len(runes)+1)
	in := &script{runes, covered}
	cover := func(start, end int) bool {
		free := !covered[start]
		for i := start; free && i < end; i++ {
			covered[i] = true
		}
		return free
	}
	for _, at := range note.FindAllStringIndex(s, -1) {
		start := utf8.RuneCountInString(s[:at[0]])
		cover(start, start+utf8.RuneCountInString(s[at[0]:at[1]]))
	}
	for _, f := range law.Resolve(s, law.Find(s), self) {
		c := f.Citation
		if cover(f.Start, f.End) {
			out = append(out, fact{written: string(runes[f.Start:f.End]), start: f.Start, end: f.End, in: in, cite: &c})
		}
	}
	for _, v := range text.Values(s) {
		if cover(v.Start, v.End) {
			if v.Start > 0 && strings.ContainsRune("△▲▽▼", runes[v.Start-1]) {
				v.Unit = string(runes[v.Start-1]) + v.Unit
			}
			out = append(out, fact{written: string(runes[v.Start:v.End]), start: v.Start, end: v.End, in: in, value: v})
		}
	}
	slices.SortFunc(out, func(a, b fact) int { return cmp.Compare(a.start, b.start) })
	return out
}

// near is the set of terms of the nearest words on both sides of a fact that
// are no facts themselves.
func (f fact) near() map[string]bool {
	runes, covered := f.in.runes, f.in.covered
	out := map[string]bool{}
	collect := func(i, step int) {
		var word []rune
		flush := func() bool {
			if len(word) == 0 {
				return false
			}
			if step < 0 {
				slices.Reverse(word)
			}
			added := false
			for t := range contentTerms(string(word)) {
				out[t], added = true, true
			}
			word = word[:0]
			return added
		}
		for n := 0; n < nearWords && i >= 0 && i < len(runes); i += step {
			if covered[i] || unicode.IsSpace(runes[i]) || strings.ContainsRune(",ㆍ·()", runes[i]) {
				if flush() {
					n++
				}
				continue
			}
			word = append(word, runes[i])
		}
		flush()
	}
	collect(f.start-1, -1)
	collect(f.end, 1)
	return out
}

// same reports whether a source's fact g states what the claim's fact f states. A
// citation that could not be resolved is only the same as one written alike.
func same(f, g fact) bool {
	switch {
	case f.cite == nil && g.cite == nil:
		return f.value.Matches(g.value)
	case f.cite == nil || g.cite == nil:
		return false
	}
	if f.cite.Back != "" && f.cite.Back == g.backAsWritten() {
		return Squeeze(f.written) == Squeeze(g.written) // 같은 조 제2항, which the claim alone does not resolve
	}
	return f.key() == g.key()
}

// backAsWritten is the back-reference that a citation begins with as written.
func (f fact) backAsWritten() string {
	if found := law.Find(f.written); len(found) > 0 {
		return found[0].Back
	}
	return ""
}

// own is the citation of a source itself; ok is false where it has none.
func own(src Source) (law.Citation, bool) {
	found := law.Find(src.Cite)
	if len(found) == 0 {
		return law.Citation{}, false
	}
	return found[0].Citation, true
}

// places reports whether a claim's citation names the place of its support: the
// article that the source is, with the 항 and 호 that the supporting unit is in.
func places(c law.Citation, p passage) bool {
	o, ok := own(p.source)
	if !ok || c.Back != "" {
		return false
	}
	if c.Covers(o) {
		return true
	}
	return o.Covers(c) && c.Part == o.Part && c.Annex == o.Annex && c.Article == o.Article && c.Subitem == o.Subitem &&
		(c.Paragraph == o.Paragraph || c.Paragraph == p.Paragraph) && (c.Item == o.Item || c.Item.String() == p.Item)
}

// values holds the claim's values and legal citations against its support.
func (t trial) values() string {
	type used struct{ unit, at int }
	taken := map[used]bool{}
	last := make([]int, len(t.support))
	var open []int // citations not found
	for k, f := range t.facts(Source{}) {
		found := false
	search:
		for i, p := range t.support {
			mine := t.facts(p.source)[k]
			for j, g := range p.facts {
				if !taken[used{i, j}] && j >= last[i] && same(mine, g) && t.beside(f, g, p) {
					taken[used{i, j}], last[i], found = true, j, true
					break search
				}
			}
		}
		switch {
		case found:
		case f.cite == nil:
			return fmt.Sprintf("근거 %s에 없는 값: %s", numbersOf(t.cited), f.written)
		default:
			open = append(open, k)
		}
	}
	for _, k := range open {
		f, found := t.facts(Source{})[k], false
		for i, p := range t.support {
			// Where the support cites something else at this point, the claim has replaced it.
			replaced := false
			for j, g := range p.facts {
				replaced = replaced || g.cite != nil && !taken[used{i, j}] && nearby(f, g)
			}
			found = found || !replaced && places(*t.facts(p.source)[k].cite, p)
		}
		if !found {
			return fmt.Sprintf("근거 %s에 없는 조문: %s", numbersOf(t.cited), f.written)
		}
	}
	return t.strayDigits()
}

// beside reports that a claim's fact f stands for what p says with g: near one of
// the same words or, in the row of a table, with the labels of that row and of no
// other.
func (t trial) beside(f, g fact, p passage) bool {
	for _, o := range t.support { // one that says all the rest with another value
		if f.cite == nil && (o.source.N != p.source.N || o.at != p.at) && o.rivals(f) && o.repeats(t.terms) && !p.repeats(t.terms) {
			return false
		}
	}
	if p.Cells < 2 {
		return nearby(f, g) && !t.another(f, g, p) && !t.outdated(g, p)
	}
	mine := t.labelled(p)
	if mine < 0 {
		return nearby(f, g)
	}
	for _, o := range t.evidence.passages(p.source.N) {
		if o.Cells == p.Cells && o.head == p.head && o.at != p.head && t.labelled(o) > mine {
			return false
		}
	}
	return mine == 1 || mine >= 0.5 && t.tells(p)
}

// repeats reports that p has all terms.
func (p passage) repeats(terms map[string]bool) bool {
	for term := range terms {
		if !p.terms[term] {
			return false
		}
	}
	return true
}

// tells reports that the claim names nothing that is not in a row, its table's
// header, the title or the headings.
func (t trial) tells(p passage) bool {
	above := heldTerms(strings.Join(append([]string{p.source.Title, p.source.Cite}, p.source.Path...), "\n"))
	for term := range t.terms {
		if !p.terms[term] && !above[term] {
			return false
		}
	}
	return true
}

// labelled is the share of a row's labels, the cells before its first value, that
// the claim names; -1 if it has none.
func (t trial) labelled(p passage) float64 {
	n, all := 0, 0
	for _, cell := range strings.Split(p.Text, cellMark) {
		if len(text.Values(cell)) > 0 {
			break
		}
		for term := range contentTerms(cell) {
			all++
			if t.terms[term] {
				n++
			}
		}
	}
	if all == 0 {
		return -1
	}
	return float64(n) / float64(all)
}

// strayDigits holds digits that are part of no value and no citation, such as
// those of A4, against the digits of the support.
func (t trial) strayDigits() string {
	have := map[string]bool{}
	for _, p := range t.support {
		for _, d := range digits.FindAllString(p.Text, -1) {
			have[d] = true
		}
	}
	runes := []rune(t.text)
	for _, f := range t.facts(Source{}) {
		for i := f.start; i < f.end; i++ {
			runes[i] = ' '
		}
	}
	for _, d := range digits.FindAllString(string(runes), -1) {
		if !have[d] {
			return fmt.Sprintf("근거 %s에 없는 수: %s", numbersOf(t.cited), d)
		}
	}
	return ""
}

// inForce reports a support that is out of force on the day asked for, and a law
// in the claim that the sources hold only as deleted or out of force that day.
func (t trial) inForce() string {
	for _, p := range t.support {
		if why := p.source.lapsed(); why != "" {
			return why
		}
	}
	for k, f := range t.facts(Source{}) {
		if f.cite == nil {
			continue
		}
		dead, alive := false, false
		for i, src := range t.sources {
			o, ok := own(src)
			c := *t.facts(src)[k].cite
			if !ok || o.Article == (law.Unit{}) || !o.Covers(c) && o.Key() != c.Key() {
				continue
			}
			if src.lapsed() != "" || slices.ContainsFunc(t.passages(i+1), func(p passage) bool { return p.deletes(c) }) {
				dead = true
			} else {
				alive = true
			}
		}
		if dead && !alive {
			return "그날 시행 중이 아니거나 삭제된 조문: " + f.written
		}
	}
	return ""
}

// deletes reports that p is the note 삭제 in the place of c, or of what holds c.
func (p passage) deletes(c law.Citation) bool {
	return p.Head && deleted.MatchString(p.Text) &&
		(p.Paragraph == 0 || p.Paragraph == c.Paragraph) && (p.Item == "" || p.Item == c.Item.String())
}
