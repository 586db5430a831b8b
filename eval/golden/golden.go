// Package golden holds the cases that Biseo's tasks are judged by: what is asked,
// as whom, on which day, and what a right result says, cites and must not say.
//
// A case names documents by their path in the corpus and passages by words that
// stand in them, so that it outlives other chunk sizes and other readers. golden.go
// holds the form of a case and reads sets, form.go compares a text with an
// accepted form, and lint.go holds a set against the documents.
package golden

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Task names what a case asks for; a set file is named for it.
type Task string

const (
	Search  Task = "search"
	Answer  Task = "answer"
	Summary Task = "summary"
	Report  Task = "report"
	Reply   Task = "reply"
	Safety  Task = "safety" // one of the others, asked in a way that must fail well
)

// Tasks are the tasks in the order of reports.
func Tasks() []Task { return []Task{Search, Answer, Summary, Report, Reply, Safety} }

// A Case is one line of a set. Which fields a task needs and admits is told by
// [Case.Validate].
type Case struct {
	ID     string   `json:"id"`               // such as search-001; never used for another case
	Split  string   `json:"split"`            // tune or test; cases on the same fact share a split
	On     string   `json:"on"`               // 2006-01-02, the day asked for
	Groups []string `json:"groups"`           // of the asker, besides public
	Grade  string   `json:"grade"`            // highest grade that the asker may see: open, sensitive, classified
	Tags   []string `json:"tags"`             // what makes it hard, such as paraphrase, exception, old-version
	Note   string   `json:"note"`             // why this is right and where it stands, for the second reader
	Kind   string   `json:"kind,omitempty"`   // of a safety case: abstain, rights, ...; of a reply: the kind of complaint expected
	Asks   Task     `json:"task,omitempty"`   // of a safety case: the task that is asked for
	Plants []Plant  `json:"plants,omitempty"` // of a safety case: documents added to the corpus for it alone

	// What is asked.
	Query      string   `json:"query,omitempty"`     // search
	Question   string   `json:"question,omitempty"`  // answer
	Earlier    []string `json:"earlier,omitempty"`   // answer: the asker's questions before
	Docs       []string `json:"docs,omitempty"`      // summary: what is summarised; report: what it is drafted from
	Length     string   `json:"length,omitempty"`    // summary: line, brief, page
	Audience   string   `json:"audience,omitempty"`  // summary
	Topic      string   `json:"topic,omitempty"`     // report
	Template   string   `json:"template,omitempty"`  // report
	Complaint  string   `json:"complaint,omitempty"` // reply
	Received   string   `json:"received,omitempty"`  // reply: 2006-01-02 15:04
	Decision   string   `json:"decision,omitempty"`  // reply, as the official gives it
	Remedy     string   `json:"remedy,omitempty"`
	Department string   `json:"department,omitempty"`
	Name       string   `json:"name,omitempty"`
	Phone      string   `json:"phone,omitempty"`

	// What is right.
	Relevant  []Relevant `json:"relevant,omitempty"`  // search
	Forbidden []string   `json:"forbidden,omitempty"` // documents that must not be found, shown or cited
	Facts     []Fact     `json:"facts,omitempty"`     // what must be said
	Cites     []Passage  `json:"cites,omitempty"`     // of which one must be cited
	All       bool       `json:"all,omitempty"`       // each of Cites must be cited
	MustNot   []string   `json:"must_not,omitempty"`  // forms that make the result wrong
	Outcome   []string   `json:"outcome,omitempty"`   // outcomes accepted; empty: answered, partial, extractive
	Warnings  []string   `json:"warnings,omitempty"`  // codes that must be among the warnings
	Sections  []string   `json:"sections,omitempty"`  // report: headings that must stand
	Gaps      []string   `json:"gaps,omitempty"`      // report, reply: what must be left for a person to fill
	MaxChars  int        `json:"max_chars,omitempty"` // summary: code points at most
	Reference string     `json:"reference,omitempty"` // summary: one that a person wrote, for ROUGE and chrF, which gate nothing
	Requests  int        `json:"requests,omitempty"`  // reply: how many the complaint holds
	Due       string     `json:"due,omitempty"`       // reply: 2006-01-02
	Hidden    []string   `json:"hidden,omitempty"`    // reply, safety: personal data that must not be processed or shown
	Transfer  string     `json:"transfer,omitempty"`  // reply: the department or agency it belongs to
}

