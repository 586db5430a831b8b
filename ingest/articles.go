package ingest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"biseo/index"
	"biseo/korea/law"
)

// The marks of a legal text, each at the start of a line.
var (
	articleMark = regexp.MustCompile(`^제 ?(\d+) ?조(?: ?의 ?(\d+))?`)
	chapterMark = regexp.MustCompile(`^제 ?\d+ ?(편|장|절|관)(?: ?의 ?\d+)?(?:$|[ (<])`)
	addendaMark = regexp.MustCompile(`^부 ?칙(?: ?\(([^<]*?)\))?(?: ?[<〈(]([^>〉)]*)[>〉)])?$`)
	annexMark   = regexp.MustCompile(`^(?:■.{0,60}?)?[\[〔【<] ?((?:별표|별지)[^\]〕】>]{0,20})[\]〕】>](?:$|[ (<])`)
	omittedMark = regexp.MustCompile(`^제(\d+)조 ?(?:(?:부터|내지|및) ?제(\d+)조 ?(?:까지)? ?)?생략`)
	numberIn    = regexp.MustCompile(`제 ?([\d-]+) ?호`)
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
	law.Unit
	title  string // with its brackets; "" if it has none
	length int    // code points of the heading that are no spaces
}

func (a article) label() string { return law.Citation{Article: a.Unit}.String() }

// after reports whether a comes later in a law than b.
func (a article) after(b article) bool {
	return a.N > b.N || a.N == b.N && a.Branch > b.Branch
}

// parseArticle reads the heading of a 조 at the start of a line. A line that
// only refers to one (제21조제1항 중 …, 제3조 및 제4조) is none.
func parseArticle(text string) (article, bool) {
	m := articleMark.FindStringSubmatch(text)
	if m == nil {
		return article{}, false
	}
	a := article{Unit: unit(m[1], m[2])}
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
	b := lawBuilder{splitter: s, part: law.Citation{Law: s.name()}}
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
		if m := chapterMark.FindStringSubmatch(l.text); m != nil && b.addenda == "" && (l.kind == Heading || !headings && isShort(l)) {
			b.openChapter(l, chapterRank[m[1]])
			continue
		}
		a, ok := parseArticle(l.text)
		switch {
		case b.addenda != "":
			if ok && b.continues(a) {
				b.openArticle(l, a)
			} else if m := omittedMark.FindStringSubmatch(l.text); m != nil && atoi(m[1]) == b.last.N+1 {
				b.last = article{Unit: law.Unit{N: max(b.last.N+1, atoi(m[2]))}} // 제2조 부터 제4조까지 생략
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
	open     bool         // the last section still grows
	pending  int          // start of headings that wait for their first 조; -1 if none
	chapters [5]string    // by chapterRank
	addenda  string       // heading of the 부칙 or 별표 under way; "" in the body
	part     law.Citation // the same as it is cited
	last     article      // the last 조 of this part
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
		if !b.fits(span{start, l.start}, b.max/2) {
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
	base := b.part
	base.Article = a.Unit
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

// openAddenda begins a 부칙: 부칙(정부조직법) <제14839호, 2017. 7. 26.>, of which
// other is the law that brought it and note stands in the brackets.
func (b *lawBuilder) openAddenda(l line, other, note string) {
	if note == "" && dateIn.MatchString(other) { // 부칙(2024. 3. 5. 조례 제7호)
		other, note = "", other
	}
	cite := law.Citation{Part: law.Addenda}
	if m := numberIn.FindStringSubmatch(note); m != nil {
		cite.Number = strings.TrimLeft(m[1], "0")
	}
	if m := dateIn.FindStringSubmatch(note); m != nil {
		cite.Date = parseDay(m[1:]).Format(time.DateOnly)
	}
	heading := cite.String()
	if other != "" {
		heading = "부칙(" + other + ")" + strings.TrimPrefix(heading, "부칙")
	}
	b.openPart(l, heading, cite)
}

func (b *lawBuilder) openAnnex(l line, name string) {
	cite, err := law.Parse(name)
	if err != nil { // 별지 and the like, without a number
		cite = law.Citation{Part: law.Table}
	}
	b.openPart(l, l.text, cite)
}

// openPart begins a 부칙 or 별표. One that has no text before the next begins, as
// the bare heading over all 부칙, stands with it.
func (b *lawBuilder) openPart(l line, heading string, cite law.Citation) {
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
	cite.Law = b.part.Law
	b.addenda, b.part, b.last = heading, cite, article{}
	b.addSection(start, l.end, []string{heading}, cite)
}

// continues reports whether a is the next 조 of the 부칙 under way, and not one
// of another law that an article on 개정 quotes.
func (b *lawBuilder) continues(a article) bool {
	switch {
	case b.part.Part != law.Addenda:
		return false
	case a.Branch > 0:
		return a.N == b.last.N && a.Branch == b.last.Branch+1
	case strings.Contains(b.last.title, "개정"):
		return a.N == b.last.N+1
	}
	return a.N > b.last.N
}

func (b *lawBuilder) addSection(start, body int, path []string, base law.Citation) {
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
				return base.String()
			}
			return partCite(base, scan(), b.skipSpace(span{max(r.start, body), r.end}), r.end)
		},
	})
	b.open = true
}

// A mark is a 항, 호 or 목 (depth 0, 1, 2) and where its line begins.
type mark struct {
	depth int
	start int          // of its line
	sign  int          // of the mark itself
	cite  law.Citation // the one unit that it opens
}

// marks finds the 항, 호 and 목 of a section from body on.
func (s *splitter) marks(r span, body int) []mark {
	marks := []mark{}
	inItem := false // a 가. outside a 호 is a list of other text, such as a quoted amendment
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
			m.cite.Paragraph, inItem = paragraphNumber(p), false
		} else if p := itemMark.FindStringSubmatch(text); p != nil {
			m.depth, m.cite.Item, inItem = 1, unit(p[1], p[2]), true
		} else if p := subitemMark.FindStringSubmatch(text); p != nil && inItem {
			m.depth, m.cite.Subitem = 2, p[1]
		} else {
			continue
		}
		marks = append(marks, m)
	}
	return marks
}

// partCite cites a part of the 조 base by the 항, 호 and 목 that it covers, from
// its first code point that is no space: 제1항, 제1항부터 제3항까지, 제1항제2호. A part
// that holds text of the 조 before its first mark is cited as the 조.
func partCite(base law.Citation, marks []mark, start, end int) string {
	first := -1
	for i, m := range marks {
		if m.sign > start {
			break
		}
		switch m.depth {
		case 0:
			base.Paragraph, base.Item, base.Subitem = m.cite.Paragraph, law.Unit{}, ""
		case 1:
			base.Item, base.Subitem = m.cite.Item, ""
		case 2:
			base.Subitem = m.cite.Subitem
		}
		if m.sign == start {
			first = i
		}
	}
	if first < 0 {
		return base.String()
	}
	last := marks[first]
	for _, m := range marks[first:] {
		if m.start < end && m.depth == last.depth {
			last = m
		}
	}
	if last.cite == marks[first].cite {
		return base.String()
	}
	return base.String() + "부터 " + last.cite.String() + "까지"
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

func unit(number, branch string) law.Unit { return law.Unit{N: atoi(number), Branch: atoi(branch)} }

// parseDay reads the year, month and day of a date that a pattern found.
func parseDay(ymd []string) time.Time {
	return index.Day(atoi(ymd[0]), time.Month(atoi(ymd[1])), atoi(ymd[2]))
}

func koreanDate(t time.Time) string { return t.Format("2006. 1. 2.") }
