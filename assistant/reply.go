package assistant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/assistant/complaint"
	"biseo/assistant/ground"
	"biseo/assistant/retrieval"
	"biseo/index"
	"biseo/korea/calendar"
	"biseo/korea/official"
	"biseo/prompts"
)

const (
	maxComplaint = 20000 // code points of a complaint
	perRequest   = 6     // passages for one request
	maxSimilar   = 3     // earlier replies named
	replyKind    = "reply"
)

// DraftReply drafts the reply to a complaint in the customary four parts: greeting,
// what was asked, the examination with its basis for each request, and whom to
// ask. Personal data in the complaint is replaced by placeholders before the
// search, the model or the log sees it, and put back only in what this call
// returns and emits; Answer.Question stays masked.
//
// Each request of the complaint is searched and answered by itself with the law in
// force on the day of receipt; one without a basis stays visible as a gap. Greeting
// and contact are connecting text with placeholders where the request names no
// handler. Kind, due date, similar replies and whether others may be concerned are
// proposals for a person. Otherwise it behaves as [Assistant.Answer].
func (a *Assistant) DraftReply(ctx context.Context, who Principal, req ReplyRequest, emit func(Event) error) (*Answer, error) {
	if err := checkReply(req); err != nil {
		return nil, err
	}
	hidden, vault := complaint.Hide(req.Text)
	seoul := req.Received.In(calendar.Seoul)
	r := &replier{a: a, req: req, vault: vault, scope: scope(who, seoul), requests: complaint.Requests(hidden)}
	r.w = a.newWriter("reply", vault.Public(excerptOf(hidden, 500)), retrieval.Day(r.scope.On), restoring(vault, emit))
	r.w.ans.Title = "민원 답변"
	r.w.ans.Reply = &Reply{Requests: []Request{}, Similar: []Similar{}, Public: []Block{}, Received: seoul.Format("2006-01-02 15:04")}
	if err := r.draft(ctx, hidden); err != nil {
		return nil, fmt.Errorf("draft reply: %w", err)
	}
	ans := r.w.ans
	ans.Reply.Public = r.public()
	restore(vault, ans)
	ans.Hints = hints(ans, official.KindReply) // their places are those of the restored text
	a.lg.Info("reply", "outcome", ans.Outcome, "mode", ans.Mode, "requests", len(r.requests), "hidden", vault.Len(), "sources", len(ans.Sources), "warnings", len(ans.Warnings))
	return ans, nil
}

func checkReply(req ReplyRequest) error {
	bad := func(field, msg string) error { return &InputError{field, msg} }
	switch n := utf8.RuneCountInString(req.Text); {
	case !utf8.ValidString(req.Text):
		return bad("text", "글자가 깨진 민원이니 UTF-8로 다시 보내 주세요.")
	case !ground.HasWord(req.Text):
		return bad("text", "민원 내용이 비어 있으니 접수한 글을 그대로 넣어 주세요.")
	case n > maxComplaint:
		return bad("text", fmt.Sprintf("민원이 %d자로 길이 제한 %d자를 넘으니 나누어 넣어 주세요.", n, maxComplaint))
	case req.Received.IsZero():
		return bad("received", "언제 접수한 민원인지 접수 일시를 2026-06-08 10:30처럼 적어 주세요.")
	}
	if _, ok := complaint.KindOf(req.Kind); req.Kind != "" && !ok {
		var known []string
		for _, r := range calendar.Rules() {
			known = append(known, string(r.Kind))
		}
		return bad("kind", fmt.Sprintf("민원 종류 %q은(는) 없으니 %s 중에서 골라 주세요.", req.Kind, strings.Join(known, ", ")))
	}
	if _, err := calendar.ParsePeriod(req.Period); req.Period != "" && err != nil {
		return bad("period", "처리기간은 7일, 3시간, 1개월처럼 적어 주세요.")
	}
	if _, ok := complaint.Remedies(complaint.Remedy(req.Remedy)); !ok {
		return bad("remedy", "구제절차는 none, refusal, disposition, disclosure, penalty 중에서 골라 주세요.")
	}
	if _, ok := complaint.Steps(req.Decision); !ok {
		return bad("decision", "처리 방향은 explain, accept, reject, transfer, need_info 중에서 골라 주세요.")
	}
	return nil
}

