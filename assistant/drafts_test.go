package assistant

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"biseo/assistant/ground"
	"biseo/llm"
	"biseo/llm/llmtest"
	"biseo/prompts"

	"github.com/google/go-cmp/cmp"
)

// honestDraft checks what must hold of every draft and its events: the events make
// the answer, and each sentence is verified, marked, a gap, or states no fact.
func honestDraft(t *testing.T, name string, ans *Answer, events []Event) {
	t.Helper()
	blocks := []Block{}
	var warned []Warning
	known := false
	for _, e := range events {
		switch {
		case e.Sources != nil:
			if known {
				t.Errorf("%s: sources came twice", name)
			}
			known = true
		case e.Block != nil:
			if !known {
				t.Errorf("%s: a block came before the sources", name)
			}
			b := *e.Block
			b.Sentences = append([]ground.Sentence{}, b.Sentences...)
			blocks = append(blocks, b)
		case e.Sentence != nil:
			last := &blocks[len(blocks)-1]
			last.Sentences = append(last.Sentences, *e.Sentence)
		case e.Warning != nil:
			warned = append(warned, *e.Warning)
		}
	}
	if diff := cmp.Diff(ans.Blocks, blocks); diff != "" {
		t.Errorf("%s: blocks of the answer and those sent (-answer +sent):\n%s", name, diff)
	}
	if diff := cmp.Diff(append([]Warning{}, ans.Warnings...), append([]Warning{}, warned...)); diff != "" {
		t.Errorf("%s: warnings of the answer and those sent (-answer +sent):\n%s", name, diff)
	}
	used := map[int]bool{}
	references := false
	for _, b := range ans.Blocks {
		if b.Kind == "heading" {
			references = b.text() == "근거 자료"
		}
		all := b.Sentences
		for i, row := range b.Rows {
			all = append(all, row...)
			for _, cell := range row {
				if len(cell.Cites) == 1 && cell.Cites[0].Quote != cell.Text {
					t.Errorf("%s: cell %q quotes %q", name, cell.Text, cell.Cites[0].Quote)
				}
				if i > 0 && cell.Text != "" && cell.Status == "" {
					t.Errorf("%s: cell %q states something without a source", name, cell.Text)
				}
			}
		}
		for _, s := range all {
			for _, c := range s.Cites {
				used[c.Source] = true
				if r := []rune(ans.Sources[c.Source-1].Text); string(r[c.Start:c.End]) != c.Quote {
					t.Errorf("%s: quote %q is not the span", name, c.Quote)
				}
			}
			switch {
			case s.Status == ground.Verified && b.Kind != "table":
				if again := ground.Check(s, ans.Sources); again.Status != ground.Verified {
					t.Errorf("%s: Check of what was shown: %s: %q", name, again.Why, s.Text)
				}
			case s.Status == ground.Unverified:
				if !strings.HasSuffix(s.Text, Unsure) || len(s.Cites) > 0 || !plain(strings.TrimSuffix(s.Text, Unsure)) && strings.ContainsAny(s.Text, "0123456789") {
					t.Errorf("%s: unverified and not marked, or with a value: %+v", name, s)
				}
			case s.Status == ground.Gap:
				if !strings.HasPrefix(s.Text, "[작성 필요") && !strings.Contains(s.Text, "○○") && !strings.Contains(s.Text, "000-0000") {
					t.Errorf("%s: a gap that does not show: %q", name, s.Text)
				}
			case s.Status == "" && b.Kind != "heading" && b.Kind != "table" && !references && !strings.HasSuffix(s.Text, Given):
				t.Errorf("%s: %q states something without a source or a mark", name, s.Text)
			}
		}
	}
	for _, s := range ans.Sources {
		if s.Used != used[s.N] {
			t.Errorf("%s: source %d used %v, want %v", name, s.N, s.Used, used[s.N])
		}
	}
	for _, h := range ans.Hints {
		if r := []rune(ans.Blocks[h.Block].text()); h.Start > h.End || h.End > len(r) {
			t.Errorf("%s: hint %+v lies outside its block of %d code points", name, h, len(r))
		}
	}
	if len(ans.Warnings) == 0 && (ans.Outcome == Partial || ans.Outcome == Extractive) {
		t.Errorf("%s: outcome %s without a warning", name, ans.Outcome)
	}
	if ans.Gist == "" || len(ans.Keywords) == 0 {
		t.Errorf("%s: gist %q, keywords %q", name, ans.Gist, ans.Keywords)
	}
}

