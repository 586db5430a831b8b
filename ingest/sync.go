package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"biseo/index"
	"biseo/llm"
)

// A Source says which files belong into the index and how they are read. Paths
// and Read are required.
type Source struct {
	Paths    []string                                                  // files and folders
	Read     func(ctx context.Context, path string) (*Document, error) // safe for concurrent use; a [FileError] explains itself
	Readers  []string                                                  // in place of what folders say; public without any grade means Open
	Mask     func(string) string                                       // hides personal data, keeps the number of code points; needed where a folder says mask: true
	Split    SplitOptions
	Workers  int              // files read at a time; 0 means one for each processor
	Now      func() time.Time // nil means time.Now; only measures Progress.Elapsed
	Progress func(Progress)   // called after each file, never twice at a time; may be nil
}

// Sync brings x in line with the files of src: adds, changes and removes
// documents until each file is one document of x. Files whose Digest did not
// change are not read; changed readers and dates need no new vectors. Only
// documents whose Source lies below a given path are removed.
//
// A file that cannot be read or embedded is a [Failure] and the rest goes on. An
// error of the index, a path that does not exist and a wrong folder file end
// Sync; the last two before anything is changed. When ctx ends, Sync finishes
// the document at hand and returns what was done with ctx's error. Running again
// completes what was left.
//
// Versions of one Work follow each other: a document's Until is the earlier of
// its Ends and the From of the next version in the order of (From, ID).
//
// Without an embedder (nil) chunks have no vectors. Otherwise its space must be
// that of x.
func Sync(ctx context.Context, lg *slog.Logger, x index.Index, e llm.Embedder, src Source) (Report, error) {
	s := &syncer{lg: lg, x: x, src: src, claimed: map[string]bool{}, written: map[string]bool{}}
	s.rep.Duplicates, s.rep.Failed, s.rep.NoReaders, s.rep.Warnings = []Duplicate{}, []Failure{}, []string{}, []string{}
	if s.src.Now == nil {
		s.src.Now = time.Now
	}
	if s.src.Workers <= 0 {
		s.src.Workers = runtime.GOMAXPROCS(0)
	}
	if e != nil {
		var err error
		if s.embed, err = newEmbedding(e, x.Space()); err != nil {
			return s.rep, err
		}
	}
	var err error
	if s.tree, err = scan(src.Paths); err != nil {
		return s.rep, err
	}
	if err := s.settle(); err != nil {
		return s.rep, err
	}
	if err := s.load(ctx); err != nil {
		return s.rep, err
	}
	if err := s.hash(ctx); err != nil {
		return s.rep, err
	}
	if err := s.files(ctx); err != nil {
		return s.rep, err
	}
	if err := s.removeGone(ctx); err != nil {
		return s.rep, err
	}
	for _, work := range slices.Sorted(maps.Keys(s.versions)) {
		if err := s.order(ctx, work); err != nil {
			return s.rep, err
		}
	}
	return s.rep, nil
}

// A syncer is one run of [Sync]. Workers read stored, tree and src; all else
// belongs to the goroutine of Sync.
type syncer struct {
	lg    *slog.Logger
	x     index.Index
	src   Source
	tree  *tree
	embed *embedding // nil without an embedder

	stored   map[string]index.Doc // by ID, as found at the start; not changed
	storedAt map[string][]string  // IDs by Source, as found at the start; not changed
	docs     map[string]index.Doc // by ID, as the index stands now
	versions map[string][]string  // IDs by Work; some may be gone
	claimed  map[string]bool      // IDs that a file of this run stands for
	written  map[string]bool      // IDs counted as added, changed or described
	rep      Report
}

