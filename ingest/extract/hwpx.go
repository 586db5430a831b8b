package extract

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strconv"
	"strings"

	"biseo/ingest"
	"biseo/ingest/extract/hwp"
)

// readHWPX reads the body of a Hancom HWPX document (OWPML, KS X 6101):
// paragraphs, tables, text boxes, captions, footnotes and equations in document
// order. Headers, footers, memos, hidden comments, master pages and deleted
// tracked text are no body. The format keeps no pages.
func readHWPX(ctx context.Context, a *archive) (*ingest.Document, error) {
	r := hwpxReader{walker: hwpWalker{b: &builder{}}}
	if err := r.document(ctx, a); err != nil {
		return nil, asError("HWPX", err)
	}
	return r.walker.b.finish()
}

// A hwpxReader turns the XML of sections into the paragraphs that HWP has too.
type hwpxReader struct {
	walker     hwpWalker
	shapes     map[string]hwpxShape // of paragraphs, by ID
	styles     map[string]int       // heading level of a style
	numberings map[string]*hwp.Numbering
	bullets    map[string]string
	outline    *hwp.Numbering // of the section
	deleted    bool           // between deleteBegin and deleteEnd, which may lie in different paragraphs
	tracked    bool           // deleted text was dropped
}

// A hwpxShape is what the shape of a paragraph says about its heading or number.
type hwpxShape struct {
	kind  string // OUTLINE, NUMBER or BULLET
	id    string // of a numbering or bullet
	level int    // from 0
}

