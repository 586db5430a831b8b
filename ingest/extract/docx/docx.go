// Package docx reads Word documents.
package docx

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"biseo/ingest"
	"biseo/ingest/extract/blocks"
	"biseo/ingest/extract/xmlzip"
)

// Read reads the body of a Word document (ECMA-376): paragraphs, headings
// by outline level or style, tables, text boxes and notes. Deleted revisions,
// hidden text, comments, headers and footers are no body. Numbers and bullets
// that Word makes itself stand before the text, as its reader sees them.
func Read(ctx context.Context, a *xmlzip.Archive) (*ingest.Document, error) {
	w := walker{b: &blocks.Builder{}}
	if err := w.document(ctx, a); err != nil {
		return nil, err
	}
	return w.b.Finish()
}

type walker struct {
	b       *blocks.Builder
	levels  map[string]int             // heading level of a style, by its ID
	footers map[string]*xmlzip.Element // footnotes and endnotes: "f"+ID, "e"+ID
	titles  map[string]bool            // styles named Title
	numbers *numbers
	carried string // text of a paragraph whose end was deleted: it belongs to the next
	title   string
	notes   []string // of the block being read
	noted   int
	fields  []bool // open complex fields: whether the result has begun
	nested  int    // text boxes and cells around what is being read
}

