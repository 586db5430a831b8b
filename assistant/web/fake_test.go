package web

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/index"
)

// A fake is a Service for what the real one does not do on demand: fail, stall,
// and every kind of sentence. Nil functions give the small agency below.
type fake struct {
	search  func(context.Context, assistant.Principal, assistant.SearchRequest) (*assistant.SearchResult, error)
	passage func(context.Context, assistant.PassageRequest) ([]ground.Source, error)
	answer  func(context.Context, assistant.AnswerRequest, func(assistant.Event) error) (*assistant.Answer, error)
	drafted any // the last request of another task
}

// agency is an invented ordinance of three clauses, and a plan without dates. The
// first text has a character outside the basic plane before the words cited.
var agency = []ground.Source{
	clause(1, "c1", "제5조", "① 시장은 주차요금을 받는다. 🚗 소형 승용차의 1시간 요금은 1,200원으로 한다.\n② 장애인 차량은 요금의 100분의 50을 줄인다."),
	clause(2, "c2", "제6조", "정기권은 한 달에 60,000원으로 하며, 매달 25일부터 다음 달 분을 판다."),
	clause(3, "c3", "제7조", "요금을 내지 않은 사람에게는 그 요금의 4배를 가산금으로 받는다."),
}

func clause(n int, id, article, text string) ground.Source {
	return ground.Source{N: n, ChunkID: id, DocID: "gaon/parking@2026-01-01", Title: "가온시 주차장 조례", Cite: "「가온시 주차장 조례」 " + article,
		Kind: "ordinance", Agency: "가온시", Path: []string{"제2장 주차요금", article}, URL: "https://gaon.example/parking",
		InForce: ground.InForce{From: "2026-01-01", Until: "2026-10-01"}, Text: text}
}

// cited is a verified sentence whose quotes stand in the sources named.
func cited(text string, quotes ...string) ground.Sentence {
	s := ground.Sentence{Text: text, Status: ground.Verified, Cites: []ground.Cite{}}
	for _, q := range quotes {
		for _, src := range agency {
			if at := strings.Index(src.Text, q); at >= 0 {
				start := utf8.RuneCountInString(src.Text[:at])
				s.Cites = append(s.Cites, ground.Cite{Source: src.N, Start: start, End: start + utf8.RuneCountInString(q), Quote: q})
			}
		}
	}
	return s
}

func (f *fake) Search(ctx context.Context, who assistant.Principal, req assistant.SearchRequest) (*assistant.SearchResult, error) {
	if f.search != nil {
		return f.search(ctx, who, req)
	}
	res := &assistant.SearchResult{Query: req.Query, On: req.On.Format("2006-01-02"), Mode: assistant.Words, Hits: []assistant.Hit{}}
	for i, s := range agency {
		res.Hits = append(res.Hits, assistant.Hit{Rank: i + 1, Score: 1 / float64(i+1), ChunkID: s.ChunkID, DocID: s.DocID, Title: s.Title, Cite: s.Cite,
			Kind: s.Kind, Path: s.Path, InForce: s.InForce, Text: s.Text})
	}
	return res, nil
}

func (f *fake) Passage(ctx context.Context, _ assistant.Principal, req assistant.PassageRequest) ([]ground.Source, error) {
	if f.passage != nil {
		return f.passage(ctx, req)
	}
	for i, s := range agency {
		if s.ChunkID == req.ChunkID {
			return agency[max(i-req.Around, 0):min(i+req.Around+1, len(agency))], nil
		}
	}
	return nil, fmt.Errorf("passage: %w", index.ErrNotFound)
}

