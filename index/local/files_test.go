package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"biseo/index"
	"biseo/index/local/codes"
	"biseo/index/local/postings"
)

var testOptions = Options{Space: "toy/4", Rules: "r1", Wait: 200 * time.Millisecond}

func mustOpen(t *testing.T, dir string, opt Options) *Index {
	t.Helper()
	x, err := Open(t.Context(), dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

func mustReplace(t *testing.T, x index.Index, id string, version int) {
	t.Helper()
	d, chunks := killVersion(id, version)
	if err := x.Replace(t.Context(), d, chunks); err != nil {
		t.Fatal(err)
	}
}

func docIDs(t *testing.T, x index.Index) string {
	t.Helper()
	var ids []string
	for d, err := range x.Docs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, d.ID+":"+d.Gist)
	}
	return strings.Join(ids, " ")
}

// found lists the documents that a search finds.
func found(t *testing.T, x *Index) (string, error) {
	t.Helper()
	hits, err := x.Search(t.Context(), index.Query{Scope: index.Scope{On: index.Day(2026, 1, 1)}, Text: "문서", Dense: []float32{0, 1, 0, 0}, Limit: 1000})
	seen := map[string]bool{}
	for _, h := range hits {
		seen[h.Doc.ID+":"+h.Doc.Gist] = true
	}
	var ids []string
	for _, id := range strings.Fields(docIDs(t, x)) {
		if seen[id] {
			ids = append(ids, id)
		}
	}
	return strings.Join(ids, " "), err
}

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func wantError(t *testing.T, what string, err error, is error, say ...string) {
	t.Helper()
	if err == nil || is != nil && !errors.Is(err, is) {
		t.Errorf("%s: got %v, want %v", what, err, is)
		return
	}
	for _, s := range say {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("%s: %q does not say %q", what, err, s)
		}
	}
}

func TestFingerprint(t *testing.T) {
	dir := t.TempDir()
	x := mustOpen(t, dir, testOptions)
	mustReplace(t, x, "a", 1)
	x.Close()
	for _, opt := range []Options{{Space: "toy/5", Rules: "r1"}, {Space: "toy/4", Rules: "r2"}, {Rules: "r1"}} {
		x := mustOpen(t, dir, opt)
		diff(t, "Docs", docIDs(t, x), "a:1")
		diff(t, "Space", x.Space(), "toy/4")
		d, chunks := killVersion("a", 2)
		_, search := x.Search(t.Context(), index.Query{Scope: index.Scope{On: index.Day(2026, 1, 1)}, Text: "문서"})
		_, passage := x.Passage(t.Context(), index.Scope{On: index.Day(2026, 1, 1)}, chunks[0].ID, 0)
		for what, err := range map[string]error{"Search": search, "Passage": passage, "Replace": x.Replace(t.Context(), d, chunks),
			"Describe": x.Describe(t.Context(), d), "Remove": x.Remove(t.Context(), "a"), "Verify": x.Verify(t.Context())} {
			wantError(t, what, err, index.ErrFingerprint, `"toy/4", rules "r1"`, fmt.Sprintf("%q, rules %q", opt.Space, opt.Rules))
		}
		x.Close()
	}
	for _, space := range []string{"bge-m3", "bge-m3/", "/x", "1024"} {
		_, err := Open(t.Context(), dir, Options{Space: space})
		wantError(t, space, err, nil, "want model/dimension")
	}
}

// An index whose tables are of another version must be rebuilt.
func TestOldTables(t *testing.T) {
	dir := t.TempDir()
	x := mustOpen(t, dir, testOptions)
	mustReplace(t, x, "a", 1)
	if _, err := x.live.write.Exec(`UPDATE meta SET value = '1' WHERE key = 'schema'; ALTER TABLE docs DROP COLUMN dates; DROP TABLE segments`); err != nil {
		t.Fatal(err)
	}
	x.Close()
	x = mustOpen(t, dir, testOptions)
	diff(t, "Docs", docIDs(t, x), "a:1")
	_, err := found(t, x)
	wantError(t, "Search", err, index.ErrFingerprint, "tables 1", "biseo ingest --rebuild")
}

