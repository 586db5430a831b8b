package qdrant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/qdrant/go-client/qdrant"

	"biseo/index"
	"biseo/korea/text"
)

const (
	// proposals is how many chunks the engine proposes by words at least, also three
	// for each that may be returned. Exact BM25 ranks them.
	proposals = 200
	// proposingTerms is how many terms of the query propose, the heaviest.
	proposingTerms = 64
	// maxLimit is the most hits of one search.
	maxLimit = 10_000
	// tries bounds how often a search begins again because a document that it found
	// was replaced meanwhile.
	tries = 50
)

// errChanged reports that a document was replaced while it was being read.
var errChanged = errors.New("documents change too fast to be read, try again")

// Search ranks the chunks of q.Scope. Score is that of the fusion even when only
// words or only meaning rank: BM25 scores would tell something of documents
// outside the scope, whose terms count in the frequencies. It returns 10,000 hits
// at most.
func (x *Index) Search(ctx context.Context, q index.Query) ([]index.Hit, error) {
	if q.On.IsZero() {
		return nil, index.ErrNoDate
	}
	hits, err := retry(ctx, x, func() ([]index.Hit, error) { return x.search(ctx, q) })
	return hits, x.explain(ctx, err)
}

// Passage returns a chunk and those of its neighbours that s allows. They have no
// Score and no ranks. A scope without a date is [index.ErrNoDate].
func (x *Index) Passage(ctx context.Context, s index.Scope, chunkID string, around int) ([]index.Hit, error) {
	if s.On.IsZero() {
		return nil, index.ErrNoDate
	}
	hits, err := retry(ctx, x, func() ([]index.Hit, error) { return x.passage(ctx, s, chunkID, around) })
	if errors.Is(err, index.ErrNotFound) {
		return nil, index.ErrNotFound
	}
	return hits, x.explain(ctx, err)
}

// retry reads until nothing changed meanwhile, and once more when the generation
// that was read is no longer the live one.
func retry(ctx context.Context, x *Index, read func() ([]index.Hit, error)) (hits []index.Hit, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	again := false
	for range tries {
		if _, err := x.fit(); err != nil {
			return nil, err
		}
		hits, err = read()
		switch {
		case errors.Is(err, errChanged):
			continue
		case err == nil, again, ctx.Err() != nil, errors.Is(err, index.ErrNotFound):
			return hits, err
		}
		again = true
		if x.identify(ctx) != nil {
			return nil, err
		}
	}
	return nil, err
}

// A candidate is a chunk in a ranking.
type candidate struct {
	id       string // of the chunk
	doc      string
	revision int64
	point    *qdrant.PointId
	score    float64
}

func readCandidate(p *qdrant.ScoredPoint) candidate {
	f := p.GetPayload()
	return candidate{f["id"].GetStringValue(), f["doc"].GetStringValue(), f["revision"].GetIntegerValue(), p.GetId(), float64(p.GetScore())}
}

func (x *Index) search(ctx context.Context, q index.Query) ([]index.Hit, error) {
	dim, err := x.fit()
	if err != nil {
		return nil, err
	}
	if len(q.Dense) > 0 {
		if err := checkVector(q.Dense, dim); err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
	}
	terms := text.QueryTerms(q.Text)
	slices.Sort(terms)
	terms = slices.Compact(terms)
	if len(terms) > 0 && x.freq.empty() {
		if err := x.load(ctx); err != nil {
			return nil, err
		}
	}
	if q.Limit <= 0 {
		q.Limit = 10
	}
	q.Limit = min(q.Limit, maxLimit)
	for depth := max(q.Limit, x.opt.Fusion.For(q.Text).Depth); ; depth *= 4 {
		hits, more, err := x.searchDeep(ctx, q, terms, depth)
		if err != nil || !more || depth > maxLimit {
			return hits, err
		}
	}
}

