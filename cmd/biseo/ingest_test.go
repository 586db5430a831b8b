package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"biseo/index"
	"biseo/index/local"
)

// A wrong length of vectors stops ingest before it replaces a good index or begins one.
func TestWrongDimension(t *testing.T) {
	dir := t.TempDir()
	docs := filepath.Join(dir, "docs")
	if err := os.MkdirAll(docs, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(docs, "가.md"), []byte("주차장을 늘린다.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	with := func(name, dimension string, args ...string) []string {
		return append([]string{"--data", data, "--embedder-url", modelServer(t, "", 0), "--embedder-name", name, "--embedder-dimension", dimension}, args...)
	}
	wrong := func(args ...string) {
		t.Helper()
		code, _, stderr := biseo(t, with("bge-m3", "128", args...)...)
		if code != exitUsage || !strings.Contains(stderr, "--embedder-dimension 128이(가) ") || !strings.Contains(stderr, "vectors have 64 numbers") {
			t.Errorf("%q: exit %d\n%s", args, code, stderr)
		}
	}
	wrong("ingest", "--readers", "public", docs)
	mustRun(t, with("lexical", "64", "ingest", "--readers", "public", docs)...)
	wrong("ingest", "--rebuild", "--readers", "public", docs)
	wrong("ingest", "--readers", "public", docs)
	if out := mustRun(t, with("lexical", "64", "search", "--json", "주차장")...); !strings.Contains(out, `"mode": "hybrid"`) {
		t.Errorf("the good index is gone:\n%s", out)
	}
}

// An index with vectors is searched by words where the settings name no embedder, or
// another: in the open. Nothing is written to it.
func TestIndexOfAnotherSpace(t *testing.T) {
	dir := t.TempDir()
	docs := filepath.Join(dir, "docs")
	if err := os.MkdirAll(docs, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(docs, "가.md"), []byte("주차장을 늘린다.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	url := modelServer(t, "", 0)
	embedder := func(name string) []string {
		return []string{"--data", filepath.Join(dir, "data"), "--embedder-url", url, "--embedder-name", name, "--embedder-dimension", "64"}
	}
	mustRun(t, append(embedder("lexical"), "ingest", "--readers", "public", docs)...)
	for _, set := range [][]string{embedder("lexical")[:2], embedder("other")} {
		found := mustRun(t, append(set, "search", "--json", "주차장")...)
		if !strings.Contains(found, `"mode": "words"`) || !strings.Contains(found, `"code": "space"`) || !strings.Contains(found, "늘린다") {
			t.Errorf("%q: search:\n%s", set, found)
		}
		code, _, stderr := biseo(t, append(set, "ingest", "--readers", "public", docs)...)
		if code != exitUsage || !strings.Contains(stderr, "--embedder-name lexical --embedder-dimension 64을(를) 주거나") || !strings.Contains(stderr, "--rebuild") {
			t.Errorf("%q: ingest: exit %d\n%s", set, code, stderr)
		}
		if !errors.Is(errUsage{index.ErrFingerprint}, index.ErrFingerprint) { // by which demo knows that it must rebuild
			t.Error("wrong usage hides its cause")
		}
		if _, out, _ := biseo(t, append(set, "doctor")...); !strings.Contains(out, "낱말로만 찾을 수 있습니다. 색인을 임베딩 lexical/64") {
			t.Errorf("%q: doctor:\n%s", set, out)
		}
	}
}

func TestAnswers(t *testing.T) {
	now := time.Now()
	dir := t.TempDir()
	for _, tt := range []struct {
		rules string
		want  error
	}{{"r1", nil}, {"r2", index.ErrFingerprint}} {
		x, err := local.Open(t.Context(), dir, local.Options{Rules: tt.rules})
		if err != nil {
			t.Fatal(err)
		}
		if got := answers(t.Context(), x, now); !errors.Is(got, tt.want) {
			t.Errorf("index of rules r1 under rules %s: got %v, want %v", tt.rules, got, tt.want)
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
