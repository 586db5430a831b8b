// Package pdf reads pages of PDF files as positioned lines of text and ruled tables.
//
// Objects, cross-reference tables and filters are those of ledongthuc/pdf. The
// content streams, the fonts' encodings and the layout are read here: that
// library shares fonts between pages by name, knows no Korean CMap, and drops rules,
// forms and inline images (ISO 32000-1 is the source of all operators and keys).
//
// The library panics on damaged files, may loop and may ask for any amount of
// memory. This package catches panics only: run it in a process with limits.
package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"regexp"
	"slices"

	"github.com/ledongthuc/pdf"
)

// ErrPassword is returned for a file that opens only with a password, or whose
// encryption is not known here (AES-256).
var ErrPassword = errors.New("encrypted")

// ErrTooLarge is the error of a page whose content unpacks to more than 64 MB.
var ErrTooLarge = errors.New("content stream too large")

const (
	maxPages   = 10_000
	maxContent = 64 << 20 // bytes of one page's content streams, unpacked
)

// A File is an open PDF. It is not safe for concurrent use.
type File struct {
	r     *pdf.Reader
	fonts map[string]*font // by the text of the font's dictionary, which names its objects
}

// A Page is what one page shows.
type Page struct {
	Width, Height float64 // points, turned as shown
	Lines         []Line  // runs of glyphs, in the order in which they are drawn
	Rules         []Rule  // ruling lines
	Pictures      float64 // area of the pictures drawn, as a share of the page; may pass 1
	Strokes       int     // paths painted
	Err           error   // why the page, or the rest of it, could not be read
}

// A Line is a run of glyphs on one baseline. Coordinates are points from the
// bottom left of the page as shown and turn with the text: left to right
// is x, upwards is y.
type Line struct {
	Text        string
	Left, Right float64
	Y, Size     float64
	Angle       int  // of the baseline, in quarter turns to the left
	Running     bool // marked by the file as running head, page number or watermark
	Glyphs      []Glyph
}

// A Glyph is one glyph of a line, or a word where glyphs are not known.
type Glyph struct {
	Text        string // "" if the file does not say what it means
	Left, Right float64
}

// Open reads the structure of a file that contains %PDF- somewhere. It works
// around what the library refuses without need: bytes before %PDF- or after
// %%EOF, version 2.0, and a trailer with too small a size.
func Open(data []byte) (f *File, err error) {
	start := bytes.Index(data, []byte("%PDF-"))
	if start < 0 {
		return nil, errors.New("no %PDF- header")
	}
	data = bytes.Clone(data[start:])
	if eol := bytes.IndexAny(data[:min(len(data), 20)], "\r\n"); eol > 8 || bytes.HasPrefix(data, []byte("%PDF-2.")) {
		copy(data, "%PDF-1.7\n")
	}
	if i := bytes.LastIndex(data, []byte("%%EOF")); i > 0 {
		data = append(data[:i], "%%EOF\n"...)
	}
	data = mendSize(data)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
		if err != nil && bytes.Contains(data, []byte("/Encrypt")) {
			err = ErrPassword
		}
	}()
	r, err := pdf.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	return &File{r: r, fonts: map[string]*font{}}, nil
}

// mendSize raises the number of objects that the last trailer states: pdfunite writes one
// that is too small, and the library then knows the last objects no more, the root among them.
// Behind the trailer nothing is left whose place in the file counts.
func mendSize(data []byte) []byte {
	at := bytes.LastIndex(data, []byte("trailer"))
	if at < 0 {
		return data
	}
	if m := reSize.FindIndex(data[at:]); m != nil {
		return slices.Concat(data[:at+m[0]], []byte("/Size 9999999"), data[at+m[1]:])
	}
	return data
}

var reSize = regexp.MustCompile(`/Size\s+\d+`)

// Info is an entry of the document information, such as Title; "" if there is none.
func (f *File) Info(key string) (s string) {
	defer func() {
		if recover() != nil {
			s = ""
		}
	}()
	return f.r.Trailer().Key("Info").Key(key).Text()
}

// Pages yields the pages in order. It does not believe the counts of the page
// tree, and ends in a tree with loops. Of a broken tree it yields what it finds.
func (f *File) Pages() iter.Seq[*Page] {
	return func(yield func(*Page) bool) {
		for _, l := range f.leaves() {
			if !yield(f.page(l)) {
				return
			}
		}
	}
}

