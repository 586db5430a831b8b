package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"biseo/assistant/state"
	"biseo/index/local"
	"biseo/ingest"
)

var noon = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

// dataFolder is a data folder with a state file and what else may lie in one.
func dataFolder(t *testing.T, files map[string]string) Folder {
	t.Helper()
	dir := t.TempDir()
	st, err := state.Open(t.Context(), filepath.Join(dir, "state.db"), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	for name, s := range files {
		if err := writeFile(filepath.Join(dir, name), strings.NewReader(s)); err != nil {
			t.Fatal(err)
		}
	}
	key := func(name string) string { return filepath.Join(dir, "audit", name) }
	return Folder{Dir: dir, HMAC: key(HMACKey), Signer: key(SignerKey), Vault: key(VaultKey), Lock: "serve.lock"}
}

// content is what stands in the files below dir, the state file aside.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), "state.db") {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(name)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A backup holds what cannot be rebuilt, secrets only where they are asked for, and
// comes back as it was.
func TestWriteAndRestore(t *testing.T) {
	f := dataFolder(t, map[string]string{
		"uploads/주차/조례.md": "제1조", "biseo.yaml": "x", "audit/hmac.key.pub": "public",
		"audit/hmac.key": "secret", "moved/own.key": "secret too", "audit/lock": "", "serve.lock": "", "spool/half.pdf": "%PDF",
		"demo/state.db": "", "before-restore-20260101T000000Z/old": "", "state.db-wal": "", "state.db.before-2": "",
	})
	f.Signer = filepath.Join(f.Dir, "moved", "own.key")
	always := []string{"audit/hmac.key.pub", "biseo.yaml", "state.db", "uploads/주차/조례.md"}
	for _, tt := range []struct {
		name string
		opt  Options
		more []string
	}{
		{"without keys", Options{}, nil},
		{"with keys", Options{Keys: true}, []string{"audit/hmac.key", "audit/signer.key", "moved/own.key"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "b.tar.gz")
			tt.opt.Now = noon
			m, err := f.Write(t.Context(), file, tt.opt)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range m.Files {
				got = append(got, e.Name)
			}
			if diff := cmp.Diff(slices.Sorted(slices.Values(append(slices.Clone(always), tt.more...))), got); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if _, err := f.Write(t.Context(), file, tt.opt); !errors.Is(err, fs.ErrExist) {
				t.Errorf("over a file: %v", err)
			}
			to := Folder{Dir: t.TempDir(), Lock: "serve.lock"}
			done, err := to.Restore(t.Context(), file, false, noon)
			if err != nil || done.Before != "" {
				t.Fatal(done.Before, err)
			}
			if diff := cmp.Diff(m, done.Manifest); diff != "" {
				t.Errorf("manifest (-want +got):\n%s", diff)
			}
			want := map[string]string{}
			for name, s := range content(t, f.Dir) {
				if slices.Contains(got, name) {
					want[name] = s
				}
			}
			if tt.opt.Keys {
				want["audit/signer.key"] = "secret too"
			}
			if diff := cmp.Diff(want, content(t, to.Dir)); diff != "" {
				t.Errorf("content (-want +got):\n%s", diff)
			}
		})
	}
}

// What a restore replaces is kept, and keys that the backup does not hold stay.
func TestRestoreForce(t *testing.T) {
	f := dataFolder(t, map[string]string{"uploads/a.md": "old", "audit/hmac.key": "secret"})
	file := filepath.Join(t.TempDir(), "b.tar.gz")
	if _, err := f.Write(t.Context(), file, Options{Now: noon}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.Dir, "uploads", "a.md"), []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Restore(t.Context(), file, false, noon); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("not empty: %v", err)
	}
	done, err := f.Restore(t.Context(), file, true, noon)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"uploads/a.md": "old", "audit/hmac.key": "secret",
		"before-restore-20261122T030000Z/uploads/a.md": "new", "before-restore-20261122T030000Z/audit/hmac.key": "secret",
	}
	if diff := cmp.Diff(want, content(t, f.Dir)); diff != "" || done.Before != filepath.Join(f.Dir, "before-restore-20261122T030000Z") {
		t.Errorf("before %s, content (-want +got):\n%s", done.Before, diff)
	}
}

