package ground

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/korea/law"
)

// Thresholds of [Check], chosen on generated truths and lies over Korean laws; the
// tests of this package measure and print the rates.
const (
	// minHeld is the share of a claim's distinct content terms that its support
	// must hold, minOverlap the share that support, neighbouring sentences, title
	// and headings must hold together. Sentences of the same law that say
	// something else share less.
	minHeld, minOverlap = 0.5, 0.72
	// maxSupport is how many sentences may support one claim together.
	maxSupport = 3
	// minGain is how many terms a further sentence must add to the support. A
	// sentence that only brings the one number that is missing adds fewer.
	minGain = 3
	// factGain is how many terms a value or citation of the claim counts for when
	// the sentence that supports it best is chosen.
	factGain = 3
	// minClause is the share of the terms of a joined clause that one sentence must
	// hold to support it.
	minClause = 0.85
	// minWhole is the share of the support's terms from which a claim counts as
	// repeating all of it.
	minWhole = 0.9
	// nearWords is how many words on either side of a value are compared.
	nearWords = 3
)

// Check decides whether the citations of a sentence hold. Pure: no model, no
// network, no clock. It returns s as [Verified] only if all of this is so:
//
//   - s has a citation and every source number exists;
//   - a span given with a citation is a span of the source and its quote is
//     exactly that text. Without a span (Start, End and Quote zero) the
//     sentences of the source that support s best are found and filled in;
//     sources that contribute none lose their citation;
//   - those sources are in force on the day asked for (Source.On), and no law
//     named by s is, among the sources, only deleted or out of force that day;
//   - at least 50 % of the content terms of s occur in that support, and 72 % in it,
//     its neighbours, the title and the headings;
//   - every number, amount, date, period, telephone number, address and every
//     legal citation of s stands in the support with equal value, as often, in
//     the same order, near one of the same words. A legal citation may instead
//     name the place of the support itself;
//   - every word of s stands in the support, but for endings and a few synonyms, or
//     in title, headings or neighbours; what s says of its subject in the end stands
//     in the support itself, as does its subject or in title and headings;
//   - a value, or what is said of one of several topics, belongs to the part of the
//     sentence, or the row of the table, whose words s has beside it, and is not what
//     was so before a change (X in X에서 Y로);
//   - words in quotation marks are verbatim in a cited source;
//   - names of departments and Latin words occur in a cited source;
//   - duty, discretion, prohibition, negation, bounds (이상, 초과), quantifiers and
//     opposites are those of the support;
//   - who acts, and to whom, and what comes before or after what, is as in the
//     support; an item of a list stands under its own head, and a value from a
//     table under the labels of its row.
//
// Otherwise s is [Unverified] and Why says in Korean what is missing. What
// cannot be parsed is unverified. A sentence that repeats its span or a whole
// sentence of a source word for word is verified without further questions. A
// sentence that is only a hole such as [작성 필요: 담당자 연락처] is a [Gap].
// Placeholders of [Placeholders] state nothing.
//
// Warn says what a verified sentence may leave out: who acts, a condition, a period
// or range, an exception, the proviso that follows its support. Under a span that it repeats
// word for word, a sentence keeps the Warn that it came with.
func Check(s Sentence, sources []Source) Sentence { return (&evidence{sources: sources}).check(s) }

// Attach checks a sentence against the sources that it names and then, while it
// does not hold, against each other source alone and against each passage with the
// next one of its document: most claims that fail are true and cite the wrong
// passage (CiteFix, 2025). It returns the first that holds, or what is wrong with the sources named.
func Attach(text string, cited []int, all []Source) Sentence {
	e := &evidence{sources: all}
	try := func(cited ...int) Sentence {
		s := Sentence{Text: text}
		for _, n := range cited {
			s.Cites = append(s.Cites, Cite{Source: n})
		}
		return e.check(s)
	}
	first := try(cited...)
	if first.Status != Unverified || !HasWord(text) {
		return first
	}
	for _, a := range all {
		if again := try(a.N); again.Status == Verified {
			return again
		}
	}
	for i, a := range all {
		next := slices.IndexFunc(all[i+1:], func(b Source) bool { return a.DocID != "" && a.DocID == b.DocID })
		if next < 0 {
			continue
		}
		if again := try(a.N, all[i+1+next].N); again.Status == Verified {
			return again
		}
	}
	return first
}

