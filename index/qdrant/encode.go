package qdrant

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/qdrant/go-client/qdrant"

	"biseo/index"
)

// pointID is the UUIDv5 of what a point holds: writing the same thing again
// writes the same point.
func pointID(format string, args ...any) *qdrant.PointId {
	return qdrant.NewIDUUID(uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "biseo:qdrant:"+format, args...)).String())
}

var metaID = pointID("meta")

func changeID(commit int64) *qdrant.PointId { return pointID("change:%d", commit) }
func pieceID(upto int64, i int) *qdrant.PointId {
	return pointID("frequencies:%d#%d", upto, i)
}

// The point of a chunk is named by three numbers that a search would otherwise have
// to read with every candidate: the first 44 bits of the chunk's ID, so that points
// are in the order of chunk IDs; 60 bits of a hash of the document's ID; and the last
// 24 bits of the revision. The point of the document has 0 for the first and the last.
const (
	chunkBits    = 44
	docBits      = 60
	revisionBits = 24
)

type place struct{ chunk, doc, revision uint64 }

func (p place) id() *qdrant.PointId {
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[:8], p.chunk<<(64-chunkBits)|p.doc>>(64-revisionBits))
	binary.BigEndian.PutUint64(u[8:], p.doc<<revisionBits|p.revision)
	return qdrant.NewIDUUID(u.String())
}

// placeOf reads what id wrote.
func placeOf(id *qdrant.PointId) place {
	u, _ := uuid.Parse(id.GetUuid())
	high, low := binary.BigEndian.Uint64(u[:8]), binary.BigEndian.Uint64(u[8:])
	return place{chunk: high >> (64 - chunkBits),
		doc:      (high<<(64-revisionBits) | low>>revisionBits) & (1<<docBits - 1),
		revision: low & (1<<revisionBits - 1)}
}

// docKey is the hash of a document's ID in the points of its chunks.
func docKey(id string) uint64 {
	h := sha256.Sum256([]byte(id))
	return binary.BigEndian.Uint64(h[:]) >> (64 - docBits)
}

func docID(key uint64) *qdrant.PointId { return place{doc: key}.id() }

// chunkPoints are the points of the chunks at positions from to to of a revision.
func chunkPoints(doc string, revision int64, from, to int) []*qdrant.PointId {
	p := place{doc: docKey(doc), revision: lastBits(revision)}
	var ids []*qdrant.PointId
	for at := from; at < to; at++ {
		u := uuid.MustParse(index.ChunkID(doc, at))
		p.chunk = binary.BigEndian.Uint64(u[:8]) >> (64 - chunkBits)
		ids = append(ids, p.id())
	}
	return ids
}

func lastBits(revision int64) uint64 { return uint64(revision) & (1<<revisionBits - 1) }

// hashTerm is the dimension of a term in the sparse vector: FNV-1a of 64 bits
// folded to 32, which must never change. Of a million terms some hundred pairs
// share a dimension and count as one term.
func hashTerm(term string) uint32 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for i := range len(term) {
		h = (h ^ uint64(term[i])) * prime
	}
	return uint32(h>>32) ^ uint32(h)
}

// A termCount is how often a chunk holds the terms of one dimension.
type termCount struct {
	hash   uint32
	counts index.FieldCounts
}

// A record is a chunk made ready for storing.
type record struct {
	index.Chunk
	terms  []termCount // by hash
	length index.FieldCounts
}

func analyse(d index.Doc, chunks []index.Chunk) []record {
	records := make([]record, len(chunks))
	_ = parallel(len(chunks), func(i int) error {
		terms, length := index.CountTerms(d, chunks[i])
		all := make([]termCount, 0, len(terms))
		for term, counts := range terms {
			all = append(all, termCount{hashTerm(term), counts})
		}
		slices.SortFunc(all, func(a, b termCount) int { return cmp.Compare(a.hash, b.hash) })
		r := record{Chunk: chunks[i], length: length, terms: all[:0]}
		for _, t := range all {
			if last := len(r.terms) - 1; last < 0 || r.terms[last].hash != t.hash {
				r.terms = append(r.terms, t)
			} else {
				for f, n := range t.counts {
					r.terms[last].counts[f] += n
				}
			}
		}
		records[i] = r
		return nil
	})
	return records
}

// parallel calls f for 0 to n-1, a few at a time, and returns the first error.
func parallel(n int, f func(i int) error) error {
	errs := make([]error, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0), 4) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				errs[i] = f(i)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// A weight of the sparse vector carries, in the last bits of its mantissa, how often
// the term occurs in each field: of the weight itself two digits are left, enough to
// propose by. Chunks with greater counts tell them in their payload: see more.
var countBits = [len(index.FieldCounts{})]int{2, 3, 2, 8}

const packedBits = 2 + 3 + 2 + 8

func packWeight(weight float32, counts index.FieldCounts) float32 {
	code := uint32(0)
	for f, width := range countBits {
		code = code<<width | uint32(min(counts[f], 1<<width-1))
	}
	return math.Float32frombits(math.Float32bits(weight)>>packedBits<<packedBits | code)
}

func unpackWeight(weight float32) (counts index.FieldCounts) {
	code := math.Float32bits(weight)
	for f := len(countBits) - 1; f >= 0; f-- {
		counts[f] = int(code & (1<<countBits[f] - 1))
		code >>= countBits[f]
	}
	return counts
}

