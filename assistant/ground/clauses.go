package ground

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A clause is one of the parts that a claim joins: 한다 and 된다 in 하며, 된다.
type clause struct {
	terms map[string]bool
	facts []fact
	heads bool // stands behind a colon: the head of the item before it
}

var joint = regexp.MustCompile(`(?:[며고]|되|지만),\s|:\s`)

// clauses are the parts of a claim that joins several, otherwise none.
func clauses(s string) []clause {
	cuts := joint.FindAllStringIndex(s, -1)
	if len(cuts) == 0 {
		return nil
	}
	var out []clause
	start := 0
	for _, at := range append(cuts, []int{len(s), len(s)}) {
		c := newClaimant(s[start:at[1]])
		out = append(out, clause{c.terms, c.facts(Source{}), start > 0 && s[start-2] == ':'})
		start = at[1]
	}
	return out
}

// stands is the index of the candidate that holds most terms of a clause, nearly
// all of them, and all its values; -1 if there is none.
func (c clause) stands(candidates []passage) int {
	best, most := -1, minClause
	if len(c.terms) < minGain && !c.heads {
		return -1
	}
	for i, p := range candidates {
		if share := c.share(p); share > most && !slices.ContainsFunc(c.facts, func(f fact) bool { return f.cite == nil && !p.states(f) }) {
			best, most = i, share
		}
	}
	return best
}

// share is the share of a clause's terms that p holds; 0 where the clause is the
// head of a list and p is none.
func (c clause) share(p passage) float64 {
	if len(c.terms) == 0 || c.heads && !p.heads() {
		return 0
	}
	n := 0
	for t := range c.terms {
		if p.terms[t] {
			n++
		}
	}
	return float64(n) / float64(len(c.terms))
}

var (
	// actor is who does something, by its last word, with the particle that says
	// in which role: 은 and 가 act, 에게 and 로부터 are acted upon.
	actor = regexp.MustCompile(`([가-힣]{0,12}(?:(?:기관|부서|위원회|단체|행정청)의 장|장관|청장|처장|시장|군수|구청장|도지사|교육감|의장|위원장|원장|부서장|기관장|단체장|과장|팀장|국장|위원회|심의회|협의회|공무원|담당자|담당관|신청인|신청자|청구인|청원인|민원인|신고인|신고자|고발인|대리인|임차인|임대인|채권자|채무자|납세자|대상자|당사자|이해관계인|수급자|수급권자|사업자|시행자|사용자|소유자|관리자|이용자|보호자|감사기구|행정기관|관계기관|지방자치단체|국가|국민|시민|주민|위원|행정청))(들)?(께서는|에게는|에게도|에게서|에게|로부터|으로부터|은|는|이|가)(?:$|[\s,])`)
	// receives turns roles around: A가 B에게 제출한다 is B가 A로부터 제출받는다.
	receives = regexp.MustCompile(`받[는은을지아고으습]|받거나|받도록|(?:^|[^담해])당[하한할]|게 된|게 됩`)

	listHead = regexp.MustCompile(`(?:다음\s*)?각\s*[호목]|다음과\s*같|다음의\s`)

	// condition is a clause that limits when or for whom a sentence holds.
	condition = regexp.MustCompile(`(?:^|[,;]\s*|[가-힣](?:은|는)\s)([^,;]{2,80}?(?:경우에는|경우에만|경우에\s*한(?:정)?하여|경우에\s*한해|때에는|때에만|사람에\s*한(?:정)?하여|에\s*한(?:정)?하여|을\s*제외하고는?|를\s*제외하고는?))(?:[\s,]|$)`)
	aboutWhom = regexp.MustCompile(`^[^,]{1,30}?(?:[장자인관회청원]|사람|기관|단체|국가|국민|시민|주민)[은는] `)
	onCase    = regexp.MustCompile(`경우|때에`)
	excepted  = regexp.MustCompile(`[(（]([^()（）]{2,120}(?:제외한다|제외하고|제외함|제외))[)）]`)
	excludes  = regexp.MustCompile(`제외(?:한다|합니다|함|된다|됩니다)|(?:적용|그러)하지 (?:아니|않)`)
	proviso   = regexp.MustCompile(`^(?:[①-⑳]\s*)?(?:다만|단)\s*,`)
)

