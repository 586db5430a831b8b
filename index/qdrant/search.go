package qdrant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/qdrant/go-client/qdrant"

	"biseo/index"
)

const (
	// window is how many chunks more than asked for are scored exactly, at least:
	// half of them above, half below the place where the result ends.
	window = 20
	// maxLimit is the most hits of one search.
	maxLimit = 10_000
	// tries bounds how often a search begins again because a document that it found
	// was replaced meanwhile.
	tries = 50
	// readTime is how long a search or the reading of a passage may take, so that a
	// server that hangs does not hold who waits.
	readTime = 10 * time.Second
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
	again := 0
	hits, err := retry(ctx, x, func(ctx context.Context) ([]index.Hit, error) { return x.search(ctx, q, &again) })
	return hits, x.explain(ctx, err)
}

// Passage returns a chunk and those of its neighbours that s allows. They have no
// Score and no ranks. A scope without a date is [index.ErrNoDate].
func (x *Index) Passage(ctx context.Context, s index.Scope, chunkID string, around int) ([]index.Hit, error) {
	if s.On.IsZero() {
		return nil, index.ErrNoDate
	}
	began := false
	hits, err := retry(ctx, x, func(ctx context.Context) ([]index.Hit, error) { return x.passage(ctx, s, chunkID, around, &began) })
	if errors.Is(err, index.ErrNotFound) {
		return nil, index.ErrNotFound
	}
	return hits, x.explain(ctx, err)
}

