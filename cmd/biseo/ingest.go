package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"biseo/index"
	"biseo/index/local"
	"biseo/ingest"
	"biseo/korea/privacy"
)

type ingestCmd struct {
	Paths   []string `arg:"" name:"path" help:"Files and folders. What has gone from them goes from the index."`
	Readers []string `placeholder:"GROUP" help:"Groups that may read these documents, in place of what biseo-folder.yaml says; public is everyone."`
	Rebuild bool     `help:"Build a new index of these paths beside the old one and switch to it."`
	Workers int      `help:"Files read at a time (0: one for each CPU, at most 4)."`
	JSON    bool     `help:"Print the report as one JSON document."`
}

func (cmd *ingestCmd) Run(ctx context.Context, c *console, s *settings) error {
	report, err := cmd.sync(ctx, c, s)
	if report == nil {
		return err
	}
	if cmd.JSON {
		if err := printJSON(c.out, report); err != nil {
			return err
		}
	} else {
		printReport(c.out, report)
	}
	if err == nil && len(report.Failed) > 0 {
		err = errUnreadable{fmt.Errorf("%d of the files could not be read: see 실패 above", len(report.Failed))}
	}
	return err
}

// sync brings the index in line. The report is nil when nothing was begun.
func (cmd *ingestCmd) sync(ctx context.Context, c *console, s *settings) (*ingest.Report, error) {
	if slices.Contains(cmd.Paths, "") { // it would be the folder that the program was started in
		return nil, errUsage{errors.New(`a path is empty; for this folder write "."`)}
	}
	for _, path := range cmd.Paths {
		if _, err := os.Stat(path); err != nil {
			return nil, errUnreadable{err}
		}
	}
	opt, e, err := s.indexOptions()
	if err != nil {
		return nil, err
	}
	pool, err := s.readers(cmd.Workers)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	src := ingest.Source{
		Paths: cmd.Paths, Read: pool.Read, Readers: cmd.Readers, Workers: cmd.Workers,
		Mask: func(s string) string { return privacy.Mask(s, privacy.Find(s)) },
	}
	if !cmd.JSON {
		bar := &progressBar{w: c.err, tty: isTerminal(c.err), now: c.now}
		src.Progress = bar.show
		defer bar.finish()
	}
	x, err := openForWriting(ctx, s.indexDir(), opt, cmd.Rebuild)
	if err != nil {
		return nil, err
	}
	defer x.Close()
	report, err := ingest.Sync(ctx, c.lg, x, e, src)
	if err != nil {
		if ctx.Err() == nil {
			return nil, err
		}
		return &report, err // interrupted: what was done stays
	}
	if b, ok := x.(*local.Builder); ok {
		err = b.Commit(ctx)
	}
	return &report, err
}

func openForWriting(ctx context.Context, dir string, opt local.Options, rebuild bool) (index.Index, error) {
	if rebuild {
		return local.Rebuild(ctx, dir, opt)
	}
	return local.Open(ctx, dir, opt)
}

func printReport(w io.Writer, r *ingest.Report) {
	fmt.Fprintf(w, "추가 %d, 변경 %d, 정보만 변경 %d, 삭제 %d, 그대로 %d, 중복 %d, 실패 %d, 문서가 아닌 파일 %d (검색 단위 %d개를 새로 씀)\n",
		r.Added, r.Changed, r.Described, r.Removed, r.Unchanged, len(r.Duplicates), len(r.Failed), r.Skipped, r.Chunks)
	for _, f := range r.Failed {
		fmt.Fprintf(w, "실패 %s: %s %s\n", f.Path, f.Reason, f.Next)
	}
	for _, d := range r.Duplicates {
		fmt.Fprintf(w, "중복 %s: %s 파일과 같은 문서입니다.\n", d.Path, d.Of)
	}
	for _, s := range slices.Concat(r.Warnings, r.NoReaders) {
		fmt.Fprintln(w, "주의", s)
	}
}

// A progressBar draws at most ten times a second on a terminal, and every ten
// seconds as a line elsewhere.
type progressBar struct {
	w     io.Writer
	tty   bool
	now   func() time.Time
	last  time.Time
	drawn bool
}

func (b *progressBar) show(p ingest.Progress) {
	wait := 10 * time.Second
	if b.tty {
		wait = 100 * time.Millisecond
	}
	now := b.now()
	if b.last.IsZero() && !b.tty {
		b.last = now
	}
	if now.Sub(b.last) < wait && (!b.tty || p.Done < p.Total) {
		return
	}
	b.last = now
	line := p.Line(78)
	if !b.tty {
		fmt.Fprintln(b.w, line)
		return
	}
	fmt.Fprint(b.w, "\r", line, "\x1b[K") // erases what an earlier, longer line left
	b.drawn = true
}

func (b *progressBar) finish() {
	if b.drawn {
		fmt.Fprintln(b.w)
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&fs.ModeCharDevice != 0
}

type extractCmd struct {
	File string `arg:"" help:"A document."`
	JSON bool   `help:"Print one JSON document: text, structure and metadata."`
}

type extracted struct {
	Title    string           `json:"title"`
	Meta     index.Doc        `json:"meta"`
	Pages    int              `json:"pages"`
	Blocks   []extractedBlock `json:"blocks"`
	Warnings []string         `json:"warnings"`
}

type extractedBlock struct {
	Kind  ingest.Kind     `json:"kind"`
	Path  []string        `json:"path"`
	Page  int             `json:"page"`
	Text  string          `json:"text"`
	Cells [][]ingest.Cell `json:"cells,omitempty"`
}

func (cmd *extractCmd) Run(ctx context.Context, c *console, s *settings) error {
	pool, err := s.readers(1)
	if err != nil {
		return err
	}
	defer pool.Close()
	d, err := pool.Read(ctx, cmd.File)
	if err != nil {
		return errUnreadable{fmt.Errorf("%s: %w", cmd.File, err)}
	}
	if !cmd.JSON {
		for _, w := range d.Warnings {
			fmt.Fprintln(c.err, "주의:", w)
		}
		_, err = io.WriteString(c.out, strings.TrimRight(d.Text, "\n")+"\n")
		return err
	}
	out := extracted{Title: d.Meta.Title, Meta: d.Meta, Pages: d.Pages, Blocks: []extractedBlock{}, Warnings: d.Warnings}
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
	return printJSON(c.out, out)
}
