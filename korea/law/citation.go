// Package law reads and prints the citations of Korean legal texts, such as
// 「민원 처리에 관한 법률」 제19조제1항, so that they can be compared.
//
// The units of a statute are 조 (article), 항 (paragraph), 호 (item), 목
// (subitem); besides the body there are 부칙 (addenda), 별표 (annexed tables)
// and 서식 (forms). A branch number (의2) belongs to what was inserted later.
package law

import (
	"fmt"
	"strconv"
	"strings"
)

// A Unit is a number with an optional branch: 제7조의2 is {7, 2}. The zero Unit is none.
type Unit struct{ N, Branch int }

func (u Unit) String() string {
	switch {
	case u.N == 0:
		return ""
	case u.Branch == 0:
		return strconv.Itoa(u.N)
	}
	return strconv.Itoa(u.N) + "의" + strconv.Itoa(u.Branch)
}

// A Part says where in a law a citation points.
type Part string

const (
	Body    Part = ""
	Addenda Part = "부칙"
	Table   Part = "별표"
	Form    Part = "서식"
)

// A Citation points at a law or at a unit of it. Citations are comparable with
// ==, which compares what was written; to compare what is meant use [Citation.Key].
type Citation struct {
	Law  string // title as written, without 「」; "" if none
	Back string // reference to a law or unit named elsewhere: 법, 같은 법, 같은 영, 같은 조, ... (동법 becomes 같은 법)

	Part   Part
	Annex  Unit   // number of the 별표 or 서식; zero for the only one
	Number string // 공포번호 of the law whose 부칙 it is; "" if not written
	Date   string // its 공포일, 2006-01-02; "" if not written

	Article   Unit   // 조
	Paragraph int    // 항
	Item      Unit   // 호
	Subitem   string // 목: 가, 나, ... 하, 거, ...
	Sub       int    // the number below a 목, as in 나목5)
}

// String prints the official form, which [Parse] reads back to an equal
// citation: 「법령명」 제N조의M제K항제L호가목, with no space between units.
func (c Citation) String() string {
	var words []string
	if c.Law != "" {
		words = append(words, "「"+c.Law+"」")
	}
	if c.Back != "" {
		words = append(words, c.Back)
	}
	switch c.Part {
	case Addenda:
		words = append(words, "부칙")
		switch {
		case c.Number != "" && c.Date != "":
			words = append(words, "<제"+c.Number+"호, "+koreanDate(c.Date)+">")
		case c.Number != "":
			words = append(words, "<제"+c.Number+"호>")
		case c.Date != "":
			words = append(words, "<"+koreanDate(c.Date)+">")
		}
	case Table:
		words = append(words, "별표")
		if c.Annex.N > 0 {
			words = append(words, c.Annex.String())
		}
	case Form:
		switch {
		case c.Annex.N == 0:
			words = append(words, "별지 서식")
		case c.Annex.Branch == 0:
			words = append(words, fmt.Sprintf("별지 제%d호서식", c.Annex.N))
		default:
			words = append(words, fmt.Sprintf("별지 제%d호의%d서식", c.Annex.N, c.Annex.Branch))
		}
	}
	if u := c.units(); u != "" {
		words = append(words, u)
	}
	return strings.Join(words, " ")
}

func (c Citation) units() string {
	var b strings.Builder
	numbered := func(u Unit, kind string) {
		if u.N == 0 {
			return
		}
		fmt.Fprintf(&b, "제%d%s", u.N, kind)
		if u.Branch > 0 {
			fmt.Fprintf(&b, "의%d", u.Branch)
		}
	}
	numbered(c.Article, "조")
	numbered(Unit{N: c.Paragraph}, "항")
	numbered(c.Item, "호")
	if c.Subitem != "" {
		b.WriteString(c.Subitem + "목")
		if c.Sub > 0 {
			fmt.Fprintf(&b, "%d)", c.Sub)
		}
	}
	return b.String()
}

// koreanDate prints 2026-05-06 as 2026. 5. 6.
func koreanDate(iso string) string {
	var y, m, d int
	if _, err := fmt.Sscanf(iso, "%d-%d-%d", &y, &m, &d); err != nil {
		return iso
	}
	return fmt.Sprintf("%d. %d. %d.", y, m, d)
}

// Key is the canonical form for comparison and for index terms: equal keys
// mean the same place. It is the law's name and the units joined by slashes:
//
//	NAME/조/항/호/목/세목     민원처리에관한법률시행령/7의2/1/3/나
//	NAME/부칙36296/4          NAME/부칙/4 where the 공포번호 is not written
//	NAME/별표1의2/3/나        호 and 목 of an annexed table
//	NAME/서식1
//	NAME                      the law as a whole
//
// NAME is the full title ([FullName] of a short one) without spaces and with
// every middle dot as ㆍ. A unit that is skipped leaves its place empty:
// 제2조제5호의2 is NAME/2//5의2. A citation without a law name has an empty
// NAME, so its key begins with a slash; Back does not enter the key: 같은 조
// 제2항 is //2 until [Resolve] has filled in the rest.
func (c Citation) Key() string {
	name := c.Law
	if full, ok := FullName(name); ok {
		name = full
	}
	parts := []string{squash(name)}
	number := func(n int) string { return Unit{N: n}.String() }
	switch c.Part {
	case Body:
		parts = append(parts, c.Article.String(), number(c.Paragraph))
	case Addenda:
		parts = append(parts, "부칙"+firstOf(c.Number, c.Date), c.Article.String(), number(c.Paragraph))
	case Table, Form:
		parts = append(parts, string(c.Part)+c.Annex.String())
	}
	parts = append(parts, c.Item.String(), c.Subitem, number(c.Sub))
	for len(parts) > 1 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return strings.Join(parts, "/")
}

// Covers reports whether o lies within c or is the same place: 제21조 covers
// 제21조제1항, a law covers its articles. A citation without a law name covers
// only citations without one.
func (c Citation) Covers(o Citation) bool {
	k := c.Key()
	if k == "" {
		return false
	}
	rest, ok := strings.CutPrefix(o.Key(), k)
	return ok && (rest == "" || rest[0] == '/')
}

// Whole reports whether c names a law as such and no unit of it.
func (c Citation) Whole() bool {
	return c == Citation{Law: c.Law, Back: c.Back}
}

// Parse reads s as exactly one citation; space around it is ignored.
func Parse(s string) (Citation, error) {
	trimmed := strings.TrimSpace(s)
	found := Find(trimmed)
	switch {
	case len(found) == 0:
		return Citation{}, fmt.Errorf("parse %q: not a legal citation", s)
	case len(found) > 1:
		return Citation{}, fmt.Errorf("parse %q: more than one legal citation", s)
	case found[0].ByteStart != 0 || found[0].ByteEnd != len(trimmed):
		return Citation{}, fmt.Errorf("parse %q: text beside the legal citation", s)
	}
	return found[0].Citation, nil
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// squash removes spaces and unifies middle dots.
func squash(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case isSpace(r):
			return -1
		case isDot(r):
			return 'ㆍ'
		}
		return r
	}, s)
}

func isDot(r rune) bool {
	switch r {
	case 'ㆍ', '·', '‧', '•', '・', '･':
		return true
	}
	return false
}

func isSpace(r rune) bool {
	return r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\u00a0' || r == '\u3000'
}

func isHangul(r rune) bool { return r >= '가' && r <= '힣' }
