package ingest

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// A Progress says how far a [Sync] is.
type Progress struct {
	Done, Total           int    // files
	Documents             int    // of these files; an archive has many
	Pages, Chunks         int    // written so far
	Embedded              int    // chunks, also of documents that are not stored yet
	DoneBytes, TotalBytes int64  // of files that are new or changed: reading them is what takes time
	Path                  string // the file just finished; "" at the start
	Elapsed               time.Duration
}

// Left estimates the time that remains from the bytes done; 0 while unknown.
func (p Progress) Left() time.Duration {
	if p.DoneBytes <= 0 || p.DoneBytes > p.TotalBytes {
		return 0
	}
	return time.Duration(float64(p.Elapsed) * float64(p.TotalBytes-p.DoneBytes) / float64(p.DoneBytes)).Round(time.Second)
}

// Line draws p in at most width columns, Hangul counting two:
//
//	[######------] 80/160  문서 82  쪽 410  조각 3210  초당 13.3건  남은 시간 12초  민원처리법/법률.md
func (p Progress) Line(width int) string {
	const cells = 12
	full := 0
	if p.Total > 0 {
		full = cells * p.Done / p.Total
	}
	s := fmt.Sprintf("[%s%s] %d/%d  문서 %d", strings.Repeat("#", full), strings.Repeat("-", cells-full), p.Done, p.Total, p.Documents)
	if p.Pages > 0 {
		s += fmt.Sprintf("  쪽 %d", p.Pages)
	}
	s += fmt.Sprintf("  조각 %d", p.Chunks)
	if p.Embedded > 0 {
		s += fmt.Sprintf("  임베딩 %d", p.Embedded)
	}
	if p.Elapsed > 0 {
		s += fmt.Sprintf("  초당 %.1f건", float64(p.Done)/p.Elapsed.Seconds())
	}
	if left := p.Left(); left > 0 {
		s += "  남은 시간 " + koreanDuration(left)
	}
	if p.Path != "" {
		s += "  " + p.Path
	}
	columns := 0
	for i, r := range s {
		w := 1
		if unicode.Is(unicode.Hangul, r) {
			w = 2
		}
		if columns += w; columns > width {
			return s[:i]
		}
	}
	return s
}

func koreanDuration(d time.Duration) string {
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case h > 0:
		return fmt.Sprintf("%d시간 %d분", h, m)
	case m > 0:
		return fmt.Sprintf("%d분 %d초", m, s)
	}
	return fmt.Sprintf("%d초", s)
}
