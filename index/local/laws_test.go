package local

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"biseo/index"
	"biseo/ingest"
	"biseo/ingest/extract"
	"biseo/korea/text"
)

const (
	allLaws     = "BISEO_ALL_LAWS"
	allLawsPart = "BISEO_ALL_LAWS_PART"
)

var allLawsOptions = Options{Rules: text.Version, Space: "made/384"}

// TestAllLaws measures an index of all national laws in force, cut as ingest cuts
// them. The vectors are made, 384 numbers around a thousand centres that share a large
// part: the time of a search does not depend on what they mean.
//
//	BISEO_ALL_LAWS=DIR go test -run TestAllLaws -v -timeout 1h ./index/local
//
// DIR holds the folder kr of the archive laws-kr-full of ../shared/data/laws-kr, and
// afterwards the index, some 2.4 GB, which the next run takes as it is. Each part is a
// process of its own, so that the memory of a search is that of a search alone:
//
//	ingest  an index without vectors, for its speed, then one with them if there is none
//	search  open; 500 questions of five kinds, one after the other, by words and by both
//	exact   the same questions against BM25 over every chunk and cosines of every vector
//
// BISEO_ALL_LAWS_PART names one part to run, here and not in a process of its own: with
// it -cpuprofile tells of the searches alone. Without BISEO_ALL_LAWS the parts run on one law.
func TestAllLaws(t *testing.T) {
	dir, chosen := os.Getenv(allLaws), os.Getenv(allLawsPart)
	laws, made := filepath.Join(dir, "kr"), filepath.Join(dir, "index")
	if dir == "" {
		laws, made = filepath.Join(lawFolder(t), "도로법"), filepath.Join(t.TempDir(), "index")
	}
	for _, part := range []struct {
		name string
		run  func(t *testing.T, laws, made string)
	}{{"ingest", ingestAllLaws}, {"search", searchAllLaws}, {"exact", compareAllLaws}} {
		if dir == "" || chosen == part.name {
			part.run(t, laws, made)
		}
		if dir == "" || chosen != "" {
			continue
		}
		c := exec.Command(os.Args[0], "-test.run=^TestAllLaws$", "-test.v", "-test.timeout=1h")
		c.Env = append(os.Environ(), allLawsPart+"="+part.name)
		out, err := c.CombinedOutput()
		t.Logf("%s\n%s", part.name, out)
		if err != nil {
			t.Fatalf("%s: %v", part.name, err)
		}
	}
}

func ingestAllLaws(t *testing.T, laws, made string) {
	t.Logf("without vectors: %s", fillAllLaws(t, laws, t.TempDir(), Options{Rules: text.Version}))
	if _, err := os.Stat(made); err == nil {
		return
	}
	if err := os.RemoveAll(made + ".part"); err != nil {
		t.Fatal(err)
	}
	t.Logf("with vectors: %s", fillAllLaws(t, laws, made+".part", allLawsOptions))
	if err := os.Rename(made+".part", made); err != nil {
		t.Fatal(err)
	}
}

// fillAllLaws makes the index of the laws in folder and tells how fast it took them,
// without the time of reading files and of making vectors.
func fillAllLaws(t *testing.T, folder, dir string, opt Options) string {
	x := mustOpen(t, dir, opt)
	var took time.Duration
	chunks := 0
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		d, err := extract.Read(t.Context(), path)
		if err != nil {
			return err
		}
		d.Meta.Readers, d.Meta.Grade = []string{index.Public}, index.Open
		cs := ingest.Split(d, ingest.SplitOptions{})
		for i := range cs {
			if opt.Space != "" {
				cs[i].Dense = madeVector(cs[i].ID)
				for range ingest.EmbedTexts(d.Meta, cs[i])[1:] { // as many as it has sentences
					cs[i].Sentences = append(cs[i].Sentences, cs[i].Dense)
				}
			}
		}
		chunks += len(cs)
		start := time.Now()
		err = x.Replace(t.Context(), d.Meta, cs)
		took += time.Since(start)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d chunks, %.0f a second", chunks, float64(chunks)/took.Seconds())
}

