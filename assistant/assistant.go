// Package assistant does Biseo's tasks: it finds passages, answers questions
// from them, and proves every sentence that it shows.
//
// Start with [New] and [Assistant.Answer]. Two rules hold for every task: a
// request is served with the rights of one [Principal] on one day, and a
// sentence is shown as fact only after [ground.Check], which is code and not a model,
// has tied it to a span of a source. A model sees numbered passages and writes
// numbers; law, article, page and date are attached here.
//
// The files in reading order: types.go holds what goes in and out, assistant.go and
// search.go the search; draft.go with stream.go and writer.go has a model write and
// shows what holds; answer.go (with followup.go), summary.go, report.go (with
// evidence.go) and reply.go (with replysources.go and replyquote.go) are the tasks,
// hints.go holds their drafts against the rules of documents, and check.go a text that
// a person wrote; recheck.go checks a draft again that a person has changed. Package
// retrieval finds passages, ground is the check of a sentence, excerpt what needs no
// model, complaint reads complaints, export writes files.
package assistant

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"biseo/assistant/ground"
	"biseo/assistant/retrieval"
	"biseo/index"
	"biseo/korea/calendar"
	"biseo/llm"
	"biseo/prompts"
)

const (
	maxQuestion  = 2000 // code points of a question
	maxLimit     = 100  // hits of one search
	maxAround    = 20   // neighbours on either side of a passage
	defaultLimit = 10   // hits of one search where the request names no limit
	promptLimit  = 8    // passages in a prompt
)

// Codes of the warnings that this package gives.
const (
	WarnEmbedder   = "embedder"    // the embedder failed: searched by words only
	WarnMeaning    = "meaning"     // the index could not rank by meaning: searched by words only
	WarnSpace      = "space"       // the index was built with another embedder: searched by words only
	WarnExtracts   = "extracts"    // sentences were copied, no model wrote them
	WarnAbsent     = "absent"      // nouns of the question that no source of the extracts holds
	WarnOmitted    = "omitted"     // extracts show a part of a table or of a list of 호, which the text counts
	WarnModel      = "model"       // the model failed, was cut off or wrote nothing usable
	WarnDropped    = "dropped"     // sentences of the model that no source supports were removed
	WarnModelGrade = "model_grade" // sources above the model's grade were kept from it
	WarnPersonal   = "personal"    // personal data of a complaint was hidden from search and model
	WarnPeriod     = "period"      // a due date could not be counted, or may change
	WarnChanged    = "changed"     // an earlier reply cites an article that has changed since
	WarnRepeat     = "repeat"      // several earlier replies on the same matter
	WarnAgencies   = "agencies"    // the requests rest on documents of different agencies
	WarnAbuse      = "abuse"       // abusive words were left out
	WarnHandler    = "handler"     // the handler's department, name or telephone is missing
	WarnRemedy     = "remedy"      // a sentence on procedure could not be checked against its article
	WarnLooped     = "looped"      // the model repeated itself and was stopped
	WarnReadings   = "readings"    // the question has several readings, which the text lists
	WarnConflict   = "conflict"    // two sources state different values of the same thing; the text gives both with their dates
	WarnUnsure     = "unsure"      // sentences of a draft that no source supports stand in it, marked
	WarnGaps       = "gaps"        // holes of a draft that a person must fill
	WarnVersion    = "version"     // a later version of the law words an article otherwise
)

// Options are the parts an [Assistant] may do without.
type Options struct {
	Generator llm.Generator      // nil: answers are sentences copied from the sources
	Grade     index.Grade        // highest grade the model may see; unset means Open
	Window    int                // tokens that the model reads and writes at most; 0 means 8,192
	Embedder  llm.Embedder       // nil: search by words only
	Reranker  llm.Reranker       // nil: the order of the index
	Rules     string             // names the index rules in use, for [Answer.Index]
	Calendar  *calendar.Calendar // working days of the agency; nil means those of national offices
	Prompts   *prompts.Set       // nil: those of the program
	Now       func() time.Time   // tells current law from what was or will be; nil means time.Now

	Checked func(ground.Status, time.Duration) // told of each sentence of a model what its check found and how long it took, if not nil
	Outside func(n int)                        // told when n passages that the index returned were dropped for lack of rights, if not nil
}

