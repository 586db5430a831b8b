package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A sample is a log of random length that nobody touched, with the copy of its
// checkpoints and its folder as it was some time before.
type sample struct {
	files, copy, before map[string][]byte
	records             uint64
}

func newSample(t *testing.T, r *rand.Rand) sample {
	dir, copied, c := t.TempDir(), t.TempDir(), newClock()
	o := options(c)
	o.Every, o.Copy, o.Interval = 5+r.IntN(40), copied, 1000*time.Hour
	var s sample
	openings := 1 + r.IntN(3)
	for i := range openings {
		if i == openings-1 {
			s.before = maps.Clone(s.files)
		}
		l := mustOpen(t, dir, o)
		for range 2 + r.IntN(30) {
			mustAppend(t, l, r.IntN(1000), 1)
			s.records++
			c.add(time.Duration(r.IntN(8)) * time.Hour)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		s.files = readFolder(t, dir)
	}
	s.copy = readFolder(t, copied)
	return s
}

func daysOf(files map[string][]byte) []string {
	var all []string
	for name := range files {
		if strings.HasPrefix(name, "20") {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// A place is a line of a sample.
type place struct {
	file string
	line int
}

func places(files map[string][]byte) (all []place, lines map[string][][]byte) {
	lines = map[string][][]byte{}
	for _, name := range daysOf(files) {
		lines[name] = slices.Collect(bytes.Lines(files[name]))
		for i := range lines[name] {
			all = append(all, place{name, i})
		}
	}
	return all, lines
}

// tampers change a copy of a sample's files without the keys; they return what
// they did, and "" if that came to nothing.
var tampers = map[string]func(r *rand.Rand, s sample, f map[string][]byte) string{
	"edit": func(r *rand.Rand, s sample, f map[string][]byte) string {
		name := pick(r, daysOf(f))
		b := bytes.Clone(f[name])
		f[name] = b
		at := r.IntN(len(b))
		switch r.IntN(3) {
		case 0: // a bit
			b[at] ^= 1 << r.IntN(8)
			return fmt.Sprintf("bit of byte %d of %s", at, name)
		case 1: // a word
			old, new := "GET /v1/search", "GET /v1/passag"
			f[name] = replaceNth(b, old, new, r.IntN(bytes.Count(b, []byte(old))))
			return "word in " + name
		}
		number := []byte(fmt.Sprint(r.IntN(10)))
		if b[at] == number[0] {
			return ""
		}
		b[at] = number[0]
		return fmt.Sprintf("byte %d of %s", at, name)
	},
	"delete": func(r *rand.Rand, s sample, f map[string][]byte) string {
		all, lines := places(f)
		if name := pick(r, daysOf(f)); r.IntN(5) == 0 {
			delete(f, name)
			return "file " + name
		}
		p := pick(r, all)
		n := 1 + r.IntN(len(lines[p.file])-p.line)
		f[p.file] = bytes.Join(slices.Delete(lines[p.file], p.line, p.line+n), nil)
		return fmt.Sprint(p, n)
	},
	"reorder": func(r *rand.Rand, s sample, f map[string][]byte) string {
		all, lines := places(f)
		if names := daysOf(f); len(names) > 1 && r.IntN(5) == 0 {
			a, b := names[0], names[1+r.IntN(len(names)-1)]
			f[a], f[b] = f[b], f[a]
			return "files " + a + " " + b
		}
		a, b := pick(r, all), pick(r, all)
		if a == b {
			return ""
		}
		lines[a.file][a.line], lines[b.file][b.line] = lines[b.file][b.line], lines[a.file][a.line]
		f[a.file], f[b.file] = bytes.Join(lines[a.file], nil), bytes.Join(lines[b.file], nil)
		return fmt.Sprint(a, b)
	},
	"truncate": func(r *rand.Rand, s sample, f map[string][]byte) string {
		names := daysOf(f)
		at := r.IntN(len(names))
		for _, name := range names[at+1:] {
			delete(f, name)
		}
		b := f[names[at]]
		cut := r.IntN(len(b) - 1) // the last line break alone is no record
		f[names[at]] = b[:cut]
		if r.IntN(2) == 0 { // at a line
			f[names[at]] = b[:bytes.LastIndexByte(b[:cut], '\n')+1]
		}
		if r.IntN(3) == 0 { // with the checkpoints
			lines := slices.Collect(bytes.Lines(f[checkpointsName]))
			f[checkpointsName] = bytes.Join(lines[:r.IntN(len(lines))], nil)
		}
		return fmt.Sprint(names[at], cut)
	},
	"insert": func(r *rand.Rand, s sample, f map[string][]byte) string {
		all, lines := places(f)
		p := pick(r, all)
		forger := chain{key: []byte("a key that the forger made up"), seq: uint64(r.IntN(int(s.records) + 1)), head: hexSum(nil)}
		line := forger.append(nil, time.Date(2026, 11, 22, r.IntN(24), 0, 0, 0, time.UTC), []byte(`{"actor":"user:3","action":"search"}`))
		switch r.IntN(4) {
		case 0:
			line = []byte("\n")
		case 1:
			line = slices.Concat(line, line)
		}
		f[p.file] = bytes.Join(slices.Insert(lines[p.file], p.line+r.IntN(2), line), nil)
		return fmt.Sprintf("%v %.40q", p, line)
	},
	"replay": func(r *rand.Rand, s sample, f map[string][]byte) string {
		all, lines := places(f)
		switch r.IntN(4) {
		case 0: // the folder as it was, but for the copies
			if s.before == nil {
				return ""
			}
			clear(f)
			maps.Copy(f, s.before)
			return "folder"
		case 1: // an earlier file in place of a later one, or as a new one
			names := daysOf(f)
			from := pick(r, names)
			to := pick(r, append(names, "2027-01-01.jsonl"))
			if from == to {
				return ""
			}
			f[to] = f[from]
			return from + " as " + to
		}
		from, to := pick(r, all), pick(r, all)
		n := 1 + r.IntN(len(lines[from.file])-from.line)
		copied := slices.Clone(lines[from.file][from.line : from.line+n])
		f[to.file] = bytes.Join(slices.Insert(lines[to.file], to.line+r.IntN(2), copied...), nil)
		return fmt.Sprint(from, to, n)
	},
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func replaceNth(b []byte, old, new string, n int) []byte {
	at := 0
	for range n {
		at += bytes.Index(b[at:], []byte(old)) + len(old)
	}
	at += bytes.Index(b[at:], []byte(old))
	return slices.Concat(b[:at], []byte(new), b[at+len(old):])
}

// BISEO_TEST_TAMPERS=1000 lets TestTamper change logs so often in each way.
const tampersEnv = "BISEO_TEST_TAMPERS"

// TestTamper changes logs in six ways, many times each, and verifies them with the
// copy of their checkpoints: all must be found, and nothing in logs as they were.
func TestTamper(t *testing.T) {
	const samples = 15
	times := 150
	if n, err := strconv.Atoi(os.Getenv(tampersEnv)); err == nil {
		times = n
	}
	r := rand.New(rand.NewPCG(1, 2))
	var all []sample
	dir, copied := t.TempDir(), t.TempDir()
	for range samples {
		s := newSample(t, r)
		writeFolder(t, dir, s.files)
		writeFolder(t, copied, s.copy)
		wantSound(t, dir, s.records, copied)
		all = append(all, s)
	}
	for _, name := range slices.Sorted(maps.Keys(tampers)) {
		missed := 0
		for n := 0; n < times; {
			s := pick(r, all)
			f := maps.Clone(s.files)
			what := tampers[name](r, s, f)
			if what == "" || maps.EqualFunc(f, s.files, bytes.Equal) {
				continue
			}
			n++
			writeFolder(t, dir, f)
			writeFolder(t, copied, s.copy)
			if len(mustVerify(t, dir, copied).Faults) == 0 {
				missed++
				t.Logf("%s: %s", name, what)
			}
		}
		if missed > 0 {
			t.Errorf("%s: %d of %d not found", name, missed, times)
		}
	}
}

// TestForgerWithKey: who holds the key of the HMAC can write the log anew, but not
// what the signer said of it.
func TestForgerWithKey(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5 {
		s := newSample(t, r)
		f := maps.Clone(s.files)
		all, lines := places(f)
		changed := pick(r, all)
		c := chain{key: testHMAC, head: noHead}
		for name := range lines {
			delete(f, name)
		}
		for _, p := range all {
			e, ok := c.parse(bytes.TrimSuffix(lines[p.file][p.line], []byte("\n")))
			if !ok {
				t.Fatal("sample not read")
			}
			if p == changed {
				e.Actor = "user:somebody else"
			}
			f[p.file] = c.append(f[p.file], e.Time, mustJSON(t, e.Record))
		}
		dir := t.TempDir()
		writeFolder(t, dir, f)
		if len(mustVerify(t, dir).Faults) == 0 {
			t.Fatal("not found")
		}
	}
}

// TestFork: a line that the same keys wrote in another course of events, such as
// before a restore, does not fit.
func TestFork(t *testing.T) {
	dir, other, c := t.TempDir(), t.TempDir(), newClock()
	l := mustOpen(t, dir, options(c))
	mustAppend(t, l, 0, 3)
	l.Close()
	if err := os.CopyFS(other, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for i, d := range []string{dir, other} {
		l := mustOpen(t, d, options(c))
		mustAppend(t, l, 10*i, 3)
		l.Close()
	}
	name := "2026-11-22.jsonl"
	here, there := readFolder(t, dir), readFolder(t, other)
	lines, foreign := slices.Collect(bytes.Lines(here[name])), slices.Collect(bytes.Lines(there[name]))
	lines[4] = foreign[4]
	here[name] = bytes.Join(lines, nil)
	writeFolder(t, dir, here)
	if len(mustVerify(t, dir).Faults) == 0 {
		t.Error("not found")
	}
}

// TestLimit holds what the package says that it cannot find, and what makes it found.
func TestLimit(t *testing.T) {
	dir, copied, c := t.TempDir(), t.TempDir(), newClock()
	o := options(c)
	o.Every, o.Copy = 10, copied
	l := mustOpen(t, dir, o)
	mustAppend(t, l, 0, 25) // checkpoints over 10 and 20
	f := readFolder(t, dir)
	cut := func(lines, checkpoints int) {
		g := maps.Clone(f)
		name := daysOf(f)[0]
		g[name] = bytes.Join(slices.Collect(bytes.Lines(f[name]))[:lines], nil)
		g[checkpointsName] = bytes.Join(slices.Collect(bytes.Lines(f[checkpointsName]))[:checkpoints], nil)
		writeFolder(t, dir, g)
	}
	if cut(25, 3); mustVerify(t, dir).Unsigned != 5 {
		t.Errorf("%+v", mustVerify(t, dir))
	}
	if cut(20, 3); len(mustVerify(t, dir, copied).Faults) > 0 {
		t.Error("lines behind the last checkpoint are not known to have been there")
	}
	if cut(19, 3); len(mustVerify(t, dir).Faults) == 0 {
		t.Error("a line before the last checkpoint was cut off unseen")
	}
	cut(10, 2)
	if len(mustVerify(t, dir).Faults) > 0 {
		t.Error("without a copy of the checkpoints nothing tells")
	}
	if len(mustVerify(t, dir, copied).Faults) == 0 {
		t.Error("the copy of the checkpoints tells")
	}
}

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
