package telemetry

import (
	"context"
	"time"
)

// A Size is how much the service holds.
type Size struct {
	Documents, Chunks int
	Files             map[string]int // of the source folders, by how they stand
}

const (
	sizeAge  = time.Minute     // a size is read anew after so long
	sizeWait = 5 * time.Second // longest time that reading it takes
)

// Measure has t tell a size, which it reads when it is asked for it, at most once a
// minute. Where read fails there are no figures of size, and biseo_index_up is 0.
// Call it before t is used.
func (t *Telemetry) Measure(read func(context.Context) (Size, error)) {
	if t == nil {
		return
	}
	r := &t.figures
	up := r.gauge("biseo_index_up", "1 if the size of the index could be read.")
	documents := r.gauge("biseo_index_documents", "Documents in the index.")
	chunks := r.gauge("biseo_index_chunks", "Chunks in the index.")
	files := r.gauge("biseo_ingest_files", "Files of the source folders by how they stand.", "state")
	var at time.Time
	r.update = append(r.update, func() {
		if !at.IsZero() && time.Since(at) < sizeAge {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), sizeWait)
		defer cancel()
		size, err := read(ctx)
		at = time.Now()
		for _, f := range []*family{documents, chunks, files} {
			f.clear()
		}
		up.set(number(err == nil))
		if err != nil {
			return
		}
		documents.set(float64(size.Documents))
		chunks.set(float64(size.Chunks))
		for state, n := range size.Files {
			files.set(float64(n), state)
		}
	})
}
