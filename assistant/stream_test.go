package assistant

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func read(s string, size func() int) []claim {
	var r reader
	var out []claim
	for s != "" {
		n := min(size(), len(s))
		out = append(out, r.add(s[:n])...)
		s = s[n:]
	}
	return append(out, r.close(false)...)
}

const (
	sA = "시장은 위원회를 둔다."
	sB = "위원은 7명 이상으로 한다."
)

func TestReader(t *testing.T) {
	a := func(n ...int) claim { return claim{text: sA, sources: n} }
	b := func(n ...int) claim { return claim{text: sB, sources: n} }
	item := func(c claim, rank int) claim { c.rank = rank; return c }
	tests := []struct {
		in   string
		want []claim
	}{
		{sA + " [1]\n" + sB + " [2-3]\n", []claim{a(1), b(2)}},
		{sA + " [1]", []claim{a(1)}},
		{sA, []claim{a()}},
		{sA + "[1]" + sB + "[2]", []claim{a(1), b(2)}},
		{"시장은 위원회를 둔다 [1]. 위원은 7명 이상으로 한다 [2].", []claim{a(1), b(2)}},
		{"시장은 위원회를 둔다[1].\n", []claim{a(1)}},
		{sA + " [1][2-1] " + sB + " [1, 2]", []claim{a(1, 2), b(1, 2)}},
		{sA + " " + sB + " [3]", []claim{a(3), b(3)}},
		{sA + " [1-2, 3-4]", []claim{a(1, 3)}},
		{sA + " [출처 1] " + sB + " (근거 2)", []claim{a(1), b(2)}},
		{sA + " [근거: 1, 근거 2]", []claim{a(1, 2)}},
		{sA + " (1)\n" + sB + " 【2】", []claim{a(1), b(2)}},
		{"시장은 위원회를 둔다(1).", []claim{a(1)}},
		{"답변: " + sA + " [1]", []claim{a(1)}},
		{"**답변:** " + sA + " [1]", []claim{a(1)}},
		{"- " + sA + " [1]\n- **위원은** 7명 이상으로 한다. [2]", []claim{item(a(1), 3), item(b(2), 3)}},
		{"1. " + sA + " [1]\n2) " + sB + " [2]", []claim{item(a(1), 2), item(b(2), 2)}},
		{"□ " + sA + " [1]\n  ㅇ " + sB + " [2]\n   * " + sA, []claim{item(a(1), 1), item(b(2), 2), item(a(), 4)}},
		{"### 결과\n" + sA + " [1]", []claim{{text: "결과", rank: 1}, a(1)}},
		{"<think>\n먼저 근거 [1]을 본다.\n</think>\n\n" + sA + " [1]", []claim{a(1)}},
		{"<think>끝나지 않는 생각. [1]\n" + sA, nil},
		{"[근거 없음]", []claim{{none: true}}},
		{"근거 없음.", []claim{{none: true}}},
		{"제공된 자료에는 그런 내용이 없습니다. [근거 없음].", []claim{{none: true}}},
		{"6. 근거로 답할 수 없으면 [근거 없음] 하나만 씁니다.", []claim{{text: "근거로 답할 수 없으면 [근거 없음] 하나만 씁니다.", rank: 2}}},
		{"[1]\n\n---\n", nil},
		{"2026. 5. 6.부터 시행한다. [1]", []claim{{text: "2026. 5. 6.부터 시행한다.", sources: []int{1}}}},
		{"제7조[1]에 따라 시장은 위원회를 둔다. [2]", []claim{{text: "제7조에 따라 시장은 위원회를 둔다.", sources: []int{1, 2}}}},
	}
	r := rand.New(rand.NewPCG(7, 7))
	for _, tt := range tests {
		whole := read(tt.in, func() int { return len(tt.in) })
		if diff := cmp.Diff(tt.want, whole, cmp.AllowUnexported(claim{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.in, diff)
		}
		for range 50 { // where the pieces break makes no difference
			got := read(tt.in, func() int { return 1 + r.IntN(9) })
			if diff := cmp.Diff(whole, got, cmp.AllowUnexported(claim{})); diff != "" {
				t.Errorf("%q in pieces (-whole +pieces):\n%s", tt.in, diff)
				break
			}
		}
	}
}

// A sentence is complete as soon as the next one begins, not only at the end.
func TestReaderDoesNotWait(t *testing.T) {
	var r reader
	if got := r.add(sA + " [1]\n"); len(got) != 1 {
		t.Errorf("after a line: %d claims, want 1", len(got))
	}
	if got := r.add(sA + " [1] 위"); len(got) != 1 {
		t.Errorf("after the first letter of the next sentence: %d claims, want 1", len(got))
	}
}

func TestReaderDropsWhatWasCutOff(t *testing.T) {
	var r reader
	r.add("위원은 7명 이")
	if got := r.close(true); got != nil {
		t.Errorf("close of a cut line: %+v, want nothing", got)
	}
	r = reader{}
	r.add(strings.Repeat("기간 ", maxPending))
	if !r.stuck() {
		t.Error("stuck: false after a long text without an end")
	}
}

func FuzzReader(f *testing.F) {
	f.Add("- **답변:** 시장은 [1]. 둔다 【2】\n<think>", 3)
	f.Add("[근거 1-2, 3~4] (1) 다. [", 1)
	f.Fuzz(func(t *testing.T, s string, n int) {
		n = 1 + max(0, n)%7
		whole := read(s, func() int { return max(1, len(s)) })
		if diff := cmp.Diff(whole, read(s, func() int { return n }), cmp.AllowUnexported(claim{})); diff != "" {
			t.Errorf("%q in pieces of %d (-whole +pieces):\n%s", s, n, diff)
		}
	})
}
