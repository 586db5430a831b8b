package eval

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// ReadRun reads a TREC run: query, Q0, document, rank, score and name on each line,
// separated by white space. The rank is not read: see [Rank]. Its error names the
// line.
func ReadRun(name string) (map[string][]Scored, error) {
	out := map[string][]Scored{}
	seen := map[[2]string]bool{}
	err := eachLine(name, func(line string) error {
		f := strings.Fields(line)
		if len(f) != 6 {
			return fmt.Errorf("물음, Q0, 문서, 순위, 점수, 이름의 여섯 칸으로 적어 주세요(지금 %d칸)", len(f))
		}
		score, err := strconv.ParseFloat(f[4], 64)
		if err != nil || math.IsNaN(score) {
			return fmt.Errorf("점수 %q을(를) 수로 적어 주세요", f[4])
		}
		if seen[[2]string{f[0], f[2]}] {
			return fmt.Errorf("물음 %q의 결과에 문서 %q이(가) 두 번 있으니 하나를 지워 주세요", f[0], f[2])
		}
		seen[[2]string{f[0], f[2]}] = true
		out[f[0]] = append(out[f[0]], Scored{f[2], score})
		return nil
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("%s: 검색 결과가 한 줄도 없으니 TREC 실행 파일인지 확인해 주세요", name)
	}
	return out, err
}

// ReadQrels reads judgements by query: TREC qrels (query, iteration, document,
// grade) or those of BEIR (query, document, grade under a header line).
func ReadQrels(name string) (map[string]Qrels, error) {
	out := map[string]Qrels{}
	first := true
	err := eachLine(name, func(line string) error {
		header := first
		first = false
		f := strings.Fields(line)
		if len(f) == 4 {
			f, header = slices.Delete(f, 1, 2), false // TREC's own form has none
		}
		if len(f) != 3 {
			return fmt.Errorf("물음, 반복, 문서, 등급의 네 칸이나 물음, 문서, 등급의 세 칸으로 적어 주세요(지금 %d칸)", len(f))
		}
		return addJudgement(out, f, header, nil)
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("%s: 판정이 한 줄도 없으니 판정 파일인지 확인해 주세요", name)
	}
	return out, err
}

// A TRECReport is how a run did.
type TRECReport struct {
	Queries  int          `json:"queries"`  // judged: each counts
	Empty    int          `json:"empty"`    // of these, without a result: each metric is 0
	Unjudged int          `json:"unjudged"` // queries of the run that nothing is judged of: not counted
	Metrics  []TRECMetric `json:"metrics"`
}

// A TRECMetric is one metric over the queries, and its difference to another run.
type TRECMetric struct {
	Name    string      `json:"name"`
	Mean    float64     `json:"mean"`
	CI95    [2]float64  `json:"ci95"`              // see [Bootstrap]
	Against *TRECPaired `json:"against,omitempty"` // of two runs
	values  []float64
}

// A TRECPaired holds a metric against that of another run, query by query.
type TRECPaired struct {
	Mean       float64    `json:"mean"`       // of the other run
	Difference float64    `json:"difference"` // to it
	CI95       [2]float64 `json:"ci95"`       // of the difference
	P          float64    `json:"p"`          // see [Randomise]
}

// TREC scores a run by judgements as trec_eval -c does: ndcg_cut, recall and success
// at each of cuts, recip_rank and map over the whole ranking; a judged query without
// a result counts 0. against is another run, or nil.
func TREC(run, against map[string][]Scored, qrels map[string]Qrels, cuts []int) (*TRECReport, error) {
	if len(cuts) == 0 || slices.Min(cuts) < 1 {
		return nil, errors.New("--k에는 1 이상의 수를 적어 주세요")
	}
	rep := &TRECReport{Queries: len(qrels)}
	for q := range run {
		if qrels[q] == nil {
			rep.Unjudged++
		}
	}
	for q := range qrels {
		if len(run[q]) == 0 {
			rep.Empty++
		}
	}
	if rep.Unjudged == len(run) {
		return nil, errors.New("실행의 물음 가운데 판정이 있는 것이 하나도 없으니 둘이 같은 시험의 파일인지 확인해 주세요")
	}
	rep.Metrics = trecMetrics(run, qrels, cuts)
	if against == nil {
		return rep, nil
	}
	for i, other := range trecMetrics(against, qrels, cuts) {
		m := &rep.Metrics[i]
		d := make([]float64, len(m.values))
		for k, v := range m.values {
			d[k] = v - other.values[k]
		}
		m.Against = &TRECPaired{Mean: other.Mean, Difference: Mean(d), CI95: Bootstrap(d), P: Randomise(d)}
	}
	return rep, nil
}

func trecMetrics(run map[string][]Scored, qrels map[string]Qrels, cuts []int) []TRECMetric {
	type metric = func(ranking []string, q Qrels) float64
	var names []string
	var of []metric
	add := func(name string, f metric) { names, of = append(names, name), append(of, f) }
	for _, at := range []struct {
		name string
		of   func([]string, Qrels, int) float64
	}{{"ndcg", NDCG}, {"recall", Recall}, {"success", Success}} {
		for _, k := range cuts {
			add(fmt.Sprintf("%s@%d", at.name, k), func(r []string, q Qrels) float64 { return at.of(r, q, k) })
		}
	}
	add("mrr", func(r []string, q Qrels) float64 { return ReciprocalRank(r, q, len(r)) })
	add("map", AveragePrecision)
	out := make([]TRECMetric, len(of))
	for _, q := range slices.Sorted(maps.Keys(qrels)) {
		ranking := Rank(run[q])
		for i, f := range of {
			out[i].values = append(out[i].values, f(ranking, qrels[q]))
		}
	}
	for i := range out {
		m := &out[i]
		m.Name, m.Mean, m.CI95 = names[i], Mean(m.values), Bootstrap(m.values)
	}
	return out
}
