package score

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/eval/golden"
	"biseo/korea/law"
	"biseo/korea/text"
)

var (
	quotation  = regexp.MustCompile(`[“"]([^”"]+)[”"]`)
	department = regexp.MustCompile(`[가-힣]{2,10}(?:담당관|위원회|심의회|행정복지센터|센터|사업소|구청|시청|과)(?:$|[^가-힣]|[은는이가을를의에와])`)
)

// noDepartment are words that end as departments do.
var noDepartment = regexp.MustCompile(`(?:결|성|효|경|통|초|부|일|교|학|제|사|음)과$`)

// hole is what a draft leaves for a person to fill in. It states nothing.
var hole = regexp.MustCompile(`○○[가-힣]*|0{2,3}-0{3,4}-0{4}|\[[^\[\]]*(?:확인|작성 필요)[^\[\]]*\]`)

// quoteLength is how many characters make a quotation that must be exact: shorter
// ones are words, not quotations.
const quoteLength = 8

// grounding judges each sentence by what it cites, from the text alone: what the
// answer says of its own sentences is not believed.
//
// A sentence is factual, and needs a citation, if it is shown as verified or states
// a claim that neither the request nor the name of a source holds. So greetings, the
// gist of a complaint, headings taken from a document and the list of sources at
// the end of a report are not factual; a date in any of them that nobody gave is.
func (s *Score) grounding(c golden.Case, a *assistant.Answer) {
	given := strings.Join([]string{c.Question, c.Topic, c.Complaint, c.Received, c.Department, c.Name, c.Phone, c.On}, "\n")
	known, held := given, given // what a sentence, and a heading, may say without a citation
	for _, src := range a.Sources {
		known += "\n" + named(src)
		held += "\n" + src.Text + "\n" + named(src)
	}
	var cites, valid, factual, covered, quotes, exact int
	all, good := map[Metric]int{}, map[Metric]int{}
	for x, heading := range placed(a.Blocks) {
		if x.Status == ground.Gap || x.Status == ground.Unverified {
			continue // marked as such for the reader
		}
		var evidence []ground.Source
		for _, cite := range x.Cites {
			cites++
			src, ok := cited(a.Sources, cite)
			if !ok {
				s.find(fmt.Sprintf("근거 %d의 인용이 원문과 다름: %q", cite.Source, clip(cite.Quote)))
				continue
			}
			valid++
			evidence = append(evidence, src)
		}
		claims := claims(x.Text, given)
		if len(x.Cites) == 0 {
			said := known
			if heading {
				said = held
			}
			if x.Status == ground.Verified || slices.ContainsFunc(claims, func(c claim) bool { return !c.saidIn(said) }) {
				factual++
				s.find("근거가 달리지 않은 문장: " + clip(x.Text))
			}
			continue
		}
		if x.Status == ground.Verified || len(claims) > 0 {
			factual++
			covered++
		}
		for _, claim := range claims {
			all[claim.metric]++
			if claim.standsIn(evidence) {
				good[claim.metric]++
			} else {
				s.find(fmt.Sprintf("근거에 없는 값 %s: %s", claim.written, clip(x.Text)))
			}
		}
		for _, q := range quotation.FindAllStringSubmatch(x.Text, -1) {
			if utf8.RuneCountInString(q[1]) < quoteLength || golden.Holds(given, q[1]) {
				continue
			}
			quotes++
			if holdsAny(evidence, q[1]) {
				exact++
			} else {
				s.find("근거에 없는 인용: " + clip(q[1]))
			}
		}
	}
	s.share(CiteValid, valid, cites)
	s.share(CiteCoverage, covered, factual)
	s.share(QuoteExact, exact, quotes)
	for m, n := range all {
		s.share(m, good[m], n)
	}
}

