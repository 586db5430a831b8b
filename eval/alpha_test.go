package eval

import (
	"math"
	"testing"
)

// units turns rows of observers into units; 0 is no value.
func units(observers ...[]float64) [][]float64 {
	out := make([][]float64, len(observers[0]))
	for _, o := range observers {
		for i, v := range o {
			if v != 0 {
				out[i] = append(out[i], v)
			}
		}
	}
	return out
}

// The worked examples A to C of Krippendorff 2011: binary and nominal data of two
// observers, and four observers who left out units.
func TestAlpha(t *testing.T) {
	binary := units([]float64{1, 2, 1, 1, 1, 1, 1, 1, 2, 1}, []float64{2, 2, 2, 1, 1, 2, 1, 1, 1, 1})
	letters := units([]float64{1, 1, 2, 2, 4, 3, 3, 3, 5, 4, 4, 1}, []float64{2, 1, 2, 2, 2, 3, 3, 3, 5, 4, 4, 4})
	four := units(
		[]float64{1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0},
		[]float64{1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3},
		[]float64{0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0},
		[]float64{1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0})
	for name, tt := range map[string]struct {
		units [][]float64
		level Level
		want  float64
	}{
		"A, binary":  {binary, Nominal, 0.095},
		"B, nominal": {letters, Nominal, 0.692},
		"C, nominal": {four, Nominal, 0.743},
		"C, ordinal": {four, Ordinal, 0.815},
		"agreement":  {units([]float64{1, 2, 3}, []float64{1, 2, 3}), Ordinal, 1},
	} {
		got, ok := Alpha(tt.units, tt.level)
		if !ok || math.Abs(got-tt.want) > 0.0006 {
			t.Errorf("%s: alpha %.4f, %v, want %.3f", name, got, ok, tt.want)
		}
		if ci := AlphaInterval(tt.units, tt.level); ci[0] > got || ci[1] < got {
			t.Errorf("%s: the interval %v leaves out %.4f", name, ci, got)
		}
	}
	for name, u := range map[string][][]float64{
		"no pair":   {{1}, {2}, {}},
		"one value": {{3, 3}, {3, 3}},
	} {
		if got, ok := Alpha(u, Nominal); ok {
			t.Errorf("%s: alpha %.4f, want none", name, got)
		}
	}
}