func (w *walker) document(ctx context.Context, a *xmlzip.Archive) error {
	main, err := a.Related("", "officeDocument")
	if err != nil {
		return err
	}
	main = cmp.Or(main, "word/document.xml")
	data, err := a.Need(main)
	if err != nil {
		return err
	}
	if err := w.readStyles(a, main); err != nil {
		return err
	}
	if err := w.readNotes(a, main); err != nil {
		return err
	}
	err = xmlzip.Each(data, "body", func(e *xmlzip.Element) error {
		w.block(w.b, e)
		for _, s := range w.notes {
			w.b.Note(s)
		}
		w.notes = nil
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	w.b.Line(w.carried)
	says, err := a.Properties()
	if err != nil {
		return err
	}
	w.b.Properties(says.Title, says.Description, "", says.Keywords, says.Subject)
	w.b.Doc.Meta.Title = cmp.Or(w.title, w.b.Doc.Meta.Title)
	return nil
}

var reHeadingStyle = regexp.MustCompile(`^(?i:heading|제목|개요)\s*(\d)$`)

func (w *walker) readStyles(a *xmlzip.Archive, main string) error {
	w.levels, w.titles = map[string]int{}, map[string]bool{}
	name, err := a.Related(main, "styles")
	if err != nil {
		return err
	}
	root, err := a.Tree(cmp.Or(name, "word/styles.xml"))
	if err != nil {
		return err
	}
	based := map[string]string{}
	own := map[string]int{}
	numbered := map[string]place{}
	root.All("style", func(e *xmlzip.Element) {
		id, name := e.Get("styleId"), value(e.Child("name"))
		based[id] = value(e.Child("basedOn"))
		if g := reHeadingStyle.FindStringSubmatch(name); g != nil {
			own[id], _ = strconv.Atoi(g[1])
		}
		if strings.EqualFold(name, "title") || name == "제목" {
			w.titles[id] = true
		}
		if l := outlineLevel(e.Child("pPr")); l != 0 {
			own[id] = l
		}
		if e.Child("pPr").Child("numPr") != nil {
			numbered[id] = numberPlace(e.Child("pPr"))
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
	name, err = a.Related(main, "numbering")
	if err != nil {
		return err
	}
	root, err = a.Tree(cmp.Or(name, "word/numbering.xml"))
	if err != nil {
		return err
	}
	w.numbers = newNumbers(root, numbered, based)
	return nil
}

// outlineLevel is 1 to 9 for a heading, -1 for what is explicitly body text, 0
// if the properties say nothing.
func outlineLevel(properties *xmlzip.Element) int {
	e := properties.Child("outlineLvl")
	if e == nil {
		return 0
	}
	n, err := strconv.Atoi(value(e))
	if err != nil || n < 0 || n > 8 {
		return -1
	}
	return n + 1
}

func value(e *xmlzip.Element) string { return e.Get("val") }

func (w *walker) readNotes(a *xmlzip.Archive, main string) error {
	w.footers = map[string]*xmlzip.Element{}
	for kind, mark := range map[string]string{"footnote": "f", "endnote": "e"} {
		name, err := a.Related(main, kind+"s")
		if err != nil {
			return err
		}
		root, err := a.Tree(cmp.Or(name, "word/"+kind+"s.xml"))
		if err != nil {
			return err
		}
		root.All(kind, func(e *xmlzip.Element) {
			if t := e.Get("type"); t == "" || t == "normal" {
				w.footers[mark+e.Get("id")] = e
			}
		})
	}
	return nil
}

// block adds what stands in a body, a cell, a note or a text box.
func (w *walker) block(b *blocks.Builder, e *xmlzip.Element) {
	switch e.Name {
	case "p":
		w.paragraph(b, e)
	case "tbl":
		w.table(b, e)
	case "sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag":
		w.blocks(b, e)
	case "AlternateContent":
		w.blocks(b, e.Alternative())
	}
}

func (w *walker) blocks(b *blocks.Builder, e *xmlzip.Element) {
	for _, k := range e.Kids {
		w.block(b, k)
	}
}

// text is what blocks adds, as text.
func (w *walker) text(e *xmlzip.Element) string {
	var b blocks.Builder
	w.nested++
	w.blocks(&b, e)
	w.nested--
	b.Line(w.carried)
	w.carried = ""
	return b.Plain()
}

func (w *walker) paragraph(b *blocks.Builder, p *xmlzip.Element) {
	properties := p.Child("pPr")
	style := value(properties.Child("pStyle"))
	level := cmp.Or(outlineLevel(properties), w.levels[style])
	var boxes []*xmlzip.Element
	var t strings.Builder
	t.WriteString(w.carried)
	w.carried = ""
	w.inline(&t, p, &boxes)
	s := t.String()
	if mark := properties.Child("rPr"); mark.Child("del") != nil || mark.Child("moveFrom") != nil {
		w.carried, s = s, ""
	} else if number, depth := w.numbers.next(properties, style); number != "" && strings.TrimSpace(s) != "" {
		s = strings.Repeat("  ", depth) + number + strings.TrimLeft(s, " ")
	}
	switch {
	case w.titles[style] && w.nested == 0:
		if w.title == "" {
			w.title = blocks.OneLine(s)
		}
		b.Heading(1, s)
	case level > 0:
		b.Heading(level, s)
	case strings.EqualFold(style, "caption"):
		b.Caption(s)
	default:
		b.Line(s)
	}
	for _, box := range boxes {
		w.nested++
		w.blocks(b, box)
		w.nested--
	}
}

// inline writes the text of e and collects the text boxes anchored in it.
func (w *walker) inline(t *strings.Builder, e *xmlzip.Element, boxes *[]*xmlzip.Element) {
	for _, k := range e.Kids {
		switch k.Name {
		case "", "pPr", "rPr", "del", "moveFrom", "delText", "instrText", "delInstrText", "rt", "sdtPr", "sdtEndPr":
		case "r":
			if v := k.Child("rPr").Child("vanish"); v == nil || value(v) == "0" || value(v) == "false" {
				w.inline(t, k, boxes)
			}
		case "t":
			if len(w.fields) == 0 || w.fields[len(w.fields)-1] {
				t.WriteString(xmlzip.Spaced(k.Content()))
			}
		case "fldChar":
			switch kind := k.Get("fldCharType"); {
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
			if n, err := strconv.ParseUint(k.Get("char"), 16, 16); err == nil {
				t.WriteString(blocks.Symbols(k.Get("font"), string(rune(n))))
			}
		case "footnoteReference", "endnoteReference":
			w.noteReference(k)
		case "AlternateContent":
			w.inline(t, k.Alternative(), boxes)
		case "txbxContent":
			*boxes = append(*boxes, k)
		default:
			w.inline(t, k, boxes)
		}
	}
}

// noteReference queues the note that k points to, once.
func (w *walker) noteReference(k *xmlzip.Element) {
	key := k.Name[:1] + k.Get("id")
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
func (w *walker) table(b *blocks.Builder, e *xmlzip.Element) {
	var rows [][]ingest.Cell
	var content []*xmlzip.Element
	above := map[int]*ingest.Cell{} // the cell that a merged one below would continue, by column
	var each func(e *xmlzip.Element)
	each = func(e *xmlzip.Element) {
		for _, tr := range e.Kids {
			if tr.Name != "tr" {
				if tr.Name == "sdt" || tr.Name == "sdtContent" || tr.Name == "customXml" || tr.Name == "ins" {
					each(tr)
				}
				continue
			}
			if tr.Child("trPr").Child("del") != nil {
				continue
			}
			row, cells := readRow(tr, len(rows), above)
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
	b.Table(rows)
}

// readRow is one row of a table with the elements of its cells.
func readRow(tr *xmlzip.Element, number int, above map[int]*ingest.Cell) (row []ingest.Cell, cells []*xmlzip.Element) {
	col, _ := strconv.Atoi(value(tr.Child("trPr").Child("gridBefore")))
	col = min(max(col, 0), blocks.MaxSpan)
	var each func(e *xmlzip.Element)
	each = func(e *xmlzip.Element) {
		for _, tc := range e.Kids {
			if tc.Name != "tc" {
				if tc.Name == "sdt" || tc.Name == "sdtContent" || tc.Name == "customXml" {
					each(tc)
				}
				continue
			}
			p := tc.Child("tcPr")
			span, _ := strconv.Atoi(value(p.Child("gridSpan")))
			span = min(max(span, 1), blocks.MaxSpan)
			merge := p.Child("vMerge")
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
