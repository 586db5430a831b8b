package ingest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tableOf makes a report with one table. In a row "2^3:사용료" spans 2 rows and 3
// columns, and "" is an empty cell.
func tableOf(rows ...string) *Document {
	d := markdown("report", "시설 현황", "머리말\n")
	b := Block{Kind: Table, Start: len([]rune(d.Text))}
	for i, r := range rows {
		var row []Cell
		var texts []string
		col := 0
		for s := range strings.SplitSeq(r, "|") {
			c := Cell{Text: s, Row: i, Col: col, RowSpan: 1, ColSpan: 1}
			if span, text, ok := strings.Cut(s, ":"); ok {
				c.Text, c.RowSpan, c.ColSpan = text, int(span[0]-'0'), int(span[2]-'0')
			}
			col += c.ColSpan
			row, texts = append(row, c), append(texts, c.Text)
		}
		b.Cells = append(b.Cells, row)
		if strings.Join(texts, "") != "" {
			d.Text += strings.Join(texts, " | ") + "\n"
		}
	}
	b.End = len([]rune(d.Text))
	d.Blocks = append(d.Blocks, b)
	return d
}

func TestSplitTables(t *testing.T) {
	tests := []struct {
		name string
		max  int
		doc  *Document
		want []string
	}{
		{"rows know the cells that span into them", 24, tableOf("시설|구분|사용료", "3^1:시민회관 큰방|아침|10,000원", "낮|20,000원", "저녁|30,000원", "체육관|아침|40,000원"), []string{
			" ‖ 「시설 현황」 ‖ 머리말 … 머리말",
			" ‖ 「시설 현황」 표 1행∼2행 ‖ 시설 … 10,000원",
			"시설 | 구분 | 사용료 / 시민회관 큰방 ‖ 「시설 현황」 표 3행∼4행 ‖ 낮 … 30,000원",
			"시설 | 구분 | 사용료 ‖ 「시설 현황」 표 5행 ‖ 체육관 … 40,000원",
		}},
		{"two header rows under a unit, an empty row", 34, tableOf("1^3:(단위: 원)", "2^1:시설|1^2:사용료", "평일|주말", "가람관|1,000|2,000", "||", "나래관|3,000|4,000", "다솜관|5,000|6,000"), []string{
			" ‖ 「시설 현황」 ‖ 머리말 … 머리말",
			" ‖ 「시설 현황」 표 1행∼4행 ‖ (단위: … 2,000",
			"(단위: 원) / 시설 | 사용료 / 평일 | 주말 ‖ 「시설 현황」 표 6행∼7행 ‖ 나래관 … 6,000",
		}},
		{"amounts and a box head nothing", 16, tableOf("2024|1,200|1,300|1,400", "2025|1,500|1,600|1,700", "2026|1,800|1,900|2,000"), []string{
			" ‖ 「시설 현황」 ‖ 머리말 … 머리말",
			" ‖ 「시설 현황」 표 1행 ‖ 2024 … 1,400",
			" ‖ 「시설 현황」 표 2행 ‖ 2025 … 1,700",
			" ‖ 「시설 현황」 표 3행 ‖ 2026 … 2,000",
		}},
		{"one chunk", 0, tableOf("시설|사용료", "가람관|1,000"), []string{" ‖ 「시설 현황」 ‖ 머리말 … 1,000"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Split(tt.doc, SplitOptions{Max: tt.max})
			checkChunks(t, tt.doc, got)
			if diff := cmp.Diff(tt.want, outlineOf(got)); diff != "" {
				t.Errorf("chunks (-want +got):\n%s", diff)
			}
		})
	}
}

// What is masked in the text is masked in paths: cells are not read for words.
func TestSplitTableMasked(t *testing.T) {
	d := tableOf("성명|구분|금액", "3^1:한별온|아침|10,000원", "낮|20,000원", "저녁|30,000원")
	d.Text = strings.ReplaceAll(d.Text, "한별온", "○○○")
	for _, c := range Split(d, SplitOptions{Max: 14}) {
		if strings.Contains(strings.Join(c.Path, " "), "한별온") {
			t.Errorf("path %q", c.Path)
		}
	}
}
