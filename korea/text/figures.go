package text

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// digits adds the terms of the number whose first digits are s[i:j], and of the
// date, amount or telephone number that begins with it. It returns the number's end.
func (sc *scanner) digits(i, j int) int {
	rest := sc.s[i:]
	dated := fullYear(sc.s[:i], rest)
	year, month, day, ok := readDate(dated)
	if ok {
		if year > 0 {
			sc.join(strconv.Itoa(year), "-", twoDigits(month), "-", twoDigits(day))
			sc.join(strconv.Itoa(year), "-", twoDigits(month))
		}
		if year == 0 || !strings.HasPrefix(sc.s[j:], "년") { // else 10월 2일 adds it
			sc.join(twoDigits(month), "-", twoDigits(day))
		}
	} else {
		if year, month, ok := readMonth(dated); ok {
			sc.join(strconv.Itoa(year), "-", twoDigits(month))
		}
		j = i + numberLen(rest)
	}
	number := strings.ReplaceAll(sc.s[i:j], ",", "")
	sc.add(number)
	if won, ok := readAmount(rest); ok {
		sc.join(strconv.FormatInt(won, 10), "원")
	}
	if n := phoneLen(rest); n > 0 && !ok {
		sc.join(onlyDigits(rest[:n]))
	}
	sc.number = number
	return j
}

// fullYear is s with the century before a year of two digits, which an apostrophe
// before or a month behind shows: '26. 3. 2., '26년, 26년 3월, 26.3월. From 70 on it is
// the last century.
func fullYear(before, s string) string {
	if digitsLen(s) != 2 {
		return s
	}
	quoted := strings.HasSuffix(before, "'") || strings.HasSuffix(before, "’") || strings.HasSuffix(before, "‘")
	if !quoted {
		month := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(s[2:], "년"), "."), " ")
		if n := digitsLen(month); n == 0 || n > 2 || !strings.HasPrefix(month[n:], "월") || len(month) == len(s[2:]) {
			return s
		}
	}
	if s[0] >= '7' {
		return "19" + s
	}
	return "20" + s
}

// readMonth reads a month without its day: 2026년 3월, 2026. 3., 2026.3월, 2026-03.
func readMonth(s string) (year, month int, ok bool) {
	year, s, mark := datePart(s, 4, "년", ".", "-")
	if mark == "" || year < 1900 || year > 2100 {
		return 0, 0, false
	}
	n := digitsLen(s)
	switch {
	case n == 0 || n > 2, mark == "-" && n != 2:
		return 0, 0, false
	case strings.HasPrefix(s[n:], "월"):
	case mark == "." && strings.HasPrefix(s[n:], "."):
	case mark == "-" && !strings.HasPrefix(s[n:], "-"):
	default:
		return 0, 0, false
	}
	month, _ = strconv.Atoi(s[:n])
	return year, month, month >= 1 && month <= 12
}

func twoDigits(n int) string { return strconv.Itoa(n/10) + strconv.Itoa(n%10) }

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// digitsLen is the number of digits that s begins with.
func digitsLen(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// numberLen is the length of the number that s begins with: 1,234.5.
func numberLen(s string) int {
	n := digitsLen(s)
	for n <= 3 || strings.Contains(s[:n], ",") {
		if n == len(s) || s[n] != ',' || digitsLen(s[n+1:]) != 3 {
			break
		}
		n += 4
	}
	if n < len(s) && s[n] == '.' {
		if d := digitsLen(s[n+1:]); d > 0 {
			n += 1 + d
		}
	}
	return n
}

// readDate reads 2026년 10월 2일, 2026. 10. 2., 2026-10-02, 2026/10/2, and
// 10월 2일 with year 0.
func readDate(s string) (year, month, day int, ok bool) {
	if n := digitsLen(s); n == 4 {
		var mark string
		year, s, mark = datePart(s, 4, "년", ".", "-", "/")
		if year < 1900 || year > 2100 {
			return 0, 0, 0, false
		}
		switch mark {
		case "":
			return 0, 0, 0, false
		case "년":
			mark = "월"
		}
		if month, s, mark = datePart(s, 2, mark); mark == "" {
			return 0, 0, 0, false
		}
		if day, s, mark = datePart(s, 2, "일", ""); mark == "" && month > 0 {
			ok = digitsLen(s) == 0
		}
		ok = ok || mark == "일"
	} else {
		var mark string
		if month, s, mark = datePart(s, 2, "월"); mark == "" {
			return 0, 0, 0, false
		}
		day, _, mark = datePart(s, 2, "일")
		ok = mark != ""
	}
	return year, month, day, ok && month >= 1 && month <= 12 && day >= 1 && day <= 31
}

// datePart reads a number of at most longest digits, the first of marks that
// follows it, and one space. Without a mark or a number the mark is "".
func datePart(s string, longest int, marks ...string) (n int, rest, mark string) {
	d := digitsLen(s)
	if d == 0 || d > longest {
		return 0, s, ""
	}
	n, _ = strconv.Atoi(s[:d])
	s = s[d:]
	for _, m := range marks {
		if strings.HasPrefix(s, m) {
			return n, strings.TrimPrefix(s[len(m):], " "), m
		}
	}
	return 0, s, ""
}

// readAmount reads an amount of money with Korean units, 5만원, 1억 2천만 원,
// 12,000백만원, or with a space before 원. An amount has few numbers, up to four
// each for 조, 억, 만 and the rest: reading on from every number of a longer run
// would take quadratic time.
func readAmount(s string) (won int64, ok bool) {
	const most, longest = 1e15, 16
	var total float64
	units := false
	for range longest {
		n := numberLen(s)
		if n == 0 {
			return 0, false
		}
		v, err := strconv.ParseFloat(strings.ReplaceAll(s[:n], ",", ""), 64)
		if err != nil || v > most {
			return 0, false
		}
		s = s[n:]
		for {
			m, rest := multiplier(s)
			if m == 0 {
				break
			}
			v, s, units = v*m, rest, true
		}
		if total += v; total > most {
			return 0, false
		}
		after := strings.TrimPrefix(s, " ")
		if strings.HasPrefix(after, "원") {
			return int64(total + 0.5), units || len(after) < len(s)
		}
		if !units || digitsLen(after) == 0 {
			return 0, false
		}
		s = after
	}
	return 0, false
}

// multiplier reads 십, 백, 천, 만, 억 or 조 and returns 0 if s begins with none.
func multiplier(s string) (float64, string) {
	r, n := utf8.DecodeRuneInString(s)
	return float64(multipliers[r]), s[n:]
}

// phoneLen is the length of the telephone number that s begins with, else 0:
// 02-123-4567, 02)123-4567, 010-1234-5678, 1588-1234.
func phoneLen(s string) int {
	a := digitsLen(s)
	if a < 2 || a > 4 || a == len(s) || s[a] != '-' && s[a] != ')' {
		return 0
	}
	b := digitsLen(s[a+1:])
	if s[0] == '1' && a == 4 && b == 4 && s[a] == '-' {
		return a + 1 + b
	}
	last := a + 1 + b
	if s[0] != '0' || b < 3 || b > 4 || last >= len(s) || s[last] != '-' || digitsLen(s[last+1:]) != 4 {
		return 0
	}
	return last + 5
}