// settle completes the settings of all files and reports what they lack.
func (s *syncer) settle() error {
	noReaders, noGrade := map[string]bool{}, map[string]bool{}
	for i := range s.tree.files {
		f := &s.tree.files[i]
		if len(s.src.Readers) > 0 {
			f.set.readers = groups(s.src.Readers)
			if f.set.grade == 0 && slices.Contains(f.set.readers, index.Public) {
				f.set.grade = index.Open
			}
		}
		if f.set.mask && s.src.Mask == nil {
			return fmt.Errorf("%s: its folder says mask: true, but nothing can mask", f.path)
		}
		file := filepath.ToSlash(filepath.Join(f.root, FolderFile))
		switch {
		case f.set.readers == nil && !noReaders[f.root]:
			noReaders[f.root] = true
			line := "readers: [public]"
			if f.set.grade == 0 {
				line += "\ngrade: open"
			}
			s.rep.NoReaders = append(s.rep.NoReaders, fmt.Sprintf("%s 폴더의 문서는 읽을 사람이 정해지지 않아 아무도 찾을 수 없습니다. %s 파일에 다음을 더하세요.\n%s", filepath.ToSlash(f.root), file, line))
		case len(f.set.readers) > 0 && f.set.grade == 0 && !noGrade[f.root]:
			noGrade[f.root] = true
			s.rep.Warnings = append(s.rep.Warnings, fmt.Sprintf("%s 폴더의 문서는 등급이 없어 기밀(classified)로 다룹니다. %s 파일에 grade: open 등 등급을 더하세요.", filepath.ToSlash(f.root), file))
		}
	}
	for _, dir := range s.tree.closed {
		s.fail(dir, &FileError{"폴더를 읽을 권한이 없습니다.", "폴더 권한을 확인한 뒤 다시 실행해 주세요."})
	}
	s.rep.Skipped = s.tree.skipped
	return nil
}

// load reads which documents the index holds.
func (s *syncer) load(ctx context.Context) error {
	s.stored, s.storedAt = map[string]index.Doc{}, map[string][]string{}
	s.docs, s.versions = map[string]index.Doc{}, map[string][]string{}
	for d, err := range s.x.Docs(ctx) {
		if err != nil {
			return fmt.Errorf("list documents: %w", err)
		}
		s.stored[d.ID] = d
		s.storedAt[d.Source] = append(s.storedAt[d.Source], d.ID)
		s.know(d)
	}
	return nil
}

// know keeps d as what the index now holds.
func (s *syncer) know(d index.Doc) {
	s.docs[d.ID] = d
	if !slices.Contains(s.versions[d.Work], d.ID) {
		s.versions[d.Work] = append(s.versions[d.Work], d.ID)
	}
}

// files goes through all files in path order. Reading and embedding run ahead
// in workers, by a bounded number of files; writing does not.
func (s *syncer) files(ctx context.Context) error {
	ahead, cancel := context.WithCancel(ctx)
	type job struct {
		file
		done chan prepared
	}
	todo := make(chan job, s.src.Workers)
	order := make(chan job, s.src.Workers)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	plan := s.plan()
	for range s.src.Workers {
		wg.Go(func() {
			for j := range todo {
				j.done <- plan(ahead, j.file)
			}
		})
	}
	wg.Go(func() {
		defer close(order)
		defer close(todo)
		for _, f := range s.tree.files {
			j := job{f, make(chan prepared, 1)}
			select {
			case order <- j:
			case <-ahead.Done():
				return
			}
			todo <- j // a worker takes it, or answers that the context has ended
		}
	})
	p := Progress{Total: len(s.tree.files)}
	for _, f := range s.tree.files {
		p.TotalBytes += f.size
	}
	start := s.src.Now()
	for j := range order {
		r := <-j.done
		if err := ctx.Err(); err != nil {
			return err
		}
		// What was begun is finished even if ctx ends meanwhile.
		if err := s.apply(context.WithoutCancel(ctx), r); err != nil {
			return err
		}
		p.Done++
		p.DoneBytes += r.size
		p.Chunks, p.Path, p.Elapsed = s.rep.Chunks, r.source(), s.src.Now().Sub(start)
		if s.src.Progress != nil {
			s.src.Progress(p)
		}
	}
	return ctx.Err()
}

