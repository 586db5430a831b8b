package excerpt

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/assistant/ground"
	"biseo/korea/text"
)

var (
	word = regexp.MustCompile(`(?:^|[^0-9가-힣])([가-힣]{2,12})`) // what follows a number is its unit
	// predicate is how the stem of a verb, an adjective or an adverb ends, that of a noun rarely.
	predicate = regexp.MustCompile(`(?:하|되|있|없|않|않는|같|위하|따르|따른|따라|대하|관하|통하|의하|받|주|지는|지고|지도|하는|하고|하여|하며|하지|하기|하게|하도|하시|하거|하면|한다|한|할|된|될|되는|되어|되고|되며|있는|있고|없는|합니|됩니|습니|입니|이며|이고|으며|으로|부터|까지|에서|에게|이상|이하|이내|미만|초과|밝혔|했|였|었|겠|시키|다고|라고|면서|려면|려는|도록|거나|든지|이라|라는)$`)
	// common are nouns that every document holds.
	common = regexp.MustCompile(`^(?:경우|사항|다음|해당|관련|기준|내용|필요|이상|이하|제외|포함|사람|담당|문의|안내|여부|이번|올해|내년|작년|그리고|또는|다만|모두|함께|가장|매우|우리|귀하|민원인|신청인|주무관|과장|팀장|국장|시장|구청장|위원장|합계|구분|비고|단위|시기|항목|부서|전화|번호|날짜|월요일|화요일|수요일|목요일|금요일|토요일|일요일|본문|단서|각호|호의|어느|하나|이를|것을|이에|위하|때문|정도|직접|계속|새로|조례|규칙|법률|조문|주요|추진|현황|실시|계획|방안|결과|사업|대상|분야|중점|최대|최소|전체|기타|이내)$`)
)

// Keywords returns up to n nouns (키워드) that sources are about, the weightiest
// first: those that occur often, in titles and headings, in several places.
// Deterministic.
func Keywords(sources []ground.Source, n int) []string {
	type candidate struct {
		word   string
		weight float64
		titled bool
		count  int
	}
	all := map[string]*candidate{}
	add := func(s string, weight float64, titled bool) {
		for _, m := range word.FindAllStringSubmatch(text.Normalize(s), -1) {
			for _, t := range text.Terms(m[1]) {
				t, whole := strings.CutPrefix(t, "=")
				if !whole || utf8.RuneCountInString(t) < 2 || predicate.MatchString(t) || common.MatchString(t) {
					continue
				}
				c := all[t]
				if c == nil {
					c = &candidate{word: t}
					all[t] = c
				}
				c.weight += weight
				c.titled = c.titled || titled
				c.count++
			}
		}
	}
	titles := map[string]bool{}
	for _, s := range sources {
		for i, h := range append([]string{s.Title}, s.Path...) {
			if !titles[h] {
				titles[h] = true
				add(h, 3/float64(1+min(i, 1)), i == 0)
			}
		}
		for _, u := range ground.Units(s) {
			if !aside.MatchString(u.Text) {
				add(u.Text, 1, false)
			}
		}
	}
	var order []*candidate
	for _, c := range all {
		if c.count >= 2 || c.titled {
			if utf8.RuneCountInString(c.word) > 2 {
				c.weight *= 1.5 // a compound says more: 공영주차장
			}
			order = append(order, c)
		}
	}
	slices.SortFunc(order, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.word, b.word))
	})
	var out []string
	for _, c := range order {
		if len(out) < n && !slices.ContainsFunc(out, func(o string) bool { return strings.Contains(o, c.word) || strings.Contains(c.word, o) }) {
			out = append(out, c.word)
		}
	}
	return out
}
