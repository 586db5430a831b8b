package index

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVerbatim(t *testing.T) {
	texts := map[string]string{
		"말":   "민원 처리 기간은 즉시 처리해야 할 민원을 접수하면 정한다. 행정기관의 장은 기간을 정한다.",
		"그대로": "① 행정기관의 장은 민원을\n접수ㆍ처리할 때에 민원인이 불편하지 아니하도록 한다.",
		"영어":  "the boundary layer of a flat plate in a supersonic stream of air and the transfer of heat to it",
	}
	for _, c := range []struct {
		name, query string
		want        []string
		read        bool
	}{
		{"pasted, with other spaces and marks", "행정기관의 장은 민원을 접수·처리할 때에 그", []string{"그대로", "말", "영어"}, true},
		{"fifteen syllables are chance", "행정기관의 장은 민원을 접수·처리", []string{"말", "그대로", "영어"}, false},
		{"the same words in another order", "민원을 접수하고 처리하는 행정기관의 장은 민원인이", []string{"말", "그대로", "영어"}, true},
		{"a few words of English are chance", "how does heat transfer in the boundary layer of a cone in a supersonic stream of air change", []string{"말", "그대로", "영어"}, true},
		{"a line of English is not", "The boundary layer of a flat plate in a supersonic stream, of air, and the transfer of heat", []string{"영어", "말", "그대로"}, true},
		{"the name of a law is long", "행정기관의 장은 민원을 접수·처리할 때에 그 개인정보 보호법", []string{"말", "그대로", "영어"}, false},
		{"nothing", "", []string{"말", "그대로", "영어"}, false},
	} {
		fused := []Fused{{ID: "말", Score: 1}, {ID: "그대로", Score: 1. / 2}, {ID: "영어", Score: 1. / 3}}
		Verbatim(c.query, fused[:min(len(fused), VerbatimDepth(c.query))], func(id string) string { return texts[id] })
		var got []string
		for _, f := range fused {
			got = append(got, f.ID)
		}
		if diff := cmp.Diff(c.want, got); diff != "" || VerbatimDepth(c.query) > 0 != c.read {
			t.Errorf("%s: depth %d, (-want +got)\n%s", c.name, VerbatimDepth(c.query), diff)
		}
	}
}

// TestVerbatimDepth checks that only the best are read, and that what was not read
// stays behind them.
func TestVerbatimDepth(t *testing.T) {
	var fused []Fused
	for i := range verbatimDepth + 1 {
		fused = append(fused, Fused{ID: string(rune('가' + i)), Score: 1 / float64(i+1)})
	}
	before := slices.Clone(fused)
	read := 0
	const query = "행정기관의 장은 민원을 접수하여 처리한다"
	Verbatim(query, fused[:VerbatimDepth(query)], func(string) string {
		read++
		return ""
	})
	if diff := cmp.Diff(before, fused); diff != "" || read != verbatimDepth {
		t.Errorf("%d chunks read, want %d (-want +got)\n%s", read, verbatimDepth, diff)
	}
}
