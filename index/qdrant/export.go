package qdrant

import (
	"context"
	"fmt"

	"github.com/qdrant/go-client/qdrant"

	"biseo/index"
)

// Chunks returns a document and its chunks with their vectors, in order, whoever
// may read them: to copy an index elsewhere. [index.ErrNotFound] if it is not stored.
func (x *Index) Chunks(ctx context.Context, docID string) (d index.Doc, chunks []index.Chunk, err error) {
	for range tries { // until it is not replaced meanwhile
		var found map[string]*stored
		if found, err = x.storedDocs(ctx, []string{docID}); err != nil {
			break
		}
		s := found[docID]
		if s == nil {
			return d, nil, fmt.Errorf("document %s: %w", docID, index.ErrNotFound)
		}
		w := writer{x: x, collection: x.name}
		if chunks, err = w.chunks(ctx, s); err == nil {
			return s.doc, chunks, nil
		}
	}
	return d, nil, x.explain(ctx, err)
}

// Size counts the documents and their chunks.
func (x *Index) Size(ctx context.Context) (docs, chunks int, err error) {
	count := func(f *qdrant.Filter) (int, error) {
		n, err := x.client.Count(ctx, &qdrant.CountPoints{CollectionName: x.name, Exact: qdrant.PtrOf(true), Filter: f})
		return int(n), err
	}
	docs, err = count(&qdrant.Filter{Must: []*qdrant.Condition{qdrant.NewMatchKeyword("type", "document")}})
	if err == nil {
		chunks, err = count(&qdrant.Filter{MustNot: []*qdrant.Condition{qdrant.NewMatchKeywords("type", "meta", "document", "change", "frequencies")}})
	}
	return docs, chunks, x.explain(ctx, err)
}
