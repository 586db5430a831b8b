package law

import (
	"strings"
	"unicode/utf8"
)

// A Found is a citation and where it stands in the text.
type Found struct {
	Citation
	Start, End         int  // code points
	ByteStart, ByteEnd int  // the same span in bytes
	Listed             bool // continues the list of the Found before it
	RangeEnd           bool // ends the range that the Found before it begins: 제7조 in 제4조부터 제7조까지
	Heading            bool // is the heading of the text below it and refers to nothing; set by [Resolve]
}

// Find returns every citation in s, in order, without overlap.
//
// A law is found as 「title」 (also ｢ ｣ and 『 』), and without brackets where
// its name is known or stands directly before a unit. A title in brackets
// that no unit follows is found when it ends as the titles of laws do; a known
// name and 같은 법 (같은 영, 같은 조, ...) likewise stand for themselves.
//
// Lists (제1항 및 제2항, 제1호ㆍ제2호, 「…」(이하 "법"이라 한다) 제2조) give one
// Found per unit: the units left out, the law name and the back-reference are
// filled in from the unit before, the span holds only what is written. A range
// gives its first and last unit, because what lies between (제4조의2) is not
// known from the text.
//
// After a law name the 제 may be missing, as people type it: 민원처리법 21조 1항. Also
// read are 민원처리법 영 3조 for its 시행령, full-width digits, numbers in Hanja (第十九條)
// and, behind a law name, in Hangul (제십구조).
func Find(s string) []Found {
	sc := &scanner{r: []rune(s)}
	for i, r := range sc.r {
		switch r {
		case '第':
			sc.r[i] = '제'
		case '條', '条':
			sc.r[i] = '조'
		case '項':
			sc.r[i] = '항'
		case '號':
			sc.r[i] = '호'
		}
	}
	sc.scan(0, len(sc.r))
	at, byteAt := 0, 0
	advance := func(to int) int {
		for ; at < to; at++ {
			_, size := utf8.DecodeRuneInString(s[byteAt:])
			byteAt += size
		}
		return byteAt
	}
	for i := range sc.out {
		f := &sc.out[i]
		f.ByteStart, f.ByteEnd = advance(f.Start), advance(f.End)
	}
	return sc.out
}

// A scanner reads the runes from left to right. Nothing before floor may become
// part of a citation any more.
type scanner struct {
	r     []rune
	floor int
	out   []Found
}

func (s *scanner) scan(i, end int) {
	s.floor = i
	for i < end {
		if next := s.read(i, end); next > i {
			i, s.floor = next, next
		} else {
			i++
		}
	}
}

func (s *scanner) emit(c Citation, start, end int) *Found {
	s.out = append(s.out, Found{Citation: c, Start: start, End: end})
	return &s.out[len(s.out)-1]
}

// read reads the citations that begin at i and returns where they end, or i if none does.
func (s *scanner) read(i, end int) int {
	switch s.r[i] {
	case '「', '｢', '『':
		name, p, ok := s.bracketed(i, end)
		if !ok {
			return i
		}
		if decree, q := s.decreeOf(p, end); q > p && mayHave(name, decree) {
			name, p = name+" "+decree, q
		}
		return s.group(Citation{Law: name}, looksLikeLaw(name), i, p, end)
	case '같', '동':
		if i > 0 && isHangul(s.r[i-1]) {
			return i
		}
		if c, p, ok := s.backAt(i, end); ok {
			return s.group(c, true, i, p, end)
		}
	case '법':
		p := i + 1
		if p < end && s.r[p] == '률' {
			p++
		}
		name, start, ok := knownName(s.wordsBefore(p, maxTitleWords))
		if !ok {
			return i
		}
		for _, decree := range []string{"시행령", "시행규칙"} {
			if q := s.skip(p, end, 1); s.has(q, end, decree) {
				if q > p {
					name += " "
				}
				name += decree
				p = q + utf8.RuneCountInString(decree)
			}
		}
		if s.has(p, end, "」") { // its 「 is missing
			p++
		}
		if decree, q := s.decreeOf(p, end); q > p && mayHave(name, decree) {
			name, p = name+" "+decree, q
		}
		alone := s.particle(p, end) || s.has(p, end, "상")
		if next := s.group(Citation{Law: name}, alone, start, p, end); next > start {
			return next
		}
	case '제', '별', '부', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return s.unitsWithHead(i, end)
	}
	return i
}

