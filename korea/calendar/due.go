package calendar

import (
	"fmt"
	"strings"
	"time"
)

// A Request is what a due date depends on. Received is required, and either
// Kind or Period.
type Request struct {
	Received time.Time   // moment of receipt (접수시각)
	Kind     Kind        // "" if only Period is known
	Period   Period      // zero: the period of Kind
	Excluded []Exclusion // what is not counted; overlaps count once
	Extended []Period    // granted extensions, in order
}

// A Cause is why time is not counted.
type Cause string

const (
	Supplement     Cause = "보완" // from the day it was sent to the day the answer arrived
	Transfer       Cause = "이송" // between distant bodies
	Representative Cause = "대표자 선정"
	Hearing        Cause = "의견청취"
	Test           Cause = "실험ㆍ검사ㆍ감정 등" // also technical review
	Prior          Cause = "선행사무 완결"
	SiteVisit      Cause = "현장조사 등"   // only for Grievance
	Outage         Cause = "정보시스템 장애" // of systems that failed on 2026-05-06 or later
)

// An Exclusion is a time that is not counted (영 제20조, 행정절차법 시행령 제11조).
// From and Until stand for their whole days, both included, but for an Outage
// in a period of hours, which is excluded to the minute.
type Exclusion struct {
	Cause       Cause
	From, Until time.Time
}

// A Skip is a day that was not counted.
type Skip struct {
	Day time.Time
	Why string // 토요일, 일요일, a holiday's name, or a Cause
}

// A Deadline is a due date and how it was found.
type Deadline struct {
	// Due is the moment, if Exact; else the end of working hours on the last
	// day, though by 민법 제159조 the period itself runs until midnight.
	Due     time.Time
	Exact   bool     // counted in hours
	Period  Period   // counted in all, with extensions
	Skipped []Skip   // in order
	Basis   []string // articles
	Counted string   // how it was counted, in Korean, with the articles
	// Caution is not "" when Due is later than the day until which temporary
	// holidays are known.
	Caution string
}

// String prints 2026. 5. 11.(월), and for an exact one 2026. 11. 16.(월) 14:30.
func (d Deadline) String() string {
	if d.Exact {
		return printDay(d.Due) + d.Due.Format(" 15:04")
	}
	return printDay(d.Due)
}

// Due counts a period by 「민원 처리에 관한 법률」 제19조: up to 5 days in working
// hours of which 8 are a day; from 6 days in working days, the first included;
// weeks, months and years by the calendar, the first day included, to the next
// working day. A receipt outside working hours counts from the next working
// moment or day. Disclosure counts by 정보공개법 제29조.
//
// The error is ErrRange where the holidays are not known; other errors say in
// Korean what is wrong with the request.
func (c *Calendar) Due(r Request) (Deadline, error) {
	base, basis, err := r.rule()
	if err != nil {
		return Deadline{}, fmt.Errorf("기한 계산: %w", err)
	}
	total, err := r.total(base)
	if err != nil {
		return Deadline{}, fmt.Errorf("기한 계산: %w", err)
	}
	w := walk{c: c, excluded: r.Excluded}
	d := Deadline{Period: total, Basis: basis}
	counting := act + " 제19조제2항"
	how := "첫날을 넣고 공휴일과 토요일을 빼고 세어"
	start := r.Received.In(Seoul)
	switch {
	case base.Unit == WorkingHour || base.Unit == WorkingDay && base.N <= 5 && r.Kind != Disclosure:
		counting = act + " 제19조제1항"
		how = "접수시각부터 근무시간만 세어"
		d.Exact, w.exact = true, true
		hours := total.N
		if total.Unit == WorkingDay {
			hours *= 8
			how = fmt.Sprintf("접수시각부터 근무시간만(1일은 8시간, 모두 %d시간) 세어", hours)
		}
		d.Due, err = w.hours(start, time.Duration(hours)*time.Hour)
	case base.Unit == WorkingDay:
		if r.Kind == Disclosure {
			counting = openAct + " 제29조제2항"
		}
		d.Due, err = w.days(Day(start), total.N)
	default:
		counting = act + " 제19조제3항, 「민법」 제159조부터 제161조까지"
		how = "첫날을 넣고 역(曆)에 따라 세되 마지막 날이 토요일이나 공휴일이면 그다음 날로"
		d.Due, err = w.calendar(Day(start), total)
	}
	if err != nil {
		return Deadline{}, fmt.Errorf("기한 계산: %w", err)
	}
	d.Skipped = w.skipped
	d.Basis = append(d.Basis, counting)
	if len(r.Excluded) > 0 {
		d.Basis = append(d.Basis, decree+" 제20조")
	}
	if len(r.Extended) > 0 {
		d.Basis = append(d.Basis, ExtensionOf(r.Kind, r.Received).Basis)
	}
	received := printDay(start)
	if d.Exact {
		received += start.Format(" 15:04")
	}
	d.Counted = fmt.Sprintf("%s 접수, 처리기간 %s: %s에 따라 %s %s까지입니다%s.", received, r.describe(base), counting, how, d, skipNote(d.Skipped))
	if Day(d.Due).After(c.checked) {
		d.Caution = fmt.Sprintf("%s 뒤에 지정되는 임시공휴일은 반영되지 않았습니다.", printDay(c.checked))
	}
	return d, nil
}