var gapOnly = regexp.MustCompile(`^\s*\[작성 필요(?::[^\[\]]*)?\]\s*\.?$`)

// A claimant is a sentence under check.
type claimant struct {
	text   string          // without placeholders
	bare   string          // a blank for each letter of a fact
	terms  map[string]bool // content terms, without its facts
	inText map[string][]fact
}

// frame are words that say where a sentence comes from or how it is tied to the
// one before; they state nothing.
var frame = regexp.MustCompile(`^(?:또한|따라서|그러므로|그리고|아울러|한편|특히|즉|참고로|이에 따라),? |(?:에 따르면|에 의하면|에 근거하여|에 따라),? |[하되]?도록 (?:(?:규정|명시|정)하고|되어) 있[가-힣]*|고 (?:규정|명시|정)하고 있[가-힣]*|\(근거:`)

func newClaimant(s string) claimant {
	s = placeholder.ReplaceAllStringFunc(s, func(m string) string { return strings.Repeat(" ", utf8.RuneCountInString(m)) })
	runes := []rune(s)
	plain := facts(s, law.Citation{})
	for _, f := range plain { // facts have their own check
		for i := f.start; i < f.end; i++ {
			runes[i] = blank
		}
	}
	bare := string(runes)
	return claimant{s, bare, contentTerms(strings.ReplaceAll(frame.ReplaceAllString(bare, " "), string(blank), " ")), map[string][]fact{"": plain}}
}

// facts are the claim's facts as they read beside a source: 제2항 in a claim about
// 「가」 제5조 is 「가」 제5조제2항.
func (c claimant) facts(src Source) []fact {
	all, ok := c.inText[src.Cite]
	if !ok {
		self, _ := own(src)
		all = facts(c.text, self)
		c.inText[src.Cite] = all
	}
	return all
}

// A passage is a unit that may support a claim, with its source.
type passage struct {
	Unit
	source Source
	at     int             // among the passages of its source
	head   int             // of a row of a table, the first row; otherwise at
	terms  map[string]bool // with those of the first row
	facts  []fact
}

// states reports whether a fact stands in p.
func (p passage) states(f fact) bool {
	return slices.ContainsFunc(p.facts, func(g fact) bool { return same(f, g) })
}

// rivals reports whether p states something else in the place of f: 70세 where a
// claim says 65세.
func (p passage) rivals(f fact) bool {
	return !p.states(f) && slices.ContainsFunc(p.facts, func(g fact) bool {
		return (f.cite == nil) == (g.cite == nil) && f.value.Kind == g.value.Kind && f.value.Unit == g.value.Unit
	})
}

// extra is how many terms p has that o has not.
func (p passage) extra(o passage) int {
	n := 0
	for t := range p.terms {
		if !o.terms[t] {
			n++
		}
	}
	return n
}

// evidence are the sources of a check, each read at most once.
type evidence struct {
	sources []Source
	read    map[int][]passage // by index
}

// passages are all units of source n, from 1.
func (e *evidence) passages(n int) []passage {
	if out, ok := e.read[n]; ok {
		return out
	}
	src := e.sources[n-1]
	self, _ := own(src)
	all := facts(src.Text, self)
	var out []passage
	for i, u := range Units(src) {
		p := passage{Unit: u, source: src, at: i, terms: heldTerms(u.Text), head: i}
		if u.Cells > 1 && i > 0 && out[i-1].Cells == u.Cells {
			p.head = out[i-1].head
			maps.Copy(p.terms, out[p.head].terms)
		}
		for len(all) > 0 && all[0].start < u.Start {
			all = all[1:]
		}
		for _, f := range all {
			if f.start >= u.End {
				break
			}
			if f.end <= u.End {
				p.facts = append(p.facts, f)
			}
		}
		out = append(out, p)
	}
	if e.read == nil {
		e.read = map[int][]passage{}
	}
	e.read[n] = out
	return out
}

