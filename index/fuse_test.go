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
	even := Fusion{Words: .5, Meaning: .5, Depth: 4}
	for _, test := range []struct {
		name           string
		fusion         Fusion
		words, meaning Ranking
		want           []Fused
	}{
		{"nothing", even, Ranking{}, Ranking{}, nil},
		{"one in both", even, r(8, "a"), r(.9, "a"), []Fused{{"a", 1, [2]int{1, 1}}}},
		{"the only word hit is ahead of those by meaning", even, r(8, "z"), r(.8, "a", "b"),
			[]Fused{{"z", 1, [2]int{1, 0}}, {"a", 1. / 2, [2]int{0, 1}}, {"b", 1. / 3, [2]int{0, 2}}}},
		{"both add up", even, r(8, "a", "b", "c", "d"), r(.8, "b", "c", "a", "d"),
			[]Fused{{"b", 1, [2]int{2, 1}}, {"a", 1. / 2, [2]int{1, 3}}, {"c", 1. / 3, [2]int{3, 2}}, {"d", 1. / 4, [2]int{4, 4}}}},
		{"how far ahead counts, not the rank alone", even,
			Ranking{[]string{"a", "b", "c", "d"}, []float64{9, 8.9, 8.8, 1}}, Ranking{[]string{"b", "a", "c", "d"}, []float64{.9, .5, .4, .3}},
			[]Fused{{"b", 1, [2]int{2, 1}}, {"a", 1. / 2, [2]int{1, 2}}, {"c", 1. / 3, [2]int{3, 3}}, {"d", 1. / 4, [2]int{4, 4}}}},
		{"neither scale nor zero of the scores matters", even,
			Ranking{[]string{"a", "b", "c", "d"}, []float64{900, 890, 880, 100}}, Ranking{[]string{"b", "a", "c", "d"}, []float64{-.1, -.5, -.6, -.7}},
			[]Fused{{"b", 1, [2]int{2, 1}}, {"a", 1. / 2, [2]int{1, 2}}, {"c", 1. / 3, [2]int{3, 3}}, {"d", 1. / 4, [2]int{4, 4}}}},
		{"weights", Fusion{Words: .3, Meaning: .7, Depth: 3}, r(8, "a", "b", "c"), r(8, "d", "e", "f"),
			[]Fused{{"d", 1, [2]int{0, 1}}, {"a", 1. / 2, [2]int{1, 0}}, {"e", 1. / 3, [2]int{0, 2}}, {"b", 1. / 4, [2]int{2, 0}}, {"c", 1. / 5, [2]int{3, 0}}, {"f", 1. / 6, [2]int{0, 3}}}},
		{"words alone keep what only meaning finds, in its order", Fusion{Words: 1, Depth: 4}, r(8, "z"), r(.8, "y", "x", "w"),
			[]Fused{{"z", 1, [2]int{1, 0}}, {"y", 1. / 2, [2]int{0, 1}}, {"x", 1. / 3, [2]int{0, 2}}, {"w", 1. / 4, [2]int{0, 3}}}},
		{"all alike by meaning", even, Ranking{}, Ranking{[]string{"b", "a"}, []float64{.5, .5}},
			[]Fused{{"b", 1, [2]int{0, 1}}, {"a", 1. / 2, [2]int{0, 2}}}},
		{"below the depth", Fusion{Words: .5, Meaning: .5, Depth: 2}, r(8, "a", "b", "c", "d"), Ranking{},
			[]Fused{{"a", 1, [2]int{1, 0}}, {"b", 1. / 2, [2]int{2, 0}}, {"c", 1. / 3, [2]int{3, 0}}, {"d", 1. / 4, [2]int{4, 0}}}},
		{"repeated ID", even, r(8, "a", "b", "a"), Ranking{}, []Fused{{"a", 1, [2]int{1, 0}}, {"b", 1. / 2, [2]int{2, 0}}}},
	} {
		t.Run(test.name, func(t *testing.T) { diff(t, test.fusion.Fuse(test.words, test.meaning), test.want) })
	}
}
