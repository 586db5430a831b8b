package ingest

import (
	"slices"
	"sort"
	"strings"
	"time"
	"unicode"

	"biseo/index"
	"biseo/korea/text"
)

// SplitVersion names the rules by which [Split] cuts. It enters every
// document's digest, so that a change of the rules, or of what [EmbedTexts] makes of a
// chunk, cuts and embeds every document anew.
const SplitVersion = "5"

// SplitOptions sets how long chunks may be. The zero value is ready for use.
type SplitOptions struct {
	// Max is the longest chunk in tokens of [llm.CountTokens]; 0 means what suits
	// the document's kind: see [chunkTokens]. What may not be cut is longer: a
	// table row, up to four times Max.
	Max int
}

// Split cuts a document into the pieces that are searched and cited. Their
// texts, one after the other, are d.Text.
//
// Laws and rules are cut at each 조, and a long 조 at 항, 호, 목, then lines and
// sentences; a 장 or 절 heading stands with the 조 that follows it, and each
// 부칙 and 별표 is a part of its own. A reply is cut into questions and answers,
// a guide at its questions, a letter before its 결문 where it is long, everything
// else at its headings and then at the items of its outline (□ ㅇ - or 1. 가. 1)),
// paragraphs, table rows and sentences. No heading is cut from its text; blank
// lines belong to the chunk before them.
//
// A chunk's Path ends with its own heading. Where a list or a table is cut, the
// later parts carry the items that they stand under, or the header row and the
// cells that span into them, behind it. Its Links are the articles that it refers
// to. Split does not change d.
func Split(d *Document, opt SplitOptions) []index.Chunk {
	s := newSplitter(d, opt)
	if len(s.text) == 0 {
		return nil
	}
	var sections []section
	switch kind := d.Meta.Kind; {
	case index.IsLaw(kind):
		sections = s.articles(1)
	case kind == "" || kind == "other":
		sections = s.articles(3)
	case kind == "reply":
		sections = s.reply()
	}
	if sections == nil {
		sections = s.letter()
	}
	var chunks []index.Chunk
	for _, sec := range sections {
		for _, r := range s.divide(sec.span, sec.body, sec.levels) {
			page := s.pageAt(s.skipSpace(r))
			chunks = append(chunks, index.Chunk{
				ID:    index.ChunkID(d.Meta.ID, len(chunks)),
				DocID: d.Meta.ID,
				Path:  s.pathOf(sec, r),
				Cite:  sec.cite(r) + s.rowsOf(r),
				Text:  string(s.text[r.start:r.end]),
				Start: r.start,
				Page:  page,
				From:  sec.from,
			})
		}
	}
	link(d, chunks)
	return chunks
}

// A span is a range of code points of the document's text.
type span struct{ start, end int }

func (r span) len() int { return r.end - r.start }

// A section is a part of a document that no chunk crosses.
type section struct {
	span
	body   int       // no cut at or before this point: the heading stays with its text
	path   []string  // enclosing headings and its own
	from   time.Time // in force from, where the section says so itself
	levels []level   // where it may be cut, strongest first
	cite   func(span) string
	items  func(span) []string // the items of a list that a part stands under; nil if there is no list
}

// A level finds the places inside a span where it may be cut, in order.
type level func(span) []int

// A line is one line of the text, or a whole heading, with its line break.
type line struct {
	span
	text  string // with single spaces between words and none around
	kind  Kind
	level int // of a heading block
	page  int
	block int // into Document.Blocks; -1 if none
	size  int // tokens and 1; 0 if they were not counted yet
}

type splitter struct {
	doc    *Document
	max    int // tokens
	text   []rune
	lines  []line
	rows   []span         // table rows that must stay whole, in order
	tables map[int]table  // by block
	sizes  map[string]int // in tokens, of words
}

func newSplitter(d *Document, opt SplitOptions) *splitter {
	s := &splitter{doc: d, max: opt.Max, text: []rune(d.Text), tables: map[int]table{}, sizes: map[string]int{}}
	if s.max <= 0 {
		s.max = chunkTokens(d.Meta.Kind)
	}
	b := -1
	for at := 0; at < len(s.text); {
		for b+1 < len(d.Blocks) && d.Blocks[b+1].Start <= at {
			b++
		}
		l := line{span: span{at, len(s.text)}, kind: Paragraph, block: b}
		if b+1 < len(d.Blocks) {
			l.end = min(l.end, d.Blocks[b+1].Start)
		}
		if b >= 0 {
			l.kind, l.level, l.page = d.Blocks[b].Kind, d.Blocks[b].Level, d.Blocks[b].Page
		}
		if l.kind != Heading {
			if i := slices.Index(s.text[l.start:l.end], '\n'); i >= 0 {
				l.end = l.start + i + 1
			}
		}
		l.text = strings.Join(strings.Fields(string(s.text[l.start:l.end])), " ")
		s.lines = append(s.lines, l)
		if l.kind == Table && l.text != "" && l.len() <= 4*s.max {
			s.rows = append(s.rows, l.span)
		}
		at = l.end
	}
	return s
}

