package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"biseo/assistant"
	"biseo/index"
	"biseo/korea/law"
)

// A spelling is one of the ways in which officials type a citation of an article; ""
// where a law or an article cannot be written so.
type spelling struct {
	name  string
	write func(title string, u law.Unit, paragraph int) string
}

var spellings = []spelling{
	{"「」 제조제항", func(title string, u law.Unit, p int) string {
		return law.Citation{Law: title, Article: u, Paragraph: p}.String()
	}},
	{"without brackets, 제 or spaces", func(title string, u law.Unit, p int) string {
		return title + " " + loose(u, " ") + fmt.Sprintf(" %d항", p)
	}},
	{"title without spaces", func(title string, u law.Unit, _ int) string {
		return strings.ReplaceAll(title, " ", "") + " " + law.Citation{Article: u}.String()
	}},
	{"all without spaces", func(title string, u law.Unit, _ int) string {
		return strings.ReplaceAll(title, " ", "") + loose(u, "")
	}},
	{"short name", func(title string, u law.Unit, _ int) string {
		if s := shortName(title); s != "" {
			return s + " " + loose(u, "")
		}
		return ""
	}},
	{"short name, 영 or 규칙", func(title string, u law.Unit, p int) string {
		for decree, word := range map[string]string{" 시행령": "영", " 시행규칙": "규칙"} {
			if base, ok := strings.CutSuffix(title, decree); ok {
				return cmpOr(shortName(base), base) + " " + word + " " + law.Citation{Article: u, Paragraph: p}.String()
			}
		}
		return ""
	}},
	{"full-width", func(title string, u law.Unit, _ int) string {
		return "「" + title + "」 " + strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r - '0' + '０'
			}
			return r
		}, law.Citation{Article: u}.String())
	}},
	{"Hanja", func(title string, u law.Unit, _ int) string {
		if u.Branch > 0 {
			return title + " 第" + numeral(u.N, "一二三四五六七八九", "十", "百") + "條의" + fmt.Sprint(u.Branch)
		}
		return title + " 第" + numeral(u.N, "一二三四五六七八九", "十", "百") + "條"
	}},
	{"Hangul numerals", func(title string, u law.Unit, _ int) string {
		if u.Branch > 0 {
			return ""
		}
		return title + " 제" + numeral(u.N, "일이삼사오육칠팔구", "십", "백") + "조"
	}},
	{"in a question", func(title string, u law.Unit, p int) string {
		return "우리 과에서 " + title + " " + law.Citation{Article: u}.String() + "에 따라 신청을 처리하려고 하는데 기한과 절차가 어떻게 되나요?"
	}},
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// loose is 19조 or 19조의2.
func loose(u law.Unit, space string) string {
	if u.Branch > 0 {
		return fmt.Sprintf("%d조%s의%d", u.N, space, u.Branch)
	}
	return fmt.Sprintf("%d조", u.N)
}

// numeral writes n, below 1,000, with the numerals for 1 to 9, 10 and 100.
func numeral(n int, digits, ten, hundred string) string {
	d := []rune(digits)
	var b strings.Builder
	for _, place := range []struct {
		value int
		word  string
	}{{100, hundred}, {10, ten}, {1, ""}} {
		if k := n / place.value % 10; k > 1 || k == 1 && place.value == 1 {
			b.WriteString(string(d[k-1]))
			b.WriteString(place.word)
		} else if k == 1 {
			b.WriteString(place.word)
		}
	}
	return b.String()
}

// shortName is a short name of a law, "" if it has none that is in use.
func shortName(title string) string {
	for _, s := range []string{
		"민원처리법", "정보공개법", "개인정보법", "국토계획법", "청탁금지법", "이해충돌방지법", "국가계약법", "지방계약법", "공유재산법", "보조금법",
		"공공기록물법", "공공데이터법", "재난안전법", "옥외광고물법", "기초생활보장법", "정보통신망법", "부패방지권익위법", "데이터기반행정법", "공공감사법",
		"행정업무규정", "고향사랑기부금법", "가족관계등록법", "공익신고자법", "지방보조금법", "긴급복지법",
	} {
		if full, ok := law.FullName(s); ok && full == title {
			return s
		}
		for _, decree := range []string{" 시행령", " 시행규칙"} {
			if full, ok := law.FullName(s); ok && full+decree == title {
				return s + decree
			}
		}
	}
	return ""
}

// TestCitations asks for 5,000 articles in ten spellings and wants each first.
func TestCitations(t *testing.T) {
	dir := copyLaws(t, "admin-subset")
	queries := 5000
	if fewRounds() {
		keepOnly(t, dir, "도로법", "민원처리에관한법률")
		queries = 500
	}
	data := filepath.Join(t.TempDir(), "data")
	ingestJSON(t, "--data", data, dir)
	a, x, err := (&settings{Data: data}).assistant(t.Context(), testConsole(t))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	type article struct {
		title string
		unit  law.Unit
	}
	var all []article
	for _, file := range files {
		title, articles := articlesOf(t, file)
		for _, s := range articles {
			c, err := law.Parse(s)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, article{title, c.Article})
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	asked, missed := map[string]int{}, map[string][]string{}
	for n := 0; n < queries; {
		s := spellings[n%len(spellings)]
		at := all[r.IntN(len(all))]
		query := s.write(at.title, at.unit, 1)
		if query == "" {
			continue
		}
		n++
		asked[s.name]++
		want := law.Citation{Law: at.title, Article: at.unit}.String()
		if top := firstCite(t, a, query); !isPartOf(top, want) {
			missed[s.name] = append(missed[s.name], query+": "+top)
		}
	}
	total := 0
	for _, s := range spellings {
		total += len(missed[s.name])
		t.Logf("%s: %d asked, %d not first %s", s.name, asked[s.name], len(missed[s.name]), strings.Join(missed[s.name][:min(4, len(missed[s.name]))], " | "))
	}
	if total*200 > queries {
		t.Errorf("%d of %d articles not first, want at most 0.5 %%", total, queries)
	}
	t.Run("ranges", func(t *testing.T) { ranges(t, a) })
}

// ranges asks for several articles in one citation and wants them all at the top.
func ranges(t *testing.T, a *assistant.Assistant) {
	tests := []struct{ query, title, want string }{
		{"민원처리법 19조부터 21조까지", "민원 처리에 관한 법률", "제19조 제20조 제21조"},
		{"「도로법」 제61조~제63조", "도로법", "제61조 제62조 제63조"},
		{"도로법 제54조부터 제55조까지에서 정한 내용", "도로법", "제54조 제54조의2 제55조"},
		{"민원처리법 시행령 제3조 및 제4조", "민원 처리에 관한 법률 시행령", "제3조 제4조"},
	}
	for _, tt := range tests {
		want := strings.Fields(tt.want)
		res, err := a.Search(t.Context(), assistant.Principal{}, assistant.SearchRequest{Query: tt.query, On: index.Day(2030, 1, 1), Limit: len(want)})
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !slices.ContainsFunc(res.Hits, func(h assistant.Hit) bool { return isPartOf(h.Cite, "「"+tt.title+"」 "+w) }) {
				var cites []string
				for _, h := range res.Hits {
					cites = append(cites, h.Cite)
				}
				t.Errorf("%s: %s is missing among %q", tt.query, w, cites)
			}
		}
	}
}
