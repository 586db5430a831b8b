// Package eval measures Biseo. [BEIR] scores an index's rankings on a retrieval
// collection; the metrics are those of trec_eval.
package eval

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"time"

	"biseo/index"
	"biseo/ingest"
	"biseo/korea/text"
	"biseo/llm"
)

// BEIROptions says how [BEIR] measures.
type BEIROptions struct {
	Queries  string       // file of the query IDs to ask, one per line; "": all that have judgements
	Part     Part         // of these queries; "" is all
	Run      string       // file to write the rankings to, in TREC run form; "": none
	Embedder llm.Embedder // nil: words only
	// Open opens an empty index for vectors of an embedding space ("": none).
	// BEIR fills and closes it; its files are the caller's to remove.
	Open func(space string) (index.Index, error)
}

// A BEIRReport is the result of [BEIR]. Its own mode is the one that Biseo searches
// in: hybrid with an embedder, else words.
type BEIRReport struct {
	Queries   int `json:"queries"`
	Documents int `json:"documents"`
	BEIRMode
	Modes []BEIRMode `json:"modes,omitempty"` // words, meaning and hybrid, where there is an embedder
	Pairs []BEIRPair `json:"pairs,omitempty"` // hybrid against words and meaning, meaning against words
}

// A BEIRMode is how one way to search did. Metrics are means over the queries; a
// query without a result counts 0.
type BEIRMode struct {
	Metrics   map[string]float64    `json:"metrics"`
	CI95      map[string][2]float64 `json:"ci95"` // of each metric, see [Bootstrap]
	LatencyMS struct {
		P50 float64 `json:"p50"`
		P99 float64 `json:"p99"`
	} `json:"latency_ms"` // one query after the other, its embedding included
	IndexSeconds float64 `json:"index_seconds"` // of words: without the time of the embedder
	Mode         string  `json:"mode"`          // words, meaning or hybrid
}

// A BEIRPair compares two modes query by query.
type BEIRPair struct {
	Mode       string     `json:"mode"`
	Than       string     `json:"than"`
	Metric     string     `json:"metric"`
	Difference float64    `json:"difference"` // of the means, Mode less Than
	CI95       [2]float64 `json:"ci95"`       // of the difference, see [Bootstrap]
	P          float64    `json:"p"`          // see [Randomise]
}

const wordsMode, meaningMode, hybridMode = "words", "meaning", "hybrid"

var beirMetrics = []struct {
	name string
	of   func(ranking []string, q Qrels) float64
}{
	{"ndcg@10", func(r []string, q Qrels) float64 { return NDCG(r, q, 10) }},
	{"recall@1", func(r []string, q Qrels) float64 { return Recall(r, q, 1) }},
	{"recall@5", func(r []string, q Qrels) float64 { return Recall(r, q, 5) }},
	{"recall@10", func(r []string, q Qrels) float64 { return Recall(r, q, 10) }},
	{"mrr@10", func(r []string, q Qrels) float64 { return ReciprocalRank(r, q, 10) }},
	{"success@5", func(r []string, q Qrels) float64 { return Success(r, q, 5) }},
}

// BEIR indexes the collection in dir (see [ReadSet]), each document as one chunk
// that everyone may read, asks every query and scores the rankings. With an
// embedder it asks by words, by meaning and by both.
func BEIR(ctx context.Context, lg *slog.Logger, dir string, opt BEIROptions) (*BEIRReport, error) {
	set, err := ReadSet(dir, opt.Queries)
	if err != nil {
		return nil, err
	}
	if set.Queries = opt.Part.of(set.Queries); len(set.Queries) == 0 {
		return nil, fmt.Errorf("%s: 물음이 %q 부분에 하나도 없으니 이름을 확인해 주세요", dir, opt.Part)
	}
	space, modes := "", []string{wordsMode}
	if opt.Embedder != nil {
		space, modes = opt.Embedder.Space(), []string{wordsMode, meaningMode, hybridMode}
	}
	x, err := opt.Open(space)
	if err != nil {
		return nil, fmt.Errorf("open index: %w", err)
	}
	defer x.Close()

	start := time.Now()
	embedding, err := fill(ctx, x, opt.Embedder, set.Docs)
	if err != nil {
		return nil, err
	}
	filled := time.Since(start)
	lg.Info("indexed", "documents", len(set.Docs), "seconds", filled.Seconds())

	runs := make([]beirRun, len(modes))
	for i, mode := range modes {
		runs[i] = beirRun{mode: mode, values: map[string][]float64{}, seconds: filled.Seconds()}
		if mode == wordsMode {
			runs[i].seconds = (filled - embedding).Seconds()
		}
	}
	for _, q := range set.Queries {
		var dense []float32
		start := time.Now()
		if opt.Embedder != nil {
			v, err := opt.Embedder.Embed(ctx, llm.Question, []string{q.Text})
			if err != nil {
				return nil, fmt.Errorf("query %s: embed: %w", q.ID, err)
			}
			dense = v[0]
		}
		embedding := time.Since(start)
		for i := range runs {
			if err := runs[i].ask(ctx, x, q, set.Qrels[q.ID], dense, embedding); err != nil {
				return nil, fmt.Errorf("query %s: %w", q.ID, err)
			}
		}
	}

	last := runs[len(runs)-1]
	rep := &BEIRReport{Queries: len(set.Queries), Documents: len(set.Docs), BEIRMode: last.report()}
	if len(runs) > 1 {
		for _, r := range runs[:len(runs)-1] {
			rep.Modes = append(rep.Modes, r.report())
		}
		rep.Modes = append(rep.Modes, rep.BEIRMode)
		words, meaning, hybrid := runs[0], runs[1], runs[2]
		rep.Pairs = []BEIRPair{pair(hybrid, words), pair(hybrid, meaning), pair(meaning, words)}
	}
	if opt.Run != "" {
		if err := writeRun(opt.Run, set.Queries, last.rankings); err != nil {
			return nil, fmt.Errorf("write run: %w", err)
		}
	}
	return rep, nil
}

