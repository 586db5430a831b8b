// Package stream keeps server-sent events so that a reader who lost the
// connection goes on where it was cut.
//
// Work writes events into a [Stream] of a [Hub], whether somebody reads or not;
// readers follow the stream from any event that is still kept. Work that nobody
// follows is stopped after a short grace. The package knows nothing of HTTP.
package stream

import (
	"cmp"
	"container/list"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Options bound a [Hub]. Zero fields get the values named.
type Options struct {
	Running int           // streams whose work is under way at most; 0 means 4,096
	Bytes   int           // of all events kept; 0 means 64 MB. Beyond it the oldest go
	Keep    time.Duration // how long a stream is kept after its end; 0 means 5 minutes
	Grace   time.Duration // how long work goes on that nobody follows; 0 means 10 seconds
	Number  func(n int)   // told how many streams have work under way whenever it changes; may be nil
}

var (
	// ErrNotFound reports a stream that is not kept, or is another owner's.
	ErrNotFound = errors.New("stream: not found")
	// ErrGone reports events that are no longer kept.
	ErrGone = errors.New("stream: the events asked for are no longer kept")
	// ErrFull reports that as many streams run as the hub allows.
	ErrFull = errors.New("stream: too many at a time")
	// errLeft is the cause that stops work which nobody follows any more.
	errLeft = errors.New("stream: nobody follows")
)

// A Hub holds the streams of a service. Safe for concurrent use.
type Hub struct {
	opt Options

	mu      sync.Mutex
	streams map[string]*Stream
	ended   list.List // of *Stream, the one that ended first in front
	running int
	bytes   int
}

// New returns an empty hub.
func New(o Options) *Hub {
	o.Running = cmp.Or(o.Running, 4096)
	o.Bytes = cmp.Or(o.Bytes, 64<<20)
	o.Keep = cmp.Or(o.Keep, 5*time.Minute)
	o.Grace = cmp.Or(o.Grace, 10*time.Second)
	return &Hub{opt: o, streams: map[string]*Stream{}}
}

// A Stream is the events of one piece of work.
type Stream struct {
	ID    string
	hub   *Hub
	owner string
	stop  context.CancelCauseFunc

	mu        sync.Mutex
	first     int      // number of events[0], from 1
	events    [][]byte // as they are sent
	done      bool
	err       error         // of the work
	changed   chan struct{} // closed at the next change
	followers int
	grace     *time.Timer // running while nobody follows
}

// Start runs work in a goroutine of its own and returns its stream, which only
// its owner finds. The work keeps the values of ctx and not its end: it is stopped
// when nobody has followed the stream for the grace, or by [Stream.Follow]. It sends
// events until it returns; an error of send, too, must end it. Work must not panic.
func (h *Hub) Start(ctx context.Context, owner string, work func(ctx context.Context, s *Stream) error) (*Stream, error) {
	h.mu.Lock()
	if h.running >= h.opt.Running {
		h.mu.Unlock()
		return nil, ErrFull
	}
	ctx, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	s := &Stream{ID: rand.Text(), hub: h, owner: owner, stop: stop, first: 1, changed: make(chan struct{})}
	h.streams[s.ID] = s
	h.running++
	h.number(h.running)
	h.mu.Unlock()
	s.mu.Lock()
	s.wait()
	s.mu.Unlock()
	go func() {
		defer stop(nil)
		s.end(work(ctx, s))
	}()
	return s, nil
}

// Find returns the stream of that ID, if it is the owner's and still kept.
func (h *Hub) Find(owner, id string) (*Stream, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.streams[id]
	if s == nil || s.owner != owner {
		return nil, ErrNotFound
	}
	return s, nil
}

// Send adds an event: a name and one line of JSON. Only the stream's own work may
// send.
func (s *Stream) Send(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("event %s: %w", name, err)
	}
	s.mu.Lock()
	b := fmt.Appendf(nil, "id: %d\nevent: %s\ndata: %s\n\n", s.first+len(s.events), name, data)
	s.events = append(s.events, b)
	s.tell()
	s.mu.Unlock()
	s.hub.grow(s, len(b))
	return nil
}

