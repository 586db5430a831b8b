package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"biseo/assistant"
	"biseo/assistant/state"
	"biseo/assistant/web"
	"biseo/assistant/web/jobs"
	"biseo/index"
	"biseo/ingest"
	"biseo/ingest/extract/pool"
)

// An ingester changes the index for the service, as biseo ingest does for a
// person. Uploaded files lie in the folder uploads of the data folder, by what holds
// for them, and are a source folder like any other: biseo ingest --rebuild takes it.
type ingester struct {
	s       *settings
	lg      *slog.Logger
	now     func() time.Time
	pool    *pool.Pool
	ledger  *ingest.Ledger
	uploads string // absolute
}

var _ web.Ingester = (*ingester)(nil)

// ingester starts the parts that the service needs to manage documents. The caller
// closes it.
func (s *settings) ingester(ctx context.Context, c *console) (*ingester, error) {
	uploads, err := filepath.Abs(filepath.Join(s.Data, "uploads"))
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(uploads, 0o700); err != nil {
		return nil, fmt.Errorf("create uploads folder: %w", err)
	}
	ledger, err := ingest.OpenLedger(ctx, s.ledgerFile())
	if err != nil {
		return nil, err
	}
	pool, err := s.readers(0)
	if err != nil {
		return nil, errors.Join(err, ledger.Close())
	}
	return &ingester{s: s, lg: c.lg, now: c.now, pool: pool, ledger: ledger, uploads: uploads}, nil
}

// manage adds to the service what manages documents and keeps what callers store.
// The caller calls done when the service has ended.
func (s *settings) manage(ctx context.Context, c *console, a *assistant.Assistant, x index.Index, o *web.Options) (done func() error, err error) {
	g, err := s.ingester(ctx, c)
	if err != nil {
		return nil, err
	}
	close := g.Close
	if o.State == nil {
		if o.State, err = state.Open(ctx, filepath.Join(s.Data, "state.db"), state.Options{Now: c.now}); err != nil {
			return nil, errors.Join(err, g.Close())
		}
		close = func() error { return errors.Join(o.State.Close(), g.Close()) }
	}
	if o.Spool, err = g.spool(); err == nil {
		_, err = o.State.InterruptJobs(ctx, jobs.Interrupted)
	}
	if err != nil {
		return nil, errors.Join(err, close())
	}
	o.Library, o.Ingest = x, g
	for _, r := range a.Reports() {
		o.Templates = append(o.Templates, web.Template{Name: r.Name, About: r.About})
	}
	return close, nil
}

func (g *ingester) Close() error {
	g.pool.Close()
	return g.ledger.Close()
}

// spool returns the folder for files on their way, emptied of what a process that
// was killed has left. It lies beside uploads: from there files are renamed into it.
func (g *ingester) spool() (string, error) {
	dir := filepath.Join(filepath.Dir(g.uploads), "spool")
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	return dir, os.Mkdir(dir, 0o700)
}

func (g *ingester) Read(ctx context.Context, path string) (*ingest.Document, error) {
	return g.pool.Read(ctx, path)
}

func (g *ingester) Files(ctx context.Context) ([]ingest.FileState, error) {
	return g.ledger.Files(ctx, nil)
}

func (g *ingester) Uploaded(d index.Doc) bool {
	return below(d.Source, []string{filepath.ToSlash(g.uploads)})
}

func (g *ingester) Original(ctx context.Context, d index.Doc) (*os.File, error) {
	roots, err := g.ledger.Roots(ctx)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, r := range roots {
		dirs = append(dirs, filepath.FromSlash(r.Path))
	}
	return ingest.OpenOriginal(d, dirs)
}

