package privacy

import (
	"regexp"
	"strings"
)

const (
	surnames = `(?:남궁|황보|제갈|선우|독고|사공|서문|[김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민류나진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용예경봉부가복태목형감호]|피(?:[가-힣]{2}))`
	// people stand before a name with or without a colon; roles, often the end of a longer label, only with one: 납세의무자: 홍길동.
	people = `성 {0,4}명|성함|이름|신청인|민원인|청구인|진정인|제보자|신고인|신고자|고소인|예금주|보호자|친권자|환자|원고|피고|피고인|피해자|임차인|임대인|매도인|매수인|양도인|양수인|담당자|대리인|채무자|채권자|소유자|계약자|세대주|배우자|대표자|변호사|고객|직원|학생`
	roles  = `[가-힣]{0,6}(?:이름|성함|인|자|명|의|원|생|사|관|님|대상|회장|점주|아들|동생|남편|아내|형제|담임|동의 서명)|어머니|아버지|원고|피고|교수|직원|고객|변호사`
	// titles stand behind a name, and before it in lists of officials: 과장 전결 홍길동.
	titles = `과장|팀장|주무관|대리|사무관|서기관|계장|국장|실장|차장|부장|주임|사원|교수|판사|변호사|원장|위원|대표|대표이사|기자|이사|상무|전무|소장|반장|박사|간호사|약사|경위|경사|순경|조사관|회장|부회장|상담원`
	// address stands behind a name in letters: 홍길동 님.
	address = `님|씨|귀하|드림|올림|배상|선생님|어르신|학생`
	after   = `(?:[^가-힣]|(?:은|는|이|가|을|를|의|에게|께서|께|님|씨|이고|이며|입니다|이라|으로)(?:[^가-힣]|$)|$)`
)

// notNames are words that look like a name beside a role or a title.
const notNames = ` 고객 사장 기사 정보 주소 성명 서명 전화 표시 신청 전치 명의 원고 피고 현장 지도 담당 성함 이름 연락 주민 기관 부서 위원 원장 국장 실장 시장 구청 소장 반장 지원 기타 주임 안내 공무 여러 ` +
	` 신청인 신청자 민원인 담당자 대표자 이용자 이용인 주무관 사무관 서기관 주민등 주민번 전화번 연락처 고객센 담당관 정보주 기관장 부서장 위원장 선생님 구청장 이사장 주소지 안내문 신분증 전문의 전담자 정규직 공무원 변호사 상담사 간호사 관계자 보호자 배우자 소유자 사용자 제출자 기안자 검토자 협조자 결재자 서명란 고령자 장애인 노약자 임산부 유공자 수급자 임차인 임대인 지원팀 인사팀 법무팀 총무팀 기획팀 예약자 신고인 신고자 원고인 피고인 피해자 고소인 명의인 계약자 가입자 작성자 수신자 `

var (
	labelled = regexp.MustCompile(`(?:^|[^가-힣])(?:(?:` + people + `)(?: ?\([^()\n]{1,12}\))?(?: ?: ?| {1,6})|(?:` + roles + `)(?: ?\([^()\n]{1,12}\))? ?: ?)(` + surnames + `[가-힣]{2})` + after)
	listed   = regexp.MustCompile(`(?:^|[^가-힣])(?:` + titles + `)(?: 전결| 대결)? {0,4}(?:: ?)?(` + surnames + `[가-힣]{2})` + after)
	titled   = regexp.MustCompile(`(?:^|[^가-힣])(` + surnames + `[가-힣]{2}) ?(?:` + titles + `)` + after)
	greeted  = regexp.MustCompile(`(?:^|[^가-힣])(` + surnames + `[가-힣]{1,2}) ?(?:` + address + `)` + after)
)

// names finds 성명 by what stands beside them: a label before (성명: 홍길동) or a
// title behind (홍길동 님). A full name found once is found wherever it recurs.
// It leaves what is taken.
func names(t folded, taken claimed) []Span {
	var out []Span
	known := map[string]bool{}
	claim := func(lo, hi int, c float64) {
		s := Span{t.at(lo), t.at(hi-1) + 1, Person, c}
		if taken.claim(s) {
			out = append(out, s)
		}
	}
	for _, re := range []*regexp.Regexp{labelled, listed, titled, greeted} {
		for from := 0; from < len(t.s); {
			m := re.FindStringSubmatchIndex(t.s[from:])
			if m == nil {
				break
			}
			lo, hi := from+m[2], from+m[3]
			from = hi // what follows a name may be the label of the next
			name := t.s[lo:hi]
			if isWord(name) || strings.HasPrefix(strings.TrimLeft(t.s[hi:], " "), ":") {
				continue
			}
			claim(lo, hi, byShape)
			if len([]rune(name)) >= 3 {
				known[name] = true
			}
		}
	}
	longest := 0
	for name := range known {
		longest = max(longest, len(name))
	}
	for lo := range t.s {
		for hi := min(lo+longest, len(t.s)); hi > lo; hi-- {
			if known[t.s[lo:hi]] {
				claim(lo, hi, byPlace)
				break
			}
		}
	}
	return out
}

// isWord reports a word that only looks like a name: it or its first two
// syllables are in notNames.
func isWord(name string) bool {
	first := string([]rune(name)[:2])
	return strings.Contains(notNames, " "+name+" ") || strings.Contains(notNames, " "+first+" ")
}
