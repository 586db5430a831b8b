package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A clock that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)} }

var (
	testHMAC   = bytes.Repeat([]byte{7}, 32)
	testSigner = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32))
	testKeys   = Keys{HMAC: testHMAC, Public: testSigner.Public().(ed25519.PublicKey)}
)

func options(c *clock) Options {
	return Options{Now: c.Now, Key: testHMAC, Signer: testSigner, Interval: time.Hour}
}

func mustOpen(t testing.TB, dir string, o Options) *Log {
	t.Helper()
	l, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func mustAppend(t testing.TB, l *Log, from, n int) {
	t.Helper()
	for i := from; i < from+n; i++ {
		if err := l.Append(context.Background(), record(i)); err != nil {
			t.Fatal(err)
		}
	}
}

func record(i int) Record {
	return Record{Actor: fmt.Sprintf("user:%d", i%7), Via: "session", Action: "search", Route: "GET /v1/search", Status: 200, Trace: fmt.Sprint("t", i),
		Passages: []string{fmt.Sprint("p", i), "<&> \" 가"}, Versions: map[string]string{"index": "e5/384", "biseo": "dev"}}
}

func mustVerify(t testing.TB, dir string, copies ...string) Report {
	t.Helper()
	r, err := Verify(context.Background(), dir, testKeys, copies...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantSound(t testing.TB, dir string, records uint64, copies ...string) Report {
	t.Helper()
	r := mustVerify(t, dir, copies...)
	if len(r.Faults) > 0 || r.Records != records {
		t.Errorf("%d records, want %d; faults %v", r.Records, records, r.Faults)
	}
	return r
}

func entriesOf(t testing.TB, dir string) []Entry {
	t.Helper()
	var all []Entry
	for e, err := range Entries(dir, time.Time{}, time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// TestLog writes over several days and openings, and reads what it wrote.
func TestLog(t *testing.T) {
	dir, copied, c := t.TempDir(), t.TempDir(), newClock()
	var want []Entry
	for opening := range 3 {
		o := options(c)
		o.Every, o.Copy, o.Interval = 4, copied, 1000*time.Hour
		l := mustOpen(t, dir, o)
		for i := range 10 {
			mustAppend(t, l, opening*10+i, 1)
			want = append(want, Entry{uint64(len(want) + 1), c.Now(), record(opening*10 + i)})
			c.add(3 * time.Hour)
		}
		if err := errors.Join(l.Close(), l.Close()); err != nil {
			t.Fatal(err)
		}
		if err := l.Append(t.Context(), record(0)); !errors.Is(err, ErrClosed) {
			t.Errorf("append after close: %v", err)
		}
	}
	if diff := cmp.Diff(want, entriesOf(t, dir)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r := wantSound(t, dir, 30, copied)
	if diff := cmp.Diff(Report{Files: 5, Records: 30, First: want[0].Time, Last: want[29].Time, Checkpoints: 10, Signed: 30, Faults: []Fault{}}, r); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	var some []Entry
	for e := range Entries(dir, want[3].Time, want[5].Time) {
		some = append(some, e)
	}
	if diff := cmp.Diff(want[3:5], some); diff != "" {
		t.Errorf("range (-want +got):\n%s", diff)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", e.Name(), info.Mode(), err)
		}
	}
}

func TestRefused(t *testing.T) {
	l := mustOpen(t, t.TempDir(), options(newClock()))
	if err := l.Append(t.Context(), Record{Actor: "local"}); err == nil {
		t.Error("a record without action was written")
	}
	if err := l.Append(t.Context(), Record{Action: "search", Trace: strings.Repeat("x", maxRecord)}); err == nil {
		t.Error("a record of 1 MiB was written")
	}
	if _, err := Open(t.TempDir(), Options{}); err == nil {
		t.Error("opened without keys")
	}
}

// TestClockSetBack: the order of the files stays that of the records.
func TestClockSetBack(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	l := mustOpen(t, dir, options(c))
	for _, step := range []time.Duration{0, 48 * time.Hour, -72 * time.Hour, time.Hour} {
		c.add(step)
		mustAppend(t, l, 0, 2)
	}
	l.Close()
	mustAppend(t, mustOpen(t, dir, options(c)), 0, 1)
	if r := wantSound(t, dir, 9); r.Files != 2 {
		t.Errorf("%d files", r.Files)
	}
}

// TestTorn cuts the last line at every place, as a crash may.
func TestTorn(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	o := options(c)
	l := mustOpen(t, dir, o)
	mustAppend(t, l, 0, 2)
	l.Close()
	path := filepath.Join(dir, "2026-11-22.jsonl")
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	next := chain{key: testHMAC, seq: 2, head: hexSum(bytes.Split(sound, []byte("\n"))[1])}
	line := next.append(nil, c.Now(), []byte(`{"action":"search"}`))
	for cut := 1; cut < len(line)-1; cut += 7 {
		for _, later := range []time.Duration{0, 24 * time.Hour} {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(filepath.Dir(path))); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, filepath.Base(path))
			if err := os.WriteFile(path, append(bytes.Clone(sound), line[:cut]...), 0o600); err != nil {
				t.Fatal(err)
			}
			if r := wantSound(t, dir, 2); r.Torn != 1 {
				t.Fatalf("cut at %d: torn %d", cut, r.Torn)
			}
			o := options(&clock{t: c.Now().Add(later)})
			l := mustOpen(t, dir, o)
			mustAppend(t, l, 2, 2)
			l.Close()
			if r := wantSound(t, dir, 5); r.Torn != 1 {
				t.Fatalf("cut at %d: torn %d", cut, r.Torn)
			}
			mustAppend(t, mustOpen(t, dir, o), 4, 1)
			wantSound(t, dir, 6)
			if got := entriesOf(t, dir)[2].Action; got != "audit.torn" {
				t.Fatalf("record 3 is of %s", got)
			}
			after, err := os.ReadFile(path)
			if err != nil || !bytes.HasPrefix(after, append(bytes.Clone(sound), line[:cut]...)) {
				t.Fatalf("what the crash left was not kept, %v", err)
			}
			// Nor may it be taken away afterwards.
			if err := os.WriteFile(path, bytes.Replace(after, line[:cut], nil, 1), 0o600); err != nil {
				t.Fatal(err)
			}
			if later == 0 && cut > 1 && len(mustVerify(t, dir).Faults) == 0 {
				t.Fatalf("cut at %d: removing it was not found", cut)
			}
		}
	}
}

// TestOnlyLineBreakMissing: such a line is whole, and the next begins behind it.
func TestOnlyLineBreakMissing(t *testing.T) {
	for _, later := range []time.Duration{0, 24 * time.Hour} {
		dir, c := t.TempDir(), newClock()
		l := mustOpen(t, dir, options(c))
		mustAppend(t, l, 0, 2)
		l.Close()
		path := filepath.Join(dir, "2026-11-22.jsonl")
		info, err := os.Stat(path)
		if err == nil {
			err = os.Truncate(path, info.Size()-1)
		}
		if err != nil {
			t.Fatal(err)
		}
		wantSound(t, dir, 2)
		c.add(later)
		mustAppend(t, mustOpen(t, dir, options(c)), 2, 2)
		if r := wantSound(t, dir, 4); r.Torn != 0 {
			t.Errorf("torn %d", r.Torn)
		}
	}
}

// TestOpenDamaged: a log that was changed is not written to.
func TestOpenDamaged(t *testing.T) {
	type files = map[string][]byte
	today := "2026-11-22.jsonl"
	lines := func(f files) [][]byte { return bytes.SplitAfter(f[today], []byte("\n")) }
	for name, damage := range map[string]func(files){
		"last line cut off":   func(f files) { f[today] = bytes.Join(lines(f)[:9], nil) },
		"file gone":           func(f files) { delete(f, today) },
		"file emptied":        func(f files) { f[today] = nil },
		"last line edited":    func(f files) { f[today] = bytes.Replace(f[today], []byte("t9"), []byte("t8"), 1) },
		"line edited":         func(f files) { f[today] = bytes.Replace(f[today], []byte("t4"), []byte("t5"), 1) },
		"no checkpoints":      func(f files) { delete(f, checkpointsName) },
		"checkpoints emptied": func(f files) { f[checkpointsName] = nil },
		"checkpoint edited": func(f files) {
			f[checkpointsName] = bytes.Replace(f[checkpointsName], []byte(`"count":10`), []byte(`"count":09`), 1)
		},
		"all gone but checkpoints": func(f files) { delete(f, today); delete(f, lockName) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, c := t.TempDir(), newClock()
			l := mustOpen(t, dir, options(c))
			mustAppend(t, l, 0, 10)
			l.Close()
			f := readFolder(t, dir)
			damage(f)
			writeFolder(t, dir, f)
			if len(mustVerify(t, dir).Faults) == 0 {
				t.Error("not found")
			}
			l, err := Open(dir, options(c))
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("open: %v", err)
			}
			if err == nil {
				l.Close()
			}
			t.Log(err)
		})
	}
}

// TestDamagedWhileOpen: nor is one that is changed under an open log.
func TestDamagedWhileOpen(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"truncated": func(path string) error { return os.Truncate(path, 600) },
		"removed":   os.Remove,
		"extended": func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString("{}\n")
				err = errors.Join(err, f.Close())
			}
			return err
		},
	} {
		dir, c := t.TempDir(), newClock()
		l := mustOpen(t, dir, options(c))
		mustAppend(t, l, 0, 3)
		if err := damage(filepath.Join(dir, "2026-11-22.jsonl")); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := l.Append(t.Context(), record(3)); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: append: %v", name, err)
			}
		}
	}
}

