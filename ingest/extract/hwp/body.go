package hwp

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Read decodes a HWP 5 file. The error is one of those above, or says what of the
// container is broken; a damaged body gives a document with Damaged set. Info is
// there even if the error is [ErrPassword] or [ErrDRM].
func Read(data []byte) (*Document, error) {
	c, err := openContainer(data)
	if err != nil {
		return nil, err
	}
	d := &Document{Distribution: c.flags&flagDistribution != 0, Tracked: c.flags&flagTracked != 0}
	if b, err := c.stored("HwpSummaryInformation"); err == nil {
		d.Info = readInfo(b)
	}
	switch {
	case c.flags&flagPassword != 0:
		return d, ErrPassword
	case c.flags&flagDRM != 0:
		return d, ErrDRM
	}
	// part is the records of a stream, as far as they can be read.
	part := func(name string, distribution bool) ([]record, error) {
		b, err := c.stream(name, distribution)
		if errors.Is(err, ErrTooLarge) {
			return nil, err
		}
		recs, broken := records(b)
		if err != nil || broken != nil {
			d.Damaged = true
		}
		return recs, nil
	}
	info, err := part("DocInfo", false)
	if err != nil {
		return nil, err
	}
	r := reader{doc: d, shapes: readShapes(info)}
	d.Tracked = d.Tracked || r.shapes.tracked
	storage := "BodyText"
	if d.Distribution && len(c.sections("ViewText")) > 0 {
		storage = "ViewText"
	}
	for _, name := range c.sections(storage) {
		recs, err := part(name, storage == "ViewText")
		if err != nil {
			return nil, err
		}
		d.Sections = append(d.Sections, r.paragraphs(recs))
	}
	if len(d.Sections) == 0 {
		return nil, errors.New("document without sections")
	}
	return d, nil
}

// A reader turns the records of sections into paragraphs.
type reader struct {
	doc     *Document
	shapes  *shapes
	outline *Numbering // of the section
}

// paragraphs reads a list of paragraphs. Memos follow the last paragraph of a
// section as lists of their own and are none of it.
func (r *reader) paragraphs(recs []record) []Paragraph {
	var out []Paragraph
	for rec, below := range trees(recs) {
		switch rec.tag {
		case tagParaHeader:
			out = append(out, r.paragraph(rec.data, below))
		case tagListHeader, tagMemoList:
			return out
		}
	}
	return out
}

// A control character in the text stands for a record below the paragraph: the
// i-th of these characters for the i-th of these records. Which object it is, the
// record says, not the character.
func (r *reader) paragraph(head fields, below []record) Paragraph {
	var p Paragraph
	var text fields
	var controls []control
	for rec, under := range trees(below) {
		switch rec.tag {
		case tagParaText:
			text = rec.data
		case tagCtrlHeader:
			c := control{id(rec.data), rec.data, under}
			if c.id == "secd" {
				r.outline = r.shapes.numbering(rec.data.u16(18))
			}
			controls = append(controls, c)
		}
	}
	r.text(&p, text, controls)
	r.shapes.apply(&p, head.u16(8), head.u8(10), r.outline)
	return p
}

type control struct {
	id    string // four letters, such as "tbl "
	data  fields
	below []record
}

func id(f fields) string {
	if len(f) < 4 {
		return ""
	}
	return string([]byte{f[3], f[2], f[1], f[0]})
}

// How many UTF-16 units a control character takes: those not listed take one.
const (
	inline   = "\x04\x05\x06\x07\x08\x09\x13\x14"
	extended = "\x01\x02\x03\x0b\x0c\x0e\x0f\x10\x11\x12\x15\x16\x17"
)

func (r *reader) text(p *Paragraph, f fields, controls []control) {
	var run strings.Builder
	flush := func() {
		p.AddText(run.String())
		run.Reset()
	}
	for at := 0; at+2 <= len(f); {
		c := f.u16(at)
		at += 2
		switch {
		case utf16.IsSurrogate(rune(c)):
			if full := utf16.DecodeRune(rune(c), rune(f.u16(at))); full != unicode.ReplacementChar {
				run.WriteRune(full)
				at += 2
			}
			continue
		case c >= 32:
			run.WriteRune(rune(c))
			continue
		case strings.IndexByte(inline, byte(c)) >= 0, strings.IndexByte(extended, byte(c)) >= 0:
			if f.u16(at+12) != c {
				r.doc.Damaged = true
				continue
			}
			at += 14
		}
		switch {
		case c == 9:
			run.WriteByte('\t')
		case c == 10:
			run.WriteByte('\n')
		case c == 24:
			run.WriteByte('-')
		case c == 30, c == 31:
			run.WriteByte(' ')
		case strings.IndexByte(extended, byte(c)) >= 0 && len(controls) > 0:
			flush()
			r.control(p, controls[0])
			controls = controls[1:]
		}
	}
	flush()
	for _, c := range controls { // whose characters are missing
		r.control(p, c)
	}
}

