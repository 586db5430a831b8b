package web

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/assistant/complaint"
	"biseo/assistant/export"
	"biseo/assistant/web/chat"
	"biseo/index"
	"biseo/korea/calendar"
	"biseo/korea/official"
	"biseo/korea/privacy"
)

// Keep says whether a draft is kept. It is exported because huma ignores the fields
// of an unexported embedded struct.
type Keep struct {
	Save bool `json:"save,omitempty" doc:"Keep the result as a draft of the caller; needs the permission draft"`
}

type answersInput struct {
	Body struct {
		Question     string   `json:"question" minLength:"1" maxLength:"2000" example:"민원 처리기간은 몇 번까지 연장할 수 있나요?" doc:"The question"`
		Earlier      []string `json:"earlier,omitempty" maxItems:"10" doc:"Earlier questions, the oldest first, by which a follow-up is understood"`
		Conversation string   `json:"conversation,omitempty" maxLength:"64" doc:"Keep question and answer: new begins a conversation, an ID goes on with one and takes earlier questions from it. Needs the permission draft"`
		Restriction
	}
}

func (s *server) answers(ctx context.Context, in *answersInput) (*huma.StreamResponse, error) {
	b := in.Body
	on, err := chat.Day(b.On, s.o.Now())
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	if b.Conversation != "" {
		if p := s.keeps(ctx); p != nil {
			return nil, p
		}
	}
	if b.Conversation != "" && b.Conversation != "new" {
		c, err := s.o.State.Conversation(ctx, CallerOf(ctx).Owner(), b.Conversation)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		if len(b.Earlier) == 0 {
			for _, t := range c.Turns[max(0, len(c.Turns)-10):] {
				b.Earlier = append(b.Earlier, t.Question)
			}
		}
	}
	req := assistant.AnswerRequest{Question: b.Question, Earlier: b.Earlier, On: on, Kinds: b.Kinds, Agencies: b.Agencies, Docs: b.Docs}
	t := task{run: func(ctx context.Context, who assistant.Principal, emit func(assistant.Event) error) (*assistant.Answer, error) {
		return s.svc.Answer(ctx, who, req, emit)
	}}
	if b.Conversation != "" {
		t.keep = func(ctx context.Context, r *Result) error { return s.addTurn(ctx, b.Conversation, r) }
	}
	return s.answer(ctx, t)
}

type summariesInput struct {
	Body struct {
		Docs     []string `json:"docs,omitempty" maxItems:"20" doc:"IDs of documents; or send files"`
		On       string   `json:"on,omitempty" format:"date" doc:"As in force that day; today in Korea if left out"`
		Length   string   `json:"length,omitempty" enum:"line,brief,page" default:"brief" doc:"One line, five lines or one page"`
		Prose    bool     `json:"prose,omitempty" doc:"Paragraphs instead of items (개조식)"`
		Audience string   `json:"audience,omitempty" maxLength:"50" doc:"Whom it is for, such as 시장 or 시민"`
		Keep
	}
}

func (s *server) summaries(ctx context.Context, in *summariesInput) (*huma.StreamResponse, error) {
	b := in.Body
	on, uploads, err := s.given(ctx, b.On)
	if err != nil {
		return nil, err
	}
	req := assistant.SummaryRequest{Docs: b.Docs, Uploads: uploads, On: on, Length: assistant.Length(b.Length), Prose: b.Prose, Audience: b.Audience}
	return s.draft(ctx, b.Save, func(ctx context.Context, who assistant.Principal, emit func(assistant.Event) error) (*assistant.Answer, error) {
		return s.svc.Summarize(ctx, who, req, emit)
	})
}

// given is what a task over documents begins with: its day and the files sent along.
func (s *server) given(ctx context.Context, day string) (on time.Time, uploads []assistant.Upload, err error) {
	if on, err = chat.Day(day, s.o.Now()); err == nil {
		uploads, err = s.read(ctx)
	}
	if err != nil {
		err = s.problem(ctx, err)
	}
	return on, uploads, err
}

type reportsInput struct {
	Body struct {
		Topic    string `json:"topic" minLength:"1" maxLength:"2000" example:"공영주차장 요금 개편" doc:"What the report is on"`
		Template string `json:"template,omitempty" maxLength:"100" doc:"Name of a report template, see /v1/templates; 검토보고 if left out"`
		Notes    string `json:"notes,omitempty" maxLength:"20000" doc:"Facts that no document holds; shown as given, in the section that a line names (검토 의견: …)"`
		Restriction
		Keep
	}
}