// A beirRun is what one mode has found so far.
type beirRun struct {
	mode     string
	rankings [][]Scored           // by query
	values   map[string][]float64 // by metric, for each query
	latency  []float64            // milliseconds
	seconds  float64              // of indexing
}

// ask asks q in the mode of r. embedding is how long q's vector took.
func (r *beirRun) ask(ctx context.Context, x index.Index, q Text, judged Qrels, dense []float32, embedding time.Duration) error {
	start := time.Now()
	switch r.mode {
	case wordsMode:
		dense, embedding = nil, 0
	case meaningMode:
		q.Text = ""
	}
	run, err := search(ctx, x, q.Text, dense)
	if err != nil {
		return err
	}
	r.latency = append(r.latency, float64((time.Since(start)+embedding).Microseconds())/1000)
	r.rankings = append(r.rankings, run)
	ranking := Rank(run)
	for _, m := range beirMetrics {
		r.values[m.name] = append(r.values[m.name], m.of(ranking, judged))
	}
	return nil
}

func (r *beirRun) report() BEIRMode {
	m := BEIRMode{Mode: r.mode, IndexSeconds: r.seconds, Metrics: map[string]float64{}, CI95: map[string][2]float64{}}
	for name, v := range r.values {
		m.Metrics[name], m.CI95[name] = Mean(v), Bootstrap(v)
	}
	m.LatencyMS.P50, m.LatencyMS.P99 = Percentile(r.latency, 50), Percentile(r.latency, 99)
	return m
}

// pair compares a with b by nDCG@10.
func pair(a, b beirRun) BEIRPair {
	const metric = "ndcg@10"
	d := make([]float64, len(a.values[metric]))
	for i, v := range a.values[metric] {
		d[i] = v - b.values[metric][i]
	}
	return BEIRPair{Mode: a.mode, Than: b.mode, Metric: metric, Difference: Mean(d), CI95: Bootstrap(d), P: Randomise(d)}
}

// fill stores every document and returns how long the embedder took.
func fill(ctx context.Context, x index.Index, e llm.Embedder, docs []Text) (embedding time.Duration, err error) {
	for _, t := range docs {
		d := index.Doc{ID: t.ID, Work: t.ID, Title: text.NFC(t.Title), Kind: "other", Readers: []string{index.Public}, Grade: index.Open}
		c := index.Chunk{ID: index.ChunkID(t.ID, 0), DocID: t.ID, Text: text.NFC(t.Text)}
		if e != nil {
			start := time.Now()
			vectors, err := e.Embed(ctx, llm.Passage, ingest.EmbedTexts(d, c))
			if err == nil && len(vectors) == 0 {
				err = errors.New("no vectors")
			}
			if err != nil {
				return 0, fmt.Errorf("embed document %s: %w", t.ID, err)
			}
			embedding += time.Since(start)
			ingest.SetVectors(&c, vectors)
		}
		if err := x.Replace(ctx, d, []index.Chunk{c}); err != nil {
			return 0, fmt.Errorf("index document %s: %w", t.ID, err)
		}
	}
	return embedding, nil
}

// search returns what the index finds, in its order, with strictly decreasing
// scores, so that the order survives any tool that sorts by score again.
func search(ctx context.Context, x index.Index, question string, dense []float32) ([]Scored, error) {
	// The documents have no dates: any day will do, and a fixed one repeats.
	q := index.Query{Text: question, Dense: dense, Limit: 10, // the least that the metrics need
		Scope: index.Scope{Grade: index.Open, On: index.Day(2000, time.January, 1)}}
	hits, err := x.Search(ctx, q)
	if err != nil {
		return nil, err
	}
	out := make([]Scored, 0, len(hits))
	last := float32(math.Inf(1))
	for _, h := range hits {
		s := float32(h.Score)
		if s >= last {
			s = math.Nextafter32(last, float32(math.Inf(-1)))
		}
		last = s
		out = append(out, Scored{h.Doc.ID, float64(s)})
	}
	return out, nil
}

// writeRun writes the six columns of a TREC run: query, Q0, document, rank from 1, score, name.
func writeRun(name string, queries []Text, runs [][]Scored) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	for i, run := range runs {
		for rank, r := range run {
			fmt.Fprintf(w, "%s Q0 %s %d %.9g biseo\n", queries[i].ID, r.Doc, rank+1, r.Score)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}