// A replier drafts one reply. Nothing in it but vault and req holds personal data.
type replier struct {
	a        *Assistant
	w        *writer
	req      ReplyRequest
	vault    complaint.Vault
	scope    index.Scope
	requests []complaint.Request
	evidence [][]ground.Source // by request, numbered as in the answer
	open     []bool            // by request: the model may see its evidence
	model    tally             // what the model wrote
	steps    []ground.Sentence // what is done with the complaint
	remedies []ground.Sentence
}

func (r *replier) draft(ctx context.Context, hidden string) error {
	if err := r.w.send(Event{Status: "searching"}); err != nil {
		return err
	}
	if err := r.period(hidden); err != nil {
		return err
	}
	if err := r.search(ctx); err != nil {
		return err
	}
	if err := r.similar(ctx); err != nil {
		return err
	}
	if err := r.concerned(hidden); err != nil {
		return err
	}
	steps, _ := complaint.Steps(r.req.Decision)
	remedies, _ := complaint.Remedies(complaint.Remedy(r.req.Remedy))
	var err error
	if r.steps, err = r.decided(ctx, steps); err != nil {
		return err
	}
	if r.remedies, err = r.based(ctx, remedies); err != nil {
		return err
	}
	if err := r.a.cite(ctx, r.scope, r.w, r.w.ans.Sources); err != nil {
		return err
	}
	if err := r.w.send(Event{Status: "writing"}); err != nil {
		return err
	}
	if err := r.write(ctx); err != nil {
		return err
	}
	return r.w.conflicts()
}

// period proposes the kind and counts the due date.
func (r *replier) period(hidden string) error {
	reply := r.w.ans.Reply
	kind, ok := complaint.KindOf(r.req.Kind)
	if !ok {
		p := complaint.Propose(hidden)
		kind, reply.KindWhy = p.Kind, r.vault.Public(p.Why)
	}
	reply.Kind = string(kind)
	if r.vault.Len() > 0 {
		if err := r.w.warn(WarnPersonal, fmt.Sprintf("민원에 든 개인정보 %d건을 가리고 처리했으며, 이 초안에만 되살렸습니다.", r.vault.Len())); err != nil {
			return err
		}
	}
	if kind == "" && r.req.Period == "" {
		reply.Counted = "종류를 정하지 않아 기한을 계산하지 않았습니다."
		return r.w.warn(WarnPeriod, "민원의 종류를 가리지 못해 처리 기한을 계산하지 않았습니다. 종류를 정해 다시 초안을 만들어 주세요.")
	}
	if kind != "" {
		rule := calendar.ExtensionOf(kind, r.req.Received)
		reply.Extension = extension(rule)
		if reason := strings.TrimSpace(r.req.Extend); reason != "" {
			verdict, why := rule.Judge(reason)
			reply.Extension = fmt.Sprintf("“%s”: %s. %s %s", retold(reason, 100), verdict, why, reply.Extension)
		}
	}
	period, _ := calendar.ParsePeriod(r.req.Period) // checked with the request
	d, err := r.calendar().Due(calendar.Request{Received: r.req.Received, Kind: kind, Period: period})
	if err != nil {
		why := "처리기간을 정할 수 없어 기한을 계산하지 않았습니다(" + strings.TrimRight(err.Error(), ".") + ")."
		switch {
		case errors.Is(err, calendar.ErrRange):
			why = "공휴일 자료가 없어 기한을 계산하지 않았습니다(" + strings.TrimRight(err.Error(), ".") + ")."
		case kind == calendar.Statutory:
			why = "법정민원의 처리기간은 기관이 민원마다 정해 공표하므로(「민원 처리에 관한 법률」 제17조) 기한을 계산하지 않았습니다."
		}
		reply.Counted = why
		return r.w.warn(WarnPeriod, why)
	}
	reply.Due, reply.Counted = retrieval.Day(d.Due), d.Counted
	if d.Exact {
		reply.Due = d.Due.Format("2006-01-02 15:04")
	}
	if d.Caution != "" {
		return r.w.warn(WarnPeriod, d.Caution)
	}
	return nil
}

func (r *replier) calendar() *calendar.Calendar {
	if c := r.a.opt.Calendar; c != nil {
		return c
	}
	return calendar.Default()
}

