package text

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"biseo/korea/law"
)

// A Kind says what a [Value] is an amount of.
type Kind string

const (
	Number  Kind = "number"  // without a unit that is known
	Count   Kind = "count"   // 3명, 두 차례, 100m
	Ordinal Kind = "ordinal" // 제3차, 두 번째, 2분기
	Money   Kind = "money"   // Unit is 원, 달러, ...
	Ratio   Kind = "ratio"   // 10%, 100분의 10, 1/2
	Points  Kind = "points"  // 3%p
	Period  Kind = "period"  // 14일, 3개월
	Date    Kind = "date"    // a day, month or year; also month and day without a year
	Time    Kind = "time"    // of the day
	Phone   Kind = "phone"
	Email   Kind = "email"
	URL     Kind = "url"
	Code    Kind = "code" // digits with hyphens or stops, such as 제2026-12호
)

// A Value is something exact that a text states.
type Value struct {
	Kind Kind
	// Amount is canonical: a decimal integer or a fraction in lowest terms (7/2
	// for 3.5, 1/10 for 10%) with + behind it for 여 (10여 명); for dates
	// 2026-05-06, 2026-05, 2026, --05-06 or --05; for times 15:00; digits for
	// telephone numbers; lower case without scheme for addresses.
	Amount     string
	Unit       string // canonical: 회 for 차례 and 번, 개월 for 달, m2 for ㎡; "" where the kind has none
	Start, End int    // code points, without 금 and 약
}

// Key is equal for two values exactly when they are the same kind, amount and unit.
func (v Value) Key() string { return string(v.Kind) + ":" + v.Amount + v.Unit }

// Matches reports whether source states v: equal keys, or a date that is less
// precise than that of the source, as 5월 6일 or 2026년 is beside 2026. 5. 6.
func (v Value) Matches(source Value) bool {
	if v.Kind != Date || source.Kind != Date {
		return v.Key() == source.Key()
	}
	claim, given := dateParts(v.Amount), dateParts(source.Amount)
	for i := range claim {
		if claim[i] != "" && claim[i] != given[i] {
			return false
		}
	}
	return true
}

func dateParts(amount string) (p [3]string) {
	i := 0
	if rest, ok := strings.CutPrefix(amount, "--"); ok {
		i, amount = 1, rest
	}
	for _, part := range strings.Split(amount, "-") {
		if i < len(p) {
			p[i] = part
			i++
		}
	}
	return p
}

// Values returns the exact values in s, in order and without overlap; s should
// be in NFC. They can be written in digits, in Korean numerals or both:
// 5만원, 50,000원, 오만원 and the two in 금50,000원(금오만원) are equal, so are
// 2026. 5. 6., 2026년 5월 6일, 2026-05-06 and '26. 5. 6., and 오후 3시 and 15:00.
// A date behind ∼, - or 부터 takes the year and month it lacks from the date before.
//
// Not values: citations of law with all their numbers (see [law.Find]), list marks
// at the start of a line or behind 붙임, digits inside a Latin name (A4, COVID-19), units of
// tables (단위: 천원), weekdays, Roman and circled numbers.
//
// Not understood: signs (△3%), bounds (이상, 약), Sino-Korean numerals
// without 십, 백, 천, 만 or a unit (삼, 이년), 서너 명, 수십 명, 보름, 한나절, dates without
// separators (20260506), a day of the month alone (6일 is a period), 3시 without
// 오전 or 오후 (it is 03:00), conversion between units (60분 is not 1시간), local
// telephone numbers without an area code, and the unit of a table, which the
// caller has to apply.
func Values(s string) []Value {
	v := newValues(s)
	cites := law.Find(s)
	for v.p = 0; v.p < len(v.r); {
		for len(cites) > 0 && cites[0].End <= v.p {
			cites = cites[1:]
		}
		if len(cites) > 0 && cites[0].Start <= v.p {
			v.p = cites[0].End
			continue
		}
		start := v.p
		v.read()
		if v.p == start {
			v.p++
		}
	}
	return v.out
}

// values reads the text r, in which every character is in its plain form.
type values struct {
	s      string // the same as r
	r      []rune
	offset []int // of each rune in s, and the length of s
	p      int   // position in r
	out    []Value
}

