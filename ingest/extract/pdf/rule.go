package pdf

import (
	"cmp"
	"math"
	"slices"
)

// A Rule is a ruling line: at x = At from y = From to To if it is vertical, else
// at y = At from x = From to To.
type Rule struct {
	Vertical bool
	At       float64
	From, To float64
}

const (
	thin     = 3.0  // points: a filled box thinner than this is a line
	maxRules = 3000 // of one page; more make a drawing, not tables
)

// paint does the operators that build and paint paths.
func (w *walker) paint(op string, arg func(int) float64) {
	add := func(x, y float64) {
		x, y = w.state.ctm.apply(x, y)
		if n := len(w.path); n > 0 && finite(x, y) && w.points < maxPoints {
			w.path[n-1] = append(w.path[n-1], point{x, y})
			w.points++
		}
	}
	begin := func(x, y float64) {
		if w.points < maxPoints {
			w.path = append(w.path, nil)
		}
		add(x, y)
	}
	switch op {
	case "m":
		begin(arg(0), arg(1))
	case "l":
		add(arg(0), arg(1))
	case "c":
		add(arg(4), arg(5))
	case "v", "y":
		add(arg(2), arg(3))
	case "re":
		x, y, dx, dy := arg(0), arg(1), arg(2), arg(3)
		begin(x, y)
		add(x+dx, y)
		add(x+dx, y+dy)
		add(x, y+dy)
		w.close()
	case "h":
		w.close()
	case "S", "s", "B", "B*", "b", "b*", "f", "F", "f*":
		if op == "s" || op == "b" || op == "b*" {
			w.close()
		}
		if fills := op[0] != 'S' && op[0] != 's'; fills && !w.state.whiteFill {
			w.fill()
		}
		if strokes := op[0] != 'f' && op[0] != 'F'; strokes && !w.state.whiteLine {
			w.stroke()
		}
		fallthrough
	case "n":
		w.path, w.points = w.path[:0], 0
	}
}

func (w *walker) close() {
	if n := len(w.path); n > 0 && len(w.path[n-1]) > 0 {
		w.path[n-1] = append(w.path[n-1], w.path[n-1][0])
	}
}

func (w *walker) stroke() {
	w.page.Strokes++
	for _, sub := range w.path {
		for i := 1; i < len(sub); i++ {
			w.rule(sub[i-1], sub[i], 0.5)
		}
	}
}

// fill finds the rules that are drawn as thin boxes.
func (w *walker) fill() {
	w.page.Strokes++
	for _, sub := range w.path {
		if len(sub) < 4 || len(sub) > 6 {
			continue
		}
		low, high := sub[0], sub[0]
		for _, p := range sub[1:] {
			low, high = point{min(low.x, p.x), min(low.y, p.y)}, point{max(high.x, p.x), max(high.y, p.y)}
		}
		if dx, dy := high.x-low.x, high.y-low.y; dx <= thin && dy > thin {
			w.rule(point{(low.x + high.x) / 2, low.y}, point{(low.x + high.x) / 2, high.y}, 0)
		} else if dy <= thin && dx > thin {
			w.rule(point{low.x, (low.y + high.y) / 2}, point{high.x, (low.y + high.y) / 2}, 0)
		}
	}
}

// rule keeps the line from a to b if it is upright or level.
func (w *walker) rule(a, b point, slack float64) {
	if len(w.page.Rules) >= maxSegments {
		return
	}
	dx, dy := math.Abs(a.x-b.x), math.Abs(a.y-b.y)
	switch {
	case dx <= slack && dy > dx:
		w.page.Rules = append(w.page.Rules, Rule{true, (a.x + b.x) / 2, min(a.y, b.y), max(a.y, b.y)})
	case dy <= slack && dx > dy:
		w.page.Rules = append(w.page.Rules, Rule{false, (a.y + b.y) / 2, min(a.x, b.x), max(a.x, b.x)})
	}
}

// joinRules joins the pieces of a line, such as the borders of neighbouring
// cells and dashes, and drops what stays too short to border a cell.
func joinRules(rules []Rule) []Rule {
	const near, hole, short = 0.7, 2.5, 4.0
	direction := func(a, b Rule) int {
		switch {
		case a.Vertical == b.Vertical:
			return 0
		case a.Vertical:
			return 1
		}
		return -1
	}
	slices.SortFunc(rules, func(a, b Rule) int { return cmp.Or(direction(a, b), cmp.Compare(a.At, b.At)) })
	for i := 1; i < len(rules); i++ { // lines next to each other are one
		if rules[i].Vertical == rules[i-1].Vertical && rules[i].At-rules[i-1].At < near {
			rules[i].At = rules[i-1].At
		}
	}
	slices.SortFunc(rules, func(a, b Rule) int {
		return cmp.Or(direction(a, b), cmp.Compare(a.At, b.At), cmp.Compare(a.From, b.From))
	})
	var out []Rule
	for _, r := range rules {
		if n := len(out); n > 0 && out[n-1].Vertical == r.Vertical && out[n-1].At == r.At && r.From <= out[n-1].To+hole {
			out[n-1].To = max(out[n-1].To, r.To)
			continue
		}
		out = append(out, r)
	}
	out = slices.DeleteFunc(out, func(r Rule) bool { return r.To-r.From < short })
	if len(out) > maxRules {
		return nil
	}
	return out
}