func TestRebuild(t *testing.T) {
	dir := t.TempDir()
	reader := mustOpen(t, dir, testOptions)
	mustReplace(t, reader, "old", 1)
	got, _ := found(t, reader)
	diff(t, "before", got, "old:1")

	b, err := Rebuild(t.Context(), dir, testOptions)
	if err != nil {
		t.Fatal(err)
	}
	mustReplace(t, b, "new", 2)
	got, _ = found(t, reader)
	diff(t, "during", got, "old:1")
	other := mustOpen(t, dir, testOptions) // must not take the unfinished one for a leftover
	diff(t, "another process", docIDs(t, other), "old:1")
	if err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, x := range []*Index{reader, other, b.Index} {
		got, err = found(t, x)
		if err != nil || got != "new:2" {
			t.Errorf("after: %q, %v", got, err)
		}
	}
	mustReplace(t, reader, "more", 3)
	got, _ = found(t, b.Index)
	diff(t, "goes on", got, "more:3 new:2")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	reader.Close()
	other.Close()
	diff(t, "reopened", docIDs(t, mustOpen(t, dir, testOptions)), "more:3 new:2")
	names, _ := generations(dir)
	diff(t, "old files are gone", names, []string{"index-2.db"})
}

func TestRebuildAbandoned(t *testing.T) {
	dir := t.TempDir()
	mustReplace(t, mustOpen(t, dir, testOptions), "old", 1)
	b, err := Rebuild(t.Context(), dir, Options{Rules: "r2"})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	names, _ := generations(dir)
	diff(t, "discarded", names, []string{"index-1.db"})
	// What a killed rebuild leaves.
	for _, name := range []string{"index-5.db", "index-5.db-wal"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	diff(t, "the live one", docIDs(t, mustOpen(t, dir, testOptions)), "old:1")
	names, _ = generations(dir)
	diff(t, "leftovers are gone", names, []string{"index-1.db"})
}

func TestRebuildFromNothing(t *testing.T) {
	b, err := Rebuild(t.Context(), t.TempDir(), testOptions)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	mustReplace(t, b, "a", 1)
	if err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	diff(t, "reopened", docIDs(t, mustOpen(t, b.dir, testOptions)), "a:1")
}

// Until its Commit a first generation is no index to others, nor afterwards if it was
// given up or its process was killed.
func TestRebuildFromNothingFails(t *testing.T) {
	dir := t.TempDir()
	reading := testOptions
	reading.ReadOnly = true
	none := func(when string) {
		t.Helper()
		x, err := Open(t.Context(), dir, reading)
		if err == nil {
			x.Close()
		}
		wantError(t, when, err, fs.ErrNotExist, "run biseo ingest first")
	}
	begin := func() *Builder {
		t.Helper()
		b, err := Rebuild(t.Context(), dir, testOptions)
		if err != nil {
			t.Fatal(err)
		}
		mustReplace(t, b, "a", 1)
		return b
	}
	b := begin()
	none("while it is filled")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	none("given up")
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("given up: left %v, %v", left, err)
	}
	b = begin()
	if err := b.Index.Close(); err != nil { // as if killed
		t.Fatal(err)
	}
	none("killed")
	b = begin()
	if err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	diff(t, "committed", docIDs(t, mustOpen(t, dir, reading)), "a:1")
	names, _ := generations(dir)
	diff(t, "files", len(names), 1)

	dir = t.TempDir()
	b = begin()
	other := mustOpen(t, dir, testOptions) // makes the first generation meanwhile
	mustReplace(t, other, "other", 1)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	diff(t, "made by another meanwhile", docIDs(t, mustOpen(t, dir, reading)), "other:1")
}

