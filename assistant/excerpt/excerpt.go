// Package excerpt answers without a model: it picks the sentences of sources that
// answer a question and shows them word for word. Pure functions.
package excerpt

import (
	"cmp"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/assistant/ground"
	"biseo/korea/text"
)

// Constants of [Select]. On 114 questions over Korean public documents with the right
// passage given, BM25 over sentences finds .397 of the answers' words in four
// sentences, .409 with MMR, .431 with the neighbour bonus, and .642 in three once
// hard-wrapped lines are joined (our measurement).
const (
	extractGroups = 3    // groups of sentences shown
	extractLength = 900  // code points shown, after the first group
	wholePara     = 500  // code points up to which a 항 is shown whole
	diversity     = 0.7  // λ of maximal marginal relevance (Carbonell and Goldstein, 1998)
	neighbour     = 0.3  // share of the better neighbour's score that a group gains
	rankDiscount  = 0.2  // a group of passage n counts 1/(1+0.2(n-1))
	weakest       = 0.35 // a group with less than this share of the best score is not shown
	sentenceK1    = 1.2  // BM25
	sentenceB     = 0.75
	fromContext   = 0.5 // what a term of a heading, a table's header or a question counts for what stands below
	aloof         = 0.3 // what a group keeps of its score that matches only by what stands above it
	unfit         = 0.3 // what a group without an amount of the kind asked for keeps of its score
)

// A group is what is shown together: a sentence with its proviso (다만, ...), a
// whole 항, the answer of a Q&A pair, or an item or a row of a table behind what
// makes it understood.
type group struct {
	source int   // index into the sources
	leads  []int // units that introduce this one: 다음 각 호, or the header of its table
	units  []int
	terms  map[string]float64 // how often, also in what stands above
	own    map[string]bool    // terms of its units
	length float64            // of terms
	answer bool               // follows the question that it answers
	fits   bool               // holds an amount of the kind asked for
	score  float64
}

// Select picks the sentences of sources that answer the question best: verbatim,
// checked, in the order of the sources and of their text. Small tables and lists of
// 호 come whole, or with the rows that the question names. Whether any of them
// answers it at all is told by [Relevant].
func Select(question string, sources []ground.Source) []ground.Sentence {
	return selected(question, sources, whole)
}

// SelectFew is [Select] for a letter, in which what was not asked for confuses: it
// picks rows and 호 each for itself.
func SelectFew(question string, sources []ground.Source) []ground.Sentence {
	return selected(question, sources, func(_ string, groups []group, _ []ground.Source, _ [][]ground.Unit) []group { return groups })
}

func selected(question string, sources []ground.Source, join func(string, []group, []ground.Source, [][]ground.Unit) []group) []ground.Sentence {
	all := make([][]ground.Unit, len(sources))
	var groups []group
	for i, s := range sources {
		if all[i] = ground.Units(s); s.Kind == "reply" && slices.ContainsFunc(s.Path, isQuestion) {
			continue
		}
		groups = append(groups, grouped(i, s, all[i], asksFor(question))...)
	}
	score(question, groups, sources)
	var out []ground.Sentence
	shown := map[[2]int]bool{}
	for _, g := range pick(join(question, groups, sources, all), all) {
		for _, k := range slices.Concat(g.leads, g.units) {
			u, src := all[g.source][k], sources[g.source]
			if u.Head || shown[[2]int{g.source, k}] {
				continue
			}
			shown[[2]int{g.source, k}] = true
			s := ground.Check(ground.Sentence{Text: u.Text, Cites: []ground.Cite{ground.Span(src, u.Start, u.End)}}, sources)
			if s.Status == ground.Verified {
				out = append(out, s)
			}
		}
	}
	return out
}

// isQuestion reports whether a heading is that of a question in a complaint reply:
// 질의 or 질의 1. The answer's own path names its question as 질의: ….
func isQuestion(heading string) bool {
	return heading == "질의" || strings.HasPrefix(heading, "질의 ")
}

