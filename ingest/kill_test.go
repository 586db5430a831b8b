package ingest_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"biseo/index"
	"biseo/index/local"
	"biseo/ingest"
	"biseo/ingest/extract"
)

// The harness kills a process that runs Sync over changing law files, again and
// again, and looks at what is left. The process is this test binary with these
// variables set.
const (
	killFolder = "BISEO_TEST_KILL_FOLDER" // of the law files
	killIndex  = "BISEO_TEST_KILL_INDEX"
	killTorn   = "BISEO_TEST_KILL_TORN"    // how the transaction of Replace is cut in two; see torn
	killAtOnce = "BISEO_TEST_KILL_AT_ONCE" // how many documents are given to the index at once
)

// A step is a line of the process about its work: it says what it begins to
// write, and what is done.
type step struct {
	What string // open, begin, done, end or error
	Op   string // replace, describe or remove
	Doc  index.Doc
	Err  string
}

func say(s step) {
	line, _ := json.Marshal(s)
	os.Stdout.Write(append(line, '\n'))
}

// A reporter says what is written to an index, before and after, and how many
// documents it is to be given at once.
type reporter struct {
	index.Index
	writers int
}

func (x reporter) Writers() int { return x.writers }

func (x reporter) Replace(ctx context.Context, d index.Doc, chunks []index.Chunk) error {
	return report("replace", d, func() error { return x.Index.Replace(ctx, d, chunks) })
}

func (x reporter) Describe(ctx context.Context, d index.Doc) error {
	return report("describe", d, func() error { return x.Index.Describe(ctx, d) })
}

func (x reporter) Remove(ctx context.Context, id string) error {
	return report("remove", index.Doc{ID: id}, func() error { return x.Index.Remove(ctx, id) })
}

func report(op string, d index.Doc, write func() error) error {
	say(step{What: "begin", Op: op, Doc: d})
	err := write()
	if err == nil {
		say(step{What: "done", Op: op, Doc: d})
	}
	return err
}

// torn is an index whose Replace is two transactions: how it is done wrongly.
type torn struct {
	index.Index
	how string // remove: the old document goes first; half: half of the chunks come first
}

func (x torn) Replace(ctx context.Context, d index.Doc, chunks []index.Chunk) error {
	var err error
	switch x.how {
	case "remove":
		err = x.Index.Remove(ctx, d.ID)
	case "half":
		err = x.Index.Replace(ctx, d, chunks[:len(chunks)/2])
	}
	return errors.Join(err, x.Index.Replace(ctx, d, chunks))
}

var killOptions = local.Options{Rules: "kill"}

// syncToBeKilled is the process.
func syncToBeKilled(ctx context.Context) {
	say(step{What: "open"})
	err := func() error {
		x, err := local.Open(ctx, os.Getenv(killIndex), killOptions)
		if err != nil {
			return err
		}
		var to index.Index = x
		if how := os.Getenv(killTorn); how != "" {
			to = torn{x, how}
		}
		l, err := ingest.OpenLedger(ctx, filepath.Join(os.Getenv(killIndex), "ledger.db"))
		if err != nil {
			return err
		}
		defer l.Close()
		src := ingest.Source{Paths: []string{os.Getenv(killFolder)}, Read: extract.Read, Workers: 2, Ledger: l}
		writers, err := strconv.Atoi(os.Getenv(killAtOnce))
		if err != nil {
			return err
		}
		rep, err := ingest.Sync(ctx, slog.New(slog.DiscardHandler), reporter{to, writers}, nil, src)
		if err == nil && len(rep.Failed)+len(rep.Duplicates) > 0 {
			err = fmt.Errorf("failed %v, duplicates %v", rep.Failed, rep.Duplicates)
		}
		return errors.Join(err, x.Close())
	}()
	if err != nil {
		say(step{What: "error", Err: err.Error()})
		return
	}
	say(step{What: "end"})
}

// A stored is a document with the texts of its chunks.
type stored struct {
	Doc   index.Doc
	Texts []string
}

// memory is an index for writing only: what a run of Sync should leave behind.
type memory struct {
	index.Index
	docs map[string]stored
}

func (m memory) Space() string { return "" }

func (m memory) Docs(context.Context) iter.Seq2[index.Doc, error] {
	return func(yield func(index.Doc, error) bool) {
		for _, id := range slices.Sorted(maps.Keys(m.docs)) {
			if !yield(m.docs[id].Doc, nil) {
				return
			}
		}
	}
}

func (m memory) Replace(_ context.Context, d index.Doc, chunks []index.Chunk) error {
	s := stored{Doc: d}
	for _, c := range chunks {
		s.Texts = append(s.Texts, c.Text)
	}
	m.docs[d.ID] = s
	return nil
}

