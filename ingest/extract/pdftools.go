package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"biseo/ingest/extract/blocks"
	"biseo/ingest/extract/pdf"
	"biseo/ingest/extract/pool"
)

// programs are the paths of the programs that help with pages which this
// package cannot read; "" is one not installed. They read their input from a pipe and
// write to one, so that no file is left behind when they are killed, and they are
// children of this process in its group and under its limits.
type programs struct {
	pdftotext, pdftoppm string // poppler-utils
	tesseract           string // tesseract-ocr with the data for kor and eng
}

const (
	textTimeout = 20 * time.Second // of pdftotext, for one run of pages
	pageTimeout = 25 * time.Second // of OCR, for one page
	maxOCRPages = 300              // of one file
	ocrTimeout  = 20 * time.Minute // of OCR, for one file
	maxFailures = 3                // of OCR, one after the other, before it is given up
	maxPixels   = 4000             // on the longer side of a page rendered for OCR
	maxOutput   = 64 << 20         // bytes that a program may write
	minScore    = 50               // of 100: words that tesseract is less sure of are left out
)

func findPrograms() programs {
	return programs{findProgram("pdftotext"), findProgram("pdftoppm"), findProgram("tesseract")}
}

// findProgram looks where systems install programs if PATH has none: the children
// of a [Pool] have no PATH.
func findProgram(name string) string {
	if path, err := exec.LookPath(name); err == nil && filepath.IsAbs(path) {
		return path
	}
	for _, dir := range []string{"/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/local/bin"} {
		if path := filepath.Join(dir, name); isProgram(path) {
			return path
		}
	}
	return ""
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// repair reads a whole file that could not be opened here: poppler rebuilds what is
// damaged, and knows more kinds of encryption. It returns nothing if that fails too.
func repair(ctx context.Context, data []byte, tools programs) (pages []*pdfPage) {
	if tools.pdftotext == "" {
		return nil
	}
	found, err := popplerPages(ctx, tools.pdftotext, data, 1, 0)
	if err != nil || !slices.ContainsFunc(found, func(p *pdf.Page) bool { return len(p.Lines) > 0 }) {
		return nil
	}
	for _, p := range found {
		page := newPDFPage(p)
		if page.method == methodNative {
			page.method = methodPoppler
		}
		pages = append(pages, page)
	}
	return pages
}

// rescue reads again what was not read well: with poppler, then by OCR. Warnings say
// what remains, and which program would help. Its error is only that of ctx.
func rescue(ctx context.Context, b *blocks.Builder, data []byte, pages []*pdfPage, tools programs) error {
	if tools.pdftotext != "" {
		if err := askPoppler(ctx, data, pages, tools.pdftotext); err != nil {
			return err
		}
	}
	var done, without, late, wrong, broken []int // page numbers
	begun, tried, failed := time.Now(), 0, 0
	for i, p := range pages {
		n := i + 1
		if p.empty() || p.look.implausible() || p.look.unknown*5 > p.look.chars {
			if tried == 0 && !tools.korean(ctx) {
				tools.tesseract = ""
			}
			if tried++; tools.pdftoppm != "" && tools.tesseract != "" {
				err := errGivenUp
				if tried <= maxOCRPages && failed < maxFailures && time.Since(begun) < ocrTimeout {
					pool.Alive(ctx)
					var lines []pdf.Line
					lines, err = recognise(ctx, tools, data, n, p.page.Width, p.page.Height)
					if err := ctx.Err(); err != nil {
						return err
					}
					p.replace(lines, methodOCR)
				}
				switch {
				case p.method == methodOCR:
					p.page.Err, failed = nil, 0
					done = append(done, n)
					continue
				case err != nil && p.look.chars == 0:
					failed++
					late = append(late, n)
					continue
				}
			}
		}
		switch {
		case p.page.Err != nil:
			broken = append(broken, n)
		case p.look.wrong():
			wrong = append(wrong, n)
		case p.look.chars == 0 && p.empty():
			without = append(without, n)
		}
	}
	install := tools.missing()
	say := func(pages []int, format string) {
		if len(pages) > 0 {
			b.Warn(format, numbers(pages))
		}
	}
	say(done, "그림으로 된 쪽(%s쪽)은 글자 인식(OCR)으로 읽었습니다. 틀린 글자가 있을 수 있으니 원문을 확인하세요.")
	say(late, "글자 인식(OCR)을 마치지 못한 쪽이 있습니다(%s쪽). 쪽을 나누거나 글자가 든 파일로 다시 올려 주세요.")
	if install == "" {
		say(without, "글자 인식(OCR)으로도 글자를 찾지 못한 쪽이 있습니다(%s쪽).")
	} else {
		say(without, "글자가 없는 쪽이 있습니다(%s쪽). 스캔한 그림이면 글자 인식(OCR)이 필요합니다: "+install)
		install = " " + install
	}
	say(wrong, "글꼴 정보가 없거나 틀려 글자가 제대로 읽히지 않은 쪽이 있습니다(%s쪽). 원본 문서(HWPX, DOCX)를 쓰는 것이 좋습니다."+install)
	say(broken, "손상되어 다 읽지 못한 쪽이 있습니다(%s쪽)."+install)
	return nil
}

// askPoppler reads the doubtful pages with pdftotext, those near each other in one run.
func askPoppler(ctx context.Context, data []byte, pages []*pdfPage, program string) error {
	const near = 20 // pages that cost less than to start the program again
	var runs [][]int
	for i, p := range pages {
		if !p.doubtful() && !(p.empty() && p.page.Pictures == 0) {
			continue
		}
		if n := len(runs); n > 0 && i-runs[n-1][len(runs[n-1])-1] <= near {
			runs[n-1] = append(runs[n-1], i)
		} else {
			runs = append(runs, []int{i})
		}
	}
	for _, run := range runs {
		first := run[0]
		pool.Alive(ctx)
		found, err := popplerPages(ctx, program, data, first+1, run[len(run)-1]+1)
		if err != nil {
			return ctx.Err() // what failed once would fail again
		}
		for _, i := range run {
			if i-first < len(found) && len(found[i-first].Lines) > 0 {
				pages[i].page.Err = nil
				pages[i].replace(found[i-first].Lines, methodPoppler)
			}
		}
	}
	return nil
}

var errGivenUp = errors.New("too many pages for OCR")

// korean tells whether tesseract knows Korean: without its data it reads letters into Hangul.
func (p programs) korean(ctx context.Context) bool {
	if p.tesseract == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, textTimeout)
	defer cancel()
	out, err := run(ctx, nil, p.tesseract, "--list-langs")
	return err == nil && slices.Contains(strings.Fields(string(out)), "kor")
}

