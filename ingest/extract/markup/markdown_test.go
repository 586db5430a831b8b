package markup

import "testing"

func TestTame(t *testing.T) {
	if s := "- [가](나)\n  - > 1. 다\n\n| a |\n|---|\n"; tame(s) != s {
		t.Errorf("ordinary text became %q", tame(s))
	}
}
