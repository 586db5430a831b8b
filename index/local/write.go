package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	sqlite3 "modernc.org/sqlite/lib"

	"biseo/index"
	"biseo/index/local/codes"
	"biseo/index/local/postings"
)

// Each document takes a run of keys, one for each chunk, from docs.first. Keys are
// given once and never again. A search reads docs and segments as a whole, and of
// chunks and vectors only what concerns the best candidates.
const schemaSQL = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE docs (
	id TEXT PRIMARY KEY,
	doc TEXT NOT NULL,         -- JSON of index.Doc
	first INTEGER NOT NULL,    -- key of its first chunk
	chunks INTEGER NOT NULL,
	lengths TEXT NOT NULL,     -- JSON of index.FieldCounts, summed over its chunks
	dates TEXT                 -- JSON of dates; NULL if no chunk has dates of its own
) WITHOUT ROWID;
CREATE TABLE chunks (
	key INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	from_day INTEGER,          -- days since 1970-01-01; NULL: as the document
	until_day INTEGER,
	path TEXT NOT NULL,        -- JSON
	cite TEXT NOT NULL,
	start INTEGER NOT NULL,
	page INTEGER NOT NULL,
	links TEXT,                -- JSON; NULL if none
	text TEXT NOT NULL
);
CREATE TABLE vectors (
	key INTEGER PRIMARY KEY,
	dense BLOB NOT NULL,       -- float32, little-endian
	sentences BLOB             -- see packSentences; NULL if none
);
CREATE TABLE segments (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	first INTEGER NOT NULL UNIQUE,
	last INTEGER NOT NULL,
	chunks INTEGER NOT NULL,
	live INTEGER NOT NULL,     -- how many of its chunks are still there
	keys BLOB NOT NULL,        -- see packKeys
	ids BLOB NOT NULL,         -- see packStrings
	words BLOB NOT NULL,       -- see package postings
	vectors BLOB               -- see package codes; NULL if no chunk has one
);
CREATE TABLE changes (n INTEGER PRIMARY KEY, doc TEXT NOT NULL); -- which document changed, newest last
`

// keepChanges is how many changes are remembered: a reader further behind reads
// everything again.
const keepChanges = 10_000

// A record is a document made ready for storing.
type record struct {
	doc     index.Doc
	chunks  []index.Chunk
	lengths index.FieldCounts // summed over the chunks
	words   []byte            // see package postings
}

// Replace stores d and its chunks in one transaction. A chunk ID that another
// document holds, a date that is not midnight UTC, and a vector of another length
// or with a value that is not finite are refused.
func (x *Index) Replace(ctx context.Context, d index.Doc, chunks []index.Chunk) error {
	return x.update(ctx, func(g *generation) (func(*sql.Tx) error, error) {
		if err := index.Check(d, chunks, g.dim); err != nil {
			return nil, err
		}
		r := analyse(d, chunks) // outside the transaction: it is most of the work
		return func(tx *sql.Tx) error { return put(ctx, tx, r, g.dim) }, nil
	})
}

// Describe stores d in place of what was known of the document. A new title
// changes the terms of all its chunks, so they are stored anew, from the index.
func (x *Index) Describe(ctx context.Context, d index.Doc) error {
	return x.update(ctx, func(g *generation) (func(*sql.Tx) error, error) {
		if err := index.Check(d, nil, 0); err != nil {
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
				return put(ctx, tx, analyse(d, chunks), g.dim)
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
	return x.update(ctx, func(g *generation) (func(*sql.Tx) error, error) {
		return func(tx *sql.Tx) error {
			err := remove(ctx, tx, docID)
			if errors.Is(err, index.ErrNotFound) {
				return nil
			}
			if err == nil {
				err = merge(ctx, tx, g.dim)
			}
			return errors.Join(err, logChange(ctx, tx, docID))
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

func analyse(d index.Doc, chunks []index.Chunk) record {
	r := record{doc: d, chunks: chunks}
	words := make([]postings.Chunk, len(chunks))
	parallel(len(chunks), func(_, i int) {
		words[i].Terms, words[i].Length = index.CountTerms(d, chunks[i])
	})
	for _, w := range words {
		for f, n := range w.Length {
			r.lengths[f] += n
		}
	}
	r.words = postings.Build(words)
	return r
}

func (r record) ids() []string {
	ids := make([]string, len(r.chunks))
	for i, c := range r.chunks {
		ids[i] = c.ID
	}
	return ids
}

// parallel calls do with each number below n, on all processors. worker numbers
// the goroutine that calls.
func parallel(n int, do func(worker, i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for worker := range min(n, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(worker, i)
			}
		})
	}
	all.Wait()
}

// put stores r in place of what is stored of its document.
func put(ctx context.Context, tx *sql.Tx, r record, dim int) error {
	if err := remove(ctx, tx, r.doc.ID); err != nil && !errors.Is(err, index.ErrNotFound) {
		return err
	}
	keys, err := insertDoc(ctx, tx, r)
	if err != nil {
		return err
	}
	if err := insertChunks(ctx, tx, keys, r); err != nil {
		return err
	}
	vectors, err := encodeVectors(ctx, tx, r.chunks, dim)
	if err != nil {
		return err
	}
	if err := insertSegment(ctx, tx, keys, r.ids(), r.words, vectors); err != nil {
		return err
	}
	if err := merge(ctx, tx, dim); err != nil {
		return err
	}
	return logChange(ctx, tx, r.doc.ID)
}

// encodeVectors returns the codes of the vectors of chunks, nil if none has one. The
// first of an index decide on the centre of all.
func encodeVectors(ctx context.Context, tx *sql.Tx, chunks []index.Chunk, dim int) ([]byte, error) {
	vectors := make([][]float32, len(chunks))
	some := false
	for i, c := range chunks {
		vectors[i] = c.Dense
		some = some || len(c.Dense) > 0
	}
	if !some {
		return nil, nil
	}
	var b []byte
	err := tx.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = 'centre'`).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		b = packVector(codes.Centre(vectors, dim))
		_, err = tx.ExecContext(ctx, `INSERT INTO meta(key, value) VALUES('centre', ?)`, b)
	}
	if err != nil {
		return nil, err
	}
	centre, err := unpackVector(nil, b, dim)
	if err != nil {
		return nil, err
	}
	return codes.Encode(vectors, centre), nil
}

