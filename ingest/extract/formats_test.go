package extract

import (
	"archive/zip"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"biseo/ingest"
	"biseo/ingest/extract/blocks"
	"biseo/ingest/extract/xmlzip"
)

// features are the columns of the table of formats in the README: what each asks
// of a document, or of the error for one that cannot be read.
var features = []struct {
	name string
	has  func(d *ingest.Document, err error) bool
}{
	{"text", func(d *ingest.Document, _ error) bool { return d != nil && anyText(d) }},
	{"headings", func(d *ingest.Document, _ error) bool {
		return d != nil && slices.ContainsFunc(d.Blocks, func(b ingest.Block) bool { return b.Kind == ingest.Heading })
	}},
	{"tables", func(d *ingest.Document, _ error) bool {
		return d != nil && slices.ContainsFunc(d.Blocks, func(b ingest.Block) bool { return len(b.Cells) > 1 })
	}},
	{"notes", func(d *ingest.Document, _ error) bool {
		return d != nil && slices.ContainsFunc(d.Blocks, func(b ingest.Block) bool { return b.Kind == ingest.Footnote })
	}},
	{"pages", func(d *ingest.Document, _ error) bool {
		return d != nil && d.Pages > 1 && slices.ContainsFunc(d.Blocks, func(b ingest.Block) bool { return b.Page == 2 })
	}},
	{"metadata", func(d *ingest.Document, _ error) bool {
		return d != nil && (d.Meta.Title != "" && (len(d.Blocks) == 0 || d.Meta.Title != firstLineOf(d)) || len(d.Meta.Keywords) > 0)
	}},
	{"protected", func(d *ingest.Document, err error) bool {
		if d != nil && len(d.Parts) > 0 && d.Parts[0].Err != nil {
			err = d.Parts[0].Err
		}
		var known *ingest.FileError
		return errors.As(err, &known) && (strings.Contains(known.Reason, "암호") || strings.Contains(known.Reason, "잠긴"))
	}},
}

func anyText(d *ingest.Document) bool {
	if len(d.Parts) > 0 {
		return slices.ContainsFunc(d.Parts, func(p ingest.Part) bool { return p.Document != nil && anyText(p.Document) })
	}
	return strings.TrimSpace(d.Text) != ""
}

// firstLineOf is the first line of d, which is no metadata even if it serves as title.
func firstLineOf(d *ingest.Document) string {
	runes := []rune(d.Text)
	b := d.Blocks[0]
	var first blocks.Builder
	if b.Kind != ingest.Table {
		first.Paragraph(string(runes[b.Start:b.End]))
	}
	return first.FirstLine()
}

