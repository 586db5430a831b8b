// Package complaint reads a complaint (민원): it hides the personal data in it, lists
// what it asks for, and proposes its kind. Pure functions; a person decides.
package complaint

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"biseo/korea/privacy"
	"biseo/korea/text"
)

// A Vault holds the personal data of one complaint under the placeholders that
// stand in its place, such as 〈성명1〉. It lives as long as the request and is
// never stored. The zero value is empty.
type Vault struct {
	pairs []string // placeholder, original, placeholder, original, ...
	named []string // placeholder, what the public reads, ...
}

// names of the kinds of personal data in placeholders.
var names = map[privacy.Type]string{
	privacy.RRN: "주민등록번호", privacy.FRN: "외국인등록번호", privacy.Phone: "전화", privacy.Email: "전자우편", privacy.Card: "카드번호",
	privacy.Account: "계좌번호", privacy.Passport: "여권번호", privacy.Driver: "면허번호", privacy.Vehicle: "차량번호", privacy.Business: "사업자번호",
	privacy.Corporate: "법인번호", privacy.Insurance: "보험증번호", privacy.Person: "성명", privacy.Address: "주소", privacy.Birth: "생년월일",
}

// Hide returns s with its personal data replaced by placeholders. Equal items of
// one kind have the same placeholder.
func Hide(s string) (string, Vault) {
	var v Vault
	var out strings.Builder
	runes := []rune(s)
	at := 0
	given := map[string]string{} // by kind and original
	count := map[string]int{}
	for _, p := range everywhere(s, privacy.Find(s)) {
		original := string(runes[p.Start:p.End])
		kind := names[p.Type]
		if kind == "" {
			kind = "개인정보"
		}
		mark, ok := given[kind+original]
		if !ok {
			count[kind]++
			mark = fmt.Sprintf("〈%s%d〉", kind, count[kind])
			given[kind+original] = mark
			v.pairs = append(v.pairs, mark, original)
			v.named = append(v.named, mark, "○○○")
		}
		out.WriteString(string(runes[at:p.Start]) + mark)
		at = p.End
	}
	out.WriteString(string(runes[at:]))
	return out.String(), v
}

