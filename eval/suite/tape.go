package suite

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	"biseo/eval/golden"
	"biseo/korea/privacy"
	"biseo/llm"
)

// ErrNotRecorded reports a request that a tape played back does not hold: what is
// replayed asks something else than what was recorded.
var ErrNotRecorded = errors.New("the recording holds no such request: record it again, or run what was recorded")

// A Tape records what models and embedders were asked and answered, or plays it
// back. A request that was recorded is not sent again, so that equal requests of
// one run get equal answers. Safe for concurrent use.
type Tape struct {
	play  bool
	turns sync.Map // key to *sync.Mutex: equal requests ask one after the other
	mu    sync.Mutex
	held  map[string]taped
	file  *os.File
}

// taped is one line of a tape.
type taped struct {
	Key      string        `json:"key"` // SHA-256 of model and request
	Model    string        `json:"model"`
	Request  *llm.Request  `json:"request,omitempty"`
	Role     *llm.Role     `json:"role,omitempty"`
	Texts    []string      `json:"texts,omitempty"`
	Response *llm.Response `json:"response,omitempty"`
	Pieces   []int         `json:"pieces,omitempty"`  // bytes of each piece of the response, as it was written; none where only the whole was asked for
	Stopped  bool          `json:"stopped,omitempty"` // who read it stopped the model after the last piece
	Vectors  [][]float32   `json:"vectors,omitempty"`
	Error    string        `json:"error,omitempty"` // the model failed; that is part of the run
	Cause    string        `json:"cause,omitempty"` // which of causes the error is
}

// causes are the errors that readers of a model tell apart.
var causes = []error{llm.ErrResting, llm.ErrBusy, llm.ErrRefused, llm.ErrEmpty, llm.ErrCut, llm.ErrDimension, context.DeadlineExceeded}

func (e *taped) fail(err error) {
	e.Error = err.Error()
	if i := slices.IndexFunc(causes, func(c error) bool { return errors.Is(err, c) }); i >= 0 {
		e.Cause = causes[i].Error()
	}
}

// failure is the error of a model as it was recorded; nil if there was none.
func (e taped) failure() error {
	if e.Error == "" {
		return nil
	}
	f := failure{text: e.Error}
	if i := slices.IndexFunc(causes, func(c error) bool { return c.Error() == e.Cause }); i >= 0 {
		f.cause = causes[i]
	}
	return f
}

type failure struct {
	text  string
	cause error // nil if it is none of causes
}

func (f failure) Error() string { return f.text }
func (f failure) Unwrap() error { return f.cause }

// Record opens a tape that goes on behind the last whole line of the file name.
func Record(name string) (*Tape, error) {
	t, whole, err := load(name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if t.file, err = os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return nil, err
	}
	if err := t.file.Truncate(whole); err != nil {
		return nil, errors.Join(err, t.file.Close())
	}
	return t, nil
}

// Play opens a tape whose requests are answered from the file alone.
func Play(name string) (*Tape, error) {
	t, _, err := load(name)
	t.play = true
	return t, err
}

// load reads the whole lines of a tape, and how many bytes they are.
func load(name string) (t *Tape, whole int64, err error) {
	t = &Tape{held: map[string]taped{}}
	f, err := os.Open(name)
	if err != nil {
		return t, 0, err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if err == io.EOF { // or a line that was cut off
			return t, whole, nil
		}
		if err != nil {
			return t, whole, fmt.Errorf("read tape %s: %w", name, err)
		}
		var e taped
		if err := json.Unmarshal(line, &e); err != nil {
			return t, whole, fmt.Errorf("read tape %s, line %d: %w", name, n, err)
		}
		t.held[e.Key] = e
		whole += int64(len(line))
	}
}

// Close ends recording.
func (t *Tape) Close() error {
	if t.file == nil {
		return nil
	}
	return t.file.Close()
}

// Retry forgets the failures on the tape, so that they are asked again.
func (t *Tape) Retry() {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.held, func(_ string, e taped) bool { return e.Error != "" })
}

// Failed counts the requests that a model or embedder gave no answer to.
func (t *Tape) Failed() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.held {
		if e.Error != "" {
			n++
		}
	}
	return n
}

// secret finds keys of services, which no recording may hold.
var secret = regexp.MustCompile(`(?i)\b(?:sk-[a-z0-9_-]{16,}|biseo_[a-z0-9]{16,}|Bearer\s+[a-z0-9._-]{16,}|api[_-]?key["'\s:=]+[a-z0-9._-]{16,})`)

// Scan counts the lines of the tape that hold a key of a service, and those that
// hold personal data but for what allowed says, such as that of the cases.
func (t *Tape) Scan(allowed []string) (keys, personal int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.held {
		var texts []string
		if e.Request != nil {
			texts = append(texts, e.Request.System, e.Request.User)
		}
		if e.Response != nil {
			texts = append(texts, e.Response.Text)
		}
		all := strings.Join(append(texts, e.Texts...), "\n")
		if secret.MatchString(all) {
			keys++
		}
		runes := []rune(all)
		if slices.ContainsFunc(privacy.WithoutContacts(all, privacy.Find(all)), func(s privacy.Span) bool {
			return s.Confidence >= 0.9 && !slices.Contains(allowed, string(runes[s.Start:s.End]))
		}) {
			personal++
		}
	}
	return keys, personal
}

