package assistant

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"biseo/assistant/ground"
	"biseo/llm"
	"biseo/prompts"
)

const (
	writeTimeout = 2 * time.Minute // for a model where the context names no deadline
	maxReserve   = 2 * time.Second // kept of the context's time for an answer without the model
	maxWritten   = 8000            // code points of a model's answer
	maxRepeats   = 3               // times that one sentence may come before the model is stopped
	maxFaults    = 5               // sentences that a model is asked for once more
	maxAstray    = 15              // sentences without support after which a model is stopped that has not written as many with
	maxFault     = 300             // code points of one of them
	minPlain     = 10              // code points of a sentence that is worth a person's check
	maxInstruct  = 2048            // tokens of a prompt beside the passages, and of the answer
)

// Unsure marks a sentence of a draft that no source supports and that a person
// must check.
const Unsure = "[근거 확인 필요]"

var (
	errLooped = errors.New("the model repeats itself")
	errAstray = errors.New("the model writes what no source holds")
)

// A layout says which blocks the sentences of a draft make.
type layout uint8

const (
	asWritten layout = iota // items where the model wrote items, paragraphs otherwise
	prose                   // one paragraph
	items                   // an item each, with the levels of the marks that the model wrote
)

// A draft is one job of the model within a task: a prompt, the sources that
// stand in it, and what becomes of the sentences that the model writes.
type draft struct {
	prompt   prompts.Prompt
	passages []prompts.Passage // those in the prompt, numbered as the answer's sources
	layout   layout
	base     int    // what is added to the levels of items
	title    string // a heading of level 1 that stands before its first sentence
	heads    bool   // a heading of level 2 stands before the sentences of each heading of a document
	lines    int    // sentences shown at most; 0: as many as come
	keep     bool   // sentences that fail, and state no value, are shown marked [Unsure]; otherwise they are dropped
	calls    int    // that the task still makes, this one included: they share the time left; 0 means 1
}

// written says what became of a draft.
type written struct {
	shown   int   // verified sentences
	marked  int   // unverified sentences shown
	dropped int   // sentences that no source supports
	none    bool  // the model says that its sources hold nothing
	failed  error // of the model; nil if it ended well
}

// draft has the model write d and shows each sentence, in w's answer and its
// events, as soon as it holds. A sentence that its own sources do not support is
// tried with the others; those that still fail are asked for once more in one
// call. The error is that of ctx or of w's reader; one of the model stands in
// written. It ends before the deadline of ctx.
func (a *Assistant) draft(ctx context.Context, w *writer, d draft) (written, error) {
	bounded, cancel := modelTime(ctx, d.calls)
	defer cancel()
	w.ans.Model = a.opt.Generator.Model()
	w.uses(d.prompt)
	r := run{w: w, d: d}
	failed, gone := a.generate(bounded, d.prompt, r.take)
	if gone == nil && failed == nil && len(r.faults) > 0 && !r.full() {
		gone = a.again(bounded, &r)
	}
	if gone == nil {
		gone = r.finish()
	}
	if gone == nil {
		gone = ctx.Err()
	}
	if failed != nil {
		a.lg.Warn("model", "err", failed, "shown", r.out.shown)
	}
	r.out.failed = failed
	return r.out, gone
}

// why is the reason of a fault as the model may read it: a reason speaks of the
// sources that the sentence cites, and one that was not in the prompt may be above
// the model's grade.
func (d draft) why(f ground.Sentence) string {
	for _, c := range f.Cites {
		if !slices.ContainsFunc(d.passages, func(p prompts.Passage) bool { return p.N == c.Source }) {
			return "근거에서 확인되지 않음"
		}
	}
	return f.Why
}

