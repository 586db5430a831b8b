package ingest

import (
	"context"
	"maps"
	"path"
	"slices"
	"time"

	"biseo/index"
)

// order gives the versions of a Work their Until.
func (s *syncer) order(ctx context.Context, work string) error {
	for _, id := range s.versions[work] {
		d, ok := s.docs[id]
		if !ok || d.Work != work {
			continue
		}
		d.Until = s.until(d)
		if err := s.describe(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// link points each document to the newest one that is near-identical to it.
func (s *syncer) link(ctx context.Context) error {
	var docs []index.Doc
	for _, id := range slices.Sorted(maps.Keys(s.docs)) {
		docs = append(docs, s.docs[id])
	}
	for i, near := range newest(docs) {
		d := docs[i]
		d.Near = near
		if err := s.describe(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// until is the earlier of d's Ends and the From of the next version of its Work.
func (s *syncer) until(d index.Doc) time.Time {
	until := d.Ends
	for _, id := range s.versions[d.Work] {
		o, ok := s.docs[id]
		if !ok || o.Work != d.Work || o.ID == d.ID {
			continue
		}
		later := o.From.After(d.From) || o.From.Equal(d.From) && o.ID > d.ID
		if later && mayEnd(o, d) && !o.From.IsZero() && (until.IsZero() || o.From.Before(until)) {
			until = o.From
		}
	}
	return until
}

// mayEnd reports whether o, a later version of d by its own words, may end it.
// Anyone who may put a file into some folder can write such words, so whoever
// reads d must get o in its place: o is open to all readers of d. And o stands in
// the folder of d, unless both are law, whose versions an office receives from outside.
func mayEnd(o, d index.Doc) bool {
	open := o.Grade != 0 && (o.Grade <= d.Grade || d.Grade == 0)
	for _, g := range d.Readers {
		open = open && (slices.Contains(o.Readers, g) || slices.Contains(o.Readers, index.Public))
	}
	return (open || slices.Equal(o.Readers, d.Readers) && o.Grade == d.Grade) &&
		(path.Dir(o.Source) == path.Dir(d.Source) || index.IsLaw(o.Kind) && index.IsLaw(d.Kind))
}
