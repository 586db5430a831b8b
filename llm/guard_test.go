package llm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A writer is a generator that is one function.
type writer func(ctx context.Context, req Request, emit func(string) error) (*Response, error)

func (writer) Model() string { return "m" }

func (w writer) Generate(ctx context.Context, req Request, emit func(string) error) (*Response, error) {
	return w(ctx, req, emit)
}

// writes answers with pieces.
func writes(pieces ...string) writer {
	return func(ctx context.Context, _ Request, emit func(string) error) (*Response, error) {
		for _, p := range pieces {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if emit != nil {
				if err := emit(p); err != nil {
					return nil, err
				}
			}
		}
		return &Response{Text: strings.Join(pieces, ""), Model: "m", StopReason: "stop"}, ctx.Err()
	}
}

// fails answers with an error after a time, unless the context ends before.
func fails(err error, after time.Duration) writer {
	return func(ctx context.Context, _ Request, _ func(string) error) (*Response, error) {
		select {
		case <-time.After(after):
			return nil, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// TestGeneratorContract holds every generator against what [Generator] promises.
func TestGeneratorContract(t *testing.T) {
	pieces := []string{"처리기간은 ", "한 차례 ", "연장한다. [1]"}
	line := `{"message":{"role":"assistant","content":%q},"done":%t}` + "\n"
	ollama := ""
	for i, p := range pieces {
		ollama += fmt.Sprintf(line, p, i == len(pieces)-1)
	}
	for name, g := range map[string]Generator{
		"openai": newGenerator(t, Server{URL: serve(t, sse(pieces, stop+done))}),
		"ollama": newGenerator(t, Server{API: "ollama", URL: serve(t, sse(nil, ollama))}),
		"limit":  Limit(writes(pieces...), Limits{}),
		"both":   Limit(newGenerator(t, Server{URL: serve(t, sse(pieces, stop+done))}), Limits{Parallel: 1}),
	} {
		t.Run(name, func(t *testing.T) {
			whole := strings.Join(pieces, "")
			if g.Model() != "m" {
				t.Errorf("model %q", g.Model())
			}
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					var got strings.Builder
					r, err := g.Generate(t.Context(), Request{User: "질문"}, func(s string) error { got.WriteString(s); return nil })
					if err != nil || r.Text != whole || got.String() != whole || r.StopReason == "" {
						t.Errorf("Generate = %+v, %v; streamed %q, want %q", r, err, got.String(), whole)
					}
				})
			}
			wg.Wait()
			if r, err := g.Generate(t.Context(), Request{User: "질문"}, nil); err != nil || r.Text != whole {
				t.Errorf("without emit: %+v, %v", r, err)
			}
			gone, n := errors.New("gone"), 0
			if _, err := g.Generate(t.Context(), Request{User: "질문"}, func(string) error { n++; return gone }); !errors.Is(err, gone) || n != 1 {
				t.Errorf("emit refused %d times, error %v; want once and its error", n, err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := g.Generate(ctx, Request{User: "질문"}, nil); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
			if r, err := g.Generate(t.Context(), Request{User: "질문"}, nil); err != nil || r.Text != whole {
				t.Errorf("after refusals: %+v, %v", r, err)
			}
		})
	}
}

func TestLimitQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int32
		var order []string
		slow := writer(func(ctx context.Context, req Request, _ func(string) error) (*Response, error) {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			time.Sleep(time.Second)
			return &Response{Text: req.User, StopReason: "stop"}, nil
		})
		g := Limit(slow, Limits{Parallel: 2})
		began := time.Now()
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond) // they come one after the other
				r, err := g.Generate(t.Context(), Request{User: fmt.Sprint(i)}, nil)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, r.Text)
				mu.Unlock()
			})
		}
		time.Sleep(20 * time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := g.Generate(ctx, Request{}, nil); !errors.Is(err, ErrBusy) || !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 200*time.Millisecond {
			t.Errorf("a call whose turn does not come: %v after %v", err, time.Since(began))
		}
		wg.Wait()
		if want := []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}; !slices.Equal(order, want) || most.Load() != 2 {
			t.Errorf("served %v, at most %d at once; want %v and 2", order, most.Load(), want)
		}
	})
}

func TestBreaker(t *testing.T) {
	down := errors.New("connection refused")
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		var now writer // what the server does now
		g := Limit(writer(func(ctx context.Context, req Request, emit func(string) error) (*Response, error) {
			calls++
			return now(ctx, req, emit)
		}), Limits{Failures: 3, Pause: 15 * time.Second})
		ask := func(want error, called bool) {
			t.Helper()
			before := calls
			_, err := g.Generate(t.Context(), Request{}, nil)
			if !errors.Is(err, want) || (calls > before) != called {
				t.Fatalf("error %v, called %v; want %v, %v", err, calls > before, want, called)
			}
		}
		now = fails(down, 0)
		ask(down, true)
		ask(down, true)
		now = writes("예")
		ask(nil, true) // a success in between: counted from the start
		now = fails(down, 0)
		for range 3 {
			ask(down, true)
		}
		began := time.Now()
		for range 100 {
			ask(ErrResting, false)
		}
		if time.Since(began) != 0 {
			t.Errorf("refusals took %v", time.Since(began))
		}
		time.Sleep(15 * time.Second)
		ask(down, true) // the probe
		ask(ErrResting, false)
		time.Sleep(15 * time.Second)

		// One probe at a time; one that its caller gives up leaves the way open for the next.
		now = fails(down, time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { _, err := g.Generate(ctx, Request{}, nil); ended <- err }()
		synctest.Wait()
		ask(ErrResting, false)
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the probe given up: %v", err)
		}
		now = writes("예")
		ask(nil, true)
		ask(nil, true)
	})
}

