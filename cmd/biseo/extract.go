package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"

	"biseo/eval"
	"biseo/index"
	"biseo/ingest"
)

type extractCmd struct {
	File    string `arg:"" optional:"" help:"A document, or an archive of documents."`
	Compare string `placeholder:"DIR" help:"Read every document of a folder instead and compare it with the reference text beside it: a.hwp with a.hwp.ref.txt, a.txt, a.md, text/a.txt; twins such as a.hwp and a.hwpx with each other; a PDF without a reference with pdftotext."`
	JSON    bool   `help:"Print one JSON document: text, structure and metadata, or the comparison."`
}

type extracted struct {
	Title    string           `json:"title"`
	Meta     index.Doc        `json:"meta"`
	Pages    int              `json:"pages"`
	Methods  []string         `json:"methods,omitempty"`
	Fields   []ingest.Field   `json:"fields,omitempty"`
	Blocks   []extractedBlock `json:"blocks"`
	Parts    []extractedPart  `json:"parts,omitempty"`
	Warnings []string         `json:"warnings"`
}

type extractedBlock struct {
	Kind  ingest.Kind     `json:"kind"`
	Path  []string        `json:"path"`
	Page  int             `json:"page"`
	Text  string          `json:"text"`
	Cells [][]ingest.Cell `json:"cells,omitempty"`
}

// An extractedPart is one entry of an archive: its document or why there is none.
type extractedPart struct {
	Name     string            `json:"name"`
	Document *extracted        `json:"document,omitempty"`
	Error    *ingest.FileError `json:"error,omitempty"`
}

func (cmd *extractCmd) Run(ctx context.Context, c *console, s *settings) error {
	if (cmd.File == "") == (cmd.Compare == "") {
		return errUsage{errors.New("읽을 문서 하나, 또는 --compare 폴더 를 적어 주세요")}
	}
	if cmd.Compare != "" {
		return cmd.compare(ctx, c, s)
	}
	if err := statFile(cmd.File); err != nil {
		return err
	}
	pool, err := s.readers(1)
	if err != nil {
		return err
	}
	defer pool.Close()
	d, err := pool.Read(ctx, cmd.File)
	if err != nil {
		return errUnreadable{fmt.Errorf("%s: %w", cmd.File, err)}
	}
	if cmd.JSON {
		return printJSON(c.out, describe(d))
	}
	for _, w := range d.Warnings {
		fmt.Fprintln(c.err, "주의:", w)
	}
	for _, p := range d.Parts {
		fmt.Fprintf(c.out, "== %s ==\n", p.Name)
		if p.Err != nil {
			fmt.Fprintln(c.out, p.Err)
			continue
		}
		fmt.Fprintln(c.out, strings.TrimRight(p.Document.Text, "\n"))
	}
	if len(d.Parts) == 0 {
		_, err = io.WriteString(c.out, strings.TrimRight(d.Text, "\n")+"\n")
	}
	return err
}

func describe(d *ingest.Document) *extracted {
	out := &extracted{
		Title: d.Meta.Title, Meta: d.Meta, Pages: d.Pages, Methods: d.Methods, Fields: ingest.ReadFields(d),
		Blocks: []extractedBlock{}, Warnings: d.Warnings,
	}
	if out.Warnings == nil {
		out.Warnings = []string{}
	}
	runes := []rune(d.Text)
	for _, b := range d.Blocks {
		path := b.Path
		if path == nil {
			path = []string{}
		}
		out.Blocks = append(out.Blocks, extractedBlock{b.Kind, path, b.Page, strings.TrimRight(string(runes[b.Start:b.End]), "\n"), b.Cells})
	}
	for _, p := range d.Parts {
		part := extractedPart{Name: p.Name, Error: p.Err}
		if p.Document != nil {
			part.Document = describe(p.Document)
		}
		out.Parts = append(out.Parts, part)
	}
	return out
}

func (cmd *extractCmd) compare(ctx context.Context, c *console, s *settings) error {
	workers := min(runtime.NumCPU(), 4)
	pool, err := s.readers(workers)
	if err != nil {
		return err
	}
	defer pool.Close()
	r, err := eval.Fidelity(ctx, cmd.Compare, eval.FidelityOptions{Read: pool.Read, Workers: workers})
	if err != nil {
		return errUnreadable{err}
	}
	if cmd.JSON {
		return printJSON(c.out, r)
	}
	return printFidelity(c.out, r)
}

func printFidelity(out io.Writer, r *eval.FidelityReport) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "recall\tprecision\tany order\tcharacters\tcells\tpages\tfile\treference")
	var failed []string
	for _, f := range r.Files {
		if f.Error != "" {
			failed = append(failed, f.Path+": "+f.Error)
			continue
		}
		figures := "-\t-\t-\t-"
		if m := f.Text; m != nil {
			figures = fmt.Sprintf("%.4f\t%.4f\t%.4f\t%d", m.Recall, m.Precision, m.AnyOrder, m.Characters)
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", figures, cells(f.CellsOK, f.Cells), f.Pages, f.Path, f.Reference)
	}
	if len(r.Twins) > 0 {
		fmt.Fprintln(w, "\nalike\tcells\ttwins")
	}
	for _, t := range r.Twins {
		fmt.Fprintf(w, "%.4f\t%s\t%s, %s\n", t.Alike, cells(t.CellsOK, t.Cells), t.Path, t.Other)
	}
	fmt.Fprintln(w, "\nrecall\tprecision\tany order\tworst\tcharacters\tcells\tformat\tdocuments\tcompared\tfailed\tpages")
	for _, t := range r.Totals {
		figures := "-\t-\t-\t-"
		if t.Compared > 0 {
			figures = fmt.Sprintf("%.5f\t%.5f\t%.5f\t%.4f", t.Recall, t.Precision, t.AnyOrder, t.Worst)
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%d\t%d\t%d\t%d\n", figures, t.Characters, cells(t.CellsOK, t.Cells), t.Format, t.Documents, t.Compared, t.Failed, t.Pages)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	all := r.Totals[len(r.Totals)-1]
	fmt.Fprintf(out, "\n%.1f s: %.1f documents and %.1f pages a second\n", r.Seconds, float64(all.Documents)/r.Seconds, float64(all.Pages)/r.Seconds)
	for _, s := range failed {
		fmt.Fprintln(out, "failed", s)
	}
	return nil
}

func cells(right, all int) string {
	if all == 0 {
		return "-"
	}
	return fmt.Sprintf("%.4f (%d)", float64(right)/float64(all), all)
}
