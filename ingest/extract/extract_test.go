package extract

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"biseo/ingest"
)

// shared finds ../shared/data beside the repository.
func shared(t testing.TB, elem ...string) string {
	t.Helper()
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	root := filepath.Join(dir, "..", "shared", "data")
	if _, err := os.Stat(root); err != nil {
		t.Skip("needs ../shared/data")
	}
	return filepath.Join(append([]string{root}, elem...)...)
}

// files lists the files below dir whose name ends in suffix.
func files(t testing.TB, dir, suffix string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, suffix) {
			out = append(out, path)
		}
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("no %s files in %s (%v)", suffix, dir, err)
	}
	return out
}

// checkShape tests what every document must be, whatever it was read from.
func checkShape(t testing.TB, d *ingest.Document) {
	t.Helper()
	if !utf8.ValidString(d.Text) || !norm.NFC.IsNormalString(d.Text) {
		t.Error("text is not valid UTF-8 in NFC")
	}
	runes := []rune(d.Text)
	var at int
	var open []ingest.Block
	for i, b := range d.Blocks {
		if b.Start != at || b.End <= b.Start || b.End > len(runes) {
			t.Fatalf("block %d is [%d,%d), want start %d in a text of %d", i, b.Start, b.End, at, len(runes))
		}
		at = b.End
		text := string(runes[b.Start:b.End])
		switch {
		case strings.TrimSpace(text) == "":
			t.Errorf("block %d is empty", i)
		case (b.Kind == ingest.Heading) != (b.Level > 0):
			t.Errorf("block %d (%s) has level %d", i, b.Kind, b.Level)
		case (b.Kind == ingest.Table) != (b.Cells != nil):
			t.Errorf("block %d (%s) has cells %v", i, b.Kind, b.Cells)
		case b.Page < 0 || b.Page > d.Pages:
			t.Errorf("block %d is on page %d of %d", i, b.Page, d.Pages)
		}
		if b.Kind == ingest.Heading {
			for len(open) > 0 && open[len(open)-1].Level >= b.Level {
				open = open[:len(open)-1]
			}
		}
		want := len(open)
		if want > 0 && sameTitle(strings.TrimSpace(string(runes[open[0].Start:open[0].End])), d.Meta.Title) {
			want--
		}
		if len(b.Path) != want {
			t.Errorf("block %d has path %q, want %d headings", i, b.Path, want)
		}
		if b.Kind == ingest.Heading {
			open = append(open, b)
		}
		for _, row := range b.Cells {
			for _, c := range row {
				if c.RowSpan < 1 || c.ColSpan < 1 || !norm.NFC.IsNormalString(c.Text) {
					t.Errorf("block %d has the cell %+v", i, c)
				}
			}
		}
	}
	if at != len(runes) {
		t.Errorf("blocks end at %d, text at %d", at, len(runes))
	}
}

func sameTitle(a, b string) bool {
	return a != "" && strings.ReplaceAll(a, " ", "") == strings.ReplaceAll(b, " ", "")
}

func mustRead(t testing.TB, path string) *ingest.Document {
	t.Helper()
	d, err := Read(context.Background(), path)
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(path), err)
	}
	checkShape(t, d)
	return d
}

func readString(t testing.TB, name, s string) *ingest.Document {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
		t.Fatal(err)
	}
	return mustRead(t, path)
}

// wantError reads s and expects an Error whose reason contains part.
func wantError(t testing.TB, name, s, part string) {
	t.Helper()
	_, err := read(context.Background(), name, []byte(s))
	var e *ingest.FileError
	if !errors.As(err, &e) {
		t.Errorf("%s: error %v, want an *ingest.FileError", name, err)
	} else if !strings.Contains(e.Reason, part) || e.Next == "" {
		t.Errorf("%s: error %q, next %q, want a reason with %q", name, e.Reason, e.Next, part)
	}
}

// outline is one line for each block: kind, level, path and the start of its text.
func outline(d *ingest.Document) []string {
	runes := []rune(d.Text)
	var out []string
	for _, b := range d.Blocks {
		s := strings.TrimSuffix(string(runes[b.Start:b.End]), "\n")
		kind := string(b.Kind[:1])
		if b.Level > 0 {
			kind += string(rune('0' + b.Level))
		}
		out = append(out, kind+" ["+strings.Join(b.Path, " > ")+"] "+strings.ReplaceAll(s, "\n", "⏎"))
	}
	return out
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct{ name, data, reason string }{
		{"empty.hwp", "", "빈 파일"},
		{"blank.txt", " \r\n\t", "빈 파일"},
		{"zeros.pdf", "\x00\x00\x00\x00", "빈 파일"},
		{"a.txt", "HWP Document File V3.00 \x1a\x01\x02\x03\x04\x05", "HWP 3"},
		{"a.hwpx", oleMagic + "F\x00i\x00l\x00e\x00H\x00e\x00a\x00d\x00e\x00r\x00HWP Document File", "HWP 파일이 손상"},
		{"a.docx", oleMagic + "E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00", "암호"},
		{"a.doc", "{\\rtf1 text}", "RTF"},
		{"a.txt", "BM\x00\x01\x00\x00", "그림"},
		{"a.pdf", "\x89PNG\r\n\x1a\n", "그림"},
		{"a.md", "\x1f\x8b\x08", "압축"},
		{"a.hml", "\ufeff<?xml version=\"1.0\"?><HWPML Version=\"2.91\">", "HWPML"},
		{"a.txt", "abc\x00def\x00가", "글자로 읽을 수 없는"},
		{"a.txt", "\xb0\xa1\xff\xff\xb0", "글자로 읽을 수 없는"},
		{"a.txt", "abc\x01def", "글자로 읽을 수 없는"},
	} {
		wantError(t, tt.name, tt.data, tt.reason)
	}
	if _, err := Read(context.Background(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "폴더") {
		t.Errorf("reading a folder: %v", err)
	}
	if _, err := Read(context.Background(), filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reading no file: %v", err)
	}
}

func TestTextThatLooksBinary(t *testing.T) {
	for _, s := range []string{"MZ세대 의견\n", "BM 안내\n", "PDF는 %PDF-1.4로 시작한다.\n"} {
		if d := readString(t, "a.txt", s); d.Text != s {
			t.Errorf("got %q, want %q", d.Text, s)
		}
	}
}

func TestTooLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.txt")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(maxFile + 1); err != nil {
		t.Skip("needs sparse files")
	}
	if _, err := Read(context.Background(), path); !errors.Is(err, errTooLarge) {
		t.Errorf("got %v", err)
	}
}
