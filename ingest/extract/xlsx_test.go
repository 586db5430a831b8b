package extract

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"biseo/ingest"
	"biseo/ingest/extract/blocks"
)

// xlsxOf writes a workbook with the spreadsheet library itself.
func xlsxOf(t testing.TB, fill func(f *excelize.File)) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	var buf bytes.Buffer
	if err := f.Write(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func style(f *excelize.File, format string) int {
	id, _ := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
	return id
}

func TestXLSX(t *testing.T) {
	data := xlsxOf(t, func(f *excelize.File) {
		f.SetSheetName("Sheet1", "예산")
		f.SetCellValue("예산", "B2", "2026년 예산")
		f.MergeCell("예산", "B2", "F2")
		for i, s := range []string{"부서", "숨김", "금액", "", "비고"} {
			cell, _ := excelize.CoordinatesToCellName(i+2, 4)
			f.SetCellValue("예산", cell, s)
		}
		f.MergeCell("예산", "D4", "E4")
		f.SetCellValue("예산", "B5", "청년과")
		f.MergeCell("예산", "B5", "B6")
		f.SetCellValue("예산", "D5", 1234567)
		f.SetCellValue("예산", "E5", 0.256)
		f.SetCellValue("예산", "D6", -500)
		f.SetCellValue("예산", "E6", true)
		f.SetCellValue("예산", "F6", "두 줄\n비고")
		f.SetCellValue("예산", "B7", "숨긴 행")
		f.SetCellValue("예산", "C5", "숨긴 열")
		f.SetCellStyle("예산", "D5", "D6", style(f, "#,##0"))
		f.SetCellStyle("예산", "E5", "E5", style(f, "0.0%"))
		f.SetRowVisible("예산", 7, false)
		f.SetColVisible("예산", "C", false)
		f.NewSheet("일정")
		f.SetCellValue("일정", "A1", "날짜")
		f.SetCellValue("일정", "A2", time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
		f.SetCellStyle("일정", "A2", "A2", style(f, `yyyy"년" m"월" d"일"`))
		f.SetCellFormula("일정", "A3", "1+1")
		f.NewSheet("비밀")
		f.SetCellValue("비밀", "A1", "숨긴 글")
		f.SetSheetVisible("비밀", false)
		f.NewSheet("빈 시트")
		f.SetDocProps(&excelize.DocProperties{Title: "예산서", Subject: "민원, 수당", Description: "요지"})
	})
	d := readString(t, "a.bin", data)
	want := []string{
		"h1 [] 예산",
		"t [예산] 2026년 예산⏎부서 | 금액 | 비고⏎청년과 | 1,234,567 | 25.6% |⏎-500 | TRUE | 두 줄 비고",
		"h1 [] 일정", "t [일정] 날짜⏎2026년 3월 2일", "h1 [] 빈 시트",
	}
	if diff := cmp.Diff(want, outline(d)); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	wantCells := [][]ingest.Cell{
		{{Text: "2026년 예산", RowSpan: 1, ColSpan: 4}},
		{{Text: "부서", Row: 1, RowSpan: 1, ColSpan: 1}, {Text: "금액", Row: 1, Col: 1, RowSpan: 1, ColSpan: 2}, {Text: "비고", Row: 1, Col: 3, RowSpan: 1, ColSpan: 1}},
		{{Text: "청년과", Row: 2, RowSpan: 2, ColSpan: 1}, {Text: "1,234,567", Row: 2, Col: 1, RowSpan: 1, ColSpan: 1}, {Text: "25.6%", Row: 2, Col: 2, RowSpan: 1, ColSpan: 1}, {Row: 2, Col: 3, RowSpan: 1, ColSpan: 1}},
		{{Text: "-500", Row: 3, Col: 1, RowSpan: 1, ColSpan: 1}, {Text: "TRUE", Row: 3, Col: 2, RowSpan: 1, ColSpan: 1}, {Text: "두 줄\n비고", Row: 3, Col: 3, RowSpan: 1, ColSpan: 1}},
	}
	if diff := cmp.Diff(wantCells, d.Blocks[1].Cells); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
	wantWarnings := []string{
		"숨긴 시트 1개는 읽지 않았습니다: 비밀.", "시트 “예산”의 숨긴 행 1개는 읽지 않았습니다.", "시트 “예산”의 숨긴 열 1개는 읽지 않았습니다.",
		"시트 “일정”에는 계산된 값이 저장되지 않은 수식이 1개 있습니다.",
	}
	if diff := cmp.Diff(wantWarnings, d.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if m := d.Meta; m.Title != "2026년 예산" || m.Gist != "요지" || len(m.Keywords) != 2 {
		t.Errorf("meta %+v", m)
	}
}

// Merged ranges that overlap lose no cell.
func TestXLSXOverlappingMerges(t *testing.T) {
	var rows strings.Builder
	for i, r := range []string{"가나다", "라마바", "사아자"} {
		fmt.Fprintf(&rows, `<row r="%d">`, i+1)
		for j, c := range []rune(r) {
			fmt.Fprintf(&rows, `<c r="%c%d" t="inlineStr"><is><t>%c</t></is></c>`, 'A'+j, i+1, c)
		}
		rows.WriteString("</row>")
	}
	data := xlsxRaw(t, "<sheetData>"+rows.String()+`</sheetData><mergeCells><mergeCell ref="A1:B2"/><mergeCell ref="B2:C2"/><mergeCell ref="A3:C3"/></mergeCells>`)
	d := readString(t, "a.xlsx", data)
	want := []string{"h1 [] 가", "t [] 가 | 나 | 다⏎라 | 마 | 바⏎사"}
	if diff := cmp.Diff(want, outline(d)); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"시트 “가”에서 서로 겹치게 병합한 범위 2개는 나뉜 칸으로 읽었습니다."}, d.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// TestXLSXNumberFormats writes values and formats as they are common in Korean
// workbooks; want is what the spreadsheet program shows.
func TestXLSXNumberFormats(t *testing.T) {
	day := time.Date(2026, 11, 3, 14, 5, 0, 0, time.UTC)
	for _, tt := range []struct {
		value  any
		format string
		want   string
	}{
		{1234.5, "#,##0.00", "1,234.50"}, {1234.5, "General", "1234.5"}, {0.1 + 0.2, "General", "0.3"}, {1e15, "0", "1000000000000000"},
		{-3, `#,##0;"△"#,##0`, "△3"}, {0, `#,##0;-#,##0;"-"`, "-"}, {0, `#,##0;-#,##0;0`, "0"}, {0, `_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-`, "-"}, {12, `0"명"`, "12명"}, {5, "000", "005"}, {1.5, "0%", "150%"},
		{1234567, `#,##0,"천원"`, "1,235천원"}, {1234567, `"₩"#,##0`, "₩1,234,567"}, {1234567, `_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-`, "1,234,567"},
		{day, "yyyy-mm-dd", "2026-11-03"}, {day, "yyyy. m. d.", "2026. 11. 3."}, {day, `yyyy"년" mm"월" dd"일" hh:mm`, "2026년 11월 03일 14:05"}, {day, "m/d", "11/3"},
		{day, "yyyy-mm-dd(aaa)", "2026-11-03(화)"}, {"0012", "@", "0012"}, {"010-1234-5678", "General", "010-1234-5678"},
	} {
		data := xlsxOf(t, func(f *excelize.File) {
			f.SetCellValue("Sheet1", "A1", tt.value)
			f.SetCellStyle("Sheet1", "A1", "A1", style(f, tt.format))
			f.SetCellValue("Sheet1", "B1", "끝")
		})
		d := readString(t, "a.xlsx", data)
		if got := d.Blocks[1].Cells[0][0].Text; got != tt.want {
			t.Errorf("%v as %s: got %q, want %q", tt.value, tt.format, got, tt.want)
		}
	}
	for id, want := range map[int]string{14: "2026-11-03", 22: "2026-11-03 0:00", 31: "2026년 11월 03일"} { // the short date of the system, and Korean ones
		data := xlsxOf(t, func(f *excelize.File) {
			f.SetCellValue("Sheet1", "A1", 46329)
			s, _ := f.NewStyle(&excelize.Style{NumFmt: id})
			f.SetCellStyle("Sheet1", "A1", "A1", s)
		})
		if got := readString(t, "a.xlsx", data).Text; !strings.Contains(got, want) {
			t.Errorf("built-in format %d: got %q, want %q", id, got, want)
		}
	}
}

func xlsxRaw(t testing.TB, sheet string, more ...string) string {
	return zipOf(t, append([]string{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="가" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml", `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` + sheet + `</worksheet>`}, more...)...)
}

func TestXLSXHostile(t *testing.T) {
	text := func(ref, s string) string {
		return `<c r="` + ref + `" t="inlineStr"><is><t>` + s + `</t></is></c>`
	}
	row := func(r int, cells string) string { return fmt.Sprintf(`<row r="%d">%s</row>`, r, cells) }
	var wide, diagonal strings.Builder
	for i := 1; i <= 3000; i++ {
		wide.WriteString(row(i, text(fmt.Sprintf("XFD%d", i), "끝")))
		name, _ := excelize.CoordinatesToCellName(i, i)
		diagonal.WriteString(row(i, text(name, "점")))
	}
	for name, tt := range map[string]struct{ sheet, want string }{
		"far corner":       {"<sheetData>" + row(1, text("A1", "처음")) + row(1048576, text("XFD1048576", "끝")) + "</sheetData>", "처음 |\n | 끝"},
		"merge of all":     {"<sheetData>" + row(1, text("A1", "처음")) + row(1048576, text("XFD1048576", "끝")) + `</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>`, "처음"},
		"broken merge":     {"<sheetData>" + row(1, text("A1", "처음")) + `</sheetData><mergeCells><mergeCell ref="A0:B"/><mergeCell ref="C3:A1"/><mergeCell ref="B2:D4"/></mergeCells>`, "처음"},
		"many far columns": {"<sheetData>" + wide.String() + "</sheetData>", "끝\n끝"},
		"diagonal":         {"<sheetData>" + diagonal.String() + "</sheetData>", "점\n점"},
		"all hidden":       {`<cols><col min="1" max="99999999" hidden="1"/></cols><sheetData>` + row(1, text("A1", "숨김")) + "</sheetData>", "가"},
		"bad index":        {`<sheetData><row r="1"><c r="A1" t="s"><v>99999999</v></c><c r="B1" s="4294967295"><v>1</v></c></row></sheetData>`, "1"},
	} {
		d, err := read(t.Context(), "a.xlsx", []byte(xlsxRaw(t, tt.sheet)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkShape(t, d)
		if !strings.Contains(d.Text, tt.want) {
			t.Errorf("%s: text %.100q, want %q in it", name, d.Text, tt.want)
		}
	}
	var many strings.Builder
	for i := range blocks.MaxCells/5000 + 5 {
		many.WriteString("<row>")
		for j := range 5000 {
			fmt.Fprintf(&many, "<c><v>%d</v></c>", i*j*7919)
		}
		many.WriteString("</row>")
	}
	d := readString(t, "a.xlsx", xlsxRaw(t, "<sheetData>"+many.String()+"</sheetData>"))
	if rows := len(d.Blocks[1].Cells); rows != blocks.MaxCells/5000 || len(d.Warnings) != 1 {
		t.Errorf("%d rows, warnings %q", rows, d.Warnings)
	}
	styles := `<x:styleSheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:cellXfs count="2"><x:xf numFmtId="0"/><x:xf numFmtId="6"/></x:cellXfs></x:styleSheet>`
	if d := readString(t, "a.xlsx", xlsxRaw(t, `<sheetData><row><c s="1"><v>46329</v></c></row></sheetData>`, "xl/styles.xml", styles)); d.Blocks[1].Cells[0][0].Text != "₩46,329" {
		t.Errorf("built-in format 6: %q", d.Text)
	}
	wantError(t, "doctype.xlsx", xlsxRaw(t, "", "xl/styles.xml", `<!DOCTYPE a [<!ENTITY e "x">]><styleSheet/>`), "외부 개체")
	wantError(t, "bomb.xlsx", xlsxRaw(t, "", "xl/sharedStrings.xml", strings.Repeat(" ", 4<<20)), "너무 커지는")
}
