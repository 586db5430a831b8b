package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"biseo/index"
	"biseo/korea/text"
)

// FolderFile is the name of the file in which a source folder says what holds
// for everything below it: kind, agency, readers, grade, mask, keep_contacts. A nearer file
// overrides a farther one key by key. The files of the folders above a given
// path count too, so that a folder taken alone keeps its rights.
const FolderFile = "biseo-folder.yaml"

// settings is what folder files say about a file.
type settings struct {
	kind    string
	agency  string
	readers []string // sorted, without repetition; nil if not set, empty if set to nobody
	grade   index.Grade
	mask    bool

	keepContacts bool // when masking: officials' published telephone numbers and addresses stay
}

// override reads the folder file of dir, if there is one, over s.
func (s settings) override(dir string) (settings, error) {
	path := filepath.Join(dir, FolderFile)
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() { // reading a pipe would not end
		return s, fmt.Errorf("%s: want a file with lines such as \"readers: [public]\"", path)
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read folder settings: %w", err)
	}
	var doc, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) { // its readers would be left out in silence
		return s, fmt.Errorf("%s:%d: want one document, without --- inside", path, more.Line)
	}
	if len(doc.Content) == 0 {
		return s, nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return s, fmt.Errorf("%s:%d: want lines such as \"readers: [public]\"", path, root.Line)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		err := s.set(key.Value, value)
		if seen[key.Value] {
			err = errors.New("stands twice")
		}
		seen[key.Value] = true
		if err != nil {
			return s, fmt.Errorf("%s:%d: key %q: %w", path, key.Line, key.Value, err)
		}
	}
	return s, nil
}

func (s *settings) set(key string, value *yaml.Node) (err error) {
	switch key {
	case "kind":
		if err = value.Decode(&s.kind); err == nil && !slices.Contains(index.KindNames(), s.kind) {
			err = fmt.Errorf("%q is not one of %s", s.kind, strings.Join(index.KindNames(), ", "))
		}
	case "agency":
		err = value.Decode(&s.agency)
	case "readers":
		var readers []string
		if err = value.Decode(&readers); err == nil && slices.ContainsFunc(readers, func(g string) bool { return strings.TrimSpace(g) == "" }) {
			err = errors.New("a group has no name")
		}
		s.readers = groups(readers)
	case "grade":
		var name string
		if err = value.Decode(&name); err == nil && name == "" {
			err = errors.New("want open, sensitive or classified")
		}
		if err == nil {
			s.grade, err = index.ParseGrade(name)
		}
	case "mask", "keep_contacts":
		if value.Tag != "!!bool" {
			return fmt.Errorf("%q is neither true nor false", value.Value)
		}
		if key == "mask" {
			return value.Decode(&s.mask)
		}
		return value.Decode(&s.keepContacts)
	default:
		err = errors.New("unknown; want kind, agency, readers, grade, mask or keep_contacts")
	}
	return err
}

