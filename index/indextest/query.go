package indextest

import (
	"errors"
	"fmt"
	"math"
	"slices"
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

func testLimit(t *testing.T, x index.Index) {
	for i := range 15 {
		d := newDoc(fmt.Sprintf("d%02d", i))
		store(t, x, d, newChunks(d, "휴가 신청"))
	}
	for limit, want := range map[int]int{0: 10, 1: 1, 15: 15, 1000: 15, math.MaxInt: 15} {
		for mode, q := range modes(everyone(), "휴가 신청", axis(0)) {
			q.Limit = limit
			diff(t, fmt.Sprintf("%s, limit %d", mode, limit), want, len(search(t, x, q)))
		}
	}
}

func testTies(t *testing.T, x index.Index) {
	var want []string
	for i := range 40 {
		d := newDoc(fmt.Sprintf("d%02d", i*7%40))
		store(t, x, d, newChunks(d, "같은 문장"))
		want = append(want, index.ChunkID(d.ID, 0))
	}
	slices.Sort(want)
	for mode, q := range modes(everyone(), "같은 문장", axis(0)) {
		for range 3 {
			q.Limit = 12
			diff(t, mode, want[:12], chunkIDs(search(t, x, q)))
		}
	}
}

func testRanks(t *testing.T, x index.Index) {
	words, meaning, both := newDoc("words"), newDoc("meaning"), newDoc("both")
	store(t, x, words, newChunks(words, "보조금 정산 보조금 정산"))
	c := newChunks(meaning, "지원한 돈의 셈")
	store(t, x, meaning, c)
	c = newChunks(both, "보조금 정산 방법과 절차 그리고 그 밖에 필요한 사항")
	c[0].Dense = between(0, 1, 0.2)
	store(t, x, both, c)
	none := newChunks(words, "보조금 정산 보조금 정산")
	none[0].Dense = nil
	store(t, x, words, none)
	type ranks struct{ Words, Meaning int }
	for mode, want := range map[string]map[string]ranks{
		"words":   {"words": {1, 0}, "both": {2, 0}},
		"meaning": {"meaning": {0, 1}, "both": {0, 2}},
		"hybrid":  {"words": {1, 0}, "meaning": {0, 1}, "both": {2, 2}},
	} {
		got := map[string]ranks{}
		hits := search(t, x, modes(everyone(), "보조금 정산", axis(0))[mode])
		for i, h := range hits {
			got[h.Doc.ID] = ranks{h.Words, h.Meaning}
			if i > 0 && h.Score > hits[i-1].Score {
				t.Errorf("%s: score rises at hit %d", mode, i+1)
			}
		}
		diff(t, mode, want, got)
	}
}

// Chunks are found by their own vectors and ranked by those of their sentences. One that
// words find is ranked by them even if its own vector is far.
func testSentences(t *testing.T, x index.Index) {
	whole, part, far, near := newDoc("whole"), newDoc("part"), newDoc("far"), newDoc("near")
	c := newChunks(whole, "한 문장")
	c[0].Dense = between(0, 1, 0.3)
	store(t, x, whole, c)
	c = newChunks(part, "두 문장. 그중 하나.")
	c[0].Dense, c[0].Sentences = between(0, 1, 0.5), [][]float32{axis(3), between(0, 1, 0.2)}
	store(t, x, part, c)
	byMeaning := index.Query{Scope: everyone(), Dense: axis(0), Limit: 2}
	want := []string{index.ChunkID("part", 0), index.ChunkID("whole", 0)}
	diff(t, "by meaning", want, chunkIDs(search(t, x, byMeaning)))
	part.Title = "조례"
	if err := x.Describe(t.Context(), part); err != nil {
		t.Fatal(err)
	}
	diff(t, "with another title", want, chunkIDs(search(t, x, byMeaning)))

	c = newChunks(near, make([]string, 300)...)
	for i := range c {
		c[i].Dense = between(0, 2, 0.1+float64(i)/1000)
	}
	store(t, x, near, c)
	c = newChunks(far, "보조금 정산")
	c[0].Dense, c[0].Sentences = axis(5), [][]float32{axis(6), axis(0)}
	store(t, x, far, c)
	hits := search(t, x, index.Query{Scope: everyone(), Dense: axis(0), Text: "보조금"})
	if len(hits) == 0 || hits[0].Doc.ID != "far" || hits[0].Meaning != 1 {
		t.Errorf("found by words and by its sentence: got %v first, want far, the first by meaning", hits[:min(1, len(hits))])
	}
}

func testPassage(t *testing.T, x index.Index) {
	d := newDoc("d")
	chunks := newChunks(d, "하나", "둘", "셋", "넷", "다섯")
	chunks[3].Until = index.Day(2026, 1, 1)
	store(t, x, d, chunks)
	other := newDoc("e")
	store(t, x, other, newChunks(other, "이웃 문서"))
	for _, test := range []struct {
		at, around int
		want       string
	}{
		{2, 0, "셋"}, {2, -1, "셋"}, {0, 1, "하나둘"}, {4, 1, "다섯"}, {2, 2, "하나둘셋다섯"},
		{1, math.MaxInt, "하나둘셋다섯"},
	} {
		hits, err := x.Passage(t.Context(), everyone(), chunks[test.at].ID, test.around)
		if err != nil {
			t.Errorf("Passage(%d, %d): %v", test.at, test.around, err)
			continue
		}
		var got string
		for _, h := range hits {
			got += h.Chunk.Text
			if h.Chunk.Dense != nil || h.Doc.ID != "d" {
				t.Errorf("hit with %d numbers of document %s", len(h.Chunk.Dense), h.Doc.ID)
			}
		}
		diff(t, fmt.Sprintf("Passage(%d, %d)", test.at, test.around), test.want, got)
	}
	_, outside := x.Passage(t.Context(), everyone(), chunks[3].ID, 0)
	_, absent := x.Passage(t.Context(), everyone(), index.ChunkID("none", 0), 0)
	if !errors.Is(outside, index.ErrNotFound) || !errors.Is(absent, index.ErrNotFound) || outside.Error() != absent.Error() {
		t.Errorf("outside the scope: %v; absent: %v; want the same ErrNotFound", outside, absent)
	}
}
