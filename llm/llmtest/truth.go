package llmtest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"biseo/llm"
)

// A Fact is one numbered sentence of a prompt.
type Fact struct {
	Source   int // number of the passage
	Sentence int // number of the sentence in the passage
	Text     string
}

// Facts reads the numbered sentences out of a prompt, in order: each passage is a
// line of JSON with its sentences under "문장".
func Facts(req llm.Request) []Fact {
	var out []Fact
	for line := range strings.Lines(req.User) {
		var p struct {
			Sentences map[string]string `json:"문장"`
		}
		if json.Unmarshal([]byte(line), &p) != nil {
			continue
		}
		for key, s := range p.Sentences {
			source, sentence, _ := strings.Cut(key, "-")
			n, err1 := strconv.Atoi(source)
			m, err2 := strconv.Atoi(sentence)
			if err1 == nil && err2 == nil {
				out = append(out, Fact{n, m, s})
			}
		}
	}
	slices.SortFunc(out, func(a, b Fact) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Sentence, b.Sentence))
	})
	return out
}

// Truthful copies the first sentences of its passages with their right numbers,
// every other one rephrased by [Rephrase].
type Truthful struct {
	Sentences int // 0 means 3
}

func (Truthful) Model() string { return "truthful" }

func (t Truthful) Generate(ctx context.Context, req llm.Request, emit func(string) error) (*llm.Response, error) {
	var b strings.Builder
	facts := Facts(req)
	for i, f := range facts[:min(len(facts), cmp.Or(t.Sentences, 3))] {
		s := f.Text
		if i%2 == 1 {
			s = Rephrase(s)
		}
		fmt.Fprintf(&b, "%s [%d-%d]\n", s, f.Source, f.Sentence)
	}
	return write(ctx, "truthful", b.String(), emit)
}

// polite turns the plain style of a law into the polite style of a reply.
var polite = strings.NewReplacer(
	"하여야 한다.", "해야 합니다.", "하여서는 아니 된다.", "해서는 안 됩니다.", "지 아니한다.", "지 않습니다.", "지 아니하다.", "지 않습니다.",
	"한다.", "합니다.", "된다.", "됩니다.", "있다.", "있습니다.", "없다.", "없습니다.", "본다.", "봅니다.",
	"하여야 하며", "해야 하며", "하여야 하고", "해야 하고", "에 대하여는", "에 대해서는", "에 대하여", "에 대해", "에 의하여", "에 따라",
	"다음 각 호의 어느 하나에", "다음 중 하나에", "ㆍ", "·", "지 아니한 ", "지 않은 ", "지 아니하고", "지 않고", "지 아니하면", "지 않으면",
)

// Rephrase changes the style of a sentence and not what it says: 하여야 한다
// becomes 해야 합니다.
func Rephrase(s string) string { return polite.Replace(s) }

// Shorten rephrases a sentence and leaves out what stands in parentheses and
// the word that ties it to the sentence before.
func Shorten(s string) string {
	s = strings.TrimPrefix(aside.ReplaceAllString(s, ""), "다만, ")
	return Rephrase(s)
}

var aside = regexp.MustCompile(`\([^()]*\)`)

// A Style is a way in which models say a true sentence in other words.
type Style string

const (
	Verbatim  Style = "verbatim"
	Polite    Style = "polite"    // 한다 becomes 합니다: [Rephrase]
	Shortened Style = "shortened" // [Shorten]
	Noted     Style = "noted"     // 한다 becomes 함, as reports are written
	Reported  Style = "reported"  // 하여야 한다 becomes 하도록 규정하고 있습니다
	Particles Style = "particles" // 및 becomes 와, 또는 becomes 이나, 에 대하여 becomes 에 관하여
	Reordered Style = "reordered" // the condition comes before the subject
	Nameless  Style = "nameless"  // 「...」 제5조에 따라 is left out
	Numerals  Style = "numerals"  // 100분의 50 becomes 50%, 3명 세 명, 2026. 5. 6. 2026년 5월 6일
	Linked    Style = "linked"    // 또한, 따라서 before it
)

// Styles lists every way.
func Styles() []Style {
	return []Style{Verbatim, Polite, Shortened, Noted, Reported, Particles, Reordered, Nameless, Numerals, Linked}
}

