package assistant

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// texts are the sentences shown.
func texts(ans *Answer) []string {
	var out []string
	for _, b := range ans.Blocks {
		for _, s := range b.Sentences {
			out = append(out, s.Text)
		}
	}
	return out
}

func TestExtracts(t *testing.T) {
	tests := []struct {
		question string
		want     []string // must be among the sentences shown, in this order
		not      []string
	}{
		{question, []string{
			"① 부서의 장은 부득이한 사유로 처리기간 안에 민원을 처리하기 어려운 경우에는 처리기간의 범위에서 한 차례만 그 기간을 연장할 수 있다.",
			"다만, 담당자의 휴가를 이유로 연장할 수 없다."}, []string{"제7조(처리기간의 연장)", "개정"}},
		{"무인민원발급창구에서 증명서 발급 수수료는 얼마인가요?", []string{
			"① 증명서 발급 수수료는 1통에 500원으로 한다.",
			"다만, 무인민원발급창구에서 발급하는 경우에는 200원으로 한다."}, nil},
		{"민원조정위원회 위원은 몇 명인가요?", []string{"② 위원회는 위원장 1명을 포함하여 7명 이상 15명 이하의 위원으로 구성한다."}, nil},
		{"자녀가 2명인 가정의 자동차는 주차요금을 얼마나 경감받나요?", []string{
			"① 다음 각 호의 어느 하나에 해당하는 자동차에 대해서는 주차요금의 100분의 50을 경감한다.", "2. 자녀가 2명 이상인 가정의 자동차"}, nil},
	}
	a := New(quiet, gaon(), Options{})
	for _, tt := range tests {
		ans, events := ask(t, a, Principal{}, tt.question)
		honest(t, tt.question, ans, events)
		got := texts(ans)
		at := 0
		for _, w := range tt.want {
			i := slices.Index(got[at:], w)
			if i < 0 {
				t.Errorf("%s: %q is not shown after %d sentences of %q", tt.question, w, at, got)
				break
			}
			at += i + 1
		}
		for _, w := range tt.not {
			if strings.Contains(strings.Join(got, "\n"), w) {
				t.Errorf("%s: %q is shown in %q", tt.question, w, got)
			}
		}
		if n := len(got); n > 8 {
			t.Errorf("%s: %d sentences shown", tt.question, n)
		}
	}
}

// Hard-wrapped lines are joined in what is shown; the citation keeps them.
func TestExtractJoinsLines(t *testing.T) {
	s := []Source{{N: 1, Title: "안내", Text: "제설 대책\n적설량이 5센티미터를 넘으면 도로과는 비상\n근무를 시작하고 제설차를\n모두 내보낸다."}}
	got := extract("적설량이 5센티미터를 넘으면 제설차는 어떻게 하나요?", s)
	if len(got) != 1 {
		t.Fatalf("got %+v, want one sentence", got)
	}
	if strings.Contains(got[0].Text, "\n") || !strings.Contains(got[0].Text, "비상 근무를 시작하고") {
		t.Errorf("shown: %q", got[0].Text)
	}
	if !strings.Contains(got[0].Cites[0].Quote, "제설차를\n모두") {
		t.Errorf("cited: %q", got[0].Cites[0].Quote)
	}
}

// Rows come behind the header of their table, and nothing is shown that only
// names the subject: titles, dates, contacts, headings, the question of a Q&A pair.
func TestExtractShowsAnswers(t *testing.T) {
	fees := Source{N: 1, Title: "주차 안내", Path: []string{"2. 요금"}, Text: "주차 안내\n2026. 7. 1. 기준 / 주차과 운영팀(055-000-2851)\n2. 요금\n급지 | 최초 30분 | 1일 최고\n1급지 | 800원 | 15,000원\n2급지 | 600원 | 10,000원\n요금은 구역마다 다르다.\n"}
	pool := Source{N: 1, Title: "시설 조례", Path: []string{"[별표 1] 사용료"}, Text: "[별표 1] 사용료\n(단위: 원)\n시설 | 구분 | 단위 | 금액\n체육관 | 행사 | 2시간 | 60,000\n수영장 | 성인 | 1회 | 4,000\n어린이 | 1회 | 2,000\n"}
	faq := Source{N: 1, Title: "반려동물 FAQ", Path: []string{"문: 등록에 드는 돈은 얼마인가요?"}, Text: "문: 등록에 드는 돈은 얼마인가요?\n답: 시가 30,000원을 지원합니다. 두 마리까지입니다.\n"}
	asked := Source{N: 1, Kind: "reply", Title: "수수료에 대한 답변", Path: []string{"민원 내용"}, Text: "등록 수수료가 10,000원인지 알고 싶습니다.\n"}
	tests := []struct {
		question string
		source   Source
		want     []string
	}{
		{"2급지 최초 30분 요금은?", fees, []string{"급지 | 최초 30분 | 1일 최고", "2급지 | 600원 | 10,000원"}},
		{"수영장 어린이 사용료는?", pool, []string{"시설 | 구분 | 단위 | 금액", "수영장 | 성인 | 1회 | 4,000", "어린이 | 1회 | 2,000"}},
		{"반려동물 등록에 드는 돈은 얼마인가요?", faq, []string{"답: 시가 30,000원을 지원합니다.", "두 마리까지입니다."}},
		{"등록 수수료는 얼마인가요?", asked, nil},
	}
	for _, tt := range tests {
		var got []string
		for _, s := range extract(tt.question, []Source{tt.source}) {
			got = append(got, s.Text)
		}
		for _, w := range tt.want {
			if !slices.Contains(got, w) {
				t.Errorf("%s: %q is not shown in %q", tt.question, w, got)
			}
		}
		for _, s := range got {
			if strings.HasSuffix(s, "?") || strings.Contains(s, "055-") || s == tt.source.Title || tt.want == nil {
				t.Errorf("%s: %q is shown", tt.question, s)
			}
		}
	}
}

