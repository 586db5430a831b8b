package mcp

import (
	"context"
	"fmt"
	"strings"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/assistant/ground"
	"biseo/assistant/web/chat"
	"biseo/korea/official"
)

type restriction struct {
	On       string   `json:"on"`
	Kinds    []string `json:"kinds"`
	Agencies []string `json:"agencies"`
	Docs     []string `json:"docs"`
}

type searchIn struct {
	Query string `json:"query"`
	Limit int    `json:"limit"`
	restriction
}

type passageIn struct {
	ChunkID string `json:"chunk_id"`
	Around  int    `json:"around"`
	On      string `json:"on"`
}

type passages struct {
	On      string          `json:"on" jsonschema:"the day whose documents were looked at"`
	Sources []ground.Source `json:"sources" jsonschema:"in document order"`
}

type askIn struct {
	Question string   `json:"question"`
	Earlier  []string `json:"earlier"`
	restriction
}

type replyIn struct {
	Complaint  string   `json:"complaint"`
	Received   string   `json:"received"`
	Kind       string   `json:"kind"`
	Period     string   `json:"period"`
	Decision   string   `json:"decision"`
	Remedy     string   `json:"remedy"`
	Agency     string   `json:"agency"`
	Department string   `json:"department"`
	Name       string   `json:"name"`
	Phone      string   `json:"phone"`
	Kinds      []string `json:"kinds"`
	Agencies   []string `json:"agencies"`
}

type checkIn struct {
	Text string `json:"text"`
	Kind string `json:"kind"`
	On   string `json:"on"`
}

// answered is what ask and draft_reply return.
type answered struct {
	Outcome  string              `json:"outcome" jsonschema:"answered: every sentence is verified; partial: something was removed, marked or missing; extractive: sentences copied from the sources; no_source: nothing supports an answer; blocked_personal_data; blocked_grade; out_of_scope"`
	On       string              `json:"on" jsonschema:"the day whose law was applied"`
	Text     string              `json:"text" jsonschema:"the answer in Markdown with source numbers in brackets"`
	Sources  []chat.Citation     `json:"sources" jsonschema:"the sources that the text cites"`
	Warnings []assistant.Warning `json:"warnings" jsonschema:"what the reader must look at, in Korean"`
	Reply    *replyFacts         `json:"reply,omitempty" jsonschema:"of a draft reply"`
}

type replyFacts struct {
	Kind      string              `json:"kind"`
	Received  string              `json:"received"`
	Due       string              `json:"due" jsonschema:"the last day, empty where the period is not known"`
	Counted   string              `json:"counted" jsonschema:"how the due date was counted, with the articles"`
	Extension string              `json:"extension"`
	Requests  []assistant.Request `json:"requests" jsonschema:"what the complaint asks for, and whether the draft answers it"`
	Similar   []assistant.Similar `json:"similar" jsonschema:"earlier replies on the same matter"`
}

func (s *server) addTools(srv *sdk.Server) {
	add(s, srv, &sdk.Tool{Name: "search", Title: "문서 검색", InputSchema: searchInput,
		Description: "기관 문서에서 관련 문단을 찾아 순위대로 보여 줍니다. Ranked passages of the agency's documents, each with chunk_id, citation, period in force and verbatim text."}, s.search)
	add(s, srv, &sdk.Tool{Name: "read_passage", Title: "문단 읽기", InputSchema: passageInput,
		Description: "찾은 문단과 그 앞뒤를 원문 그대로 읽습니다. A passage by its chunk_id, with its neighbours in the document, verbatim."}, s.readPassage)
	add(s, srv, &sdk.Tool{Name: "ask", Title: "질문하기", InputSchema: askInput,
		Description: "기관 문서에 근거해 답합니다. 모든 문장은 근거 문장과 맞는지 확인한 뒤에만 나옵니다. An answer from the agency's documents; every sentence was checked against the source that it cites. May take a minute."}, s.ask)
	add(s, srv, &sdk.Tool{Name: "draft_reply", Title: "민원 답변 초안", InputSchema: replyInput,
		Description: "민원에 대한 답변 초안과 처리기한을 만듭니다. 담당자가 확인하고 완성해야 합니다. A draft reply to a civil complaint with its due date, for an official to complete; nothing is sent or stored. May take a minute."}, s.draftReply)
	add(s, srv, &sdk.Tool{Name: "check", Title: "공문서 점검", InputSchema: checkInput,
		Description: "글이 공문서 작성 규칙과 기준일의 법령에 맞는지 점검합니다. Holds a text against the rules of official documents, and each legal citation in it against the law of the day. Uses no language model and never changes the text."}, s.check)
}

