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
	"runtime"
	"slices"
	"sync"

	"biseo/index"
	"biseo/index/local/codes"
	"biseo/index/local/postings"
)

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
	x   *Index
	tx  *sql.Tx
	dim int
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
	err = g.view(ctx, x.opt.BM25, func(tx *sql.Tx, s *snapshot) error {
		return read(&view{s, x, tx, g.dim})
	})
	if ctx.Err() != nil && err != nil {
		return ctx.Err()
	}
	if errors.Is(err, index.ErrNotFound) {
		return index.ErrNotFound
	}
	return explain(filepath.Join(x.dir, g.name), err)
}

func (g *generation) view(ctx context.Context, bm25 index.BM25, read func(*sql.Tx, *snapshot) error) error {
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
	s, err := g.loadSnapshot(ctx, tx, bm25)
	g.mu.Unlock()
	if err != nil {
		return err
	}
	return read(tx, s)
}

func (v *view) search(ctx context.Context, q index.Query) ([]index.Hit, error) {
	if len(q.Dense) > 0 {
		if err := index.CheckVector(q.Dense, v.dim); err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 10
	}
	fusion := v.x.opt.Fusion.For(q.Text)
	depth := min(max(limit, fusion.Depth), v.all.Chunks)
	if depth == 0 {
		return nil, nil
	}
	words, meaning, err := v.rank(ctx, q, depth)
	if err != nil {
		return nil, err
	}
	keys := map[string]int64{}
	ranking := func(best []scored) (r index.Ranking) {
		for _, b := range best {
			keys[b.id] = b.key
			r.IDs, r.Scores = append(r.IDs, b.id), append(r.Scores, b.score)
		}
		return r
	}
	fused := fusion.Fuse(ranking(words), ranking(meaning))
	best := fused[:min(len(fused), index.VerbatimDepth(q.Text))]
	texts, err := v.texts(ctx, best, keys)
	if err != nil {
		return nil, err
	}
	index.Verbatim(q.Text, best, func(id string) string { return texts[id] })
	read, err := v.tx.PrepareContext(ctx, hitQuery)
	if err != nil {
		return nil, err
	}
	defer read.Close()
	var hits []index.Hit
	for _, f := range fused {
		h, err := v.hit(ctx, read, keys[f.ID])
		if err != nil {
			return nil, err
		}
		if !v.x.after(q.Scope, h.Doc, h.Chunk) { // a second time, on what is stored
			continue
		}
		h.Score, h.Words, h.Meaning = f.Score, f.Ranks[0], f.Ranks[1]
		if hits = append(hits, h); len(hits) == limit {
			break
		}
	}
	return hits, nil
}

// rank returns the depth best chunks by words and by meaning, of those that the
// scope lets be seen. Words are ranked while the vectors of the nearest are read: on real
// and made vectors more than .99 of the nearest ten are among 300 by their codes.
func (v *view) rank(ctx context.Context, q index.Query, depth int) (words, meaning []scored, err error) {
	sights := v.sights(q.Scope, v.x.before)
	var reading sync.WaitGroup
	var unread error
	query := codes.NewQuery(q.Dense)
	if query != nil {
		near := v.best(ctx, depth+index.SpareByMeaning, sights, func(segment int, see func(int) bool, best *best) {
			v.segments[segment].rankVectors(query, see, best)
		})
		reading.Go(func() {
			if meaning, unread = v.rescore(ctx, near, q.Dense); unread == nil && len(meaning) < len(near) {
				unread = errors.New("vectors are missing: run biseo ingest --rebuild")
			}
		})
	}
	terms, err := v.queryTerms(q.Text, sights)
	if err == nil && len(terms) > 0 {
		words = v.best(ctx, depth, sights, func(segment int, see func(int) bool, best *best) {
			v.segments[segment].rankWords(segment, terms, v.norms, see, best)
		})
	}
	reading.Wait()
	err = cmp.Or(ctx.Err(), err, unread)
	if err == nil && query != nil {
		known := map[int64]bool{}
		for _, s := range meaning {
			known[s.key] = true
		}
		also := slices.DeleteFunc(slices.Clone(words[:min(len(words), index.AlsoByMeaning)]), func(s scored) bool { return known[s.key] })
		also, err = v.rescore(ctx, also, q.Dense)
		meaning = append(meaning, also...)
	}
	slices.SortFunc(meaning, compareScored)
	return words, meaning[:min(depth, len(meaning))], err
}

