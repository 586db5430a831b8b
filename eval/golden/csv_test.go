package golden

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/korean"
)

// Every case of the sample sets, and those whose text the marks of cells stand in,
// comes back from a spreadsheet as it went in.
func TestCSV(t *testing.T) {
	sets, err := Read("gaon")
	if err != nil {
		t.Fatal(err)
	}
	odd, err := Parse(Answer, []byte(`{"id":"answer-900","split":"test","on":"2026-11-20","groups":["a\nb","c"],"grade":"open","tags":["[x]"],"note":"\"따옴표\", 쉼표\n줄","question":"질문 :: 둘","facts":[{"text":"* 별 :: (2) 괄호","any":["a :: b"," c "],"vital":false}],"cites":[{"doc":"d :: e.md","quote":"가 | 나 :: 다"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	sets[Answer] = append(sets[Answer], odd...)
	for task, cases := range sets {
		var b bytes.Buffer
		if err := WriteCSV(&b, cases); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(b.String(), "\ufeffid,") {
			t.Errorf("%s: the table does not begin with a byte order mark and id", task)
		}
		again, err := ReadCSV(task, &b)
		if err != nil {
			t.Errorf("%s: %v", task, err)
			continue
		}
		var want, got bytes.Buffer
		if err := Write(&want, cases); err != nil {
			t.Fatal(err)
		}
		if err := Write(&got, again); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(strings.Split(want.String(), "\n"), strings.Split(got.String(), "\n")); d != "" {
			t.Errorf("%s (-want +got):\n%s", task, d)
		}
	}
	for name, tt := range map[string]struct{ csv, want string }{
		"column": {"id,querry\nsearch-1,x", "querry"},
		"gain":   {"id,relevant\nsearch-1,a.md", "2째 줄의 relevant 칸"},
		"case":   {"id,split\nsearch-1,dev", "2째 줄: "},
		"twice":  {"id,split,on,grade,tags,note,query,relevant\n" + strings.Repeat("search-1,test,2026-11-20,open,가,나,다,3 :: a.md :: 여덟 글자가 넘는 말\n", 2), "3째 줄: id \"search-1\"이(가) 2째 줄에도"},
	} {
		if _, err := ReadCSV(Search, strings.NewReader(tt.csv)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
}

// People write the marks of cells in their own ways, and spreadsheets days.
func TestCSVByHand(t *testing.T) {
	const head = "id,split,on,grade,tags,note,question,facts,cites,outcome\nanswer-900,test,"
	want := Case{ID: "answer-900", Split: "test", On: "2026-06-08", Groups: []string{}, Grade: "open", Tags: []string{"가"}, Note: "나", Question: "다?",
		Facts: []Fact{{Text: "15분", Any: []string{"15분", "십오분"}, Vital: true, Request: 2}}, Cites: []Passage{{Doc: "a.md", Quote: "여덟 글자가 넘는 말"}}}
	for _, row := range []string{
		"2026-06-08,open,가,나,다?,* (2) 15분 :: 15분 :: 십오분,a.md :: 여덟 글자가 넘는 말,",
		"2026. 6. 8.,open,가,나,다?,*(2)15분::15분::십오분,a.md::여덟 글자가 넘는 말,",
		"2026/6/8,open,가,나,다?,* (2) 15분：：15분 ：： 십오분,a.md ：：여덟 글자가 넘는 말,",
	} {
		got, err := ReadCSV(Answer, strings.NewReader(head+row))
		if err != nil {
			t.Errorf("%s: %v", row, err)
			continue
		}
		if d := cmp.Diff([]Case{want}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", row, d)
		}
	}
	if _, err := ReadCSV(Answer, strings.NewReader(head+"2026-06-08,open,가,나,다?,,,없음")); err == nil || !strings.Contains(err.Error(), "no_source") {
		t.Errorf("an outcome that there is not: %v", err)
	}
}

// What a spreadsheet would take for a formula is written as text, and every way in
// which one saves a table is read back.
func TestTable(t *testing.T) {
	rows := [][]string{{"가", "나", "다"}, {"=HYPERLINK(\"http://x\")", "- 항목\n둘째 줄", "'=1"}, {"+82", "@a", "보통 글, 쉼표"}}
	var b bytes.Buffer
	if err := WriteTable(&b, rows); err != nil {
		t.Fatal(err)
	}
	for _, risk := range []string{"\n=", ",=", "\"=", "\n+", ",@", "\"- "} {
		if strings.Contains(b.String(), risk) {
			t.Errorf("the table holds %q, which begins a formula:\n%s", risk, b.String())
		}
	}
	cp949, err := korean.EUCKR.NewEncoder().String(strings.TrimPrefix(b.String(), "\ufeff"))
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]string{"UTF-8": b.String(), "CP949": cp949, "CRLF": strings.ReplaceAll(b.String(), "\n", "\r\n")} {
		got, err := ReadTable(strings.NewReader(s))
		if d := cmp.Diff(rows, got); err != nil || d != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, d)
		}
	}
	short, err := ReadTable(strings.NewReader("a;b;c\n1;2,5\n"))
	if d := cmp.Diff([][]string{{"a", "b", "c"}, {"1", "2,5", ""}}, short); err != nil || d != "" {
		t.Errorf("semicolons: %v (-want +got):\n%s", err, d)
	}
	for name, tt := range map[string]struct{ csv, want string }{
		"empty": {"\ufeff", "빈 파일"}, "long": {"a,b\n1,2,3", "2째 줄"}, "bytes": {"a\xff\xff", "CSV UTF-8"}, "quote": {"a\n\"b", "CSV UTF-8"},
	} {
		if _, err := ReadTable(strings.NewReader(tt.csv)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
}
