package text

import (
	_ "embed"
	"slices"
	"strings"
)

// The list does not change after it is read.
//
//go:embed synonyms.txt
var synonymsTXT string

var synonyms, synonymsOfBeginnings = readSynonyms(synonymsTXT)

// readSynonyms reads synonyms.txt, which explains itself.
func readSynonyms(txt string) (words, beginnings map[string][]string) {
	words, beginnings = map[string][]string{}, map[string][]string{}
	for line := range strings.Lines(txt) {
		said, official, ok := strings.Cut(line, " : ")
		if !ok || line[0] == '#' {
			continue
		}
		for _, word := range strings.Fields(said) {
			if beginning, ok := strings.CutSuffix(word, "*"); ok {
				beginnings[beginning] = strings.Fields(official)
			} else {
				words[word] = strings.Fields(official)
			}
		}
	}
	return words, beginnings
}

// Synonyms returns the words by which official documents call what s calls by
// everyday ones, 폐기물 for 쓰레기를: in the order of s, without repeats. They are for
// finding more; they do not mean the same in law.
//
// With them words alone find more of what people ask the sample agency (nDCG@10 .622 to
// .683 on the test split of its golden set), and no less on sets whose questions repeat
// their documents.
func Synonyms(s string) []string {
	var out []string
	for _, word := range strings.FieldsFunc(normal(s), func(r rune) bool { return classOf(r) != hangul }) {
		for _, other := range synonymsOf(word) {
			if !slices.Contains(out, other) {
				out = append(out, other)
			}
		}
	}
	return out
}

// synonymsOf returns those of one Hangul word.
func synonymsOf(word string) []string {
	const shortestEnd = 3 * syllable // 생활쓰레기
	stem := word[:stemLen(word)]
	if len(word) == 2*syllable && mayBeParticle(word, syllable) {
		stem = word[:syllable]
	}
	for _, whole := range []string{stem, word} {
		if all, ok := synonyms[whole]; ok {
			return all
		}
	}
	for i := syllable; i+shortestEnd <= len(stem); i += syllable {
		if all, ok := synonyms[stem[i:]]; ok {
			return all
		}
	}
	for n := 2 * syllable; n <= len(word); n += syllable {
		if all, ok := synonymsOfBeginnings[word[:n]]; ok {
			return all
		}
	}
	return nil
}
