package excerpt

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/assistant/ground"
	"biseo/korea/text"
)

// Constants of [Digest], chosen by measurement. Over the 85 documents of the sample
// agency that state their own gist, five lines hold .450 of its terms, the first
// five lines of the text .361; twenty lines hold .890 of the headings. Over six
// annual plans of 22 to 76 pages twenty lines reach .850 of the tenths of the pages.
const (
	shortest   = 12  // code points of a line that can stand alone
	longest    = 220 // code points beyond which a line does not sum anything up
	titleTerm  = 3.0 // what a term of the title or of a heading counts
	firstOfAll = 2.5 // the first line of a document
	first      = 1.2 // the first line of a section
	withValue  = 1.2 // a line that states a date, a period or the like
	withAmount = 1.5 // a line that states money, a count or a ratio
	central    = 1.4 // a line of a section that says what the document is about: 개요, 결과
	marginal   = 0.7 // a line of a section beside it: 배경, 행정사항
	conclusion = 1.3 // a line that draws a conclusion: ⇒
	addenda    = 0.2 // a line of the addenda (부칙) of a law
	detail     = 0.7 // a line of the lowest level: -, *
	repeated   = 0.4 // for each line that its section has already
	nearby     = 0.6 // for each line that its n-th of the whole has already
	alike      = 0.8 // what a line loses that says what another says
)

// A line is a sentence that a digest may show.
type line struct {
	source  int // index into the sources
	unit    ground.Unit
	path    []string // headings of its source
	above   []string // headings and □ lines that it stands below, in its source
	mark    string   // of an item: □, ㅇ, -, ⇒
	section string
	place   int // which n-th of the whole it stands in
	terms   map[string]bool
	score   float64
}

// talk is what a letter says to its reader, and a remark that stands beside the matter.
var talk = regexp.MustCompile(`^\[.*\]$|^\d{4}\. ?\d{1,2}\. ?\d{1,2}\.? ?(?:\(.\))?$|^(?:다만|이 경우|그러나|또한|그리고|그 뒤|이번)[, ]|^(?:신청번호|신청인|접수번호|연락처|주소|전화|접수일|답변일|처리 부서|담당자?|수신|참조|제목) ?[:：]|안녕하십니까|감사합니다|감사드립니다|안내해 드리도록|연락\s*주시면|알려드립니다\.?$|이해됩니다|답변을 드린 바|끝\.$|^-\s.*\s-$|^※|목차|차\s*례|\.{4,}|·{4,}|…{2,}`)

var (
	// furniture is what pages hold beside the text: entries of a table of contents
	// (우선 추진과제 2), 조직 and 정원, a date with an hour by itself, the line of whom to call.
	furniture = regexp.MustCompile(`^(?:조 ?직|기구|정 ?원|현 ?원)(?: ?:| 및 )|^[^\d]{2,40}\s\d{1,3}$|^(?:일시 ?: ?)?\d{4}\. ?\d{1,2}\. ?\d{1,2}\.? ?(?:\(.\))? ?\d{1,2}:\d{2}\S*$|^[^.:]{0,40}\(?0\d{1,2}-\d{3,4}-\d{4}[^.]{0,40}$`)

	caption = regexp.MustCompile(`(?:구성|현황|내역|비교|건수|목록)$`) // of the table below

	centralHead  = regexp.MustCompile(`개요|요약|결과|주요 ?내용|추진 ?계획|세부 ?(?:계획|대책)|실적`)
	marginalHead = regexp.MustCompile(`배경|행정 ?사항|협조|참고|붙임|근거|문의`)
	amountKinds  = []text.Kind{text.Money, text.Count, text.Ratio}
)

// Digest picks at most n lines that together say what sources are about:
// verbatim without their item marks, checked, in the order of the sources. Rows of
// tables and headings are left out. Lines count by the weight of their terms in
// the whole, and less for each line that their section or a line like them has:
// so that no part of a long document, such as its last pages, is forgotten.
func Digest(sources []ground.Source, n int) []ground.Sentence {
	return choose(sources, weigh(candidates(sources, n)), n)
}

// Gist is the line that says what one document is about (문서요지): what it states as
// that itself, else its first line if that is a sentence, else the line that says
// most; "" if no line can stand alone.
func Gist(sources []ground.Source) string {
	for _, s := range sources[:min(len(sources), 3)] {
		for _, u := range ground.Units(s) {
			if m := stated.FindStringSubmatch(u.Text); m != nil {
				return strings.TrimSpace(m[1])
			}
		}
	}
	lines := candidates(sources, 1)
	if len(lines) > 0 && sentence.MatchString(lines[0].unit.Text) {
		return strings.TrimPrefix(lines[0].unit.Text, lines[0].mark)
	}
	for _, s := range choose(sources, weigh(lines), 1) {
		return s.Text
	}
	return ""
}

