package extract

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"biseo/ingest"
	"biseo/ingest/extract/pdf"
	"biseo/ingest/extract/pool"
	"biseo/ingest/extract/programs"
)

func needPoppler(t testing.TB) programs.Programs {
	p := programs.Programs{PDFToText: programs.Find().PDFToText}
	if p.PDFToText == "" {
		t.Skip("needs poppler: apt-get install poppler-utils")
	}
	return p
}

// Merged files keep fonts whose names are alike and whose codes are not: each page
// must be read with its own.
func TestPDFMerged(t *testing.T) {
	pages := []string{"민원 처리에 관한 법률", "보조금 교부 결정 통지", "감사 결과 처분 요구서"}
	// one is a file of one page whose font F1 numbers its glyphs in the order of use.
	one := func(s string) string { return pdfOf("", mergedPages(s)...) }
	d := readString(t, "a.pdf", pdfOf("", mergedPages(pages...)...))
	if got := strings.Split(strings.TrimSpace(d.Text), "\n"); !slices.Equal(got, pages) {
		t.Errorf("fonts of one name on three pages: got %q", got)
	}
	unite, err := exec.LookPath("pdfunite")
	if err != nil {
		t.Skip("needs poppler: apt-get install poppler-utils")
	}
	args := []string{}
	for i, s := range pages {
		path := filepath.Join(t.TempDir(), fmt.Sprint(i, ".pdf"))
		if err := os.WriteFile(path, []byte(one(s)), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	merged := filepath.Join(t.TempDir(), "merged.pdf")
	if out, err := exec.Command(unite, append(args, merged)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	d = mustRead(t, merged)
	if got := strings.Split(strings.TrimSpace(d.Text), "\n"); !slices.Equal(got, pages) || !slices.Equal(d.Methods, []string{"native", "native", "native"}) {
		t.Errorf("after pdfunite: got %q by %q", got, d.Methods)
	}
}

// mergedPages are the objects of a file with a page for each text. Every page names its font
// F1 and its face ABCDEF+Batang, but numbers the glyphs anew.
func mergedPages(texts ...string) []string {
	objects := []string{"<</Type/Catalog/Pages 2 0 R>>", ""}
	kids := ""
	for _, s := range texts {
		var cmap, shown, widths string
		n := 0
		for _, r := range s {
			if n++; r == ' ' {
				widths += fmt.Sprintf("%d[300]", n)
			}
			cmap += fmt.Sprintf("<%04X> <%04X>\n", n, r)
			shown += fmt.Sprintf("%04X", n)
		}
		cmap = fmt.Sprintf("begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange %d beginbfchar\n%sendbfchar endcmap", n, cmap)
		page := len(objects) + 1
		kids += fmt.Sprintf("%d 0 R ", page)
		objects = append(objects,
			fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</Font<</F1 %d 0 R>>>>>>", page+1, page+2),
			stream("", "BT /F1 12 Tf 50 700 Td <"+shown+"> Tj ET"),
			fmt.Sprintf("<</Type/Font/Subtype/Type0/BaseFont/ABCDEF+Batang/Encoding/Identity-H/ToUnicode %d 0 R/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/BaseFont/ABCDEF+Batang/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor<</Type/FontDescriptor/FontName/ABCDEF+Batang/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0/Ascent 800/Descent -200/CapHeight 700/StemV 80>>/DW 1000/W[%s]>>]>>", page+3, widths),
			stream("", cmap))
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", len(texts), kids)
	return objects
}

// A ToUnicode that exchanges the syllables gives Hangul that nobody writes: it is not
// passed on in silence.
func TestPDFImplausible(t *testing.T) {
	real := "이 조례는 시민의 권익을 보호하고 행정의 투명성을 높이기 위하여 정보의 공개에 관한 사항을 정하고 이를 알리는 것을 목적으로 한다"
	lookOf := func(s string) look { return lookAt([]pdf.Line{{Text: s}}) }
	if k := lookOf(real); k.wrong() {
		t.Errorf("good text counts as wrong: %+v", k)
	}
	shifted := strings.Map(func(r rune) rune {
		if r >= '가' && r <= '힣' {
			return '가' + (r-'가'+97)%11172
		}
		return r
	}, real)
	d, err := readPDFWith(t.Context(), []byte(pdfOf("", mergedPages(shifted)...)), programs.Programs{})
	if err != nil || len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], "제대로 읽히지 않은") || !strings.Contains(d.Warnings[0], "tesseract-ocr-kor") {
		t.Errorf("got %v, %v", d, err)
	}
	if k := lookOf("가\ufffd나\ufffd다"); !k.wrong() || k.unknown != 2 {
		t.Errorf("replacement characters: %+v", k)
	}
	if good, bad := lookOf(real), lookOf(shifted); !good.better(bad) || bad.better(good) {
		t.Errorf("better: %+v, %+v", good, bad)
	}
}

// Poppler reads a page whose filter is not known here, and a file whose
// cross-reference table is damaged.
func TestPDFPoppler(t *testing.T) {
	objects := mergedPages("민원 처리에 관한 법률", "보조금 교부 결정 통지")
	for i, o := range objects {
		if s, ok := strings.CutPrefix(o, "<</Length"); ok && strings.Contains(o, "BT /F1") && i < 5 {
			_, s, _ = strings.Cut(s, "stream\n")
			s, _, _ = strings.Cut(s, "\nendstream")
			objects[i] = stream("/Filter/ASCIIHexDecode", fmt.Sprintf("%x>", s))
		}
	}
	data := []byte(pdfOf("", objects...))
	d, err := readPDFWith(t.Context(), data, programs.Programs{})
	if err != nil || !slices.Equal(d.Methods, []string{"none", "native"}) || len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], "(1쪽)") || !strings.Contains(d.Warnings[0], "poppler-utils") {
		t.Errorf("without poppler: %+v, %v", d, err)
	}
	tools := needPoppler(t)
	want := "민원 처리에 관한 법률\n보조금 교부 결정 통지\n"
	d, err = readPDFWith(t.Context(), data, tools)
	if err != nil || d.Text != want || !slices.Equal(d.Methods, []string{"poppler", "native"}) || len(d.Warnings) > 0 {
		t.Errorf("with poppler: %+v, %v", d, err)
	}
	broken := []byte(strings.Replace(string(data), "startxref\n", "startxref\n9", 1))
	if _, err := readPDFWith(t.Context(), broken, programs.Programs{}); err == nil || !strings.Contains(err.Error(), "손상") {
		t.Errorf("damaged, without poppler: %v", err)
	}
	d, err = readPDFWith(t.Context(), broken, tools)
	if err != nil || d.Text != want || !slices.Equal(d.Methods, []string{"poppler", "poppler"}) || len(d.Warnings) != 1 {
		t.Errorf("damaged, with poppler: %+v, %v", d, err)
	}
}

