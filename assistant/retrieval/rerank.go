package retrieval

import (
	"cmp"
	"context"
	"slices"

	"biseo/index"
)

// rerankDepth is how many hits a reranker reads.
const rerankDepth = 50

// rerank puts the first hits in the order of the reranker; each place keeps its
// score. They stay as they are where there is none, where it fails or takes too long
// (which is logged with how often it did), and where the question names an article,
// which words find.
func (f *Finder) rerank(ctx context.Context, question string, hits []index.Hit) []index.Hit {
	n := min(len(hits), rerankDepth)
	if f.opt.Reranker == nil || n < 2 || index.QueryKindOf(question) == index.Citation {
		return hits
	}
	texts := make([]string, n)
	for i, h := range hits[:n] {
		texts[i] = h.Doc.Title + "\n" + h.Chunk.Text
	}
	scores, err := f.opt.Reranker.Rerank(ctx, question, texts)
	if err != nil || len(scores) != n {
		f.lg.Warn("search without the reranker", "skipped", f.notReranked.Add(1), "err", err)
		return hits
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(scores[j], scores[i]) })
	out := slices.Clone(hits)
	for place, i := range order {
		out[place] = hits[i]
		out[place].Score = hits[place].Score
	}
	return out
}
