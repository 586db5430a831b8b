// Package paper writes a laid-out document as the files that offices exchange:
// HWPX, DOCX, Markdown and plain text, or into an office's own form. Equal
// documents give equal bytes (for one version of Go's deflate). It knows nothing
// of what the text says.
package paper

import (
	"strings"
	"time"
	"unicode/utf8"
)

// A Document is what is to be printed, in reading order.
type Document struct {
	Title    string
	Subject  string // document property; most documents leave it empty
	Gist     string // 문서요지, in the document's properties
	Keywords []string
	Creator  string    // the agency
	Date     time.Time // created and modified, in the document's properties
	Blocks   []Block
}

// A Block is a heading, a paragraph or a table.
type Block struct {
	Level  int // of a heading: 1 the title, 2 to 4 below it; 0 for a paragraph or table
	Indent int // of a paragraph, from 0 to 4, two half-width columns each
	Text   []Span
	Rows   [][]Cell // of a table, the first row is its header; nil otherwise
}

// A Span is a piece of a line: text, plain or bold, or a footnote.
type Span struct {
	Text string
	Bold bool
	Note string // the footnote; Text is empty then
}

// A Cell stands where a span of the table's grid begins; covered cells are left
// out. Rows and Cols, how far it reaches, are at least 1.
type Cell struct {
	Row, Col, Rows, Cols int
	Text                 string
}

// Table makes rows of single cells; short rows are filled with empty ones. It is nil
// where there is no cell: no format has such a table.
func Table(rows [][]string) [][]Cell {
	n := 0
	for _, row := range rows {
		n = max(n, len(row))
	}
	if n == 0 {
		return nil
	}
	out := make([][]Cell, len(rows))
	for r, row := range rows {
		for c := range n {
			x := Cell{Row: r, Col: c, Rows: 1, Cols: 1}
			if c < len(row) {
				x.Text = row[c]
			}
			out[r] = append(out[r], x)
		}
	}
	return out
}

// size returns the number of rows and columns of a table's grid.
func size(rows [][]Cell) (nrows, ncols int) {
	for _, c := range rows[0] {
		ncols += c.Cols
	}
	return len(rows), ncols
}

// widths shares total among the columns of a table by the width of their text,
// in half-width columns between 6 and 40.
func widths(rows [][]Cell, total int) []int {
	_, n := size(rows)
	want := make([]int, n)
	sum := 0
	for c := range want {
		want[c] = 6
		for _, row := range rows {
			for _, x := range row {
				if x.Col == c && x.Cols == 1 {
					want[c] = max(want[c], min(40, textWidth(x.Text)+2))
				}
			}
		}
		sum += want[c]
	}
	rest := total
	for c := range want {
		want[c] = total * want[c] / sum
		rest -= want[c]
	}
	want[n-1] += rest
	return want
}

// textWidth counts half-width columns: one for ASCII, two for all else.
func textWidth(s string) int {
	ascii := 0
	for _, r := range s {
		if r < 128 {
			ascii++
		}
	}
	return 2*utf8.RuneCountInString(s) - ascii
}

// preview is the document's text, a line for a paragraph, cells in angle brackets:
// what an HWPX holds for file managers to show.
func (d *Document) preview() string {
	var b strings.Builder
	for _, x := range d.Blocks {
		for _, row := range x.Rows {
			for _, c := range row {
				b.WriteString("<" + c.Text + ">")
			}
			b.WriteString("\r\n")
		}
		if x.Rows == nil {
			for _, s := range x.Text {
				b.WriteString(s.Text)
			}
			b.WriteString("\r\n")
		}
	}
	preview := []rune(b.String())
	return string(preview[:min(len(preview), 1000)])
}
