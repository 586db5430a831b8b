// Package sample holds the documents of the sample agency, 가온시, a Korean city
// that does not exist: ordinances, directives, guides, plans, reports, press
// releases and complaint replies, with the folder files that say who may read
// them. `biseo demo` serves it, and golden sets are written on it.
//
// FACTS.md beside this file lists every fact the documents state and where.
package sample

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// FS holds the folder files: FS.Open("files/조례/biseo-folder.yaml").
//
//go:embed all:files
var FS embed.FS

// Copy writes the documents below dir, which it creates. A file that is already
// there with the same bytes is left alone, so that its time of change stays;
// any other is replaced whole or not at all. Files of other names are not touched.
func Copy(dir string) error {
	docs, err := fs.Sub(FS, "files")
	if err != nil {
		return err
	}
	return fs.WalkDir(docs, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if e.IsDir() {
			return os.MkdirAll(path, 0o755)
		}
		want, err := fs.ReadFile(docs, name)
		if err != nil {
			return err
		}
		if got, err := os.ReadFile(path); err == nil && bytes.Equal(got, want) {
			return nil
		}
		if err := replace(path, want); err != nil {
			return fmt.Errorf("copy sample document %s: %w", name, err)
		}
		return nil
	})
}

// replace writes data to a new file beside path and renames it to path.
func replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".biseo-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
