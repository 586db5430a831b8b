package ingest

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// A table is what Split knows of a table block: the rows that the text shows, of
// which the first head the columns. What it says stands in the text, so that
// masking holds; Block.Cells only tell the spans.
type table struct {
	rows   []line     // not blank, in order
	number []int      // of each row in the grid, from 1
	header int        // how many rows head the columns
	over   [][]string // of each row: the cells above that span into it, of rows behind the header
}

// tableAt is the table of block b.
func (s *splitter) tableAt(b int) table {
	t, ok := s.tables[b]
	if ok {
		return t
	}
	block := s.doc.Blocks[b]
	for _, l := range s.linesIn(span{block.Start, block.End}) {
		if l.block == b && l.text != "" {
			t.rows = append(t.rows, l)
			t.number = append(t.number, len(t.rows))
		}
	}
	var grid [][]Cell // as rows
	for _, row := range block.Cells {
		if slices.ContainsFunc(row, func(c Cell) bool { return strings.TrimSpace(c.Text) != "" }) {
			grid = append(grid, row)
		}
	}
	if len(grid) != len(t.rows) {
		grid = nil
	}
	t.header = headerRows(t.rows, grid)
	t.over = make([][]string, len(t.rows))
	for i, row := range grid {
		t.number[i] = row[0].Row + 1
		texts := strings.Split(t.rows[i].text, "|")
		if i < t.header || len(texts) != len(row) {
			continue
		}
		for k, c := range row {
			v := strings.TrimSpace(texts[k])
			if c.RowSpan < 2 || v == "" || len([]rune(v)) > 60 {
				continue
			}
			for j := i + 1; j < len(grid) && grid[j][0].Row < c.Row+c.RowSpan; j++ {
				t.over[j] = append(t.over[j], v)
			}
		}
	}
	s.tables[b] = t
	return t
}

// headerRows is how many rows head the columns: the first, with those that its
// cells span into where it groups columns, and a row before it that is one cell,
// such as (단위: 원). None in a table of one column or one row, and where the first row holds amounts or sentences.
func headerRows(rows []line, grid [][]Cell) int {
	first := 0
	for first < len(rows) && first < 2 && len(cells(rows[first].text)) < 2 {
		first++
	}
	if first == 2 || len(rows) < first+2 || !namesColumns(rows[first].text) {
		return 0
	}
	n := first + 1
	if grid != nil {
		grouped, deep := false, 1
		for _, c := range grid[first] {
			grouped = grouped || c.ColSpan > 1
			deep = max(deep, c.RowSpan)
		}
		if grouped && deep <= 3 && first+deep < len(rows) {
			n = first + deep
		}
	}
	return n
}

// namesColumns reports whether the cells of a row are short words and no amounts.
func namesColumns(row string) bool {
	words, amounts := 0, 0
	for _, c := range cells(row) {
		n := len([]rune(c))
		digits := strings.IndexFunc(c, unicode.IsDigit) == 0 && strings.IndexFunc(c, isHangul) < 0
		switch {
		case n > 40 || strings.HasSuffix(c, "다."):
			return false
		case digits && n != 4: // 2026 names a column
			amounts++
		default:
			words++
		}
	}
	return words > amounts
}

func isHangul(r rune) bool { return r >= '가' && r <= '힣' }

// headed reports whether no cut may stand before row l of a table: a header row
// behind the first, or the first row below them.
func (s *splitter) headed(l line) bool {
	if l.block < 0 {
		return false
	}
	t := s.tableAt(l.block)
	i := t.row(l.start)
	return i > 0 && i <= t.header
}

// columnsOf is what stands above the first row of r where a table was cut there:
// its header rows, and the cells that span into that row.
func (s *splitter) columnsOf(r span) []string {
	t, i := s.rowAt(r)
	if i < max(t.header, 1) {
		return nil
	}
	var path, header []string
	for _, l := range t.rows[:t.header] {
		header = append(header, l.text)
	}
	if len(header) > 0 {
		path = append(path, clip(strings.Join(header, " / "), 200))
	}
	return append(path, t.over[i]...)
}

// rowsOf cites the rows of a table that was cut, where r begins with one:
// 표 3행∼5행, counted from the first row of the table.
func (s *splitter) rowsOf(r span) string {
	t, first := s.rowAt(r)
	if first < 0 || t.rows[0].start >= r.start && t.rows[len(t.rows)-1].start < r.end {
		return ""
	}
	last := first
	for last+1 < len(t.rows) && t.rows[last+1].start < r.end {
		last++
	}
	if first == last {
		return fmt.Sprintf(" 표 %d행", t.number[first])
	}
	return fmt.Sprintf(" 표 %d행∼%d행", t.number[first], t.number[last])
}

// rowAt is the table that r begins in and the row; -1 if it begins in none.
func (s *splitter) rowAt(r span) (table, int) {
	l := s.lineAt(s.skipSpace(r))
	if l.kind != Table || l.block < 0 {
		return table{}, -1
	}
	t := s.tableAt(l.block)
	return t, t.row(l.start)
}

// row is the row that starts at that code point; -1 if none does.
func (t table) row(start int) int {
	i, ok := slices.BinarySearchFunc(t.rows, start, func(r line, at int) int { return r.start - at })
	if !ok {
		return -1
	}
	return i
}
