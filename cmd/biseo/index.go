package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"biseo/index"
	"biseo/index/local"
	"biseo/index/qdrant"
	"biseo/ingest"
	"biseo/korea/text"
	"biseo/llm"
)

type indexSettings struct {
	URL              string `placeholder:"URL" help:"Qdrant server that holds the index: qdrant://host:6334, qdrants://host:6334 for TLS; nodes of one cluster separated by commas. Without one, the index is a folder of --data."`
	KeyFile          string `placeholder:"FILE" help:"File that holds the server's key."`
	CAFile           string `placeholder:"FILE" help:"PEM file of the authority that signed the server's certificate, if the system does not know it."`
	Collection       string `default:"biseo" help:"Name of the index on the server (${default})."`
	Shards           int    `help:"Parts that a new index is split into (0: as the server is set)."`
	Replication      int    `help:"Copies of each part that a new index keeps on the nodes (0: as the server is set)."`
	WriteConsistency int    `help:"Copies that must have a write before it counts (0: as the server is set)."`
}

// rules names what shaped the chunks and terms of an index; with the embedding
// space it is the fingerprint that an index is opened with.
const rules = text.Version + " " + ingest.SplitVersion

func (s *settings) indexDir() string { return filepath.Join(s.Data, "index") }

// indexName is where the index is, for people.
func (s *settings) indexName() string {
	if s.Index.URL != "" {
		return s.Index.URL + "/" + s.Index.Collection
	}
	return s.indexDir()
}

// indexUse says what an index is opened for.
type indexUse int

const (
	reading    indexUse = iota
	writing             // creates it if there is none
	rebuilding          // fills a new one, which a committer puts in its place
	scratch             // an empty one that is gone after Close
)

// A committer is an index being built beside the live one.
type committer interface{ Commit(context.Context) error }

// openIndex opens the index for the vectors of e, which may be nil. dir is the
// folder of an index without a server.
func (s *settings) openIndex(ctx context.Context, lg *slog.Logger, use indexUse, dir string, e llm.Embedder) (index.Index, error) {
	return s.openSpace(ctx, lg, use, dir, spaceOf(e))
}

// spaceOf is the embedding space of e, which may be nil.
func spaceOf(e llm.Embedder) string {
	if e == nil {
		return ""
	}
	return e.Space()
}

// noEmbedder stands for the embedder that an index was built with and the settings lack.
type noEmbedder struct{}

func (noEmbedder) Space() string { return "" }

func (noEmbedder) Embed(context.Context, llm.Role, []string) ([][]float32, error) {
	return nil, errors.New("no embedder is set")
}

// openSearch opens the index for searches. The terms of an index do not depend on its
// embedding space: one of another space than that of e, which may be nil, is searched
// by words, and the assistant warns.
func (s *settings) openSearch(ctx context.Context, lg *slog.Logger, e llm.Embedder) (index.Index, error) {
	x, err := s.openIndex(ctx, lg, reading, s.indexDir(), e)
	if err != nil || x.Space() == spaceOf(e) {
		return x, err
	}
	if err := x.Close(); err != nil {
		return nil, err
	}
	return s.openSpace(ctx, lg, reading, s.indexDir(), x.Space())
}

// searchSpace is the embedding space in which x is searched by meaning: "" where the
// settings name no embedder, or one of another space.
func (s *settings) searchSpace(x index.Index) string {
	e, err := s.embedder()
	if err != nil || spaceOf(e) != x.Space() {
		return ""
	}
	return x.Space()
}

// answers says why an index cannot be searched.
func answers(ctx context.Context, x index.Index, now time.Time) error {
	_, err := x.Passage(ctx, index.Scope{On: index.Today(now)}, index.ChunkID("", 0), 0) // no document has that ID
	if errors.Is(err, index.ErrNotFound) {
		return nil
	}
	return err
}

// checkSpace returns an [index.ErrFingerprint] in Korean, which says both ways to go on,
// where x has another embedding space than e, which may be nil.
func checkSpace(x index.Index, e llm.Embedder) error {
	have, want := x.Space(), spaceOf(e)
	if have == want {
		return nil
	}
	found, way := "임베딩 없이 만들었는데 지금 설정은 "+want+"이니", "임베딩 설정을 빼거나"
	if i := strings.LastIndex(have, "/"); i >= 0 {
		found = fmt.Sprintf("임베딩 %s(으)로 만들었는데 지금 설정은 %s이니", have, cmp.Or(want, "임베딩 없음"))
		way = fmt.Sprintf("--embedder-url과 함께 --embedder-name %s --embedder-dimension %s을(를) 주거나(biseo.yaml에 적어 두어도 됩니다)", have[:i], have[i+1:])
	}
	return fmt.Errorf("색인을 %s %s, 지금 설정대로 biseo ingest --rebuild 폴더 로 색인을 새로 만들어 주세요: %w", found, way, index.ErrFingerprint)
}

// openSpace is openIndex for vectors of a space, "" for none.
func (s *settings) openSpace(ctx context.Context, lg *slog.Logger, use indexUse, dir, space string) (index.Index, error) {
	if s.Index.URL == "" {
		opt := local.Options{Space: space, Rules: rules, ReadOnly: use == reading}
		if use == rebuilding {
			return some[*local.Builder](local.Rebuild(ctx, dir, opt))
		}
		return some[*local.Index](local.Open(ctx, dir, opt))
	}
	key, err := readKey(s.Index.KeyFile)
	if err != nil {
		return nil, err
	}
	if min(s.Index.Shards, s.Index.Replication, s.Index.WriteConsistency) < 0 {
		return nil, errUsage{errors.New("--index-shards, --index-replication, --index-write-consistency는 0이나 그보다 큰 수로 적어 주세요")}
	}
	opt := qdrant.Options{URL: s.Index.URL, Key: key, CAFile: s.Index.CAFile, Collection: s.Index.Collection, Space: space, Rules: rules, ReadOnly: use == reading,
		Shards: s.Index.Shards, Replication: s.Index.Replication, WriteConsistency: s.Index.WriteConsistency}
	switch use {
	case rebuilding:
		return some[*qdrant.Builder](qdrant.Rebuild(ctx, lg, opt))
	case scratch:
		return some[*qdrant.Builder](qdrant.Scratch(ctx, lg, opt))
	}
	return some[*qdrant.Index](qdrant.Open(ctx, lg, opt))
}

// some is x, or no index where err says that there is none.
func some[X index.Index](x X, err error) (index.Index, error) {
	if err != nil {
		return nil, err
	}
	return x, nil
}

// verify says what is wrong with an index.
func verify(ctx context.Context, x index.Index) error {
	if v, ok := x.(interface{ Verify(context.Context) error }); ok {
		return v.Verify(ctx)
	}
	return fmt.Errorf("no way to verify %T", x)
}
