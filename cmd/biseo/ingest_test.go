package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
