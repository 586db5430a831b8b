package extract

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"biseo/ingest"
	"biseo/ingest/extract/blocks"
	"biseo/ingest/extract/pdf"
)

// tidy makes the text of all lines what the document will have, so that marks are
// seen that fonts keep among the private-use characters.
func tidy(page []pdf.Block) {
	for i := range page {
		b := &page[i]
		b.Line.Text = blocks.Clean(b.Line.Text)
		if b.Table == nil {
			continue
		}
		for _, c := range b.Table.Cells {
			for j := range c.Lines {
				c.Lines[j].Text = blocks.Clean(c.Lines[j].Text)
			}
		}
	}
}

// addBlocks adds the lines and tables of a page to the document.
func addBlocks(b *blocks.Builder, page []pdf.Block, running map[*pdf.Line]bool, words map[string]bool) {
	var lines []*pdf.Line
	add := b.Line
	if contents(page) {
		add = b.Paragraph
	}
	flush := func() {
		for _, s := range paragraphs(lines, words) {
			add(s)
		}
		lines = nil
	}
	for i := range page {
		if t := page[i].Table; t != nil {
			flush()
			b.Table(cells(t, words))
		} else if !running[&page[i].Line] {
			lines = append(lines, &page[i].Line)
		}
	}
	flush()
}

// contents tells whether a page is a table of contents, whose lines are no headings
// though they look like them: three lines or more end in a page number, after
// dot leaders or under the title 목차 or 차례.
func contents(page []pdf.Block) bool {
	var titled bool
	var dotted, numbered int
	for _, b := range page {
		s := strings.Join(strings.Fields(b.Line.Text), "")
		switch {
		case b.Table != nil:
		case reContents.MatchString(s):
			titled = true
		case reDots.MatchString(s):
			dotted++
		case reLastNumber.MatchString(s):
			numbered++
		}
	}
	return dotted >= 3 || titled && dotted+numbered >= 3
}

var (
	reContents   = regexp.MustCompile(`^(?:목차|차례|순서|(?i:contents))$`)
	reLastNumber = regexp.MustCompile(`\D\d{1,3}$`)
)

// cells are the rows of a table. The lines of a cell are joined as those of a page are.
func cells(t *pdf.Table, words map[string]bool) (rows [][]ingest.Cell) {
	for _, c := range t.Cells {
		var lines []*pdf.Line
		for i := range c.Lines {
			lines = append(lines, &c.Lines[i])
		}
		for len(rows) <= c.Row {
			rows = append(rows, nil)
		}
		rows[c.Row] = append(rows[c.Row], ingest.Cell{
			Text: strings.Join(paragraphs(lines, words), "\n"),
			Row:  c.Row, Col: c.Col, RowSpan: c.RowSpan, ColSpan: c.ColSpan,
		})
	}
	return rows
}

// largest is the text set largest on a page, which on a first page is the
// title, unless it is long.
func largest(lines []*pdf.Line) string {
	var size float64
	for _, l := range lines {
		size = max(size, l.Size)
	}
	var out []string
	for _, l := range lines {
		if l.Size > 0.9*size {
			out = append(out, l.Text)
		}
	}
	if s := blocks.OneLine(strings.Join(out, " ")); utf8.RuneCountInString(s) <= 80 {
		return s
	}
	return ""
}

var reDigits = regexp.MustCompile(`\d+`)

// shape is what running heads and page numbers have in common on all pages:
// their text but for its numbers.
func shape(l *pdf.Line) string {
	return reDigits.ReplaceAllString(strings.Join(strings.Fields(l.Text), ""), "#")
}

// rePageNumber is the shape of a line that is nothing but a page number.
var rePageNumber = regexp.MustCompile(`^[-–—‐~·<(\[]?(?:#|#/#|#쪽|[Pp](?:age|\.)?#)[-–—‐~·>)\]]?$`)

// edges are the two highest and the two lowest lines of a page, headings aside:
// in plans every page may begin with the same one.
func edges(lines []*pdf.Line) (out []*pdf.Line) {
	for _, l := range lines {
		if blocks.LooksLikeHeading(l.Text) {
			continue
		}
		var above, below int
		for _, o := range lines {
			if o.Angle == l.Angle && o.Y > l.Y+l.Size/2 {
				above++
			}
			if o.Angle == l.Angle && o.Y < l.Y-l.Size/2 {
				below++
			}
		}
		if above < 2 || below < 2 {
			out = append(out, l)
		}
	}
	return out
}