// best returns the n best of what rank adds for each segment, on all processors.
func (v *view) best(ctx context.Context, n int, sights []sight, rank func(segment int, see func(chunk int) bool, best *best)) []scored {
	found := make([]*best, runtime.GOMAXPROCS(0))
	for worker := range found {
		found[worker] = newBest(n)
	}
	parallel(len(v.segments), func(worker, i int) {
		if ctx.Err() == nil {
			rank(i, func(chunk int) bool { return v.sees(sights, i, chunk) }, found[worker])
		}
	})
	for _, more := range found[1:] {
		found[0].add(more.found...)
	}
	return found[0].ranked()
}

// A queryTerm is a term of the query, with its list in each segment.
type queryTerm struct {
	weight float64
	lists  []postings.List
}

// queryTerms returns the distinct terms to rank by that some chunk holds, the
// weightiest first.
func (v *view) queryTerms(s string, sights []sight) ([]queryTerm, error) {
	words, err := index.SearchTerms(s, func(terms []string) (map[string]bool, error) {
		seen := map[string]bool{}
		for _, t := range terms {
			seen[t] = v.seen(t, sights)
		}
		return seen, nil
	})
	if err != nil {
		return nil, err
	}
	kind := index.QueryKindOf(s)
	terms := make([]queryTerm, len(words))
	parallel(len(words), func(_, i int) {
		lists := make([]postings.List, len(v.segments))
		df := 0
		for j, seg := range v.segments {
			lists[j] = seg.words.Find(words[i])
			df += v.live(j, lists[j])
		}
		if df > 0 {
			terms[i] = queryTerm{v.x.opt.BM25.Weight(v.all, kind, words[i], df), lists}
		}
	})
	terms = slices.DeleteFunc(terms, func(t queryTerm) bool { return t.weight <= 0 })
	slices.SortStableFunc(terms, func(a, b queryTerm) int { return cmp.Compare(b.weight, a.weight) })
	return terms, nil
}

// seen reports whether a chunk that may be seen holds the term.
func (v *view) seen(term string, sights []sight) bool {
	for i, seg := range v.segments {
		for chunk := range seg.words.Find(term).All() {
			if v.sees(sights, i, chunk) {
				return true
			}
		}
	}
	return false
}

// live counts the chunks of a list that are still there.
func (v *view) live(segment int, l postings.List) int {
	if !v.dead[segment] {
		return l.Len()
	}
	n := 0
	for chunk := range l.All() {
		if v.docs[segment][chunk] >= 0 {
			n++
		}
	}
	return n
}

// rankWords adds to best the chunks that hold a term and that see lets be seen. Of
// frequent terms, which come last and weigh little, most chunks need no score: they
// cannot be among the best any more (MaxScore: Turtle and Flood, "Query Evaluation:
// Strategies and Optimizations", 1995). The best are those of BM25 over all.
func (s *segment) rankWords(at int, terms []queryTerm, norms *postings.Norms, see func(chunk int) bool, best *best) {
	best.cut()
	var more float64 // that a chunk can still get
	for _, t := range terms {
		more += norms.Most(t.weight)
	}
	scores := make([]float64, len(s.keys))
	for _, t := range terms {
		t.lists[at].AddTo(scores, best.least-more, t.weight, norms)
		more -= norms.Most(t.weight)
	}
	for chunk, score := range scores {
		if score > 0 && score >= best.least && see(chunk) {
			best.add(scored{s.keys[chunk], score, s.ids.at(chunk)})
		}
	}
}