func readFolder(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// writeFolder makes a folder hold these files.
func writeFolder(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	have := readFolder(t, dir)
	for name, old := range have {
		if now, ok := files[name]; !ok || !bytes.Equal(old, now) { // written anew: truncating a file waits for the disk
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, b := range files {
		if old, ok := have[name]; ok && bytes.Equal(old, b) {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestConcurrent lets many callers of two logs over one folder append at once.
func TestConcurrent(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	o := options(c)
	o.Every = 50
	logs := []*Log{mustOpen(t, dir, o), mustOpen(t, dir, o)}
	var wg sync.WaitGroup
	for caller := range 20 {
		wg.Go(func() {
			for i := range 20 {
				if err := logs[caller%2].Append(context.Background(), record(i)); err != nil {
					t.Error(err)
				}
				if i == 10 {
					c.add(5 * time.Hour) // over several days
				}
				if caller == 0 && i%5 == 0 {
					if r := mustVerify(t, dir); len(r.Faults) > 0 {
						t.Errorf("while it is written: %v", r.Faults)
					}
				}
			}
		})
	}
	wg.Wait()
	for _, l := range logs {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	wantSound(t, dir, 400)
}

// TestInterval: a checkpoint comes by itself.
func TestInterval(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, dir, Options{Key: testHMAC, Signer: testSigner, Interval: 20 * time.Millisecond})
	mustAppend(t, l, 0, 3)
	for range 500 {
		if mustVerify(t, dir).Signed == 3 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("no checkpoint after 5 s")
}

func TestExpire(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	o := options(c)
	l := mustOpen(t, dir, o)
	mustAppend(t, l, 0, 10)
	c.add(24 * time.Hour)
	mustAppend(t, l, 10, 5)
	old := readFolder(t, dir)
	c.add(365 * 24 * time.Hour)
	mustAppend(t, l, 15, 3)
	if _, err := l.Expire(LeastKeep - time.Second); err == nil {
		t.Error("expired too early")
	}
	if n, err := l.Expire(LeastKeep + 72*time.Hour); n != 0 || err != nil {
		t.Errorf("expired %d, %v", n, err)
	}
	wantSound(t, dir, 18)
	if n, err := l.Expire(LeastKeep); n != 10 || err != nil {
		t.Errorf("expired %d, %v", n, err)
	}
	if r := wantSound(t, dir, 9); r.Expired != 10 {
		t.Errorf("report %+v", r)
	}
	if n, err := l.Expire(LeastKeep); n != 0 || err != nil {
		t.Errorf("expired again %d, %v", n, err)
	}
	l.Close()
	l = mustOpen(t, dir, o)
	c.add(48 * time.Hour)
	mustAppend(t, l, 18, 1)
	if n, err := l.Expire(LeastKeep); n != 5 || err != nil {
		t.Errorf("expired %d, %v", n, err)
	}
	l.Close()
	if r := wantSound(t, dir, 6); r.Expired != 15 {
		t.Errorf("report %+v", r)
	}
	now := readFolder(t, dir)
	for name, tamper := range map[string]func(map[string][]byte){
		"a file that expired comes back": func(f map[string][]byte) { f["2026-11-22.jsonl"] = old["2026-11-22.jsonl"] },
		"all that expired comes back": func(f map[string][]byte) {
			f["2026-11-22.jsonl"], f["2026-11-23.jsonl"] = old["2026-11-22.jsonl"], old["2026-11-23.jsonl"]
		},
		"a file is removed without": func(f map[string][]byte) { delete(f, "2027-11-23.jsonl") },
		"the expiry is removed":     func(f map[string][]byte) { f[checkpointsName] = old[checkpointsName] },
	} {
		f := map[string][]byte{}
		for k, v := range now {
			f[k] = v
		}
		tamper(f)
		dir := t.TempDir()
		writeFolder(t, dir, f)
		if len(mustVerify(t, dir).Faults) == 0 {
			t.Errorf("%s: not found; files %d", name, len(f))
		}
	}
}

// TestKeyFiles: keys are made once, for a log without lines.
func TestKeyFiles(t *testing.T) {
	dir := t.TempDir()
	hmacFile, signerFile := filepath.Join(dir, "keys", "hmac.key"), filepath.Join(dir, "keys", "signer.key")
	k, err := LoadKeys(dir, hmacFile, signerFile)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadKeys(dir, hmacFile, signerFile)
	if diff := cmp.Diff(k, again); diff != "" || err != nil {
		t.Errorf("read again: %v, %s", err, diff)
	}
	read, err := ReadKeys(hmacFile, signerFile+".pub")
	if diff := cmp.Diff(Keys{HMAC: k.HMAC, Public: k.Public}, read); diff != "" || err != nil {
		t.Errorf("keys to verify with: %v, %s", err, diff)
	}
	if info, err := os.Stat(hmacFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	l := mustOpen(t, dir, Options{Key: k.HMAC, Signer: k.Signer})
	mustAppend(t, l, 0, 1)
	if _, err := LoadKeys(dir, hmacFile+"x", signerFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a key of a log with lines is missing: %v", err)
	}
	if err := os.WriteFile(hmacFile, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKeys(dir, hmacFile, signerFile); err == nil {
		t.Error("a short key was accepted")
	}
}

func TestVault(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	keyFile := filepath.Join(dir, "vault.key")
	for range 2 {
		if err := MakeVaultKey(keyFile); err != nil {
			t.Fatal(err)
		}
	}
	folder := filepath.Join(dir, "sealed")
	v, err := OpenVault(folder, keyFile+".pub", c.Now)
	if err != nil {
		t.Fatal(err)
	}
	var want []Sealed
	for i := range 3 {
		s := Sealed{c.Now(), fmt.Sprint("t", i), "prompt", fmt.Sprint("비밀 질문 ", i)}
		if err := v.Seal(t.Context(), s.Trace, s.Kind, s.Text); err != nil {
			t.Fatal(err)
		}
		want = append(want, s)
		c.add(24 * time.Hour)
	}
	open := func() (all []Sealed, bad int) {
		for s, err := range Unseal(folder, keyFile, time.Time{}, time.Time{}) {
			if err != nil {
				bad++
				continue
			}
			all = append(all, s)
		}
		return all, bad
	}
	got, bad := open()
	if diff := cmp.Diff(want, got); diff != "" || bad > 0 {
		t.Errorf("%d bad; (-want +got):\n%s", bad, diff)
	}
	path := filepath.Join(folder, "2026-11-23.jsonl")
	b, err := os.ReadFile(path)
	if err != nil || bytes.Contains(b, []byte("비밀")) {
		t.Errorf("the file holds the text, %v", err)
	}
	// A box opens in no other line, and a torn line hurts no other.
	if err := os.WriteFile(path, append(bytes.Replace(b, []byte(`"t1"`), []byte(`"t2"`), 1), `{"time":`...), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, bad := open(); len(got) != 2 || bad != 2 {
		t.Errorf("%d open, %d do not", len(got), bad)
	}
	if n, err := v.Expire(48 * time.Hour); n != 1 || err != nil {
		t.Errorf("expired %d, %v", n, err)
	}
	if got, _ := open(); len(got) != 1 {
		t.Errorf("%d left", len(got))
	}
}

// BenchmarkAppend measures 50 callers at once.
func BenchmarkAppend(b *testing.B) {
	l := mustOpen(b, b.TempDir(), Options{Key: testHMAC, Signer: testSigner})
	b.SetParallelism(25)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if err := l.Append(context.Background(), record(i)); err != nil {
				b.Error(err)
			}
		}
	})
}

func TestHold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "held")
	release, err := Hold(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Hold(file); !errors.Is(err, ErrHeld) {
		t.Errorf("held twice: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if release, err = Hold(file); err != nil {
		t.Fatalf("after its release: %v", err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}