func (s *server) search(ctx context.Context, c call, in searchIn) (*result[*assistant.SearchResult], error) {
	on, err := chat.Day(in.On, c.now)
	if err != nil {
		return nil, err
	}
	found, err := s.svc.Search(ctx, c.who, assistant.SearchRequest{Query: in.Query, Limit: in.Limit, On: on, Kinds: in.Kinds, Agencies: in.Agencies, Docs: in.Docs})
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	sources := make([]ground.Source, len(found.Hits))
	for i, h := range found.Hits {
		sources[i] = ground.Source{N: h.Rank, ChunkID: h.ChunkID, DocID: h.DocID, Title: h.Title, Cite: h.Cite, Kind: h.Kind, Page: h.Page, InForce: h.InForce, Text: h.Text}
		b.WriteString(passage(sources[i]))
	}
	if len(found.Hits) == 0 {
		b.WriteString("찾은 문단이 없습니다.\n")
	}
	for _, w := range found.Warnings {
		b.WriteString("※ " + w.Text + "\n")
	}
	return &result[*assistant.SearchResult]{found, b.String(), dated(chat.Record("search", "shown", sources, nil), found.On)}, nil
}

// passage is a source for a reader of text.
func passage(s ground.Source) string {
	return fmt.Sprintf("[%d] %s%s (chunk_id %s)\n%s\n\n", s.N, chat.Name(s), chat.Period(s), s.ChunkID, s.Text)
}

func (s *server) readPassage(ctx context.Context, c call, in passageIn) (*result[passages], error) {
	on, err := chat.Day(in.On, c.now)
	if err != nil {
		return nil, err
	}
	sources, err := s.svc.Passage(ctx, c.who, assistant.PassageRequest{ChunkID: in.ChunkID, On: on, Around: in.Around})
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, src := range sources {
		b.WriteString(passage(src))
	}
	out := passages{on.Format(time.DateOnly), append([]ground.Source{}, sources...)}
	return &result[passages]{out, b.String(), dated(chat.Record("passages", "shown", sources, nil), out.On)}, nil
}

func (s *server) ask(ctx context.Context, c call, in askIn) (*result[answered], error) {
	on, err := chat.Day(in.On, c.now)
	if err != nil {
		return nil, err
	}
	ans, err := s.svc.Answer(ctx, c.who, assistant.AnswerRequest{Question: in.Question, Earlier: in.Earlier, On: on,
		Kinds: in.Kinds, Agencies: in.Agencies, Docs: in.Docs}, c.progress(ctx))
	if err != nil {
		return nil, err
	}
	return whole(ans), nil
}

func (s *server) draftReply(ctx context.Context, c call, in replyIn) (*result[answered], error) {
	received, err := chat.Moment("received", in.Received, c.now)
	if err != nil {
		return nil, err
	}
	ans, err := s.svc.DraftReply(ctx, c.who, assistant.ReplyRequest{Text: in.Complaint, Received: received, Kind: in.Kind, Period: in.Period,
		Decision: in.Decision, Remedy: in.Remedy, Kinds: in.Kinds, Agencies: in.Agencies,
		Handler: assistant.Handler{Agency: in.Agency, Department: in.Department, Name: in.Name, Phone: in.Phone}}, c.progress(ctx))
	if err != nil {
		return nil, err
	}
	return whole(ans), nil
}

func whole(ans *assistant.Answer) *result[answered] {
	out := answered{string(ans.Outcome), ans.On, chat.Answer(ans), append([]chat.Citation{}, chat.Citations(ans)...), append([]assistant.Warning{}, ans.Warnings...), nil}
	if r := ans.Reply; r != nil {
		out.Reply = &replyFacts{r.Kind, r.Received, r.Due, r.Counted, r.Extension, r.Requests, r.Similar}
	}
	return &result[answered]{out, out.Text, chat.Record(chat.Action(ans.Task), out.Outcome, ans.Sources, ans)}
}

func (s *server) check(ctx context.Context, c call, in checkIn) (*result[*assistant.Checked], error) {
	on, err := chat.Day(in.On, c.now)
	if err != nil {
		return nil, err
	}
	found, err := s.svc.Check(ctx, c.who, assistant.CheckRequest{Text: in.Text, Kind: official.Kind(in.Kind), On: on})
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "기준일 %s: 고칠 곳 %d개, 법령 인용 %d개\n", found.On, len(found.Findings), len(found.Citations))
	for _, f := range found.Findings {
		fmt.Fprintf(&b, "- %d∼%d자: %s\n", f.Start, f.End, f.Text)
	}
	rec := dated(chat.Record("check", "shown", nil, nil), found.On)
	for _, q := range found.Citations {
		fmt.Fprintf(&b, "- %s: %s %s\n", q.Cite, q.State, q.Why)
		if q.ChunkID != "" {
			rec.Passages = append(rec.Passages, q.ChunkID)
		}
	}
	return &result[*assistant.Checked]{found, b.String(), rec}, nil
}

func dated(r audit.Record, on string) audit.Record {
	r.On = on
	return r
}
