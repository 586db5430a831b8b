package qdrant

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/qdrant/go-client/qdrant"

	"biseo/index"
)

// Replace stores d and its chunks. A chunk ID that is not that of [index.ChunkID], a
// date that is not midnight UTC, and a vector of another length or with a value that
// is not finite are refused.
func (x *Index) Replace(ctx context.Context, d index.Doc, chunks []index.Chunk) error {
	dim, err := x.fit()
	if err == nil {
		err = check(d, chunks, dim)
	}
	if err != nil {
		return err
	}
	if x.freq.empty() { // the weights need its averages: whoever may write knows them
		if err := x.update(ctx, func(context.Context, *writer) error { return nil }); err != nil {
			return err
		}
	}
	p, err := x.parcel(d, chunks)
	if err != nil {
		return err
	}
	p.at = x.head.Load()
	if p.former, err = x.stored(ctx, x.name, d.ID); err != nil {
		p.at = 0 // put says what is wrong, or asks again
	}
	return x.update(ctx, func(ctx context.Context, w *writer) error { return w.put(ctx, p) })
}

// Writers is two: one document is made ready while the server stores the other.
func (x *Index) Writers() int { return 2 }

// A parcel is a document made ready for storing, before the turn of the writer comes: it
// is most of the work.
type parcel struct {
	doc    index.Doc
	points []*qdrant.PointStruct // of the chunks, in order, without IDs
	tally  tally                 // of the chunks
	former *stored               // what was stored under its ID after change at; nil: nothing
	at     int64                 // 0: it is not known
}

func (x *Index) parcel(d index.Doc, chunks []index.Chunk) (parcel, error) {
	records := analyse(d, chunks)
	points, err := x.points(d, records)
	p := parcel{doc: d, points: points, tally: newTally()}
	for _, r := range records {
		p.tally.add(r.terms, r.length, 1)
	}
	return p, err
}

// put stores a document in place of what is stored under its ID.
func (w *writer) put(ctx context.Context, p parcel) error {
	d, s := p.doc, p.former
	if p.at < w.first || p.at < w.latest[d.ID] || s != nil && p.at < s.commit {
		var err error
		if s, err = w.x.stored(ctx, w.collection, d.ID); err != nil {
			return err
		}
	}
	t := p.tally
	c := change{doc: d.ID, revision: w.next, wrote: len(p.points)}
	for i, id := range chunkPoints(d.ID, c.revision, 0, len(p.points)) {
		p.points[i].Id = id
	}
	var operations []*qdrant.PointsUpdateOperation
	for rest := p.points; len(rest) > 0; {
		n := fitting(rest[:min(len(rest), batchChunks)])
		operations, rest = append(operations, upsertAll(rest[:n])), rest[n:]
	}
	operations = append(operations, stored{doc: d, commit: w.next, revision: w.next, n: len(p.points)}.point())
	if s != nil {
		t = newTally()
		t.addAll(p.tally)
		if err := w.subtract(ctx, s, &t); err != nil {
			return err
		}
		c.former, c.deleted = s.revision, s.n
		operations = append(operations, removeChunks(d.ID, s.revision, s.n))
	}
	return w.apply(ctx, c, t, operations...)
}

// batchChunks is how many chunks one operation writes or reads at most.
const batchChunks = 128

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

