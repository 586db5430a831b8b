package web

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"biseo/assistant"
	"biseo/assistant/ground"
)

// An answer of 5,000 sentences is drawn, scrolled and lit without a task of the
// page's main thread that computes for more than 50 ms. The time is that of the
// processor, as Chromium traces it: what else the machine does is not in it.
func TestPageLongAnswer(t *testing.T) {
	const sentences, paragraph, most = 5000, 5, 50 * time.Millisecond
	f := &fake{}
	f.answer = func(_ context.Context, req assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
		a := &assistant.Answer{Task: "answer", Question: req.Question, On: "2026-09-01", Outcome: assistant.Answered, Mode: assistant.Words, Sources: agency, Warnings: []assistant.Warning{}}
		events := []assistant.Event{{Sources: a.Sources}}
		for i := range sentences {
			if i%paragraph == 0 {
				a.Blocks = append(a.Blocks, assistant.Block{Kind: "paragraph"})
				events = append(events, assistant.Event{Block: &assistant.Block{Kind: "paragraph", Sentences: []ground.Sentence{}}})
			}
			s := cited(fmt.Sprintf("문장 %d: 소형 승용차의 1시간 요금은 1,200원입니다.", i+1), []string{"소형 승용차의 1시간 요금은 1,200원으로 한다.", "정기권은 한 달에 60,000원으로 하며", "그 요금의 4배를 가산금으로"}[i%3])
			b := &a.Blocks[len(a.Blocks)-1]
			b.Sentences = append(b.Sentences, s)
			events = append(events, assistant.Event{Sentence: &s})
		}
		for _, e := range events {
			if err := emit(e); err != nil {
				return nil, err
			}
		}
		return a, nil
	}
	h, err := New(slog.New(slog.DiscardHandler), f, agencyOptions())
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	c := startChrome(t)
	c.size(1280, 900)
	c.open(srv.URL + "/")
	c.trace("draw", most, func() {
		c.ask("긴 답변")
		c.wait(outcome + ` === 'answered'`)
	})
	if got, want := c.text(`document.querySelectorAll('.answer .s').length`), fmt.Sprint(sentences); got != want {
		t.Fatalf("sentences: got %s, want %s", got, want)
	}
	c.trace("scroll", most, func() {
		c.eval(nil, `(async () => {
			for (let y = 0; y < 40; y++) {
				scrollTo(0, y * 1500)
				await new Promise(done => requestAnimationFrame(() => setTimeout(done)))
			}
		})()`)
	})
	c.trace("light", most, func() {
		c.eval(nil, `(async () => {
			const point = (e, type) => e.dispatchEvent(new PointerEvent(type, {bubbles: true}))
			for (let i = 0; i < 12; i++) {
				point(document.querySelectorAll('.used li')[i % 3], 'pointerover') // lights 1,667 sentences
				await new Promise(done => requestAnimationFrame(() => setTimeout(done)))
				point(document.querySelectorAll('.answer .s')[i * 400], 'pointerover')
				await new Promise(done => requestAnimationFrame(() => setTimeout(done)))
			}
		})()`)
	})
	c.shoot("long")
	c.clean(srv.URL)
}

// trace does something and fails the test if a task on the main thread of the page
// took more processor time than most.
func (c *chrome) trace(what string, most time.Duration, do func()) {
	c.t.Helper()
	c.mu.Lock()
	c.events = slices.DeleteFunc(c.events, func(e event) bool {
		return e.Method == "Tracing.dataCollected" || e.Method == "Tracing.tracingComplete"
	})
	c.mu.Unlock()
	c.call("Tracing.start", map[string]any{"transferMode": "ReportEvents", "traceConfig": map[string]any{"includedCategories": []string{"toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline", "__metadata"}}}, nil)
	do()
	c.call("Tracing.end", nil, nil)
	type traced struct {
		Name, Cat, Ph string
		Pid, Tid      int
		Tdur, Dur     int64 // microseconds
		Args          struct{ Name string }
	}
	var all []traced
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		done := false
		c.mu.Lock()
		all = all[:0]
		for _, e := range c.events {
			var p struct{ Value []traced }
			switch e.Method {
			case "Tracing.dataCollected":
				if json.Unmarshal(e.Params, &p) == nil {
					all = append(all, p.Value...)
				}
			case "Tracing.tracingComplete":
				done = true
			}
		}
		c.mu.Unlock()
		if done {
			break
		}
		if time.Now().After(deadline) {
			c.t.Fatal("no trace")
		}
	}
	main := map[[2]int]bool{}
	for _, e := range all {
		if e.Name == "thread_name" && e.Args.Name == "CrRendererMain" {
			main[[2]int{e.Pid, e.Tid}] = true
		}
	}
	var times, wall []time.Duration
	for _, e := range all {
		if e.Ph == "X" && (e.Name == "RunTask" || e.Name == "ThreadControllerImpl::RunTask") && main[[2]int{e.Pid, e.Tid}] {
			times = append(times, time.Duration(e.Tdur)*time.Microsecond)
			wall = append(wall, time.Duration(e.Dur)*time.Microsecond)
		}
	}
	if len(times) == 0 {
		c.t.Fatalf("%s: no tasks in a trace of %d events", what, len(all))
	}
	slices.Sort(times)
	slices.Sort(wall)
	n := len(times)
	c.t.Logf("%s: %d tasks, processor time p99 %v, longest %v; by the clock p99 %v, longest %v", what, n, times[n*99/100], times[n-1], wall[n*99/100], wall[n-1])
	if times[n-1] == 0 {
		c.t.Errorf("%s: the trace holds no processor times", what)
	}
	if times[n-1] > most {
		c.t.Errorf("%s: a task computed for %v, want %v at most", what, times[n-1], most)
	}
}
