package markup

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"biseo/index"
	"biseo/ingest"
	"biseo/ingest/extract/blocks"
)

var (
	reLiquid     = regexp.MustCompile(`(?s)\{%.*?%\}`)
	reLawHeading = regexp.MustCompile(`(?m)^#{2,6} +제\d+조`)
	reDelimiter  = regexp.MustCompile(`^[ \t]*\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$`)
	reEscape     = regexp.MustCompile("\\\\([!-/:-@\\[-`{-~])")
)

// Markdown reads Markdown with optional YAML front matter. The text is what
// a reader of the page sees, not its source.
func Markdown(s string) (*ingest.Document, error) {
	var b blocks.Builder
	front, body := cutFrontMatter(s)
	m, err := frontMatter(front)
	if err != nil {
		b.Warn("머리말(front matter)을 읽지 못했습니다: %v", err)
	}
	b.Doc.Warnings = append(b.Doc.Warnings, describe(&b.Doc.Meta, m)...)
	if index.IsLaw(b.Doc.Meta.Kind) || reLawHeading.MatchString(body) {
		addLaw(&b, body)
	} else {
		addMarkdown(&b, reLiquid.ReplaceAllString(body, ""))
	}
	b.Doc.Meta.Title = cmp.Or(b.Doc.Meta.Title, b.FirstHeading())
	return b.Finish()
}

// addLaw reads the Markdown of legalize-kr and its forks, which is a
// line format and means something else to a Markdown parser: 목 are indented
// like code, 세목 ("1) …") stand at the margin like lists. Headings, bold and
// escapes are undone, tables read as such, every other line stays as it is.
// Lines that open a 부칙 become headings.
func addLaw(b *blocks.Builder, s string) {
	lines := strings.Split(s, "\n")
	var para []string
	flush := func() {
		b.Paragraph(strings.Join(para, "\n"))
		para = nil
	}
	supplements := false // below a heading 부칙
	for i := 0; i < len(lines); i++ {
		hashes := len(lines[i]) - len(strings.TrimLeft(lines[i], "#"))
		line := unmark(lines[i])
		switch {
		case strings.TrimSpace(line) == "":
			flush()
		case hashes > 0 && hashes <= 6 && strings.HasPrefix(line[hashes:], " "):
			flush()
			head := strings.TrimSpace(line[hashes:])
			supplements = blocks.IsSupplement(head) || supplements && hashes > 2
			b.Heading(hashes, head)
		case blocks.IsSupplement(line):
			flush()
			level := 2
			if supplements {
				level = 3
			}
			b.Heading(level, line)
		case strings.Contains(line, "|") && i+1 < len(lines) && strings.Contains(lines[i+1], "|") && reDelimiter.MatchString(lines[i+1]):
			flush()
			j := i
			for j < len(lines) && strings.Contains(lines[j], "|") {
				j++
			}
			addMarkdown(b, strings.Join(lines[i:j], "\n"))
			i = j - 1
		default:
			para = append(para, line)
		}
	}
	flush()
}

// unmark undoes bold and escapes of one line.
func unmark(line string) string {
	if strings.Contains(line, "**") {
		line = strings.ReplaceAll(line, "**", "")
	}
	return reEscape.ReplaceAllString(line, "$1")
}

var goldmarkTables = goldmark.New(goldmark.WithExtensions(extension.Table))

// addMarkdown reads CommonMark with tables.
func addMarkdown(b *blocks.Builder, s string) {
	w := mdWalker{b: b, src: []byte(tame(s))}
	w.blocks(goldmarkTables.Parser().Parse(text.NewReader(w.src)), "")
}

// Limits of what goldmark is given; it takes time by the square of each.
const (
	maxContainers = 32   // quotes and list items opened on one line
	maxIndent     = 128  // blanks that a line begins with
	maxColumns    = 256  // of a table
	maxOpen       = 200  // brackets of one paragraph that are not closed
	maxMarks      = 1000 // runs of backticks, or addresses of links, in one paragraph
	maxEmphasis   = 4000 // runs of asterisks or low lines in one paragraph
)

var (
	reContainers = regexp.MustCompile(`^(?:[ \t]*(?:>|[-+*][ \t]|\d{1,9}[.)][ \t])){33,}`)
	reContainer  = regexp.MustCompile(`>|[-+*][ \t]|\d{1,9}[.)][ \t]`)
	reEmphasis   = regexp.MustCompile(`[*_]+`)
	reBlankLines = regexp.MustCompile(`\n(?:[ \t]*\n){2,}`)
)

