package score

import (
	"strings"

	"biseo/korea/text"
)

// RougeL is the F1 of the longest common subsequence (Lin 2004) over Korean index
// terms: words without their particles. rouge_score of Google deletes all Hangul
// and is no reference here. 0 where either text has no terms.
func RougeL(got, reference string) float64 {
	a, b := words(got), words(reference)
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	row := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			above := row[j+1]
			if x == y {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(row[j], above)
			}
			diagonal = above
		}
	}
	return f(float64(row[len(b)])/float64(len(a)), float64(row[len(b)])/float64(len(b)), 1)
}

// words are the terms of s in order, those of one word side by side.
func words(s string) []string {
	var out []string
	for w := range strings.FieldsSeq(s) {
		if t := text.Terms(w); len(t) > 0 {
			out = append(out, t[0])
		}
	}
	return out
}

// ChrF is the character n-gram F-score with β = 2 and n from 1 to 6, averaged over
// the orders (Popović 2015), white space left out. 0 where either text is empty.
func ChrF(got, reference string) float64 {
	a, b := []rune(strings.Join(strings.Fields(got), "")), []rune(strings.Join(strings.Fields(reference), ""))
	var precision, recall float64
	orders := 0
	for n := 1; n <= 6; n++ {
		x, y := grams(a, n), grams(b, n)
		if len(x) == 0 || len(y) == 0 {
			break
		}
		orders++
		common := 0
		for g, k := range x {
			common += min(k, y[g])
		}
		precision += float64(common) / float64(len(a)-n+1)
		recall += float64(common) / float64(len(b)-n+1)
	}
	if orders == 0 {
		return 0
	}
	return f(precision/float64(orders), recall/float64(orders), 2)
}

func grams(s []rune, n int) map[string]int {
	out := map[string]int{}
	for i := 0; i+n <= len(s); i++ {
		out[string(s[i:i+n])]++
	}
	return out
}

// f is van Rijsbergen's F with recall β times as important as precision.
func f(precision, recall, beta float64) float64 {
	if precision+recall == 0 {
		return 0
	}
	b := beta * beta
	return (1 + b) * precision * recall / (b*precision + recall)
}
