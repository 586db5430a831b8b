package extract

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// numbered is a paragraph of a list; a level of -1 says none.
func numbered(num, level int, s string) string {
	place := fmt.Sprintf(`<w:numId w:val="%d"/>`, num)
	if level >= 0 {
		place = fmt.Sprintf(`<w:ilvl w:val="%d"/>`, level) + place
	}
	return `<w:p><w:pPr><w:numPr>` + place + `</w:numPr></w:pPr><w:r><w:t>` + s + `</w:t></w:r></w:p>`
}

func lvl(level, start int, format, pattern, more string) string {
	return fmt.Sprintf(`<w:lvl w:ilvl="%d"><w:start w:val="%d"/><w:numFmt w:val="%s"/><w:lvlText w:val="%s"/>%s</w:lvl>`, level, start, format, pattern, more)
}

func numberingOf(inner string) []string {
	return []string{"word/numbering.xml", `<w:numbering xmlns:w="w">` + inner + `</w:numbering>`}
}

func TestDOCXNumbers(t *testing.T) {
	official := `<w:abstractNum w:abstractNumId="0">` + lvl(0, 1, "decimal", "%1.", "") + lvl(1, 1, "ganada", "%2.", "") + lvl(2, 1, "decimal", "%3)", "") +
		lvl(3, 1, "decimalEnclosedCircle", "%4", `<w:suff w:val="nothing"/>`) + lvl(4, 1, "upperRoman", "%5-%1", `<w:isLgl/>`) + lvl(5, 5, "lowerLetter", "%6)", `<w:lvlRestart w:val="0"/>`) + `</w:abstractNum>`
	for _, tt := range []struct {
		name, numbering, body string
		want                  []string
	}{
		{"levels", official + `<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>`,
			numbered(1, 0, "하나") + numbered(1, 1, "둘") + numbered(1, 1, "셋") + numbered(1, 2, "넷") + numbered(1, 3, "다섯") + wp("", "사이") + numbered(1, -1, "여섯") + numbered(1, 1, "일곱") + numbered(1, 4, "여덟"),
			[]string{"1. 하나", "  가. 둘", "  나. 셋", "    1) 넷", "      ①다섯", "사이", "2. 여섯", "  가. 일곱", "        1-2 여덟"}},
		{"no restart", official + `<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>`,
			numbered(1, 5, "하나") + numbered(1, 0, "둘") + numbered(1, 5, "셋"),
			[]string{"          e) 하나", "1. 둘", "          f) 셋"}},
		{"two lists of one scheme go on, a third begins anew", official + `<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="0"/></w:num>
			<w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride></w:num>`,
			numbered(1, 0, "하나") + numbered(2, 0, "둘") + numbered(3, 0, "셋") + numbered(3, 0, "넷"),
			[]string{"1. 하나", "2. 둘", "7. 셋", "8. 넷"}},
		{"level changed", official + `<w:num w:numId="1"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">` + lvl(0, 0, "chosung", "(%1)", "") + `</w:lvlOverride></w:num>`,
			numbered(1, 0, "영") + numbered(1, 0, "하나") + numbered(1, 0, "둘"), []string{"(0) 영", "(ㄱ) 하나", "(ㄴ) 둘"}},
		{"by style", `<w:abstractNum w:abstractNumId="4">` + lvl(0, 1, "decimal", "제%1장", `<w:pStyle w:val="a"/>`) + lvl(1, 1, "decimal", "제%2절", `<w:pStyle w:val="b"/>`) + `</w:abstractNum><w:num w:numId="9"><w:abstractNumId w:val="4"/></w:num>`,
			wp("a", "총칙") + wp("b", "목적") + wp("b", "정의") + wp("a", "보칙"), []string{"제1장 총칙", "제1절 목적", "제2절 정의", "제2장 보칙"}},
		{"bullets", `<w:abstractNum w:abstractNumId="0">` + lvl(0, 1, "bullet", "\uf0b7", "") + lvl(1, 1, "bullet", "§", `<w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr>`) + `</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>`,
			numbered(1, 0, "가") + numbered(1, 1, "나") + numbered(0, 0, "다") + numbered(1, 0, " "), []string{"• 가", "  ▪ 나", "다"}},
		{"unknown", "", numbered(5, 0, "가") + numbered(5, 99, "나"), []string{"가", "나"}},
	} {
		parts := numberingOf(tt.numbering)
		if tt.name == "by style" {
			parts = append(parts, "word/_rels/main.xml.rels", `<Relationships><Relationship Type="x/styles" Target="other.xml"/></Relationships>`,
				"word/other.xml", `<w:styles xmlns:w="w"><w:style w:styleId="a"><w:name w:val="장"/><w:pPr><w:numPr><w:numId w:val="9"/></w:numPr></w:pPr></w:style><w:style w:styleId="b"><w:name w:val="절"/><w:basedOn w:val="a"/></w:style></w:styles>`)
		}
		d, err := read(t.Context(), "a.docx", []byte(docxWith(t, tt.body, parts...)))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, strings.Split(strings.TrimRight(d.Text, "\n"), "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// docxWith is a document of nothing but its body and the given parts.
func docxWith(t testing.TB, body string, parts ...string) string {
	return zipOf(t, append([]string{"[Content_Types].xml", "<Types/>", "_rels/.rels", `<Relationships><Relationship Type="x/officeDocument" Target="word/main.xml"/></Relationships>`,
		"word/main.xml", `<w:document xmlns:w="w"><w:body>` + body + `</w:body></w:document>`}, parts...)...)
}

func TestDOCXDeletedParagraphEnd(t *testing.T) {
	deleted := `<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>앞과 </w:t></w:r><w:del><w:r><w:delText>지운 글</w:delText></w:r></w:del></w:p>`
	d, err := read(t.Context(), "a.docx", []byte(docxWith(t, deleted+wp("", "뒤")+"<w:tbl><w:tr><w:tc>"+deleted+"</w:tc>"+wtc("", "칸")+"</w:tr></w:tbl>"+deleted)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"p [] 앞과 뒤", "t [] 앞과 | 칸", "p [] 앞과"}, outline(d)); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}
