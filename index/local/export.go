package local

import (
	"context"
	"database/sql"
	"path/filepath"

	"biseo/index"
)

// Chunks returns a document and its chunks with their vectors, in order, whoever
// may read them: to copy an index elsewhere. [index.ErrNotFound] if it is not stored.
func (x *Index) Chunks(ctx context.Context, docID string) (d index.Doc, chunks []index.Chunk, err error) {
	err = x.peek(ctx, func(_ *generation, tx *sql.Tx) error {
		found, err := loadEntries(ctx, tx, `WHERE id = ?`, docID)
		if err == nil && len(found) == 0 {
			err = index.ErrNotFound
		}
		if err != nil {
			return err
		}
		d = found[0].doc
		chunks, err = loadChunks(ctx, tx, found[0])
		return err
	})
	return d, chunks, err
}

// Size counts the documents and their chunks.
func (x *Index) Size(ctx context.Context) (docs, chunks int, err error) {
	err = x.peek(ctx, func(_ *generation, tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(chunks), 0) FROM docs`).Scan(&docs, &chunks)
	})
	return docs, chunks, err
}

// peek reads the live generation in one transaction, without its snapshot.
func (x *Index) peek(ctx context.Context, read func(*generation, *sql.Tx) error) error {
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
		err = read(g, tx)
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return explain(filepath.Join(x.dir, g.name), err)
}
