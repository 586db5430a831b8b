package suite

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"time"
)

// A Manifest says what produced a run, so that two runs differ only in what their
// manifests tell.
type Manifest struct {
	Name     string            `json:"name"`     // as the evaluator calls it
	Program  string            `json:"program"`  // version of Biseo
	Revision string            `json:"revision"` // of the source; "" where the binary does not know it
	Dirty    bool              `json:"dirty"`    // the source was changed after that revision
	Sets     map[string]string `json:"sets"`     // folder and name of each set file, to its SHA-256
	Corpus   string            `json:"corpus"`   // SHA-256 over the paths and bytes of the documents
	Split    string            `json:"split"`    // tune, test or "" for both
	Sample   int               `json:"sample"`   // so many cases of each set, drawn by a hash of their IDs; 0: all
	Gold     bool              `json:"gold"`     // the model got the passages that the cases name
	Replayed bool              `json:"replayed"` // models and embedders were played back
	Model    string            `json:"model"`
	Embedder string            `json:"embedder"`
	Rules    string            `json:"rules"`    // of terms and chunks
	Prompts  map[string]string `json:"prompts"`  // version of each prompt; under reports the SHA-256 of an agency's own report templates
	Settings map[string]string `json:"settings"` // whatever else was set
	Machine  string            `json:"machine"`
	Begun    time.Time         `json:"begun"`
	Ended    time.Time         `json:"ended,omitzero"` // zero: the run was cut off
}

// Source fills in the revision that this binary was built from.
func (m *Manifest) Source() {
	m.Machine = fmt.Sprintf("%s/%s, %d processors, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			m.Revision = s.Value
		case "vcs.modified":
			m.Dirty = s.Value == "true"
		}
	}
}

// Digest is the SHA-256 of a file in hex.
func Digest(name string) (string, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// DigestFolder is the SHA-256 over the paths and bytes of all files below dir, in
// path order.
func DigestFolder(dir string) (string, error) {
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		sum, err := Digest(path)
		rel, rerr := filepath.Rel(dir, path)
		fmt.Fprintf(h, "%s %s\n", filepath.ToSlash(rel), sum)
		return errors.Join(err, rerr)
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

func manifestFile(dir string) string { return filepath.Join(dir, "manifest.json") }

// ReadManifest reads what a run says of itself.
func ReadManifest(dir string) (Manifest, error) {
	var m Manifest
	b, err := os.ReadFile(manifestFile(dir))
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(b, &m)
}

func writeManifest(dir string, m Manifest) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(manifestFile(dir), append(b, '\n'), 0o644)
}

// ErrOther reports a folder in which a run of another manifest was cut off.
var ErrOther = errors.New("the folder holds a run of other settings, sets or documents that was cut off")

// begin makes dir a run of m, or finds that it is one that was cut off.
func begin(dir string, m Manifest) error {
	old, err := ReadManifest(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		return writeManifest(dir, m)
	case err != nil:
		return fmt.Errorf("read run %s: %w", dir, err)
	case !old.Ended.IsZero():
		return fmt.Errorf("%s holds a finished run: name another folder", dir)
	}
	m.Begun, m.Ended = old.Begun, old.Ended
	if !reflect.DeepEqual(jsonOf(m), jsonOf(old)) {
		return fmt.Errorf("%s: %w", dir, ErrOther)
	}
	return nil
}

// jsonOf is m as a file holds it, in which an empty map is a missing one.
func jsonOf(m Manifest) (v any) {
	b, _ := json.Marshal(m) // strings, maps of strings and times
	_ = json.Unmarshal(b, &v)
	return v
}

func finish(dir string) error {
	m, err := ReadManifest(dir)
	if err != nil {
		return err
	}
	m.Ended = time.Now().UTC()
	return writeManifest(dir, m)
}