// Add reads each file where it lies, moves what could be read below uploads and
// brings it into the index. What could not be brought in does not stay there.
func (g *ingester) Add(ctx context.Context, in web.Intake, tell func(ingest.Progress)) (ingest.Report, error) {
	report := ingest.Report{Duplicates: []ingest.Duplicate{}, Failed: []ingest.Failure{}, NoReaders: []string{}, Warnings: []string{}}
	read := map[string]*ingest.Document{} // by the place that the file gets
	for _, path := range in.Paths {
		d, err := g.pool.Read(ctx, path)
		if err == nil && len(d.Parts) == 0 && strings.TrimSpace(d.Text) == "" {
			err = &ingest.FileError{Reason: "글자가 없는 문서입니다. 스캔한 그림일 수 있습니다.", Next: "글자를 인식(OCR)해 저장한 파일로 바꿔 주세요."}
		}
		var unreadable *ingest.FileError
		if errors.As(err, &unreadable) {
			report.Failed = append(report.Failed, ingest.Failure{Path: filepath.Base(path), Reason: unreadable.Reason, Next: unreadable.Next})
			continue
		}
		to := ""
		if err == nil {
			to, err = g.keep(in, path)
		}
		if err != nil {
			return report, errors.Join(err, g.discard(ctx, slices.Collect(maps.Keys(read))))
		}
		read[filepath.ToSlash(to)] = d
	}
	if len(read) == 0 {
		return report, nil
	}
	src := ingest.Source{Paths: []string{g.uploads}, Progress: tell, Only: func(file string) bool { return read[file] != nil },
		Read: func(ctx context.Context, path string) (*ingest.Document, error) {
			if d := read[filepath.ToSlash(path)]; d != nil {
				return d, nil
			}
			return g.pool.Read(ctx, path)
		}}
	var failed []string
	src.File = func(f ingest.FileState) {
		if f.State == ingest.Failed && read[f.File] != nil {
			failed = append(failed, f.File)
		}
	}
	done, err := g.sync(ctx, src, nil)
	for _, d := range done.Duplicates {
		if read[filepath.ToSlash(d.Path)] != nil {
			failed = append(failed, filepath.ToSlash(d.Path))
		}
	}
	for i := range done.Warnings { // who uploads need not know where the files lie
		for to := range read {
			done.Warnings[i] = strings.ReplaceAll(done.Warnings[i], ingest.PrintPath(to), ingest.PrintPath(filepath.Base(to)))
		}
	}
	report.Add(done)
	if err != nil {
		failed = slices.Collect(maps.Keys(read))
	}
	return report, errors.Join(err, g.discard(ctx, failed))
}

// keep moves a file to its place below uploads. A name may come twice: each file has
// a folder of its own.
func (g *ingester) keep(in web.Intake, path string) (to string, err error) {
	dir, err := g.folder(in)
	if err != nil {
		return "", err
	}
	own := filepath.Join(dir, strings.ToLower(rand.Text()[:12]))
	to = filepath.Join(own, filepath.Base(path))
	if err := os.Mkdir(own, 0o700); err != nil {
		return "", err
	}
	if err := os.Rename(path, to); err != nil {
		return "", errors.Join(err, os.Remove(own))
	}
	return to, nil
}

// discardTime is how long taking back may take, also after a job was canceled.
const discardTime = time.Minute

// discard takes back files that were not brought in, with what the index has of them.
func (g *ingester) discard(ctx context.Context, files []string) error {
	if len(files) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardTime)
	defer cancel()
	for _, file := range files {
		if err := g.delete(filepath.FromSlash(file)); err != nil {
			return err
		}
	}
	_, err := g.sync(ctx, ingest.Source{Paths: []string{g.uploads}, Read: g.pool.Read, Only: func(string) bool { return false }}, nil)
	return err
}

// delete deletes an uploaded file with its own folder, and that of the files for
// which the same holds where it was the last.
func (g *ingester) delete(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	own := filepath.Dir(file)
	_ = os.Remove(own) // what else may be in it stays
	dir := filepath.Dir(own)
	if left, err := os.ReadDir(dir); err == nil && len(left) == 1 && left[0].Name() == ingest.FolderFile && filepath.Dir(dir) == g.uploads {
		_ = os.RemoveAll(dir)
	}
	return nil
}

