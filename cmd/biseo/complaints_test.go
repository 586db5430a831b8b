package main

import (
	"bufio"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"biseo/assistant"
	"biseo/assistant/retrieval"
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
func citedComplaints(t *testing.T) (out []cited, others int) {
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
			if m == nil || standard.MatchString(m[1]) {
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

var (
	// standard names a technical standard: an 행정규칙, not a law.
	standard = regexp.MustCompile(`기준|NFPC|NFTC|지침|고시|규정$|규칙-제`)
	decree   = regexp.MustCompile(`시행(?:령|규칙)$`)
)

// TestComplaintArticles asks laws for the articles that the official replies to
// real complaints rest on, by words and with what belongs to the passages found in
// the place of the last of them, and prints both. The laws are those that the
// replies cite among 56 others; with BISEO_TEST_ALL_LAWS=1 all national laws, which
// take some minutes to ingest.
func TestComplaintArticles(t *testing.T) {
	complaints, others := citedComplaints(t)
	tool, err := exec.LookPath("zstd")
	if err != nil {
		t.Skip("needs zstd: apt-get install zstd")
	}
	archive := filepath.Join(shared(t, "laws-kr"), "laws-kr-full-2026-06-08.tar.zst")
	dir, only := t.TempDir(), []string{}
	if os.Getenv("BISEO_TEST_ALL_LAWS") == "" {
		dir = copyLaws(t, "admin-subset")
		if fewRounds() {
			keepOnly(t, dir, "민원처리에관한법률")
		}
		for _, c := range complaints {
			for _, a := range c.articles {
				if name := "kr/" + decree.ReplaceAllString(strings.ReplaceAll(a.Law, " ", ""), ""); !slices.Contains(only, name) {
					only = append(only, name)
				}
			}
		}
	}
	out, err := exec.Command("tar", append([]string{"-I", tool, "-xf", archive, "-C", dir}, only...)...).CombinedOutput()
	if err != nil && !strings.Contains(string(out), "Not found in archive") { // a law of that day may have another name by now
		t.Fatalf("unpack %s: %v: %s", archive, err, out)
	}
	data := filepath.Join(t.TempDir(), "data")
	report := ingestJSON(t, "--data", data, dir)
	t.Logf("%d laws, decrees and rules, %d failed", report.Added, len(report.Failed))
	a, x, err := (&settings{Data: data}).assistant(t.Context(), &console{lg: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	finder := retrieval.New(slog.New(slog.DiscardHandler), x, retrieval.Options{})
	var words, links score
	for _, c := range complaints {
		req := assistant.SearchRequest{Query: clipped(c.question, 2000), On: index.Day(2026, 6, 8), Limit: 10}
		r, err := a.Search(t.Context(), assistant.Principal{}, req)
		if err != nil {
			t.Fatal(err)
		}
		var hits, evidence []string
		for _, h := range r.Hits {
			hits = append(hits, h.Cite)
		}
		found, err := finder.Evidence(t.Context(), index.Query{Scope: index.Scope{Grade: index.Open, On: req.On}, Text: req.Query, Limit: req.Limit})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range found.Hits {
			evidence = append(evidence, h.Chunk.Cite)
		}
		words.add(c, hits)
		links.add(c, evidence)
	}
	t.Logf("%d complaints that rest on %d articles (%d provisions are annexes or technical standards): as found %s; with what belongs to it %s",
		len(complaints), words.articles, others, words, links)
	if least := len(complaints) * 25 / 100; words.success < least {
		t.Errorf("words: %s, want at least %d of them answered", words, least)
	}
}

func clipped(s string, n int) string {
	r := []rune(s)
	return string(r[:min(len(r), n)])
}

// A score counts what the first ten passages hold.
type score struct{ questions, success, articles, found int }

func (s *score) add(c cited, cites []string) {
	s.questions++
	s.articles += len(c.articles)
	any := 0
	for _, want := range c.articles {
		for _, cite := range cites[:min(10, len(cites))] {
			if f := law.Find(cite); len(f) > 0 && want.Covers(f[0].Citation) {
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
