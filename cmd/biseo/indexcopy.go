package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"time"

	"biseo/index"
	"biseo/llm"
)

type indexCmds struct {
	Copy indexCopyCmd `cmd:"" help:"Copy the index elsewhere, such as to a Qdrant server, while it is in use."`
}

// An indexCopyCmd copies the index that the settings name, with its vectors, to
// another place: no document is read or embedded anew. The service goes on with the
// old one until its settings name the new one.
type indexCopyCmd struct {
	To      indexSettings `embed:"" prefix:"to-"`
	Replace bool          `help:"Put the copy in the place of an index that is there already."`
	JSON    bool          `help:"Print one JSON document."`
}

// A copyReport says what was copied.
type copyReport struct {
	From      string   `json:"from"`
	To        string   `json:"to"`
	Documents int      `json:"documents"`
	Chunks    int      `json:"chunks"`
	Searches  int      `json:"searches"` // that were asked of both
	Seconds   float64  `json:"seconds"`
	Settings  []string `json:"settings"` // that switch to the copy, as lines of biseo.yaml
}

// A copySource is an index whose chunks can be read whole.
type copySource interface {
	index.Index
	Chunks(ctx context.Context, docID string) (index.Doc, []index.Chunk, error)
	Size(ctx context.Context) (docs, chunks int, err error)
}

func (cmd *indexCopyCmd) Run(ctx context.Context, c *console, s *settings) error {
	began := time.Now()
	target := *s
	target.Index = cmd.To
	if target.indexName() == s.indexName() {
		return errUsage{errors.New("--to-url에 색인을 옮길 Qdrant 서버를 qdrant://127.0.0.1:6334처럼 적어 주세요")}
	}
	e, err := s.embedder()
	if err != nil {
		return err
	}
	opened, err := s.openIndex(ctx, c.lg, reading, s.indexDir(), e)
	if err != nil {
		return fmt.Errorf("옮길 색인을 열지 못했으니 biseo doctor로 확인해 주세요: %w", err)
	}
	defer opened.Close()
	from, ok := opened.(copySource)
	if !ok {
		return fmt.Errorf("no way to copy %T", opened)
	}
	if err := target.free(ctx, c, e, cmd.Replace); err != nil {
		return err
	}
	to, err := target.openIndex(ctx, c.lg, rebuilding, target.indexDir(), e)
	if err != nil {
		return fmt.Errorf("옮길 곳에 색인을 만들지 못했으니 --to-url과 --to-key-file, --to-ca-file을 확인해 주세요: %w", err)
	}
	defer to.Close()
	if err := copyIndex(ctx, c, from, to); err != nil {
		return fmt.Errorf("옮기다가 멈췄고 있던 색인은 그대로입니다. 고친 뒤 같은 명령을 다시 실행해 주세요: %w", err)
	}
	r := copyReport{From: s.indexName(), To: target.indexName(), Settings: cmd.To.lines()}
	if r.Documents, r.Chunks, r.Searches, err = compareIndexes(ctx, from, to.(copySource)); err != nil {
		return fmt.Errorf("옮긴 색인이 있던 색인과 달라 버렸습니다. 문서를 바꾸는 작업이 끝난 뒤 다시 실행해 주세요: %w", err)
	}
	if err := to.(committer).Commit(ctx); err != nil {
		return err
	}
	r.Seconds = time.Since(began).Seconds()
	if cmd.JSON {
		return printJSON(c.out, r)
	}
	fmt.Fprintf(c.out, "문서 %d건(검색 단위 %d개)을 %s에 %.0f초 동안 옮기고, 검색 %d가지를 양쪽에 물어 같은 결과를 확인했습니다.\n", r.Documents, r.Chunks, r.To, r.Seconds, r.Searches)
	fmt.Fprintln(c.out, "서비스는 아직 있던 색인을 씁니다. biseo.yaml에 다음을 적고 서비스를 다시 시작한 뒤, 그사이 바뀐 문서를 biseo ingest로 한 번 더 반영해 주세요.")
	for _, line := range r.Settings {
		fmt.Fprintln(c.out, "  "+line)
	}
	return nil
}

// free returns an error where an index is already, unless it may be replaced.
func (s *settings) free(ctx context.Context, c *console, e llm.Embedder, replace bool) error {
	x, err := s.openIndex(ctx, c.lg, reading, s.indexDir(), e)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("옮길 곳을 확인하지 못했으니 --to-url과 --to-key-file, --to-ca-file을 확인해 주세요: %w", err)
	}
	if err := x.Close(); err != nil || replace {
		return err
	}
	return errUsage{fmt.Errorf("%s에 색인이 이미 있으니, 바꾸어도 되면 --replace를, 따로 두려면 --to-collection에 다른 이름을 적어 주세요", s.indexName())}
}

// lines are the settings as lines of biseo.yaml.
func (x indexSettings) lines() []string {
	lines := []string{}
	for _, l := range []struct{ key, value, usual string }{
		{"index-url", x.URL, ""}, {"index-key-file", x.KeyFile, ""}, {"index-ca-file", x.CAFile, ""}, {"index-collection", x.Collection, "biseo"},
	} {
		if l.value != l.usual {
			lines = append(lines, fmt.Sprintf("%s: %s", l.key, l.value))
		}
	}
	return lines
}

// copyRounds is how often what changed in the meantime is copied again.
const copyRounds = 5

