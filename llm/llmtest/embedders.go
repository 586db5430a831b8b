package llmtest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"

	"biseo/llm"
)

// LexicalEmbedder hashes the pairs of neighbouring letters of a text into a unit
// vector: texts with the same letters lie close together. It knows no meaning.
type LexicalEmbedder struct {
	Dim int // 0 means 64
}

func (e LexicalEmbedder) dim() int {
	if e.Dim <= 0 {
		return 64
	}
	return e.Dim
}

func (e LexicalEmbedder) Space() string { return fmt.Sprintf("lexical/%d", e.dim()) }

func (e LexicalEmbedder) Embed(ctx context.Context, _ llm.Role, texts []string) ([][]float32, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out := make([][]float32, len(texts))
	for i, s := range texts {
		out[i] = e.vector(s)
	}
	return out, nil
}

func (e LexicalEmbedder) vector(s string) []float32 {
	v := make([]float32, e.dim())
	v[0] = 1e-3 // an empty text has a direction too
	var prev rune
	for _, r := range s {
		h := fnv.New32a()
		h.Write([]byte(string([]rune{prev, r})))
		v[h.Sum32()%uint32(len(v))]++
		prev = r
	}
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / math.Sqrt(sum))
	}
	return v
}

// ErrEmbedder is the failure of a [FailingEmbedder] without one of its own.
var ErrEmbedder = errors.New("llmtest: the embedder is down")

// FailingEmbedder never returns a vector.
type FailingEmbedder struct {
	Name string // its space, such as "lexical/64"
	Err  error  // nil means ErrEmbedder
}

func (e FailingEmbedder) Space() string { return e.Name }

func (e FailingEmbedder) Embed(context.Context, llm.Role, []string) ([][]float32, error) {
	if e.Err != nil {
		return nil, e.Err
	}
	return nil, ErrEmbedder
}
