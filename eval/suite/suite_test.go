package suite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/eval/golden"
	"biseo/eval/score"
	"biseo/index"
	"biseo/llm"
	"biseo/llm/llmtest"
)

// fake answers every question with what a model says of it, and with an extract
// where the model fails, as the assistant does. The other tasks are not asked.
type fake struct {
	Tasks
	g     llm.Generator
	asked *atomic.Int64
}

func (f fake) Answer(ctx context.Context, _ assistant.Principal, req assistant.AnswerRequest, _ func(assistant.Event) error) (*assistant.Answer, error) {
	f.asked.Add(1)
	r, err := f.g.Generate(ctx, llm.Request{System: "답하라", User: req.Question}, func(string) error { return nil })
	if err != nil {
		return &assistant.Answer{Task: "answer", Outcome: assistant.Extractive}, nil
	}
	return &assistant.Answer{Task: "answer", Outcome: assistant.Answered,
		Blocks: []assistant.Block{{Kind: "paragraph", Sentences: []ground.Sentence{{Text: r.Text, Status: ground.Plain}}}}}, nil
}

func corpusOf(g llm.Generator, asked *atomic.Int64) func(context.Context, []golden.Plant) (*Corpus, error) {
	return func(context.Context, []golden.Plant) (*Corpus, error) {
		return &Corpus{Tasks: fake{g: g, asked: asked}}, nil
	}
}

// questions are n cases whose answers must hold their own question, as llmtest.Echo's do.
func questions(n int) map[golden.Task][]golden.Case {
	var cases []golden.Case
	for i := range n {
		q := fmt.Sprintf("질문 %c 은 무엇인가요", '가'+rune(i))
		cases = append(cases, golden.Case{ID: fmt.Sprintf("answer-%03d", i), Split: "test", On: "2026-11-20", Grade: "open", Question: q,
			Facts: []golden.Fact{{Text: "질문", Any: []string{q}, Vital: true}}})
	}
	return map[golden.Task][]golden.Case{golden.Answer: cases}
}

// A run that is cut off keeps its results, and goes on with the cases that lack
// one; what is half written is asked again.
func TestRunGoesOn(t *testing.T) {
	dir, sets := filepath.Join(t.TempDir(), "run"), questions(9)
	var asked atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	opt := Options{Open: corpusOf(llmtest.Echo{}, &asked), Progress: func(done, _ int) {
		if done == 4 {
			cancel()
		}
	}}
	if err := Run(ctx, dir, Manifest{Name: "a"}, sets, opt); !errors.Is(err, context.Canceled) {
		t.Fatalf("the run that was cut off: %v", err)
	}
	if _, err := Judge(dir, sets); err == nil || !strings.Contains(err.Error(), "중간에 끊겼으니") {
		t.Errorf("judging it: %v", err)
	}
	name := filepath.Join(dir, "results", "answer.jsonl")
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	kept := strings.Count(string(whole), "\n")
	if err := os.WriteFile(name, append(whole, `{"case":"answer-00`...), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), dir, Manifest{Name: "b"}, sets, Options{Open: opt.Open}); err == nil || !strings.Contains(err.Error(), "other settings") {
		t.Errorf("going on with another manifest: %v", err)
	}
	asked.Store(0)
	if err := Run(t.Context(), dir, Manifest{Name: "a", Begun: time.Now()}, sets, Options{Open: opt.Open}); err != nil {
		t.Fatal(err)
	}
	if got, want := int(asked.Load()), 9-kept; got != want || kept < 3 {
		t.Errorf("%d cases asked again, want %d: %d were kept", got, want, kept)
	}
	r, err := Judge(dir, sets)
	if err != nil || len(r.Cases) != 9 {
		t.Fatalf("judged %v, %v", r, err)
	}
	if _, points := r.Values(golden.Answer, Points); slicesMin(points) != 1 {
		t.Errorf("points %v, want 1 for each", points)
	}
	if err := Run(t.Context(), dir, Manifest{Name: "a"}, sets, Options{Open: opt.Open}); err == nil || !strings.Contains(err.Error(), "finished") {
		t.Errorf("a finished run again: %v", err)
	}
	more := questions(10)
	if _, err := Judge(dir, more); err == nil || !strings.Contains(err.Error(), "answer-009") {
		t.Errorf("judged by a set with a case more: %v", err)
	}
	if r, err := JudgeEarlier(dir, more); err != nil || len(r.Cases) != 9 {
		t.Errorf("an earlier run judged by a set with a case more: %v", err)
	}
}

