package eval

import (
	"math/rand/v2"
	"slices"
)

// A Level of measurement says what [Alpha] makes of two values that differ.
type Level int

const (
	Nominal Level = iota // they differ or not
	Ordinal              // they stand this many ranks apart, as values were used
)

// Alpha is Krippendorff's alpha of values that reviewers gave to units: 1 is full
// agreement, 0 what chance gives, below 0 is worse than chance (Krippendorff,
// Computing Krippendorff's Alpha-Reliability, 2011). Each unit holds the values it
// got, in any order and as many as there are; units with fewer than two do not
// count. ok is false where alpha is not defined: fewer than two values in all that
// can be paired, or no two that differ.
func Alpha(units [][]float64, level Level) (alpha float64, ok bool) {
	var values []float64 // that occur, ascending
	n := 0.0             // pairable values
	for _, u := range units {
		if len(u) > 1 {
			values = append(values, u...)
			n += float64(len(u))
		}
	}
	slices.Sort(values)
	values = slices.Compact(values)
	if len(values) < 2 {
		return 0, false
	}
	at := func(v float64) int { i, _ := slices.BinarySearch(values, v); return i }
	count := make([]float64, len(values)) // of each value: n_c
	for _, u := range units {
		if len(u) > 1 {
			for _, v := range u {
				count[at(v)]++
			}
		}
	}
	below := make([]float64, len(values)) // the sum of the counts of lesser values
	for i := 1; i < len(values); i++ {
		below[i] = below[i-1] + count[i-1]
	}
	distance := func(c, k int) float64 {
		if c > k {
			c, k = k, c
		}
		switch {
		case c == k:
			return 0
		case level == Nominal:
			return 1
		}
		ranks := below[k] + count[k] - below[c] - (count[c]+count[k])/2
		return ranks * ranks
	}
	var observed, expected float64
	for _, u := range units {
		for i, v := range u {
			for _, w := range u[i+1:] {
				observed += 2 * distance(at(v), at(w)) / float64(len(u)-1)
			}
		}
	}
	for c := range values {
		for k := range values {
			expected += count[c] * count[k] * distance(c, k)
		}
	}
	return 1 - (n-1)*observed/expected, true
}

// AlphaInterval is the 95 % interval of [Alpha] by the percentile bootstrap over
// units, as [Bootstrap] draws them; resamples in which alpha is not defined do not
// count.
func AlphaInterval(units [][]float64, level Level) [2]float64 {
	const resamples = 1000
	r := rand.New(rand.NewPCG(5, 6))
	var alphas []float64
	for range resamples {
		drawn := make([][]float64, len(units))
		for i := range drawn {
			drawn[i] = units[r.IntN(len(units))]
		}
		if a, ok := Alpha(drawn, level); ok {
			alphas = append(alphas, a)
		}
	}
	return [2]float64{Percentile(alphas, 2.5), Percentile(alphas, 97.5)}
}