// remove deletes a document.
func remove(ctx context.Context, tx *sql.Tx, docID string) error {
	e, err := findDoc(ctx, tx, docID)
	if err != nil {
		return err
	}
	for _, table := range []string{"chunks", "vectors"} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE key >= ? AND key < ?`, e.first, e.first+int64(e.n)); err != nil {
			return err
		}
	}
	if err := bury(ctx, tx, e.first, e.n); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM docs WHERE id = ?`, docID)
	return err
}

// insertDoc stores what is known of the document and returns the keys of its chunks.
func insertDoc(ctx context.Context, tx *sql.Tx, r record) ([]int64, error) {
	var first int64
	if err := tx.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = 'next'`).Scan(&first); err != nil {
		return nil, err
	}
	var dates any
	if d := datesOf(r.chunks); d != nil {
		dates = encode(d)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO docs(id, doc, first, chunks, lengths, dates) VALUES(?, ?, ?, ?, ?, ?)`,
		r.doc.ID, encode(r.doc), first, len(r.chunks), encode(r.lengths), dates); err != nil {
		return nil, err
	}
	keys := make([]int64, len(r.chunks))
	for i := range keys {
		keys[i] = first + int64(i)
	}
	// One key at least, so that no two documents begin at the same key.
	_, err := tx.ExecContext(ctx, `UPDATE meta SET value = ? WHERE key = 'next'`, first+int64(max(1, len(keys))))
	return keys, err
}

func insertChunks(ctx context.Context, tx *sql.Tx, keys []int64, r record) error {
	insert, err := tx.PrepareContext(ctx, `INSERT INTO chunks(key, id, from_day, until_day, path, cite, start, page, links, text) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	dense, err := tx.PrepareContext(ctx, `INSERT INTO vectors(key, dense, sentences) VALUES(?, ?, ?)`)
	if err != nil {
		return err
	}
	defer dense.Close()
	for i, c := range r.chunks {
		var links any
		if c.Links != nil {
			links = encode(c.Links)
		}
		if _, err := insert.ExecContext(ctx, keys[i], c.ID, dayOf(c.From), dayOf(c.Until), encode(c.Path), c.Cite, c.Start, c.Page, links, c.Text); err != nil {
			if isCode(err, sqlite3.SQLITE_CONSTRAINT) {
				return fmt.Errorf("chunk ID %s of document %s is taken", c.ID, r.doc.ID)
			}
			return err
		}
		if len(c.Dense) > 0 {
			if _, err := dense.ExecContext(ctx, keys[i], packVector(c.Dense), packSentences(c.Sentences)); err != nil {
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
	found, err := loadEntries(ctx, tx, `WHERE id = ?`, docID)
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
	return collect(ctx, tx, func(rows *sql.Rows) (c index.Chunk, err error) {
		var dense, sentences []byte
		if err = scanChunk(rows, &c, &dense, &sentences); err == nil && dense != nil {
			c.Dense, err = unpackVector(nil, dense, len(dense)/4)
		}
		if err == nil && sentences != nil {
			c.Sentences, err = unpackSentences(sentences, len(c.Dense))
		}
		c.DocID = e.doc.ID
		return c, err
	}, `SELECT `+chunkColumns+`, v.dense, v.sentences FROM chunks c LEFT JOIN vectors v ON v.key = c.key
		WHERE c.key >= ? AND c.key < ? ORDER BY c.key`, e.first, e.first+int64(e.n))
}

// chunkColumns are what scanChunk reads of a row c of chunks.
const chunkColumns = `c.id, c.from_day, c.until_day, c.path, c.cite, c.start, c.page, c.links, c.text`

func scanChunk(row interface{ Scan(...any) error }, c *index.Chunk, more ...any) error {
	var path, links []byte
	var from, until *int64
	err := row.Scan(append([]any{&c.ID, &from, &until, &path, &c.Cite, &c.Start, &c.Page, &links, &c.Text}, more...)...)
	if err != nil {
		return err
	}
	c.From, c.Until = timeOf(from), timeOf(until)
	if links != nil {
		err = json.Unmarshal(links, &c.Links)
	}
	return errors.Join(err, json.Unmarshal(path, &c.Path))
}
