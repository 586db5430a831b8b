package pdf

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"strings"
)

// A Table is a grid of cells between ruling lines.
type Table struct {
	Box   Box
	Cells []Cell // by row, then by column
}

// A Cell is one cell of a table with the lines in it. Cells covered by a span
// are not listed.
type Cell struct {
	Row, Col         int // position in the grid, from 0
	RowSpan, ColSpan int // at least 1
	Lines            []Line
}

// A Box is a rectangle in points from the bottom left of the page as shown.
type Box struct{ Left, Bottom, Right, Top float64 }

func (b Box) contains(x, y float64) bool {
	return x >= b.Left && x <= b.Right && y >= b.Bottom && y <= b.Top
}

// touch is how far apart lines may end that are meant to meet, and how far apart
// the two of a double line are.
const touch = 3.0

// A grid is what a group of rules that touch each other encloses.
type grid struct {
	box    Box
	xs, ys []float64 // borders of columns from the left, of rows from the top
	region []int     // by row and column: index of regions
	areas  []area
}

// An area is a part of a grid without a rule through it.
type area struct {
	row, col, rows, cols int
	cells                int
	lines                []Line
}

// rectangular areas are cells; the rest is what lies between boxes and lines of a drawing.
func (a area) rectangular() bool { return a.cells == a.rows*a.cols }

// grids groups the rules that touch each other.
func grids(rules []Rule) []*grid {
	group := make([]int, len(rules))
	for i := range group {
		group[i] = i
	}
	for i, h := range rules {
		for j, v := range rules {
			if !h.Vertical && v.Vertical && v.At > h.From-touch && v.At < h.To+touch && h.At > v.From-touch && h.At < v.To+touch {
				join(group, i, j)
			}
		}
	}
	members := map[int][]Rule{}
	for i, r := range rules {
		members[root(group, i)] = append(members[root(group, i)], r)
	}
	var out []*grid
	for _, rules := range members {
		if g := newGrid(rules); g != nil {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b *grid) int { // the outermost first
		return cmp.Or(-cmp.Compare(a.box.area(), b.box.area()), -cmp.Compare(a.box.Top, b.box.Top), cmp.Compare(a.box.Left, b.box.Left))
	})
	return out
}

func (b Box) area() float64 { return (b.Right - b.Left) * (b.Top - b.Bottom) }

func root(group []int, i int) int {
	for group[i] != i {
		group[i] = group[group[i]]
		i = group[i]
	}
	return i
}

func join(group []int, i, j int) { group[root(group, i)] = root(group, j) }

// newGrid needs two level lines and an upright one: the sides of Korean tables
// are often left open, and count as drawn.
func newGrid(rules []Rule) *grid {
	const maxCells = 20_000
	var level, upright []Rule
	var xs, ys []float64
	for _, r := range rules {
		if r.Vertical {
			upright = append(upright, r)
			xs, ys = append(xs, r.At), append(ys, r.From, r.To)
		} else {
			level = append(level, r)
			ys, xs = append(ys, r.At), append(xs, r.From, r.To)
		}
	}
	if len(level) < 2 || len(upright) < 1 {
		return nil
	}
	g := &grid{box: Box{slices.Min(xs), slices.Min(ys), slices.Max(xs), slices.Max(ys)}}
	g.xs = borders(upright, g.box.Left, g.box.Right)
	g.ys = borders(level, g.box.Bottom, g.box.Top)
	slices.Reverse(g.ys)
	rows, cols := len(g.ys)-1, len(g.xs)-1
	if rows < 1 || cols < 1 || rows*cols > maxCells {
		return nil
	}
	group := make([]int, rows*cols)
	for i := range group {
		group[i] = i
	}
	for r := range rows {
		for c := range cols {
			if c+1 < cols && !covered(upright, g.xs[c+1], g.ys[r+1], g.ys[r]) {
				join(group, r*cols+c, r*cols+c+1)
			}
			if r+1 < rows && !covered(level, g.ys[r+1], g.xs[c], g.xs[c+1]) {
				join(group, r*cols+c, (r+1)*cols+c)
			}
		}
	}
	index := map[int]int{}
	for i := range group {
		at, ok := index[root(group, i)]
		r, c := i/cols, i%cols
		if !ok {
			at = len(g.areas)
			index[root(group, i)] = at
			g.areas = append(g.areas, area{row: r, col: c, rows: 1, cols: 1})
		}
		a := &g.areas[at]
		right, bottom := max(a.col+a.cols, c+1), max(a.row+a.rows, r+1)
		a.col = min(a.col, c)
		a.cols, a.rows = right-a.col, bottom-a.row
		a.cells++
		g.region = append(g.region, at)
	}
	return g
}