// again asks for the faults of r once more. What the model does wrong now makes
// no difference: the faults stay faults.
func (a *Assistant) again(ctx context.Context, r *run) error {
	data := prompts.AgainData{Passages: r.d.passages}
	for _, f := range r.faults[:min(len(r.faults), maxFaults)] {
		if utf8.RuneCountInString(f.Text) <= maxFault {
			data.Faults = append(data.Faults, prompts.Fault{Text: f.Text, Why: r.d.why(f)})
		}
	}
	if len(data.Faults) == 0 {
		return nil
	}
	p, err := a.opt.Prompts.Again(data)
	if err != nil {
		return err
	}
	r.w.uses(p)
	second := run{w: r.w, d: r.d, open: r.open, head: r.head, first: r.first}
	if r.out.shown > 0 {
		second.d.title = ""
	}
	second.d.lines = len(data.Faults)
	if _, err = a.generate(ctx, p, second.take); err != nil {
		return err
	}
	r.open, r.head, r.d.title = second.open, second.head, second.d.title
	r.out.shown += second.out.shown
	r.faults = r.faults[min(len(r.faults), second.out.shown):]
	return nil
}

// generate streams a prompt's claims to take until the model ends, fails or
// loops. failed is the model's error, gone that of take.
func (a *Assistant) generate(ctx context.Context, p prompts.Prompt, take func([]claim) error) (failed, gone error) {
	var r reader
	n := 0
	resp, err := a.opt.Generator.Generate(ctx, llm.Request{System: p.System, User: p.User}, func(piece string) error {
		if n += utf8.RuneCountInString(piece); n > maxWritten || r.stuck() {
			return errLooped
		}
		gone = take(r.add(piece))
		return gone
	})
	if gone == nil && err == nil {
		gone = take(r.close(resp.StopReason == "length"))
	}
	if errors.Is(gone, errLooped) || errors.Is(gone, errAstray) {
		return gone, nil
	}
	return err, gone
}

// modelTime bounds the model's time so that some is left to answer without it,
// and for the calls that follow: each has twice its even share.
func modelTime(ctx context.Context, calls int) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithTimeout(ctx, writeTimeout)
	}
	left := time.Until(end)
	left -= min(left/10, maxReserve)
	return context.WithTimeout(ctx, left*2/time.Duration(max(1, calls)+1))
}

// passages are sources as a model reads them.
func passages(from []ground.Source) []prompts.Passage {
	var out []prompts.Passage
	for _, s := range from {
		p := prompts.Passage{N: s.N, Title: s.Title, Cite: s.Cite}
		for _, u := range ground.Units(s) {
			p.Sentences = append(p.Sentences, u.Text)
		}
		out = append(out, p)
	}
	return out
}

// fit keeps the best sources that a model's window of so many tokens holds, at
// least one. A third is left free, since the model's own tokens are not those
// that are counted.
func fit(found []ground.Source, window int) ([]ground.Source, error) {
	left := budget(window)
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

// budget is how many tokens of passages a window holds.
func budget(window int) int { return window*2/3 - maxInstruct }

// A run takes the claims of one call.
type run struct {
	w      *writer
	d      draft
	seen   map[string]int    // sentences, and how often each came
	faults []ground.Sentence // that no source supports
	open   bool              // the last block is a paragraph of this draft
	head   string            // the heading of a document that the last sentence stands under
	first  int               // rank of the first mark, from 1: level 1
	out    written
}

func (r *run) full() bool { return r.d.lines > 0 && r.out.shown >= r.d.lines }

// take checks what the model wrote and shows what holds.
func (r *run) take(all []claim) error {
	for _, c := range all {
		if c.none {
			r.out.none = true
			continue
		}
		if r.seen == nil {
			r.seen = map[string]int{}
		}
		key := ground.Squeeze(c.text)
		if r.seen[key]++; r.seen[key] == maxRepeats {
			return errLooped
		}
		if r.seen[key] > 1 || r.w.said[key] || r.full() || strings.Contains(c.text, " | ") { // a row is no sentence
			continue
		}
		if c.broken {
			r.out.dropped++
			continue
		}
		s := r.w.attach(c.text, c.sources, r.w.ans.Sources)
		if s.Status != ground.Verified {
			if c.givesUp() {
				r.out.none = true
			} else {
				r.faults = append(r.faults, s)
			}
			if n := len(r.faults); n >= maxAstray && n > r.out.shown {
				return errAstray
			}
			continue
		}
		r.out.shown++
		if err := r.show(s, c); err != nil {
			return err
		}
	}
	return nil
}

// finish marks or drops what is left of the faults, with a hole for an office that
// no source names. Alone they are no draft.
func (r *run) finish() error {
	for _, s := range r.faults {
		if !r.d.keep || r.out.shown == 0 || r.full() || r.out.marked >= r.out.shown || !plain(s.Text) {
			r.out.dropped++
			continue
		}
		r.out.marked++
		s.Text, s.Cites = ground.Placeholders(s.Text, r.w.ans.Sources)+" "+Unsure, nil
		if err := r.show(s, claim{}); err != nil {
			return err
		}
	}
	return nil
}

// plain reports that a sentence is Korean and states nothing that could be false
// to the digit or the word: no number, no quotation, no address, no name in Latin.
func plain(s string) bool {
	return utf8.RuneCountInString(s) >= minPlain && !strings.ContainsAny(s, "?!0123456789\"“”‘’'「」『』《》%@○") &&
		!strings.ContainsFunc(s, func(c rune) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }) &&
		strings.ContainsFunc(s, func(c rune) bool { return c >= '가' && c <= '힣' })
}

