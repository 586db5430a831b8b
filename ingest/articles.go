package ingest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"biseo/index"
)

// The marks of a legal text, each at the start of a line.
var (
	articleMark = regexp.MustCompile(`^제 ?(\d+) ?조(?: ?의 ?(\d+))?`)
	chapterMark = regexp.MustCompile(`^제 ?\d+ ?(편|장|절|관)(?: ?의 ?\d+)?(?:$|[ (<])`)
	addendaMark = regexp.MustCompile(`^부 ?칙(?: ?\(([^<]*?)\))?(?: ?[<〈(]([^>〉)]*)[>〉)])?$`)
	annexMark   = regexp.MustCompile(`^(?:■.{0,60}?)?[\[〔【<] ?((?:별표|별지)[^\]〕】>]{0,20})[\]〕】>](?:$|[ (<])`)
	omittedMark = regexp.MustCompile(`^제(\d+)조 ?(?:(?:부터|내지|및) ?제(\d+)조 ?(?:까지)? ?)?생략`)
	numberIn    = regexp.MustCompile(`제 ?(\d+) ?호`)
	dateIn      = regexp.MustCompile(`(\d{4})\. ?(\d{1,2})\. ?(\d{1,2})\.?`)
	inForceNote = regexp.MustCompile(`\[시행일 ?: ?(\d{4})\. ?(\d{1,2})\. ?(\d{1,2})\.?\](?: ?(제\d+조(?:의\d+)?))?\s*(?:$|\n)`)

	paragraphMark = regexp.MustCompile(`^(?:\*\*)?([①-⑳㉑-㉟㊱-㊿])|^<(\d+)>`)
	itemMark      = regexp.MustCompile(`^(?:\d+\\?\. )?(\d+)(?:의(\d+))?\\?\.(?: |$|「)`)
	subitemMark   = regexp.MustCompile(`^([가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허])\\?\. `)
)

// chapterRank orders the headings above a 조.
var chapterRank = map[string]int{"편": 1, "장": 2, "절": 3, "관": 4}

// An article is a 조 heading: 제21조의2(제목).
type article struct {
	number, branch int
	title          string // with its brackets; "" if it has none
	length         int    // code points of the heading that are no spaces
}

func (a article) label() string { return legalNumber("조", a.number, a.branch) }

// after reports whether a comes later in a law than b.
func (a article) after(b article) bool {
	return a.number > b.number || a.number == b.number && a.branch > b.branch
}

// parseArticle reads the heading of a 조 at the start of a line. A line that
// only refers to one (제21조제1항 중 …, 제3조 및 제4조) is none.
func parseArticle(text string) (article, bool) {
	m := articleMark.FindStringSubmatch(text)
	if m == nil {
		return article{}, false
	}
	a := article{number: atoi(m[1]), branch: atoi(m[2])}
	rest := strings.TrimLeft(text[len(m[0]):], " ")
	switch {
	case rest == "" || rest[0] == '<' || strings.HasPrefix(rest, "삭제"):
	case rest[0] == '(':
		depth := 0
		end := strings.IndexFunc(rest, func(r rune) bool {
			switch r {
			case '(':
				depth++
			case ')':
				depth--
			}
			return depth == 0
		})
		if end < 0 {
			return article{}, false
		}
		a.title, rest = rest[:end+1], rest[end+1:]
		if rest != "" && !strings.HasPrefix(rest, " ") && !strings.HasPrefix(rest, "<") && !paragraphMark.MatchString(rest) {
			return article{}, false // 제5조(정의)를 다음과 같이 한다
		}
	default:
		return article{}, false
	}
	a.length = countInk(text) - countInk(rest)
	return a, true
}

// articles cuts a law or rule into one section for each 조; nil if the body has
// fewer than least of them.
//
// Where a reader found headings, only headings are a 조 of the body; otherwise
// paragraphs are, in rising order from the first. In a 부칙 they are paragraphs
// always, and an article of another law that a 부칙 quotes is told apart by its
// number, which does not continue the count.
func (s *splitter) articles(least int) []section {
	headings := slices.ContainsFunc(s.lines, func(l line) bool {
		_, ok := parseArticle(l.text)
		return ok && l.kind == Heading
	})
	b := lawBuilder{splitter: s, pending: 0}
	found := 0
	for _, l := range s.lines {
		if l.text == "" || l.kind == Table {
			continue
		}
		if m := annexMark.FindStringSubmatch(l.text); m != nil && found > 0 {
			b.openAnnex(l, m[1])
			continue
		}
		if m := addendaMark.FindStringSubmatch(l.text); m != nil && found > 0 {
			b.openAddenda(l, m[1], m[2])
			continue
		}
		if m := chapterMark.FindStringSubmatch(l.text); m != nil && b.addenda == "" && isShort(l) && (l.kind == Heading || !headings) {
			b.openChapter(l, chapterRank[m[1]])
			continue
		}
		a, ok := parseArticle(l.text)
		switch {
		case b.addenda != "":
			if ok && b.continues(a) {
				b.openArticle(l, a)
			} else if m := omittedMark.FindStringSubmatch(l.text); m != nil && atoi(m[1]) == b.last.number+1 {
				b.openArticle(l, article{number: atoi(m[1])})
				b.last.number = max(b.last.number, atoi(m[2]))
			}
		case ok && (l.kind == Heading || !headings && a.after(b.last)):
			b.openArticle(l, a)
			found++
		}
	}
	if found < least {
		return nil
	}
	b.close(len(s.text))
	if b.pending >= 0 {
		b.rest(len(s.text))
	}
	return b.sections
}

