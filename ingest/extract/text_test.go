package extract

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/unicode/norm"
)

func TestEncodings(t *testing.T) {
	const want = "가온시 공고 똠방각하 2025년\n둘째 줄입니다.\n"
	cp949, err := korean.EUCKR.NewEncoder().String(want)
	if err != nil {
		t.Fatal(err)
	}
	wide := func(order binary.AppendByteOrder, mark bool) string {
		var b []byte
		if mark {
			b = order.AppendUint16(b, 0xfeff)
		}
		for _, u := range utf16.Encode([]rune(want)) {
			b = order.AppendUint16(b, u)
		}
		return string(b)
	}
	for name, s := range map[string]string{
		"utf-8":            want,
		"utf-8 with mark":  "\ufeff" + want,
		"cp949":            cp949,
		"utf-16le":         wide(binary.LittleEndian, true),
		"utf-16be":         wide(binary.BigEndian, true),
		"utf-16le no mark": wide(binary.LittleEndian, false),
		"utf-16be no mark": wide(binary.BigEndian, false),
		"nfd, crlf":        strings.ReplaceAll(norm.NFD.String(want), "\n", "\r\n"),
	} {
		if d := readString(t, "a.txt", s); d.Text != want {
			t.Errorf("%s: got %q", name, d.Text)
		}
	}
}

// Bytes that only happen to decode as UTF-16 are no text.
func TestNoText(t *testing.T) {
	for name, s := range map[string]string{
		"rubbish": strings.Repeat("\x00\x01\xff", 100),
		"numbers": strings.Repeat("\x01\x01\x22\x03\x00\x11", 100),
	} {
		if _, err := read(t.Context(), "x.txt", []byte(s)); err != errEncoding {
			t.Errorf("%s: error %v, want %v", name, err, errEncoding)
		}
	}
}

func TestPlainText(t *testing.T) {
	d := readString(t, "a.txt", `가온시 수당 조례

제1장 총칙
제1조(목적) 이 조례는 수당을 정한다.
1. 신청
제2조(정의) 뜻은 다음과 같다.
부칙
제1조(시행일) 이 조례는 공포한 날부터 시행한다.
[별표 1] 수당표
1. 사과
2. 배
`)
	want := []string{
		"p [] 가온시 수당 조례",
		"h2 [] 제1장 총칙",
		"h5 [제1장 총칙] 제1조(목적)",
		"p [제1장 총칙 > 제1조(목적)] 이 조례는 수당을 정한다.",
		"p [제1장 총칙 > 제1조(목적)] 1. 신청",
		"h5 [제1장 총칙] 제2조(정의)",
		"p [제1장 총칙 > 제2조(정의)] 뜻은 다음과 같다.",
		"h2 [] 부칙",
		"p [부칙] 제1조(시행일) 이 조례는 공포한 날부터 시행한다.",
		"h2 [] [별표 1] 수당표",
		"p [[별표 1] 수당표] 1. 사과",
		"p [[별표 1] 수당표] 2. 배",
	}
	if diff := cmp.Diff(want, outline(d)); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	if d.Meta.Title != "가온시 수당 조례" {
		t.Errorf("title %q", d.Meta.Title)
	}
}

func TestHTML(t *testing.T) {
	page := `<!DOCTYPE html><html><head><meta charset="euc-kr"><title>가온시 안내</title>
<meta name="description" content="요지"><meta name="keywords" content="민원, 수당"></head>
<body><nav>메뉴</nav><script>bad()</script><style>x</style><h1>안내</h1><p>첫 <b>문</b>단<br>둘째 줄<p>다음
<ul><li>하나<ul><li>안쪽</ul><li>둘</ul><ol start=3><li>셋</ol><div hidden>숨김</div>
<table><caption>표 1</caption><tr><th rowspan=2>구분<th colspan=2>금액<tr><td>가<td>나<p>다</table></body></html>`
	cp949, err := korean.EUCKR.NewEncoder().String(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{cp949, page, strings.Replace(page, `<meta charset="euc-kr">`, "", 1)} {
		d := readString(t, "a.pdf", s)
		want := []string{
			"h1 [] 안내", "p [안내] 첫 문단⏎둘째 줄", "p [안내] 다음", "p [안내] - 하나", "p [안내]   - 안쪽", "p [안내] - 둘",
			"p [안내] 3. 셋", "c [안내] 표 1", "t [안내] 구분 | 금액⏎가 | 나 다",
		}
		if diff := cmp.Diff(want, outline(d)); diff != "" {
			t.Errorf("blocks (-want +got):\n%s", diff)
		}
		if d.Meta.Title != "가온시 안내" || d.Meta.Gist != "요지" || len(d.Meta.Keywords) != 2 {
			t.Errorf("meta %+v", d.Meta)
		}
		cells := d.Blocks[len(d.Blocks)-1].Cells
		if c := cells[0][0]; c.RowSpan != 2 {
			t.Errorf("first cell %+v", c)
		}
		if c := cells[1][0]; c.Col != 1 || c.Row != 1 {
			t.Errorf("cell below a span %+v", c)
		}
	}
	piece := "<p>주차 <b>요금</b>을 알려 주세요.</p>"
	for name, want := range map[string][]string{"a.html": {"p [] 주차 요금을 알려 주세요."}, "a.txt": {"p [] " + piece}} {
		if diff := cmp.Diff(want, outline(readString(t, name, piece))); diff != "" {
			t.Errorf("a piece of HTML in %s (-want +got):\n%s", name, diff)
		}
	}
}

// TestNested reads what takes a careless parser exponential time.
func TestNested(t *testing.T) {
	for _, s := range []string{
		"<html>" + strings.Repeat("<table><tr><td>", 100) + "가",
		"<html>" + strings.Repeat("<table><tr><td>나<td>", 100) + "가",
		strings.Repeat("> ", 2000) + "가",
		strings.Repeat("- ", 2000) + "가",
		strings.Repeat("[", 10000) + "가" + strings.Repeat("]", 10000),
		strings.Repeat("*가 ", 10000),
	} {
		if d, err := read(t.Context(), "a.md", []byte(s)); err == nil {
			checkShape(t, d)
			if !strings.Contains(d.Text, "가") {
				t.Errorf("%.40q: text lost", s)
			}
		}
	}
}
