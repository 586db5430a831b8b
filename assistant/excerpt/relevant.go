package excerpt

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/assistant/ground"
	"biseo/korea/text"
)

// What words of a question count towards what it is about, and the share of that
// which one passage must hold: see [Relevant].
const (
	predicateWeight = 0.85 // of a verb or an adjective: documents say it otherwise
	unknownWeight   = 2    // a noun that no document holds counts so many times
	minCovered      = 0.45
)

// nounWeight is that of a noun by its syllables: a compound says what is asked about,
// one syllable (일, 곳, 돈) hardly anything.
func nounWeight(stem string) float64 {
	switch utf8.RuneCountInString(stem) {
	case 1:
		return 0.3
	case 2:
		return 1
	case 3:
		return 1.3
	}
	return 1.6
}

// Relevant decides whether sources can answer a question at all, without a model:
// whether one of them, with its title and headings, holds minCovered of what the
// question is about. Nouns say that more than verbs, long ones more than short ones;
// what is said of an amount, a day or a person (서른여덟인, 100일, 작년) is the case at
// hand and says nothing of it. Unknown are nouns that no document at all holds: a
// question of 할부 is not answered by what is said of 요금 where 할부 stands nowhere. A word
// is held where a synonym of it is.
//
// Weights and share were chosen on the tuning cases of the golden sets. With the search
// before it (biseo eval run), it refuses 23 of their 26 questions that nothing answers
// and answers all 66 others; of the test cases it refuses 44 of 54 and answers 126 of
// 132. Words cannot tell a neighbouring subject from the one asked about where all are
// shared, so the reader is told that these are extracts.
func Relevant(question string, sources []ground.Source, unknown []string) bool {
	words := subject(question)
	return slices.ContainsFunc(sources, func(s ground.Source) bool { return covered(words, held(s), unknown) >= minCovered })
}

// Coverage is the share of the words of a topic, from 0 to 1, that a source with its
// title and headings holds. A word counts by its number of index terms and is held
// where half of them are.
func Coverage(topic string, s ground.Source) float64 {
	have := held(s)
	asked, found, all := content(topic), 0, 0
	for _, w := range strings.Fields(topic) {
		word := subjectWord{terms: slices.DeleteFunc(bigrams(w), func(t string) bool { return !asked[t] })}
		if all += len(word.terms); 2*word.share(have) >= 1 {
			found += len(word.terms)
		}
	}
	return float64(found) / float64(max(1, all))
}

// Missing are the nouns of a question, without their particles and of more than a
// syllable, that no source holds.
func Missing(question string, sources []ground.Source) []string {
	var out []string
	have := make([]map[string]bool, len(sources))
	for i, s := range sources {
		have[i] = held(s)
	}
	for _, w := range subject(question) {
		if w.noun && utf8.RuneCountInString(w.stem) > 1 && !slices.Contains(out, w.stem) &&
			!slices.ContainsFunc(have, func(h map[string]bool) bool { return 2*w.share(h) > 1 }) {
			out = append(out, w.stem)
		}
	}
	return out
}

// Renamed are the nouns of a question that sources hold by a synonym alone, each with
// the synonyms that are there: 벌금(과태료).
func Renamed(question string, sources []ground.Source) []string {
	var out []string
	holds := func(noun string) bool {
		return slices.ContainsFunc(sources, func(s ground.Source) bool { return Holds(noun, s) })
	}
	for _, w := range subject(question) {
		if !w.noun || len(w.other) == 0 || holds(w.stem) {
			continue
		}
		there := slices.DeleteFunc(text.Synonyms(w.stem), func(s string) bool { return !holds(s) })
		if said := w.stem + "(" + strings.Join(there, ", ") + ")"; len(there) > 0 && !slices.Contains(out, said) {
			out = append(out, said)
		}
	}
	return out
}

// Holds reports whether a source holds a noun of [Missing] or a form of it: half of
// its index terms.
func Holds(noun string, s ground.Source) bool {
	return 2*subjectWord{terms: bigrams(noun)}.share(held(s)) >= 1
}

