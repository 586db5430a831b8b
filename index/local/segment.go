package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/bits"

	"biseo/index/local/codes"
	"biseo/index/local/postings"
)

// A segment is what a search reads of a run of chunks: their words and vectors.
// It never changes. Each document is stored with a segment of its own; a few small
// neighbours become a larger one, so that there are never many (see due). The
// chunks of a document that was removed stay in the segment, unseen, until it is
// merged.
type segment struct {
	id      int64 // never given twice
	keys    []int64
	ids     stringList
	words   *postings.Segment
	vectors codes.Matrix
}

const (
	mergeAt       = 8      // so many neighbours of a size become one
	segmentChunks = 16_384 // a segment of so many is merged no more
)

// insertSegment stores the segment of the chunks with these keys and IDs.
func insertSegment(ctx context.Context, tx *sql.Tx, keys []int64, ids []string, words, vectors []byte) error {
	if len(keys) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO segments(first, last, chunks, live, keys, ids, words, vectors) VALUES(?, ?, ?, ?, ?, ?, ?, ?)`,
		keys[0], keys[len(keys)-1], len(keys), len(keys), packKeys(keys), packStrings(ids), words, vectors)
	return err
}

// bury takes n chunks from the live ones of the segment that holds key.
func bury(ctx context.Context, tx *sql.Tx, key int64, n int) error {
	if n == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE segments SET live = live - ? WHERE first = (SELECT max(first) FROM segments WHERE first <= ?)`, n, key)
	return err
}

// A part is what is known of a stored segment without reading it.
type part struct {
	id           int64
	chunks, live int
}

// merge merges the segments that are due.
func merge(ctx context.Context, tx *sql.Tx, dim int) error {
	for {
		parts, err := collect(ctx, tx, func(rows *sql.Rows) (p part, err error) {
			return p, rows.Scan(&p.id, &p.chunks, &p.live)
		}, `SELECT id, chunks, live FROM segments ORDER BY first`)
		if err != nil {
			return err
		}
		from, to := due(parts)
		if from == to {
			return nil
		}
		if err := mergeParts(ctx, tx, parts[from:to], dim); err != nil {
			return err
		}
	}
}

// due returns which neighbours to merge next, none if from equals to: a segment of
// which half is dead, or the newest ones when mergeAt of them are of one size. The
// sizes are powers of eight, so a chunk is written anew once for each size.
func due(parts []part) (from, to int) {
	for i, p := range parts {
		if 2*p.live <= p.chunks {
			return i, i + 1
		}
	}
	size := func(live int) int { return bits.Len(uint(live)) / 3 }
	for s := range size(segmentChunks) {
		from, equal := len(parts), 0
		for from > 0 && size(parts[from-1].live) <= s {
			from--
			if size(parts[from].live) == s {
				equal++
			}
		}
		if equal >= mergeAt {
			return from, len(parts)
		}
	}
	return 0, 0
}

func mergeParts(ctx context.Context, tx *sql.Tx, parts []part, dim int) error {
	var segments []*segment
	var words []*postings.Segment
	var vectors []codes.Matrix
	live := map[int64]bool{}
	for _, p := range parts {
		s, err := loadSegment(ctx, tx, p.id, dim)
		if err != nil {
			return err
		}
		segments, words, vectors = append(segments, s), append(words, s.words), append(vectors, s.vectors)
		keys, err := collect(ctx, tx, scanValue[int64], `SELECT key FROM chunks WHERE key BETWEEN ? AND ?`, s.keys[0], s.keys[len(s.keys)-1])
		if err != nil {
			return err
		}
		for _, key := range keys {
			live[key] = true
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM segments WHERE id = ?`, p.id); err != nil {
			return err
		}
	}
	keep := func(segment, chunk int) bool { return live[segments[segment].keys[chunk]] }
	merged, err := postings.Merge(words, keep)
	if err != nil {
		return err
	}
	var keys []int64
	var ids []string
	for i, s := range segments {
		for chunk, key := range s.keys {
			if keep(i, chunk) {
				keys, ids = append(keys, key), append(ids, s.ids.at(chunk))
			}
		}
	}
	return insertSegment(ctx, tx, keys, ids, merged, codes.Merge(vectors, keep))
}

func loadSegment(ctx context.Context, tx *sql.Tx, id int64, dim int) (*segment, error) {
	s := &segment{id: id}
	var keys, ids, words, vectors []byte
	err := tx.QueryRowContext(ctx, `SELECT keys, ids, words, vectors FROM segments WHERE id = ?`, id).Scan(&keys, &ids, &words, &vectors)
	if err != nil {
		return nil, err
	}
	if s.keys, err = unpackKeys(keys); err == nil {
		s.ids, err = unpackStrings(ids, len(s.keys))
	}
	if err == nil {
		s.words, err = postings.Parse(words)
	}
	if err == nil && s.words.Len() != len(s.keys) {
		err = errors.New("words and keys differ")
	}
	if err == nil {
		s.vectors, err = codes.Parse(vectors, len(s.keys), dim)
	}
	if err != nil {
		return nil, fmt.Errorf("segment %d: %w: run biseo ingest --rebuild", id, err)
	}
	return s, nil
}
