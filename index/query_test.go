package index

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"biseo/korea/text"
)

func TestQueryKind(t *testing.T) {
	for query, want := range map[string]QueryKind{
		"":                  Sentence,
		"육아휴직 급여 신청":        Sentence,
		"주차장":               Sentence,
		"민원처리법 제19조":        Citation,
		"영 21조 제1항이 적용되나요?": Citation,
		"우리 과에서 공공기록물 관리에 관한 법률 시행령 제2조에 따라 신청을 처리하려고 하는데 기한은 언제인가요?":   Citation,
		"제20조 (우수기관 등에 대한 포상 등) ① 행정안전부장관과 행정청은 국민제안의 활성화에 직접적인 공로가 있는": Figures,
		"민원처리법에서 처리기간을 세는 방법":           Name,
		"「고향사랑 기부금에 관한 법률」":             Name,
		"「반부패 추진 계획」 알려줘":               Name,
		"2026년 3월 예산 지침":                Figures,
		"50,000원 이하의 과태료":               Figures,
		"육아휴직 급여는 어떻게 신청하나요?":           Sentence,
		"주차장 요금 알려줘":                    Sentence,
		"아이를 키우는 공무원이 쉴 수 있는 방법":        Sentence,
		"what is the fee of a passport": Sentence,
		"건축법 제11조에 대한 문의입니다. " + strings.Repeat("저희 건물은 지은 지 오래되었습니다. ", 5): Sentence,
		"\xff\xfe": Sentence,
	} {
		if got := QueryKindOf(query); got != want {
			t.Errorf("QueryKindOf(%q) = %d, want %d", query, got, want)
		}
	}
}

// Names and figures are what words find; a named article is found by words alone.
func TestFusionFor(t *testing.T) {
	share := func(query string) float64 { return FusionFor(query).Words }
	if c, n, f, s := share("민원처리법 제19조"), share("민원처리법"), share("2026년 예산"), share("예산은 어떻게 쓰나요?"); c != 1 || !(c > n && n > f && f > s) {
		t.Errorf("words count %v for a citation, %v for a name, %v for a figure, %v in a sentence: want them less and less from 1", c, n, f, s)
	}
	for _, query := range []string{"", "민원처리법 제19조", "민원처리법", "2026년 예산", "예산은 어떻게 쓰나요?", strings.Repeat("가", 5000)} {
		f := FusionFor(query)
		if sum := f.Words + f.Meaning; sum < .999 || sum > 1.001 || f.Depth < 50 || f != f.For("other") || (Fusion{}).For(query) != f {
			t.Errorf("FusionFor(%.20q) = %+v", query, f)
		}
	}
}

func TestSearchTerms(t *testing.T) {
	var stored []string
	for _, s := range []string{"지원금을 신청한다", "민원의 처리기간", "폐기물", "사가문 사나문 사다문 사라문", "휴직 휴게 휴가 휴지통"} {
		stored = append(stored, text.Terms(s)...)
	}
	calls := 0
	seen := func(terms []string) (map[string]bool, error) {
		calls++
		m := map[string]bool{}
		for _, t := range terms {
			m[t] = slices.Contains(stored, t)
		}
		return m, nil
	}
	for _, tt := range []struct {
		query string
		more  string // words whose terms are added
	}{
		{"지언금", "지원금"},
		{"지언금을 어떻게 신청하나요", "지원금"},
		{"신처", ""},
		{"지원금", ""},
		{"쓰레기", "폐기물"},
		{"민원처리기간", ""}, // a compound that is not written in one word
		{"휴자", ""},     // 휴가, 휴지, 휴게 and more: two syllables tell too little
		{"지완굼", ""},    // two letters
		{"사자문", ""},    // which of them?
		{"MOU", ""},
		{"", ""},
		{"은 는 이 가", ""},
		{"\xff", ""},
	} {
		got, err := SearchTerms(tt.query, seen)
		if err != nil {
			t.Fatal(err)
		}
		want := text.QueryTerms(tt.query)
		for _, w := range strings.Fields(tt.more) {
			if slices.Contains(stored, text.StemTerm(w)) {
				want = append(want, text.Terms(w)...)
			}
		}
		slices.Sort(want)
		diff(t, append([]string{}, got...), append([]string{}, slices.Compact(want)...))
	}
	if _, err := SearchTerms("지언금", func([]string) (map[string]bool, error) { return nil, errors.New("down") }); err == nil {
		t.Error("an error of the store is lost")
	}
	calls = 0
	if got, err := SearchTerms(strings.Repeat("지언금 가나다라마바사 힣갛낗닿랗맣밯 ", 2000)+strings.Repeat("갹", 10_000), seen); err != nil || len(got) > mostTerms+100 || calls > 2 {
		t.Errorf("a long query: %d terms, %d calls, %v", len(got), calls, err)
	}
}
