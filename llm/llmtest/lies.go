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
	Number       Lie = "number"            // 5명 becomes 8명
	Date         Lie = "date"              // another day, month or year
	Year         Lie = "year"              // 2026년 becomes 2027년
	Article      Lie = "article"           // 제21조 becomes 제24조, or another 항 or 호
	Amount       Lie = "amount"            // 5만원 becomes 9만원
	Scale        Lie = "scale"             // 5천원 becomes 5백만원
	Percent      Lie = "percent"           // 10 % or 100분의 10 becomes 12
	Period       Lie = "period"            // 7일 becomes 9일
	Unit         Lie = "unit"              // 7일 becomes 7개월
	RangeEnd     Lie = "range end"         // 7명 이상 15명 becomes 7명 이상 18명
	Ordinal      Lie = "ordinal"           // 제1차 becomes 제2차, 2급 becomes 4급
	Modality     Lie = "modality"          // 하여야 한다 becomes 할 수 있다, and the like
	Negation     Lie = "negation"          // 한다 becomes 하지 아니한다, 있다 becomes 없다
	Bound        Lie = "bound"             // 이상 becomes 미만, 이내 becomes 이후
	Order        Lie = "order"             // 하기 전에 becomes 한 후에
	Actor        Lie = "actor"             // another one acts: 시장은 becomes 신청인은
	Roles        Lie = "roles"             // 시장은 신청인에게 becomes 신청인은 시장에게
	Quotation    Lie = "quotation"         // words in quotation marks that nobody wrote
	AlteredQuote Lie = "altered quotation" // words of the sentence in quotation marks, one of them another
	WrongPassage Lie = "wrong passage"     // a true sentence under the number of another passage
	NoSuchSource Lie = "no such source"    // a true sentence under a number that does not exist
	Phone        Lie = "phone"             // an invented telephone number
	Email        Lie = "email"             // an invented address
	URL          Lie = "url"               // an invented page
	LawName      Lie = "law name"          // another law, or a law where none was named
	LawDate      Lie = "law date"          // an invented day of a law's amendment
	Department   Lie = "department"        // an invented department
	NoCondition  Lie = "dropped condition" // without its clause ...경우에는
)

// Lies lists every way.
func Lies() []Lie {
	return []Lie{Number, Date, Year, Article, Amount, Scale, Percent, Period, Unit, RangeEnd, Ordinal,
		Modality, Negation, Bound, Order, Actor, Roles, Quotation, AlteredQuote, WrongPassage, NoSuchSource,
		Phone, Email, URL, LawName, LawDate, Department, NoCondition}
}

