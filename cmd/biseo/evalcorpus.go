package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	"biseo/assistant"
	"biseo/deploy/sample"
	"biseo/eval/golden"
	"biseo/eval/suite"
	"biseo/index"
	"biseo/index/local"
	"biseo/ingest"
	"biseo/ingest/extract/pool"
	"biseo/llm"
)

// An evalCorpus is the documents that golden cases ask about, read into a
// temporary index. Cases that add documents get a copy of it.
type evalCorpus struct {
	dir   string // temporary: files, plants, index
	files string // the documents
	opt   local.Options
	embed llm.Embedder // nil: words only
	src   ingest.Source
	pool  *pool.Pool
	c     *console
	rest  assistant.Options
	gold  bool
}

// newEvalCorpus reads the documents below dir, or the sample agency if dir is "".
func newEvalCorpus(ctx context.Context, c *console, s *settings, dir string, embed llm.Embedder, rest assistant.Options) (*evalCorpus, error) {
	tmp, err := os.MkdirTemp("", "biseo-eval-")
	if err != nil {
		return nil, err
	}
	e := &evalCorpus{dir: tmp, files: dir, embed: embed, c: c, rest: rest, opt: local.Options{Rules: rules}}
	if embed != nil {
		e.opt.Space = embed.Space()
	}
	if dir == "" {
		e.files = filepath.Join(tmp, "files")
		if err := sample.Copy(e.files); err != nil {
			return nil, errors.Join(err, e.remove())
		}
	}
	if e.pool, err = s.readers(0); err != nil {
		return nil, errors.Join(err, e.remove())
	}
	e.src = ingest.Source{Read: e.pool.Read, Mask: maskText, Now: c.now}
	if err := e.ingest(ctx, e.indexDir(), e.files); err != nil {
		return nil, errors.Join(fmt.Errorf("문항이 묻는 문서를 읽지 못했으니 --corpus를 확인해 주세요: read the corpus %s: %w", e.files, err), e.remove())
	}
	return e, nil
}

func (e *evalCorpus) indexDir() string { return filepath.Join(e.dir, "index") }

func (e *evalCorpus) remove() error {
	if e.pool != nil {
		e.pool.Close()
	}
	return os.RemoveAll(e.dir)
}

func (e *evalCorpus) ingest(ctx context.Context, dir string, path string) error {
	x, err := local.Open(ctx, dir, e.opt)
	if err != nil {
		return err
	}
	src := e.src
	src.Paths = []string{path}
	report, err := ingest.Sync(ctx, e.c.lg, x, e.embed, src)
	if err == nil && len(report.Failed) > 0 {
		err = fmt.Errorf("%d files were not read, the first is %s: %s", len(report.Failed), report.Failed[0].Path, report.Failed[0].Reason)
	}
	if err == nil && report.WordsOnly > 0 {
		err = fmt.Errorf("%d documents have no vectors: %s", report.WordsOnly, strings.Join(report.Warnings, " "))
	}
	return errors.Join(err, x.Close())
}

// open returns the corpus with plants added.
func (e *evalCorpus) open(ctx context.Context, plants []golden.Plant) (*suite.Corpus, error) {
	if len(plants) == 0 {
		return e.corpus(ctx, e.indexDir(), map[string]string{}, nil)
	}
	dir, err := os.MkdirTemp(e.dir, "plants-")
	if err != nil {
		return nil, err
	}
	remove := func() error { return os.RemoveAll(dir) }
	names, err := writePlants(dir, plants)
	if err == nil {
		err = os.CopyFS(filepath.Join(dir, "index"), os.DirFS(e.indexDir()))
	}
	if err == nil {
		err = e.ingest(ctx, filepath.Join(dir, "index"), filepath.Join(dir, "plants"))
	}
	var corpus *suite.Corpus
	if err == nil {
		corpus, err = e.corpus(ctx, filepath.Join(dir, "index"), names, remove)
	}
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	return corpus, nil
}

// writePlants writes each document into a folder of its own below dir/plants, and
// returns the path in the corpus of each file.
func writePlants(dir string, plants []golden.Plant) (map[string]string, error) {
	names := map[string]string{}
	for i, p := range plants {
		folder := filepath.Join(dir, "plants", fmt.Sprint(i))
		settings, err := yaml.Marshal(map[string]any{"kind": p.Kind, "agency": "가온시", "readers": p.Readers, "grade": p.Grade})
		if err != nil {
			return nil, err
		}
		file := filepath.Join(folder, filepath.Base(filepath.FromSlash(p.Doc)))
		if err := errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(filepath.Join(folder, "biseo-folder.yaml"), settings, 0o644),
			os.WriteFile(file, []byte(p.Text), 0o644)); err != nil {
			return nil, err
		}
		names[filepath.ToSlash(file)] = p.Doc
	}
	return names, nil
}

// corpus opens the index in dir. Documents that names does not hold are named by
// their path below the files of the corpus.
func (e *evalCorpus) corpus(ctx context.Context, dir string, names map[string]string, done func() error) (*suite.Corpus, error) {
	opt := e.opt
	opt.ReadOnly = true
	x, err := local.Open(ctx, dir, opt)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Abs(e.files)
	if err != nil {
		return nil, errors.Join(err, x.Close())
	}
	paths := map[string]string{}
	for d, err := range x.Docs(ctx) {
		if err != nil {
			return nil, errors.Join(err, x.Close())
		}
		if paths[d.ID] = names[d.Source]; paths[d.ID] == "" {
			paths[d.ID] = strings.TrimPrefix(d.Source, filepath.ToSlash(files)+"/")
		}
	}
	rest := e.rest
	rest.Embedder = e.embed
	var over index.Index = x
	if e.gold {
		over = suite.Gold(x, paths)
	}
	return &suite.Corpus{Tasks: assistant.New(e.c.lg, over, rest), Paths: paths, Close: func() error {
		err := x.Close()
		if done != nil {
			err = errors.Join(err, done())
		}
		return err
	}}, nil
}

// corpusTexts returns the text of each document below dir, or of the sample agency
// if dir is "", by its path.
func corpusTexts(ctx context.Context, s *settings, dir string) (map[string]string, error) {
	if dir == "" {
		tmp, err := os.MkdirTemp("", "biseo-eval-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(tmp)
		if err := sample.Copy(tmp); err != nil {
			return nil, err
		}
		dir = tmp
	}
	pool, err := s.readers(0)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	texts := map[string]string{}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "biseo-folder.yaml" {
			return err
		}
		d, err := pool.Read(ctx, path)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		name, err := filepath.Rel(dir, path)
		texts[filepath.ToSlash(name)] = d.Text
		return err
	})
	if err != nil {
		return nil, errUnreadable{fmt.Errorf("문항이 묻는 문서를 읽지 못했으니 --corpus를 확인해 주세요: %w", err)}
	}
	return texts, nil
}
