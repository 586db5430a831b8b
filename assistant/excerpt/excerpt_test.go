package excerpt

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/assistant/ground"
)

// Hard-wrapped lines are joined in what is shown; the citation keeps them.
func TestExtractJoinsLines(t *testing.T) {
	s := []ground.Source{{N: 1, Title: "안내", Text: "제설 대책\n적설량이 5센티미터를 넘으면 도로과는 비상\n근무를 시작하고 제설차를\n모두 내보낸다."}}
	got := Select("적설량이 5센티미터를 넘으면 제설차는 어떻게 하나요?", s)
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
	fees := ground.Source{N: 1, Title: "주차 안내", Path: []string{"2. 요금"}, Text: "주차 안내\n2026. 7. 1. 기준 / 주차과 운영팀(055-000-2851)\n2. 요금\n급지 | 최초 30분 | 1일 최고\n1급지 | 800원 | 15,000원\n2급지 | 600원 | 10,000원\n요금은 구역마다 다르다.\n"}
	pool := ground.Source{N: 1, Title: "시설 조례", Path: []string{"[별표 1] 사용료"}, Text: "[별표 1] 사용료\n(단위: 원)\n시설 | 구분 | 단위 | 금액\n체육관 | 행사 | 2시간 | 60,000\n수영장 | 성인 | 1회 | 4,000\n어린이 | 1회 | 2,000\n"}
	faq := ground.Source{N: 1, Title: "반려동물 FAQ", Path: []string{"문: 등록에 드는 돈은 얼마인가요?"}, Text: "문: 등록에 드는 돈은 얼마인가요?\n답: 시가 30,000원을 지원합니다. 두 마리까지입니다.\n"}
	asked := ground.Source{N: 1, Kind: "reply", Title: "수수료에 대한 답변", Path: []string{"질의"}, Text: "등록 수수료가 10,000원인지 알고 싶습니다.\n"}
	tests := []struct {
		question string
		source   ground.Source
		want     []string
	}{
		{"2급지 최초 30분 요금은?", fees, []string{"급지 | 최초 30분 | 1일 최고", "2급지 | 600원 | 10,000원"}},
		{"수영장 어린이 사용료는?", pool, []string{"시설 | 구분 | 단위 | 금액", "수영장 | 성인 | 1회 | 4,000", "어린이 | 1회 | 2,000"}},
		{"반려동물 등록에 드는 돈은 얼마인가요?", faq, []string{"답: 시가 30,000원을 지원합니다.", "두 마리까지입니다."}},
		{"등록 수수료는 얼마인가요?", asked, nil},
	}
	for _, tt := range tests {
		var got []string
		for _, s := range Select(tt.question, []ground.Source{tt.source}) {
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
	s := ground.Source{N: 1, Title: "조례", Text: "도서 대출 기간은 관장이 정한다. 그 밖의 것도 관장이 정한다. 도서 대출 기간은 모든 이용자에게 똑같이 14일이며 책마다 다르지 아니하다."}
	groups := grouped(0, s, ground.Units(s), asksFor(question))
	score(question, groups, []ground.Source{s})
	if n := len(groups); n != 3 || groups[2].score <= groups[0].score {
		t.Errorf("got %+v, want the last to score best", groups)
	}
}

// What a question is about is told from the case at hand, and a noun that no
// document holds from one that only these passages lack.
func TestRelevant(t *testing.T) {
	fees := []ground.Source{{N: 1, Title: "가온시 주차장 조례", Path: []string{"제5조(주차요금)"}, Text: "주차요금은 나갈 때 낸다."}}
	loans := []ground.Source{{N: 1, Title: "도서관 조례", Text: "도서를 연체하면 연체한 날 수만큼 대출을 정지한다. 60일을 넘지 아니한다."}}
	passports := []ground.Source{{N: 1, Title: "여권 안내", Text: "여권은 시청 민원실에서 신청하나 우편으로는 받지 않는다."}}
	waste := []ground.Source{{N: 1, Title: "환경 조례", Text: "시장은 폐기물을 무단으로 배출한 사람에게 10만원의 과태료를 부과한다."}}
	tests := []struct {
		question string
		sources  []ground.Source
		unknown  []string
		want     bool
	}{
		{"주차 요금을 카드 할부로 낼 수 있나요?", fees, nil, true},
		{"주차 요금을 카드 할부로 낼 수 있나요?", fees, []string{"카드", "할부"}, false},
		{"100일 연체하면 대출이 100일 정지되나요?", loans, nil, true},
		{"올해 서른여덟인 사람도 도서 대출이 정지되나요?", loans, nil, true},
		{"체육관 탁구대 이용료는 얼마인가요?", fees, nil, false},
		{"무엇을 어떻게 하나요?", fees, nil, false},
		{"내일배움카드는 어디서 신청하나요?", passports, nil, false},
		{"여권은 어디서 신청하나요?", passports, nil, true},
		{"생활쓰레기를 몰래 버리면 벌금은 얼마인가요?", waste, nil, true}, // in other words than the rule's
		{"생활쓰레기를 모으는 시간은 언제인가요?", fees, nil, false},
	}
	for _, tt := range tests {
		if got := Relevant(tt.question, tt.sources, tt.unknown); got != tt.want {
			t.Errorf("Relevant(%s, unknown %q) = %t", tt.question, tt.unknown, got)
		}
	}
	if got, want := Missing("주차 요금을 카드 할부로 낼 수 있나요?", fees), []string{"카드", "할부"}; !slices.Equal(got, want) {
		t.Errorf("Missing: %q, want %q", got, want)
	}
	if got := Missing("쓰레기를 버리면 벌금은?", waste); len(got) > 0 {
		t.Errorf("Missing: %q, which stand there in other words", got)
	}
	if got, want := Renamed("쓰레기를 버린 시장의 벌금은? 벌금을 안 내면?", waste), []string{"쓰레기(폐기물)", "벌금(과태료)"}; !slices.Equal(got, want) {
		t.Errorf("Renamed: %q, want %q", got, want)
	}
	if got := Renamed("주차요금과 수영장 입장료", fees); len(got) > 0 {
		t.Errorf("Renamed: %q, which no source holds", got)
	}
}

// Words that ask or say when, how many and how long are not what a question is about;
// nouns that begin like them are.
func TestSubject(t *testing.T) {
	tests := []struct {
		question string
		want     []string
	}{
		{"내일배움카드는 어디서 신청하나요?", []string{"내일배움카드", "신청하나요"}},
		{"국민내일배움카드의 내일채움공제", []string{"국민내일배움카드", "내일채움공제"}},
		{"내일키움통장은 다음카카오로 만드나요?", []string{"내일키움통장", "다음카카오", "만드나요"}},
		{"동안구청의 함께돌봄센터는 모두의주차장", []string{"동안구청", "함께돌봄센터", "모두의주차장"}},
		{"동안구에서 최고장을 보내면", []string{"동안구", "최고장", "보내면"}},
		{"한시임기제를 한시적 정원으로", []string{"한시임기제", "한시적", "정원"}},
		{"한인회는 네이버로 세일 한일", []string{"한인회", "네이버", "세일", "한일"}},
		{"대한노인회의 이미지를 알고리즘", []string{"대한노인회", "이미지", "알고리즘"}},
		{"재향경우회의 경우회, 다시서기센터", []string{"재향경우회", "경우회", "다시서기센터"}},
		{"누구나돌봄과 언제나돌봄, 어디서나민원", []string{"누구나돌봄", "언제나돌봄", "어디서나민원"}},
		{"하나원과 하나센터하고 하나은행이나", []string{"하나원", "하나센터하고", "하나은행이나"}},
		{"주차면이나 주거지는 하천이나 내역인지", []string{"주차면이나", "주거지는", "하천이나", "내역인지"}},
		{"한도를 세대수로 수도요금 건의함", []string{"한도", "세대수", "수도요금", "건의함"}},

		{"1급지공영주차요금은 30분주차요금과", []string{"1급지공영주차요금", "30분주차요금"}},

		{"30분은 2,000만원까지 2천8백만원짜리 3개월간 15일이내 1~3월에 10%인가요?", nil},
		{"내일은 언제까지, 누구에게 어디서나 며칠까지였나요?", nil},
		{"올해는 작년에도 내년도 다음달부터 지난해에 이번에는 하루치가 일주일째 열흘입니까?", nil},
		{"모두의 사람들에게는 사람으로서 같은데 동안에만 최대로 이내에 안에서 전에는 경우라도 경우에는 최고", nil},
		{"둘이면 셋이다 다섯이 서른여덟인 스물두명이 한달간 두번째로 세시까지 네 하나", nil},
		{"하나요 있는지요 내나요 주거나 받도록 되는데 받아도 한다면 있을까요 하신다고 있는가요 하네요", nil},
	}
	for _, tt := range tests {
		var got []string
		for _, w := range subject(tt.question) {
			got = append(got, w.stem)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("subject(%s): -want +got\n%s", tt.question, diff)
		}
	}
}

// Nouns that begin like a word that asks for an amount count as well in what is picked.
func TestContent(t *testing.T) {
	for _, noun := range []string{"동안구청", "모두의주차장", "최고장", "누구나돌봄"} {
		if got := content(noun + "은 며칠 동안 얼마인가요?"); len(got) == 0 {
			t.Errorf("content of a question of %s is empty", noun)
		}
	}
	if got := content("모두 최대 얼마 동안, 누구까지 이내에?"); len(got) > 0 {
		t.Errorf("content: %v, want none", got)
	}
}
