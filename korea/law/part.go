package law

import (
	"fmt"
	"strconv"
	"strings"
)

// part reads 부칙, 별표 or 별지 서식 at p.
func (s *scanner) part(c Citation, p, end int) (Citation, int, bool) {
	c = Citation{Law: c.Law, Back: c.Back}
	bracket := s.r[p] == '['
	if bracket {
		p++
	}
	switch {
	case s.has(p, end, "부칙"):
		c.Part = Addenda
		q := p + 2
		if title, ok := s.addendaTitle(q, end); ok {
			q = title
		}
		if n, date, after, ok := s.promulgation(q, end); ok {
			c.Number, c.Date = n, date
			return c, after, true
		}
		return c, p + 2, s.particle(p+2, end)
	case s.has(p, end, "별표"):
		c.Part = Table
		q := p + 2
		d := s.skip(q, end, 1)
		if s.has(d, end, "제") && d > q { // 별표 제3호: an item of the only table
			return c, q, true
		}
		if n, after, ok := s.number(d, end); ok {
			c.Annex.N = n
			c.Annex.Branch, q = s.branch(after, end)
		} else if !s.particle(q, end) {
			return c, p, false
		}
		if bracket && s.has(q, end, "]") {
			q++
		}
		return c, q, true
	case s.has(p, end, "별지"):
		c.Part = Form
		q := s.skip(p+2, end, 1)
		if s.has(q, end, "제") {
			n, after, ok := s.number(s.skip(q+1, end, 1), end)
			after = s.skip(after, end, 1)
			if !ok || !s.has(after, end, "호") {
				return c, p, false
			}
			c.Annex.N = n
			c.Annex.Branch, q = s.branch(after+1, end)
			q = s.skip(q, end, 1)
		}
		if !s.has(q, end, "서식") {
			return c, p, false
		}
		q += 2
		if bracket && s.has(q, end, "]") {
			q++
		}
		return c, q, true
	}
	return c, p, false
}

// addendaTitle skips the name of the amending law in 부칙(정부조직법) <제1호, ...>.
func (s *scanner) addendaTitle(p, end int) (int, bool) {
	if p >= end || s.r[p] != '(' {
		return p, false
	}
	for q := p; q < min(end, p+80); q++ {
		if s.r[q] == ')' {
			return q + 1, true
		}
	}
	return p, false
}

// promulgation reads <제36296호, 2026. 5. 6.>, with any kind of brackets, a
// kind of law before 제 and either half missing.
func (s *scanner) promulgation(p, end int) (number, date string, after int, ok bool) {
	q := s.skip(p, end, 1)
	if q >= end || !strings.ContainsRune("<〈＜([", s.r[q]) {
		return "", "", p, false
	}
	q = s.skip(q+1, end, 1)
	if n := s.oneOf(q, end, "법률", "대통령령", "총리령", "조례", "규칙"); n > 0 {
		q = s.skip(q+n, end, 1)
	}
	if s.has(q, end, "제") {
		n, after, ok := s.number(s.skip(q+1, end, 1), end)
		if !ok || !s.has(after, end, "호") {
			return "", "", p, false
		}
		number = strconv.Itoa(n)
		q = s.skip(after+1, end, 1)
		if s.has(q, end, ",") {
			q = s.skip(q+1, end, 1)
		}
	}
	var ymd [3]int
	for i := range ymd {
		n, after, ok := s.number(q, end)
		if !ok {
			break
		}
		ymd[i] = n
		q = s.skip(after, end, 1)
		if s.has(q, end, ".") {
			q = s.skip(q+1, end, 1)
		}
	}
	if y, m, d := ymd[0], ymd[1], ymd[2]; y >= 1000 && y <= 9999 && m >= 1 && m <= 12 && d >= 1 && d <= 31 {
		date = fmt.Sprintf("%04d-%02d-%02d", y, m, d)
	}
	if q >= end || !strings.ContainsRune(">〉＞)]", s.r[q]) || number == "" && date == "" {
		return "", "", p, false
	}
	return number, date, q + 1, true
}
