package ground

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// How many hypotheses of KLUE-NLI are flagged under their premise. Check proves
// wording, not entailment: two thirds of those that follow say so in other words and
// are flagged too, and a word that turns the meaning of everyday language without being
// one of those it knows passes. The gate keeps the rates from falling.
func TestNLIPairs(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(shared(t, "nli-ko-klue"), "pairs.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	type pair struct{ Source, Premise, Hypothesis, Label string }
	all, policy := map[string]*tally{}, map[string]*tally{}
	count := func(m map[string]*tally, label string, ok bool) {
		if m[label] == nil {
			m[label] = &tally{}
		}
		m[label].n++
		if ok {
			m[label].verified++
		}
	}
	for line := range strings.Lines(string(b)) {
		var p pair
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		got := Check(Sentence{Text: p.Hypothesis, Cites: []Cite{{Source: 1}}}, []Source{{N: 1, Text: p.Premise}})
		count(all, p.Label, got.Status == Verified)
		if p.Source == "policy" {
			count(policy, p.Label, got.Status == Verified)
		}
	}
	flagged := func(m map[string]*tally, label string) float64 {
		return 100 * float64(m[label].n-m[label].verified) / float64(m[label].n)
	}
	for _, label := range []string{"contradiction", "neutral", "entailment"} {
		t.Logf("%-13s %.1f %% of %d flagged; of official language %.1f %% of %d", label, flagged(all, label), all[label].n, flagged(policy, label), policy[label].n)
	}
	if got := flagged(all, "contradiction"); got < minContradicted {
		t.Errorf("%.1f %% of contradictions flagged, want at least %.0f %%", got, float64(minContradicted))
	}
	if got := flagged(all, "entailment"); got > maxEntailed {
		t.Errorf("%.1f %% of entailed sentences flagged, want at most %.0f %%", got, float64(maxEntailed))
	}
}

// The rates measured when this was written were 92.6 % and 66.5 %.
const minContradicted, maxEntailed = 92, 67
