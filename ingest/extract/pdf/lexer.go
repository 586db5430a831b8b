package pdf

import (
	"bytes"
	"strconv"
)

// An operand is a number, a string, a name, an array or a dictionary.
type operand struct {
	kind kind
	num  float64
	str  string // of a string, its bytes; of a name, without the slash; of a dictionary, its source
	list []operand
}

type kind byte

const (
	number kind = iota + 1
	text
	name
	array
	dict
)

// A lexer reads a content stream or a CMap operator by operator. Nothing is an
// error: what makes no sense is passed over.
type lexer struct {
	data []byte
	pos  int
	args []operand // of the operator being read; reused
}

const maxOperands = 1 << 16 // of one operator, and of one array

// next returns the next operator with its operands, which are valid until the
// next call; "" at the end. Inline images are skipped: BI has no operands.
func (l *lexer) next() (op string, args []operand) {
	l.args = l.args[:0]
	for {
		c, ok := l.skip()
		if !ok {
			return "", nil
		}
		if o, ok := l.operand(c, 0); ok {
			if len(l.args) < maxOperands {
				l.args = append(l.args, o)
			}
			continue
		}
		start := l.pos
		for l.pos < len(l.data) && !isSpace(l.data[l.pos]) && !isDelimiter(l.data[l.pos]) {
			l.pos++
		}
		if l.pos == start {
			l.pos++ // a stray delimiter
			continue
		}
		op := string(l.data[start:l.pos])
		switch op {
		case "true", "false", "null":
			l.args = append(l.args, operand{})
			continue
		case "BI":
			l.image()
			return op, nil
		}
		return op, l.args
	}
}

// skip moves to the next byte that is neither white space nor comment.
func (l *lexer) skip() (byte, bool) {
	for ; l.pos < len(l.data); l.pos++ {
		switch c := l.data[l.pos]; {
		case isSpace(c):
		case c == '%':
			for l.pos < len(l.data) && l.data[l.pos] != '\n' && l.data[l.pos] != '\r' {
				l.pos++
			}
		default:
			return c, true
		}
	}
	return 0, false
}

// operand reads one that begins with c; false if none begins here.
func (l *lexer) operand(c byte, depth int) (operand, bool) {
	switch {
	case c == '(':
		return operand{kind: text, str: l.literal()}, true
	case c == '<':
		if l.pos+1 < len(l.data) && l.data[l.pos+1] == '<' {
			return operand{kind: dict, str: l.dictionary()}, true
		}
		return operand{kind: text, str: l.hex()}, true
	case c == '/':
		return operand{kind: name, str: l.name()}, true
	case c == '[' && depth < 8:
		l.pos++
		var list []operand
		for {
			c, ok := l.skip()
			if !ok {
				break
			}
			if c == ']' {
				l.pos++
				break
			}
			o, ok := l.operand(c, depth+1)
			if !ok {
				l.pos++ // an operator has no place in an array
				continue
			}
			if len(list) < maxOperands {
				list = append(list, o)
			}
		}
		return operand{kind: array, list: list}, true
	case c >= '0' && c <= '9', c == '-', c == '+', c == '.':
		return operand{kind: number, num: l.number()}, true
	}
	return operand{}, false
}

// number reads digits by hand, which is most of a content stream.
func (l *lexer) number() float64 {
	start := l.pos
	var whole, part, unit float64 = 0, 0, 1
	negative, point, plain := false, false, true
	for ; l.pos < len(l.data); l.pos++ {
		c := l.data[l.pos]
		switch {
		case c >= '0' && c <= '9' && point:
			part, unit = part*10+float64(c-'0'), unit*10
		case c >= '0' && c <= '9':
			whole = whole*10 + float64(c-'0')
		case c == '.' && !point:
			point = true
		case c == '-' && l.pos == start:
			negative = true
		case c == '+' && l.pos == start:
		case isSpace(c) || isDelimiter(c):
			goto done
		default:
			plain = false
		}
	}
done:
	if !plain { // an exponent, or nonsense
		v, _ := strconv.ParseFloat(string(l.data[start:l.pos]), 64)
		return v
	}
	v := whole + part/unit
	if negative {
		return -v
	}
	return v
}

