package ingest

import (
	"cmp"
	"context"
	"errors"
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
	Only     func(file string) bool                                    // which files to look at, by path with slashes; the others stay as they are stored. nil: all
	Read     func(ctx context.Context, path string) (*Document, error) // safe for concurrent use; a [FileError] explains itself
	Readers  []string                                                  // in place of what folders say; public without any grade means Open
	Mask     Mask                                                      // needed where a folder says mask: true
	Split    SplitOptions
	Workers  int              // files read at a time; 0 means one for each processor
	MaxFile  int64            // bytes of a file; larger ones are refused before they are read. 0 means 100 MB
	Ledger   *Ledger          // keeps how each file stands; may be nil
	Now      func() time.Time // nil means time.Now; for the ledger and Progress.Elapsed
	Progress func(Progress)   // called after each file and once a second, never twice at a time; may be nil
	File     func(FileState)  // called when it is settled how a file stands, in path order, removed ones last; may be nil
}

// Mask hides personal data and keeps the number of code points. With
// keepContacts the published contacts of officials stay.
type Mask func(text string, keepContacts bool) string

// Sync brings x in line with the files of src: adds, changes and removes
// documents until each file is one document of x. Files whose Digest did not
// change are not read; changed readers and dates need no new vectors. Only
// documents whose Source lies below a given path are removed.
//
// An archive is as many documents as it has entries; they come and go with it.
//
// A given folder without any file below it, of which ten or more documents are
// stored, is taken for a network drive that is lost: that is a Failure, and its
// documents stay.
//
// A file that cannot be read is a [Failure] and the rest goes on. One that cannot
// be embedded is stored without vectors, is found by words, and is embedded by a
// later run; but an embedder of another vector length than it is set to,
// [llm.ErrDimension], ends Sync. An error of the index or the ledger, a path that
// does not exist and a wrong folder file end Sync; the last two before anything is
// changed. When ctx ends, Sync finishes the documents at hand and returns what was
// done with ctx's error. Running again completes what was left.
//
// Documents are stored one after the other, in path order, or as many at once as
// [index.Writers] says. Those of one Work follow each other even then, and all that Sync
// tells and keeps of files stays in path order.
//
// Versions of one Work follow each other: a document's Until is the earlier of
// its Ends and the From of the next version in the order of (From, ID). Only a
// document that is allowed to ends another: see mayEnd. Near-identical documents
// of several Works are linked by Near.
//
// Without an embedder (nil) chunks have no vectors. Otherwise its space must be
// that of x.
func Sync(ctx context.Context, lg *slog.Logger, x index.Index, e llm.Embedder, src Source) (Report, error) {
	s := &syncer{lg: lg, x: x, src: src, claimed: map[string]bool{}, written: map[string]bool{}, wantsVectors: x.Space() != "", writers: index.Writers(x)}
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
		s.embed.ledger, s.embed.now = src.Ledger, s.src.Now
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
	if err := s.recall(ctx); err != nil {
		return s.rep, err
	}
	if err := s.hash(ctx); err != nil {
		return s.rep, err
	}
	err = s.files(ctx)
	if s.rep.WordsOnly > 0 {
		s.rep.Warnings = append(s.rep.Warnings, fmt.Sprintf("문서 %d건은 임베딩 없이 저장해 낱말로만 찾을 수 있습니다(%v). 임베딩 서버를 확인한 뒤 다시 실행하면 마저 만듭니다.", s.rep.WordsOnly, s.embedErr))
	}
	if err != nil {
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
	if err := s.link(ctx); err != nil {
		return s.rep, err
	}
	return s.rep, s.forget(ctx)
}

// A syncer is one run of [Sync]. Workers read stored, tree and src; all else
// belongs to the goroutine of Sync.
type syncer struct {
	lg    *slog.Logger
	x     index.Index
	src   Source
	tree  *tree
	embed *embedding // nil without an embedder

	wantsVectors bool  // whether chunks of x have vectors
	embedErr     error // why some got none: the first reason

	stored   map[string]index.Doc // by ID, as found at the start; not changed
	storedAt map[string][]string  // IDs by Source, as found at the start; not changed
	docs     map[string]index.Doc // by ID, as the index stands now
	versions map[string][]string  // IDs by Work; some may be gone
	claimed  map[string]bool      // IDs that a file of this run stands for
	written  map[string]bool      // IDs counted as added, changed or described
	known    map[string]FileState // what the ledger held of each file at the start
	entries  map[string]bool      // files that have rows for their entries in the ledger
	held     []string             // given folders that were found empty and keep their documents

	writers int     // how many documents the index takes at once
	begun   []write // not yet finished, oldest first
	writing int     // how many of begun are documents
	failed  error   // the first of a write

	heldStates []FileState // how they stand
	rep        Report
}

var errClosed = &FileError{"폴더를 읽을 권한이 없습니다.", "폴더 권한을 확인한 뒤 다시 실행해 주세요."}

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
			s.rep.NoReaders = append(s.rep.NoReaders, fmt.Sprintf("%s 폴더의 문서는 읽을 사람이 정해지지 않아 아무도 찾을 수 없습니다. %s 파일에 다음을 더하세요.\n%s", PrintPath(filepath.ToSlash(f.root)), PrintPath(file), line))
		case len(f.set.readers) > 0 && f.set.grade == 0 && !noGrade[f.root]:
			noGrade[f.root] = true
			s.rep.Warnings = append(s.rep.Warnings, fmt.Sprintf("%s 폴더의 문서는 등급이 없어 기밀(classified)로 다룹니다. %s 파일에 grade: open 등 등급을 더하세요.", PrintPath(filepath.ToSlash(f.root)), PrintPath(file)))
		}
	}
	for _, dir := range s.tree.closed {
		s.fail(dir, errClosed, false)
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

// files goes through all files in path order.
func (s *syncer) files(ctx context.Context) error {
	return cmp.Or(s.eachFile(ctx), s.finish(0))
}

// eachFile begins to store each file. Reading and embedding run ahead in workers, by a
// bounded number of files.
func (s *syncer) eachFile(ctx context.Context) error {
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
	p := Progress{}
	start := s.src.Now()
	show := func() {
		if s.src.Progress == nil {
			return
		}
		p.Elapsed = s.src.Now().Sub(start)
		if s.embed != nil {
			p.Embedded = int(s.embed.made.Load())
		}
		s.src.Progress(p)
	}
	p.Total, p.TotalBytes = s.toRead()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for j := range order {
		var r prepared
		for waiting := true; waiting; {
			select {
			case r = <-j.done:
				waiting = false
			case <-second.C:
				show()
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if errors.Is(r.err, errLedger) || errors.Is(r.err, llm.ErrDimension) {
			return r.err
		}
		begun := context.WithoutCancel(ctx) // what was begun is finished even if ctx ends meanwhile
		state, err := s.apply(begun, r)
		if err != nil {
			return err
		}
		err = s.after(func() error {
			if err := s.settled(begun, r, state); err != nil || r.skip {
				return err
			}
			p.Done++
			if r.reading {
				p.DoneBytes += r.size
			}
			p.Documents += state.Documents
			p.Pages += state.Pages
			p.Chunks, p.Path = s.rep.Chunks, r.source()
			show()
			return nil
		})
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// apply begins to bring one file into the index and says how it stands then.
func (s *syncer) apply(ctx context.Context, p prepared) (FileState, error) {
	state := FileState{Path: p.source(), File: p.source(), State: Unchanged}
	if p.err != nil {
		for _, id := range s.storedAt[p.source()] {
			if err := s.keep(ctx, p, id, &state); err != nil {
				return state, err
			}
		}
		f := s.fail(p.source(), p.err, state.Documents > 0)
		state.State, state.Reason, state.Next = Failed, f.Reason, f.Next
		if before := s.known[p.source()]; state.Documents > 0 {
			state.Pages, state.Chunks, state.Methods = before.Pages, before.Chunks, before.Methods
		}
		return state, nil
	}
	entries := 0
	for _, it := range p.items {
		if err := s.applyItem(ctx, p, it, &state); err != nil {
			return state, err
		}
		if it.entry != "" && it.err != nil {
			entries++
		}
	}
	if entries > 0 {
		state.State = Warned
		state.Warnings = append(state.Warnings, fmt.Sprintf("압축 파일 안의 파일 %d개를 읽지 못했습니다.", entries))
	}
	return state, nil
}

// keep lets a stored document stand for the file of p although it was not read
// anew, and counts it in state: rights hold even for what cannot be read.
func (s *syncer) keep(ctx context.Context, p prepared, id string, state *FileState) error {
	d := s.docs[id]
	if d.Source != p.source() {
		return nil
	}
	state.Documents++
	s.claimed[id] = true
	d.Readers, d.Grade = p.set.readers, atLeast(p.set.grade, d.Floor)
	return s.describe(ctx, d)
}

// applyItem begins to bring one document of a file into the index.
func (s *syncer) applyItem(ctx context.Context, p prepared, it item, state *FileState) error {
	at := p.source()
	if it.entry != "" {
		at += ": " + it.entry
	}
	if it.err != nil {
		before := state.Documents
		if err := s.keep(ctx, p, it.doc.ID, state); err != nil {
			return err
		}
		f := s.fail(at, it.err, state.Documents > before)
		state.entries = append(state.entries, FileState{Path: at, File: p.source(), State: Failed, Reason: f.Reason, Next: f.Next})
		return nil
	}
	if it.keep {
		d := s.docs[it.doc.ID]
		s.claimed[d.ID] = true
		if p.skip { // the settings of this run are not its own
			return nil
		}
		d.Source, d.Readers, d.Grade = p.source(), p.set.readers, atLeast(p.set.grade, d.Floor)
		state.Documents++
		if !same(d, s.docs[d.ID]) {
			return s.describe(ctx, d)
		}
		s.rep.Unchanged++
		return nil
	}
	other, exists := s.docs[it.doc.ID]
	if it.of == nil && exists && s.claimed[it.doc.ID] && (other.Source != p.source() || it.entry != "") {
		it.of = &other
	}
	if it.of != nil {
		if it.doc.ID == p.id { // two folders of the same name
			f := s.fail(at, &FileError{"다른 폴더의 파일(" + PrintPath(it.of.Source) + ")과 문서 ID(" + p.id + ")가 같습니다.", "두 폴더를 함께 담은 폴더를 지정하거나 폴더 이름을 바꿔 주세요."}, false)
			state.State, state.Reason, state.Next = Failed, f.Reason, f.Next
			return nil
		}
		s.rep.Duplicates = append(s.rep.Duplicates, Duplicate{at, it.of.Source, it.of.ID})
		state.State = Warned
		state.Warnings = append(state.Warnings, PrintPath(it.of.Source)+" 파일과 같은 문서입니다.")
		return nil
	}
	for _, w := range it.warnings {
		s.rep.Warnings = append(s.rep.Warnings, PrintPath(at)+": "+w)
		state.Warnings = append(state.Warnings, w)
	}
	if it.wordsOnly != nil {
		s.rep.WordsOnly++
		s.embedErr = cmp.Or(s.embedErr, it.wordsOnly)
		state.WordsOnly = true
		state.Warnings = append(state.Warnings, "임베딩 없이 저장해 낱말로만 찾을 수 있습니다. 다음 실행 때 임베딩을 만듭니다.")
	}
	if err := s.await(it.doc.Work); err != nil { // its versions end each other
		return err
	}
	it.doc.Until = s.until(it.doc)
	if exists {
		it.doc.Near = other.Near // until link
	}
	s.know(it.doc)
	s.claimed[it.doc.ID] = true
	s.written[it.doc.ID] = true
	state.State = Done
	if len(state.Warnings) > 0 {
		state.State = Warned
	}
	state.Documents++
	state.Pages += it.pages
	state.Chunks += len(it.chunks)
	for _, m := range it.methods {
		if state.Methods == nil {
			state.Methods = map[string]int{}
		}
		state.Methods[m]++
	}
	changed := exists || it.entry == "" && len(s.storedAt[p.source()]) > 0
	return s.write(it.doc.Work, func() error {
		if err := s.x.Replace(ctx, it.doc, it.chunks); err != nil {
			return fmt.Errorf("store %s: %w", it.doc.ID, err)
		}
		return nil
	}, func() error {
		if s.embed != nil && it.wordsOnly == nil {
			if err := s.embed.stored(ctx, it.doc, it.chunks); err != nil {
				return err
			}
		}
		s.rep.Chunks += len(it.chunks)
		if changed {
			s.rep.Changed++
		} else {
			s.rep.Added++
		}
		s.lg.Debug("document stored", "id", it.doc.ID, "chunks", len(it.chunks))
		return s.order(ctx, it.doc.Work)
	})
}

// describe writes d if it differs from what is stored.
func (s *syncer) describe(ctx context.Context, d index.Doc) error {
	if same(d, s.docs[d.ID]) {
		return nil
	}
	if err := s.await(d.Work); err != nil {
		return err
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
	return a.Source == b.Source && a.Grade == b.Grade && a.Until.Equal(b.Until) && a.Near == b.Near && slices.Equal(a.Readers, b.Readers)
}
