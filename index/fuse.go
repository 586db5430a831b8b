package index

import (
	"cmp"
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
	Depth   int     // how many of each ranking take part, if the limit is not greater
}

// For is f, or where it is zero [FusionFor] the query.
func (f Fusion) For(query string) Fusion {
	if f == (Fusion{}) {
		return FusionFor(query)
	}
	return f
}

// Fuse merges two rankings by the sum of their scores, each scaled to the span from
// what counts as nothing to the best of its ranking, and weighed (convex combination:
// Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", TOIS
// 2023). Nothing is 0 for words, whose scores are BM25, and the last score for
// meaning, because cosines have no zero of their own. A chunk that a ranking lacks
// gets nothing from it. Best first; equal scores by the better rank, then by ID. An
// ID that a ranking repeats counts once, at its best rank.
//
// The scores that come out tell places only: BM25 depends on how often terms stand in
// documents that the asker may not see.
//
// Ranks alone (reciprocal rank fusion) do not tell how far the first is ahead: with
// the best of its constants they found less on unseen questions.
func (f Fusion) Fuse(words, meaning Ranking) []Fused {
	at := map[string]int{} // position in fused
	var fused []Fused
	add := func(which int, weight, nothing float64, r Ranking) {
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
			scaled := 1.0 // where all are as good as the best
			if span := r.Scores[0] - nothing; span > 0 {
				scaled = (r.Scores[rank] - nothing) / span
			}
			fused[i].Score += weight * scaled
		}
	}
	add(0, f.Words, 0, words)
	if n := len(meaning.Scores); n > 0 {
		add(1, f.Meaning, meaning.Scores[n-1], meaning)
	}
	slices.SortFunc(fused, func(a, b Fused) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.best(), b.best()), cmp.Compare(a.ID, b.ID))
	})
	for i := range fused {
		fused[i].Score = 1 / float64(i+1)
	}
	return fused
}

// best is the better of the ranks.
func (f Fused) best() int {
	if f.Ranks[0] == 0 || f.Ranks[1] > 0 && f.Ranks[1] < f.Ranks[0] {
		return f.Ranks[1]
	}
	return f.Ranks[0]
}
