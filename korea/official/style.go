package official

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/korea/text"
)

// styleRules hold for 개조식: reports and plans, never letters, minutes or press releases.
var styleRules = []rule{
	{Code: "DA_ENDING", Severity: Error, Kinds: reports, Why: "개조식 항목은 ‘다’로 끝내지 않고 명사나 ‘함’으로 끝냅니다.", Bad: "○ 예산을 증액한다.", Good: "○ 예산 증액 필요", check: endingWith(judged, `[가-힣]다\.?$`, nounInDa)},
	{Code: "DEONTIC", Severity: Error, Kinds: reports, Why: "‘해야 함’ 대신 ‘○○ 필요’로 씁니다.", Bad: "⇒ 조례를 개정해야 함", Good: "⇒ 조례 개정 필요", check: endingWith(judged, `(?:해야|하여야|되어야|돼야|필요가 있)\s*(?:한다|함|합니다|다)\.?$|할 것\.?$`, nil)},
	{Code: "RHETORIC_CONTRAST", Severity: Error, Kinds: reports, Why: "‘A가 아니라 B’로 꾸미지 말고 사실만 씁니다.", Bad: "○ 시설이 아니라 문화의 공간", Good: "○ 별관이 아닌 본관 3층", check: contrast(true)},
	{Code: "CONTRAST_CHECK", Severity: Warning, Kinds: reports, Why: "‘A가 아닌 B’ 꼴입니다. 대조가 꼭 필요한지 확인하십시오.", Bad: "○ 별관이 아닌 본관 3층", Good: "○ 본관 3층", check: contrast(false)},
	{Code: "QUESTION_EXCLAIM", Severity: Error, Kinds: reports, Why: "개조식에서는 물음표와 느낌표를 쓰지 않습니다.", Bad: "○ 왜 필요한가?", Good: "○ 추진 필요성", check: endingWith(judged, `[?!？！]+$`, nil)},
	{Code: "GEOSIDA", Severity: Warning, Kinds: reports, Why: "‘것임’ 대신 ‘예상’, ‘전망’처럼 명사로 끝냅니다.", Bad: "○ 민원이 감소할 것임", Good: "○ 민원 감소 예상", check: endingWith(judged, `것(?:이다|임)\.?$`, nil)},
	{Code: "COUPLET", Severity: Warning, Kinds: reports, Why: "짝을 맞춘 구호 대신 사실과 수치를 씁니다.", Bad: "○ 행정은 가깝게, 민원은 빠르게", Good: "○ 처리 기간 14일 → 10일 단축", check: endingWith(judged, `^[가-힣 ]{1,12}[은는이가]\s+[^,]{2,12},\s*[가-힣 ]{1,12}[은는이가]\s+[^,]{2,12}$`, nil)},
	{Code: "ITEM_LONG", Severity: Warning, Kinds: reports, Why: "ㅇ 항목은 70자를 넘기지 말고 나머지는 - 항목으로 나눕니다.", Bad: "○ " + strings.Repeat("민원 처리 기간 단축 ", 8), Good: "○ 민원 처리 기간 단축\n  - 질의민원 14일에서 10일로 단축", check: longer(70, entry)},
	{Code: "CONCL_LONG", Severity: Warning, Kinds: reports, Why: "⇒ 결론은 60자를 넘기지 않습니다.", Bad: "⇒ " + strings.Repeat("민원 처리 기간 단축 ", 7), Good: "⇒ 민원 처리 기간 단축 필요", check: longer(60, conclusion)},
	{Code: "LEAD_ENDING", Severity: Warning, Kinds: reports, Why: "머리글은 ‘…하고자 함.’으로 끝냅니다.", Bad: "> 민원 처리의 질을 높이겠습니다.", Good: "> 처리 기간을 줄여 민원 처리의 질을 높이고자 함.", check: leadEnding},
	{Code: "LEAD_LONG", Severity: Warning, Kinds: reports, Why: "머리글은 한 문장, 140자를 넘기지 않습니다.", Bad: "> 처리 기간을 줄인다. 민원 처리의 질을 높이고자 함.", Good: "> 처리 기간을 줄여 민원 처리의 질을 높이고자 함.", check: leadLong},
	{Code: "DATE_KOREAN", Severity: Warning, Kinds: reports, Why: "날짜는 숫자로 쓰고 연ㆍ월ㆍ일 대신 온점을 찍습니다.", Bad: "2026년 8월 22일", Good: "2026. 8. 22.",
		check: find(`(?:^|[^\d])((\d{4})년\s*(\d{1,2})월(?:\s*(\d{1,2})일)?)(?:[^\d~∼\s]|\s|$)`, isMonth, func(m match) string {
			switch {
			case m.group(4) == "":
				return printMonth(m)
			case isDate(m.number(2), m.number(3), m.number(4)):
				return fmt.Sprintf("%d. %d. %d.", m.number(2), m.number(3), m.number(4))
			}
			return ""
		})},
}

