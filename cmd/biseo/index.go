package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

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
	space := ""
	if e != nil {
		space = e.Space()
	}
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
