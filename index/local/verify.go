package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"biseo/index"
	"biseo/index/local/codes"
	"biseo/index/local/postings"
)

// Verify reads the whole index and returns what is wrong with it: damage that
// SQLite finds, and documents, chunks, postings and vectors that do not belong
// together. On an index that must be rebuilt it is [index.ErrFingerprint].
func (x *Index) Verify(ctx context.Context) error {
	return x.peek(ctx, func(g *generation, tx *sql.Tx) error { return verify(ctx, tx, g.dim) })
}

func verify(ctx context.Context, tx *sql.Tx, dim int) error {
	var damage string
	if err := tx.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&damage); err != nil {
		return err
	}
	if damage != "ok" {
		return errors.New("damaged: " + damage)
	}
	s := &snapshot{}
	var err error
	if s.entries, err = loadEntries(ctx, tx, ``); err != nil {
		return err
	}
	if s.segments, err = loadSegments(ctx, tx, dim, nil); err != nil {
		return err
	}
	if err := s.complete(index.DefaultBM25()); err != nil {
		return err
	}
	for what, count := range map[string]struct {
		query string
		want  int
	}{
		"chunks":                  {`SELECT count(*) FROM chunks`, s.all.Chunks},
		"vectors without a chunk": {`SELECT count(*) FROM vectors WHERE key NOT IN (SELECT key FROM chunks)`, 0},
		"live chunks in segments": {`SELECT coalesce(sum(live), 0) FROM segments`, s.all.Chunks},
	} {
		var n int
		if err := tx.QueryRowContext(ctx, count.query).Scan(&n); err != nil {
			return err
		}
		if n != count.want {
			return fmt.Errorf("%d %s where there should be %d", n, what, count.want)
		}
	}
	found, err := s.verifyDocs(ctx, tx, dim)
	if err != nil {
		return err
	}
	return s.verifyWords(found)
}

// A digest is of the chunks that hold a term, and of how often.
type digest struct {
	n   int
	sum uint64
}

func (d digest) with(key int64, counts index.FieldCounts) digest {
	sum := uint64(key)
	for _, n := range counts {
		sum = (sum ^ uint64(n)) * 0x9e3779b97f4a7c15
	}
	return digest{d.n + 1, d.sum + sum}
}

// verifyDocs compares what is stored of all documents with their texts, and
// returns a digest of each term in them.
func (s *snapshot) verifyDocs(ctx context.Context, tx *sql.Tx, dim int) (map[string]digest, error) {
	found := map[string]digest{}
	end := int64(0)
	for _, e := range s.entries {
		if e.first < end {
			return nil, fmt.Errorf("document %s shares chunks with another", e.doc.ID)
		}
		end = e.first + int64(e.n)
	}
	var next int64
	if err := tx.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = 'next'`).Scan(&next); err != nil {
		return nil, err
	}
	if next < end {
		return nil, fmt.Errorf("the next key is %d, but %d is in use", next, end-1)
	}
	for i, docs := range s.docs {
		for chunk := 0; chunk < len(docs); {
			if docs[chunk] < 0 {
				chunk++
				continue
			}
			e := s.entries[docs[chunk]]
			if err := s.segments[i].verifyDoc(ctx, tx, dim, e, chunk, found); err != nil {
				return nil, fmt.Errorf("document %s: %w", e.doc.ID, err)
			}
			chunk += e.n
		}
	}
	return found, nil
}

// verifyDoc compares the texts of a document with what is stored of it in e and,
// from the chunk start on, in s. It adds its terms to found.
func (s *segment) verifyDoc(ctx context.Context, tx *sql.Tx, dim int, e *entry, start int, found map[string]digest) error {
	chunks, err := loadChunks(ctx, tx, e)
	if err != nil {
		return err
	}
	if len(chunks) != e.n || start+e.n > len(s.keys) || s.keys[start+e.n-1] != e.first+int64(e.n)-1 {
		return fmt.Errorf("%d chunks of %d, or not all in one segment", len(chunks), e.n)
	}
	r := analyse(e.doc, chunks)
	if r.lengths != e.lengths {
		return fmt.Errorf("lengths %v, stored %v", r.lengths, e.lengths)
	}
	words, err := postings.Parse(r.words)
	if err != nil {
		return err
	}
	encoded, err := encodeVectors(ctx, tx, chunks, dim)
	if err != nil {
		return err
	}
	vectors, err := codes.Parse(encoded, e.n, dim)
	if err != nil {
		return err
	}
	for i, c := range chunks {
		if s.ids.at(start+i) != c.ID {
			return fmt.Errorf("chunk %s: stored ID differs", c.ID)
		}
		if words.Length(i) != s.words.Length(start+i) {
			return fmt.Errorf("chunk %s: stored lengths are not those of its text", c.ID)
		}
		if !s.vectors.Equal(start+i, vectors, i) {
			return fmt.Errorf("chunk %s: stored codes are not those of its vector", c.ID)
		}
		if !e.dated(i, c) {
			return fmt.Errorf("chunk %s: stored dates differ", c.ID)
		}
	}
	for term, list := range words.All() {
		for i, counts := range list.All() {
			found[term] = found[term].with(e.first+int64(i), counts)
		}
	}
	return nil
}

// dated reports whether e knows the dates of its chunk c, the i-th.
func (e *entry) dated(i int, c index.Chunk) bool {
	if e.dates == nil {
		return c.From.IsZero() && c.Until.IsZero()
	}
	return e.dates[i][0].Equal(c.From) && e.dates[i][1].Equal(c.Until)
}

// verifyWords compares the postings with the terms found in the chunks.
func (s *snapshot) verifyWords(found map[string]digest) error {
	stored := map[string]digest{}
	for i, seg := range s.segments {
		for term, list := range seg.words.All() {
			n := 0
			for chunk, counts := range list.All() {
				n++
				if s.docs[i][chunk] >= 0 {
					stored[term] = stored[term].with(seg.keys[chunk], counts)
				}
			}
			if n != list.Len() {
				return fmt.Errorf("term %q: %d postings of %d", term, n, list.Len())
			}
		}
	}
	for term, want := range found {
		if got := stored[term]; got != want {
			return fmt.Errorf("term %q: in %d chunks, in the postings of %d, or not as often", term, want.n, got.n)
		}
		delete(stored, term)
	}
	for term := range stored {
		return fmt.Errorf("term %q: in no chunk, but in the postings", term)
	}
	return nil
}
