package assistant

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/assistant/ground"
	"biseo/korea/text"
)

const (
	maxEarlier  = 10 // questions that a follow-up may lean on
	ownContent  = 8  // terms from which a question stands alone
	maxReadings = 4  // named when a question has several
)

// leaning are words that only an earlier question gives a meaning: 그럼, 그 경우, 거기.
var leaning = regexp.MustCompile(`^\s*(?:그럼|그러면|그리고|그런데|그렇다면|또|만약|만일)(?:\s|,|$)|(?:^|\s)(?:그|이|저)\s?(?:경우|때|기간|금액|사람|조례|법|규정|조항|위원회|것|건|게|거|럼)|(?:^|\s)(?:거기|여기|그곳|이때|그때|위에서|앞에서|방금|아까)`)

// resolve returns what to search for: the question, with the one before it where
// it leans on that, with the words of the asker and none of a model.
func resolve(question string, earlier []string) string {
	if len(earlier) == 0 || !leans(question) {
		return question
	}
	last := len(earlier) - 1
	out := resolve(earlier[last], earlier[:last]) + " " + question
	for utf8.RuneCountInString(out) > maxQuestion { // the words nearest to the question count
		_, rest, ok := strings.Cut(out, " ")
		if !ok {
			return question
		}
		out = rest
	}
	return out
}

// leans reports whether a question says too little by itself.
func leans(question string) bool {
	n := 0
	for _, t := range text.QueryTerms(question) {
		if text.IsArticle(t) {
			return false
		}
		if !strings.HasPrefix(t, "=") {
			n++
		}
	}
	return n < ownContent && leaning.MatchString(question) || n < ownContent/2
}

var (
	// generic are nouns that stand for one of several of their kind, with a name before them.
	generic = regexp.MustCompile(`^(위원회|협의회|심의회|지원금|장려금|위로금|포상금|수당|사용료|수수료|과태료|점용료|보조금|이용료)(?:[은는이가을를의에도]|에서|에는|으로|로|와|과)?$`)
	// titled is the heading of an article: 제8조(민원조정위원회의 구성).
	titled = regexp.MustCompile(`제\s*\d+\s*조(?:의\d+)?\s*[(（]([^()（）]{2,60})[)）]`)
)

// readings are the things that a question may mean by a noun which the headings of
// the sources use with different names: 위원회 of 민원조정위원회 and 도서관운영위원회. Each
// with its citation; nil unless there are two of different documents.
func readings(question string, sources []ground.Source) (noun string, out []string) {
	for _, w := range strings.Fields(strings.TrimRight(question, "?!. ")) {
		m := generic.FindStringSubmatch(w)
		if m == nil {
			continue
		}
		named := regexp.MustCompile(`[가-힣·ㆍ]{2,12}` + m[1])
		if slices.ContainsFunc(strings.Fields(question), func(o string) bool { return named.MatchString(o) }) {
			continue // it says which
		}
		docs, names := map[string]bool{}, map[string]bool{}
		for _, s := range sources {
			heads := strings.Join(s.Path, " ")
			if h := titled.FindStringSubmatch(s.Text); h != nil {
				heads += " " + h[1]
			}
			name := named.FindString(heads)
			if name == "" || names[name] || said(question, s.Title) {
				continue
			}
			docs[s.DocID], names[name] = true, true
			place := s.Cite
			if place == "" {
				place = s.Title
			}
			out = append(out, fmt.Sprintf("%s(%s)", name, place))
		}
		if len(docs) > 1 {
			return m[1], out[:min(len(out), maxReadings)]
		}
		out = nil
	}
	return "", nil
}

// said reports whether a question names a document: a word of its title, of more
// than two syllables, that is no kind of document.
func said(question, title string) bool {
	q := ground.Squeeze(question)
	return slices.ContainsFunc(strings.Fields(title), func(w string) bool {
		return utf8.RuneCountInString(w) > 2 && !strings.HasSuffix(w, "조례") && strings.Contains(q, ground.Squeeze(w))
	})
}
