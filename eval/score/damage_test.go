package score_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/eval/golden"
	"biseo/eval/score"
	"biseo/korea/law"
	"biseo/korea/text"
)

// TestNoFalseAlarm judges what the assistant gives without a model, which copies
// sentences with their spans: no metric of grounding, rights or privacy may find
// anything amiss.
func TestNoFalseAlarm(t *testing.T) {
	n := 0
	for _, j := range recorded(t) {
		s := score.Judge(j.task, j.c, j.result)
		for _, m := range []score.Metric{score.CiteValid, score.CiteCoverage, score.QuoteExact, score.Numbers, score.Amounts, score.Dates,
			score.Periods, score.Articles, score.Entities, score.Forbidden, score.Private} {
			if v, ok := s.Values[m]; ok && v < 1 {
				t.Errorf("%s: %s is %.3f: %s", j.c.ID, m, v, strings.Join(s.Findings, "; "))
			} else if ok {
				n++
			}
		}
	}
	t.Logf("%d values, none below 1", n)
}

// A damage makes a right result wrong in one way. It changes j, a deep copy, and
// reports whether j had anything to damage.
type damage struct {
	metric score.Metric // which has to see it
	name   string
	apply  func(j *judged) bool
}

// TestDamage damages right results in every way of damages, and wants the metric of
// each to fall, for at least 99 % of the damaged.
func TestDamage(t *testing.T) {
	cases := recorded(t)
	scores := make([]score.Score, len(cases))
	for i, j := range cases {
		scores[i] = score.Judge(j.task, j.c, j.result)
	}
	type count struct{ kinds, damaged, seen int }
	counts := map[score.Metric]*count{}
	touched := map[string]bool{}
	for k, d := range damages() {
		if counts[d.metric] == nil {
			counts[d.metric] = &count{}
		}
		n, used := counts[d.metric], 0
		for i := range cases {
			i = (i + 37*k) % len(cases) // each damage begins elsewhere
			j := cases[i]
			before, ok := scores[i].Values[d.metric]
			if used == perDamage || ok && before == 0 || !d.fits(j) {
				continue
			}
			damaged := clone(t, j)
			if !d.apply(&damaged) {
				continue
			}
			used++
			touched[j.c.ID] = true
			n.damaged++
			s := score.Judge(damaged.task, damaged.c, damaged.result)
			after, is := s.Values[d.metric]
			if is && (!ok || after < before) && after < 1 {
				n.seen++
			} else {
				t.Logf("not seen: %s: %s, %s: %.3f, was %.3f", j.c.ID, d.metric, d.name, after, before)
			}
		}
		if used > 0 {
			n.kinds++
		} else {
			t.Errorf("%s, %s: no result to damage", d.metric, d.name)
		}
	}
	total := 0
	for m, n := range counts {
		total += n.damaged
		t.Logf("%-14s %d kinds, %4d damaged, %4d seen", m, n.kinds, n.damaged, n.seen)
		if n.kinds < 5 || float64(n.seen) < 0.99*float64(n.damaged) {
			t.Errorf("%s: %d kinds of damage, want 5 or more; seen %d of %d, want 99 %%", m, n.kinds, n.seen, n.damaged)
		}
	}
	t.Logf("%d damaged results of %d cases", total, len(touched))
	if len(touched) < 200 {
		t.Errorf("%d results of %d cases damaged, want 200 cases or more", total, len(touched))
	}
}

// perDamage is how many results each damage is done to.
const perDamage = 8

// fits reports whether a result has the form that a damage is for, before it is copied.
func (d damage) fits(j judged) bool {
	switch d.metric {
	case score.NDCG, score.Recall, score.MRR, score.Success1, score.Success5:
		return j.result.Search != nil
	case score.Forbidden:
		return len(j.c.Forbidden) > 0
	case score.Private:
		return len(j.c.Hidden) > 0
	}
	return j.result.Answer != nil
}

