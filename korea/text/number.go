package text

import (
	"math/big"
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// maxDigits bounds the numbers that are read; longer ones are no amounts.
const maxDigits = 18

// A numeral is a number read at some position: its value and length in runes.
type numeral struct {
	amount *big.Rat
	approx bool // with 여
	n      int
}

var multipliers = map[rune]int64{'십': 10, '백': 100, '천': 1000, '만': 1e4, '억': 1e8, '조': 1e12}

var sinoDigits = map[rune]int64{'일': 1, '이': 2, '삼': 3, '사': 4, '오': 5, '육': 6, '륙': 6, '칠': 7, '팔': 8, '구': 9}

var digitsAt = regexp.MustCompile(`^\d{1,3}(?:,\d{3})+(?:\.\d+)?|^\d+(?:\.\d+)?`)

// numeral reads a number that begins with digits: 1,234.5, 345천, 1억 2천만, 1,000여만.
func (v *values) numeral(p int) (numeral, bool) {
	var out numeral
	total, section, current := new(big.Rat), new(big.Rat), (*big.Rat)(nil)
	limit := int64(1e18) // multipliers from 만 on descend
	q := p
	for {
		r := v.at(q)
		switch {
		case isASCIIDigit(r) && current == nil:
			m := digitsAt.FindString(v.rest(q))
			if len(m) > maxDigits+6 || out.approx {
				return out, false
			}
			current, _ = new(big.Rat).SetString(strings.ReplaceAll(m, ",", ""))
			q += len(m)
		case r == '여' && current != nil && v.countable(q+1):
			out.approx = true
			q++
		case multipliers[r] > 0 && q > p && v.multiplies(q, current != nil || section.Sign() != 0):
			mult := multipliers[r]
			if mult < 1e4 {
				if current == nil {
					current = big.NewRat(1, 1)
				}
				section.Add(section, current.Mul(current, big.NewRat(mult, 1)))
				current = nil
				q++
				break
			}
			if mult >= limit {
				return finish(out, total, section, current, q-p), true
			}
			limit = mult
			if current != nil {
				section.Add(section, current)
			}
			total.Add(total, section.Mul(section, big.NewRat(mult, 1)))
			section, current = new(big.Rat), nil
			q++
			if v.at(q) == ' ' && isASCIIDigit(v.at(q+1)) && v.continues(q+1, limit) {
				q++
			}
		default:
			if q == p {
				return out, false
			}
			return finish(out, total, section, current, q-p), true
		}
	}
}

func finish(out numeral, total, section, current *big.Rat, n int) numeral {
	out.amount = total.Add(total, section)
	if current != nil {
		out.amount.Add(out.amount, current)
	}
	out.n = n
	return out
}

// continues reports whether 2천만 at p belongs to the 1억 before it: a number of
// money or people, smaller than the unit.
func (v *values) continues(p int, limit int64) bool {
	m := digitsAt.FindString(v.rest(p))
	next := v.at(p + len(m))
	return m != "" && len(onlyDigits(m)) <= 4 && (multipliers[next] > 0 && multipliers[next] < limit || v.at(p+len(m)) == '원')
}

// multiplies tells the multiplier at q from the beginning of another word: 5만,
// but not 3조 (three groups), 100만큼, 2천안.
func (v *values) multiplies(q int, hasNumber bool) bool {
	if !hasNumber {
		return false
	}
	next := v.at(q + 1)
	switch v.at(q) {
	case '조':
		rest := strings.TrimPrefix(v.rest(q+1), " ")
		return strings.HasPrefix(rest, "원") || rest != "" && isASCIIDigit(rune(rest[0])) && strings.ContainsAny(rest[:min(len(rest), 16)], "억원")
	case '만':
		return next != '큼' && next != '료' && next != '기'
	case '십', '백', '천':
		return !isHangulRune(next) || multipliers[next] > 0 || v.countable(q+1)
	}
	return true
}

// countable reports whether a unit or a multiplier stands at p.
func (v *values) countable(p int) bool {
	if multipliers[v.at(p)] > 0 {
		return true
	}
	if v.at(p) == ' ' {
		p++
	}
	_, _, n := v.unit(p)
	return n > 0 || strings.HasPrefix(v.rest(p), "분의")
}

func (nu numeral) canonical() string {
	s := nu.amount.RatString()
	if nu.approx {
		s += "+"
	}
	return s
}

var fractionAt = regexp.MustCompile(`^(\d{1,4})/(\d{1,4})(\s?분기)?`)

// number reads a number with or without a unit.
func (v *values) number() bool {
	if m, n := v.match(fractionAt); m != nil && v.at(v.p-1) != '/' && v.at(v.p+n) != '/' && !isASCIIDigit(v.at(v.p+n)) {
		if m[3] != "" {
			v.add(Ordinal, m[1], "분기", n)
			return true
		}
		if r, ok := new(big.Rat).SetString(m[1] + "/" + m[2]); ok && r.Sign() > 0 && r.Cmp(big.NewRat(1, 1)) < 0 {
			v.add(Ratio, r.RatString(), "", n)
			return true
		}
	}
	nu, ok := v.numeral(v.p)
	if !ok {
		return false
	}
	v.addNumeral(nu)
	return true
}

// addNumeral records the numeral at p with the unit behind it.
func (v *values) addNumeral(nu numeral) {
	q := v.p + nu.n
	if of, n := v.partsOf(q); n > 0 && nu.amount.Sign() > 0 {
		of.Quo(of, nu.amount)
		v.add(Ratio, of.RatString(), "", nu.n+n)
		return
	}
	space := 0
	if v.at(q) == ' ' {
		space = 1
	}
	kind, unit, n := v.unit(q + space)
	if n == 0 {
		v.add(Number, nu.canonical(), "", nu.n)
		return
	}
	if kind == Ratio {
		nu.amount.Quo(nu.amount, big.NewRat(100, 1))
		unit = ""
	}
	v.add(kind, nu.canonical(), unit, nu.n+space+n)
}

var partsAt = regexp.MustCompile(`^\s?분의\s?`)

// partsOf reads 분의 10 at p: the numerator and its length.
func (v *values) partsOf(p int) (*big.Rat, int) {
	if p > len(v.r) {
		return nil, 0
	}
	m := partsAt.FindString(v.rest(p))
	if m == "" {
		return nil, 0
	}
	n := len([]rune(m))
	if nu, ok := v.numeral(p + n); ok {
		return nu.amount, n + nu.n
	}
	if amount, k := sinoNumber(v.r[p+n : min(len(v.r), p+n+8)]); k > 0 && v.terminated(p+n+k) {
		return amount, n + k
	}
	return nil, 0
}

var currencies = map[rune]string{'$': "달러", '₩': "원", '￦': "원"}

func (v *values) currencySign() {
	q := v.p + 1
	if v.at(q) == ' ' {
		q++
	}
	if nu, ok := v.numeral(q); ok {
		v.add(Money, nu.canonical(), currencies[v.at(v.p)], q-v.p+nu.n)
	}
}

const maxUnit = 6 // runes

// unitTable maps what may stand behind a number to its kind and canonical unit;
// among those that begin alike the longest counts. A row lists canonical units,
// each with the ways to write it.
var unitTable = readUnits([]struct {
	kind Kind
	line string
}{
	{Money, "원 원정|원; 달러 달러|불; 유로; 엔; 위안"},
	{Ratio, "% %|퍼센트|프로"},
	{Points, "%p %p|%P|%포인트|퍼센트포인트|퍼센트 포인트|%p포인트"},
	{Period, "초 초간|초; 분 분간|분; 시간; 일 일간|일; 영업일; 근무일; 주 주일|주간|주; 개월 개월간|개월|달; 년 년간|개년|년|해; 박; 교시"},
	{Ordinal, "차 차수|차; 번째; 분기; 단계 단계; 순위; 학년; 학기; 급; 호선; 기; 회차; 일차; 주차; 호"},
	{Count, "명 명|인|사람; 개; 건; 회 회|차례|번; 부; 곳 곳|개소|군데; 가지; 종; 매; 장; 대; 동; 세 세|살; 점; 배; 쪽 쪽|페이지|면; 층; 권; 팀; 가구; 세대; 필지; 평; " +
		"도; 자리; 차로 차로|차선; 개국; 호봉; 자; 줄; 칸; 마리; 그루; 채; 척; 석; 병상; 학급; 조; 항; 톤; 리터; 킬로미터; 미터; 제곱미터; 그램; 킬로그램; 바이트; 기가바이트; 메가바이트; 시군구; 끼 끼|식"},
	{Count, "km; m; cm; mm; kg; g; mg; t; l; ml; ha; kb; mb; gb; tb; kwh; kw; w; mw; hz; db; ppm; m2; km2; m3; ℃ ℃|°c; usd"},
})

func readUnits(rows []struct {
	kind Kind
	line string
}) map[string]Value {
	m := map[string]Value{}
	for _, row := range rows {
		for _, entry := range strings.Split(row.line, ";") {
			canonical, written, ok := strings.Cut(strings.TrimSpace(entry), " ")
			if !ok {
				written = canonical
			}
			for _, w := range strings.Split(written, "|") {
				m[w] = Value{Kind: row.kind, Unit: canonical}
			}
		}
	}
	return m
}

var latinUnit = regexp.MustCompile(`^(?:[A-Za-z]+[23²³]?|[㎞㎡㎢㎥㎏㎝㎜㎎㎖ℓ℃]|°C)`)

// unit reads the unit at p; n is 0 if there is none.
func (v *values) unit(p int) (kind Kind, unit string, n int) {
	if p >= len(v.r) {
		return "", "", 0
	}
	if m := latinUnit.FindString(v.rest(p)); m != "" {
		key := strings.ToLower(norm.NFKC.String(m))
		if m == "℃" || m == "°C" {
			key = "℃"
		}
		u, ok := unitTable[key]
		if ok {
			return u.Kind, u.Unit, len([]rune(m))
		}
		return "", "", 0
	}
	for n = min(maxUnit, len(v.r)-p); n > 0; n-- {
		u, ok := unitTable[string(v.r[p:p+n])]
		if ok && v.terminated(p+n) && !(u.Unit == "개" && v.at(p+n) == '인') {
			return u.Kind, u.Unit, n
		}
	}
	return "", "", 0
}

// unitEndings may follow a unit without a space.
var unitEndings = strings.Fields(`은 는 이 가 을 를 의 에 과 와 도 만 로 으로 부터 까지 마다 당 씩 간 동안 이내 이상 이하 미만 초과 정도 가량
	내 전 후 중 째 짜리 쯤 뿐 여 인 임 입니다 이다 별 보다 분 및 등 나 란 라 며 다 처럼 자 약 차 권 씩의 또는`)

// terminated reports whether a word may end at p: no Hangul follows, or a particle does.
func (v *values) terminated(p int) bool {
	if !isHangulRune(v.at(p)) {
		return true
	}
	rest := v.rest(p)
	for _, e := range unitEndings {
		if strings.HasPrefix(rest, e) {
			return true
		}
	}
	return false
}

// sinoNumber reads the longest numeral such as 일십일만삼천오백 at the start of r.
// Without 십, 백, 천, 만 it is one digit.
func sinoNumber(r []rune) (*big.Rat, int) {
	var total, section, current int64
	limit, small := int64(1e18), int64(1e4)
	i := 0
loop:
	for ; i < len(r); i++ {
		if d := sinoDigits[r[i]]; d > 0 {
			if current > 0 {
				break
			}
			current = d
			continue
		}
		mult := multipliers[r[i]]
		switch {
		case mult == 0:
			break loop
		case mult < 1e4:
			if mult >= small {
				break loop
			}
			section += max(current, 1) * mult
			small, current = mult, 0
		default:
			if mult >= limit || i == 0 && mult == 1e12 { // 조사 is no number; 1조 is written 일조
				break loop
			}
			section += current
			if section == 0 {
				section = 1
			}
			total += section * mult
			limit, small, section, current = mult, 1e4, 0, 0
			if i+2 < len(r) && r[i+1] == ' ' && sinoDigits[r[i+2]] > 0 {
				i++
			}
		}
	}
	if i == 0 {
		return nil, 0
	}
	return big.NewRat(total+section+current, 1), i
}

// sinoUnits may follow a number in Sino-Korean words.
var sinoUnits = map[string]bool{"원": true, "달러": true, "명": true, "개": true, "건": true, "일": true, "개월": true, "년": true, "시간": true,
	"분": true, "회": true, "%": true, "주": true, "가구": true, "부": true, "매": true, "세": true, "곳": true, "배": true}

// sino reads a number in Sino-Korean words with its unit at p: 오만원, 삼십일.
func (v *values) sino() bool {
	run := 0
	for run < 40 && v.p+run < len(v.r) {
		r := v.r[v.p+run]
		if sinoDigits[r] == 0 && multipliers[r] == 0 && !(r == ' ' && run > 0 && multipliers[v.r[v.p+run-1]] >= 1e4) {
			break
		}
		run++
	}
	for n := run; n > 0; n-- {
		amount, k := sinoNumber(v.r[v.p : v.p+n])
		if k != n || v.r[v.p+n-1] == ' ' {
			continue
		}
		if of, length := v.partsOf(v.p + n); length > 0 {
			of.Quo(of, amount)
			v.add(Ratio, of.RatString(), "", n+length)
			return true
		}
		space := 0
		if v.at(v.p+n) == ' ' {
			space = 1
		}
		kind, unit, length := v.unit(v.p + n + space)
		if length == 0 || !sinoUnits[unit] || space == 1 && unit == "일" {
			continue
		}
		// one syllable is a number only where nothing else is meant: 천원, 삼개월, 일주일
		if n == 1 && !(unit == "원" && v.r[v.p] != '조' && multipliers[v.r[v.p]] > 0 || unit == "개월" || unit == "%" ||
			unit == "주" && v.at(v.p) == '일' && length == 2) {
			continue
		}
		if kind == Ratio {
			amount.Quo(amount, big.NewRat(100, 1))
			unit = ""
		}
		v.add(kind, amount.RatString(), unit, n+space+length)
		return true
	}
	return false
}

var (
	nativeOnes = map[string]int{"한": 1, "두": 2, "세": 3, "석": 3, "네": 4, "넉": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9}
	nativeTens = map[string]int{"열": 10, "스물": 20, "서른": 30, "마흔": 40, "쉰": 50, "예순": 60, "일흔": 70, "여든": 80, "아흔": 90}
	nativeAt   = regexp.MustCompile(`^(?:(열|스물|서른|마흔|쉰|예순|일흔|여든|아흔)?(한|두|세|석|네|넉|다섯|여섯|일곱|여덟|아홉)|(열|스무|서른|마흔|쉰|예순|일흔|여든|아흔))(\s?)(번째|차례|사람|시간|가지|군데|가구|명|개|건|번|부|곳|달|해|살|장|대|주|매|팀|쪽|권|배)`)
	ordinalAt  = regexp.MustCompile(`^제\s?(\d{1,6})\s?(차|회|기|호|단계|번|급|종|분기|대|순위|안|권|호선|학년|학기|과|판|집|탄)`)
	firstAt    = regexp.MustCompile(`^첫\s?(?:번째|째)`)
)

func nativeNumber(s string) int {
	for tens, n := range nativeTens {
		if rest, ok := strings.CutPrefix(s, tens); ok {
			return n + nativeOnes[rest]
		}
	}
	return nativeOnes[s]
}

// native reads a native Korean numeral with its counter at p: 두 차례, 열한 명.
func (v *values) native() bool {
	if m, n := v.match(firstAt); m != nil && v.terminated(v.p+n) {
		v.add(Ordinal, "1", "번째", n)
		return true
	}
	m, n := v.match(nativeAt)
	if m == nil || !v.terminated(v.p+n) || m[5] == "개" && v.at(v.p+n) == '인' {
		return false
	}
	amount := nativeTens[m[1]] + nativeOnes[m[2]] + nativeTens[m[3]]
	if m[3] == "스무" {
		amount = 20
	}
	if m[4] == "" && amount <= 10 {
		switch m[5] { // 세부, 세대, 한해, 한번 are words of their own
		case "부", "대", "해", "장", "주", "배", "쪽", "권", "매", "팀":
			return false
		case "번", "곳":
			if amount == 1 {
				return false
			}
		}
	}
	u := unitTable[m[5]]
	v.add(u.Kind, big.NewRat(int64(amount), 1).RatString(), u.Unit, n)
	return true
}

// ordinal reads 제3차 at p.
func (v *values) ordinal() bool {
	m, n := v.match(ordinalAt)
	if m == nil || !v.terminated(v.p+n) {
		return false
	}
	r, _ := new(big.Rat).SetString(m[1])
	v.add(Ordinal, r.RatString(), m[2], n)
	return true
}
