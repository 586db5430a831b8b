package paper

import (
	_ "embed"
	"fmt"
	"strings"
	"time"
)

//go:embed docx/styles.xml
var docxStyles string // word/styles.xml without its root

const (
	wordNS    = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"`
	ooxmlRels = `http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
	wordType  = `application/vnd.openxmlformats-officedocument.wordprocessingml.`

	docxWidth = 9070 // A4 less margins, in 1/20 pt
)

// DOCX writes d as WordprocessingML. Headings carry the built-in styles Heading 1
// to Heading 4; the first row of a table is its header row.
func DOCX(d *Document) ([]byte, error) {
	body, notes := docxBody(d)
	day := d.Date.Format(time.RFC3339)
	part1 := func(s string) string { return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" + s }
	override := func(name, typ string) string {
		return `<Override PartName="/` + name + `" ContentType="` + typ + `"/>`
	}
	rel := func(id, typ, target string) string {
		return `<Relationship Id="` + id + `" Type="` + typ + `" Target="` + target + `"/>`
	}
	rels := func(s string) string {
		return part1(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` + s + `</Relationships>`)
	}
	return pack([]part{
		{name: "[Content_Types].xml", body: part1(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
			override("word/document.xml", wordType+"document.main+xml") + override("word/styles.xml", wordType+"styles+xml") +
			override("word/footnotes.xml", wordType+"footnotes+xml") + override("word/footer1.xml", wordType+"footer+xml") +
			override("docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml") + `</Types>`)},
		{name: "_rels/.rels", body: rels(rel("rId1", ooxmlRels+"officeDocument", "word/document.xml") +
			rel("rId2", "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties", "docProps/core.xml"))},
		{name: "docProps/core.xml", body: part1(`<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"` +
			` xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
			`<dc:title>` + esc(d.Title) + `</dc:title><dc:subject>` + esc(d.Subject) + `</dc:subject><dc:creator>` + esc(d.Creator) + `</dc:creator>` +
			`<cp:keywords>` + esc(strings.Join(d.Keywords, ", ")) + `</cp:keywords><dc:description>` + esc(d.Gist) + `</dc:description>` +
			`<dcterms:created xsi:type="dcterms:W3CDTF">` + day + `</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">` + day + `</dcterms:modified></cp:coreProperties>`)},
		{name: "word/document.xml", body: part1(`<w:document ` + wordNS + ` xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><w:body>` + body +
			`<w:sectPr><w:footerReference w:type="default" r:id="rId3"/><w:pgSz w:w="11906" w:h="16838"/>` +
			`<w:pgMar w:top="1418" w:right="1418" w:bottom="1418" w:left="1418" w:header="851" w:footer="851" w:gutter="0"/></w:sectPr></w:body></w:document>`)},
		{name: "word/_rels/document.xml.rels", body: rels(rel("rId1", ooxmlRels+"styles", "styles.xml") +
			rel("rId2", ooxmlRels+"footnotes", "footnotes.xml") + rel("rId3", ooxmlRels+"footer", "footer1.xml"))},
		{name: "word/styles.xml", body: part1(`<w:styles ` + wordNS + `>` + oneLine(docxStyles) + `</w:styles>`)},
		{name: "word/footnotes.xml", body: part1(`<w:footnotes ` + wordNS + `>` +
			`<w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>` +
			`<w:footnote w:type="continuationSeparator" w:id="0"><w:p><w:r><w:continuationSeparator/></w:r></w:p></w:footnote>` + notes + `</w:footnotes>`)},
		{name: "word/footer1.xml", body: part1(`<w:ftr ` + wordNS + `><w:p><w:pPr><w:jc w:val="center"/></w:pPr>` +
			`<w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple></w:p></w:ftr>`)},
	})
}

func docxBody(d *Document) (body, notes string) {
	var b, n strings.Builder
	num := 0
	for _, x := range d.Blocks {
		if x.Rows != nil {
			b.WriteString(docxTable(x.Rows, ``) + `<w:p><w:pPr><w:spacing w:after="0"/></w:pPr></w:p>`)
			continue
		}
		props := ""
		switch {
		case x.Level > 0:
			props = fmt.Sprintf(`<w:pPr><w:pStyle w:val="Heading%d"/></w:pPr>`, x.Level)
		case x.Indent > 0:
			props = fmt.Sprintf(`<w:pPr><w:ind w:left="%d"/></w:pPr>`, 220*x.Indent)
		}
		b.WriteString(`<w:p>` + props)
		for _, s := range x.Text {
			if s.Note != "" {
				num++
				fmt.Fprintf(&b, `<w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteReference w:id="%d"/></w:r>`, num)
				fmt.Fprintf(&n, `<w:footnote w:id="%d"><w:p><w:pPr><w:pStyle w:val="FootnoteText"/></w:pPr><w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteRef/></w:r>%s</w:p></w:footnote>`,
					num, docxRun(" "+s.Note, false))
				continue
			}
			b.WriteString(docxRun(s.Text, s.Bold))
		}
		b.WriteString(`</w:p>`)
	}
	return b.String(), n.String()
}

func docxRun(text string, bold bool) string {
	props := ""
	if bold {
		props = `<w:rPr><w:b/></w:rPr>`
	}
	lines := strings.ReplaceAll(esc(text), "\n", `</w:t><w:br/><w:t xml:space="preserve">`)
	return `<w:r>` + props + `<w:t xml:space="preserve">` + lines + `</w:t></w:r>`
}

func docxTable(rows [][]Cell, borders string) string {
	_, ncols := size(rows)
	width := widths(rows, docxWidth)
	var b strings.Builder
	fmt.Fprintf(&b, `<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="%d" w:type="dxa"/>%s<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>`, docxWidth, borders)
	for _, w := range width {
		fmt.Fprintf(&b, `<w:gridCol w:w="%d"/>`, w)
	}
	b.WriteString(`</w:tblGrid>`)

	covered := map[[2]int]Cell{} // first column of a cell that reaches down -> that cell
	for r, row := range rows {
		b.WriteString(`<w:tr>`)
		if r == 0 {
			b.WriteString(`<w:trPr><w:tblHeader/></w:trPr>`)
		}
		at := map[int]Cell{}
		for _, c := range row {
			at[c.Col] = c
			for k := 1; k < c.Rows; k++ {
				covered[[2]int{r + k, c.Col}] = c
			}
		}
		for col := 0; col < ncols; {
			c, begins := at[col]
			merge := ""
			if !begins {
				c, merge = covered[[2]int{r, col}], `<w:vMerge/>`
			} else if c.Rows > 1 {
				merge = `<w:vMerge w:val="restart"/>`
			}
			w, text := 0, ""
			for k := range c.Cols {
				w += width[col+k]
			}
			if begins {
				text = docxRun(c.Text, r == 0)
			}
			fmt.Fprintf(&b, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/><w:gridSpan w:val="%d"/>%s<w:vAlign w:val="center"/></w:tcPr>`+
				`<w:p><w:pPr><w:pStyle w:val="TableText"/></w:pPr>%s</w:p></w:tc>`, w, c.Cols, merge, text)
			col += c.Cols
		}
		b.WriteString(`</w:tr>`)
	}
	b.WriteString(`</w:tbl>`)
	return b.String()
}
