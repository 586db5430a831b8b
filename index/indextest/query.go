package indextest

import (
	"strings"
	"testing"

	"biseo/index"
)

// testOddQueries asks what people and programs send by mistake: hits or none, never
// an error.
func testOddQueries(t *testing.T, x index.Index) {
	d := newDoc("d")
	store(t, x, d, newChunks(d, "민원 처리기간은 14일로 한다.", "수수료를 받는다."))
	for name, q := range map[string]string{
		"empty":         "",
		"blank":         " \n\t\u3000",
		"particles":     "은 는 이 가 을 를 에서 으로",
		"question word": "무엇인가요?",
		"punctuation":   `!@#$%^&*()"'\:;,.<>[]{}~` + "`",
		"invalid UTF-8": "민원\xff\xfe처리\xc3",
		"NUL":           "민원\x00처리",
		"100 kB":        strings.Repeat("민원 처리기간을 어떻게 세나요? ", 2500),
		"one long word": strings.Repeat("민원처리기간", 6000),
		"digits":        strings.Repeat("1", 100_000),
		"citations":     strings.Repeat("제19조제1항 ", 5000),
	} {
		for mode, dense := range map[string][]float32{"words": nil, "hybrid": axis(0)} {
			if _, err := x.Search(t.Context(), index.Query{Scope: everyone(), Text: q, Dense: dense}); err != nil {
				t.Errorf("%s, by %s: %v", name, mode, err)
			}
		}
	}
	if hits := search(t, x, index.Query{Scope: everyone(), Text: strings.Repeat("민원 처리기간을 어떻게 세나요? ", 2500)}); len(hits) == 0 || hits[0].Chunk.ID != index.ChunkID("d", 0) {
		t.Errorf("a query of 100 kB about the first chunk found %d", len(hits))
	}
}
