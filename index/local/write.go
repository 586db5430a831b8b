package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"time"
	"unicode/utf8"

	sqlite3 "modernc.org/sqlite/lib"

	"biseo/index"
)

// Each document takes a run of keys, one for each chunk, from docs.first. Keys are
// given once and never again. What the Scope needs is in docs and chunks; what only
// the best candidates need is in bodies and vectors, so that reading the former
// does not touch the latter.
const tables1 = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE docs (
	id TEXT PRIMARY KEY,
	doc TEXT NOT NULL,         -- JSON of index.Doc
	first INTEGER NOT NULL,    -- key of its first chunk
	chunks INTEGER NOT NULL,
	lengths TEXT NOT NULL      -- JSON of index.FieldCounts, summed over its chunks
) WITHOUT ROWID;
CREATE TABLE chunks (
	key INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	from_day INTEGER,          -- days since 1970-01-01; NULL: as the document
	until_day INTEGER,
	length INTEGER NOT NULL    -- terms in the text
);
CREATE TABLE bodies (
	key INTEGER PRIMARY KEY,
	path TEXT NOT NULL,        -- JSON
	cite TEXT NOT NULL,
	text TEXT NOT NULL,
	start INTEGER NOT NULL,
	page INTEGER NOT NULL,
	terms BLOB NOT NULL        -- see packTerms
);
CREATE TABLE vectors (key INTEGER PRIMARY KEY, dense BLOB NOT NULL); -- float32, little-endian
CREATE TABLE terms (term TEXT PRIMARY KEY, df INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(terms, content='', contentless_delete=1, detail=none, tokenize="ascii tokenchars '_'");
CREATE TABLE changes (n INTEGER PRIMARY KEY, doc TEXT NOT NULL); -- which document changed, newest last
`

// keepChanges is how many changes are remembered: a reader further behind reads
// everything again.
const keepChanges = 10_000

// A record is a chunk made ready for storing.
type record struct {
	index.Chunk
	terms  map[string]index.FieldCounts
	length index.FieldCounts
}

// Replace stores d and its chunks in one transaction. A chunk ID that another
// document holds, a date that is not midnight UTC, and a vector of another length
// or with a value that is not finite are refused.
func (x *Index) Replace(ctx context.Context, d index.Doc, chunks []index.Chunk) error {
	return x.update(ctx, func(g *generation) (func(*sql.Tx) error, error) {
		if err := check(d, chunks, g.dim); err != nil {
			return nil, err
		}
		records := analyse(d, chunks) // outside the transaction: it is most of the work
		return func(tx *sql.Tx) error { return put(ctx, tx, d, records) }, nil
	})
}

// Describe stores d in place of what was known of the document. A new title
// changes the terms of all its chunks, so they are stored anew, from the index.
func (x *Index) Describe(ctx context.Context, d index.Doc) error {
	return x.update(ctx, func(*generation) (func(*sql.Tx) error, error) {
		if err := check(d, nil, 0); err != nil {
			return nil, err
		}
		return func(tx *sql.Tx) error {
			e, err := findDoc(ctx, tx, d.ID)
			if err != nil {
				return err
			}
			if e.doc.Title != d.Title {
				chunks, err := loadChunks(ctx, tx, e)
				if err != nil {
					return err
				}
				return put(ctx, tx, d, analyse(d, chunks))
			}
			if _, err := tx.ExecContext(ctx, `UPDATE docs SET doc = ? WHERE id = ?`, encode(d), d.ID); err != nil {
				return err
			}
			return logChange(ctx, tx, d.ID)
		}, nil
	})
}

// Remove deletes a document and its chunks.
func (x *Index) Remove(ctx context.Context, docID string) error {
	return x.update(ctx, func(*generation) (func(*sql.Tx) error, error) {
		return func(tx *sql.Tx) error {
			df := map[string]int{}
			err := remove(ctx, tx, docID, df)
			if errors.Is(err, index.ErrNotFound) {
				return nil
			}
			return errors.Join(err, addFrequencies(ctx, tx, df), logChange(ctx, tx, docID))
		}, nil
	})
}

// update runs what ready returns in one transaction.
func (x *Index) update(ctx context.Context, ready func(*generation) (func(*sql.Tx) error, error)) error {
	if x.opt.ReadOnly {
		return fmt.Errorf("index %s: opened for reading only", x.dir)
	}
	g, done, err := x.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	if g.stale != nil {
		return g.stale
	}
	change, err := ready(g)
	if err != nil {
		return err
	}
	err = patiently(ctx, x.opt.Wait, func() error { return transact(ctx, g.write, change) })
	if ctx.Err() != nil && err != nil {
		return ctx.Err()
	}
	return explain(filepath.Join(x.dir, g.name), err)
}

func transact(ctx context.Context, db *sql.DB, change func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := change(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// check says what makes d and its chunks unfit for storing.
func check(d index.Doc, chunks []index.Chunk, dim int) error {
	if d.ID == "" {
		return errors.New("index: a document needs an ID")
	}
	if !utf8.ValidString(d.ID) { // the JSON of the document would hold another
		return fmt.Errorf("index: document ID %q is not UTF-8", d.ID)
	}
	if d.Grade > index.Classified {
		return fmt.Errorf("index %s: no such grade: %v", d.ID, d.Grade)
	}
	if err := checkDays(d.From, d.Until, d.Ends); err != nil {
		return fmt.Errorf("index %s: %w", d.ID, err)
	}
	for i, c := range chunks {
		if c.ID == "" || c.DocID != d.ID {
			return fmt.Errorf("index %s: chunk %d has ID %q and document %q", d.ID, i, c.ID, c.DocID)
		}
		if err := checkDays(c.From, c.Until); err != nil {
			return fmt.Errorf("index %s: chunk %s: %w", d.ID, c.ID, err)
		}
		if len(c.Dense) > 0 {
			if err := checkVector(c.Dense, dim); err != nil {
				return fmt.Errorf("index %s: chunk %s: %w", d.ID, c.ID, err)
			}
		}
	}
	return nil
}

func checkDays(ts ...time.Time) error {
	for _, t := range ts {
		if !t.IsZero() && t.Unix()%secondsPerDay != 0 {
			return fmt.Errorf("%v is not a day: want midnight UTC, see index.Day", t)
		}
	}
	return nil
}

func analyse(d index.Doc, chunks []index.Chunk) []record {
	records := make([]record, len(chunks))
	for i, c := range chunks {
		records[i].Chunk = c
		records[i].terms, records[i].length = index.CountTerms(d, c)
	}
	return records
}

// put stores d and its records in place of what is stored under d.ID.
func put(ctx context.Context, tx *sql.Tx, d index.Doc, records []record) error {
	df := map[string]int{}
	if err := remove(ctx, tx, d.ID, df); err != nil && !errors.Is(err, index.ErrNotFound) {
		return err
	}
	first, err := insertDoc(ctx, tx, d, records)
	if err != nil {
		return err
	}
	if err := insertWords(ctx, tx, first, records); err != nil {
		return err
	}
	for _, r := range records {
		for term := range r.terms {
			df[term]++
		}
	}
	if err := addFrequencies(ctx, tx, df); err != nil {
		return err
	}
	return logChange(ctx, tx, d.ID)
}

// remove deletes a document and subtracts its terms from df.
func remove(ctx context.Context, tx *sql.Tx, docID string, df map[string]int) error {
	e, err := findDoc(ctx, tx, docID)
	if err != nil {
		return err
	}
	end := e.first + int64(e.n)
	rows, err := tx.QueryContext(ctx, `SELECT terms FROM bodies WHERE key >= ? AND key < ?`, e.first, end)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return err
		}
		if _, err := unpackTerms(b, func(term []byte, _ index.FieldCounts) { df[string(term)]-- }); err != nil {
			return fmt.Errorf("terms of %s: %w", docID, err)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, table := range []string{"words", "chunks", "bodies", "vectors"} {
		key := "key"
		if table == "words" {
			key = "rowid"
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE `+key+` >= ? AND `+key+` < ?`, e.first, end); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM docs WHERE id = ?`, docID)
	return err
}

// insertDoc stores all but the words, and returns the key of the first chunk.
func insertDoc(ctx context.Context, tx *sql.Tx, d index.Doc, records []record) (first int64, err error) {
	if err = tx.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = 'next'`).Scan(&first); err != nil {
		return 0, err
	}
	var lengths index.FieldCounts
	for i, r := range records {
		for f, n := range r.length {
			lengths[f] += n
		}
		key := first + int64(i)
		if _, err := tx.ExecContext(ctx, `INSERT INTO chunks(key, id, from_day, until_day, length) VALUES(?, ?, ?, ?, ?)`,
			key, r.ID, dayOf(r.From), dayOf(r.Until), r.length[len(r.length)-1]); err != nil {
			if isCode(err, sqlite3.SQLITE_CONSTRAINT) {
				return 0, fmt.Errorf("chunk ID %s of document %s is taken", r.ID, d.ID)
			}
			return 0, err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO bodies(key, path, cite, text, start, page, terms) VALUES(?, ?, ?, ?, ?, ?, ?)`,
			key, encode(r.Path), r.Cite, r.Text, r.Start, r.Page, packTerms(r.terms, r.length)); err != nil {
			return 0, err
		}
		if len(r.Dense) > 0 {
			if _, err := tx.ExecContext(ctx, `INSERT INTO vectors(key, dense) VALUES(?, ?)`, key, packVector(r.Dense)); err != nil {
				return 0, err
			}
		}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO docs(id, doc, first, chunks, lengths) VALUES(?, ?, ?, ?, ?)`,
		d.ID, encode(d), first, len(records), encode(lengths)); err != nil {
		return 0, err
	}
	// One key at least, so that no two documents begin at the same key.
	_, err = tx.ExecContext(ctx, `UPDATE meta SET value = ? WHERE key = 'next'`, first+int64(max(1, len(records))))
	return first, err
}

