package pool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"biseo/ingest"
)

// TestMain lets the test binary be the child of a pool.
func TestMain(m *testing.M) {
	if os.Getenv("POOL_TEST_WORKER") != "" {
		if err := Worker(os.Stdin, os.Stdout, misbehave); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var sink [][]byte

// misbehave reads plain text, and at some names of files fails as parsers do.
func misbehave(ctx context.Context, path string) (*ingest.Document, error) {
	switch filepath.Base(path) {
	case "overflow":
		var down func(int) int
		down = func(n int) int { return down(n+1) + 1 }
		down(0)
	case "hog":
		for {
			b := make([]byte, 16<<20)
			for i := range b {
				b[i] = 1
			}
			sink = append(sink, b)
		}
	case "slow but alive":
		for range 6 {
			time.Sleep(250 * time.Millisecond)
			Alive(ctx)
		}
		return &ingest.Document{Text: "끝\n"}, nil
	case "sleeper":
		time.Sleep(time.Hour)
	case "panic":
		panic("out of range")
	case "exit":
		os.Exit(3)
	case "tired": // fails in a child that has read a file before
		if len(sink) > 0 {
			os.Exit(3)
		}
		return &ingest.Document{Text: "끝\n"}, nil
	case "litter":
		sink = append(sink, nil)
		return &ingest.Document{Text: "끝\n"}, nil
	case "network": // the file holds an address
		address, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		c, err := net.DialTimeout("tcp", string(address), 5*time.Second)
		if err != nil {
			return nil, refuse("연결되지 않습니다.", err.Error())
		}
		return &ingest.Document{Text: "연결됨\n"}, c.Close()
	case "writer":
		if err := os.WriteFile(path+".out", make([]byte, 100<<20), 0o600); err != nil {
			return nil, refuse("쓰지 못합니다.", err.Error())
		}
		return &ingest.Document{Text: "씀\n"}, nil
	case "refused":
		return nil, refuse("읽지 않았습니다.", "다른 파일을 올려 주세요.")
	case "noisy":
		fmt.Println("DEBUG: the library prints")
		return &ingest.Document{Text: "끝\n"}, nil
	case "environment":
		return &ingest.Document{Text: strings.Join(os.Environ(), "\n")}, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return &ingest.Document{Text: string(data) + "\n"}, nil
}

func testPool(t testing.TB, opt Options) *Pool {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	opt.Command = []string{exe}
	opt.Env = []string{"POOL_TEST_WORKER=1"}
	p := New(opt)
	t.Cleanup(p.Close)
	return p
}

func TestPoolSurvives(t *testing.T) {
	good := filepath.Join(t.TempDir(), "good.txt")
	if err := os.WriteFile(good, []byte("가온시"), 0o600); err != nil {
		t.Fatal(err)
	}
	// Under the race detector, which takes memory for the stack, memory ends first.
	cases := map[string]string{"overflow": "깊어|메모리", "panic": "멈췄습니다", "exit": "멈췄습니다", "sleeper": "초 안에"}
	if runtime.GOOS == "linux" {
		cases["hog"] = "메모리"
	}
	for name, reason := range cases {
		p := testPool(t, Options{Workers: 1, Timeout: 20 * time.Second})
		if name == "sleeper" {
			p.opt.Timeout = 300 * time.Millisecond
		}
		_, err := p.Read(t.Context(), name)
		var e *ingest.FileError
		if !errors.As(err, &e) || !regexp.MustCompile(reason).MatchString(e.Reason) || e.Next == "" {
			t.Errorf("%s: %v, want a reason with %q", name, err, reason)
		}
		p.opt.Timeout = 20 * time.Second
		d, err := p.Read(t.Context(), good)
		if err != nil || d.Text != "가온시\n" {
			t.Errorf("after %s: %v, %v", name, d, err)
		}
	}
}

// What a file leaves behind in its child does not count against the next one.
func TestPoolAsksAgain(t *testing.T) {
	p := testPool(t, Options{Workers: 1})
	for _, name := range []string{"litter", "tired"} {
		if d, err := p.Read(t.Context(), name); err != nil || d.Text != "끝\n" {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
}

func TestPoolOrdinary(t *testing.T) {
	dir := t.TempDir()
	p := testPool(t, Options{Workers: 2, Files: 3})
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			path := filepath.Join(dir, fmt.Sprintf("한글 이름\n%d.txt", i))
			want := fmt.Sprintf("문서 %d", i)
			if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
				t.Error(err)
				return
			}
			if d, err := p.Read(t.Context(), path); err != nil || strings.TrimSpace(d.Text) != want {
				t.Errorf("%s: %v, %v", want, d, err)
			}
		})
	}
	wg.Wait()
	if runtime.GOOS == "linux" { // where a name may be CP949
		path := filepath.Join(dir, "\xb0\xa1.txt")
		if err := os.WriteFile(path, []byte("가"), 0o600); err != nil {
			t.Fatal(err)
		}
		if d, err := p.Read(t.Context(), path); err != nil || d.Text != "가\n" {
			t.Errorf("a name that is not UTF-8: %v, %v", d, err)
		}
	}
	if d, err := p.Read(t.Context(), "noisy"); err != nil || d.Text != "끝\n" {
		t.Errorf("a parser that prints: %v, %v", d, err)
	}
	t.Setenv("BISEO_SECRET", "x")
	if d, err := p.Read(t.Context(), "environment"); err != nil || strings.Contains(d.Text, "BISEO_SECRET") {
		t.Errorf("the child inherits the environment: %v, %v", d, err)
	}
	var e *ingest.FileError
	if _, err := p.Read(t.Context(), "refused"); !errors.As(err, &e) || *e != *refuse("읽지 않았습니다.", "다른 파일을 올려 주세요.") {
		t.Errorf("refused: %v", err)
	}
	if _, err := p.Read(t.Context(), filepath.Join(dir, "none")); err == nil || errors.As(err, &e) {
		t.Errorf("no file: %v", err)
	}
}

func TestPoolCancel(t *testing.T) {
	p := testPool(t, Options{Workers: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := p.Read(ctx, "sleeper"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if _, err := p.Read(ctx, "sleeper"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("second: got %v", err)
	}
	if d, err := p.Read(t.Context(), "noisy"); err != nil || d == nil {
		t.Errorf("afterwards: %v, %v", d, err)
	}
	bad := New(Options{Command: []string{filepath.Join(t.TempDir(), "none")}})
	var e *ingest.FileError
	if _, err := bad.Read(t.Context(), "x"); err == nil || errors.As(err, &e) {
		t.Errorf("no program: %v", err)
	}
	bad.Close()
}

// A child reaches no network, not even this machine, where the system lets the
// pool see to that; and it fills no disk.
func TestPoolIsolates(t *testing.T) {
	if runtime.GOOS != "linux" {
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "network"), []byte(l.Addr().String()), 0o600); err != nil {
		t.Fatal(err)
	}
	p := testPool(t, Options{Workers: 1})
	d, err := p.Read(t.Context(), filepath.Join(dir, "network"))
	switch {
	case p.exposed.Load() && err != nil:
		t.Errorf("without a namespace: %v", err)
	case p.exposed.Load():
		t.Log("this system lets no process leave the network")
	case err == nil:
		t.Errorf("a child reached the network: %q", d.Text)
	}
	if _, err := p.Read(t.Context(), filepath.Join(dir, "writer")); err == nil {
		t.Error("a child wrote a file of 100 MB")
	}
	p = testPool(t, Options{Workers: 1})
	p.exposed.Store(true) // as if the system had refused
	if d, err := p.Read(t.Context(), filepath.Join(dir, "network")); err != nil || d.Text != "연결됨\n" {
		t.Errorf("without isolation: %v, %v", d, err)
	}
}

// A child that gives signs of life has more time than one page may take.
func TestPoolSignsOfLife(t *testing.T) {
	p := testPool(t, Options{Workers: 1, Timeout: time.Second})
	if d, err := p.Read(t.Context(), "slow but alive"); err != nil || d.Text != "끝\n" {
		t.Errorf("got %v, %v", d, err)
	}
}

// BenchmarkPDF reads the plans through a pool, as ingest does, without OCR.
