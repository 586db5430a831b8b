package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"biseo/index"
	"biseo/ingest"
)

// withLedger gives the world a ledger in a file of that name.
func (w *world) withLedger(path string) *ingest.Ledger {
	w.t.Helper()
	l, err := ingest.OpenLedger(w.t.Context(), path)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { l.Close() })
	w.src.Ledger = l
	return l
}

// states are what the ledger says: name and state of each file, and what failed.
func (w *world) states(stored map[string]bool) []string {
	w.t.Helper()
	files, err := w.src.Ledger.Files(w.t.Context(), stored)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		s := fmt.Sprintf("%s %s", strings.TrimPrefix(f.Path, filepath.ToSlash(w.root)+"/"), f.State)
		if f.State == ingest.Failed && (f.Reason == "" || f.Next == "") {
			s += " without reason or next step"
		}
		out = append(out, s)
	}
	return out
}

func (w *world) wantStates(want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.states(nil)); diff != "" {
		w.t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestStates(t *testing.T) {
	w := newWorld(t, "")
	file := filepath.Join(t.TempDir(), "state.db")
	w.withLedger(file)
	w.write("가.md", "하나입니다.\n")
	w.write("나.md", "\x00\x00")
	w.write("다.md", "---\nfrom: 언제\n---\n셋입니다.\n")
	ctx, cancel := context.WithCancel(t.Context())
	w.src.File = func(ingest.FileState) { cancel() } // after the first file
	w.src.Workers = 1
	if _, err := w.try(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	w.wantStates("나.md new", "다.md new", "가.md done")
	w.src.File = nil
	w.sync(ingest.Report{Added: 1, Unchanged: 1})
	w.wantStates("나.md failed", "다.md warnings", "가.md unchanged")
	w.sync(ingest.Report{Unchanged: 2})
	w.wantStates("나.md failed", "다.md warnings", "가.md unchanged") // a warning holds until the file changes

	// Only what failed is read again; the rest stays.
	w.write("나.md", "둘입니다.\n")
	w.write("가.md", "하나도 바뀌었습니다.\n")
	w.reads.Store(0)
	w.src.Only = func(f string) bool { return strings.HasSuffix(f, "나.md") }
	w.sync(ingest.Report{Added: 1})
	if n := w.reads.Load(); n != 1 {
		t.Errorf("read %d files, want 1", n)
	}
	w.wantStates("다.md warnings", "나.md done", "가.md unchanged")
	w.src.Only = nil

	// Without the index, all is new; without the ledger, all is known again after a run.
	if diff := cmp.Diff([]string{"가.md new", "나.md new", "다.md new"}, w.states(map[string]bool{})); diff != "" {
		t.Errorf("states without an index (-want +got):\n%s", diff)
	}
	w.withLedger(filepath.Join(t.TempDir(), "other.db"))
	w.remove("다.md")
	w.sync(ingest.Report{Changed: 1, Removed: 1, Unchanged: 1})
	w.wantStates("가.md done", "나.md unchanged")
	roots, err := w.src.Ledger.Roots(t.Context())
	if diff := cmp.Diff([]ingest.Root{{Path: filepath.ToSlash(w.root)}}, roots); diff != "" || err != nil {
		t.Errorf("roots, %v (-want +got):\n%s", err, diff)
	}
	w.remove("가.md")
	w.remove("나.md")
	w.sync(ingest.Report{Removed: 2})
	if roots, err := w.src.Ledger.Roots(t.Context()); len(roots) > 0 || err != nil {
		t.Errorf("roots of nothing: %v, %v", roots, err)
	}
}

func TestLargeFile(t *testing.T) {
	w := newWorld(t, "")
	w.write("가.md", strings.Repeat("긴 글입니다.\n", 100))
	w.src.MaxFile = 100
	if got := w.sync(ingest.Report{}); len(got.Failed) != 1 || !strings.Contains(got.Failed[0].Reason, "너무 커서") || w.reads.Load() != 0 {
		t.Errorf("%+v, %d reads", got.Failed, w.reads.Load())
	}
}

// A file that fails keeps what was read of it before, and its counts.
func TestFailedKeepsCounts(t *testing.T) {
	w := newWorld(t, "")
	w.withLedger(filepath.Join(t.TempDir(), "state.db"))
	w.write("가.txt", "주차장을 늘린다.\n")
	w.sync(ingest.Report{Added: 1})
	w.write("가.txt", strings.Repeat("\x00\x01\xff", 100))
	for range 2 {
		got := w.sync(ingest.Report{})
		files, err := w.src.Ledger.Files(t.Context(), nil)
		if err != nil || len(files) != 1 || len(got.Failed) != 1 {
			t.Fatal(files, got.Failed, err)
		}
		f := files[0]
		if f.State != ingest.Failed || f.Documents != 1 || f.Chunks != 1 || f.Reason != got.Failed[0].Reason || !strings.HasSuffix(f.Reason, " 앞서 읽은 내용이 계속 검색됩니다.") {
			t.Errorf("state %+v", f)
		}
		if w.finds("주차장") != 1 {
			t.Error("what was stored before is not found")
		}
	}
	w.write("나.txt", "\x00\x00")
	for _, f := range w.sync(ingest.Report{}).Failed {
		if strings.HasSuffix(f.Path, "나.txt") && strings.Contains(f.Reason, "앞서") {
			t.Errorf("nothing of it was stored: %q", f.Reason)
		}
	}
}

// A given folder that is suddenly empty keeps its documents until one file is there.
func TestEmptiedFolder(t *testing.T) {
	w := newWorld(t, "")
	w.withLedger(filepath.Join(t.TempDir(), "state.db"))
	for i := range 10 {
		w.write(fmt.Sprintf("%d.md", i), fmt.Sprintf("문서 %d입니다.\n", i))
	}
	w.sync(ingest.Report{Added: 10})
	w.remove("")
	if err := os.Mkdir(w.root, 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got := w.sync(ingest.Report{})
		if len(w.docs()) != 10 || len(got.Failed) != 1 || got.Failed[0].Path != filepath.ToSlash(w.root) || !strings.Contains(got.Failed[0].Next, "정말 지우려면") {
			t.Fatalf("%d documents, failed %+v", len(w.docs()), got.Failed)
		}
		if states := w.states(nil); len(states) != 11 || !strings.HasSuffix(states[0], " failed") {
			t.Errorf("states %q", states)
		}
	}
	w.write("새.md", "새 문서입니다.\n")
	w.write("biseo-folder.yaml", "readers: [public]\ngrade: open\n")
	w.sync(ingest.Report{Added: 1, Removed: 10})
	w.wantStates("새.md done")
}

// Only of a PDF without text is it said that it may be scanned.
func TestNoTextReason(t *testing.T) {
	w := newWorld(t, "")
	w.src.Read = func(context.Context, string) (*ingest.Document, error) { return &ingest.Document{}, nil }
	w.write("가.docx", "1")
	w.write("나.PDF", "2")
	got := w.sync(ingest.Report{}).Failed
	if len(got) != 2 || strings.Contains(got[0].Reason+got[0].Next, "스캔") || strings.Contains(got[0].Next, "OCR") || !strings.Contains(got[1].Reason, "스캔") {
		t.Errorf("failed %+v", got)
	}
}

func TestPrintPath(t *testing.T) {
	for in, want := range map[string]string{
		"문서/가 나.hwp":           "문서/가 나.hwp",
		"문서/\x1b[2J\n가.hwp":    "문서/�[2J�가.hwp",
		"가\u202efdp.exe\u200f": "가�fdp.exe�",
		"가\u2028나\xff.txt":     "가�나�.txt",
	} {
		if got := ingest.PrintPath(in); got != want {
			t.Errorf("PrintPath(%q) = %q, want %q", in, got, want)
		}
	}
}

func part(name, text string) ingest.Part {
	if text == "" {
		return ingest.Part{Name: name, Err: &ingest.FileError{Reason: "손상된 파일입니다.", Next: "다시 저장해 주세요."}}
	}
	return ingest.Part{Name: name, Document: &ingest.Document{Text: text + "\n", Blocks: []ingest.Block{{Kind: ingest.Paragraph, End: len([]rune(text)) + 1}}}}
}

// Every entry of an archive is a document; they change and go together.
func TestArchives(t *testing.T) {
	w := newWorld(t, "")
	w.withLedger(filepath.Join(t.TempDir(), "state.db"))
	parts := []ingest.Part{part("계획/가.txt", "주차장을 늘린다."), part("나.txt", "도서관을 연다."), part("다.hwp", "")}
	law := &ingest.Document{Meta: index.Doc{ID: "law/1@1", Work: "law/1", Kind: "law"}, Text: "제1조 목적\n", Blocks: []ingest.Block{{Kind: ingest.Paragraph, End: 7}}}
	parts = append(parts, ingest.Part{Name: "안.zip", Document: &ingest.Document{Parts: []ingest.Part{{Name: "법.md", Document: law}}}})
	w.src.Read = func(context.Context, string) (*ingest.Document, error) {
		w.reads.Add(1)
		return &ingest.Document{Parts: parts}, nil
	}
	w.write("묶음.zip", "1")
	got := w.sync(ingest.Report{Added: 3})
	zip := filepath.ToSlash(w.path("묶음.zip"))
	if diff := cmp.Diff([]ingest.Failure{{Path: zip + ": 다.hwp", Reason: "손상된 파일입니다.", Next: "다시 저장해 주세요."}}, got.Failed); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"law/1@1", "문서/묶음.zip/계획/가.txt", "문서/묶음.zip/나.txt"}, w.ids()); diff != "" {
		t.Errorf("IDs (-want +got):\n%s", diff)
	}
	for _, d := range w.docs() {
		if d.Source != zip {
			t.Errorf("%s has source %s", d.ID, d.Source)
		}
	}
	w.wantStates("묶음.zip: 다.hwp failed", "묶음.zip warnings")
	w.sync(ingest.Report{Unchanged: 3}) // read again for the sake of what failed

	parts = parts[:2]
	w.write("묶음.zip", "2")
	w.sync(ingest.Report{Changed: 2, Removed: 1}) // an entry that is gone counts
	w.wantStates("묶음.zip done")
	w.reads.Store(0)
	w.sync(ingest.Report{Unchanged: 2})
	if w.reads.Load() != 0 || len(w.docs()) != 2 {
		t.Errorf("%d reads of an unchanged archive, documents %q", w.reads.Load(), w.ids())
	}
	// Stopped between two entries, the rest comes with the next run.
	w.write("묶음.zip", "3")
	whole, left := w.index, 1
	w.index = brittle{whole, &left, nil}
	if _, err := w.try(t.Context()); err == nil {
		t.Fatal("the index does not fail")
	}
	w.index = whole
	w.sync(ingest.Report{Changed: 1, Unchanged: 1})
	w.write("biseo-folder.yaml", "kind: plan\nreaders: [총무과]\ngrade: open\n")
	w.sync(ingest.Report{Described: 2})
	w.remove("묶음.zip")
	w.sync(ingest.Report{Removed: 2})
}

