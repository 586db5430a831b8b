package export

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/assistant"
	"biseo/assistant/export/paper"
	"biseo/assistant/ground"
	"biseo/ingest"
	"biseo/ingest/extract"
)

func verified(text string, sources ...int) ground.Sentence {
	s := ground.Sentence{Text: text, Status: ground.Verified}
	for _, n := range sources {
		s.Cites = append(s.Cites, ground.Cite{Source: n})
	}
	return s
}

func gap(what string) ground.Sentence {
	return ground.Sentence{Text: "[작성 필요: " + what + "]", Status: ground.Gap}
}

// report is a draft with everything that a layout must carry.
func report() *assistant.Answer {
	return &assistant.Answer{
		Task: "report", Question: "제설 대책", Title: "2026년 겨울철 제설 대책 검토보고", On: "2026-11-02",
		Gist: "제설 장비와 인력을 늘리고 <취약 구간> & 고갯길을 먼저 치움", Keywords: []string{"제설", "장비"},
		Sources: []ground.Source{
			{N: 1, Title: "가온시 제설 조례", Cite: "「가온시 제설 조례」 제3조제1항", Kind: "ordinance", InForce: ground.InForce{From: "2025-01-01"}, Used: true},
			{N: 2, Title: "2025년 제설 결과", Kind: "report", InForce: ground.InForce{From: "2026-03-02"}, Page: 4, Used: true},
			{N: 3, Title: "쓰지 않은 자료"},
		},
		Blocks: []assistant.Block{
			{Kind: "heading", Level: 1, Sentences: []ground.Sentence{verified("현황")}},
			{Kind: "heading", Level: 2, Sentences: []ground.Sentence{verified("장비와 인력")}},
			{Kind: "item", Level: 1, Sentences: []ground.Sentence{verified("제설차 12대 보유", 2)}},
			{Kind: "item", Level: 2, Sentences: []ground.Sentence{verified("대형 5대, 소형 7대", 2)}},
			{Kind: "item", Level: 3, Sentences: []ground.Sentence{{Text: "임차 3대 예정", Status: ground.Unverified}}},
			{Kind: "table", Rows: [][]ground.Sentence{{verified("구분"), verified("대수")}, {verified("대형"), verified("5")}, {verified("소형")}}},
			{Kind: "heading", Level: 1, Sentences: []ground.Sentence{verified("검토 의견")}},
			{Kind: "item", Level: 1, Sentences: []ground.Sentence{verified("시장은 취약 구간을 먼저 치워야 함", 1), gap("예산액")}},
			{Kind: "paragraph", Sentences: []ground.Sentence{verified("끝으로 주민에게 알림.", 1, 2)}},
		},
	}
}

const reportText = `2026년 겨울철 제설 대책 검토보고
[AI 초안 – 담당자 확인 필요]
문서요지: 제설 장비와 인력을 늘리고 <취약 구간> & 고갯길을 먼저 치움
키워드: 제설, 장비

Ⅰ. 현황

□ 장비와 인력
  ㅇ 제설차 12대 보유 1)
    - 대형 5대, 소형 7대
      * 임차 3대 예정 [근거 확인 필요]
구분 | 대수
대형 | 5
소형 | 

Ⅱ. 검토 의견
  ㅇ 시장은 취약 구간을 먼저 치워야 함 [작성 필요: 예산액] 2)
끝으로 주민에게 알림. 3)

1) 2025년 제설 결과 4쪽(2026. 3. 2.)
2) 「가온시 제설 조례」 제3조제1항(시행 2025. 1. 1.)
3) 「가온시 제설 조례」 제3조제1항(시행 2025. 1. 1.); 2025년 제설 결과 4쪽(2026. 3. 2.)
`