func newValues(s string) *values {
	v := &values{r: []rune(s)}
	for i, r := range v.r {
		v.r[i] = plain(r)
	}
	v.s = string(v.r)
	v.offset = make([]int, 0, len(v.r)+1)
	for i := range v.s {
		v.offset = append(v.offset, i)
	}
	v.offset = append(v.offset, len(v.s))
	return v
}

// rest is what follows p, bounded because package regexp takes time in
// proportion to the text even where ^ fails at once. A longer URL is cut there.
func (v *values) rest(p int) string {
	const longest = 200
	return v.s[v.offset[p]:v.offset[min(len(v.r), p+longest)]]
}

func (v *values) at(p int) rune {
	if p < 0 || p >= len(v.r) {
		return -1
	}
	return v.r[p]
}

// add records a value of n runes from p and moves behind it.
func (v *values) add(k Kind, amount, unit string, n int) {
	v.out = append(v.out, Value{k, amount, unit, v.p, v.p + n})
	v.p += n
}

// match applies a regular expression that begins with ^ at p; n is its length in runes.
func (v *values) match(re *regexp.Regexp) (m []string, n int) {
	m = re.FindStringSubmatch(v.rest(v.p))
	if m == nil {
		return nil, 0
	}
	return m, len([]rune(m[0]))
}

func isASCIIDigit(r rune) bool { return r >= '0' && r <= '9' }
func isLatin(r rune) bool      { return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' }

// read reads the value at p, if there is one, and moves behind it.
func (v *values) read() {
	r, prev := v.at(v.p), v.at(v.p-1)
	switch {
	case isASCIIDigit(r) || isLatin(r):
		if !isLatin(prev) && !isASCIIDigit(prev) && v.contact() {
			return
		}
		if isLatin(r) {
			for isLatin(v.at(v.p)) || v.at(v.p) == '-' && isASCIIDigit(v.at(v.p+1)) || isASCIIDigit(v.at(v.p)) {
				v.p++ // a name such as COVID-19
			}
			return
		}
		if v.phone() || v.listMark() || v.date() || v.clock() || v.code() || v.number() {
			return
		}
		for isASCIIDigit(v.at(v.p)) {
			v.p++
		}
	case r == '(' || r == '+':
		if v.phone() || v.listMark() {
			return
		}
	case r == '\'':
		v.date()
	case r == '$' || r == '₩' || r == '￦':
		v.currencySign()
	case r == '단':
		if m, n := v.match(unitNote); m != nil {
			v.p += n
		}
	case isHangulRune(r):
		if isHangulRune(prev) && !(prev == '금' && !isHangulRune(v.at(v.p-2))) {
			return
		}
		switch {
		case r == '제':
			_ = v.code() || v.ordinal()
		case sinoDigits[r] > 0 || multipliers[r] > 0:
			_ = v.clock() || v.sino() || v.native()
		case strings.ContainsRune("오새아낮저밤정자열한두세석네넉다여스서마쉰예첫", r):
			_ = v.clock() || v.native()
		}
	}
}

var (
	unitNote = regexp.MustCompile(`^단위\s?:\s?[^)\]\s]*`)
	listMark = regexp.MustCompile(`^(?:\d{1,3}(?:의\d{1,2})?\\?[.)](?:\s|$)|\(\d{1,3}\)(?:\s|$))`)

	glued = regexp.MustCompile(`^\d{1,2}\)\s`)

	urlAt   = regexp.MustCompile(`(?i)^(?:https?://|www\.)[!-~]+`)
	emailAt = regexp.MustCompile(`^[0-9A-Za-z._%+-]+@(?:[0-9A-Za-z-]+\.)+[A-Za-z]{2,}`)
	phoneAt = regexp.MustCompile(`^(?:\(0\d{1,2}\)\s?|\+82[- ]?\(?0?\d{1,2}\)?[- ]?|0\d{1,2}[-. )]\s?)\d{3,4}[-. ]\d{4}|^0(?:1\d{9}|2\d{8}|[3-7]\d{9})|^1[5-8]\d{2}-\d{4}`)
)

func (v *values) listMark() bool {
	i := v.p
	for i > 0 && strings.ContainsRune(" \t#*-", v.r[i-1]) {
		i--
	}
	spaces := v.p - i
	// 안내합니다.2. 민원 내용은, 가능 여부1) 설비는
	attached := spaces == 0 && (isHangulRune(v.at(i-1)) && glued.MatchString(v.rest(i)) ||
		strings.ContainsRune(".?!", v.at(i-1)) && isHangulRune(v.at(i-2)))
	if i > 0 && v.r[i-1] != '\n' && spaces < 2 && !attached && !strings.HasSuffix(v.s[:v.offset[i]], "붙임") {
		return false
	}
	m, n := v.match(listMark)
	if m == nil || dayOfMonth.MatchString(v.rest(v.p)) {
		return false
	}
	v.p += n
	return true
}

func (v *values) contact() bool {
	if m, n := v.match(emailAt); m != nil {
		v.add(Email, strings.ToLower(m[0]), "", n)
		return true
	}
	m, _ := v.match(urlAt)
	if m == nil {
		return false
	}
	u := strings.TrimRight(m[0], `.,;:!?'")]}>`)
	key := strings.ToLower(u)
	key = strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
	v.add(URL, strings.TrimSuffix(key, "/"), "", len(u))
	return true
}

func (v *values) phone() bool {
	m, n := v.match(phoneAt)
	if m == nil || isASCIIDigit(v.at(v.p+n)) || v.at(v.p-1) == '-' {
		return false
	}
	digits := onlyDigits(m[0])
	if m[0][0] == '+' {
		digits = "0" + strings.TrimPrefix(strings.TrimPrefix(digits, "82"), "0")
	}
	v.add(Phone, digits, "", n)
	return true
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if isASCIIDigit(r) {
			return r
		}
		return -1
	}, s)
}

