package ingest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"biseo/index"
	"biseo/korea/text"
	"biseo/llm"
)

// errEmbed marks what went wrong with an embedder.
var errEmbed = errors.New("embed")

const (
	// embedBatch is how many texts go to the embedder at a time.
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

// fill sets Dense and Sentences of all chunks of d, or of none. What was embedded stays in
// the ledger: an interrupted document goes on with the first batch that is missing.
func (e *embedding) fill(ctx context.Context, d index.Doc, chunks []index.Chunk) error {
	if e.failed.Load() >= embedTries {
		return fmt.Errorf("%w: no answer for the documents before", errEmbed)
	}
	texts, counts := embedTexts(d, chunks)
	var vectors [][]float32 // of chunks that are not filled yet
	filled := 0
	for batch := range slices.Chunk(texts, embedBatch) {
		more, err := e.batch(ctx, batch)
		if err != nil {
			for i := range chunks {
				chunks[i].Dense, chunks[i].Sentences = nil, nil
			}
			if errors.Is(err, errEmbed) && ctx.Err() == nil {
				e.failed.Add(1)
			}
			return err
		}
		for vectors = append(vectors, more...); filled < len(chunks) && len(vectors) >= counts[filled]; filled++ {
			SetVectors(&chunks[filled], vectors[:counts[filled]])
			vectors = vectors[counts[filled]:]
			e.made.Add(1)
		}
	}
	e.failed.Store(0)
	return nil
}

// embedTexts are the texts to embed of all chunks, and how many each of them has.
func embedTexts(d index.Doc, chunks []index.Chunk) (texts []string, counts []int) {
	for _, c := range chunks {
		own := EmbedTexts(d, c)
		texts, counts = append(texts, own...), append(counts, len(own))
	}
	return texts, counts
}

// batch returns the vectors of texts: those that were kept, and the others made.
func (e *embedding) batch(ctx context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	keys := e.keys(texts)
	if e.ledger != nil {
		kept, err := e.ledger.vectors(ctx, keys)
		if err != nil {
			return nil, err
		}
		for i, v := range kept {
			if e.check(v) == nil {
				vectors[i] = v
			}
		}
	}
	var wanted []string
	var missing []int
	for i, v := range vectors {
		if v == nil {
			wanted, missing = append(wanted, texts[i]), append(missing, i)
		}
	}
	if len(wanted) == 0 {
		return vectors, nil
	}
	made, err := e.Embed(ctx, llm.Passage, wanted)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errEmbed, err)
	}
	if len(made) != len(wanted) {
		return nil, fmt.Errorf("%w: %d vectors for %d texts", errEmbed, len(made), len(wanted))
	}
	of := make([]vectorKey, len(wanted))
	for i, v := range made {
		if err := e.check(v); err != nil {
			return nil, fmt.Errorf("%w: %w", errEmbed, err)
		}
		vectors[missing[i]], of[i] = v, keys[missing[i]]
	}
	if e.ledger == nil {
		return vectors, nil
	}
	return vectors, e.ledger.keepVectors(context.WithoutCancel(ctx), of, made, e.now())
}

// stored forgets what was kept for a document that now is in the index.
func (e *embedding) stored(ctx context.Context, d index.Doc, chunks []index.Chunk) error {
	if e.ledger == nil {
		return nil
	}
	texts, _ := embedTexts(d, chunks)
	return e.ledger.dropVectors(ctx, e.keys(texts))
}

func (e *embedding) keys(texts []string) []vectorKey {
	keys := make([]vectorKey, len(texts))
	for i, t := range texts {
		keys[i] = keyOf(e.Space(), t)
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

const (
	shortestSentence = 10 // code points: what is shorter, such as a heading, goes to the next, or at the end to the last
	mostSentences    = 64 // of a chunk: a table has many rows, and the last holds the rest
)

// EmbedTexts are what is embedded of a chunk, for [SetVectors]: its document's title, its
// path and its text, joined by " > ", so that a clause is found by the name of its law;
// then the same of each sentence of the text, if it has several. A question is about one
// sentence, and a vector of many is near to nothing: on the questions on welfare
// programmes, with multilingual-e5-small, the vector of the whole had .586 in nDCG@10 and
// the nearest sentence .708, before questions lost what they share.
func EmbedTexts(d index.Doc, c index.Chunk) []string {
	headings := strings.Join(append([]string{d.Title}, c.Path...), " > ")
	texts := []string{headings + " > " + c.Text}
	r := []rune(c.Text)
	var ends []int
	start := 0
	for _, s := range text.Sentences(c.Text) {
		if s.End-start >= shortestSentence && len(ends) < mostSentences {
			ends = append(ends, s.End)
			start = s.End
		}
	}
	if len(ends) < 2 {
		return texts
	}
	ends[len(ends)-1] = len(r) // with what is short at the end, or more than there may be
	start = 0
	for _, end := range ends {
		texts = append(texts, headings+" > "+strings.TrimSpace(string(r[start:end])))
		start = end
	}
	return texts
}

// SetVectors gives a chunk the vectors of its [EmbedTexts], one for each.
func SetVectors(c *index.Chunk, vectors [][]float32) {
	c.Dense, c.Sentences = vectors[0], nil
	if len(vectors) > 1 {
		c.Sentences = slices.Clip(vectors[1:])
	}
}

func length(v []float32) float64 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}
