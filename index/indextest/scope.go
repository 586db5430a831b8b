package indextest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"biseo/index"
)

// The tests of this file are about what a scope lets be seen.

func testFilterBeforeLimit(t *testing.T, x index.Index) {
	for i := range 40 { // of 20 chunks: more than a backend proposes at first
		d := newDoc(fmt.Sprintf("hidden-%03d", i))
		chunks := newChunks(d, slices.Repeat([]string{"당직 근무 당직 근무 당직 근무"}, 20)...)
		for j := range chunks {
			chunks[j].Dense = axis(0)
			if i%2 == 1 {
				chunks[j].From = today.AddDate(0, 0, 1)
			}
		}
		if i%2 == 0 {
			d.Readers = []string{"감사"}
		}
		store(t, x, d, chunks)
	}
	for i := range 3 {
		d := newDoc(fmt.Sprintf("seen-%d", i))
		c := newChunks(d, "여러 가지 일 가운데 하나인 당직 근무에 관하여 이 규정이 정하는 바에 따른다")
		c[0].Dense = between(0, 1, 0.9)
		store(t, x, d, c)
	}
	for mode, q := range modes(everyone(), "당직 근무", axis(0)) {
		q.Limit = 3
		diff(t, mode, []string{"seen-0", "seen-1", "seen-2"}, slices.Sorted(slices.Values(docIDs(search(t, x, q)))))
	}
}

func testNoDate(t *testing.T, x index.Index) {
	d := newDoc("d")
	store(t, x, d, newChunks(d, "청사 관리"))
	for mode, q := range modes(index.Scope{}, "청사 관리", axis(0)) {
		if _, err := x.Search(t.Context(), q); !errors.Is(err, index.ErrNoDate) {
			t.Errorf("%s: got %v, want ErrNoDate", mode, err)
		}
	}
	if hits, err := x.Passage(t.Context(), index.Scope{}, index.ChunkID("d", 0), 0); err == nil {
		t.Errorf("Passage without a date: %d hits, want an error", len(hits))
	}
}

func testInForce(t *testing.T, x index.Index) {
	old, now := newDoc("w@1"), newDoc("w@2")
	old.Work, old.Until = "w", index.Day(2026, 5, 12)
	now.Work, now.From = "w", index.Day(2026, 5, 12)
	chunks := newChunks(now, "기간 연장 사유", "기간 연장 사유 가운데 나중에 시행하는 것", "기간 연장 사유 가운데 먼저 끝나는 것")
	chunks[1].From = index.Day(2026, 7, 1)
	chunks[2].Until = index.Day(2026, 7, 1)
	store(t, x, old, newChunks(old, "기간 연장 사유"))
	store(t, x, now, chunks)
	was := index.ChunkID("w@1", 0)
	for _, test := range []struct {
		on   time.Time
		want []string
	}{
		{index.Day(1990, 1, 1), []string{was}},
		{index.Day(2026, 5, 11), []string{was}},
		{index.Day(2026, 5, 12), []string{chunks[0].ID, chunks[2].ID}},
		{index.Day(2026, 6, 30), []string{chunks[0].ID, chunks[2].ID}},
		{index.Day(2026, 7, 1), []string{chunks[0].ID, chunks[1].ID}},
	} {
		s := index.Scope{On: test.on}
		slices.Sort(test.want)
		for mode, q := range modes(s, "기간 연장 사유", axis(0)) {
			diff(t, fmt.Sprint(mode, " on ", s.On), test.want, slices.Sorted(slices.Values(chunkIDs(search(t, x, q)))))
		}
		for _, id := range []string{was, chunks[0].ID, chunks[1].ID, chunks[2].ID} {
			_, err := x.Passage(t.Context(), s, id, 0)
			if got, want := !errors.Is(err, index.ErrNotFound), slices.Contains(test.want, id); got != want {
				t.Errorf("Passage on %v of %s: seen %v, want %v", s.On, id, got, want)
			}
		}
	}
}

func testReadersAndGrade(t *testing.T, x index.Index) {
	for id, set := range map[string]func(*index.Doc){
		"public":     func(d *index.Doc) {},
		"nobody":     func(d *index.Doc) { d.Readers = nil },
		"audit":      func(d *index.Doc) { d.Readers = []string{"감사", "인사"} },
		"sensitive":  func(d *index.Doc) { d.Grade = index.Sensitive },
		"classified": func(d *index.Doc) { d.Grade = index.Classified },
		"ungraded":   func(d *index.Doc) { d.Grade = 0 },
	} {
		d := newDoc(id)
		set(&d)
		store(t, x, d, newChunks(d, "비상 연락망"))
	}
	for _, test := range []struct {
		scope index.Scope
		want  []string
	}{
		{index.Scope{}, []string{"public"}},
		{index.Scope{Grade: index.Open}, []string{"public"}},
		{index.Scope{Readers: []string{"인사", "총무"}}, []string{"audit", "public"}},
		{index.Scope{Readers: []string{""}}, []string{"public"}},
		{index.Scope{Grade: index.Sensitive}, []string{"public", "sensitive"}},
		{index.Scope{Grade: index.Classified}, []string{"classified", "public", "sensitive", "ungraded"}},
	} {
		test.scope.On = today
		for mode, q := range modes(test.scope, "비상 연락망", axis(0)) {
			diff(t, fmt.Sprintf("%s %+v", mode, test.scope), test.want, slices.Sorted(slices.Values(docIDs(search(t, x, q)))))
		}
	}
}

func testRestrictions(t *testing.T, x index.Index) {
	for i, id := range []string{"a", "b", "c"} {
		d := newDoc(id)
		d.Kind = []string{"law", "rule", "plan"}[i]
		d.Agency = []string{"가온시", "가온시", "나래군"}[i]
		store(t, x, d, newChunks(d, "주차 단속"))
	}
	for _, test := range []struct {
		scope index.Scope
		want  []string
	}{
		{index.Scope{Kinds: []string{"law", "plan"}}, []string{"a", "c"}},
		{index.Scope{Agencies: []string{"가온시"}}, []string{"a", "b"}},
		{index.Scope{Docs: []string{"b", "none"}}, []string{"b"}},
		{index.Scope{Kinds: []string{"law"}, Agencies: []string{"나래군"}}, nil},
	} {
		test.scope.On = today
		for mode, q := range modes(test.scope, "주차 단속", axis(0)) {
			diff(t, fmt.Sprintf("%s %+v", mode, test.scope), test.want, slices.Sorted(slices.Values(docIDs(search(t, x, q)))))
		}
	}
}