// clone is j with a result of its own.
func clone(t *testing.T, j judged) judged {
	b, err := json.Marshal(j.result)
	if err != nil {
		t.Fatal(err)
	}
	j.result = score.Result{}
	if err := json.Unmarshal(b, &j.result); err != nil {
		t.Fatal(err)
	}
	return j
}

func damages() []damage {
	var out []damage
	add := func(m score.Metric, name string, apply func(*judged) bool) {
		out = append(out, damage{m, name, apply})
	}
	citeDamages(add)
	valueDamages(add)
	expectedDamages(add)
	rightsDamages(add)
	formDamages(add)
	searchDamages(add)
	return out
}

type adder func(m score.Metric, name string, apply func(*judged) bool)

// each calls f with the sentences of an answer that cite, until it returns true.
func each(j *judged, f func(*ground.Sentence) bool) bool {
	if j.result.Answer == nil {
		return false
	}
	blocks := j.result.Answer.Blocks
	for b := range blocks {
		for i := range blocks[b].Sentences {
			if s := &blocks[b].Sentences[i]; len(s.Cites) > 0 && f(s) {
				return true
			}
		}
		for _, row := range blocks[b].Rows {
			for i := range row {
				if len(row[i].Cites) > 0 && f(&row[i]) {
					return true
				}
			}
		}
	}
	return false
}

// sentence appends a sentence to an answer.
func sentence(j *judged, s ground.Sentence) bool {
	a := j.result.Answer
	if a == nil || len(a.Blocks) == 0 || a.Outcome == assistant.NoSource {
		return false
	}
	a.Blocks = append(a.Blocks, assistant.Block{Kind: "paragraph", Sentences: []ground.Sentence{s}})
	return true
}

