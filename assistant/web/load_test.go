package web

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/assistant/ground"
	"biseo/assistant/state"
	"biseo/index/local"
	"biseo/ingest"
	"biseo/ingest/extract"
)

// The load tests send requests over loopback to a service in a process of its own,
// whose memory is told apart so from that of the clients. They run for seconds, and
// for the figures of the acceptance test with
//
//	BISEO_TEST_LOAD=full go test ./assistant/web -run TestLoad -v
//
// They fail on errors only. Times depend on what else the machine does: they are
// printed beside what is wanted.
func full() bool { return os.Getenv("BISEO_TEST_LOAD") == "full" }

// serviceEnv makes TestLoadService the service of another process: its value is the
// service's name.
const serviceEnv = "BISEO_TEST_LOAD_SERVICE"

// TestLoadService is no test: it serves the others until its standard input ends.
func TestLoadService(t *testing.T) {
	name := os.Getenv(serviceEnv)
	if name == "" {
		return
	}
	opt := Options{Limits: Limits{KeyPerMinute: -1, Answers: -1}}
	store := newStore(t)
	_, secret := newKey(t, store, state.Key{Name: "load", Permissions: []string{"read", "ask"}})
	opt.State, opt.Identify = store, Identify(store, nil)
	log, err := audit.Open(t.TempDir(), audit.Options{Key: bytes.Repeat([]byte{1}, 32), Signer: ed25519.NewKeyFromSeed(make([]byte, 32))})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	opt.Audit = log.Append
	var svc Service
	switch name {
	case "streams":
		svc = &fake{answer: tick}
		opt.Limits.AllAnswers = 5_000
	case "laws":
		svc = laws(t)
	case "slow":
		opt.Limits.AllSearches, opt.Limits.SearchQueue, opt.Limits.SearchWait = 16, 16, time.Second
		svc = &fake{search: func(ctx context.Context, _ assistant.Principal, req assistant.SearchRequest) (*assistant.SearchResult, error) {
			time.Sleep(slowSearch)
			return &assistant.SearchResult{Query: req.Query, On: "2026-01-01", Mode: assistant.Words, Hits: []assistant.Hit{}}, nil
		}}
	}
	h, err := New(slog.New(slog.DiscardHandler), svc, opt)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	err = Serve(ctx, slog.New(slog.DiscardHandler), Listen{Addr: "127.0.0.1:0"}, h, func(a net.Addr) { fmt.Println("serving", a, secret) })
	if err != nil {
		t.Error(err)
	}
}

// A loadService is the process of TestLoadService.
type loadService struct {
	addr, secret string
	pid          int
}

func startService(t *testing.T, name string) loadService {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestLoadService$", "-test.v")
	cmd.Env = append(os.Environ(), serviceEnv+"="+name)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	s := loadService{pid: cmd.Process.Pid}
	var said []string
	for s.addr == "" && lines.Scan() {
		if f := strings.Fields(lines.Text()); len(f) == 3 && f[0] == "serving" {
			s.addr, s.secret = f[1], f[2]
		} else {
			said = append(said, lines.Text())
		}
	}
	t.Cleanup(func() {
		_ = in.Close()
		rest, _ := io.ReadAll(out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("service: %v\n%s", err, rest)
		}
	})
	if s.addr == "" {
		t.Fatalf("the service does not begin:\n%s", strings.Join(said, "\n"))
	}
	return s
}

// memory is the resident memory of the service now and at most, in MB; 0 where the
// system does not tell.
func (s loadService) memory() (now, most int) {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmRSS:" {
			now, _ = strconv.Atoi(f[1])
		} else if len(f) == 3 && f[0] == "VmHWM:" {
			most, _ = strconv.Atoi(f[1])
		}
	}
	return now >> 10, most >> 10
}

// percentiles is the median, the 99th percentile and the most.
func percentiles(d []time.Duration) string {
	if len(d) == 0 {
		return "none"
	}
	slices.Sort(d)
	at := func(p float64) time.Duration { return d[int(p*float64(len(d)-1))].Round(10 * time.Microsecond) }
	return fmt.Sprintf("p50 %v, p99 %v, most %v of %d", at(.5), at(.99), at(1), len(d))
}

// tick is a model that says ten sentences a second, for as many seconds as the
// question says. Each sentence holds the time at which it was said.
func tick(ctx context.Context, req assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
	seconds, err := strconv.Atoi(req.Question)
	if err != nil {
		return nil, err
	}
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for range 10 * seconds {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		s := ground.Sentence{Text: fmt.Sprintf("at %d 소형 승용차의 주차요금은 1시간에 1,200원으로 합니다.", time.Now().UnixNano()), Status: ground.Verified, Cites: []ground.Cite{}}
		if err := emit(assistant.Event{Sentence: &s}); err != nil {
			return nil, err
		}
	}
	return &assistant.Answer{Task: "answer", Question: req.Question, On: "2026-01-01", Outcome: assistant.Answered, Mode: assistant.Words, Sources: []ground.Source{}, Warnings: []assistant.Warning{}, Blocks: []assistant.Block{}}, nil
}

