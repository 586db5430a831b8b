// Package text reads Korean administrative prose: normal forms for matching,
// sentences, index terms, and the numbers, dates and amounts that it states.
package text

// Version names the term rules. An index built with another version must be rebuilt.
const Version = "terms-0"

// Terms returns the index terms of s in order, repeats included.
func Terms(s string) []string {
	var out []string
	var prev rune
	for _, r := range s {
		if prev >= '가' && prev <= '힣' && r >= '가' && r <= '힣' {
			out = append(out, string([]rune{prev, r}))
		}
		prev = r
	}
	return out
}

// Weight is what a term's score is multiplied by in ranking, by its kind.
func Weight(term string) float64 { return 1 }
