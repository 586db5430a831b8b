package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"biseo/assistant"
	"biseo/eval"
	"biseo/eval/golden"
	"biseo/eval/report"
	"biseo/eval/suite"
	"biseo/index"
	"biseo/llm"
)

// goldenRunCmd asks every case of golden sets and keeps the results.
type goldenRunCmd struct {
	Sets     []string      `arg:"" help:"Folders of golden sets, such as eval/golden/gaon."`
	Out      string        `required:"" placeholder:"DIR" help:"Folder of the run, which is written once. A run that was cut off goes on."`
	Corpus   string        `placeholder:"DIR" help:"Folder of documents that the cases ask about (the sample agency)."`
	Split    string        `enum:",tune,test" default:"" help:"Only the cases of this split: tune or test."`
	Sample   int           `help:"Only so many cases of each set, the same ones every time: a share for a slow model (all)."`
	Tasks    []string      `enum:"search,answer,summary,report,reply,safety" help:"Only these sets: ${enum}."`
	Replay   string        `placeholder:"DIR" help:"Answer models and embedders from the recording of this run; what it does not hold is an error."`
	Gold     bool          `help:"Give the model the passages that the cases name, to tell faults of search from faults of the model."`
	Parallel int           `default:"2" help:"Cases asked at the same time (${default})."`
	Patience time.Duration `placeholder:"DURATION" help:"Give a slow model so long for each case, such as 30m, instead of the service's time limits."`
	Name     string        `help:"What to call this run in reports (the folder's name)."`
}

