package ground

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"biseo/korea/text"
	"biseo/llm/llmtest"
)

// Lies that take what they say from elsewhere in the source, so that every word
// and number of them stands there.
const (
	borrowed   llmtest.Lie = "borrowed value"  // another value of the same kind
	movedItem  llmtest.Lie = "moved item"      // an item of a list under the head of another
	otherRow   llmtest.Lie = "other row"       // a cell of another row of the table
	noProviso  llmtest.Lie = "dropped proviso" // without the 다만 that follows
	twoSources             = "joined"          // truths: two sentences as one
	ownItem                = "item and head"
	ownRow                 = "row of a table"
	cited                  = "with its article"
)

// gate is how many percent of the lies of a kind may pass: be verified, or for
// what is only left out, be verified without a warning. Of those not named: none.
var gate = map[llmtest.Lie]float64{
	llmtest.Modality: 1, llmtest.Negation: 1, llmtest.Bound: 1, llmtest.Order: 5, llmtest.Actor: 5, llmtest.Roles: 5,
	llmtest.NoCondition: 10, noProviso: 5, movedItem: 5, borrowed: 2, otherRow: 2,
}

// warned are the lies by omission.
var warned = []llmtest.Lie{llmtest.NoCondition, noProviso, movedItem}

// A tally counts sentences of one kind.
type tally struct{ n, verified, warned int }

func (c tally) String() string {
	return fmt.Sprintf("%4d of %4d verified (%5.1f %%), %d of them with a warning", c.verified, c.n, 100*float64(c.verified)/float64(max(1, c.n)), c.warned)
}

// A scene is a sentence of a source among others, where lies and truths are told.
type scene struct {
	unit  int
	say   string // the sentence without its bullet
	text  string // of its source in the form of plainly
	units []Unit
	*evidence
}

// liars tells up to per lies of every kind and as many truths of every style about
// sentences of the sources, and holds Check to the gates: a lie passes only as
// often as its gate allows, of the truths at least so many percent are verified.
func liars(t *testing.T, sources []Source, per int, truths float64) {
	t.Helper()
	r := rand.New(rand.NewPCG(2, 26))
	lies, truth := map[llmtest.Lie]*tally{}, map[string]*tally{}
	logged := map[string]int{}
	log := func(kind, format string, args ...any) {
		if logged[kind]++; logged[kind] <= 8 {
			t.Logf("%s "+format, append([]any{kind}, args...)...)
		}
	}
	test := func(c *tally, e *evidence, s string, cite int) Sentence {
		got := e.check(Sentence{Text: s, Cites: []Cite{{Source: cite}}})
		c.n++
		if got.Status == Verified {
			c.verified++
			if got.Warn != "" {
				c.warned++
			}
		}
		return got
	}
	for n, at := range r.Perm(len(sources)) {
		if done(lies, per) && done(truth, per) {
			break
		}
		if n >= anyPassage && !rare.MatchString(sources[at].Text) {
			continue
		}
		e := &evidence{sources: beside(r, sources, at)}
		units := Units(e.sources[0])
		whole, told := plainly(e.sources[0].Text), 0
		for _, i := range r.Perm(len(units)) {
			u := units[i]
			n := utf8.RuneCountInString(u.Text)
			if u.Head || n < 12 || n > 400 || told > 12 {
				continue
			}
			sc := scene{unit: i, say: bullet.ReplaceAllString(u.Text, ""), text: whole, units: units, evidence: e}
			for _, lie := range append(llmtest.Lies(), borrowed, movedItem, otherRow, noProviso) {
				c := lies[lie]
				if c == nil {
					c = &tally{}
					lies[lie] = c
				}
				if c.n >= per || told > 12 {
					continue
				}
				damaged, cite, ok := sc.lie(lie, r)
				if !ok {
					continue
				}
				told++
				passed := func(got Sentence) bool {
					return got.Status == Verified && (got.Warn == "" || !slices.Contains(warned, lie))
				}
				if got := test(c, e, damaged, cite); passed(got) {
					log(string(lie), "passed\n  truth: %s\n  lie:   %s\n  cited: %+v", sc.say, damaged, got.Cites)
				}
			}
			if done(truth, per) {
				continue
			}
			for kind, said := range sc.truths() {
				c := truth[kind]
				if c == nil {
					c = &tally{}
					truth[kind] = c
				}
				if c.n >= per {
					continue
				}
				if got := test(c, e, said, 1); got.Status != Verified {
					log(kind, "truth refused: %s\n  %s\n  %s", got.Why, said, sc.say)
				} else if got.Warn != "" && kind == string(llmtest.Verbatim) {
					log("warned", "%s\n  %s", got.Warn, said)
				}
			}
		}
	}
	told, all, held := 0, 0, 0
	for _, k := range sorted(lies) {
		c := lies[k]
		t.Logf("%-18s %v", k, *c)
		passed := c.verified
		if slices.Contains(warned, k) {
			passed -= c.warned
		}
		if 100*float64(passed) > gate[k]*float64(c.n) {
			t.Errorf("%s: %d of %d passed, at most %.0f %% allowed", k, passed, c.n, gate[k])
		}
		told += c.n
	}
	for _, k := range sorted(truth) {
		t.Logf("truth: %-18s %v", k, *truth[k])
		all, held = all+truth[k].n, held+truth[k].verified
	}
	t.Logf("%d lies of %d kinds; %d of %d truths refused (%.2f %%)", told, len(lies), all-held, all, 100*float64(all-held)/float64(all))
	if per < 200 {
		truths -= 2 // of a fifth of the sentences the share says less
	}
	if 100*float64(held) < truths*float64(all) {
		t.Errorf("%d of %d truths verified, want at least %.0f %%", held, all, truths)
	}
}

