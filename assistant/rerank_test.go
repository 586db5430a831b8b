package assistant

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A judge likes passages that hold what it looks for.
type judge struct {
	likes string
	err   error
	calls int
	read  []string
}

func (j *judge) Model() string { return "judge" }

func (j *judge) Rerank(_ context.Context, _ string, texts []string) ([]float64, error) {
	j.calls, j.read = j.calls+1, texts
	if j.err != nil {
		return nil, j.err
	}
	scores := make([]float64, len(texts))
	for i, s := range texts {
		scores[i] = float64(strings.Count(s, j.likes)) - 5 // may be below zero
	}
	return scores, nil
}

func TestRerank(t *testing.T) {
	find := func(j *judge, query string, limit int) (ids []string, scores []float64) {
		t.Helper()
		o := Options{}
		if j != nil {
			o.Reranker = j
		}
		r, err := New(quiet, gaon(), o).Search(t.Context(), Principal{}, SearchRequest{Query: query, On: today, Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range r.Hits {
			ids, scores = append(ids, h.ChunkID), append(scores, h.Score)
		}
		return ids, scores
	}
	const query = "민원 처리기간 연장"
	plain, _ := find(nil, query, 10)
	if len(plain) < 3 {
		t.Fatalf("the test needs some hits, has %v", plain)
	}
	last := plain[len(plain)-1]
	texts := &judge{}
	find(texts, query, 10)
	j := &judge{likes: texts.read[len(plain)-1]}
	got, scores := find(j, query, 10)
	if want := append([]string{last}, plain[:len(plain)-1]...); !cmp.Equal(want, got) {
		t.Errorf("reranked %v, want the one it likes first and the others in their order: %v", got, want)
	}
	if !slices.IsSortedFunc(scores, func(a, b float64) int { return -int(a*1e6) + int(b*1e6) }) {
		t.Errorf("scores %v are not best first", scores)
	}
	if got, _ := find(j, query, 1); !cmp.Equal([]string{last}, got) {
		t.Errorf("one hit: %v, want what stood beyond the limit before", got)
	}
	for _, text := range j.read {
		if strings.Contains(text, "감사담당관") {
			t.Error("the reranker read what the asker may not")
		}
	}
	down := &judge{err: errors.New("down")}
	if got, _ := find(down, query, 10); !cmp.Equal(plain, got) || down.calls != 1 {
		t.Errorf("with a reranker that fails: %v after %d calls, want %v", got, down.calls, plain)
	}
	idle := &judge{}
	if find(idle, "가온시 민원 처리 조례 제7조", 10); idle.calls != 0 {
		t.Error("a citation was reranked")
	}
}
