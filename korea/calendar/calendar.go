// Package calendar counts working days and working hours of Korean public
// offices, and the periods within which complaints (민원) must be handled.
//
// All days are days in Seoul: a time in another zone is converted first. The
// holidays are data, holidays.tsv, with their legal basis; beyond its last day
// nothing is computed. An agency adds its own holidays and hours with With.
package calendar

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"sync"
	"time"
)

// Seoul is the time zone of every result. Korea has had no summer time since 1988.
var Seoul = time.FixedZone("KST", 9*60*60)

// ErrRange says that a day lies outside the years that the holiday table covers.
var ErrRange = errors.New("공휴일 자료에 없는 날")

// A holiday is one line of the table.
type holiday struct {
	Day   time.Time // midnight in Seoul
	Name  string    // as in 월력요항: 추석 전날, 대체공휴일(설날)
	Basis string    // unit of 「관공서의 공휴일에 관한 규정」, or what an agency's file says
	How   string    // 정일, 음력, 대체, 선거, 임시; "" in an agency's file
}

// A Calendar knows which hours an agency works. It is immutable and safe for
// concurrent use; Default and With make one.
type Calendar struct {
	first, last time.Time // days it can speak of
	checked     time.Time // until when temporary holidays (임시공휴일) are known
	holidays    map[time.Time]holiday
	work, lunch span // of each working day, from midnight
}

// A span is a piece of a day.
type span struct{ from, to time.Duration }

//go:embed holidays.tsv
var holidaysTSV string

var national = sync.OnceValue(func() *Calendar {
	c := &Calendar{holidays: map[time.Time]holiday{}}
	if err := c.read(strings.NewReader(holidaysTSV)); err != nil {
		panic(fmt.Sprintf("holidays.tsv: %v", err)) // a fault of the program, which its tests show
	}
	return c
})

// Default is the calendar of national public offices: 09:00 to 18:00 with lunch
// from 12:00 to 13:00 (「국가공무원 복무규정」 제9조제2항).
func Default() *Calendar { return national() }

// With returns c with an agency's own file on top. A line of the file is a day
// off, a setting or a comment; fields are separated by one tab:
//
//	# a comment
//	2026-10-19	개청기념일	조례 제12조     a day off; name required, basis optional
//	근무	08:30	17:30                    working hours
//	점심	11:30	12:30
//	유효	2028-01-01	2028-12-31           the file holds all holidays of these days too
//	확인	2027-11-30                       the day until which temporary holidays are known
//
// 유효 may only extend c without a gap.
func (c *Calendar) With(r io.Reader) (*Calendar, error) {
	out := *c
	out.holidays = maps.Clone(c.holidays)
	if err := out.read(r); err != nil {
		return nil, fmt.Errorf("read calendar: %w", err)
	}
	return &out, nil
}

func (c *Calendar) read(r io.Reader) error {
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimRight(strings.TrimPrefix(sc.Text(), "\ufeff"), " \t\r")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := c.set(strings.Split(line, "\t")); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := sc.Err(); err != nil {
		return err
	}
	if c.work.from >= c.work.to || c.lunch.from > c.lunch.to || c.lunch.from < c.work.from || c.lunch.to > c.work.to {
		return errors.New("근무 and 점심: want working hours that hold the lunch break, such as 09:00 to 18:00 and 12:00 to 13:00")
	}
	for _, h := range c.holidays {
		if h.Day.Before(c.first) || h.Day.After(c.last) {
			return fmt.Errorf("%s %s: outside the days of 유효", h.Day.Format(time.DateOnly), h.Name)
		}
	}
	return nil
}

// set takes in the fields of one line.
func (c *Calendar) set(f []string) error {
	want := map[string]int{"유효": 3, "확인": 2, "근무": 3, "점심": 3}[f[0]]
	if want > 0 && len(f) != want {
		return fmt.Errorf("%s: want %d fields separated by tabs, got %d", f[0], want, len(f))
	}
	var err error
	switch f[0] {
	case "유효":
		first, last, err := days(f[1], f[2])
		if err != nil {
			return err
		}
		if !c.first.IsZero() && first.After(c.last.AddDate(0, 0, 1)) {
			return fmt.Errorf("유효: the days after %s are missing", c.last.Format(time.DateOnly))
		}
		if c.first.IsZero() || first.Before(c.first) {
			c.first = first
		}
		if last.After(c.last) {
			c.last = last
		}
		return nil
	case "확인":
		c.checked, err = parseDay(f[1])
	case "근무":
		c.work, err = parseSpan(f[1], f[2])
	case "점심":
		c.lunch, err = parseSpan(f[1], f[2])
	default:
		day, err := parseDay(f[0])
		if err != nil {
			return err
		}
		if len(f) < 2 || f[1] == "" {
			return fmt.Errorf("%s: want the holiday's name after a tab", f[0])
		}
		f = append(f, "", "")
		if have, ok := c.holidays[day]; ok && have.Name != f[1] {
			f[1] = have.Name + ", " + f[1]
		}
		c.holidays[day] = holiday{Day: day, Name: f[1], Basis: f[2], How: f[3]}
	}
	return err
}

func days(a, b string) (first, last time.Time, err error) {
	if first, err = parseDay(a); err == nil {
		last, err = parseDay(b)
	}
	if err == nil && last.Before(first) {
		err = fmt.Errorf("%s is before %s", b, a)
	}
	return first, last, err
}

func parseDay(s string) (time.Time, error) {
	t, err := time.ParseInLocation(time.DateOnly, s, Seoul)
	if err != nil {
		return t, fmt.Errorf("%q: want a day such as 2026-10-19, 유효, 확인, 근무 or 점심", s)
	}
	return t, nil
}

func parseSpan(from, to string) (span, error) {
	var at [2]time.Duration
	for i, s := range []string{from, to} {
		t, err := time.Parse("15:04", s)
		if err != nil {
			return span{}, fmt.Errorf("%q: want a time such as 09:00", s)
		}
		at[i] = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
	return span{at[0], at[1]}, nil
}

// Day is midnight in Seoul of the day on which t falls there.
func Day(t time.Time) time.Time {
	y, m, d := t.In(Seoul).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, Seoul)
}

// dayOff says why the day of t in Seoul is no working day: the holiday's name,
// 토요일 or 일요일; "" for a working day. The error is ErrRange.
func (c *Calendar) dayOff(t time.Time) (string, error) {
	day := Day(t)
	if day.Before(c.first) || day.After(c.last) {
		return "", fmt.Errorf("%s: %w입니다. 자료는 %s부터 %s까지만 있습니다", printDay(day), ErrRange, printDay(c.first), printDay(c.last))
	}
	if h, ok := c.holidays[day]; ok {
		return h.Name, nil
	}
	switch day.Weekday() {
	case time.Saturday:
		return "토요일", nil
	case time.Sunday:
		return "일요일", nil
	}
	return "", nil
}

// printDay is the official form of a date with its weekday: 2026. 6. 19.(금).
func printDay(t time.Time) string {
	return t.Format("2006. 1. 2.") + "(" + []string{"일", "월", "화", "수", "목", "금", "토"}[t.Weekday()] + ")"
}
