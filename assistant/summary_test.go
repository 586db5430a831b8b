package assistant

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"biseo/assistant/ground"
	"biseo/index"
	"biseo/llm"
	"biseo/llm/llmtest"
)

// long is a plan of many pages with one fact on each, and its Upload.
func long(pages int) (shelf, Upload) {
	d := doc("plan/long", "긴 계획", "plan")
	u := Upload{Doc: d}
	for i := range pages {
		text := strings.Repeat(fmt.Sprintf("시설 %d동의 운영 방향과 안전 점검의 절차를 부서가 함께 정하여 알린다.\n", i+1), 12) +
			fmt.Sprintf("시설 %d동의 보수 예산은 %d억원으로 한다.\n", i+1, 100+i)
		c := chunk(d, index.ChunkID(d.ID, i), "", text)
		c.Chunk.Page, c.Chunk.Path = i+1, []string{fmt.Sprintf("%d. 시설 %d동", i+1, i+1)}
		u.Chunks = append(u.Chunks, c.Chunk)
	}
	return shelf{chunks: u.hits()}, u
}

// A document longer than the window is read to its end, by a model and without.
func TestNoLatePageIsLost(t *testing.T) {
	s, upload := long(12)
	for name, model := range map[string]llm.Generator{"no model": nil, "truthful": llmtest.Truthful{Sentences: 1}, "fails": llmtest.Cut("")} {
		for _, length := range []Length{FiveLines, OnePage} {
			for _, req := range []SummaryRequest{
				{Docs: []string{"plan/long"}, On: today, Length: length},
				{Uploads: []Upload{upload}, On: today, Length: length},
			} {
				var requests []llm.Request
				o := Options{Window: 4096, Grade: index.Open}
				if model != nil {
					o.Generator = recorder{model, &requests}
				}
				var events []Event
				ans, err := New(quiet, s, o).Summarize(t.Context(), Principal{}, req, func(e Event) error { events = append(events, e); return nil })
				if err != nil {
					t.Fatal(err)
				}
				honestDraft(t, name, ans, events)
				last := false
				for _, s := range ans.Sources {
					last = last || s.Used && s.Page >= 11
				}
				if !last {
					t.Errorf("%s, %s: nothing of the last pages in\n%s", name, length, answerText(ans))
				}
				if n := len(requests); name == "truthful" && n < 3 {
					t.Errorf("%s: %d calls for a document of several windows", name, n)
				}
				for _, r := range requests {
					if n, _ := llm.CountTokens(r.System + r.User); n > 4096 {
						t.Errorf("%s: a prompt of %d tokens for a window of 4,096", name, n)
					}
				}
			}
		}
	}
}

func TestSummaryLengths(t *testing.T) {
	s := sampleShelf(t)
	for length, most := range map[Length]int{OneLine: 1, FiveLines: 5, OnePage: 20} {
		for _, proseToo := range []bool{false, true} {
			ans, err := New(quiet, s, Options{}).Summarize(t.Context(), Principal{}, SummaryRequest{Docs: []string{parkingPlan}, On: today, Length: length, Prose: proseToo}, nil)
			if err != nil {
				t.Fatal(err)
			}
			n, heads := 0, 0
			for _, b := range ans.Blocks {
				if b.Kind == "heading" {
					heads++
					continue
				}
				if n += len(b.Sentences); b.Kind == "table" {
					continue
				}
				if want := length != OneLine && !proseToo; (b.Kind == "item") != want {
					t.Errorf("%s, prose %v: a block of kind %s", length, proseToo, b.Kind)
				}
			}
			if n == 0 || n > most {
				t.Errorf("%s: %d lines, want 1 to %d", length, n, most)
			}
			if want := length == OnePage && !proseToo; (heads > 0) != want {
				t.Errorf("%s, prose %v: %d headings", length, proseToo, heads)
			}
			if got, want := ans.Gist, "2026년 공영주차장 3곳 420면을 186억원으로 늘리고 내 집 주차장과 나눔주차장을 지원하는 계획"; got != want {
				t.Errorf("gist %q, want that of the document, %q", got, want)
			}
		}
	}
}

