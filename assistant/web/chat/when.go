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

// Received reads when a complaint came in: 2006-01-02 15:04 in Korea or RFC 3339; ""
// is now. A day alone counts from the beginning of working hours. The error is an
// [*assistant.InputError].
func Received(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return now, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, calendar.Seoul); err == nil && t.Year() >= FirstYear {
		return t.Add(9 * time.Hour), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, s, calendar.Seoul); err == nil && t.Year() >= FirstYear {
			return t, nil
		}
	}
	return now, &assistant.InputError{Field: "received", Text: "접수 일시를 2026-06-08 10:30처럼 적어 주세요."}
}