// searchDeep searches with rankings of depth chunks. It reports whether deeper
// rankings may give more hits: where the second check refused some.
func (x *Index) searchDeep(ctx context.Context, q index.Query, terms []string, depth int) (hits []index.Hit, more bool, err error) {
	head := x.head.Load()
	byWords, byMeaning, err := x.rank(ctx, q, terms, depth)
	if err != nil {
		return nil, false, err
	}
	full := len(byWords) >= depth || len(byMeaning) >= depth
	likely := x.fuse(q, byWords, byMeaning)
	docs, bodies, err := x.fetch(ctx, slices.Concat(byWords, byMeaning), likely[:min(len(likely), q.Limit)])
	if err != nil {
		return nil, false, err
	}
	for _, s := range docs {
		if s.commit > head { // it came after the question was asked: the chunks may be some of two revisions
			x.know(s.commit)
			err = errChanged
		}
	}
	if err != nil {
		return nil, false, err
	}
	refused := false
	current := func(c candidate) bool {
		s := docs[c.doc]
		ok := s != nil && s.revision == c.revision && (x.unchecked || q.AllowsDoc(s.doc))
		refused = refused || !ok
		return ok
	}
	ranked := x.fuse(q, keep(byWords, current), keep(byMeaning, current))
	for len(ranked) > 0 && len(hits) < q.Limit {
		page := ranked[:min(len(ranked), q.Limit-len(hits))]
		ranked = ranked[len(page):]
		if err := x.fetchMissing(ctx, page, bodies); err != nil {
			return nil, false, err
		}
		for _, r := range page {
			c, err := decodeChunk(r.ID, r.doc, bodies[r.point.GetUuid()])
			if err != nil {
				return nil, false, errChanged // it has gone since
			}
			if d := docs[r.doc].doc; x.unchecked || q.Allows(d, c) { // a second time, on what is stored
				hits = append(hits, index.Hit{Chunk: c, Doc: d, Score: r.Score, Words: r.Ranks[0], Meaning: r.Ranks[1]})
			} else {
				refused = true
			}
		}
	}
	if len(hits) == 0 && x.head.Load() != head {
		return nil, false, errChanged
	}
	return hits, refused && full && len(hits) < q.Limit, nil
}

func keep(all []candidate, ok func(candidate) bool) []candidate {
	var kept []candidate
	for _, c := range all {
		if ok(c) {
			kept = append(kept, c)
		}
	}
	return kept
}

// fused is a chunk of the fusion and where it is stored.
type fused struct {
	index.Fused
	candidate
}

func (x *Index) fuse(q index.Query, byWords, byMeaning []candidate) []fused {
	at := map[string]candidate{}
	ranking := func(all []candidate) (r index.Ranking) {
		for _, c := range all {
			at[c.id] = c
			r.IDs, r.Scores = append(r.IDs, c.id), append(r.Scores, c.score)
		}
		return r
	}
	var all []fused
	for _, r := range x.opt.Fusion.For(q.Text).Fuse(ranking(byWords), ranking(byMeaning)) {
		all = append(all, fused{r, at[r.ID]})
	}
	return all
}

// fetch reads the documents of candidates, by ID, and the bodies of the chunks that
// are likely to be returned, by point, in one request.
func (x *Index) fetch(ctx context.Context, all []candidate, likely []fused) (docs map[string]*stored, bodies map[string]string, err error) {
	var ids []*qdrant.PointId
	docs, bodies = map[string]*stored{}, map[string]string{}
	for _, c := range all {
		if _, ok := docs[c.doc]; !ok {
			docs[c.doc] = nil
			ids = append(ids, docID(c.doc))
		}
	}
	for _, r := range likely {
		ids = append(ids, r.point)
	}
	points, err := x.get(ctx, x.name, ids, false, "type", "json", "commit", "revision", "chunks", "body")
	clear(docs)
	for _, p := range points {
		f := p.GetPayload()
		if f["type"].GetStringValue() == "" {
			bodies[p.GetId().GetUuid()] = f["body"].GetStringValue()
			continue
		}
		s, again := readStored(f)
		err = errors.Join(err, again)
		docs[s.doc.ID] = s
	}
	return docs, bodies, err
}

// fetchMissing reads the bodies of chunks that proved better than was likely.
func (x *Index) fetchMissing(ctx context.Context, page []fused, bodies map[string]string) error {
	var missing []fused
	for _, r := range page {
		if _, ok := bodies[r.point.GetUuid()]; !ok {
			missing = append(missing, r)
		}
	}
	_, more, err := x.fetch(ctx, nil, missing)
	maps.Copy(bodies, more)
	return err
}

