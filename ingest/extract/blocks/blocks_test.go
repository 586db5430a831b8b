package blocks

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestClean(t *testing.T) {
	got := Clean("\u00adA\u200bB\u00a0 C\t\x07\n\n \U000f02b2 \uf0a7 \ue123  \n")
	if want := "AB  C\n ② ▪ □"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestGuessHeading(t *testing.T) {
	type result struct {
		Mark  mark
		Level int
		Head  string
		Rest  string
	}
	for _, tt := range []struct {
		line string
		in   bool
		want result
	}{
		{"제1장 총칙", true, result{division, 2, "제1장 총칙", ""}},
		{"제2절의2 절차", false, result{division, 3, "제2절의2 절차", ""}},
		{"제2장에 따라 처리한다", false, result{}},
		{"제2장 및 제3장을 준용한다.", false, result{}},
		{"제1조(목적) 이 조례는 …을 정한다.", false, result{article, 5, "제1조(목적)", "이 조례는 …을 정한다."}},
		{"제4조의2(위원회(소위원회를 포함한다))① 둔다.", true, result{article, 5, "제4조의2(위원회(소위원회를 포함한다))", "① 둔다."}},
		{"제1조(목적)에 따른 사업", false, result{}},
		{"제45조 삭제 <2022.1.11>", true, result{article, 5, "제45조", "삭제 <2022.1.11>"}},
		{"제45조에 따라", true, result{}},
		{"부 칙 <제10호, 2020.1.1>", true, result{supplement, 2, "부 칙 <제10호, 2020.1.1>", ""}},
		{"부칙에서 정한다", true, result{}},
		{"[별표 1] 수수료(제5조 관련)", true, result{supplement, 2, "[별표 1] 수수료(제5조 관련)", ""}},
		{"Ⅰ. 추진배경", false, result{roman, 1, "Ⅰ. 추진배경", ""}},
		{"Ⅰ. 추진배경 ······ 3", false, result{}},
		{"1. 추진배경 및 필요성", false, result{number, 2, "1. 추진배경 및 필요성", ""}},
		{"1. 추진배경", true, result{}},
		{"1. 귀 기관의 발전을 기원합니다.", false, result{}},
		{"1. 관련: 청년과-12", false, result{}},
		{"2025. 3. 1. 시행", false, result{}},
		{"1.5배 증가", false, result{}},
		{"□ 추진 개요", false, result{box, 3, "□ 추진 개요", ""}},
		{"□ 일시 : 2025. 3. 1.", false, result{}},
		{"○ 추진 개요", false, result{}},
		{"붙임  1. 명단 1부.  끝.", false, result{}},
	} {
		var got result
		got.Mark, got.Level, got.Head, got.Rest = guessHeading(tt.line, tt.in)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.line, diff)
		}
	}
}

func TestSymbols(t *testing.T) {
	for _, tt := range []struct{ font, s, want string }{
		{"Symbol", "\uf061\uf0b3\uf0f2\uf0b7", "α≥∫•"}, {"Symbol", "a", "α"}, {"Symbol", "\uf0da", "∨"}, {"Symbol", "\uf0fe", "⎭"},
		{"Wingdings", "§ü", "\uf0a7\uf0fc"}, {"Wingdings 2", "\uf050", "\uf050"}, {"", "\uf0fc", "\uf0fc"}, {"맑은 고딕", "a가", "a가"},
	} {
		if got := Symbols(tt.font, tt.s); got != tt.want {
			t.Errorf("%s %q: got %q, want %q", tt.font, tt.s, got, tt.want)
		}
	}
}
