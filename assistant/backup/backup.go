// Package backup keeps what a data folder holds in one file, and puts it back whole
// or not at all.
//
// The file is a tar compressed by gzip: manifest.json, then the files that it names,
// in its order. backup.go writes, restore.go puts back, folder.go copies a data folder
// that is in use, archive.go is the format.
package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"biseo/assistant/audit"
	"biseo/assistant/state"
)

// What went wrong, for whoever is told what to do about it.
var (
	ErrPlace      = errors.New("cannot write there")
	ErrCopy       = errors.New("cannot copy the data folder")
	ErrArchive    = errors.New("cannot write the backup")
	ErrReread     = errors.New("what was written does not read back")
	ErrBroken     = errors.New("not a whole backup")
	ErrNotEmpty   = errors.New("the data folder is not empty")
	ErrInUse      = errors.New("another process uses the data folder")
	ErrUnfinished = errors.New("a restore has not ended")
)

// A Folder is a data folder, with the key files of its audit log, which may lie
// elsewhere. Commands may read and write it while it is kept; for a restore the
// caller holds its Lock.
type Folder struct {
	Dir                 string
	HMAC, Signer, Vault string
	Lock                string // name of the file that a running service has locked: neither kept nor replaced
}

// Options say what a backup holds besides what cannot be rebuilt.
type Options struct {
	Keys  bool // of the audit log, and its sealed texts: who has the file can then forge and read them
	Index bool
	Biseo string // version of the program
	Now   time.Time
}

// Write keeps f in a new file, after reading it back as a restore would. Nothing is
// left behind of what fails: with [ErrPlace] before anything is copied, [ErrCopy],
// [ErrArchive], [ErrReread], or [fs.ErrExist] for a file made meanwhile.
func (f Folder) Write(ctx context.Context, file string, opt Options) (m Manifest, err error) {
	stage, err := os.MkdirTemp(filepath.Dir(file), ".biseo-backup-*") // beside the file: there is space for it
	if err != nil {
		return m, fmt.Errorf("%w: %w", ErrPlace, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	copied := filepath.Join(stage, "data")
	if err := f.copy(ctx, copied, opt); err != nil {
		return m, fmt.Errorf("%w: %w", ErrCopy, err)
	}
	m = Manifest{Biseo: opt.Biseo, Created: opt.Now.UTC().Truncate(time.Second)}
	if m.Files, err = sums(copied); err == nil && len(m.Files) == 0 {
		err = errors.New("it holds nothing")
	}
	if err != nil {
		return m, fmt.Errorf("%w: %w", ErrCopy, err)
	}
	part := filepath.Join(stage, "backup")
	if err := writeArchive(part, copied, m); err != nil {
		return m, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	again := filepath.Join(stage, "again")
	if _, err = f.readArchive(part, again); err == nil {
		err = check(ctx, again)
	}
	if err != nil {
		return m, unread(err)
	}
	if err := os.Link(part, file); err != nil { // not over a file made meanwhile
		if errors.Is(err, fs.ErrExist) {
			return m, err
		}
		return m, os.Rename(part, file)
	}
	return m, nil
}

// unread is an error of reading a new backup back, for which it is unpacked again: a
// disk that is full by then says nothing against what was written.
func unread(err error) error {
	if state.DiskFull(err) {
		return fmt.Errorf("%w: %w", ErrArchive, err)
	}
	return fmt.Errorf("%w: %w", ErrReread, err)
}

// check opens what a backup holds, unpacked in dir. Copies lie beside dir meanwhile.
func check(ctx context.Context, dir string) error {
	for _, db := range databases(dir) {
		if err := state.CheckFile(ctx, db); err != nil {
			return err
		}
	}
	if _, err := liveIndex(filepath.Join(dir, "index")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, stateFile)); err == nil {
		// On a copy: opening it may bring it forward to a newer schema.
		tried, err := os.MkdirTemp(filepath.Dir(dir), "tried-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(tried)
		file := filepath.Join(tried, stateFile)
		if err := copyFile(filepath.Join(dir, stateFile), file); err != nil {
			return err
		}
		st, err := state.Open(ctx, file, state.Options{})
		if err != nil {
			return err
		}
		if err := st.Close(); err != nil {
			return err
		}
	}
	k, err := audit.ReadKeys(filepath.Join(dir, "audit", HMACKey), filepath.Join(dir, "audit", SignerKey+".pub"))
	if err != nil {
		return nil // without its keys the log cannot be verified here
	}
	r, err := audit.Verify(ctx, filepath.Join(dir, "audit"), k)
	if err == nil && len(r.Faults) > 0 {
		err = fmt.Errorf("audit log: %v", r.Faults[0])
	}
	return err
}
