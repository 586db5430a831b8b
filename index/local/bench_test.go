package local

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"biseo/index"
	"biseo/korea/text"
)

// lawFolder is where the benchmarks find laws in Markdown: BISEO_BENCH_LAWS, or
// the shared ones.
func lawFolder(tb testing.TB) string {
	if dir := os.Getenv("BISEO_BENCH_LAWS"); dir != "" {
		return dir
	}
	return filepath.Join(sharedData(tb), "laws-kr", "admin-subset")
}

// sharedData is the folder of the shared test data.
func sharedData(tb testing.TB) string {
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(file), "..", "..", "..", "shared", "data")
	if _, err := os.Stat(dir); err != nil {
		tb.Skip("needs ../shared/data")
	}
	return dir
}

type law struct {
	doc    index.Doc
	chunks []index.Chunk
}

// readLaws cuts each law at its articles, which is enough to measure with.
func readLaws(tb testing.TB) []law {
	var laws []law
	dir := lawFolder(tb)
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		name := filepath.ToSlash(rel)
		l := law{doc: index.Doc{ID: name, Title: strings.ReplaceAll(strings.TrimSuffix(name, ".md"), "/", " "), Kind: "law", Readers: []string{index.Public}, Grade: index.Open}}
		_, body, _ := strings.Cut(string(b), "\n# ")
		for i, s := range strings.Split(body, "\n##### ") {
			head, rest, _ := strings.Cut(s, "\n")
			l.chunks = append(l.chunks, index.Chunk{ID: index.ChunkID(name, i), DocID: name, Path: []string{head}, Cite: l.doc.Title + " " + head, Text: rest})
		}
		laws = append(laws, l)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return laws
}

func fillLaws(tb testing.TB, x index.Index, laws []law) (chunks int) {
	for _, l := range laws {
		if err := x.Replace(tb.Context(), l.doc, l.chunks); err != nil {
			tb.Fatal(err)
		}
		chunks += len(l.chunks)
	}
	return chunks
}

// BenchmarkReplace stores the laws, without vectors.
func BenchmarkReplace(b *testing.B) {
	laws := readLaws(b)
	for b.Loop() {
		x, err := Open(b.Context(), b.TempDir(), Options{Rules: text.Version})
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		chunks := fillLaws(b, x, laws)
		b.ReportMetric(float64(chunks)/time.Since(start).Seconds(), "chunks/s")
		size, _ := os.Stat(filepath.Join(x.dir, x.live.name))
		b.ReportMetric(float64(size.Size())/1e6, "MB")
		x.Close()
	}
}

// BenchmarkSearch asks 200 questions each of three lengths, by words and hybrid. The
// vectors are made, 384 numbers around some hundred centres: the time of a search
// does not depend on what they mean. BISEO_BENCH_LAWS names another folder of laws,
// and BISEO_BENCH_INDEX one that keeps the index between runs: 200,000 articles take
// some minutes.
//
//	go test -run - -bench Search -benchtime 1000x ./index/local
func BenchmarkSearch(b *testing.B) {
	const dim = 384
	laws := readLaws(b)
	dir := os.Getenv("BISEO_BENCH_INDEX")
	if dir == "" {
		dir = b.TempDir()
	}
	x, err := Open(b.Context(), dir, Options{Rules: text.Version, Space: "made/384"})
	if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	r := rand.New(rand.NewPCG(1, 1))
	var centres [][]float32
	for range 300 {
		centres = append(centres, unit(r, nil, dim))
	}
	var some bool
	for range x.Docs(b.Context()) {
		some = true
		break
	}
	if !some {
		for _, l := range laws {
			for i := range l.chunks {
				l.chunks[i].Dense = unit(r, centres[r.IntN(len(centres))], dim)
			}
		}
		fillLaws(b, x, laws)
	}
	start := time.Now()
	if err := x.view(b.Context(), func(v *view) error { b.Logf("%d chunks", v.all.Chunks); return nil }); err != nil {
		b.Fatal(err)
	}
	b.Logf("read into memory in %v", time.Since(start))
	for _, kind := range []struct {
		name   string
		length int
		hybrid bool
	}{{"words/title", 20, false}, {"words/sentence", 60, false}, {"words/paragraph", 300, false},
		{"hybrid/title", 20, true}, {"hybrid/sentence", 60, true}, {"hybrid/paragraph", 300, true}} {
		var queries []index.Query
		for i := 0; len(queries) < 200; i += 7 {
			l := laws[i%len(laws)]
			c := l.chunks[i*31%len(l.chunks)]
			s := c.Text
			if kind.length == 20 {
				s = c.Path[0]
			}
			text := []rune(strings.Join(strings.Fields(s), " "))
			if len(text) <= 5 {
				continue
			}
			q := index.Query{Scope: index.Scope{On: index.Day(2026, 6, 8)}, Text: string(text[:min(kind.length, len(text))])}
			if kind.hybrid {
				q.Dense = unit(r, centres[r.IntN(len(centres))], dim)
			}
			queries = append(queries, q)
		}
		b.Run(kind.name, func(b *testing.B) {
			var took []time.Duration
			i := 0
			for b.Loop() {
				start := time.Now()
				hits, err := x.Search(b.Context(), queries[i%len(queries)])
				if err != nil || len(hits) == 0 {
					b.Fatal(len(hits), err)
				}
				took = append(took, time.Since(start))
				i++
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}
