package complaint

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/korea/calendar"
)

func TestHide(t *testing.T) {
	const s = "저는 민원인 홍길동입니다. 연락처는 010-1234-5678이고, 다시 말씀드리면 010-1234-5678입니다. 주민등록번호 880101-1234567, hong@example.com"
	hidden, v := Hide(s)
	for _, secret := range []string{"홍길동", "010-1234-5678", "880101", "hong@"} {
		if strings.Contains(hidden, secret) {
			t.Errorf("%q stands in %q", secret, hidden)
		}
		if strings.Contains(v.Public(hidden), secret) {
			t.Errorf("%q stands in the public text", secret)
		}
	}
	if n := strings.Count(hidden, "〈전화1〉"); n != 2 {
		t.Errorf("the same number has %d times the same placeholder, want 2: %q", n, hidden)
	}
	if got := v.Restore(hidden); got != s {
		t.Errorf("restored: %q, want %q", got, s)
	}
}

func TestRequests(t *testing.T) {
	tests := []struct {
		in    string
		texts []string
	}{
		{"안녕하세요. 수고 많으십니다.\n주차장에 차단기를 설치해 주세요. 그리고 요금은 얼마인가요?\n감사합니다.",
			[]string{"주차장에 차단기를 설치해 주세요.", "요금은 얼마인가요?"}},
		{"다음을 질의합니다.\n1. 기숙사도 소화장치를 설치해야 하는지\n2. 설치 기준은 무엇인지",
			[]string{"기숙사도 소화장치를 설치해야 하는지", "설치 기준은 무엇인지"}},
		{"공원 화장실이 늘 잠겨 있습니다. 이 경우 어디에 신고하나요?", []string{"공원 화장실이 늘 잠겨 있습니다. 이 경우 어디에 신고하나요?"}},
		{"가로등이 꺼져 있습니다.", []string{"가로등이 꺼져 있습니다."}},
		{"답변 부탁드립니다.", []string{"답변 부탁드립니다."}},
		{"저는 6월에 정기권을 끊었는데 추가 요금을 내라고 합니다. 추가로 내야 하나요?", []string{"저는 6월에 정기권을 끊었는데 추가 요금을 내라고 합니다. 추가로 내야 하나요?"}},
		{"소화전 옆에 세웠는데 과태료가 나왔습니다. 취소해 주십시오.", []string{"소화전 옆에 세웠는데 과태료가 나왔습니다. 취소해 주십시오."}},
		{"1. 공사장 소음이 심합니다. 일요일에도 공사를 할 수 있나요?\n2. 소음 측정은 며칠 걸리나요? 측정해 주세요.\n빨리 처리해 주시기 바랍니다.",
			[]string{"공사장 소음이 심합니다. 일요일에도 공사를 할 수 있나요?", "소음 측정은 며칠 걸리나요? 측정해 주세요."}},
		{"", nil},
	}
	for _, tt := range tests {
		var got []string
		for _, r := range Requests(tt.in) {
			got = append(got, r.Text)
		}
		if diff := cmp.Diff(tt.texts, got); diff != "" {
			t.Errorf("Requests(%q) (-want +got):\n%s", tt.in, diff)
		}
	}
	if got := Requests(strings.Repeat("가로등을 고쳐 주세요? ", 1) + strings.Repeat("도로를 포장해 주시기 바랍니다. ", 40)); len(got) > maxRequests {
		t.Errorf("%d requests", len(got))
	}
}

// Who is named once is hidden everywhere.
func TestHideEverywhere(t *testing.T) {
	hidden, v := Hide("민원인 홍길동입니다. 홍길동인 제가 어디에 신고하나요? 홍길 동네가 아닙니다.")
	if strings.Contains(hidden, "홍길동") || strings.Count(hidden, "〈성명1〉") != 2 || !strings.Contains(hidden, "홍길 동네") || v.Len() != 1 {
		t.Errorf("got %q", hidden)
	}
}

