package paper

import (
	_ "embed"
	"fmt"
	"strings"
	"time"
)

// The parts of an HWPX that are the same in every document. Their line breaks
// are taken out on use: white space between elements means something to some readers.
var (
	//go:embed hwpx/head.xml
	hwpxHead string // Contents/header.xml without its root: fonts, borders, shapes, styles
	//go:embed hwpx/section-properties.xml
	hwpxSection string // page size and notes, in the first run of the section
)

const (
	xmlDecl = `<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>`

	hwpxNamespaces = ` xmlns:ha="http://www.hancom.co.kr/hwpml/2011/app" xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph"` +
		` xmlns:hp10="http://www.hancom.co.kr/hwpml/2016/paragraph" xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section"` +
		` xmlns:hc="http://www.hancom.co.kr/hwpml/2011/core" xmlns:hh="http://www.hancom.co.kr/hwpml/2011/head"` +
		` xmlns:hhs="http://www.hancom.co.kr/hwpml/2011/history" xmlns:hm="http://www.hancom.co.kr/hwpml/2011/master-page"` +
		` xmlns:hpf="http://www.hancom.co.kr/schema/2011/hpf" xmlns:dc="http://purl.org/dc/elements/1.1/"` +
		` xmlns:opf="http://www.idpf.org/2007/opf/" xmlns:ooxmlchart="http://www.hancom.co.kr/hwpml/2016/ooxmlchart"` +
		` xmlns:hwpunitchar="http://www.hancom.co.kr/hwpml/2016/HwpUnitChar" xmlns:epub="http://www.idpf.org/2007/ops"` +
		` xmlns:config="urn:oasis:names:tc:opendocument:xmlns:config:1.0"`

	hwpxVersion = xmlDecl + `<hv:HCFVersion xmlns:hv="http://www.hancom.co.kr/hwpml/2011/version" tagetApplication="WORDPROCESSOR"` +
		` major="5" minor="1" micro="0" buildNumber="1" os="1" xmlVersion="1.4" application="Hancom Office Hangul"` +
		` appVersion="11, 0, 0, 8227 WIN32LEWindows_10"/>`
	hwpxSettings = xmlDecl + `<ha:HWPApplicationSetting xmlns:ha="http://www.hancom.co.kr/hwpml/2011/app"` +
		` xmlns:config="urn:oasis:names:tc:opendocument:xmlns:config:1.0"><ha:CaretPosition listIDRef="0" paraIDRef="0" pos="0"/></ha:HWPApplicationSetting>`
	hwpxContainer = xmlDecl + `<ocf:container xmlns:ocf="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:hpf="http://www.hancom.co.kr/schema/2011/hpf">` +
		`<ocf:rootfiles><ocf:rootfile full-path="Contents/content.hpf" media-type="application/hwpml-package+xml"/>` +
		`<ocf:rootfile full-path="Preview/PrvText.txt" media-type="text/plain"/></ocf:rootfiles></ocf:container>`
	hwpxManifest = xmlDecl + `<odf:manifest xmlns:odf="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>`
)

// A look is how a paragraph is set: the IDs of its paragraph shape, style and
// character shapes in header.xml.
type look struct{ para, style, char, bold int }

// hwpxLooks are the looks of a document, or those of an office's form.
type hwpxLooks struct {
	heading          [4]look // by level, the title first
	body             [5]look // by indent
	cell, head, note look
	fill, headFill   int // border fills of table cells
}

// ownLooks are the IDs of hwpx/head.xml.
func ownLooks() hwpxLooks {
	l := hwpxLooks{cell: look{7, 0, 6, 6}, head: look{8, 0, 7, 7}, note: look{9, 5, 8, 8}, fill: 3, headFill: 4}
	for i := range l.heading {
		l.heading[i] = look{6, i + 1, 2 + i, 2 + i}
	}
	l.heading[0].para = 5
	for i := range l.body {
		l.body[i] = look{i, 0, 0, 1}
	}
	return l
}

const (
	bodyWidth  = 42520 // A4 less margins, in 1/7200 inch
	lineHeight = 1882  // one line of 10 pt with cell margins
)