// What is the caller's fault, or says nothing about the server, opens no breaker.
func TestBreakerBlames(t *testing.T) {
	refuse := errors.New("reader gone")
	stall := fails(nil, time.Hour)
	stallAfterPiece := writer(func(ctx context.Context, _ Request, emit func(string) error) (*Response, error) {
		_ = emit("가")
		<-ctx.Done()
		return nil, ctx.Err()
	})
	for _, tt := range []struct {
		name  string
		model writer
		wait  time.Duration // of the caller
		emit  error
		opens bool
	}{
		{"down", fails(errors.New("connection refused"), 0), time.Minute, nil, true},
		{"cut", fails(ErrCut, 0), time.Minute, nil, true},
		{"server gave no answer in time", fails(errWait, 20*time.Second), time.Minute, nil, true},
		{"silent until the caller's deadline", stall, 10 * time.Second, nil, true},
		{"a deadline too short to know", stall, time.Second, nil, false},
		{"writing at the deadline", stallAfterPiece, 10 * time.Second, nil, false},
		{"refused request", fails(fmt.Errorf("%w: 400", ErrRefused), 0), time.Minute, nil, false},
		{"empty", fails(ErrEmpty, 0), time.Minute, nil, false},
		{"emit", writes("가"), time.Minute, refuse, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := Limit(tt.model, Limits{})
			for range 3 {
				ctx, cancel := context.WithTimeout(t.Context(), tt.wait)
				if _, err := g.Generate(ctx, Request{}, func(string) error { return tt.emit }); err == nil {
					t.Errorf("%s: no error", tt.name)
				}
				cancel()
			}
			ctx, cancel := context.WithTimeout(t.Context(), tt.wait)
			defer cancel()
			_, err := g.Generate(ctx, Request{}, func(string) error { return tt.emit })
			if got := errors.Is(err, ErrResting); got != tt.opens {
				t.Errorf("%s: the fourth call ends with %v; resting %v, want %v", tt.name, err, got, tt.opens)
			}
		})
	}
}

// Those who wait in the queue when the server is found down are not sent there.
func TestBreakerEmptiesQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		down := errors.New("down")
		g := Limit(writer(func(ctx context.Context, req Request, emit func(string) error) (*Response, error) {
			calls.Add(1)
			return fails(down, 10*time.Second)(ctx, req, emit)
		}), Limits{Parallel: 1})
		var resting atomic.Int32
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := g.Generate(t.Context(), Request{}, nil); errors.Is(err, ErrResting) {
					resting.Add(1)
				}
			})
		}
		wg.Wait()
		if calls.Load() != 3 || resting.Load() != 17 {
			t.Errorf("%d calls, %d refused; want 3 and 17", calls.Load(), resting.Load())
		}
	})
}

type space struct{ err error }

func (space) Space() string { return "s/1" }

func (s space) Embed(_ context.Context, _ Role, texts []string) ([][]float32, error) {
	if s.err != nil {
		return nil, s.err
	}
	return make([][]float32, len(texts)), nil
}

func TestLimitEmbedder(t *testing.T) {
	now := time.Now()
	e := LimitEmbedder(space{errors.New("down")}, Limits{Failures: 1, Now: func() time.Time { return now }})
	for i, want := range []bool{false, true, true} {
		if _, err := e.Embed(t.Context(), Question, []string{"가"}); err == nil || errors.Is(err, ErrResting) != want {
			t.Errorf("call %d: %v", i, err)
		}
	}
	now = now.Add(defaultPause)
	if _, err := e.Embed(t.Context(), Question, []string{"가"}); errors.Is(err, ErrResting) {
		t.Errorf("after the pause: %v", err)
	}
	if v, err := LimitEmbedder(space{}, Limits{}).Embed(t.Context(), Passage, []string{"가", "나"}); err != nil || len(v) != 2 {
		t.Errorf("Embed = %v, %v", v, err)
	}
}

// failing answers with a status; those worth a retry ask to wait too long for one.
func failing(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(status)
	}
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		status int
		want   bool
	}{{400, true}, {401, true}, {404, true}, {422, true}, {408, false}, {429, false}, {500, false}, {503, false}} {
		for _, api := range []string{"openai", "ollama"} {
			g := newGenerator(t, Server{API: api, URL: serve(t, failing(tt.status))})
			if _, err := g.Generate(t.Context(), Request{User: "q"}, nil); err == nil || errors.Is(err, ErrRefused) != tt.want {
				t.Errorf("%s, status %d: %v; refused want %v", api, tt.status, err, tt.want)
			}
		}
		e, err := NewEmbedder(Server{URL: serve(t, failing(tt.status)), Model: "m", Dimension: 4})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Embed(t.Context(), Question, []string{"q"}); err == nil || errors.Is(err, ErrRefused) != tt.want {
			t.Errorf("embedder, status %d: %v; refused want %v", tt.status, err, tt.want)
		}
	}
}
