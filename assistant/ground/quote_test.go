package ground

import "testing"

func TestMark(t *testing.T) {
	for line, want := range map[string]string{
		"1. 신청서를 낸다.":         "1. ",
		"1. 2026년 예산을 편성한다.":  "1. ",
		"10)서류":               "10)",
		"(가) 서류":              "(가) ",
		"① 1천원":               "① ",
		"  - 10퍼센트":           "  - ",
		"□ 추진 배경":             "□ ",
		"5의2. 그 밖의 경우":        "5의2. ",
		"1.5퍼센트를 더한다.":        "",
		"-5도 이하에서 보관한다.":      "",
		"12. 31.까지 신청한다.":     "",
		"2026. 1. 1.부터 시행한다.": "",
		"시장은 정한다.":            "",
	} {
		if got := Mark(line); got != want {
			t.Errorf("Mark(%q) = %q, want %q", line, got, want)
		}
	}
}

// What a quotation leaves out is no part of a number.
func TestQuoteKeepsNumbers(t *testing.T) {
	for said, want := range map[string]string{
		"1.5퍼센트를 더한 금액을 납부한다.": "「지침」에는 “1.5퍼센트를 더한 금액을 납부한다.”라고 되어 있습니다.",
		"12. 31.까지 신청하여야 한다.":  "「지침」에는 “12. 31.까지 신청하여야 한다.”라고 되어 있습니다.",
		"1. 수수료를 납부하여야 한다.":    "「지침」에는 “수수료를 납부하여야 한다.”라고 되어 있습니다.",
	} {
		src := Source{N: 1, Title: "지침", Text: said}
		got := Quote(src, Units(src)[0])
		if got.Text != want {
			t.Errorf("Quote(%q) = %q, want %q", said, got.Text, want)
		}
		if again := Check(got, []Source{src}); again.Status != Verified {
			t.Errorf("Check(%q): %s", got.Text, again.Why)
		}
	}
	src := Source{N: 1, Title: "지침", Text: "12. 31.까지 신청하여야 한다."}
	for _, wrong := range []string{"「지침」에는 “31.까지 신청하여야 한다.”라고 되어 있습니다.", "31.까지 신청하여야 한다."} {
		if got := Check(Sentence{Text: wrong, Cites: []Cite{{Source: 1}}}, []Source{src}); got.Status == Verified {
			t.Errorf("%q is verified", wrong)
		}
	}
}
