// Package eval measures Biseo. [BEIR] scores an index's rankings on a retrieval
// collection; the metrics are those of trec_eval.
package eval

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"slices"
	"time"

	"biseo/index"
	"biseo/ingest"
	"biseo/korea/text"
	"biseo/llm"
)

// BEIROptions says how [BEIR] measures.
type BEIROptions struct {
	Queries  string       // file of the query IDs to ask, one per line; "": all that have judgements
	Run      string       // file to write the rankings to, in TREC run form; "": none
	Embedder llm.Embedder // nil: words only
	// Open opens an empty index for vectors of an embedding space ("": none).
	// BEIR fills and closes it; its files are the caller's to remove.
	Open func(space string) (index.Index, error)
}

// A BEIRReport is the result of [BEIR]. Metrics are means over the queries; a
// query without a result counts 0.
type BEIRReport struct {
	Queries   int                   `json:"queries"`
	Documents int                   `json:"documents"`
	Metrics   map[string]float64    `json:"metrics"`
	CI95      map[string][2]float64 `json:"ci95"` // see [Bootstrap]
	LatencyMS struct {
		P50 float64 `json:"p50"`
		P99 float64 `json:"p99"`
	} `json:"latency_ms"` // one query after the other, its embedding included
	IndexSeconds float64 `json:"index_seconds"`
	Mode         string  `json:"mode"` // words or hybrid
}

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
// that everyone may read, asks every query and scores the rankings.
func BEIR(ctx context.Context, lg *slog.Logger, dir string, opt BEIROptions) (*BEIRReport, error) {
	set, err := ReadSet(dir, opt.Queries)
	if err != nil {
		return nil, err
	}
	space, mode := "", "words"
	if opt.Embedder != nil {
		space, mode = opt.Embedder.Space(), "hybrid"
	}
	x, err := opt.Open(space)
	if err != nil {
		return nil, fmt.Errorf("open index: %w", err)
	}
	defer x.Close()

	start := time.Now()
	if err := fill(ctx, x, opt.Embedder, set.Docs); err != nil {
		return nil, err
	}
	rep := &BEIRReport{Queries: len(set.Queries), Documents: len(set.Docs), Mode: mode}
	rep.IndexSeconds = time.Since(start).Seconds()
	lg.Info("indexed", "documents", rep.Documents, "seconds", rep.IndexSeconds)

	values := map[string][]float64{}
	var latency []float64
	runs := make([][]Scored, len(set.Queries))
	for i, q := range set.Queries {
		start := time.Now()
		runs[i], err = ask(ctx, x, opt.Embedder, q.Text)
		if err != nil {
			return nil, fmt.Errorf("query %s: %w", q.ID, err)
		}
		latency = append(latency, float64(time.Since(start).Microseconds())/1000)
		ranking := Rank(runs[i])
		for _, m := range beirMetrics {
			values[m.name] = append(values[m.name], m.of(ranking, set.Qrels[q.ID]))
		}
	}
	rep.Metrics = make(map[string]float64, len(values))
	for name, v := range values {
		rep.Metrics[name] = Mean(v)
	}
	rep.CI95 = map[string][2]float64{"ndcg@10": Bootstrap(values["ndcg@10"])}
	rep.LatencyMS.P50, rep.LatencyMS.P99 = Percentile(latency, 50), Percentile(latency, 99)
	if opt.Run != "" {
		if err := writeRun(opt.Run, set.Queries, runs); err != nil {
			return nil, fmt.Errorf("write run: %w", err)
		}
	}
	return rep, nil
}

// fill stores every document, embedding them in batches.
func fill(ctx context.Context, x index.Index, e llm.Embedder, docs []Text) error {
	const batch = 32
	for part := range slices.Chunk(docs, batch) {
		stored := make([]index.Doc, len(part))
		chunks := make([]index.Chunk, len(part))
		for i, d := range part {
			stored[i] = index.Doc{ID: d.ID, Work: d.ID, Title: text.NFC(d.Title), Kind: "other",
				Readers: []string{index.Public}, Grade: index.Open}
			chunks[i] = index.Chunk{ID: index.ChunkID(d.ID, 0), DocID: d.ID, Text: text.NFC(d.Text)}
		}
		if e != nil {
			texts := make([]string, len(part))
			for i := range part {
				texts[i] = ingest.EmbedText(stored[i], chunks[i])
			}
			dense, err := e.Embed(ctx, llm.Passage, texts)
			if err != nil {
				return fmt.Errorf("embed documents: %w", err)
			}
			for i := range dense {
				chunks[i].Dense = dense[i]
			}
		}
		for i, d := range stored {
			if err := x.Replace(ctx, d, chunks[i:i+1]); err != nil {
				return fmt.Errorf("index document %s: %w", d.ID, err)
			}
		}
	}
	return nil
}

// ask returns what the index finds, in its order, with strictly decreasing
// scores, so that the order survives any tool that sorts by score again.
func ask(ctx context.Context, x index.Index, e llm.Embedder, question string) ([]Scored, error) {
	// The documents have no dates: any day will do, and a fixed one repeats.
	q := index.Query{Text: question, Limit: 10, // the least that the metrics need
		Scope: index.Scope{Grade: index.Open, On: index.Day(2000, time.January, 1)}}
	if e != nil {
		v, err := e.Embed(ctx, llm.Question, []string{question})
		if err != nil {
			return nil, fmt.Errorf("embed: %w", err)
		}
		q.Dense = v[0]
	}
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
