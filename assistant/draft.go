package assistant

import (
	"context"
	"errors"
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
	maxFault     = 300             // code points of one of them
	maxInstruct  = 2048            // tokens of a prompt beside the passages, and of the answer
)

// Unsure marks a sentence of a draft that no source supports and that a person
// must check.
const Unsure = "[근거 확인 필요]"

var errLooped = errors.New("the model repeats itself")

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
	prompt prompts.Prompt
	from   []ground.Source // those in the prompt, numbered as in the answer
	layout layout
	lines  int  // sentences shown at most; 0: as many as come
	keep   bool // sentences that fail, and state no value, are shown marked [Unsure]; otherwise they are dropped
	calls  int  // that the task still makes, this one included: they share the time left; 0 means 1
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

// again asks for the faults of r once more. What the model does wrong now makes
// no difference: the faults stay faults.
func (a *Assistant) again(ctx context.Context, r *run) error {
	data := prompts.AgainData{Passages: passages(r.d.from)}
	for _, f := range r.faults[:min(len(r.faults), maxFaults)] {
		if utf8.RuneCountInString(f.Text) <= maxFault {
			data.Faults = append(data.Faults, prompts.Fault{Text: f.Text, Why: f.Why})
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
	second := run{w: r.w, d: r.d, open: r.open, first: r.first}
	second.d.lines = len(data.Faults)
	if _, err = a.generate(ctx, p, second.take); err != nil {
		return err
	}
	r.open = second.open
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
	if errors.Is(gone, errLooped) {
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
		if r.seen[key] > 1 || r.w.said[key] || r.full() {
			continue
		}
		s := attach(c, r.w.ans.Sources)
		if s.Status != ground.Verified {
			if c.givesUp() {
				r.out.none = true
			} else {
				r.faults = append(r.faults, s)
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

// finish marks or drops what is left of the faults. Alone they are no draft.
func (r *run) finish() error {
	for _, s := range r.faults {
		if !r.d.keep || r.out.shown == 0 || r.full() || r.out.marked >= r.out.shown || !plain(s.Text) {
			r.out.dropped++
			continue
		}
		r.out.marked++
		s.Text, s.Cites = s.Text+" "+Unsure, nil
		if err := r.show(s, claim{}); err != nil {
			return err
		}
	}
	return nil
}

// plain reports that a sentence is Korean and states nothing that could be false
// to the digit or the word: no number, no quotation, no address, no name in Latin.
func plain(s string) bool {
	return !strings.ContainsAny(s, "0123456789\"“”‘’'「」『』《》%@○") &&
		!strings.ContainsFunc(s, func(c rune) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }) &&
		strings.ContainsFunc(s, func(c rune) bool { return c >= '가' && c <= '힣' })
}

// show puts a sentence where the layout wants it.
func (r *run) show(s ground.Sentence, c claim) error {
	item := r.d.layout == items || r.d.layout == asWritten && c.rank > 0
	switch {
	case item:
		r.open = false
		if err := r.w.begin(Block{Kind: "item", Level: r.level(c)}); err != nil {
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

// level is that of an item by its mark: the first mark makes level 1, and none
// is more than one level below the item before it.
func (r *run) level(c claim) int {
	if r.first == 0 || c.rank == 0 {
		r.first = max(r.first, c.rank)
		return 1
	}
	last := 0
	if blocks := r.w.ans.Blocks; len(blocks) > 0 && blocks[len(blocks)-1].Kind == "item" {
		last = blocks[len(blocks)-1].Level
	}
	return max(1, min(c.rank-r.first+1, last+1, 3))
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

// A writer builds an answer and tells its events, the same to both.
type writer struct {
	emit func(Event) error
	ans  *Answer
	said map[string]bool // sentences shown, squeezed
}

// newWriter begins the answer of a task.
func (a *Assistant) newWriter(task, question, on string, emit func(Event) error) *writer {
	return &writer{emit: emit, said: map[string]bool{}, ans: &Answer{
		Task: task, Question: question, On: on, Outcome: NoSource,
		Blocks: []Block{}, Sources: []ground.Source{}, Warnings: []Warning{}, Index: a.rules(),
	}}
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

// uses names a prompt in the answer, each once.
func (w *writer) uses(p prompts.Prompt) {
	var all []string
	if w.ans.Prompt != "" {
		all = strings.Split(w.ans.Prompt, " ")
	}
	if !slices.Contains(all, p.Version) {
		w.ans.Prompt = strings.Join(append(all, p.Version), " ")
	}
}

// begin adds a block. Its sentences follow with say; those of a heading and the
// rows of a table it brings along.
func (w *writer) begin(b Block) error {
	if b.Sentences == nil {
		b.Sentences = []ground.Sentence{}
	}
	w.ans.Blocks = append(w.ans.Blocks, b)
	for _, row := range b.Rows {
		w.cites(row)
	}
	w.cites(b.Sentences)
	sent := b
	return w.send(Event{Block: &sent})
}

// say adds a sentence to the last block.
func (w *writer) say(s ground.Sentence) error {
	last := &w.ans.Blocks[len(w.ans.Blocks)-1]
	last.Sentences = append(last.Sentences, s)
	w.cites([]ground.Sentence{s})
	return w.send(Event{Sentence: &s})
}

// cites notes which sentences were shown and which sources they use.
func (w *writer) cites(all []ground.Sentence) {
	for _, s := range all {
		w.said[ground.Squeeze(s.Text)] = true
		for _, c := range s.Cites {
			w.ans.Sources[c.Source-1].Used = true
		}
	}
}
