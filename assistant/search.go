package assistant

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"biseo/assistant/ground"
	"biseo/assistant/retrieval"
	"biseo/index"
)

// Search returns the passages that who may read on the given day, best first: one
// for each article, with its other parts, and one for documents that repeat each
// other. A request that cannot be served is an [*InputError]. When the embedder
// fails the result is ranked by words alone and says so in its warnings.
func (a *Assistant) Search(ctx context.Context, who Principal, req SearchRequest) (*SearchResult, error) {
	q, err := query(who, req, defaultLimit)
	if err != nil {
		return nil, err
	}
	if req.Context < 0 || req.Context > maxContext {
		return nil, &InputError{"context", fmt.Sprintf("한 건에 곁들일 조문 수는 0부터 %d까지의 수로 적어 주세요.", maxContext)}
	}
	found, all, err := a.finder.Distinct(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	res := &SearchResult{Query: req.Query, On: retrieval.Day(q.On), Mode: all.Mode, Hits: make([]Hit, len(found)), Warnings: lost(all.Fault)}
	plain := make([]index.Hit, len(found))
	for i, f := range found {
		plain[i] = f.Hit
	}
	sources := retrieval.Sources(plain, q.On)
	if err := a.stamp(ctx, q.Scope, sources); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	for i, f := range found {
		h := Hit{
			Rank: i + 1, Score: f.Score, ChunkID: f.Chunk.ID, DocID: f.Doc.ID, Title: f.Doc.Title, Cite: f.Chunk.Cite,
			Kind: f.Doc.Kind, Path: sources[i].Path, Page: f.Chunk.Page, InForce: sources[i].InForce, Text: f.Chunk.Text,
			State: sources[i].State, Changed: sources[i].Changed,
		}
		for _, p := range f.Parts {
			h.Parts = append(h.Parts, Part{p.Chunk.ID, p.Chunk.Cite})
		}
		for _, d := range f.Repeats {
			h.Repeats = append(h.Repeats, Repeat{d.ID, d.Title, retrieval.Day(borne(d))})
		}
		res.Hits[i] = h
	}
	if w := changed(sources, res.On); w != nil {
		res.Warnings = append(res.Warnings, *w)
	}
	if req.Context > 0 {
		with, err := a.finder.Context(ctx, q, found, req.Context)
		if err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		for i := range with {
			if err := a.stamp(ctx, q.Scope, with[i]); err != nil {
				return nil, fmt.Errorf("search: %w", err)
			}
			res.Hits[i].Context = with[i]
		}
	}
	return res, nil
}

// UsualContext is the Context of a [SearchRequest] for a person who wants some.
const UsualContext = 3

// maxContext bounds it.
const maxContext = 5

// query is what req asks the index for; limit is that of a request without one.
func query(who Principal, req SearchRequest, limit int) (index.Query, error) {
	q := index.Query{Scope: scope(who, req.On), Text: req.Query, Limit: cmp.Or(req.Limit, limit)}
	q.Kinds, q.Agencies, q.Docs = req.Kinds, req.Agencies, req.Docs
	if err := checkQuestion("query", req.Query); err != nil {
		return q, err
	}
	if err := checkDay(req.On); err != nil {
		return q, err
	}
	if req.Limit < 0 || req.Limit > maxLimit {
		return q, &InputError{"limit", fmt.Sprintf("찾을 건수는 1부터 %d까지의 수로 적어 주세요.", maxLimit)}
	}
	return q, nil
}

// borne is the day that a document bears, or else that from which it is in force.
func borne(d index.Doc) time.Time {
	if d.Dated.IsZero() {
		return d.From
	}
	return d.Dated
}

// stamp tells how sources stand to today's law.
func (a *Assistant) stamp(ctx context.Context, s index.Scope, sources []ground.Source) error {
	return a.finder.Stamp(ctx, s, sources, a.opt.Now())
}

// lost warns of a search that went by words only.
func lost(f retrieval.Fault) []Warning {
	switch f {
	case retrieval.NoVector:
		return []Warning{{WarnEmbedder, "임베딩 모델이 응답하지 않아 낱말로만 찾았습니다."}}
	case retrieval.NoMeaning:
		return []Warning{{WarnMeaning, "색인이 뜻으로 찾는 일에 실패해 낱말로만 찾았습니다."}}
	case retrieval.OtherSpace:
		return []Warning{{WarnSpace, "색인을 만든 임베딩 모델과 지금 쓰는 모델이 달라 낱말로만 찾았습니다."}}
	}
	return nil
}

// cite stamps the sources of a task, shows them and warns of those that a later
// version words otherwise.
func (a *Assistant) cite(ctx context.Context, s index.Scope, w *writer, found []ground.Source) error {
	if err := a.stamp(ctx, s, found); err != nil {
		return err
	}
	if err := w.sources(found); err != nil {
		return err
	}
	if warning := changed(found, w.ans.On); warning != nil {
		return w.warn(warning.Code, warning.Text)
	}
	return nil
}

// changed names the articles that a later version words otherwise.
func changed(sources []ground.Source, on string) *Warning {
	var names []string
	for _, s := range sources {
		if s.Changed != "" && len(names) < 3 {
			names = append(names, fmt.Sprintf("%s(%s 시행)", s.Cite, s.Changed))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return &Warning{WarnVersion, fmt.Sprintf("기준일 %s 뒤의 개정으로 내용이 바뀐 조문이 있으니 지금의 일에는 바뀐 조문을 확인해 주세요: %s", on, strings.Join(names, ", "))}
}