// unitsWithHead reads units that begin at i and the name before them.
func (s *scanner) unitsWithHead(i, end int) int {
	if isDigit(s.r[i]) {
		if i > 0 && isDigit(s.r[i-1]) {
			return i
		}
		if _, p, ok := s.number(i, end); !ok || !s.has(s.skip(p, end, 1), end, "조") {
			return i
		}
	}
	if s.r[i] == '부' && i > 0 && isHangul(s.r[i-1]) {
		return i
	}
	if s.r[i] == '제' && s.serial(i) {
		return i
	}
	head, start, ok := s.headBefore(i)
	if !ok {
		if isDigit(s.r[i]) {
			return i
		}
		head, start = Citation{}, i
	}
	if next := s.group(head, false, start, i, end); next > i {
		return next
	}
	return i
}

// group reads what belongs to one head: its units, then the list that follows.
// pos is where the head ends; alone says that the head may stand without units.
// It returns start if there is no citation.
func (s *scanner) group(head Citation, alone bool, start, pos, end int) int {
	c, p, ok := s.units(head, s.skip(pos, end, 2), end)
	switch {
	case ok:
		s.emit(c, start, p)
	case alone && pos > start:
		// 「…」(이하 "법"이라 한다) 제2조: the units may follow the parenthesis.
		s.emit(head, start, pos)
		q, inner := s.parenthesis(pos, end)
		if !inner {
			return pos
		}
		from := s.skip(q, end, 2)
		c, p, ok = s.units(head, from, end)
		if !ok {
			return q
		}
		s.emit(c, from, p)
	default:
		return start
	}
	for {
		from, resume, rangeEnd := s.next(p, end)
		if from == resume {
			return resume
		}
		c2, p2, ok := s.units(c, from, end)
		if !ok {
			return resume
		}
		if c2.Part != c.Part && c.Part != Body { // 영 별표 1, 별지 제1호서식: a form of another law
			return resume
		}
		if c2.Article != c.Article && strings.HasPrefix(c2.Back, "같은 ") && hasUnit(c2.Back) {
			c2.Back = "" // 같은 조 제1항, 제5조
		}
		f := s.emit(c2, from, p2)
		f.Listed, f.RangeEnd = true, rangeEnd
		c, p = c2, p2
	}
}

// next skips what stands between two units of a list: qualifiers (본문, 각 호
// 외의 부분, a parenthesis, whose own citations it reads) and then one connector.
// Reading goes on at resume if there is no connector, when from is resume, or
// no unit at from.
func (s *scanner) next(p, end int) (from, resume int, rangeEnd bool) {
	q := p
	resume = p
	for {
		if open := s.skip(q, end, 1); open < end && (s.r[open] == '(' || s.r[open] == '（') {
			after, closed := s.parenthesis(open, end)
			if !closed {
				return resume, resume, false
			}
			q, resume = after, after
			continue
		}
		word := s.oneOf(s.skip(q, end, 1), end, "각 호 외의 부분", "각호외의 부분", "각 호", "각 목", "본문", "단서", "전단", "후단", "까지")
		if word == 0 {
			break
		}
		q = s.skip(q, end, 1) + word
	}
	q = s.skip(q, end, 1)
	switch {
	case q < end && (isDot(s.r[q]) || strings.ContainsRune(",、，/", s.r[q])):
		q++
	case q < end && strings.ContainsRune("~∼～〜-–", s.r[q]):
		q, rangeEnd = q+1, true
	default:
		n := s.oneOf(q, end, "부터", "내지")
		if rangeEnd = n > 0; !rangeEnd {
			n = s.oneOf(q, end, "또는", "및", "이나", "와", "과", "나")
		}
		if n == 0 {
			return resume, resume, false
		}
		q += n
	}
	return s.skip(q, end, 2), resume, rangeEnd
}

// parenthesis reads the citations inside the parenthesis at p and returns where
// it ends; without a parenthesis it returns p and false.
func (s *scanner) parenthesis(p, end int) (int, bool) {
	const longest = 400
	if p >= end || s.r[p] != '(' && s.r[p] != '（' {
		return p, false
	}
	depth := 0
	for q := p; q < min(end, p+longest); q++ {
		switch s.r[q] {
		case '(', '（':
			depth++
		case ')', '）':
			if depth--; depth == 0 {
				s.scan(p+1, q)
				return q + 1, true
			}
		}
	}
	return p, false
}

// The levels of units, outermost first.
const (
	levelPart = iota + 1
	levelArticle
	levelParagraph
	levelItem
	levelSubitem
)

// subitems are the letters of 목 in their order; the fifteenth is 거.
const subitems = "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허고노도로모보소오조초코토포호"

