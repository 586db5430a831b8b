package assistant

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"biseo/assistant/excerpt"
	"biseo/assistant/ground"
	"biseo/index"
	"biseo/korea/text"
	"biseo/llm"
	"biseo/prompts"
)

const (
	writeTimeout = 2 * time.Minute // for a model where the context names no deadline
	maxReserve   = 2 * time.Second // kept of the context's time for an answer without the model
	maxWritten   = 8000            // code points of a model's answer
	maxRepeats   = 3               // times that one sentence may come before the model is stopped
	nearest      = 3               // passages named when none answers
	maxInstruct  = 2048            // tokens of a prompt beside the passages, and of the answer
)

var errLooped = errors.New("the model repeats itself")

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
	q := index.Query{Scope: scope(who, req.On), Text: req.Question, Limit: promptLimit}
	q.Kinds, q.Agencies, q.Docs = req.Kinds, req.Agencies, req.Docs
	w := &writer{emit: emit, ans: &Answer{
		Task: "answer", Question: req.Question, On: day(q.On), Outcome: NoSource,
		Blocks: []Block{}, Sources: []ground.Source{}, Warnings: []Warning{}, Index: a.rules(),
	}}
	if err := w.send(Event{Status: "searching"}); err != nil {
		return nil, err
	}
	if err := a.answer(ctx, q, w); err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	a.lg.Info("answer", "outcome", w.ans.Outcome, "mode", w.ans.Mode, "sources", len(w.ans.Sources), "sentences", w.shown, "warnings", len(w.ans.Warnings))
	return w.ans, nil
}

func (a *Assistant) rules() string {
	rules := a.opt.Rules
	if rules == "" {
		rules = text.Version
	}
	return strings.TrimSpace(a.index.Space() + " " + rules)
}

// answer fills w from what q finds.
func (a *Assistant) answer(ctx context.Context, q index.Query, w *writer) error {
	hits, mode, warnings, err := a.find(ctx, q)
	if err != nil {
		return err
	}
	w.ans.Mode = mode
	for _, warning := range warnings {
		if err := w.warn(warning.Code, warning.Text); err != nil {
			return err
		}
	}
	found, extracts := sources(hits), len(hits) == 0 || a.opt.Generator == nil
	if (extracts || mode == Words) && !excerpt.Relevant(q.Text, found) {
		w.ans.Sources = found[:min(len(found), nearest)]
		return nil
	}
	if !extracts {
		if found, err = a.forModel(ctx, q, hits, w); err != nil {
			return err
		}
		if extracts = len(found) == 0; extracts {
			found = sources(hits)
		}
	}
	if found, err = fit(found, a.opt.Window); err != nil {
		return err
	}
	if err := w.sources(found); err != nil {
		return err
	}
	if err := w.send(Event{Status: "writing"}); err != nil {
		return err
	}
	if extracts {
		return w.extracts(q.Text)
	}
	return a.write(ctx, q, w)
}

// forModel returns the sources that the model may see: those of the asker, or,
// where some are above the model's grade, those found below it. None of the
// others reaches the model or tells it that they exist.
func (a *Assistant) forModel(ctx context.Context, q index.Query, hits []index.Hit, w *writer) ([]ground.Source, error) {
	model := q.Scope
	model.Grade = min(q.Grade, a.opt.Grade)
	above := 0
	for _, h := range hits {
		if !model.Allows(h.Doc, h.Chunk) {
			above++
		}
	}
	if above == 0 {
		return sources(hits), nil
	}
	q.Scope = model
	below, _, _, err := a.find(ctx, q)
	if err != nil {
		return nil, err
	}
	found := sources(below)
	if !excerpt.Relevant(q.Text, found) {
		return nil, w.warn(WarnModelGrade, "찾은 근거의 보안 등급이 이 언어 모델에 허용된 등급보다 높아 모델을 쓰지 않았습니다.")
	}
	return found, w.warn(WarnModelGrade, fmt.Sprintf("찾은 근거 가운데 %d건은 보안 등급이 높아 언어 모델에 보이지 않았으니 검색 결과에서 직접 확인해 주세요.", above))
}

// fit keeps the best sources that a model's window of so many tokens holds, at
// least one. A third is left free, since the model's own tokens are not those
// that are counted.
func fit(found []ground.Source, window int) ([]ground.Source, error) {
	left := window*2/3 - maxInstruct
	for i, s := range found {
		n, err := llm.CountTokens(s.Text)
		if err != nil {
			return nil, err
		}
		if left -= n; i > 0 && left < 0 {
			return found[:i], nil
		}
	}
	return found, nil
}

