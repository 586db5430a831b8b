package privacy

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// A detector finds one kind by its shape: the first group is the item. judge
// looks at what the shape cannot say and returns the confidence, 0 for none.
type detector struct {
	kind  Type
	shape *regexp.Regexp
	judge func(t folded, lo, hi int) float64
}

const (
	certain = 1.0
	byShape = 0.9
	byPlace = 0.7
)

const (
	regions = `서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|충청북|충청남|전북|전남|전라북|전라남|경북|경남|경상북|경상남|제주`
	banks   = `은행|계좌|농협|수협|신협|새마을금고|우체국|카카오뱅크|케이뱅크|토스뱅크|국민|신한|우리|하나|기업|입금|송금|예금|통장`
	plate   = `가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주하허호배바사아자`
)

// What people write between the groups of a number, and the parts of a 주민등록번호.
const (
	gap   = `[-~./_ ]{0,3}`
	day   = `\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])`
	apart = `\d{2} ?(?:0[1-9]|1[0-2]) ?(?:0[1-9]|[12]\d|3[01])` // with spaces
	three = `\d\n?\d\n?\d`                                      // broken at the end of a line
)

// detectors of numbers in order of priority. The order is part of [Find]'s contract.
var detectors = []detector{
	{Corporate, regexp.MustCompile(`(?:^|\D)(\d{6}-?\d{7})(?:\D|$)`), near(`법인|주식회사|\(주\)|㈜`, 16, byShape)},
	{FRN, regexp.MustCompile(`(?:^|\D)(` + day + gap + `[5-8][\d*]{6})(?:[^\d*]|$)`), resident},
	{RRN, regexp.MustCompile(`(?:^|\D)(` + day + gap + `[0-49](?:\d{6}|[\d*]{6,9}))(?:[^\d*]|$)`), resident},
	{RRN, regexp.MustCompile(`(?:^|\D)(` + apart + gap + `[0-49] ?\d{3} ?\d{3})(?:\D|$)`), spacedResident},
	{FRN, regexp.MustCompile(`(?:^|\D)(\d{6}-[5-8]\d{6})(?:\D|$)`), within(`외국인|등록번호`, byPlace)},
	{Card, regexp.MustCompile(`(?:^|[^\d-])(\d{4}[- ]\d{4}[- ]\d{4}[- ]\d{3,4}|\d{4}[- ]\d{6}[- ]\d{4,5}|\d{15,16})(?:[^\d-]|$)`), card},
	{Driver, regexp.MustCompile(`(?:^|[^\d-])((?:(?:` + regions + `) ?)?(?:1[1-9]|2[0-68])-\d{2}-\d{6}-\d{2})(?:[^\d-]|$)`), always(byShape)},
	{Driver, regexp.MustCompile(`((?:` + regions + `) \d{2}-\d{6}-\d{2})(?:[^\d-]|$)`), always(byShape)},
	{Account, regexp.MustCompile(`(?:^|[^\d-])(01[016-9]-\d{3,4}-\d{5,6})(?:[^\d-]|$)`), near(banks, 16, byShape)},
	{Phone, regexp.MustCompile(`(?:^|[^\d-])(\(?(?:\+82[- ]?|0)1[016-9]\)?` + gap + `\d{3,4}` + gap + `\d{4})(?:[^\d-]|$)`), phone},
	{Phone, regexp.MustCompile(`(?:^|[^\d-])(\(?(?:\+82[- ]?[2-6]\d?|0(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50\d|80))(?:\)` + gap + `|[-~./_ ]{1,3})\d{3,4}(?: ?[-~/_.] ?| )\d{4})(?:[^\d-]|$)`), phone},
	{Account, regexp.MustCompile(`(?:^|[^\d-])(\d{2,6}(?:-\d{1,7}){1,3})(?:[^\d-]|$)`), account},
	{Account, regexp.MustCompile(`(?:^|[^\d-])(\d{10,14})(?:[^\d-]|$)`), account},
	{Account, regexp.MustCompile(`(?:^|[^\d.-])(\d{3,6}[ .]\d{2,6}[ .]\d{5,7}|\d{3}[ .]\d{4}[ .]\d{4}[ .]\d{2})(?:[^\d-]|$)`), account},
	{Business, regexp.MustCompile(`(?:^|[^\d-])(\d{3}-\d{2}-\d{5})(?:[^\d-]|$)`), always(byShape)},
	{Insurance, regexp.MustCompile(`(?:^|[^\d-])([1-9]-\d{10})(?:[^\d-]|$)`), near(`보험|증번호`, 16, byShape)},
	{Passport, regexp.MustCompile(`(?:^|[^A-Za-z0-9])([A-Za-z]\d{7,8}|[A-Za-z]\d{3}[A-Za-z]\d{4}|[A-Z]{2}\d{7}|\d{9})(?:[^A-Za-z0-9]|$)`), near(`여권|[Pp]assport|PASSPORT`, 16, byShape)},
	{Passport, regexp.MustCompile(`(?:^|[^A-Za-z0-9])([A-Za-z][ -]?\d{4}[ -]?\d{4})(?:[^A-Za-z0-9]|$)`), near(`여권|[Pp]assport|PASSPORT`, 16, byShape)},
	{Passport, regexp.MustCompile(`(?:^|[^A-Za-z0-9])([MSROD]\d{8})(?:[^A-Za-z0-9]|$)`), always(byPlace)},
	{Passport, regexp.MustCompile(`(?:^|[^A-Za-z0-9])([A-Z]\d{8}|[A-Z]{2}\d{7})(?:[^A-Za-z0-9]|$)`), within(`여권|[Pp]assport|PASSPORT`, byPlace)},
}