func (m memory) Describe(_ context.Context, d index.Doc) error {
	m.docs[d.ID] = stored{d, m.docs[d.ID].Texts}
	return nil
}

func (m memory) Remove(_ context.Context, id string) error {
	delete(m.docs, id)
	return nil
}

// A lawFile is a file of the folder: the front matter of one version, which
// says the document's ID and date, and the text of one, mostly of the same.
type lawFile struct{ front, text int }

// A scene is a folder of law files that change, and an index that follows them.
type scene struct {
	t        *testing.T
	r        *rand.Rand
	folder   string
	dir      string // of the index
	torn     string
	writers  int
	versions [][2]string // front matter and text
	files    map[string]lawFile
	parsed   map[lawFile]*ingest.Document
	before   map[string]stored // in the index, by ID
	target   map[string]stored // what the files want to be there
	span     time.Duration     // of a run: a moving average of those not killed
	longest  time.Duration     // the longest write of the last of them
}

// newScene takes the versions of up to 33 KB, whole: two laws in 11 versions. With
// more text most of the time would go to Verify.
func newScene(t *testing.T, seed uint64, torn string, writers int) *scene {
	s := &scene{t: t, r: rand.New(rand.NewPCG(seed, 0)), folder: t.TempDir(), dir: t.TempDir(), torn: torn, writers: writers,
		files: map[string]lawFile{}, parsed: map[lawFile]*ingest.Document{}}
	for _, path := range markdownFiles(t, sharedData(t, "laws-kr/history")) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		front, text, ok := strings.Cut(string(data), "\n---\n")
		if ok && len(data) < 33_000 {
			s.versions = append(s.versions, [2]string{front, text})
		}
	}
	s.write("biseo-folder.yaml", "readers: [public]\ngrade: open\n")
	for range 7 {
		s.put("")
	}
	// The first run stores everything; the second, with work as in every round, is timed.
	for range 2 {
		s.finish()
	}
	return s
}

// finish is a round without a kill.
func (s *scene) finish() {
	s.t.Helper()
	s.change()
	said, finished := s.run(0, time.Hour)
	if faults := s.inspect(said, finished); len(faults) > 0 || !finished {
		s.t.Fatalf("not killed, finished %t: %s", finished, strings.Join(faults, "\n"))
	}
}

func (s *scene) write(name, text string) {
	if err := os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// put writes a version that no other file holds into the file of that name, or a new one.
func (s *scene) put(name string) {
	taken := map[int]bool{}
	for _, f := range s.files {
		taken[f.front] = true
	}
	n := s.r.IntN(len(s.versions))
	for taken[n] {
		n = s.r.IntN(len(s.versions))
	}
	for i := 10; name == ""; i++ {
		if _, ok := s.files[fmt.Sprintf("%d.md", i)]; !ok {
			name = fmt.Sprintf("%d.md", i)
		}
	}
	s.set(name, lawFile{n, n})
}

func (s *scene) set(name string, f lawFile) {
	s.files[name] = f
	s.write(name, s.versions[f.front][0]+"\n---\n"+s.versions[f.text][1])
}

// change makes work for the next run.
func (s *scene) change() {
	for range 2 + s.r.IntN(3) {
		names := slices.Sorted(maps.Keys(s.files))
		name := names[s.r.IntN(len(names))]
		switch k := s.r.IntN(8); {
		case k == 0 && len(names) < 9:
			s.put("")
		case k == 1 && len(names) > 6:
			if err := os.Remove(filepath.Join(s.folder, name)); err != nil {
				s.t.Fatal(err)
			}
			delete(s.files, name)
		case k < 4:
			s.put(name)
		case k < 7: // the same document, with another text
			s.set(name, lawFile{s.files[name].front, s.r.IntN(len(s.versions))})
		default: // the same files, with other readers
			s.write("biseo-folder.yaml", fmt.Sprintf("readers: [public, 부서%d]\ngrade: open\n", s.r.IntN(9)))
		}
	}
	m := memory{docs: map[string]stored{}}
	src := ingest.Source{Paths: []string{s.folder}, Workers: 1, Read: s.read}
	if _, err := ingest.Sync(s.t.Context(), slog.New(slog.DiscardHandler), m, nil, src); err != nil {
		s.t.Fatal(err)
	}
	s.target = m.docs
}

// read remembers what it has read.
func (s *scene) read(ctx context.Context, path string) (*ingest.Document, error) {
	f := s.files[filepath.Base(path)]
	if s.parsed[f] == nil {
		d, err := extract.Read(ctx, path)
		if err != nil {
			return nil, err
		}
		s.parsed[f] = d
	}
	d := *s.parsed[f]
	return &d, nil
}

// run starts the process, kills it a while after it began its nth write, or after
// it opened the index if n is 0, and returns what it said. It reports whether the
// process had finished before. A process that has an hour is timed.
func (s *scene) run(n int, moment time.Duration) (said []step, finished bool) {
	s.t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestKill$")
	c.Env = append(os.Environ(), killFolder+"="+s.folder, killIndex+"="+s.dir, killTorn+"="+s.torn, fmt.Sprint(killAtOnce, "=", s.writers))
	out, err := c.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	var start, begin time.Time
	var longest time.Duration
	writes := 0
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break // what is left of a line was cut off by the kill
		}
		var now step
		if !bytes.HasPrefix(line, []byte("{")) {
			continue // of package testing
		}
		if err := json.Unmarshal(line, &now); err != nil {
			s.t.Fatal(err)
		}
		switch now.What {
		case "open":
			start = time.Now()
		case "begin":
			begin = time.Now()
			writes++
		case "done":
			longest = max(longest, time.Since(begin))
		case "error":
			s.t.Fatal(now.Err)
		case "end":
			finished = true
			if moment == time.Hour {
				s.span, s.longest = (s.span+time.Since(start))/2, longest
			}
		}
		if writes == n && (now.What == "open" || now.What == "begin") {
			defer time.AfterFunc(moment, func() { c.Process.Kill() }).Stop()
		}
		if now.Op != "" {
			said = append(said, now)
		}
	}
	if err := c.Wait(); err != nil && c.ProcessState.ExitCode() >= 0 {
		s.t.Fatal(err) // not the kill
	}
	return said, finished
}

