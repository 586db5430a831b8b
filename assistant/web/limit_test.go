package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"biseo/assistant"
)

func as(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

func keyOf(id string) Caller {
	return Caller{Principal: assistant.Principal{ID: "key:" + id}, Via: "key", Key: id}
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Limits{KeyPerMinute: 60, UserPerMinute: 6})
		send := func(c Caller) (int, http.Header, *Problem) {
			h := http.Header{}
			for n := 0; ; n++ {
				if p := l.admit(c, h, 1, 0); p != nil {
					return n, h, p
				}
			}
		}
		n, h, p := send(keyOf("a"))
		if n != 60 || p.Status != 429 || p.Code != "rate_limited" || p.RetryAfter != 1 {
			t.Errorf("got %d requests, then %+v", n, p)
		}
		if got, want := h.Get("RateLimit-Policy")+" "+h.Get("RateLimit"), `"key";q=60;w=60 "key";r=0;t=60`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		time.Sleep(time.Duration(p.RetryAfter) * time.Second)
		if n, _, _ := send(keyOf("a")); n != 1 {
			t.Errorf("after Retry-After: got %d requests, want 1", n)
		}
		if n, _, _ := send(keyOf("b")); n != 60 {
			t.Errorf("another key: got %d requests, want 60", n)
		}

		// Users of a front end have their own rates, and all together that of its key.
		user := func(i int) Caller {
			c := keyOf("front")
			c.User, c.ID = fmt.Sprint(i), fmt.Sprintf("key:front/user:%d", i)
			return c
		}
		n, h, p = send(user(0))
		if n != 6 || p.RetryAfter != 10 || h.Get("RateLimit-Policy") != `"user";q=6;w=60` {
			t.Errorf("a user: got %d requests, then %+v %v", n, p, h)
		}
		for i := 1; i < 10; i++ {
			n, h, _ = send(user(i))
		}
		if n != 6 || h.Get("RateLimit-Policy") != `"user";q=6;w=60` {
			t.Errorf("the tenth user: got %d requests %v", n, h)
		}
		if n, h, _ = send(user(10)); n != 0 || h.Get("RateLimit-Policy") != `"key";q=60;w=60` {
			t.Errorf("the eleventh user: got %d requests %v", n, h)
		}

		own := keyOf("own")
		own.perMinute = 3
		if n, _, _ := send(own); n != 3 {
			t.Errorf("a key with a rate of its own: got %d requests, want 3", n)
		}
		if p := l.admit(Caller{Via: "local"}, http.Header{}, 1, 0); p != nil {
			t.Errorf("single-user mode: got %v", p)
		}
	})
}

// Several requests are let in together or not at all: what one rate refuses costs
// nothing of the other. After Retry-After they are let in; more than there can ever be
// are refused for good.
func TestRateTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Limits{KeyPerMinute: 10, UserPerMinute: 6})
		user := func(id string) Caller {
			c := keyOf("front")
			c.User, c.ID = id, "key:front/user:"+id
			return c
		}
		if p := l.admit(user("a"), http.Header{}, 6, 0); p != nil {
			t.Fatal(p)
		}
		p := l.admit(user("b"), http.Header{}, 5, 0)
		if p == nil || p.Status != 429 || p.RetryAfter != 6 { // 4 of the key are left, and one comes in 6 s
			t.Fatalf("beyond the key's rate: got %+v", p)
		}
		time.Sleep(time.Duration(p.RetryAfter) * time.Second)
		if p := l.admit(user("b"), http.Header{}, 5, 0); p != nil {
			t.Errorf("after Retry-After: got %+v", p)
		}

		time.Sleep(time.Minute)
		if p := l.admit(keyOf("front"), http.Header{}, 4, 0); p != nil {
			t.Fatal(p)
		}
		send := func(calls int) *Problem { // as a list of calls comes
			if p := l.admit(keyOf("front"), http.Header{}, 1, 0); p != nil {
				return p
			}
			return l.admit(keyOf("front"), http.Header{}, calls-1, 1)
		}
		if p = send(10); p == nil || p.Status != 429 {
			t.Fatalf("a list when little is left: got %+v", p)
		}
		time.Sleep(time.Duration(p.RetryAfter) * time.Second)
		if p := send(10); p != nil {
			t.Errorf("a list after Retry-After: got %+v", p)
		}
		time.Sleep(time.Minute)
		if p := send(11); p == nil || p.Status != 413 || p.RetryAfter != 0 {
			t.Errorf("a list longer than the rate: got %+v", p)
		}
	})
}

// However many callers there are, the memory for their rates is bounded.
func TestRateMemory(t *testing.T) {
	l := newLimiter(Limits{KeyPerMinute: -1, UserPerMinute: 5})
	for i := range 3 * maxBuckets {
		c := keyOf("front")
		c.User, c.ID = fmt.Sprint(i), fmt.Sprintf("key:front/user:%d", i)
		if p := l.admit(c, http.Header{}, 1, 0); p != nil {
			t.Fatal(p)
		}
	}
	if len(l.buckets) != maxBuckets || l.order.Len() != maxBuckets {
		t.Errorf("got %d and %d buckets, want %d", len(l.buckets), l.order.Len(), maxBuckets)
	}
}

