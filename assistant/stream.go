package assistant

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"biseo/assistant/ground"
	"biseo/korea/text"
	"biseo/prompts"
)

// maxPending is how many code points a model may write without ending a sentence
// before it counts as looping.
const maxPending = 1500

// A claim is one sentence that a model wrote, with the source numbers it put
// beside it.
type claim struct {
	text    string
	sources []int // in the order written; empty where it named none
	rank    int   // of the mark of an item of a list: 1 for □, 2 for ㅇ and numbers, 3 for -, 4 for * and ※; 0 if it is no item
	none    bool  // the model says that its sources hold no answer
	broken  bool  // bytes of it are no text: what it says is not known
}

var (
	// mark is a group of source numbers in brackets: [1], [1, 2], [2-3], 【1】,
	// [출처 1], (근거 2). Numbers in round brackets need the word, or they are text.
	mark     = regexp.MustCompile(`[\[【〔]\s*` + sourceWord + `?` + numbers + `\s*[\]】〕]|\(\s*` + sourceWord + numbers + `\s*\)`)
	bareMark = regexp.MustCompile(`\(\d{1,2}(?:\s*-\s*\d{1,3})?\)$`) // (1) where a sentence ends

	// endMark is where one sentence ends and another may begin on the same line:
	// marks after or before a full stop, or after a final ending and before a space.
	endMark = regexp.MustCompile(`(?:[.!?。]["”’')」]*\s*(?:` + mark.String() + `|\(\d{1,2}\))(?:\s*` + mark.String() + `)*[.。]?|(?:` + mark.String() + `\s*)+[.!?。]|[다요음함임됨]\s*(?:` + mark.String() + `\s*)+\s)`)

	lead   = regexp.MustCompile(`^\s*(?:>\s*)*(?:#+\s+|[-*•▪◦○ㅇ❍●□■※–—]+\s+|\d{1,2}[.)]\s+|[가나다라마바사아자차카타파하][.)]\s+|[①-⑳]\s*)+`)
	answer = regexp.MustCompile(`^\s*(?:답변|답|정답|결론|Answer|A)\s*[:：]\s*`)
	gaveUp = regexp.MustCompile(`(?:근거|자료|문서|제공된|주어진).{0,40}(?:없습니다|없다|없음|찾을 수 없|확인할 수 없|답할 수 없|알 수 없|나와 있지 않|포함되어 있지 않)`)
	digit  = regexp.MustCompile(`\d+`)
)

const (
	sourceWord = `(?:(?:출처|근거|자료|문서|참고|[Ss]ource|[Pp]assage)\s*[:：]?\s*)`
	numbers    = `\d{1,3}(?:\s*[-–.:]\s*\d{1,3})?(?:\s*[~,、·]\s*` + sourceOpt + `\d{1,3}(?:\s*[-–.:]\s*\d{1,3})?)*`
	sourceOpt  = `(?:출처\s*|근거\s*)?`
)

// givesUp reports that a sentence without sources says that there are none.
func (c claim) givesUp() bool { return len(c.sources) == 0 && gaveUp.MatchString(c.text) }

// A reader turns what a model streams into claims, each as soon as it is
// complete. It takes what small models write instead of what they were asked
// for: bullets, numbering, bold, headings, "답변:", marks before or after the full
// stop, thoughts between <think> and </think>. Where the pieces break, even inside
// a syllable, makes no difference.
type reader struct {
	buf []byte // not yet returned
}

// add takes a piece and returns the claims that it completes.
func (r *reader) add(piece string) []claim {
	r.buf = append(r.buf, piece...)
	var out []claim
	for {
		n := r.boundary()
		if n == 0 {
			return out
		}
		out = append(out, claims(string(r.buf[:n]))...)
		r.buf = r.buf[n:]
	}
}

// close returns what is left when the stream has ended. A last line without an
// end is dropped where the model was cut off.
func (r *reader) close(cut bool) []claim {
	s := r.rest()
	r.buf = nil
	if t := strings.TrimSpace(s); cut && !strings.HasSuffix(t, ".") && !strings.HasSuffix(t, "]") {
		return nil
	}
	if strings.HasPrefix(strings.TrimSpace(s), "<think>") {
		return nil
	}
	return claims(s)
}

// stuck reports that the model has written for long without ending a sentence.
func (r *reader) stuck() bool {
	return !strings.HasPrefix(string(r.buf), "<think>") && utf8.RuneCount(r.buf) > maxPending
}

