package ground

import (
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

// labels are the words before f, the nearest first, back to the value like it that is
// before it; with near only those of its own part of a list, and only the nearest.
func (f fact) labels(all []fact, near bool) []string {
	var out []string
	runes := f.in.runes
	end := f.start
	for end > 0 {
		start := end
		for start > 0 && (f.in.covered[start-1] || unicode.IsLetter(runes[start-1]) || unicode.IsDigit(runes[start-1])) {
			start--
		}
		if start == end {
			if end--; strings.ContainsRune(",.;\n", runes[end]) && near {
				break
			}
			continue
		}
		like := false
		for _, g := range all {
			like = like || g.start >= start && g.end <= end && kindred(f, g)
		}
		word := string(runes[start:end])
		if m := particle.FindStringSubmatch(word); m != nil {
			word = m[1]
		}
		switch {
		case like && !near:
			return out
		case like, noLabel.MatchString(word): // 600원에서 800원
		default:
			out = append(out, word)
			if near {
				return out
			}
		}
		end = start
	}
	return out
}

// another reports that a claim says f of what p says another value of: 1급지 250원
// under 1급지 400원, 2급지 250원. G is the same value as f in p.
func (t trial) another(f, g fact, p passage) bool {
	its := g.labels(p.facts, true)
	if len(its) == 0 || g.cite != nil {
		return false
	}
	said := map[string]bool{}
	for _, w := range f.labels(t.facts(Source{}), false) {
		said[w] = true
	}
	if said[its[0]] {
		return false
	}
	for _, r := range p.facts {
		if kindred(g, r) && !same(f, r) {
			if other := r.labels(p.facts, true); len(other) > 0 && said[other[0]] {
				return true
			}
		}
	}
	return false
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
