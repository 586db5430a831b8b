package extract

import (
	"encoding/hex"
	"io"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/ledongthuc/pdf"
	"golang.org/x/text/encoding/korean"
)

// A pdfFont turns the codes of a string into text and widths. The library's own
// encoders do not know the Korean CMaps and read no widths of composite fonts.
type pdfFont struct {
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

func newPDFFont(v pdf.Value) *pdfFont {
	f := &pdfFont{width: map[uint32]float64{}, scale: 0.001}
	encoding := v.Key("Encoding").Name()
	if v.Key("ToUnicode").Kind() == pdf.Stream {
		f.unicode = readToUnicode(v.Key("ToUnicode"))
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
	font := pdf.Font{V: v}
	encoder := font.Encoder()
	for i := range f.bytes {
		f.bytes[i] = encoder.Decode(string([]byte{byte(i)}))
	}
	return f
}

// readWidths reads W: "first [w w …]" or "first last w".
func (f *pdfFont) readWidths(descendant pdf.Value) {
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

// codes splits a shown string. What has no known meaning has no text.
func (f *pdfFont) codes(raw string) []code {
	var out []code
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
func (f *pdfFont) encoded(one string) string {
	switch {
	case f.cp949:
		b, err := korean.EUCKR.NewDecoder().String(one)
		if err != nil || strings.ContainsRune(b, utf8.RuneError) {
			return ""
		}
		return b
	case f.utf16:
		return decodeBE(one)
	case f.composite:
		return "" // a glyph number, which only the font could explain
	}
	return f.bytes[one[0]]
}

func decodeBE(s string) string {
	var u []uint16
	for i := 0; i+1 < len(s); i += 2 {
		u = append(u, uint16(s[i])<<8|uint16(s[i+1]))
	}
	return string(utf16.Decode(u))
}

var (
	reCMapSection = regexp.MustCompile(`(?s)beginbf(char|range)(.*?)endbf`)
	reCMapToken   = regexp.MustCompile(`<[0-9A-Fa-f\s]*>|[\[\]]`)
)

const maxCMap = 8 << 20 // bytes

// readToUnicode reads a CMap from codes to text. Codes of one and of two bytes
// with the same value are not told apart, which no font needs.
func readToUnicode(stream pdf.Value) map[uint32]string {
	r := stream.Reader()
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxCMap))
	m := map[uint32]string{}
	if err != nil {
		return m
	}
	for _, section := range reCMapSection.FindAllSubmatch(data, -1) {
		var tokens []string // "[", "]" or the bytes of a string behind "="
		for _, t := range reCMapToken.FindAllString(string(section[2]), -1) {
			if t[0] == '<' {
				b, err := hex.DecodeString(strings.Join(strings.Fields(t[1:len(t)-1]), ""))
				if err != nil {
					continue
				}
				t = "=" + string(b)
			}
			tokens = append(tokens, t)
		}
		if string(section[1]) == "char" {
			for i := 0; i+1 < len(tokens); i += 2 {
				m[cmapCode(tokens[i])] = decodeBE(tokens[i+1][1:])
			}
			continue
		}
		for i := 0; i+2 < len(tokens) && len(m) < 1<<17; {
			low, high, to := cmapCode(tokens[i]), cmapCode(tokens[i+1]), tokens[i+2]
			i += 3
			if to == "[" {
				for c := low; i < len(tokens) && tokens[i] != "]"; i, c = i+1, c+1 {
					m[c] = decodeBE(tokens[i][1:])
				}
				i++
				continue
			}
			text := []rune(decodeBE(to[1:]))
			for c := low; len(text) > 0 && c <= high && c-low < 1<<16; c++ {
				m[c] = string(text)
				text[len(text)-1]++
			}
		}
	}
	return m
}

// cmapCode is the number that the bytes behind the first make.
func cmapCode(token string) (c uint32) {
	for i := 1; i < len(token); i++ {
		c = c<<8 | uint32(token[i])
	}
	return c
}
