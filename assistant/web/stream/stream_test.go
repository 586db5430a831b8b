package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// sends is work that sends n events, one each second.
func sends(n int) func(context.Context, *Stream) error {
	return func(ctx context.Context, s *Stream) error {
		for i := range n {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(time.Second):
			}
			if err := s.Send("n", i+1); err != nil {
				return err
			}
		}
		return nil
	}
}

// ids are the numbers of the events in what was written.
func ids(written string) string {
	var out []string
	for line := range strings.Lines(written) {
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			out = append(out, strings.TrimSpace(id))
		}
	}
	return strings.Join(out, " ")
}

func collect(b *strings.Builder) func([]byte) error {
	return func(p []byte) error { b.Write(p); return nil }
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Options{})
		s, err := h.Start(t.Context(), "kim", sends(3))
		if err != nil {
			t.Fatal(err)
		}
		var live, late strings.Builder
		if err := s.Follow(t.Context(), 0, 400*time.Millisecond, collect(&live)); err != nil {
			t.Fatal(err)
		}
		if got, want := live.String(), ": keep-alive\n\n: keep-alive\n\nid: 1\nevent: n\ndata: 1\n\n"; !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want it to begin with %q", got, want)
		}
		if again, err := h.Find("kim", s.ID); err != nil || again != s {
			t.Fatalf("find: got %v", err)
		}
		if err := s.Follow(t.Context(), 1, time.Minute, collect(&late)); err != nil || ids(late.String()) != "2 3" {
			t.Errorf("behind 1: got %q, %v", ids(late.String()), err)
		}
		if _, err := h.Find("lee", s.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("another owner: got %v", err)
		}
		time.Sleep(6 * time.Minute)
		if _, err := h.Find("kim", s.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("six minutes later: got %v", err)
		}
		if h.bytes != 0 || len(h.streams) != 0 || h.ended.Len() != 0 {
			t.Errorf("left: %d bytes, %d streams", h.bytes, len(h.streams))
		}
	})
}

// A reader who is cut off comes back within the grace, and the work has gone on.
func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{}).Start(t.Context(), "kim", sends(20))
		if err != nil {
			t.Fatal(err)
		}
		var first, second strings.Builder
		ctx, leave := context.WithTimeoutCause(t.Context(), 3500*time.Millisecond, context.Canceled)
		defer leave()
		if err := s.Follow(ctx, 0, time.Minute, collect(&first)); !errors.Is(err, context.Canceled) {
			t.Fatalf("cut: got %v", err)
		}
		time.Sleep(9 * time.Second)
		if err := s.Follow(t.Context(), 3, time.Minute, collect(&second)); err != nil {
			t.Fatal(err)
		}
		if got, want := ids(first.String()+second.String()), "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// Work that nobody follows is stopped when the grace is over, not before.
func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		stopped := make(chan time.Duration, 1)
		s, err := New(Options{Grace: 10 * time.Second}).Start(t.Context(), "kim", func(ctx context.Context, s *Stream) error {
			_ = s.Send("n", 1)
			<-ctx.Done()
			stopped <- time.Since(began)
			return context.Cause(ctx)
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, leave := context.WithCancel(t.Context())
		go func() { time.Sleep(5 * time.Second); leave() }()
		_ = s.Follow(ctx, 0, time.Minute, func([]byte) error { return nil })
		if got := <-stopped; got != 15*time.Second {
			t.Errorf("stopped after %v, want 15s", got)
		}
	})
}

// A cause such as that the service stops ends the work, whose last words are passed on.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("down")
		s, err := New(Options{}).Start(t.Context(), "kim", func(ctx context.Context, s *Stream) error {
			<-ctx.Done()
			return s.Send("error", context.Cause(ctx).Error())
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { stop(down) })
		var b strings.Builder
		if err := s.Follow(ctx, 0, time.Minute, collect(&b)); err != nil || !strings.Contains(b.String(), `event: error
data: "down"`) {
			t.Errorf("got %q, %v", b.String(), err)
		}
	})
}

func TestStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Options{Running: 1})
		refused := errors.New("refused")
		s, err := h.Start(t.Context(), "kim", func(context.Context, *Stream) error { time.Sleep(time.Second); return refused })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Start(t.Context(), "kim", sends(1)); !errors.Is(err, ErrFull) {
			t.Errorf("a second one: got %v", err)
		}
		if err := s.Started(t.Context()); !errors.Is(err, refused) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if _, err := h.Find("kim", s.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("a stream without events is kept: %v", err)
		}
	})
}

// Memory is bounded: what ended first goes first, then the oldest events.
func TestBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Options{Bytes: 1000})
		send := func(n int) *Stream {
			s, err := h.Start(t.Context(), "kim", func(_ context.Context, s *Stream) error {
				for range n {
					if err := s.Send("n", strings.Repeat("a", 100)); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			return s
		}
		first, second := send(3), send(3)
		if !first.Kept(0) || !second.Kept(0) {
			t.Fatal("not kept though there is room")
		}
		long := send(20)
		if _, err := h.Find("kim", first.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("the first stream is still there: %v", err)
		}
		if h.bytes > 1000 {
			t.Errorf("%d bytes kept", h.bytes)
		}
		if long.Kept(0) || !long.Kept(19) || long.Kept(21) || long.Kept(-1) {
			t.Errorf("kept behind 0, 19, 21, -1: %t %t %t %t", long.Kept(0), long.Kept(19), long.Kept(21), long.Kept(-1))
		}
		if err := long.Follow(t.Context(), 0, time.Minute, func([]byte) error { return nil }); !errors.Is(err, ErrGone) {
			t.Errorf("from the beginning: got %v", err)
		}
	})
}

// Many streams with readers that come and go: every reader sees every event once.
func TestConcurrent(t *testing.T) {
	h := New(Options{})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			s, err := h.Start(t.Context(), fmt.Sprint(i), func(_ context.Context, s *Stream) error {
				for n := range 200 {
					if err := s.Send("n", n); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
				return
			}
			cut := errors.New("cut")
			var b strings.Builder
			for seen := 0; ; {
				n := 0
				err := s.Follow(t.Context(), seen, time.Minute, func(p []byte) error {
					b.Write(p)
					seen += strings.Count(string(p), "event: ")
					if n++; n == 3 {
						return cut
					}
					return nil
				})
				if err == nil {
					break
				}
			}
			if got := strings.Count(b.String(), "event: n"); got != 200 {
				t.Errorf("stream %d: %d events, want 200", i, got)
			}
		})
	}
	wg.Wait()
}

// A stream that has ended stays as long as a slow reader follows it, however little
// room there is.
func TestRoomForSlowReader(t *testing.T) {
	h := New(Options{Bytes: 100})
	start := func(work func(context.Context, *Stream) error) *Stream {
		t.Helper()
		s, err := h.Start(t.Context(), "kim", work)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	began, ended := make(chan bool), make(chan bool)
	slow := start(func(_ context.Context, s *Stream) error {
		if err := s.Send("sentence", 1); err != nil {
			return err
		}
		<-began
		return s.Send("done", 2)
	})
	var got strings.Builder
	read := make(chan error)
	go func() {
		first := true
		read <- slow.Follow(t.Context(), 0, time.Minute, func(b []byte) error {
			if first {
				first = false
				close(began)
				<-ended
			}
			got.Write(b)
			return nil
		})
	}()
	<-began
	for end := false; !end; time.Sleep(time.Millisecond) {
		slow.mu.Lock()
		end = slow.done
		slow.mu.Unlock()
	}
	other := start(func(_ context.Context, s *Stream) error { return s.Send("sentence", strings.Repeat("a", 200)) })
	if err := other.Follow(t.Context(), 0, time.Minute, func([]byte) error { return nil }); err != nil {
		t.Error(err)
	}
	close(ended)
	if err := <-read; err != nil || !strings.Contains(got.String(), "event: done") {
		t.Errorf("got %q, %v", got.String(), err)
	}
}
