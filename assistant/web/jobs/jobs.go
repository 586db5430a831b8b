// Package jobs works on jobs one after another in the background, tells how far
// they are and keeps how they ended in the state file.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"biseo/assistant/state"
)

// Work does a job. It tells how far it is, as often as it likes, and returns what
// came of it; both are kept as JSON, the last one wins. Work is called once for each
// job, with a ctx that has ended where the job was canceled before its turn, so that
// it can clear up. Work must not panic, nor tell anything once it has returned.
type Work func(ctx context.Context, tell func(detail any)) (detail any, err error)

// An Explained error is one whose text may be shown to the owner of a job.
type Explained struct{ Text string }

func (e *Explained) Error() string { return e.Text }

// most is how many jobs may wait.
const most = 100

var (
	ErrFull   = errors.New("jobs: too many are waiting")
	ErrClosed = errors.New("jobs: the service is stopping")
	errCancel = errors.New("jobs: canceled")
	errStop   = errors.New("jobs: stopped with the service")
)

// A Queue works on one job at a time. Safe for concurrent use.
type Queue struct {
	lg    *slog.Logger
	store *state.Store
	now   func() time.Time
	ended func(kind, state string)

	mu      sync.Mutex
	waiting []*job
	active  *job // nil: no goroutine is at work
	live    map[string]*job
	closed  bool
	working sync.WaitGroup
}

type job struct {
	work   Work
	ctx    context.Context
	cancel context.CancelCauseFunc

	// Guarded by Queue.mu.
	state   state.Job
	changed chan struct{}
	saved   time.Time
}

// New returns an empty queue over store. ended, which may be nil, is told how each
// job ends.
func New(lg *slog.Logger, store *state.Store, now func() time.Time, ended func(kind, state string)) *Queue {
	if ended == nil {
		ended = func(string, string) {}
	}
	return &Queue{lg: lg, store: store, now: now, ended: ended, live: map[string]*job{}}
}

// Add stores a job and works on it when those before it have ended. The work keeps
// the values of ctx and not its end.
func (q *Queue) Add(ctx context.Context, owner, kind string, work Work) (state.Job, error) {
	q.mu.Lock()
	full, closed := len(q.waiting) >= most, q.closed
	if !full && !closed {
		q.working.Add(1) // Close waits for the job that is being stored
		defer q.working.Done()
	}
	q.mu.Unlock()
	switch {
	case closed:
		return state.Job{}, ErrClosed
	case full:
		return state.Job{}, ErrFull
	}
	stored, err := q.store.CreateJob(ctx, state.Job{Owner: owner, Kind: kind})
	if err != nil {
		return stored, err
	}
	j := &job{work: work, state: stored, changed: make(chan struct{})}
	j.ctx, j.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	q.mu.Lock()
	defer q.mu.Unlock()
	q.live[stored.ID] = j
	q.waiting = append(q.waiting, j)
	if q.closed { // meanwhile
		j.cancel(errStop)
	}
	if q.active == nil {
		q.active = j
		q.working.Go(q.run)
	}
	return stored, nil
}

// Close ends the job that is being worked on and those that wait, which are told to
// have failed because the service stops, and takes no more. It returns when all have
// cleared up, or with the error of ctx.
func (q *Queue) Close(ctx context.Context) error {
	q.mu.Lock()
	q.closed = true
	for _, j := range q.live {
		j.cancel(errStop)
	}
	q.mu.Unlock()
	done := make(chan struct{})
	go func() {
		q.working.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("end jobs: %w", ctx.Err())
	}
}

// Interrupted is what the owner of a job reads that the end of the service cut short.
const Interrupted = "서비스가 멈추어 끝내지 못했으니 다시 요청해 주세요."

// run works until nothing waits.
func (q *Queue) run() {
	for {
		q.mu.Lock()
		if len(q.waiting) == 0 {
			q.active = nil
			q.mu.Unlock()
			return
		}
		j := q.waiting[0]
		q.waiting, q.active = q.waiting[1:], j
		q.mu.Unlock()
		q.do(j)
	}
}