// groups sorts group names and drops repetitions.
func groups(names []string) []string {
	out := []string{}
	for _, n := range names {
		out = append(out, strings.TrimSpace(n))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// A file is one file to be brought into the index.
type file struct {
	path    string // absolute, as the system writes it
	id      string // the document's ID where the document itself states none
	root    string // folder to which its readers can be added
	size    int64
	set     settings
	digest  string // as Doc.Digest; "" if the file could not be read
	err     error  // why not
	skip    bool   // not looked at in this run: it counts as it is stored
	reading bool   // new or changed
}

func (f file) source() string { return filepath.ToSlash(f.path) }

// A tree is what stands below the given paths.
type tree struct {
	files   []file   // in path order, each once
	roots   []string // the given paths, absolute, with slashes
	closed  []string // folders below them that cannot be read, with slashes
	skipped int      // files that are no documents
}

// covers reports whether source lies at or below one of the given paths.
func (t *tree) covers(source string) bool { return below(source, t.roots) }

func below(path string, folders []string) bool {
	return slices.ContainsFunc(folders, func(dir string) bool {
		return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/")
	})
}

// scan lists the documents below paths. A path that does not exist or cannot be
// read is an error, as is a wrong folder file.
func scan(paths []string) (*tree, error) {
	t := &tree{}
	for _, p := range paths {
		root, err := filepath.Abs(p)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(root)
		if err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
		t.roots = append(t.roots, filepath.ToSlash(root))
		if !info.IsDir() {
			set, err := settingsAbove(root)
			if err != nil {
				return nil, err
			}
			t.add(filepath.Dir(root), root, info.Size(), set)
			continue
		}
		if _, err := os.ReadDir(root); err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
		if err := t.walk(root); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(t.files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	t.files = slices.CompactFunc(t.files, func(a, b file) bool { return a.path == b.path })
	return t, nil
}

// settingsAbove are the settings for path from all folders above it.
func settingsAbove(path string) (settings, error) {
	dir := filepath.Dir(path)
	if dir == path {
		return settings{}, nil
	}
	set, err := settingsAbove(dir)
	if err != nil {
		return set, err
	}
	return set.override(dir)
}

func (t *tree) walk(root string) error {
	above, err := settingsAbove(root)
	if err != nil {
		return err
	}
	inside, err := filepath.EvalSymlinks(root)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	// The slash lets WalkDir enter a root that is a symbolic link.
	folders := map[string]settings{filepath.Dir(root): above}
	return filepath.WalkDir(root+string(filepath.Separator), func(path string, e fs.DirEntry, err error) error {
		path = filepath.Clean(path)
		switch {
		case err != nil && path == root:
			return err
		case err != nil && (e == nil || e.IsDir()):
			t.closed = append(t.closed, filepath.ToSlash(path))
			return fs.SkipDir
		case err != nil:
			return nil
		case path != root && hidden(e.Name()):
			if e.IsDir() {
				return fs.SkipDir
			}
			t.skipped++
			return nil
		case e.IsDir():
			// Where not even the name of a folder file can be looked up, no document can be read either.
			if _, err := os.Lstat(filepath.Join(path, FolderFile)); path != root && errors.Is(err, fs.ErrPermission) {
				t.closed = append(t.closed, filepath.ToSlash(path))
				return fs.SkipDir
			}
			folders[path], err = folders[filepath.Dir(path)].override(path)
			return err
		}
		if e.Name() == FolderFile {
			return nil
		}
		if !documentName(e.Name()) {
			t.skipped++
			return nil
		}
		if e.Type()&fs.ModeSymlink != 0 {
			target, err := filepath.EvalSymlinks(path)
			if err != nil || !below(filepath.ToSlash(target), []string{filepath.ToSlash(inside)}) {
				t.skipped++
				return nil
			}
		}
		info, err := os.Stat(path)
		if err == nil && !info.Mode().IsRegular() {
			t.skipped++
			return nil
		}
		var size int64
		if err == nil {
			size = info.Size()
		}
		t.add(root, path, size, folders[filepath.Dir(path)])
		return nil
	})
}

func (t *tree) add(root, path string, size int64, set settings) {
	rel, err := filepath.Rel(filepath.Dir(root), path)
	if err != nil {
		rel = path
	}
	id := text.NFC(strings.TrimPrefix(filepath.ToSlash(rel), "/"))
	t.files = append(t.files, file{path: path, id: id, root: root, size: size, set: set})
}

// hidden reports names of files that programs keep for themselves.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~$") || strings.HasSuffix(name, "~")
}

// documentName reports whether a file of that name is read. It includes formats
// that cannot be read yet but hold documents: those are reported as failed, with
// what to do, and not left out in silence.
func documentName(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".hwp", ".hwpx", ".hwpml", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".pdf", ".html", ".htm", ".md", ".markdown", ".txt", ".csv", ".rtf", ".odt", ".zip":
		return true
	}
	return false
}
