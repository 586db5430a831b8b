package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"biseo/eval/golden"
	"biseo/eval/score"
)

// A Judged is one case with its result and its score.
type Judged struct {
	Task   golden.Task
	Case   golden.Case
	Result score.Result
	Score  score.Score
}

// A Report is a run with every case judged.
type Report struct {
	Dir      string
	Manifest Manifest
	Cases    []Judged // by task, then by ID
}

// Judge reads the run in dir and judges it by sets. Cases of the run that the sets
// no longer hold are left out; a case of the sets without a result is an error,
// unless the run was of one split or a sample.
func Judge(dir string, sets map[golden.Task][]golden.Case) (*Report, error) {
	return judge(dir, sets, false)
}

// JudgeEarlier is [Judge] for a run that another is held against: cases that were
// added to the sets since then are left out.
func JudgeEarlier(dir string, sets map[golden.Task][]golden.Case) (*Report, error) {
	return judge(dir, sets, true)
}

func judge(dir string, sets map[golden.Task][]golden.Case, earlier bool) (*Report, error) {
	m, err := ReadManifest(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s 폴더에 실행 결과가 없으니 biseo eval run --out으로 만든 폴더를 적어 주세요: %w", dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s 실행의 manifest.json을 읽지 못했으니 다시 실행해 주세요: %w", dir, err)
	}
	if m.Ended.IsZero() {
		return nil, fmt.Errorf("%s 실행이 중간에 끊겼으니 같은 biseo eval run 명령을 다시 내려 끝까지 실행해 주세요", dir)
	}
	r := &Report{Dir: dir, Manifest: m}
	for _, task := range golden.Tasks() {
		results, err := readResults(filepath.Join(dir, "results", string(task)+".jsonl"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, c := range sets[task] {
			res, ok := results[c.ID]
			switch {
			case ok:
				r.Cases = append(r.Cases, Judged{task, c, res, score.Judge(task, c, res)})
			case !earlier && len(results) > 0 && m.Sample == 0 && (m.Split == "" || m.Split == c.Split):
				return nil, fmt.Errorf("%s 실행에 문항 %s의 결과가 없으니(실행한 뒤 더한 문항) 다른 --out으로 다시 실행해 주세요", dir, c.ID)
			}
		}
	}
	if len(r.Cases) == 0 {
		return nil, fmt.Errorf("%s 실행에 이 문항들의 결과가 하나도 없으니 그 실행의 문항 폴더를 적어 주세요", dir)
	}
	return r, nil
}

// Scores writes the scores of a report beside its results as scores.json.
func (r *Report) Scores() error {
	scores := make([]score.Score, len(r.Cases))
	for i, c := range r.Cases {
		scores[i] = c.Score
	}
	b, err := json.MarshalIndent(scores, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.Dir, "scores.json"), append(b, '\n'), 0o644)
}

// Points is the name under which the points of the verdicts stand among the
// metrics: see [score.Verdict.Points].
const Points score.Metric = "points"

// Values returns the values of a metric over the cases of a task, and their IDs.
// Cases to which the metric does not apply are left out.
func (r *Report) Values(task golden.Task, m score.Metric) (ids []string, values []float64) {
	for _, c := range r.Cases {
		if c.Task != task {
			continue
		}
		v, ok := c.Score.Values[m]
		if m == Points {
			v, ok = c.Score.Verdict.Points(), true
		}
		if ok {
			ids, values = append(ids, c.Case.ID), append(values, v)
		}
	}
	return ids, values
}

// Metrics lists the metrics that some case of a task has: Points first, then by name.
func (r *Report) Metrics(task golden.Task) []score.Metric {
	var out []score.Metric
	for _, c := range r.Cases {
		if c.Task != task {
			continue
		}
		for m := range c.Score.Values {
			if !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	slices.Sort(out)
	return append([]score.Metric{Points}, out...)
}

// Tasks lists the tasks of the report's cases.
func (r *Report) Tasks() []golden.Task {
	return slices.DeleteFunc(golden.Tasks(), func(t golden.Task) bool {
		return !slices.ContainsFunc(r.Cases, func(c Judged) bool { return c.Task == t })
	})
}
