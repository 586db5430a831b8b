package web

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"biseo/assistant"
	"biseo/index"
	"biseo/index/local"
)

// The real assistant over a real index: an ordinance in two versions, and one
// that this asker may not read.
func TestRealAssistant(t *testing.T) {
	x, err := local.Open(t.Context(), t.TempDir(), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	add := func(id, reader, text string, d index.Doc) {
		t.Helper()
		d.ID, d.Work, d.Title, d.Kind, d.Readers, d.Grade = id, "parking", "가온시 주차장 조례", "ordinance", []string{reader}, index.Open
		c := index.Chunk{ID: index.ChunkID(id, 0), DocID: id, Cite: "「가온시 주차장 조례」 제5조", Text: text}
		if err := x.Replace(t.Context(), d, []index.Chunk{c}); err != nil {
			t.Fatal(err)
		}
	}
	add("old", "public", "제5조 소형 승용차의 주차요금은 1시간에 900원으로 한다.", index.Doc{Until: index.Day(2026, 7, 1)})
	add("new", "public", "제5조 소형 승용차의 주차요금은 1시간에 1,200원으로 한다.", index.Doc{From: index.Day(2026, 7, 1)})
	add("secret", "audit", "제5조 소형 승용차의 주차요금 감사 결과는 공개하지 아니한다.", index.Doc{})
	url, logs := start(t, assistant.New(slog.New(slog.DiscardHandler), x, assistant.Options{}), nil)

	for on, want := range map[string]string{"2026-06-30": "900원", "2026-07-01": "1,200원"} {
		_, body := do(t, "POST", url+"/v1/answers", `{"question":"소형 승용차의 주차요금은 얼마입니까?","on":"`+on+`"}`)
		var a assistant.Answer
		if err := json.Unmarshal([]byte(body), &a); err != nil {
			t.Fatal(err)
		}
		if a.Outcome != assistant.Extractive || len(a.Sources) != 1 || !strings.Contains(a.Blocks[0].Sentences[0].Text, want) {
			t.Fatalf("on %s: got %s", on, body)
		}
		cite := a.Blocks[0].Sentences[0].Cites[0]
		if got := string([]rune(a.Sources[0].Text)[cite.Start:cite.End]); got != cite.Quote {
			t.Errorf("on %s: the quote is %q, at its offsets stands %q", on, cite.Quote, got)
		}
	}
	resp, body := do(t, "GET", url+"/v1/passages/"+index.ChunkID("secret", 0), "")
	if resp.StatusCode != 404 || strings.Contains(body, "감사") {
		t.Errorf("passage without the right: got %d %s", resp.StatusCode, body)
	}
	resp, body = do(t, "POST", url+"/v1/search", `{"query":"…"}`)
	if resp.StatusCode != 422 || !strings.Contains(body, `"field":"query"`) {
		t.Errorf("no words: got %d %s", resp.StatusCode, body)
	}
	if strings.Contains(logs.String(), "승용차") {
		t.Errorf("the log holds the question: %s", logs)
	}
}

// A search with context brings what a hit names; one without does not.
func TestRealSearchContext(t *testing.T) {
	x, err := local.Open(t.Context(), t.TempDir(), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	d := index.Doc{ID: "parking", Work: "parking", Title: "가온시 주차장 조례", Kind: "ordinance", Readers: []string{index.Public}, Grade: index.Open}
	fee := index.Chunk{ID: index.ChunkID(d.ID, 0), DocID: d.ID, Cite: "「가온시 주차장 조례」 제5조", Text: "제5조 주차요금은 1,200원으로 한다. 다만, 제8조의 자동차에는 받지 아니한다.", Links: []string{"§가온시주차장조례/8"}}
	free := index.Chunk{ID: index.ChunkID(d.ID, 1), DocID: d.ID, Cite: "「가온시 주차장 조례」 제8조", Text: "제8조 긴급자동차의 종류는 시장이 정한다.", Start: 100}
	if err := x.Replace(t.Context(), d, []index.Chunk{fee, free}); err != nil {
		t.Fatal(err)
	}
	url, _ := start(t, assistant.New(slog.New(slog.DiscardHandler), x, assistant.Options{}), nil)
	for with, want := range map[string][]string{"": nil, `,"context":true`: {"인용 「가온시 주차장 조례」 제8조"}} {
		_, body := do(t, "POST", url+"/v1/search", `{"query":"주차요금","limit":1`+with+`}`)
		var r assistant.SearchResult
		if err := json.Unmarshal([]byte(body), &r); err != nil || len(r.Hits) != 1 {
			t.Fatalf("%s: %v", body, err)
		}
		var got []string
		for _, c := range r.Hits[0].Context {
			got = append(got, c.Via.Kind+" "+c.Cite)
		}
		if !slices.Equal(got, want) {
			t.Errorf("context %q: got %q, want %q", with, got, want)
		}
	}
}