// Started waits for the first event or for the end. The error is that of work
// which ended without an event, or that of ctx: then the work is stopped.
func (s *Stream) Started(ctx context.Context) error {
	for {
		s.mu.Lock()
		sent, done, err, changed := s.first+len(s.events) > 1, s.done, s.err, s.changed
		s.mu.Unlock()
		switch {
		case sent:
			return nil
		case done:
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			s.stop(context.Cause(ctx))
			return context.Cause(ctx)
		}
	}
}

// Follow passes the events behind the one numbered after to write, several at a
// time where they are there, until the stream has ended and all were passed on.
// In a silence of the length of beat it writes a comment. It ends early with
// [ErrGone], with an error of write, or with ctx.
//
// A ctx that ends with a cause other than [context.Canceled], such as that the
// service stops, stops the work; what the work has to say to it is still passed on.
func (s *Stream) Follow(ctx context.Context, after int, beat time.Duration, write func([]byte) error) error {
	s.enter()
	defer s.leave()
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	leaving := ctx.Done()
	for {
		s.mu.Lock()
		if after+1 < s.first {
			s.mu.Unlock()
			return ErrGone
		}
		var b []byte
		if n := after + 1 - s.first; n < len(s.events) {
			for _, e := range s.events[n:] {
				b = append(b, e...)
			}
			after = s.first + len(s.events) - 1
		}
		done, changed := s.done, s.changed
		s.mu.Unlock()
		if len(b) > 0 {
			if err := write(b); err != nil {
				return err
			}
			ticker.Reset(beat)
			continue
		}
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ticker.C:
			if err := write([]byte(": keep-alive\n\n")); err != nil {
				return err
			}
		case <-leaving:
			if cause := context.Cause(ctx); errors.Is(cause, context.Canceled) {
				return cause
			} else {
				s.stop(cause)
			}
			leaving = nil
		}
	}
}

// Kept reports whether the events behind the one numbered after are kept, so that
// [Stream.Follow] can begin there.
func (s *Stream) Kept(after int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return after >= 0 && after+1 >= s.first && after < s.first+len(s.events)
}

func (s *Stream) enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.followers++
	s.grace.Stop()
}

func (s *Stream) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.followers--; s.followers == 0 && !s.done {
		s.wait()
	}
}

func (s *Stream) followed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.followers > 0
}

// wait stops the work after the grace unless somebody comes. The caller holds mu.
func (s *Stream) wait() {
	s.grace = time.AfterFunc(s.hub.opt.Grace, func() {
		s.mu.Lock()
		alone := s.followers == 0
		s.mu.Unlock()
		if alone {
			s.stop(errLeft)
		}
	})
}

// tell wakes who waits. The caller holds mu.
func (s *Stream) tell() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// end notes how the work ended, and has the stream forgotten later.
func (s *Stream) end(err error) {
	s.mu.Lock()
	s.done, s.err = true, err
	s.grace.Stop()
	s.tell()
	empty := s.first+len(s.events) == 1
	s.mu.Unlock()
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running--
	h.number(h.running)
	if empty {
		delete(h.streams, s.ID)
		return
	}
	at := h.ended.PushBack(s)
	time.AfterFunc(h.opt.Keep, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.forget(at)
	})
}

// grow counts n bytes of s and makes room for them: by the streams that ended
// first and that nobody follows any more, then by the oldest events of s itself.
func (h *Hub) grow(s *Stream, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bytes += n
	for at := h.ended.Front(); at != nil && h.bytes > h.opt.Bytes; {
		next := at.Next()
		if !at.Value.(*Stream).followed() { // else its last events may be on their way
			h.forget(at)
		}
		at = next
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for h.bytes > h.opt.Bytes && len(s.events) > 1 {
		h.bytes -= len(s.events[0])
		s.events[0] = nil
		s.events, s.first = s.events[1:], s.first+1
	}
}

// forget drops a stream that has ended. The caller holds h.mu.
func (h *Hub) forget(at *list.Element) {
	s := at.Value.(*Stream)
	if h.streams[s.ID] == nil {
		return
	}
	h.ended.Remove(at)
	delete(h.streams, s.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		h.bytes -= len(e)
	}
	s.first, s.events = s.first+len(s.events), nil
}

func (h *Hub) number(n int) {
	if h.opt.Number != nil {
		h.opt.Number(n)
	}
}
