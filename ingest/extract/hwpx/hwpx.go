// Package hwpx reads documents of Hancom's word processor in its XML formats, HWPX
// (OWPML, KS X 6101) and the older HWPML 2, into the model of package hwp. Like that
// it decodes only. The formats keep no pages; master pages and memos are left out.
package hwpx

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strconv"
	"strings"

	"biseo/ingest/extract/hwp"
	"biseo/ingest/extract/xmlzip"
)

// Read reads the package of a document. Its password is [hwp.ErrPassword], with the
// document's Info, which stays readable. Deleted tracked text is left out.
func Read(ctx context.Context, a *xmlzip.Archive) (*hwp.Document, error) {
	var r reader
	err := r.document(ctx, a)
	return &r.doc, err
}

// A reader turns the XML of sections into the paragraphs that HWP has too.
type reader struct {
	doc        hwp.Document
	shapes     map[string]shape // of paragraphs, by ID
	styles     map[string]int   // heading level of a style
	numberings map[string]*hwp.Numbering
	bullets    map[string]string
	outline    *hwp.Numbering // of the section
	deleted    bool           // between deleteBegin and deleteEnd, which may lie in different paragraphs
}

// A shape is what the shape of a paragraph says about its heading or number.
type shape struct {
	kind  string // OUTLINE, NUMBER or BULLET
	id    string // of a numbering or bullet
	level int    // from 0
}

