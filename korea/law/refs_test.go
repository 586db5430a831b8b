package law

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The sentences are those of laws in force on 2026-06-08.
func TestReferences(t *testing.T) {
	const minwon = "민원 처리에 관한 법률"
	tests := []struct {
		name, self, in string
		want           []string
	}{
		{"another law", minwon, "「지능정보화 기본법」 제2조제13호에 따른 정보격차로 인하여", []string{"「지능정보화 기본법」 제2조제13호"}},
		{"the same law", "사회보장기본법", "「소득세법」 제4조제1항에 따른 소득 및 같은 법 제127조에 따른 원천징수", []string{"「소득세법」 제4조제1항", "「소득세법」 제127조"}},
		{"the decree of the same law", "행정권한의 위임 및 위탁에 관한 규정", "「환경영향평가법」 제22조 및 같은 법 시행령 제31조에 따른", []string{"「환경영향평가법」 제22조", "「환경영향평가법 시행령」 제31조"}},
		{"this law", minwon, "제19조에도 불구하고 이 법 제20조를 준용한다.", []string{"「" + minwon + "」 제19조", "「" + minwon + "」 제20조"}},
		{"the law of a decree", minwon + " 시행령", "담당자는 법 제7조에 따른 정보 보호의 실태를 확인ㆍ점검하고", []string{"「" + minwon + "」 제7조"}},
		{"law and decree in a rule", "도로교통법 시행규칙", "법 제73조제1항 및 영 제37조에 따른 교통안전교육", []string{"「도로교통법」 제73조제1항", "「도로교통법 시행령」 제37조"}},
		{"a short form that the text defines", "행정업무의 운영 및 혁신에 관한 규정", "「전자정부법」(이하 \"법\"이라 한다)에 따라 법 제2조에서 정한다.", []string{"「전자정부법」 제2조"}},
		{"paragraphs of the article", minwon, "제23조(반복 및 중복 민원의 처리)\n① 3회 이상\n② 제1항을 준용하여 처리할 수 있다.", []string{"「" + minwon + "」 제23조제1항"}},
		{"same article, same paragraph", "행정규제기본법 시행령", "법 제19조의3제6항에 따른 재심의는 같은 조 제5항 및 같은 항 제1호에 따른", []string{
			"「행정규제기본법」 제19조의3제6항", "「행정규제기본법」 제19조의3제5항", "「행정규제기본법」 제19조의3제5항제1호"}},
		{"same article behind a form", "공공기관의 정보공개에 관한 법률 시행규칙", "영 제7조제2항에 따른 통지는 별지 제3호서식에 따르고, 같은 조 제4항에 따른 통지는", []string{
			"「공공기관의 정보공개에 관한 법률 시행령」 제7조제2항", "「공공기관의 정보공개에 관한 법률 시행규칙」 별지 제3호서식", "「공공기관의 정보공개에 관한 법률 시행령」 제7조제4항"}},
		{"range of articles", "영유아보육법", "제46조부터 제48조까지의 행정처분을 받은 사람", []string{"「영유아보육법」 제46조~48"}},
		{"range of paragraphs", "행정심판법", "제23조제2항부터 제4항까지의 규정을 준용한다.", []string{"「행정심판법」 제23조제2항"}},
		{"a branch and items", "개인정보 보호법", "제28조의2제1항 각 호의 사유", []string{"「개인정보 보호법」 제28조의2제1항"}},
		{"annex", "도로교통법 시행규칙", "교육의 과목ㆍ내용은 별표 16과 같다.", []string{"「도로교통법 시행규칙」 별표 16"}},
		{"in the parenthesis of an article", "폐기물관리법", "제26조(벌칙)\n5. 제27조의2(제1항제2호는 제외한다)에 따라", []string{"「폐기물관리법」 제27조의2", "「폐기물관리법」 제27조의2제1항제2호"}},
		{"법 behind other words", "공무원 징계령", "「국가공무원법」(이하 \"법\"이라 한다)은 다음 각 호의 징계 또는 법 제78조의2에 따른 징계부가금", []string{"「국가공무원법」 제78조의2"}},
		{"headings and laws as a whole", "민법", "제3조(권리능력의 존속기간)\n「상법」에 따라", nil},
		{"amendments of other laws", "국유재산법", "제5조(다른 법률의 개정) 구매계약규정중 다음과 같이 개정한다.\n제6조제1항 단서중 \"가\"를 \"나\"로 한다.", nil},
		{"articles left out", "국유재산법", "제2조부터 제8조까지 생략", nil},
		{"no law told", "", "제3조에 따라", nil},
	}
	for _, tt := range tests {
		var got []string
		for _, r := range References(tt.in, Citation{Law: tt.self}) {
			s := r.String()
			if r.Last.N > 0 {
				s += "~" + r.Last.String()
			}
			got = append(got, s)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
}

func TestReferenceSpan(t *testing.T) {
	s := "가나 법 제3조부터 제5조의2까지"
	got := References(s, Citation{Law: "도로법 시행령"})
	if len(got) != 1 || string([]rune(s)[got[0].Start:got[0].End]) != "법 제3조부터 제5조의2" {
		t.Fatalf("%+v", got)
	}
	var keys []string
	for _, c := range got[0].Articles(10) {
		keys = append(keys, c.Key())
	}
	if d := cmp.Diff([]string{"도로법/3", "도로법/4", "도로법/5", "도로법/5의2"}, keys); d != "" {
		t.Error(d)
	}
	if n := len(got[0].Articles(2)); n != 2 {
		t.Errorf("%d articles, want 2", n)
	}
}

func TestDefinitions(t *testing.T) {
	in := `제2조(정의) 이 법에서 사용하는 용어의 뜻은 다음과 같다.
  1. "민원"이란 민원인이 행정기관에 대하여 처분 등 특정한 행위를 요구하는 것을 말하며
  2. “행정기관”이란 다음 각 목의 자를 말한다.
  3. "무인민원발급창구"라 함은 행정기관의 장이 설치한 것을 말한다.
  4. "개인정보 처리(處理)"(자동화된 것을 포함한다)란 수집을 말한다.
① 법 제2조제2호 단서에서 "성명ㆍ주소 등이 불명확한 자 등 대통령령으로 정하는 자"란 다음 각 호와 같다. (이하 "담당자"라 한다)`
	var got []string
	for _, d := range Definitions(in) {
		if s := string([]rune(in)[d.Start:d.End]); s != d.Term {
			t.Errorf("%q stands where %q should", s, d.Term)
		}
		got = append(got, d.Term)
	}
	if d := cmp.Diff([]string{"민원", "행정기관", "무인민원발급창구", "개인정보 처리(處理)"}, got); d != "" {
		t.Error(d)
	}
}

func TestParseKey(t *testing.T) {
	for _, key := range []string{"도로법", "도로법/21", "도로법/21의2", "도로법/21의2/1/3의2/나/5", "도로법/2//5의2", "도로법시행령/별표1의2", "도로법시행령/별표", "도로법시행령/별표4/1/나"} {
		c, ok := ParseKey(key)
		if got := c.Key(); !ok || got != key {
			t.Errorf("%s reads as %+v, whose key is %s", key, c, got)
		}
	}
	for _, key := range []string{"", "/21", "도로법/부칙4/1", "도로법/서식1"} {
		if c, ok := ParseKey(key); ok {
			t.Errorf("%q reads as %+v", key, c)
		}
	}
}