var (
	datePart    = regexp.MustCompile(`\d{4}(?:\.\s*|년\s*)\d{1,2}(?:\.\s*|월\s*)\d{1,2}`)
	yearPart    = regexp.MustCompile(`(?:19|20)\d\d(?:년|\.)`)
	articlePart = regexp.MustCompile(`제\d+(?:조|항|호)`)
	amountPart  = regexp.MustCompile(`\d[\d,]*\s*(?:천|백|십)?(?:만|억|조)?\s*원`)
	scalePart   = regexp.MustCompile(`(\d\s*)(백만원|천만원|만원|천원|억원)`)
	percentPart = regexp.MustCompile(`\d+(?:\.\d+)?\s*(?:%|퍼센트)|100분의\s*\d+`)
	periodPart  = regexp.MustCompile(`(\d+)(개월|시간|일|년|분|주)`)
	rangePart   = regexp.MustCompile(`\d[\d,.]*\s*[가-힣%]{0,3}\s*(?:부터|이상|초과|∼|~)\s*\d+`)
	ordinalPart = regexp.MustCompile(`제\d+(?:차|회|기|종|분기|단계)|\d+(?:급지|급|등급|분기|단계|순위)|[첫두세네] 번째`)
	digits      = regexp.MustCompile(`\d+`)
	lastDigits  = regexp.MustCompile(`\d+(?:%|퍼센트)?$`)
	lawPart     = regexp.MustCompile(`「[^」]+」`)

	actorPart     = regexp.MustCompile(`(장관|시장|군수|구청장|위원회|위원장|공무원|신청인|청구인|민원인|사업자|기관의 장|행정청|수급자|담당자|위원)(은|는|이|가)\s`)
	rolesPart     = regexp.MustCompile(`([가-힣]*(?:장관|시장|구청장|위원회|위원장|공무원|신청인|청구인|민원인|사업자|기관의 장|행정청|담당자))(은|는|이|가)(\s.{0,120}?)([가-힣]*(?:장관|시장|구청장|위원회|위원장|공무원|신청인|청구인|민원인|사업자|기관의 장|행정청|담당자))(에게)`)
	conditionPart = regexp.MustCompile(`(^|[가-힣](?:은|는) |, )[^,.;()]{8,60}?(?:경우에는|경우에만|때에는),? `)
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
	Order: {
		{"하기 전에", "한 후에"}, {"하기 전까지", "한 후까지"}, {"되기 전에", "된 후에"}, {"받기 전에", "받은 후에"},
		{"한 후에", "하기 전에"}, {"된 후에", "되기 전에"}, {"받은 후에", "받기 전에"}, {"한 후 ", "하기 전에 "}, {"된 후 ", "되기 전에 "}, {"거친 후 ", "거치기 전에 "}, {"거쳐 ", "거치기 전에 "},
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
		if strings.Contains(s, "분기") || strings.Contains(s, "주년") {
			return s, false
		}
		return within(s, periodPart, r, func(m string) string {
			g := periodPart.FindStringSubmatch(m)
			units := []string{"일", "개월", "년", "시간"}
			for {
				if u := units[r.IntN(len(units))]; u != g[2] {
					return g[1] + u
				}
			}
		})
	case Year:
		return within(s, yearPart, r, func(m string) string { return within1(m, digits, r, other(r)) })
	case Scale:
		return within(s, scalePart, r, func(m string) string {
			g := scalePart.FindStringSubmatch(m)
			return g[1] + map[string]string{"천원": "백만원", "백만원": "천원", "만원": "억원", "억원": "만원", "천만원": "백만원"}[g[2]]
		})
	case Percent:
		return within(s, percentPart, r, func(m string) string {
			return lastDigits.ReplaceAllStringFunc(m, func(d string) string { return within1(d, digits, r, other(r)) })
		})
	case Period:
		return within(s, periodPart, r, func(m string) string { return within1(m, digits, r, other(r)) })
	case RangeEnd:
		return within(s, rangePart, r, func(m string) string { return lastDigits.ReplaceAllStringFunc(m, other(r)) })
	case Ordinal:
		return within(s, ordinalPart, r, func(m string) string {
			if first, rest, ok := strings.Cut(m, " "); ok {
				return map[string]string{"첫": "두", "두": "세", "세": "네", "네": "첫"}[first] + " " + rest
			}
			return within1(m, digits, r, other(r))
		})
	case Actor:
		return within(s, actorPart, r, func(m string) string {
			g := actorPart.FindStringSubmatch(m)
			for _, i := range r.Perm(len(actors)) {
				if !strings.Contains(s, actors[i]) {
					return Josa(actors[i], g[2]) + " "
				}
			}
			return m
		})
	case Roles:
		return within(s, rolesPart, r, func(m string) string {
			g := rolesPart.FindStringSubmatch(m)
			return Josa(g[4], g[2]) + g[3] + g[1] + g[5]
		})
	case NoCondition:
		return within(s, conditionPart, r, func(m string) string { return conditionPart.FindStringSubmatch(m)[1] })
	case AlteredQuote:
		return alteredQuote(s, r)
	case LawDate:
		day := fmt.Sprintf("%d. %d. %d.", 2019+r.IntN(7), 1+r.IntN(12), 1+r.IntN(28))
		if lawPart.MatchString(s) {
			return within(s, lawPart, r, func(m string) string { return m + "(" + day + " 개정)" })
		}
		return day + " 개정된 규정에 따라 " + s, true
	case Modality, Negation, Bound, Order:
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

// actors take the place of others.
var actors = []string{"신청인", "시장", "위원회", "민원인", "사업자", "구청장", "담당자"}

// alteredQuote quotes four words of s, one of them another.
func alteredQuote(s string, r *rand.Rand) (string, bool) {
	words := strings.Fields(s)
	if len(words) < 6 || strings.ContainsAny(s, `"“”`) {
		return s, false
	}
	at := r.IntN(len(words) - 4)
	quote := slices.Clone(words[at : at+4])
	made := []string{"즉시", "원칙적으로", "서면으로", "예외적으로", "담당자가"}
	quote[1+r.IntN(2)] = made[r.IntN(len(made))]
	return `"` + strings.Join(quote, " ") + `"이라는 규정에 따라 ` + s, true
}

// Josa joins a word with the form of 은/는, 이/가, 을/를 or 과/와 that its last
// syllable asks for.
func Josa(word, particle string) string {
	r := []rune(word)
	final := len(r) > 0 && r[len(r)-1] >= '가' && r[len(r)-1] <= '힣' && (r[len(r)-1]-'가')%28 > 0
	for _, p := range [][2]string{{"은", "는"}, {"이", "가"}, {"을", "를"}, {"과", "와"}} {
		if particle == p[0] || particle == p[1] {
			if final {
				return word + p[0]
			}
			return word + p[1]
		}
	}
	return word + particle
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