// held is the set of index terms of a source, its title and headings included.
func held(s ground.Source) map[string]bool {
	have := map[string]bool{}
	for _, t := range text.Terms(strings.Join(append([]string{s.Title, s.Cite, s.Text}, s.Path...), "\n")) {
		have[t] = true
	}
	return have
}

// covered is the share of the weight of words that a set of terms holds.
func covered(words []subjectWord, have map[string]bool, unknown []string) float64 {
	found, all := 0.0, 0.0
	for _, w := range words {
		weight := predicateWeight
		if w.noun {
			weight = nounWeight(w.stem)
			if slices.Contains(unknown, w.stem) {
				weight *= unknownWeight
			}
		}
		all += weight
		if 2*w.share(have) > 1 { // half is not enough: 화장실 does not hold 화장장
			found += weight
		}
	}
	if all == 0 {
		return 0
	}
	return found / all
}

// A subjectWord is a word of a question that says what it is about.
type subjectWord struct {
	stem  string // without its particle
	noun  bool   // otherwise a verb or an adjective
	terms []string
	other [][]string // the terms of each of its synonyms
}

// share of the terms of w, or of a synonym of it, that have holds.
func (w subjectWord) share(have map[string]bool) float64 {
	var best float64
	for _, terms := range append([][]string{w.terms}, w.other...) {
		n := 0
		for _, t := range terms {
			if have[t] {
				n++
			}
		}
		best = max(best, float64(n)/float64(max(1, len(terms))))
	}
	return best
}

// bigrams are the distinct index terms of a word, without the stem that repeats them.
func bigrams(word string) []string {
	all := slices.DeleteFunc(text.Terms(word), func(t string) bool { return strings.HasPrefix(t, "=") })
	return slices.Compact(slices.Sorted(slices.Values(all)))
}

const (
	// particle is what stands behind a noun.
	particle = `에서[는도]|에서|에게|으로[는도]|으로|한테|까지는|까지|부터|이나|에는|에도|보다|마다|처럼|만큼|이랑|하고|은|는|이|가|을|를|의|에|도|로|과|와|만`
	// after is what may end a word that asks, dates or counts, forms of 이다 included: 하루입니까.
	after       = `(?:` + particle + `|엔|나|으?로[서써]|이?라[도면]?|인가요?|인데요?|인지요?|이?었나요|였나요|이?었고|였고|이에요|예요|입니[까다]|이[고며면다죠]|이지요?|일까요?|인)*$`
	tens        = `열|스물|스무|서른|마흔|쉰|예순|일흔|여든|아흔`
	punctuation = "?!.,·\"'“”‘’()「」" // around words
)

