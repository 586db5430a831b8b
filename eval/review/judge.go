package review

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"biseo/eval"
	"biseo/eval/golden"
	"biseo/eval/suite"
	"biseo/llm"
	"biseo/prompts"
)

// A model's marks are shown only where people and model agree on at least Labels
// answers (ARES, Saad-Falcon et al. 2024, finds valid intervals from 150) with a
// Krippendorff's alpha whose 95 % interval lies above Bound, the least that allows
// tentative conclusions (Krippendorff, Content Analysis, 2004, 11.4.2).
const (
	Labels = 150
	Bound  = 0.667
)

// Marks are what a model gave the answers of a run.
type Marks struct {
	Model    string // as the server names it
	Prompt   string // version
	Cases    map[string]int
	Unmarked int   // answers that the model wrote no mark for
	Failed   int   // answers that the model could not be asked about
	Failure  error // the first of these
}

var (
	first   = regexp.MustCompile(`^\D{0,20}([1-5])(?:\D|$)`)
	numbers = regexp.MustCompile(`\d+`)
)

// markOf is the mark that a model wrote; 0 if it wrote none, or other numbers too,
// such as that of an item of a list.
func markOf(s string) int {
	found := first.FindStringSubmatch(strings.TrimSpace(s))
	if found == nil || slices.ContainsFunc(numbers.FindAllString(s, -1), func(n string) bool { return n != found[1] }) {
		return 0
	}
	mark, _ := strconv.Atoi(found[1])
	return mark
}

// Judge has g mark each answer of r, searches left out. A request that fails costs
// only its answer the mark. step, if not nil, is told how many of all answers are done.
func Judge(ctx context.Context, g llm.Generator, set *prompts.Set, r *suite.Report, step func(done, all int)) (*Marks, error) {
	m := &Marks{Cases: map[string]int{}}
	var cases []suite.Judged
	for _, j := range r.Cases {
		if j.Task != golden.Search && answered(j.Result.Answer) {
			cases = append(cases, j)
		}
	}
	for i, j := range cases {
		p, err := set.Judge(prompts.JudgeData{Question: j.Case.Asked(), Sources: strings.Split(sourceText(j.Result.Answer), "\n"), Answer: answerText(j.Result.Answer)})
		if err != nil {
			return nil, err
		}
		res, err := g.Generate(ctx, llm.Request{System: p.System, User: p.User, MaxTokens: 8}, nil)
		if step != nil {
			step(i+1, len(cases))
		}
		switch {
		case errors.Is(err, llm.ErrEmpty):
			m.Unmarked++
			continue
		case err != nil && (ctx.Err() != nil || errors.Is(err, suite.ErrNotRecorded)):
			return nil, fmt.Errorf("judge %s: %w", j.Case.ID, err)
		case err != nil:
			if m.Failed++; m.Failure == nil {
				m.Failure = err
			}
			continue
		}
		if m.Model != "" && res.Model != m.Model {
			return nil, fmt.Errorf("judge %s: the server answered as %s, before as %s: one model must mark all", j.Case.ID, res.Model, m.Model)
		}
		m.Model, m.Prompt = res.Model, p.Version
		if mark := markOf(res.Text); mark > 0 {
			m.Cases[j.Case.ID] = mark
		} else {
			m.Unmarked++
		}
	}
	return m, nil
}

// Calibrate holds the marks of a model against those that reviewers gave the same
// run: ordinal alpha of each answer's mark by the model and its mean mark by people,
// rounded. ok reports whether the model's marks may be shown: see [Labels] and [Bound].
func (m *Marks) Calibrate(reviews []Review, run Run) (a Agreement, ok bool) {
	var units [][]float64
	for _, id := range slices.Sorted(maps.Keys(m.Cases)) {
		var people []float64
		for _, r := range reviews {
			if n := r.Cases[id].Marks[run]; n > 0 {
				people = append(people, float64(n))
			}
		}
		if len(people) > 0 {
			units = append(units, []float64{float64(m.Cases[id]), float64(int(eval.Mean(people) + 0.5))})
		}
	}
	a = agree(units, eval.Ordinal)
	return a, a.Units >= Labels && a.Alpha != nil && a.CI95[0] >= Bound
}