// judged are the lines whose ending matters; headings and notes are free.
var judged = []class{entry, detail, conclusion}

// quoted is what a report says in others' words, or beside its sentence.
var quoted = regexp.MustCompile(`"[^"\n]*"|“[^”]*”|‘[^’]*’|'[^'\n]*'|「[^」]*」|『[^』]*』|\([^()]*\)|\[[^\]]*\]|<[^<>]*>|〈[^〉]*〉`)

// sentence is what it says on one line, with quotations and brackets masked
// and the space at its end cut.
func (it item) sentence() string {
	s := strings.Join(strings.Fields(strings.ReplaceAll(it.text, "\n", " ")), " ")
	return strings.TrimRight(strings.TrimRight(quoted.ReplaceAllStringFunc(s, blank), string(mask)), " ")
}

// endingWith makes a check of the end of items; the finding is the item.
func endingWith(classes []class, pattern string, except *regexp.Regexp) func(*document) []hit {
	re := regexp.MustCompile(pattern)
	return func(d *document) []hit {
		var hits []hit
		for _, it := range d.items {
			if !slices.Contains(classes, it.class) {
				continue
			}
			if s := it.sentence(); re.MatchString(s) && (except == nil || !except.MatchString(s)) {
				hits = append(hits, it.hit())
			}
		}
		return hits
	}
}

func (it item) hit() hit { return hit{start: it.start, end: it.end} }

// nounInDa are nouns that end like a verb.
var nounInDa = regexp.MustCompile(`(?:바다|캐나다|우간다|르완다|플로리다|[아어]젠다|베란다|소다|판다|곤다|마다|보다|유다)\.?$`)

var contrasting = regexp.MustCompile(`(?:[이가]\s?)(?:아니라|아닌|아니고|아니며)\s*,?\s*([가-힣]{1,12})`)

// contrast finds "not A but B" where B begins with an abstract word, or with another.
func contrast(abstract bool) func(*document) []hit {
	return func(d *document) []hit {
		var hits []hit
		for _, it := range d.items {
			if !slices.Contains(judged, it.class) {
				continue
			}
			for _, m := range contrasting.FindAllStringSubmatch(it.sentence(), -1) {
				if slices.ContainsFunc(words["RHETORIC_CONTRAST"], func(w word) bool { return strings.Contains(m[1], w.bad) }) == abstract {
					hits = append(hits, it.hit())
					break
				}
			}
		}
		return hits
	}
}

// longer makes a check of the length in characters.
func longer(limit int, c class) func(*document) []hit {
	return func(d *document) []hit {
		var hits []hit
		for _, it := range d.items {
			if it.class == c && utf8.RuneCountInString(strings.Join(strings.Fields(it.text), " ")) > limit {
				hits = append(hits, it.hit())
			}
		}
		return hits
	}
}

var leadEnds = regexp.MustCompile(`(?:하고자|고자|하려)\s*함\.?$`)

func leadEnding(d *document) []hit {
	var hits []hit
	for _, it := range d.items {
		if it.class == lead && !leadEnds.MatchString(it.sentence()) {
			hits = append(hits, it.hit())
		}
	}
	return hits
}

func leadLong(d *document) []hit {
	var hits []hit
	for _, it := range d.items {
		if it.class != lead {
			continue
		}
		s := strings.Join(strings.Fields(it.text), " ")
		if utf8.RuneCountInString(s) > 140 || len(text.Sentences(s)) > 1 {
			hits = append(hits, it.hit())
		}
	}
	return hits
}
