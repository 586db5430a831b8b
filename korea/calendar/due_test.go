package calendar

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDue(t *testing.T) {
	for _, tt := range []struct {
		received string
		period   Period
		skipped  string
		due      string
	}{
		{"2026-03-04 09:00", Days(7), "토요일 일요일", "2026-03-12 18:00"},
		{"2026-04-29 09:00", Days(7), "노동절 토요일 일요일 어린이날 토요일 일요일", "2026-05-11 18:00"},
		{"2026-05-18 09:00", Days(14), "토요일 부처님 오신 날 대체공휴일(부처님 오신 날) 토요일 일요일 제9회 전국동시지방선거일 현충일 일요일", "2026-06-08 18:00"},
		{"2026-07-10 09:00", Days(7), "토요일 일요일 제헌절 토요일 일요일", "2026-07-21 18:00"},
		{"2026-09-21 09:00", Days(7), "추석 전날 추석 추석 다음 날 일요일", "2026-10-01 18:00"},
		{"2026-10-02 09:00", Days(14), "개천절 일요일 대체공휴일(개천절) 한글날 토요일 일요일 토요일 일요일", "2026-10-23 18:00"},
		{"2026-11-16 10:30", Hours(3), "", "2026-11-16 14:30"},
		{"2026-07-16 17:00", Hours(3), "제헌절 토요일 일요일", "2026-07-20 11:00"},
		{"2026-09-23 16:00", Hours(8), "추석 전날 추석 추석 다음 날 일요일", "2026-09-28 16:00"},
		{"2026-09-23 16:00", Days(1), "추석 전날 추석 추석 다음 날 일요일", "2026-09-28 16:00"},
		{"2026-05-22 14:00", Days(5), "토요일 부처님 오신 날 대체공휴일(부처님 오신 날) 토요일 일요일", "2026-06-01 14:00"},
		{"2026-05-22 14:00", Hours(40), "토요일 부처님 오신 날 대체공휴일(부처님 오신 날) 토요일 일요일", "2026-06-01 14:00"},

		{"2026-11-16 10:00", Days(5), "토요일 일요일", "2026-11-23 10:00"}, // the longest in hours
		{"2026-11-16 10:00", Days(6), "토요일 일요일", "2026-11-23 18:00"}, // the shortest in days
		{"2026-11-16 09:00", Hours(8), "", "2026-11-16 18:00"},       // ends with the day, not on the next morning
		{"2026-11-16 07:10", Hours(3), "", "2026-11-16 12:00"},
		{"2026-11-16 12:30", Hours(3), "", "2026-11-16 16:00"},
		{"2026-11-16 19:00", Hours(1), "", "2026-11-17 10:00"},
		{"2026-11-21 11:00", Hours(3), "토요일 일요일", "2026-11-23 12:00"},
		{"2026-11-21 11:00", Days(6), "토요일 일요일 토요일 일요일", "2026-11-30 18:00"},
		{"2026-03-04 23:00", Days(7), "토요일 일요일", "2026-03-12 18:00"},

		{"2026-03-04 09:00", Period{2, Week}, "", "2026-03-17 18:00"},
		{"2026-03-03 09:00", Period{1, Month}, "", "2026-04-02 18:00"},
		{"2026-01-30 09:00", Period{1, Month}, "토요일 3ㆍ1절 대체공휴일(3ㆍ1절)", "2026-03-03 18:00"}, // no 30th: the last of February
		{"2024-01-31 09:00", Period{1, Month}, "", "2024-02-29 18:00"},
		{"2024-02-29 09:00", Period{1, Year}, "", "2025-02-28 18:00"},
		{"2025-11-03 09:00", Period{6, Month}, "", "2026-05-04 18:00"},
	} {
		d, err := Default().Due(Request{Received: at(t, tt.received), Period: tt.period})
		if err != nil {
			t.Errorf("Due(%s, %s): %v", tt.received, tt.period, err)
			continue
		}
		var why []string
		for _, s := range d.Skipped {
			why = append(why, s.Why)
		}
		if got := d.Due.Format("2006-01-02 15:04"); got != tt.due || (tt.period.Unit != Month && strings.Join(why, " ") != tt.skipped) {
			t.Errorf("Due(%s, %s) = %s, skipped %v\n want %s, skipped %v", tt.received, tt.period, got, why, tt.due, tt.skipped)
		}
	}
}

