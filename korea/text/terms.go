// Package text reads Korean administrative prose: normal forms for matching,
// sentences, index terms, and the numbers, dates and amounts that it states.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"biseo/korea/law"
)

// Version names the term rules. An index built with another version must be rebuilt.
const Version = "terms-2"

// The first characters of terms that are not plain words.
const (
	stemMark = "="
	lawMark  = "§"
	linkMark = "→"
)

// Terms returns the index terms of s in order, repeats included. s may be any
// text; it is read in NFC, with full-width characters as ASCII and without invisible
// ones. The terms of
//
//   - a Hangul word are the bigrams of its stem, 처리 리기 기간 for 처리기간을, and
//     from two syllables on the whole stem, =처리기간; a word of one syllable is a term,
//     and so is the first of two when the second may be a particle;
//   - two words with a space between, the first without a particle, also the
//     bigram across the space, because 처리 기간 and 처리기간 are both written;
//   - a name that has a Latin abbreviation is that too, mou for 업무협약;
//   - a Latin word is itself in lower case, without the s of the plural;
//   - a number is its digits, 1234 for 1,234, and with the syllable that follows
//     it directly, 21조; dates (2026-10-02, 10-02), months (2026-10), amounts of money
//     (50000원) and telephone numbers (0212345678) have one form, however they are written;
//   - Han characters are the characters and their bigrams, and where all readings of
//     the word are known the terms of the Hangul word, 민원 for 民願;
//   - a citation of law is §NAME, §NAME/21 and §NAME/21/1, every place that
//     contains it, in the form of [law.Citation.Key] and beside the terms above;
//     without a law name it is §/21.
//
// A term may share memory with s.
func Terms(s string) []string {
	sc := scanner{s: normal(s)}
	sc.scan()
	return sc.out
}

// QueryTerms returns the terms to search for when s is asked: those of [Terms]
// without the words that only ask (어떻게, 알려주세요, what), which are frequent in
// questions and rare, hence costly, in statutes. If s has no other words, they stay.
// For each article that s names stands also its [LinkTerm], and for a range, 제3조부터
// 제5조까지, what lies in it.
func QueryTerms(s string) []string {
	sc := scanner{s: normal(s), query: true}
	if sc.scan(); len(sc.out) == 0 {
		return Terms(s)
	}
	return sc.out
}

// Weight is what a term's score is multiplied by in ranking, by its kind. An
// article that the query names outweighs the query's other words together.
// Whole stems repeat what their bigrams say and only break ties.
func Weight(term string) float64 {
	switch {
	case strings.HasPrefix(term, stemMark):
		return 0.15
	case strings.Count(term, "/") > 1 && IsArticle(term): // most articles are cited whole
		return 5
	case IsArticle(term):
		return 30
	case strings.HasPrefix(term, linkMark):
		return 3
	case strings.HasPrefix(term, lawMark):
		return 2
	}
	return 1
}

// LawTerm is the term of [Terms] for a provision: §민원처리에관한법률/21.
func LawTerm(c law.Citation) string { return lawMark + c.Key() }

// LinkTerm is the term by which a chunk is found that refers to the provision of a
// [LawTerm], in whatever words: →민원처리에관한법률/21. [QueryTerms] has it, [Terms] not.
func LinkTerm(lawTerm string) string { return linkMark + strings.TrimPrefix(lawTerm, lawMark) }

// IsArticle reports whether a term of [Terms] names an article, §NAME/21 or §/21,
// or a part of one.
func IsArticle(term string) bool {
	return strings.HasPrefix(term, lawMark) && strings.Contains(term, "/")
}

// IsLaw reports whether a term of [Terms] names a law, with or without an article.
func IsLaw(term string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(term, lawMark), "/")
	return strings.HasPrefix(term, lawMark) && name != ""
}

// normal is NFC with full-width characters as ASCII, without invisible ones. Unlike
// [Normalize] it leaves most texts as they are and then costs no copy.
func normal(s string) string {
	s = NFC(s)
	if !strings.ContainsFunc(s, func(r rune) bool { return isFullWidth(r) || isZeroWidth(r) }) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case isZeroWidth(r):
			return -1
		case isFullWidth(r):
			return plain(r)
		}
		return r
	}, s)
}

func isFullWidth(r rune) bool { return r >= '！' && r <= '～' }

// A class of characters of which words consist.
type class uint8

const (
	separator class = iota
	hangul
	latin // and every other alphabet
	digit
	han
)

func classOf(r rune) class {
	switch {
	case r >= '가' && r <= '힣':
		return hangul
	case r < utf8.RuneSelf:
		switch {
		case r >= '0' && r <= '9':
			return digit
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
			return latin
		}
		return separator
	case r >= 'ㄱ' && r <= 'ㆎ': // letters of lists (ㄱ.), and the middle dot ㆍ
		return separator
	case unicode.Is(unicode.Han, r):
		return han
	case unicode.IsLetter(r):
		return latin
	}
	return separator
}

// A scanner reads s from left to right. Only its own words are kept.
type scanner struct {
	s     string
	query bool
	out   []string
	made  strings.Builder // backs the terms that s does not contain as they are

	last   string // the last syllable of the word before, if the next word may continue it
	number string // the number that ends where the next word begins, else ""
}

func (sc *scanner) add(term string) { sc.out = append(sc.out, term) }

