package official

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// kindOf is the kind of document in which a rule's examples are read.
func kindOf(r rule) Options {
	opt := Options{Final: true}
	if r.Kinds != nil {
		opt.Kind = r.Kinds[0]
	}
	return opt
}

func codes(findings []Finding) []string {
	var out []string
	for _, f := range findings {
		out = append(out, f.Code)
	}
	return out
}

// TestRules holds every rule to its own examples: bad is found, good is wholly
// clean, and a certain fix takes the finding away.
func TestRules(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rules {
		if seen[r.Code] {
			t.Errorf("%s occurs twice", r.Code)
		}
		seen[r.Code] = true
		if r.Severity != Error && r.Severity != Warning || !strings.HasSuffix(r.Why, ".") {
			t.Errorf("%s: severity %q, why %q", r.Code, r.Severity, r.Why)
		}
		bad := Lint(r.Bad, kindOf(r))
		if !slices.Contains(codes(bad), r.Code) {
			t.Errorf("%s: not found in %q, only %v", r.Code, r.Bad, codes(bad))
		}
		good := Lint(r.Good, kindOf(r))
		good = slices.DeleteFunc(good, func(f Finding) bool { // the example of one rule is the concern of the other
			return r.Code == "RHETORIC_CONTRAST" && f.Code == "CONTRAST_CHECK"
		})
		if len(good) > 0 {
			t.Errorf("%s: found in %q: %+v", r.Code, r.Good, good)
		}
		for _, f := range bad {
			if f.Code == r.Code && f.Fix != "" {
				fixed := apply(r.Bad, []Finding{f})
				if slices.ContainsFunc(Lint(fixed, kindOf(r)), func(g Finding) bool { return g.Code == r.Code && g.Start == f.Start }) {
					t.Errorf("%s: %q fixed to %q is found again", r.Code, r.Bad, fixed)
				}
			}
		}
	}
	for _, code := range strings.Fields(`DATE_NO_SPACE DATE_ZERO_PAD DATE_2DIGIT_YR DATE_NO_END_DOT TIME_AMPM TIME_24H TIME_COLON_SP MONEY_CHEONWON
		MONEY_GEUM_SP MONEY_NO_HANGUL BUNIM_COLON KKAJI_DUP TILDE_SPACE FOREIGN_FIRST COLON_SPACE DUEUM_ERROR AI_EM_DASH AI_BOLD_OVERUSE END_SPACING
		LOANWORD_ERROR DISCRIMINATORY_TERM END_MISSING END_AFTER_PARTIAL_TABLE BUNIM_SINGLE_NUMBERED ITEM_ORDER ITEM_SINGLE MONEY_MISMATCH
		WEEKDAY_MISMATCH LAW_BRACKET INTERNAL_SENDER PLACEHOLDER_LEFT LEVEL_SKIPPED TWO_SENTENCES DA_ENDING DEONTIC RHETORIC_CONTRAST CONTRAST_CHECK
		QUESTION_EXCLAIM GEOSIDA COUPLET ITEM_LONG CONCL_LONG LEAD_ENDING LEAD_LONG DATE_KOREAN`) {
		if !seen[code] {
			t.Errorf("rule %s is missing", code)
		}
	}
}

