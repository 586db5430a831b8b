package pdf

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Block is a line or, if Table is not nil, a table.
type Block struct {
	Line  Line
	Table *Table
}

// Blocks puts the page's lines into reading order: that in which they are
// drawn, which is the order of writing in what office programs and browsers make,
// but column by column where text stands in columns. Lines between the rules of a
// table are in its cells; a line that crosses cells is cut.
func (p *Page) Blocks() []Block {
	all := grids(p.Rules)
	var tables []*Table
	var used []*grid
	for _, g := range all {
		if slices.ContainsFunc(used, func(o *grid) bool { return o.encloses(g) }) {
			continue
		}
		g.gather(p.Lines)
		if t := g.table(); t != nil {
			tables, used = append(tables, t), append(used, g)
		}
	}
	var out []piece
	placed := map[*grid]bool{}
	for i, l := range p.Lines {
		for _, part := range cut(l, func(x, y float64) int {
			return slices.IndexFunc(used, func(g *grid) bool { return g.box.contains(x, y) })
		}) {
			if part.in < 0 {
				for _, f := range cutGaps(part.line) {
					out = append(out, piece{block: Block{Line: f}, box: f.box(), origin: i})
				}
				continue
			}
			if g := used[part.in]; !placed[g] {
				placed[g] = true
				out = append(out, piece{block: Block{Table: tables[part.in]}, box: g.box, origin: -1})
			}
		}
	}
	return rejoin(columns(out, 0))
}

func (g *grid) encloses(o *grid) bool {
	return g.box.contains((o.box.Left+o.box.Right)/2, (o.box.Bottom+o.box.Top)/2)
}

// gather puts the parts of lines that lie in the grid into its areas.
func (g *grid) gather(lines []Line) {
	for _, l := range lines {
		for _, part := range cut(l, g.place) {
			if part.in >= 0 {
				a := &g.areas[part.in]
				a.lines = append(a.lines, part.line)
			}
		}
	}
}

// A part is a stretch of a line that lies in one place.
type part struct {
	line Line
	in   int
}

// cut parts a line where its glyphs come to lie in another place. A turned
// line stays whole.
func cut(l Line, place func(x, y float64) int) []part {
	if l.Angle != 0 || len(l.Glyphs) == 0 {
		box := l.box()
		return []part{{l, place((box.Left+box.Right)/2, (box.Bottom+box.Top)/2)}}
	}
	y := l.Y + 0.3*l.Size
	var out []part
	from, in := 0, 0
	for i, g := range l.Glyphs {
		here := in
		if i == 0 || strings.TrimSpace(g.Text) != "" {
			here = place((g.Left+g.Right)/2, y)
		}
		if i > 0 && here != in {
			out = append(out, part{l.slice(from, i), in})
			from = i
		}
		in = here
	}
	return append(out, part{l.slice(from, len(l.Glyphs)), in})
}

// slice is the line of some of the glyphs.
func (l Line) slice(from, to int) Line {
	if from == 0 && to == len(l.Glyphs) {
		return l
	}
	l.Glyphs = l.Glyphs[from:to:to]
	l.Left, l.Right = l.Glyphs[0].Left, l.Glyphs[0].Right
	for _, g := range l.Glyphs {
		l.Right = max(l.Right, g.Right)
	}
	l.setText()
	return l
}

// box is the place of the line on the page.
func (l *Line) box() Box {
	x0, y0 := turn(l.Left, l.Y, -l.Angle)
	x1, y1 := turn(l.Right, l.Y+l.Size, -l.Angle)
	return Box{min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)}
}

// A piece is a table, or a stretch of a line without a wide gap.
type piece struct {
	block  Block
	box    Box
	origin int // index of the line it was cut from; -1 for a table
}

// cutGaps parts a line at gaps that may be those between columns.
func cutGaps(l Line) (out []Line) {
	from := 0
	for i := 1; i < len(l.Glyphs); i++ {
		if l.Angle == 0 && l.Glyphs[i].Left-l.Glyphs[i-1].Right > 1.2*l.Size {
			out = append(out, l.slice(from, i))
			from = i
		}
	}
	return append(out, l.slice(from, len(l.Glyphs)))
}

