package blocks

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"biseo/korea/text"
)

// Keywords splits at commas and the like.
func Keywords(values []string) []string {
	var out []string
	for _, v := range values {
		for _, k := range strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(",;，、\n", r) }) {
			if k = strings.TrimPrefix(strings.TrimSpace(k), "#"); k != "" {
				out = append(out, k)
			}
		}
	}
	return out
}

// Clip shortens s to so many code points, with an ellipsis.
func Clip(s string, runes int) string {
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	return string([]rune(s)[:runes]) + "…"
}

// Clean makes s fit for the text of a document: NFC, no control characters,
// private-use characters of Hancom's fonts replaced, no blank lines, no spaces at
// line ends.
func Clean(s string) string {
	s = text.NFC(strings.Map(CleanRune, strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), "�")))
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimRightFunc(line, unicode.IsSpace); line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// OneLine is [Clean] with every run of white space made one space.
func OneLine(s string) string { return strings.Join(strings.Fields(Clean(s)), " ") }

// CleanRune is what [Clean] makes of a character; -1 if nothing.
func CleanRune(r rune) rune {
	switch {
	case r == '\n', r == '\t':
		return r
	case r == '\r', r == '\v', r == '\f', r == '\u0085', r == '\u2028', r == '\u2029':
		return '\n'
	case r == '\u00a0', r == '\u2007', r == '\u202f', r == '\u3000':
		return ' '
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\ufffe', r == '\uffff':
		return -1 // soft hyphens, zero-width spaces, direction marks, tags, byte order marks
	case unicode.Is(unicode.Co, r):
		return privateUse(r)
	}
	return r
}

// privateUse maps the private-use characters of Hancom fonts and of the
// Wingdings bullets to what a reader sees; the rest become □.
func privateUse(r rune) rune {
	if r >= 0xf02b1 && r <= 0xf02c4 { // boxed 1 to 20
		return '①' + r - 0xf02b1
	}
	if m, ok := hancomSymbols[r]; ok {
		return m
	}
	return '□'
}

var hancomSymbols = map[rune]rune{
	0xf046: '☞', 0xf06c: '●', 0xf06e: '■', 0xf06f: '□', 0xf071: '❑', 0xf075: '◆', 0xf076: '❖', 0xf077: '◆',
	0xf09f: '•', 0xf0a1: '○', 0xf0a4: '◉', 0xf0ab: '★', 0xf0a7: '▪', 0xf0a8: '□', 0xf0b7: '•', 0xf0d8: '➢', 0xf0e0: '→', 0xf0e8: '➔', 0xf0f0: '⇨',
	0xf0fc: '✓', 0xf0fe: '☑', 0xf53a: '한',
	0xf02ef: '·', 0xf02fc: '►', 0xf031c: '■', 0xf03a0: '↵', 0xf03c5: '□', 0xf080f: '━', 0xf0854: '《', 0xf0855: '》',
}

// symbolFont is the encoding of the font Symbol from 0x20 and, after the line
// break, from 0xa0 (Adobe's symbol encoding; · where it has no character).
const symbolFont = " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼·" +
	"\n€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪·〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭·"

// Symbols are the characters that s shows in a symbol font; s itself in any
// other. Those of Wingdings are private-use characters, which [Clean] replaces.
func Symbols(font, s string) string {
	low, high, _ := strings.Cut(symbolFont, "\n")
	return strings.Map(func(r rune) rune {
		n := r
		if n >= 0xf000 && n < 0xf100 {
			n -= 0xf000
		}
		switch {
		case n <= ' ' || n > 0xff || r == '%':
			return r
		case font == "Symbol" && n < 0x80:
			return []rune(low)[n-0x20]
		case font == "Symbol" && n >= 0xa0:
			return []rune(high)[n-0xa0]
		case font == "Symbol" || strings.HasPrefix(font, "Wingdings") || r != n:
			return 0xf000 + n
		}
		return r
	}, s)
}