// divide cuts r into spans of at most max tokens where the levels allow it.
// Neighbours of one level are kept together while they fit; the last is let in
// with an eighth more, and a few words before a part that is cut stand with its
// beginning.
func (s *splitter) divide(r span, body int, levels []level) []span {
	if len(levels) == 0 || s.fits(r, s.max) {
		return []span{r}
	}
	body = max(body, s.leadEnd(r))
	var parts []span
	start := r.start
	for _, cut := range levels[0](r) {
		if cut > body && cut > start && cut < r.end && !s.inRow(cut) {
			parts = append(parts, span{start, cut})
			start = cut
		}
	}
	if start == r.start {
		return s.divide(r, body, levels[1:])
	}
	parts = append(parts, span{start, r.end})

	var out []span
	size := 0 // of the last span of out; 0 if it may not grow
	for i, p := range parts {
		n, room := s.tokens(p), s.max
		if i == len(parts)-1 {
			room += room / 8
		}
		switch {
		case n > s.max:
			pieces := s.divide(p, body, levels[1:])
			if size > 0 && size <= s.max/8 && size+s.tokens(pieces[0]) <= s.max+s.max/8 {
				out[len(out)-1].end = pieces[0].end
				pieces = pieces[1:]
			}
			out = append(out, pieces...)
			size = 0
		case size > 0 && size+n <= room:
			out[len(out)-1].end = p.end
			size += n
		default:
			out = append(out, p)
			size = n
		}
	}
	return out
}

// leadEnd is where the text begins that no cut may take from what leads it in:
// behind the first line of r, if that is a short item of a list.
func (s *splitter) leadEnd(r span) int {
	start := s.skipSpace(r)
	if l := s.lineAt(start); l.start >= r.start && l.end < r.end && l.kind != Table && leads(l.text) {
		return s.skipSpace(span{l.end, r.end})
	}
	return start
}

// prose is how every section may be cut at last: blocks and table rows,
// sentences, lines, words, code points.
func (s *splitter) prose() []level {
	return []level{s.blockStarts, s.sentenceStarts, s.lineStarts, s.wordStarts, s.everyMax}
}

// lineStarts are the lines that are not blank.
func (s *splitter) lineStarts(r span) []int {
	var cuts []int
	for _, l := range s.linesIn(r) {
		if l.text != "" {
			cuts = append(cuts, l.start)
		}
	}
	return cuts
}

// blockStarts are the blocks that are not blank, and the rows of tables. A
// caption stays with its table, and the header rows with the first below them.
func (s *splitter) blockStarts(r span) []int {
	var cuts []int
	last := line{block: -2}
	for _, l := range s.linesIn(r) {
		if l.text == "" {
			continue
		}
		captioned := last.kind == Caption && l.kind == Table
		if (l.block != last.block || l.kind == Table && !s.headed(l)) && !captioned {
			cuts = append(cuts, l.start)
		}
		last = l
	}
	return cuts
}

// sentenceStarts are the sentences of r, with the spaces before them where they
// begin a line.
func (s *splitter) sentenceStarts(r span) []int {
	var cuts []int
	for _, x := range text.Sentences(string(s.text[r.start:r.end])) {
		start := r.start + x.Start
		line := start
		for line > r.start && s.text[line-1] != '\n' && unicode.IsSpace(s.text[line-1]) {
			line--
		}
		if line == r.start || s.text[line-1] == '\n' {
			start = line
		}
		cuts = append(cuts, start)
	}
	return cuts
}

func (s *splitter) wordStarts(r span) []int {
	var cuts []int
	for i := r.start + 1; i < r.end; i++ {
		if unicode.IsSpace(s.text[i-1]) && !unicode.IsSpace(s.text[i]) {
			cuts = append(cuts, i)
		}
	}
	return cuts
}

func (s *splitter) everyMax(r span) []int {
	var cuts []int
	for i := r.start + s.max; i < r.end && !unicode.IsSpace(s.text[i]); i += s.max { // a token is a code point or more, nearly always
		cuts = append(cuts, i)
	}
	return cuts
}

// skipSpace is the first code point of r that is no space; r.end if there is none.
func (s *splitter) skipSpace(r span) int {
	i := r.start
	for i < r.end && unicode.IsSpace(s.text[i]) {
		i++
	}
	return i
}

// linesIn are the lines that begin in r.
func (s *splitter) linesIn(r span) []line {
	from := sort.Search(len(s.lines), func(i int) bool { return s.lines[i].start >= r.start })
	to := sort.Search(len(s.lines), func(i int) bool { return s.lines[i].start >= r.end })
	return s.lines[from:max(from, to)]
}

func (s *splitter) lineAt(pos int) line {
	i := sort.Search(len(s.lines), func(i int) bool { return s.lines[i].end > pos })
	if i == len(s.lines) {
		return line{block: -1}
	}
	return s.lines[i]
}

func (s *splitter) pageAt(pos int) int { return s.lineAt(pos).page }

func (s *splitter) inRow(pos int) bool {
	i := sort.Search(len(s.rows), func(i int) bool { return s.rows[i].end > pos })
	return i < len(s.rows) && s.rows[i].start < pos
}

// pathOf is the section's path, and what r stands under besides where the
// section was cut before it.
func (s *splitter) pathOf(sec section, r span) []string {
	path := slices.Clone(sec.path)
	if s.skipSpace(sec.span) < r.start && sec.items != nil {
		path = append(path, sec.items(r)...)
	}
	return append(path, s.columnsOf(r)...)
}

// name is what the document is called in its citations.
func (s *splitter) name() string {
	if t := s.doc.Meta.Title; t != "" {
		return t
	}
	return s.doc.Meta.ID
}

func (s *splitter) title() string { return "「" + s.name() + "」" }
