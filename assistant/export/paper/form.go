package paper

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Why a form cannot be filled.
var (
	ErrForm     = errors.New("not a file of the format")
	ErrNoBody   = errors.New("no paragraph " + BodyMark)
	ErrTooLarge = errors.New("too large")
)

// BodyMark stands alone in the paragraph of a form that gives way to the body.
const BodyMark = "{{본문}}"

const (
	maxUnpacked = 64 << 20 // bytes of the parts of a form that are unpacked, together
	maxEntries  = 10_000   // of a form
	maxDepth    = 200      // of its elements
)

// fields are the marks of a form that are replaced in place, wherever they stand.
func (d *Document) fields() *strings.Replacer {
	return strings.NewReplacer("{{제목}}", d.Title, "{{문서요지}}", d.Gist, "{{키워드}}", strings.Join(d.Keywords, ", "), "{{날짜}}", d.Date.Format("2006. 1. 2."))
}

// samples are the marks of a form's sample paragraphs, each alone in its
// paragraph: the body is set as they are and takes the place of the first.
var samples = []string{BodyMark, "{{Ⅰ}}", "{{□}}", "{{ㅇ}}", "{{-}}", "{{*}}"}

// Fill writes d into an office's own form, an HWPX or DOCX file. In the form,
// {{제목}}, {{문서요지}}, {{키워드}} and {{날짜}} are replaced where they stand. One
// paragraph that holds only {{본문}} gives way to the body; further paragraphs that
// hold only {{Ⅰ}}, {{□}}, {{ㅇ}}, {{-}} or {{*}} show how headings of levels 2 and 3
// and items of indent 1 to 3 are set, and are taken out. Everything else of the
// form stays byte for byte. Footnotes become 1), 2), ... with their text below.
// left are the other marks {{…}} of the form, each once, and {{본문}} where it
// stands more than once.
//
// The form must be of the format named, hwpx or docx, or else the error is
// [ErrForm]; it must hold {{본문}}, or else [ErrNoBody]. [ErrTooLarge] is one that
// would unpack to too much.
func Fill(form []byte, format string, d *Document) (filled []byte, left []string, err error) {
	z, err := zip.NewReader(bytes.NewReader(form), int64(len(form)))
	if err != nil {
		return nil, nil, fmt.Errorf("open form: %w: %w", ErrForm, err)
	}
	if len(z.File) > maxEntries {
		return nil, nil, fmt.Errorf("open form: %d entries: %w", len(z.File), ErrTooLarge)
	}
	names := map[string]bool{}
	for _, p := range z.File {
		if names[p.Name] || strings.Contains(p.Name, "..") || strings.HasPrefix(p.Name, "/") {
			return nil, nil, fmt.Errorf("open form: entry %q: %w", p.Name, ErrForm)
		}
		names[p.Name] = true
	}
	blocks, notes := inlineNotes(d.Blocks)
	for i, n := range notes {
		blocks = append(blocks, Block{Text: []Span{{Text: fmt.Sprintf("%d) %s", i+1, n)}}})
	}
	f := filler{blocks: blocks, fields: d.fields()}
	parts := map[string]string{}
	budget := int64(maxUnpacked)
	header, err := find(z, "Contents/header.xml", &budget)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range z.File {
		body := format == "docx" && p.Name == "word/document.xml" || format == "hwpx" && reSection.MatchString(p.Name)
		if !body && !(format == "docx" && reMargin.MatchString(p.Name)) {
			continue
		}
		part, err := read(p, &budget)
		if err == nil {
			err = wellFormed(part)
		}
		switch {
		case err != nil:
			return nil, nil, err
		case !body:
			for _, l := range leaves(visible(part), "w:p") {
				f.leave(reMark.FindAllString(written(part[l[0]:l[1]]), -1)...)
			}
		case format == "docx":
			parts[p.Name] = f.fill(part, "w:p", f.docx)
		default:
			parts[p.Name] = f.fill(part, "hp:p", func(blocks []Block, own map[string]string, keep string) string {
				return f.hwpx(blocks, own, keep, header)
			})
		}
	}
	switch {
	case len(parts) == 0:
		return nil, nil, fmt.Errorf("fill form: no text of %s in it: %w", format, ErrForm)
	case !f.found:
		return nil, nil, fmt.Errorf("fill form: %w", ErrNoBody)
	}
	for name, body := range parts {
		if err := wellFormed(body); err != nil {
			return nil, nil, fmt.Errorf("fill %s: %w", name, err)
		}
	}
	filled, err = repack(z, parts)
	return filled, f.left, err
}

// wellFormed reads a part to its end: a form that other programs could not open
// gives a draft that they could not open.
func wellFormed(part string) error {
	d := xml.NewDecoder(strings.NewReader(part))
	for depth := 0; ; {
		t, err := d.RawToken()
		switch t.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
		switch {
		case errors.Is(err, io.EOF) && depth == 0:
			return nil
		case err != nil, depth > maxDepth, depth < 0:
			return fmt.Errorf("read form: %w", ErrForm)
		}
	}
}

