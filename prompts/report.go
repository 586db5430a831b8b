package prompts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A Report is a report template: a YAML file under reports that an agency can copy
// and change.
type Report struct {
	Name     string    `yaml:"name"`    // 현황보고; the name of the file where empty
	About    string    `yaml:"about"`   // one sentence for who chooses a template
	Title    string    `yaml:"title"`   // of the draft, with {주제} in place of the topic
	Kind     string    `yaml:"kind"`    // whose rules it is held against: report, plan, press, minutes; empty: those for all documents
	Prose    bool      `yaml:"prose"`   // paragraphs rather than items (개조식)
	Plain    bool      `yaml:"plain"`   // headings are for the writer and not shown, as in a speech (말씀자료)
	Uncited  bool      `yaml:"uncited"` // no list of sources at the end, as in a press release (보도자료)
	Marks    []string  `yaml:"marks"`   // before headings of level 1 and 2 and items of level 1 to 3; empty means Ⅰ □ ㅇ - *
	Sections []Section `yaml:"sections"`
}

// A Section is one part of a report, drafted by one call of a model.
type Section struct {
	Heading  string     `yaml:"heading"`
	Guidance string     `yaml:"guidance"` // what belongs here, for the model
	Query    string     `yaml:"query"`    // words that find its evidence beside the topic
	Kinds    []string   `yaml:"kinds"`    // kinds of documents preferred as evidence; empty: all alike
	Only     bool       `yaml:"only"`     // of those kinds and no others
	Need     string     `yaml:"need"`     // what is asked for where there is no evidence: [작성 필요: ...]
	Lines    int        `yaml:"lines"`    // sentences at most; 0 means 5
	Prose    bool       `yaml:"prose"`    // paragraphs in this section, such as the lead of a press release
	Table    [][]string `yaml:"table"`    // shown as it is, the first row as its header; for contacts and signatures. Such a section may have no guidance
	Own      bool       `yaml:"own"`      // only the official can write it: no evidence is searched, the need is shown
}

// Reports are the report templates of the set, by name.
func (s *Set) Reports() []Report { return slices.Clone(s.reports) }

// Report returns the report template of that name.
func (s *Set) Report(name string) (Report, bool) {
	i := slices.IndexFunc(s.reports, func(r Report) bool { return r.Name == name })
	if i < 0 {
		return Report{}, false
	}
	return s.reports[i], true
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// parseReport reads a report template. Its errors begin with file and line.
func parseReport(file string, b []byte) (Report, error) {
	var r Report
	at := func(line int, format string, args ...any) (Report, error) {
		return Report{}, fmt.Errorf("%s: line %d: %s", file, line, fmt.Sprintf(format, args...))
	}
	var root yaml.Node
	err := yaml.Unmarshal(b, &root)
	if err == nil {
		d := yaml.NewDecoder(bytes.NewReader(b))
		d.KnownFields(true)
		err = d.Decode(&r)
	}
	if errors.Is(err, io.EOF) {
		return at(1, "the file is empty: write title and sections")
	}
	if err != nil {
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			return Report{}, fmt.Errorf("%s: line %s: %s", file, m[1], m[2])
		}
		return at(1, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	lines := sectionLines(&root)
	switch {
	case !strings.Contains(r.Title, "{주제}"):
		return at(1, `title must hold {주제}, the place of the topic: title: "{주제} 현황 보고"`)
	case len(r.Sections) == 0:
		return at(1, "there are no sections: write at least one heading under sections")
	case !slices.Contains([]string{"", "report", "plan", "press", "minutes"}, r.Kind):
		return at(1, "kind %q: want report, plan, press or minutes", r.Kind)
	case len(r.Marks) != 0 && len(r.Marks) != 5:
		return at(1, "marks has %d signs, want 5: two for headings, three for items", len(r.Marks))
	}
	for i, s := range r.Sections {
		line := 1
		if i < len(lines) {
			line = lines[i]
		}
		switch {
		case strings.TrimSpace(s.Heading) == "":
			return at(line, "section %d has no heading", i+1)
		case s.Need == "" && len(s.Table) == 0:
			return at(line, "section %q has no need: write what the official must add where no document says it", s.Heading)
		case s.Guidance == "" && !s.Own && len(s.Table) == 0:
			return at(line, "section %q has no guidance: write in one sentence what belongs there", s.Heading)
		case s.Lines < 0 || s.Lines > 30:
			return at(line, "section %q: lines is %d, want 1 to 30", s.Heading, s.Lines)
		}
	}
	return r, nil
}

// sectionLines are the lines on which the sections begin.
func sectionLines(root *yaml.Node) []int {
	var out []int
	if len(root.Content) == 0 || root.Content[0].Kind != yaml.MappingNode {
		return nil
	}
	pairs := root.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i].Value == "sections" {
			for _, n := range pairs[i+1].Content {
				out = append(out, n.Line)
			}
		}
	}
	return out
}