func reply() *assistant.Answer {
	return &assistant.Answer{
		Task: "reply", Question: "제설 요청", Title: "민원 답변", On: "2026-11-02",
		Sources: []ground.Source{{N: 1, Cite: "「가온시 제설 조례」 제3조제1항", Used: true}},
		Blocks: []assistant.Block{
			{Kind: "item", Level: 1, Sentences: []ground.Sentence{verified("안녕하십니까? 홍길동 님의 민원에 대한 검토 결과를 알려드립니다.")}},
			{Kind: "item", Level: 1, Sentences: []ground.Sentence{verified("검토 결과는 다음과 같습니다.")}},
			{Kind: "item", Level: 2, Sentences: []ground.Sentence{verified("시장은 눈이 5센티미터 넘게 쌓이면 눈을 치웁니다.", 1)}},
			{Kind: "item", Level: 2, Sentences: []ground.Sentence{gap("처리 예정일")}},
			{Kind: "item", Level: 1, Sentences: []ground.Sentence{verified("감사합니다.")}},
		},
		Reply: &assistant.Reply{Public: []assistant.Block{{Kind: "item", Level: 1, Sentences: []ground.Sentence{verified("○○○ 님의 민원에 대한 답변입니다.")}}}},
	}
}

const replyText = `민원 답변
[AI 초안 – 담당자 확인 필요]
1. 안녕하십니까? 홍길동 님의 민원에 대한 검토 결과를 알려드립니다.
2. 검토 결과는 다음과 같습니다.
  가. 시장은 눈이 5센티미터 넘게 쌓이면 눈을 치웁니다. (근거: 「가온시 제설 조례」 제3조제1항)
  나. [작성 필요: 처리 예정일]
3. 감사합니다.  끝.
`

func write(t *testing.T, format string, a *assistant.Answer, opt Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, a, opt); err != nil {
		t.Fatalf("Write(%s): %v", format, err)
	}
	return b.Bytes()
}

func TestText(t *testing.T) {
	if diff := cmp.Diff(reportText, string(write(t, "txt", report(), Options{}))); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(replyText, string(write(t, "txt", reply(), Options{}))); diff != "" {
		t.Errorf("reply (-want +got):\n%s", diff)
	}
	public := string(write(t, "txt", reply(), Options{Public: true}))
	if strings.Contains(public, "홍길동") || !strings.Contains(public, "1. ○○○ 님의 민원에 대한 답변입니다.  끝.") {
		t.Errorf("공개용: %s", public)
	}
}

// back reads a written file with the program's own reader.
func back(t *testing.T, format string, b []byte) *ingest.Document {
	t.Helper()
	path := filepath.Join(t.TempDir(), "draft."+format)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := extract.Read(context.Background(), path)
	if err != nil {
		t.Fatalf("read %s back: %v", format, err)
	}
	return d
}

// What is written is read back whole: every line, the cells, the footnotes.
func TestRoundTrip(t *testing.T) {
	for _, format := range []string{"hwpx", "docx", "md"} {
		b := write(t, format, report(), Options{Agency: "가온시"})
		if again := write(t, format, report(), Options{Agency: "가온시"}); !bytes.Equal(b, again) {
			t.Errorf("%s: written twice, the bytes differ", format)
		}
		d := back(t, format, b)
		got := squeeze(d.Text)
		at := 0
		for line := range strings.SplitSeq(reportText, "\n") {
			line = noteMark.ReplaceAllString(squeeze(line), "")
			if i := strings.Index(got[at:], line); i >= 0 {
				at += i
			} else if !strings.Contains(got, line) {
				t.Errorf("%s: %q is not in %q", format, line, got)
			}
		}
		if d.Meta.Title != report().Title {
			t.Errorf("%s: title %q", format, d.Meta.Title)
		}
		tables, notes := 0, 0
		for _, b := range d.Blocks {
			switch b.Kind {
			case ingest.Table:
				tables++
				if n := len(b.Cells); n != 3 || b.Cells[1][1].Text != "5" {
					t.Errorf("%s: cells %+v", format, b.Cells)
				}
			case ingest.Footnote:
				notes++
			}
		}
		if tables != 1 || notes != 3 && format != "md" { // the reader of Markdown takes footnotes as lines
			t.Errorf("%s: %d tables and %d footnotes, want 1 and 3", format, tables, notes)
		}
		if format != "md" && (d.Meta.Gist != report().Gist || !cmp.Equal(d.Meta.Keywords, report().Keywords)) {
			t.Errorf("%s: 문서요지 %q, 키워드 %q", format, d.Meta.Gist, d.Meta.Keywords)
		}
	}
}

