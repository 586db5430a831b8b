package qdrant

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/qdrant/go-client/qdrant"

	"biseo/index"
)

// proposingTerms is how many terms of the query propose, the heaviest.
const proposingTerms = 128

// A candidate is a chunk in a ranking.
type candidate struct {
	id    string // of its point: in the order of chunk IDs
	score float64
}

func compareCandidates(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.id, b.id))
}

// rank asks the engine for the depth chunks of q.Scope that words and those that meaning
// propose, and then how near the latter and some of the former are by their sentences.
// That is a request of its own: as a part of the first it would search by words twice,
// and each shard would rank its own best.
func (x *Index) rank(ctx context.Context, q index.Query, terms scorer, depth int) (byWords, byMeaning []candidate, err error) {
	filter := &qdrant.Filter{Must: conditions(q.Scope)}
	if x.unfiltered {
		filter = nil
	}
	var batch []*qdrant.QueryPoints
	hashes, weights := terms.heaviest(proposingTerms)
	if len(hashes) > 0 {
		batch = append(batch, &qdrant.QueryPoints{CollectionName: x.name, Using: qdrant.PtrOf(words),
			Query: qdrant.NewQuerySparse(hashes, weights), Filter: filter, Limit: qdrant.PtrOf(uint64(depth)),
			WithPayload: qdrant.NewWithPayload(false)})
	}
	if len(q.Dense) > 0 {
		batch = append(batch, &qdrant.QueryPoints{CollectionName: x.name, Using: qdrant.PtrOf(dense),
			Query: qdrant.NewQueryDense(q.Dense), Filter: filter, Limit: qdrant.PtrOf(uint64(depth + index.SpareByMeaning)),
			Params: &qdrant.SearchParams{HnswEf: qdrant.PtrOf(uint64(max(256, 2*depth))),
				Quantization: &qdrant.QuantizationSearchParams{Rescore: qdrant.PtrOf(true), Oversampling: qdrant.PtrOf(2.0)}},
			WithPayload: qdrant.NewWithPayload(false)})
	}
	if len(batch) == 0 {
		return nil, nil, nil
	}
	results, err := x.client.QueryBatch(ctx, &qdrant.QueryBatchPoints{CollectionName: x.name, QueryPoints: batch})
	if err == nil && len(results) != len(batch) {
		err = errors.New("the server did not answer all questions")
	}
	if err != nil {
		return nil, nil, err
	}
	if len(hashes) > 0 {
		byWords = candidates(results[0].GetResult())
	}
	if len(q.Dense) > 0 {
		byMeaning, err = x.rankSentences(ctx, q.Dense, candidates(results[len(results)-1].GetResult()), byWords[:min(len(byWords), index.AlsoByMeaning)])
		byMeaning = byMeaning[:min(len(byMeaning), depth)]
	}
	return byWords, byMeaning, err
}

// rankSentences ranks the chunks of near, and those of also that have vectors, by the
// nearest of their sentences to query.
func (x *Index) rankSentences(ctx context.Context, query []float32, near, also []candidate) ([]candidate, error) {
	var ids []*qdrant.PointId
	for _, c := range slices.Concat(near, also) {
		ids = append(ids, qdrant.NewIDUUID(c.id))
	}
	if len(ids) == 0 {
		return nil, nil
	}
	points, err := x.client.Query(ctx, &qdrant.QueryPoints{CollectionName: x.name, Using: qdrant.PtrOf(sentences),
		Query: qdrant.NewQueryMulti([][]float32{query}), Filter: &qdrant.Filter{Must: []*qdrant.Condition{qdrant.NewHasID(ids...)}},
		Params: &qdrant.SearchParams{Exact: qdrant.PtrOf(true)}, Limit: qdrant.PtrOf(uint64(len(ids))), WithPayload: qdrant.NewWithPayload(false)})
	if err != nil {
		return nil, err
	}
	ranked := candidates(points)
	has := map[string]bool{}
	for _, c := range ranked {
		has[c.id] = true
	}
	for _, c := range near {
		if !has[c.id] { // it has gone meanwhile: who reads it finds out whether another has come in its place
			ranked = append(ranked, c)
		}
	}
	slices.SortFunc(ranked, compareCandidates)
	return ranked, nil
}

func candidates(points []*qdrant.ScoredPoint) []candidate {
	found := make([]candidate, len(points))
	for i, p := range points {
		found[i] = candidate{id: p.GetId().GetUuid(), score: float64(p.GetScore())}
	}
	slices.SortFunc(found, compareCandidates)
	return found
}

// conditions are s as a filter. What is not UTF-8 is stored nowhere.
func conditions(s index.Scope) []*qdrant.Condition {
	valid := func(all []string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(v string) bool { return !utf8.ValidString(v) })
	}
	grade, day := float64(max(s.Grade, index.Open)), float64(dayOf(s.On))
	must := []*qdrant.Condition{
		qdrant.NewMatchKeywords("readers", append(valid(s.Readers), index.Public)...),
		qdrant.NewRange("grade", &qdrant.Range{Lte: &grade}),
		qdrant.NewRange("from", &qdrant.Range{Lte: &day}),
		qdrant.NewRange("until", &qdrant.Range{Gt: &day}),
	}
	for field, allowed := range map[string][]string{"kind": s.Kinds, "agency": s.Agencies, "doc": s.Docs} {
		if len(allowed) > 0 {
			must = append(must, qdrant.NewMatchKeywords(field, valid(allowed)...))
		}
	}
	return must
}
