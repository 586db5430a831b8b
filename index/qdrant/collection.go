package qdrant

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"

	"biseo/index"
)

// start makes the first generation. Two processes may do so at once: whatever is
// there already stays.
func (x *Index) start(ctx context.Context) error {
	found, err := x.generations(ctx)
	if err != nil {
		return err
	}
	// Asked again: a Builder makes its collection only where a live one is.
	if live, err := x.live(ctx); err != nil || live != "" {
		return err
	}
	n := 1
	if len(found) > 0 { // one that never got its alias
		n = found[len(found)-1]
	}
	if _, err := x.create(ctx, n); err != nil {
		return err
	}
	if _, err = x.readMeta(ctx, x.generation(n)); errors.Is(err, errForeign) {
		err = x.mark(ctx, n, "", time.UnixMilli(0))
	}
	if err != nil {
		return err
	}
	if live, err := x.live(ctx); err != nil || live != "" {
		return err
	}
	err = x.client.CreateAlias(ctx, x.opt.Collection, x.generation(n))
	if live, again := x.live(ctx); again == nil && live != "" {
		return nil // whoever made it
	}
	return err
}

func (x *Index) generation(n int) string { return x.opt.Collection + "-" + strconv.Itoa(n) }

// generations lists the numbers of our collections, in order.
func (x *Index) generations(ctx context.Context) ([]int, error) {
	names, err := x.client.ListCollections(ctx)
	if err != nil {
		return nil, err
	}
	var found []int
	for _, name := range names {
		if after, ok := strings.CutPrefix(name, x.opt.Collection+"-"); ok {
			if n, err := strconv.Atoi(after); err == nil && n > 0 && name == x.generation(n) {
				found = append(found, n)
			}
		}
	}
	slices.Sort(found)
	return found, nil
}

// indexed are the payload fields that filters use, which strict mode wants indexed.
var indexed = map[string]*qdrant.PayloadIndexParams{
	"type":    qdrant.NewPayloadIndexParamsKeyword(&qdrant.KeywordIndexParams{}), // document, change, frequencies, meta; chunks have none
	"commit":  integers(true),                                                    // number of the change
	"owner":   qdrant.NewPayloadIndexParamsKeyword(&qdrant.KeywordIndexParams{}), // who may write
	"lease":   integers(true),                                                    // until when
	"id":      qdrant.NewPayloadIndexParamsUUID(&qdrant.UuidIndexParams{}),       // of a chunk
	"doc":     qdrant.NewPayloadIndexParamsKeyword(&qdrant.KeywordIndexParams{}),
	"readers": qdrant.NewPayloadIndexParamsKeyword(&qdrant.KeywordIndexParams{}),
	"grade":   integers(true),
	"from":    integers(true),
	"until":   integers(true),
	"kind":    qdrant.NewPayloadIndexParamsKeyword(&qdrant.KeywordIndexParams{}),
	"agency":  qdrant.NewPayloadIndexParamsKeyword(&qdrant.KeywordIndexParams{}),
}

func integers(ranges bool) *qdrant.PayloadIndexParams {
	return qdrant.NewPayloadIndexParamsInt(&qdrant.IntegerIndexParams{Lookup: qdrant.PtrOf(!ranges), Range: qdrant.PtrOf(ranges)})
}

// segments is how many parts each shard keeps its points in: what the server chooses
// where it has eight processors. It chooses two where it has two, and then half of its
// work is inserting the words of a chunk: for each it walks through all chunks of the
// part that hold it.
const segments = 8

// create makes the collection of generation n unless it is there, and reports whether
// it was this call that made it. [Index.mark] comes next.
func (x *Index) create(ctx context.Context, n int) (made bool, err error) {
	dim, err := index.Dimension(x.opt.Space)
	if err != nil {
		return false, err
	}
	name := x.generation(n)
	request := &qdrant.CreateCollection{
		CollectionName:      name,
		VectorsConfig:       qdrant.NewVectorsConfigMap(map[string]*qdrant.VectorParams{}),
		SparseVectorsConfig: qdrant.NewSparseVectorsConfig(map[string]*qdrant.SparseVectorParams{words: {}}), // weights are ours: no modifier
		OnDiskPayload:       qdrant.PtrOf(true),
		StrictModeConfig: &qdrant.StrictModeConfig{Enabled: qdrant.PtrOf(true),
			UnindexedFilteringRetrieve: qdrant.PtrOf(false), UnindexedFilteringUpdate: qdrant.PtrOf(false)},
		OptimizersConfig:       &qdrant.OptimizersConfigDiff{DefaultSegmentNumber: qdrant.PtrOf(uint64(segments))},
		ShardNumber:            positive(x.opt.Shards),
		ReplicationFactor:      positive(x.opt.Replication),
		WriteConsistencyFactor: positive(x.opt.WriteConsistency),
	}
	if dim > 0 {
		request.VectorsConfig = qdrant.NewVectorsConfigMap(map[string]*qdrant.VectorParams{
			dense: {Size: uint64(dim), Distance: qdrant.Distance_Cosine, OnDisk: qdrant.PtrOf(true),
				QuantizationConfig: qdrant.NewQuantizationScalar(&qdrant.ScalarQuantization{
					Type: qdrant.QuantizationType_Int8, AlwaysRam: qdrant.PtrOf(true)})},
			sentences: {Size: uint64(dim), Distance: qdrant.Distance_Cosine, OnDisk: qdrant.PtrOf(true), Datatype: qdrant.Datatype_Float16.Enum(),
				MultivectorConfig: &qdrant.MultiVectorConfig{Comparator: qdrant.MultiVectorComparator_MaxSim}, // of one query vector: the nearest
				HnswConfig:        &qdrant.HnswConfigDiff{M: qdrant.PtrOf(uint64(0))}},                        // only what was found is ranked: no graph
		})
	}
	err = x.client.CreateCollection(ctx, request)
	if err != nil && code(err) != codes.AlreadyExists {
		if exists, again := x.client.CollectionExists(ctx, name); again != nil || !exists {
			return false, err
		}
	}
	return err == nil, nil
}

// mark makes generation n one of ours: it indexes the fields and writes the point meta,
// with who may write and until when.
func (x *Index) mark(ctx context.Context, n int, owner string, lease time.Time) error {
	for field, params := range indexed { // done in order, before the point meta
		_, err := x.client.CreateFieldIndex(ctx, &qdrant.CreateFieldIndexCollection{CollectionName: x.generation(n), Wait: qdrant.PtrOf(false),
			FieldName: field, FieldType: fieldType(params), FieldIndexParams: params})
		if err != nil {
			return fmt.Errorf("index field %s: %w", field, err)
		}
	}
	first := int64(n) << 32 // later generations have later changes
	return x.apply(ctx, x.generation(n), upsert(metaID, nil, map[string]any{"type": "meta", "space": x.opt.Space, "rules": x.opt.Rules,
		"schema": schema, "first": first, "upto": first, "pieces": 0, "size": 0, "owner": owner, "lease": lease.UnixMilli()}))
}

func fieldType(p *qdrant.PayloadIndexParams) *qdrant.FieldType {
	switch p.GetIndexParams().(type) {
	case *qdrant.PayloadIndexParams_IntegerIndexParams:
		return qdrant.FieldType_FieldTypeInteger.Enum()
	case *qdrant.PayloadIndexParams_UuidIndexParams:
		return qdrant.FieldType_FieldTypeUuid.Enum()
	}
	return qdrant.FieldType_FieldTypeKeyword.Enum()
}

func positive(n int) *uint32 {
	if n == 0 {
		return nil
	}
	v := uint32(n)
	return &v
}
