package qdrant

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/qdrant/go-client/qdrant"

	"biseo/index"
)

// A tally is what word ranking needs to know of all chunks together, or how a
// change alters it.
type tally struct {
	all index.Collection
	df  map[uint32]int // of each term, by hash: how many chunks hold it
}

func newTally() tally { return tally{df: map[uint32]int{}} }

// add counts a chunk n times: 1 for one that comes, -1 for one that goes.
func (t *tally) add(terms []termCount, length index.FieldCounts, n int) {
	t.all.Chunks += n
	for f, v := range length {
		t.all.Length[f] += n * v
	}
	for _, c := range terms {
		t.df[c.hash] += n
	}
}

func (t *tally) addAll(o tally) {
	t.all.Chunks += o.all.Chunks
	for f, v := range o.all.Length {
		t.all.Length[f] += v
	}
	for h, n := range o.df {
		if t.df[h] += n; t.df[h] == 0 {
			delete(t.df, h)
		}
	}
}

func (t tally) negated() tally {
	n := newTally()
	n.all.Chunks = -t.all.Chunks
	for f, v := range t.all.Length {
		n.all.Length[f] = -v
	}
	for h, v := range t.df {
		n.df[h] = -v
	}
	return n
}

// pack is t as bytes: chunks, lengths, then the step from hash to hash and the
// count of each term, as varints.
func (t tally) pack() []byte {
	b := binary.AppendVarint(make([]byte, 0, 5*len(t.df)+16), int64(t.all.Chunks))
	for _, v := range t.all.Length {
		b = binary.AppendVarint(b, int64(v))
	}
	last := uint32(0)
	for _, h := range slices.Sorted(maps.Keys(t.df)) {
		if n := t.df[h]; n != 0 {
			b = binary.AppendUvarint(b, uint64(h-last))
			b = binary.AppendVarint(b, int64(n))
			last = h
		}
	}
	return b
}

func unpackTally(b []byte) (tally, error) {
	t := newTally()
	r := reader{b: b}
	t.all.Chunks = int(r.int())
	for f := range t.all.Length {
		t.all.Length[f] = int(r.int())
	}
	hash := uint32(0)
	for len(r.b) > 0 {
		hash += uint32(r.uint())
		t.df[hash] += int(r.int())
	}
	if r.bad {
		return t, errDamaged
	}
	return t, nil
}

// frequencies are the tally of the live generation, in memory. What is stored of
// it are pieces that hold all changes up to one, and each change since. A search
// asks whether there is a next change, or pieces that know it.
type frequencies struct {
	mu    sync.Mutex
	tally tally
	upto  int64 // the last change that tally knows; 0: nothing was read yet
}

// A change is what one write did, as its point tells.
type change struct {
	commit   int64
	doc      string
	revision int64 // of the chunks that the document has since; 0: it has gone
	wrote    int   // chunks of that revision that this change wrote
	former   int64 // revision of the chunks that this change deletes
	deleted  int   // how many they are
	since    int64 // bytes of this and earlier changes that the stored frequencies do not know
	packed   string
}

func (c change) payload() map[string]any {
	return map[string]any{"type": "change", "commit": c.commit, "doc": c.doc, "revision": c.revision, "wrote": c.wrote,
		"former": c.former, "deleted": c.deleted, "since": c.since, "tally": c.packed}
}

func readChange(p map[string]*qdrant.Value) change {
	return change{commit: p["commit"].GetIntegerValue(), doc: p["doc"].GetStringValue(), revision: p["revision"].GetIntegerValue(),
		wrote: int(p["wrote"].GetIntegerValue()), former: p["former"].GetIntegerValue(), deleted: int(p["deleted"].GetIntegerValue()),
		since: p["since"].GetIntegerValue(), packed: p["tally"].GetStringValue()}
}

// replaces tells whether chunks take the place of others.
func (c change) replaces() bool { return c.wrote > 0 && c.deleted > 0 }

func (c change) tally() (tally, error) {
	b, err := base64.StdEncoding.DecodeString(c.packed)
	if err != nil {
		return tally{}, errDamaged
	}
	return unpackTally(b)
}

// manyChanges is how many changes one request reads.
const manyChanges = 64

