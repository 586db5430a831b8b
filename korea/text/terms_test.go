package text

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTerms(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"처리기간을", "=처리기간 처리 리기 기간"},
		{"처리 기간", "=처리 처리 리기 =기간 기간"},
		{"처리는 기간", "=처리 처리 =기간 기간"}, // no bigram behind a particle
		{"처리, 기간", "=처리 처리 =기간 기간"},
		{"수집ㆍ이용 수집·이용", "=수집 수집 =이용 이용 용수 =수집 수집 =이용 이용"},
		{"신청하려면", "=신청 신청"},
		{"신청서로 결과는", "=신청서 신청 청서 =결과 결과"},
		{"육아휴가 처리기한", "=육아휴가 육아 아휴 휴가 가처 =처리기한 처리 리기 기한"},
		{"휴직자가 사무실로", "=휴직자 휴직 직자 =사무실 사무 무실"},
		{"법은 은행 법", "법 =법은 법은 은은 =은행 은행 행법 법"},
		{"Agencies' CLASSES, the GPS", "agency class the gps"},
		{"ＡＢＣ １２３", "abc 123"},
		{"처\u200b리\u00ad기간", "=처리기간 처리 리기 기간"},
		{"㎡당 ① 1,234명 3.5%", "당 1234 1234명 명 3.5"},
		{"大韓民國", "大 大韓 韓 韓民 民 民國 國 =대한민국 대한 한민 민국"},
		{"民願을", "民 民願 願 =민원 민원 을"},
		{"料金", "料 料金 金 =요금 요금"},
		{"女性", "女 女性 性 =여성 여성"},
		{"比率", "比 比率 率 =비율 비율"},
		{"法律", "法 法律 律 =법률 법률"},
		{"老人", "老 老人 人 =노인 노인"},
		{"民", "民"},
		{"龘民", "龘 龘民 民"}, // a reading that is not known
		{"2026. 10. 2.", "2026-10-02 2026-10 10-02 2026 10 2"},
		{"2026-10-02", "2026-10-02 2026-10 10-02 2026 10 02"},
		{"2026년 10월 2일", "2026-10-02 2026-10 2026 2026년 년 10-02 10 10월 월 2 2일 일"},
		{"2026. 13. 2.", "2026 13 2"},
		{"2026년 3월", "2026-03 2026 2026년 년 3 3월 월"},
		{"2026. 3.", "2026-03 2026 3"},
		{"2026.3월", "2026-03 2026.3 2026.3월 월"},
		{"26.3월", "2026-03 26.3 26.3월 월"},
		{"26년 3월", "2026-03 26 26년 년 3 3월 월"},
		{"'26. 3. 2.", "2026-03-02 2026-03 03-02 26 3 2"},
		{"’98년 12월", "1998-12 98 98년 년 12 12월 월"},
		{"2026-03", "2026-03 2026 03"},
		{"26년 13월", "26 26년 년 13 13월 월"},
		{"2026.3 2026.13.", "2026.3 2026.13"},
		{"50,000원", "50000 50000원 원"},
		{"5만 원", "5 50000원 5만 만 만원 원"},
		{"1억 2천만원", "1 120000000원 1억 억 2 20000000원 2천 =천만원 천만 만원"},
		{"12,000백만원", "12000 12000000000원 12000백 =백만원 백만 만원"},
		{"5만 명", "5 5만 만 만명 명"},
		{"02-123-4567", "02 021234567 123 4567"},
		{"02)123-4567", "02 021234567 123 4567"},
		{"1588-1234", "1588 15881234 1234"},
		{"10-20-30", "10 20 30"},
		{"\xff가나\xff", "=가나 가나"},
	}
	for _, tt := range tests {
		got := Terms(tt.in)
		if d := cmp.Diff(strings.Fields(tt.want), got, cmp.Transformer("nil", func(s []string) []string { return append([]string{}, s...) })); d != "" {
			t.Errorf("Terms(%q) (-want +got):\n%s", tt.in, d)
		}
	}
}

func TestDecomposedTextGivesTheSameTerms(t *testing.T) {
	if d := cmp.Diff(Terms("처리기간"), Terms("처리기간")); d != "" {
		t.Errorf("terms (-composed +decomposed):\n%s", d)
	}
}

func lawTerms(terms []string) []string {
	return slices.DeleteFunc(slices.Clone(terms), func(s string) bool { return !strings.HasPrefix(s, lawMark) })
}

func TestTermsOfCitations(t *testing.T) {
	tests := []struct{ in, want string }{
		{"「민원 처리에 관한 법률 시행령」 제21조제1항", "§민원처리에관한법률시행령 §민원처리에관한법률시행령/21 §민원처리에관한법률시행령/21/1"},
		{"민원처리법 제19조", "§민원처리에관한법률 §민원처리에관한법률/19"},
		{"민원처리법 21조 1항은?", "§민원처리에관한법률 §민원처리에관한법률/21 §민원처리에관한법률/21/1"},
		{"민원처리법에서", "§민원처리에관한법률"},
		{"제21조에 따라", "§/21"},
		{"제21조의2제3항제4호가목", "§/21의2 §/21의2/3 §/21의2/3/4 §/21의2/3/4/가"},
		{"제2조제5호", "§/2 §/2//5"},
		{"같은 조 제2항", ""},
		{"민원처리법 부칙 제1조", "§민원처리에관한법률 §민원처리에관한법률/부칙 §민원처리에관한법률/부칙/1"},
		{"부칙 제1조", "§/부칙 §/부칙/1"},
		{"5조 원 규모의 예산", ""},
	}
	for _, tt := range tests {
		for name, terms := range map[string][]string{"Terms": Terms(tt.in), "QueryTerms": QueryTerms(tt.in)} {
			if d := cmp.Diff(strings.Fields(tt.want), append([]string{}, lawTerms(terms)...)); d != "" {
				t.Errorf("%s(%q) (-want +got):\n%s", name, tt.in, d)
			}
		}
	}
}

