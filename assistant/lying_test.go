package assistant

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

	"biseo/index"
	"biseo/llm/llmtest"
)

// An article is one 조 of a law as a source, with its law.
type article struct {
	law string
	Source
	say *[]string // sentences to be told or damaged, once read
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
	kinds := llmtest.Lies()
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
		sources, s := scene(r, articles)
		if s == "" {
			continue
		}
		lie := kinds[told%len(kinds)]
		damaged, ok := llmtest.Damage(lie, s, r.Uint64())
		cite := 1
		switch lie {
		case llmtest.WrongPassage:
			cite = 2
			ok = ok && !strings.Contains(squeeze(sources[1].Text), squeeze(s))
		case llmtest.NoSuchSource:
			cite = len(sources) + 1
		default:
			ok = ok && damaged != s
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

// scene picks an article, three others of the same law beside it, and a sentence
// of the first.
func scene(r *rand.Rand, articles []article) ([]Source, string) {
	at := r.IntN(len(articles))
	a := articles[at]
	sources := []Source{a.Source}
	for range 40 {
		b := articles[max(0, min(len(articles)-1, at-10+r.IntN(21)))]
		if b.law == a.law && !slices.ContainsFunc(sources, func(s Source) bool { return s.Cite == b.Cite }) && len(sources) < 4 {
			sources = append(sources, b.Source)
		}
	}
	if len(sources) < 2 {
		return nil, ""
	}
	for i := range sources {
		sources[i].N = i + 1
	}
	if a.say == nil {
		say := []string{}
		for _, u := range units(a.Text) {
			if n := utf8.RuneCountInString(u.text); !u.head && n >= 20 && n <= 400 && strings.HasSuffix(u.text, "다.") {
				say = append(say, lead.ReplaceAllString(u.text, ""))
			}
		}
		articles[at].say, a.say = &say, &say
	}
	if len(*a.say) == 0 {
		return nil, ""
	}
	return sources, (*a.say)[r.IntN(len(*a.say))]
}

func TestLies(t *testing.T) {
	var articles []article
	for _, h := range gaon().chunks {
		if h.Chunk.Cite != "" {
			s := sources([]index.Hit{h})[0]
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
	root := filepath.Join("..", "..", "shared", "data", "laws-kr", "admin-subset")
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
			if n := utf8.RuneCountInString(text); n < 60 || n > 4000 {
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
