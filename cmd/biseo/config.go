package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"

	"biseo/assistant"
	"biseo/assistant/web/telemetry"
	"biseo/index"
	"biseo/ingest/extract/pool"
	"biseo/llm"
	"biseo/prompts"
)

// settings are shared by all commands.
type settings struct {
	Data    string `default:"./biseo-data" placeholder:"DIR" help:"Folder for everything that Biseo writes (${default})."`
	Verbose bool   `help:"Log what happens to standard error, never the text of questions or documents."`

	Prompts string `placeholder:"DIR" help:"Folder with an agency's own prompts (NAME.tmpl) and report templates (reports/NAME.yaml)."`

	Log      logSettings      `embed:"" prefix:"log-" group:"Log:"`
	Index    indexSettings    `embed:"" prefix:"index-" group:"Index on a Qdrant server:"`
	Model    modelSettings    `embed:"" prefix:"model-" group:"Language model:"`
	Embedder embedderSettings `embed:"" prefix:"embedder-" group:"Embedding model:"`
	Reranker rerankerSettings `embed:"" prefix:"reranker-" group:"Reranking model:"`
	Audit    auditSettings    `embed:"" prefix:"audit-" group:"Audit log:"`

	watched *telemetry.Telemetry `kong:"-"` // what the service measures; nil measures nothing
}

type modelSettings struct {
	URL       string `placeholder:"URL" help:"Address of the language model, such as http://127.0.0.1:8000/v1. Without one, answers are extracts."`
	Name      string `help:"Model name as the server knows it."`
	API       string `default:"openai" enum:"openai,ollama" help:"What the server speaks: openai or ollama."`
	KeyFile   string `placeholder:"FILE" help:"File that holds the server's key."`
	Grade     string `default:"open" enum:"open,sensitive,classified" help:"Highest grade of documents that the model may see (${default})."`
	Context   int    `default:"8192" help:"Context window in tokens."`
	MaxTokens int    `default:"1024" help:"Tokens of one answer at most (${default})."`

	Parallel int           `default:"4" help:"Requests that the server gets at the same time; more wait their turn (${default})."`
	Timeout  time.Duration `default:"60s" placeholder:"DURATION" help:"Longest wait for the first words, after which the answer is an extract (${default})."`
	Idle     time.Duration `default:"20s" placeholder:"DURATION" help:"Longest silence within an answer (${default})."`
}

type embedderSettings struct {
	URL            string `placeholder:"URL" help:"Address of the embedding model. Without one, search is by words."`
	Name           string `help:"Model name as the server knows it."`
	API            string `default:"openai" enum:"openai,ollama" help:"What the server speaks: openai or ollama."`
	KeyFile        string `placeholder:"FILE" help:"File that holds the server's key."`
	Dimension      int    `help:"Length of the model's vectors, such as 1024 for bge-m3."`
	QuestionPrefix string `help:"Put before every question that is embedded; by default what the model wants by its name, none for nothing."`
	PassagePrefix  string `help:"Put before every passage that is embedded; by default what the model wants by its name, none for nothing."`
}

type rerankerSettings struct {
	URL     string        `placeholder:"URL" help:"Address of a reranking model, which reads the question with each passage found. Without one, passages stay in the order of the index."`
	Name    string        `help:"Model name as the server knows it."`
	API     string        `default:"jina" enum:"jina,tei" help:"What the server speaks: jina (also vLLM) or tei."`
	KeyFile string        `placeholder:"FILE" help:"File that holds the server's key."`
	Timeout time.Duration `default:"300ms" placeholder:"DURATION" help:"Longest wait for its answer, after which passages stay in the order of the index (${default})."`
}

// person says as whom a command looks.
type person struct {
	As    []string `placeholder:"GROUP" help:"Groups of the person who asks, besides public."`
	Grade string   `default:"open" enum:"open,sensitive,classified" help:"Highest grade that the person may see (${default})."`
}