func (r *reader) document(ctx context.Context, a *xmlzip.Archive) error {
	manifest, err := a.Tree("META-INF/manifest.xml")
	if err != nil {
		return err
	}
	container, err := a.Tree("META-INF/container.xml")
	if err != nil {
		return err
	}
	root := "Contents/content.hpf"
	container.All("rootfile", func(e *xmlzip.Element) {
		if p := e.Get("full-path"); strings.HasSuffix(p, ".hpf") && a.Files[p] != nil {
			root = p
		}
	})
	hpf, err := a.Tree(root)
	if err != nil {
		return err
	}
	r.doc.Info = readInfo(hpf)
	if manifest.First("encryption-data") != nil { // which leaves content.hpf readable
		return hwp.ErrPassword
	}
	header, err := a.Tree("Contents/header.xml")
	if err != nil {
		return err
	}
	r.header(header)
	sections := sectionNames(a, hpf)
	if len(sections) == 0 {
		_, err := a.Need("Contents/section0.xml")
		return err
	}
	for _, name := range sections {
		data, err := a.Need(name)
		if err != nil {
			return err
		}
		r.section()
		err = xmlzip.Each(data, "sec", func(e *xmlzip.Element) error {
			r.top(e)
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sectionNames lists the sections in the order of the spine; if that names
// none, by their numbers.
func sectionNames(a *xmlzip.Archive, hpf *xmlzip.Element) []string {
	href := map[string]string{}
	hpf.All("item", func(e *xmlzip.Element) { href[e.Get("id")] = path.Clean(e.Get("href")) })
	var names []string
	hpf.All("itemref", func(e *xmlzip.Element) {
		name := href[e.Get("idref")]
		if a.Files[name] != nil && strings.HasPrefix(path.Base(name), "section") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	})
	if len(names) > 0 {
		return names
	}
	for name := range a.Files {
		if strings.HasPrefix(name, "Contents/section") && strings.HasSuffix(name, ".xml") {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	return names
}

// header notes what paragraphs refer to by ID.
func (r *reader) header(header *xmlzip.Element) {
	r.shapes, r.styles = map[string]shape{}, map[string]int{}
	r.numberings, r.bullets = map[string]*hwp.Numbering{}, map[string]string{}
	header.All("paraPr", func(e *xmlzip.Element) {
		if h := e.First("heading"); h != nil && h.Get("type") != "NONE" && h.Get("type") != "" { // in a switch the first branch is right
			r.shapes[e.Get("id")] = shape{h.Get("type"), h.Get("idRef"), number0(h, "level", 0)}
		}
	})
	header.All("style", func(e *xmlzip.Element) {
		if n := max(hwp.OutlineLevel(e.Get("name")), hwp.OutlineLevel(e.Get("engName"))); n > 0 {
			r.styles[e.Get("id")] = n
		}
	})
	header.All("numbering", func(e *xmlzip.Element) {
		n := &hwp.Numbering{}
		for _, k := range e.Kids {
			if level := number0(k, "level", 0); k.Name == "paraHead" && level >= 1 && level <= len(n.Levels) {
				n.Levels[level-1] = hwp.NumberLevel{Pattern: k.Content(), Format: formats[k.Get("numFormat")], Start: max(1, number0(k, "start", 1))}
			}
		}
		r.numberings[e.Get("id")] = n
	})
	header.All("bullet", func(e *xmlzip.Element) { r.bullets[e.Get("id")] = e.Get("char") })
}

var formats = map[string]hwp.Format{
	"CIRCLED_DIGIT": hwp.CircledDigit, "ROMAN_CAPITAL": hwp.RomanUpper, "ROMAN_SMALL": hwp.RomanLower,
	"LATIN_CAPITAL": hwp.LatinUpper, "LATIN_SMALL": hwp.LatinLower,
	"CIRCLED_LATIN_CAPITAL": hwp.CircledUpper, "CIRCLED_LATIN_SMALL": hwp.CircledLower,
	"HANGUL_SYLLABLE": hwp.HangulSyllable, "CIRCLED_HANGUL_SYLLABLE": hwp.CircledHangul,
	"HANGUL_JAMO": hwp.HangulJamo, "CIRCLED_HANGUL_JAMO": hwp.CircledJamo,
	"HANGUL_PHONETIC": hwp.HangulNumeral, "IDEOGRAPH": hwp.HanjaNumeral, "CIRCLED_IDEOGRAPH": hwp.CircledHanja,
}

// section begins a section.
func (r *reader) section() {
	r.deleted, r.outline = false, nil
	r.doc.Sections = append(r.doc.Sections, nil)
}

// top reads a child of a section.
func (r *reader) top(e *xmlzip.Element) {
	var p hwp.Paragraph
	if e.Name == "p" {
		p = r.paragraph(e)
	} else { // a table without a paragraph around it, by other programs
		r.inline(&p, e)
	}
	last := &r.doc.Sections[len(r.doc.Sections)-1]
	*last = append(*last, p)
}

func (r *reader) paragraph(e *xmlzip.Element) hwp.Paragraph {
	var p hwp.Paragraph
	for _, k := range e.Kids {
		r.inline(&p, k)
	}
	p.Outline = r.styles[e.Get("styleIDRef")]
	switch h := r.shapes[e.Get("paraPrIDRef")]; h.kind {
	case "OUTLINE":
		p.Outline, p.Level, p.Numbering = h.level+1, h.level, cmp.Or(r.numberings[h.id], r.outline)
	case "NUMBER":
		p.Level, p.Numbering = h.level, r.numberings[h.id]
	case "BULLET":
		p.Bullet = r.bullets[h.id]
	}
	return p
}

// inline adds what stands in a paragraph to p.
func (r *reader) inline(p *hwp.Paragraph, e *xmlzip.Element) {
	switch e.Name {
	case "run", "ctrl":
		for _, k := range e.Kids {
			r.inline(p, k)
		}
	case "switch": // one branch of several for programs of different years
		for _, k := range e.Kids {
			if k.Name == "case" || k.Name == "default" {
				for _, k := range k.Kids {
					r.inline(p, k)
				}
				return
			}
		}
	case "secPr":
		r.outline = r.numberings[e.Get("outlineShapeIDRef")]
	case "t":
		r.characters(p, e)
	case "compose":
		p.AddText(e.Get("composeText"))
	case "dutmal":
		p.AddText(hwp.Annotated(e.Child("mainText").Content(), e.Child("subText").Content()))
	case "btn", "checkBtn", "radioBtn":
		p.AddText(e.Get("caption"))
	case "equation":
		o := &hwp.Object{Kind: hwp.Equation, Text: e.Child("script").Content()}
		r.caption(o, e)
		p.AddObject(o)
	case "autoNum":
		if kind := e.Get("numType"); kind != "PAGE" && kind != "TOTAL_PAGE" {
			f := e.Child("autoNumFormat")
			number := e.Get("num")
			if n, err := strconv.Atoi(number); err == nil {
				number = formats[f.Get("type")].Text(n)
			}
			p.AddText(f.Get("prefixChar") + number + f.Get("suffixChar"))
		}
	case "footNote", "endNote":
		p.AddObject(&hwp.Object{Kind: hwp.Note, Body: r.list(e)})
	case "header":
		p.AddObject(&hwp.Object{Kind: hwp.Header, Body: r.list(e)})
	case "footer":
		p.AddObject(&hwp.Object{Kind: hwp.Footer, Body: r.list(e)})
	case "hiddenComment":
		p.AddObject(&hwp.Object{Kind: hwp.Comment, Body: r.list(e)})
	case "tbl":
		p.AddObject(r.table(e))
	case "rect", "ellipse", "arc", "polygon", "curve", "line", "connectLine", "container", "pic", "ole", "textart", "chart", "video":
		o := &hwp.Object{Kind: hwp.Drawing}
		r.drawing(o, e)
		p.AddObject(o)
	}
}

// characters adds the text of a hp:t, whose tabs, breaks and tracked changes are elements.
func (r *reader) characters(p *hwp.Paragraph, e *xmlzip.Element) {
	for _, k := range e.Kids {
		switch k.Name {
		case "deleteBegin":
			r.deleted, r.doc.Tracked = true, true
			continue
		case "deleteEnd":
			r.deleted = false
			continue
		}
		if r.deleted {
			continue
		}
		switch k.Name {
		case "":
			p.AddText(xmlzip.Spaced(k.Text))
		case "tab":
			p.AddText("\t")
		case "lineBreak":
			p.AddText("\n")
		case "fwSpace", "nbSpace":
			p.AddText(" ")
		case "hyphen", "hypen": // sic
			p.AddText("-")
		}
	}
}

// drawing collects the text in a shape and in the shapes grouped in it. The
// automatic shapeComment is none of it.
func (r *reader) drawing(o *hwp.Object, e *xmlzip.Element) {
	if e.Name == "textart" {
		o.Text += e.Get("text")
	}
	r.caption(o, e)
	for _, k := range e.Kids {
		switch k.Name {
		case "drawText":
			o.Body = append(o.Body, r.list(k)...)
		case "container", "rect", "ellipse", "arc", "polygon", "curve", "line", "connectLine", "pic", "ole", "textart":
			r.drawing(o, k)
		}
	}
}

func (r *reader) caption(o *hwp.Object, e *xmlzip.Element) {
	if c := e.Child("caption"); c != nil {
		o.Caption = append(o.Caption, r.list(c)...)
		o.Below = c.Get("side") == "BOTTOM"
	}
}

// list is the paragraphs in the subLists of e.
func (r *reader) list(e *xmlzip.Element) []hwp.Paragraph {
	var out []hwp.Paragraph
	for _, k := range e.Kids {
		switch k.Name {
		case "subList":
			out = append(out, r.list(k)...)
		case "p":
			out = append(out, r.paragraph(k))
		}
	}
	return out
}

func (r *reader) table(e *xmlzip.Element) *hwp.Object {
	o := &hwp.Object{Kind: hwp.Table}
	r.caption(o, e)
	row := -1
	for _, tr := range e.Kids {
		if tr.Name != "tr" {
			continue
		}
		row++
		col := 0
		for _, tc := range tr.Kids {
			if tc.Name == "tc" {
				addr, span := tc.Child("cellAddr"), tc.Child("cellSpan")
				o.Cells = append(o.Cells, hwp.Cell{
					Row: number0(addr, "rowAddr", row), Col: number0(addr, "colAddr", col),
					RowSpan: max(number0(span, "rowSpan", 1), 1), ColSpan: max(number0(span, "colSpan", 1), 1),
					Body: r.list(tc),
				})
				col++
			}
		}
	}
	return o
}

func number0(e *xmlzip.Element, attr string, otherwise int) int {
	if n, err := strconv.Atoi(e.Get(attr)); err == nil && n >= 0 {
		return n
	}
	return otherwise
}

func readInfo(hpf *xmlzip.Element) hwp.Info {
	var info hwp.Info
	hpf.All("meta", func(e *xmlzip.Element) {
		switch e.Get("name") {
		case "subject":
			info.Subject = e.Content()
		case "keyword":
			info.Keywords = e.Content()
		case "description":
			info.Comments = e.Content()
		case "creator":
			info.Author = e.Content()
		case "lastsaveby":
			info.LastAuthor = e.Content()
		}
	})
	hpf.All("title", func(e *xmlzip.Element) { info.Title = e.Content() })
	return info
}
