package pdf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLexer(t *testing.T) {
	var show func(o operand) string
	show = func(o operand) string {
		switch o.kind {
		case number:
			return fmt.Sprint(o.num)
		case text:
			return fmt.Sprintf("(%s)", o.str)
		case name:
			return "/" + o.str
		case dict:
			return o.str
		case array:
			var s []string
			for _, e := range o.list {
				s = append(s, show(e))
			}
			return "[" + strings.Join(s, " ") + "]"
		}
		return "null"
	}
	for _, tt := range []struct{ in, want string }{
		{"1 -2.5 +.5 4. 1e2 Td", "1 -2.5 0.5 4 100 Td"},
		{"(a\\(b\\)(c)\\101\\n\\q\\\r\n) Tj", "(a(b)(c)A\nq) Tj"},
		{"<48 65 6C6> Tj", "(Hel`) Tj"},
		{"[(a)-120<62>[/N]x] TJ", "[(a) -120 (b) [/N]] TJ"},
		{"/A#42 /Span<</A(>>)/B<</C 1>>>>BDC", "/AB /Span <</A(>>)/B<</C 1>>>> BDC"},
		{"%comment\n1%\n2 m", "1 2 m"},
		{"true null f* T*", "null null f*; T*"},
		{"BI /W 1 ID x EIy EI Q", "BI; Q"},
		{"BI /W 1 ID \x00", "BI"},
		{"> ) } ] 1 g", "1 g"},
		{"(open", ""}, {"<41", ""}, {"[[[", ""}, {"<<", ""}, {"/", ""}, {"(\\", ""},
	} {
		var got []string
		l := lexer{data: []byte(tt.in)}
		for {
			op, args := l.next()
			if op == "" {
				break
			}
			var s []string
			for _, a := range args {
				s = append(s, show(a))
			}
			got = append(got, strings.Join(append(s, op), " "))
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, "; ")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestJoinRules(t *testing.T) {
	got := joinRules([]Rule{
		{false, 100, 50, 60}, {false, 100.3, 61, 80}, {false, 100, 90, 95}, // dashes, then a hole
		{true, 50, 10, 11}, // a dot
		{true, 50, 40, 80}, {true, 50, 70, 90},
	})
	want := []Rule{{false, 100, 50, 80}, {false, 100, 90, 95}, {true, 50, 40, 90}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A table whose header spans rows and columns, with open sides and a double line,
// is a grid of the cells that one sees.
func TestGrid(t *testing.T) {
	gs := grids([]Rule{
		{false, 100, 0, 300}, {false, 80, 100, 300}, {false, 60, 0, 300}, {false, 58.8, 0, 300}, {false, 40, 0, 300},
		{true, 100, 40, 100}, {true, 200, 40, 80},
		{false, 500, 0, 300}, // touches nothing
	})
	if len(gs) != 1 {
		t.Fatalf("%d grids, want 1", len(gs))
	}
	g := gs[0]
	for i := range g.areas {
		g.areas[i].lines = []Line{{Text: fmt.Sprint(i)}}
	}
	var got []string
	for _, c := range g.table().Cells {
		got = append(got, fmt.Sprintf("%d,%d %dx%d", c.Row, c.Col, c.RowSpan, c.ColSpan))
	}
	want := []string{"0,0 2x1", "0,1 1x2", "1,1 1x1", "1,2 1x1", "2,0 1x1", "2,1 1x1", "2,2 1x1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
	if a, b := g.place(50, 90), g.place(50, 70); a != b || a < 0 {
		t.Errorf("two points of one cell lie in %d and %d", a, b)
	}
	if a := g.place(50, 300); a != -1 {
		t.Errorf("a point outside lies in %d", a)
	}
}

func TestToUnicode(t *testing.T) {
	if m := parseToUnicode([]byte("1 beginbfrange <0000> <FFFFFFFF> <0041> endbfrange")); m[2] != "C" || len(m) > maxCMapCodes {
		t.Errorf("endless range: %d codes, 2 is %q", len(m), m[2])
	}
	m := parseToUnicode([]byte("1 beginbfchar <01> <AC00> endbfchar 2 beginbfrange <00FE> <0101> <AC00> <10> <11> [<B098> <D83DDE00>] endbfrange"))
	want := map[uint32]string{1: "가", 0xfe: "가", 0xff: "각", 0x100: "갂", 0x101: "갃", 0x10: "나", 0x11: "😀"}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
