package local

import (
	"cmp"
	"math"
	"slices"
)

// scored is a chunk in a ranking.
type scored struct {
	key   int64
	score float64
	id    string
}

func compareScored(a, b scored) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.id, b.id))
}

// best collects the n best chunks, and those that equal the last of them.
type best struct {
	n     int
	least float64 // what scores less is not among the best
	full  int     // how many may be found before the worst are dropped
	found []scored
}

func newBest(n int) *best { return &best{n: n, least: math.Inf(-1), full: 2 * n} }

func (b *best) add(found ...scored) {
	for _, s := range found {
		if s.score >= b.least {
			b.found = append(b.found, s)
		}
	}
	if len(b.found) >= b.full {
		b.cut()
	}
}

// cut drops what is not among the best.
func (b *best) cut() {
	if len(b.found) < b.n {
		return
	}
	scores := make([]float64, len(b.found))
	for i, s := range b.found {
		scores[i] = s.score
	}
	slices.Sort(scores)
	b.least = scores[len(scores)-b.n]
	b.found = slices.DeleteFunc(b.found, func(s scored) bool { return s.score < b.least })
	b.full = max(2*b.n, 2*len(b.found))
}

// ranked returns the n best, best first, equal ones in ID order.
func (b *best) ranked() []scored {
	slices.SortFunc(b.found, compareScored)
	return b.found[:min(b.n, len(b.found))]
}