// readIndex reads all documents of the index in dir, if it is consistent.
func readIndex(ctx context.Context, dir string) (map[string]stored, error) {
	opt := killOptions
	opt.ReadOnly = true
	x, err := local.Open(ctx, dir, opt)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // killed before there was one
	}
	if err != nil {
		return nil, err
	}
	defer x.Close()
	if err := x.Verify(ctx); err != nil {
		return nil, err
	}
	name, err := os.ReadFile(filepath.Join(dir, "current"))
	if err != nil {
		return nil, err
	}
	// Past the Scope, which hides what is not in force.
	db, err := sql.Open("sqlite", filepath.Join(dir, strings.TrimSpace(string(name))))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, `SELECT d.id, b.text FROM docs d JOIN chunks b ON b.key >= d.first AND b.key < d.first + d.chunks ORDER BY b.key`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]stored{}
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			return nil, err
		}
		all[id] = stored{Texts: append(all[id].Texts, text)}
	}
	for d, err := range x.Docs(ctx) {
		if err != nil {
			return nil, err
		}
		all[d.ID] = stored{d, all[d.ID].Texts}
	}
	return all, rows.Err()
}

// underway are the writes that were begun and are not done, by ID of the document.
func underway(said []step) map[string]step {
	open := map[string]step{}
	for _, now := range said {
		if now.What == "begin" {
			open[now.Doc.ID] = now
		} else {
			delete(open, now.Doc.ID)
		}
	}
	return open
}

