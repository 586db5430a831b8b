package chat

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"

	"biseo/assistant"
	"biseo/assistant/ground"
)

func verified(text string, sources ...int) ground.Sentence {
	s := ground.Sentence{Text: text, Status: ground.Verified}
	for _, n := range sources {
		s.Cites = append(s.Cites, ground.Cite{Source: n, Quote: text})
	}
	return s
}

func draft() *assistant.Answer {
	return &assistant.Answer{Task: "reply", On: "2026-11-22", Outcome: assistant.Partial,
		Blocks: []assistant.Block{
			{Kind: "heading", Level: 1, Sentences: []ground.Sentence{{Text: "검토"}}},
			{Kind: "paragraph", Sentences: []ground.Sentence{{Text: "안녕하십니까.", Status: ground.Plain}, verified("요금은\n1,200원입니다.", 1, 2, 1)}},
			{Kind: "item", Level: 1, Sentences: []ground.Sentence{{Text: "5배입니다.", Status: ground.Unverified}}},
			{Kind: "item", Level: 2, Sentences: []ground.Sentence{{Text: "[작성 필요: 연락처]", Status: ground.Gap}}},
			{Kind: "table", Rows: [][]ground.Sentence{{{Text: "구분"}, {Text: "요금"}}, {{Text: "소형|경형"}, verified("1,200원", 1)}}},
		},
		Sources: []ground.Source{
			{N: 1, ChunkID: "c1", DocID: "d1", Cite: "「주차장 조례」 제5조", Kind: "ordinance", InForce: ground.InForce{From: "2026-01-01", Until: "2026-12-31"}, Used: true},
			{N: 2, ChunkID: "c2", DocID: "d1", Title: "안내", Page: 3, Used: true},
			{N: 3, ChunkID: "c3", DocID: "d2", Title: "쓰지 않음"},
		},
		Warnings: []assistant.Warning{{Code: assistant.WarnGaps, Text: "한 곳을 채워 주세요."}},
		Reply:    &assistant.Reply{Kind: "질의", Received: "2026-11-20 10:00", Due: "2026-12-01", Counted: "7일"},
	}
}

const want = `[AI 초안 – 담당자 확인 필요]

## 검토

안녕하십니까. 요금은 1,200원입니다. [1] [2]

- 5배입니다. [근거 확인 필요]
  - [작성 필요: 연락처]

| 구분 | 요금 |
| --- | --- |
| 소형\|경형 | 1,200원 [1] |

---

일부만 확인했습니다. 확인하지 못한 내용은 빼거나 표시했습니다. (기준일 2026-11-22)

- 접수: 2026-11-20 10:00, 민원 종류: 질의
- 처리기한: 2026-12-01 (7일)

- ※ 한 곳을 채워 주세요.

근거

- [1] 「주차장 조례」 제5조 (시행 2026-01-01∼2026-12-30)
- [2] 안내 3쪽
`

func TestAnswer(t *testing.T) {
	a := draft()
	if diff := cmp.Diff(want, Answer(a)); diff != "" {
		t.Error(diff)
	}
	// As events come, headings and tables whole, the text is the same.
	var w Writer
	var b strings.Builder
	for _, block := range a.Blocks {
		whole := block
		if block.Kind != "heading" {
			whole.Sentences = nil
		}
		b.WriteString(w.Event(assistant.Event{Block: &whole}, a.Task))
		for i := range block.Sentences {
			if block.Kind != "heading" {
				b.WriteString(w.Event(assistant.Event{Sentence: &block.Sentences[i]}, a.Task))
			}
		}
	}
	if diff := cmp.Diff(want, b.String()+w.End(a)); diff != "" {
		t.Error(diff)
	}

	got := Answer(&assistant.Answer{Task: "answer", On: "2026-11-22", Outcome: assistant.NoSource, Sources: a.Sources[2:]})
	if want := "근거를 찾지 못했습니다. 볼 수 있는 문서에 답이 없으니 말을 바꾸거나 기준일을 확인해 주세요. (기준일 2026-11-22)\n\n가까운 문서\n\n- [3] 쓰지 않음\n"; got != want {
		t.Errorf("got %q", got)
	}
}

// No renderer fetches a picture or makes a link of what a document says, nor do our
// own marks become links.
func TestEscape(t *testing.T) {
	for _, text := range []string{
		"![그림](http://evil.example/p.png)", "[여기](http://evil.example)", "[1]: http://evil.example", "[a][1]\n\n[1]: http://evil.example",
		`<img src="http://evil.example/p.png">`, "<http://evil.example>", "![a][1]", "<script>alert(1)</script>", "[^1]: http://evil.example",
	} {
		var html strings.Builder
		md := Answer(&assistant.Answer{Task: "answer", Outcome: assistant.Answered, Blocks: []assistant.Block{
			{Kind: "paragraph", Sentences: []ground.Sentence{verified(text, 1)}}, {Kind: "paragraph", Sentences: []ground.Sentence{verified("뒤.", 1)}}},
			Sources:  []ground.Source{{N: 1, Title: text, Used: true}},
			Warnings: []assistant.Warning{{Text: text}}})
		if err := goldmark.Convert([]byte(md), &html); err != nil {
			t.Fatal(err)
		}
		for _, tag := range []string{"<img", "<a ", "<script", "<!-- raw"} {
			if strings.Contains(html.String(), tag) {
				t.Errorf("%q is drawn as %s", text, html.String())
			}
		}
		if !strings.Contains(html.String(), "[1]") {
			t.Errorf("%q: the marks are lost in %s", text, html.String())
		}
	}
}

func TestCitations(t *testing.T) {
	got := Citations(draft())
	if len(got) != 2 || got[0].Name != "「주차장 조례」 제5조" || got[1].Name != "안내 3쪽" {
		t.Fatalf("got %+v", got)
	}
	if diff := cmp.Diff([]string{"요금은\n1,200원입니다.", "1,200원"}, got[0].Quotes); diff != "" {
		t.Error(diff)
	}
	rec := Record("replies", "partial", draft().Sources, draft())
	if diff := cmp.Diff([]string{"d1", "d2"}, rec.Docs); diff != "" || len(rec.Passages) != 3 || rec.On != "2026-11-22" {
		t.Errorf("%s %+v", diff, rec)
	}
}

func TestMoment(t *testing.T) {
	now := time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	for in, want := range map[string]string{
		"": "2026-11-22T01:00:00Z", "2026-11-20": "2026-11-20T00:00:00Z", "2026-11-20 10:30": "2026-11-20T01:30:00Z",
		"2026-11-20T10:30": "2026-11-20T01:30:00Z", "2026-11-20T10:30:00Z": "2026-11-20T10:30:00Z", "2026-11-20T10:30:05": "2026-11-20T01:30:05Z", "0026-11-20": "", "2026-02-30": "", "어제": "",
	} {
		got, err := Moment("received", in, now)
		if (err != nil) != (want == "") || err == nil && got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%q: got %v, %v", in, got, err)
		}
	}
	if d, err := Day("", time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC)); err != nil || d.Format(time.DateOnly) != "2026-11-23" {
		t.Errorf("today in Korea: %v, %v", d, err)
	}
	if _, err := Day("2026-02-30", now); err == nil {
		t.Error("a day that does not exist")
	}
}