// broken finds numbers that go on in the next line.
var broken = []detector{
	{RRN, regexp.MustCompile(`(?:^|\D)(` + day + gap + `\n` + gap + `[0-9]\d{6})(?:\D|$)`), brokenResident},
	{Phone, regexp.MustCompile(`(?:^|[^\d-])(\(?0(?:1[016-9]|2|[3-6][1-5]|70)\)?` + gap + `\n?` + three + `(?:\n?\d)?` + gap + `\n?` + three + `\n?\d)(?:[^\d-]|$)`), brokenPhone},
}

// halves finds a 주민등록번호 told in its two parts, birthday what is said to be a 생년월일.
var (
	halves   = detector{RRN, regexp.MustCompile(`(` + day + `[^\d\n]{0,6}뒷? ?자리[^\d\n]{0,6}[0-9]\d{6})(?:\D|$)`), resident}
	birthday = detector{Birth, regexp.MustCompile(`(?:생년월일|출생일|생일)[^\d\n]{0,6}((?:19|20)\d\d ?[-./년] ?\d{1,2} ?[-./월] ?\d{1,2})(?:\D|$)`), always(byShape)}
	born     = detector{Birth, regexp.MustCompile(`(?:^|\D)((?:19|20)\d\d ?[-./년] ?\d{1,2} ?[-./월] ?\d{1,2})(?:[.일])? ?(?:출)?생(?:[^가-힣]|$)`), always(byShape)}
)

var (
	email   = detector{Email, regexp.MustCompile(`([A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})`), always(byShape)}
	vehicle = detector{Vehicle, regexp.MustCompile(`(?:^|[^\d제])((?:(?:` + regions + `) ?)?\d{2,3} ?[` + plate + `][ -]?\d{4})(?:[^\d년천만억원]|$)`), always(byShape)}
	places  = []detector{{Address, addressShape, always(byShape)}, {Address, districtShape, always(byPlace)}}
)

// The shapes are tried only where they can match: a regular expression that is
// run over the whole of a text takes 10 to 30 ns for each of its bytes.

// try adds what d finds in bytes lo to hi of the text.
func (d detector) try(t folded, lo, hi int, taken claimed, found []Span) []Span {
	for {
		m := d.shape.FindStringSubmatchIndex(t.s[lo:hi])
		if m == nil {
			return found
		}
		c := d.judge(t, lo+m[2], lo+m[3])
		span := t.span(lo+m[2], lo+m[3], d.kind, c)
		if c > 0 && taken.claim(span) {
			found = append(found, span)
		}
		lo += m[3] // what ends this item may begin the next
	}
}

// leastDigits is how many digits the shortest number has.
const leastDigits = 7

