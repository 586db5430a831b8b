package review

import (
	"maps"
	"slices"

	"biseo/eval"
)

// A Review is what one reviewer said.
type Review struct {
	Reviewer string
	Cases    map[string]Judgement
}

// A Line is how run B did against run A in the eyes of one reviewer, or of all.
type Line struct {
	Reviewer   string     `json:"reviewer"` // "" is all: each case counts once, with the mean of its reviewers
	Cases      int        `json:"cases"`    // with a preference
	A          int        `json:"a"`        // preferred; of all: by the majority of its reviewers
	B          int        `json:"b"`
	Same       int        `json:"same"`
	Win        float64    `json:"win"`    // share of the cases that B wins, half of those that neither wins among them
	CI95       [2]float64 `json:"ci95"`   // of Win, see [eval.Bootstrap]
	P          float64    `json:"p"`      // that neither is preferred, see [eval.Randomise]; with preferences alone this is the sign test
	Marked     int        `json:"marked"` // cases with marks for both
	MarkA      float64    `json:"mark_a"` // means
	MarkB      float64    `json:"mark_b"`
	MarkCI95   [2]float64 `json:"mark_ci95"` // of B less A
	MarkP      float64    `json:"mark_p"`
	preference []float64
	marks      [2][]float64
}

// An Agreement is how far reviewers agree where at least two judged the same.
type Agreement struct {
	Units int        `json:"units"` // judged by at least two
	Alpha *float64   `json:"alpha"` // Krippendorff's, see [eval.Alpha]; nil where it is not defined
	CI95  [2]float64 `json:"ci95"`
}

// A Summary is what reviewers found.
type Summary struct {
	Lines      []Line    `json:"lines"`      // each reviewer, then all where there are several
	Preference Agreement `json:"preference"` // nominal: A, B or same
	Marks      Agreement `json:"marks"`      // ordinal: each answer is a unit
}

// Score counts what the reviewers said.
func Score(reviews []Review) Summary {
	var s Summary
	all := map[string][]Judgement{}
	for _, r := range reviews {
		l := Line{Reviewer: r.Reviewer}
		for _, id := range slices.Sorted(maps.Keys(r.Cases)) {
			l.add(r.Cases[id])
			all[id] = append(all[id], r.Cases[id])
		}
		s.Lines = append(s.Lines, l.sum())
	}
	var together Line
	var preferred, marked [][]float64
	for _, id := range slices.Sorted(maps.Keys(all)) {
		together.add(all[id]...)
		prefer, marks := make([]float64, 0), map[Run][]float64{}
		for _, j := range all[id] {
			if j.Prefer != "" {
				prefer = append(prefer, side(j.Prefer))
			}
			for run, m := range j.Marks {
				marks[run] = append(marks[run], float64(m))
			}
		}
		preferred, marked = append(preferred, prefer), append(marked, marks[A], marks[B])
	}
	if len(reviews) > 1 {
		s.Lines = append(s.Lines, together.sum())
	}
	s.Preference, s.Marks = agree(preferred, eval.Nominal), agree(marked, eval.Ordinal)
	return s
}

func agree(units [][]float64, level eval.Level) (a Agreement) {
	units = slices.DeleteFunc(units, func(u []float64) bool { return len(u) < 2 })
	a.Units = len(units)
	if alpha, ok := eval.Alpha(units, level); ok {
		a.Alpha, a.CI95 = &alpha, eval.AlphaInterval(units, level)
	}
	return a
}

// side is -1 for A, 1 for B and 0 for neither.
func side(r Run) float64 { return map[Run]float64{A: -1, B: 1}[r] }

// add counts the judgements of one case.
func (l *Line) add(judgements ...Judgement) {
	var prefer []float64
	var marks [2][]float64
	for _, j := range judgements {
		if j.Prefer != "" {
			prefer = append(prefer, side(j.Prefer))
		}
		if len(j.Marks) == 2 {
			marks[0], marks[1] = append(marks[0], float64(j.Marks[A])), append(marks[1], float64(j.Marks[B]))
		}
	}
	if len(prefer) > 0 {
		mean := eval.Mean(prefer)
		l.preference = append(l.preference, mean)
		switch {
		case mean < 0:
			l.A++
		case mean > 0:
			l.B++
		default:
			l.Same++
		}
	}
	if len(marks[0]) > 0 {
		l.marks[0], l.marks[1] = append(l.marks[0], eval.Mean(marks[0])), append(l.marks[1], eval.Mean(marks[1]))
	}
}

// sum fills in what follows from the cases added.
func (l Line) sum() Line {
	wins := make([]float64, len(l.preference))
	for i, p := range l.preference {
		wins[i] = (1 + p) / 2
	}
	differences := make([]float64, len(l.marks[0]))
	for i, a := range l.marks[0] {
		differences[i] = l.marks[1][i] - a
	}
	l.Cases, l.Win, l.CI95, l.P = len(wins), eval.Mean(wins), eval.Bootstrap(wins), eval.Randomise(l.preference)
	l.Marked, l.MarkA, l.MarkB = len(differences), eval.Mean(l.marks[0]), eval.Mean(l.marks[1])
	l.MarkCI95, l.MarkP = eval.Bootstrap(differences), eval.Randomise(differences)
	return l
}
