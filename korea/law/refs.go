package law

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// A Reference is a provision that a legal text refers to: 법 제19조제1항 in a 시행령
// is 제19조제1항 of its law.
type Reference struct {
	Citation        // as resolved: Law is a full title, and Article or Annex is set or Part is Table or Form
	Start, End int  // code points of the text
	Last       Unit // the article that ends a range: 제5조 of 제3조부터 제5조까지; zero if Citation is no article or begins no range
}

// References returns the provisions that s refers to, in order, with what they
// leave out filled in as [Resolve] does; self says where s stands. A range is one
// Reference. Left out are the headings of articles, references whose law the text
// does not tell, 부칙, laws as a whole, and what an amendment (…을 다음과 같이 개정한다)
// quotes of another law, up to the next heading, and articles of a 부칙 that are left out (생략).
func References(s string, self Citation) []Reference {
	found := Resolve(s, Find(s), self)
	amended := amendments(s)
	amending := false
	var out []Reference
	for i, f := range found {
		for len(amended) > 0 && amended[0] <= f.Start {
			amending, amended = true, amended[1:]
		}
		if f.Heading {
			amending = false
		}
		if f.Heading || amending || f.Law == "" || f.Part == Addenda || f.Part == Body && f.Article.N == 0 || omitted.MatchString(s[f.ByteEnd:]) {
			continue
		}
		if n := len(out) - 1; f.RangeEnd && n >= 0 && out[n].Start == found[i-1].Start {
			if f.Part == Body && out[n].Part == Body && f.Article.after(out[n].Article) {
				out[n].Last = f.Article
			}
			out[n].End = f.End
			continue
		}
		out = append(out, Reference{Citation: f.Citation, Start: f.Start, End: f.End})
	}
	return out
}

// Articles are the articles of r without what lies within them: all numbers of a
// range up to most, without branches (제4조의2), which only the law itself tells,
// other than its last.
func (r Reference) Articles(most int) []Citation {
	c := Citation{Law: r.Law, Part: r.Part, Annex: r.Annex, Article: r.Article}
	out := []Citation{c}
	if r.Last.N == 0 {
		return out
	}
	for n := r.Article.N + 1; n <= r.Last.N && len(out) < most; n++ {
		c.Article = Unit{N: n}
		out = append(out, c)
	}
	if r.Last.Branch > 0 && len(out) < most {
		c.Article = r.Last
		out = append(out, c)
	}
	return out
}

// after reports whether u comes later in a law than v.
func (u Unit) after(v Unit) bool { return u.N > v.N || u.N == v.N && u.Branch > v.Branch }

var amendment = regexp.MustCompile(`(?:[을를중]|일부를) ?다음과 같이 (?:개정|신설)?(?:한다|하고|하여)`)

// omitted is what follows an article of a 부칙 that is not printed: 제2조부터 제4조까지 생략.
var omitted = regexp.MustCompile(`^(?: ?(?:부터|내지|및|,) ?제\d+조)?(?:까지)? ?생략`)

// amendments are the code points of s where the text of an amendment begins.
func amendments(s string) []int {
	var out []int
	at, runes := 0, 0
	for _, m := range amendment.FindAllStringIndex(s, -1) {
		runes += utf8.RuneCountInString(s[at:m[1]])
		at = m[1]
		out = append(out, runes)
	}
	return out
}

// delegation leaves details to a lower rule (위임): 대통령령으로 정하는, 행정안전부령으로 정한다,
// 시ㆍ도의 조례로 정하는 바에 따라, 대통령령이 정하는, 장관이 정하여 고시하는.
var delegation = regexp.MustCompile(`(?:대통령령|총리령|부령|조례|규칙)(?:으로|로|이|가)(?:[^.\n]{0,30}?)? ?(?:따로 )?정(?:하|한|할|해)|정(?:하여|해) ?고시`)

// A Definition is a term that a law defines: "민원"이란 … 말한다.
type Definition struct {
	Term       string
	Start, End int // code points of the term, without its quotation marks
}

var defined = regexp.MustCompile(`["“”'‘’]([^"“”'‘’\n]{1,40})["“”'‘’](?:\([^()]{1,60}\))?\s?이?(?:란|라 함은)(?:[\s,]|$)`)

// Definitions returns the terms that s defines, in order. A clause that a decree
// repeats from its law to define it ("대통령령으로 정하는 법인"이란) is no term.
func Definitions(s string) []Definition {
	var out []Definition
	at, runes := 0, 0
	for _, m := range defined.FindAllStringSubmatchIndex(s, -1) {
		term := s[m[2]:m[3]]
		if delegation.MatchString(term) {
			continue
		}
		runes += utf8.RuneCountInString(s[at:m[2]])
		at = m[2]
		out = append(out, Definition{Term: term, Start: runes, End: runes + utf8.RuneCountInString(term)})
	}
	return out
}

// ParseKey reads the [Citation.Key] of a law, an article, what lies within one, or a
// 별표. Law is then the title as keys write it, without spaces.
func ParseKey(key string) (Citation, bool) {
	name, units, _ := strings.Cut(key, "/")
	c := Citation{Law: name}
	if name == "" {
		return Citation{}, false
	}
	level := 0
	for u := range strings.SplitSeq(units, "/") {
		var n Unit
		if annex, ok := strings.CutPrefix(u, string(Table)); ok && level == 0 {
			c.Part, u = Table, annex
		} else if u != "" && !isDigit([]rune(u)[0]) && level != 3 {
			return Citation{}, false
		}
		if level != 3 {
			fmt.Sscanf(u, "%d의%d", &n.N, &n.Branch)
		}
		switch {
		case level == 0 && c.Part == Table:
			c.Annex, level = n, 1 // 호 is next
		case level == 0:
			c.Article = n
		case level == 1:
			c.Paragraph = n.N
		case level == 2:
			c.Item = n
		case level == 3:
			c.Subitem = u
		case level == 4:
			c.Sub = n.N
		}
		level++
	}
	return c, true
}

// Parent is the title of the law that a 시행령 or 시행규칙 carries out, "" for other
// titles. The spacing is that of title.
func Parent(title string) string { return parent(title) }
