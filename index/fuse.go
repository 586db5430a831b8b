package index

import (
	"cmp"
	"slices"
)

// A Ranking is a list of chunk IDs, best first, with what it counts in a fusion.
type Ranking struct {
	Weight float64
	IDs    []string
}

// A Fused is one chunk of a fusion.
type Fused struct {
	ID    string
	Score float64
	Ranks []int // in each ranking, in the order given, from 1; 0 where it is absent
}

// Fusion is how words and meaning are fused into one ranking.
type Fusion struct {
	K       float64 // see [Fuse]
	Words   float64 // weight of the word ranking
	Meaning float64 // weight of the meaning ranking
	Depth   int     // how many of each ranking take part, if the limit is not greater
}

// DefaultFusion returns the weights that Biseo fuses with, for every backend.
func DefaultFusion() Fusion {
	return Fusion{K: 60, Words: 1, Meaning: 1, Depth: 50}
}

// Fuse merges rankings by weighted reciprocal rank fusion (Cormack, Clarke and
// Büttcher, SIGIR 2009): a chunk scores Σ weight / (k + rank), with ranks from 0
// as in Qdrant, over the rankings that hold it. Best first, ties by ID. An ID
// that a ranking repeats counts once, at its best rank. k must be above 0.
func Fuse(k float64, rankings ...Ranking) []Fused {
	at := map[string]int{} // position in fused
	var fused []Fused
	for r, ranking := range rankings {
		for rank, id := range ranking.IDs {
			i, ok := at[id]
			if !ok {
				i = len(fused)
				at[id] = i
				fused = append(fused, Fused{ID: id, Ranks: make([]int, len(rankings))})
			}
			if fused[i].Ranks[r] > 0 {
				continue
			}
			fused[i].Ranks[r] = rank + 1
			fused[i].Score += ranking.Weight / (k + float64(rank))
		}
	}
	slices.SortFunc(fused, func(a, b Fused) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return fused
}
