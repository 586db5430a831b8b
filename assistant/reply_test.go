package assistant

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"biseo/assistant/ground"
	"biseo/index"
	"biseo/korea/calendar"
	"biseo/llm"
	"biseo/llm/llmtest"
)

const complaintText = `안녕하세요. 저는 민원인 홍길동(010-1234-5678)입니다.
처리기간을 몇 번까지 연장할 수 있나요? 그리고 수수료를 잘못 냈는데 반환은 며칠 안에 신청해야 하나요?
화성 이주 지원금은 언제 지급하나요?
빠른 답변 부탁드립니다.`

// counter shows a complaint shelf with two earlier replies: one rests on an article
// that changed since.
func counter() shelf {
	s := gaon()
	for i := range s.chunks {
		if s.chunks[i].Doc.ID == "ord/1" {
			s.chunks[i].Doc.From = index.Day(2026, 5, 6)
		}
	}
	old := doc("reply/1", "처리기간 연장 문의에 대한 답변", "reply")
	old.From = index.Day(2025, 3, 4)
	fresh := doc("reply/2", "처리기간 연장 횟수에 대한 답변", "reply")
	fresh.From = index.Day(2026, 5, 20)
	s.chunks = append(s.chunks,
		chunk(old, "r01", "", "처리기간을 몇 번까지 연장할 수 있는지 문의하신 데 대하여, 「가온시 민원 처리 조례」 제7조에 따라 두 번 연장할 수 있음을 알려드립니다."),
		chunk(fresh, "r02", "", "처리기간을 몇 번까지 연장할 수 있는지에 대하여, 「가온시 민원 처리 조례」 제7조에 따라 한 차례만 연장할 수 있음을 알려드립니다."))
	return s
}

func replyRequest() ReplyRequest {
	return ReplyRequest{Text: complaintText, Received: time.Date(2026, 6, 1, 10, 0, 0, 0, calendar.Seoul), Number: "1AA-2606-0000001",
		Handler: Handler{Agency: "가온시", Department: "민원여권과", Name: "김가람 주무관", Phone: "055-000-2301"}}
}