// HWPX writes d by the rules of KS X 6101 that Hancom Office is known to insist
// on. Headings carry the styles 개요 1 to 개요 4 without automatic numbers.
func HWPX(d *Document) ([]byte, error) {
	w := hwpxWriter{looks: ownLooks()}
	section := w.blocks(d.Blocks, hwpxRun(0, oneLine(hwpxSection)))
	return pack([]part{
		{name: "mimetype", body: "application/hwp+zip", stored: true},
		{name: "version.xml", body: hwpxVersion, stored: true},
		{name: "Contents/header.xml", body: xmlDecl + `<hh:head` + hwpxNamespaces + ` version="1.4" secCnt="1">` + oneLine(hwpxHead) + `</hh:head>`},
		{name: "Contents/section0.xml", body: xmlDecl + `<hs:sec` + hwpxNamespaces + `>` + section + `</hs:sec>`},
		{name: "Preview/PrvText.txt", body: d.preview()},
		{name: "settings.xml", body: hwpxSettings},
		{name: "Contents/content.hpf", body: hwpxPackage(d)},
		{name: "META-INF/container.xml", body: hwpxContainer},
		{name: "META-INF/manifest.xml", body: hwpxManifest},
	})
}

func hwpxPackage(d *Document) string {
	meta := func(name, value string) string {
		if value == "" {
			return `<opf:meta name="` + name + `" content="text"/>`
		}
		return `<opf:meta name="` + name + `" content="text">` + esc(value) + `</opf:meta>`
	}
	day := d.Date.Format(time.RFC3339)
	return xmlDecl + `<opf:package` + hwpxNamespaces + ` version="" unique-identifier="" id=""><opf:metadata><opf:title>` + esc(d.Title) +
		`</opf:title><opf:language>ko</opf:language>` + meta("creator", d.Creator) + meta("subject", d.Subject) + meta("description", d.Gist) +
		meta("lastsaveby", d.Creator) + meta("CreatedDate", day) + meta("ModifiedDate", day) + meta("date", d.Date.Format("2006. 1. 2.")) +
		meta("keyword", strings.Join(d.Keywords, ", ")) + `</opf:metadata><opf:manifest>` +
		`<opf:item id="header" href="Contents/header.xml" media-type="application/xml"/>` +
		`<opf:item id="section0" href="Contents/section0.xml" media-type="application/xml"/>` +
		`<opf:item id="settings" href="settings.xml" media-type="application/xml"/></opf:manifest><opf:spine>` +
		`<opf:itemref idref="header" linear="no"/><opf:itemref idref="section0" linear="yes"/></opf:spine></opf:package>`
}

// An hwpxWriter writes the body of a section. Its numbers run through the document.
type hwpxWriter struct {
	looks   hwpxLooks
	notes   int // footnotes so far
	objects int // the IDs of tables are larger
}

// blocks writes paragraphs. first, which may be empty, stands at the head of the
// first one: the properties of a section do.
func (w *hwpxWriter) blocks(blocks []Block, first string) string {
	var b strings.Builder
	for i, x := range blocks {
		l := w.looks.body[min(x.Indent, len(w.looks.body)-1)]
		if x.Level > 0 {
			l = w.looks.heading[min(x.Level, len(w.looks.heading))-1]
		}
		runs := first
		if x.Rows != nil {
			runs += w.table(x.Rows, l, w.objects+i+1)
		} else {
			runs += w.runs(x.Text, l)
		}
		b.WriteString(hwpxPara(l, runs))
		first = ""
	}
	return b.String()
}

func hwpxPara(l look, runs string) string {
	return fmt.Sprintf(`<hp:p id="0" paraPrIDRef="%d" styleIDRef="%d" pageBreak="0" columnBreak="0" merged="0">%s</hp:p>`, l.para, l.style, runs)
}

func hwpxRun(char int, inner string) string {
	return fmt.Sprintf(`<hp:run charPrIDRef="%d">%s</hp:run>`, char, inner)
}

// hwpxText is text inside a run. Tabs and line breaks are elements there.
func hwpxText(s string) string {
	return `<hp:t>` + strings.NewReplacer("\t", `<hp:tab width="4000" leader="0" type="1"/>`, "\n", `<hp:lineBreak/>`).Replace(esc(s)) + `</hp:t>`
}

