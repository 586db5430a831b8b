package golden

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A sample is the same cases in the order of the set, whatever else is in it.
func TestSample(t *testing.T) {
	sets, err := Read("gaon")
	if err != nil {
		t.Fatal(err)
	}
	cases := sets[Answer]
	ids := func(cases []Case) (out []string) {
		for _, c := range cases {
			out = append(out, c.ID)
		}
		return out
	}
	ten, again := ids(Sample(cases, 10)), ids(Sample(Sample(cases, 30), 10))
	if d := cmp.Diff(ten, again); d != "" || len(ten) != 10 || !slices.IsSorted(ten) {
		t.Errorf("10 cases, and 10 of 30 (-want +got):\n%s", d)
	}
	if n := len(Sample(cases, 1000)); n != len(cases) {
		t.Errorf("%d of %d cases", n, len(cases))
	}
}

func TestMatches(t *testing.T) {
	tests := []struct {
		s, form string
		want    bool
	}{
		{"감면율은 50 % 입니다", "50%", true},
		{"감면율은 150%입니다", "50%", false},
		{"감면율은 0.50%입니다", "50%", false},
		{"17일 안에", "7일", false},
		{"7 일 안에", "7일", true},
		{"총 12,000원을 냅니다", "12000원", true},
		{"총 12000원을 냅니다", "12,000원", true},
		{"제19조의2에 따라", "제19조", true},
		{"2026. 7. 1.부터", "2026.7.1.", true},
		{"09:00∼18:00", "09:00~18:00", true},
		{"절반을 깎아 준다", "re:50%|절반", true},
		{"두 배", "re:[", false},
		{"값 30", "30", true},
		{"값 300", "30", false},
		{"2026. 8. 24.까지", "8. 24.", true},
		{"면적 30\n1,500원", "1,500원", true},
		{"12 00원", "1200원", false},
		{"신청합니다. 7일 안에", "7일 안에", true},
		{"18. 24.까지", "8. 24.", false},
	}
	for _, tt := range tests {
		if got := Matches(tt.s, tt.form); got != tt.want {
			t.Errorf("Matches(%q, %q) = %t, want %t", tt.s, tt.form, got, tt.want)
		}
	}
}

const good = `{"id":"search-001","split":"tune","on":"2026-11-20","groups":[],"grade":"open","tags":["paraphrase"],"note":"제10조","query":"요금 깎아 주는 사람","relevant":[{"doc":"a.md","quote":"요금의 50%를 감면한다","gain":3}]}`

func TestParse(t *testing.T) {
	cases, err := Parse(Search, []byte(good+"\n\n"))
	if err != nil || len(cases) != 1 {
		t.Fatalf("Parse = %d cases, %v", len(cases), err)
	}
	var b bytes.Buffer
	if err := Write(&b, cases); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(b.String()); got != good {
		t.Errorf("Write differs (-want +got):\n%s", cmp.Diff(good, got))
	}
	for name, tt := range map[string]struct{ from, to, want string }{
		"unknown field":   {`"query"`, `"querry"`, "unknown field"},
		"split":           {`"tune"`, `"dev"`, "tune이나 test로"},
		"day":             {"2026-11-20", "2026-11-31", "같은 날짜로"},
		"gain":            {`"gain":3`, `"gain":4`, "점수가 4이니"},
		"no input":        {`"query":"요금 깎아 주는 사람",`, "", "query 칸을 채워"},
		"other's input":   {`"query"`, `"question":"ㅇ","query"`, "answer 문항에만"},
		"id of no task":   {"search-001", "s-1", "search-로 시작"},
		"nothing to find": {`,"relevant":[{"doc":"a.md","quote":"요금의 50%를 감면한다","gain":3}]`, "", "relevant 칸을 채워"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(Search, []byte(strings.Replace(good, tt.from, tt.to, 1)))
			if err == nil || !strings.Contains(err.Error(), "1째 줄: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want 1째 줄 and %q", err, tt.want)
			}
		})
	}
	if _, err := Parse(Search, []byte(good+"\n"+good)); err == nil || !strings.Contains(err.Error(), "2째 줄") {
		t.Errorf("a second case of the same id: %v", err)
	}
}

func TestLint(t *testing.T) {
	texts := map[string]string{"a.md": "다자녀 가정에는 요금의 50%를\n감면한다."}
	c := func(change func(*Case)) []Case {
		cases, err := Parse(Search, []byte(good))
		if err != nil {
			t.Fatal(err)
		}
		change(&cases[0])
		return cases
	}
	for name, tt := range map[string]struct {
		change func(*Case)
		want   string // "" for no fault
	}{
		"right":               {func(*Case) {}, ""},
		"no such document":    {func(c *Case) { c.Relevant[0].Doc = "b.md" }, "b.md 문서가 없으니"},
		"no such words":       {func(c *Case) { c.Relevant[0].Quote = "요금의 60%를 감면한다" }, "없으니 문서의 말"},
		"short quote":         {func(c *Case) { c.Relevant[0].Quote = "감면한다" }, "8자에서"},
		"forbidden is absent": {func(c *Case) { c.Forbidden = []string{"x.md"} }, "x.md 문서가"},
		"fact nowhere":        {func(c *Case) { c.Facts = []Fact{{Text: "30%", Any: []string{"30%"}}} }, "요점"},
		"fact calculated": {func(c *Case) {
			c.Facts, c.Tags = []Fact{{Text: "30%", Any: []string{"30%"}}}, []string{"calculation"}
		}, ""},
		"fact in the request": {func(c *Case) {
			c.Query, c.Facts = "요금의 50%를 빼 주나", []Fact{{Text: "50%", Any: []string{"50%"}, Vital: true}}
		}, "되뇌기만"},
		"right and wrong at once": {func(c *Case) { c.Facts, c.MustNot = []Fact{{Text: "50%", Any: []string{"50%"}}}, []string{"50%"} }, "걸리니"},
	} {
		t.Run(name, func(t *testing.T) {
			faults := Lint(c(tt.change), texts)
			switch {
			case tt.want == "" && len(faults) > 0:
				t.Errorf("faults: %v", faults)
			case tt.want != "" && (len(faults) != 1 || !strings.Contains(faults[0].Text, tt.want)):
				t.Errorf("faults %v, want one with %q", faults, tt.want)
			}
		})
	}
}
