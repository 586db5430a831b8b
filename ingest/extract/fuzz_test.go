package extract

import (
	"errors"
	"strings"
	"testing"

	"biseo/ingest"
	"biseo/ingest/extract/markup"
)

// fuzzRead reads data, which must give a well-formed document or an error that
// is a sentence.
func fuzzRead(t *testing.T, name, data string) {
	d, err := read(t.Context(), name, []byte(data))
	var known *ingest.FileError
	switch {
	case err == nil:
		checkShape(t, d)
		for _, p := range d.Parts {
			if (p.Document == nil) == (p.Err == nil) {
				t.Errorf("part %q has document %v and error %v", p.Name, p.Document, p.Err)
			} else if p.Document != nil {
				checkShape(t, p.Document)
			}
		}
	case !errors.As(err, &known):
		t.Errorf("error %v, want an *ingest.FileError", err)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{
		"제1조(목적) 가\n부칙\nⅠ. 나\n\u1100\u1161", "\xff\xfe\x00\xac\x0a\x00", "\xb0\xa1\xb3\xaa",
		"부서,금액\n\"청년,과\",\"1\n2\"\n", "가;나\n1;2\n", "sep=|\n가|나", "가\t나\n\"열린\t",
	} {
		f.Add("a.txt", s)
		f.Add("a.csv", s)
	}
	f.Fuzz(func(t *testing.T, name, data string) {
		if !strings.HasPrefix(data, "PK") && !strings.Contains(data, "%PDF") {
			fuzzRead(t, name, data)
		}
	})
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{
		lawSample, "---\na: 1\n---\n# 가\n- 나\n\n| a |\n|-|\n| b |", "> - 1. [가](나)\n```\n다\n```\n<b>라</b> &amp; <br>",
		"가\n===\n*나* **다** `라`\n\n[마]: 바\n", "{% if %}<table><tr><td>가</table>", "## 제1조\n[별표 1]\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data string) {
		if d, err := markup.Markdown(data); err == nil {
			checkShape(t, d)
		}
	})
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{
		"<html><table><tr><td rowspan=9>가<table><td>나", "<html><head><meta charset=euc-kr><title>가</title><body><ol start=3><li>나<ul><li>다</ol>",
		"<html><p>가<b>나</p><pre>다\n라</pre><h1>마<br>바</h1><caption>", "<html><table><caption>가</caption><tr><th colspan=2 hidden>나</table>",
		"<html><svg><title>가</title></svg><math><mi>나</math><template>다</template><select><option>라",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data string) {
		if d, err := markup.HTML([]byte(data), "utf-8"); err == nil {
			checkShape(t, d)
		}
	})
}

func FuzzDOCX(f *testing.F) {
	f.Add(wp("a", "다")+"<w:tbl><w:tr>"+wtc(`<w:vMerge/>`, "라")+wtc(`<w:gridSpan w:val="99999999"/>`, "")+"</w:tr></w:tbl>", "")
	f.Add(`<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="2"/></w:numPr></w:pPr><w:r><w:t>가</w:t></w:r></w:p>`,
		`<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="ganada"/><w:lvlText w:val="%1."/></w:lvl><w:lvl w:ilvl="1"><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1-%2"/></w:lvl></w:abstractNum><w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="1"><w:startOverride w:val="3999"/></w:lvlOverride></w:num>`)
	f.Add(`<w:p><w:r><w:footnoteReference w:id="2"/><w:fldChar w:fldCharType="begin"/><w:txbxContent><w:p/></w:txbxContent><w:sym w:char="F0FC"/></w:r></w:p>`, "")
	f.Add("0", "&") // crashed
	f.Fuzz(func(t *testing.T, body, numbering string) {
		fuzzRead(t, "a.docx", docxOf(t, body, "word/numbering.xml", `<w:numbering xmlns:w="w">`+numbering+`</w:numbering>`))
	})
}

func FuzzXLSX(f *testing.F) {
	const styles = `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy-mm-dd(aaa)"/></numFmts><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="42"/></cellXfs></styleSheet>`
	f.Add(`<sheetData><row r="1"><c r="A1" s="1"><v>46329</v></c><c r="B1" t="s"><v>0</v></c></row></sheetData><mergeCells><mergeCell ref="A1:B2"/></mergeCells>`, styles, `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>가</t></si><si><r><t>나</t></r></si></sst>`)
	f.Add(`<cols><col min="1" max="2" hidden="1"/></cols><sheetData><row hidden="1"><c t="inlineStr"><is><t>가</t></is></c></row><row><c r="XFD9" t="b" s="2"><f>1</f><v>1</v></c></row></sheetData>`, styles, "")
	f.Add(`<sheetData><row r="3"><c s="2"><v>0</v></c><c t="e"><v>#N/A</v></c><c t="str"><f>A1</f><v></v></c></row></sheetData>`, styles, "")
	f.Fuzz(func(t *testing.T, sheet, styles, shared string) {
		fuzzRead(t, "a.xlsx", xlsxRaw(t, sheet, "xl/styles.xml", styles, "xl/sharedStrings.xml", shared))
	})
}

func FuzzPPTX(f *testing.F) {
	f.Add(sp("title", "", "제목")+sp("body", "0 1 2 3", "글\n<a:p><a:pPr lvl=\"9\"><a:buAutoNum type=\"romanUcPeriod\" startAt=\"-5\"/></a:pPr><a:r><a:t>가</a:t></a:r></a:p>"), sp("body", "5 6 7 8", "틀"))
	f.Add(`<p:grpSp>`+sp("", "9 9 9 9", "가")+`</p:grpSp><p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr><a:tc gridSpan="2" rowSpan="-1"><a:txBody/></a:tc><a:tc hMerge="1"/></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>`, "")
	f.Fuzz(func(t *testing.T, slide, notes string) {
		fuzzRead(t, "a.pptx", pptxOf(t, slide+"|||"+notes, "hidden"+slide))
	})
}

func FuzzZIP(f *testing.F) {
	f.Add([]byte(zipOf(f, "가.txt", "글", "나.md", "# 제목\n", "다.zip", zipOf(f, "라.csv", "가,나\n"))))
	f.Add([]byte(rawZip(f, 0, "\xb0\xa1.txt", "글", `a\..\b.html`, "<html><p>가")))
	f.Add([]byte(rawZip(f, 1, "가.txt", "글")))
	f.Add([]byte(zipOf(f, "[Content_Types].xml", "<a/>", "word/document.xml", "<w:document/>")))
	f.Add([]byte(zipOf(f, "mimetype", "application/hwp+zip")))
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzRead(t, "a.zip", "PK\x03\x04"+strings.TrimPrefix(string(data), "PK\x03\x04"))
	})
}
