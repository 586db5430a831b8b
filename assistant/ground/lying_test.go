package ground

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"biseo/korea/text"
	"biseo/llm/llmtest"
)

// An article is one 조 of a law as a source, with its law.
type article struct {
	law string
	Source
	say []string // sentences to be told or damaged, once read
}

// A tally counts how often sentences of one kind were verified.
type tally struct{ n, verified int }

func (c tally) String() string {
	return fmt.Sprintf("%d of %d verified (%.1f %%)", c.verified, c.n, 100*float64(c.verified)/float64(max(1, c.n)))
}

// gate is how many of the lies of a kind Check may verify, in percent. Lies about
// numbers, dates, articles, quotations and source numbers: none.
var gate = map[llmtest.Lie]float64{llmtest.WrongPassage: 1, llmtest.Modality: 1, llmtest.Negation: 1, llmtest.Bound: 1}

// liars tells n lies about sentences of articles, and as many truths, and holds
// Check to the gates.
func liars(t *testing.T, articles []article, n int, truths float64) {
	t.Helper()
	r := rand.New(rand.NewPCG(2, 26))
	kinds := append(llmtest.Lies(), borrowed)
	lies := map[llmtest.Lie]*tally{}
	for _, k := range kinds {
		lies[k] = &tally{}
	}
	truth := map[string]*tally{"verbatim": {}, "rephrased": {}, "shortened": {}}
	told, logged := 0, map[string]int{}
	for tries := 0; told < n; tries++ {
		if tries > 400*n {
			t.Fatalf("only %d lies could be told", told)
		}
		at, s := scene(r, articles)
		if s == "" {
			continue
		}
		lie := kinds[told%len(kinds)]
		damaged, ok := llmtest.Damage(lie, s, r.Uint64())
		if lie == borrowed {
			damaged, ok = borrow(s, articles[at].Text, r)
			ok = ok && !strings.Contains(Squeeze(articles[at].Text), Squeeze(damaged)) // another 항 may say so
		}
		if !ok {
			continue
		}
		sources := beside(r, articles, at)
		cite := 1
		switch lie {
		case llmtest.WrongPassage:
			cite = 2
			ok = len(sources) > 1 && !strings.Contains(Squeeze(sources[1].Text), Squeeze(s))
		case llmtest.NoSuchSource:
			cite = len(sources) + 1
		default:
			ok = damaged != s
		}
		if !ok {
			continue
		}
		told++
		lies[lie].n++
		if got := Check(Sentence{Text: damaged, Cites: []Cite{{Source: cite}}}, sources); got.Status == Verified {
			lies[lie].verified++
			t.Logf("%s verified\n  truth: %s\n  lie:   %s\n  cited: %+v", lie, s, damaged, got.Cites)
		}
		if told%3 > 0 {
			continue
		}
		for kind, said := range map[string]string{"verbatim": s, "rephrased": llmtest.Rephrase(s), "shortened": llmtest.Shorten(s)} {
			truth[kind].n++
			if got := Check(Sentence{Text: said, Cites: []Cite{{Source: 1}}}, sources); got.Status == Verified {
				truth[kind].verified++
			} else if logged[kind]++; logged[kind] <= 12 {
				t.Logf("%s truth refused: %s\n  %s", kind, got.Why, said)
			}
		}
	}
	for _, k := range kinds {
		t.Logf("%-15s %v", k, *lies[k])
		if c := lies[k]; 100*float64(c.verified) > gate[k]*float64(c.n) {
			t.Errorf("%s: %v, at most %.0f %% allowed", k, *c, gate[k])
		}
	}
	for _, k := range []string{"verbatim", "rephrased", "shortened"} {
		t.Logf("%-15s %v", k+" truth", *truth[k])
		if c := truth[k]; 100*float64(c.verified) < truths*float64(c.n) {
			t.Errorf("%s truths: %v, want at least %.0f %%", k, *c, truths)
		}
	}
}

// bullet is how a line of a law begins before its words.
var bullet = regexp.MustCompile(`^\s*(?:>\s*)*(?:#+\s+|[-*•▪◦○●□■※–—]+\s+|\d{1,2}[.)]\s+|[가나다라마바사아자차카타파하][.)]\s+|[①-⑳]\s*)+`)

