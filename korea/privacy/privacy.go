// Package privacy finds personal data (개인정보) in Korean administrative text and
// masks it. [Find] says where it stands, [Mask] hides it and keeps every offset.
//
// Shapes and check digits are those of the issuing rules: 주민등록법 시행규칙 제2조
// for resident numbers, ISO/IEC 7812 for cards. Check digits only raise the
// confidence: resident numbers issued since October 2020 carry none.
package privacy

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Version names the rules: a text masked by another version is to be masked anew.
const Version = "privacy-4"

// A Type names a kind of personal data.
type Type string

const (
	RRN       Type = "RRN"               // 주민등록번호
	FRN       Type = "FRN"               // 외국인등록번호
	Phone     Type = "PHONE"             // 전화번호
	Email     Type = "EMAIL"             //
	Card      Type = "CARD"              // 카드번호
	Account   Type = "ACCOUNT"           // 계좌번호
	Passport  Type = "PASSPORT"          // 여권번호
	Driver    Type = "DRIVER_LICENSE"    // 운전면허번호
	Vehicle   Type = "VEHICLE"           // 자동차등록번호
	Business  Type = "BUSINESS_REG"      // 사업자등록번호
	Corporate Type = "CORP_REG"          // 법인등록번호
	Insurance Type = "MEDICAL_INSURANCE" // 건강보험증번호
	Person    Type = "PERSON"            // 성명
	Address   Type = "ADDRESS"           // 주소
	Birth     Type = "BIRTH_DATE"        // 생년월일
)

// A Span is one item found.
type Span struct {
	Start      int     `json:"start"` // code points of the text
	End        int     `json:"end"`   // exclusive
	Type       Type    `json:"type"`
	Confidence float64 `json:"confidence"` // 0 to 1: 1 where a check digit agrees, .9 by shape, .7 by its surroundings alone

	lo, hi int // bytes of the folded text
}

// Find returns the personal data of s in order, without overlaps. Where two
// kinds claim the same characters, e-mail comes before resident numbers, card,
// driving licence, phone and account. Numbers are found in full-width digits and
// with zero-width characters between them. Placeholders such as 000-0000 and
// nationwide numbers such as 1588-0000 are no personal data.
func Find(s string) []Span {
	t := fold(s)
	taken := make(claimed, utf8.RuneCountInString(s))
	found := numbers(t, taken)
	found = append(found, addresses(t, taken)...)
	found = append(found, names(t, taken, found)...)
	slices.SortFunc(found, func(a, b Span) int { return a.Start - b.Start })
	return found
}

// claimed tells of each code point of the text whether an item holds it.
type claimed []bool

// claim takes the code points of s, unless one is taken.
func (c claimed) claim(s Span) bool {
	if slices.Contains(c[s.Start:s.End], true) {
		return false
	}
	for i := s.Start; i < s.End; i++ {
		c[i] = true
	}
	return true
}

// Mask returns s with the spans hidden by asterisks; the number of code points
// stays. What is left to see is what an office needs to tell cases apart:
// 880101-1******, 홍*동, 010-****-5678, ab***@example.kr, first six and last four
// digits of a card, last group of an account, an address down to its 구 or 동, the
// year of a birth.
func Mask(s string, spans []Span) string {
	if len(spans) == 0 {
		return s
	}
	r := []rune(s)
	for _, sp := range spans {
		hide(r[sp.Start:sp.End], sp.Type)
	}
	return string(r)
}

// hide masks one item in place.
func hide(r []rune, t Type) {
	from, to := 2, len(r) // hidden: r[from:to], separators stay
	switch t {
	case RRN, FRN:
		from = afterDigits(r, 7)
	case Phone:
		from, to = lastGroups(r)
	case Card:
		from, to = afterDigits(r, 6), len(r)-4
	case Account:
		from, to = 0, len(r)-lenLastGroup(r)
	case Email:
		to = slices.IndexFunc(r, func(c rune) bool { return c == '@' || c == '＠' })
		from = min(2, to)
	case Birth:
		from = afterDigits(r, 4)
	case Person:
		from, to = 1, max(2, len(r)-1)
	case Address:
		from = afterDistrict(r)
	}
	for i := max(from, 0); i < min(to, len(r)); i++ {
		if t == Email || !strings.ContainsRune("-–. ()~/_\n년월", r[i]) {
			r[i] = '*'
		}
	}
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' || r >= '０' && r <= '９' }

// afterDigits is the position behind the n-th digit of r.
func afterDigits(r []rune, n int) int {
	for i, c := range r {
		if isDigit(c) || c == '*' {
			if n--; n == 0 {
				return i + 1
			}
		}
	}
	return len(r)
}

// lenLastGroup is the length of the digits at the end of r, at most 6.
func lenLastGroup(r []rune) int {
	n := 0
	for n < len(r) && n < 6 && isDigit(r[len(r)-1-n]) {
		n++
	}
	if n == len(r) {
		return len(r) / 2
	}
	return n
}

// lastGroups is the part of a phone number between its prefix and its last four digits.
func lastGroups(r []rune) (from, to int) {
	to = len(r)
	for n := 4; n > 0 && to > 0; to-- {
		if isDigit(r[to-1]) {
			n--
		}
	}
	if i := slices.IndexFunc(r[:to], func(c rune) bool { return strings.ContainsRune("-–. )~/_\n", c) }); i > 0 {
		return i, to
	}
	return afterDigits(r, 3), to
}

// afterDistrict is the position behind the last 시, 군, 구, 읍, 면 or 동 among the
// first words of an address, so that the rest is hidden.
func afterDistrict(r []rune) int {
	end := 0
	for i, c := range r {
		if isDigit(c) {
			break
		}
		if strings.ContainsRune("시군구읍면", c) && (i+1 == len(r) || r[i+1] == ' ') {
			end = i + 1
		}
	}
	return end
}

// folded is a text made plain for the detectors, byte by byte traceable.
type folded struct {
	s      string
	origin []int // code point of the original text, for each byte of s
}

// at is the code point of the original text that byte i of the folded text came from.
func (t folded) at(i int) int { return t.origin[i] }

// span is an item at bytes lo to hi.
func (t folded) span(lo, hi int, kind Type, c float64) Span {
	return Span{t.at(lo), t.at(hi-1) + 1, kind, c, lo, hi}
}

// before is the text of up to n code points in front of byte i.
func (t folded) before(i, n int) string {
	start := i
	for ; n > 0 && start > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(t.s[:start])
		start -= size
	}
	return t.s[start:i]
}

// fold maps full-width digits and letters, dashes and odd spaces to ASCII and
// leaves zero-width characters out.
func fold(s string) folded {
	var b strings.Builder
	t := folded{origin: make([]int, 0, len(s))}
	n := 0
	for _, r := range s {
		switch {
		case r >= '！' && r <= '～':
			r -= 0xFEE0
		case r == '–' || r == '—' || r == '‐' || r == '‑' || r == '−':
			r = '-'
		case r == '\u00a0' || r == '\u3000' || r == '\t':
			r = ' '
		case r == '\u200b' || r == '\u200c' || r == '\u200d' || r == '\u2060' || r == '\ufeff':
			n++
			continue
		}
		before := b.Len()
		b.WriteRune(r)
		for range b.Len() - before {
			t.origin = append(t.origin, n)
		}
		n++
	}
	t.s = b.String()
	return t
}
