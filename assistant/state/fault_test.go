//go:build linux || darwin

package state

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// BISEO_TEST_KILLS=1000 lets TestKill kill so often; it takes a tenth of a second each.
const killsEnv = "BISEO_TEST_KILLS"

// The children are this test binary with one of these variables set to a file.
const (
	killFile = "BISEO_TEST_STATE_KILL"
	fullFile = "BISEO_TEST_STATE_FULL"
	holdFile = "BISEO_TEST_STATE_HOLD"
)

func TestMain(m *testing.M) {
	var err error
	switch {
	case os.Getenv(killFile) != "":
		err = writeUntilKilled(os.Getenv(killFile))
	case os.Getenv(fullFile) != "":
		err = writeOnFullDisk(os.Getenv(fullFile))
	case os.Getenv(holdFile) != "":
		err = hold(os.Getenv(holdFile))
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func child(t *testing.T, variable, file string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), variable+"="+file)
	return c
}

// A body as long as it says it is, so that half of one is seen.
func body(n int) json.RawMessage {
	size := 10 + n*37%9000
	return json.RawMessage(fmt.Sprintf(`{"size":%d,"text":"%s"}`, size, strings.Repeat("가", size)))
}

func wholeBody(b json.RawMessage) bool {
	var v struct {
		Size int
		Text string
	}
	return json.Unmarshal(b, &v) == nil && len([]rune(v.Text)) == v.Size
}

// writeUntilKilled updates a draft again and again and says so.
func writeUntilKilled(path string) error {
	ctx := context.Background()
	s, err := Open(ctx, path, Options{})
	if err != nil {
		return err
	}
	d, err := s.CreateDraft(ctx, Draft{Owner: "a", Title: "1", Body: body(1)})
	for n := 1; err == nil; n++ {
		fmt.Println(d.ID, d.Version)
		d, err = s.UpdateDraft(ctx, "a", d.ID, d.Version, strconv.Itoa(d.Version+1), body(n))
	}
	return err
}

// TestKill kills a process that writes, again and again: every version of a draft
// that was acknowledged is there, whole, and the next process goes on.
func TestKill(t *testing.T) {
	t.Parallel()
	kills := 15
	if n, err := strconv.Atoi(os.Getenv(killsEnv)); err == nil {
		kills = n
	}
	path := filepath.Join(t.TempDir(), "state.db")
	total := 0
	for n := range kills {
		c := child(t, killFile, path)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		moment := time.Duration(rand.New(rand.NewPCG(uint64(n), 1)).IntN(20_000)) * time.Microsecond
		var id string
		version := 0
		r := bufio.NewReader(out)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				break
			}
			if strings.HasPrefix(line, "error") {
				t.Fatal(line)
			}
			if version == 0 {
				time.AfterFunc(moment, func() { c.Process.Kill() })
			}
			if _, err := fmt.Sscan(line, &id, &version); err != nil {
				t.Fatal(err)
			}
		}
		c.Wait() // its error is the kill
		if err := CheckFile(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		s := mustOpen(t, path, Options{})
		versions := must(s.Versions(t.Context(), "a", id))(t)
		if got := len(versions); got < version || got > version+1 {
			t.Fatalf("after kill %d: %d versions, %d were acknowledged", n+1, got, version)
		}
		for _, v := range versions {
			if d := must(s.Draft(t.Context(), "a", id, v.Version))(t); d.Title != strconv.Itoa(v.Version) || !wholeBody(d.Body) {
				t.Fatalf("after kill %d: version %d is %q and %d bytes", n+1, v.Version, d.Title, len(d.Body))
			}
		}
		total += len(versions)
		s.Close()
	}
	t.Logf("%d kills, %d versions", kills, total)
}

