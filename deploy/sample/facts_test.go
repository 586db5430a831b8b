package sample

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// A fact is one row of a table of FACTS.md that stands under a line "근거 문서:".
type fact struct {
	id     string
	places string // the 조 column: 제10조제1항, 별표 1, 부칙
	values []value
}

// A value is what one document says.
type value struct{ doc, text string }

var (
	articleOrAnnex = regexp.MustCompile(`제\d+조(?:의\d+)?|별표(?: \d+)?|부칙`)
	blockStart     = regexp.MustCompile(`(?m)^(?:#+ |<h\d>|<p>)?(제\d+조(?:의\d+)?) ?\(|^(?:#+ |<h\d>)?\[(별표(?: \d+)?)\]|^(?:#+ |<h\d>)?(부칙)`)
	nationalLaw    = regexp.MustCompile(`「[^」]*」(?: ?제\d+조(?:의\d+)?(?:제\d+항)?(?:제\d+호)?,?)*|시행령 제\d+조제\d+항|같은 법 제\d+조`)
	numberToken    = regexp.MustCompile(`\d+(?:,\d{3})*(?:[.:]\d+)*`)
)

// TestDocumentsStateTheFacts looks up every number of the fact sheet in the
// article or annex that the sheet names, so that the two cannot drift apart.
func TestDocumentsStateTheFacts(t *testing.T) {
	facts := readFacts(t)
	if got, want := len(facts), 200; got < want {
		t.Errorf("FACTS.md has %d facts with a document, want at least %d", got, want)
	}
	blocks := map[string]map[string]string{}
	for _, f := range facts {
		places := articleOrAnnex.FindAllString(f.places, -1)
		for _, v := range f.values {
			if blocks[v.doc] == nil {
				blocks[v.doc] = splitArticles(t, v.doc)
			}
			var text strings.Builder
			for _, p := range places {
				b, ok := blocks[v.doc][p]
				if absent := v.text == "없음"; ok == absent {
					t.Errorf("%s: %s: %s is there: %t, want %t", f.id, v.doc, p, ok, !absent)
				}
				text.WriteString(b)
			}
			have := map[string]bool{}
			for _, n := range numberToken.FindAllString(text.String(), -1) {
				have[n] = true
			}
			for _, n := range numberToken.FindAllString(nationalLaw.ReplaceAllString(v.text, ""), -1) {
				if !have[n] {
					t.Errorf("%s: %s %s does not say %s (%s)", f.id, v.doc, f.places, n, v.text)
				}
			}
		}
	}
}

func readFacts(t *testing.T) []fact {
	t.Helper()
	sheet, err := os.ReadFile("FACTS.md")
	if err != nil {
		t.Fatal(err)
	}
	var facts []fact
	var docs []string
	row := regexp.MustCompile(`^\| ([가-힣]+-\d+) \|`)
	for line := range strings.SplitSeq(string(sheet), "\n") {
		switch {
		case strings.HasPrefix(line, "## "):
			docs = nil
		case strings.HasPrefix(line, "근거 문서:"):
			docs = regexp.MustCompile("[^`]+\\.[a-z]+").FindAllString(line, -1)
		case docs != nil && row.MatchString(line):
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			f := fact{id: cells[0], places: cells[len(cells)-1]}
			if !articleOrAnnex.MatchString(f.places) {
				continue // a statistic, or stated by plans and guides only
			}
			for i, doc := range docs {
				text := cells[min(2+i, len(cells)-2)]
				if i > 0 && (strings.HasPrefix(text, "그대로") || text == "같음") {
					text = cells[2]
				}
				f.values = append(f.values, value{doc, text})
			}
			facts = append(facts, f)
		}
	}
	return facts
}

// splitArticles returns the text of each 조, 별표 and 부칙 of a document.
func splitArticles(t *testing.T, doc string) map[string]string {
	t.Helper()
	text := readText(t, doc)
	out := map[string]string{}
	starts := blockStart.FindAllStringSubmatchIndex(text, -1)
	addenda := false
	for i, m := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		name := ""
		for g := 2; g < len(m); g += 2 {
			if m[g] >= 0 {
				name = text[m[g]:m[g+1]]
			}
		}
		switch {
		case name == "부칙":
			addenda = true
		case strings.HasPrefix(name, "별표"):
			addenda = false
		case addenda:
			name = "부칙"
		}
		out[name] += text[m[0]:end]
	}
	return out
}

// readText returns a document's text: of HWPX, DOCX and PDF the source that they are made from.
func readText(t *testing.T, doc string) string {
	t.Helper()
	name := path.Join("files", doc)
	switch path.Ext(doc) {
	case ".hwpx", ".docx", ".pdf":
		name = path.Join("src", strings.TrimSuffix(doc, path.Ext(doc))+".md")
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
