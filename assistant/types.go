package assistant

import (
	"time"

	"biseo/index"
)

// A Principal is who asks. The zero value may read public documents of grade Open.
type Principal struct {
	ID     string
	Groups []string    // besides "public"
	Grade  index.Grade // highest grade this person may see; unset means Open
}

// An Outcome says honestly how a request ended. Every answer has one.
type Outcome string

const (
	Answered            Outcome = "answered"              // every sentence shown is verified
	Partial             Outcome = "partial"               // something was removed, unverified or missing
	Extractive          Outcome = "extractive"            // no model: sentences copied from the sources
	NoSource            Outcome = "no_source"             // nothing the asker may see supports an answer; Sources are the nearest passages
	BlockedPersonalData Outcome = "blocked_personal_data" // the request holds personal data that must not be processed
	BlockedGrade        Outcome = "blocked_grade"         // the model in use may not see the sources' grade
	OutOfScope          Outcome = "out_of_scope"          // not a question about the agency's documents
)

// A Mode says by which rankings passages were found.
type Mode string

const (
	Hybrid  Mode = "hybrid"
	Words   Mode = "words"
	Meaning Mode = "meaning"
)

// A Status is the result of [Check] on one sentence.
type Status string

const (
	Verified   Status = "verified"
	Unverified Status = "unverified"
	Gap        Status = "gap" // a visible hole, such as [작성 필요: 담당자 연락처]
)

// A Sentence is the unit that is cited and checked.
type Sentence struct {
	Text   string `json:"text"`
	Cites  []Cite `json:"cites"` // empty for connecting text that states no fact
	Status Status `json:"status"`
	Why    string `json:"why,omitempty"` // for unverified, in Korean: 근거 2에 없는 값: 40,000원
}

// A Cite ties a sentence to a span of a source.
type Cite struct {
	Source int    `json:"source"` // into Answer.Sources, from 1
	Start  int    `json:"start"`  // code points of the source's text
	End    int    `json:"end"`    // exclusive
	Quote  string `json:"quote"`  // exactly Text[Start:End] of the source
}

// A Block is one piece of an answer's layout.
type Block struct {
	Kind      string     `json:"kind"`            // heading, paragraph, item
	Level     int        `json:"level,omitempty"` // of a heading or item, from 1
	Sentences []Sentence `json:"sentences"`
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
	Text    string   `json:"text"` // verbatim
	Used    bool     `json:"used"` // a sentence shown cites it
}

// A Warning tells the reader what to look at. Code is stable, Text is Korean.
type Warning struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// An Answer is the result of every task: blocks of checked sentences over numbered sources.
type Answer struct {
	Task     string    `json:"task"` // answer
	Question string    `json:"question"`
	On       string    `json:"on"` // the day whose law was applied, 2006-01-02
	Outcome  Outcome   `json:"outcome"`
	Mode     Mode      `json:"mode"`
	Blocks   []Block   `json:"blocks"`
	Sources  []Source  `json:"sources"`
	Warnings []Warning `json:"warnings"`
	Prompt   string    `json:"prompt"` // version of the prompt used; "" without a model
	Model    string    `json:"model"`  // "" without a model
	Index    string    `json:"index"`  // embedding space and term rules
}

// An Event is one step of an answer under way. Exactly one field is set. A
// sentence is sent only after its check.
type Event struct {
	Status   string    // searching, writing
	Sources  []Source  // once, before the first sentence
	Sentence *Sentence // in order
	Warning  *Warning
}

// A SearchRequest asks for ranked passages.
type SearchRequest struct {
	Query    string
	On       time.Time // zero is an error: no date, no answer
	Limit    int       // 0 means 10, at most 100
	Kinds    []string
	Agencies []string
	Docs     []string
}

// InForce is a period [From, Until) in days, 2006-01-02; "" is unbounded.
type InForce struct {
	From  string `json:"from"`
	Until string `json:"until"`
}

// A Hit is one passage found. Its JSON is that of `biseo search --json`.
type Hit struct {
	Rank    int      `json:"rank"`  // from 1
	Score   float64  `json:"score"` // comparable within one result only
	ChunkID string   `json:"chunk_id"`
	DocID   string   `json:"doc_id"`
	Title   string   `json:"title"`
	Cite    string   `json:"cite"`
	Kind    string   `json:"kind"`
	Path    []string `json:"path"` // enclosing headings, outermost first; never null
	Page    int      `json:"page"` // from 1; 0 where the format has no pages
	InForce InForce  `json:"in_force"`
	Text    string   `json:"text"` // verbatim
}

// A SearchResult is what a search found, best first. Its JSON is that of `biseo search --json`.
type SearchResult struct {
	Query    string    `json:"query"`
	On       string    `json:"on"` // 2006-01-02
	Mode     Mode      `json:"mode"`
	Hits     []Hit     `json:"hits"`               // never null
	Warnings []Warning `json:"warnings,omitempty"` // such as: the embedder did not answer
}

// A PassageRequest asks for a chunk and its neighbours in the document.
type PassageRequest struct {
	ChunkID string
	On      time.Time // zero is an error
	Around  int       // chunks on either side, at most 20
}

// An AnswerRequest asks a question of the agency's documents.
type AnswerRequest struct {
	Question string
	On       time.Time // zero is an error
	Kinds    []string
	Agencies []string
	Docs     []string
}

// An InputError is a request that cannot be served as it is. Text is one Korean
// sentence that says what is wrong and what to do.
type InputError struct {
	Field string // question, query, on, limit, ...
	Text  string
}

func (e *InputError) Error() string { return e.Field + ": " + e.Text }
