package assistant

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"biseo/assistant/excerpt"
	"biseo/assistant/ground"
	"biseo/assistant/retrieval"
	"biseo/index"
	"biseo/korea/privacy"
	"biseo/korea/text"
	"biseo/prompts"
)

const (
	nearest = 3  // passages named when none answers
	lookup  = 10 // passages looked at for a word
	lookups = 8  // words looked up for a question
)

// Answer answers a question from the passages that who may read on the given
// day. It calls emit, which may be nil, as the answer comes to be; an error of
// emit ends it. A sentence is sent only after its check, and the sentences sent
// are those of the answer returned.
//
// Without a model, or when the model fails, the answer consists of sentences
// copied from the sources and says so. It ends before the deadline of ctx. An
// outcome of [NoSource] has no blocks. A request that cannot be served is an
// [*InputError].
func (a *Assistant) Answer(ctx context.Context, who Principal, req AnswerRequest, emit func(Event) error) (*Answer, error) {
	if err := checkQuestion("question", req.Question); err != nil {
		return nil, err
	}
	if err := checkDay(req.On); err != nil {
		return nil, err
	}
	if len(req.Earlier) > maxEarlier {
		req.Earlier = req.Earlier[len(req.Earlier)-maxEarlier:]
	}
	for _, e := range req.Earlier {
		if err := checkQuestion("earlier", e); err != nil {
			return nil, err
		}
	}
	req.Earlier = slices.Clone(req.Earlier)
	var hidden int
	req.Question, hidden = withoutNumbers(req.Question)
	for i, e := range req.Earlier {
		masked, n := withoutNumbers(e)
		req.Earlier[i], hidden = masked, hidden+n
	}
	q := index.Query{Scope: scope(who, req.On), Text: resolve(req.Question, req.Earlier), Limit: promptLimit}
	q.Kinds, q.Agencies, q.Docs = req.Kinds, req.Agencies, req.Docs
	w := a.newWriter("answer", req.Question, retrieval.Day(q.On), emit)
	if err := w.send(Event{Status: "searching"}); err != nil {
		return nil, err
	}
	if hidden > 0 {
		if err := w.warn(WarnPersonal, fmt.Sprintf("질문에 든 개인정보 %d건을 ○○○로 가리고 찾았습니다.", hidden)); err != nil {
			return nil, err
		}
	}
	err := a.answer(ctx, q, req.Earlier, w)
	if err == nil {
		err = w.conflicts()
	}
	if err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	a.lg.Info("answer", "outcome", w.ans.Outcome, "mode", w.ans.Mode, "sources", len(w.ans.Sources), "blocks", len(w.ans.Blocks), "warnings", len(w.ans.Warnings))
	return w.ans, nil
}

// withoutNumbers hides what identifies a person in a question by a number or an
// address: neither search nor model needs it. Names stay, since a question may be
// about the documents of a person in office; so do officials' published contacts.
func withoutNumbers(s string) (masked string, n int) {
	var out strings.Builder
	runes := []rune(s)
	at := 0
	for _, p := range privacy.WithoutContacts(s, privacy.Find(s)) {
		if p.Type == privacy.Person || p.Type == privacy.Address || p.Type == privacy.Business || p.Type == privacy.Corporate {
			continue
		}
		out.WriteString(string(runes[at:p.Start]) + "○○○")
		at = p.End
		n++
	}
	return out.String() + string(runes[at:]), n
}

func (a *Assistant) rules() string {
	rules := a.opt.Rules
	if rules == "" {
		rules = text.Version
	}
	return strings.TrimSpace(a.index.Space() + " " + rules)
}

// answer fills w from what q finds.
func (a *Assistant) answer(ctx context.Context, q index.Query, earlier []string, w *writer) error {
	all, err := a.finder.Evidence(ctx, q)
	if err != nil {
		return err
	}
	w.ans.Mode = all.Mode
	for _, warning := range lost(all.Fault) {
		if err := w.warn(warning.Code, warning.Text); err != nil {
			return err
		}
	}
	found, extracts := all.Sources(q.On), len(all.Hits) == 0 || a.opt.Generator == nil
	if extracts || all.Mode == Words {
		if ok, err := a.answerable(ctx, q, found); err != nil || !ok {
			w.ans.Sources = found[:min(len(found), nearest)]
			return err
		}
	}
	if !extracts {
		if found, err = a.forModel(ctx, q, all, w); err != nil {
			return err
		}
		if extracts = len(found) == 0; extracts {
			found = all.Sources(q.On)
		}
	}
	if found, err = fit(found, a.opt.Window); err != nil {
		return err
	}
	if err := a.cite(ctx, q.Scope, w, found); err != nil {
		return err
	}
	if noun, all := readings(q.Text, found); len(all) > 0 {
		if err := w.warn(WarnReadings, fmt.Sprintf("‘%s’로 볼 수 있는 것이 여럿이니 어느 것인지 적어 다시 물어 주세요: %s", noun, strings.Join(all, ", "))); err != nil {
			return err
		}
	}
	if err := w.send(Event{Status: "writing"}); err != nil {
		return err
	}
	if extracts {
		return w.extracts(q.Text)
	}
	return a.write(ctx, q, earlier, w)
}

