package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"biseo/assistant/state"
)

const (
	before     = "before-restore-"    // begins the name of the folder that keeps what a restore replaced
	unfinished = "restore.unfinished" // holds a mark while a restore changes the data folder
	staging    = ".biseo-restore-"    // begins the name of the folder in which a restore unpacks
)

// stays reports whether what lies at the top of a data folder under that name is
// neither kept by a backup nor replaced by a restore.
func (f Folder) stays(name string) bool {
	return slices.Contains([]string{f.Lock, "demo", "spool", unfinished}, name) || strings.HasPrefix(name, before) || strings.HasPrefix(name, ".biseo-")
}

// A mark says how a restore that was cut short goes on.
type mark struct {
	Backup string `json:"backup"` // absolute
	Before string `json:"before"` // name of the folder that gets what was there; it has another name until it holds all of it
}

// Unfinished reports whether a restore into the data folder dir was cut short while it
// changed what is there, and from which file, if that is known. Until it is repeated
// with force, nothing there may be used: the keys may be missing, and the state file
// with the rights of callers.
func Unfinished(dir string) (file string, yes bool) {
	marker := filepath.Join(dir, unfinished)
	if _, err := os.Lstat(marker); err != nil {
		return "", false
	}
	b, _ := os.ReadFile(marker) // where it cannot be read, nothing is known
	return readMark(b).Backup, true
}

// readMark is the zero mark where b is none that a restore wrote.
func readMark(b []byte) (m mark) {
	if err := json.Unmarshal(b, &m); err != nil || !strings.HasPrefix(m.Before, before) || filepath.Base(m.Before) != m.Before {
		return mark{}
	}
	return m
}

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
// does ([ErrInUse]), change nothing. What cuts it short later leaves a folder that is
// [Unfinished], and a restore with force finishes it; without, it is [ErrUnfinished].
func (f Folder) Restore(ctx context.Context, file string, force bool, now time.Time) (done Restored, err error) {
	marker := filepath.Join(f.Dir, unfinished)
	_, again := Unfinished(f.Dir)
	if again && !force {
		return done, ErrUnfinished
	}
	old, err := f.entries()
	switch {
	case err != nil:
		return done, err
	case len(old) > 0 && !force:
		return done, ErrNotEmpty
	case !f.alone(ctx):
		return done, ErrInUse
	}
	killed, _ := fs.Glob(os.DirFS(f.Dir), staging+"*") // fails only for a bad pattern
	for _, name := range killed {
		if err := os.RemoveAll(filepath.Join(f.Dir, name)); err != nil {
			return done, err
		}
	}
	stage, err := os.MkdirTemp(f.Dir, staging+"*") // within: the data folder may be a mount of its own
	if err != nil {
		return done, fmt.Errorf("%w: %w", ErrPlace, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	fresh := filepath.Join(stage, "data")
	done.Manifest, err = f.readArchive(file, fresh)
	if err == nil {
		err = check(ctx, fresh)
	}
	var disk *fs.PathError
	switch {
	case state.DiskFull(err), errors.As(err, &disk) && strings.HasPrefix(disk.Path, stage):
		return done, fmt.Errorf("%w: %w", ErrPlace, err)
	case err != nil:
		return done, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	to, err := f.mark(stage, file, now)
	if err != nil {
		return done, fmt.Errorf("%w: %w", ErrPlace, err)
	}
	// Who opens the folder from now on sees the mark, who has opened it is seen here.
	old, err = f.entries()
	switch {
	case err != nil:
	case !f.alone(ctx):
		err = ErrInUse
	case len(old) > 0 && !force:
		err = ErrNotEmpty
	}
	if err != nil {
		if !again {
			err = errors.Join(err, os.Remove(marker))
		}
		return done, err
	}
	if err := replace(f.Dir, old, to, fresh); err != nil {
		return done, fmt.Errorf("%w: %w", ErrUnfinished, err)
	}
	if err := os.Remove(marker); err != nil {
		return done, fmt.Errorf("%w: %w", ErrUnfinished, err)
	}
	if err := os.Remove(to); err != nil { // it is not empty
		done.Before = to
	}
	return done, nil
}

// entries lists what a restore replaces.
func (f Folder) entries() ([]fs.DirEntry, error) {
	all, err := os.ReadDir(f.Dir)
	return slices.DeleteFunc(all, func(e fs.DirEntry) bool { return f.stays(e.Name()) }), err
}

// mark writes the mark of a restore, whole or not at all, and returns the folder for
// what was there before: that of a restore that was cut short, if one was.
func (f Folder) mark(stage, file string, now time.Time) (to string, err error) {
	b, err := os.ReadFile(filepath.Join(f.Dir, unfinished))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	m := readMark(b)
	if m.Before == "" {
		m.Before = before + now.UTC().Format("20060102T150405Z")
		if _, err := os.Lstat(filepath.Join(f.Dir, m.Before)); err == nil {
			return "", fmt.Errorf("%s: %w", m.Before, fs.ErrExist)
		}
	}
	if m.Backup, err = filepath.Abs(file); err != nil {
		return "", err
	}
	if b, err = json.Marshal(m); err != nil {
		return "", err
	}
	made := filepath.Join(stage, unfinished)
	if err := writeFile(made, bytes.NewReader(b)); err != nil {
		return "", err
	}
	return filepath.Join(f.Dir, m.Before), os.Rename(made, filepath.Join(f.Dir, unfinished))
}

// replace moves the entries old of dir into the folder to, which gets its name when
// it holds all of them, and the fresh content, with the keys it lacks, into dir. Where
// to is there already, a restore was cut short after that: old is part of what it had
// put back.
func replace(dir string, old []fs.DirEntry, to, fresh string) error {
	if _, err := os.Lstat(to); err == nil {
		for _, e := range old {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	} else {
		part := to + ".part"
		if err := os.MkdirAll(part, 0o700); err != nil {
			return err
		}
		if err := move(old, dir, part); err != nil {
			return err
		}
		if err := os.Rename(part, to); err != nil {
			return err
		}
	}
	for _, name := range []string{HMACKey, SignerKey, SignerKey + ".pub", VaultKey, VaultKey + ".pub"} {
		err := copyFile(filepath.Join(to, "audit", name), filepath.Join(fresh, "audit", name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	entries, err := os.ReadDir(fresh)
	if err != nil {
		return err
	}
	return move(entries, fresh, dir)
}

func move(entries []fs.DirEntry, from, to string) error {
	for _, e := range entries {
		if err := os.Rename(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
