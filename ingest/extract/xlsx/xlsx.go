// Package xlsx reads Excel workbooks.
package xlsx

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"biseo/ingest"
	"biseo/ingest/extract/blocks"
	"biseo/ingest/extract/xmlzip"
)

// Limits of one workbook. Excel's own are 1,048,576 rows and 16,384 columns of a sheet.
const (
	maxWorkbook = 96 << 20 // bytes of its XML
	maxWalked   = 8 << 20  // places of a sheet, empty ones before a filled one too
	maxCovered  = 1 << 20  // places under merged cells
)

// Read reads a workbook (ECMA-376): each visible sheet is a heading and a
// table of its visible rows and columns that are not empty, values as the
// program shows them. What a formula gives is read as it was saved. Hidden
// sheets, rows and columns, memos and charts are left out.
func Read(ctx context.Context, a *xmlzip.Archive) (d *ingest.Document, err error) {
	defer func() {
		if cause := recover(); cause != nil { // excelize trusts references inside the file
			d, err = nil, fmt.Errorf("%v", cause)
		}
	}()
	w := workbook{b: new(blocks.Builder), a: a}
	if err := w.read(ctx); err != nil {
		return nil, err
	}
	return w.b.Finish()
}

type workbook struct {
	b     *blocks.Builder
	a     *xmlzip.Archive
	f     *excelize.File
	zeros map[string]string // see zeroTexts
	cells int
	first string // the first cell that stands alone in its row: a title
}

type sheet struct{ name, part string }

