package pdf

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/ledongthuc/pdf"
	"golang.org/x/text/encoding/korean"
)

// A font turns the codes of a string into text and widths. The library's own
// encoders do not know the Korean CMaps and read no widths of composite fonts.
type font struct {
	unicode   map[uint32]string // from ToUnicode, by code
	width     map[uint32]float64
	missing   float64     // width of codes not in width
	scale     float64     // from glyph space to text space
	composite bool        // codes have two bytes unless split says otherwise
	cp949     bool        // codes are those of CP949, of one or two bytes
	utf16     bool        // codes are UTF-16BE
	bytes     [256]string // of a simple font, what its encoding says
}

// A code is one character of a shown string.
type code struct {
	text  string
	width float64 // in text space, for size 1
	space bool    // the one-byte code 32, to which word spacing applies
}

// font reads a font once for the whole file. What fonts are the same is told by their
// dictionaries, which name their objects, never by the name in the page's resources
// nor by BaseFont: in merged files the same name stands for fonts with other codes.
func (f *File) font(v pdf.Value) *font {
	key := v.String()
	ft, ok := f.fonts[key]
	if !ok {
		ft = newFont(v)
		f.fonts[key] = ft
	}
	return ft
}

// newFont of a font with damaged parts has what could be read.
func newFont(v pdf.Value) *font {
	f := &font{width: map[uint32]float64{}, scale: 0.001}
	defer func() { recover() }()
	encoding := v.Key("Encoding").Name()
	if v.Key("ToUnicode").Kind() == pdf.Stream {
		f.unicode = readToUnicode(v.Key("ToUnicode"))
	}
	if strings.Contains(v.Key("BaseFont").Name(), "Wingdings") {
		f.symbols()
	}
	if v.Key("Subtype").Name() == "Type0" {
		f.composite = true
		f.cp949 = strings.Contains(encoding, "KSCms-UHC") || strings.HasPrefix(encoding, "KSC-EUC") || strings.HasPrefix(encoding, "KSCpc-EUC")
		f.utf16 = strings.HasPrefix(encoding, "UniKS-")
		f.readWidths(v.Key("DescendantFonts").Index(0))
		return f
	}
	first, widths := uint32(v.Key("FirstChar").Int64()), v.Key("Widths")
	for i := range min(widths.Len(), 256) {
		f.width[first+uint32(i)] = widths.Index(i).Float64()
	}
	f.missing = v.Key("FontDescriptor").Key("MissingWidth").Float64()
	if m := v.Key("FontMatrix"); v.Key("Subtype").Name() == "Type3" && m.Len() == 6 {
		f.scale = m.Index(0).Float64()
	} else if widths.Len() == 0 {
		f.missing = 500 // one of the 14 standard fonts
	}
	library := pdf.Font{V: v}
	encoder := library.Encoder()
	for i := range f.bytes {
		f.bytes[i] = encoder.Decode(string([]byte{byte(i)}))
	}
	return f
}

// symbols moves what a font of bullets calls letters to where Windows keeps its
// symbols, U+F020 to U+F0FF: no reader sees the w that stands for a diamond.
func (f *font) symbols() {
	for c, s := range f.unicode {
		if r, n := utf8.DecodeRuneInString(s); n == len(s) && r > ' ' && r <= 0xff {
			f.unicode[c] = string(0xf000 + r)
		}
	}
}

// readWidths reads W: "first [w w …]" or "first last w".
func (f *font) readWidths(descendant pdf.Value) {
	f.missing = 1000
	if dw := descendant.Key("DW"); dw.Kind() == pdf.Integer || dw.Kind() == pdf.Real {
		f.missing = dw.Float64()
	}
	w := descendant.Key("W")
	for i, n := 0, w.Len(); i+1 < n && len(f.width) < 1<<16; {
		first := uint32(w.Index(i).Int64())
		if list := w.Index(i + 1); list.Kind() == pdf.Array {
			for j := range min(list.Len(), 1<<16) {
				f.width[first+uint32(j)] = list.Index(j).Float64()
			}
			i += 2
			continue
		}
		last, width := uint32(w.Index(i+1).Int64()), w.Index(i+2).Float64()
		for c := first; c <= last && c < first+1<<16; c++ {
			f.width[c] = width
		}
		i += 3
	}
}

// codes appends the codes of a shown string. What has no known meaning has no text.
func (f *font) codes(out []code, raw string) []code {
	for len(raw) > 0 {
		n := 1
		if f.composite && len(raw) > 1 && !(f.cp949 && raw[0] < 0x80) {
			n = 2
		}
		if f.utf16 && len(raw) >= 4 && raw[0]&0xfc == 0xd8 {
			n = 4
		}
		one := raw[:n]
		raw = raw[n:]
		var c uint32
		for i := range n {
			c = c<<8 | uint32(one[i])
		}
		width, ok := f.width[c]
		if !ok || f.cp949 || f.utf16 { // W counts by glyph there, not by code
			width = f.missing
			if n == 1 && f.composite {
				width /= 2
			}
		}
		text, ok := f.unicode[c]
		if !ok {
			text = f.encoded(one)
		}
		out = append(out, code{text, width * f.scale, n == 1 && one == " "})
	}
	return out
}

// encoded is the text of one code by the font's encoding.
func (f *font) encoded(one string) string {
	switch {
	case f.cp949:
		s, err := korean.EUCKR.NewDecoder().String(one)
		if err != nil || strings.ContainsRune(s, utf8.RuneError) {
			return ""
		}
		return s
	case f.utf16:
		return decodeBE(one)
	case f.composite:
		return "" // a glyph number, which only the font could explain
	}
	return f.bytes[one[0]]
}

func decodeBE(s string) string {
	u := make([]uint16, 0, 4)
	for i := 0; i+1 < len(s); i += 2 {
		u = append(u, uint16(s[i])<<8|uint16(s[i+1]))
	}
	return string(utf16.Decode(u))
}

const (
	maxCMap      = 8 << 20 // bytes
	maxCMapCodes = 1 << 17
)

// readToUnicode reads a CMap from codes to text. Codes of one and of two bytes
// with the same value are not told apart, which no font needs.
func readToUnicode(stream pdf.Value) map[uint32]string {
	data, _ := unpack(stream, maxCMap)
	return parseToUnicode(data)
}

func parseToUnicode(data []byte) map[uint32]string {
	m := map[uint32]string{}
	l := lexer{data: data}
	for {
		op, args := l.next()
		switch op {
		case "":
			return m
		case "endbfchar":
			for i := 0; i+1 < len(args) && len(m) < maxCMapCodes; i += 2 {
				m[codeOf(args[i])] = decodeBE(args[i+1].str)
			}
		case "endbfrange":
			for ; len(args) >= 3; args = args[3:] {
				low, high := codeOf(args[0]), codeOf(args[1])
				for i, to := range args[2].list {
					m[low+uint32(i)] = decodeBE(to.str)
				}
				text := []rune(decodeBE(args[2].str))
				for c := low; len(text) > 0 && c <= high && c-low < 1<<16 && len(m) < maxCMapCodes; c++ {
					m[c] = string(text)
					text[len(text)-1]++
				}
			}
		}
	}
}

// codeOf is the number that the bytes of a string make.
func codeOf(o operand) (c uint32) {
	for i := range len(o.str) {
		c = c<<8 | uint32(o.str[i])
	}
	return c
}
