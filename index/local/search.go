package local

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"

	"biseo/index"
	"biseo/korea/text"
)

// How words propose candidates. On 205,000 articles one OR over every bigram of a
// long question takes half a second. The heaviest terms find nearly the same best
// chunks, since all terms rank what they propose: on 46,000 articles and 81
// questions of 300 characters, 787 of the 810 chunks in the first ten were those
// of a search without limits (746 with the rarest terms). A small collection needs
// no pruning. A query that names an article does: its common terms would crowd out
// those that cite it.
const (
	smallCollection = 20_000 // chunks
	heaviestTerms   = 32
	besideArticle   = 8    // terms, where the query names an article that some chunk cites
	commonShare     = 0.05 // a term that more of the chunks hold is common
	wordCandidates  = 1000 // at least; three for each chunk that may be returned
)

// vectorCandidates is how many chunks the int8 scan proposes at least, also three
// for each that may be returned.
const vectorCandidates = 300

// Search ranks the chunks of q.Scope. Score is that of the fusion even when only
// words or only meaning rank: BM25 scores would tell something of documents
// outside the scope, whose terms count in the frequencies.
func (x *Index) Search(ctx context.Context, q index.Query) ([]index.Hit, error) {
	if q.On.IsZero() {
		return nil, index.ErrNoDate
	}
	var hits []index.Hit
	err := x.view(ctx, func(v *view) (err error) {
		hits, err = v.search(ctx, q)
		return err
	})
	return hits, err
}

// Passage returns a chunk and those of its neighbours that s allows. They have no
// Score and no ranks. A scope without a date is [index.ErrNoDate].
func (x *Index) Passage(ctx context.Context, s index.Scope, chunkID string, around int) ([]index.Hit, error) {
	if s.On.IsZero() {
		return nil, index.ErrNoDate
	}
	var hits []index.Hit
	err := x.view(ctx, func(v *view) (err error) {
		hits, err = v.passage(ctx, s, chunkID, around)
		return err
	})
	return hits, err
}

// A view is one state of the index, read in one transaction.
type view struct {
	*snapshot
	tx     *sql.Tx
	small  int // a collection of fewer chunks needs no pruning
	dim    int
	bm25   index.BM25
	fusion index.Fusion
}

func (x *Index) view(ctx context.Context, read func(*view) error) error {
	g, done, err := x.use(ctx)
	if err != nil {
		return err
	}
	defer done()
	if g.stale != nil {
		return g.stale
	}
	err = g.view(ctx, func(tx *sql.Tx, s *snapshot) error {
		return read(&view{snapshot: s, tx: tx, small: smallCollection, dim: g.dim, bm25: x.opt.BM25, fusion: x.opt.Fusion})
	})
	if ctx.Err() != nil && err != nil {
		return ctx.Err()
	}
	if errors.Is(err, index.ErrNotFound) {
		return index.ErrNotFound
	}
	return explain(filepath.Join(x.dir, g.name), err)
}

func (g *generation) view(ctx context.Context, read func(*sql.Tx, *snapshot) error) error {
	conn, err := g.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// The transaction begins to see the database at its first statement, which is
	// under the lock: the snapshot of a later one is never older.
	g.mu.Lock()
	s, err := g.loadSnapshot(ctx, tx)
	g.mu.Unlock()
	if err != nil {
		return err
	}
	return read(tx, s)
}

func (v *view) search(ctx context.Context, q index.Query) ([]index.Hit, error) {
	if len(q.Dense) > 0 {
		if err := checkVector(q.Dense, v.dim); err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 10
	}
	depth := min(max(limit, v.fusion.Depth), v.all.Chunks)
	if depth == 0 {
		return nil, nil
	}
	allowed := v.allowed(q.Scope)
	words, err := v.words(ctx, q.Text, allowed, depth)
	if err != nil {
		return nil, err
	}
	meaning, err := v.meaning(ctx, q.Dense, allowed, depth)
	if err != nil {
		return nil, err
	}
	slots := map[string]int{}
	ranking := func(weight float64, best []scored) index.Ranking {
		r := index.Ranking{Weight: weight}
		for _, b := range best {
			slots[b.id] = b.slot
			r.IDs = append(r.IDs, b.id)
		}
		return r
	}
	fused := index.Fuse(v.fusion.K, ranking(v.fusion.Words, words), ranking(v.fusion.Meaning, meaning))
	read, err := v.tx.PrepareContext(ctx, hitQuery)
	if err != nil {
		return nil, err
	}
	defer read.Close()
	var hits []index.Hit
	for _, f := range fused {
		h, err := v.hit(ctx, read, slots[f.ID])
		if err != nil {
			return nil, err
		}
		if !q.Allows(h.Doc, h.Chunk) { // a second time, on what is stored
			continue
		}
		h.Score, h.Words, h.Meaning = f.Score, f.Ranks[0], f.Ranks[1]
		if hits = append(hits, h); len(hits) == limit {
			break
		}
	}
	return hits, nil
}

