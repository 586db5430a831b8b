package ground

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"biseo/korea/text"
)

// A marker is a word that turns what a sentence says: 할 수 있다, 하지 아니한다,
// 이상, 없다. Markers of one family exclude each other.
type marker struct {
	family string
	class  string
	key    string // what stands before it: the stem of the verb, or the value that a bound limits
	word   string // as written
}

// families are read in this order from text without spaces. In each, the first
// expression that fits wins, so that 하여서는 아니 된다 is not read as 된다.
var families = []struct {
	name    string
	classes []string // of the groups of re
	re      *regexp.Regexp
}{
	{"modal", []string{"forbid", "neg", "may", "must", "plain"}, regexp.MustCompile(
		`(서는(?:아니|안)[된되됨될됩](?:니다|다)?|면(?:아니|안)[된되됨될됩]|수없|지못[하한함합할해]|불가능?|금지)` +
			`|(지아니[한하함합할된]?다?|지않[는은을습]?(?:니다|다)?)` +
			`|(수있|가능|허용)` +
			`|(야[한하함합할](?:니다|다)?|야된다|야됩니다)` +
			`|(한다|합니다|된다|됩니다)`)},
	{"existence", []string{"absent", "present"}, regexp.MustCompile(`(없[는다으을이음고습])|(있[는다으을음고습])`)},
	{"bound", []string{"이상", "이하", "초과", "미만", "이내", "이후", "이전", "전", "후"}, regexp.MustCompile(
		`(이상)|(이하)|(초과)|(미만)|(이내|안에|내에)|(이후)|(이전)|»(전)|»(후)`)},
	{"order", []string{"전", "후"}, regexp.MustCompile(`기(전)(?:에|까지|부터)?|[한된은친](후|뒤)(?:에|까지|부터)?`)},
}

var (
	so, notSo = regexp.MustCompile(`그러하다|그러합니다|그렇습니다|그러함`), regexp.MustCompile(`그러하지(?:아니|않)`)
	verbEnd   = regexp.MustCompile(`(?:하여|되어|하|되|할|될|해|돼|을|를|이|가|은|는|어|아|여|도|만)$`)
	boundedBy = regexp.MustCompile(`(?:«[^»]*»|[가-힣]{1,3})$`)
	orderEnd  = regexp.MustCompile(`(?:하기|되기|기|한|된|은|친)$`)
)

// markers finds the markers of s, which has no spaces.
func markers(s string) []marker {
	var out []marker
	for _, f := range families {
		for _, at := range f.re.FindAllStringSubmatchIndex(s, -1) {
			for g, class := range f.classes {
				from, to := at[2*g+2], at[2*g+3]
				if from < 0 {
					continue
				}
				before := s[:from]
				if f.name == "existence" && strings.HasSuffix(before, "수") {
					continue // 수 있다 and 수 없다 are modal
				}
				if word, rest := s[from:to], s[to:]; f.name == "modal" && (strings.HasPrefix(rest, "다고") || strings.HasSuffix(word, "다") && strings.HasPrefix(rest, "고")) {
					// 할 수 있다고 볼 수 없다 does not say 할 수 있다.
					class = "reported " + class
				}
				out = append(out, marker{f.name, class, stem(f.name, before), s[from:to]})
			}
		}
	}
	return out
}

// stem is the key of what ends before a marker: two syllables of the verb
// without its ending, or up to three letters of the value.
func stem(family, before string) string {
	switch family {
	case "bound":
		return boundedBy.FindString(before)
	case "order":
		r := []rune(orderEnd.ReplaceAllString(before, ""))
		return string(r[max(0, len(r)-2):])
	}
	before = verbEnd.ReplaceAllString(before, "")
	r := []rune(before)
	if n := len(r); n > 0 && r[n-1] >= '가' && r[n-1] <= '힣' && (r[n-1]-'가')%28 == 8 {
		r[n-1] -= 8 // 볼 수 있다: drop the ㄹ of the ending
	}
	return string(r[max(0, len(r)-2):])
}

// fits reports whether a claim of class a is borne out by a source of class b.
// A plain statement may stand for a duty, never a duty for a plain statement.
func fits(a, b string) bool { return a == b || a == "plain" && b == "must" }

