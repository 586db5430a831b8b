package web

import (
	"log/slog"
	"net/http/httptest"
	"testing"
)

// Days and times are those of Korea wherever the reader is, and a period ends with
// its last day.
func TestPageDates(t *testing.T) {
	t.Parallel()
	c := startChrome(t)
	h, err := New(slog.New(slog.DiscardHandler), &fake{}, agencyOptions())
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	c.call("Emulation.setTimezoneOverride", map[string]string{"timezoneId": "America/New_York"}, nil)
	c.open(srv.URL + "/")
	c.eval(nil, `(async () => Object.assign(window, await import('/page/fields.js'), await import('/page/text.js')) && 0)()`)
	for _, tt := range []struct{ js, want string }{
		{`stamp('2026-06-30T15:04:59.123456789Z')`, "2026. 7. 1. 00:04"},
		{`clock(Date.UTC(2026, 5, 30, 4, 5))`, "13:05"},
		{`showPeriod({ from: '2025-01-01', until: '2026-07-01' }, '현재')`, "2025. 1. 1. ∼ 2026. 6. 30."},
		{`showPeriod({ from: '2026-07-01' }, '현재')`, "2026. 7. 1. ∼ 현재"},
		{`showPeriod({ from: '2026-07-01' })`, "2026. 7. 1. ∼"},
		{`showPeriod({ until: '2026-03-01' })`, "∼ 2026. 2. 28."},
		{`dated('기준일 2026-06-30 뒤의 개정')`, "기준일 2026. 6. 30. 뒤의 개정"},
	} {
		if got := c.text(tt.js); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.js, got, tt.want)
		}
	}
}
