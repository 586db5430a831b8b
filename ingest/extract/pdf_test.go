package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/korean"

	"biseo/ingest"
	"biseo/ingest/extract/blocks"
	"biseo/ingest/extract/pool"
	"biseo/ingest/extract/programs"
)

// pdfOf makes a PDF from objects 1, 2, …; object 1 is the catalog.
func pdfOf(trailer string, objects ...string) string {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, trailer, xref)
	return b.String()
}

func stream(dict, s string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(s), s)
}

// koreanPDF makes a PDF of pages whose content streams use the fonts U
// (composite, CP949 without ToUnicode), T (composite with ToUnicode) and L (simple).
func koreanPDF(pages ...string) string {
	cmap := "/CIDInit /ProcSet findresource begin 12 dict begin begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange\n" +
		"1 beginbfchar <0001> <AC00> endbfchar 2 beginbfrange <0002> <0004> <B098> <0010> <0011> [<B2E4> <D83DDE00>] endbfrange endcmap end end"
	kids := ""
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R>>", "",
		"<</Type/Font/Subtype/Type0/Encoding/KSCms-UHC-H/DescendantFonts[<</DW 1000>>]>>",
		"<</Type/Font/Subtype/Type0/Encoding/Identity-H/ToUnicode 5 0 R/DescendantFonts[<</DW 1000/W[1[900 900]3 4 800]>>]>>",
		stream("", cmap),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
		stream("/Type/XObject/Subtype/Form/Matrix[1 0 0 1 0 -20]/Resources<</Font<</L 6 0 R>>>>", "BT /L 10 Tf 50 300 Td (in a form) Tj ET"),
		"<</Title(Untitled)/Keywords(a, b)>>",
	}
	for _, content := range pages {
		n := len(objects) + 1
		kids += fmt.Sprintf("%d 0 R ", n)
		objects = append(objects, fmt.Sprintf("<</Type/Page/Parent 2 0 R/Contents %d 0 R>>", n+1), stream("", content))
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]/Resources<</Font<</U 3 0 R/T 4 0 R/L 6 0 R>>/XObject<</F 7 0 R>>>>>>", len(pages), kids)
	return pdfOf("/Info 8 0 R", objects...)
}

// uhc is s as a PDF string in CP949.
func uhc(t testing.TB, s string) string {
	b, err := korean.EUCKR.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("<%x>", b)
}

func TestPDF(t *testing.T) {
	body := func(n int) string {
		head := "BT /U 9 Tf 50 800 Td " + uhc(t, "가온시 청년과") + " Tj ET "
		foot := fmt.Sprintf(" BT /U 9 Tf 280 30 Td %s Tj ET", uhc(t, fmt.Sprintf("- %d -", n)))
		lines := []string{
			"/U 10 Tf 1 0 0 1 50 700 Tm " + uhc(t, "□ 추진 배경"),
			"1 0 0 1 50 680 Tm " + uhc(t, "○ 청년의 자립을 돕기 위하여 수당을 지급하고 있으나 대상자의 범위가 좁아 이를 넓"),
			"1 0 0 1 60 664 Tm " + uhc(t, "히고 신청 절차를 간소하게 하며 온라인 접수를 늘려"),
			"1 0 0 1 50 640 Tm " + uhc(t, "○ 예산을 조기에 집행할 필요"),
			"/T 10 Tf 1 0 0 1 50 600 Tm <00010002000300100011>",
			"/L 10 Tf 1 0 0 1 50 580 Tm (100%) Tj 1 0 0 1 80 580 Tm (caf\\351)",
			"/U 10 Tf 1 0 0 1 50 560 Tm " + uhc(t, "그림자") + " Tj 1 0 0 1 50.5 559.5 Tm " + uhc(t, "그림자"),
			"1 0 0 1 50 540 Tm " + uhc(t, "를 넓히고 그 밖에"),
		}
		if n == 1 {
			head += "/F Do "
		}
		return head + "BT " + strings.Join(lines, " Tj ") + " Tj ET" + foot
	}
	d := readString(t, "a.hwp", koreanPDF(body(1), body(2), "", body(3)))
	want := []string{
		"p [] in a form",
		"h3 [] □ 추진 배경",
		"p [□ 추진 배경] ○ 청년의 자립을 돕기 위하여 수당을 지급하고 있으나 대상자의 범위가 좁아 이를 넓히고 신청 절차를 간소하게 하며 온라인 접수를 늘려",
		"p [□ 추진 배경] ○ 예산을 조기에 집행할 필요",
		"p [□ 추진 배경] 가나낙다😀",
		"p [□ 추진 배경] 100% café",
		"p [□ 추진 배경] 그림자",
		"p [□ 추진 배경] 를 넓히고 그 밖에",
	}
	if diff := cmp.Diff(want, outline(d)[:len(want)]); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	if d.Pages != 4 || d.Blocks[len(d.Blocks)-1].Page != 4 {
		t.Errorf("%d pages, last block on %d", d.Pages, d.Blocks[len(d.Blocks)-1].Page)
	}
	if strings.Contains(d.Text, "청년과") || strings.Contains(d.Text, "- 1 -") {
		t.Errorf("running head or page number in the text: %q", d.Text)
	}
	if len(d.Warnings) > 0 { // a page without ink is blank
		t.Errorf("warnings %q", d.Warnings)
	}
	if diff := cmp.Diff([]string{"native", "native", "none", "native"}, d.Methods); diff != "" {
		t.Errorf("methods (-want +got):\n%s", diff)
	}
	if len(d.Meta.Keywords) != 2 {
		t.Errorf("meta %+v", d.Meta)
	}
}

