package privacy

import (
	"regexp"
	"strings"
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

// detectors in order of priority. The order is part of [Find]'s contract.
var detectors = []detector{
	{Corporate, regexp.MustCompile(`(?:^|\D)(\d{6}-?\d{7})(?:\D|$)`), near(`법인|주식회사|\(주\)|㈜`, 16, byShape)},
	{FRN, regexp.MustCompile(`(?:^|\D)(\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[- ]?[5-8][\d*]{6})(?:[^\d*]|$)`), resident},
	{RRN, regexp.MustCompile(`(?:^|\D)(\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[- ]?[0-49][\d*]{6,7})(?:[^\d*]|$)`), resident},
	{FRN, regexp.MustCompile(`(?:^|\D)(\d{6}-[5-8]\d{6})(?:\D|$)`), near(`외국인|등록번호`, 14, byPlace)},
	{Email, regexp.MustCompile(`([A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})`), always(byShape)},
	{Card, regexp.MustCompile(`(?:^|[^\d-])(\d{4}[- ]\d{4}[- ]\d{4}[- ]\d{3,4}|\d{4}[- ]\d{6}[- ]\d{4,5}|\d{15,16})(?:[^\d-]|$)`), card},
	{Driver, regexp.MustCompile(`(?:^|[^\d-])((?:(?:` + regions + `) ?)?(?:1[1-9]|2[0-68])-\d{2}-\d{6}-\d{2})(?:[^\d-]|$)`), always(byShape)},
	{Driver, regexp.MustCompile(`((?:` + regions + `) \d{2}-\d{6}-\d{2})(?:[^\d-]|$)`), always(byShape)},
	{Account, regexp.MustCompile(`(?:^|[^\d-])(01[016-9]-\d{3,4}-\d{5,6})(?:[^\d-]|$)`), near(banks, 16, byShape)},
	{Phone, regexp.MustCompile(`(?:^|[^\d-])((?:\+82[- ]?|0)1[016-9][-. ]?\d{3,4}[-. ]?\d{4})(?:[^\d-]|$)`), phone},
	{Phone, regexp.MustCompile(`(?:^|[^\d-])(\(?(?:\+82[- ]?[2-6]\d?|0(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50\d|80))\)?[-. ] ?\d{3,4}[-. ]\d{4})(?:[^\d-]|$)`), phone},
	{Account, regexp.MustCompile(`(?:^|[^\d-])(\d{2,6}(?:-\d{2,7}){1,3})(?:[^\d-]|$)`), account},
	{Account, regexp.MustCompile(`(?:^|[^\d-])(\d{10,14})(?:[^\d-]|$)`), account},
	{Business, regexp.MustCompile(`(?:^|[^\d-])(\d{3}-\d{2}-\d{5})(?:[^\d-]|$)`), always(byShape)},
	{Insurance, regexp.MustCompile(`(?:^|[^\d-])([1-9]-\d{10})(?:[^\d-]|$)`), near(`보험|증번호`, 16, byShape)},
	{Passport, regexp.MustCompile(`(?:^|[^A-Za-z0-9])([A-Za-z]\d{7,8}|[A-Za-z]\d{3}[A-Za-z]\d{4}|[A-Z]{2}\d{7}|\d{9})(?:[^A-Za-z0-9]|$)`), near(`여권|[Pp]assport|PASSPORT`, 16, byShape)},
	{Passport, regexp.MustCompile(`(?:^|[^A-Za-z0-9])([MSROD]\d{8})(?:[^A-Za-z0-9]|$)`), always(byPlace)},
	{Vehicle, regexp.MustCompile(`(?:^|[^\d제])((?:(?:` + regions + `) ?)?\d{2,3} ?[` + plate + `] ?\d{4})(?:[^\d년]|$)`), always(byShape)},
	{Address, addressShape, always(byShape)},
	{Address, districtShape, always(byPlace)},
}

// An address: 시도, 시군구, then 도로명 or 동 with a number, and what names the flat.
var (
	addressShape = regexp.MustCompile(`((?:` + regions + `)(?:특별시|광역시|특별자치시|특별자치도|도|시)? ` + localPart + `)`)
	// Without 시도 a district must be followed by a street and a number.
	districtShape = regexp.MustCompile(`(?:^|[^가-힣])((?:[가-힣]{1,5}(?:시|군) )?[가-힣]{1,5}(?:구|시|군) ` + streetPart + `)`)
)

const (
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

// placeholder reports digits that stand for nothing: the last four all alike
// zero, or all of them the same.
func placeholder(d []int) bool {
	same, zeros := true, 0
	for i, n := range d {
		same = same && n == d[0]
		if i >= len(d)-7 && n == 0 {
			zeros++
		}
	}
	return same || zeros >= 7
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
