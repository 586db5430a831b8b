package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Builder is an empty index beside the live one: fill it, then Commit.
type Builder struct {
	*Index
	started string // the live generation, if Rebuild only named it: it has no file
}

// Rebuild starts a new generation of the index in dir. The live one answers until
// [Builder.Commit]; what others write to it meanwhile does not reach the new one.
func Rebuild(ctx context.Context, dir string, opt Options) (*Builder, error) {
	opt.ReadOnly = false
	x, err := prepare(dir, opt)
	if err != nil {
		return nil, err
	}
	b := &Builder{Index: x}
	live, err := currentName(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if live, err = start(dir); err != nil {
			return nil, err
		}
		b.started = live
	}
	name, err := reserve(dir, live)
	if err == nil {
		x.pinned = true
		if x.live, err = x.openGeneration(ctx, name); err != nil {
			removeFiles(filepath.Join(dir, name))
		}
	}
	if err != nil {
		b.unstart()
		return nil, err
	}
	return b, nil
}

// Commit makes the new generation the live one, for all processes. The Builder
// goes on as an ordinary index.
func (b *Builder) Commit(ctx context.Context) error {
	g, done, err := b.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	if _, err := g.write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return explain(filepath.Join(b.dir, g.name), err)
	}
	if err := setCurrent(b.dir, g.name); err != nil {
		return err
	}
	b.mu.Lock()
	b.pinned = false
	b.mu.Unlock()
	removeUnused(b.dir, g.name)
	return nil
}

// Close discards what was not committed.
func (b *Builder) Close() error {
	err := b.Index.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pinned {
		removeFiles(filepath.Join(b.dir, b.live.name))
		b.unstart()
	}
	return err
}

// unstart takes back that Rebuild named a live generation, unless another process has
// made one or fills one.
func (b *Builder) unstart() {
	made := func() bool {
		found, err := generations(b.dir)
		return err != nil || len(found) > 0
	}
	if name, err := currentName(b.dir); b.started == "" || err != nil || name != b.started || made() {
		return
	}
	os.Remove(filepath.Join(b.dir, currentFile))
	if made() { // just now
		setCurrent(b.dir, b.started)
	}
}

const currentFile = "current"

// currentName returns the file name of the live generation.
func currentName(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, currentFile))
	if err != nil {
		return "", fmt.Errorf("find index: %w", err)
	}
	name := strings.TrimSpace(string(b))
	if generationNumber(name) == 0 {
		return "", fmt.Errorf("the file %s names no index (%q): restore a backup, or empty the folder and run biseo ingest", filepath.Join(dir, currentFile), name)
	}
	return name, nil
}

// setCurrent switches to the generation name at once, durably.
func setCurrent(dir, name string) error {
	f, err := os.CreateTemp(dir, currentFile+"-*")
	if err != nil {
		return fmt.Errorf("switch index, give this user write permission to %s: %w", dir, err)
	}
	defer os.Remove(f.Name()) // fails once renamed
	_, err = f.WriteString(name + "\n")
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, currentFile))
	}
	if err != nil {
		return fmt.Errorf("switch index: %w", err)
	}
	if d, err := os.Open(dir); err == nil { // some systems cannot sync a folder
		d.Sync()
		d.Close()
	}
	return nil
}

// start names the first generation of an empty folder, before its file exists:
// an interrupted start leaves nothing that looks like a lost index.
func start(dir string) (string, error) {
	found, err := generations(dir)
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		if name, err := currentName(dir); err == nil { // another process has started it since
			return name, nil
		}
		return "", fmt.Errorf("%s holds %s but no file %s that names the live one: restore it, or empty the folder and run biseo ingest", dir, found[len(found)-1], currentFile)
	}
	name := generationName(1)
	return name, setCurrent(dir, name)
}

// reserve makes the empty file of the next generation, which is later than live.
func reserve(dir, live string) (string, error) {
	for {
		found, err := generations(dir)
		if err != nil {
			return "", err
		}
		n := generationNumber(live) + 1
		if len(found) > 0 {
			n = max(n, generationNumber(found[len(found)-1])+1)
		}
		f, err := os.OpenFile(filepath.Join(dir, generationName(n)), os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("start rebuild: %w", err)
		}
		return generationName(n), f.Close()
	}
}

func generationName(n int) string { return fmt.Sprintf("index-%d.db", n) }

// generationNumber is 0 for what is not the name of a generation.
func generationNumber(name string) int {
	var n int
	if _, err := fmt.Sscanf(name, "index-%d.db", &n); err != nil || n < 1 || name != generationName(n) {
		return 0
	}
	return n
}

// generations lists the database files in dir, oldest first.
func generations(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list index folder: %w", err)
	}
	var names []string
	for _, e := range entries {
		if generationNumber(e.Name()) > 0 {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int { return generationNumber(a) - generationNumber(b) })
	return names, nil
}

// removeUnused deletes every generation but live that no process has open:
// former ones, and what an interrupted rebuild left. SQLite lets a database
// leave WAL mode only when nobody else is connected to it, so that is the test.
// What cannot be deleted now is left to the next time.
func removeUnused(dir, live string) {
	names, err := generations(dir)
	if err != nil {
		return
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		if name != live && alone(path) {
			removeFiles(path)
		}
	}
}

func alone(path string) bool {
	db, err := sql.Open("sqlite", "file:"+path+"?mode=rw&_pragma=busy_timeout(0)")
	if err != nil {
		return false
	}
	defer db.Close()
	var mode string
	err = db.QueryRow(`PRAGMA journal_mode = DELETE`).Scan(&mode)
	return err == nil && mode == "delete"
}

func removeFiles(path string) {
	for _, suffix := range []string{"-wal", "-shm", "-journal", ""} {
		os.Remove(path + suffix)
	}
}
