package pdf

import (
	"math"
	"slices"
	"strings"

	"github.com/ledongthuc/pdf"
)

// state is the graphics state, as far as it places text and rules.
type state struct {
	ctm                   matrix
	font                  *font
	size, charSpace, word float64
	scale, leading, rise  float64
	lineWidth             float64
	whiteFill, whiteLine  bool // drawn in white: not seen
}

// A walker interprets the content of one page.
type walker struct {
	file    *File
	page    *Page
	fonts   map[string]*font // by name; of the resources in use
	state   state
	stack   []state
	tm, lm  matrix    // of text and of the line
	path    [][]point // subpaths under construction
	marks   []bool    // open marked content: is it a running head
	running int       // how many of them are
	points  int       // in path
	glyphs  int
	forms   int
	codes   []code // reused
}

type point struct{ x, y float64 }

const (
	maxGlyphs   = 500_000 // of one page
	maxForms    = 1000    // form XObjects drawn on one page
	maxNesting  = 8       // of form XObjects
	maxPoints   = 100_000 // of one path
	maxSegments = 50_000  // ruling lines of one page, in pieces
)

// run interprets a stream, or an array of streams, with its resources.
func (w *walker) run(stream, resources pdf.Value, depth int) {
	data, err := content(stream)
	if err != nil && w.page.Err == nil {
		w.page.Err = err
	}
	outer := w.fonts
	w.fonts = map[string]*font{}
	defer func() { w.fonts = outer }()
	l := lexer{data: data}
	for w.glyphs < maxGlyphs {
		op, args := l.next()
		if op == "" {
			return
		}
		w.operate(op, args, resources, depth)
	}
}

// operate does one operator of ISO 32000-1, annex A. Wrong operands are no operator.
func (w *walker) operate(op string, args []operand, resources pdf.Value, depth int) {
	s := &w.state
	arg := func(i int) float64 {
		if i < len(args) {
			return args[i].num
		}
		return 0
	}
	switch op {
	case "q":
		if len(w.stack) < 256 {
			w.stack = append(w.stack, *s)
		}
	case "Q":
		if n := len(w.stack); n > 0 {
			*s, w.stack = w.stack[n-1], w.stack[:n-1]
		}
	case "cm", "Tm":
		if len(args) != 6 {
			return
		}
		m := matrix{arg(0), arg(1), arg(2), arg(3), arg(4), arg(5)}
		if op == "cm" {
			s.ctm = m.mul(s.ctm)
		} else {
			w.tm, w.lm = m, m
		}
	case "w":
		s.lineWidth = arg(0)
	case "g", "rg", "k", "sc", "scn":
		s.whiteFill = white(args)
	case "G", "RG", "K", "SC", "SCN":
		s.whiteLine = white(args)
	case "BT":
		w.tm, w.lm = identity, identity
	case "Tc":
		s.charSpace = arg(0)
	case "Tw":
		s.word = arg(0)
	case "Tz":
		s.scale = arg(0) / 100
	case "TL":
		s.leading = arg(0)
	case "Ts":
		s.rise = arg(0)
	case "Tf":
		if len(args) == 2 {
			s.font, s.size = w.font(args[0].str, resources), arg(1)
		}
	case "Td":
		w.newLine(arg(0), arg(1))
	case "TD":
		s.leading = -arg(1)
		w.newLine(arg(0), arg(1))
	case "T*":
		w.newLine(0, -s.leading)
	case "\"":
		if len(args) == 3 {
			s.word, s.charSpace = arg(0), arg(1)
			w.newLine(0, -s.leading)
			w.show(args[2].str)
		}
	case "'", "Tj":
		if op == "'" {
			w.newLine(0, -s.leading)
		}
		if len(args) == 1 && args[0].kind == text {
			w.show(args[0].str)
		}
	case "TJ":
		if len(args) != 1 {
			return
		}
		for _, o := range args[0].list {
			if o.kind == text {
				w.show(o.str)
			} else {
				w.advance(-o.num / 1000 * s.size * s.scale)
			}
		}
	case "BMC", "BDC":
		head := len(args) == 2 && args[0].str == "Artifact" && strings.Contains(args[1].str, "Pagination")
		if len(w.marks) < 256 {
			w.marks = append(w.marks, head)
			if head {
				w.running++
			}
		}
	case "EMC":
		if n := len(w.marks); n > 0 {
			if w.marks[n-1] {
				w.running--
			}
			w.marks = w.marks[:n-1]
		}
	case "BI":
		w.picture()
	case "Do":
		if len(args) == 1 {
			w.object(resources.Key("XObject").Key(args[0].str), resources, depth)
		}
	default:
		w.paint(op, arg)
	}
}

