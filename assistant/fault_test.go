package assistant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"biseo/assistant/ground"
	"biseo/index"
	"biseo/korea/calendar"
	"biseo/llm"
	"biseo/llm/llmtest"
)

// counterDesk is a shelf of two short documents.
func counterDesk() shelf {
	fees := doc("ord/1", "가온시 제증명 수수료 조례", "ordinance")
	parking := doc("ord/2", "가온시 주차장 조례", "ordinance")
	return shelf{space: "lexical/64", chunks: []index.Hit{
		chunk(fees, index.ChunkID("ord/1", 0), "「가온시 제증명 수수료 조례」 제3조", "제3조(수수료)\n① 증명서 발급 수수료는 1통에 500원으로 한다.\n② 수수료를 잘못 낸 사람은 30일 이내에 반환을 신청할 수 있다."),
		chunk(parking, index.ChunkID("ord/2", 0), "「가온시 주차장 조례」 제5조", "제5조(주차요금)\n① 주차요금은 10분에 300원으로 한다.\n② 시장은 경형 자동차의 주차요금을 100분의 50까지 감면할 수 있다."),
	}}
}

// tasks are the four tasks over a [counterDesk].
var tasks = map[string]func(context.Context, *Assistant, func(Event) error) (*Answer, error){
	"answer": func(ctx context.Context, a *Assistant, emit func(Event) error) (*Answer, error) {
		return a.Answer(ctx, Principal{}, AnswerRequest{Question: "증명서 발급 수수료는 얼마인가요?", On: today}, emit)
	},
	"summary": func(ctx context.Context, a *Assistant, emit func(Event) error) (*Answer, error) {
		return a.Summarize(ctx, Principal{}, SummaryRequest{Docs: []string{"ord/1", "ord/2"}, On: today}, emit)
	},
	"report": func(ctx context.Context, a *Assistant, emit func(Event) error) (*Answer, error) {
		return a.DraftReport(ctx, Principal{}, ReportRequest{Topic: "증명서 수수료", Template: "현황보고", On: today, Notes: "예산은 추경에 반영"}, emit)
	},
	"reply": func(ctx context.Context, a *Assistant, emit func(Event) error) (*Answer, error) {
		return a.DraftReply(ctx, Principal{}, ReplyRequest{Received: time.Date(2026, 6, 1, 10, 0, 0, 0, calendar.Seoul),
			Text: "저는 민원인 홍길동(010-1234-5678)입니다.\n증명서 발급 수수료는 1통에 얼마인가요? 경형 자동차의 주차요금을 감면해 주세요."}, emit)
	},
}

// fairly checks what holds of every answer of every task: it has an outcome, what is
// shown as verified is so, and what is not is marked.
func fairly(t *testing.T, name string, ans *Answer, events []Event) {
	t.Helper()
	facts, marked, model := 0, 0, 0
	for _, b := range ans.Blocks {
		all := b.Sentences
		for _, row := range b.Rows {
			for _, c := range row {
				if c.Status == ground.Verified && (len(c.Cites) == 0 || !strings.Contains(c.Cites[0].Quote, c.Text)) {
					t.Errorf("%s: cell %q is not what it cites", name, c.Text)
				}
			}
		}
		for _, s := range all {
			for _, c := range s.Cites {
				if r := []rune(ans.Sources[c.Source-1].Text); string(r[c.Start:c.End]) != c.Quote {
					t.Errorf("%s: quote %q is not the span", name, c.Quote)
				}
			}
			switch s.Status {
			case ground.Verified:
				facts++
				if again := checkedAgain(s, ans.Sources); again.Status != ground.Verified || len(s.Cites) == 0 {
					t.Errorf("%s: shown as verified: %q: %s", name, s.Text, again.Why)
				}
			case ground.Unverified:
				marked++
				if !strings.HasSuffix(s.Text, Unsure) {
					t.Errorf("%s: unverified and not marked: %q", name, s.Text)
				}
			}
		}
	}
	told := []ground.Sentence{}
	for _, e := range events {
		if e.Sentence != nil {
			told = append(told, *e.Sentence)
		}
	}
	for _, b := range ans.Blocks {
		if b.Kind == "heading" || b.Kind == "table" {
			continue
		}
		for _, s := range b.Sentences {
			if model == len(told) || told[model].Text != s.Text || told[model].Status != s.Status {
				t.Fatalf("%s: %q was not told", name, s.Text)
			}
			model++
		}
	}
	switch {
	case ans.Outcome == Answered && (facts == 0 || marked > 0 || ans.Model == ""):
		t.Errorf("%s: answered with %d facts, %d marked, model %q", name, facts, marked, ans.Model)
	case ans.Outcome == Extractive && facts == 0, ans.Outcome == Partial && facts == 0, ans.Outcome == "":
		t.Errorf("%s: outcome %q with %d facts", name, ans.Outcome, facts)
	case (ans.Outcome == Extractive || ans.Outcome == Partial) && len(ans.Warnings) == 0:
		t.Errorf("%s: outcome %s without a warning", name, ans.Outcome)
	case !strings.Contains("answered partial extractive no_source", string(ans.Outcome)):
		t.Errorf("%s: outcome %s", name, ans.Outcome)
	}
}

