package review

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/eval/golden"
	"biseo/eval/score"
	"biseo/eval/suite"
)

// run is a judged run whose answers to n questions are text followed by the number.
func run(name, text string, n int) *suite.Report {
	r := &suite.Report{Manifest: suite.Manifest{Name: name, Model: "모델-" + name}}
	for i := range n {
		c := golden.Case{ID: fmt.Sprintf("answer-%03d", i), Question: fmt.Sprintf("=물음 %d", i)}
		a := &assistant.Answer{Outcome: assistant.Answered, Model: "모델-" + name,
			Blocks: []assistant.Block{
				{Kind: "paragraph", Sentences: []ground.Sentence{{Text: fmt.Sprintf("%s %d.", text, i), Status: ground.Verified, Cites: []ground.Cite{{Source: 2, Quote: "원문 그대로"}}}}},
				{Kind: "table", Rows: [][]ground.Sentence{{{Text: "가"}, {Text: "나", Status: ground.Unverified}}}},
			},
			Sources: []ground.Source{{N: 1, Cite: "제1조"}, {N: 2, Cite: "제2조"}}}
		r.Cases = append(r.Cases, suite.Judged{Task: golden.Answer, Case: c, Result: score.Result{Case: c.ID, Answer: a}})
	}
	return r
}

