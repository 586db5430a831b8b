package qdrant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/qdrant/go-client/qdrant"

	"biseo/index"
)

// stored is what the point of a document says.
type stored struct {
	doc      index.Doc
	commit   int64 // the change that wrote the point
	revision int64 // of its chunks
	n        int   // how many they are
}

func readStored(p map[string]*qdrant.Value) (*stored, error) {
	s := &stored{commit: p["commit"].GetIntegerValue(), revision: p["revision"].GetIntegerValue(), n: int(p["chunks"].GetIntegerValue())}
	return s, json.Unmarshal([]byte(p["json"].GetStringValue()), &s.doc)
}

func (s stored) point() *qdrant.PointsUpdateOperation {
	return upsert(docID(docKey(s.doc.ID)), nil, map[string]any{"type": "document", "doc": s.doc.ID, "json": encode(s.doc),
		"commit": s.commit, "revision": s.revision, "chunks": s.n})
}

// check says what makes d and its chunks unfit for storing.
func check(d index.Doc, chunks []index.Chunk, dim int) error {
	if d.ID == "" {
		return errors.New("index: a document needs an ID")
	}
	if !utf8.ValidString(d.ID) {
		return fmt.Errorf("index: document ID %q is not UTF-8", d.ID)
	}
	if d.Grade > index.Classified {
		return fmt.Errorf("index %s: no such grade: %v", d.ID, d.Grade)
	}
	if err := checkDays(d.From, d.Until, d.Ends); err != nil {
		return fmt.Errorf("index %s: %w", d.ID, err)
	}
	for i, c := range chunks {
		if c.ID != index.ChunkID(d.ID, i) || c.DocID != d.ID {
			return fmt.Errorf("index %s: chunk %d has document %q and ID %q, which must be index.ChunkID", d.ID, i, c.DocID, c.ID)
		}
		if err := checkDays(c.From, c.Until); err != nil {
			return fmt.Errorf("index %s: chunk %s: %w", d.ID, c.ID, err)
		}
		if len(c.Dense) > 0 {
			if err := checkVector(c.Dense, dim); err != nil {
				return fmt.Errorf("index %s: chunk %s: %w", d.ID, c.ID, err)
			}
		}
	}
	return nil
}

func checkDays(ts ...time.Time) error {
	for _, t := range ts {
		if !t.IsZero() && t.Unix()%secondsPerDay != 0 {
			return fmt.Errorf("%v is not a day: want midnight UTC, see index.Day", t)
		}
	}
	return nil
}

func checkVector(v []float32, dim int) error {
	if len(v) != dim {
		return fmt.Errorf("%d numbers, the index has %d: %w", len(v), dim, index.ErrDimension)
	}
	for _, f := range v {
		if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
			return errors.New("the vector holds a value that is not finite")
		}
	}
	return nil
}

// Docs yields every document, in pages, so that the loop body may write. The
// engine knows no order of texts: all IDs are read first.
func (x *Index) Docs(ctx context.Context) iter.Seq2[index.Doc, error] {
	return func(yield func(index.Doc, error) bool) {
		ids, err := x.docIDs(ctx)
		if err != nil {
			yield(index.Doc{}, x.explain(ctx, err))
			return
		}
		for page := range slices.Chunk(ids, 500) {
			found, err := x.storedDocs(ctx, page)
			if err != nil {
				yield(index.Doc{}, x.explain(ctx, err))
				return
			}
			for _, id := range page {
				if s := found[id]; s != nil && !yield(s.doc, nil) { // nil: it has gone since
					return
				}
			}
		}
	}
}

func (x *Index) docIDs(ctx context.Context) (ids []string, err error) {
	request := &qdrant.ScrollPoints{CollectionName: x.name, Limit: qdrant.PtrOf(uint32(5000)), WithPayload: qdrant.NewWithPayloadInclude("doc"),
		Filter: &qdrant.Filter{Must: []*qdrant.Condition{qdrant.NewMatchKeyword("type", "document")}}}
	for {
		points, next, err := x.client.ScrollAndOffset(ctx, request)
		if err != nil {
			return nil, err
		}
		for _, p := range points {
			ids = append(ids, p.GetPayload()["doc"].GetStringValue())
		}
		if request.Offset = next; next == nil {
			slices.Sort(ids)
			return slices.Compact(ids), nil
		}
	}
}

// storedDocs reads the points of documents.
func (x *Index) storedDocs(ctx context.Context, ids []string) (map[string]*stored, error) {
	var points []*qdrant.PointId
	for _, id := range ids {
		points = append(points, docID(docKey(id)))
	}
	got, err := x.get(ctx, x.name, points, true)
	found := make(map[string]*stored, len(got))
	for _, p := range got {
		s, again := readStored(p.GetPayload())
		err = errors.Join(err, again)
		found[s.doc.ID] = s
	}
	return found, err
}
