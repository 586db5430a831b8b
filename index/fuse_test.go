package index

import "testing"

func TestFuse(t *testing.T) {
	r := func(score float64, ids ...string) (r Ranking) { // each ID has half the score of the one before
		for _, id := range ids {
			r.IDs, r.Scores = append(r.IDs, id), append(r.Scores, score)
			score /= 2
		}
		return r
	}
	even := Fusion{Words: .5, Meaning: .5}
	for _, test := range []struct {
		name           string
		fusion         Fusion
		words, meaning Ranking
		want           []Fused
	}{
		{"nothing", even, Ranking{}, Ranking{}, nil},
		{"first in both", even, r(8, "a"), r(.9, "a"), []Fused{{"a", 1, [2]int{1, 1}}}},
		{"words have a zero, meaning has not", even, r(8, "a", "b"), r(.8, "c", "d"),
			[]Fused{{"a", 1, [2]int{1, 0}}, {"c", 1. / 2, [2]int{0, 1}}, {"b", 1. / 3, [2]int{2, 0}}, {"d", 1. / 4, [2]int{0, 2}}}},
		{"both add up", even, r(8, "a", "b"), r(.8, "b", "c", "a"),
			[]Fused{{"b", 1, [2]int{2, 1}}, {"a", 1. / 2, [2]int{1, 3}}, {"c", 1. / 3, [2]int{0, 2}}}},
		{"weights", Fusion{Words: .75, Meaning: .25}, r(8, "a"), r(.8, "b", "c"),
			[]Fused{{"a", 1, [2]int{1, 0}}, {"b", 1. / 2, [2]int{0, 1}}, {"c", 1. / 3, [2]int{0, 2}}}},
		{"words alone keep what only meaning finds, in its order", Fusion{Words: 1}, r(8, "z"), r(.8, "y", "x", "w"),
			[]Fused{{"z", 1, [2]int{1, 0}}, {"y", 1. / 2, [2]int{0, 1}}, {"x", 1. / 3, [2]int{0, 2}}, {"w", 1. / 4, [2]int{0, 3}}}},
		{"all alike", even, Ranking{[]string{"b", "a"}, []float64{3, 3}}, Ranking{[]string{"c", "d"}, []float64{.5, .5}},
			[]Fused{{"b", 1, [2]int{1, 0}}, {"c", 1. / 2, [2]int{0, 1}}, {"a", 1. / 3, [2]int{2, 0}}, {"d", 1. / 4, [2]int{0, 2}}}},
		{"cosines below zero", even, Ranking{}, Ranking{[]string{"a", "b"}, []float64{-.1, -.3}},
			[]Fused{{"a", 1, [2]int{0, 1}}, {"b", 1. / 2, [2]int{0, 2}}}},
		{"repeated ID", even, r(8, "a", "b", "a"), Ranking{}, []Fused{{"a", 1, [2]int{1, 0}}, {"b", 1. / 2, [2]int{2, 0}}}},
	} {
		t.Run(test.name, func(t *testing.T) { diff(t, test.fusion.Fuse(test.words, test.meaning), test.want) })
	}
}
