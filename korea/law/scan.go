package law

import (
	"strings"
	"unicode/utf8"
)

// endsHead reports whether a back-reference ends at p, rather than being the
// beginning of another word (같은 조건, 같은 법인).
func (s *scanner) endsHead(p, end int) bool {
	return s.particle(p, end) || s.oneOf(p, end, "제", "부칙", "별표", "별지", "상") > 0 && s.oneOf(p, end, "제도", "제목") == 0
}

// particle reports whether the word that ends at p is complete: no Hangul
// follows, or a particle does.
func (s *scanner) particle(p, end int) bool {
	if p >= end || !isHangul(s.r[p]) {
		return true
	}
	n := s.oneOf(p, end, "에서는", "에서도", "에서", "에도", "에는", "에게", "에", "의", "을", "를", "은", "는", "이나", "이며", "이다", "이라", "이",
		"가", "과는", "과", "와", "으로", "로서", "로", "이란", "란", "도", "만", "상의", "까지", "부터", "중", "내", "다")
	return n > 0 && (p+n >= end || !isHangul(s.r[p+n]) || n > 1)
}

// endsUnit reports whether a unit may end at p: 제1항목, 제2조합 and 제3호선 are other words.
func (s *scanner) endsUnit(p, end int) bool {
	if p >= end || !isHangul(s.r[p]) || strings.ContainsRune("제각및", s.r[p]) || s.particle(p, end) {
		return true
	}
	if strings.ContainsRune(subitems, s.r[p]) && s.has(s.skip(p+1, end, 1), end, "목") {
		return true
	}
	return s.oneOf(p, end, "에", "의", "을", "를", "은", "는", "와", "과", "으로", "부터", "까지", "본문", "단서", "전단", "후단", "또는", "관련", "규정", "위반", "외의", "인", "이", "라", "내지", "마다", "보다", "처럼", "별로", "소정", "상", "등", "중", "다만", "만", "도", "나", "로") > 0 &&
		s.oneOf(p, end, "의원", "의장", "은행", "의뢰", "의견", "인실", "이사", "상담", "도시", "로봇", "나무") == 0
}

// serial reports whether the 제 at i begins a serial number: 법률 제11041호, 고시 제3호.
func (s *scanner) serial(i int) bool {
	w := s.wordsBefore(s.skipBack(i), 1)
	if len(w) == 0 {
		return false
	}
	for _, e := range []string{"법률", "령", "고시", "공고", "예규", "조례", "규칙", "지침", "명령", "회", "통권", "안건", "지정", "등록", "허가", "면허"} {
		if strings.HasSuffix(w[0].text, e) {
			// 조례 제5조 is a citation; only a number with 호 is a serial one
			_, p, ok := s.number(s.skip(i+1, len(s.r), 1), len(s.r))
			return ok && s.has(s.skip(p, len(s.r), 1), len(s.r), "호")
		}
	}
	return false
}

func (s *scanner) skipBack(p int) int {
	for p > s.floor && isSpace(s.r[p-1]) {
		p--
	}
	return p
}

// skip skips at most n spaces, of which at most one is a line break.
func (s *scanner) skip(p, end, n int) int {
	breaks := 0
	for ; n > 0 && p < end && isSpace(s.r[p]); n-- {
		if s.r[p] == '\n' {
			if breaks++; breaks > 1 {
				break
			}
		}
		p++
	}
	return p
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' || r >= '０' && r <= '９' }

// number reads up to six digits, ASCII or full-width, or a number in Hanja; zero is
// no number of a unit.
func (s *scanner) number(p, end int) (n, after int, ok bool) {
	q := p
	if n, q := s.numeral(p, end, hanjaDigits, '十', '百'); q > p {
		return n, q, n > 0
	}
	for q < end && isDigit(s.r[q]) {
		d := s.r[q] - '0'
		if d > 9 {
			d = s.r[q] - '０'
		}
		n = n*10 + int(d)
		if q++; q-p > 6 {
			return 0, p, false
		}
	}
	return n, q, n > 0
}

const (
	hanjaDigits  = "一二三四五六七八九"
	hangulDigits = "일이삼사오육칠팔구"
)

// hangulNumber reads the number of an article in Hangul: 십구 in 제십구조.
func (s *scanner) hangulNumber(p, end int) (n, after int, ok bool) {
	n, after = s.numeral(p, end, hangulDigits, '십', '백')
	return n, after, n > 0 && s.has(after, end, "조")
}

// numeral reads a number below 1,000 in the numerals for 1 to 9, 10 and 100.
func (s *scanner) numeral(p, end int, digits string, ten, hundred rune) (n, after int) {
	digit := 0
	q := p
	for ; q < min(end, p+6); q++ {
		switch r := s.r[q]; r {
		case hundred:
			n, digit = n+100*max(1, digit), 0
		case ten:
			n, digit = n+10*max(1, digit), 0
		default:
			i := strings.IndexRune(digits, r)
			if i < 0 {
				return n + digit, q
			}
			digit = i/len("一") + 1
		}
	}
	return n + digit, q
}

// decreeOf reads 영 or 규칙 behind the title of a law, where the decree of that law is
// meant: 민원처리법 영 제3조. It returns p if there is none.
func (s *scanner) decreeOf(p, end int) (decree string, after int) {
	q := s.skip(p, end, 1)
	for _, d := range []struct{ word, decree string }{{"영", "시행령"}, {"규칙", "시행규칙"}} {
		if u := q + utf8.RuneCountInString(d.word); q > p && s.has(q, end, d.word) {
			if at := s.skip(u, end, 1); at < end && (s.r[at] == '제' || isDigit(s.r[at])) {
				return d.decree, u
			}
		}
	}
	return "", p
}

// mayHave reports whether a law of that title may have a decree of that kind: a 법률
// has 시행령 and 시행규칙, a 대통령령 only 시행규칙.
func mayHave(name, decree string) bool {
	return strings.HasSuffix(name, "법") || strings.HasSuffix(name, "법률") ||
		decree == "시행규칙" && (strings.HasSuffix(name, "규정") || strings.HasSuffix(name, "령"))
}

func (s *scanner) has(p, end int, text string) bool {
	for _, r := range text {
		if p >= end || s.r[p] != r {
			return false
		}
		p++
	}
	return true
}

// oneOf returns the length of the first of texts that stands at p, or 0.
func (s *scanner) oneOf(p, end int, texts ...string) int {
	for _, t := range texts {
		if s.has(p, end, t) {
			return utf8.RuneCountInString(t)
		}
	}
	return 0
}