// candidates are the passages of source n that overlap code points [start, end)
// and say something.
func (e *evidence) candidates(n, start, end int) []passage {
	var out []passage
	for _, p := range e.passages(n) {
		if !p.Head && p.End > start && p.Start < end {
			out = append(out, p)
		}
	}
	return out
}

// A trial holds a claim against its support.
type trial struct {
	claimant
	support []passage // in the order of the sources and of their text
	cited   []Source
	*evidence
}

// check is [Check] with sources that may have been read before.
func (e *evidence) check(s Sentence) Sentence {
	if gapOnly.MatchString(s.Text) {
		s.Status, s.Why, s.Warn = Gap, "", ""
		return s
	}
	if cites, ok := quotes(s, e.sources); ok && e.sources[cites[0].Source-1].lapsed() == "" {
		s.Cites, s.Status, s.Why = cites, Verified, ""
		return s
	}
	cites, why, warn := e.judge(s)
	if why != "" {
		s.Status, s.Why, s.Warn = Unverified, why, ""
		return s
	}
	s.Cites, s.Status, s.Why, s.Warn = cites, Verified, "", warn
	return s
}

// judge returns the citations of a sentence that holds with what to warn of, or
// why it does not hold.
func (e *evidence) judge(s Sentence) (cites []Cite, why, warn string) {
	if !HasWord(s.Text) {
		return nil, "확인할 내용이 없는 문장", ""
	}
	if len(s.Cites) == 0 {
		return nil, "근거 번호가 없음", ""
	}
	t := trial{evidence: e}
	var candidates []passage
	var given []Cite // those with a span
	key := Squeeze(s.Text)
	for _, c := range s.Cites {
		if c.Source < 1 || c.Source > len(e.sources) {
			return nil, fmt.Sprintf("없는 근거 번호: %d", c.Source), ""
		}
		src := e.sources[c.Source-1]
		if c == (Cite{Source: c.Source}) {
			if !slices.ContainsFunc(t.cited, func(o Source) bool { return o.N == src.N }) {
				t.cited = append(t.cited, src)
				candidates = append(candidates, e.candidates(c.Source, 0, math.MaxInt)...)
			}
			continue
		}
		if !holds(c, src) {
			return nil, fmt.Sprintf("인용 구간이 근거 %d의 원문과 다름", c.Source), ""
		}
		found := e.candidates(c.Source, c.Start, c.End)
		whole := len(found) > 0 && found[0].Start == c.Start && found[len(found)-1].End <= c.End
		if whole && Squeeze(clean(c.Quote)) == key {
			return []Cite{c}, src.lapsed(), s.Warn
		}
		given, t.cited, candidates = append(given, c), append(t.cited, src), append(candidates, found...)
	}
	t.claimant = newClaimant(s.Text)
	for _, p := range candidates {
		if len(given) == 0 && p.repeatedBy(key) && p.source.lapsed() == "" {
			t.support = []passage{p}
			return citesOf(t.support), "", t.dropped()
		}
	}
	var held, around float64
	t.support, held, around = supporting(t.claimant, candidates)
	if len(t.support) == 0 || held < minHeld || around < minOverlap {
		return nil, fmt.Sprintf("근거 %s에서 확인되지 않는 내용", numbersOf(t.cited)), ""
	}
	for _, rule := range []func(trial) string{trial.inForce, trial.values, trial.quotations, trial.names, trial.polarity, trial.wording, trial.rows, trial.besides, trial.actors, trial.lists, trial.ordered, trial.told, trial.letters, trial.is} {
		if why := rule(t); why != "" {
			return nil, why, ""
		}
	}
	return citesOf(t.support, given...), "", t.dropped()
}

// repeatedBy reports that a claim, squeezed, is p word for word, with or without
// the mark that p begins with.
func (p passage) repeatedBy(key string) bool {
	if len(p.Text) < len(key) || len(p.Text) > 2*len(key)+16 {
		return false
	}
	return Squeeze(p.Text) == key || Squeeze(p.Text[len(Mark(p.Text)):]) == key
}