func (r *reader) control(p *Paragraph, c control) {
	switch c.id {
	case "tbl ":
		p.AddObject(r.table(c.below))
	case "gso ":
		o := &Object{Kind: Drawing}
		r.drawing(o, c.below)
		p.AddObject(o)
	case "eqed":
		o := &Object{Kind: Equation}
		for rec := range trees(c.below) {
			if rec.tag == tagEquation {
				o.Text, _ = rec.data.text(4)
			}
		}
		for rec, body := range r.lists(c.below) {
			if rec.tag == tagListHeader {
				o.caption(rec.data, body)
			}
		}
		p.AddObject(o)
	case "fn  ", "en  ":
		p.AddObject(&Object{Kind: Note, Body: r.list(c.below)})
	case "head":
		p.AddObject(&Object{Kind: Header, Body: r.list(c.below)})
	case "foot":
		p.AddObject(&Object{Kind: Footer, Body: r.list(c.below)})
	case "tcmt":
		p.AddObject(&Object{Kind: Comment, Body: r.list(c.below)})
	case "atno":
		p.AddText(automaticNumber(c.data))
	case "tcps":
		s, _ := c.data.text(4)
		p.AddText(s)
	case "tdut":
		main, at := c.data.text(4)
		sub, _ := c.data.text(at)
		p.AddText(Annotated(main, sub))
	case "form":
		for rec := range trees(c.below) {
			if rec.tag == tagForm {
				p.AddText(formCaption(rec.data))
			}
		}
	}
}

// Annotated is text with the small text printed over it (덧말).
func Annotated(main, sub string) string {
	if strings.TrimSpace(sub) == "" {
		return main
	}
	return main + "(" + sub + ")"
}

// automaticNumber is the number of a note, picture, table or equation, which is
// stored. That of a page is not text.
func automaticNumber(f fields) string {
	attr := f.u32(4)
	if attr&15 == 0 || attr&15 > 5 {
		return ""
	}
	var s strings.Builder
	mark := func(at int) {
		if c := f.u16(at); c != 0 {
			s.WriteRune(rune(c))
		}
	}
	mark(12)
	s.WriteString(Format(attr >> 4 & 0xff).Text(f.u16(8)))
	mark(14)
	return s.String()
}

// formCaption finds the words on a button or check box among its properties,
// written as Caption:wstring:LENGTH:WORDS.
func formCaption(f fields) string {
	_, s, ok := strings.Cut(utf16String(f), "Caption:wstring:")
	if !ok {
		return ""
	}
	count, s, _ := strings.Cut(s, ":")
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 {
		return ""
	}
	units := utf16.Encode([]rune(s))
	return string(utf16.Decode(units[:min(n, len(units))]))
}

// list is the paragraphs of the first list of recs.
func (r *reader) list(recs []record) []Paragraph {
	for _, paragraphs := range r.lists(recs) {
		return paragraphs
	}
	return nil
}

// lists cuts recs into lists: the paragraphs of each follow its header. Other
// records have no paragraphs.
func (r *reader) lists(recs []record) func(yield func(record, []Paragraph) bool) {
	return func(yield func(record, []Paragraph) bool) {
		for i := 0; i < len(recs); {
			head := recs[i]
			j := i + 1
			for j < len(recs) && (recs[j].level > head.level || head.tag == tagListHeader && recs[j].tag == tagParaHeader) {
				j++
			}
			var body []Paragraph
			if head.tag == tagListHeader {
				for rec, below := range trees(recs[i+1 : j]) {
					if rec.tag == tagParaHeader {
						body = append(body, r.paragraph(rec.data, below))
					}
				}
			}
			if !yield(head, body) {
				return
			}
			i = j
		}
	}
}

// table reads a table: the list before its record is the caption, those after it
// are the cells.
func (r *reader) table(recs []record) *Object {
	o := &Object{Kind: Table}
	seen := false
	rows, cols := 0, 0
	for rec, body := range r.lists(recs) {
		switch {
		case rec.tag == tagTable && !seen:
			seen = true
			rows, cols = rec.data.u16(4), rec.data.u16(6)
		case rec.tag != tagListHeader:
		case !seen:
			o.caption(rec.data, body)
		default:
			c := Cell{
				Col: rec.data.u16(8), Row: rec.data.u16(10),
				ColSpan: max(1, rec.data.u16(12)), RowSpan: max(1, rec.data.u16(14)), Body: body,
			}
			if c.Row+c.RowSpan > rows || c.Col+c.ColSpan > cols {
				r.doc.Damaged = true
				c.RowSpan = max(1, min(c.RowSpan, rows-c.Row))
				c.ColSpan = max(1, min(c.ColSpan, cols-c.Col))
			}
			o.Cells = append(o.Cells, c)
		}
	}
	return o
}

// drawing collects the text in a shape and in the shapes grouped in it.
func (r *reader) drawing(o *Object, recs []record) {
	for rec, below := range trees(recs) {
		if rec.tag == tagShapeComponent {
			r.shape(o, below)
		}
	}
	for rec, body := range r.lists(recs) { // lists beside the component are the caption
		if rec.tag == tagListHeader {
			o.caption(rec.data, body)
		}
	}
}

// caption takes over a list as caption; the header of the list says where it stands.
func (o *Object) caption(header fields, body []Paragraph) {
	o.Caption = append(o.Caption, body...)
	o.Below = header.u32(8)&3 == 3
}

func (r *reader) shape(o *Object, recs []record) {
	for rec, body := range r.lists(recs) {
		switch rec.tag {
		case tagListHeader:
			o.Body = append(o.Body, body...)
		case tagTextArt:
			s, _ := rec.data.text(32) // after the corners
			o.Text += s
		}
	}
	for rec, below := range trees(recs) {
		if rec.tag == tagShapeComponent {
			r.shape(o, below)
		}
	}
}
