// Package local keeps an index in one SQLite file, for one machine: no server,
// several processes at once, everything durable when a call returns.
//
// Start with [Open]. The folder belongs to the index and holds one database file
// for each generation and the file current, which names the live one. [Rebuild]
// fills the next generation beside it.
//
// Search reads memory: what it must know of every chunk is kept there in step with
// the file (snapshot.go, segment.go). The Scope decides which chunks may be seen,
// then the best are found by exact BM25, of every posting of every term of the query
// that can matter, and by comparing every vector in four bits and the nearest again by
// their sentences, or as float32 (search.go). Writing is one transaction for each document (write.go).
package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"biseo/index"
)

// Options says how an index is built and opened.
type Options struct {
	Space    string        // embedding space, "model/dimension" such as "bge-m3/1024"; "" for none
	Rules    string        // version of the rules for terms and for splitting
	ReadOnly bool          // open an existing index, never write to it
	Wait     time.Duration // how long a write waits for that of another process; 0 means 10 s
	BM25     index.BM25    // the zero value means index.DefaultBM25
	Fusion   index.Fusion  // the zero value means index.FusionFor each query
}

// schema is the version of the tables. Space, Rules and schema together are the
// fingerprint of an index.
const schema = "3"

// applicationID marks a database file as ours ("BISE").
const applicationID = 0x42495345

// Index is an [index.Index] in a folder. It follows the file current: when
// another process has rebuilt the index, the next call reads the new generation.
type Index struct {
	dir    string
	opt    Options
	mu     sync.Mutex
	live   *generation
	pinned bool // being built: current does not name it yet
	closed bool

	// The two checks of rights, both index.Scope.Allows but in tests: before
	// ranking, and again on what is stored of each hit.
	before, after func(index.Scope, index.Doc, index.Chunk) bool
}

var _ index.Index = (*Index)(nil)

// A generation is one database file, open.
type generation struct {
	name  string // file name in the folder
	write *sql.DB
	read  *sql.DB
	dim   int // length of vectors
	space string
	stale error // why this program may not search it or write to it, or nil
	uses  int   // calls at work, guarded by Index.mu
	old   bool  // no longer live, guarded by Index.mu: the last call closes it

	mu   sync.Mutex
	snap *snapshot
}

// Open opens the index in dir, and creates it unless opt.ReadOnly. An index that
// was built with another Space or Rules opens, but only [Index.Docs] works on it:
// other calls return [index.ErrFingerprint] until it is rebuilt. Without an index
// in dir, a read-only Open returns an error that is [fs.ErrNotExist]. A folder that
// it creates only its owner may enter: documents of all grades lie in it.
func Open(ctx context.Context, dir string, opt Options) (*Index, error) {
	x, err := prepare(dir, opt)
	if err != nil {
		return nil, err
	}
	name, err := currentName(dir)
	switch {
	case opt.ReadOnly && err == nil:
		_, err = os.Stat(filepath.Join(dir, name)) // start names it before it is there
	case !opt.ReadOnly && errors.Is(err, fs.ErrNotExist):
		name, err = start(dir)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no index in %s, run biseo ingest first: %w", dir, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	if x.live, err = x.openGeneration(ctx, name); err != nil {
		return nil, err
	}
	if !opt.ReadOnly {
		removeUnused(dir, name)
	}
	return x, nil
}

func prepare(dir string, opt Options) (*Index, error) {
	if opt.Wait == 0 {
		opt.Wait = 10 * time.Second
	}
	if opt.BM25 == (index.BM25{}) {
		opt.BM25 = index.DefaultBM25()
	}
	if _, err := index.Dimension(opt.Space); err != nil {
		return nil, err
	}
	if !opt.ReadOnly {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("create index folder: %w", err)
		}
	}
	return &Index{dir: dir, opt: opt, before: index.Scope.Allows, after: index.Scope.Allows}, nil
}

func (x *Index) openGeneration(ctx context.Context, name string) (_ *generation, err error) {
	path := filepath.Join(x.dir, name)
	g := &generation{name: name}
	defer func() {
		if err != nil {
			g.close()
			err = explain(path, err)
		}
	}()
	if !x.opt.ReadOnly {
		if g.write, err = connect(path, x.opt.Wait, "rwc", "immediate"); err != nil {
			return nil, err
		}
		g.write.SetMaxOpenConns(1)
		if err := patiently(ctx, x.opt.Wait, func() error { return x.create(ctx, g.write) }); err != nil {
			return nil, err
		}
	}
	if g.read, err = connect(path, x.opt.Wait, "rw", ""); err != nil {
		return nil, err
	}
	readers := max(4, 2*runtime.GOMAXPROCS(0))
	g.read.SetMaxOpenConns(readers)
	g.read.SetMaxIdleConns(readers)
	return g, patiently(ctx, x.opt.Wait, func() error { return g.identify(ctx, x.opt) })
}

// patiently repeats try while another process has the database locked. SQLite
// waits by itself, but not while a file is being made, recovered or closed.
func patiently(ctx context.Context, wait time.Duration, try func() error) error {
	for end := time.Now().Add(wait); ; {
		err := try()
		if !isCode(err, sqlite3.SQLITE_BUSY) || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// connect opens a pool of connections. Those that write lock at once; those that
// read cannot write.
func connect(path string, wait time.Duration, mode, lock string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	q := url.Values{"mode": {mode}}
	q.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", wait.Milliseconds()))
	if lock == "" {
		q.Add("_pragma", "query_only(ON)")
	} else {
		q.Set("_txlock", lock)
		q.Add("_pragma", "journal_mode(WAL)")
		q.Add("_pragma", "synchronous(FULL)")
	}
	return sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: q.Encode()}).String())
}