// sparse is a chunk as the vector words: each term with what it adds to a BM25 score
// for a weight of 1, and its counts. Nil for a chunk without terms.
func sparse(p index.BM25, averages index.Collection, r record) *qdrant.Vector {
	if len(r.terms) == 0 {
		return nil
	}
	hashes, weights := make([]uint32, len(r.terms)), make([]float32, len(r.terms))
	match := []index.Match{{Weight: 1}}
	for i, t := range r.terms {
		match[0].Counts = t.counts
		hashes[i], weights[i] = t.hash, packWeight(float32(p.Score(averages, r.length, match)), t.counts)
	}
	return qdrant.NewVectorSparse(hashes, weights)
}

// more are the counts that the weights of a chunk have no room for, as JSON; "" for
// nearly all chunks.
func (r record) more() string {
	cut := map[uint32]index.FieldCounts{}
	for _, t := range r.terms {
		if unpackWeight(packWeight(1, t.counts)) != t.counts {
			cut[t.hash] = t.counts
		}
	}
	if len(cut) == 0 {
		return ""
	}
	return encode(cut)
}

// readTerms reads the terms of a chunk and the lengths of its fields. It needs the
// vector words and the fields lengths and more.
func readTerms(p *qdrant.RetrievedPoint) (r record) {
	v, payload := p.GetVectors().GetVectors().GetVectors()[words], p.GetPayload()
	hashes, weights := v.GetSparse().GetIndices(), v.GetSparse().GetValues()
	if v.GetSparse() == nil { // as servers before 1.18 write it
		//lint:ignore SA1019 those servers know no other form
		hashes, weights = v.GetIndices().GetData(), v.GetData()
	}
	var cut map[uint32]index.FieldCounts
	if s := payload["more"].GetStringValue(); s != "" {
		_ = json.Unmarshal([]byte(s), &cut) // of no chunk that this program wrote
	}
	r.terms = make([]termCount, min(len(hashes), len(weights)))
	for i := range r.terms {
		counts, ok := cut[hashes[i]]
		if !ok {
			counts = unpackWeight(weights[i])
		}
		r.terms[i] = termCount{hashes[i], counts}
	}
	for f, v := range payload["lengths"].GetListValue().GetValues() {
		if f < len(r.length) {
			r.length[f] = int(v.GetIntegerValue())
		}
	}
	return r
}

// readVectors reads a vector, or those of a multivector, of length dim.
func readVectors(v *qdrant.VectorOutput, dim int) (all [][]float32) {
	if one := v.GetDense(); one != nil {
		return [][]float32{one.GetData()}
	}
	for _, one := range v.GetMultiDense().GetVectors() {
		all = append(all, one.GetData())
	}
	if all == nil && dim > 0 {
		//lint:ignore SA1019 as servers before 1.18 write them, one after the other
		all = slices.Collect(slices.Chunk(v.GetData(), dim))
	}
	return all
}

// lengths are the lengths of the fields of a chunk, as it stands in its payload.
// They are no dimensions of the vector: the server's work on a dimension that every
// chunk has grows with their number.
func lengths(n index.FieldCounts) []any {
	all := make([]any, len(n))
	for f, v := range n {
		all[f] = v
	}
	return all
}

// A reader reads varints; bad once the bytes have ended too early.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// body is what of a chunk only a reader of the chunk needs, as JSON.
type body struct {
	Path  []string  `json:"path,omitempty"`
	Cite  string    `json:"cite,omitempty"`
	Text  string    `json:"text"`
	Start int       `json:"start"`
	Page  int       `json:"page,omitempty"`
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
	Links []string  `json:"links,omitempty"`
}

func (r record) body() string {
	return encode(body{r.Path, r.Cite, r.Text, r.Start, r.Page, r.From, r.Until, r.Links})
}

// readChunk reads a chunk from the payload of its point.
func readChunk(p map[string]*qdrant.Value) (index.Chunk, error) {
	var b body
	err := json.Unmarshal([]byte(p["body"].GetStringValue()), &b)
	return index.Chunk{ID: p["id"].GetStringValue(), DocID: p["doc"].GetStringValue(), Path: b.Path, Cite: b.Cite, Text: b.Text,
		Start: b.Start, Page: b.Page, From: b.From, Until: b.Until, Links: b.Links}, err
}

// encode is the JSON of values that check has found fit, so that it cannot fail.
func encode(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

const (
	secondsPerDay = 24 * 60 * 60
	everBefore    = math.MinInt32 // the day of a beginning without date
	everAfter     = math.MaxInt32 // the day of an end without date
)

func dayOf(t time.Time) int64 { return int64(math.Floor(float64(t.Unix()) / secondsPerDay)) }

// span is when a chunk is in force: from the later of the beginnings until the
// earlier of the ends of document and chunk, in days since 1970-01-01.
func span(d index.Doc, from, until time.Time) (first, end int64) {
	first, end = everBefore, everAfter
	for _, t := range []time.Time{d.From, from} {
		if !t.IsZero() {
			first = max(first, dayOf(t))
		}
	}
	for _, t := range []time.Time{d.Until, until} {
		if !t.IsZero() {
			end = min(end, dayOf(t))
		}
	}
	return first, end
}
