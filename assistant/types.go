package assistant

import (
	"time"

	"biseo/assistant/ground"
	"biseo/assistant/retrieval"
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
type Mode = retrieval.Mode

const (
	Hybrid  = retrieval.Hybrid
	Words   = retrieval.Words
	Meaning = retrieval.Meaning
)

// A Block is one piece of an answer's layout.
type Block struct {
	Kind      string              `json:"kind"`            // heading, paragraph, item, table
	Level     int                 `json:"level,omitempty"` // of a heading or item, from 1
	Sentences []ground.Sentence   `json:"sentences"`
	Rows      [][]ground.Sentence `json:"rows,omitempty"` // of a table: rows of cells; the first row is its header
}

// A Warning tells the reader what to look at. Code is stable, Text is Korean.
type Warning struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// An Answer is the result of every task: blocks of checked sentences over numbered
// sources. A summary, report or reply is a draft that a person completes and
// signs: [Label] stands on its first line.
type Answer struct {
	Task     string          `json:"task"`     // answer, summary, report, reply
	Question string          `json:"question"` // or what is drafted: a topic, the titles summarised, the complaint with personal data masked
	Title    string          `json:"title,omitempty"`
	Gist     string          `json:"gist,omitempty"`     // 문서요지, of a draft
	Keywords []string        `json:"keywords,omitempty"` // 키워드, of a draft
	Template string          `json:"template,omitempty"` // of a report
	Marks    []string        `json:"marks,omitempty"`    // of a report, before headings of level 1 and 2 and items of level 1 to 3; empty means Ⅰ. □ ㅇ - *
	Reply    *Reply          `json:"reply,omitempty"`    // of a complaint reply
	Hints    []Hint          `json:"hints,omitempty"`    // how the draft departs from the rules of official documents
	On       string          `json:"on"`                 // the day whose law was applied, 2006-01-02
	Outcome  Outcome         `json:"outcome"`
	Mode     Mode            `json:"mode"`
	Blocks   []Block         `json:"blocks"`
	Sources  []ground.Source `json:"sources"`
	Warnings []Warning       `json:"warnings"`
	Prompt   string          `json:"prompt"` // version of the prompt used; "" without a model
	Model    string          `json:"model"`  // "" without a model
	Index    string          `json:"index"`  // embedding space and term rules
}

// An Event is one step of an answer under way. Exactly one field is set. A
// sentence is sent only after its check.
type Event struct {
	Status   string           // searching, writing
	Block    *Block           // begins: the sentences sent next belong to it; a heading or table is sent whole
	Sources  []ground.Source  // once, before the first sentence
	Sentence *ground.Sentence // in order
	Warning  *Warning
}

// A SearchRequest asks for ranked passages.
type SearchRequest struct {
	Query    string
	On       time.Time // zero is an error: no date, no answer
	Limit    int       // 0 means 10, at most 100
	Context  int       // passages that each hit brings along: its definition, what carries it out, what it names; at most 5
	Kinds    []string
	Agencies []string
	Docs     []string
}

// A Hit is one passage found. Its JSON is that of `biseo search --json`.
type Hit struct {
	Rank    int            `json:"rank"`  // from 1
	Score   float64        `json:"score"` // comparable within one result only
	ChunkID string         `json:"chunk_id"`
	DocID   string         `json:"doc_id"`
	Title   string         `json:"title"`
	Cite    string         `json:"cite"`
	Kind    string         `json:"kind"`
	Path    []string       `json:"path"` // enclosing headings, outermost first; never null
	Page    int            `json:"page"` // from 1; 0 where the format has no pages
	InForce ground.InForce `json:"in_force"`
	Text    string         `json:"text"` // verbatim

	State   string          `json:"state,omitempty"`   // as of today, of what has a period: current (현행), future (시행예정) or past (연혁)
	Changed string          `json:"changed,omitempty"` // the day from which a version that follows words it otherwise; "" if none is known
	Parts   []Part          `json:"parts,omitempty"`   // other passages of the same article that were found
	Repeats []Repeat        `json:"repeats,omitempty"` // other documents that were found and say nearly the same, newest first
	Context []ground.Source `json:"context,omitempty"` // what belongs to it, where the request asks for it; their N is 0
}

// A Part is another passage of an article found.
type Part struct {
	ChunkID string `json:"chunk_id"`
	Cite    string `json:"cite"`
}

// A Repeat is a document that says nearly the same, such as last month's.
type Repeat struct {
	DocID string `json:"doc_id"`
	Title string `json:"title"`
	Date  string `json:"date"` // 2006-01-02, "" if unknown
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
	Earlier  []string  // the asker's earlier questions, oldest first, at most 10: a follow-up is understood by them, never by what a model wrote
	On       time.Time // zero is an error
	Kinds    []string
	Agencies []string
	Docs     []string
}

// An Upload is a document that the caller read from a file for one request. It is
// never stored. Its chunks are those of ingest.Split. A grade that is not set
// counts as the highest: no model sees the text.
type Upload struct {
	Doc    index.Doc
	Chunks []index.Chunk
}

// A Length says how much a summary says.
type Length string

const (
	OneLine   Length = "line"
	FiveLines Length = "brief"
	OnePage   Length = "page"
)

// A SummaryRequest asks for a summary of one or several documents.
type SummaryRequest struct {
	Docs     []string // IDs of documents in the index that the asker may read
	Uploads  []Upload
	On       time.Time // zero is an error
	Length   Length    // "" means FiveLines
	Prose    bool      // sentences in paragraphs; otherwise 개조식 items
	Audience string    // whom it is for, such as 시장 or 시민; "" is the official who asks
}

// A ReportRequest asks for a report on a topic.
type ReportRequest struct {
	Topic    string
	Template string    // name of a report template, such as 현황보고; "" means 검토보고
	Notes    string    // facts that the official adds and no document holds: shown as given and marked so
	On       time.Time // zero is an error
	Kinds    []string
	Agencies []string
	Docs     []string
	Uploads  []Upload
}

// A ReplyRequest asks for a draft reply to a complaint (민원).
type ReplyRequest struct {
	Text     string    // the complaint as received; personal data in it is masked before anything else reads it
	Received time.Time // day and time of receipt (접수 일시); zero is an error. The law of that day applies
	Kind     string    // 법정, 질의, 질의(법령), 건의, 기타, 고충 or 정보공개; "" has one proposed
	Period   string    // 처리기간 where the agency sets it, as for 법정민원: 7일, 3시간, 1개월; "" is that of the kind
	Extend   string    // the reason for which the official would extend the period: judged by the rule of that day
	Number   string    // 신청번호; "" leaves a placeholder
	Decision string    // explain, accept, reject, transfer, need_info; "" means explain
	Remedy   string    // which 구제절차 the reply names: none, refusal (거부된 법정민원), disposition (그 밖의 처분), disclosure (정보공개); "" means none
	Handler  Handler   // empty fields become placeholders, never guesses
	Kinds    []string
	Agencies []string
}

// A Handler is the official (담당자) whom a reply names, as 민원 처리에 관한 법률 시행령
// 제31조 asks for.
type Handler struct {
	Agency, Department, Name, Phone string
}

// A Reply is what the draft of a complaint reply holds beside its text.
type Reply struct {
	Requests  []Request `json:"requests"` // what the complaint asks for, one by one
	Kind      string    `json:"kind"`
	KindWhy   string    `json:"kind_why,omitempty"` // why this kind is proposed; "" where the caller gave it
	Received  string    `json:"received"`           // 2006-01-02 15:04
	Due       string    `json:"due"`                // 2006-01-02, with 15:04 where hours are counted; "" where the period is not known
	Counted   string    `json:"counted"`            // how Due was counted, with the articles
	Extension string    `json:"extension"`          // whether and how the period may be extended
	Similar   []Similar `json:"similar"`            // earlier replies on the same matter
	Public    []Block   `json:"public"`             // 공개용: without names and numbers of persons
}

// A Request is one thing that a complaint asks for.
type Request struct {
	Text     string `json:"text"`     // personal data masked
	Blocks   []int  `json:"blocks"`   // of the draft, from 0, that answer it
	Answered bool   `json:"answered"` // by a verified sentence; otherwise the draft marks a gap
}

// A Similar is an earlier reply on the same matter.
type Similar struct {
	DocID   string   `json:"doc_id"`
	Title   string   `json:"title"`
	Date    string   `json:"date"`    // 2006-01-02, "" if unknown
	Changed []string `json:"changed"` // articles it cites that changed since
}

// A Hint is one remark of korea/official on a block of the draft. It never
// changes the draft by itself.
type Hint struct {
	Block int    `json:"block"` // from 0
	Code  string `json:"code"`
	Start int    `json:"start"` // code points of the block's text, its sentences joined by one space
	End   int    `json:"end"`
	Text  string `json:"text"`          // Korean: what is wrong and what to write
	Fix   string `json:"fix,omitempty"` // replaces [Start, End) where that is certain
}

// Label stands on the first line of every draft.
const Label = "AI 초안 – 담당자 확인 필요"

// An InputError is a request that cannot be served as it is. Text is one Korean
// sentence that says what is wrong and what to do.
type InputError struct {
	Field string // question, query, on, limit, ...
	Text  string
}

func (e *InputError) Error() string { return e.Field + ": " + e.Text }
