package local

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"biseo/index"
)

// A snapshot is what a search must know of every chunk, as of one change of the
// database: enough to apply the Scope and to scan the vectors. It is never altered;
// a change makes a new snapshot that shares all entries but those changed.
type snapshot struct {
	change  int64 // the last change that it knows
	entries []*entry
	base    []int // number of chunks before each entry: the slot of its first chunk
	all     index.Collection
}

// An entry is one document of a snapshot.
type entry struct {
	doc     index.Doc
	first   int64 // key of its first chunk; those of the others follow
	n       int   // how many chunks it has
	lengths index.FieldCounts
	chunks  []chunkInfo
	dense   []int8    // the vectors of all its chunks, one after the other; nil if none has one
	scale   []float32 // what each vector is multiplied by; 0 for a chunk without vector
}

type chunkInfo struct {
	id     string
	from   time.Time
	until  time.Time
	length int // terms in the text
}

// loadSnapshot brings the snapshot of g to the state that tx sees.
func (g *generation) loadSnapshot(ctx context.Context, tx *sql.Tx) (*snapshot, error) {
	var change int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(n), 0) FROM changes`).Scan(&change); err != nil {
		return nil, err
	}
	old := g.snap
	if old != nil && old.change == change {
		return old, nil
	}
	var entries []*entry
	var err error
	if old == nil || change-old.change > keepChanges/2 {
		entries, err = loadEntries(ctx, tx, g.dim, ``)
	} else {
		entries, err = loadEntries(ctx, tx, g.dim, `WHERE id IN (SELECT doc FROM changes WHERE n > ?)`, old.change)
		if err == nil {
			entries, err = mergeEntries(ctx, tx, old, entries)
		}
	}
	if err != nil {
		return nil, err
	}
	g.snap = newSnapshot(change, entries)
	return g.snap, nil
}

func newSnapshot(change int64, entries []*entry) *snapshot {
	s := &snapshot{change: change, entries: entries, base: make([]int, len(entries))}
	for i, e := range entries {
		s.base[i] = s.all.Chunks
		s.all.Chunks += e.n
		for f, n := range e.lengths {
			s.all.Length[f] += n
		}
	}
	return s
}

// mergeEntries replaces those entries of old that changed since.
func mergeEntries(ctx context.Context, tx *sql.Tx, old *snapshot, changed []*entry) ([]*entry, error) {
	ids, err := collect(ctx, tx, scanString, `SELECT DISTINCT doc FROM changes WHERE n > ?`, old.change)
	if err != nil {
		return nil, err
	}
	gone := make(map[string]bool, len(ids))
	for _, id := range ids {
		gone[id] = true
	}
	entries := make([]*entry, 0, len(old.entries)+len(changed))
	for _, e := range old.entries {
		if !gone[e.doc.ID] {
			entries = append(entries, e)
		}
	}
	entries = append(entries, changed...)
	slices.SortFunc(entries, func(a, b *entry) int { return int(a.first - b.first) })
	return entries, nil
}

func scanString(rows *sql.Rows) (s string, err error) {
	err = rows.Scan(&s)
	return s, err
}

// loadEntries reads the documents that match where, in key order.
func loadEntries(ctx context.Context, tx *sql.Tx, dim int, where string, args ...any) ([]*entry, error) {
	entries, err := collect(ctx, tx, scanEntry,
		`SELECT doc, first, chunks, lengths FROM docs `+where+` ORDER BY first`, args...)
	if err != nil {
		return nil, err
	}
	// One pass over the chunks for all documents, one for each when they are few.
	if where == "" {
		err = fill(ctx, tx, dim, entries, 0, math.MaxInt64)
	} else {
		for i, e := range entries {
			err = cmp.Or(err, fill(ctx, tx, dim, entries[i:i+1], e.first, e.first+int64(e.n)))
		}
	}
	for _, e := range entries {
		if err == nil && len(e.chunks) != e.n {
			err = fmt.Errorf("document %s has %d chunks of %d: run biseo ingest --rebuild", e.doc.ID, len(e.chunks), e.n)
		}
	}
	return entries, err
}

func scanEntry(rows *sql.Rows) (*entry, error) {
	e := &entry{}
	var doc, lengths []byte
	if err := rows.Scan(&doc, &e.first, &e.n, &lengths); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(doc, &e.doc); err != nil {
		return nil, err
	}
	return e, json.Unmarshal(lengths, &e.lengths)
}

// holder returns the first entry from i on that ends after key: the one that
// holds it.
func holder(entries []*entry, i int, key int64) int {
	for i < len(entries) && key >= entries[i].first+int64(entries[i].n) {
		i++
	}
	return i
}

// fill reads the chunks with keys in [from, to) into entries, which are in key order.
func fill(ctx context.Context, tx *sql.Tx, dim int, entries []*entry, from, to int64) error {
	rows, err := tx.QueryContext(ctx, `SELECT key, id, from_day, until_day, length FROM chunks WHERE key >= ? AND key < ? ORDER BY key`, from, to)
	if err != nil {
		return err
	}
	defer rows.Close()
	i := 0
	for rows.Next() {
		var key int64
		var c chunkInfo
		var fromDay, untilDay *int64
		if err := rows.Scan(&key, &c.id, &fromDay, &untilDay, &c.length); err != nil {
			return err
		}
		c.from, c.until = timeOf(fromDay), timeOf(untilDay)
		if i = holder(entries, i, key); i == len(entries) {
			break
		}
		entries[i].chunks = append(entries[i].chunks, c)
	}
	if err := rows.Err(); err != nil || dim == 0 {
		return err
	}
	return fillVectors(ctx, tx, dim, entries, from, to)
}

func fillVectors(ctx context.Context, tx *sql.Tx, dim int, entries []*entry, from, to int64) error {
	rows, err := tx.QueryContext(ctx, `SELECT key, dense FROM vectors WHERE key >= ? AND key < ? ORDER BY key`, from, to)
	if err != nil {
		return err
	}
	defer rows.Close()
	i := 0
	var v []float32
	for rows.Next() {
		var key int64
		var b sql.RawBytes
		if err := rows.Scan(&key, &b); err != nil {
			return err
		}
		if v, err = unpackVector(v, b, dim); err != nil {
			return err
		}
		if i = holder(entries, i, key); i == len(entries) {
			break
		}
		e := entries[i]
		if e.dense == nil {
			e.dense, e.scale = make([]int8, e.n*dim), make([]float32, e.n)
		}
		at := int(key - e.first)
		e.scale[at] = quantise(e.dense[at*dim:(at+1)*dim], v)
	}
	return rows.Err()
}

// at returns the entry of a slot and the position of its chunk in it.
func (s *snapshot) at(slot int) (*entry, int) {
	i := sort.SearchInts(s.base, slot+1) - 1
	return s.entries[i], slot - s.base[i]
}

func (s *snapshot) key(slot int) int64 {
	e, i := s.at(slot)
	return e.first + int64(i)
}

func (s *snapshot) id(slot int) string {
	e, i := s.at(slot)
	return e.chunks[i].id
}

// allowed tells of each slot whether scope lets it be seen.
func (s *snapshot) allowed(scope index.Scope) []bool {
	mask := make([]bool, s.all.Chunks)
	for i, e := range s.entries {
		if !scope.AllowsDoc(e.doc) {
			continue
		}
		part := mask[s.base[i] : s.base[i]+e.n]
		for j, c := range e.chunks {
			part[j] = c.from.IsZero() && c.until.IsZero() ||
				scope.Allows(e.doc, index.Chunk{From: c.from, Until: c.until})
		}
	}
	return mask
}

// slots calls each with the slot of every key, which must ascend.
func (s *snapshot) slots(keys func(yield func(int64) bool), each func(slot int, length int)) {
	i := 0
	for key := range keys {
		if i = holder(s.entries, i, key); i == len(s.entries) {
			return
		}
		e := s.entries[i]
		if at := key - e.first; at >= 0 {
			each(s.base[i]+int(at), e.chunks[at].length)
		}
	}
}