// TestLint holds rules to what they must find and leave alone beyond their examples.
func TestLint(t *testing.T) {
	for _, tt := range []struct {
		kind Kind
		text string
		want string // codes
		// fixed is the text after Apply until nothing changes; "" if no fix is certain
		fixed string
	}{
		{"", "2026.06.09 (화)까지", "DATE_NO_END_DOT DATE_NO_SPACE DATE_WEEKDAY_SP DATE_ZERO_PAD", "2026. 6. 9.(화)까지"},
		{"", "2026.6. 실시", "DATE_NO_SPACE", "2026. 6. 실시"},
		{"", "2026. 06. 실시", "DATE_ZERO_PAD", "2026. 6. 실시"},
		{"", "2026.13.40. 판", "", ""},
		{"", "서버 10.2026.1.12 주소", "", ""},
		{"", "개정 2.31 판, 1234.5.6", "", ""},
		{"", "<개정 2022.7.11> 그 밖의 것", "", ""},
		{"", "주소 https://a.kr/2026.6.19/b:c 및 a.b@c.kr", "", ""},
		{"", "```\n2026.6.19\n```\n`오후 3시`", "", ""},
		{"", "---\ndate: 2026.6.19\n---\n본문", "", ""},
		{"", "![](data:image/png;base64,iVBORw0KGgo2026x6x19==)", "", ""},
		{"", "'98. 6. 19. 제정, ’26. 1. 2. 개정", "DATE_2DIGIT_YR DATE_2DIGIT_YR", "1998. 6. 19. 제정, 2026. 1. 2. 개정"},
		{"", "오전 9시부터 오후 6시까지", "TIME_AMPM TIME_AMPM", "09:00부터 18:00까지"},
		{"", "오후 12시 30분, 낮 12시", "TIME_AMPM TIME_AMPM", "12:30, 12:00"},
		{"", "오전 12시에, 밤 9시에, 오후 3시 반에", "TIME_AMPM TIME_AMPM TIME_AMPM", ""},
		{"", "오후 3시간 동안", "", ""},
		{"", "24시간 운영, 124시 아님", "", ""},
		{"", "비율은 3 : 10, 경쟁률 2 : 50", "", ""},
		{"", "09 : 00에 시작", "TIME_COLON_SP", "09:00에 시작"},
		{"", "(단위: 천원), 수수료 5천원", "", ""},
		{"", "1,234천원, 3만 5천원, 2만5천원", "MONEY_CHEONWON", "1,234,000원, 3만 5천원, 2만5천원"},
		{"", "| 345천원 |", "", ""},
		{"", "지원금 100만원, 보조금 3,000원", "", ""},
		{"", "금 5,000원", "MONEY_GEUM_SP", "금5,000원(금오천원)"},
		{"", "금5,000원 (금오천원)", "", ""},
		{"", "금5,000원(금오백원)", "MONEY_MISMATCH", ""},
		{"", "5,000원(오천원정), 금110,000원(금십일만원)", "", ""},
		{"", "50,000원(오만), 10,000원(만원)", "", ""},
		{"", "붙임 : 계획서 1부.", "BUNIM_COLON", "붙임  계획서 1부."},
		{"", "3∼5명을 6월까지 뽑음", "", ""},
		{"", "만 19∼34세까지, ~ 6. 15.(월)까지", "KKAJI_DUP KKAJI_DUP TILDE_SPACE", ""},
		{"", "09:00 ~ 18:00, 3명 ~5명", "TILDE_SPACE TILDE_SPACE", "09:00~18:00, 3명~5명"},
		{"", "~~취소~~ 했음", "", ""},
		{"", "업무 협약(MOU), CCTV(3대), 2026 MBC(문화방송)", "FOREIGN_FIRST", ""},
		{"", "일시 : 10:00, 비고:없음", "COLON_SPACE COLON_SPACE", "일시: 10:00, 비고: 없음"},
		{"", "1:1 상담, 제목: 가", "", ""},
		{"", "2026 년도 예산, 수 년간, 10 년간", "", ""},
		{"", "신년도 사업, 년말까지", "", ""},
		{"", "사업 (년간 3회), 년도별 실적", "DUEUM_ERROR DUEUM_ERROR", "사업 (연간 3회), 연도별 실적"},
		{"", "— 항목\n10–20명", "", ""},
		{"", "알립니다.끝.\n손끝\n처음과 끝", "END_SPACING", "알립니다.  끝.\n손끝\n처음과 끝"},
		{"", "1부. 끝", "END_SPACING", "1부.  끝."},
		{"", "1부.  끝\n", "", ""},
		{"", "컨셉은, 컨셉", "LOANWORD_ERROR LOANWORD_ERROR", "컨셉은, 콘셉트"},
		{"", "미망인, 벙어리장갑", "DISCRIMINATORY_TERM", ""},
		{"", "2026. 6. 18.(목)∼6. 19.(목), 2026. 6. 19.(금)", "WEEKDAY_MISMATCH", ""},
		{"", "2026. 12. 30.∼2027. 1. 2., 2026. 12. 30.∼1. 2.", "RANGE_ORDER", ""},
		{"", "「민원 처리에 관한 법률」 제27조와 같은 법 제28조, 법 제3조", "", ""},
		{"", "민원처리법 제27조", "LAW_BRACKET", ""},
		{"", "다른 기관의 장이나 법 제151조에 따른 조합, 이 영 시행 이후 법 제11조에 따른 허가", "", ""},
		{"", "「공무원연금법」(이하 \"연금법\"이라 한다) 제2조와 연금법 제65조, 삭제 <2011.6.7>", "", ""},
		{"", "서울특별시 청년기본조례 제10조", "LAW_BRACKET", "「서울특별시 청년기본조례」 제10조"},
		{"", "대통령령 제19806호 국가재정법 시행령 부칙 제4조", "", ""},
		{"", "현장설명일 7일 전", "", ""},
		{"", "민원 처리에 관한 법률 시행령 제21조제1항 및 제2항", "LAW_BRACKET", "「민원 처리에 관한 법률 시행령」 제21조제1항 및 제2항"},

		{KindLetter, "1. 관련: 가\n2. 알립니다.\n\n붙임  1. 계획서 1부.\n      2. 명단 1부.", "END_MISSING", "1. 관련: 가\n2. 알립니다.\n\n붙임  1. 계획서 1부.\n      2. 명단 1부.  끝."},
		{KindLetter, "1. 관련: 가\n2. 알립니다.\n\n붙임  1. 계획서 1부.\n      2. 명단 1부.  끝.", "", ""},
		{KindLetter, "수신  내부결재\n제목  보고\n\n알립니다.", "END_MISSING", ""},
		{KindLetter, "알립니다.", "", ""}, // a piece of a letter
		{KindLetter, "1. 관련\n2. 아래와 같이 알립니다.\n  가. 일시\n  나. 장소\n    1) 본관\n    2) 별관  끝.", "", ""},
		{KindLetter, "가. 일시\n나. 장소  끝.", "", ""},
		{KindReply, "1. 안녕하십니까? 2. 귀하의 민원은 다음과 같습니다.\n", "", ""},
		{KindLetter, "1. 하나\n\n1. 둘", "ITEM_SINGLE ITEM_SINGLE", ""}, // two lists
		{KindReply, "⑴ 하나\n⑵ 둘", "", ""},
		{KindLetter, "6. 19.(금) 회의\n①② 표기", "", ""},
		{KindLetter, "수신  내부결재\n제목  보고\n\n알립니다.  끝.\n\n주무관\n홍길동\n서울특별시장", "", ""},
		{KindLetter, "수신  행정안전부장관\n제목  보고\n\n알립니다.  끝.\n\n서울특별시장", "", ""},
		{"", "| 가 | 나 |\n|---|---|\n| 1 | 2 |\n\n  끝.", "", ""},
		{KindLetter, "2026년 8월 22일에 회의를 개최합니다. 꼭 필요한가?", "", ""}, // golden: the style of reports is not that of letters
		{KindLetter, "○ 예산을 증액한다.", "", ""},
		{KindReport, "○ 예산을 증액한다.", "DA_ENDING", ""},
		{KindReport, "□ 왜 필요한가?\n ○ “왜 필요한가?”라는 질문\n ○ 예산 증액(한다)", "", ""},
		{KindReport, "○ 태평양 바다\n ○ 예산을\n   증액한다", "DA_ENDING", ""},
		{KindReport, "Ⅰ. 배경\n□ 현황\n ㅇ 민원 증가\n   - 120건\n   * 상반기\n□ 계획", "", ""},
		{KindReport, "□ 현황\n\n- 2 -\n\n1. 진단\n - 민원 증가", "", ""}, // a page number, a heading of another kind
		{KindReport, "○ 2026년 8월 추진\n ○ 2026년 8∼9월 추진", "DATE_KOREAN", "○ 2026. 8. 추진\n ○ 2026년 8∼9월 추진"},
		{KindReport, "□ 현황\n ㅇ민원 증가\n  - 120건\n- 3 -\n\n○○과 예산을 증액한다.", "", ""},
		{KindReport, "Ⅰ. 현황\n - 민원 증가", "LEVEL_SKIPPED", ""},
		{KindPress, "□ 행정안전부는 회의를 열었다.\n ㅇ 50명이 참석했다. 논의했다.", "", ""},
	} {
		got := Lint(tt.text, Options{Kind: tt.kind})
		if diff := cmp.Diff(strings.Fields(tt.want), codes(got), cmp.Transformer("sorted", func(s []string) []string { s = slices.Clone(s); slices.Sort(s); return s })); diff != "" && len(got)+len(tt.want) > 0 {
			t.Errorf("Lint(%q, %s) (-want +got):\n%s%+v", tt.text, tt.kind, diff, got)
		}
		fixed := tt.text
		for range 5 {
			fixed = apply(fixed, Lint(fixed, Options{Kind: tt.kind}))
		}
		if tt.fixed != "" && fixed != tt.fixed || tt.want == "" && fixed != tt.text {
			t.Errorf("apply(%q)\n got %q\nwant %q", tt.text, fixed, tt.fixed)
		}
	}
}

