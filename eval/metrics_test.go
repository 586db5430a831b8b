package eval

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The values were computed with trec_eval's formulas by hand; the exponential
// gain would give nDCG@10 0.7142.
func TestMetricsOfOneRanking(t *testing.T) {
	q := Qrels{"a": 3, "b": 1, "c": 2}
	r := []string{"b", "a", "x", "c"}
	got := map[string]float64{
		"ndcg@10": NDCG(r, q, 10), "ndcg@3": NDCG(r, q, 3), "recall@2": Recall(r, q, 2),
		"mrr": ReciprocalRank(r, q, len(r)), "success@1": Success(r, q, 1),
		"none ndcg": NDCG(nil, q, 10), "none recall": Recall(nil, q, 10), "none mrr": ReciprocalRank(nil, q, 10),
		"late mrr@1": ReciprocalRank([]string{"x", "a"}, q, 1), "late mrr@2": ReciprocalRank([]string{"x", "a"}, q, 2),
		"negative ndcg": NDCG([]string{"a"}, Qrels{"a": -1}, 10), "negative recall": Recall([]string{"a"}, Qrels{"a": -1}, 10),
	}
	for k, v := range got {
		got[k] = math.Round(v*1e4) / 1e4
	}
	want := map[string]float64{
		"ndcg@10": .7884, "ndcg@3": .6075, "recall@2": .6667, "mrr": 1, "success@1": 1,
		"none ndcg": 0, "none recall": 0, "none mrr": 0, "late mrr@1": 0, "late mrr@2": .5,
		"negative ndcg": 0, "negative recall": 0,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("metrics (-want +got):\n%s", d)
	}
}

func TestRankBreaksTiesAsTrecEval(t *testing.T) {
	got := Rank([]Scored{{"a", 1}, {"d10", 2}, {"d9", 2}, {"c", 1 + 1e-9}, {"b", 3}})
	want := []string{"b", "d9", "d10", "c", "a"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("ranking (-want +got):\n%s", d)
	}
}

func TestPercentile(t *testing.T) {
	v := []float64{15, 20, 35, 40, 50}
	got := []float64{Percentile(v, 5), Percentile(v, 30), Percentile(v, 40), Percentile(v, 50), Percentile(v, 100), Percentile(nil, 50)}
	want := []float64{15, 20, 20, 35, 50, 0}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("percentiles (-want +got):\n%s", d)
	}
}

func TestBootstrapCoversTheMean(t *testing.T) {
	v := make([]float64, 400) // half 0, half 1: the standard error is .025
	for i := range v {
		v[i] = float64(i % 2)
	}
	ci := Bootstrap(v)
	if lo, hi := ci[0], ci[1]; math.Abs(lo-.451) > .008 || math.Abs(hi-.549) > .008 {
		t.Errorf("interval %v, want about [.451 .549]", ci)
	}
	if again := Bootstrap(v); again != ci {
		t.Errorf("a second call gives %v, want %v", again, ci)
	}
}

// With n differences of one sign and one size, the two assignments that are as far
// out have the share 2/2^n; without a difference nothing is significant.
func TestRandomise(t *testing.T) {
	for name, tt := range map[string]struct {
		d    []float64
		want float64
	}{
		"none":      {nil, 1},
		"equal":     {[]float64{0, 0, 0}, 1},
		"one":       {[]float64{.5}, 1},
		"six":       {[]float64{1, 1, 1, 1, 1, 1, 0}, 2. / 64},
		"cancelled": {[]float64{1, -1}, 1},
		"clear":     {slices.Repeat([]float64{.1}, 100), 1. / 10_001},
	} {
		if got := Randomise(tt.d); math.Abs(got-tt.want) > .006 {
			t.Errorf("%s: p %v, want about %v", name, got, tt.want)
		}
	}
}