// Say says s in a style and reports whether that changes it; [Verbatim] does not.
func Say(style Style, s string) (string, bool) {
	out := s
	switch style {
	case Verbatim:
		return s, true
	case Polite:
		out = Rephrase(s)
	case Shortened:
		out = Shorten(s)
	case Noted:
		out = noted.Replace(s)
	case Reported:
		out = reported.Replace(s)
	case Particles:
		if lawPart.MatchString(s) || strings.ContainsAny(s, `"“`) {
			return s, false // names and quotations stay as they are
		}
		out = Rephrase(loose.Replace(and.ReplaceAllStringFunc(s, func(m string) string {
			g := and.FindStringSubmatch(m)
			if g[2] == "및" {
				return Josa(g[1], "과") + " "
			}
			if strings.HasSuffix(Josa(g[1], "은"), "은") {
				return g[1] + "이나 "
			}
			return g[1] + "나 "
		})))
	case Reordered:
		out = Rephrase(front.ReplaceAllString(s, "$2 $1 "))
		if !front.MatchString(s) {
			return s, false
		}
	case Nameless:
		if out = Rephrase(basis.ReplaceAllString(s, "")); !basis.MatchString(s) || strings.Contains(s, "같은 ") || strings.Contains(s, "이하") {
			return s, false
		}
	case Numerals:
		out = numerals(s)
		if out == s {
			return s, false
		}
		out = Rephrase(out)
	case Linked:
		out = "또한, " + Rephrase(s)
	}
	return out, out != s
}

var (
	noted    = strings.NewReplacer("한다.", "함", "된다.", "됨", "있다.", "있음", "없다.", "없음", "본다.", "봄", "아니하다.", "아니함", "같다.", "같음")
	reported = strings.NewReplacer("하여야 한다.", "하도록 규정하고 있습니다.", "할 수 있다.", "할 수 있도록 규정하고 있습니다.",
		"하여서는 아니 된다.", "하지 못하도록 규정하고 있습니다.", "지 아니한다.", "지 않도록 규정하고 있습니다.", "수 없다.", "수 없다고 규정하고 있습니다.", "한다.", "하도록 되어 있습니다.")
	loose = strings.NewReplacer("에 대하여", "에 관하여", "에 의하여", "에 따라", "로 인하여", "로 인해", "함에 있어", "할 때", "ㆍ", ", ", "하여 ", "해 ", "에 한하여", "에 한정하여", "때에는", "경우에는")
	and   = regexp.MustCompile(`([가-힣]+) (및|또는) `)
	front = regexp.MustCompile(`^([가-힣ㆍ ]{1,20}[은는]) ([^,.]{8,80}(?:경우에는|때에는|경우)),? `)
	basis = regexp.MustCompile(`「[^」]+」(?:\s*제\d+[조항호](?:의\d+)?(?:제\d+[조항호](?:의\d+)?)*)?\s*에 (?:따른|따라|의한|의하여) `)

	percents   = regexp.MustCompile(`100분의\s*(\d+)`)
	tenMillion = regexp.MustCompile(`([1-9])천만원`)
	dotted     = regexp.MustCompile(`(\d{4})\. (\d{1,2})\. (\d{1,2})\.`)
	people     = regexp.MustCompile(`\b([1-9])명`)
	months     = regexp.MustCompile(`\b([1-9])개월`)
	manWon     = regexp.MustCompile(`\b([1-9]\d?)만원`)
)

// numerals writes the same values in another way.
func numerals(s string) string {
	native := []string{"", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉"}
	word := func(re *regexp.Regexp, unit string) {
		s = re.ReplaceAllStringFunc(s, func(m string) string { return native[m[0]-'0'] + unit })
	}
	s = percents.ReplaceAllString(s, "$1%")
	s = tenMillion.ReplaceAllString(s, "${1},000만원")
	s = dotted.ReplaceAllString(s, "${1}년 ${2}월 ${3}일")
	s = manWon.ReplaceAllString(s, "${1}0,000원")
	word(people, " 명")
	word(months, " 달")
	return s
}

// Join says two sentences as one: 한다. 된다. becomes 하며, 됩니다. It reports
// whether the first one ends in a way that can be joined.
func Join(a, b string) (string, bool) {
	for _, p := range [][2]string{{"한다.", "하며, "}, {"된다.", "되며, "}, {"있다.", "있으며, "}, {"없다.", "없으며, "}, {"아니하다.", "아니하며, "}} {
		if head, ok := strings.CutSuffix(a, p[0]); ok {
			return head + p[1] + Rephrase(b), true
		}
	}
	return a, false
}