func key(parts ...any) string {
	b, _ := json.Marshal(parts) // strings, numbers and structs of them
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// do answers from the tape, or asks and records. What the caller broke off is not
// recorded: a run that goes on asks again.
func (t *Tape) do(ctx context.Context, e taped, ask func(*taped)) (taped, error) {
	turn, _ := t.turns.LoadOrStore(e.Key, new(sync.Mutex))
	turn.(*sync.Mutex).Lock()
	defer turn.(*sync.Mutex).Unlock()
	t.mu.Lock()
	held, ok := t.held[e.Key]
	t.mu.Unlock()
	if ok {
		return held, nil
	}
	if t.play {
		return e, missed(ctx)
	}
	ask(&e)
	if (e.Error != "" || e.Stopped) && errors.Is(ctx.Err(), context.Canceled) {
		return e, context.Cause(ctx)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held[e.Key] = e
	return e, json.NewEncoder(t.file).Encode(e)
}

// Generator records or plays back g, which may be nil where the tape plays.
// model is its name.
func (t *Tape) Generator(g llm.Generator, model string) llm.Generator { return &generator{t, g, model} }

type generator struct {
	tape  *Tape
	inner llm.Generator
	model string
}

func (g *generator) Model() string { return g.model }

// Generate passes on the pieces of an answer as the model writes them, and plays
// back the same pieces. A model that emit stops is stopped, and so is its recording:
// a reader that wants more of it finds [ErrNotRecorded].
func (g *generator) Generate(ctx context.Context, req llm.Request, emit func(string) error) (*llm.Response, error) {
	hear(ctx, req.System, req.User)
	var refused error // by emit
	asked := false
	e, err := g.tape.do(ctx, taped{Key: key("generate", g.model, req), Model: g.model, Request: &req}, func(e *taped) {
		asked = true
		var written strings.Builder
		var piece func(string) error
		if emit != nil {
			piece = func(s string) error {
				written.WriteString(s)
				e.Pieces = append(e.Pieces, len(s))
				refused = emit(s)
				return refused
			}
		}
		var err error
		e.Response, err = g.inner.Generate(ctx, req, piece)
		switch {
		case refused != nil:
			e.Stopped, e.Response = true, &llm.Response{Text: written.String(), Model: g.model}
		case err != nil:
			e.fail(err)
			if len(e.Pieces) > 0 {
				e.Response = &llm.Response{Text: written.String(), Model: g.model}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if !asked && emit != nil && e.Response != nil {
		refused = e.play(emit)
	}
	switch {
	case refused != nil:
		return nil, refused
	case e.Error != "":
		return nil, e.failure()
	case e.Stopped:
		return nil, missed(ctx)
	}
	r := *e.Response
	return &r, nil
}

// play emits the response in its pieces.
func (e taped) play(emit func(string) error) error {
	rest := e.Response.Text
	for _, n := range e.Pieces[:max(0, len(e.Pieces)-1)] {
		n = min(n, len(rest))
		if err := emit(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return emit(rest)
}

// Embedder records or plays back e, which may be nil where the tape plays. space
// is its space.
func (t *Tape) Embedder(e llm.Embedder, space string) llm.Embedder { return &embedder{t, e, space} }

type embedder struct {
	tape  *Tape
	inner llm.Embedder
	space string
}

func (m *embedder) Space() string { return m.space }

func (m *embedder) Embed(ctx context.Context, role llm.Role, texts []string) ([][]float32, error) {
	if role == llm.Question {
		hear(ctx, texts...)
	}
	texts = slices.Clone(texts)
	e, err := m.tape.do(ctx, taped{Key: key("embed", m.space, role, texts), Model: m.space, Role: &role, Texts: texts}, func(e *taped) {
		var err error
		if e.Vectors, err = m.inner.Embed(ctx, role, texts); err != nil {
			e.fail(err)
		}
	})
	if err == nil {
		err = e.failure()
	}
	return slices.Clone(e.Vectors), err
}

// Heard collects what models and embedders were sent for one case.
type Heard struct {
	mu     sync.Mutex
	lines  []string
	missed bool // a tape played back lacked one of them
}

func (h *Heard) lacks() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.missed
}

func (h *Heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	lines := slices.Clone(h.lines)
	slices.Sort(lines) // parallel requests come in any order
	return strings.Join(slices.Compact(lines), "\n")
}

type caseKey struct{}

type underway struct {
	golden.Case
	heard *Heard
}

func withCase(ctx context.Context, c golden.Case, h *Heard) context.Context {
	return context.WithValue(ctx, caseKey{}, underway{c, h})
}

// missed tells the case under way that the tape lacks a request of it, since the
// assistant answers without a model that fails, and returns [ErrNotRecorded].
func missed(ctx context.Context) error {
	if u, ok := ctx.Value(caseKey{}).(underway); ok {
		u.heard.mu.Lock()
		u.heard.missed = true
		u.heard.mu.Unlock()
	}
	return ErrNotRecorded
}

func hear(ctx context.Context, texts ...string) {
	if u, ok := ctx.Value(caseKey{}).(underway); ok {
		u.heard.mu.Lock()
		u.heard.lines = append(u.heard.lines, texts...)
		u.heard.mu.Unlock()
	}
}
