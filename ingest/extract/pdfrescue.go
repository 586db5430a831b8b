package extract

import (
	"context"
	"errors"
	"slices"
	"time"

	"biseo/ingest/extract/blocks"
	"biseo/ingest/extract/pdf"
	"biseo/ingest/extract/pool"
	"biseo/ingest/extract/programs"
)

// Limits of OCR, for one file.
const (
	maxOCRPages = 300
	ocrTimeout  = 20 * time.Minute
	maxFailures = 3 // one after the other, before it is given up
)

// repair reads a whole file that could not be opened here: poppler rebuilds what is
// damaged, and knows more kinds of encryption. It returns nothing if that fails too.
func repair(ctx context.Context, data []byte, tools programs.Programs) (pages []*pdfPage) {
	if tools.PDFToText == "" {
		return nil
	}
	found, err := tools.Pages(ctx, data, 1, 0)
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
func rescue(ctx context.Context, b *blocks.Builder, data []byte, pages []*pdfPage, tools programs.Programs) error {
	if tools.PDFToText != "" {
		if err := askPoppler(ctx, data, pages, tools); err != nil {
			return err
		}
	}
	var done, without, late, wrong, broken []int // page numbers
	begun, tried, failed := time.Now(), 0, 0
	for i, p := range pages {
		n := i + 1
		if p.empty() || p.look.implausible() || p.look.unknown*5 > p.look.chars {
			if tried == 0 && !tools.Korean(ctx) {
				tools.Tesseract = ""
			}
			if tried++; tools.PDFToPPM != "" && tools.Tesseract != "" {
				err := errGivenUp
				if tried <= maxOCRPages && failed < maxFailures && time.Since(begun) < ocrTimeout {
					pool.Alive(ctx)
					var lines []pdf.Line
					lines, err = tools.Recognise(ctx, data, n, p.page.Width, p.page.Height)
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
	install := tools.Missing()
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
func askPoppler(ctx context.Context, data []byte, pages []*pdfPage, tools programs.Programs) error {
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
		found, err := tools.Pages(ctx, data, first+1, run[len(run)-1]+1)
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