// missing says which programs to install; "" if there is nothing to say.
func (p programs) missing() string {
	var names []string
	if p.pdftotext == "" || p.pdftoppm == "" {
		names = append(names, "poppler-utils")
	}
	if p.tesseract == "" {
		names = append(names, "tesseract-ocr, tesseract-ocr-kor")
	}
	if len(names) == 0 {
		return ""
	}
	return "이 컴퓨터에 " + strings.Join(names, ", ") + " 프로그램을 설치하고 다시 읽어 주세요."
}

// popplerPages reads the pages from first to last, 0 for the end, with pdftotext.
func popplerPages(ctx context.Context, program string, data []byte, first, last int) ([]*pdf.Page, error) {
	ctx, cancel := context.WithTimeout(ctx, textTimeout)
	defer cancel()
	out, err := run(ctx, data, program, "-bbox-layout", "-cropbox", "-enc", "UTF-8", "-q", "-f", strconv.Itoa(first), "-l", strconv.Itoa(last), "-", "-")
	if err != nil {
		return nil, err
	}
	found := parseBoxes(out)
	for _, p := range found {
		p.Lines = joinRows(p.Lines)
	}
	return found, nil
}

var reBBox = regexp.MustCompile(`<(page|line|word) ([^>]*)>(?:([^<]*)</word>)?`)

// parseBoxes reads what pdftotext -bbox-layout writes, XHTML of the elements page,
// flow, block, line and word: words in reading order with boxes in points from
// the top left.
func parseBoxes(out []byte) (pages []*pdf.Page) {
	for _, m := range reBBox.FindAllSubmatch(out, -1) {
		a := attributes(m[2])
		if string(m[1]) == "page" {
			pages = append(pages, &pdf.Page{Width: a["width"], Height: a["height"]})
			continue
		}
		if len(pages) == 0 {
			continue
		}
		p := pages[len(pages)-1]
		if string(m[1]) == "line" {
			size := a["yMax"] - a["yMin"]
			p.Lines = append(p.Lines, pdf.Line{Left: a["xMin"], Right: a["xMax"], Y: p.Height - a["yMax"] + 0.2*size, Size: size})
		} else if len(p.Lines) > 0 {
			addWord(&p.Lines[len(p.Lines)-1], html.UnescapeString(string(m[3])), a["xMin"], a["xMax"])
		}
	}
	return pages
}

