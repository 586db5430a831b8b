package eval

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"biseo/index"
	"biseo/index/local"
)

// oracle prints trec_eval's values for {"qrels": ..., "run": ...} on its input.
const oracle = `
import json, sys, pytrec_eval
d = json.load(sys.stdin)
e = pytrec_eval.RelevanceEvaluator(d["qrels"], {"ndcg_cut.5,10", "recall.5,10", "recip_rank", "success.1,5", "map"})
json.dump(e.evaluate(d["run"]), sys.stdout)
`

func needsPython(t *testing.T) string {
	t.Helper()
	python := os.Getenv("BISEO_TEST_PYTHON")
	if python == "" {
		t.Skip("needs pytrec_eval: pip install pytrec_eval-terrier, then BISEO_TEST_PYTHON=/path/to/python")
	}
	return python
}

// trecEval returns trec_eval's values by query and metric.
func trecEval(t *testing.T, python string, qrels map[string]Qrels, runs map[string]map[string]float64) map[string]map[string]float64 {
	t.Helper()
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
	return want
}

// TestTrecEval holds the metrics against trec_eval itself on random runs with ties,
// grades below 0, unjudged documents, and queries without results.
func TestTrecEval(t *testing.T) {
	python := needsPython(t)
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
	want := trecEval(t, python, qrels, runs)
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

// TestTRECFiles scores a real run from its files, as it is and with coarse scores that
// tie, other grades, and queries without results or judgements, as trec_eval does.
func TestTRECFiles(t *testing.T) {
	python := needsPython(t)
	set := filepath.Join("..", "..", "shared", "data", "retrieval-en-cranfield")
	if _, err := os.Stat(set); err != nil {
		t.Skip("needs ../shared/data/retrieval-en-cranfield")
	}
	dir := t.TempDir()
	name := filepath.Join(dir, "run")
	if _, err := BEIR(t.Context(), slog.New(slog.DiscardHandler), set, BEIROptions{Run: name, Open: func(space string) (index.Index, error) {
		return local.Open(t.Context(), filepath.Join(dir, "index"), local.Options{Space: space})
	}}); err != nil {
		t.Fatal(err)
	}
	run, err := ReadRun(name)
	if err != nil {
		t.Fatal(err)
	}
	qrels, err := ReadQrels(filepath.Join(set, "qrels.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string) {
		t.Helper()
		rep, err := TREC(run, nil, qrels, []int{1, 5, 10})
		if err != nil {
			t.Fatal(err)
		}
		runs := map[string]map[string]float64{}
		for q, ranking := range run {
			runs[q] = map[string]float64{}
			for _, s := range ranking {
				runs[q][s.Doc] = s.Score
			}
		}
		want := trecEval(t, python, qrels, runs)
		names := map[string]string{"ndcg@5": "ndcg_cut_5", "ndcg@10": "ndcg_cut_10", "recall@5": "recall_5", "recall@10": "recall_10",
			"success@1": "success_1", "success@5": "success_5", "mrr": "recip_rank", "map": "map"}
		compared := 0
		for _, m := range rep.Metrics {
			if names[m.Name] == "" {
				continue
			}
			sum := 0.0
			for _, values := range want { // queries without results are not in it
				sum += values[names[m.Name]]
			}
			if w := sum / float64(len(qrels)); math.Abs(m.Mean-w) > 1e-6 {
				t.Errorf("%s: %s %.8f, trec_eval -c says %.8f", what, m.Name, m.Mean, w)
			}
			compared++
		}
		if compared != len(names) {
			t.Errorf("%s: %d metrics compared, want %d", what, compared, len(names))
		}
	}
	check("as it is")
	dropped := 0
	for q, ranking := range run {
		for i := range ranking {
			ranking[i].Score = math.Round(ranking[i].Score / 4)
		}
		n, _ := strconv.Atoi(q)
		switch {
		case n%10 == 3:
			delete(run, q)
			dropped++
		case n%10 == 4:
			delete(qrels, q)
		}
	}
	for _, q := range qrels {
		for d := range q {
			q[d] = len(d)*int(d[len(d)-1])%5 - 1
		}
	}
	check("with ties, grades and holes")
	rep, err := TREC(run, nil, qrels, []int{10})
	if err != nil || rep.Empty != dropped || rep.Unjudged == 0 {
		t.Errorf("%d queries without results and %d without judgements, %v, want %d and some", rep.Empty, rep.Unjudged, err, dropped)
	}
}

// The fixture of TestMetricsOfOneRanking once more, from files: equal runs do not
// differ, and a run that lacks a query loses by it.
func TestTRECPaired(t *testing.T) {
	dir := folder(t, map[string]string{
		"qrels":  "1 0 a 3\n1 0 b 1\n1 0 c 2\n2 0 a 1\n",
		"better": "1 Q0 b 1 4 x\n1 Q0 a 2 3 x\n1 Q0 x 3 2 x\n1 Q0 c 4 1 x\n2\tQ0\ta\t1\t1\tx\n",
		"worse":  "1 Q0 b 1 4 y\n1 Q0 a 2 3 y\n1 Q0 x 3 2 y\n1 Q0 c 4 1 y\n",
	})
	read := func(name string) map[string][]Scored {
		run, err := ReadRun(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return run
	}
	qrels, err := ReadQrels(filepath.Join(dir, "qrels"))
	if err != nil {
		t.Fatal(err)
	}
	rep, err := TREC(read("better"), read("worse"), qrels, []int{10})
	if err != nil {
		t.Fatal(err)
	}
	if m := rep.Metrics[0]; m.Name != "ndcg@10" || math.Abs(m.Mean-(0.7884+1)/2) > 1e-4 || math.Abs(m.Against.Difference-0.5) > 1e-9 {
		t.Errorf("%s %.4f, difference %+v, want ndcg@10 0.8942, 0.5", m.Name, m.Mean, m.Against)
	}
	for name, tt := range map[string]struct{ file, want string }{
		"columns":  {"1 Q0 a 1 x\n", "여섯 칸"},
		"score":    {"1 Q0 a 1 NaN x\n", "수로 적어"},
		"twice":    {"1 Q0 a 1 2 x\n1 Q0 a 2 1 x\n", "2째 줄"},
		"nothing":  {"\n", "한 줄도 없으니"},
		"no query": {"9 Q0 a 1 2 x\n", "같은 시험의 파일"},
	} {
		bad := filepath.Join(folder(t, map[string]string{"run": tt.file}), "run")
		run, err := ReadRun(bad)
		if err == nil {
			_, err = TREC(run, nil, qrels, []int{10})
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
}
