//go:build linux || darwin

package audit

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BISEO_TEST_KILLS=1000 lets TestKill kill so often; it takes a tenth of a second each.
const killsEnv = "BISEO_TEST_KILLS"

// The children are this test binary with one of these variables set to a folder.
const (
	killDir = "BISEO_TEST_AUDIT_KILL"
	fullDir = "BISEO_TEST_AUDIT_FULL"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		writeUntilKilled(dir)
		os.Exit(1)
	}
	if dir := os.Getenv(fullDir); dir != "" {
		if err := writeOnFullDisk(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func realLog(dir string) (*Log, error) {
	return Open(dir, Options{Key: testHMAC, Signer: testSigner, Every: 30})
}

// writeUntilKilled appends from 8 callers and says what was acknowledged.
func writeUntilKilled(dir string) {
	l, err := realLog(dir)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	done := make(chan string)
	for caller := range 8 {
		go func() {
			for i := 0; ; i++ {
				r := record(i)
				r.Trace = fmt.Sprintf("%d-%d-%d", os.Getpid(), caller, i)
				if err := l.Append(context.Background(), r); err != nil {
					done <- "error " + err.Error()
				}
				done <- r.Trace
			}
		}()
	}
	for s := range done {
		os.Stdout.WriteString(s + "\n")
	}
}

// TestKill kills a process that writes, again and again: every record that was
// acknowledged is there, and the log is sound and goes on.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	t.Parallel()
	kills := 25
	if n, err := strconv.Atoi(os.Getenv(killsEnv)); err == nil {
		kills = n
	}
	acknowledged := map[string]bool{}
	for n := range kills {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), killDir+"="+dir)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		moment := time.Duration(rand.New(rand.NewPCG(uint64(n), 1)).IntN(20_000)) * time.Microsecond
		r := bufio.NewReader(out)
		for started := false; ; started = true {
			line, err := r.ReadString('\n')
			if err != nil {
				break // a line that was cut off was not acknowledged
			}
			if !started {
				time.AfterFunc(moment, func() { c.Process.Kill() })
			}
			if strings.HasPrefix(line, "error") {
				t.Fatal(line)
			}
			acknowledged[strings.TrimSpace(line)] = true
		}
		c.Wait() // its error is the kill
		if r := mustVerify(t, dir); len(r.Faults) > 0 {
			t.Fatalf("after kill %d: %v", n+1, r.Faults)
		}
	}
	l, err := realLog(dir)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	for _, e := range entriesOf(t, dir) {
		delete(acknowledged, e.Trace)
	}
	if len(acknowledged) > 0 {
		t.Errorf("%d acknowledged records are missing", len(acknowledged))
	}
	t.Logf("%+v", mustVerify(t, dir))
}

// writeOnFullDisk appends while the largest size of a file is now small, so that
// writes stop in their middle as on a full disk, now not.
func writeOnFullDisk(dir string) error {
	l, err := realLog(dir)
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(5, 6))
	var had syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &had); err != nil {
		return err
	}
	written, refused := 0, 0
	for round := range 200 {
		size := int64(0)
		if infos, err := filepath.Glob(filepath.Join(dir, "20*")); err == nil && len(infos) > 0 {
			if info, err := os.Stat(infos[len(infos)-1]); err == nil {
				size = info.Size()
			}
		}
		limit := had
		limit.Cur = uint64(size + int64(r.IntN(1500)))
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return err
		}
		for range 5 {
			if l.Append(context.Background(), record(round)) == nil {
				written++
			} else {
				refused++
			}
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &had); err != nil {
			return err
		}
		start := time.Now()
		for l.Append(context.Background(), record(round)) != nil {
			if time.Since(start) > 5*time.Second {
				return fmt.Errorf("round %d: still refused 5 s after there was space", round)
			}
			time.Sleep(10 * time.Millisecond)
		}
		written++
	}
	if refused < 200 {
		return fmt.Errorf("only %d refused: the disk was not full", refused)
	}
	fmt.Println("written", written, "refused", refused)
	return l.Close()
}

// TestDiskFull fills the disk in the middle of records, 200 times: callers are
// refused, the log stays sound, and it goes on when there is space.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), fullDir+"="+dir)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var written uint64
	if _, err := fmt.Sscanf(string(out), "written %d", &written); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	wantSound(t, dir, written)
	t.Logf("%s", out)
}
