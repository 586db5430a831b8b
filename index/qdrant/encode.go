package qdrant

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"
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

func docID(id string) *qdrant.PointId       { return pointID("doc:%s", id) }
func changeID(commit int64) *qdrant.PointId { return pointID("change:%d", commit) }
func pieceID(upto int64, i int) *qdrant.PointId {
	return pointID("frequencies:%d#%d", upto, i)
}

// chunkID is the point of the chunk at a position of a revision of a document.
func chunkID(doc string, revision int64, at int) *qdrant.PointId {
	return pointID("chunk:%s@%d#%d", doc, revision, at)
}

func chunkIDs(doc string, revision int64, from, to int) []*qdrant.PointId {
	var ids []*qdrant.PointId
	for at := from; at < to; at++ {
		ids = append(ids, chunkID(doc, revision, at))
	}
	return ids
}

// hashTerm is the dimension of a term in the sparse vector: FNV-1a of 64 bits
// folded to 32, which must never change. Of a million terms some hundred pairs
// share a dimension and count as one term.
func hashTerm(term string) uint32 {
	h := fnv.New64a()
	h.Write([]byte(term))
	v := h.Sum64()
	return uint32(v>>32) ^ uint32(v)
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
	for i, c := range chunks {
		terms, length := index.CountTerms(d, c)
		byHash := make(map[uint32]index.FieldCounts, len(terms))
		for term, counts := range terms {
			h := hashTerm(term)
			sum := byHash[h]
			for f, n := range counts {
				sum[f] += n
			}
			byHash[h] = sum
		}
		r := record{Chunk: c, length: length, terms: make([]termCount, 0, len(byHash))}
		for _, h := range slices.Sorted(maps.Keys(byHash)) {
			r.terms = append(r.terms, termCount{h, byHash[h]})
		}
		records[i] = r
	}
	return records
}

// once is the count of a term that occurs once, in the text, as most do.
var once = index.FieldCounts{len(index.FieldCounts{}) - 1: 1}

// packTerms packs what exact BM25 needs to know of a chunk, as text: the length
// of each field, then for each term the step from the hash before it, times 2,
// plus 1 if the counts of all fields follow; otherwise the count is once.
func packTerms(terms []termCount, length index.FieldCounts) string {
	b := make([]byte, 0, 5*len(terms)+8)
	for _, n := range length {
		b = binary.AppendUvarint(b, uint64(n))
	}
	last := uint32(0)
	for _, t := range terms {
		head := uint64(t.hash-last) << 1
		last = t.hash
		if t.counts == once {
			b = binary.AppendUvarint(b, head)
			continue
		}
		b = binary.AppendUvarint(b, head|1)
		for _, n := range t.counts {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	return base64.RawStdEncoding.EncodeToString(b)
}

var errDamaged = errors.New("stored terms are damaged, run biseo ingest --rebuild")

// unpackTerms calls each with what packTerms packed, by hash.
func unpackTerms(s string, each func(hash uint32, counts index.FieldCounts)) (length index.FieldCounts, err error) {
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return length, errDamaged
	}
	r := reader{b: b}
	counts := func() (c index.FieldCounts) {
		for f := range c {
			c[f] = int(min(r.uint(), math.MaxInt32))
		}
		return c
	}
	length = counts()
	hash := uint32(0)
	for len(r.b) > 0 && !r.bad {
		head := r.uint()
		hash += uint32(head >> 1)
		if head&1 == 1 {
			each(hash, counts())
		} else {
			each(hash, once)
		}
	}
	if r.bad {
		return length, errDamaged
	}
	return length, nil
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

func decodeChunk(id, doc, stored string) (index.Chunk, error) {
	var b body
	err := json.Unmarshal([]byte(stored), &b)
	return index.Chunk{ID: id, DocID: doc, Path: b.Path, Cite: b.Cite, Text: b.Text, Start: b.Start, Page: b.Page,
		From: b.From, Until: b.Until, Links: b.Links}, err
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
