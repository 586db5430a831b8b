package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// An embedCall is what an embedding server was asked.
type embedCall struct {
	Path, Model string
	Input       []string
	InputType   string `json:"input_type"`
}

// embeddings answers both calls with vectors that vector makes, the last first, and
// keeps what it was asked.
func embeddings(t *testing.T, calls *[]embedCall, vector func(text, inputType string) []float32) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := embedCall{Path: r.URL.Path}
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
			t.Error(err)
		}
		*calls = append(*calls, c)
		type item struct {
			Index     int       `json:"index"`
			Embedding []float32 `json:"embedding"`
		}
		var data []item
		var vecs [][]float32
		for i := range c.Input {
			last := len(c.Input) - 1 - i
			data = append(data, item{last, vector(c.Input[last], c.InputType)})
			vecs = append(vecs, vector(c.Input[i], c.InputType))
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": data, "embeddings": vecs})
	}
}

// textsOfEach is how many texts each call had.
func textsOfEach(calls []embedCall) (n []int) {
	for _, c := range calls {
		n = append(n, len(c.Input))
	}
	return n
}

// byText is a vector that tells texts apart.
func byText(text, _ string) []float32 { return []float32{1, float32(len(text))} }

// Each model gets its own prefixes, or those of the settings.
func TestPrefixes(t *testing.T) {
	for _, tt := range []struct{ model, question, passage, wantQ, wantP string }{
		{"multilingual-e5-small", "", "", "query: 가", "passage: 가"},
		{"nlpai-lab/KoE5", "", "", "query: 가", "passage: 가"},
		{"intfloat/multilingual-e5-large-instruct", "", "", instruct + "가", "가"},
		{"Qwen3-Embedding-0.6B", "", "", instruct + "가", "가"},
		{"dragonkue/snowflake-arctic-embed-l-v2.0-ko", "", "", "query: 가", "가"},
		{"bge-m3", "", "", "가", "가"},
		{"nlpai-lab/KURE-v1", "", "", "가", "가"},
		{"bge-m3", "q ", "p ", "q 가", "p 가"},
		{"multilingual-e5-small", "q ", "", "q 가", "passage: 가"},
		{"multilingual-e5-small", NoPrefix, NoPrefix, "가", "가"},
	} {
		var calls []embedCall
		e, err := NewEmbedder(Server{URL: serve(t, embeddings(t, &calls, byText)), Model: tt.model, Dimension: 2, QuestionPrefix: tt.question, PassagePrefix: tt.passage})
		if err != nil {
			t.Fatal(err)
		}
		for role, want := range map[Role]string{Question: tt.wantQ, Passage: tt.wantP} {
			if _, err := e.Embed(t.Context(), role, []string{"가"}); err != nil {
				t.Fatal(err)
			}
			if last := calls[len(calls)-1]; last.Input[0] != want || last.InputType != "" {
				t.Errorf("%s, prefixes %q and %q: sent %q as %q, want %q", tt.model, tt.question, tt.passage, last.Input[0], last.InputType, want)
			}
		}
	}
}

