package extract

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"biseo/ingest"
	"biseo/korea/text"
)

// A builder collects the parts of a document in reading order. Offsets, paths
// and guessed headings are worked out in [builder.finish].
type builder struct {
	doc   ingest.Document
	page  int // of the parts added next
	parts []part
	size  int // code points added
}

type part struct {
	kind  ingest.Kind
	text  string
	level int
	page  int
	cells [][]ingest.Cell
	guess bool // may turn out to be a heading
	mark  mark // of a guessed heading
}

func (b *builder) add(p part) {
	if p.kind == ingest.Heading {
		p.text = oneLine(p.text)
	} else if p.kind != ingest.Table {
		p.text = clean(p.text)
	}
	if p.text == "" || b.size > maxText || len(b.parts) > maxBlocks {
		return
	}
	p.page = b.page
	b.size += utf8.RuneCountInString(p.text)
	b.parts = append(b.parts, p)
}

func (b *builder) heading(level int, s string) {
	b.add(part{kind: ingest.Heading, level: level, text: s})
}

func (b *builder) paragraph(s string) { b.add(part{kind: ingest.Paragraph, text: s}) }

// line adds a paragraph that becomes a heading if it is marked as one; see guessHeading.
func (b *builder) line(s string) { b.add(part{kind: ingest.Paragraph, text: s, guess: true}) }

func (b *builder) note(s string) { b.add(part{kind: ingest.Footnote, text: s}) }

func (b *builder) caption(s string) { b.add(part{kind: ingest.Caption, text: s}) }

// table adds rows of cells. In the text a row is one line with its cells
// separated by " | ".
func (b *builder) table(rows [][]ingest.Cell) {
	var lines []string
	for _, row := range rows {
		var texts []string
		for i := range row {
			row[i].Text = clean(row[i].Text)
			texts = append(texts, oneLine(row[i].Text))
		}
		if strings.Join(texts, "") != "" {
			lines = append(lines, strings.TrimRight(strings.Join(texts, " | "), " "))
		}
	}
	b.add(part{kind: ingest.Table, text: strings.Join(lines, "\n"), cells: rows})
}

// plain is the text of all parts, one below the other: for what becomes part of
// another block.
func (b *builder) plain() string {
	var lines []string
	for _, p := range b.parts {
		lines = append(lines, p.text)
	}
	return strings.Join(lines, "\n")
}

// title is the document's title: what its properties name, if the body says
// the same; the field 제목 of an official letter; else what otherwise says.
func (b *builder) title(properties, otherwise string) string {
	bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
	if t := bare(properties); t != "" && strings.Contains(bare(b.plain()), t) {
		return properties
	}
	for _, p := range b.parts[:min(len(b.parts), 40)] {
		if s, ok := strings.CutPrefix(bare(p.text), "제목"); ok && p.kind == ingest.Paragraph {
			if s = strings.TrimLeft(s, ":： "); s != "" {
				line, _, _ := strings.Cut(p.text, "\n")
				_, title, _ := strings.Cut(line, "목")
				return oneLine(strings.TrimLeft(title, ":： \t"))
			}
		}
		for _, row := range p.cells {
			for i, c := range row {
				if bare(c.Text) == "제목" && i+1 < len(row) {
					return oneLine(row[i+1].Text)
				}
			}
		}
	}
	return otherwise
}

func (b *builder) warn(format string, args ...any) {
	if s := fmt.Sprintf(format, args...); len(b.doc.Warnings) < maxWarnings && !slices.Contains(b.doc.Warnings, s) {
		b.doc.Warnings = append(b.doc.Warnings, s)
	}
}

