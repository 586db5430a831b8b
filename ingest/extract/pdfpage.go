package extract

import (
	"math"
	"slices"
	"strings"

	"github.com/ledongthuc/pdf"
)

// A pdfLine is a run of glyphs on one baseline, drawn one after the other.
// Coordinates turn with the text: left to right is x, upwards is y, in points.
type pdfLine struct {
	text        string
	left, right float64
	y, size     float64
	angle       int // of the baseline, in quarter turns
	unknown     int // glyphs without a known meaning
	glyphs      []pdfGlyph
}

type pdfGlyph struct {
	text string
	x    float64
	gap  float64 // from the glyph before, in sizes; negative where they overlap
}

// setText joins the glyphs, with a space where the gap is wider by a sixth of
// the size than is usual in the line: many programs draw no spaces, and set
// lines closer or wider to make them fit.
func (l *pdfLine) setText() {
	var gaps []float64
	for _, g := range l.glyphs[1:] {
		gaps = append(gaps, g.gap)
	}
	slices.Sort(gaps)
	usual := 0.0
	if len(gaps) >= 4 {
		usual = gaps[len(gaps)/2]
	}
	var b strings.Builder
	for i, g := range l.glyphs {
		if i > 0 && (g.gap > usual+1.0/6 || g.gap > 1) && !strings.HasSuffix(b.String(), " ") && strings.TrimSpace(g.text) != "" {
			b.WriteByte(' ')
		}
		b.WriteString(g.text)
	}
	l.text, l.glyphs = b.String(), nil
}

// overprints tells whether l is o drawn again, as a shadow or an outline.
func (l *pdfLine) overprints(o *pdfLine) bool {
	return l.text == o.text && l.angle == o.angle && math.Abs(l.left-o.left) < 0.3*l.size && math.Abs(l.y-o.y) < 0.3*l.size
}

// A matrix is [a b c d e f] as in PDF: x' = ax + cy + e, y' = bx + dy + f.
type matrix [6]float64

func (m matrix) mul(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

var identity = matrix{1, 0, 0, 1, 0, 0}

// pdfState is the graphics state, as far as it places text.
type pdfState struct {
	ctm                   matrix
	font                  *pdfFont
	size, charSpace, word float64
	scale, leading, rise  float64
}

// A pdfPage interprets the content of one page.
type pdfPage struct {
	lines  []*pdfLine
	fonts  map[string]*pdfFont // by name; of the resources in use
	state  pdfState
	stack  []pdfState
	tm, lm matrix // of text and of the line
	glyphs int
	forms  int
}

const (
	maxGlyphs  = 500_000 // of one page
	maxForms   = 1000    // form XObjects drawn on one page
	maxNesting = 8       // of form XObjects
)

// readPDFPage returns the lines of a page in the order in which they are drawn,
// which is the order of writing in what office programs and browsers make. Lines
// of white space are left out.
func readPDFPage(page, resources pdf.Value) []*pdfLine {
	p := &pdfPage{state: pdfState{ctm: identity, scale: 1}}
	p.run(page.Key("Contents"), resources, 0)
	var lines []*pdfLine
	for _, l := range p.lines {
		l.setText()
		if strings.TrimSpace(l.text) != "" && !slices.ContainsFunc(lines[max(0, len(lines)-12):], l.overprints) {
			lines = append(lines, l)
		}
	}
	return lines
}

func (p *pdfPage) run(content, resources pdf.Value, depth int) {
	if content.IsNull() {
		return
	}
	outer := p.fonts
	p.fonts = map[string]*pdfFont{}
	defer func() { p.fonts = outer }()
	pdf.Interpret(content, func(stk *pdf.Stack, op string) {
		args := make([]pdf.Value, stk.Len())
		for i := len(args) - 1; i >= 0; i-- {
			args[i] = stk.Pop()
		}
		if p.glyphs < maxGlyphs {
			p.operate(op, args, resources, depth)
		}
	})
}

// operate does one operator of ISO 32000-1, annex A. Wrong operands are no operator.
func (p *pdfPage) operate(op string, args []pdf.Value, resources pdf.Value, depth int) {
	s := &p.state
	arg := func(i int) float64 {
		if i < len(args) {
			return args[i].Float64()
		}
		return 0
	}
	newLine := func(x, y float64) {
		p.lm = matrix{1, 0, 0, 1, x, y}.mul(p.lm)
		p.tm = p.lm
	}
	switch op {
	case "q":
		if len(p.stack) < 256 {
			p.stack = append(p.stack, *s)
		}
	case "Q":
		if n := len(p.stack); n > 0 {
			*s, p.stack = p.stack[n-1], p.stack[:n-1]
		}
	case "cm", "Tm":
		if len(args) != 6 {
			return
		}
		m := matrix{arg(0), arg(1), arg(2), arg(3), arg(4), arg(5)}
		if op == "cm" {
			s.ctm = m.mul(s.ctm)
		} else {
			p.tm, p.lm = m, m
		}
	case "BT":
		p.tm, p.lm = identity, identity
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
			s.font, s.size = p.font(args[0].Name(), resources), arg(1)
		}
	case "Td":
		newLine(arg(0), arg(1))
	case "TD":
		s.leading = -arg(1)
		newLine(arg(0), arg(1))
	case "T*":
		newLine(0, -s.leading)
	case "\"":
		if len(args) == 3 {
			s.word, s.charSpace = arg(0), arg(1)
			newLine(0, -s.leading)
			p.show(args[2].RawString())
		}
	case "'":
		newLine(0, -s.leading)
		fallthrough
	case "Tj":
		if len(args) == 1 {
			p.show(args[0].RawString())
		}
	case "TJ":
		if len(args) != 1 {
			return
		}
		for i := range args[0].Len() {
			if v := args[0].Index(i); v.Kind() == pdf.String {
				p.show(v.RawString())
			} else {
				p.advance(-v.Float64() / 1000 * s.size * s.scale)
			}
		}
	case "Do":
		if len(args) != 1 {
			return
		}
		form := resources.Key("XObject").Key(args[0].Name())
		if form.Key("Subtype").Name() != "Form" || depth >= maxNesting || p.forms >= maxForms {
			return
		}
		p.forms++
		saved, height := *s, len(p.stack)
		if m := form.Key("Matrix"); m.Len() == 6 {
			s.ctm = matrix{m.Index(0).Float64(), m.Index(1).Float64(), m.Index(2).Float64(), m.Index(3).Float64(), m.Index(4).Float64(), m.Index(5).Float64()}.mul(s.ctm)
		}
		own := form.Key("Resources")
		if own.IsNull() {
			own = resources
		}
		p.run(form, own, depth+1)
		p.stack = p.stack[:min(height, len(p.stack))]
		p.state = saved
	}
}

