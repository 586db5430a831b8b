package excerpt

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/assistant/ground"
)

const (
	maxItems    = 12   // 호 of a list shown whole
	wholeLength = 1500 // code points up to which a table or a list is shown whole
)

// every are words that ask for all of a table.
var every = regexp.MustCompile(`모두|모든|전부|전체|각각|별로|종류|목록|무엇무엇`)

// whole joins the groups of a small table to one, and those of the 호 of a list to
// one behind what announces them, since a part reads as if it were all. Of a table
// whose rows the question names, only those stay: see named.
func whole(question string, groups []group, sources []ground.Source, all [][]ground.Unit) []group {
	var out []group
	for i := 0; i < len(groups); {
		j := i + 1
		for j < len(groups) && groups[j].source == groups[i].source && belongs(groups[i], groups[j], all[groups[i].source]) {
			j++
		}
		run, units := groups[i:j], all[groups[i].source]
		i = j
		if len(run) == 1 && len(run[0].leads) == 0 {
			out = append(out, run...)
			continue
		}
		most := maxItems
		if last := run[len(run)-1]; units[last.units[0]].Cells > 0 {
			most = maxRows
			run = named(question, run, sources[last.source], units)
		} else if len(run[0].leads) == 0 {
			most++ // with what announces them
		}
		if g := joined(run, units); len(run) <= most && length(g, units) <= wholeLength {
			run = []group{g}
		}
		out = append(out, run...)
	}
	return out
}

// belongs reports whether b stands behind the same header or announcement as a, also
// where a page break repeats it, or behind a itself.
func belongs(a, b group, units []ground.Unit) bool {
	if len(b.leads) == 0 {
		return false
	}
	if len(a.leads) == 0 {
		return a.units[0] == b.leads[0]
	}
	return units[a.leads[0]].Text == units[b.leads[0]].Text
}

// joined is one group of all of run, which scores as its best.
func joined(run []group, units []ground.Unit) group {
	out := run[0]
	out.own, out.units = maps.Clone(out.own), nil
	for _, g := range run {
		out.units = append(append(out.units, g.leads...), g.units...)
		maps.Copy(out.own, g.own)
		out.score = max(out.score, g.score)
	}
	slices.Sort(out.units)
	out.units = slices.Compact(out.units)
	if len(out.leads) > 0 {
		header := out.leads[0]
		out.units = slices.DeleteFunc(out.units, func(k int) bool { return k > header && units[k].Text == units[header].Text })
	}
	out.leads = nil
	return out
}

// length is that of what g shows in code points.
func length(g group, units []ground.Unit) int {
	n := 0
	for _, k := range g.units {
		n += utf8.RuneCountInString(units[k].Text)
	}
	return n
}

// named are the rows of a table that a question clearly asks for: each of its nouns
// stands in them or in what stands above the table, and none of them holds only
// some of the nouns of another. All rows where it names none.
func named(question string, rows []group, src ground.Source, units []ground.Unit) []group {
	if every.MatchString(question) {
		return rows
	}
	above := held(ground.Source{Title: src.Title, Cite: src.Cite, Path: src.Path, Text: units[rows[0].leads[0]].Text})
	words := make([]map[int]bool, len(rows)) // of the question, by row
	terms := make([]map[string]bool, len(rows))
	for i, g := range rows {
		words[i] = map[int]bool{}
		terms[i] = held(ground.Source{Text: units[g.units[0]].Text})
	}
	for n, w := range subject(question) {
		if 2*w.share(above) > 1 {
			continue
		}
		found := false
		for i := range rows {
			if 2*w.share(terms[i]) > 1 {
				words[i][n], found = true, true
			}
		}
		if w.noun && !found {
			return rows
		}
	}
	for n, w := range strings.Fields(question) {
		w = particles.ReplaceAllString(strings.Trim(w, punctuation), "")
		if !figure.MatchString(w) || strings.Contains(units[rows[0].leads[0]].Text, w) {
			continue
		}
		for i, g := range rows {
			if strings.Contains(units[g.units[0]].Text, w) {
				words[i][-1-n] = true
			}
		}
	}
	var out []group
	for i, g := range rows {
		if len(words[i]) > 0 && !slices.ContainsFunc(words, func(o map[int]bool) bool {
			return len(o) > len(words[i]) && holds(o, words[i])
		}) {
			out = append(out, g)
		}
	}
	if out == nil {
		return rows
	}
	return out
}

func holds(all, some map[int]bool) bool {
	for k := range some {
		if !all[k] {
			return false
		}
	}
	return true
}

// Omitted names, in Korean, the tables and the lists of 호 of which picked, the
// result of [Select] for sources, shows only a part, each with its counts: 근거 1의
// 표 8줄 가운데 1줄.
func Omitted(picked []ground.Sentence, sources []ground.Source) []string {
	var out []string
	for _, s := range sources {
		shown := map[int]bool{} // by where the unit starts
		for _, p := range picked {
			if p.Cites[0].Source == s.N {
				shown[p.Cites[0].Start] = true
			}
		}
		units := ground.Units(s)
		add := func(what, counter string, all []ground.Unit, announced bool) {
			n := 0
			for _, u := range all {
				if shown[u.Start] {
					n++
				}
			}
			if n < len(all) && (n > 0 || announced) {
				out = append(out, fmt.Sprintf("근거 %d의 %s %d%s 가운데 %d%s", s.N, what, len(all), counter, n, counter))
			}
		}
		if len(shown) == 0 {
			continue
		}
		runs := tables(units)
		for i, t := range runs {
			header := units[t[0]].Text
			if i > 0 && units[runs[i-1][0]].Text == header {
				continue // goes on with the one before
			}
			var rows []ground.Unit
			for _, next := range runs[i:] {
				if units[next[0]].Text != header {
					break
				}
				rows = append(rows, units[next[0]+1:next[1]]...)
			}
			add("표", "줄", slices.DeleteFunc(rows, func(u ground.Unit) bool { return aside.MatchString(u.Text) }), false)
		}
		for i, u := range units {
			if chapeau.MatchString(u.Text) && !u.Head && u.Cells == 0 {
				add("각 호", "개", items(units[i+1:], u.Paragraph), shown[u.Start])
			}
		}
	}
	return out
}

// items are the 호 at the beginning of units, in the same 항, up to another list.
func items(units []ground.Unit, paragraph int) []ground.Unit {
	var out []ground.Unit
	for _, u := range units {
		if u.Paragraph != paragraph || u.Cells > 0 || chapeau.MatchString(u.Text) && u.Item == "" {
			break
		}
		if u.Item == "1" && len(out) > 0 {
			break
		}
		if u.Item != "" && !u.Head {
			out = append(out, u)
		}
	}
	return out
}

// asked is the number of units at the beginning that ask: of a question of several
// sentences on one line, three at most, all up to the question mark; 0 if they do not.
func asked(units []ground.Unit, src []rune) int {
	for i, u := range units[:min(len(units), 3)] {
		if i > 0 && slices.Contains(src[units[i-1].End:u.Start], '\n') || u.Cells > 0 {
			return 0
		}
		if strings.HasSuffix(u.Text, "?") {
			return i + 1
		}
	}
	return 0
}