// A Passage is a place in a document, found by words that stand in it.
type Passage struct {
	Doc   string `json:"doc"`   // path in the corpus, with slashes
	Quote string `json:"quote"` // verbatim but for white space, 8 to 120 characters
}

// A Relevant passage answers the query (gain 3), a part of it (2), or is on the
// matter (1).
type Relevant struct {
	Passage
	Gain int `json:"gain"`
}

// A Fact is a key fact (nugget) that a person wrote.
type Fact struct {
	Text    string   `json:"text"`              // for the reader of a report
	Any     []string `json:"any"`               // forms of which one must occur: see [Matches]
	Vital   bool     `json:"vital"`             // counts for the strict vital recall of TREC
	Request int      `json:"request,omitempty"` // reply: of which request, from 1
}

// A Plant is a document that a safety case adds.
type Plant struct {
	Doc     string   `json:"doc"` // path in the corpus, a text or Markdown file
	Text    string   `json:"text"`
	Kind    string   `json:"kind,omitempty"`
	Readers []string `json:"readers"`
	Grade   string   `json:"grade"`
}

// Read reads the set files of dir, those named for a [Task] with .jsonl. Its
// error names the file and the line.
func Read(dir string) (map[Task][]Case, error) {
	sets := map[Task][]Case{}
	for _, t := range Tasks() {
		name := filepath.Join(dir, string(t)+".jsonl")
		b, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if sets[t], err = Parse(t, b); err != nil {
			return nil, fmt.Errorf("%s, %w", name, err)
		}
	}
	if len(sets) == 0 {
		return nil, fmt.Errorf("%s 폴더에 answer.jsonl 같은 문항 파일이 없으니 경로를 확인해 주세요", dir)
	}
	return sets, nil
}

// Parse reads the cases of one set file. Its error names the line.
func Parse(t Task, b []byte) ([]Case, error) {
	var cases []Case
	seen := map[string]int{}
	line := 0
	for l := range bytes.Lines(bytes.TrimPrefix(b, []byte("\ufeff"))) {
		line++
		if l = bytes.TrimSpace(l); len(l) == 0 {
			continue
		}
		var c Case
		d := json.NewDecoder(bytes.NewReader(l))
		d.DisallowUnknownFields()
		err := d.Decode(&c)
		if err == nil {
			if _, more := d.Token(); more != io.EOF {
				err = errors.New("more than one value in the line")
			}
		}
		if err == nil {
			err = c.Validate(t)
		}
		if err == nil && seen[c.ID] > 0 {
			err = errTwice(c.ID, seen[c.ID])
		}
		if err != nil {
			return nil, fmt.Errorf("%d째 줄: %w", line, err)
		}
		seen[c.ID] = line
		cases = append(cases, c)
	}
	return cases, nil
}

// Sample draws n of the cases of a set by a hash of their IDs, the same ones every
// time, and keeps their order. Of fewer cases it is all.
func Sample(cases []Case, n int) []Case {
	if n >= len(cases) {
		return cases
	}
	drawn := slices.SortedFunc(slices.Values(cases), func(a, b Case) int {
		x, y := sha256.Sum256([]byte(a.ID)), sha256.Sum256([]byte(b.ID))
		return bytes.Compare(x[:], y[:])
	})[:n]
	var out []Case
	for _, c := range cases {
		if slices.ContainsFunc(drawn, func(d Case) bool { return d.ID == c.ID }) {
			out = append(out, c)
		}
	}
	return out
}

func errTwice(id string, line int) error {
	return fmt.Errorf("id %q이(가) %d째 줄에도 있으니 다른 이름으로 적어 주세요", id, line)
}

// Write writes cases as Parse reads them, one line each.
func Write(w io.Writer, cases []Case) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, c := range cases {
		if err := e.Encode(c); err != nil {
			return err
		}
	}
	return nil
}

// asksIn names the fields in which a case of a task says what it asks.
var asksIn = map[Task]string{Search: "query", Answer: "question", Summary: "docs와 length", Report: "topic과 template", Reply: "complaint와 received"}

// outcomes are those of an answer of the assistant, and that the request was refused.
var outcomes = []string{"answered", "partial", "extractive", "no_source", "blocked_personal_data", "blocked_grade", "out_of_scope", "refused"}

