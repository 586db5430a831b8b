package backup

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const manifestName = "manifest.json"

// A Manifest says what a backup holds.
type Manifest struct {
	Biseo   string    `json:"biseo"` // version of the program
	Created time.Time `json:"created"`
	Files   []File    `json:"files"` // in the order of the archive
}

// A File is one file of a backup.
type File struct {
	Name   string `json:"name"` // with slashes, under the data folder
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// sums lists the files of a folder in the order of their names.
func sums(dir string) ([]File, error) {
	all := []File{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		n, err := io.Copy(h, f)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		all = append(all, File{filepath.ToSlash(name), n, hex.EncodeToString(h.Sum(nil))})
		return err
	})
	slices.SortFunc(all, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	return all, err
}

func writeArchive(file, dir string, m Manifest) (err error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		return err
	}
	w := tar.NewWriter(z)
	head, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	add := func(name string, size int64, r io.Reader) error {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: m.Created, Format: tar.FormatPAX}); err != nil {
			return err
		}
		_, err := io.Copy(w, r)
		return err
	}
	if err := add(manifestName, int64(len(head)), strings.NewReader(string(head))); err != nil {
		return err
	}
	for _, entry := range m.Files {
		r, err := os.Open(filepath.Join(dir, filepath.FromSlash(entry.Name)))
		if err != nil {
			return err
		}
		if err := errors.Join(add(entry.Name, entry.Size, r), r.Close()); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), z.Close(), f.Sync())
}

// readArchive unpacks a backup into a new folder and compares it with its manifest.
func readArchive(file, to string) (m Manifest, err error) {
	f, err := os.Open(file)
	if err != nil {
		return m, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return m, err
	}
	r := tar.NewReader(z)
	h, err := r.Next()
	if err != nil || h.Name != manifestName {
		return m, errors.Join(err, errors.New("it does not begin with a manifest"))
	}
	if err := json.NewDecoder(io.LimitReader(r, 1<<28)).Decode(&m); err != nil {
		return m, fmt.Errorf("read manifest: %w", err)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return m, err
	}
	for _, want := range m.Files {
		h, err := r.Next()
		if err != nil {
			return m, fmt.Errorf("read %s: %w", want.Name, err)
		}
		name := filepath.FromSlash(h.Name)
		if h.Name != want.Name || h.Size != want.Size || h.Typeflag != tar.TypeReg || !filepath.IsLocal(name) {
			return m, fmt.Errorf("the manifest names %q, the archive holds %q", want.Name, h.Name)
		}
		sum := sha256.New()
		if err := writeFile(filepath.Join(to, name), io.TeeReader(r, sum)); err != nil {
			return m, fmt.Errorf("read %s: %w", want.Name, err)
		}
		if hex.EncodeToString(sum.Sum(nil)) != want.SHA256 {
			return m, fmt.Errorf("%s is not what was written", want.Name)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		return m, errors.New("the archive holds more than its manifest names")
	}
	return m, nil
}
