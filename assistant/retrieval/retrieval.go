// Package retrieval finds the passages that a question is answered from: by words and
// by meaning, in the order of a reranker, one law's articles beside those that carry
// them out. It tells how passages stand to the law of another day. No model writes here.
//
// Every passage it returns is inside the scope of its query, whatever the index did.
package retrieval

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"biseo/assistant/ground"
	"biseo/index"
	"biseo/korea/text"
	"biseo/llm"
)

// embedTimeout: a question is searched by words when its vector takes longer.
const embedTimeout = 5 * time.Second

// A Mode says by which rankings passages were found.
type Mode string

const (
	Hybrid  Mode = "hybrid"
	Words   Mode = "words"
	Meaning Mode = "meaning"
)

// A Fault is why a search went by words although there is an embedder. The zero
// Fault is none.
type Fault int

const (
	NoVector   Fault = iota + 1 // the embedder failed
	NoMeaning                   // the index could not rank by meaning
	OtherSpace                  // the index was built with another embedder
)

// Options are the parts a [Finder] may do without.
type Options struct {
	Embedder llm.Embedder        // nil: search by words only
	Reranker llm.Reranker        // nil: the order of the index
	Mask     func(string) string // takes out of a question what embedder and reranker need not see; nil: nothing
	Outside  func(n int)         // told when n passages that the index returned were dropped for lack of rights, if not nil
}

// A Finder searches one index. Safe for concurrent use.
type Finder struct {
	lg    *slog.Logger
	index index.Index
	opt   Options

	notReranked atomic.Int64 // searches that the reranker failed
}

// New returns a finder over x. It logs counts to lg, never text.
func New(lg *slog.Logger, x index.Index, o Options) *Finder {
	return &Finder{lg: lg, index: x, opt: o}
}

// A Result is what a search found.
type Result struct {
	Hits  []index.Hit
	Via   map[string]*ground.Via // by chunk ID: why those stand there that are no hits; nil if all are
	Mode  Mode
	Fault Fault
}

// Sources numbers the hits of r from 1, as [Sources] does, with their Via.
func (r Result) Sources(on time.Time) []ground.Source {
	found := Sources(r.Hits, on)
	for i := range found {
		found[i].Via = r.Via[found[i].ChunkID]
	}
	return found
}

// Find searches by words and, when there is a working embedder, by meaning. Where
// either fails to serve the meaning of q it goes on by words and says so.
func (f *Finder) Find(ctx context.Context, q index.Query) (Result, error) {
	q.Limit = cmp.Or(q.Limit, 10) // as the index has it
	limit := q.Limit
	if f.opt.Reranker != nil {
		q.Limit = max(limit, rerankDepth)
	}
	meant := q.Text
	if f.opt.Mask != nil {
		meant = f.opt.Mask(meant)
	}
	var fault Fault
	if f.opt.Embedder != nil && f.index.Space() != "" {
		if q.Dense, fault = f.embed(ctx, meant); fault != 0 && ctx.Err() != nil {
			return Result{}, ctx.Err()
		}
	}
	hits, err := f.index.Search(ctx, q)
	if err != nil && q.Dense != nil && ctx.Err() == nil && !errors.Is(err, index.ErrUnavailable) {
		fault = NoMeaning
		if errors.Is(err, index.ErrDimension) {
			fault = OtherSpace
		}
		f.lg.Warn("search by words only", "err", err)
		q.Dense = nil
		hits, err = f.index.Search(ctx, q)
	}
	if err != nil {
		return Result{}, err
	}
	mode := Hybrid
	switch {
	case q.Dense == nil:
		mode = Words
	case len(text.Terms(q.Text)) == 0:
		mode = Meaning
	}
	hits = f.rerank(ctx, meant, bodyFirst(q.Text, f.Allowed(q.Scope, hits)))
	return Result{Hits: hits[:min(len(hits), limit)], Mode: mode, Fault: fault}, nil
}

