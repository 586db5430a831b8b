package ground

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"biseo/korea/text"
)

// kindred reports that two values measure alike: one may be named in the place of
// the other.
func kindred(f, g fact) bool {
	return f.cite == nil && g.cite == nil && f.value.Kind == g.value.Kind && f.value.Unit == g.value.Unit
}

// noLabel are words before a value that do not say of what it is.
var noLabel = regexp.MustCompile(`^(?:약|총|각|각각|전화|문의|연락처|월|연|매월|매년|에서|까지|부터|최대|최소|이상|이하|미만|초과|이내)$`)

// labels are the words before f back to the value like it that is before it or, of a
// source, to the start of its part of a list, past values like it: 600원에서 800원.
func (f fact) labels(all []fact, part bool) map[string]bool {
	out := map[string]bool{}
	runes := f.in.runes
	for end := f.start; end > 0; {
		start := end
		for start > 0 && (f.in.covered[start-1] || unicode.IsLetter(runes[start-1]) || unicode.IsDigit(runes[start-1])) {
			start--
		}
		if start == end {
			if end--; part && strings.ContainsRune(",.;\n", runes[end]) {
				return out
			}
			continue
		}
		like := false
		for _, g := range all {
			like = like || g.start >= start && g.end <= end && kindred(f, g)
		}
		word := string(runes[start:end])
		if like && !part || part && partEnd.MatchString(word) {
			return out
		}
		if m := particle.FindStringSubmatch(word); m != nil {
			word = m[1]
		}
		if !like && !noLabel.MatchString(word) {
			out[word] = true
		}
		end = start
	}
	return out
}

// partEnd ends a part of a sentence that says several things side by side.
var partEnd = regexp.MustCompile(`(?:[가-힣][고며]|거나|또는)$`)

// another reports that a claim says f of what p says another value of: 1급지 250원
// under 1급지 400원, 2급지 250원. G is the same value as f in p.
func (t trial) another(f, g fact, p passage) bool {
	if g.cite != nil {
		return false
	}
	its, said := g.labels(p.facts, true), f.labels(t.facts(Source{}), false)
	if len(its) == 0 {
		return false
	}
	for _, r := range p.facts {
		if !kindred(g, r) || same(f, r) {
			continue
		}
		theirs := r.labels(p.facts, true)
		if meet(said, theirs, its) && !meet(said, its, theirs) {
			return true
		}
	}
	return false
}

// meet reports that a has a word of b that is not in c.
func meet(a, b, c map[string]bool) bool {
	for w := range b {
		if a[w] && !c[w] {
			return true
		}
	}
	return false
}

// sides cuts a sentence into the parts that it says side by side of several topics:
// 접수는 온라인으로 하고 심사는 서면으로 한다. The words of each, by its topic.
func sides(s string) map[string][]string {
	out := map[string][]string{}
	for _, part := range strings.Split(sideEnd.ReplaceAllString(s, "$1\n"), "\n") {
		words := strings.FieldsFunc(part, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != blank })
		topic := ""
		for _, w := range words {
			if m := ofTopic.FindStringSubmatch(w); m != nil {
				topic = m[1]
				break
			}
		}
		out[topic] = append(out[topic], words...)
	}
	return out
}

var (
	sideEnd = regexp.MustCompile(`([하되]고|[하되]며|으며|이고|이며),?\s`)
	ofTopic = regexp.MustCompile(`^([가-힣]+[^에로서하되있없않])[은는]$`)
)

// besides finds a claim that says of one topic what its support says of another in
// the same sentence.
func (t trial) besides() string {
	ours := sides(t.bare)
	for _, p := range t.support {
		theirs := sides(p.Text)
		if p.Cells > 1 || len(theirs) < 2 || len(t.support) > 1 {
			continue
		}
		for topic, words := range ours {
			its, ok := theirs[topic]
			if topic == "" || !ok {
				continue
			}
			mine := wordsOf(strings.Join(append(its, theirs[""]...), " "))
			for _, w := range words {
				if grammar.MatchString(w) || !hangulRun.MatchString(w) || strings.ContainsRune(w, blank) || mine.stands(w, "") {
					continue
				}
				for other, said := range theirs {
					if other != topic && other != "" && wordsOf(strings.Join(said, " ")).stands(w, "") {
						return fmt.Sprintf("근거 %d에서 %s에 관한 말: %s", p.source.N, other, w)
					}
				}
			}
		}
	}
	return ""
}

