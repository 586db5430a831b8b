package official

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"biseo/korea/calendar"
	"biseo/korea/text"
)

func TestDates(t *testing.T) {
	at := func(s string) time.Time {
		out, err := time.ParseInLocation("2006-01-02 15:04", s, calendar.Seoul)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for got, want := range map[string]string{
		Date(at("2026-06-19 10:00")):                          "2026. 6. 19.(금)",
		PlainDate(at("2026-06-09 10:00")):                     "2026. 6. 9.",
		Date(time.Date(2026, 6, 18, 20, 0, 0, 0, time.UTC)):   "2026. 6. 19.(금)",
		Clock(at("2026-06-19 09:00")):                         "09:00",
		Range(at("2026-04-23 00:00"), at("2026-06-15 00:00")): "2026. 4. 23.(목)∼6. 15.(월)",
		Range(at("2026-12-30 00:00"), at("2027-01-02 00:00")): "2026. 12. 30.(수)∼2027. 1. 2.(토)",
		Range(at("2026-06-19 15:00"), at("2026-06-19 17:00")): "2026. 6. 19.(금) 15:00∼17:00",
		Range(at("2026-06-19 00:00"), at("2026-06-19 00:00")): "2026. 6. 19.(금)",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if f := Lint(got, Options{}); len(f) > 0 {
			t.Errorf("%q: %+v", got, f)
		}
	}
}

func TestMoney(t *testing.T) {
	for n, want := range map[int64]string{
		113560: "금113,560원(금일십일만삼천오백육십원)", 120000000: "금120,000,000원(금일억이천만원)", 234580: "금234,580원(금이십삼만사천오백팔십원)",
		10000: "금10,000원(금일만원)", 1000: "금1,000원(금일천원)", 0: "금0원(금영원)", -1500: "금-1,500원(금마이너스 일천오백원)", 100: "금100원(금일백원)",
		1000000000000: "금1,000,000,000,000원(금일조원)",
	} {
		if got := Money(n); got != want {
			t.Errorf("Money(%d) = %q, want %q", n, got, want)
		}
	}
	// What is spelt is read back as the same amount, and passes the lint.
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		n := rnd.Int64N(int64(1) << uint(1+rnd.IntN(46)))
		if n < 10 { // a single digit without 십 is no value
			continue
		}
		values := text.Values(Words(n) + "원")
		if len(values) != 1 || values[0].Amount != strconv.FormatInt(n, 10) {
			t.Errorf("Words(%d) = %q is read as %v", n, Words(n), values)
		}
		if f := Lint(Money(n), Options{}); len(f) > 0 {
			t.Errorf("%q: %+v", Money(n), f)
		}
	}
	Words(-1 << 63) // does not overflow
}

func TestMarks(t *testing.T) {
	for _, tt := range []struct {
		level, n int
		want     string
	}{
		{1, 1, "1."}, {2, 1, "가."}, {3, 1, "1)"}, {4, 1, "가)"}, {5, 1, "(1)"}, {6, 1, "(가)"}, {7, 1, "①"}, {8, 1, "㉮"},
		{2, 14, "하."}, {2, 15, "거."}, {2, 28, "허."}, {2, 29, "[29]"}, {7, 20, "⑳"}, {7, 21, "[21]"}, {8, 14, "㉻"}, {8, 15, "[15]"}, {9, 1, "[1]"}, {1, 0, "[0]"}, {0, 1, "[1]"},
	} {
		if got := Mark(tt.level, tt.n); got != tt.want {
			t.Errorf("Mark(%d, %d) = %q, want %q", tt.level, tt.n, got, tt.want)
		}
	}
	var got []string
	for level := 1; level <= 5; level++ {
		got = append(got, ReportMark(level, 2))
	}
	if diff := cmp.Diff([]string{"Ⅱ.", "□", "ㅇ", "-", "*"}, got); diff != "" {
		t.Errorf("ReportMark (-want +got):\n%s", diff)
	}
}

