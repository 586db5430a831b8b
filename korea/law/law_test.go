package law

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// printed lists the citations of s in their official form, ranges marked with ~.
func printed(found []Found) []string {
	var out []string
	for _, f := range found {
		s := f.String()
		if f.RangeEnd {
			s = "~" + s
		}
		out = append(out, s)
	}
	return out
}

func TestFind(t *testing.T) {
	const minwon = "「민원 처리에 관한 법률」"
	tests := []struct {
		in   string
		want []string
	}{
		// units
		{"「민원 처리에 관한 법률 시행령」 제21조의2제1항제3호나목에 따라", []string{"「민원 처리에 관한 법률 시행령」 제21조의2제1항제3호나목"}},
		{"「민원 처리에 관한 법률」 제 19 조 제 1 항을", []string{minwon + " 제19조제1항"}},
		{"「민원 처리에 관한 법률」제19조제1항", []string{minwon + " 제19조제1항"}},
		{"「민원 처리에 관한\n법률」 제19조", []string{minwon + " 제19조"}},
		{"｢민법｣ 제5조, 『민법』 제6조", []string{"「민법」 제5조", "「민법」 제6조"}},
		{"제2조제5호의2에 해당하는", []string{"제2조제5호의2"}},
		{"제７조의２", []string{"제7조의2"}},
		{"사정을 고려해 법 제28조에 따라", []string{"법 제28조"}},
		{"자연재해 대책법 제3조", []string{"「자연재해 대책법」 제3조"}},
		{"법 제2조제3호나목5)에서", []string{"법 제2조제3호나목5)"}},
		{"제2조 제3호 나목", []string{"제2조제3호나목"}},
		{"「민법」 제5조의 2제1항", []string{"「민법」 제5조의2제1항"}},
		{"제5조의 2년 이내", []string{"제5조"}},
		{"제3조의 규정에 의하여", []string{"제3조"}},
		{"(제3조관련)", []string{"제3조"}},
		{"제999조", []string{"제999조"}},

		// as people type them
		{"민원처리법 영 3조", []string{"「민원처리법 시행령」 제3조"}},
		{"도로법 규칙 제3조제1항", []string{"「도로법 시행규칙」 제3조제1항"}},
		{"「도로법」 영 제3조", []string{"「도로법 시행령」 제3조"}},
		{"「도로법」 및 영 제3조", []string{"「도로법」", "영 제3조"}},
		{"「민법」 第十九條第二項", []string{"「민법」 제19조제2항"}},
		{"민법 第百二十條의2", []string{"「민법」 제120조의2"}},
		{"민법 제이백십오조에 따라", []string{"「민법」 제215조"}},
		{"「민법」 제일조명, 제삼조", []string{"「민법」"}},

		// lists and ranges
		{"제1항 및 제2항", []string{"제1항", "제2항"}},
		{"「민법」 제4조제1호ㆍ제2호 또는 제5호", []string{"「민법」 제4조제1호", "「민법」 제4조제2호", "「민법」 제4조제5호"}},
		{"제4조부터 제7조까지 및 제9조", []string{"제4조", "~제7조", "제9조"}},
		{"법 제4조제1항 내지 제3항", []string{"법 제4조제1항", "~법 제4조제3항"}},
		{"제4조~제7조", []string{"제4조", "~제7조"}},
		{"제1호가목ㆍ나목 및 제2호", []string{"제1호가목", "제1호나목", "제2호"}},
		{"「민법」 제3조제1항 본문, 제4조제1항 각 호 외의 부분 단서 및 제5조", []string{"「민법」 제3조제1항", "「민법」 제4조제1항", "「민법」 제5조"}},
		{"「민법」 제3조(제4조에서 준용하는 경우를 포함한다) 및 제5조", []string{"「민법」 제3조", "제4조", "「민법」 제5조"}},
		{"「민법」 제3조(본인)와 제4조", []string{"「민법」 제3조", "「민법」 제4조"}},
		{"「민법」 제3조를 준용한다. 제4조는", []string{"「민법」 제3조", "제4조"}},
		{"「민법」\n\n제4조", []string{"「민법」", "제4조"}},
		{"「민법」 및 제4조", []string{"「민법」", "제4조"}},
		{"제3조,\n제4조", []string{"제3조", "제4조"}},

		// other parts of a law
		{"부칙 <제36296호, 2026. 5. 6.> 제4조", []string{"부칙 <제36296호, 2026. 5. 6.> 제4조"}},
		{"## 부칙 <제36296호,2026.5.6>", []string{"부칙 <제36296호, 2026. 5. 6.>"}},
		{"부칙(정부조직법) <제1호,2008.2.29> 제6조", []string{"부칙 <제1호, 2008. 2. 29.> 제6조"}},
		{"부칙 〈법률 제1호〉 제1조", []string{"부칙 <제1호> 제1조"}},
		{"같은 법 부칙 제2조제1항", []string{"같은 법 부칙 제2조제1항"}},
		{"법 별표 1의2 제3호나목", []string{"법 별표 1의2 제3호나목"}},
		{"별표 1 및 별표 2", []string{"별표 1", "별표 2"}},
		{"별표와 같다", []string{"별표"}},
		{"별표 제3호를", []string{"별표 제3호"}},
		{"영 별표4의 1호나목1)에 따라, 별표 4의 비고", []string{"영 별표 4 제1호나목1)", "별표 4"}},
		{"[별표 1의2]", []string{"별표 1의2"}},
		{"「민법 시행규칙」 별지 제1호서식, 별지 제3호의2 서식", []string{"「민법 시행규칙」 별지 제1호서식", "「민법 시행규칙」 별지 제3호의2서식"}},
		{"[별지 제2호서식]", []string{"별지 제2호서식"}},
		{"별지 서식에", []string{"별지 서식"}},
		{"부칙상, 별표시", []string{}},

		// laws as a whole
		{"「민원 처리에 관한 법률」에서 위임된 사항", []string{minwon}},
		{"「어린 왕자」를 읽었다", []string{}},
		{"정보공개법의 비공개 사유와 방법", []string{"「정보공개법」"}},
		{"민원처리법 시행령에 따른", []string{"「민원처리법 시행령」"}},

		// names without brackets
		{"민원처리법 제21조제1항", []string{"「민원처리법」 제21조제1항"}},
		{"민원처리법 21조 1항 2호", []string{"「민원처리법」 제21조제1항제2호"}},
		{"민원처리법제21조", []string{"「민원처리법」 제21조"}},
		{"민원처리법시행령 제3조", []string{"「민원처리법시행령」 제3조"}},
		{"신청인은 민원 처리에 관한 법률 시행령 제21조에", []string{"「민원 처리에 관한 법률 시행령」 제21조"}},
		{"담당자는 개인정보 보호법 제15조를", []string{"「개인정보 보호법」 제15조"}},
		{"따라서 경찰관 직무집행법 제3조", []string{"「경찰관 직무집행법」 제3조"}},
		{"예산은 국가재정법 제8조", []string{"「국가재정법」 제8조"}},
		{"행정업무의 운영 및 혁신에 관한 규정 제7조", []string{"「행정업무의 운영 및 혁신에 관한 규정」 제7조"}},
		{"시장은 서울특별시 청년 기본 조례 제5조에", []string{"「서울특별시 청년 기본 조례」 제5조"}},
		{"이는 수목원ㆍ정원의 조성 및 진흥에 관한 법률 제2조", []string{"「수목원ㆍ정원의 조성 및 진흥에 관한 법률」 제2조"}},
		{"공무원 징계령 제3조", []string{"「공무원 징계령」 제3조"}},
		{"「민원 처리에 관한 법률 제21조", []string{minwon + " 제21조"}},
		{"민원 처리에 관한 법률」 제21조", []string{minwon + " 제21조"}},

		// back-references
		{"같은 법 제4조, 같은 조 제2항, 동법 시행령 제3조", []string{"같은 법 제4조", "같은 조 제2항", "같은 법 시행령 제3조"}},
		{"같은법 제4조, 같은 호 가목, 같은 항", []string{"같은 법 제4조", "같은 호 가목", "같은 항"}},
		{"영 제3조 및 규칙 제4조", []string{"영 제3조", "규칙 제4조"}},
		{"이 법 제3조, 이 영 제4조", []string{"이 법 제3조", "이 영 제4조"}},
		{"같은 법에 따라 같은 조건의 같은 법인이 같은 항목을", []string{"같은 법"}},
		{"동영상과 동조", []string{"같은 조"}},

		// other words that look alike
		{"제1항목 제2조합 제3호선 제4조건 제5호실 제6조사", []string{}},
		{"법률 제11041호, 행정안전부고시 제3호, 공고 제2026-12호, 규칙 제12호", []string{}},
		{"제3조제1호 목적", []string{"제3조제1호"}},
		{"이 방법 제3조", []string{"제3조"}},
		{"예산법 5조 원, 5조 원", []string{}},
		{"제0조 제1234567조 제조", []string{}},
		{"", []string{}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, append([]string{}, printed(Find(tt.in))...)); diff != "" {
			t.Errorf("Find(%q): -want +got\n%s", tt.in, diff)
		}
	}
}