// rows finds a claim that joins cells of two rows: no row of its support has all of
// its words that stand in rows of that table.
func (t trial) rows() string {
	var own []passage
	for _, p := range t.support {
		if p.Cells > 1 && p.at != p.head {
			own = append(own, p)
		}
	}
	if len(own) < 2 || len(clauses(t.text)) > 0 {
		return ""
	}
	head := wordsOf(t.passages(own[0].source.N)[own[0].head].Text)
	least, strange := 0, ""
	for i, p := range own {
		row, n, first := wordsOf(p.Text), 0, ""
		for _, w := range hangulRun.FindAllString(t.bare, -1) {
			if grammar.MatchString(w) || head.stands(w, "") || row.stands(w, "") {
				continue
			}
			for _, o := range own {
				if wordsOf(o.Text).stands(w, "") {
					n, first = n+1, w
					break
				}
			}
		}
		if i == 0 || n < least {
			least, strange = n, first
		}
	}
	if least == 0 {
		return ""
	}
	return fmt.Sprintf("근거 %d의 다른 행에 있는 말: %s", own[0].source.N, strange)
}

var (
	changes = regexp.MustCompile(`^\s*(?:이상|이하|미만|초과|이내)?\s*(?:에서|→|⇒|->)\s*약?\s*$`)
	changed = regexp.MustCompile(`^\s*(?:이상|이하|미만|초과|이내)?\s*(?:까지|사이|정도|범위)`)
	former  = regexp.MustCompile(`종전|이전|기존|원래|당초|개정 전|바뀌기|였다|였습니다|었다|었습니다|였고|었으나|였으나`)
)

// replacedBy is the value that takes the place of g in p, 80% in 50%에서 80%로.
func (p passage) replacedBy(g fact) (fact, bool) {
	runes := g.in.runes
	for _, h := range p.facts {
		if h.start >= g.end && kindred(g, h) {
			ok := g.value.Kind != text.Time && changes.MatchString(string(runes[g.end:h.start])) &&
				!changed.MatchString(string(runes[h.end:min(len(runes), h.end+8)]))
			return h, ok
		}
	}
	return fact{}, false
}

// outdated reports that a claim says as so what p says was so before a change.
func (t trial) outdated(g fact, p passage) bool {
	h, ok := p.replacedBy(g)
	if !ok || former.MatchString(t.text) {
		return false
	}
	for _, f := range t.facts(p.source) {
		if same(f, h) {
			return false
		}
	}
	return true
}

// limit follows a value that limits what a sentence says.
var limit = regexp.MustCompile(`^\s*(?:안에|안의|이내|동안|이하|이상|미만|초과|[전후]?까지|마다)`)

// guilt is how an act must be done for a sentence to speak of it.
var guilt = regexp.MustCompile(`거짓|허위|부정한 방법|부정하게|고의|과실|정당한 사유 없이|무단|상습`)

// limits are the values that limit the parts of p that the claim says, and that it
// does not repeat.
func (t trial) limits(p passage) []string {
	if p.Cells > 1 {
		return nil
	}
	var out []string
	runes := []rune(p.source.Text)
	ours := heldTerms(t.text)
	for _, g := range p.facts {
		bound := limit.FindString(string(runes[g.end:min(p.End, g.end+6)]))
		if g.cite != nil || bound == "" {
			continue
		}
		stated := false
		for _, f := range t.facts(p.source) {
			stated = stated || same(f, g)
		}
		if _, past := p.replacedBy(g); stated || past {
			continue
		}
		start, end := g.start, g.end
		for start > p.Start && !strings.ContainsRune(",\n", runes[start-1]) {
			start--
		}
		for end < p.End && !strings.ContainsRune(",\n", runes[end]) {
			end++
		}
		n, all := 0, contentTerms(string(runes[start:g.start])+" "+string(runes[min(end, g.end+len([]rune(bound))):end]))
		for term := range all {
			if ours[term] {
				n++
			}
		}
		if 2*n >= len(all) {
			out = append(out, g.written+strings.TrimRight(bound, " "))
		}
	}
	return out
}
