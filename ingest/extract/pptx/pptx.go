// Package pptx reads PowerPoint presentations.
package pptx

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"biseo/ingest"
	"biseo/ingest/extract/blocks"
	"biseo/ingest/extract/hwp"
	"biseo/ingest/extract/xmlzip"
)

const (
	maxSlides  = 2000
	maxOrdered = 2000 // shapes of a slide that are put into reading order
)

// Read reads a presentation (ECMA-376): each slide is a page, its title a
// heading, its text boxes and tables in the order in which a person reads them,
// the speaker's notes as a note. Charts, comments, dates and slide numbers are
// left out. Hidden slides are read, and a warning names them.
func Read(ctx context.Context, a *xmlzip.Archive) (*ingest.Document, error) {
	r := reader{b: new(blocks.Builder), a: a, layouts: map[string]map[string]rect{}}
	if err := r.presentation(ctx); err != nil {
		return nil, err
	}
	return r.b.Finish()
}

type reader struct {
	b       *blocks.Builder
	a       *xmlzip.Archive
	layouts map[string]map[string]rect // where a layout or master puts its placeholders
	hidden  []string
	charts  int
}

// A rect is where a shape stands, in EMU.
type rect struct{ x, y, w, h int }

// A drawn is something on a slide that holds text.
type drawn struct {
	e  *xmlzip.Element
	at rect
}

