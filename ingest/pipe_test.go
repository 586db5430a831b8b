//go:build unix

package ingest_test

import (
	"strings"
	"syscall"
	"testing"

	"biseo/ingest"
)

// Opening a pipe waits for a writer that may never come.
func TestSyncPipes(t *testing.T) {
	w := newWorld(t, "")
	w.write("하위/글.md", "글입니다.\n")
	if err := syscall.Mkfifo(w.path("관.md"), 0o600); err != nil {
		t.Skipf("needs named pipes: %v", err)
	}
	w.sync(ingest.Report{Added: 1})

	w.src.Paths = []string{w.path("관.md")}
	if got := w.sync(ingest.Report{}); len(got.Failed) != 1 || !strings.Contains(got.Failed[0].Reason, "보통 파일") {
		t.Errorf("failures: %+v", got.Failed)
	}

	if err := syscall.Mkfifo(w.path("하위/biseo-folder.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.src.Paths = []string{w.root}
	if got, err := w.try(t.Context()); err == nil || !strings.Contains(err.Error(), "want a file") {
		t.Errorf("a pipe as folder file: %+v, %v", got, err)
	}
}
