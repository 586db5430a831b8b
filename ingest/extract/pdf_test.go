package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/korean"

	"biseo/ingest"
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
	wantError(t, "truncated", good[:len(good)/2], "손상")
	wantError(t, "no pages", pdfOf("", "<</Type/Catalog>>"), "손상")
	nested := pdfOf("", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]>>",
		"<</Type/Page/Contents 4 0 R/Resources<</Font<</L 6 0 R>>/XObject<</F 5 0 R>>>>>>", stream("", "BT /L 10 Tf 50 700 Td (text) Tj ET /F Do"),
		stream("/Subtype/Form/Resources<</XObject<</F 5 0 R>>>>", strings.Repeat("/F Do ", 20)), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
	if d := readString(t, "a", nested); d.Text != "text\n" {
		t.Errorf("form in itself: %q", d.Text)
	}
}

func TestSharedPDF(t *testing.T) {
	for _, path := range files(t, shared(t, "busan-plans-2025"), ".pdf") {
		start := time.Now()
		d := mustRead(t, path)
		elapsed := time.Since(start)
		var pages int
		for i, b := range d.Blocks {
			if i == 0 || b.Page != d.Blocks[i-1].Page {
				pages++
			}
		}
		if pages < d.Pages/2 || strings.Count(d.Text, "업무계획") == 0 {
			t.Errorf("%s: text on %d of %d pages", filepath.Base(path), pages, d.Pages)
		}
		t.Logf("%s: title %q, %d pages, %d characters, %d blocks, %v, warnings %q", filepath.Base(path), d.Meta.Title, d.Pages, len([]rune(d.Text)), len(d.Blocks), elapsed, d.Warnings)
	}
}

// TestSharedHostile reads hostile files through a pool: each gives a document or
// an Error of one line, and the pool goes on.
func TestSharedHostile(t *testing.T) {
	p := testPool(t, PoolOptions{Workers: 1, Timeout: 20 * time.Second})
	dir := shared(t, "parser", "malformed")
	want := map[string]string{
		"random.pdf": "손상", "html-named.hwp": "", "zipbomb-300MB.docx": "너무 커지는", "zip-slip.hwpx": "안전하지",
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
	f.Fuzz(func(t *testing.T, data []byte) {
		if !bytes.HasPrefix(data, []byte("%PDF-")) {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if d, err := read(ctx, "a.pdf", data); err == nil {
			checkShape(t, d)
		}
	})
}