func (l *lexer) name() string {
	l.pos++
	var b []byte
	for ; l.pos < len(l.data) && !isSpace(l.data[l.pos]) && !isDelimiter(l.data[l.pos]); l.pos++ {
		c := l.data[l.pos]
		if c == '#' && l.pos+2 < len(l.data) {
			if v, err := strconv.ParseUint(string(l.data[l.pos+1:l.pos+3]), 16, 8); err == nil {
				c = byte(v)
				l.pos += 2
			}
		}
		b = append(b, c)
	}
	return string(b)
}

func (l *lexer) hex() string {
	l.pos++
	var b []byte
	var digits int
	for ; l.pos < len(l.data) && l.data[l.pos] != '>'; l.pos++ {
		v := hexDigit(l.data[l.pos])
		if v < 0 {
			continue
		}
		if digits++; digits%2 == 1 {
			b = append(b, byte(v)<<4)
		} else {
			b[len(b)-1] |= byte(v)
		}
	}
	l.pos++
	return string(b)
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (l *lexer) literal() string {
	l.pos++
	var b []byte
	depth := 1
	for ; l.pos < len(l.data); l.pos++ {
		c := l.data[l.pos]
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				l.pos++
				return string(b)
			}
		case '\\':
			if l.pos++; l.pos >= len(l.data) {
				return string(b)
			}
			c = l.data[l.pos]
			switch {
			case c >= '0' && c <= '7':
				v := 0
				for i := 0; i < 3 && l.pos < len(l.data) && l.data[l.pos] >= '0' && l.data[l.pos] <= '7'; i++ {
					v = v*8 + int(l.data[l.pos]-'0')
					l.pos++
				}
				l.pos--
				c = byte(v)
			case c == '\r':
				if l.pos+1 < len(l.data) && l.data[l.pos+1] == '\n' {
					l.pos++
				}
				continue
			case c == '\n':
				continue
			default:
				if i := bytes.IndexByte([]byte("nrtbf"), c); i >= 0 {
					c = "\n\r\t\b\f"[i]
				}
			}
		}
		b = append(b, c)
	}
	return string(b)
}

// dictionary returns the source of a dictionary.
func (l *lexer) dictionary() string {
	start, depth := l.pos, 0
	for l.pos < len(l.data) {
		switch {
		case l.data[l.pos] == '(':
			l.literal()
			continue
		case bytes.HasPrefix(l.data[l.pos:], []byte("<<")):
			depth++
			l.pos++
		case bytes.HasPrefix(l.data[l.pos:], []byte(">>")):
			depth--
			l.pos++
		}
		l.pos++
		if depth == 0 {
			break
		}
	}
	return string(l.data[start:l.pos])
}

// image skips an inline image: to EI between white space behind ID.
func (l *lexer) image() {
	rest := l.data[l.pos:]
	if id := bytes.Index(rest, []byte("ID")); id >= 0 {
		for at := id + 2; ; {
			i := bytes.Index(rest[at:], []byte("EI"))
			if i < 0 {
				break
			}
			at += i + 2
			if isSpace(rest[at-3]) && (at == len(rest) || isSpace(rest[at])) && printable(rest[at:min(len(rest), at+16)]) {
				l.pos += at
				return
			}
		}
	}
	l.pos = len(l.data)
}

// printable tells operators from the data of an image.
func printable(b []byte) bool {
	for _, c := range b {
		if c > 0x7e || c < 0x20 && !isSpace(c) {
			return false
		}
	}
	return true
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool {
	switch c {
	case '<', '>', '(', ')', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}