// writeOnFullDisk writes while the largest size of a file is now small, so that
// writes stop in their middle as on a full disk, now not.
func writeOnFullDisk(path string) error {
	ctx := context.Background()
	s, err := Open(ctx, path, Options{})
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(5, 6))
	var had syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &had); err != nil {
		return err
	}
	d, err := s.CreateDraft(ctx, Draft{Owner: "a", Title: "1", Body: body(1)})
	if err != nil {
		return err
	}
	refused := 0
	for round := range 200 {
		limit := had
		if info, err := os.Stat(path + "-wal"); err == nil {
			limit.Cur = uint64(info.Size() + int64(r.IntN(60_000)))
		}
		if round%2 == 1 { // or the file of the database itself, when the log goes into it
			limit.Cur = uint64(r.IntN(300_000))
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return err
		}
		for n := range 5 {
			next, err := s.UpdateDraft(ctx, "a", d.ID, d.Version, strconv.Itoa(d.Version+1), body(round*5+n))
			if err != nil {
				refused++
				continue
			}
			d = next
		}
		if got, err := s.Draft(ctx, "a", d.ID, 0); err != nil || got.Version != d.Version {
			return fmt.Errorf("round %d: reading on a full disk gives version %d of %d, %v", round, got.Version, d.Version, err)
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &had); err != nil {
			return err
		}
		if d, err = s.UpdateDraft(ctx, "a", d.ID, d.Version, strconv.Itoa(d.Version+1), body(round)); err != nil {
			return fmt.Errorf("round %d: refused although there is space: %w", round, err)
		}
	}
	if refused < 100 {
		return fmt.Errorf("only %d refused: the disk was not full", refused)
	}
	fmt.Println(d.ID, d.Version, refused)
	return s.Close()
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	out, err := child(t, fullFile, path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var id string
	var version, refused int
	if _, err := fmt.Sscan(string(out), &id, &version, &refused); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := CheckFile(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, path, Options{})
	for _, v := range must(s.Versions(t.Context(), "a", id))(t) {
		if d := must(s.Draft(t.Context(), "a", id, v.Version))(t); d.Version != version || d.Title != strconv.Itoa(version) || !wholeBody(d.Body) {
			t.Fatalf("version %d is %q and %d bytes, want version %d", d.Version, d.Title, len(d.Body), version)
		}
		version--
	}
	if version != 0 {
		t.Errorf("%d versions are missing", version)
	}
	t.Logf("refused %d", refused)
}

// hold keeps a state file open until its input ends.
func hold(path string) error {
	s, err := Open(context.Background(), path, Options{})
	if err != nil {
		return err
	}
	fmt.Println("open")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err == nil {
		return errors.New("input")
	}
	return s.Close()
}

func TestAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	if !Alone(t.Context(), path) {
		t.Error("a file that is not there is in use")
	}
	mustOpen(t, path, Options{}).Close()
	if !Alone(t.Context(), path) {
		t.Error("a file that nobody has open is in use")
	}
	c := child(t, holdFile, path)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
		t.Fatal(line, err)
	}
	if Alone(t.Context(), path) {
		t.Error("a file that another process has open is not in use")
	}
	in.Close()
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, path, Options{})
}

// TestConcurrent writes and reads from many goroutines through two stores of one
// file: of those who update one version, one wins; a request is begun once.
func TestConcurrent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	stores := make([]*Store, 8)
	var wg sync.WaitGroup
	for i := range stores { // opened at once, by which the file is made once
		wg.Go(func() {
			s, err := Open(context.Background(), path, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			stores[i] = s
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	ctx := t.Context()
	for _, s := range stores {
		defer s.Close()
	}
	d := must(stores[0].CreateDraft(ctx, Draft{Owner: "a"}))(t)
	_, secret, err := stores[0].CreateKey(ctx, Key{Name: "키"})
	if err != nil {
		t.Fatal(err)
	}
	var won, lost, begun, busy atomic.Int64
	for i := range 24 {
		s := stores[i%2]
		wg.Go(func() {
			for n := range 10 {
				switch _, err := s.UpdateDraft(ctx, "a", d.ID, n+1, "", nil); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, ErrConflict):
					lost.Add(1)
				default:
					t.Error(err)
				}
				for now := must(s.Draft(ctx, "a", d.ID, 0))(t); now.Version < n+2; now = must(s.Draft(ctx, "a", d.ID, 0))(t) {
				}
				must(s.AddTurn(ctx, "a", "", Turn{Question: "?"}))(t)
				must(s.FindKey(ctx, secret))(t)
				switch _, err := s.Once(ctx, "a", strconv.Itoa(n), nil); {
				case err == nil:
					begun.Add(1)
				case errors.Is(err, ErrBusy):
					busy.Add(1)
				default:
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if won.Load() != 10 || lost.Load() != 230 || begun.Load() != 10 || busy.Load() != 230 {
		t.Errorf("%d updates won, %d lost, %d requests begun, %d busy", won.Load(), lost.Load(), begun.Load(), busy.Load())
	}
}

// BenchmarkFindKey is what every request of a program costs.
func BenchmarkFindKey(b *testing.B) {
	s, _ := newStore(b)
	_, secret, err := s.CreateKey(context.Background(), Key{Name: "키"})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.FindKey(context.Background(), secret); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUpdateDraft is what a change costs: one fsync.
func BenchmarkUpdateDraft(b *testing.B) {
	s, _ := newStore(b)
	ctx := context.Background()
	d := must(s.CreateDraft(ctx, Draft{Owner: "a"}))(b)
	for n := 1; b.Loop(); n++ {
		if _, err := s.UpdateDraft(ctx, "a", d.ID, n, "", body(100)); err != nil {
			b.Fatal(err)
		}
	}
}
