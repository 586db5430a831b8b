// Package hwp reads documents of Hancom's word processor, format HWP 5.0, into
// a tree of sections, paragraphs and controls. It decodes; it does not decide
// what of a document counts as its text.
//
// The format is that of "한글 문서 파일 형식 5.0" revision 1.3, with its errors
// corrected by what real files hold. Its publisher asks for this sentence:
// 본 제품은 한글과컴퓨터의 한글 문서 파일(.hwp) 공개 문서를 참고하여 개발하였습니다.
package hwp

import (
	"errors"
	"time"
)

// Why a document is not read, though it is HWP 5.
var (
	ErrPassword = errors.New("document has a password")
	ErrDRM      = errors.New("document is locked by DRM or a certificate")
	ErrVersion  = errors.New("document is of another main version than 5")
	ErrTooLarge = errors.New("document inflates beyond the limit")
	ErrNotHWP   = errors.New("compound file holds no HWP document")
)

// A Document is one HWP file. Paragraphs of the same shape may come from other
// formats of the same word processor; see the fields' comments for what they mean.
type Document struct {
	Info         Info
	Sections     [][]Paragraph
	Distribution bool // 배포용 문서: written for readers, not for editing
	Tracked      bool // changes were tracked: of HWP 5, deleted text may stand in the paragraphs
	Damaged      bool // parts broke the rules of the format and were left out
}

// Info is what the document's properties say; each may be empty or left over
// from a template.
type Info struct {
	Title, Subject, Author, Keywords, Comments, LastAuthor string
	Created, Saved                                         time.Time
}

// A Paragraph is text with the objects anchored in it, in reading order.
type Paragraph struct {
	Outline   int        // level as a heading, from 1; 0 for no heading
	Numbering *Numbering // that numbers it automatically; nil for none
	Level     int        // in Numbering, from 0
	Bullet    string     // mark that is drawn before it; "" for none
	Items     []Item
}

// An Item is a piece of text or, if Object is not nil, an object.
type Item struct {
	Text   string // with \t and \n; may hold private-use characters
	Object *Object
}

// A Kind says what an object is.
type Kind int

const (
	Table    Kind = iota
	Drawing       // picture, shape, text box or group of them: Body is the text in it
	Note          // footnote or endnote: Body begins with its number
	Equation      // Text is its script
	Header        // of pages
	Footer        // of pages
	Comment       // hidden comment or memo: not printed
)

// An Object is what a paragraph holds besides text.
type Object struct {
	Kind    Kind
	Text    string      // script of an equation, words of a decorated text (글맵시)
	Caption []Paragraph // of a table, drawing or equation
	Below   bool        // the caption stands below the object, not above or beside it
	Body    []Paragraph
	Cells   []Cell // of a table, by row, then column
}

// A Cell is one cell of a table. Cells that a span covers are not listed.
type Cell struct {
	Row, Col         int // from 0
	RowSpan, ColSpan int // at least 1
	Body             []Paragraph
}

// AddText adds text to the end of the paragraph.
func (p *Paragraph) AddText(s string) {
	if s == "" {
		return
	}
	if n := len(p.Items); n > 0 && p.Items[n-1].Object == nil {
		p.Items[n-1].Text += s
		return
	}
	p.Items = append(p.Items, Item{Text: s})
}

// AddObject adds an object to the end of the paragraph.
func (p *Paragraph) AddObject(o *Object) { p.Items = append(p.Items, Item{Object: o}) }
