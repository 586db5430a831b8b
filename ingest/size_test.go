package ingest

import (
	"testing"

	"biseo/llm"
)

// Words counted one by one are as many tokens as the text, but for runs of spaces.
func TestTokens(t *testing.T) {
	for _, text := range []string{
		"", "가", "제19조(처리결과의 통지) ① 행정기관의 장은 접수된 민원에 대한 처리를 완료한 때에는 그 결과를 문서로 통지하여야 한다.\n",
		"1. 금액: 1,234,500원 (부가가치세 포함)\n  가. The quick brown fox, 2026. 5. 6.\n\n", "구분 | 금액(원) |  | 비고\n", "……\n□ ㅇ - ※ 가\n",
	} {
		want, err := llm.CountTokens(text)
		if err != nil {
			t.Fatal(err)
		}
		s := newSplitter(&Document{Text: text}, SplitOptions{})
		r := span{0, len(s.text)}
		if got := s.count(r); got != want {
			t.Errorf("%q: got %d tokens, want %d", text, got, want)
		}
		if got := s.tokens(r); got < want || got > want+2 {
			t.Errorf("%q line by line: got %d tokens, want %d", text, got, want)
		}
	}
}
