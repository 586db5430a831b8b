package ingest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/index"
)

// pathsOf prints chunks as "path / path ‖ first word of each line".
func pathsOf(chunks []index.Chunk) []string {
	var out []string
	for _, c := range chunks {
		var firsts []string
		for l := range strings.Lines(c.Text) {
			if f := strings.Fields(l); len(f) > 0 {
				firsts = append(firsts, strings.Join(f[:min(len(f), 2)], " "))
			}
		}
		out = append(out, strings.Join(c.Path, " / ")+" ‖ "+strings.Join(firsts, ", "))
	}
	return out
}

func TestSplitLists(t *testing.T) {
	long := strings.Repeat("자전거 보관대를 늘린다 ", 4)
	tests := []struct {
		name string
		max  int
		text string
		want []string
	}{
		{"parts name the items above them", 60, "## Ⅰ. 배경\nㅇ (늘리기) " + long + "\n- 첫째 " + long + "\n* 주석\n- 둘째 " + long + "\nㅇ 고치기 " + long + "\n", []string{
			"Ⅰ. 배경 ‖ Ⅰ. 배경, ㅇ (늘리기)", "Ⅰ. 배경 / ㅇ (늘리기) ‖ - 첫째, * 주석", "Ⅰ. 배경 / ㅇ (늘리기) ‖ - 둘째", "Ⅰ. 배경 ‖ ㅇ 고치기",
		}},
		{"a short item stands with what is below it", 60, "## Ⅰ. 배경\n본문 " + long + "\n❍ 보관대\n▪ 첫째 " + long + "\n▪ 둘째 " + long + "\n", []string{
			"Ⅰ. 배경 ‖ Ⅰ. 배경, 본문 자전거", "Ⅰ. 배경 ‖ ❍ 보관대, ▪ 첫째", "Ⅰ. 배경 / ❍ 보관대 ‖ ▪ 둘째",
		}},
		{"numbers and letters", 60, "제2장 지원\n1. 대상 " + long + "\n가. 하나 " + long + "\n1) 둘 " + long + "\n나. 셋 " + long + "\n2. 방법 " + long + "\n", []string{
			"제2장 지원 ‖ 제2장 지원, 1. 대상", "제2장 지원 / 1. 대상 자전거 보관대를 늘린다 자전거 보관대를 늘린다 자전거 보관대… ‖ 가. 하나",
			"제2장 지원 / 1. 대상 자전거 보관대를 늘린다 자전거 보관대를 늘린다 자전거 보관대… / 가. 하나 자전거 보관대를 늘린다 자전거 보관대를 늘린다 자전거 보관대… ‖ 1) 둘",
			"제2장 지원 / 1. 대상 자전거 보관대를 늘린다 자전거 보관대를 늘린다 자전거 보관대… ‖ 나. 셋", "제2장 지원 ‖ 2. 방법",
		}},
		{"chapters over numbers that a reader took for headings", 0, "## 제1장 총칙\n## 1. 목적\n보관대를 늘린다.\n## 제2장 지원\n## 1. 대상\n시민\n", []string{
			"제1장 총칙 / 1. 목적 ‖ 제1장 총칙, 1. 목적, 보관대를 늘린다.", "제2장 지원 / 1. 대상 ‖ 제2장 지원, 1. 대상, 시민",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := markdown("directive", "자전거 지침", tt.text)
			got := Split(d, SplitOptions{Max: tt.max})
			checkChunks(t, d, got)
			if diff := cmp.Diff(tt.want, pathsOf(got)); diff != "" {
				t.Errorf("chunks (-want +got):\n%s", diff)
			}
		})
	}
}