// TestLoadStreams follows many answers at a time, of ten sentences a second each. In
// full: 2,000 of them for 30 seconds; wanted are no error, 99 % of the events within
// 50 ms from when the model said them to when the client has read them, and less
// than 400 MB.
func TestLoadStreams(t *testing.T) {
	streams, seconds := 100, 2
	if full() {
		streams, seconds = 2_000, 30
	}
	s := startService(t, "streams")
	idle, _ := s.memory()
	delays := make([][]time.Duration, streams)
	faults := make([]error, streams)
	var wg sync.WaitGroup
	for i := range streams {
		wg.Go(func() { delays[i], faults[i] = s.follow(seconds) })
		time.Sleep(time.Second / time.Duration(streams)) // they do not begin in one moment, nor tick in step
	}
	wg.Wait()
	failed := 0
	for _, err := range faults {
		if err != nil {
			if failed++; failed <= 5 {
				t.Error(err)
			}
		}
	}
	_, most := s.memory()
	t.Logf("%d streams for %d s: %d failed (0 wanted), delay %s (p99 < 50ms wanted), service %d MB at most (< 400 wanted), %d idle", streams, seconds, failed, percentiles(slices.Concat(delays...)), most, idle)
}

// follow reads an answer as a stream and returns how late its sentences were.
func (s loadService) follow(seconds int) ([]time.Duration, error) {
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Duration(seconds)*time.Second + time.Minute))
	body := fmt.Sprintf(`{"question":"%d"}`, seconds)
	_, err = fmt.Fprintf(conn, "POST /v1/answers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", s.secret, len(body), body)
	if err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 2048), nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 {
		b, _ := io.ReadAll(resp.Body)
		return nil, fmt.Errorf("got %d %s", resp.StatusCode, b)
	}
	delays, done := make([]time.Duration, 0, 10*seconds), false
	lines := bufio.NewReaderSize(resp.Body, 2048)
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return delays, err
		}
		if _, said, ok := bytes.Cut(line, []byte(`"text":"at `)); ok {
			now := time.Now().UnixNano()
			said, _, _ = bytes.Cut(said, []byte(" "))
			at, err := strconv.ParseInt(string(said), 10, 64)
			if err != nil {
				return delays, err
			}
			delays = append(delays, time.Duration(now-at))
		}
		done = done || bytes.HasPrefix(line, []byte("event: done"))
	}
	if !done || len(delays) != 10*seconds {
		return delays, fmt.Errorf("%d of %d sentences, done %t", len(delays), 10*seconds, done)
	}
	return delays, nil
}

// laws is the assistant over the laws of shared data, or without full over one of
// them, found by words.
func laws(t *testing.T) Service {
	t.Helper()
	dir := sharedLaws(t)
	if !full() {
		dir = filepath.Join(dir, "민원처리에관한법률")
	}
	x, err := local.Open(t.Context(), t.TempDir(), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	lg := slog.New(slog.DiscardHandler)
	report, err := ingest.Sync(t.Context(), lg, x, nil, ingest.Source{Paths: []string{dir}, Read: extract.Read, Readers: []string{"public"}})
	if err != nil || report.Added == 0 {
		t.Fatalf("added %d: %v", report.Added, err)
	}
	return assistant.New(lg, x, assistant.Options{})
}

func sharedLaws(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "data", "laws-kr", "admin-subset"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("needs ../shared/data/laws-kr/admin-subset")
	}
	return dir
}

var questions = []string{"민원 처리기간은 몇 번까지 연장할 수 있나요?", "정보공개 청구 결정 기간", "공유재산 사용허가", "주민투표 청구", "「민원 처리에 관한 법률」 제19조", "개인정보 제3자 제공 동의",
	"행정심판 청구기간", "공무원 징계 사유", "과태료 이의제기", "지방의회 의원의 의무", "보조금 반환 명령", "행정처분의 사전통지와 의견청취"}

// TestLoadSearch searches laws, with keys and an audit log on disk, at a fixed rate
// whether earlier requests were answered or not. In full: 300 requests a second of
// 50 clients for 30 seconds; wanted are no error and 99 % within 100 ms of the
// moment at which the request was due.
//
// It asks a service that is there already, such as biseo serve over these laws in
// Qdrant, if BISEO_TEST_LOAD_AT is its address (127.0.0.1:8080) and BISEO_TEST_LOAD_KEY
// a key, where it wants one. BISEO_TEST_LOAD_RATE is another rate.
func TestLoadSearch(t *testing.T) {
	perSecond, seconds := 20, 2
	if full() {
		perSecond, seconds = 300, 30
	}
	if n, err := strconv.Atoi(os.Getenv("BISEO_TEST_LOAD_RATE")); err == nil {
		perSecond = n
	}
	s := loadService{addr: os.Getenv("BISEO_TEST_LOAD_AT"), secret: os.Getenv("BISEO_TEST_LOAD_KEY")}
	if s.addr == "" {
		sharedLaws(t)
		s = startService(t, "laws")
	}
	idle, _ := s.memory()
	o := s.offer(perSecond, seconds, 50)
	_, most := s.memory()
	if o.refused+o.failed.count > 0 {
		t.Errorf("%d refused, %d failed, such as: %s", o.refused, o.failed.count, o.failed.first)
	}
	t.Logf("%d searches a second for %d s from 50 clients: %d failed (0 wanted), %s (p99 < 100ms wanted), service %d MB at most, %d idle", perSecond, seconds, o.failed.count+o.refused, percentiles(o.done), most, idle)
}