func (w *workbook) read(ctx context.Context) error {
	if w.a.Files["xl/workbook.bin"] != nil {
		return &ingest.FileError{Reason: "XLSB 형식의 엑셀 문서는 읽지 못합니다.", Next: "XLSX로 다시 저장해 주세요."}
	}
	sheets, err := w.sheets()
	if err != nil {
		return err
	}
	styles, err := w.a.Tree("xl/styles.xml")
	if err != nil {
		return err
	}
	w.zeros = zeroTexts(styles)
	if w.f, err = w.open(); err != nil {
		return err
	}
	defer w.f.Close()
	for _, s := range sheets {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.sheet(s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	says, err := w.a.Properties()
	if err != nil {
		return err
	}
	w.b.Properties(says.Title, says.Description, w.first, says.Keywords, says.Subject)
	return nil
}

// sheets are the visible worksheets in their order.
func (w *workbook) sheets() ([]sheet, error) {
	main, err := w.a.Related("", "officeDocument")
	if err != nil {
		return nil, err
	}
	main = cmp.Or(main, "xl/workbook.xml")
	data, err := w.a.Need(main)
	if err != nil {
		return nil, err
	}
	rels, err := w.a.Relations(main)
	if err != nil {
		return nil, err
	}
	parts := map[string]string{}
	for _, r := range rels {
		if r.Kind == "worksheet" {
			parts[r.ID] = r.Part
		}
	}
	var sheets []sheet
	var hidden []string
	err = xmlzip.Each(data, "sheets", func(e *xmlzip.Element) error {
		part := parts[e.Get("id")]
		switch {
		case e.Name != "sheet" || part == "": // a chart has a sheet without cells
		case e.Get("state") == "hidden", e.Get("state") == "veryHidden":
			hidden = append(hidden, blocks.OneLine(e.Get("name")))
		default:
			sheets = append(sheets, sheet{e.Get("name"), part})
		}
		return nil
	})
	if len(hidden) > 0 {
		w.b.Warn("숨긴 시트 %d개는 읽지 않았습니다: %s.", len(hidden), blocks.Clip(strings.Join(hidden, ", "), 100))
	}
	return sheets, err
}

// open gives excelize the parts that hold cells and nothing else, after they
// were inflated once within the limits.
func (w *workbook) open() (*excelize.File, error) {
	var names []string
	for name := range w.a.Files {
		switch dir, ext := path.Dir(name), path.Ext(name); {
		case ext != ".xml" && ext != ".rels":
		case dir == ".", dir == "_rels", dir == "xl", dir == "xl/_rels", dir == "xl/worksheets":
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var buf bytes.Buffer
	out := zip.NewWriter(&buf)
	var size int
	for _, name := range names {
		data, err := w.a.Part(name)
		if err != nil {
			return nil, err
		}
		if size += len(data); size > maxWorkbook {
			return nil, blocks.ErrTooLong
		}
		if bytes.Contains(data, []byte("<!DOCTYPE")) {
			return nil, xmlzip.ErrDTD
		}
		if path.Base(name) != "styles.xml" {
			err = out.Copy(w.a.Files[name])
		} else if f, e := out.Create(name); e == nil {
			_, err = io.WriteString(f, koreanStyles(string(data)))
		}
		if err != nil {
			return nil, err
		}
	}
	if err := out.Close(); err != nil {
		return nil, err
	}
	return excelize.OpenReader(&buf, excelize.Options{
		UnzipSizeLimit: maxWorkbook + 1, UnzipXMLSizeLimit: maxWorkbook + 1, // below which it writes no temporary files
	})
}

// A sheetLayout is what a worksheet says besides the values of its cells.
type sheetLayout struct {
	hidden  map[int]bool // columns, from 1
	merged  []cellRange
	unknown int               // formulas without a saved value
	zeros   map[[2]int]string // what is shown for 0, by row and column from 1, where it is no number
}

// A cellRange is a block of cells; rows and columns from 1, both ends in it.
type cellRange struct{ row, col, lastRow, lastCol int }

func parseRange(ref string) (cellRange, error) {
	from, to, ok := strings.Cut(ref, ":")
	if !ok {
		to = from
	}
	col, row, err := excelize.CellNameToCoordinates(from)
	lastCol, lastRow, err2 := excelize.CellNameToCoordinates(to)
	return cellRange{min(row, lastRow), min(col, lastCol), max(row, lastRow), max(col, lastCol)}, errors.Join(err, err2)
}

// readLayout reads a worksheet. zeros are the texts for 0 by style.
func readLayout(data []byte, zeros map[string]string) (*sheetLayout, error) {
	l := &sheetLayout{hidden: map[int]bool{}, zeros: map[[2]int]string{}}
	x := xmlzip.NewReader(string(data))
	var cell xmlzip.Element
	formula, value := false, false // a formula waits for its value; inside a value
	for {
		kind, e, err := x.Next()
		if err != nil {
			return nil, err
		}
		if kind == xmlzip.End {
			if formula {
				l.unknown++
			}
			return l, nil
		}
		if kind != xmlzip.Start {
			if value && kind == xmlzip.Text {
				formula = false
				if zero := zeros[cell.Get("s")]; zero != "" && isZero(e.Text) && (cell.Get("t") == "" || cell.Get("t") == "n") {
					if col, row, err := excelize.CellNameToCoordinates(cell.Get("r")); err == nil {
						l.zeros[[2]int{row, col}] = zero
					}
				}
			}
			value = value && kind == xmlzip.Text
			continue
		}
		switch e.Name {
		case "col":
			from, _ := strconv.Atoi(e.Get("min"))
			to, _ := strconv.Atoi(e.Get("max"))
			if hidden := e.Get("hidden"); hidden == "1" || hidden == "true" {
				for c := max(from, 1); c <= min(to, excelize.MaxColumns); c++ {
					l.hidden[c] = true
				}
			}
		case "c":
			if formula {
				l.unknown++
			}
			formula, cell = false, e
		case "f":
			formula = true
		case "v":
			value = true
		case "mergeCell":
			if r, err := parseRange(e.Get("ref")); err == nil && r != (cellRange{r.row, r.col, r.row, r.col}) {
				l.merged = append(l.merged, r)
			}
		}
	}
}

func isZero(s string) bool {
	n, err := strconv.ParseFloat(s, 64)
	return err == nil && n == 0
}

// A sheetRow is a row that shows something.
type sheetRow struct {
	number int // from 1
	cells  []string
}

func (w *workbook) sheet(s sheet) error {
	data, err := w.a.Need(s.part)
	if err != nil {
		return err
	}
	layout, err := readLayout(data, w.zeros)
	if err != nil {
		return err
	}
	rows, err := w.rows(s.name, layout.zeros)
	if err != nil {
		return err
	}
	if layout.unknown > 0 {
		w.b.Warn("시트 “%s”에는 계산된 값이 저장되지 않은 수식이 %d개 있습니다.", blocks.OneLine(s.name), layout.unknown)
	}
	w.b.Heading(1, s.name)
	cells := w.layOut(rows, layout, s.name)
	for _, row := range cells {
		filled := slices.DeleteFunc(slices.Clone(row), func(c ingest.Cell) bool { return strings.TrimSpace(c.Text) == "" })
		if len(filled) == 1 && w.first == "" {
			w.first = blocks.Clip(blocks.OneLine(filled[0].Text), 80)
		}
		if len(filled) > 0 {
			break
		}
	}
	w.b.Table(cells)
	return nil
}

// rows are the visible rows of a sheet with the text of their cells.
func (w *workbook) rows(name string, zeros map[[2]int]string) ([]sheetRow, error) {
	in, err := w.f.Rows(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var rows []sheetRow
	walked, hidden := 0, 0
	for n := 1; in.Next(); n++ {
		cells, err := in.Columns()
		if err != nil {
			return nil, err
		}
		filled := 0
		for i := range cells {
			if zero, ok := zeros[[2]int{n, i + 1}]; ok {
				cells[i] = zero
			}
			if cells[i] == "" {
				continue
			}
			if cells[i] = strings.TrimSpace(blocks.Clean(cells[i])); cells[i] != "" {
				filled++
			}
		}
		switch walked += len(cells); {
		case filled == 0:
			continue
		case in.GetRowOpts().Hidden:
			hidden++
			continue
		}
		if w.cells += filled; w.cells > blocks.MaxCells || walked > maxWalked {
			w.b.Warn("시트 “%s”가 너무 커서 %d행부터는 읽지 않았습니다.", blocks.OneLine(name), n)
			break
		}
		rows = append(rows, sheetRow{n, cells})
	}
	if hidden > 0 {
		w.b.Warn("시트 “%s”의 숨긴 행 %d개는 읽지 않았습니다.", blocks.OneLine(name), hidden)
	}
	return rows, in.Error()
}

// layOut makes a table of rows: without the columns that are hidden or show
// nothing, and with what merging covers left out.
func (w *workbook) layOut(rows []sheetRow, layout *sheetLayout, name string) [][]ingest.Cell {
	index := map[int]int{} // of a row in rows, by its number
	for i, r := range rows {
		index[r.number] = i
	}
	for _, m := range layout.merged { // a value in a hidden column shows in the next one that is merged with it
		i, ok := index[m.row]
		to := m.col
		for to < m.lastCol && layout.hidden[to] {
			to++
		}
		if ok && to != m.col && m.col <= len(rows[i].cells) && !layout.hidden[to] {
			for len(rows[i].cells) < to {
				rows[i].cells = append(rows[i].cells, "")
			}
			rows[i].cells[to-1], rows[i].cells[m.col-1] = rows[i].cells[m.col-1], ""
		}
	}
	var cols []int
	hidden, seen := 0, map[int]bool{}
	for _, r := range rows {
		for c, s := range r.cells {
			if s == "" || seen[c+1] {
				continue
			}
			if seen[c+1] = true; layout.hidden[c+1] {
				hidden++
			} else {
				cols = append(cols, c+1)
			}
		}
	}
	if hidden > 0 {
		w.b.Warn("시트 “%s”의 숨긴 열 %d개는 읽지 않았습니다.", blocks.OneLine(name), hidden)
	}
	slices.Sort(cols)
	spans, covered := w.merges(rows, cols, layout.merged, name)
	sparse := len(rows)*len(cols) > blocks.MaxCells
	table := make([][]ingest.Cell, 0, len(rows))
	for i, r := range rows {
		var row []ingest.Cell
		for j, c := range cols {
			cell := ingest.Cell{Row: i, Col: j, RowSpan: 1, ColSpan: 1}
			if c <= len(r.cells) {
				cell.Text = r.cells[c-1]
			}
			at := [2]int{i, j}
			if span, ok := spans[at]; ok {
				cell.RowSpan, cell.ColSpan = span[0], span[1]
			}
			if !covered[at] && (cell.Text != "" || !sparse) {
				row = append(row, cell)
			}
		}
		table = append(table, row)
	}
	return table
}

// merges places merged cells in the table of rows and cols: their spans in it by
// their first place, and the places that they cover. Ranges that overlap, which no
// spreadsheet program writes, hide nothing: their cells are read as if not merged.
func (w *workbook) merges(rows []sheetRow, cols []int, merged []cellRange, name string) (spans map[[2]int][2]int, covered map[[2]int]bool) {
	spans, covered = map[[2]int][2]int{}, map[[2]int]bool{}
	type block struct {
		top, left, end, right int
		overlaps              bool
	}
	var found []block
	owner := map[[2]int]int{} // the block of each place
	for _, m := range merged {
		var b block
		b.top, _ = slices.BinarySearchFunc(rows, m.row, func(r sheetRow, n int) int { return cmp.Compare(r.number, n) })
		b.end, _ = slices.BinarySearchFunc(rows, m.lastRow+1, func(r sheetRow, n int) int { return cmp.Compare(r.number, n) })
		b.left, _ = slices.BinarySearch(cols, m.col)
		b.right, _ = slices.BinarySearch(cols, m.lastCol+1)
		if b.top >= b.end || b.left >= b.right {
			continue
		}
		if len(owner)+(b.end-b.top)*(b.right-b.left) > maxCovered {
			w.b.Warn("병합한 칸이 너무 많아 일부는 나뉜 칸으로 읽었습니다.")
			break
		}
		for i := b.top; i < b.end; i++ {
			for j := b.left; j < b.right; j++ {
				if first, ok := owner[[2]int{i, j}]; ok {
					b.overlaps, found[first].overlaps = true, true
				} else {
					owner[[2]int{i, j}] = len(found)
				}
			}
		}
		found = append(found, b)
	}
	overlaps := 0
	for _, b := range found {
		if b.overlaps {
			overlaps++
		} else {
			spans[[2]int{b.top, b.left}] = [2]int{b.end - b.top, b.right - b.left}
		}
	}
	for at, i := range owner {
		b := found[i]
		if !b.overlaps && at != [2]int{b.top, b.left} {
			covered[at] = true
		}
	}
	if overlaps > 0 {
		w.b.Warn("시트 “%s”에서 서로 겹치게 병합한 범위 %d개는 나뉜 칸으로 읽었습니다.", blocks.OneLine(name), overlaps)
	}
	return spans, covered
}
