// Package qdrant keeps an index in a collection of a Qdrant server or cluster,
// over gRPC: for more chunks than one machine holds, and for several machines.
//
// Start with [Open]. Options.Collection is an alias; the collections behind it are
// numbered, one for each generation, and [Rebuild] fills the next one beside the
// live one. One collection holds everything: a point for each chunk with its
// vectors, and points without vectors for each document, for the latest changes
// and for the document frequencies.
//
// The point of a document names the revision of its chunks that counts. A
// replacement writes chunks of a new revision, then that one point, then deletes
// the former chunks (write.go). A search takes the chunks of the Scope from the
// engine, which ranks meaning by the vectors of their sentences (rank.go), ranks words
// by exact BM25 from the term counts kept with each chunk, and checks every hit with
// the point of its document, as for its revision and as for who may read it
// (search.go). The frequencies that BM25 needs are kept in memory and follow the
// changes (frequencies.go).
package qdrant

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/qdrant/go-client/qdrant"

	"biseo/index"
)

// Options says how an index is built and opened.
type Options struct {
	URL        string // qdrant://host:6334, qdrants:// for TLS, or host:port; nodes of one cluster separated by commas
	Key        string // API key; "" for none
	CAFile     string // PEM file of the authority that signed the server's certificate; "" for those of the system
	Collection string // alias of the collection; "" means biseo

	Space    string        // embedding space, "model/dimension" such as "bge-m3/1024"; "" for none
	Rules    string        // version of the rules for terms and for splitting
	ReadOnly bool          // open an existing index, never write to it
	Wait     time.Duration // how long a write waits for another writer, or for a node that is away; 0 means 10 s
	BM25     index.BM25    // the zero value means index.DefaultBM25
	Fusion   index.Fusion  // the zero value means index.FusionFor each query

	// Of a collection when it is made; 0 leaves it to the server.
	Shards           int
	Replication      int // copies of each shard
	WriteConsistency int // copies that must have a write before it counts
}

// schema is the version of the points. Space, Rules and schema together are the
// fingerprint of an index.
const schema = "2"

// Index is an [index.Index] in a collection. It follows the alias: when another
// process has rebuilt the index, the next call reads the new generation.
type Index struct {
	lg     *slog.Logger
	opt    Options
	client *qdrant.Client
	name   string       // what reads ask: the alias, or the collection of a generation being built
	head   atomic.Int64 // the latest change known to be complete
	writer writer

	mu    sync.Mutex
	meta  *meta // of the live generation
	stale error // why this program may not search it or write to it, or nil

	freq frequencies

	patience              time.Duration // of a read; tests shorten it
	unfiltered, unchecked bool          // tests take away one of the two checks of rights
}

var _ index.Index = (*Index)(nil)

// Open connects to the index, and creates it unless opt.ReadOnly. An index that
// was built with another Space or Rules opens, but only [Index.Docs] works on it:
// other calls return [index.ErrFingerprint] until it is rebuilt. Without an index,
// a read-only Open returns an error that is [fs.ErrNotExist]. A collection that is
// not ours is refused and left as it is.
func Open(ctx context.Context, lg *slog.Logger, opt Options) (*Index, error) {
	x, err := prepare(ctx, lg, opt)
	if err != nil {
		return nil, err
	}
	live, err := x.live(ctx)
	if err == nil && live == "" {
		if opt.ReadOnly {
			err = sentence{"it does not exist, run biseo ingest first", fs.ErrNotExist}
		} else {
			err = x.start(ctx)
		}
	}
	if err == nil {
		err = x.identify(ctx)
	}
	if err != nil {
		return nil, errors.Join(x.explain(ctx, err), x.client.Close())
	}
	return x, nil
}

// prepare connects and asks the server who it is.
func prepare(ctx context.Context, lg *slog.Logger, opt Options) (*Index, error) {
	if opt.Wait == 0 {
		opt.Wait = 10 * time.Second
	}
	if opt.Collection == "" {
		opt.Collection = "biseo"
	}
	if opt.BM25 == (index.BM25{}) {
		opt.BM25 = index.DefaultBM25()
	}
	if !regexp.MustCompile(`^[\p{L}\p{N}._-]{1,100}$`).MatchString(opt.Collection) {
		return nil, fmt.Errorf("collection %q: want letters, digits, hyphens and dots, 100 at most", opt.Collection)
	}
	if opt.Shards < 0 || opt.Replication < 0 || opt.WriteConsistency < 0 {
		return nil, errors.New("index: shards, replication and write consistency cannot be below 0")
	}
	if opt.Replication > 0 && opt.WriteConsistency > opt.Replication {
		return nil, fmt.Errorf("index: write consistency %d asks for more copies than the %d that replication makes", opt.WriteConsistency, opt.Replication)
	}
	if _, err := index.Dimension(opt.Space); err != nil {
		return nil, err
	}
	client, err := connect(opt)
	if err != nil {
		return nil, err
	}
	x := &Index{lg: lg, opt: opt, client: client, name: opt.Collection, patience: readTime}
	x.writer = writer{x: x, turn: make(chan struct{}, 1), owner: uuid.NewString()}
	h, err := client.HealthCheck(ctx)
	if err == nil {
		err = checkVersion(h.GetVersion())
	}
	if err != nil {
		return nil, errors.Join(x.explain(ctx, err), client.Close())
	}
	return x, nil
}