func (p person) principal() assistant.Principal {
	grade, _ := index.ParseGrade(p.Grade) // the parser admits only names of grades
	return assistant.Principal{ID: "local", Groups: p.As, Grade: grade}
}

// asker says also for which day and where; embedded by the commands that search.
type asker struct {
	person
	On     string   `placeholder:"2006-01-02" help:"Apply what was in force on this day (today)."`
	Kind   []string `enum:"${kinds}" help:"Only documents of these kinds: ${enum}."`
	Agency []string `help:"Only documents of these agencies."`
}

// day is the day asked for, at midnight UTC, or today in Korea.
func (a asker) day(now time.Time) (time.Time, error) {
	if a.On == "" {
		return index.Today(now), nil
	}
	t, clock, ok := parseTime(a.On, time.UTC)
	if !ok || clock {
		return t, errUsage{fmt.Errorf("--on의 %q은(는) 없는 날이거나 날짜가 아니니 2026-06-30이나 \"2026. 6. 30.\"처럼 적어 주세요", a.On)}
	}
	return t, nil
}

// assistant opens the index for reading and returns the assistant over it. The
// caller closes the index.
func (s *settings) assistant(ctx context.Context, c *console) (*assistant.Assistant, index.Index, error) {
	e, err := s.embedder()
	if err != nil {
		return nil, nil, err
	}
	g, err := s.generator()
	if err != nil {
		return nil, nil, err
	}
	if e != nil {
		e = llm.LimitEmbedder(s.watched.Embedder(e), s.watched.Limits(telemetry.Embedding, llm.Limits{}))
	}
	r, err := s.reranker()
	if err != nil {
		return nil, nil, err
	}
	x, err := s.openSearch(ctx, c.lg, e)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, fmt.Errorf("아직 읽은 문서가 없으니 biseo ingest 폴더 로 문서를 먼저 읽혀 주세요: %w", err)
	case err != nil:
		return nil, nil, fmt.Errorf("색인을 열지 못했으니 biseo doctor로 확인해 주세요: %w", err)
	}
	if e == nil && x.Space() != "" {
		e = noEmbedder{} // the assistant warns that it is not the index's
	}
	grade, _ := index.ParseGrade(s.Model.Grade)
	set, err := s.prompts()
	if err != nil {
		return nil, nil, errors.Join(err, x.Close())
	}
	return assistant.New(c.lg, s.watched.Index(x), assistant.Options{Generator: g, Grade: grade, Window: s.Model.Context, Embedder: e, Reranker: r, Rules: rules, Prompts: set,
		Checked: s.watched.Checked, Outside: s.watched.Outside}), x, nil
}

func (s *settings) prompts() (*prompts.Set, error) {
	if s.Prompts == "" {
		return prompts.Default(), nil
	}
	set, err := prompts.Load(os.DirFS(s.Prompts))
	if err != nil {
		return nil, errUsage{fmt.Errorf("--prompts %s 폴더의 프롬프트나 보고서 틀이 잘못되었으니 고쳐 주세요: %w", s.Prompts, err)}
	}
	return set, nil
}

func (s *settings) generator() (llm.Generator, error) {
	m := s.Model
	if m.URL == "" {
		return nil, nil
	}
	if m.Name == "" {
		return nil, errUsage{errors.New("--model-url만 있고 --model-name이 없으니 서버가 아는 모델 이름을 적어 주세요")}
	}
	if m.Parallel < 1 || m.Timeout <= 0 || m.Idle <= 0 || m.Context < 1 || m.MaxTokens < 1 {
		return nil, errUsage{errors.New("--model-parallel, --model-timeout, --model-idle, --model-context, --model-max-tokens는 0보다 큰 값으로 적어 주세요")}
	}
	key, err := readKey(m.KeyFile)
	if err != nil {
		return nil, err
	}
	g, err := llm.NewGenerator(llm.Server{API: m.API, URL: m.URL, Model: m.Name, Key: key, Context: m.Context, MaxTokens: m.MaxTokens, FirstWait: m.Timeout, Idle: m.Idle})
	if err != nil {
		return nil, err
	}
	return llm.Limit(s.watched.Generator(g), s.watched.Limits(telemetry.Language, llm.Limits{Parallel: m.Parallel})), nil
}

