package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"biseo/index"
	"biseo/ingest"
)

// A crowd is an index that is given several documents at once. It holds the first
// ones of a list until the last of them has come.
type crowd struct {
	index.Index
	t       *testing.T
	writers int
	fail    string // ID of a document that it does not take

	mu     sync.Mutex
	wanted map[string]bool // documents to be held
	all    chan struct{}   // closed when they are there
	at     map[string]int  // how many documents of a Work are being stored
	now    int
	most   int
}

func (x *crowd) Writers() int { return x.writers }

func (x *crowd) Replace(ctx context.Context, d index.Doc, chunks []index.Chunk) error {
	x.mu.Lock()
	if x.now++; x.now > x.most {
		x.most = x.now
	}
	if x.at[d.Work]++; x.at[d.Work] > 1 {
		x.t.Errorf("%s while another version of it is being stored", d.ID)
	}
	held := x.wanted[d.ID]
	if delete(x.wanted, d.ID); held && len(x.wanted) == 0 {
		close(x.all)
	}
	x.mu.Unlock()
	defer func() {
		x.mu.Lock()
		x.now--
		x.at[d.Work]--
		x.mu.Unlock()
	}()
	if held {
		select {
		case <-x.all:
		case <-time.After(30 * time.Second):
			x.t.Errorf("%s is stored alone", d.ID)
		}
	}
	if d.ID == x.fail {
		return errors.New("disk full")
	}
	return x.Index.Replace(ctx, d, chunks)
}

func (x *crowd) Describe(ctx context.Context, d index.Doc) error {
	x.mu.Lock()
	if x.at[d.Work] > 0 {
		x.t.Errorf("%s is described while a version of it is being stored", d.ID)
	}
	x.mu.Unlock()
	return x.Index.Describe(ctx, d)
}

func newCrowd(w *world, writers int, held ...string) *crowd {
	x := &crowd{Index: w.index, t: w.t, writers: writers, wanted: map[string]bool{}, all: make(chan struct{}), at: map[string]int{}}
	for _, id := range held {
		x.wanted[id] = true
	}
	w.index = x
	return x
}

// otherLaw is lawText of another law.
func otherLaw(law int, mst, from, text string) string {
	return fmt.Sprintf("---\n제목: 시험법%d\n법령MST: %s\n법령ID: '%06d'\n법령구분: 법률\n시행일자: %s\n---\n\n# 시험법%d\n\n##### 제1조 (목적)\n\n%s\n", law, mst, law, from, law, text)
}

// What Sync does to an index that takes several documents at once, and what it tells,
// is what it does to one that takes them one after the other.
func TestSyncWriters(t *testing.T) {
	type told struct {
		Report ingest.Report
		Files  []ingest.FileState
		Done   []string
		Docs   []index.Doc
	}
	sync := func(writers int) (first, second told) {
		w := newWorld(t, "")
		w.root = filepath.Join(t.TempDir(), "문서") // the paths of both are compared from here on
		w.src.Paths = []string{w.root}
		w.write("biseo-folder.yaml", "kind: plan\nreaders: [public]\ngrade: open\n")
		for i := range 8 {
			w.write(fmt.Sprintf("%d.md", i), otherLaw(1+i/2, fmt.Sprint(10+i), fmt.Sprintf("202%d-01-01", i), "판"))
			w.write(fmt.Sprintf("%d-글.md", i), fmt.Sprintf("%d번째 안내문입니다.\n", i))
		}
		w.write("3-같음.md", otherLaw(1, "10", "2020-01-01", "판"))
		w.write("4-빈.md", "\x00\x00")
		var held []string
		if writers > 1 {
			held = []string{"문서/0-글.md", "law/000001@10"}
		}
		x := newCrowd(w, writers, held...)
		run := func() (got told) {
			w.src.File = func(f ingest.FileState) {
				f.Time, f.Path, f.File = time.Time{}, filepath.Base(f.Path), ""
				f.Warnings = nil
				got.Files = append(got.Files, f)
			}
			w.src.Progress = func(p ingest.Progress) {
				if p.Path != "" && (len(got.Done) == 0 || got.Done[len(got.Done)-1] != filepath.Base(p.Path)) {
					got.Done = append(got.Done, filepath.Base(p.Path))
				}
			}
			var err error
			if got.Report, err = w.try(t.Context()); err != nil {
				t.Fatal(err)
			}
			got.Report.Duplicates, got.Report.Failed = nil, nil // they name the folder
			for _, d := range w.docs() {
				d.Source = ""
				got.Docs = append(got.Docs, d)
			}
			return got
		}
		first = run()
		for i := range 8 { // other text, a version in between and one that is gone
			w.write(fmt.Sprintf("%d-글.md", i), fmt.Sprintf("%d번째 공고문입니다.\n", i))
		}
		w.write("5.md", otherLaw(1, "99", "2020-06-01", "사이 판"))
		w.remove("6.md")
		second = run()
		if x.most > writers {
			t.Errorf("%d documents at once, want %d", x.most, writers)
		}
		return first, second
	}
	first, second := sync(1)
	if n := len(first.Docs); n != 16 {
		t.Fatalf("%d documents stored, want 16", n)
	}
	for _, writers := range []int{2, 5} {
		again, later := sync(writers)
		if diff := cmp.Diff(first, again, cmp.AllowUnexported(ingest.FileState{})); diff != "" {
			t.Errorf("%d at once (-one +many):\n%s", writers, diff)
		}
		if diff := cmp.Diff(second, later, cmp.AllowUnexported(ingest.FileState{})); diff != "" {
			t.Errorf("%d at once, second run (-one +many):\n%s", writers, diff)
		}
	}
}

// An index that fails while it is given several documents keeps those that it took, and
// they are counted; no file behind the failure is told as done.
func TestSyncWritersFail(t *testing.T) {
	w := newWorld(t, "")
	for i := range 6 {
		w.write(fmt.Sprintf("%d.md", i), fmt.Sprintf("%d번째 안내문입니다.\n", i))
	}
	x := newCrowd(w, 3, "문서/1.md", "문서/2.md", "문서/3.md")
	x.fail = "문서/1.md"
	var told []string
	w.src.File = func(f ingest.FileState) { told = append(told, filepath.Base(f.Path)) }
	got, err := w.try(t.Context())
	if err == nil || got.Added != 3 || len(w.docs()) != 3 {
		t.Errorf("%+v with %d documents, %v", got, len(w.docs()), err)
	}
	if diff := cmp.Diff([]string{"0.md"}, told); diff != "" {
		t.Errorf("files told as done (-want +got):\n%s", diff)
	}
}

// The documents at hand are finished, and their files told, when the context ends.
func TestSyncWritersCancelled(t *testing.T) {
	w := newWorld(t, "")
	for i := range 6 {
		w.write(fmt.Sprintf("%d.md", i), fmt.Sprintf("%d번째 안내문입니다.\n", i))
	}
	newCrowd(w, 3, "문서/1.md", "문서/2.md")
	ctx, cancel := context.WithCancel(t.Context())
	var told []string
	w.src.File = func(f ingest.FileState) {
		told = append(told, filepath.Base(f.Path))
		cancel() // when the first is told, two others are at hand
	}
	got, err := w.try(ctx)
	if !errors.Is(err, context.Canceled) || got.Added != 3 || len(told) != 3 || len(w.docs()) != 3 {
		t.Errorf("%+v with %d documents and %d files told, %v", got, len(w.docs()), len(told), err)
	}
}
