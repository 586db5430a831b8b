package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Beside an ingest nothing is restored: what it brings in would be lost.
func TestRestoreBesideIngest(t *testing.T) {
	in := install(t, "")
	documents, file := filepath.Join(in.dir, "documents"), filepath.Join(in.dir, "backup.tar.gz")
	in.run("ingest", documents)
	in.run("backup", file)
	watch := in.command(t.Context(), "ingest", "--watch", documents)
	out, err := watch.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "지켜봅니다") {
	}
	if out, err := in.command(t.Context(), "restore", "--force", file).CombinedOutput(); err == nil || !strings.Contains(string(out), "다른 명령이 아직") {
		t.Errorf("beside an ingest: got %v\n%s", err, out)
	}
	if err := watch.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	_ = watch.Wait()
	in.run("restore", "--force", file)
}