func insertWords(ctx context.Context, tx *sql.Tx, first int64, records []record) error {
	insert, err := tx.PrepareContext(ctx, `INSERT INTO words(rowid, terms) VALUES(?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for i, r := range records {
		if _, err := insert.ExecContext(ctx, first+int64(i), tokens(r.terms)); err != nil {
			return err
		}
	}
	return nil
}

// addFrequencies adds df to the number of chunks that hold each term.
func addFrequencies(ctx context.Context, tx *sql.Tx, df map[string]int) error {
	add, err := tx.PrepareContext(ctx, `INSERT INTO terms(term, df) VALUES(?, ?) ON CONFLICT(term) DO UPDATE SET df = df + excluded.df`)
	if err != nil {
		return err
	}
	defer add.Close()
	for _, term := range slices.Sorted(maps.Keys(df)) {
		n := df[term]
		if n == 0 {
			continue
		}
		if _, err := add.ExecContext(ctx, term, n); err != nil {
			return err
		}
		if n < 0 {
			if _, err := tx.ExecContext(ctx, `DELETE FROM terms WHERE term = ? AND df <= 0`, term); err != nil {
				return err
			}
		}
	}
	return nil
}

func logChange(ctx context.Context, tx *sql.Tx, docID string) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO changes(doc) VALUES(?)`, docID); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM changes WHERE n <= (SELECT max(n) FROM changes) - ?`, keepChanges)
	return err
}

// Docs yields every document, in pages, so that the loop body may write.
func (x *Index) Docs(ctx context.Context) iter.Seq2[index.Doc, error] {
	return func(yield func(index.Doc, error) bool) {
		var after string
		for {
			docs, err := x.docsAfter(ctx, after, 500)
			if err != nil {
				yield(index.Doc{}, err)
				return
			}
			if len(docs) == 0 {
				return
			}
			for _, d := range docs {
				if !yield(d, nil) {
					return
				}
			}
			after = docs[len(docs)-1].ID
		}
	}
}

func (x *Index) docsAfter(ctx context.Context, after string, n int) ([]index.Doc, error) {
	g, done, err := x.use(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	docs, err := collect(ctx, g.read, func(rows *sql.Rows) (d index.Doc, err error) {
		var b []byte
		if err = rows.Scan(&b); err == nil {
			err = json.Unmarshal(b, &d)
		}
		return d, err
	}, `SELECT doc FROM docs WHERE id > ? ORDER BY id LIMIT ?`, after, n)
	if ctx.Err() != nil && err != nil {
		return nil, ctx.Err()
	}
	return docs, explain(filepath.Join(x.dir, g.name), err)
}

// collect reads all rows of a query.
func collect[T any](ctx context.Context, db querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// findDoc reads what is stored of a document; ErrNotFound if nothing is.
func findDoc(ctx context.Context, tx *sql.Tx, docID string) (*entry, error) {
	found, err := collect(ctx, tx, scanEntry, `SELECT doc, first, chunks, lengths FROM docs WHERE id = ?`, docID)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("document %s: %w", docID, index.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// loadChunks reads the chunks of a document with their vectors, in order.
func loadChunks(ctx context.Context, tx querier, e *entry) ([]index.Chunk, error) {
	return collect(ctx, tx, func(rows *sql.Rows) (index.Chunk, error) {
		c := index.Chunk{DocID: e.doc.ID}
		var path, dense []byte
		var from, until *int64
		err := rows.Scan(&c.ID, &from, &until, &path, &c.Cite, &c.Text, &c.Start, &c.Page, &dense)
		if err != nil {
			return c, err
		}
		c.From, c.Until = timeOf(from), timeOf(until)
		if dense != nil {
			if c.Dense, err = unpackVector(nil, dense, len(dense)/4); err != nil {
				return c, err
			}
		}
		return c, json.Unmarshal(path, &c.Path)
	}, `SELECT c.id, c.from_day, c.until_day, b.path, b.cite, b.text, b.start, b.page, v.dense
		FROM chunks c JOIN bodies b ON b.key = c.key LEFT JOIN vectors v ON v.key = c.key
		WHERE c.key >= ? AND c.key < ? ORDER BY c.key`, e.first, e.first+int64(e.n))
}