// A form keeps what is around its marks and gives the body its looks.
func TestForm(t *testing.T) {
	line := func(s string) paper.Block { return paper.Block{Text: []paper.Span{{Text: s}}} }
	form := &paper.Document{Title: "서식", Blocks: []paper.Block{
		{Level: 1, Text: []paper.Span{{Text: "가온시 도로과"}}}, line("제목: {{제목}} ({{날짜}})"), line("{{본문}}"),
		{Level: 3, Text: []paper.Span{{Text: "{{Ⅰ}}"}}}, line("이 서식은 도로과에서 씁니다."),
	}}
	for format, write1 := range map[string]func(*paper.Document) ([]byte, error){"hwpx": paper.HWPX, "docx": paper.DOCX} {
		empty, err := write1(form)
		if err != nil {
			t.Fatal(err)
		}
		got := squeeze(back(t, format, write(t, format, report(), Options{Form: empty})).Text)
		at := 0
		for _, want := range []string{"가온시 도로과", "제목: 2026년 겨울철 제설 대책 검토보고 (2026. 11. 2.)", "Ⅰ. 현황", "ㅇ 제설차 12대 보유 1)", "대형", "1) 2025년 제설 결과 4쪽", "이 서식은 도로과에서 씁니다."} {
			i := strings.Index(got[at:], squeeze(want))
			if i < 0 {
				t.Fatalf("%s: %q does not come after the rest in %q", format, want, got)
			}
			at += i
		}
		if strings.Contains(got, "{{") {
			t.Errorf("%s: marks left in %q", format, got)
		}
		other := map[string]string{"hwpx": "docx", "docx": "hwpx"}[format]
		for _, tt := range []struct {
			form         []byte
			format, want string
		}{
			{[]byte("no zip"), format, "파일이 아니니"},
			{empty, other, "파일이 아니니"},
			{empty, "txt", "HWPX나 DOCX"},
			{write(t, format, report(), Options{}), format, "{{본문}}만 적은 문단이 없으니"},
		} {
			var input *assistant.InputError
			if err := Write(&bytes.Buffer{}, tt.format, report(), Options{Form: tt.form}); !errors.As(err, &input) || !strings.Contains(input.Text, tt.want) {
				t.Errorf("%s in form %.10q: error %v, want %q", tt.format, tt.form, err, tt.want)
			}
			if _, err := CheckForm(tt.form, tt.format); !errors.As(err, &input) || !strings.Contains(input.Text, tt.want) {
				t.Errorf("CheckForm(%.10q, %s): error %v, want %q", tt.form, tt.format, err, tt.want)
			}
		}
		if got, err := CheckForm(empty, format); len(got) > 0 || err != nil {
			t.Errorf("CheckForm of a good form: %q, %v", got, err)
		}
		form.Blocks = append(form.Blocks, line("{{본문}}"), line("담당: {{담당자}}, {{날짜}}"))
		more, err := write1(form)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := CheckForm(more, format); len(got) != 2 || !strings.HasPrefix(got[0], "{{본문}}이 여럿") || !strings.HasPrefix(got[1], "{{담당자}} 표시") || err != nil {
			t.Errorf("CheckForm of a form with more marks: %q, %v", got, err)
		}
		form.Blocks = form.Blocks[:len(form.Blocks)-2]
	}
}

// A caller may send tables that no task makes: they print as nothing.
func TestTablesWithoutCells(t *testing.T) {
	for _, rows := range [][][]ground.Sentence{{}, {{}}, {{}, {}}} {
		a := report()
		a.Blocks = append(a.Blocks, assistant.Block{Kind: "table", Rows: rows})
		for _, format := range []string{"hwpx", "docx", "md", "txt"} {
			if b := write(t, format, a, Options{}); len(b) == 0 {
				t.Errorf("%s with the rows %v: nothing written", format, rows)
			}
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	var input *assistant.InputError
	if err := Write(&bytes.Buffer{}, "hwp", report(), Options{}); !errors.As(err, &input) || !strings.Contains(err.Error(), ".hwpx, .docx, .md, .txt") {
		t.Errorf("got %v", err)
	}
}

func squeeze(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("|", "", "[^1]", "", "[^2]", "", "[^3]", "").Replace(s)), "")
}

// noteMark is the mark of a footnote behind a line of plain text.
var noteMark = regexp.MustCompile(`^\d\)|\d\)$`)
