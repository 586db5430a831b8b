package privacy

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// A namer finds names in one text.
type namer struct {
	t     folded
	words []word
	taken claimed
	ends  map[int]bool // where a number that belongs to a person begins or ends
	found []Span
	known map[string]bool
}

// names finds 성명 by what stands beside them. A full name found once is found
// wherever it recurs. It leaves what is taken; numbers are the items found before.
func names(t folded, taken claimed, numbers []Span) []Span {
	n := &namer{t: t, words: hangulWords(t.s), taken: taken, ends: map[int]bool{}, known: map[string]bool{}}
	for _, s := range numbers {
		switch s.Type {
		case RRN, FRN, Phone, Account, Passport, Driver, Email, Card:
			n.ends[s.lo], n.ends[s.hi] = true, true
		}
	}
	n.latin(numbers)
	for i, w := range n.words {
		size := nameAt(w.text)
		if size == 0 && len(w.text) == 3*syllable && hasSurname(w.text) && !notNames[w.text] {
			if label, colon := n.label(w.lo); colon && sureLabel(label) { // whatever its syllables
				size = 3
			}
		}
		if size == 0 {
			continue
		}
		name := first(w.text, size)
		if n.beside(i, name) {
			n.claim(w.lo, w.lo+len(name), byShape)
			if size > 2 {
				n.known[name] = true
			}
		}
	}
	if len(n.known) > 0 {
		n.recurring()
	}
	return n.found
}

func (n *namer) claim(lo, hi int, c float64) {
	s := n.t.span(lo, hi, Person, c)
	if n.taken.claim(s) {
		n.found = append(n.found, s)
	}
}

// recurring finds the known names where a word begins with them, or ends: 민원인홍길동.
func (n *namer) recurring() {
	for _, w := range n.words {
		for _, size := range []int{4, 3} {
			if name := first(w.text, size); n.known[name] {
				rest := w.text[len(name):]
				if len(name) == size*syllable && (!wordy(name) || rest == "" || particles[rest]) {
					n.claim(w.lo, w.lo+len(name), byPlace)
					break
				}
			}
			if lo := w.hi - size*syllable; lo > w.lo && n.known[n.t.s[lo:w.hi]] && !wordy(n.t.s[lo:w.hi]) {
				n.claim(lo, w.hi, byPlace)
				break
			}
		}
	}
}

// beside reports whether what stands beside word i says that it begins with name.
func (n *namer) beside(i int, name string) bool {
	w := n.words[i]
	hi := w.lo + len(name)
	full := len(name) > 2*syllable
	after := n.t.s[w.hi:min(len(n.t.s), w.hi+160)]
	rest := n.t.s[hi:w.hi]
	if strings.HasPrefix(strings.TrimLeft(after, " "), ":") { // it is a label itself
		return false
	}
	label, colon := n.label(w.lo)
	odd := wordy(name)
	if colon && (full && !odd && labelled(label, true) || rest == "" && sureLabel(label)) {
		return true
	}
	next, gap := "", ""
	if i+1 < len(n.words) {
		next, gap = n.words[i+1].text, n.t.s[w.hi:n.words[i+1].lo]
	}
	if greetings[rest] || rest == "" && (gap == " " || gap == "  ") && greetings[next] {
		return !odd && (full || rest != "양" && next != "양" && next != "군") || odd && (rest == "님" || rest == "씨" || next == "님" || next == "귀하")
	}
	if !full || thing.MatchString(name) && facility.MatchString(label) {
		return false
	}
	if n.atNumber(w, hi) || !odd && hi == w.hi && birth.MatchString(after) {
		return true
	}
	if odd {
		return false
	}
	if n.introduces(i, name, rest, next, gap) {
		return true
	}
	return labelled(label, false) || rest == "" && strings.Trim(gap, " ") == "" && len(gap) > 0 && len(gap) < 6 && isTitle(next) ||
		n.signs(i, rest, after) || rest == "" && n.ofDepartment(i, gap, after)
}

