package blocks

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// statedDate is the day from which a document counts by its own heading: that of
// [시행 2026. 5. 6.] in regulations, of 보도시점: 2026. 5. 6. in press releases; zero
// if its first lines say neither.
func statedDate(text string) time.Time {
	m := reStated.FindStringSubmatch(text[:min(len(text), 2000)])
	if m == nil {
		return time.Time{}
	}
	t, _ := ParseDate(m[1])
	return t
}

var reStated = regexp.MustCompile(`(?:\[시행|보도 ?시점 ?[:：]?)\s*(\d{4}\. ?\d{1,2}\. ?\d{1,2}\.)`)

var reDate = regexp.MustCompile(`^['‘]?(\d{4})(?:[-./]|\s*[.년]\s*)?(\d{1,2})(?:[-./]|\s*[.월]\s*)?(\d{1,2})\s*[.일]?(?:[T ].*)?$`)

// ParseDate reads 2022-07-12, 20220712, 2022. 7. 12. and 2022년 7월 12일 as a
// day in UTC, which is how the index keeps days.
func ParseDate(s string) (time.Time, bool) {
	g := reDate.FindStringSubmatch(strings.TrimSpace(s))
	if g == nil {
		return time.Time{}, false
	}
	year, _ := strconv.Atoi(g[1])
	month, _ := strconv.Atoi(g[2])
	day, _ := strconv.Atoi(g[3])
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if t.Day() != day || int(t.Month()) != month {
		return time.Time{}, false
	}
	return t, true
}
