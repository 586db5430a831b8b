package extract

import (
	"encoding/csv"
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
	records, err := records(s, comma)
	if err != nil {
		b.warn("따옴표가 규칙에 맞지 않아 글자로 읽었습니다.")
		records = nil
		for line := range strings.Lines(s) {
			records = append(records, strings.Split(strings.TrimSuffix(line, "\n"), string(comma)))
		}
	}
	var rows [][]ingest.Cell
	cells := 0
	for i, record := range records {
		if cells += len(record); cells > maxCells {
			b.warn("표가 너무 커서 앞의 %d행만 읽었습니다(전체 %d행).", i, len(records))
			break
		}
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

func records(s string, comma rune) ([][]string, error) {
	r := csv.NewReader(strings.NewReader(s))
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace = comma, -1, comma != '\t'
	return r.ReadAll()
}

// delimiter is the character that splits the most of the first lines of s into
// the same number of fields; a comma if none splits any.
func delimiter(s string) rune {
	if i := strings.LastIndexByte(s[:min(len(s), 64<<10)], '\n'); i >= 0 {
		s = s[:i+1]
	}
	best, most := ',', 0
	for _, comma := range ",\t;|" {
		rows, err := records(s, comma)
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