// An agent is one that acts in a text, or one that is acted upon.
type agent struct {
	name  string // without spaces
	acts  bool
	topic bool // what the sentence is about: 시장은, 수급자에게는
}

// agents are those of s in order, each with its role.
func agents(s string) []agent {
	var out []agent
	for _, m := range actor.FindAllStringSubmatch(s, -1) {
		name, particle := Squeeze(m[1]), m[3]
		out = append(out, agent{name, !strings.HasPrefix(particle, "에게") && !strings.HasSuffix(particle, "로부터"), strings.HasSuffix(particle, "은") || strings.HasSuffix(particle, "는")})
	}
	return out
}

// doers are those who act in s, by the word that follows each.
func doers(s string) map[string][]string {
	out := map[string][]string{}
	for _, m := range actor.FindAllStringSubmatchIndex(s, -1) {
		if next := strings.Fields(s[m[1]:]); len(next) > 0 && !strings.HasPrefix(s[m[6]:], "에게") && !strings.HasSuffix(s[:m[7]], "로부터") {
			out[next[0]] = append(out[next[0]], Squeeze(s[m[2]:m[3]]))
		}
	}
	return out
}

// alike reports whether two names may mean the same: 행정안전부장관 and 장관, but
// not 부시장 and 시장.
func alike(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	return strings.HasSuffix(a, b) && a != "부"+b
}

// actors holds who acts in the claim, and to whom, against its support. Where the
// support names those who act, the claim names no other; a list such as
// 시장ㆍ군수 또는 구청장 names each of its members.
func (t trial) actors() string {
	ours := agents(t.text)
	if len(ours) == 0 {
		return ""
	}
	var b strings.Builder
	for _, p := range t.support {
		b.WriteString(p.Text + "\n")
	}
	said := b.String()
	theirs := agents(said)
	find := func(name string, acts bool, same func(a, b string) bool) bool {
		return slices.ContainsFunc(theirs, func(a agent) bool { return (a.acts == acts || acts && a.topic) && same(a.name, name) })
	}
	exact := func(a, b string) bool { return a == b }
	some := slices.ContainsFunc(theirs, func(a agent) bool { return a.acts })
	turned := receives.MatchString(t.text) != receives.MatchString(said)
	upon := "" // one who acts in the support and is acted upon in the claim
	for _, a := range ours {
		wrong := false
		switch {
		case turned:
		case !a.acts:
			if !find(a.name, false, alike) && find(a.name, true, exact) {
				wrong, upon = upon != "", a.name
			}
		case find(a.name, true, exact), !find(a.name, false, exact) && find(a.name, true, alike):
		default:
			wrong = find(a.name, false, alike) || some && !listed(said, a.name)
		}
		if wrong {
			return fmt.Sprintf("근거 %s와 주체가 다른 말: %s", numbersOf(t.cited), a.name)
		}
	}
	if !turned {
		theirs := doers(said)
		for does, names := range doers(t.text) {
			for _, name := range names {
				if of := theirs[does]; len(of) > 0 && !slices.ContainsFunc(of, func(o string) bool { return alike(o, name) }) {
					return fmt.Sprintf("근거 %s와 주체가 다른 말: %s", numbersOf(t.cited), name)
				}
			}
		}
	}
	about := slices.IndexFunc(ours, func(a agent) bool { return a.acts && a.topic })
	if upon != "" && about >= 0 && find(ours[about].name, false, exact) {
		return fmt.Sprintf("근거 %s와 주체가 다른 말: %s", numbersOf(t.cited), ours[about].name)
	}
	return ""
}

// listed reports whether a name stands in s as a member of a list, or as the one
// that a clause is about.
func listed(s, name string) bool {
	s = Squeeze(s)
	for i := strings.Index(s, name); i >= 0; {
		rest := s[i+len(name):]
		for _, link := range []string{"·", ",", "또는", "및", "이나", "나", "와", "과", "의", "(", "으로서", "인"} {
			if strings.HasPrefix(rest, link) {
				return true
			}
		}
		next := strings.Index(rest, name)
		if next < 0 {
			return false
		}
		i += len(name) + next
	}
	return false
}

