package ingest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"biseo/index"
)

// markdown makes a document the way a reader does: "#" lines are headings,
// "|" lines are rows of a table, "=== 3" begins page 3.
func markdown(kind, title, text string) *Document {
	d := &Document{Meta: index.Doc{ID: "d", Title: title, Kind: kind}}
	at, page := 0, 0
	for l := range strings.Lines(text) {
		if _, err := fmt.Sscanf(l, "=== %d", &page); err == nil {
			continue
		}
		b := Block{Kind: Paragraph, Page: page}
		if t := strings.TrimLeft(l, "#"); t != l {
			b.Kind, b.Level = Heading, len(l)-len(t)
			l = strings.TrimSpace(t) + "\n"
		} else if strings.HasPrefix(l, "|") {
			b.Kind = Table
			l = strings.Trim(l, "| \n") + "\n"
		}
		b.Start, b.End = at, at+utf8.RuneCountInString(l)
		at = b.End
		d.Text += l
		if n := len(d.Blocks) - 1; b.Kind == Table && n >= 0 && d.Blocks[n].Kind == Table {
			d.Blocks[n].End = b.End
			continue
		}
		d.Blocks = append(d.Blocks, b)
	}
	return d
}

// checkChunks holds the promises that every result of Split keeps.
func checkChunks(t *testing.T, d *Document, chunks []index.Chunk) {
	t.Helper()
	var whole strings.Builder
	at := 0
	for i, c := range chunks {
		if c.Start != at {
			t.Errorf("chunk %d starts at %d, want %d", i, c.Start, at)
		}
		if c.ID != index.ChunkID(d.Meta.ID, i) || c.DocID != d.Meta.ID {
			t.Errorf("chunk %d has ID %s of %s", i, c.ID, c.DocID)
		}
		if strings.TrimSpace(c.Text) == "" && strings.TrimSpace(d.Text) != "" {
			t.Errorf("chunk %d is blank", i)
		}
		if c.Cite == "" {
			t.Errorf("chunk %d has no citation", i)
		}
		if i > 0 && strings.HasPrefix(c.Text, "\n") {
			t.Errorf("chunk %d begins with a blank line", i)
		}
		at += utf8.RuneCountInString(c.Text)
		whole.WriteString(c.Text)
	}
	if whole.String() != d.Text {
		t.Errorf("chunks do not concatenate to the text:\n%s", cmp.Diff(d.Text, whole.String()))
	}
}

// outlineOf prints chunks as "path / path ‖ cite ‖ first and last words".
func outlineOf(chunks []index.Chunk) []string {
	var out []string
	for _, c := range chunks {
		f := strings.Fields(c.Text)
		out = append(out, strings.Join(c.Path, " / ")+" ‖ "+c.Cite+" ‖ "+f[0]+" … "+f[len(f)-1])
	}
	return out
}

const ordinance = `# 가온시 민원 조례
## 제1장 총칙
##### 제1조 (목적)
이 조례는 민원을 정한다.
##### 제2조 (정의)
용어의 뜻은 다음과 같다.
1. "가"란 하나를 말한다.
2. "나"란 둘을 말한다.
2의2. "다"란 셋을 말한다.
3. "라"란 넷을 말한다.
## 제2장 처리
### 제1절 기간
##### 제7조의2 (연장 <등>)
**①** 첫째 항이다.
1. 하나
2. 둘
**②** 둘째 항이다.
**③** 셋째 항이다.
##### 제8조
삭제 <2022.1.11>
## 제3장 삭제
## 부칙
부칙 <제12호,2020.1.2>
이 조례는 공포한 날부터 시행한다.
부칙(정부조직법) <제14839호,2017.7.26>
제1조(시행일) ① 이 법은 공포한 날부터 시행한다.
제2조 부터 제4조까지 생략
제5조(다른 법률의 개정) ①부터 <62>까지 생략
<63> 민원 처리에 관한 법률 일부를 개정한다.
제9조(위원회)를 다음과 같이 한다.
제9조(위원회) 위원회를 둔다.
제15조제2항 중 "갑"을 "을"로 한다.
제6조 생략
[별표 1] 수수료(제7조 관련)
| 종류 | 금액 |
| 등본 | 400원 |
`

