package index

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestAllows(t *testing.T) {
	d := Doc{ID: "d", Kind: "law", Agency: "a", Readers: []string{"감사"}, Grade: Sensitive, From: Day(2026, 1, 1), Until: Day(2026, 7, 1)}
	s := Scope{Readers: []string{"감사"}, Grade: Sensitive, On: Day(2026, 6, 1)}
	for _, test := range []struct {
		name   string
		change func(*Scope, *Doc, *Chunk)
		want   bool
	}{
		{"all fits", func(*Scope, *Doc, *Chunk) {}, true},
		{"no date", func(s *Scope, _ *Doc, _ *Chunk) { s.On = d.Ends }, false},
		{"other group", func(s *Scope, _ *Doc, _ *Chunk) { s.Readers = []string{"인사"} }, false},
		{"public document", func(s *Scope, d *Doc, _ *Chunk) { s.Readers, d.Readers = nil, []string{Public} }, true},
		{"no readers", func(_ *Scope, d *Doc, _ *Chunk) { d.Readers = nil }, false},
		{"unset scope grade is open", func(s *Scope, _ *Doc, _ *Chunk) { s.Grade = 0 }, false},
		{"unset scope grade, open document", func(s *Scope, d *Doc, _ *Chunk) { s.Grade, d.Grade = 0, Open }, true},
		{"unset document grade is classified", func(_ *Scope, d *Doc, _ *Chunk) { d.Grade = 0 }, false},
		{"first day", func(s *Scope, d *Doc, _ *Chunk) { s.On = d.From }, true},
		{"day after the last", func(s *Scope, d *Doc, _ *Chunk) { s.On = d.Until }, false},
		{"chunk not yet", func(_ *Scope, _ *Doc, c *Chunk) { c.From = Day(2026, 6, 2) }, false},
		{"chunk no longer", func(_ *Scope, _ *Doc, c *Chunk) { c.Until = Day(2026, 6, 1) }, false},
		{"other kind", func(s *Scope, _ *Doc, _ *Chunk) { s.Kinds = []string{"plan"} }, false},
		{"other agency", func(s *Scope, _ *Doc, _ *Chunk) { s.Agencies = []string{"b"} }, false},
		{"other document", func(s *Scope, _ *Doc, _ *Chunk) { s.Docs = []string{"e"} }, false},
		{"all restrictions", func(s *Scope, _ *Doc, _ *Chunk) {
			s.Kinds, s.Agencies, s.Docs = []string{"plan", "law"}, []string{"a"}, []string{"d"}
		}, true},
	} {
		s, d, c := s, d, Chunk{DocID: "d"}
		test.change(&s, &d, &c)
		if got := s.Allows(d, c); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestGrade(t *testing.T) {
	for _, g := range []Grade{0, Open, Sensitive, Classified} {
		b, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		var got Grade
		if err := json.Unmarshal(b, &got); err != nil || got != g {
			t.Errorf("%s: got %v, %v", b, got, err)
		}
	}
	if _, err := ParseGrade("secret"); err == nil {
		t.Error("ParseGrade accepts secret")
	}
	diff(t, Grade(9).String(), "grade(9)")
}

func TestChunkID(t *testing.T) {
	// The IDs stand in stored indexes and in drafts: they may never change.
	diff(t, ChunkID("law/001359@239293", 0), "618ff40a-0bc4-54a6-838a-65dbd2c73124")
	if ChunkID("a", 1) == ChunkID("a", 2) || ChunkID("a", 1) == ChunkID("b", 1) {
		t.Error("two chunks share an ID")
	}
}

func diff(t *testing.T, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-12)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func near(got, want float64) bool { return math.Abs(got-want) < 1e-12 }
