// Package backup keeps what a data folder holds in one file, and puts it back whole
// or not at all.
//
// The file is a tar compressed by gzip: manifest.json, then the files that it names,
// in its order. backup.go writes and restores, folder.go copies a data folder that is
// in use, archive.go is the format.
package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"biseo/assistant/audit"
	"biseo/assistant/state"
)

// What went wrong, for whoever is told what to do about it.
var (
	ErrPlace    = errors.New("cannot write there")
	ErrCopy     = errors.New("cannot copy the data folder")
	ErrArchive  = errors.New("cannot write the backup")
	ErrReread   = errors.New("what was written does not read back")
	ErrBroken   = errors.New("not a whole backup")
	ErrNotEmpty = errors.New("the data folder is not empty")
	ErrInUse    = errors.New("another process uses the data folder")
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
	if m.Files, err = sums(copied); err != nil {
		return m, err
	}
	part := filepath.Join(stage, "backup")
	if err := writeArchive(part, copied, m); err != nil {
		return m, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	again := filepath.Join(stage, "again")
	if _, err := readArchive(part, again); err != nil {
		return m, fmt.Errorf("%w: %w", ErrReread, err)
	}
	if err := check(ctx, again); err != nil {
		return m, fmt.Errorf("%w: %w", ErrReread, err)
	}
	if err := os.Link(part, file); err != nil { // not over a file made meanwhile
		if errors.Is(err, fs.ErrExist) {
			return m, err
		}
		return m, os.Rename(part, file)
	}
	return m, nil
}

// before begins the name of the folder that keeps what a restore replaced.
const before = "before-restore-"

// Restored says what a restore did.
type Restored struct {
	Manifest
	Before string // folder that holds what was there before; "" if nothing was
}

// Restore puts the content of file, which [Folder.Write] has written, in the place of
// what f holds. That must be nothing ([ErrNotEmpty]) unless force is set: then it is
// kept in a folder below f, and keys of the audit log that file does not hold stay. A
// file that does not read back or open as a whole ([ErrBroken]), a disk without room
// ([ErrPlace]) and a database that somebody has open, as every command that writes
// does ([ErrInUse]), change nothing.
func (f Folder) Restore(ctx context.Context, file string, force bool, now time.Time) (done Restored, err error) {
	old, err := os.ReadDir(f.Dir)
	if err != nil {
		return done, err
	}
	old = slices.DeleteFunc(old, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), before) || e.Name() == f.Lock })
	if len(old) > 0 && !force {
		return done, ErrNotEmpty
	}
	if !f.alone(ctx) {
		return done, ErrInUse
	}
	stage, err := os.MkdirTemp(f.Dir, ".biseo-restore-*") // within: the data folder may be a mount of its own
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	fresh := filepath.Join(stage, "data")
	done.Manifest, err = readArchive(file, fresh)
	if err == nil {
		err = check(ctx, fresh)
	}
	var disk *fs.PathError
	switch {
	case state.DiskFull(err), errors.As(err, &disk) && strings.HasPrefix(disk.Path, stage):
		return done, fmt.Errorf("%w: %w", ErrPlace, err)
	case err != nil:
		return done, fmt.Errorf("%w: %w", ErrBroken, err)
	case !f.alone(ctx): // opened while the backup was read
		return done, ErrInUse
	}
	if len(old) > 0 {
		done.Before = filepath.Join(f.Dir, before+now.UTC().Format("20060102T150405Z"))
		if err := setAside(old, f.Dir, done.Before, fresh); err != nil {
			return done, err
		}
	}
	return done, moveInto(f.Dir, fresh)
}

// setAside moves the entries old of dir into the new folder to, and gives the fresh
// content their keys, if it has none.
func setAside(old []fs.DirEntry, dir, to, fresh string) error {
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	for _, e := range old {
		if err := os.Rename(filepath.Join(dir, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	for _, name := range []string{HMACKey, SignerKey, SignerKey + ".pub", VaultKey, VaultKey + ".pub"} {
		err := copyFile(filepath.Join(to, "audit", name), filepath.Join(fresh, "audit", name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

func moveInto(dir, fresh string) error {
	entries, err := os.ReadDir(fresh)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.Rename(filepath.Join(fresh, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// check opens what a backup holds.
func check(ctx context.Context, dir string) error {
	if _, err := os.Stat(filepath.Join(dir, stateFile)); err == nil {
		// On a copy: opening it may bring it forward to a newer schema.
		tried := filepath.Join(dir, "state-tried")
		defer os.RemoveAll(tried)
		if err := os.Mkdir(tried, 0o700); err != nil {
			return err
		}
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
	for _, db := range databases(dir) {
		if err := state.CheckFile(ctx, db); err != nil {
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
