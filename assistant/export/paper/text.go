package paper

import (
	"fmt"
	"slices"
	"strings"
)

// Text writes d as plain text in UTF-8, the form that complaint systems take:
// two half-width spaces for each level of indent, tables as rows of cells
// separated by " | ", footnotes as 1), 2), ... with their text at the end.
func Text(d *Document) string {
	var b strings.Builder
	body, notes := inlineNotes(d.Blocks)
	for i, x := range body {
		if x.Level > 0 && i > 0 {
			b.WriteByte('\n')
		}
		indent := strings.Repeat("  ", x.Indent)
		for _, row := range filled(x.Rows) {
			b.WriteString(indent + strings.Join(row, " | ") + "\n")
		}
		if x.Rows == nil {
			b.WriteString(indent + strings.ReplaceAll(plain(x.Text), "\n", "\n"+indent) + "\n")
		}
	}
	if len(notes) > 0 {
		b.WriteByte('\n')
	}
	for i, n := range notes {
		fmt.Fprintf(&b, "%d) %s\n", i+1, n)
	}
	return b.String()
}

// Markdown writes d as CommonMark with pipe tables and footnotes. Text that would
// read as markup is escaped; indent is non-breaking, since leading spaces have a
// meaning of their own.
func Markdown(d *Document) string {
	var b strings.Builder
	var notes []string
	for _, x := range d.Blocks {
		switch {
		case x.Rows != nil:
			for r, row := range filled(x.Rows) {
				for i, c := range row {
					row[i] = strings.ReplaceAll(strings.ReplaceAll(escapeMarkdown(c), "|", `\|`), "\n", "<br>")
				}
				b.WriteString("| " + strings.Join(row, " | ") + " |\n")
				if r == 0 {
					b.WriteString("|" + strings.Repeat("---|", len(row)) + "\n")
				}
			}
		default:
			if x.Level > 0 {
				b.WriteString(strings.Repeat("#", x.Level) + " ")
			}
			b.WriteString(strings.Repeat("\u00a0\u00a0", x.Indent))
			for i, s := range x.Text {
				text := strings.ReplaceAll(escapeMarkdown(s.Text), "\n", "  \n")
				if i == 0 && x.Level == 0 {
					text = escapeLine(text)
				}
				switch {
				case s.Note != "":
					notes = append(notes, s.Note)
					text = fmt.Sprintf("[^%d]", len(notes))
				case s.Bold && strings.TrimSpace(s.Text) != "":
					text = "**" + text + "**"
				}
				b.WriteString(text)
			}
			b.WriteByte('\n')
		}
		b.WriteByte('\n')
	}
	for i, n := range notes {
		fmt.Fprintf(&b, "[^%d]: %s\n", i+1, escapeMarkdown(strings.ReplaceAll(n, "\n", " ")))
	}
	return b.String()
}

var markdownEscaper = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "#", `\#`, "~", `\~`)

func escapeMarkdown(s string) string { return markdownEscaper.Replace(printable(s)) }

// escapeLine keeps the head of a paragraph from reading as a list: 1. and - are
// marks of the document's own.
func escapeLine(s string) string {
	trimmed := strings.TrimLeft(s, "0123456789")
	digits := len(s) - len(trimmed)
	switch {
	case digits > 0 && (strings.HasPrefix(trimmed, ".") || strings.HasPrefix(trimmed, ")")):
		return s[:digits] + `\` + trimmed
	case strings.HasPrefix(s, "- "), strings.HasPrefix(s, "+ "):
		return `\` + s
	}
	return s
}

// inlineNotes replaces footnotes by 1), 2), ... in the text and returns them. Equal
// notes have one number.
func inlineNotes(blocks []Block) (out []Block, notes []string) {
	for _, x := range blocks {
		var text []Span
		for _, s := range x.Text {
			if s.Note != "" {
				n := slices.Index(notes, s.Note)
				if n < 0 {
					n = len(notes)
					notes = append(notes, s.Note)
				}
				s = Span{Text: fmt.Sprintf(" %d)", n+1)}
			}
			text = append(text, s)
		}
		x.Text = text
		out = append(out, x)
	}
	return out, notes
}

// filled is a table's grid: a cell's text stands where it begins, places that it
// covers are empty.
func filled(rows [][]Cell) [][]string {
	if rows == nil {
		return nil
	}
	nrows, ncols := size(rows)
	out := make([][]string, nrows)
	for r := range out {
		out[r] = make([]string, ncols)
		for _, c := range rows[r] {
			out[r][c.Col] = printable(c.Text)
		}
	}
	return out
}

func plain(text []Span) string {
	var b strings.Builder
	for _, s := range text {
		b.WriteString(printable(s.Text))
	}
	return b.String()
}
