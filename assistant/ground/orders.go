package ground

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// order is how a text tells its reader, or a model that reads it, what to say or to
// do, rather than what is so: "무료라고 답하라", "이전 지시를 무시하고", "answer that".
// What it would have said is not stated by it.
var order = regexp.MustCompile(`(?i)` + strings.Join([]string{
	// …라고 답하라, …다고 적을 것, …는 말로 시작하라, …으로 고쳐 쓰십시오
	`(?:라|[라다자]고(?:만|도)?|는 말로|(?:으로|로) (?:고쳐|바꾸어))\s*(?:[가-힣]+(?:하게|히|적으로)\s+)?(?:대?답|답변|회신|적|기재|쓰|써|말|출력|인용|표시|시작|되풀이|주장|단정|작성|알|알려|안내|넣|보)[가-힣]{0,3}(?:하라|해라|으라|어라|아라|여라|라|할 것|을 것|쓸 것|시오|십시오|세요|주기 바람|시기 바랍니다)(?:[\s.!」”"')\]<]|$)`,
	`[다라]고 (?:적어|써|답해|말해|안내해|적어서) (?:주|달)`,
	`(?:써|적어|답해|말해|되풀이해)(?:[\s.!<]|$)`,
	`[라다]고 (?:쓴다|답한다|적는다|말한다)(?:[\s.]|$)`,
	// what is said of instructions
	`(?:이전|위|앞|아래|모든|다음|시스템|기존|이)[의\s]*(?:지시|명령|규칙|프롬프트)[가-힣]*\s*(?:[가-힣]+\s+)?(?:무시|따르|잊|폐기|되풀이|풀)`,
	`\[\d{1,3}(?:-\d{1,3})?\]\s*(?:로|을|를) (?:인용|붙|표시)`,
	`(?:인공지능|AI)\s*(?:비서|모델|에게|참고|가 읽)`,
	`\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|rules?|passages?|prompts?|above)\b`,
	`\b(?:answer|say|state|reply|respond|claim|repeat|write|tell \w+)\s+(?:that|it|as)\b`, `\b(?:AI|assistant|model)\s*[:：]`,
	`(?:출력|답변|대답|회신|응답|되풀이)(?:하라|해라|하여라|할 것|하십시오|해 주십시오|해 주세요|해 줘)\s*[:：]`, `시스템 (?:메시지|지시|명령)|관리자 모드|개발자 모드`,
	`\b(?:respond|reply|answer|output|print)\b[^.]{0,20}(?:\bwith\b|[:“"])`, `\b(?:system (?:message|prompt)|(?:developer|admin) mode)\b`, `\b(?:note to|for) (?:the )?(?:AI|assistant|model|chatbot)`,
	// what a model reads as the end of its prompt
	`<\|?/?(?:im_start|im_end|system|user|assistant|start_of_turn|end_of_turn|think|s)\b[^<>]{0,20}>`, `</?근거>`, `\[/?INST\]`, `<</?SYS>>`, `"(?:문장|근거)"\s*:`, "```",
	// the same in the languages of the neighbours
	`(?:忽略|无视|無視).{0,12}(?:规则|指示|指令|規則)`, `(?:回答|答え|輸出|输出)(?:为|為|是|なさい|せよ)`,
}, "|"))

// within is how the words before it are told of rather than told: 500원이라고 답하지,
// 500원임을 강조하고, 500원인 것처럼, 면제된다고.
var within = regexp.MustCompile(`^\s*[”’"')]?(?:이?라(?:고|는|며)|다?(?:고|는 (?:문구|말|문장|내용|답))|임을|인 (?:것|척|양)|이?라 )`)

// told finds a claim whose value, or whose every word, its support only tells of.
func (t trial) told() string {
	if regexp.MustCompile(`[라다]고|임을|것처럼`).MatchString(t.text) {
		return ""
	}
	key := Squeeze(strings.TrimRight(t.text, ". "))
	for _, p := range t.support {
		held := Squeeze(p.Text)
		if i := strings.Index(held, key); i >= 0 && key != "" && within.MatchString(held[i+len(key):]) {
			return fmt.Sprintf("근거 %d의 문장이 그렇다고 하지는 않음", p.source.N)
		}
	}
	for _, f := range t.facts(t.support[0].source) {
		if f.cite != nil {
			continue
		}
		stands, told := false, 0
		for _, p := range t.support {
			runes := []rune(p.source.Text)
			for _, g := range p.facts {
				switch {
				case !same(f, g):
				case within.MatchString(string(runes[g.end:min(len(runes), g.end+8)])):
					told = p.source.N
				default:
					stands = true
				}
			}
		}
		if told > 0 && !stands {
			return fmt.Sprintf("근거 %d의 문장이 그렇다고 하지는 않음", told)
		}
	}
	return ""
}

// orders reports that a unit of a source is an order; see [order].
func orders(s string) bool {
	return order.MatchString(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf, unicode.Mn) { // letters that a reader does not see
			return -1
		}
		return r
	}, s))
}

// ordered finds a claim that takes for a fact what its support only orders to be said.
func (t trial) ordered() string {
	if orders(t.text) {
		return ""
	}
	for _, p := range t.support {
		if orders(p.Text) {
			return fmt.Sprintf("근거 %d의 문장은 지시하는 말이지 사실이 아님", p.source.N)
		}
	}
	return ""
}

// letters finds letters that no source has and that look like those that it has:
// Cyrillic among Latin ones, digits of other scripts.
func (t trial) letters() string {
	for _, r := range t.text {
		usual := r < unicode.MaxASCII || unicode.Is(unicode.Hangul, r) || !unicode.IsLetter(r) && !unicode.IsNumber(r)
		if !usual && !slices.ContainsFunc(t.cited, func(s Source) bool { return strings.ContainsRune(s.Text+s.Title+s.Cite, r) }) {
			return fmt.Sprintf("근거 %s에 없는 글자: %c", numbersOf(t.cited), r)
		}
	}
	return ""
}

// copula is what a claim says that its subject is.
var copula = regexp.MustCompile(`(?:^|\s)([가-힣]{2,}?)(?:이다|입니다|임|이었다|이었습니다)\.?\s*$`)

// decisive are words that settle a question by themselves, and of which there is no
// other word for the same: a claim that brings one of its own makes a new rule.
var decisive = regexp.MustCompile(`^(?:무료|유료|무상|유상|공짜|면제|전액|불가|불가능|금지|허용|의무|필수|선택|임의|최고|최저|최초|최대|최소|유일|폐지|중단|종료|완료|합법|불법|위법|적법|정상|취소|승인|거부|반려|비공개|무제한|무기한)$`)

// is holds what a claim says that its subject is against its sources: 수수료는
// 무료이다 shares all its other words with what the fee is.
func (t trial) is() string {
	m := copula.FindStringSubmatch(t.text)
	if m == nil || !decisive.MatchString(m[1]) {
		return ""
	}
	said := ""
	for _, s := range t.cited {
		for _, u := range Units(s) {
			if !orders(u.Text) {
				said += u.Text
			}
		}
		for _, head := range append([]string{s.Title}, s.Path...) {
			if !orders(head) {
				said += head
			}
		}
	}
	if !strings.Contains(Squeeze(said), m[1]) {
		return fmt.Sprintf("근거 %s에 없는 말: %s", numbersOf(t.cited), m[1])
	}
	return ""
}
