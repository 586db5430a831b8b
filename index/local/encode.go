package local

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"biseo/index"
)

// encode is the JSON of a document, a path or field counts: values that check has
// found fit, so that encoding cannot fail.
func encode(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

const secondsPerDay = 24 * 60 * 60

// dayOf is the form in which the date of a chunk is stored; nil for no date.
func dayOf(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	day := t.Unix() / secondsPerDay
	return &day
}

func timeOf(day *int64) time.Time {
	if day == nil {
		return time.Time{}
	}
	return time.Unix(*day*secondsPerDay, 0).UTC()
}

// packTerms packs what exact BM25 needs to know of a chunk: the length of each
// field, then each term in sorted order as
//
//	uvarint(2·len(term) + more), term
//
// and, if more is 1, the counts of all fields; otherwise the term occurs once, in
// the text, as most do.
func packTerms(terms map[string]index.FieldCounts, length index.FieldCounts) []byte {
	b := make([]byte, 0, 10*len(terms)+8)
	for _, n := range length {
		b = binary.AppendUvarint(b, uint64(n))
	}
	for _, term := range slices.Sorted(maps.Keys(terms)) {
		counts := terms[term]
		head := uint64(len(term)) << 1
		if counts != once {
			head |= 1
		}
		b = binary.AppendUvarint(b, head)
		b = append(b, term...)
		if counts != once {
			for _, n := range counts {
				b = binary.AppendUvarint(b, uint64(n))
			}
		}
	}
	return b
}

// once is the count of a term that occurs once, in the text.
var once = index.FieldCounts{len(index.FieldCounts{}) - 1: 1}

var errTerms = errors.New("stored terms are damaged")

// unpackTerms calls each with the terms that packTerms packed. The term is valid
// only during the call.
func unpackTerms(b []byte, each func(term []byte, counts index.FieldCounts)) (length index.FieldCounts, err error) {
	if b, err = unpackCounts(b, &length); err != nil {
		return length, err
	}
	for len(b) > 0 {
		head, n := binary.Uvarint(b)
		if n <= 0 || head>>1 > uint64(len(b)-n) {
			return length, errTerms
		}
		term := b[n : n+int(head>>1)]
		b = b[n+len(term):]
		counts := once
		if head&1 == 1 {
			if b, err = unpackCounts(b, &counts); err != nil {
				return length, err
			}
		}
		each(term, counts)
	}
	return length, nil
}

func unpackCounts(b []byte, counts *index.FieldCounts) ([]byte, error) {
	for f := range counts {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > math.MaxInt32 {
			return nil, errTerms
		}
		counts[f], b = int(v), b[n:]
	}
	return b, nil
}

// tokens is the text of the FTS5 row of a chunk: its terms, each one token.
func tokens(terms map[string]index.FieldCounts) string {
	var b strings.Builder
	for _, term := range slices.Sorted(maps.Keys(terms)) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		writeToken(&b, term)
	}
	return b.String()
}

// phrase is the FTS5 query for a term.
func phrase(term string) string {
	var b strings.Builder
	b.WriteByte('"')
	writeToken(&b, term)
	b.WriteByte('"')
	return b.String()
}

// writeToken writes a term as one token of FTS5's ascii tokenizer, another for
// each term: lower-case letters, digits and all outside ASCII stand for
// themselves, any other byte is _ and two hexadecimal digits.
func writeToken(b *strings.Builder, term string) {
	const digits = "0123456789abcdef"
	for i := range len(term) {
		c := term[i]
		if c >= 0x80 || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('_')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
}