func (s *settings) embedder() (llm.Embedder, error) {
	e := s.Embedder
	if e.URL == "" {
		return nil, nil
	}
	if e.Name == "" || e.Dimension <= 0 {
		return nil, errUsage{errors.New("--embedder-url을 쓰려면 --embedder-name과 --embedder-dimension도 bge-m3, 1024처럼 적어 주세요")}
	}
	key, err := readKey(e.KeyFile)
	if err != nil {
		return nil, err
	}
	return llm.NewEmbedder(llm.Server{API: e.API, URL: e.URL, Model: e.Name, Key: key, Dimension: e.Dimension,
		QuestionPrefix: e.QuestionPrefix, PassagePrefix: e.PassagePrefix})
}

func (s *settings) reranker() (llm.Reranker, error) {
	r := s.Reranker
	if r.URL == "" {
		return nil, nil
	}
	if r.Name == "" && r.API != "tei" {
		return nil, errUsage{errors.New("--reranker-url만 있고 --reranker-name이 없으니 서버가 아는 모델 이름을 적어 주세요")}
	}
	if r.Timeout <= 0 {
		return nil, errUsage{errors.New("--reranker-timeout은 0보다 큰 값으로 적어 주세요")}
	}
	key, err := readKey(r.KeyFile)
	if err != nil {
		return nil, err
	}
	m, err := llm.NewReranker(llm.Server{API: r.API, URL: r.URL, Model: r.Name, Key: key, FirstWait: r.Timeout})
	if err != nil {
		return nil, err
	}
	return llm.LimitReranker(s.watched.Reranker(m), s.watched.Limits(telemetry.Reranking, llm.Limits{})), nil
}

func readKey(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", errUsage{fmt.Errorf("키 파일 %s을(를) 읽지 못했으니 이름과 권한을 확인해 주세요: %w", file, err)}
	}
	key := strings.TrimSpace(string(b))
	if key == "" {
		return "", errUsage{fmt.Errorf("키 파일 %s이(가) 비어 있으니 키를 적거나 설정에서 파일을 빼 주세요", file)}
	}
	return key, nil
}

// readers starts the pool of child processes that read files.
func (s *settings) readers(workers int) (*pool.Pool, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the program to start readers with: %w", err)
	}
	return pool.New(pool.Options{Command: []string{exe, readerCommand}, Workers: workers}), nil
}

// loadSettings reads biseo.yaml. Keys are flag names; a nested key is joined with
// a hyphen, so that model: {url: …} sets --model-url. Flags and environment
// variables win over the file; a key without a value sets nothing. Unknown keys,
// keys that stand twice and values that a flag would refuse are errors that name
// their line.
func loadSettings(r io.Reader) (*settingsFile, error) {
	var root, more yaml.Node
	d := yaml.NewDecoder(r)
	if err := d.Decode(&root); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("설정 파일을 읽을 수 없으니 \"이름: 값\"의 꼴로 고쳐 주세요: %w", err)
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("설정 파일 %d행: 설정은 하나여야 하니 안에 든 ---를 지워 주세요", more.Line)
	}
	f := &settingsFile{values: map[string]*yaml.Node{}}
	if named, ok := r.(interface{ Name() string }); ok {
		f.name = named.Name()
	}
	if len(root.Content) == 0 {
		return f, nil
	}
	return f, f.add("", root.Content[0])
}

type settingsFile struct {
	name   string
	values map[string]*yaml.Node // by flag
}

// settingsFiles are the files that a parser has read, in order; the last wins.
type settingsFiles []*settingsFile