// holds reports whether a citation's span lies in the source and its quote is
// exactly that text.
func holds(c Cite, src Source) bool {
	r := []rune(src.Text)
	return c.Start >= 0 && c.Start < c.End && c.End <= len(r) && string(r[c.Start:c.End]) == c.Quote
}

// supporting picks the units that support a claim: the one that shares most
// content terms and facts with it, then others that add at least minGain. A fact
// does not count where the unit with most terms states another in its place. It
// returns them in the order of the sources, with the share of the claim's terms
// that they hold, and the share that they hold together with their neighbours,
// the title and the headings: a claim may name what a sentence leaves to those.
func supporting(c claimant, candidates []passage) (out []passage, held, around float64) {
	if len(c.terms) == 0 {
		return nil, 0, 0
	}
	missing := maps.Clone(c.terms)
	shares := func(p passage) int {
		n := 0
		for t := range missing {
			if p.terms[t] {
				n++
			}
		}
		return n
	}
	var taken []int
	take := func(value func(passage) int, least int) bool {
		best, most, size := -1, 0, 0
		for i, p := range candidates {
			if n := value(p); !slices.Contains(taken, i) && (n > most || n == most && n > 0 && len(p.terms) < size) {
				best, most, size = i, n, len(p.terms)
			}
		}
		if most < least {
			return false
		}
		taken = append(taken, best)
		return true
	}
	if !take(shares, 1) {
		return nil, 0, 0
	}
	first := candidates[taken[0]]
	best := shares(first)
	taken = nil
	take(func(p passage) int {
		n := shares(p)
		whole := n
		for _, f := range c.facts(p.source) {
			stated := p.states(f) || f.cite != nil && places(*f.cite, p) // a claim that names its article names its support
			if n > 0 && stated && (whole >= best && p.extra(first) <= 1 || !first.rivals(f)) {
				n += factGain
			}
		}
		return n
	}, 1)
	for len(taken) <= maxSupport {
		for t := range candidates[taken[len(taken)-1]].terms {
			delete(missing, t)
		}
		if len(taken) == maxSupport || !take(shares, minGain) {
			break
		}
	}
	for _, clause := range clauses(c.text) {
		if i := clause.stands(candidates); i >= 0 && !slices.Contains(taken, i) && len(taken) < maxSupport {
			taken = append(taken, i)
			for t := range candidates[i].terms {
				delete(missing, t)
			}
		}
	}
	slices.Sort(taken) // candidates come in the order of the citations and of the text
	left := maps.Clone(missing)
	for _, i := range taken {
		p := candidates[i]
		out = append(out, p)
		beside := heldTerms(strings.Join(append([]string{p.source.Title, p.source.Cite, p.source.Agency}, p.source.Path...), "\n"))
		for _, k := range []int{i - 1, i + 1} {
			if k >= 0 && k < len(candidates) && candidates[k].source.N == p.source.N {
				maps.Copy(beside, candidates[k].terms)
			}
		}
		for t := range beside {
			delete(left, t)
		}
	}
	n := float64(len(c.terms))
	return out, 1 - float64(len(missing))/n, 1 - float64(len(left))/n
}

// citesOf cites the units of a support, neighbours in one span. A unit that
// overlaps a span given by the caller is cited by that span.
func citesOf(support []passage, given ...Cite) []Cite {
	var out []Cite
	for i, p := range support {
		n := len(out)
		if k := slices.IndexFunc(given, func(c Cite) bool { return c.Source == p.source.N && p.Start < c.End && c.Start < p.End }); k >= 0 {
			if !slices.Contains(out, given[k]) {
				out = append(out, given[k])
			}
			continue
		}
		if n > 0 && support[i-1].source.N == p.source.N && out[n-1].End <= p.Start &&
			strings.TrimSpace(string([]rune(p.source.Text)[out[n-1].End:p.Start])) == "" {
			out[n-1] = Span(p.source, out[n-1].Start, p.End)
			continue
		}
		out = append(out, Span(p.source, p.Start, p.End))
	}
	return out
}

// numbersOf prints source numbers: 1, 3.
func numbersOf(sources []Source) string {
	var out []string
	for _, s := range sources {
		out = append(out, fmt.Sprint(s.N))
	}
	return strings.Join(out, ", ")
}