const (
	parkingPlan = "계획/2026년-공영주차장-확충-계획.md"
	floodReport = "보고/2026년-8월-호우-피해-지원-결과-보고.md"
)

// drafts are the tasks whose result is a draft, over the sample agency.
var drafts = map[string]func(context.Context, *Assistant, func(Event) error) (*Answer, error){
	"summary": func(ctx context.Context, a *Assistant, emit func(Event) error) (*Answer, error) {
		return a.Summarize(ctx, Principal{}, SummaryRequest{Docs: []string{parkingPlan}, On: winter}, emit)
	},
	"summary of two": func(ctx context.Context, a *Assistant, emit func(Event) error) (*Answer, error) {
		return a.Summarize(ctx, Principal{}, SummaryRequest{Docs: []string{parkingPlan, floodReport}, On: winter, Length: OnePage}, emit)
	},
	"report": func(ctx context.Context, a *Assistant, emit func(Event) error) (*Answer, error) {
		return a.DraftReport(ctx, Principal{}, ReportRequest{Topic: "공영주차장 확충", Template: "현황보고", On: winter, Notes: "예산은 추경에 반영"}, emit)
	},
	"press release": func(ctx context.Context, a *Assistant, emit func(Event) error) (*Answer, error) {
		return a.DraftReport(ctx, Principal{}, ReportRequest{Topic: "청년월세 지원", Template: "보도자료", On: winter}, emit)
	},
	"speech": func(ctx context.Context, a *Assistant, emit func(Event) error) (*Answer, error) {
		return a.DraftReport(ctx, Principal{}, ReportRequest{Topic: "공영주차장 확충", Template: "말씀자료", On: winter}, emit)
	},
}

// desk is what the drafts need of the sample agency.
func desk(t *testing.T) shelf {
	s := sampleShelf(t)
	s.chunks = slices.DeleteFunc(s.chunks, func(h hit) bool {
		return h.Doc.ID != parkingPlan && h.Doc.ID != floodReport && h.Doc.ID != "보도자료/20260828-청년월세-확대.md"
	})
	return s
}

var winter = today.AddDate(0, 6, 0)