// isTitle reports a title with or without a particle.
func isTitle(w string) bool {
	for size := 2; size <= 4 && size*syllable <= len(w); size++ {
		if rest := w[size*syllable:]; titles[first(w, size)] && first(w, size) != "시장" && first(w, size) != "의장" && (rest == "" || particles[rest]) {
			return true
		}
	}
	return false
}

// label is the word before a name, and whether a colon or the border of a table
// cell stands between. 성명 (한글): 홍길동 has the label 성명, 성  명 too.
func (n *namer) label(lo int) (label string, colon bool) {
	s := n.t.s[max(0, lo-120):lo]
	if i := strings.LastIndexByte(s, '\n'); i >= 0 {
		s = s[i+1:]
	}
	b := strings.TrimRight(s, " ")
	for _, mark := range []string{":", "┃", "|", "→"} {
		if cut, ok := strings.CutSuffix(b, mark); ok {
			b, colon = strings.TrimRight(cut, " "), true
			break
		}
	}
	if len(s) == len(b) || len(s)-len(b) > 8 && !colon {
		return "", false // nothing between: the word goes on; too far: another column
	}
	if strings.HasSuffix(b, ")") {
		if i := strings.LastIndexByte(b, '('); i >= 0 && len(b)-i < 40 {
			b = strings.TrimRight(b[:i], " ")
		}
	}
	end := len(b)
	start := end
	for start >= syllable {
		r, size := utf8.DecodeLastRuneInString(b[:start])
		if !isHangul(r) {
			break
		}
		start -= size
	}
	label = b[start:end]
	if start > 0 && isDigits(b[start-1:start]) && strings.HasSuffix(label, "원") {
		return "", false // an amount: 186억원
	}
	if label == "명" && strings.HasSuffix(strings.TrimRight(b[:start], " "), "성") {
		label = "성명"
	}
	if (label == "전결" || label == "대결") && !colon {
		return n.label(lo - len(s) + start)
	}
	return label, colon
}

// labelled reports whether such a label announces a name.
func labelled(label string, colon bool) bool {
	if colon && facility.MatchString(label) || slices.ContainsFunc(notLabels, func(not string) bool { return strings.HasSuffix(label, not) }) {
		return false
	}
	if colon {
		if slices.ContainsFunc(marks, func(m string) bool { return strings.HasSuffix(label, m) && len(label) <= len(m)+6*syllable }) {
			return true
		}
	}
	for size := 1; size <= 5 && size*syllable <= len(label); size++ {
		end := label[len(label)-size*syllable:]
		if size == 1 && len(label) > syllable {
			continue
		}
		if labels[end] || titles[end] {
			return true
		}
	}
	return false
}

var (
	birth    = regexp.MustCompile(`^ ?[(,/]? {0,8}/? ?(?:(?:19[3-9]\d|200\d|201[0-5])[.-] ?\d{1,2}[.-]|\d{6}-|주민(?:등록)?번호|생년월일|만 \d\d|연락처|☎|\d\d년생|내선|휴대)`)
	sealed   = regexp.MustCompile(`^ {0,6}\((?:인|서명|직인|印|날인|서명 ?또는 ?(?:인|날인))\)`)
	inParens = regexp.MustCompile(`^ ?\(([^()\n]{2,60})\)`)
	moved    = regexp.MustCompile(`^ ?(?:→|->)`)
)

// atNumber reports a name beside a number that belongs to a person: a telephone
// number behind it, an account before it.
func (n *namer) atNumber(w word, hi int) bool {
	if n.t.s[hi:w.hi] == "입니다" { // 홍길동입니다(010-...)
		hi = w.hi
	}
	for i := 0; i <= 8 && hi == w.hi && hi+i < len(n.t.s); i++ {
		if n.ends[hi+i] {
			return true
		}
		if c := n.t.s[hi+i]; c != ' ' && c != '(' && c != ',' && c != '/' && c != '-' {
			break
		}
	}
	for i := w.lo; i > 0 && w.lo-i <= 4; i-- {
		if n.ends[i] {
			return w.lo > i
		}
		if c := n.t.s[i-1]; c != ' ' && c != '(' && c != ',' && c != '/' {
			break
		}
	}
	return false
}

