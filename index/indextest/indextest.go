// Package indextest is the contract of [index.Index] as tests. A backend calls
// [Run] and [Rights] from a test of its own.
package indextest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"biseo/index"
)

// Space is the embedding space of the indexes that are tested.
const Space = "toy/8"

// Run tests that an index keeps its contract. open returns the index that belongs
// to t, with the embedding space [Space]: empty at first, and what was stored when
// it is called again with the same t after Close.
func Run(t *testing.T, open func(t *testing.T) index.Index) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, index.Index)
	}{
		{"Empty", testEmpty},
		{"RoundTrip", testRoundTrip},
		{"FilterBeforeLimit", testFilterBeforeLimit},
		{"Limit", testLimit},
		{"Replace", testReplace},
		{"Remove", testRemove},
		{"Describe", testDescribe},
		{"Dimension", testDimension},
		{"NoDate", testNoDate},
		{"InForce", testInForce},
		{"ReadersAndGrade", testReadersAndGrade},
		{"Restrictions", testRestrictions},
		{"Ties", testTies},
		{"Ranks", testRanks},
		{"Sentences", testSentences},
		{"OddQueries", testOddQueries},
		{"Slip", testSlip},
		{"Passage", testPassage},
		{"Arguments", testArguments},
		{"Cancelled", testCancelled},
		{"Concurrent", testConcurrent},
		{"Writers", testWriters},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := open(t)
			defer x.Close()
			test.run(t, x)
		})
	}
	t.Run("Reopen", func(t *testing.T) { testReopen(t, open) })
}

// today is the day of questions that are not about dates.
var today = index.Day(2026, 6, 1)

// everyone is the scope of an asker without groups.
func everyone() index.Scope { return index.Scope{On: today} }

// newDoc is a document that everyone may read.
func newDoc(id string) index.Doc {
	return index.Doc{ID: id, Work: id, Title: "규정", Kind: "rule", Agency: "가온시",
		Readers: []string{index.Public}, Grade: index.Open, Digest: "d1"}
}

// newChunks cuts texts into chunks of d, each with a vector near to the axis of
// its position.
func newChunks(d index.Doc, texts ...string) []index.Chunk {
	var chunks []index.Chunk
	for i, s := range texts {
		chunks = append(chunks, index.Chunk{ID: index.ChunkID(d.ID, i), DocID: d.ID, Text: s,
			Cite: fmt.Sprintf("제%d조", i+1), Start: 100 * i, Dense: axis(i)})
	}
	return chunks
}

// axis is a unit vector along axis i.
func axis(i int) []float32 { return between(i, i, 0) }

// between is a unit vector that turns from axis i to axis j as share goes from 0 to 1.
func between(i, j int, share float64) []float32 {
	v := make([]float32, 8)
	v[i%8] = float32(math.Cos(share * math.Pi / 2))
	v[j%8] += float32(math.Sin(share * math.Pi / 2))
	return v
}

func store(t *testing.T, x index.Index, d index.Doc, chunks []index.Chunk) {
	t.Helper()
	if err := x.Replace(t.Context(), d, chunks); err != nil {
		t.Fatalf("Replace(%s): %v", d.ID, err)
	}
}

func search(t *testing.T, x index.Index, q index.Query) []index.Hit {
	t.Helper()
	hits, err := x.Search(t.Context(), q)
	if err != nil {
		t.Fatalf("Search(%+v): %v", q, err)
	}
	return hits
}

func docIDs(hits []index.Hit) []string {
	var ids []string
	for _, h := range hits {
		ids = append(ids, h.Doc.ID)
	}
	return ids
}

func chunkIDs(hits []index.Hit) []string {
	var ids []string
	for _, h := range hits {
		ids = append(ids, h.Chunk.ID)
	}
	return ids
}

func allDocs(t *testing.T, x index.Index) []index.Doc {
	t.Helper()
	var docs []index.Doc
	for d, err := range x.Docs(t.Context()) {
		if err != nil {
			t.Fatalf("Docs: %v", err)
		}
		docs = append(docs, d)
	}
	return docs
}

