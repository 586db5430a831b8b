package blocks

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/ingest"
)

// A mark is what a line begins with that makes it look like a heading.
type mark int

const (
	noMark     mark = iota
	division        // 제1편, 제1장, 제1절, 제1관
	article         // 제1조(목적)
	supplement      // 부칙, [별표 1], [별지 제1호서식]
	roman           // Ⅰ. 추진배경
	number          // 1. 추진배경
	box             // □ 추진배경
)

var (
	reDivision      = regexp.MustCompile(`^제\s?\d+\s?(편|장|절|관)(?:의\s?\d+)?(?:\s+\S.*)?$`)
	reArticle       = regexp.MustCompile(`^(제\s?\d+\s?조(?:의\s?\d+)?\s?\((?:[^()]|\([^()]*\))+\))(?:$|\s+|([①-⑳]))`)
	reBareArticle   = regexp.MustCompile(`^(제\s?\d+\s?조(?:의\s?\d+)?)(?:$|\s+삭\s?제)`)
	reArticleNumber = regexp.MustCompile(`^제\s?\d+\s?조(?:의\s?\d+)?`)
	reSupplement    = regexp.MustCompile(`^부\s*칙\s*(?:\(.*\)\s*)?(?:[<〈].*[>〉])?\s*$`)
	reAnnex         = regexp.MustCompile(`^[\[<〈【]\s?(?:별표|별지)[^\]>〉】]*[\]>〉】]`)
	reRoman         = regexp.MustCompile(`^[Ⅰ-Ⅻ]\s?[.．]?\s?[^\s.．]`)
	reNumber        = regexp.MustCompile(`^\d{1,2}[.．]\s?[^\d\s]`)
	reBox           = regexp.MustCompile(`^[□■❏◻]\s?[^\s□■]`)

	reSentence = regexp.MustCompile(`[.?!;:,]$|(?:다|함|됨|있음|없음|요망|바람)$`)
	reField    = regexp.MustCompile(`\s?[:：]\s|[:：]$|[·.…]{3,}|─|끝\.?$`)
)

// guessHeading reads the visible marks by which Korean office documents show
// their structure, for formats that have no headings of their own (or whose
// authors do not use them, which is nearly all HWPX). It is conservative: a
// missed heading costs a shorter path, a false one tears a passage apart.
//
// Levels are those of law Markdown and of reports: 편 1, 장 2, 절 3, 관 4, 조 5;
// 부칙, 별표 and 별지 2; Ⅰ. 1, "1." 2, □ 3. A heading of the last three kinds is
// short (40 code points), is no sentence, names no value after a colon and is
// no line of a table of contents. With lawOnly those three are no headings: inside
// an article they are its items (호). Of "제1조(목적) 이 조례는 …" only the first part is
// the heading; rest is what follows.
func guessHeading(line string, lawOnly bool) (m mark, level int, heading, rest string) {
	line = strings.TrimSpace(line)
	n := utf8.RuneCountInString(line)
	if strings.Contains(line, "\n") {
		return
	}
	if g := reArticle.FindStringSubmatchIndex(line); g != nil {
		return article, 5, line[:g[3]], strings.TrimSpace(line[g[3]:])
	}
	if g := reBareArticle.FindStringSubmatchIndex(line); g != nil {
		return article, 5, line[:g[3]], strings.TrimSpace(line[g[3]:])
	}
	switch {
	case n > 120:
		return
	case reSupplement.MatchString(line), reAnnex.MatchString(line) && n <= 80:
		return supplement, 2, line, ""
	case n > 44 || reSentence.MatchString(line) || reField.MatchString(line):
		return
	}
	if g := reDivision.FindStringSubmatch(line); g != nil {
		level := map[string]int{"편": 1, "장": 2, "절": 3, "관": 4}[g[1]]
		return division, level, line, ""
	}
	switch {
	case lawOnly:
	case reRoman.MatchString(line):
		return roman, 1, line, ""
	case reNumber.MatchString(line) && n <= 34:
		return number, 2, line, ""
	case reBox.MatchString(line):
		return box, 3, line, ""
	}
	return
}

// LooksLikeHeading tells whether a line by itself is marked as a heading.
func LooksLikeHeading(line string) bool {
	m, _, _, _ := guessHeading(line, false)
	return m != noMark
}

// IsSupplement tells whether a line opens the addenda (부칙) of a law.
func IsSupplement(line string) bool { return reSupplement.MatchString(line) }

// guessHeadings turns the marked lines among parts into headings. Numbered or
// boxed lines that follow each other directly are a list, not headings. The
// articles of 부칙 stay text under 부칙. In a document whose headings are marked
// as such only the marks of laws are looked for.
func guessHeadings(parts []part) []part {
	structured := slices.ContainsFunc(parts, func(p part) bool { return p.kind == ingest.Heading })
	var out []part
	var inArticle, inSupplement bool
	for _, p := range parts {
		var m mark
		var level int
		var head, rest string
		switch {
		case p.kind == ingest.Heading:
			head = p.text
			inSupplement = inSupplement && p.level > 2 || reSupplement.MatchString(head)
			inArticle = !inSupplement && (reArticleNumber.MatchString(head) || inArticle && p.level > 5)
		case p.guess:
			m, level, head, rest = guessHeading(p.text, structured || inArticle || inSupplement)
		}
		if m == article && inSupplement {
			m = noMark
		}
		if m == noMark {
			out = append(out, p)
			continue
		}
		switch m {
		case division, supplement:
			inArticle, inSupplement = false, reSupplement.MatchString(head)
		case article:
			inArticle = true
		}
		p.kind, p.mark, p.level = ingest.Heading, m, level
		p.text = strings.Join(strings.Fields(head), " ")
		out = append(out, p)
		if rest != "" {
			out = append(out, part{kind: ingest.Paragraph, text: rest, page: p.page})
		}
	}
	return demoteLists(out)
}

func demoteLists(parts []part) []part {
	for i := 0; i < len(parts); {
		j := i + 1
		for j < len(parts) && parts[j].mark == parts[i].mark {
			j++
		}
		if m := parts[i].mark; j-i > 1 && (m == number || m == box || m == roman) {
			for k := i; k < j; k++ {
				parts[k].kind, parts[k].level, parts[k].mark = ingest.Paragraph, 0, noMark
			}
		}
		i = j
	}
	return parts
}
