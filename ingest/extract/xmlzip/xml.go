package xmlzip

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

// Why XML is not read.
var (
	ErrXML     = errors.New("not well-formed XML")
	ErrDTD     = errors.New("XML with a document type declaration")
	ErrDepth   = errors.New("XML elements nest too deep")
	ErrTooMany = errors.New("too many XML elements at a time")
)

// An Element is an XML element, its names without prefixes: namespaces vary
// with the year of the program. A child without a name is text.
type Element struct {
	Name  string
	Attrs string // between the name and the end of the start tag, as written; see [CutAttr]
	Kids  []*Element
	Text  string // without kids
}

// Get is an attribute of e, "" where it is missing; nil has none.
func (e *Element) Get(attr string) string {
	if e == nil {
		return ""
	}
	for s := e.Attrs; ; {
		name, value, rest, ok := CutAttr(s)
		if !ok {
			return ""
		}
		if Local(name) == attr {
			v, err := unescape(value)
			if err != nil {
				return ""
			}
			return v
		}
		s = rest
	}
}

// Child is the first child of that name, or nil; so is the child of nil.
func (e *Element) Child(name string) *Element {
	if e != nil {
		for _, k := range e.Kids {
			if k.Name == name {
				return k
			}
		}
	}
	return nil
}

// Children are what e consists of; nil has none.
func (e *Element) Children() []*Element {
	if e == nil {
		return nil
	}
	return e.Kids
}

// All calls f with each element of that name at any depth.
func (e *Element) All(name string, f func(*Element)) {
	for _, k := range e.Kids {
		if k.Name == name {
			f(k)
		}
		k.All(name, f)
	}
}

// First is the first element of that name at any depth, in document order, or nil.
func (e *Element) First(name string) *Element {
	for _, k := range e.Kids {
		if k.Name == name {
			return k
		}
		if f := k.First(name); f != nil {
			return f
		}
	}
	return nil
}

// Content is all text in e; nil has none.
func (e *Element) Content() string {
	if e == nil {
		return ""
	}
	if len(e.Kids) == 0 {
		return e.Text
	}
	var b strings.Builder
	e.write(&b)
	return b.String()
}

func (e *Element) write(b *strings.Builder) {
	b.WriteString(e.Text)
	for _, k := range e.Kids {
		k.write(b)
	}
}

// Each calls f with each child element of the elements named parent, at whatever
// depth these stand, so that only one child at a time is in memory. With parent "" it
// calls f with the root.
//
// The XML is UTF-8. It may declare no entities, which are the way to files
// outside and to expansion without bound: a DOCTYPE is an error.
func Each(data []byte, parent string, f func(*Element) error) error {
	x := Reader{s: strings.TrimPrefix(string(data), "\ufeff")}
	if !utf8.ValidString(x.s) {
		return fmt.Errorf("%w: not UTF-8", ErrXML)
	}
	inside := parent == ""
	for {
		kind, e, err := x.Next()
		if err != nil {
			return err
		}
		switch kind {
		case End:
			if len(x.open) > 0 {
				return x.errorf("<%s> does not end", x.open[len(x.open)-1])
			}
			return nil
		case Start:
			if !inside {
				inside = e.Name == parent
				continue
			}
			if err := x.fill(&e); err != nil {
				return err
			}
			if err := f(&e); err != nil {
				return err
			}
			x.elements = 0
		case Close:
			inside = parent == ""
		}
	}
}

// A Token is what [Reader.Next] stands at.
type Token int

const (
	Start Token = iota // of an element, which comes with its name and attributes
	Close              // of the element that began last
	Text               // an element without a name
	End                // of the file
)

// A Reader reads the markup that office programs write: elements,
// attributes and text. What it returns are slices of what it reads.
type Reader struct {
	s        string
	at       int
	open     []string // names of the open elements, with prefix
	closing  bool     // the last start tag was <a/>: its end is next
	elements int
	slab     []Element
}

// NewReader reads s, which is UTF-8.
func NewReader(s string) *Reader { return &Reader{s: s} }

func (x *Reader) errorf(format string, args ...any) error {
	return fmt.Errorf("%w at byte %d: %s", ErrXML, x.at, fmt.Sprintf(format, args...))
}