func citeDamages(add adder) {
	cite := func(name string, change func(c *ground.Cite, sources []ground.Source) bool) {
		add(score.CiteValid, name, func(j *judged) bool {
			return each(j, func(s *ground.Sentence) bool { return change(&s.Cites[0], j.result.Answer.Sources) })
		})
	}
	cite("span shifted", func(c *ground.Cite, _ []ground.Source) bool { c.Start++; c.End++; return true })
	cite("span cut", func(c *ground.Cite, _ []ground.Source) bool { c.End--; return true })
	cite("span behind the end", func(c *ground.Cite, _ []ground.Source) bool { c.End += 100_000; return true })
	cite("source 0", func(c *ground.Cite, _ []ground.Source) bool { c.Source = 0; return true })
	cite("no such source", func(c *ground.Cite, sources []ground.Source) bool { c.Source = len(sources) + 1; return true })
	cite("another source", func(c *ground.Cite, sources []ground.Source) bool {
		c.Source = c.Source%len(sources) + 1
		return len(sources) > 1
	})
	cite("quote altered", func(c *ground.Cite, _ []ground.Source) bool {
		c.Quote = strings.Replace(c.Quote, "다", "까", 1) + "요"
		return true
	})
	cite("no quote", func(c *ground.Cite, _ []ground.Source) bool { c.Quote = ""; return true })

	drop := func(name string, fits func(*ground.Sentence) bool) {
		add(score.CiteCoverage, name, func(j *judged) bool {
			return each(j, func(s *ground.Sentence) bool {
				if !fits(s) {
					return false
				}
				s.Cites = nil
				return true
			})
		})
	}
	drop("citation dropped", func(*ground.Sentence) bool { return true })
	drop("citation of a figure dropped", func(s *ground.Sentence) bool { return strings.ContainsAny(s.Text, "0123456789") })
	drop("citation of a duty dropped", func(s *ground.Sentence) bool { return strings.Contains(s.Text, "하여야") })
	for _, s := range []string{"수수료는 7,431원입니다.", "접수는 2031년 7월 19일까지입니다.", "자격은 「가온시 없는 조례」 제971조에서 정합니다.", "문의는 달빛탐험과에서 받습니다.", "기한은 937일입니다."} {
		add(score.CiteCoverage, "uncited: "+s, func(j *judged) bool { return sentence(j, ground.Sentence{Text: s, Status: ground.Plain}) })
	}

	gold := func(name string, change func(j *judged, s *ground.Sentence)) {
		add(score.CiteGold, name, func(j *judged) bool {
			if len(j.c.Cites) == 0 {
				return false
			}
			return each(j, func(s *ground.Sentence) bool { change(j, s); return false }) || j.result.Answer != nil && j.result.Answer.Outcome != assistant.NoSource
		})
	}
	gold("every citation dropped", func(_ *judged, s *ground.Sentence) { s.Cites = nil })
	gold("no such source", func(_ *judged, s *ground.Sentence) { s.Cites[0].Source = 99; s.Cites = s.Cites[:1] })
	gold("other document", func(j *judged, _ *ground.Sentence) {
		for id := range j.result.Paths {
			j.result.Paths[id] = "다른/문서.md"
		}
	})
	gold("other passage", func(j *judged, s *ground.Sentence) {
		for i := range j.result.Answer.Sources {
			j.result.Answer.Sources[i].Text = strings.Repeat("다른 조의 글. ", 400)
		}
		s.Cites = []ground.Cite{{Source: 1, Start: 0, End: 3, Quote: "다른 "}}
	})
	gold("spans shifted", func(_ *judged, s *ground.Sentence) {
		for i := range s.Cites {
			s.Cites[i].Start++
		}
	})

	quote := func(name string, q func(source string) string) {
		add(score.QuoteExact, name, func(j *judged) bool {
			return each(j, func(s *ground.Sentence) bool {
				src := j.result.Answer.Sources[s.Cites[0].Source-1].Text
				words := strings.Fields(src)
				if len(words) < 9 || strings.ContainsAny(src, `"“”`) || strings.Contains(s.Text, `"`) {
					return false
				}
				s.Text += fmt.Sprintf(" “%s”", q(src))
				return true
			})
		})
	}
	part := func(src string, from, to int) string { return strings.Join(strings.Fields(src)[from:to], " ") }
	quote("invented", func(string) string { return "예외를 두지 아니함을 원칙으로 한다" })
	quote("word added", func(src string) string { return part(src, 1, 4) + " 반드시 " + part(src, 4, 6) + " 언제나" })
	quote("words turned", func(src string) string { return part(src, 5, 8) + " 그리고 " + part(src, 1, 4) })
	quote("negated", func(src string) string { return part(src, 1, 6) + "지 아니한다" })
	quote("figure added", func(src string) string { return part(src, 2, 7) + " 98,765원" })
	quote("another agency", func(string) string { return "서울특별시장은 이를 지체 없이 공고하여야 한다" })
}