// While somebody has a database of the folder open, even one that is idle, or opens one
// meanwhile, nothing is replaced. A damaged one is in nobody's use.
func TestRestoreInUse(t *testing.T) {
	f := dataFolder(t, nil)
	file := filepath.Join(t.TempDir(), "b.tar.gz")
	if _, err := f.Write(t.Context(), file, Options{Now: noon}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.Dir, "damaged.db"), bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func(path string) (io.Closer, error){
		"state.db":        func(path string) (io.Closer, error) { return state.Open(t.Context(), path, state.Options{}) },
		"ingest-state.db": func(path string) (io.Closer, error) { return ingest.OpenLedger(t.Context(), path) },
		"index/*.db": func(path string) (io.Closer, error) {
			return local.Open(t.Context(), filepath.Dir(path), local.Options{})
		},
	} {
		holder, err := open(filepath.Join(f.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		before := content(t, f.Dir)
		if _, err := f.Restore(t.Context(), file, true, noon); !errors.Is(err, ErrInUse) {
			t.Errorf("%s: %v, want one in use", name, err)
		}
		if diff := cmp.Diff(before, content(t, f.Dir)); diff != "" {
			t.Errorf("%s: the folder changed (-want +got):\n%s", name, diff)
		}
		if err := holder.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Restore(t.Context(), file, true, noon); err != nil {
		t.Errorf("in nobody's use: %v", err)
	}
}

// A restore that was cut short anywhere between its renames leaves a folder that says
// so, which no other restore changes; the same one with force finishes it.
func TestRestoreUnfinished(t *testing.T) {
	const (
		kept  = "before-restore-20261122T030000Z"
		stage = ".biseo-restore-1"
	)
	for _, tt := range []struct {
		name  string
		mark  string
		moves [][2]string // what the restore had renamed
		kept  string
	}{
		{"marked", "", nil, kept},
		{"a part set aside", "", [][2]string{{"audit", kept + ".part/audit"}}, kept},
		{"all set aside", "", [][2]string{{"audit", kept + ".part/audit"}, {"state.db", kept + ".part/state.db"}, {"uploads", kept + ".part/uploads"}}, kept},
		{"all set aside, named", "", [][2]string{{"audit", kept + "/audit"}, {"state.db", kept + "/state.db"}, {"uploads", kept + "/uploads"}}, kept},
		{"a part put back", "", [][2]string{{"audit", kept + "/audit"}, {"state.db", kept + "/state.db"}, {"uploads", kept + "/uploads"},
			{stage + "/data/uploads", "uploads"}}, kept},
		{"all put back", "", [][2]string{{"audit", kept + "/audit"}, {"state.db", kept + "/state.db"}, {"uploads", kept + "/uploads"},
			{stage + "/data/uploads", "uploads"}, {stage + "/data/state.db", "state.db"}}, kept},
		{"marked by somebody", "x", nil, "before-restore-20261122T040000Z"},
		{"marked with a place elsewhere", `{"backup":"b","before":"before-restore-/../.."}`, nil, "before-restore-20261122T040000Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := dataFolder(t, map[string]string{"uploads/a.md": "old", "uploads/b.md": "old", "demo/c.md": "demo"})
			file := filepath.Join(t.TempDir(), "b.tar.gz")
			if _, err := f.Write(t.Context(), file, Options{Now: noon}); err != nil {
				t.Fatal(err)
			}
			// Since then a file has changed, one has come, and there are keys.
			for name, s := range map[string]string{"uploads/a.md": "new", "uploads/c.md": "new", "audit/hmac.key": "secret"} {
				_ = os.Remove(filepath.Join(f.Dir, name))
				if err := writeFile(filepath.Join(f.Dir, name), strings.NewReader(s)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := f.readArchive(file, filepath.Join(f.Dir, stage, "data")); err != nil {
				t.Fatal(err)
			}
			if tt.mark == "" {
				tt.mark = fmt.Sprintf(`{"backup":%q,"before":%q}`, file, kept)
			}
			if err := os.WriteFile(filepath.Join(f.Dir, unfinished), []byte(tt.mark), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, m := range tt.moves {
				to := filepath.Join(f.Dir, m[1])
				if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.Rename(filepath.Join(f.Dir, m[0]), to)); err != nil {
					t.Fatal(err)
				}
			}
			if name, yes := Unfinished(f.Dir); !yes || tt.kept == kept && name != file {
				t.Errorf("unfinished: got %q %t", name, yes)
			}
			later := noon.Add(time.Hour)
			half := content(t, f.Dir)
			if _, err := f.Restore(t.Context(), file, false, later); !errors.Is(err, ErrUnfinished) {
				t.Errorf("without force: %v", err)
			}
			if diff := cmp.Diff(half, content(t, f.Dir)); diff != "" {
				t.Errorf("without force the folder changed (-want +got):\n%s", diff)
			}
			if _, err := f.Restore(t.Context(), filepath.Join(f.Dir, unfinished), true, later); !errors.Is(err, ErrBroken) {
				t.Errorf("from what is no backup: %v", err)
			}
			if _, yes := Unfinished(f.Dir); !yes {
				t.Error("a restore that failed has removed the mark")
			}
			done, err := f.Restore(t.Context(), file, true, later)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{
				"uploads/a.md": "old", "uploads/b.md": "old", "audit/hmac.key": "secret", "demo/c.md": "demo",
				tt.kept + "/uploads/a.md": "new", tt.kept + "/uploads/b.md": "old", tt.kept + "/uploads/c.md": "new", tt.kept + "/audit/hmac.key": "secret",
			}
			if diff := cmp.Diff(want, content(t, f.Dir)); diff != "" || done.Before != filepath.Join(f.Dir, tt.kept) {
				t.Errorf("before %s, content (-want +got):\n%s", done.Before, diff)
			}
			for _, name := range []string{"state.db", tt.kept + "/state.db"} {
				if _, err := os.Stat(filepath.Join(f.Dir, name)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// What a restore could not move is told as one that has not ended.
func TestRestoreStopped(t *testing.T) {
	f := dataFolder(t, map[string]string{"uploads/a.md": "old"})
	file := filepath.Join(t.TempDir(), "b.tar.gz")
	if _, err := f.Write(t.Context(), file, Options{Now: noon}); err != nil {
		t.Fatal(err)
	}
	inTheWay := filepath.Join(f.Dir, "before-restore-20261122T030000Z.part", "uploads", "b.md")
	if err := writeFile(inTheWay, strings.NewReader("old")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Restore(t.Context(), file, true, noon); !errors.Is(err, ErrUnfinished) {
		t.Errorf("got %v", err)
	}
	if name, yes := Unfinished(f.Dir); !yes || name != file {
		t.Errorf("unfinished: got %q %t", name, yes)
	}
}

// tarball is a backup with these entries, name and content in turn.
func tarball(t *testing.T, pairs ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for i := 0; i < len(pairs); i += 2 {
		err := w.WriteHeader(&tar.Header{Name: pairs[i], Mode: 0o600, Size: int64(len(pairs[i+1]))})
		if _, e := io.WriteString(w, pairs[i+1]); err != nil || e != nil {
			t.Fatal(err, e)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// archive is a tarball with the manifest of these entries.
func archive(t *testing.T, pairs ...string) []byte {
	t.Helper()
	var m Manifest
	for i := 0; i < len(pairs); i += 2 {
		m.Files = append(m.Files, File{Name: pairs[i], Size: int64(len(pairs[i+1])), SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(pairs[i+1])))})
	}
	head, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return tarball(t, append([]string{manifestName, string(head)}, pairs...)...)
}

// goesOn is a backup with more in it behind the end of the archive.
func goesOn(t *testing.T, b []byte, more string) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err = io.Copy(w, io.MultiReader(r, strings.NewReader(more)))
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What is no whole backup changes nothing.
func TestRestoreBroken(t *testing.T) {
	manifest := func(name, content string) string {
		return fmt.Sprintf(`{"files":[{"name":%q,"size":%d,"sha256":"%x"}]}`, name, len(content), sha256.Sum256([]byte(content)))
	}
	page := strings.Repeat("no database ", 1000)
	whole := archive(t, "a", "x")
	f := dataFolder(t, map[string]string{"uploads/a.md": "old"})
	before := content(t, f.Dir)
	for name, b := range map[string][]byte{
		"empty":                        nil,
		"no archive":                   []byte("제1조"),
		"no manifest":                  tarball(t, "a", "x"),
		"cut off":                      tarball(t, manifestName, manifest("a", "x"), "a", "x")[:60],
		"one file less":                tarball(t, manifestName, manifest("a", "x")),
		"one file more":                tarball(t, manifestName, manifest("a", "x"), "a", "x", "b", "x"),
		"another name":                 tarball(t, manifestName, manifest("a", "x"), "b", "x"),
		"another size":                 tarball(t, manifestName, manifest("a", "x"), "a", "xx"),
		"another content":              tarball(t, manifestName, manifest("a", "x"), "a", "y"),
		"above the folder":             tarball(t, manifestName, manifest("../a", "x"), "../a", "x"),
		"no manifest but null":         tarball(t, manifestName, "null"),
		"a manifest of nothing":        archive(t),
		"a manifest that goes on":      tarball(t, manifestName, manifest("a", "x")+"{}", "a", "x"),
		"without the end":              whole[:len(whole)-4],
		"more behind the end":          append(slices.Clone(whole), "more"...),
		"zeros behind the end":         append(slices.Clone(whole), make([]byte, 512)...),
		"more behind the archive":      goesOn(t, whole, "more"),
		"twice the same":               archive(t, "a", "x", "a", "x"),
		"a file and a folder":          archive(t, "a", "x", "a/b", "x"),
		"a folder and a file":          archive(t, "a/b/c", "x", "a", "x"),
		"a name with a dot":            archive(t, "./a", "x"),
		"a name with two dots":         archive(t, "b/../a", "x"),
		"from the root":                archive(t, "/a", "x"),
		"the lock":                     archive(t, "serve.lock", "x"),
		"what was there before":        archive(t, "before-restore-20260101T000000Z/a", "x"),
		"a restore":                    archive(t, ".biseo-restore-1/a", "x"),
		"a restore that has not ended": archive(t, "restore.unfinished", "x"),
		"files on their way":           archive(t, "spool/a", "x"),
		"the demonstration":            archive(t, "demo/a", "x"),
		"another raw name":             tarball(t, manifestName, strings.Replace(manifest("a", "x"), `"size"`, `"raw":"Yg==","size"`, 1), "a", "x"),
		"an index of nothing":          archive(t, "index/current", "index-1.db"),
		"an index elsewhere":           archive(t, "a.md", "x", "index/current", "../a.md"),
		"an index that is its name":    archive(t, "index/current", "current"),
		"an index that is a folder":    archive(t, "index/current", "i.db", "index/i.db/a", "x"),
		"an index named by a folder":   archive(t, "index/current/a", "x"),
		"a state file that is none":    archive(t, "state.db/a", "x"),
		"no database":                  tarball(t, manifestName, manifest("state.db", page), "state.db", page),
		"no other database":            tarball(t, manifestName, manifest("index/i.db", page), "index/i.db", page),
	} {
		file := filepath.Join(t.TempDir(), "b.tar.gz")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Restore(t.Context(), file, true, noon); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v, want a broken backup", name, err)
		}
		if diff := cmp.Diff(before, content(t, f.Dir)); diff != "" {
			t.Fatalf("%s: the folder changed (-want +got):\n%s", name, diff)
		}
	}
	file := filepath.Join(t.TempDir(), "b.tar.gz") // the archive by hand is one, but for what is wrong with it
	if err := os.WriteFile(file, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	to := Folder{Dir: t.TempDir()}
	if _, err := to.Restore(t.Context(), file, false, noon); err != nil || !maps.Equal(content(t, to.Dir), map[string]string{"a": "x"}) {
		t.Errorf("a whole backup: %v", err)
	}
}

// File names are bytes: those that are no UTF-8 come back as they were.
func TestFileNames(t *testing.T) {
	names := map[string]string{"uploads/\xb0\xa1.md": "1", "uploads/\xb3\xaa.md": "2", "uploads/\uFFFD\uFFFD.md": "3", "uploads/줄\n바꿈 '\"\\.md": "4"}
	if err := os.WriteFile(filepath.Join(t.TempDir(), "\xb0\xa1\n\"\\"), nil, 0o600); err != nil {
		t.Skipf("needs a system on which a file may have any name: %v", err)
	}
	f := dataFolder(t, names)
	file := filepath.Join(t.TempDir(), "b.tar.gz")
	if _, err := f.Write(t.Context(), file, Options{Now: noon}); err != nil {
		t.Fatal(err)
	}
	to := Folder{Dir: t.TempDir()}
	if _, err := to.Restore(t.Context(), file, false, noon); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(names, content(t, to.Dir)); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
}

// A disk that is full when a backup is read back is no damage.
func TestUnread(t *testing.T) {
	for _, tt := range []struct{ err, want error }{
		{&fs.PathError{Op: "write", Path: "a", Err: syscall.ENOSPC}, ErrArchive},
		{errors.New("a is not what was written"), ErrReread},
	} {
		if got := unread(tt.err); !errors.Is(got, tt.want) || !errors.Is(got, tt.err) || errors.Is(got, ErrArchive) == errors.Is(got, ErrReread) {
			t.Errorf("%v: got %v, want %v", tt.err, got, tt.want)
		}
	}
}
