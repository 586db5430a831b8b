// Package blocks builds the [ingest.Document] that a reader of a format gives: it
// takes headings, paragraphs and tables in reading order ([Builder]), cleans their
// text, finds the headings that are marked only by what they look like, and bounds
// the whole. It knows no format.
package blocks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/ingest"
)

// Limits of one document.
const (
	MaxText     = 10 << 20 // code points; a 1,000-page report has about 1 million
	maxBlocks   = 500_000  // headings, paragraphs and tables
	MaxCells    = 500_000  // of one table, or of all tables of a workbook
	MaxSpan     = 1000     // rows or columns that a cell spans
	maxWarnings = 50
)

// What a document is refused for, whatever its format.
var (
	ErrTooLong = &ingest.FileError{Reason: "문서의 글자 수가 너무 많아 읽지 않았습니다.", Next: "나누어 저장한 뒤 다시 올려 주세요."}
	ErrTooDeep = &ingest.FileError{Reason: "파일의 구조가 너무 깊어 읽을 수 없습니다.", Next: "원래 프로그램에서 열리는지 확인한 뒤 다시 저장하거나 다시 받아 주세요."}
)

// A Builder collects the parts of a document in reading order. Offsets, paths
// and guessed headings are worked out in [Builder.Finish]. What is empty once cleaned
// is not added, nor what goes beyond the limits. The zero value is empty.
type Builder struct {
	Doc   ingest.Document // Finish fills in Text and Blocks
	Page  int             // of the blocks added next
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

func (b *Builder) add(p part) {
	if p.kind == ingest.Heading {
		p.text = OneLine(p.text)
	} else if p.kind != ingest.Table {
		p.text = Clean(p.text)
	}
	if p.text == "" || b.size > MaxText || len(b.parts) > maxBlocks {
		return
	}
	p.page = b.Page
	b.size += utf8.RuneCountInString(p.text)
	b.parts = append(b.parts, p)
}

// Heading adds a heading; level 1 is the highest.
func (b *Builder) Heading(level int, s string) {
	b.add(part{kind: ingest.Heading, level: level, text: s})
}

// Paragraph adds text that is no heading, whatever it looks like.
func (b *Builder) Paragraph(s string) { b.add(part{kind: ingest.Paragraph, text: s}) }

// Line adds a paragraph that becomes a heading if it is marked as one; see guessHeading.
func (b *Builder) Line(s string) { b.add(part{kind: ingest.Paragraph, text: s, guess: true}) }

// Note adds a footnote, an endnote or a speaker's note.
func (b *Builder) Note(s string) { b.add(part{kind: ingest.Footnote, text: s}) }

// Caption adds what stands over or under a table or picture.
func (b *Builder) Caption(s string) { b.add(part{kind: ingest.Caption, text: s}) }

// Table adds rows of cells. In the text a row is one line with its cells
// separated by " | ".
func (b *Builder) Table(rows [][]ingest.Cell) {
	var lines []string
	for _, row := range rows {
		var texts []string
		for i := range row {
			row[i].Text = Clean(row[i].Text)
			texts = append(texts, OneLine(row[i].Text))
		}
		if strings.Join(texts, "") != "" {
			lines = append(lines, strings.TrimRight(strings.Join(texts, " | "), " "))
		}
	}
	b.add(part{kind: ingest.Table, text: strings.Join(lines, "\n"), cells: rows})
}

// Plain is the text of all parts, one below the other: for what becomes part of
// another block.
func (b *Builder) Plain() string {
	var lines []string
	for _, p := range b.parts {
		lines = append(lines, p.text)
	}
	return strings.Join(lines, "\n")
}

// Title is the document's title: what its properties name, if the body says
// the same; the field 제목 of an official letter; else what otherwise says.
func (b *Builder) Title(properties, otherwise string) string {
	bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
	if t := bare(properties); t != "" && strings.Contains(bare(b.Plain()), t) {
		return properties
	}
	for _, p := range b.parts[:min(len(b.parts), 40)] {
		if s, ok := strings.CutPrefix(bare(p.text), "제목"); ok && p.kind == ingest.Paragraph {
			if s = strings.TrimLeft(s, ":： "); s != "" {
				line, _, _ := strings.Cut(p.text, "\n")
				_, title, _ := strings.Cut(line, "목")
				return OneLine(strings.TrimLeft(title, ":： \t"))
			}
		}
		for _, row := range p.cells {
			for i, c := range row {
				if bare(c.Text) == "제목" && i+1 < len(row) {
					return OneLine(row[i+1].Text)
				}
			}
		}
	}
	return otherwise
}

// FirstLine is the title of a document that does not name one: its first line,
// if that is short and no sentence.
func (b *Builder) FirstLine() string {
	for _, p := range b.parts {
		if p.kind == ingest.Table {
			continue
		}
		if s := OneLine(p.text); utf8.RuneCountInString(s) <= 80 && !strings.HasSuffix(s, "다.") {
			return s
		}
		break
	}
	return ""
}

// FirstHeading is the text of the first block, if that was added as a heading.
func (b *Builder) FirstHeading() string {
	if len(b.parts) > 0 && b.parts[0].kind == ingest.Heading {
		return b.parts[0].text
	}
	return ""
}

// Len is how many blocks were added.
func (b *Builder) Len() int { return len(b.parts) }

// Relabel puts label in the place of what the block at begins with, if that is a
// paragraph.
func (b *Builder) Relabel(at int, prefix, label string) {
	if at < len(b.parts) && b.parts[at].kind == ingest.Paragraph {
		b.parts[at].text = label + strings.TrimPrefix(b.parts[at].text, prefix)
	}
}

// Properties fills in what the properties of an office document say. The title is
// what the body says too, else otherwise, else its first line, else the property.
func (b *Builder) Properties(title, gist, otherwise string, words ...string) {
	meta := &b.Doc.Meta
	meta.Gist = OneLine(gist)
	meta.Keywords = Keywords(words)
	title = OneLine(title)
	meta.Title = cmp.Or(b.Title(title, cmp.Or(otherwise, b.FirstLine())), title)
}

// Warn adds what was lost or guessed, once.
func (b *Builder) Warn(format string, args ...any) {
	if s := fmt.Sprintf(format, args...); len(b.Doc.Warnings) < maxWarnings && !slices.Contains(b.Doc.Warnings, s) {
		b.Doc.Warnings = append(b.Doc.Warnings, s)
	}
}

// Finish joins what was added into the document. A document beyond the limits is
// [ErrTooLong].
func (b *Builder) Finish() (*ingest.Document, error) {
	if b.size > MaxText || len(b.parts) > maxBlocks {
		return nil, ErrTooLong
	}
	b.parts = guessHeadings(b.parts)
	d := &b.Doc
	d.Meta.Title = Clip(OneLine(d.Meta.Title), 200)
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
	if d.Meta.From.IsZero() {
		d.Meta.From = statedDate(d.Text)
	}
	if len(d.Blocks) == 0 {
		b.Warn("글자가 없는 문서입니다.")
	}
	b.warnDuplicateArticles()
	return d, nil
}

// warnDuplicateArticles finds laws whose branch numbers were lost on the way:
// some collections print 제7조의2 as 제7조.
func (b *Builder) warnDuplicateArticles() {
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
		b.Warn("%s가 %d번 나옵니다. 가지번호(%s의2 등)가 빠졌거나 시행일이 다른 조문이 함께 있을 수 있으니 원문을 확인하세요.", m, seen[m], m)
	}
}

func sameTitle(a, b string) bool {
	return a != "" && strings.ReplaceAll(a, " ", "") == strings.ReplaceAll(b, " ", "")
}