func TestFindOffsets(t *testing.T) {
	s := "가) 「민법」 제5조와 제6조"
	got := Find(s)
	want := []Found{
		{Citation: Citation{Law: "민법", Article: Unit{5, 0}}, Start: 3, End: 11, ByteStart: 5, ByteEnd: 25},
		{Citation: Citation{Law: "민법", Article: Unit{6, 0}}, Start: 13, End: 16, ByteStart: 29, ByteEnd: 36, Listed: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if quote := s[got[0].ByteStart:got[0].ByteEnd]; quote != "「민법」 제5조" {
		t.Errorf("bytes give %q", quote)
	}
}

func TestParse(t *testing.T) {
	got, err := Parse(" 「지방자치법」 부칙 <제36296호, 2026. 5. 6.> 제4조의2제1항제3호나목 ")
	want := Citation{Law: "지방자치법", Part: Addenda, Number: "36296", Date: "2026-05-06",
		Article: Unit{4, 2}, Paragraph: 1, Item: Unit{3, 0}, Subitem: "나"}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, s := range []string{"", "민원", "제1항 및 제2항", "제5조에 따라", "「제목", "」 제", "제5조 1"} {
		if c, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", s, c)
		}
	}
}

func TestKey(t *testing.T) {
	tests := []struct{ in, want string }{
		{"「민원 처리에 관한 법률 시행령」 제21조", "민원처리에관한법률시행령/21"},
		{"「민원 처리에 관한 법률 시행령」 제7조의2", "민원처리에관한법률시행령/7의2"},
		{"민원처리법 제21조제1항", "민원처리에관한법률/21/1"},
		{"「민원처리에관한법률」 제21조제1항제2호가목3)", "민원처리에관한법률/21/1/2/가/3"},
		{"「소음·진동관리법」 제2조제5호의2", "소음ㆍ진동관리법/2//5의2"},
		{"「소음‧진동관리법」 제2조", "소음ㆍ진동관리법/2"},
		{"「소음•진동관리법」 제2조", "소음ㆍ진동관리법/2"},
		{"「소음・진동관리법」 제2조", "소음ㆍ진동관리법/2"},
		{"「민법」 부칙 <제36296호, 2026. 5. 6.> 제4조", "민법/부칙36296/4"},
		{"「민법」 부칙 제4조", "민법/부칙/4"},
		{"「민법」 별표 1의2 제3호나목", "민법/별표1의2/3/나"},
		{"「민법」 별지 제1호서식", "민법/서식1"},
		{"「민법」", "민법"},
		{"제5조", "/5"},
		{"같은 조 제2항", "//2"},
		{"민원처리법 시행규칙 제2조", "민원처리에관한법률시행규칙/2"},
	}
	for _, tt := range tests {
		c, err := Parse(tt.in)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := c.Key(); got != tt.want {
			t.Errorf("Key(%s) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestCovers(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"민원처리법 제21조", "「민원 처리에 관한 법률」 제21조제1항", true},
		{"민원처리법 제21조", "민원처리법 제21조", true},
		{"민원처리법 제21조제1항", "민원처리법 제21조", false},
		{"민원처리법 제2조", "민원처리법 제21조", false},
		{"민원처리법 제2조", "민원처리법 제2조의2", false},
		{"민원처리법 제2조", "민원처리법 제2조제3호", true},
		{"민원처리법 제2조제1항", "민원처리법 제2조제3호", false},
		{"민원처리법 별표 1", "민원처리법 별표 1의2", false}, // bug: 별표 1의2 taken for 별표 1
		{"민원처리법 제4조", "민원처리법 부칙 제4조", false},
		{"「민원 처리에 관한 법률」", "민원처리법 제21조", true},
		{"「민원 처리에 관한 법률」", "민원처리법 시행령 제21조", false},
		{"제21조", "민원처리법 제21조", false}, // unresolved is never a match
		{"제21조", "제21조제1항", true},
	}
	for _, tt := range tests {
		a, errA := Parse(tt.a)
		b, errB := Parse(tt.b)
		if errA != nil || errB != nil {
			t.Error(errA, errB)
			continue
		}
		if got := a.Covers(b); got != tt.want {
			t.Errorf("%s covers %s: %v", tt.a, tt.b, got)
		}
	}
	if (Citation{}).Covers(Citation{Article: Unit{1, 0}}) {
		t.Error("the zero citation covers something")
	}
}

func TestResolve(t *testing.T) {
	tests := []struct {
		name, self, in string
		want           []string
	}{
		{"definition", "", `「민원 처리에 관한 법률」(이하 "법"이라 한다) 제2조제2호. 법 제3조`,
			[]string{"「민원 처리에 관한 법률」", "「민원 처리에 관한 법률」 제2조제2호", "「민원 처리에 관한 법률」 제3조"}},
		{"curly quotes", "", `「도로교통법」(이하 “교통법”이라 한다)을 적용한다. 교통법 제3조`,
			[]string{"「도로교통법」", "「도로교통법」 제3조"}},
		{"two definitions", "", `「국유재산법」(이하 "법"이라 한다) 및 같은 법 시행령(이하 "영"이라 한다)에 따라 영 제3조와 법 제4조`,
			[]string{"「국유재산법」", "「국유재산법 시행령」", "「국유재산법 시행령」 제3조", "「국유재산법」 제4조"}},
		{"scope of an article", "도로법 시행령", "제1조(목적) 「민법」(이하 이 조에서 \"법\"이라 한다) 제3조 및 법 제4조\n제2조(정의) 법 제5조",
			[]string{"「도로법 시행령」 제1조", "「민법」", "「민법」 제3조", "「민법」 제4조", "「도로법 시행령」 제2조", "「도로법」 제5조"}},
		{"decree", "도로법 시행령", "법 제2조, 이 영 제3조, 영 제4조, 제5조",
			[]string{"「도로법」 제2조", "「도로법 시행령」 제3조", "「도로법 시행령」 제4조", "「도로법 시행령」 제5조"}},
		{"rule", "도로법 시행규칙", "법 제2조, 영 제3조, 이 규칙 제4조, 영 별표 1, 별지 제1호서식",
			[]string{"「도로법」 제2조", "「도로법 시행령」 제3조", "「도로법 시행규칙」 제4조", "「도로법 시행령」 별표 1", "「도로법 시행규칙」 별지 제1호서식"}},
		{"decree titled 규정", "행정업무의 운영 및 혁신에 관한 규정", "이 영 제3조, 법 제3조",
			[]string{"「행정업무의 운영 및 혁신에 관한 규정」 제3조", "법 제3조"}},
		{"same law is the last named", "", "「민법」 제1조 및 「상법」 제2조에 따르며, 같은 법 제3조",
			[]string{"「민법」 제1조", "「상법」 제2조", "「상법」 제3조"}},
		{"same law after own articles", "도로법", "「민법」 제1조, 이 경우 제5조에 따라 같은 법 제3조 및 같은 조 제2항",
			[]string{"「민법」 제1조", "「도로법」 제5조", "「민법」 제3조", "「민법」 제3조제2항"}},
		{"same law after a decree", "", "「도로법 시행령」 제1조 및 같은 법 제2조, 같은 영 제3조",
			[]string{"「도로법 시행령」 제1조", "「도로법」 제2조", "「도로법 시행령」 제3조"}},
		{"동법", "", "도로법 제1조, 동법 시행규칙 제2조, 동법 제3조",
			[]string{"「도로법」 제1조", "「도로법 시행규칙」 제2조", "「도로법」 제3조"}},
		{"same article, paragraph, item", "", "「민법」 제1조제2항제3호 및 같은 항 제4호, 같은 조 제5항, 같은 조",
			[]string{"「민법」 제1조제2항제3호", "「민법」 제1조제2항제4호", "「민법」 제1조제5항", "「민법」 제1조"}},
		{"same item", "", "「민법」 제1조제3호가목 및 같은 호 나목. 같은 항 제1호",
			[]string{"「민법」 제1조제3호가목", "「민법」 제1조제3호나목", "같은 항 제1호"}},
		{"paragraph alone, own article", "도로법", "##### 제5조 (목적)\n\n**①** 「민법」 제1조에 따른다.\n\n**②** 제1항에도 불구하고",
			[]string{"「도로법」 제5조", "「민법」 제1조", "「도로법」 제5조제1항"}},
		{"paragraph alone, no own article", "", "「민법」 제1조는 … 한다. 제2항은",
			[]string{"「민법」 제1조", "「민법」 제1조제2항"}},
		{"short name", "", "민원처리법 시행령 제3조", []string{"「민원 처리에 관한 법률 시행령」 제3조"}},
		{"nothing known", "", "법 제3조, 같은 법 제4조, 같은 조 제1항, 제5조",
			[]string{"법 제3조", "같은 법 제4조", "같은 법 제4조제1항", "같은 법 제5조"}},
		{"list after the same article", "도로법", "「민법」 제3조, 같은 조 제2항, 제5조",
			[]string{"「민법」 제3조", "「민법」 제3조제2항", "「민법」 제5조"}},
		{"self in a sentence is not a heading", "도로법", "제3조(정의를 포함한다)에 따라\n제4조에서",
			[]string{"「도로법」 제3조", "「도로법」 제4조"}},
		{"addenda in Markdown", "도로법", "##### 제9조 (벌칙)\n\n## 부칙 <제1호,2020.1.1>\n\n제1조(시행일) 이 법은\n제2조 (적용례) 제9조의",
			[]string{"「도로법」 제9조", "「도로법」 부칙 <제1호, 2020. 1. 1.>", "「도로법」 부칙 <제1호, 2020. 1. 1.> 제1조", "「도로법」 부칙 <제1호, 2020. 1. 1.> 제2조", "「도로법」 제9조"}},
		{"addenda", "도로법", "부칙 <제1호, 2020. 1. 1.>\n제1조(시행일) 제2항은",
			[]string{"「도로법」 부칙 <제1호, 2020. 1. 1.> 제1조", "「도로법」 부칙 <제1호, 2020. 1. 1.> 제1조제2항"}},
	}
	for _, tt := range tests {
		found := Find(tt.in)
		got := printed(Resolve(tt.in, found, Citation{Law: tt.self}))
		for i := range got {
			got[i] = strings.TrimPrefix(got[i], "~")
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
	}

	s := "제2항에 따라"
	got := Resolve(s, Find(s), Citation{Law: "민원처리법", Article: Unit{19, 0}, Paragraph: 1})
	if got := got[0].String(); got != "「민원 처리에 관한 법률」 제19조제2항" {
		t.Errorf("self with an article: %s", got)
	}
}

func TestFullName(t *testing.T) {
	tests := []struct{ in, want string }{
		{"민원처리법", "민원 처리에 관한 법률"},
		{"정보공개법 시행령", "공공기관의 정보공개에 관한 법률 시행령"},
		{"개인정보보호법", "개인정보 보호법"},
		{"청탁금지법", "부정청탁 및 금품등 수수의 금지에 관한 법률"},
		{"이해충돌방지법", "공직자의 이해충돌 방지법"},
		{"지방계약법", "지방자치단체를 당사자로 하는 계약에 관한 법률"},
		{"국가계약법 시행규칙", "국가를 당사자로 하는 계약에 관한 법률 시행규칙"},
		{"행정업무규정", "행정업무의 운영 및 혁신에 관한 규정"},
		{"보조금법", "보조금 관리에 관한 법률"},
		{"없는법", ""},
		{"", ""},
	}
	for _, tt := range tests {
		got, ok := FullName(tt.in)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("FullName(%q) = %q, %v", tt.in, got, ok)
		}
	}
	shorts := 0
	for line := range strings.Lines(shortTSV) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		shorts++
		short, full, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || strings.Contains(short, " ") || !looksLikeLaw(short) || !looksLikeLaw(full) {
			t.Errorf("short.tsv: bad line %q", line)
		}
	}
	if shorts < 80 {
		t.Errorf("short.tsv has %d names", shorts)
	}
}

// check holds what Find promises for any text.
func check(t *testing.T, s string) {
	t.Helper()
	n := utf8.RuneCountInString(s)
	end := 0
	found := Find(s)
	for _, f := range found {
		if f.Start < end || f.End <= f.Start || f.End > n {
			t.Fatalf("%q: span %d-%d after %d of %d", s, f.Start, f.End, end, n)
		}
		end = f.End
		if utf8.ValidString(s) {
			if got, want := s[f.ByteStart:f.ByteEnd], string([]rune(s)[f.Start:f.End]); got != want {
				t.Fatalf("%q: bytes give %q, code points %q", s, got, want)
			}
		}
		back, err := Parse(f.String())
		if err != nil || back != f.Citation {
			t.Fatalf("%q: %+v prints %s, which parses as %+v, %v", s, f.Citation, f, back, err)
		}
	}
	Resolve(s, found, Citation{Law: "도로법 시행령"})
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{
		"「민원 처리에 관한 법률」(이하 \"법\"이라 한다) 제2조제2호 및 같은 조 제3항, 제4조부터 제7조까지",
		"부칙 <제36296호, 2026. 5. 6.> 제4조, 별표 1의2 제3호나목, 별지 제1호서식", "\xff제5조\x80", "「」 제5조", "((((제1조", "민원처리법 시행령 제3조의2",
	} {
		f.Add(s)
	}
	f.Fuzz(check)
}

// TestFindFragments joins the pieces of citations at random.
func TestFindFragments(t *testing.T) {
	pieces := strings.Fields(`「 」 ｢ 『 』 민법 법 법률 관한 에 영 규칙 시행령 같은 동 조 항 호 목 제 1 2 37 ２ 의 가 나 하 부칙 별표 별지 서식
		및 또는 부터 까지 ㆍ · , ~ ( ) < > [ ] . 2026. 5. 6. 제36296호 제3조 제4조의2 제1항 제5호의2 나목 5) 본문 단서 이하 "법"이라 한다
		민원처리법 개인정보 보호법 따라서 방법 에서 # ## 제0조 민원 처리에 각 호`)
	pieces = append(pieces, " ", " ", " ", "\n", "\n\n", "\u00a0")
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 15_000 {
		var b strings.Builder
		for range 1 + rnd.IntN(14) {
			b.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		check(t, b.String())
	}
}

// Text that is one long word, as in a damaged file, is read once and not again
// from each 제 or 법 in it: this test would not end.
func TestFindLongWords(t *testing.T) {
	for _, s := range []string{"제", "가법", "조례제", "제1조의"} {
		long := strings.Repeat(s, 1<<20/len(s))
		if got := Find(long + " 민원처리법 제5조"); len(got) == 0 || got[len(got)-1].Law != "민원처리법" {
			t.Errorf("%s repeated hides the citation behind it: %v", s, got)
		}
	}
}