func draftReply(t *testing.T, a *Assistant, req ReplyRequest) *Answer {
	t.Helper()
	var told []ground.Sentence
	ans, err := a.DraftReply(context.Background(), Principal{}, req, func(e Event) error {
		if e.Sentence != nil {
			told = append(told, *e.Sentence)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("DraftReply: %v", err)
	}
	n := 0
	for _, b := range ans.Blocks {
		for _, s := range b.Sentences {
			if n >= len(told) || told[n].Text != s.Text {
				t.Fatalf("sentence %d of the answer, %q, was not told", n, s.Text)
			}
			n++
			switch {
			case s.Status == ground.Plain && len(s.Cites) > 0, s.Status == ground.Gap && !strings.Contains(s.Text, "[작성 필요"),
				s.Status == ground.Unverified && !strings.Contains(s.Text, Unsure):
				t.Errorf("%s: %q", s.Status, s.Text)
			case s.Status == ground.Verified:
				if again := ground.Check(s, ans.Sources); again.Status != ground.Verified {
					t.Errorf("shown as verified, but %s: %q", again.Why, s.Text)
				}
			}
		}
	}
	return ans
}

func letter(blocks []Block) string {
	var b strings.Builder
	for _, x := range blocks {
		for _, s := range x.Sentences {
			b.WriteString(s.Text + "\n")
		}
	}
	return b.String()
}

func TestDraftReply(t *testing.T) {
	ans := draftReply(t, New(quiet, counter(), Options{}), replyRequest())
	r := ans.Reply
	if ans.Outcome != Partial || len(r.Requests) != 3 || !r.Requests[0].Answered || !r.Requests[1].Answered || r.Requests[2].Answered {
		t.Errorf("outcome %s, requests %+v", ans.Outcome, r.Requests)
	}
	text := letter(ans.Blocks)
	at := 0
	for _, want := range []string{"안녕하십니까? 귀하께서 신청하신 민원(신청번호 1AA-2606-0000001)", "한 차례만 그 기간을 연장할 수 있다.", "30일 이내에 반환을 신청할 수 있다.",
		"[작성 필요: “화성 이주 지원금", "가온시 민원여권과 김가람 주무관(☎ 055-000-2301)"} {
		i := strings.Index(text[at:], want)
		if i < 0 {
			t.Fatalf("%q does not come after the rest in:\n%s", want, text)
		}
		at += i
	}
	for _, b := range r.Requests[0].Blocks {
		if b >= len(ans.Blocks) || !strings.Contains(letter(ans.Blocks[b:b+1]), "연장") {
			t.Errorf("block %d does not answer %q", b, r.Requests[0].Text)
		}
	}
	if r.Kind != string(calendar.Query) || r.KindWhy == "" || r.Due != "2026-06-10" || !strings.Contains(r.Counted, "제19조") {
		t.Errorf("kind %s (%s), due %s: %s", r.Kind, r.KindWhy, r.Due, r.Counted)
	}
	if !strings.Contains(r.Extension, "업무과중") {
		t.Errorf("extension: %s", r.Extension)
	}
	if len(r.Similar) != 2 || len(r.Similar[0].Changed)+len(r.Similar[1].Changed) != 1 || !hasWarning(ans, WarnChanged) || !hasWarning(ans, WarnRepeat) {
		t.Errorf("similar %+v, warnings %v", r.Similar, ans.Warnings)
	}
	for _, s := range ans.Sources {
		if s.Kind == "reply" && s.Used {
			t.Errorf("an earlier reply is the basis: %q", s.Text)
		}
	}
	if hasWarning(ans, WarnHandler) {
		t.Error("the handler is not missing")
	}
}

// What two sources say in the same words is one line that cites both.
func TestReplyRepeats(t *testing.T) {
	table := "| 대상 | 감면 | 증명서 |\n|---|---|---|\n| 다자녀 가정 | 50% | 다자녀 우대카드 |\n| 경형자동차 | 60% | 자동차등록증 |"
	x := shelf{chunks: []index.Hit{
		chunk(doc("ord/9", "가온시 주차장 조례", "ordinance"), "t01", "「가온시 주차장 조례」 별표 2", table),
		chunk(doc("guide/9", "주차요금 감면 안내", "guide"), "t02", "", table),
	}}
	ans := draftReply(t, New(quiet, x, Options{}), ReplyRequest{Text: "다자녀 가정의 주차요금 감면에 필요한 증명서는 무엇인가요?", Received: replyRequest().Received})
	var got []ground.Sentence
	for _, b := range ans.Blocks {
		for _, s := range b.Sentences {
			if strings.Contains(s.Text, "우대카드") {
				got = append(got, s)
			}
		}
	}
	if len(got) != 1 || len(got[0].Cites) == 0 {
		t.Fatalf("%d lines: %+v", len(got), got)
	}
	cited := map[int]bool{}
	for _, c := range got[0].Cites {
		cited[c.Source] = true
	}
	if len(cited) != 2 {
		t.Errorf("cites %v, want both sources", got[0].Cites)
	}
}

// Hints point at the text that is returned, with its personal data.
func TestReplyHints(t *testing.T) {
	req := replyRequest()
	req.Text = "010-1234-5678로 연락해 주시면 감사하겠는데 2026.6.19에 낸 수수료의 반환은 며칠 안에 신청해야 하나요?"
	ans := draftReply(t, New(quiet, counter(), Options{}), req)
	fixes := 0
	for _, h := range ans.Hints {
		if written := string([]rune(ans.Blocks[h.Block].text())[h.Start:h.End]); h.Fix != "" {
			fixes++
			if !strings.Contains(h.Text, "‘"+written+"’") {
				t.Errorf("hint %q stands at %q", h.Text, written)
			}
		}
	}
	if fixes == 0 || !strings.Contains(letter(ans.Blocks), "010-1234-5678로") {
		t.Fatalf("%d hints with a fix in:\n%s", fixes, letter(ans.Blocks))
	}
}

func hasWarning(a *Answer, code string) bool {
	for _, w := range a.Warnings {
		if w.Code == code {
			return true
		}
	}
	return false
}

// What a model, an embedder and an index see holds no personal data; the caller's
// letter does, its public version does not.
func TestReplyHidesPersonalData(t *testing.T) {
	var queries []index.Query
	s := counter()
	s.queries = &queries
	req := replyRequest()
	req.Text += "\n민원인 홍길동의 번호 010-1234-5678로 처리기간 연장을 알려 주세요."
	seen := &witness{}
	ans := draftReply(t, New(quiet, s, Options{Generator: seen}), req)
	for _, secret := range []string{"홍길동", "010-1234-5678", "12345678"} {
		for _, q := range queries {
			if strings.Contains(q.Text, secret) {
				t.Errorf("the index was asked for %q", q.Text)
			}
		}
		if strings.Contains(seen.prompts, secret) {
			t.Errorf("the model saw %q", secret)
		}
		if strings.Contains(ans.Question, secret) || strings.Contains(letter(ans.Reply.Public), secret) {
			t.Errorf("%q stands in the question or the public version", secret)
		}
	}
	if seen.prompts == "" || len(queries) == 0 {
		t.Fatal("nothing was asked")
	}
	if !strings.Contains(letter(ans.Blocks), "홍길동") {
		t.Errorf("the caller's letter does not hold the name:\n%s", letter(ans.Blocks))
	}
	if public := letter(ans.Reply.Public); strings.Contains(public, "김가람") || strings.Contains(public, "1AA-2606-0000001") || strings.Contains(public, "〈") {
		t.Errorf("공개용:\n%s", public)
	}
	if !hasWarning(ans, WarnPersonal) {
		t.Error("no warning of personal data")
	}
}

// A witness keeps what it is asked and answers with the first sentence of each prompt's passages.
type witness struct{ prompts string }

func (*witness) Model() string { return "witness" }

func (w *witness) Generate(ctx context.Context, req llm.Request, emit func(string) error) (*llm.Response, error) {
	w.prompts += req.System + req.User
	return llmtest.Truthful{}.Generate(ctx, req, emit)
}

func TestReplyWithModels(t *testing.T) {
	for _, m := range []llm.Generator{llmtest.Truthful{}, llmtest.Lying{}, llmtest.Empty{}, llmtest.Cut("처리기간은 "), llmtest.Loop("가나다. "), llmtest.Script("{\"answer\": [1,2"), llmtest.Echo{}} {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		ans, err := New(quiet, counter(), Options{Generator: m}).DraftReply(ctx, Principal{}, replyRequest(), nil)
		cancel()
		if err != nil {
			t.Errorf("%s: %v", m.Model(), err)
			continue
		}
		if ans.Outcome != Partial || !ans.Reply.Requests[0].Answered {
			t.Errorf("%s: outcome %s, %+v", m.Model(), ans.Outcome, ans.Reply.Requests)
		}
		for _, b := range ans.Blocks {
			for _, s := range b.Sentences {
				if s.Status == ground.Verified && ground.Check(s, ans.Sources).Status != ground.Verified {
					t.Errorf("%s: not supported: %q", m.Model(), s.Text)
				}
			}
		}
	}
}

func TestReplyOfTheDay(t *testing.T) {
	req := replyRequest()
	req.Received = time.Date(2026, 5, 5, 10, 0, 0, 0, calendar.Seoul)
	before := draftReply(t, New(quiet, counter(), Options{}), req).Reply.Extension
	req.Received = time.Date(2026, 5, 6, 10, 0, 0, 0, calendar.Seoul)
	after := draftReply(t, New(quiet, counter(), Options{}), req).Reply.Extension
	if strings.Contains(before, "업무과중") || !strings.Contains(after, "업무과중") {
		t.Errorf("extension before: %s\nafter: %s", before, after)
	}
}

func TestReplyRemediesNeedTheirArticle(t *testing.T) {
	req := replyRequest()
	req.Remedy = "refusal"
	s := counter()
	act := doc("law/1", "민원 처리에 관한 법률", "law")
	s.chunks = append(s.chunks, chunk(act, "l35", "「민원 처리에 관한 법률」 제35조",
		"제35조(거부처분에 대한 이의신청)\n① 법정민원에 대한 행정기관의 장의 거부처분에 불복하는 민원인은 그 거부처분을 받은 날부터 60일 이내에 그 행정기관의 장에게 문서로 이의신청을 할 수 있다."))
	ans := draftReply(t, New(quiet, s, Options{}), req)
	text := letter(ans.Blocks)
	if !strings.Contains(text, "60일 이내에 문서로 이의신청을 할 수 있습니다.\n") || !strings.Contains(text, "90일 이내에 청구하여야 하며, 처분이 있었던 날부터 180일이 지나면 청구하지 못합니다. "+Unsure) {
		t.Errorf("remedies:\n%s", text)
	}
	if plain := letter(draftReply(t, New(quiet, s, Options{}), replyRequest()).Blocks); strings.Contains(plain, "이의신청") {
		t.Errorf("a query names remedies:\n%s", plain)
	}
}

// A 법정민원 has the period that its agency set; none is guessed.
func TestReplyPeriod(t *testing.T) {
	req := replyRequest()
	req.Kind = "법정"
	if r := draftReply(t, New(quiet, counter(), Options{}), req).Reply; r.Due != "" || !strings.Contains(r.Counted, "제17조") {
		t.Errorf("due %q: %s", r.Due, r.Counted)
	}
	req.Period = "5일"
	if r := draftReply(t, New(quiet, counter(), Options{}), req).Reply; r.Due == "" || !strings.HasPrefix(r.Due, "2026-06-") {
		t.Errorf("due %q: %s", r.Due, r.Counted)
	}
}

// Where the holidays are not known yet, the period is, and only they are missed.
func TestReplyHolidays(t *testing.T) {
	req := replyRequest()
	req.Kind, req.Received = "질의", time.Date(2028, 3, 2, 10, 0, 0, 0, calendar.Seoul)
	if r := draftReply(t, New(quiet, counter(), Options{}), req).Reply; r.Due != "" || !strings.HasPrefix(r.Counted, "공휴일 자료가 없어") {
		t.Errorf("due %q: %s", r.Due, r.Counted)
	}
}

// Overwork is no reason to extend (영 제21조제2항).
func TestReplyExtend(t *testing.T) {
	req := replyRequest()
	req.Extend = "업무 과다로 처리가 늦어짐"
	if r := draftReply(t, New(quiet, counter(), Options{}), req).Reply; !strings.Contains(r.Extension, string(calendar.Refused)) || !strings.Contains(r.Extension, "제21조") {
		t.Errorf("extension: %s", r.Extension)
	}
}

func TestReplyInput(t *testing.T) {
	for field, change := range map[string]func(*ReplyRequest){
		"text":     func(r *ReplyRequest) { r.Text = " ?! " },
		"received": func(r *ReplyRequest) { r.Received = time.Time{} },
		"kind":     func(r *ReplyRequest) { r.Kind = "급한" },
		"period":   func(r *ReplyRequest) { r.Period = "곧" },
		"remedy":   func(r *ReplyRequest) { r.Remedy = "court" },
		"decision": func(r *ReplyRequest) { r.Decision = "maybe" },
	} {
		req := replyRequest()
		change(&req)
		_, err := New(quiet, counter(), Options{}).DraftReply(context.Background(), Principal{}, req, nil)
		var input *InputError
		if !errors.As(err, &input) || input.Field != field {
			t.Errorf("%s: error %v", field, err)
		}
	}
	long := replyRequest()
	long.Text = strings.Repeat("가", maxComplaint+1)
	if _, err := New(quiet, counter(), Options{}).DraftReply(context.Background(), Principal{}, long, nil); err == nil {
		t.Error("no error for a long complaint")
	}
	far := replyRequest()
	far.Received = time.Date(2040, 1, 2, 0, 0, 0, 0, calendar.Seoul)
	if ans := draftReply(t, New(quiet, counter(), Options{}), far); ans.Reply.Due != "" || !hasWarning(ans, WarnPeriod) {
		t.Errorf("2040: due %q, %v", ans.Reply.Due, ans.Warnings)
	}
}
