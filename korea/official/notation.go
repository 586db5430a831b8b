package official

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"biseo/korea/calendar"
)

// A match is one match of a rule's pattern in a line.
type match struct {
	line line
	idx  []int
}

// group returns what the n-th group matched; "" if it took no part.
func (m match) group(n int) string {
	if m.idx[2*n] < 0 {
		return ""
	}
	return m.line.text[m.idx[2*n]:m.idx[2*n+1]]
}

func (m match) number(n int) int { v, _ := strconv.Atoi(m.group(n)); return v }

func (m match) before() string { return m.line.text[:m.idx[0]] }
func (m match) after() string  { return m.line.text[m.idx[1]:] }

// find makes a check of a pattern. The finding spans the first group, or the
// match if there is none. A nil keep takes every match, a nil fix fixes none.
func find(pattern string, keep func(match) bool, fix func(match) string) func(*document) []hit {
	re := regexp.MustCompile(pattern)
	return func(d *document) []hit {
		var hits []hit
		for _, l := range d.lines {
			for _, m := range scan(re, l) {
				if keep != nil && !keep(m) {
					continue
				}
				g := 0
				if len(m.idx) > 2 && m.idx[2] >= 0 {
					g = 1
				}
				start, end := l.at(m.idx[2*g], m.idx[2*g+1])
				h := hit{start: start, end: end}
				if fix != nil {
					h.fix = fix(m)
				}
				hits = append(hits, h)
			}
		}
		return hits
	}
}

// scan returns the matches of re in l. A pattern may consume the character
// behind what it is about: the next match may begin with that one.
func scan(re *regexp.Regexp, l line) []match {
	var out []match
	for from := 0; from < len(l.text); {
		idx := re.FindStringSubmatchIndex(l.text[from:])
		if idx == nil {
			break
		}
		for i := range idx {
			if idx[i] >= 0 {
				idx[i] += from
			}
		}
		out = append(out, match{l, idx})
		_, size := utf8.DecodeLastRuneInString(l.text[:idx[1]])
		from = max(idx[1]-size, idx[0]+1)
		for from < len(l.text) && !utf8.RuneStart(l.text[from]) {
			from++
		}
	}
	return out
}

// fullDate groups: 1 all, 2 year, 3 stop, 4 month, 5 stop, 6 day, 7 stop, 8 space and 9 weekday.
const fullDate = `(?:^|[^\d.])((\d{4})(\s*\.\s*)(\d{1,2})(\s*\.\s*)(\d{1,2})(\s*\.)?(?:(\s*)\(([월화수목금토일])\))?)`

// date makes a check of dates in digits.
func date(wrong func(match) bool) func(*document) []hit {
	return find(fullDate, func(m match) bool {
		next, _ := utf8.DecodeRuneInString(m.after())
		return isDate(m.number(2), m.number(4), m.number(6)) && (next < '0' || next > '9') && wrong(m)
	}, func(m match) string {
		if strings.HasPrefix(m.after(), "일") {
			return ""
		}
		s := fmt.Sprintf("%d. %d. %d.", m.number(2), m.number(4), m.number(6))
		if m.group(9) != "" {
			s += "(" + m.group(9) + ")"
		}
		return s
	})
}

func isDate(y, m, d int) bool {
	return y >= 1900 && y <= 2100 && m >= 1 && d >= 1 && time.Date(y, time.Month(m), d, 0, 0, 0, 0, calendar.Seoul).Day() == d
}

// both joins two checks of one rule.
func both(a, b func(*document) []hit) func(*document) []hit {
	return func(d *document) []hit { return append(a(d), b(d)...) }
}

var isMonth = func(m match) bool {
	return isDate(m.number(2), m.number(3), 1)
}

func printMonth(m match) string { return fmt.Sprintf("%d. %d.", m.number(2), m.number(3)) }

var twelveHours = regexp.MustCompile(`^(오전|오후|낮)\s*(\d{1,2})\s*(?:시(?:\s*(\d{1,2})\s*분)?|:(\d{2}))$`)

// clock24 prints 오후 3시 30분 as 15:30; "" where that is not certain.
func clock24(s string) string {
	m := twelveHours.FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	hour, _ := strconv.Atoi(m[2])
	minute, _ := strconv.Atoi(m[3] + m[4])
	switch {
	case hour < 1 || hour > 12 || minute > 59 || m[1] == "오전" && hour == 12 || m[1] == "낮" && hour != 12:
		return ""
	case hour < 12 && m[1] == "오후":
		hour += 12
	}
	return fmt.Sprintf("%02d:%02d", hour, minute)
}

func noTable(m match) bool { return !m.line.table }

var ratio = regexp.MustCompile(`비율|경쟁률|배율|축척|비례|대비`)

// withoutSpaces fixes the first group by removing its spaces.
func withoutSpaces(m match) string { return strings.Join(strings.Fields(m.group(1)), "") }

func parseAmount(s string) (int64, bool) {
	n, err := strconv.ParseInt(strings.ReplaceAll(s, ",", ""), 10, 64)
	return n, err == nil && n > 0 && n < 1e16
}

