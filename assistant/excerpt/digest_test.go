package excerpt

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"biseo/assistant/ground"

	"github.com/google/go-cmp/cmp"
)

// plan is a plan of five sections with a table.
func plan() []ground.Source {
	var out []ground.Source
	for i, s := range []struct{ head, text string }{
		{"Ⅰ. 추진 배경", "주택가의 주차 공간을 늘려 시민의 불편을 덜고자 함.\n□ 자동차 등록 대수 268,900대(2025. 12. 31. 기준)\n  ㅇ 주택가 주차 민원 12,640건 접수"},
		{"Ⅱ. 현황", "□ 공영주차장 86곳 6,240면 운영\n구분 | 곳 | 면\n노상주차장 | 31 | 1,480\n노외주차장 | 55 | 4,760\n합계 | 86 | "},
		{"Ⅲ. 추진 계획", "□ 공영주차장 3곳 420면 확충(186억원)\n  - 윤슬동 120면 2026. 5. 준공"},
		{"Ⅳ. 예산", "□ 주차장특별회계 2026년 212억원 편성"},
		{"Ⅴ. 협조 사항", "ㅇ 소통담당관: 요금과 감면 변경 사항 홍보\n※ 문의: 주차관리과(055-000-2601)"},
	} {
		out = append(out, ground.Source{N: i + 1, ChunkID: fmt.Sprint(i), DocID: "p", Title: "공영주차장 확충 계획", Path: []string{s.head}, Page: i + 1, Text: s.text})
	}
	return out
}

func texts(all []ground.Sentence) []string {
	var out []string
	for _, s := range all {
		out = append(out, s.Text)
	}
	return out
}

// A line from each section, in order, without marks, headings, rows and remarks.
func TestDigest(t *testing.T) {
	want := []string{
		"주택가의 주차 공간을 늘려 시민의 불편을 덜고자 함.",
		"공영주차장 86곳 6,240면 운영",
		"공영주차장 3곳 420면 확충(186억원)",
		"주차장특별회계 2026년 212억원 편성",
		"소통담당관: 요금과 감면 변경 사항 홍보",
	}
	got := Digest(plan(), 5)
	if diff := cmp.Diff(want, texts(got)); diff != "" {
		t.Errorf("Digest of five sections (-want +got):\n%s", diff)
	}
	for _, s := range got {
		if again := ground.Check(s, plan()); again.Status != ground.Verified {
			t.Errorf("%q: %s", s.Text, again.Why)
		}
	}
	if got := Digest(nil, 5); len(got) > 0 {
		t.Errorf("Digest of nothing: %q", texts(got))
	}
	all := texts(Digest(plan(), 50))
	if slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, "문의") || strings.Contains(s, " | ") }) {
		t.Errorf("a remark or a row is shown: %q", all)
	}
}

func TestAbout(t *testing.T) {
	if got, want := texts(About("특별회계 예산", plan(), 1, nil)), []string{"주차장특별회계 2026년 212억원 편성"}; !slices.Equal(got, want) {
		t.Errorf("About(예산) = %q, want %q", got, want)
	}
	if got := About("화성 이주", plan(), 3, nil); len(got) > 0 {
		t.Errorf("About something else: %q", texts(got))
	}
}

// A table is found by what it is about, once, and its cells are its source's words.
func TestTable(t *testing.T) {
	used := map[string]bool{}
	rows := Table("공영주차장 노상주차장 현황", plan(), used, nil)
	want := [][]string{{"구분", "곳", "면"}, {"노상주차장", "31", "1,480"}, {"노외주차장", "55", "4,760"}, {"합계", "86", ""}}
	var got [][]string
	for _, row := range rows {
		got = append(got, texts(row))
		for _, cell := range row {
			for _, c := range cell.Cites {
				if s := string([]rune(plan()[c.Source-1].Text)[c.Start:c.End]); s != c.Quote || s != cell.Text {
					t.Errorf("cell %q quotes %q, its span is %q", cell.Text, c.Quote, s)
				}
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Table (-want +got):\n%s", diff)
	}
	if again := Table("공영주차장 노상주차장 현황", plan(), used, nil); again != nil {
		t.Errorf("the same table twice: %v", again)
	}
}

func TestKeywords(t *testing.T) {
	if got, want := Keywords(plan(), 3), []string{"공영주차장", "확충", "주택가"}; !slices.Equal(got, want) {
		t.Errorf("Keywords = %q, want %q", got, want)
	}
}

// Entries of a table of contents, dates by themselves, contacts and captions sum nothing up.
func TestFurniture(t *testing.T) {
	s := []ground.Source{{N: 1, DocID: "p", Title: "업무계획", Text: "우선 추진과제를 정함 2\n2025. 2. 7.(금) 14:00\n교통정책과 교통지도팀(055-000-2801)\n□ 한 해 단속 68,420건의 구성\n구분 | 건수\n이동형 | 16,000건\n\n주차장 세 곳을 열어 불편을 덜고자 함.\n"}}
	want := []string{"주차장 세 곳을 열어 불편을 덜고자 함."}
	if diff := cmp.Diff(want, texts(Digest(s, 9))); diff != "" {
		t.Errorf("Digest (-want +got):\n%s", diff)
	}
	if got := Gist(s); got != want[0] {
		t.Errorf("Gist = %q, want %q", got, want[0])
	}
	s[0].Text = "문서요지 | 주차장 세 곳을 86억원으로 여는 계획\n" + s[0].Text
	if got, want := Gist(s), "주차장 세 곳을 86억원으로 여는 계획"; got != want {
		t.Errorf("Gist = %q, want %q", got, want)
	}
}

// The table of results is that below a heading that says so, if it states amounts.
func TestResults(t *testing.T) {
	s := []ground.Source{
		{N: 1, DocID: "p", Title: "보고", Path: []string{"Ⅰ. 추진 배경"}, Text: "구분 | 건수\n민원 | 48건\n"},
		{N: 2, DocID: "p", Title: "보고", Path: []string{"Ⅱ. 단속 결과"}, Text: "시기 | 할 일\n가을 | 정비\n"},
		{N: 3, DocID: "p", Title: "보고", Text: "Ⅱ. 단속 결과\n□ 3분기 단속 건수\n구분 | 2026년 3분기\n단속 건수 | 15,310건\n"},
	}
	rows := Results(s)
	if len(rows) != 2 || rows[1][1].Text != "15,310건" || rows[1][1].Cites[0].Source != 3 {
		t.Errorf("Results = %v, want the table of 15,310건", rows)
	}
	if rows := Results(s[:2]); rows != nil {
		t.Errorf("Results = %v, want none", rows)
	}
}