// extension says a rule of extension in one paragraph.
func extension(e calendar.Extension) string {
	s := fmt.Sprintf("%d회까지 연장할 수 있습니다.", e.Times)
	if len(e.Reasons) > 0 {
		s += " 사유: " + strings.Join(e.Reasons, ", ") + "."
	}
	if len(e.Forbidden) > 0 {
		s += " 연장할 수 없는 사유: " + strings.Join(e.Forbidden, ", ") + "."
	}
	for _, more := range []string{e.Consent, e.Notice} {
		if more != "" {
			s += " " + strings.TrimRight(more, ".") + "."
		}
	}
	return s + " (" + e.Basis + ")"
}

// write writes the letter.
func (r *replier) write(ctx context.Context) error {
	number := r.req.Number
	if number == "" {
		number = "○○○"
	}
	if err := r.line(1, plainly(fmt.Sprintf("안녕하십니까? 귀하께서 신청하신 민원(신청번호 %s)에 대한 검토 결과를 다음과 같이 알려드립니다.", number))); err != nil {
		return err
	}
	if err := r.line(1, plainly(fmt.Sprintf("귀하께서 제출하신 민원의 내용은 “%s”에 관한 것으로 이해됩니다.", r.gist()))); err != nil {
		return err
	}
	if err := r.line(1, plainly("귀하의 민원에 대한 검토 결과는 다음과 같습니다.")); err != nil {
		return err
	}
	answered, models := 0, 0
	r.model.model = r.a.opt.Generator != nil
	for i, request := range r.requests {
		ok, model, err := r.answer(ctx, i, request)
		if err != nil {
			return err
		}
		if ok {
			answered++
		}
		if model {
			models++
		}
	}
	for i, part := range [][]ground.Sentence{r.steps, r.remedies} {
		if len(part) == 0 {
			continue
		}
		if err := r.line(1, plainly([]string{"귀하의 민원은 다음과 같이 처리합니다.", "이 결정에 이의가 있는 경우에는 다음과 같은 방법으로 다툴 수 있습니다."}[i])); err != nil {
			return err
		}
		for _, s := range part {
			if err := r.line(2, s); err != nil {
				return err
			}
		}
	}
	h := r.req.Handler
	contact := fmt.Sprintf("답변 내용에 대한 추가 설명이 필요한 경우 %s %s(☎ %s)에게 연락해 주시면 친절히 안내해 드리겠습니다. 감사합니다.",
		strings.TrimSpace(h.Agency+" "+cmp.Or(strings.TrimSpace(h.Department), "○○과")),
		cmp.Or(strings.TrimSpace(h.Name), "○○○ 주무관"), cmp.Or(strings.TrimSpace(h.Phone), "000-000-0000"))
	if err := r.line(1, plainly(contact)); err != nil {
		return err
	}
	if h.Department == "" || h.Name == "" || h.Phone == "" {
		if err := r.w.warn(WarnHandler, "담당자의 소속ㆍ성명ㆍ연락처가 빠져 있으니 채워 주세요(「민원 처리에 관한 법률 시행령」 제31조)."); err != nil {
			return err
		}
	}
	ans := r.w.ans
	switch {
	case answered == 0:
		ans.Outcome = NoSource
	case answered < len(r.requests) || r.unsure():
		ans.Outcome = Partial
	case models == 0:
		ans.Outcome = Extractive
	default:
		ans.Outcome = Answered
	}
	if answered < len(r.requests) {
		return r.w.warn(WarnGaps, fmt.Sprintf("요청 %d건 가운데 %d건은 근거를 찾지 못해 [작성 필요]로 남겼습니다.", len(r.requests), len(r.requests)-answered))
	}
	return nil
}

// unsure reports that the letter holds sentences that no source supports.
func (r *replier) unsure() bool {
	return slices.ContainsFunc(r.w.ans.Blocks, func(b Block) bool {
		return slices.ContainsFunc(b.Sentences, func(s ground.Sentence) bool { return s.Status == ground.Unverified })
	})
}

func plainly(s string) ground.Sentence {
	return ground.Sentence{Text: s, Cites: []ground.Cite{}, Status: ground.Plain}
}

func gapFor(what string) ground.Sentence {
	what = strings.NewReplacer("[", "(", "]", ")").Replace(what)
	return ground.Sentence{Text: "[작성 필요: " + what + "]", Cites: []ground.Cite{}, Status: ground.Gap}
}

// line adds one item of the letter.
func (r *replier) line(level int, s ground.Sentence) error {
	if err := r.w.begin(Block{Kind: "item", Level: level}); err != nil {
		return err
	}
	return r.w.say(s)
}

