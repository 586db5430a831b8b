// Package programs reads pages of a PDF with programs of the system: poppler reads
// text, tesseract recognises it (OCR).
package programs

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

	"biseo/ingest/extract/pdf"
)

// Programs are the paths of the programs; "" is one not installed. They read their
// input from a pipe and write to one, so that no file is left behind when they are
// killed, and they are children of this process in its group and under its limits.
type Programs struct {
	PDFToText, PDFToPPM string // poppler-utils
	Tesseract           string // tesseract-ocr with the data for kor and eng
}

const (
	textTimeout = 20 * time.Second // of pdftotext, for one run of pages
	pageTimeout = 25 * time.Second // of OCR, for one page
	maxPixels   = 4000             // on the longer side of a page rendered for OCR
	maxOutput   = 64 << 20         // bytes that a program may write
	minScore    = 50               // of 100: words that tesseract is less sure of are left out
)

// Find finds the programs that are installed.
func Find() Programs {
	return Programs{findProgram("pdftotext"), findProgram("pdftoppm"), findProgram("tesseract")}
}

// findProgram looks where systems install programs if PATH has none: the children
// of a pool have no PATH.
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

// Korean tells whether tesseract knows Korean: without its data it reads letters into Hangul.
func (p Programs) Korean(ctx context.Context) bool {
	if p.Tesseract == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, textTimeout)
	defer cancel()
	out, err := run(ctx, nil, p.Tesseract, "--list-langs")
	return err == nil && slices.Contains(strings.Fields(string(out)), "kor")
}

// Missing says in Korean which programs to install; "" if there is nothing to say.
func (p Programs) Missing() string {
	var names []string
	if p.PDFToText == "" || p.PDFToPPM == "" {
		names = append(names, "poppler-utils")
	}
	if p.Tesseract == "" {
		names = append(names, "tesseract-ocr, tesseract-ocr-kor")
	}
	if len(names) == 0 {
		return ""
	}
	return "이 컴퓨터에 " + strings.Join(names, ", ") + " 프로그램을 설치하고 다시 읽어 주세요."
}

// Pages reads the pages from first to last, 0 for the end, with pdftotext.
func (p Programs) Pages(ctx context.Context, data []byte, first, last int) ([]*pdf.Page, error) {
	ctx, cancel := context.WithTimeout(ctx, textTimeout)
	defer cancel()
	out, err := run(ctx, data, p.PDFToText, "-bbox-layout", "-cropbox", "-enc", "UTF-8", "-q", "-f", strconv.Itoa(first), "-l", strconv.Itoa(last), "-", "-")
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

// Recognise reads one page by OCR: pdftoppm draws it, tesseract reads the picture.
func (p Programs) Recognise(ctx context.Context, data []byte, page int, width, height float64) ([]pdf.Line, error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	dpi := min(300, maxPixels*72/max(width, height, 1))
	n := strconv.Itoa(page)
	picture, err := run(ctx, data, p.PDFToPPM, "-r", fmt.Sprintf("%.1f", dpi), "-gray", "-png", "-cropbox", "-q", "-f", n, "-l", n, "-singlefile", "-")
	if err != nil {
		return nil, err
	}
	out, err := run(ctx, picture, p.Tesseract, "stdin", "stdout", "-l", "kor+eng", "--psm", "3", "--dpi", fmt.Sprintf("%.0f", dpi), "tsv")
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
