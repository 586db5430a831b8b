package ground

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"biseo/korea/text"
)

// A Unit is one sentence of a source, or one row of a table: what a model may
// cite by number, what an answer without a model shows, and what a claim is
// checked against.
type Unit struct {
	Start, End int    // code points of the source's text; without the notes at the end
	Text       string // the span on one line, without amendment notes
	Paragraph  int    // number of the 항 that it stands in, 0 if in none
	Item       string // number of the 호 that it begins, such as "3" or "5의2"; "" if none
	Cells      int    // of a row of a table, 0 if it is none
	Head       bool   // a heading, a question, a deleted provision or a note: nothing to show or to cite
}

var (
	// note is what a law's publisher adds to the text: <개정 2022.1.11>, [본조신설 2020. 2. 4.].
	note      = regexp.MustCompile(`[<〈]\s*(?:개정|신설|전문개정|본조신설|제목개정|종전|단서|시행일|\d{4}\s*\.)[^<>〈〉]*[>〉]|\[\s*(?:본조신설|전문개정|제목개정|본항신설|시행일|종전|제\d+조에서|제\d+조로)[^\[\]]*\]`)
	noteTail  = regexp.MustCompile(`(?:\s*(?:` + note.String() + `))+\s*$`)
	deleted   = regexp.MustCompile(`^(?:제\s*\d+\s*조(?:의\d+)?|\S{0,4})\s*(?:[(（][^()（）]*[)）])?\s*삭\s*제\s*\.?$`)
	heading   = regexp.MustCompile(`^(?:제\s*\d+\s*[조장절관편](?:의\d+)?|부\s*칙|별표|\[별)\s*(?:[(（][^()（）]*[)）]|[가-힣ㆍ· ]{0,20})?$|^[#□■ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ]`)
	boxed     = regexp.MustCompile(`^[□■]\s*(?:[^:：]{1,20}[:：]\s*\S|.*\d+[^\d년]|.*[가-힣]{2,}[함음됨임]$)`) // a □ that says something: □ 강수량: 214mm
	runIn     = regexp.MustCompile(`^(\s*제\s*\d+\s*조(?:의\d+)?\s*[(（][^()（）]{1,80}[)）]\s+)(?:[①-⑳]|[^①-⑳\s및또와과,ㆍ·<〈\[])`)
	bullet    = regexp.MustCompile(`^\s*(?:[①-⑳㉑-㉟]|\d{1,3}(?:의\d+)?[.)]\s|[가-하][.)]\s|[-*•▪◦○●□■※–—ㅇ]+\s)\s*`)
	itemStart = regexp.MustCompile(`^(\d{1,3}(?:의\d+)?)\.\s`)
)

// Units cuts the text of a source into sentences, in order. Whitespace between
// sentences belongs to none; a sentence wrapped over lines is one unit; a row of
// a table is one by itself, and so is the heading of an article, also before
// text on the same line.
func Units(s Source) []Unit {
	runes := []rune(s.Text)
	heads := newHeads(s)
	var out []Unit
	para := 0
	add := func(start, end, cells int) {
		for start < end && unicode.IsSpace(runes[start]) {
			start++
		}
		raw := strings.TrimRightFunc(string(runes[start:end]), unicode.IsSpace)
		if tail := noteTail.FindStringIndex(raw); tail != nil && tail[0] > 0 {
			raw = raw[:tail[0]]
		}
		u := Unit{Start: start, End: start + utf8.RuneCountInString(raw), Text: clean(raw), Cells: cells}
		if !HasWord(u.Text) {
			return
		}
		if cells == 0 {
			if n := circled(u.Text); n > 0 {
				para = n
			}
			u.Paragraph = para
			if m := itemStart.FindStringSubmatch(u.Text); m != nil {
				u.Item = m[1]
			}
			u.Head = deleted.MatchString(u.Text) || heads.has(u.Text) || strings.HasSuffix(u.Text, "?") ||
				Heading(u.Text)
		}
		out = append(out, u)
	}
	for _, p := range paragraphs(runes, heads) {
		if line := string(runes[p.Start:p.End]); strings.Contains(line, cellMark) {
			add(p.Start, p.End, 1+strings.Count(line, cellMark))
			continue
		}
		for _, at := range text.Sentences(string(runes[p.Start:p.End])) {
			start, end := p.Start+at.Start, p.Start+at.End
			if m := runIn.FindStringSubmatch(string(runes[start:end])); m != nil {
				add(start, start+utf8.RuneCountInString(m[1]), 0)
				start += utf8.RuneCountInString(m[1])
			}
			add(start, end, 0)
		}
	}
	return out
}

// heads are the title and the headings of a source, squeezed.
type heads struct {
	squeezed map[string]bool
	longest  int // bytes as written
}

