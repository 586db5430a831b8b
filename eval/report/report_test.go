package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/eval/golden"
	"biseo/eval/score"
	"biseo/eval/suite"
)

// runOf is a judged run of 30 answers of which the first right ones are right.
func runOf(name, prompt string, right int) *suite.Report {
	r := &suite.Report{Manifest: suite.Manifest{Name: name, Prompts: map[string]string{"answer": prompt}}}
	for i := range 30 {
		c := golden.Case{ID: fmt.Sprintf("answer-%03d", i), Question: "요금은 <얼마> & 언제?", Tags: []string{"table"}, Facts: []golden.Fact{{Text: "500원", Any: []string{"500원"}, Vital: true}}}
		res := score.Result{Case: c.ID, Answer: &assistant.Answer{Outcome: assistant.Answered, Blocks: []assistant.Block{{Kind: "paragraph",
			Sentences: []ground.Sentence{{Text: `<script>alert("x")</script> 500원`, Status: ground.Plain}}}}}}
		s := score.Score{Case: c.ID, Verdict: score.Silent, Values: map[score.Metric]float64{score.StrictVital: 0}}
		if i < right {
			s.Verdict, s.Values[score.StrictVital] = score.Right, 1
		}
		r.Cases = append(r.Cases, suite.Judged{Task: golden.Answer, Case: c, Result: res, Score: s})
	}
	return r
}

func write(t *testing.T, r *suite.Report, c *suite.Comparison) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r, c, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The page needs nothing from elsewhere, holds every case, speaks both languages,
// and shows what documents and models wrote as text.
func TestPage(t *testing.T) {
	page := write(t, runOf("본 실행", "answer@1", 20), nil)
	if m := regexp.MustCompile(`(?:https?:)?//[a-z]|<link|<img|@import|url\(`).FindString(page); m != "" {
		t.Errorf("the page refers to something outside: %q", m)
	}
	for i := range 30 {
		if id := fmt.Sprintf("answer-%03d", i); !strings.Contains(page, id) {
			t.Errorf("the page lacks %s", id)
		}
	}
	for _, want := range []string{"문항 30개 가운데 옳음 20, 일부 0, 답 없음 10, 틀림 0.", "Of 30 cases 20 right, 0 partial, 10 silent, 0 wrong.",
		"요금은 &lt;얼마&gt; &amp; 언제?", "&lt;script&gt;alert"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	r := runOf("밤", "answer@1", 20)
	r.Manifest.Begun = time.Date(2026, 11, 22, 15, 54, 0, 0, time.UTC)
	if page := write(t, r, nil); !strings.Contains(page, "2026-11-23 00:54 (한국 시각)") || !strings.Contains(page, "2026-11-23 00:54 KST") {
		t.Error("the page does not tell when the run began in Korean time")
	}
	if strings.Contains(page, "<script>alert") {
		t.Error("a model's text stands in the page as a script")
	}
	ko, en := strings.Count(page, `class="ko"`), strings.Count(page, `class="en"`)
	if ko != en || ko == 0 {
		t.Errorf("%d pieces in Korean, %d in English", ko, en)
	}
}

// Two runs that differ in one prompt: the page names it and the cases that changed.
func TestPageExplainsTheDifference(t *testing.T) {
	before, after := runOf("앞", "answer@1f0c9a2b", 30), runOf("뒤", "answer@77aa00bb", 10)
	c := suite.Compare(before, after)
	page := write(t, after, &c)
	for _, want := range []string{"프롬프트 answer", "prompt answer", "answer@1f0c9a2b", "answer@77aa00bb", "앞선 실행보다 나빠진 일: 질문 답변.", "Worse than the earlier run: Answers.", `data-change="worse"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "다른 점이 여럿") {
		t.Error("the page doubts what made the difference, though one thing differs")
	}
	after.Manifest.Model = "다른 모델"
	if c := suite.Compare(before, after); !strings.Contains(write(t, after, &c), "다른 점이 여럿") {
		t.Error("two things differ, and the page does not say that their shares cannot be told")
	}
	if c := suite.Compare(before, before); !strings.Contains(write(t, before, &c), "No setting on record differs") {
		t.Error("nothing differs, and the page does not say so")
	}
	if got := strings.Count(page, `data-change="worse"`); got != 20 {
		t.Errorf("%d cases marked worse, want 20", got)
	}
}

// Every metric and verdict has its name in both languages.
func TestNames(t *testing.T) {
	for m, n := range metricNames {
		if n.KO == "" || n.EN == "" {
			t.Errorf("%s lacks a name", m)
		}
	}
}

// A run with the right passages tells faults of search from those of generation.
func TestPageTellsFaults(t *testing.T) {
	r, gold := runOf("본 실행", "answer@1", 10), runOf("바른 문단", "answer@1", 25)
	for _, x := range []*suite.Report{r, gold} {
		for i := range x.Cases {
			x.Cases[i].Case.Cites = []golden.Passage{{Doc: "a.md", Quote: "500원을 낸다."}}
		}
	}
	var b bytes.Buffer
	if err := Write(&b, r, nil, gold); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for want, n := range map[string]int{`data-fault="retriever"`: 15, `data-fault="generator"`: 5, "검색 탓 15, 그래도 옳지 않은 생성 탓 5, 문단을 정하지 않아 알 수 없음 0": 1, "from 33.3 % to 83.3 %": 1} {
		if got := strings.Count(page, want); got != n {
			t.Errorf("%q stands %d times, want %d", want, got, n)
		}
	}
}