var (
	// empty are words that ask, or that every question may hold. A beginning stands
	// open only where no noun begins so (얼마), for 이미 begins 이미지, 대한 대한노인회,
	// 동안 동안구청 and 언제나 언제나돌봄; what particles make a noun of (수도, 건의) takes none.
	empty = regexp.MustCompile(`^(?:며칠|몇|얼마|얼만|뭐|무엇|무슨|어떻|어떤|어느|어때|것|알려|궁금)` +
		`|^(?:언제|누구|어디)(?:$|[^나서]|서$|서[^나]|서?나$)` +
		`|^(?:왜|때|때는|게|거|건|더|또|다|좀|꼭|못|안|수|및|같은[데지]?|대한|위한|따른|관한|알고|알고싶.*)$` +
		`|^(?:누가|모두|[안전뒤후]에서?|이내|동안|최[고대]|최대한|[1한]인당|또는|다시|따로|함께|미리|이미|아직|사람들?|경우|그리고|혹시|많이|제일|가장|이제|없이|말고)` + after)
	// when are words of time that depend on the day of the question; 내일배움카드 is none.
	when = regexp.MustCompile(`^(?:(?:올해|작년|내년)[도초말분]?|(?:지난|이번|다음)[해달주번날]?|오늘|내일|어제|요즘|지금|현재|예전|그때|그날|이때|(?:하루|일주일|열흘)(?:[치째간당씩쯤]|짜리)?)` + after)
	// figure is a number, in digits or words, with or without its counter: the case at hand.
	// 30분주차요금 is more.
	figure = regexp.MustCompile(`^[0-9][0-9.,:~∼천백십만억-]*[^0-9]{0,4}` + after + `|^(?:한|두|세|네|열|스무)$` +
		`|^(?:` + tens + `)?(?:하나|둘|셋|넷|다섯|여섯|일곱|여덟|아홉)` + after + `|^(?:스물|서른|마흔|쉰|예순|일흔|여든|아흔)` + after +
		`|^(?:` + tens + `)?(?:한|두|세|네|다섯|여섯|일곱|여덟|아홉|` + tens + `)(?:명|개|번|달|장|시|주|살|시간|개월|번째)(?:간|째|치|씩|당|쯤|짜리)?` + after)
	// light are short forms of verbs that carry no content: 하나요, 있는지, 줘야.
	light = regexp.MustCompile(`^[하한되있없않주받내](?:거나|도록|는가|[으을아어여았었겠셨시신십세나네는은지죠요면도서야고려니게며다까던데러습더라느든만]){0,3}$`)
	// nominal is how a noun ends that is what is asked: 데시벨인가요.
	nominal = regexp.MustCompile(`^(.+?)(?:인가요?|은가요?|이에요|예요|인데요?)$`)
	// inflected is how verbs and adjectives end, and some nouns: see actions.
	inflected = regexp.MustCompile(`(?:요|죠|네|다|까|니|는지|은지|인지|을지|할지|[았었했됐]는데|는데|은데|한데|라는|다는|고|려면|[으하되이히리기우추키지]면|[아어여해혀와라눠]서|[아어여해워와써줘내]야|[아어여해워와]도|[아어여해워와혀쳐져려겨켜춰꿔줘봐돼써떼빼재대]|더니|느라|던|도록|하게|되게|지만|거나|든지|하는|되는|주는|리는|지는|오는|나|면|러|려)$`)
	actions   = regexp.MustCompile(`(?:신고|사고|창고|보고|공고|광고|예고|재고|출고|경고|권고|분야|화면|도면|서면)$`)
	particles = regexp.MustCompile(`(?:` + particle + `)$`)
)

// subject are the words of a question that say what it is about.
func subject(question string) []subjectWord {
	asked := map[string]bool{}
	for _, t := range text.QueryTerms(question) {
		asked[t] = true
	}
	var out []subjectWord
	all := strings.Fields(question)
	for i, w := range all {
		w = strings.Trim(w, punctuation)
		hidden := strings.Contains(w, "○") || i+1 < len(all) && strings.HasPrefix(all[i+1], "○") // 전화는 ○○○
		if w == "" || hidden || empty.MatchString(w) || when.MatchString(w) || figure.MatchString(w) {
			continue
		}
		terms := slices.DeleteFunc(bigrams(w), func(t string) bool { return !asked[t] })
		if len(terms) == 0 {
			continue
		}
		word := subjectWord{stem: w, terms: terms}
		for _, s := range text.Synonyms(w) {
			word.other = append(word.other, bigrams(s))
		}
		switch m := nominal.FindStringSubmatch(w); {
		case m != nil:
			word.stem, word.noun = m[1], true
		case inflected.MatchString(w) && !actions.MatchString(w):
			if light.MatchString(w) {
				continue
			}
		case i == len(all)-1 || utf8.RuneCountInString(w) == 1 || !modifies(w):
			if word.stem, word.noun = particles.ReplaceAllString(w, ""), true; word.stem == "" {
				word.stem = w
			}
		}
		out = append(out, word)
	}
	return out
}

// modifies reports whether a word ends as a verb does before a noun: 세운, 받을. Some
// nouns do.
func modifies(w string) bool {
	r, _ := utf8.DecodeLastRuneInString(w)
	final := (r - '가') % 28
	return r >= '가' && r <= '힣' && (final == 4 || final == 8) && !particles.MatchString(w) // ㄴ, ㄹ
}
