package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"biseo/index"
	"biseo/llm"
)

// WatchOptions say how [Watch] looks at the folders. The zero value is ready for use.
type WatchOptions struct {
	Every  time.Duration        // between two looks; 0 means 2 s
	Settle time.Duration        // how long a file must rest before it is read; 0 means 3 s
	Report func(Report)         // called after each run of Sync; may be nil
	Notice func(problem string) // told once what keeps it from working, and "" when that is over; may be nil
}

// Watch keeps x in line with the files of src until ctx ends, which is no error:
// first a run of [Sync] over all, then one whenever files have changed. It looks
// again and again instead of asking the system, which works on network drives too.
//
// A file that is still being written is not read. A given folder that cannot be
// reached, or in which suddenly nothing is left, as when a network drive is lost,
// removes nothing: that is told, and looked at again. src.Only must be nil.
func Watch(ctx context.Context, lg *slog.Logger, x index.Index, e llm.Embedder, src Source, opt WatchOptions) error {
	w := &watcher{src: src, opt: opt, seen: map[string]look{}, done: map[string]string{}, words: map[string]time.Time{}}
	if opt.Every <= 0 {
		w.opt.Every = 2 * time.Second
	}
	if opt.Settle <= 0 {
		w.opt.Settle = 3 * time.Second
	}
	w.now = time.Now
	if src.Now != nil {
		w.now = src.Now
	}
	src.File = w.file
	wait := time.NewTimer(0)
	defer wait.Stop()
	for first := true; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-wait.C:
		}
		work, problem := w.look(first)
		if problem == nil && work {
			src.Only = func(file string) bool { return w.ready[file] }
			var rep Report
			if rep, problem = Sync(ctx, lg, x, e, src); problem == nil {
				first = false
				w.settled()
			}
			if opt.Report != nil {
				opt.Report(rep)
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		if first && problem != nil {
			return problem // as Sync alone would end
		}
		w.notice(problem)
		wait.Reset(w.opt.Every)
	}
}

// A look is what a file looked like when it was seen.
type look struct {
	sign  string // size, time and settings
	since time.Time
}

type watcher struct {
	src   Source
	opt   WatchOptions
	now   func() time.Time
	seen  map[string]look      // files as they stand, by source
	ready map[string]bool      // files to be read now
	done  map[string]string    // the sign of each file that the index is in line with
	words map[string]time.Time // files stored without vectors, and when
	said  string
}

// embedAgain is after how long the embedder is asked again for what it failed on.
const embedAgain = 5 * time.Minute

// file is told how each file stands.
func (w *watcher) file(f FileState) {
	delete(w.words, f.File)
	if f.WordsOnly {
		w.words[f.File] = w.now()
	}
	if w.src.File != nil {
		w.src.File(f)
	}
}

// look compares the files with those of the time before. It sets which of them
// are to be read now, and reports whether there is anything to do.
func (w *watcher) look(first bool) (work bool, err error) {
	t, err := scan(w.src.Paths)
	if err != nil {
		return false, err
	}
	now := w.now()
	files := map[string]look{}
	for _, f := range t.files {
		sign := fmt.Sprintf("%d %+v", f.size, f.set)
		if info, err := os.Stat(f.path); err == nil {
			sign += info.ModTime().String()
		}
		l, ok := w.seen[f.source()]
		if !ok || l.sign != sign {
			l = look{sign, now}
		}
		files[f.source()] = l
	}
	if !first {
		if lost := w.lost(files); lost != "" {
			return false, fmt.Errorf("%s 폴더가 갑자기 비었습니다. 연결이 끊겼는지 확인해 주세요. 문서를 정말 모두 뺐다면 biseo ingest로 다시 실행해 주세요", lost)
		}
	}
	w.seen, w.ready, work = files, map[string]bool{}, first
	for file, l := range files {
		rests := now.Sub(l.since) >= w.opt.Settle
		if info, err := os.Stat(filepath.FromSlash(file)); first && err == nil {
			rests = now.Sub(info.ModTime()) >= w.opt.Settle
		}
		tried, lacks := w.words[file]
		if rests && w.done[file] != l.sign || lacks && now.Sub(tried) >= embedAgain {
			w.ready[file], work = true, true
		}
	}
	for file := range w.done {
		if _, ok := files[file]; !ok {
			work = true
		}
	}
	return work, nil
}

// settled notes what a run of Sync has brought in, and forgets what is gone.
func (w *watcher) settled() {
	for file := range w.ready {
		w.done[file] = w.seen[file].sign
	}
	for file := range w.done {
		if _, ok := w.seen[file]; !ok {
			delete(w.done, file)
			delete(w.words, file)
		}
	}
}

// lost is the first given folder that had files and has none.
func (w *watcher) lost(files map[string]look) string {
	for _, p := range w.src.Paths {
		root, err := filepath.Abs(p)
		if err != nil {
			continue
		}
		roots := []string{filepath.ToSlash(root)}
		had, has := 0, 0
		for file := range w.seen {
			if below(file, roots) {
				had++
			}
		}
		for file := range files {
			if below(file, roots) {
				has++
			}
		}
		if had > 1 && has == 0 {
			return roots[0]
		}
	}
	return ""
}

// notice tells a problem once.
func (w *watcher) notice(problem error) {
	said := ""
	if problem != nil {
		said = problem.Error()
	}
	if said != w.said && w.opt.Notice != nil {
		w.opt.Notice(said)
	}
	w.said = said
}
