package local

import (
	"testing"

	"biseo/index"
)

// A word typed with one wrong letter finds what was meant, and only by what the asker
// may see: a hidden document neither lends its spelling nor keeps one from being found.
func TestSlip(t *testing.T) {
	x, err := Open(t.Context(), t.TempDir(), Options{Rules: "r"})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	add := func(id, text string, readers ...string) {
		d := index.Doc{ID: id, Work: id, Readers: readers, Grade: index.Open}
		if err := x.Replace(t.Context(), d, []index.Chunk{{ID: index.ChunkID(id, 0), DocID: id, Text: text}}); err != nil {
			t.Fatal(err)
		}
	}
	find := func(query string, readers ...string) (docs []string) {
		t.Helper()
		hits, err := x.Search(t.Context(), index.Query{Text: query, Scope: index.Scope{Readers: readers, On: index.Day(2026, 6, 1)}})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hits {
			docs = append(docs, h.Doc.ID)
		}
		return docs
	}
	add("grant", "지원금은 매달 지급한다.", index.Public)
	add("other", "수수료를 징수한다.", index.Public)
	diff(t, "slip", find("지언금"), []string{"grant"})
	diff(t, "no slip", find("지완굼"), []string(nil))

	add("secret", "지언금 목록", "감사팀")
	diff(t, "a hidden document holds what was typed", find("지언금"), []string{"grant"})
	diff(t, "a visible document holds what was typed", find("지언금", "감사팀"), []string{"secret"})

	if err := x.Remove(t.Context(), "grant"); err != nil {
		t.Fatal(err)
	}
	add("grant", "지원금은 매달 지급한다.", "감사팀")
	add("plain", "지원 사업의 원금 상환", index.Public) // shares bigrams with 지원금
	diff(t, "a hidden document holds what was meant", find("지언금"), []string(nil))
}
