package llm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Limits say how much is asked of one server. The zero value is a good choice for a
// model on the same machine.
type Limits struct {
	Parallel int              // calls under way at once; others wait their turn in order; 0 means 4
	Failures int              // failures in a row after which the server is left alone; 0 means 3
	Pause    time.Duration    // how long it is left alone; 0 means 15 s
	Now      func() time.Time // nil means time.Now

	Waited func(time.Duration) // told how long each call waited for its turn, if not nil
	Rests  func(bool)          // told when the server is left alone and when it has served again, if not nil
}

const (
	defaultParallel = 4
	defaultFailures = 3
	defaultPause    = 15 * time.Second
	leastSilence    = 3 * time.Second // a caller who waited less knows nothing about the server
)

var (
	// ErrBusy reports that a call's context ended before its turn came. The context's
	// own error is wrapped too.
	ErrBusy = errors.New("the model served others until the time was over")
	// ErrResting reports that the server failed several times in a row and is not
	// asked for a while.
	ErrResting = errors.New("the model failed several times in a row and is left alone for a while")
)

// Limit returns g under limits: a queue for the calls beyond Parallel, and a circuit
// breaker. After Failures calls in a row that the server did not serve, calls end
// at once with [ErrResting]; after Pause one call is let through to try, and when
// it succeeds all are. A call's own faults do not count: a request that the server
// refused, an empty answer, an error of emit, a caller that went away.
func Limit(g Generator, l Limits) Generator { return &limited{g, newGate(l)} }

// LimitEmbedder is [Limit] for an embedder.
func LimitEmbedder(e Embedder, l Limits) Embedder { return &limitedEmbedder{e, newGate(l)} }

type limited struct {
	Generator
	gate *gate
}

func (l *limited) Generate(ctx context.Context, req Request, emit func(string) error) (*Response, error) {
	var resp *Response
	var refused error // by emit
	written := false
	counted := emit
	if emit != nil {
		counted = func(piece string) error {
			written = true
			refused = emit(piece)
			return refused
		}
	}
	err := l.gate.do(ctx, func() (err error, blame bool) {
		resp, err = l.Generator.Generate(ctx, req, counted)
		return err, refused == nil && (ctx.Err() == nil || !written)
	})
	return resp, named("generate with "+l.Model(), err)
}

type limitedEmbedder struct {
	Embedder
	gate *gate
}

func (l *limitedEmbedder) Embed(ctx context.Context, role Role, texts []string) ([][]float32, error) {
	var vecs [][]float32
	err := l.gate.do(ctx, func() (err error, blame bool) {
		vecs, err = l.Embedder.Embed(ctx, role, texts)
		return err, true
	})
	return vecs, named("embed with "+l.Space(), err)
}

// named puts the operation before an error of a gate; others name it already.
func named(operation string, err error) error {
	if errors.Is(err, ErrBusy) || errors.Is(err, ErrResting) {
		return fmt.Errorf("%s: %w", operation, err)
	}
	return err
}

// A gate stands before one server. Safe for concurrent use.
type gate struct {
	limits Limits
	turns  chan struct{} // holds one for each call under way

	mu      sync.Mutex
	failed  int       // in a row
	until   time.Time // when failed has reached its limit: nobody passes before
	probing bool      // one call tries whether the server is back
}

func newGate(l Limits) *gate {
	l.Parallel, l.Failures = orDefault(l.Parallel, defaultParallel), orDefault(l.Failures, defaultFailures)
	l.Pause = orDefault(l.Pause, defaultPause)
	if l.Now == nil {
		l.Now = time.Now
	}
	return &gate{limits: l, turns: make(chan struct{}, l.Parallel)}
}

// do makes a call in its turn. The call tells with its error whether the server may
// be to blame for it.
func (g *gate) do(ctx context.Context, call func() (err error, blame bool)) error {
	if _, err := g.enter(false); err != nil {
		return err // at once, without a turn
	}
	if err := g.queue(ctx); err != nil {
		return err
	}
	defer func() { <-g.turns }()
	probe, err := g.enter(true)
	if err != nil {
		return err // the calls before this one failed
	}
	began := g.limits.Now()
	after := unknown
	defer func() { g.leave(probe, after) }() // a call that panics too
	err, blame := call()
	switch silent := g.limits.Now().Sub(began) >= leastSilence; {
	case err == nil:
		after = served
	case !blame || errors.Is(err, ErrRefused) || errors.Is(err, ErrEmpty):
	case ctx.Err() != nil && (errors.Is(ctx.Err(), context.Canceled) || !silent):
	default:
		after = failed
	}
	return err
}

// queue waits for a turn.
func (g *gate) queue(ctx context.Context) error {
	if g.limits.Waited != nil {
		asked := g.limits.Now()
		defer func() { g.limits.Waited(g.limits.Now().Sub(asked)) }()
	}
	select {
	case g.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrBusy, context.Cause(ctx))
	}
}

// enter returns an error while the server is left alone. Where going is set and
// the pause is over, the caller is the one that tries the server.
func (g *gate) enter(going bool) (probe bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.failed < g.limits.Failures:
		return false, nil
	case g.probing || g.limits.Now().Before(g.until):
		return false, ErrResting
	}
	g.probing = going
	return going, nil
}

// A finding is what a call tells about the server.
type finding uint8

const (
	unknown finding = iota
	served
	failed
)

func (g *gate) leave(probe bool, f finding) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if probe {
		g.probing = false
	}
	switch f {
	case served:
		if g.failed >= g.limits.Failures {
			g.rests(false)
		}
		g.failed = 0
	case failed:
		if g.failed++; g.failed >= g.limits.Failures {
			g.until = g.limits.Now().Add(g.limits.Pause)
			g.rests(true)
		}
	}
}

func (g *gate) rests(now bool) {
	if g.limits.Rests != nil {
		g.limits.Rests(now)
	}
}
