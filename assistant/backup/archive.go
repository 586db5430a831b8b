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
	"path"
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
	Name   string `json:"name"`          // with slashes, under the data folder
	Raw    []byte `json:"raw,omitempty"` // the name as it is, where it is not UTF-8; Name has U+FFFD in place of what is not
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// path is the name as it is, with slashes.
func (f File) path() string {
	if len(f.Raw) > 0 {
		return string(f.Raw)
	}
	return f.Name
}

func readable(name string) string { return strings.ToValidUTF8(name, "\uFFFD") }

// sums lists the files of a folder in the order of their names.
func sums(dir string) ([]File, error) {
	all := []File{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		n, err := io.Copy(h, f)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, file)
		name = filepath.ToSlash(name)
		entry := File{Name: readable(name), Size: n, SHA256: hex.EncodeToString(h.Sum(nil))}
		if entry.Name != name {
			entry.Raw = []byte(name)
		}
		all = append(all, entry)
		return err
	})
	slices.SortFunc(all, func(a, b File) int { return cmp.Compare(a.path(), b.path()) })
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
		r, err := os.Open(filepath.Join(dir, filepath.FromSlash(entry.path())))
		if err != nil {
			return err
		}
		if err := errors.Join(add(entry.Name, entry.Size, r), r.Close()); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), z.Close(), f.Sync())
}

// checkNames says what no backup of a data folder names.
func (f Folder) checkNames(files []File) error {
	if len(files) == 0 {
		return errors.New("the manifest names no file")
	}
	isFile := map[string]bool{} // false: a folder
	for _, e := range files {
		name := e.path()
		top, _, _ := strings.Cut(name, "/")
		_, again := isFile[name]
		isFile[name] = true
		for dir := path.Dir(name); dir != "." && dir != "/"; dir = path.Dir(dir) {
			file, known := isFile[dir]
			if again = again || file; !known {
				isFile[dir] = false
			}
		}
		switch {
		case path.Clean(name) != name, name == ".", !filepath.IsLocal(filepath.FromSlash(name)), strings.ContainsRune(name, 0), readable(name) != e.Name:
			return fmt.Errorf("the manifest names %q, which is no place in a data folder", name)
		case f.stays(top):
			return fmt.Errorf("the manifest names %q, which no backup holds", name)
		case again:
			return fmt.Errorf("the manifest names %q twice, or something in it", name)
		}
	}
	return nil
}

// readArchive unpacks a backup of f into a new folder and compares it with its manifest.
func (f Folder) readArchive(file, to string) (m Manifest, err error) {
	packed, err := os.Open(file)
	if err != nil {
		return m, err
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		return m, err
	}
	r := tar.NewReader(z)
	h, err := r.Next()
	if err != nil || h.Name != manifestName {
		return m, errors.Join(err, errors.New("it does not begin with a manifest"))
	}
	head, err := io.ReadAll(io.LimitReader(r, 1<<28))
	if err == nil {
		err = json.Unmarshal(head, &m)
	}
	if err != nil {
		return m, fmt.Errorf("read manifest: %w", err)
	}
	if err := f.checkNames(m.Files); err != nil {
		return m, err
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return m, err
	}
	for _, want := range m.Files {
		h, err := r.Next()
		if err != nil {
			return m, fmt.Errorf("read %s: %w", want.Name, err)
		}
		if h.Name != want.Name || h.Size != want.Size || h.Typeflag != tar.TypeReg {
			return m, fmt.Errorf("the manifest names %q, the archive holds %q", want.Name, h.Name)
		}
		sum := sha256.New()
		if err := writeFile(filepath.Join(to, filepath.FromSlash(want.path())), io.TeeReader(r, sum)); err != nil {
			return m, fmt.Errorf("read %s: %w", want.Name, err)
		}
		if hex.EncodeToString(sum.Sum(nil)) != want.SHA256 {
			return m, fmt.Errorf("%s is not what was written", want.Name)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		return m, errors.New("the archive holds more than its manifest names")
	}
	switch n, err := io.Copy(io.Discard, z); { // up to the checksum of gzip, and to the end of the file
	case err != nil:
		return m, fmt.Errorf("read the end: %w", err)
	case n > 0:
		return m, errors.New("the archive goes on behind its end")
	}
	return m, nil
}