// gist is what the complaint is about, without abuse.
func (r *replier) gist() string {
	var all []string
	for _, q := range r.requests {
		all = append(all, strings.TrimRight(complaint.Calm(q.Text), " .?!"))
	}
	return retold(strings.Join(all, " / "), 150)
}

// answer answers one request: with the model, or without one in the words of the
// sources. Model says that the model wrote it.
func (r *replier) answer(ctx context.Context, i int, request complaint.Request) (ok, model bool, err error) {
	level := 2
	if len(r.requests) > 1 {
		level = 3
		if err := r.line(2, plainly(fmt.Sprintf("“%s”에 대한 답변입니다.", strings.TrimRight(retold(request.Text, 120), " .")))); err != nil {
			return false, false, err
		}
	}
	from := len(r.w.ans.Blocks)
	found := r.evidence[i]
	if len(found) > 0 && r.open[i] && r.model.model {
		if ok, err = r.byModel(ctx, i, request, found, level); err != nil {
			return false, false, err
		}
		model = ok
	}
	if !ok && len(found) > 0 {
		if ok, err = r.quoted(request, found, level); err != nil {
			return false, false, err
		}
	}
	if !ok {
		if err := r.line(level, gapFor("“"+retold(request.Text, 60)+"”에 대한 검토 결과와 근거")); err != nil {
			return false, false, err
		}
	}
	blocks := []int{}
	for n := from; n < len(r.w.ans.Blocks); n++ {
		blocks = append(blocks, n)
	}
	r.w.ans.Reply.Requests = append(r.w.ans.Reply.Requests, Request{Text: request.Text, Blocks: blocks, Answered: ok})
	return ok, model, nil
}

// byModel has the model answer a request.
func (r *replier) byModel(ctx context.Context, i int, request complaint.Request, found []ground.Source, level int) (bool, error) {
	found, err := fit(found, r.a.opt.Window)
	if err != nil {
		return false, err
	}
	p, err := r.a.opt.Prompts.Reply(prompts.ReplyData{Request: request.Text, On: r.w.ans.On, Passages: passages(found)})
	if err != nil {
		return false, err
	}
	out, err := r.a.draft(ctx, r.w, draft{prompt: p, passages: passages(found), layout: items, base: level - 1, lines: 6, calls: len(r.requests) - i})
	if err != nil {
		return false, err
	}
	r.model.add(out)
	if failure := out.failure(); failure != "" {
		what := "으므로 원문을 인용했습니다."
		if out.shown > 0 {
			what = "으므로 답변이 완전하지 않을 수 있습니다."
		}
		if err := r.w.warn(WarnModel, failure+what); err != nil {
			return false, err
		}
	}
	return out.shown > 0, nil
}

// public is the letter without names and numbers of persons.
func (r *replier) public() []Block {
	var out []Block
	for _, b := range r.w.ans.Blocks {
		b.Sentences = slices.Clone(b.Sentences)
		for i, s := range b.Sentences {
			s.Text = r.vault.Public(s.Text)
			if s.Status == ground.Plain { // the letter's own words, and not those of a law
				for _, own := range []string{r.req.Number, r.req.Handler.Name} {
					if strings.TrimSpace(own) != "" {
						s.Text = strings.ReplaceAll(s.Text, own, "○○○")
					}
				}
			}
			b.Sentences[i] = s
		}
		out = append(out, b)
	}
	return out
}

// restore puts personal data back where the caller alone reads it.
func restore(v complaint.Vault, ans *Answer) {
	for i := range ans.Blocks {
		ans.Blocks[i] = restored(v, ans.Blocks[i])
	}
}

func restored(v complaint.Vault, b Block) Block {
	b.Sentences = slices.Clone(b.Sentences)
	for i := range b.Sentences {
		b.Sentences[i].Text = v.Restore(b.Sentences[i].Text)
	}
	return b
}

// restoring is emit with personal data put back.
func restoring(v complaint.Vault, emit func(Event) error) func(Event) error {
	if emit == nil {
		return nil
	}
	return func(e Event) error {
		if e.Sentence != nil {
			s := *e.Sentence
			s.Text = v.Restore(s.Text)
			e.Sentence = &s
		}
		if e.Block != nil {
			b := restored(v, *e.Block)
			e.Block = &b
		}
		return emit(e)
	}
}

// excerptOf is the first n code points of s on one line.
func excerptOf(s string, n int) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) <= n {
		return string(r)
	}
	return string(r[:n-1]) + "…"
}