// TestStaleReader: what one handle wrote, the caches of another must follow.
func TestStaleReader(t *testing.T) {
	dir := t.TempDir()
	writer := mustOpen(t, dir, testOptions)
	opt := testOptions
	opt.ReadOnly = true
	reader := mustOpen(t, dir, opt)
	for i := range 30 {
		id := fmt.Sprintf("d%d", i%7)
		d, chunks := killVersion(id, i)
		var err error
		switch i % 4 {
		case 3:
			err = writer.Remove(t.Context(), id)
		default:
			err = writer.Replace(t.Context(), d, chunks)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := found(t, reader)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, fmt.Sprint("change ", i), got, docIDs(t, writer))
		fresh := mustOpen(t, dir, opt)
		if _, err := found(t, fresh); err != nil {
			t.Fatal(err)
		}
		a, b := reader.live.snap, fresh.live.snap
		if d := cmp.Diff(a, b, cmp.AllowUnexported(snapshot{}, entry{}, segment{}, codes.Matrix{}, stringList{}, postings.Segment{}, postings.Norms{})); d != "" {
			t.Fatalf("change %d: kept in step (-) and read anew (+) differ:\n%s", i, d)
		}
		fresh.Close()
	}
	if err := reader.Remove(t.Context(), "d1"); err == nil {
		t.Error("Remove on a read-only index succeeds")
	}
}

func TestOpenAtOnce(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			opt := testOptions
			opt.Wait = 0
			x, err := Open(context.Background(), dir, opt)
			if err != nil {
				t.Error(err)
				return
			}
			defer x.Close()
			d, chunks := killVersion(fmt.Sprint("d", i), i)
			if err := x.Replace(context.Background(), d, chunks); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	diff(t, "Docs", docIDs(t, mustOpen(t, dir, testOptions)), "d0:0 d1:1 d2:2 d3:3 d4:4 d5:5 d6:6 d7:7")
}

func TestBusy(t *testing.T) {
	dir := t.TempDir()
	a, b := mustOpen(t, dir, testOptions), mustOpen(t, dir, testOptions)
	tx, err := a.live.write.Begin()
	if err != nil {
		t.Fatal(err)
	}
	err = b.Remove(t.Context(), "d") // waits in vain
	if err == nil {
		d, chunks := killVersion("d", 1)
		err = b.Replace(t.Context(), d, chunks)
	}
	wantError(t, "write beside a write", err, nil, "another process is writing")
	time.AfterFunc(50*time.Millisecond, func() { tx.Rollback() })
	mustReplace(t, b, "d", 1) // waits and succeeds
}

func TestDiskFull(t *testing.T) {
	x := mustOpen(t, t.TempDir(), testOptions)
	mustReplace(t, x, "a", 1)
	if _, err := x.live.write.Exec(`PRAGMA max_page_count = 40`); err != nil {
		t.Fatal(err)
	}
	var err error
	for i := 0; err == nil && i < 1000; i++ {
		d, chunks := killVersion(fmt.Sprintf("d%03d", i), 8)
		err = x.Replace(t.Context(), d, chunks)
	}
	wantError(t, "Replace", err, nil, "the disk is full", "free some space")
	if err := x.Verify(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if _, err := x.live.write.Exec(`PRAGMA max_page_count = 100000`); err != nil {
		t.Fatal(err)
	}
	mustReplace(t, x, "a", 2)
}

func TestBadFiles(t *testing.T) {
	whole := t.TempDir()
	x := mustOpen(t, whole, testOptions)
	for i := range 20 {
		mustReplace(t, x, fmt.Sprintf("d%02d", i), 8)
	}
	x.Close()
	content, err := os.ReadFile(filepath.Join(whole, "index-1.db"))
	if err != nil {
		t.Fatal(err)
	}
	holes := strings.Clone(string(content))
	for i := 4096; i+4096 < len(holes); i += 3 * 4096 {
		holes = holes[:i] + strings.Repeat("\xff", 4096) + holes[i+4096:]
	}
	for _, test := range []struct{ name, current, file, content, say string }{
		{"not a database", "index-1.db\n", "index-1.db", strings.Repeat("not a database ", 1000), "is not an index"},
		{"cut off", "index-1.db\n", "index-1.db", string(content[:len(content)/2]), "rebuild"},
		{"holes", "index-1.db\n", "index-1.db", holes, "rebuild"},
		{"current is empty", "", "index-1.db", string(content), "names no index"},
		{"current is no name", "../../etc/passwd", "index-1.db", string(content), "names no index"},
		{"no current", "-", "index-1.db", string(content), "no file current"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			os.WriteFile(filepath.Join(dir, test.file), []byte(test.content), 0o644)
			if test.current != "-" {
				os.WriteFile(filepath.Join(dir, currentFile), []byte(test.current), 0o644)
			}
			x, err := Open(t.Context(), dir, testOptions)
			if err == nil {
				defer x.Close()
				err = x.Verify(t.Context())
				for range 3 { // whatever is damaged: errors, no panic
					found := index.Query{Scope: index.Scope{On: index.Day(2026, 1, 1)}, Text: "문서 사무", Dense: []float32{1, 1, 0, 0}}
					x.Search(t.Context(), found)
					d, chunks := killVersion("d03", 5)
					x.Replace(t.Context(), d, chunks)
				}
			}
			wantError(t, "Open and Verify", err, nil, test.say)
			if now, err := os.ReadFile(filepath.Join(dir, test.file)); err != nil || len(now) < len(test.content)/2 {
				t.Errorf("the file is gone or cut: %d bytes, %v", len(now), err)
			}
		})
	}
}

