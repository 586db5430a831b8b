package extract

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/ledongthuc/pdf"

	"biseo/ingest"
)

const maxPages = 10_000

// readPDF reads the text of a PDF page by page in the order in which it is
// drawn. Lines wrapped by the page are joined, running heads and page numbers
// are dropped. Tables come as lines of text. A page without text, such as a
// scan, is named in a warning.
func readPDF(ctx context.Context, data []byte) (d *ingest.Document, err error) {
	var b builder
	r, err := openPDF(data)
	if err != nil {
		return nil, err
	}
	var pages [][]*pdfLine
	var empty, broken []int
	for page, resources := range pdfPages(r) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		lines, err := safePage(page, resources)
		if err != nil {
			broken = append(broken, len(pages)+1)
		} else if len(lines) == 0 {
			empty = append(empty, len(pages)+1)
		}
		pages = append(pages, lines)
	}
	if len(pages) == 0 {
		return nil, damaged("PDF", fmt.Errorf("쪽이 없음"))
	}
	running := runningLines(pages)
	words := vocabulary(pages)
	var known, unknown int
	for i, lines := range pages {
		b.page = i + 1
		for _, s := range paragraphs(lines, running, words) {
			b.line(s)
		}
		for _, l := range lines {
			known += utf8.RuneCountInString(l.text)
			unknown += l.unknown
		}
	}
	b.doc.Pages = len(pages)
	if unknown*20 > known+unknown {
		b.warn("글꼴 정보가 없어 읽지 못한 글자가 많습니다(%d자 가운데 %d자). 원본 문서(HWPX, DOCX)를 쓰는 것이 좋습니다.", known+unknown, unknown)
	}
	if len(empty) > 0 {
		b.warn("글자가 없는 쪽이 있습니다(%s쪽). 스캔한 그림이면 글자 인식(OCR)을 거친 파일이 필요합니다.", numbers(empty))
	}
	if len(broken) > 0 {
		b.warn("손상되어 읽지 못한 쪽이 있습니다(%s쪽).", numbers(broken))
	}
	info := r.Trailer().Key("Info")
	b.doc.Meta.Keywords = keywords([]string{info.Key("Keywords").Text()})
	b.doc.Meta.Title = b.title(oneLine(info.Key("Title").Text()), largest(pages[0]))
	return b.finish()
}

// openPDF works around what the library refuses without need: bytes before
// %PDF or after %%EOF, and version 2.0.
func openPDF(data []byte) (r *pdf.Reader, err error) {
	data = bytes.Clone(data[bytes.Index(data, []byte("%PDF-")):])
	if bytes.HasPrefix(data, []byte("%PDF-2.")) {
		copy(data, "%PDF-1.7")
	}
	if i := bytes.LastIndex(data, []byte("%%EOF")); i > 0 {
		data = append(data[:i], "%%EOF\n"...)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
		if err != nil && bytes.Contains(data, []byte("/Encrypt")) {
			err = errPassword
		}
		err = asError("PDF", err)
	}()
	return pdf.NewReader(bytes.NewReader(data), int64(len(data)))
}

// pdfPages yields the pages with their resources, which may be those of a node
// above. It does not believe the tree's counts, and ends in a tree with loops.
func pdfPages(r *pdf.Reader) func(yield func(page, resources pdf.Value) bool) {
	return func(yield func(page, resources pdf.Value) bool) {
		var pages, nodes int
		var walk func(v, resources pdf.Value, depth int) bool
		walk = func(v, resources pdf.Value, depth int) bool {
			if nodes++; depth > 32 || nodes > 4*maxPages || pages >= maxPages {
				return false
			}
			if own := v.Key("Resources"); !own.IsNull() {
				resources = own
			}
			kids := v.Key("Kids")
			if v.Key("Type").Name() == "Page" || kids.Len() == 0 && !v.Key("Contents").IsNull() {
				pages++
				return yield(v, resources)
			}
			for i := range kids.Len() {
				if !walk(kids.Index(i), resources, depth+1) {
					return false
				}
			}
			return true
		}
		defer func() { recover() }() // a broken tree: what was found so far
		walk(r.Trailer().Key("Root").Key("Pages"), pdf.Value{}, 0)
	}
}

// safePage is readPDFPage for damaged pages, on which the library panics.
func safePage(page, resources pdf.Value) (lines []*pdfLine, err error) {
	defer func() {
		if p := recover(); p != nil {
			lines, err = nil, fmt.Errorf("%v", p)
		}
	}()
	return readPDFPage(page, resources), nil
}

// largest is the text set largest on a page, which on a first page is the
// title, unless it is long.
func largest(lines []*pdfLine) string {
	var size float64
	for _, l := range lines {
		size = max(size, l.size)
	}
	var out []string
	for _, l := range lines {
		if l.size > 0.9*size {
			out = append(out, l.text)
		}
	}
	if s := oneLine(strings.Join(out, " ")); utf8.RuneCountInString(s) <= 80 {
		return s
	}
	return ""
}

var reDigits = regexp.MustCompile(`\d+`)