// units reads one or more units at p, each of a lower level than the one
// before, into c, clearing what lies below the first.
func (s *scanner) units(c Citation, p, end int) (Citation, int, bool) {
	level := 0
	inContext := c != Citation{}
	for {
		q := p
		if level > 0 {
			q = s.skip(p, end, 1)
		}
		if level == levelPart && c.Part == Table && s.has(p, end, "의") { // 별표 4의 제1호
			q = s.skip(p+1, end, 1)
		}
		next, at, after, ok := s.unit(c, q, end, inContext || level > 0)
		if !ok || at <= level {
			return c, p, level > 0
		}
		// 나목 stands directly behind 호, or alone in a list
		if at == levelSubitem && level > 0 && (level != levelItem || q > p+1) {
			return c, p, true
		}
		c, p, level = next, after, at
	}
}

func (s *scanner) unit(c Citation, p, end int, inContext bool) (Citation, int, int, bool) {
	none := func() (Citation, int, int, bool) { return c, 0, p, false }
	if p >= end {
		return none()
	}
	switch r := s.r[p]; {
	case r == '부' || r == '별' || r == '[' && s.has(p+1, end, "별"):
		next, q, ok := s.part(c, p, end)
		if !ok {
			return none()
		}
		return next, levelPart, q, true
	case r == '제' || isDigit(r):
		q := p
		if r == '제' {
			q = s.skip(p+1, end, 1)
		} else if !inContext {
			return none()
		}
		n, q, ok := s.number(q, end)
		if !ok && r == '제' && c.Law != "" {
			n, q, ok = s.hangulNumber(q, end)
		}
		if !ok {
			return none()
		}
		q = s.skip(q, end, 1)
		if q >= end {
			return none()
		}
		kind := s.r[q]
		q++
		u := Unit{N: n}
		if kind == '조' || kind == '호' {
			u.Branch, q = s.branch(q, end)
		}
		if !s.endsUnit(q, end) {
			return none()
		}
		switch kind {
		case '조':
			if r != '제' && s.oneOf(s.skip(q, end, 1), end, "원", "억", "천", "만") > 0 {
				return none()
			}
			c.Article, c.Paragraph, c.Item, c.Subitem, c.Sub = u, 0, Unit{}, "", 0
			return c, levelArticle, q, true
		case '항':
			c.Paragraph, c.Item, c.Subitem, c.Sub = n, Unit{}, "", 0
			return c, levelParagraph, q, true
		case '호':
			c.Item, c.Subitem, c.Sub = u, "", 0
			return c, levelItem, q, true
		}
	case (c.Item.N > 0 || c.Back == "같은 호") && strings.ContainsRune(subitems, r):
		q := s.skip(p+1, end, 1)
		if !s.has(q, end, "목") || s.oneOf(q+1, end, "적", "록", "표", "차", "재", "격", "소", "요", "사") > 0 {
			return none()
		}
		c.Subitem, c.Sub = string(r), 0
		q++
		if n, after, ok := s.number(q, end); ok && s.has(after, end, ")") {
			c.Sub, q = n, after+1
		}
		return c, levelSubitem, q, true
	}
	return none()
}

// branch reads 의2. With a space before the number it must not count something: 제5조의 2년.
func (s *scanner) branch(p, end int) (int, int) {
	q := s.skip(p, end, 1)
	if !s.has(q, end, "의") {
		return 0, p
	}
	d := s.skip(q+1, end, 1)
	n, after, ok := s.number(d, end)
	if !ok || d > q+1 && after < end && isHangul(s.r[after]) && s.r[after] != '제' && !s.particle(after, end) {
		return 0, p
	}
	return n, after
}

// bracketed reads 「title」 at p; line breaks in it become spaces.
func (s *scanner) bracketed(p, end int) (string, int, bool) {
	const longest = 120
	for q := p + 1; q < min(end, p+longest); q++ {
		switch s.r[q] {
		case '「', '｢', '『':
			return "", p, false
		case '」', '｣', '』':
			name := strings.Join(strings.Fields(string(s.r[p+1:q])), " ")
			return name, q + 1, name != ""
		}
	}
	return "", p, false
}

// backAt reads 같은 법, 동법 시행령, 같은 조, ... at p, the longest that fits.
func (s *scanner) backAt(p, end int) (c Citation, after int, ok bool) {
	joined := ""
	for q := p; q < min(end, p+12); q++ {
		if isSpace(s.r[q]) {
			continue
		}
		if !isHangul(s.r[q]) {
			break
		}
		joined += string(s.r[q])
		b, found := backs[joined]
		if !found {
			continue
		}
		if s.r[p] == '동' && strings.HasSuffix(b, "영") && !strings.HasSuffix(joined, "시행령") {
			continue // 동영상, 동령
		}
		if s.endsHead(q+1, end) {
			c, after, ok = Citation{Back: b}, q+1, true
		}
	}
	return c, after, ok
}
