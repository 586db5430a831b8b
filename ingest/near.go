package ingest

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"math/bits"
	"regexp"
	"slices"
	"time"
	"unicode"

	"biseo/index"
)

// sketchBins is the length of a sketch in bytes.
const sketchBins = 128

// leastPairs is how many pairs of words a text must have to be compared: shorter
// texts, such as forms with nothing but labels, are alike by chance.
const leastPairs = 40

// Sketch reduces a text to 128 bytes by which [Alike] estimates how much two
// texts have in common, numbers left out, so that a monthly report and that of
// the next month are alike. It is the one-permutation MinHash (Li, Owen, Zhang:
// One Permutation Hashing, NIPS 2012) of the pairs of successive words, with the
// lowest byte of each minimum kept (Li, König: b-Bit Minwise Hashing, WWW 2010)
// and 0 for an empty bin. It is nil for texts of fewer than 40 pairs.
func Sketch(text string) []byte {
	var least [sketchBins]uint64
	for i := range least {
		least[i] = ^uint64(0)
	}
	pairs := 0
	var before uint64
	h := fnv.New64a()
	var word []byte
	end := func() {
		if len(word) == 0 {
			return
		}
		h.Reset()
		h.Write(word)
		this := h.Sum64()
		if before != 0 {
			sum := mix(before*3 + this)
			bin := sum >> 57
			least[bin] = min(least[bin], sum<<7>>7)
			pairs++
		}
		before, word = this, word[:0]
	}
	for _, r := range text {
		if unicode.IsLetter(r) {
			word = append(word, string(r)...)
		} else {
			end()
		}
	}
	end()
	if pairs < leastPairs {
		return nil
	}
	sketch := make([]byte, sketchBins)
	for i, m := range least {
		if m != ^uint64(0) {
			sketch[i] = byte(m%255) + 1
		}
	}
	return sketch
}

// mix spreads the bits of x (Steele, Lea, Flood: SplitMix64, OOPSLA 2014).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Alike estimates from two sketches what part of the word pairs of both texts
// together they share: 0 to 1 (Jaccard similarity), 0 without a sketch.
func Alike(a, b []byte) float64 {
	if len(a) != sketchBins || len(b) != sketchBins {
		return 0
	}
	equal, empty := 0, 0
	for i := 0; i < sketchBins; i += 8 {
		x, y := binary.LittleEndian.Uint64(a[i:]), binary.LittleEndian.Uint64(b[i:])
		equal += zeroBytes(x ^ y)
		empty += zeroBytes(x | y)
	}
	if empty == sketchBins {
		return 0
	}
	share := float64(equal-empty) / float64(sketchBins-empty)
	return max(0, (share-1.0/255)/(1-1.0/255)) // what agrees by chance taken away
}

// zeroBytes counts the bytes of x that are 0.
func zeroBytes(x uint64) int {
	const low = 0x7f7f7f7f7f7f7f7f
	return bits.OnesCount64(^((x&low + low) | x | low))
}

// nearIdentical is from what [Alike] on two documents count as the same one with
// other dates and amounts.
const nearIdentical = 0.8

// newest finds for each document the newest one that is near-identical to it and
// newer than it, by (Dated or From, ID); "" for most. Versions of one Work are no
// such documents, nor is what other readers may see.
func newest(docs []index.Doc) []string {
	order := make([]int, len(docs)) // newest first
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(bears(docs[b]).Compare(bears(docs[a])), cmp.Compare(docs[b].ID, docs[a].ID))
	})
	best := make([]int, len(docs)) // position in order
	for i := range best {
		best[i] = len(docs)
	}
	// Near-identical sketches agree in all bytes of some band of 6, but for one
	// pair in a hundred at .8: only those are compared.
	const band = 6
	type member struct {
		key uint64
		at  int // position in order
	}
	members := make([]member, 0, len(docs))
	for from := 0; from+band <= sketchBins; from += band {
		members = members[:0]
		for at, i := range order {
			if len(docs[i].Sketch) == sketchBins {
				b := docs[i].Sketch[from : from+band]
				members = append(members, member{uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40, at})
			}
		}
		slices.SortFunc(members, func(a, b member) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.at, b.at)) })
		start := 0
		for n, m := range members {
			if m.key != members[start].key {
				start = n
			}
			d := docs[order[m.at]]
			for _, o := range members[start:n] {
				if o.at >= best[order[m.at]] {
					break
				}
				if twins(d, docs[order[o.at]]) {
					best[order[m.at]] = o.at
					break
				}
			}
		}
	}
	out := make([]string, len(docs))
	for i, at := range best {
		if at < len(docs) {
			out[i] = docs[order[at]].ID
		}
	}
	return out
}

// bears is the day by which documents that repeat each other are ordered.
func bears(d index.Doc) time.Time {
	if d.Dated.IsZero() {
		return d.From
	}
	return d.Dated
}

var dateOfField = regexp.MustCompile(`(\d{4})[.-] ?(\d{1,2})[.-] ?(\d{1,2})`)

// dated is the day that fields of a document say it bears; zero if they say none.
func dated(fields []Field) time.Time {
	for _, name := range []string{"시행일자", "답변일", "보도시점", "배포"} {
		m := dateOfField.FindStringSubmatch(FieldValue(fields, name))
		if m == nil {
			continue
		}
		if t, err := time.Parse("2006-1-2", m[1]+"-"+m[2]+"-"+m[3]); err == nil {
			return t
		}
	}
	return time.Time{}
}

func twins(a, b index.Doc) bool {
	return a.Work != b.Work && a.Kind == b.Kind && a.Grade == b.Grade && slices.Equal(a.Readers, b.Readers) &&
		(bytes.Equal(a.Sketch, b.Sketch) || Alike(a.Sketch, b.Sketch) >= nearIdentical)
}