// white tells whether a colour is white in its colour space: one, or three
// components of 1, or four of 0.
func white(args []operand) bool {
	want := 1.0
	if len(args) == 4 {
		want = 0
	}
	for _, a := range args {
		if a.kind != number || math.Abs(a.num-want) > 0.02 {
			return false
		}
	}
	return len(args) > 0
}

// object draws an image or a form.
func (w *walker) object(v, resources pdf.Value, depth int) {
	switch v.Key("Subtype").Name() {
	case "Image":
		w.picture()
	case "Form":
		if depth >= maxNesting || w.forms >= maxForms {
			return
		}
		w.forms++
		saved, height := w.state, len(w.stack)
		if m := v.Key("Matrix"); m.Len() == 6 {
			var own matrix
			for i := range own {
				own[i] = m.Index(i).Float64()
			}
			w.state.ctm = own.mul(w.state.ctm)
		}
		own := v.Key("Resources")
		if own.IsNull() {
			own = resources
		}
		w.run(v, own, depth+1)
		w.stack = w.stack[:min(height, len(w.stack))]
		w.state = saved
	}
}

// picture adds the area of the unit square, into which images are drawn.
func (w *walker) picture() {
	m := w.state.ctm
	share := math.Abs(m[0]*m[3]-m[1]*m[2]) / max(1, w.page.Width*w.page.Height)
	if finite(share) {
		w.page.Pictures += min(share, 1)
	}
}

func (w *walker) font(name string, resources pdf.Value) *font {
	f, ok := w.fonts[name]
	if !ok {
		if v := resources.Key("Font").Key(name); !v.IsNull() {
			f = w.file.font(v)
		}
		w.fonts[name] = f
	}
	return f
}

func (w *walker) newLine(x, y float64) {
	w.lm = matrix{1, 0, 0, 1, x, y}.mul(w.lm)
	w.tm = w.lm
}

func (w *walker) advance(tx float64) { w.tm = matrix{1, 0, 0, 1, tx, 0}.mul(w.tm) }

func (w *walker) show(raw string) {
	s := &w.state
	if s.font == nil {
		return
	}
	w.codes = s.font.codes(w.codes[:0], raw)
	for _, c := range w.codes {
		w.glyph(c)
		tx := c.width*s.size + s.charSpace
		if c.space {
			tx += s.word
		}
		w.advance(tx * s.scale)
		w.glyphs++
	}
}

// glyph adds a glyph to the last line or begins a new one.
func (w *walker) glyph(c code) {
	s := &w.state
	m := matrix{s.size * s.scale, 0, 0, s.size, 0, s.rise}.mul(w.tm).mul(s.ctm)
	size := math.Hypot(m[2], m[3])
	if size == 0 || !finite(size, m[4], m[5], c.width*size) {
		return
	}
	angle := int(math.Round(math.Atan2(m[1], m[0])/(math.Pi/2))+4) % 4
	x, y := turn(m[4], m[5], angle)
	right := x + c.width*math.Hypot(m[0], m[1])
	var l *Line
	if n := len(w.page.Lines); n > 0 {
		l = &w.page.Lines[n-1]
	}
	if l == nil || l.Angle != angle || l.Running != (w.running > 0) || math.Abs(y-l.Y) > 0.4*max(size, l.Size) || x < l.Right-max(size, l.Size) {
		w.page.Lines = append(w.page.Lines, Line{Left: x, Right: x, Y: y, Size: size, Angle: angle, Running: w.running > 0})
		l = &w.page.Lines[len(w.page.Lines)-1]
	}
	for i := len(l.Glyphs) - 1; i >= 0 && l.Glyphs[i].Left > x-size; i-- {
		if l.Glyphs[i].Text == c.text && math.Abs(x-l.Glyphs[i].Left) < 0.2*size {
			return // drawn again, as a shadow
		}
	}
	l.Glyphs = append(l.Glyphs, Glyph{c.text, x, right})
	l.Right = max(l.Right, right)
	l.Size = max(l.Size, size)
}

// turn brings a point of the page into the coordinates of text at an angle, and
// with the angle's negative back.
func turn(x, y float64, angle int) (float64, float64) {
	switch (angle + 4) % 4 {
	case 1:
		return y, -x
	case 2:
		return -x, -y
	case 3:
		return -y, x
	}
	return x, y
}