func TestDueByKind(t *testing.T) {
	received := at(t, "2026-04-29 17:30")
	for _, tt := range []struct {
		kind  Kind
		due   string
		basis string
	}{
		{LawQuery, "2026. 5. 20.(수)", "제14조제1호"},
		{Query, "2026. 5. 11.(월)", "제14조제2호"},
		{Suggestion, "2026. 5. 20.(수)", "제15조"},
		{Other, "2026. 4. 30.(목) 11:30", "제16조제1항, 제19조"},
		{Grievance, "2026. 5. 11.(월)", "제17조제1항"},
		{Disclosure, "2026. 5. 14.(목)", "「공공기관의 정보공개에 관한 법률」 제29조제2항"},
	} {
		d, err := Default().Due(Request{Received: received, Kind: tt.kind})
		if err != nil || d.String() != tt.due || !strings.Contains(strings.Join(d.Basis, " "), tt.basis) {
			t.Errorf("Due(%s) = %s by %q, %v; want %s by %s", tt.kind, d, d.Basis, err, tt.due, tt.basis)
		}
	}
	if _, err := Default().Due(Request{Received: received, Kind: Statutory}); err == nil || !strings.Contains(err.Error(), "민원편람") {
		t.Errorf("a statutory complaint without a period: %v", err)
	}
	if d, err := Default().Due(Request{Received: received, Kind: Statutory, Period: Days(3)}); err != nil || d.String() != "2026. 5. 6.(수) 17:30" {
		t.Errorf("a statutory complaint of 3 days = %s, %v", d, err)
	}
}

func TestCounted(t *testing.T) {
	for _, tt := range []struct {
		r    Request
		want string
	}{
		{Request{Received: at(t, "2026-04-29 09:00"), Kind: Query}, "2026. 4. 29.(수) 접수, 처리기간 7일(「민원 처리에 관한 법률 시행령」 제14조제2호): 「민원 처리에 관한 법률」 제19조제2항에 따라 첫날을 넣고 공휴일과 토요일을 빼고 세어 2026. 5. 11.(월)까지입니다(토ㆍ일 4일, 5. 1. 노동절, 5. 5. 어린이날 제외)."},
		{Request{Received: at(t, "2026-11-16 10:30"), Kind: Other}, "2026. 11. 16.(월) 10:30 접수, 처리기간 즉시(3근무시간, 「민원 처리에 관한 법률 시행령」 제16조제1항, 제19조): 「민원 처리에 관한 법률」 제19조제1항에 따라 접수시각부터 근무시간만 세어 2026. 11. 16.(월) 14:30까지입니다."},
		{Request{Received: at(t, "2026-05-22 14:00"), Period: Days(5)}, "2026. 5. 22.(금) 14:00 접수, 처리기간 5일: 「민원 처리에 관한 법률」 제19조제1항에 따라 접수시각부터 근무시간만(1일은 8시간, 모두 40시간) 세어 2026. 6. 1.(월) 14:00까지입니다(토ㆍ일 3일, 5. 24. 부처님 오신 날, 5. 25. 대체공휴일(부처님 오신 날) 제외)."},
		{Request{Received: at(t, "2026-03-04 09:00"), Kind: Statutory, Period: Days(7), Extended: []Period{Days(7)}, Excluded: []Exclusion{{Supplement, at(t, "2026-03-05 15:00"), at(t, "2026-03-09 10:00")}}}, "2026. 3. 4.(수) 접수, 처리기간 7일(「민원 처리에 관한 법률」 제17조)+연장 7일: 「민원 처리에 관한 법률」 제19조제2항에 따라 첫날을 넣고 공휴일과 토요일을 빼고 세어 2026. 3. 26.(목)까지입니다(토ㆍ일 6일, 3. 5.∼3. 6. 보완, 3. 9. 보완 제외)."},
	} {
		d, err := Default().Due(tt.r)
		if err != nil {
			t.Errorf("Due(%v): %v", tt.r, err)
		}
		if diff := cmp.Diff(tt.want, d.Counted); diff != "" {
			t.Errorf("counted (-want +got):\n%s", diff)
		}
	}
}

func TestCaution(t *testing.T) {
	known, _ := Default().Due(Request{Received: at(t, "2026-05-18 09:00"), Kind: Query})
	later, _ := Default().Due(Request{Received: at(t, "2027-05-18 09:00"), Kind: Query})
	if known.Caution != "" || !strings.Contains(later.Caution, "임시공휴일") {
		t.Errorf("cautions %q and %q", known.Caution, later.Caution)
	}
}