// An embedder that is down is not asked for every document.
func TestEmbedderDown(t *testing.T) {
	w := newWorld(t, "spell/2")
	for i := range 20 {
		w.write(fmt.Sprintf("%d.md", i), fmt.Sprintf("글 %d입니다.\n", i))
	}
	asked := 0
	w.src.Workers = 1
	w.embed = speller{fail: func([]string) error { asked++; return errors.New("connection refused") }}
	got := w.sync(ingest.Report{Added: 20, WordsOnly: 20})
	if asked > 3 || len(got.Warnings) != 1 {
		t.Errorf("asked %d times, warnings %q", asked, got.Warnings)
	}
}

// The words of one document end no document of other readers or another folder.
func TestVersionsOfOthers(t *testing.T) {
	for name, tt := range map[string]struct {
		settings, folder, kind string
		ends                   bool
	}{
		"same folder":                   {"", "가", "plan", true},
		"another folder":                {"", "나", "plan", false},
		"law from another folder":       {"", "나", "law", true},
		"law for fewer readers":         {"readers: [총무과]\n", "나", "law", false},
		"law of a higher grade":         {"grade: classified\n", "나", "law", false},
		"a plan ends no law":            {"", "나", "plan", false},
		"a law in the folder of a plan": {"", "가", "law", true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "")
			kind := tt.kind
			if name == "a plan ends no law" {
				kind = "law"
			}
			w.write("가/옛.md", "---\nid: x@1\nwork: x\nfrom: 2020-01-01\nkind: "+kind+"\n---\n옛 글입니다.\n")
			if tt.settings != "" {
				w.write(tt.folder+"/biseo-folder.yaml", tt.settings)
			}
			w.write(tt.folder+"/새.md", "---\nid: x@2\nwork: x\nfrom: 2021-01-01\nkind: "+tt.kind+"\n---\n새 글입니다.\n")
			w.sync(ingest.Report{Added: 2})
			if got := !w.doc("x@1").Until.IsZero(); got != tt.ends {
				t.Errorf("ended %t, want %t", got, tt.ends)
			}
		})
	}
}

