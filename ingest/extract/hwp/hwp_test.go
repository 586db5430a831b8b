package hwp

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

// A file is what compound makes a HWP file of.
type file struct {
	flags            uint32
	docInfo, section []byte
	info             []byte
}

// compound lays the streams out as word processors do: one sector of the
// allocation table, two of the directory, one of the mini allocation table, one
// of the mini stream, which holds FileHeader, then the larger streams.
func compound(f file) []byte {
	const end, free = 0xfffffffe, 0xffffffff
	header := make([]byte, 256)
	copy(header, "HWP Document File")
	le.PutUint32(header[32:], 0x05010001)
	le.PutUint32(header[36:], f.flags)

	fat := []uint32{0xfffffffd, 2, end, end, end}
	var body []byte
	store := func(s []byte) (start, size uint32) {
		s = append(bytes.Clone(s), make([]byte, max(0, 4096-len(s)))...) // smaller ones would lie in the mini stream
		start = uint32(len(fat))
		size = uint32(len(s))
		s = append(s, make([]byte, -len(s)&511)...)
		for range len(s)/512 - 1 {
			fat = append(fat, uint32(len(fat))+1)
		}
		fat = append(fat, end)
		body = append(body, s...)
		return start, size
	}
	type entry struct {
		name         string
		kind         byte
		right, child uint32
		start, size  uint32
		content      []byte
	}
	entries := []entry{
		{name: "Root Entry", kind: 5, right: free, child: 1, start: 4, size: 256},
		{name: "FileHeader", kind: 2, right: 2, child: free, start: 0, size: 256},
		{name: "DocInfo", kind: 2, right: 3, child: free, content: f.docInfo},
		{name: "BodyText", kind: 1, right: 5, child: 4},
		{name: "Section0", kind: 2, right: free, child: free, content: f.section},
		{name: "\x05HwpSummaryInformation", kind: 2, right: free, child: free, content: f.info},
	}
	if f.flags&flagDistribution != 0 {
		entries[3].name = "ViewText"
	}
	directory := make([]byte, 1024)
	for i, e := range entries {
		if e.content != nil {
			e.start, e.size = store(e.content)
		}
		b := directory[128*i:]
		name := utf16.Encode([]rune(e.name + "\x00"))
		for j, u := range name {
			le.PutUint16(b[2*j:], u)
		}
		le.PutUint16(b[64:], uint16(2*len(name)))
		b[66] = e.kind
		le.PutUint32(b[68:], free)
		le.PutUint32(b[72:], e.right)
		le.PutUint32(b[76:], e.child)
		le.PutUint32(b[116:], e.start)
		le.PutUint32(b[120:], e.size)
	}
	out := make([]byte, 512, 512*6+len(body))
	copy(out, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	le.PutUint16(out[24:], 0x3e)
	le.PutUint16(out[26:], 3)
	le.PutUint16(out[28:], 0xfffe)
	le.PutUint16(out[30:], 9)
	le.PutUint16(out[32:], 6)
	le.PutUint32(out[44:], 1)
	le.PutUint32(out[48:], 1)
	le.PutUint32(out[56:], 4096)
	le.PutUint32(out[60:], 3)
	le.PutUint32(out[64:], 1)
	le.PutUint32(out[68:], end)
	for i := range 109 {
		le.PutUint32(out[76+4*i:], free)
	}
	le.PutUint32(out[76:], 0)
	table := func(values []uint32) {
		for i := range 128 {
			v := uint32(free)
			if i < len(values) {
				v = values[i]
			}
			out = le.AppendUint32(out, v)
		}
	}
	table(fat[:min(len(fat), 128)])
	out = append(out, directory...)
	table([]uint32{1, 2, 3, end})
	out = append(append(out, header...), make([]byte, 256)...)
	return append(out, body...)
}

func rec(t tag, level int, data ...byte) []byte {
	head := uint32(t) | uint32(level)<<10
	if len(data) >= 0xfff {
		return append(le.AppendUint32(le.AppendUint32(nil, head|0xfff<<20), uint32(len(data))), data...)
	}
	return append(le.AppendUint32(nil, head|uint32(len(data))<<20), data...)
}

// u16s are little-endian units; runes of a string are units too.
func u16s(values ...any) []byte {
	var out []byte
	for _, v := range values {
		switch v := v.(type) {
		case int:
			out = le.AppendUint16(out, uint16(v))
		case string:
			for _, u := range utf16.Encode([]rune(v)) {
				out = le.AppendUint16(out, u)
			}
		}
	}
	return out
}

// counted is a string behind its length.
func counted(s string) []byte { return u16s(len(utf16.Encode([]rune(s))), s) }

// anchor is the character that stands for a control.
func anchor(code int) string {
	c := string(rune(code))
	return c + "xxyyzz" + c
}

// para is a paragraph with the records of its controls below it.
func para(level, shape int, text string, controls ...[]byte) []byte {
	head := make([]byte, 24)
	le.PutUint16(head[8:], uint16(shape))
	out := rec(tagParaHeader, level, head...)
	out = append(out, rec(tagParaText, level+1, u16s(text+"\r")...)...)
	return append(out, bytes.Join(controls, nil)...)
}

func ctrl(level int, id string, data ...byte) []byte {
	return rec(tagCtrlHeader, level, append([]byte{id[3], id[2], id[1], id[0]}, data...)...)
}

func list(level int, more ...byte) []byte {
	return rec(tagListHeader, level, append(make([]byte, 8), more...)...)
}

func cell(level, row, col, rows, cols int, body []byte) []byte {
	return append(list(level, u16s(col, row, cols, rows)...), body...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// sample has every object that the reader knows.
func sample() file {
	numbering := []byte{}
	for i := range 7 {
		format := []Format{Digit, HangulSyllable, CircledDigit, Digit, Digit, Digit, Digit}[i]
		numbering = le.AppendUint32(numbering, uint32(format)<<5)
		numbering = append(numbering, make([]byte, 8)...)
		numbering = append(numbering, counted([]string{"^1.", "^2.", "^n)", "", "", "", ""}[i])...)
	}
	numbering = append(numbering, u16s(1)...)
	for range 7 {
		numbering = le.AppendUint32(numbering, 1)
	}
	shape := func(kind, level, id int) []byte {
		b := make([]byte, 58)
		le.PutUint32(b, uint32(kind<<23|level<<25))
		le.PutUint16(b[30:], uint16(id))
		le.PutUint32(b[54:], uint32(level))
		return rec(tagParaShape, 1, b...)
	}
	docInfo := join(
		rec(tagProperties, 0, make([]byte, 26)...),
		rec(tagNumbering, 1, numbering...),
		rec(tagBullet, 1, append(make([]byte, 12), u16s("□")...)...),
		shape(0, 0, 0), shape(headOutline, 0, 0), shape(headNumber, 1, 1), shape(headBullet, 0, 1), shape(headNumber, 2, 1), shape(headOutline, 8, 0),
		rec(tagStyle, 1, append(counted("바탕글"), counted("Normal")...)...),
	)
	section := make([]byte, 30)
	le.PutUint16(section[14:], 1)
	note := join(ctrl(1, "fn  ", make([]byte, 12)...), list(2),
		para(2, 0, anchor(18)+" 각주 글", ctrl(3, "atno", u16s(1, 0, 2, 0, 0, ")")...)))
	inner := join(ctrl(3, "tbl ", make([]byte, 42)...), rec(tagTable, 4, u16s(0, 0, 1, 2)...),
		cell(4, 0, 0, 1, 1, para(4, 0, "안1")), cell(4, 0, 1, 1, 1, para(4, 0, "안2")))
	table := join(ctrl(1, "tbl ", make([]byte, 42)...),
		list(2, u16s(3, 0)...), para(2, 0, "표 1"),
		rec(tagTable, 2, u16s(0, 0, 2, 3)...),
		cell(2, 0, 0, 2, 1, para(2, 0, "구분")), cell(2, 0, 1, 1, 2, join(para(2, 0, "금액"), para(2, 0, "(원)"))),
		cell(2, 1, 1, 1, 1, para(2, 0, "1,000")), cell(2, 1, 2, 9, 1, para(2, 0, anchor(11), inner)))
	group := join(ctrl(1, "gso ", make([]byte, 42)...), rec(tagShapeComponent, 2, make([]byte, 8)...),
		rec(tagShapeComponent, 3, make([]byte, 8)...), list(4), para(4, 0, "글상자"))
	equation := join(ctrl(1, "eqed", make([]byte, 42)...), rec(tagEquation, 2, append(make([]byte, 4), counted("a over b")...)...))
	return file{
		docInfo: docInfo,
		section: join(
			para(0, 0, anchor(2)+"가온시 계획"+anchor(9)+"끝\n새 줄\x1e😀\x18", ctrl(1, "secd", section...)),
			para(0, 1, "배경"), para(0, 2, "하나"), para(0, 2, ""), para(0, 4, "둘"), para(0, 3, "상자"), para(0, 5, "아홉"),
			para(0, 0, "앞"+anchor(17)+"뒤", note),
			para(0, 0, anchor(11), table),
			para(0, 0, anchor(11), group),
			para(0, 0, "식 "+anchor(11), equation),
			para(0, 0, anchor(16)+anchor(16)+anchor(15)+anchor(23)+anchor(23),
				join(ctrl(1, "head", 0, 0, 0, 0), list(2), para(2, 0, "머리말")),
				join(ctrl(1, "foot", 0, 0, 0, 0), list(2), para(2, 0, "꼬리말")),
				join(ctrl(1, "tcmt"), list(2), para(2, 0, "숨은 설명")),
				ctrl(1, "tcps", counted("㉮")...), ctrl(1, "tdut", join(counted("본말"), counted("덧말"))...)),
			list(1), para(1, 0, "메모"),
		),
	}
}

// show writes paragraphs one a line.
func show(out *strings.Builder, c *Counters, paragraphs []Paragraph, indent string) {
	for _, p := range paragraphs {
		fmt.Fprintf(out, "%s%d %q", indent, p.Outline, c.Next(&p))
		for _, i := range p.Items {
			o := i.Object
			if o == nil {
				fmt.Fprintf(out, " %q", i.Text)
				continue
			}
			fmt.Fprintf(out, " %d%q", o.Kind, o.Text)
			if len(o.Caption) > 0 {
				fmt.Fprintf(out, " caption below=%t {\n", o.Below)
				show(out, c, o.Caption, indent+"  ")
				out.WriteString(indent + "}")
			}
			if len(o.Body) > 0 {
				out.WriteString(" {\n")
				show(out, c, o.Body, indent+"  ")
				out.WriteString(indent + "}")
			}
			for _, cell := range o.Cells {
				fmt.Fprintf(out, " r%dc%d %dx%d {\n", cell.Row, cell.Col, cell.RowSpan, cell.ColSpan)
				show(out, c, cell.Body, indent+"  ")
				out.WriteString(indent + "}")
			}
		}
		out.WriteString("\n")
	}
}

const want = `0 "" "가온시 계획\t끝\n새 줄 😀-"
1 "1." "배경"
0 "가." "하나"
0 "나."
0 "1.나.①)" "둘"
0 "□" "상자"
9 "" "아홉"
0 "" "앞" 2"" {
  0 "" "2) 각주 글"
} "뒤"
0 "" 0"" caption below=true {
  0 "" "표 1"
} r0c0 2x1 {
  0 "" "구분"
} r0c1 1x2 {
  0 "" "금액"
  0 "" "(원)"
} r1c1 1x1 {
  0 "" "1,000"
} r1c2 1x1 {
  0 "" 0"" r0c0 1x1 {
    0 "" "안1"
  } r0c1 1x1 {
    0 "" "안2"
  }
}
0 "" 1"" {
  0 "" "글상자"
}
0 "" "식 " 3"a over b"
0 "" 4"" {
  0 "" "머리말"
} 5"" {
  0 "" "꼬리말"
} 6"" {
  0 "" "숨은 설명"
} "㉮본말(덧말)"
`

func shown(t *testing.T, data []byte) (string, *Document) {
	t.Helper()
	d, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	var c Counters
	for _, s := range d.Sections {
		show(&out, &c, s, "")
	}
	return out.String(), d
}

func TestRead(t *testing.T) {
	got, d := shown(t, compound(sample()))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !d.Damaged { // the span of the last cell leaves the table
		t.Error("not damaged")
	}
}

func deflate(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// encrypt makes a stream of a distribution document, with a key of our own
// behind the mask that the seed gives.
func encrypt(t testing.TB, b []byte) []byte {
	t.Helper()
	const seed = 0x12345678
	head := make([]byte, 256)
	at := 4 + seed&15
	copy(head[at:], "0123456789abcdef")
	block, err := aes.NewCipher(head[at : at+16])
	if err != nil {
		t.Fatal(err)
	}
	le.PutUint32(head, seed)
	s := uint32(seed)
	random := func() uint32 {
		s = s*214013 + 2531011
		return s >> 16 & 0x7fff
	}
	var mask byte
	var n uint32
	for i := range head {
		if n == 0 {
			mask = byte(random())
			n = random()&15 + 1
		}
		if i >= 4 {
			head[i] ^= mask
		}
		n--
	}
	b = append(bytes.Clone(b), make([]byte, -len(b)&15)...)
	for i := 0; i < len(b); i += 16 {
		block.Encrypt(b[i:], b[i:])
	}
	return append(rec(tagDistribute, 0, head...), b...)
}

func TestCompressedAndDistribution(t *testing.T) {
	f := sample()
	f.flags = flagCompressed
	f.docInfo, f.section = deflate(t, f.docInfo), deflate(t, f.section)
	if got, _ := shown(t, compound(f)); got != want {
		t.Errorf("compressed:\n%s", cmp.Diff(want, got))
	}
	f.flags |= flagDistribution
	f.section = encrypt(t, append(f.section, make([]byte, 8192-len(f.section))...))
	got, d := shown(t, compound(f))
	if got != want || !d.Distribution {
		t.Errorf("distribution document %t:\n%s", d.Distribution, cmp.Diff(want, got))
	}
}

// property is a property set with one string.
func property(id uint32, s string) []byte {
	b := make([]byte, 48)
	le.PutUint16(b, 0xfffe)
	le.PutUint32(b[44:], 48)
	for _, v := range []uint32{0, 1, id, 16, 0x1f, uint32(len(utf16.Encode([]rune(s))))} {
		b = le.AppendUint32(b, v)
	}
	return append(b, u16s(s)...)
}

func TestRefused(t *testing.T) {
	good := sample()
	good.info = property(2, "예산 편성 지침")
	for _, tt := range []struct {
		flags uint32
		want  error
	}{{flagPassword, ErrPassword}, {1 << 4, ErrDRM}, {1 << 8, ErrDRM}, {1 << 10, ErrDRM}} {
		f := good
		f.flags = tt.flags
		d, err := Read(compound(f))
		if !errors.Is(err, tt.want) || d == nil || d.Info.Title != "예산 편성 지침" {
			t.Errorf("flags %#x: %v, want %v and the title", tt.flags, err, tt.want)
		}
	}
	other := bytes.Replace(compound(good), []byte("HWP Document"), []byte("XYZ Document"), 1)
	if _, err := Read(other); !errors.Is(err, ErrNotHWP) {
		t.Errorf("no HWP: %v", err)
	}
	bomb := good
	bomb.flags = flagCompressed
	bomb.section = deflate(t, make([]byte, 8<<20))
	if _, err := Read(compound(bomb)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("bomb: %v", err)
	}
}

// The text before the damage is kept.
func TestDamaged(t *testing.T) {
	f := file{docInfo: []byte{}, section: append(para(0, 0, "남은 글"), rec(tagParaHeader, 0, make([]byte, 5000)...)[:5]...)}
	f.section = append(f.section, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	got, d := shown(t, compound(f))
	if !strings.HasPrefix(got, `0 "" "남은 글"`) || !d.Damaged {
		t.Errorf("damaged %t, %q", d.Damaged, got)
	}
}

func TestHostileContainers(t *testing.T) {
	good := compound(sample())
	for _, tt := range []struct {
		name  string
		at    int // byte of the file
		value uint32
	}{
		{"directory loops", 512 + 4*2, 1},
		{"directory leaves the file", 512 + 4*1, 0x7fffff},
		{"mini stream loops", 512 + 4*4, 4},
		{"tables without end", 44, 1 << 30},
		{"mini tables without end", 64, 1 << 30},
		{"table of tables without end", 72, 1 << 30},
		{"table of tables leaves the file", 72, 1},
		{"sectors of another size", 28, 0x1efffe},
	} {
		data := bytes.Clone(good)
		le.PutUint32(data[tt.at:], tt.value)
		if _, err := Read(data); err == nil {
			t.Errorf("%s: no error", tt.name)
		}
	}
	for n := range len(good) {
		Read(good[:n]) // must return
	}
}

// FuzzHWP reads containers made of any streams, with one number in their tables
// overwritten.
func FuzzHWP(f *testing.F) {
	s := sample()
	f.Add(s.docInfo, s.section, property(4, "가온시"), uint32(0), uint16(0), uint32(0))
	f.Add(deflate(f, s.docInfo), deflate(f, s.section), []byte{}, uint32(flagCompressed), uint16(512+4), uint32(1))
	f.Add(s.docInfo, encrypt(f, s.section), []byte{}, uint32(flagDistribution), uint16(72), uint32(1))
	f.Fuzz(func(t *testing.T, docInfo, section, info []byte, flags uint32, at uint16, value uint32) {
		if len(docInfo)+len(section)+len(info) > 40<<10 {
			return // beyond one sector of the allocation table
		}
		data := compound(file{flags, docInfo, section, info})
		if value != 0 && int(at)+4 <= len(data) {
			le.PutUint32(data[at:], value)
		}
		d, err := Read(data)
		if err != nil {
			return
		}
		var out strings.Builder
		var c Counters
		for _, s := range d.Sections {
			show(&out, &c, s, "")
		}
	})
}