// everywhere adds to what was found the other places at which a name stands: who
// is named once with a label is the same person where the label is missing.
func everywhere(s string, found []privacy.Span) []privacy.Span {
	runes := []rune(s)
	taken := make([]bool, len(runes))
	for _, p := range found {
		for i := p.Start; i < p.End; i++ {
			taken[i] = true
		}
	}
	for _, p := range found {
		name := runes[p.Start:p.End]
		if p.Type != privacy.Person || len(name) < 3 {
			continue
		}
		for i := 0; i+len(name) <= len(runes); i++ {
			if slices.Equal(runes[i:i+len(name)], name) && !slices.Contains(taken[i:i+len(name)], true) {
				found = append(found, privacy.Span{Start: i, End: i + len(name), Type: p.Type, Confidence: p.Confidence})
				for k := i; k < i+len(name); k++ {
					taken[k] = true
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b privacy.Span) int { return cmp.Compare(a.Start, b.Start) })
	return found
}

// Len is the number of items hidden.
func (v Vault) Len() int { return len(v.pairs) / 2 }

// Restore puts the personal data back into s.
func (v Vault) Restore(s string) string { return strings.NewReplacer(v.pairs...).Replace(s) }

// Public replaces the placeholders of s by ○○○, for a version that anyone may read.
func (v Vault) Public(s string) string { return strings.NewReplacer(v.named...).Replace(s) }

const (
	maxRequests = 10
	maxRequest  = 300 // code points of one request
)

var (
	// asks is how a sentence ends that asks for something; begs only in part: it
	// also ends letters.
	asks = regexp.MustCompile(`[가-힣]{1,8}(?:나요|까요|가요|는지|은지)\?|(?:하는지|되는지|있는지|없는지|인지|한지|할지|은지|는지|을지|ㄴ지|나요|까요|는가|은가|ㄴ가|인가요|가요)[.\s]*(?:$|요|여부|알고|궁금|문의|질의|확인|답변|알려)|여부(?:를|가|에)?\s*(?:알|문의|질의|확인|궁금|$)|궁금(?:합니다|해요|하여|해서)|알고\s*싶|알려\s*(?:주|달)|문의\s*(?:드|합|하고)|질의\s*(?:드|합|하고)|설명해\s*주|답변\s*(?:부탁|바랍|주|해)|\?`)
	begs = regexp.MustCompile(`(?:해|하여|내|늘려|고쳐|옮겨|바꿔|막아|치워|없애|세워|설치해|단속해|처리해|조치해|검토해|개선해|지원해|연장해|환불해|돌려|취소해|공개해|정비해|보수해|[가-힣])\s*(?:주세요|주십시오|주시기|주시길|주시면\s*(?:좋겠|감사)|주셨으면|달라|줬으면)|(?:요청|건의|제안|신청|청구|신고|제보|이의(?:를)?\s*(?:제기)?)(?:드|합|하고자|하며|하니|이\s*있)|부탁\s*(?:드|합)|바랍니다|바라며|원합니다|싶습니다|싶어요|(?:했|하였|되었|됐|으)면\s*(?:좋겠|합니다)|해야\s*(?:한다고|할\s*것|합니다|하지)|시정(?:을|해)|철회|취소(?:를|해)`)
	// courtesy is what begs and asks match in greetings and closings.
	courtesy = regexp.MustCompile(`^(?:안녕|(?:빨리|빠른|조속히|신속히|신속하게|꼭|제발|속히)?\s*(?:처리|조치|해결|답변|회신|검토)(?:를|을)?\s*(?:해\s*)?(?:부탁|주시|주세|주십|바랍)|수고|감사|고맙|바쁘신|빠른\s*(?:답변|회신|처리)|답변\s*(?:부탁|기다|바랍)|잘\s*부탁|부탁\s*(?:드립니다|드려요|합니다)|이상입니다|그럼\s*수고|좋은\s*하루|검토\s*(?:부탁|바랍)|신속한|조속한)[^?]{0,30}$|^(?:다음|아래)(?:과|와|을|의|에)\s?[^?]{0,20}(?:질의|문의|건의|요청|신청|질문)(?:합니다|드립니다|하오니[^?]{0,20})\.?$`)
	listMark = regexp.MustCompile(`^\s*(?:\d{1,2}\s*[.)]|[①-⑳]|[가-하]\s*[.)]|[-ㅇ○•*]|(?:질의|질문|문)\s*\d{1,2}\s*[.):]?|첫째|둘째|셋째|넷째|다섯째)[,\s]`)
)

// A Request is one thing that a complaint asks for.
type Request struct {
	Text  string // as written, on one line
	Own   string // its own matter, without the words around it
	Query string // what to search for: Own, behind that of the request before where it is too short to stand alone
}

// Requests lists what a complaint asks for, in its order: its questions and pleas,
// at most ten. Where it asks nothing that can be told apart, the whole of it is one.
func Requests(complaint string) []Request {
	var out []Request
	for paragraph := range strings.SplitSeq(text.NFC(complaint), "\n") {
		all := sentences(paragraph)
		asking := slices.ContainsFunc(all, request)
		item := listMark.MatchString(paragraph)
		before := "" // the sentence before, where it asks nothing
		for i, s := range all {
			switch {
			case courtesy.MatchString(s):
			case request(s) || item && i == 0 && !asking:
				out = add(out, s, before, i > 0)
				before = ""
			default:
				before = s
			}
		}
	}
	if len(out) == 0 {
		out = add(out, complaint, "", false)
	}
	return out
}

func sentences(paragraph string) []string {
	runes := []rune(paragraph)
	var out []string
	for _, at := range text.Sentences(paragraph) {
		out = append(out, strings.TrimSpace(string(runes[at.Start:at.End])))
	}
	return out
}

// request reports that a sentence asks for something.
func request(s string) bool {
	return !courtesy.MatchString(s) && (asks.MatchString(s) || begs.MatchString(s))
}

// add appends a request. One that does not say by itself what it is about takes
// the sentence before it along; a bare plea, such as 측정해 주세요, belongs to the
// request before it in its paragraph.
func add(out []Request, s, before string, follows bool) []Request {
	s = strings.Join(strings.Fields(listMark.ReplaceAllString(s, "")), " ")
	goesOn := conjunction.MatchString(s)
	s = conjunction.ReplaceAllString(s, "")
	own := strings.TrimSpace(around.ReplaceAllString(s, " "))
	n, last := matter(own), len(out)-1
	if last >= 0 && follows && before == "" && n < 2 && !strings.Contains(s, "?") {
		out[last].Text += " " + s
		return out
	}
	if before = listMark.ReplaceAllString(before, ""); before != "" && (n < aloneWords || pointsBack.MatchString(s)) {
		s, own = before+" "+s, before+" "+own
	}
	if r := []rune(s); len(r) > maxRequest {
		s = "…" + string(r[len(r)-maxRequest:]) // what is asked stands at the end
	}
	if len([]rune(s)) < 5 || len(out) == maxRequests || slices.ContainsFunc(out, func(r Request) bool { return r.Text == s }) {
		return out
	}
	r := Request{s, own, own}
	if n = matter(own); last >= 0 && (n < aloneWords+1 || goesOn && n < aloneWords+2) {
		r.Query = out[last].Own + " " + own
	}
	return append(out, r)
}

const aloneWords = 3 // words with a matter from which a request is understood by itself

// matter counts the words of a request that say what it is about.
func matter(s string) int {
	n := 0
	for _, w := range strings.Fields(s) {
		if len([]rune(w)) > 1 && !empty.MatchString(w) {
			n++
		}
	}
	return n
}

var empty = regexp.MustCompile(`^(?:[이그저]$|이런|그런|몇|얼마|어떻게|어떤|무엇|무슨|언제|어디|누구|왜|경우|가능)|(?:[되하있없나]나요|되는지|하는지|있는지|인지|한가요|인가요|할까요|되면|하면|이면|오나요|건가요)[?.]?$`)

var (
	conjunction = regexp.MustCompile(`^(?:그리고|또한|또|아울러|그런데|그래서|하지만|그러면|그럼|혹시|만약|그렇다면|마지막으로)[,\s]+`)
	// around are words that say that something is asked, not what.
	around = regexp.MustCompile(`궁금(?:합니다|해요|하여|해서|한데요?)|알고\s*싶(?:습니다|어요|은데요?)|알려\s*(?:주세요|주십시오|주시기\s*바랍니다|주시면\s*감사하겠습니다)|문의\s*(?:드립니다|드려요|합니다)|질의\s*(?:드립니다|합니다)|부탁\s*(?:드립니다|드려요|합니다)|확인\s*(?:부탁|바랍니다)|답변\s*(?:부탁|바랍니다|주세요)|[가-힣]*(?:다고|라고)\s*(?:하는데|하던데|하네요|들었는데)요?,?|(?:주세요|주십시오|주시기\s*바랍니다|바랍니다)`)
)

var pointsBack = regexp.MustCompile(`^(?:이|그|저|이런|그런|이것|그것|이게|그게|여기|거기|이때|그때|이\s*경우|그\s*경우|위|동)\s`)

// abuse are words that an official's letter never repeats (민원 처리에 관한 법률 제4조).
var abuse = regexp.MustCompile(`[씨시]+\s*[발팔]|개\s*새\s*끼|[병븅]\s*신|미친\s*(?:놈|년|새끼|것)|지랄|좆|(?:[이저그]\s*)새끼|새끼들?[아야]|(?:이|저|그)\s*(?:놈|년)(?:들|아|의|이|은)|쓰레기\s*같은|죽여|닥쳐|꺼져|철밥통|세금\s*도둑|무능한\s*것들`)

// Calm is s without abuse. What is left of a sentence that held some still says
// what is asked for.
func Calm(s string) string {
	return strings.Join(strings.Fields(abuse.ReplaceAllString(s, "")), " ")
}

// Abusive reports that s holds words that a reply does not repeat.
func Abusive(s string) bool { return abuse.MatchString(s) }