// No name of a file in a masked folder is stored where others see it.
func TestMaskedNames(t *testing.T) {
	w := newWorld(t, "")
	w.write("biseo-folder.yaml", "readers: [public]\ngrade: open\nmask: true\nkind: reply\n")
	keeps := false
	w.src.Mask = func(s string, keep bool) string {
		if keep != keeps {
			t.Errorf("contacts kept: %t, want %t", keep, keeps)
		}
		return strings.ReplaceAll(s, "홍길동", "홍*동")
	}
	w.write("홍길동_주차.md", "주차 문의에 답합니다.\n")
	w.write("김철수_주차.md", "다른 문의에 답합니다.\n") // known as a name by nothing
	w.write("자기.md", "---\nid: 답변/홍길동\nwork: 답변/홍길동\n---\n또 다른 문의입니다.\n")
	w.sync(ingest.Report{Added: 3})
	for _, d := range w.docs() {
		if s := d.ID + d.Work; strings.Contains(s, "홍길동") || strings.Contains(s, "김철수") || strings.Contains(d.Title, "홍길동") {
			t.Errorf("stored: %s %s %s", d.ID, d.Work, d.Title)
		}
	}
	w.sync(ingest.Report{Unchanged: 3})
	if err := os.Rename(w.path("홍길동_주차.md"), w.path("홍길동_공영주차.md")); err != nil {
		t.Fatal(err)
	}
	w.sync(ingest.Report{Changed: 1, Unchanged: 2})
	w.remove("홍길동_공영주차.md")
	w.sync(ingest.Report{Removed: 1, Unchanged: 2})
	keeps = true
	w.write("biseo-folder.yaml", "readers: [public]\ngrade: open\nmask: true\nkind: reply\nkeep_contacts: true\n")
	w.sync(ingest.Report{Changed: 2}) // it is masked anew
}