var madeCentres [][]float32

// madeVector makes the vector of a chunk or question.
func madeVector(id string) []float32 {
	const dim = 384
	if madeCentres == nil {
		r := rand.New(rand.NewPCG(1, 1))
		shared := unit(r, nil, dim)
		for i := range shared {
			shared[i] *= 3
		}
		for range 1000 {
			madeCentres = append(madeCentres, unit(r, shared, dim))
		}
	}
	h := fnv.New64()
	h.Write([]byte(id))
	r := rand.New(rand.NewPCG(h.Sum64(), 1))
	return unit(r, madeCentres[r.IntN(len(madeCentres))], dim)
}

// allLawsQuestions are a hundred of each kind, of few laws fewer, with made vectors: what
// citizens wrote, long and short, the beginnings of chunks and how they are cited.
func allLawsQuestions(t *testing.T, x *Index) map[string][]index.Query {
	each := 0
	if err := x.view(t.Context(), func(v *view) error { each = min(100, 10+v.all.Chunks/1000); return nil }); err != nil {
		t.Fatal(err)
	}
	kinds := map[string][]index.Query{}
	add := func(kind, s string) {
		if len(kinds[kind]) < each {
			kinds[kind] = append(kinds[kind], index.Query{Scope: index.Scope{On: index.Day(2026, 6, 8)}, Text: s, Dense: madeVector("question " + s)})
		}
	}
	shared := sharedData(t)
	eachLine(t, filepath.Join(shared, "complaints-ko-firesafety", "replies.jsonl"), func(line []byte) {
		var q struct {
			Text string `json:"question_raw"`
		}
		if err := json.Unmarshal(line, &q); err != nil {
			t.Fatal(err)
		}
		add("complaint", q.Text)
	})
	eachLine(t, filepath.Join(shared, "retrieval-ko-welfare", "queries.jsonl"), func(line []byte) {
		var q struct{ Text string }
		if err := json.Unmarshal(line, &q); err != nil {
			t.Fatal(err)
		}
		add("question", q.Text)
	})
	err := x.view(t.Context(), func(v *view) error {
		rows, err := v.tx.QueryContext(t.Context(), `SELECT cite, text FROM chunks WHERE length(text) > 20 AND key % ? = 0 ORDER BY key`, 1+v.all.Chunks/(each+7))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var cite, s string
			if err := rows.Scan(&cite, &s); err != nil {
				return err
			}
			text := []rune(strings.Join(strings.Fields(s), " "))
			add("citation", cite)
			add("60 of a law", string(text[:min(60, len(text))]))
			add("300 of a law", string(text[:min(300, len(text))]))
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return kinds
}

func eachLine(t *testing.T, path string, use func([]byte)) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		use(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func searchAllLaws(t *testing.T, _, made string) {
	opt := allLawsOptions
	opt.ReadOnly = true
	start := time.Now()
	x := mustOpen(t, made, opt)
	if err := x.view(t.Context(), func(*view) error { return nil }); err != nil {
		t.Fatal(err)
	}
	t.Logf("open and ready in %v, %s", time.Since(start).Round(time.Millisecond), resident())
	questions := allLawsQuestions(t, x)
	for _, mode := range []string{"words", "both"} {
		var all []time.Duration
		before := processorTime()
		for _, kind := range []string{"question", "complaint", "citation", "60 of a law", "300 of a law"} {
			var took []time.Duration
			for _, q := range questions[kind] {
				if mode == "words" {
					q.Dense = nil
				}
				start := time.Now()
				if _, err := x.Search(t.Context(), q); err != nil {
					t.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			t.Logf("%-5s  %-12s  %s", mode, kind, percentiles(took))
			all = append(all, took...)
		}
		t.Logf("%-5s  %-12s  %s, of both processors %.1f ms on average", mode, "all", percentiles(all), (processorTime()-before).Seconds()*1000/float64(len(all)))
	}
	t.Log(resident())
}

func percentiles(took []time.Duration) string {
	slices.Sort(took)
	at := func(share int) float64 { return float64(took[(len(took)-1)*share/100].Microseconds()) / 1000 }
	return fmt.Sprintf("%d: p50 %.1f ms, p90 %.1f, p99 %.1f, most %.1f", len(took), at(50), at(90), at(99), at(100))
}

// processorTime is what Linux says that this process has used, in steps of 10 ms.
func processorTime() time.Duration {
	b, _ := os.ReadFile("/proc/self/stat")
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// resident is what Linux says of the memory of this process, now and at most.
func resident() string {
	b, _ := os.ReadFile("/proc/self/status")
	var now, most int
	for line := range strings.Lines(string(b)) {
		fmt.Sscanf(line, "VmRSS: %d kB", &now)
		fmt.Sscanf(line, "VmHWM: %d kB", &most)
	}
	return fmt.Sprintf("resident %d MB, at most %d", now/1000, most/1000)
}

// compareAllLaws compares the ten best by words and by meaning with exact ones.
func compareAllLaws(t *testing.T, _, made string) {
	opt := allLawsOptions
	opt.ReadOnly = true
	x := mustOpen(t, made, opt)
	var questions []index.Query
	for _, kind := range allLawsQuestions(t, x) {
		questions = append(questions, kind...)
	}
	err := x.view(t.Context(), func(v *view) error {
		brute := &bruteForce{only: map[string]bool{}, lists: map[string][]bruteMatch{}}
		for _, q := range questions {
			_, err := index.SearchTerms(q.Text, func(terms []string) (map[string]bool, error) {
				for _, term := range terms {
					brute.only[term] = true
				}
				return map[string]bool{}, nil // as if nothing were there: all spellings are asked for
			})
			if err != nil {
				return err
			}
			terms, _ := index.SearchTerms(q.Text, func(terms []string) (map[string]bool, error) {
				seen := map[string]bool{}
				for _, term := range terms {
					seen[term] = v.seen(term, v.sights(q.Scope, index.Scope.Allows))
				}
				return seen, nil
			})
			for _, term := range terms {
				brute.only[term] = true
			}
		}
		scope, seen := questions[0].Scope, map[string]bool{} // some law is not in force yet
		exact := make([]*best, len(questions))
		for i := range exact {
			exact[i] = newBest(10)
		}
		for _, e := range v.entries {
			chunks, err := loadChunks(t.Context(), v.tx, e)
			if err != nil {
				return err
			}
			brute.add(e.doc, chunks)
			chunks = slices.DeleteFunc(chunks, func(c index.Chunk) bool { return !scope.Allows(e.doc, c) })
			for _, c := range chunks {
				seen[c.ID] = true
			}
			parallel(len(questions), func(_, i int) {
				for _, c := range chunks {
					score := dot(questions[i].Dense, c.Dense)
					for _, v := range c.Sentences[:min(1, len(c.Sentences))] { // all are equal
						score = dot(questions[i].Dense, v)
					}
					exact[i].add(scored{id: c.ID, score: score})
				}
			})
		}
		best := make([][]scored, len(questions))
		parallel(len(questions), func(_, i int) {
			all := slices.DeleteFunc(brute.rank(questions[i].Text), func(s scored) bool { return !seen[s.id] })
			best[i] = slices.Clone(all[:min(10, len(all))])
		})
		equal, found := 0, 0
		for i, q := range questions {
			words, meaning, err := v.rank(t.Context(), q, index.FusionFor(q.Text).Depth)
			if err != nil {
				return err
			}
			if d := difference(words[:min(10, len(words))], best[i]); d == "" {
				equal++
			} else {
				t.Logf("%q: %s", q.Text, d)
			}
			for _, s := range exact[i].ranked() {
				if slices.ContainsFunc(meaning[:10], func(m scored) bool { return m.id == s.id }) {
					found++
				}
			}
		}
		recall := float64(found) / float64(10*len(questions))
		t.Logf("%d questions: %d with the ten best of exact BM25, recall@10 of exact cosines %.4f", len(questions), equal, recall)
		if recall < 0.99 || equal*100 < 98*len(questions) {
			t.Error("want the ten best of 98 % of the questions, and a recall of 0.99")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