// rule returns the period to count and the article that sets it.
func (r Request) rule() (Period, []string, error) {
	if r.Received.IsZero() {
		return Period{}, nil, fmt.Errorf("접수시각이 없습니다")
	}
	var basis []string
	p := r.Period
	if r.Kind != "" {
		rule, ok := RuleOf(r.Kind)
		if !ok {
			return p, nil, fmt.Errorf("민원의 종류 %q을(를) 알 수 없습니다", r.Kind)
		}
		basis = []string{rule.Basis}
		if p == (Period{}) {
			p = rule.Period
		}
	}
	if p == (Period{}) {
		return p, nil, fmt.Errorf("처리기간이 정해지지 않았습니다. 법정민원은 민원편람의 처리기간을 넣으십시오")
	}
	return p, basis, p.check()
}

func (p Period) check() error {
	switch p.Unit {
	case WorkingHour, WorkingDay, Week, Month, Year:
		if p.N > 0 && p.N < 10000 {
			return nil
		}
	}
	return fmt.Errorf("처리기간 %q이(가) 올바르지 않습니다", p.String())
}

// total adds the extensions to base and holds them to 영 제21조.
func (r Request) total(base Period) (Period, error) {
	e := ExtensionOf(r.Kind, r.Received)
	if len(r.Extended) > e.Times {
		return base, fmt.Errorf("처리기간은 %d번까지만 연장할 수 있습니다(%s)", e.Times, e.Basis)
	}
	sum := base
	for _, x := range r.Extended {
		if err := x.check(); err != nil {
			return base, err
		}
		if x.Unit != base.Unit || x.N > base.N {
			return base, fmt.Errorf("연장 기간 %s: 처리기간 %s의 범위에서 같은 단위로만 연장할 수 있습니다(%s)", x, base, e.Basis)
		}
		sum.N += x.N
	}
	visits := 0
	for _, x := range r.Excluded {
		switch {
		case x.From.IsZero() || x.Until.Before(x.From):
			return base, fmt.Errorf("%s 기간의 시작과 끝이 올바르지 않습니다", x.Cause)
		case x.Cause == Outage && x.From.Before(amended):
			return base, fmt.Errorf("2026. 5. 6. 전에 생긴 정보시스템 장애는 뺄 수 없습니다(%s 부칙 제3조)", decree)
		case x.Cause == SiteVisit && r.Kind != Grievance:
			return base, fmt.Errorf("현장조사 등의 기간은 고충민원에서만 뺄 수 있습니다(%s 제17조제5항)", decree)
		case x.Cause == SiteVisit:
			visits += int(Day(x.Until).Sub(Day(x.From)).Hours())/24 + 1
		}
	}
	if visits > 21 {
		return base, fmt.Errorf("현장조사 등은 14일, 한 차례 연장하여도 21일을 넘을 수 없습니다(%s 제17조제4항)", decree)
	}
	return sum, nil
}

// describe prints the period with the article that sets it: 7일(「…」 제14조제2호). A
// period that the request names has none but for Statutory, whose the agency sets.
func (r Request) describe(base Period) string {
	s := base.String()
	if rule, ok := RuleOf(r.Kind); ok && (r.Period == (Period{}) || r.Kind == Statutory) {
		s += "(" + rule.Basis + ")"
		if r.Kind == Other {
			s = "즉시(3근무시간, " + rule.Basis + ")"
		}
	}
	for _, x := range r.Extended {
		s += "+연장 " + x.String()
	}
	return s
}

// A walk goes through the days from the receipt on and notes those it skips.
type walk struct {
	c        *Calendar
	excluded []Exclusion
	exact    bool
	skipped  []Skip
}

// off says why day does not count; "" if it does.
func (w *walk) off(day time.Time) (string, error) {
	why, err := w.c.dayOff(day)
	if why == "" && err == nil {
		why = w.excludes(day)
	}
	return why, err
}