// shape is what running heads and page numbers have in common on all pages:
// text but for its numbers, and height.
func shape(l *pdfLine) string {
	return fmt.Sprintf("%s@%.0f", reDigits.ReplaceAllString(strings.Join(strings.Fields(l.text), ""), "#"), l.y/4)
}

// edges are the two highest and the two lowest lines of a page, headings aside:
// in plans every page may begin with the same one.
func edges(lines []*pdfLine) (out []*pdfLine) {
	for _, l := range lines {
		if m, _, _, _ := guessHeading(l.text, false); m != noMark {
			continue
		}
		var above, below int
		for _, o := range lines {
			if o.angle == l.angle && o.y > l.y+l.size/2 {
				above++
			}
			if o.angle == l.angle && o.y < l.y-l.size/2 {
				below++
			}
		}
		if above < 2 || below < 2 {
			out = append(out, l)
		}
	}
	return out
}

// runningLines finds the lines at the edges that stand, numbers aside, on more
// than half of at least three pages.
func runningLines(pages [][]*pdfLine) map[*pdfLine]bool {
	count := map[string]int{}
	for _, lines := range pages {
		seen := map[string]bool{}
		for _, l := range edges(lines) {
			if s := shape(l); !seen[s] {
				seen[s] = true
				count[s]++
			}
		}
	}
	running := map[*pdfLine]bool{}
	for _, lines := range pages {
		for _, l := range edges(lines) {
			if n := count[shape(l)]; n >= 3 && 2*n > len(pages) {
				running[l] = true
			}
		}
	}
	return running
}

// reItem begins a paragraph of its own: item marks of official documents.
var reItem = regexp.MustCompile(`^\s*(?:[□■○●◦•▪▸▶◆◇❍❏◈☞⇒→➢➔✓*※ㅇ❖▷►◎⊙△▲]|[-–—·∙]\s|[①-⑳⑴-⒇㉮-㉻❶-❿➊-➓]|[Ⅰ-Ⅻ][.．\s]|\d{1,2}[.)．]\s?\D|\(\d{1,2}\)|[가-하][.)]\s|\([가-하]\)|제\s?\d+\s?[편장절관조]|붙\s?임|[<〈《【\[]|부\s?칙)`)

// paragraphs joins the lines of a page that the page's width has broken.
func paragraphs(lines []*pdfLine, running map[*pdfLine]bool, words map[string]bool) []string {
	var edge float64 // right end of the widest lines
	for _, l := range lines {
		edge = max(edge, l.right)
	}
	var out []string
	var last *pdfLine
	for _, l := range lines {
		if running[l] {
			continue
		}
		s := l.text
		if last != nil && continues(last, l, edge) {
			out[len(out)-1] = join(out[len(out)-1], s, words)
		} else {
			out = append(out, s)
		}
		last = l
	}
	return out
}

// continues tells whether l goes on with the paragraph of the line before: it
// stands right below, in the same size, begins with no item mark, and the line
// before was full: it reached the edge of the page, or of its column or cell
// as far as one can tell, and ended no sentence.
func continues(last, l *pdfLine, edge float64) bool {
	gap := last.y - l.y
	s := l.text
	before := strings.TrimSpace(last.text)
	if l.angle != last.angle || gap < 0.5*l.size || gap > 2.2*max(l.size, last.size) ||
		l.size > 1.15*last.size || last.size > 1.15*l.size || reItem.MatchString(s) || reDots.MatchString(before) {
		return false
	}
	if l.left > last.left+4*l.size || l.left > last.right || l.right < last.left {
		return false
	}
	if strings.HasSuffix(before, "다.") && last.right < edge-3*last.size {
		return false
	}
	full := last.right > edge-2*last.size || l.right < last.right+last.size
	return full && last.right-last.left > 12*last.size
}

var reDots = regexp.MustCompile(`[·.…]{4,}\s*\d*$`)

// vocabulary is the words that stand inside lines, where none is broken.
func vocabulary(pages [][]*pdfLine) map[string]bool {
	words := map[string]bool{}
	for _, lines := range pages {
		for _, l := range lines {
			if f := strings.Fields(l.text); len(f) > 2 {
				for _, w := range f[1 : len(f)-1] {
					words[w] = true
				}
			}
		}
	}
	return words
}

// join puts the next line behind a broken one. Korean is broken between words
// or between syllables; it was the latter if both halves make a word that the
// document has elsewhere.
func join(a, b string, words map[string]bool) string {
	a, b = strings.TrimRight(a, " "), strings.TrimLeft(b, " ")
	left, right := a[strings.LastIndexByte(a, ' ')+1:], b
	if i := strings.IndexByte(b, ' '); i >= 0 {
		right = b[:i]
	}
	if words[left+right] {
		return a + b
	}
	return a + " " + b
}

// numbers prints page numbers with ranges: 1, 3-5.
func numbers(n []int) string {
	var out []string
	for i := 0; i < len(n); {
		j := i
		for j+1 < len(n) && n[j+1] == n[j]+1 {
			j++
		}
		if i == j {
			out = append(out, fmt.Sprint(n[i]))
		} else {
			out = append(out, fmt.Sprintf("%d-%d", n[i], n[j]))
		}
		i = j + 1
	}
	return strings.Join(out, ", ")
}