func isShort(l line) bool { return len([]rune(l.text)) <= 60 && !strings.HasSuffix(l.text, "다.") }

// A lawBuilder walks down a law and keeps where it stands.
type lawBuilder struct {
	*splitter
	sections []section
	open     bool      // the last section still grows
	pending  int       // start of headings that wait for their first 조; -1 if none
	chapters [5]string // by chapterRank
	addenda  string    // heading of the 부칙 or 별표 under way; "" in the body
	part     string    // the same as it is cited
	last     article   // the last 조 of this part
}

// close ends the section under way and what waits before pos.
func (b *lawBuilder) close(pos int) {
	if !b.open {
		return
	}
	b.open = false
	sec := &b.sections[len(b.sections)-1]
	sec.end = pos
	if m := inForceNote.FindStringSubmatch(string(b.text[sec.start:pos])); m != nil && b.addenda == "" && (m[4] == "" || m[4] == b.last.label()) {
		sec.from = parseDay(m[1:])
	}
}

// begin is where a section that starts at l begins: at the headings that wait
// for it. Text that waits and is long by itself becomes a section of its own.
func (b *lawBuilder) begin(l line) int {
	b.close(l.start)
	start := l.start
	if b.pending >= 0 {
		start = b.pending
		if l.start-start > b.max/2 {
			b.rest(l.start)
			start = l.start
		}
		b.pending = -1
	}
	return start
}

// rest makes a section of headings that no 조 follows.
func (b *lawBuilder) rest(end int) {
	if b.pending < end {
		b.sections = append(b.sections, section{
			span: span{b.pending, end}, path: b.chapterPath(), levels: b.prose(),
			cite: func(span) string { return b.title() },
		})
	}
	b.pending = -1
}

func (b *lawBuilder) chapterPath() []string {
	var path []string
	for _, c := range b.chapters {
		if c != "" {
			path = append(path, c)
		}
	}
	return path
}

func (b *lawBuilder) openChapter(l line, rank int) {
	b.close(l.start)
	b.chapters[rank] = l.text
	clear(b.chapters[rank+1:])
	if b.pending < 0 {
		b.pending = l.start
	}
}

func (b *lawBuilder) openArticle(l line, a article) {
	path := b.chapterPath()
	if b.addenda != "" {
		path = []string{b.addenda}
		// The heading of the 부칙 stands with its first 조.
		if n := len(b.sections) - 1; b.open && b.last == (article{}) && b.skipSpace(span{b.sections[n].body, l.start}) == l.start {
			b.pending = b.sections[n].start
			b.sections, b.open = b.sections[:n], false
		}
	}
	start := b.begin(l)
	base := b.title() + " " + a.label()
	if b.part != "" {
		base = b.title() + " " + b.part + " " + a.label()
	}
	body := l.start
	for ink := 0; ink < a.length && body < l.end; body++ {
		if !unicode.IsSpace(b.text[body]) {
			ink++
		}
	}
	if l.kind == Heading {
		body = l.end
	}
	body = b.skipSpace(span{body, len(b.text)})
	b.addSection(start, body, append(path, a.label()+a.title), base)
	b.last = a
}

func (b *lawBuilder) openAddenda(l line, law, note string) {
	if note == "" && dateIn.MatchString(law) { // 부칙(2024. 3. 5. 조례 제7호)
		law, note = "", law
	}
	cite := "부칙"
	if n, d := numberIn.FindString(note), dateIn.FindStringSubmatch(note); n != "" && d != nil {
		cite = fmt.Sprintf("부칙 <%s, %s>", n, koreanDate(parseDay(d[1:])))
	} else if d != nil {
		cite = fmt.Sprintf("부칙 <%s>", koreanDate(parseDay(d[1:])))
	}
	heading := cite
	if law != "" && note != "" {
		heading = "부칙(" + law + ")" + strings.TrimPrefix(cite, "부칙")
	}
	b.openPart(l, heading, cite)
}

func (b *lawBuilder) openAnnex(l line, name string) {
	b.openPart(l, l.text, strings.Join(strings.Fields(name), " "))
}

// openPart begins a 부칙 or 별표. One that has no text before the next begins, as
// the bare heading over all 부칙, stands with it.
func (b *lawBuilder) openPart(l line, heading, cite string) {
	if n := len(b.sections) - 1; b.open && b.addenda != "" && b.last == (article{}) &&
		b.skipSpace(span{b.sections[n].body, l.start}) == l.start {
		b.pending = b.sections[n].start
		b.sections, b.open = b.sections[:n], false
	} else if b.pending >= 0 {
		b.close(l.start)
		b.rest(l.start)
	}
	start := b.begin(l)
	clear(b.chapters[:])
	b.addenda, b.part, b.last = heading, cite, article{}
	b.addSection(start, l.end, []string{heading}, b.title()+" "+cite)
}