// finish sets the text of the lines, and drops those of white space and those
// drawn again, as shadows and outlines are.
func (w *walker) finish() {
	p := w.page
	var lines, drawn []Line
	for _, l := range p.Lines {
		l.setText()
		if slices.ContainsFunc(drawn[max(0, len(drawn)-12):], l.overprints) {
			continue
		}
		drawn = append(drawn, l)
		if n := len(lines); n > 0 && lines[n-1].goesOn(l) {
			lines[n-1].extend(l)
		} else if l.Text != "" || l.Unknown() > 0 {
			lines = append(lines, l)
		}
	}
	p.Lines = lines
	p.Rules = joinRules(p.Rules)
}

// goesOn tells whether o continues the line in the same row, raised, lowered or
// in another size: notes and years are often set so in the middle of a sentence.
func (l *Line) goesOn(o Line) bool {
	size := max(l.Size, o.Size)
	common := min(l.Y+l.Size, o.Y+o.Size) - max(l.Y, o.Y)
	gap := o.Left - l.Right
	return l.Angle == o.Angle && l.Running == o.Running && common > 0.3*min(l.Size, o.Size) && gap > -0.4*size && gap < 0.6*size
}

// extend adds the glyphs of o. The larger of both gives the place.
func (l *Line) extend(o Line) {
	if o.Size > l.Size {
		l.Y, l.Size = o.Y, o.Size
	}
	l.Glyphs = append(l.Glyphs, o.Glyphs...)
	l.Right = max(l.Right, o.Right)
	l.setText()
}

// Unknown counts the glyphs whose meaning the file does not say.
func (l *Line) Unknown() (n int) {
	for _, g := range l.Glyphs {
		if g.Text == "" {
			n++
		}
	}
	return n
}

// leaders are drawn in rows up to the page number of a table of contents.
const leaders = ".·…‥․∙・⋯-"

// WidestGap is the widest empty stretch inside the line, in sizes: rows of a table or a
// list without rules have wide ones.
func (l *Line) WidestGap() (widest float64) {
	right := l.Left
	for _, g := range l.Glyphs {
		if strings.TrimSpace(g.Text) != "" {
			widest = max(widest, (g.Left-right)/l.Size)
			right = max(right, g.Right)
		}
	}
	return widest
}

// setText joins the glyphs, with a space where the gap is wider by a sixth of
// the size than is usual in the line: many programs draw no spaces, and set
// lines closer or wider to make them fit.
func (l *Line) setText() {
	if len(l.Glyphs) == 0 {
		return
	}
	gap := func(i int) float64 { // from the glyphs before, in sizes; negative where they overlap
		return (l.Glyphs[i].Left - l.Glyphs[i-1].Right) / l.Size
	}
	leader := func(i int) bool {
		t := l.Glyphs[i].Text
		return t == l.Glyphs[i-1].Text && t != "" && strings.Contains(leaders, t)
	}
	var gaps []float64
	for i := 1; i < len(l.Glyphs); i++ {
		if !leader(i) {
			gaps = append(gaps, gap(i))
		}
	}
	slices.Sort(gaps)
	usual := 0.0
	if len(gaps) >= 4 {
		usual = gaps[len(gaps)/2]
	}
	var b strings.Builder
	for i, g := range l.Glyphs {
		if i > 0 && (gap(i) > usual+1.0/6 || gap(i) > 1) && !(gap(i) < 2 && leader(i)) && !strings.HasSuffix(b.String(), " ") && strings.TrimSpace(g.Text) != "" {
			b.WriteByte(' ')
		}
		b.WriteString(g.Text)
	}
	if l.Text = b.String(); strings.TrimSpace(l.Text) == "" {
		l.Text = ""
	}
}

// overprints tells whether l is o, or a part of it, drawn again.
func (l *Line) overprints(o Line) bool {
	near := 0.3 * l.Size
	if l.Angle != o.Angle || math.Abs(l.Y-o.Y) > near || l.Left < o.Left-near || l.Right > o.Right+near {
		return false
	}
	i := 0
	for _, g := range l.Glyphs {
		for i < len(o.Glyphs) && (o.Glyphs[i].Text != g.Text || math.Abs(o.Glyphs[i].Left-g.Left) > near) {
			i++
		}
		if i == len(o.Glyphs) {
			return false
		}
	}
	return true
}
