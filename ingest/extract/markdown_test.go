package extract

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"biseo/index"
	"biseo/ingest"
)

const lawSample = `---
제목: 가온시 민원 처리법
법령MST: 009293
법령ID: 001359
법령구분: 법률
소관부처:
- 행정안전부
- 교육부
공포일자: 2022-01-11
공포번호: '18748'
시행일자: 2022-07-12
상태: 시행
출처: https://www.example.kr/법령/가온시민원처리법
---

# 가온시 민원 처리법

## 제1장 총칙

##### 제1조 (목적)

이 법은 \[민원\]을 정한다. <개정 2022.1.11>

##### 제2조의2 (정의)

**①** 용어의 뜻은 다음과 같다.

  1\. "민원"이란 다음 각 목을 말한다.
    가\. 일반민원 

 1) 법정민원
 

    나\. 고충민원
  2\. "민원인"이란 개인을 말한다.

### 제1절 절차

##### 제3조

## 부칙

부칙 <제10호,2020.10.20>

제1조(시행일) 이 법은 공포한 날부터 시행한다.

부칙(행정절차법) <제18748호,2022.1.11>

이 법은 공포 후 6개월이 경과한 날부터 시행한다.
`

func TestLawMarkdown(t *testing.T) {
	d := readString(t, "law.md", lawSample)
	want := index.Doc{
		ID: "law/001359@009293", Work: "law/001359", Title: "가온시 민원 처리법", Kind: "law",
		Agency: "행정안전부, 교육부", URL: "https://www.example.kr/법령/가온시민원처리법",
		From: time.Date(2022, 7, 12, 0, 0, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, d.Meta); diff != "" {
		t.Errorf("meta (-want +got):\n%s", diff)
	}
	wantOutline := []string{
		"h1 [] 가온시 민원 처리법",
		"h2 [] 제1장 총칙",
		"h5 [제1장 총칙] 제1조 (목적)",
		"p [제1장 총칙 > 제1조 (목적)] 이 법은 [민원]을 정한다. <개정 2022.1.11>",
		"h5 [제1장 총칙] 제2조의2 (정의)",
		"p [제1장 총칙 > 제2조의2 (정의)] ① 용어의 뜻은 다음과 같다.",
		`p [제1장 총칙 > 제2조의2 (정의)]   1. "민원"이란 다음 각 목을 말한다.⏎    가. 일반민원`,
		"p [제1장 총칙 > 제2조의2 (정의)]  1) 법정민원",
		`p [제1장 총칙 > 제2조의2 (정의)]     나. 고충민원⏎  2. "민원인"이란 개인을 말한다.`,
		"h3 [제1장 총칙] 제1절 절차",
		"h5 [제1장 총칙 > 제1절 절차] 제3조",
		"h2 [] 부칙",
		"h3 [부칙] 부칙 <제10호,2020.10.20>",
		"p [부칙 > 부칙 <제10호,2020.10.20>] 제1조(시행일) 이 법은 공포한 날부터 시행한다.",
		"h3 [부칙] 부칙(행정절차법) <제18748호,2022.1.11>",
		"p [부칙 > 부칙(행정절차법) <제18748호,2022.1.11>] 이 법은 공포 후 6개월이 경과한 날부터 시행한다.",
	}
	if diff := cmp.Diff(wantOutline, outline(d)); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	if len(d.Warnings) != 0 {
		t.Errorf("warnings %q", d.Warnings)
	}
}

func TestLawMarkdownDroppedBranchNumber(t *testing.T) {
	d := readString(t, "a.md", "##### 제5조 (가)\n\n글\n\n##### 제5조 (나)\n\n글\n\n##### 제5조의2 (다)\n\n글\n\n## 부칙\n\n##### 제1조 (가)\n\n##### 제1조 (나)\n")
	if len(d.Warnings) != 1 || !strings.HasPrefix(d.Warnings[0], "제5조가 2번") {
		t.Errorf("warnings %q", d.Warnings)
	}
}

func TestGeneralFrontMatter(t *testing.T) {
	d := readString(t, "a.md", "---\nid: plan/7\nwork: plan\nkind: 계획\n기관: 가온시\n문서요지: 한 줄\n키워드: 청년, 수당\n시행일: 2025. 3. 1.\n폐지일: 20260228\nfrom: 2025년 4월 5일\n---\n# 청년 계획\n글\n")
	want := index.Doc{
		ID: "plan/7", Work: "plan", Title: "청년 계획", Kind: "plan", Agency: "가온시", Gist: "한 줄",
		Keywords: []string{"청년", "수당"},
		From:     time.Date(2025, 4, 5, 0, 0, 0, 0, time.UTC), Ends: time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, d.Meta); diff != "" {
		t.Errorf("meta (-want +got):\n%s", diff)
	}
	if d := readString(t, "b.md", "---\ntitle: [broken\n---\n글\n"); len(d.Warnings) != 1 || d.Text != "글\n" {
		t.Errorf("broken front matter: %q, %q", d.Text, d.Warnings)
	}
	if d := readString(t, "c.md", "---\nfrom: 2025-02-30\n---\n글\n"); len(d.Warnings) != 1 || !d.Meta.From.IsZero() {
		t.Errorf("30 February: %v, %q", d.Meta.From, d.Warnings)
	}
}

func TestMarkdown(t *testing.T) {
	d := readString(t, "a.md", `# 안내

**굵은** *글*과 [연결](https://example.kr), `+"`코드 * 그대로`"+`<br>다음 &amp; 줄 {% include x.html %}

- 하나
  이어짐
  1. 안쪽
- 둘

## 표

| 구분 | 금액 |
|---|--:|
| 가 \| 나 | 1,000원 |

<div class="x">상자 <b>글</b><script>bad()</script></div>

***

> 인용
`)
	want := []string{
		"h1 [] 안내",
		"p [] 굵은 글과 연결, 코드 * 그대로⏎다음 & 줄",
		"p [] - 하나 이어짐",
		"p []   1. 안쪽",
		"p [] - 둘",
		"h2 [] 표",
		"t [표] 구분 | 금액⏎가 | 나 | 1,000원",
		"p [표] 상자 글",
		"p [표] 인용",
	}
	if diff := cmp.Diff(want, outline(d)); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	wantCells := [][]ingest.Cell{
		{{Text: "구분", RowSpan: 1, ColSpan: 1}, {Text: "금액", Col: 1, RowSpan: 1, ColSpan: 1}},
		{{Text: "가 | 나", Row: 1, RowSpan: 1, ColSpan: 1}, {Text: "1,000원", Row: 1, Col: 1, RowSpan: 1, ColSpan: 1}},
	}
	for _, b := range d.Blocks {
		if b.Kind == ingest.Table {
			if diff := cmp.Diff(wantCells, b.Cells); diff != "" {
				t.Errorf("cells (-want +got):\n%s", diff)
			}
		}
	}
}

var reArticleNumber = regexp.MustCompile(`^제\s?\d+\s?조`)

func TestSharedLaws(t *testing.T) {
	var articles, degraded int
	for _, path := range files(t, shared(t, "laws-kr", "admin-subset"), ".md") {
		d := mustRead(t, path)
		if d.Meta.ID == "" || d.Meta.Title == "" || d.Meta.From.IsZero() || !index.IsLaw(d.Meta.Kind) {
			t.Errorf("%s: meta %+v", path, d.Meta)
		}
		if strings.Contains(d.Text, "**") || strings.Contains(d.Text, `\`) {
			t.Errorf("%s: Markdown marks in the text", path)
		}
		var inSupplement bool
		runes := []rune(d.Text)
		for _, b := range d.Blocks {
			text := string(runes[b.Start:b.End])
			if b.Kind == ingest.Heading {
				inSupplement = inSupplement || strings.HasPrefix(text, "부칙")
				if reArticleNumber.MatchString(text) {
					articles++
				}
			}
			if inSupplement && len(b.Path) > 0 && !strings.HasPrefix(b.Path[0], "부칙") {
				t.Errorf("%s: %.40q is under %q", path, text, b.Path)
			}
		}
		if len(d.Warnings) > 0 {
			degraded++
			t.Logf("%s: %q", path, d.Warnings)
		}
	}
	t.Logf("%d articles, %d files with warnings", articles, degraded)
}

func TestSharedHandbook(t *testing.T) {
	for _, path := range files(t, shared(t, "en-18f-handbook"), ".md") {
		if d := mustRead(t, path); strings.Contains(d.Text, "{%") {
			t.Errorf("%s: Liquid tag in the text", path)
		}
	}
}

// What a document says of itself is not believed blindly: its address becomes a
// link on the page, its ID a key of every answer.
func TestFrontMatterLimits(t *testing.T) {
	for _, tt := range []struct{ head, url, warning string }{
		{"url: https://www.gaon.example/a", "https://www.gaon.example/a", ""},
		{"url: javascript:alert(1)", "", "http나 https"},
		{"url: file:///etc/passwd", "", "http나 https"},
		{"url: https://", "", "http나 https"},
		{"from: 2026-07-01\nuntil: 2026-07-01", "", "폐지일이 시행일보다"},
		{"from: 2026-07-01\nuntil: 2026-07-02", "", ""},
	} {
		d, err := read(t.Context(), "a.md", []byte("---\nid: "+strings.Repeat("가", 500)+"\n"+tt.head+"\n---\n본문입니다.\n"))
		if err != nil {
			t.Fatal(err)
		}
		if n := utf8.RuneCountInString(d.Meta.ID); n > 200+1 {
			t.Errorf("the ID has %d code points", n)
		}
		if got := strings.Join(d.Warnings, " "); d.Meta.URL != tt.url || !strings.Contains(got, tt.warning) || tt.warning == "" && got != "" {
			t.Errorf("%s: URL %q, warnings %q", tt.head, d.Meta.URL, got)
		}
	}
}

// What would keep the parser busy for minutes is cut down before, its text kept.
func TestMarkdownTooDeep(t *testing.T) {
	for name, s := range map[string]string{
		"quotes":         strings.Repeat("> ", 100_000) + "가",
		"bullets":        strings.Repeat("- ", 100_000) + "가",
		"numbers":        strings.Repeat("1. ", 100_000) + "가",
		"deep list":      strings.Repeat("- ", 100) + "나\n" + strings.Repeat("\n", 100_000) + "가",
		"indented lists": nestedList(1000) + "가",
		"wide table":     strings.Repeat("|나", 50_000) + "|\n" + strings.Repeat("|-", 50_000) + "|\n" + strings.Repeat("|\n", 50_000) + "\n가",
		"brackets":       strings.Repeat("[", 100_000) + "가" + strings.Repeat("]", 100_000),
		"links":          strings.Repeat("[나](", 50_000) + "가",
		"addresses":      strings.Repeat("[나]: b\n", 50_000) + "가",
		"backticks":      backticks(700) + "가",
		"emphasis":       strings.Repeat("*a_", 300_000) + "가",
		"images":         strings.Repeat("![[]()", 50_000) + "가",
	} {
		d, err := read(t.Context(), "a.md", []byte(s))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkShape(t, d)
		if !strings.Contains(d.Text, "가") {
			t.Errorf("%s: text lost", name)
		}
	}
}

// backticks has a run of each length, of which none is closed.
func backticks(longest int) string {
	var b strings.Builder
	for i := range longest {
		b.WriteString("나" + strings.Repeat("`", i+1))
	}
	return b.String()
}

func nestedList(depth int) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(strings.Repeat("  ", i) + "- 나\n")
	}
	return b.String()
}
