package text

// The parts of a Hangul syllable are numbers: 19 initials, 21 vowels, 28 finals with
// none as 0 (Unicode, 3.12).
const (
	initials, medials, finals = 19, 21, 28

	nieun, rieul, ieung = 2, 5, 11 // initials
	finalNieun          = 4
)

var vowels = []rune("ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ")

func jamo(r rune) (initial, vowel, final int) {
	n := int(r - '가')
	return n / (medials * finals), n / finals % medials, n % finals
}

func syllableOf(initial, vowel, final int) rune {
	return rune('가' + (initial*medials+vowel)*finals + final)
}

// Slips returns the Hangul words that differ from word in one letter (자모) of one
// syllable, 지원금 among those of 지언금: what a slip of the finger may have meant. A
// final may also be missing or too many. nil if word has another character.
func Slips(word string) []string {
	r := []rune(word)
	for _, c := range r {
		if classOf(c) != hangul {
			return nil
		}
	}
	out := make([]string, 0, len(r)*(initials+medials+finals-3))
	for k, c := range r {
		i, v, f := jamo(c)
		try := func(i, v, f int) {
			if r[k] = syllableOf(i, v, f); r[k] != c {
				out = append(out, string(r))
			}
		}
		for n := range initials {
			try(n, v, f)
		}
		for n := range medials {
			try(i, n, f)
		}
		for n := range finals {
			try(i, v, n)
		}
		r[k] = c
	}
	return out
}

// StemTerm is the term of [Terms] for the whole stem word.
func StemTerm(word string) string { return stemMark + word }

// Word returns the word whose whole stem a term of [Terms] is, or "".
func Word(term string) string {
	if len(term) > len(stemMark) && term[:len(stemMark)] == stemMark {
		return term[len(stemMark):]
	}
	return ""
}
