package ingest

import "biseo/index"

// A Document is one file read: its text in reading order and the blocks it
// consists of. The readers of ingest/extract make it, [Split] cuts it.
type Document struct {
	Meta     index.Doc
	Text     string   // all text in reading order, NFC
	Blocks   []Block  // cover Text from start to end without gap or overlap
	Pages    int      // 0 where the format has none
	Methods  []string // of a PDF, how each page was read: native, poppler, ocr or none (no text found)
	Fields   []Field  // what an official letter says about itself: 수신, 관련, 붙임, 결재선, 공개구분, in its order
	Warnings []string // what was lost or guessed, one sentence each
	Parts    []Part   // of an archive: its entries in name order; the archive itself then has no Text
}

// A Field is one labelled value of a document's own head or foot, such as 수신: 민원과장.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Part is one entry of an archive: a document of its own, or the reason why it
// could not be read.
type Part struct {
	Name     string // path inside the archive, with slashes
	Document *Document
	Err      *FileError
}

// A Kind says what a block of a document is.
type Kind string

const (
	Heading   Kind = "heading"
	Paragraph Kind = "paragraph"
	Table     Kind = "table"
	Footnote  Kind = "footnote"
	Caption   Kind = "caption"
)

// A Block is one heading, paragraph, table or note. The line breaks that
// separate it from the next block belong to it.
type Block struct {
	Kind  Kind
	Start int      // code points of Document.Text
	End   int      // exclusive
	Level int      // of a heading, from 1; 0 otherwise
	Path  []string // enclosing headings, outermost first; a heading's own text is not in its Path
	Page  int      // from 1; 0 where the format has no pages
	Cells [][]Cell // of a table: rows of cells; Text holds the same rows linearised
}

// A Cell is one cell of a table. Cells covered by a span are not listed.
type Cell struct {
	Text    string `json:"text"`
	Row     int    `json:"row"` // position in the grid, from 0
	Col     int    `json:"col"`
	RowSpan int    `json:"rowspan"` // at least 1
	ColSpan int    `json:"colspan"` // at least 1
}