// joinRows puts together what pdftotext takes for lines of their own though they stand next to
// each other in one row: words with wide spaces, the dots of a table of contents.
func joinRows(lines []pdf.Line) (out []pdf.Line) {
next:
	for _, l := range lines {
		for i := len(out) - 1; i >= max(0, len(out)-8); i-- {
			o := &out[i]
			size := max(l.Size, o.Size)
			if math.Abs(l.Y-o.Y) > 0.3*size {
				continue
			}
			first, second := *o, l
			if l.Left < o.Left {
				first, second = l, *o
			}
			if gap := second.Left - first.Right; gap > -0.3*size && gap < 1.2*size {
				text := first.Text
				if gap > size/6 {
					text += " "
				}
				o.Text, o.Glyphs = text+second.Text, slices.Concat(first.Glyphs, second.Glyphs)
				o.Left, o.Right, o.Size = first.Left, max(first.Right, second.Right), size
				continue next
			}
		}
		out = append(out, l)
	}
	return out
}

var reAttribute = regexp.MustCompile(`(\w+)="([^"]*)"`)

func attributes(s []byte) map[string]float64 {
	m := map[string]float64{}
	for _, a := range reAttribute.FindAllSubmatch(s, -1) {
		if v, err := strconv.ParseFloat(string(a[2]), 64); err == nil {
			m[string(a[1])] = v
		}
	}
	return m
}

func addWord(l *pdf.Line, word string, left, right float64) {
	if n := len(l.Glyphs); n > 0 {
		l.Glyphs = append(l.Glyphs, pdf.Glyph{Text: " ", Left: l.Glyphs[n-1].Right, Right: left})
		l.Text += " "
	}
	l.Glyphs = append(l.Glyphs, pdf.Glyph{Text: word, Left: left, Right: right})
	l.Text += word
}

// recognise reads one page by OCR: pdftoppm draws it, tesseract reads the picture.
func recognise(ctx context.Context, tools programs, data []byte, page int, width, height float64) ([]pdf.Line, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	dpi := min(300, maxPixels*72/max(width, height, 1))
	n := strconv.Itoa(page)
	picture, err := run(ctx, data, tools.pdftoppm, "-r", fmt.Sprintf("%.1f", dpi), "-gray", "-png", "-cropbox", "-q", "-f", n, "-l", n, "-singlefile", "-")
	if err != nil {
		return nil, err
	}
	out, err := run(ctx, picture, tools.tesseract, "stdin", "stdout", "-l", "kor+eng", "--psm", "3", "--dpi", fmt.Sprintf("%.0f", dpi), "tsv")
	if err != nil {
		return nil, err
	}
	return parseTSV(string(out), 72/dpi, height), nil
}

// parseTSV reads tesseract's table: level, page, block, paragraph, line, word,
// left, top, width, height (pixels from the top left), confidence and text. Words
// are level 5. scale is points for a pixel.
func parseTSV(out string, scale, pageHeight float64) (lines []pdf.Line) {
	var last string
	for row := range strings.Lines(out) {
		f := strings.Split(strings.TrimRight(row, "\r\n"), "\t")
		if len(f) != 12 || f[0] != "5" || strings.TrimSpace(f[11]) == "" {
			continue
		}
		var v [5]float64
		for i := range v {
			v[i], _ = strconv.ParseFloat(f[6+i], 64)
		}
		left, top, width, height := v[0]*scale, v[1]*scale, v[2]*scale, v[3]*scale
		if v[4] < minScore {
			continue
		}
		if key := strings.Join(f[2:5], " "); key != last || len(lines) == 0 {
			last = key
			lines = append(lines, pdf.Line{Left: left, Y: pageHeight - top - height, Size: height})
		}
		l := &lines[len(lines)-1]
		l.Size = max(l.Size, height)
		l.Right = left + width
		addWord(l, f[11], left, left+width)
	}
	return lines
}

// run gives input to a program and returns its output. What it leaves behind of
// pipes ends a second after the program or ctx does.
func run(ctx context.Context, input []byte, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin = bytes.NewReader(input)
	cmd.Env = []string{"OMP_THREAD_LIMIT=1", "LC_ALL=C.UTF-8"} // a thread for each page is faster than four
	if data := os.Getenv("TESSDATA_PREFIX"); data != "" {
		cmd.Env = append(cmd.Env, "TESSDATA_PREFIX="+data)
	}
	cmd.WaitDelay = time.Second
	out := limited{left: maxOutput}
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(program), err)
	}
	return out.Bytes(), nil
}

// limited is a buffer that refuses more than left bytes.
type limited struct {
	bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errors.New("output too long")
	}
	return l.Buffer.Write(p)
}