// scene picks an article and a sentence of it.
func scene(r *rand.Rand, articles []article) (int, string) {
	at := r.IntN(len(articles))
	a := &articles[at]
	if a.say == nil {
		a.say = []string{}
		for _, u := range Units(a.Source) {
			if n := utf8.RuneCountInString(u.Text); !u.Head && n >= 20 && n <= 400 && strings.HasSuffix(u.Text, "다.") {
				a.say = append(a.say, bullet.ReplaceAllString(u.Text, ""))
			}
		}
	}
	if len(a.say) == 0 {
		return at, ""
	}
	return at, a.say[r.IntN(len(a.say))]
}

// beside numbers an article as source 1 and up to three others of its law after it.
func beside(r *rand.Rand, articles []article, at int) []Source {
	out := []Source{articles[at].Source}
	for range 40 {
		b := articles[max(0, min(len(articles)-1, at-10+r.IntN(21)))]
		if b.law == articles[at].law && len(out) < 4 && !slices.ContainsFunc(out, func(s Source) bool { return s.Cite == b.Cite }) {
			out = append(out, b.Source)
		}
	}
	for i := range out {
		out[i].N = i + 1
	}
	return out
}

// borrowed replaces a value of a sentence by another value of the same kind from
// the same article: every number then stands in the source.
const borrowed llmtest.Lie = "borrowed value"

func borrow(s, source string, r *rand.Rand) (string, bool) {
	mine, theirs := text.Values(s), text.Values(source)
	if len(mine) == 0 {
		return s, false
	}
	v := mine[r.IntN(len(mine))]
	for _, i := range r.Perm(len(theirs)) {
		if w := theirs[i]; w.Kind == v.Kind && w.Key() != v.Key() && !w.Matches(v) && !v.Matches(w) {
			from := []rune(s)
			return string(from[:v.Start]) + string([]rune(source)[w.Start:w.End]) + string(from[v.End:]), true
		}
	}
	return s, false
}

func TestLies(t *testing.T) {
	var articles []article
	for _, s := range shelved() {
		if s.Cite != "" {
			s.N = 1
			articles = append(articles, article{law: "가온시", Source: s})
		}
	}
	liars(t, articles, 320, 95)
}

func TestLiesOverRealLaws(t *testing.T) {
	articles := realArticles(t)
	t.Logf("%d articles", len(articles))
	liars(t, articles, 1000, 95)
}

var (
	frontTitle = regexp.MustCompile(`(?m)^제목:\s*(.+)$`)
	articleTop = regexp.MustCompile(`(?m)^#####\s+(제\d+조(?:의\d+)?)(.*)$`)
	anyHeading = regexp.MustCompile(`(?m)^#{1,4}\s.*$`)
	escape     = regexp.MustCompile(`\\([!-/:-@\[-` + "`" + `{-~])`)
)

// realArticles reads the articles of the administrative laws in the shared data.
func realArticles(t *testing.T) []article {
	root := filepath.Join("..", "..", "..", "shared", "data", "laws-kr", "admin-subset")
	if _, err := os.Stat(root); err != nil {
		t.Skip("needs ../shared/data/laws-kr/admin-subset")
	}
	var out []article
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".md") {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		m := frontTitle.FindStringSubmatch(string(b))
		if m == nil {
			return nil
		}
		title := strings.Trim(strings.TrimSpace(m[1]), `'"`)
		body := escape.ReplaceAllString(strings.ReplaceAll(string(b), "**", ""), "$1")
		if i := strings.Index(body, "\n## 부칙"); i >= 0 {
			body = body[:i]
		}
		tops := articleTop.FindAllStringSubmatchIndex(body, -1)
		for i, at := range tops {
			end := len(body)
			if i+1 < len(tops) {
				end = tops[i+1][0]
			}
			text := body[at[2]:end]
			if cut := anyHeading.FindStringIndex(text); cut != nil {
				text = text[:cut[0]]
			}
			if n := utf8.RuneCountInString(text); n < 60 || n > 1500 {
				continue
			}
			out = append(out, article{law: title, Source: Source{Title: title, Kind: "law", Cite: "「" + title + "」 " + body[at[2]:at[3]], Text: strings.TrimSpace(text)}})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
