package text

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each case is a text and the keys of its values.
var valueCases = []struct{ in, want string }{
	// money
	{"5만원", "money:50000원"},
	{"50,000원", "money:50000원"},
	{"5만 원", "money:50000원"},
	{"오만원", "money:50000원"},
	{"오만 원", "money:50000원"},
	{"금50,000원(금오만원)", "money:50000원 money:50000원"},
	{"금113,560원(금일십일만삼천오백육십원)", "money:113560원 money:113560원"},
	{"금일억이천만원", "money:120000000원"},
	{"이십삼만사천오백팔십원", "money:234580원"},
	{"일만원", "money:10000원"},
	{"만원", "money:10000원"},
	{"천원", "money:1000원"},
	{"1억 2천만 원", "money:120000000원"},
	{"1억2천만원", "money:120000000원"},
	{"1억 2,000만원", "money:120000000원"},
	{"345천원", "money:345000원"},
	{"5백만원", "money:5000000원"},
	{"3만5천원", "money:35000원"},
	{"1.5억원", "money:150000000원"},
	{"2조 3,000억원", "money:2300000000000원"},
	{"수수료는 1,000원이다", "money:1000원"},
	{"１０，０００원", "money:10000원"},
	{"30만원 이하의 과태료", "money:300000원"},
	{"1인당 10만원씩", "count:1명 money:100000원"},
	{"100여만 원", "money:1000000+원"},
	{"$500", "money:500달러"},
	{"500달러", "money:500달러"},
	{"₩5,000", "money:5000원"},
	{"(단위: 천원)", ""},
	{"(단위 : 백만원, 명)", ""},
	{"0원", "money:0원"},
	{"일금 오만원정", "money:50000원"},
	{"3원칙", "number:3"},

	// dates
	{"2026. 5. 6.", "date:2026-05-06"},
	{"2026.5.6.", "date:2026-05-06"},
	{"2026.05.06", "date:2026-05-06"},
	{"2026년 5월 6일", "date:2026-05-06"},
	{"2026년5월6일", "date:2026-05-06"},
	{"2026-05-06", "date:2026-05-06"},
	{"2026/05/06", "date:2026-05-06"},
	{"'26. 5. 6.", "date:2026-05-06"},
	{"’26.5.6.", "date:2026-05-06"},
	{"2026. 5. 6.(수) 09:00", "date:2026-05-06 time:09:00"},
	{"2026. 5. 6.부터 시행한다", "date:2026-05-06"},
	{"5월 6일", "date:--05-06"},
	{"5. 6.(수)", "date:--05-06"},
	{"5월 중", "date:--05"},
	{"2026년 5월", "date:2026-05"},
	{"2026. 5.", "date:2026-05"},
	{"2026-05", "date:2026-05"},
	{"2026년", "date:2026"},
	{"2026년도 예산", "date:2026"},
	{"'26년", "date:2026"},
	{"1998년 12월 31일", "date:1998-12-31"},
	{"2025~2027년", "date:2025 date:2027"},
	{"2026. 5. 6.∼5. 8.", "date:2026-05-06 date:2026-05-08"},
	{"2026. 5. 6. ~ 8.", "date:2026-05-06 date:2026-05-08"},
	{"2026년 5월 6일부터 8일까지", "date:2026-05-06 date:2026-05-08"},
	{"2026. 5. 6.(수)∼5. 8.(금)", "date:2026-05-06 date:2026-05-08"},
	{"4. 23.∼6. 15.", "date:--04-23 date:--06-15"},
	{"2026. 13. 6.", "number:2026 number:13 number:6"},
	{"2026. 5. 40.", "date:2026-05 number:40"},
	{"１９９９년", "date:1999"},

	// times
	{"15:00", "time:15:00"},
	{"오후 3시", "time:15:00"},
	{"오후 3시 30분", "time:15:30"},
	{"오후 3시 반", "time:15:30"},
	{"오후 세 시", "time:15:00"},
	{"오전 9시", "time:09:00"},
	{"09:00∼18:00", "time:09:00 time:18:00"},
	{"9시부터 18시까지", "time:09:00 time:18:00"},
	{"오전 12시", "time:00:00"},
	{"오후 12시", "time:12:00"},
	{"정오에", "time:12:00"},
	{"오후 2:30", "time:14:30"},
	{"25:00", "number:25 number:0"},
	{"밤 11시", "time:23:00"},
	{"낮 12시", "time:12:00"},
	{"24시간 운영", "period:24시간"},

	// periods
	{"14일 이내", "period:14일"},
	{"30일", "period:30일"},
	{"삼십일", "period:30일"},
	{"이십일일 이내", "period:21일"},
	{"7일", "period:7일"},
	{"7주", "period:7주"},
	{"3개월", "period:3개월"},
	{"삼개월", "period:3개월"},
	{"3개월간", "period:3개월"},
	{"세 달", "period:3개월"},
	{"한 달", "period:1개월"},
	{"1년", "period:1년"},
	{"1년간", "period:1년"},
	{"5개년 계획", "period:5년"},
	{"60분", "period:60분"},
	{"두 시간", "period:2시간"},
	{"일주일", "period:1주"},
	{"2주간", "period:2주"},
	{"10영업일", "period:10영업일"},
	{"3일간", "period:3일"},
	{"2박 3일", "period:2박 period:3일"},
	{"1년 6개월", "period:1년 period:6개월"},
	{"0.5일", "period:1/2일"},

	// counts
	{"두 차례", "count:2회"},
	{"2회", "count:2회"},
	{"한 차례", "count:1회"},
	{"1회", "count:1회"},
	{"두 번", "count:2회"},
	{"세 명", "count:3명"},
	{"3명", "count:3명"},
	{"3인 이상", "count:3명"},
	{"다섯 사람", "count:5명"},
	{"다섯명", "count:5명"},
	{"열한 명", "count:11명"},
	{"스무 명", "count:20명"},
	{"스물두 명", "count:22명"},
	{"열 개", "count:10개"},
	{"네 곳", "count:4곳"},
	{"4개소", "count:4곳"},
	{"한 건", "count:1건"},
	{"민원 1,234건", "count:1234건"},
	{"계획서 1부.", "count:1부"},
	{"10여 명", "count:10+명"},
	{"10여명", "count:10+명"},
	{"백오십 명", "count:150명"},
	{"5만 명", "count:50000명"},
	{"5만6천명", "count:56000명"},
	{"만 65세 이상", "count:65세"},
	{"17개 시·도", "count:17개"},
	{"3가지", "count:3가지"},
	{"100㎡", "count:100m2"},
	{"100m²", "count:100m2"},
	{"3.5km", "count:7/2km"},
	{"10 km", "count:10km"},
	{"20MB", "count:20mb"},
	{"36.5℃", "count:73/2℃"},
	{"2배", "count:2배"},
	{"편도 2차로", "count:2차로"},
	{"12쪽", "count:12쪽"},
	{"12페이지", "count:12쪽"},

	// ratios
	{"10%", "ratio:1/10"},
	{"10퍼센트", "ratio:1/10"},
	{"10 퍼센트", "ratio:1/10"},
	{"10％", "ratio:1/10"},
	{"100분의 10", "ratio:1/10"},
	{"1천분의 5", "ratio:1/200"},
	{"1/2", "ratio:1/2"},
	{"2분의 1", "ratio:1/2"},
	{"이분의 일", "ratio:1/2"},
	{"삼분의 이 이상", "ratio:2/3"},
	{"3.5%", "ratio:7/200"},
	{"3.50%", "ratio:7/200"},
	{"2%p", "points:2%p"},
	{"2%포인트", "points:2%p"},
	{"십 퍼센트", "ratio:1/10"},

	// ordinals and codes
	{"제3차 회의", "ordinal:3차"},
	{"3차 회의", "ordinal:3차"},
	{"두 번째", "ordinal:2번째"},
	{"첫 번째", "ordinal:1번째"},
	{"첫째", "ordinal:1번째"},
	{"2분기", "ordinal:2분기"},
	{"2/4분기", "ordinal:2분기"},
	{"제2분기", "ordinal:2분기"},
	{"6급 공무원", "ordinal:6급"},
	{"공고 제2026-12호", "code:2026-12"},
	{"12-3번지", "code:12-3"},
	{"버전 1.2.3", "code:1.2.3"},

	// addresses
	{"02-2100-1234", "phone:0221001234"},
	{"02) 2100-1234", "phone:0221001234"},
	{"(02)2100-1234", "phone:0221001234"},
	{"(☎ 044-205-1234)", "phone:0442051234"},
	{"010-1234-5678", "phone:01012345678"},
	{"01012345678", "phone:01012345678"},
	{"+82-2-2100-1234", "phone:0221001234"},
	{"1588-1234", "phone:15881234"},
	{"hong@korea.kr", "email:hong@korea.kr"},
	{"Hong.GD@Korea.kr로", "email:hong.gd@korea.kr"},
	{"https://www.law.go.kr/법령", "url:www.law.go.kr"},
	{"www.law.go.kr.", "url:www.law.go.kr"},
	{"(http://gov.kr/a?b=1)", "url:gov.kr/a?b=1"},

	// plain numbers
	{"합계 1,234,567", "number:1234567"},
	{"1,23", "number:1 number:23"},
	{"3.14", "number:157/50"},
	{"007", "number:7"},
	{"총 5", "number:5"},

	// what is no value
	{"", ""},
	{"제19조제1항", ""},
	{"「민원 처리에 관한 법률」 제19조제1항 및 제2항에 따라 14일 이내", "period:14일"},
	{"별표 1의2 및 별지 제3호서식", ""},
	{"부칙 <제36296호, 2026. 5. 6.> 제4조", ""},
	{"조사해 5년마다 알린다", "period:5년"},
	{"1. 민원 3건", "count:3건"},
	{"1) 접수\n2) 처리 2건", "count:2건"},
	{"(1) 접수", ""},
	{"가. 접수", ""},
	{"  3\\. 접수", ""},
	{"붙임  1. 계획서 1부.  2. 명단 2부.  끝.", "count:1부 count:2부"},
	{"A4 용지, COVID-19, IPv6", ""},
	{"만일 이사와 사회의 사건", ""},
	{"십분 활용하고 오십시오", ""},
	{"세부 계획의 한번 해", ""},
	{"한 부서와 세 대상, 네 개인", ""},
	{"① 접수 ② 처리", ""},
	{"안내드립니다.2. 민원 3건", "count:3건"},
	{"가능 여부1) 설비 2개", "count:2개"},
	{"사고, 구조, 일원, 이천시, 천만에", ""},
	{"100만큼", "number:100"},
	{"3조 2교대", "count:3조 number:2"},
}

