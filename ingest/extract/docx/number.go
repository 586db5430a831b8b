package docx

import (
	"cmp"
	"strconv"
	"strings"

	"biseo/ingest/extract/blocks"
	"biseo/ingest/extract/hwp"
	"biseo/ingest/extract/xmlzip"
)

// numbers counts the automatic numbers of a Word document's paragraphs
// (ECMA-376 part 1, 17.9).
type numbers struct {
	schemes map[string]*scheme // by the ID of w:num
	styles  map[string]place   // what a paragraph style says, inherited
	counts  map[string]*[9]int // by the ID of w:abstractNum; see begin
}

// A scheme is a w:num: an abstract numbering with what it changes in it.
type scheme struct {
	abstract string
	levels   [9]numberLevel
	restart  [9]int // what a level begins with at its first use here; 0 goes on
}

type numberLevel struct {
	start      int
	format     string // w:numFmt
	pattern    string // w:lvlText; %1 to %9 stand for the numbers of the levels
	style      string // paragraph style that is on this level
	after      int    // the level whose use restarts it, from 1; 0 is any above; -1 is none
	legal      bool   // all numbers in digits
	joinedText bool   // no space follows
}

// A place is a place in a numbering: the ID of a w:num and a level from 0;
// -1 if not said.
type place struct {
	num   string
	level int
}

func numberPlace(properties *xmlzip.Element) place {
	e := properties.Child("numPr")
	level, err := strconv.Atoi(value(e.Child("ilvl")))
	if err != nil || level < 0 || level > 8 {
		level = -1
	}
	return place{value(e.Child("numId")), level}
}

// newDocxNumbers reads the part numbering. own and based are what each paragraph
// style says itself and which style it builds on.
func newNumbers(root *xmlzip.Element, own map[string]place, based map[string]string) *numbers {
	n := &numbers{schemes: map[string]*scheme{}, styles: map[string]place{}, counts: map[string]*[9]int{}}
	for id := range based {
		place := place{"", -1}
		for at, steps := id, 0; at != "" && steps < 20; at, steps = based[at], steps+1 {
			s, ok := own[at]
			if !ok {
				continue
			}
			place.num = cmp.Or(place.num, s.num)
			if place.level < 0 {
				place.level = s.level
			}
		}
		if place.num != "" {
			n.styles[id] = place
		}
	}
	abstracts := map[string]*xmlzip.Element{}
	nums := map[string]*xmlzip.Element{}
	for _, k := range root.Children() {
		switch k.Name {
		case "abstractNum":
			abstracts[k.Get("abstractNumId")] = k
		case "num":
			nums[k.Get("numId")] = k
		}
	}
	for id, e := range nums {
		s := &scheme{abstract: value(e.Child("abstractNumId"))}
		abstract := abstracts[s.abstract]
		if style := value(abstract.Child("numStyleLink")); style != "" {
			s.abstract = value(nums[own[style].num].Child("abstractNumId"))
			abstract = abstracts[s.abstract]
		}
		s.read(abstract)
		for _, k := range e.Children() {
			if k.Name != "lvlOverride" {
				continue
			}
			s.read(k)
			level, err := strconv.Atoi(k.Get("ilvl"))
			if start, e := strconv.Atoi(value(k.Child("startOverride"))); err == nil && e == nil && level >= 0 && level < len(s.restart) {
				s.restart[level] = start
			}
		}
		n.schemes[id] = s
	}
	return n
}

// read takes over the levels that stand in e, which may be nil.
func (s *scheme) read(e *xmlzip.Element) {
	for _, k := range e.Children() {
		i, err := strconv.Atoi(k.Get("ilvl"))
		if k.Name != "lvl" || err != nil || i < 0 || i >= len(s.levels) {
			continue
		}
		l := numberLevel{
			format: cmp.Or(value(k.Child("numFmt")), "decimal"), pattern: value(k.Child("lvlText")), style: value(k.Child("pStyle")),
			joinedText: value(k.Child("suff")) == "nothing",
		}
		if font := k.Child("rPr").Child("rFonts").Get("ascii"); strings.HasPrefix(font, "Wingdings") || font == "Symbol" {
			l.pattern = blocks.Symbols(font, l.pattern)
		}
		l.start, _ = strconv.Atoi(value(k.Child("start")))
		if after, err := strconv.Atoi(value(k.Child("lvlRestart"))); err == nil {
			l.after = cmp.Or(min(after, i), -1)
		}
		if legal := k.Child("isLgl"); legal != nil {
			l.legal = value(legal) != "0" && value(legal) != "false"
		}
		s.levels[i] = l
	}
}