func TestSplitLaw(t *testing.T) {
	tests := []struct {
		name string
		max  int
		text string
		want []string
	}{
		{"one chunk for each 조", 0, ordinance, []string{
			"제1장 총칙 / 제1조(목적) ‖ 「가온시 민원 조례」 제1조 ‖ 가온시 … 정한다.",
			"제1장 총칙 / 제2조(정의) ‖ 「가온시 민원 조례」 제2조 ‖ 제2조 … 말한다.",
			"제2장 처리 / 제1절 기간 / 제7조의2(연장 <등>) ‖ 「가온시 민원 조례」 제7조의2 ‖ 제2장 … 항이다.",
			"제2장 처리 / 제1절 기간 / 제8조 ‖ 「가온시 민원 조례」 제8조 ‖ 제8조 … <2022.1.11>",
			"제3장 삭제 ‖ 「가온시 민원 조례」 ‖ 제3장 … 삭제",
			"부칙 <제12호, 2020. 1. 2.> ‖ 「가온시 민원 조례」 부칙 <제12호, 2020. 1. 2.> ‖ 부칙 … 시행한다.",
			"부칙(정부조직법) <제14839호, 2017. 7. 26.> / 제1조(시행일) ‖ 「가온시 민원 조례」 부칙 <제14839호, 2017. 7. 26.> 제1조 ‖ 부칙(정부조직법) … 생략",
			"부칙(정부조직법) <제14839호, 2017. 7. 26.> / 제5조(다른 법률의 개정) ‖ 「가온시 민원 조례」 부칙 <제14839호, 2017. 7. 26.> 제5조 ‖ 제5조(다른 … 생략",
			"[별표 1] 수수료(제7조 관련) ‖ 「가온시 민원 조례」 별표 1 ‖ [별표 … 400원",
		}},
		{"a long 조 at 항, then 호", 30, "# 법\n##### 제7조의2 (연장)\n**①** 첫째 항의 머리는 다음 각 호와 같다.\n1. 하나는 이것이고 조금 길게 쓴다.\n2. 둘은 저것이고 조금 길게 쓴다.\n3. 셋은 그것이다.\n**②** 둘째 항이다.\n**③** 셋째 항이다.\n**④** 넷째 항이며 이 항은 앞의 항들보다 길게 쓴다.\n", []string{
			"제7조의2(연장) ‖ 「법」 제7조의2제1항 ‖ 법 … 같다.",
			"제7조의2(연장) ‖ 「법」 제7조의2제1항제1호부터 제2호까지 ‖ 1. … 쓴다.",
			"제7조의2(연장) ‖ 「법」 제7조의2제1항제3호 ‖ 3. … 그것이다.",
			"제7조의2(연장) ‖ 「법」 제7조의2제2항부터 제3항까지 ‖ **②** … 항이다.",
			"제7조의2(연장) ‖ 「법」 제7조의2제4항 ‖ **④** … 쓴다.",
		}},
		{"호 without 항, and 목", 20, "# 법\n##### 제2조 (정의)\n뜻은 다음과 같다.\n1. 가나다라마바사아자차카타파하다.\n5의2. 길다:\n가. 가나다라마바사아자차카타파하다.\n나. 가나다라마바사아자차카타파하다.\n", []string{
			"제2조(정의) ‖ 「법」 제2조 ‖ 법 … 같다.",
			"제2조(정의) ‖ 「법」 제2조제1호 ‖ 1. … 가나다라마바사아자차카타파하다.",
			"제2조(정의) ‖ 「법」 제2조제5호의2 ‖ 5의2. … 가나다라마바사아자차카타파하다.",
			"제2조(정의) ‖ 「법」 제2조제5호의2나목 ‖ 나. … 가나다라마바사아자차카타파하다.",
		}},
		{"조 in paragraphs", 0, "가온시 규칙\n제1장 총칙\n제1조(목적) 이 규칙은 정한다.\n제5조제1항을 본다.\n제2조(정의) ① 뜻은 이렇다.\n② 제3조(정의)를 다음과 같이 본다.\n제2장 보칙\n제3조(시행) 시행한다.\n부 칙(2024. 3. 5. 규칙 제7호)\n제1조(시행일) 공포한 날부터 시행한다.\n", []string{
			"제1장 총칙 / 제1조(목적) ‖ 「법」 제1조 ‖ 가온시 … 본다.",
			"제1장 총칙 / 제2조(정의) ‖ 「법」 제2조 ‖ 제2조(정의) … 본다.",
			"제2장 보칙 / 제3조(시행) ‖ 「법」 제3조 ‖ 제2장 … 시행한다.",
			"부칙 <제7호, 2024. 3. 5.> / 제1조(시행일) ‖ 「법」 부칙 <제7호, 2024. 3. 5.> 제1조 ‖ 부 … 시행한다.",
		}},
		{"another law quoted in a 부칙", 0, "# 법\n##### 제1조 (목적)\n정한다.\n## 부칙\n제1조(시행일) 공포한 날부터 시행한다.\n제3조(특례) 다음과 같다.\n제2조(정의) 다른 법의 조문이다.\n", []string{
			"제1조(목적) ‖ 「법」 제1조 ‖ 법 … 정한다.",
			"부칙 / 제1조(시행일) ‖ 「법」 부칙 제1조 ‖ 부칙 … 시행한다.",
			"부칙 / 제3조(특례) ‖ 「법」 부칙 제3조 ‖ 제3조(특례) … 조문이다.",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			title := "법"
			if strings.HasPrefix(tt.text, "# 가온시") {
				title = "가온시 민원 조례"
			}
			d := markdown("ordinance", title, tt.text)
			got := Split(d, SplitOptions{Max: tt.max})
			checkChunks(t, d, got)
			if diff := cmp.Diff(tt.want, outlineOf(got)); diff != "" {
				t.Errorf("chunks (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSplitOthers(t *testing.T) {
	reply := markdown("reply", "주차 단속 문의", "제목\n주차 단속 문의\n1. 귀하의 민원내용은 \"단속 시간\"에 관한 것으로 판단됩니다.\n2. 귀하의 질의사항에 대해 검토한 의견은 다음과 같습니다.\n단속은 09:00부터입니다.\n끝.\n")
	reply.Meta.From = index.Day(2025, 7, 28)
	tests := []struct {
		name string
		max  int
		doc  *Document
		want []string
	}{
		{"a plan by headings and pages", 44, markdown("plan", "2025년 계획", "=== 1\n# 2025년 계획\nⅠ. 추진배경 ······ 1\n## Ⅰ. 추진배경\n□ 현황\nㅇ 인구는 늘었다.\n□ 문제점\nㅇ 주차가 \n=== 2\n어렵다.\n=== 3\n## Ⅱ. 추진계획\n□ 일정\nㅇ 가나다라마바사아자차카타파하 가나다라마바사아자차카타파하 가나다라마바사아자차카타파하\nㅇ 이어서 가나다라마바사아자차카타파하 가나다라마바사아자차카타파하\n"), []string{
			" ‖ 「2025년 계획」 p. 1 ‖ 2025년 … 1",
			"Ⅰ. 추진배경 ‖ 「2025년 계획」 p. 1∼2 ‖ Ⅰ. … 어렵다.",
			"Ⅱ. 추진계획 / □ 일정 ‖ 「2025년 계획」 p. 3 ‖ Ⅱ. … 가나다라마바사아자차카타파하",
			"Ⅱ. 추진계획 / □ 일정 ‖ 「2025년 계획」 p. 3 ‖ ㅇ … 가나다라마바사아자차카타파하",
		}},
		{"a table at its rows", 32, markdown("report", "보고", "## 1. 현황\n| 구분 | 금액(원) |\n| 가동 | 1,000,000 |\n| 나동 | 2,000,000 |\n| 다동 | 3,000,000 |\n"), []string{
			"1. 현황 ‖ 「보고」 1. 현황 ‖ 1. … 1,000,000",
			"1. 현황 / 구분 | 금액(원) ‖ 「보고」 1. 현황 표 3행∼4행 ‖ 나동 … 3,000,000",
		}},
		{"no row of a table is cut", 12, markdown("report", "보고", "| 구분 | 내용 |\n| 가동 | 첫째로 이렇게 한다. 둘째로 저렇게 한다. |\n"), []string{
			" ‖ 「보고」 표 1행 ‖ 구분 … 내용",
			"구분 | 내용 ‖ 「보고」 표 2행 ‖ 가동 … 한다.",
		}},
		{"a reply", 0, reply, []string{
			"질의 ‖ 「주차 단속 문의」(2025. 7. 28.) 질의 ‖ 제목 … 판단됩니다.",
			"질의: 단속 시간 / 답변 ‖ 「주차 단속 문의」(2025. 7. 28.) 답변 ‖ 2. … 끝.",
		}},
		{"a guide", 0, markdown("guide", "안내", "# 안내\n## 신청\nQ1. 언제 신청하나요?\nA. 1월입니다.\n□ 참고\n홈페이지\nQ2. 어디서 하나요?\nA. 시청입니다.\n"), []string{
			"신청 / Q1. 언제 신청하나요? ‖ 「안내」 신청 > Q1. 언제 신청하나요? ‖ 안내 … 홈페이지",
			"신청 / Q2. 어디서 하나요? ‖ 「안내」 신청 > Q2. 어디서 하나요? ‖ Q2. … 시청입니다.",
		}},
		{"a boxed line that states something", 0, markdown("guide", "안내", "## 1. 등록\n미리 등록하면 됩니다.\n□ 자동차 한 대만 등록할 수 있습니다.\n## 2. 정기권\n한 달에 80,000원입니다.\n□ 기간: 1개월\n## 3. 문의\n시청\n"), []string{
			"1. 등록 ‖ 「안내」 1. 등록 ‖ 1. … 있습니다.", "2. 정기권 ‖ 「안내」 2. 정기권 ‖ 2. … 1개월", "3. 문의 ‖ 「안내」 3. 문의 ‖ 3. … 시청",
		}},
		{"boxed lines with nothing below", 0, markdown("plan", "계획", "## 1. 준비\n□ 위원 7명\n□ 예산 3억원\n## 2. 실시\n□ 일정 3일\n□ 장소\n시청\n## 3. 결과\n보고\n"), []string{
			"1. 준비 ‖ 「계획」 1. 준비 ‖ 1. … 3억원", "2. 실시 ‖ 「계획」 2. 실시 ‖ 2. … 시청", "3. 결과 ‖ 「계획」 3. 결과 ‖ 3. … 보고",
		}},
		{"a number right above a □", 0, markdown("plan", "계획", "## 1. 준비\n### □ 위원\n7명\n2. 실시\n□ 일정\n3일\n3. 결과\n보고\n"), []string{
			"1. 준비 / □ 위원 ‖ 「계획」 1. 준비 > □ 위원 ‖ 1. … 7명", "2. 실시 / □ 일정 ‖ 「계획」 2. 실시 > □ 일정 ‖ 2. … 보고",
		}},
		{"headings without text", 0, markdown("plan", "계획", "# 계획\n## 가\n### 1. 준비\n### 2. 실시\n### 3. 결과\n보고\n### 4. 평가\n평가\n## 나\n### 5. 하나\n## 다\n#### 6. 둘\n끝\n"), []string{
			"가 / 1. 준비∼3. 결과 ‖ 「계획」 가 > 1. 준비∼3. 결과 ‖ 계획 … 보고",
			"가 / 4. 평가 ‖ 「계획」 가 > 4. 평가 ‖ 4. … 평가",
			"나∼다 / 6. 둘 ‖ 「계획」 나∼다 > 6. 둘 ‖ 나 … 끝",
		}},
		{"plain text at sentences", 14, markdown("other", "글", "첫 문장은 이렇다. 둘째 문장은 길다. 셋째 문장은 5. 6. 끝난다.\n"), []string{
			" ‖ 「글」 ‖ 첫 … 이렇다.", " ‖ 「글」 ‖ 둘째 … 길다.", " ‖ 「글」 ‖ 셋째 … 6.", " ‖ 「글」 ‖ 끝난다. … 끝난다.",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Split(tt.doc, SplitOptions{Max: tt.max})
			checkChunks(t, tt.doc, got)
			if diff := cmp.Diff(tt.want, outlineOf(got)); diff != "" {
				t.Errorf("chunks (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSplitInForce(t *testing.T) {
	d := markdown("law", "법", "##### 제1조 (목적)\n정한다.\n[시행일: 2027. 1. 1.] 제1조\n##### 제2조 (정의)\n뜻.\n[시행일: 2027. 1. 1.] 제2조 단서\n##### 제3조\n셋.\n[시행일: 2027. 1. 1.] 제1조\n")
	var got []string
	for _, c := range Split(d, SplitOptions{}) {
		got = append(got, c.Cite+" "+c.From.Format("2006-01-02"))
	}
	want := []string{"「법」 제1조 2027-01-01", "「법」 제2조 0001-01-01", "「법」 제3조 0001-01-01"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("in force from (-want +got):\n%s", diff)
	}
}

// Whatever stands in a document, its chunks are its text.
func TestSplitConcatenates(t *testing.T) {
	pieces := []string{"제1조(목적) ", "제2조의3", "## ", "# ", "\n", "\n\n", "  ", "① ", "**②** ", "1. ", "1의2\\. ", "가. ", "부칙 <제1호,2020.1.2>", "부칙", "[별표 1] 표", "제1장 총칙",
		"□ 현황", "Ⅰ. 배경", "| 가 | 나 |", "Q. 무엇?", "답변: ", "민원 내용", "이렇게 한다. ", "가나다라마바사", strings.Repeat("길", 50), strings.Repeat(" ", 40), "생략", "=== 2\n", "\u00a0", "😀", "삭제",
		"\n수신  과장\n제목  가\n", "\n주무관 | 가나 |\n시행 | 교통과-1 | ( | 2026. 1. 2. | )\n", "\n(질의 1) ", "\n(답변 1) ", "\n귀하의 민원 내용은 ", "\nㅇ ", "\n- ", "\n▪ ", "\n| 가 |\n| 구분 | 금액 |\n| 다 | 1,000 |\n| 2,000 |\n"}
	kinds := []string{"law", "ordinance", "plan", "reply", "guide", "other", ""}
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 1500 {
		var b strings.Builder
		for range r.IntN(60) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		d := markdown(kinds[n%len(kinds)], "제목", b.String())
		for i, b := range d.Blocks {
			if b.Kind != Table {
				continue
			}
			for row := range r.IntN(5) {
				d.Blocks[i].Cells = append(d.Blocks[i].Cells, make([]Cell, r.IntN(3)))
				for k := range d.Blocks[i].Cells[row] {
					d.Blocks[i].Cells[row][k] = Cell{Text: "가", Row: row, Col: k, RowSpan: r.IntN(4), ColSpan: r.IntN(4)}
				}
			}
		}
		d.Fields = ReadFields(d)
		if n%5 == 0 {
			d.Blocks = nil
		} else if n%7 == 0 && len(d.Blocks) > 2 { // blocks that a careless reader made
			d.Blocks[1].Start += 3
			d.Blocks[2].End = 1 << 30
		}
		got := Split(d, SplitOptions{Max: 1 + r.IntN(80)})
		checkChunks(t, d, got)
		if t.Failed() {
			t.Fatalf("kind %q, text %q", d.Meta.Kind, d.Text)
		}
	}
}
