// Package suite runs golden sets over an assistant and compares runs.
//
// A run is a folder that is written once and judged as often as wanted:
// manifest.json says what produced it, results/TASK.jsonl holds one result for
// each case in ID order, tape.jsonl what models and embedders were asked and
// answered. suite.go runs, manifest.go describes, tape.go records and plays back,
// load.go reads and judges a run, compare.go holds two runs against each other and
// gates.go a run against what is demanded of it.
package suite

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"biseo/assistant"
	"biseo/eval/golden"
	"biseo/eval/score"
	"biseo/index"
)

// Tasks is what a run asks: an [assistant.Assistant].
type Tasks interface {
	Search(ctx context.Context, who assistant.Principal, req assistant.SearchRequest) (*assistant.SearchResult, error)
	Answer(ctx context.Context, who assistant.Principal, req assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error)
	Summarize(ctx context.Context, who assistant.Principal, req assistant.SummaryRequest, emit func(assistant.Event) error) (*assistant.Answer, error)
	DraftReport(ctx context.Context, who assistant.Principal, req assistant.ReportRequest, emit func(assistant.Event) error) (*assistant.Answer, error)
	DraftReply(ctx context.Context, who assistant.Principal, req assistant.ReplyRequest, emit func(assistant.Event) error) (*assistant.Answer, error)
}

// A Corpus is the documents that cases ask about.
type Corpus struct {
	Tasks Tasks
	Paths map[string]string // document ID to path in the corpus
	Close func() error      // nil if there is nothing to close
}

// Options of [Run].
type Options struct {
	Open     func(ctx context.Context, plants []golden.Plant) (*Corpus, error) // the corpus with these documents added; none for most cases
	Parallel int                                                               // cases asked at the same time; 0 means 1
	Patience time.Duration                                                     // longest time for one case; 0: as long as the assistant takes
	Progress func(done, all int)                                               // may be nil
}

// Run asks every case of sets and writes the results below dir, which describes
// itself by m. A run that was cut off goes on where it stopped if its manifest is
// the same but for the time; a finished or other run in dir is an error.
func Run(ctx context.Context, dir string, m Manifest, sets map[golden.Task][]golden.Case, opt Options) error {
	if err := begin(dir, m); err != nil {
		return err
	}
	all, done := 0, 0
	for _, cases := range sets {
		all += len(cases)
	}
	common, err := opt.Open(ctx, nil)
	if err != nil {
		return fmt.Errorf("open corpus: %w", err)
	}
	defer closeCorpus(common)
	for _, task := range golden.Tasks() {
		if len(sets[task]) == 0 {
			continue
		}
		err := runTask(ctx, dir, task, sets[task], common, opt, func() {
			done++
			if opt.Progress != nil {
				opt.Progress(done, all)
			}
		})
		if err != nil {
			return fmt.Errorf("run %s: %w", task, err)
		}
	}
	return finish(dir)
}