// runningLines finds the lines that the file marks as running heads, and those
// at the edges that stand, numbers aside, at one height on at least three pages: a page
// number alone, or what two in five pages with text have, as those of left-hand pages.
func runningLines(pages [][]*pdf.Line) map[*pdf.Line]bool {
	type place struct {
		page int
		y    float64
	}
	places := map[string][]place{}
	outer := make([][]*pdf.Line, len(pages))
	var filled int
	for i, lines := range pages {
		if len(lines) > 0 {
			filled++
		}
		outer[i] = edges(lines)
		for _, l := range outer[i] {
			places[shape(l)] = append(places[shape(l)], place{i, l.Y})
		}
	}
	running := map[*pdf.Line]bool{}
	for i, lines := range pages {
		for _, l := range lines {
			if l.Running {
				running[l] = true
			}
		}
		for _, l := range outer[i] {
			s := shape(l)
			n, last := 0, -1
			for _, p := range places[s] {
				if p.page != last && math.Abs(p.y-l.Y) < 4 {
					n, last = n+1, p.page
				}
			}
			if n >= 3 && (5*n > 2*filled || rePageNumber.MatchString(s)) {
				running[l] = true
			}
		}
	}
	return running
}

// reItem begins a paragraph of its own: item marks of official documents.
var reItem = regexp.MustCompile(`^\s*(?:[□■○●◦•▪▸▶◆◇❍❏◈☞⇒→➢➔✓*※ㅇ❖▷►◎⊙△▲]|[-–—·∙]\s|[①-⑳⑴-⒇㉮-㉻❶-❿➊-➓]|[Ⅰ-Ⅻ][.．\s]|\d{1,2}[.)．]\s?\D|\(\d{1,2}\)|[가-하][.)]\s|\([가-하]\)|제\s?\d+\s?[편장절관조]|붙\s?임|[<〈《【\[]|부\s?칙)`)

// paragraphs joins the lines of a page or of a cell that its width has broken.
func paragraphs(lines []*pdf.Line, words map[string]bool) []string {
	var edge float64 // right end of the widest lines
	for _, l := range lines {
		edge = max(edge, l.Right)
	}
	var out []string
	var last *pdf.Line
	for _, l := range lines {
		if last != nil && continues(last, l, edge) {
			out[len(out)-1] = join(out[len(out)-1], l.Text, words)
		} else {
			out = append(out, l.Text)
		}
		last = l
	}
	return out
}

// continues tells whether l goes on with the paragraph of the line before: it
// stands right below, in the same size, begins with no item mark, and the line
// before was full: it reached the edge of the page, or of its column or cell
// as far as one can tell, and ended no sentence.
func continues(last, l *pdf.Line, edge float64) bool {
	gap := last.Y - l.Y
	before := strings.TrimSpace(last.Text)
	if l.Angle != last.Angle || gap < 0.5*l.Size || gap > 2.2*max(l.Size, last.Size) ||
		l.Size > 1.15*last.Size || last.Size > 1.15*l.Size || reItem.MatchString(l.Text) || reDots.MatchString(before) {
		return false
	}
	if l.Left > last.Left+4*l.Size || l.Left > last.Right || l.Right < last.Left {
		return false
	}
	if strings.HasSuffix(before, "다.") && last.Right < edge-3*last.Size {
		return false
	}
	if last.WidestGap() > 3 || l.WidestGap() > 3 {
		return false
	}
	full := last.Right > edge-2*last.Size || l.Right < last.Right+last.Size
	return full && last.Right-last.Left > 12*last.Size
}

// reDots is a line of a table of contents: dot leaders before a page number.
var reDots = regexp.MustCompile(`(?:[·.…‥․∙・⋯] ?){4,}\s*\d*$`)

// vocabulary is the words that stand inside lines, where none is broken.
func vocabulary(pages [][]*pdf.Line) map[string]bool {
	words := map[string]bool{}
	for _, lines := range pages {
		for _, l := range lines {
			if f := strings.Fields(l.Text); len(f) > 2 {
				for _, w := range f[1 : len(f)-1] {
					words[w] = true
				}
			}
		}
	}
	return words
}

// join puts the next line behind a broken one. Korean is broken between words
// or between syllables; it was the latter if both halves make a word that the
// document has elsewhere.
func join(a, b string, words map[string]bool) string {
	a, b = strings.TrimRight(a, " "), strings.TrimLeft(b, " ")
	left, right := a[strings.LastIndexByte(a, ' ')+1:], b
	if i := strings.IndexByte(b, ' '); i >= 0 {
		right = b[:i]
	}
	if words[left+right] {
		return a + b
	}
	return a + " " + b
}

// numbers prints page numbers with ranges: 1, 3-5.
func numbers(n []int) string {
	var out []string
	for i := 0; i < len(n); {
		j := i
		for j+1 < len(n) && n[j+1] == n[j]+1 {
			j++
		}
		if i == j {
			out = append(out, fmt.Sprint(n[i]))
		} else {
			out = append(out, fmt.Sprintf("%d-%d", n[i], n[j]))
		}
		i = j + 1
	}
	return strings.Join(out, ", ")
}
