package ingest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"time"

	"biseo/index"
	"biseo/llm"
)

// errEmbed marks what went wrong with an embedder.
var errEmbed = errors.New("embed")

const (
	// embedBatch is how many chunks go to the embedder at a time.
	embedBatch = 32
	// embedTries is after how many documents in a row without success the embedder
	// is asked no more in this run: waiting for it would take hours.
	embedTries = 3
)

// An embedding gives chunks their vectors and checks them.
type embedding struct {
	llm.Embedder
	dimension int
	ledger    *Ledger // keeps vectors until their document is stored; may be nil
	now       func() time.Time
	failed    atomic.Int32 // documents in a row
	made      atomic.Int64 // chunks embedded
}

// newEmbedding checks that e speaks the space of the index.
func newEmbedding(e llm.Embedder, space string) (*embedding, error) {
	if e.Space() != space {
		return nil, fmt.Errorf("embedder has space %q, the index %q: use the index's model or run biseo ingest --rebuild", e.Space(), space)
	}
	dimension, err := index.Dimension(space)
	if err != nil {
		return nil, err
	}
	return &embedding{Embedder: e, dimension: dimension}, nil
}

// fill sets Dense of all chunks of d, or of none. What was embedded stays in the
// ledger: an interrupted document goes on with the first batch that is missing.
func (e *embedding) fill(ctx context.Context, d index.Doc, chunks []index.Chunk) error {
	if e.failed.Load() >= embedTries {
		return fmt.Errorf("%w: no answer for the documents before", errEmbed)
	}
	for from := 0; from < len(chunks); from += embedBatch {
		if err := e.batch(ctx, d, chunks[from:min(from+embedBatch, len(chunks))]); err != nil {
			for i := range chunks {
				chunks[i].Dense = nil
			}
			if errors.Is(err, errEmbed) && ctx.Err() == nil {
				e.failed.Add(1)
			}
			return err
		}
	}
	e.failed.Store(0)
	return nil
}

func (e *embedding) batch(ctx context.Context, d index.Doc, chunks []index.Chunk) error {
	keys := e.keys(d, chunks)
	if e.ledger != nil {
		kept, err := e.ledger.vectors(ctx, keys)
		if err != nil {
			return err
		}
		for i, v := range kept {
			if e.check(v) == nil {
				chunks[i].Dense = v
			}
		}
	}
	var texts []string
	var missing []int
	for i, c := range chunks {
		if c.Dense == nil {
			texts, missing = append(texts, EmbedText(d, c)), append(missing, i)
		}
	}
	if len(texts) == 0 {
		return nil
	}
	vectors, err := e.Embed(ctx, llm.Passage, texts)
	if err != nil {
		return fmt.Errorf("%w: %w", errEmbed, err)
	}
	if len(vectors) != len(texts) {
		return fmt.Errorf("%w: %d vectors for %d texts", errEmbed, len(vectors), len(texts))
	}
	made := make([]vectorKey, len(texts))
	for i, v := range vectors {
		if err := e.check(v); err != nil {
			return fmt.Errorf("%w: %w", errEmbed, err)
		}
		chunks[missing[i]].Dense, made[i] = v, keys[missing[i]]
	}
	e.made.Add(int64(len(texts)))
	if e.ledger == nil {
		return nil
	}
	return e.ledger.keepVectors(context.WithoutCancel(ctx), made, vectors, e.now())
}

// stored forgets what was kept for a document that now is in the index.
func (e *embedding) stored(ctx context.Context, d index.Doc, chunks []index.Chunk) error {
	if e.ledger == nil {
		return nil
	}
	return e.ledger.dropVectors(ctx, e.keys(d, chunks))
}

func (e *embedding) keys(d index.Doc, chunks []index.Chunk) []vectorKey {
	keys := make([]vectorKey, len(chunks))
	for i, c := range chunks {
		keys[i] = keyOf(e.Space(), EmbedText(d, c))
	}
	return keys
}

func (e *embedding) check(v []float32) error {
	if len(v) != e.dimension {
		return fmt.Errorf("vector of %d numbers, want %d", len(v), e.dimension)
	}
	if n := length(v); !(math.Abs(n-1) < 1e-3) {
		return fmt.Errorf("vector of length %g, want 1", n)
	}
	return nil
}

// EmbedText is what is embedded of a chunk: its document's title, its path and
// its text, joined by " > ", so that a clause is found by the name of its law.
func EmbedText(d index.Doc, c index.Chunk) string {
	parts := append([]string{d.Title}, c.Path...)
	return strings.Join(append(parts, c.Text), " > ")
}

func length(v []float32) float64 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}
