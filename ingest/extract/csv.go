package extract

import (
	"encoding/csv"
	"errors"
	"io"
	"path/filepath"
	"strings"

	"biseo/ingest"
)

func isCSV(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv", ".tsv":
		return true
	}
	return false
}

// readCSV reads a table of separated values (RFC 4180, and what spreadsheet
// programs make of it). Rows beyond maxCells are left out.
func readCSV(s string) (*ingest.Document, error) {
	comma := delimiter(s)
	if line, rest, ok := strings.Cut(s, "\n"); ok && len(line) == 5 && strings.EqualFold(line[:4], "sep=") { // written for Excel
		comma, s = rune(line[4]), rest
	}
	var b builder
	records, more, err := records(s, comma, maxCells)
	if err != nil {
		b.warn("따옴표가 규칙에 맞지 않아 글자로 읽었습니다.")
		records, more = plainRecords(s, comma, maxCells)
	}
	if more {
		b.warn("표가 너무 커서 앞의 %d행만 읽었습니다.", len(records))
	}
	var rows [][]ingest.Cell
	for _, record := range records {
		if strings.TrimSpace(strings.Join(record, "")) == "" {
			continue
		}
		row := make([]ingest.Cell, len(record))
		for j, field := range record {
			row[j] = ingest.Cell{Text: strings.TrimSpace(field), Row: len(rows), Col: j, RowSpan: 1, ColSpan: 1}
		}
		rows = append(rows, row)
	}
	b.table(rows)
	return b.finish()
}

// records are the rows of s up to the limit of fields; more says that others follow.
func records(s string, comma rune, limit int) (rows [][]string, more bool, err error) {
	r := csv.NewReader(strings.NewReader(s))
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace = comma, -1, comma != '\t'
	for fields := 0; ; {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		if fields += len(row); fields > limit {
			return rows, true, nil
		}
		rows = append(rows, row)
	}
}

// plainRecords is records where quotes are text.
func plainRecords(s string, comma rune, limit int) (rows [][]string, more bool) {
	fields := 0
	for line := range strings.Lines(s) {
		if fields += 1 + strings.Count(line, string(comma)); fields > limit {
			return rows, true
		}
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), string(comma)))
	}
	return rows, false
}

// delimiter is the character that splits the most of the first lines of s into
// the same number of fields; a comma if none splits any.
func delimiter(s string) rune {
	if i := strings.LastIndexByte(s[:min(len(s), 64<<10)], '\n'); i >= 0 {
		s = s[:i+1]
	}
	best, most := ',', 0
	for _, comma := range ",\t;|" {
		rows, _, err := records(s, comma, maxCells)
		if err != nil {
			continue
		}
		count := map[int]int{}
		for _, row := range rows[:min(len(rows), 50)] {
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