// inspect compares the index with what the killed process had said, and with the
// files before and after the change. It returns a sentence for each fault.
func (s *scene) inspect(said []step, finished bool) (faults []string) {
	s.t.Helper()
	got, err := readIndex(s.t.Context(), s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	// Every document is whole: as it was before or as its file says, never a mixture.
	for id, g := range got {
		whole := false
		for _, w := range []stored{s.before[id], s.target[id]} {
			whole = whole || w.Doc.Digest == g.Doc.Digest && slices.Equal(w.Texts, g.Texts)
		}
		if !whole {
			faults = append(faults, fmt.Sprintf("half: %s has %d chunks, before %d, wanted %d", id, len(g.Texts), len(s.before[id].Texts), len(s.target[id].Texts)))
		}
	}
	// What was said to be done is there; what was begun may be.
	want := map[string]index.Doc{}
	for id, b := range s.before {
		want[id] = b.Doc
	}
	pending := underway(said)
	for _, now := range said {
		if now.What == "begin" {
			continue
		}
		if want[now.Doc.ID] = now.Doc; now.Op == "remove" {
			delete(want, now.Doc.ID)
		}
	}
	for id, d := range want {
		g, ok := got[id]
		switch begun, open := pending[id]; {
		case !ok && open && begun.Op == "remove":
		case !ok:
			faults = append(faults, "lost: "+id)
		case !gocmp.Equal(g.Doc, d) && !(open && gocmp.Equal(g.Doc, begun.Doc)):
			faults = append(faults, "lost: the change of "+id)
		}
	}
	for id := range got {
		_, wanted := want[id]
		if _, open := pending[id]; !wanted && !open {
			faults = append(faults, "duplicated: "+id+" was removed or never written")
		}
	}
	// Whatever the process says: no run takes away what the files have before and after.
	for id := range s.before {
		_, wanted := s.target[id]
		if _, ok := got[id]; wanted && !ok && !slices.Contains(faults, "lost: "+id) {
			faults = append(faults, "lost: "+id+" stood in the files all the time")
		}
	}
	if finished {
		if diff := gocmp.Diff(s.target, got); diff != "" {
			faults = append(faults, "after a whole run (-want +got):\n"+diff)
		}
	}
	s.before = got
	slices.SortFunc(faults, cmp.Compare[string])
	return faults
}

// fresh compares the index with a new one of the same files.
func (s *scene) fresh() {
	s.t.Helper()
	dir := s.t.TempDir()
	x, err := local.Open(s.t.Context(), dir, killOptions)
	if err != nil {
		s.t.Fatal(err)
	}
	defer x.Close()
	src := ingest.Source{Paths: []string{s.folder}, Read: extract.Read, Workers: 2}
	if _, err := ingest.Sync(s.t.Context(), slog.New(slog.DiscardHandler), x, nil, src); err != nil {
		s.t.Fatal(err)
	}
	want, err := readIndex(s.t.Context(), dir)
	if err != nil {
		s.t.Fatal(err)
	}
	if diff := gocmp.Diff(want, s.before); diff != "" {
		s.t.Fatalf("a fresh index differs (-fresh +got):\n%s", diff)
	}
}

// A tally counts kills by where they hit.
type tally struct{ kills, reading, between, writing, late int }

// kill runs a round with a kill at a random moment, of the whole run or of one of
// its first writes, and returns the faults found.
func (s *scene) kill(n *tally) []string {
	s.t.Helper()
	s.change()
	write, within := s.r.IntN(3), s.longest
	if write == 0 {
		within = s.span
	}
	said, finished := s.run(write, time.Duration(s.r.Int64N(max(int64(within), 1))))
	switch {
	case finished:
		n.late++
	case len(said) == 0:
		n.reading++
	case len(underway(said)) > 0:
		n.writing++
	default:
		n.between++
	}
	if !finished {
		n.kills++
	}
	return s.inspect(said, finished)
}

func (n tally) String() string {
	return fmt.Sprintf("%d kills: %d before the first write, %d during a write, %d between writes; %d runs ended before theirs",
		n.kills, n.reading, n.writing, n.between, n.late)
}

// fewRounds reports whether the test is to be short, or runs under the race
// detector, which makes a round some ten times slower.
func fewRounds() bool {
	info, ok := debug.ReadBuildInfo()
	return testing.Short() || ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// No kill -9 during an ingest loses, doubles or halves a document.
func TestKill(t *testing.T) {
	if os.Getenv(killFolder) != "" {
		syncToBeKilled(t.Context())
		return
	}
	kills := 200
	if fewRounds() {
		kills = 6
		t.Logf("only %d kills with -short or -race, 200 without", kills)
	}
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			killMany(t, seed, kills/2, int(seed)+1)
		})
	}
}

// killMany kills that often, and every 20th round lets the process finish.
func killMany(t *testing.T, seed uint64, kills, writers int) {
	s := newScene(t, seed, "", writers)
	n, whole := tally{}, 0
	for round := 1; n.kills < kills; round++ {
		if faults := s.kill(&n); len(faults) > 0 {
			t.Fatalf("round %d: %s", round, strings.Join(faults, "\n"))
		}
		if round%20 != 0 && n.kills < kills {
			continue
		}
		s.finish()
		s.fresh()
		whole++
		if whole%2 == 0 { // from nothing: a kill may hit the making of the index
			s.dir, s.before = t.TempDir(), nil
		}
	}
	t.Logf("%v; %d whole runs compared with a fresh index; %d versions of laws, a run takes %v", n, whole, len(s.versions), s.span)
}

// TestKillTorn shows that the harness finds what it looks for.
func TestKillTorn(t *testing.T) {
	enough := 5
	if fewRounds() {
		enough = 1
	}
	for how, fault := range map[string]string{"remove": "lost", "half": "half"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, 0, how, 1)
			n, found := tally{}, map[string]int{}
			for n.kills < 100 && found[fault] < enough {
				for _, f := range s.kill(&n) {
					what, _, _ := strings.Cut(f, ":")
					found[what]++
				}
			}
			t.Logf("%v; faults %v", n, found)
			if found[fault] == 0 {
				t.Errorf("%d kills of a writer that cuts its transactions in two, and nothing was %s", n.kills, fault)
			}
		})
	}
}