func TestQueryTerms(t *testing.T) {
	tests := []struct{ in, want string }{
		{"여권 발급은 어떻게 하나요?", "=여권 여권 권발 =발급 발급"},
		{"여권 어디서 발급받을 수 있나요", "=여권 여권 =발급 발급"},
		{"What is the fee of a passport?", "fee passport"},
		{"업무협약(MOU)", "mou =업무협약 업무 무협 협약 mou"},
		{"MOU 체결", "mou =체결 체결"},
		{"업무협약을 체결", "mou =업무협약 업무 무협 협약 =체결 체결"},
		{"무엇인가요?", "=무엇 무엇"}, // nothing else to search for
		{"", ""},
	}
	for _, tt := range tests {
		got := QueryTerms(tt.in)
		if d := cmp.Diff(strings.Fields(tt.want), append([]string{}, got...)); d != "" {
			t.Errorf("QueryTerms(%q) (-want +got):\n%s", tt.in, d)
		}
	}
}

// What a document holds and a query asks must meet: every term of a query that
// quotes a document is a term of the document.
func TestQueryTermsAreTermsOfTheText(t *testing.T) {
	for _, s := range []string{
		"민원 처리기간은 제19조에 따라 2026. 10. 2.까지 5만 원을 국민신문고에서 연장할 수 있다.",
		"The agencies shall keep records of COVID-19 and 大韓民國",
	} {
		doc := Terms(s)
		for _, q := range QueryTerms(s) {
			if !slices.Contains(doc, q) {
				t.Errorf("query term %q of %q is not a document term", q, s)
			}
		}
	}
}

func TestSlips(t *testing.T) {
	for wrong, right := range map[string]string{"지언금": "지원금", "민언": "민원", "보조극": "보조금", "신처": "신청", "휴지": "휴직", "주처장": "주차장"} {
		if !slices.Contains(Slips(wrong), right) {
			t.Errorf("%s is not among the slips of %s", right, wrong)
		}
	}
	for _, w := range []string{"지원금", "가", "힣힣"} {
		s := Slips(w)
		slices.Sort(s)
		if n := len([]rune(w)) * (18 + 20 + 27); len(s) != n || len(slices.Compact(s)) != n || slices.Contains(s, w) {
			t.Errorf("%s has %d slips, want %d others", w, len(s), n)
		}
	}
	for _, w := range []string{"", "MOU", "지원 금", "民願"} {
		if s := Slips(w); len(s) > 0 {
			t.Errorf("%q has %d slips, want none", w, len(s))
		}
	}
}

func TestWeightOrdersTheKinds(t *testing.T) {
	article, name, word, stem := Weight("§민원처리에관한법률/19"), Weight("§민원처리에관한법률"), Weight("처리"), Weight("=처리")
	if !(article > name && name > word && word == 1 && word > stem && stem > 0) {
		t.Errorf("weights article %v, law %v, word %v, stem %v: want them in this order, word 1", article, name, word, stem)
	}
}

// The list of words is data: a slip in it must not pass unseen.
func TestWordLists(t *testing.T) {
	for _, w := range []string{"어디에서", "있을까요", "저희", "때문", "whose"} {
		if !functionWords[w] {
			t.Errorf("%s is not a function word", w)
		}
	}
	for _, w := range []string{"신청", "방법", "지원", "기간", "민원"} {
		if functionWords[w] {
			t.Errorf("%s is a function word", w)
		}
	}
	for name, abbreviations := range longNames {
		if stemLen(name) != len(name) || len(name) <= 2*syllable {
			t.Errorf("%s has abbreviations and is not its own stem", name)
		}
		for _, a := range abbreviations {
			if got := Terms(a); !slices.Equal(got, []string{a}) || functionWords[a] {
				t.Errorf("the abbreviation %s has the terms %v", a, got)
			}
		}
	}
	seen := map[rune]rune{}
	for _, pair := range strings.Fields(readings) {
		r := []rune(pair)
		if len(r) != 2 || classOf(r[0]) != han || classOf(r[1]) != hangul || seen[r[0]] != 0 && seen[r[0]] != r[1] {
			t.Errorf("reading %s: want one Han character and one syllable, each character once", pair)
		}
		seen[r[0]] = r[1]
	}
	for e := range endings {
		if n := len(e) / syllable; n == 0 || n > longestEnding || len(e)%syllable != 0 {
			t.Errorf("the ending %q has %d syllables, want 1 to %d", e, n, longestEnding)
		}
	}
	for n := range nounEndings {
		if l := len(n) / syllable; l != 2 && l != 3 {
			t.Errorf("the noun %q has %d syllables, want 2 or 3", n, l)
		}
	}
}

func BenchmarkTerms(b *testing.B) {
	name := filepath.Join("..", "..", "..", "shared", "data", "laws-kr", "admin-subset", "지방자치법", "법률.md")
	law, err := os.ReadFile(name)
	if err != nil {
		b.Skip("needs ../shared/data")
	}
	s := string(law)
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		Terms(s)
	}
}

// A run of numbers with units is read once and not again from each of them: this
// test would not end.
func TestTermsLongAmounts(t *testing.T) {
	if got := Terms(strings.Repeat("5만", 1<<18) + " 1조 2천억 5만원"); !slices.Contains(got, "1200000050000원") {
		t.Errorf("the amount behind is not found: %q", got[max(0, len(got)-10):])
	}
}