// A leaf is a page in the tree of pages with what it takes from the nodes above.
type leaf struct{ page, resources, box, crop, rotate pdf.Value }

func (f *File) leaves() (out []leaf) {
	defer func() { recover() }()
	var nodes int
	var walk func(l leaf, depth int) bool
	walk = func(l leaf, depth int) bool {
		if nodes++; depth > 32 || nodes > 4*maxPages || len(out) >= maxPages {
			return false
		}
		v := l.page
		for key, to := range map[string]*pdf.Value{"Resources": &l.resources, "MediaBox": &l.box, "CropBox": &l.crop, "Rotate": &l.rotate} {
			if own := v.Key(key); !own.IsNull() {
				*to = own
			}
		}
		kids := v.Key("Kids")
		if v.Key("Type").Name() == "Page" || kids.Len() == 0 && !v.Key("Contents").IsNull() {
			out = append(out, l)
			return true
		}
		for i := range kids.Len() {
			l.page = kids.Index(i)
			if !walk(l, depth+1) {
				return false
			}
		}
		return true
	}
	walk(leaf{page: f.r.Trailer().Key("Root").Key("Pages")}, 0)
	return out
}

// frame is the matrix from the page's coordinates to those of the page as shown,
// with its lower left corner at 0, and the page's size.
func (l leaf) frame() (m matrix, width, height float64) {
	box := [4]float64{0, 0, 595, 842}
	for _, v := range []pdf.Value{l.box, l.crop} {
		if v.Len() != 4 {
			continue
		}
		var b [4]float64
		for i := range b {
			b[i] = v.Index(i).Float64()
		}
		b[0], b[2] = min(b[0], b[2]), max(b[0], b[2])
		b[1], b[3] = min(b[1], b[3]), max(b[1], b[3])
		if b[2]-b[0] > 1 && b[3]-b[1] > 1 {
			box = b
		}
	}
	width, height = box[2]-box[0], box[3]-box[1]
	m = matrix{1, 0, 0, 1, -box[0], -box[1]}
	switch ((l.rotate.Int64()/90)%4 + 4) % 4 {
	case 1:
		return m.mul(matrix{0, -1, 1, 0, 0, width}), height, width
	case 2:
		return m.mul(matrix{-1, 0, 0, -1, width, height}), width, height
	case 3:
		return m.mul(matrix{0, 1, -1, 0, height, 0}), height, width
	}
	return m, width, height
}

// page never fails: what could be read before an error stays.
func (f *File) page(l leaf) *Page {
	p := &Page{}
	w := &walker{file: f, page: p}
	func() {
		defer func() {
			if r := recover(); r != nil {
				p.Err = fmt.Errorf("%v", r)
			}
		}()
		var m matrix
		m, p.Width, p.Height = l.frame()
		w.state = state{ctm: m, scale: 1}
		w.run(l.page.Key("Contents"), l.resources, 0)
	}()
	w.finish()
	return p
}

// content unpacks a stream or an array of streams. What comes before a damaged
// part is kept.
func content(v pdf.Value) (data []byte, err error) {
	streams := []pdf.Value{v}
	if v.Kind() == pdf.Array {
		streams = nil
		for i := range v.Len() {
			streams = append(streams, v.Index(i))
		}
	}
	for _, s := range streams {
		if s.Kind() != pdf.Stream {
			continue
		}
		part, e := unpack(s, maxContent-len(data))
		data = append(append(data, part...), '\n')
		if err == nil {
			err = e
		}
	}
	return data, err
}

// unpack reads at most limit bytes of a stream.
func unpack(v pdf.Value, limit int) (data []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	r := v.Reader()
	defer r.Close()
	data, err = io.ReadAll(io.LimitReader(r, int64(max(limit, 0))+1))
	if err == nil && len(data) > limit {
		return data[:max(limit, 0)], ErrTooLarge
	}
	return data, err
}

// A matrix is [a b c d e f] as in PDF: x' = ax + cy + e, y' = bx + dy + f.
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

func (m matrix) mul(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

func (m matrix) apply(x, y float64) (float64, float64) {
	return m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5]
}

// finite reports whether a coordinate can be reckoned with: damaged files have
// any number.
func finite(v ...float64) bool {
	for _, x := range v {
		if math.IsNaN(x) || math.Abs(x) > 1e6 {
			return false
		}
	}
	return true
}