// What a run does not look at keeps its rights, whatever those of the run.
func TestOnlyKeepsRights(t *testing.T) {
	w := newWorld(t, "")
	w.write("biseo-folder.yaml", "kind: plan\nreaders: [총무과]\ngrade: sensitive\n")
	w.write("가.md", "하나입니다.\n")
	w.sync(ingest.Report{Added: 1})
	w.write("나.md", "둘입니다.\n")
	w.src.Readers = []string{index.Public}
	w.src.Only = func(f string) bool { return strings.HasSuffix(f, "나.md") }
	w.sync(ingest.Report{Added: 1})
	if got := w.doc("문서/가.md").Readers; len(got) != 1 || got[0] != "총무과" {
		t.Errorf("readers %q", got)
	}
}

func TestWatch(t *testing.T) {
	w := newWorld(t, "")
	w.write("가.md", "하나입니다.\n")
	old := time.Now().Add(-time.Minute)
	if err := os.Chtimes(w.path("가.md"), old, old); err != nil {
		t.Fatal(err)
	}
	told := make(chan string, 100)
	w.src.File = func(f ingest.FileState) { told <- filepath.Base(f.Path) + " " + string(f.State) }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- ingest.Watch(ctx, slog.New(slog.DiscardHandler), w.index, nil, w.src, ingest.WatchOptions{
			Every: 10 * time.Millisecond, Settle: 100 * time.Millisecond,
			Notice: func(problem string) { told <- "! " + problem },
		})
	}()
	want := func(prefix string) {
		t.Helper()
		select {
		case got := <-told:
			if !strings.HasPrefix(got, prefix) {
				t.Fatalf("told %q, want %q", got, prefix)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("never told %q", prefix)
		}
	}
	want("가.md done")
	w.write("나.md", "둘")
	for range 10 { // still being written
		time.Sleep(20 * time.Millisecond)
		f, err := os.OpenFile(w.path("나.md"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("입니다. 끝까지 씁니다."); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	want("나.md done")
	if got := w.finds("끝까지"); got != 1 {
		t.Errorf("found %d", got)
	}
	w.write("biseo-folder.yaml", "kind: plan\nreaders: [총무과]\ngrade: open\n") // rights change for all
	want("가.md unchanged")
	want("나.md unchanged")
	w.write("biseo-folder.yaml", "kind: [\n")
	want("! ")
	w.write("biseo-folder.yaml", "kind: plan\nreaders: [public]\ngrade: open\n")
	want("! ")
	want("가.md unchanged")
	want("나.md unchanged")
	w.remove("나.md")
	want("나.md removed")
	w.write("나.md", "둘입니다.\n")
	want("나.md done")
	// A drive that is lost looks like an empty folder.
	if err := os.Rename(w.root, w.root+"2"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(w.root, 0o755); err != nil {
		t.Fatal(err)
	}
	want("! ")
	if len(w.docs()) != 2 {
		t.Errorf("documents lost with the drive: %q", w.ids())
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
