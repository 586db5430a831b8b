package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"biseo/index"
	"biseo/ingest"
	"biseo/korea/calendar"
	"biseo/korea/privacy"
	"biseo/llm"
)

// ingestCmds are biseo ingest PATH... and biseo ingest status.
type ingestCmds struct {
	Files  ingestCmd       `cmd:"" default:"withargs" help:"Bring the index in line with files and folders."`
	Status ingestStatusCmd `cmd:"" help:"Tell how each file stands: failed ones first, with reason and next step."`
}

type ingestCmd struct {
	Paths   []string `arg:"" optional:"" name:"path" help:"Files and folders. What has gone from them goes from the index."`
	Readers []string `placeholder:"GROUP" help:"Groups that may read these documents, in place of what biseo-folder.yaml says; public is everyone."`
	Rebuild bool     `xor:"how" help:"Build a new index of these paths beside the old one and switch to it."`
	Retry   bool     `xor:"how" help:"Read only files that failed before, or that still lack their embedding; of these paths, or of all."`
	Watch   bool     `xor:"how" help:"Go on until interrupted, and bring in what changes."`
	Workers int      `help:"Files read at a time (0: one for each CPU, at most 4)."`
	JSON    bool     `help:"Print the report as one JSON document."`
}

func (cmd *ingestCmd) Run(ctx context.Context, c *console, s *settings) error {
	switch {
	case len(cmd.Paths) == 0 && !cmd.Retry:
		return errUsage{errors.New("읽을 파일이나 폴더를 biseo ingest 문서함 처럼 적어 주세요")}
	case cmd.Watch && cmd.JSON:
		return errUsage{errors.New("--watch는 바뀔 때마다 한 줄씩 알리므로 --json과 함께 쓸 수 없으니 --json을 빼 주세요")}
	}
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
		err = errUnreadable{fmt.Errorf("파일 %d개를 읽지 못했으니 위의 실패를 확인해 주세요", len(report.Failed))}
	}
	return err
}

// sync brings the index in line. The report is nil when nothing was begun.
func (cmd *ingestCmd) sync(ctx context.Context, c *console, s *settings) (*ingest.Report, error) {
	if slices.Contains(cmd.Paths, "") { // it would be the folder that the program was started in
		return nil, errUsage{errors.New(`경로가 비어 있으니 이 폴더라면 "."을 적어 주세요`)}
	}
	for _, path := range cmd.Paths {
		if _, err := os.Stat(path); err != nil {
			return nil, errUnreadable{fmt.Errorf("%s: 그런 파일이나 폴더가 없거나 볼 권한이 없으니 경로를 확인해 주세요: %w", path, err)}
		}
	}
	e, err := s.embedder()
	if err != nil {
		return nil, err
	}
	if err := s.tryEmbedder(ctx, e); err != nil { // before an index is begun for vectors of that length
		return nil, err
	}
	ledger, err := ingest.OpenLedger(ctx, s.ledgerFile())
	if err != nil {
		return nil, err
	}
	defer ledger.Close()
	if err := s.whole(); err != nil { // a restore that began before the ledger was open has not seen it
		return nil, err
	}
	pool, err := s.readers(cmd.Workers)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	// What small documents leave behind may lie for a while, which is a quarter of the
	// time; large ones pass through by the dozen, and theirs is collected early.
	defer debug.SetGCPercent(debug.SetGCPercent(200))
	var most int64 = 180 << 20
	if e != nil { // the sentences of a law have up to 40 MB of vectors
		most = 400 << 20
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(most))
	src := ingest.Source{
		Paths: cmd.Paths, Read: pool.Read, Readers: cmd.Readers, Workers: cmd.Workers,
		Mask: maskText, Ledger: ledger, Now: c.now,
	}
	use := writing
	if cmd.Rebuild {
		use = rebuilding
	}
	x, err := s.openIndex(ctx, c.lg, use, s.indexDir(), e)
	if err != nil {
		return nil, err
	}
	defer x.Close()
	if err := checkSpace(x, e); err != nil {
		return nil, errUsage{err}
	}
	if cmd.Watch {
		return nil, s.explainIngest(watch(ctx, c, x, e, src))
	}
	if !cmd.JSON {
		bar := &progressBar{w: c.err, tty: isTerminal(c.err), now: c.now}
		src.Progress = bar.show
		defer bar.finish()
	}
	if cmd.Retry {
		report, err := retry(ctx, c, x, e, src)
		return &report, s.explainIngest(err)
	}
	report, err := ingest.Sync(ctx, c.lg, x, e, src)
	if err != nil {
		if ctx.Err() == nil {
			return nil, s.explainIngest(err)
		}
		return &report, err // interrupted: what was done stays
	}
	if b, ok := x.(committer); ok {
		err = b.Commit(ctx)
	}
	return &report, err
}

// tryEmbedder says whether the vectors of e, which may be nil, are as long as the
// settings say. An embedder that is away is no error: documents are found by words.
func (s *settings) tryEmbedder(ctx context.Context, e llm.Embedder) error {
	if e == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, doctorWait)
	defer cancel()
	if _, err := e.Embed(ctx, llm.Question, []string{"민원"}); errors.Is(err, llm.ErrDimension) {
		return s.explainIngest(err)
	}
	return nil
}

