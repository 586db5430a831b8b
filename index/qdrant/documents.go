package qdrant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"

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

// check is [index.Check], and the IDs of the chunks are those of [index.ChunkID]:
// points are named by them.
func check(d index.Doc, chunks []index.Chunk, dim int) error {
	if err := index.Check(d, chunks, dim); err != nil {
		return err
	}
	for i, c := range chunks {
		if c.ID != index.ChunkID(d.ID, i) {
			return fmt.Errorf("index %s: chunk %d has ID %q, which must be index.ChunkID", d.ID, i, c.ID)
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
