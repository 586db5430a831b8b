package extract

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of the elements in memory at a time. One paragraph or table of a
// document is at most a few thousand.
const (
	maxDepth    = 256
	maxElements = 2 << 20
)

var errXML = errors.New("not well-formed XML")

// An element is an XML element, its names without prefixes: namespaces vary
// with the year of the program. A child without a name is text.
type element struct {
	name  string
	attrs string // between the name and the end of the start tag, as written
	kids  []*element
	text  string
}

// get is an attribute of e, "" where it is missing; nil has none.
func (e *element) get(attr string) string {
	if e == nil {
		return ""
	}
	for s := e.attrs; ; {
		name, value, rest, ok := cutAttr(s)
		if !ok {
			return ""
		}
		if local(name) == attr {
			v, err := unescape(value)
			if err != nil {
				return ""
			}
			return v
		}
		s = rest
	}
}

// child is the first child of that name, or nil; so is the child of nil.
func (e *element) child(name string) *element {
	if e != nil {
		for _, k := range e.kids {
			if k.name == name {
				return k
			}
		}
	}
	return nil
}

// children are what e consists of; nil has none.
func (e *element) children() []*element {
	if e == nil {
		return nil
	}
	return e.kids
}

// all calls f with each element of that name at any depth.
func (e *element) all(name string, f func(*element)) {
	for _, k := range e.kids {
		if k.name == name {
			f(k)
		}
		k.all(name, f)
	}
}

// first is the first element of that name at any depth, in document order, or nil.
func (e *element) first(name string) *element {
	for _, k := range e.kids {
		if k.name == name {
			return k
		}
		if f := k.first(name); f != nil {
			return f
		}
	}
	return nil
}

// content is all text in e.
func (e *element) content() string {
	if e == nil {
		return ""
	}
	if len(e.kids) == 0 {
		return e.text
	}
	var b strings.Builder
	e.write(&b)
	return b.String()
}

func (e *element) write(b *strings.Builder) {
	b.WriteString(e.text)
	for _, k := range e.kids {
		k.write(b)
	}
}

// eachElement calls f with each child element of the first-level element named
// parent, at whatever depth that stands, so that only one child at a time is in
// memory. With parent "" it calls f with the root.
//
// The XML is UTF-8. It may declare no entities, which are the way to files
// outside and to expansion without bound: a DOCTYPE is an error.
func eachElement(data []byte, parent string, f func(*element) error) error {
	x := xmlReader{s: strings.TrimPrefix(string(data), "\ufeff")}
	if !utf8.ValidString(x.s) {
		return fmt.Errorf("%w: not UTF-8", errXML)
	}
	inside := parent == ""
	for {
		kind, e, err := x.next()
		if err != nil {
			return err
		}
		switch kind {
		case xmlEnd:
			if len(x.open) > 0 {
				return x.errorf("<%s> does not end", x.open[len(x.open)-1])
			}
			return nil
		case xmlStart:
			if !inside {
				inside = e.name == parent
				continue
			}
			if err := x.fill(&e); err != nil {
				return err
			}
			if err := f(&e); err != nil {
				return err
			}
			x.elements = 0
		case xmlClose:
			inside = parent == ""
		}
	}
}

type xmlKind int

const (
	xmlStart xmlKind = iota
	xmlClose
	xmlText
	xmlEnd
)

// An xmlReader reads the markup that office programs write: elements,
// attributes and text. What it returns are slices of s.
type xmlReader struct {
	s        string
	at       int
	open     []string // names of the open elements, with prefix
	closing  bool     // the last start tag was <a/>: its end is next
	elements int
	slab     []element
}

func (x *xmlReader) errorf(format string, args ...any) error {
	return fmt.Errorf("%w at byte %d: %s", errXML, x.at, fmt.Sprintf(format, args...))
}

// next is the next start tag, end tag or text; comments and processing
// instructions are passed over.
func (x *xmlReader) next() (xmlKind, element, error) {
	if x.closing {
		x.closing = false
		x.open = x.open[:len(x.open)-1]
		return xmlClose, element{}, nil
	}
	for x.at < len(x.s) {
		rest := x.s[x.at:]
		if rest[0] != '<' {
			n := strings.IndexByte(rest, '<')
			if n < 0 {
				n = len(rest)
			}
			s, err := unescape(rest[:n])
			if err != nil {
				return 0, element{}, x.errorf("%v", err)
			}
			x.at += n
			return xmlText, element{text: s}, nil
		}
		switch {
		case strings.HasPrefix(rest, "</"):
			n := strings.IndexByte(rest, '>')
			if n < 0 || len(x.open) == 0 || strings.TrimRight(rest[2:n], " \t\r\n") != x.open[len(x.open)-1] {
				return 0, element{}, x.errorf("end tag that ends nothing")
			}
			x.open = x.open[:len(x.open)-1]
			x.at += n + 1
			return xmlClose, element{}, nil
		case strings.HasPrefix(rest, "<?"):
			if err := x.skip("?>"); err != nil {
				return 0, element{}, err
			}
		case strings.HasPrefix(rest, "<!--"):
			if err := x.skip("-->"); err != nil {
				return 0, element{}, err
			}
		case strings.HasPrefix(rest, "<![CDATA["):
			begin := x.at + len("<![CDATA[")
			if err := x.skip("]]>"); err != nil {
				return 0, element{}, err
			}
			return xmlText, element{text: x.s[begin:max(x.at-len("]]>"), begin)]}, nil
		case strings.HasPrefix(rest, "<!"):
			return 0, element{}, errDTD
		default:
			e, err := x.startTag()
			return xmlStart, e, err
		}
	}
	return xmlEnd, element{}, nil
}

