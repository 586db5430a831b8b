// Package state keeps what an index cannot give back: API keys, sessions, drafts,
// conversations, jobs, feedback and the results of requests that may be repeated.
// It is one SQLite file apart from the index. Of keys and session tokens it holds
// only SHA-256 sums; the rest is as readable as the file is (mode 0600).
//
// What belongs to somebody is asked for with its owner, and under another owner
// it does not exist: [ErrNotFound]. Times are kept to the microsecond, in UTC.
package state

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"modernc.org/sqlite"
)

var (
	ErrNotFound = errors.New("not found")
	ErrConflict = errors.New("conflicts with what is stored")
	ErrBusy     = errors.New("the first request under this key is still under way")
	ErrCursor   = errors.New("the cursor is not one that a page was returned with")
	ErrSchema   = errors.New("the state file cannot be used by this version")
)

// Options of [Open]. The zero value is usable.
type Options struct {
	Now         func() time.Time // nil: time.Now
	SessionIdle time.Duration    // a session unused for so long has ended; 0: 30 minutes
	SessionLife time.Duration    // and one so old, however much used; 0: 10 hours
}

// A Store is an open state file. It is safe for concurrent use; several processes
// may have the same file open. A call that changes something and returns nil is on
// the disk: a kill or a power failure after it loses nothing. When the disk is full
// changes fail and nothing is half done; they succeed again once there is space.
type Store struct {
	o           Options
	path        string
	write, read *sql.DB
}

// applicationID marks a database file as a state file of ours ("BISS").
const applicationID = 0x42495353

// Open opens the state file, and creates it with its folder if there is none. An
// empty file is not taken for a new one: whatever has emptied it has taken the keys. A
// file of an older version is brought forward, after a copy of it was put beside
// it as PATH.before-N, N the new version of its schema. A file of a newer version
// or of another program is refused with [ErrSchema] and left as it is.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	return open(ctx, path, o, migrations)
}

func open(ctx context.Context, path string, o Options, migrations []string) (_ *Store, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.SessionIdle <= 0 {
		o.SessionIdle = 30 * time.Minute
	}
	if o.SessionLife <= 0 {
		o.SessionLife = 10 * time.Hour
	}
	s := &Store{o: o}
	defer func() {
		if err != nil {
			s.Close()
			err = fmt.Errorf("open state %s: %w", path, explain(err))
		}
	}()
	if s.path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return nil, err
	}
	// Only a new file is opened here: closing one that SQLite has open would drop its locks.
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = f.Close()
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		if err := notEmpty(ctx, s.path); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	}
	if s.write, err = connect(s.path, "_txlock=immediate", "foreign_keys(ON)", "secure_delete(ON)"); err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	if err := s.migrate(ctx, migrations); err != nil {
		return nil, err
	}
	if s.read, err = connect(s.path, "", "query_only(ON)"); err != nil {
		return nil, err
	}
	s.read.SetMaxOpenConns(4)
	s.read.SetMaxIdleConns(4)
	return s, s.read.PingContext(ctx)
}

// notEmpty reports a file without content, after it has waited a little for another
// process that may be making it.
func notEmpty(ctx context.Context, path string) error {
	for range 50 {
		info, err := os.Stat(path)
		if err != nil || info.Size() > 0 {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.New("it is empty: restore a backup, or remove it if nothing was ever kept in it")
}

func connect(path, query string, pragmas ...string) (*sql.DB, error) {
	path, err := filepath.Abs(path) // in a URI a relative one would begin with a host
	if err != nil {
		return nil, err
	}
	q, err := url.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	q["_pragma"] = append([]string{"busy_timeout(10000)", "synchronous(FULL)"}, pragmas...)
	return sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}).String())
}