var checks sync.Map // what ground.Check found, by sentence and sources

func checkedAgain(s ground.Sentence, from []ground.Source) ground.Sentence {
	key := s.Text + fmt.Sprint(s.Cites)
	for _, src := range from {
		key += src.ChunkID
	}
	if v, ok := checks.Load(key); ok {
		return v.(ground.Sentence)
	}
	again := ground.Check(s, from)
	checks.Store(key, again)
	return again
}

// A faulty is a model with one fault. Seed varies where and when it strikes.
type faulty struct {
	name     string
	seed     int
	generate func(ctx context.Context, seed int, truth string, req llm.Request, emit func(string) error) (*llm.Response, error)
}

func (f faulty) Model() string { return f.name }

func (f faulty) Generate(ctx context.Context, req llm.Request, emit func(string) error) (*llm.Response, error) {
	r, err := llmtest.Truthful{}.Generate(ctx, req, nil)
	if err != nil {
		return nil, err
	}
	return f.generate(ctx, f.seed, r.Text, req, emit)
}

// stream writes text in pieces that end inside syllables, again and again where it
// loops.
func stream(ctx context.Context, text string, loops bool, emit func(string) error) (*llm.Response, error) {
	const piece = 100
	for again := true; again; again = loops {
		for rest := text; rest != ""; {
			n := min(piece, len(rest))
			if err := errors.Join(ctx.Err(), emit(rest[:n])); err != nil {
				return nil, err
			}
			rest = rest[n:]
		}
	}
	return &llm.Response{Text: text, StopReason: "stop"}, ctx.Err()
}

// says is a model that writes what f makes of the truth, and then ends with err.
func says(f func(seed int, truth string) string, err error) func(context.Context, int, string, llm.Request, func(string) error) (*llm.Response, error) {
	return func(ctx context.Context, seed int, truth string, req llm.Request, emit func(string) error) (*llm.Response, error) {
		r, e := stream(ctx, f(seed, truth), false, emit)
		if e == nil {
			e = err
		}
		return r, e
	}
}

func fixed(s string) func(context.Context, int, string, llm.Request, func(string) error) (*llm.Response, error) {
	return says(func(int, string) string { return s }, nil)
}

