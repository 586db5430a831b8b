package prompts

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/template"
)

//go:embed *.tmpl reports/*.yaml
var files embed.FS

// A Prompt is one rendered call of a model.
type Prompt struct {
	Version string // name and first 8 hex digits of the SHA-256 of its template: answer@1f0c9a2b
	System  string
	User    string
}

// A Set is the prompts and report templates in use. It does not change: safe for
// concurrent use.
type Set struct {
	templates map[string]*template.Template
	versions  map[string]string
	reports   []Report // by name
}

// Default returns the prompts and report templates of the program itself.
var Default = sync.OnceValue(func() *Set {
	s := &Set{map[string]*template.Template{}, map[string]string{}, nil}
	if err := s.read(files, samples); err != nil {
		panic(err) // the embedded files are held by tests
	}
	return s
})

// Load returns the default set with the files of dir in place of its own: NAME.tmpl
// replaces the prompt of that name, reports/NAME.yaml replaces or adds a report
// template. Other files are left alone. A file that cannot be used is an error
// that names it and the line; so is a directory with none.
func Load(dir fs.FS) (*Set, error) {
	d := Default()
	s := &Set{maps.Clone(d.templates), maps.Clone(d.versions), slices.Clone(d.reports)}
	if err := s.read(dir, samples); err != nil {
		return nil, err
	}
	return s, nil
}

// Versions returns the version of each prompt by its name: see [Prompt].
func (s *Set) Versions() map[string]string { return maps.Clone(s.versions) }

// read takes the prompts and report templates of dir. Each prompt is rendered
// once with its sample, so that a field that does not exist is found now.
func (s *Set) read(dir fs.FS, samples map[string]any) error {
	found, err := fs.Glob(dir, "*.tmpl")
	if err != nil {
		return fmt.Errorf("read prompts: %w", err)
	}
	for _, file := range found {
		name := strings.TrimSuffix(file, ".tmpl")
		sample, known := samples[name]
		if !known {
			return fmt.Errorf("%s: there is no prompt of this name; there are %s", file, strings.Join(slices.Sorted(maps.Keys(samples)), ", "))
		}
		b, err := fs.ReadFile(dir, file)
		if err != nil {
			return fmt.Errorf("read prompt: %w", err)
		}
		t, err := template.New(file).Funcs(template.FuncMap{"json": marshal}).Parse(string(b))
		if err != nil {
			return templateError(err)
		}
		for _, block := range []string{"system", "user"} {
			if t.Lookup(block) == nil {
				return fmt.Errorf(`%s: line 1: the block %q is missing: write {{define %q}}...{{end}}`, file, block, block)
			}
		}
		s.templates[name] = t
		sum := sha256.Sum256(b)
		s.versions[name] = name + "@" + hex.EncodeToString(sum[:4])
		if _, err := s.render(name, sample); err != nil {
			return err
		}
	}
	reports, err := fs.Glob(dir, "reports/*.yaml")
	if err != nil {
		return fmt.Errorf("read report templates: %w", err)
	}
	for _, file := range reports {
		b, err := fs.ReadFile(dir, file)
		if err != nil {
			return fmt.Errorf("read report template: %w", err)
		}
		r, err := parseReport(file, b)
		if err != nil {
			return err
		}
		if r.Name == "" {
			r.Name = strings.TrimSuffix(path.Base(file), ".yaml")
		}
		s.reports = slices.DeleteFunc(s.reports, func(o Report) bool { return o.Name == r.Name })
		s.reports = append(s.reports, r)
	}
	slices.SortFunc(s.reports, func(a, b Report) int { return strings.Compare(a.Name, b.Name) })
	if len(found)+len(reports) == 0 {
		return errors.New("no prompt there: want NAME.tmpl or reports/NAME.yaml")
	}
	return nil
}

var templatePlace = regexp.MustCompile(`^template: ([^:]+):(\d+)(?::\d+)?: (.*)`)

// templateError says file and line first: template: answer.tmpl:3:2: ... becomes
// answer.tmpl: line 3: ...
func templateError(err error) error {
	m := templatePlace.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	return fmt.Errorf("%s: line %s: %s", m[1], m[2], m[3])
}

// render executes the blocks "system" and "user" of a prompt.
func (s *Set) render(name string, data any) (Prompt, error) {
	t := s.templates[name]
	if t == nil {
		return Prompt{}, fmt.Errorf("prompt %s: there is none", name)
	}
	var out [2]strings.Builder
	for i, block := range []string{"system", "user"} {
		if err := t.ExecuteTemplate(&out[i], block, data); err != nil {
			return Prompt{}, templateError(err)
		}
	}
	return Prompt{s.versions[name], out[0].String(), out[1].String()}, nil
}