func (r *hwpxReader) document(ctx context.Context, a *archive) error {
	manifest, err := a.tree("META-INF/manifest.xml")
	if err != nil {
		return err
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
	info := hwpxInfo(hpf)
	if manifest.first("encryption-data") != nil { // which leaves content.hpf readable
		return refuse(named("암호가 걸렸거나 배포용으로 잠긴 한글 문서", info)+"입니다.", nextUnlock)
	}
	header, err := a.tree("Contents/header.xml")
	if err != nil {
		return err
	}
	r.header(header)
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
		r.deleted, r.outline = false, nil
		err = eachElement(data, "sec", func(e *element) error {
			r.top(e)
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	if r.tracked {
		r.walker.b.warn("변경 내용 추적에서 지운 글은 뺐습니다.")
	}
	r.walker.properties(info)
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

// header notes what paragraphs refer to by ID.
func (r *hwpxReader) header(header *element) {
	r.shapes, r.styles = map[string]hwpxShape{}, map[string]int{}
	r.numberings, r.bullets = map[string]*hwp.Numbering{}, map[string]string{}
	header.all("paraPr", func(e *element) {
		if h := e.first("heading"); h != nil && h.get("type") != "NONE" && h.get("type") != "" { // in a switch the first branch is right
			r.shapes[e.get("id")] = hwpxShape{h.get("type"), h.get("idRef"), number0(h, "level", 0)}
		}
	})
	header.all("style", func(e *element) {
		if n := max(hwp.OutlineLevel(e.get("name")), hwp.OutlineLevel(e.get("engName"))); n > 0 {
			r.styles[e.get("id")] = n
		}
	})
	header.all("numbering", func(e *element) {
		n := &hwp.Numbering{}
		for _, k := range e.kids {
			if level := number0(k, "level", 0); k.name == "paraHead" && level >= 1 && level <= len(n.Levels) {
				n.Levels[level-1] = hwp.NumberLevel{Pattern: k.content(), Format: hwpxFormats[k.get("numFormat")], Start: max(1, number0(k, "start", 1))}
			}
		}
		r.numberings[e.get("id")] = n
	})
	header.all("bullet", func(e *element) { r.bullets[e.get("id")] = e.get("char") })
}

var hwpxFormats = map[string]hwp.Format{
	"CIRCLED_DIGIT": hwp.CircledDigit, "ROMAN_CAPITAL": hwp.RomanUpper, "ROMAN_SMALL": hwp.RomanLower,
	"LATIN_CAPITAL": hwp.LatinUpper, "LATIN_SMALL": hwp.LatinLower,
	"CIRCLED_LATIN_CAPITAL": hwp.CircledUpper, "CIRCLED_LATIN_SMALL": hwp.CircledLower,
	"HANGUL_SYLLABLE": hwp.HangulSyllable, "CIRCLED_HANGUL_SYLLABLE": hwp.CircledHangul,
	"HANGUL_JAMO": hwp.HangulJamo, "CIRCLED_HANGUL_JAMO": hwp.CircledJamo,
	"HANGUL_PHONETIC": hwp.HangulNumeral, "IDEOGRAPH": hwp.HanjaNumeral, "CIRCLED_IDEOGRAPH": hwp.CircledHanja,
}

// top reads a child of a section.
func (r *hwpxReader) top(e *element) {
	var p hwp.Paragraph
	if e.name == "p" {
		p = r.paragraph(e)
	} else { // a table without a paragraph around it, by other programs
		r.inline(&p, e)
	}
	r.walker.top(&p)
}

func (r *hwpxReader) paragraph(e *element) hwp.Paragraph {
	var p hwp.Paragraph
	for _, k := range e.kids {
		r.inline(&p, k)
	}
	p.Outline = r.styles[e.get("styleIDRef")]
	switch h := r.shapes[e.get("paraPrIDRef")]; h.kind {
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
func (r *hwpxReader) inline(p *hwp.Paragraph, e *element) {
	switch e.name {
	case "run", "ctrl":
		for _, k := range e.kids {
			r.inline(p, k)
		}
	case "switch": // one branch of several for programs of different years
		for _, k := range e.kids {
			if k.name == "case" || k.name == "default" {
				for _, k := range k.kids {
					r.inline(p, k)
				}
				return
			}
		}
	case "secPr":
		r.outline = r.numberings[e.get("outlineShapeIDRef")]
	case "t":
		r.characters(p, e)
	case "compose":
		p.AddText(e.get("composeText"))
	case "dutmal":
		p.AddText(hwp.Annotated(e.child("mainText").content(), e.child("subText").content()))
	case "btn", "checkBtn", "radioBtn":
		p.AddText(e.get("caption"))
	case "equation":
		o := &hwp.Object{Kind: hwp.Equation, Text: e.child("script").content()}
		r.caption(o, e)
		p.AddObject(o)
	case "autoNum":
		if kind := e.get("numType"); kind != "PAGE" && kind != "TOTAL_PAGE" {
			f := e.child("autoNumFormat")
			number := e.get("num")
			if n, err := strconv.Atoi(number); err == nil {
				number = hwpxFormats[f.get("type")].Text(n)
			}
			p.AddText(f.get("prefixChar") + number + f.get("suffixChar"))
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
func (r *hwpxReader) characters(p *hwp.Paragraph, e *element) {
	for _, k := range e.kids {
		switch k.name {
		case "deleteBegin":
			r.deleted, r.tracked = true, true
			continue
		case "deleteEnd":
			r.deleted = false
			continue
		}
		if r.deleted {
			continue
		}
		switch k.name {
		case "":
			p.AddText(spaced(k.text))
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

// spaced has a space for each tab and line end, which are no more than that in XML text.
func spaced(s string) string {
	if strings.ContainsAny(s, "\t\r\n") {
		return strings.NewReplacer("\t", " ", "\r", " ", "\n", " ").Replace(s)
	}
	return s
}

// drawing collects the text in a shape and in the shapes grouped in it. The
// automatic shapeComment is none of it.
func (r *hwpxReader) drawing(o *hwp.Object, e *element) {
	if e.name == "textart" {
		o.Text += e.get("text")
	}
	r.caption(o, e)
	for _, k := range e.kids {
		switch k.name {
		case "drawText":
			o.Body = append(o.Body, r.list(k)...)
		case "container", "rect", "ellipse", "arc", "polygon", "curve", "line", "connectLine", "pic", "ole", "textart":
			r.drawing(o, k)
		}
	}
}

func (r *hwpxReader) caption(o *hwp.Object, e *element) {
	if c := e.child("caption"); c != nil {
		o.Caption = append(o.Caption, r.list(c)...)
		o.Below = c.get("side") == "BOTTOM"
	}
}

// list is the paragraphs in the subLists of e.
func (r *hwpxReader) list(e *element) []hwp.Paragraph {
	var out []hwp.Paragraph
	for _, k := range e.kids {
		switch k.name {
		case "subList":
			out = append(out, r.list(k)...)
		case "p":
			out = append(out, r.paragraph(k))
		}
	}
	return out
}

func (r *hwpxReader) table(e *element) *hwp.Object {
	o := &hwp.Object{Kind: hwp.Table}
	r.caption(o, e)
	row := -1
	for _, tr := range e.kids {
		if tr.name != "tr" {
			continue
		}
		row++
		col := 0
		for _, tc := range tr.kids {
			if tc.name == "tc" {
				addr, span := tc.child("cellAddr"), tc.child("cellSpan")
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

func number0(e *element, attr string, otherwise int) int {
	if n, err := strconv.Atoi(e.get(attr)); err == nil && n >= 0 {
		return n
	}
	return otherwise
}

func hwpxInfo(hpf *element) hwp.Info {
	var info hwp.Info
	hpf.all("meta", func(e *element) {
		switch e.get("name") {
		case "subject":
			info.Subject = e.content()
		case "keyword":
			info.Keywords = e.content()
		case "description":
			info.Comments = e.content()
		case "creator":
			info.Author = e.content()
		case "lastsaveby":
			info.LastAuthor = e.content()
		}
	})
	hpf.all("title", func(e *element) { info.Title = e.content() })
	return info
}
