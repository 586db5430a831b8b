package ingest

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// removeGone removes the documents below the given paths that no file stands for.
func (s *syncer) removeGone(ctx context.Context) error {
	present := map[string]bool{}
	for _, f := range s.tree.files {
		present[f.source()] = true
	}
	s.holdEmptied()
	gone := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(s.docs)) {
		d := s.docs[id]
		if s.claimed[id] || !s.tree.covers(d.Source) || below(d.Source, s.tree.closed) || below(d.Source, s.held) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.x.Remove(ctx, id); err != nil {
			return fmt.Errorf("remove %s: %w", id, err)
		}
		delete(s.docs, id)
		if !present[d.Source] || isEntry(d) { // the document of a file that has another one now was changed
			s.rep.Removed++
		}
		if !present[d.Source] && !gone[d.Source] && s.src.File != nil {
			s.src.File(FileState{Path: d.Source, File: d.Source, State: Removed, Time: s.src.Now()})
		}
		gone[d.Source] = true
	}
	if s.rep.Removed > 0 && len(s.tree.files) == 0 {
		s.rep.Warnings = append(s.rep.Warnings, fmt.Sprintf("폴더가 비어 있어 문서 %d개를 모두 뺐습니다.", s.rep.Removed))
	}
	return nil
}

// leastHeld is how many documents an emptied folder must have had for them to stay.
const leastHeld = 10

// holdEmptied fails the given folders that look like a network drive that is lost.
func (s *syncer) holdEmptied() {
	for _, root := range s.tree.roots {
		dir := []string{root}
		if below(root, s.held) || slices.ContainsFunc(s.tree.files, func(f file) bool { return below(f.source(), dir) }) {
			continue
		}
		lost := 0
		for id, d := range s.docs {
			if !s.claimed[id] && below(d.Source, dir) && !below(d.Source, s.tree.closed) {
				lost++
			}
		}
		if lost < leastHeld {
			continue
		}
		s.held = append(s.held, root)
		f := s.fail(root, &FileError{
			fmt.Sprintf("폴더가 비어 있습니다. 저장된 문서 %d개는 지우지 않고 두었습니다.", lost),
			"공유 폴더의 연결이 끊겼는지 확인한 뒤 다시 실행해 주세요. 정말 지우려면 이 폴더에 문서를 하나 두고 다시 실행하거나, 남길 폴더를 모두 적어 biseo ingest --rebuild로 색인을 새로 만들어 주세요.",
		}, true)
		s.heldStates = append(s.heldStates, FileState{Path: root, File: root, State: Failed, Reason: f.Reason, Next: f.Next, Time: s.src.Now()})
	}
}
