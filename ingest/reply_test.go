package ingest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitReplies(t *testing.T) {
	tests := []struct {
		name string
		text string
		want []string
	}{
		{"labels with numbers", "1. 귀하께서 신청하신 민원의 검토 결과를 다음과 같이 알려드립니다.\n2. 귀하의 민원 요지는 “보관대”에 관한 것으로 이해됩니다.\n가. (질의1) 보관대를 늘릴 수 있는지?\n(답변1) 내년에 늘립니다.\n나. (질의2) 비용은 얼마인지?\n(답변2) 무료입니다.\n※ 문의는 교통과로 하시기 바랍니다.  끝.\n", []string{
			"질의 1 ‖ 「답」(2026. 8. 28.) 질의 1 ‖ 1. … 있는지?",
			"질의: 보관대를 늘릴 수 있는지? / 답변 1 ‖ 「답」(2026. 8. 28.) 답변 1 ‖ (답변1) … 늘립니다.",
			"질의 2 ‖ 「답」(2026. 8. 28.) 질의 2 ‖ 나. … 얼마인지?",
			"질의: 비용은 얼마인지? / 답변 2 ‖ 「답」(2026. 8. 28.) 답변 2 ‖ (답변2) … 끝.",
		}},
		{"labels over their text, and sentences that are none", "제목 보관대\n민원 내용\n보관대를 늘려 주세요.\n답변 내용\n1. 귀하께서 신청하신 민원에 대한 검토 결과를 다음과 같이 알려드립니다.\n2. 귀하의 민원 내용은 보관대에 관한 것입니다.\n3. 늘립니다.\n4. 답변 내용에 대한 추가 설명은 교통과로 문의하시기 바랍니다.\n", []string{
			"질의 ‖ 「답」(2026. 8. 28.) 질의 ‖ 제목 … 주세요.",
			"질의: 보관대를 늘려 주세요. / 답변 ‖ 「답」(2026. 8. 28.) 답변 ‖ 답변 … 바랍니다.",
		}},
		{"nothing says where the answer begins", "안녕하십니까?\n귀하의 민원내용은 \"보관대\"에 관한 것으로 판단됩니다.\n보관대는 내년에 늘립니다.\n감사합니다.\n", []string{
			"질의 ‖ 「답」(2026. 8. 28.) 질의 ‖ 안녕하십니까? … 판단됩니다.",
			"질의: 보관대 / 답변 ‖ 「답」(2026. 8. 28.) 답변 ‖ 보관대는 … 감사합니다.",
		}},
		{"a legal interpretation", "【질의요지】\n보관대가 시설물인지?\n【회신】\n시설물입니다.\n", []string{
			"질의 ‖ 「답」(2026. 8. 28.) 질의 ‖ 【질의요지】 … 시설물인지?",
			"질의: 보관대가 시설물인지? / 답변 ‖ 「답」(2026. 8. 28.) 답변 ‖ 【회신】 … 시설물입니다.",
		}},
		{"no marks", "보관대는 내년에 늘립니다.\n", []string{" ‖ 「답」 ‖ 보관대는 … 늘립니다."}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := markdown("reply", "답", tt.text)
			d.Fields = []Field{{"답변일", "2026. 8. 28.(금)"}}
			got := Split(d, SplitOptions{})
			checkChunks(t, d, got)
			if diff := cmp.Diff(tt.want, outlineOf(got)); diff != "" {
				t.Errorf("chunks (-want +got):\n%s", diff)
			}
		})
	}
}

// A letter is one chunk if it fits; otherwise its 결문 is one of its own.
func TestSplitLetter(t *testing.T) {
	text := "가온시\n수신  내부결재\n(경유)\n제목  보관대 구매\n" + strings.Repeat("보관대를 삽니다. ", 10) + "끝.\n주무관 | 한별온 | 과장 | 차오름\n협조자 | \n시행 | 교통과-1 | ( | 2026. 1. 2. | )\n전화 | 055-000-1000 | / | 비공개(5)\n"
	for max, want := range map[int][]string{
		0:   {" ‖ 「보관대 구매」 ‖ 가온시 … 비공개(5)"},
		100: {" ‖ 「보관대 구매」 ‖ 가온시 … 끝.", "결문 ‖ 「보관대 구매」 결문 ‖ 주무관 … 비공개(5)"},
	} {
		d := markdown("other", "보관대 구매", text)
		d.Fields = ReadFields(d)
		got := Split(d, SplitOptions{Max: max})
		checkChunks(t, d, got)
		if diff := cmp.Diff(want, outlineOf(got)); diff != "" {
			t.Errorf("max %d: chunks (-want +got):\n%s", max, diff)
		}
	}
}
