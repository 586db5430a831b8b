package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"biseo/index"
	"biseo/ingest"
)

// shared is a folder of the shared data; the test is skipped without it.
func shared(t *testing.T, part string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "data", filepath.FromSlash(part)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("needs ../shared/data/" + part)
	}
	return dir
}

// TestOffice reads the mixed folders of an office with one command: official
// documents in HWPX, plans in PDF, laws, DOCX, and broken files among them. What
// is not searchable afterwards is listed with a reason and a next step.
func TestOffice(t *testing.T) {
	paths := []string{
		shared(t, "laws-kr/admin-subset/민원처리에관한법률"), shared(t, "seoul-youth-allowance-hwpx/complaint_replies"), shared(t, "parser/malformed"),
	}
	if !fewRounds() {
		paths = append(paths, shared(t, "seoul-youth-allowance-hwpx/documents"), shared(t, "busan-plans-2025"),
			shared(t, "en-18f-handbook/downloads"), shared(t, "parser/docx-pandoc"))
	}
	s := &settings{Data: filepath.Join(t.TempDir(), "data")}
	code, out, _ := biseo(t, append([]string{"--data", s.Data, "ingest", "--json", "--readers", "public"}, paths...)...)
	if code != exitUnreadable {
		t.Errorf("exit %d, want %d", code, exitUnreadable)
	}
	var r ingest.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	var st stateReport
	if err := json.Unmarshal([]byte(mustRun(t, "--data", s.Data, "ingest", "status", "--json")), &st); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files: %v; %d documents, %d pages, %d chunks", st.Files, st.Counts, st.Documents, st.Pages, st.Chunks)
	states := map[string]ingest.FileState{}
	for i, f := range st.States {
		states[f.Path] = f
		if i > 0 && f.State == ingest.Failed && st.States[i-1].State != ingest.Failed {
			t.Errorf("%s failed and is not among the first", f.Path)
		}
		if f.State == ingest.Failed && (f.Reason == "" || f.Next == "") {
			t.Errorf("%s failed without reason or next step: %+v", f.Path, f)
		}
	}
	// What a reader of these files must refuse, whatever else it can read.
	for _, name := range []string{"page-tree-loop.pdf", "random.pdf", "truncated-50.docx", "zip-slip.hwpx", "zipbomb-300MB.docx", "xxe.docx", "nul-bytes.txt"} {
		f := states[filepath.ToSlash(filepath.Join(shared(t, "parser/malformed"), name))]
		if f.State != ingest.Failed || !slices.ContainsFunc(r.Failed, func(x ingest.Failure) bool { return x.Path == f.Path && x.Reason == f.Reason }) {
			t.Errorf("%s: %+v, want it failed, in report and status", name, f)
		}
	}
	x := openIndex(t, s)
	stored := map[string][]index.Doc{}
	for d, err := range x.Docs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		stored[d.Source] = append(stored[d.Source], d)
	}
	for _, f := range st.States {
		switch docs := stored[f.File]; {
		case f.Path != f.File:
		case f.State == ingest.Failed && len(docs) > 0:
			t.Errorf("%s failed and is stored", f.Path)
		case f.State != ingest.Failed && len(docs) != f.Documents:
			t.Errorf("%s: %d documents stored, the status says %d", f.Path, len(docs), f.Documents)
		case f.State != ingest.Failed && f.Documents == 0 && len(f.Warnings) == 0:
			t.Errorf("%s is neither stored nor explained", f.Path)
		}
		for _, d := range stored[f.File] {
			scope := index.Scope{Docs: []string{d.ID}, On: dayInForce(d), Grade: index.Classified}
			first, err := x.Passage(t.Context(), scope, index.ChunkID(d.ID, 0), 0)
			if err != nil {
				t.Errorf("%s: %v", d.ID, err)
				continue
			}
			words := []rune(first[0].Chunk.Text)
			hits, err := x.Search(t.Context(), index.Query{Text: string(words[:min(len(words), 200)]), Limit: 3, Scope: scope})
			if err != nil || len(hits) == 0 {
				t.Errorf("%s is not found by its first words: %v", d.ID, err)
			}
		}
	}
}

func openIndex(t *testing.T, s *settings) index.Index {
	t.Helper()
	_, x, err := s.assistant(t.Context(), testConsole(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

func dayInForce(d index.Doc) time.Time {
	if d.From.IsZero() {
		return index.Day(2026, 1, 1)
	}
	return d.From
}

// biseo ingest --watch prints a line for each change and ends cleanly.
func TestWatchCommand(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-time.Minute)
	file := filepath.Join(dir, "가.md")
	if err := os.WriteFile(file, []byte("주차장을 늘린다.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	var errs bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"--data", filepath.Join(t.TempDir(), "data"), "ingest", "--watch", "--readers", "public", dir}, w, &errs)
		w.Close()
	}()
	lines := bufio.NewScanner(r)
	for _, want := range []string{"완료", "지켜봅니다", "삭제"} {
		if !lines.Scan() || !strings.Contains(lines.Text(), want) {
			t.Fatalf("printed %q, want %q; %s", lines.Text(), want, errs.String())
		}
		if want == "지켜봅니다" {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	cancel()
	go io.Copy(io.Discard, r)
	if code := <-ended; code != exitDone {
		t.Errorf("exit %d: %s", code, errs.String())
	}
}