// Next is the next start tag, end tag or text; comments and processing
// instructions are passed over.
func (x *Reader) Next() (Token, Element, error) {
	if x.closing {
		x.closing = false
		x.open = x.open[:len(x.open)-1]
		return Close, Element{}, nil
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
				return 0, Element{}, x.errorf("%v", err)
			}
			x.at += n
			return Text, Element{Text: s}, nil
		}
		switch {
		case strings.HasPrefix(rest, "</"):
			n := strings.IndexByte(rest, '>')
			if n < 0 || len(x.open) == 0 || strings.TrimRight(rest[2:n], " \t\r\n") != x.open[len(x.open)-1] {
				return 0, Element{}, x.errorf("end tag that ends nothing")
			}
			x.open = x.open[:len(x.open)-1]
			x.at += n + 1
			return Close, Element{}, nil
		case strings.HasPrefix(rest, "<?"):
			if err := x.skip("?>"); err != nil {
				return 0, Element{}, err
			}
		case strings.HasPrefix(rest, "<!--"):
			if err := x.skip("-->"); err != nil {
				return 0, Element{}, err
			}
		case strings.HasPrefix(rest, "<![CDATA["):
			begin := x.at + len("<![CDATA[")
			if err := x.skip("]]>"); err != nil {
				return 0, Element{}, err
			}
			return Text, Element{Text: x.s[begin:max(x.at-len("]]>"), begin)]}, nil
		case strings.HasPrefix(rest, "<!"):
			return 0, Element{}, ErrDTD
		default:
			e, err := x.startTag()
			return Start, e, err
		}
	}
	return End, Element{}, nil
}

func (x *Reader) skip(end string) error {
	n := strings.Index(x.s[x.at:], end)
	if n < 0 {
		return x.errorf("no %s", end)
	}
	x.at += n + len(end)
	return nil
}

func (x *Reader) startTag() (Element, error) {
	begin := x.at + 1
	i := begin
	for i < len(x.s) && !isSpace(x.s[i]) && x.s[i] != '>' && x.s[i] != '/' {
		i++
	}
	name := x.s[begin:i]
	if name == "" || strings.ContainsAny(name, `<"'=&`) {
		return Element{}, x.errorf("no name of an element")
	}
	rest := x.s[i:]
	for {
		_, _, after, ok := CutAttr(rest)
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
			return Element{}, x.errorf("start tag <%.40s> does not end", name)
		}
	case strings.HasPrefix(rest, ">"):
		rest = rest[1:]
	default:
		return Element{}, x.errorf("start tag <%.40s> does not end", name)
	}
	if len(x.open) >= maxDepth {
		return Element{}, ErrDepth
	}
	x.open = append(x.open, name)
	x.at = len(x.s) - len(rest)
	return Element{Name: Local(name), Attrs: attrs}, nil
}

// fill reads what stands between the start tag of e and its end tag.
func (x *Reader) fill(e *Element) error {
	for {
		kind, k, err := x.Next()
		if err != nil {
			return err
		}
		switch kind {
		case End:
			return x.errorf("<%s> does not end", e.Name)
		case Close:
			return nil
		}
		if x.elements++; x.elements > maxElements {
			return ErrTooMany
		}
		if len(x.slab) == 0 {
			x.slab = make([]Element, 64)
		}
		p := &x.slab[0]
		x.slab = x.slab[1:]
		*p = k
		if kind == Start {
			if err := x.fill(p); err != nil {
				return err
			}
		}
		e.Kids = append(e.Kids, p)
	}
}

// CutAttr cuts the first attribute off the inside of a start tag. The value is as
// written, entities and all.
func CutAttr(s string) (name, value, rest string, ok bool) {
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

// Local is a name without its prefix.
func Local(name string) string {
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
				return "", fmt.Errorf("unknown entity &%.20s;", name)
			}
			b.WriteRune(rune(n)) // U+FFFD for half a surrogate pair
		}
		s = rest
		i = strings.IndexByte(s, '&')
	}
	b.WriteString(s)
	return b.String(), nil
}

// Spaced has a space for each tab and line end, which are no more than that in the
// text of office documents.
func Spaced(s string) string {
	if strings.ContainsAny(s, "\t\r\n") {
		return strings.NewReplacer("\t", " ", "\r", " ", "\n", " ").Replace(s)
	}
	return s
}