// turned compares the markers of a claim with those of its support, both without
// spaces. It returns the first word that turns the meaning, or "".
//
// A marker holds if the support has it behind the same stem. Where the support
// has only others of its family behind that stem, the meaning is turned. Where the
// stem does not occur, the support must have the class somewhere. A claim has no
// more negations than its support, and one that repeats the whole of it has as many.
func turned(claim, support string, whole bool) string {
	have := markers(support)
	all := markers(claim)
	alike := func(ms []marker, m marker) int {
		return len(slices.DeleteFunc(slices.Clone(ms), func(o marker) bool { return o.class != m.class || o.key != m.key }))
	}
	for _, m := range all {
		same, any, found := false, false, false
		if m.family == "bound" && m.key != "" && alike(have, m) > 0 && alike(all, m) > alike(have, m) {
			return m.word // 20만원 미만 twice, where the support has it once beside 20만원 이상
		}
		for _, h := range have {
			if h.family != m.family {
				continue
			}
			ok := fits(m.class, h.class)
			any = any || ok
			if h.key == m.key {
				found, same = true, same || ok
			}
		}
		if m.class == "plain" && !slices.ContainsFunc(have, func(h marker) bool { return h.family == m.family }) {
			continue // 임명하고 has no marker
		}
		if found && !same || !found && !any {
			return m.word
		}
	}
	if notSo.MatchString(support) && so.MatchString(claim) {
		return so.FindString(claim)
	}
	for _, class := range []string{"neg", "forbid"} {
		n, m := count(all, class), count(have, class)
		if n > m || n < m && whole {
			return class2word[class]
		}
	}
	if w := misgraded(claim, support); w != "" {
		return w
	}
	for _, q := range quantifiers {
		if w := q.claim.FindString(claim); w != "" && !q.support.MatchString(support) {
			return w
		}
	}
	for _, p := range opposites {
		for i, w := range p {
			if other := p[1-i]; has(claim, w, other) && !has(support, w, other) && has(support, other, w) {
				return w
			}
		}
	}
	return ""
}

// polarity holds the markers of the claim against those of its support.
func (t trial) polarity() string {
	var b strings.Builder
	theirs := map[string]bool{}
	var said []string
	for _, p := range t.support {
		b.WriteString(plainly(p.Text))
		said = append(said, p.Text)
		maps.Copy(theirs, newClaimant(p.Text).terms)
	}
	kept := 0
	for term := range theirs {
		if t.terms[term] {
			kept++
		}
	}
	whole := float64(kept) >= minWhole*float64(len(theirs))
	if w := turned(plainly(t.text), b.String(), whole); w != "" {
		return fmt.Sprintf("근거 %s와 뜻이 다른 말: %s", numbersOf(t.cited), w)
	}
	if w := unnegated(t.bare, strings.Join(said, "\n")); w != "" {
		return fmt.Sprintf("근거 %s와 뜻이 다른 말: %s", numbersOf(t.cited), w)
	}
	return ""
}

// denied follows the verb that is denied: 받지 않는다, 받을 수 없다.
var denied = regexp.MustCompile(`^[가-힣]*(?:지(?:는|도|를)? ?(?:아니|않|못)|[을ㄹ] ?수 ?없)|^[가-힣]+[할갈볼줄될] ?수 ?없`)

// both ends a verb that is done as well as the next, not instead of it.
var both = regexp.MustCompile(`[하되][고며]$`)

// unnegated is a verb of a claim that its support has only in the negative, or only
// as one of two choices; "" if there is none.
func unnegated(claim, support string) string {
	theirs := hangulRun.FindAllStringIndex(support, -1)
	for _, at := range hangulRun.FindAllStringIndex(claim, -1) {
		w := claim[at[0]:at[1]]
		if !verb(w) || grammar.MatchString(w) || denied.MatchString(claim[at[0]:]) {
			continue
		}
		no, yes := false, false
		for _, o := range theirs {
			if word := support[o[0]:o[1]]; beginsAlike(w, word) {
				if denied.MatchString(support[o[0]:]) || strings.HasSuffix(word, "거나") && both.MatchString(w) {
					no = true
				} else {
					yes = true
				}
			}
		}
		if no && !yes {
			return w
		}
	}
	return ""
}