func (s *settingsFiles) load(r io.Reader) (kong.Resolver, error) {
	f, err := loadSettings(r)
	if err != nil {
		return nil, err
	}
	*s = append(*s, f)
	return f, nil
}

// where says which line of which file sets a flag, as FILE:LINE; "" if none does.
func (s settingsFiles) where(flag string) string {
	for _, f := range slices.Backward(s) {
		if n := f.values[flag]; n != nil && n.Tag != "!!null" {
			return fmt.Sprintf("%s:%d", f.name, n.Line)
		}
	}
	return ""
}

func (f *settingsFile) add(prefix string, n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("설정 파일 %d행: \"이름: 값\"의 꼴로 적어 주세요", n.Line)
	}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := prefix+n.Content[i].Value, n.Content[i+1]
		if value.Kind == yaml.AliasNode {
			return fmt.Errorf("설정 파일 %d행: %s에는 *%s 대신 값을 그대로 적어 주세요", value.Line, key, value.Value)
		}
		if f.values[key] != nil {
			return fmt.Errorf("설정 파일 %d행: %s이(가) 두 번 있으니 하나를 지워 주세요", n.Content[i].Line, key)
		}
		if value.Kind == yaml.MappingNode {
			if err := f.add(key+"-", value); err != nil {
				return err
			}
			continue
		}
		f.values[key] = value
	}
	return nil
}

// Validate implements [kong.Resolver].
func (f *settingsFile) Validate(app *kong.Application) error {
	known := map[string]bool{}
	err := kong.Visit(app, func(n kong.Visitable, next kong.Next) error {
		if flag, ok := n.(*kong.Flag); ok {
			known[flag.Name] = true
		}
		return next(nil)
	})
	if err != nil {
		return err
	}
	var unknown []string
	for key, n := range f.values {
		if !known[key] {
			unknown = append(unknown, fmt.Sprintf("설정 파일 %d행: %q 설정은 없으니 biseo --help의 옵션 이름으로 고쳐 주세요.", n.Line, key))
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return errors.New(strings.Join(unknown, "\n"))
	}
	return nil
}

// Resolve implements [kong.Resolver].
func (f *settingsFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	n, ok := f.values[flag.Name]
	if !ok || n.Tag == "!!null" || slices.ContainsFunc(flag.Envs, func(e string) bool { _, set := os.LookupEnv(e); return set }) {
		return nil, nil
	}
	var list []string
	if n.Kind == yaml.SequenceNode {
		if err := n.Decode(&list); err != nil {
			return nil, fmt.Errorf("설정 파일 %d행: %s의 목록을 읽을 수 없으니 [가, 나]처럼 적어 주세요: %w", n.Line, flag.Name, err)
		}
		return strings.Join(list, ","), nil
	}
	scan := kong.Scan().PushTyped(n.Value, kong.FlagValueToken)
	if err := flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: scan}, reflect.New(flag.Target.Type()).Elem()); err != nil {
		return nil, fmt.Errorf("설정 파일 %d행: %s의 값 %q을(를) 읽을 수 없으니 %s 고쳐 주세요: %w", n.Line, flag.Name, n.Value, example(flag), err)
	}
	if flag.Enum != "" && !flag.IsSlice() && !slices.Contains(flag.EnumSlice(), n.Value) {
		return nil, fmt.Errorf("설정 파일 %d행: %s의 값 %q은(는) 없으니 다음 가운데 하나로 적어 주세요: %s", n.Line, flag.Name, n.Value, strings.Join(flag.EnumSlice(), ", "))
	}
	return n.Value, nil
}

// example tells how a value of a flag is written.
func example(flag *kong.Flag) string {
	switch flag.Target.Interface().(type) {
	case time.Duration:
		return "60s나 2m처럼 단위까지 적어"
	case int:
		return "8처럼 수로"
	case bool:
		return "true나 false로"
	}
	return "biseo --help를 보고"
}
