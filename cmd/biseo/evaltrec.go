package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"biseo/eval"
)

type trecCmd struct {
	Run_    string `arg:"" name:"run" help:"TREC run file: query, Q0, document, rank, score, name."`
	Qrels   string `arg:"" help:"Judgements: TREC qrels, or qrels.tsv of a set in BEIR form."`
	Against string `placeholder:"FILE" help:"Another run file to hold it against, query by query."`
	Cuts    []int  `name:"k" default:"1,5,10" help:"Cut-offs of nDCG, recall and success (${default})."`
	JSON    bool   `help:"Print one JSON document."`
}

func (cmd *trecCmd) Run(c *console) error {
	qrels, err := eval.ReadQrels(cmd.Qrels)
	if err != nil {
		return errUnreadable{unreadSet(cmd.Qrels, err)}
	}
	run, err := eval.ReadRun(cmd.Run_)
	if err != nil {
		return errUnreadable{unreadSet(cmd.Run_, err)}
	}
	var against map[string][]eval.Scored
	if cmd.Against != "" {
		if against, err = eval.ReadRun(cmd.Against); err != nil {
			return errUnreadable{unreadSet(cmd.Against, err)}
		}
	}
	r, err := eval.TREC(run, against, qrels, cmd.Cuts)
	if err != nil {
		return errUsage{err}
	}
	if cmd.JSON {
		return printJSON(c.out, r)
	}
	return printTREC(c.out, r)
}

func printTREC(out io.Writer, r *eval.TRECReport) error {
	fmt.Fprintf(out, "%d queries judged, %d of them without a result (count 0); %d queries without a judgement left out; in brackets 95 %% intervals\n", r.Queries, r.Empty, r.Unjudged)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if r.Metrics[0].Against != nil {
		fmt.Fprintln(w, "\trun\tagainst\tdifference\tp")
	}
	for _, m := range r.Metrics {
		fmt.Fprintf(w, "%s\t%.4f [%.4f, %.4f]", m.Name, m.Mean, m.CI95[0], m.CI95[1])
		if a := m.Against; a != nil {
			fmt.Fprintf(w, "\t%.4f\t%+.4f [%+.4f, %+.4f]\t%.4f", a.Mean, a.Difference, a.CI95[0], a.CI95[1], a.P)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}
