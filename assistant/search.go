package assistant

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"biseo/assistant/ground"
	"biseo/index"
	"biseo/korea/law"
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
	found, mode, warnings, err := a.diverse(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	res := &SearchResult{Query: req.Query, On: day(q.On), Mode: mode, Hits: make([]Hit, len(found)), Warnings: warnings}
	plain := make([]index.Hit, len(found))
	for i, f := range found {
		plain[i] = f.Hit
	}
	sources := sources(plain, q.On)
	if err := a.stamp(ctx, q.Scope, sources); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	for i, f := range found {
		h := Hit{
			Rank: i + 1, Score: f.Score, ChunkID: f.Chunk.ID, DocID: f.Doc.ID, Title: f.Doc.Title, Cite: f.Chunk.Cite,
			Kind: f.Doc.Kind, Path: path(f.Hit), Page: f.Chunk.Page, InForce: inForce(f.Hit), Text: f.Chunk.Text,
			State: sources[i].State, Changed: sources[i].Changed,
		}
		for _, p := range f.Parts {
			h.Parts = append(h.Parts, Part{p.Chunk.ID, p.Chunk.Cite})
		}
		for _, d := range f.Repeats {
			h.Repeats = append(h.Repeats, Repeat{d.ID, d.Title, day(borne(d))})
		}
		res.Hits[i] = h
	}
	if w := changed(sources, res.On); w != nil {
		res.Warnings = append(res.Warnings, *w)
	}
	if req.Context > 0 {
		with, err := a.context(ctx, q, found, req.Context)
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

// Evidence returns the passages that [Assistant.Answer] reads for a question,
// numbered: req.Limit of them, 0 meaning as many as Answer, and behind them second
// parts of the best articles. Those that are no hits tell by their Via what they
// belong to.
func (a *Assistant) Evidence(ctx context.Context, who Principal, req SearchRequest) ([]ground.Source, error) {
	q, err := query(who, req, promptLimit)
	if err != nil {
		return nil, err
	}
	hits, via, _, _, err := a.evidence(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	found := belonging(sources(hits, q.On), via)
	return found, a.stamp(ctx, q.Scope, found)
}

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

// diverse finds q.Limit hits that do not repeat each other.
func (a *Assistant) diverse(ctx context.Context, q index.Query) ([]index.Found, Mode, []Warning, error) {
	limit := q.Limit
	for q.Limit = 2*limit + 20; ; q.Limit *= 4 {
		hits, mode, warnings, err := a.find(ctx, q)
		if err != nil {
			return nil, "", nil, err
		}
		found := index.Gather(hits)
		if len(found) >= limit || len(hits) < q.Limit || q.Limit > 1000 {
			return found[:min(len(found), limit)], mode, warnings, nil
		}
	}
}

// The states of what has a period, as of today.
const (
	Current = "current" // 현행
	Future  = "future"  // 시행예정
	Past    = "past"    // 연혁
)

// state tells how a period stands to the day today; "" for one without bounds.
func state(p ground.InForce, today string) string {
	switch {
	case p.From == "" && p.Until == "":
		return ""
	case p.From > today:
		return Future
	case p.Until != "" && p.Until <= today:
		return Past
	}
	return Current
}

// stamp tells how sources stand to today's law: their State, and for an article of
// which another version follows, in force today or to come, from when it is worded
// otherwise. It looks only at what s, on that other day, may see.
func (a *Assistant) stamp(ctx context.Context, s index.Scope, sources []ground.Source) error {
	today := day(index.Today(a.opt.Now()))
	for i := range sources {
		src := &sources[i]
		src.State = state(src.InForce, today)
		if src.InForce.Until == "" {
			continue
		}
		article := index.Hit{Chunk: index.Chunk{Cite: src.Cite}}.Article()
		if article == "" {
			continue
		}
		on := max(src.InForce.Until, today)
		var err error
		if s.On, err = time.Parse(time.DateOnly, on); err != nil {
			return err
		}
		if src.Changed, err = a.changedBy(ctx, s, *src, article); err != nil {
			return err
		}
	}
	return nil
}

// changedBy is the day from which the version of an article that is in force on
// s.On applies, if it does not hold the words of src; "" if it does or is not found.
func (a *Assistant) changedBy(ctx context.Context, s index.Scope, src ground.Source, article string) (string, error) {
	c, ok := law.ParseKey(article)
	if !ok {
		return "", nil
	}
	s.Docs = nil // the asker's documents are those of the other day
	hits, err := a.index.Search(ctx, index.Query{Scope: s, Text: c.String(), Limit: pool})
	if err != nil {
		return "", fmt.Errorf("look up the version in force on %s: %w", day(s.On), err)
	}
	var whole strings.Builder
	from := ""
	for _, h := range a.allowed(s, hits) {
		if p := inForce(h); h.Article() == article && h.Doc.ID != src.DocID && p.From >= src.InForce.Until {
			whole.WriteString(h.Chunk.Text)
			from = p.From
		}
	}
	if from == "" {
		return "", nil
	}
	now := wording(whole.String())
	for line := range strings.Lines(src.Text) {
		if !strings.Contains(now, wording(line)) {
			return from, nil
		}
	}
	return "", nil
}

// amendedNote is <개정 2022. 1. 11., 2024. 10. 29.>, which is no wording.
var amendedNote = regexp.MustCompile(`[<\[](?:개정|신설|전문개정|본조신설|제목개정|시행일)[^>\]]{0,400}[>\]]`)

// wording is what a text of law says: without notes on amendments and spaces.
func wording(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, amendedNote.ReplaceAllString(s, ""))
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