// answerable reports whether found can answer the question of q. A noun that none of
// found holds is looked up in all that q may see: that of the agency's documents
// which fits the question best may say it in other words, but not what none speaks of.
// Where that decides nothing no noun is looked up, and of a long question only the
// first ones: the others count as spoken of.
func (a *Assistant) answerable(ctx context.Context, q index.Query, found []ground.Source) (bool, error) {
	if !excerpt.Relevant(q.Text, found, nil) {
		return false, nil
	}
	missing := excerpt.Missing(q.Text, found)
	if excerpt.Relevant(q.Text, found, missing) {
		return true, nil
	}
	var unknown []string
	for _, noun := range missing[:min(len(missing), lookups)] {
		hits, err := a.index.Search(ctx, index.Query{Scope: q.Scope, Text: noun, Limit: lookup})
		if err != nil {
			return false, fmt.Errorf("look up a word: %w", err)
		}
		if !slices.ContainsFunc(retrieval.Sources(a.finder.Allowed(q.Scope, hits), q.On), func(s ground.Source) bool { return excerpt.Holds(noun, s) }) {
			unknown = append(unknown, noun)
		}
	}
	return excerpt.Relevant(q.Text, found, unknown), nil
}

// forModel returns the sources that the model may see: those of the asker, or,
// where some are above the model's grade, those found below it. None of the
// others reaches the model or tells it that they exist.
func (a *Assistant) forModel(ctx context.Context, q index.Query, all retrieval.Result, w *writer) ([]ground.Source, error) {
	model := q.Scope
	model.Grade = min(q.Grade, a.opt.Grade)
	above := 0
	for _, h := range all.Hits {
		if !model.Allows(h.Doc, h.Chunk) {
			above++
		}
	}
	if above == 0 {
		return all.Sources(q.On), nil
	}
	q.Scope = model
	below, err := a.finder.Evidence(ctx, q)
	if err != nil {
		return nil, err
	}
	found := below.Sources(q.On)
	if !excerpt.Relevant(q.Text, found, nil) {
		return nil, w.warn(WarnModelGrade, "찾은 근거의 보안 등급이 이 언어 모델에 허용된 등급보다 높아 모델을 쓰지 않았습니다.")
	}
	return found, w.warn(WarnModelGrade, fmt.Sprintf("찾은 근거 가운데 %d건은 보안 등급이 높아 언어 모델에 보이지 않았으니 검색 결과에서 직접 확인해 주세요.", above))
}

// write has the model answer. When it fails before a sentence holds, extracts
// take its place.
func (a *Assistant) write(ctx context.Context, q index.Query, earlier []string, w *writer) error {
	if w.ans.Question == q.Text {
		earlier = nil // the question stands alone
	}
	read := passages(w.ans.Sources)
	p, err := a.opt.Prompts.Answer(prompts.AnswerData{Question: w.ans.Question, Earlier: earlier, On: w.ans.On, Passages: read})
	if err != nil {
		return err
	}
	out, err := a.draft(ctx, w, draft{prompt: p, passages: read})
	if err != nil {
		return err
	}
	failure, code := out.failure(), WarnModel
	if errors.Is(out.failed, errLooped) {
		code = WarnLooped
	}
	switch {
	case out.shown == 0 && failure == "": // the model says that the sources hold no answer
		return nil
	case out.shown == 0:
		if ok, err := a.answerable(ctx, q, w.ans.Sources); err != nil || !ok {
			return err
		}
		if err := w.warn(code, failure+"으므로 원문을 발췌했습니다."); err != nil {
			return err
		}
		return w.extracts(q.Text)
	case failure != "":
		w.ans.Outcome = Partial
		return w.warn(code, failure+"으므로 답변이 완전하지 않을 수 있습니다.")
	case out.dropped > 0:
		w.ans.Outcome = Partial
		return w.warn(WarnDropped, fmt.Sprintf("근거에서 확인되지 않은 문장 %d개를 뺐습니다.", out.dropped))
	}
	w.ans.Outcome = Answered
	if slices.ContainsFunc(w.ans.Warnings, func(g Warning) bool { return g.Code == WarnReadings }) {
		w.ans.Outcome = Partial // true of one reading
	}
	return nil
}

// extracts fills the answer with sentences copied from its sources.
func (w *writer) extracts(question string) error {
	picked := excerpt.Select(question, w.ans.Sources)
	if len(picked) == 0 {
		return nil
	}
	if err := w.warn(WarnExtracts, "언어 모델이 쓴 답이 아니라 원문에서 그대로 옮긴 발췌이니 앞뒤 내용은 근거에서 확인해 주세요."); err != nil {
		return err
	}
	if missing := excerpt.Missing(question, w.ans.Sources); len(missing) > 0 {
		if err := w.warn(WarnAbsent, "찾은 문서에 없는 낱말: "+strings.Join(missing, ", ")); err != nil {
			return err
		}
	}
	if renamed := excerpt.Renamed(question, w.ans.Sources); len(renamed) > 0 {
		if err := w.warn(WarnAbsent, "찾은 문서에 없어 비슷한 말로 찾은 낱말(법령에서 뜻이 다를 수 있음): "+strings.Join(renamed, ", ")); err != nil {
			return err
		}
	}
	if omitted := excerpt.Omitted(picked, w.ans.Sources); len(omitted) > 0 {
		if err := w.warn(WarnOmitted, "일부만 옮겼으니 나머지는 근거에서 확인해 주세요: "+strings.Join(omitted, ", ")); err != nil {
			return err
		}
	}
	w.ans.Outcome = Extractive
	source := 0
	for _, s := range picked {
		if s.Cites[0].Source != source {
			if err := w.begin(Block{Kind: "paragraph"}); err != nil {
				return err
			}
		}
		if err := w.say(s); err != nil {
			return err
		}
		source = s.Cites[0].Source
	}
	return nil
}
