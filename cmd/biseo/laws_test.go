package main

import (
	"bufio"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/index"
	"biseo/ingest"
)

var (
	titleLine   = regexp.MustCompile(`^제목: (.+)$`)
	articleLine = regexp.MustCompile(`^##### (제\d+조(?:의\d+)*)(?: |$|\()`)
)

// articlesOf lists the articles of a law file as its headings print them.
func articlesOf(t *testing.T, file string) (title string, articles []string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		if m := titleLine.FindStringSubmatch(in.Text()); m != nil && title == "" {
			title = strings.Trim(m[1], `'"`)
		}
		if m := articleLine.FindStringSubmatch(in.Text()); m != nil {
			articles = append(articles, m[1])
		}
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return title, articles
}

// copyLaws copies a part of the shared laws, so that a test may change it.
func copyLaws(t *testing.T, part string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "laws")
	if err := os.CopyFS(dir, os.DirFS(laws(t, part))); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = os.Chmod(path, map[bool]fs.FileMode{true: 0o755, false: 0o644}[d.IsDir()])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func ingestJSON(t *testing.T, args ...string) ingest.Report {
	t.Helper()
	var r ingest.Report
	out := mustRun(t, append([]string{"ingest", "--json", "--readers", "public"}, args...)...)
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestLaws ingests 160 laws, decrees and rules, finds every article, and then
// changes and deletes one file among them.
func TestLaws(t *testing.T) {
	dir := copyLaws(t, "admin-subset")
	least := 10_000 // articles
	if fewRounds() {
		keepOnly(t, dir, "도로법", "민원처리에관한법률", "공공기관의정보공개에관한법률", "행정절차법")
		least = 400
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(t.TempDir(), "data")
	first := ingestJSON(t, "--data", data, dir)
	if first.Added != len(files) || len(first.Failed) > 0 {
		t.Fatalf("ingest of %d files: %+v", len(files), first)
	}
	t.Run("every article", func(t *testing.T) { everyArticle(t, files, data, least) })
	t.Run("changes", func(t *testing.T) { changes(t, dir, data, first) })
}

// keepOnly removes the folders of all other laws from dir.
func keepOnly(t *testing.T, dir string, laws ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(laws, e.Name()) {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// everyArticle finds each article in files, at least so many, by its citation.
func everyArticle(t *testing.T, files []string, data string, least int) {
	s := &settings{Data: data}
	a, x, err := s.assistant(t.Context(), testConsole(t))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	var queries []string
	for _, file := range files {
		title, articles := articlesOf(t, file)
		for _, article := range articles {
			queries = append(queries, "「"+title+"」 "+article)
		}
	}
	if len(queries) < least {
		t.Fatalf("%d articles in %d files", len(queries), len(files))
	}
	missed := make([]string, len(queries))
	var wait sync.WaitGroup
	for w := range 2 {
		wait.Go(func() {
			for i := w; i < len(queries); i += 2 {
				if top := firstCite(t, a, queries[i]); !isPartOf(top, queries[i]) {
					missed[i] = queries[i] + ": " + top
				}
			}
		})
	}
	wait.Wait()
	missed = slices.DeleteFunc(missed, func(s string) bool { return s == "" })
	t.Logf("%d articles of %d files asked for, %d not first", len(queries), len(files), len(missed))
	for _, m := range missed[:min(20, len(missed))] {
		t.Error(m)
	}
}

// firstCite is the first hit on a day when all laws of the set, also those
// promulgated for later, are in force.
func firstCite(t *testing.T, a *assistant.Assistant, query string) string {
	t.Helper()
	r, err := a.Search(t.Context(), assistant.Principal{}, assistant.SearchRequest{Query: query, On: index.Day(2030, 1, 1), Limit: 1})
	if err != nil {
		t.Error(err)
	}
	if err != nil || len(r.Hits) == 0 {
		return ""
	}
	return r.Hits[0].Cite
}

// isPartOf reports whether cite names an article or a part of it: 제7조 covers
// 제7조제1항, not 제7조의2 and not 제70조.
func isPartOf(cite, article string) bool {
	rest, ok := strings.CutPrefix(cite, article)
	return ok && !strings.HasPrefix(rest, "의")
}

// changes ingests dir again as it is, with a file changed, and without that file.
func changes(t *testing.T, dir, data string, first ingest.Report) {
	n := first.Added
	if r := ingestJSON(t, "--data", data, dir); r.Unchanged != n || r.Chunks != 0 || r.Added+r.Changed+r.Removed+r.Described != 0 {
		t.Errorf("second run: %+v, want nothing done", r)
	}
	file := filepath.Join(dir, "도로법", "법률.md")
	law, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	articles, addenda, ok := strings.Cut(string(law), "\n## 부칙")
	if !ok {
		t.Fatalf("%s has no 부칙", file)
	}
	write(t, filepath.Dir(file), filepath.Base(file), articles+"\n제999조(시험) 가온시에서 시험으로 덧붙인 조문이다.\n\n## 부칙"+addenda)
	if r := ingestJSON(t, "--data", data, dir); r.Changed != 1 || r.Unchanged != n-1 || r.Chunks >= first.Chunks/2 {
		t.Errorf("after one change: %+v, want one document written again", r)
	}
	if out := mustRun(t, "--data", data, "search", "가온시에서 시험으로 덧붙인 조문", "--on", "2026-12-31", "-k", "1"); !strings.Contains(out, "도로법") {
		t.Errorf("the new text is not found: %s", out)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if r := ingestJSON(t, "--data", data, dir); r.Removed != 1 || r.Unchanged != n-1 || r.Chunks != 0 {
		t.Errorf("after one deletion: %+v, want one document removed", r)
	}
	if out := mustRun(t, "--data", data, "search", "「도로법」 제1조", "--on", "2026-12-31"); strings.Contains(out, "「도로법」 제1조 ") {
		t.Errorf("the removed law is still found: %s", out)
	}
}

// TestInForce asks the same question of two days, before and after the decree's
// amendment of 2026-05-06.
func TestInForce(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	ingestJSON(t, "--data", data, laws(t, "history"))
	ask := func(on string) (assistant.Answer, string) {
		var a assistant.Answer
		out := mustRun(t, "--data", data, "ask", "--json", "--on", on, "민원의 처리기간은 어떤 사유로 연장할 수 있나요?")
		if err := json.Unmarshal([]byte(out), &a); err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, b := range a.Blocks {
			for _, s := range b.Sentences {
				if s.Status == ground.Verified {
					text.WriteString(s.Text + "\n")
				}
			}
		}
		return a, text.String()
	}
	article := func(a assistant.Answer) ground.Source {
		for _, s := range a.Sources {
			if s.Used && strings.HasPrefix(s.Cite, "「민원 처리에 관한 법률 시행령」 제21조") && isPartOf(s.Cite, "「민원 처리에 관한 법률 시행령」 제21조") {
				return s
			}
		}
		t.Fatalf("on %s no sentence rests on 시행령 제21조: %+v", a.On, a.Sources)
		return ground.Source{}
	}
	older, oldText := ask("2026-05-01")
	newer, newText := ask("2026-06-01")
	if s := article(older); s.DocID != "law/003540@281519" || s.InForce.From != "2026-01-02" || s.InForce.Until != "2026-05-06" {
		t.Errorf("on 2026-05-01: %s in force %+v", s.DocID, s.InForce)
	}
	if s := article(newer); s.DocID != "law/003540@285815" || s.InForce.From != "2026-05-06" || s.InForce.Until != "" {
		t.Errorf("on 2026-06-01: %s in force %+v", s.DocID, s.InForce)
	}
	if !strings.Contains(oldText, "부득이한 사유") || strings.Contains(oldText, "업무과중") {
		t.Errorf("on 2026-05-01 the answer is\n%s", oldText)
	}
	if !strings.Contains(newText, "업무과중") || !strings.Contains(newText, "부재") {
		t.Errorf("on 2026-06-01 the answer does not name overwork and absence:\n%s", newText)
	}
}
