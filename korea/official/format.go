package official

import (
	"strconv"
	"time"

	"biseo/korea/calendar"
)

// PlainDate prints the day of t in Seoul: 2026. 6. 19.
func PlainDate(t time.Time) string { return t.In(calendar.Seoul).Format("2006. 1. 2.") }

// Money prints an amount as documents state it, in digits and in words:
// 금113,560원(금일십일만삼천오백육십원). It is 시행규칙 제2조제2항 of the regulation.
func Money(won int64) string { return "금" + group3(won) + "원(금" + Words(won) + "원)" }

// group3 prints 113,560.
func group3(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Words reads a number in Hangul with every digit, 일 included: 일십일만삼천오백육십.
// Zero is 영; a negative number begins with 마이너스.
func Words(n int64) string {
	if n == 0 {
		return "영"
	}
	u, out := uint64(n), ""
	if n < 0 {
		u = -u
	}
	for _, big := range []string{"", "만", "억", "조", "경"} {
		group := ""
		for _, small := range []string{"", "십", "백", "천"} {
			if digit := u % 10; digit > 0 {
				group = []string{"", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"}[digit] + small + group
			}
			u /= 10
		}
		if group != "" {
			out = group + big + out
		}
	}
	if n < 0 {
		out = "마이너스 " + out
	}
	return out
}

// Mark is the n-th item mark, from 1, of a level of a letter, from 1: 1. 가. 1)
// 가) (1) (가) ① ㉮ (시행규칙 제2조제1항). Beyond a series that ends, 가 at 28, ① at
// 20 and ㉮ at 14, and for another level it is n in brackets of its own: [n].
func Mark(level, n int) string {
	syllable, number := "", strconv.Itoa(n)
	if n >= 1 && n <= len(hangulOrder) {
		syllable = hangulOrder[n-1]
	}
	switch {
	case n < 1:
	case level == 1:
		return number + "."
	case level == 2 && syllable != "":
		return syllable + "."
	case level == 3:
		return number + ")"
	case level == 4 && syllable != "":
		return syllable + ")"
	case level == 5:
		return "(" + number + ")"
	case level == 6 && syllable != "":
		return "(" + syllable + ")"
	case level == 7 && n <= 20:
		return string('①' + rune(n) - 1)
	case level == 8 && n <= 14:
		return string('㉮' + rune(n) - 1)
	}
	return "[" + number + "]"
}

// ReportMark is the n-th mark of a level of a report, from 1: Ⅰ. □ ㅇ - *. Only
// the first level counts.
func ReportMark(level, n int) string {
	switch level {
	case 1:
		if n >= 1 && n <= 12 {
			return string('Ⅰ'+rune(n)-1) + "."
		}
		return strconv.Itoa(n) + "."
	case 2:
		return "□"
	case 3:
		return "ㅇ"
	case 4:
		return "-"
	}
	return "*"
}