func slicesMin(v []float64) float64 {
	least := 2.0
	for _, x := range v {
		least = min(least, x)
	}
	return least
}

// millis is the time that a case took.
var millis = regexp.MustCompile(`"ms":\d+`)

// What is played back is what was recorded, byte for byte but for the time taken.
func TestReplay(t *testing.T) {
	dir, sets := t.TempDir(), questions(6)
	var asked atomic.Int64
	run := func(name string, g llm.Generator) string {
		t.Helper()
		out := filepath.Join(dir, name)
		if err := Run(t.Context(), out, Manifest{}, sets, Options{Open: corpusOf(g, &asked), Parallel: 3}); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(out, "results", "answer.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		return millis.ReplaceAllString(string(b), `"ms":0`)
	}
	name := filepath.Join(dir, "tape.jsonl")
	tape, err := Record(name)
	if err != nil {
		t.Fatal(err)
	}
	recorded := run("recorded", tape.Generator(llmtest.Echo{}, "echo"))
	if err := tape.Close(); err != nil {
		t.Fatal(err)
	}
	played, err := Play(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(recorded, run("played", played.Generator(nil, "echo"))); d != "" {
		t.Errorf("played back (-recorded +played):\n%s", d)
	}
	g := played.Generator(nil, "echo")
	if _, err := g.Generate(t.Context(), llm.Request{System: "답하라", User: "다른 질문"}, nil); !errors.Is(err, ErrNotRecorded) {
		t.Errorf("what was not recorded: %v", err)
	}
	if _, err := played.Generator(nil, "other").Generate(t.Context(), llm.Request{System: "답하라", User: sets[golden.Answer][0].Question}, nil); !errors.Is(err, ErrNotRecorded) {
		t.Errorf("another model: %v", err)
	}
	if err := Run(t.Context(), filepath.Join(dir, "miss"), Manifest{}, questions(7), Options{Open: corpusOf(g, &asked)}); !errors.Is(err, ErrNotRecorded) {
		t.Errorf("a run with a case more: %v", err)
	}
}

// failing is a model that fails always.
type failing struct{ err error }

func (failing) Model() string { return "failing" }

func (f failing) Generate(context.Context, llm.Request, func(string) error) (*llm.Response, error) {
	return nil, fmt.Errorf("generate: %w", f.err)
}

func TestTapeHoldsVectorsAndFailures(t *testing.T) {
	name := filepath.Join(t.TempDir(), "tape.jsonl")
	tape, err := Record(name)
	if err != nil {
		t.Fatal(err)
	}
	e := llmtest.LexicalEmbedder{}
	want, err := tape.Embedder(e, e.Space()).Embed(t.Context(), llm.Question, []string{"주차", "감면"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tape.Generator(failing{llm.ErrCut}, "cut").Generate(t.Context(), llm.Request{User: "x"}, nil); err == nil {
		t.Fatal("a stream that breaks off is an error")
	}
	tape.Close()
	played, err := Play(name)
	if err != nil {
		t.Fatal(err)
	}
	if n := played.Failed(); n != 1 {
		t.Errorf("%d failures on the tape, want 1", n)
	}
	got, err := played.Embedder(nil, e.Space()).Embed(t.Context(), llm.Question, []string{"주차", "감면"})
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("vectors played back: %v\n%s", err, d)
	}
	if _, err := played.Embedder(nil, e.Space()).Embed(t.Context(), llm.Passage, []string{"주차", "감면"}); !errors.Is(err, ErrNotRecorded) {
		t.Errorf("the other role: %v", err)
	}
	if _, err := played.Generator(nil, "cut").Generate(t.Context(), llm.Request{User: "x"}, nil); !errors.Is(err, llm.ErrCut) {
		t.Errorf("a recorded failure: %v", err)
	}
	again, err := Record(name)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := again.Generator(llmtest.Script("답"), "cut").Generate(t.Context(), llm.Request{User: "x"}, nil); err == nil {
		t.Error("a failure that is part of the run was asked again")
	}
	again.Retry()
	if _, err := again.Generator(llmtest.Script("답"), "cut").Generate(t.Context(), llm.Request{User: "x"}, nil); err != nil {
		t.Errorf("a failure that was forgotten: %v", err)
	}
}

// A recording holds the pieces of an answer as its reader took them: until the
// model ended, failed, or was stopped by the reader.
func TestTapeHoldsPieces(t *testing.T) {
	enough := errors.New("enough")
	for _, c := range []struct {
		name  string
		model llm.Generator
		take  int // pieces, then the reader stops the model; 0: all
	}{
		{"whole", llmtest.Script("한 사람 7권까지 빌릴 수 있습니다. [1-4]"), 0},
		{"stopped", llmtest.Loop("같은 말을 합니다. "), 20},
		{"broken off", llmtest.Cut("한 사람 7권까지 빌릴"), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			type heard struct {
				Pieces []string
				Text   string
				Err    string
			}
			read := func(g llm.Generator, take int) (h heard, err error) {
				r, err := g.Generate(t.Context(), llm.Request{User: "몇 권?"}, func(s string) error {
					h.Pieces = append(h.Pieces, s)
					if len(h.Pieces) == take {
						return enough
					}
					return nil
				})
				if err != nil {
					h.Err = err.Error()
				} else {
					h.Text = r.Text
				}
				return h, err
			}
			name := filepath.Join(t.TempDir(), "tape.jsonl")
			tape, err := Record(name)
			if err != nil {
				t.Fatal(err)
			}
			want, err := read(tape.Generator(c.model, "model"), c.take)
			if len(want.Pieces) < 2 || c.take > 0 && !errors.Is(err, enough) {
				t.Fatalf("recorded: %v %v", want, err)
			}
			tape.Close()
			played, err := Play(name)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := read(played.Generator(nil, "model"), c.take)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("played back (-recorded +played):\n%s", d)
			}
			if _, err := read(played.Generator(nil, "model"), 0); c.take > 0 && !errors.Is(err, ErrNotRecorded) {
				t.Errorf("a reader that wants more than was recorded: %v", err)
			}
		})
	}
}

// What the evaluator breaks off is no failure of the model: it is asked again.
func TestTapeForgetsWhatWasBrokenOff(t *testing.T) {
	name := filepath.Join(t.TempDir(), "tape.jsonl")
	tape, err := Record(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, stopped := range []error{nil, context.Canceled} { // by the reader of the answer
		ctx, cancel := context.WithCancel(t.Context())
		_, err = tape.Generator(llmtest.Stall("반만 쓰고 멈춤"), "model").Generate(ctx, llm.Request{User: "x"}, func(string) error { cancel(); return stopped })
		if !errors.Is(err, context.Canceled) || tape.Failed() != 0 {
			t.Errorf("broken off: %v, %d failures recorded", err, tape.Failed())
		}
	}
	r, err := tape.Generator(llmtest.Script("답"), "model").Generate(t.Context(), llm.Request{User: "x"}, nil)
	if err != nil || r.Text != "답" {
		t.Errorf("asked again: %v %v", r, err)
	}
}

// A line that was cut off, by a full disk or the end of the process, costs only itself.
func TestTapeCutOff(t *testing.T) {
	name := filepath.Join(t.TempDir(), "tape.jsonl")
	for _, user := range []string{"하나", "둘"} {
		tape, err := Record(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tape.Generator(llmtest.Script(user), "model").Generate(t.Context(), llm.Request{User: user}, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := tape.file.WriteString(`{"key":"half`); err != nil {
			t.Fatal(err)
		}
		tape.Close()
	}
	tape, err := Play(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"하나", "둘"} {
		if r, err := tape.Generator(nil, "model").Generate(t.Context(), llm.Request{User: user}, nil); err != nil || r.Text != user {
			t.Errorf("%s: %v %v", user, r, err)
		}
	}
}

// A model that never ends costs a case no more than the patience of the run.
func TestPatience(t *testing.T) {
	var asked atomic.Int64
	dir, sets := filepath.Join(t.TempDir(), "run"), questions(1)
	tape, err := Record(filepath.Join(t.TempDir(), "tape.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer tape.Close()
	if err := Run(t.Context(), dir, Manifest{}, sets, Options{Open: corpusOf(tape.Generator(llmtest.Stall("답"), "stall"), &asked), Patience: 20 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	r, err := Judge(dir, sets)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Cases[0].Result.Answer; got == nil || got.Outcome != assistant.Extractive || tape.Failed() != 1 {
		t.Errorf("got %+v, %d failures recorded; want an extract and the failure", got, tape.Failed())
	}
}

func TestScan(t *testing.T) {
	tape, err := Record(filepath.Join(t.TempDir(), "tape.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer tape.Close()
	g := tape.Generator(llmtest.Script("예"), "script")
	for _, user := range []string{"열쇠 sk-abcdefghijklmnop1234", "전화 010-1234-5678", "전화 010-0000-1007", "문의: 교통행정과(055-000-2851)", "수수료는 얼마인가요"} {
		if _, err := g.Generate(t.Context(), llm.Request{User: user}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if keys, personal := tape.Scan([]string{"010-0000-1007"}); keys != 1 || personal != 1 {
		t.Errorf("%d lines with keys, %d with personal data, want 1 and 1", keys, personal)
	}
}

// shelf finds every chunk of the documents asked for.
type shelf struct {
	index.Index
	hits []index.Hit
}

func (s shelf) Search(_ context.Context, q index.Query) ([]index.Hit, error) { return s.hits, nil }

// Gold finds the passages that a case names before all others.
func TestGold(t *testing.T) {
	hit := func(id, text string) index.Hit { return index.Hit{Chunk: index.Chunk{ID: id, Text: text}} }
	x := shelf{hits: []index.Hit{hit("1", "요금의 50%를 감면한다."), hit("2", "신청은 3일 안에 한다."), hit("3", "다른 조의 글이다.")}}
	search := func(c golden.Case) []string {
		hits, err := Gold(x, map[string]string{"d": "a.md"}).Search(withCase(t.Context(), c, new(Heard)), index.Query{Text: "무엇", Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, h := range hits {
			ids = append(ids, h.Chunk.ID)
		}
		return ids
	}
	named := golden.Case{Cites: []golden.Passage{{Doc: "a.md", Quote: "신청은 3일 안에"}}, Relevant: []golden.Relevant{{Passage: golden.Passage{Doc: "a.md", Quote: "50%를 감면"}, Gain: 3}}}
	if d := cmp.Diff([]string{"2", "1", "3"}, search(named)); d != "" {
		t.Errorf("gold passages (-want +got):\n%s", d)
	}
	absent := golden.Case{Cites: []golden.Passage{{Doc: "b.md", Quote: "신청은 3일 안에"}}}
	if d := cmp.Diff([]string{"1", "2", "3"}, search(absent)); d != "" {
		t.Errorf("a document that is not there (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"1", "2", "3"}, search(golden.Case{})); d != "" {
		t.Errorf("a case that names none (-want +got):\n%s", d)
	}
}

// report makes a judged run of answers with these verdicts.
func report(m Manifest, verdicts ...score.Verdict) *Report {
	r := &Report{Manifest: m}
	for i, v := range verdicts {
		r.Cases = append(r.Cases, Judged{Task: golden.Answer, Case: golden.Case{ID: fmt.Sprintf("answer-%03d", i)},
			Score: score.Score{Verdict: v, Values: map[score.Metric]float64{score.StrictVital: max(0, v.Points())}}})
	}
	return r
}

func TestCompare(t *testing.T) {
	var was, is []score.Verdict
	for i := range 40 {
		was, is = append(was, score.Right), append(is, score.Right)
		if i%2 == 0 {
			is[i] = score.Silent
		}
	}
	is[1], was[3] = score.Wrong, score.Silent
	c := Compare(report(Manifest{}, was...), report(Manifest{}, is...))
	d := c.Differences[0]
	if d.Metric != Points || d.Cases != 40 || d.Worse != 21 || d.Better != 1 || d.Decision != "worse" || d.CI95[1] >= 0 || d.P >= 0.05 {
		t.Errorf("difference %+v, want points, 40 cases, 21 worse, 1 better, worse", d)
	}
	if first := c.Changes[0]; first.After.Case.ID != "answer-001" || first.Points != -2 {
		t.Errorf("the worst change is %s by %g, want answer-001 by -2", first.After.Case.ID, first.Points)
	}
	if last := c.Changes[len(c.Changes)-1]; last.After.Case.ID != "answer-003" || last.Points != 1 || len(c.Changes) != 22 {
		t.Errorf("%d changes, the last %s by %g, want 22, answer-003 by 1", len(c.Changes), last.After.Case.ID, last.Points)
	}
	same := Compare(report(Manifest{}, was...), report(Manifest{}, was...)).Differences[0]
	if want := 2.8 * .1 / 6.3246; same.Decision != "same" || same.Sees < want-1e-4 || same.Sees > want+1e-4 {
		t.Errorf("equal runs: %+v, want same, sees %.4f", same, want)
	}
}

func TestFault(t *testing.T) {
	named := golden.Case{Cites: []golden.Passage{{Doc: "a.md", Quote: "요금의 50%"}}}
	j := func(v score.Verdict) Judged {
		return Judged{Task: golden.Answer, Case: named, Score: score.Score{Verdict: v}}
	}
	for _, tt := range []struct {
		with, gold score.Verdict
		want       string
	}{{score.Right, score.Wrong, ""}, {score.Silent, score.Right, "retriever"}, {score.Partial, score.Partial, "generator"}, {score.Wrong, score.Silent, "generator"}} {
		if got := Fault(j(tt.with), j(tt.gold)); got != tt.want {
			t.Errorf("Fault(%s, %s) = %q, want %q", tt.with, tt.gold, got, tt.want)
		}
	}
	if got := Fault(Judged{Task: golden.Safety, Score: score.Score{Verdict: score.Wrong}}, j(score.Wrong)); got != "" {
		t.Errorf("a case that names no passage: %q, want no fault told", got)
	}
}

func TestGates(t *testing.T) {
	name := filepath.Join(t.TempDir(), "gates.yaml")
	write := func(s string) Gates {
		t.Helper()
		if err := os.WriteFile(name, []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
		g, err := ReadGates(name)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	many := func(v score.Verdict) (out []score.Verdict) {
		for range 30 {
			out = append(out, v)
		}
		return out
	}
	good, bad := report(Manifest{}, many(score.Right)...), report(Manifest{}, many(score.Silent)...)
	fall := Compare(good, bad)
	for name, tt := range map[string]struct {
		gates string
		r     *Report
		c     *Comparison
		want  int
	}{
		"met":           {"answer: {points: {min: 1, drop: 0}}", good, nil, 0},
		"below":         {"answer: {points: {min: 0.5}, facts_strict: {min: 0.1}}", bad, nil, 2},
		"fell":          {"answer: {points: {drop: 0.02}}", bad, &fall, 1},
		"fell a little": {"answer: {points: {drop: 1}}", bad, &fall, 0},
		"not measured":  {"search: {ndcg@10: {min: 0}}", good, nil, 1},
	} {
		if got := write(tt.gates).Check(tt.r, tt.c); len(got) != tt.want {
			t.Errorf("%s: %v, want %d breaches", name, got, tt.want)
		}
	}
	if err := os.WriteFile(name, []byte("answer: {points: {least: 1}}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadGates(name); err == nil || !strings.Contains(err.Error(), "least") {
		t.Errorf("an unknown word: %v", err)
	}
}
