package paper

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sample holds one of everything, with the characters that break careless writers.
func sample() *Document {
	return &Document{
		Title: `제목 & "따옴표" <꺾쇠>`, Gist: "요지", Keywords: []string{"가", "나"}, Creator: "가온시", Date: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC),
		Blocks: []Block{
			{Level: 1, Text: []Span{{Text: `제목 & "따옴표" <꺾쇠>`}}},
			{Level: 2, Text: []Span{{Text: "Ⅰ. 현황"}}},
			{Indent: 1, Text: []Span{{Text: "ㅇ 첫째\t둘째"}, {Bold: true, Text: "굵게"}, {Note: "각주 & 하나"}}},
			{Rows: [][]Cell{
				{{Row: 0, Col: 0, Rows: 1, Cols: 2, Text: "머리"}},
				{{Row: 1, Col: 0, Rows: 2, Cols: 1, Text: "왼쪽"}, {Row: 1, Col: 1, Rows: 1, Cols: 1, Text: "오른쪽\n아래"}},
				{{Row: 2, Col: 1, Rows: 1, Cols: 1, Text: "끝\x01"}},
			}},
			{Text: []Span{{Text: "1. 목록이 아님"}, {Note: "각주 둘"}}},
		},
	}
}

func entries(t *testing.T, b []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if out[f.Name] = string(body); f.Flags&^4 != 0 || len(f.Extra) > 0 {
			t.Errorf("%s: flags %x and %d bytes extra, want flags 0 or 4 and none", f.Name, f.Flags, len(f.Extra))
		}
	}
	return out
}

func parses(t *testing.T, name, body string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(body)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

// TestHWPX holds the package to what Hancom Office insists on: the entries and
// their order, references that resolve, counts that are right, tables whose grid is covered.
func TestHWPX(t *testing.T) {
	b, err := HWPX(sample())
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	want := []string{"mimetype", "version.xml", "Contents/header.xml", "Contents/section0.xml", "Preview/PrvText.txt", "settings.xml",
		"Contents/content.hpf", "META-INF/container.xml", "META-INF/manifest.xml"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if z.File[0].Method != zip.Store {
		t.Error("mimetype is compressed")
	}
	parts := entries(t, b)
	for name, body := range parts {
		if strings.HasSuffix(name, ".xml") || strings.HasSuffix(name, ".hpf") {
			parses(t, name, body)
		}
	}
	header, section := parts["Contents/header.xml"], parts["Contents/section0.xml"]
	for ref, element := range map[string]string{"paraPrIDRef": "paraPr", "charPrIDRef": "charPr", "styleIDRef": "style", "borderFillIDRef": "borderFill"} {
		ids := map[string]bool{}
		for _, m := range regexp.MustCompile(`<hh:`+element+` id="(\d+)"`).FindAllStringSubmatch(header, -1) {
			if ids[m[1]] {
				t.Errorf("%s %s stands twice", element, m[1])
			}
			ids[m[1]] = true
		}
		found := regexp.MustCompile(ref+`="(\d+)"`).FindAllStringSubmatch(header+section, -1)
		for _, m := range found {
			if !ids[m[1]] {
				t.Errorf("%s %s has no %s", ref, m[1], element)
			}
		}
		if len(found) == 0 || len(ids) == 0 {
			t.Errorf("%s: %d references, %d elements", ref, len(found), len(ids))
		}
	}
	for _, m := range regexp.MustCompile(`(?s)<hh:(\w+) itemCnt="(\d+)">(.*?)</hh:\w+s>`).FindAllStringSubmatch(header, -1) {
		child := map[string]string{"fontfaces": "fontface ", "borderFills": "borderFill ", "charProperties": "charPr ", "tabProperties": "tabPr ",
			"numberings": "numbering ", "paraProperties": "paraPr ", "styles": "style "}[m[1]]
		if n, _ := strconv.Atoi(m[2]); child == "" || strings.Count(header, "<hh:"+child) != n {
			t.Errorf("%s says %s items and has %d", m[1], m[2], strings.Count(header, "<hh:"+child))
		}
	}
	if n := strings.Count(section, "<hp:footNote "); n != 2 {
		t.Errorf("%d footnotes, want 2", n)
	}
	if strings.Contains(section, "\x01") || strings.Contains(section, "\t") || !strings.Contains(section, `오른쪽<hp:lineBreak/>아래`) {
		t.Error("control characters are not elements")
	}
	area := 0
	for _, m := range regexp.MustCompile(`<hp:cellSpan colSpan="(\d+)" rowSpan="(\d+)"/>`).FindAllStringSubmatch(section, -1) {
		c, _ := strconv.Atoi(m[1])
		r, _ := strconv.Atoi(m[2])
		area += c * r
	}
	if area != 6 || !strings.Contains(section, `rowCnt="3" colCnt="2"`) {
		t.Errorf("cells cover %d of 6 places", area)
	}
}

func TestDOCX(t *testing.T) {
	b, err := DOCX(sample())
	if err != nil {
		t.Fatal(err)
	}
	parts := entries(t, b)
	for name, body := range parts {
		parses(t, name, body)
		for _, m := range regexp.MustCompile(`PartName="/([^"]+)"`).FindAllStringSubmatch(body, -1) {
			if _, ok := parts[m[1]]; !ok {
				t.Errorf("%s names %s, which is not there", name, m[1])
			}
		}
	}
	document, styles := parts["word/document.xml"], parts["word/styles.xml"]
	for _, m := range regexp.MustCompile(`<w:(?:pStyle|rStyle|tblStyle) w:val="(\w+)"`).FindAllStringSubmatch(document, -1) {
		if !strings.Contains(styles, `w:styleId="`+m[1]+`"`) {
			t.Errorf("style %s is not defined", m[1])
		}
	}
	if n := strings.Count(document, "<w:footnoteReference"); n != 2 || strings.Count(parts["word/footnotes.xml"], "<w:footnoteRef/>") != n {
		t.Errorf("%d references to footnotes", n)
	}
}

// TestLibreOffice has an office program open the DOCX and print it.
func TestLibreOffice(t *testing.T) {
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("needs soffice: apt-get install libreoffice-writer-nogui")
	}
	b, err := DOCX(sample())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "sample.docx")
	if err := os.WriteFile(in, b, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(office, "-env:UserInstallation=file://"+dir+"/profile", "--headless", "--convert-to", "txt:Text (encoded):UTF8", "--outdir", dir, in)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("soffice: %v: %s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "sample.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`제목 & "따옴표" <꺾쇠>`, "Ⅰ. 현황", "굵게", "머리", "왼쪽", "오른쪽", "1. 목록이 아님"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in what LibreOffice reads:\n%s", want, text)
		}
	}
}

