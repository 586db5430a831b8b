package ground

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var (
	hangulRun = regexp.MustCompile(`[가-힣]+`)
	particle  = regexp.MustCompile(`^(.+?)(?:들|등)?(?:으로부터|로부터|에게서|에서는|에서도|에게는|에게도|으로서|으로써|이라는|라는|이라도|으로는|까지는|부터는|에서|에게|에는|에도|으로|까지|부터|마다|만을|만이|이나|과의|와의|과는|와는|보다|처럼|이며|이고|이란|란|로서|로|에|의|은|는|이|가|을|를|와|과|도|만|나|별|등|들)$`)
	// verbal cuts a noun with 하다, 되다 or 이다 down to the noun.
	verbal  = regexp.MustCompile(`^(.{2,}?)(?:하|되|한|된|할|될|함|됨|합|됩|해|했|돼|됐|하여|시키|시킨|시킵|받|당하|당한|입니|임|인|이|였|으)[가-힣]*$`)
	copular = regexp.MustCompile(`^(.+?)(?:입니다|이다|임|이며|이고|인|이면)$`)
	// attached follows a value, a bracket or a quotation without a space.
	attached = regexp.MustCompile(`^(?:이?라?고|이?라는|입니다|이며|이고|이다|임|인|으로|로|에|의|은|는|이|가|을|를|와|과|도|만|에서|에는|까지|부터|당|마다)$`)
	// inflected ends a word that is no noun with a particle.
	inflected = regexp.MustCompile(`(?:다|요|고|며|면|니까|지|게|도록|려는|려고|거나|기|아|어|여|해|쳐|져|워|와|서|음)$`)

	// grammar are words that only tie others together, and those of saying.
	grammar = regexp.MustCompile(`^(?:및|또는|그리고|다만|단|즉|또|등|수[는가]?|것[가-힣]*|건|곳[은이]?|점[을은이]?|더|모두|모든|전부|반드시|바|중|그|이|저|때[는도]?|시|각|본|약|총|위|아래|다음|같은?|같이|같습니다|경우|어느|하나|따라|따르[가-힣]*|따른|따릅니다|따름|대하여[는도만]?|대한|대해[서는만도]*|관하여[는도만]?|관한|관해[서는만도]*|위하여|위한|위해|의하여|의한|의해|통하여|통해|인하여|인한|때문[가-힣]*|경우[가-힣]*|때에[가-힣]*|이러한|그러[가-힣]*|이와|이에|이를|이는|여기서|해당[가-힣]*|정하[가-힣]*|정한|정함|정합니다|규정[가-힣]*|명시[가-힣]*|있[가-힣]*|없[가-힣]*|않[가-힣]*|아니[가-힣]*|못[가-힣]*|안|하[가-힣]*|합니다|한다|함|할|한|해야|해서[는도]?|해|정해야|하여야|되[가-힣]*|됩니다|된다|됨|될|된|입니다|이다|이며|임|또한|따라서|아울러|한편|특히|그러므로|즉시|근거|참고[가-힣]*|기준으로|말[가-힣]*|뜻[가-힣]*|의미[가-힣]*|알려[가-힣]*|알리[가-힣]*|알립니다|알림|알릴|통지[가-힣]*|통보[가-힣]*|안내[가-힣]*|두[가-힣]{0,2}|둡니다|둔다|둠|사람[가-힣]*|자[는가를의]?|관련[가-힣]*|관계[가-힣]*|내용[가-힣]*|사항[가-힣]*|거쳐|거친|거치[가-힣]*|필요[가-힣]*|가능[가-힣]*|드립니다|드리[가-힣]*|바랍니다)$`)
	// synonyms are words that say the same in official language.
	synonyms = [][]string{{"후", "뒤", "다음"}, {"시행", "실시"}, {"예정", "계획"}, {"기존", "종전"}, {"보유", "소유"}, {"제출", "내야", "낸다"}, {"납부", "내야", "낸다"}}
	// joinedTo is what may stand before a word in one without turning it.
	joinedTo = "각본동현해총매그이저제당양전타"
)

// A wordlist are the words of a text, with where each begins in it without spaces.
type wordlist struct {
	squeezed string
	starts   map[int]bool // bytes of squeezed
	first    []string     // words as written
}

func wordsOf(parts ...string) wordlist {
	out := wordlist{starts: map[int]bool{}}
	var b strings.Builder
	for _, s := range parts {
		at := 0
		for _, w := range hangulRun.FindAllStringIndex(s, -1) {
			b.WriteString(strings.Join(strings.Fields(s[at:w[0]]), ""))
			out.starts[b.Len()] = true
			b.WriteString(s[w[0]:w[1]])
			out.first = append(out.first, s[w[0]:w[1]])
			at = w[1]
		}
		b.WriteString(strings.Join(strings.Fields(s[at:]), "") + "\n")
	}
	out.squeezed = b.String()
	return out
}

// holds reports whether a stem of two syllables or more stands in l: at the start of
// a word, or behind another noun, but not behind one syllable that makes another
// word of it: 위원장 is not 부위원장.
func (l wordlist) holds(stem string) bool {
	for at := 0; ; {
		i := strings.Index(l.squeezed[at:], stem)
		if i < 0 {
			return false
		}
		at += i
		start := at
		n := 0
		for !l.starts[start] && start > 0 && n < 2 {
			_, size := utf8.DecodeLastRuneInString(l.squeezed[:start])
			start -= size
			n++
		}
		if before, _ := utf8.DecodeRuneInString(l.squeezed[start:]); n != 1 || strings.ContainsRune(joinedTo, before) {
			return true
		}
		at += len(stem)
	}
}