// Whatever the model does, a draft ends honestly.
func TestDraftsAreHonest(t *testing.T) {
	const lie = "공영주차장 999곳을 2031년까지 없앤다. [1]\n"
	models := []struct {
		name     string
		model    llm.Generator
		outcomes string // that may be
	}{
		{"no model", nil, "extractive"},
		{"truthful", llmtest.Truthful{}, "answered partial"},
		{"only lies", llmtest.Script(lie), "extractive"},
		{"empty", llmtest.Empty{}, "extractive"},
		{"cut", llmtest.Cut("공영주차장"), "extractive"},
		{"cut after a sentence", llmtest.Cut("공영주차장 3곳 420면 확충(186억원) [1]\n공영"), "partial extractive"},
		{"loops", llmtest.Loop(lie), "extractive"},
		{"loops without end", llmtest.Loop("주차 "), "extractive"},
		{"JSON", llmtest.Script(`{"answer": "공영주차장을 999곳 늘린다", "sources": [1]}`), "extractive"},
		{"English", llmtest.Script("The city will build 999 parking lots by 2031. [1]\nEverything is fine.\n"), "extractive"},
		{"gives up", llmtest.Script("[근거 없음]"), "extractive"},
	}
	s := desk(t)
	for task, run := range drafts {
		for i, m := range models {
			if i >= 3 && task != "summary" && task != "press release" {
				continue // the others take the same path
			}
			var events []Event
			ans, err := run(t.Context(), New(quiet, s, Options{Generator: m.model}), func(e Event) error { events = append(events, e); return nil })
			if err != nil {
				t.Fatalf("%s, %s: %v", task, m.name, err)
			}
			name := task + ", " + m.name
			honestDraft(t, name, ans, events)
			if !strings.Contains(m.outcomes, string(ans.Outcome)) {
				t.Errorf("%s: outcome %s, want %s; warnings %+v", name, ans.Outcome, m.outcomes, ans.Warnings)
			}
			if text := answerText(ans); strings.Contains(text, "999") || strings.Contains(text, "2031") {
				t.Errorf("%s: a lie is shown in\n%s", name, text)
			}
			if (ans.Model == "") != (m.model == nil) || (ans.Prompt == "") != (m.model == nil) {
				t.Errorf("%s: model %q, prompt %q", name, ans.Model, ans.Prompt)
			}
		}
	}
}

// answerText is all text of an answer.
func answerText(ans *Answer) string {
	var b strings.Builder
	for _, block := range ans.Blocks {
		b.WriteString(block.text() + "\n")
		for _, row := range block.Rows {
			for _, cell := range row {
				b.WriteString(cell.Text + " | ")
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// No kind of lie gets into a draft as verified.
func TestDraftsOfALyingModel(t *testing.T) {
	s := desk(t)
	for i, lie := range llmtest.Lies() {
		task := []string{"summary", "press release"}[i%2]
		var events []Event
		ans, err := drafts[task](t.Context(), New(quiet, s, Options{Generator: llmtest.Lying{Lie: lie, Seed: uint64(i)}}), func(e Event) error { events = append(events, e); return nil })
		if err != nil {
			t.Fatal(err)
		}
		honestDraft(t, task+", "+string(lie), ans, events)
	}
}

// A model that stalls costs no draft more time than the request has.
func TestStalledDraftsEnd(t *testing.T) {
	s := desk(t)
	for task, run := range drafts {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			var events []Event
			ans, err := run(ctx, New(quiet, s, Options{Generator: llmtest.Stall("공영주차장")}), func(e Event) error { events = append(events, e); return nil })
			if err != nil || ctx.Err() != nil {
				t.Fatalf("%s: %v, context %v", task, err, ctx.Err())
			}
			honestDraft(t, task, ans, events)
			if ans.Outcome != Extractive {
				t.Errorf("%s: outcome %s", task, ans.Outcome)
			}
		})
	}
}

// A model that fails before it has written anything is not asked again for each
// section.
func TestFailedModelIsLeftAlone(t *testing.T) {
	var requests []llm.Request
	s := desk(t)
	for _, task := range []string{"report", "summary of two"} {
		requests = nil
		if _, err := drafts[task](t.Context(), New(quiet, s, Options{Generator: recorder{llmtest.Cut(""), &requests}}), nil); err != nil {
			t.Fatal(err)
		}
		if len(requests) != 1 {
			t.Errorf("%s: %d calls of a model that is down, want 1", task, len(requests))
		}
	}
}

// The reason of a fault may quote its sources: the model reads it only where it has read them.
func TestReasonsStayWithTheirSources(t *testing.T) {
	d := draft{passages: []prompts.Passage{{N: 1}}}
	f := ground.Sentence{Why: "근거 2에 없는 값: 3명", Cites: []ground.Cite{{Source: 2}}}
	if got := d.why(f); strings.Contains(got, "3명") {
		t.Errorf("the model reads %q", got)
	}
	f.Cites[0].Source = 1
	if got := d.why(f); got != f.Why {
		t.Errorf("got %q", got)
	}
}
