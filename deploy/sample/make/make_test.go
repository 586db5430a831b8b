package main

import (
	"archive/zip"
	"biseo/assistant/export/paper"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ledongthuc/pdf"
)

// TestFilesAreUpToDate makes every HWPX and DOCX again and compares it part by
// part with the file: the packed bytes also depend on the version of Go's deflate.
// A PDF must hold the text of its source, white space aside.
func TestFilesAreUpToDate(t *testing.T) {
	made := map[string]bool{}
	err := eachSource("..", func(src, dst string, d *document) error {
		made[dst] = true
		file, err := os.ReadFile(dst)
		if err != nil {
			t.Errorf("%v: run go run ./deploy/sample/make", err)
			return nil
		}
		if d.Format == "pdf" {
			text := pdfText(t, dst)
			for _, b := range d.blocks {
				for _, s := range b.Text {
					if !strings.Contains(text, squeeze(s.Text)) {
						t.Errorf("%s: does not say %q: run go run ./deploy/sample/make -pdf %s", dst, s.Text, filepath.Base(dst))
					}
				}
			}
			return nil
		}
		b, err := d.render()
		if err != nil {
			return err
		}
		again, err := d.render()
		if err != nil {
			return err
		}
		if !bytes.Equal(b, again) {
			t.Errorf("%s: made twice, the bytes differ", dst)
		}
		if diff := cmp.Diff(parts(t, file), parts(t, b)); diff != "" {
			t.Errorf("%s is not what its source makes, run go run ./deploy/sample/make:\n%s", dst, diff)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir("../files", func(path string, e fs.DirEntry, err error) error {
		switch filepath.Ext(path) {
		case ".hwpx", ".docx", ".pdf":
			if !made[path] {
				t.Errorf("%s has no source under src", path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func parts(t *testing.T, b []byte) map[string]string {
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
		out[f.Name] = string(body)
	}
	return out
}

func pdfText(t *testing.T, path string) string {
	t.Helper()
	f, r, err := pdf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := r.GetPlainText()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(text)
	if err != nil {
		t.Fatal(err)
	}
	return squeeze(string(b))
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

func TestParse(t *testing.T) {
	const head = "---\nformat: hwpx\ntitle: 제목\ngist: 요지\nkeywords: [가]\ndate: 2026-01-02\n---\n"
	d, err := parse(head + "# 제목\n\n  1. **굵게** 씀[^1]\n\n| 가 | 나 | < |\n|---|---|---|\n| 다 | 라 | 마 |\n| ^ | 바 | 사 |\n\n[^1]: 주석\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []paper.Block{
		{Level: 1, Text: []paper.Span{{Text: "제목"}}},
		{Indent: 1, Text: []paper.Span{{Text: "1. "}, {Text: "굵게", Bold: true}, {Text: " 씀"}, {Note: "주석"}}},
		{Rows: [][]paper.Cell{
			{{Row: 0, Col: 0, Rows: 1, Cols: 1, Text: "가"}, {Row: 0, Col: 1, Rows: 1, Cols: 2, Text: "나"}},
			{{Row: 1, Col: 0, Rows: 2, Cols: 1, Text: "다"}, {Row: 1, Col: 1, Rows: 1, Cols: 1, Text: "라"}, {Row: 1, Col: 2, Rows: 1, Cols: 1, Text: "마"}},
			{{Row: 2, Col: 1, Rows: 1, Cols: 1, Text: "바"}, {Row: 2, Col: 2, Rows: 1, Cols: 1, Text: "사"}},
		}},
	}
	if diff := cmp.Diff(want, d.blocks); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"no front matter", "---\nformat: hwpx\n---\ntext", head, head + "text[^9]", head + "| 가 | 나 |\n| 다 |"} {
		if _, err := parse(bad); err == nil {
			t.Errorf("parse(%q): no error", bad)
		}
	}
}
