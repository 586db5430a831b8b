package calendar

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// at reads 2026-05-06 or 2026-05-06 14:30 in Seoul.
func at(t testing.TB, s string) time.Time {
	t.Helper()
	layout := "2006-01-02 15:04"[:len(s)]
	out, err := time.ParseInLocation(layout, s, Seoul)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDayOff(t *testing.T) {
	for _, tt := range []struct{ day, want string }{
		{"2024-04-10", "제22대 국회의원선거일"},
		{"2024-10-01", "임시공휴일(국군의 날)"},
		{"2025-01-27", "임시공휴일"},
		{"2025-05-06", "대체공휴일(부처님 오신 날)"},
		{"2025-06-03", "임시공휴일(제21대 대통령선거일)"},
		{"2025-05-01", ""}, // 노동절 is a holiday of public offices from 2026 on
		{"2026-05-01", "노동절"},
		{"2025-07-17", ""},
		{"2026-07-17", "제헌절"},
		{"2026-06-03", "제9회 전국동시지방선거일"},
		{"2026-09-26", "추석 다음 날"},
		{"2026-09-28", ""}, // 추석 on a Saturday has no substitute day
		{"2026-06-08", ""}, // nor has 현충일
		{"2027-02-09", "대체공휴일(설날)"},
		{"2027-12-27", "대체공휴일(기독탄신일)"},
		{"2026-11-21", "토요일"},
		{"2026-11-22", "일요일"},
		{"2026-11-23", ""},
	} {
		got, err := Default().dayOff(at(t, tt.day))
		if err != nil || got != tt.want {
			t.Errorf("dayOff(%s) = %q, %v; want %q", tt.day, got, err, tt.want)
		}
	}
}

func TestOutsideTheTable(t *testing.T) {
	c := Default()
	first, last := c.first, c.last
	if first != at(t, "2024-01-01") || last != at(t, "2027-12-31") {
		t.Fatalf("first and last day = %v, %v", first, last)
	}
	for _, day := range []time.Time{first.AddDate(0, 0, -1), last.AddDate(0, 0, 1), {}} {
		if _, err := c.dayOff(day); !errors.Is(err, ErrRange) {
			t.Errorf("dayOff(%v): %v, want ErrRange", day, err)
		}
	}
	for _, p := range []Period{Days(7), Days(5), Hours(30), {2, Week}, {1, Year}} {
		if _, err := c.Due(Request{Received: at(t, "2027-12-29 10:00"), Period: p}); !errors.Is(err, ErrRange) {
			t.Errorf("Due(%s at the end of the table): %v, want ErrRange", p, err)
		}
	}
	if d, err := c.Due(Request{Received: at(t, "2027-12-29 10:00"), Kind: Other}); err != nil {
		t.Errorf("Due within the table: %v, %v", d, err)
	}
}

// inOrder are the holidays of c in the order of their days.
func inOrder(c *Calendar) []holiday {
	return slices.SortedFunc(maps.Values(c.holidays), func(a, b holiday) int { return a.Day.Compare(b.Day) })
}

// TestSubstituteDays computes 제3조 from the other lines of the table.
func TestSubstituteDays(t *testing.T) {
	c := Default()
	named := map[time.Time]string{}
	var want, got []string
	for _, h := range inOrder(c) {
		if h.How == "대체" {
			got = append(got, h.Day.Format(time.DateOnly))
		} else {
			named[h.Day] = h.Name
		}
	}
	for _, h := range inOrder(c) {
		onWeekend := h.Day.Weekday() == time.Sunday
		switch {
		case h.How == "대체", h.How == "선거", h.How == "임시", h.Name == "현충일", h.Name == "1월 1일":
			continue
		case !strings.Contains(h.Name, "설날") && !strings.Contains(h.Name, "추석"):
			onWeekend = onWeekend || h.Day.Weekday() == time.Saturday
		}
		if onWeekend || strings.Contains(h.Name, ", ") { // two holidays on one day
			day := h.Day.AddDate(0, 0, 1)
			for named[day] != "" || day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
				day = day.AddDate(0, 0, 1)
			}
			named[day] = "대체공휴일"
			want = append(want, day.Format(time.DateOnly))
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("substitute days (-제3조 +table):\n%s", diff)
	}
}

// TestYears holds every year to the days that recur.
func TestYears(t *testing.T) {
	byYear := map[int]map[string]int{}
	for _, h := range inOrder(Default()) {
		if h.Name == "" || !strings.HasPrefix(h.Basis, "제") || h.How == "" {
			t.Errorf("%v: name, basis and way are required", h)
		}
		for name := range strings.SplitSeq(h.Name, ", ") {
			if byYear[h.Day.Year()] == nil {
				byYear[h.Day.Year()] = map[string]int{}
			}
			byYear[h.Day.Year()][name]++
		}
	}
	for year := 2024; year <= 2027; year++ {
		want := []string{"1월 1일", "설날 전날", "설날", "설날 다음 날", "3ㆍ1절", "부처님 오신 날", "어린이날", "현충일", "광복절", "추석 전날", "추석", "추석 다음 날", "개천절", "한글날", "기독탄신일"}
		if year >= 2026 {
			want = append(want, "노동절", "제헌절")
		}
		for _, name := range want {
			if byYear[year][name] != 1 {
				t.Errorf("%d: %s occurs %d times", year, name, byYear[year][name])
			}
		}
	}
}

func TestWith(t *testing.T) {
	c, err := Default().With(strings.NewReader("\ufeff# 우리 기관\r\n2026-10-19\t개청기념일\t조례 제12조\r\n근무\t08:30\t17:30\n점심\t11:30\t12:30\n유효\t2028-01-01\t2028-12-31\n2028-01-03\t개청기념일\n2026-10-09\t문화의 날\n"))
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[string]string{"2026-10-19": "개청기념일", "2028-01-03": "개청기념일", "2028-01-04": "", "2026-10-09": "한글날, 문화의 날"} {
		if got, err := c.dayOff(at(t, day)); got != want || err != nil {
			t.Errorf("dayOff(%s) = %q, %v; want %q", day, got, err, want)
		}
	}
	d, err := c.Due(Request{Received: at(t, "2026-10-16 16:30"), Kind: Other})
	if want := at(t, "2026-10-20 10:30"); err != nil || !d.Due.Equal(want) {
		t.Errorf("Due = %v, %v; want %v", d, err, want)
	}
	if why, _ := Default().dayOff(at(t, "2026-10-19")); why != "" {
		t.Errorf("With changed the default calendar: %s", why)
	}
	for file, want := range map[string]string{
		"2026-13-01\tx":                 `line 1: "2026-13-01": want a day`,
		"\n2026-10-19":                  "line 2: 2026-10-19: want the holiday's name",
		"근무\t09:00":                     "line 1: 근무: want 3 fields",
		"근무\t9시\t18:00":                 `"9시": want a time such as 09:00`,
		"근무\t18:00\t09:00":              "want working hours that hold the lunch break",
		"유효\t2029-01-01\t2029-12-31":    "the days after 2027-12-31 are missing",
		"유효\t2028-12-31\t2028-01-01":    "2028-01-01 is before 2028-12-31",
		"2030-01-01\t1월 1일":             "outside the days of 유효",
		"2026-10-19 개청기념일":              "want a day such as",
		"점심\t12:00\t19:00":              "hold the lunch break",
		strings.Repeat("x", 1<<16) + "": "token too long",
	} {
		if _, err := Default().With(strings.NewReader(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("With(%.40q): %v, want %q", file, err, want)
		}
	}
}

// TestWordsOfTheDecree compares what the rules quote with the decree itself.
func TestWordsOfTheDecree(t *testing.T) {
	path := filepath.Join("..", "..", "..", "shared", "data", "laws-kr", "admin-subset", "민원처리에관한법률", "시행령.md")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Skip("needs ../shared/data/laws-kr")
	}
	for _, reason := range append(ExtensionOf(Query, at(t, "2026-05-06")).Reasons, "단순 업무과중, 민원 처리 담당자의 지정 지연 또는 부재", "14일의 범위에서 현장조사 등을", "3근무시간 이내") {
		if !strings.Contains(string(b), reason) {
			t.Errorf("the decree does not say %q", reason)
		}
	}
}
