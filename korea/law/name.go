package law

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
)

//go:embed short.tsv
var shortTSV string

// names maps a squashed short or full name to the full title. It never changes.
var names, longestName = readNames(shortTSV)

func readNames(tsv string) (map[string]string, int) {
	m := map[string]string{}
	longest := 0
	add := func(key, full string) {
		m[key] = full
		longest = max(longest, len([]rune(key)))
	}
	for line := range strings.Lines(tsv) {
		short, full, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			continue // a comment
		}
		add(squash(short), full)
		add(squash(full), full)
	}
	return m, longest
}

// FullName returns the full title for a short name such as 민원처리법 or
// 정보공개법 시행령. Spaces and the kind of middle dot do not matter. A full
// title that has a short name is returned as it is officially spaced.
func FullName(name string) (string, bool) {
	key := squash(name)
	if full, ok := names[key]; ok {
		return full, true
	}
	for _, decree := range []string{"시행령", "시행규칙"} {
		if base, ok := strings.CutSuffix(key, decree); ok {
			if full, ok := names[base]; ok {
				return full + " " + decree, true
			}
		}
	}
	return "", false
}

// backs are the references to laws that stand before a unit; the value is the
// form kept in Citation.Back.
var backs = map[string]string{
	"법": "법", "영": "영", "규칙": "규칙", "규정": "규정", "조례": "조례",
	"시행령": "영", "시행규칙": "규칙",
	"이법": "이 법", "이영": "이 영", "이규칙": "이 규칙", "이규정": "이 규정", "이조례": "이 조례",
	"같은법": "같은 법", "동법": "같은 법", "같은법률": "같은 법",
	"같은영": "같은 영", "동영": "같은 영", "동령": "같은 영", "같은시행령": "같은 영", "동시행령": "같은 영",
	"같은규칙": "같은 규칙", "동규칙": "같은 규칙", "같은시행규칙": "같은 규칙", "동시행규칙": "같은 규칙",
	"같은규정": "같은 규정", "동규정": "같은 규정", "같은조례": "같은 조례", "동조례": "같은 조례",
	"같은법시행령": "같은 법 시행령", "동법시행령": "같은 법 시행령",
	"같은법시행규칙": "같은 법 시행규칙", "동법시행규칙": "같은 법 시행규칙",
	"법시행령": "법 시행령", "법시행규칙": "법 시행규칙",
	"같은조": "같은 조", "동조": "같은 조", "같은항": "같은 항", "동항": "같은 항",
	"같은호": "같은 호", "동호": "같은 호", "같은목": "같은 목", "같은별표": "같은 별표",
}

// lawEndings end the titles of Korean laws, ordinances and administrative rules.
var lawEndings = []string{"법", "법률", "시행령", "시행규칙", "규정", "규칙", "조례", "령", "지침", "요령", "세칙", "예규", "훈령", "고시", "기준", "협정", "협약"}

// looksLikeLaw tells 「민법」 from the title of a book in the same brackets.
func looksLikeLaw(name string) bool {
	for _, e := range lawEndings {
		if strings.HasSuffix(name, e) {
			return true
		}
	}
	return false
}

// A word is a word of the text before a unit.
type word struct {
	text       string
	start, end int
}

// wordsBefore returns the words that end at position end, nearest first. Words
// are runs of Hangul, digits and middle dots separated by one space or line break.
// A run longer than any title is no word: reading it again at every 제 in it would
// take quadratic time.
func (s *scanner) wordsBefore(end, limit int) []word {
	var out []word
	for len(out) < limit {
		i := end
		for i > s.floor && end-i <= maxWord && (isHangul(s.r[i-1]) || isDot(s.r[i-1]) || s.r[i-1] >= '0' && s.r[i-1] <= '9') {
			i--
		}
		if i == end || end-i > maxWord {
			break
		}
		out = append(out, word{string(s.r[i:end]), i, end})
		if i-1 <= s.floor || !isSpace(s.r[i-1]) || isSpace(s.r[i-2]) {
			break
		}
		end = i - 1
	}
	return out
}

