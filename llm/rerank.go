package llm

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"
)

// A Reranker reads a question and each passage together and says how well the
// passage answers. Safe for concurrent use.
type Reranker interface {
	Model() string
	// Rerank returns one score for each text, in order, greater for better; they
	// compare within one call only. It does not change or keep texts.
	Rerank(ctx context.Context, question string, texts []string) ([]float64, error)
}

const rerankWait = 300 * time.Millisecond

// NewReranker returns the reranking model of s, over the /rerank call of one of two
// shapes, as s.API says: "jina" or "" (Jina, vLLM, Cohere: model, query, documents ->
// results with relevance_score) or "tei" (Text Embeddings Inference: query, texts ->
// a list with score). A call that takes longer than s.FirstWait, 0 meaning 300 ms,
// is an error, and none is repeated: who asks waits for the passages. It makes no request.
func NewReranker(s Server) (Reranker, error) {
	api := s.API
	if api != "" && api != "jina" && api != "tei" {
		return nil, fmt.Errorf("reranker: api %q is unknown; use jina or tei", api)
	}
	s.API = ""
	if api == "tei" && s.Model == "" {
		s.Model = "tei" // it serves one model, whatever its name
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("reranker: %w", err)
	}
	s.API, s.FirstWait = api, orDefault(s.FirstWait, rerankWait)
	s.URL = strings.TrimSuffix(strings.TrimRight(s.URL, "/"), "/rerank") + "/rerank"
	client := newHTTPClient()
	client.Transport = directTransport()
	return &reranker{server: s, client: client}, nil
}

type reranker struct {
	server Server
	client *http.Client
}

func (r *reranker) Model() string { return r.server.Model }

func (r *reranker) Rerank(ctx context.Context, question string, texts []string) ([]float64, error) {
	scores, err := r.rerank(ctx, question, texts)
	if err != nil {
		return nil, fmt.Errorf("rerank with %s: %w", r.server.Model, err)
	}
	return scores, nil
}

// A relevance is one line of an answer.
type relevance struct {
	Index int
	Score *float64
}

func (r *reranker) rerank(ctx context.Context, question string, texts []string) ([]float64, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.server.FirstWait, errWait)
	defer cancel()
	var lines []relevance
	var err error
	if r.server.API == "tei" {
		err = postJSON(ctx, r.client, r.server.URL, r.server.Key, map[string]any{"query": question, "texts": texts, "truncate": true}, &lines)
	} else {
		var answer struct {
			Results []struct {
				Index int
				Score *float64 `json:"relevance_score"`
			}
		}
		err = postJSON(ctx, r.client, r.server.URL, r.server.Key,
			map[string]any{"model": r.server.Model, "query": question, "documents": texts, "return_documents": false}, &answer)
		for _, l := range answer.Results {
			lines = append(lines, relevance(l))
		}
	}
	if cause := context.Cause(ctx); cause != nil && err != nil {
		err = cause
	}
	if err != nil {
		return nil, err
	}
	if len(lines) != len(texts) {
		return nil, fmt.Errorf("%d scores came back for %d texts", len(lines), len(texts))
	}
	scores, seen := make([]float64, len(texts)), make([]bool, len(texts))
	for _, l := range lines {
		switch {
		case l.Index < 0 || l.Index >= len(texts) || seen[l.Index]:
			return nil, fmt.Errorf("the scores for %d texts are numbered wrongly", len(texts))
		case l.Score == nil || math.IsNaN(*l.Score) || math.IsInf(*l.Score, 0):
			return nil, errors.New("a score is not a number")
		}
		scores[l.Index], seen[l.Index] = *l.Score, true
	}
	return scores, nil
}

// LimitReranker is [Limit] for a reranker.
func LimitReranker(r Reranker, l Limits) Reranker { return &limitedReranker{r, newGate(l)} }

type limitedReranker struct {
	Reranker
	gate *gate
}

func (l *limitedReranker) Rerank(ctx context.Context, question string, texts []string) ([]float64, error) {
	var scores []float64
	err := l.gate.do(ctx, func() (err error, blame bool) {
		scores, err = l.Reranker.Rerank(ctx, question, texts)
		return err, true
	})
	return scores, named("rerank with "+l.Model(), err)
}