// signs reports a name that is sealed, or that says itself who it is: 저는 홍길동입니다.
func (n *namer) signs(i int, rest, after string) bool {
	if rest == "" {
		if sealed.MatchString(after) || moved.MatchString(after) {
			return true
		}
		if m := inParens.FindStringSubmatch(after); m != nil { // 홍길동 (총무팀, 주임)
			in := hangulWords(m[1])
			return len(in) > 1 && isTitle(in[len(in)-1].text)
		}
		return false
	}
	if rest == "이라는" {
		return strings.HasPrefix(strings.TrimLeft(after, " "), "사람") || strings.HasPrefix(strings.TrimLeft(after, " "), "분")
	}
	return false
}

// introduces reports the name of who writes: 늘봄동에 사는 홍길동입니다, 식당을 하는
// 홍길동이라고 합니다, 홍길동인 제가.
func (n *namer) introduces(i int, name, rest, next, gap string) bool {
	if notNames[first(name, 2)] && strings.Contains(nounTails, name[len(name)-syllable:]) {
		return false
	}
	w := n.words[i]
	switch rest {
	case "인":
		return gap == " " && self[next]
	case "이라고", "라고":
		if gap != " " || !strings.HasPrefix(next, "합니다") && !strings.HasPrefix(next, "하는데") && !strings.HasPrefix(next, "하고") && !strings.HasPrefix(next, "해요") {
			return false
		}
	case "입니다", "인데", "인데요", "이에요", "예요", "이고":
	default:
		return false
	}
	before, cut := strings.CutSuffix(n.t.s[max(0, w.lo-60):w.lo], " ")
	return cut && introduction.MatchString(before)
}

// self are the words by which a writer speaks of himself: 홍길동인 제가.
var self = words(`제가 저는 저도 저를 저의 저에게 제 저희 저희는 저희가 본인은 본인이`)

// ofDepartment reports a name between a department and the end of the line, as
// in a signature (총무팀 홍길동), or between its column and that of a department
// with a title (홍길동  총무팀  과장).
func (n *namer) ofDepartment(i int, gap, after string) bool {
	w := n.words[i]
	if i+2 < len(n.words) && strings.Trim(gap, " ") == "" && len(gap) > 0 && isDepartment(n.words[i+1].text) {
		between := n.t.s[n.words[i+1].hi:n.words[i+2].lo]
		if strings.Trim(between, " ") == "" && isTitle(n.words[i+2].text) {
			return true
		}
	}
	if i == 0 {
		return false
	}
	p := n.words[i-1]
	line := n.t.s[strings.LastIndexByte(n.t.s[:p.lo], '\n')+1 : w.hi]
	spaces := n.t.s[p.hi:w.lo]
	ended := strings.TrimLeft(after, " ")
	if strings.HasPrefix(ended, ")") && strings.Contains(line, "(") { // (마취과 홍길동)
		line = line[strings.LastIndexByte(line, '(')+1:]
		ended = ""
	}
	return strings.Trim(spaces, " ") == "" && spaces != "" && isDepartment(p.text) && len(line) <= 25*syllable &&
		(ended == "" || ended[0] == '\n' || ended[0] == '(')
}

// isDepartment reports a word that names a part of an office.
func isDepartment(w string) bool {
	if len(w) < 2*syllable {
		return false
	}
	for _, end := range []string{"팀", "실", "과", "부", "국", "처", "센터", "본부", "담당관실", "내과", "외과", "의학과"} {
		if strings.HasSuffix(w, end) && !notDepartments[w] {
			return true
		}
	}
	return false
}

var notDepartments = words(`결과 통과 효과 초과 경과 부과 일부 전부 여부 내부 외부 기부 납부 첨부 교부 사실 현실 확실 처리결과 한국 전국 외국 국내 조치결과 정부 본부 세부 거부 공부 과실 상실 손실 진실 성실`)