// rest is what is buffered, without the bytes of an unfinished code point.
func (r *reader) rest() string { return strings.ToValidUTF8(string(r.buf), "") }

// boundary is the length of the first complete part of the buffer, 0 if there is none.
func (r *reader) boundary() int {
	s := string(r.buf)
	if t := strings.TrimLeft(s, " \n\t"); strings.HasPrefix(t, "<think>") || (t != "" && strings.HasPrefix("<think>", t)) {
		i := strings.Index(s, "</think>")
		if i < 0 {
			return 0
		}
		r.buf = r.buf[i+len("</think>"):]
		return r.boundary()
	}
	line, _, whole := strings.Cut(s, "\n")
	var at []int
	if strings.ContainsAny(line, ".!?。]】〕)") { // every end has one, and looking for it is much faster
		at = endMark.FindStringIndex(line)
	}
	if at != nil {
		next := strings.TrimLeft(line[at[1]:], " \t")
		opened := next != "" && strings.ContainsAny(next[:1], "[(.") || strings.HasPrefix(next, "【")
		// Only what follows shows that no further mark or stop belongs to it.
		if r, _ := utf8.DecodeRuneInString(next); next != "" && r != utf8.RuneError && !opened {
			return at[1]
		}
	}
	if whole {
		return len(line) + 1
	}
	return 0
}

// rankOf is the rank of an item's mark.
func rankOf(mark string) int {
	first, _ := utf8.DecodeRuneInString(mark)
	switch {
	case mark == "":
		return 0
	case strings.ContainsRune("#□■", first):
		return 1
	case strings.ContainsRune("-–—", first):
		return 3
	case strings.ContainsRune("*※", first):
		return 4
	}
	return 2
}

// claims cuts a complete line, or a complete part of one, into claims. A mark
// counts for all sentences before it on the line.
func claims(s string) []claim {
	s = strings.Map(visible, s)
	s = strings.NewReplacer("**", "", "__", "", "`", "").Replace(strings.TrimSpace(s))
	marked := lead.FindString(s)
	rank := rankOf(strings.TrimSpace(marked))
	s = s[len(marked):]
	s = answer.ReplaceAllString(s, "")
	// In the middle of a sentence it is the instruction, recited.
	said := strings.Trim(s, " .")
	if strings.HasPrefix(said, prompts.NoAnswer) || strings.HasSuffix(said, prompts.NoAnswer) || strings.Trim(said, "[]") == strings.Trim(prompts.NoAnswer, "[]") {
		return []claim{{none: true}}
	}
	var sources []int
	collect := func(m string) string {
		for _, part := range strings.FieldsFunc(m, func(r rune) bool { return strings.ContainsRune(",~、·[", r) }) {
			if d := digit.FindString(part); d != "" { // the second number of 2-3 is the sentence
				n, err := strconv.Atoi(d)
				if err == nil && !slices.Contains(sources, n) {
					sources = append(sources, n)
				}
			}
		}
		return ""
	}
	s = mark.ReplaceAllStringFunc(s, collect)
	s = strings.TrimSpace(s)
	if bare := bareMark.FindString(strings.TrimSuffix(s, ".")); bare != "" {
		collect(bare)
		stop := strings.HasSuffix(s, ".")
		if s = strings.TrimSuffix(strings.TrimSuffix(s, "."), bare); stop {
			s += "."
		}
	}
	s = strings.Join(strings.Fields(s), " ")
	s = strings.NewReplacer(" .", ".", " ,", ",", "..", ".").Replace(s)
	var out []claim
	runes := []rune(s)
	for _, at := range text.Sentences(s) {
		t := strings.TrimSpace(string(runes[at.Start:at.End]))
		if !ground.HasWord(t) || ground.Heading(t) {
			continue
		}
		out = append(out, claim{text: t, sources: sources, rank: rank, broken: strings.ContainsRune(t, utf8.RuneError)})
	}
	return out
}

// visible drops what makes a sentence read otherwise than it is checked: control
// characters, letters without width or that turn the direction of writing, and
// strokes through letters.
func visible(r rune) rune {
	if r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Mn, unicode.Me, hangulFillers) {
		return -1
	}
	return r
}

// hangulFillers are letters without a shape.
var hangulFillers = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x115f, Hi: 0x1160, Stride: 1}, {Lo: 0x3164, Hi: 0x3164, Stride: 1}, {Lo: 0xffa0, Hi: 0xffa0, Stride: 1}}}