func (q *Queue) do(j *job) {
	defer j.cancel(nil)
	if j.ctx.Err() == nil {
		q.note(j, state.Running, nil, "", true)
	}
	detail, err := j.work(j.ctx, func(detail any) { q.note(j, state.Running, detail, "", false) })
	var known *Explained
	switch {
	case err == nil:
		q.note(j, state.Done, detail, "", true)
	case errors.Is(context.Cause(j.ctx), errCancel):
		q.note(j, state.Canceled, detail, "", true)
	case errors.Is(context.Cause(j.ctx), errStop):
		q.note(j, state.Failed, detail, Interrupted, true)
	case errors.As(err, &known):
		q.note(j, state.Failed, detail, known.Text, true)
	default:
		q.lg.Error("job failed", "job", j.state.ID, "kind", j.state.Kind, "err", err)
		q.note(j, state.Failed, detail, "처리하지 못했습니다. 잠시 뒤 다시 시도하고, 계속되면 작업 번호를 관리자에게 알려 주세요.", true)
	}
}

// note changes what is told of a job. It is stored if it must be, and otherwise
// every two seconds. A job that has ended is forgotten: the store
// knows it.
func (q *Queue) note(j *job, st string, detail any, why string, must bool) {
	q.mu.Lock()
	j.state.State, j.state.Error = st, why
	if detail != nil {
		b, err := json.Marshal(detail)
		if err != nil {
			b = []byte("null")
			q.lg.Error("job detail", "job", j.state.ID, "err", err)
		}
		j.state.Detail = b
	}
	j.state.Updated = q.now().UTC()
	store := must || j.state.Updated.Sub(j.saved) > 2*time.Second
	if store {
		j.saved = j.state.Updated
	}
	copied := j.state
	q.mu.Unlock()
	if store { // before anybody is told: who reads that a job is done finds it done
		if _, err := q.store.UpdateJob(context.WithoutCancel(j.ctx), copied); err != nil {
			q.lg.Error("store job", "job", copied.ID, "err", err)
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	close(j.changed)
	if st == state.Running {
		j.changed = make(chan struct{})
		return
	}
	delete(q.live, j.state.ID)
	q.ended(j.state.Kind, st)
}

// Job returns a job of an owner, or of anybody where all is set, as it is now.
// changed is closed when there is more to tell; it is nil for a job that has ended.
func (q *Queue) Job(ctx context.Context, owner, id string, all bool) (_ state.Job, changed <-chan struct{}, err error) {
	q.mu.Lock()
	j := q.live[id]
	if j != nil && (all || j.state.Owner == owner) {
		defer q.mu.Unlock()
		return j.state, j.changed, nil
	}
	q.mu.Unlock()
	if !all {
		stored, err := q.store.Job(ctx, owner, id)
		return stored, nil, err
	}
	for after := ""; ; {
		page, next, err := q.store.AllJobs(ctx, after, 0)
		if err != nil {
			return state.Job{}, nil, err
		}
		for _, stored := range page {
			if stored.ID == id {
				return stored, nil, nil
			}
		}
		if after = next; after == "" {
			return state.Job{}, nil, fmt.Errorf("read job: %w", state.ErrNotFound)
		}
	}
}

// Jobs is a page of the jobs of an owner, or of all, the last first, as they are now.
func (q *Queue) Jobs(ctx context.Context, owner string, all bool, after string, limit int) ([]state.Job, string, error) {
	var page []state.Job
	var next string
	var err error
	if all {
		page, next, err = q.store.AllJobs(ctx, after, limit)
	} else {
		page, next, err = q.store.Jobs(ctx, owner, after, limit)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, stored := range page {
		if j := q.live[stored.ID]; j != nil {
			page[i] = j.state
		}
	}
	return page, next, err
}

// Cancel ends a job that waits or is being worked on. One that has ended stays as
// it is, which is no error.
func (q *Queue) Cancel(ctx context.Context, owner, id string, all bool) error {
	if _, _, err := q.Job(ctx, owner, id, all); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if j := q.live[id]; j != nil {
		j.cancel(errCancel)
	}
	return nil
}
