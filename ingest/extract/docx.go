package extract

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"biseo/ingest"
)

// readDOCX reads the body of a Word document (ECMA-376): paragraphs, headings
// by outline level or style, tables, text boxes and notes. Deleted revisions,
// hidden text, comments, headers and footers are no body. Numbers and bullets
// that Word makes itself stand before the text, as its reader sees them.
func readDOCX(ctx context.Context, a *archive) (*ingest.Document, error) {
	w := docxWalker{b: &builder{}}
	if err := w.document(ctx, a); err != nil {
		return nil, asError("DOCX", err)
	}
	return w.b.finish()
}

type docxWalker struct {
	b       *builder
	levels  map[string]int      // heading level of a style, by its ID
	footers map[string]*element // footnotes and endnotes: "f"+ID, "e"+ID
	titles  map[string]bool     // styles named Title
	numbers *docxNumbers
	carried string // text of a paragraph whose end was deleted: it belongs to the next
	title   string
	notes   []string // of the block being read
	noted   int
	fields  []bool // open complex fields: whether the result has begun
	nested  int    // text boxes and cells around what is being read
}

func (w *docxWalker) document(ctx context.Context, a *archive) error {
	main, err := relation(a, "", "officeDocument")
	if err != nil {
		return err
	}
	main = cmp.Or(main, "word/document.xml")
	data, err := a.need(main)
	if err != nil {
		return err
	}
	if err := w.readStyles(a, main); err != nil {
		return err
	}
	if err := w.readNotes(a, main); err != nil {
		return err
	}
	err = eachElement(data, "body", func(e *element) error {
		w.block(w.b, e)
		for _, s := range w.notes {
			w.b.note(s)
		}
		w.notes = nil
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	w.b.line(w.carried)
	if err := a.properties(w.b, ""); err != nil {
		return err
	}
	w.b.doc.Meta.Title = cmp.Or(w.title, w.b.doc.Meta.Title)
	return nil
}

var reHeadingStyle = regexp.MustCompile(`^(?i:heading|제목|개요)\s*(\d)$`)

func (w *docxWalker) readStyles(a *archive, main string) error {
	w.levels, w.titles = map[string]int{}, map[string]bool{}
	name, err := relation(a, main, "styles")
	if err != nil {
		return err
	}
	root, err := a.tree(cmp.Or(name, "word/styles.xml"))
	if err != nil {
		return err
	}
	based := map[string]string{}
	own := map[string]int{}
	numbered := map[string]docxLevel{}
	root.all("style", func(e *element) {
		id, name := e.get("styleId"), value(e.child("name"))
		based[id] = value(e.child("basedOn"))
		if g := reHeadingStyle.FindStringSubmatch(name); g != nil {
			own[id], _ = strconv.Atoi(g[1])
		}
		if strings.EqualFold(name, "title") || name == "제목" {
			w.titles[id] = true
		}
		if l := outlineLevel(e.child("pPr")); l != 0 {
			own[id] = l
		}
		if e.child("pPr").child("numPr") != nil {
			numbered[id] = numberPlace(e.child("pPr"))
		}
	})
	for id := range based {
		for at, steps := id, 0; at != "" && steps < 20; at, steps = based[at], steps+1 {
			if l := own[at]; l != 0 {
				w.levels[id] = l
				break
			}
		}
	}
	name, err = relation(a, main, "numbering")
	if err != nil {
		return err
	}
	root, err = a.tree(cmp.Or(name, "word/numbering.xml"))
	if err != nil {
		return err
	}
	w.numbers = newDocxNumbers(root, numbered, based)
	return nil
}

// outlineLevel is 1 to 9 for a heading, -1 for what is explicitly body text, 0
// if the properties say nothing.
func outlineLevel(properties *element) int {
	e := properties.child("outlineLvl")
	if e == nil {
		return 0
	}
	n, err := strconv.Atoi(value(e))
	if err != nil || n < 0 || n > 8 {
		return -1
	}
	return n + 1
}

func value(e *element) string { return e.get("val") }

func (w *docxWalker) readNotes(a *archive, main string) error {
	w.footers = map[string]*element{}
	for kind, mark := range map[string]string{"footnote": "f", "endnote": "e"} {
		name, err := relation(a, main, kind+"s")
		if err != nil {
			return err
		}
		root, err := a.tree(cmp.Or(name, "word/"+kind+"s.xml"))
		if err != nil {
			return err
		}
		root.all(kind, func(e *element) {
			if t := e.get("type"); t == "" || t == "normal" {
				w.footers[mark+e.get("id")] = e
			}
		})
	}
	return nil
}

// block adds what stands in a body, a cell, a note or a text box.
func (w *docxWalker) block(b *builder, e *element) {
	switch e.name {
	case "p":
		w.paragraph(b, e)
	case "tbl":
		w.table(b, e)
	case "sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag":
		w.blocks(b, e)
	case "AlternateContent":
		w.blocks(b, alternative(e))
	}
}

func (w *docxWalker) blocks(b *builder, e *element) {
	for _, k := range e.kids {
		w.block(b, k)
	}
}

// alternative is the first choice of an mc:AlternateContent. The fallback
// repeats it for old programs.
func alternative(e *element) *element {
	if c := e.child("Choice"); c != nil {
		return c
	}
	if f := e.child("Fallback"); f != nil {
		return f
	}
	return &element{}
}

// text is what blocks adds, as text.
func (w *docxWalker) text(e *element) string {
	var b builder
	w.nested++
	w.blocks(&b, e)
	w.nested--
	b.line(w.carried)
	w.carried = ""
	return b.plain()
}

func (w *docxWalker) paragraph(b *builder, p *element) {
	properties := p.child("pPr")
	style := value(properties.child("pStyle"))
	level := cmp.Or(outlineLevel(properties), w.levels[style])
	var boxes []*element
	var t strings.Builder
	t.WriteString(w.carried)
	w.carried = ""
	w.inline(&t, p, &boxes)
	s := t.String()
	if mark := properties.child("rPr"); mark.child("del") != nil || mark.child("moveFrom") != nil {
		w.carried, s = s, ""
	} else if number, depth := w.numbers.next(properties, style); number != "" && strings.TrimSpace(s) != "" {
		s = strings.Repeat("  ", depth) + number + strings.TrimLeft(s, " ")
	}
	switch {
	case w.titles[style] && w.nested == 0:
		if w.title == "" {
			w.title = oneLine(s)
		}
		b.heading(1, s)
	case level > 0:
		b.heading(level, s)
	case strings.EqualFold(style, "caption"):
		b.caption(s)
	default:
		b.line(s)
	}
	for _, box := range boxes {
		w.nested++
		w.blocks(b, box)
		w.nested--
	}
}

// inline writes the text of e and collects the text boxes anchored in it.
func (w *docxWalker) inline(t *strings.Builder, e *element, boxes *[]*element) {
	for _, k := range e.kids {
		switch k.name {
		case "", "pPr", "rPr", "del", "moveFrom", "delText", "instrText", "delInstrText", "rt", "sdtPr", "sdtEndPr":
		case "r":
			if v := k.child("rPr").child("vanish"); v == nil || value(v) == "0" || value(v) == "false" {
				w.inline(t, k, boxes)
			}
		case "t":
			if len(w.fields) == 0 || w.fields[len(w.fields)-1] {
				t.WriteString(strings.Map(spaces, k.content()))
			}
		case "fldChar":
			switch kind := k.get("fldCharType"); {
			case kind == "begin":
				w.fields = append(w.fields, false)
			case kind == "separate" && len(w.fields) > 0:
				w.fields[len(w.fields)-1] = true
			case kind == "end" && len(w.fields) > 0:
				w.fields = w.fields[:len(w.fields)-1]
			}
		case "tab":
			t.WriteByte('\t')
		case "br", "cr":
			t.WriteByte('\n')
		case "noBreakHyphen":
			t.WriteByte('-')
		case "sym":
			if n, err := strconv.ParseUint(k.get("char"), 16, 16); err == nil {
				t.WriteString(symbols(k.get("font"), string(rune(n))))
			}
		case "footnoteReference", "endnoteReference":
			w.noteReference(k)
		case "AlternateContent":
			w.inline(t, alternative(k), boxes)
		case "txbxContent":
			*boxes = append(*boxes, k)
		default:
			w.inline(t, k, boxes)
		}
	}
}

// noteReference queues the note that k points to, once.
func (w *docxWalker) noteReference(k *element) {
	key := k.name[:1] + k.get("id")
	note := w.footers[key]
	if note == nil {
		return
	}
	delete(w.footers, key)
	w.noted++
	number := w.noted
	w.notes = append(w.notes, fmt.Sprintf("%d) %s", number, strings.TrimSpace(w.text(note))))
}

// table adds a table; a table of one cell is a box, whose content is added
// instead. A cell that continues the one above (vMerge) makes that one longer.
func (w *docxWalker) table(b *builder, e *element) {
	var rows [][]ingest.Cell
	var content []*element
	above := map[int]*ingest.Cell{} // the cell that a merged one below would continue, by column
	var each func(e *element)
	each = func(e *element) {
		for _, tr := range e.kids {
			if tr.name != "tr" {
				if tr.name == "sdt" || tr.name == "sdtContent" || tr.name == "customXml" || tr.name == "ins" {
					each(tr)
				}
				continue
			}
			if tr.child("trPr").child("del") != nil {
				continue
			}
			row, cells := docxRow(tr, len(rows), above)
			rows = append(rows, row)
			content = append(content, cells...)
			for i := range row {
				above[row[i].Col] = &row[i]
			}
		}
	}
	each(e)
	if len(content) == 1 {
		w.nested++
		w.blocks(b, content[0])
		w.nested--
		return
	}
	for i := range rows {
		for j := range rows[i] {
			rows[i][j].Text = w.text(content[0])
			content = content[1:]
		}
	}
	b.table(rows)
}

// docxRow is one row of a table with the elements of its cells.
func docxRow(tr *element, number int, above map[int]*ingest.Cell) (row []ingest.Cell, cells []*element) {
	col, _ := strconv.Atoi(value(tr.child("trPr").child("gridBefore")))
	col = min(max(col, 0), maxSpan)
	var each func(e *element)
	each = func(e *element) {
		for _, tc := range e.kids {
			if tc.name != "tc" {
				if tc.name == "sdt" || tc.name == "sdtContent" || tc.name == "customXml" {
					each(tc)
				}
				continue
			}
			p := tc.child("tcPr")
			span, _ := strconv.Atoi(value(p.child("gridSpan")))
			span = min(max(span, 1), maxSpan)
			merge := p.child("vMerge")
			if top := above[col]; merge != nil && value(merge) != "restart" && top != nil && top.Row+top.RowSpan == number {
				top.RowSpan++
			} else {
				row = append(row, ingest.Cell{Row: number, Col: col, RowSpan: 1, ColSpan: span})
				cells = append(cells, tc)
			}
			col += span
		}
	}
	each(tr)
	return row, cells
}
