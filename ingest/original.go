package ingest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"biseo/index"
)

// ErrOriginal reports that the file of a document cannot be given out: it has
// changed since it was read, is gone, holds what was masked in the document, or is
// an archive with documents of others.
var ErrOriginal = errors.New("the original file cannot be given out")

// OpenOriginal opens the file that d was read from, provided that it lies below
// one of roots without a symbolic link leading out of it, and is still the file
// that was read. Otherwise the error is [ErrOriginal].
func OpenOriginal(d index.Doc, roots []string) (*os.File, error) {
	name := filepath.FromSlash(d.Source)
	if isEntry(d) || !filepath.IsAbs(name) {
		return nil, ErrOriginal
	}
	for _, dir := range roots {
		if info, err := os.Stat(dir); err == nil && !info.IsDir() { // a single file that was given
			dir = filepath.Dir(dir)
		}
		inside, err := filepath.Rel(dir, name)
		if err != nil || !filepath.IsLocal(inside) {
			continue
		}
		f, err := openUnchanged(dir, inside, d)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	return nil, ErrOriginal
}

func openUnchanged(dir, inside string, d index.Doc) (*os.File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOriginal, err)
	}
	defer root.Close()
	f, err := root.Open(inside)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOriginal, err)
	}
	t, err := scan([]string{filepath.Join(dir, inside)})
	if err == nil && (len(t.files) != 1 || t.files[0].set.mask) {
		err = ErrOriginal
	}
	if err == nil {
		var digest string
		if digest, err = (&syncer{}).digest(t.files[0]); err == nil && digest != fileDigest(d) {
			err = ErrOriginal
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%w: %w", ErrOriginal, err)
	}
	return f, nil
}
