package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// A document is one parsed source. The Markdown understood is small, and close
// to how Korean offices type: a line is a paragraph, list marks (1., 가., □, ○, -)
// stay as text, two leading spaces are one level of indent. Beyond that: front
// matter, # headings, **bold**, footnotes ([^1] and [^1]: text), and pipe tables,
// where a cell "<" joins the cell to its left and "^" the cell above.
type document struct {
	Format   string   `yaml:"format"` // hwpx, docx or pdf
	Title    string   `yaml:"title"`
	Gist     string   `yaml:"gist"`     // 문서요지
	Keywords []string `yaml:"keywords"` // 키워드
	Date     string   `yaml:"date"`     // 2006-01-02: the created and modified date in the file's properties

	when   time.Time
	blocks []block
}

// A block is a heading (level > 0), a table (rows != nil) or a paragraph.
type block struct {
	level  int
	indent int // of a paragraph, from 0
	text   []span
	rows   [][]cell
}

// A span is a piece of a line: text, plain or bold, or a footnote (note != "").
type span struct {
	text string
	bold bool
	note string
	num  int // of a footnote, from 1
}

// A cell stands where a span of the table begins; covered cells are left out.
type cell struct {
	row, col, rows, cols int
	text                 string
}

var (
	headingLine  = regexp.MustCompile(`^(#{1,6}) +(.+)$`)
	footnoteLine = regexp.MustCompile(`^\[\^(\w+)\]: *(.+)$`)
	inline       = regexp.MustCompile(`\*\*(.+?)\*\*|\[\^(\w+)\]`)
	tableRule    = regexp.MustCompile(`^\|( *:?-+:? *\|)+$`)
)

func parse(src string) (*document, error) {
	head, body, ok := strings.Cut(strings.TrimPrefix(src, "---\n"), "\n---\n")
	if !ok || !strings.HasPrefix(src, "---\n") {
		return nil, fmt.Errorf("no front matter: start the file with --- and end it with ---")
	}
	d := new(document)
	if err := yaml.Unmarshal([]byte(head), d); err != nil {
		return nil, err
	}
	var err error
	if d.when, err = time.Parse(time.DateOnly, d.Date); err != nil {
		return nil, fmt.Errorf("date %q: want 2006-01-02", d.Date)
	}
	if d.Title == "" || d.Gist == "" || len(d.Keywords) == 0 {
		return nil, fmt.Errorf("front matter needs title, gist and keywords")
	}

	var lines []string
	notes := map[string]string{}
	for line := range strings.SplitSeq(body, "\n") {
		line = strings.TrimRight(line, " ")
		if m := footnoteLine.FindStringSubmatch(line); m != nil {
			notes[m[1]] = m[2]
		} else if line != "" {
			lines = append(lines, line)
		}
	}
	num := 0
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if strings.HasPrefix(line, "|") {
			n := i
			for n < len(lines) && strings.HasPrefix(lines[n], "|") {
				n++
			}
			rows, err := parseTable(lines[i:n])
			if err != nil {
				return nil, err
			}
			d.blocks = append(d.blocks, block{rows: rows})
			i = n - 1
			continue
		}
		var b block
		if m := headingLine.FindStringSubmatch(line); m != nil {
			b.level, line = min(len(m[1]), 4), m[2]
		} else {
			text := strings.TrimLeft(line, " ")
			b.indent, line = min((len(line)-len(text))/2, 4), text
		}
		if b.text, err = parseSpans(line, notes, &num); err != nil {
			return nil, err
		}
		d.blocks = append(d.blocks, b)
	}
	if len(d.blocks) == 0 {
		return nil, fmt.Errorf("no text")
	}
	return d, nil
}

func parseSpans(line string, notes map[string]string, num *int) ([]span, error) {
	var out []span
	for {
		m := inline.FindStringSubmatchIndex(line)
		if m == nil {
			if line != "" || out == nil {
				out = append(out, span{text: line})
			}
			return out, nil
		}
		if m[0] > 0 {
			out = append(out, span{text: line[:m[0]]})
		}
		if m[2] >= 0 {
			out = append(out, span{text: line[m[2]:m[3]], bold: true})
		} else {
			note, ok := notes[line[m[4]:m[5]]]
			if !ok {
				return nil, fmt.Errorf("footnote %s has no text", line[m[0]:m[1]])
			}
			*num++
			out = append(out, span{note: note, num: *num})
		}
		line = line[m[1]:]
	}
}

func parseTable(lines []string) ([][]cell, error) {
	var grid [][]string
	for _, l := range lines {
		if tableRule.MatchString(l) {
			continue
		}
		row := strings.Split(strings.TrimSuffix(l[1:], "|"), "|")
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		if len(grid) > 0 && len(row) != len(grid[0]) {
			return nil, fmt.Errorf("table row %q has %d cells, want %d", l, len(row), len(grid[0]))
		}
		grid = append(grid, row)
	}
	rows := make([][]cell, len(grid))
	for r, row := range grid {
		for c, text := range row {
			if text == "<" || text == "^" {
				continue
			}
			x := cell{row: r, col: c, rows: 1, cols: 1, text: text}
			for c+x.cols < len(row) && row[c+x.cols] == "<" {
				x.cols++
			}
			for r+x.rows < len(grid) && grid[r+x.rows][c] == "^" {
				x.rows++
			}
			rows[r] = append(rows[r], x)
		}
		if len(rows[r]) == 0 {
			return nil, fmt.Errorf("table row %q is wholly covered by spans", lines[r])
		}
	}
	return rows, nil
}

// size returns the number of rows and columns of a table's grid.
func size(rows [][]cell) (nrows, ncols int) {
	for _, c := range rows[0] {
		ncols += c.cols
	}
	return len(rows), ncols
}

// widths shares total among the columns of a table by the width of their text,
// in half-width columns between 6 and 40.
func widths(rows [][]cell, total int) []int {
	_, n := size(rows)
	want := make([]int, n)
	sum := 0
	for c := range want {
		want[c] = 6
		for _, row := range rows {
			for _, x := range row {
				if x.col == c && x.cols == 1 {
					want[c] = max(want[c], min(40, textWidth(x.text)+2))
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

// plain is the document's text, a line for a paragraph, cells in angle brackets:
// the preview that an HWPX holds.
func (d *document) plain() string {
	var b strings.Builder
	for _, x := range d.blocks {
		for _, row := range x.rows {
			for _, c := range row {
				b.WriteString("<" + c.text + ">")
			}
			b.WriteString("\r\n")
		}
		if x.rows == nil {
			for _, s := range x.text {
				b.WriteString(s.text)
			}
			b.WriteString("\r\n")
		}
	}
	return b.String()
}
