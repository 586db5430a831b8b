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

// testSlip asks with one wrong letter: what was meant is found, and only by what the
// asker may see. A hidden document neither lends its spelling nor keeps one from
// being found.
func testSlip(t *testing.T, x index.Index) {
	add := func(id, text string, readers ...string) {
		d := newDoc(id)
		d.Readers = readers
		store(t, x, d, newChunks(d, text))
	}
	check := func(what, query string, want []string, readers ...string) {
		t.Helper()
		diff(t, what, want, docIDs(search(t, x, index.Query{Scope: index.Scope{On: today, Readers: readers}, Text: query})))
	}
	add("grant", "지원금은 매달 지급한다.", index.Public)
	add("other", "수수료를 징수한다.", index.Public)
	check("slip", "지언금", []string{"grant"})
	check("slip beside another word", "수수료 지언금", []string{"other", "grant"})
	check("two slips", "지완굼", nil)

	add("secret", "지언금 목록", "감사팀")
	check("a hidden document holds what was typed", "지언금", []string{"grant"})
	check("a visible document holds what was typed", "지언금", []string{"secret"}, "감사팀")

	add("grant", "지원금은 매달 지급한다.", "감사팀")
	add("plain", "지원 사업의 원금 상환", index.Public) // shares bigrams with 지원금
	check("a hidden document holds what was meant", "지언금", nil)
}