// retry reads until nothing changed meanwhile, and once more when the generation
// that was read is no longer the live one. All of it takes readTime at most.
func retry(ctx context.Context, x *Index, read func(context.Context) ([]index.Hit, error)) (hits []index.Hit, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, x.patience)
	defer cancel()
	again := false
	for range tries {
		if _, err := x.fit(); err != nil {
			return nil, err
		}
		hits, err = read(ctx)
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

// search begins again for documents that it may have missed: once, and while it finds
// nothing a few times. again counts these.
func (x *Index) search(ctx context.Context, q index.Query, again *int) ([]index.Hit, error) {
	dim, err := x.fit()
	if err != nil {
		return nil, err
	}
	if len(q.Dense) > 0 {
		if err := index.CheckVector(q.Dense, dim); err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
	}
	terms, _ := index.SearchTerms(q.Text, nil)
	if len(terms) > 0 && x.freq.empty() {
		if err := x.load(ctx); err != nil {
			return nil, err
		}
	}
	if q.Limit <= 0 {
		q.Limit = 10
	}
	q.Limit = min(q.Limit, maxLimit)
	hits, held, err := x.searchTerms(ctx, q, terms, again)
	if err != nil || len(terms) == 0 {
		return hits, err
	}
	meant, err := x.respell(ctx, q, held)
	if err != nil || slices.Equal(meant, terms) {
		return hits, err
	}
	hits, _, err = x.searchTerms(ctx, q, meant, again)
	return hits, err
}

// searchTerms ranks words by terms. It also returns what the hits hold.
func (x *Index) searchTerms(ctx context.Context, q index.Query, terms []string, again *int) ([]index.Hit, map[uint32]bool, error) {
	for depth := max(q.Limit, x.opt.Fusion.For(q.Text).Depth); ; depth *= 4 {
		f := x.fetch(index.QueryKindOf(q.Text), terms)
		hits, more, err := f.search(ctx, q, depth, again)
		if err != nil || !more || depth > maxLimit {
			return hits, f.held, err
		}
	}
}

// respell is [index.SearchTerms]. It asks the engine for a chunk with each term that
// is not held by what was found already.
func (x *Index) respell(ctx context.Context, q index.Query, held map[uint32]bool) ([]string, error) {
	filter := &qdrant.Filter{Must: conditions(q.Scope)}
	return index.SearchTerms(q.Text, func(terms []string) (map[string]bool, error) {
		stored := x.freq.scorer(x.opt.BM25, index.QueryKindOf(q.Text), terms).at
		seen := map[string]bool{}
		request := &qdrant.QueryBatchPoints{CollectionName: x.name}
		var asked []string
		for _, t := range terms {
			h := hashTerm(t)
			if _, ok := stored[h]; !ok || held[h] {
				seen[t] = ok
				continue
			}
			asked = append(asked, t)
			request.QueryPoints = append(request.QueryPoints, &qdrant.QueryPoints{CollectionName: x.name, Using: qdrant.PtrOf(words),
				Query: qdrant.NewQuerySparse([]uint32{h}, []float32{1}), Filter: filter, Limit: qdrant.PtrOf(uint64(1)), WithPayload: qdrant.NewWithPayload(false)})
		}
		if len(asked) == 0 {
			return seen, nil
		}
		results, err := x.client.QueryBatch(ctx, request)
		for i, r := range results {
			seen[asked[i]] = len(r.GetResult()) > 0
		}
		return seen, err
	})
}

// search searches with rankings of depth chunks. It reports whether deeper rankings
// may give more hits: where the second check refused some.
func (f *fetched) search(ctx context.Context, q index.Query, depth int, again *int) (hits []index.Hit, more bool, err error) {
	x := f.x
	byWords, byMeaning, err := x.rank(ctx, q, f.exact, depth)
	if err != nil {
		return nil, false, err
	}
	full := len(byWords) >= depth || len(byMeaning) >= depth
	fusion := x.opt.Fusion.For(q.Text)
	verbatim := index.VerbatimDepth(q.Text)
	needed := max(q.Limit, verbatim)
	for ahead := window; ; ahead = 0 { // until the best are all known to be exact, whole, current and allowed
		ranked := fusion.Fuse(ranking(byWords), ranking(byMeaning))
		unknown := slices.DeleteFunc(slices.Clone(ranked[:min(len(ranked), needed+ahead)]), func(r index.Fused) bool { return f.chunks[r.ID] != nil })
		if len(unknown) == 0 && ahead == 0 {
			index.Verbatim(q.Text, ranked[:min(len(ranked), verbatim)], func(id string) string { return f.chunks[id].Text })
			for _, r := range ranked[:min(len(ranked), q.Limit)] {
				c := f.chunks[r.ID]
				hits = append(hits, index.Hit{Chunk: *c, Doc: f.docs[docKey(c.DocID)].doc, Score: r.Score, Words: r.Ranks[0], Meaning: r.Ranks[1]})
				for _, t := range f.counts[r.ID] {
					f.held[t.hash] = true
				}
			}
			break
		}
		if err := f.read(ctx, unknown); err != nil {
			return nil, false, err
		}
		if f.replaced && (*again == 0 || *again < 4 && len(ranked) == 0) {
			*again++
			return nil, false, errChanged
		}
		for i, c := range byWords {
			if score, ok := f.words[c.id]; ok {
				byWords[i].score = score
			}
		}
		slices.SortFunc(byWords, compareCandidates)
		for _, r := range unknown {
			at := placeOf(qdrant.NewIDUUID(r.ID))
			s, c := f.docs[at.doc], f.chunks[r.ID]
			if s != nil && c == nil && lastBits(s.revision) == at.revision {
				return nil, false, errChanged // replaced between the reading of the document and that of the chunk
			}
			if s != nil && c != nil && lastBits(s.revision) == at.revision && (x.unchecked || q.Allows(s.doc, *c)) { // a second time, on what is stored
				continue
			}
			more = full
			gone := func(c candidate) bool { return c.id == r.ID }
			byWords, byMeaning = slices.DeleteFunc(byWords, gone), slices.DeleteFunc(byMeaning, gone)
		}
	}
	if len(hits) == 0 && x.head.Load() != f.head {
		return nil, false, errChanged
	}
	return hits, more && len(hits) < q.Limit, nil
}

func ranking(all []candidate) (r index.Ranking) {
	for _, c := range all {
		r.IDs, r.Scores = append(r.IDs, c.id), append(r.Scores, c.score)
	}
	return r
}

// fetched is what a search has read of the best chunks.
type fetched struct {
	x      *Index
	head   int64 // the last change known before
	kind   index.QueryKind
	terms  []string
	exact  scorer
	fresh  bool                    // exact knows the last change
	docs   map[uint64]*stored      // nil: it has gone
	chunks map[string]*index.Chunk // by point
	words  map[string]float64      // exact score, by point
	counts map[string][]termCount  // by point
	held   map[uint32]bool         // terms of the hits

	looked   bool // replaced is known
	replaced bool // a document was replaced after head
}

func (x *Index) fetch(kind index.QueryKind, terms []string) *fetched {
	return &fetched{x: x, head: x.head.Load(), kind: kind, terms: terms, exact: x.freq.scorer(x.opt.BM25, kind, terms), docs: map[uint64]*stored{},
		chunks: map[string]*index.Chunk{}, words: map[string]float64{}, counts: map[string][]termCount{}, held: map[uint32]bool{}}
}

// read reads chunks and their documents in one request, which the first time also
// asks whether the index has changed since the frequencies were read.
func (f *fetched) read(ctx context.Context, chunks []index.Fused) error {
	var ids []*qdrant.PointId
	for _, r := range chunks {
		ids = append(ids, qdrant.NewIDUUID(r.ID))
		key := placeOf(ids[len(ids)-1]).doc
		if _, asked := f.docs[key]; !asked {
			f.docs[key] = nil
			ids = append(ids, docID(key))
		}
	}
	ask := !f.fresh && len(f.terms) > 0
	changes := map[int64]bool{}
	if ask {
		ids = append(ids, metaID)
		changes[f.exact.upto+1] = true
	}
	if !f.looked {
		changes[f.head+1], changes[f.head+2] = true, true
	}
	for commit := range changes {
		ids = append(ids, changeID(commit))
	}
	if len(ids) == 0 {
		return nil
	}
	request := &qdrant.GetPoints{CollectionName: f.x.name, Ids: ids,
		WithPayload: qdrant.NewWithPayloadInclude("type", "json", "commit", "revision", "chunks", "id", "doc", "body", "lengths", "more", "upto", "wrote", "deleted")}
	if len(f.exact.at) > 0 {
		request.WithVectors = qdrant.NewWithVectorsInclude(words)
	}
	points, err := f.x.client.Get(ctx, request)
	if err != nil {
		return err
	}
	var found []*qdrant.RetrievedPoint
	var next []change
	for _, p := range points {
		fields := p.GetPayload()
		switch fields["type"].GetStringValue() {
		case "":
			c, err := readChunk(fields)
			if err != nil {
				return err
			}
			f.chunks[p.GetId().GetUuid()] = &c
			found = append(found, p)
		case "document":
			s, err := readStored(fields)
			if err != nil {
				return err
			}
			if s.commit > f.head { // it came after the question was asked: the chunks may be some of two revisions
				f.x.know(s.commit)
				return errChanged
			}
			f.docs[docKey(s.doc.ID)] = s
		case "change":
			c := readChange(fields)
			if c.commit > f.head {
				next = append(next, c)
			}
			if ask && c.commit > f.exact.upto {
				err = f.follow(ctx)
			}
		case "meta":
			if fields["upto"].GetIntegerValue() > f.exact.upto {
				err = f.follow(ctx)
			}
		}
		if err != nil {
			return err
		}
	}
	f.fresh = f.fresh || ask
	if !f.looked {
		if err := f.look(ctx, next); err != nil {
			return err
		}
	}
	for _, p := range found {
		r := readTerms(p)
		f.words[p.GetId().GetUuid()], f.counts[p.GetId().GetUuid()] = f.exact.score(r), r.terms
	}
	return nil
}

// look finds out whether a document was replaced after head, of which next are the first
// two changes. The engine reads one segment after the other: it may have been in that of
// the new chunks before they were written, and in that of the old ones after they were
// deleted. A search that begins after the point of the document was written finds the new
// chunks.
func (f *fetched) look(ctx context.Context, next []change) error {
	f.looked = true
	if len(next) == 0 && f.x.head.Load() == f.head {
		return nil
	}
	if len(next) == 1 && next[0].commit == f.head+1 {
		c := next[0]
		if !c.replaces() {
			return nil
		}
		docs, err := f.x.storedDocs(ctx, []string{c.doc})
		if s := docs[c.doc]; err == nil && s != nil && s.commit >= c.commit {
			f.x.know(c.commit)
			f.replaced = true
		}
		return err // before that, the old chunks are all there
	}
	known := f.head
	last, err := f.x.eachChange(ctx, f.x.name, f.head, func(c change) error {
		f.replaced = f.replaced || c.replaces() || c.commit != known+1 // those between are folded into the frequencies
		known = c.commit
		return nil
	})
	f.x.know(last - 1)
	return err
}

// follow brings the frequencies up to date. A term that they did not know before
// could not propose.
func (f *fetched) follow(ctx context.Context) error {
	if err := f.x.load(ctx); err != nil {
		return err
	}
	known := len(f.exact.at)
	f.exact = f.x.freq.scorer(f.x.opt.BM25, f.kind, f.terms)
	if known != len(f.exact.at) {
		return errChanged
	}
	return nil
}

// passage begins again once, as began tells, where it may have missed the chunk.
func (x *Index) passage(ctx context.Context, s index.Scope, id string, around int, began *bool) ([]index.Hit, error) {
	id = strings.ToLower(id)
	if u, err := uuid.Parse(id); err != nil || u.String() != id {
		return nil, index.ErrNotFound // the server refuses to look for what is no UUID
	}
	head := x.head.Load()
	points, err := x.client.Scroll(ctx, &qdrant.ScrollPoints{CollectionName: x.name, Limit: qdrant.PtrOf(uint32(10)),
		Filter:      &qdrant.Filter{Must: []*qdrant.Condition{qdrant.NewMatchKeyword("id", id)}},
		WithPayload: qdrant.NewWithPayloadInclude("doc", "at")})
	if err != nil {
		return nil, err
	}
	if len(points) == 0 {
		if x.head.Load() != head || !*began {
			*began = true
			return nil, errChanged
		}
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
		if placeOf(p.GetId()).revision == lastBits(d.revision) {
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
	ids := chunkPoints(doc, d.revision, max(0, at-around), min(d.n, at+around+1))
	points, err = x.get(ctx, x.name, ids, false, "id", "doc", "at", "body")
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
		c, err := readChunk(p.GetPayload())
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
