package extract

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/ingest"
	"biseo/ingest/extract/blocks"
	"biseo/ingest/extract/pdf"
	"biseo/ingest/extract/programs"
)

// How a page was read, for [ingest.Document.Methods].
const (
	methodNative  = "native"
	methodPoppler = "poppler"
	methodOCR     = "ocr"
	methodNone    = "none"
)

// readPDF reads a PDF page by page. Of a page whose text does not look right
// poppler is asked where it is installed, and a page without text is recognised
// where tesseract is. Lines wrapped by the page are joined, running heads and page
// numbers are dropped, ruled tables have cells.
func readPDF(ctx context.Context, data []byte) (*ingest.Document, error) {
	return readPDFWith(ctx, data, programs.Find())
}

func readPDFWith(ctx context.Context, data []byte, tools programs.Programs) (*ingest.Document, error) {
	var b blocks.Builder
	var pages []*pdfPage
	f, err := pdf.Open(data)
	if err == nil {
		for p := range f.Pages() {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if errors.Is(p.Err, pdf.ErrTooLarge) {
				return nil, errBomb
			}
			pages = append(pages, newPDFPage(p))
		}
	}
	if len(pages) == 0 {
		if pages = repair(ctx, data, tools); ctx.Err() != nil {
			return nil, ctx.Err()
		}
		switch {
		case len(pages) > 0:
			b.Warn("파일의 구조가 손상되었거나 잠겨 있어 poppler로 읽었습니다. 빠진 쪽이 없는지 확인하세요.")
		case errors.Is(err, pdf.ErrPassword):
			return nil, errPassword
		case err != nil:
			return nil, damaged("PDF", err)
		default:
			return nil, damaged("PDF", errors.New("쪽이 없음"))
		}
	}
	if err := rescue(ctx, &b, data, pages, tools); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(pages, func(p *pdfPage) bool { return p.page.Err != nil }); i >= 0 && !slices.ContainsFunc(pages, func(p *pdfPage) bool { return p.look.chars > 0 }) {
		return nil, damaged("PDF", pages[i].page.Err)
	}
	var lines [][]*pdf.Line
	for _, p := range pages {
		p.blocks = p.page.Blocks()
		tidy(p.blocks)
		lines = append(lines, p.lines())
		b.Doc.Methods = append(b.Doc.Methods, p.method)
	}
	running := runningLines(lines)
	words := vocabulary(lines)
	for i, p := range pages {
		b.Page = i + 1
		addBlocks(&b, p.blocks, running, words)
	}
	b.Doc.Pages = len(pages)
	var title string
	if f != nil {
		b.Doc.Meta.Keywords = blocks.Keywords([]string{f.Info("Keywords")})
		title = blocks.OneLine(f.Info("Title"))
	}
	b.Doc.Meta.Title = b.Title(title, largest(lines[0]))
	return b.Finish()
}

// A pdfPage is a page with what is known about its text.
type pdfPage struct {
	page   *pdf.Page
	method string
	look   look
	blocks []pdf.Block
}

func newPDFPage(p *pdf.Page) *pdfPage {
	page := &pdfPage{page: p, method: methodNative, look: lookAt(p.Lines)}
	if page.look.chars == 0 {
		page.method = methodNone
	}
	return page
}

// replace takes the lines that a program found if they are better. Characters recognised
// on a map or a photograph are not better than the page's own few words.
func (p *pdfPage) replace(lines []pdf.Line, method string) {
	found := lookAt(lines)
	if method == methodOCR && p.look.chars > 0 && !p.doubtful() && found.chars < 100+5*p.look.chars {
		return
	}
	if found.better(p.look) {
		p.page.Lines, p.look, p.method = lines, found, method
	}
}

// lines are those of the page that stand in no table, in reading order.
func (p *pdfPage) lines() (out []*pdf.Line) {
	for i := range p.blocks {
		if b := &p.blocks[i]; b.Table == nil {
			out = append(out, &b.Line)
		}
	}
	return out
}

// empty tells whether a page shows something but no text, or hardly any on
// pictures that fill it, as a scan with a stamped number does.
func (p *pdfPage) empty() bool {
	ink := p.page.Pictures > 0.01 || p.page.Strokes > 0 || p.page.Err != nil
	return p.look.chars == 0 && ink || p.look.chars < 30 && p.page.Pictures > 0.9
}

// doubtful tells whether the page's text cannot be trusted as it is.
func (p *pdfPage) doubtful() bool { return p.look.wrong() || p.page.Err != nil }

// A look counts what tells text read well from text read badly.
type look struct {
	chars    int // code points but spaces
	unknown  int // glyphs without a meaning, replacement characters, unknown private-use characters
	syllable int // of Hangul
	common   int // of them, the 100 most frequent ones
}

// commonSyllables are the 100 most frequent of Korean text (laws, an encyclopedia and
// welfare guides, each a third), 71 % of it. Of a page of 40 syllables or more of
// government plans they were never less than 50 %; with the syllables of
// the document exchanged for each other, as by a wrong ToUnicode, never more than
// 37 %.
const commonSyllables = "다의이제에지는하한원을정조로기은사자가부시인대서고장를관항상보수전니으도경일해여신법리공과용호청주위우행소국등년업터아개중만라비및있입나금어단구방스계동문당적급재따그성통면교학월무치세회생산유각화후내"

func lookAt(lines []pdf.Line) (k look) {
	for _, l := range lines {
		k.unknown += l.Unknown()
		for _, r := range l.Text {
			switch {
			case r == ' ':
				continue
			case r == utf8.RuneError, blocks.CleanRune(r) < 0 && r != '\u00ad', blocks.CleanRune(r) == '□' && r != '□':
				k.unknown++
			case r >= '가' && r <= '힣':
				k.syllable++
				if strings.ContainsRune(commonSyllables, r) {
					k.common++
				}
			}
			k.chars++
		}
	}
	return k
}

// wrong tells whether one in twenty characters is unknown, or the Hangul is none
// that anybody writes.
func (k look) wrong() bool { return k.unknown*20 > k.chars || k.implausible() }

func (k look) implausible() bool { return k.syllable >= 40 && k.common*100 < 42*k.syllable }

// better compares two readings of one page.
func (k look) better(o look) bool {
	if k.implausible() != o.implausible() {
		return o.implausible() && 2*k.chars > o.chars
	}
	return k.chars-2*k.unknown > o.chars-2*o.unknown
}
