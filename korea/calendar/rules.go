package calendar

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Unit is what a period is counted in.
type Unit string

const (
	WorkingHour Unit = "시간" // working hours
	WorkingDay  Unit = "일"  // working days; up to 5 they are counted as 8 working hours each
	Week        Unit = "주"
	Month       Unit = "개월"
	Year        Unit = "년"
)

// A Period is a length of time as a rule states it. The zero Period is none.
type Period struct {
	N    int
	Unit Unit
}

// Hours and Days make the usual periods.
func Hours(n int) Period { return Period{n, WorkingHour} }
func Days(n int) Period  { return Period{n, WorkingDay} }

// Immediately (즉시) is three working hours: 「민원 처리에 관한 법률 시행령」 제19조.
var Immediately = Hours(3)

// String prints 14일, 3시간, 1개월.
func (p Period) String() string { return strconv.Itoa(p.N) + string(p.Unit) }

var periodForm = regexp.MustCompile(`^(\d{1,4})\s*(시간|근무시간|일|주|주일|개월|월|년)\s*(?:이내)?$`)

// ParsePeriod reads 즉시, 3시간, 3근무시간, 7일, 2주, 1개월, 1년, each also with 이내.
func ParsePeriod(s string) (Period, error) {
	s = strings.TrimSpace(s)
	if s == "즉시" {
		return Immediately, nil
	}
	m := periodForm.FindStringSubmatch(s)
	if m == nil {
		return Period{}, fmt.Errorf("처리기간 %q을(를) 읽을 수 없습니다. 즉시, 3시간, 7일, 2주, 1개월처럼 적으십시오", s)
	}
	n, _ := strconv.Atoi(m[1]) // at most four digits
	unit := map[string]Unit{"근무시간": WorkingHour, "주일": Week, "월": Month}[m[2]]
	if unit == "" {
		unit = Unit(m[2])
	}
	if n == 0 {
		return Period{}, fmt.Errorf("처리기간 %q: 1 이상이어야 합니다", s)
	}
	return Period{n, unit}, nil
}

// A Kind is a kind of complaint (민원), or a request under a law of its own that
// is counted like one.
type Kind string

const (
	LawQuery   Kind = "질의(법령)" // explanation or interpretation of law
	Query      Kind = "질의"     // systems, procedures, anything but law
	Suggestion Kind = "건의"
	Other      Kind = "기타"
	Grievance  Kind = "고충"
	Statutory  Kind = "법정" // the agency publishes a period for each: a Request must name it
	Disclosure Kind = "정보공개"
)

const (
	act     = "「민원 처리에 관한 법률」"
	decree  = "「민원 처리에 관한 법률 시행령」"
	openAct = "「공공기관의 정보공개에 관한 법률」"
)

// A Rule is the period of one kind.
type Rule struct {
	Kind   Kind
	Period Period // zero for Statutory
	Basis  string // article that sets the period
	Note   string // what else an official must know, in Korean; may be ""
}

// Rules returns the periods of all kinds.
func Rules() []Rule {
	return []Rule{
		{LawQuery, Days(14), decree + " 제14조제1호", ""},
		{Query, Days(7), decree + " 제14조제2호", ""},
		{Suggestion, Days(14), decree + " 제15조", ""},
		{Other, Immediately, decree + " 제16조제1항, 제19조", "기관의 특성에 따라 처리기간을 달리 정할 수 있습니다(제16조제3항)."},
		{Grievance, Days(7), decree + " 제17조제1항", "현장조사 등은 14일의 범위에서 할 수 있고 7일의 범위에서 한 차례 연장할 수 있으며, 처리기간에 넣지 않습니다(제17조제4항ㆍ제5항)."},
		{Statutory, Period{}, act + " 제17조", "민원 종류별로 기관이 정하여 공표한 처리기간(민원편람)을 따릅니다."},
		{Disclosure, Days(10), openAct + " 제11조제1항", "보유하지 않는 정보이거나 질의에 해당하면 민원으로 처리할 수 있습니다(제11조제5항)."},
	}
}

// RuleOf returns the rule of k; false for an unknown kind.
func RuleOf(k Kind) (Rule, bool) {
	rules := Rules()
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.Kind == k })
	if i < 0 {
		return Rule{}, false
	}
	return rules[i], true
}

// amended is the day from whose receipts on the new 제21조 of the decree holds
// (대통령령 제36296호 부칙 제4조).
var amended = time.Date(2026, 5, 6, 0, 0, 0, 0, Seoul)

// An Extension says whether and how a period may be extended.
type Extension struct {
	Times     int      // how often in all, each time at most by the original period
	Reasons   []string // the permitted reasons, as the law words them
	Forbidden []string // reasons that the law rules out; nil if it names none
	Consent   string   // when the complainant must agree; "" if never
	Notice    string   // what to tell, and how
	Basis     string   // the article, and the version where an earlier one applies
	barred    bool     // 영 제21조제2항 applies
}

