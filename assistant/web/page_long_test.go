package web

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"biseo/assistant"
	"biseo/assistant/ground"
)

// most is how long a frame may take, and firstView how long it may take from the
// first byte until the page can be used. Times are held to them on a machine that
// does nothing else: BISEO_MEASURE=1 go test -v -run 'TestPageLongAnswer|TestPageFirstView' ./assistant/web
const most, firstView = 50 * time.Millisecond, 300 * time.Millisecond

func measuring() bool { return os.Getenv("BISEO_MEASURE") != "" }

// From the first byte of the page, without a cache, until the field takes a question.
func TestPageFirstView(t *testing.T) {
	c := startChrome(t)
	d := openDesk(t, nil, nil)
	c.size(1280, 900)
	c.call("Network.setCacheDisabled", map[string]any{"cacheDisabled": true}, nil)
	var usable, painted []time.Duration
	for range 10 {
		c.open(d.url + "/")
		c.wait(`performance.getEntriesByName('usable').length === 1 && performance.getEntriesByName('first-contentful-paint').length === 1`)
		var ms struct{ Usable, Painted float64 }
		c.eval(&ms, `(from => ({ Usable: performance.getEntriesByName('usable')[0].startTime - from, Painted: performance.getEntriesByName('first-contentful-paint')[0].startTime - from }))(performance.getEntriesByType('navigation')[0].responseStart)`)
		usable = append(usable, time.Duration(ms.Usable*1e6))
		painted = append(painted, time.Duration(ms.Painted*1e6))
	}
	slices.Sort(usable)
	slices.Sort(painted)
	t.Logf("after the first byte, of 10: usable p50 %v, longest %v; painted p50 %v, longest %v", usable[5], usable[9], painted[5], painted[9])
	if measuring() && usable[9] > firstView {
		t.Errorf("usable after %v, want %v at most", usable[9], firstView)
	}
	// What the first view waits for: views of other tasks and English are not among it.
	if got, want := c.text(`performance.getEntriesByType('resource').map(r => r.name.split('/page/')[1]).filter(n => /draft|admin|documents|reply|report|summary|en\.txt/.test(n)).length`), "0"; got != want {
		t.Errorf("files of other views fetched for the first: got %s, want %s", got, want)
	}
	c.clean(d.url)
}

// An answer of 5,000 sentences is laid out in parts, of which Chromium draws only
// those that are looked at, and lights what belongs together without touching more.
// How long the tasks of the page's main thread take to draw, scroll and light it is
// told, and held to most on a machine that does nothing else.
func TestPageLongAnswer(t *testing.T) {
	const sentences, paragraph = 5000, 5
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
	c.trace("draw", func() {
		c.ask("긴 답변")
		c.wait(outcome + ` === 'answered'`)
	})
	if got, want := c.text(`document.querySelectorAll('.answer .s').length`), fmt.Sprint(sentences); got != want {
		t.Fatalf("sentences: got %s, want %s", got, want)
	}
	if got, want := c.text(`(all => all.length + ' ' + all.filter(p => getComputedStyle(p).contentVisibility === 'auto').length + ' ' + all.filter(p => p.firstElementChild.checkVisibility({ contentVisibilityAuto: true })).length)([...document.querySelectorAll('.answer .part')])`), "50 50"; !strings.HasPrefix(got, want+" ") {
		t.Errorf("parts, those laid out when looked at, and those laid out: got %s, want %s and few", got, want)
	} else if n, err := strconv.Atoi(strings.TrimPrefix(got, want+" ")); err != nil || n > 10 {
		t.Errorf("parts laid out though out of sight: got %s", got)
	}
	c.trace("scroll", func() {
		c.eval(nil, `(async () => {
			for (let y = 0; y < 40; y++) {
				scrollTo(0, y * 1500)
				await new Promise(done => requestAnimationFrame(() => setTimeout(done)))
			}
		})()`)
	})
	// Pointing at a sentence changes it, its sources and the panel, and nothing else.
	var touched int
	c.eval(&touched, `(async () => {
		const seen = new Set()
		const watch = new MutationObserver(all => { for (const m of all) seen.add(m.target) })
		watch.observe(document.body, { subtree: true, attributes: true, childList: true, characterData: true })
		document.querySelectorAll('.answer .s')[2500].dispatchEvent(new PointerEvent('pointerover', { bubbles: true }))
		await new Promise(done => setTimeout(done, 100))
		watch.disconnect()
		return seen.size
	})()`)
	if touched == 0 || touched > 8 {
		t.Errorf("nodes touched to light a sentence: got %d, want 1 to 8", touched)
	}
	c.trace("light", func() {
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

// trace does something and tells how long the tasks on the main thread of the page
// took; when measuring, it fails the test if one took longer than most.
func (c *chrome) trace(what string, do func()) {
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
	if measuring() && times[n-1] > most {
		c.t.Errorf("%s: a task computed for %v, want %v at most", what, times[n-1], most)
	}
}
