package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver of the ledger's database
)

// A State says how a file stands.
type State string

const (
	New       State = "new"       // found, but not read yet: a run ended before its turn
	Unchanged State = "unchanged" // in the index since an earlier run, and the same
	Done      State = "done"      // brought into the index by the last run
	Warned    State = "warnings"  // in the index, but something was lost, guessed or is still missing
	Failed    State = "failed"    // not in the index as it stands; what was stored before is kept
	Removed   State = "removed"   // gone; told by Source.File, never kept
)

// A FileState is what is known of one file, or of one entry of an archive that
// failed, since it was last looked at.
type FileState struct {
	Path      string         `json:"path"` // of the file; of an entry "archive.zip: entry"
	File      string         `json:"file"` // of the file itself, with slashes
	State     State          `json:"state"`
	Reason    string         `json:"reason,omitempty"` // why it failed, in Korean
	Next      string         `json:"next,omitempty"`   // what its owner can do, in Korean
	Warnings  []string       `json:"warnings,omitempty"`
	Time      time.Time      `json:"time"` // when it was last read, or tried
	Documents int            `json:"documents"`
	Pages     int            `json:"pages"`
	Chunks    int            `json:"chunks"`
	Methods   map[string]int `json:"methods,omitempty"`    // of a PDF: pages by how they were read
	WordsOnly bool           `json:"words_only,omitempty"` // has no vectors yet although the index wants them

	entries []FileState // of an archive: those that failed
}

// A Root is a file or folder given to [Sync], with what was set besides.
type Root struct {
	Path    string
	Readers []string // in place of what folders say; nil if they decide
}

// A Ledger keeps the [FileState] of every file across runs, and the vectors of
// documents that are not stored yet, so that an interrupted embedding goes on
// where it was. It is one small file beside the index and no part of it: without
// the file nothing is lost but the history, and the next run of [Sync] writes it
// anew. It is safe for concurrent use, by several processes too.
type Ledger struct{ db *sql.DB }

const ledgerTables = `
CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, file TEXT NOT NULL, state TEXT NOT NULL) WITHOUT ROWID; -- state: JSON of FileState
CREATE INDEX IF NOT EXISTS files_file ON files(file);
CREATE TABLE IF NOT EXISTS roots (path TEXT PRIMARY KEY, readers TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, dense BLOB NOT NULL, day INTEGER NOT NULL) WITHOUT ROWID;
`

// OpenLedger opens the ledger in the file of that name, and creates it with its
// folder if there is none. A SIGKILL loses nothing that was written; a power
// failure may lose the last moments.
func OpenLedger(ctx context.Context, path string) (*Ledger, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o700); err != nil {
		return nil, fmt.Errorf("create ledger folder: %w", err)
	}
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(NORMAL)"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, ledgerTables); err != nil {
		db.Close()
		return nil, fmt.Errorf("open ledger %s (it may be deleted, the next run writes it anew): %w", path, err)
	}
	return &Ledger{db}, nil
}

// Close releases the file.
func (l *Ledger) Close() error { return l.db.Close() }

// rank orders states by how much they ask for: failed first.
var rank = map[State]int{Failed: 0, Warned: 1, New: 2, Done: 3, Unchanged: 4}