// strokes draws the letters of a few syllables in a square of 1, y downwards: lines x0 y0 x1 y1,
// and rings x y radius.
var strokes = map[rune][][]float64{
	'가': {{.08, .2, .5, .2}, {.5, .2, .42, .55}, {.42, .55, .1, .82}, {.76, .05, .76, .98}, {.76, .45, .98, .45}},
	'나': {{.12, .15, .12, .72}, {.12, .72, .58, .66}, {.76, .05, .76, .98}, {.76, .45, .98, .45}},
	'다': {{.12, .2, .54, .2}, {.12, .2, .12, .74}, {.12, .74, .58, .68}, {.76, .05, .76, .98}, {.76, .45, .98, .45}},
	'시': {{.33, .12, .3, .4}, {.3, .4, .06, .78}, {.32, .4, .58, .76}, {.82, .05, .82, .98}},
	'이': {{.33, .45, .22}, {.82, .05, .82, .98}},
	'도': {{.2, .12, .82, .12}, {.2, .12, .2, .5}, {.2, .5, .84, .5}, {.5, .5, .5, .84}, {.04, .86, .96, .86}},
	'고': {{.16, .14, .8, .14}, {.8, .14, .76, .55}, {.45, .5, .45, .84}, {.04, .86, .96, .86}},
	'오': {{.5, .3, .24}, {.5, .56, .5, .84}, {.04, .86, .96, .86}},
	'지': {{.08, .18, .58, .18}, {.34, .18, .3, .42}, {.3, .42, .06, .78}, {.32, .42, .6, .76}, {.82, .05, .82, .98}},
}

