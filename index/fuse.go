package index

import (
	"cmp"
	"math"
	"slices"
)

// A Ranking is a list of chunk IDs, best first, with their scores.
type Ranking struct {
	IDs    []string
	Scores []float64 // of each ID, none greater than the one before
}

// A Fused is one chunk of a fusion.
type Fused struct {
	ID    string
	Score float64 // 1 over its place in the fusion
	Ranks [2]int  // by words and by meaning, from 1; 0 where it is absent
}

// Fusion is how words and meaning are fused into one ranking. [FusionFor] chooses it
// by what the query looks like.
type Fusion struct {
	Words   float64 // weight of the word ranking, as shares of 1
	Meaning float64 // weight of the meaning ranking
	Depth   int     // how many of each ranking take part, if the limit is not greater; above 0
}

// For is f, or where it is zero [FusionFor] the query.
func (f Fusion) For(query string) Fusion {
	if f == (Fusion{}) {
		return FusionFor(query)
	}
	return f
}

// Fuse merges two rankings by the weighed sum of their scores, counted from the last
// of Depth in standard deviations of the Depth best, which makes BM25 and cosines
// comparable (standardised scores in a convex combination: Bruch, Gai and Ingber, "An
// Analysis of Fusion Functions for Hybrid Retrieval", TOIS 2023). Where words find
// fewer than Depth, the rest scores 0, as BM25 does for what shares no term. What a
// ranking lacks gets nothing from it. Best first; equal sums by the better rank, then
// by ID. An ID that a ranking repeats counts once, at its best rank.
//
// Ranks alone (reciprocal rank fusion) do not tell how far the first is ahead: on
// unseen questions they find less. The scores that come out tell places only: BM25
// depends on how often terms stand in documents that the asker may not see.
func (f Fusion) Fuse(words, meaning Ranking) []Fused {
	at := map[string]int{} // position in fused
	var fused []Fused
	for which, r := range [...]Ranking{words, meaning} {
		weight, best := f.Words, r.Scores[:min(len(r.Scores), f.Depth)]
		if which == 1 {
			weight = f.Meaning
		} else if missing := f.Depth - len(best); missing > 0 {
			best = append(slices.Clone(best), make([]float64, missing)...)
		}
		last, deviation := spread(best)
		for rank, id := range r.IDs {
			i, ok := at[id]
			if !ok {
				i = len(fused)
				at[id] = i
				fused = append(fused, Fused{ID: id})
			}
			if fused[i].Ranks[which] > 0 {
				continue
			}
			fused[i].Ranks[which] = rank + 1
			if deviation > 0 {
				fused[i].Score += weight * max(0, r.Scores[rank]-last) / deviation
			}
		}
	}
	slices.SortFunc(fused, func(a, b Fused) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.best(), b.best()), cmp.Compare(a.ID, b.ID))
	})
	for i := range fused {
		fused[i].Score = 1 / float64(i+1)
	}
	return fused
}

// spread returns the last of scores and their standard deviation; 0 and 0 of none.
func spread(scores []float64) (last, deviation float64) {
	if len(scores) == 0 {
		return 0, 0
	}
	var sum, squares float64
	for _, s := range scores {
		sum += s
	}
	mean := sum / float64(len(scores))
	for _, s := range scores {
		squares += (s - mean) * (s - mean)
	}
	return scores[len(scores)-1], math.Sqrt(squares / float64(len(scores)))
}

// best is the better of the ranks.
func (f Fused) best() int {
	if f.Ranks[0] == 0 || f.Ranks[1] > 0 && f.Ranks[1] < f.Ranks[0] {
		return f.Ranks[1]
	}
	return f.Ranks[0]
}