// apply brings one file into the index.
func (s *syncer) apply(ctx context.Context, p prepared) error {
	if p.err != nil {
		s.fail(p.source(), p.err)
		for _, id := range s.storedAt[p.source()] {
			d := s.docs[id]
			if d.Source != p.source() {
				continue
			}
			s.claimed[id] = true
			d.Readers, d.Grade = p.set.readers, atLeast(p.set.grade, d.Floor) // rights hold even for what cannot be read anew
			if err := s.describe(ctx, d); err != nil {
				return err
			}
		}
		return nil
	}
	if p.keep != nil {
		d := s.docs[p.keep.ID]
		s.claimed[d.ID] = true
		d.Source, d.Readers, d.Grade = p.source(), p.set.readers, atLeast(p.set.grade, d.Floor)
		if same(d, s.docs[d.ID]) {
			s.rep.Unchanged++
			return nil
		}
		return s.describe(ctx, d)
	}
	other, exists := s.docs[p.doc.ID]
	if p.of == nil && exists && s.claimed[p.doc.ID] && other.Source != p.source() {
		p.of = &other
	}
	if p.of != nil {
		if p.doc.ID == p.id { // two folders of the same name
			s.fail(p.source(), &FileError{"다른 폴더의 파일(" + p.of.Source + ")과 문서 ID(" + p.id + ")가 같습니다.", "두 폴더를 함께 담은 폴더를 지정하거나 폴더 이름을 바꿔 주세요."})
			return nil
		}
		s.rep.Duplicates = append(s.rep.Duplicates, Duplicate{p.source(), p.of.Source, p.of.ID})
		return nil
	}
	for _, w := range p.warnings {
		s.rep.Warnings = append(s.rep.Warnings, p.source()+": "+w)
	}
	p.doc.Until = s.until(p.doc)
	if err := s.x.Replace(ctx, p.doc, p.chunks); err != nil {
		return fmt.Errorf("store %s: %w", p.doc.ID, err)
	}
	s.know(p.doc)
	s.claimed[p.doc.ID] = true
	s.written[p.doc.ID] = true
	s.rep.Chunks += len(p.chunks)
	if exists || len(s.storedAt[p.source()]) > 0 {
		s.rep.Changed++
	} else {
		s.rep.Added++
	}
	s.lg.Debug("document stored", "id", p.doc.ID, "chunks", len(p.chunks))
	return s.order(ctx, p.doc.Work)
}

// describe writes d if it differs from what is stored.
func (s *syncer) describe(ctx context.Context, d index.Doc) error {
	if same(d, s.docs[d.ID]) {
		return nil
	}
	if err := s.x.Describe(ctx, d); err != nil {
		return fmt.Errorf("describe %s: %w", d.ID, err)
	}
	s.know(d)
	if !s.written[d.ID] {
		s.written[d.ID] = true
		s.rep.Described++
	}
	return nil
}

// same compares what [syncer.describe] may change.
func same(a, b index.Doc) bool {
	return a.Source == b.Source && a.Grade == b.Grade && a.Until.Equal(b.Until) && slices.Equal(a.Readers, b.Readers)
}

// removeGone removes the documents below the given paths that no file stands for.
func (s *syncer) removeGone(ctx context.Context) error {
	present := map[string]bool{}
	for _, f := range s.tree.files {
		present[f.source()] = true
	}
	for _, id := range slices.Sorted(maps.Keys(s.docs)) {
		d := s.docs[id]
		if s.claimed[id] || !s.tree.covers(d.Source) || below(d.Source, s.tree.closed) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.x.Remove(ctx, id); err != nil {
			return fmt.Errorf("remove %s: %w", id, err)
		}
		delete(s.docs, id)
		if !present[d.Source] {
			s.rep.Removed++
		}
	}
	if s.rep.Removed > 0 && len(s.tree.files) == 0 {
		s.rep.Warnings = append(s.rep.Warnings, fmt.Sprintf("폴더가 비어 있어 문서 %d개를 모두 뺐습니다.", s.rep.Removed))
	}
	return nil
}

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

// until is the earlier of d's Ends and the From of the next version of its Work.
func (s *syncer) until(d index.Doc) time.Time {
	until := d.Ends
	for _, id := range s.versions[d.Work] {
		o, ok := s.docs[id]
		if !ok || o.Work != d.Work || o.ID == d.ID {
			continue
		}
		later := o.From.After(d.From) || o.From.Equal(d.From) && o.ID > d.ID
		if later && !o.From.IsZero() && (until.IsZero() || o.From.Before(until)) {
			until = o.From
		}
	}
	return until
}
