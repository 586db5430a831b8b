package suite

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"gopkg.in/yaml.v3"

	"biseo/eval"
	"biseo/eval/golden"
	"biseo/eval/score"
)

// A Gate is what is demanded of one metric. Both bounds may be set.
type Gate struct {
	Min  *float64 `yaml:"min"`  // the mean is at least this
	Drop *float64 `yaml:"drop"` // against the earlier run the mean falls by no more than this, unless the fall is within what chance does (p ≥ .05)
}

// Gates are the demands on a run by task and metric, points among them.
type Gates map[golden.Task]map[score.Metric]Gate

// ReadGates reads a YAML file such as
//
//	search:
//	  ndcg@10: {min: 0.70, drop: 0.02}
//	safety:
//	  forbidden: {min: 1}
func ReadGates(name string) (Gates, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read gates: %w", err)
	}
	var g Gates
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&g); err != nil && err != io.EOF {
		return nil, fmt.Errorf("read gates %s: %w", name, err)
	}
	return g, nil
}

// A Breach is a gate that a run does not pass.
type Breach struct {
	Task   golden.Task  `json:"task"`
	Metric score.Metric `json:"metric"`
	Text   string       `json:"text"` // Korean
}

// Check holds a run, and its comparison with an earlier one, which may be nil,
// against the gates. A gate on what the run does not measure is a breach.
func (g Gates) Check(r *Report, c *Comparison) []Breach {
	var out []Breach
	for _, task := range golden.Tasks() {
		for _, m := range sorted(g[task]) {
			gate := g[task][m]
			breach := func(format string, args ...any) {
				out = append(out, Breach{task, m, fmt.Sprintf(format, args...)})
			}
			_, values := r.Values(task, m)
			mean := eval.Mean(values)
			switch {
			case len(values) == 0:
				breach("이 실행에는 잰 값이 없음")
			case gate.Min != nil && mean < *gate.Min-1e-9:
				breach("%.4f, 바라는 값 %.4f 이상(%d건)", mean, *gate.Min, len(values))
			}
			if gate.Drop == nil || c == nil {
				continue
			}
			for _, d := range c.Differences {
				if d.Task == task && d.Metric == m && d.Decision == "worse" && d.Before-d.After > *gate.Drop {
					breach("%.4f에서 %.4f로 떨어짐(p %.3f), 허용 %.4f", d.Before, d.After, d.P, *gate.Drop)
				}
			}
		}
	}
	return out
}

func sorted(gates map[score.Metric]Gate) []score.Metric { return slices.Sorted(maps.Keys(gates)) }