func TestUploadsAtATime(t *testing.T) {
	l := newLimiter(Limits{})
	for range uploadsEach {
		if _, err := l.upload(as(t.Context(), keyOf("a"))); err != nil {
			t.Fatal(err)
		}
	}
	var p *Problem
	if _, err := l.upload(as(t.Context(), keyOf("a"))); !errors.As(err, &p) || p.Code != "too_many_uploads" || p.RetryAfter == 0 {
		t.Errorf("one more: got %v", err)
	}
	done, err := l.upload(as(t.Context(), keyOf("b")))
	if err != nil {
		t.Fatalf("another caller: got %v", err)
	}
	done()
	if _, err := l.answer(as(t.Context(), keyOf("a"))); err != nil {
		t.Errorf("an answer beside the uploads: got %v", err)
	}
}

func TestAnswersAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Limits{AllAnswers: 3, AnswerQueue: 1})
		begin := func(id string) (func(), error) { return l.answer(as(t.Context(), keyOf(id))) }
		code := func(err error) string {
			var p *Problem
			if errors.As(err, &p) {
				return fmt.Sprint(p.Status, p.Code, p.RetryAfter)
			}
			return fmt.Sprint(err)
		}
		first, err := begin("a")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := begin("a"); err != nil {
			t.Fatal(err)
		}
		if _, err := begin("a"); code(err) != "429too_many_answers5" {
			t.Errorf("a third answer of one caller: got %s", code(err))
		}
		if _, err := begin("b"); err != nil {
			t.Errorf("another caller: got %v", err)
		}
		var waited time.Duration
		go func() { // waits for its turn
			start := time.Now()
			if _, err := begin("c"); err != nil {
				t.Errorf("the one that waits: got %v", err)
			}
			waited = time.Since(start)
		}()
		synctest.Wait()
		if _, err := begin("d"); code(err) != "503overloaded5" {
			t.Errorf("the queue is full: got %s", code(err))
		}
		time.Sleep(3 * time.Second)
		first()
		synctest.Wait()
		if waited != 3*time.Second {
			t.Errorf("waited %v", waited)
		}
		start := time.Now()
		if _, err := begin("e"); code(err) != "503overloaded5" || time.Since(start) != 5*time.Second {
			t.Errorf("no turn in time: got %s after %v", code(err), time.Since(start))
		}
		ctx, cancel := context.WithCancel(as(t.Context(), keyOf("f")))
		time.AfterFunc(time.Second, cancel)
		if _, err := l.answer(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("a client that leaves: got %v", err)
		}
		if len(l.answers.queue) != 0 || len(l.busy) != 3 || l.busy["answer key:a"] != 1 {
			t.Errorf("left behind: %d in the queue, busy %v", len(l.answers.queue), l.busy)
		}
	})
}

// At three times what the service can do, a third is done, as fast as without the
// others and the queue's wait, and the rest is told at once or after that wait.
func TestOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const (
			work    = 100 * time.Millisecond
			slots   = 10
			seconds = 20
		)
		l := newLimiter(Limits{AllSearches: slots, SearchQueue: 20, SearchWait: time.Second})
		svc := bounded{&fake{search: func(context.Context, assistant.Principal, assistant.SearchRequest) (*assistant.SearchResult, error) {
			time.Sleep(work)
			return &assistant.SearchResult{}, nil
		}}, l, Metrics{}}
		var done, refused atomic.Int64
		var mu sync.Mutex
		var worst time.Duration
		before, most := runtime.NumGoroutine(), 0
		var wg sync.WaitGroup
		for range 3 * slots * int(time.Second/work) * seconds {
			wg.Go(func() {
				start := time.Now()
				_, err := svc.Search(t.Context(), assistant.Principal{}, assistant.SearchRequest{})
				var p *Problem
				switch {
				case err == nil:
					done.Add(1)
					mu.Lock()
					worst = max(worst, time.Since(start))
					mu.Unlock()
				case errors.As(err, &p) && p.Status == 503 && p.RetryAfter > 0:
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
			time.Sleep(work / (3 * slots))
			most = max(most, runtime.NumGoroutine())
		}
		wg.Wait()
		if got := done.Load(); got < slots*int64(time.Second/work)*seconds {
			t.Errorf("done %d in %d s", got, seconds)
		}
		if worst > work+20*work/slots+work { // its work, the queue before it, and what ran
			t.Errorf("the slowest took %v", worst)
		}
		if most > before+slots+20+5 {
			t.Errorf("%d goroutines at once, %d before", most, before)
		}
		t.Logf("done %d, refused %d, slowest %v, goroutines %d", done.Load(), refused.Load(), worst, most)
	})
}
