package llm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

// NoPrefix as a prefix of a [Server] is none at all.
const NoPrefix = "none"

const (
	embedBatch = 32
	embedWait  = 2 * time.Minute
)

// prefixes are what families of embedding models want before a text, as their model
// cards say. The first whose name the model's name contains holds; a model of none
// (bge-m3, KURE, OpenAI's) gets nothing.
var prefixes = []struct{ name, question, passage string }{
	{"e5-large-instruct", instruct, ""},
	{"e5-mistral", instruct, ""},
	{"e5", "query: ", "passage: "}, // multilingual-e5-*, KoE5
	{"qwen3-embedding", instruct, ""},
	{"arctic-embed", "query: ", ""}, // version 2, also -ko
	{"nomic-embed", "search_query: ", "search_document: "},
	{"embeddinggemma", "task: search result | query: ", "title: none | text: "},
}

const instruct = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: "

// NewEmbedder returns the embedding model of s, over the OpenAI embeddings call or
// Ollama's /api/embed. It makes no request. Texts go 32 at a time.
//
// Models of the E5 family need a prefix for each role, and some servers put it
// themselves: a text would get two, or every text the question's. The embedder of
// such a model asks its server once, before the first text, whether it knows the
// roles (input_type "query" and "passage"), and if so leaves the prefixes to it.
//
// A question's vector is without half of what all questions have in common: vectors of
// one model lie in a narrow cone (Mu and Viswanath, "All-but-the-Top", ICLR 2018), and
// passages that are near to the middle of all questions are near to each. What they
// have in common is the mean of a few that ask for nothing in particular, which the
// embedder gets with its first question.
func NewEmbedder(s Server) (Embedder, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("embedder: %w", err)
	}
	if s.Dimension <= 0 {
		return nil, errors.New("embedder: dimension is not set; give the length of the model's vectors, such as 1024 for bge-m3")
	}
	e := &embedder{server: s, client: newHTTPClient()}
	name := strings.ReplaceAll(strings.ToLower(s.Model), "_", "-")
	for _, p := range prefixes {
		if strings.Contains(name, p.name) {
			e.server.QuestionPrefix, e.server.PassagePrefix = cmp.Or(s.QuestionPrefix, p.question), cmp.Or(s.PassagePrefix, p.passage)
			e.ask = p.name == "e5" && s.API != "ollama" && s.QuestionPrefix == "" && s.PassagePrefix == ""
			break
		}
	}
	for _, p := range []*string{&e.server.QuestionPrefix, &e.server.PassagePrefix} {
		if *p == NoPrefix {
			*p = ""
		}
	}
	e.server.URL = strings.TrimRight(s.URL, "/")
	if s.API == "ollama" {
		e.server.URL = strings.TrimSuffix(e.server.URL, "/v1")
	}
	return e, nil
}

type embedder struct {
	server Server
	client *http.Client

	mu    sync.Mutex
	ask   bool // whether the server puts prefixes is not known yet
	roles bool // it does

	common atomic.Pointer[[]float32] // half of the mean of commonQuestions; nil while it is not known
	asked  singleflight.Group
}

// commonQuestions ask as officials and citizens do, but for nothing in particular.
var commonQuestions = []string{
	"무엇을 어떻게 해야 하나요?", "이 경우에 어떻게 하면 되는지 알려 주세요.", "어디에 신청하고 무엇을 준비해야 합니까?", "받을 수 있는지 궁금합니다.",
	"누가 언제까지 무엇을 해야 합니까?", "그 절차와 기준은 어떻게 됩니까?", "관련 규정이 있나요?", "이것은 무엇이며 왜 필요한가요?",
	"얼마나 걸리고 비용은 얼마인가요?", "대상과 요건이 무엇인지 알고 싶습니다.", "어느 부서에서 담당하나요?", "다음에 관한 내용을 찾아 주세요.",
	"What should I do in this case?", "Who is responsible for this and when?", "Please tell me about the procedure and the requirements.", "Where can I find more information about it?",
}

func (e *embedder) Space() string { return fmt.Sprintf("%s/%d", e.server.Model, e.server.Dimension) }

func (e *embedder) Embed(ctx context.Context, role Role, texts []string) ([][]float32, error) {
	var out [][]float32
	var err error
	if role == Question {
		out, err = e.questions(ctx, texts)
	} else {
		out, err = e.embed(ctx, role, texts)
	}
	if err != nil {
		return nil, fmt.Errorf("embed with %s: %w", e.server.Model, err)
	}
	return out, nil
}

// questions embeds questions and takes from their vectors what all have in common.
func (e *embedder) questions(ctx context.Context, texts []string) ([][]float32, error) {
	common, err := e.commonHalf(ctx)
	if err != nil {
		return nil, err
	}
	vecs, err := e.embed(ctx, Question, texts)
	for _, v := range vecs {
		for i := range v {
			v[i] -= common[i]
		}
		unit(v) // half of a mean of unit vectors takes none of them to nothing
	}
	return vecs, err
}

