package eval

import (
	"context"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
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
	mode := func(name string, value float64, ci [2]float64) BEIRMode {
		m := BEIRMode{Mode: name, Metrics: map[string]float64{}, CI95: map[string][2]float64{}}
		for _, b := range beirMetrics {
			m.Metrics[b.name], m.CI95[b.name] = value, ci
		}
		return m
	}
	wide := [2]float64{0, 1}
	tests := []struct {
		name string
		opt  BEIROptions
		want BEIRReport
	}{
		{"all", BEIROptions{Run: run}, BEIRReport{Queries: 3, Documents: 3, BEIRMode: mode("words", 2./3, wide)}},
		{"listed, with an embedder", BEIROptions{Queries: filepath.Join(dir, "two.txt"), Embedder: flatEmbedder{}},
			BEIRReport{Queries: 2, Documents: 3, BEIRMode: mode("hybrid", .5, wide),
				Modes: []BEIRMode{mode("words", .5, wide), mode("meaning", 0, [2]float64{}), mode("hybrid", .5, wide)},
				Pairs: []BEIRPair{{"hybrid", "words", "ndcg@10", 0, [2]float64{}, 1}, {"hybrid", "meaning", "ndcg@10", .5, wide, 1}, {"meaning", "words", "ndcg@10", -.5, [2]float64{-1, 0}, 1}}}},
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
		for _, m := range append([]*BEIRMode{&got.BEIRMode}, pointers(got.Modes)...) {
			if m.LatencyMS.P50 > m.LatencyMS.P99 || m.IndexSeconds < 0 {
				t.Errorf("%s: %s took %+v, indexing %v s", tt.name, m.Mode, m.LatencyMS, m.IndexSeconds)
			}
			m.LatencyMS, m.IndexSeconds = tt.want.LatencyMS, 0
		}
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

func pointers[T any](s []T) []*T {
	out := make([]*T, len(s))
	for i := range s {
		out[i] = &s[i]
	}
	return out
}

// The two parts share all queries out, the smaller for tuning, and a part without
// queries is an error and no report of zeros.
func TestParts(t *testing.T) {
	var all []Text
	for i := range 3000 {
		all = append(all, Text{ID: strconv.Itoa(i)})
	}
	tuning, unseen := Tuning.of(all), Unseen.of(all)
	if n := len(tuning); n < 900 || n > 1100 || n+len(unseen) != len(all) || len(Part("").of(all)) != len(all) {
		t.Errorf("%d for tuning and %d unseen of %d", n, len(unseen), len(all))
	}
	dir := folder(t, map[string]string{"corpus.jsonl": corpus, "queries.jsonl": queries, "qrels.tsv": qrels, "one.txt": "q1"})
	for _, p := range []Part{Tuning, Unseen} {
		_, err := BEIR(t.Context(), slog.New(slog.DiscardHandler), dir, BEIROptions{Queries: filepath.Join(dir, "one.txt"), Part: p,
			Open: func(string) (index.Index, error) { return &wordIndex{}, nil }})
		if empty := len(p.of([]Text{{ID: "q1"}})) == 0; (err != nil) != empty {
			t.Errorf("part %s of one query: error %v, want one: %v", p, err, empty)
		}
	}
}

// Equal scores keep the index's order in the run, written strictly decreasing.
func TestRunScoresDecrease(t *testing.T) {
	x := &wordIndex{}
	for _, id := range []string{"a", "b", "c"} {
		if _, err := fill(t.Context(), x, nil, []Text{{ID: id, Text: "말"}}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := search(t.Context(), x, "말", nil)
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
		{"malformed", "corpus.jsonl", "{\"id\":\"a\"}\n{\"id\":", "corpus.jsonl 2째 줄: id, title, text를 적은 JSON 한 줄이 아니니"},
		{"no id", "queries.jsonl", `{"text":"x"}`, "queries.jsonl 1째 줄: id(또는 _id)가 없으니"},
		{"document twice", "corpus.jsonl", "{\"id\":\"a\"}\n{\"id\":\"a\"}", `corpus.jsonl 2째 줄: id "a"이(가) 두 번 있으니`},
		{"unknown query", "qrels.tsv", "q\td\ts\nq1\td1\t1\nq9\td1\t1", `qrels.tsv 3째 줄: 물음 "q9"이(가) queries.jsonl에 없으니`},
		{"columns", "qrels.tsv", "q\td\ts\nq1 d1 1", "qrels.tsv 2째 줄: 물음, 문서, 등급의 세 칸을 탭으로 나누어 적어 주세요(지금 1칸)"},
		{"grade", "qrels.tsv", "q\td\ts\nq1\td1\thigh", `qrels.tsv 2째 줄: 등급 "high"을(를) 0, 1, 2 같은 정수로 적어 주세요`},
		{"judged twice", "qrels.tsv", "q1\td1\t1\nq1\td1\t0", `qrels.tsv 2째 줄: 물음 "q1"에 문서 "d1"의 판정이 두 번 있으니`},
		{"nothing judged", "qrels.tsv", "q\td\ts\n", "판정이 있는 물음이 하나도 없으니"},
		{"unknown query listed", "ids.txt", "q8\n", `ids.txt 1째 줄: 물음 "q8"이(가) queries.jsonl에 없으니`},
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