// borders are the places of parallel rules, those of double lines once, with
// the outer sides.
func borders(rules []Rule, low, high float64) []float64 {
	at := []float64{low, high}
	for _, r := range rules {
		at = append(at, r.At)
	}
	slices.Sort(at)
	var out []float64
	for i := 0; i < len(at); {
		j := i + 1
		for j < len(at) && at[j]-at[j-1] < touch {
			j++
		}
		out = append(out, (at[i]+at[j-1])/2)
		i = j
	}
	return out
}

// covered tells whether rules at a place cover most of the way from one border to
// the next.
func covered(rules []Rule, at, from, to float64) bool {
	var sum float64
	for _, r := range rules {
		if math.Abs(r.At-at) <= 1.5*touch {
			sum = max(sum, min(r.To, to)-max(r.From, from))
		}
	}
	return sum > 0.6*(to-from)
}

// place returns the index of the area in which a point lies, or -1.
func (g *grid) place(x, y float64) int {
	if !g.box.contains(x, y) {
		return -1
	}
	row := sort.Search(len(g.ys)-2, func(i int) bool { return g.ys[i+1] <= y })
	col := sort.Search(len(g.xs)-2, func(i int) bool { return g.xs[i+1] >= x })
	return g.region[row*(len(g.xs)-1)+col]
}

// table is the grid as a table; nil if it is none: a single box, a row of boxes,
// or a drawing, which has text or much room outside of its boxes.
func (g *grid) table() *Table {
	t := &Table{Box: g.box}
	rows, cols := map[int]bool{}, map[int]bool{} // where cells begin
	var size float64
	filledRows, filledCols := map[int]bool{}, map[int]bool{}
	for _, a := range g.areas {
		if !a.rectangular() {
			if len(a.lines) > 0 {
				return nil
			}
			continue
		}
		rows[a.row], cols[a.col] = true, true
		size += (g.xs[a.col+a.cols] - g.xs[a.col]) * (g.ys[a.row] - g.ys[a.row+a.rows])
		if strings.TrimSpace(joined(a.lines)) != "" {
			filledRows[a.row], filledCols[a.col] = true, true
		}
	}
	if len(filledRows) < 2 || len(filledCols) < 2 || size < 0.75*g.box.area() {
		return nil
	}
	row, col := ranks(rows, len(g.ys)), ranks(cols, len(g.xs))
	for _, a := range g.areas {
		if a.rectangular() {
			t.Cells = append(t.Cells, Cell{row[a.row], col[a.col], max(1, row[a.row+a.rows]-row[a.row]), max(1, col[a.col+a.cols]-col[a.col]), a.lines})
		}
	}
	slices.SortFunc(t.Cells, func(a, b Cell) int { return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Col, b.Col)) })
	return t
}

// ranks numbers the borders at which a cell begins; the others, such as those of
// a drawing, do not count.
func ranks(starts map[int]bool, n int) []int {
	out := make([]int, n)
	for i := 1; i < n; i++ {
		out[i] = out[i-1]
		if starts[i-1] {
			out[i]++
		}
	}
	return out
}

func joined(lines []Line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.Text)
	}
	return b.String()
}