func (cmd *goldenRunCmd) Run(ctx context.Context, c *console, s *settings) error {
	sets, digests, err := readSets(cmd.Sets, cmd.Split, cmd.Tasks)
	if err != nil {
		return err
	}
	if cmd.Sample < 0 {
		return errUsage{errors.New("--sample에는 0보다 큰 문항 수를 적어 주세요")}
	}
	if cmd.Sample > 0 {
		for t := range sets {
			sets[t] = golden.Sample(sets[t], cmd.Sample)
		}
	}
	if cmd.Parallel < 1 {
		return errUsage{errors.New("--parallel에는 1 이상을 적어 주세요")}
	}
	if cmd.Patience < 0 {
		return errUsage{errors.New("--patience에는 30m처럼 0보다 긴 시간을 적어 주세요")}
	}
	for _, dir := range append(slices.Clone(cmd.Sets), cmd.Corpus) {
		if dir != "" && inside(cmd.Out, dir) {
			return errUsage{fmt.Errorf("--out %s은(는) 문항이나 문서의 폴더 %s 안이니 다른 폴더를 적어 주세요", cmd.Out, dir)}
		}
	}
	if old, err := suite.ReadManifest(cmd.Out); err == nil && !old.Ended.IsZero() {
		return errUsage{fmt.Errorf("--out %s에 끝난 실행이 이미 있으니 다른 폴더를 적어 주세요", cmd.Out)}
	}
	m := suite.Manifest{Name: cmd.Name, Program: version, Sets: digests, Split: cmd.Split, Sample: cmd.Sample, Gold: cmd.Gold, Replayed: cmd.Replay != "",
		Model: s.Model.Name, Rules: rules, Begun: c.now().UTC(),
		Settings: map[string]string{"model_grade": s.Model.Grade, "model_context": fmt.Sprint(s.Model.Context), "model_max_tokens": fmt.Sprint(s.Model.MaxTokens)}}
	if m.Name == "" {
		m.Name = filepath.Base(cmd.Out)
	}
	m.Source()
	if cmd.Patience > 0 {
		m.Settings["patience"] = cmd.Patience.String()
		s.Model.Timeout, s.Model.Idle = max(s.Model.Timeout, cmd.Patience), max(s.Model.Idle, cmd.Patience)
	}
	set, err := s.prompts()
	if err != nil {
		return err
	}
	m.Prompts = set.Versions()
	if reports := filepath.Join(s.Prompts, "reports"); s.Prompts != "" {
		if m.Prompts["reports"], err = suite.DigestFolder(reports); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if cmd.Corpus != "" {
		if m.Corpus, err = suite.DigestFolder(cmd.Corpus); err != nil {
			return errUnreadable{fmt.Errorf("--corpus %s 폴더를 읽지 못했으니 경로를 확인해 주세요: %w", cmd.Corpus, err)}
		}
	}
	g, e, tape, err := cmd.models(s, &m)
	if err != nil {
		return err
	}
	if tape != nil {
		defer tape.Close()
	}
	grade, _ := index.ParseGrade(s.Model.Grade)
	corpus, err := newEvalCorpus(ctx, c, s, cmd.Corpus, e, assistant.Options{Generator: g, Grade: grade, Window: s.Model.Context, Rules: rules, Prompts: set})
	if err != nil {
		return err
	}
	defer corpus.remove()
	corpus.gold = cmd.Gold
	cases := 0
	for _, set := range sets {
		cases += len(set)
	}
	fmt.Fprintf(c.err, "문항 %d개를 묻습니다.\n", cases)
	step, told := c.progress()
	err = suite.Run(ctx, cmd.Out, m, sets, suite.Options{Open: corpus.open, Parallel: cmd.Parallel, Patience: cmd.Patience, Progress: step})
	told()
	switch {
	case errors.Is(err, suite.ErrOther):
		return errUsage{fmt.Errorf("--out %s에 설정, 문항이나 문서가 다른 실행이 끊긴 채 있으니 다른 폴더를 적거나 그 폴더를 지워 주세요: %w", cmd.Out, err)}
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("실행이 중간에 멈췄으니 같은 명령을 다시 내려 이어서 해 주세요: %w", err)
	case errors.Is(err, suite.ErrNotRecorded):
		return fmt.Errorf("--replay %s의 녹음에 없는 물음이 나왔으니 녹음한 때와 같은 문항, 문서, 설정으로 재생하거나 새로 실행해 주세요: %w", cmd.Replay, err)
	case err != nil:
		return err
	}
	if tape != nil && tape.Failed() > 0 {
		fmt.Fprintf(c.err, "주의: 모델이나 임베딩 서버가 %d번 답하지 못해 그 문항은 발췌나 낱말 검색으로 답했으니, 서버를 확인하고 다시 실행해 주세요.\n", tape.Failed())
	}
	if tape != nil && cmd.Replay == "" {
		if keys, personal := tape.Scan(hiddenOf(sets)); keys+personal > 0 {
			fmt.Fprintf(c.err, "주의: 녹음 %d줄에 서비스 키로 보이는 것이, %d줄에 개인정보로 보이는 것이 있으니 나누기 전에 확인해 주세요.\n", keys, personal)
		}
	}
	report, err := suite.Judge(cmd.Out, sets)
	if err != nil {
		return err
	}
	printScores(c, report)
	fmt.Fprintf(c.err, "문항마다 보려면: biseo eval report %s %s\n", cmd.Out, strings.Join(cmd.Sets, " "))
	return report.Scores()
}

// models returns the model and embedder of the settings behind a tape, or those
// that a recording plays back; nil where there are none.
func (cmd *goldenRunCmd) models(s *settings, m *suite.Manifest) (llm.Generator, llm.Embedder, *suite.Tape, error) {
	if cmd.Replay != "" {
		recorded, err := suite.ReadManifest(cmd.Replay)
		if err != nil {
			return nil, nil, nil, errUnreadable{fmt.Errorf("--replay %s 폴더에 실행 기록이 없으니 경로를 확인해 주세요: %w", cmd.Replay, err)}
		}
		m.Model, m.Embedder = recorded.Model, recorded.Embedder
		tape, err := suite.Play(filepath.Join(cmd.Replay, "tape.jsonl"))
		if errors.Is(err, fs.ErrNotExist) && m.Model == "" && m.Embedder == "" {
			return nil, nil, nil, nil // it was a run without models
		}
		if err != nil {
			return nil, nil, nil, err
		}
		var g llm.Generator
		var e llm.Embedder
		if m.Model != "" {
			g = tape.Generator(nil, m.Model)
		}
		if m.Embedder != "" {
			e = tape.Embedder(nil, m.Embedder)
		}
		return g, e, tape, nil
	}
	g, err := s.generator()
	if err != nil {
		return nil, nil, nil, err
	}
	e, err := s.embedder()
	if err != nil || g == nil && e == nil {
		return nil, nil, nil, err
	}
	if err := os.MkdirAll(cmd.Out, 0o755); err != nil {
		return nil, nil, nil, err
	}
	tape, err := suite.Record(filepath.Join(cmd.Out, "tape.jsonl"))
	if err != nil {
		return nil, nil, nil, err
	}
	if g != nil {
		g = tape.Generator(g, g.Model())
	}
	if e != nil {
		m.Embedder = e.Space()
		e = tape.Embedder(e, e.Space())
	}
	return g, e, tape, nil
}

// progress returns what tells standard error how many cases are done, on a terminal
// in one line, else every 10 s, and what ends that line.
func (c *console) progress() (step func(done, all int), end func()) {
	tty, told := isTerminal(c.err), c.now()
	step = func(done, all int) {
		if tty {
			fmt.Fprintf(c.err, "\r%d/%d", done, all)
		} else if now := c.now(); now.Sub(told) >= 10*time.Second {
			told = now
			fmt.Fprintf(c.err, "%d/%d\n", done, all)
		}
	}
	return step, func() {
		if tty {
			fmt.Fprintln(c.err)
		}
	}
}

// readSets reads golden sets and the digest of each set file.
func readSets(dirs []string, split string, tasks []string) (map[golden.Task][]golden.Case, map[string]string, error) {
	sets, digests := map[golden.Task][]golden.Case{}, map[string]string{}
	for _, dir := range dirs {
		read, err := golden.Read(dir)
		if err != nil {
			return nil, nil, errUnreadable{fmt.Errorf("평가 문항을 읽지 못했으니 고친 뒤 biseo eval lint로 확인해 주세요: %w", err)}
		}
		for _, t := range golden.Tasks() {
			if len(read[t]) == 0 || len(tasks) > 0 && !slices.Contains(tasks, string(t)) {
				continue
			}
			name := filepath.Join(dir, string(t)+".jsonl")
			known := setName(name)
			if _, twice := digests[known]; twice {
				known = filepath.ToSlash(name)
			}
			if digests[known], err = suite.Digest(name); err != nil {
				return nil, nil, err
			}
			for _, c := range read[t] {
				if split == "" || c.Split == split {
					sets[t] = append(sets[t], c)
				}
			}
		}
	}
	if len(sets) == 0 {
		return nil, nil, errUnreadable{fmt.Errorf("%s: 문항이 하나도 없으니 폴더와 문항 파일, --split과 --tasks를 확인해 주세요", strings.Join(dirs, ", "))}
	}
	return sets, digests, nil
}

// judgeRuns reads golden sets and judges runs by them: first a run that must hold
// every case, then earlier ones, which may lack cases that were added since. The
// report of a run named "" is nil.
func judgeRuns(sets []string, run string, earlier ...string) ([]*suite.Report, error) {
	cases, _, err := readSets(sets, "", nil)
	if err != nil {
		return nil, err
	}
	out := make([]*suite.Report, 1+len(earlier))
	for i, dir := range append([]string{run}, earlier...) {
		judge := suite.Judge
		if i > 0 {
			judge = suite.JudgeEarlier
		}
		if dir == "" {
			continue
		}
		if out[i], err = judge(dir, cases); err != nil {
			return nil, errUnreadable{err}
		}
	}
	return out, nil
}

// createFile makes a file, and its folder where there is none.
func createFile(name string) (*os.File, error) {
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		var f *os.File
		if f, err = os.Create(name); err == nil {
			return f, nil
		}
	}
	return nil, fmt.Errorf("%s 파일을 만들지 못했으니 경로와 권한을, 엑셀에서 열려 있지 않은지도 확인해 주세요: %w", name, err)
}

