package ingest

import "biseo/index"

// A Document is one file read: its text in reading order and the blocks it
// consists of. The readers of ingest/extract make it, [Split] cuts it.
type Document struct {
	Meta     index.Doc
	Text     string   // all text in reading order, NFC
	Blocks   []Block  // cover Text from start to end without gap or overlap
	Pages    int      // 0 where the format has none
	Warnings []string // what was lost or guessed, one sentence each
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