func newHeads(s Source) heads {
	out := heads{squeezed: map[string]bool{}}
	for _, h := range append([]string{s.Title}, s.Path...) {
		out.squeezed[Squeeze(h)] = true
		out.longest = max(out.longest, len(h))
	}
	return out
}

// has reports whether a line is one of them, also where it is spaced or marked in
// another way.
func (h heads) has(line string) bool {
	return len(line) <= 2*h.longest && h.squeezed[Squeeze(line)]
}

// Heading reports that a line is the heading of an article, a chapter or a
// section and says nothing by itself.
func Heading(line string) bool {
	return heading.MatchString(line) && !strings.HasSuffix(line, "다.") && !boxed.MatchString(line)
}

const (
	cellMark = " | " // between the cells of a row
	wrapped  = 60    // code points of a line beyond which its length says nothing about where lines break
)

// paragraphs cuts s where a line surely ends a sentence: around rows of tables
// and headings, before the letter ㅇ in the place of a bullet, and after a line so short that it was not wrapped, less than half
// of the longest one.
func paragraphs(s []rune, heads heads) []text.Span {
	var lines []text.Span
	longest := 0
	for start := 0; start < len(s); {
		end := start
		for end < len(s) && s[end] != '\n' {
			end++
		}
		longest = max(longest, end-start)
		end = min(end+1, len(s))
		lines = append(lines, text.Span{Start: start, End: end})
		start = end
	}
	var out []text.Span
	open := false // the last paragraph may grow
	for _, l := range lines {
		line := string(s[l.Start:l.End])
		alone := strings.Contains(line, cellMark) || heads.has(line)
		if open && !alone && !strings.HasPrefix(strings.TrimSpace(line), "ㅇ ") {
			out[len(out)-1].End = l.End
		} else {
			out = append(out, l)
		}
		open = !alone && 2*(l.End-l.Start) >= min(longest, wrapped)
	}
	return out
}

// circled is the number of the ① that s begins with, or 0.
func circled(s string) int {
	r, _ := utf8.DecodeRuneInString(s)
	switch {
	case r >= '①' && r <= '⑳':
		return int(r-'①') + 1
	case r >= '㉑' && r <= '㉟':
		return int(r-'㉑') + 21
	}
	return 0
}

// clean puts s on one line without amendment notes.
func clean(s string) string { return strings.Join(strings.Fields(note.ReplaceAllString(s, " ")), " ") }

// Squeeze is the form in which wording is compared: that of [text.Normalize]
// without spaces and without the stars of Markdown.
func Squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '*' {
			return -1
		}
		return r
	}, text.Normalize(s))
}

// HasWord reports that s holds a letter or a digit.
func HasWord(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0
}

// ending are index terms that come from endings and connecting words; they say
// nothing about what a sentence is about.
var ending = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`하여 여야 야한 한다 하는 하고 하며 하거 거나 하게 하지 지아 아니 니한 니하 않은 않다 아닌 된다 되는 되어 되고 되며 있다 있는 없다 없는
		수있 수없 합니 니다 됩니 습니 해야 해서 입니 이다 으로 로서 에서 에게 에는 에도 까지 부터 대하 대해 대한 관하 관한 관해 의하 의한 의해 따라 따른 위하 위한 위해
		경우 때에 때는 또는 그리 그러 러하 다음 각호 호의 어느 하나 나에 해당 당하 당하는 것은 것을 것으 것이 바에 이하 라한 라고 라는 이라 있으 없으 으므 하므 되므 으며 면서 려는 려면 려고
		다만 본문 단서 안된 않습 않으 으면 지않 않는 않는다 지않 못한 못하 받아 받은 받는 인정 정하 정한 정하는 규정 같은 같다 이를 그를 그의 사항 에대 에관 에따 에의 을위`) {
		m[w] = true
	}
	return m
}()

// contentTerms is the set of terms of s that say what it is about: the Hangul
// bigrams within its words, without endings, and Latin words.
func contentTerms(s string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(s) {
		addContent(out, w)
	}
	return out
}

// heldTerms is contentTerms of a text that others are held against: also the
// bigrams across spaces, because 처리 기간 and 처리기간 are both written.
func heldTerms(s string) map[string]bool {
	out := map[string]bool{}
	addContent(out, s)
	return out
}

func addContent(to map[string]bool, s string) {
	for _, t := range text.Terms(s) {
		first, size := utf8.DecodeRuneInString(t)
		hangul := first >= '가' && first <= '힣'
		if size < len(t) && (hangul || unicode.IsLetter(first)) && !ending[t] && !strings.ContainsAny(t[size:], "합됩습") {
			to[t] = true
		}
	}
}