// grouped puts the units of one source into groups.
func grouped(source int, src ground.Source, all []ground.Unit, want *regexp.Regexp) []group {
	var out []group
	context := map[string]float64{} // terms of the headings above
	under := func(weight float64, texts ...string) {
		clear(context)
		for _, s := range texts {
			for _, t := range text.Terms(s) {
				context[t] = weight
			}
		}
	}
	above := append([]string{src.Title}, src.Path...)
	under(fromContext, above...)
	lead, header, full := -1, -1, -1 // the words before 각 호; of the table under way the header, and the last row with all cells
	answer := false                  // what follows answers a question
	add := func(from, to int) {
		g := group{source: source, terms: maps.Clone(context), own: map[string]bool{}, answer: answer, fits: want == nil}
		g.length = fromContext * float64(len(context))
		first := all[from]
		switch {
		case first.Cells > 0 && header >= 0:
			g.leads = append(g.leads, header)
			if full > header && first.Cells < all[full].Cells {
				g.leads = append(g.leads, full)
			}
		case first.Item != "" && lead >= 0 && first.Paragraph == all[lead].Paragraph:
			g.leads = append(g.leads, lead)
		}
		for _, k := range g.leads {
			for _, t := range text.Terms(all[k].Text) {
				g.own[t] = true
				g.terms[t] = fromContext
				g.length += fromContext
			}
		}
		for k := from; k < to; k++ {
			u := all[k]
			g.units = append(g.units, k)
			g.fits = g.fits || amount(u, want)
			for _, t := range text.Terms(u.Text) {
				g.own[t] = true
				g.terms[t]++
				g.length++
			}
		}
		out = append(out, g)
	}
	runes := []rune(src.Text)
	length := func(i, j int) int { return all[j-1].End - all[i].Start }
	for i := 0; i < len(all); {
		u, j := all[i], i+1
		if aside.MatchString(u.Text) {
			i = j
			continue
		}
		if u.Cells > 0 {
			switch {
			case i > 0 && all[i-1].Cells > 0 && header >= 0:
				add(i, j)
				if u.Cells >= all[header].Cells {
					full = i
				}
			case j < len(all) && all[j].Cells > 0:
				header, full = i, i
			default:
				add(i, j)
			}
			i, answer = j, false
			continue
		}
		header, full = -1, -1
		if n := asked(all[i:], runes); n > 0 {
			var question []string
			for _, u := range all[i : i+n] {
				question = append(question, u.Text)
			}
			under(1, question...)
			i, answer = i+n, true
			continue
		}
		if u.Head {
			under(fromContext, append(above, u.Text)...)
			i, answer = j, false
			continue
		}
		for j < len(all) && !all[j].Head && all[j].Cells == 0 && (answer && length(i, j+1) <= wholePara || u.Paragraph > 0 && all[j].Paragraph == u.Paragraph) {
			j++
		}
		if j > i+1 && length(i, j) > wholePara || u.Paragraph == 0 && !answer {
			for j = i + 1; j < len(all) && (proviso.MatchString(all[j].Text) || u.Item != "" && part.MatchString(all[j].Text)); {
				j++
			}
		}
		add(i, j)
		if chapeau.MatchString(u.Text) {
			lead = i
		}
		i, answer = j, false
	}
	return out
}

// aside is a line that says when, by whom or upon what a document was made, and no answer.
var aside = regexp.MustCompile(`^(?:보도시점|문서요지|키워드|담당 ?부서|문의|근거 ?:|\(단위|비고$|\d{1,3}$|\[시행 |\d{4}\. ?\d{1,2}\. ?\d{1,2}\.(?:\(.\))? (?:기준|현재|\S+[과관팀국실소](?:[ (/]|$)))|귀하(?:께서|의) `)

// amounts are the words that ask for an amount, and the kinds that answer them.
var amounts = []struct{ asks, kinds *regexp.Regexp }{
	{regexp.MustCompile(`며칠|몇 ?(?:분|시|일|주|개월|달|년)|언제|기간|기한|시간[은이]?\?|얼마 ?동안`), regexp.MustCompile(`^(?:period|date|time)`)},
	{regexp.MustCompile(`몇 ?(?:%|퍼센트|프로)|비율`), regexp.MustCompile(`^ratio`)},
	{regexp.MustCompile(`얼마|요금|금액|수수료|[용가]료는|비용|한도|[상원위]금[은이]?\?|가격`), regexp.MustCompile(`^(?:money|ratio)`)},
	{regexp.MustCompile(`몇|점수|인원`), regexp.MustCompile(`^(?:count|ordinal|points)`)},
}

// asksFor is the kinds of amounts that a question asks for, nil if it asks for none.
func asksFor(question string) *regexp.Regexp {
	for _, a := range amounts {
		if a.asks.MatchString(question) {
			return a.kinds
		}
	}
	return nil
}

// amount reports whether u states an amount of the kinds wanted. In a row of a
// table a number may have its unit elsewhere.
func amount(u ground.Unit, want *regexp.Regexp) bool {
	return want != nil && slices.ContainsFunc(text.Values(u.Text), func(v text.Value) bool {
		return want.MatchString(string(v.Kind)) || u.Cells > 0 && v.Kind == text.Number
	})
}

