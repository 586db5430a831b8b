package local

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"biseo/index"
)

// The harness kills a process that writes, again and again, and looks at what is
// left. The process is this test binary with these variables set.
const (
	killDir  = "BISEO_TEST_KILL_DIR"
	killSeed = "BISEO_TEST_KILL_SEED"
	killTorn = "BISEO_TEST_KILL_TORN" // write each document in two transactions
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		if err := writeUntilKilled(dir); err != nil {
			fmt.Println("error", err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

var killOptions = Options{Space: "toy/4", Rules: "kill"}

// version n of a document is known by its Gist; its size and text follow from n.
func killVersion(id string, n int) (index.Doc, []index.Chunk) {
	d := index.Doc{ID: id, Work: id, Title: "문서 " + id, Gist: strconv.Itoa(n), Readers: []string{index.Public}, Grade: index.Open}
	var chunks []index.Chunk
	for i := range 1 + n*7%9 {
		chunks = append(chunks, index.Chunk{ID: index.ChunkID(id, i), DocID: id, Path: []string{"제1장"},
			Text:  strings.Repeat(string(rune('가'+n*13%500))+string(rune('가'+i))+"사무 ", 30),
			Start: i, Links: []string{"§도로법/" + strconv.Itoa(n)}, Dense: []float32{float32(n), 1, 0, float32(i)}})
	}
	return d, chunks
}

// writeUntilKilled replaces and removes documents and says so, before and after.
func writeUntilKilled(dir string) error {
	ctx := context.Background()
	seed, _ := strconv.ParseUint(os.Getenv(killSeed), 10, 64)
	r := rand.New(rand.NewPCG(seed, 0))
	x, err := Open(ctx, dir, killOptions)
	if err != nil {
		return err
	}
	for {
		id, n := fmt.Sprintf("d%02d", r.IntN(12)), 1+r.IntN(1000)
		if r.IntN(5) == 0 {
			n = 0
		}
		fmt.Println("begin", id, n)
		switch {
		case n == 0:
			err = x.Remove(ctx, id)
		case os.Getenv(killTorn) != "":
			err = x.replaceTorn(ctx, id, n)
		default:
			d, chunks := killVersion(id, n)
			err = x.Replace(ctx, d, chunks)
		}
		if err != nil {
			return err
		}
		fmt.Println("done", id, n)
	}
}

// replaceTorn is Replace with its transaction cut in two.
func (x *Index) replaceTorn(ctx context.Context, id string, n int) error {
	d, chunks := killVersion(id, n)
	r := analyse(d, chunks)
	var keys []int64
	if err := transact(ctx, x.live.write, func(tx *sql.Tx) (err error) {
		if err = remove(ctx, tx, id); err != nil && !errors.Is(err, index.ErrNotFound) {
			return err
		}
		if keys, err = insertDoc(ctx, tx, r); err != nil {
			return err
		}
		return insertChunks(ctx, tx, keys, r)
	}); err != nil {
		return err
	}
	return transact(ctx, x.live.write, func(tx *sql.Tx) error {
		vectors, err := encodeVectors(ctx, tx, chunks, x.live.dim)
		return errors.Join(err, insertSegment(ctx, tx, keys, r.ids(), r.words, vectors), merge(ctx, tx, x.live.dim), logChange(ctx, tx, id))
	})
}

// killOnce lets a process write for a moment, kills it and brings state, the
// version of each document that was acknowledged, up to date. It returns the
// write that was under way.
func killOnce(t *testing.T, dir string, seed uint64, torn bool, state map[string]int) (id string, n int) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), killDir+"="+dir, fmt.Sprintf("%s=%d", killSeed, seed))
	if torn {
		c.Env = append(c.Env, killTorn+"=1")
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	moment := time.Duration(rand.New(rand.NewPCG(seed, 1)).IntN(15_000)) * time.Microsecond
	lines := bufio.NewScanner(out)
	for started := false; lines.Scan(); started = true {
		if !started {
			time.AfterFunc(moment, func() { c.Process.Kill() })
		}
		var what string
		if what, _, _ = strings.Cut(lines.Text(), " "); what == "error" {
			t.Fatal(lines.Text())
		}
		if k, _ := fmt.Sscan(lines.Text(), &what, &id, &n); k < 3 {
			continue // cut off by the kill
		}
		if what == "done" {
			state[id] = n
		}
	}
	c.Wait() // its error is the kill
	return id, n
}

// inspect opens what a killed process left, and returns what is wrong with it. The
// write (id, n) may be there or not, as a whole.
func inspect(ctx context.Context, dir string, state map[string]int, id string, n int) error {
	x, err := Open(ctx, dir, killOptions)
	if err != nil {
		return err
	}
	defer x.Close()
	if err := x.Verify(ctx); err != nil {
		return err
	}
	stored := map[string]int{}
	for d, err := range x.Docs(ctx) {
		if err != nil {
			return err
		}
		stored[d.ID], _ = strconv.Atoi(d.Gist)
		hits, err := x.Passage(ctx, index.Scope{On: index.Day(2026, 1, 1)}, index.ChunkID(d.ID, 0), 100)
		if err != nil {
			return err
		}
		_, want := killVersion(d.ID, stored[d.ID])
		var got []index.Chunk
		for _, h := range hits {
			got = append(got, h.Chunk)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(index.Chunk{}, "Dense")); diff != "" {
			return fmt.Errorf("document %s is not as it was written: %s", d.ID, diff)
		}
	}
	if stored[id] == n {
		state[id] = n // finished, though nobody was told
	}
	for _, s := range []map[string]int{state, stored} {
		for id := range s {
			if state[id] != stored[id] {
				return fmt.Errorf("document %s: version %d was acknowledged, %d is stored", id, state[id], stored[id])
			}
		}
	}
	return nil
}

// TestKill kills a writer of small documents; package ingest does the same to an
// ingest of real laws, more often.
func TestKill(t *testing.T) {
	t.Parallel()
	const kills = 60
	dir, state, underWay := t.TempDir(), map[string]int{}, 0
	for seed := range uint64(kills) {
		id, n := killOnce(t, dir, seed, false, state)
		if state[id] != n {
			underWay++
		}
		if err := inspect(t.Context(), dir, state, id, n); err != nil {
			t.Fatalf("after kill %d: %v", seed+1, err)
		}
	}
	t.Logf("%d kills, %d of them during a write", kills, underWay)
}

// TestKillTorn shows that the harness finds what it looks for.
func TestKillTorn(t *testing.T) {
	dir, state := t.TempDir(), map[string]int{}
	for seed := range uint64(200) {
		id, n := killOnce(t, dir, seed, true, state)
		if err := inspect(t.Context(), dir, state, id, n); err != nil {
			t.Logf("after kill %d: %v", seed+1, err)
			return
		}
	}
	t.Error("200 kills of a writer that cuts its transactions in two, and nothing was half")
}

// TestTwoProcesses reads while another process writes: each answer is one version
// of a document, whole.
func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	mustOpen(t, dir, killOptions)
	opt := killOptions
	opt.ReadOnly = true
	x := mustOpen(t, dir, opt)
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), killDir+"="+dir, killSeed+"=1")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Wait()
	defer c.Process.Kill()
	versions := map[string]bool{}
	for n := 0; len(versions) < 100 && n < 100_000; n++ {
		scope := index.Scope{On: index.Day(2026, 1, 1), Docs: []string{fmt.Sprintf("d%02d", n%12)}}
		hits, err := x.Search(t.Context(), index.Query{Scope: scope, Text: "문서", Dense: []float32{1, 0, 0, 0}, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		if len(hits) == 0 {
			continue
		}
		d := hits[0].Doc
		version, _ := strconv.Atoi(d.Gist)
		versions[d.ID+":"+d.Gist] = true
		_, want := killVersion(d.ID, version)
		got := make([]index.Chunk, len(want))
		for _, h := range hits {
			if h.Doc.Gist != d.Gist || h.Words == 0 || h.Meaning == 0 || h.Chunk.Start >= len(got) {
				t.Fatalf("chunk %d of version %s, found by words %d and meaning %d, in a result of version %s", h.Chunk.Start, h.Doc.Gist, h.Words, h.Meaning, d.Gist)
			}
			got[h.Chunk.Start] = h.Chunk
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(index.Chunk{}, "Dense")); diff != "" {
			t.Fatalf("version %s (-want +got):\n%s", d.Gist, diff)
		}
	}
	if len(versions) < 100 {
		t.Errorf("saw only %d versions", len(versions))
	}
}
