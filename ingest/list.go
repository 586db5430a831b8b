package ingest

import (
	"regexp"
	"slices"
	"strings"
)

// itemMarks are the signs that open the items of an official document (「행정업무의
// 운영 및 혁신에 관한 규정 시행규칙」 §2①) and those of a 개조식 report with their
// variants, each row from the outermost. How the two rows nest is up to the
// document. Notes (* ※) and conclusions (⇒) belong to the item before them.
var itemMarks = [2][]*regexp.Regexp{
	{
		regexp.MustCompile(`^\d{1,2}\. ?[^\d\s]`),
		regexp.MustCompile(`^[가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허]\. ?\S`),
		regexp.MustCompile(`^\d{1,2}\) ?\S`),
		regexp.MustCompile(`^[가나다라마바사아자차카타파하]\) ?\S`),
		regexp.MustCompile(`^(?:\(\d{1,2}\)|[⑴-⒇]) ?\S`),
		regexp.MustCompile(`^(?:\([가나다라마바사아자차카타파하]\)|[㈎-㈛]) ?\S`),
		regexp.MustCompile(`^[①-⑳] ?\S`),
		regexp.MustCompile(`^[㉮-㉻] ?\S`),
	}, {
		regexp.MustCompile(`^[□■◻❏❑▣◈] ?\S`),
		regexp.MustCompile(`^(?:[○◯ㅇ❍◦●◉◎▷▶▸►‣◇◆❖✓] ?|[oOㅁ] )\S`),
		regexp.MustCompile(`^[-–—−] ?[^\s-]`),
		regexp.MustCompile(`^[·ㆍ・•∙▪▫] ?\S`),
	},
}

// A listMarker is the row and the place of a sign in itemMarks.
type listMarker struct{ row, rank int }

// markOf is the mark that text opens with.
func markOf(text string) (listMarker, bool) {
	for row, marks := range itemMarks {
		for rank, m := range marks {
			if m.MatchString(text) {
				return listMarker{row, rank}, true
			}
		}
	}
	return listMarker{}, false
}

// leads reports whether text is an item of a few words, which heads what is below it.
func leads(text string) bool {
	_, ok := markOf(text)
	return ok && len([]rune(text)) <= 40 && !strings.HasSuffix(text, "다.")
}

// itemDepths is how many levels of items a section may be cut at.
const itemDepths = 4

// A list is the items of a section, found when they are first asked for.
type list struct {
	*splitter
	sec   section
	items []listItem
	found bool
}

// A listItem is one line with its mark; depth is 0 for the outermost.
type listItem struct {
	line
	depth int
}

// listed is sec, to be cut at the items of its lists and then as prose.
func (s *splitter) listed(sec section) section {
	l := &list{splitter: s, sec: sec}
	sec.levels = append(l.levels(), s.prose()...)
	sec.items = l.above
	return sec
}

// all are the items of the section. An item stands beside the last one of its own
// mark, or of one further in of the same row, that is still open; else under the
// one before it.
func (l *list) all() []listItem {
	if l.found {
		return l.items
	}
	l.found = true
	var open []listMarker
	for _, at := range l.linesIn(l.sec.span) {
		if at.kind == Table || at.kind == Heading || at.start < l.sec.body {
			continue
		}
		mark, ok := markOf(at.text)
		if !ok {
			continue
		}
		depth := slices.IndexFunc(open, func(o listMarker) bool { return o.row == mark.row && o.rank >= mark.rank })
		if depth < 0 {
			depth = len(open)
		}
		open = append(open[:depth], mark)
		l.items = append(l.items, listItem{at, depth})
	}
	return l.items
}

// levels are the starts of the items, the outermost first.
func (l *list) levels() []level {
	var out []level
	for depth := range itemDepths {
		out = append(out, func(r span) []int {
			var cuts []int
			for _, it := range l.all() {
				if it.depth == depth && it.start >= r.start && it.start < r.end {
					cuts = append(cuts, it.start)
				}
			}
			return cuts
		})
	}
	return out
}

// above are the items that the first line of r stands under, outermost first.
func (l *list) above(r span) []string {
	first := l.skipSpace(r)
	var open []listItem
	for _, it := range l.all() {
		if it.start > first {
			break
		}
		open = append(open[:min(it.depth, len(open))], it)
		if it.start == first || it.end > first { // the item itself, or one that r goes on with
			if it.start == first {
				open = open[:len(open)-1]
			}
			break
		}
	}
	var path []string
	for _, it := range open {
		path = append(path, itemLabel(it.text))
	}
	return path
}

var bracketed = regexp.MustCompile(`^.{0,3}[(（\[【<][^()（）\[\]【】<>]{2,30}[)）\]】>]`)

// itemLabel is an item as it stands in a Path: its mark with the words in brackets
// that name it, or no more than 40 code points.
func itemLabel(text string) string {
	if m := bracketed.FindString(text); m != "" {
		return m
	}
	return clip(text, 40)
}

// clip is s, or its first n-1 code points and an ellipsis.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