// folder is the folder of the files for which the same holds. Its folder file is
// written before any file is there.
func (g *ingester) folder(in web.Intake) (string, error) {
	readers := slices.Clone(in.Readers)
	slices.Sort(readers)
	b, err := yaml.Marshal(struct {
		Kind    string   `yaml:"kind,omitempty"`
		Agency  string   `yaml:"agency,omitempty"`
		Readers []string `yaml:"readers"`
		Grade   string   `yaml:"grade"`
		Mask    bool     `yaml:"mask"`
	}{in.Kind, in.Agency, slices.Compact(readers), in.Grade.String(), in.Kind == "reply"}) // replies tell of the people who complained
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	dir := filepath.Join(g.uploads, hex.EncodeToString(sum[:6]))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return dir, replaceFile(filepath.Join(dir, ingest.FolderFile), b)
}

// Again has the document's file read anew: its stored digest, by which it would
// count as unchanged, goes first.
func (g *ingester) Again(ctx context.Context, d index.Doc, tell func(ingest.Progress)) (ingest.Report, error) {
	roots, err := g.ledger.Roots(ctx)
	if err != nil {
		return ingest.Report{}, err
	}
	for _, r := range slices.Backward(roots) { // the inner one first, where one lies in another
		if !below(d.Source, []string{r.Path}) {
			continue
		}
		if _, err := os.Stat(filepath.FromSlash(d.Source)); err != nil {
			return ingest.Report{}, &jobs.Explained{Text: "파일이 없거나 볼 권한이 없으니 문서함을 확인해 주세요."}
		}
		src := ingest.Source{Paths: []string{filepath.FromSlash(r.Path)}, Readers: r.Readers, Progress: tell, Read: g.pool.Read, Only: func(file string) bool { return file == d.Source }}
		return g.sync(ctx, src, func(x index.Index) error {
			return of(ctx, x, d.Source, func(d index.Doc) error {
				d.Digest = "again"
				return x.Describe(ctx, d)
			})
		})
	}
	return ingest.Report{}, &jobs.Explained{Text: "어느 문서함에서 읽은 파일인지 기록이 없으니 biseo ingest로 문서함을 다시 읽혀 주세요."}
}

// Remove deletes an uploaded file, and the documents that were read from it.
func (g *ingester) Remove(ctx context.Context, d index.Doc, tell func(ingest.Progress)) (ingest.Report, error) {
	file := filepath.FromSlash(d.Source)
	if !g.Uploaded(d) {
		return ingest.Report{}, &jobs.Explained{Text: "올린 파일이 아니니 문서함 폴더에서 지워 주세요."}
	}
	if err := g.delete(file); err != nil {
		return ingest.Report{}, err
	}
	removed := 0
	src := ingest.Source{Paths: []string{g.uploads}, Progress: tell, Read: g.pool.Read, Only: func(source string) bool { return source == d.Source }}
	report, err := g.sync(ctx, src, func(x index.Index) error {
		return of(ctx, x, d.Source, func(d index.Doc) error {
			removed++
			return x.Remove(ctx, d.ID)
		})
	})
	report.Removed += removed
	return report, err
}

// of does something with each document that was read from a file.
func of(ctx context.Context, x index.Index, source string, do func(index.Doc) error) error {
	var all []index.Doc
	for d, err := range x.Docs(ctx) {
		if err != nil {
			return err
		}
		if d.Source == source {
			all = append(all, d)
		}
	}
	for _, d := range all {
		if err := do(d); err != nil {
			return err
		}
	}
	return nil
}

// sync brings the index in line with src, after before, which may be nil.
func (g *ingester) sync(ctx context.Context, src ingest.Source, before func(index.Index) error) (ingest.Report, error) {
	src.Mask, src.Ledger, src.Now = maskText, g.ledger, g.now
	e, err := g.s.embedder()
	if err != nil {
		return ingest.Report{}, err
	}
	x, err := g.s.openIndex(ctx, g.lg, writing, g.s.indexDir(), e)
	if err != nil {
		return ingest.Report{}, err
	}
	defer x.Close()
	if before != nil {
		if err := before(x); err != nil {
			return ingest.Report{}, err
		}
	}
	return ingest.Sync(ctx, g.lg, x, e, src)
}
