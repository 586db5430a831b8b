package complaint

import (
	"regexp"
	"strings"

	"biseo/korea/calendar"
)

// A Proposal is the kind that a complaint seems to be, for a person to decide.
type Proposal struct {
	Kind calendar.Kind
	Why  string // in Korean, with the article that defines the kind
}

// kinds are read in this order; the first whose words occur wins. The definitions
// are those of 「민원 처리에 관한 법률」 제2조제1호.
var kinds = []struct {
	kind  calendar.Kind
	words *regexp.Regexp
	basis string
}{
	{calendar.Disclosure, regexp.MustCompile(`정보\s*공개(?:를|법에|\s*청구|\s*신청|\s*요청)|(?:공개|열람|사본)(?:를|을)?\s*(?:청구|신청|요청)`),
		"「공공기관의 정보공개에 관한 법률」 제10조에 따른 정보공개 청구"},
	{calendar.Grievance, regexp.MustCompile(`위법(?:하|한|·)|부당(?:하|한|합|함|해|처)|억울|불합리한\s*(?:제도|처분|행정)|소극\s*행정|직무\s*유기|권리를?\s*침해|침해(?:받|당|되)|불이익을?\s*(?:받|주|당)|처분(?:에|이)\s*(?:불복|억울|부당|이의)|이의(?:를)?\s*제기|이의\s*신청(?:을\s*(?:합|하|제)|합니다|하고)`),
		"「민원 처리에 관한 법률」 제2조제1호나목의 고충민원(위법ㆍ부당하거나 소극적인 처분 등으로 권리를 침해받거나 불이익ㆍ부담을 받는 사항)"},
	{calendar.Statutory, regexp.MustCompile(`(?:인가|허가|면허|등록|승인|지정|인정|추천|시험|검사|검정|신고증|확인서|증명서?|등본|초본)(?:을|를|의)?\s*(?:신청|발급|교부|갱신|내\s*주|재발급)`),
		"「민원 처리에 관한 법률」 제2조제1호가목1)의 법정민원(인가ㆍ허가ㆍ등록ㆍ증명 등의 신청)"},
	{calendar.LawQuery, regexp.MustCompile(`(?:법령|법률|조례|규칙|시행령|시행규칙|훈령|예규|고시|규정|법|조항|제\s*\d+\s*조)[^.?\n]{0,60}(?:해석|적용|의미|해당|위반|위법|적법|근거|가능|되는지|인지|하는지|있는지|나요|까요)|(?:해석|유권\s*해석|법적\s*근거|법에\s*(?:위반|저촉|맞))`),
		"「민원 처리에 관한 법률」 제2조제1호가목2)의 질의민원(법령에 관한 설명이나 해석을 요구)"},
	{calendar.Suggestion, regexp.MustCompile(`건의|제안(?:합|드|하)|(?:제도|정책|조례|규정|행정|운영|시스템|서비스)[^.?\n]{0,30}(?:개선|바꾸|바꿔|고쳐|신설|폐지|확대|완화|도입|늘려)|(?:했|하였|되었|됐|늘렸|바꿨)으면\s*(?:좋겠|합니다)|신설해|도입해|확대해|주시면\s*(?:좋겠|감사하겠)|주셨으면`),
		"「민원 처리에 관한 법률」 제2조제1호가목3)의 건의민원(행정제도와 운영의 개선을 요구)"},
	{calendar.Query, asks,
		"「민원 처리에 관한 법률」 제2조제1호가목2)의 질의민원(제도ㆍ절차 등에 관한 설명을 요구)"},
	{calendar.Other, regexp.MustCompile(`(?:고쳐|치워|막아|단속해|정비해|수거해|청소해|보수해|조치해|점검해|측정해|제거해|철거해|켜|꺼)\s*(?:주|달)|고장|파손|꺼져|나갔|불편|시끄럽|냄새|악취|쓰레기|불법\s*(?:주차|주정차|투기)|신고(?:합|드)`),
		"「민원 처리에 관한 법률」 제2조제1호가목4)의 기타민원(상담ㆍ설명이나 생활 불편 사항의 처리를 요구)"},
}

