package golden

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"biseo/korea/text"
)

// A Text is a text in the form in which it is compared: see [NewText].
type Text string

// NewText reads s once for all comparisons with it: in the form of [text.Normalize],
// without white space, but for that between two digits, which counts as one space,
// and without the commas of figures.
func NewText(s string) Text { return Text(plain(s)) }

// Says reports whether the words of form stand in t, compared in the same form. A
// form that begins or ends with a figure is not found inside a longer figure: 50% is
// not in 150%, 7일 not in 17일. A form "re:EXPR" is a regular expression over t, RE2
// syntax, written without white space. A form that does not compile matches nothing.
func (t Text) Says(form string) bool {
	re, err := compile(form)
	return err == nil && re.MatchString(string(t))
}

// SaysAny reports whether t says one of forms.
func (t Text) SaysAny(forms []string) bool { return slices.ContainsFunc(forms, t.Says) }

// Holds reports whether the words of quote stand in t, compared without any white
// space.
func (t Text) Holds(quote string) bool {
	bare := func(s string) string { return strings.ReplaceAll(s, " ", "") }
	return strings.Contains(bare(string(t)), bare(plain(quote)))
}

// Matches reports whether s says form: see [Text.Says].
func Matches(s, form string) bool { return NewText(s).Says(form) }

// Holds reports whether s holds quote: see [Text.Holds].
func Holds(s, quote string) bool { return NewText(s).Holds(quote) }

// plain is s as it is compared.
func plain(s string) string {
	var b strings.Builder
	last := byte(0)
	for w := range strings.FieldsSeq(text.Normalize(s)) {
		if digit(last) && digit(w[0]) {
			b.WriteByte(' ') // 2026 500원 holds no 2026500원
		}
		b.WriteString(w)
		last = w[len(w)-1]
	}
	return comma.ReplaceAllString(b.String(), "$1$2")
}

var comma = regexp.MustCompile(`(\d),(\d{3})`)

func compile(form string) (*regexp.Regexp, error) {
	if expr, ok := strings.CutPrefix(form, "re:"); ok {
		re, err := regexp.Compile(expr)
		if err != nil {
			return nil, fmt.Errorf("표현 %q은(는) 올바른 정규식이 아니니 고치거나 re:를 빼 주세요: %w", form, err)
		}
		return re, nil
	}
	p := plain(form)
	if p == "" {
		return nil, fmt.Errorf("표현 %q에 글자가 없으니 채우거나 지워 주세요", form)
	}
	expr := regexp.QuoteMeta(p)
	if digit(p[0]) {
		expr = `(?:^|[^\d.]|\D\.|\d{4}\.)` + expr // it may begin a sentence; 8. 24. is in 2026. 8. 24., 5% is not in 0.5%
	}
	if digit(p[len(p)-1]) {
		expr += `(?:$|\D)`
	}
	return regexp.Compile(expr)
}

func digit(b byte) bool { return b >= '0' && b <= '9' }