// Close releases the file.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// migrate brings the schema forward to the last of migrations.
func (s *Store) migrate(ctx context.Context, migrations []string) error {
	version, err := schemaOf(ctx, s.write, len(migrations))
	if err != nil {
		return err
	}
	if _, err := s.write.ExecContext(ctx, `PRAGMA journal_mode = WAL`); err != nil {
		return err
	}
	if version == len(migrations) {
		return nil
	}
	if version > 0 {
		before := fmt.Sprintf("%s.before-%d", s.path, len(migrations))
		if err := os.Remove(before); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a migration that did not end
			return err
		}
		if err := Copy(ctx, s.path, before); err != nil {
			return fmt.Errorf("copy it before the migration: %w", err)
		}
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if version, err = schemaOf(ctx, tx, len(migrations)); err != nil { // again: another process may have been first
		return err
	}
	for i, m := range migrations[version:] {
		if _, err := tx.ExecContext(ctx, m); err != nil {
			return fmt.Errorf("migrate to schema %d: %w", version+i+1, err)
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA application_id = %d; PRAGMA user_version = %d`, applicationID, len(migrations))); err != nil {
		return err
	}
	return tx.Commit()
}

// schemaOf returns the version of the schema of a state file; 0 if it is empty.
func schemaOf(ctx context.Context, db interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}, newest int) (version int, err error) {
	var id, tables int
	err = db.QueryRowContext(ctx, `SELECT a.application_id, u.user_version, (SELECT count(*) FROM sqlite_master)
		FROM pragma_application_id a, pragma_user_version u`).Scan(&id, &version, &tables)
	switch {
	case err != nil:
		return 0, err
	case id == 0 && version == 0 && tables == 0:
		return 0, nil
	case id != applicationID:
		return 0, fmt.Errorf("%w: it is a database of another program, so choose another file", ErrSchema)
	case version > newest:
		return 0, fmt.Errorf("%w: its schema is %d and the newest known here is %d, so use the newer biseo or restore the copy from before the upgrade", ErrSchema, version, newest)
	}
	return version, nil
}

// Schema returns the version of the schema of a state file, which it does not change,
// and the newest that this program knows.
func Schema(ctx context.Context, path string) (have, newest int, err error) {
	newest = len(migrations)
	if _, err := os.Stat(path); err != nil {
		return 0, newest, err
	}
	db, err := connect(path, "", "query_only(ON)")
	if err != nil {
		return 0, newest, err
	}
	defer db.Close()
	have, err = schemaOf(ctx, db, newest)
	return have, newest, explain(err)
}

// DiskFull reports an error that a full disk has caused.
func DiskFull(err error) bool {
	const full = 13 // SQLITE_FULL
	var e *sqlite.Error
	return errors.Is(err, syscall.ENOSPC) || errors.As(err, &e) && e.Code()&0xff == full
}

// explain marks what SQLite says of a file that is no database.
func explain(err error) error {
	const notADatabase = 26 // SQLITE_NOTADB
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code()&0xff == notADatabase {
		return fmt.Errorf("%w: it is not a database, so choose another file", ErrSchema)
	}
	return err
}

// Copy writes a consistent copy of any SQLite file, which this and other processes
// may be writing, to a new file of mode 0600, and reads it once to see that it is
// whole. The copy holds no remains of what was deleted.
func Copy(ctx context.Context, from, to string) (err error) {
	if _, err := os.Stat(from); err != nil { // SQLite would create it
		return err
	}
	if to, err = filepath.Abs(to); err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(to)
			err = fmt.Errorf("copy %s: %w", from, err)
		}
	}()
	if err := f.Close(); err != nil {
		return err
	}
	db, err := connect(from, "")
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, to); err != nil {
		return err
	}
	if err := CheckFile(ctx, to); err != nil {
		return err
	}
	if f, err = os.OpenFile(to, os.O_RDWR, 0); err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// CheckFile reads a SQLite file whole and returns what is wrong with it.
func CheckFile(ctx context.Context, path string) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	db, err := connect(path, "", "query_only(ON)")
	if err != nil {
		return err
	}
	defer db.Close()
	var found string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&found); err != nil {
		return fmt.Errorf("check %s: %w", path, err)
	}
	if found != "ok" {
		return fmt.Errorf("check %s: damaged: %s", path, found)
	}
	return nil
}

// Alone reports whether nobody else, in this process or another, has an SQLite file
// open; true if there is none, and of a file that is damaged.
func Alone(ctx context.Context, path string) bool {
	if _, err := os.Stat(path); err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	q := url.Values{"_pragma": {"busy_timeout(0)", "locking_mode(EXCLUSIVE)"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}).String())
	if err != nil {
		return false
	}
	defer db.Close()
	const corrupt, notADatabase = 11, 26                    // SQLITE_CORRUPT, SQLITE_NOTADB: found under the lock
	_, err = db.ExecContext(ctx, `BEGIN EXCLUSIVE; COMMIT`) // in this mode it takes the lock that others share
	var e *sqlite.Error
	return err == nil || errors.As(err, &e) && (e.Code()&0xff == corrupt || e.Code()&0xff == notADatabase)
}

// change runs one transaction; what names it in errors.
func (s *Store) change(ctx context.Context, what string, do func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err == nil {
		defer tx.Rollback()
		if err = do(tx); err == nil {
			err = tx.Commit()
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, notFound(err))
	}
	return nil
}

// changeOne runs one statement that must change a row: none is [ErrNotFound].
func (s *Store) changeOne(ctx context.Context, what, query string, args ...any) error {
	return s.change(ctx, what, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return ErrNotFound
	})
}

func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// A scanner is a row or rows.
type scanner interface{ Scan(dest ...any) error }

// query returns all rows.
func query[T any](ctx context.Context, s *Store, what string, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer rows.Close()
	all := []T{}
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return all, nil
}

// Pages of lists: as many as are asked for within these bounds.
const (
	pageDefault = 50
	pageMost    = 200
)

// page returns one page of a list, newest first, and the cursor of the next, ""
// after the last. The query has three parameters besides args, after them: time and
// ID of the last entry before the page, and how many rows.
func page[T any](ctx context.Context, s *Store, what, after string, limit int, key func(T) (time.Time, string), scan func(scanner) (T, error), q string, args ...any) ([]T, string, error) {
	if limit <= 0 {
		limit = pageDefault
	}
	limit = min(limit, pageMost)
	from, id := int64(math.MaxInt64), ""
	if after != "" {
		b, err := base64.RawURLEncoding.DecodeString(after)
		at, last, ok := strings.Cut(string(b), " ")
		if err == nil && ok {
			from, err = strconv.ParseInt(at, 10, 64)
			id = last
		}
		if err != nil || !ok {
			return nil, "", fmt.Errorf("%s: %w", what, ErrCursor)
		}
	}
	all, err := query(ctx, s, what, scan, q, append(args, from, id, limit+1)...)
	if err != nil || len(all) <= limit {
		return all, "", err
	}
	t, id := key(all[limit-1])
	return all[:limit], base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", micro(t), id)), nil
}

// now is the time of the clock as it is stored.
func (s *Store) now() time.Time { return s.o.Now().UTC().Truncate(time.Microsecond) }

// micro is a time as it is stored: microseconds since 1970; 0 for the zero time.
func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicro(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// encode writes what is stored as JSON; nil lists as an empty one.
func encode(list []string) string {
	if list == nil {
		return "[]"
	}
	b, _ := json.Marshal(list) // strings always can be
	return string(b)
}

func decode(b string, list *[]string) error { return json.Unmarshal([]byte(b), list) }

// checkJSON is an error unless b, if there is one, is a JSON value.
func checkJSON(b json.RawMessage) (json.RawMessage, error) {
	if len(b) == 0 {
		return json.RawMessage("null"), nil
	}
	if !json.Valid(b) {
		return nil, errors.New("the body is not JSON")
	}
	return b, nil
}