// Both systems stand first about equally often, the same seed deals alike, nothing in
// the table names a run, and what gives a reviewer nothing to judge is left out.
func TestExport(t *testing.T) {
	a, b := run("앞", "앞 답", 200), run("뒤", "뒤 답", 200)
	b.Cases[3].Result.Answer = a.Cases[3].Result.Answer
	b.Cases[4].Result.Answer = &assistant.Answer{Outcome: assistant.NoSource}
	b.Cases[5].Result.Answer = nil
	var table, again bytes.Buffer
	key, err := Export(&table, a, b, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Left{Same: 1, Silent: 2}, key.Left); d != "" || len(key.X) != 197 {
		t.Errorf("%d rows, left out (-want +got):\n%s", len(key.X), d)
	}
	first := 0
	for _, r := range key.X {
		if r == A {
			first++
		}
	}
	if first < 75 || first > 122 {
		t.Errorf("run A stands first %d times of 197", first)
	}
	if strings.Contains(table.String(), "모델-") {
		t.Error("the table names the model")
	}
	rows, err := golden.ReadTable(bytes.NewReader(table.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	x, y := "앞", "뒤"
	if key.X["answer-000"] == B {
		x, y = y, x
	}
	want := []string{"answer-000", "answer", "=물음 0", x + " 답 0. [2]\n가 | 나 (근거 확인 필요)", "[2] 제2조: 원문 그대로",
		y + " 답 0. [2]\n가 | 나 (근거 확인 필요)", "[2] 제2조: 원문 그대로", "", "", "", ""}
	if d := cmp.Diff(want, rows[1]); d != "" {
		t.Errorf("first row (-want +got):\n%s", d)
	}
	if same, err := Export(&again, a, b, 1, 0); err != nil || !cmp.Equal(key, same) || again.String() != table.String() {
		t.Errorf("the same seed deals otherwise: %v", err)
	}
	if other, err := Export(&again, a, b, 2, 0); err != nil || cmp.Equal(key.X, other.X) {
		t.Errorf("another seed deals alike: %v", err)
	}
	if few, err := Export(&again, a, b, 1, 30); err != nil || len(few.X) != 30 {
		t.Errorf("%d rows, %v, want 30", len(few.X), err)
	}
}

// fill is a table that a reviewer filled in who sees what each answer is worth.
func fill(t *testing.T, key Key, judge func(i int) (prefer Run, a, b string)) string {
	t.Helper()
	rows := [][]string{{"문항", "나은 답 (X, Y, 같음)", "점수 X (1~5)", "점수 Y (1~5)", "의견"}}
	for i := range len(key.X) {
		id := fmt.Sprintf("answer-%03d", i)
		prefer, x, y := judge(i)
		letter := map[Run]string{key.X[id]: "x", Same: "같음", "": ""}
		if _, ok := letter[prefer]; !ok {
			letter[prefer] = "Y"
		}
		if key.X[id] == B {
			x, y = y, x
		}
		rows = append(rows, []string{id, letter[prefer], x, y, "=의견"})
	}
	var b bytes.Buffer
	if err := golden.WriteTable(&b, rows); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What reviewers mean is counted for the right run whichever side it stood on.
func TestScore(t *testing.T) {
	key, err := Export(new(bytes.Buffer), run("앞", "앞 답", 40), run("뒤", "뒤 답", 40), 7, 0)
	if err != nil {
		t.Fatal(err)
	}
	read := func(judge func(i int) (Run, string, string)) map[string]Judgement {
		cases, err := Read(strings.NewReader(fill(t, key, judge)), key)
		if err != nil {
			t.Fatal(err)
		}
		return cases
	}
	kim := read(func(i int) (Run, string, string) {
		switch {
		case i < 24:
			return B, "3", "5"
		case i < 32:
			return A, "4", "2"
		case i < 36:
			return Same, "4", "4"
		}
		return "", "", ""
	})
	lee := read(func(i int) (Run, string, string) {
		if i < 20 {
			return B, "2", "4"
		}
		return A, "", ""
	})
	s := Score([]Review{{"kim", kim}, {"lee", lee}})
	k := s.Lines[0]
	if k.Cases != 36 || k.A != 8 || k.B != 24 || k.Same != 4 || k.Marked != 36 || k.Win != 26.0/36 || k.CI95[0] <= 0.5 || k.P > 0.02 {
		t.Errorf("kim: %+v", k)
	}
	if got, want := k.MarkB-k.MarkA, (24*2.0-8*2)/36; got < want-1e-9 || got > want+1e-9 || k.MarkCI95[0] <= 0 {
		t.Errorf("kim's marks differ by %.4f %v, want %.4f", got, k.MarkCI95, want)
	}
	all := s.Lines[2]
	if all.Reviewer != "" || all.Cases != 40 || all.B != 20 || all.A != 16 || all.Same != 4 {
		t.Errorf("all: %+v, want 40 cases, 16 A, 4 same, 20 B", all)
	}
	if a := s.Preference; a.Units != 36 || a.Alpha == nil || *a.Alpha < 0.4 || *a.Alpha > 0.8 {
		t.Errorf("agreement of preferences %+v", a)
	}
	if a := s.Marks; a.Units != 40 || a.Alpha == nil {
		t.Errorf("agreement of marks %+v, want 40 answers", a)
	}
	if one := Score([]Review{{"kim", kim}}); len(one.Lines) != 1 || one.Preference.Alpha != nil {
		t.Errorf("one reviewer alone: %+v", one)
	}
}

func TestReadRejects(t *testing.T) {
	key := Key{X: map[string]Run{"answer-001": A, "answer-002": B}}
	const head = "문항,나은 답 (X),점수 X,점수 Y\n"
	for name, tt := range map[string]struct{ table, want string }{
		"column":     {"문항,나은 답,점수 X\nanswer-001,X,1", "'점수 Y' 열이 없으니"},
		"case":       {head + "answer-009,X,1,2", "열쇠 파일에 없으니"},
		"twice":      {head + "answer-001,X,1,2\nanswer-001,Y,1,2", "두 번"},
		"preference": {head + "answer-001,Z,1,2", "X, Y, 같음"},
		"mark":       {head + "answer-001,X,1,2\nanswer-002,X,6,2", "3째 줄(answer-002)의 '점수 X' 값 \"6\""},
		"nothing":    {head + "answer-001,,,\n,,,", "판정이 하나도 없으니"},
		"no table":   {"", "빈 파일"},
	} {
		if _, err := Read(strings.NewReader(tt.table), key); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
	got, err := Read(strings.NewReader(head+"answer-002, y ,,3\nanswer-001,,,"), key)
	if d := cmp.Diff(map[string]Judgement{"answer-002": {Prefer: A, Marks: map[Run]int{A: 3}}}, got); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}