// explainIngest says in Korean which setting an error of ingest is about, if any.
func (s *settings) explainIngest(err error) error {
	if errors.Is(err, llm.ErrDimension) {
		return errUsage{fmt.Errorf("--embedder-dimension %d이(가) %s 서버가 주는 벡터의 길이와 달라 멈췄으니 --embedder-dimension과 --embedder-name을 확인해 주세요: %w", s.Embedder.Dimension, s.Embedder.URL, err)}
	}
	return inFolderFile(err)
}

// retry reads what failed before, or was stored without vectors: below the given
// paths, or everywhere. Each folder keeps the readers that it was given before.
func retry(ctx context.Context, c *console, x index.Index, e llm.Embedder, src ingest.Source) (ingest.Report, error) {
	total := ingest.Report{Duplicates: []ingest.Duplicate{}, Failed: []ingest.Failure{}, NoReaders: []string{}, Warnings: []string{}}
	files, err := src.Ledger.Files(ctx, nil)
	if err != nil {
		return total, err
	}
	var wanted []string
	for _, p := range src.Paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			return total, err
		}
		wanted = append(wanted, filepath.ToSlash(abs))
	}
	again := map[string]bool{}
	for _, f := range files {
		if (f.State == ingest.Failed || f.State == ingest.New || f.WordsOnly) && (len(wanted) == 0 || below(f.File, wanted)) {
			again[f.File] = true
		}
	}
	roots, err := src.Ledger.Roots(ctx)
	if err != nil {
		return total, err
	}
	readers := src.Readers
	for _, r := range slices.Backward(roots) { // the inner one first, where one lies in another
		if _, err := os.Stat(filepath.FromSlash(r.Path)); err != nil || !slices.ContainsFunc(slices.Collect(maps.Keys(again)), func(f string) bool { return below(f, []string{r.Path}) }) {
			continue
		}
		src.Paths, src.Only = []string{filepath.FromSlash(r.Path)}, func(file string) bool { return again[file] }
		if src.Readers = r.Readers; len(readers) > 0 {
			src.Readers = readers
		}
		rep, err := ingest.Sync(ctx, c.lg, x, e, src)
		total.Add(rep)
		if err != nil {
			return total, err
		}
		maps.DeleteFunc(again, func(f string, _ bool) bool { return below(f, []string{r.Path}) })
	}
	return total, nil
}

func below(path string, folders []string) bool {
	return slices.ContainsFunc(folders, func(dir string) bool {
		return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/")
	})
}

// watch prints a line for each change until it is interrupted.
func watch(ctx context.Context, c *console, x index.Index, e llm.Embedder, src ingest.Source) error {
	say := func(format string, args ...any) {
		fmt.Fprintln(c.out, c.now().In(calendar.Seoul).Format(time.TimeOnly), fmt.Sprintf(format, args...))
	}
	src.File = func(f ingest.FileState) {
		switch f.State {
		case ingest.Unchanged:
		case ingest.Failed:
			say("실패 %s: %s %s", ingest.PrintPath(f.Path), f.Reason, f.Next)
		case ingest.Removed:
			say("삭제 %s", ingest.PrintPath(f.Path))
		default:
			say("%s %s: %s", stateNames[f.State], ingest.PrintPath(f.Path), strings.Join(append([]string{counts(f)}, f.Warnings...), " "))
		}
	}
	told := map[string]bool{}
	first := true
	opt := ingest.WatchOptions{
		Report: func(r ingest.Report) {
			for _, line := range r.NoReaders {
				if !told[line] {
					say("주의 %s", line)
				}
				told[line] = true
			}
			if first && ctx.Err() == nil {
				say("폴더를 지켜봅니다. 끝내려면 Ctrl+C를 누르세요.")
			}
			first = false
		},
		Notice: func(problem string) {
			if problem == "" {
				problem = "다시 지켜봅니다."
			}
			say("주의 %v", inFolderFile(errors.New(problem)))
		},
	}
	return ingest.Watch(ctx, c.lg, x, e, src, opt)
}

// maskText hides personal data.
func maskText(s string, keepContacts bool) string {
	spans := privacy.Find(s)
	if keepContacts {
		spans = privacy.WithoutContacts(s, spans)
	}
	return privacy.Mask(s, spans)
}

// maxWarnings is how many warnings a report prints.
const maxWarnings = 20

func printReport(w io.Writer, r *ingest.Report) {
	fmt.Fprintf(w, "추가 %d, 변경 %d, 정보만 변경 %d, 삭제 %d, 그대로 %d, 중복 %d, 실패 %d, 문서가 아닌 파일 %d (검색 단위 %d개를 새로 씀)\n",
		r.Added, r.Changed, r.Described, r.Removed, r.Unchanged, len(r.Duplicates), len(r.Failed), r.Skipped, r.Chunks)
	for _, f := range r.Failed {
		fmt.Fprintf(w, "실패 %s: %s %s\n", ingest.PrintPath(f.Path), f.Reason, f.Next)
	}
	for _, d := range r.Duplicates {
		fmt.Fprintf(w, "중복 %s: %s 파일과 같은 문서입니다.\n", ingest.PrintPath(d.Path), ingest.PrintPath(d.Of))
	}
	for i, s := range slices.Concat(r.NoReaders, r.Warnings) {
		if i == maxWarnings+len(r.NoReaders) {
			fmt.Fprintf(w, "주의 그 밖에 %d건이 더 있습니다. biseo ingest status로 파일마다 볼 수 있습니다.\n", len(r.Warnings)-maxWarnings)
			break
		}
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
