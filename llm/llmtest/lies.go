package llmtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"biseo/llm"
)

// A Lie is a way in which a model damages a true sentence.
type Lie string

const (
	Number       Lie = "number"         // 5명 becomes 8명
	Date         Lie = "date"           // another day, month or year
	Article      Lie = "article"        // 제21조 becomes 제24조, or another 항 or 호
	Amount       Lie = "amount"         // 5만원 becomes 9만원
	Unit         Lie = "unit"           // 7일 becomes 7개월
	Modality     Lie = "modality"       // 하여야 한다 becomes 할 수 있다, and the like
	Negation     Lie = "negation"       // 한다 becomes 하지 아니한다
	Bound        Lie = "bound"          // 이상 becomes 미만, 이내 becomes 이후
	Quotation    Lie = "quotation"      // words in quotation marks that nobody wrote
	WrongPassage Lie = "wrong passage"  // a true sentence under the number of another passage
	NoSuchSource Lie = "no such source" // a true sentence under a number that does not exist
	Phone        Lie = "phone"          // an invented telephone number
	Email        Lie = "email"          // an invented address
	URL          Lie = "url"            // an invented page
	LawName      Lie = "law name"       // another law, or a law where none was named
	Department   Lie = "department"     // an invented department
)

// Lies lists every way.
func Lies() []Lie {
	return []Lie{Number, Date, Article, Amount, Unit, Modality, Negation, Bound, Quotation,
		WrongPassage, NoSuchSource, Phone, Email, URL, LawName, Department}
}

var (
	datePart    = regexp.MustCompile(`\d{4}(?:\.\s*|년\s*)\d{1,2}(?:\.\s*|월\s*)\d{1,2}`)
	articlePart = regexp.MustCompile(`제\d+(?:조|항|호)`)
	amountPart  = regexp.MustCompile(`\d[\d,]*\s*(?:천|백|십)?(?:만|억|조)?\s*원`)
	periodPart  = regexp.MustCompile(`(\d+)(개월|시간|일|년|분|주)`)
	digits      = regexp.MustCompile(`\d+`)
	lawPart     = regexp.MustCompile(`「[^」]+」`)
)

// swaps are pairs that do not mean the same; each is tried in both directions.
var swaps = map[Lie][][2]string{
	Modality: {
		{"하여야 한다", "할 수 있다"}, {"해야 한다", "할 수 있다"}, {"할 수 있다", "하여야 한다"}, {"할 수 없다", "할 수 있다"},
		{"하여서는 아니 된다", "할 수 있다"}, {"받을 수 있다", "받을 수 없다"}, {"수 있다", "수 없다"}, {"수 없다", "수 있다"},
	},
	Negation: {
		{"하여야 한다.", "하지 아니할 수 있다."}, {"해야 한다.", "하지 않을 수 있다."}, {"그러하지 아니하다.", "그러하다."},
		{"하지 아니한다.", "한다."}, {"되지 아니한다.", "된다."}, {"하지 않는다.", "한다."}, {"수 있다.", "수 없다."}, {"수 없다.", "수 있다."},
		{"한다.", "하지 아니한다."}, {"된다.", "되지 아니한다."}, {"있다.", "없다."}, {"없다.", "있다."},
	},
	Bound: {
		{"이상", "미만"}, {"이하", "초과"}, {"초과", "이하"}, {"미만", "이상"}, {"이내", "이후"}, {"이전", "이후"}, {"이후", "이전"},
	},
}

// Damage tells a lie: it changes s in the given way and reports whether s had
// anything to change. [WrongPassage] and [NoSuchSource] leave the text as it is;
// their lie is the number beside it. Equal arguments give equal results.
func Damage(lie Lie, s string, seed uint64) (string, bool) {
	r := rand.New(rand.NewPCG(seed, 1))
	switch lie {
	case Date:
		return within(s, datePart, r, func(m string) string { return within1(m, digits, r, other(r)) })
	case Article:
		return within(s, articlePart, r, func(m string) string { return within1(m, digits, r, other(r)) })
	case Amount:
		return within(s, amountPart, r, func(m string) string { return within1(m, digits, r, other(r)) })
	case Number:
		return number(s, r)
	case Unit:
		return within(s, periodPart, r, func(m string) string {
			g := periodPart.FindStringSubmatch(m)
			units := []string{"일", "개월", "년", "시간"}
			for {
				if u := units[r.IntN(len(units))]; u != g[2] {
					return g[1] + u
				}
			}
		})
	case Modality, Negation, Bound:
		return swap(s, swaps[lie], r)
	case Quotation:
		made := []string{"예외를 두지 아니함을 원칙으로 한다", "담당자의 판단에 맡긴다", "즉시 반려하여야 한다", "모든 비용은 신청인이 부담한다"}
		return `"` + made[r.IntN(len(made))] + `"라고 정한 바에 따라 ` + s, true
	case Phone:
		return tail(s, fmt.Sprintf("문의: 0%d-%03d-%04d", 31+r.IntN(10), 200+r.IntN(700), r.IntN(10000))), true
	case Email:
		return tail(s, fmt.Sprintf("신청: minwon%d@korea.kr", r.IntN(1000))), true
	case URL:
		return tail(s, fmt.Sprintf("안내: https://www.minwon%d.go.kr/guide", r.IntN(1000))), true
	case LawName:
		made := []string{"「지방행정혁신 촉진에 관한 법률」", "「공공서비스 품질관리법」", "「민원행정 특례법 시행령」"}
		name := made[r.IntN(len(made))]
		if lawPart.MatchString(s) {
			return within(s, lawPart, r, func(string) string { return name })
		}
		return name + "에 따라 " + s, true
	case Department:
		made := []string{"민원혁신과", "자치분권담당관", "생활안전정책팀", "행정심판지원센터"}
		return made[r.IntN(len(made))] + "에서 " + s, true
	case WrongPassage, NoSuchSource:
		return s, true
	}
	return s, false
}