func TestLetter(t *testing.T) {
	items := []Item{
		{Text: "관련: 민원과-1234(2026. 6. 1.)「점검 알림」"},
		{Text: "아래와 같이 협조하여 주시기 바랍니다.", Items: []Item{
			{Text: "일시: 2026. 6. 19.(금) 15:00∼17:00"},
			{Text: "대상: 본관과 별관\n소속 기관 포함", Items: []Item{{Text: "소방 점검"}}},
		}},
	}
	for _, tt := range []struct {
		letter Letter
		want   string
	}{
		{Letter{Agency: "○○부", To: "○○장관(○○과장)", Title: "점검 협조 요청", Items: items, Attachments: []string{"계획서 1부", "명단 1부."}, Sender: "○○부장관"}, `○○부

수신  ○○장관(○○과장)
(경유)
제목  점검 협조 요청

1. 관련: 민원과-1234(2026. 6. 1.)「점검 알림」
2. 아래와 같이 협조하여 주시기 바랍니다.
  가. 일시: 2026. 6. 19.(금) 15:00∼17:00
  나. 대상: 본관과 별관
      소속 기관 포함
    소방 점검

붙임  1. 계획서 1부.
      2. 명단 1부.  끝.

○○부장관`},
		{Letter{To: InternalApproval, Title: "계획 보고", Items: []Item{{Text: "계획을 보고합니다."}}, Attachments: []string{"계획서 1부."}, Sender: "○○부장관"}, `수신  내부결재
제목  계획 보고

계획을 보고합니다.

붙임  계획서 1부.  끝.`},
		{Letter{To: "수신자 참조", Recipients: "가, 나", Title: "알림", Items: []Item{{Text: "아래와 같이 알립니다.", Items: []Item{{Text: "일시"}, {Text: "장소"}}}}, Sender: "○○부장관"}, `수신  수신자 참조
(경유)
제목  알림

아래와 같이 알립니다.
1. 일시
2. 장소  끝.

○○부장관

수신자  가, 나`},
	} {
		got := tt.letter.String()
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if f := Lint(got, Options{Kind: KindLetter}); len(f) > 0 {
			t.Errorf("the lint does not pass its own letter: %+v", f)
		}
	}
}

func TestReportItems(t *testing.T) {
	got := ReportItems([]Item{
		{Text: "추진 배경", Items: []Item{{Text: "현황", Items: []Item{{Text: "민원 증가", Items: []Item{{Text: "상반기 120건\n하반기 150건", Items: []Item{{Text: "잠정"}}}}}}}}},
		{Text: "계획"},
	})
	want := "Ⅰ. 추진 배경\n□ 현황\n ㅇ 민원 증가\n   - 상반기 120건\n     하반기 150건\n     * 잠정\nⅡ. 계획"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if f := Lint(got, Options{Kind: KindReport}); len(f) > 0 {
		t.Errorf("%+v", f)
	}
}

func TestReply(t *testing.T) {
	r := Reply{
		Number: "1AA-2606-000001", Gist: "처리기간 연장의 근거",
		Findings: []Item{
			{Text: "처리기간은 한 차례 연장할 수 있습니다(「민원 처리에 관한 법률 시행령」 제21조제1항)."},
			{Text: "다시 연장하려면 민원인의 동의가 필요합니다."},
		},
		Contact: Contact{Agency: "○○시", Department: "민원과", Name: "홍길동", Rank: "주무관", Phone: "02-123-4567"},
	}
	want := `1. 안녕하십니까? 귀하께서 국민신문고를 통해 신청하신 민원(신청번호 1AA-2606-000001)에 대한 검토 결과를 다음과 같이 알려드립니다.
2. 귀하께서 제출하신 민원의 내용은 “처리기간 연장의 근거”에 관한 것으로 이해됩니다.
3. 귀하의 민원에 대한 검토 결과는 다음과 같습니다.
  가. 처리기간은 한 차례 연장할 수 있습니다(「민원 처리에 관한 법률 시행령」 제21조제1항).
  나. 다시 연장하려면 민원인의 동의가 필요합니다.
4. 답변 내용에 대한 추가 설명이 필요한 경우 ○○시 민원과 홍길동 주무관(☎ 02-123-4567)에게 연락해 주시면 친절히 안내해 드리겠습니다. 감사합니다.  끝.`
	if diff := cmp.Diff(want, r.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r.Public = true
	if s := r.String(); strings.Contains(s, "홍길동") || strings.Contains(s, "1AA") || !strings.Contains(s, "02-123-4567") {
		t.Errorf("the public version: %s", s)
	}
	empty := Reply{}.String()
	for _, gap := range []string{"신청번호 [작성 필요]", "“[작성 필요]”", "○○과 ○○○ 담당자(☎ 000-0000)"} {
		if !strings.Contains(empty, gap) {
			t.Errorf("an empty reply lacks %q:\n%s", gap, empty)
		}
	}
	for remedy, want := range map[Remedy]string{NoRemedy: "", StatutoryRefusal: "60일", Disposition: "30일", NonDisclosure: "「공공기관의 정보공개에 관한 법률」 제18조"} {
		r := Reply{Gist: "가", Remedy: remedy}
		s := r.String()
		if remedy == NoRemedy && (strings.Contains(s, "행정심판") || strings.Contains(s, "5. ")) || !strings.Contains(s, want) {
			t.Errorf("remedy %q:\n%s", remedy, s)
		}
		if f := Lint(s, Options{Kind: KindReply}); len(f) > 0 {
			t.Errorf("remedy %q: %+v", remedy, f)
		}
	}
	if strings.Contains(Disposition.Text(), "60일") || strings.Contains(StatutoryRefusal.Text(), "30일") {
		t.Error("60일 and 30일 are mixed up")
	}
}
