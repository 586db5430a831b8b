package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/index"
)

// open returns the assistant over the index and the day asked for. The caller
// calls done when it needs neither any more.
func (a asker) open(ctx context.Context, c *console, s *settings) (_ *assistant.Assistant, on time.Time, done func() error, err error) {
	if on, err = a.day(c.now()); err != nil {
		return nil, on, nil, err
	}
	biseo, x, err := s.assistant(ctx, c)
	if err != nil {
		return nil, on, nil, err
	}
	return biseo, on, x.Close, nil
}

type searchCmd struct {
	Query   []string `arg:"" help:"Words, a sentence, or a citation such as 「민원 처리에 관한 법률」 제19조."`
	K       int      `short:"k" default:"10" help:"Number of passages."`
	Context bool     `help:"Print with each passage what belongs to it: the article that defines its words, those that carry it out, those that it names."`
	JSON    bool     `help:"Print one JSON document."`
	asker
}

func (cmd *searchCmd) Run(ctx context.Context, c *console, s *settings) error {
	if cmd.K == 0 { // which the assistant takes for a request without a number
		return &assistant.InputError{Field: "-k", Text: "찾을 건수는 1부터 100까지의 수로 적어 주세요."}
	}
	a, on, done, err := cmd.open(ctx, c, s)
	if err != nil {
		return err
	}
	defer done()
	req := assistant.SearchRequest{Query: strings.Join(cmd.Query, " "), On: on, Limit: cmd.K, Kinds: cmd.Kind, Agencies: cmd.Agency}
	if cmd.Context {
		req.Context = assistant.UsualContext
	}
	r, err := a.Search(ctx, cmd.principal(), req)
	if err != nil {
		return err
	}
	if cmd.JSON {
		return printJSON(c.out, r)
	}
	for _, w := range r.Warnings {
		fmt.Fprintln(c.err, w.Text)
	}
	if len(r.Hits) == 0 {
		fmt.Fprintln(c.out, "찾은 문서가 없습니다. 낱말을 줄이거나 기준일(--on)을 바꿔 보세요.")
	}
	for _, h := range r.Hits {
		fmt.Fprintf(c.out, "%2d. %s%s\n    %s\n", h.Rank, h.Cite, period(h.Kind, h.InForce), excerpt(h.Text, 160))
		for _, s := range h.Context {
			fmt.Fprintf(c.out, "    └ 함께 볼 조문(%s): %s%s\n      %s\n", s.Via.Kind, s.Cite, period(s.Kind, s.InForce), excerpt(s.Text, 160))
		}
	}
	return nil
}

type askCmd struct {
	Question []string `arg:"" help:"A question of the agency's documents."`
	JSON     bool     `help:"Print one JSON document."`
	asker
}

func (cmd *askCmd) Run(ctx context.Context, c *console, s *settings) error {
	a, on, done, err := cmd.open(ctx, c, s)
	if err != nil {
		return err
	}
	defer done()
	r, err := a.Answer(ctx, cmd.principal(), assistant.AnswerRequest{
		Question: strings.Join(cmd.Question, " "), On: on, Kinds: cmd.Kind, Agencies: cmd.Agency}, nil)
	if err != nil {
		return err
	}
	if cmd.JSON {
		return printJSON(c.out, r)
	}
	printAnswer(c.out, r)
	return nil
}

// outcomes are the first line of a printed answer.
var outcomes = map[assistant.Outcome]string{
	assistant.Answered:            "답변 (모든 문장의 근거를 확인했습니다)",
	assistant.Partial:             "일부 답변 (근거를 확인하지 못한 문장은 뺐습니다)",
	assistant.Extractive:          "발췌 답변 (문서의 문장을 그대로 옮겼습니다)",
	assistant.NoSource:            "질문에 답하는 문장을 찾지 못했습니다. 질문을 바꾸거나 기준일(--on)과 그룹(--as)을 확인하세요.",
	assistant.BlockedPersonalData: "개인정보가 들어 있어 처리하지 않았습니다. 개인정보를 지우고 다시 물어보세요.",
	assistant.BlockedGrade:        "근거 문서의 보안등급이 모델에 허용된 등급보다 높아 답변을 만들지 않았습니다.",
	assistant.OutOfScope:          "기관의 문서로 답할 수 있는 질문이 아닙니다.",
}

func printAnswer(w io.Writer, a *assistant.Answer) {
	fmt.Fprintf(w, "[기준일 %s] %s\n", a.On, outcomes[a.Outcome])
	for _, warning := range a.Warnings {
		fmt.Fprintln(w, "※", warning.Text)
	}
	for _, b := range a.Blocks {
		fmt.Fprintln(w)
		for _, s := range b.Sentences {
			fmt.Fprintf(w, "%s%s\n", strings.TrimSpace(s.Text), marks(s))
		}
	}
	shown, heading := a.Sources, "\n가까운 조문"
	if a.Outcome != assistant.NoSource {
		heading = "\n근거"
		shown = slices.DeleteFunc(slices.Clone(shown), func(s ground.Source) bool { return !s.Used })
	}
	if len(shown) > 0 {
		fmt.Fprintln(w, heading)
	}
	for _, src := range shown {
		fmt.Fprintf(w, "[%d] %s%s\n", src.N, src.Cite, period(src.Kind, src.InForce))
	}
}

// marks prints the source numbers of a sentence, each once: " [1][3]".
func marks(s ground.Sentence) string {
	var b strings.Builder
	seen := map[int]bool{}
	for _, c := range s.Cites {
		if !seen[c.Source] {
			seen[c.Source] = true
			fmt.Fprintf(&b, " [%d]", c.Source)
		}
	}
	return b.String()
}

// period prints the days of a document of a kind, with the last one: " (시행
// 2025-01-01~2026-06-30)" of law, " (2026-06-22부터)" of others, which do not come
// into force; "" where the document states none.
func period(kind string, p ground.InForce) string {
	if p.From == "" && p.Until == "" {
		return ""
	}
	last := ""
	if until, err := time.Parse(time.DateOnly, p.Until); err == nil {
		last = until.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	if index.IsLaw(kind) {
		return fmt.Sprintf(" (시행 %s~%s)", p.From, last)
	}
	var parts []string
	if p.From != "" {
		parts = append(parts, p.From+"부터")
	}
	if last != "" {
		parts = append(parts, last+"까지")
	}
	return " (" + strings.Join(parts, " ") + ")"
}

// excerpt is the first n code points of s on one line.
func excerpt(s string, n int) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) <= n {
		return string(r)
	}
	return string(r[:n]) + "…"
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