// visible is a part with its comments and CDATA blanked, byte for byte: a mark in
// them is no place for a text.
func visible(part string) string {
	return hidden.ReplaceAllStringFunc(part, func(s string) string { return strings.Repeat(" ", len(s)) })
}

var hidden = regexp.MustCompile(`(?s)<!--.*?-->|<!\[CDATA\[.*?\]\]>`)

var (
	reSection = regexp.MustCompile(`^Contents/section\d+\.xml$`)
	reMargin  = regexp.MustCompile(`^word/(?:header|footer)\d*\.xml$`) // whose marks are not filled
	reMark    = regexp.MustCompile(`\{\{[^{}]*\}\}`)
)

// read unpacks a part whose declared and real size are within budget, and takes it from that.
func read(p *zip.File, budget *int64) (string, error) {
	if p.UncompressedSize64 > uint64(*budget) {
		return "", fmt.Errorf("read %s of the form: %w", p.Name, ErrTooLarge)
	}
	r, err := p.Open()
	if err != nil {
		return "", fmt.Errorf("read %s of the form: %w", p.Name, err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, *budget+1))
	if *budget -= int64(len(b)); *budget < 0 {
		err = ErrTooLarge
	}
	if err != nil {
		return "", fmt.Errorf("read %s of the form: %w", p.Name, err)
	}
	return string(b), nil
}

// find reads a part, "" where the form has none of that name.
func find(z *zip.Reader, name string, budget *int64) (string, error) {
	for _, p := range z.File {
		if p.Name == name {
			return read(p, budget)
		}
	}
	return "", nil
}

// A filler fills the sections of one form. found says that one held {{본문}}, left
// are the marks that it did not fill.
type filler struct {
	blocks []Block
	fields *strings.Replacer
	found  bool
	left   []string
}

func (f *filler) leave(marks ...string) {
	for _, m := range marks {
		if !slices.Contains(f.left, m) {
			f.left = append(f.left, m)
		}
	}
}

// fill replaces the marks in the XML of a section whose paragraphs are elements
// tag. body writes blocks in the looks of the sample paragraphs found, which own
// lists by mark; keep is what must stay of the paragraph that it replaces.
func (f *filler) fill(part, tag string, body func(blocks []Block, own map[string]string, keep string) string) string {
	own := map[string]string{}
	var out strings.Builder
	at, here := 0, -1
	var keep string
	for _, p := range leaves(visible(part), tag) {
		para := part[p[0]:p[1]]
		text := strings.TrimSpace(written(para))
		mark := ""
		for _, m := range samples {
			if text == m {
				mark = m
			}
		}
		switch {
		case mark != "":
			out.WriteString(part[at:p[0]])
			own[mark] = para
			at = p[1]
			if mark == BodyMark && here < 0 && !f.found {
				here, keep = out.Len(), para
				continue
			}
			if mark == BodyMark {
				f.leave(mark)
			}
			if strings.Contains(para, "<hp:secPr") || strings.Contains(para, "<w:sectPr") {
				out.WriteString(retext(para, ""))
			}
		default:
			for _, mark := range reMark.FindAllString(text, -1) {
				if f.fields.Replace(mark) == mark {
					f.leave(mark)
				}
			}
			filled := f.fields.Replace(text)
			if filled != text {
				out.WriteString(part[at:p[0]] + retext(para, filled))
				at = p[1]
			}
		}
	}
	out.WriteString(part[at:])
	if here < 0 {
		return out.String()
	}
	f.found = true
	s := out.String()
	return s[:here] + body(f.blocks, own, keep) + s[here:]
}

// leaves are the byte ranges of the elements tag that hold no other of that name.
func leaves(part, tag string) [][2]int {
	var out [][2]int
	open := -1
	for _, m := range regexp.MustCompile(`<(/?)`+tag+`(?:\s[^>]*?)?(/?)>`).FindAllStringSubmatchIndex(part, -1) {
		switch {
		case m[4] != m[5]: // <p/>
		case m[2] == m[3]:
			open = m[0]
		case open >= 0:
			out = append(out, [2]int{open, m[1]})
			open = -1
		}
	}
	return out
}

var reText = regexp.MustCompile(`(<(?:hp|w):t(?:\s[^>]*)?>)([^<]*)(</(?:hp|w):t>)`)

var xmlUnescaper = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&apos;", "'", "&amp;", "&")

// written is the text of a paragraph.
func written(para string) string {
	var b strings.Builder
	for _, m := range reText.FindAllStringSubmatch(para, -1) {
		b.WriteString(xmlUnescaper.Replace(m[2]))
	}
	return b.String()
}

// retext puts s in the place of a paragraph's text, in its first run.
func retext(para, s string) string {
	first := true
	return reText.ReplaceAllStringFunc(para, func(t string) string {
		m := reText.FindStringSubmatch(t)
		if !first {
			return m[1] + m[3]
		}
		first = false
		return m[1] + esc(s) + m[3]
	})
}

