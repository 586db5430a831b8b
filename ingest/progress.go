package ingest

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// A Progress says how far a [Sync] is.
type Progress struct {
	Done, Total           int // files
	Chunks                int // written so far
	DoneBytes, TotalBytes int64
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
//	[######------] 80/160  조각 3210  남은 시간 12초  민원처리법/법률.md
func (p Progress) Line(width int) string {
	const cells = 12
	full := 0
	if p.Total > 0 {
		full = cells * p.Done / p.Total
	}
	s := fmt.Sprintf("[%s%s] %d/%d  조각 %d", strings.Repeat("#", full), strings.Repeat("-", cells-full), p.Done, p.Total, p.Chunks)
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
