package eval

import (
	"context"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/index"
	"biseo/llm"
)

// wordIndex scores a chunk by how many words of the query it contains.
type wordIndex struct {
	docs   []index.Doc
	chunks []index.Chunk
}

func (x *wordIndex) Space() string { return "" }
func (x *wordIndex) Replace(_ context.Context, d index.Doc, c []index.Chunk) error {
	x.docs, x.chunks = append(x.docs, d), append(x.chunks, c...)
	return nil
}
func (x *wordIndex) Describe(context.Context, index.Doc) error        { return nil }
func (x *wordIndex) Remove(context.Context, string) error             { return nil }
func (x *wordIndex) Docs(context.Context) iter.Seq2[index.Doc, error] { return nil }
func (x *wordIndex) Close() error                                     { return nil }
func (x *wordIndex) Passage(context.Context, index.Scope, string, int) ([]index.Hit, error) {
	return nil, index.ErrNotFound
}
func (x *wordIndex) Search(_ context.Context, q index.Query) ([]index.Hit, error) {
	var hits []index.Hit
	for i, c := range x.chunks {
		if !q.Allows(x.docs[i], c) {
			continue
		}
		h := index.Hit{Chunk: c, Doc: x.docs[i]}
		for _, w := range strings.Fields(q.Text) {
			h.Score += float64(strings.Count(x.docs[i].Title+" "+c.Text, w))
		}
		if h.Score > 0 {
			hits = append(hits, h)
		}
	}
	return hits, nil
}

type flatEmbedder struct{}

func (flatEmbedder) Space() string { return "flat/1" }
func (flatEmbedder) Embed(_ context.Context, _ llm.Role, texts []string) ([][]float32, error) {
	out := make([][]float32, len(texts))
	for i := range out {
		out[i] = []float32{1}
	}
	return out, nil
}

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, s := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	corpus = `{"id":"d1","title":"여권 발급","text":"수수료"}
{"_id":"d2","title":"","text":"주차 요금"}

{"id":"d3","title":"","text":""}
`
	queries = `{"id":"q1","text":"여권 수수료"}
{"_id":"q2","text":"주차"}
{"id":"q3","text":"없는말"}
{"id":"q4","text":"판정 없음"}`
	qrels = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\nq2\td1\t0\nq3\td1\t2\n"
)

func TestBEIR(t *testing.T) {
	dir := folder(t, map[string]string{"corpus.jsonl": corpus, "queries.jsonl": queries, "qrels/test.tsv": qrels, "two.txt": "q1\n q3 \r\n"})
	run := filepath.Join(t.TempDir(), "run.txt")
	tests := []struct {
		name string
		opt  BEIROptions
		want BEIRReport
	}{
		{"all", BEIROptions{Run: run}, BEIRReport{Queries: 3, Documents: 3, Mode: "words",
			Metrics: map[string]float64{"ndcg@10": 2. / 3, "recall@1": 2. / 3, "recall@5": 2. / 3, "recall@10": 2. / 3, "mrr@10": 2. / 3, "success@5": 2. / 3},
			CI95:    map[string][2]float64{"ndcg@10": {0, 1}}}},
		{"listed, with an embedder", BEIROptions{Queries: filepath.Join(dir, "two.txt"), Embedder: flatEmbedder{}}, BEIRReport{Queries: 2, Documents: 3, Mode: "hybrid",
			Metrics: map[string]float64{"ndcg@10": .5, "recall@1": .5, "recall@5": .5, "recall@10": .5, "mrr@10": .5, "success@5": .5},
			CI95:    map[string][2]float64{"ndcg@10": {0, 1}}}},
	}
	for _, tt := range tests {
		tt.opt.Open = func(space string) (index.Index, error) {
			if want := map[bool]string{true: "flat/1", false: ""}[tt.opt.Embedder != nil]; space != want {
				t.Errorf("%s: opened for space %q, want %q", tt.name, space, want)
			}
			return &wordIndex{}, nil
		}
		got, err := BEIR(t.Context(), slog.New(slog.DiscardHandler), dir, tt.opt)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got.LatencyMS, got.IndexSeconds = tt.want.LatencyMS, 0
		if d := cmp.Diff(&tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
	got, err := os.ReadFile(run)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff("q1 Q0 d1 1 2 biseo\nq2 Q0 d2 1 1 biseo\n", string(got)); d != "" {
		t.Errorf("run file (-want +got):\n%s", d)
	}
}

// Equal scores keep the index's order in the run, written strictly decreasing.
func TestRunScoresDecrease(t *testing.T) {
	x := &wordIndex{}
	for _, id := range []string{"a", "b", "c"} {
		if err := fill(t.Context(), x, nil, []Text{{ID: id, Text: "말"}}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ask(t.Context(), x, nil, "말")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"a", "b", "c"}, Rank(got)); d != "" {
		t.Errorf("ranking (-want +got):\n%s", d)
	}
	for i := 1; i < len(got); i++ {
		if float32(got[i].Score) >= float32(got[i-1].Score) {
			t.Errorf("score %d is %v after %v, want less", i, got[i].Score, got[i-1].Score)
		}
	}
}

func TestReadSetSaysWhatIsWrong(t *testing.T) {
	tests := []struct {
		name, file, text, want string
	}{
		{"no corpus", "corpus.jsonl", "", "corpus.jsonl: no such file"},
		{"no judgements file", "qrels.tsv", "", "qrels.tsv: no such file"},
		{"malformed", "corpus.jsonl", "{\"id\":\"a\"}\n{\"id\":", "corpus.jsonl, line 2: not a JSON object"},
		{"no id", "queries.jsonl", `{"text":"x"}`, `queries.jsonl, line 1: no "id"`},
		{"document twice", "corpus.jsonl", "{\"id\":\"a\"}\n{\"id\":\"a\"}", `corpus.jsonl, line 2: the id "a" occurs twice`},
		{"unknown query", "qrels.tsv", "q\td\ts\nq1\td1\t1\nq9\td1\t1", `qrels.tsv, line 3: the query "q9" is not in queries.jsonl`},
		{"columns", "qrels.tsv", "q\td\ts\nq1 d1 1", "qrels.tsv, line 2: want 3 columns (query, document, grade) separated by tabs, have 1"},
		{"grade", "qrels.tsv", "q\td\ts\nq1\td1\thigh", `qrels.tsv, line 2: the grade "high" is not a whole number`},
		{"judged twice", "qrels.tsv", "q1\td1\t1\nq1\td1\t0", `qrels.tsv, line 2: the query "q1" judges the document "d1" twice`},
		{"nothing judged", "qrels.tsv", "q\td\ts\n", "no query has a judgement"},
		{"unknown query listed", "ids.txt", "q8\n", `ids.txt, line 1: the query "q8" is not in queries.jsonl`},
	}
	for _, tt := range tests {
		files := map[string]string{"corpus.jsonl": corpus, "queries.jsonl": queries, "qrels.tsv": qrels, "ids.txt": "q1"}
		if files[tt.file] = tt.text; tt.text == "" {
			delete(files, tt.file)
		}
		dir := folder(t, files)
		_, err := ReadSet(dir, filepath.Join(dir, "ids.txt"))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}
