package text

import (
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// Each case is a text with ⏐ where one sentence ends and the next begins.
var sentenceCases = []string{
	"",
	"민원을 접수한다.",
	"민원을 접수하였다.⏐ 담당자가 처리한다.",
	"민원을 접수하였다.⏐담당자가 처리한다.",
	"민원을 접수함.⏐ 담당자가 처리함.",
	"민원을 접수함.⏐담당자가 처리함.",
	"접수되었습니다.⏐ 감사합니다.",
	"어떻게 신청하나요?⏐ 인터넷으로 하시면 됩니다.",
	"가능합니까?⏐가능합니다.",
	"감사합니다!⏐ 안녕히 계세요.",
	"정말입니까?!⏐ 그렇습니다.",
	"끝났습니다...⏐ 다음 안건입니다.",
	"마침표가 없는 문장",
	"처리할 것.⏐ 보고할 것.",
	"담당자가 알려드림.⏐ 이상임.",

	// dates, numbers, abbreviations
	"2026. 5. 6. 시행한다.⏐ 다음 날 공고한다.",
	"이 영은 2026. 5. 6.부터 시행한다.",
	"기간은 2026. 5. 6.(수)부터 5. 8.(금)까지이다.⏐ 장소는 시청이다.",
	"'26. 5. 6. 개최 예정임.",
	"증가율은 3.5%이다.⏐ 작년은 2.1%였다.",
	"비율은 3.5%.⏐ 다음은 예산이다.",
	"버전 1.2.3을 설치한다.",
	"See No. 5 for details.⏐ Then reply.",
	"No. 5 서식을 쓴다.",
	"Mr. Kim submitted it.⏐ Dr. Lee replied.",
	"Use e.g. a form.⏐ It works.",
	"It costs 5 dollars.⏐ It is free on Monday.",
	"The rate is 3.5.⏐ The rest follows.",
	"J. Kim이 작성하였다.",
	"업무 협약은 MOU.⏐ 그 밖은 계약이다.",
	"금액은 1,000,000원이다.⏐ 기한은 14일이다.",

	// citations
	"제1조의2에 따라 처리한다.⏐ 제2조는 준용한다.",
	"「민원 처리에 관한 법률」 제19조제1항에 따른다.⏐ 같은 조 제2항도 같다.",
	"부칙 <제36296호, 2026. 5. 6.> 제4조에 따른다.⏐ 끝.",
	"처리하여야 한다. <개정 2022. 7. 11., 2024. 10. 29.>⏐ 다만, 예외로 한다.",
	"처리하여야 한다.[1]⏐ 다음과 같다.[2]",
	"처리한다.(제3조 참고)⏐ 기한은 없다.",
	"제1조(목적) ① 이 영은 목적을 정한다.⏐ ② 다만, 예외로 한다.",

	// addresses
	"자세한 내용은 www.law.go.kr에서 확인한다.⏐ 문의는 전화로 한다.",
	"https://www.gov.kr/portal/main.do 를 이용한다.⏐ 끝.",
	"누리집은 https://www.gov.kr.⏐ 전화는 110이다.",
	"hong.gildong@korea.kr로 보낸다.⏐ 회신을 기다린다.",
	"계획서.hwp 파일을 연다.⏐ report.pdf도 있다.",
	"data.go.kr 참조.⏐ 감사합니다.",

	// quotation marks and brackets
	"그는 \"안 된다. 돌아가라.\"라고 말하였다.⏐ 민원인은 떠났다.",
	"그는 “안 된다.”고 하였다.⏐ 끝이다.",
	"“안 된다. 돌아가라.”⏐ 담당자가 말하였다.",
	"\"처리한다.\"⏐ 그가 말했다.",
	"신청서(별지 서식을 말한다. 이하 같다)를 낸다.⏐ 심사한다.",
	"신청한다(다만, 예외가 있다.).⏐ 심사한다.",
	"(단, 예외는 없다.)⏐ 다음과 같다.",
	"「제목. 부제」를 읽는다.⏐ 쓴다.",
	"괄호가 (닫히지 않았다.⏐ 그래도 나눈다.",
	"따옴표가 \"닫히지 않았다.⏐ 그래도 나눈다.",
	"그는 말했다.⏐ \"옳다.\"⏐ 그리고 갔다.",
	"이른바 '적극행정.'이라는 말이다.⏐ 그렇다.",
	"[참고] 기준은 다음과 같다.⏐ 심사한다.",

	// list marks
	"1. 민원을 접수한다.\n⏐2. 민원을 처리한다.",
	"1. 접수\n⏐2. 처리\n⏐3. 회신",
	"가. 접수한다.\n⏐나. 처리한다.",
	"가. 접수\n⏐나. 처리",
	"1) 접수\n⏐2) 처리",
	"가) 접수\n⏐나) 처리",
	"(1) 접수\n⏐(2) 처리",
	"2. ICT 공공기관의 임원\n⏐3. 그 밖의 사람",
	"안내드립니다.⏐2. 민원 내용은 다음과 같습니다.⏐3. 검토 의견입니다.",
	"가능한지?⏐- 답변: 가능합니다.",
	"① 접수한다.⏐ ② 처리한다.",
	"□ 추진 배경\n⏐ ○ 민원 증가에 대응\n⏐   - 인력 충원\n⏐   - 예산 확보",
	"○ 접수함\n⏐○ 처리함",
	"- 접수\n⏐- 처리",
	"※ 유의 사항\n⏐ㆍ기한 준수",
	"다음 각 호와 같다.\n⏐  1\\. 접수\n⏐  5의2\\. 처리\n⏐    가\\. 회신",
	"붙임  1. 계획서 1부.⏐  2. 명단 1부.⏐  끝.",
	"**①** 접수한다.\n\n⏐**②** 처리한다.",

	// line breaks
	"민원을 접수한 날부터\n7일 이내에 처리한다.⏐ 끝.",
	"민원을 접수한 기\n관은 처리한다.\n⏐다른 기관은 이송한다.",
	"첫 문단이다\n\n⏐둘째 문단이다",
	"첫 문단이다\n  \n⏐둘째 문단이다",
	"# 제목\n⏐본문이 이어진다.",
	"## 제1장 총칙\n\n⏐##### 제1조 (목적)\n\n⏐이 법은 목적을 정한다.",
	"제1장 총칙\n⏐제1조(목적) 이 법은 목적을\n정한다.\n⏐제2조(정의) 뜻은 다음과 같다.",
	"민원을\n제3조에 따라 처리한다.",
	"| 구분 | 내용 |\n⏐| 수수료 | 없음. |\n⏐설명이 이어진다.",
	"수신: 가온시장\n⏐제목: 민원 회신\n⏐\n민원을 처리하였습니다.",
	"시행일은 2026. 5. 6.\n⏐가온시장이 정한다.",
	"시행일은 2026. 5.\n6.로 한다.",
	"기한은 2026. 5. 6.\n까지로 한다.",
	"○ 민원 증가에 따라\n   인력을 충원함\n⏐○ 예산 확보",
	"【추진 배경】\n⏐민원이 늘었다.",
	"Ⅰ. 추진 배경\n⏐민원이 늘었다.",
	"첫째 줄이다.\r\n⏐둘째 줄이다.",

	// English
	"The form is free.⏐ You can apply online.⏐ Is that all?⏐ Yes!",
	"The U.S. office replied.⏐ It agreed.",
	"Visit gov.kr for more.⏐ Call us.",
	"He said \"No. Go home.\" and left.⏐ We stayed.",
	"Fees apply (see Fig. 2).⏐ They rose.",
}

func TestSentences(t *testing.T) {
	if len(sentenceCases) < 80 {
		t.Fatalf("only %d cases", len(sentenceCases))
	}
	for _, marked := range sentenceCases {
		var want []string
		for _, w := range strings.Split(marked, "⏐") {
			if w = strings.TrimSpace(w); w != "" {
				want = append(want, w)
			}
		}
		s := strings.ReplaceAll(marked, "⏐", "")
		r := []rune(s)
		var got []string
		for _, sp := range Sentences(s) {
			got = append(got, string(r[sp.Start:sp.End]))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: -want +got\n%s", s, diff)
		}
	}
}

func checkSentences(t *testing.T, s string) {
	t.Helper()
	r := []rune(s)
	at := 0
	gap := func(to int) {
		for ; at < to; at++ {
			if !unicode.IsSpace(r[at]) {
				t.Fatalf("%q: %q at %d is in no sentence", s, r[at], at)
			}
		}
	}
	for _, sp := range Sentences(s) {
		if sp.Start < at || sp.End <= sp.Start || sp.End > len(r) {
			t.Fatalf("%q: span %v at %d of %d", s, sp, at, len(r))
		}
		gap(sp.Start)
		at = sp.End
	}
	gap(len(r))
}

func FuzzSentences(f *testing.F) {
	for _, s := range sentenceCases {
		f.Add(strings.ReplaceAll(s, "⏐", ""))
	}
	f.Fuzz(checkSentences)
}

func TestNormalize(t *testing.T) {
	tests := []struct{ in, want string }{
		{"ＡＢＣ　１２３％", "abc 123%"},
		{"시ㆍ도ㆍ군", "시·도·군"},
		{"시‧도•군・구", "시·도·군·구"},
		{"“법”이라 ‘한다’", "\"법\"이라 '한다'"},
		{"4. 23.∼6. 15.", "4. 23.~6. 15."},
		{"가～나〜다", "가~나~다"},
		{"｀가｀", "'가'"},
		{"민원\u00a0처리\u200b", "민원 처리"},
		{"2026–2027", "2026-2027"},
		{"\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"},
		{"MOU", "mou"},
		{"", ""},
	}
	for _, tt := range tests {
		got := Normalize(tt.in)
		if got != tt.want {
			t.Errorf("Normalize(%q) = %q, want %q", tt.in, got, tt.want)
		}
		if again := Normalize(got); again != got {
			t.Errorf("Normalize(%q) is not idempotent: %q", got, again)
		}
	}
}