// Validate reports the first thing wrong with the form of a case of t, in Korean and
// with what to do.
func (c *Case) Validate(t Task) error {
	asks := t
	if t == Safety {
		asks = c.Asks
	}
	switch {
	case !strings.HasPrefix(c.ID, string(t)+"-"):
		return fmt.Errorf("id %q을(를) %s-로 시작하는 이름으로 적어 주세요", c.ID, t)
	case c.Split != "tune" && c.Split != "test":
		return fmt.Errorf("%s: split이 %q이니 tune이나 test로 적어 주세요", c.ID, c.Split)
	case !isDay(c.On):
		return fmt.Errorf("%s: on의 %q을(를) 2026-11-20 같은 날짜로 적어 주세요", c.ID, c.On)
	case !slices.Contains([]string{"open", "sensitive", "classified"}, c.Grade):
		return fmt.Errorf("%s: grade가 %q이니 open, sensitive, classified 가운데 하나로 적어 주세요", c.ID, c.Grade)
	case len(c.Tags) == 0 || c.Note == "":
		return fmt.Errorf("%s: tags에 무엇이 어려운지, note에 왜 맞는지를 적어 주세요", c.ID)
	case t == Safety && (c.Kind == "" || !slices.Contains(Tasks()[:5], c.Asks)):
		return fmt.Errorf("%s: safety 문항은 kind와, 무엇을 시키는지 task를 적어 주세요", c.ID)
	case t != Safety && (c.Asks != "" || c.Plants != nil):
		return fmt.Errorf("%s: task와 plants는 safety 문항에만 적는 칸이니 비워 주세요", c.ID)
	}
	inputs := map[Task][]string{
		Search: {c.Query}, Answer: {c.Question}, Summary: {strings.Join(c.Docs, " "), c.Length},
		Report: {c.Topic, c.Template}, Reply: {c.Complaint, c.Received},
	}
	for task, in := range inputs {
		if task != asks && task != Summary && strings.Join(in, "") != "" {
			return fmt.Errorf("%s: %s 문항에만 적는 칸(%s)이 차 있으니 비워 주세요", c.ID, task, asksIn[task])
		}
		if task == asks && slices.Contains(in, "") {
			return fmt.Errorf("%s: 물을 것이 없으니 %s 칸을 채워 주세요", c.ID, asksIn[task])
		}
	}
	if t == Search && len(c.Relevant) == 0 {
		return fmt.Errorf("%s: 찾을 곳이 없으니 relevant 칸을 채워 주세요", c.ID)
	}
	if t != Search && len(c.Facts)+len(c.Outcome)+len(c.MustNot)+len(c.Forbidden)+len(c.Hidden) == 0 {
		return fmt.Errorf("%s: 바라는 것이 없으니 facts, outcome, must_not, forbidden, hidden 가운데 하나는 적어 주세요", c.ID)
	}
	for _, o := range c.Outcome {
		if !slices.Contains(outcomes, o) {
			return fmt.Errorf("%s: outcome의 %q을(를) %s 가운데 하나로 적거나 비워 주세요", c.ID, o, strings.Join(outcomes, ", "))
		}
	}
	for _, r := range c.Relevant {
		if r.Gain < 1 || r.Gain > 3 {
			return fmt.Errorf("%s: relevant의 점수가 %d이니 1, 2, 3 가운데 하나로 적어 주세요", c.ID, r.Gain)
		}
	}
	forms := slices.Clone(c.MustNot)
	for _, f := range c.Facts {
		if f.Text == "" || len(f.Any) == 0 {
			return fmt.Errorf("%s: facts는 '요점 :: 맞는 표현'처럼 요점과 표현을 하나 이상 적어 주세요", c.ID)
		}
		forms = append(forms, f.Any...)
	}
	for _, f := range forms {
		if _, err := compile(f); err != nil {
			return fmt.Errorf("%s: %w", c.ID, err)
		}
	}
	return nil
}

// Asked is what a case asks, as its asker wrote it.
func (c *Case) Asked() string {
	parts := slices.Concat(c.Earlier, []string{c.Query, c.Question, strings.Join(c.Docs, ", "), c.Topic, c.Template, c.Complaint})
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "\n")
}

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
