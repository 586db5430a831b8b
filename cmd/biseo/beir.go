package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"

	"biseo/eval"
	"biseo/index"
)

type beirCmd struct {
	Dir     string    `arg:"" help:"Folder of the set."`
	Queries string    `placeholder:"FILE" help:"Ask only the query IDs in this file, one per line."`
	Part    eval.Part `default:"all" enum:"all,tuning,unseen" help:"Ask all queries, the third by a hash of their IDs that constants are chosen on (tuning), or the rest (unseen)."`
	Run_    string    `name:"run" placeholder:"FILE" help:"Also write a TREC run file."`
	JSON    bool      `help:"Print one JSON document."`
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
		Queries: cmd.Queries, Part: cmd.Part, Run: cmd.Run_, Embedder: e,
		Open: func(space string) (index.Index, error) {
			if e == nil || space != e.Space() { // only words
				return s.openIndex(ctx, c.lg, scratch, filepath.Join(dir, "index"), nil)
			}
			return s.openIndex(ctx, c.lg, scratch, filepath.Join(dir, "index"), e)
		},
	})
	if err != nil {
		return unreadSet(cmd.Dir, err)
	}
	if cmd.JSON {
		return printJSON(c.out, r)
	}
	return printBEIR(c.out, r)
}

// unreadSet says in Korean that a file of a set, a run or judgements is missing or
// cannot be opened. Other errors are returned as they are.
func unreadSet(name string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return errUnreadable{fmt.Errorf("%s: 평가 파일이 없거나 읽을 권한이 없으니 경로를 확인해 주세요: %w", name, err)}
}

// printBEIR prints a column for each mode, and what tells them apart.
func printBEIR(out io.Writer, r *eval.BEIRReport) error {
	modes := r.Modes
	if len(modes) == 0 {
		modes = []eval.BEIRMode{r.BEIRMode}
	}
	fmt.Fprintf(out, "%d queries, %d documents; in brackets 95 %% intervals\n", r.Queries, r.Documents)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name string, cell func(m eval.BEIRMode) string) {
		fmt.Fprint(w, name)
		for _, m := range modes {
			fmt.Fprint(w, "\t", cell(m))
		}
		fmt.Fprintln(w)
	}
	row("", func(m eval.BEIRMode) string { return m.Mode })
	for _, name := range []string{"ndcg@10", "recall@1", "recall@5", "recall@10", "mrr@10", "success@5"} {
		row(name, func(m eval.BEIRMode) string {
			return fmt.Sprintf("%.4f [%.4f, %.4f]", m.Metrics[name], m.CI95[name][0], m.CI95[name][1])
		})
	}
	row("latency p50", func(m eval.BEIRMode) string { return fmt.Sprintf("%.1f ms", m.LatencyMS.P50) })
	row("latency p99", func(m eval.BEIRMode) string { return fmt.Sprintf("%.1f ms", m.LatencyMS.P99) })
	row("indexing", func(m eval.BEIRMode) string { return fmt.Sprintf("%.1f s", m.IndexSeconds) })
	for _, p := range r.Pairs {
		fmt.Fprintf(w, "%s less %s\t%s %+.4f [%+.4f, %+.4f]\tp = %.4f\n", p.Mode, p.Than, p.Metric, p.Difference, p.CI95[0], p.CI95[1], p.P)
	}
	return w.Flush()
}