func TestValues(t *testing.T) {
	if len(valueCases) < 150 {
		t.Fatalf("only %d cases", len(valueCases))
	}
	for _, tt := range valueCases {
		var keys []string
		for _, v := range Values(tt.in) {
			keys = append(keys, v.Key())
		}
		if got := strings.Join(keys, " "); got != tt.want {
			t.Errorf("Values(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestValueSpans(t *testing.T) {
	s := "담당자는 2026. 5. 6.(수) 오후 3시까지 금50,000원과 두 차례, 1억 2천만 원, 100분의 10을 https://gov.kr. 로"
	want := []string{"2026. 5. 6.", "오후 3시", "50,000원", "두 차례", "1억 2천만 원", "100분의 10", "https://gov.kr"}
	var got []string
	for _, v := range Values(s) {
		got = append(got, string([]rune(s)[v.Start:v.End]))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestMatches(t *testing.T) {
	tests := []struct {
		claim, source string
		want          bool
	}{
		{"5월 6일", "2026. 5. 6.", true},
		{"2026. 5. 6.", "5월 6일", false}, // the source does not say the year
		{"5월 6일", "2026. 5. 7.", false},
		{"2026년", "2026. 5. 6.", true},
		{"2026년 5월", "2026-05-06", true},
		{"2025년", "2026-05-06", false},
		{"5월", "2026-05-06", true},
		{"5월", "2026년", false},
		{"7일", "7주", false},
		{"7일", "7일 이내", true},
		{"5만원", "50,000원", true},
		{"5만원", "50,000", false},
		{"10여 명", "10명", false},
		{"50%", "1/2", true},
	}
	for _, tt := range tests {
		a, b := Values(tt.claim), Values(tt.source)
		if len(a) != 1 || len(b) != 1 {
			t.Errorf("%q, %q: %v, %v", tt.claim, tt.source, a, b)
			continue
		}
		if got := a[0].Matches(b[0]); got != tt.want {
			t.Errorf("%q matches %q: %v", tt.claim, tt.source, got)
		}
	}
}

func checkValues(t *testing.T, s string) {
	t.Helper()
	n, at := len([]rune(s)), 0
	for _, v := range Values(s) {
		if v.Start < at || v.End <= v.Start || v.End > n || v.Amount == "" || v.Kind == "" {
			t.Fatalf("%q: %+v at %d of %d", s, v, at, n)
		}
		if !v.Matches(v) {
			t.Fatalf("%q: %+v does not match itself", s, v)
		}
		at = v.End
	}
}

func FuzzValues(f *testing.F) {
	for _, tt := range valueCases {
		f.Add(tt.in)
	}
	f.Fuzz(checkValues)
}

// TestFragments joins pieces of the cases at random.
func TestFragments(t *testing.T) {
	var pieces []string
	for _, tt := range valueCases {
		for i, r := range []rune(tt.in) {
			if i%3 == 0 {
				pieces = append(pieces, string(r))
			}
		}
		pieces = append(pieces, strings.Fields(tt.in)...)
	}
	pieces = append(pieces, " ", "\n", "\n\n", "(", "\"", ".", "다.", "만", "억", "분의", "여")
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 10_000 {
		var b strings.Builder
		for range 1 + rnd.IntN(12) {
			b.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		checkValues(t, b.String())
		checkSentences(t, b.String())
	}
}