// rank asks the engine, in one request, for the chunks of q.Scope that words and
// meaning propose and for the changes since the last search, and returns the
// depth best by each.
func (x *Index) rank(ctx context.Context, q index.Query, terms []string, depth int) (byWords, byMeaning []candidate, err error) {
	filter := &qdrant.Filter{Must: conditions(q.Scope)}
	if x.unfiltered {
		filter = nil
	}
	var batch []*qdrant.QueryPoints
	wordsAt, meaningAt, changesAt := -1, -1, -1
	upto := int64(0)
	if len(terms) > 0 {
		hashes, weights, known := x.freq.proposing(x.opt.BM25, terms)
		upto = known
		if len(hashes) > 0 {
			wordsAt = len(batch)
			batch = append(batch, &qdrant.QueryPoints{CollectionName: x.name, Using: qdrant.PtrOf(words),
				Query: qdrant.NewQuerySparse(hashes, weights), Filter: filter, Limit: qdrant.PtrOf(uint64(max(proposals, 3*depth))),
				WithPayload: qdrant.NewWithPayloadInclude("id", "doc", "revision", "terms")})
		}
		changesAt = len(batch)
		since, order := changesAfter(upto)
		batch = append(batch, &qdrant.QueryPoints{CollectionName: x.name, Query: qdrant.NewQueryOrderBy(order), Filter: since,
			Limit: qdrant.PtrOf(uint64(manyChanges)), WithPayload: qdrant.NewWithPayload(true)})
	}
	if len(q.Dense) > 0 {
		meaningAt = len(batch)
		batch = append(batch, &qdrant.QueryPoints{CollectionName: x.name, Using: qdrant.PtrOf(dense),
			Query: qdrant.NewQueryDense(q.Dense), Filter: filter, Limit: qdrant.PtrOf(uint64(depth)),
			Params: &qdrant.SearchParams{HnswEf: qdrant.PtrOf(uint64(max(256, 2*depth))),
				Quantization: &qdrant.QuantizationSearchParams{Rescore: qdrant.PtrOf(true), Oversampling: qdrant.PtrOf(2.0)}},
			WithPayload: qdrant.NewWithPayloadInclude("id", "doc", "revision")})
	}
	if len(batch) == 0 {
		return nil, nil, nil
	}
	results, err := x.client.QueryBatch(ctx, &qdrant.QueryBatchPoints{CollectionName: x.name, QueryPoints: batch})
	if err == nil && len(results) != len(batch) {
		err = errors.New("the server did not answer all questions")
	}
	if err != nil {
		return nil, nil, err
	}
	if changesAt >= 0 {
		var changes []change
		for _, p := range results[changesAt].GetResult() {
			changes = append(changes, readChange(p.GetPayload()))
		}
		whole, err := x.freq.follow(changes)
		if err != nil {
			return nil, nil, err
		}
		if !whole {
			if err := x.load(ctx); err != nil {
				return nil, nil, err
			}
		}
		if wordsAt < 0 && len(changes) > 0 {
			return nil, nil, errChanged // the terms may be known now
		}
	}
	if wordsAt >= 0 {
		if byWords, err = x.freq.rank(x.opt.BM25, terms, results[wordsAt].GetResult()); err != nil {
			return nil, nil, err
		}
	}
	if meaningAt >= 0 {
		for _, p := range results[meaningAt].GetResult() {
			byMeaning = append(byMeaning, readCandidate(p))
		}
		slices.SortFunc(byMeaning, compareCandidates)
	}
	return byWords[:min(len(byWords), depth)], byMeaning, nil
}

func compareCandidates(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.id, b.id))
}

// conditions are s as a filter. What is not UTF-8 is stored nowhere.
func conditions(s index.Scope) []*qdrant.Condition {
	valid := func(all []string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(v string) bool { return !utf8.ValidString(v) })
	}
	grade, day := float64(max(s.Grade, index.Open)), float64(dayOf(s.On))
	must := []*qdrant.Condition{
		qdrant.NewMatchKeywords("readers", append(valid(s.Readers), index.Public)...),
		qdrant.NewRange("grade", &qdrant.Range{Lte: &grade}),
		qdrant.NewRange("from", &qdrant.Range{Lte: &day}),
		qdrant.NewRange("until", &qdrant.Range{Gt: &day}),
	}
	for field, allowed := range map[string][]string{"kind": s.Kinds, "agency": s.Agencies, "doc": s.Docs} {
		if len(allowed) > 0 {
			must = append(must, qdrant.NewMatchKeywords(field, valid(allowed)...))
		}
	}
	return must
}

func (f *frequencies) empty() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.upto == 0
}

// proposing returns the heaviest terms by hash, with their weights, and the last
// change that these know.
func (f *frequencies) proposing(p index.BM25, terms []string) (hashes []uint32, weights []float32, upto int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	type weighted struct {
		hash   uint32
		weight float64
	}
	var found []weighted
	seen := map[uint32]bool{}
	for _, t := range terms {
		h := hashTerm(t)
		if df := f.tally.df[h]; df > 0 && !seen[h] {
			seen[h] = true
			if w := p.Weight(f.tally.all, t, df); w > 0 {
				found = append(found, weighted{h, w})
			}
		}
	}
	slices.SortFunc(found, func(a, b weighted) int { return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.hash, b.hash)) })
	for _, t := range found[:min(len(found), proposingTerms)] {
		hashes, weights = append(hashes, t.hash), append(weights, float32(t.weight))
	}
	return hashes, weights, f.upto
}