func (x *xmlReader) skip(end string) error {
	n := strings.Index(x.s[x.at:], end)
	if n < 0 {
		return x.errorf("no %s", end)
	}
	x.at += n + len(end)
	return nil
}

func (x *xmlReader) startTag() (element, error) {
	begin := x.at + 1
	i := begin
	for i < len(x.s) && !isSpace(x.s[i]) && x.s[i] != '>' && x.s[i] != '/' {
		i++
	}
	name := x.s[begin:i]
	if name == "" || strings.ContainsAny(name, `<"'=&`) {
		return element{}, x.errorf("no name of an element")
	}
	rest := x.s[i:]
	for {
		_, _, after, ok := cutAttr(rest)
		if !ok {
			break
		}
		rest = after
	}
	attrs := x.s[i : len(x.s)-len(rest)]
	rest = strings.TrimLeft(rest, " \t\r\n")
	switch {
	case strings.HasPrefix(rest, "/"):
		rest, x.closing = strings.CutPrefix(strings.TrimLeft(rest[1:], " \t\r\n"), ">") // some programs write "/ >"
		if !x.closing {
			return element{}, x.errorf("start tag <%s> does not end", clip(name, 40))
		}
	case strings.HasPrefix(rest, ">"):
		rest = rest[1:]
	default:
		return element{}, x.errorf("start tag <%s> does not end", clip(name, 40))
	}
	if len(x.open) >= maxDepth {
		return element{}, errTooDeep
	}
	x.open = append(x.open, name)
	x.at = len(x.s) - len(rest)
	return element{name: local(name), attrs: attrs}, nil
}

// fill reads what stands between the start tag of e and its end tag.
func (x *xmlReader) fill(e *element) error {
	for {
		kind, k, err := x.next()
		if err != nil {
			return err
		}
		switch kind {
		case xmlEnd:
			return x.errorf("<%s> does not end", e.name)
		case xmlClose:
			return nil
		}
		if x.elements++; x.elements > maxElements {
			return errTooLong
		}
		if len(x.slab) == 0 {
			x.slab = make([]element, 64)
		}
		p := &x.slab[0]
		x.slab = x.slab[1:]
		*p = k
		if kind == xmlStart {
			if err := x.fill(p); err != nil {
				return err
			}
		}
		e.kids = append(e.kids, p)
	}
}

// cutAttr cuts the first attribute off the inside of a start tag.
func cutAttr(s string) (name, value, rest string, ok bool) {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	begin := i
	for i < len(s) && s[i] != '=' && s[i] != '>' && s[i] != '<' && s[i] != '/' && !isSpace(s[i]) {
		i++
	}
	name = s[begin:i]
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if name == "" || i >= len(s) || s[i] != '=' {
		return "", "", s, false
	}
	for i++; i < len(s) && isSpace(s[i]); i++ {
	}
	if i >= len(s) || s[i] != '"' && s[i] != '\'' {
		return "", "", s, false
	}
	n := strings.IndexByte(s[i+1:], s[i])
	if n < 0 {
		return "", "", s, false
	}
	return name, s[i+1 : i+1+n], s[i+n+2:], true
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// local is a name without its prefix.
func local(name string) string {
	return name[strings.IndexByte(name, ':')+1:]
}

// unescape resolves the five entities of XML and character numbers.
func unescape(s string) (string, error) {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s, nil
	}
	var b strings.Builder
	for i >= 0 {
		b.WriteString(s[:i])
		name, rest, ok := strings.Cut(s[i+1:], ";")
		if !ok {
			return "", errors.New("& without an entity")
		}
		switch name {
		case "lt":
			b.WriteByte('<')
		case "gt":
			b.WriteByte('>')
		case "amp":
			b.WriteByte('&')
		case "quot":
			b.WriteByte('"')
		case "apos":
			b.WriteByte('\'')
		default:
			digits, hex := strings.CutPrefix(name, "#x")
			base := 16
			if !hex {
				digits, ok = strings.CutPrefix(name, "#")
				base = 10
			}
			n, err := strconv.ParseUint(digits, base, 32)
			if !ok || err != nil || n > utf8.MaxRune {
				return "", fmt.Errorf("unknown entity &%s;", clip(name, 20))
			}
			b.WriteRune(rune(n)) // U+FFFD for half a surrogate pair
		}
		s = rest
		i = strings.IndexByte(s, '&')
	}
	b.WriteString(s)
	return b.String(), nil
}
