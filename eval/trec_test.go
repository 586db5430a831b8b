package eval

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
)

// oracle prints trec_eval's values for {"qrels": ..., "run": ...} on its input.
const oracle = `
import json, sys, pytrec_eval
d = json.load(sys.stdin)
e = pytrec_eval.RelevanceEvaluator(d["qrels"], {"ndcg_cut.5,10", "recall.5,10", "recip_rank", "success.1,5", "map"})
json.dump(e.evaluate(d["run"]), sys.stdout)
`

// TestTrecEval holds the metrics against trec_eval itself on random runs with ties,
// grades below 0, unjudged documents, and queries without results.
func TestTrecEval(t *testing.T) {
	python := os.Getenv("BISEO_TEST_PYTHON")
	if python == "" {
		t.Skip("needs pytrec_eval: pip install pytrec_eval-terrier, then BISEO_TEST_PYTHON=/path/to/python")
	}
	r := rand.New(rand.NewPCG(7, 8))
	qrels, runs := map[string]Qrels{}, map[string]map[string]float64{}
	for q := range 400 {
		id := fmt.Sprintf("q%d", q)
		qrels[id] = Qrels{}
		for range 1 + r.IntN(15) {
			qrels[id][fmt.Sprintf("d%d", r.IntN(40))] = r.IntN(5) - 1
		}
		if q%10 == 9 {
			continue // no result: counts 0 by our rule, left out by trec_eval's default
		}
		runs[id] = map[string]float64{}
		for range 1 + r.IntN(30) {
			runs[id][fmt.Sprintf("d%d", r.IntN(60))] = float64(r.IntN(12)) / 4 // many ties
		}
	}
	in, err := json.Marshal(map[string]any{"qrels": qrels, "run": runs})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", oracle)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pytrec_eval: %v", err)
	}
	var want map[string]map[string]float64
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for id, q := range qrels {
		var run []Scored
		for d, s := range runs[id] {
			run = append(run, Scored{d, s})
		}
		k := Rank(run)
		got := map[string]float64{"ndcg_cut_5": NDCG(k, q, 5), "ndcg_cut_10": NDCG(k, q, 10), "recall_5": Recall(k, q, 5), "recall_10": Recall(k, q, 10),
			"recip_rank": ReciprocalRank(k, q, len(k)), "success_1": Success(k, q, 1), "success_5": Success(k, q, 5), "map": AveragePrecision(k, q)}
		for m, g := range got {
			w := want[id][m] // 0 for a query without results
			if math.Abs(g-w) > 1e-6 {
				t.Errorf("%s %s: %.8f, trec_eval says %.8f", id, m, g, w)
			}
			compared++
		}
	}
	t.Logf("%d values", compared)
}

// The fixture of TestMetricsOfOneRanking: (1/1 + 2/2 + 3/4) / 3.
func TestAveragePrecision(t *testing.T) {
	q := Qrels{"a": 3, "b": 1, "c": 2, "n": 0}
	if got, want := AveragePrecision([]string{"b", "a", "x", "c"}, q), 2.75/3; math.Abs(got-want) > 1e-12 {
		t.Errorf("average precision %.6f, want %.6f", got, want)
	}
	if got := AveragePrecision([]string{"n", "x"}, Qrels{"n": 0}); got != 0 {
		t.Errorf("without a relevant document %.6f, want 0", got)
	}
}
