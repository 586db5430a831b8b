// Package index defines what a search index over an agency's documents is: the
// documents and chunks it holds, the questions it answers, and who may see what.
//
// Start with [Index]. Backends live in the packages below this one and pass the
// contract test of index/indextest. What is the same for every backend stands
// here as pure functions: rights ([Scope.Allows]), word ranking ([BM25]),
// fusion ([FusionFor]) and chunk identity ([ChunkID]).
package index

import (
	"context"
	"errors"
	"iter"
	"time"
)

// A Doc describes one version of one document. It does not hold the text.
type Doc struct {
	ID       string    `json:"id"`                 // stable and unique to the version, such as "law/001359@239293"
	Work     string    `json:"work"`               // what all versions share, such as "law/001359"; equal to ID if unversioned
	Title    string    `json:"title"`              //
	Kind     string    `json:"kind"`               // the name of one of [Kinds]
	Agency   string    `json:"agency,omitempty"`   //
	URL      string    `json:"url,omitempty"`      // where a reader can open the original
	Gist     string    `json:"gist,omitempty"`     // 문서요지
	Keywords []string  `json:"keywords,omitempty"` // 키워드
	Source   string    `json:"source"`             // absolute path of the file it was read from, with slashes
	Digest   string    `json:"digest"`             // hex SHA-256 of the source file and of the settings that shape its chunks; ingest may add words behind a space
	Readers  []string  `json:"readers"`            // groups that may read it; "public" is everyone; empty is nobody
	Grade    Grade     `json:"grade"`              // unset counts as Classified
	Floor    Grade     `json:"floor,omitempty"`    // the least that Grade may be, by the document's own 공개구분; unset if it has none
	From     time.Time `json:"from,omitzero"`      // in force on [From, Until); zero is unbounded
	Until    time.Time `json:"until,omitzero"`     // the earlier of Ends and the From of the next version of the same Work
	Ends     time.Time `json:"ends,omitzero"`      // the end that the document itself states, such as 폐지일; zero if it states none
	Dated    time.Time `json:"dated,omitzero"`     // the day that the document bears, such as 시행일자 of a letter; zero if it bears none. It is not in force from then
	Near     string    `json:"near,omitempty"`     // ID of the newest document that is the same but for dates and amounts and newer than this; "" if none
	Sketch   []byte    `json:"sketch,omitempty"`   // by which ingest finds Near; means nothing to others
}

// A Chunk is a contiguous piece of one document: the unit of retrieval and of citation.
type Chunk struct {
	ID    string    // deterministic: see [ChunkID]
	DocID string    //
	Path  []string  // enclosing headings, outermost first; not part of Text
	Cite  string    // how an official cites it: 「민원 처리에 관한 법률」 제19조제1항
	Text  string    // verbatim document text, NFC
	Start int       // Text begins at this code point of the document's text
	Page  int       // from 1; 0 where the format has no pages
	From  time.Time // with Until: in force on [From, Until), where narrower than the Doc's; zero: as the Doc
	Until time.Time //
	Links []string  // terms of the provisions that Text refers to, such as "§민원처리에관한법률/21", each once, in order of first mention; nil if none
	Dense []float32 // unit vector in the index's embedding space; nil when there is no embedder

	// Sentences are the unit vectors of its sentences, two or more, by which chunks that are
	// near are ranked; nil for a chunk of one, and without Dense. An index may keep them in
	// eight bits a value.
	Sentences [][]float32
}

// A Scope says what may be seen. It applies before ranking and before any limit.
type Scope struct {
	Readers  []string  // the asker's groups, besides "public"
	Grade    Grade     // highest grade that the asker and the model in use may see; unset means Open
	On       time.Time // only what is in force that day; must not be zero
	Kinds    []string  // empty: no restriction
	Agencies []string  // empty: no restriction
	Docs     []string  // document IDs; empty: no restriction
}

// A Query asks for the chunks of a Scope that match best.
type Query struct {
	Scope
	Text  string    // ranks by words; "" to rank by meaning only
	Dense []float32 // ranks by meaning; nil to rank by words only
	Limit int       // 0 means 10
}

// A Hit is one chunk found, with the document it belongs to.
type Hit struct {
	Chunk   Chunk   // Dense and Sentences are nil
	Doc     Doc     //
	Score   float64 // comparable within one result only; higher is better
	Words   int     // rank in the word ranking, from 1; 0 if it was not found by words
	Meaning int     // rank in the meaning ranking, from 1; 0 if it has none
}

var (
	// ErrNoDate reports a Scope whose On is zero: without a day nothing is in force.
	ErrNoDate = errors.New("index: the scope names no date")
	// ErrDimension reports a vector whose length is not that of the index's space.
	ErrDimension = errors.New("index: wrong vector length")
	// ErrFingerprint reports an index built with other term rules or another
	// embedding space. It must be opened for the space that it was built with, or be
	// rebuilt, before it can be searched.
	ErrFingerprint = errors.New("index: built with other rules or another embedder, set that embedder or run biseo ingest --rebuild")
	// ErrNotFound reports a document or chunk that is not there or that the scope
	// does not allow: a caller cannot tell which.
	ErrNotFound = errors.New("index: not found")
	// ErrUnavailable reports a server of the index that does not answer: it may later.
	ErrUnavailable = errors.New("index: the server does not answer")
)

// An Index stores documents with their chunks and searches them.
//
// It is safe for concurrent use, retains no argument, and returns errors, never
// panics, when the store fails. Hits come best first, equal scores in chunk-ID
// order. An empty index answers with no hits.
type Index interface {
	// Space names the embedding space, such as "bge-m3/1024"; "" when chunks have no vectors.
	Space() string
	// Replace stores d and its chunks in place of whatever was stored under d.ID,
	// all or nothing: a reader sees the old document or the new one. See [Writers]
	// for many documents.
	Replace(ctx context.Context, d Doc, chunks []Chunk) error
	// Describe changes what is known of a stored document and keeps its chunks:
	// a change of readers or dates needs no new text and no new vectors.
	// ErrNotFound if d.ID is not stored.
	Describe(ctx context.Context, d Doc) error
	// Remove deletes a document and its chunks. Removing what is not there is no error.
	Remove(ctx context.Context, docID string) error
	// Docs yields every document, whoever may read it, in ID order. For ingest
	// and administration, never for an answer.
	Docs(ctx context.Context) iter.Seq2[Doc, error]
	// Search ranks the chunks of q.Scope by words and meaning, fused. Those that are
	// near by meaning are found by their Dense; they and the [AlsoByMeaning] best by
	// words are ranked by the nearest of their Sentences, where they have any.
	// A scope without a date is ErrNoDate.
	Search(ctx context.Context, q Query) ([]Hit, error)
	// Passage returns a chunk and up to around chunks of the same document on
	// either side, in document order. ErrNotFound if the chunk is outside s.
	Passage(ctx context.Context, s Scope, chunkID string, around int) ([]Hit, error)
	Close() error
}

// Writers is how many documents x is given at once when there are many to store: what
// its method Writers() int says; 1 where it has none, as where one write waits for the
// other anyway.
func Writers(x Index) int {
	if w, ok := x.(interface{ Writers() int }); ok {
		return w.Writers()
	}
	return 1
}
