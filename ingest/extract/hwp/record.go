package hwp

import (
	"errors"
	"iter"
	"unicode/utf16"
)

// Limits of one stream. Levels seen go to 9.
const (
	maxRecords = 1 << 20
	maxLevel   = 64
)

var errRecord = errors.New("record runs past the end of its stream")

// A tag says what a record holds.
type tag uint16

const (
	tagProperties tag = 16 + iota
	tagIDMappings
	tagBinData
	tagFaceName
	tagBorderFill
	tagCharShape
	tagTabDef
	tagNumbering
	tagBullet
	tagParaShape
	tagStyle
	_
	tagDistribute
)

const tagTrackChange tag = 96

const (
	tagParaHeader     tag = 66
	tagParaText       tag = 67
	tagCtrlHeader     tag = 71
	tagListHeader     tag = 72
	tagShapeComponent tag = 76
	tagTable          tag = 77
	tagEquation       tag = 88
	tagTextArt        tag = 90
	tagForm           tag = 91
	tagMemoList       tag = 93
)

// A record is one unit of a stream. Records form a tree by their levels: below a
// record stand those that follow it with a higher level.
type record struct {
	tag   tag
	level int
	data  fields
}

// records cuts a stream. With an error come the records before the damage.
func records(b []byte) ([]record, error) {
	var out []record
	for len(b) >= 4 {
		head := le.Uint32(b)
		b = b[4:]
		size := int(head >> 20)
		if size == 0xfff {
			if len(b) < 4 {
				return out, errRecord
			}
			size = int(le.Uint32(b))
			b = b[4:]
		}
		level := int(head >> 10 & 0x3ff)
		if size > len(b) || level > maxLevel || len(out) >= maxRecords {
			return out, errRecord
		}
		out = append(out, record{tag(head & 0x3ff), level, fields(b[:size])})
		b = b[size:]
	}
	return out, nil
}

// trees splits records into the first of each tree and the records below it.
func trees(recs []record) iter.Seq2[record, []record] {
	return func(yield func(record, []record) bool) {
		for len(recs) > 0 {
			n := 1
			for n < len(recs) && recs[n].level > recs[0].level {
				n++
			}
			if !yield(recs[0], recs[1:n]) {
				return
			}
			recs = recs[n:]
		}
	}
}

// fields are the bytes of a record. Newer versions have more of them: a field
// that is not there reads as zero.
type fields []byte

func (f fields) u8(at int) int {
	if at < len(f) {
		return int(f[at])
	}
	return 0
}

func (f fields) u16(at int) int {
	if at+2 <= len(f) {
		return int(le.Uint16(f[at:]))
	}
	return 0
}

func (f fields) u32(at int) uint32 {
	if at+4 <= len(f) {
		return le.Uint32(f[at:])
	}
	return 0
}

// text is the string whose length in UTF-16 units stands at the given place, and
// the place after it.
func (f fields) text(at int) (string, int) {
	end := at + 2 + 2*f.u16(at)
	if at+2 > len(f) || end > len(f) {
		return "", len(f)
	}
	return utf16String(f[at+2 : end]), end
}

func utf16String(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = le.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}
