package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"biseo/eval"
	"biseo/index"
	"biseo/index/local"
	"biseo/ingest/extract"
	"biseo/korea/privacy"
	"biseo/llm"
)

type maskCmd struct {
	File string `arg:"" help:"A text file."`
	JSON bool   `help:"Print one JSON document: the masked text and what was found, offsets in code points."`
}

func (cmd *maskCmd) Run(c *console) error {
	s, err := extract.ReadText(cmd.File)
	if err != nil {
		return errUnreadable{fmt.Errorf("%s: %w", cmd.File, err)}
	}
	spans := privacy.Find(s)
	masked := privacy.Mask(s, spans)
	if !cmd.JSON {
		_, err = fmt.Fprint(c.out, masked)
		return err
	}
	if spans == nil {
		spans = []privacy.Span{}
	}
	return printJSON(c.out, struct {
		Text  string         `json:"text"`
		Spans []privacy.Span `json:"spans"`
	}{masked, spans})
}

type evalCmd struct {
	BEIR beirCmd `cmd:"" name:"beir" help:"Retrieval metrics on a set in BEIR form: corpus.jsonl, queries.jsonl, qrels.tsv."`
}

type beirCmd struct {
	Dir     string `arg:"" help:"Folder of the set."`
	Queries string `placeholder:"FILE" help:"Ask only the query IDs in this file, one per line."`
	Run_    string `name:"run" placeholder:"FILE" help:"Also write a TREC run file."`
	JSON    bool   `help:"Print one JSON document."`
}

func (cmd *beirCmd) Run(ctx context.Context, c *console, s *settings) error {
	e, err := s.embedder()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "biseo-eval-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := eval.BEIR(ctx, c.lg, cmd.Dir, eval.BEIROptions{
		Queries: cmd.Queries, Run: cmd.Run_, Embedder: e,
		Open: func(space string) (index.Index, error) {
			return local.Open(ctx, filepath.Join(dir, "index"), local.Options{Space: space, Rules: rules})
		},
	})
	if err != nil {
		return err
	}
	if cmd.JSON {
		return printJSON(c.out, r)
	}
	ci := r.CI95["ndcg@10"]
	fmt.Fprintf(c.out, "%d queries, %d documents, %s\n", r.Queries, r.Documents, r.Mode)
	fmt.Fprintf(c.out, "nDCG@10    %.4f  [%.4f, %.4f]\n", r.Metrics["ndcg@10"], ci[0], ci[1])
	for _, m := range []string{"recall@1", "recall@5", "recall@10", "mrr@10", "success@5"} {
		fmt.Fprintf(c.out, "%-10s %.4f\n", m, r.Metrics[m])
	}
	fmt.Fprintf(c.out, "latency    p50 %.1f ms, p99 %.1f ms; indexing %.1f s\n", r.LatencyMS.P50, r.LatencyMS.P99, r.IndexSeconds)
	return nil
}

type doctorCmd struct {
	JSON bool `help:"Print one JSON document."`
}

// A finding is one line of the doctor's report.
type finding struct {
	Check string `json:"check"`
	State string `json:"state"` // ok, off, warning, error
	Text  string `json:"text"`
}

// doctorWait bounds each question that the doctor asks of a server.
const doctorWait = 30 * time.Second

func (cmd *doctorCmd) Run(ctx context.Context, c *console, s *settings) error {
	findings := []finding{s.checkIndex(ctx), s.checkModel(ctx), s.checkEmbedder(ctx)}
	failed := 0
	for _, f := range findings {
		if f.State == "error" {
			failed++
		}
	}
	if cmd.JSON {
		if err := printJSON(c.out, findings); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			fmt.Fprintf(c.out, "%-8s %-8s %s\n", f.State, f.Check, f.Text)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d checks failed", failed)
	}
	return nil
}

func (s *settings) checkIndex(ctx context.Context) finding {
	bad := func(err error) finding { return finding{"index", "error", err.Error()} }
	opt, _, err := s.indexOptions()
	if err != nil {
		return bad(err)
	}
	opt.ReadOnly = true
	x, err := local.Open(ctx, s.indexDir(), opt)
	if errors.Is(err, fs.ErrNotExist) {
		return finding{"index", "warning", "there is no index yet in " + s.indexDir() + "; run biseo ingest PATH"}
	}
	if err != nil {
		return bad(err)
	}
	defer x.Close()
	if err := x.Verify(ctx); err != nil {
		return bad(err)
	}
	docs, unreadable := 0, 0
	for d, err := range x.Docs(ctx) {
		if err != nil {
			return bad(err)
		}
		docs++
		if len(d.Readers) == 0 {
			unreadable++
		}
	}
	if unreadable > 0 {
		return finding{"index", "warning", fmt.Sprintf("%d documents; %d of them nobody may read: set readers in biseo-folder.yaml", docs, unreadable)}
	}
	return finding{"index", "ok", fmt.Sprintf("%d documents in %s, consistent", docs, s.indexDir())}
}

func (s *settings) checkModel(ctx context.Context) finding {
	g, err := s.generator()
	if err != nil {
		return finding{"model", "error", err.Error()}
	}
	if g == nil {
		return finding{"model", "off", "answers are extracts; set --model-url and --model-name"}
	}
	ctx, cancel := context.WithTimeout(ctx, doctorWait)
	defer cancel()
	began := time.Now()
	_, err = g.Generate(ctx, llm.Request{User: "예 또는 아니요로만 답하세요. 준비되었습니까?", MaxTokens: 16}, nil)
	m, took := s.Model, time.Since(began)
	switch {
	case errors.Is(err, llm.ErrRefused):
		return finding{"model", "error", err.Error() + "; check --model-name and --model-key-file"}
	case errors.Is(err, llm.ErrEmpty):
		return finding{"model", "warning", fmt.Sprintf("%s is there at %s but wrote nothing", g.Model(), m.URL)}
	case err != nil:
		return finding{"model", "error", err.Error()}
	case took > m.Timeout/2:
		return finding{"model", "warning", fmt.Sprintf("%s answers at %s, but a few words took %.1f s and an answer is given up after %v without any: raise --model-timeout or take a smaller model", g.Model(), m.URL, took.Seconds(), m.Timeout)}
	}
	return finding{"model", "ok", fmt.Sprintf("%s answers at %s in %.1f s; %d requests at a time, %v for the first words", g.Model(), m.URL, took.Seconds(), m.Parallel, m.Timeout)}
}

func (s *settings) checkEmbedder(ctx context.Context) finding {
	e, err := s.embedder()
	if err != nil {
		return finding{"embedder", "error", err.Error()}
	}
	if e == nil {
		return finding{"embedder", "off", "search is by words; set --embedder-url, --embedder-name and --embedder-dimension"}
	}
	ctx, cancel := context.WithTimeout(ctx, doctorWait)
	defer cancel()
	if _, err := e.Embed(ctx, llm.Question, []string{"민원"}); err != nil {
		return finding{"embedder", "error", err.Error()}
	}
	return finding{"embedder", "ok", e.Space() + " answers at " + s.Embedder.URL}
}