var (
	stated   = regexp.MustCompile(`^문서요지\s*[|:：]\s*(.{8,})$`)
	sentence = regexp.MustCompile(`(?:다|[함음됨임])\.?$`)
)

// About is [Digest] of what sources say to a query: a line counts by the share of
// the query's terms that it and, for half, its headings hold. Lines with none of
// them are left out, and those that do not fit; a nil fits takes all.
func About(query string, sources []ground.Source, n int, fits Fits) []ground.Sentence {
	lines := slices.DeleteFunc(weigh(candidates(sources, n)), func(l line) bool {
		return fits != nil && !fits(sources[l.source], l.above, l.unit.Text)
	})
	asked := content(query)
	for i := range lines {
		src := sources[lines[i].source]
		above := map[string]bool{}
		for _, t := range text.Terms(strings.Join(append([]string{src.Title}, src.Path...), "\n")) {
			above[t] = true
		}
		held := 0.0
		for _, t := range sorted(asked) {
			switch {
			case lines[i].terms[t]:
				held += text.Weight(t)
			case above[t]:
				held += fromContext * text.Weight(t)
			}
		}
		lines[i].score *= held
	}
	return choose(sources, lines, n)
}

// Fits reports whether a line of a source, or of a table its rows, belongs where it
// is to be shown. above are the headings and □ lines over it within the source.
type Fits func(src ground.Source, above []string, text string) bool

var (
	chapter = regexp.MustCompile(`^(?:#|[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ]+\s*[.．]?|제\s*\d+\s*[장절조])`)
	box     = regexp.MustCompile(`^[□■]`)
)

// above is, for each unit, the heading of its section and the □ line over it.
func above(units []ground.Unit) [][]string {
	out := make([][]string, len(units))
	var head, boxed []string
	for i, u := range units {
		switch {
		case chapter.MatchString(u.Text) && u.Head:
			head, boxed = []string{u.Text}, nil
		case box.MatchString(u.Text):
			boxed = nil
		}
		out[i] = slices.Concat(head, boxed)
		if box.MatchString(u.Text) {
			boxed = []string{u.Text}
		}
	}
	return out
}

// Results returns the first table with amounts that stands below a heading such as
// 결과 or 추진 계획, as [Table] does; nil if there is none.
func Results(sources []ground.Source) [][]ground.Sentence {
	for _, src := range sources {
		rows := Table("", []ground.Source{src}, map[string]bool{}, func(s ground.Source, above []string, _ string) bool {
			return centralHead.MatchString(strings.Join(slices.Concat(s.Path, above), " "))
		})
		for _, row := range rows {
			for _, c := range row {
				if slices.ContainsFunc(text.Values(c.Text), func(v text.Value) bool { return slices.Contains(amountKinds, v.Kind) }) {
					return rows
				}
			}
		}
	}
	return nil
}

// choose takes the n best lines that differ from each other.
func choose(sources []ground.Source, lines []line, n int) []ground.Sentence {
	var chosen []line
	used, near := map[string]int{}, map[int]int{}
	for len(chosen) < n {
		best, most := -1, 0.0
		for i, l := range lines {
			like := 0.0
			for _, c := range chosen {
				like = max(like, overlap(l.terms, c.terms))
			}
			if v := l.score * math.Pow(repeated, float64(used[l.section])) * math.Pow(nearby, float64(near[l.place])) * (1 - alike*like); v > most {
				best, most = i, v
			}
		}
		if best < 0 {
			break
		}
		chosen = append(chosen, lines[best])
		used[lines[best].section]++
		near[lines[best].place]++
		lines = slices.Delete(lines, best, best+1)
	}
	slices.SortFunc(chosen, func(a, b line) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.unit.Start, b.unit.Start))
	})
	var out []ground.Sentence
	for _, l := range chosen {
		if s, ok := l.sentence(sources); ok {
			out = append(out, s)
		}
	}
	return out
}

// sentence is the line without its mark, checked.
func (l line) sentence(sources []ground.Source) (ground.Sentence, bool) {
	src := sources[l.source]
	src.N = 1 // Check wants sources by number
	for _, t := range []string{strings.TrimPrefix(l.unit.Text, l.mark), l.unit.Text} {
		s := ground.Check(ground.Sentence{Text: t, Cites: []ground.Cite{ground.Span(src, l.unit.Start, l.unit.End)}}, []ground.Source{src})
		if s.Status == ground.Verified {
			for i := range s.Cites {
				s.Cites[i].Source = sources[l.source].N
			}
			return s, true
		}
	}
	return ground.Sentence{}, false
}

