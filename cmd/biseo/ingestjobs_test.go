package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"biseo/assistant/web"
	"biseo/index"
	"biseo/index/local"
	"biseo/ingest"
)

// Uploaded documents come, are read again, and go, beside those of a folder.
func TestIngester(t *testing.T) {
	dir := t.TempDir()
	docs := filepath.Join(dir, "docs")
	write := func(path, content string) string {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write(filepath.Join(docs, "biseo-folder.yaml"), "readers: [public]\ngrade: open\nkind: guide\n")
	old := write(filepath.Join(docs, "안내.md"), "안내입니다.\n")
	s := &settings{Data: filepath.Join(dir, "data")}
	mustRun(t, "--data", s.Data, "ingest", docs)
	g, err := s.ingester(t.Context(), &console{lg: slog.New(slog.DiscardHandler), now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	spool, err := g.spool()
	if err != nil {
		t.Fatal(err)
	}
	all := func() map[string]index.Doc {
		t.Helper()
		x, err := local.Open(t.Context(), s.indexDir(), local.Options{Rules: rules, ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		out := map[string]index.Doc{}
		for d, err := range x.Docs(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			out[filepath.Base(d.Source)] = d
		}
		return out
	}
	tell := func(ingest.Progress) {}
	report, err := g.Add(t.Context(), web.Intake{Kind: "reply", Agency: "가온시", Readers: []string{"staff"}, Grade: index.Sensitive, Paths: []string{
		write(filepath.Join(spool, "0", "답변.md"), "민원인 홍길동(010-1234-5678)님께 답변드립니다.\n"),
		write(filepath.Join(spool, "1", "고장.pdf"), "%PDF-1.7 고장"),
		write(filepath.Join(spool, "2", "빈.md"), " \n"),
	}}, tell)
	if err != nil || report.Added != 1 || len(report.Failed) != 2 {
		t.Fatalf("add: got %+v %v", report, err)
	}
	now := all()
	d := now["답변.md"]
	if len(now) != 2 || d.Kind != "reply" || d.Agency != "가온시" || d.Grade != index.Sensitive || strings.Join(d.Readers, ",") != "staff" || !g.Uploaded(d) || g.Uploaded(now["안내.md"]) {
		t.Fatalf("got %+v", now)
	}
	if f, err := g.Original(t.Context(), d); !errors.Is(err, ingest.ErrOriginal) { // it holds what was masked
		t.Errorf("original of a reply: got %v %v", f, err)
	}
	f, err := g.Original(t.Context(), now["안내.md"])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(f); err != nil || string(b) != "안내입니다.\n" {
		t.Errorf("original: got %q %v", b, err)
	}
	if report, err := g.Again(t.Context(), now["안내.md"], tell); err != nil || report.Changed != 1 || all()["안내.md"].Digest != now["안내.md"].Digest {
		t.Errorf("again: got %+v %v", report, err)
	}
	if _, err := g.Remove(t.Context(), now["안내.md"], tell); err == nil {
		t.Error("a document of a folder is removed")
	}
	if report, err := g.Remove(t.Context(), d, tell); err != nil || report.Removed != 1 {
		t.Errorf("remove: got %+v %v", report, err)
	}
	if left := all(); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
	if _, err := os.Stat(filepath.FromSlash(d.Source)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file stays: %v", err)
	}
	if _, err := os.Stat(old); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(g.uploads); err != nil || len(left) > 0 {
		t.Errorf("folders stay: %v %v", left, err)
	}

	// An upload that is not brought in leaves nothing.
	s.Index.URL = "nowhere://"
	if _, err := g.Add(t.Context(), web.Intake{Readers: []string{"staff"}, Grade: index.Open, Paths: []string{write(filepath.Join(spool, "3", "안내.md"), "새 안내입니다.\n")}}, tell); err == nil {
		t.Error("add without an index: no error")
	}
	s.Index.URL = ""
	if left, err := os.ReadDir(g.uploads); err != nil || len(left) > 0 {
		t.Errorf("a failed upload stays: %v %v", left, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := g.Add(ctx, web.Intake{Readers: []string{"staff"}, Grade: index.Open, Paths: []string{write(filepath.Join(spool, "4", "안내.md"), "새 안내입니다.\n")}}, func(ingest.Progress) { cancel() }); err == nil {
		t.Error("a canceled upload: no error")
	}
	if left, err := os.ReadDir(g.uploads); err != nil || len(left) > 0 || len(all()) != 1 {
		t.Errorf("a canceled upload stays: %v %v %v", left, all(), err)
	}
	two := web.Intake{Readers: []string{"staff"}, Grade: index.Open, Paths: []string{write(filepath.Join(spool, "5", "안내.md"), "새 안내입니다.\n"), write(filepath.Join(spool, "6", "둘째.md"), "둘째입니다.\n")}}
	if _, err := g.Add(untilThereIs{t.Context(), g.uploads}, two, tell); !errors.Is(err, context.Canceled) {
		t.Errorf("an upload that is canceled before its second file is read: got %v", err)
	}
	if left, err := os.ReadDir(g.uploads); err != nil || len(left) > 0 || len(all()) != 1 {
		t.Errorf("the first file of a canceled upload stays: %v %v %v", left, all(), err)
	}

	// The same document once more is told of and does not stay. What is said of a file
	// names it alone.
	law := "---\nid: gaon/twice\nfrom: 언젠가\n---\n제1조(목적) 이 규칙은 목적을 정한다.\n"
	in := web.Intake{Kind: "rule", Readers: []string{"staff"}, Grade: index.Open, Paths: []string{write(filepath.Join(spool, "7", "규칙.md"), law)}}
	if report, err := g.Add(t.Context(), in, tell); err != nil || report.Added != 1 || len(report.Warnings) == 0 || !strings.HasPrefix(report.Warnings[0], "규칙.md: ") {
		t.Fatalf("add: got %+v %v", report, err)
	}
	in.Paths = []string{write(filepath.Join(spool, "8", "사본.md"), law)}
	if report, err := g.Add(t.Context(), in, tell); err != nil || len(report.Duplicates) != 1 {
		t.Fatalf("the same again: got %+v %v", report, err)
	}
	if err := filepath.WalkDir(g.uploads, func(path string, e fs.DirEntry, err error) error {
		if filepath.Base(path) == "사본.md" {
			t.Errorf("the copy stays: %s", path)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	if _, err := g.Remove(t.Context(), all()["규칙.md"], tell); err != nil {
		t.Error(err)
	}
	states, err := g.Files(t.Context())
	if err != nil || len(states) != 1 || states[0].File != filepath.ToSlash(old) {
		t.Errorf("files: got %+v %v", states, err)
	}
}

// untilThereIs is a context that has ended as soon as something is in the folder dir.
type untilThereIs struct {
	context.Context
	dir string
}

func (c untilThereIs) Err() error {
	if there, err := os.ReadDir(c.dir); err != nil || len(there) > 0 {
		return context.Canceled
	}
	return c.Context.Err()
}
