package official

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

//go:embed words.tsv
var wordsTSV string

// A word is one line of words.tsv.
type word struct {
	bad    string
	good   []string // more than one: the writer must choose
	within []string // longer words that are right as they are
}

// words holds words.tsv by rule. It never changes.
var words = readWords(wordsTSV)

func readWords(tsv string) map[string][]word {
	m := map[string][]word{}
	for l := range strings.Lines(tsv) {
		f := strings.Split(strings.TrimRight(l, "\r\n"), "\t")
		if len(f) < 2 {
			continue // a comment
		}
		f = append(f, "", "")
		w := word{bad: f[1], good: strings.Split(f[2], "/")}
		if f[3] != "" {
			w.within = strings.Split(f[3], ",")
		}
		m[f[0]] = append(m[f[0]], w)
	}
	return m
}

// dictionary makes a check of the words of one rule.
func dictionary(code string) func(*document) []hit {
	return func(d *document) []hit {
		var hits []hit
		for _, l := range d.lines {
			for _, w := range words[code] {
				for at := 0; ; {
					i := strings.Index(l.text[at:], w.bad)
					if i < 0 {
						break
					}
					i += at
					at = i + len(w.bad)
					if slices.ContainsFunc(w.within, func(long string) bool { return surrounds(l.text, i, long, w.bad) }) {
						continue
					}
					start, end := l.at(i, at)
					h := hit{start: start, end: end}
					if len(w.good) == 1 && fitsParticle(w.bad, w.good[0], l.text[at:]) {
						h.fix = w.good[0]
					} else {
						h.detail = fmt.Sprintf("‘%s’은(는) ‘%s’(으)로 씁니다.", w.bad, strings.Join(w.good, "’ 또는 ‘"))
					}
					hits = append(hits, h)
				}
			}
		}
		return hits
	}
}

// surrounds reports whether the short word at s[i:] is part of the long one.
func surrounds(s string, i int, long, short string) bool {
	from := i - strings.Index(long, short)
	return from >= 0 && strings.HasPrefix(s[from:], long)
}

// fitsParticle reports whether what follows bad can follow good too: behind a
// final consonant Korean particles have another form.
func fitsParticle(bad, good, rest string) bool {
	next, _ := utf8.DecodeRuneInString(rest)
	return next < '가' || next > '힣' || closed(bad) == closed(good)
}

// closed reports whether s ends in a syllable with a final consonant.
func closed(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r >= '가' && r <= '힣' && (r-'가')%28 != 0
}

var dictionaryRules = []rule{
	{Code: "LOANWORD_ERROR", Severity: Warning, Why: "외래어 표기법에 맞게 씁니다.", Bad: "디지털 컨텐츠 워크샵 스케쥴", Good: "디지털 콘텐츠 워크숍 스케줄", check: dictionary("LOANWORD_ERROR")},
	{Code: "DISCRIMINATORY_TERM", Severity: Warning, Why: "사람을 낮추어 보는 말을 쓰지 않습니다.", Bad: "학부형과 장애자", Good: "학부모와 장애인", check: dictionary("DISCRIMINATORY_TERM")},
	{Code: "PLAIN_WORD", Severity: Warning, Why: "알기 쉬운 말로 씁니다.", Bad: "금번 점검은 익일까지 합니다.", Good: "이번 점검은 다음 날까지 합니다.", check: dictionary("PLAIN_WORD")},
}
