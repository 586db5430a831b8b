package assistant

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"biseo/korea/official"
)

// levelMarks stand before headings of level 1 and 2 and items of level 1 to 3 where
// a template names no others.
var levelMarks = []string{"Ⅰ.", "□", "ㅇ", "-", "*"}

// hints holds a draft against the rules for documents of a kind: one line for
// each block, with its mark. Blocks of tables are passed over.
func hints(ans *Answer, kind official.Kind) []Hint {
	var b strings.Builder
	var starts, marks []int // of each block, code points: where its line begins, and how long its mark is
	at := 0
	for _, block := range ans.Blocks {
		mark := ""
		switch {
		case kind == official.KindReply: // its marks are those of a letter, set when it is printed
		case block.Kind == "heading":
			mark = levelMarks[min(max(block.Level, 1), 2)-1] + " "
		case block.Kind == "item":
			mark = levelMarks[1+min(max(block.Level, 1), 3)] + " "
		}
		line := mark + block.text() + "\n"
		b.WriteString(line)
		starts, marks = append(starts, at), append(marks, utf8.RuneCountInString(mark))
		at += utf8.RuneCountInString(line)
	}
	var out []Hint
	for _, f := range official.Lint(b.String(), official.Options{Kind: kind}) {
		i, found := slices.BinarySearch(starts, f.Start)
		if !found {
			i--
		}
		if i < 0 || ans.Blocks[i].Kind == "table" {
			continue
		}
		zero, size := starts[i]+marks[i], utf8.RuneCountInString(ans.Blocks[i].text())
		h := Hint{Block: i, Code: f.Code, Start: min(max(0, f.Start-zero), size), End: min(max(0, f.End-zero), size), Text: f.Text, Fix: f.Fix}
		if f.Start < zero || f.End > zero+size {
			h.Fix = "" // it reaches over the mark or into the next line
		}
		out = append(out, h)
	}
	slices.SortStableFunc(out, func(a, b Hint) int { return cmp.Or(cmp.Compare(a.Block, b.Block), cmp.Compare(a.Start, b.Start)) })
	return out
}

// text is a block's sentences joined by one space.
func (b Block) text() string {
	var all []string
	for _, s := range b.Sentences {
		all = append(all, s.Text)
	}
	return strings.Join(all, " ")
}

// parseDay reads what [day] writes.
func parseDay(s string) (time.Time, error) { return time.Parse(time.DateOnly, s) }