// After the first passages lies are told only about those that hold what is rare
// in laws: amounts, shares, ranges, dates, ordinals, an order of acts.
const anyPassage = 1000

var rare = regexp.MustCompile(`\d(?:%|퍼센트|[백천]?만원|천원|억원|[1-9]?급 )|[12]\d{3}(?:년|\.) *\d|(?:부터|이상|∼)\s?\d|제\d차|[하되]기 전에|[한된] 후에?`)

// done reports that all of the tallies are full.
func done[K comparable](m map[K]*tally, per int) bool {
	for _, c := range m {
		if c.n < per {
			return false
		}
	}
	return len(m) > 0
}

func sorted[K ~string, V any](m map[K]V) []K {
	var out []K
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// lie damages the sentence in one way; cite is the number told beside it.
func (sc scene) lie(kind llmtest.Lie, r *rand.Rand) (s string, cite int, ok bool) {
	switch kind {
	case borrowed:
		s, ok = borrow(sc.say, sc.sources[0].Text, r)
	case movedItem:
		s, ok = sc.item(false)
	case otherRow:
		s, ok = sc.row(false)
	case noProviso:
		ok = sc.unit+1 < len(sc.units) && strings.HasPrefix(sc.units[sc.unit+1].Text, "다만,")
		return llmtest.Rephrase(sc.say), 1, ok
	case llmtest.WrongPassage:
		ok = len(sc.sources) > 1 && strings.HasSuffix(sc.say, "다.") && !strings.Contains(Squeeze(sc.sources[1].Text), Squeeze(sc.say))
		return sc.say, 2, ok
	case llmtest.NoSuchSource:
		return sc.say, len(sc.sources) + 1, true
	default:
		s, ok = llmtest.Damage(kind, sc.say, r.Uint64())
		if kind == llmtest.NoCondition {
			return s, 1, ok && utf8.RuneCountInString(s) > 20
		}
	}
	return s, 1, ok && s != sc.say && !strings.Contains(sc.text, plainly(s)) // another 항 may say so
}

// truths are the sentence in every style, by the name of the style.
func (sc scene) truths() map[string]string {
	out := map[string]string{}
	for _, style := range llmtest.Styles() {
		if s, ok := llmtest.Say(style, sc.say); ok && (style == llmtest.Verbatim || strings.HasSuffix(sc.say, "다.") && strings.Count(sc.say, "다.") == 1) {
			out[string(style)] = s
		}
	}
	if k := sc.unit + 1; k < len(sc.units) && sc.units[k].Paragraph == sc.units[sc.unit].Paragraph+1 && sc.units[k].Item == "" && !sc.units[k].Head {
		if s, ok := llmtest.Join(sc.say, bullet.ReplaceAllString(sc.units[k].Text, "")); ok {
			out[twoSources] = s
		}
	}
	if c := sc.sources[0].Cite; c != "" && !strings.HasPrefix(sc.say, "다만") && !strings.HasPrefix(sc.say, "이 경우") && sc.units[sc.unit].Item == "" && strings.HasSuffix(sc.say, "다.") {
		out[cited] = c + "에 따르면 " + llmtest.Rephrase(sc.say)
	}
	if s, ok := sc.item(true); ok {
		out[ownItem] = s
	}
	if s, ok := sc.row(true); ok {
		out[ownRow] = s
	}
	return out
}

// item says the item of a list with its head, or with another head of the source.
func (sc scene) item(own bool) (string, bool) {
	u := sc.units[sc.unit]
	if u.Item == "" {
		return "", false
	}
	mine := -1
	for i := sc.unit - 1; i >= 0 && mine < 0; i-- {
		if sc.units[i].Item == "" && strings.Contains(sc.units[i].Text, "각 호") {
			mine = i
		}
	}
	for i, h := range sc.units {
		if mine >= 0 && (i == mine) == own && h.Item == "" && strings.Contains(h.Text, "각 호") && strings.HasSuffix(h.Text, "다.") {
			said := llmtest.Rephrase(bullet.ReplaceAllString(h.Text, ""))
			if !own && strings.Contains(Squeeze(sc.units[mine].Text), Squeeze(said[:len(said)/2])) {
				continue
			}
			return bullet.ReplaceAllString(strings.TrimSuffix(u.Text, "."), "") + ": " + said, true
		}
	}
	return "", false
}

// row says a row of a table as a sentence, with its own cell or with that of another row.
func (sc scene) row(own bool) (string, bool) {
	u := sc.units[sc.unit]
	first := sc.unit
	for first > 0 && sc.units[first-1].Cells == u.Cells {
		first--
	}
	if u.Cells < 2 || first == sc.unit {
		return "", false
	}
	heads, mine := strings.Split(sc.units[first].Text, cellMark), strings.Split(u.Text, cellMark)
	col := len(heads) - 1
	if len(heads) != u.Cells || len(mine) != u.Cells || strings.TrimSpace(heads[col]) == "" || !HasWord(mine[col]) || len(text.Values(heads[col]+" "+mine[0])) > 0 {
		return "", false
	}
	for i, o := range sc.units {
		if i != sc.unit && strings.HasPrefix(o.Text, mine[0]+cellMark) {
			return "", false // two rows of one name
		}
	}
	cell := mine[col]
	if !own {
		for i := first + 1; i < len(sc.units) && sc.units[i].Cells == u.Cells; i++ {
			if theirs := strings.Split(sc.units[i].Text, cellMark); len(theirs) == u.Cells && theirs[col] != cell && len(text.Values(theirs[col])) > 0 {
				cell = theirs[col]
				break
			}
		}
	}
	if (cell == mine[col]) != own {
		return "", false
	}
	return fmt.Sprintf("%s의 %s %s입니다.", mine[0], llmtest.Josa(heads[col], "은"), cell), true
}

// beside numbers a passage as source 1 and up to three near it in its document after it.
func beside(r *rand.Rand, all []Source, at int) []Source {
	out := []Source{all[at]}
	for range 40 {
		b := all[max(0, min(len(all)-1, at-10+r.IntN(21)))]
		if b.DocID == all[at].DocID && len(out) < 4 && !slices.ContainsFunc(out, func(s Source) bool { return s.Text == b.Text }) {
			out = append(out, b)
		}
	}
	for i := range out {
		out[i].N = i + 1
	}
	return out
}

// borrow replaces a value of a sentence by another value of the same kind from
// the same source.
func borrow(s, source string, r *rand.Rand) (string, bool) {
	mine, theirs := text.Values(s), text.Values(source)
	if len(mine) == 0 {
		return s, false
	}
	v := mine[r.IntN(len(mine))]
	for _, i := range r.Perm(len(theirs)) {
		if w := theirs[i]; w.Kind == v.Kind && w.Key() != v.Key() && !w.Matches(v) && !v.Matches(w) {
			from := []rune(s)
			return string(from[:v.Start]) + string([]rune(source)[w.Start:w.End]) + string(from[v.End:]), true
		}
	}
	return s, false
}

func TestLies(t *testing.T) {
	t.Parallel()
	liars(t, agency(t), rounds(200), 98)
}

func TestLiesOverRealLaws(t *testing.T) {
	t.Parallel()
	liars(t, laws(t), rounds(200), 98)
}

// rounds is n, or a fifth of it under the race detector, which makes everything
// some ten times slower.
func rounds(n int) int {
	info, ok := debug.ReadBuildInfo()
	if testing.Short() || ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		return n / 5
	}
	return n
}
