package official

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"biseo/korea/calendar"
)

// Date prints the day of t in Seoul with its weekday: 2026. 6. 19.(금).
func Date(t time.Time) string {
	t = t.In(calendar.Seoul)
	return PlainDate(t) + "(" + weekdays[t.Weekday()] + ")"
}

// PlainDate prints the day of t in Seoul: 2026. 6. 19.
func PlainDate(t time.Time) string { return t.In(calendar.Seoul).Format("2006. 1. 2.") }

// Clock prints the time of day in Seoul: 09:00.
func Clock(t time.Time) string { return t.In(calendar.Seoul).Format("15:04") }

// Range prints two days with their weekdays, 2026. 4. 23.(목)∼6. 15.(월): the
// year is written again only where it changes. Two times on one day are
// 2026. 6. 19.(금) 15:00∼17:00, unless both are midnight: then one day.
func Range(from, to time.Time) string {
	from, to = from.In(calendar.Seoul), to.In(calendar.Seoul)
	switch {
	case calendar.Day(from).Equal(calendar.Day(to)) && from.Equal(to):
		return Date(from)
	case calendar.Day(from).Equal(calendar.Day(to)):
		return Date(from) + " " + Clock(from) + "∼" + Clock(to)
	case from.Year() == to.Year():
		return Date(from) + "∼" + strings.TrimPrefix(Date(to), to.Format("2006. "))
	}
	return Date(from) + "∼" + Date(to)
}

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

// An Item is a point of a letter with the points below it. A line break in
// Text is kept and its continuation aligned.
type Item struct {
	Text  string
	Items []Item
}

// Items lays out a list by level: the n-th level begins 2(n−1) half-width
// spaces in, the text one space behind its mark. A single item has no mark.
func Items(items []Item) string {
	var b strings.Builder
	writeItems(&b, items, 1)
	return strings.TrimSuffix(b.String(), "\n")
}

func writeItems(b *strings.Builder, items []Item, level int) {
	for i, it := range items {
		lead := strings.Repeat(" ", 2*(level-1))
		if len(items) > 1 {
			lead += Mark(level, i+1) + " "
		}
		hang := strings.Repeat(" ", width(lead))
		b.WriteString(lead + strings.ReplaceAll(strings.TrimSpace(it.Text), "\n", "\n"+hang) + "\n")
		below := level + 1
		if len(items) == 1 && level == 1 {
			below = 1 // without a mark above, the list below is the first one
		}
		writeItems(b, it.Items, below)
	}
}

// ReportItems lays out the points of a report: chapters Ⅰ. and headings □ at the
// margin, ㅇ one space in, - three, * five.
func ReportItems(items []Item) string {
	var b strings.Builder
	writeReport(&b, items, 1)
	return strings.TrimSuffix(b.String(), "\n")
}

func writeReport(b *strings.Builder, items []Item, level int) {
	for i, it := range items {
		lead := strings.Repeat(" ", max(0, 2*level-5)) + ReportMark(level, i+1) + " "
		b.WriteString(lead + strings.ReplaceAll(strings.TrimSpace(it.Text), "\n", "\n"+strings.Repeat(" ", width(lead))) + "\n")
		writeReport(b, it.Items, level+1)
	}
}

// width is the width in half-width columns: a Hangul syllable or sign takes two.
func width(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0x1100 {
			n++
		}
	}
	return n
}

// End finishes a body with its attachments and 끝., two spaces before it: behind
// the last character, or behind the last attachment. Attachments are named as
// in 계획서 1부; several are numbered and aligned (시행규칙 제4조제3항ㆍ제5항).
func End(body string, attachments ...string) string {
	body = strings.TrimRight(body, " \n")
	if len(attachments) == 0 {
		return body + "  끝."
	}
	lines := make([]string, len(attachments))
	for i, a := range attachments {
		lines[i] = strings.TrimRight(strings.TrimSpace(a), ".") + "."
		if len(attachments) > 1 {
			lines[i] = fmt.Sprintf("%d. %s", i+1, lines[i])
		}
	}
	return body + "\n\n붙임  " + strings.Join(lines, "\n      ") + "  끝."
}