func (w *hwpxWriter) runs(text []Span, l look) string {
	var b strings.Builder
	for _, s := range text {
		switch {
		case s.Note != "":
			w.notes++
			note := hwpxPara(w.looks.note, hwpxRun(w.looks.note.char, fmt.Sprintf(`<hp:ctrl><hp:autoNum num="%d" numType="FOOTNOTE">`+
				`<hp:autoNumFormat type="DIGIT" userChar="" prefixChar="" suffixChar=")" supscript="0"/></hp:autoNum></hp:ctrl>%s`, w.notes, hwpxText(" "+s.Note))))
			b.WriteString(hwpxRun(l.char, fmt.Sprintf(`<hp:t/><hp:ctrl><hp:footNote number="%d" suffixChar="41" instId="%d">%s</hp:footNote></hp:ctrl><hp:t/>`,
				w.notes, 5000+w.notes, hwpxList("TOP", note))))
		case s.Bold:
			b.WriteString(hwpxRun(l.bold, hwpxText(s.Text)))
		default:
			b.WriteString(hwpxRun(l.char, hwpxText(s.Text)))
		}
	}
	return b.String()
}

func hwpxList(align, paras string) string {
	return `<hp:subList id="" textDirection="HORIZONTAL" lineWrap="BREAK" vertAlign="` + align + `" linkListIDRef="0" linkListNextIDRef="0"` +
		` textWidth="0" textHeight="0" hasTextRef="0" hasNumRef="0">` + paras + `</hp:subList>`
}

// table writes a run that holds a table; its first row is the header row. id must
// differ from that of every other object and not be zero.
func (w *hwpxWriter) table(rows [][]Cell, l look, id int) string {
	nrows, ncols := size(rows)
	width := widths(rows, bodyWidth)
	height := make([]int, nrows)
	for r, row := range rows {
		height[r] = lineHeight
		for _, c := range row {
			wide := 0
			for k := range c.Cols {
				wide += width[c.Col+k]
			}
			lines := 1 + textWidth(c.Text)*500/max(wide-1020, 500) // a half-width column of 10 pt is 500 wide
			if c.Rows == 1 {
				height[r] = max(height[r], lineHeight+(lines-1)*1300)
			}
		}
	}
	total := 0
	for _, h := range height {
		total += h
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<hp:tbl id="%d" zOrder="0" numberingType="TABLE" textWrap="TOP_AND_BOTTOM" textFlow="BOTH_SIDES" lock="0" dropcapstyle="None"`+
		` pageBreak="CELL" repeatHeader="1" rowCnt="%d" colCnt="%d" cellSpacing="0" borderFillIDRef="%d" noAdjust="0">`, id, nrows, ncols, w.looks.fill)
	fmt.Fprintf(&b, `<hp:sz width="%d" widthRelTo="ABSOLUTE" height="%d" heightRelTo="ABSOLUTE" protect="0"/>`, bodyWidth, total)
	b.WriteString(`<hp:pos treatAsChar="0" affectLSpacing="0" flowWithText="1" allowOverlap="0" holdAnchorAndSO="0" vertRelTo="PARA"` +
		` horzRelTo="COLUMN" vertAlign="TOP" horzAlign="LEFT" vertOffset="0" horzOffset="0"/>` +
		`<hp:outMargin left="283" right="283" top="283" bottom="283"/><hp:inMargin left="510" right="510" top="141" bottom="141"/>`)
	for r, row := range rows {
		b.WriteString(`<hp:tr>`)
		for _, c := range row {
			wide, high := 0, 0
			for k := range c.Cols {
				wide += width[c.Col+k]
			}
			for k := range c.Rows {
				high += height[r+k]
			}
			header, fill, set := 0, w.looks.fill, w.looks.cell
			if r == 0 {
				header, fill, set = 1, w.looks.headFill, w.looks.head
			}
			text := hwpxPara(set, hwpxRun(set.char, hwpxText(c.Text)))
			fmt.Fprintf(&b, `<hp:tc name="" header="%d" hasMargin="0" protect="0" editable="0" dirty="0" borderFillIDRef="%d">%s`+
				`<hp:cellAddr colAddr="%d" rowAddr="%d"/><hp:cellSpan colSpan="%d" rowSpan="%d"/><hp:cellSz width="%d" height="%d"/>`+
				`<hp:cellMargin left="510" right="510" top="141" bottom="141"/></hp:tc>`, header, fill, hwpxList("CENTER", text), c.Col, c.Row, c.Cols, c.Rows, wide, high)
		}
		b.WriteString(`</hp:tr>`)
	}
	b.WriteString(`</hp:tbl><hp:t/>`)
	return hwpxRun(l.char, b.String())
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", "") }
