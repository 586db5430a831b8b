package hwp

import (
	"strconv"
	"strings"
)

// A Numbering is a scheme of automatic paragraph numbers, such as 1. 가. 1).
// Documents refer to it by pointer: paragraphs with the same one count on.
type Numbering struct {
	Levels [10]NumberLevel
}

// A NumberLevel is one level of a Numbering.
type NumberLevel struct {
	Pattern string // ^1 to ^10 stand for the number of that level, ^n for those of all levels down to this (1.1.1), ^N for the same with a full stop; "" draws nothing
	Format  Format
	Start   int
}

// A Format is how a number is written, by the codes of HWP 5.
type Format int

// Formats that are not the plain digits 1, 2, 3.
const (
	Digit          Format = 0
	CircledDigit   Format = 1
	RomanUpper     Format = 2
	RomanLower     Format = 3
	LatinUpper     Format = 4
	LatinLower     Format = 5
	CircledUpper   Format = 6
	CircledLower   Format = 7
	HangulSyllable Format = 8 // 가, 나, 다
	CircledHangul  Format = 9
	HangulJamo     Format = 10 // ㄱ, ㄴ, ㄷ
	CircledJamo    Format = 11
	HangulNumeral  Format = 12 // 일, 이, 삼
	HanjaNumeral   Format = 13 // 一, 二, 三
	CircledHanja   Format = 14
)

const (
	syllables = "가나다라마바사아자차카타파하"
	jamo      = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"
)

// Text writes n, from 1. What a format has no sign for is written in digits.
func (f Format) Text(n int) string {
	pick := func(first rune, count int) string {
		if n < 1 || n > count {
			return strconv.Itoa(n)
		}
		return string(first + rune(n-1))
	}
	cycle := func(letters string) string {
		runes := []rune(letters)
		if n < 1 {
			return strconv.Itoa(n)
		}
		// After the last letter they are doubled: Z, AA, BB.
		return strings.Repeat(string(runes[(n-1)%len(runes)]), min((n-1)/len(runes)+1, 9))
	}
	switch f {
	case CircledDigit:
		switch {
		case n == 0:
			return "⓪"
		case n > 35:
			return pick('㊱'-35, 50)
		case n > 20:
			return pick('㉑'-20, 35)
		}
		return pick('①', 20)
	case RomanUpper:
		return roman(n)
	case RomanLower:
		return strings.ToLower(roman(n))
	case LatinUpper:
		return cycle("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	case LatinLower:
		return cycle("abcdefghijklmnopqrstuvwxyz")
	case CircledUpper:
		return pick('Ⓐ', 26)
	case CircledLower:
		return pick('ⓐ', 26)
	case HangulSyllable:
		return syllable(n)
	case CircledHangul:
		return pick('㉮', 14)
	case HangulJamo:
		return cycle(jamo)
	case CircledJamo:
		return pick('㉠', 14)
	case HangulNumeral:
		return numeral(n, []rune("일이삼사오육칠팔구"), '십')
	case HanjaNumeral:
		return numeral(n, []rune("一二三四五六七八九"), '十')
	case CircledHanja:
		return pick('㊀', 10)
	}
	return strconv.Itoa(n)
}

// roman uses the single characters up to twelve, as the word processor does.
func roman(n int) string {
	if n >= 1 && n <= 12 {
		return string('Ⅰ' + rune(n-1))
	}
	if n < 1 || n > 3999 {
		return strconv.Itoa(n)
	}
	var s string
	for i, v := range []int{1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1} {
		for ; n >= v; n -= v {
			s += []string{"M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"}[i]
		}
	}
	return s
}

// syllable goes on after 하 with 거, 너, 더, as the rule of official documents
// does (행정업무의 운영 및 혁신에 관한 규정 시행규칙 제2조).
func syllable(n int) string {
	runes := []rune(syllables)
	vowels := []rune{0, 4, 8, 13, 18, 20} // ㅏ ㅓ ㅗ ㅜ ㅡ ㅣ among the 21 vowels
	if n < 1 || n > len(runes)*len(vowels) {
		return strconv.Itoa(n)
	}
	return string(runes[(n-1)%len(runes)] + vowels[(n-1)/len(runes)]*28)
}

func numeral(n int, digits []rune, ten rune) string {
	if n < 1 || n > 99 {
		return strconv.Itoa(n)
	}
	var s []rune
	if n >= 10 {
		if n >= 20 {
			s = append(s, digits[n/10-1])
		}
		s = append(s, ten)
	}
	if n%10 > 0 {
		s = append(s, digits[n%10-1])
	}
	return string(s)
}

// Counters count the numbered paragraphs of one document. The zero value is
// ready for use.
type Counters struct {
	counts map[*Numbering]*[10]int // 0 is not counted yet
}

// Next counts the paragraph and returns what is drawn before it: the number
// after its pattern, a bullet, or "". Each numbered paragraph must be counted
// once, in reading order, those without text too.
func (c *Counters) Next(p *Paragraph) string {
	if p.Numbering == nil || p.Level < 0 || p.Level >= len(p.Numbering.Levels) {
		return p.Bullet
	}
	if c.counts == nil {
		c.counts = map[*Numbering]*[10]int{}
	}
	counts := c.counts[p.Numbering]
	if counts == nil {
		counts = &[10]int{}
		c.counts[p.Numbering] = counts
	}
	levels := &p.Numbering.Levels
	for i := range p.Level { // a level used before its parent counts that as its start
		if counts[i] == 0 {
			counts[i] = levels[i].Start
		}
	}
	if counts[p.Level] == 0 {
		counts[p.Level] = levels[p.Level].Start
	} else {
		counts[p.Level]++
	}
	for i := p.Level + 1; i < len(counts); i++ {
		counts[i] = 0
	}
	number := func(i int) string { return levels[i].Format.Text(counts[i]) }
	var out strings.Builder
	for pattern := []rune(levels[p.Level].Pattern); len(pattern) > 0; pattern = pattern[1:] {
		if pattern[0] != '^' || len(pattern) == 1 {
			out.WriteRune(pattern[0])
			continue
		}
		n := pattern[1]
		switch {
		case n == 'n', n == 'N':
			for i := range p.Level + 1 {
				if i > 0 {
					out.WriteByte('.')
				}
				out.WriteString(number(i))
			}
			if n == 'N' {
				out.WriteByte('.')
			}
		case n >= '1' && n <= '9', n == '0':
			level := int(n-'0') - 1
			if n == '1' && len(pattern) > 2 && pattern[2] == '0' { // ^10
				level, pattern = 9, pattern[1:]
			} else if n == '0' {
				level = 9
			}
			if level <= p.Level {
				out.WriteString(number(level))
			}
		default:
			out.WriteRune('^')
			continue
		}
		pattern = pattern[1:]
	}
	return out.String()
}
