package qdrant

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"biseo/index"
	"biseo/index/indextest"
)

var quiet = slog.New(slog.DiscardHandler)

func TestContract(t *testing.T) {
	indextest.Run(t, opener(t))
}

func TestRights(t *testing.T) {
	indextest.Rights(t, opener(t))
}

// Sentences are read back as they were stored but for rounding, and none where the chunk's
// own vector says as much. What has no vector has no rank by meaning.
func TestSentences(t *testing.T) {
	url := sharedURL(t)
	x := mustOpen(t, Options{URL: url, Collection: collection(t, url)})
	d := newDoc("d")
	want := newChunks(d, make([]string, 200)...)
	want[0].Text, want[0].Dense = "당직", nil
	want[1].Sentences = [][]float32{want[2].Dense, want[3].Dense}
	for i := range 100 {
		want[99].Sentences = append(want[99].Sentences, want[i+1].Dense)
	}
	if err := x.Replace(t.Context(), d, want); err != nil {
		t.Fatal(err)
	}
	_, got, err := x.Chunks(t.Context(), "d")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-3)); diff != "" {
		t.Errorf("Chunks (-want +got):\n%s", diff)
	}
	gone := []candidate{{id: changeID(99).GetUuid(), score: .5}} // in its place until it is read
	ranked, err := x.rankSentences(t.Context(), want[1].Dense, gone, nil)
	if err != nil || !slices.Equal(ranked, gone) {
		t.Errorf("what has gone meanwhile: got %v, %v", ranked, err)
	}
	hits, err := x.Search(t.Context(), index.Query{Scope: index.Scope{On: today}, Text: "당직", Dense: want[1].Dense, Limit: 300})
	if err != nil || len(hits) < 200 {
		t.Fatalf("%d hits, %v", len(hits), err)
	}
	for _, h := range hits {
		if (h.Meaning == 0) != strings.Contains(h.Chunk.Text, "당직") {
			t.Errorf("chunk %s %q: rank by meaning %d", h.Chunk.ID, h.Chunk.Text, h.Meaning)
		}
	}
}

// A request holds no more than the server takes.
func TestFitting(t *testing.T) {
	c := newChunks(newDoc("d"), make([]string, 8)...)
	long := make([][]float32, 1000)
	for i := range long {
		long[i] = make([]float32, 1024)
	}
	for i := range c {
		c[i].Dense, c[i].Sentences = long[0], long
	}
	x := &Index{opt: Options{BM25: index.DefaultBM25()}}
	points, err := x.points(newDoc("d"), analyse(newDoc("d"), c))
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range []int{0, 1, 2, 2, 2} { // each has 4 MB
		if got := fitting(points[:n]); got != want {
			t.Errorf("of %d points %d fit, want %d", n, got, want)
		}
	}
}
