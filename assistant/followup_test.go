package assistant

import (
	"strings"
	"testing"

	"biseo/index"
	"biseo/llm"
	"biseo/llm/llmtest"
)

// hit is short for what a shelf holds.
type hit = index.Hit

func TestResolve(t *testing.T) {
	tests := []struct {
		question string
		earlier  []string
		want     string
	}{
		{"수수료는?", nil, "수수료는?"},
		{"그럼 담당자 휴가 때문에도 되나요?", []string{question}, question + " 그럼 담당자 휴가 때문에도 되나요?"},
		{"얼마인가요?", []string{"증명서 발급 수수료 면제 대상", "그 경우 반환은?"}, "증명서 발급 수수료 면제 대상 그 경우 반환은? 얼마인가요?"},
		{"공영주차장 주차요금은 장애인에게 얼마나 감면되나요?", []string{question}, "공영주차장 주차요금은 장애인에게 얼마나 감면되나요?"},
		{"「가온시 민원 처리 조례」 제9조", []string{question}, "「가온시 민원 처리 조례」 제9조"},
	}
	for _, tt := range tests {
		if got := resolve(tt.question, tt.earlier); got != tt.want {
			t.Errorf("resolve(%q, %q) = %q, want %q", tt.question, tt.earlier, got, tt.want)
		}
	}
}

// A follow-up is answered by what the asker asked before.
func TestFollowUp(t *testing.T) {
	var requests []llm.Request
	a := New(quiet, gaon(), Options{Generator: recorder{llmtest.Truthful{}, &requests}})
	ans, err := a.Answer(t.Context(), Principal{}, AnswerRequest{Question: "그럼 담당자 휴가 때문에도 되나요?", Earlier: []string{question}, On: today}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ans.Question != "그럼 담당자 휴가 때문에도 되나요?" || len(ans.Sources) == 0 || !strings.Contains(ans.Sources[0].Cite, "제7조") {
		t.Errorf("question %q, sources %+v", ans.Question, ans.Sources)
	}
	if len(requests) == 0 || !strings.Contains(requests[0].User, "앞서 물은 것") || !strings.Contains(requests[0].User, question) {
		t.Error("the prompt holds no earlier question")
	}
}

// 위원회 of two ordinances: both are named, and the answer does not claim to be whole.
func TestReadings(t *testing.T) {
	s := gaon()
	d := doc("ord/3", "가온시립도서관 운영 조례", "ordinance")
	s.chunks = append(s.chunks, chunk(d, "l05", "「가온시립도서관 운영 조례」 제5조", "제5조(도서관운영위원회)\n② 위원회는 위원장 1명을 포함하여 9명의 위원으로 구성한다."))
	for q, want := range map[string]int{
		"위원회 위원은 몇 명인가요?":       2,
		"민원조정위원회 위원은 몇 명인가요?":   0,
		"도서관운영위원회 위원은 몇 명인가요?":  0,
		"가온시립도서관 위원회 위원은 몇 명인가": 0,
	} {
		for _, g := range []llm.Generator{nil, llmtest.Truthful{}} {
			ans, events := ask(t, New(quiet, s, Options{Generator: g}), Principal{}, q)
			honest(t, q, ans, events)
			got := 0
			for _, w := range ans.Warnings {
				if w.Code == WarnReadings {
					got = strings.Count(w.Text, "「")
				}
			}
			if got != want || want > 0 && ans.Outcome == Answered {
				t.Errorf("%s: %d readings, want %d; outcome %s, warnings %+v", q, got, want, ans.Outcome, ans.Warnings)
			}
		}
	}
}

// Two documents that disagree are both named, with their dates.
func TestConflicts(t *testing.T) {
	s := gaon()
	guide := doc("guide/9", "가온시 민원 수수료 안내", "guide")
	guide.From = index.Day(2024, 3, 1)
	s.chunks = append(s.chunks, chunk(guide, "g09", "", "증명서 발급 수수료는 1통에 400원으로 한다."))
	ans, events := ask(t, New(quiet, s, Options{}), Principal{}, "증명서 발급 수수료는 얼마인가요?")
	honest(t, "conflict", ans, events)
	for _, w := range ans.Warnings {
		if w.Code == WarnConflict {
			for _, want := range []string{"「가온시 민원 처리 조례」 제9조", "500원", "가온시 민원 수수료 안내(2024. 3. 1. 시행)", "400원"} {
				if !strings.Contains(w.Text, want) {
					t.Errorf("no %q in %q", want, w.Text)
				}
			}
			return
		}
	}
	t.Errorf("no conflict in %+v", ans.Warnings)
}