// runTask asks the cases that have no result yet. Results are appended as they
// come and put into ID order at the end.
func runTask(ctx context.Context, dir string, task golden.Task, cases []golden.Case, common *Corpus, opt Options, step func()) error {
	name := filepath.Join(dir, "results", string(task)+".jsonl")
	have, err := readResults(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// A line that was cut off is asked again: only whole lines are kept.
	if err := writeResults(name, have); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	todo := make(chan golden.Case)
	var wg sync.WaitGroup
	for range max(1, opt.Parallel) {
		wg.Go(func() {
			for c := range todo {
				r, err := ask(ctx, task, c, common, opt)
				mu.Lock()
				if err == nil {
					have[c.ID] = r
					err = json.NewEncoder(f).Encode(r)
				}
				if err != nil {
					cancel(fmt.Errorf("case %s: %w", c.ID, err))
				}
				step()
				mu.Unlock()
			}
		})
	}
	for _, c := range cases {
		mu.Lock()
		_, ok := have[c.ID]
		if ok {
			step()
		}
		mu.Unlock()
		if ok {
			continue
		}
		select {
		case todo <- c:
		case <-ctx.Done():
		}
	}
	close(todo)
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return writeResults(name, have)
}

// ask asks one case. The error is one of the harness; that of the task is part of
// the result.
func ask(ctx context.Context, task golden.Task, c golden.Case, common *Corpus, opt Options) (score.Result, error) {
	corpus := common
	if len(c.Plants) > 0 {
		var err error
		if corpus, err = opt.Open(ctx, c.Plants); err != nil {
			return score.Result{}, fmt.Errorf("open corpus with plants: %w", err)
		}
		defer closeCorpus(corpus)
	}
	r := score.Result{Case: c.ID}
	heard := new(Heard)
	limited, cancel := withCase(ctx, c, heard), func() {}
	if opt.Patience > 0 {
		limited, cancel = context.WithTimeout(limited, opt.Patience)
	}
	defer cancel()
	start := time.Now()
	err := perform(limited, task, c, corpus, &r)
	r.Millis = time.Since(start).Milliseconds()
	r.Prompts = heard.String()
	var input *assistant.InputError
	switch {
	case heard.lacks():
		return r, ErrNotRecorded
	case ctx.Err() != nil:
		return r, context.Cause(ctx)
	case errors.As(err, &input):
		r.Refused = input.Text
	case err != nil:
		r.Error = err.Error()
	}
	r.Paths = map[string]string{}
	if r.Search != nil {
		for _, h := range r.Search.Hits {
			r.Paths[h.DocID] = corpus.Paths[h.DocID]
			for _, s := range h.Context {
				r.Paths[s.DocID] = corpus.Paths[s.DocID]
			}
			for _, again := range h.Repeats {
				r.Paths[again.DocID] = corpus.Paths[again.DocID]
			}
		}
	}
	if r.Answer != nil {
		for _, s := range r.Answer.Sources {
			r.Paths[s.DocID] = corpus.Paths[s.DocID]
		}
	}
	return r, nil
}

func perform(ctx context.Context, task golden.Task, c golden.Case, corpus *Corpus, r *score.Result) (err error) {
	if task == golden.Safety {
		task = c.Asks
	}
	grade, err := index.ParseGrade(c.Grade)
	if err != nil {
		return err
	}
	who := assistant.Principal{ID: "eval", Groups: c.Groups, Grade: grade}
	on, err := time.Parse(time.DateOnly, c.On)
	if err != nil {
		return err
	}
	docs, err := corpus.ids(c.Docs)
	if err != nil {
		return err
	}
	switch task {
	case golden.Search:
		r.Search, err = corpus.Tasks.Search(ctx, who, assistant.SearchRequest{Query: c.Query, On: on, Limit: 10})
	case golden.Answer:
		r.Answer, err = corpus.Tasks.Answer(ctx, who, assistant.AnswerRequest{Question: c.Question, Earlier: c.Earlier, On: on}, nil)
	case golden.Summary:
		r.Answer, err = corpus.Tasks.Summarize(ctx, who, assistant.SummaryRequest{Docs: docs, On: on, Length: assistant.Length(c.Length), Audience: c.Audience}, nil)
	case golden.Report:
		r.Answer, err = corpus.Tasks.DraftReport(ctx, who, assistant.ReportRequest{Topic: c.Topic, Template: c.Template, On: on, Docs: docs}, nil)
	case golden.Reply:
		received, perr := time.Parse("2006-01-02 15:04", c.Received)
		if perr != nil {
			return fmt.Errorf("received: %w", perr)
		}
		r.Answer, err = corpus.Tasks.DraftReply(ctx, who, assistant.ReplyRequest{
			Text: c.Complaint, Received: received, Decision: c.Decision, Remedy: c.Remedy,
			Handler: assistant.Handler{Department: c.Department, Name: c.Name, Phone: c.Phone},
		}, nil)
	}
	return err
}

// ids are the document IDs of paths.
func (c *Corpus) ids(paths []string) ([]string, error) {
	var out []string
	for _, p := range paths {
		var found []string
		for id, path := range c.Paths {
			if path == p {
				found = append(found, id)
			}
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("the corpus has no document %s", p)
		}
		slices.Sort(found)
		out = append(out, found...)
	}
	return out, nil
}

func closeCorpus(c *Corpus) {
	if c.Close != nil {
		_ = c.Close() // a temporary index that was only read
	}
}

// readResults reads the whole lines of a results file by case.
func readResults(name string) (map[string]score.Result, error) {
	have := map[string]score.Result{}
	f, err := os.Open(name)
	if err != nil {
		return have, err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil { // the end, or a line that was cut off
			return have, nil
		}
		var res score.Result
		if err := json.Unmarshal(line, &res); err != nil {
			return nil, fmt.Errorf("read results %s: %w", name, err)
		}
		have[res.Case] = res
	}
}

// writeResults replaces a results file whole, in ID order.
func writeResults(name string, have map[string]score.Result) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	results := make([]score.Result, 0, len(have))
	for _, r := range have {
		results = append(results, r)
	}
	slices.SortFunc(results, func(a, b score.Result) int { return cmp.Compare(a.Case, b.Case) })
	f, err := os.CreateTemp(filepath.Dir(name), ".results-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	e := json.NewEncoder(f)
	e.SetEscapeHTML(false)
	for _, r := range results {
		if err := e.Encode(r); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
