package excerpt

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"biseo/assistant/ground"
	"biseo/korea/text"
)

const (
	minShared = 2  // terms of a query that a table must hold
	maxRows   = 15 // rows of a table shown, its header among them
)

// formal is the header of a table that says who made a document or a request, and no matter.
var formal = regexp.MustCompile(`^(?:문서요지|키워드|담당 ?부서|신청번호|항목 \||수신|결재|기안)`)

// Table returns the table of sources that shares most terms with a query, as rows
// of cells that cite their own spans word for word; the first row is its header.
// Nil if none shares any. Tables whose key is in used are passed over; the key of
// the table returned is added. A nil fits takes any table; an empty query the first
// that fits.
func Table(query string, sources []ground.Source, used map[string]bool, fits Fits) [][]ground.Sentence {
	asked := content(query)
	var best []ground.Unit
	var from ground.Source
	most, key := minShared-1, ""
	if query == "" {
		most = -1
	}
	for _, s := range sources {
		units := ground.Units(s)
		over := above(units)
		for _, t := range tables(units) {
			rows := units[t[0]:t[1]]
			k := s.ChunkID + "\n" + rows[0].Text
			if used[k] || formal.MatchString(rows[0].Text) || fits != nil && !fits(s, over[t[0]], rows[0].Text) {
				continue
			}
			held := map[string]bool{}
			for _, u := range rows {
				for _, t := range text.Terms(u.Text) {
					held[t] = held[t] || asked[t]
				}
			}
			n := 0
			for _, yes := range held {
				if yes {
					n++
				}
			}
			if n > most {
				best, from, most, key = rows, s, n, k
			}
		}
	}
	if best == nil {
		return nil
	}
	used[key] = true
	var out [][]ground.Sentence
	for _, u := range best[:min(len(best), maxRows)] {
		row := cells(from, u)
		for len(out) > 0 && len(row) < len(out[0]) {
			row = append(row, ground.Sentence{}) // empty cells at the end of a line
		}
		out = append(out, row)
	}
	return out
}

// tables are the runs of at least two rows, as ranges of units.
func tables(units []ground.Unit) [][2]int {
	var out [][2]int
	for i := 0; i < len(units); i++ {
		j := i
		for j < len(units) && units[j].Cells > 1 {
			j++
		}
		if j-i >= 2 {
			out = append(out, [2]int{i, j})
		}
		i = j
	}
	return out
}

// cells are the cells of a row, each copied with its span.
func cells(src ground.Source, u ground.Unit) []ground.Sentence {
	var out []ground.Sentence
	at := u.Start
	for _, cell := range strings.Split(string([]rune(src.Text)[u.Start:u.End]), "|") {
		size := utf8.RuneCountInString(cell)
		lead := size - utf8.RuneCountInString(strings.TrimLeft(cell, " \t"))
		if t := strings.TrimSpace(cell); t == "" {
			out = append(out, ground.Sentence{})
		} else {
			out = append(out, ground.Sentence{Text: t, Status: ground.Verified,
				Cites: []ground.Cite{ground.Span(src, at+lead, at+lead+utf8.RuneCountInString(t))}})
		}
		at += size + 1
	}
	return out
}