// number changes a count that is no date, no citation, no amount and no period.
func number(s string, r *rand.Rand) (string, bool) {
	var taken [][]int
	for _, re := range []*regexp.Regexp{datePart, articlePart, amountPart, periodPart} {
		taken = append(taken, re.FindAllStringIndex(s, -1)...)
	}
	var free [][]int
	for _, at := range digits.FindAllStringIndex(s, -1) {
		if !slices.ContainsFunc(taken, func(t []int) bool { return at[0] < t[1] && t[0] < at[1] }) {
			free = append(free, at)
		}
	}
	if len(free) == 0 {
		return s, false
	}
	at := free[r.IntN(len(free))]
	return s[:at[0]] + other(r)(s[at[0]:at[1]]) + s[at[1]:], true
}

// other returns a function from a number to another number of as many digits.
func other(r *rand.Rand) func(string) string {
	return func(m string) string {
		n, err := strconv.Atoi(m)
		if err != nil {
			return m + "1"
		}
		return strconv.Itoa(n + 1 + r.IntN(8))
	}
}

// within replaces one match of re in s.
func within(s string, re *regexp.Regexp, r *rand.Rand, f func(string) string) (string, bool) {
	all := re.FindAllStringIndex(s, -1)
	if len(all) == 0 {
		return s, false
	}
	at := all[r.IntN(len(all))]
	return s[:at[0]] + f(s[at[0]:at[1]]) + s[at[1]:], true
}

func within1(s string, re *regexp.Regexp, r *rand.Rand, f func(string) string) string {
	out, _ := within(s, re, r, f)
	return out
}

// swap replaces the pair that ends last in s, because the predicate that decides
// what a Korean sentence says comes last. Of two that end together, such as
// 하여야 한다. and 한다., the longer one counts, then the choice is r's.
func swap(s string, pairs [][2]string, r *rand.Rand) (string, bool) {
	best, at := -1, -1
	for _, i := range r.Perm(len(pairs)) {
		p := pairs[i]
		k := strings.LastIndex(s, p[0])
		if k < 0 {
			continue
		}
		if end, was := k+len(p[0]), 0; best >= 0 {
			was = at + len(pairs[best][0])
			if end < was || end == was && len(p[0]) <= len(pairs[best][0]) {
				continue
			}
		}
		best, at = i, k
	}
	if best < 0 {
		return s, false
	}
	return s[:at] + pairs[best][1] + s[at+len(pairs[best][0]):], true
}

// tail adds a note at the end of a sentence.
func tail(s, note string) string { return strings.TrimRight(s, ". ") + "(" + note + ")." }

// Lying tells one lie about the first of its passages' sentences that can be
// damaged in that way, and writes nothing if there is none.
type Lying struct {
	Lie  Lie
	Seed uint64
}

func (Lying) Model() string { return "lying" }

func (l Lying) Generate(ctx context.Context, req llm.Request, emit func(string) error) (*llm.Response, error) {
	facts := Facts(req)
	for _, f := range facts {
		s, ok := Damage(l.Lie, f.Text, l.Seed)
		source := f.Source
		switch l.Lie {
		case NoSuchSource:
			source = facts[len(facts)-1].Source + 1
		case WrongPassage:
			i := slices.IndexFunc(facts, func(g Fact) bool { return g.Source != f.Source })
			if ok = ok && i >= 0; ok {
				source = facts[i].Source
			}
		}
		if ok {
			return write(ctx, "lying", fmt.Sprintf("%s [%d]\n", s, source), emit)
		}
	}
	return write(ctx, "lying", "", emit)
}
