package extract

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/ingest/extract/blocks"
	"biseo/ingest/extract/hwp"
)

const hwpxNumbers = `<hh:numbering id="1"><hh:paraHead level="1" start="1" numFormat="DIGIT">^1.</hh:paraHead><hh:paraHead level="2" start="3" numFormat="HANGUL_SYLLABLE">^2.</hh:paraHead><hh:paraHead level="10" numFormat="ROMAN_CAPITAL">^10)</hh:paraHead></hh:numbering>` +
	`<hh:bullet id="4" char="□"/><hh:paraPr id="1"><hh:heading type="NUMBER" idRef="1" level="0"/></hh:paraPr><hh:paraPr id="2"><hh:heading type="NUMBER" idRef="1" level="1"/></hh:paraPr>` +
	`<hh:paraPr id="3"><hh:heading type="BULLET" idRef="4" level="0"/></hh:paraPr><hh:paraPr id="4"><hh:heading type="OUTLINE" idRef="0" level="0"/></hh:paraPr>` +
	`<hh:paraPr id="5"><hp:switch><hp:case><hh:heading type="NUMBER" idRef="1" level="9"/></hp:case><hp:default><hh:heading type="NUMBER" idRef="1" level="0"/></hp:default></hp:switch></hh:paraPr>` +
	`<hh:paraPr id="6"><hh:heading type="NUMBER" idRef="99" level="0"/></hh:paraPr>`

func shaped(id, s string) string {
	return `<hp:p paraPrIDRef="` + id + `"><hp:run><hp:t>` + s + `</hp:t></hp:run></hp:p>`
}

