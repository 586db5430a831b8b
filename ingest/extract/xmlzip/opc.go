package xmlzip

import (
	"cmp"
	"path"
	"strings"
)

// What archives by the Open Packaging Conventions (ECMA-376 part 2: DOCX, XLSX,
// PPTX) have: relations between their parts, and properties.

// A Relation of a part to another.
type Relation struct {
	ID   string // in the part that has it
	Kind string // the end of its type, such as officeDocument
	Part string // the part that it points to
}

// Relations are those of the part from ("" is the package) within the archive,
// in their order.
func (a *Archive) Relations(from string) ([]Relation, error) {
	dir, base := path.Split(from)
	rels, err := a.Tree(dir + "_rels/" + base + ".rels")
	if err != nil {
		return nil, err
	}
	var found []Relation
	rels.All("Relationship", func(e *Element) {
		if e.Get("TargetMode") == "External" {
			return
		}
		target := e.Get("Target")
		if absolute, ok := strings.CutPrefix(target, "/"); ok {
			target = absolute
		} else {
			target = path.Join(dir, target)
		}
		found = append(found, Relation{e.Get("Id"), path.Base(e.Get("Type")), target})
	})
	return found, nil
}

// Related is the first part in a relation of that type to the part from; "" if
// there is none.
func (a *Archive) Related(from, kind string) (string, error) {
	rels, err := a.Relations(from)
	for _, r := range rels {
		if r.Kind == kind {
			return r.Part, nil
		}
	}
	return "", err
}

// Properties are what a package says of itself; each may be empty or left over
// from a template.
type Properties struct{ Title, Subject, Keywords, Description string }

// Properties reads the core properties.
func (a *Archive) Properties() (Properties, error) {
	part, err := a.Related("", "core-properties")
	if err != nil {
		return Properties{}, err
	}
	core, err := a.Tree(cmp.Or(part, "docProps/core.xml"))
	if err != nil {
		return Properties{}, err
	}
	says := func(name string) string { return core.Child(name).Content() }
	return Properties{says("title"), says("subject"), says("keywords"), says("description")}, nil
}

// Alternative is the first choice of e, an mc:AlternateContent (ECMA-376 part 3).
// The fallback repeats it for old programs.
func (e *Element) Alternative() *Element {
	if c := e.Child("Choice"); c != nil {
		return c
	}
	if f := e.Child("Fallback"); f != nil {
		return f
	}
	return &Element{}
}
