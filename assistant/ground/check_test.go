package ground

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheck(t *testing.T) {
	tests := []struct {
		text  string
		cites []int
		ok    bool
		why   string // part of the reason
	}{
		// True sentences, in other words than the source's.
		{"처리기간은 처리기간의 범위에서 한 차례만 연장할 수 있습니다.", []int{1}, true, ""},
		{"담당자의 휴가를 이유로 처리기간을 연장할 수 없습니다.", []int{1}, true, ""},
		{"처리기간을 연장하려면 연장 사유와 처리 예정일을 민원인에게 지체 없이 알려야 합니다.", []int{1}, true, ""},
		{"「가온시 민원 처리 조례」 제7조제1항에 따라 부서의 장은 처리기간을 한 차례만 연장할 수 있습니다.", []int{1}, true, ""},
		{"위원회는 위원장 1명을 포함하여 7명 이상 15명 이하로 구성합니다.", []int{2}, true, ""},
		{"위원은 직무와 관련하여 알게 된 비밀을 누설해서는 안 됩니다.", []int{2}, true, ""},
		{"증명서 발급 수수료는 1통에 500원입니다.", []int{3}, true, ""},
		{"무인민원발급창구에서 발급하는 경우 수수료는 200원입니다.", []int{3}, true, ""},
		{"「국민기초생활 보장법」 제7조에 따른 수급자의 수수료는 면제합니다.", []int{3}, true, ""},
		{"과오납한 사람은 납부한 날부터 30일 이내에 반환을 신청할 수 있습니다.", []int{3}, true, ""},
		{"장애인이 탄 자동차에 대해서는 주차요금의 100분의 50을 경감합니다.", []int{4}, true, ""},
		{"주차요금 경감은 2026. 7. 1.부터 적용합니다.", []int{4}, true, ""},
		{"감사담당관은 2026년 9월 7일부터 9월 18일까지 도로과의 보조금 집행을 특정감사합니다.", []int{5}, true, ""},

		// Numbers, amounts, dates, periods.
		{"위원회는 위원장 1명을 포함하여 7명 이상 17명 이하로 구성합니다.", []int{2}, false, "17명"},
		{"위원회는 위원장 1명을 포함하여 15명 이상 15명 이하로 구성합니다.", []int{2}, false, "15명"},
		{"증명서 발급 수수료는 1통에 600원입니다.", []int{3}, false, "600원"},
		{"과오납한 사람은 납부한 날부터 30개월 이내에 반환을 신청할 수 있습니다.", []int{3}, false, "30개월"},
		{"주차요금 경감은 2026. 7. 11.부터 적용합니다.", []int{4}, false, "2026. 7. 11."},
		{"주차요금의 100분의 80을 경감합니다.", []int{4}, false, ""},
		{"처리기간은 두 차례 연장할 수 있습니다.", []int{1}, false, ""},

		// Legal citations.
		{"「가온시 민원 처리 조례」 제9조제1항에 따라 부서의 장은 처리기간을 한 차례만 연장할 수 있습니다.", []int{1}, false, "제9조"},
		{"「가온시 민원 처리 조례」 제7조제2항에 따라 부서의 장은 처리기간을 한 차례만 연장할 수 있습니다.", []int{1}, false, "제7조제2항"},
		{"「행정절차법」 제7조에 따른 수급자에게는 수수료를 면제합니다.", []int{3}, false, "행정절차법"},
		{"「국민기초생활 보장법」 제8조에 따른 수급자에게는 수수료를 면제합니다.", []int{3}, false, "제8조"},

		// Turned meaning.
		{"부서의 장은 처리기간의 범위에서 한 차례만 그 기간을 연장하여야 합니다.", []int{1}, false, "뜻이 다른"},
		{"담당자의 휴가를 이유로 처리기간을 연장할 수 있습니다.", []int{1}, false, ""},
		{"위원은 직무와 관련하여 알게 된 비밀을 누설할 수 있습니다.", []int{2}, false, "뜻이 다른"},
		{"위원은 직무와 관련하여 알게 된 비밀을 누설하여야 합니다.", []int{2}, false, "뜻이 다른"},
		{"위원회는 위원장 1명을 포함하여 7명 초과 15명 미만으로 구성합니다.", []int{2}, false, ""},
		{"수급자에게는 수수료를 면제하지 않습니다.", []int{3}, false, "뜻이 다른"},
		{"납부한 날부터 30일 이후에 반환을 신청할 수 있습니다.", []int{3}, false, ""},
		{"모든 자동차에 대해서는 주차요금의 100분의 50을 경감합니다.", []int{4}, false, "모든"},

		// Quotations, names, addresses.
		{`조례는 "휴가를 이유로 연장할 수 없다"고 정하여 담당자의 휴가를 이유로 연장할 수 없습니다.`, []int{1}, true, ""},
		{`조례는 "휴가는 정당한 사유이다"라고 정하여 담당자의 휴가를 이유로 연장할 수 없습니다.`, []int{1}, false, "인용"},
		{`조례는 "휴가를 이유로 연장할 수 없다고 정하여 담당자의 휴가를 이유로 연장할 수 없습니다.`, []int{1}, false, "따옴표"},
		{"민원혁신과에서 증명서 발급 수수료는 1통에 500원으로 합니다.", []int{3}, false, ""},
		{"증명서 발급 수수료는 1통에 500원이며 02-123-4567로 문의합니다.", []int{3}, false, ""},
		{"증명서 발급 수수료는 1통에 500원이며 minwon@gaon.go.kr로 문의합니다.", []int{3}, false, ""},
		{"증명서 발급 수수료는 1통에 500원이며 https://gaon.example/fee 에 있습니다.", []int{3}, false, ""},

		// Citations themselves.
		{"증명서 발급 수수료는 1통에 500원입니다.", []int{2}, false, "확인되지 않는"},
		{"증명서 발급 수수료는 1통에 500원입니다.", []int{7}, false, "없는 근거 번호: 7"},
		{"증명서 발급 수수료는 1통에 500원입니다.", []int{3, 7}, false, "없는 근거 번호: 7"},
		{"증명서 발급 수수료는 1통에 500원입니다.", []int{0}, false, "없는 근거 번호"},
		{"증명서 발급 수수료는 1통에 500원입니다.", nil, false, "근거 번호가 없음"},
		{"", []int{1}, false, "내용이 없는"},
		{"다음과 같습니다.", []int{1}, false, ""},
		{"시장은 매년 시민의 날 행사를 개최합니다.", []int{1}, false, "확인되지 않는"},
	}
	for _, tt := range tests {
		s := Sentence{Text: tt.text}
		for _, n := range tt.cites {
			s.Cites = append(s.Cites, Cite{Source: n})
		}
		got := Check(s, shelved())
		if (got.Status == Verified) != tt.ok || !strings.Contains(got.Why, tt.why) {
			t.Errorf("%s %v: %s (%s), want verified %v (%s)", tt.text, tt.cites, got.Status, got.Why, tt.ok, tt.why)
		}
		if (got.Why == "") != (got.Status == Verified) {
			t.Errorf("%s: %s with reason %q", tt.text, got.Status, got.Why)
		}
	}
}

