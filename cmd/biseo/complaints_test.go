package main

import (
	"bufio"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"biseo/assistant"
	"biseo/index"
	"biseo/korea/law"
)

// A cited is a real complaint and the articles of national laws that its official
// reply rests on.
type cited struct {
	question string
	articles []law.Citation
}

var provision = regexp.MustCompile(`^(.+)_(\d+)조(?:의(\d+))?(?:[-_]|$)`)

// citedComplaints reads the real complaints. Technical standards (행정규칙) and
// annexes (별표), which the collection of laws lacks, are counted apart.
func citedComplaints(t *testing.T, known func(name string) bool) (out []cited, others int) {
	t.Helper()
	f, err := os.Open(filepath.Join(shared(t, "complaints-ko-firesafety"), "replies.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var r struct {
			Question  string   `json:"question_raw"`
			Provision []string `json:"semantic_ids"`
		}
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		c := cited{question: r.Question}
		for _, p := range r.Provision {
			m := provision.FindStringSubmatch(p)
			if m == nil || !known(strings.ReplaceAll(m[1], "-", "")) {
				others++
				continue
			}
			n, _ := strconv.Atoi(m[2])
			branch, _ := strconv.Atoi(m[3])
			c.articles = append(c.articles, law.Citation{Law: strings.ReplaceAll(m[1], "-", " "), Article: law.Unit{N: n, Branch: branch}})
		}
		if len(c.articles) > 0 {
			out = append(out, c)
		}
	}
	return out, others
}

// TestComplaintArticles asks all national laws for the articles that the official
// replies to real complaints rest on, by words and with the articles that the
// passages found name or that carry them out, and prints both.
func TestComplaintArticles(t *testing.T) {
	if fewRounds() {
		t.Log("not under the race detector: 205,000 articles")
		return
	}
	tool, err := exec.LookPath("zstd")
	if err != nil {
		t.Skip("needs zstd: apt-get install zstd")
	}
	archive := filepath.Join(shared(t, "laws-kr"), "laws-kr-full-2026-06-08.tar.zst")
	dir := t.TempDir()
	if out, err := exec.Command("tar", "-I", tool, "-xf", archive, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("unpack %s: %v: %s", archive, err, out)
	}
	data := filepath.Join(t.TempDir(), "data")
	report := ingestJSON(t, "--data", data, dir)
	t.Logf("%d laws, decrees and rules, %d failed", report.Added, len(report.Failed))

	titles := map[string]bool{}
	a, x, err := (&settings{Data: data}).assistant(t.Context(), &console{lg: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for d, err := range x.Docs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		titles[strings.ReplaceAll(d.Title, " ", "")] = true
	}
	complaints, others := citedComplaints(t, func(name string) bool { return titles[name] })
	find := func(q string, limit int) []assistant.Hit {
		r, err := a.Search(t.Context(), assistant.Principal{}, assistant.SearchRequest{Query: q, On: index.Day(2026, 6, 8), Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		return r.Hits
	}
	var words, links score
	for _, c := range complaints {
		hits := find(clipped(c.question, 2000), 10)
		words.add(c, hits)
		links.add(c, linked(hits, find))
	}
	t.Logf("%d complaints that rest on %d articles (%d provisions are annexes or technical standards): words %s; with law links %s",
		len(complaints), words.articles, others, words, links)
	if words.success < len(complaints)*40/100 {
		t.Errorf("words: success@10 %s, want at least .40", words)
	}
}

func clipped(s string, n int) string {
	r := []rune(s)
	return string(r[:min(len(r), n)])
}

// linked is hits with, for its lower half, the articles that the upper half names
// and those of decrees and rules that carry them out.
func linked(hits []assistant.Hit, find func(string, int) []assistant.Hit) []assistant.Hit {
	top := hits[:min(5, len(hits))]
	out := append([]assistant.Hit{}, top...)
	seen := map[string]bool{}
	for _, h := range hits {
		seen[h.ChunkID] = true
	}
	for _, h := range top {
		self := law.Find(h.Cite)
		if len(self) == 0 {
			continue
		}
		asked := []law.Citation{{Law: self[0].Citation.Law, Article: self[0].Citation.Article}}
		for _, f := range law.Resolve(h.Text, law.Find(h.Text), self[0].Citation) {
			if f.Citation.Law != "" && f.Citation.Article.N > 0 {
				asked = append(asked, law.Citation{Law: f.Citation.Law, Article: f.Citation.Article})
			}
		}
		for _, c := range asked[:min(4, len(asked))] {
			for _, more := range find(c.String(), 3) {
				if !seen[more.ChunkID] && len(out) < 10 {
					seen[more.ChunkID] = true
					out = append(out, more)
				}
			}
		}
	}
	return append(out, hits[len(top):]...)[:min(10, len(out)+len(hits)-len(top))]
}

// A score counts what the first ten passages hold.
type score struct{ questions, success, articles, found int }

func (s *score) add(c cited, hits []assistant.Hit) {
	s.questions++
	s.articles += len(c.articles)
	any := 0
	for _, want := range c.articles {
		for _, h := range hits[:min(10, len(hits))] {
			if f := law.Find(h.Cite); len(f) > 0 && want.Covers(f[0].Citation) {
				any++
				break
			}
		}
	}
	s.found += any
	if any > 0 {
		s.success++
	}
}

func (s score) String() string {
	return strings.TrimSuffix(strings.Join([]string{"success@10 ", strconv.FormatFloat(float64(s.success)/float64(max(1, s.questions)), 'f', 3, 64),
		", recall@10 ", strconv.FormatFloat(float64(s.found)/float64(max(1, s.articles)), 'f', 3, 64)}, ""), " ")
}