// begins reports whether a word of l begins like an inflected word.
func (l wordlist) begins(w string) bool {
	return slices.ContainsFunc(l.first, func(o string) bool { return beginsAlike(w, o) })
}

var polite = regexp.MustCompile(`(?:습니다|니다|는다|[였었았]다)$`)

// beginsAlike reports that o begins with the stem of the inflected word w, but for
// its last consonant: 늘어난다 and 늘어납니다, 받는다 and 받습니다.
func beginsAlike(w, o string) bool {
	r, s := []rune(w), []rune(o)
	n := 1
	if len([]rune(polite.ReplaceAllString(w, ""))) > 2 && r[1] != '해' { // 응해야 and 응하여야
		n = 2
	}
	return len(s) >= n && (n == 1 || r[0] == s[0]) && open(r[n-1]) == open(s[n-1])
}

// verb reports that w may be inflected.
func verb(w string) bool {
	return inflected.MatchString(w) || utf8.RuneCountInString(w) <= 3 && adnominal(w)
}

// adnominal reports that w may be a verb before a noun, or made one: 높은, 본, 볼, 봄.
func adnominal(w string) bool {
	last, _ := utf8.DecodeLastRuneInString(w)
	switch final := (last - '가') % 28; final {
	case 4, 8, 16: // ㄴ, ㄹ, ㅁ
		return last >= '가'
	}
	return false
}

// open is a Hangul syllable without its last consonant.
func open(r rune) rune {
	if r < '가' || r > '힣' {
		return r
	}
	return r - (r-'가')%28
}

// stems are the forms in which a word may stand in a source.
func stems(w string) []string {
	out := []string{w}
	if m := particle.FindStringSubmatch(w); m != nil {
		out = append(out, m[1])
	}
	for _, re := range []*regexp.Regexp{verbal, copular} {
		if m := re.FindStringSubmatch(w); m != nil {
			out = append(out, m[1])
		}
	}
	return out
}

// stands reports whether l has a word of a claim, which stands behind the word before.
func (l wordlist) stands(w, before string) bool {
	for _, s := range stems(w) {
		if utf8.RuneCountInString(s) < 2 {
			if slices.ContainsFunc(l.first, func(o string) bool { return o == s || slices.Contains(stems(o), s) }) {
				return true
			}
			continue
		}
		if l.holds(s) || before != "" && strings.Contains(l.squeezed, before+s) {
			return true
		}
	}
	for _, group := range synonyms {
		if slices.ContainsFunc(stems(w), func(s string) bool { return slices.Contains(group, s) }) &&
			slices.ContainsFunc(l.first, func(o string) bool {
				return slices.ContainsFunc(stems(o), func(s string) bool { return slices.Contains(group, s) })
			}) {
			return true
		}
	}
	return verb(w) && l.begins(w)
}

// kin are what p is said together with: the sentence before a proviso, the head of an
// item, the items of a head.
func (t trial) kin(p passage) []passage {
	all := t.passages(p.source.N)
	switch {
	case p.Item != "":
		for k := p.at - 1; k >= 0; k-- {
			if all[k].heads() {
				return all[k : k+1]
			}
		}
	case p.heads():
		end := p.at + 1
		for end < len(all) && all[end].Item != "" {
			end++
		}
		return all[p.at+1 : end]
	case p.at > 0 && tied.MatchString(p.Text):
		return all[p.at-1 : p.at]
	}
	return nil
}

// tied begins a sentence that says more of what the one before is about.
var tied = regexp.MustCompile(`^(?:다만|단|이 경우|이때|그러나|또한)[ ,]`)

// wording holds each word of the claim against its support: it stands there but for
// its ending or, unless it is what the claim says in the end, in the title, the
// headings or a neighbouring sentence; what the claim is about stands in no neighbour.
func (t trial) wording() string {
	var said, named, near []string
	for _, p := range t.support {
		said = append(said, p.Text)
		named = append(named, p.source.Title, p.source.Cite, p.source.Agency)
		named = append(named, p.source.Path...)
		all := t.passages(p.source.N)
		for _, k := range t.kin(p) {
			named = append(named, k.Text)
		}
		if p.Cells > 1 {
			said = append(said, all[p.head].Text)
			continue
		}
		for _, k := range []int{p.at - 1, p.at + 1} {
			if k >= 0 && k < len(all) && all[k].Cells < 2 {
				near = append(near, all[k].Text)
			}
		}
	}
	own, about, around := wordsOf(said...), wordsOf(append(named, said...)...), wordsOf(slices.Concat(near, named, said)...)
	words := hangulRun.FindAllStringIndex(t.bare, -1)
	last := len(words) - 1 // what the claim says in the end
	for last >= 0 && grammar.MatchString(t.bare[words[last][0]:words[last][1]]) {
		last--
	}
	if last >= 0 && strings.ContainsRune(t.bare[words[last][1]:], blank) {
		last = -1
	}
	before := ""
	for i, at := range words {
		w := t.bare[at[0]:at[1]]
		prev := before
		before = stems(w)[min(1, len(stems(w))-1)]
		if grammar.MatchString(w) || at[0] > 0 && t.bare[at[0]-1] != ' ' && attached.MatchString(w) || at[0] > 0 && t.bare[at[0]-1] == blank {
			continue
		}
		in := around
		switch {
		case i == last:
			in = own
		case topical.MatchString(w):
			in = about
		}
		if !in.stands(w, prev) {
			return fmt.Sprintf("근거 %s에 없는 말: %s", numbersOf(t.cited), w)
		}
	}
	return ""
}

var topical = regexp.MustCompile(`^[가-힣]{2,}(?:은|는|이|가)$`)

// blank stands in a claim for its facts.
const blank = '_'
