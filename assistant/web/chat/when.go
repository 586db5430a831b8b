package chat

import (
	"time"

	"biseo/assistant"
	"biseo/index"
	"biseo/korea/calendar"
)

// FirstYear is the year before which no day is taken for one that somebody means.
const FirstYear = 1900

// Day reads the day asked for, 2006-01-02; "" is today in Korea. The error is an
// [*assistant.InputError].
func Day(on string, now time.Time) (time.Time, error) {
	if on == "" {
		return index.Today(now), nil
	}
	t, err := time.Parse(time.DateOnly, on)
	if err != nil || t.Year() < FirstYear {
		return t, &assistant.InputError{Field: "on", Text: "기준일을 2026-10-02처럼 실제로 있는 날짜로 적어 주세요."}
	}
	return t, nil
}

// Moment reads a time in Korea: 2006-01-02 15:04, with T or as RFC 3339; "" is now. A
// day alone is the beginning of its working hours, 09:00. The error is an
// [*assistant.InputError] for field.
func Moment(field, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return now.In(calendar.Seoul), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02T15:04:05", time.DateOnly} {
		t, err := time.ParseInLocation(layout, s, calendar.Seoul)
		if err != nil || t.Year() < FirstYear {
			continue
		}
		if layout == time.DateOnly {
			t = t.Add(9 * time.Hour)
		}
		return t.In(calendar.Seoul), nil
	}
	return time.Time{}, &assistant.InputError{Field: field, Text: "일시를 2026-06-30 10:30처럼 실제로 있는 날짜와 시각으로 적어 주세요."}
}
