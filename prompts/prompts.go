// Package prompts holds what Biseo says to a language model, one template file and
// one typed method of [Set] for each job, and the templates of reports.
//
// [Default] is the set of the program, [Load] one that an agency changed.
//
// Prompts are Korean, short, and ask for one job, so that a model of 2 to 8
// billion parameters can follow them. Passages stand in them as JSON: text of a
// document cannot close its block and pass for an instruction.
package prompts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// NoAnswer is what a model is told to write when its passages hold no answer.
const NoAnswer = "[근거 없음]"

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
	Earlier  []string // the asker's earlier questions, oldest first
	On       string   // the day whose law applies, 2006-01-02
	Passages []Passage
}

// NoAnswer is [NoAnswer], for the template.
func (AnswerData) NoAnswer() string { return NoAnswer }

// Answer renders the prompt that answers a question from passages. The model
// writes one sentence a line with the numbers of its sources, or [NoAnswer].
func (s *Set) Answer(d AnswerData) (Prompt, error) { return s.render("answer", d) }

// ReplyData fills the prompt that answers one request of a complaint.
type ReplyData struct {
	Request  string // personal data hidden
	On       string // the day whose law applies, 2006-01-02
	Passages []Passage
}

// NoAnswer is [NoAnswer], for the template.
func (ReplyData) NoAnswer() string { return NoAnswer }

// Reply renders the prompt that answers one request of a complaint. The model
// writes as for [Set.Answer].
func (s *Set) Reply(d ReplyData) (Prompt, error) { return s.render("reply", d) }

// A Fault is a sentence of a model that its sources do not support.
type Fault struct {
	Text string
	Why  string // in Korean
}

// AgainData fills the prompt that asks once more for sentences that failed.
type AgainData struct {
	Faults   []Fault
	Passages []Passage
}

// NoAnswer is [NoAnswer], for the template.
func (AgainData) NoAnswer() string { return NoAnswer }

// Again renders the prompt that has a model write failing sentences once more, as
// its sources say. The model writes as for [Set.Answer].
func (s *Set) Again(d AgainData) (Prompt, error) { return s.render("again", d) }

// SummaryData fills the prompt that sums up passages.
type SummaryData struct {
	Lines    int    // at most
	Prose    bool   // whole sentences; otherwise items that end in nouns (개조식)
	Audience string // whom it is for; "" is an official
	Compare  bool   // what sets the documents of the passages apart, rather than what they say
	Passages []Passage
}

// NoAnswer is [NoAnswer], for the template.
func (SummaryData) NoAnswer() string { return NoAnswer }

// Summary renders the prompt that sums up passages. The model writes as for
// [Set.Answer], the most important first.
func (s *Set) Summary(d SummaryData) (Prompt, error) { return s.render("summary", d) }

// SectionData fills the prompt that drafts one section of a report.
type SectionData struct {
	Report   string // its title
	Topic    string
	Section  Section
	Lines    int    // at most
	Prose    bool   // whole sentences; otherwise items that end in nouns (개조식)
	On       string // the day whose law applies, 2006-01-02
	Passages []Passage
}

// NoAnswer is [NoAnswer], for the template.
func (SectionData) NoAnswer() string { return NoAnswer }

// Section renders the prompt that drafts one section of a report. The model writes
// as for [Set.Answer].
func (s *Set) Section(d SectionData) (Prompt, error) { return s.render("section", d) }

// JudgeData fills the prompt that marks an answer.
type JudgeData struct {
	Question string
	Sources  []string // what the answer cites, each under its number
	Answer   string
}

// Judge renders the prompt that has a model mark an answer. The model writes one
// digit from 1 to 5.
func (s *Set) Judge(d JudgeData) (Prompt, error) { return s.render("judge", d) }

// samples are what each prompt is rendered with when it is loaded.
var samples = map[string]any{
	"answer":  AnswerData{Question: "질문", Earlier: []string{"앞선 질문"}, On: "2026-06-01", Passages: []Passage{{N: 1, Sentences: []string{"문장."}}}},
	"again":   AgainData{Faults: []Fault{{"문장.", "까닭"}}, Passages: []Passage{{N: 1, Sentences: []string{"문장."}}}},
	"section": SectionData{Report: "보고", Topic: "주제", Section: Section{Heading: "현황", Guidance: "지금의 상태"}, Lines: 5, On: "2026-06-01", Passages: []Passage{{N: 1, Sentences: []string{"문장."}}}},
	"summary": SummaryData{Lines: 5, Audience: "시민", Compare: true, Passages: []Passage{{N: 1, Sentences: []string{"문장."}}}},
	"judge":   JudgeData{Question: "물음", Sources: []string{"[1] 근거"}, Answer: "답변"},
	"reply":   ReplyData{Request: "요청", On: "2026-06-01", Passages: []Passage{{N: 1, Sentences: []string{"문장."}}}},
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
