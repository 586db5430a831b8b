// Package markup reads web pages and Markdown.
package markup

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"

	"biseo/ingest"
	"biseo/ingest/extract/blocks"
)

// HTML reads a web page: title and description from its head, headings,
// paragraphs, lists and tables from its body. Scripts, styles, navigation and
// hidden elements are left out. The encoding is that of the byte order mark,
// else of the page's meta element, else guessed, what the caller found.
func HTML(data []byte, guessed string) (*ingest.Document, error) {
	enc, name, certain := charset.DetermineEncoding(data, "")
	if !certain || guessed == "utf-8" {
		enc, name = charset.Lookup(guessed)
	}
	s, err := enc.NewDecoder().Bytes(data)
	if err != nil {
		return nil, err
	}
	var b blocks.Builder
	if strings.Contains(string(s), "\uFFFD") {
		b.Warn("문자 인코딩(%s)으로 읽지 못한 글자가 있습니다.", name)
	}
	root, err := html.Parse(strings.NewReader(string(s)))
	if err != nil { // of a string only that elements nest deeper than 512
		return nil, blocks.ErrTooDeep
	}
	addHead(&b, root)
	w := htmlWalker{b: &b}
	w.walk(root)
	w.flush()
	if b.Doc.Meta.Title == "" {
		b.Doc.Meta.Title = b.FirstLine()
	}
	return b.Finish()
}

// addHTML adds a fragment of HTML, as it stands in Markdown.
func addHTML(b *blocks.Builder, fragment string) {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(fragment), body)
	if err != nil {
		b.Paragraph(fragment)
		return
	}
	w := htmlWalker{b: b}
	for _, n := range nodes {
		w.walk(n)
	}
	w.flush()
}

// addHead reads title, description and keywords.
func addHead(b *blocks.Builder, root *html.Node) {
	meta := &b.Doc.Meta
	for n := range root.Descendants() {
		switch {
		case n.DataAtom == atom.Title && n.Parent != nil && n.Parent.DataAtom == atom.Head:
			if n.FirstChild != nil {
				meta.Title = blocks.OneLine(n.FirstChild.Data)
			}
		case n.DataAtom == atom.Meta:
			content := blocks.OneLine(attr(n, "content"))
			switch strings.ToLower(attr(n, "name")) {
			case "description":
				meta.Gist = content
			case "keywords":
				meta.Keywords = blocks.Keywords([]string{content})
			}
		}
	}
}

type htmlWalker struct {
	b     *blocks.Builder
	text  strings.Builder // of the paragraph being read
	depth int             // of lists
	item  int             // number of the item before in the ordered list being read
	boxes int             // tables around what is being read
	pre   bool
}

// maxTables bounds tables in tables: what is deeper is read as text.
const maxTables = 16

func (w *htmlWalker) flush() {
	s := w.text.String()
	w.text.Reset()
	if !w.pre {
		var lines []string
		for line := range strings.SplitSeq(s, "\n") {
			lines = append(lines, strings.Join(strings.Fields(line), " "))
		}
		s = strings.Join(lines, "\n")
	}
	if w.depth > 0 {
		w.b.Paragraph(strings.Repeat("  ", w.depth-1) + s)
		return
	}
	w.b.Line(s)
}

func (w *htmlWalker) walk(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		if w.pre {
			w.text.WriteString(n.Data)
		} else {
			w.text.WriteString(strings.Map(spaces, n.Data))
		}
		return
	case html.DocumentNode:
	case html.ElementNode:
		if skipHTML(n) {
			return
		}
	default:
		return
	}
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.flush()
		w.b.Heading(int(n.Data[1]-'0'), w.inner(n))
	case atom.Br:
		w.text.WriteByte('\n')
	case atom.Img:
		w.text.WriteString(attr(n, "alt"))
	case atom.Table:
		w.flush()
		w.table(n)
	case atom.Pre, atom.Textarea:
		w.flush()
		w.pre = true
		w.children(n)
		w.flush()
		w.pre = false
	case atom.Ul, atom.Ol:
		w.flush()
		outer := w.item
		w.item = 0
		if start, err := strconv.Atoi(attr(n, "start")); err == nil {
			w.item = start - 1
		}
		w.depth++
		w.children(n)
		w.flush()
		w.depth--
		w.item = outer
	case atom.Li:
		w.flush()
		w.item++
		if n.Parent != nil && n.Parent.DataAtom == atom.Ol {
			w.text.WriteString(strconv.Itoa(w.item) + ". ")
		} else {
			w.text.WriteString("- ")
		}
		w.children(n)
		w.flush()
	default:
		if inlineHTML[n.DataAtom] {
			w.children(n)
			return
		}
		w.flush()
		w.children(n)
		w.flush()
	}
}