func TestOtherZone(t *testing.T) {
	// 2026-07-16 17:00 in Seoul, written in UTC and in New York.
	for _, received := range []time.Time{time.Date(2026, 7, 16, 8, 0, 0, 0, time.UTC), time.Date(2026, 7, 16, 4, 0, 0, 0, time.FixedZone("EDT", -4*60*60))} {
		d, err := Default().Due(Request{Received: received, Kind: Other})
		if err != nil || d.String() != "2026. 7. 20.(월) 11:00" || d.Due.Location() != Seoul {
			t.Errorf("Due(%v) = %s, %v", received, d, err)
		}
	}
	// The evening of the 16th in UTC is already the holiday in Seoul.
	if why, err := Default().dayOff(time.Date(2026, 7, 16, 20, 0, 0, 0, time.UTC)); why == "" || err != nil {
		t.Errorf("dayOff = %q, %v", why, err)
	}
}

func TestExcluded(t *testing.T) {
	for _, tt := range []struct {
		name string
		r    Request
		want string
	}{
		{"days of 보완, both ends", Request{Received: at(t, "2026-03-02 09:00"), Kind: Query, Excluded: []Exclusion{{Supplement, at(t, "2026-03-04"), at(t, "2026-03-06")}}}, "2026. 3. 16.(월)"},
		{"overlapping ones count once", Request{Received: at(t, "2026-03-02 09:00"), Kind: Query, Excluded: []Exclusion{{Supplement, at(t, "2026-03-04"), at(t, "2026-03-06")}, {Test, at(t, "2026-03-05"), at(t, "2026-03-08")}}}, "2026. 3. 16.(월)"},
		{"whole days in a period of hours", Request{Received: at(t, "2026-11-16 17:00"), Kind: Other, Excluded: []Exclusion{{Supplement, at(t, "2026-11-17 10:00"), at(t, "2026-11-17 11:00")}}}, "2026. 11. 18.(수) 11:00"},
		{"an outage to the minute", Request{Received: at(t, "2026-11-16 09:30"), Kind: Other, Excluded: []Exclusion{{Outage, at(t, "2026-11-16 10:00"), at(t, "2026-11-16 11:20")}}}, "2026. 11. 16.(월) 14:50"},
		{"overlapping outages over night", Request{Received: at(t, "2026-11-16 16:00"), Kind: Other, Excluded: []Exclusion{{Outage, at(t, "2026-11-16 17:00"), at(t, "2026-11-17 09:30")}, {Outage, at(t, "2026-11-17 09:00"), at(t, "2026-11-17 10:00")}}}, "2026. 11. 17.(화) 12:00"},
		{"an outage over before the receipt", Request{Received: at(t, "2026-11-16 09:30"), Kind: Other, Excluded: []Exclusion{{Outage, at(t, "2026-11-16 09:00"), at(t, "2026-11-16 10:00")}, {Outage, at(t, "2026-11-16 08:00"), at(t, "2026-11-16 09:10")}}}, "2026. 11. 16.(월) 14:00"},
		{"the whole day of an outage in a period of days", Request{Received: at(t, "2026-11-16 09:30"), Kind: Query, Excluded: []Exclusion{{Outage, at(t, "2026-11-17 10:00"), at(t, "2026-11-17 11:20")}}}, "2026. 11. 25.(수)"},
		{"a site visit", Request{Received: at(t, "2026-11-16 09:00"), Kind: Grievance, Excluded: []Exclusion{{SiteVisit, at(t, "2026-11-18"), at(t, "2026-12-01")}}}, "2026. 12. 8.(화)"},
		{"weeks", Request{Received: at(t, "2026-03-04 09:00"), Period: Period{2, Week}, Excluded: []Exclusion{{Test, at(t, "2026-03-10"), at(t, "2026-03-11")}}}, "2026. 3. 19.(목)"},
		{"to the last day of weeks", Request{Received: at(t, "2026-03-04 09:00"), Period: Period{1, Week}, Excluded: []Exclusion{{Test, at(t, "2026-03-10"), at(t, "2026-03-11")}}}, "2026. 3. 12.(목)"},
	} {
		d, err := Default().Due(tt.r)
		if err != nil || d.String() != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.name, d, err, tt.want)
		}
	}
}

