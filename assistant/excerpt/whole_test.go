package excerpt

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/assistant/ground"
)

// A small table and the 호 of a list come whole, or the row alone that the question
// names; what is left out is counted.
func TestWhole(t *testing.T) {
	fines := ground.Source{N: 1, Title: "주정차 단속 안내", Path: []string{"과태료"},
		Text: "과태료\n구역 | 과태료\n일반구역 | 40,000원\n1\n구역 | 과태료\n소화전 주변 | 80,000원\n어린이보호구역 | 120,000원\n"}
	list := ground.Source{N: 1, Title: "가온시 민원 처리 규칙", Path: []string{"제5조(처리 기간)"},
		Text: "제5조(처리 기간) 민원의 처리 기간은 다음 각 호와 같다.\n1. 질의민원: 14일 이내\n가. 법령에 관한 것\n2. 건의민원: 14일 이내\n3. 고충민원: 7일 이내\n"}
	faq := ground.Source{N: 1, Title: "연장 FAQ", Path: []string{"담당자가 휴가라서 늦는다고 합니다. 연장 사유가 되나요?"},
		Text: "담당자가 휴가라서 늦는다고 합니다. 연장 사유가 되나요?\n아니요. 담당자 휴가로는 연장할 수 없습니다.\n"}
	long := ground.Source{N: 1, Title: "시설 사용료", Text: "시설 | 사용료\n"}
	for i := range maxRows + 5 {
		long.Text += fmt.Sprintf("시설 %c동 | %d,000원\n", '가'+rune(i*28), i+1)
	}
	tests := []struct {
		name, question string
		source         ground.Source
		want, omitted  []string
	}{
		{"all rows", "과태료는 얼마인가요?", fines,
			[]string{"구역 | 과태료", "일반구역 | 40,000원", "소화전 주변 | 80,000원", "어린이보호구역 | 120,000원"}, nil},
		{"a row named", "소화전 주변 과태료는 얼마인가요?", fines,
			[]string{"구역 | 과태료", "소화전 주변 | 80,000원"}, []string{"근거 1의 표 3줄 가운데 1줄"}},
		{"two rows named", "소화전 주변과 어린이보호구역의 과태료는 얼마인가요?", fines,
			[]string{"구역 | 과태료", "소화전 주변 | 80,000원", "어린이보호구역 | 120,000원"}, []string{"근거 1의 표 3줄 가운데 2줄"}},
		{"a row named and all asked for", "소화전 등 모든 구역의 과태료는 얼마인가요?", fines,
			[]string{"구역 | 과태료", "일반구역 | 40,000원", "소화전 주변 | 80,000원", "어린이보호구역 | 120,000원"}, nil},
		{"a noun that no row holds", "소화전 주변 견인차 과태료는 얼마인가요?", fines,
			[]string{"구역 | 과태료", "일반구역 | 40,000원", "소화전 주변 | 80,000원", "어린이보호구역 | 120,000원"}, nil},
		{"호", "건의민원 처리 기간은 며칠인가요?", list,
			[]string{"민원의 처리 기간은 다음 각 호와 같다.", "1. 질의민원: 14일 이내", "가. 법령에 관한 것", "2. 건의민원: 14일 이내", "3. 고충민원: 7일 이내"}, nil},
		{"a question of two sentences", "담당자 휴가로 연장할 수 있나요?", faq,
			[]string{"아니요.", "담당자 휴가로는 연장할 수 없습니다."}, nil},
	}
	for _, tt := range tests {
		sources := []ground.Source{tt.source}
		picked := Select(tt.question, sources)
		var got []string
		for _, s := range picked {
			got = append(got, s.Text)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.omitted, Omitted(picked, sources)); diff != "" {
			t.Errorf("%s: Omitted: -want +got\n%s", tt.name, diff)
		}
	}
	picked := Select("시설 사용료는 얼마인가요?", []ground.Source{long})
	if got := strings.Join(Omitted(picked, []ground.Source{long}), ", "); !strings.HasPrefix(got, "근거 1의 표 20줄 가운데 ") {
		t.Errorf("of a long table: %q", got)
	}
}