// numbers finds everything that is told by its digits, and e-mail addresses.
func numbers(t folded, taken claimed) (found []Span) {
	s := t.s
	for i := 0; i < len(s); i++ {
		at := strings.IndexByte(s[i:], '@')
		if at < 0 {
			break
		}
		lo, hi := i+at, i+at+1
		for lo > i && isAddressByte(s[lo-1]) {
			lo--
		}
		for hi < len(s) && isAddressByte(s[hi]) {
			hi++
		}
		found = email.try(t, lo, hi, taken, found)
		i = hi - 1
	}
	for i := 0; i < len(s); {
		if s[i] < '0' || s[i] > '9' {
			i++
			continue
		}
		lo, hi, n := i, i, 0
		for ; hi < len(s) && inNumber(s, hi); hi++ {
			if s[hi] >= '0' && s[hi] <= '9' || s[hi] == '*' {
				n++
			}
		}
		i = hi
		if n < leastDigits {
			continue
		}
		for lo > 0 && (isLatin(s[lo-1]) || s[lo-1] == '+' || s[lo-1] == '(') {
			lo--
		}
		lo, hi = back(s, lo, len("충청북 ")), ahead(s, hi, 1)
		for _, d := range detectors {
			found = d.try(t, lo, hi, taken, found)
		}
	}
	found = told(t, taken, found)
	found = acrossLines(t, taken, found)
	return plates(t, taken, found)
}

// told finds what only the words around it tell.
func told(t folded, taken claimed, found []Span) []Span {
	for _, w := range []struct {
		word string
		d    detector
	}{{"자리", halves}, {"생년월일", birthday}, {"출생일", birthday}, {"생일", birthday}, {"생", born}} {
		for i := 0; ; {
			at := strings.Index(t.s[i:], w.word)
			if at < 0 {
				break
			}
			i += at
			if lo, hi := back(t.s, i, 40), ahead(t.s, i, 30); strings.ContainsAny(t.s[lo:hi], "0123456789") {
				found = w.d.try(t, lo, hi, taken, found)
			}
			i += len(w.word)
		}
	}
	return found
}

// acrossLines finds numbers with a line break in them.
func acrossLines(t folded, taken claimed, found []Span) []Span {
	s := t.s
	part := func(c byte) bool { return c >= '0' && c <= '9' || strings.IndexByte("-~./_ ()", c) >= 0 }
	for i := 1; i+1 < len(s); i++ {
		if s[i] != '\n' || !part(s[i-1]) || !part(s[i+1]) {
			continue
		}
		lo, hi := i, i+1
		for lo > 0 && i-lo < 24 && part(s[lo-1]) {
			lo--
		}
		for hi < len(s) && hi-i < 24 && part(s[hi]) {
			hi++
		}
		for _, d := range broken {
			found = d.try(t, back(s, lo, 1), ahead(s, hi, 1), taken, found)
		}
	}
	return found
}

// plates finds 자동차등록번호: four digits behind one of a few syllables.
func plates(t folded, taken claimed, found []Span) []Span {
	s := t.s
	for i := 0; i+4 <= len(s); i++ {
		if !isDigits(s[i:i+4]) || i > 0 && isDigits(s[i-1:i]) {
			continue
		}
		lo := i
		if lo > 0 && (s[lo-1] == ' ' || s[lo-1] == '-') {
			lo--
		}
		if lo < syllable || !strings.Contains(plate, s[lo-syllable:lo]) {
			continue
		}
		lo -= syllable
		if lo > 0 && s[lo-1] == ' ' {
			lo--
		}
		if lo < 2 || !isDigits(s[lo-2:lo]) {
			continue
		}
		found = vehicle.try(t, back(s, lo, 16), ahead(s, i+4, 1), taken, found)
	}
	return found
}

// addresses finds 주소 in the lines that have a number behind a street, 동 or 리,
// and a region or district before it.
func addresses(t folded, taken claimed) (found []Span) {
	at := 0
	for line := range strings.Lines(t.s) {
		lo := at
		at += len(line)
		if mayHoldAddress(line) {
			for _, d := range places {
				found = d.try(t, lo, at, taken, found)
			}
		}
		if strings.Contains(line, "번길") || strings.Contains(line, "동") && strings.Contains(line, "호") {
			found = home.try(t, lo, at, taken, found)
		}
	}
	return found
}