// In each, the year, month and day are the groups named y, m and d; the match
// ends with the date. A full stop belongs to it.
var (
	dates = []*regexp.Regexp{
		regexp.MustCompile(`^(?P<y>'\d{2}|\d{4})\s?년(?:도)?\s?(?P<m>\d{1,2})\s?월\s?(?P<d>\d{1,2})\s?일`),
		regexp.MustCompile(`^(?P<y>'\d{2}|\d{4})\s?\.\s{0,2}(?P<m>\d{1,2})\s?\.\s{0,2}(?P<d>\d{1,2})(?:\.|\b)`),
		regexp.MustCompile(`^(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})\b`),
		regexp.MustCompile(`^(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})\b`),
		regexp.MustCompile(`^(?P<y>'\d{2}|\d{4})\s?년(?:도)?\s?(?P<m>\d{1,2})\s?월`),
		regexp.MustCompile(`^(?P<y>'\d{2}|\d{4})\.\s{0,2}(?P<m>\d{1,2})(?:\.|\b)`),
		regexp.MustCompile(`^(?P<y>\d{4})-(?P<m>\d{2})\b`),
		regexp.MustCompile(`^(?P<y>'\d{2}|\d{4})\s?(?:년도|년|학년도|회계연도)`),
		regexp.MustCompile(`^(?P<m>\d{1,2})\s?월\s?(?P<d>\d{1,2})\s?일`),
		regexp.MustCompile(`^(?P<m>\d{1,2})\s?월`),
		regexp.MustCompile(`^(?P<m>\d{1,2})\.\s{0,2}(?P<d>\d{1,2})\.`),
		regexp.MustCompile(`^(?P<d>\d{1,2})(?:\.|일)`), // only behind a date and ~
	}
	yearRange  = regexp.MustCompile(`^(\d{4})\s?[~-]\s?\d{4}\s?년`)
	dayOfMonth = regexp.MustCompile(`^\d{1,2}\.\s?\d{1,2}\.\s?(?:\(|~|부터|까지|에|자)`)
	until      = regexp.MustCompile(`^\s?(?:\([월화수목금토일]\)\s?)?(?:~|-|부터|에서)\s?$`)
)

