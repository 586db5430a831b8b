package local

import (
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
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(file), "..", "..", "..", "shared", "data", "laws-kr", "admin-subset")
	if _, err := os.Stat(dir); err != nil {
		tb.Skip("needs ../shared/data/laws-kr")
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

func BenchmarkSearchWords(b *testing.B) {
	laws := readLaws(b)
	// BISEO_BENCH_INDEX keeps the index between runs: 200,000 articles take minutes.
	dir := os.Getenv("BISEO_BENCH_INDEX")
	if dir == "" {
		dir = b.TempDir()
	}
	x, err := Open(b.Context(), dir, Options{Rules: text.Version})
	if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	var some bool
	for range x.Docs(b.Context()) {
		some = true
		break
	}
	if !some {
		fillLaws(b, x, laws)
	}
	for name, length := range map[string]int{"title": 20, "sentence": 60, "paragraph": 300} {
		var queries []string
		for i := 0; len(queries) < 200; i += 7 {
			l := laws[i%len(laws)]
			c := l.chunks[i*31%len(l.chunks)]
			s := c.Text
			if name == "title" {
				s = c.Path[0]
			}
			r := []rune(strings.Join(strings.Fields(s), " "))
			if len(r) > 5 {
				queries = append(queries, string(r[:min(length, len(r))]))
			}
		}
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			i := 0
			for b.Loop() {
				start := time.Now()
				hits, err := x.Search(b.Context(), index.Query{Scope: index.Scope{On: index.Day(2026, 6, 8)}, Text: queries[i%len(queries)]})
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