func TestExtended(t *testing.T) {
	received := at(t, "2026-05-06 09:00")
	for _, tt := range []struct {
		name string
		r    Request
		want string // due date or part of the error
	}{
		{"once", Request{Received: received, Kind: Query, Extended: []Period{Days(7)}}, "2026. 5. 26.(화)"},
		{"twice", Request{Received: received, Kind: Query, Extended: []Period{Days(7), Days(3)}}, "2026. 5. 29.(금)"},
		{"5 days stay hours", Request{Received: received, Period: Days(5), Extended: []Period{Days(5)}}, "2026. 5. 19.(화) 18:00"},
		{"disclosure once", Request{Received: received, Kind: Disclosure, Extended: []Period{Days(10)}}, "2026. 6. 4.(목)"},
		{"three times", Request{Received: received, Kind: Query, Extended: []Period{Days(1), Days(1), Days(1)}}, "2번까지만"},
		{"disclosure twice", Request{Received: received, Kind: Disclosure, Extended: []Period{Days(10), Days(1)}}, "1번까지만"},
		{"longer than the period", Request{Received: received, Kind: Query, Extended: []Period{Days(8)}}, "처리기간 7일의 범위에서"},
		{"another unit", Request{Received: received, Kind: Query, Extended: []Period{{1, Week}}}, "같은 단위로만"},
		{"nothing", Request{Received: received, Kind: Query, Extended: []Period{{}}}, "올바르지 않습니다"},
		{"backwards", Request{Received: received, Kind: Query, Excluded: []Exclusion{{Test, received, received.Add(-1)}}}, "시작과 끝"},
		{"early outage", Request{Received: received, Kind: Query, Excluded: []Exclusion{{Outage, at(t, "2026-05-05"), received}}}, "부칙 제3조"},
		{"visit in a query", Request{Received: received, Kind: Query, Excluded: []Exclusion{{SiteVisit, received, received}}}, "고충민원에서만"},
		{"long visit", Request{Received: received, Kind: Grievance, Excluded: []Exclusion{{SiteVisit, received, received.AddDate(0, 0, 21)}}}, "21일을 넘을 수"},
		{"no receipt", Request{Kind: Query}, "접수시각이 없습니다"},
		{"no period", Request{Received: received}, "처리기간이 정해지지"},
		{"unknown kind", Request{Received: received, Kind: "진정"}, "진정"},
		{"negative", Request{Received: received, Period: Days(-3)}, "올바르지 않습니다"},
	} {
		d, err := Default().Due(tt.r)
		if err != nil && !strings.Contains(err.Error(), tt.want) || err == nil && d.String() != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.name, d, err, tt.want)
		}
	}
}

func TestExtensionOf(t *testing.T) {
	before, after := ExtensionOf(Query, at(t, "2026-05-05 23:59")), ExtensionOf(Query, at(t, "2026-05-06 00:00"))
	if before.Times != 2 || len(before.Reasons) != 1 || before.Forbidden != nil || !strings.Contains(before.Basis, "개정 전") || !strings.Contains(before.Notice, "제21조제2항") {
		t.Errorf("before the amendment: %+v", before)
	}
	if after.Times != 2 || len(after.Reasons) != 4 || len(after.Forbidden) != 3 || !strings.Contains(after.Notice, "제21조제3항") || !strings.Contains(after.Consent, "동의") {
		t.Errorf("after the amendment: %+v", after)
	}
	if d := ExtensionOf(Disclosure, at(t, "2026-05-06")); d.Times != 1 || d.Consent != "" || !strings.Contains(d.Basis, "제11조제2항") {
		t.Errorf("disclosure: %+v", d)
	}
	// The day counts in Seoul: 15:30 UTC on the 5th is the 6th.
	if e := ExtensionOf(Query, time.Date(2026, 5, 5, 15, 30, 0, 0, time.UTC)); len(e.Reasons) != 4 {
		t.Errorf("received on the 6th in Seoul: %+v", e)
	}
}

