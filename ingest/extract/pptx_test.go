package extract

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/ingest"
)

const pptxNS = ` xmlns:p="p" xmlns:a="a" xmlns:r="r"`

// pptxOf makes a presentation of slides, each given as the content of its shape
// tree; notes may follow after a "|||", and "hidden" may stand before.
func pptxOf(t testing.TB, slides ...string) string {
	var ids, rels strings.Builder
	var parts []string
	for i, s := range slides {
		n := i + 1
		fmt.Fprintf(&ids, `<p:sldId id="%d" r:id="rId%d"/>`, 900-n, n)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="x/slide" Target="slides/s%d.xml"/>`, n, 50-n)
		s, hidden := strings.CutPrefix(s, "hidden")
		show := ""
		if hidden {
			show = ` show="0"`
		}
		body, notes, _ := strings.Cut(s, "|||")
		own := `<Relationship Id="l" Type="x/slideLayout" Target="../slideLayouts/l.xml"/>`
		if notes != "" {
			own += fmt.Sprintf(`<Relationship Id="n" Type="x/notesSlide" Target="../notes/n%d.xml"/>`, n)
			parts = append(parts, fmt.Sprintf("ppt/notes/n%d.xml", n), `<p:notes`+pptxNS+`><p:cSld><p:spTree>`+sp("sldNum", "", "7")+sp("body", "", notes)+`</p:spTree></p:cSld></p:notes>`)
		}
		parts = append(parts, fmt.Sprintf("ppt/slides/s%d.xml", 50-n), `<p:sld`+pptxNS+show+`><p:cSld><p:spTree>`+body+`</p:spTree></p:cSld></p:sld>`,
			fmt.Sprintf("ppt/slides/_rels/s%d.xml.rels", 50-n), `<Relationships>`+own+`</Relationships>`)
	}
	return zipOf(t, append([]string{
		"[Content_Types].xml", "<Types/>",
		"_rels/.rels", `<Relationships><Relationship Id="a" Type="x/officeDocument" Target="ppt/presentation.xml"/></Relationships>`,
		"ppt/presentation.xml", `<p:presentation` + pptxNS + `><p:sldIdLst>` + ids.String() + `</p:sldIdLst></p:presentation>`,
		"ppt/_rels/presentation.xml.rels", `<Relationships>` + rels.String() + `</Relationships>`,
		"ppt/slideLayouts/l.xml", `<p:sldLayout` + pptxNS + `><p:cSld><p:spTree>` + sp("body", "0 900 100 50", "틀의 글") + `</p:spTree></p:cSld></p:sldLayout>`,
	}, parts...)...)
}

// sp is a shape: a placeholder of that type, at "x y w h", either may be "", with
// one paragraph for each line of s; lines that begin with < are paragraphs in XML.
func sp(placeholder, at, s string) string {
	var out strings.Builder
	out.WriteString(`<p:sp><p:nvSpPr><p:nvPr>`)
	if placeholder != "" {
		out.WriteString(`<p:ph type="` + placeholder + `"/>`)
	}
	out.WriteString(`</p:nvPr></p:nvSpPr><p:spPr>` + xfrm("a", at) + `</p:spPr><p:txBody>`)
	for line := range strings.SplitSeq(s, "\n") {
		if !strings.HasPrefix(line, "<") {
			line = `<a:p><a:r><a:t>` + line + `</a:t></a:r></a:p>`
		}
		out.WriteString(line)
	}
	return out.String() + `</p:txBody></p:sp>`
}

func xfrm(prefix, at string) string {
	var x, y, w, h int
	if n, _ := fmt.Sscan(at, &x, &y, &w, &h); n < 4 {
		return ""
	}
	return fmt.Sprintf(`<%[1]s:xfrm><a:off x="%d" y="%d"/><a:ext cx="%d" cy="%d"/></%[1]s:xfrm>`, prefix, x, y, w, h)
}

func TestPPTX(t *testing.T) {
	cell := func(attrs, s string) string {
		return `<a:tc` + attrs + `><a:txBody><a:p><a:r><a:t>` + s + `</a:t></a:r></a:p></a:txBody></a:tc>`
	}
	table := `<p:graphicFrame>` + xfrm("p", "0 500 100 100") + `<a:graphic><a:graphicData><a:tbl><a:tr>` + cell(` rowSpan="2"`, "구분") + cell(` gridSpan="2"`, "금액") + cell(` hMerge="1"`, "") +
		`</a:tr><a:tr>` + cell(` vMerge="1"`, "") + cell("", "1,000") + cell("", "2,000") + `</a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>`
	item := func(properties, s string) string {
		return `<a:p><a:pPr` + properties + `</a:pPr><a:r><a:t>` + s + `</a:t></a:r></a:p>`
	}
	data := pptxOf(t,
		sp("subTitle", "0 300 100 50", "2026. 3. 2.")+sp("ctrTitle", "0 100 100 50", "가온시 청년 계획")+sp("sldNum", "0 0 1 1", "1"),
		// Two columns below a line, in the wrong order in the file.
		sp("", "200 200 100 100", "오른쪽 글")+sp("", "0 210 100 100", "왼쪽 글")+sp("title", "", "추진 배경")+sp("", "0 100 300 50", "한 줄 요약")+table+sp("body", "", "맨 아래")+"|||발표자가\n할 말",
		"hidden"+sp("", "0 0 100 20", strings.Join([]string{"모양만 제목", item(`><a:buFont typeface="Wingdings"/><a:buChar char="§"/>`, "항목"), item(` lvl="1"><a:buAutoNum type="arabicParenR" startAt="3"/>`, "셋"),
			item(` lvl="1"><a:buAutoNum type="arabicParenR"/>`, "넷"), `<a:p><a:r><a:t>앞</a:t></a:r><a:br/><a:r><a:t>뒤</a:t></a:r><a:fld type="slidenum"><a:t>3</a:t></a:fld></a:p>`}, "\n")),
		`<p:grpSp><p:grpSpPr>`+xfrm("a", "0 100 50 50")+`</p:grpSpPr>`+sp("", "0 50 10 10", "묶음 둘")+sp("", "0 0 10 10", "묶음 하나")+`</p:grpSp>`+sp("", "0 0 10 10", strings.Repeat("긴 글 ", 30)+"이다.")+
			`<p:graphicFrame><a:graphic><a:graphicData><c:chart xmlns:c="c"/></a:graphicData></a:graphic></p:graphicFrame>`,
	)
	d := readString(t, "a.bin", data)
	want := []string{
		"h1 [] 가온시 청년 계획", "p [] 2026. 3. 2.",
		"h1 [] 추진 배경", "p [추진 배경] 한 줄 요약", "p [추진 배경] 왼쪽 글", "p [추진 배경] 오른쪽 글", "t [추진 배경] 구분 | 금액⏎1,000 | 2,000", "p [추진 배경] 맨 아래", "f [추진 배경] 발표자가⏎할 말",
		"h1 [] 모양만 제목", "p [모양만 제목] ▪ 항목", "p [모양만 제목]   3) 셋", "p [모양만 제목]   4) 넷", "p [모양만 제목] 앞⏎뒤",
		"p [모양만 제목] " + strings.Repeat("긴 글 ", 30) + "이다.", "p [모양만 제목] 묶음 하나", "p [모양만 제목] 묶음 둘",
	}
	if diff := cmp.Diff(want, outline(d)); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	if d.Pages != 4 || d.Blocks[1].Page != 1 || d.Blocks[8].Page != 2 || d.Blocks[len(d.Blocks)-1].Page != 4 {
		t.Errorf("%d pages, blocks on %d, %d, %d", d.Pages, d.Blocks[1].Page, d.Blocks[8].Page, d.Blocks[len(d.Blocks)-1].Page)
	}
	wantCells := [][]ingest.Cell{
		{{Text: "구분", RowSpan: 2, ColSpan: 1}, {Text: "금액", Col: 1, RowSpan: 1, ColSpan: 2}},
		{{Text: "1,000", Row: 1, Col: 1, RowSpan: 1, ColSpan: 1}, {Text: "2,000", Row: 1, Col: 2, RowSpan: 1, ColSpan: 1}},
	}
	if diff := cmp.Diff(wantCells, d.Blocks[6].Cells); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"숨긴 슬라이드 1개도 읽었습니다: 3쪽.", "차트 1개는 읽지 않았습니다."}, d.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if d.Meta.Title != "가온시 청년 계획" {
		t.Errorf("title %q", d.Meta.Title)
	}
}

func TestSharedPPTX(t *testing.T) {
	d := mustRead(t, shared(t, "parser", "langchain-kr", "sample-ppt.pptx"))
	if d.Pages == 0 || len(d.Text) < 100 {
		t.Errorf("%d pages, %d bytes", d.Pages, len(d.Text))
	}
	t.Logf("%d pages, %d blocks, warnings %q", d.Pages, len(d.Blocks), d.Warnings)
}