func (p *pdfPage) font(name string, resources pdf.Value) *pdfFont {
	f, ok := p.fonts[name]
	if !ok {
		if v := resources.Key("Font").Key(name); !v.IsNull() {
			f = newPDFFont(v)
		}
		p.fonts[name] = f
	}
	return f
}

func (p *pdfPage) advance(tx float64) { p.tm = matrix{1, 0, 0, 1, tx, 0}.mul(p.tm) }

func (p *pdfPage) show(raw string) {
	s := &p.state
	if s.font == nil {
		return
	}
	for _, c := range s.font.codes(raw) {
		p.glyph(c)
		tx := c.width*s.size + s.charSpace
		if c.space {
			tx += s.word
		}
		p.advance(tx * s.scale)
		p.glyphs++
	}
}

// glyph adds a glyph to the last line or begins a new one.
func (p *pdfPage) glyph(c code) {
	s := &p.state
	m := matrix{s.size * s.scale, 0, 0, s.size, 0, s.rise}.mul(p.tm).mul(s.ctm)
	size := math.Hypot(m[2], m[3])
	if size == 0 || math.IsNaN(size) || math.IsInf(size, 0) {
		return
	}
	angle := int(math.Round(math.Atan2(m[1], m[0])/(math.Pi/2))+4) % 4
	x, y := m[4], m[5]
	switch angle {
	case 1:
		x, y = y, -x
	case 2:
		x, y = -x, -y
	case 3:
		x, y = -y, x
	}
	right := x + c.width*math.Hypot(m[0], m[1])
	var l *pdfLine
	if n := len(p.lines); n > 0 {
		l = p.lines[n-1]
	}
	if l == nil || l.angle != angle || math.Abs(y-l.y) > 0.4*max(size, l.size) || x < l.right-max(size, l.size) {
		l = &pdfLine{left: x, right: x, y: y, size: size, angle: angle}
		p.lines = append(p.lines, l)
	}
	if n := len(l.glyphs); n > 0 && l.glyphs[n-1].text == c.text && math.Abs(x-l.glyphs[n-1].x) < 0.2*size {
		return // drawn again, as a shadow
	}
	if c.text == "" {
		l.unknown++
	}
	l.glyphs = append(l.glyphs, pdfGlyph{c.text, x, (x - l.right) / size})
	l.right = max(l.right, right)
	l.size = max(l.size, size)
}
