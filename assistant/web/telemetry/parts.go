package telemetry

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"biseo/index"
	"biseo/llm"
)

// Values of the label model.
const (
	Language  = "language"
	Embedding = "embedding"
	Reranking = "reranking"
)

// stage begins a stage of a request, which the returned function ends.
func (t *Telemetry) stage(ctx context.Context, name string) func(error, ...attribute.KeyValue) {
	_, span := t.tracer.Start(ctx, name)
	began := time.Now()
	return func(err error, what ...attribute.KeyValue) {
		t.stages.WithLabelValues(name).Observe(time.Since(began).Seconds())
		span.SetAttributes(what...)
		fail(span, err)
		span.End()
	}
}

// fail marks a span of an operation that failed. The text of the error is left out:
// it may come from a server that repeats what it was sent.
func fail(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, outcome(err))
	}
}

// outcome is the class of an error of a model or of the index.
func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, llm.ErrRefused):
		return "refused"
	case errors.Is(err, llm.ErrEmpty):
		return "empty"
	}
	return "failed"
}

// Limits adds to the limits of a model that t is told of its queue and its breaker.
func (t *Telemetry) Limits(model string, l llm.Limits) llm.Limits {
	if t != nil {
		l.Waited = func(d time.Duration) { t.waits.WithLabelValues(model).Observe(d.Seconds()) }
		l.Rests = func(now bool) {
			t.resting[model].Store(now)
			t.rests.WithLabelValues(model).Set(number(now))
		}
	}
	return l
}

// Index measures the searches of x.
func (t *Telemetry) Index(x index.Index) index.Index {
	if t == nil {
		return x
	}
	return measuredIndex{x, t}
}

type measuredIndex struct {
	index.Index
	t *Telemetry
}

func (x measuredIndex) Search(ctx context.Context, q index.Query) ([]index.Hit, error) {
	end := x.t.stage(ctx, "search")
	hits, err := x.Index.Search(ctx, q)
	end(err, attribute.Int("hits", len(hits)), attribute.Bool("words", q.Text != ""), attribute.Bool("meaning", q.Dense != nil))
	return hits, err
}

func (x measuredIndex) Passage(ctx context.Context, s index.Scope, chunkID string, around int) ([]index.Hit, error) {
	end := x.t.stage(ctx, "passage")
	hits, err := x.Index.Passage(ctx, s, chunkID, around)
	end(err, attribute.Int("hits", len(hits)))
	return hits, err
}

// Generator measures the calls of g: put it inside of [llm.Limit], so that the wait
// is not part of them.
func (t *Telemetry) Generator(g llm.Generator) llm.Generator {
	if t == nil {
		return g
	}
	return measuredGenerator{g, t}
}

type measuredGenerator struct {
	llm.Generator
	t *Telemetry
}

func (g measuredGenerator) Generate(ctx context.Context, req llm.Request, emit func(string) error) (*llm.Response, error) {
	t, end := g.t, g.t.stage(ctx, "generate")
	told := emit
	if emit != nil {
		began, once := time.Now(), sync.Once{}
		told = func(piece string) error {
			once.Do(func() { t.stages.WithLabelValues("first_words").Observe(time.Since(began).Seconds()) })
			return emit(piece)
		}
	}
	resp, err := g.Generator.Generate(ctx, req, told)
	t.calls.WithLabelValues(Language, outcome(err)).Inc()
	if resp == nil {
		end(err)
		return resp, err
	}
	t.tokens.WithLabelValues("read").Add(float64(resp.Prompt))
	t.tokens.WithLabelValues("written").Add(float64(resp.Completion))
	end(err, attribute.Int("tokens.read", resp.Prompt), attribute.Int("tokens.written", resp.Completion))
	return resp, err
}

// Embedder measures the calls of e, as [Telemetry.Generator] does.
func (t *Telemetry) Embedder(e llm.Embedder) llm.Embedder {
	if t == nil {
		return e
	}
	return measuredEmbedder{e, t}
}

type measuredEmbedder struct {
	llm.Embedder
	t *Telemetry
}

func (e measuredEmbedder) Embed(ctx context.Context, role llm.Role, texts []string) ([][]float32, error) {
	end := e.t.stage(ctx, "embed")
	vectors, err := e.Embedder.Embed(ctx, role, texts)
	e.t.calls.WithLabelValues(Embedding, outcome(err)).Inc()
	end(err, attribute.Int("texts", len(texts)))
	return vectors, err
}

// Reranker measures the calls of r, as [Telemetry.Generator] does.
func (t *Telemetry) Reranker(r llm.Reranker) llm.Reranker {
	if t == nil {
		return r
	}
	return measuredReranker{r, t}
}

type measuredReranker struct {
	llm.Reranker
	t *Telemetry
}

func (r measuredReranker) Rerank(ctx context.Context, question string, texts []string) ([]float64, error) {
	end := r.t.stage(ctx, "rerank")
	scores, err := r.Reranker.Rerank(ctx, question, texts)
	r.t.calls.WithLabelValues(Reranking, outcome(err)).Inc()
	end(err, attribute.Int("texts", len(texts)))
	return scores, err
}