func diff(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// modes are the three ways to ask for text and vector in s.
func modes(s index.Scope, text string, dense []float32) map[string]index.Query {
	return map[string]index.Query{
		"words":   {Scope: s, Text: text},
		"meaning": {Scope: s, Dense: dense},
		"hybrid":  {Scope: s, Text: text, Dense: dense},
	}
}

func testEmpty(t *testing.T, x index.Index) {
	diff(t, "Space", Space, x.Space())
	for mode, q := range modes(everyone(), "민원 처리 기간", axis(0)) {
		diff(t, mode, 0, len(search(t, x, q)))
	}
	diff(t, "Docs", 0, len(allDocs(t, x)))
	if err := x.Remove(t.Context(), "none"); err != nil {
		t.Errorf("Remove of nothing: %v", err)
	}
	if err := x.Describe(t.Context(), newDoc("none")); !errors.Is(err, index.ErrNotFound) {
		t.Errorf("Describe of nothing: got %v, want ErrNotFound", err)
	}
	for _, id := range []string{index.ChunkID("none", 0), "", "none", "{" + index.ChunkID("none", 0) + "}"} {
		if _, err := x.Passage(t.Context(), everyone(), id, 1); !errors.Is(err, index.ErrNotFound) {
			t.Errorf("Passage of %q: got %v, want ErrNotFound", id, err)
		}
	}
	store(t, x, newDoc("empty"), nil)
	diff(t, "document without chunks", 1, len(allDocs(t, x)))
	diff(t, "its hits", 0, len(search(t, x, index.Query{Scope: everyone(), Text: "규정", Dense: axis(0)})))
}

func testRoundTrip(t *testing.T, x index.Index) {
	d := index.Doc{
		ID: "law/1@2", Work: "law/1", Title: "민원 처리에 관한 법률", Kind: "law", Agency: "행정안전부",
		URL: "https://example.invalid/1", Gist: "처리 기간", Keywords: []string{"민원", "기간"},
		Source: "/src/1.md", Digest: "abc", Readers: []string{"감사", index.Public}, Grade: index.Sensitive,
		From: index.Day(2020, 1, 2), Until: index.Day(2030, 3, 4), Ends: index.Day(2031, 5, 6),
	}
	c := index.Chunk{
		ID: index.ChunkID(d.ID, 0), DocID: d.ID, Path: []string{"제1장 총칙", "제1절 \"목적\""},
		Cite: "「민원 처리에 관한 법률」 제19조제1항", Text: "처리기간을 '즉시'로 정한 민원은\n3근무시간 내에 처리한다.",
		Start: 17, Page: 3, From: index.Day(2021, 1, 1), Until: index.Day(2029, 1, 1), Dense: axis(0), Sentences: [][]float32{axis(0), axis(1)},
	}
	store(t, x, d, []index.Chunk{c})
	store(t, x, newDoc("a"), nil)
	store(t, x, newDoc("z"), nil)
	s := everyone()
	s.Grade = index.Sensitive
	want := index.Hit{Chunk: c, Doc: d}
	want.Chunk.Dense, want.Chunk.Sentences = nil, nil
	for mode, q := range modes(s, "민원 처리기간", axis(0)) {
		hits := search(t, x, q)
		if len(hits) != 1 {
			t.Fatalf("%s: %d hits, want 1", mode, len(hits))
		}
		got := hits[0]
		if !(got.Score > 0) {
			t.Errorf("%s: score %v, want above 0", mode, got.Score)
		}
		got.Score, got.Words, got.Meaning = 0, 0, 0
		diff(t, mode, want, got)
	}
	hits, err := x.Passage(t.Context(), s, c.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "Passage", []index.Hit{want}, hits)
	diff(t, "Docs", []index.Doc{newDoc("a"), d, newDoc("z")}, allDocs(t, x))
}

func testReplace(t *testing.T, x index.Index) {
	d := newDoc("d")
	store(t, x, d, newChunks(d, "옛날 조문", "옛날 조문 둘", "옛날 조문 셋"))
	d.Title = "개정"
	c := newChunks(d, "바뀐 내용")
	c[0].Dense = axis(5)
	store(t, x, d, c)
	diff(t, "old words", 0, len(search(t, x, index.Query{Scope: everyone(), Text: "옛날 조문"})))
	diff(t, "old title", 0, len(search(t, x, index.Query{Scope: everyone(), Text: "규정"})))
	diff(t, "new words", []string{c[0].ID}, chunkIDs(search(t, x, index.Query{Scope: everyone(), Text: "바뀐 내용"})))
	diff(t, "meaning", []string{c[0].ID}, chunkIDs(search(t, x, index.Query{Scope: everyone(), Dense: axis(1)})))
	if _, err := x.Passage(t.Context(), everyone(), index.ChunkID("d", 1), 0); !errors.Is(err, index.ErrNotFound) {
		t.Errorf("Passage of an old chunk: got %v, want ErrNotFound", err)
	}
	diff(t, "Docs", []index.Doc{d}, allDocs(t, x))
}

func testRemove(t *testing.T, x index.Index) {
	for _, id := range []string{"a", "b"} {
		d := newDoc(id)
		store(t, x, d, newChunks(d, "출장 여비", "출장 여비 정산"))
	}
	for range 2 { // the second time there is nothing left to remove
		if err := x.Remove(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
	}
	for mode, q := range modes(everyone(), "출장 여비", axis(0)) {
		diff(t, mode, []string{"b", "b"}, docIDs(search(t, x, q)))
	}
	diff(t, "Docs", []index.Doc{newDoc("b")}, allDocs(t, x))
	d := newDoc("a")
	store(t, x, d, newChunks(d, "출장 여비"))
	diff(t, "stored again", 3, len(search(t, x, index.Query{Scope: everyone(), Text: "출장 여비"})))
}

func testDescribe(t *testing.T, x index.Index) {
	d := newDoc("d")
	d.Readers = nil
	store(t, x, d, newChunks(d, "복무 점검"))
	describe := func(d index.Doc) {
		t.Helper()
		if err := x.Describe(t.Context(), d); err != nil {
			t.Fatalf("Describe: %v", err)
		}
		diff(t, "Docs", []index.Doc{d}, allDocs(t, x))
	}
	count := func(what string, want int, s index.Scope) {
		t.Helper()
		for mode, q := range modes(s, "복무 점검", axis(0)) {
			diff(t, what+", "+mode, want, len(search(t, x, q)))
		}
	}
	count("at first", 0, everyone())
	d.Readers = []string{index.Public}
	describe(d)
	count("public", 1, everyone())
	d.Readers = []string{"감사"}
	describe(d)
	count("other readers", 0, everyone())
	count("other readers", 1, index.Scope{On: today, Readers: []string{"감사"}})
	d.Readers, d.Until = []string{index.Public}, today
	describe(d)
	count("no longer in force", 0, everyone())
	d.Until = today.AddDate(0, 0, 1)
	describe(d)
	count("in force again", 1, everyone())
	d.Title = "상훈"
	describe(d)
	count("under another title", 1, everyone())
	diff(t, "new title", 1, len(search(t, x, index.Query{Scope: everyone(), Text: "상훈"})))
	diff(t, "old title", 0, len(search(t, x, index.Query{Scope: everyone(), Text: "규정"})))
}

func testDimension(t *testing.T, x index.Index) {
	d := newDoc("d")
	good := newChunks(d, "하나", "두울")
	store(t, x, d, good)
	bad := newChunks(d, "세엣", "네엣")
	bad[1].Dense = []float32{1, 0}
	if err := x.Replace(t.Context(), d, bad); !errors.Is(err, index.ErrDimension) {
		t.Errorf("Replace: got %v, want ErrDimension", err)
	}
	bad[1].Dense, bad[1].Sentences = axis(0), [][]float32{axis(1), make([]float32, 9)}
	if err := x.Replace(t.Context(), d, bad); !errors.Is(err, index.ErrDimension) {
		t.Errorf("Replace with a sentence: got %v, want ErrDimension", err)
	}
	if _, err := x.Search(t.Context(), index.Query{Scope: everyone(), Dense: make([]float32, 9)}); !errors.Is(err, index.ErrDimension) {
		t.Errorf("Search: got %v, want ErrDimension", err)
	}
	diff(t, "the old document", []string{good[1].ID}, chunkIDs(search(t, x, index.Query{Scope: everyone(), Text: "두울"})))
	diff(t, "the refused one", 0, len(search(t, x, index.Query{Scope: everyone(), Text: "세엣"})))
	d.ID = "words only"
	chunks := newChunks(d, "벡터 없는 조각")
	chunks[0].Dense = nil
	store(t, x, d, chunks)
	diff(t, "chunk without vector", 1, len(search(t, x, index.Query{Scope: everyone(), Text: "벡터 없는 조각"})))
	diff(t, "by meaning", 2, len(search(t, x, index.Query{Scope: everyone(), Dense: axis(0)})))
}

func testArguments(t *testing.T, x index.Index) {
	d := newDoc("d")
	d.Keywords = []string{"세외수입"}
	chunks := newChunks(d, "체납 처분")
	chunks[0].Path = []string{"제1장"}
	store(t, x, d, chunks)
	d.Readers[0], d.Keywords[0], chunks[0].Path[0], chunks[0].Dense[0] = "감사", "x", "x", -1
	for range 2 { // what a caller does to a hit must not reach the index either
		hits := search(t, x, index.Query{Scope: everyone(), Text: "체납 처분", Dense: axis(0)})
		if len(hits) != 1 {
			t.Fatalf("%d hits, want 1", len(hits))
		}
		h := hits[0]
		diff(t, "stored", []string{index.Public, "세외수입", "제1장"}, []string{h.Doc.Readers[0], h.Doc.Keywords[0], h.Chunk.Path[0]})
		h.Doc.Readers[0], h.Doc.Keywords[0], h.Chunk.Path[0] = "감사", "x", "x"
	}
}

func testCancelled(t *testing.T, x index.Index) {
	d := newDoc("d")
	store(t, x, d, newChunks(d, "결재 경로"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	other := newDoc("e")
	errs := map[string]error{
		"Replace":  x.Replace(ctx, other, newChunks(other, "결재 경로")),
		"Describe": x.Describe(ctx, d),
		"Remove":   x.Remove(ctx, "d"),
	}
	_, errs["Search"] = x.Search(ctx, index.Query{Scope: everyone(), Text: "결재 경로", Dense: axis(0)})
	_, errs["Passage"] = x.Passage(ctx, everyone(), index.ChunkID("d", 0), 1)
	for _, err := range x.Docs(ctx) {
		errs["Docs"] = err
	}
	for _, call := range []string{"Replace", "Describe", "Remove", "Search", "Passage", "Docs"} {
		if !errors.Is(errs[call], context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled", call, errs[call])
		}
	}
	diff(t, "Docs afterwards", []index.Doc{d}, allDocs(t, x))
}

// testConcurrent replaces a document by turns with two versions while readers
// look: each must see one version, whole.
func testConcurrent(t *testing.T, x index.Index) {
	versions := map[string]int{"홀수": 3, "짝수": 6} // a word of the version, and its chunks
	d := newDoc("d")
	put := func(word string) error {
		d := d
		d.Gist = word
		var texts []string
		for range versions[word] {
			texts = append(texts, "공통 "+word)
		}
		return x.Replace(t.Context(), d, newChunks(d, texts...))
	}
	if err := put("홀수"); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	look := func(what string, read func() ([]index.Hit, error)) {
		readers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				hits, err := read()
				if err != nil || len(hits) == 0 {
					t.Errorf("%s: %d hits, %v", what, len(hits), err)
					return
				}
				word := hits[0].Doc.Gist
				for _, h := range hits {
					if h.Doc.Gist != word || h.Chunk.Text != "공통 "+word {
						t.Errorf("%s: text %q with document %q in a result of %q", what, h.Chunk.Text, h.Doc.Gist, word)
						return
					}
				}
				if len(hits) != versions[word] {
					t.Errorf("%s: %d chunks of %q, want %d", what, len(hits), word, versions[word])
					return
				}
			}
		})
	}
	for mode, q := range modes(everyone(), "공통", axis(0)) {
		look(mode, func() ([]index.Hit, error) { return x.Search(t.Context(), q) })
	}
	look("Passage", func() ([]index.Hit, error) {
		return x.Passage(t.Context(), everyone(), index.ChunkID("d", 0), 10)
	})
	for i := range 100 {
		if err := put([]string{"짝수", "홀수"}[i%2]); err != nil {
			t.Errorf("Replace: %v", err)
			break
		}
	}
	close(stop)
	readers.Wait()
}

// testWriters replaces the same documents from several goroutines: each must be whole
// in the end, as one of them wrote it.
func testWriters(t *testing.T, x index.Index) {
	const writers, docs = 4, 3
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range 4 * docs {
				d := newDoc(fmt.Sprint("d", i%docs))
				d.Gist = fmt.Sprintf("%d번째 판 %d", w, i)
				var texts []string
				for range 1 + w {
					texts = append(texts, "공통 "+d.Gist)
				}
				if err := x.Replace(t.Context(), d, newChunks(d, texts...)); err != nil {
					t.Errorf("Replace: %v", err)
					return
				}
			}
		})
	}
	all.Wait()
	found := 0
	for _, d := range allDocs(t, x) {
		hits, err := x.Passage(t.Context(), everyone(), index.ChunkID(d.ID, 0), 10)
		if err != nil {
			t.Fatalf("Passage: %v", err)
		}
		diff(t, "chunks of "+d.Gist, int(d.Gist[0]-'0')+1, len(hits))
		for _, h := range hits {
			diff(t, "chunk of "+d.Gist, "공통 "+d.Gist, h.Chunk.Text)
		}
		found += len(hits)
	}
	diff(t, "documents", docs, len(allDocs(t, x)))
	diff(t, "hits", found, len(search(t, x, index.Query{Scope: everyone(), Text: "공통", Limit: 100})))
}

func testReopen(t *testing.T, open func(t *testing.T) index.Index) {
	x := open(t)
	d := newDoc("d")
	chunks := newChunks(d, "기록물 이관", "기록물 폐기")
	store(t, x, d, chunks)
	before := map[string][]index.Hit{}
	for mode, q := range modes(everyone(), "기록물 이관", axis(0)) {
		before[mode] = search(t, x, q)
		diff(t, mode, chunks[0].ID, before[mode][0].Chunk.ID)
	}
	if err := x.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	x = open(t)
	defer x.Close()
	for mode, q := range modes(everyone(), "기록물 이관", axis(0)) {
		diff(t, mode, before[mode], search(t, x, q))
	}
	store(t, x, newDoc("e"), nil)
	diff(t, "Docs", []index.Doc{d, newDoc("e")}, allDocs(t, x))
}
