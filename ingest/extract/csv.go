package extract

import (
	"encoding/csv"
	"errors"
	"io"
	"path/filepath"
	"strings"

	"biseo/ingest"
	"biseo/ingest/extract/blocks"
)

func isCSV(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv", ".tsv":
		return true
	}
	return false
}

// maxFields is how many fields of a row are read; a sheet of Excel has no more columns.
const maxFields = 16384

// readCSV reads a table of separated values (RFC 4180, and what spreadsheet
// programs make of it). Rows beyond maxCells and fields beyond maxFields are left out.
func readCSV(s string) (*ingest.Document, error) {
	comma := delimiter(s)
	if line, rest, ok := strings.Cut(s, "\n"); ok && len(line) == 5 && strings.EqualFold(line[:4], "sep=") { // written for Excel
		comma, s = rune(line[4]), rest
	}
	var b blocks.Builder
	read, err := records(s, comma, blocks.MaxCells)
	if err != nil {
		b.Warn("따옴표가 규칙에 맞지 않아 글자로 읽었습니다.")
		read = plainRecords(s, comma, blocks.MaxCells)
	}
	if read.cut > 0 {
		b.Warn("칸이 너무 많은 %d개 행은 앞의 %d칸만 읽었습니다.", read.cut, maxFields)
	}
	if read.more {
		b.Warn("표가 너무 커서 앞의 %d행만 읽었습니다.", len(read.rows))
	}
	var rows [][]ingest.Cell
	for _, record := range read.rows {
		if strings.TrimSpace(strings.Join(record, "")) == "" {
			continue
		}
		row := make([]ingest.Cell, len(record))
		for j, field := range record {
			row[j] = ingest.Cell{Text: strings.TrimSpace(field), Row: len(rows), Col: j, RowSpan: 1, ColSpan: 1}
		}
		rows = append(rows, row)
	}
	b.Table(rows)
	return b.Finish()
}

// A csvTable is what was read of a table within the limits.
type csvTable struct {
	rows   [][]string
	fields int  // of all rows
	cut    int  // rows that have more than maxFields
	more   bool // other rows follow
}

// add takes a row, unless the table would have more than limit fields.
func (t *csvTable) add(row []string, limit int) bool {
	cut := len(row) > maxFields
	if cut {
		row = row[:maxFields:maxFields]
	}
	if t.fields+len(row) > limit {
		t.more = true
		return false
	}
	if cut {
		t.cut++
	}
	t.fields += len(row)
	t.rows = append(t.rows, row)
	return true
}

// records are the rows of s up to the limit of fields.
func records(s string, comma rune, limit int) (t csvTable, err error) {
	r := csv.NewReader(strings.NewReader(s))
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace = comma, -1, comma != '\t'
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return csvTable{}, err
		}
		if !t.add(row, limit) {
			return t, nil
		}
	}
}

// plainRecords is records where quotes are text.
func plainRecords(s string, comma rune, limit int) (t csvTable) {
	for line := range strings.Lines(s) {
		if !t.add(strings.SplitN(strings.TrimSuffix(line, "\n"), string(comma), limit), limit) {
			break
		}
	}
	return t
}

// delimiter is the character that splits the most of the first lines of s into
// the same number of fields; a comma if none splits any.
func delimiter(s string) rune {
	if i := strings.LastIndexByte(s[:min(len(s), 64<<10)], '\n'); i >= 0 {
		s = s[:i+1]
	}
	best, most := ',', 0
	for _, comma := range ",\t;|" {
		t, err := records(s, comma, blocks.MaxCells)
		if err != nil {
			continue
		}
		count := map[int]int{}
		for _, row := range t.rows[:min(len(t.rows), 50)] {
			count[len(row)]++
		}
		for fields, n := range count {
			if score := n*1000 + min(fields, 999); fields > 1 && score > most {
				best, most = comma, score
			}
		}
	}
	return best
}