func TestForeignDatabase(t *testing.T) {
	dir := t.TempDir()
	db, err := connect(filepath.Join(dir, "index-1.db"), time.Second, "rwc", "immediate")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`CREATE TABLE notes(x)`); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if err := setCurrent(dir, "index-1.db"); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), dir, testOptions)
	wantError(t, "Open", err, nil, "another program", "choose another folder")
}

func TestOpenErrors(t *testing.T) {
	opt := testOptions
	opt.ReadOnly = true
	_, err := Open(t.Context(), t.TempDir(), opt)
	wantError(t, "read-only, nothing there", err, fs.ErrNotExist, "run biseo ingest")
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o644)
	_, err = Open(t.Context(), file, testOptions)
	wantError(t, "a file in place of the folder", err, nil, file)
	x := mustOpen(t, t.TempDir(), testOptions)
	x.Close()
	wantError(t, "closed", x.Remove(t.Context(), "d"), nil, "closed")
	diff(t, "closed twice", x.Close(), nil)
}

func TestReplaceRefuses(t *testing.T) {
	x := mustOpen(t, t.TempDir(), testOptions)
	mustReplace(t, x, "taken", 1)
	for name, change := range map[string]func(*index.Doc, []index.Chunk){
		"needs an ID":         func(d *index.Doc, _ []index.Chunk) { d.ID = "" },
		"is not UTF-8":        func(d *index.Doc, c []index.Chunk) { d.ID = "\xb1\xe2"; c[0].DocID = d.ID },
		"no such grade":       func(d *index.Doc, _ []index.Chunk) { d.Grade = 9 },
		"is not a day":        func(d *index.Doc, _ []index.Chunk) { d.From = index.Day(2026, 1, 1).Add(time.Hour) },
		"chunk 0 has ID":      func(_ *index.Doc, c []index.Chunk) { c[0].DocID = "e" },
		"not finite":          func(_ *index.Doc, c []index.Chunk) { c[0].Dense = []float32{0, 0, 0, float32(nan())} },
		"is taken":            func(_ *index.Doc, c []index.Chunk) { c[0].ID = index.ChunkID("taken", 0) },
		"wrong vector length": func(_ *index.Doc, c []index.Chunk) { c[0].Dense = []float32{0} },
	} {
		d, chunks := killVersion("d", 1)
		change(&d, chunks)
		wantError(t, name, x.Replace(t.Context(), d, chunks), nil, name)
	}
	diff(t, "Docs", docIDs(t, x), "taken:1")
	if err := x.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func nan() float64 { var zero float64; return zero / zero }

// What others on the machine must not read lies in a folder that they cannot enter.
func TestNewFolderIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs Unix permissions")
	}
	dir := filepath.Join(t.TempDir(), "data", "index")
	x, err := Open(context.Background(), dir, testOptions)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		info, err := os.Stat(d)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm() & 0o077; got != 0 {
			t.Errorf("%s is open to others: %o", d, info.Mode().Perm())
		}
	}
}