// changesAfter asks for the changes after one, oldest first.
func changesAfter(commit int64) (*qdrant.Filter, *qdrant.OrderBy) {
	return &qdrant.Filter{Must: []*qdrant.Condition{
		qdrant.NewMatchKeyword("type", "change"),
		qdrant.NewRange("commit", &qdrant.Range{Gt: qdrant.PtrOf(float64(commit))}),
	}}, &qdrant.OrderBy{Key: "commit", Direction: qdrant.Direction_Asc.Enum()}
}

// applied follows a change of this process, and returns how many chunks there were
// before and are now.
func (f *frequencies) applied(commit int64, t tally) (before, after int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before = f.tally.all.Chunks
	if commit == f.upto+1 {
		f.tally.addAll(t)
		f.upto = commit
	}
	return before, f.tally.all.Chunks
}

// averages are the collection that weights of the sparse vector are reckoned with:
// what is stored, what comes with it, and a few chunks as chunks mostly are. They
// propose only, so that a first document need not fit what comes later.
func (f *frequencies) averages(records []record) index.Collection {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.tally.all
	add := func(chunks int, length index.FieldCounts) {
		all.Chunks += chunks
		for f, n := range length {
			all.Length[f] += chunks * n
		}
	}
	add(3, index.FieldCounts{10, 10, 15, 120})
	for _, r := range records {
		add(1, r.length)
	}
	return all
}

func (f *frequencies) empty() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.upto == 0
}

// A scorer is exact BM25 over the terms of a query, with the frequencies of one
// moment. Empty where there are no terms.
type scorer struct {
	bm25    index.BM25
	all     index.Collection
	upto    int64          // the last change that they know
	at      map[uint32]int // place of a term that some chunk holds in the query, which the sum follows
	weights []float64
}

func (f *frequencies) scorer(p index.BM25, kind index.QueryKind, terms []string) scorer {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := scorer{p, f.tally.all, f.upto, make(map[uint32]int, len(terms)), make([]float64, len(terms))}
	for i, t := range terms {
		h := hashTerm(t)
		if df := f.tally.df[h]; df > 0 {
			s.weights[i], s.at[h] = p.Weight(f.tally.all, kind, t, df), i
		}
	}
	return s
}

// heaviest returns n terms at most, as dimensions with their weights.
func (s scorer) heaviest(n int) (hashes []uint32, weights []float32) {
	for h, i := range s.at {
		if s.weights[i] > 0 {
			hashes = append(hashes, h)
		}
	}
	slices.SortFunc(hashes, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(s.weights[s.at[b]], s.weights[s.at[a]]), cmp.Compare(a, b))
	})
	hashes = hashes[:min(n, len(hashes))]
	for _, h := range hashes {
		weights = append(weights, float32(s.weights[s.at[h]]))
	}
	return hashes, weights
}

// score is that of a chunk. The terms are summed in the order of the query.
func (s scorer) score(r record) float64 {
	matches := make([]index.Match, len(s.weights))
	for _, t := range r.terms {
		if i, ok := s.at[t.hash]; ok && s.weights[i] > 0 {
			matches[i] = index.Match{Weight: s.weights[i], Counts: t.counts}
		}
	}
	return s.bm25.Score(s.all, r.length, slices.DeleteFunc(matches, func(m index.Match) bool { return m.Weight == 0 }))
}

// load reads the stored frequencies and all changes since, unless they are known.
func (x *Index) load(ctx context.Context) error {
	f := &x.freq
	f.mu.Lock()
	defer f.mu.Unlock()
	for range 5 { // a writer may be storing new ones
		m, err := x.readMeta(ctx, x.name)
		if err != nil {
			return err
		}
		x.mu.Lock()
		other := x.meta.first != m.first
		x.mu.Unlock()
		if other { // a rebuilt index, perhaps for another program than this
			if err := x.identify(ctx); err != nil {
				return err
			}
			if _, err := x.fit(); err != nil {
				return err
			}
		}
		t, upto := f.tally, f.upto
		if upto < m.upto || upto>>32 != m.upto>>32 {
			if t, err = x.readPieces(ctx, x.name, m); errors.Is(err, errMoved) {
				continue
			} else if err != nil {
				return err
			}
			upto = m.upto
		}
		last, err := x.eachChange(ctx, x.name, upto, func(c change) error {
			if c.commit != upto+1 {
				return errMoved
			}
			d, err := c.tally()
			if err != nil {
				return err
			}
			upto = c.commit
			t.addAll(d)
			return nil
		})
		f.tally, f.upto = t, upto
		if errors.Is(err, errMoved) {
			f.upto = 0
			continue
		}
		if err != nil {
			f.upto = 0
			return err
		}
		// The last change may be at work; all before it are complete.
		x.know(max(m.upto, last-1))
		return nil
	}
	return errors.New("the frequencies change too fast to be read, try again")
}