// commonHalf is half of the mean of commonQuestions, for which one request asks. Who
// cannot wait for it leaves it to those who come after: a slow model needs patience once.
func (e *embedder) commonHalf(ctx context.Context) ([]float32, error) {
	if common := e.common.Load(); common != nil {
		return *common, nil
	}
	asked := e.asked.DoChan("", func() (any, error) {
		vecs, err := e.embed(context.WithoutCancel(ctx), Question, commonQuestions)
		if err != nil {
			return nil, err
		}
		half := halfMean(vecs)
		e.common.Store(&half)
		return half, nil
	})
	select {
	case r := <-asked:
		half, _ := r.Val.([]float32)
		return half, r.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// halfMean is half of the mean of vectors of one length.
func halfMean(vecs [][]float32) []float32 {
	sum := make([]float32, len(vecs[0]))
	for _, v := range vecs {
		for i, x := range v {
			sum[i] += x / float32(2*len(vecs))
		}
	}
	return sum
}

func (e *embedder) embed(ctx context.Context, role Role, texts []string) ([][]float32, error) {
	roles, err := e.knowsRoles(ctx)
	if err != nil {
		return nil, err
	}
	prefix, inputType := e.server.QuestionPrefix, "query"
	if role == Passage {
		prefix, inputType = e.server.PassagePrefix, "passage"
		ctx = withPatience(ctx, embedWait) // nobody sits before the ingest of documents
	}
	if roles {
		prefix = ""
	} else {
		inputType = ""
	}
	out := make([][]float32, 0, len(texts))
	for batch := range slices.Chunk(texts, embedBatch) {
		in := make([]string, len(batch))
		for i, t := range batch {
			in[i] = prefix + t
		}
		vecs, err := e.request(ctx, inputType, in)
		if err != nil {
			return nil, err
		}
		out = append(out, vecs...)
	}
	return out, nil
}

// knowsRoles reports whether the server puts the prefixes of its model: whether one
// text has two vectors. A server that refuses the question does not.
func (e *embedder) knowsRoles(ctx context.Context) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.ask {
		return e.roles, nil
	}
	var vecs [2][]float32
	for i, inputType := range [...]string{"query", "passage"} {
		v, err := e.request(ctx, inputType, []string{"민원 처리기간"})
		if errors.Is(err, ErrRefused) {
			e.ask = false
			return false, nil
		}
		if err != nil {
			return false, err
		}
		vecs[i] = v[0]
	}
	var cosine float32
	for i, x := range vecs[0] {
		cosine += x * vecs[1][i]
	}
	e.ask, e.roles = false, cosine < 0.9999 // of the E5 models about .95
	return e.roles, nil
}

// request embeds one batch.
func (e *embedder) request(ctx context.Context, inputType string, in []string) ([][]float32, error) {
	ctx, cancel := context.WithTimeout(ctx, embedWait)
	defer cancel()
	body := struct {
		Model     string   `json:"model"`
		Input     []string `json:"input"`
		InputType string   `json:"input_type,omitempty"`
	}{e.server.Model, in, inputType}
	vecs := make([][]float32, len(in))
	if e.server.API == "ollama" {
		var answer struct{ Embeddings [][]float32 }
		if err := postJSON(ctx, e.client, e.server.URL+"/api/embed", e.server.Key, body, &answer); err != nil {
			return nil, err
		}
		vecs = answer.Embeddings
	} else {
		var answer struct {
			Data []struct {
				Index     int
				Embedding []float32
			}
		}
		if err := postJSON(ctx, e.client, e.server.URL+"/embeddings", e.server.Key, body, &answer); err != nil {
			return nil, err
		}
		if len(answer.Data) != len(in) {
			return nil, fmt.Errorf("%d vectors came back for %d texts", len(answer.Data), len(in))
		}
		for _, d := range answer.Data {
			if d.Index < 0 || d.Index >= len(in) || vecs[d.Index] != nil {
				return nil, fmt.Errorf("the vectors for %d texts are numbered wrongly", len(in))
			}
			vecs[d.Index] = d.Embedding
		}
	}
	if len(vecs) != len(in) {
		return nil, fmt.Errorf("%d vectors came back for %d texts", len(vecs), len(in))
	}
	for _, v := range vecs {
		if len(v) != e.server.Dimension {
			return nil, fmt.Errorf("%w: vectors have %d numbers, the setting says %d", ErrDimension, len(v), e.server.Dimension)
		}
		if !unit(v) {
			return nil, errors.New("a vector is zero or not a number")
		}
	}
	return vecs, nil
}

// unit scales v to length 1 and reports whether that was possible.
func unit(v []float32) bool {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if sum == 0 || math.IsNaN(sum) || math.IsInf(sum, 0) {
		return false
	}
	norm := float32(1 / math.Sqrt(sum))
	for i := range v {
		v[i] *= norm
	}
	return true
}