func TestPDFSpacing(t *testing.T) {
	for _, tt := range []struct{ content, want string }{
		{"/L 10 Tf 50 700 Td [(one)-300(two)-50(three)] TJ", "one twothree"},
		{"/U 10 Tf -1.5 Tc 50 700 Td " + uhc(t, "감사계획") + " Tj 1.2 0 Td ET BT /U 10 Tf 86 700 Td " + uhc(t, "수립"), "감사계획 수립"},
		{"/U 10 Tf 5 Tc 50 700 Td " + uhc(t, "주요업무계획"), "주요업무계획"},
		{"/L 10 Tf 0 1 -1 0 100 100 Tm (turned) Tj /L 10 Tf 0 1 -1 0 112 100 Tm (text)", "turned\ntext"},
	} {
		op := " Tj"
		if strings.HasSuffix(tt.content, "TJ") {
			op = ""
		}
		if d := readString(t, "a.pdf", koreanPDF("BT "+tt.content+op+" ET")); strings.TrimSpace(d.Text) != tt.want {
			t.Errorf("%q: got %q, want %q", tt.content, d.Text, tt.want)
		}
	}
}

// ruled draws a table: its rules, and the texts of its cells row by row.
func ruled(t testing.TB, xs, ys []float64, texts ...string) string {
	var b strings.Builder
	for _, x := range xs {
		fmt.Fprintf(&b, "%g %g m %g %g l S ", x, ys[0], x, ys[len(ys)-1])
	}
	for _, y := range ys {
		fmt.Fprintf(&b, "%g %g m %g %g l S ", xs[0], y, xs[len(xs)-1], y)
	}
	b.WriteString("BT /U 10 Tf ")
	for i, s := range texts {
		cols := len(xs) - 1
		fmt.Fprintf(&b, "1 0 0 1 %g %g Tm %s Tj ", xs[i%cols]+5, ys[i/cols]-14, uhc(t, s))
	}
	b.WriteString("ET ")
	return b.String()
}

// at shows a text at a place.
func at(t testing.TB, x, y float64, s string) string {
	return fmt.Sprintf("BT /U 10 Tf 1 0 0 1 %g %g Tm %s Tj ET ", x, y, uhc(t, s))
}

