package extract

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"biseo/ingest"
	"biseo/ingest/extract/hwp"
)

const (
	maxSlides  = 2000
	maxOrdered = 2000 // shapes of a slide that are put into reading order
)

// readPPTX reads a presentation (ECMA-376): each slide is a page, its title a
// heading, its text boxes and tables in the order in which a person reads them,
// the speaker's notes as a note. Charts, comments, dates and slide numbers are
// left out. Hidden slides are read, and a warning names them.
func readPPTX(ctx context.Context, a *archive) (*ingest.Document, error) {
	r := pptxReader{b: new(builder), a: a, layouts: map[string]map[string]rect{}}
	if err := r.presentation(ctx); err != nil {
		return nil, asError("PPTX", err)
	}
	return r.b.finish()
}

type pptxReader struct {
	b       *builder
	a       *archive
	layouts map[string]map[string]rect // where a layout or master puts its placeholders
	hidden  []string
	charts  int
}

// A rect is where a shape stands, in EMU.
type rect struct{ x, y, w, h int }

// A drawn is something on a slide that holds text.
type drawn struct {
	e  *element
	at rect
}

func (r *pptxReader) presentation(ctx context.Context) error {
	main, err := relation(r.a, "", "officeDocument")
	if err != nil {
		return err
	}
	main = cmp.Or(main, "ppt/presentation.xml")
	data, err := r.a.need(main)
	if err != nil {
		return err
	}
	rels, err := relations(r.a, main)
	if err != nil {
		return err
	}
	err = eachElement(data, "sldIdLst", func(e *element) error {
		i := slices.IndexFunc(rels, func(rel related) bool { return rel.id == relationID(e) && rel.kind == "slide" })
		if e.name != "sldId" || i < 0 {
			return nil
		}
		if r.b.page++; r.b.page > maxSlides {
			return errTooLong
		}
		if err := r.slide(rels[i].part); err != nil {
			return fmt.Errorf("%s: %w", rels[i].part, err)
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	r.b.doc.Pages = r.b.page
	if len(r.hidden) > 0 {
		r.b.warn("숨긴 슬라이드 %d개도 읽었습니다: %s쪽.", len(r.hidden), clip(strings.Join(r.hidden, ", "), 100))
	}
	if r.charts > 0 {
		r.b.warn("차트 %d개는 읽지 않았습니다.", r.charts)
	}
	title := ""
	if len(r.b.parts) > 0 && r.b.parts[0].kind == ingest.Heading {
		title = r.b.parts[0].text
	}
	return r.a.properties(r.b, title)
}

// relationID is the attribute r:id, which stands beside a plain id.
func relationID(e *element) string {
	for s := e.attrs; ; {
		name, value, rest, ok := cutAttr(s)
		if !ok {
			return ""
		}
		if local(name) == "id" && name != "id" {
			return value
		}
		s = rest
	}
}

func (r *pptxReader) slide(part string) error {
	root, err := r.a.tree(part)
	if err != nil {
		return err
	}
	if show := root.get("show"); show == "0" || show == "false" {
		r.hidden = append(r.hidden, strconv.Itoa(r.b.page))
	}
	rels, err := relations(r.a, part)
	if err != nil {
		return err
	}
	var notes string
	places := map[string]rect{}
	for _, rel := range rels {
		switch rel.kind {
		case "slideLayout":
			if places, err = r.placeholders(rel.part, 0); err != nil {
				return err
			}
		case "notesSlide":
			notes = rel.part
		}
	}
	shapes := r.shapes(root.child("cSld").child("spTree"), places)
	i := slices.IndexFunc(shapes, func(s drawn) bool { return isTitle(s.e) })
	if i >= 0 {
		r.b.heading(1, drawnText(shapes[i].e.child("txBody")))
		shapes = slices.Delete(shapes, i, i+1)
	}
	shapes = readingOrder(shapes)
	if i < 0 && len(shapes) > 0 && shapes[0].e.name == "sp" { // most slides have a title, many only the look of one
		lines := drawnLines(shapes[0].e.child("txBody"))
		if len(lines) > 0 && utf8.RuneCountInString(lines[0]) <= 60 {
			r.b.heading(1, lines[0])
			for _, s := range lines[1:] {
				r.b.line(s)
			}
			shapes = shapes[1:]
		}
	}
	for _, s := range shapes {
		if err := r.shape(s.e, rels); err != nil {
			return err
		}
	}
	return r.notes(notes)
}

// placeholders are the places of the placeholders of a layout, and of its
// master where the layout says none, by [placeholder].
func (r *pptxReader) placeholders(part string, depth int) (map[string]rect, error) {
	if places, ok := r.layouts[part]; ok {
		return places, nil
	}
	root, err := r.a.tree(part)
	if err != nil {
		return nil, err
	}
	places := map[string]rect{}
	if master, err := relation(r.a, part, "slideMaster"); err != nil {
		return nil, err
	} else if master != "" && depth == 0 {
		above, err := r.placeholders(master, 1)
		if err != nil {
			return nil, err
		}
		for k, at := range above {
			places[k] = at
		}
	}
	root.child("cSld").child("spTree").all("sp", func(e *element) {
		if at, ok := place(e); ok {
			for _, k := range placeholder(e) {
				places[k] = at
			}
		}
	})
	r.layouts[part] = places
	return places, nil
}

// placeholder is what a layout knows a shape by, the surest last; none of a shape
// that is no placeholder.
func placeholder(e *element) []string {
	for _, k := range e.children() {
		if ph := k.child("nvPr").child("ph"); ph != nil {
			kind := cmp.Or(ph.get("type"), "body")
			if kind == "ctrTitle" {
				kind = "title"
			}
			keys := []string{"type " + kind}
			if idx := ph.get("idx"); idx != "" {
				keys = append(keys, "idx "+idx)
			}
			return keys
		}
	}
	return nil
}

func isTitle(e *element) bool { return slices.Contains(placeholder(e), "type title") }

// place is where a shape itself says that it stands.
func place(e *element) (rect, bool) {
	xfrm := e.child("xfrm")
	for _, name := range []string{"spPr", "grpSpPr"} {
		if xfrm == nil {
			xfrm = e.child(name).child("xfrm")
		}
	}
	if xfrm == nil {
		return rect{}, false
	}
	n := func(child, attr string) int {
		v, _ := strconv.Atoi(xfrm.child(child).get(attr))
		return max(min(v, 1<<40), -1<<40)
	}
	return rect{n("off", "x"), n("off", "y"), max(n("ext", "cx"), 0), max(n("ext", "cy"), 0)}, true
}

// shapes are the shapes of a slide or group that hold text.
func (r *pptxReader) shapes(tree *element, places map[string]rect) []drawn {
	var out []drawn
	for _, e := range tree.children() {
		if e.name == "AlternateContent" {
			for _, k := range alternative(e).kids {
				out = append(out, r.shapes(&element{kids: []*element{k}}, places)...)
			}
			continue
		}
		keys := placeholder(e)
		if slices.ContainsFunc(keys, func(k string) bool {
			return k == "type dt" || k == "type ftr" || k == "type sldNum" || k == "type hdr"
		}) {
			continue
		}
		switch e.name {
		case "sp":
			if strings.TrimSpace(e.child("txBody").content()) == "" {
				continue
			}
		case "grpSp", "graphicFrame":
		default:
			continue
		}
		at, ok := place(e)
		for _, k := range slices.Backward(keys) {
			if !ok {
				at, ok = places[k]
			}
		}
		if e.name == "grpSp" && !ok {
			out = append(out, r.shapes(e, places)...)
			continue
		}
		out = append(out, drawn{e, at})
	}
	return out
}

func (r *pptxReader) shape(e *element, rels []related) error {
	switch e.name {
	case "sp":
		for _, s := range drawnLines(e.child("txBody")) {
			r.b.line(s)
		}
	case "grpSp":
		for _, s := range readingOrder(r.shapes(e, nil)) {
			if err := r.shape(s.e, rels); err != nil {
				return err
			}
		}
	case "graphicFrame":
		data := e.child("graphic").child("graphicData")
		if table := data.child("tbl"); table != nil {
			r.table(table)
		}
		if data.child("chart") != nil {
			r.charts++
		}
		if ids := data.child("relIds"); ids != nil { // a diagram: its texts in the order they were typed
			for _, rel := range rels {
				if rel.id == ids.get("dm") {
					root, err := r.a.tree(rel.part)
					if err != nil {
						return err
					}
					root.all("t", func(t *element) {
						for _, s := range drawnLines(t) {
							r.b.paragraph(s)
						}
					})
				}
			}
		}
	}
	return nil
}

// table adds a table; one of a single cell is a box around text.
func (r *pptxReader) table(e *element) {
	var rows [][]ingest.Cell
	for _, tr := range e.kids {
		if tr.name != "tr" {
			continue
		}
		var row []ingest.Cell
		col := 0
		for _, tc := range tr.kids {
			if tc.name != "tc" {
				continue
			}
			if on(tc.get("hMerge")) || on(tc.get("vMerge")) {
				col++
				continue
			}
			rowSpan, _ := strconv.Atoi(tc.get("rowSpan"))
			colSpan, _ := strconv.Atoi(tc.get("gridSpan"))
			row = append(row, ingest.Cell{
				Text: strings.Join(drawnLines(tc.child("txBody")), "\n"), Row: len(rows), Col: col,
				RowSpan: min(max(rowSpan, 1), maxSpan), ColSpan: min(max(colSpan, 1), maxSpan),
			})
			col++
		}
		rows = append(rows, row)
	}
	if len(rows) == 1 && len(rows[0]) == 1 {
		r.b.paragraph(rows[0][0].Text)
		return
	}
	r.b.table(rows)
}

func on(s string) bool { return s == "1" || s == "true" }

// notes adds what the speaker wrote below the slide.
func (r *pptxReader) notes(part string) error {
	if part == "" {
		return nil
	}
	root, err := r.a.tree(part)
	if err != nil {
		return err
	}
	root.child("cSld").child("spTree").all("sp", func(e *element) {
		if slices.Contains(placeholder(e), "type body") {
			r.b.note(drawnText(e.child("txBody")))
		}
	})
	return nil
}

func drawnText(body *element) string { return strings.Join(drawnLines(body), "\n") }

// drawnLines are the paragraphs of a DrawingML text body, those that are not
// empty, behind the marks and numbers that they state themselves.
func drawnLines(body *element) []string {
	var out []string
	var count [9]int // of automatic numbers, by level
	for _, p := range body.children() {
		if p.name != "p" {
			continue
		}
		var t strings.Builder
		for _, k := range p.kids {
			switch k.name {
			case "r":
				t.WriteString(k.child("t").content())
			case "br":
				t.WriteByte('\n')
			case "fld":
				if k.get("type") != "slidenum" {
					t.WriteString(k.child("t").content())
				}
			case "m", "AlternateContent": // a formula
				k.all("t", func(e *element) { t.WriteString(e.content()) })
			}
		}
		properties := p.child("pPr")
		level, _ := strconv.Atoi(properties.get("lvl"))
		level = min(max(level, 0), len(count)-1)
		for i := level + 1; i < len(count); i++ {
			count[i] = 0
		}
		s := t.String()
		if strings.TrimSpace(s) == "" {
			continue
		}
		mark := ""
		if bullet := properties.child("buChar"); bullet != nil {
			mark = bullet.get("char")
			if font := properties.child("buFont").get("typeface"); strings.HasPrefix(font, "Wingdings") || font == "Symbol" {
				mark = symbols(font, mark)
			}
		}
		if auto := properties.child("buAutoNum"); auto != nil {
			if count[level]++; count[level] == 1 {
				if start, err := strconv.Atoi(auto.get("startAt")); err == nil {
					count[level] = min(max(start, 1), 32767)
				}
			}
			mark = autoNumber(auto.get("type"), count[level])
		} else {
			count[level] = 0
		}
		if mark != "" {
			s = mark + " " + strings.TrimLeft(s, " ")
		}
		out = append(out, strings.Repeat("  ", level)+s)
	}
	return out
}

// autoNumber writes n as ST_TextAutonumberScheme names it: a kind of number and
// what stands around it.
func autoNumber(scheme string, n int) string {
	format := hwp.Digit
	for prefix, f := range map[string]hwp.Format{
		"alphaLc": hwp.LatinLower, "alphaUc": hwp.LatinUpper, "romanLc": hwp.RomanLower, "romanUc": hwp.RomanUpper,
		"circleNum": hwp.CircledDigit, "ea1": hwp.HanjaNumeral,
	} {
		if strings.HasPrefix(scheme, prefix) {
			format = f
		}
	}
	s := format.Text(n)
	switch {
	case strings.HasSuffix(scheme, "ParenBoth"):
		return "(" + s + ")"
	case strings.HasSuffix(scheme, "ParenR"):
		return s + ")"
	case strings.HasSuffix(scheme, "Period"):
		return s + "."
	}
	return s
}

// readingOrder sorts shapes as a person reads them: cut the page along gaps that
// run through all of it, from top to bottom, then each strip from left to right,
// and so on (the recursive XY-cut of Nagy and Seth, 1984). What overlaps is
// sorted by its upper left corner.
func readingOrder(shapes []drawn) []drawn {
	if len(shapes) < 2 {
		return shapes
	}
	if len(shapes) <= maxOrdered {
		top := func(s drawn) (int, int) { return s.at.y, s.at.h }
		left := func(s drawn) (int, int) { return s.at.x, s.at.w }
		for _, side := range []func(drawn) (int, int){top, left} {
			if strips := cut(shapes, side); len(strips) > 1 {
				var out []drawn
				for _, s := range strips {
					out = append(out, readingOrder(s)...)
				}
				return out
			}
		}
	}
	out := slices.Clone(shapes)
	slices.SortStableFunc(out, func(a, b drawn) int { return cmp.Or(cmp.Compare(a.at.y, b.at.y), cmp.Compare(a.at.x, b.at.x)) })
	return out
}

// cut divides shapes where none of them stands; side gives begin and length of a
// shape. Shapes may overlap by a tenth.
func cut(shapes []drawn, side func(drawn) (int, int)) [][]drawn {
	sorted := slices.Clone(shapes)
	slices.SortStableFunc(sorted, func(a, b drawn) int {
		x, _ := side(a)
		y, _ := side(b)
		return cmp.Compare(x, y)
	})
	var strips [][]drawn
	end := 0
	for i, s := range sorted {
		begin, length := side(s)
		if i == 0 || begin+length/10 >= end {
			strips = append(strips, nil)
			end = begin + length - length/10
		}
		strips[len(strips)-1] = append(strips[len(strips)-1], s)
		end = max(end, begin+length-length/10)
	}
	return strips
}
