package docx

import "testing"

func TestDOCXNumberFormats(t *testing.T) {
	for _, tt := range []struct {
		format string
		n      int
		want   string
	}{
		{"decimal", 12, "12"}, {"decimalZero", 3, "03"}, {"decimalZero", 30, "30"}, {"upperRoman", 4, "Ⅳ"}, {"lowerRoman", 14, "xiv"},
		{"upperLetter", 27, "AA"}, {"lowerLetter", 2, "b"}, {"ganada", 3, "다"}, {"ganada", 15, "거"}, {"chosung", 14, "ㅎ"},
		{"koreanDigital", 12, "일이"}, {"koreanCounting", 21, "이십일"}, {"koreanLegal", 23, "스물셋"}, {"koreanDigital2", 3, "三"},
		{"decimalEnclosedCircle", 20, "⑳"}, {"decimalEnclosedCircle", 21, "㉑"}, {"decimalEnclosedParen", 2, "⑵"}, {"decimalEnclosedFullstop", 3, "⒊"},
		{"decimalEnclosedParen", 99, "99"}, {"decimalFullWidth", 10, "１０"}, {"ideographTraditional", 11, "甲"}, {"ideographZodiac", 2, "丑"},
		{"numberInDash", 7, "- 7 -"}, {"ordinal", 22, "22nd"}, {"hex", 255, "FF"}, {"none", 1, ""}, {"bullet", 1, ""}, {"neverHeardOf", 5, "5"},
	} {
		if got := numeral(tt.format, tt.n); got != tt.want {
			t.Errorf("%s of %d: got %q, want %q", tt.format, tt.n, got, tt.want)
		}
	}
}

// Text whose paragraph end was deleted belongs to the next paragraph.
