package eval

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"biseo/index/local"
	"biseo/korea/text"
)

// TestVariants asks questions as people type them: with a space too few or too many,
// other particles, one wrong letter. Of what the questions themselves find among the
// first five, each way of typing must find 95 %.
func TestVariants(t *testing.T) {
	dir := filepath.Join("..", "..", "shared", "data", "retrieval-ko-welfare")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("needs ../shared/data: " + err.Error())
	}
	set, err := ReadSet(dir, filepath.Join(dir, "queries_hard.txt"))
	if err != nil {
		t.Fatal(err)
	}
	x, err := local.Open(t.Context(), t.TempDir(), local.Options{Rules: text.Version})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if _, err := fill(t.Context(), x, nil, set.Docs); err != nil {
		t.Fatal(err)
	}
	success := func(query string, judged Qrels) float64 {
		run, err := search(t.Context(), x, query, nil)
		if err != nil {
			t.Fatal(err)
		}
		return Success(Rank(run), judged, 5)
	}
	const step = 12
	for _, way := range []struct {
		name string
		vary func(r *rand.Rand, words []string) bool // false: the words allow no such variant
	}{
		{"a space too few", joinWords},
		{"a space too many", splitWord},
		{"other particles", changeParticles},
		{"one wrong letter", slipOfWord},
	} {
		r := rand.New(rand.NewPCG(5, 6))
		var asTyped, original float64
		n := 0
		for i := 0; i < len(set.Queries); i += step {
			q := set.Queries[i]
			words := strings.Fields(q.Text)
			if !way.vary(r, words) {
				continue
			}
			n++
			original += success(q.Text, set.Qrels[q.ID])
			asTyped += success(strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " "), set.Qrels[q.ID])
		}
		t.Logf("%s: %.0f of %d found, of the originals %.0f: %.1f %%", way.name, asTyped, n, original, 100*asTyped/original)
		if n < 50 || asTyped < .95*original {
			t.Errorf("%s: %.0f of %d found, want 95 %% of the %.0f that the originals find", way.name, asTyped, n, original)
		}
	}
}

// nouns are the places of Hangul words of at least least syllables without a particle
// or ending, that do more than ask.
func nouns(words []string, least int) (at []int) {
	for i, w := range words {
		terms := text.QueryTerms(w)
		if len([]rune(w)) >= least && slices.Contains(terms, text.StemTerm(w)) {
			at = append(at, i)
		}
	}
	return at
}

// joinWords writes a noun and the next word as one.
func joinWords(r *rand.Rand, words []string) bool {
	at := slices.DeleteFunc(nouns(words, 2), func(i int) bool { return i+1 == len(words) })
	if len(at) == 0 {
		return false
	}
	i := at[r.IntN(len(at))]
	words[i+1] = words[i] + words[i+1]
	words[i] = ""
	return true
}

// splitWord writes a word of four syllables or more as two of at least two.
func splitWord(r *rand.Rand, words []string) bool {
	var at []int
	for i, w := range words {
		if len([]rune(stemOf(w))) >= 4 {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return false
	}
	i := at[r.IntN(len(at))]
	cut := len("가") * (2 + r.IntN(len([]rune(stemOf(words[i])))-3))
	words[i] = words[i][:cut] + " " + words[i][cut:]
	return true
}

// changeParticles gives every noun with a particle another.
func changeParticles(r *rand.Rand, words []string) bool {
	changed := false
	for i, w := range words {
		stem := stemOf(w)
		if stem == "" || stem == w {
			continue
		}
		for _, p := range [][]string{{"은", "이", "을", "과", "의"}, {"는", "가", "를", "와", "의"}} {
			if k := slices.Index(p, w[len(stem):]); k >= 0 {
				words[i], changed = stem+p[(k+1+r.IntN(len(p)-1))%len(p)], true
				break
			}
		}
	}
	return changed
}

// slipOfWord has one wrong letter in the longest word.
func slipOfWord(r *rand.Rand, words []string) bool {
	longest := 0
	for i, w := range words {
		if len([]rune(stemOf(w))) > len([]rune(stemOf(words[longest]))) {
			longest = i
		}
	}
	stem := stemOf(words[longest])
	slips := text.Slips(stem)
	if len([]rune(stem)) < 3 || len(slips) == 0 {
		return false
	}
	words[longest] = slips[r.IntN(len(slips))] + words[longest][len(stem):]
	return true
}

// stemOf is w without its particle, "" if w only asks or is no Hangul word.
func stemOf(w string) string {
	for _, t := range text.QueryTerms(w) {
		if stem := text.Word(t); stem != "" && strings.HasPrefix(w, stem) {
			return stem
		}
	}
	return ""
}
