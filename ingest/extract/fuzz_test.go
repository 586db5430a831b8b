package extract

import (
	"errors"
	"strings"
	"testing"

	"biseo/ingest"
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
		if d, err := readMarkdown(data); err == nil {
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
		if d, err := readHTML([]byte(data), "utf-8"); err == nil {
			checkShape(t, d)
		}
	})
}

func FuzzDOCX(f *testing.F) {
	f.Add(wp("a", "다")+"<w:tbl><w:tr>"+wtc(`<w:vMerge/>`, "라")+wtc(`<w:gridSpan w:val="99999999"/>`, "")+"</w:tr></w:tbl>", "")
	f.Add(`<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="2"/></w:numPr></w:pPr><w:r><w:t>가</w:t></w:r></w:p>`,
		`<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="ganada"/><w:lvlText w:val="%1."/></w:lvl><w:lvl w:ilvl="1"><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1-%2"/></w:lvl></w:abstractNum><w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="1"><w:startOverride w:val="3999"/></w:lvlOverride></w:num>`)
	f.Add(`<w:p><w:r><w:footnoteReference w:id="2"/><w:fldChar w:fldCharType="begin"/><w:txbxContent><w:p/></w:txbxContent><w:sym w:char="F0FC"/></w:r></w:p>`, "")
	f.Fuzz(func(t *testing.T, body, numbering string) {
		fuzzRead(t, "a.docx", docxOf(t, body, "word/numbering.xml", `<w:numbering xmlns:w="w">`+numbering+`</w:numbering>`))
	})
}
