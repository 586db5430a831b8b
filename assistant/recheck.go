package assistant

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"biseo/assistant/ground"
	"biseo/assistant/retrieval"
	"biseo/index"
	"biseo/korea/official"
)

// WarnSource says that a source of a draft has changed or cannot be seen any more.
const WarnSource = "source"

// A RecheckRequest asks for a draft that a person has edited to be held against its
// sources once more.
type RecheckRequest struct {
	Draft  *Answer // as edited: of it count title, gist, keywords and blocks
	Stored *Answer // as this program made or last checked it; nil where there is none: then nothing in Draft is believed, and a source counts only as the index has it
}

// Rechecked is the result of [Assistant.Recheck].
type Rechecked struct {
	Answer  *Answer  `json:"answer"` // the draft, each sentence with its state as checked now, and its hints
	Changes []Change `json:"changes" nullable:"false"`
}

// A Change is a sentence of a draft whose words or state are not those stored.
type Change struct {
	Block    int           `json:"block"`    // of the draft, from 0
	Sentence int           `json:"sentence"` // of the block, from 0; of a table counted through its rows
	Text     string        `json:"text"`
	Before   ground.Status `json:"before" doc:"Empty for a sentence that is new or edited"`
	After    ground.Status `json:"after"`
	Why      string        `json:"why,omitempty"`
}

// Recheck decides anew which sentences of a draft hold. A sentence keeps its stored
// state where neither it nor a source that it cites has changed; any other is
// checked against the sources it names, then against the others. What a person
// states marked [Given], and headings, are not facts of a source. It uses no model
// and retains neither draft.
func (a *Assistant) Recheck(ctx context.Context, who Principal, req RecheckRequest) (*Rechecked, error) {
	if req.Draft == nil || len(req.Draft.Blocks) == 0 {
		return nil, &InputError{"blocks", "점검할 초안에 글이 없으니 내용을 넣어 다시 보내 주세요."}
	}
	base := req.Stored
	if base == nil {
		base = req.Draft
	}
	on, err := parseDay(base.On)
	if err != nil {
		return nil, &InputError{"on", "초안의 기준일(on)을 2026-06-08처럼 적어 주세요."}
	}
	ans := *base
	ans.Title, ans.Gist, ans.Keywords = req.Draft.Title, req.Draft.Gist, req.Draft.Keywords
	r := recheck{stored: map[string]ground.Sentence{}, moved: map[int]bool{}}
	ans.Warnings = slices.DeleteFunc(slices.Clone(base.Warnings), func(w Warning) bool { return w.Code == WarnSource })
	ans.Sources = slices.Clone(base.Sources)
	s := scope(who, on)
	for i, src := range ans.Sources {
		if src.N != i+1 {
			return nil, &InputError{"sources", "초안의 근거 번호(n)가 1부터 차례대로가 아니니 받은 그대로 보내 주세요."}
		}
		hits, err := a.index.Passage(ctx, s, src.ChunkID, 0)
		if err != nil && !errors.Is(err, index.ErrNotFound) {
			return nil, fmt.Errorf("recheck: %w", err)
		}
		hits = a.finder.Allowed(s, hits)
		warn := ""
		switch {
		case len(hits) == 0 && req.Stored == nil:
			r.moved[src.N] = true // it may be the caller's invention
			warn = fmt.Sprintf("근거 %d을(를) 지금 색인에서 볼 수 없어 이를 인용한 문장은 확인하지 못했습니다.", src.N)
		case len(hits) == 0:
			warn = fmt.Sprintf("근거 %d은(는) 지금 색인에 없어 초안에 담긴 글과 대조했습니다. 올린 파일이거나 그 뒤에 지워진 문서입니다.", src.N)
			r.sources = append(r.sources, src)
		default:
			now := retrieval.Sources(hits, s.On)[0]
			now.N, now.Used = src.N, src.Used
			if now.Text != src.Text || now.InForce != src.InForce {
				r.moved[src.N] = true
				if req.Stored != nil {
					warn = fmt.Sprintf("근거 %d(%s)이(가) 초안을 만든 뒤 바뀌어 이를 인용한 문장을 다시 확인했습니다.", src.N, src.Cite)
				}
			}
			if !r.moved[src.N] && req.Stored != nil {
				now = src // with what was said of it beside its text
			}
			ans.Sources[i] = now
			r.sources = append(r.sources, now)
		}
		if warn != "" {
			ans.Warnings = append(ans.Warnings, Warning{WarnSource, warn})
		}
	}
	if req.Stored != nil {
		r.know(req.Stored.Blocks)
		if req.Stored.Reply != nil {
			r.know(req.Stored.Reply.Public)
		}
	}
	out := &Rechecked{Answer: &ans, Changes: []Change{}}
	ans.Blocks = r.blocks(req.Draft.Blocks, &out.Changes)
	if base.Reply != nil {
		reply := *base.Reply
		if req.Draft.Reply != nil {
			reply.Public = req.Draft.Reply.Public
		}
		reply.Public = r.blocks(reply.Public, new([]Change))
		ans.Reply = &reply
	}
	if len(out.Changes) > 0 && ans.Outcome != Extractive {
		ans.Outcome = Answered
		if r.open {
			ans.Outcome = Partial
		}
	}
	for i := range ans.Sources {
		ans.Sources[i].Used = r.used[ans.Sources[i].N]
	}
	ans.Hints = hints(&ans, a.kindOf(&ans))
	a.lg.Info("recheck", "task", ans.Task, "sources", len(ans.Sources), "changes", len(out.Changes), "hints", len(ans.Hints))
	return out, nil
}

