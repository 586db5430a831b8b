package ground

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/korea/text"
)

// quoted are words in quotation marks; what is in 「」 is read as a law by
// law.Find unless it does not end like one.
var quoted = regexp.MustCompile(`"([^"]+)"|“([^”]+)”|‘([^’]+)’|'([^']+)'|「([^」]+)」|『([^』]+)』|《([^》]+)》`)

// quotation is what stands in double quotation marks; [quotations] has held it
// against the source word for word.
var quotation = regexp.MustCompile(`"[^"]*"|“[^”]*”`)

// quotations holds the claim's quotations against the whole text of its sources.
func (t trial) quotations() string {
	if strings.Count(t.text, `"`)%2 == 1 || strings.Count(t.text, "“") != strings.Count(t.text, "”") {
		return "따옴표의 짝이 맞지 않음"
	}
	for _, m := range quoted.FindAllStringSubmatch(t.text, -1) {
		q := Squeeze(strings.Join(m[1:], ""))
		if !slices.ContainsFunc(t.cited, func(s Source) bool {
			return strings.Contains(Squeeze(clean(s.Text)), q) || strings.Contains(Squeeze(s.Cite+" "+s.Title), q)
		}) {
			return fmt.Sprintf("근거 %s에 없는 인용: %s", numbersOf(t.cited), m[0])
		}
	}
	return ""
}

var (
	// office is a name of a department or an agency with what follows it, by its
	// last syllables.
	office  = regexp.MustCompile(`[가-힣]+(?:[가-힣]담당관|[가-힣]위원회|[가-힣]지원단|[가-힣]추진단|[가-힣]사업소|[가-힣]보건소|[가-힣]센터|[가-힣]본부|[가-힣]장관|[가-힣]청장|[가-힣]처장|[가-힣]위원장|[가-힣]지원실|[가-힣]정책실|[가-힣]기획실|[가-힣][가-힣]과|[가-힣]팀|[가-힣]국|[가-힣]처|[가-힣]청)(?:에서|에게|으로|로|에|의|은|는|이|가|을|를|와|과|장|도|만|,|\s|$|\()`)
	josaEnd = regexp.MustCompile(`(?:에서|에게|으로|로|에|의|은|는|이|가|을|를|와|과|장|도|만|,|\s|\()$`)
	latin   = regexp.MustCompile(`[A-Za-z][A-Za-z0-9.@/_-]*`)

	// noOffice are words that only end like an office: 검토결과, 지원신청.
	noOffice = regexp.MustCompile(`(?:결과|효과|초과|통과|경과|부과|성과|사과|교과|학과|치과|내과|외과|안과|투과|여과|전국|외국|한국|각국|당국|귀국|입국|출국|약국|신청|요청|재청|시청|도청|구청|군청|청구청|접수처|연락처|출처|거래처|사용처|제출처|부처|상처|근처|대처|조처|거처|선처|초청|경청|민국|결국|자국|타국|조국|미국|중국|영국|태국|발급처|문의처)$`)
)

// offices are the names of departments and agencies in s, as spans of bytes.
func offices(s string) [][]int {
	var out [][]int
	for _, at := range office.FindAllStringIndex(s, -1) {
		name := josaEnd.ReplaceAllString(s[at[0]:at[1]], "")
		if !noOffice.MatchString(name) {
			out = append(out, []int{at[0], at[0] + len(name)})
		}
	}
	return out
}

// names holds the offices and Latin words of the claim against its sources.
func (t trial) names() string {
	words := latin.FindAllString(t.text, -1)
	for _, at := range offices(t.text) {
		words = append(words, t.text[at[0]:at[1]])
	}
	if len(words) == 0 {
		return ""
	}
	all := known(t.cited)
	for _, w := range words {
		if !all.names(w) {
			return fmt.Sprintf("근거 %s에 없는 이름: %s", numbersOf(t.cited), Squeeze(w))
		}
	}
	return ""
}

// A vocabulary is all that some sources say, without spaces.
type vocabulary string

func known(sources []Source) vocabulary {
	var b strings.Builder
	for _, s := range sources {
		b.WriteString(Squeeze(s.Text+" "+s.Title+" "+s.Cite+" "+s.Agency) + " ")
	}
	return vocabulary(b.String())
}

// names reports whether a name occurs. The 과 that one ends in may be a
// department or a particle.
func (v vocabulary) names(name string) bool {
	return strings.Contains(string(v), strings.TrimSuffix(Squeeze(name), "과"))
}

// placeholder is what [Placeholders] writes, and any other hole.
var placeholder = regexp.MustCompile(`○○(?:과|팀|국|실|센터|기관)|000-0000-0000|\[(?:누리집 주소 확인|전자우편 확인|작성 필요|근거 확인 필요)[^\[\]]*\]`)

// localPhone are telephone numbers that [text.Values] reads as a code or not at
// all: without an area code, or behind ☎.
var localPhone = regexp.MustCompile(`(?:☎|☏|전화|내선|연락처|문의)\s*[:：]?\s*\(?(\d[\d-]{1,12}\d)`)

// Placeholders replaces the contacts of s that are in no source by holes that an
// official fills in: 000-0000-0000 for a telephone number, [전자우편 확인] for an
// address, [누리집 주소 확인] for a page, ○○과 for a department. What a source
// says stays as it is written in s.
func Placeholders(s string, sources []Source) string {
	stated := map[string]bool{}
	for _, src := range sources {
		for _, v := range text.Values(src.Text + "\n" + src.URL) {
			stated[v.Key()] = true
		}
	}
	all := known(sources)
	type hole struct {
		start, end int // bytes
		text       string
	}
	var holes []hole
	add := func(start, end int, text string) {
		if !slices.ContainsFunc(holes, func(h hole) bool { return start < h.end && h.start < end }) {
			holes = append(holes, hole{start, end, text})
		}
	}
	runes := []rune(s)
	for _, v := range text.Values(s) {
		blank := map[text.Kind]string{text.Phone: "000-0000-0000", text.Email: "[전자우편 확인]", text.URL: "[누리집 주소 확인]"}[v.Kind]
		if blank != "" && !stated[v.Key()] {
			add(len(string(runes[:v.Start])), len(string(runes[:v.End])), blank)
		}
	}
	for _, m := range localPhone.FindAllStringSubmatchIndex(s, -1) {
		if !strings.Contains(string(all), s[m[2]:m[3]]) {
			add(m[2], m[3], "000-0000-0000")
		}
	}
	for _, at := range offices(s) {
		if name := s[at[0]:at[1]]; !all.names(name) {
			add(at[0], at[1], "○○"+kindOfOffice(name))
		}
	}
	slices.SortFunc(holes, func(a, b hole) int { return b.start - a.start })
	for _, h := range holes {
		s = s[:h.start] + h.text + s[h.end:]
	}
	return s
}

// kindOfOffice is the last syllables of an office's name that say what it is.
func kindOfOffice(name string) string {
	switch last, _ := utf8.DecodeLastRuneInString(name); {
	case strings.HasSuffix(name, "센터"):
		return "센터"
	case strings.ContainsRune("과팀국실", last):
		return string(last)
	}
	return "기관"
}
