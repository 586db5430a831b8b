package hwp

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// shapes are what paragraphs refer to by number.
type shapes struct {
	numberings []*Numbering
	bullets    []string
	paragraphs []paraShape
	styles     []int // heading level of each style; 0 for none
	tracked    bool
}

type paraShape struct {
	head  int // one of the kinds below
	level int // of head, from 0
	id    int // of a numbering or bullet, from 1
}

const (
	headOutline = 1
	headNumber  = 2
	headBullet  = 3
)

func readShapes(recs []record) *shapes {
	s := &shapes{}
	for _, r := range recs {
		switch r.tag {
		case tagNumbering:
			s.numberings = append(s.numberings, readNumbering(r.data))
		case tagBullet:
			mark := ""
			if c := rune(r.data.u16(12)); c > ' ' && !unicode.Is(unicode.Cs, c) && c != 0xffff {
				mark = string(c)
			}
			s.bullets = append(s.bullets, mark)
		case tagParaShape:
			attr := r.data.u32(0)
			p := paraShape{head: int(attr >> 23 & 3), level: int(attr >> 25 & 7), id: r.data.u16(30)}
			if len(r.data) >= 58 {
				p.level = int(min(r.data.u32(54), 9)) // attr has no room for levels 8 to 10
			}
			s.paragraphs = append(s.paragraphs, p)
		case tagStyle:
			name, at := r.data.text(0)
			english, _ := r.data.text(at)
			s.styles = append(s.styles, max(OutlineLevel(name), OutlineLevel(english)))
		case tagTrackChange:
			s.tracked = true
		}
	}
	return s
}

var outlineStyle = regexp.MustCompile(`^(?i:개요|outline)\s*(\d{1,2})$`)

// OutlineLevel is the heading level that the name of a style stands for, such as
// 개요 2 or Outline 2; 0 if none.
func OutlineLevel(style string) int {
	if g := outlineStyle.FindStringSubmatch(strings.TrimSpace(style)); g != nil {
		n, _ := strconv.Atoi(g[1])
		return n
	}
	return 0
}

func readNumbering(f fields) *Numbering {
	n := &Numbering{}
	at := 0
	level := func(i int) {
		n.Levels[i].Format = Format(f.u32(at) >> 5 & 15)
		n.Levels[i].Pattern, at = f.text(at + 12)
	}
	start := func(i int) {
		n.Levels[i].Start = max(1, int(min(f.u32(at), 1<<20)))
		at += 4
	}
	for i := range 7 {
		level(i)
	}
	at += 2 // the number that all start from, in versions without those below
	for i := range 7 {
		start(i)
	}
	for i := 7; i < 10; i++ {
		level(i)
	}
	for i := 7; i < 10; i++ {
		start(i)
	}
	return n
}

// numbering is the numbering of that number, from 1; nil if there is none.
func (s *shapes) numbering(id int) *Numbering {
	if id < 1 || id > len(s.numberings) {
		return nil
	}
	return s.numberings[id-1]
}

// apply notes what shape and style say about a paragraph. Outline paragraphs
// count by the numbering of their section.
func (s *shapes) apply(p *Paragraph, shape, style int, outline *Numbering) {
	if style < len(s.styles) {
		p.Outline = s.styles[style]
	}
	if shape >= len(s.paragraphs) {
		return
	}
	switch h := s.paragraphs[shape]; h.head {
	case headOutline:
		p.Outline, p.Level, p.Numbering = h.level+1, h.level, outline
	case headNumber:
		p.Level, p.Numbering = h.level, s.numbering(h.id)
	case headBullet:
		if h.id >= 1 && h.id <= len(s.bullets) {
			p.Bullet = s.bullets[h.id-1]
		}
	}
}

// readInfo reads the property set HwpSummaryInformation, laid out like those of
// other office programs.
func readInfo(f fields) Info {
	var info Info
	if len(f) < 48 || f.u16(0) != 0xfffe {
		return info
	}
	base := int(f.u32(44))
	if base > len(f) {
		return info
	}
	set := f[base:]
	for i := range int(min(set.u32(4), 64)) {
		id, at := set.u32(8+8*i), int(set.u32(12+8*i))
		if at > len(set) {
			continue
		}
		value := set[at:]
		const ( // types of values
			text = 0x1f
			date = 0x40
		)
		switch kind := value.u32(0); kind {
		case text:
			n := int(min(value.u32(4), 1<<16))
			if 8+2*n > len(value) {
				continue
			}
			s := strings.TrimRight(utf16String(value[8:8+2*n]), "\x00")
			switch id {
			case 2:
				info.Title = s
			case 3:
				info.Subject = s
			case 4:
				info.Author = s
			case 5:
				info.Keywords = s
			case 6:
				info.Comments = s
			case 8:
				info.LastAuthor = s
			}
		case date:
			ticks := int64(value.u32(4)) | int64(value.u32(8))<<32 // of 100 ns since 1601
			if ticks <= 0 || ticks > 1<<60 {
				continue
			}
			t := time.Unix(ticks/1e7-11644473600, 0).UTC()
			switch id {
			case 12:
				info.Created = t
			case 13:
				info.Saved = t
			}
		}
	}
	return info
}