// A server that puts the prefixes itself gets none, is told the roles, and is asked
// about it once. One that refuses the question gets the prefixes.
func TestServerKnowsRoles(t *testing.T) {
	var calls []embedCall
	knows := embeddings(t, &calls, func(text, inputType string) []float32 { return []float32{1, float32(len(inputType))} })
	strict := embeddings(t, &calls, byText)
	refuses := func(w http.ResponseWriter, r *http.Request) {
		var c map[string]any
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
			t.Error(err)
		}
		if c["input_type"] != nil {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		b, _ := json.Marshal(c)
		r.Body = http.NoBody
		r2, _ := http.NewRequest(http.MethodPost, r.URL.String(), strings.NewReader(string(b)))
		strict(w, r2)
	}
	for _, tt := range []struct {
		name string
		h    http.HandlerFunc
		want []embedCall
	}{
		{"knows", knows, []embedCall{{"/v1/embeddings", "e5", []string{"가"}, "query"}, {"/v1/embeddings", "e5", []string{"나", "다"}, "passage"}}},
		{"refuses", refuses, []embedCall{{"/v1/embeddings", "e5", []string{"query: 가"}, ""}, {"/v1/embeddings", "e5", []string{"passage: 나", "passage: 다"}, ""}}},
	} {
		e, err := NewEmbedder(Server{URL: serve(t, tt.h) + "/v1/", Model: "e5", Dimension: 2})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Embed(t.Context(), Question, []string{"가"}); err != nil {
			t.Fatal(err)
		}
		calls = calls[max(0, len(calls)-1):] // without the question about roles
		if _, err := e.Embed(t.Context(), Passage, []string{"나", "다"}); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tt.want, calls); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
		calls = nil
	}

	// A server that is down tells nothing about roles: the next call asks again.
	down := true
	e, err := NewEmbedder(Server{URL: serve(t, func(w http.ResponseWriter, r *http.Request) {
		if down {
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		knows(w, r)
	}), Model: "e5", Dimension: 2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Embed(t.Context(), Question, []string{"가"}); err == nil {
		t.Error("a server that is down gave vectors")
	}
	down = false
	if _, err := e.Embed(t.Context(), Question, []string{"가"}); err != nil || calls[len(calls)-1].InputType != "query" {
		t.Errorf("after the server came back: %+v, %v", calls, err)
	}
}

// Ollama's own call takes an array, at the address with or without /v1.
func TestEmbedOllama(t *testing.T) {
	for _, path := range []string{"", "/", "/v1"} {
		var calls []embedCall
		e, err := NewEmbedder(Server{API: "ollama", URL: serve(t, embeddings(t, &calls, byText)) + path, Model: "bge-m3", Dimension: 2})
		if err != nil {
			t.Fatal(err)
		}
		vecs, err := e.Embed(t.Context(), Passage, []string{"가", "가나다"})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]embedCall{{"/api/embed", "bge-m3", []string{"가", "가나다"}, ""}}, calls); d != "" {
			t.Errorf("calls (-want +got):\n%s", d)
		}
		if len(vecs) != 2 || !(vecs[0][1] < vecs[1][1]) {
			t.Errorf("vectors %v are not in the order of the texts", vecs)
		}
	}
}

// Vectors are told apart by their index, whatever their order, and answers that
// number them wrongly or are no answers are errors.
func TestEmbedOrder(t *testing.T) {
	var calls []embedCall
	e, err := NewEmbedder(Server{URL: serve(t, embeddings(t, &calls, byText)), Model: "m", Dimension: 2, Key: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	vecs, err := e.Embed(t.Context(), Passage, []string{"가", "가나다"})
	if err != nil || !(vecs[0][1] < vecs[1][1]) {
		t.Errorf("vectors %v, %v: want them in the order of the texts", vecs, err)
	}
	for name, answer := range map[string]string{
		"index twice": `{"data":[{"index":0,"embedding":[1,0]},{"index":0,"embedding":[1,0]}]}`,
		"index out":   `{"data":[{"index":0,"embedding":[1,0]},{"index":7,"embedding":[1,0]}]}`,
		"negative":    `{"data":[{"index":0,"embedding":[1,0]},{"index":-1,"embedding":[1,0]}]}`,
		"no JSON":     `<html>`,
		"cut":         `{"data":[{"index":0,"embed`,
		"no data":     `{}`,
	} {
		e, err := NewEmbedder(Server{URL: serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) }), Model: "m", Dimension: 2})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Embed(t.Context(), Passage, []string{"가", "나"}); err == nil || strings.Contains(err.Error(), "가") {
			t.Errorf("%s: error %v, want one without the text", name, err)
		}
	}
	e, err = NewEmbedder(Server{URL: serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }), Model: "m", Dimension: 2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Embed(t.Context(), Passage, []string{"가"}); !errors.Is(err, ErrRefused) {
		t.Errorf("a wrong key: %v, want ErrRefused", err)
	}
}

// A passage waits as long as the server says, as seconds or as a date; a question
// does not.
func TestEmbedderWaits(t *testing.T) {
	for _, date := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			e := &embedder{server: Server{URL: "http://h", Model: "m", Dimension: 2}, client: &http.Client{Transport: newRetrier(roundTrip(func(*http.Request) (*http.Response, error) {
				calls++
				resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}
				if calls%2 == 1 {
					resp.StatusCode = http.StatusTooManyRequests
					resp.Header.Set("Retry-After", "40")
					if date {
						resp.Header.Set("Retry-After", time.Now().Add(40*time.Second).UTC().Format(http.TimeFormat))
					}
				}
				return resp, nil
			}))}}
			start := time.Now()
			_, _ = e.Embed(t.Context(), Passage, []string{"가"}) // the body is empty: only the waiting counts
			if waited := time.Since(start); calls != 2 || waited < 39*time.Second || waited > 41*time.Second {
				t.Errorf("a passage: %d calls in %v, want 2 in 40 s", calls, waited)
			}
			calls, start = 0, time.Now()
			_, _ = e.Embed(t.Context(), Question, []string{"가"})
			if waited := time.Since(start); calls != 1 || waited > time.Second {
				t.Errorf("a question: %d calls in %v, want one at once", calls, waited)
			}
		})
	}
}