// kindOf is the kind of official document that a draft is.
func (a *Assistant) kindOf(ans *Answer) official.Kind {
	if ans.Task == "reply" {
		return official.KindReply
	}
	t, _ := a.opt.Prompts.Report(ans.Template)
	return official.Kind(t.Kind)
}

// A recheck holds what sentences are held against.
type recheck struct {
	sources []ground.Source
	moved   map[int]bool               // numbers of sources that are not as stored
	stored  map[string]ground.Sentence // by sentenceKey
	used    map[int]bool               // numbers of sources that a sentence cites
	open    bool                       // a sentence is not verified, or a gap
}

// sentenceKey is what makes a sentence the same: its words and what it cites.
func sentenceKey(s ground.Sentence) string { return fmt.Sprint(s.Text, s.Cites) }

func (r *recheck) know(blocks []Block) {
	for _, b := range blocks {
		for _, row := range append([][]ground.Sentence{b.Sentences}, b.Rows...) {
			for _, s := range row {
				r.stored[sentenceKey(s)] = s
			}
		}
	}
}

// blocks returns a copy of all with each sentence as it holds now.
func (r *recheck) blocks(all []Block, changes *[]Change) []Block {
	out := slices.Clone(all)
	for i, b := range out {
		n := 0
		decide := func(row []ground.Sentence, label bool) []ground.Sentence {
			done := make([]ground.Sentence, 0, len(row))
			for _, s := range row {
				before := r.stored[sentenceKey(s)].Status
				now := r.sentence(s, label)
				if now.Status != before {
					*changes = append(*changes, Change{Block: i, Sentence: n, Text: now.Text, Before: before, After: now.Status, Why: now.Why})
				}
				n++
				done = append(done, now)
			}
			return done
		}
		out[i].Sentences = decide(b.Sentences, b.Kind == "heading")
		out[i].Rows = nil
		for j, row := range b.Rows {
			out[i].Rows = append(out[i].Rows, decide(row, j == 0))
		}
	}
	return out
}

// sentence decides one sentence; label tells that it heads what follows.
func (r *recheck) sentence(s ground.Sentence, label bool) ground.Sentence {
	out, known := r.stored[sentenceKey(s)]
	moved := slices.ContainsFunc(s.Cites, func(c ground.Cite) bool { return r.moved[c.Source] })
	if !known || moved {
		var cited []int
		for _, c := range s.Cites {
			if !slices.Contains(cited, c.Source) {
				cited = append(cited, c.Source)
			}
		}
		if label || !ground.HasWord(s.Text) || len(cited) == 0 && strings.Contains(s.Text, Given) {
			out = ground.Sentence{Text: s.Text, Status: ground.Plain}
		} else {
			out = ground.Attach(s.Text, cited, r.sources)
		}
	}
	if out.Cites == nil {
		out.Cites = []ground.Cite{}
	}
	if r.used == nil {
		r.used = map[int]bool{}
	}
	for _, c := range out.Cites {
		r.used[c.Source] = true
	}
	r.open = r.open || out.Status == ground.Unverified || out.Status == ground.Gap
	return out
}
