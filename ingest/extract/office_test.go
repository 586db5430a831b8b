package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"biseo/ingest"
	"biseo/ingest/extract/blocks"
)

// zipOf makes an archive of name, content pairs.
func zipOf(t testing.TB, pairs ...string) string {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i := 0; i < len(pairs); i += 2 {
		f, err := w.Create(pairs[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func hwpxOf(t testing.TB, header, section string, more ...string) string {
	const ns = ` xmlns:hp="p" xmlns:hs="s" xmlns:hh="h" xmlns:opf="o"`
	return zipOf(t, append([]string{
		"mimetype", "application/hwp+zip",
		"Contents/content.hpf", `<opf:package` + ns + `><opf:metadata><opf:title>문 내용</opf:title>
<opf:meta name="keyword" content="text">민원, 수당</opf:meta><opf:meta name="description" content="text">한 줄 요지</opf:meta></opf:metadata>
<opf:manifest><opf:item id="header" href="Contents/header.xml"/><opf:item id="s1" href="Contents/section1.xml"/><opf:item id="s0" href="Contents/section0.xml"/></opf:manifest>
<opf:spine><opf:itemref idref="header"/><opf:itemref idref="s0"/><opf:itemref idref="s1"/></opf:spine></opf:package>`,
		"Contents/header.xml", `<hh:head` + ns + `>` + header + `</hh:head>`,
		"Contents/section1.xml", `<hs:sec` + ns + `><hp:p><hp:run><hp:t>마지막 절</hp:t></hp:run></hp:p></hs:sec>`,
		"Contents/section0.xml", `<hs:sec` + ns + `>` + section + `</hs:sec>`,
	}, more...)...)
}

func p(s string) string { return "<hp:p><hp:run><hp:t>" + s + "</hp:t></hp:run></hp:p>" }

func tc(row, col, rows, cols int, body string) string {
	return fmt.Sprintf(`<hp:tc><hp:subList>%s</hp:subList><hp:cellAddr colAddr="%d" rowAddr="%d"/><hp:cellSpan colSpan="%d" rowSpan="%d"/></hp:tc>`, body, col, row, cols, rows)
}

func TestHWPX(t *testing.T) {
	header := `<hh:paraPr id="3"><hh:heading type="NONE" level="0"/></hh:paraPr><hh:paraPr id="7"><hp:switch><hp:case><hh:heading type="OUTLINE" level="1"/></hp:case><hp:default><hh:heading type="OUTLINE" level="0"/></hp:default></hp:switch></hh:paraPr><hh:style id="2" name="개요 1"/>`
	note := `<hp:ctrl><hp:footNote><hp:subList><hp:p><hp:run><hp:ctrl><hp:autoNum num="1" numType="FOOTNOTE"><hp:autoNumFormat prefixChar="" suffixChar=")"/></hp:autoNum></hp:ctrl><hp:t> 각주 글</hp:t></hp:run></hp:p></hp:subList></hp:footNote></hp:ctrl>`
	inner := `<hp:p><hp:run><hp:tbl><hp:tr>` + tc(0, 0, 1, 1, p("안1")) + tc(0, 1, 1, 1, p("안2")) + `</hp:tr></hp:tbl></hp:run></hp:p>`
	section := `<hp:p><hp:run><hp:secPr><hp:presentation/></hp:secPr><hp:ctrl><hp:header><hp:subList>` + p("머리말") + `</hp:subList></hp:header></hp:ctrl><hp:t>가온시 청년 계획</hp:t></hp:run></hp:p>` +
		`<hp:p styleIDRef="2"><hp:run><hp:t>추진 배경</hp:t></hp:run></hp:p>` +
		`<hp:p paraPrIDRef="7"><hp:run><hp:t>세부</hp:t></hp:run></hp:p>` +
		`<hp:p><hp:run><hp:t>앞<hp:tab/>뒤<hp:lineBreak/>새 줄<hp:nbSpace/>끝<hp:hypen/><hp:titleMark/></hp:t>` + note + `<hp:t>이어짐</hp:t></hp:run></hp:p>` +
		`<hp:p><hp:run><hp:t>남음<hp:deleteBegin/>지움</hp:t></hp:run></hp:p><hp:p><hp:run><hp:t>또 지움<hp:deleteEnd/><hp:insertBegin/>넣음<hp:insertEnd/></hp:t></hp:run></hp:p>` +
		`<hp:p><hp:run><hp:tbl><hp:caption><hp:subList>` + p("표 1") + `</hp:subList></hp:caption><hp:tr>` + tc(0, 0, 2, 1, p("구분")) + tc(0, 1, 1, 2, p("금액")+p("(원)")) +
		`</hp:tr><hp:tr>` + tc(1, 1, 1, 1, p("1,000")) + tc(1, 2, 1, 1, inner) + `</hp:tr></hp:tbl></hp:run></hp:p>` +
		`<hp:p><hp:run><hp:tbl><hp:tr>` + tc(0, 0, 1, 1, p("상자 글")) + `</hp:tr></hp:tbl></hp:run></hp:p>` +
		`<hp:p><hp:run><hp:container><hp:rect><hp:drawText><hp:subList>` + p("글상자") + `</hp:subList></hp:drawText><hp:shapeComment>사각형입니다.</hp:shapeComment></hp:rect></hp:container></hp:run></hp:p>` +
		`<hp:p><hp:run><hp:equation><hp:shapeComment>수식</hp:shapeComment><hp:script>a over b</hp:script></hp:equation><hp:ctrl><hp:hiddenComment><hp:subList>` + p("숨은 설명") + `</hp:subList></hp:hiddenComment></hp:ctrl>` +
		`<hp:ctrl><hp:fieldBegin type="MEMO"><hp:subList>` + p("메모") + `</hp:subList></hp:fieldBegin></hp:ctrl><hp:compose composeText="㉮"/><hp:switch><hp:case><hp:t>하나</hp:t></hp:case><hp:default><hp:t>둘</hp:t></hp:default></hp:switch></hp:run></hp:p>`
	d := readString(t, "a.docx", hwpxOf(t, header, section))
	want := []string{
		"p [] 가온시 청년 계획",
		"h1 [] 추진 배경",
		"h2 [추진 배경] 세부",
		"p [추진 배경 > 세부] 앞\t뒤⏎새 줄 끝-이어짐",
		"f [추진 배경 > 세부] 1) 각주 글",
		"p [추진 배경 > 세부] 남음",
		"p [추진 배경 > 세부] 넣음",
		"c [추진 배경 > 세부] 표 1",
		"t [추진 배경 > 세부] 구분 | 금액 (원)⏎1,000 | 안1 | 안2",
		"p [추진 배경 > 세부] 상자 글",
		"p [추진 배경 > 세부] 글상자",
		"p [추진 배경 > 세부] a over b㉮하나",
		"p [추진 배경 > 세부] 마지막 절",
	}
	if diff := cmp.Diff(want, outline(d)); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	if m := d.Meta; m.Title != "가온시 청년 계획" || m.Gist != "한 줄 요지" || len(m.Keywords) != 2 {
		t.Errorf("meta %+v", m)
	}
	wantCells := [][]ingest.Cell{
		{{Text: "구분", RowSpan: 2, ColSpan: 1}, {Text: "금액\n(원)", Col: 1, RowSpan: 1, ColSpan: 2}},
		{{Text: "1,000", Row: 1, Col: 1, RowSpan: 1, ColSpan: 1}, {Text: "안1 | 안2", Row: 1, Col: 2, RowSpan: 1, ColSpan: 1}},
	}
	if diff := cmp.Diff(wantCells, d.Blocks[8].Cells); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
	if len(d.Warnings) != 1 {
		t.Errorf("warnings %q", d.Warnings)
	}
}

func TestOfficialLetterTitle(t *testing.T) {
	letter := func(title string) string {
		return `<hp:p><hp:run><hp:tbl><hp:tr>` + tc(0, 0, 1, 1, p("수신")) + tc(0, 1, 1, 1, p("내부결재")) + `</hp:tr><hp:tr>` + tc(1, 0, 1, 1, p(" 제 목 ")) + tc(1, 1, 1, 1, p(title)) + `</hp:tr></hp:tbl></hp:run></hp:p>`
	}
	for _, tt := range []struct{ body, want string }{
		{p("관련 문서에 따라 처리하고자 합니다.") + letter("수당 지급"), "수당 지급"},
		{p("수신  내부결재") + p("제목  수당 지급(2차)"), "수당 지급(2차)"},
		{p("첫 줄") + p("이 문서는 문 내용을 담는다."), "문 내용"},
		{p("이 문장은 제목이 아니다."), ""},
	} {
		if d := readString(t, "a.hwpx", hwpxOf(t, "", tt.body)); d.Meta.Title != tt.want {
			t.Errorf("title %q, want %q", d.Meta.Title, tt.want)
		}
	}
}

func docxOf(t testing.TB, body string, more ...string) string {
	const ns = ` xmlns:w="w" xmlns:mc="mc" xmlns:r="r"`
	return zipOf(t, append([]string{
		"[Content_Types].xml", "<Types/>",
		"_rels/.rels", `<Relationships><Relationship Type="x/officeDocument" Target="word/main.xml"/><Relationship Type="x/core-properties" Target="docProps/core.xml"/></Relationships>`,
		"word/_rels/main.xml.rels", `<Relationships><Relationship Type="x/footnotes" Target="/word/notes.xml"/></Relationships>`,
		"word/main.xml", `<w:document` + ns + `><w:body>` + body + `</w:body></w:document>`,
		"word/notes.xml", `<w:footnotes` + ns + `><w:footnote w:type="separator" w:id="0"><w:p/></w:footnote><w:footnote w:id="2">` + wp("", "각주 글") + `</w:footnote></w:footnotes>`,
		"word/styles.xml", `<w:styles` + ns + `><w:style w:styleId="a"><w:name w:val="heading 1"/></w:style><w:style w:styleId="b"><w:name w:val="제목 2"/></w:style>
<w:style w:styleId="c"><w:name w:val="mine"/><w:basedOn w:val="b"/></w:style><w:style w:styleId="d"><w:name w:val="x"/><w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style><w:style w:styleId="T"><w:name w:val="Title"/></w:style></w:styles>`,
		"docProps/core.xml", `<cp:coreProperties xmlns:cp="c" xmlns:dc="d"><dc:title>Word 문서</dc:title><cp:keywords>민원; 수당</cp:keywords><dc:description>요지</dc:description></cp:coreProperties>`,
	}, more...)...)
}

func wp(style, s string) string {
	return `<w:p><w:pPr><w:pStyle w:val="` + style + `"/></w:pPr><w:r><w:t xml:space="preserve">` + s + `</w:t></w:r></w:p>`
}

func wtc(properties, s string) string {
	return `<w:tc><w:tcPr>` + properties + `</w:tcPr>` + wp("", s) + `</w:tc>`
}

func TestDOCX(t *testing.T) {
	body := wp("T", "가온시 계획") + wp("a", "배경") + wp("b", "현황") + wp("c", "과제") + wp("d", "세부") +
		`<w:p><w:r><w:t>남은 </w:t></w:r><w:del><w:r><w:delText>지운</w:delText></w:r></w:del><w:ins><w:r><w:t>넣은</w:t></w:r></w:ins><w:moveFrom><w:r><w:t>옮긴</w:t></w:r></w:moveFrom>` +
		`<w:r><w:tab/><w:t>글</w:t><w:br/><w:noBreakHyphen/><w:sym w:char="F0FC"/></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>숨김</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>` +
		`<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>3</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>` +
		`<w:hyperlink><w:r><w:t>연결</w:t></w:r></w:hyperlink><w:r><mc:AlternateContent><mc:Choice><w:txbxContent>` + wp("", "글상자") + `</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent>` + wp("", "글상자") + `</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>` +
		`<w:tbl><w:tr>` + wtc(`<w:vMerge w:val="restart"/>`, "구분") + wtc(`<w:gridSpan w:val="2"/>`, "금액") + `</w:tr><w:tr>` + wtc(`<w:vMerge/>`, "") + wtc("", "1,000") + wtc("", "2,000") + `</w:tr></w:tbl>` +
		`<w:tbl><w:tr>` + wtc("", "상자") + `</w:tr></w:tbl><w:sdt><w:sdtContent>` + wp("", "끝") + `</w:sdtContent></w:sdt><w:sectPr/>`
	d := readString(t, "a.txt", docxOf(t, body))
	want := []string{
		"h1 [] 가온시 계획", "h1 [] 배경", "h2 [배경] 현황", "h2 [배경] 과제", "h3 [배경 > 과제] 세부",
		"p [배경 > 과제 > 세부] 남은 넣은\t글⏎-✓3연결", "p [배경 > 과제 > 세부] 글상자", "f [배경 > 과제 > 세부] 1) 각주 글",
		"t [배경 > 과제 > 세부] 구분 | 금액⏎1,000 | 2,000", "p [배경 > 과제 > 세부] 상자", "p [배경 > 과제 > 세부] 끝",
	}
	if diff := cmp.Diff(want, outline(d)); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	if m := d.Meta; m.Title != "가온시 계획" || m.Gist != "요지" || len(m.Keywords) != 2 {
		t.Errorf("meta %+v", m)
	}
	wantCells := [][]ingest.Cell{
		{{Text: "구분", RowSpan: 2, ColSpan: 1}, {Text: "금액", Col: 1, RowSpan: 1, ColSpan: 2}},
		{{Text: "1,000", Row: 1, Col: 1, RowSpan: 1, ColSpan: 1}, {Text: "2,000", Row: 1, Col: 2, RowSpan: 1, ColSpan: 1}},
	}
	for _, b := range d.Blocks {
		if b.Kind == ingest.Table {
			if diff := cmp.Diff(wantCells, b.Cells); diff != "" {
				t.Errorf("cells (-want +got):\n%s", diff)
			}
		}
	}
}

func TestHostileArchives(t *testing.T) {
	many := make([]string, 0, 2*(maxEntries+1))
	for i := range maxEntries + 1 {
		many = append(many, fmt.Sprintf("BinData/%d", i), "")
	}
	deep := strings.Repeat("<hp:x>", 300) + strings.Repeat("</hp:x>", 300)
	manifest := `<odf:manifest xmlns:odf="o"><odf:file-entry><odf:encryption-data/></odf:file-entry></odf:manifest>`
	xxe := `<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><w:document xmlns:w="w"><w:body><w:p><w:r><w:t>&e;</w:t></w:r></w:p></w:body></w:document>`
	for _, tt := range []struct{ name, data, reason string }{
		{"bomb", hwpxOf(t, "", p(strings.Repeat(" ", 4<<20))), "너무 커지는"},
		{"many entries", hwpxOf(t, "", p("가"), many...), "너무 커지는"},
		{"slip", hwpxOf(t, "", p("가"), "../../etc/x", "y"), "안전하지"},
		{"inner slip", hwpxOf(t, "", p("가"), "a/../../x", "y"), "안전하지"},
		{"absolute", hwpxOf(t, "", p("가"), "/etc/x", "y"), "안전하지"},
		{"backslash", hwpxOf(t, "", p("가"), `..\x`, "y"), "안전하지"},
		{"drive", hwpxOf(t, "", p("가"), `C:/x`, "y"), "안전하지"},
		{"duplicate", hwpxOf(t, "", p("가"), "Contents/section0.xml", "y"), "안전하지"},
		{"deep", hwpxOf(t, "", "<hp:p>"+deep+"</hp:p>"), "너무 깊"},
		{"deep docx", docxOf(t, deep), "너무 깊"},
		{"locked", hwpxOf(t, "", p("가"), "META-INF/manifest.xml", manifest), "암호"},
		{"doctype", zipOf(t, "[Content_Types].xml", "<a/>", "word/document.xml", xxe), "외부 개체"},
		{"broken xml", hwpxOf(t, "", "<hp:p><hp:run></hp:p>"), "손상"},
		{"no section", zipOf(t, "mimetype", "application/hwp+zip"), "손상"},
		{"no document", zipOf(t, "[Content_Types].xml", "<a/>"), "손상"},
		{"truncated", hwpxOf(t, "", p("가"))[:500], "손상"},
		{"empty zip", zipOf(t, "a/", ""), "문서가 들어 있지"},
		{"odt", zipOf(t, "mimetype", "application/vnd.oasis.opendocument.text", "content.xml", "<a/>"), "ODF"},
		{"empty xlsx", zipOf(t, "[Content_Types].xml", "<a/>", "xl/workbook.xml", ""), "XLSX"},
	} {
		wantError(t, tt.name, tt.data, tt.reason)
	}
}

// recall is the share of the characters of want (spaces aside) that got has.
func recall(got, want string) float64 {
	count := map[rune]int{}
	for _, r := range got {
		count[r]++
	}
	var n, found int
	for _, r := range norm.NFC.String(strings.Map(blocks.CleanRune, want)) {
		if unicode.IsSpace(r) {
			continue
		}
		n++
		if count[r]--; count[r] >= 0 {
			found++
		}
	}
	if n == 0 {
		return 1
	}
	return float64(found) / float64(n)
}

// testRecall compares with reference texts, which are not perfect themselves.
func testRecall(t *testing.T, paths []string, reference func(string) string, least float64) {
	t.Helper()
	var sum float64
	var n int
	for _, path := range paths {
		want, err := os.ReadFile(reference(path))
		if err != nil {
			continue
		}
		d, err := Read(context.Background(), path)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(path), err)
			continue
		}
		checkShape(t, d)
		r := recall(d.Text, string(want))
		if r < least {
			t.Errorf("%s: recall %.4f", filepath.Base(path), r)
		}
		sum += r
		n++
	}
	if n == 0 {
		t.Fatal("no references")
	}
	t.Logf("%d files, mean character recall %.5f", n, sum/float64(n))
}

func TestSharedSeoul(t *testing.T) {
	dir := shared(t, "seoul-youth-allowance-hwpx")
	var right, all int
	for _, list := range files(t, dir, ".jsonl") {
		f, err := os.Open(list)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for lines := json.NewDecoder(f); lines.More(); all++ {
			var doc struct{ ID, Title string }
			if err := lines.Decode(&doc); err != nil {
				t.Fatal(err)
			}
			if got := mustRead(t, filepath.Join(dir, doc.ID+".hwpx")).Meta.Title; sameTitle(got, doc.Title) {
				right++
			} else {
				t.Logf("%s: title %q, want %q", doc.ID, got, doc.Title)
			}
		}
	}
	t.Logf("%d of %d titles found", right, all)
	testRecall(t, files(t, dir, ".hwpx"), func(s string) string { return strings.TrimSuffix(s, ".hwpx") + ".txt" }, 0.99)
}

func TestSharedHWPX(t *testing.T) {
	for _, dir := range []string{"hwpjs", "kordoc"} {
		var open []string
		for _, path := range files(t, shared(t, "parser", dir), ".hwpx") {
			switch {
			case strings.Contains(path, "headerfooter"), strings.Contains(path, "dummy"):
				continue // text in the header only; not a real document
			case strings.Contains(path, "password") && !strings.Contains(path, "nopassword"):
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				wantError(t, filepath.Base(path), string(data), "암호")
				continue
			}
			open = append(open, path)
		}
		testRecall(t, open, func(s string) string { return s + ".ref.txt" }, 0.95)
	}
}

func TestSharedDOCX(t *testing.T) {
	var read, refused int
	for _, path := range files(t, shared(t, "parser"), ".docx") {
		if strings.Contains(path, "malformed") {
			continue
		}
		d, err := Read(context.Background(), path)
		var e *ingest.FileError
		switch {
		case err == nil:
			read++
			checkShape(t, d)
		case errors.As(err, &e):
			refused++
			t.Logf("%s: %v", filepath.Base(path), err)
		default:
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
	t.Logf("%d read, %d refused", read, refused)
}

func FuzzOffice(f *testing.F) {
	f.Add("<hp:p><hp:run><hp:t>가</hp:t></hp:run></hp:p>", true)
	f.Add("<hp:p><hp:run><hp:tbl><hp:tr>"+tc(0, 0, 2, 2, p("나"))+tc(9, 9, 0, -1, "")+"</hp:tr></hp:tbl></hp:run></hp:p>", true)
	f.Add(wp("a", "다")+"<w:tbl><w:tr>"+wtc(`<w:vMerge/>`, "라")+wtc(`<w:gridSpan w:val="99999999"/>`, "")+"</w:tr></w:tbl>", false)
	f.Fuzz(func(t *testing.T, body string, hwpx bool) {
		data := ""
		if hwpx {
			data = hwpxOf(t, "", body)
		} else {
			data = docxOf(t, body)
		}
		if d, err := read(t.Context(), "a", []byte(data)); err == nil {
			checkShape(t, d)
		}
	})
}