// scored is a chunk in a ranking.
type scored struct {
	slot  int
	score float64
	id    string
}

func compareScored(a, b scored) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.id, b.id))
}

// best returns the n best slots, best first, equal scores in ID order.
func (v *view) best(all []scored, n int) []scored {
	if len(all) > n {
		least := nthBest(all, n)
		all = slices.DeleteFunc(all, func(s scored) bool { return s.score < least })
	}
	for i, s := range all {
		all[i].id = v.id(s.slot)
	}
	slices.SortFunc(all, compareScored)
	return all[:min(n, len(all))]
}

// nthBest returns the n-th best score of all, which are more than n.
func nthBest(all []scored, n int) float64 {
	top := make([]float64, 0, 2*n) // cut to the n best whenever it is full
	least := math.Inf(-1)
	for i, s := range all {
		if s.score > least || len(top) < n {
			top = append(top, s.score)
		}
		if len(top) == cap(top) || i == len(all)-1 {
			slices.Sort(top)
			top = top[:copy(top, top[len(top)-n:])]
			least = top[0]
		}
	}
	return least
}

// A queryTerm is a term that the index holds.
type queryTerm struct {
	term   string
	df     int
	weight float64
}

// queryTerms returns the distinct terms of s that some chunk holds, heaviest first.
func (v *view) queryTerms(ctx context.Context, s string) ([]queryTerm, error) {
	terms := text.QueryTerms(s)
	slices.Sort(terms)
	terms = slices.Compact(terms)
	if len(terms) == 0 {
		return nil, nil
	}
	found, err := collect(ctx, v.tx, func(rows *sql.Rows) (t queryTerm, err error) {
		err = rows.Scan(&t.term, &t.df)
		t.weight = v.bm25.Weight(v.all, t.term, t.df)
		return t, err
	}, `SELECT term, df FROM terms WHERE term IN (SELECT value FROM json_each(?))`, encode(terms))
	found = slices.DeleteFunc(found, func(t queryTerm) bool { return t.weight <= 0 })
	slices.SortFunc(found, func(a, b queryTerm) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.term, b.term))
	})
	return found, err
}

// words returns the depth allowed chunks that rank best by words.
func (v *view) words(ctx context.Context, query string, allowed []bool, depth int) ([]scored, error) {
	terms, err := v.queryTerms(ctx, query)
	if err != nil || len(terms) == 0 {
		return nil, err
	}
	candidates, err := v.propose(ctx, terms, allowed, depth)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(terms, func(a, b queryTerm) int { return cmp.Compare(a.term, b.term) }) // as stored
	var matches []index.Match
	err = v.rescore(ctx, `SELECT key, terms FROM bodies`, candidates, func(b []byte) (float64, error) {
		matches = matches[:0]
		rest := terms
		length, err := unpackTerms(b, func(term []byte, counts index.FieldCounts) {
			for len(rest) > 0 && rest[0].term < string(term) {
				rest = rest[1:]
			}
			if len(rest) > 0 && rest[0].term == string(term) {
				matches = append(matches, index.Match{Weight: rest[0].weight, Counts: counts})
			}
		})
		return v.bm25.Score(v.all, length, matches), err
	})
	return v.best(candidates, depth), err
}

