package text

import (
	"regexp"
	"strings"
	"unicode"
)

// A Span is a piece of a text in code points, End exclusive.
type Span struct{ Start, End int }

// Sentences returns the sentences of s in order. The spans do not overlap and
// together hold every character that is not a space; s should be in NFC.
//
// A sentence ends at . ? ! outside brackets and quotation marks, where what
// follows can begin another one; a full stop after a digit, an abbreviation
// (No.), a list mark (가.) or inside an address does not end it. A sentence
// wholly in quotation marks or brackets ends with them. An attached reference,
// 한다.[1] or 한다. <개정 2022. 7. 11.>, belongs to the sentence before it.
//
// A line break ends a sentence only if a blank line, a heading, a list mark, a
// label (수신:) or a table row (|) follows, or a heading or a table row was before
// it: lines of HWP and PDF files break anywhere. A line of text without any such mark is
// therefore joined to the next one, also if it was meant as a title.
func Sentences(s string) []Span {
	sp := splitter{r: []rune(s)}
	start := 0
	atStart := true // of a paragraph
	alone := false  // the line before is a heading or a row
	for i := 0; i < len(sp.r); {
		end := i
		for end < len(sp.r) && sp.r[end] != '\n' {
			end++
		}
		line := strings.TrimSpace(string(sp.r[i:end]))
		isAlone := line != "" && ownLine.MatchString(line)
		if line == "" || isAlone || alone || !atStart && newItem.MatchString(line) {
			sp.piece(start, i, alone)
			start = i
		}
		atStart, alone = line == "", isAlone
		i = min(end+1, len(sp.r))
	}
	sp.piece(start, len(sp.r), alone)
	return sp.out
}

const subitemLetters = "가나다라마바사아자차카타파하"

// ownLine is a line that is a unit by itself: a heading, a table row, a rule.
var ownLine = regexp.MustCompile(`^(?:#{1,6}\s|\||제\s?\d+\s?[편장절관](?:의\s?\d+)?(?:\s|$)|[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ]+\s?\.?\s|[-=_*]{3,}$|[【〈<\[][^】〉>\]]*[】〉>\]]$)`)

// newItem is the beginning of a line that begins a new sentence.
var newItem = regexp.MustCompile(`^(?:` +
	`\d{1,3}(?:의\d+)?\\?[.)]\s+[^\d\s]|\d{1,3}(?:의\d+)?\\?[.)]$|\(\d{1,3}\)\s|` +
	`[` + subitemLetters + `]\\?[.)]\s|\([` + subitemLetters + `]\)\s|` +
	`(?:\*\*)?[①-⑳㉑-㉟㉠-㉻⑴-⒇]|` +
	`[□■○●◦◎◇◆▪▫•·ㆍ∙‣※☞▶▷►➤✓✔❍❏]|[-–—*+>]\s|` +
	`제\d+조(?:의\d+)?\s?\([^)]{1,60}\)|` +
	`부칙(?:\s?[<〈(]|$)|\[?(?:별표|별지)\s|붙임(?:\s|$)|끝\.$|` +
	`[가-힣]{1,4}(?:\s?[가-힣]{1,4}){0,2}\s?:\s)`)

// address is text whose full stops end nothing.
var address = regexp.MustCompile(`(?:https?://|www\.)[!-~]*[0-9A-Za-z/]|[0-9A-Za-z._%+-]+@[0-9A-Za-z.-]+\.[A-Za-z]{2,}|[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*\.(?:kr|com|org|net|gov|hwpx?|pdf|docx?|xlsx?|zip|jpg|png|txt|md|html?)\b`)

type splitter struct {
	r   []rune
	out []Span
}

func (sp *splitter) emit(start, end int) {
	for start < end && unicode.IsSpace(sp.r[start]) {
		start++
	}
	for end > start && unicode.IsSpace(sp.r[end-1]) {
		end--
	}
	if start < end {
		sp.out = append(sp.out, Span{start, end})
	}
}