const (
	maxTitleWords = 16
	maxWord       = 120 // code points
)

// headBefore reads the law name or back-reference that ends just before
// position i. It returns its citation and start, or ok false.
//
// A title written without brackets is recognised directly before a unit:
//
//  1. a back-reference (법, 같은 법, 이 영, ...);
//  2. otherwise a known name, the longest one that ends there, whatever its
//     spacing (민원처리법, 개인정보보호법, 민원 처리에 관한 법률 시행령);
//  3. otherwise words that end like a law. A last word that is a title by
//     itself (국가재정법, 공무원징계령) is the whole name. One that is not (법률, 조례,
//     기본법, 특별법, ...) is extended to the left for as long as the words look
//     like words of a title: no stop word, no particle of subject, object or
//     topic, no verb ending; 및, 등, 관한, 위한, ...의, ...에, ...과 are such words but
//     cannot begin it. 법률 needs 관한, 위한 or 대한 before it.
//
// Rule 3 guesses, so a name of several words that is not in the list of names
// may carry a word too many on its left.
func (s *scanner) headBefore(i int) (c Citation, start int, ok bool) {
	end := i
	for end > s.floor && isSpace(s.r[end-1]) {
		end--
	}
	if end > s.floor && s.r[end-1] == '」' { // its 「 is missing
		end--
	}
	if i-end > 3 {
		return c, 0, false
	}
	words := s.wordsBefore(end, maxTitleWords)
	if len(words) == 0 {
		return c, 0, false
	}
	if decree := map[string]string{"영": "시행령", "규칙": "시행규칙"}[words[0].text]; decree != "" { // 도로법 영 제3조
		name, at, found := knownName(words[1:])
		if !found && len(words) > 1 {
			name, at, found = guessedName(words[1:])
		}
		if found && mayHave(name, decree) {
			return Citation{Law: name + " " + decree}, at, true
		}
	}
	joined := ""
	for k, w := range words[:min(3, len(words))] {
		joined = w.text + joined
		if b, found := backs[joined]; found {
			c, start, ok = Citation{Back: b}, words[k].start, true
		}
	}
	if name, at, found := knownName(words); found {
		return Citation{Law: name}, at, true
	}
	if ok && c.Back != "법" && c.Back != "영" && c.Back != "규칙" && c.Back != "규정" && c.Back != "조례" {
		return c, start, ok
	}
	if name, at, found := guessedName(words); found {
		return Citation{Law: name}, at, true
	}
	return c, start, ok
}

// knownName is rule 2.
func knownName(words []word) (name string, start int, ok bool) {
	joined, spaced := "", ""
	for k, w := range words {
		joined = w.text + joined
		spaced = strings.TrimSuffix(w.text+" "+spaced, " ")
		if k > 0 && len(joined) > 3*(longestName+4) {
			break
		}
		if _, found := FullName(joined); found {
			name, start, ok = spaced, w.start, true
		}
	}
	return name, start, ok
}

// guessedName is rule 3.
func guessedName(words []word) (name string, start int, ok bool) {
	n := 0 // words[:n] are taken
	core := words[0].text
	for _, decree := range []string{"시행령", "시행규칙"} {
		if core == decree && len(words) > 1 {
			n, core = 1, words[1].text
			break
		}
		if base, cut := strings.CutSuffix(core, decree); cut {
			core = base
			break
		}
	}
	open, ok := titleEnd(core)
	if !ok {
		return "", 0, false
	}
	n++
	last := n
	if open {
		for n < len(words) && titleWord(words[n].text) {
			n++
		}
		for n > last && joins(words[n-1].text) {
			n--
		}
		switch core {
		case "법률":
			if n == last || !strings.HasSuffix(words[last].text, "한") {
				return "", 0, false
			}
		case "규정", "규칙", "조례", "지침", "요령", "세칙", "예규", "훈령":
			if n == last {
				return "", 0, false
			}
		}
	}
	var b strings.Builder
	for i := n - 1; i >= 0; i-- {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(words[i].text)
	}
	return b.String(), words[n-1].start, true
}

