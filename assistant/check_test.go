package assistant

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"biseo/index"
	"biseo/korea/official"
)

func TestCheckText(t *testing.T) {
	s := gaon()
	act := doc("law/1@old", "가온시 도로 조례", "ordinance")
	act.Until = index.Day(2026, 1, 1)
	s.chunks = append(s.chunks, chunk(act, "o3", "「가온시 도로 조례」 제3조", "제3조(점용료)\n① 점용료는 1제곱미터에 500원으로 한다."),
		chunk(doc("ord/1", "가온시 민원 처리 조례", "ordinance"), "c10", "「가온시 민원 처리 조례」 제10조", "제10조 삭제 <2025. 1. 1.>"))
	a := New(quiet, s, Options{})
	tests := []struct {
		text  string
		state CitationState
		why   string
	}{
		{"「가온시 민원 처리 조례」 제7조제1항에 따라 처리기간을 한 차례만 연장할 수 있습니다.", CitationFound, ""},
		{"「가온시 민원 처리 조례」 제7조에 따라 신청하시기 바랍니다.", CitationFound, ""},
		{"2) 「가온시 민원 처리 조례」 제9조제3항에 따라 납부한 날부터 60일 이내에 반환을 신청할 수 있습니다.", CitationMismatch, "60일"},
		{"「가온시 민원 처리 조례」 제9조제9항에 따라 신청합니다.", CitationNotThere, "제9항"},
		{"「가온시 주차장 설치 및 관리 조례」 제12조제1항제3호에 따라 경감합니다.", CitationFound, ""},
		{"「가온시 주차장 설치 및 관리 조례」 제12조제1항제7호에 따라 경감합니다.", CitationNotThere, "제7호"},
		{"「가온시 민원 처리 조례」 제9조에 따라 발급 수수료 900원을 냅니다.", CitationMismatch, "900원"},
		{"「가온시 민원 처리 조례」 제999조에 따릅니다.", CitationNotThere, "그런 조문이 없습니다"},
		{"「가온시 도로 조례」 제3조에 따라 점용료는 500원입니다.", CitationNotOn, "2026-01-01"},
		{"「건축법」 제11조에 따라 허가를 받아야 합니다.", CitationUnread, "색인에 없어"},
		{"법 제3조에 따릅니다.", CitationUnread, "「」"},
	}
	for _, tt := range tests {
		got, err := a.Check(context.Background(), Principal{}, CheckRequest{Text: tt.text, On: today})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Citations) != 1 || got.Citations[0].State != tt.state || !strings.Contains(got.Citations[0].Why, tt.why) {
			t.Errorf("%s: got %+v, want %s (%s)", tt.text, got.Citations, tt.state, tt.why)
		}
	}
	got, err := a.Check(context.Background(), Principal{}, CheckRequest{Text: "회의는 2026.6.19에 엽니다.", Kind: official.KindLetter, On: today})
	if err != nil || len(got.Findings) == 0 || got.Findings[0].Start != 4 {
		t.Errorf("findings %+v, error %v", got, err)
	}
	var input *InputError
	for _, bad := range []CheckRequest{{Text: "", On: today}, {Text: "글"}, {Text: "\xff", On: today}, {Text: strings.Repeat("가", maxChecked+1), On: today}} {
		if _, err := a.Check(context.Background(), Principal{}, bad); !errors.As(err, &input) {
			t.Errorf("%.10q: error %v", bad.Text, err)
		}
	}
}

// A text with more citations than are looked up says of the others that they were not.
func TestCheckManyCitations(t *testing.T) {
	var b strings.Builder
	for n := range maxCited + 1 {
		fmt.Fprintf(&b, "「가온시 민원 처리 조례」 제%d조에 따릅니다.\n", 100+n)
	}
	got, err := New(quiet, gaon(), Options{}).Check(context.Background(), Principal{}, CheckRequest{Text: b.String(), On: today})
	if err != nil || len(got.Citations) != maxCited+1 {
		t.Fatalf("%+v, error %v", got, err)
	}
	if last := got.Citations[maxCited-1]; last.State != CitationNotThere {
		t.Errorf("citation %d: %+v", maxCited, last)
	}
	if beyond := got.Citations[maxCited]; beyond.State != CitationUnread || !strings.Contains(beyond.Why, "나누어") {
		t.Errorf("citation %d: %+v", maxCited+1, beyond)
	}
}
