package official

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A document is a text made ready for the rules.
type document struct {
	Options
	runes []rune // the text as given
	lines []line
	items []item
}

// A line is one line without its line break. What no rule should read is
// masked, code point for code point.
type line struct {
	text  string
	start int  // code points before it
	table bool // a row of a Markdown table
	from  int  // lines[from] begins the 붙임 that this line belongs to; -1 if none
}

// mask takes the place of what is not judged. It is no space, digit or letter.
const mask = '\ufffc'

var (
	frontMatter = regexp.MustCompile(`\A\x{feff}?---\r?\n(?s:.*?)\n---[ \t\r]*(?:\n|\z)`)
	fence       = regexp.MustCompile("(?m)^[ \t]*(?:```|~~~)(?s:.*?)(?:\n[ \t]*(?:```|~~~)[ \t\r]*$|\\z)")
	unjudged    = regexp.MustCompile("`[^`\n]+`|data:[a-z]+/[a-z0-9.+-]+;base64,[A-Za-z0-9+/=]+|(?:https?|ftp)://[^\\s)>\\]」]+|www\\.[^\\s)>\\]」]+|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+|[<〈＜](?:개정|신설|삭제|전문개정|단서|제목개정|본조신설|후단|종전|시행|제\\d+호|\\d{4}\\.)[^>〉＞\n]*[>〉＞]|\\[(?:본조신설|전문개정|제목개정|시행일|종전|단서)[^\\]\n]*\\]|<!--(?s:.*?)-->")
	attachment  = regexp.MustCompile(`^\s*붙\s*임`)
	numbered    = regexp.MustCompile(`^\s*\d{1,2}\.\s`)
)

func parse(text string, opt Options) *document {
	d := &document{Options: opt, runes: []rune(text)}
	masked := text
	for _, re := range []*regexp.Regexp{frontMatter, fence, unjudged} {
		masked = re.ReplaceAllStringFunc(masked, blank)
	}
	start, from := 0, -1
	for i, s := range strings.Split(masked, "\n") {
		switch {
		case attachment.MatchString(s):
			from = i
		case from >= 0 && !numbered.MatchString(s):
			from = -1
		}
		d.lines = append(d.lines, line{text: strings.TrimRight(s, "\r"), start: start, table: strings.HasPrefix(strings.TrimSpace(s), "|"), from: from})
		start += utf8.RuneCountInString(s) + 1
	}
	d.findItems()
	return d
}

// blank replaces all but line breaks.
func blank(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' {
			return r
		}
		return mask
	}, s)
}

// at returns the code points of the bytes [from, to) of l.
func (l line) at(from, to int) (start, end int) {
	start = l.start + utf8.RuneCountInString(l.text[:from])
	return start, start + utf8.RuneCountInString(l.text[from:to])
}

// A class is what a line of a report is for.
type class int

const (
	plain      class = iota
	numeral          // an item of a letter: 1. 가. 1) 가) (1) (가) ① ㉮
	chapter          // Ⅰ.
	heading          // □
	entry            // ㅇ, ○, ❍
	detail           // -
	conclusion       // ⇒
	lead             // >
	note             // ※, * and other small marks
)

// An item is a line with a mark and the lines that continue it.
type item struct {
	class      class
	level      int    // of numeral from 1 to 8; of chapter, heading, entry, detail from 1 to 4
	n          int    // of numeral: 1 for 1., 가., ①
	mark       string // as written
	line       int
	start, end int    // code points of the text behind the mark, continuation included
	text       string // masked
}

// hangulOrder is the series of item marks: 가 나 ... 하, then 거 너 ....
var hangulOrder = strings.Split("가 나 다 라 마 바 사 아 자 차 카 타 파 하 거 너 더 러 머 버 서 어 저 처 커 터 퍼 허", " ")

var (
	// groups: 1 = 1., 2 = 가., 3 = 1), 4 = 가), 5 = (1), 6 = (가), 7 = ⑴, 8 = ㈎, 9 = ①, 10 = ㉮
	numeralForm = regexp.MustCompile(`^[\s\x{3000}]*(?:(\d{1,2})\.|([가-허])\.|(\d{1,2})\)|([가-허])\)|\((\d{1,2})\)|\(([가-허])\)|([⑴-⒇])|([㈎-㈛])|([①-⑳])|([㉮-㉻]))[\s\x{3000}]+`)
	pageNumber  = regexp.MustCompile(`^\s*[-–]\s*\d{1,4}\s*[-–]\s*$`)
	dateAhead   = regexp.MustCompile(`^\d{1,2}\.`)
	reportForm  = regexp.MustCompile(`^[\s\x{3000}]*(?:([ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ]+)[.\s]|([□■◆◇▣❏❑▢])|([○◯❍◦ㅇ●⚬])|([-–―‑])\s|([⇒➡☞⇨➔])|(>)\s|([※▸▹▶▷❖◈★☆])|([*·•∙ㆍ])\s)[\s\x{3000}]*`)
)

func (d *document) findItems() {
	open := -1 // the item that the next line may continue
	for i, l := range d.lines {
		it, ok := readMark(l)
		switch {
		case l.from >= 0 || l.table || strings.TrimSpace(l.text) == "" || pageNumber.MatchString(l.text):
			open = -1
		case ok:
			it.line = i
			d.items = append(d.items, it)
			open = len(d.items) - 1
		case open >= 0:
			prev := &d.items[open]
			prev.text += "\n" + l.text
			prev.end = l.start + utf8.RuneCountInString(l.text)
		}
	}
}

func readMark(l line) (item, bool) {
	it := item{end: l.start + utf8.RuneCountInString(l.text)}
	var m []int
	if m = numeralForm.FindStringSubmatchIndex(l.text); m != nil {
		group := matched(m)
		it.class, it.mark, it.text = numeral, l.text[m[2*group]:m[2*group+1]], l.text[m[1]:]
		if group == 1 && dateAhead.MatchString(it.text) { // a line that begins with 6. 19.
			return it, false
		}
		it.level = []int{0, 1, 2, 3, 4, 5, 6, 5, 6, 7, 8}[group]
		it.n = ordinal(it.mark)
		if it.n == 0 {
			return it, false
		}
	} else if m = reportForm.FindStringSubmatchIndex(l.text); m != nil {
		group := matched(m)
		it.class = []class{plain, chapter, heading, entry, detail, conclusion, lead, note, note}[group]
		it.level = []int{0, 1, 2, 3, 4, 0, 0, 0, 0}[group]
		it.mark, it.text = l.text[m[2*group]:m[2*group+1]], l.text[m[1]:]
		if strings.HasPrefix(it.text, it.mark) { // ○○과
			return it, false
		}
	} else {
		return it, false
	}
	it.start, _ = l.at(m[1], m[1])
	return it, true
}

// matched returns the number of the group that took part.
func matched(m []int) int {
	for g := 1; g < len(m)/2; g++ {
		if m[2*g] >= 0 {
			return g
		}
	}
	return 0
}

// ordinal is the place of an item mark in its series, from 1; 0 if it is in none.
func ordinal(mark string) int {
	if n, err := strconv.Atoi(mark); err == nil {
		return n
	}
	for i, s := range hangulOrder {
		if s == mark {
			return i + 1
		}
	}
	r, _ := utf8.DecodeRuneInString(mark)
	for _, first := range []rune{'⑴', '㈎', '①', '㉮'} {
		if r >= first && r < first+20 {
			return int(r-first) + 1
		}
	}
	return 0
}
