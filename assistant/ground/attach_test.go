package ground

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAttach(t *testing.T) {
	apart := []Source{
		{N: 1, DocID: "a", Title: "안내", Text: "회의실 사용료는 1시간에 20,000원으로 한다."},
		{N: 2, DocID: "b", Title: "지침", Text: "도서관은 매주 월요일에 쉰다."},
		{N: 3, DocID: "a", Title: "안내", Text: "체육관 대관을 취소하려는 사람은 사용일 3일 전까지 신청하여야 한다."},
	}
	both := "회의실 사용료는 1시간에 20,000원으로 하며, 체육관 대관을 취소하려는 사람은 사용일 3일 전까지 신청하여야 합니다."
	tests := []struct {
		name  string
		text  string
		cited []int
		all   []Source
		want  []int // sources of the citations; nil for unverified
		why   string
	}{
		{"the source named", "증명서 발급 수수료는 1통에 500원입니다.", []int{3}, shelved(), []int{3}, ""},
		{"another one", "증명서 발급 수수료는 1통에 500원입니다.", []int{1}, shelved(), []int{3}, ""},
		{"none named", "증명서 발급 수수료는 1통에 500원입니다.", nil, shelved(), []int{3}, ""},
		{"one that does not exist", "증명서 발급 수수료는 1통에 500원입니다.", []int{9}, shelved(), []int{3}, ""},
		{"two of one document", both, []int{1}, apart, []int{1, 3}, ""},
		{"the first failure", "증명서 발급 수수료는 1통에 600원입니다.", []int{3}, shelved(), nil, "600원"},
		{"nothing said", "…", []int{3}, shelved(), nil, "내용이 없는"},
	}
	for _, tt := range tests {
		got := Attach(tt.text, tt.cited, tt.all)
		var cites []int
		if got.Status == Verified {
			for _, c := range got.Cites {
				cites = append(cites, c.Source)
			}
		}
		if diff := cmp.Diff(tt.want, cites); diff != "" || !strings.Contains(got.Why, tt.why) {
			t.Errorf("%s: %s (%s) (-want +got):\n%s", tt.name, got.Status, got.Why, diff)
		}
	}
	if got := Attach("[작성 필요: 담당자]", nil, nil); got.Status != Gap {
		t.Errorf("a hole is %s, want gap", got.Status)
	}
}

func TestCheckDay(t *testing.T) {
	version := func(n int, from, until, rate string) Source {
		return Source{N: n, Cite: "「가온시 주차장 조례」 제12조", InForce: InForce{from, until}, On: "2026-06-30",
			Text: "제12조(감면)\n장애인이 탄 자동차는 주차요금의 100분의 " + rate + "을 경감한다."}
	}
	old, later := version(1, "2025-01-01", "2026-07-01", "50"), version(2, "2026-07-01", "", "80")
	guide := Source{N: 3, On: "2026-06-30", Text: "자동차의 주차요금 감면율은 「가온시 주차장 조례」 제12조에서 정하는 바에 따른다.\n위반한 사람에게는 「가온시 주차장 조례」 제13조에 따라 가산금을 부과한다."}
	gone := Source{N: 4, Cite: "「가온시 주차장 조례」 제13조", Text: "제13조 삭제 <2026. 1. 1.>"}
	tests := []struct {
		name    string
		text    string
		cite    int
		sources []Source
		ok      bool
	}{
		{"in force", "장애인이 탄 자동차는 주차요금의 100분의 50을 경감합니다.", 1, []Source{old, later}, true},
		{"not yet", "장애인이 탄 자동차는 주차요금의 100분의 80을 경감합니다.", 2, []Source{old, later}, false},
		{"not yet, word for word", "장애인이 탄 자동차는 주차요금의 100분의 80을 경감한다.", 2, []Source{old, later}, false},
		{"an article in force beside its next version", "자동차의 주차요금 감면율은 「가온시 주차장 조례」 제12조에서 정하는 바에 따릅니다.", 3, []Source{old, later, guide}, true},
		{"a deleted article", "위반한 사람에게는 「가온시 주차장 조례」 제13조에 따라 가산금을 부과합니다.", 3, []Source{old, later, guide, gone}, false},
		{"the same, not known to be deleted", "위반한 사람에게는 「가온시 주차장 조례」 제13조에 따라 가산금을 부과합니다.", 3, []Source{old, later, guide}, true},
	}
	for _, tt := range tests {
		got := Check(Sentence{Text: tt.text, Cites: []Cite{{Source: tt.cite}}}, tt.sources)
		if (got.Status == Verified) != tt.ok {
			t.Errorf("%s: %s (%s), want verified %v", tt.name, got.Status, got.Why, tt.ok)
		}
	}
	old.On, later.On = "", ""
	if got := Check(Sentence{Text: "장애인이 탄 자동차는 주차요금의 100분의 80을 경감합니다.", Cites: []Cite{{Source: 2}}}, []Source{old, later}); got.Status != Verified {
		t.Errorf("no day asked for: %s (%s)", got.Status, got.Why)
	}
}