// rank scores what the engine proposed by exact BM25 over all terms.
func (f *frequencies) rank(p index.BM25, terms []string, points []*qdrant.ScoredPoint) ([]candidate, error) {
	at := make(map[uint32]int, len(terms)) // place of the term in the query, which the sum follows
	weights := make([]float64, len(terms))
	f.mu.Lock()
	all := f.tally.all
	for i, t := range terms {
		h := hashTerm(t)
		if df := f.tally.df[h]; df > 0 {
			weights[i] = p.Weight(all, t, df)
			at[h] = i
		}
	}
	f.mu.Unlock()
	ranked := make([]candidate, 0, len(points))
	counts := make([]index.FieldCounts, len(terms))
	found := make([]bool, len(terms))
	var matches []index.Match
	for _, point := range points {
		c := readCandidate(point)
		clear(found)
		length, err := unpackTerms(point.GetPayload()["terms"].GetStringValue(), func(h uint32, n index.FieldCounts) {
			if i, ok := at[h]; ok {
				counts[i], found[i] = n, true
			}
		})
		if err != nil {
			return nil, fmt.Errorf("chunk %s: %w", c.id, err)
		}
		matches = matches[:0]
		for i := range terms {
			if found[i] && weights[i] > 0 {
				matches = append(matches, index.Match{Weight: weights[i], Counts: counts[i]})
			}
		}
		c.score = p.Score(all, length, matches)
		ranked = append(ranked, c)
	}
	slices.SortFunc(ranked, compareCandidates)
	return ranked, nil
}

func (x *Index) passage(ctx context.Context, s index.Scope, id string, around int) ([]index.Hit, error) {
	id = strings.ToLower(id)
	head := x.head.Load()
	points, err := x.client.Scroll(ctx, &qdrant.ScrollPoints{CollectionName: x.name, Limit: qdrant.PtrOf(uint32(10)),
		Filter:      &qdrant.Filter{Must: []*qdrant.Condition{qdrant.NewMatchKeyword("id", id)}},
		WithPayload: qdrant.NewWithPayloadInclude("doc", "revision", "at")})
	if err != nil {
		return nil, err
	}
	if len(points) == 0 && x.head.Load() != head {
		return nil, errChanged
	}
	if len(points) == 0 {
		return nil, index.ErrNotFound
	}
	doc := points[0].GetPayload()["doc"].GetStringValue()
	docs, err := x.storedDocs(ctx, []string{doc})
	if err != nil {
		return nil, err
	}
	d := docs[doc]
	if d == nil || !x.unchecked && !s.AllowsDoc(d.doc) {
		return nil, index.ErrNotFound
	}
	at := -1
	for _, p := range points {
		if p.GetPayload()["revision"].GetIntegerValue() == d.revision && p.GetPayload()["doc"].GetStringValue() == doc {
			at = int(p.GetPayload()["at"].GetIntegerValue())
		}
	}
	if at < 0 {
		// The document no longer has the chunk, or has one that was written since.
		if d.commit > head {
			x.know(d.commit)
			return nil, errChanged
		}
		return nil, index.ErrNotFound
	}
	around = min(max(0, around), d.n)
	ids := chunkIDs(doc, d.revision, max(0, at-around), min(d.n, at+around+1))
	points, err = x.get(ctx, x.name, ids, false, "id", "at", "body")
	if err != nil {
		return nil, err
	}
	if len(points) < len(ids) {
		return nil, errChanged
	}
	slices.SortFunc(points, func(a, b *qdrant.RetrievedPoint) int {
		return cmp.Compare(a.GetPayload()["at"].GetIntegerValue(), b.GetPayload()["at"].GetIntegerValue())
	})
	var hits []index.Hit
	for _, p := range points {
		c, err := decodeChunk(p.GetPayload()["id"].GetStringValue(), doc, p.GetPayload()["body"].GetStringValue())
		if err != nil {
			return nil, err
		}
		switch {
		case x.unchecked || s.Allows(d.doc, c):
			hits = append(hits, index.Hit{Chunk: c, Doc: d.doc})
		case c.ID == id:
			return nil, index.ErrNotFound
		}
	}
	return hits, nil
}
