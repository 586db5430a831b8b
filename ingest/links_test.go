package ingest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/index"
)

func TestSplitLinks(t *testing.T) {
	lines := []string{
		"제1조(목적) 이 영은 「민원 처리에 관한 법률」(이하 \"법\"이라 한다)에서 위임된 사항을 규정한다.",
		"제2조(연장) 법 제19조제1항 및 제3항에 따라 처리기간을 정하되 제3조부터 제5조까지와 별표 1을 따른다. 법 제19조를 다시 말한다.",
		"제3조(통지) ① 별지 제1호서식으로 알린다.",
		"② 제1항의 통지는 「행정절차법」 제24조에 따른다.",
		"부칙 <제1호, 2026. 1. 1.>",
		"제1조(시행일) 제2조의 개정규정은 공포한 날부터 시행한다.",
	}
	d := &Document{Meta: index.Doc{ID: "d", Title: "가온시 민원 처리 규칙", Kind: "ordinance"}, Text: strings.Join(lines, "\n") + "\n"}
	got := map[string][]string{}
	for _, c := range Split(d, SplitOptions{}) {
		got[c.Cite] = c.Links
	}
	want := map[string][]string{
		"「가온시 민원 처리 규칙」 제1조":                       nil,
		"「가온시 민원 처리 규칙」 제2조":                       {"§민원처리에관한법률/19", "§가온시민원처리규칙/3", "§가온시민원처리규칙/4", "§가온시민원처리규칙/5", "§가온시민원처리규칙/별표1"},
		"「가온시 민원 처리 규칙」 제3조":                       {"§행정절차법/24"},
		"「가온시 민원 처리 규칙」 부칙 <제1호, 2026. 1. 1.> 제1조": nil,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	d.Meta.Kind, d.Meta.Title = "guide", "민원 편람"
	d.Text = "연장은 민원처리법 시행령 제21조를 본다. 제3조는 어느 법인지 모른다.\n"
	if d := cmp.Diff([]string{"§민원처리에관한법률시행령/21"}, Split(d, SplitOptions{})[0].Links); d != "" {
		t.Error(d)
	}
}
