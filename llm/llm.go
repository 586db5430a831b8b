// Package llm talks to language, embedding and reranking models. [Generator],
// [Embedder] and [Reranker] are the whole contract; [NewGenerator], [NewEmbedder] and
// [NewReranker] make them for an OpenAI-compatible server, Ollama or a server with a
// /rerank call. Generators stand on langchaingo's clients and close their traps: cut
// streams, changed arguments, no time-outs.
package llm

import "context"

// A Role says what a text is to an embedder. Models of the E5 family encode
// questions and passages differently.
type Role uint8

const (
	Question Role = iota
	Passage
)

// An Embedder turns texts into unit vectors of one space. Safe for concurrent use.
type Embedder interface {
	Space() string // model/dimension, such as "bge-m3/1024"
	// Embed returns one vector for each text, in order. It does not change or keep texts.
	Embed(ctx context.Context, role Role, texts []string) ([][]float32, error)
}

// A Request is one call of a language model.
type Request struct {
	System    string  // instructions
	User      string  // the question, with everything the model may know
	MaxTokens int     // 0 means the adapter's default
	Temp      float64 // 0 is the most repeatable
}

// A Response is a complete answer.
type Response struct {
	Text       string
	Model      string
	StopReason string // as the server gave it: "stop", "length", ...
	Prompt     int    // tokens read, 0 if the server did not say
	Completion int    // tokens written, 0 if the server did not say
}

// A Generator writes text. Safe for concurrent use.
type Generator interface {
	Model() string
	// Generate calls emit, if not nil, with each piece as it is written, then
	// returns the whole. An error from emit stops the model and is returned.
	// A stream that ends without a stop reason is an error, never a short answer.
	Generate(ctx context.Context, req Request, emit func(string) error) (*Response, error)
}
