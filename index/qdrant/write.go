package qdrant

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"

	"biseo/index"
)

// A writer makes changes, one after the other, numbered. Each is a point of its
// own that is written first and says what it will do, so that the next writer can
// undo what a crash left half done; then come the new chunks; then the point of
// the document, by which the change counts; then the former chunks are deleted.
//
// Who may write is said by a lease in the point meta: a second process waits for
// it up to Options.Wait. A lease ends by itself some seconds after the last write.
type writer struct {
	x     *Index
	turn  chan struct{} // holds one token while a change is made
	owner string
	term  time.Duration // of the lease; 0 means leaseTerm
	room  int64         // bytes of changes, beyond the size of the stored frequencies, that are kept; 0 means 1 MB

	stop func(*qdrant.PointsUpdateOperation) bool // tests end a change before an operation

	collection string    // that the lease is for
	until      time.Time // end of the lease; zero: what is stored is not known
	next       int64     // number of the next change
	since      int64     // bytes of changes that the stored frequencies do not know
	size       int64     // bytes of the stored frequencies
}

const leaseTerm = 4 * time.Second

// update makes one change. While a node of a cluster is away it tries again.
func (x *Index) update(ctx context.Context, change func(context.Context, *writer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if x.opt.ReadOnly {
		return fmt.Errorf("index %s: opened for reading only", x.opt.Collection)
	}
	if _, err := x.fit(); err != nil {
		return err
	}
	w := &x.writer
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-w.turn }()
	for end := time.Now().Add(x.opt.Wait); ; {
		err := w.begin(ctx)
		if err == nil {
			err = change(ctx, w)
		}
		if err == nil || errors.Is(err, index.ErrNotFound) || errors.Is(err, index.ErrFingerprint) {
			return err
		}
		w.until = time.Time{} // how far it came is not known: begin looks
		if !passing(err) || time.Now().After(end) {
			return x.explain(ctx, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

var errBusy = errors.New("another process is writing to it, try again when it is done")

// passing reports whether an error may pass by itself: another writer, or a node
// that has just gone or come back.
func passing(err error) bool {
	switch code(err) {
	case codes.Unavailable, codes.Internal, codes.Aborted, codes.NotFound, codes.FailedPrecondition:
		return true
	}
	return errors.Is(err, errBusy)
}

// begin takes or renews the lease, and after another writer or a failure finds
// out where to go on.
func (w *writer) begin(ctx context.Context) error {
	x := w.x
	term := cmp.Or(w.term, leaseTerm)
	now := time.Now()
	if w.until.Sub(now) > term/2 {
		return nil
	}
	known := w.until.After(now)
	if !known {
		w.collection = x.name
		if x.name == x.opt.Collection {
			live, err := x.live(ctx)
			if err != nil {
				return err
			}
			if w.collection = live; live == "" {
				return errors.New("the index has gone, run biseo ingest --rebuild")
			}
		}
	}
	until := now.Add(term)
	free := func(c *qdrant.Condition) *qdrant.Filter {
		return &qdrant.Filter{Must: []*qdrant.Condition{qdrant.NewHasID(metaID), c}}
	}
	take := func(c *qdrant.Condition) *qdrant.PointsUpdateOperation {
		return setPayload(qdrant.NewPointsSelectorFilter(free(c)), map[string]any{"owner": w.owner, "lease": until.UnixMilli()})
	}
	// Ours, or free: the engine decides for one of several.
	if err := x.apply(ctx, w.collection, take(qdrant.NewMatchKeyword("owner", w.owner)),
		take(qdrant.NewRange("lease", &qdrant.Range{Lt: qdrant.PtrOf(float64(now.UnixMilli()))}))); err != nil {
		return err
	}
	m, err := x.readMeta(ctx, w.collection)
	if err != nil {
		return err
	}
	if m.owner != w.owner {
		return errBusy
	}
	if !known {
		if err := x.identify(ctx); err != nil {
			return err
		}
		if _, err := x.fit(); err != nil {
			return err
		}
		if err := w.recover(ctx, m); err != nil {
			return err
		}
		if err := x.load(ctx); err != nil {
			return err
		}
	}
	w.until = until
	return nil
}

// release ends the lease.
func (w *writer) release() {
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	default:
		return // a change is being made: the lease ends by itself
	}
	if w.until.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	w.until = time.Time{}
	err := w.x.apply(ctx, w.collection, setPayload(qdrant.NewPointsSelectorFilter(&qdrant.Filter{Must: []*qdrant.Condition{
		qdrant.NewHasID(metaID), qdrant.NewMatchKeyword("owner", w.owner)}}), map[string]any{"lease": 0}))
	if err != nil {
		w.x.lg.Info("the right to write ends by itself", "err", err)
	}
}

// recover looks at the last change that a writer began: it undoes it if the
// document does not have it, and finishes it if it does.
func (w *writer) recover(ctx context.Context, m *meta) error {
	x := w.x
	points, err := x.client.Scroll(ctx, &qdrant.ScrollPoints{CollectionName: w.collection,
		Filter:  &qdrant.Filter{Must: []*qdrant.Condition{qdrant.NewMatchKeyword("type", "change")}},
		OrderBy: &qdrant.OrderBy{Key: "commit", Direction: qdrant.Direction_Desc.Enum()},
		Limit:   qdrant.PtrOf(uint32(1)), WithPayload: qdrant.NewWithPayload(true)})
	if err != nil {
		return err
	}
	w.next, w.since, w.size = m.upto+1, 0, m.size
	if len(points) == 0 {
		return nil
	}
	last := readChange(points[0].GetPayload())
	w.next = last.commit + 1
	if last.commit > m.upto {
		w.since = last.since
	}
	if last.doc == "" {
		return nil // it undid another
	}
	s, err := w.stored(ctx, last.doc)
	if err != nil {
		return err
	}
	if s == nil && last.revision == 0 || s != nil && s.commit == last.commit {
		operations := []*qdrant.PointsUpdateOperation{removeChunks(last.doc, last.former, last.deleted)}
		if s != nil && last.wrote == 0 {
			describe, err := w.describe(ctx, s)
			if err != nil {
				return err
			}
			operations = append(operations, describe...)
		}
		return x.apply(ctx, w.collection, operations...)
	}
	x.lg.Warn("undo a change that was not completed", "document", last.doc)
	t, err := last.tally()
	if err != nil {
		return err
	}
	return w.apply(ctx, change{}, t.negated(), nil, removeChunks(last.doc, last.revision, last.wrote))
}

// stored reads the point of a document; nil if there is none.
func (w *writer) stored(ctx context.Context, id string) (*stored, error) {
	points, err := w.x.get(ctx, w.collection, []*qdrant.PointId{docID(docKey(id))}, true)
	if err != nil || len(points) == 0 {
		return nil, err
	}
	s, err := readStored(points[0].GetPayload())
	if err == nil && s.doc.ID != id {
		err = fmt.Errorf("document %s has the key of document %s: give one of them another ID", id, s.doc.ID)
	}
	return s, err
}

// Replace stores d and its chunks. A chunk ID that is not that of [index.ChunkID], a date that is not midnight UTC, and a vector of another length or with a
// value that is not finite are refused.
func (x *Index) Replace(ctx context.Context, d index.Doc, chunks []index.Chunk) error {
	dim, err := x.fit()
	if err == nil {
		err = check(d, chunks, dim)
	}
	if err != nil {
		return err
	}
	records := analyse(d, chunks) // before the turn: it is most of the work
	return x.update(ctx, func(ctx context.Context, w *writer) error { return w.put(ctx, d, records) })
}

// put stores d and its records in place of what is stored under d.ID.
func (w *writer) put(ctx context.Context, d index.Doc, records []record) error {
	s, err := w.stored(ctx, d.ID)
	if err != nil {
		return err
	}
	t := newTally()
	c := change{doc: d.ID, revision: w.next, wrote: len(records)}
	for _, r := range records {
		t.add(r.terms, r.length, 1)
	}
	chunks := make([]*qdrant.PointsUpdateOperation, (len(records)+batchChunks-1)/batchChunks)
	err = parallel(len(chunks), func(i int) error {
		from := i * batchChunks
		points, err := w.x.points(d, records[from:min(from+batchChunks, len(records))], c.revision, from)
		chunks[i] = upsertAll(points)
		return err
	})
	if err != nil {
		return err
	}
	operations := []*qdrant.PointsUpdateOperation{stored{doc: d, commit: w.next, revision: w.next, n: len(records)}.point()}
	if s != nil {
		if err := w.subtract(ctx, s, &t); err != nil {
			return err
		}
		c.former, c.deleted = s.revision, s.n
		operations = append(operations, removeChunks(d.ID, s.revision, s.n))
	}
	return w.apply(ctx, c, t, chunks, operations...)
}

// batchChunks is how many chunks one operation writes.
const batchChunks = 64

// subtract takes the chunks of s out of t.
func (w *writer) subtract(ctx context.Context, s *stored, t *tally) error {
	for from := 0; from < s.n; from += 500 {
		ids := chunkPoints(s.doc.ID, s.revision, from, min(s.n, from+500))
		points, err := w.x.client.Get(ctx, &qdrant.GetPoints{CollectionName: w.collection, Ids: ids,
			WithPayload: qdrant.NewWithPayloadInclude("lengths", "more"), WithVectors: qdrant.NewWithVectorsInclude(words)})
		if err != nil {
			return err
		}
		if len(points) < len(ids) {
			return fmt.Errorf("document %s has %d chunks of %d, run biseo ingest --rebuild", s.doc.ID, from+len(points), s.n)
		}
		for _, p := range points {
			r := readTerms(p)
			t.add(r.terms, r.length, -1)
		}
	}
	return nil
}

var errStopped = errors.New("stopped by a test")

// apply writes the point of change c, then new chunks in any order, then does the
// operations one after the other.
func (w *writer) apply(ctx context.Context, c change, t tally, chunks []*qdrant.PointsUpdateOperation, operations ...*qdrant.PointsUpdateOperation) error {
	packed := t.pack()
	c.commit, c.packed = w.next, base64.StdEncoding.EncodeToString(packed)
	c.since = w.since + int64(len(packed))
	begin := upsert(changeID(c.commit), nil, c.payload())
	if all := slices.Concat([]*qdrant.PointsUpdateOperation{begin}, chunks, operations); len(chunks) < 2 || w.stop != nil {
		if w.stop != nil {
			if i := slices.IndexFunc(all, w.stop); i >= 0 {
				return errors.Join(errStopped, w.x.apply(ctx, w.collection, all[:i]...))
			}
		}
		if err := w.x.apply(ctx, w.collection, all...); err != nil {
			return err
		}
	} else {
		err := w.x.apply(ctx, w.collection, begin)
		if err == nil {
			err = parallel(len(chunks), func(i int) error { return w.x.apply(ctx, w.collection, chunks[i]) })
		}
		if err == nil {
			err = w.x.apply(ctx, w.collection, operations...)
		}
		if err != nil {
			return err
		}
	}
	before, after := w.x.freq.applied(c.commit, t)
	w.x.know(c.commit)
	w.next, w.since = c.commit+1, c.since
	if w.since > cmp.Or(w.room, 1<<20)+w.size { // so that all foldings together cost about what the changes cost
		size, err := w.x.fold(ctx, w.collection, c.commit)
		if err != nil {
			return err
		}
		w.since, w.size = 0, size
	}
	if slices.ContainsFunc(weighAt[:], func(n int) bool { return before < n && n <= after }) {
		return w.weigh(ctx)
	}
	return nil
}

// weighAt are the numbers of chunks at which all of them are weighed anew: the
// averages of the first documents are not those of all. Later ones change little.
var weighAt = [...]int{50, 500}

// weigh writes the sparse vectors anew, for the averages of now.
func (w *writer) weigh(ctx context.Context) error {
	averages := w.x.freq.averages(nil)
	request := &qdrant.ScrollPoints{CollectionName: w.collection, Limit: qdrant.PtrOf(uint32(batchChunks)),
		Filter:      &qdrant.Filter{MustNot: []*qdrant.Condition{qdrant.NewMatchKeywords("type", otherTypes...)}},
		WithPayload: qdrant.NewWithPayloadInclude("lengths", "more"), WithVectors: qdrant.NewWithVectorsInclude(words)}
	for {
		points, next, err := w.x.client.ScrollAndOffset(ctx, request)
		if err != nil {
			return err
		}
		var weighed []*qdrant.PointVectors
		for _, p := range points {
			if v := sparse(w.x.opt.BM25, averages, readTerms(p)); v != nil {
				weighed = append(weighed, &qdrant.PointVectors{Id: p.GetId(), Vectors: qdrant.NewVectorsMap(map[string]*qdrant.Vector{words: v})})
			}
		}
		if len(weighed) > 0 {
			if err := w.x.apply(ctx, w.collection, qdrant.NewPointsUpdateUpdateVectors(&qdrant.PointsUpdateOperation_UpdateVectors{Points: weighed})); err != nil {
				return err
			}
		}
		if request.Offset = next; next == nil {
			return nil
		}
	}
}

// points are chunks as points: their vectors, what filters need of them and of
// their document, and what readers need.
func (x *Index) points(d index.Doc, records []record, revision int64, from int) ([]*qdrant.PointStruct, error) {
	ids := chunkPoints(d.ID, revision, from, from+len(records))
	points := make([]*qdrant.PointStruct, len(records))
	averages := x.freq.averages(records)
	for i, r := range records {
		fields := filterFields(d)
		fields["from"], fields["until"] = span(d, r.From, r.Until)
		fields["id"], fields["doc"], fields["at"], fields["body"] = r.ID, d.ID, from+i, r.body()
		fields["lengths"] = lengths(r.length)
		if more := r.more(); more != "" {
			fields["more"] = more
		}
		payload, err := qdrant.TryValueMap(fields)
		if err != nil {
			return nil, fmt.Errorf("chunk %s of document %s: %w", r.ID, d.ID, err)
		}
		vectors := map[string]*qdrant.Vector{}
		if v := sparse(x.opt.BM25, averages, r); v != nil {
			vectors[words] = v
		}
		if len(r.Dense) > 0 {
			vectors[dense] = qdrant.NewVectorDense(r.Dense)
		}
		points[i] = &qdrant.PointStruct{Id: ids[i], Payload: payload, Vectors: qdrant.NewVectorsMap(vectors)}
	}
	return points, nil
}

// filterFields are the fields by which the engine applies a Scope, but for dates.
// The JSON of the document replaces what is not UTF-8 in the same way.
func filterFields(d index.Doc) map[string]any {
	readers := make([]any, len(d.Readers))
	for i, r := range d.Readers {
		readers[i] = strings.ToValidUTF8(r, "\uFFFD")
	}
	grade := d.Grade
	if grade == 0 {
		grade = index.Classified
	}
	return map[string]any{"readers": readers, "grade": int(grade),
		"kind": strings.ToValidUTF8(d.Kind, "\uFFFD"), "agency": strings.ToValidUTF8(d.Agency, "\uFFFD")}
}

// Describe stores d in place of what was known of the document: the rights of all
// its chunks change at once. A new title changes the terms of its chunks, so they
// are stored anew, from the index.
func (x *Index) Describe(ctx context.Context, d index.Doc) error {
	if err := check(d, nil, 0); err != nil {
		return err
	}
	return x.update(ctx, func(ctx context.Context, w *writer) error {
		s, err := w.stored(ctx, d.ID)
		if err == nil && s == nil {
			err = fmt.Errorf("document %s: %w", d.ID, index.ErrNotFound)
		}
		if err != nil {
			return err
		}
		if s.doc.Title != d.Title {
			chunks, err := w.chunks(ctx, s)
			if err != nil {
				return err
			}
			return w.put(ctx, d, analyse(d, chunks))
		}
		s.doc, s.commit = d, w.next
		operations, err := w.describe(ctx, s)
		if err != nil {
			return err
		}
		return w.apply(ctx, change{doc: d.ID, revision: s.revision}, newTally(), nil, append([]*qdrant.PointsUpdateOperation{s.point()}, operations...)...)
	})
}

// describe brings the fields that filters use in line with the document.
func (w *writer) describe(ctx context.Context, s *stored) ([]*qdrant.PointsUpdateOperation, error) {
	bySpan := map[[2]int64][]*qdrant.PointId{}
	for from := 0; from < s.n; from += 500 {
		points, err := w.x.get(ctx, w.collection, chunkPoints(s.doc.ID, s.revision, from, min(s.n, from+500)), false, "body")
		if err != nil {
			return nil, err
		}
		for _, p := range points {
			c, err := readChunk(p.GetPayload())
			if err != nil {
				return nil, err
			}
			first, end := span(s.doc, c.From, c.Until)
			bySpan[[2]int64{first, end}] = append(bySpan[[2]int64{first, end}], p.GetId())
		}
	}
	var operations []*qdrant.PointsUpdateOperation
	for days, ids := range bySpan {
		fields := filterFields(s.doc)
		fields["from"], fields["until"] = days[0], days[1]
		operations = append(operations, setPayload(qdrant.NewPointsSelectorIDs(ids), fields))
	}
	return operations, nil
}

// chunks reads the chunks of a document with their vectors, in order.
func (w *writer) chunks(ctx context.Context, s *stored) ([]index.Chunk, error) {
	chunks := make([]index.Chunk, s.n)
	for from := 0; from < s.n; from += 500 {
		ids := chunkPoints(s.doc.ID, s.revision, from, min(s.n, from+500))
		points, err := w.x.client.Get(ctx, &qdrant.GetPoints{CollectionName: w.collection, Ids: ids,
			WithPayload: qdrant.NewWithPayloadInclude("id", "doc", "at", "body"), WithVectors: qdrant.NewWithVectorsInclude(dense)})
		if err != nil {
			return nil, err
		}
		if len(points) < len(ids) {
			return nil, fmt.Errorf("document %s has %d chunks of %d, run biseo ingest --rebuild", s.doc.ID, from+len(points), s.n)
		}
		for _, p := range points {
			f := p.GetPayload()
			c, err := readChunk(f)
			if err != nil {
				return nil, err
			}
			if v := p.GetVectors().GetVectors().GetVectors()[dense]; v != nil {
				if c.Dense = v.GetDense().GetData(); c.Dense == nil {
					//lint:ignore SA1019 as servers before 1.18 write it
					c.Dense = v.GetData()
				}
			}
			chunks[f["at"].GetIntegerValue()] = c
		}
	}
	return chunks, nil
}

// Remove deletes a document and its chunks.
func (x *Index) Remove(ctx context.Context, id string) error {
	return x.update(ctx, func(ctx context.Context, w *writer) error {
		s, err := w.stored(ctx, id)
		if err != nil || s == nil {
			return err
		}
		t := newTally()
		if err := w.subtract(ctx, s, &t); err != nil {
			return err
		}
		return w.apply(ctx, change{doc: id, former: s.revision, deleted: s.n}, t, nil,
			remove(qdrant.NewPointsSelector(docID(docKey(id)))), removeChunks(id, s.revision, s.n))
	})
}
