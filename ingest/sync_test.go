package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"biseo/index"
	"biseo/index/local"
	"biseo/ingest"
	"biseo/ingest/extract"
	"biseo/llm"
)

// A world is a folder of files and an index over it.
type world struct {
	t     *testing.T
	root  string
	index index.Index
	src   ingest.Source
	embed llm.Embedder
	reads atomic.Int64
}

func newWorld(t *testing.T, space string) *world {
	w := &world{t: t, root: filepath.Join(t.TempDir(), "문서")}
	x, err := local.Open(t.Context(), t.TempDir(), local.Options{Space: space, Rules: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	w.index = x
	w.src = ingest.Source{Paths: []string{w.root}, Workers: 3, Read: func(ctx context.Context, path string) (*ingest.Document, error) {
		w.reads.Add(1)
		return extract.Read(ctx, path)
	}}
	w.write("biseo-folder.yaml", "kind: plan\nreaders: [public]\ngrade: open\n")
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.root, filepath.FromSlash(name)) }

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) remove(name string) {
	w.t.Helper()
	if err := os.RemoveAll(w.path(name)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) try(ctx context.Context) (ingest.Report, error) {
	return ingest.Sync(ctx, slog.New(slog.DiscardHandler), w.index, w.embed, w.src)
}

// sync runs Sync, wants no error, and compares the counts of the report.
func (w *world) sync(want ingest.Report) ingest.Report {
	w.t.Helper()
	got, err := w.try(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.same(want, got)
	return got
}

func (w *world) same(want, got ingest.Report) {
	w.t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(ingest.Report{}, "Duplicates", "Failed", "NoReaders", "Warnings", "Chunks", "Skipped")); diff != "" {
		w.t.Fatalf("report (-want +got):\n%s\n%+v", diff, got)
	}
}

func (w *world) docs() []index.Doc {
	w.t.Helper()
	var docs []index.Doc
	for d, err := range w.index.Docs(w.t.Context()) {
		if err != nil {
			w.t.Fatal(err)
		}
		docs = append(docs, d)
	}
	return docs
}

func (w *world) ids() []string {
	var ids []string
	for _, d := range w.docs() {
		ids = append(ids, d.ID)
	}
	return ids
}

func (w *world) doc(id string) index.Doc {
	w.t.Helper()
	for _, d := range w.docs() {
		if d.ID == id {
			return d
		}
	}
	w.t.Fatalf("%s is not in the index: %q", id, w.ids())
	return index.Doc{}
}

func (w *world) finds(query string) int {
	w.t.Helper()
	hits, err := w.index.Search(w.t.Context(), index.Query{Text: query, Scope: index.Scope{On: index.Day(2026, 1, 1)}})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(hits)
}

func TestSyncFollowsFiles(t *testing.T) {
	w := newWorld(t, "")
	w.write("가.md", "# 주차 계획\n\n주차장을 늘린다.\n")
	w.write("하위/나.md", "# 도서관 계획\n\n도서관을 연다.\n")
	w.write("그림.png", "x")
	w.write("~$가.md", "x")
	w.write(".숨김/다.md", "x")
	got := w.sync(ingest.Report{Added: 2})
	if got.Skipped != 2 { // 그림.png, ~$가.md
		t.Errorf("skipped %d files, want 2", got.Skipped)
	}
	if diff := cmp.Diff([]string{"문서/가.md", "문서/하위/나.md"}, w.ids()); diff != "" {
		t.Errorf("IDs (-want +got):\n%s", diff)
	}
	d := w.doc("문서/가.md")
	if d.Title != "주차 계획" || d.Kind != "plan" || d.Grade != index.Open || d.Source != filepath.ToSlash(w.path("가.md")) || d.Work != d.ID {
		t.Errorf("document is %+v", d)
	}
	w.reads.Store(0)
	w.sync(ingest.Report{Unchanged: 2})
	if n := w.reads.Load(); n != 0 {
		t.Errorf("read %d unchanged files", n)
	}

	w.write("가.md", "# 주차 계획\n\n공영주차장을 늘린다.\n")
	w.sync(ingest.Report{Changed: 1, Unchanged: 1})
	if n := w.reads.Load(); n != 1 || w.finds("공영주차장") == 0 {
		t.Errorf("read %d files, found %d", n, w.finds("공영주차장"))
	}

	w.src.Split.Max = 600
	w.sync(ingest.Report{Changed: 2})
	w.src.Split.Max = 0
	w.sync(ingest.Report{Changed: 2})

	w.remove("하위/나.md")
	w.sync(ingest.Report{Removed: 1, Unchanged: 1})
	if w.finds("도서관") != 0 {
		t.Error("a removed document is still found")
	}

	// A part of the tree leaves the rest alone; so does another tree.
	w.write("하위/다.md", "# 공원 계획\n\n공원을 연다.\n")
	w.src.Paths = []string{w.path("하위")}
	w.sync(ingest.Report{Added: 1})
	if d := w.doc("하위/다.md"); !slices.Equal(d.Readers, []string{"public"}) {
		t.Errorf("a part taken alone lost its readers: %q", d.Readers)
	}
	w.src.Paths = []string{w.root}
	w.sync(ingest.Report{Unchanged: 2}) // known by its file: it keeps its ID

	w.src.Paths = []string{w.path("가.md"), w.path("없음.md")}
	if _, err := w.try(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a path that does not exist: %v", err)
	}

	w.remove("가.md")
	w.remove("하위")
	w.src.Paths = []string{w.root}
	if got := w.sync(ingest.Report{Removed: 2}); len(got.Warnings) != 1 {
		t.Errorf("an emptied folder is not reported: %q", got.Warnings)
	}
}

func TestSyncFolderFiles(t *testing.T) {
	w := newWorld(t, "")
	w.write("biseo-folder.yaml", "kind: report\nagency: 가온시\ngrade: sensitive\n")
	w.write("가/biseo-folder.yaml", "readers: [총무과, 감사과]\n")
	w.write("가/나/biseo-folder.yaml", "grade: classified\nkind: reply\n")
	w.write("가/하나.md", "하나입니다.\n")
	w.write("가/나/둘.md", "---\nkind: guide\ntitle: 둘째\n---\n둘입니다.\n")
	w.write("셋.md", "셋입니다.\n")
	got := w.sync(ingest.Report{Added: 3})
	if len(got.NoReaders) != 1 || !strings.Contains(got.NoReaders[0], "readers: [public]") {
		t.Errorf("documents without readers: %q", got.NoReaders)
	}
	type row struct {
		ID, Title, Kind, Agency string
		Readers                 []string
		Grade                   index.Grade
	}
	rows := func() (rows []row) {
		for _, d := range w.docs() {
			rows = append(rows, row{d.ID, d.Title, d.Kind, d.Agency, d.Readers, d.Grade})
		}
		return rows
	}
	both := []string{"감사과", "총무과"}
	want := []row{
		{"문서/가/나/둘.md", "둘째", "guide", "가온시", both, index.Classified},
		{"문서/가/하나.md", "하나", "report", "가온시", both, index.Sensitive},
		{"문서/셋.md", "셋", "report", "가온시", nil, index.Sensitive},
	}
	if diff := cmp.Diff(want, rows(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}

	w.reads.Store(0)
	w.write("가/나/biseo-folder.yaml", "grade: open\nkind: reply\nreaders: []\n")
	w.sync(ingest.Report{Described: 1, Unchanged: 2})
	if d := w.doc("문서/가/나/둘.md"); w.reads.Load() != 0 || len(d.Readers) != 0 || d.Grade != index.Open {
		t.Errorf("after new rights: %+v, %d reads", d, w.reads.Load())
	}
	w.src.Readers = []string{"public"}
	w.sync(ingest.Report{Described: 3})

	for text, want := range map[string]string{
		"kind: plan\nreader: [public]\n": `:2: key "reader": unknown`,
		"grade: secret\n":                `:1: key "grade": grade "secret"`,
		"kind: 계획\n":                     `:1: key "kind": "계획" is not one of`,
		"mask: maybe\n":                  `:1: key "mask": "maybe" is neither`,
		"mask: true\nmask: true\n":       `:2:`,
		"keep_contacts: 1\n":             `:1: key "keep_contacts": "1" is neither`,
		"- public\n":                     `:1: want lines`,
		"grade: open\n---\nmask: true\n": `:2: want one document`,
		"mask: true\n":                   "nothing can mask",
	} {
		w.write("biseo-folder.yaml", text)
		if _, err := w.try(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("folder file %q: %v, want %q", text, err, want)
		}
	}
}

func TestSyncMasks(t *testing.T) {
	w := newWorld(t, "")
	w.write("biseo-folder.yaml", "readers: [public]\ngrade: open\nmask: true\nkind: reply\n")
	w.write("홍길동.md", "# 홍길동 민원\n\n민원 내용\n\n홍길동은 묻는다.\n\n답변\n\n된다.\n")
	w.src.Mask = func(s string, _ bool) string { return strings.ReplaceAll(s, "홍길동", "○○○") }
	w.sync(ingest.Report{Added: 1})
	hits, err := w.index.Search(t.Context(), index.Query{Text: "민원", Scope: index.Scope{On: index.Day(2026, 1, 1)}})
	if err != nil || len(hits) == 0 {
		t.Fatal(hits, err)
	}
	for _, h := range hits {
		if s := h.Doc.Title + h.Chunk.Text + h.Chunk.Cite + strings.Join(h.Chunk.Path, ""); strings.Contains(s, "홍길동") {
			t.Errorf("stored unmasked: %s", s)
		}
	}
	w.write("biseo-folder.yaml", "readers: [public]\ngrade: open\nmask: false\nkind: reply\n")
	w.sync(ingest.Report{Changed: 1})
	w.write("biseo-folder.yaml", "readers: [public]\ngrade: open\nmask: true\nkind: reply\n")
	w.sync(ingest.Report{Changed: 1})
	w.src.Mask = func(s string, _ bool) string { return strings.ReplaceAll(s, "홍길동", "○") }
	w.write("홍길동.md", "홍길동은 다시 묻는다.\n")
	if got := w.sync(ingest.Report{}); len(got.Failed) != 1 {
		t.Errorf("a mask that changes the length passes: %+v", got)
	}
}

func lawText(mst, from, text string) string {
	return fmt.Sprintf("---\n제목: 시험법\n법령MST: %s\n법령ID: '000001'\n법령구분: 법률\n시행일자: %s\n---\n\n# 시험법\n\n##### 제1조 (목적)\n\n%s\n", mst, from, text)
}

func TestSyncVersions(t *testing.T) {
	w := newWorld(t, "")
	w.write("a.md", lawText("30", "2025-01-01", "셋째 판"))
	w.write("b.md", lawText("10", "2020-01-01", "첫째 판"))
	w.write("c.md", lawText("20", "2025-01-01", "둘째 판"))
	w.sync(ingest.Report{Added: 3})
	check := func(want ...string) {
		t.Helper()
		var got []string
		for _, d := range w.docs() {
			until := ""
			if !d.Until.IsZero() {
				until = d.Until.Format(time.DateOnly)
			}
			got = append(got, fmt.Sprintf("%s %s–%s", d.ID, d.From.Format(time.DateOnly), until))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("versions (-want +got):\n%s", diff)
		}
	}
	check("law/000001@10 2020-01-01–2025-01-01", "law/000001@20 2025-01-01–2025-01-01", "law/000001@30 2025-01-01–")
	w.sync(ingest.Report{Unchanged: 3})

	// A version in between, from another folder, changes the one before it.
	w.write("d.md", lawText("15", "2022-01-01", "사이 판"))
	w.sync(ingest.Report{Added: 1, Described: 1, Unchanged: 3})
	check("law/000001@10 2020-01-01–2022-01-01", "law/000001@15 2022-01-01–2025-01-01", "law/000001@20 2025-01-01–2025-01-01", "law/000001@30 2025-01-01–")

	w.remove("d.md")
	w.sync(ingest.Report{Removed: 1, Described: 1, Unchanged: 3})
	check("law/000001@10 2020-01-01–2025-01-01", "law/000001@20 2025-01-01–2025-01-01", "law/000001@30 2025-01-01–")

	// The same file becomes another version.
	w.write("c.md", lawText("40", "2026-01-01", "넷째 판"))
	w.sync(ingest.Report{Changed: 1, Described: 1, Unchanged: 2})
	check("law/000001@10 2020-01-01–2025-01-01", "law/000001@30 2025-01-01–2026-01-01", "law/000001@40 2026-01-01–")
}

func TestSyncDuplicates(t *testing.T) {
	w := newWorld(t, "")
	w.write("가/법.md", lawText("10", "2020-01-01", "첫째 판"))
	w.write("나/법.md", lawText("10", "2020-01-01", "첫째 판"))
	source := func(want string) {
		t.Helper()
		if got := w.doc("law/000001@10").Source; got != filepath.ToSlash(w.path(want)) {
			t.Errorf("the document stands in %s, want %s", got, want)
		}
	}
	got := w.sync(ingest.Report{Added: 1})
	want := []ingest.Duplicate{{Path: filepath.ToSlash(w.path("나/법.md")), Of: filepath.ToSlash(w.path("가/법.md")), ID: "law/000001@10"}}
	if diff := cmp.Diff(want, got.Duplicates); diff != "" {
		t.Errorf("duplicates (-want +got):\n%s", diff)
	}
	w.reads.Store(0)
	got = w.sync(ingest.Report{Unchanged: 1})
	if diff := cmp.Diff(want, got.Duplicates); diff != "" || w.reads.Load() != 0 {
		t.Errorf("again: %d reads, duplicates (-want +got):\n%s", w.reads.Load(), diff)
	}
	source("가/법.md")

	w.remove("가/법.md")
	w.sync(ingest.Report{Described: 1})
	source("나/법.md")
	if w.reads.Load() != 0 {
		t.Error("handing over read the file")
	}

	// The file that counted becomes another version while a copy of the old one stays.
	w.write("가/법.md", lawText("10", "2020-01-01", "첫째 판"))
	w.sync(ingest.Report{Unchanged: 1})
	w.write("나/법.md", lawText("20", "2021-01-01", "둘째 판"))
	w.sync(ingest.Report{Changed: 1, Described: 1})
	source("가/법.md")
	if diff := cmp.Diff([]string{"law/000001@10", "law/000001@20"}, w.ids()); diff != "" {
		t.Errorf("IDs (-want +got):\n%s", diff)
	}

	// Two folders of one name must not share IDs.
	w.write("x/같음/글.md", "하나입니다.\n")
	w.write("y/같음/글.md", "둘입니다.\n")
	w.src.Paths = []string{w.path("x/같음"), w.path("y/같음")}
	if got := w.sync(ingest.Report{Added: 1}); len(got.Failed) != 1 || !strings.Contains(got.Failed[0].Reason, "같음/글.md") {
		t.Errorf("two files with one ID: %+v", got)
	}
}

// An embedder that spells texts as unit vectors, and can be broken.
type speller struct {
	fail func(texts []string) error
	bend float32
	long int
}

func (s speller) Space() string { return "spell/2" }

func (s speller) Embed(_ context.Context, role llm.Role, texts []string) ([][]float32, error) {
	if role != llm.Passage {
		return nil, errors.New("documents are passages")
	}
	if s.fail != nil {
		if err := s.fail(texts); err != nil {
			return nil, err
		}
	}
	var out [][]float32
	for _, t := range texts {
		angle := float64(len(t))
		v := []float32{float32(math.Cos(angle)) + s.bend, float32(math.Sin(angle))}
		out = append(out, append(v, make([]float32, s.long)...))
	}
	return out, nil
}

func TestSyncEmbeds(t *testing.T) {
	w := newWorld(t, "spell/2")
	w.write("가.md", "# 계획\n\n## 주차\n\n늘린다.\n")
	w.write("나.md", "# 도서관\n\n연다.\n")
	down := func(texts []string) error {
		if strings.Contains(texts[0], "도서관") {
			return errors.New("connection refused")
		}
		if diff := cmp.Diff([]string{"계획 > 주차 > 계획\n주차\n늘린다.\n"}, texts); diff != "" {
			t.Errorf("text embedded (-want +got):\n%s", diff)
		}
		return nil
	}
	w.embed = speller{fail: down}
	// What cannot be embedded is stored, and embedded by the next run.
	got := w.sync(ingest.Report{Added: 2, WordsOnly: 1})
	if len(got.Failed) != 0 || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "connection refused") || w.finds("도서관") == 0 {
		t.Errorf("failures: %+v, warnings %q", got.Failed, got.Warnings)
	}
	w.embed = speller{}
	w.sync(ingest.Report{Changed: 1, Unchanged: 1})
	w.sync(ingest.Report{Unchanged: 2})
	for _, broken := range []speller{{bend: 0.5}, {bend: float32(math.NaN())}, {long: 1}} {
		w.embed = broken
		w.write("나.md", fmt.Sprintf("# 도서관\n\n연다 %v.\n", broken))
		w.sync(ingest.Report{Changed: 1, Unchanged: 1, WordsOnly: 1})
	}
	// A mistake of the settings is no embedder that is away: nothing goes on without vectors.
	w.embed = speller{fail: func([]string) error { return llm.ErrDimension }}
	if _, err := w.try(t.Context()); !errors.Is(err, llm.ErrDimension) {
		t.Errorf("vectors of another length than set: %v", err)
	}
	// Without an embedder nothing is read anew; with one, the rest is embedded.
	w.embed = nil
	w.sync(ingest.Report{Unchanged: 2})
	w.embed = speller{}
	w.sync(ingest.Report{Changed: 1, Unchanged: 1})
	hits, err := w.index.Search(t.Context(), index.Query{Dense: []float32{1, 0}, Scope: index.Scope{On: index.Day(2026, 1, 1)}})
	if err != nil || len(hits) != 2 {
		t.Errorf("%d hits by meaning, %v", len(hits), err)
	}
	x := newWorld(t, "other/2")
	x.embed = speller{}
	x.write("가.md", "글\n")
	if _, err := x.try(t.Context()); err == nil || len(x.docs()) != 0 {
		t.Errorf("an embedder of another space: %v", err)
	}
}

// brittle fails Replace after some calls, or cancels what called it.
type brittle struct {
	index.Index
	left   *int
	cancel context.CancelFunc
}

func (b brittle) Replace(ctx context.Context, d index.Doc, chunks []index.Chunk) error {
	if *b.left--; *b.left < 0 {
		if b.cancel == nil {
			return errors.New("disk full")
		}
		b.cancel()
	}
	return b.Index.Replace(ctx, d, chunks)
}

func TestSyncFaults(t *testing.T) {
	w := newWorld(t, "")
	for i := range 10 {
		w.write(fmt.Sprintf("%d.md", i), lawText(fmt.Sprint(10+i), fmt.Sprintf("202%d-01-01", i), "판"))
	}
	whole := w.index
	left := 4
	w.index = brittle{whole, &left, nil}
	if got, err := w.try(t.Context()); err == nil || got.Added != 4 {
		t.Errorf("the index fails in the middle: %+v, %v", got, err)
	}
	w.index = whole
	if n := len(w.docs()); n != 4 {
		t.Errorf("%d documents stored, want 4", n)
	}

	// The document at hand is finished when the context ends.
	ctx, cancel := context.WithCancel(t.Context())
	left = 0
	w.index = brittle{whole, &left, cancel}
	if got, err := w.try(ctx); !errors.Is(err, context.Canceled) || got.Added != 1 || len(w.docs()) != 5 {
		t.Errorf("canceled while storing: %+v, %v", got, err)
	}
	w.index = whole

	ctx, cancel = context.WithCancel(t.Context())
	w.src.Progress = func(p ingest.Progress) {
		if p.Done == 7 {
			cancel()
		}
	}
	got, err := w.try(ctx)
	if !errors.Is(err, context.Canceled) || got.Added != 2 || got.Unchanged != 5 {
		t.Errorf("canceled: %+v, %v", got, err)
	}
	w.src.Progress = nil
	w.sync(ingest.Report{Added: 3, Unchanged: 7, Described: 1})
	for i, d := range w.docs() {
		if i < 9 && !d.Until.Equal(d.From.AddDate(1, 0, 0)) {
			t.Errorf("%s is in force from %s until %s", d.ID, d.From, d.Until)
		}
	}

	// A file that cannot be read keeps what is stored, but not its old readers.
	w.write("0.md", lawText("10", "2020-01-01", "다른 판"))
	w.write("1.md", "\x00\x00")
	w.write("biseo-folder.yaml", "kind: plan\nreaders: [총무과]\ngrade: open\n")
	read := w.src.Read
	w.src.Read = func(ctx context.Context, path string) (*ingest.Document, error) {
		if filepath.Base(path) == "0.md" {
			w.write("0.md", lawText("10", "2020-01-01", "쓰는 중"))
		}
		return read(ctx, path)
	}
	got = w.sync(ingest.Report{Described: 10})
	if len(got.Failed) != 2 || !strings.Contains(got.Failed[0].Reason, "바뀌었습니다") || !strings.Contains(got.Failed[1].Reason, "빈 파일") {
		t.Errorf("failures: %+v", got.Failed)
	}
	if n := len(w.docs()); n != 10 || w.finds("판") != 0 {
		t.Errorf("%d documents, %d open to everyone", n, w.finds("판"))
	}
}

func TestSyncLinks(t *testing.T) {
	w := newWorld(t, "")
	outside := filepath.Join(t.TempDir(), "밖.md")
	if err := os.WriteFile(outside, []byte("비밀\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.write("안.md", "안입니다.\n")
	w.write("하위/글.md", "글입니다.\n")
	for name, target := range map[string]string{"밖.md": outside, "안-2.md": w.path("안.md"), "고리": w.root, "끊김.md": w.path("없음.md")} {
		if err := os.Symlink(target, w.path(name)); err != nil {
			t.Skipf("needs symbolic links: %v", err)
		}
	}
	w.sync(ingest.Report{Added: 3})
	link := filepath.Join(t.TempDir(), "연결")
	if err := os.Symlink(w.root, link); err != nil {
		t.Fatal(err)
	}
	v := newWorld(t, "")
	v.src.Paths = []string{link}
	v.sync(ingest.Report{Added: 3})
	if diff := cmp.Diff([]string{"연결/안-2.md", "연결/안.md", "연결/하위/글.md"}, v.ids()); diff != "" {
		t.Errorf("IDs (-want +got):\n%s", diff)
	}
	if os.Getuid() != 0 {
		if err := os.Chmod(w.path("하위"), 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(w.path("하위"), 0o755) })
		if got := w.sync(ingest.Report{Unchanged: 2}); len(got.Failed) != 1 || len(w.docs()) != 3 {
			t.Errorf("a closed folder: %+v, %q", got, w.ids())
		}
	}
}

// A folder unpacked from an archive with names in CP949: one such file must not
// stop the search for all others.
func TestSyncNames(t *testing.T) {
	w := newWorld(t, "")
	w.write("글.md", "안내문입니다.\n")
	w.write("줄\n바꿈.md", "다른 안내문입니다.\n")
	if err := os.WriteFile(w.path("\xb1\xe2\xc8\xb9.md"), []byte("안내문입니다.\n"), 0o644); err != nil {
		t.Skipf("needs a file system that takes any name: %v", err)
	}
	for range 2 {
		got, err := w.try(t.Context())
		if err != nil || len(got.Failed) != 1 || !strings.Contains(got.Failed[0].Reason, "UTF-8") {
			t.Errorf("failures: %+v, %v", got.Failed, err)
		}
		if got, want := w.finds("안내문"), 2; got != want {
			t.Errorf("%d documents found, want %d", got, want)
		}
	}
}

// The real laws, with versions that begin on one day and files that stand in both folders.
func TestSyncRealLaws(t *testing.T) {
	if testing.Short() {
		t.Skip("needs time for all laws")
	}
	w := newWorld(t, "")
	w.src.Readers = []string{index.Public}
	w.src.Paths = []string{sharedData(t, "laws-kr/history"), filepath.Join(sharedData(t, "laws-kr/admin-subset"), "민원처리에관한법률")}
	first, err := w.try(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Failed) != 0 || first.Added+len(first.Duplicates) != 63+3 {
		t.Errorf("added %d, duplicates %d, failed %+v", first.Added, len(first.Duplicates), first.Failed)
	}
	second := w.sync(ingest.Report{Unchanged: first.Added})
	if diff := cmp.Diff(first.Duplicates, second.Duplicates); diff != "" {
		t.Errorf("duplicates of the second run (-first +second):\n%s", diff)
	}
	for day, want := range map[string]string{"2026-05-01": "law/003540@281519", "2026-06-01": "law/003540@285815"} {
		on, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, d := range w.docs() {
			if d.Work == "law/003540" && (index.Scope{On: on}).AllowsDoc(d) {
				if n++; d.ID != want {
					t.Errorf("on %s %s is in force, want %s", day, d.ID, want)
				}
			}
		}
		if n != 1 {
			t.Errorf("on %s %d versions are in force", day, n)
		}
	}
	t.Logf("%d documents, %d chunks, %d duplicates", first.Added, first.Chunks, len(first.Duplicates))
}

func TestProgressLine(t *testing.T) {
	p := ingest.Progress{Done: 80, Total: 160, Documents: 82, Pages: 410, Chunks: 3210, DoneBytes: 50, TotalBytes: 150, Path: "민원처리법/법률.md", Elapsed: 6 * time.Second}
	for width, want := range map[int]string{
		200: "[######------] 80/160  문서 82  쪽 410  조각 3210  초당 13.3건  남은 시간 12초  민원처리법/법률.md",
		25:  "[######------] 80/160  문", // 서 needs two columns
		0:   "",
	} {
		if got := p.Line(width); got != want {
			t.Errorf("Line(%d) = %q, want %q", width, got, want)
		}
	}
}