// Distinct finds q.Limit hits that do not repeat each other.
func (f *Finder) Distinct(ctx context.Context, q index.Query) ([]index.Found, Result, error) {
	limit := q.Limit
	for q.Limit = 2*limit + 20; ; q.Limit *= 4 {
		all, err := f.Find(ctx, q)
		if err != nil {
			return nil, Result{}, err
		}
		found := index.Gather(all.Hits)
		if len(found) >= limit || len(all.Hits) < q.Limit || q.Limit > 1000 {
			return found[:min(len(found), limit)], all, nil
		}
	}
}

// embed returns the question's vector, or nil and why there is none.
func (f *Finder) embed(ctx context.Context, question string) ([]float32, Fault) {
	if got, want := f.opt.Embedder.Space(), f.index.Space(); got != want {
		f.lg.Warn("search by words only", "embedder", got, "index", want)
		return nil, OtherSpace
	}
	ctx, cancel := context.WithTimeout(ctx, embedTimeout)
	defer cancel()
	v, err := f.opt.Embedder.Embed(ctx, llm.Question, []string{question})
	if err == nil && len(v) != 1 {
		err = fmt.Errorf("%d vectors for one question", len(v))
	}
	if err != nil {
		f.lg.Warn("search by words only", "err", err)
		return nil, NoVector
	}
	return v[0], 0
}

var nationalLaw = []string{"law", "decree", "rule"}

// transition is what a question asks about that the addenda (부칙) of a law answer.
var transition = regexp.MustCompile(`부칙|시행일|시행 ?(?:되|하|시기)|언제부터|경과|적용례|종전|개정|소급|당시|이전`)

// bodyFirst puts the addenda (부칙) of national law behind what else was found, unless
// the question asks for what they rule or names an article: each amendment adds some,
// which repeat the words of the articles that it touched and say when these apply. Each
// place keeps its score.
func bodyFirst(question string, hits []index.Hit) []index.Hit {
	if transition.MatchString(question) || index.QueryKindOf(question) == index.Citation {
		return hits
	}
	out := slices.Clone(hits)
	addenda := func(h index.Hit) int {
		if strings.Contains(h.Chunk.Cite, "」 부칙") && slices.Contains(nationalLaw, h.Doc.Kind) {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(out, func(a, b index.Hit) int { return cmp.Compare(addenda(a), addenda(b)) })
	for i := range out {
		out[i].Score = hits[i].Score
	}
	return out
}

// Allowed keeps the hits inside s. A backend that returns others has a fault,
// which is logged by count.
func (f *Finder) Allowed(s index.Scope, hits []index.Hit) []index.Hit {
	var out []index.Hit
	for _, h := range hits {
		if s.Allows(h.Doc, h.Chunk) {
			out = append(out, h)
		}
	}
	if n := len(hits) - len(out); n > 0 {
		f.lg.Error("index returned hits outside the scope", "dropped", n)
		if f.opt.Outside != nil {
			f.opt.Outside(n)
		}
	}
	return out
}

// Sources numbers hits from 1. They are held against the law of the day on.
func Sources(hits []index.Hit, on time.Time) []ground.Source {
	out := make([]ground.Source, len(hits))
	for i, h := range hits {
		out[i] = ground.Source{
			N: i + 1, ChunkID: h.Chunk.ID, DocID: h.Doc.ID, Title: h.Doc.Title, Cite: h.Chunk.Cite, Kind: h.Doc.Kind,
			Agency: h.Doc.Agency, Path: append([]string{}, h.Chunk.Path...), Page: h.Chunk.Page, URL: h.Doc.URL, InForce: InForce(h), On: Day(on), Text: h.Chunk.Text,
		}
	}
	return out
}

// InForce is the narrower of the document's and the chunk's period.
func InForce(h index.Hit) ground.InForce {
	from, until := h.Doc.From, h.Doc.Until
	if h.Chunk.From.After(from) {
		from = h.Chunk.From
	}
	if u := h.Chunk.Until; !u.IsZero() && (until.IsZero() || u.Before(until)) {
		until = u
	}
	return ground.InForce{From: Day(from), Until: Day(until)}
}

// Day writes t as 2006-01-02, the zero time as "".
func Day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}
