// Package prompts holds what Biseo says to a language model: one template file
// and one typed function for each task.
//
// Prompts are Korean, short, and ask for one job, so that a model of 2 to 8
// billion parameters can follow them. Passages stand in them as JSON: text of a
// document cannot close its block and pass for an instruction.
package prompts

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
)

// NoAnswer is what a model is told to write when its passages hold no answer.
const NoAnswer = "[근거 없음]"

//go:embed *.tmpl
var files embed.FS

// A Passage is one numbered source, cut into sentences that a model may cite as
// [N-1], [N-2], ...
type Passage struct {
	N         int      // from 1
	Title     string   // of the document
	Cite      string   // how an official cites the passage; "" where it has no name of its own
	Sentences []string // in order, without line breaks
}

// MarshalJSON writes a passage as a model reads it, sentences in order under
// their numbers.
func (p Passage) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"근거":%d,"자료":%s`, p.N, quote(p.Title))
	if p.Cite != "" {
		fmt.Fprintf(&b, `,"출처":%s`, quote(p.Cite))
	}
	b.WriteString(`,"문장":{`)
	for i, s := range p.Sentences {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"%d-%d":%s`, p.N, i+1, quote(s))
	}
	b.WriteString("}}")
	return b.Bytes(), nil
}

// AnswerData fills the prompt that answers a question.
type AnswerData struct {
	Question string
	On       string // the day whose law applies, 2006-01-02
	Passages []Passage
}

// Answer renders the prompt that answers a question from passages. The model
// writes one sentence a line with the numbers of its sources, or [NoAnswer].
func Answer(d AnswerData) (system, user string, err error) {
	return render("answer", struct {
		AnswerData
		NoAnswer string
	}{d, NoAnswer})
}

// Version identifies the text of a prompt, such as "answer@1f0c9a2b": its name
// and the first 8 hex digits of the SHA-256 of its template. "" if there is no
// such prompt.
func Version(name string) string {
	b, err := files.ReadFile(name + ".tmpl")
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return name + "@" + hex.EncodeToString(sum[:4])
}

// render executes the blocks "system" and "user" of a template file.
func render(name string, data any) (system, user string, err error) {
	t, err := template.New(name).Funcs(template.FuncMap{"json": marshal}).ParseFS(files, name+".tmpl")
	if err != nil {
		return "", "", fmt.Errorf("prompt %s: %w", name, err)
	}
	var out [2]strings.Builder
	for i, block := range []string{"system", "user"} {
		if err := t.ExecuteTemplate(&out[i], block, data); err != nil {
			return "", "", fmt.Errorf("prompt %s: %w", name, err)
		}
	}
	return out[0].String(), out[1].String(), nil
}

// marshal is JSON that leaves Korean and the signs < > & as they are.
func marshal(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// quote is s as a JSON string.
func quote(s string) string {
	q, _ := marshal(s) // a string always has a JSON form
	return q
}