func TestMarkdown(t *testing.T) {
	const want = "# 제목 & \"따옴표\" \\<꺾쇠\\>\n\n## Ⅰ. 현황\n\n\u00a0\u00a0ㅇ 첫째\t둘째**굵게**[^1]\n\n" +
		"| 머리 |  |\n|---|---|\n| 왼쪽 | 오른쪽<br>아래 |\n|  | 끝 |\n\n1\\. 목록이 아님[^2]\n\n[^1]: 각주 & 하나\n[^2]: 각주 둘\n"
	if diff := cmp.Diff(want, Markdown(sample())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A form that would unpack to too much is refused, whether its size is declared or
// understated.
func TestFormTooLarge(t *testing.T) {
	bomb, err := pack([]part{{name: "word/document.xml", body: strings.Repeat(" ", maxUnpacked+1)}})
	if err != nil {
		t.Fatal(err)
	}
	understated := bytes.Clone(bomb)
	at := bytes.LastIndex(understated, []byte("PK\x01\x02")) // in the directory, the size stands at 24
	copy(understated[at+24:], []byte{1, 0, 0, 0})
	for name, form := range map[string][]byte{"declared": bomb, "understated": understated} {
		if _, _, err := Fill(form, "docx", &Document{}); err == nil || name == "declared" && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// A form that other programs could not open is refused, and a mark that nobody
// sees is no place for the text.
func TestBrokenForms(t *testing.T) {
	form := &Document{Blocks: []Block{{Text: []Span{{Text: BodyMark}}}, {Text: []Span{{Text: "아래"}}}}}
	good, err := DOCX(form)
	if err != nil {
		t.Fatal(err)
	}
	change := func(f func(string) string) []byte {
		z, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
		if err != nil {
			t.Fatal(err)
		}
		b, err := repack(z, map[string]string{"word/document.xml": f(entries(t, good)["word/document.xml"])})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, bad := range map[string][]byte{
		"cut":     change(func(s string) string { return s[:len(s)-20] }),
		"comment": change(func(s string) string { return strings.Replace(s, BodyMark, "<!-- "+BodyMark+" -->", 1) }),
		"cdata":   change(func(s string) string { return strings.Replace(s, BodyMark, "<![CDATA["+BodyMark+"]]>", 1) }),
		"deep": change(func(s string) string {
			return strings.Replace(s, "</w:body>", strings.Repeat("<w:x>", 300)+strings.Repeat("</w:x>", 300)+"</w:body>", 1)
		}),
	} {
		if _, _, err := Fill(bad, "docx", sample()); !errors.Is(err, ErrForm) && !errors.Is(err, ErrNoBody) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, _, err := Fill(good, "docx", sample()); err != nil {
		t.Errorf("good form: %v", err)
	}
}
