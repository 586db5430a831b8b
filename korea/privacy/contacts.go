package privacy

import (
	"regexp"
	"slices"
	"strings"
)

var (
	official  = regexp.MustCompile(`주무관|사무관|서기관|주사|[가-힣](?:과|팀|실|국|센터|담당관|사업소|지사)(?:장)?(?:[ (:,)☎/]|$)|문의|민원실|상담|대표|안내|행정전화|사무실|[Tt]el|TEL|팩스|전송|FAX|[Ff]ax|☎`)
	private   = regexp.MustCompile(`자택|집전화|민원인|신청인|청구인|진정인|보호자|환자|고객|임차인|임대인|신고인|제보자|배우자|본인|아버지|어머니|주거지`)
	mobile    = regexp.MustCompile(`^(?:\+82[- ]?|0)1[016-9]`)
	ofAgency  = regexp.MustCompile(`(?i)@(?:[a-z0-9-]+\.)*(?:go|korea)\.kr$`)
	foldDigit = strings.NewReplacer("０", "0", "１", "1", "６", "6", "７", "7", "８", "8", "９", "9")
)

// WithoutContacts leaves out of spans, the items that [Find] found in s, what an
// office publishes of its officials: addresses at go.kr and korea.kr, and fixed
// telephones with a department, an official's title or a word such as 문의 before
// them in their line and no word for a private person. Mobile telephones stay in.
func WithoutContacts(s string, spans []Span) []Span {
	r := []rune(s)
	return slices.DeleteFunc(slices.Clone(spans), func(sp Span) bool {
		item := string(r[sp.Start:sp.End])
		switch sp.Type {
		case Email:
			return ofAgency.MatchString(item)
		case Phone:
			line := r[max(0, sp.Start-60):sp.Start]
			if i := slices.Index(reversed(line), '\n'); i >= 0 {
				line = line[len(line)-i:]
			}
			before := string(line)
			return !mobile.MatchString(foldDigit.Replace(item)) && official.MatchString(before) && !private.MatchString(before)
		}
		return false
	})
}

func reversed(r []rune) []rune {
	c := slices.Clone(r)
	slices.Reverse(c)
	return c
}
