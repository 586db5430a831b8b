// Package chat writes an answer as Markdown for readers that show nothing but text:
// chat front ends and language models. Sources stand as [1] behind the sentences
// that they support and by name at the end; how the answer ended, and what to look
// at, is said in plain words below it.
package chat

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/index"
)

// Answer returns the whole of a as Markdown: what a [Writer] writes of its events.
func Answer(a *assistant.Answer) string {
	var w Writer
	var b strings.Builder
	for _, block := range a.Blocks {
		b.WriteString(w.Event(assistant.Event{Block: &assistant.Block{Kind: block.Kind, Level: block.Level, Rows: block.Rows}}, a.Task))
		for i := range block.Sentences {
			b.WriteString(w.Event(assistant.Event{Sentence: &block.Sentences[i]}, a.Task))
		}
	}
	b.WriteString(w.End(a))
	return b.String()
}

// A Writer writes an answer piece by piece as its events come. The pieces joined
// are the text. The zero value is ready; it is not safe for concurrent use.
type Writer struct {
	begun bool
	item  bool   // the last block is an item
	next  string // stands before the next sentence
}

// Event returns what e adds to the text of a task (answer, summary, report or
// reply), which may be nothing. A draft begins with [assistant.Label].
func (w *Writer) Event(e assistant.Event, task string) string {
	var b strings.Builder
	if !w.begun && (e.Block != nil || e.Sentence != nil) {
		w.begun = true
		if task != "answer" {
			b.WriteString("[" + assistant.Label + "]\n\n")
		}
	} else if e.Block != nil {
		if w.item && e.Block.Kind == "item" {
			b.WriteByte('\n')
		} else {
			b.WriteString("\n\n")
		}
	}
	switch {
	case e.Block != nil:
		w.block(&b, e.Block)
	case e.Sentence != nil:
		b.WriteString(w.next + sentence(*e.Sentence))
		w.next = " "
	}
	return b.String()
}

func (w *Writer) block(b *strings.Builder, x *assistant.Block) {
	w.next, w.item = "", x.Kind == "item"
	level := min(max(x.Level, 1), 5)
	switch x.Kind {
	case "heading":
		b.WriteString(strings.Repeat("#", min(level+1, 4)) + " ")
	case "item":
		b.WriteString(strings.Repeat("  ", level-1) + "- ")
	}
	for _, s := range x.Sentences {
		b.WriteString(w.next + sentence(s))
		w.next = " "
	}
	for r, row := range x.Rows {
		if r > 0 {
			b.WriteByte('\n')
		}
		for _, cell := range row {
			b.WriteString("| " + strings.ReplaceAll(sentence(cell), "|", `\|`) + " ")
		}
		b.WriteByte('|')
		if r == 0 {
			b.WriteString("\n" + strings.Repeat("| --- ", len(row)) + "|")
		}
	}
}

// End returns what stands below the answer: its outcome in plain words, warnings,
// and the sources that its sentences cite, or, where nothing answers, the nearest.
func (w *Writer) End(a *assistant.Answer) string {
	var b strings.Builder
	if w.begun {
		b.WriteString("\n\n---\n\n")
	}
	fmt.Fprintf(&b, "%s (기준일 %s)\n", Outcome(a), a.On)
	if r := a.Reply; r != nil {
		fmt.Fprintf(&b, "\n- 접수: %s, 민원 종류: %s\n", r.Received, Escape(cmp.Or(r.Kind, "미정")))
		if r.Due != "" {
			fmt.Fprintf(&b, "- 처리기한: %s (%s)\n", r.Due, Escape(r.Counted))
		}
		for _, s := range r.Similar {
			fmt.Fprintf(&b, "- 비슷한 답변: %s %s\n", Escape(s.Title), s.Date)
		}
	}
	for i, warning := range a.Warnings {
		if i == 0 {
			b.WriteByte('\n')
		}
		if warning.Code != assistant.WarnExtracts || a.Outcome != assistant.Extractive { // the outcome has said it
			b.WriteString("- ※ " + Escape(warning.Text) + "\n")
		}
	}
	shown, heading := a.Sources, "가까운 문서"
	if a.Outcome != assistant.NoSource {
		heading = "근거"
		shown = slices.DeleteFunc(slices.Clone(shown), func(s ground.Source) bool { return !s.Used })
	}
	if len(shown) > 0 {
		b.WriteString("\n" + heading + "\n\n")
	}
	for _, s := range shown {
		fmt.Fprintf(&b, "- [%d] %s%s\n", s.N, Escape(Name(s)), Period(s))
	}
	return b.String()
}

// Outcome says in one Korean sentence how a ended.
func Outcome(a *assistant.Answer) string {
	switch a.Outcome {
	case assistant.Answered:
		return "사실을 말한 모든 문장의 근거를 확인했습니다."
	case assistant.Partial:
		return "일부만 확인했습니다. 확인하지 못한 내용은 빼거나 표시했습니다."
	case assistant.Extractive:
		return "발췌입니다. 언어 모델이 쓴 글이 아니라 문서의 문장을 그대로 옮겼으니 앞뒤 내용은 근거에서 확인해 주세요."
	case assistant.BlockedPersonalData:
		return "개인정보가 들어 있어 처리하지 않았습니다. 개인정보를 지우고 다시 보내 주세요."
	case assistant.BlockedGrade:
		return "근거 문서의 등급이 언어 모델에 허용된 등급보다 높아 글을 만들지 않았습니다."
	case assistant.OutOfScope:
		return "기관의 문서로 답할 수 있는 질문이 아닙니다."
	}
	return "근거를 찾지 못했습니다. 볼 수 있는 문서에 답이 없으니 말을 바꾸거나 기준일을 확인해 주세요."
}

// Name is how a source is called: its citation, or its title, with its page.
func Name(s ground.Source) string {
	name := cmp.Or(s.Cite, s.Title, s.DocID)
	if s.Page > 0 && !strings.Contains(name, "쪽") && !strings.Contains(name, "p. ") {
		name = fmt.Sprintf("%s %d쪽", name, s.Page)
	}
	return name
}

// Period is when a source counts, with its last day; "" where it does not say.
func Period(s ground.Source) string {
	last := ""
	if until, err := time.Parse(time.DateOnly, s.InForce.Until); err == nil {
		last = until.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	if s.InForce.From == "" && last == "" {
		return ""
	}
	what := ""
	if index.IsLaw(s.Kind) {
		what = "시행 "
	}
	return fmt.Sprintf(" (%s%s∼%s)", what, s.InForce.From, last)
}

// sentence is s on one line with the numbers of its sources, each once.
func sentence(s ground.Sentence) string {
	out := Escape(s.Text)
	if s.Status == ground.Unverified && !strings.Contains(s.Text, assistant.Unsure) {
		return out + " " + assistant.Unsure
	}
	var seen []int
	for _, c := range s.Cites {
		if !slices.Contains(seen, c.Source) {
			seen = append(seen, c.Source)
			out += fmt.Sprintf(" [%d]", c.Source)
		}
	}
	if s.Warn != "" {
		out += " (※ " + Escape(s.Warn) + ")"
	}
	return out
}

// active is what a document may hold that a renderer of Markdown would act on: a
// picture would be fetched from the address that the document names, a definition
// [1]: would turn our marks into links. Everything else may be drawn as it likes.
var active = strings.NewReplacer("![", `!\[`, "](", `]\(`, "][", `]\[`, "]:", `]\:`, "<", `\<`)

// Escape returns a text of a document on one line, such that no renderer fetches
// or links to what it names.
func Escape(s string) string { return active.Replace(strings.Join(strings.Fields(s), " ")) }
