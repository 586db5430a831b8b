package ingest

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// Headings that readers see as plain paragraphs.
var (
	romanMark    = regexp.MustCompile(`^(?:[Ⅰ-Ⅻ]|[IVX]{1,4}\.)[.．]? ?\S`)
	boxMark      = regexp.MustCompile(`^[□■❑◻] ?\S`)
	numberMark   = regexp.MustCompile(`^\d{1,2}\. ?[^\d\s]`)
	boxStates    = regexp.MustCompile(`[.!,;]$|[:：] |다$`) // □ 환불은 5일 안에 합니다. or □ 기간: 3일 heads nothing
	leaders      = regexp.MustCompile(`[·.…‥]{3,} ?\d+$`) // of a table of contents
	questionMark = regexp.MustCompile(`^[\[<【(]?(?:Q ?\d* ?[.:)\]>】]|(?:문|질문|질의)(?: ?요지)? ?\d* ?[.:)\]>】]) ?\S`)
)

// heading reports whether l is a heading: one that the reader found, or a short
// paragraph that opens with Ⅰ. or □, or with 1. right above a □, or the question
// of a guide. Its rank grows inwards. A soft heading may share a chunk with its neighbours.
func (s *splitter) heading(l line) (rank int, soft, ok bool) {
	n := len([]rune(l.text))
	switch {
	case l.text == "" || l.kind == Table || l.kind == Footnote:
		return 0, false, false
	case leaders.MatchString(l.text) && l.kind != Heading:
		return 0, false, false
	case chapterMark.MatchString(l.text) && n <= 40:
		return chapterRank[chapterMark.FindStringSubmatch(l.text)[1]] - len(chapterRank), false, true
	case l.kind == Heading && romanMark.MatchString(l.text):
		return 1, false, true
	case l.kind == Heading:
		return max(l.level, 1), boxMark.MatchString(l.text), true
	case romanMark.MatchString(l.text) && n <= 60:
		return 11, false, true
	case questionMark.MatchString(l.text):
		return 12, false, true
	case boxMark.MatchString(l.text) && n <= 40 && !boxStates.MatchString(l.text):
		return 13, true, true
	case numberMark.MatchString(l.text) && n <= 60 && !boxStates.MatchString(l.text) && boxMark.MatchString(s.below(l)):
		return s.numberRank(), false, true
	}
	return 0, false, false
}

// below is the next line that is not blank.
func (s *splitter) below(l line) string {
	i := sort.Search(len(s.lines), func(i int) bool { return s.lines[i].start > l.start })
	for ; i < len(s.lines); i++ {
		if s.lines[i].text != "" {
			return s.lines[i].text
		}
	}
	return ""
}

// numberRank is the rank of headings that open with 1. as the reader found them,
// so that one that it missed stands beside them.
func (s *splitter) numberRank() int {
	for _, l := range s.lines {
		if l.kind == Heading && numberMark.MatchString(l.text) {
			return max(l.level, 1)
		}
	}
	return 12
}

// outline cuts r at its headings. A heading without text of its own stands with
// what is below it; one that another of its rank follows stands with that, and
// the path names both, 3. 준비∼4. 실시. Short sections under soft headings are
// joined with what is before them while they fit and begin on one page.
func (s *splitter) outline(r span, base []string) []section {
	var stack []line // open headings; level holds the rank
	var sections []section
	cur := section{span: r, path: base}
	soft, hasText := true, false      // cur has no hard heading, cur has text
	inner, innerBefore := true, false // the last heading of cur, and of the section before, is soft
	first, depth := "", 0             // of headings of one rank in cur, the first, and where they stand in its path
	finish := func(end int) {
		cur.end = end
		if n := len(sections) - 1; n >= 0 && soft && s.joins(sections[n], cur, innerBefore) {
			sections[n].end = end
			sections[n].path = commonPrefix(sections[n].path, cur.path)
		} else if cur.len() > 0 {
			sections = append(sections, cur)
			innerBefore = inner
		}
		cur = section{span: span{end, r.end}}
		soft, inner, hasText, first = true, true, false, ""
	}
	for _, l := range s.linesIn(r) {
		rank, isSoft, ok := s.heading(l)
		if !ok {
			if l.text != "" && !hasText {
				cur.body, hasText = l.start, true
			}
			continue
		}
		if n := len(stack); hasText || n > 0 && stack[n-1].start >= cur.start && stack[n-1].level >= rank && inner {
			finish(l.start) // inner: □ 위원 7명, with nothing below it
		}
		for n := len(stack); n > 0 && stack[n-1].level >= rank; n-- {
			if h := stack[n-1]; h.start >= cur.start && (first == "" || n-1 < depth) {
				first, depth = s.pathLabel(h.text, n == 1), n-1
			}
			stack = stack[:n-1]
		}
		soft, inner = soft && isSoft, isSoft
		l.level = rank
		stack = append(stack, l)
		cur.path = slices.Clone(base)
		for i, h := range stack {
			if label := s.pathLabel(h.text, i == 0); label != "" {
				if i == depth && first != "" {
					label = first + "∼" + label
				}
				cur.path = append(cur.path, label)
			}
		}
	}
	finish(r.end)
	for i := range sections {
		sec := &sections[i]
		*sec = s.listed(*sec)
		sec.cite = func(r span) string { return s.placeCite(r, sec.path) }
	}
	return sections
}

// joins reports whether the soft section b may stand in one chunk with a: below
// it, or beside it where the last heading of a is soft too.
func (s *splitter) joins(a, b section, beside bool) bool {
	if !s.fits(span{a.start, b.end}, s.max) || s.pageAt(s.skipSpace(a.span)) != s.pageAt(s.skipSpace(b.span)) {
		return false
	}
	parent := b.path[:max(len(b.path)-1, 0)]
	common := len(commonPrefix(a.path, parent))
	return common == len(a.path) || beside && common == len(parent) && common == len(a.path)-1
}

func commonPrefix(a, b []string) []string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// pathLabel is a heading as it stands in a Path: not at all if it is the title
// of the document, and no longer than 80 code points.
func (s *splitter) pathLabel(text string, outermost bool) string {
	squeeze := func(s string) string { return strings.ReplaceAll(s, " ", "") }
	if outermost && squeeze(text) == squeeze(s.doc.Meta.Title) {
		return ""
	}
	return clip(text, 80)
}

// placeCite cites a part of a document by its pages, and by its headings where
// there are none: 「제목」 p. 12, 「제목」 p. 12∼13, 「제목」 Ⅱ. 추진계획 > 1. 일정.
func (s *splitter) placeCite(r span, path []string) string {
	first, last := s.pageAt(s.skipSpace(r)), 0
	for _, l := range s.linesIn(r) {
		if l.text != "" {
			last = l.page
		}
	}
	switch {
	case first > 0 && last > first:
		return fmt.Sprintf("%s p. %d∼%d", s.title(), first, last)
	case first > 0:
		return fmt.Sprintf("%s p. %d", s.title(), first)
	case len(path) > 0:
		return s.title() + " " + strings.Join(path, " > ")
	}
	return s.title()
}
