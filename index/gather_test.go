package index

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGather(t *testing.T) {
	law := Doc{ID: "law/1@2", Title: "도로법"}
	article := func(id, cite string) Hit {
		return Hit{Doc: law, Chunk: Chunk{ID: id, DocID: law.ID, Cite: cite, Text: cite}}
	}
	monthly := func(month int, near string) Doc {
		return Doc{ID: fmt.Sprintf("m/%02d", month), Title: fmt.Sprintf("%d월 급수 사용료 부과 결의", month), Near: near, Dated: Day(2026, 1, month)}
	}
	part := func(d Doc, id, text string) Hit {
		return Hit{Doc: d, Chunk: Chunk{ID: id, DocID: d.ID, Cite: "「" + d.Title + "」", Text: text}}
	}
	const bill, list = "%d월분 급수 사용료를 아래와 같이 부과하고자 합니다. 부과 금액 %d,000원", "붙임 %d월 부과 대상자 명단과 검침 결과 %d부"
	jan, feb, mar := monthly(1, "m/04"), monthly(2, "m/04"), monthly(3, "m/04") // of which m/04 is hidden from the asker
	tests := []struct {
		name string
		hits []Hit
		want []string
	}{
		{"parts of an article", []Hit{
			article("a", "「도로법」 제61조제1항"), article("b", "「도로법」 제62조"), article("c", "「도로법」 제61조제2항부터 제4항까지"), article("d", "「도로법」 제61조의2"),
		}, []string{"a+c", "b", "d"}},
		{"부칙 and body, and whole laws", []Hit{
			article("a", "「도로법」 제1조"), article("b", "「도로법」 부칙 <제1호, 2020. 1. 1.> 제1조"), article("c", "「도로법」 부칙 <제2호, 2021. 1. 1.> 제1조"),
			article("d", "「도로법」"), article("e", "「도로법」"),
		}, []string{"a", "b", "c", "d", "e"}},
		{"monthly repeats", []Hit{
			part(feb, "f1", fmt.Sprintf(bill, 2, 20)), part(mar, "m2", fmt.Sprintf(list, 3, 30)), part(jan, "j1", fmt.Sprintf(bill, 1, 10)), part(mar, "m1", fmt.Sprintf(bill, 3, 30)), part(jan, "j2", fmt.Sprintf(list, 1, 11)),
		}, []string{"m1 m/02 m/01", "m2 m/01"}},
		{"others with the same words", []Hit{
			part(Doc{ID: "x"}, "x1", "같은 글"), part(Doc{ID: "y"}, "y1", "같은 글"),
		}, []string{"x1", "y1"}},
		{"nothing", nil, nil},
	}
	for _, tt := range tests {
		var got []string
		for _, f := range Gather(tt.hits) {
			s := f.Chunk.ID
			for _, p := range f.Parts {
				s += "+" + p.Chunk.ID
			}
			for _, d := range f.Repeats {
				s += " " + d.ID
			}
			got = append(got, s)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
}

func TestHitArticle(t *testing.T) {
	for cite, want := range map[string]string{
		"「도로법 시행령」 제61조의2제1항제3호":          "도로법시행령/61의2",
		"「도로법」 제61조제1항부터 제3항까지":           "도로법/61",
		"「도로법」 부칙 <제1호, 2020. 1. 1.> 제2조": "도로법/부칙1/2",
		"「도로법 시행령」 별표 3":                  "도로법시행령/별표3",
		"「도로법」":                           "",
		"「2026년 도로 정비 계획」 p. 3":           "",
	} {
		if got := (Hit{Chunk: Chunk{Cite: cite}}).Article(); got != want {
			t.Errorf("%s is %q, want %q", cite, got, want)
		}
	}
}