// rescore gives each candidate its exact score, from the blob that query selects
// with its key.
func (v *view) rescore(ctx context.Context, query string, candidates []scored, score func([]byte) (float64, error)) error {
	slices.SortFunc(candidates, func(a, b scored) int { return a.slot - b.slot }) // which is key order
	keys := make([]int64, len(candidates))
	for i, c := range candidates {
		keys[i] = v.key(c.slot)
	}
	rows, err := v.tx.QueryContext(ctx, query+` WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key`, encode(keys))
	if err != nil {
		return err
	}
	defer rows.Close()
	i := 0
	for ; rows.Next() && i < len(keys); i++ {
		var key int64
		var b sql.RawBytes
		if err := rows.Scan(&key, &b); err != nil {
			return err
		}
		if key != keys[i] {
			break
		}
		if candidates[i].score, err = score(b); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil || i == len(keys) {
		return err
	}
	return fmt.Errorf("chunk %s is not whole: run biseo ingest --rebuild", candidates[i].id)
}

// propose returns allowed chunks that may rank among the depth best by words. It
// scores them by BM25 as if each term stood once in their text.
func (v *view) propose(ctx context.Context, terms []queryTerm, allowed []bool, depth int) ([]scored, error) {
	postings, err := v.tx.PrepareContext(ctx, `SELECT group_concat(rowid) FROM words WHERE words MATCH ?`)
	if err != nil {
		return nil, err
	}
	defer postings.Close()
	const textField = len(index.FieldCounts{}) - 1
	average := float64(max(1, v.all.Length[textField])) / float64(v.all.Chunks)
	scores := make([]float64, len(allowed))
	found := 0
	places, prune := heaviestTerms, v.all.Chunks >= v.small
	if n := articles(terms); n > 0 {
		places, prune = n+besideArticle, true
	}
	for i, t := range terms {
		common := i >= places || float64(t.df) > commonShare*float64(v.all.Chunks)
		if common && prune && found >= depth {
			continue
		}
		var keys sql.RawBytes
		if err := scanRaw(ctx, postings, &keys, phrase(t.term), func() {
			v.slots(parseKeys(keys), func(slot, length int) {
				if !allowed[slot] {
					return
				}
				if scores[slot] == 0 {
					found++
				}
				norm := 1 - v.bm25.B + v.bm25.B*float64(length)/average
				scores[slot] += t.weight * (v.bm25.K1 + 1) / (1 + v.bm25.K1*norm)
			})
		}); err != nil {
			return nil, err
		}
	}
	candidates := make([]scored, 0, found)
	for slot, score := range scores {
		if score > 0 {
			candidates = append(candidates, scored{slot: slot, score: score})
		}
	}
	return v.best(candidates, max(wordCandidates, 3*depth)), nil
}

// articles counts the terms that name an article of a law.
func articles(terms []queryTerm) (n int) {
	for _, t := range terms {
		if text.IsArticle(t.term) {
			n++
		}
	}
	return n
}

// scanRaw runs a query of one row and one column, and calls use while b is valid.
func scanRaw(ctx context.Context, stmt *sql.Stmt, b *sql.RawBytes, arg string, use func()) error {
	rows, err := stmt.QueryContext(ctx, arg)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(b); err != nil {
			return err
		}
		use()
	}
	return rows.Err()
}

// parseKeys reads numbers separated by commas.
func parseKeys(b []byte) func(yield func(int64) bool) {
	return func(yield func(int64) bool) {
		var key int64
		for i, c := range b {
			if c != ',' {
				key = key*10 + int64(c-'0')
			}
			if c == ',' || i == len(b)-1 {
				if !yield(key) {
					return
				}
				key = 0
			}
		}
	}
}

func (v *view) passage(ctx context.Context, s index.Scope, chunkID string, around int) ([]index.Hit, error) {
	var key int64
	if err := v.tx.QueryRowContext(ctx, `SELECT key FROM chunks WHERE id = ?`, chunkID).Scan(&key); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			err = index.ErrNotFound
		}
		return nil, err
	}
	slot := -1
	v.slots(parseKeys(strconv.AppendInt(nil, key, 10)), func(at, _ int) { slot = at })
	if slot < 0 {
		return nil, index.ErrNotFound
	}
	e, at := v.at(slot)
	around = min(max(0, around), math.MaxInt32)
	read, err := v.tx.PrepareContext(ctx, hitQuery)
	if err != nil {
		return nil, err
	}
	defer read.Close()
	var hits []index.Hit
	for i := max(0, at-around); i < min(e.n, at+around+1); i++ {
		h, err := v.hit(ctx, read, slot-at+i)
		if err != nil {
			return nil, err
		}
		switch {
		case s.Allows(h.Doc, h.Chunk):
			hits = append(hits, h)
		case i == at:
			return nil, index.ErrNotFound
		}
	}
	return hits, nil
}

const hitQuery = `SELECT d.doc, c.id, c.from_day, c.until_day, b.path, b.cite, b.text, b.start, b.page
	FROM chunks c JOIN bodies b ON b.key = c.key JOIN docs d ON d.id = ? WHERE c.key = ?`

// hit reads a chunk and its document from the database by hitQuery.
func (v *view) hit(ctx context.Context, read *sql.Stmt, slot int) (h index.Hit, err error) {
	e, i := v.at(slot)
	var doc, path []byte
	var from, until *int64
	c := &h.Chunk
	c.DocID = e.doc.ID
	err = read.QueryRowContext(ctx, e.doc.ID, e.first+int64(i)).
		Scan(&doc, &c.ID, &from, &until, &path, &c.Cite, &c.Text, &c.Start, &c.Page)
	c.From, c.Until = timeOf(from), timeOf(until)
	if err == nil {
		err = errors.Join(json.Unmarshal(doc, &h.Doc), json.Unmarshal(path, &c.Path))
	}
	return h, err
}