// write has the model answer and shows each sentence that holds. When the model
// fails before it has shown one, extracts take its place.
func (a *Assistant) write(ctx context.Context, q index.Query, w *writer) error {
	data := prompts.AnswerData{Question: q.Text, On: w.ans.On}
	for _, s := range w.ans.Sources {
		p := prompts.Passage{N: s.N, Title: s.Title, Cite: s.Cite}
		for _, u := range ground.Units(s) {
			p.Sentences = append(p.Sentences, u.Text)
		}
		data.Passages = append(data.Passages, p)
	}
	system, user, err := prompts.Answer(data)
	if err != nil {
		return err
	}
	w.ans.Prompt, w.ans.Model = prompts.Version("answer"), a.opt.Generator.Model()

	bounded, cancel := writeContext(ctx)
	defer cancel()
	var r reader
	written := 0
	var shown error // of showing a sentence, as opposed to the model's errors
	resp, err := a.opt.Generator.Generate(bounded, llm.Request{System: system, User: user}, func(piece string) error {
		if written += utf8.RuneCountInString(piece); written > maxWritten || r.stuck() {
			return errLooped
		}
		shown = w.claims(r.add(piece))
		return shown
	})
	if shown == nil && err == nil {
		shown = w.claims(r.close(resp.StopReason == "length"))
		if errors.Is(shown, errLooped) {
			shown, err = nil, shown
		}
	}
	if shown != nil && !errors.Is(shown, errLooped) {
		return shown
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return a.conclude(q.Text, err, w)
}

// conclude decides how an answer of the model ended. err is the model's.
func (a *Assistant) conclude(question string, err error, w *writer) error {
	var failure string
	switch {
	case errors.Is(err, errLooped):
		failure = "언어 모델이 같은 말을 되풀이하여 멈추었"
	case errors.Is(err, context.DeadlineExceeded):
		failure = "언어 모델이 제시간에 답을 마치지 못했"
	case err != nil:
		failure = "언어 모델의 응답이 중간에 끊기거나 실패했"
	case w.shown == 0 && w.dropped > 0:
		failure = "언어 모델이 쓴 문장을 근거에서 확인하지 못했"
	case w.shown == 0 && !w.none:
		failure = "언어 모델이 답을 쓰지 않았"
	}
	if err != nil {
		a.lg.Warn("model", "err", err, "shown", w.shown)
	}
	code := WarnModel
	if errors.Is(err, errLooped) {
		code = WarnLooped
	}
	switch {
	case w.shown == 0 && failure == "": // the model says that the sources hold no answer
		return nil
	case w.shown == 0:
		if err := w.warn(code, failure+"으므로 원문을 발췌했습니다."); err != nil {
			return err
		}
		return w.extracts(question)
	case failure != "":
		w.ans.Outcome = Partial
		return w.warn(code, failure+"으므로 답변이 완전하지 않을 수 있습니다.")
	case w.dropped > 0:
		w.ans.Outcome = Partial
		return w.warn(WarnDropped, fmt.Sprintf("근거에서 확인되지 않은 문장 %d개를 뺐습니다.", w.dropped))
	}
	w.ans.Outcome = Answered
	return nil
}

// writeContext bounds the model's time so that some is left to answer without it.
func writeContext(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithTimeout(ctx, writeTimeout)
	}
	return context.WithDeadline(ctx, end.Add(-min(time.Until(end)/10, maxReserve)))
}

// A writer builds an answer and tells its events, the same to both.
type writer struct {
	emit    func(Event) error
	ans     *Answer
	seen    map[string]int // sentences of the model, and how often each came
	shown   int
	dropped int  // sentences that no source supports
	none    bool // the model said that its sources hold no answer
}

func (w *writer) send(e Event) error {
	if w.emit == nil {
		return nil
	}
	return w.emit(e)
}

func (w *writer) warn(code, text string) error {
	warning := Warning{code, text}
	w.ans.Warnings = append(w.ans.Warnings, warning)
	return w.send(Event{Warning: &warning})
}

func (w *writer) sources(found []ground.Source) error {
	w.ans.Sources = found
	return w.send(Event{Sources: append([]ground.Source{}, found...)})
}

// show adds a verified sentence to the last block, or to a new one.
func (w *writer) show(s ground.Sentence, kind string, fresh bool) error {
	blocks := w.ans.Blocks
	if n := len(blocks); fresh || n == 0 || blocks[n-1].Kind != kind {
		b := Block{Kind: kind}
		if kind == "item" {
			b.Level = 1
		}
		blocks = append(blocks, b)
	}
	last := &blocks[len(blocks)-1]
	last.Sentences = append(last.Sentences, s)
	w.ans.Blocks = blocks
	for _, c := range s.Cites {
		w.ans.Sources[c.Source-1].Used = true
	}
	w.shown++
	return w.send(Event{Sentence: &s})
}

// claims checks what the model wrote and shows what holds. A claim that its own
// sources do not support is tried with each other source.
func (w *writer) claims(all []claim) error {
	for _, c := range all {
		if c.none {
			w.none = true
			continue
		}
		if w.seen == nil {
			w.seen = map[string]int{}
		}
		key := ground.Squeeze(c.text)
		if w.seen[key]++; w.seen[key] == maxRepeats {
			return errLooped
		}
		if w.seen[key] > 1 {
			continue
		}
		s := attach(c, w.ans.Sources)
		if s.Status != ground.Verified {
			if c.givesUp() {
				w.none = true
			} else {
				w.dropped++
			}
			continue
		}
		kind := "paragraph"
		if c.item {
			kind = "item"
		}
		if err := w.show(s, kind, c.item); err != nil {
			return err
		}
	}
	return nil
}

// attach checks a claim against the sources it names and then, while it does not
// hold, against each other source alone: most claims that fail are true and
// cite the wrong passage (CiteFix, 2025).
func attach(c claim, all []ground.Source) ground.Sentence {
	s := ground.Sentence{Text: c.text}
	for _, n := range c.sources {
		s.Cites = append(s.Cites, ground.Cite{Source: n})
	}
	first := ground.Check(s, all)
	if first.Status == ground.Verified {
		return first
	}
	for _, src := range all {
		again := ground.Check(ground.Sentence{Text: c.text, Cites: []ground.Cite{{Source: src.N}}}, all)
		if again.Status == ground.Verified {
			return again
		}
	}
	return first
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
	if missing := excerpt.Absent(question, w.ans.Sources); len(missing) > 0 {
		if err := w.warn(WarnAbsent, "찾은 문서에 없는 낱말: "+strings.Join(missing, ", ")); err != nil {
			return err
		}
	}
	w.ans.Outcome = Extractive
	source := 0
	for _, s := range picked {
		if err := w.show(s, "paragraph", s.Cites[0].Source != source); err != nil {
			return err
		}
		source = s.Cites[0].Source
	}
	return nil
}
