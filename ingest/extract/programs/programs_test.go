package programs

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/ingest/extract/pdf"
)

// parseBoxes and parseTSV are tested on their own, for machines without the programs.
func TestParseProgramOutput(t *testing.T) {
	pages := parseBoxes([]byte(`<doc><page width="595.0" height="842.0"><flow><block xMin="50"><line xMin="50.0" yMin="100.0" xMax="150.0" yMax="110.0">
		<word xMin="50.0" yMin="100.0" xMax="90.0" yMax="110.0">A&amp;B</word><word xMin="100.0" yMin="100.0" xMax="150.0" yMax="110.0">법률</word></line></block></flow></page><page width="1" height="1"></page></doc>`))
	if len(pages) != 2 || len(pages[0].Lines) != 1 || pages[0].Lines[0].Text != "A&B 법률" || pages[0].Lines[0].Y != 734 || pages[0].Width != 595 {
		t.Errorf("boxes: %+v", pages)
	}
	row := func(left, right, y float64, text string) pdf.Line {
		return pdf.Line{Text: text, Left: left, Right: right, Y: y, Size: 10, Glyphs: []pdf.Glyph{{Text: text, Left: left, Right: right}}}
	}
	var rows []string
	for _, l := range joinRows([]pdf.Line{row(60, 80, 700, "처리에"), row(50, 59, 700, "민원"), row(85, 90, 701, "법"), row(120, 140, 700, "다른 단"), row(50, 60, 680, "아래")}) {
		rows = append(rows, l.Text)
	}
	if diff := cmp.Diff([]string{"민원처리에 법", "다른 단", "아래"}, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	tsv := "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n" +
		"4\t1\t1\t1\t1\t0\t0\t0\t9\t9\t-1\t\n5\t1\t1\t1\t1\t1\t100\t200\t100\t50\t96.5\t가온시\n5\t1\t1\t1\t1\t2\t250\t200\t50\t50\t90\t청년\n" +
		"5\t1\t1\t1\t1\t3\t320\t200\t50\t50\t12\t~;\n5\t1\t1\t1\t2\t1\t100\t300\t100\t50\t91\t수당\n"
	var got []string
	for _, l := range parseTSV(tsv, 0.5, 842) {
		got = append(got, fmt.Sprintf("%s %g-%g y%g", l.Text, l.Left, l.Right, l.Y))
	}
	if diff := cmp.Diff([]string{"가온시 청년 50-150 y717", "수당 50-100 y667"}, got); diff != "" {
		t.Errorf("TSV (-want +got):\n%s", diff)
	}
}
