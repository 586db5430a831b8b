package review

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"biseo/eval/suite"
	"biseo/llm"
	"biseo/llm/llmtest"
	"biseo/prompts"
)

// The marks of a model are shown only where enough people agree with it.
func TestCalibrate(t *testing.T) {
	const n = 200
	m := &Marks{Cases: map[string]int{}}
	people := func(mark func(i int) int, count int) []Review {
		cases := map[string]Judgement{}
		for i := range count {
			cases[fmt.Sprintf("answer-%03d", i)] = Judgement{Marks: map[Run]int{B: mark(i)}}
		}
		return []Review{{"kim", cases}}
	}
	for i := range n {
		m.Cases[fmt.Sprintf("answer-%03d", i)] = 1 + i%5
	}
	alike := func(i int) int { return min(5, 1+i%5+(i%10)/9) }
	for name, tt := range map[string]struct {
		reviews []Review
		run     Run
		want    bool
	}{
		"agree":         {people(alike, n), B, true},
		"the other run": {people(alike, n), A, false},
		"too few":       {people(alike, Labels-1), B, false},
		"disagree":      {people(func(i int) int { return 1 + (i/5)%5 }, n), B, false},
		"one mark":      {people(func(int) int { return 4 }, n), B, false},
	} {
		a, ok := m.Calibrate(tt.reviews, tt.run)
		if ok != tt.want {
			t.Errorf("%s: shown %v, want %v: %+v", name, ok, tt.want, a)
		}
	}
}

func TestJudge(t *testing.T) {
	r := run("앞", "앞 답", 3)
	for text, want := range map[string]int{"4": 4, "점수: 5점": 5, "**3**": 3, "7": 0, "좋은 답입니다": 0, "45": 0, "1. 5점": 0, "1. 1. 5.": 0} {
		m, err := Judge(t.Context(), llmtest.Script(text), prompts.Default(), r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if m.Cases["answer-001"] != want || m.Unmarked+len(m.Cases) != 3 || !strings.HasPrefix(m.Prompt, "judge@") {
			t.Errorf("%q: %+v, want %d", text, m, want)
		}
	}
}

// A model that writes nothing gives no mark; one that cannot be asked is counted, and
// the other answers are marked all the same.
func TestJudgeGoesOn(t *testing.T) {
	r := run("앞", "앞 답", 3)
	m, err := Judge(t.Context(), &moody{errs: []error{llm.ErrEmpty, llm.ErrRefused}}, prompts.Default(), r, nil)
	if err != nil || m.Unmarked != 1 || m.Failed != 1 || !errors.Is(m.Failure, llm.ErrRefused) || len(m.Cases) != 1 {
		t.Errorf("got %+v, %v", m, err)
	}
	if _, err := Judge(t.Context(), &moody{errs: []error{suite.ErrNotRecorded}}, prompts.Default(), r, nil); !errors.Is(err, suite.ErrNotRecorded) {
		t.Errorf("not recorded: %v", err)
	}
}

// moody fails with errs in turn, then marks 4.
type moody struct{ errs []error }

func (*moody) Model() string { return "moody" }

func (m *moody) Generate(context.Context, llm.Request, func(string) error) (*llm.Response, error) {
	if len(m.errs) == 0 {
		return &llm.Response{Text: "4", Model: "moody", StopReason: "stop"}, nil
	}
	err := m.errs[0]
	m.errs = m.errs[1:]
	return nil, err
}
