package assistant

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"biseo/assistant/ground"
	"biseo/index"
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
		"장애인 자동차 주차요금 할인",
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

// Words are looked up only where that decides whether a question is answered, and a
// long question costs no more than a few searches.
func TestAnswerableLookups(t *testing.T) {
	const title = "가온시 주차장 조례"
	d := doc("ord/2", title, "ordinance")
	found := []ground.Source{{N: 1, Title: title, Text: "주차요금은 나갈 때 낸다."}}
	var long strings.Builder
	for r := '가'; r < '가'+300; r++ {
		fmt.Fprintf(&long, "주차요금 %c힣의 ", r)
	}
	tests := []struct {
		name, question, held string
		want                 bool
		searches             int
	}{
		{"nothing is missing", "주차 요금은 얼마인가요?", "", true, 0},
		{"too much is missing whatever is held", "체육관 탁구대 이용료는 얼마인가요?", "체육관 탁구대 이용료", false, 0},
		{"enough is said whatever is not held", "주차장 주차요금을 카드로 내나요?", "", true, 0},
		{"what is missing is held elsewhere", "주차 요금을 카드 할부로 낼 수 있나요?", "수수료는 카드로 할부도 된다.", true, 2},
		{"what is missing is held nowhere", "주차 요금을 카드 할부로 낼 수 있나요?", "", false, 2},
		{"a long question", long.String(), "", true, lookups},
	}
	for _, tt := range tests {
		var asked []index.Query
		x := shelf{chunks: []index.Hit{chunk(d, "p1", "", found[0].Text), chunk(doc("x", "안내", "guide"), "x1", "", tt.held)}, queries: &asked}
		a := New(quiet, x, Options{})
		got, err := a.answerable(context.Background(), index.Query{Scope: index.Scope{On: today}, Text: tt.question}, found)
		if err != nil {
			t.Fatal(err)
		}
		if got != tt.want || len(asked) != tt.searches {
			t.Errorf("%s: answerable %t after %d searches, want %t after %d", tt.name, got, len(asked), tt.want, tt.searches)
		}
	}
}