// Propose proposes the kind of a complaint by its words. Where they do not tell, the
// kind is "": the kinds have periods from three hours to fourteen days, so a guess
// would name a wrong day.
func Propose(complaint string) Proposal {
	for _, k := range kinds {
		if found := k.words.FindString(complaint); found != "" {
			return Proposal{k.kind, "“" + strings.Join(strings.Fields(found), " ") + "”: " + k.basis}
		}
	}
	return Proposal{"", "낱말만으로는 종류를 가리지 못했으니 담당자가 정해 주세요(「민원 처리에 관한 법률」 제2조제1호)."}
}

// KindOf reads a kind as an official writes it: 질의, 질의민원, 질의(법령), 법정, ...; ok
// is false for an unknown one.
func KindOf(s string) (k calendar.Kind, ok bool) {
	s = strings.TrimSuffix(strings.ReplaceAll(s, " ", ""), "민원")
	for _, r := range calendar.Rules() {
		if s == string(r.Kind) {
			return r.Kind, true
		}
	}
	return "", false
}

// A Remedy names what a person may do against a decision.
type Remedy string

const (
	NoRemedy    Remedy = "none"        // a query or suggestion is no 처분: naming 행정심판 would be wrong
	Refusal     Remedy = "refusal"     // a 법정민원 refused
	Disposition Remedy = "disposition" // any other 처분
	Disclosure  Remedy = "disclosure"  // a request for disclosure refused
	Penalty     Remedy = "penalty"     // a 과태료: no 행정심판, but the objection of its own law
)

// Remedies are the sentences of the remedies block, each with the article that it
// rests on, in the order of a letter; ok is false for an unknown remedy.
func Remedies(r Remedy) (out []Basis, ok bool) {
	court := []Basis{
		{"행정심판은 처분이 있음을 알게 된 날부터 90일 이내에 청구하여야 하며, 처분이 있었던 날부터 180일이 지나면 청구하지 못합니다.", "「행정심판법」 제27조"},
		{"취소소송은 처분등이 있음을 안 날부터 90일 이내에 제기하여야 합니다.", "「행정소송법」 제20조"},
	}
	switch r {
	case "", NoRemedy:
		return nil, true
	case Refusal:
		return append([]Basis{{"거부처분을 받은 날부터 60일 이내에 문서로 이의신청을 할 수 있습니다.", "「민원 처리에 관한 법률」 제35조제1항"}}, court...), true
	case Disposition:
		return append([]Basis{{"처분을 받은 날부터 30일 이내에 해당 행정청에 이의신청을 할 수 있습니다.", "「행정기본법」 제36조제1항"}}, court...), true
	case Penalty:
		return []Basis{{"과태료 부과 통지를 받은 날부터 60일 이내에 해당 행정청에 서면으로 이의제기를 할 수 있습니다.", "「질서위반행위규제법」 제20조제1항"}}, true
	case Disclosure:
		return append([]Basis{{"정보공개 여부의 결정 통지를 받은 날부터 30일 이내에 해당 공공기관에 문서로 이의신청을 할 수 있습니다.", "「공공기관의 정보공개에 관한 법률」 제18조제1항"}}, court...), true
	}
	return nil, false
}

// A Basis is a sentence of a letter and the article that it rests on.
type Basis struct{ Text, Cite string }

// Steps are the sentences that tell a decision other than an explanation, with
// gaps for what only a person knows; the article of each rests in Cite, "" where the
// official must name it. ok is false for an unknown decision.
func Steps(decision string) (out []Basis, ok bool) {
	switch decision {
	case "", "explain":
		return nil, true
	case "accept":
		return []Basis{{"귀하의 요청을 받아들여 [작성 필요: 조치 내용과 시기] 하겠습니다.", ""}}, true
	case "reject":
		return []Basis{{"귀하의 요청은 다음과 같은 이유로 받아들이기 어려움을 알려드립니다. [작성 필요: 거부하는 이유와 근거]", "「민원 처리에 관한 법률」 제27조제3항"}}, true
	case "transfer":
		return []Basis{{"귀하의 민원은 [작성 필요: 소관 기관과 부서]에서 처리할 사항이므로 그 기관으로 이송하였음을 알려드립니다.", "「민원 처리에 관한 법률」 제16조제1항"}}, true
	case "need_info":
		return []Basis{{"민원을 처리하려면 보완이 필요하니 [작성 필요: 보완할 내용]을(를) [작성 필요: 보완 기한]까지 보완해 주시기 바랍니다.", "「민원 처리에 관한 법률」 제22조제1항"}}, true
	}
	return nil, false
}
