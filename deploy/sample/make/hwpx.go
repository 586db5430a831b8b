package main

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

// IDs of hwpx/head.xml.
const (
	charBody, charBold, charHeading, charCell, charHeadCell, charNote  = 0, 1, 2, 6, 7, 8 // charHeading + level - 1
	paraBody, paraTitle, paraHeading, paraCell, paraHeadCell, paraNote = 0, 5, 6, 7, 8, 9 // paraBody + indent
	styleBody, styleNote                                               = 0, 5             // the style of a heading is its level
	fillCell, fillHeadCell                                             = 3, 4

	bodyWidth  = 42520 // A4 less margins, in 1/7200 inch
	lineHeight = 1882  // one line of 10 pt with cell margins
)

// hwpx writes d by the rules of KS X 6101 that Hancom Office is known to insist
// on. Headings carry the styles 개요 1 to 개요 4 without automatic numbers.
func hwpx(d *document) ([]byte, error) {
	preview := []rune(d.plain())
	if len(preview) > 1000 {
		preview = preview[:1000]
	}
	return pack([]part{
		{name: "mimetype", body: "application/hwp+zip", stored: true},
		{name: "version.xml", body: hwpxVersion, stored: true},
		{name: "Contents/header.xml", body: xmlDecl + `<hh:head` + hwpxNamespaces + ` version="1.4" secCnt="1">` + oneLine(hwpxHead) + `</hh:head>`},
		{name: "Contents/section0.xml", body: hwpxBody(d)},
		{name: "Preview/PrvText.txt", body: string(preview)},
		{name: "settings.xml", body: hwpxSettings},
		{name: "Contents/content.hpf", body: hwpxPackage(d)},
		{name: "META-INF/container.xml", body: hwpxContainer},
		{name: "META-INF/manifest.xml", body: hwpxManifest},
	})
}

func hwpxPackage(d *document) string {
	meta := func(name, value string) string {
		if value == "" {
			return `<opf:meta name="` + name + `" content="text"/>`
		}
		return `<opf:meta name="` + name + `" content="text">` + esc(value) + `</opf:meta>`
	}
	day := d.when.Format(time.RFC3339)
	return xmlDecl + `<opf:package` + hwpxNamespaces + ` version="" unique-identifier="" id=""><opf:metadata><opf:title>` + esc(d.Title) +
		`</opf:title><opf:language>ko</opf:language>` + meta("creator", "가온시") + meta("subject", "") + meta("description", d.Gist) +
		meta("lastsaveby", "가온시") + meta("CreatedDate", day) + meta("ModifiedDate", day) + meta("date", d.when.Format("2006. 1. 2.")) +
		meta("keyword", strings.Join(d.Keywords, ", ")) + `</opf:metadata><opf:manifest>` +
		`<opf:item id="header" href="Contents/header.xml" media-type="application/xml"/>` +
		`<opf:item id="section0" href="Contents/section0.xml" media-type="application/xml"/>` +
		`<opf:item id="settings" href="settings.xml" media-type="application/xml"/></opf:manifest><opf:spine>` +
		`<opf:itemref idref="header" linear="no"/><opf:itemref idref="section0" linear="yes"/></opf:spine></opf:package>`
}

func hwpxBody(d *document) string {
	var b strings.Builder
	b.WriteString(xmlDecl + `<hs:sec` + hwpxNamespaces + `>`)
	first := `<hp:run charPrIDRef="0">` + oneLine(hwpxSection) + `</hp:run>`
	for i, x := range d.blocks {
		para, char, style := paraBody+x.indent, charBody, styleBody
		if x.level > 0 {
			para, char, style = paraHeading, charHeading+x.level-1, x.level
			if x.level == 1 {
				para = paraTitle
			}
		}
		runs := first + hwpxRuns(x.text, char)
		if x.rows != nil {
			runs = first + hwpxTable(x.rows, i+1)
		}
		b.WriteString(hwpxPara(para, style, runs))
		first = ""
	}
	b.WriteString(`</hs:sec>`)
	return b.String()
}

func hwpxPara(para, style int, runs string) string {
	return fmt.Sprintf(`<hp:p id="0" paraPrIDRef="%d" styleIDRef="%d" pageBreak="0" columnBreak="0" merged="0">%s</hp:p>`, para, style, runs)
}

func hwpxRun(char int, inner string) string {
	return fmt.Sprintf(`<hp:run charPrIDRef="%d">%s</hp:run>`, char, inner)
}