// graded are opposites of which a claim has those of its support, in their order.
var graded = []*regexp.Regexp{
	regexp.MustCompile(`높|낮`), regexp.MustCompile(`많|적[은다어으습]`), regexp.MustCompile(`늘[어리]|줄[어이]`), regexp.MustCompile(`넓|좁`), regexp.MustCompile(`길[어다]|짧`),
	regexp.MustCompile(`빠[르른]|늦`), regexp.MustCompile(`동의|거부`), regexp.MustCompile(`넉넉|부족`),
}

// misgraded is the first opposite of a claim that its support has not there, or "".
func misgraded(claim, support string) string {
	for _, re := range graded {
		theirs := re.FindAllString(support, -1)
		for _, w := range re.FindAllString(claim, -1) {
			i := slices.Index(theirs, w)
			if i < 0 && len(theirs) > 0 {
				return w
			}
			theirs = theirs[i+1:]
			if len(theirs) == 0 {
				theirs = []string{""}
			}
		}
	}
	return ""
}

var (
	// told are the endings of reported speech: 하도록 규정하고 있습니다 says 한다.
	told    = regexp.MustCompile(`(?:도록|다고|라고)(?:(?:규정|명시|정)하고있|되어있|하고있)(?:습니다|다|음|으며)?`)
	toldDo  = regexp.MustCompile(`하도록(?:(?:규정|명시|정)하고있|되어있)(?:습니다|다|음)?`)
	toldBe  = regexp.MustCompile(`되도록(?:(?:규정|명시|정)하고있|되어있)(?:습니다|다|음)?`)
	unsaid  = regexp.MustCompile(`「[^」]*」|에 (?:따르면|의하면) `) // names and frames
	through = regexp.MustCompile(`거쳐`)
)

// plainly is the text that markers are read from: without spaces, quotations and
// reported speech, its values in one form between « and ».
func plainly(s string) string {
	s = unsaid.ReplaceAllString(quotation.ReplaceAllString(s, ""), " · ")
	runes := []rune(s)
	var b strings.Builder
	at := 0
	for _, v := range text.Values(s) {
		b.WriteString(string(runes[at:v.Start]) + "«" + v.Amount + v.Unit + "»")
		at = v.End
	}
	s = Squeeze(b.String() + string(runes[at:]))
	s = toldBe.ReplaceAllString(toldDo.ReplaceAllString(s, "한다"), "된다")
	return through.ReplaceAllString(told.ReplaceAllString(s, ""), "거친후")
}

// class2word names a class in a reason.
var class2word = map[string]string{"neg": "아니하다", "forbid": "할 수 없다"}

func count(all []marker, class string) int {
	n := 0
	for _, m := range all {
		if m.class == class {
			n++
		}
	}
	return n
}

// quantifiers are words that a claim may use only if its support has one like it.
var quantifiers = []struct{ claim, support *regexp.Regexp }{
	{regexp.MustCompile(`모든|모두|전부|전원|누구나|누구든지`), regexp.MustCompile(`모든|모두|전부|전원|전체|일체|누구나|누구든지`)},
	{regexp.MustCompile(`(?:^|[^0-9])일부`), regexp.MustCompile(`일부|부분`)},
	{regexp.MustCompile(`또는|거나`), regexp.MustCompile(`또는|거나|이나|어느하나|중|[,·ㆍ;/|]`)},
	{regexp.MustCompile(`반드시`), regexp.MustCompile(`반드시|야[한하함합할]`)},
	{regexp.MustCompile(`절대|항상|언제나|오직|예외없이`), regexp.MustCompile(`절대|항상|언제나|오직|예외없이`)},
}

// opposites are pairs of which a claim may not use one where the support has
// only the other.
var opposites = [][2]string{
	{"포함", "제외"}, {"증가", "감소"}, {"승인", "반려"}, {"허가", "불허"}, {"유료", "무료"}, {"인상", "인하"}, {"최대", "최소"},
	{"공개", "비공개"}, {"상향", "하향"}, {"적합", "부적합"}, {"합격", "불합격"}, {"찬성", "반대"}, {"의무", "임의"}, {"허용", "금지"},
	{"가능", "불가"}, {"면제", "부과"}, {"시작", "종료"}, {"개시", "종료"},
}

// has reports whether s has word w other than as a part of the longer word other.
func has(s, w, other string) bool {
	if strings.Contains(other, w) {
		s = strings.ReplaceAll(s, other, "")
	}
	return strings.Contains(s, w)
}