func (s *server) reports(ctx context.Context, in *reportsInput) (*huma.StreamResponse, error) {
	b := in.Body
	on, uploads, err := s.given(ctx, b.On)
	if err != nil {
		return nil, err
	}
	req := assistant.ReportRequest{Topic: b.Topic, Template: b.Template, Notes: b.Notes, On: on, Kinds: b.Kinds, Agencies: b.Agencies, Docs: b.Docs, Uploads: uploads}
	return s.draft(ctx, b.Save, func(ctx context.Context, who assistant.Principal, emit func(assistant.Event) error) (*assistant.Answer, error) {
		return s.svc.DraftReport(ctx, who, req, emit)
	})
}

type repliesInput struct {
	Body struct {
		Text     string   `json:"text" minLength:"1" maxLength:"100000" doc:"The complaint as received; personal data in it is masked before anything else reads it"`
		Received string   `json:"received,omitempty" example:"2026-06-30 10:30" doc:"Day and time of receipt in Korea; a day alone counts from 09:00, now if left out. The law of that day applies"`
		Kind     string   `json:"kind,omitempty" maxLength:"20" doc:"Kind of complaint, see /v1/templates; proposed if left out"`
		Period   string   `json:"period,omitempty" maxLength:"20" example:"7일" doc:"처리기간 that the agency sets, as for 법정; that of the kind if left out"`
		Extend   string   `json:"extend,omitempty" maxLength:"1000" doc:"The reason for which the period would be extended: judged by the rule of that day"`
		Number   string   `json:"number,omitempty" maxLength:"100" doc:"신청번호"`
		Decision string   `json:"decision,omitempty" enum:"explain,accept,reject,transfer,need_info" default:"explain" doc:"처리 방향"`
		Remedy   string   `json:"remedy,omitempty" enum:"none,refusal,disposition,disclosure,penalty" default:"none" doc:"Which 구제절차 the reply names"`
		Handler  Handler  `json:"handler,omitempty" doc:"담당자; what is left out becomes a placeholder"`
		Kinds    []string `json:"kinds,omitempty" maxItems:"50" enum:"law,decree,rule,directive,ordinance,plan,report,reply,guide,press,other" doc:"Kinds of document"`
		Agencies []string `json:"agencies,omitempty" maxItems:"50" doc:"Agencies that issued the document"`
		Keep
	}
}

// A Handler is the official whom a reply names.
type Handler struct {
	Agency     string `json:"agency,omitempty" maxLength:"100"`
	Department string `json:"department,omitempty" maxLength:"100"`
	Name       string `json:"name,omitempty" maxLength:"100" doc:"Name and rank"`
	Phone      string `json:"phone,omitempty" maxLength:"50"`
}

func (s *server) replies(ctx context.Context, in *repliesInput) (*huma.StreamResponse, error) {
	b := in.Body
	received, err := chat.Moment("received", b.Received, s.o.Now())
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	req := assistant.ReplyRequest{Text: b.Text, Received: received, Kind: b.Kind, Period: b.Period, Extend: b.Extend, Number: b.Number, Decision: b.Decision,
		Remedy: b.Remedy, Handler: assistant.Handler(b.Handler), Kinds: b.Kinds, Agencies: b.Agencies}
	return s.draft(ctx, b.Save, func(ctx context.Context, who assistant.Principal, emit func(assistant.Event) error) (*assistant.Answer, error) {
		return s.svc.DraftReply(ctx, who, req, emit)
	})
}

// draft does a task whose result may be kept.
func (s *server) draft(ctx context.Context, save bool, run func(context.Context, assistant.Principal, func(assistant.Event) error) (*assistant.Answer, error)) (*huma.StreamResponse, error) {
	t := task{run: run}
	if save {
		if p := s.keeps(ctx); p != nil {
			return nil, p
		}
		t.keep = func(ctx context.Context, r *Result) error {
			d, err := s.store(ctx, &r.Answer)
			if err == nil {
				r.Draft = &DraftRef{d.ID, d.Version}
			}
			return err
		}
	}
	return s.answer(ctx, t)
}

