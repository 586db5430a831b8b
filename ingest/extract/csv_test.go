package extract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/korean"

	"biseo/ingest/extract/blocks"
)

func TestCSV(t *testing.T) {
	want := "t [] 부서 | 금액 | 비고⏎청년과 | 1,200 | 가, \"나\" 둘째 줄⏎감사실 | 0 |"
	const comma = "부서,금액,비고\r\n청년과,\"1,200\",\"가, \"\"나\"\"\n둘째 줄\"\r\n\r\n감사실,0,\r\n"
	cp949, err := korean.EUCKR.NewEncoder().String(comma)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]string{
		"comma.csv":     comma,
		"cp949.CSV":     cp949,
		"mark.csv":      "\ufeff" + comma,
		"semicolon.csv": "부서;금액;비고\n청년과;1,200;\"가, \"\"나\"\"\n둘째 줄\"\n감사실;0;\n",
		"tab.tsv":       "부서\t금액\t비고\n청년과\t1,200\t\"가, \"\"나\"\"\n둘째 줄\"\n감사실\t0\t\n",
		"pipe.csv":      "부서|금액|비고\n청년과|1,200|\"가, \"\"나\"\"\n둘째 줄\"\n감사실|0|\n",
		"excel.csv":     "sep=;\n부서;금액;비고\n청년과;1,200;\"가, \"\"나\"\"\n둘째 줄\"\n감사실;0;\n",
	} {
		d := readString(t, name, s)
		if diff := cmp.Diff([]string{want}, outline(d)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if c := d.Blocks[0].Cells[1][2]; c.Text != "가, \"나\"\n둘째 줄" || c.Row != 1 || c.Col != 2 {
			t.Errorf("%s: cell %+v", name, c)
		}
		if len(d.Warnings) != 0 {
			t.Errorf("%s: warnings %q", name, d.Warnings)
		}
	}
}

// A quote against the rules costs neither the rows after it nor the reader.
func TestCSVQuotes(t *testing.T) {
	d := readString(t, "a.csv", "규격,수량\n5\" 관,3\n\"열린,4\n끝,5\n")
	if diff := cmp.Diff([]string{"t [] 규격 | 수량⏎5\" 관 | 3⏎\"열린 | 4⏎끝 | 5"}, outline(d)); diff != "" {
		t.Error(diff)
	}
	if len(d.Warnings) != 1 {
		t.Errorf("warnings %q", d.Warnings)
	}
}

func TestCSVTooLong(t *testing.T) {
	d := readString(t, "a.csv", "가,나\n"+strings.Repeat("1,2\n", blocks.MaxCells/2+10))
	if n := len(d.Blocks[0].Cells); n != blocks.MaxCells/2 {
		t.Errorf("%d rows, want %d", n, blocks.MaxCells/2)
	}
	if len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], "앞의 250000행만") {
		t.Errorf("warnings %q", d.Warnings)
	}
}

// One row of a million fields is cut; the rows after it are read.
func TestCSVTooWide(t *testing.T) {
	d := readString(t, "a.csv", strings.Repeat("1,", 999_999)+"1\n끝,2\n")
	cells := d.Blocks[0].Cells
	if len(cells) != 2 || len(cells[0]) != maxFields || cells[1][0].Text != "끝" {
		t.Errorf("%d rows", len(cells))
	}
	if diff := cmp.Diff([]string{"칸이 너무 많은 1개 행은 앞의 16384칸만 읽었습니다."}, d.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}