// Files returns all states: the failed first, then those with warnings, the new,
// and the rest, each in path order. With stored, the files that the index holds,
// what should be there and is not is New: the index was deleted.
func (l *Ledger) Files(ctx context.Context, stored map[string]bool) ([]FileState, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT state FROM files ORDER BY path`)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	defer rows.Close()
	var all []FileState
	for rows.Next() {
		var b []byte
		var f FileState
		if err := rows.Scan(&b); err != nil {
			return nil, fmt.Errorf("read ledger: %w", err)
		}
		if err := json.Unmarshal(b, &f); err != nil {
			return nil, fmt.Errorf("read ledger: %w", err)
		}
		if stored != nil && f.Documents > 0 && !stored[f.File] {
			f = FileState{Path: f.Path, File: f.File, State: New, Time: f.Time}
		}
		all = append(all, f)
	}
	slices.SortStableFunc(all, func(a, b FileState) int { return cmp.Compare(rank[a.State], rank[b.State]) })
	return all, rows.Err()
}

// Roots returns what was given to [Sync] so far and still has files, in path order.
func (l *Ledger) Roots(ctx context.Context) ([]Root, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT path, readers FROM roots ORDER BY path`)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	defer rows.Close()
	var all []Root
	for rows.Next() {
		var r Root
		var readers []byte
		if err := rows.Scan(&r.Path, &readers); err != nil {
			return nil, fmt.Errorf("read ledger: %w", err)
		}
		if err := json.Unmarshal(readers, &r.Readers); err != nil {
			return nil, fmt.Errorf("read ledger: %w", err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// change runs one transaction.
func (l *Ledger) change(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err == nil {
		defer tx.Rollback()
		if err = do(tx); err == nil {
			err = tx.Commit()
		}
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errLedger, err)
	}
	return nil
}

// errLedger marks errors of the ledger, which are not those of a file.
var errLedger = errors.New("write ledger")

// begin notes the roots of a run and what it found: files without a state are New.
func (l *Ledger) begin(ctx context.Context, roots []string, readers []string, files []FileState) error {
	return l.change(ctx, func(tx *sql.Tx) error {
		set, err := json.Marshal(readers)
		if err != nil {
			return err
		}
		for _, r := range roots {
			if _, err := tx.ExecContext(ctx, `INSERT INTO roots(path, readers) VALUES(?, ?) ON CONFLICT(path) DO UPDATE SET readers = excluded.readers`, r, set); err != nil {
				return err
			}
		}
		return insertStates(ctx, tx, files)
	})
}

// set puts states in place of what was known of the files.
func (l *Ledger) set(ctx context.Context, files []string, states []FileState) error {
	return l.change(ctx, func(tx *sql.Tx) error {
		for _, f := range files {
			if _, err := tx.ExecContext(ctx, `DELETE FROM files WHERE file = ?`, f); err != nil {
				return err
			}
		}
		return insertStates(ctx, tx, states)
	})
}

func insertStates(ctx context.Context, tx *sql.Tx, states []FileState) error {
	for _, f := range states {
		b, err := json.Marshal(f)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO files(path, file, state) VALUES(?, ?, ?)`, f.Path, f.File, b); err != nil {
			return err
		}
	}
	return nil
}

// end forgets vectors that no run came back for, and roots that lost their files.
func (l *Ledger) end(ctx context.Context, now time.Time) error {
	roots, err := l.Roots(ctx)
	if err != nil {
		return err
	}
	return l.change(ctx, func(tx *sql.Tx) error {
		for _, r := range roots {
			dir := strings.TrimSuffix(r.Path, "/") + "/"
			var n int
			if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM files WHERE file = ? OR file >= ? AND file < ? LIMIT 1)`,
				r.Path, dir, dir[:len(dir)-1]+"0").Scan(&n); err != nil { // "0" follows "/"
				return err
			}
			if n == 0 {
				if _, err := tx.ExecContext(ctx, `DELETE FROM roots WHERE path = ?`, r.Path); err != nil {
					return err
				}
			}
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM vectors WHERE day < ?`, now.Unix()/86400-keepVectors)
		return err
	})
}

// keepVectors is how many days a vector waits for its document to be stored.
const keepVectors = 30

type vectorKey [16]byte

func keyOf(space, text string) vectorKey {
	sum := sha256.Sum256([]byte(space + "\x00" + text))
	return vectorKey(sum[:])
}

// vectors returns the vectors kept under keys; nil for those that are not.
func (l *Ledger) vectors(ctx context.Context, keys []vectorKey) ([][]float32, error) {
	out := make([][]float32, len(keys))
	err := l.change(ctx, func(tx *sql.Tx) error {
		for i, k := range keys {
			var b []byte
			err := tx.QueryRowContext(ctx, `SELECT dense FROM vectors WHERE key = ?`, k[:]).Scan(&b)
			if err == sql.ErrNoRows {
				continue
			}
			if err != nil {
				return err
			}
			for ; len(b) >= 4; b = b[4:] {
				out[i] = append(out[i], math.Float32frombits(binary.LittleEndian.Uint32(b)))
			}
		}
		return nil
	})
	return out, err
}

func (l *Ledger) keepVectors(ctx context.Context, keys []vectorKey, vectors [][]float32, now time.Time) error {
	return l.change(ctx, func(tx *sql.Tx) error {
		for i, k := range keys {
			b := make([]byte, 0, 4*len(vectors[i]))
			for _, x := range vectors[i] {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
			}
			if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO vectors(key, dense, day) VALUES(?, ?, ?)`, k[:], b, now.Unix()/86400); err != nil {
				return err
			}
		}
		return nil
	})
}

// dropVectors forgets the vectors of a document that is stored.
func (l *Ledger) dropVectors(ctx context.Context, keys []vectorKey) error {
	return l.change(ctx, func(tx *sql.Tx) error {
		for _, k := range keys {
			if _, err := tx.ExecContext(ctx, `DELETE FROM vectors WHERE key = ?`, k[:]); err != nil {
				return err
			}
		}
		return nil
	})
}