// inside reports whether path is dir or below it.
func inside(path, dir string) bool {
	p, err := filepath.Abs(path)
	d, derr := filepath.Abs(dir)
	if err != nil || derr != nil {
		return false
	}
	rel, err := filepath.Rel(d, p)
	return err == nil && filepath.IsLocal(rel)
}

// setName is how a manifest names a set file: its folder and name, so that runs from
// different places compare.
func setName(file string) string {
	if abs, err := filepath.Abs(file); err == nil {
		file = abs
	}
	return filepath.Base(filepath.Dir(file)) + "/" + filepath.Base(file)
}

// hiddenOf lists the invented personal data of the cases, which a recording may hold.
func hiddenOf(sets map[golden.Task][]golden.Case) []string {
	var out []string
	for _, cases := range sets {
		for _, c := range cases {
			out = append(out, c.Hidden...)
		}
	}
	return out
}

type goldenScoreCmd struct {
	Run_ string   `arg:"" name:"run" help:"Folder of the run."`
	Sets []string `arg:"" help:"Folders of the golden sets that it asked."`
	JSON bool     `help:"Print one JSON document."`
	Gates
}

// Gates are demands on a run.
type Gates struct {
	Gates string `placeholder:"FILE" help:"Demands on the run, a YAML file; exit code 1 where one is not met."`
}