// titleEnd reports whether a word can end a title, and whether the title is
// then open to more words on its left.
func titleEnd(w string) (open, ok bool) {
	if notLaws[w] || strings.HasSuffix(w, "방법") || strings.HasSuffix(w, "법령") || strings.HasSuffix(w, "명령") || strings.HasSuffix(w, "개정법률") {
		return false, false
	}
	switch w {
	case "법률", "규정", "규칙", "조례", "지침", "요령", "세칙", "예규", "훈령":
		return true, true
	}
	for _, e := range []string{"규정", "규칙", "조례", "지침", "요령", "세칙", "예규", "훈령"} {
		if strings.HasSuffix(w, e) {
			return true, true
		}
	}
	n := len([]rune(w))
	if strings.HasSuffix(w, "령") {
		return false, n >= 3
	}
	if !strings.HasSuffix(w, "법") || n < 2 {
		return false, false
	}
	if slices.Contains(openEndings, w) {
		return true, true
	}
	return false, n >= 3 || w == "민법" || w == "형법" || w == "상법" || w == "헌법"
}

// openEndings are last words of titles that are no title by themselves.
var openEndings = strings.Fields(`
	보호법 기본법 특별법 특례법 진흥법 지원법 관리법 촉진법 조정법 집행법 처리법 보장법 안정법 육성법
	복지법 조치법 방지법 구제법 처벌법 증진법 활성화법 조성법 개발법 규제법 제한법 대책법 정비법
	설치법 운영법 설립법 이용법 공개법 안전법 사업법 조사법 평가법 교육법 산업법 직업재활법 증여세법 징수법
	노동관계조정법 물품관리법 직무집행법 안전관리법`)

var notLaws = set(`방법 불법 위법 적법 합법 문법 용법 요법 수법 기법 해법 입법 사법 준법 편법 탈법 공법 어법 비법
	개정법 신법 구법 현행법 국내법 국제법 실정법 성문법 관계법 관련법 개별법 타법 모법 절차법 실체법
	대통령령 총리령 부령 명령 법령 대통령 연령 수령 고령 유령 점령 횡령 소송법규`)

// titleWord reports whether a word may stand inside a title.
func titleWord(w string) bool {
	if joins(w) || titleNouns[w] {
		return true
	}
	if stopWords[w] || looksLikeLaw(w) {
		return false
	}
	if strings.HasSuffix(w, "해") && !harm.MatchString(w) {
		return false // 고려해, 감안해
	}
	for _, e := range []string{
		"하여", "되어", "은", "는", "이", "가", "을", "를", "도", "만", "서", "고", "며", "면", "로", "다", "게", "던",
		"까지", "부터", "한", "할", "된", "될", "에게", "따라", "위해", "대해", "통해", "조", "항", "호", "목",
	} {
		if strings.HasSuffix(w, e) {
			return false
		}
	}
	return true
}

// harm are the nouns that end like a verb and stand in titles.
var harm = regexp.MustCompile(`[재피침상장손공수]해$`)

// joins reports whether a word links title words and so cannot begin a title.
func joins(w string) bool {
	switch w {
	case "및", "등", "등의", "등에", "관한", "위한", "대한", "와", "과", "또는":
		return true
	}
	return false
}

var titleNouns = set(`어린이 국가 허가 인가 평가 광고 옥외광고 보고 신고 사고 문서 도서 제도 지도 도로 철도 궤도
	당사자로 하는 국가를 지방자치단체를 외국인을 권한 제한 북한 없는 있는`)

var stopWords = set(`따라서 또한 그리고 다만 그러나 한편 즉 이 그 저 본 당 위 상기 아래 다음 현행 구 종전 종전의 개정 개정된
	관련 관련된 해당 각 각각 같은 동 우리 특히 만약 만일 여기서 이때 제정된 근거 적용 별도의 기타 그밖의 외에 경우 경우에 때에 시 중 후 전`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
