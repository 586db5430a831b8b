package text

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSynonyms(t *testing.T) {
	for s, want := range map[string][]string{
		"쓰레기를 몰래 버리면 벌금은?":     {"폐기물", "무단", "배출", "투기", "과태료"},
		"생활쓰레기":                {"폐기물"}, // the end of a compound
		"쓰레기봉투값":               nil,     // its beginning is not
		"돈을 돌려받을 수 있나요":        {"금액", "비용", "요금", "반환", "환급"},
		"어린이":                  {"아동"}, // 이 is no particle here
		"벌금과 범칙금":              {"과태료"},
		"인도적 지원, 연기금, 돈가스":     nil,
		"이사했는데":                {"전입"},
		"이사회 의결, 이사장":          nil, // directors, who move nowhere
		"「폐기물관리법」 제2조":         nil,
		"CCTV 2026":            nil,
		"\xff\xfe":             nil,
		strings.Repeat("가", 9): nil,
		"":                     nil,
	} {
		if diff := cmp.Diff(want, Synonyms(s)); diff != "" {
			t.Errorf("Synonyms(%q) (-want +got):\n%s", s, diff)
		}
	}
}

// Every line of the list takes part, no word is there twice, and none stands for itself.
func TestSynonymsList(t *testing.T) {
	said := map[string]bool{}
	for line := range strings.Lines(synonymsTXT) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		left, right, ok := strings.Cut(line, " : ")
		if !ok || left == "" || right == "" {
			t.Errorf("%q is not of the form \"a b : c d\"", line)
		}
		for _, word := range strings.Fields(left) {
			if said[word] || slices.Contains(strings.Fields(right), word) {
				t.Errorf("%q: %s stands for itself or is there twice", line, word)
			}
			said[word] = true
			whole, beginning := strings.CutSuffix(word, "*")
			if beginning {
				whole += "어요"
			}
			if diff := cmp.Diff(strings.Fields(right), synonymsOf(whole)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", whole, diff)
			}
		}
	}
}