// rejoin puts the pieces of a line together that still follow each other.
func rejoin(pieces []piece) (out []Block) {
	last := -1
	for _, p := range pieces {
		if p.block.Table == nil && p.block.Line.Text == "" && p.block.Line.Unknown() == 0 {
			continue
		}
		if p.origin >= 0 && p.origin == last {
			out[len(out)-1].Line.extend(p.block.Line)
			continue
		}
		last = p.origin
		out = append(out, p.block)
	}
	return out
}

// columns orders pieces column by column where, from some height to another, a
// gutter parts running text on both sides; elsewhere it keeps their order.
func columns(pieces []piece, depth int) []piece {
	b, ok := findBand(pieces)
	if !ok || depth > 8 {
		return pieces
	}
	var above, left, right, below []piece
	for _, p := range pieces {
		middle := (p.box.Bottom + p.box.Top) / 2
		switch {
		case middle > b.top:
			above = append(above, p)
		case middle < b.bottom:
			below = append(below, p)
		case (p.box.Left+p.box.Right)/2 < b.gutter:
			left = append(left, p)
		default:
			right = append(right, p)
		}
	}
	down := func(a, b piece) int { return cmp.Compare(b.box.Bottom, a.box.Bottom) }
	slices.SortStableFunc(left, down)
	slices.SortStableFunc(right, down)
	return slices.Concat(columns(above, depth+1), columns(left, depth+1), columns(right, depth+1), columns(below, depth+1))
}

// A band is a stretch of the page with a gutter.
type band struct{ gutter, bottom, top float64 }

// findBand looks for the longest stretch in which no piece crosses a gutter and
// on both sides of which at least four lines of text stand that mostly fill
// their column: rows of short pieces are a table or a list.
func findBand(pieces []piece) (best band, ok bool) {
	var box Box
	var lines []piece
	for _, p := range pieces {
		if p.block.Table == nil && p.block.Line.Angle != 0 {
			continue
		}
		if len(lines) == 0 {
			box = p.box
		}
		box = Box{min(box.Left, p.box.Left), min(box.Bottom, p.box.Bottom), max(box.Right, p.box.Right), max(box.Top, p.box.Top)}
		lines = append(lines, p)
	}
	if len(lines) < 8 || len(lines) > 2000 {
		return best, false
	}
	slices.SortStableFunc(lines, func(a, b piece) int { return cmp.Compare(b.box.Bottom, a.box.Bottom) })
	tried := map[int]bool{}
	size := 0
	for _, candidate := range lines {
		gutter := candidate.box.Left - 0.4*(candidate.box.Top-candidate.box.Bottom)
		share := (gutter - box.Left) / (box.Right - box.Left)
		if at := int(math.Round(gutter / 2)); share < 0.25 || share > 0.75 || tried[at] {
			continue
		} else {
			tried[at] = true
		}
		from := 0
		for i := 0; i <= len(lines); i++ {
			if i < len(lines) && (lines[i].box.Left > gutter || lines[i].box.Right < gutter) {
				continue
			}
			if run := lines[from:i]; len(run) > size && twoColumns(run, gutter) {
				size, ok = len(run), true
				best = band{gutter, run[len(run)-1].box.Bottom, run[0].box.Top}
			}
			from = i + 1
		}
	}
	return best, ok
}

// twoColumns tells whether lines on both sides of a gutter are running text.
func twoColumns(lines []piece, gutter float64) bool {
	var sides [2][]piece
	for _, p := range lines {
		if p.block.Table != nil || utf8.RuneCountInString(p.block.Line.Text) == 0 {
			continue
		}
		side := 0
		if p.box.Left > gutter {
			side = 1
		}
		sides[side] = append(sides[side], p)
	}
	var top, bottom [2]float64
	for i, side := range sides {
		if len(side) < 4 {
			return false
		}
		top[i], bottom[i] = side[0].box.Top, side[len(side)-1].box.Bottom
		left, right := side[0].box.Left, side[0].box.Right
		for _, p := range side {
			left, right = min(left, p.box.Left), max(right, p.box.Right)
		}
		full := 0
		for _, p := range side {
			if p.box.Right-p.box.Left > 0.6*(right-left) && utf8.RuneCountInString(p.block.Line.Text) >= 10 {
				full++
			}
		}
		if 3*full < 2*len(side) {
			return false
		}
	}
	common := min(top[0], top[1]) - max(bottom[0], bottom[1])
	return common > 0.5*max(top[0]-bottom[0], top[1]-bottom[1])
}