// later waits, unless the context ends before.
func later(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errServer = errors.New("the server is gone")

// lieText is what no source of the shelf holds.
const lieText = "수수료는 77,777원이고 2031년에 없어진다"

var faults = []faulty{
	{name: "down", generate: func(context.Context, int, string, llm.Request, func(string) error) (*llm.Response, error) {
		return nil, errServer
	}},
	{name: "slow to begin", generate: func(ctx context.Context, seed int, truth string, req llm.Request, emit func(string) error) (*llm.Response, error) {
		if err := later(ctx, time.Duration(seed)*15*time.Second); err != nil {
			return nil, err
		}
		return stream(ctx, truth, false, emit)
	}},
	{name: "drips", generate: func(ctx context.Context, seed int, truth string, _ llm.Request, emit func(string) error) (*llm.Response, error) {
		for _, r := range truth {
			if err := later(ctx, time.Duration(1+seed)*100*time.Millisecond); err != nil {
				return nil, err
			}
			if err := emit(string(r)); err != nil {
				return nil, err
			}
		}
		return &llm.Response{Text: truth, StopReason: "stop"}, nil
	}},
	{name: "stalled", generate: func(ctx context.Context, _ int, _ string, req llm.Request, emit func(string) error) (*llm.Response, error) {
		return llmtest.Stall("").Generate(ctx, req, emit)
	}},
	{name: "stalls midway", generate: func(ctx context.Context, seed int, truth string, req llm.Request, emit func(string) error) (*llm.Response, error) {
		return llmtest.Stall(truth[:len(truth)*seed/10]).Generate(ctx, req, emit)
	}},
	{name: "cut", generate: says(func(seed int, truth string) string { return truth[:len(truth)*seed/10] }, llm.ErrCut)},
	{name: "cut in a lie", generate: says(func(seed int, truth string) string { return truth + lieText[:seed*3] }, llm.ErrCut)},
	{name: "fails at the end", generate: says(func(_ int, truth string) string { return truth }, errServer)},
	{name: "out of tokens", generate: func(ctx context.Context, seed int, truth string, req llm.Request, emit func(string) error) (*llm.Response, error) {
		r, err := stream(ctx, truth[:len(truth)*seed/10], false, emit)
		if err == nil {
			r.StopReason = "length"
		}
		return r, err
	}},
	{name: "empty", generate: fixed("")},
	{name: "blank", generate: fixed(" \n\n\t\n")},
	{name: "no answer", generate: fixed("[근거 없음]")},
	{name: "refuses", generate: fixed("죄송합니다. 저는 AI 언어 모델이라서 그 요청을 도와드릴 수 없습니다.\n")},
	{name: "loops a truth", generate: func(ctx context.Context, _ int, truth string, req llm.Request, emit func(string) error) (*llm.Response, error) {
		return stream(ctx, truth+"\n", true, emit)
	}},
	{name: "loops a lie", generate: func(ctx context.Context, _ int, _ string, req llm.Request, emit func(string) error) (*llm.Response, error) {
		return stream(ctx, lieText+". [1]\n", true, emit)
	}},
	{name: "loops a word", generate: func(ctx context.Context, _ int, _ string, req llm.Request, emit func(string) error) (*llm.Response, error) {
		return stream(ctx, strings.Repeat("수수료 ", 30), true, emit)
	}},
	{name: "counts", generate: func(ctx context.Context, _ int, _ string, _ llm.Request, emit func(string) error) (*llm.Response, error) {
		for i := 0; ctx.Err() == nil; i++ {
			if err := emit(fmt.Sprintf("수수료는 %d원으로 한다. [1]\n", 10_000+i)); err != nil {
				return nil, err
			}
		}
		return nil, ctx.Err()
	}},
	{name: "thinks for ever", generate: func(ctx context.Context, _ int, _ string, req llm.Request, emit func(string) error) (*llm.Response, error) {
		if err := emit("<think>"); err != nil {
			return nil, err
		}
		return stream(ctx, strings.Repeat("생각 중. ", 30), true, emit)
	}},
	{name: "huge", generate: says(func(seed int, truth string) string {
		return strings.Repeat("가나다라 ", 20_000*(1+seed)) + "\n" + truth
	}, nil)},
	{name: "English", generate: fixed("The processing period may be extended up to 77 times. [1]\nPlease call 02-777-7777 or visit https://example.org. [2]\n")},
	{name: "Chinese", generate: fixed("办理期限可以延长77次。[1]\n手续费为77,777韩元。[2]\n")},
	{name: "JSON", generate: says(func(_ int, truth string) string {
		b, _ := json.Marshal(map[string]any{"answer": truth, "also": lieText, "sources": []int{1, 2}, "verified": true})
		return string(b)
	}, nil)},
	{name: "JSON garbage", generate: says(func(seed int, _ string) string {
		return strings.Repeat(`{"문장":{"1-1":"`+lieText+`"`, 1+seed) + `]]}`
	}, nil)},
	{name: "half UTF-8", generate: says(func(seed int, truth string) string {
		b := []byte(truth)
		for i := seed; i < len(b); i += 17 {
			b[i] = 0xff
		}
		return string(b)
	}, nil)},
	{name: "control and zero-width letters", generate: says(func(_ int, truth string) string {
		return "\x00\x1b[31m\u202e" + strings.ReplaceAll(truth, "수", "\u200b수\ufeff") + "\u0000"
	}, nil)},
	{name: "only marks", generate: fixed("[1] [2-1] [3].\n[1]\n")},
	{name: "echoes the prompt", generate: func(ctx context.Context, _ int, _ string, req llm.Request, emit func(string) error) (*llm.Response, error) {
		return stream(ctx, req.System+"\n"+req.User, false, emit)
	}},
}

// deadlines are those of a request by seed; 0 is none.
var deadlines = [...]time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second, time.Minute, 90 * time.Second, 3 * time.Minute, 0}