// A request that cannot stand alone is searched for with the one before.
func TestQuery(t *testing.T) {
	got := Requests("공영주차장 요금을 감면받을 수 있는지 궁금합니다. 그리고 감면이 되면 몇 퍼센트나 되나요? 화성 이주 지원금은 언제 나오나요?")
	parking := "공영주차장 요금을 감면받을 수 있는지  ."
	want := []Request{
		{"공영주차장 요금을 감면받을 수 있는지 궁금합니다.", parking, parking},
		{"감면이 되면 몇 퍼센트나 되나요?", "감면이 되면 몇 퍼센트나 되나요?", parking + " 감면이 되면 몇 퍼센트나 되나요?"},
		{"화성 이주 지원금은 언제 나오나요?", "화성 이주 지원금은 언제 나오나요?", "감면이 되면 몇 퍼센트나 되나요? 화성 이주 지원금은 언제 나오나요?"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPropose(t *testing.T) {
	tests := []struct {
		in   string
		want calendar.Kind
	}{
		{"도로법 제61조에 따른 점용허가가 필요한지 해석을 부탁드립니다.", calendar.LawQuery},
		{"여권 재발급은 어디에서 하나요?", calendar.Query},
		{"버스 노선을 늘려 주실 것을 건의합니다.", calendar.Suggestion},
		{"집 앞 가로등이 나갔습니다. 고쳐 주세요.", calendar.Other},
		{"부당한 과태료 처분에 이의를 제기합니다.", calendar.Grievance},
		{"건축 허가를 신청합니다.", calendar.Statutory},
		{"2025년 업무추진비 정보공개를 청구합니다.", calendar.Disclosure},
		{"ㅇㅇㅇ", ""},
		{"담당 공무원을 징계해 주시기 바랍니다.", ""},
		{"2026년 상반기 업무추진비 집행 내역의 공개를 청구합니다.", calendar.Disclosure},
		{"여성 안심 구역을 늘려 주시면 좋겠습니다.", calendar.Suggestion},
		{"과태료를 취소해 주십시오. 이의신청 안내도 부탁드립니다.", ""},
	}
	for _, tt := range tests {
		if got := Propose(tt.in); got.Kind != tt.want || !strings.Contains(got.Why, "「") {
			t.Errorf("Propose(%q) = %q (%s), want %q with its article", tt.in, got.Kind, got.Why, tt.want)
		}
	}
}

func TestKindOf(t *testing.T) {
	for in, want := range map[string]calendar.Kind{"질의민원": calendar.Query, " 건의 ": calendar.Suggestion, "질의(법령)": calendar.LawQuery} {
		if got, ok := KindOf(in); !ok || got != want {
			t.Errorf("KindOf(%q) = %q, %v", in, got, ok)
		}
	}
	if _, ok := KindOf("급한"); ok {
		t.Error("KindOf knows 급한")
	}
}

// A query is no 처분: naming remedies for it would be wrong. 60 days for a refused
// 법정민원, 30 for others.
func TestRemedies(t *testing.T) {
	for remedy, days := range map[Remedy]string{NoRemedy: "", "": "", Refusal: "60일", Penalty: "60일", Disposition: "30일", Disclosure: "30일"} {
		got, ok := Remedies(remedy)
		if !ok || days == "" && got != nil || days != "" && !strings.Contains(got[0].Text, days) {
			t.Errorf("Remedies(%q) = %v, %v", remedy, got, ok)
		}
	}
	if _, ok := Remedies("appeal"); ok {
		t.Error("unknown remedy known")
	}
	if _, ok := Steps("ignore"); ok {
		t.Error("unknown decision known")
	}
}

func TestCalm(t *testing.T) {
	const s = "이 새끼들아 가로등 좀 고쳐 주세요."
	if got := Calm(s); strings.Contains(got, "새끼") || !strings.Contains(got, "가로등 좀 고쳐 주세요.") || !Abusive(s) {
		t.Errorf("Calm(%q) = %q", s, got)
	}
	if Abusive("새끼 고양이를 분양받고 싶습니다.") {
		t.Error("a kitten is no abuse")
	}
}