func (v *values) date() bool {
	if m, n := v.match(yearRange); m != nil {
		if y, ok := year(m[1]); ok {
			v.add(Date, y, "", 4)
			return n > 0
		}
	}
	for i, re := range dates {
		m, n := v.match(re)
		if m == nil || isASCIIDigit(v.at(v.p+n)) {
			continue
		}
		var y string
		var month, day int
		ok := true
		for g, name := range re.SubexpNames() {
			switch name {
			case "y":
				y, ok = year(m[g])
			case "m":
				month, _ = strconv.Atoi(m[g])
				ok = ok && month >= 1 && month <= 12
			case "d":
				day, _ = strconv.Atoi(m[g])
				ok = ok && day >= 1 && day <= 31
			}
		}
		if !ok {
			continue
		}
		dotted := strings.Contains(m[0], ".")
		// 2026.5.6.7 is no date
		if dotted && v.at(v.p+n-1) != '.' && v.at(v.p+n) == '.' && isASCIIDigit(v.at(v.p+n+1)) {
			continue
		}
		base, ranged := v.rangeStart()
		if i == len(dates)-1 {
			if !ranged || base[2] == "" || dotted && isASCIIDigit(v.at(v.p+n)) {
				continue
			}
			month, _ = strconv.Atoi(base[1])
		}
		if y == "" && ranged {
			y = base[0]
		}
		v.add(Date, dateAmount(y, month, day), "", n)
		return true
	}
	return false
}

// rangeStart returns the date that ends just before p but for a ~.
func (v *values) rangeStart() (parts [3]string, ok bool) {
	if len(v.out) == 0 {
		return parts, false
	}
	last := v.out[len(v.out)-1]
	if last.Kind != Date || v.p-last.End > 8 || !until.MatchString(v.s[v.offset[last.End]:v.offset[v.p]]) {
		return parts, false
	}
	return dateParts(last.Amount), true
}

func year(s string) (string, bool) {
	if rest, ok := strings.CutPrefix(s, "'"); ok {
		if rest < "70" {
			return "20" + rest, true
		}
		return "19" + rest, true
	}
	return s, s >= "1900" && s <= "2100"
}

func dateAmount(y string, month, day int) string {
	if y == "" {
		y = "-"
	}
	switch {
	case month == 0:
		return y
	case day == 0:
		return fmt.Sprintf("%s-%02d", y, month)
	}
	return fmt.Sprintf("%s-%02d-%02d", y, month, day)
}

var (
	clockDigits = regexp.MustCompile(`^(?:(오전|오후)\s?)?(\d{1,2}):(\d{2})(?::\d{2})?\b`)
	clockWords  = regexp.MustCompile(`^(?:(오전|오후|새벽|아침|낮|저녁|밤)\s?)?(\d{1,2}|열한|열두|열|한|두|세|네|다섯|여섯|일곱|여덟|아홉)(\s?)시(?:\s?(?:(\d{1,2})\s?분|(반)))?`)
	noon        = regexp.MustCompile(`^(?:정오|자정)`)
)

// clock reads a time of the day.
func (v *values) clock() bool {
	if m, n := v.match(noon); m != nil && v.terminated(v.p+n) {
		v.add(Time, map[string]string{"정오": "12:00", "자정": "00:00"}[m[0]], "", n)
		return true
	}
	half, hours, minutes, n := "", "", "", 0
	if m, length := v.match(clockDigits); m != nil {
		half, hours, minutes, n = m[1], m[2], m[3], length
	} else if m, length := v.match(clockWords); m != nil && v.terminated(v.p+length) && v.at(v.p+length) != '간' {
		if m[1] == "" && m[3] == "" && !isASCIIDigit(rune(m[2][0])) && m[2] == "한" {
			return false // 한시
		}
		half, hours, minutes, n = m[1], m[2], m[4], length
		if m[5] != "" {
			minutes = "30"
		}
	} else {
		return false
	}
	h, err := strconv.Atoi(hours)
	if err != nil {
		h = nativeNumber(hours)
	}
	minute, _ := strconv.Atoi(minutes)
	switch half {
	case "오후", "저녁", "낮":
		if h < 12 && !(half == "낮" && h > 9) {
			h += 12
		}
	case "밤":
		if h > 5 && h <= 12 {
			h += 12
		}
	case "오전", "새벽":
		if h == 12 {
			h = 0
		}
	}
	if h > 24 || minute > 59 {
		return false
	}
	v.add(Time, fmt.Sprintf("%02d:%02d", h, minute), "", n)
	return true
}

var codeAt = regexp.MustCompile(`^(?:제\s?)?(\d+(?:-\d+)+|\d+(?:\.\d+){2,})(?:호)?`)

func (v *values) code() bool {
	m, n := v.match(codeAt)
	if m == nil || isLatin(v.at(v.p+n)) {
		return false
	}
	v.add(Code, m[1], "", n)
	return true
}