// next counts a paragraph with these properties and style. It returns what Word
// draws before its text, with the space between, and the level from 0.
func (n *numbers) next(properties *xmlzip.Element, style string) (mark string, level int) {
	place := numberPlace(properties)
	inherited := n.styles[style]
	byStyle := place.num == ""
	place.num = cmp.Or(place.num, inherited.num)
	s := n.schemes[place.num]
	if s == nil {
		return "", 0
	}
	if place.level < 0 && byStyle {
		place.level = inherited.level
		for i, l := range s.levels {
			if l.style == style {
				place.level = i
			}
		}
	}
	level = max(place.level, 0)
	counts := n.counts[s.abstract]
	if counts == nil {
		counts = &[9]int{}
		n.counts[s.abstract] = counts
	}
	switch {
	case s.restart[level] != 0:
		counts[level], s.restart[level] = s.restart[level], 0
	case counts[level] == 0:
		counts[level] = s.begin(level)
	case counts[level] < 0:
		counts[level] = 1
	default:
		counts[level]++
	}
	for i := level + 1; i < len(counts); i++ {
		if after := s.levels[i].after; after == 0 || after > level {
			counts[i] = 0
		}
	}
	l := s.levels[level]
	if l.format == "none" && !strings.Contains(l.pattern, "%") && l.pattern == "" {
		return "", level
	}
	var out strings.Builder
	for pattern := []rune(l.pattern); len(pattern) > 0; pattern = pattern[1:] {
		if pattern[0] != '%' || len(pattern) == 1 || pattern[1] < '1' || pattern[1] > '9' {
			out.WriteRune(pattern[0])
			continue
		}
		i := int(pattern[1] - '1')
		pattern = pattern[1:]
		if i > level {
			continue
		}
		format := s.levels[i].format
		if l.legal {
			format = "decimal"
		}
		n := cmp.Or(counts[i], s.begin(i)) // a level passed over shows where it would begin
		out.WriteString(numeral(format, max(n, 0)))
	}
	if mark = strings.TrimSpace(out.String()); mark != "" && !l.joinedText {
		mark += " "
	}
	return mark, level
}

// begin is the first count of a level. As 0 stands for not counted, -1 stands for
// the number 0.
func (s *scheme) begin(level int) int {
	if start := s.levels[level].start; start > 0 {
		return start
	}
	return -1
}

// formats are the formats that HWP writes too.
var formats = map[string]hwp.Format{
	"upperRoman": hwp.RomanUpper, "lowerRoman": hwp.RomanLower, "upperLetter": hwp.LatinUpper, "lowerLetter": hwp.LatinLower,
	"ganada": hwp.HangulSyllable, "chosung": hwp.HangulJamo,
	"koreanCounting": hwp.HangulNumeral, "koreanDigital2": hwp.HanjaNumeral,
	"chineseCounting": hwp.HanjaNumeral, "chineseCountingThousand": hwp.HanjaNumeral, "taiwaneseCounting": hwp.HanjaNumeral,
	"taiwaneseCountingThousand": hwp.HanjaNumeral, "japaneseCounting": hwp.HanjaNumeral, "ideographDigital": hwp.HanjaNumeral,
	"taiwaneseDigital": hwp.HanjaNumeral, "japaneseDigitalTenThousand": hwp.HanjaNumeral,
	"decimalEnclosedCircle": hwp.CircledDigit, "decimalEnclosedCircleChinese": hwp.CircledDigit, "ideographEnclosedCircle": hwp.CircledHanja,
}

// numeral writes n in a format of ECMA-376 part 1, 17.18.59 (ST_NumberFormat).
// What it does not know is written in digits.
func numeral(format string, n int) string {
	digits := strconv.Itoa(n)
	cycle := func(signs string) string {
		runes := []rune(signs)
		return string(runes[max(n-1, 0)%len(runes)])
	}
	each := func(signs string) string { // a sign for each digit
		runes := []rune(signs)
		return strings.Map(func(r rune) rune { return runes[r-'0'] }, digits)
	}
	switch format {
	case "none", "bullet":
		return ""
	case "decimalZero":
		if n < 10 {
			return "0" + digits
		}
	case "decimalFullWidth", "decimalFullWidth2":
		return each("０１２３４５６７８９")
	case "koreanDigital":
		return each("영일이삼사오육칠팔구")
	case "koreanLegal":
		return koreanLegal(n)
	case "decimalEnclosedParen":
		if n >= 1 && n <= 20 {
			return string('⑴' + rune(n-1))
		}
	case "decimalEnclosedFullstop":
		if n >= 1 && n <= 20 {
			return string('⒈' + rune(n-1))
		}
	case "numberInDash":
		return "- " + digits + " -"
	case "ideographTraditional":
		return cycle("甲乙丙丁戊己庚辛壬癸")
	case "ideographZodiac":
		return cycle("子丑寅卯辰巳午未申酉戌亥")
	case "hex":
		return strings.ToUpper(strconv.FormatInt(int64(n), 16))
	case "ordinal":
		switch {
		case n%10 == 1 && n%100 != 11:
			return digits + "st"
		case n%10 == 2 && n%100 != 12:
			return digits + "nd"
		case n%10 == 3 && n%100 != 13:
			return digits + "rd"
		}
		return digits + "th"
	}
	if f, ok := formats[format]; ok {
		return f.Text(n)
	}
	return digits
}

// koreanLegal counts 하나, 둘, 셋 up to 아흔아홉.
func koreanLegal(n int) string {
	if n < 1 || n > 99 {
		return strconv.Itoa(n)
	}
	ones := []string{"", "하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟", "아홉"}
	tens := []string{"", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔"}
	return tens[n/10] + ones[n%10]
}
