package ground

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestConflicts(t *testing.T) {
	ordinance := func(from, s string) Source {
		return Source{DocID: "o@" + from, Title: "가온시 주차장 조례", Cite: "「가온시 주차장 조례」 제10조", InForce: InForce{From: from}, Text: s}
	}
	guide := func(s string) Source {
		return Source{DocID: "g", Title: "공영주차장 요금 안내", InForce: InForce{From: "2026-01-01"}, Text: s}
	}
	tests := []struct {
		name string
		a, b Source
		want []string // the values
	}{
		{"two versions", ordinance("2025-01-01", "다자녀 가정의 자동차는 주차요금의 100분의 30을 감면한다."), ordinance("2026-07-01", "다자녀 가정의 자동차는 주차요금의 100분의 50을 감면한다."), []string{"100분의 30", "100분의 50"}},
		{"an ordinance and a guide", ordinance("2026-07-01", "환불은 신청을 받은 날부터 5일 안에 한다."), guide("환불은 신청을 받은 날부터 7일 안에 합니다."), []string{"5일", "7일"}},
		{"rows", ordinance("2026-07-01", "구분 | 월 정기권 요금\n주간 정기권 이용 요금 | 80,000원"), guide("구분 | 월 정기권 요금\n주간 정기권 이용 요금 | 70,000원"), []string{"80,000원", "70,000원"}},
		{"equal values", ordinance("2025-01-01", "주차요금의 100분의 50을 감면한다."), guide("주차요금의 50%를 감면합니다."), nil},
		{"another thing", ordinance("2026-07-01", "장애인이 탄 자동차는 주차요금의 100분의 80을 감면한다."), guide("경형자동차는 주차요금의 100분의 50을 감면합니다."), nil},
		{"another bound", ordinance("2026-07-01", "주차구획 수가 50면 이상인 주차장은 표지를 둔다."), guide("주차구획 수가 20면 미만인 주차장은 표지를 둔다."), nil},
		{"another document's subject", ordinance("2026-07-01", "환불은 신청을 받은 날부터 5일 안에 한다."), Source{DocID: "x", Title: "체육관 대관 안내", Text: "환불은 신청을 받은 날부터 7일 안에 합니다."}, nil},
		{"one document", ordinance("2026-07-01", "환불은 신청을 받은 날부터 5일 안에 한다."), ordinance("2026-07-01", "환불은 신청을 받은 날부터 7일 안에 한다."), nil},
	}
	for _, tt := range tests {
		tt.a.N, tt.b.N = 1, 2
		var got []string
		for _, c := range Conflicts([]Source{tt.a, tt.b}) {
			got = append(got, c.ValueA, c.ValueB)
			if c.A.Source != 1 || c.B.Source != 2 || c.DateA != tt.a.InForce.From || c.DateB != tt.b.InForce.From || !holds(c.A, tt.a) || !holds(c.B, tt.b) {
				t.Errorf("%s: %+v", tt.name, c)
			}
		}
		if diff := gocmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// A shelf ranks passages by the terms that they share with a question.
type shelf struct {
	all []Source
	idf map[string]float64
	has []map[string]bool
}

func newShelf(all []Source) shelf {
	s := shelf{all: all, idf: map[string]float64{}}
	for _, src := range all {
		terms := heldTerms(src.Title + "\n" + src.Text)
		s.has = append(s.has, terms)
		for t := range terms {
			s.idf[t]++
		}
	}
	for t, n := range s.idf {
		s.idf[t] = math.Log(1 + float64(len(all))/n)
	}
	return s
}

// find returns the best n passages as sources.
func (s shelf) find(question string, n int) []Source {
	score := make([]float64, len(s.all))
	for t := range heldTerms(question) {
		for i, terms := range s.has {
			if terms[t] {
				score[i] += s.idf[t]
			}
		}
	}
	order := slices.SortedFunc(maps.Keys(rangeOf(len(s.all))), func(a, b int) int { return cmp.Or(cmp.Compare(score[b], score[a]), cmp.Compare(a, b)) })
	var out []Source
	for _, i := range order[:n] {
		src := s.all[i]
		src.N = len(out) + 1
		out = append(out, src)
	}
	return out
}

func rangeOf(n int) map[int]bool {
	m := map[int]bool{}
	for i := range n {
		m[i] = true
	}
	return m
}

// questions are the titles of replies and guides and the headings of articles of
// the sources: what officials ask for.
func questions(all []Source, n int) []string {
	seen := map[string]bool{}
	var out []string
	for i := 0; i < len(all) && len(out) < n; i += max(1, len(all)/(2*n)) {
		head, _, _ := strings.Cut(all[i].Text, "\n")
		if q := all[i].Title + " " + strings.TrimLeft(head, "# "); !seen[q] {
			seen[q] = true
			out = append(out, q)
		}
	}
	return out
}

// Over laws, where passages found together do not contradict each other, hardly
// any set of eight has a conflict. Over the sample agency the sets that have one hold
// a reply from before a change and one from after it: those do disagree.
func TestConflictsOverRealQuestions(t *testing.T) {
	t.Parallel()
	sets := []struct {
		name string
		all  []Source
		most int // sets with a conflict, in percent
	}{{"agency, one day", onOneDay(agency(t), "2026-11-20"), 10}, {"laws", nil, 1}}
	for _, set := range sets {
		t.Run(set.name, func(t *testing.T) {
			if set.all == nil {
				set.all = laws(t)[:1500]
			}
			s := newShelf(set.all)
			asked, alarms := questions(set.all, 100), 0
			for _, q := range asked {
				found := Conflicts(s.find(q, 8))
				if len(found) > 0 {
					alarms++
				}
				for _, c := range found {
					t.Logf("%s: %s, %s\n  %s\n  %s", q, c.ValueA, c.ValueB, c.A.Quote, c.B.Quote)
				}
			}
			t.Logf("%d of %d sets of 8 passages have a conflict", alarms, len(asked))
			if 100*alarms > set.most*len(asked) {
				t.Errorf("%d of %d sets have a conflict, at most %d %%", alarms, len(asked), set.most)
			}
		})
	}
}

// onOneDay leaves out versions that another one has replaced by the day.
func onOneDay(all []Source, day string) []Source {
	last := map[string]string{}
	for _, s := range all {
		if s.InForce.From <= day {
			last[s.Title] = max(last[s.Title], s.InForce.From)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(s Source) bool { return s.InForce.From != last[s.Title] })
}

// Between the versions of the sample agency's documents conflicts are found.
func TestConflictsBetweenVersions(t *testing.T) {
	all := agency(t)
	found := 0
	for i, a := range all {
		for _, b := range all[i+1:] {
			if a.Title == b.Title && a.InForce != b.InForce && a.Cite == b.Cite && slices.Equal(a.Path, b.Path) {
				a.N, b.N = 1, 2
				for _, c := range Conflicts([]Source{a, b}) {
					found++
					t.Logf("%s: %s, %s", cmp.Or(a.Cite, a.Title), c.ValueA, c.ValueB)
				}
			}
		}
	}
	if found < 20 {
		t.Errorf("%d conflicts found, want at least 20", found)
	}
}