// know remembers that the changes up to one are complete.
func (x *Index) know(commit int64) {
	for {
		head := x.head.Load()
		if commit <= head || x.head.CompareAndSwap(head, commit) {
			return
		}
	}
}

var errDamaged = errors.New("the stored frequencies are damaged, run biseo ingest --rebuild")

var errMoved = errors.New("the stored frequencies are being replaced")

func (x *Index) readPieces(ctx context.Context, collection string, m *meta) (tally, error) {
	var ids []*qdrant.PointId
	for i := range int(m.pieces) {
		ids = append(ids, pieceID(m.upto, i))
	}
	points, err := x.get(ctx, collection, ids, true)
	if err != nil {
		return tally{}, err
	}
	if len(points) < len(ids) {
		return tally{}, errMoved
	}
	if len(ids) == 0 {
		return newTally(), nil
	}
	parts := make([][]byte, len(ids))
	for _, p := range points {
		b, err := base64.StdEncoding.DecodeString(p.GetPayload()["piece"].GetStringValue())
		if i := p.GetPayload()["at"].GetIntegerValue(); err == nil && i < int64(len(parts)) {
			parts[i] = b
		}
	}
	return unpackTally(slices.Concat(parts...))
}

// eachChange reads the changes after one, in order, and returns the last.
func (x *Index) eachChange(ctx context.Context, collection string, after int64, each func(change) error) (last int64, err error) {
	last = after
	for {
		filter, order := changesAfter(last)
		points, err := x.client.Scroll(ctx, &qdrant.ScrollPoints{CollectionName: collection, Filter: filter, OrderBy: order,
			Limit: qdrant.PtrOf(uint32(manyChanges)), WithPayload: qdrant.NewWithPayload(true)})
		if err != nil {
			return last, err
		}
		for _, p := range points {
			c := readChange(p.GetPayload())
			if err := each(c); err != nil {
				return last, err
			}
			last = c.commit
		}
		if len(points) < manyChanges {
			return last, nil
		}
	}
}

const pieceSize = 512 << 10 // bytes

// fold stores the frequencies anew, with all changes, and deletes the changes but
// the last: a reader that missed some sees the gap before it. Only the writer may
// call it, between changes.
func (x *Index) fold(ctx context.Context, collection string, upto int64) (size int64, err error) {
	m, err := x.readMeta(ctx, collection)
	if err != nil {
		return 0, err
	}
	t, err := x.readPieces(ctx, collection, m)
	if err != nil {
		return 0, err
	}
	last, err := x.eachChange(ctx, collection, m.upto, func(c change) error {
		d, err := c.tally()
		t.addAll(d)
		return err
	})
	if err != nil {
		return 0, err
	}
	if last != upto {
		return 0, fmt.Errorf("the last change is %d where %d was written: another program writes to the index", last, upto)
	}
	packed := t.pack()
	pieces := 0
	for part := range slices.Chunk(packed, pieceSize) {
		if err := x.apply(ctx, collection, upsert(pieceID(upto, pieces), nil, map[string]any{
			"type": "frequencies", "commit": upto, "at": pieces, "piece": base64.StdEncoding.EncodeToString(part)})); err != nil {
			return 0, err
		}
		pieces++
	}
	before := func(kind string) *qdrant.PointsUpdateOperation {
		return remove(qdrant.NewPointsSelectorFilter(&qdrant.Filter{Must: []*qdrant.Condition{
			qdrant.NewMatchKeyword("type", kind),
			qdrant.NewRange("commit", &qdrant.Range{Lt: qdrant.PtrOf(float64(upto))}),
		}}))
	}
	return int64(len(packed)), x.apply(ctx, collection,
		setPayload(qdrant.NewPointsSelector(metaID), map[string]any{"upto": upto, "pieces": pieces, "size": len(packed)}),
		before("change"), before("frequencies"))
}