// An Assistant serves requests over one index. Safe for concurrent use.
type Assistant struct {
	lg     *slog.Logger
	index  index.Index
	finder *retrieval.Finder
	opt    Options
}

// New returns an assistant over x. It logs counts and outcomes to lg, never the
// text of a question or of a passage.
func New(lg *slog.Logger, x index.Index, o Options) *Assistant {
	if o.Window <= 0 {
		o.Window = 8192
	}
	if o.Grade == 0 {
		o.Grade = index.Open
	}
	if o.Prompts == nil {
		o.Prompts = prompts.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	mask := func(s string) string { s, _ = withoutNumbers(s); return s }
	f := retrieval.New(lg, x, retrieval.Options{Embedder: o.Embedder, Reranker: o.Reranker, Mask: mask, Outside: o.Outside})
	return &Assistant{lg: lg, index: x, finder: f, opt: o}
}

// Passage returns a chunk and its neighbours, numbered in document order. The
// error is [index.ErrNotFound] where the chunk does not exist, is not in force
// that day, or may not be read by who: a caller cannot tell which.
func (a *Assistant) Passage(ctx context.Context, who Principal, req PassageRequest) ([]ground.Source, error) {
	if err := checkDay(req.On); err != nil {
		return nil, err
	}
	if req.ChunkID == "" {
		return nil, &InputError{"chunk_id", "볼 문단의 식별자(chunk_id)를 검색 결과에서 골라 적어 주세요."}
	}
	if req.Around < 0 || req.Around > maxAround {
		return nil, &InputError{"around", fmt.Sprintf("앞뒤 문단 수는 0부터 %d까지의 수로 적어 주세요.", maxAround)}
	}
	s := scope(who, req.On)
	hits, err := a.index.Passage(ctx, s, req.ChunkID, req.Around)
	if err != nil {
		return nil, fmt.Errorf("passage: %w", err)
	}
	hits = a.finder.Allowed(s, hits)
	if !slices.ContainsFunc(hits, func(h index.Hit) bool { return h.Chunk.ID == req.ChunkID }) {
		return nil, fmt.Errorf("passage: %w", index.ErrNotFound)
	}
	found := retrieval.Sources(hits, s.On)
	if err := a.stamp(ctx, s, found); err != nil {
		return nil, fmt.Errorf("passage: %w", err)
	}
	return found, nil
}

// attach ties a sentence of a model to its sources, and tells how that ended.
func (a *Assistant) attach(s string, cited []int, sources []ground.Source) ground.Sentence {
	began := time.Now()
	out := ground.Attach(s, cited, sources)
	if a.opt.Checked != nil {
		a.opt.Checked(out.Status, time.Since(began))
	}
	return out
}

// scope is what who may see on the calendar day of on.
func scope(who Principal, on time.Time) index.Scope {
	g := who.Grade
	if g == 0 {
		g = index.Open
	}
	return index.Scope{Readers: who.Groups, Grade: g, On: index.Day(on.Date())}
}

func checkDay(on time.Time) error {
	if on.IsZero() {
		return &InputError{"on", "어느 날 시행 중인 규정을 볼지 기준일을 2026-06-08처럼 적어 주세요."}
	}
	return nil
}

// checkQuestion refuses what cannot be searched for.
func checkQuestion(field, s string) error {
	bad := func(msg string) error { return &InputError{field, msg} }
	if !utf8.ValidString(s) {
		return bad("글자가 깨진 질문이니 UTF-8로 다시 보내 주세요.")
	}
	if n := utf8.RuneCountInString(s); n > maxQuestion {
		return bad(fmt.Sprintf("질문이 %d자로 길이 제한 %d자를 넘으니 줄여서 다시 적어 주세요.", n, maxQuestion))
	}
	word := false
	for _, r := range s {
		if r == 0 {
			return bad("질문에 쓸 수 없는 제어 문자(NUL)가 있으니 지우고 다시 적어 주세요.")
		}
		word = word || unicode.IsLetter(r) || unicode.IsDigit(r)
	}
	if !word {
		return bad("질문에 찾을 낱말이 없으니 알고 싶은 내용을 글로 적어 주세요.")
	}
	return nil
}
