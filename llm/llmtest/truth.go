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
