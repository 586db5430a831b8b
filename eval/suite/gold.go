package suite

import (
	"cmp"
	"context"
	"slices"

	"biseo/eval/golden"
	"biseo/index"
)

// Gold returns x as an ideal retriever for the case under way: a search finds first
// the passages that the case names as its evidence, within the asker's rights, then
// what x finds, as many as were asked for. What an answer still lacks is the fault of
// the generator; what it gains was that of the retriever. A case that names none
// searches x as it is.
func Gold(x index.Index, paths map[string]string) index.Index { return &gold{x, paths} }

type gold struct {
	index.Index
	paths map[string]string
}

func (g *gold) Search(ctx context.Context, q index.Query) ([]index.Hit, error) {
	u, _ := ctx.Value(caseKey{}).(underway)
	passages := slices.Clone(u.Cites)
	for _, r := range u.Relevant {
		passages = append(passages, r.Passage)
	}
	rest, err := g.Index.Search(ctx, q)
	if err != nil || len(passages) == 0 {
		return rest, err
	}
	var hits []index.Hit
	for _, p := range passages {
		wide := q
		wide.Text, wide.Dense, wide.Limit, wide.Docs = p.Quote, nil, 100, nil
		for id, path := range g.paths {
			if path == p.Doc {
				wide.Docs = append(wide.Docs, id)
			}
		}
		if len(wide.Docs) == 0 {
			continue
		}
		slices.Sort(wide.Docs)
		found, err := g.Index.Search(ctx, wide)
		if err != nil {
			return nil, err
		}
		for _, h := range found {
			if !holds(hits, h) && golden.Holds(h.Chunk.Text, p.Quote) {
				hits = append(hits, h)
			}
		}
	}
	for _, h := range rest {
		if len(hits) < cmp.Or(q.Limit, 10) && !holds(hits, h) {
			hits = append(hits, h)
		}
	}
	return hits, nil
}

func holds(hits []index.Hit, h index.Hit) bool {
	return slices.ContainsFunc(hits, func(k index.Hit) bool { return k.Chunk.ID == h.Chunk.ID })
}