func mayHoldAddress(line string) bool {
	for i := syllable; i < len(line); i++ {
		if line[i] < '0' || line[i] > '9' || line[i-1] >= '0' && line[i-1] <= '9' {
			continue
		}
		before := strings.TrimSuffix(strings.TrimSuffix(line[:i], " "), "산 ")
		if len(before) < syllable || !strings.Contains("로길동리가", before[len(before)-syllable:]) {
			continue
		}
		before = before[max(0, len(before)-120):]
		if strings.Contains(before, "구 ") || strings.Contains(before, "시 ") || strings.Contains(before, "군 ") || region.MatchString(before) {
			return true
		}
	}
	return false
}

var region = regexp.MustCompile(regions)

// inNumber reports whether byte i of s goes on with a number that began before.
func inNumber(s string, i int) bool {
	switch c := s[i]; {
	case c >= '0' && c <= '9' || c == '*' || c == '-' || c == ' ' || c == ')' || c == '(' || c == '~' || c == '/' || c == '_':
		return true
	case c == '.':
		next := strings.TrimPrefix(s[i+1:min(len(s), i+3)], " ")
		return next != "" && (next[0] >= '0' && next[0] <= '9')
	}
	return isLatin(s[i]) && i > 0 && s[i-1] != ' '
}

func isLatin(c byte) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }

func isAddressByte(c byte) bool {
	return isLatin(c) || c >= '0' && c <= '9' || strings.IndexByte("._%+-", c) >= 0
}

func isDigits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// back is up to n bytes before i, at the beginning of a code point.
func back(s string, i, n int) int {
	for i = max(0, i-n); i > 0 && !utf8.RuneStart(s[i]); i-- {
	}
	return i
}

// ahead is n code points behind i.
func ahead(s string, i, n int) int {
	for ; n > 0 && i < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return i
}

// An address: 시도, 시군구, then 도로명 or 동 with a number, and what names the flat.
var (
	addressShape = regexp.MustCompile(`((?:` + regions + `)(?:특별시|광역시|특별자치시|특별자치도|도|시)? ` + localPart + `)`)
	// Without 시도 a district must be followed by a street and a number.
	districtShape = regexp.MustCompile(`(?:^|[^가-힣])((?:[가-힣]{1,5}(?:시|군) )?[가-힣]{1,5}(?:구|시|군) ` + streetPart + `)`)
)

// home is an address that names no district: a 번길 with its number, or a flat.
var home = detector{Address, regexp.MustCompile(`(?:^|[^가-힣A-Za-z0-9○])((?:[가-힣]{1,8}(?:대로|로|길) ?\d{1,4}(?:번길|가길) ?\d{1,4}(?:-\d{1,4})?(?:,? ` + flat + `)?)|(?:[가-힣A-Za-z0-9○]{1,14} ?(?:아파트|빌라|빌|맨션|오피스텔|APT) ?)?` + flat + `)(?:[^\d]|$)`), always(byPlace)}

const (
	flat       = `(?:\d{3,4}동 ?\d{1,5}호|\d{1,4}동 ?\d{3,5}호)`
	streetPart = `(?:[가-힣0-9]{1,8}(?:읍|면|동|리) ){0,2}(?:[가-힣0-9]{1,12}(?:대로|로|길)(?: ?\d{1,4}(?:번길|가길|길))? ?\d{1,4}(?:-\d{1,4})?(?:번지)?|[가-힣0-9]{1,8}(?:동|리|가) (?:산 ?)?\d{1,4}(?:-\d{1,4})?(?:번지)?)` + flatPart
	flatPart   = `(?:,? ?(?:[가-힣A-Za-z0-9]{1,14} ){0,2}(?:[가-힣A-Za-z]{0,12}\d{1,4}(?:동|차|-\d{1,4})? ?)?(?:[A-Za-z가-힣]?동 )?(?:지하 ?|B)?\d{1,5}(?:층|호)(?: ?\d{1,5}호)?)?(?:,? ?\d{1,5}-\d{1,5})?(?: ?\([가-힣0-9]{1,8}동(?:, ?[^()\n]{1,20})?\))?`
	localPart  = `(?:[가-힣]{1,5}(?:시|군|구) ){0,2}` + streetPart
)

func always(c float64) func(folded, int, int) float64 {
	return func(folded, int, int) float64 { return c }
}

