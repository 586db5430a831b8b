package ground

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The heading of an article is not part of its first sentence.
func TestUnitsCutRunInHeadings(t *testing.T) {
	tests := []struct {
		in   string
		want []string
	}{
		{"제29조 (계약금액)\n계약금액은 낙찰률을 곱한 금액으로 한다.", []string{"제29조 (계약금액)", "계약금액은 낙찰률을 곱한 금액으로 한다."}},
		{"제7조(경과조치) ① 시장은 종전의 예에 따른다.", []string{"제7조(경과조치)", "① 시장은 종전의 예에 따른다."}},
		{"제7조(정의) 및 제8조(적용)에 따른다.", []string{"제7조(정의) 및 제8조(적용)에 따른다."}},
		{"제7조(정의)에 따른 기관을 말한다.", []string{"제7조(정의)에 따른 기관을 말한다."}},
	}
	for _, tt := range tests {
		var got []string
		for _, u := range Units(Source{Text: tt.in}) {
			got = append(got, u.Text)
			if r := []rune(tt.in); clean(string(r[u.Start:u.End])) != u.Text {
				t.Errorf("%q: span %d to %d is not %q", tt.in, u.Start, u.End, u.Text)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("units(%q) (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestUnits(t *testing.T) {
	const s = `제3조(수수료) <개정 2020. 1. 2.>
① 수수료는 500원으로 한다. <개정 2022.1.11>
② 다음 각 호의 사람은 면제한다. <신설 2021. 3. 4.>
  1. 수급자
  2의2. 삭제 <2022.1.11>
③ 삭제 <2022.1.11>`
	var got []Unit
	for _, u := range Units(Source{Text: s}) {
		u.Start, u.End = 0, 0
		got = append(got, u)
	}
	want := []Unit{
		{Text: "제3조(수수료)", Head: true},
		{Text: "① 수수료는 500원으로 한다.", Paragraph: 1},
		{Text: "② 다음 각 호의 사람은 면제한다.", Paragraph: 2},
		{Text: "1. 수급자", Paragraph: 2, Item: "1"},
		{Text: "2의2. 삭제", Paragraph: 2, Item: "2의2", Head: true},
		{Text: "③ 삭제", Paragraph: 3, Head: true},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Unit{})); diff != "" {
		t.Errorf("units (-want +got):\n%s", diff)
	}
}
