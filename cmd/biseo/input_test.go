package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"biseo/assistant/ground"
)

func TestParseTime(t *testing.T) {
	for _, tt := range []struct {
		s, want string // "" where there is no such time
	}{
		{"2026-06-30", "2026-06-30 00:00"},
		{"2026. 6. 30.", "2026-06-30 00:00"},
		{"2026.6.30", "2026-06-30 00:00"},
		{"2026/6/30", "2026-06-30 00:00"},
		{"2026-6-30", "2026-06-30 00:00"},
		{"2026. 6. 30.(화) 10:30", "2026-06-30 10:30 clock"},
		{"2026년 6월 30일 9:05", "2026-06-30 09:05 clock"},
		{"2026-06-30T10:30", "2026-06-30 10:30 clock"},
		{"2026-06-31", ""},
		{"2026. 2. 29.", ""},
		{"2026-13-01", ""},
		{"2026-06-30 24:00", ""},
		{"2026-06-30 10:60", ""},
		{"26. 6. 30.", ""},
		{"6월 30일", ""},
		{"", ""},
	} {
		at, clock, ok := parseTime(tt.s, time.UTC)
		got := ""
		if ok {
			got = at.Format("2006-01-02 15:04")
		}
		if ok && clock {
			got += " clock"
		}
		if got != tt.want {
			t.Errorf("parseTime(%q) = %q, want %q", tt.s, got, tt.want)
		}
	}
}

func TestPeriod(t *testing.T) {
	for _, tt := range []struct{ kind, from, until, want string }{
		{"law", "2025-01-01", "2026-07-01", " (시행 2025-01-01~2026-06-30)"},
		{"ordinance", "2025-01-01", "", " (시행 2025-01-01~)"},
		{"press", "2026-06-22", "", " (2026-06-22부터)"},
		{"guide", "2025-01-01", "2026-07-01", " (2025-01-01부터 2026-06-30까지)"},
		{"plan", "", "2026-07-01", " (2026-06-30까지)"},
		{"law", "", "", ""},
	} {
		if got := period(tt.kind, ground.InForce{From: tt.from, Until: tt.until}); got != tt.want {
			t.Errorf("period(%s, %s, %s) = %q, want %q", tt.kind, tt.from, tt.until, got, tt.want)
		}
	}
}

// Offsets stay: each code point of a label or table becomes one space.
func TestBlank(t *testing.T) {
	text := "[AI 초안 – 담당자 확인 필요]\nㅇ 늘림\n| 가 | 나 |\n급지 | 요금\n끝"
	want := strings.Repeat(" ", 19) + "\nㅇ 늘림\n" + strings.Repeat(" ", 9) + "\n" + strings.Repeat(" ", 7) + "\n끝"
	if diff := cmp.Diff(want, blank(text, nil)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
