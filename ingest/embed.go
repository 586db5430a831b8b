package ingest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"biseo/index"
	"biseo/llm"
)

// errEmbed marks what went wrong with an embedder.
var errEmbed = errors.New("embed")

// embedBatch is how many chunks go to the embedder at a time.
const embedBatch = 32

// An embedding gives chunks their vectors and checks them.
type embedding struct {
	llm.Embedder
	dimension int
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
	return &embedding{e, dimension}, nil
}

// fill sets Dense of all chunks of d.
func (e *embedding) fill(ctx context.Context, d index.Doc, chunks []index.Chunk) error {
	for from := 0; from < len(chunks); from += embedBatch {
		batch := chunks[from:min(from+embedBatch, len(chunks))]
		texts := make([]string, len(batch))
		for i, c := range batch {
			texts[i] = EmbedText(d, c)
		}
		vectors, err := e.Embed(ctx, llm.Passage, texts)
		if err != nil {
			return fmt.Errorf("%w: %w", errEmbed, err)
		}
		if len(vectors) != len(batch) {
			return fmt.Errorf("%w: %d vectors for %d texts", errEmbed, len(vectors), len(batch))
		}
		for i, v := range vectors {
			if len(v) != e.dimension {
				return fmt.Errorf("%w: vector of %d numbers, want %d", errEmbed, len(v), e.dimension)
			}
			if n := length(v); !(math.Abs(n-1) < 1e-3) {
				return fmt.Errorf("%w: vector of length %g, want 1", errEmbed, n)
			}
			batch[i].Dense = v
		}
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