// tame takes from s what no person writes and what would keep the parser busy
// for minutes: deep nesting, very wide tables, brackets and emphasis without end. The
// characters of the text stay.
func tame(s string) string {
	s = reBlankLines.ReplaceAllString(s, "\n\n")
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if n := len(line) - len(strings.TrimLeft(line, " \t")); n > maxIndent {
			line = line[n-maxIndent:]
		}
		if open := reContainers.FindString(line); open != "" {
			at := reContainer.FindAllStringIndex(open, maxContainers)
			line = open[:at[maxContainers-1][1]] + line[len(open):]
		}
		if strings.Count(line, "|") > maxColumns && reDelimiter.MatchString(line) {
			line = ""
		}
		lines[i] = line
	}
	paragraphs := strings.Split(strings.Join(lines, "\n"), "\n\n")
	for i, p := range paragraphs {
		if unclosed(p) > maxOpen || strings.Count(p, "]:") > maxMarks {
			paragraphs[i] = strings.ReplaceAll(p, "[", `\[`)
		}
		if strings.Count(p, "`") > maxMarks && strings.Count(p, "\n```") < 2 { // a code block may hold any number
			paragraphs[i] = strings.ReplaceAll(paragraphs[i], "`", "\\`")
		}
		if len(reEmphasis.FindAllStringIndex(p, maxEmphasis+1)) > maxEmphasis {
			paragraphs[i] = strings.NewReplacer("*", `\*`, "_", `\_`).Replace(paragraphs[i])
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// unclosed is how many brackets stand open in s at once, or how many links have
// no end.
func unclosed(s string) int {
	var open, most int
	for i := range len(s) {
		switch s[i] {
		case '[':
			open++
			most = max(most, open)
		case ']':
			open = max(open-1, 0)
		}
	}
	return max(most, strings.Count(s, "](")-strings.Count(s, ")"))
}

type mdWalker struct {
	b   *blocks.Builder
	src []byte
}

// blocks adds the children of n, each line behind indent.
func (w *mdWalker) blocks(n ast.Node, indent string) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Heading:
			w.b.Heading(c.Level, w.inline(c))
		case *ast.Paragraph, *ast.TextBlock:
			w.b.Paragraph(indent + strings.ReplaceAll(w.inline(c), "\n", "\n"+indent))
		case *ast.List:
			w.list(c, indent)
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			w.b.Paragraph(indent + strings.ReplaceAll(string(c.Lines().Value(w.src)), "\n", "\n"+indent))
		case *ast.HTMLBlock:
			raw := string(c.Lines().Value(w.src))
			if c.HasClosure() {
				raw += string(c.ClosureLine.Value(w.src))
			}
			addHTML(w.b, raw)
		case *extast.Table:
			w.table(c)
		case *ast.ThematicBreak, *ast.LinkReferenceDefinition:
		default:
			w.blocks(c, indent)
		}
	}
}

// list adds each item as one paragraph behind its mark, and what else it holds
// as paragraphs below it.
func (w *mdWalker) list(l *ast.List, indent string) {
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		if l.IsOrdered() {
			mark = fmt.Sprintf("%d%c ", number, l.Marker)
			number++
		}
		inner := indent + strings.Repeat(" ", len(mark))
		first := w.b.Len()
		w.blocks(item, inner)
		w.b.Relabel(first, inner, indent+mark)
	}
}

func (w *mdWalker) table(t *extast.Table) {
	var rows [][]ingest.Cell
	for r := t.FirstChild(); r != nil; r = r.NextSibling() {
		var row []ingest.Cell
		for c := r.FirstChild(); c != nil; c = c.NextSibling() {
			row = append(row, ingest.Cell{Text: w.inline(c), Row: len(rows), Col: len(row), RowSpan: 1, ColSpan: 1})
		}
		rows = append(rows, row)
	}
	w.b.Table(rows)
}

// inline is the text of n's inline content: of links and images what is shown,
// of HTML tags nothing but the line break.
func (w *mdWalker) inline(n ast.Node) string {
	var out strings.Builder
	var walk func(n ast.Node, code bool)
	walk = func(n ast.Node, code bool) {
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			switch c := c.(type) {
			case *ast.Text:
				v := c.Value(w.src)
				if !code {
					v = util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(v)))
				}
				out.Write(v)
				switch {
				case c.HardLineBreak():
					out.WriteByte('\n')
				case c.SoftLineBreak():
					out.WriteByte(' ')
				}
			case *ast.String:
				out.Write(c.Value)
			case *ast.AutoLink:
				out.Write(c.Label(w.src))
			case *ast.RawHTML:
				tag := strings.ToLower(string(c.Segments.Value(w.src)))
				if strings.HasPrefix(tag, "<br") {
					out.WriteByte('\n')
				}
			default:
				walk(c, code || c.Kind() == ast.KindCodeSpan)
			}
		}
	}
	walk(n, false)
	return out.String()
}