// create makes the tables, unless they are there.
func (x *Index) create(ctx context.Context, db *sql.DB) error {
	id, _, err := contents(ctx, db)
	if err != nil || id == applicationID {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	id, tables, err := contents(ctx, tx) // again, and at one moment: another process may have been first
	if err != nil || id == applicationID {
		return err
	}
	if tables > 0 {
		return errForeign
	}
	if _, err := tx.ExecContext(ctx, schemaSQL); err != nil {
		return err
	}
	for k, v := range map[string]string{"space": x.opt.Space, "rules": x.opt.Rules, "schema": schema, "next": "1"} {
		if _, err := tx.ExecContext(ctx, `INSERT INTO meta(key, value) VALUES(?, ?)`, k, v); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA application_id = %d`, applicationID)); err != nil {
		return err
	}
	return tx.Commit()
}

var errForeign = errors.New("it holds a database of another program: choose another folder for the index")

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// contents tells whose database it is and how many tables it has.
func contents(ctx context.Context, db querier) (id, tables int, err error) {
	if err = db.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&id); err != nil {
		return 0, 0, err
	}
	return id, tables, db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&tables)
}

// identify reads the fingerprint of g and compares it with that of opt.
func (g *generation) identify(ctx context.Context, opt Options) error {
	tx, err := g.read.BeginTx(ctx, nil) // one moment, while another process may be making the tables
	if err != nil {
		return err
	}
	defer tx.Rollback()
	id, tables, err := contents(ctx, tx)
	switch {
	case err != nil:
		return err
	case id != applicationID && tables == 0:
		return fmt.Errorf("the index is empty, run biseo ingest first: %w", fs.ErrNotExist)
	case id != applicationID:
		return errForeign
	}
	have := map[string]string{}
	rows, err := tx.QueryContext(ctx, `SELECT key, value FROM meta WHERE key IN ('space', 'rules', 'schema')`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var k, v string
		if err := rows.Scan(&k, &v); err != nil {
			return err
		}
		have[k] = v
	}
	g.space = have["space"]
	if g.dim, err = index.Dimension(g.space); err != nil {
		return err
	}
	const format = "embedding space %q, rules %q, tables %s"
	stored := fmt.Sprintf(format, g.space, have["rules"], have["schema"])
	if wanted := fmt.Sprintf(format, opt.Space, opt.Rules, schema); stored != wanted {
		g.stale = fmt.Errorf("the index has %s, but this program is set to %s: %w", stored, wanted, index.ErrFingerprint)
	}
	return rows.Err()
}

func (g *generation) close() error {
	var errs []error
	for _, db := range []*sql.DB{g.read, g.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// use returns the live generation, for one call, and what to do after it.
func (x *Index) use(ctx context.Context) (*generation, func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil, nil, errors.New("index: closed")
	}
	if !x.pinned {
		name, err := currentName(x.dir)
		if err != nil {
			return nil, nil, err
		}
		if name != x.live.name {
			g, err := x.openGeneration(ctx, name)
			if err != nil {
				return nil, nil, err
			}
			x.retire()
			x.live = g
		}
	}
	g := x.live
	g.uses++
	return g, func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		g.uses--
		if g.old && g.uses == 0 {
			g.close()
		}
	}, nil
}

// retire closes the live generation as soon as no call uses it.
func (x *Index) retire() error {
	x.live.old = true
	if x.live.uses == 0 {
		return x.live.close()
	}
	return nil
}

// Close releases the files as soon as the calls at work have ended.
func (x *Index) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil
	}
	x.closed = true
	return x.retire()
}

// Space is the embedding space that the index was built with.
func (x *Index) Space() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.live.space
}

// isCode reports whether err comes from SQLite with that primary result code.
func isCode(err error, code int) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == code
}

// explain says what an error of the database means and what to do.
func explain(path string, err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("index %s: %w", path, err)
		}
		return err
	}
	advice := map[int]string{
		sqlite3.SQLITE_BUSY:     "another process is writing to it, try again when it is done",
		sqlite3.SQLITE_FULL:     "the disk is full, free some space and try again (nothing stored is lost)",
		sqlite3.SQLITE_READONLY: "it may not be written, give this user write permission to the folder",
		sqlite3.SQLITE_PERM:     "it may not be read, give this user permission to the folder",
		sqlite3.SQLITE_CANTOPEN: "it cannot be opened, check that the folder exists and that this user may write to it",
		sqlite3.SQLITE_CORRUPT:  "it is damaged, restore a backup or run biseo ingest --rebuild",
		sqlite3.SQLITE_NOTADB:   "it is not an index, restore a backup or run biseo ingest --rebuild",
		sqlite3.SQLITE_IOERR:    "the disk reports an error, check the disk and its free space",
	}[e.Code()&0xff]
	if advice == "" {
		return fmt.Errorf("index %s: %w", path, err)
	}
	return fmt.Errorf("index %s: %s: %w", path, advice, err)
}
