package jobs

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"biseo/assistant/state"
)

func queue(t *testing.T) *Queue {
	t.Helper()
	store, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return New(slog.New(slog.DiscardHandler), store, time.Now, nil)
}

// await follows a job to its end.
func await(t *testing.T, q *Queue, id string) state.Job {
	t.Helper()
	for {
		j, changed, err := q.Job(t.Context(), "kim", id, false)
		if err != nil {
			t.Fatal(err)
		}
		if changed == nil {
			return j
		}
		select {
		case <-changed:
		case <-time.After(10 * time.Second):
			t.Fatalf("job stays %s", j.State)
		}
	}
}

func TestQueue(t *testing.T) {
	q := queue(t)
	var working atomic.Int32
	one := func(out any, err error) Work {
		return func(ctx context.Context, tell func(any)) (any, error) {
			if working.Add(1) > 1 {
				t.Error("two jobs at a time")
			}
			defer working.Add(-1)
			tell("half")
			return out, err
		}
	}
	var ids []string
	for _, w := range []Work{one("whole", nil), one(nil, errors.New("disk: secret")), one("part", &Explained{"파일이 없습니다."})} {
		j, err := q.Add(t.Context(), "kim", "add", w)
		if err != nil || j.State != state.Queued {
			t.Fatal(j.State, err)
		}
		ids = append(ids, j.ID)
	}
	for i, want := range []struct{ state, detail, err string }{
		{state.Done, `"whole"`, ""},
		{state.Failed, `"half"`, "처리하지 못했습니다. 잠시 뒤 다시 시도하고, 계속되면 작업 번호를 관리자에게 알려 주세요."},
		{state.Failed, `"part"`, "파일이 없습니다."},
	} {
		if j := await(t, q, ids[i]); j.State != want.state || string(j.Detail) != want.detail || j.Error != want.err {
			t.Errorf("job %d: got %s %s %q, want %v", i, j.State, j.Detail, j.Error, want)
		}
	}
	if _, _, err := q.Job(t.Context(), "lee", ids[0], false); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("another owner: got %v", err)
	}
	if j, _, err := q.Job(t.Context(), "lee", ids[0], true); err != nil || j.Owner != "kim" {
		t.Errorf("an administrator: got %v", err)
	}
}

// With the service end the job that is worked on and those that wait, and say why.
func TestClose(t *testing.T) {
	q := queue(t)
	began, cleared := make(chan struct{}), make(chan struct{}, 2)
	work := func(ctx context.Context, _ func(any)) (any, error) {
		if ctx.Err() == nil {
			close(began)
		}
		<-ctx.Done()
		cleared <- struct{}{}
		return nil, ctx.Err()
	}
	var all []state.Job
	for range 2 {
		j, err := q.Add(t.Context(), "kim", "add", work)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, j)
	}
	<-began
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(cleared) != 2 {
		t.Errorf("%d of 2 jobs have cleared up", len(cleared))
	}
	for _, j := range all {
		if j := await(t, q, j.ID); j.State != state.Failed || j.Error != Interrupted {
			t.Errorf("got %s %q", j.State, j.Error)
		}
	}
	if _, err := q.Add(t.Context(), "kim", "add", work); !errors.Is(err, ErrClosed) {
		t.Errorf("after the end: got %v", err)
	}
}

// A job that is being stored when the service ends is waited for: behind Close the
// store is closed.
func TestCloseWhileAdding(t *testing.T) {
	storing, free := make(chan struct{}), make(chan struct{})
	var slow atomic.Bool
	store, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), state.Options{Now: func() time.Time {
		if slow.CompareAndSwap(true, false) {
			close(storing)
			<-free
		}
		return time.Now()
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	q := New(slog.New(slog.DiscardHandler), store, time.Now, nil)
	slow.Store(true)
	added := make(chan state.Job)
	go func() {
		j, err := q.Add(t.Context(), "kim", "add", func(ctx context.Context, _ func(any)) (any, error) { return nil, ctx.Err() })
		if err != nil {
			t.Error(err)
		}
		added <- j
	}()
	<-storing
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := q.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while a job is being stored: got %v", err)
	}
	close(free)
	stored := <-added
	if err := q.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if j := await(t, q, stored.ID); j.State != state.Failed || j.Error != Interrupted {
		t.Errorf("got %s %q", j.State, j.Error)
	}
}

// Who does not end is not waited for any longer than ctx lasts.
func TestCloseInTime(t *testing.T) {
	q := queue(t)
	free := make(chan struct{})
	j, err := q.Add(t.Context(), "kim", "add", func(context.Context, func(any)) (any, error) { <-free; return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := q.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	close(free)
	await(t, q, j.ID)
}

func TestCancel(t *testing.T) {
	q := queue(t)
	began := make(chan struct{})
	wait := func(ctx context.Context, _ func(any)) (any, error) {
		close(began)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	running, err := q.Add(t.Context(), "kim", "add", wait)
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := q.Add(t.Context(), "kim", "add", func(ctx context.Context, _ func(any)) (any, error) {
		if ctx.Err() == nil {
			t.Error("a job that was canceled is begun")
		}
		return nil, ctx.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	<-began
	if err := q.Cancel(t.Context(), "lee", running.ID, false); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("another owner: got %v", err)
	}
	for _, j := range []state.Job{waiting, running} {
		if err := q.Cancel(t.Context(), "kim", j.ID, false); err != nil {
			t.Fatal(err)
		}
	}
	for _, j := range []state.Job{waiting, running} {
		if j := await(t, q, j.ID); j.State != state.Canceled {
			t.Errorf("got %s", j.State)
		}
		if err := q.Cancel(t.Context(), "kim", j.ID, false); err != nil {
			t.Errorf("again: %v", err)
		}
	}
}