// near accepts an item that has one of the words within n code points before it.
func near(words string, n int, c float64) func(folded, int, int) float64 {
	re := regexp.MustCompile(words)
	return func(t folded, lo, _ int) float64 {
		if re.MatchString(t.before(lo, n)) {
			return c
		}
		return 0
	}
}

// within accepts an item of a text that has one of the words anywhere, as in the
// head of a table.
func within(words string, c float64) func(folded, int, int) float64 {
	re := regexp.MustCompile(words)
	return func(t folded, _, _ int) float64 {
		if re.MatchString(t.s) {
			return c
		}
		return 0
	}
}

// digits are the digits of s, in order.
func digits(s string) []int {
	var out []int
	for _, r := range s {
		if r >= '0' && r <= '9' {
			out = append(out, int(r-'0'))
		}
	}
	return out
}

// placeholder reports digits that stand for nothing: six of the last seven zero,
// or all of them the same.
func placeholder(d []int) bool {
	same, zeros := true, 0
	for i, n := range d {
		same = same && n == d[0]
		if i >= len(d)-7 && n == 0 {
			zeros++
		}
	}
	return same || zeros >= min(6, len(d)-1)
}

// resident checks the 13th digit of a 주민등록번호 or 외국인등록번호:
// (11 or 13 − Σ dᵢwᵢ mod 11) mod 10 with w = 2…9, 2…5.
func resident(t folded, lo, hi int) float64 {
	d := digits(t.s[lo:hi])
	if placeholder(d) {
		return 0
	}
	if len(d) != 13 {
		return byShape // partly masked already
	}
	sum := 0
	for i, n := range d[:12] {
		sum += n * (i%8 + 2)
	}
	base := 11
	if d[6] >= 5 && d[6] <= 8 {
		base = 13
	}
	if (base-sum%11)%10 == d[12] {
		return certain
	}
	return byShape
}

var residentWord = regexp.MustCompile(`주민|등록번호|외국인`)

// spacedResident wants the check digit or the word: digits with spaces are often others.
func spacedResident(t folded, lo, hi int) float64 {
	c := resident(t, lo, hi)
	if c < certain && !residentWord.MatchString(t.before(lo, 16)) {
		return 0
	}
	return c
}

// brokenResident wants a hyphen or the word: a check digit agrees by chance in one
// of ten pairs of numbers that stand in a column.
func brokenResident(t folded, lo, hi int) float64 {
	if !strings.Contains(t.s[lo:hi], "-") && !residentWord.MatchString(t.before(lo, 16)) {
		return 0
	}
	return resident(t, lo, hi)
}

// brokenPhone wants one line break and a separator: columns of digits are no numbers.
func brokenPhone(t folded, lo, hi int) float64 {
	if item := t.s[lo:hi]; strings.Count(item, "\n") != 1 || !strings.ContainsAny(item, "-~./_)") {
		return 0
	}
	return phone(t, lo, hi)
}

var cardWord = regexp.MustCompile(`카드|결제|[Cc]ard|CARD`)

// card checks the Luhn digit. Without it, or without separators, the text before
// must speak of a card.
func card(t folded, lo, hi int) float64 {
	item := t.s[lo:hi]
	d := digits(item)
	if placeholder(d) {
		return 0
	}
	sum := 0
	for i := range d {
		n := d[len(d)-1-i]
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	spoken := cardWord.MatchString(t.before(lo, 20))
	switch separated := strings.ContainsAny(item, "- "); {
	case sum%10 == 0 && (separated || spoken):
		return certain
	case spoken:
		return byShape
	case separated && strings.Count(item, "-") == 3:
		return byPlace
	}
	return 0
}

func phone(t folded, lo, hi int) float64 {
	d := digits(t.s[lo:hi])
	if placeholder(d) {
		return 0
	}
	return byShape
}

var bankWord = regexp.MustCompile(banks)

// account wants 10 to 16 digits behind the name of a bank or a word for an
// account: the shape alone is that of many other numbers.
func account(t folded, lo, hi int) float64 {
	d := digits(t.s[lo:hi])
	if len(d) < 10 || len(d) > 16 || placeholder(d) || !bankWord.MatchString(t.before(lo, 16)) {
		return 0
	}
	return byShape
}