// live is the collection that the alias names; "" if there is none.
func (x *Index) live(ctx context.Context) (string, error) {
	aliases, err := x.client.ListAliases(ctx)
	if err != nil {
		return "", err
	}
	for _, a := range aliases {
		if a.GetAliasName() == x.opt.Collection {
			return a.GetCollectionName(), nil
		}
	}
	taken, err := x.client.CollectionExists(ctx, x.opt.Collection)
	if err == nil && taken {
		err = errForeign
	}
	return "", err
}

var errForeign = errors.New("the collection belongs to another program: choose another name for the index")

// meta is the point that marks a collection as ours.
type meta struct {
	space, rules, schema string
	first                int64 // changes are numbered from here
	upto                 int64 // the last change that the stored frequencies know
	pieces, size         int64 // of the stored frequencies: points and bytes
	owner                string
	lease                int64 // until when owner may write, in Unix milliseconds
}

func (x *Index) readMeta(ctx context.Context, collection string) (*meta, error) {
	points, err := x.get(ctx, collection, []*qdrant.PointId{metaID}, true)
	if err != nil {
		return nil, err
	}
	if len(points) == 0 {
		return nil, errForeign
	}
	p := points[0].GetPayload()
	return &meta{
		space: p["space"].GetStringValue(), rules: p["rules"].GetStringValue(), schema: p["schema"].GetStringValue(),
		first: p["first"].GetIntegerValue(), upto: p["upto"].GetIntegerValue(),
		pieces: p["pieces"].GetIntegerValue(), size: p["size"].GetIntegerValue(),
		owner: p["owner"].GetStringValue(), lease: p["lease"].GetIntegerValue(),
	}, nil
}

// identify reads the fingerprint of the live generation and compares it with that
// of the options.
func (x *Index) identify(ctx context.Context) error {
	m, err := x.readMeta(ctx, x.name)
	if err != nil {
		return err
	}
	dim, err := index.Dimension(m.space)
	if err != nil {
		return err
	}
	info, err := x.client.GetCollectionInfo(ctx, x.name)
	if err != nil {
		return err
	}
	params := info.GetConfig().GetParams()
	size := params.GetVectorsConfig().GetParamsMap().GetMap()[dense].GetSize()
	if _, ok := params.GetSparseVectorsConfig().GetMap()[words]; !ok || int(size) != dim {
		return fmt.Errorf("its vectors have %d dimensions where its embedding space is %q: run biseo ingest --rebuild", size, m.space)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.meta, x.stale = m, nil
	const format = "embedding space %q, rules %q, points %s"
	stored := fmt.Sprintf(format, m.space, m.rules, m.schema)
	if wanted := fmt.Sprintf(format, x.opt.Space, x.opt.Rules, schema); stored != wanted {
		x.stale = fmt.Errorf("the index has %s, but this program is set to %s: %w", stored, wanted, index.ErrFingerprint)
	}
	return nil
}

// fit returns the length of vectors, or why the index cannot be used.
func (x *Index) fit() (dim int, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.stale != nil {
		return 0, x.stale
	}
	return index.Dimension(x.meta.space)
}

// Space is the embedding space that the index was built with.
func (x *Index) Space() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.meta.space
}

// Close gives up the right to write and closes the connections.
func (x *Index) Close() error {
	x.writer.release()
	return x.client.Close()
}

// get reads points, in no order.
func (x *Index) get(ctx context.Context, collection string, ids []*qdrant.PointId, all bool, fields ...string) ([]*qdrant.RetrievedPoint, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	payload := qdrant.NewWithPayload(true)
	if !all {
		payload = qdrant.NewWithPayloadInclude(fields...)
	}
	return x.client.Get(ctx, &qdrant.GetPoints{CollectionName: collection, Ids: ids, WithPayload: payload})
}

// otherTypes are the types of points that are no chunks, which have none.
var otherTypes = []string{"meta", "document", "change", "frequencies"}

const (
	dense     = "dense"     // the vector by which meaning proposes
	sentences = "sentences" // the vectors by which meaning ranks: of the sentences, or else dense alone
	words     = "words"     // the vector by which words propose
)

// Verify counts: the points of chunks must be those that the documents have, and
// their number the one that the frequencies hold. On an index that must be rebuilt
// it is [index.ErrFingerprint].
func (x *Index) Verify(ctx context.Context) error {
	if _, err := x.fit(); err != nil {
		return err
	}
	return x.explain(ctx, x.verify(ctx))
}

func (x *Index) verify(ctx context.Context) error {
	if err := x.load(ctx); err != nil {
		return err
	}
	x.freq.mu.Lock()
	counted := x.freq.tally.all.Chunks
	x.freq.mu.Unlock()
	ids, err := x.docIDs(ctx)
	if err != nil {
		return err
	}
	chunks := 0
	for page := range slices.Chunk(ids, 500) {
		docs, err := x.storedDocs(ctx, page)
		if err != nil {
			return err
		}
		for _, s := range docs {
			chunks += s.n
		}
	}
	points, err := x.client.Count(ctx, &qdrant.CountPoints{CollectionName: x.name, Exact: qdrant.PtrOf(true), Filter: &qdrant.Filter{
		MustNot: []*qdrant.Condition{qdrant.NewMatchKeywords("type", otherTypes...)}}})
	if err != nil {
		return err
	}
	if chunks != counted || int(points) != chunks {
		return fmt.Errorf("its documents have %d chunks, its frequencies count %d, and it holds %d: if nobody is writing to it, run biseo ingest --rebuild", chunks, counted, points)
	}
	return nil
}
