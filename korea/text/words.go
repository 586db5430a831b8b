package text

import (
	_ "embed"
	"strings"
	"unicode/utf8"
)

// The lists do not change after they are read.
//
//go:embed words.txt
var wordsTXT string

var endings, nounEndings, functionWords, longNames = readWords(wordsTXT)

// What must stand before an ending.
type before uint8

const (
	anything before = iota
	consonant
	vowel
	vowelOrRieul // 로: 도로로, 물로, but 길을 → 길로, 집으로
)

// longestEnding is in syllables.
const longestEnding = 5

// readWords reads the sections of words.txt, which explains itself.
func readWords(txt string) (endings map[string]before, nouns, function map[string]bool, longNames map[string][]string) {
	endings, nouns, function, longNames = map[string]before{}, map[string]bool{}, map[string]bool{}, map[string][]string{}
	sections := map[string]before{"[any]": anything, "[consonant]": consonant, "[vowel]": vowel, "[vowel or ㄹ]": vowelOrRieul}
	section := ""
	for line := range strings.Lines(txt) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
			continue
		case line[0] == '[':
			section = line
			continue
		}
		if section == "[abbreviations]" {
			words := strings.Fields(line)
			for _, w := range words[1:] {
				longNames[w] = append(longNames[w], singular(words[0]))
			}
			continue
		}
		stems, suffixes, product := strings.Cut(line, ":")
		if !product {
			suffixes = "-"
		}
		for _, stem := range strings.Fields(stems) {
			for _, suffix := range strings.Fields(suffixes) {
				word := stem + strings.TrimPrefix(suffix, "-")
				switch section {
				case "[nouns]":
					nouns[word] = true
				case "[function words]":
					function[word] = true
				default:
					endings[word] = sections[section]
				}
			}
		}
	}
	return endings, nouns, function, longNames
}

// stemLen returns the length in bytes of a Hangul word without its particle or
// verbal ending, the longest that leaves two syllables.
func stemLen(word string) int {
	for k := min(longestEnding, len(word)/syllable-2); k > 0; k-- {
		n := len(word) - k*syllable
		if !endsStem(word, n) {
			continue
		}
		if k == 1 && (nounEndings[word[n-syllable:]] || n > syllable && nounEndings[word[n-2*syllable:]]) {
			return len(word)
		}
		return n
	}
	return len(word)
}

// mayBeParticle is for words of two syllables, of which many are nouns: 법은, but 은행.
func mayBeParticle(word string, n int) bool {
	return endsStem(word, n) && !nounEndings[word]
}

// endsStem reports whether word[n:] is an ending that the syllable before it allows.
func endsStem(word string, n int) bool {
	want, ok := endings[word[n:]]
	if !ok || want == anything {
		return ok
	}
	r, _ := utf8.DecodeRuneInString(word[n-syllable:])
	const finals, rieul = 28, 8
	switch final := (r - '가') % finals; want {
	case consonant:
		return final != 0
	case vowel:
		return final == 0
	default:
		return final == 0 || final == rieul
	}
}