// TestFaults runs every task with every fault of a model: it ends in time, with an
// honest outcome, and leaves no goroutine behind, which synctest sees to.
func TestFaults(t *testing.T) {
	shelf, runs := counterDesk(), 0
	before := runtime.NumGoroutine()
	outcomes := map[string]map[Outcome]int{}
	for task, run := range tasks {
		outcomes[task] = map[Outcome]int{}
		for _, f := range faults {
			for seed, wait := range deadlines {
				if seed%9 != 0 && fewRuns() {
					continue
				}
				f.seed = seed
				name := fmt.Sprintf("%s, %s, %v", task, f.name, wait)
				runs++
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.Background(), context.CancelFunc(func() {})
					if wait > 0 {
						ctx, cancel = context.WithTimeout(ctx, wait)
					}
					defer cancel()
					began := time.Now()
					var events []Event
					ans, err := run(ctx, New(quiet, shelf, Options{Generator: llm.Limit(f, llm.Limits{})}), func(e Event) error { events = append(events, e); return nil })
					if err != nil || ctx.Err() != nil {
						t.Fatalf("%s: %v after %v, context %v", name, err, time.Since(began), ctx.Err())
					}
					if took := time.Since(began); took > 4*writeTimeout {
						t.Errorf("%s: took %v", name, took)
					}
					fairly(t, name, ans, events)
					outcomes[task][ans.Outcome]++
					if text := answerText(ans); strings.Contains(text, "77") || strings.Contains(text, "2031") || strings.ContainsAny(text, "\x00\x1b\u202e\ufffd") {
						t.Errorf("%s: shown:\n%s", name, text)
					}
				})
			}
		}
	}
	if n := runtime.NumGoroutine(); n > before+runs/20 { // the runtime starts a few of its own
		t.Errorf("%d goroutines after %d runs, %d before", n, runs, before)
	}
	if runs < 1000 && !fewRuns() {
		t.Errorf("%d runs", runs)
	}
	t.Logf("%d runs: %v", runs, outcomes)
}

// fewRuns reports whether what only repeats is to be done less often: with -short,
// or under the race detector, which makes it some ten times slower.
func fewRuns() bool {
	info, ok := debug.ReadBuildInfo()
	return testing.Short() || ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// A reader that goes away ends the task at once, with its own error.
func TestReaderGone(t *testing.T) {
	gone := errors.New("gone")
	for task, run := range tasks {
		for last := range 12 {
			n := 0
			_, err := run(t.Context(), New(quiet, counterDesk(), Options{Generator: llmtest.Truthful{}}), func(Event) error {
				if n++; n > last {
					return gone
				}
				return nil
			})
			if n > last && (!errors.Is(err, gone) || n != last+1) {
				t.Errorf("%s: event %d refused: error %v, %d events", task, last+1, err, n)
			}
		}
	}
}

// TestFaultsOfServers is [TestFaults] through the adapters, over a connection.
func TestFaultsOfServers(t *testing.T) {
	data := func(text string) string {
		js, _ := json.Marshal(text)
		return fmt.Sprintf("data: {\"choices\":[{\"delta\":{\"content\":%s}}]}\n\n", js)
	}
	line := func(text string) string {
		js, _ := json.Marshal(map[string]any{"message": map[string]string{"role": "assistant", "content": text}})
		return string(js) + "\n"
	}
	write := func(s string, then func(http.ResponseWriter, *http.Request)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // or the server does not notice that the caller has gone
			_, _ = io.WriteString(w, s)
			w.(http.Flusher).Flush()
			then(w, r)
		}
	}
	end := func(http.ResponseWriter, *http.Request) {}
	stall := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	abort := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	const half = "증명서 발급 수수료는 1통에 5"
	for name, h := range map[string]http.HandlerFunc{
		"down":    nil,
		"broken":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotImplemented) },
		"refuses": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "{}", http.StatusBadRequest) },
		"sends elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		},
		"hangs":               write("", stall),
		"stalls":              write(data(half)+line(half), stall),
		"breaks off":          write(data(half)+line(half), abort),
		"ends without reason": write(data(half), end),
		"no JSON":             write("data: {\n\ndata: <html>\n\n", end),
		"another protocol":    write("<html><body>nginx</body></html>", end),
		"one endless line":    write("data: "+strings.Repeat("x", 1<<20), end),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(h)
			t.Cleanup(s.Close)
			if h == nil {
				s.Close()
			}
			for _, api := range []string{"openai", "ollama"} {
				g, err := llm.NewGenerator(llm.Server{API: api, URL: s.URL, Model: "m", FirstWait: 100 * time.Millisecond, Idle: 50 * time.Millisecond})
				if err != nil {
					t.Fatal(err)
				}
				a := New(quiet, counterDesk(), Options{Generator: llm.Limit(g, llm.Limits{})})
				for task, run := range tasks {
					ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
					var events []Event
					ans, err := run(ctx, a, func(e Event) error { events = append(events, e); return nil })
					cancel()
					name := task + ", " + api
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					fairly(t, name, ans, events)
					if ans.Outcome != Extractive {
						t.Errorf("%s: outcome %s, %v", name, ans.Outcome, ans.Warnings)
					}
				}
			}
		})
	}
}
