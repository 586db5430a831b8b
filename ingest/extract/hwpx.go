package extract

import (
	"cmp"
	"context"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"biseo/ingest"
)

// readHWPX reads the body of a Hancom HWPX document (OWPML, KS X 6101):
// paragraphs, tables, text boxes, captions, footnotes and equations in document
// order. Headers, footers, memos, hidden comments, master pages and deleted
// tracked text are no body. The format keeps no pages.
func readHWPX(ctx context.Context, a *archive) (*ingest.Document, error) {
	w := hwpxWalker{b: &builder{}}
	if err := w.document(ctx, a); err != nil {
		return nil, asError("HWPX", err)
	}
	return w.b.finish()
}

type hwpxWalker struct {
	b       *builder
	levels  map[string]int // heading level of a paragraph shape
	styles  map[string]int // heading level of a style
	deleted bool           // between deleteBegin and deleteEnd, which may lie in different paragraphs
	tracked bool           // deleted text was dropped
	notes   []string       // of the top-level paragraph being read
}

func (w *hwpxWalker) document(ctx context.Context, a *archive) error {
	manifest, err := a.tree("META-INF/manifest.xml")
	if err != nil {
		return err
	}
	locked := false
	manifest.all("encryption-data", func(*element) { locked = true })
	if locked {
		return errPassword
	}
	container, err := a.tree("META-INF/container.xml")
	if err != nil {
		return err
	}
	root := "Contents/content.hpf"
	container.all("rootfile", func(e *element) {
		if p := e.get("full-path"); strings.HasSuffix(p, ".hpf") && a.files[p] != nil {
			root = p
		}
	})
	hpf, err := a.tree(root)
	if err != nil {
		return err
	}
	header, err := a.tree("Contents/header.xml")
	if err != nil {
		return err
	}
	w.headings(header)
	sections := sectionNames(a, hpf)
	if len(sections) == 0 {
		_, err := a.need("Contents/section0.xml")
		return err
	}
	for _, name := range sections {
		data, err := a.need(name)
		if err != nil {
			return err
		}
		w.deleted = false
		err = eachElement(data, "sec", func(p *element) error {
			if p.name == "p" {
				w.paragraph(w.b, p)
				for _, s := range w.notes {
					w.b.note(s)
				}
				w.notes = nil
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	if w.tracked {
		w.b.warn("변경 내용 추적에서 지운 글은 뺐습니다.")
	}
	w.metadata(hpf)
	return nil
}

// sectionNames lists the sections in the order of the spine; if that names
// none, by their numbers.
func sectionNames(a *archive, hpf *element) []string {
	href := map[string]string{}
	hpf.all("item", func(e *element) { href[e.get("id")] = path.Clean(e.get("href")) })
	var names []string
	hpf.all("itemref", func(e *element) {
		name := href[e.get("idref")]
		if a.files[name] != nil && strings.HasPrefix(path.Base(name), "section") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	})
	if len(names) > 0 {
		return names
	}
	for name := range a.files {
		if strings.HasPrefix(name, "Contents/section") && strings.HasSuffix(name, ".xml") {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	return names
}

var reOutlineStyle = regexp.MustCompile(`^(?i:개요|outline)\s*(\d+)$`)

// headings notes which paragraph shapes and styles mark headings.
func (w *hwpxWalker) headings(header *element) {
	w.levels, w.styles = map[string]int{}, map[string]int{}
	header.all("paraPr", func(e *element) {
		var heading *element
		e.all("heading", func(h *element) {
			if heading == nil { // in a switch the first branch is right
				heading = h
			}
		})
		if heading != nil && heading.get("type") == "OUTLINE" {
			level, _ := strconv.Atoi(heading.get("level"))
			w.levels[e.get("id")] = level + 1
		}
	})
	header.all("style", func(e *element) {
		for _, name := range []string{e.get("name"), e.get("engName")} {
			if g := reOutlineStyle.FindStringSubmatch(strings.TrimSpace(name)); g != nil {
				w.styles[e.get("id")], _ = strconv.Atoi(g[1])
			}
		}
	})
}

// paragraph adds a paragraph to b, and the objects anchored in it where they stand.
func (w *hwpxWalker) paragraph(b *builder, p *element) {
	level := cmp.Or(w.levels[p.get("paraPrIDRef")], w.styles[p.get("styleIDRef")])
	var t strings.Builder
	flush := func() {
		s := t.String()
		t.Reset()
		if level > 0 && utf8.RuneCountInString(s) <= 120 && !strings.HasSuffix(strings.TrimSpace(s), "다.") {
			b.heading(min(level, 9), s)
		} else {
			b.line(s)
		}
	}
	var inline func(e *element)
	inline = func(e *element) {
		switch e.name {
		case "run", "ctrl":
			for _, k := range e.kids {
				inline(k)
			}
		case "switch": // one branch of several for programs of different years
			for _, k := range e.kids {
				if k.name == "case" || k.name == "default" {
					for _, k := range k.kids {
						inline(k)
					}
					return
				}
			}
		case "t":
			w.characters(&t, e)
		case "compose":
			t.WriteString(e.get("composeText"))
		case "dutmal":
			t.WriteString(e.child("mainText").content())
		case "equation":
			t.WriteString(strings.TrimSpace(e.child("script").content()))
			if c := e.child("caption"); c != nil {
				flush()
				b.caption(w.text(c))
			}
		case "autoNum":
			if kind := e.get("numType"); kind != "PAGE" && kind != "TOTAL_PAGE" {
				f := e.child("autoNumFormat")
				t.WriteString(f.get("prefixChar") + e.get("num") + f.get("suffixChar"))
			}
		case "footNote", "endNote":
			w.notes = append(w.notes, w.text(e))
		case "tbl":
			flush()
			w.table(b, e)
		case "rect", "ellipse", "arc", "polygon", "curve", "line", "connectLine", "container", "pic", "ole", "textart", "chart", "video":
			flush()
			w.object(b, e)
		}
	}
	for _, k := range p.kids {
		inline(k)
	}
	flush()
}

// characters writes the text of a hp:t, whose tabs, breaks and tracked changes are elements.
func (w *hwpxWalker) characters(t *strings.Builder, e *element) {
	for _, k := range e.kids {
		switch k.name {
		case "deleteBegin":
			w.deleted, w.tracked = true, true
			continue
		case "deleteEnd":
			w.deleted = false
			continue
		}
		if w.deleted {
			continue
		}
		switch k.name {
		case "":
			t.WriteString(strings.Map(spaces, k.text))
		case "tab":
			t.WriteByte('\t')
		case "lineBreak":
			t.WriteByte('\n')
		case "fwSpace", "nbSpace":
			t.WriteByte(' ')
		case "hyphen", "hypen": // sic
			t.WriteByte('-')
		}
	}
}

// object adds the text inside a drawing, its groups and its caption. The
// automatic shapeComment is none of it.
func (w *hwpxWalker) object(b *builder, e *element) {
	if e.name == "textart" {
		b.paragraph(e.get("text"))
	}
	for _, k := range e.kids {
		switch k.name {
		case "drawText":
			w.list(b, k)
		case "caption":
			b.caption(w.text(k))
		case "container", "rect", "ellipse", "arc", "polygon", "curve", "line", "connectLine", "pic", "ole", "textart":
			w.object(b, k)
		}
	}
}

// list adds the paragraphs of the subLists of e.
func (w *hwpxWalker) list(b *builder, e *element) {
	for _, k := range e.kids {
		switch k.name {
		case "subList":
			w.list(b, k)
		case "p":
			w.paragraph(b, k)
		}
	}
}

// text is what list adds, as text.
func (w *hwpxWalker) text(e *element) string {
	var b builder
	w.list(&b, e)
	return b.plain()
}

// table adds a table; a table of one cell is a box, whose content is added
// instead. Tables inside cells are text of the cell.
func (w *hwpxWalker) table(b *builder, e *element) {
	var rows [][]ingest.Cell
	var cells []*element
	for _, tr := range e.kids {
		if tr.name != "tr" {
			continue
		}
		var row []ingest.Cell
		for _, tc := range tr.kids {
			if tc.name == "tc" {
				cells = append(cells, tc)
				addr, span := tc.child("cellAddr"), tc.child("cellSpan")
				row = append(row, ingest.Cell{
					Row: number0(addr, "rowAddr", len(rows)), Col: number0(addr, "colAddr", len(row)),
					RowSpan: max(number0(span, "rowSpan", 1), 1), ColSpan: max(number0(span, "colSpan", 1), 1),
				})
			}
		}
		rows = append(rows, row)
	}
	if c := e.child("caption"); c != nil {
		b.caption(w.text(c))
	}
	if len(cells) == 1 {
		w.list(b, cells[0])
		return
	}
	for i := range rows {
		for j := range rows[i] {
			rows[i][j].Text = w.text(cells[0])
			cells = cells[1:]
		}
	}
	b.table(rows)
}

func number0(e *element, attr string, otherwise int) int {
	if n, err := strconv.Atoi(e.get(attr)); err == nil && n >= 0 {
		return n
	}
	return otherwise
}

// metadata reads the properties. The title there is that of the template more
// often than not ("문 내용" in city documents), so it counts only if the body
// has it too.
func (w *hwpxWalker) metadata(hpf *element) {
	meta := &w.b.doc.Meta
	hpf.all("meta", func(e *element) {
		switch e.get("name") {
		case "keyword", "subject":
			meta.Keywords = append(meta.Keywords, keywords([]string{e.content()})...)
		case "description":
			meta.Gist = oneLine(e.content())
		}
	})
	title := ""
	hpf.all("title", func(e *element) { title = oneLine(e.content()) })
	meta.Title = w.b.title(title, firstLine(w.b.parts))
}
