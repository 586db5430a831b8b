package golden

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"
)

// WriteTable writes rows as CSV for a spreadsheet: UTF-8 with a byte order mark, so
// that Excel reads Hangul. A cell that a spreadsheet would take for a formula gets a
// ' before it, which [ReadTable] takes off again.
func WriteTable(w io.Writer, rows [][]string) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, s := range row {
			if safe[i] = s; risky(s) {
				safe[i] = "'" + s
			}
		}
		if err := out.Write(safe); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// risky reports a cell that begins as a formula does (OWASP, CSV Injection), or with
// the mark that is put before such.
func risky(s string) bool {
	return s != "" && strings.ContainsRune("=+-@\t\r＝＋－＠'", []rune(s)[0])
}

// ReadTable reads what a spreadsheet saved of a table: UTF-8, or CP949 as Korean
// Excel writes plain CSV, with commas, semicolons or tabs. No row is shorter than
// the first, its header.
func ReadTable(r io.Reader) ([][]string, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if b = bytes.TrimPrefix(b, []byte("\ufeff")); !utf8.Valid(b) {
		if b, err = korean.EUCKR.NewDecoder().Bytes(b); err != nil || bytes.ContainsRune(b, utf8.RuneError) {
			return nil, errors.New("한글이 깨진 파일이니 엑셀에서 'CSV UTF-8'로 다시 저장해 주세요")
		}
	}
	in := csv.NewReader(bytes.NewReader(b))
	in.FieldsPerRecord = -1
	head, _, _ := bytes.Cut(b, []byte("\n"))
	for _, comma := range ";\t" {
		if bytes.Count(head, []byte(string(comma))) > bytes.Count(head, []byte(",")) {
			in.Comma = comma
		}
	}
	read, err := in.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("표(CSV)가 아니니 엑셀에서 'CSV UTF-8'로 저장한 파일인지 확인해 주세요: %w", err)
	}
	var rows [][]string
	for n, row := range read {
		if n > 0 && len(row) > len(rows[0]) {
			return nil, fmt.Errorf("%d째 줄의 칸이 머리줄보다 많으니 칸이 밀리지 않았는지 확인해 주세요", n+1)
		}
		for i, s := range row {
			if rest, ok := strings.CutPrefix(s, "'"); ok && risky(rest) {
				row[i] = rest
			}
		}
		if n > 0 {
			row = append(row, make([]string, len(rows[0])-len(row))...)
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, errors.New("빈 파일이니 biseo eval로 받은 표를 저장한 파일인지 확인해 주세요")
	}
	return rows, nil
}