func TestPDFTable(t *testing.T) {
	level := func(x0, x1, y float64) string { return fmt.Sprintf("%g %g m %g %g l S ", x0, y, x1, y) }
	upright := func(x, y0, y1 float64) string { return fmt.Sprintf("%g %g %g %g re f ", x, y0, 0.5, y1-y0) } // as a thin box
	for _, tt := range []struct {
		name, content string
		want          []string
	}{
		{"plain", ruled(t, []float64{50, 150, 250}, []float64{700, 680, 660}, "구분", "계", "정원", "46"),
			[]string{"t [] 구분 | 계⏎정원 | 46", "0,0 1x1 구분", "0,1 1x1 계", "1,0 1x1 정원", "1,1 1x1 46"}},
		{"spans, open sides, a double line",
			level(50, 350, 700) + level(150, 350, 680) + level(50, 350, 660) + level(50, 350, 658.9) + level(50, 350, 640) +
				upright(150, 640, 700) + upright(250, 640, 680) +
				at(t, 60, 675, "구분") + at(t, 200, 685, "예산") + at(t, 160, 665, "2024년") + at(t, 260, 665, "2025년") +
				at(t, 60, 645, "세입") + at(t, 160, 645, "100") + at(t, 260, 645, "200"),
			[]string{"t [] 구분 | 예산⏎2024년 | 2025년⏎세입 | 100 | 200", "0,0 2x1 구분", "0,1 1x2 예산", "1,1 1x1 2024년", "1,2 1x1 2025년", "2,0 1x1 세입", "2,1 1x1 100", "2,2 1x1 200"}},
		{"one run of glyphs over cells, lines joined in a cell",
			ruled(t, []float64{50, 150, 370}, []float64{700, 650, 630}, "구분", "취수원 주변의 수질을 날마다 검사하여 관리하", "합계", "") +
				at(t, 155, 670, "고 알림") + "BT /U 10 Tf 1 0 0 1 55 640 Tm [" + uhc(t, "비고") + " -8000 " + uhc(t, "5") + "] TJ ET",
			[]string{"t [] 구분 | 취수원 주변의 수질을 날마다 검사하여 관리하 고 알림⏎합계 비고 | 5", "0,0 1x1 구분", "0,1 1x1 취수원 주변의 수질을 날마다 검사하여 관리하 고 알림", "1,0 1x1 합계⏎비고", "1,1 1x1 5"}},
		{"a frame is no table", ruled(t, []float64{50, 350}, []float64{700, 600}, "주요 성과"), []string{"p [] 주요 성과"}},
		{"a row of boxes is no table", ruled(t, []float64{50, 80, 350}, []float64{700, 680}, "1", "추진 배경"), []string{"p [] 1 추진 배경"}},
		{"white rules are not seen", "1 1 1 RG " + ruled(t, []float64{50, 150, 250}, []float64{700, 680, 660}, "가", "나", "다", "라"), []string{"p [] 가 나", "p [] 다 라"}},
		{"boxes tied by lines are a drawing",
			ruled(t, []float64{200, 300}, []float64{700, 680}, "국장") + ruled(t, []float64{50, 150}, []float64{620, 600}, "기획과") + ruled(t, []float64{350, 450}, []float64{620, 600}, "예산과") +
				level(100, 400, 650) + upright(250, 650, 680) + upright(100, 620, 650) + upright(400, 620, 650),
			[]string{"p [] 국장", "p [] 기획과 예산과"}},
	} {
		d := readString(t, "a.pdf", koreanPDF(tt.content))
		got := outline(d)
		for _, b := range d.Blocks {
			for _, row := range b.Cells {
				for _, c := range row {
					got = append(got, fmt.Sprintf("%d,%d %dx%d %s", c.Row, c.Col, c.RowSpan, c.ColSpan, strings.ReplaceAll(c.Text, "\n", "⏎")))
				}
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Two columns drawn row by row are read column by column, between what spans them.
func TestPDFColumns(t *testing.T) {
	content := at(t, 50, 760, "두 단을 가로지르는 제목은 이 쪽의 맨 위에 놓여 있고 오른쪽 단까지 이어진다")
	var left, right string
	for i := range 6 {
		y := 700 - 20*float64(i)
		l, r := fmt.Sprintf("왼쪽 단의 글은 줄마다 단을 가득 채우고%d", i), fmt.Sprintf("오른쪽 단의 글도 그만큼 길게 이어지고%d", i)
		content += at(t, 50, y, l) + at(t, 320, y, r)
		left, right = left+l, right+r
	}
	content += at(t, 50, 540, "두 단 아래의 마지막 글도 쪽의 너비를 모두 쓰고 나서 끝이 나게 되어 있습니다")
	d := readString(t, "a.pdf", koreanPDF(content))
	bare := strings.Join(strings.Fields(d.Text), "")
	want := strings.ReplaceAll(left+right, " ", "")
	if !strings.Contains(bare, want) || strings.Index(bare, "가로지르는") > strings.Index(bare, want) || !strings.HasSuffix(bare, "있습니다") {
		t.Errorf("got %q", d.Text)
	}
	// A list of short entries in two columns is read row by row.
	content = ""
	for i := range 6 {
		y := 700 - 20*float64(i)
		content += at(t, 50, y, fmt.Sprintf("담당자%d", i)) + at(t, 320, y, fmt.Sprintf("전화%d", i))
	}
	if d := readString(t, "a.pdf", koreanPDF(content)); !strings.HasPrefix(d.Text, "담당자0 전화0\n담당자1 전화1\n") {
		t.Errorf("list: got %q", d.Text)
	}
}

func TestPDFContents(t *testing.T) {
	content := at(t, 250, 760, "목  차")
	for i, s := range []string{"Ⅰ. 기본현황", "Ⅱ. 주요 성과", "Ⅲ. 추진 계획"} {
		content += at(t, 50, 700-40*float64(i), s+" ············ "+fmt.Sprint(i+1))
	}
	d := readString(t, "a.pdf", koreanPDF(content+at(t, 50, 560, "1. 당면 현안 5"), at(t, 50, 700, "Ⅰ. 기본현황")))
	want := []string{
		"p [] 목  차", "p [] Ⅰ. 기본현황 ············ 1", "p [] Ⅱ. 주요 성과 ············ 2", "p [] Ⅲ. 추진 계획 ············ 3", "p [] 1. 당면 현안 5", "h1 [] Ⅰ. 기본현황",
	}
	if diff := cmp.Diff(want, outline(d)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPDFRunningHeads(t *testing.T) {
	page := func(n int, body string) string {
		head := at(t, 50, 800, "2025년도 주요업무계획")
		if n%2 == 0 {
			head = at(t, 300, 800, "가온시 청년과")
		}
		return head + body + at(t, 290, 30+float64(n%2), fmt.Sprintf("- %d -", n)) + "/Artifact <</Type/Pagination>> BDC " + at(t, 50, 400, "표시된 머리말") + "EMC "
	}
	var pages []string
	for n := range 7 {
		pages = append(pages, page(n+1, at(t, 50, 700, string('가'+rune(n)*28)+"번째 본문은 남는다")+at(t, 50, 660, "본문 둘째 줄")+at(t, 50, 620, "본문 셋째 줄")+at(t, 50, 580, "본문 넷째 줄")))
	}
	d := readString(t, "a.pdf", koreanPDF(pages...))
	for _, s := range []string{"주요업무계획", "청년과", "- ", "표시된"} {
		if strings.Contains(d.Text, s) {
			t.Errorf("%q is left in %q", s, d.Text)
		}
	}
	if n := strings.Count(d.Text, "본문"); n != 28 {
		t.Errorf("%d lines of text are left, want 28", n)
	}
}

// A page turned by Rotate, text raised in its line, an inline image, a damaged operator.
func TestPDFContent(t *testing.T) {
	for _, tt := range []struct{ name, content, want string }{
		{"raised", "BT /L 10 Tf 50 700 Td (plan) Tj /L 6 Tf 5 Ts (2024) Tj /L 10 Tf 0 Ts (adopted) Tj ET", "plan2024adopted"},
		{"inline image", "q 10 0 0 10 0 0 cm BI /W 2/H 2/BPC 8/CS/G ID \x01 EI\xff( EI Q BT /L 10 Tf 50 700 Td (after) Tj ET", "after"},
		{"wrong operands", "/L Tf (x) Td [ (a) Tj BT /L 10 Tf 50 700 Td (b\\051\\) ) Tj <7> Tj ET ] TJ", ""},
		{"stray delimiters", ") > } BT /L 10 Tf 50 700 Td (text) Tj ET", "text"},
	} {
		if d, err := readPDFWith(t.Context(), []byte(koreanPDF(tt.content)), programs.Programs{}); err != nil || tt.want != "" && strings.TrimSpace(d.Text) != tt.want {
			t.Errorf("%s: got %v, %v, want %q", tt.name, d, err, tt.want)
		}
	}
	turned := strings.Replace(koreanPDF("0 1 -1 0 595 0 cm "+ruled(t, []float64{50, 150, 250}, []float64{500, 480, 460}, "가", "나", "다", "라")), "/Type/Page/", "/Type/Page/Rotate 90/MediaBox[0 0 595 842]/", 1)
	if d := readString(t, "a.pdf", fixed(turned)); d.Text != "가 | 나\n다 | 라\n" {
		t.Errorf("turned: got %q", d.Text)
	}
}

// fixed makes the cross-reference table of a PDF anew whose objects were moved.
func fixed(s string) string {
	head, _, _ := strings.Cut(s, "xref\n0 ")
	var objects []string
	for i, o := range regexp.MustCompile(`(?m)^\d+ 0 obj\n`).Split(head, -1) {
		if i > 0 {
			objects = append(objects, strings.TrimSuffix(o, "\nendobj\n"))
		}
	}
	return pdfOf("/Info 8 0 R", objects...)
}

func TestPDFUnusual(t *testing.T) {
	good := koreanPDF("BT /L 10 Tf 50 700 Td (text) Tj ET")
	for name, s := range map[string]string{
		"version 2.0":        strings.Replace(good, "%PDF-1.4", "%PDF-2.0", 1),
		"rubbish at the end": good + strings.Repeat("\x00", 3000),
	} {
		if d := readString(t, "a", s); d.Text != "text\n" {
			t.Errorf("%s: %q", name, d.Text)
		}
	}
	loop := pdfOf("", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 9/Kids[2 0 R 2 0 R]>>")
	wantError(t, "loop", loop, "손상")
	wantError(t, "encrypted", pdfOf("/Encrypt<</Filter/Standard/V 5/R 6>>/ID[(a)(b)]", "<</Type/Catalog>>"), "암호")
	if _, err := readPDFWith(t.Context(), []byte(good[:len(good)/2]), programs.Programs{}); err == nil || !strings.Contains(err.Error(), "손상") {
		t.Errorf("truncated: %v", err)
	}
	wantError(t, "no pages", pdfOf("", "<</Type/Catalog>>"), "손상")
	nested := pdfOf("", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]>>",
		"<</Type/Page/Contents 4 0 R/Resources<</Font<</L 6 0 R>>/XObject<</F 5 0 R>>>>>>", stream("", "BT /L 10 Tf 50 700 Td (text) Tj ET /F Do"),
		stream("/Subtype/Form/Resources<</XObject<</F 5 0 R>>>>", strings.Repeat("/F Do ", 20)), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
	if d := readString(t, "a", nested); d.Text != "text\n" {
		t.Errorf("form in itself: %q", d.Text)
	}
}

// TestSharedPDFRecall compares the text of each page with that of pdftotext: how many of
// its characters, wherever they stand, were read. What is dropped on purpose, page
// numbers above all, counts as lost.
func TestSharedPDFRecall(t *testing.T) {
	pdftotext := programs.Find().PDFToText
	if pdftotext == "" {
		t.Skip("needs poppler: apt-get install poppler-utils")
	}
	bag := func(s string) map[rune]int {
		m := map[rune]int{}
		for _, r := range blocks.Clean(s) {
			if r > ' ' {
				m[r]++
			}
		}
		return m
	}
	rePage := regexp.MustCompile(`^- \d+ -$`)
	for _, tt := range []struct {
		name  string
		tools programs.Programs
		want  float64
	}{
		{"native", programs.Programs{}, 0.97},
		{"with poppler", programs.Programs{PDFToText: pdftotext}, 0.99},
	} {
		var sum, read, pages, tables, numbers int
		for _, path := range files(t, shared(t, "busan-plans-2025"), ".pdf") {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			d, err := readPDFWith(t.Context(), data, tt.tools)
			if err != nil {
				t.Fatal(err)
			}
			checkShape(t, d)
			reference, err := exec.Command(pdftotext, "-enc", "UTF-8", path, "-").Output()
			if err != nil {
				t.Fatal(err)
			}
			text := make([]string, d.Pages+1)
			runes := []rune(d.Text)
			for _, b := range d.Blocks {
				s := string(runes[b.Start:b.End])
				text[b.Page] += s
				if b.Kind == ingest.Table {
					tables++
				} else if rePage.MatchString(strings.TrimSpace(s)) {
					numbers++
				}
			}
			for i, s := range strings.SplitN(string(reference), "\f", d.Pages) {
				got := bag(text[i+1])
				for r, n := range bag(s) {
					sum += n
					read += min(n, got[r])
				}
			}
			pages += d.Pages
		}
		recall := float64(read) / float64(sum)
		t.Logf("%s: %d of %d characters on %d pages: recall %.4f; %d tables, %d page numbers left", tt.name, read, sum, pages, recall, tables, numbers)
		if recall < tt.want || tables < 50 || numbers > 0 {
			t.Errorf("%s: recall %.4f, want %.2f; %d tables, want 50; %d page numbers left", tt.name, recall, tt.want, tables, numbers)
		}
	}
}

// TestSharedHostile reads hostile files through a pool: each gives a document or
// an Error of one line, and the pool goes on.
// The bomb is refused by its size or, where the detector doubles the memory, by that.
func TestSharedHostile(t *testing.T) {
	p := testPool(t, pool.Options{Workers: 1, Timeout: 20 * time.Second})
	dir := shared(t, "parser", "malformed")
	want := map[string]string{
		"random.pdf": "손상", "flate-bomb-200MB.pdf": "너무 ", "html-named.hwp": "", "zipbomb-300MB.docx": "너무 커지는", "zip-slip.hwpx": "안전하지",
		"page-tree-loop.pdf": "손상", "cp949.txt": "", "utf16le-bom.txt": "", "nfd.txt": "", "nul-bytes.txt": "글자로 읽을 수 없는", "truncated-50.docx": "손상",
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		d, err := p.Read(t.Context(), filepath.Join(dir, entry.Name()))
		reason, named := want[entry.Name()]
		var e *ingest.FileError
		switch {
		case err == nil:
			checkShape(t, d)
			if reason != "" {
				t.Errorf("%s: read, want a reason with %q", entry.Name(), reason)
			}
			if strings.Contains(d.Text, "root:x:") {
				t.Errorf("%s: text of /etc/passwd", entry.Name())
			}
			t.Logf("%s: %d characters, warnings %q", entry.Name(), len([]rune(d.Text)), d.Warnings)
		case errors.As(err, &e):
			if named && (reason == "" || !strings.Contains(e.Reason, reason)) {
				t.Errorf("%s: %q, want %q", entry.Name(), e.Reason, reason)
			}
			if strings.Contains(err.Error(), "\n") || e.Next == "" {
				t.Errorf("%s: not one line with a next step: %q", entry.Name(), err)
			}
			t.Logf("%s: %v", entry.Name(), err)
		default:
			t.Errorf("%s: %v", entry.Name(), err)
		}
	}
}

func FuzzPDF(f *testing.F) {
	good := koreanPDF("BT /U 10 Tf 50 700 Td <b0a1> Tj [(a) -300 (b)] TJ T* /T 1 Tf (\\000\\001) ' ET q /F Do Q")
	f.Add([]byte(good))
	f.Add([]byte(good[:len(good)-200]))
	f.Add([]byte(strings.Replace(good, "/W[1[900 900]3 4 800]", "/W[1[900 900]3 4000000000]", 1)))
	f.Add([]byte(koreanPDF(ruled(f, []float64{50, 150, 300}, []float64{700, 680, 660}, "가", "나", "다", "라"))))
	f.Add([]byte(koreanPDF("1 w 50 50 500 0.1 re f 50 50 0.1 500 re f* q 0 0 1 1e9 0 0 cm 0 0 m 1 1 l S Q [1 [2 [3]]] TJ << /a (b) >> BDC EMC BI /W 1 ID \x00\xff EI Q")))
	f.Add([]byte(strings.Replace(good, "/Type/Page/", "/Type/Page/Rotate 90/MediaBox[0 0 -1 1e99]/", 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if d, err := readPDFWith(ctx, data, programs.Programs{}); err == nil {
			checkShape(t, d)
		}
	})
}