// valueDamages change what a sentence states to what none of its sources does.
func valueDamages(add adder) {
	digits := func(change func(string) string) func(string) string {
		return func(s string) string {
			i := strings.IndexAny(s, "0123456789")
			if i < 0 {
				return s
			}
			end := i
			for end < len(s) && s[end] >= '0' && s[end] <= '9' {
				end++
			}
			return s[:i] + change(s[i:end]) + s[end:]
		}
	}
	plus := func(k int) func(string) string {
		return func(s string) string { n, _ := strconv.Atoi(s); return strconv.Itoa(n + k) }
	}
	changes := []struct {
		name   string
		change func(string) string
	}{
		{"one more", digits(plus(1))},
		{"three more", digits(plus(3))},
		{"a digit more", digits(func(s string) string { return s + "7" })},
		{"a digit before", digits(func(s string) string { return "3" + s })},
		{"tenfold and two", digits(func(s string) string { return s + "2" })},
		{"doubled and one", digits(func(s string) string { n, _ := strconv.Atoi(s); return strconv.Itoa(2*n + 1) })},
	}
	lastDigits := func(s string) string { // the day of a date, the minutes of a time
		return numeral.ReplaceAllStringFunc(s, func(d string) string { n, _ := strconv.Atoi(d); return strconv.Itoa(n%9 + 1) })
	}
	dates := append(slices.Clone(changes[:2]), changes[5])
	dates = append(dates, struct {
		name   string
		change func(string) string
	}{"every part", lastDigits}, struct {
		name   string
		change func(string) string
	}{"twenty years on", digits(plus(20))}, struct {
		name   string
		change func(string) string
	}{"eleven years before", digits(plus(-11))})
	metricOf := map[text.Kind]score.Metric{text.Money: score.Amounts, text.Date: score.Dates, text.Time: score.Dates, text.Period: score.Periods,
		text.Count: score.Numbers, text.Ratio: score.Numbers}
	for _, m := range []score.Metric{score.Numbers, score.Amounts, score.Dates, score.Periods} {
		ways := changes
		if m == score.Dates {
			ways = dates
		}
		for _, ch := range ways {
			add(m, ch.name, func(j *judged) bool {
				return each(j, func(s *ground.Sentence) bool {
					about := evidence(j, s)
					runes := []rune(s.Text)
					for _, v := range text.Values(s.Text) {
						if metricOf[v.Kind] != m {
							continue
						}
						changed := string(runes[:v.Start]) + ch.change(string(runes[v.Start:v.End])) + string(runes[v.End:])
						if !stated(changed, about, m, metricOf) {
							s.Text = changed
							return true
						}
					}
					return false
				})
			})
		}
	}
	for _, ch := range changes {
		add(score.Articles, ch.name, func(j *judged) bool {
			return each(j, func(s *ground.Sentence) bool {
				runes := []rune(s.Text)
				for _, f := range law.Find(s.Text) {
					written := string(runes[f.Start:f.End])
					i := strings.Index(written, "제")
					if i < 0 || f.Heading || !strings.Contains(written, "조") {
						continue
					}
					changed := written[:i] + ch.change(written[i:])
					key := article.FindString(changed)
					if changed == written || key == "" || strings.Contains(evidence(j, s), key) {
						continue
					}
					s.Text = string(runes[:f.Start]) + changed + string(runes[f.End:])
					return true
				}
				return false
			})
		})
	}
	for _, invented := range []string{"문의는 달빛탐험과에서 받습니다.", "심의는 달빛운영위원회에서 합니다.", "접수는 달빛누리센터에서 합니다.", "전화는 031-987-6543입니다.", "전자우편은 dalbit@example.org입니다.", "안내는 https://dalbit.example.org/minwon 에 있습니다."} {
		add(score.Entities, invented, func(j *judged) bool {
			return each(j, func(s *ground.Sentence) bool { s.Text += " " + invented; return true })
		})
	}
}

var numeral = regexp.MustCompile(`\d+`)

var article = regexp.MustCompile(`제\d+조`)

// evidence is what a sentence's sources and the request say.
func evidence(j *judged, s *ground.Sentence) string {
	out := strings.Join([]string{j.c.Question, j.c.Topic, j.c.Complaint, j.c.Received, j.c.On}, "\n")
	for _, c := range s.Cites {
		src := j.result.Answer.Sources[c.Source-1]
		out += "\n" + strings.Join(append([]string{src.Text, src.Cite, src.Title, src.InForce.From, src.InForce.Until}, src.Path...), "\n")
	}
	return out
}

// stated reports whether every value of m in s is one of about: the damage did
// none, or made of the value something that the metric does not read.
func stated(s, about string, m score.Metric, metricOf map[text.Kind]score.Metric) bool {
	have := text.Values(about)
	for _, v := range text.Values(s) {
		if metricOf[v.Kind] != m || slices.ContainsFunc(have, v.Matches) {
			continue
		}
		runes := []rune(s)
		if !golden.Holds(about, string(runes[v.Start:v.End])) {
			return false
		}
	}
	return true
}
