package index

import "testing"

func TestFuse(t *testing.T) {
	for _, test := range []struct {
		name     string
		rankings []Ranking
		want     []Fused
	}{
		{"nothing", nil, nil},
		{"empty rankings", []Ranking{{Weight: 1}, {Weight: 1}}, nil},
		{"first in both", []Ranking{{1, []string{"a"}}, {1, []string{"a"}}},
			[]Fused{{"a", 2. / 60, []int{1, 1}}}},
		{"ties by ID", []Ranking{{1, []string{"b", "d"}}, {1, []string{"a", "c"}}},
			[]Fused{{"a", 1. / 60, []int{0, 1}}, {"b", 1. / 60, []int{1, 0}}, {"c", 1. / 61, []int{0, 2}}, {"d", 1. / 61, []int{2, 0}}}},
		{"weights", []Ranking{{3, []string{"a", "b"}}, {1, []string{"b", "a"}}},
			[]Fused{{"a", 3./60 + 1./61, []int{1, 2}}, {"b", 3./61 + 1./60, []int{2, 1}}}},
		{"three rankings", []Ranking{{1, []string{"a"}}, {1, []string{"b"}}, {1, []string{"b"}}},
			[]Fused{{"b", 2. / 60, []int{0, 1, 1}}, {"a", 1. / 60, []int{1, 0, 0}}}},
		{"repeated ID", []Ranking{{1, []string{"a", "b", "a"}}},
			[]Fused{{"a", 1. / 60, []int{1}}, {"b", 1. / 61, []int{2}}}},
	} {
		t.Run(test.name, func(t *testing.T) { diff(t, Fuse(60, test.rankings...), test.want) })
	}
}