func (sp *splitter) piece(start, end int, whole bool) {
	if whole {
		sp.emit(start, end)
	} else {
		sp.paragraph(start, end)
	}
}

// paragraph splits the runes from start to end, which no line break needs to end.
func (sp *splitter) paragraph(start, end int) {
	fixed := sp.addresses(start, end)
	first := start // of the sentence, at its first character that is not a space
	for i := start; i < end; {
		for first < end && unicode.IsSpace(sp.r[first]) {
			first++
		}
		if i < first {
			i = first
			continue
		}
		if stop, ok := fixed[i]; ok {
			i = stop
			continue
		}
		if close := sp.closing(i, end); close > 0 {
			if i == first && sp.ends(sp.r[close-1]) && (close+1 >= end || unicode.IsSpace(sp.r[close+1])) {
				sp.emit(first, close+1)
				first = close + 1
			}
			i = close + 1
			continue
		}
		if !sp.ends(sp.r[i]) {
			i++
			continue
		}
		stop := i + 1
		for stop < end && sp.ends(sp.r[stop]) {
			stop++
		}
		if sp.r[i] == '.' && stop == i+1 && !sp.fullStop(first, i, end) || !sp.startsAt(stop, end) {
			i = stop
			continue
		}
		stop = sp.reference(stop, end)
		sp.emit(first, stop)
		first, i = stop, stop
	}
	sp.emit(first, end)
}

func (sp *splitter) ends(r rune) bool {
	switch r {
	case '.', '?', '!', '。', '？', '！', '．':
		return true
	}
	return false
}

// startsAt reports whether a sentence can begin at p, right behind . ? or !.
func (sp *splitter) startsAt(p, end int) bool {
	if p >= end {
		return true
	}
	r := sp.r[p]
	if isHangulRune(sp.r[max(0, p-2)]) && (r >= '0' && r <= '9' || r == '-' && p+1 < end && sp.r[p+1] == ' ') {
		return true // 안내드립니다.2. 민원 내용은
	}
	return unicode.IsSpace(r) || unicode.IsLetter(r) || strings.ContainsRune(`"'“‘「『([<〈【□■○●◦◎◇◆※☞▶①②③④⑤⑥⑦⑧⑨⑩`, r)
}

// fullStop reports whether the full stop at i ends the sentence that began at first.
func (sp *splitter) fullStop(first, i, end int) bool {
	if i == first {
		return false
	}
	next := i + 1
	for next < end && unicode.IsSpace(sp.r[next]) {
		next++
	}
	if next >= end {
		return true
	}
	attached := next == i+1
	prev := sp.r[i-1]
	mark := i
	for mark > first && sp.r[mark-1] >= '0' && sp.r[mark-1] <= '9' {
		mark--
	}
	switch {
	case mark == first && i-first <= 3:
		return false // the list mark 1.
	case prev >= '0' && prev <= '9' || prev == '\\':
		return sp.stopAfterDigit(i, next, end)
	case prev >= 'A' && prev <= 'Z' || prev >= 'a' && prev <= 'z':
		return !attached && sp.stopAfterLatin(first, i, next)
	case strings.ContainsRune(subitemLetters, prev) && (i-1 == first || unicode.IsSpace(sp.r[i-2])):
		return false // the list mark 가.
	case isHangulRune(prev) && attached:
		return strings.ContainsRune("다요음함임됨까오죠것니봄짐큼옴춤", prev) && (i-2 >= first && isHangulRune(sp.r[i-2]))
	case attached:
		return strings.ContainsRune(`"'“‘「『([<〈`, sp.r[next])
	}
	return true
}