func (r *reader) presentation(ctx context.Context) error {
	main, err := r.a.Related("", "officeDocument")
	if err != nil {
		return err
	}
	main = cmp.Or(main, "ppt/presentation.xml")
	data, err := r.a.Need(main)
	if err != nil {
		return err
	}
	rels, err := r.a.Relations(main)
	if err != nil {
		return err
	}
	err = xmlzip.Each(data, "sldIdLst", func(e *xmlzip.Element) error {
		i := slices.IndexFunc(rels, func(rel xmlzip.Relation) bool { return rel.ID == relationID(e) && rel.Kind == "slide" })
		if e.Name != "sldId" || i < 0 {
			return nil
		}
		if r.b.Page++; r.b.Page > maxSlides {
			return blocks.ErrTooLong
		}
		if err := r.slide(rels[i].Part); err != nil {
			return fmt.Errorf("%s: %w", rels[i].Part, err)
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	r.b.Doc.Pages = r.b.Page
	if len(r.hidden) > 0 {
		r.b.Warn("숨긴 슬라이드 %d개도 읽었습니다: %s쪽.", len(r.hidden), blocks.Clip(strings.Join(r.hidden, ", "), 100))
	}
	if r.charts > 0 {
		r.b.Warn("차트 %d개는 읽지 않았습니다.", r.charts)
	}
	says, err := r.a.Properties()
	if err != nil {
		return err
	}
	r.b.Properties(says.Title, says.Description, r.b.FirstHeading(), says.Keywords, says.Subject)
	return nil
}

// relationID is the attribute r:id, which stands beside a plain id.
func relationID(e *xmlzip.Element) string {
	for s := e.Attrs; ; {
		name, value, rest, ok := xmlzip.CutAttr(s)
		if !ok {
			return ""
		}
		if xmlzip.Local(name) == "id" && name != "id" {
			return value
		}
		s = rest
	}
}

func (r *reader) slide(part string) error {
	root, err := r.a.Tree(part)
	if err != nil {
		return err
	}
	if show := root.Get("show"); show == "0" || show == "false" {
		r.hidden = append(r.hidden, strconv.Itoa(r.b.Page))
	}
	rels, err := r.a.Relations(part)
	if err != nil {
		return err
	}
	var notes string
	places := map[string]rect{}
	for _, rel := range rels {
		switch rel.Kind {
		case "slideLayout":
			if places, err = r.placeholders(rel.Part, 0); err != nil {
				return err
			}
		case "notesSlide":
			notes = rel.Part
		}
	}
	shapes := r.shapes(root.Child("cSld").Child("spTree"), places)
	i := slices.IndexFunc(shapes, func(s drawn) bool { return isTitle(s.e) })
	if i >= 0 {
		r.b.Heading(1, drawnText(shapes[i].e.Child("txBody")))
		shapes = slices.Delete(shapes, i, i+1)
	}
	shapes = readingOrder(shapes)
	if i < 0 && len(shapes) > 0 && shapes[0].e.Name == "sp" { // most slides have a title, many only the look of one
		lines := drawnLines(shapes[0].e.Child("txBody"))
		if len(lines) > 0 && utf8.RuneCountInString(lines[0]) <= 60 {
			r.b.Heading(1, lines[0])
			for _, s := range lines[1:] {
				r.b.Line(s)
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
func (r *reader) placeholders(part string, depth int) (map[string]rect, error) {
	if places, ok := r.layouts[part]; ok {
		return places, nil
	}
	root, err := r.a.Tree(part)
	if err != nil {
		return nil, err
	}
	places := map[string]rect{}
	if master, err := r.a.Related(part, "slideMaster"); err != nil {
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
	root.Child("cSld").Child("spTree").All("sp", func(e *xmlzip.Element) {
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
func placeholder(e *xmlzip.Element) []string {
	for _, k := range e.Children() {
		if ph := k.Child("nvPr").Child("ph"); ph != nil {
			kind := cmp.Or(ph.Get("type"), "body")
			if kind == "ctrTitle" {
				kind = "title"
			}
			keys := []string{"type " + kind}
			if idx := ph.Get("idx"); idx != "" {
				keys = append(keys, "idx "+idx)
			}
			return keys
		}
	}
	return nil
}

func isTitle(e *xmlzip.Element) bool { return slices.Contains(placeholder(e), "type title") }

// place is where a shape itself says that it stands.
func place(e *xmlzip.Element) (rect, bool) {
	xfrm := e.Child("xfrm")
	for _, name := range []string{"spPr", "grpSpPr"} {
		if xfrm == nil {
			xfrm = e.Child(name).Child("xfrm")
		}
	}
	if xfrm == nil {
		return rect{}, false
	}
	n := func(child, attr string) int {
		v, _ := strconv.Atoi(xfrm.Child(child).Get(attr))
		return max(min(v, 1<<40), -1<<40)
	}
	return rect{n("off", "x"), n("off", "y"), max(n("ext", "cx"), 0), max(n("ext", "cy"), 0)}, true
}

// shapes are the shapes of a slide or group that hold text.
func (r *reader) shapes(tree *xmlzip.Element, places map[string]rect) []drawn {
	var out []drawn
	for _, e := range tree.Children() {
		if e.Name == "AlternateContent" {
			for _, k := range e.Alternative().Kids {
				out = append(out, r.shapes(&xmlzip.Element{Kids: []*xmlzip.Element{k}}, places)...)
			}
			continue
		}
		keys := placeholder(e)
		if slices.ContainsFunc(keys, func(k string) bool {
			return k == "type dt" || k == "type ftr" || k == "type sldNum" || k == "type hdr"
		}) {
			continue
		}
		switch e.Name {
		case "sp":
			if strings.TrimSpace(e.Child("txBody").Content()) == "" {
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
		if e.Name == "grpSp" && !ok {
			out = append(out, r.shapes(e, places)...)
			continue
		}
		out = append(out, drawn{e, at})
	}
	return out
}

func (r *reader) shape(e *xmlzip.Element, rels []xmlzip.Relation) error {
	switch e.Name {
	case "sp":
		for _, s := range drawnLines(e.Child("txBody")) {
			r.b.Line(s)
		}
	case "grpSp":
		for _, s := range readingOrder(r.shapes(e, nil)) {
			if err := r.shape(s.e, rels); err != nil {
				return err
			}
		}
	case "graphicFrame":
		data := e.Child("graphic").Child("graphicData")
		if table := data.Child("tbl"); table != nil {
			r.table(table)
		}
		if data.Child("chart") != nil {
			r.charts++
		}
		if ids := data.Child("relIds"); ids != nil { // a diagram: its texts in the order they were typed
			for _, rel := range rels {
				if rel.ID == ids.Get("dm") {
					root, err := r.a.Tree(rel.Part)
					if err != nil {
						return err
					}
					root.All("t", func(t *xmlzip.Element) {
						for _, s := range drawnLines(t) {
							r.b.Paragraph(s)
						}
					})
				}
			}
		}
	}
	return nil
}

// table adds a table; one of a single cell is a box around text.
func (r *reader) table(e *xmlzip.Element) {
	var rows [][]ingest.Cell
	for _, tr := range e.Kids {
		if tr.Name != "tr" {
			continue
		}
		var row []ingest.Cell
		col := 0
		for _, tc := range tr.Kids {
			if tc.Name != "tc" {
				continue
			}
			if on(tc.Get("hMerge")) || on(tc.Get("vMerge")) {
				col++
				continue
			}
			rowSpan, _ := strconv.Atoi(tc.Get("rowSpan"))
			colSpan, _ := strconv.Atoi(tc.Get("gridSpan"))
			row = append(row, ingest.Cell{
				Text: strings.Join(drawnLines(tc.Child("txBody")), "\n"), Row: len(rows), Col: col,
				RowSpan: min(max(rowSpan, 1), blocks.MaxSpan), ColSpan: min(max(colSpan, 1), blocks.MaxSpan),
			})
			col++
		}
		rows = append(rows, row)
	}
	if len(rows) == 1 && len(rows[0]) == 1 {
		r.b.Paragraph(rows[0][0].Text)
		return
	}
	r.b.Table(rows)
}

func on(s string) bool { return s == "1" || s == "true" }

// notes adds what the speaker wrote below the slide.
func (r *reader) notes(part string) error {
	if part == "" {
		return nil
	}
	root, err := r.a.Tree(part)
	if err != nil {
		return err
	}
	root.Child("cSld").Child("spTree").All("sp", func(e *xmlzip.Element) {
		if slices.Contains(placeholder(e), "type body") {
			r.b.Note(drawnText(e.Child("txBody")))
		}
	})
	return nil
}

func drawnText(body *xmlzip.Element) string { return strings.Join(drawnLines(body), "\n") }

// drawnLines are the paragraphs of a DrawingML text body, those that are not
// empty, behind the marks and numbers that they state themselves.
func drawnLines(body *xmlzip.Element) []string {
	var out []string
	var count [9]int // of automatic numbers, by level
	for _, p := range body.Children() {
		if p.Name != "p" {
			continue
		}
		var t strings.Builder
		for _, k := range p.Kids {
			switch k.Name {
			case "r":
				t.WriteString(k.Child("t").Content())
			case "br":
				t.WriteByte('\n')
			case "fld":
				if k.Get("type") != "slidenum" {
					t.WriteString(k.Child("t").Content())
				}
			case "m", "AlternateContent": // a formula
				k.All("t", func(e *xmlzip.Element) { t.WriteString(e.Content()) })
			}
		}
		properties := p.Child("pPr")
		level, _ := strconv.Atoi(properties.Get("lvl"))
		level = min(max(level, 0), len(count)-1)
		for i := level + 1; i < len(count); i++ {
			count[i] = 0
		}
		s := t.String()
		if strings.TrimSpace(s) == "" {
			continue
		}
		mark := ""
		if bullet := properties.Child("buChar"); bullet != nil {
			mark = bullet.Get("char")
			if font := properties.Child("buFont").Get("typeface"); strings.HasPrefix(font, "Wingdings") || font == "Symbol" {
				mark = blocks.Symbols(font, mark)
			}
		}
		if auto := properties.Child("buAutoNum"); auto != nil {
			if count[level]++; count[level] == 1 {
				if start, err := strconv.Atoi(auto.Get("startAt")); err == nil {
					count[level] = min(max(start, 1), 32767)
				}
			}
			mark = autoNumber(auto.Get("type"), count[level])
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
