package assistant

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"biseo/assistant/complaint"
	"biseo/assistant/excerpt"
	"biseo/assistant/ground"
	"biseo/assistant/retrieval"
	"biseo/index"
	"biseo/korea/law"
)

// What a reply rests on: the evidence of each request, earlier replies, and what a
// person should know of them.

// basisKinds are the kinds of documents that a reply rests on, and others, such as
// press releases, count where these hold nothing; earlier replies never do.
func basisKinds() (basis, others []string) {
	for _, k := range index.Kinds() {
		switch {
		case k.Law || k.Name == "guide":
			basis = append(basis, k.Name)
		case k.Name != replyKind:
			others = append(others, k.Name)
		}
	}
	return basis, others
}

// search finds the evidence of each request and numbers it through the answer.
func (r *replier) search(ctx context.Context) error {
	basis, others := basisKinds()
	for _, request := range r.requests {
		q := index.Query{Scope: r.scope, Text: request.Query, Limit: perRequest}
		q.Agencies = r.req.Agencies
		var all retrieval.Result
		for _, kinds := range [][]string{basis, others} {
			if r.req.Kinds != nil {
				kinds = r.req.Kinds
			}
			q.Kinds = kinds
			found, err := r.a.finder.Evidence(ctx, q)
			if err != nil {
				return err
			}
			r.w.ans.Mode = found.Mode
			for _, w := range lost(found.Fault) {
				if err := r.w.warn(w.Code, w.Text); err != nil {
					return err
				}
			}
			if touches(request.Own, found.Hits, r.scope.On) {
				all = found
				break
			}
		}
		found, open := all.Sources(r.scope.On), false
		if len(all.Hits) > 0 && r.a.opt.Generator != nil {
			seen, err := r.a.forModel(ctx, q, all, r.w)
			if err != nil {
				return err
			}
			if open = len(seen) > 0; open {
				found = seen
			}
		}
		for i, s := range found {
			found[i].N = r.number(s)
		}
		r.evidence, r.open = append(r.evidence, found), append(r.open, open)
	}
	return nil
}

// touches reports that passages speak of what is asked: of the whole, or of one
// clause of it. Complaints wrap a short question in a long sentence.
func touches(request string, hits []index.Hit, on time.Time) bool {
	found := retrieval.Sources(hits, on)
	if excerpt.Relevant(request, found, nil) {
		return true
	}
	return slices.ContainsFunc(strings.Split(request, ","), func(clause string) bool {
		return len(strings.Fields(clause)) > 2 && excerpt.Relevant(clause, found, nil)
	})
}

// similar names earlier replies on the same matter, and the articles that they
// cite and that have changed since.
func (r *replier) similar(ctx context.Context) error {
	named := &r.w.ans.Reply.Similar
	for _, request := range r.requests {
		q := index.Query{Scope: r.scope, Text: request.Query, Limit: 2 * maxSimilar}
		q.Kinds = []string{replyKind}
		all, err := r.a.finder.Find(ctx, q)
		if err != nil {
			return err
		}
		for _, h := range all.Hits {
			known := slices.ContainsFunc(*named, func(s Similar) bool { return s.DocID == h.Doc.ID })
			if known || len(*named) == maxSimilar || !touches(request.Own, []index.Hit{h}, r.scope.On) {
				continue
			}
			s := Similar{DocID: h.Doc.ID, Title: h.Doc.Title, Date: retrieval.Day(h.Doc.From)}
			all, err := r.a.index.Passage(ctx, r.scope, h.Chunk.ID, maxAround)
			if err != nil {
				return err
			}
			if s.Changed, err = r.changed(ctx, r.a.finder.Allowed(r.scope, all), h.Doc.From); err != nil {
				return err
			}
			*named = append(*named, s)
			if len(s.Changed) > 0 {
				if err := r.w.warn(WarnChanged, fmt.Sprintf("비슷한 답변 「%s」(%s)의 근거 가운데 그 뒤에 개정된 조문이 있으니 그대로 쓰지 마세요: %s", s.Title, s.Date, strings.Join(s.Changed, ", "))); err != nil {
					return err
				}
			}
		}
	}
	if n := len(*named); n >= 2 {
		return r.w.warn(WarnRepeat, fmt.Sprintf("비슷한 내용에 답변한 사례가 %d건 있습니다. 같은 사람이 정당한 사유 없이 3회 이상 제출한 반복 민원인지는 담당자가 판단해 주세요(「민원 처리에 관한 법률」 제23조).", n))
	}
	return nil
}

// changed lists the articles that a reply of a day cites and whose version in
// force on the day of receipt began later.
func (r *replier) changed(ctx context.Context, reply []index.Hit, written time.Time) ([]string, error) {
	out := []string{}
	if written.IsZero() {
		return out, nil
	}
	seen := map[string]bool{}
	for _, h := range reply {
		for _, f := range law.Resolve(h.Chunk.Text, law.Find(h.Chunk.Text), law.Citation{}) {
			c := f.Citation
			if c.Law == "" || c.Article == (law.Unit{}) || seen[c.Key()] || len(seen) == 8 {
				continue
			}
			seen[c.Key()] = true
			found, err := r.a.article(ctx, r.scope, c)
			if err != nil {
				return nil, err
			}
			if found != nil && found.InForce.From > retrieval.Day(written) {
				out = append(out, c.String())
			}
		}
	}
	return out, nil
}

// concerned points out that the evidence is of several agencies.
func (r *replier) concerned(hidden string) error {
	var agencies []string
	for _, found := range r.evidence {
		for _, s := range found[:min(1, len(found))] {
			if s.Agency != "" && !slices.Contains(agencies, s.Agency) {
				agencies = append(agencies, s.Agency)
			}
		}
	}
	if complaint.Abusive(hidden) {
		if err := r.w.warn(WarnAbuse, "민원에 욕설이나 모욕하는 말이 있어 초안에 옮기지 않았습니다. 담당자 보호 조치는 「민원 처리에 관한 법률」 제4조를 보세요."); err != nil {
			return err
		}
	}
	if len(agencies) > 1 {
		slices.Sort(agencies)
		return r.w.warn(WarnAgencies, fmt.Sprintf("요청마다 근거를 둔 기관이 다릅니다(%s). 다른 기관에 이송하거나 협의할 민원인지 담당자가 판단해 주세요(「민원 처리에 관한 법률」 제16조).", strings.Join(agencies, ", ")))
	}
	return nil
}

// number is the number of a source in the answer, which it joins if it is new.
func (r *replier) number(s ground.Source) int {
	all := r.w.ans.Sources
	if i := slices.IndexFunc(all, func(o ground.Source) bool { return o.ChunkID == s.ChunkID }); i >= 0 {
		return i + 1
	}
	s.N = len(all) + 1
	r.w.ans.Sources = append(all, s)
	return s.N
}