// keeps is the refusal of a request that wants something kept; nil where it may.
func (s *server) keeps(ctx context.Context) error {
	if !CallerOf(ctx).May(Draft) {
		return forbidden()
	}
	if s.o.State == nil {
		return s.problem(ctx, errNoState)
	}
	return nil
}

type checkInput struct {
	Body struct {
		Text string        `json:"text,omitempty" maxLength:"100000" doc:"A text that a person wrote; or send one file"`
		Kind official.Kind `json:"kind,omitempty" enum:"letter,reply,notice,minutes,report,plan,press" doc:"Check also the rules for this kind of document"`
		On   string        `json:"on,omitempty" format:"date" doc:"Held against what was in force that day; today in Korea if left out"`
	}
}

type checkOutput struct {
	Body struct {
		assistant.Checked
		Text string `json:"text" doc:"The text that offsets count in: the one sent, or that of the file"`
	}
}

func (s *server) check(ctx context.Context, in *checkInput) (*checkOutput, error) {
	b := in.Body
	on, err := chat.Day(b.On, s.o.Now())
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	switch files := filesOf(ctx); {
	case len(files) > 1 || len(files) == 1 && b.Text != "":
		return nil, s.problem(ctx, &assistant.InputError{Field: "files", Text: "점검할 글은 text나 파일 하나로만 보내 주세요."})
	case len(files) == 1:
		d, err := s.readDocument(ctx, files[0])
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		b.Text = d.Text
	}
	got, err := s.svc.Check(ctx, CallerOf(ctx).Principal, assistant.CheckRequest{Text: b.Text, Kind: b.Kind, On: on})
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	r := audit.Record{Outcome: "checked"}
	for _, c := range got.Citations {
		if c.ChunkID != "" {
			r.Passages = append(r.Passages, c.ChunkID)
		}
	}
	if err := s.record(ctx, r, nil); err != nil {
		return nil, s.problem(ctx, err)
	}
	out := new(checkOutput)
	out.Body.Checked, out.Body.Text = *got, b.Text
	return out, nil
}

type maskInput struct {
	Body struct {
		Text         string `json:"text" maxLength:"200000" doc:"Any text"`
		KeepContacts bool   `json:"keep_contacts,omitempty" doc:"Leave the published contacts of officials"`
	}
}

type maskOutput struct {
	Body struct {
		Text  string         `json:"text" doc:"With personal data masked; as many code points as before"`
		Spans []privacy.Span `json:"spans" nullable:"false" doc:"What was found, offsets in code points"`
	}
}

func (s *server) mask(ctx context.Context, in *maskInput) (*maskOutput, error) {
	spans := privacy.Find(in.Body.Text)
	if in.Body.KeepContacts {
		spans = privacy.WithoutContacts(in.Body.Text, spans)
	}
	if err := s.record(ctx, audit.Record{Outcome: "masked"}, nil); err != nil {
		return nil, s.problem(ctx, err)
	}
	out := new(maskOutput)
	out.Body.Text, out.Body.Spans = privacy.Mask(in.Body.Text, spans), append([]privacy.Span{}, spans...)
	return out, nil
}

type deadlinesInput struct {
	Body struct {
		Kind     string      `json:"kind,omitempty" maxLength:"20" example:"질의" doc:"Kind of complaint, see /v1/templates; or give a period"`
		Period   string      `json:"period,omitempty" maxLength:"20" example:"7일" doc:"처리기간 where the agency sets it; that of the kind if left out"`
		Received string      `json:"received,omitempty" example:"2026-06-30 10:30" doc:"Day and time of receipt in Korea; a day alone counts from 09:00, now if left out"`
		Extended []string    `json:"extended,omitempty" maxItems:"2" doc:"Extensions granted, such as 7일"`
		Excluded []Exclusion `json:"excluded,omitempty" maxItems:"50" doc:"Times that are not counted"`
		Reason   string      `json:"reason,omitempty" maxLength:"1000" doc:"Why the period would be extended: judged by the rule of that day"`
	}
}

// An Exclusion is a time that is not counted (민원 처리에 관한 법률 시행령 제20조).
type Exclusion struct {
	Cause calendar.Cause `json:"cause" enum:"보완,이송,대표자 선정,의견청취,실험ㆍ검사ㆍ감정 등,선행사무 완결,현장조사 등,정보시스템 장애"`
	From  string         `json:"from" example:"2026-07-01" doc:"Day, or for 정보시스템 장애 day and time"`
	Until string         `json:"until" example:"2026-07-03" doc:"Included"`
}

