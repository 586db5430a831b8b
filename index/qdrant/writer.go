package qdrant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"

	"biseo/index"
)

// A writer makes changes, one after the other, numbered. Each is a point of its
// own that is written first and says what it will do, so that the next writer can
// undo what a crash left half done; then come the new chunks; then the point of
// the document, by which the change counts; then the former chunks are deleted.
//
// Who may write is said by a lease in the point meta: a second process waits for
// it up to Options.Wait. A lease ends by itself some seconds after the last write.
type writer struct {
	x     *Index
	turn  chan struct{} // holds one token while a change is made
	owner string
	term  time.Duration // of the lease; 0 means leaseTerm
	room  int64         // bytes of changes, beyond the size of the stored frequencies, that are kept; 0 means 1 MB

	stop func(*qdrant.PointsUpdateOperation) bool // tests end a change before an operation

	collection string    // that the lease is for
	until      time.Time // end of the lease; zero: what is stored is not known
	next       int64     // number of the next change
	since      int64     // bytes of changes that the stored frequencies do not know
	size       int64     // bytes of the stored frequencies

	first  int64            // latest knows the changes after this one
	latest map[string]int64 // last change of each document
}

const leaseTerm = 4 * time.Second

// update makes one change. While a node of a cluster is away it tries again.
func (x *Index) update(ctx context.Context, change func(context.Context, *writer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if x.opt.ReadOnly {
		return fmt.Errorf("index %s: opened for reading only", x.opt.Collection)
	}
	if _, err := x.fit(); err != nil {
		return err
	}
	w := &x.writer
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-w.turn }()
	for end := time.Now().Add(x.opt.Wait); ; {
		err := w.begin(ctx)
		if err == nil {
			err = change(ctx, w)
		}
		if err == nil || errors.Is(err, index.ErrNotFound) || errors.Is(err, index.ErrFingerprint) {
			return err
		}
		w.until = time.Time{} // how far it came is not known: begin looks
		if !passing(err) || time.Now().After(end) {
			return x.explain(ctx, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

var errBusy = errors.New("another process is writing to it, try again when it is done")

// passing reports whether an error may pass by itself: another writer, or a node
// that has just gone or come back.
func passing(err error) bool {
	switch code(err) {
	case codes.Unavailable, codes.Internal, codes.Aborted, codes.NotFound, codes.FailedPrecondition:
		return true
	}
	return errors.Is(err, errBusy)
}

// begin takes or renews the lease, and after another writer or a failure finds
// out where to go on.
func (w *writer) begin(ctx context.Context) error {
	x := w.x
	term := cmp.Or(w.term, leaseTerm)
	now := time.Now()
	if w.until.Sub(now) > term/2 {
		return nil
	}
	known := w.until.After(now)
	if !known {
		w.collection = x.name
		if x.name == x.opt.Collection {
			live, err := x.live(ctx)
			if err != nil {
				return err
			}
			if w.collection = live; live == "" {
				return errors.New("the index has gone, run biseo ingest --rebuild")
			}
		}
	}
	m, err := w.take(ctx, !known)
	if err != nil {
		return err
	}
	if !known {
		if err := w.look(ctx, m); err != nil {
			w.until = time.Time{}
			return err
		}
	}
	return nil
}

// look finds out where to go on.
func (w *writer) look(ctx context.Context, m *meta) error {
	if err := w.x.identify(ctx); err != nil {
		return err
	}
	if _, err := w.x.fit(); err != nil {
		return err
	}
	w.latest = map[string]int64{}
	if err := w.recover(ctx, m); err != nil {
		return err
	}
	if err := w.x.load(ctx); err != nil {
		return err
	}
	w.first = w.next - 1
	return nil
}

// take renews the lease or, with free, takes it where nobody has it.
func (w *writer) take(ctx context.Context, free bool) (*meta, error) {
	now := time.Now()
	until := now.Add(cmp.Or(w.term, leaseTerm))
	where := func(c *qdrant.Condition) *qdrant.PointsUpdateOperation {
		which := &qdrant.Filter{Must: []*qdrant.Condition{qdrant.NewHasID(metaID), c}}
		return setPayload(qdrant.NewPointsSelectorFilter(which), map[string]any{"owner": w.owner, "lease": until.UnixMilli()})
	}
	// Ours, or free: the engine decides for one of several.
	operations := []*qdrant.PointsUpdateOperation{where(qdrant.NewMatchKeyword("owner", w.owner))}
	if free {
		operations = append(operations, where(qdrant.NewRange("lease", &qdrant.Range{Lt: qdrant.PtrOf(float64(now.UnixMilli()))})))
	}
	if err := w.x.apply(ctx, w.collection, operations...); err != nil {
		return nil, err
	}
	m, err := w.x.readMeta(ctx, w.collection)
	if err != nil {
		return nil, err
	}
	if m.owner != w.owner {
		return nil, errBusy
	}
	w.until = until
	return m, nil
}

// keep renews the lease before a change is written whose making took long. It is
// [errBusy] if another process has written since: the change must be made anew.
func (w *writer) keep(ctx context.Context) error {
	if time.Until(w.until) > cmp.Or(w.term, leaseTerm)/4 {
		return nil
	}
	_, err := w.take(ctx, false)
	return err
}

var errOverrun = errors.New("it was written to by another process while this one had stopped for a while: check it with biseo doctor, and run biseo ingest --rebuild if it is damaged")

// kept is [errOverrun] if the lease ended while a change was written and another
// process has taken it.
func (w *writer) kept(ctx context.Context) error {
	if time.Now().Before(w.until) {
		return nil
	}
	m, err := w.x.readMeta(ctx, w.collection)
	if err == nil && m.owner != w.owner {
		err = errOverrun
	}
	return err
}

// release ends the lease.
func (w *writer) release() {
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	default:
		return // a change is being made: the lease ends by itself
	}
	if w.until.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	w.until = time.Time{}
	err := w.x.apply(ctx, w.collection, setPayload(qdrant.NewPointsSelectorFilter(&qdrant.Filter{Must: []*qdrant.Condition{
		qdrant.NewHasID(metaID), qdrant.NewMatchKeyword("owner", w.owner)}}), map[string]any{"lease": 0}))
	if err != nil {
		w.x.lg.Info("the right to write ends by itself", "err", err)
	}
}

// recover looks at the last change that a writer began: it undoes it if the
// document does not have it, and finishes it if it does.
func (w *writer) recover(ctx context.Context, m *meta) error {
	x := w.x
	points, err := x.client.Scroll(ctx, &qdrant.ScrollPoints{CollectionName: w.collection,
		Filter:  &qdrant.Filter{Must: []*qdrant.Condition{qdrant.NewMatchKeyword("type", "change")}},
		OrderBy: &qdrant.OrderBy{Key: "commit", Direction: qdrant.Direction_Desc.Enum()},
		Limit:   qdrant.PtrOf(uint32(1)), WithPayload: qdrant.NewWithPayload(true)})
	if err != nil {
		return err
	}
	w.next, w.since, w.size = m.upto+1, 0, m.size
	if len(points) == 0 {
		return nil
	}
	last := readChange(points[0].GetPayload())
	w.next = last.commit + 1
	if last.commit > m.upto {
		w.since = last.since
	}
	if last.doc == "" {
		return nil // it undid another
	}
	s, err := x.stored(ctx, w.collection, last.doc)
	if err != nil {
		return err
	}
	if s == nil && last.revision == 0 || s != nil && s.commit == last.commit {
		operations := []*qdrant.PointsUpdateOperation{removeChunks(last.doc, last.former, last.deleted)}
		if s != nil && last.wrote == 0 {
			describe, err := w.describe(ctx, s)
			if err != nil {
				return err
			}
			operations = append(operations, describe...)
		}
		return x.apply(ctx, w.collection, operations...)
	}
	x.lg.Warn("undo a change that was not completed", "document", last.doc)
	t, err := last.tally()
	if err != nil {
		return err
	}
	return w.apply(ctx, change{}, t.negated(), removeChunks(last.doc, last.revision, last.wrote))
}

// stored reads the point of a document; nil if there is none.
func (x *Index) stored(ctx context.Context, collection, id string) (*stored, error) {
	points, err := x.get(ctx, collection, []*qdrant.PointId{docID(docKey(id))}, true)
	if err != nil || len(points) == 0 {
		return nil, err
	}
	s, err := readStored(points[0].GetPayload())
	if err == nil && s.doc.ID != id {
		err = fmt.Errorf("document %s has the key of document %s: give one of them another ID", id, s.doc.ID)
	}
	return s, err
}
