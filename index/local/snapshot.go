package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"time"

	"biseo/index"
	"biseo/index/local/postings"
)

// A snapshot is what a search must know of every chunk, as of one change of the
// database: enough to apply the Scope and to rank. It is never altered; a change
// makes a new snapshot that shares all entries and segments but those changed.
type snapshot struct {
	change   int64    // the last change that it knows
	entries  []*entry // in key order
	segments []*segment
	docs     [][]int32 // of each chunk of each segment: its entry, -1 if it is no longer there
	dead     []bool    // whether a segment has a chunk that is no longer there
	all      index.Collection
	norms    *postings.Norms
}

// An entry is one document of a snapshot.
type entry struct {
	doc     index.Doc
	first   int64 // key of its first chunk; those of the others follow
	n       int   // how many chunks it has
	lengths index.FieldCounts
	dates   [][2]time.Time // From and Until of each chunk; nil if none has its own
}

// loadSnapshot brings the snapshot of g to the state that tx sees.
func (g *generation) loadSnapshot(ctx context.Context, tx *sql.Tx, bm25 index.BM25) (*snapshot, error) {
	var change int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(n), 0) FROM changes`).Scan(&change); err != nil {
		return nil, err
	}
	old := g.snap
	if old != nil && old.change == change {
		return old, nil
	}
	if old == nil {
		old = &snapshot{}
	}
	s := &snapshot{change: change}
	var err error
	if old.change == 0 || change-old.change > keepChanges/2 {
		s.entries, err = loadEntries(ctx, tx, ``)
	} else {
		s.entries, err = loadEntries(ctx, tx, `WHERE id IN (SELECT doc FROM changes WHERE n > ?)`, old.change)
		if err == nil {
			s.entries, err = mergeEntries(ctx, tx, old, s.entries)
		}
	}
	if err == nil {
		s.segments, err = loadSegments(ctx, tx, g.dim, old.segments)
	}
	if err == nil {
		err = s.complete(bm25)
	}
	if err != nil {
		return nil, err
	}
	g.snap = s
	return s, nil
}

// mergeEntries replaces those entries of old that changed since.
func mergeEntries(ctx context.Context, tx *sql.Tx, old *snapshot, changed []*entry) ([]*entry, error) {
	ids, err := collect(ctx, tx, scanValue[string], `SELECT DISTINCT doc FROM changes WHERE n > ?`, old.change)
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

func scanValue[T any](rows *sql.Rows) (v T, err error) {
	err = rows.Scan(&v)
	return v, err
}

// loadEntries reads the documents that match where, in key order.
func loadEntries(ctx context.Context, tx querier, where string, args ...any) ([]*entry, error) {
	return collect(ctx, tx, func(rows *sql.Rows) (*entry, error) {
		e := &entry{}
		var doc, lengths, own []byte
		if err := rows.Scan(&doc, &e.first, &e.n, &lengths, &own); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(doc, &e.doc); err != nil {
			return nil, err
		}
		if own != nil {
			var d dates
			if err := json.Unmarshal(own, &d); err != nil {
				return nil, err
			}
			if len(d) != e.n {
				return nil, fmt.Errorf("document %s has dates for %d chunks of %d: run biseo ingest --rebuild", e.doc.ID, len(d), e.n)
			}
			for _, span := range d {
				e.dates = append(e.dates, [2]time.Time{timeOf(span[0]), timeOf(span[1])})
			}
		}
		return e, json.Unmarshal(lengths, &e.lengths)
	}, `SELECT doc, first, chunks, lengths, dates FROM docs `+where+` ORDER BY first`, args...)
}

// loadSegments reads the segments, but for those that are known.
func loadSegments(ctx context.Context, tx *sql.Tx, dim int, known []*segment) ([]*segment, error) {
	ids, err := collect(ctx, tx, scanValue[int64], `SELECT id FROM segments ORDER BY first`)
	if err != nil {
		return nil, err
	}
	old := make(map[int64]*segment, len(known))
	for _, s := range known {
		old[s.id] = s
	}
	segments := make([]*segment, len(ids))
	for i, id := range ids {
		if segments[i] = old[id]; segments[i] == nil {
			if segments[i], err = loadSegment(ctx, tx, id, dim); err != nil {
				return nil, err
			}
		}
	}
	return segments, nil
}

// complete computes what follows from the entries and segments.
func (s *snapshot) complete(bm25 index.BM25) error {
	for _, e := range s.entries {
		s.all.Chunks += e.n
		for f, n := range e.lengths {
			s.all.Length[f] += n
		}
	}
	s.docs, s.dead = make([][]int32, len(s.segments)), make([]bool, len(s.segments))
	var longest index.FieldCounts
	at, live := 0, 0
	for i, seg := range s.segments {
		s.docs[i] = make([]int32, len(seg.keys))
		for chunk, key := range seg.keys {
			for at < len(s.entries) && key >= s.entries[at].first+int64(s.entries[at].n) {
				at++
			}
			if at < len(s.entries) && key >= s.entries[at].first {
				s.docs[i][chunk] = int32(at)
				live++
			} else {
				s.docs[i][chunk] = -1
				s.dead[i] = true
			}
		}
		for f, n := range seg.words.Longest() {
			longest[f] = max(longest[f], n)
		}
	}
	if live != s.all.Chunks {
		return fmt.Errorf("%d chunks of %d are in the segments: run biseo ingest --rebuild", live, s.all.Chunks)
	}
	s.norms = postings.NewNorms(bm25, s.all, longest)
	return nil
}

// at returns the entry that holds a chunk with that key, nil if there is none, and
// the place of the chunk in it.
func (s *snapshot) at(key int64) (*entry, int) {
	i := sort.Search(len(s.entries), func(i int) bool { return s.entries[i].first > key }) - 1
	if i < 0 || key >= s.entries[i].first+int64(s.entries[i].n) {
		return nil, 0
	}
	return s.entries[i], int(key - s.entries[i].first)
}

// A sight says what of a document may be seen: all chunks, or those of chunks.
type sight struct {
	all    bool
	chunks []bool
}

// sights tells of each entry what allows lets be seen in a scope.
func (s *snapshot) sights(scope index.Scope, allows func(index.Scope, index.Doc, index.Chunk) bool) []sight {
	sights := make([]sight, len(s.entries))
	for i, e := range s.entries {
		if e.dates == nil {
			sights[i].all = allows(scope, e.doc, index.Chunk{})
			continue
		}
		sights[i].chunks = make([]bool, e.n)
		for j, d := range e.dates {
			sights[i].chunks[j] = allows(scope, e.doc, index.Chunk{From: d[0], Until: d[1]})
		}
	}
	return sights
}

// sees reports whether sights let a chunk be seen.
func (s *snapshot) sees(sights []sight, segment, chunk int) bool {
	at := s.docs[segment][chunk]
	if at < 0 {
		return false
	}
	if sights[at].chunks == nil {
		return sights[at].all
	}
	return sights[at].chunks[s.segments[segment].keys[chunk]-s.entries[at].first]
}