func (w *htmlWalker) children(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.walk(c)
	}
}

var inlineHTML = map[atom.Atom]bool{
	atom.A: true, atom.Abbr: true, atom.B: true, atom.Big: true, atom.Code: true, atom.Em: true, atom.Font: true, atom.I: true,
	atom.Ins: true, atom.Kbd: true, atom.Label: true, atom.Mark: true, atom.Q: true, atom.S: true, atom.Small: true,
	atom.Span: true, atom.Strong: true, atom.Sub: true, atom.Sup: true, atom.Time: true, atom.Tt: true, atom.U: true,
	atom.Var: true, atom.Cite: true, atom.Ruby: true, atom.Bdi: true, atom.Bdo: true, atom.Dfn: true, atom.Samp: true,
}

func skipHTML(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Head, atom.Script, atom.Style, atom.Nav, atom.Noscript, atom.Template, atom.Iframe, atom.Object,
		atom.Svg, atom.Math, atom.Select, atom.Button, atom.Del, atom.Rp, atom.Rt:
		return true
	}
	for _, a := range n.Attr {
		if a.Key == "hidden" || a.Key == "aria-hidden" && a.Val == "true" || a.Key == "role" && a.Val == "navigation" ||
			a.Key == "style" && strings.Contains(strings.ReplaceAll(strings.ToLower(a.Val), " ", ""), "display:none") {
			return true
		}
	}
	return false
}

// table adds t with its spans. A table inside a cell is text of that cell.
func (w *htmlWalker) table(t *html.Node) {
	if w.boxes >= maxTables {
		w.children(t)
		return
	}
	var g grid
	var cells []*html.Node
	var rows func(n *html.Node)
	rows = func(n *html.Node) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			switch c.DataAtom {
			case atom.Caption:
				w.b.Caption(w.inner(c))
			case atom.Tr:
				if skipHTML(c) {
					continue
				}
				g.row()
				for d := c.FirstChild; d != nil; d = d.NextSibling {
					if (d.DataAtom == atom.Td || d.DataAtom == atom.Th) && !skipHTML(d) {
						rows, _ := strconv.Atoi(attr(d, "rowspan"))
						cols, _ := strconv.Atoi(attr(d, "colspan"))
						g.cell(rows, cols)
						cells = append(cells, d)
					}
				}
			case atom.Thead, atom.Tbody, atom.Tfoot, atom.Form:
				rows(c)
			}
		}
	}
	rows(t)
	w.boxes++
	defer func() { w.boxes-- }()
	if len(cells) == 1 { // a box around text
		w.children(cells[0])
		w.flush()
		return
	}
	for i := range g.rows {
		for j := range g.rows[i] {
			g.rows[i][j].Text = w.inner(cells[0])
			cells = cells[1:]
		}
	}
	w.b.Table(g.rows)
}

// inner is the visible text of n with its line breaks, apart from the text
// around it.
func (w *htmlWalker) inner(n *html.Node) string {
	inside := htmlWalker{b: new(blocks.Builder), boxes: w.boxes}
	inside.children(n)
	inside.flush()
	return inside.b.Plain()
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func spaces(r rune) rune {
	if r == '\n' || r == '\t' || r == '\r' {
		return ' '
	}
	return r
}

// A grid places cells that state only their spans, as in HTML.
type grid struct {
	rows  [][]ingest.Cell
	next  int             // column from which the last row may be free
	taken map[[2]int]bool // by cells of rows above
}

func (g *grid) row() { g.rows, g.next = append(g.rows, nil), 0 }

// cell adds a cell to the last row at its first free column. A span of zero is one.
func (g *grid) cell(rowSpan, colSpan int) {
	rowSpan, colSpan = min(max(rowSpan, 1), blocks.MaxSpan), min(max(colSpan, 1), blocks.MaxSpan)
	r := len(g.rows) - 1
	for g.taken[[2]int{r, g.next}] {
		g.next++
	}
	if len(g.taken)+(rowSpan-1)*colSpan > 1<<18 {
		rowSpan = 1
	}
	if g.taken == nil {
		g.taken = map[[2]int]bool{}
	}
	for i := 1; i < rowSpan; i++ {
		for j := range colSpan {
			g.taken[[2]int{r + i, g.next + j}] = true
		}
	}
	g.rows[r] = append(g.rows[r], ingest.Cell{Row: r, Col: g.next, RowSpan: rowSpan, ColSpan: colSpan})
	g.next += colSpan
}