// candidates are the lines of sources that can stand alone, with their sections:
// those of the least depth of headings of which there are n.
func candidates(sources []ground.Source, n int) []line {
	var out []line
	for i, s := range sources {
		units := ground.Units(s)
		over := above(units)
		for k, u := range units {
			l := line{source: i, unit: u, above: over[k], path: s.Path, mark: ground.Mark(u.Text), terms: map[string]bool{}}
			size := utf8.RuneCountInString(u.Text)
			if u.Head || u.Cells > 0 || size < shortest || size > longest || aside.MatchString(u.Text) || talk.MatchString(u.Text) || furniture.MatchString(strings.TrimPrefix(firstLine(s, u), l.mark)) ||
				k+1 < len(units) && units[k+1].Cells > 0 && caption.MatchString(u.Text) {
				continue
			}
			for _, t := range text.Terms(u.Text) {
				l.terms[t] = true
			}
			out = append(out, l)
		}
	}
	for i := range out {
		out[i].place = i * n / len(out)
	}
	for depth := 0; depth <= 4; depth++ {
		seen := map[string]bool{}
		for i := range out {
			s := sources[out[i].source]
			if out[i].section = s.DocID + "\n" + strings.Join(s.Path[:min(depth, len(s.Path))], "\n"); depth == 4 {
				out[i].section = fmt.Sprint(out[i].source)
			}
			seen[out[i].section] = true
		}
		if len(seen) >= n {
			break
		}
	}
	if len(out) > 0 {
		titles := map[string]bool{}
		for _, s := range sources {
			for _, t := range text.Terms(strings.Join(append([]string{s.Title}, s.Path...), "\n")) {
				titles[t] = true
			}
		}
		weights := map[string]float64{}
		for _, l := range out {
			for t := range l.terms {
				weights[t]++
			}
		}
		for t, k := range weights {
			weights[t] = text.Weight(t) * math.Log1p(k)
			if titles[t] {
				weights[t] *= titleTerm
			}
		}
		for i := range out {
			for _, t := range sorted(out[i].terms) {
				out[i].score += weights[t]
			}
			out[i].score /= math.Sqrt(float64(max(6, len(out[i].terms))))
		}
	}
	return out
}

// firstLine is that of a unit as the source has it: lines of a cover or of a table
// of contents are joined where they are as long as wrapped ones.
func firstLine(s ground.Source, u ground.Unit) string {
	line, _, _ := strings.Cut(string([]rune(s.Text)[u.Start:u.End]), "\n")
	return strings.TrimSpace(line)
}

// weigh favours what begins a document or a section, states values and concludes.
func weigh(lines []line) []line {
	docs, sections := map[string]bool{}, map[string]bool{}
	for i := range lines {
		l := &lines[i]
		doc, _, _ := strings.Cut(l.section, "\n")
		if !docs[doc] {
			l.score *= firstOfAll
		}
		if !sections[l.section] {
			l.score *= first
		}
		docs[doc], sections[l.section] = true, true
		switch values := text.Values(l.unit.Text); {
		case slices.ContainsFunc(values, func(v text.Value) bool { return slices.Contains(amountKinds, v.Kind) }):
			l.score *= withAmount
		case len(values) > 0:
			l.score *= withValue
		}
		switch heads := strings.Join(append(l.above, l.path...), " "); {
		case centralHead.MatchString(heads):
			l.score *= central
		case marginalHead.MatchString(heads):
			l.score *= marginal
		}
		if strings.Contains(l.section, "부칙") || strings.HasPrefix(l.unit.Text, "이 조례 시행 당시") {
			l.score *= addenda
		}
		switch m := strings.TrimSpace(l.mark); m {
		case "⇒", "→", "▶", "☞":
			l.score *= conclusion
		case "-", "–", "—", "*", "ㆍ", "·":
			l.score *= detail
		}
	}
	return lines
}

// sorted are terms in a fixed order: sums of weights must not depend on that of a map,
// or which of two lines that say as much is picked would change from call to call.
func sorted(terms map[string]bool) []string { return slices.Sorted(maps.Keys(terms)) }

// overlap is the share of the smaller set that both hold.
func overlap(a, b map[string]bool) float64 {
	both := 0
	for t := range a {
		if b[t] {
			both++
		}
	}
	return float64(both) / float64(max(1, min(len(a), len(b))))
}
