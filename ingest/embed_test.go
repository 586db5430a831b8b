package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/index"
	"biseo/index/local"
	"biseo/ingest"
	"biseo/llm"
)

// A counter embeds and counts, until it fails.
type counter struct {
	speller
	mu    *sync.Mutex
	n     *int
	until int
}

func (c counter) Embed(ctx context.Context, role llm.Role, texts []string) ([][]float32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if *c.n+len(texts) > c.until {
		return nil, errors.New("connection refused")
	}
	*c.n += len(texts)
	return c.speller.Embed(ctx, role, texts)
}

// What is embedded of a large document is not embedded again, and it has no vectors before
// it has all.
func TestEmbeddingResumes(t *testing.T) {
	w := newWorld(t, "spell/2")
	w.withLedger(filepath.Join(t.TempDir(), "state.db"))
	var b strings.Builder
	for i := range 60 {
		fmt.Fprintf(&b, "## %d절\n\n", i)
		for j := range 9 {
			fmt.Fprintf(&b, "이 사업의 내용 %d번 %d째는 매달 지급합니다. ", i, j)
		}
		b.WriteString("\n\n")
	}
	w.write("긴글.md", b.String())
	n := 0
	w.embed = counter{mu: &sync.Mutex{}, n: &n, until: 200}
	w.sync(ingest.Report{Added: 1, WordsOnly: 1})
	if n < 150 || w.finds("내용") == 0 {
		t.Fatalf("%d texts embedded, found %d", n, w.finds("내용"))
	}
	for _, c := range w.chunks() {
		if c.Dense != nil || c.Sentences != nil {
			t.Fatalf("chunk %q has vectors, others have none", c.Text)
		}
	}
	w.wantStates("긴글.md warnings")
	w.embed = counter{mu: &sync.Mutex{}, n: &n, until: 10_000}
	w.sync(ingest.Report{Changed: 1})
	want := 0
	for _, c := range w.chunks() {
		if len(c.Dense) == 0 || len(c.Sentences) != 9 {
			t.Errorf("chunk %q has %d numbers and %d sentences", c.Text, len(c.Dense), len(c.Sentences))
		}
		want += 1 + len(c.Sentences)
	}
	if n != want {
		t.Errorf("%d texts embedded, want %d", n, want)
	}
	w.sync(ingest.Report{Unchanged: 1})
	w.wantStates("긴글.md unchanged")
}

// chunks are those of all documents, with their vectors.
func (w *world) chunks() (all []index.Chunk) {
	w.t.Helper()
	for d, err := range w.index.Docs(w.t.Context()) {
		if err != nil {
			w.t.Fatal(err)
		}
		_, chunks, err := w.index.(*local.Index).Chunks(w.t.Context(), d.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, chunks...)
	}
	return all
}

func TestEmbedTexts(t *testing.T) {
	d := index.Doc{Title: "주차 안내"}
	rows := strings.Repeat("| 소형 차량 | 10분에 300원입니다. |\n", 70)
	for name, test := range map[string]struct {
		text string
		want []string // behind the first, of the whole
	}{
		"one sentence":      {"요금은 10분에 300원입니다.", nil},
		"two":               {"요금은 10분에 300원입니다. 경차는 절반을 냅니다.", []string{"요금은 10분에 300원입니다.", "경차는 절반을 냅니다."}},
		"a heading":         {"1. 요금\n요금은 10분에 300원입니다. 경차는 절반을 냅니다.", []string{"1. 요금\n요금은 10분에 300원입니다.", "경차는 절반을 냅니다."}},
		"a short end":       {"요금은 10분에 300원입니다. 경차는 절반을 냅니다. 할인 없음.", []string{"요금은 10분에 300원입니다.", "경차는 절반을 냅니다. 할인 없음."}},
		"one and short end": {"요금은 10분에 300원입니다. 할인 없음.", nil},
		"nothing":           {"", nil},
	} {
		head := "주차 안내 > 요금 > "
		want := []string{head + test.text}
		for _, s := range test.want {
			want = append(want, head+s)
		}
		got := ingest.EmbedTexts(d, index.Chunk{Path: []string{"요금"}, Text: test.text})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	got := ingest.EmbedTexts(d, index.Chunk{Text: rows})
	if last := got[len(got)-1]; len(got) != 65 || strings.Count(last, "소형") != 7 {
		t.Errorf("a table of 70 rows: %d texts, %d rows in the last", len(got), strings.Count(last, "소형"))
	}
}