func hwpxRuns(text []span, char int) string {
	var b strings.Builder
	for _, s := range text {
		switch {
		case s.note != "":
			note := hwpxPara(paraNote, styleNote, hwpxRun(charNote, fmt.Sprintf(`<hp:ctrl><hp:autoNum num="%d" numType="FOOTNOTE">`+
				`<hp:autoNumFormat type="DIGIT" userChar="" prefixChar="" suffixChar=")" supscript="0"/></hp:autoNum></hp:ctrl><hp:t> %s</hp:t>`, s.num, esc(s.note))))
			b.WriteString(hwpxRun(char, fmt.Sprintf(`<hp:t/><hp:ctrl><hp:footNote number="%d" suffixChar="41" instId="%d">%s</hp:footNote></hp:ctrl><hp:t/>`,
				s.num, 5000+s.num, hwpxList("TOP", note))))
		case s.bold && char == charBody:
			b.WriteString(hwpxRun(charBold, `<hp:t>`+esc(s.text)+`</hp:t>`))
		default:
			b.WriteString(hwpxRun(char, `<hp:t>`+esc(s.text)+`</hp:t>`))
		}
	}
	return b.String()
}

func hwpxList(align, paras string) string {
	return `<hp:subList id="" textDirection="HORIZONTAL" lineWrap="BREAK" vertAlign="` + align + `" linkListIDRef="0" linkListNextIDRef="0"` +
		` textWidth="0" textHeight="0" hasTextRef="0" hasNumRef="0">` + paras + `</hp:subList>`
}

// hwpxTable writes a table; its first row is the header row. id must differ
// from that of every other object and not be zero.
func hwpxTable(rows [][]cell, id int) string {
	nrows, ncols := size(rows)
	width := widths(rows, bodyWidth)
	height := make([]int, nrows)
	for r, row := range rows {
		height[r] = lineHeight
		for _, c := range row {
			w := 0
			for k := range c.cols {
				w += width[c.col+k]
			}
			lines := 1 + textWidth(c.text)*500/max(w-1020, 500) // a half-width column of 10 pt is 500 wide
			if c.rows == 1 {
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
		` pageBreak="CELL" repeatHeader="1" rowCnt="%d" colCnt="%d" cellSpacing="0" borderFillIDRef="%d" noAdjust="0">`, id, nrows, ncols, fillCell)
	fmt.Fprintf(&b, `<hp:sz width="%d" widthRelTo="ABSOLUTE" height="%d" heightRelTo="ABSOLUTE" protect="0"/>`, bodyWidth, total)
	b.WriteString(`<hp:pos treatAsChar="0" affectLSpacing="0" flowWithText="1" allowOverlap="0" holdAnchorAndSO="0" vertRelTo="PARA"` +
		` horzRelTo="COLUMN" vertAlign="TOP" horzAlign="LEFT" vertOffset="0" horzOffset="0"/>` +
		`<hp:outMargin left="283" right="283" top="283" bottom="283"/><hp:inMargin left="510" right="510" top="141" bottom="141"/>`)
	for r, row := range rows {
		b.WriteString(`<hp:tr>`)
		for _, c := range row {
			w, h := 0, 0
			for k := range c.cols {
				w += width[c.col+k]
			}
			for k := range c.rows {
				h += height[r+k]
			}
			header, fill, para, char := 0, fillCell, paraCell, charCell
			if r == 0 {
				header, fill, para, char = 1, fillHeadCell, paraHeadCell, charHeadCell
			}
			text := hwpxPara(para, styleBody, hwpxRun(char, `<hp:t>`+esc(c.text)+`</hp:t>`))
			fmt.Fprintf(&b, `<hp:tc name="" header="%d" hasMargin="0" protect="0" editable="0" dirty="0" borderFillIDRef="%d">%s`+
				`<hp:cellAddr colAddr="%d" rowAddr="%d"/><hp:cellSpan colSpan="%d" rowSpan="%d"/><hp:cellSz width="%d" height="%d"/>`+
				`<hp:cellMargin left="510" right="510" top="141" bottom="141"/></hp:tc>`, header, fill, hwpxList("CENTER", text), c.col, c.row, c.cols, c.rows, w, h)
		}
		b.WriteString(`</hp:tr>`)
	}
	b.WriteString(`</hp:tbl><hp:t/>`)
	return hwpxRun(charBody, b.String())
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", "") }
