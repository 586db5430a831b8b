package suite

import (
	"cmp"
	"math"
	"slices"

	"biseo/eval"
	"biseo/eval/golden"
	"biseo/eval/score"
)

// A Difference compares one metric of a task between two runs over the cases that
// both have.
type Difference struct {
	Task     golden.Task  `json:"task"`
	Metric   score.Metric `json:"metric"`
	Cases    int          `json:"cases"`
	Before   float64      `json:"before"` // mean
	After    float64      `json:"after"`
	CI95     [2]float64   `json:"ci95"`     // of the mean difference, bootstrap
	P        float64      `json:"p"`        // paired randomisation test, two-sided
	Sees     float64      `json:"sees"`     // the least difference that this set would find four times in five
	Better   int          `json:"better"`   // cases
	Worse    int          `json:"worse"`    // cases
	Decision string       `json:"decision"` // better, worse, or same: no difference that the set can see
}

// A Change is one case that two runs differ in.
type Change struct {
	Before, After Judged
	Points        float64 // after − before
}

// A Comparison is two runs held against each other, case by case.
type Comparison struct {
	Before, After *Report
	Differences   []Difference // by task; points first, then by metric
	Changes       []Change     // worst first
}

// Compare holds run after against run before. A decision needs an interval that
// leaves out 0 and a p below .05.
func Compare(before, after *Report) Comparison {
	c := Comparison{Before: before, After: after}
	for _, task := range golden.Tasks() {
		if !slices.Contains(before.Tasks(), task) || !slices.Contains(after.Tasks(), task) {
			continue
		}
		for _, m := range after.Metrics(task) {
			if d, ok := difference(task, m, before, after); ok {
				c.Differences = append(c.Differences, d)
			}
		}
	}
	old := map[string]Judged{}
	for _, j := range before.Cases {
		old[j.Case.ID] = j
	}
	for _, j := range after.Cases {
		was, ok := old[j.Case.ID]
		d := j.Score.Verdict.Points() - was.Score.Verdict.Points()
		if d == 0 {
			d = j.Score.Values[score.NDCG] - was.Score.Values[score.NDCG]
		}
		if ok && d != 0 {
			c.Changes = append(c.Changes, Change{Before: was, After: j, Points: d})
		}
	}
	slices.SortFunc(c.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Points, b.Points), cmp.Compare(a.After.Case.ID, b.After.Case.ID))
	})
	return c
}

func difference(task golden.Task, m score.Metric, before, after *Report) (Difference, bool) {
	ids, old := before.Values(task, m)
	at := map[string]float64{}
	for i, id := range ids {
		at[id] = old[i]
	}
	d := Difference{Task: task, Metric: m}
	var was, is, diffs []float64
	ids, values := after.Values(task, m)
	for i, id := range ids {
		b, ok := at[id]
		if !ok {
			continue
		}
		was, is, diffs = append(was, b), append(is, values[i]), append(diffs, values[i]-b)
		switch {
		case values[i] > b:
			d.Better++
		case values[i] < b:
			d.Worse++
		}
	}
	if len(diffs) == 0 {
		return d, false
	}
	d.Cases, d.Before, d.After = len(diffs), eval.Mean(was), eval.Mean(is)
	d.CI95, d.P, d.Sees = eval.Bootstrap(diffs), eval.Randomise(diffs), sees(diffs)
	d.Decision = "same"
	switch {
	case d.P >= 0.05:
	case d.CI95[0] > 0:
		d.Decision = "better"
	case d.CI95[1] < 0:
		d.Decision = "worse"
	}
	return d, true
}

// sees is the least mean difference that a paired test at .05 finds with power .8:
// (1.96 + 0.84)·s/√n with s the deviation of the differences, as for a t-test. Runs
// that hardly differ say little of s: it is taken to be at least .1.
func sees(diffs []float64) float64 {
	mean, sum := eval.Mean(diffs), 0.0
	for _, d := range diffs {
		sum += (d - mean) * (d - mean)
	}
	n := float64(len(diffs))
	return 2.8 * max(0.1, math.Sqrt(sum/max(1, n-1))) / math.Sqrt(n)
}

// Fault tells where a case that is not right goes wrong, from the run of the same
// case in which the model got the passages that the case names: if it is right
// there, the retriever is at fault, else the generator. It is "" for a case that is
// right, and for one that names no passage, of which nothing can be told; a summary
// needs no search.
func Fault(with, gold Judged) string {
	switch {
	case with.Score.Verdict == score.Right,
		len(with.Case.Cites)+len(with.Case.Relevant) == 0 && with.Task != golden.Summary:
		return ""
	case gold.Score.Verdict == score.Right:
		return "retriever"
	}
	return "generator"
}