// rankVectors adds to best the chunks that see lets be seen, by the nearness of
// their vectors to the query.
func (s *segment) rankVectors(query *codes.Query, see func(chunk int) bool, best *best) {
	s.vectors.Rank(query, see, func(chunk int, near float64) float64 {
		best.add(scored{s.keys[chunk], near, s.ids.at(chunk)})
		return best.least
	})
}

// rescore returns those of found that have vectors, by key, with the nearness of the
// nearest of their sentences, or else of their own vector, as a score.
func (v *view) rescore(ctx context.Context, found []scored, query []float32) ([]scored, error) {
	if len(found) == 0 {
		return nil, nil
	}
	ids := make(map[int64]string, len(found))
	keys := make([]int64, len(found))
	for i, s := range found {
		keys[i], ids[s.key] = s.key, s.id
	}
	rows, err := v.tx.QueryContext(ctx, `SELECT key, dense, sentences FROM vectors WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key`, encode(keys))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ranked []scored
	var dense []float32
	for rows.Next() {
		var s scored
		var whole, parts sql.RawBytes
		if err := rows.Scan(&s.key, &whole, &parts); err != nil {
			return nil, err
		}
		if len(parts) > 0 {
			s.score, err = nearest(query, parts)
		} else if dense, err = unpackVector(dense, whole, len(query)); err == nil {
			s.score = dot(query, dense)
		}
		if err != nil {
			return nil, err
		}
		s.id = ids[s.key]
		ranked = append(ranked, s)
	}
	return ranked, rows.Err()
}

func (v *view) passage(ctx context.Context, s index.Scope, chunkID string, around int) ([]index.Hit, error) {
	var key int64
	if err := v.tx.QueryRowContext(ctx, `SELECT key FROM chunks WHERE id = ?`, chunkID).Scan(&key); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			err = index.ErrNotFound
		}
		return nil, err
	}
	e, at := v.at(key)
	if e == nil {
		return nil, index.ErrNotFound
	}
	around = min(max(0, around), math.MaxInt32)
	read, err := v.tx.PrepareContext(ctx, hitQuery)
	if err != nil {
		return nil, err
	}
	defer read.Close()
	var hits []index.Hit
	for i := max(0, at-around); i < min(e.n, at+around+1); i++ {
		h, err := v.hit(ctx, read, e.first+int64(i))
		if err != nil {
			return nil, err
		}
		switch {
		case v.x.after(s, h.Doc, h.Chunk):
			hits = append(hits, h)
		case i == at:
			return nil, index.ErrNotFound
		}
	}
	return hits, nil
}

// texts returns the texts of chunks by their IDs.
func (v *view) texts(ctx context.Context, chunks []index.Fused, keys map[string]int64) (map[string]string, error) {
	wanted := make([]int64, len(chunks))
	for i, c := range chunks {
		wanted[i] = keys[c.ID]
	}
	rows, err := v.tx.QueryContext(ctx, `SELECT id, text FROM chunks WHERE key IN (SELECT value FROM json_each(?))`, encode(wanted))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	texts := make(map[string]string, len(chunks))
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			return nil, err
		}
		texts[id] = text
	}
	return texts, rows.Err()
}

const hitQuery = `SELECT ` + chunkColumns + `, d.doc FROM chunks c JOIN docs d ON d.id = ? WHERE c.key = ?`

// hit reads a chunk and its document from the database by hitQuery.
func (v *view) hit(ctx context.Context, read *sql.Stmt, key int64) (h index.Hit, err error) {
	e, _ := v.at(key)
	if e == nil {
		return h, index.ErrNotFound
	}
	var doc []byte
	if err = scanChunk(read.QueryRowContext(ctx, e.doc.ID, key), &h.Chunk, &doc); err == nil {
		err = json.Unmarshal(doc, &h.Doc)
	}
	h.Chunk.DocID = e.doc.ID
	return h, err
}