const unit = `(?:년|월|일|시|분|세|명|개|회|차|점|급|원|만원|%)`

// notationRules hold for all documents.
var notationRules = []rule{
	{Code: "DATE_NO_SPACE", Severity: Error, Why: "날짜의 온점 뒤는 한 칸 띄웁니다.", Bad: "2026.6.19.까지", Good: "2026. 6. 19.까지",
		check: both(date(func(m match) bool {
			return !strings.HasSuffix(m.group(3), " ") || !strings.HasSuffix(m.group(5), " ")
		}), find(`(?:^|[^\d.])((\d{4})\.(\d{1,2})\.)(?:[^\d\s]|\s+[^\d\s]|\s*$)`, isMonth, printMonth))},
	{Code: "DATE_ZERO_PAD", Severity: Error, Why: "날짜의 월과 일 앞에 0을 붙이지 않습니다.", Bad: "2026. 06. 09.", Good: "2026. 6. 9.",
		check: both(date(func(m match) bool { return m.group(4)[0] == '0' || m.group(6)[0] == '0' }),
			find(`(?:^|[^\d.])((\d{4})\.\s*(0\d)\.)(?:[^\d\s]|\s+[^\d\s]|\s*$)`, isMonth, printMonth))},
	{Code: "DATE_2DIGIT_YR", Severity: Error, Mild: reports, Why: "연도는 네 자리로 씁니다.", Bad: "'26. 6. 19.", Good: "2026. 6. 19.",
		check: find(`(['’‘](\d{2})\.\s*)\d{1,2}(?:\.|월|[^\d]|$)`, nil, func(m match) string {
			if m.number(2) > 50 {
				return fmt.Sprintf("19%02d. ", m.number(2))
			}
			return fmt.Sprintf("20%02d. ", m.number(2))
		})},
	{Code: "DATE_NO_END_DOT", Severity: Warning, Why: "날짜는 일 뒤에도 온점을 찍습니다.", Bad: "2026. 6. 19(금)", Good: "2026. 6. 19.(금)",
		check: date(func(m match) bool { return m.group(7) == "" })},
	{Code: "DATE_WEEKDAY_SP", Severity: Warning, Why: "요일은 날짜에 붙여 씁니다.", Bad: "2026. 6. 19. (금)", Good: "2026. 6. 19.(금)",
		check: date(func(m match) bool { return m.group(8) != "" })},
	{Code: "TIME_AMPM", Severity: Error, Why: "시각은 24시각제로 시와 분 사이에 쌍점을 찍어 씁니다.", Bad: "오후 3시 30분", Good: "15:30",
		check: find(`((?:오전|오후|아침|밤|낮)\s*\d{1,2}\s*(?:시(?:\s*\d{1,2}\s*분)?|:(?:\d{2})?))(?:[^간]|$)`, nil, func(m match) string {
			if strings.HasPrefix(strings.TrimSpace(m.line.text[m.idx[3]:]), "반") {
				return ""
			}
			return clock24(m.group(1))
		})},
	{Code: "TIME_24H", Severity: Warning, Why: "‘24시’가 아니라 18:00처럼 시각을, 자정이면 24:00을 씁니다.", Bad: "24시까지", Good: "18:00까지",
		check: find(`(?:^|[^\d.,])(24\s*시)(?:[^각간ㆍ·‧、,군도]|$)`, nil, nil)},
	{Code: "TIME_COLON_SP", Severity: Error, Why: "시각의 쌍점은 양쪽을 붙여 씁니다.", Bad: "13 : 20", Good: "13:20",
		check: find(`(?:^|[^\d:])((\d{1,2})(?:\s+:\s*|:\s+)(\d{2}))(?:[^\d%:]|$)`, func(m match) bool {
			return m.number(2) <= 24 && m.number(3) <= 59 && !ratio.MatchString(m.line.text)
		}, func(m match) string { return fmt.Sprintf("%02d:%02d", m.number(2), m.number(3)) })},
	{Code: "MONEY_CHEONWON", Severity: Error, Mild: reports, Why: "‘천원’ 단위 대신 금액을 모두 숫자로 씁니다.", Bad: "345천원", Good: "345,000원",
		check: find(`(?:^|[^\d,.만억])((\d[\d,]+)\s*천\s*원)`, func(m match) bool {
			return !m.line.table && !strings.HasSuffix(strings.TrimRight(m.line.text[:m.idx[2]], " "), "만") && !strings.Contains(m.before(), "단위")
		}, func(m match) string {
			if n, ok := parseAmount(m.group(2)); ok {
				return group3(n*1000) + "원"
			}
			return ""
		})},
	{Code: "MONEY_GEUM_SP", Severity: Warning, Why: "‘금’과 숫자는 붙여 씁니다.", Bad: "금 113,560원", Good: "금113,560원(금일십일만삼천오백육십원)",
		check: find(`(?:^|[^가-힣])(금\s+\d)[\d,]*\s*원`, nil, withoutSpaces)},
	{Code: "MONEY_NO_HANGUL", Severity: Warning, Why: "금액 뒤의 괄호 안에 한글로 다시 씁니다.", Bad: "금113,560원을", Good: "금113,560원(금일십일만삼천오백육십원)을",
		check: find(`(?:^|[^가-힣])(금(\d[\d,]*)원)(?:정)?(?:\s*[^\s(（정]|\s*$)`, noTable, func(m match) string {
			n, ok := parseAmount(m.group(2))
			if !ok {
				return ""
			}
			return Money(n)
		})},
	{Code: "BUNIM_COLON", Severity: Error, Why: "‘붙임’ 뒤에는 쌍점을 찍지 않고 두 칸 띄웁니다.", Bad: "붙임: 계획서 1부.", Good: "붙임  계획서 1부.  끝.",
		check: find(`^\s*(붙\s*임\s*[:：]\s*)`, nil, func(match) string { return "붙임  " })},
	{Code: "KKAJI_DUP", Severity: Error, Why: "물결표가 ‘까지’를 뜻하므로 겹쳐 쓰지 않습니다.", Bad: "4. 23.∼6. 15.까지", Good: "4. 23.∼6. 15.",
		check: find(`([~∼～〜]\s*['’‘]?\d(?:[\d.,:\s]|\([월화수목금토일]\)|`+unit+`)*까지)`, nil, func(m match) string {
			return strings.TrimRight(strings.TrimSuffix(m.group(1), "까지"), " ")
		})},
	{Code: "TILDE_SPACE", Severity: Warning, Why: "물결표는 앞뒤를 붙여 씁니다.", Bad: "09:00 ∼ 18:00", Good: "09:00∼18:00",
		check: find(`(?:^|[^~])((?:[\d.)일월년시분세명][ \t]+)?[~∼～〜][ \t]*['’‘]?\d)`, func(m match) bool { return strings.ContainsAny(m.group(1), " \t") }, withoutSpaces)},
	{Code: "FOREIGN_FIRST", Severity: Warning, Why: "우리말을 먼저 쓰고 외국 글자는 괄호 안에 씁니다.", Bad: "MOU(업무 협약)", Good: "업무 협약(MOU)",
		check: find(`(?:^|[^A-Za-z0-9&-])([A-Z]{2,5}\s?\([가-힣][가-힣\s]{1,14}\))`, nil, nil)},
	{Code: "COLON_SPACE", Severity: Warning, Why: "쌍점은 앞말에 붙이고 뒤를 한 칸 띄웁니다.", Bad: "일시 : 2026. 6. 19.", Good: "일시: 2026. 6. 19.",
		check: find(`(?:[가-힣A-Za-z)\]」』](\s+:\s*|:)(?:[^\s/:]))`, func(m match) bool {
			sep, next := m.group(1), m.line.text[m.idx[3]:]
			return !m.line.table && !attachment.MatchString(m.line.text[:m.idx[2]]) && !ratio.MatchString(m.line.text) && (sep != ":" || next[0] < '0' || next[0] > '9')
		}, func(match) string { return ": " })},
	{Code: "DUEUM_ERROR", Severity: Warning, Why: "낱말의 첫머리에서는 두음 법칙에 따라 ‘연’으로 씁니다.", Bad: "사업 년도 예산", Good: "사업 연도 예산",
		check: find(`(?:^|[\s(])(년(?:도별|도|간|말|초))(?:[^가-힣]|$)`, func(m match) bool {
			return !countsYears.MatchString(m.line.text[:m.idx[2]])
		}, func(m match) string { return "연" + strings.TrimPrefix(m.group(1), "년") })},
	{Code: "AI_EM_DASH", Severity: Warning, Why: "공문서에서는 줄표를 쓰지 않습니다. 괄호나 쉼표로 바꾸십시오.", Bad: "핵심 과제 — 안전", Good: "핵심 과제(안전)",
		check: find(`[^\s\d](\s*[—–―]\s*)[^\s\d—–―]`, func(m match) bool { return !m.line.table }, nil)},
	{Code: "AI_BOLD_OVERUSE", Severity: Warning, Why: "한 줄에 굵은 글자가 세 번 이상 나옵니다. 꼭 필요한 곳만 남기십시오.", Bad: "**가** **나** **다**", Good: "**가** 나 다",
		check: find(`(?:\*\*[^*\n]+\*\*[^*\n]*){3}`, nil, nil)},
	{Code: "END_SPACING", Severity: Warning, Why: "‘끝.’은 본문의 마지막 글자에서 두 칸 띄어 씁니다.", Bad: "붙임  계획서 1부. 끝.", Good: "붙임  계획서 1부.  끝.",
		check: find(`[.)\]」』다음부함임됨](\s?끝\.?|\s{3,}끝\.?)\s*$`, func(m match) bool {
			dot := strings.HasSuffix(m.group(1), ".")
			last, _ := utf8.DecodeLastRuneInString(m.line.text[:m.idx[2]])
			return dot || strings.ContainsRune(".)]」』", last)
		}, func(match) string { return "  끝." })},
}

// countsYears: behind a number 년 is a unit and stays.
var countsYears = regexp.MustCompile(`(?:\d|[수몇십백천만한두세네]|여러|다섯|여섯|일곱|여덟|아홉)\s*$`)
