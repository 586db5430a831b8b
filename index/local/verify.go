package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"path/filepath"

	"biseo/index"
)

// Verify reads the whole index and returns what is wrong with it: damage that
// SQLite finds, and documents, chunks, terms and word rows that do not belong
// together. On an index that must be rebuilt it is [index.ErrFingerprint].
func (x *Index) Verify(ctx context.Context) error {
	g, done, err := x.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	if g.stale != nil {
		return g.stale
	}
	tx, err := g.read.BeginTx(ctx, nil)
	if err == nil {
		defer tx.Rollback()
		err = verify(ctx, tx, g.dim)
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return explain(filepath.Join(x.dir, g.name), err)
}

func verify(ctx context.Context, tx *sql.Tx, dim int) error {
	var damage string
	if err := tx.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&damage); err != nil {
		return err
	}
	if damage != "ok" {
		return errors.New("damaged: " + damage)
	}
	found := map[string]postings{}
	chunks, err := verifyDocs(ctx, tx, found)
	if err != nil {
		return err
	}
	for what, query := range map[string]string{
		"chunks":     `SELECT count(*) FROM chunks`,
		"bodies":     `SELECT count(*) FROM bodies`,
		"word rows":  `SELECT count(*) FROM words`,
		"terms rows": `SELECT count(*) FROM bodies b JOIN chunks c ON c.key = b.key`,
	} {
		var n int
		if err := tx.QueryRowContext(ctx, query).Scan(&n); err != nil {
			return err
		}
		if n != chunks {
			return fmt.Errorf("%d %s for %d chunks of documents", n, what, chunks)
		}
	}
	var vectors int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM vectors WHERE length(dense) != ? OR key NOT IN (SELECT key FROM chunks)`,
		4*dim).Scan(&vectors); err != nil {
		return err
	}
	if vectors > 0 {
		return fmt.Errorf("%d vectors of the wrong length or without a chunk", vectors)
	}
	return verifyWords(ctx, tx, found)
}

// postings is a digest of the keys of the chunks that hold a term.
type postings struct {
	n   int
	sum uint64
}

func (p postings) with(key int64) postings {
	return postings{p.n + 1, p.sum + uint64(key)*uint64(key)}
}

// verifyDocs counts the chunks of all documents, and their terms in found.
func verifyDocs(ctx context.Context, tx *sql.Tx, found map[string]postings) (int, error) {
	docs, err := collect(ctx, tx, scanEntry, `SELECT doc, first, chunks, lengths FROM docs ORDER BY first`)
	if err != nil {
		return 0, err
	}
	total, end := 0, int64(0)
	for _, e := range docs {
		if e.first < end {
			return 0, fmt.Errorf("document %s shares chunks with another", e.doc.ID)
		}
		end = e.first + int64(e.n)
		total += e.n
		if err := verifyDoc(ctx, tx, e, found); err != nil {
			return 0, fmt.Errorf("document %s: %w", e.doc.ID, err)
		}
	}
	var next int64
	if err := tx.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = 'next'`).Scan(&next); err != nil {
		return 0, err
	}
	if next < end {
		return 0, fmt.Errorf("the next key is %d, but %d is in use", next, end-1)
	}
	return total, nil
}

// verifyDoc compares the terms stored with each chunk of a document with those
// of its text.
func verifyDoc(ctx context.Context, tx *sql.Tx, e *entry, found map[string]postings) error {
	chunks, err := loadChunks(ctx, tx, e)
	if err != nil {
		return err
	}
	packed, err := collect(ctx, tx, scanString, `SELECT terms FROM bodies WHERE key >= ? AND key < ? ORDER BY key`, e.first, e.first+int64(e.n))
	if err != nil {
		return err
	}
	if len(chunks) != e.n || len(packed) != e.n {
		return fmt.Errorf("%d chunks and %d bodies of %d", len(chunks), len(packed), e.n)
	}
	var lengths index.FieldCounts
	for i, r := range analyse(e.doc, chunks) {
		if packed[i] != string(packTerms(r.terms, r.length)) {
			return fmt.Errorf("chunk %s: stored terms are not those of its text", r.ID)
		}
		for f, n := range r.length {
			lengths[f] += n
		}
		for term := range r.terms {
			found[term] = found[term].with(e.first + int64(i))
		}
	}
	if lengths != e.lengths {
		return fmt.Errorf("lengths %v, stored %v", lengths, e.lengths)
	}
	return nil
}

// verifyWords compares the document frequencies and the word rows with the terms
// found in the chunks.
func verifyWords(ctx context.Context, tx *sql.Tx, found map[string]postings) error {
	lookup, err := tx.PrepareContext(ctx, `SELECT group_concat(rowid) FROM words WHERE words MATCH ?`)
	if err != nil {
		return err
	}
	defer lookup.Close()
	terms, err := collect(ctx, tx, func(rows *sql.Rows) (t queryTerm, err error) {
		err = rows.Scan(&t.term, &t.df)
		return t, err
	}, `SELECT term, df FROM terms`)
	if err != nil {
		return err
	}
	for _, t := range terms {
		var got postings
		var keys sql.RawBytes
		if err := scanRaw(ctx, lookup, &keys, phrase(t.term), func() {
			for key := range parseKeys(keys) {
				got = got.with(key)
			}
		}); err != nil {
			return err
		}
		if want := found[t.term]; got != want || t.df != want.n {
			return fmt.Errorf("term %q: in %d chunks, frequency %d, word rows %d", t.term, want.n, t.df, got.n)
		}
		delete(found, t.term)
	}
	for term := range maps.Keys(found) {
		return fmt.Errorf("term %q has no frequency", term)
	}
	return nil
}