// cited returns the source of a citation whose quote is exactly the span it names.
func cited(sources []ground.Source, c ground.Cite) (ground.Source, bool) {
	if c.Source < 1 || c.Source > len(sources) {
		return ground.Source{}, false
	}
	src := sources[c.Source-1]
	runes := []rune(src.Text)
	return src, src.N == c.Source && 0 <= c.Start && c.Start < c.End && c.End <= len(runes) && string(runes[c.Start:c.End]) == c.Quote
}

// A claim is something exact that a sentence states.
type claim struct {
	metric  Metric
	written string
	value   *text.Value
	cite    *law.Citation
}

// claims lists what a sentence states that given, the words of the request, does
// not already say.
func claims(sentence, given string) []claim {
	sentence = hole.ReplaceAllString(sentence, "○")
	runes := []rune(sentence)
	known := map[string]bool{}
	for _, v := range text.Values(text.NFC(given)) {
		known[v.Key()] = true
	}
	var out []claim
	for _, v := range text.Values(sentence) {
		if !known[v.Key()] {
			out = append(out, claim{metric: metricOf(v.Kind), written: string(runes[v.Start:v.End]), value: &v})
		}
	}
	for _, f := range law.Resolve(sentence, law.Find(sentence), law.Citation{}) {
		if c := f.Citation; !f.Heading && !c.Whole() {
			out = append(out, claim{metric: Articles, written: string(runes[f.Start:f.End]), cite: &c})
		}
	}
	for _, d := range department.FindAllString(sentence, -1) {
		name := strings.TrimRight(d, "은는이가을를의에와 ,.()[]")
		if !golden.Holds(given, name) && !noDepartment.MatchString(name) {
			out = append(out, claim{metric: Entities, written: name})
		}
	}
	return out
}

func metricOf(k text.Kind) Metric {
	switch k {
	case text.Money:
		return Amounts
	case text.Date, text.Time:
		return Dates
	case text.Period:
		return Periods
	case text.Phone, text.Email, text.URL:
		return Entities
	}
	return Numbers
}

// standsIn reports whether a cited source states the claim, in its text or in what
// is known of it: how it is cited, its title, the headings above it, its dates.
func (c claim) standsIn(evidence []ground.Source) bool {
	for _, src := range evidence {
		about := src.Text + "\n" + named(src)
		switch {
		case c.value != nil:
			for _, v := range text.Values(about) {
				if c.value.Matches(v) {
					return true
				}
			}
			if golden.Holds(about, c.written) {
				return true
			}
		case c.cite != nil:
			self, _ := law.Parse(src.Cite)
			if states(*c.cite, self) || c.cite.Law == "" && golden.Holds(about, c.written) { // 제1항 of a sentence that was copied
				return true
			}
			for _, f := range law.Resolve(about, law.Find(about), law.Citation{Law: self.Law}) {
				if states(*c.cite, f.Citation) {
					return true
				}
			}
		case golden.Holds(about, c.written):
			return true
		}
	}
	return false
}

// saidIn reports whether words that need no source state the claim.
func (c claim) saidIn(words string) bool {
	return golden.Holds(words, c.written) || c.value != nil && slices.ContainsFunc(text.Values(words), c.value.Matches)
}

// named is what is known of a source beside its text.
func named(src ground.Source) string {
	page := ""
	if src.Page > 0 {
		page = fmt.Sprintf("p. %d", src.Page)
	}
	return strings.Join(append([]string{src.Cite, src.Title, src.InForce.From, src.InForce.Until, src.Agency, page}, src.Path...), "\n")
}

// states reports whether a source that cites have, or is cited so, bears out want.
// Where the sentence names no law, that of the source is meant.
func states(want, have law.Citation) bool {
	if want.Law == "" {
		want.Law, want.Back = have.Law, have.Back
	}
	return want.Key() == have.Key() || want.Covers(have) || have.Covers(want) && have.Article != law.Unit{} && want.Article == have.Article
}

func holdsAny(evidence []ground.Source, quote string) bool {
	for _, src := range evidence {
		if golden.Holds(src.Text, quote) || golden.Holds(src.Cite, quote) {
			return true
		}
	}
	return false
}

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
