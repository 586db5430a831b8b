package qdrant

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/qdrant/go-client/qdrant"
	"google.golang.org/protobuf/proto"
)

// maxRequest bounds what one request sends, in bytes: servers take 32 MB.
const maxRequest = 8 << 20

// apply does the operations in order, each once the one before it is applied by
// the replicas that must have it. The order is kept by a leader that the cluster
// elects: with a fixed leader (strong ordering) nothing could be written while
// its node is away, and one writer that waits needs no more.
func (x *Index) apply(ctx context.Context, collection string, operations ...*qdrant.PointsUpdateOperation) error {
	operations = slices.DeleteFunc(operations, func(o *qdrant.PointsUpdateOperation) bool {
		gone := o.GetDeletePoints().GetPoints().GetPoints()
		return gone != nil && len(gone.GetIds()) == 0 // the server refuses to do nothing
	})
	for len(operations) > 0 {
		n := fitting(operations)
		results, err := x.client.UpdateBatch(ctx, &qdrant.UpdateBatchPoints{CollectionName: collection, Wait: qdrant.PtrOf(true),
			Operations: operations[:n], Ordering: &qdrant.WriteOrdering{Type: qdrant.WriteOrderingType_Medium}})
		if err != nil {
			return err
		}
		if len(results) != n {
			return errors.New("the server did not confirm the write")
		}
		for _, r := range results {
			if r.GetStatus() != qdrant.UpdateStatus_Completed {
				return fmt.Errorf("the server did not confirm the write (%v)", r.GetStatus())
			}
		}
		operations = operations[n:]
	}
	return nil
}

// fitting is how many of the first messages one request may send: one at least.
func fitting[M proto.Message](messages []M) int {
	n, size := 0, 0
	for ; n < len(messages); n++ {
		if size += proto.Size(messages[n]); n > 0 && size > maxRequest {
			break
		}
	}
	return n
}

func upsertAll(points []*qdrant.PointStruct) *qdrant.PointsUpdateOperation {
	return qdrant.NewPointsUpdateUpsert(&qdrant.PointsUpdateOperation_PointStructList{Points: points})
}

// upsert writes a point of values that encode and check have found fit.
func upsert(id *qdrant.PointId, vectors *qdrant.Vectors, payload map[string]any) *qdrant.PointsUpdateOperation {
	if vectors == nil {
		vectors = qdrant.NewVectorsMap(nil)
	}
	return upsertAll([]*qdrant.PointStruct{{Id: id, Payload: qdrant.NewValueMap(payload), Vectors: vectors}})
}

func setPayload(which *qdrant.PointsSelector, payload map[string]any) *qdrant.PointsUpdateOperation {
	return qdrant.NewPointsUpdateSetPayload(&qdrant.PointsUpdateOperation_SetPayload{PointsSelector: which, Payload: qdrant.NewValueMap(payload)})
}

func remove(which *qdrant.PointsSelector) *qdrant.PointsUpdateOperation {
	return qdrant.NewPointsUpdateDeletePoints(&qdrant.PointsUpdateOperation_DeletePoints{Points: which})
}

// removeChunks deletes the n chunks of a revision.
func removeChunks(doc string, revision int64, n int) *qdrant.PointsUpdateOperation {
	return remove(qdrant.NewPointsSelectorIDs(chunkPoints(doc, revision, 0, n)))
}