// show puts a sentence where the layout wants it.
func (r *run) show(s ground.Sentence, c claim) error {
	if r.d.title != "" {
		if err := r.w.heading(1, r.d.title); err != nil {
			return err
		}
		r.d.title = ""
	}
	if h := r.w.headOf(s); r.d.heads && h != "" && h != r.head {
		if err := r.w.heading(2, h); err != nil {
			return err
		}
		r.head = h
	}
	item := r.d.layout == items || r.d.layout == asWritten && c.rank > 0
	switch {
	case item:
		r.open = false
		if err := r.w.begin(Block{Kind: "item", Level: r.d.base + r.level(c)}); err != nil {
			return err
		}
	case !r.open:
		r.open = true
		if err := r.w.begin(Block{Kind: "paragraph"}); err != nil {
			return err
		}
	}
	return r.w.say(s)
}

// headOf is the outermost heading of the document that a sentence stands under;
// "" if it has none.
func (w *writer) headOf(s ground.Sentence) string {
	if len(s.Cites) == 0 {
		return ""
	}
	src := w.ans.Sources[s.Cites[0].Source-1]
	for _, h := range src.Path {
		if ground.Squeeze(h) != ground.Squeeze(src.Title) {
			return strings.TrimSpace(headMark.ReplaceAllString(h, ""))
		}
	}
	return ""
}

// headMark is the mark of a heading of a report or a plan.
var headMark = regexp.MustCompile(`^\s*(?:#+|[□■○●ㅇ▶◆◈]|[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ]+\s*[.．]?|\d{1,2}\.)\s*`)

// level is that of an item by its mark: the first mark makes level 1, and none
// is more than one level below the item before it.
func (r *run) level(c claim) int {
	if r.first == 0 || c.rank == 0 {
		r.first = max(r.first, c.rank)
		return 1
	}
	last := 0
	if blocks := r.w.ans.Blocks; len(blocks) > 0 && blocks[len(blocks)-1].Kind == "item" {
		last = blocks[len(blocks)-1].Level - r.d.base
	}
	return max(1, min(c.rank-r.first+1, last+1, 3))
}

// failure says in Korean, up to the verb's stem, why a draft is not whole; "" if
// it is, or if the model says that its sources hold nothing.
func (o written) failure() string {
	switch {
	case errors.Is(o.failed, errLooped):
		return "언어 모델이 같은 말을 되풀이하여 멈추었"
	case errors.Is(o.failed, errAstray):
		return "언어 모델이 근거에 없는 말을 이어 써서 멈추었"
	case errors.Is(o.failed, llm.ErrResting):
		return "언어 모델이 잇달아 응답하지 않아 잠시 쉬고 있"
	case errors.Is(o.failed, llm.ErrBusy):
		return "언어 모델에 차례가 오지 않았"
	case errors.Is(o.failed, context.DeadlineExceeded):
		return "언어 모델이 제시간에 답을 마치지 못했"
	case o.failed != nil:
		return "언어 모델의 응답이 중간에 끊기거나 실패했"
	case o.shown == 0 && o.dropped > 0:
		return "언어 모델이 쓴 문장을 근거에서 확인하지 못했"
	case o.shown == 0 && !o.none:
		return "언어 모델이 답을 쓰지 않았"
	}
	return ""
}
