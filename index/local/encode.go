package local

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
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

// dates are the first day and the day after the last of each chunk of a document.
type dates [][2]*int64

// datesOf is nil if no chunk has dates of its own, as in most documents.
func datesOf(chunks []index.Chunk) dates {
	var d dates
	for i, c := range chunks {
		if c.From.IsZero() && c.Until.IsZero() {
			continue
		}
		if d == nil {
			d = make(dates, len(chunks))
		}
		d[i] = [2]*int64{dayOf(c.From), dayOf(c.Until)}
	}
	return d
}

// packKeys writes ascending keys as the distances between them.
func packKeys(keys []int64) []byte {
	b := make([]byte, 0, len(keys)+8)
	var last int64
	for _, key := range keys {
		b = binary.AppendUvarint(b, uint64(key-last))
		last = key
	}
	return b
}

func unpackKeys(b []byte) ([]int64, error) {
	keys := make([]int64, 0, len(b))
	var last int64
	for len(b) > 0 {
		v, n := binary.Uvarint(b)
		if n <= 0 || v == 0 || v > math.MaxInt64/2 {
			return nil, errors.New("stored keys are damaged")
		}
		last += int64(v)
		keys = append(keys, last)
		b = b[n:]
	}
	if len(keys) == 0 {
		return nil, errors.New("stored keys are missing")
	}
	return keys, nil
}

// A list of strings in one, for there are many.
type stringList struct {
	all  string
	ends []uint32
}

func (l stringList) at(i int) string {
	start := uint32(0)
	if i > 0 {
		start = l.ends[i-1]
	}
	return l.all[start:l.ends[i]]
}

// packStrings writes each string behind its length.
func packStrings(list []string) []byte {
	var b []byte
	for _, s := range list {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// unpackStrings reads n strings.
func unpackStrings(b []byte, n int) (stringList, error) {
	l := stringList{ends: make([]uint32, 0, n)}
	all := make([]byte, 0, len(b))
	for len(b) > 0 {
		v, size := binary.Uvarint(b)
		if size <= 0 || v > uint64(len(b)-size) {
			break
		}
		all = append(all, b[size:size+int(v)]...)
		b = b[size+int(v):]
		l.ends = append(l.ends, uint32(len(all)))
	}
	if len(b) > 0 || len(l.ends) != n {
		return l, errors.New("stored chunk IDs are damaged")
	}
	l.all = string(all)
	return l, nil
}
