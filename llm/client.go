package llm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/ollama"
	"github.com/tmc/langchaingo/llms/openai"
)

// A Server is one model behind one address. Only that address is ever contacted.
type Server struct {
	API   string // "openai" (also vLLM, TEI, llama.cpp, LM Studio) or "ollama"; "" means openai
	URL   string // base address: http://127.0.0.1:8000/v1, for Ollama http://127.0.0.1:11434
	Model string // name as the server knows it
	Key   string // bearer token; "" for servers without one

	Context   int           // context window in tokens, asked of Ollama; 0 means 8,192
	MaxTokens int           // limit on one answer in tokens; 0 means 1,024
	FirstWait time.Duration // longest wait for the first piece; 0 means 60 s
	Idle      time.Duration // longest wait between two pieces; 0 means 20 s

	Dimension      int    // of an embedder's vectors; required there
	QuestionPrefix string // put before every question to embed; "" is what the model wants by its name, [NoPrefix] nothing
	PassagePrefix  string // the same before every passage
}

const (
	defaultCtx  = 8192
	defaultMax  = 1024
	defaultWait = 60 * time.Second
	defaultIdle = 20 * time.Second
)

// NewGenerator returns the language model of s. It makes no request, so a server
// that is down is noticed at the first call. Errors name the wrong setting.
func NewGenerator(s Server) (Generator, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	s.Context, s.MaxTokens = orDefault(s.Context, defaultCtx), orDefault(s.MaxTokens, defaultMax)
	s.FirstWait, s.Idle = orDefault(s.FirstWait, defaultWait), orDefault(s.Idle, defaultIdle)
	m, err := s.client()
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", s.Model, err)
	}
	return &generator{server: s, client: m}, nil
}

func orDefault[T int | time.Duration](v, d T) T {
	if v <= 0 {
		return d
	}
	return v
}

func (s Server) check() error {
	u, err := url.Parse(s.URL)
	switch {
	case s.Model == "":
		return errors.New("model name is not set")
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("address %q is not an http or https URL", s.URL)
	case s.API != "" && s.API != "openai" && s.API != "ollama":
		return fmt.Errorf("api %q is unknown; use openai or ollama", s.API)
	}
	return nil
}

// client builds the langchaingo client. Every setting that it would otherwise
// take from the environment (key, organization) is given.
func (s Server) client() (llms.Model, error) {
	hc := newHTTPClient()
	if s.API == "ollama" {
		return ollama.New(ollama.WithServerURL(s.URL), ollama.WithModel(s.Model),
			ollama.WithRunnerNumCtx(s.Context), ollama.WithHTTPClient(hc))
	}
	key := s.Key
	if key == "" {
		key = "none" // the client insists on one
	}
	return openai.New(openai.WithBaseURL(strings.TrimRight(s.URL, "/")), openai.WithToken(key),
		openai.WithModel(s.Model), openai.WithEmbeddingModel(s.Model), openai.WithOrganization(""),
		openai.WithHTTPClient(hc))
}

type generator struct {
	server Server
	client llms.Model
}

func (g *generator) Model() string { return g.server.Model }

var (
	// ErrCut reports an answer that ended before the model said that it was done.
	ErrCut = errors.New("the model's answer ended early")
	// ErrEmpty reports a model that was done without writing anything. It is an [ErrCut] too.
	ErrEmpty = fmt.Errorf("%w: it wrote nothing", ErrCut)
	// ErrRefused reports a request that the server understood and refused, such as one
	// with a wrong key, for a model that it does not have, or longer than it reads.
	ErrRefused = errors.New("the model server refused the request")
	// ErrDimension reports an embedder whose vectors are not as long as its settings
	// say: a mistake of the settings that waiting does not mend.
	ErrDimension = errors.New("wrong vector length")
)

// errWait is the cause of a cancellation by the waiting limits of a Server.
var errWait = errors.New("the model did not answer in time")

func (g *generator) Generate(ctx context.Context, req Request, emit func(string) error) (*Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ctx, refusal := watchRefusal(ctx)
	watch := time.AfterFunc(g.server.FirstWait, func() { cancel(errWait) })
	defer watch.Stop()
	var refused error // by emit
	onPiece := func(_ context.Context, b []byte) error {
		watch.Reset(g.server.Idle)
		if emit == nil || len(b) == 0 {
			return nil
		}
		refused = emit(string(b))
		return refused
	}
	r, err := g.client.GenerateContent(ctx, []llms.MessageContent{
		llms.TextParts(llms.ChatMessageTypeSystem, req.System),
		llms.TextParts(llms.ChatMessageTypeHuman, req.User),
	}, llms.WithTemperature(req.Temp), llms.WithMaxTokens(orDefault(req.MaxTokens, g.server.MaxTokens)),
		openai.WithLegacyMaxTokensField(), llms.WithStreamingFunc(onPiece))
	switch {
	case refused != nil:
		return nil, refused
	case context.Cause(ctx) != nil:
		return nil, fmt.Errorf("generate with %s: %w", g.server.Model, context.Cause(ctx))
	case err != nil:
		return nil, fmt.Errorf("generate with %s: %w", g.server.Model, refusal(err))
	}
	resp, err := g.response(r)
	if err != nil {
		return nil, fmt.Errorf("generate with %s: %w", g.server.Model, refusal(err)) // Ollama's client takes a refusal without a text for an empty answer
	}
	return resp, nil
}

// response accepts only an answer that is whole. A cut OpenAI stream has no stop
// reason; a cut Ollama stream has no content, and langchaingo gives no reason at all.
func (g *generator) response(r *llms.ContentResponse) (*Response, error) {
	if len(r.Choices) == 0 || strings.TrimSpace(r.Choices[0].Content) == "" {
		why := ErrCut
		if len(r.Choices) > 0 && r.Choices[0].StopReason != "" {
			why = ErrEmpty
		}
		return nil, why
	}
	c := r.Choices[0]
	out := &Response{Text: c.Content, Model: g.server.Model, StopReason: c.StopReason,
		Prompt: count(c.GenerationInfo, "PromptTokens"), Completion: count(c.GenerationInfo, "CompletionTokens")}
	if out.StopReason == "" {
		if g.server.API != "ollama" {
			return nil, ErrCut
		}
		out.StopReason = "stop"
	}
	return out, nil
}

func count(info map[string]any, key string) int {
	n, _ := info[key].(int)
	return n
}

func newHTTPClient() *http.Client {
	return &http.Client{
		Transport: newRetrier(directTransport()),
		// A model server has no business sending us elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