// continues reports whether a is the next 조 of the 부칙 under way, and not one
// of another law that an article on 개정 quotes.
func (b *lawBuilder) continues(a article) bool {
	if strings.HasPrefix(b.part, "별") {
		return false
	}
	if a.branch > 0 {
		return a.number == b.last.number && a.branch == b.last.branch+1
	}
	if strings.Contains(b.last.title, "개정") {
		return a.number == b.last.number+1
	}
	return a.number > b.last.number
}

func (b *lawBuilder) addSection(start, body int, path []string, base string) {
	i := len(b.sections)
	var marks []mark // found once, when the section has its end
	scan := func() []mark {
		if marks == nil {
			marks = b.marks(b.sections[i].span, body)
		}
		return marks
	}
	at := func(depth int) level {
		return func(r span) []int {
			var cuts []int
			for _, m := range scan() {
				if m.depth == depth && m.start >= r.start && m.start < r.end {
					cuts = append(cuts, m.start)
				}
			}
			return cuts
		}
	}
	b.sections = append(b.sections, section{
		span: span{start, start}, body: body, path: path,
		levels: append([]level{at(0), at(1), at(2)}, b.prose()...),
		cite: func(r span) string {
			if r == b.sections[i].span {
				return base
			}
			return base + address(scan(), b.skipSpace(span{max(r.start, body), r.end}), r.end)
		},
	})
	b.open = true
}

// A mark is a 항, 호 or 목 (depth 0, 1, 2) and where its line begins.
type mark struct {
	depth int
	start int // of its line
	sign  int // of the mark itself
	label string
}

// marks finds the 항, 호 and 목 of a section from body on.
func (s *splitter) marks(r span, body int) []mark {
	marks := []mark{}
	for _, l := range s.linesIn(span{r.start, r.end}) {
		if l.end <= body || l.kind == Table {
			continue
		}
		text, start := l.text, l.start
		if l.start < body { // the text goes on in the line of the heading
			text, start = strings.TrimSpace(string(s.text[body:l.end])), body
		}
		m := mark{start: start, sign: s.skipSpace(span{start, l.end})}
		if p := paragraphMark.FindStringSubmatch(text); p != nil {
			m.label = legalNumber("항", paragraphNumber(p), 0)
		} else if p := itemMark.FindStringSubmatch(text); p != nil {
			m.depth, m.label = 1, legalNumber("호", atoi(p[1]), atoi(p[2]))
		} else if p := subitemMark.FindStringSubmatch(text); p != nil {
			m.depth, m.label = 2, p[1]+"목"
		} else {
			continue
		}
		marks = append(marks, m)
	}
	return marks
}

// address names the 항, 호 and 목 that a part of a 조 covers, from its first code
// point that is no space: 제1항, 제1항부터 제3항까지, 제1항제2호. It is empty for a part
// that holds text of the 조 before its first mark.
func address(marks []mark, start, end int) string {
	var in [3]string // the 항, 호 and 목 in which the part begins
	first := -1
	for i, m := range marks {
		if m.sign > start {
			break
		}
		in[m.depth] = m.label
		clear(in[m.depth+1:])
		if m.sign == start {
			first = i
		}
	}
	out := strings.Join(in[:], "")
	if first < 0 {
		return out
	}
	depth := marks[first].depth
	last := in[depth]
	for _, m := range marks[first:] {
		if m.start < end && m.depth == depth {
			last = m.label
		}
	}
	if last != in[depth] {
		out += "부터 " + last + "까지"
	}
	return out
}

// legalNumber prints a unit of a law: 제7조의2, 제1항, 제5호의2.
func legalNumber(unit string, number, branch int) string {
	if branch > 0 {
		return fmt.Sprintf("제%d%s의%d", number, unit, branch)
	}
	return fmt.Sprintf("제%d%s", number, unit)
}

// paragraphNumber reads the circled digit of a 항, or <63> in a long 부칙.
func paragraphNumber(m []string) int {
	if m[1] == "" {
		return atoi(m[2])
	}
	switch r := []rune(m[1])[0]; {
	case r >= '㊱':
		return int(r-'㊱') + 36
	case r >= '㉑':
		return int(r-'㉑') + 21
	default:
		return int(r-'①') + 1
	}
}

// countInk counts the code points that are no spaces.
func countInk(s string) int {
	n := 0
	for _, r := range s {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s) // only called on digits; "" is 0
	return n
}

// parseDay reads the year, month and day of a date that a pattern found.
func parseDay(ymd []string) time.Time {
	return index.Day(atoi(ymd[0]), time.Month(atoi(ymd[1])), atoi(ymd[2]))
}

func koreanDate(t time.Time) string { return t.Format("2006. 1. 2.") }