// Of sentences about the same, the one with an amount of the kind asked for.
func TestExtractPrefersAmounts(t *testing.T) {
	const question = "도서 대출 기간은 며칠인가요?"
	s := Source{N: 1, Title: "조례", Text: "도서 대출 기간은 관장이 정한다. 그 밖의 것도 관장이 정한다. 도서 대출 기간은 모든 이용자에게 똑같이 14일이며 책마다 다르지 아니하다."}
	groups := grouped(0, s, units(s), asksFor(question))
	score(question, groups, []Source{s})
	if n := len(groups); n != 3 || groups[2].score <= groups[0].score {
		t.Errorf("got %+v, want the last to score best", groups)
	}
}

// What the sources cannot answer is not answered with something else.
func TestUnanswerable(t *testing.T) {
	a := New(quiet, gaon(), Options{})
	for _, q := range []string{
		"화성 이주 정착 지원금은 얼마인가요?",
		"반려동물 등록은 어디에서 하나요?",
		"출산 장려금은 언제 지급하나요?",
		"건축 허가를 받으려면 어떤 서류가 있어야 하나요?",
		"시장 선거일은 언제인가요?",
		"시내버스 주차요금은 얼마인가요?",
		"수수료상담원 인원은?",
		"육아휴직은 몇 년까지 쓸 수 있나요?",
		"비트코인 시세를 알려 주세요",
		"오늘 점심 뭐 먹을까요?",
		"관용차량 운행 일지는 누가 결재하나요?",
		"하수도 사용료 감면 대상은?",
		"안녕하세요",
		"무엇을 어떻게 하나요?",
	} {
		ans, events := ask(t, a, Principal{}, q)
		honest(t, q, ans, events)
		if ans.Outcome != NoSource {
			t.Errorf("%s: outcome %s, shown %q", q, ans.Outcome, texts(ans))
		}
	}
}

func TestAnswerable(t *testing.T) {
	a := New(quiet, gaon(), Options{})
	for _, q := range []string{
		question,
		"처리기간연장횟수",
		"민원 기간 연장은 한 번만 되나요",
		"담당자 휴가 때문에 처리 기간을 연장해도 되나요?",
		"위원회 위원 수는?",
		"수수료 반환은 며칠 안에 신청해야 하나요?",
		"기초생활 수급자도 수수료를 내나요?",
		"장애인 차량 주차요금 할인",
		"경차 주차요금 경감이 언제부터 적용되는지 알려 주세요.",
		"「가온시 민원 처리 조례」 제8조",
	} {
		ans, events := ask(t, a, Principal{}, q)
		honest(t, q, ans, events)
		if ans.Outcome != Extractive {
			t.Errorf("%s: outcome %s", q, ans.Outcome)
		}
	}
}

// The heading of an article is not part of its first sentence.
func TestUnitsCutRunInHeadings(t *testing.T) {
	tests := []struct {
		in   string
		want []string
	}{
		{"제29조 (계약금액)\n계약금액은 낙찰률을 곱한 금액으로 한다.", []string{"제29조 (계약금액)", "계약금액은 낙찰률을 곱한 금액으로 한다."}},
		{"제7조(경과조치) ① 시장은 종전의 예에 따른다.", []string{"제7조(경과조치)", "① 시장은 종전의 예에 따른다."}},
		{"제7조(정의) 및 제8조(적용)에 따른다.", []string{"제7조(정의) 및 제8조(적용)에 따른다."}},
		{"제7조(정의)에 따른 기관을 말한다.", []string{"제7조(정의)에 따른 기관을 말한다."}},
	}
	for _, tt := range tests {
		var got []string
		for _, u := range units(Source{Text: tt.in}) {
			got = append(got, u.text)
			if r := []rune(tt.in); clean(string(r[u.start:u.end])) != u.text {
				t.Errorf("%q: span %d to %d is not %q", tt.in, u.start, u.end, u.text)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("units(%q) (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestUnits(t *testing.T) {
	const s = `제3조(수수료) <개정 2020. 1. 2.>
① 수수료는 500원으로 한다. <개정 2022.1.11>
② 다음 각 호의 사람은 면제한다. <신설 2021. 3. 4.>
  1. 수급자
  2의2. 삭제 <2022.1.11>
③ 삭제 <2022.1.11>`
	var got []unit
	for _, u := range units(Source{Text: s}) {
		u.start, u.end = 0, 0
		got = append(got, u)
	}
	want := []unit{
		{text: "제3조(수수료)", head: true},
		{text: "① 수수료는 500원으로 한다.", para: 1},
		{text: "② 다음 각 호의 사람은 면제한다.", para: 2},
		{text: "1. 수급자", para: 2, item: "1"},
		{text: "2의2. 삭제", para: 2, item: "2의2", head: true},
		{text: "③ 삭제", para: 3, head: true},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(unit{})); diff != "" {
		t.Errorf("units (-want +got):\n%s", diff)
	}
}