// stopAfterDigit: a date or a number goes on, unless the line ends there and
// the next one does not go on with it.
func (sp *splitter) stopAfterDigit(i, next, end int) bool {
	for p := i + 1; p < next; p++ {
		if sp.r[p] != '\n' {
			continue
		}
		if sp.r[next] >= '0' && sp.r[next] <= '9' {
			return false
		}
		rest := string(sp.r[next:min(end, next+4)])
		for _, w := range []string{"까지", "부터", "자로", "이후", "이전", "에", "개정", "현재", "기준", "(", "~", "∼"} {
			if strings.HasPrefix(rest, w) {
				return false
			}
		}
		return true
	}
	// two spaces part the items of 붙임; Latin after a number begins a sentence
	return sp.r[next] >= 'A' && sp.r[next] <= 'Z' && next > i+1
}

var abbreviations = map[string]bool{
	"no": true, "nos": true, "vol": true, "fig": true, "mr": true, "mrs": true, "ms": true, "dr": true, "st": true, "vs": true,
	"e.g": true, "i.e": true, "cf": true, "al": true, "p": true, "pp": true, "art": true, "sec": true, "ch": true, "ref": true, "tel": true, "approx": true,
}

func (sp *splitter) stopAfterLatin(first, i, next int) bool {
	p := i
	for p > first && (sp.r[p-1] == '.' || sp.r[p-1] >= 'A' && sp.r[p-1] <= 'Z' || sp.r[p-1] >= 'a' && sp.r[p-1] <= 'z') {
		p--
	}
	w := string(sp.r[p:i])
	if abbreviations[strings.ToLower(w)] || len(w) == 1 && unicode.IsUpper(sp.r[p]) {
		return false
	}
	return !(sp.r[next] >= 'a' && sp.r[next] <= 'z')
}

// reference extends a sentence over what is attached to its full stop.
func (sp *splitter) reference(p, end int) int {
	for p < end && (sp.r[p] == '(' || sp.r[p] == '[') {
		close := sp.closing(p, end)
		if close == 0 {
			return p
		}
		p = close + 1
	}
	q := p
	for q < end && sp.r[q] == ' ' {
		q++
	}
	if q < end && (sp.r[q] == '<' || sp.r[q] == '[') {
		note := string(sp.r[q+1 : min(end, q+6)])
		for _, w := range []string{"개정", "신설", "삭제", "전문개정", "본조신설", "제목개정"} {
			if strings.HasPrefix(note, w) {
				if close := sp.closing(q, end); close > 0 {
					return sp.reference(close+1, end)
				}
			}
		}
	}
	return p
}

var pairs = map[rune]rune{
	'(': ')', '（': '）', '[': ']', '〔': '〕', '【': '】', '「': '」', '『': '』', '〈': '〉', '《': '》', '<': '>', '{': '}',
	'“': '”', '‘': '’', '"': '"',
}

// closing returns where the bracket or quotation mark at i closes, or 0 if there
// is none or it does not close within the paragraph.
func (sp *splitter) closing(i, end int) int {
	const longest = 1000
	close, ok := pairs[sp.r[i]]
	if !ok {
		return 0
	}
	depth := 0
	for p := i + 1; p < min(end, i+longest); p++ {
		switch r := sp.r[p]; {
		case r == close && depth == 0:
			return p
		case r == close:
			depth--
		case r == sp.r[i]:
			depth++
		}
	}
	return 0
}

// addresses maps the start of each URL, e-mail address and file name to its end.
func (sp *splitter) addresses(start, end int) map[int]int {
	s := string(sp.r[start:end])
	if !strings.ContainsRune(s, '.') {
		return nil
	}
	var out map[int]int
	at := runeOffsets{s: s, rune: start}
	for _, m := range address.FindAllStringIndex(s, -1) {
		if out == nil {
			out = map[int]int{}
		}
		from := at.to(m[0])
		out[from] = at.to(m[1])
	}
	return out
}

// runeOffsets turns ascending byte offsets of s into code points.
type runeOffsets struct {
	s          string
	byte, rune int
}

func (o *runeOffsets) to(byteOffset int) int {
	for range o.s[o.byte:byteOffset] {
		o.rune++
	}
	o.byte = byteOffset
	return o.rune
}

func isHangulRune(r rune) bool { return r >= '가' && r <= '힣' }