type deadlinesOutput struct{ Body deadlineBody }

type deadlineBody struct {
	Due       string        `json:"due" doc:"2006-01-02, with 15:04 where hours are counted"`
	Printed   string        `json:"printed" doc:"As it is written in documents: 2026. 7. 9.(목)"`
	Exact     bool          `json:"exact" doc:"Counted in hours"`
	Period    string        `json:"period" doc:"Counted in all, with extensions"`
	Counted   string        `json:"counted" doc:"How it was counted, in Korean, with the articles"`
	Basis     []string      `json:"basis" nullable:"false" doc:"Articles"`
	Skipped   []skippedDay  `json:"skipped" nullable:"false" doc:"Days that were not counted"`
	Caution   string        `json:"caution,omitempty"`
	Note      string        `json:"note,omitempty" doc:"What else an official must know"`
	Extension extensionBody `json:"extension"`
}

type skippedDay struct {
	Day string `json:"day" format:"date"`
	Why string `json:"why"`
}

type extensionBody struct {
	Times     int              `json:"times" doc:"How often in all"`
	Reasons   []string         `json:"reasons" nullable:"false"`
	Forbidden []string         `json:"forbidden" nullable:"false" doc:"Reasons that the law rules out"`
	Consent   string           `json:"consent,omitempty" doc:"When the complainant must agree"`
	Notice    string           `json:"notice,omitempty" doc:"What to tell, and how"`
	Basis     string           `json:"basis"`
	Verdict   calendar.Verdict `json:"verdict,omitempty" enum:"허용,불가,판단 필요" doc:"On the reason given"`
	Why       string           `json:"why,omitempty"`
}