// finish joins the parts into the document.
func (b *builder) finish() (*ingest.Document, error) {
	if b.size > maxText || len(b.parts) > maxBlocks {
		return nil, errTooLong
	}
	b.parts = guessHeadings(b.parts)
	d := &b.doc
	d.Meta.Title = clip(oneLine(d.Meta.Title), 200)
	var text strings.Builder
	var stack []part // open headings
	var at int
	for _, p := range b.parts {
		if p.kind == ingest.Heading {
			for len(stack) > 0 && stack[len(stack)-1].level >= p.level {
				stack = stack[:len(stack)-1]
			}
		}
		block := ingest.Block{Kind: p.kind, Start: at, Level: p.level, Page: p.page, Cells: p.cells}
		for i, h := range stack {
			if i > 0 || !sameTitle(h.text, d.Meta.Title) {
				block.Path = append(block.Path, h.text)
			}
		}
		if p.kind == ingest.Heading {
			stack = append(stack, p)
		}
		text.WriteString(p.text)
		text.WriteByte('\n')
		at += utf8.RuneCountInString(p.text) + 1
		block.End = at
		d.Blocks = append(d.Blocks, block)
	}
	d.Text = text.String()
	if len(d.Blocks) == 0 {
		b.warn("글자가 없는 문서입니다.")
	}
	b.warnDuplicateArticles()
	return d, nil
}

// warnDuplicateArticles finds laws whose branch numbers were lost on the way:
// some collections print 제7조의2 as 제7조.
func (b *builder) warnDuplicateArticles() {
	seen := map[string]int{}
	var order []string
	for _, p := range b.parts {
		if p.kind != ingest.Heading {
			continue
		}
		if reSupplement.MatchString(p.text) {
			break
		}
		if m := reArticleNumber.FindString(p.text); m != "" {
			m = strings.ReplaceAll(m, " ", "")
			if seen[m]++; seen[m] == 2 {
				order = append(order, m)
			}
		}
	}
	for _, m := range order {
		b.warn("%s가 %d번 나옵니다. 가지번호(%s의2 등)가 빠졌거나 시행일이 다른 조문이 함께 있을 수 있으니 원문을 확인하세요.", m, seen[m], m)
	}
}

func sameTitle(a, b string) bool {
	return a != "" && strings.ReplaceAll(a, " ", "") == strings.ReplaceAll(b, " ", "")
}

// clean makes s fit for Document.Text: NFC, no control or private-use
// characters, no blank lines, no spaces at line ends.
func clean(s string) string {
	s = text.NFC(strings.Map(cleanRune, strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), "�")))
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimRightFunc(line, unicode.IsSpace); line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// Clean is s as it would stand in a document's text: NFC, private-use characters
// of Hancom fonts replaced, no control characters, no blank lines.
func Clean(s string) string { return clean(s) }

// oneLine is clean with every run of white space made one space.
func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

func cleanRune(r rune) rune {
	switch {
	case r == '\n', r == '\t':
		return r
	case r == '\r', r == '\v', r == '\f', r == '\u0085', r == '\u2028', r == '\u2029':
		return '\n'
	case r == '\u00a0', r == '\u2007', r == '\u202f', r == '\u3000':
		return ' '
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\ufffe', r == '\uffff':
		return -1 // soft hyphens, zero-width spaces, direction marks, tags, byte order marks
	case unicode.Is(unicode.Co, r):
		return privateUse(r)
	}
	return r
}

// privateUse maps the private-use characters of Hancom fonts and of the
// Wingdings bullets to what a reader sees; the rest become □.
func privateUse(r rune) rune {
	if r >= 0xf02b1 && r <= 0xf02c4 { // boxed 1 to 20
		return '①' + r - 0xf02b1
	}
	if m, ok := hancomSymbols[r]; ok {
		return m
	}
	return '□'
}

var hancomSymbols = map[rune]rune{
	0xf046: '☞', 0xf06c: '●', 0xf06e: '■', 0xf06f: '□', 0xf071: '❑', 0xf075: '◆', 0xf076: '❖', 0xf077: '◆',
	0xf09f: '•', 0xf0a1: '○', 0xf0a4: '◉', 0xf0ab: '★', 0xf0a7: '▪', 0xf0a8: '□', 0xf0b7: '•', 0xf0d8: '➢', 0xf0e0: '→', 0xf0e8: '➔', 0xf0f0: '⇨',
	0xf0fc: '✓', 0xf0fe: '☑', 0xf53a: '한',
	0xf02ef: '·', 0xf02fc: '►', 0xf031c: '■', 0xf03a0: '↵', 0xf03c5: '□', 0xf080f: '━', 0xf0854: '《', 0xf0855: '》',
}
