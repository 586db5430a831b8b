package assistant

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"biseo/assistant/ground"
	"biseo/prompts"
)

const maxConflicts = 3 // named in one answer

// A tally adds up the drafts of a task of several calls.
type tally struct {
	written
	model  bool   // there is a model, and it has not failed
	tried  bool   // it was called
	first  string // failure
	copied int    // drafts that are copied from the sources instead
	gaps   int    // holes left for a person
}

// add takes the result of a call. A model that fails before it has written
// anything is not asked again.
func (t *tally) add(o written) {
	t.tried = true
	t.shown += o.shown
	t.marked += o.marked
	t.dropped += o.dropped
	if f := o.failure(); t.first == "" {
		t.first = f
		t.failed = o.failed
	}
	if o.failed != nil && o.shown == 0 && !errors.Is(o.failed, errLooped) && !errors.Is(o.failed, errAstray) {
		t.model = false
	}
}

// conclude gives the draft of several calls its outcome and says what a person
// must look at.
func (w *writer) conclude(t *tally) error {
	type note struct{ code, text string }
	var notes []note
	code := WarnModel
	if errors.Is(t.failed, errLooped) {
		code = WarnLooped
	}
	switch {
	case !t.tried || t.shown == 0:
		w.ans.Outcome = Extractive
		if t.first != "" {
			notes = append(notes, note{code, t.first + "으므로 원문을 발췌했습니다."})
		}
		notes = append(notes, note{WarnExtracts, "언어 모델이 쓴 글이 아니라 원문에서 그대로 옮긴 발췌이니 앞뒤 내용은 근거에서 확인해 주세요."})
	case t.copied > 0:
		w.ans.Outcome = Partial
		notes = append(notes, note{code, cmp.Or(t.first, "언어 모델이 쓸 내용을 찾지 못했") + "으므로 일부는 원문에서 발췌했습니다."})
	case t.failed != nil:
		w.ans.Outcome = Partial
		notes = append(notes, note{code, t.first + "으므로 내용이 완전하지 않을 수 있습니다."})
	default:
		w.ans.Outcome = Answered
	}
	if t.dropped > 0 && t.shown > 0 {
		notes = append(notes, note{WarnDropped, fmt.Sprintf("근거에서 확인되지 않은 문장 %d개를 뺐습니다.", t.dropped)})
	}
	if t.marked > 0 {
		notes = append(notes, note{WarnUnsure, fmt.Sprintf("근거를 찾지 못한 문장 %d개에 %s 표시를 했습니다.", t.marked, Unsure)})
	}
	if t.gaps > 0 {
		notes = append(notes, note{WarnGaps, fmt.Sprintf("자료에 없어 [작성 필요]로 남긴 곳이 %d곳 있습니다.", t.gaps)})
	}
	if w.ans.Outcome == Answered && len(notes) > 0 {
		w.ans.Outcome = Partial
	}
	if len(w.ans.Blocks) == 0 {
		w.ans.Outcome, notes = NoSource, nil
	}
	for _, n := range notes {
		if err := w.warn(n.code, n.text); err != nil {
			return err
		}
	}
	return w.conflicts()
}

// A writer builds an answer and tells its events, the same to both.
type writer struct {
	emit func(Event) error
	ans  *Answer
	said map[string]bool // sentences shown, squeezed

	attach func(s string, cited []int, sources []ground.Source) ground.Sentence // a sentence of the model
}

// newWriter begins the answer of a task.
func (a *Assistant) newWriter(task, question, on string, emit func(Event) error) *writer {
	return &writer{emit: emit, said: map[string]bool{}, attach: a.attach, ans: &Answer{
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
	if slices.Contains(w.ans.Warnings, warning) {
		return nil
	}
	w.ans.Warnings = append(w.ans.Warnings, warning)
	return w.send(Event{Warning: &warning})
}

func (w *writer) sources(found []ground.Source) error {
	w.ans.Sources = found
	return w.send(Event{Sources: append([]ground.Source{}, found...)})
}

// conflicts warns of values that two sources state differently, one of which the
// answer uses.
func (w *writer) conflicts() error {
	n := 0
	for _, c := range ground.Conflicts(w.ans.Sources) {
		a, b := w.ans.Sources[c.A.Source-1], w.ans.Sources[c.B.Source-1]
		if n == maxConflicts || !a.Used && !b.Used {
			continue
		}
		n++
		if err := w.warn(WarnConflict, fmt.Sprintf("자료가 서로 다르니 어느 것이 맞는지 확인해 주세요: %s %s, %s %s", reference(a), c.ValueA, reference(b), c.ValueB)); err != nil {
			return err
		}
	}
	return nil
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

// heading adds a heading, which states no fact.
func (w *writer) heading(level int, text string) error {
	return w.begin(Block{Kind: "heading", Level: level, Sentences: []ground.Sentence{{Text: text}}})
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