func (s *server) deadlines(ctx context.Context, in *deadlinesInput) (*deadlinesOutput, error) {
	got, err := s.deadline(in)
	if err == nil {
		err = s.record(ctx, audit.Record{Outcome: "counted"}, nil)
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &deadlinesOutput{*got}, nil
}

func (s *server) deadline(in *deadlinesInput) (*deadlineBody, error) {
	b := in.Body
	bad := func(field, text string) error { return &assistant.InputError{Field: field, Text: text} }
	received, err := chat.Moment("received", b.Received, s.o.Now())
	if err != nil {
		return nil, err
	}
	kind, ok := complaint.KindOf(b.Kind)
	switch {
	case b.Kind != "" && !ok:
		return nil, bad("kind", "없는 민원 종류이니 /v1/templates의 complaint_kinds에서 골라 주세요.")
	case b.Kind == "" && b.Period == "":
		return nil, bad("kind", "민원 종류(kind)나 처리기간(period)을 적어 주세요.")
	case kind == calendar.Statutory && b.Period == "":
		return nil, bad("period", "법정민원의 처리기간은 기관이 민원마다 정해 공표하므로 period에 적어 주세요.")
	}
	req := calendar.Request{Received: received, Kind: kind}
	period := func(field, v string) (calendar.Period, error) {
		p, err := calendar.ParsePeriod(v)
		if err != nil {
			err = bad(field, "기간을 7일, 3시간, 1개월처럼 적어 주세요.")
		}
		return p, err
	}
	if b.Period != "" {
		if req.Period, err = period("period", b.Period); err != nil {
			return nil, err
		}
	}
	for _, e := range b.Extended {
		p, err := period("extended", e)
		if err != nil {
			return nil, err
		}
		req.Extended = append(req.Extended, p)
	}
	for _, e := range b.Excluded {
		x := calendar.Exclusion{Cause: e.Cause}
		if x.From, err = chat.Moment("excluded", cmp.Or(e.From, "-"), s.o.Now()); err == nil {
			x.Until, err = chat.Moment("excluded", cmp.Or(e.Until, "-"), s.o.Now())
		}
		if err != nil {
			return nil, err
		}
		req.Excluded = append(req.Excluded, x)
	}
	c := s.o.Calendar
	if c == nil {
		c = calendar.Default()
	}
	d, err := c.Due(req)
	if err != nil { // in Korean
		return nil, bad("received", strings.TrimRight(err.Error(), ".")+". 접수 일시와 기간을 확인해 주세요.")
	}
	out := &deadlineBody{Due: d.Due.Format(time.DateOnly), Printed: d.String(), Exact: d.Exact, Period: d.Period.String(), Counted: d.Counted,
		Basis: append([]string{}, d.Basis...), Skipped: []skippedDay{}, Caution: d.Caution}
	if d.Exact {
		out.Due = d.Due.Format("2006-01-02 15:04")
	}
	for _, skip := range d.Skipped {
		out.Skipped = append(out.Skipped, skippedDay{skip.Day.Format(time.DateOnly), skip.Why})
	}
	if rule, ok := calendar.RuleOf(kind); ok {
		out.Note = rule.Note
	}
	e := calendar.ExtensionOf(kind, received)
	out.Extension = extensionBody{Times: e.Times, Reasons: append([]string{}, e.Reasons...), Forbidden: append([]string{}, e.Forbidden...),
		Consent: e.Consent, Notice: e.Notice, Basis: e.Basis}
	if b.Reason != "" {
		out.Extension.Verdict, out.Extension.Why = e.Judge(b.Reason)
	}
	return out, nil
}

// A Choice is one value of a field with what a person reads.
type Choice struct {
	Name  string `json:"name"`
	Label string `json:"label,omitempty" doc:"In Korean"`
}

// A Template is a report template.
type Template struct {
	Name  string `json:"name"`
	About string `json:"about,omitempty"`
}

type templatesOutput struct {
	Body struct {
		Reports        []Template      `json:"reports" nullable:"false" doc:"Of reports: template"`
		ComplaintKinds []complaintKind `json:"complaint_kinds" nullable:"false" doc:"Of replies and deadlines: kind"`
		Decisions      []Choice        `json:"decisions" nullable:"false" doc:"Of replies: decision"`
		Remedies       []Choice        `json:"remedies" nullable:"false" doc:"Of replies: remedy"`
		Lengths        []Choice        `json:"lengths" nullable:"false" doc:"Of summaries: length"`
		CheckKinds     []Choice        `json:"check_kinds" nullable:"false" doc:"Of check: kind"`
		DocumentKinds  []Choice        `json:"document_kinds" nullable:"false" doc:"Kinds of document"`
		Formats        []string        `json:"formats" nullable:"false" doc:"Of exports: format"`
	}
}

type complaintKind struct {
	Name   string `json:"name"`
	Period string `json:"period,omitempty" doc:"처리기간; left out where the agency sets it"`
	Basis  string `json:"basis"`
	Note   string `json:"note,omitempty"`
}

var (
	decisions = []Choice{{"explain", "설명"}, {"accept", "수용"}, {"reject", "불수용"}, {"transfer", "이송"}, {"need_info", "보완 요구"}}
	remedies  = []Choice{{"none", "없음"}, {"refusal", "거부된 법정민원"}, {"disposition", "그 밖의 처분"}, {"disclosure", "정보공개"}, {"penalty", "과태료"}}
	lengths   = []Choice{{"line", "한 줄"}, {"brief", "다섯 줄"}, {"page", "한 쪽"}}
	checkable = []Choice{{"letter", "기안문"}, {"reply", "민원 회신"}, {"notice", "공고ㆍ통지"}, {"minutes", "회의록"}, {"report", "보고서"}, {"plan", "계획"}, {"press", "보도자료"}}
)

func (s *server) templates(context.Context, *struct{}) (*templatesOutput, error) {
	out := new(templatesOutput)
	b := &out.Body
	b.Reports = append([]Template{}, s.o.Templates...)
	b.ComplaintKinds = []complaintKind{}
	for _, r := range calendar.Rules() {
		k := complaintKind{Name: string(r.Kind), Basis: r.Basis, Note: r.Note}
		if r.Period != (calendar.Period{}) {
			k.Period = r.Period.String()
		}
		b.ComplaintKinds = append(b.ComplaintKinds, k)
	}
	b.Decisions, b.Remedies, b.Lengths = slices.Clone(decisions), slices.Clone(remedies), slices.Clone(lengths)
	b.CheckKinds, b.Formats = slices.Clone(checkable), export.Formats()
	for _, k := range index.Kinds() {
		b.DocumentKinds = append(b.DocumentKinds, Choice{k.Name, k.Korean})
	}
	return out, nil
}
