package privacy

import (
	"regexp"
	"slices"
	"strings"
)

var (
	latinName  = `[A-Z][A-Za-z]+(?:(?: ?/ ?| )[A-Z][A-Za-z]+){1,3}`
	latinLabel = regexp.MustCompile(`(?:성 {0,4}명|이름|성함|[가-힣]{1,4}[명인]|[Nn]ame|NAME)(?: ?\([^()\n]{1,12}\))? ?[:┃|]? {0,4}(` + latinName + `)`)
	latinBoth  = regexp.MustCompile(`(` + latinName + `) ?\((?:한글: ?)?([가-힣]{2,6}(?: [가-힣]{1,6}){0,3})\)`)
	bothLatin  = regexp.MustCompile(`(?:^|[^가-힣 ] )([가-힣]{1,6}(?: [가-힣]{1,6}){0,3}) ?\((` + latinName + `)\)`)
	latinFirst = regexp.MustCompile(`^ *([A-Z]{2,}(?: [A-Z]{2,}){1,3})(?:  | ?/)`)
)

// latin finds names in Latin letters behind a label, with what stands beside
// them in parentheses, and at the head of a line with the number of a person.
func (n *namer) latin(numbers []Span) {
	at := 0
	for line := range strings.Lines(n.t.s) {
		lo := at
		at += len(line)
		if !hasLatinPair(line) {
			continue
		}
		take := func(m []int, groups ...int) {
			for _, g := range groups {
				if m[2*g] >= 0 {
					n.claim(lo+m[2*g], lo+m[2*g+1], byShape)
				}
			}
		}
		for _, m := range latinLabel.FindAllStringSubmatchIndex(line, -1) {
			take(m, 1)
			if b := latinBoth.FindStringSubmatchIndex(line[m[2]:]); b != nil && b[0] == 0 {
				n.claim(lo+m[2]+b[4], lo+m[2]+b[5], byShape)
			}
		}
		for _, m := range bothLatin.FindAllStringSubmatchIndex(line, -1) {
			if label, colon := n.label(lo + m[2]); label != "" && labelled(label, colon) {
				take(m, 1, 2)
			}
		}
		if m := latinFirst.FindStringSubmatchIndex(line); m != nil && slices.ContainsFunc(numbers, func(s Span) bool {
			return s.lo >= lo && s.hi <= at && (s.Type == RRN || s.Type == FRN || s.Type == Passport || s.Type == Phone)
		}) {
			take(m, 1)
		}
	}
}

// hasLatinPair reports two words in a row that begin with Latin capitals.
func hasLatinPair(s string) bool {
	pair := false
	for i := 0; i+1 < len(s); i++ {
		if c := s[i]; c >= 'A' && c <= 'Z' && (i == 0 || s[i-1] < 'A') && (s[i+1] >= 'A' && s[i+1] <= 'Z' || s[i+1] >= 'a' && s[i+1] <= 'z') {
			if pair {
				return true
			}
			pair = true
		}
	}
	return false
}