func TestFinal(t *testing.T) {
	text := "담당: {{이름}}, ○○과 / ○○○ / 000-0000, [작성 필요: 예산]"
	if got := Lint(text, Options{Kind: KindReport}); len(got) > 0 {
		t.Errorf("a draft may have gaps: %+v", got)
	}
	if got := codes(Lint(text, Options{Kind: KindReport, Final: true})); len(got) != 4 {
		t.Errorf("a final document: %v, want 4 gaps", got)
	}
}

// TestPlaces: offsets are code points, also behind characters outside the BMP
// and Windows line ends, and findings come in order.
func TestPlaces(t *testing.T) {
	text := "𠀋 첫 줄\r\n일시 : 2026.6.19.\r\n"
	got := Lint(text, Options{})
	want := []Finding{
		{Code: "COLON_SPACE", Severity: Warning, Start: 9, End: 12, Fix: ": ", Text: "쌍점은 앞말에 붙이고 뒤를 한 칸 띄웁니다. ‘ : ’ → ‘: ’"},
		{Code: "DATE_NO_SPACE", Severity: Error, Start: 12, End: 22, Fix: "2026. 6. 19.", Text: "날짜의 온점 뒤는 한 칸 띄웁니다. ‘2026.6.19.’ → ‘2026. 6. 19.’"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := apply(text, got); got != "𠀋 첫 줄\r\n일시: 2026. 6. 19.\r\n" {
		t.Errorf("Apply = %q", got)
	}
}

// FuzzLint: findings lie within the text and are not empty; without a fix
// nothing changes.
func FuzzLint(f *testing.F) {
	for _, r := range rules {
		f.Add(r.Bad)
		f.Add(r.Good + "\n" + r.Bad)
	}
	f.Add("\xff\xfe2026.6.19\x80 : 끝")
	f.Fuzz(func(t *testing.T, text string) {
		n := len([]rune(text))
		for _, kind := range []Kind{"", KindLetter, KindReport, KindPress} {
			findings := Lint(text, Options{Kind: kind, Final: true})
			for _, x := range findings {
				if x.Start < 0 || x.End > n || x.Start >= x.End || x.Text == "" {
					t.Errorf("Lint(%q): %+v", text, x)
				}
			}
			apply(text, findings)
		}
	})
}

// apply returns text with the fixes of findings, which Lint must have returned
// for this text. Of fixes that overlap only the first is made: lint again for
// the others. A finding without a fix changes nothing.
func apply(text string, findings []Finding) string {
	runes := []rune(text)
	var b strings.Builder
	at := 0
	sorted := slices.Clone(findings)
	slices.SortStableFunc(sorted, func(a, b Finding) int { return a.Start - b.Start })
	for _, f := range sorted {
		if f.Fix == "" || f.Start < at || f.End > len(runes) || f.End < f.Start {
			continue
		}
		b.WriteString(string(runes[at:f.Start]))
		b.WriteString(f.Fix)
		at = f.End
	}
	b.WriteString(string(runes[at:]))
	return b.String()
}
