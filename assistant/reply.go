package assistant

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"biseo/assistant/complaint"
	"biseo/assistant/excerpt"
	"biseo/assistant/ground"
	"biseo/index"
	"biseo/korea/calendar"
	"biseo/korea/law"
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
	r.w = a.newWriter("reply", vault.Public(excerptOf(hidden, 500)), day(r.scope.On), restoring(vault, emit))
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
	if err := r.w.sources(r.w.ans.Sources); err != nil {
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
	if kind == "" {
		reply.Counted = "종류를 정하지 않아 기한을 계산하지 않았습니다."
		return r.w.warn(WarnPeriod, "민원의 종류를 가리지 못해 처리 기한을 계산하지 않았습니다. 종류를 정해 다시 초안을 만들어 주세요.")
	}
	reply.Extension = extension(calendar.ExtensionOf(kind, r.req.Received))
	d, err := r.calendar().Due(calendar.Request{Received: r.req.Received, Kind: kind})
	if err != nil {
		why := "처리기간을 정할 수 없어 기한을 계산하지 않았습니다(" + strings.TrimRight(err.Error(), ".") + ")."
		if kind == calendar.Statutory {
			why = "법정민원의 처리기간은 기관이 민원마다 정해 공표하므로(「민원 처리에 관한 법률」 제17조) 기한을 계산하지 않았습니다."
		}
		reply.Counted = why
		return r.w.warn(WarnPeriod, why)
	}
	reply.Due, reply.Counted = day(d.Due), d.Counted
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

// basisKinds are the kinds of documents that a reply rests on. Others, such as
// press releases, count where these hold nothing; earlier replies never do.
var basisKinds = []string{"law", "decree", "rule", "directive", "ordinance", "guide"}

// search finds the evidence of each request and numbers it through the answer.
func (r *replier) search(ctx context.Context) error {
	for _, request := range r.requests {
		q := index.Query{Scope: r.scope, Text: request.Query, Limit: perRequest}
		q.Agencies = r.req.Agencies
		var hits []index.Hit
		for _, kinds := range [][]string{basisKinds, otherKinds} {
			if r.req.Kinds != nil {
				kinds = r.req.Kinds
			}
			q.Kinds = kinds
			found, mode, warnings, err := r.a.find(ctx, q)
			if err != nil {
				return err
			}
			r.w.ans.Mode = mode
			for _, w := range warnings {
				if err := r.w.warn(w.Code, w.Text); err != nil {
					return err
				}
			}
			if touches(request.Own, found, r.scope.On) {
				hits = found
				break
			}
		}
		found, open := sources(hits, r.scope.On), false
		if len(hits) > 0 && r.a.opt.Generator != nil {
			seen, err := r.a.forModel(ctx, q, hits, r.w)
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

// otherKinds are what may support a reply where basisKinds do not.
var otherKinds = []string{"plan", "report", "press", "other"}

// touches reports that passages speak of what is asked: of the whole, or of one
// clause of it. Complaints wrap a short question in a long sentence.
func touches(request string, hits []index.Hit, on time.Time) bool {
	found := sources(hits, on)
	if excerpt.Relevant(request, found) {
		return true
	}
	return slices.ContainsFunc(strings.Split(request, ","), func(clause string) bool {
		return len(strings.Fields(clause)) > 2 && excerpt.Relevant(clause, found)
	})
}

// similar names earlier replies on the same matter, and the articles that they
// cite and that have changed since.
func (r *replier) similar(ctx context.Context) error {
	named := &r.w.ans.Reply.Similar
	for _, request := range r.requests {
		q := index.Query{Scope: r.scope, Text: request.Query, Limit: 2 * maxSimilar}
		q.Kinds = []string{replyKind}
		hits, _, _, err := r.a.find(ctx, q)
		if err != nil {
			return err
		}
		for _, h := range hits {
			known := slices.ContainsFunc(*named, func(s Similar) bool { return s.DocID == h.Doc.ID })
			if known || len(*named) == maxSimilar || !touches(request.Own, []index.Hit{h}, r.scope.On) {
				continue
			}
			s := Similar{DocID: h.Doc.ID, Title: h.Doc.Title, Date: day(h.Doc.From)}
			all, err := r.a.index.Passage(ctx, r.scope, h.Chunk.ID, maxAround)
			if err != nil {
				return err
			}
			if s.Changed, err = r.changed(ctx, r.a.allowed(r.scope, all), h.Doc.From); err != nil {
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
			if found != nil && found.InForce.From > day(written) {
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
		strings.TrimSpace(h.Agency+" "+or(h.Department, "○○과")), or(h.Name, "○○○ 주무관"), or(h.Phone, "000-000-0000"))
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

func or(s, otherwise string) string {
	if s = strings.TrimSpace(s); s == "" {
		return otherwise
	}
	return s
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

// retold is at most n code points of what a citizen wrote, as it may stand in
// quotation marks in an official's letter: it cannot close them, leads nowhere,
// and repeats no abuse.
func retold(s string, n int) string {
	s = link.ReplaceAllString(complaint.Calm(s), "(누리집 주소)")
	return strings.NewReplacer("“", "‘", "”", "’", `"`, "'", "[", "(", "]", ")").Replace(excerptOf(s, n))
}

// link is an address that a reader could follow.
var link = regexp.MustCompile(`(?i)(?:[a-z][a-z0-9+.-]*://|www\.)[^\s<>"'()\[\]“”‘’]+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:kr|com|net|org|io|me|example|xyz|top|site|info|biz|co)\b(?:/[^\s<>"'()\[\]“”‘’]*)?`)

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

// quoted answers a request in the words of its sources, in a letter's form. Rows of
// a table stay together in one.
func (r *replier) quoted(request complaint.Request, found []ground.Source, level int) (bool, error) {
	own := slices.Clone(found) // numbered from 1, as Select wants them
	for i := range own {
		own[i].N = i + 1
	}
	picked := excerpt.Select(request.Query, own)
	for _, clause := range strings.Split(request.Query, ",") {
		if len(picked) == 0 {
			picked = excerpt.Select(clause, own)
		}
	}
	var rows [][]ground.Sentence
	table := func() error {
		if rows == nil {
			return nil
		}
		all := rows
		rows = nil
		if lines := r.spoken(all); lines != nil {
			for _, s := range lines {
				if err := r.line(level, s); err != nil {
					return err
				}
			}
			return nil
		}
		return r.w.begin(Block{Kind: "table", Rows: all})
	}
	shown := 0
	for _, s := range picked {
		src := found[s.Cites[0].Source-1]
		s.Cites[0].Source = src.N
		units := ground.Units(src)
		at := slices.IndexFunc(units, func(u ground.Unit) bool { return u.Start == s.Cites[0].Start })
		if at < 0 || shown == maxQuoted || bare.MatchString(units[at].Text) || slices.ContainsFunc(src.Path, func(h string) bool { return strings.Contains(ground.Squeeze(h), ground.Squeeze(s.Text)) }) {
			continue // the question of a Q&A pair answers nothing
		}
		if units[at].Cells > 0 {
			if rows != nil && rows[0][0].Cites[0].Source != src.N {
				if err := table(); err != nil {
					return false, err
				}
			}
			rows = append(rows, row(s))
			continue
		}
		if err := table(); err != nil {
			return false, err
		}
		if err := r.line(level, ground.Quote(src, units[at])); err != nil {
			return false, err
		}
		shown++
	}
	shown += len(rows)
	if err := table(); err != nil || shown == 0 {
		return false, err
	}
	return true, r.w.warn(WarnExtracts, "언어 모델이 쓴 글이 아니라 원문을 인용한 답변이니 민원인에게 맞게 다듬어 주세요.")
}

// spoken turns rows under a header into lines of a letter, 다자녀 가정: 감면 50%, 증명서
// 우대카드; nil where the check does not follow.
func (r *replier) spoken(rows [][]ground.Sentence) []ground.Sentence {
	var out []ground.Sentence
	head := rows[0]
	for _, row := range rows[1:] {
		if len(row) != len(head) || len(head) < 2 {
			return nil
		}
		var pairs []string
		for i := 1; i < len(row); i++ {
			pairs = append(pairs, head[i].Text+" "+row[i].Text)
		}
		s := ground.Attach(row[0].Text+": "+strings.Join(pairs, ", "), []int{row[0].Cites[0].Source}, r.w.ans.Sources)
		if s.Status != ground.Verified {
			return nil
		}
		out = append(out, s)
	}
	return out
}

// bare is an answer that says nothing without its question.
var bare = regexp.MustCompile(`^(?:답\s*[:.]\s*)?(?:네|예|아니요|아니오|아닙니다|그렇습니다|맞습니다)[.,!]?$`)

const maxQuoted = 4 // sentences quoted for one request

// row is a row of a table, cell by cell.
func row(s ground.Sentence) []ground.Sentence {
	var out []ground.Sentence
	for cell := range strings.SplitSeq(s.Text, " | ") {
		c := s
		c.Text = cell
		out = append(out, c)
	}
	return out
}

// based are fixed sentences of a letter, each checked against the article that it
// rests on as in force on the day of receipt; unverified and marked where the
// asker can see no such article.
func (r *replier) based(ctx context.Context, all []complaint.Basis) ([]ground.Sentence, error) {
	var out []ground.Sentence
	for _, b := range all {
		s := ground.Sentence{Text: b.Text + " " + Unsure, Cites: []ground.Cite{}, Status: ground.Unverified, Why: "근거 조문을 찾지 못함: " + b.Cite}
		src, err := r.a.article(ctx, r.scope, law.Find(b.Cite)[0].Citation)
		if err != nil {
			return nil, err
		}
		if src != nil {
			src.N = r.number(*src)
			if checked := ground.Attach(b.Text, []int{src.N}, r.w.ans.Sources); checked.Status == ground.Verified {
				s = checked
			}
		}
		if s.Status != ground.Verified {
			if err := r.w.warn(WarnRemedy, fmt.Sprintf("%s의 현행 조문을 색인에서 확인하지 못한 문장에 %s 표시를 했습니다.", b.Cite, Unsure)); err != nil {
				return nil, err
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// decided are the sentences of a decision. They are the official's and hold gaps;
// the article that each rests on is named where the asker can see it.
func (r *replier) decided(ctx context.Context, all []complaint.Basis) ([]ground.Sentence, error) {
	var out []ground.Sentence
	for _, b := range all {
		s := plainly(b.Text)
		if strings.Contains(b.Text, "[작성 필요") {
			s.Status = ground.Gap
		}
		if b.Cite != "" {
			src, err := r.a.article(ctx, r.scope, law.Find(b.Cite)[0].Citation)
			if err != nil {
				return nil, err
			}
			if src != nil {
				r.number(*src)
				s.Text = strings.TrimSuffix(s.Text, ".") + ". (근거: " + b.Cite + ")"
			}
		}
		out = append(out, s)
	}
	return out, nil
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

// public is the letter without names and numbers of persons.
func (r *replier) public() []Block {
	var out []Block
	for _, b := range r.w.ans.Blocks {
		b.Sentences = slices.Clone(b.Sentences)
		for i, s := range b.Sentences {
			s.Text = r.vault.Public(s.Text)
			for _, own := range []string{r.req.Number, r.req.Handler.Name} {
				if strings.TrimSpace(own) != "" {
					s.Text = strings.ReplaceAll(s.Text, own, "○○○")
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
