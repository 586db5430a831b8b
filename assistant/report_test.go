package assistant

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"biseo/assistant/ground"
	"biseo/llm/llmtest"
	"biseo/prompts"
)

// Every template drafts, with its sections in order and its gaps visible.
func TestTemplates(t *testing.T) {
	a := New(quiet, sampleShelf(t), Options{})
	for _, r := range a.Reports() {
		ans, err := a.DraftReport(t.Context(), Principal{}, ReportRequest{Topic: "공영주차장 확충", Template: r.Name, On: winter}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var heads []string
		gap := false
		for _, b := range ans.Blocks {
			if b.Kind == "heading" && b.Level == 1 {
				heads = append(heads, b.text())
			}
			gap = gap || strings.Contains(b.text(), "[작성 필요: ")
			if b.Kind == "item" && r.Prose {
				t.Errorf("%s: an item in prose", r.Name)
			}
		}
		var want []string
		for _, s := range r.Sections {
			if !r.Plain {
				want = append(want, s.Heading)
			}
			if s.Own && !gap {
				t.Errorf("%s: no gap though %s is the official's to write", r.Name, s.Heading)
			}
		}
		if !r.Uncited {
			want = append(want, "근거 자료")
		}
		if !slices.Equal(heads, want) {
			t.Errorf("%s: headings %q, want %q", r.Name, heads, want)
		}
		if ans.Template != r.Name || !strings.Contains(ans.Title, "공영주차장 확충") {
			t.Errorf("template %q, title %q", ans.Template, ans.Title)
		}
	}
}

// A table of the evidence stands in the report with its cells cited; the contacts
// of a press release are placeholders.
func TestReportTables(t *testing.T) {
	a := New(quiet, sampleShelf(t), Options{})
	ans, err := a.DraftReport(t.Context(), Principal{}, ReportRequest{Topic: "공영주차장 확충", Template: "현황보고", On: winter}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := answerText(ans), "노외주차장 | 55 | 4,760 | \n"; !strings.Contains(got, want) {
		t.Errorf("no row %q in\n%s", want, got)
	}
	press, err := a.DraftReport(t.Context(), Principal{}, ReportRequest{Topic: "청년월세 지원", Template: "보도자료", On: winter}, nil)
	if err != nil {
		t.Fatal(err)
	}
	last := press.Blocks[len(press.Blocks)-1]
	if last.Kind != "table" || last.Rows[1][3].Text != "000-0000-0000" || last.Rows[1][3].Status != ground.Gap {
		t.Errorf("the last block of a press release is %+v, want the contacts as gaps", last)
	}
}

// under is what stands under each heading of the first level, a line each.
func under(ans *Answer) map[string]string {
	out := map[string]string{}
	head := ""
	for _, b := range ans.Blocks {
		if b.Kind == "heading" && b.Level == 1 {
			head = b.text()
		} else {
			out[head] += b.text() + "\n"
		}
	}
	return out
}

// Without a model a section holds lines that belong there, or stays a gap.
func TestLinesBelong(t *testing.T) {
	a := New(quiet, sampleShelf(t), Options{})
	for _, tt := range []struct{ topic, template, section, want, not string }{
		{"공영주차장 확충", "검토보고", "문제점", "땅값 상승으로 1면당 조성비 부담 증가", "운영비"},
		{"공영주차장 확충", "검토보고", "현황", "공영주차장 86곳 6,240면", "조성비"},
		{"다자녀 주차요금 감면", "검토보고", "문제점", "[작성 필요: 문제점과 쟁점]", "감면"},
		{"호우 피해 지원", "결과보고", "평가", "침수 주택의 60.1%", "서면 심의 활용"},
		{"불법 주정차 단속", "결과보고", "추진 결과", "2,180건 가운데 612건 수용", "전부개정"},
		{"불법 주정차 단속", "결과보고", "평가", "", "문자로 1회 안내"},
		{"청년월세 확대", "보도자료", "요지", "청년월세 지원을 늘린다고 밝혔다.", "작성 필요"},
		{"청년월세 확대", "보도자료", "주요 내용", "무주택 청년이 대상이다.", "작성 필요"},
	} {
		ans, err := a.DraftReport(t.Context(), Principal{}, ReportRequest{Topic: tt.topic, Template: tt.template, On: winter}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := under(ans)[tt.section]; !strings.Contains(got, tt.want) || strings.Contains(got, tt.not) {
			t.Errorf("%s of %s, %s: want %q and not %q, got\n%s", tt.template, tt.topic, tt.section, tt.want, tt.not, got)
		}
	}
}

// Nothing but regulations stands among the regulations.
func TestRegulationsOnly(t *testing.T) {
	ans, err := New(quiet, sampleShelf(t), Options{}).DraftReport(t.Context(), Principal{}, ReportRequest{Topic: "공영주차장 확충", On: winter}, nil)
	if err != nil {
		t.Fatal(err)
	}
	head := ""
	for _, b := range ans.Blocks {
		if b.Kind == "heading" {
			head = b.text()
			continue
		}
		for _, s := range b.Sentences {
			for _, c := range s.Cites {
				if kind := ans.Sources[c.Source-1].Kind; head == "관련 규정" && !slices.Contains([]string{"ordinance", "rule", "directive"}, kind) {
					t.Errorf("%q of a %s", s.Text, kind)
				}
			}
		}
	}
}

// What the official adds stands in the section that it names, marked.
func TestNotes(t *testing.T) {
	a := New(quiet, sampleShelf(t), Options{})
	ans, err := a.DraftReport(t.Context(), Principal{}, ReportRequest{Topic: "공영주차장 확충", On: winter, Notes: "검토 의견: 나눔주차장 확대가 타당함\n\n예산은 추경에 반영\n"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	under := under(ans)
	if got, want := under["검토 의견"], "나눔주차장 확대가 타당함 "+Given+"\n"; got != want {
		t.Errorf("under 검토 의견: %q, want %q", got, want)
	}
	if got, want := under["담당자 추가 사항"], "예산은 추경에 반영 "+Given+"\n"; got != want {
		t.Errorf("under 담당자 추가 사항: %q, want %q", got, want)
	}
}

// Without evidence there is a template with gaps and no sentence.
func TestReportWithoutEvidence(t *testing.T) {
	for _, o := range []Options{{}, {Generator: llmtest.Truthful{}}} {
		ans, err := New(quiet, sampleShelf(t), o).DraftReport(t.Context(), Principal{}, ReportRequest{Topic: "화성 이주 정착", On: winter}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if ans.Outcome != NoSource || len(ans.Sources) != 0 {
			t.Errorf("outcome %s, %d sources, want %s and none", ans.Outcome, len(ans.Sources), NoSource)
		}
		for _, b := range ans.Blocks {
			if b.Kind != "heading" && b.Sentences[0].Status != ground.Gap {
				t.Errorf("shown without evidence: %q", b.text())
			}
		}
	}
}

// A sentence that states no value and that no source supports stands marked, without
// the office that it names.
func TestUnsureIsMarked(t *testing.T) {
	const holds, thinks = "공영주차장 3곳 420면 확충(186억원) [1]\n", "주차혁신팀에서 나누는 주차 문화의 정착이 중요함\n"
	s := sampleShelf(t)
	s.chunks = slices.DeleteFunc(s.chunks, func(h hit) bool { return h.Doc.ID != parkingPlan })
	ans, err := New(quiet, s, Options{Generator: llmtest.Script(holds + thinks)}).DraftReport(t.Context(), Principal{}, ReportRequest{Topic: "공영주차장 확충", Template: "추진계획", On: winter}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := answerText(ans), strings.Replace(strings.TrimSpace(thinks), "주차혁신팀", "○○팀", 1)+" "+Unsure; !strings.Contains(got, want) || ans.Outcome != Partial {
		t.Errorf("outcome %s; no %q in\n%s", ans.Outcome, want, got)
	}
}

// An agency's own template is used.
func TestOwnTemplate(t *testing.T) {
	set, err := prompts.Load(fstest.MapFS{"reports/주간보고.yaml": {Data: []byte("title: \"{주제} 주간 보고\"\nsections:\n  - heading: 이번 주\n    guidance: 한 일을 씁니다.\n    need: 한 일\n")}})
	if err != nil {
		t.Fatal(err)
	}
	ans, err := New(quiet, sampleShelf(t), Options{Prompts: set}).DraftReport(t.Context(), Principal{}, ReportRequest{Topic: "공영주차장 확충", Template: "주간보고", On: winter}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := ans.Title+"/"+ans.Blocks[0].text(), "공영주차장 확충 주간 보고/이번 주"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReportInput(t *testing.T) {
	a := New(quiet, gaon(), Options{})
	for field, req := range map[string]ReportRequest{
		"topic":    {Topic: "?", On: today},
		"on":       {Topic: "주차장"},
		"template": {Topic: "주차장", On: today, Template: "없는서식"},
		"notes":    {Topic: "주차장", On: today, Notes: strings.Repeat("가", 4001)},
	} {
		var bad *InputError
		if _, err := a.DraftReport(t.Context(), Principal{}, req, nil); !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
