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
	// what a model reads as the end of its prompt
	`<\|?/?(?:im_start|im_end|system|user|assistant|start_of_turn|end_of_turn|think|s)\b[^<>]{0,20}>`, `</?근거>`, `\[/?INST\]`, `<</?SYS>>`, `"(?:문장|근거)"\s*:`, "```",
	// the same in the languages of the neighbours
	`(?:忽略|无视|無視).{0,12}(?:规则|指示|指令|規則)`, `(?:回答|答え|輸出|输出)(?:为|為|是|なさい|せよ)`,
}, "|"))

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

// vague are words of which a claim makes what its support says in another form, and
// ends of values, which have their own check.
var vague = regexp.MustCompile(`^(?:대상|경우|때문|내용|방법|사항|기준|기간|규정|것|이유|목적|근거)$|(?:까지|부터|마다|정도|이상|이하|이내|미만|초과)$`)

// is holds what a claim says that its subject is against its sources: 수수료는
// 무료이다 shares all its other words with what the fee is.
func (t trial) is() string {
	m := copula.FindStringSubmatch(t.text)
	if m == nil || vague.MatchString(m[1]) {
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