func TestCheckFillsSpans(t *testing.T) {
	got := Check(Sentence{Text: "무인민원발급창구에서 발급하는 경우 수수료는 200원입니다.", Cites: []Cite{{Source: 2}, {Source: 3}}}, shelved())
	want := Sentence{
		Text: "무인민원발급창구에서 발급하는 경우 수수료는 200원입니다.", Status: Verified,
		Cites: []Cite{{3, 38, 73, "다만, 무인민원발급창구에서 발급하는 경우에는 200원으로 한다."}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Check (-want +got):\n%s", diff)
	}
}

func TestCheckHoldsSpans(t *testing.T) {
	const said = "증명서 발급 수수료는 1통에 500원으로 합니다."
	src := shelved()
	right := Check(Sentence{Text: said, Cites: []Cite{{Source: 3}}}, src).Cites[0]
	tests := []struct {
		name string
		cite Cite
		ok   bool
	}{
		{"the span found", right, true},
		{"another quote", Cite{3, right.Start, right.End, "증명서 발급 수수료는 무료로 한다."}, false},
		{"no quote", Cite{3, right.Start, right.End, ""}, false},
		{"beyond the text", Cite{3, 0, 100000, right.Quote}, false},
		{"backwards", Cite{3, right.End, right.Start, right.Quote}, false},
		{"negative", Cite{3, -1, right.End, right.Quote}, false},
		{"another sentence of the source", Span(src[2], 76, 110), false},
		{"another source", Cite{1, right.Start, right.End, right.Quote}, false},
	}
	for _, tt := range tests {
		if got := Check(Sentence{Text: said, Cites: []Cite{tt.cite}}, src); (got.Status == Verified) != tt.ok {
			t.Errorf("%s: %s (%s), want verified %v", tt.name, got.Status, got.Why, tt.ok)
		}
	}
}

// A part of a sentence is not a sentence of the source, though its words are there.
func TestCheckHoldsPartsAgainstTheWhole(t *testing.T) {
	const whole = "부서의 장은 신청을 반려할 수 있다고 보아서는 아니 된다."
	src := []Source{{N: 1, Text: whole}}
	if got := Check(Sentence{Text: "부서의 장은 신청을 반려할 수 있다.", Cites: []Cite{Span(src[0], 0, 19)}}, src); got.Status == Verified {
		t.Errorf("verified by half a sentence: %+v", got)
	}
	if got := Check(Sentence{Text: "부서의 장은 신청을 반려할 수 있다", Cites: []Cite{Span(src[0], 0, 19)}}, src); got.Status == Verified {
		t.Errorf("verified by half a sentence, word for word: %+v", got)
	}
	if got := Check(Sentence{Text: whole, Cites: []Cite{Span(src[0], 0, len([]rune(whole)))}}, src); got.Status != Verified {
		t.Errorf("the whole sentence: %s", got.Why)
	}
}

// A value may not come from a sentence that says it of something else.
func TestCheckBorrowedValue(t *testing.T) {
	src := []Source{{N: 1, Text: "① 위원의 임기는 4년으로 한다.\n② 위원의 정년은 65세로 한다. 다만, 원장인 위원의 정년은 70세로 한다."}}
	for text, want := range map[string]bool{
		"원장인 위원의 정년은 70세로 합니다.":  true,
		"원장인 위원의 정년은 65세로 합니다.":  false,
		"위원의 정년은 65세로 합니다.":      true,
		"위원의 정년은 70세로 합니다.":      false,
		"위원의 임기는 4년으로 합니다.":      true,
		"원장인 위원의 임기는 70년으로 합니다.": false,
	} {
		got := Check(Sentence{Text: text, Cites: []Cite{{Source: 1}}}, src)
		if (got.Status == Verified) != want {
			t.Errorf("%s: %s (%s), want verified %v: %+v", text, got.Status, got.Why, want, got.Cites)
		}
	}
}

func TestCheckGap(t *testing.T) {
	if got := Check(Sentence{Text: "[작성 필요: 담당자 연락처]"}, nil); got.Status != Gap {
		t.Errorf("a hole is %s, want gap", got.Status)
	}
	if got := Check(Sentence{Text: "수수료는 500원입니다 [작성 필요: 담당자]."}, shelved()); got.Status == Gap {
		t.Error("a sentence with a hole passes for a hole")
	}
}

// Check is pure: it changes neither its argument nor its verdict.
func TestCheckIsPure(t *testing.T) {
	s := Sentence{Text: "위원회는 위원장 1명을 포함하여 7명 이상 15명 이하로 구성합니다.", Cites: []Cite{{Source: 2}}}
	first := Check(s, shelved())
	if s.Cites[0] != (Cite{Source: 2}) {
		t.Errorf("Check changed its argument to %+v", s.Cites)
	}
	for range 5 {
		if diff := cmp.Diff(first, Check(s, shelved())); diff != "" {
			t.Fatalf("Check differs from itself:\n%s", diff)
		}
	}
	if diff := cmp.Diff(first, Check(first, shelved())); diff != "" {
		t.Errorf("Check of what it verified (-first +again):\n%s", diff)
	}
}

// Eight sources of 600 code points and a sentence that names none of them rightly.
func BenchmarkCheck(b *testing.B) {
	var sources []Source
	for _, s := range append(shelved(), shelved()[:2]...) {
		for len([]rune(s.Text)) < 600 {
			s.Text += "\n" + s.Text
		}
		s.N, s.Text = len(sources)+1, string([]rune(s.Text)[:600])
		sources = append(sources, s)
	}
	s := Sentence{Text: "수수료를 과오납한 사람은 납부한 날부터 30일 이내에 반환을 신청할 수 있습니다."}
	for n := range sources {
		s.Cites = append(s.Cites, Cite{Source: n + 1})
	}
	b.Run("Check", func(b *testing.B) {
		for b.Loop() {
			if got := Check(s, sources); got.Status != Verified {
				b.Fatal(got.Why)
			}
		}
	})
	b.Run("Attach", func(b *testing.B) {
		for b.Loop() {
			Attach("시장은 매년 시민의 날 행사를 5회 개최합니다.", []int{1}, sources)
		}
	})
}

func FuzzCheck(f *testing.F) {
	f.Add("수수료는 500원입니다. [", 1, 0, 5)
	f.Add("\xff①「」 제조 제0항 \"", 2, -1, 1)
	f.Fuzz(func(t *testing.T, s string, n, start, end int) {
		got := Check(Sentence{Text: s, Cites: []Cite{{Source: n}, {Source: 1, Start: start, End: end, Quote: s}}}, shelved())
		if got.Status == Verified {
			for _, c := range got.Cites {
				if r := []rune(shelved()[c.Source-1].Text); string(r[c.Start:c.End]) != c.Quote {
					t.Errorf("%q verified with quote %q", s, c.Quote)
				}
			}
		}
		Check(Sentence{Text: "수수료는 500원입니다.", Cites: []Cite{{Source: 1}}}, []Source{{N: 1, Text: s, Cite: s}})
	})
}