// slowSearch is how long a search of the service slow takes: with 16 at a time it
// can do 320 a second.
const slowSearch = 50 * time.Millisecond

// TestLoadOverload asks for a third of what a service can do, and then for three
// times as much as it can. Those that it does are as fast as before but for the
// queue, of 16 (50 ms), and all others are told when to come back.
func TestLoadOverload(t *testing.T) {
	capacity, seconds := 16*int(time.Second/slowSearch), 2
	if full() {
		seconds = 20
	}
	s := startService(t, "slow")
	calm := s.offer(capacity/3, seconds, 50)
	idle, _ := s.memory()
	excess := s.offer(3*capacity, seconds, 200)
	_, most := s.memory()
	for _, o := range []*offered{calm, excess} {
		if o.failed.count > 0 {
			t.Errorf("%d failed, such as: %s", o.failed.count, o.failed.first)
		}
	}
	if excess.refused == 0 || len(excess.done) == 0 {
		t.Errorf("%d done, %d refused", len(excess.done), excess.refused)
	}
	t.Logf("%d/s: done %s, refused %d", capacity/3, percentiles(calm.done), calm.refused)
	t.Logf("%d/s, of which it can do %d: done %s (%.0f/s), refused %d, each told when to come back; service %d MB at most, %d before", 3*capacity, capacity, percentiles(excess.done), float64(len(excess.done))/float64(seconds), excess.refused, most, idle)
}

// TestLoadLaws is [TestLoadOverload] over real laws: what the service can do is
// measured first. It runs in full only.
func TestLoadLaws(t *testing.T) {
	if !full() {
		return
	}
	sharedLaws(t)
	s := startService(t, "laws")
	var n atomic.Int64
	var wg sync.WaitGroup
	const measured = 5 * time.Second
	for client := range 16 {
		wg.Go(func() {
			c := &http.Client{Transport: &http.Transport{}}
			defer c.CloseIdleConnections()
			for start, i := time.Now(), client; time.Since(start) < measured; i++ {
				if status, _, err := s.search(c, i); err == nil && status == 200 {
					n.Add(1)
				}
			}
		})
	}
	wg.Wait()
	capacity := int(float64(n.Load()) / measured.Seconds())
	idle, _ := s.memory()
	o := s.offer(3*capacity, 20, 200)
	_, most := s.memory()
	if o.failed.count > 0 {
		t.Errorf("%d failed, such as: %s", o.failed.count, o.failed.first)
	}
	t.Logf("%d/s, of which it can do %d when 16 clients ask in turn: done %s, refused %d; service %d MB at most, %d before", 3*capacity, capacity, percentiles(o.done), o.refused, most, idle)
}

// offered is what came of requests.
type offered struct {
	mu      sync.Mutex
	done    []time.Duration // from when a request was due
	refused int             // 429 or 503, with Retry-After
	failed  struct {
		count int
		first string
	}
}

// offer sends searches at a rate, each from one of the clients.
func (s loadService) offer(perSecond, seconds, clients int) *offered {
	o := new(offered)
	transport := &http.Transport{MaxIdleConnsPerHost: 4 * clients}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	var wg sync.WaitGroup
	start := time.Now()
	for client := range clients {
		wg.Go(func() {
			for i := client; i < perSecond*seconds; i += clients {
				due := start.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
				time.Sleep(time.Until(due))
				wg.Go(func() { // a client that is late with one request sends the next in time
					status, fault, err := s.search(c, i)
					took := time.Since(due)
					o.mu.Lock()
					defer o.mu.Unlock()
					switch {
					case err != nil:
						fault = err.Error()
					case status == 200:
						o.done = append(o.done, took)
						return
					case fault == "":
						o.refused++
						return
					}
					if o.failed.count++; o.failed.count == 1 {
						o.failed.first = fault
					}
				})
			}
		})
	}
	wg.Wait()
	return o
}

// search sends one search. fault is what is wrong with a response that is neither
// what was asked for nor a refusal as it should be.
func (s loadService) search(c *http.Client, i int) (status int, fault string, err error) {
	body, err := json.Marshal(map[string]any{"query": questions[i%len(questions)]})
	if err != nil {
		return 0, "", err
	}
	req, err := http.NewRequest("POST", "http://"+s.addr+"/v1/search", bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if s.secret != "" {
		req.Header.Set("Authorization", "Bearer "+s.secret)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if resp.StatusCode != 200 && (resp.StatusCode != 429 && resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "") {
		fault = fmt.Sprintf("%d %s", resp.StatusCode, b)
	}
	return resp.StatusCode, fault, err
}