// ExtensionOf returns the rule for a complaint of kind k received at that time.
// 「민원 처리에 관한 법률 시행령」 제21조 was amended for complaints received from
// 2026-05-06 on; requests for disclosure follow their own law.
func ExtensionOf(k Kind, received time.Time) Extension {
	if k == Disclosure {
		return Extension{
			Times: 1,
			Reasons: []string{
				"한꺼번에 많은 정보공개가 청구되거나 청구 내용이 복잡하여 정해진 기간 내에 결정하기 곤란한 경우",
				"정보를 생산한 공공기관이나 제3자의 의견청취, 정보공개심의회 개최 등으로 곤란한 경우",
				"전산정보에 공개 부분과 비공개 부분이 섞여 있어 부분 공개 여부를 결정하기 곤란한 경우",
				"천재지변, 일시적인 업무량 폭주 등으로 곤란한 경우",
			},
			Notice: "연장된 사실과 연장 사유를 청구인에게 지체 없이 문서로 통지하여야 합니다.",
			Basis:  openAct + " 제11조제2항, 같은 법 시행령 제7조",
		}
	}
	e := Extension{
		Times:   2,
		Reasons: []string{"부득이한 사유로 처리기간 내에 처리하기 어렵다고 인정되는 경우"},
		Consent: "두 번째 연장은 민원인의 동의를 받아야 합니다(제21조제1항 단서).",
		Notice:  "연장 사유와 처리완료 예정일을 지체 없이 민원인에게 문서로 통지하여야 합니다(제21조제2항).",
		Basis:   decree + " 제21조(2026. 5. 6. 개정 전)",
	}
	if Day(received).Before(amended) {
		return e
	}
	e.barred = true
	e.Reasons = []string{
		"관계 기관ㆍ부서의 협조가 필요한 경우",
		"사실관계 또는 현장 확인이 필요한 경우",
		"천재지변이나 그 밖의 불가항력적인 사유가 발생한 경우",
		"그 밖에 제1호부터 제3호까지에 준하는 사유가 있는 경우",
	}
	e.Forbidden = []string{"단순 업무과중", "민원 처리 담당자의 지정 지연", "민원 처리 담당자의 부재"}
	e.Notice = "연장 사유와 처리완료 예정일을 지체 없이 민원인에게 문서로 통지하여야 합니다(제21조제3항)."
	e.Basis = decree + " 제21조"
	return e
}

// A Verdict on a reason for an extension.
type Verdict string

const (
	Permitted Verdict = "허용"
	Refused   Verdict = "불가"
	Unclear   Verdict = "판단 필요" // a person must decide
)

var (
	overwork = regexp.MustCompile(`업무\S{0,4}\s?(?:과중|과다|폭주|폭증|가중|많)|일이 많|바빠|바쁘|바쁜|(?:담당자?|담당 ?공무원|주무관)\S{0,3}\s?(?:의 )?(?:부재|공석|휴가|병가|연가|휴직|출장|교육|미지정|변경|교체|지정|배정)|(?:지정|배정|배당)\S?\s?(?:지연|늦)|휴가|병가|연가|휴직|부재중|부재 중`)
	// clauses are the words that show each item of 제21조제1항.
	clauses = []struct {
		words *regexp.Regexp
		cite  string
	}{
		{regexp.MustCompile(`협조|협의|의견 ?조회|유관 ?(?:기관|부서)|관계 ?(?:기관|부서)|타 ?(?:기관|부서)|다른 (?:기관|부서)`), "제21조제1항제1호"},
		{regexp.MustCompile(`사실 ?관계|사실 ?확인|현장|실태 ?조사|실사`), "제21조제1항제2호"},
		{regexp.MustCompile(`천재지변|불가항력|재난|재해|태풍|호우|폭우|폭설|지진|화재|감염병`), "제21조제1항제3호"},
	}
)

// Judge says whether the reason that an official wrote carries an extension,
// and why, in one Korean sentence. It reads words, not meaning: it refuses what
// 제21조제2항 names, permits what shows a listed reason and nothing barred, and
// leaves the rest, like everything under a rule without a list, to a person.
func (e Extension) Judge(reason string) (Verdict, string) {
	if !e.barred {
		return Unclear, "부득이한 사유인지 담당자가 판단하여야 합니다(" + e.Basis + ")."
	}
	barred := overwork.FindString(reason)
	var cite string
	for _, c := range clauses {
		if c.words.MatchString(reason) {
			cite = c.cite
			break
		}
	}
	switch {
	case barred != "" && cite != "":
		return Unclear, fmt.Sprintf("‘%s’은(는) 연장 사유가 될 수 없습니다(%s 제21조제2항). 함께 든 사유(%s)만으로 연장이 필요한지 판단하십시오.", barred, decree, cite)
	case barred != "":
		return Refused, fmt.Sprintf("‘%s’을(를) 사유로 처리기간을 연장할 수 없습니다(%s 제21조제2항).", barred, decree)
	case cite != "":
		return Permitted, fmt.Sprintf("%s %s의 사유에 해당합니다.", decree, cite)
	}
	return Unclear, fmt.Sprintf("%s 제21조제1항 각 호의 사유에 해당하는지 담당자가 판단하여야 합니다.", decree)
}
