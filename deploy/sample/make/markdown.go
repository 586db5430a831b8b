package main

import (
	"biseo/assistant/export/paper"
	"fmt"
	"regexp"
	"strings"
	"time"

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
	blocks []paper.Block
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
			d.blocks = append(d.blocks, paper.Block{Rows: rows})
			i = n - 1
			continue
		}
		var b paper.Block
		if m := headingLine.FindStringSubmatch(line); m != nil {
			b.Level, line = min(len(m[1]), 4), m[2]
		} else {
			text := strings.TrimLeft(line, " ")
			b.Indent, line = min((len(line)-len(text))/2, 4), text
		}
		if b.Text, err = parseSpans(line, notes); err != nil {
			return nil, err
		}
		d.blocks = append(d.blocks, b)
	}
	if len(d.blocks) == 0 {
		return nil, fmt.Errorf("no text")
	}
	return d, nil
}

func parseSpans(line string, notes map[string]string) ([]paper.Span, error) {
	var out []paper.Span
	for {
		m := inline.FindStringSubmatchIndex(line)
		if m == nil {
			if line != "" || out == nil {
				out = append(out, paper.Span{Text: line})
			}
			return out, nil
		}
		if m[0] > 0 {
			out = append(out, paper.Span{Text: line[:m[0]]})
		}
		if m[2] >= 0 {
			out = append(out, paper.Span{Text: line[m[2]:m[3]], Bold: true})
		} else {
			note, ok := notes[line[m[4]:m[5]]]
			if !ok {
				return nil, fmt.Errorf("footnote %s has no text", line[m[0]:m[1]])
			}
			out = append(out, paper.Span{Note: note})
		}
		line = line[m[1]:]
	}
}

func parseTable(lines []string) ([][]paper.Cell, error) {
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
	rows := make([][]paper.Cell, len(grid))
	for r, row := range grid {
		for c, text := range row {
			if text == "<" || text == "^" {
				continue
			}
			x := paper.Cell{Row: r, Col: c, Rows: 1, Cols: 1, Text: text}
			for c+x.Cols < len(row) && row[c+x.Cols] == "<" {
				x.Cols++
			}
			for r+x.Rows < len(grid) && grid[r+x.Rows][c] == "^" {
				x.Rows++
			}
			rows[r] = append(rows[r], x)
		}
		if len(rows[r]) == 0 {
			return nil, fmt.Errorf("table row %q is wholly covered by spans", lines[r])
		}
	}
	return rows, nil
}

// paper is d laid out for printing.
func (d *document) paper() *paper.Document {
	out := &paper.Document{Title: d.Title, Gist: d.Gist, Keywords: d.Keywords, Creator: "가온시", Date: d.when, Blocks: d.blocks}
	if d.Format == "pdf" {
		out.Subject = d.Gist // a PDF made from DOCX keeps no description
	}
	return out
}