// heads reports that p introduces a list.
func (p passage) heads() bool { return p.Item == "" && !p.Head && listHead.MatchString(p.Text) }

// lists reports an item of a list that the claim puts under the head of another:
// one of the support says what the claim says of the item better than its own.
func (t trial) lists() string {
	said := clause{terms: t.terms, heads: true}
	if parts := clauses(t.text); len(parts) > 0 && parts[len(parts)-1].heads {
		said = parts[len(parts)-1]
	}
	for _, p := range t.support {
		if p.Item == "" {
			continue
		}
		all := t.passages(p.source.N)
		own := p.at - 1
		for own >= 0 && !all[own].heads() {
			own--
		}
		for _, h := range t.support {
			if own >= 0 && h.source.N == p.source.N && h.at != own && said.share(h) > said.share(all[own]) {
				return fmt.Sprintf("근거 %d에서 다른 목록에 속하는 항목: %s", p.source.N, p.Text)
			}
		}
	}
	return ""
}

// caseTail is what a condition ends in before 경우 or 때: its last syllables.
func caseTail(clause string) string {
	s := Squeeze(clause)
	if at := onCase.FindAllStringIndex(s, -1); len(at) > 0 {
		r := []rune(s[:at[len(at)-1][0]])
		return string(r[max(0, len(r)-4):])
	}
	return s
}

// maxShown is how many code points of what was left out are shown.
const maxShown = 60

// dropped says in Korean what the claim leaves out of its support that limits it:
// who acts, a condition, an exception, the proviso behind it.
func (t trial) dropped() string {
	var out []string
	miss := func(what, s string) {
		if r := []rune(s); len(r) > maxShown {
			s = string(r[:maxShown]) + "…"
		}
		out = append(out, what+": "+s)
	}
	ours := heldTerms(t.text)
	says := func(s string) bool {
		n, all := 0, contentTerms(s)
		for term := range all {
			if ours[term] {
				n++
			}
		}
		return 2*n >= len(all)
	}
	spoken := Squeeze(t.text)
	for _, p := range t.support {
		fewer := len(onCase.FindAllString(t.text, -1)) < len(onCase.FindAllString(p.Text, -1))
		for _, m := range condition.FindAllStringSubmatch(bullet.ReplaceAllString(p.Text, ""), -1) {
			m[1] = aboutWhom.ReplaceAllString(m[1], "")
			if !says(m[1]) || fewer && !strings.Contains(spoken, caseTail(m[1])) {
				miss("조건이 빠졌을 수 있음", m[1])
			}
		}
		for _, m := range excepted.FindAllStringSubmatch(p.Text, -1) {
			if !says(m[1]) && !strings.Contains(t.text, "제외") {
				miss("제외 대상이 빠졌을 수 있음", m[1])
			}
		}
		if a := agents(p.Text); len(a) > 0 && a[0].acts && len(agents(t.text)) == 0 && !says(a[0].name) {
			miss("주체가 빠졌을 수 있음", a[0].name)
		}
		if limits := t.limits(p); len(limits) > 0 {
			miss("기간이나 범위가 빠졌을 수 있음", strings.Join(limits, ", "))
		}
		if how := guilt.FindString(p.Text); how != "" && guilt.FindString(t.text) == "" {
			miss("조건이 빠졌을 수 있음", how)
		}
		all := t.passages(p.source.N)
		if k := p.at + 1; k < len(all) && !slices.ContainsFunc(t.support, func(o passage) bool { return o.source.N == p.source.N && o.at == k }) {
			switch next := all[k]; {
			case proviso.MatchString(next.Text):
				miss("단서가 빠졌을 수 있음", next.Text)
			case excludes.MatchString(next.Text) && slices.ContainsFunc(hangulRun.FindAllString(next.Text, -1), func(w string) bool { return t.terms[w[:min(len(w), 6)]] }):
				miss("제외 대상이 빠졌을 수 있음", next.Text)
			}
		}
	}
	return strings.Join(out, "; ")
}