var (
	reRunIDs  = regexp.MustCompile(`charPrIDRef="(\d+)"`)
	reParaIDs = regexp.MustCompile(`paraPrIDRef="(\d+)" styleIDRef="(\d+)"`)
	reSolid   = regexp.MustCompile(`(?s)<hh:borderFill id="(\d+)"[^>]*>(?:[^/]|/[^h])*?<hh:leftBorder type="SOLID"`)
	reSecPr   = regexp.MustCompile(`(?s)<hp:secPr.*</hp:secPr>(?:<hp:ctrl>.*?</hp:ctrl>)?`)
)

func (f *filler) hwpx(blocks []Block, own map[string]string, keep, header string) string {
	ids := func(mark string, otherwise look) look {
		para, ok := own[mark]
		if !ok {
			return otherwise
		}
		l := otherwise
		if m := reParaIDs.FindStringSubmatch(para); m != nil {
			l.para, _ = strconv.Atoi(m[1])
			l.style, _ = strconv.Atoi(m[2])
		}
		if all := reRunIDs.FindAllStringSubmatch(para, -1); all != nil {
			l.char, _ = strconv.Atoi(all[len(all)-1][1])
			l.bold = l.char
		}
		return l
	}
	text := ids(BodyMark, look{})
	looks := hwpxLooks{cell: text, head: text, note: text, fill: 1, headFill: 1}
	if m := reSolid.FindStringSubmatch(header); m != nil {
		looks.fill, _ = strconv.Atoi(m[1])
		looks.headFill = looks.fill
	}
	looks.heading = [4]look{text, ids("{{Ⅰ}}", text), ids("{{□}}", text), text}
	looks.body = [5]look{text, ids("{{ㅇ}}", text), ids("{{-}}", text), ids("{{*}}", text), text}
	w := hwpxWriter{looks: looks, objects: 900000}
	first := ""
	if m := reSecPr.FindString(keep); m != "" {
		first = hwpxRun(text.char, m)
	}
	return w.blocks(blocks, first)
}

var (
	reParaProps = regexp.MustCompile(`(?s)<w:pPr>.*?</w:pPr>|<w:pPr/>`)
	reRunProps  = regexp.MustCompile(`(?s)<w:r(?:\s[^>]*)?>\s*(<w:rPr>.*?</w:rPr>)`)
	reSectPr    = regexp.MustCompile(`(?s)<w:sectPr.*?</w:sectPr>`)
)

// docxBorders draws a table's lines where a form has no style for tables.
const docxBorders = `<w:tblBorders><w:top w:val="single" w:sz="4"/><w:left w:val="single" w:sz="4"/><w:bottom w:val="single" w:sz="4"/>` +
	`<w:right w:val="single" w:sz="4"/><w:insideH w:val="single" w:sz="4"/><w:insideV w:val="single" w:sz="4"/></w:tblBorders>`

func (f *filler) docx(blocks []Block, own map[string]string, keep string) string {
	look := func(mark string) (para, run string) {
		sample, ok := own[mark]
		if !ok {
			sample = own[BodyMark]
		}
		if m := reRunProps.FindStringSubmatch(sample); m != nil {
			run = m[1]
		}
		return reSectPr.ReplaceAllString(reParaProps.FindString(sample), ""), run
	}
	var b strings.Builder
	for _, x := range blocks {
		mark := ""
		switch {
		case x.Level == 2:
			mark = "{{Ⅰ}}"
		case x.Level == 3:
			mark = "{{□}}"
		case x.Level == 0 && x.Indent > 0:
			mark = samples[2+min(x.Indent, 3)]
		}
		para, run := look(mark)
		if x.Rows != nil {
			b.WriteString(docxTable(x.Rows, docxBorders) + `<w:p>` + para + `</w:p>`)
			continue
		}
		b.WriteString(`<w:p>` + para + `<w:r>` + run)
		for i, line := range strings.Split(plain(x.Text), "\n") {
			if i > 0 {
				b.WriteString(`<w:br/>`)
			}
			b.WriteString(`<w:t xml:space="preserve">` + esc(line) + `</w:t>`)
		}
		b.WriteString(`</w:r></w:p>`)
	}
	if m := reSectPr.FindString(keep); m != "" { // the properties of a section end it
		b.WriteString(`<w:p><w:pPr>` + m + `</w:pPr></w:p>`)
	}
	return b.String()
}

// repack copies the form's entries as they are, changed parts aside.
func repack(z *zip.Reader, parts map[string]string) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, p := range z.File {
		if body, ok := parts[p.Name]; ok {
			if err := add(w, part{name: p.Name, body: body}); err != nil {
				return nil, err
			}
			continue
		}
		raw, err := p.OpenRaw()
		if err != nil {
			return nil, fmt.Errorf("copy %s of the form: %w", p.Name, err)
		}
		to, err := w.CreateRaw(&p.FileHeader)
		if err != nil {
			return nil, fmt.Errorf("copy %s of the form: %w", p.Name, err)
		}
		if _, err := io.Copy(to, raw); err != nil {
			return nil, fmt.Errorf("copy %s of the form: %w", p.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