func TestCheckWarns(t *testing.T) {
	tests := []struct {
		text string
		cite int
		warn string // part of it; "" for none
	}{
		{"부서의 장은 부득이한 사유로 처리기간 안에 민원을 처리하기 어려운 경우에는 처리기간의 범위에서 한 차례만 그 기간을 연장할 수 있습니다.", 1, "단서가 빠졌을 수 있음: 다만, 담당자의 휴가"},
		{"부서의 장은 처리기간의 범위에서 한 차례만 그 기간을 연장할 수 있습니다.", 1, "조건이 빠졌을 수 있음: 부득이한 사유로"},
		{"처리기간의 범위에서 한 차례만 연장할 수 있습니다.", 1, "주체가 빠졌을 수 있음: 부서의장"},
		{"다만, 담당자의 휴가를 이유로 연장할 수 없습니다.", 1, ""},
		{"「국민기초생활 보장법」 제7조에 따른 수급자의 수수료는 면제합니다.", 3, ""},
		{"제1항에 따라 처리기간을 연장하려는 경우에는 연장 사유와 처리 예정일을 민원인에게 지체 없이 알려야 합니다.", 1, ""},
	}
	for _, tt := range tests {
		got := Check(Sentence{Text: tt.text, Cites: []Cite{{Source: tt.cite}}}, shelved())
		if got.Status != Verified || !strings.Contains(got.Warn, tt.warn) || (tt.warn == "") != (got.Warn == "") {
			t.Errorf("%s: %s (%s), warning %q, want %q", tt.text, got.Status, got.Why, got.Warn, tt.warn)
		}
	}
}

func TestCheckRolesOrderLists(t *testing.T) {
	src := []Source{{N: 1, Text: `① 시장은 신청인에게 심사 결과를 알려야 한다.
② 신청인은 공사를 시작하기 전에 계획서를 제출하여야 한다.
③ 시장은 위원회의 심의를 거친 후 보조금을 교부한다.
④ 다음 각 호의 어느 하나에 해당하는 사람은 사용료를 면제한다.
1. 국가유공자
2. 등록 장애인
⑤ 다음 각 호의 어느 하나에 해당하는 사람은 이용을 제한한다.
1. 음주한 사람`}}
	for text, want := range map[string]bool{
		"시장은 신청인에게 심사 결과를 알려야 합니다.":                          true,
		"신청인은 시장에게 심사 결과를 알려야 합니다.":                          false,
		"신청인은 심사 결과를 알려야 합니다.":                               false,
		"신청인은 시장으로부터 심사 결과를 통지받습니다.":                         true,
		"구청장은 신청인에게 심사 결과를 알려야 합니다.":                         false,
		"신청인은 공사를 시작하기 전에 계획서를 제출하여야 합니다.":                   true,
		"신청인은 공사를 시작한 후에 계획서를 제출하여야 합니다.":                    false,
		"시장은 위원회의 심의를 거쳐 보조금을 교부합니다.":                        true,
		"시장은 위원회의 심의를 거치기 전에 보조금을 교부합니다.":                    false,
		"등록 장애인: 다음 각 호의 어느 하나에 해당하는 사람은 사용료를 면제합니다.":        true,
		"등록 장애인: 다음 각 호의 어느 하나에 해당하는 사람은 이용을 제한합니다.":         false,
		"시장은 신청인에게 심사 결과를 알리도록 규정하고 있습니다.":                   true,
		"또한, 시장은 신청인에게 심사 결과를 알려야 합니다.":                      true,
		"시장은 신청인에게 심사 결과를 알려야 하며, 위원회의 심의를 거친 후 보조금을 교부합니다.": true,
	} {
		got := Check(Sentence{Text: text, Cites: []Cite{{Source: 1}}}, src)
		if (got.Status == Verified) != want {
			t.Errorf("%s: %s (%s), want verified %v", text, got.Status, got.Why, want)
		}
	}
}

func TestCheckRows(t *testing.T) {
	src := []Source{{N: 1, Text: "구분 | 기준 요금 | 1일 최고 요금\n1급지 노외 | 1,000원 | 12,000원\n2급지 노외 | 600원 | 8,000원\n야간 정기권 | 50,000원 | -"}}
	for text, want := range map[string]bool{
		"야간 정기권의 기준 요금은 50,000원입니다.": true,
		"야간 정기권의 기준 요금은 12,000원입니다.": false,
		"주간 정기권의 기준 요금은 50,000원입니다.": false,
	} {
		got := Check(Sentence{Text: text, Cites: []Cite{{Source: 1}}}, src)
		if (got.Status == Verified) != want {
			t.Errorf("%s: %s (%s), want verified %v", text, got.Status, got.Why, want)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	sources := []Source{{N: 1, Agency: "가온시", URL: "https://www.gaon.example/law", Text: "문의: 주차관리과 주차운영팀(☎ 055-000-2851), parking@gaon.example"}}
	tests := []struct{ in, want string }{
		{"문의는 주차관리과(055-000-2851)로 하시기 바랍니다.", "문의는 주차관리과(055-000-2851)로 하시기 바랍니다."},
		{"문의는 민원혁신과(02-123-4567)로 하시기 바랍니다.", "문의는 ○○과(000-0000-0000)로 하시기 바랍니다."},
		{"주차혁신팀에서 안내합니다(☎ 1234-5678).", "○○팀에서 안내합니다(☎ 000-0000-0000)."},
		{"신청은 help@city.go.kr로, 양식은 https://www.city.go.kr/form 에 있습니다.", "신청은 [전자우편 확인]로, 양식은 [누리집 주소 확인] 에 있습니다."},
		{"자세한 내용은 https://www.gaon.example/law 와 parking@gaon.example로 확인하세요.", "자세한 내용은 https://www.gaon.example/law 와 parking@gaon.example로 확인하세요."},
		{"검토결과를 알려 드리며, 법률과 시행령에 따라 지원신청을 받습니다.", "검토결과를 알려 드리며, 법률과 시행령에 따라 지원신청을 받습니다."},
	}
	for _, tt := range tests {
		got := Placeholders(tt.in, sources)
		if got != tt.want {
			t.Errorf("Placeholders(%q)\ngot  %q\nwant %q", tt.in, got, tt.want)
		}
		if again := Placeholders(got, sources); again != got {
			t.Errorf("Placeholders(%q) again: %q", got, again)
		}
	}
}