// TestFormats tests each cell of the table of formats: a feature that a format
// has must be found in a file of that format, one that it has not must not. With
// -v it prints the table.
func TestFormats(t *testing.T) {
	const locked = oleMagic + "E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00"
	literal := func(s string) func(testing.TB) (string, string) {
		return func(testing.TB) (string, string) { return "", s }
	}
	file := func(elem ...string) func(testing.TB) (string, string) { // of the shared data
		return func(t testing.TB) (string, string) { return readAll(t, shared(t, elem...)) }
	}
	sample := func(elem ...string) func(testing.TB) (string, string) { // of the sample agency
		return func(t testing.TB) (string, string) {
			return readAll(t, filepath.Join(append([]string{"..", "..", "deploy", "sample", "files"}, elem...)...))
		}
	}
	hwpxHeader := `<hh:style id="2" name="개요 1"/>`
	hwpxNote := `<hp:ctrl><hp:footNote><hp:subList>` + p("각주") + `</hp:subList></hp:footNote></hp:ctrl>`
	hwpxSection := `<hp:p styleIDRef="2"><hp:run><hp:t>배경</hp:t></hp:run></hp:p><hp:p><hp:run><hp:t>본문</hp:t>` + hwpxNote + `</hp:run></hp:p><hp:p><hp:run><hp:tbl><hp:tr>` +
		tc(0, 0, 1, 1, p("가")) + tc(0, 1, 1, 1, p("나")) + `</hp:tr><hp:tr>` + tc(1, 0, 1, 2, p("다")) + `</hp:tr></hp:tbl></hp:run></hp:p>`
	docx := docxOf(t, wp("a", "배경")+`<w:p><w:r><w:t>본문</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p><w:tbl><w:tr>`+wtc("", "가")+wtc("", "나")+`</w:tr><w:tr>`+wtc(`<w:gridSpan w:val="2"/>`, "다")+`</w:tr></w:tbl>`)
	pptxTable := `<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>가</a:t></a:r></a:p></a:txBody></a:tc></a:tr><a:tr><a:tc><a:txBody><a:p><a:r><a:t>나</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>`
	table := "| 가 | 나 |\n|---|---|\n| 다 | 라 |\n"
	for _, format := range []struct {
		name     string
		features string
		sample   func(testing.TB) (name, data string)
		other    map[string]func(testing.TB) (name, data string) // samples of single features
	}{
		// No HWP file at hand has keywords: see TestHWPProperties for "metadata".
		{"HWP 5", "text headings tables notes protected", file("parser", "langchain-kr", "디지털_정부혁신_추진계획.hwp"), map[string]func(testing.TB) (string, string){
			"notes": file("parser", "hwplib", "각주미주.hwp"), "protected": file("parser", "hwpjs", "password-12345.hwp"),
		}},
		{"HWPX", "text headings tables notes metadata protected", literal(hwpxOf(t, hwpxHeader, hwpxSection)), map[string]func(testing.TB) (string, string){
			"protected": literal(hwpxOf(t, "", p("가"), "META-INF/manifest.xml", `<odf:manifest xmlns:odf="o"><odf:file-entry><odf:encryption-data/></odf:file-entry></odf:manifest>`)),
		}},
		{"PDF", "text headings tables pages metadata protected", sample("보고", "2026년-3분기-불법주정차-단속-결과-보고.pdf"), map[string]func(testing.TB) (string, string){
			"protected": literal(pdfOf("/Encrypt<</Filter/Standard/V 5/R 6>>/ID[(a)(b)]", "<</Type/Catalog>>")),
		}},
		{"DOCX", "text headings tables notes metadata protected", literal(docx), map[string]func(testing.TB) (string, string){"protected": literal(locked)}},
		{"XLSX", "text headings tables metadata protected", literal(xlsxOf(t, func(f *excelize.File) {
			f.SetCellValue("Sheet1", "A1", "가")
			f.SetCellValue("Sheet1", "B2", 1)
			f.SetDocProps(&excelize.DocProperties{Subject: "민원"})
		})), map[string]func(testing.TB) (string, string){"protected": literal(locked)}},
		{"PPTX", "text headings tables notes pages metadata protected", literal(pptxOf(t, sp("title", "", "제목")+"|||발표자 글", sp("title", "", "배경")+sp("body", "", "본문")+pptxTable)), map[string]func(testing.TB) (string, string){
			"protected": literal(locked),
			"metadata":  literal(zipWith(t, pptxOf(t, sp("title", "", "제목")), "docProps/core.xml", `<c:coreProperties xmlns:c="c"><c:keywords>민원</c:keywords></c:coreProperties>`)),
		}},
		{"HTML", "text headings tables metadata", literal(`<html><head><title>가온시 안내</title></head><h1>배경</h1><p>본문<table><tr><td>가<td>나<tr><td colspan=2>다</table>`), nil},
		{"Markdown", "text headings tables metadata", literal("---\n제목: 가온시 안내\n---\n# 배경\n\n본문\n\n" + table), nil},
		{"text", "text headings", literal("가온시 조례\n제1조(목적) 이 조례는 수당을 정한다.\n"), nil},
		{"CSV", "text tables", func(testing.TB) (string, string) { return "a.csv", "가,나\n다,라\n" }, nil},
		{"ZIP of these", "text protected", literal(zipOf(t, "가.txt", "글")), map[string]func(testing.TB) (string, string){"protected": literal(rawZip(t, 1, "가.txt", "글"))}},
	} {
		row := "| " + format.name + " |"
		for _, f := range features {
			want := slices.Contains(strings.Fields(format.features), f.name)
			if want {
				row += " ✓ |"
			} else {
				row += " – |"
			}
			t.Run(format.name+" "+f.name, func(t *testing.T) {
				source := format.sample
				if other := format.other[f.name]; other != nil {
					source = other
				}
				name, data := source(t)
				d, err := read(t.Context(), name, []byte(data))
				if got := f.has(d, err); got != want {
					t.Errorf("found %t, want %t (error %v)", got, want, err)
				}
			})
		}
		t.Log(row)
	}
}

// zipWith is an archive with one more part.
func zipWith(t testing.TB, data, name, content string) string {
	t.Helper()
	r, err := zip.NewReader(strings.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	pairs := []string{name, content}
	for _, f := range r.File {
		b, err := xmlzip.Inflate(f, new(int64))
		if err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, f.Name, string(b))
	}
	return zipOf(t, pairs...)
}

func readAll(t testing.TB, path string) (name, data string) {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Base(path), string(b)
}
