package telemetry

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/assistant/web"
	"biseo/index"
	"biseo/index/local"
	"biseo/llm"
	"biseo/llm/llmtest"
)

// secret is a word of question, document and answer, which nothing here may tell.
const secret = "비밀사업"

// A service is the whole way of a request, measured: handler, assistant, index,
// models. The model writes a sentence that its source supports and one that none does.
func service(t *testing.T, m *Telemetry) string {
	t.Helper()
	e := m.Embedder(llmtest.LexicalEmbedder{Dim: 64})
	x, err := local.Open(t.Context(), t.TempDir(), local.Options{Space: e.Space()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	text := secret + "의 예산은 1,200원으로 한다."
	vectors, err := llmtest.LexicalEmbedder{Dim: 64}.Embed(t.Context(), llm.Passage, []string{text})
	if err != nil {
		t.Fatal(err)
	}
	d := index.Doc{ID: "plan", Work: "plan", Title: secret + " 계획", Kind: "plan", Readers: []string{"public"}, Grade: index.Open}
	if err := x.Replace(t.Context(), d, []index.Chunk{{ID: index.ChunkID("plan", 0), DocID: "plan", Cite: "「" + secret + " 계획」", Text: text, Dense: vectors[0]}}); err != nil {
		t.Fatal(err)
	}
	m.Measure(func(ctx context.Context) (Size, error) {
		docs, chunks, err := x.Size(ctx)
		return Size{Documents: docs, Chunks: chunks, Files: map[string]int{"done": 1, "failed": 2}}, err
	})
	g := llm.Limit(m.Generator(llmtest.Script(secret+"의 예산은 1,200원이다. [1]\n"+secret+"의 예산은 9,900원이다. [1]\n")), m.Limits(Language, llm.Limits{}))
	lg := slog.New(slog.DiscardHandler)
	a := assistant.New(lg, m.Index(x), assistant.Options{Generator: g, Embedder: llm.LimitEmbedder(e, m.Limits(Embedding, llm.Limits{})), Checked: m.Checked, Outside: m.Outside})
	written := 0
	h, err := web.New(lg, a, web.Options{Metrics: m.Web(), Figures: m.Page(), Library: x, Audit: m.Audit(func(context.Context, audit.Record) error {
		if written++; written > 3 {
			return errors.New("disk full")
		}
		return nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(m.Handler(h))
	t.Cleanup(s.Close)
	return s.URL
}

func post(t *testing.T, url, body string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// read reads /metrics as Prometheus does, and checks its form: each family once with
// HELP and TYPE before its samples, no sample twice, buckets that only grow and end
// with the count.
func read(t *testing.T, url string) (samples map[string]float64, types map[string]string) {
	t.Helper()
	resp, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || !strings.HasPrefix(got, "text/plain; version=0.0.4; charset=utf-8") {
		t.Errorf("got %d %s", resp.StatusCode, got)
	}
	samples, types = map[string]float64{}, map[string]string{}
	sample := regexp.MustCompile(`^([a-z0-9_]+)((?:\{[a-z]+="(?:[^"\\\n]|\\.)*"(?:,[a-z]+="(?:[^"\\\n]|\\.)*")*\})?) (\S+)$`)
	var last float64
	for sc := bufio.NewScanner(resp.Body); sc.Scan(); {
		line := sc.Text()
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, kind, _ := strings.Cut(rest, " ")
			if types[name] != "" || !slices.Contains([]string{"counter", "gauge", "histogram", "summary"}, kind) {
				t.Errorf("bad or second type: %s", line)
			}
			types[name] = kind
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		m := sample.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("no sample: %s", line)
			continue
		}
		v, err := strconv.ParseFloat(m[3], 64)
		family := m[1]
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if name := strings.TrimSuffix(m[1], suffix); name != m[1] && (types[name] == "histogram" || types[name] == "summary") {
				family = name
			}
		}
		if _, twice := samples[m[1]+m[2]]; twice || err != nil || types[family] == "" {
			t.Errorf("sample twice, without type or no number: %s", line)
		}
		if strings.HasPrefix(family, "biseo_") && types[family] == "counter" && !strings.HasSuffix(family, "_total") {
			t.Errorf("a counter without _total: %s", line)
		}
		if strings.HasSuffix(m[1], "_bucket") && v < last {
			t.Errorf("a bucket with less than the one before: %s after %v", line, last)
		}
		if last = v; !strings.HasSuffix(m[1], "_bucket") || strings.Contains(m[2], `le="+Inf"`) {
			last = 0
		}
		samples[m[1]+m[2]] = v
	}
	for name, v := range samples {
		if at := strings.Index(name, `_bucket{`); at > 0 && strings.Contains(name, `le="+Inf"`) {
			labels := strings.TrimSuffix(strings.ReplaceAll(strings.ReplaceAll(name[at+7:], `,le="+Inf"`, ""), `le="+Inf"`, ""), "{}")
			if count := samples[name[:at]+"_count"+labels]; count != v {
				t.Errorf("%s is %v, the count %v", name, v, count)
			}
		}
	}
	return samples, types
}

func TestFigures(t *testing.T) {
	m := New("v1")
	url := service(t, m)
	if status, body := post(t, url+"/v1/answers", `{"question":"`+secret+`의 예산은 얼마입니까?"}`, "Accept", "text/event-stream"); status != 200 || !strings.Contains(body, "event: done") {
		t.Fatalf("answer: got %d %s", status, body)
	}
	if status, body := post(t, url+"/v1/search", `{"query":"`+secret+`"}`); status != 200 {
		t.Errorf("search: got %d %s", status, body)
	}
	if status, _ := post(t, url+"/v1/search", `{"query":"`+secret+`"}`); status != 503 {
		t.Errorf("search without audit: got %d", status)
	}
	post(t, url+"/"+secret+"?q="+secret, `{}`)
	m.Outside(2)
	got, _ := read(t, url)
	for name, want := range map[string]float64{
		`biseo_build_info{version="v1"}`:                                            1,
		`biseo_http_requests_total{method="POST",route="/v1/answers",status="200"}`: 1,
		`biseo_http_requests_total{method="POST",route="/v1/search",status="200"}`:  1,
		`biseo_http_requests_total{method="POST",route="/v1/search",status="503"}`:  1,
		`biseo_http_requests_total{method="POST",route="other",status="404"}`:       1,
		`biseo_http_request_seconds_count{method="POST",route="/v1/search"}`:        2,
		`biseo_stage_seconds_count{stage="embed"}`:                                  3,
		`biseo_model_calls_total{model="embedding",outcome="ok"}`:                   3,
		`biseo_model_calls_total{model="language",outcome="failed"}`:                0,
		`biseo_model_resting{model="language"}`:                                     0,
		`biseo_model_wait_seconds_count{model="embedding"}`:                         3,
		`biseo_tasks_total{outcome="partial",task="answers"}`:                       1,
		`biseo_sentences_checked_total{status="verified"}`:                          1,
		`biseo_audit_records_total{outcome="ok"}`:                                   3,
		`biseo_audit_records_total{outcome="failed"}`:                               1,
		`biseo_hits_outside_total`:                                                  2,
		`biseo_streams_open`:                                                        0,
		`biseo_index_up`:                                                            1,
		`biseo_index_documents`:                                                     1,
		`biseo_index_chunks`:                                                        1,
		`biseo_ingest_files{state="failed"}`:                                        2,
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s: got %v %v, want %v", name, v, ok, want)
		}
	}
	for name, least := range map[string]float64{`biseo_sentences_checked_total{status="unverified"}`: 1, `biseo_stage_seconds_count{stage="search"}`: 3,
		`biseo_stage_seconds_count{stage="generate"}`: 1, `biseo_stage_seconds_count{stage="first_words"}`: 1, `biseo_stage_seconds_count{stage="check"}`: 2, `biseo_stage_seconds_count{stage="audit"}`: 4,
		`go_goroutines`: 2, `process_resident_memory_bytes`: 1e6} {
		if got[name] < least {
			t.Errorf("%s: got %v, want at least %v", name, got[name], least)
		}
	}
	for name := range got {
		if strings.Contains(name, secret) {
			t.Errorf("a label holds content: %s", name)
		}
	}
}

// A breaker that opens is seen, and so is that it closed again.
func TestResting(t *testing.T) {
	m := New("v1")
	now := time.Unix(0, 0)
	broken := true
	g := llm.Limit(m.Generator(switched{&broken}), m.Limits(Language, llm.Limits{Failures: 2, Pause: time.Second, Now: func() time.Time { return now }}))
	var states []bool
	for range 3 {
		_, _ = g.Generate(t.Context(), llm.Request{}, nil)
		states = append(states, m.Resting(Language))
	}
	now, broken = now.Add(2*time.Second), false
	_, _ = g.Generate(t.Context(), llm.Request{}, nil)
	states = append(states, m.Resting(Language))
	if d := cmp.Diff([]bool{false, true, true, false}, states); d != "" {
		t.Error(d)
	}
}

// switched is a model that fails as long as it is broken.
type switched struct{ broken *bool }

func (switched) Model() string { return "switched" }
func (s switched) Generate(context.Context, llm.Request, func(string) error) (*llm.Response, error) {
	if *s.broken {
		return nil, errors.New("broken")
	}
	return &llm.Response{Text: "예", StopReason: "stop"}, nil
}

// A collector is an OTLP receiver.
type collector struct {
	mu    sync.Mutex
	spans []*otlp.Span
	raw   []byte
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	var in coltrace.ExportTraceServiceRequest
	if r.URL.Path != "/v1/traces" || err != nil || proto.Unmarshal(b, &in) != nil {
		http.Error(w, "bad", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw = append(c.raw, b...)
	for _, rs := range in.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			c.spans = append(c.spans, ss.Spans...)
		}
	}
}

// The spans of a streamed answer hang below its request, which hangs below the
// trace of the caller, and hold no text.
func TestTraces(t *testing.T) {
	c := &collector{}
	receiver := httptest.NewServer(c)
	defer receiver.Close()
	m := New("v1")
	if err := m.Trace(t.Context(), slog.New(slog.DiscardHandler), receiver.URL, "v1"); err != nil {
		t.Fatal(err)
	}
	url := service(t, m)
	const trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	if status, body := post(t, url+"/v1/answers", `{"question":"`+secret+`의 예산은 얼마입니까?"}`, "Accept", "text/event-stream", "Traceparent", "00-"+trace+"-"+parent+"-01"); status != 200 {
		t.Fatalf("got %d %s", status, body)
	}
	if err := m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	byID, parents := map[string]string{parentID(parent): "caller"}, map[string]string{}
	for _, s := range c.spans {
		byID[string(s.SpanId)] = s.Name
	}
	for _, s := range c.spans {
		parents[s.Name] = byID[string(s.ParentSpanId)]
	}
	const root = "POST /v1/answers"
	if d := cmp.Diff(map[string]string{root: "caller", "search": root, "embed": root, "generate": root, "audit": root}, parents); d != "" {
		t.Error(d)
	}
	if strings.Contains(string(c.raw), secret) || strings.Contains(string(c.raw), "예산") {
		t.Error("a span holds content")
	}
	for _, bad := range []string{"127.0.0.1:4318", "ftp://127.0.0.1", "http://"} {
		if err := New("").Trace(t.Context(), slog.Default(), bad, ""); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func parentID(hex string) string {
	var b []byte
	for i := 0; i < len(hex); i += 2 {
		n, _ := strconv.ParseUint(hex[i:i+2], 16, 8)
		b = append(b, byte(n))
	}
	return string(b)
}

// Rules and dashboard speak of figures that exist, and every figure of ours stands
// in one of them or in the guide.
func TestDeployNames(t *testing.T) {
	m := New("v1")
	m.Measure(func(context.Context) (Size, error) { return Size{}, nil })
	var names []string
	known := map[string]bool{}
	all := make(chan *prometheus.Desc)
	go func() {
		m.figures.Describe(all)
		close(all)
	}()
	for d := range all {
		name := regexp.MustCompile(`fqName: "([a-z0-9_]+)"`).FindStringSubmatch(d.String())[1]
		names = append(names, name)
		for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
			known[name+suffix] = true
		}
	}
	used := map[string]bool{}
	for _, file := range []string{"prometheus-rules.yaml", "grafana-dashboard.json", "OPERATIONS.md"} {
		b, err := os.ReadFile("../../../deploy/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`\b(?:biseo|go|process)_[a-z_]+\b`).FindAllString(string(b), -1) {
			if !known[name] {
				t.Errorf("%s: there is no figure %s", file, name)
			}
			used[name] = true
		}
	}
	for _, name := range names {
		if strings.HasPrefix(name, "biseo_") && !used[name] && !used[name+"_bucket"] && !used[name+"_count"] && !used[name+"_sum"] {
			t.Errorf("%s is measured and nobody looks at it", name)
		}
	}
}
