package qdrant

import (
	"context"
	"hash/fnv"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/qdrant/go-client/qdrant"

	"biseo/index"
	"biseo/index/local"
	"biseo/korea/text"
)

// A law is a document of the comparison.
type law struct {
	doc    index.Doc
	chunks []index.Chunk
}

// readLaws cuts laws in Markdown at their articles: those of BISEO_BENCH_LAWS, or
// the first of the shared ones, most at most. Rights, dates and vectors are made up: a vector is the sum of
// one of random numbers for each term, so that chunks with common words are near.
// The sentences of every second law have vectors too, which lean to their terms.
func readLaws(tb testing.TB, most int) []law {
	dir := os.Getenv("BISEO_BENCH_LAWS")
	if dir != "" {
		most = math.MaxInt
	} else {
		_, file, _, _ := runtime.Caller(0)
		dir = filepath.Join(filepath.Dir(file), "..", "..", "..", "shared", "data", "laws-kr", "admin-subset")
		if _, err := os.Stat(dir); err != nil {
			tb.Skip("needs ../shared/data/laws-kr")
		}
	}
	r := rand.New(rand.NewPCG(4, 4))
	var laws []law
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		name := text.NFC(filepath.ToSlash(rel))
		d := index.Doc{ID: name, Work: name, Title: strings.ReplaceAll(strings.TrimSuffix(name, ".md"), "/", " "), Kind: []string{"law", "decree"}[r.IntN(2)],
			Agency: []string{"가온시", "나래군", "다솜구"}[r.IntN(3)], Readers: []string{index.Public}, Grade: index.Open}
		switch r.IntN(10) {
		case 0:
			d.Readers = []string{"감사"}
		case 1:
			d.Grade = index.Sensitive
		case 2:
			d.From = index.Day(2026, 7, 1)
		}
		l := law{doc: d}
		_, body, _ := strings.Cut(string(b), "\n# ")
		for s := range strings.SplitSeq(body, "\n##### ") {
			head, rest, _ := strings.Cut(text.NFC(s), "\n")
			for part := range slices.Chunk([]rune(rest), 2000) {
				c := index.Chunk{ID: index.ChunkID(name, len(l.chunks)), DocID: name, Path: []string{head},
					Cite: d.Title + " " + head, Text: string(part), Dense: embed(head + " " + string(part))}
				if sentences := text.Sentences(c.Text); len(laws)%2 == 1 && len(sentences) > 1 {
					for _, s := range sentences {
						c.Sentences = append(c.Sentences, lean(c.Dense, embed(string(part[s.Start:s.End]))))
					}
				}
				l.chunks = append(l.chunks, c)
			}
		}
		if laws = append(laws, l); len(laws) == most {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return laws
}

const (
	dimensions = 384
	toySpace   = "toy/384"
)

// embed sums a few of 384 numbers for each term.
func embed(s string) []float32 {
	v := make([]float32, dimensions)
	for _, t := range text.Terms(s) {
		h := fnv.New64a()
		h.Write([]byte(t))
		r := rand.New(rand.NewPCG(h.Sum64(), 1))
		for range 16 {
			v[r.IntN(dimensions)] += float32(r.NormFloat64())
		}
	}
	return unit(v)
}

// lean is the unit vector an eighth of the way from a to b.
func lean(a, b []float32) []float32 {
	v := make([]float32, len(a))
	for i := range a {
		v[i] = 7*a[i] + b[i]
	}
	return unit(v)
}

func unit(v []float32) []float32 {
	var sum float64
	for _, f := range v {
		sum += float64(f) * float64(f)
	}
	for i := range v {
		v[i] /= float32(max(math.Sqrt(sum), 1e-9))
	}
	return v
}

func fill(tb testing.TB, x index.Index, laws []law) (chunks int) {
	tb.Helper()
	for _, l := range laws {
		if err := x.Replace(tb.Context(), l.doc, l.chunks); err != nil {
			tb.Fatal(err)
		}
		chunks += len(l.chunks)
	}
	return chunks
}

// questions are titles, sentences and paragraphs of the laws.
func questions(laws []law, n int) []string {
	var all []string
	for i := 0; len(all) < n; i += 7 {
		l := laws[i%len(laws)]
		c := l.chunks[i*31%len(l.chunks)]
		s, length := c.Text, []int{20, 60, 300}[len(all)%3]
		if length == 20 {
			s = c.Path[0]
		}
		if r := []rune(strings.Join(strings.Fields(s), " ")); len(r) > 5 {
			all = append(all, string(r[:min(length, len(r))]))
		}
	}
	return all
}

func scopes() []index.Scope {
	on := index.Day(2026, 6, 8)
	return []index.Scope{{On: on}, {On: on, Readers: []string{"감사"}, Grade: index.Sensitive}, {On: on, Kinds: []string{"law"}},
		{On: on.AddDate(1, 0, 0), Agencies: []string{"나래군", "다솜구"}, Kinds: []string{"decree"}}}
}

// TestCompare asks both backends the same of the same laws: the word ranking must
// be that of index/local, which ranks by exact BM25, and the best by meaning must
// be those of its scan. In hybrid rankings neighbours may change places: the
// fusion measures scores by the spread of all that take part, of which this package
// knows those far from the result as the engine's weights have them, to two digits;
// and index/local keeps sentences in eight bits, and finds what they rank by four.
func TestCompare(t *testing.T) {
	laws := readLaws(t, 40)
	ctx := t.Context()
	near, err := local.Open(ctx, t.TempDir(), local.Options{Space: toySpace, Rules: "r"})
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	url := sharedURL(t)
	far, err := Open(ctx, quiet, Options{URL: url, Collection: collection(t, url), Space: toySpace, Rules: "r"})
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	fill(t, near, laws)
	began := time.Now()
	chunks := fill(t, far, laws)
	t.Logf("%d chunks, %.0f a second", chunks, float64(chunks)/time.Since(began).Seconds())
	fill(t, far, laws[:5]) // what was replaced must count once
	waitIndexed(t, far)

	ids := func(x index.Index, q index.Query) (ids []string) {
		hits, err := x.Search(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hits {
			ids = append(ids, h.Chunk.ID)
		}
		return ids
	}
	asked, otherWords, found, wanted, otherHybrid := 0, 0, 0, 0, 0
	for i, s := range questions(laws, 120) {
		scope := scopes()[i%4]
		asked++
		q := index.Query{Scope: scope, Text: s}
		if want, got := ids(near, q), ids(far, q); !slices.Equal(want, got) {
			otherWords++
			t.Logf("words, %q (-local +qdrant):\n%s", s[:min(len(s), 60)], cmp.Diff(want, got))
		}
		q = index.Query{Scope: scope, Dense: embed(s)}
		want, got := ids(near, q), ids(far, q)
		wanted += len(want)
		for _, id := range want {
			if slices.Contains(got, id) {
				found++
			}
		}
		q.Text = s
		if want, got := ids(near, q), ids(far, q); !slices.Equal(want, got) {
			otherHybrid++
			t.Logf("hybrid, %q (-local +qdrant):\n%s", s[:min(len(s), 60)], cmp.Diff(want, got))
		}
	}
	t.Logf("%d questions: %d other word rankings, recall by meaning %.4f, %d other hybrid rankings", asked, otherWords, float64(found)/float64(wanted), otherHybrid)
	if otherWords > 0 {
		t.Errorf("%d of %d word rankings differ", otherWords, asked)
	}
	if otherHybrid > asked/10 {
		t.Errorf("%d of %d hybrid rankings differ", otherHybrid, asked)
	}
	if float64(found) < 0.99*float64(wanted) {
		t.Errorf("by meaning %d of %d found", found, wanted)
	}
}

// waitIndexed waits until the server has optimised what was written.
func waitIndexed(tb testing.TB, x *Index) {
	tb.Helper()
	for end := time.Now().Add(10 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		info, err := x.client.GetCollectionInfo(context.Background(), x.name)
		if err != nil {
			tb.Fatal(err)
		}
		if info.GetStatus() == qdrant.CollectionStatus_Green {
			return
		}
	}
	tb.Fatal("the server does not finish its index")
}

// fillAtOnce stores as many laws at once as the index wants.
func fillAtOnce(tb testing.TB, x *Index, laws []law) (chunks int) {
	var writers sync.WaitGroup
	todo := make(chan law)
	for range x.Writers() {
		writers.Go(func() {
			for l := range todo {
				if err := x.Replace(tb.Context(), l.doc, l.chunks); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	for _, l := range laws {
		todo <- l
		chunks += len(l.chunks)
	}
	close(todo)
	writers.Wait()
	return chunks
}

// BenchmarkReplace stores the laws without vectors of meaning, as ingest does, and then
// the same points by the bare client, in batches of as many.
func BenchmarkReplace(b *testing.B) {
	laws := readLaws(b, math.MaxInt)
	for _, l := range laws {
		for i := range l.chunks {
			l.chunks[i].Dense, l.chunks[i].Sentences = nil, nil
		}
	}
	url := sharedURL(b)
	open := func() *Index {
		x, err := Open(b.Context(), quiet, Options{URL: url, Collection: collection(b, url), Rules: "r"})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { x.Close() })
		return x
	}
	for b.Loop() {
		x := open()
		began := time.Now()
		chunks := fillAtOnce(b, x, laws)
		ours := float64(chunks) / time.Since(began).Seconds()

		var points []*qdrant.PointStruct
		for _, l := range laws {
			more, err := x.points(l.doc, analyse(l.doc, l.chunks))
			if err != nil {
				b.Fatal(err)
			}
			for i, id := range chunkPoints(l.doc.ID, 1, 0, len(more)) {
				more[i].Id = id
			}
			points = append(points, more...)
		}
		x = open()
		began = time.Now()
		for batch := range slices.Chunk(points, batchChunks) {
			if _, err := x.client.Upsert(b.Context(), &qdrant.UpsertPoints{CollectionName: x.name, Wait: qdrant.PtrOf(true), Points: batch}); err != nil {
				b.Fatal(err)
			}
		}
		bare := float64(chunks) / time.Since(began).Seconds()
		b.ReportMetric(ours, "chunks/s")
		b.ReportMetric(bare, "bare-chunks/s")
		b.ReportMetric(ours/bare, "ratio")
	}
}

// BenchmarkSearch asks in turn by Search and by the bare request: one call of
// Qdrant's own hybrid search, as deep by words and by meaning, fused to 10 with
// payload, under the same filter.
func BenchmarkSearch(b *testing.B) {
	laws := readLaws(b, math.MaxInt)
	url := sharedURL(b)
	x, err := Open(b.Context(), quiet, Options{URL: url, Collection: collection(b, url), Space: toySpace, Rules: "r"})
	if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	fill(b, x, laws)
	waitIndexed(b, x)
	if err := x.load(b.Context()); err != nil {
		b.Fatal(err)
	}
	asked := questions(laws, 300)
	var vectors [][]float32
	for _, s := range asked {
		vectors = append(vectors, embed(s))
	}
	bare := func(q index.Query) error {
		terms := text.QueryTerms(q.Text)
		slices.Sort(terms)
		hashes, weights := x.freq.scorer(x.opt.BM25, index.QueryKindOf(q.Text), slices.Compact(terms)).heaviest(proposingTerms)
		filter, depth := &qdrant.Filter{Must: conditions(q.Scope)}, qdrant.PtrOf(uint64(x.opt.Fusion.For(q.Text).Depth))
		_, err := x.client.Query(b.Context(), &qdrant.QueryPoints{CollectionName: x.name, Limit: qdrant.PtrOf(uint64(10)),
			Prefetch: []*qdrant.PrefetchQuery{
				{Query: qdrant.NewQueryDense(q.Dense), Using: qdrant.PtrOf(dense), Filter: filter, Limit: depth,
					Params: &qdrant.SearchParams{HnswEf: qdrant.PtrOf(uint64(256)), Quantization: &qdrant.QuantizationSearchParams{Rescore: qdrant.PtrOf(true), Oversampling: qdrant.PtrOf(2.0)}}},
				{Query: qdrant.NewQuerySparse(hashes, weights), Using: qdrant.PtrOf(words), Filter: filter, Limit: depth}},
			Query: qdrant.NewQueryRRF(&qdrant.Rrf{K: qdrant.PtrOf(uint32(60))}), WithPayload: qdrant.NewWithPayload(true)})
		return err
	}
	took := map[string][]time.Duration{}
	i := 0
	for b.Loop() {
		q := index.Query{Scope: scopes()[0], Text: asked[i%len(asked)], Dense: vectors[i%len(asked)]}
		i++
		for name, ask := range map[string]func() error{
			"search": func() error { _, err := x.Search(b.Context(), q); return err },
			"bare":   func() error { return bare(q) },
		} {
			began := time.Now()
			if err := ask(); err != nil {
				b.Fatal(err)
			}
			took[name] = append(took[name], time.Since(began))
		}
	}
	p50 := map[string]float64{}
	for name, all := range took {
		slices.Sort(all)
		p50[name] = float64(all[len(all)/2].Microseconds()) / 1000
		b.ReportMetric(p50[name], name+"-p50-ms")
		b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, name+"-p99-ms")
	}
	b.ReportMetric(p50["search"]/p50["bare"], "ratio")
}
