package hwp

import "testing"

func TestFormats(t *testing.T) {
	for _, tt := range []struct {
		format Format
		n      int
		want   string
	}{
		{Digit, 12, "12"}, {CircledDigit, 20, "⑳"}, {CircledDigit, 21, "㉑"}, {CircledDigit, 36, "㊱"}, {CircledDigit, 51, "51"},
		{RomanUpper, 4, "Ⅳ"}, {RomanLower, 4, "ⅳ"}, {RomanUpper, 14, "XIV"}, {LatinUpper, 27, "AA"}, {LatinLower, 2, "b"},
		{HangulSyllable, 14, "하"}, {HangulSyllable, 15, "거"}, {HangulSyllable, 29, "고"}, {CircledHangul, 2, "㉯"}, {HangulJamo, 3, "ㄷ"},
		{CircledJamo, 1, "㉠"}, {HangulNumeral, 21, "이십일"}, {HanjaNumeral, 10, "十"}, {CircledHanja, 3, "㊂"}, {CircledUpper, 1, "Ⓐ"},
		{HangulSyllable, 0, "0"}, {RomanUpper, -1, "-1"}, {Format(99), 7, "7"},
	} {
		if got := tt.format.Text(tt.n); got != tt.want {
			t.Errorf("format %d of %d: %q, want %q", tt.format, tt.n, got, tt.want)
		}
	}
}
