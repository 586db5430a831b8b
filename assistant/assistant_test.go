package assistant

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"biseo/assistant/ground"
	"biseo/assistant/retrieval"
	"biseo/index"
	"biseo/llm"
	"biseo/llm/llmtest"

	"github.com/google/go-cmp/cmp"
)

func TestSearchResult(t *testing.T) {
	s := gaon()
	s.chunks[0].Doc.From = index.Day(2026, 1, 1)
	s.chunks[0].Chunk.From = index.Day(2026, 5, 6)
	s.chunks[0].Doc.Until = index.Day(2027, 1, 1)
	opt := Options{Now: func() time.Time { return today }}
	got, err := New(quiet, s, opt).Search(context.Background(), Principal{}, SearchRequest{Query: "처리기간 연장", On: today.Add(15 * time.Hour), Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := &SearchResult{Query: "처리기간 연장", On: "2026-06-01", Mode: Words, Hits: []Hit{{
		Rank: 1, Score: got.Hits[0].Score, ChunkID: "c07", DocID: "ord/1", Title: "가온시 민원 처리 조례", Cite: "「가온시 민원 처리 조례」 제7조",
		Kind: "ordinance", Path: []string{}, InForce: ground.InForce{From: "2026-05-06", Until: "2027-01-01"}, State: retrieval.Current, Text: s.chunks[0].Chunk.Text,
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Search (-want +got):\n%s", diff)
	}
	none, err := New(quiet, shelf{}, Options{}).Search(context.Background(), Principal{}, SearchRequest{Query: "처리기간", On: today})
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := json.Marshal(none); !strings.Contains(string(b), `"hits":[]`) {
		t.Errorf("an empty result is %s, want hits that are not null", b)
	}
}

// A backend that forgets the scope leaks nothing: each hit is checked again.
func TestFaultyBackendLeaksNothing(t *testing.T) {
	s := gaon()
	s.unguarded = true
	old := doc("ord/1@1", "가온시 민원 처리 조례", "ordinance")
	old.Until = index.Day(2026, 1, 1)
	s.chunks = append(s.chunks, chunk(old, "x01", "", "민원 담당자 감사 처리기간"))
	a := New(quiet, s, Options{})
	res, err := a.Search(context.Background(), Principal{}, SearchRequest{Query: "민원 담당자 감사 처리기간 종료", On: today, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range res.Hits {
		if h.ChunkID == "s01" || h.ChunkID == "g01" || h.ChunkID == "x01" {
			t.Errorf("Search shows %s, which the asker may not see", h.ChunkID)
		}
	}
	if len(res.Hits) == 0 {
		t.Error("Search shows nothing at all")
	}
	for _, id := range []string{"s01", "g01", "x01", "nothing"} {
		if _, err := a.Passage(context.Background(), Principal{}, PassageRequest{ChunkID: id, On: today, Around: 20}); !errors.Is(err, index.ErrNotFound) {
			t.Errorf("Passage(%s): %v, want ErrNotFound", id, err)
		}
	}
	ans, _ := ask(t, a, Principal{}, "2026년 감사 계획에서 도로과 보조금 특정감사는 언제 하나요?")
	if b, _ := json.Marshal(ans); strings.Contains(string(b), "감사담당관") || ans.Outcome != NoSource {
		t.Errorf("Answer over hidden documents: %s", b)
	}
}

func TestRightsOpenMore(t *testing.T) {
	a := New(quiet, gaon(), Options{})
	for _, who := range []Principal{{Groups: []string{"dept:민원과"}}, {Grade: index.Sensitive}} {
		id := map[bool]string{true: "g01", false: "s01"}[who.Grade == 0]
		got, err := a.Passage(context.Background(), who, PassageRequest{ChunkID: id, On: today})
		if err != nil || len(got) != 1 || got[0].N != 1 {
			t.Errorf("Passage(%s) as %+v: %v, %v", id, who, got, err)
		}
	}
}

func TestPassageNeighbours(t *testing.T) {
	got, err := New(quiet, gaon(), Options{}).Passage(context.Background(), Principal{}, PassageRequest{ChunkID: "c08", On: today, Around: 1})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i, s := range got {
		ids = append(ids, s.ChunkID)
		if s.N != i+1 {
			t.Errorf("source %d is numbered %d", i+1, s.N)
		}
	}
	if diff := cmp.Diff([]string{"c07", "c08", "c09"}, ids); diff != "" {
		t.Errorf("Passage (-want +got):\n%s", diff)
	}
}

func TestInputErrors(t *testing.T) {
	a := New(quiet, gaon(), Options{})
	for _, q := range []string{"", "  \n", "?!…「」", "처리\x00기간", "\xff\xfe처리", strings.Repeat("가", 2001)} {
		_, err := a.Search(context.Background(), Principal{}, SearchRequest{Query: q, On: today})
		wantInput(t, err, "query")
		_, err = a.Answer(context.Background(), Principal{}, AnswerRequest{Question: q, On: today}, nil)
		wantInput(t, err, "question")
	}
	_, err := a.Search(context.Background(), Principal{}, SearchRequest{Query: "기간"})
	wantInput(t, err, "on")
	_, err = a.Answer(context.Background(), Principal{}, AnswerRequest{Question: "기간"}, nil)
	wantInput(t, err, "on")
	_, err = a.Passage(context.Background(), Principal{}, PassageRequest{ChunkID: "c07"})
	wantInput(t, err, "on")
	_, err = a.Passage(context.Background(), Principal{}, PassageRequest{ChunkID: "c07", On: today, Around: 21})
	wantInput(t, err, "around")
	_, err = a.Passage(context.Background(), Principal{}, PassageRequest{On: today})
	wantInput(t, err, "chunk_id")
	for _, limit := range []int{-1, 101} {
		_, err = a.Search(context.Background(), Principal{}, SearchRequest{Query: "기간", On: today, Limit: limit})
		wantInput(t, err, "limit")
	}
	if _, err := a.Search(context.Background(), Principal{}, SearchRequest{Query: strings.Repeat("가", 2000), On: today}); err != nil {
		t.Errorf("a question of 2,000 letters: %v", err)
	}
}

func wantInput(t *testing.T, err error, field string) {
	t.Helper()
	var in *InputError
	if !errors.As(err, &in) {
		t.Errorf("got error %v, want an InputError", err)
		return
	}
	if in.Field != field || strings.Count(in.Text, ".") != 1 || !strings.HasSuffix(in.Text, ".") {
		t.Errorf("got %+v, want field %s and one sentence", in, field)
	}
}

func TestEmbedderFailureDegradesInTheOpen(t *testing.T) {
	tests := []struct {
		name     string
		embedder llm.Embedder
		mode     Mode
		code     string
	}{
		{"none", nil, Words, ""},
		{"works", llmtest.LexicalEmbedder{}, Hybrid, ""},
		{"fails", llmtest.FailingEmbedder{Name: "lexical/64"}, Words, WarnEmbedder},
		{"another space", llmtest.LexicalEmbedder{Dim: 32}, Words, WarnSpace},
		{"wrong length", wrongLength{}, Words, WarnSpace},
	}
	for _, tt := range tests {
		var asked []index.Query
		s := gaon()
		s.queries = &asked
		res, err := New(quiet, s, Options{Embedder: tt.embedder}).Search(context.Background(), Principal{}, SearchRequest{Query: "처리기간 연장", On: today})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		code := ""
		for _, w := range res.Warnings {
			code += w.Code
		}
		if res.Mode != tt.mode || code != tt.code || len(res.Hits) == 0 {
			t.Errorf("%s: mode %s, warnings %q, %d hits; want %s, %q and some", tt.name, res.Mode, code, len(res.Hits), tt.mode, tt.code)
		}
		if last := asked[len(asked)-1]; (last.Dense != nil) != (tt.mode == Hybrid) {
			t.Errorf("%s: the index was asked with a vector of %d", tt.name, len(last.Dense))
		}
	}
}

type wrongLength struct{ llmtest.LexicalEmbedder }

func (wrongLength) Embed(context.Context, llm.Role, []string) ([][]float32, error) {
	return [][]float32{{1}}, nil
}

// The addenda of national law stand behind what else was found, unless they are
// what is asked for; those of an ordinance stay where they are.
func TestBodyFirst(t *testing.T) {
	decree, ordinance := doc("decree/1", "소방안전 시행령", "decree"), doc("ord/3", "가온시 소방 조례", "ordinance")
	chunks := []index.Hit{
		chunk(decree, "a1", "「소방안전 시행령」 부칙 <제1호, 2022. 1. 1.> 제2조", "소방안전관리자 선임 기준 겸직에 관한 규정은 이 영 시행 후 선임하는 소방안전관리자에 적용한다."),
		chunk(ordinance, "b1", "「가온시 소방 조례」 부칙 제2조", "소방안전관리자 선임 기준은 공포한 날에 바뀐다."),
		chunk(decree, "c1", "「소방안전 시행령」 제25조", "소방안전관리자 선임 대상은 별표 4와 같다."),
	}
	for question, want := range map[string]string{
		"소방안전관리자 선임 기준 겸직":                 "b1 c1 a1",
		"소방안전관리자 선임 기준 겸직 규정의 시행일은?":       "a1 b1 c1",
		"「소방안전 시행령」 제25조 소방안전관리자 선임 기준 겸직": "a1 c1 b1",
	} {
		res, err := New(quiet, shelf{chunks: chunks}, Options{}).Search(context.Background(), Principal{}, SearchRequest{Query: question, On: today})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, h := range res.Hits {
			got = append(got, h.ChunkID)
			if i > 0 && h.Score > res.Hits[i-1].Score {
				t.Errorf("%s: the score of place %d is above that before it", question, i+1)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %s", question, got, want)
		}
	}
}

// noVectors fails every search by meaning, as a store does that lost its vectors.
type noVectors struct {
	shelf
	fail func() error
}

func (x noVectors) Search(ctx context.Context, q index.Query) ([]index.Hit, error) {
	if q.Dense != nil {
		return nil, x.fail()
	}
	return x.shelf.Search(ctx, q)
}

func TestSearchGoesOnByWords(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	opt := Options{Embedder: llmtest.LexicalEmbedder{}}
	a := New(quiet, noVectors{gaon(), func() error { return errors.New("vectors lost") }}, opt)
	res, err := a.Search(ctx, Principal{}, SearchRequest{Query: "처리기간 연장", On: today})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Hits) == 0 || res.Mode != Words || len(res.Warnings) != 1 || res.Warnings[0].Code != WarnMeaning {
		t.Errorf("Search: %d hits, mode %s, warnings %v; want hits by words and the warning %s", len(res.Hits), res.Mode, res.Warnings, WarnMeaning)
	}
	ans, _ := ask(t, a, Principal{}, "민원 처리기간은 며칠까지 연장할 수 있나요?")
	if ans.Mode != Words || !slices.ContainsFunc(ans.Warnings, func(w Warning) bool { return w.Code == WarnMeaning }) {
		t.Errorf("Answer: mode %s, warnings %v; want words and the warning %s", ans.Mode, ans.Warnings, WarnMeaning)
	}
	a = New(quiet, noVectors{gaon(), func() error { cancel(); return ctx.Err() }}, opt)
	if _, err := a.Search(ctx, Principal{}, SearchRequest{Query: "처리기간 연장", On: today}); !errors.Is(err, context.Canceled) {
		t.Errorf("a search that was cancelled: %v, want %v", err, context.Canceled)
	}
}

// heard is an embedder that keeps what it was sent.
type heard struct {
	llmtest.LexicalEmbedder
	texts *[]string
}

func (h heard) Embed(ctx context.Context, role llm.Role, texts []string) ([][]float32, error) {
	*h.texts = append(*h.texts, texts...)
	return h.LexicalEmbedder.Embed(ctx, role, texts)
}

func TestSearchHidesNumbers(t *testing.T) {
	var sent []string
	a := New(quiet, gaon(), Options{Embedder: heard{texts: &sent}})
	if _, err := a.Search(context.Background(), Principal{}, SearchRequest{Query: "010-1234-5678로 전화한 민원의 처리기간", On: today}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"○○○로 전화한 민원의 처리기간"}; !slices.Equal(sent, want) {
		t.Errorf("the embedder was sent %q, want %q", sent, want)
	}
}

func TestIndexErrorIsReturned(t *testing.T) {
	want := errors.New("disk on fire")
	a := New(quiet, shelf{err: want}, Options{})
	if _, err := a.Search(context.Background(), Principal{}, SearchRequest{Query: "기간", On: today}); !errors.Is(err, want) {
		t.Errorf("Search: %v, want %v", err, want)
	}
	if _, err := a.Answer(context.Background(), Principal{}, AnswerRequest{Question: "기간", On: today}, nil); !errors.Is(err, want) {
		t.Errorf("Answer: %v, want %v", err, want)
	}
}