// scan makes a PDF whose page is a picture of lines of those syllables, without any text.
func scan(lines ...string) string {
	const width, height, size = 1240, 1754, 64 // A4 at 150 dpi
	gray := []byte(strings.Repeat("\xff", width*height))
	dot := func(x, y float64) {
		const r = 3.2
		for dy := -4; dy <= 4; dy++ {
			for dx := -4; dx <= 4; dx++ {
				if px, py := int(x)+dx, int(y)+dy; px >= 0 && px < width && py >= 0 && py < height && math.Hypot(float64(px)-x, float64(py)-y) <= r {
					gray[py*width+px] = 0
				}
			}
		}
	}
	for row, line := range lines {
		x, y := 150.0, 200+float64(row)*150
		for _, r := range line {
			for _, s := range strokes[r] {
				for i := range 400 {
					f := float64(i) / 399
					if len(s) == 3 {
						dot(x+size*(s[0]+s[2]*math.Cos(f*2*math.Pi)), y+size*(s[1]+s[2]*math.Sin(f*2*math.Pi)))
					} else {
						dot(x+size*(s[0]+f*(s[2]-s[0])), y+size*(s[1]+f*(s[3]-s[1])))
					}
				}
			}
			if x += size * 1.12; r == ' ' {
				x -= size * 0.6
			}
		}
	}
	return pdfOf("", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>",
		stream("", "q 595 0 0 842 0 0 cm /I Do Q"),
		stream(fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8", width, height), string(gray)))
}

func TestPDFScan(t *testing.T) {
	data := []byte(scan("나도 가고 이 도시", "다시 가지고 오시다"))
	d, err := readPDFWith(t.Context(), data, programs.Programs{})
	if err != nil || !slices.Equal(d.Methods, []string{"none"}) || len(d.Warnings) == 0 || !strings.Contains(d.Warnings[0], "tesseract-ocr-kor") {
		t.Errorf("without programs: %+v, %v", d, err)
	}
	tools := programs.Find()
	if tools.PDFToPPM == "" {
		t.Skip("needs poppler: apt-get install poppler-utils")
	}
	if tools.Tesseract == "" {
		t.Skip("needs tesseract: apt-get install tesseract-ocr tesseract-ocr-kor")
	}
	d, err = readPDFWith(t.Context(), data, tools)
	if err != nil {
		t.Fatal(err)
	}
	checkShape(t, d)
	if !slices.Equal(d.Methods, []string{"ocr"}) || !strings.Contains(d.Text, "도시") || !strings.Contains(d.Text, "다시") || len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], "OCR") {
		t.Errorf("got %q by %q, warnings %q", d.Text, d.Methods, d.Warnings)
	}
	t.Logf("read as %q", d.Text)
}

// What a child started dies with it when its time is over.
func TestPoolEndsPrograms(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux: process IDs in /proc")
	}
	dir := t.TempDir()
	write := func(name, s string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(s), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write("scan.pdf", scan("가"))
	write("pdftotext", "#!/bin/sh\ncat > /dev/null\n")
	write("pdftoppm", "#!/bin/sh\necho $$ > "+filepath.Join(dir, "pid")+"\nexec sleep 60\n")
	write("tesseract", "#!/bin/sh\necho kor\n")
	p := testPool(t, pool.Options{Workers: 1, Timeout: 2 * time.Second, Env: []string{"PATH=" + dir + ":" + os.Getenv("PATH")}})
	var e *ingest.FileError
	if _, err := p.Read(t.Context(), filepath.Join(dir, "scan.pdf")); !errors.As(err, &e) || !strings.Contains(e.Reason, "초 안에") {
		t.Errorf("got %v", err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	for begun := time.Now(); !ended(pid); time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatalf("process %d is still there", pid)
		}
	}
}

// ended tells whether a process is gone, or has ended and nobody has asked how.
func ended(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(b), ") Z ")
}

func BenchmarkPDF(b *testing.B) {
	paths := files(b, shared(b, "busan-plans-2025"), ".pdf")
	p := testPool(b, pool.Options{Env: []string{"EXTRACT_TEST_OCR=off"}})
	var pages int
	b.ResetTimer()
	for b.Loop() {
		var wg sync.WaitGroup
		var mu sync.Mutex
		for _, path := range paths {
			wg.Go(func() {
				d, err := p.Read(context.Background(), path)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					b.Error(err)
					return
				}
				pages += d.Pages
			})
		}
		wg.Wait()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "parent-MB")
	b.ReportMetric(float64(pages)/b.Elapsed().Seconds(), "pages/s")
}
