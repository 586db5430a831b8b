package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"biseo/eval/golden"
	"biseo/eval/review"
	"biseo/llm"
	"biseo/llm/llmtest"
)

// fewCases makes a folder of golden sets with the first few answers of the sample's.
func fewCases(t *testing.T, n int) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "eval", "golden", "gaon", "answer.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	lines := strings.SplitAfter(string(b), "\n")
	if err := os.WriteFile(filepath.Join(dir, "answer.jsonl"), []byte(strings.Join(lines[:n], "")), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// chatServer speaks OpenAI's chat completions, streamed or not, and says what answer
// gives.
func chatServer(answer func(llm.Request) string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Stream   bool
			Messages []struct{ Role, Content string }
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var req llm.Request
		for _, m := range in.Messages {
			if m.Role == "system" {
				req.System += m.Content
			} else {
				req.User += m.Content
			}
		}
		text := answer(req)
		chunk := func(v any) {
			b, _ := json.Marshal(v)
			w.Write([]byte("data: " + string(b) + "\n\n"))
		}
		if in.Stream {
			w.Header().Set("Content-Type", "text/event-stream")
			chunk(map[string]any{"model": "fake", "choices": []any{map[string]any{"index": 0, "delta": map[string]any{"role": "assistant", "content": text}}}})
			chunk(map[string]any{"model": "fake", "choices": []any{map[string]any{"index": 0, "delta": map[string]any{}, "finish_reason": "stop"}}})
			w.Write([]byte("data: [DONE]\n\n"))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"model": "fake", "choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": text}}}})
	}))
}

