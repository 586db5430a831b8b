// Package ground proves sentences: it decides whether what a sentence says stands
// in the sources that it cites. Everything in it is pure: no model, no network,
// no clock.
//
// The files in reading order: ground.go holds the types, units.go cuts sources
// into sentences, check.go finds the sentences that support a claim and holds it
// against them with facts.go (numbers, dates, citations, the law in force),
// parts.go (which part of a sentence or table a value belongs to), words.go
// (quotations, names, contacts), wording.go (every word), polarity.go (duty,
// discretion, negation) and clauses.go (who does what to whom, lists, conditions).
// quote.go quotes whole sentences, conflict.go finds sources that disagree.
package ground

import "fmt"

// A Status is the result of [Check] on one sentence.
type Status string

const (
	Verified   Status = "verified"
	Unverified Status = "unverified"
	Gap        Status = "gap"   // a visible hole, such as [작성 필요: 담당자 연락처]
	Plain      Status = "plain" // a heading, a greeting or what the official gave: no fact of a source, not checked
)

// A Sentence is the unit that is cited and checked.
type Sentence struct {
	Text   string `json:"text"`
	Cites  []Cite `json:"cites"` // empty for connecting text that states no fact
	Status Status `json:"status"`
	Why    string `json:"why,omitempty"`  // for unverified, in Korean: 근거 2에 없는 값: 40,000원
	Warn   string `json:"warn,omitempty"` // for verified, in Korean, what it may leave out: 단서가 빠졌을 수 있음: 다만, ...
}

// A Cite ties a sentence to a span of a source.
type Cite struct {
	Source int    `json:"source"` // into Answer.Sources, from 1
	Start  int    `json:"start"`  // code points of the source's text
	End    int    `json:"end"`    // exclusive
	Quote  string `json:"quote"`  // exactly Text[Start:End] of the source
}

// A Source is a numbered passage that an answer may cite.
type Source struct {
	N       int      `json:"n"` // from 1
	ChunkID string   `json:"chunk_id"`
	DocID   string   `json:"doc_id"`
	Title   string   `json:"title"`
	Cite    string   `json:"cite"` // 「민원 처리에 관한 법률」 제19조제1항
	Kind    string   `json:"kind"`
	Agency  string   `json:"agency,omitempty"`
	Path    []string `json:"path"`
	Page    int      `json:"page"`
	URL     string   `json:"url,omitempty"`
	InForce InForce  `json:"in_force"`
	On      string   `json:"on,omitempty"`      // the day whose law is asked for, 2006-01-02; "" leaves InForce unchecked
	Text    string   `json:"text"`              // verbatim
	Used    bool     `json:"used"`              // a sentence shown cites it
	State   string   `json:"state,omitempty"`   // of what has a period, as of today: current (현행), future (시행예정) or past (연혁)
	Changed string   `json:"changed,omitempty"` // the day from which a version that follows words it otherwise, 2006-01-02; "" if none is known
	Via     *Via     `json:"via,omitempty"`     // why it stands here, if it is not what was searched for but belongs to it
}

// How a source belongs to another: see [Via].
const (
	Defines   = "정의" // defines a word of it
	Delegates = "위임" // carries it out, as 시행령 and 시행규칙 do, or is carried out by it
	Names     = "인용" // is named by it, or names it
)

// A Via tells to which passage a source belongs.
type Via struct {
	Kind    string `json:"kind"`     // 정의, 위임 or 인용
	Cite    string `json:"cite"`     // of that passage
	ChunkID string `json:"chunk_id"` //
}

// InForce is a period [From, Until) in days, 2006-01-02; "" is unbounded.
type InForce struct {
	From  string `json:"from"`
	Until string `json:"until"`
}

// lapsed says in Korean why a source does not apply on the day asked for, or "".
func (s Source) lapsed() string {
	switch {
	case s.On == "":
	case s.InForce.From > s.On:
		return fmt.Sprintf("근거 %d은(는) %s부터 시행", s.N, s.InForce.From)
	case s.InForce.Until != "" && s.InForce.Until <= s.On:
		return fmt.Sprintf("근거 %d은(는) %s 전까지만 시행", s.N, s.InForce.Until)
	}
	return ""
}

// Span cites code points [start, end) of a source.
func Span(s Source, start, end int) Cite {
	return Cite{Source: s.N, Start: start, End: end, Quote: string([]rune(s.Text)[start:end])}
}