func TestHWPXNumbers(t *testing.T) {
	section := `<hp:p><hp:run><hp:secPr outlineShapeIDRef="1"/><hp:t>가온시 계획</hp:t></hp:run></hp:p>` +
		shaped("1", "하나") + shaped("2", "둘") + shaped("2", "") + shaped("2", "셋") + shaped("1", " 넷") + shaped("2", "다섯") +
		shaped("3", "상자") + shaped("5", "깊음") + shaped("6", "모름") + shaped("4", "개요")
	d := readString(t, "a.hwpx", hwpxOf(t, hwpxNumbers, section))
	want := []string{
		"p [] 가온시 계획", "p [] 1. 하나", "p [] 다. 둘", "p [] 마. 셋", "p [] 2. 넷", "p [] 다. 다섯",
		"p [] □ 상자", "p [] Ⅰ) 깊음", "p [] 모름", "h1 [] 3. 개요", "p [3. 개요] 마지막 절",
	}
	if diff := cmp.Diff(want, outline(d)); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

func TestHWPXObjects(t *testing.T) {
	caption := func(side string) string {
		return `<hp:caption side="` + side + `"><hp:subList>` + p("그림 1") + `</hp:subList></hp:caption>`
	}
	box := `<hp:drawText><hp:subList>` + p("글상자") + `</hp:subList></hp:drawText>`
	for _, tt := range []struct {
		name, run string
		want      []string
	}{
		{"caption below", `<hp:rect>` + box + caption("BOTTOM") + `</hp:rect>`, []string{"p [] 글상자", "c [] 그림 1"}},
		{"caption above", `<hp:rect>` + box + caption("TOP") + `</hp:rect>`, []string{"c [] 그림 1", "p [] 글상자"}},
		{"equation", `<hp:t>식 </hp:t><hp:equation>` + caption("BOTTOM") + `<hp:script>a over b</hp:script></hp:equation>`, []string{"p [] 식", "p [] a over b", "c [] 그림 1"}},
		{"decorated text", `<hp:textart text="글맵시"/>`, []string{"p [] 글맵시"}},
		{"small text above", `<hp:dutmal><hp:mainText>본말</hp:mainText><hp:subText>덧말</hp:subText></hp:dutmal>`, []string{"p [] 본말(덧말)"}},
		{"button", `<hp:checkBtn caption="동의함"/>`, []string{"p [] 동의함"}},
		{"memo", `<hp:t>본문</hp:t><hp:ctrl><hp:fieldBegin type="MEMO"><hp:subList>` + p("메모") + `</hp:subList></hp:fieldBegin></hp:ctrl>`, []string{"p [] 본문"}},
		{"foot and page number", `<hp:ctrl><hp:footer><hp:subList>` + p("꼬리말") + `</hp:subList></hp:footer></hp:ctrl><hp:ctrl><hp:autoNum num="3" numType="PAGE"/></hp:ctrl><hp:t>글</hp:t>`, []string{"p [] 글"}},
		{"number of a figure", `<hp:t>그림 </hp:t><hp:ctrl><hp:autoNum num="2" numType="PICTURE"><hp:autoNumFormat type="CIRCLED_DIGIT"/></hp:autoNum></hp:ctrl>`, []string{"p [] 그림 ②"}},
		{"line ends in the markup", "<hp:t>한\n줄</hp:t>", []string{"p [] 한 줄"}},
	} {
		d := readString(t, "a.hwpx", hwpxOf(t, "", `<hp:p><hp:run>`+tt.run+`</hp:run></hp:p>`))
		if diff := cmp.Diff(append(tt.want, "p [] 마지막 절"), outline(d)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestHWPML(t *testing.T) {
	list := func(s string) string { return `<PARALIST>` + s + `</PARALIST>` }
	para := func(shape, inside string) string {
		return `<P ParaShape="` + shape + `" Style="0"><TEXT CharShape="1">` + inside + `</TEXT></P>`
	}
	char := func(s string) string { return `<CHAR>` + s + `</CHAR>` }
	cell := func(row, col, rows, cols, s string) string {
		return `<CELL RowAddr="` + row + `" ColAddr="` + col + `" RowSpan="` + rows + `" ColSpan="` + cols + `">` + list(para("0", char(s))) + `</CELL>`
	}
	d := readString(t, "a.hwp", `<?xml version="1.0" encoding="UTF-8"?><HWPML Version="2.91"><HEAD><DOCSUMMARY><TITLE>가온시 계획</TITLE><AUTHOR>행정안전부</AUTHOR></DOCSUMMARY>`+
		`<MAPPINGTABLE><NUMBERINGLIST><NUMBERING Id="1"><PARAHEAD Level="1" Start="1" NumFormat="RomanCapital">^1.</PARAHEAD></NUMBERING></NUMBERINGLIST>`+
		`<PARASHAPELIST><PARASHAPE Id="0" HeadingType="None"/><PARASHAPE Id="1" HeadingType="Outline" Level="0"/></PARASHAPELIST></MAPPINGTABLE></HEAD><BODY><SECTION>`+
		para("0", `<SECDEF OutlineShape="1"/><HEADER>`+list(para("0", char("머리말")))+`</HEADER>`+char("가온시 계획"))+
		para("1", char("배경"))+
		para("0", char("앞<TAB/>뒤 &amp; 끝")+`<FOOTNOTE>`+list(para("0", `<AUTONUM Number="1" NumberType="Footnote"><AUTONUMFORMAT SuffixChar=")" Type="Digit"/></AUTONUM>`+char(" 각주")))+`</FOOTNOTE>`)+
		para("0", `<TABLE><SHAPEOBJECT><CAPTION Side="Bottom">`+list(para("0", char("표 1")))+`</CAPTION></SHAPEOBJECT><ROW>`+cell("0", "0", "2", "1", "구분")+cell("0", "1", "1", "1", "금액")+`</ROW><ROW>`+cell("1", "1", "1", "1", "천 원")+`</ROW></TABLE>`)+
		para("0", `<RECTANGLE><DRAWINGOBJECT><DRAWTEXT>`+list(para("0", char("글상자")))+`</DRAWTEXT></DRAWINGOBJECT></RECTANGLE>`)+
		`</SECTION></BODY></HWPML>`)
	want := []string{
		"p [] 가온시 계획", "h1 [] Ⅰ. 배경", "p [Ⅰ. 배경] 앞\t뒤 & 끝", "f [Ⅰ. 배경] 1) 각주",
		"t [Ⅰ. 배경] 구분 | 금액⏎천 원", "c [Ⅰ. 배경] 표 1", "p [Ⅰ. 배경] 글상자",
	}
	if diff := cmp.Diff(want, outline(d)); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	if d.Meta.Title != "가온시 계획" || d.Meta.Agency != "행정안전부" {
		t.Errorf("meta %+v", d.Meta)
	}
	if c := d.Blocks[4].Cells[1][0]; c.Row != 1 || c.Col != 1 || c.Text != "천 원" {
		t.Errorf("cell %+v", c)
	}
	for _, s := range []string{"<HWPML></HWPML>", "<HWPML><BODY><SECTION>", `<!DOCTYPE HWPML><HWPML><BODY><SECTION/></BODY></HWPML>`} {
		if d, err := read(t.Context(), "a.hml", []byte(s)); err == nil {
			t.Errorf("%s: %+v", s, d)
		}
	}
}

func TestHWPProperties(t *testing.T) {
	for author, want := range map[string]string{
		"서울특별시": "서울특별시", "행정안전부": "행정안전부", "가온시청": "가온시청", "한국가온진흥원": "한국가온진흥원",
		"홍길동": "", "김재원": "", "user": "", "DESKTOP-1": "", "가온시 홍길동": "", "": "",
	} {
		w := hwpWalker{b: &blocks.Builder{}}
		w.properties(hwp.Info{Author: author, Keywords: "민원, 수당", Comments: "한 줄\n요지", Title: "문 내용"})
		meta := w.b.Doc.Meta
		if meta.Agency != want || len(meta.Keywords) != 2 || meta.Gist != "한 줄 요지" || meta.Title != "" {
			t.Errorf("author %q: %+v, want agency %q", author, meta, want)
		}
	}
}

// FuzzHWPX reads packages with any header and section.
func FuzzHWPX(f *testing.F) {
	f.Add(hwpxNumbers, shaped("1", "하나")+shaped("5", "둘<hp:tab/>셋<hp:deleteBegin/>지움"))
	f.Add("", `<hp:p><hp:run><hp:tbl><hp:caption side="BOTTOM"/><hp:tr>`+tc(0, 0, 2, 2, p("가"))+tc(9, 9, 0, -1, "")+`</hp:tr></hp:tbl></hp:run></hp:p>`)
	f.Add(`<hh:style id="0" name="개요 1"/>`, `<hp:p styleIDRef="0"><hp:run><hp:ctrl><hp:footNote><hp:subList>`+p("각주&#44032;")+`</hp:subList></hp:footNote></hp:ctrl><hp:container><hp:rect><hp:drawText/></hp:rect></hp:container><![CDATA[x]]></hp:run></hp:p>`)
	f.Fuzz(func(t *testing.T, header, section string) {
		if d, err := read(t.Context(), "a", []byte(hwpxOf(t, header, section))); err == nil {
			checkShape(t, d)
		}
	})
}