// TestEvalComparesPrompts runs cases with the program's prompt and with one that an
// agency changed, under a model that obeys a word of the changed one. Comparison and
// page must name the prompt and the cases; playing a run back needs no model; gates
// that are not met are exit code 1.
func TestEvalComparesPrompts(t *testing.T) {
	const word = "아무 말도 하지 말 것"
	model := chatServer(func(req llm.Request) string {
		if !strings.Contains(req.System, word) {
			if res, err := (llmtest.Truthful{}).Generate(t.Context(), req, nil); err == nil {
				return res.Text
			}
		}
		return "[근거 없음]"
	})
	defer model.Close()
	sets, dir := fewCases(t, 8), t.TempDir()
	prompts := filepath.Join(dir, "ours")
	b, err := os.ReadFile(filepath.Join("..", "..", "prompts", "answer.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(b), `{{define "system" -}}`, `{{define "system" -}}`+word+"\n", 1)
	if changed == string(b) {
		t.Fatal("answer.tmpl has no system block to change")
	}
	if err := os.Mkdir(prompts, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(prompts, "answer.tmpl"), []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	before, after, played := filepath.Join(dir, "before"), filepath.Join(dir, "after"), filepath.Join(dir, "played")
	flags := []string{"--model-url", model.URL + "/v1", "--model-name", "fake"}
	if code, _, stderr := biseo(t, append([]string{"eval", "run", sets, "--out", before}, flags...)...); code != exitDone || !strings.Contains(stderr, "문항 8개를 묻습니다") {
		t.Fatalf("eval run: exit %d, %s", code, stderr)
	}
	mustRun(t, append([]string{"eval", "run", sets, "--out", after, "--prompts", prompts}, flags...)...)
	page := filepath.Join(dir, "r.html")
	mustRun(t, "eval", "report", after, sets, "--against", before, "--out", page)
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"prompt answer", `data-change="worse"`} {
		if !strings.Contains(string(html), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if out := mustRun(t, "eval", "compare", before, after, sets); !strings.Contains(out, "answer-0") || !strings.Contains(out, "→") {
		t.Errorf("compare names no case that got worse:\n%s", out)
	}

	model.Close()
	mustRun(t, "eval", "run", sets, "--out", played, "--replay", before)
	if got, want := withoutMillis(t, played), withoutMillis(t, before); got != want {
		t.Errorf("played back:\n%s\nrecorded:\n%s", got, want)
	}
	if code, _, stderr := biseo(t, "eval", "run", sets, "--out", filepath.Join(dir, "miss"), "--replay", before, "--prompts", prompts); code != exitFailed || !strings.Contains(stderr, "녹음에 없는 물음이 나왔으니") {
		t.Errorf("played back with another prompt: exit %d, %s", code, stderr)
	}
	gates := filepath.Join(dir, "gates.yaml")
	if err := os.WriteFile(gates, []byte("answer: {points: {min: 1}}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := biseo(t, "eval", "score", after, sets, "--gates", gates); code != exitFailed || !strings.Contains(stderr, "미달 answer points") {
		t.Errorf("gates not met: exit %d, %s", code, stderr)
	}
	if err := os.WriteFile(gates, []byte("answer: {points: {min: 0}}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := biseo(t, "eval", "score", after, sets, "--gates", gates); code != exitDone || !strings.Contains(stderr, "관문을 모두 넘었습니다") {
		t.Errorf("gates met: exit %d, %s", code, stderr)
	}
}

// TestEvalSample asks a share of the cases, and holds it against a run of all.
func TestEvalSample(t *testing.T) {
	sets, dir := fewCases(t, 6), t.TempDir()
	all, share := filepath.Join(dir, "all"), filepath.Join(dir, "share")
	mustRun(t, "eval", "run", sets, "--out", all)
	mustRun(t, "eval", "run", sets, "--out", share, "--sample", "2")
	for _, args := range [][]string{{"score", share}, {"compare", all, share}, {"compare", share, all}} {
		out := mustRun(t, append(append([]string{"eval"}, args...), sets)...)
		if !regexp.MustCompile(`points +2 `).MatchString(out) {
			t.Errorf("%v: not the points of 2 cases:\n%s", args, out)
		}
	}
}

// A new case is of the day in Korea, which begins nine hours before that of UTC.
func TestEvalNewDay(t *testing.T) {
	var out strings.Builder
	c := &console{out: &out, err: io.Discard, now: func() time.Time { return time.Date(2026, 11, 22, 15, 54, 0, 0, time.UTC) }}
	if err := (&goldenNewCmd{Task: golden.Answer}).Run(c); err != nil || !strings.Contains(out.String(), `"on":"2026-11-23"`) {
		t.Errorf("%s, %v", out.String(), err)
	}
}

func withoutMillis(t *testing.T, run string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(run, "results", "answer.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return took.ReplaceAllString(string(b), `"ms":0`)
}

var took = regexp.MustCompile(`"ms":\d+`)

// TestEvalSheets takes a set to a spreadsheet and back, and a new case through lint.
func TestEvalSheets(t *testing.T) {
	sets, dir := fewCases(t, 20), t.TempDir()
	table, back := filepath.Join(dir, "x.csv"), filepath.Join(dir, "answer.jsonl")
	mustRun(t, "eval", "csv", "export", filepath.Join(sets, "answer.jsonl"), "--out", table)
	mustRun(t, "eval", "csv", "import", table, "--out", back)
	if out := mustRun(t, "eval", "lint", dir); !strings.Contains(out, "answer 20") {
		t.Errorf("lint: %s", out)
	}
	fewer := filepath.Join(dir, "fewer.csv")
	mustRun(t, "eval", "csv", "export", filepath.Join(fewCases(t, 2), "answer.jsonl"), "--out", fewer)
	if code, _, stderr := biseo(t, "eval", "csv", "import", fewer, "--out", back); code != exitUsage || !strings.Contains(stderr, "이미 있는 문항 18개") {
		t.Errorf("a table that lacks cases of the set: exit %d, %s", code, stderr)
	}
	for _, task := range []string{"search", "answer", "summary", "report", "reply", "safety"} {
		line := mustRun(t, "eval", "new", task)
		if _, err := golden.Parse(golden.Task(task), []byte(line)); err != nil {
			t.Errorf("eval new %s: %v", task, err)
		}
	}
}

// TestEvalReview takes two runs that answer in other words to a reviewer and back.
func TestEvalReview(t *testing.T) {
	sets, dir := fewCases(t, 12), t.TempDir()
	before, after := filepath.Join(dir, "before"), filepath.Join(dir, "after")
	table, filled := filepath.Join(dir, "review.csv"), filepath.Join(dir, "kim.csv")
	mustRun(t, "eval", "run", sets, "--out", before)
	if code, _, stderr := biseo(t, "eval", "review", "export", before, before, sets, "--out", table); code != exitFailed || !strings.Contains(stderr, "서로 다르게 답한 문항이 없으니") {
		t.Errorf("a run against itself: exit %d, %s", code, stderr)
	}
	if err := os.CopyFS(after, os.DirFS(before)); err != nil {
		t.Fatal(err)
	}
	results := filepath.Join(after, "results", "answer.jsonl")
	b, err := os.ReadFile(results)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(results, regexp.MustCompile(`"text":"[^"]`).ReplaceAll(b, []byte(`"text":"답: `)), 0o644); err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(after, "manifest.json")
	if b, err = os.ReadFile(manifest); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(manifest, []byte(strings.Replace(string(b), `"name": "before"`, `"name": "after"`, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "eval", "review", "export", before, after, sets, "--out", table)
	f, err := os.Open(table)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := golden.ReadTable(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] { // a reviewer who likes what begins with 답:
		row[7], row[8], row[9] = "X", "4", "2"
		if strings.HasPrefix(row[5], "답: ") {
			row[7], row[8], row[9] = "Y", "2", "4"
		}
	}
	out, err := os.Create(filled)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := golden.WriteTable(out, rows); err != nil {
		t.Fatal(err)
	}
	got := mustRun(t, "eval", "review", "score", filled, "--key", table+".key.json", "--json")
	var s struct{ Lines []review.Line }
	if err := json.Unmarshal([]byte(got), &s); err != nil {
		t.Fatal(err)
	}
	if l := s.Lines[0]; l.Cases != len(rows)-1 || l.B != l.Cases || l.Win != 1 || l.MarkA != 2 || l.MarkB != 4 {
		t.Errorf("%d rows counted as %+v", len(rows)-1, l)
	}
	if out := mustRun(t, "eval", "review", "score", filled, "--key", table+".key.json"); !strings.Contains(out, "no alpha") {
		t.Errorf("one reviewer's agreement:\n%s", out)
	}
	// A model whose marks too few people can be held against gives no number, and is
	// played back without a server.
	model := chatServer(func(llm.Request) string { return "4" })
	judge := []string{"eval", "judge", after, sets, "--key", table + ".key.json", "--human", filled, "--model-name", "fake"}
	code, asked, stderr := biseo(t, append(judge, "--model-url", model.URL+"/v1")...)
	model.Close()
	if code != exitFailed || !strings.Contains(stderr, "모델의 점수는 보이지 않습니다") || strings.Contains(asked, "mean mark") || !strings.Contains(asked, "answers marked, 0 without") {
		t.Errorf("judge: exit %d, %s%s", code, asked, stderr)
	}
	if _, played, _ := biseo(t, append(judge, "--replay")...); played != asked {
		t.Errorf("judge played back:\n%sasked:\n%s", played, asked)
	}
	for name, tt := range map[string]struct {
		args []string
		want string
		code int
	}{
		"no key":    {[]string{filled, "--key", "none.json"}, "--key none.json 파일이 없으니", exitUnreadable},
		"wrong key": {[]string{filled, "--key", filled}, "열쇠 파일이 아니니", exitUnreadable},
		"no table":  {[]string{"none.csv", "--key", table + ".key.json"}, "none.csv 파일이 없으니", exitUnreadable},
		"twice":     {[]string{filled, filled, "--key", table + ".key.json"}, "두 번 적었으니", exitUsage},
		"empty":     {[]string{table, "--key", table + ".key.json"}, "판정이 하나도 없으니", exitUnreadable},
	} {
		if code, _, stderr := biseo(t, append([]string{"eval", "review", "score"}, tt.args...)...); code != tt.code || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: exit %d, %s", name, code, stderr)
		}
	}
}

// TestEvalTREC scores two small run files.
func TestEvalTREC(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return p
	}
	qrels := file("qrels", "1 0 a 1\n2 0 b 1\n")
	good, bad := file("good", "1 Q0 a 1 2 x\n2 Q0 b 1 2 x\n"), file("bad", "1 Q0 c 1 2 x\n")
	out := mustRun(t, "eval", "trec", good, qrels, "--against", bad, "--k", "3")
	for _, want := range []string{"2 queries judged", "ndcg@3", "1.0000 [1.0000, 1.0000]", "+1.0000", "map"} {
		if !strings.Contains(out, want) {
			t.Errorf("the table lacks %q:\n%s", want, out)
		}
	}
	if code, _, stderr := biseo(t, "eval", "trec", good, bad); code != exitUnreadable || !strings.Contains(stderr, "1째 줄") {
		t.Errorf("a run as judgements: exit %d, %s", code, stderr)
	}
	if code, _, _ := biseo(t, "eval", "trec", good, qrels, "--k", "0"); code != exitUsage {
		t.Errorf("--k 0: exit %d", code)
	}
}

// TestEvalRefuses says in one sentence what is wrong with folders and numbers.
func TestEvalRefuses(t *testing.T) {
	sets, dir := fewCases(t, 2), t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(empty, "answer.jsonl"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		args []string
		want string
		code int
	}{
		"empty set":       {[]string{"lint", empty}, "문항이 하나도 없으니", exitUnreadable},
		"no case of task": {[]string{"run", sets, "--out", filepath.Join(dir, "r"), "--tasks", "reply"}, "문항이 하나도 없으니", exitUnreadable},
		"into the set":    {[]string{"run", sets, "--out", sets}, "다른 폴더를 적어 주세요", exitUsage},
		"below the set":   {[]string{"run", sets, "--out", filepath.Join(sets, "run")}, "다른 폴더를 적어 주세요", exitUsage},
		"into the corpus": {[]string{"run", sets, "--corpus", dir, "--out", filepath.Join(dir, "run")}, "다른 폴더를 적어 주세요", exitUsage},
		"parallel":        {[]string{"run", sets, "--out", filepath.Join(dir, "r"), "--parallel=-1"}, "--parallel", exitUsage},
		"sample":          {[]string{"run", sets, "--out", filepath.Join(dir, "r"), "--sample=-1"}, "--sample", exitUsage},
		"patience":        {[]string{"run", sets, "--out", filepath.Join(dir, "r"), "--patience=-1s"}, "--patience", exitUsage},
		"max tokens":      {[]string{"run", sets, "--out", filepath.Join(dir, "r"), "--model-url=http://127.0.0.1:1/v1", "--model-name=m", "--model-max-tokens=0"}, "--model-max-tokens", exitUsage},
		"no run":          {[]string{"score", sets, sets}, "폴더에 실행 결과가 없으니", exitUnreadable},
		"no set":          {[]string{"score", dir, filepath.Join(dir, "none")}, "평가 문항을 읽지 못했으니", exitUnreadable},
		"worst":           {[]string{"compare", dir, dir, sets, "--worst=-1"}, "--worst", exitUsage},
		"limit":           {[]string{"review", "export", dir, dir, sets, "--out", filepath.Join(dir, "x.csv"), "--limit=-1"}, "--limit", exitUsage},
	} {
		if code, _, stderr := biseo(t, append([]string{"eval"}, tt.args...)...); code != tt.code || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: exit %d, %s", name, code, stderr)
		}
	}
}