// copyIndex makes to hold what from holds. Documents that change meanwhile are
// copied again, until a round finds none.
func copyIndex(ctx context.Context, c *console, from copySource, to index.Index) error {
	copied := map[string]index.Doc{}
	for range copyRounds {
		seen, changed, err := copyChanged(ctx, c, from, to, copied)
		if err != nil {
			return err
		}
		for id := range copied {
			if seen[id] {
				continue
			}
			if err := to.Remove(ctx, id); err != nil {
				return fmt.Errorf("remove %s: %w", id, err)
			}
			delete(copied, id)
			changed++
		}
		if changed == 0 {
			return nil
		}
	}
	return nil
}

// copyChanged copies the documents that are not as they were when they were copied
// before, as many at once as to wants. It returns which there are, and how many it copied.
func copyChanged(ctx context.Context, c *console, from copySource, to index.Index, copied map[string]index.Doc) (seen map[string]bool, changed int, err error) {
	type result struct {
		doc index.Doc
		err error
	}
	results := make(chan result, index.Writers(to)) // of the copies that have ended: another may begin for each
	for range cap(results) {
		results <- result{}
	}
	seen = map[string]bool{}
	end := func() error {
		switch r := <-results; {
		case r.doc.ID == "":
		case errors.Is(r.err, index.ErrNotFound): // it has gone since
			delete(seen, r.doc.ID)
		case r.err != nil:
			return fmt.Errorf("copy %s: %w", r.doc.ID, r.err)
		default:
			copied[r.doc.ID] = r.doc
			if changed++; changed%1000 == 0 {
				c.lg.Info("copy index", "documents", changed)
			}
		}
		return nil
	}
	for d, listed := range from.Docs(ctx) {
		if err = listed; err != nil {
			break
		}
		seen[d.ID] = true
		if was, ok := copied[d.ID]; ok && reflect.DeepEqual(was, d) {
			continue
		}
		if err = end(); err != nil {
			results <- result{} // nothing begins in its place
			break
		}
		go func() { results <- result{d, copyDoc(ctx, from, to, d.ID)} }()
	}
	for range cap(results) {
		err = cmp.Or(err, end())
	}
	return seen, changed, err
}

func copyDoc(ctx context.Context, from copySource, to index.Index, id string) error {
	d, chunks, err := from.Chunks(ctx, id)
	if err != nil {
		return err
	}
	return to.Replace(ctx, d, chunks)
}

const (
	compared = 50 // documents whose searches are compared
	topHits  = 5  // hits of each search that must be the same, but for one: the engines round differently
)

// compareIndexes returns an error unless both hold as many documents and chunks, the
// copy is sound, and searches of both find the same: for documents spread over the
// index, the beginning of a chunk by words, and its vector by meaning.
func compareIndexes(ctx context.Context, from, to copySource) (docs, chunks, searches int, err error) {
	if docs, chunks, err = from.Size(ctx); err != nil {
		return docs, chunks, 0, err
	}
	d, n, err := to.Size(ctx)
	if err == nil && (d != docs || n != chunks) {
		err = fmt.Errorf("%d documents with %d chunks are %d with %d in the copy", docs, chunks, d, n)
	}
	if err == nil {
		err = verify(ctx, to)
	}
	if err != nil {
		return docs, chunks, 0, err
	}
	i := 0
	for d, err := range from.Docs(ctx) {
		if err != nil {
			return docs, chunks, searches, err
		}
		if i++; i%max(1, docs/compared) != 0 || len(d.Readers) == 0 {
			continue
		}
		asked, err := compareSearches(ctx, from, to, d.ID)
		searches += asked
		if err != nil {
			return docs, chunks, searches, fmt.Errorf("document %s: %w", d.ID, err)
		}
	}
	return docs, chunks, searches, nil
}

func compareSearches(ctx context.Context, from, to copySource, docID string) (asked int, err error) {
	d, chunks, err := from.Chunks(ctx, docID)
	if err != nil || len(chunks) == 0 {
		return 0, err
	}
	c := chunks[len(chunks)/2]
	on := index.Today(time.Now())
	for _, from := range []time.Time{d.From, c.From} { // a day on which it is in force
		if from.After(on) {
			on = from
		}
	}
	for _, until := range []time.Time{d.Until, c.Until} {
		if !until.IsZero() && !on.Before(until) {
			on = until.AddDate(0, 0, -1)
		}
	}
	scope := index.Scope{Readers: d.Readers, Grade: index.Classified, On: on}
	text := []rune(c.Text)
	queries := []index.Query{{Scope: scope, Text: string(text[:min(len(text), 40)]), Limit: topHits}}
	if c.Dense != nil {
		queries = append(queries, index.Query{Scope: scope, Dense: c.Dense, Limit: topHits})
	}
	for _, q := range queries {
		want, err := from.Search(ctx, q)
		if err != nil {
			return asked, err
		}
		got, err := to.Search(ctx, q)
		if err != nil {
			return asked, err
		}
		asked++
		found := func(h index.Hit) bool {
			return slices.ContainsFunc(got, func(g index.Hit) bool { return sameHit(g, h) })
		}
		common := 0
		for _, h := range want {
			if found(h) {
				common++
			}
		}
		if len(want) > 0 && !found(want[0]) || common < len(want)-1 {
			return asked, fmt.Errorf("a search for its chunk %s finds other passages in the copy", c.ID)
		}
	}
	return asked, nil
}

// sameHit reports whether two indexes found the same: the same chunk, or one whose
// text is the same, since equal ones may come in either order.
func sameHit(a, b index.Hit) bool { return a.Chunk.ID == b.Chunk.ID || a.Chunk.Text == b.Chunk.Text }
