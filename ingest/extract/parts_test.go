package extract

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/korean"

	"biseo/ingest"
	"biseo/ingest/extract/pool"
)

// partsOf is one line for each part: its name and its text or the reason why it has none.
func partsOf(d *ingest.Document) []string {
	var out []string
	for _, p := range d.Parts {
		if p.Err != nil {
			out = append(out, p.Name+": ! "+p.Err.Reason)
		} else {
			out = append(out, p.Name+": "+strings.TrimRight(p.Document.Text, "\n"))
		}
	}
	return out
}

// rawZip makes an archive with names as they are, unlike zipOf, which says of
// them that they are UTF-8.
func rawZip(t testing.TB, flags uint16, pairs ...string) string {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i := 0; i < len(pairs); i += 2 {
		f, err := w.CreateRaw(&zip.FileHeader{Name: pairs[i], Flags: flags, CompressedSize64: uint64(len(pairs[i+1])), UncompressedSize64: uint64(len(pairs[i+1]))})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, pairs[i+1])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

func TestArchiveOfDocuments(t *testing.T) {
	inner := zipOf(t, "안.txt", "안의 글", "더.zip", zipOf(t, "깊은.txt", "깊은 글"))
	d := readString(t, "묶음.zip", zipOf(t,
		"폴더/", "", "폴더/나.txt", "나의 글", "가.hwpx", hwpxOf(t, "", p("가의 글")), "다.docx", docxOf(t, wp("", "다의 글")),
		"라.zip", inner, "마.png", "\x89PNG\r\n\x1a\n", "바.txt", "",
		"__MACOSX/._나.txt", "x", "Thumbs.db", "x", "~$다.docx", "x", ".DS_Store", "x", "../../사.txt", "사의 글", `아\자.txt`, "자의 글"))
	want := []string{
		"가.hwpx: 가의 글\n마지막 절", "다.docx: 다의 글", "라.zip/더.zip: ! 압축 파일 안의 압축 파일 안에 또 든 압축 파일은 읽지 않습니다.", "라.zip/안.txt: 안의 글",
		"마.png: ! 그림 파일이어서 글자를 읽을 수 없습니다.", "바.txt: ! 내용이 없는 빈 파일입니다.", "사.txt: 사의 글", "아/자.txt: 자의 글", "폴더/나.txt: 나의 글",
	}
	if diff := cmp.Diff(want, partsOf(d)); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if d.Text != "" || len(d.Blocks) != 0 {
		t.Errorf("the archive itself has the text %q", d.Text)
	}
}

func TestArchiveNames(t *testing.T) {
	cp949, err := korean.EUCKR.NewEncoder().String("공문/똠방.txt")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ raw, want string }{
		"cp949":         {cp949, "공문/똠방.txt"},
		"utf-8":         {"공문/똠방.txt", "공문/똠방.txt"},
		"nfd":           {"\u1100\u1161.txt", "가.txt"},
		"cp437":         {"caf\x82.txt", "café.txt"},
		"windows":       {`C:\공문\가.txt`, "C:/공문/가.txt"},
		"absolute":      {"/etc/가.txt", "etc/가.txt"},
		"line break":    {"가\n나.txt", "가 나.txt"},
		"escaping":      {"a/../../../가.txt", "가.txt"},
		"escaping back": {`..\..\가.txt`, "가.txt"},
	} {
		d := readString(t, "a.zip", rawZip(t, 0, tt.raw, "글"))
		if diff := cmp.Diff([]string{tt.want + ": 글"}, partsOf(d)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	d := readString(t, "a.zip", rawZip(t, 1, "가.txt", "글"))
	if got := d.Parts[0]; got.Err == nil || !strings.Contains(got.Err.Reason, "암호") {
		t.Errorf("encrypted entry: %+v", got)
	}
}

// One entry beyond the limits costs that entry, not the others.
func TestArchiveLimits(t *testing.T) {
	d := readString(t, "a.zip", zipOf(t, "bomb.txt", strings.Repeat("가", 3<<20), "가.txt", "글", "나.zip", zipOf(t, "bomb.txt", strings.Repeat(" ", 8<<20))))
	want := []string{"bomb.txt: ! " + errBomb.Reason, "가.txt: 글", "나.zip/bomb.txt: ! " + errBomb.Reason}
	if diff := cmp.Diff(want, partsOf(d)); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}

// An office document is no archive of documents, nor is an archive one because
// of the name of a folder in it.
func TestArchiveOrDocument(t *testing.T) {
	for _, dir := range []string{"xl", "ppt", "word", "Contents"} {
		d := readString(t, "a.zip", zipOf(t, dir+"/가.txt", "글"))
		if diff := cmp.Diff([]string{dir + "/가.txt: 글"}, partsOf(d)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", dir, diff)
		}
	}
}

func TestPoolKeepsParts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.zip")
	if err := os.WriteFile(path, []byte(zipOf(t, "가.md", "---\n시행일: 2026-01-02\n---\n# 가\n", "나.png", "\x89PNG")), 0o600); err != nil {
		t.Fatal(err)
	}
	want := mustRead(t, path)
	got, err := testPool(t, pool.Options{Workers: 1}).Read(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("through the pool (-direct +pool):\n%s", diff)
	}
	if len(got.Parts) != 2 || got.Parts[0].Document.Meta.From.IsZero() {
		t.Errorf("parts %+v", got.Parts)
	}
}
