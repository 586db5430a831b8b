package ingest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"biseo/index"
	"biseo/index/local"
)

func TestOpenOriginal(t *testing.T) {
	base := t.TempDir()
	write := func(name, content string) string {
		t.Helper()
		path := filepath.Join(base, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("docs/biseo-folder.yaml", "readers: [public]\ngrade: open\nkind: guide\n")
	same := write("docs/same.txt", "그대로")
	changed := write("docs/changed.txt", "앞")
	gone := write("docs/gone.txt", "지울 것")
	write("docs/답변/biseo-folder.yaml", "mask: true\n")
	masked := write("docs/답변/masked.txt", "홍길동 010-1234-5678")
	secret := write("other/secret.txt", "다른 폴더")
	link := filepath.Join(base, "docs", "link")
	if err := os.Symlink(filepath.Dir(secret), link); err != nil {
		t.Skip("needs symbolic links: " + err.Error())
	}

	x, err := local.Open(t.Context(), t.TempDir(), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	src := Source{Paths: []string{filepath.Join(base, "docs"), filepath.Join(base, "other")}, Mask: func(s string, _ bool) string { return s },
		Read: func(_ context.Context, path string) (*Document, error) {
			b, err := os.ReadFile(path)
			return &Document{Text: string(b), Blocks: []Block{{Kind: Paragraph, End: len([]rune(string(b)))}}}, err
		}}
	if _, err := Sync(t.Context(), slog.New(slog.DiscardHandler), x, nil, src); err != nil {
		t.Fatal(err)
	}
	docs := map[string]index.Doc{}
	for d, err := range x.Docs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		docs[d.Source] = d
	}
	write("docs/changed.txt", "뒤")
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	roots := []string{filepath.Join(base, "nothing"), filepath.Join(base, "docs")}
	of := func(path string) index.Doc {
		t.Helper()
		d, ok := docs[filepath.ToSlash(path)]
		if !ok {
			t.Fatalf("%s was not read", path)
		}
		return d
	}
	f, err := OpenOriginal(of(same), roots)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(f); err != nil || string(b) != "그대로" {
		t.Errorf("got %q %v", b, err)
	}
	if f, err := OpenOriginal(of(same), []string{same}); err != nil {
		t.Errorf("given as a file: %v", err)
	} else {
		f.Close()
	}
	through, entry := of(secret), of(same)
	through.Source = filepath.ToSlash(filepath.Join(link, "secret.txt"))
	entry.Digest += ofMark(2)
	dots := of(same)
	dots.Source = filepath.ToSlash(filepath.Join(base, "docs")) + "/../other/secret.txt"
	for name, d := range map[string]index.Doc{"changed": of(changed), "gone": of(gone), "masked": of(masked), "outside": of(secret), "by a link": through, "entry of an archive": entry,
		"by dots": dots, "relative": {Source: "same.txt"}} {
		if f, err := OpenOriginal(d, roots); !errors.Is(err, ErrOriginal) {
			t.Errorf("%s: got %v", name, err)
			if err == nil {
				f.Close()
			}
		}
	}
}