// Several documents stand under their titles, with what sets them apart after them.
func TestSummaryOfSeveral(t *testing.T) {
	ans, err := New(quiet, sampleShelf(t), Options{Generator: llmtest.Truthful{}}).Summarize(t.Context(), Principal{}, SummaryRequest{Docs: []string{parkingPlan, floodReport}, On: today}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var heads []string
	docs := map[string]bool{}
	for _, b := range ans.Blocks {
		if b.Kind == "heading" {
			heads = append(heads, b.text())
		}
	}
	for _, s := range ans.Sources {
		if s.Used {
			docs[s.DocID] = true
		}
	}
	if want := []string{"2026년 공영주차장 확충 및 운영 개선 계획", "2026년 8월 호우 피해 지원 결과 보고"}; !slices.Equal(heads[:min(2, len(heads))], want) || len(docs) != 2 {
		t.Errorf("headings %q, want %q first; %d documents cited, want 2", heads, want, len(docs))
	}
}

// Rights and grades apply to a summary as they do to a search.
func TestSummaryRights(t *testing.T) {
	s := gaon()
	for i := range s.chunks {
		s.chunks[i].Chunk.ID = index.ChunkID(s.chunks[i].Doc.ID, 0)
	}
	req := SummaryRequest{Docs: []string{"plan/1"}, On: today}
	if _, err := New(quiet, s, Options{}).Summarize(t.Context(), Principal{}, req, nil); !errors.Is(err, index.ErrNotFound) {
		t.Errorf("a document above the asker's grade: %v, want index.ErrNotFound", err)
	}
	var requests []llm.Request
	a := New(quiet, s, Options{Generator: recorder{llmtest.Truthful{}, &requests}})
	ans, err := a.Summarize(t.Context(), Principal{Grade: index.Sensitive}, req, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ans.Outcome != Extractive || len(requests) != 0 {
		t.Errorf("a document above the model's grade: outcome %s, %d requests", ans.Outcome, len(requests))
	}
	_, u := long(1)
	u.Doc.Grade = 0 // nobody said what it is
	if _, err := a.Summarize(t.Context(), Principal{}, SummaryRequest{Uploads: []Upload{u}, On: today}, nil); err != nil || len(requests) != 0 {
		t.Errorf("an upload without a grade: %v, %d requests to the model", err, len(requests))
	}
}

func TestSummaryInput(t *testing.T) {
	a := New(quiet, gaon(), Options{})
	for field, req := range map[string]SummaryRequest{
		"on":       {Docs: []string{"ord/1"}},
		"docs":     {On: today},
		"length":   {Docs: []string{"ord/1"}, On: today, Length: "short"},
		"audience": {Docs: []string{"ord/1"}, On: today, Audience: strings.Repeat("가", 101)},
		"uploads":  {Uploads: []Upload{{}}, On: today},
	} {
		var bad *InputError
		if _, err := a.Summarize(t.Context(), Principal{}, req, nil); !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestSpread(t *testing.T) {
	all := make([]ground.Sentence, 7)
	for i := range all {
		all[i].Text = fmt.Sprint(i)
	}
	for n, want := range map[int]string{1: "0", 2: "06", 3: "036", 7: "0123456", 9: "0123456"} {
		got := ""
		for _, s := range spread(all, n) {
			got += s.Text
		}
		if got != want {
			t.Errorf("spread(7 sentences, %d) = %s, want %s", n, got, want)
		}
	}
}

// A summary without a model shows the figures of the results, and in prose every line ends.
func TestSummaryFigures(t *testing.T) {
	for _, prose := range []bool{false, true} {
		ans, err := New(quiet, sampleShelf(t), Options{}).Summarize(t.Context(), Principal{}, SummaryRequest{Docs: []string{parkingPlan}, On: today, Prose: prose}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var cells []string
		for _, b := range ans.Blocks {
			for _, row := range b.Rows {
				for _, c := range row {
					cells = append(cells, c.Text)
				}
			}
			for _, s := range b.Sentences {
				if prose && !strings.HasSuffix(s.Text, ".") {
					t.Errorf("%q does not end", s.Text)
				}
			}
		}
		for _, want := range []string{"새봄구 윤슬동", "새봄구 다솜2동", "한울구 늘봄1동", "186억원"} {
			if slices.Contains(cells, want) == prose {
				t.Errorf("prose %v: %s in %q", prose, want, cells)
			}
		}
	}
}

func TestFullTitle(t *testing.T) {
	for in, want := range map[[2]string]string{
		{"주 요 업 무 계 획", "2025년\n교 통 정 책 과\n목차"}: "2025년 주요업무계획 (교통정책과)",
		{"2025 주 요 업 무 계 획", "차례"}:              "2025 주요업무계획",
		{"공영주차장 확충 계획", "2026년\n주차관리과"}:         "공영주차장 확충 계획",
	} {
		h := index.Hit{Doc: doc("plan/x", in[0], "plan")}
		h.Chunk.Text = in[1]
		if got := fullTitle([]index.Hit{h}); got != want {
			t.Errorf("fullTitle(%q) = %q, want %q", in, got, want)
		}
	}
}