// A question's vector is without half of what questions that ask for nothing have in
// common; the server is asked for that once, and again only after it failed.
func TestQuestionsWithoutWhatAllShare(t *testing.T) {
	var calls []embedCall
	down := true
	answer := embeddings(t, &calls, func(text, _ string) []float32 {
		switch text {
		case "주차 요금은?":
			return []float32{.8, .6, 0} // the first number is what all questions share
		case "주차 요금":
			return []float32{.8, 0, .6}
		}
		return []float32{1, 0, 0}
	})
	e, err := NewEmbedder(Server{URL: serve(t, func(w http.ResponseWriter, r *http.Request) {
		if down {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		answer(w, r)
	}), Model: "bge-m3", Dimension: 3})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Embed(t.Context(), Question, []string{"주차 요금은?"}); err == nil {
		t.Error("a server that refuses: no error")
	}
	down = false
	for range 2 {
		got, err := e.Embed(t.Context(), Question, []string{"주차 요금은?"})
		if err != nil {
			t.Fatal(err)
		}
		want := [][]float32{{.3, .6, 0}}
		unit(want[0])
		if d := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-6)); d != "" {
			t.Errorf("question (-want +got):\n%s", d)
		}
	}
	got, err := e.Embed(t.Context(), Passage, []string{"주차 요금"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([][]float32{{.8, 0, .6}}, got, cmpopts.EquateApprox(0, 1e-6)); d != "" {
		t.Errorf("passage (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]int{len(commonQuestions), 1, 1, 1}, textsOfEach(calls)); d != "" {
		t.Errorf("texts of each request (-want +got):\n%s", d)
	}
}

// A model that is slow with the first request loses nothing by who did not wait for it.
func TestSlowFirstQuestion(t *testing.T) {
	var calls []embedCall
	answer, goOn := embeddings(t, &calls, byText), make(chan struct{})
	e, err := NewEmbedder(Server{URL: serve(t, func(w http.ResponseWriter, r *http.Request) {
		<-goOn
		answer(w, r)
	}), Model: "e5", Dimension: 2})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if _, err := e.Embed(ctx, Question, []string{"가"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who does not wait: %v", err)
		}
		cancel()
	}
	close(goOn)
	if _, err := e.Embed(t.Context(), Question, []string{"가"}); err != nil {
		t.Error(err)
	}
	// first two about roles
	if d := cmp.Diff([]int{1, 1, len(commonQuestions), 1}, textsOfEach(calls)); d != "" {
		t.Errorf("texts of each request (-want +got):\n%s", d)
	}
}

// Against the real model: a question is nearer to its answer than to others, and
// the roles differ, whatever the server does about prefixes.
func TestEmbedderServer(t *testing.T) {
	url := os.Getenv("BISEO_TEST_EMBEDDER_URL")
	if url == "" {
		t.Skip("needs BISEO_TEST_EMBEDDER_URL, which .ci/run sets")
	}
	e, err := NewEmbedder(Server{URL: url, Model: "multilingual-e5-small", Dimension: 384})
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{"공영주차장 요금은 10분에 300원입니다.", "책은 한 사람이 5권까지 빌릴 수 있습니다.", "여권 발급 수수료는 5만 원입니다."}
	passages, err := e.Embed(t.Context(), Passage, texts)
	if err != nil {
		t.Fatal(err)
	}
	questions, err := e.Embed(t.Context(), Question, []string{"차를 세우려면 얼마를 내나요?", "도서 대출은 몇 권이 한도인가요?", "해외여행 신분증을 만드는 비용"})
	if err != nil {
		t.Fatal(err)
	}
	same, err := e.Embed(t.Context(), Question, texts[:1])
	if err != nil {
		t.Fatal(err)
	}
	dot := func(a, b []float32) (sum float32) {
		for i := range a {
			sum += a[i] * b[i]
		}
		return sum
	}
	if c := dot(same[0], passages[0]); c > .999 {
		t.Errorf("a text as question and as passage has the cosine %v: the roles do not differ", c)
	}
	for i, q := range questions {
		for j, p := range passages {
			if j != i && dot(q, p) >= dot(q, passages[i]) {
				t.Errorf("question %d is nearer to passage %d than to its own", i, j)
			}
		}
	}
	if !e.(*embedder).roles {
		t.Log("the server leaves prefixes to its callers")
	}
}
