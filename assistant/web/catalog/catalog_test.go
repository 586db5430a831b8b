package catalog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"biseo/index"
	"biseo/index/local"
)

// office is a small index: an ordinance in two versions, a plan of auditors, and a
// document that nobody may read.
func office(t *testing.T) index.Index {
	t.Helper()
	x, err := local.Open(t.Context(), t.TempDir(), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	add := func(d index.Doc, parts int) {
		t.Helper()
		var chunks []index.Chunk
		for i := range parts {
			chunks = append(chunks, index.Chunk{ID: index.ChunkID(d.ID, i), DocID: d.ID, Text: fmt.Sprintf("제%d조 주차요금 %d", i+1, i), Cite: fmt.Sprintf("제%d조", i+1),
				Path: []string{fmt.Sprintf("제%d장", i/3+1)}})
		}
		if err := x.Replace(t.Context(), d, chunks); err != nil {
			t.Fatal(err)
		}
	}
	public, audit := []string{index.Public}, []string{"audit"}
	add(index.Doc{ID: "parking@1", Work: "parking", Title: "가온시 주차장 조례", Kind: "ordinance", Agency: "가온시", Source: "/a/조례.md", Readers: public, Grade: index.Open,
		From: index.Day(2020, 1, 1), Until: index.Day(2026, 1, 1)}, 2)
	add(index.Doc{ID: "parking@2", Work: "parking", Title: "가온시 주차장 조례", Kind: "ordinance", Agency: "가온시", Source: "/a/조례2.md", Readers: public, Grade: index.Open,
		From: index.Day(2026, 1, 1), Near: "plan"}, 7)
	add(index.Doc{ID: "plan", Work: "parking", Title: "주차 감사 계획", Kind: "plan", Agency: "감사관", Source: "/b/계획.md", Readers: audit, Grade: index.Sensitive, Dated: index.Day(2026, 3, 2)}, 1)
	add(index.Doc{ID: "nobody", Work: "nobody", Title: "주차", Kind: "memo", Source: "/c/x.md"}, 1)
	return x
}

var (
	citizen = Person{Today: index.Day(2026, 11, 22)}
	auditor = Person{Groups: []string{"audit"}, Grade: index.Sensitive, Today: index.Day(2026, 11, 22)}
)

func TestList(t *testing.T) {
	x := office(t)
	for _, tt := range []struct {
		name string
		who  Person
		f    Filter
		want []string
	}{
		{"citizen", citizen, Filter{}, []string{"parking@1 past", "parking@2 in_force"}},
		{"auditor", auditor, Filter{}, []string{"parking@1 past", "parking@2 in_force", "plan in_force"}},
		{"group without grade", Person{Groups: []string{"audit"}, Today: citizen.Today}, Filter{Kinds: []string{"plan"}}, nil},
		{"before it came into force", Person{Today: index.Day(2025, 1, 1)}, Filter{}, []string{"parking@1 in_force", "parking@2 future"}},
		{"title without regard to spaces", auditor, Filter{Title: "주차장조례  가온"}, []string{"parking@1 past", "parking@2 in_force"}},
		{"agency", auditor, Filter{Agencies: []string{"감사관"}}, []string{"plan in_force"}},
		{"grade", auditor, Filter{Grades: []string{"sensitive"}}, []string{"plan in_force"}},
		{"state today", auditor, Filter{States: []string{"past", "future"}}, []string{"parking@1 past"}},
		{"changed since", auditor, Filter{Since: index.Day(2026, 2, 1)}, []string{"plan in_force"}},
		{"read since", citizen, Filter{Since: index.Day(2026, 2, 1), Read: func(source string) time.Time {
			return map[string]time.Time{"/a/조례2.md": index.Day(2026, 5, 1)}[source]
		}}, []string{"parking@2 in_force"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for after := ""; ; {
				page, err := List(t.Context(), x, tt.who, tt.f, after, 1)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range page.Documents {
					got = append(got, d.ID+" "+d.State)
				}
				if after = page.Next; after == "" {
					break
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
	for _, bad := range []string{"!", base64.RawURLEncoding.EncodeToString([]byte("zzz"))} {
		if _, err := List(t.Context(), x, citizen, Filter{}, bad, 1); !errors.Is(err, ErrCursor) {
			t.Errorf("cursor %s, which no page came with: got %v", bad, err)
		}
	}
}

// What one may not read is not counted either, nor are its kinds told.
func TestCount(t *testing.T) {
	x := office(t)
	for _, tt := range []struct {
		who   Person
		n     int
		kinds []string
	}{
		{citizen, 2, []string{"ordinance"}},
		{Person{Groups: []string{"audit"}, Today: citizen.Today}, 2, []string{"ordinance"}},
		{auditor, 3, []string{"ordinance", "plan"}},
	} {
		if n, kinds, err := Count(t.Context(), x, tt.who); err != nil || n != tt.n || !slices.Equal(kinds, tt.kinds) {
			t.Errorf("%v: got %d %v %v, want %d %v", tt.who.Groups, n, kinds, err, tt.n, tt.kinds)
		}
	}
}

func TestDescribe(t *testing.T) {
	x := office(t)
	d, err := Describe(t.Context(), x, citizen, "parking@2")
	if err != nil {
		t.Fatal(err)
	}
	var versions, outline []string
	for _, v := range d.Versions {
		versions = append(versions, v.ID)
	}
	for _, h := range d.Outline {
		outline = append(outline, h.Path[0]+" "+h.Cite)
	}
	if diff := cmp.Diff([]string{"parking@2", "parking@1"}, versions); diff != "" || d.Near != "" {
		t.Errorf("versions, near %q (-want +got):\n%s", d.Near, diff)
	}
	if diff := cmp.Diff([]string{"제1장 제1조", "제2장 제4조", "제3장 제7조"}, outline); diff != "" {
		t.Errorf("outline (-want +got):\n%s", diff)
	}
	if d, err := Describe(t.Context(), x, auditor, "parking@2"); err != nil || d.Near != "plan" || len(d.Versions) != 3 {
		t.Errorf("auditor: near %q, %d versions, %v", d.Near, len(d.Versions), err)
	}
	for _, id := range []string{"plan", "nobody", "none"} {
		if _, err := Describe(t.Context(), x, citizen, id); !errors.Is(err, index.ErrNotFound) {
			t.Errorf("%s: got %v", id, err)
		}
	}
}

func TestPassages(t *testing.T) {
	x := office(t)
	var got []string
	for after := ""; ; {
		_, hits, on, next, err := Passages(t.Context(), x, citizen, "parking@2", after, 3)
		if err != nil || !on.Equal(citizen.Today) {
			t.Fatal(on, err)
		}
		for _, h := range hits {
			got = append(got, h.Chunk.Cite)
		}
		if after = next; after == "" {
			break
		}
	}
	if d := cmp.Diff([]string{"제1조", "제2조", "제3조", "제4조", "제5조", "제6조", "제7조"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, hits, on, _, err := Passages(t.Context(), x, citizen, "parking@1", "", 10); err != nil || len(hits) != 2 || !on.Equal(index.Day(2025, 12, 31)) {
		t.Errorf("an old version: %d hits on %v, %v", len(hits), on, err)
	}
	for _, tt := range []struct{ id, after string }{{"plan", ""}, {"parking@2", index.ChunkID("plan", 0)}, {"parking@2", index.ChunkID("parking@1", 0)}} {
		if _, _, _, _, err := Passages(t.Context(), x, citizen, tt.id, tt.after, 3); !errors.Is(err, index.ErrNotFound) {
			t.Errorf("%s behind %s: got %v", tt.id, tt.after, err)
		}
	}
}