// score ranks groups against the question: BM25 with the rarity of terms among
// the groups, a share of the better neighbour, and the rank of the passage.
func score(question string, groups []group, sources []ground.Source) {
	df := map[string]int{}
	total := 0.0
	for _, g := range groups {
		total += g.length
		for t := range g.terms {
			df[t]++
		}
	}
	n := float64(len(groups))
	mean := max(1, total/max(1, n))
	query := content(question)
	terms := sorted(query)
	raw := make([]float64, len(groups))
	for i, g := range groups {
		for _, t := range terms {
			tf := g.terms[t]
			if tf == 0 {
				continue
			}
			idf := math.Log(1 + (n-float64(df[t])+0.5)/(float64(df[t])+0.5))
			norm := sentenceK1 * (1 - sentenceB + sentenceB*g.length/mean)
			raw[i] += text.Weight(t) * idf * tf * (sentenceK1 + 1) / (tf + norm)
		}
		if !g.answer && !touches(g, query) {
			raw[i] *= aloof
		}
		if !g.fits {
			raw[i] *= unfit
		}
	}
	for i := range groups {
		best := 0.0
		for _, j := range []int{i - 1, i + 1} {
			if j >= 0 && j < len(groups) && groups[j].source == groups[i].source {
				best = max(best, raw[j])
			}
		}
		groups[i].score = (raw[i] + neighbour*min(best, raw[i])) / (1 + rankDiscount*float64(sources[groups[i].source].N-1))
	}
}

// touches reports whether g itself, and not only what stands above it, has a term of the query.
func touches(g group, query map[string]bool) bool {
	for t := range query {
		if g.own[t] {
			return true
		}
	}
	return false
}

// pick chooses the best groups that differ from each other and returns them in
// the order of the sources.
func pick(groups []group, all [][]ground.Unit) []group {
	top := 0.0
	for _, g := range groups {
		top = max(top, g.score)
	}
	var chosen []group
	length := 0
	for len(chosen) < extractGroups && top > 0 {
		best, value := -1, math.Inf(-1)
		for i, g := range groups {
			if g.score < weakest*top || slices.ContainsFunc(chosen, func(c group) bool { return c.source == g.source && c.units[0] == g.units[0] }) {
				continue
			}
			like := 0.0
			for _, c := range chosen {
				like = max(like, jaccard(g.own, c.own))
			}
			if v := diversity*g.score/top - (1-diversity)*like; v > value {
				best, value = i, v
			}
		}
		if best < 0 {
			break
		}
		g := groups[best]
		for _, k := range g.units {
			length += utf8.RuneCountInString(all[g.source][k].Text)
		}
		if len(chosen) > 0 && length > extractLength {
			break
		}
		chosen = append(chosen, g)
	}
	slices.SortFunc(chosen, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.units[0], b.units[0]))
	})
	return chosen
}

func jaccard(a, b map[string]bool) float64 {
	both := 0
	for t := range a {
		if b[t] {
			both++
		}
	}
	return float64(both) / float64(max(1, len(a)+len(b)-both))
}

// content is the set of index terms of a question that say what it asks about.
func content(question string) map[string]bool {
	asked := map[string]bool{}
	for _, t := range text.QueryTerms(question) {
		asked[t] = !strings.HasPrefix(t, "=")
	}
	out := map[string]bool{}
	for _, w := range strings.Fields(question) {
		if asking.MatchString(strings.Trim(w, punctuation)) {
			continue
		}
		if m := verbal.FindStringSubmatch(w); m != nil {
			w = m[1]
		}
		for _, t := range text.Terms(w) {
			if asked[t] {
				out[t] = true
			}
		}
		for _, s := range text.Synonyms(w) {
			for _, t := range bigrams(s) {
				out[t] = true
			}
		}
	}
	return out
}

// asking are words that only say which amount is asked for; see empty for where they end.
var asking = regexp.MustCompile(`^(?:며칠|몇|얼마)|^(?:언제|누구)(?:[^나]|나?$)|^(?:누가|모두|안에서?|이내|동안|최[고대]|[1한]인당)` + after)

// verbal are words with an ending of a verb, which shares its syllables with all others: 늦으면, 돌려받나요.
var verbal = regexp.MustCompile(`^([가-힣]+?)(?:하려면|으려면|려면|하면|으면|이면|되면|[하되있받]나요|나요|인가요|은가요|는가요|까요|해야|어야|아야|해도|하는|되는|하고|하여|합니까|됩니까)[?.]?$`)

var (
	proviso = regexp.MustCompile(`^(?:다만|단|이 경우|그러나|이때)[,\s]`)
	part    = regexp.MustCompile(`^[가-하]\.\s`) // a 목 of a 호
	chapeau = regexp.MustCompile(`다음\s*각\s*[호목]|다음과 같다|아래와 같다|다음의`)
)