func (g Gates) check(c *console, r *suite.Report, d *suite.Comparison) error {
	if g.Gates == "" {
		return nil
	}
	gates, err := suite.ReadGates(g.Gates)
	if err != nil {
		return errUnreadable{fmt.Errorf("--gates %s 파일을 고쳐 주세요: %w", g.Gates, err)}
	}
	breaches := gates.Check(r, d)
	for _, b := range breaches {
		fmt.Fprintf(c.err, "미달 %s %s: %s\n", b.Task, b.Metric, b.Text)
	}
	if len(breaches) > 0 {
		return fmt.Errorf("기준 %d개에 못 미쳤으니 위의 미달을 확인해 주세요", len(breaches))
	}
	fmt.Fprintln(c.err, "관문을 모두 넘었습니다.")
	return nil
}

func (cmd *goldenScoreCmd) Run(c *console) error {
	runs, err := judgeRuns(cmd.Sets, cmd.Run_)
	if err != nil {
		return err
	}
	r := runs[0]
	if err := r.Scores(); err != nil {
		return err
	}
	if cmd.JSON {
		err = printJSON(c.out, summaries(r))
	} else {
		printScores(c, r)
	}
	return errors.Join(err, cmd.check(c, r, nil))
}

// A summary is one line of the table that score prints.
type summary struct {
	Task   golden.Task `json:"task"`
	Metric string      `json:"metric"`
	Cases  int         `json:"cases"`
	Mean   float64     `json:"mean"`
	CI95   [2]float64  `json:"ci95"`
}

func summaries(r *suite.Report) []summary {
	var out []summary
	for _, t := range r.Tasks() {
		for _, m := range r.Metrics(t) {
			_, values := r.Values(t, m)
			out = append(out, summary{t, string(m), len(values), eval.Mean(values), eval.Bootstrap(values)})
		}
	}
	return out
}

func printScores(c *console, r *suite.Report) {
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "task\tmetric\tcases\tmean\t95 % interval")
	for _, s := range summaries(r) {
		fmt.Fprintf(w, "%s\t%s\t%d\t%.4f\t[%.4f, %.4f]\n", s.Task, s.Metric, s.Cases, s.Mean, s.CI95[0], s.CI95[1])
	}
	w.Flush()
}

