package retrieval

import (
	"testing"

	"biseo/assistant/ground"
)

func TestState(t *testing.T) {
	for _, tt := range []struct{ from, until, want string }{
		{"", "", ""}, {"2026-06-01", "", Current}, {"2026-06-02", "", Future}, {"2020-01-01", "2026-06-01", Past}, {"", "2026-06-02", Current}, {"", "2026-05-01", Past},
	} {
		if got := state(ground.InForce{From: tt.from, Until: tt.until}, "2026-06-01"); got != tt.want {
			t.Errorf("[%s, %s) is %q, want %q", tt.from, tt.until, got, tt.want)
		}
	}
}
