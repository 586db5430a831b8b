package eval

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Qrels are the relevance judgements of one query: document ID to grade. A
// document that is absent, or graded 0 or below, is not relevant.
type Qrels map[string]int

// relevant counts the relevant documents.
func (q Qrels) relevant() (n int) {
	for _, g := range q {
		if g > 0 {
			n++
		}
	}
	return n
}

// A Scored is one document of a ranking.
type Scored struct {
	Doc   string
	Score float64
}

// Rank orders a run as trec_eval 9 does and returns the document IDs: by score,
// highest first, compared in single precision; equal scores by document ID, the
// greater one first (comp_sim_docno of form_res_rels.c). It does not change run.
func Rank(run []Scored) []string {
	run = slices.Clone(run)
	slices.SortFunc(run, func(a, b Scored) int {
		return cmp.Or(cmp.Compare(float32(b.Score), float32(a.Score)), cmp.Compare(b.Doc, a.Doc))
	})
	docs := make([]string, len(run))
	for i, r := range run {
		docs[i] = r.Doc
	}
	return docs
}

// NDCG is the normalised discounted cumulative gain of the first k documents, as
// trec_eval's ndcg_cut: the gain is the grade itself (not 2^grade - 1), divided
// by log2(rank + 1); the ideal comes from all judged documents. 0 without a
// relevant document.
func NDCG(ranking []string, q Qrels, k int) float64 {
	var dcg, ideal float64
	for i, d := range head(ranking, k) {
		dcg += gain(q[d], i)
	}
	grades := make([]int, 0, len(q))
	for _, g := range q {
		grades = append(grades, g)
	}
	slices.SortFunc(grades, func(a, b int) int { return b - a })
	for i, g := range head(grades, k) {
		ideal += gain(g, i)
	}
	if ideal == 0 {
		return 0
	}
	return dcg / ideal
}

func gain(grade, i int) float64 { return float64(max(grade, 0)) / math.Log2(float64(i+2)) }

// Recall is the share of the relevant documents that stand among the first k.
func Recall(ranking []string, q Qrels, k int) float64 {
	relevant := q.relevant()
	if relevant == 0 {
		return 0
	}
	found := 0
	for _, d := range head(ranking, k) {
		if q[d] > 0 {
			found++
		}
	}
	return float64(found) / float64(relevant)
}

// AveragePrecision is trec_eval's map of one query: the precision at the rank of each
// relevant document found, summed and divided by all relevant documents, found or
// not. 0 without a relevant document.
func AveragePrecision(ranking []string, q Qrels) float64 {
	relevant := q.relevant()
	if relevant == 0 {
		return 0
	}
	found, sum := 0, 0.0
	for i, d := range ranking {
		if q[d] > 0 {
			found++
			sum += float64(found) / float64(i+1)
		}
	}
	return sum / float64(relevant)
}

// ReciprocalRank is 1/rank of the first relevant document, 0 if the first k hold
// none. trec_eval's recip_rank has no such limit: pass len(ranking) for that.
func ReciprocalRank(ranking []string, q Qrels, k int) float64 {
	for i, d := range head(ranking, k) {
		if q[d] > 0 {
			return 1 / float64(i+1)
		}
	}
	return 0
}

// Success is 1 if a relevant document stands among the first k, else 0.
func Success(ranking []string, q Qrels, k int) float64 {
	if ReciprocalRank(ranking, q, k) > 0 {
		return 1
	}
	return 0
}

func head[T any](s []T, k int) []T { return s[:min(max(k, 0), len(s))] }

// Mean is 0 for no values.
func Mean(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// Bootstrap gives the 95 % interval of the mean of per-query values by the
// percentile bootstrap (Efron 1979): 2,000 resamples of the same size, drawn
// with replacement by a PCG generator of fixed seed; the interval is the 2.5th
// and 97.5th percentile of their means. The same values give the same interval.
// It takes the queries for independent.
func Bootstrap(values []float64) [2]float64 {
	if len(values) == 0 {
		return [2]float64{}
	}
	const resamples = 2000
	r := rand.New(rand.NewPCG(1, 2))
	means := make([]float64, resamples)
	for i := range means {
		sum := 0.0
		for range values {
			sum += values[r.IntN(len(values))]
		}
		means[i] = sum / float64(len(values))
	}
	return [2]float64{Percentile(means, 2.5), Percentile(means, 97.5)}
}

// Randomise is the two-sided p-value of the paired randomisation test (Fisher's, as
// in Smucker, Allan and Carterette, CIKM 2007) that the per-query differences have
// the mean 0: the share of 10,000 assignments of signs, drawn by a PCG generator of
// fixed seed, whose mean is as far from 0 as theirs, and at least 1/10,001.
func Randomise(differences []float64) float64 {
	const draws = 10_000
	var moved []float64 // the others change no sum
	sum := 0.0
	for _, d := range differences {
		if d != 0 {
			moved = append(moved, d)
			sum += d
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	far := 1
	for range draws {
		s, bits := 0.0, uint64(0)
		for i, d := range moved {
			if i%64 == 0 {
				bits = r.Uint64()
			}
			if bits&1 == 0 {
				d = -d
			}
			bits >>= 1
			s += d
		}
		if math.Abs(s) >= math.Abs(sum)-1e-9 {
			far++
		}
	}
	return float64(far) / (draws + 1)
}

// Percentile is the nearest-rank percentile, p in (0, 100]: the smallest value
// that at least p % of the values do not exceed. 0 for no values.
func Percentile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	i := int(math.Ceil(p/100*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}