func (f *fake) Answer(ctx context.Context, _ assistant.Principal, req assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
	if f.answer != nil {
		return f.answer(ctx, req, emit)
	}
	a := &assistant.Answer{Task: "answer", Question: req.Question, On: req.On.Format("2006-01-02"), Outcome: assistant.Partial, Mode: assistant.Words,
		Sources: agency, Warnings: []assistant.Warning{{Code: "test", Text: "의미 검색을 쓸 수 없어 단어 검색으로 찾았습니다."}}, Prompt: "answer/1", Model: "fake"}
	a.Blocks = []assistant.Block{
		{Kind: "paragraph", Sentences: []ground.Sentence{
			cited("소형 승용차의 1시간 요금은 1,200원입니다.", "소형 승용차의 1시간 요금은 1,200원으로 한다."),
			cited("정기권은 한 달에 60,000원이며 장애인 차량은 절반을 줄입니다.", "정기권은 한 달에 60,000원으로 하며", "장애인 차량은 요금의 100분의 50을 줄인다."),
		}},
		{Kind: "item", Level: 1, Sentences: []ground.Sentence{{Text: "가산금은 요금의 5배입니다.", Status: ground.Unverified, Why: "근거 3에 없는 값: 5배", Cites: []ground.Cite{}}}},
		{Kind: "item", Level: 1, Sentences: []ground.Sentence{{Text: "[작성 필요: 담당자 연락처]", Status: ground.Gap, Cites: []ground.Cite{}}}},
	}
	if emit == nil {
		return a, nil
	}
	events := []assistant.Event{{Status: "searching"}, {Warning: &a.Warnings[0]}, {Sources: a.Sources}, {Status: "writing"}}
	for _, b := range a.Blocks {
		for i := range b.Sentences {
			events = append(events, assistant.Event{Sentence: &b.Sentences[i]})
		}
	}
	for i, e := range events {
		if i == len(events)-1 && strings.Contains(req.Question, "천천히") { // the reader has moved on before the end
			time.Sleep(300 * time.Millisecond)
		}
		if e.Sentence != nil && strings.Contains(req.Question, "끝없는") { // a model that never ends
			_ = emit(e)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		if err := emit(e); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (f *fake) Summarize(ctx context.Context, who assistant.Principal, req assistant.SummaryRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
	f.drafted = req
	return f.draft(ctx, who, "summary", "주차장 조례", req.On, emit)
}

func (f *fake) DraftReport(ctx context.Context, who assistant.Principal, req assistant.ReportRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
	f.drafted = req
	return f.draft(ctx, who, "report", req.Topic, req.On, emit)
}

func (f *fake) DraftReply(ctx context.Context, who assistant.Principal, req assistant.ReplyRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
	f.drafted = req
	a, err := f.draft(ctx, who, "reply", req.Text, req.Received, emit)
	if err == nil {
		a.Reply = &assistant.Reply{Requests: []assistant.Request{{Text: "요금을 알려 주세요.", Blocks: []int{0}, Answered: true}}, Kind: "질의", Received: "2026-06-30 10:30",
			Due: "2026-07-08", Counted: "7일", Extension: "2회까지 연장할 수 있습니다.", Similar: []assistant.Similar{}, Public: a.Blocks}
	}
	return a, err
}

// draft is the answer as a draft.
func (f *fake) draft(ctx context.Context, who assistant.Principal, task, question string, on time.Time, emit func(assistant.Event) error) (*assistant.Answer, error) {
	a, err := f.Answer(ctx, who, assistant.AnswerRequest{Question: question, On: on}, emit)
	if err == nil {
		a.Task, a.Title, a.Template = task, "주차요금 "+task, "검토보고"
	}
	return a, err
}

func (f *fake) Check(_ context.Context, _ assistant.Principal, req assistant.CheckRequest) (*assistant.Checked, error) {
	f.drafted = req
	return &assistant.Checked{On: req.On.Format(time.DateOnly), Findings: []assistant.Hint{}, Citations: []assistant.CheckedCitation{
		{Start: 0, End: 3, Text: "제5조", Cite: agency[0].Cite, State: assistant.CitationFound, ChunkID: "c1", InForce: agency[0].InForce}}}, nil
}

// Recheck is the real one over an index that holds the agency.
func (f *fake) Recheck(ctx context.Context, who assistant.Principal, req assistant.RecheckRequest) (*assistant.Rechecked, error) {
	return assistant.New(slog.New(slog.DiscardHandler), shelf{}, assistant.Options{}).Recheck(ctx, who, req)
}

// A shelf is an index that holds the agency's clauses, which everybody may read.
type shelf struct{ index.Index }

func (shelf) doc() index.Doc {
	return index.Doc{ID: "gaon/parking@2026-01-01", Work: "gaon/parking", Title: "가온시 주차장 조례", Kind: "ordinance", Agency: "가온시", URL: "https://gaon.example/parking",
		Source: "/docs/조례/주차장 조례.md", Readers: []string{index.Public}, Grade: index.Open, From: index.Day(2026, 1, 1), Until: index.Day(2027, 1, 1)}
}

func (x shelf) Docs(context.Context) iter.Seq2[index.Doc, error] {
	return func(yield func(index.Doc, error) bool) {
		secret := index.Doc{ID: "gaon/audit", Work: "gaon/audit", Title: "감사 결과", Kind: "report", Readers: []string{"audit"}, Grade: index.Sensitive}
		_ = yield(secret, nil) && yield(x.doc(), nil)
	}
}

func (x shelf) Passage(_ context.Context, s index.Scope, id string, around int) ([]index.Hit, error) {
	var hits []index.Hit
	at := -1
	for i, src := range agency {
		c := index.Chunk{ID: index.ChunkID(x.doc().ID, i), DocID: src.DocID, Path: src.Path, Cite: src.Cite, Text: src.Text}
		if id == src.ChunkID { // as the answers of the fake name them
			c.ID = id
		}
		if c.ID == id {
			at = i
		}
		hits = append(hits, index.Hit{Doc: x.doc(), Chunk: c})
	}
	if at < 0 || !s.AllowsDoc(x.doc()) {
		return nil, index.ErrNotFound
	}
	return hits[max(0, at-min(around, 9)):min(len(hits), at+min(around, 9)+1)], nil
}