type goldenCompareCmd struct {
	Before string   `arg:"" help:"Folder of the earlier run."`
	After  string   `arg:"" help:"Folder of the later run."`
	Sets   []string `arg:"" help:"Folders of the golden sets that both asked."`
	JSON   bool     `help:"Print one JSON document."`
	Worst  int      `default:"10" help:"How many of the cases that got worse to print (${default})."`
	Gates
}

func (cmd *goldenCompareCmd) Run(c *console) error {
	if cmd.Worst < 0 {
		return errUsage{errors.New("--worst에는 0 이상을 적어 주세요")}
	}
	runs, err := judgeRuns(cmd.Sets, cmd.After, cmd.Before)
	if err != nil {
		return err
	}
	d := suite.Compare(runs[1], runs[0])
	if cmd.JSON {
		err = printJSON(c.out, d.Differences)
	} else {
		w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "task\tmetric\tcases\tbefore\tafter\t95 % interval of the difference\tp\tsees\tdecision")
		for _, x := range d.Differences {
			fmt.Fprintf(w, "%s\t%s\t%d\t%.4f\t%.4f\t[%+.4f, %+.4f]\t%.4f\t%.3f\t%s\n", x.Task, x.Metric, x.Cases, x.Before, x.After, x.CI95[0], x.CI95[1], x.P, x.Sees, x.Decision)
		}
		w.Flush()
		for i, x := range d.Changes {
			if x.Points >= 0 || i == cmd.Worst {
				break
			}
			fmt.Fprintf(c.out, "%s %s → %s: %s\n", x.After.Case.ID, x.Before.Score.Verdict, x.After.Score.Verdict, strings.Join(x.After.Score.Findings, "; "))
		}
	}
	return errors.Join(err, cmd.check(c, runs[0], &d))
}

// goldenLintCmd holds golden sets against the corpus.
type goldenLintCmd struct {
	Sets   []string `arg:"" help:"Folders of golden sets."`
	Corpus string   `placeholder:"DIR" help:"Folder of documents that the cases ask about (the sample agency)."`
}

func (cmd *goldenLintCmd) Run(ctx context.Context, c *console, s *settings) error {
	sets, _, err := readSets(cmd.Sets, "", nil)
	if err != nil {
		return err
	}
	texts, err := corpusTexts(ctx, s, cmd.Corpus)
	if err != nil {
		return err
	}
	faults := 0
	for _, t := range slices.Sorted(maps.Keys(sets)) {
		for _, f := range golden.Lint(sets[t], texts) {
			faults++
			fmt.Fprintf(c.out, "%s: %s\n", f.ID, f.Text)
		}
	}
	if faults > 0 {
		return fmt.Errorf("문항의 잘못 %d개를 위에 적은 대로 고쳐 주세요", faults)
	}
	for _, t := range golden.Tasks() {
		if n := len(sets[t]); n > 0 {
			fmt.Fprintf(c.out, "%s %d\n", t, n)
		}
	}
	return nil
}

type goldenReportCmd struct {
	Run_    string   `arg:"" name:"run" help:"Folder of the run."`
	Sets    []string `arg:"" help:"Folders of the golden sets that it asked."`
	Against string   `placeholder:"DIR" help:"An earlier run to hold it against."`
	Ideal   string   `placeholder:"DIR" help:"A run of the same cases with --gold, to tell faults of search from faults of the model."`
	Out     string   `default:"report.html" placeholder:"FILE" help:"The page to write (${default})."`
}

func (cmd *goldenReportCmd) Run(c *console) error {
	runs, err := judgeRuns(cmd.Sets, cmd.Run_, cmd.Against, cmd.Ideal)
	if err != nil {
		return err
	}
	r, before, ideal := runs[0], runs[1], runs[2]
	var d *suite.Comparison
	if before != nil {
		compared := suite.Compare(before, r)
		d = &compared
	}
	f, err := createFile(cmd.Out)
	if err != nil {
		return err
	}
	if err := errors.Join(report.Write(f, r, d, ideal), f.Close()); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "저장했습니다: %s\n", cmd.Out)
	return nil
}