// join adds the term that parts make together.
func (sc *scanner) join(parts ...string) {
	start := sc.made.Len()
	for _, p := range parts {
		sc.made.WriteString(p)
	}
	sc.add(sc.made.String()[start:]) // stays valid when made grows
}

func (sc *scanner) scan() {
	sc.out = make([]string, 0, len(sc.s)/4)
	for i := 0; i < len(sc.s); {
		r, size := utf8.DecodeRuneInString(sc.s[i:])
		c := classOf(r)
		if c == separator {
			if r != ' ' && r != '\n' && r != '\t' {
				sc.last = ""
			}
			sc.number = ""
			i += size
			continue
		}
		j := i + size
		for j < len(sc.s) {
			r, size := utf8.DecodeRuneInString(sc.s[j:])
			if next := classOf(r); next != c && !(c == latin && next == digit) {
				break
			}
			j += size
		}
		word := sc.s[i:j]
		switch c {
		case hangul:
			sc.hangul(word)
		case han:
			sc.han(word)
		case latin:
			sc.latin(word)
		case digit:
			j = sc.digits(i, j)
		}
		if c != hangul {
			sc.last = ""
		}
		if c != digit {
			sc.number = ""
		}
		i = j
	}
	sc.laws()
}

const syllable = len("가")

func (sc *scanner) hangul(word string) {
	if sc.number != "" {
		sc.join(sc.number, word[:syllable])
	}
	before := sc.last
	sc.last = ""
	if sc.query && functionWords[word] {
		return
	}
	if before != "" {
		sc.join(before, word[:syllable])
	}
	stem := word[:stemLen(word)]
	for _, a := range longNames[stem] {
		sc.add(a)
	}
	switch n := len(stem) / syllable; {
	case n == 1:
		sc.add(word)
	case n == 2 && len(word) == len(stem) && mayBeParticle(word, syllable):
		sc.add(word[:syllable])
	}
	sc.stem(stem)
	if len(stem) == len(word) {
		sc.last = word[len(word)-syllable:]
	}
}

// stem adds the whole stem and its bigrams.
func (sc *scanner) stem(stem string) {
	if len(stem) > syllable {
		sc.join(stemMark, stem)
	}
	for i := 0; i+2*syllable <= len(stem); i += syllable {
		sc.add(stem[i : i+2*syllable])
	}
}

func (sc *scanner) latin(word string) {
	word = strings.ToLower(word)
	if sc.query && functionWords[word] {
		return
	}
	sc.add(singular(word))
}

func (sc *scanner) han(word string) {
	var before int
	for i, r := range word {
		end := i + utf8.RuneLen(r)
		if i > 0 {
			sc.add(word[before:end])
		}
		sc.add(word[i:end])
		before = i
	}
	if reading := readHanja(word); len(reading) > syllable {
		sc.stem(reading)
	}
}

// laws adds the terms of the citations in s.
func (sc *scanner) laws() {
	if !strings.ContainsAny(sc.s, "법제「조第") {
		return
	}
	found := law.Find(sc.s)
	for i, f := range found {
		if sc.query {
			sc.links(f.Citation)
			if f.RangeEnd && f.Part == law.Body {
				sc.between(found[i-1].Citation, f.Citation)
			}
		}
		name, units, _ := strings.Cut(f.Key(), "/")
		if name != "" {
			sc.join(lawMark, name)
		}
		if units == "" || units[0] == '/' { // 같은 조 제2항: no article of its own
			continue
		}
		for i := range len(units) + 1 {
			if i == len(units) || units[i] == '/' && units[i-1] != '/' {
				sc.join(lawMark, name, "/", units[:i])
			}
		}
	}
}

// links adds the term of what refers to c.
func (sc *scanner) links(c law.Citation) {
	if c.Law != "" && (c.Part == law.Body && c.Article.N > 0 || c.Part == law.Table) {
		sc.add(LinkTerm(LawTerm(law.Citation{Law: c.Law, Part: c.Part, Annex: c.Annex, Article: c.Article})))
	}
}

// between adds the terms of the articles in a range, without its ends. Whether there
// is a 제4조의2 only the index knows, which leaves out terms that it does not hold.
func (sc *scanner) between(first, last law.Citation) {
	const longest, branches = 30, 10
	for n := first.Article.N; n <= min(last.Article.N, first.Article.N+longest); n++ {
		for b := range branches {
			u := law.Unit{N: n}
			if b > 0 {
				u.Branch = b + 1
			}
			if u == first.Article || u == last.Article || n == first.Article.N && u.Branch < first.Article.Branch || n == last.Article.N && u.Branch > last.Article.Branch {
				continue
			}
			sc.add(LawTerm(law.Citation{Law: first.Law, Article: u}))
		}
	}
}

// singular takes the plural s from a lower-case English word (Harman's S-stemmer, 1991).
func singular(word string) string {
	n := len(word)
	if n < 4 || word[n-1] != 's' || strings.HasSuffix(word, "ss") || strings.HasSuffix(word, "us") || strings.HasSuffix(word, "is") {
		return word
	}
	for _, e := range []string{"sses", "shes", "ches", "xes"} {
		if strings.HasSuffix(word, e) {
			return word[:n-2]
		}
	}
	if strings.HasSuffix(word, "ies") {
		return word[:n-3] + "y"
	}
	return word[:n-1]
}
