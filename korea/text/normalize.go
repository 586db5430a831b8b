package text

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// NFC returns s in Unicode normalisation form C, in which a Hangul syllable is
// one code point. All text that Biseo stores is in this form.
func NFC(s string) string {
	for _, r := range s {
		if !isComposed(r) {
			return norm.NFC.String(s)
		}
	}
	return s
}

// isComposed reports whether a character is the same in NFC whatever stands beside it,
// of the characters of which Korean documents mostly consist: for them the tables of
// all characters take ten times as long.
func isComposed(r rune) bool {
	return r < '\u0300' || r >= '가' && r <= '힣' || r >= '一' && r <= '\u9fff' ||
		r >= '\u2010' && r <= '\u2027' || r >= '①' && r <= '◿' || r >= '、' && r <= '〩' || r >= 'ㄱ' && r <= 'ㆎ' || isFullWidth(r)
}

// Normalize returns a form of s for comparison only, never for display: NFC,
// full-width characters as ASCII, every middle dot as ·, curly quotes straight,
// ∼ ～ 〜 as ~, dashes as -, every space as ' ', zero-width characters removed,
// Latin letters in lower case. It is idempotent. Offsets are not kept.
func Normalize(s string) string {
	return NFC(strings.ToLower(strings.Map(func(r rune) rune {
		if isZeroWidth(r) {
			return -1
		}
		return plain(r)
	}, NFC(s))))
}

func isZeroWidth(r rune) bool {
	switch r {
	case '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad':
		return true
	}
	return false
}

// plain maps one character to the one that it is a variant of.
func plain(r rune) rune {
	switch r {
	case 'ㆍ', '‧', '•', '・', '･', '∙', '⋅':
		return '·'
	case '‘', '’', '‛', '′', '´', '`', '｀':
		return '\''
	case '“', '”', '„', '″':
		return '"'
	case '∼', '～', '〜', '˜':
		return '~'
	case '‐', '‑', '‒', '–', '—', '―', '−':
		return '-'
	case '％':
		return '%'
	case '\u00a0', '\u1680', '\u202f', '\u205f', '\u3000':
		return ' '
	}
	switch {
	case r >= '\u2000' && r <= '\u200a':
		return ' '
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	}
	return r
}