func TestJudge(t *testing.T) {
	old, now := ExtensionOf(Query, at(t, "2026-05-05")), ExtensionOf(Query, at(t, "2026-05-06"))
	for _, tt := range []struct {
		rule   Extension
		reason string
		want   Verdict
		cite   string
	}{
		{now, "업무 과다", Refused, "제21조제2항"},
		{now, "업무과중", Refused, "제21조제2항"},
		{now, "업무가 많아서", Refused, "제21조제2항"},
		{now, "담당자 휴가", Refused, "제21조제2항"},
		{now, "담당자의 부재", Refused, "제21조제2항"},
		{now, "담당자 지정이 늦어짐", Refused, "제21조제2항"},
		{now, "배정 지연", Refused, "제21조제2항"},
		{now, "국토교통부와 협의 필요", Permitted, "제21조제1항제1호"},
		{now, "관계 기관의 의견 조회", Permitted, "제21조제1항제1호"},
		{now, "현장 확인이 필요함", Permitted, "제21조제1항제2호"},
		{now, "태풍 피해 복구", Permitted, "제21조제1항제3호"},
		{now, "업무 과중 및 관계 부서 협의", Unclear, "제21조제2항"},
		{now, "법리 검토에 시간이 걸림", Unclear, "제21조제1항 각 호"},
		{now, "", Unclear, "각 호"},
		{old, "업무 과다", Unclear, "개정 전"},
		{ExtensionOf(Disclosure, at(t, "2026-05-06")), "일시적인 업무량 폭주", Unclear, "시행령 제7조"},
	} {
		if got, why := tt.rule.Judge(tt.reason); got != tt.want || !strings.Contains(why, tt.cite) {
			t.Errorf("Judge(%q) = %s, %q; want %s with %s", tt.reason, got, why, tt.want, tt.cite)
		}
	}
}

func TestParsePeriod(t *testing.T) {
	for s, want := range map[string]Period{"즉시": Immediately, "3시간": Hours(3), "3근무시간": Hours(3), "7일": Days(7), " 14일 이내 ": Days(14), "14일이내": Days(14), "2주": {2, Week}, "2주일": {2, Week}, "1개월": {1, Month}, "1월": {1, Month}, "1년": {1, Year}} {
		if got, err := ParsePeriod(s); got != want || err != nil {
			t.Errorf("ParsePeriod(%q) = %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "일", "0일", "-1일", "7", "일주일", "7일 14시간", "99999일"} {
		if got, err := ParsePeriod(s); err == nil {
			t.Errorf("ParsePeriod(%q) = %v, want an error", s, got)
		}
	}
}

// TestDueProperties: a due date is a working day within working hours and not
// before the receipt; a later receipt or a longer period is never due earlier.
func TestDueProperties(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	c := Default()
	first := c.first
	var moments []time.Time
	for range 30 {
		moments = append(moments, first.Add(time.Duration(rnd.IntN(900*24*60))*time.Minute))
	}
	for range 25 { // neighbours, across nights and holidays
		base := moments[rnd.IntN(len(moments))]
		moments = append(moments, base.Add(time.Duration(rnd.IntN(4*24*60))*time.Minute))
	}
	slices.SortFunc(moments, time.Time.Compare)
	visit := Exclusion{Supplement, at(t, "2025-03-04"), at(t, "2025-03-19")}
	for _, unit := range []Unit{WorkingHour, WorkingDay, Week, Month} {
		for _, excluded := range [][]Exclusion{nil, {visit}} {
			before := map[int]time.Time{} // of the moment before, by length
			for _, m := range moments {
				shorter := time.Time{}
				for n := 1; n <= 16; n++ {
					d, err := c.Due(Request{Received: m, Period: Period{n, unit}, Excluded: excluded})
					if err != nil {
						t.Fatalf("Due(%v, %d%s): %v", m, n, unit, err)
					}
					off, err := c.dayOff(d.Due)
					clock := d.Due.Sub(Day(d.Due))
					if off != "" || err != nil || clock < 9*time.Hour || clock > 18*time.Hour || d.Exact && d.Due.Before(m) || Day(d.Due).Before(Day(m)) {
						t.Errorf("Due(%v, %d%s) = %v", m, n, unit, d.Due)
					}
					if d.Due.Before(shorter) || d.Due.Before(before[n]) {
						t.Errorf("Due(%v, %d%s) = %v, before that of a shorter period %v or of an earlier receipt %v", m, n, unit, d.Due, shorter, before[n])
					}
					shorter, before[n] = d.Due, d.Due
					for i, s := range d.Skipped {
						if i > 0 && !s.Day.After(d.Skipped[i-1].Day) || s.Day.After(d.Due) {
							t.Errorf("Due(%v, %d%s) skipped %v", m, n, unit, d.Skipped)
						}
					}
				}
			}
		}
	}
}