func (w *walk) excludes(day time.Time) string {
	for _, x := range w.excluded {
		if w.exact && x.Cause == Outage {
			continue
		}
		if !day.Before(Day(x.From)) && !day.After(Day(x.Until)) {
			return string(x.Cause)
		}
	}
	return ""
}

func (w *walk) skip(day time.Time, why string) { w.skipped = append(w.skipped, Skip{day, why}) }

// hours returns the first moment at which left working hours have passed.
func (w *walk) hours(start time.Time, left time.Duration) (time.Time, error) {
	for day := Day(start); ; day = day.AddDate(0, 0, 1) {
		why, err := w.off(day)
		if err != nil {
			return day, err
		}
		if why != "" {
			w.skip(day, why)
			continue
		}
		for _, s := range []span{{w.c.work.from, w.c.lunch.from}, {w.c.lunch.to, w.c.work.to}} {
			from, to := day.Add(s.from), day.Add(s.to)
			if from.Before(start) {
				from = start
			}
			for from.Before(to) {
				until := to
				if free, broken := w.outage(from, to); broken {
					if free.Equal(from) { // the outage has begun: go to its end
						from = w.restored(from)
						continue
					}
					until = free
				}
				if d := until.Sub(from); d < left {
					left -= d
					from = until
				} else {
					return from.Add(left), nil
				}
			}
		}
	}
}

// outage returns the beginning of the first outage within [from, to), or from
// if one lasts then.
func (w *walk) outage(from, to time.Time) (time.Time, bool) {
	first, found := to, false
	for _, x := range w.excluded {
		if x.Cause != Outage || !x.Until.After(from) || !x.From.Before(first) {
			continue
		}
		first, found = x.From.In(Seoul), true
		if first.Before(from) {
			first = from
		}
	}
	return first, found
}

// restored returns the end of the outages that last at t.
func (w *walk) restored(t time.Time) time.Time {
	end := t
	for _, x := range w.excluded {
		if x.Cause == Outage && !x.From.After(t) && x.Until.After(end) {
			end = x.Until.In(Seoul)
		}
	}
	return end
}

// days returns the end of the n-th working day from day on.
func (w *walk) days(day time.Time, n int) (time.Time, error) {
	for ; ; day = day.AddDate(0, 0, 1) {
		why, err := w.off(day)
		if err != nil {
			return day, err
		}
		if why != "" {
			w.skip(day, why)
		} else if n--; n == 0 {
			return day.Add(w.c.work.to), nil
		}
	}
}

// calendar counts weeks, months and years: 민법 제160조, and 제161조 for the end.
func (w *walk) calendar(day time.Time, p Period) (time.Time, error) {
	n := int(after(day, p).Sub(day).Hours()) / 24 // the days of the period, day among them
	for ; ; day = day.AddDate(0, 0, 1) {
		why := w.excludes(day)
		if why != "" {
			w.skip(day, why)
		} else if n > 0 {
			n--
		}
		off, err := w.c.dayOff(day)
		if err != nil {
			return day, err
		}
		if n > 0 || why != "" {
			continue
		}
		if off == "" {
			return day.Add(w.c.work.to), nil
		}
		w.skip(day, off)
	}
}

// after is the day after the period that begins with day: the corresponding
// day of the last week, month or year, or the first of the next month where
// that month has none.
func after(day time.Time, p Period) time.Time {
	months := p.N
	switch p.Unit {
	case Week:
		return day.AddDate(0, 0, 7*p.N)
	case Year:
		months *= 12
	}
	y, m, d := day.Date()
	end := time.Date(y, m+time.Month(months), d, 0, 0, 0, 0, Seoul)
	if end.Day() != d {
		end = end.AddDate(0, 0, 1-end.Day())
	}
	return end
}

// skipNote sums up the skipped days: (토ㆍ일 2일, 5. 1. 노동절 제외).
func skipNote(skipped []Skip) string {
	var parts []string
	weekend := 0
	for i := 0; i < len(skipped); i++ {
		s := skipped[i]
		if s.Why == "토요일" || s.Why == "일요일" {
			weekend++
			continue
		}
		last := s.Day
		for i+1 < len(skipped) && skipped[i+1].Why == s.Why {
			i++
			last = skipped[i].Day
		}
		when := s.Day.Format("1. 2.")
		if last != s.Day {
			when += "∼" + last.Format("1. 2.")
		}
		parts = append(parts, when+" "+s.Why)
	}
	if weekend > 0 {
		parts = append([]string{fmt.Sprintf("토ㆍ일 %d일", weekend)}, parts...)
	}
	if len(parts) == 0 {
		return ""
	}
	return "(" + strings.Join(parts, ", ") + " 제외)"
}
