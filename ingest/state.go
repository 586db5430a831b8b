package ingest

import (
	"context"
	"maps"
	"slices"
)

// recall reads how the files stood before and notes the new ones.
func (s *syncer) recall(ctx context.Context) error {
	s.known, s.entries = map[string]FileState{}, map[string]bool{}
	if s.src.Ledger == nil {
		return nil
	}
	old, err := s.src.Ledger.Files(ctx, nil)
	if err != nil {
		return err
	}
	for _, f := range old {
		if f.Path == f.File {
			s.known[f.File] = f
		} else {
			s.entries[f.File] = true
		}
	}
	var found []FileState
	for _, f := range s.tree.files {
		if _, ok := s.known[f.source()]; !ok {
			found = append(found, FileState{Path: f.source(), File: f.source(), State: New, Time: s.src.Now()})
		}
	}
	for _, dir := range s.tree.closed {
		found = append(found, FileState{Path: dir, File: dir, State: Failed, Reason: errClosed.Reason, Next: errClosed.Next, Time: s.src.Now()})
	}
	return s.src.Ledger.begin(ctx, s.tree.roots, s.src.Readers, found)
}

// settled tells and keeps how the file of p stands.
func (s *syncer) settled(ctx context.Context, p prepared, now FileState) error {
	if p.skip {
		return nil
	}
	now.Time = s.src.Now()
	before, ok := s.known[now.File]
	if now.State == Unchanged && ok && before.Documents == now.Documents {
		// What was said of it when it was read still holds.
		now = before
		now.State = Unchanged
		if len(now.Warnings) > 0 {
			now.State = Warned
		}
		now.Reason, now.Next = "", ""
	}
	if s.src.File != nil {
		s.src.File(now)
		for _, e := range now.entries {
			s.src.File(e)
		}
	}
	if s.src.Ledger == nil || ok && !s.entries[now.File] && before.State == now.State && before.Time.Equal(now.Time) {
		return nil
	}
	states := []FileState{now}
	for _, e := range now.entries {
		e.Time = now.Time
		states = append(states, e)
	}
	return s.src.Ledger.set(ctx, []string{now.File}, states)
}

// forget drops what the ledger holds of files that are gone from the given paths.
func (s *syncer) forget(ctx context.Context) error {
	if s.src.Ledger == nil {
		return nil
	}
	present := map[string]bool{}
	for _, f := range s.tree.files {
		present[f.source()] = true
	}
	var gone []string
	for _, f := range slices.Sorted(maps.Keys(s.known)) {
		if !present[f] && s.tree.covers(f) && !below(f, s.tree.closed) && !below(f, s.held) {
			gone = append(gone, f)
		}
	}
	if err := s.src.Ledger.set(ctx, gone, s.heldStates); err != nil {
		return err
	}
	return s.src.Ledger.end(ctx, s.src.Now())
}

// toRead counts the files of this run, and the bytes of those that plan will read.
func (s *syncer) toRead() (files int, size int64) {
	for _, f := range s.tree.files {
		if !f.skip {
			files++
		}
		if f.reading {
			size += f.size
		}
	}
	return files, size
}
