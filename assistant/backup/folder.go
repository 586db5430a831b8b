package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"biseo/assistant/audit"
	"biseo/assistant/state"
)

// Names of the key files in the folder of the audit log, wherever they lay before. A
// public key has the name of its key with .pub behind it.
const (
	HMACKey   = "hmac.key"
	SignerKey = "signer.key"
	VaultKey  = "vault.key"
)

const stateFile = "state.db"

// databases lists the SQLite files of a data folder and of its index.
func databases(dir string) (all []string) {
	for _, pattern := range []string{"*.db", "index/*.db"} {
		found, _ := fs.Glob(os.DirFS(dir), pattern) // fails only for a bad pattern
		all = append(all, found...)
	}
	for i, name := range all {
		all[i] = filepath.Join(dir, filepath.FromSlash(name))
	}
	return all
}

// alone reports whether nobody has a database of the folder open: the service and the
// commands on keys have the state file, ingest its ledger and the index, and a copy or
// a search of the index the index.
func (f Folder) alone(ctx context.Context) bool {
	return !slices.ContainsFunc(databases(f.Dir), func(db string) bool { return !state.Alone(ctx, db) })
}

// isKey reports whether a file of the data folder is a secret key of the audit log.
func isKey(name string) bool {
	return slices.Contains([]string{"audit/" + HMACKey, "audit/" + SignerKey, "audit/" + VaultKey}, name)
}

// copy copies the data folder: databases as they are at one moment, the audit log up
// to its last record, and what else lies there. The demonstration, files on their way
// and what was there before an upgrade or a restore stay behind.
func (f Folder) copy(ctx context.Context, to string, opt Options) error {
	if err := os.MkdirAll(filepath.Join(to, "audit"), 0o700); err != nil {
		return err
	}
	for _, name := range []string{stateFile, "ingest-state.db"} {
		err := state.Copy(ctx, filepath.Join(f.Dir, name), filepath.Join(to, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := audit.Copy(filepath.Join(f.Dir, "audit"), filepath.Join(to, "audit")); err != nil {
		return err
	}
	var kept []os.FileInfo // keys that stay behind wherever in the data folder they lie
	for name, file := range map[string]string{HMACKey: f.HMAC, SignerKey: f.Signer, VaultKey: f.Vault} {
		if opt.Keys {
			err := copyFile(file, filepath.Join(to, "audit", name))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		} else if fi, err := os.Stat(file); err == nil {
			kept = append(kept, fi)
		}
	}
	if opt.Index {
		if err := copyIndex(ctx, filepath.Join(f.Dir, "index"), filepath.Join(to, "index")); err != nil {
			return err
		}
	}
	return filepath.WalkDir(f.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(f.Dir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		_, behind, _ := strings.Cut(name, ".db")
		switch {
		case name == ".":
			return nil
		case d.IsDir() && (name == "index" || f.stays(name)):
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, filepath.FromSlash(name)), 0o700)
		case !d.Type().IsRegular(), isKey(name), name == "audit/lock", f.stays(name), !strings.Contains(name, "/") && (behind != "" || strings.HasSuffix(name, ".db")):
			return nil // NAME.db, its -wal and -shm, and NAME.db.before-2
		}
		if fi, err := d.Info(); err == nil && slices.ContainsFunc(kept, func(k os.FileInfo) bool { return os.SameFile(k, fi) }) {
			return nil
		}
		target := filepath.Join(to, filepath.FromSlash(name))
		if _, err := os.Stat(target); err == nil {
			return nil // copied above
		}
		err = copyFile(path, target)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		return err
	})
}

// liveIndex returns the file name of the live database of an index, which its file
// current names; without that file the error is [fs.ErrNotExist].
func liveIndex(dir string) (string, error) {
	current := filepath.Join(dir, "current")
	if fi, err := os.Lstat(current); err != nil {
		return "", err
	} else if !fi.Mode().IsRegular() {
		return "", errors.New("index: current is no file")
	}
	b, err := os.ReadFile(current)
	if err != nil {
		return "", err
	}
	name := strings.TrimSpace(string(b))
	fi, err := os.Lstat(filepath.Join(dir, name))
	if filepath.Base(name) != name || filepath.Ext(name) != ".db" || err != nil || !fi.Mode().IsRegular() {
		return "", fmt.Errorf("index: the file current names %q, which is no database beside it", name)
	}
	return name, nil
}

// copyIndex copies the live database of an index.
func copyIndex(ctx context.Context, from, to string) error {
	name, err := liveIndex(from)
	if err != nil {
		return fmt.Errorf("copy index: %w", err)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	if err := state.Copy(ctx, filepath.Join(from, name), filepath.Join(to, name)); err != nil {
		return err
	}
	return writeFile(filepath.Join(to, "current"), strings.NewReader(name+"\n"))
}

func copyFile(from, to string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	return writeFile(to, r)
}

func writeFile(to string, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	w, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Sync(), w.Close())
}