// apply writes the point of change c, then does the operations one after the other.
func (w *writer) apply(ctx context.Context, c change, t tally, operations ...*qdrant.PointsUpdateOperation) error {
	if err := w.keep(ctx); err != nil {
		return err
	}
	packed := t.pack()
	c.commit, c.packed = w.next, base64.StdEncoding.EncodeToString(packed)
	c.since = w.since + int64(len(packed))
	operations = slices.Concat([]*qdrant.PointsUpdateOperation{upsert(changeID(c.commit), nil, c.payload())}, operations)
	if w.stop != nil {
		if i := slices.IndexFunc(operations, w.stop); i >= 0 {
			return errors.Join(errStopped, w.x.apply(ctx, w.collection, operations[:i]...))
		}
	}
	if err := w.x.apply(ctx, w.collection, operations...); err != nil {
		return err
	}
	if err := w.kept(ctx); err != nil {
		return err
	}
	before, after := w.x.freq.applied(c.commit, t)
	w.x.know(c.commit)
	w.next, w.since = c.commit+1, c.since
	if len(w.latest) > 1000 {
		w.first, w.latest = c.commit, map[string]int64{}
	}
	w.latest[c.doc] = c.commit
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

// points are all chunks of d as points, but for their IDs: their vectors, what filters
// need of them and of their document, and what readers need.
func (x *Index) points(d index.Doc, records []record) ([]*qdrant.PointStruct, error) {
	points := make([]*qdrant.PointStruct, len(records))
	averages := x.freq.averages(records)
	err := parallel(len(records), func(i int) error {
		r := records[i]
		fields := filterFields(d)
		fields["from"], fields["until"] = span(d, r.From, r.Until)
		fields["id"], fields["doc"], fields["at"], fields["body"] = r.ID, d.ID, i, r.body()
		fields["lengths"] = lengths(r.length)
		if more := r.more(); more != "" {
			fields["more"] = more
		}
		payload, err := qdrant.TryValueMap(fields)
		if err != nil {
			return fmt.Errorf("chunk %s of document %s: %w", r.ID, d.ID, err)
		}
		vectors := map[string]*qdrant.Vector{}
		if v := sparse(x.opt.BM25, averages, r); v != nil {
			vectors[words] = v
		}
		if len(r.Dense) > 0 {
			parts := r.Sentences
			if len(parts) == 0 {
				parts = [][]float32{r.Dense}
			}
			vectors[dense], vectors[sentences] = qdrant.NewVectorDense(r.Dense), qdrant.NewVectorMulti(parts)
		}
		points[i] = &qdrant.PointStruct{Payload: payload, Vectors: qdrant.NewVectorsMap(vectors)}
		return nil
	})
	return points, err
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
		s, err := w.x.stored(ctx, w.collection, d.ID)
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
			p, err := w.x.parcel(d, chunks)
			if err != nil {
				return err
			}
			return w.put(ctx, p)
		}
		s.doc, s.commit = d, w.next
		operations, err := w.describe(ctx, s)
		if err != nil {
			return err
		}
		return w.apply(ctx, change{doc: d.ID, revision: s.revision}, newTally(), append([]*qdrant.PointsUpdateOperation{s.point()}, operations...)...)
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
	dim, err := index.Dimension(w.x.Space())
	if err != nil {
		return nil, err
	}
	vectors := qdrant.NewWithVectors(false)
	if dim > 0 { // the server refuses to be asked for a vector that the collection does not have
		vectors = qdrant.NewWithVectorsInclude(dense, sentences)
	}
	chunks := make([]index.Chunk, s.n)
	for from := 0; from < s.n; from += batchChunks {
		ids := chunkPoints(s.doc.ID, s.revision, from, min(s.n, from+batchChunks))
		points, err := w.x.client.Get(ctx, &qdrant.GetPoints{CollectionName: w.collection, Ids: ids,
			WithPayload: qdrant.NewWithPayloadInclude("id", "doc", "at", "body"), WithVectors: vectors})
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
			v := p.GetVectors().GetVectors().GetVectors()
			if whole := readVectors(v[dense], dim); len(whole) > 0 {
				c.Dense = whole[0]
				if parts := readVectors(v[sentences], dim); len(parts) > 1 {
					c.Sentences = parts
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
		s, err := w.x.stored(ctx, w.collection, id)
		if err != nil || s == nil {
			return err
		}
		t := newTally()
		if err := w.subtract(ctx, s, &t); err != nil {
			return err
		}
		return w.apply(ctx, change{doc: id, former: s.revision, deleted: s.n}, t,
			remove(qdrant.NewPointsSelector(docID(docKey(id)))), removeChunks(id, s.revision, s.n))
	})
}
