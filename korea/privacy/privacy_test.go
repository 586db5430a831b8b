package privacy

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestFindAndMask(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want Type // "" for none
		item string
		mask string
	}{
		{"주민등록번호: 900101-1234567", RRN, "900101-1234567", "주민등록번호: 900101-1******"},
		{"주민번호 9001011234567 입니다", RRN, "9001011234567", "주민번호 9001011****** 입니다"},
		{"９００１０１－１２３４５６７", RRN, "９００１０１－１２３４５６７", "９００１０１－１******"},
		{"900101\u200b-1234567", RRN, "900101\u200b-1234567", "900101\u200b-1******"},
		{"901301-1234567", "", "", ""}, // month 13
		{"외국인등록번호 900101-5234567", FRN, "900101-5234567", "외국인등록번호 900101-5******"},
		{"법인등록번호 110111-7745882", Corporate, "110111-7745882", "법인등록번호 11****-*******"},
		{"연락처 010-1234-5678", Phone, "010-1234-5678", "연락처 010-****-5678"},
		{"연락처 01012345678로", Phone, "01012345678", "연락처 010****5678로"},
		{"☎ 02-123-4567", Phone, "02-123-4567", "☎ 02-***-4567"},
		{"☎ 000-0000-0000", "", "", ""},
		{"대표번호 1588-1234", "", "", ""},
		{"메일 hong.gd@example.kr 로", Email, "hong.gd@example.kr", "메일 ho*****@example.kr 로"},
		{"카드번호 4111-1111-1111-1111", Card, "4111-1111-1111-1111", "카드번호 4111-11**-****-1111"},
		{"계좌(국민은행 123456-01-234567)", Account, "123456-01-234567", "계좌(국민은행 ******-**-234567)"},
		{"관리번호 123456-01-234567", "", "", ""},
		{"운전면허 11-09-384756-21", Driver, "11-09-384756-21", "운전면허 11-**-******-**"},
		{"여권번호 M12345678", Passport, "M12345678", "여권번호 M1*******"},
		{"사업자등록번호 123-45-67890", Business, "123-45-67890", "사업자등록번호 12*-**-*****"},
		{"건강보험증번호: 1-2204857361", Insurance, "1-2204857361", "건강보험증번호: 1-**********"},
		{"차량 12가 3456 소유", Vehicle, "12가 3456", "차량 12* **** 소유"},
		{"제12조 2024년 개정", "", "", ""},
		{"성명: 홍길동", Person, "홍길동", "성명: 홍*동"},
		{"홍길동 님께", Person, "홍길동", "홍*동 님께"},
		{"신청인 정보를 적는다", "", "", ""},
		{"주소: 서울특별시 종로구 세종대로 209", Address, "서울특별시 종로구 세종대로 209", "주소: 서울특별시 종로구 **** ***"},
		{"「민원 처리에 관한 법률」 제19조제1항, 2026. 5. 6.", "", "", ""},
		{"수수료 50,000원, 처리기간 14일", "", "", ""},
	} {
		spans := Find(tt.in)
		if tt.want == "" {
			if len(spans) > 0 {
				t.Errorf("Find(%q) = %v, want none", tt.in, spans)
			}
			continue
		}
		if len(spans) != 1 {
			t.Errorf("Find(%q) = %v, want one %s", tt.in, spans, tt.want)
			continue
		}
		r := []rune(tt.in)
		if got := string(r[spans[0].Start:spans[0].End]); spans[0].Type != tt.want || got != tt.item {
			t.Errorf("Find(%q) = %s %q, want %s %q", tt.in, spans[0].Type, got, tt.want, tt.item)
		}
		if got := Mask(tt.in, spans); got != tt.mask {
			t.Errorf("Mask(%q) = %q, want %q", tt.in, got, tt.mask)
		}
	}
}

// Numbers as people write them when they do not keep to the form.
func TestOtherForms(t *testing.T) {
	for in, want := range map[string]string{
		"seoyun.park＠naver.com":        "se*********＠naver.com",
		"주민번호 880808~2345678":          "주민번호 880808~2******",
		"주민번호 880808 - 2345678":        "주민번호 880808 - 2******",
		"주민번호 88 08 08-2 345678":       "주민번호 88 08 08-2 ******",
		"880808.2345678":               "880808.2******",
		"880808/2345678":               "880808/2******",
		"880808-\n2345678":             "880808-\n2******",
		"주민번호 880808\n2345678":         "주민번호 880808\n2******",
		"앞자리 880808 뒷자리 2345678":       "앞자리 880808 뒷자리 2******",
		"010 . 2222 . 3333":            "010 . **** . 3333",
		"010. 2222. 3333":              "010. ****. 3333",
		"(010)4444 5555":               "(010)**** 5555",
		"(010) 4444-5555":              "(010) ****-5555",
		"(02)4444-5555":                "(02)****-5555",
		"010/2222/3333":                "010/****/3333",
		"010_2222_3333":                "010_****_3333",
		"010~2222~3333":                "010~****~3333",
		"010-12\n34-5678":              "010-**\n**-5678",
		"010-1234-\n5678 끝":            "010-****-\n5678 끝",
		"010-1111-2222/010-3333-4444":  "010-****-2222/010-****-4444",
		"010-1111-2222\n010-3333-4444": "010-****-2222\n010-****-4444",
		"한울로 12번길 34":                  "*** **** **",
		"○○아파트 101동 1502호":             "***** **** *****",
		"101동 1502호":                   "**** *****",
		"생년월일 1990년 1월 1일":             "생년월일 1990년 *월 *일",
		"1990. 1. 1.생":                 "1990. *. *.생",
		"국민 123456 01 234567":          "국민 ****** ** 234567",
		"국민 110.123.456789":            "국민 ***.***.456789",
		"여권번호 M 1234 5678":             "여권번호 M **** ****",
		"101동1502호":                    "*********",
		"12가-3456":                     "12*-****",
	} {
		if got := Mask(in, Find(in)); got != want {
			t.Errorf("Mask(%q) = %q, want %q", in, got, want)
		}
	}
	for _, s := range []string{
		"2026. 5. 6. ~ 2026. 12. 31.", "2026/05/06 ~ 2026/12/31", "제10조의2 제1항", "금액 1,234,567원 / 2,345,678원", "가온-2026-0102-3456", "문서번호 2026-010-12345",
		"120101\n1234567\n130202\n2345678", "010\n1234\n5678", "1. 02\n123 4567", "기업 1200 1300 1400", "2026. 5. 6. 생활지원과", "1동 3호 서식은 101호", "사업비 010 2026 예산", "2026. 02. 2026. 3.", "제2024.02.1234호", "전년 대비 10~20%, 02~03월 1234명", "0101\n2345-6789", "예산 22조 9000억원",
	} {
		if got := Find(s); len(got) > 0 {
			t.Errorf("Find(%q) = %v, want none", s, got)
		}
	}
}

// A resident number whose check digit agrees is certain; one issued without a
// check digit is found all the same.
func TestConfidence(t *testing.T) {
	for s, want := range map[string]float64{"880101-1234568": certain, "880101-1234560": byShape} {
		got := Find(s)
		if len(got) != 1 || got[0].Confidence != want {
			t.Errorf("Find(%q) = %v, want confidence %v", s, got, want)
		}
	}
}

func TestNamesRecur(t *testing.T) {
	s := "민원인 홍길동\n위 홍길동은 2026. 5. 6. 신청하였다."
	want := "민원인 홍*동\n위 홍*동은 2026. 5. 6. 신청하였다."
	if diff := cmp.Diff(want, Mask(s, Find(s))); diff != "" {
		t.Errorf("masked (-want +got):\n%s", diff)
	}
}

func TestWithoutContacts(t *testing.T) {
	for in, want := range map[string]string{
		"교통과 주무관(☎ 055-123-4567)에게 문의":         "교통과 주무관(☎ 055-123-4567)에게 문의",
		"담당: 교통과 055-123-4567, kim@gaon.go.kr": "담당: 교통과 055-123-4567, kim@gaon.go.kr",
		"kim@korea.kr":          "kim@korea.kr",
		"민원인 자택 055-123-4567":   "민원인 자택 055-***-4567",
		"055-123-4567로 전화 바랍니다": "055-***-4567로 전화 바랍니다",
		"교통과 당직 010-1234-5678":  "교통과 당직 010-****-5678",
		"kim@go.kr.example.com": "ki*@go.kr.example.com",
		"교통과\n055-123-4567":     "교통과\n055-***-4567",
	} {
		if got := Mask(in, WithoutContacts(in, Find(in))); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// What stands in statutes and reports beside labels and titles is no name.
func TestNoNames(t *testing.T) {
	for _, s := range []string{
		"위원장은 위원 임기의 남은 기간 동안 그 권한을 대행한다.",
		"관계 공무원으로 하여금 검사를 하게 하기 위하여 필요한 경우",
		"부의장이 그 직무를 대리한다.",
		"신청인: 주소지 관할 구청장",
		"별지 제1호서식의 신청서를 담당 부서에 제출한다.",
		"주차장 대표 전화와 도서관 담당 안내문",
		"공영주차장 정기권을 환불받고 싶습니다. 정기권은 남아 있습니다.",
		"도서관 | 이용증 재발급",
		"가온종합체육관 | 가온동 | 06:00",
		"확충 3곳 186억원: 윤슬동 120면",
		"다자녀 가정은 요금을 감면한다.",
		"회원: 가온시에 사는 사람",
		"당직 명령은 7일 전까지 한다.",
		"감사 부서용, 공개 금지",
		"공무원인 제가 보기에, 한국인인 저는, 임차인인 저도",
		"가온시에 거주하는 한국인입니다. 도로에 인접하는 주차장입니다. 시가 관리하는 공유지입니다.",
		"이를 정주권이라고 합니다.",
	} {
		if got := Find(s); len(got) > 0 {
			t.Errorf("Find(%q) = %v, want none", s, got)
		}
	}
}

func TestNamesBesideSomething(t *testing.T) {
	for in, want := range map[string]string{
		"총무팀 홍길동\n":                     "총무팀 홍*동\n",
		"도로건설과장 전결 홍길동":                 "도로건설과장 전결 홍*동",
		"저는 홍길동입니다":                     "저는 홍*동입니다",
		"1  홍길동  생산관리부 부장":              "1  홍*동  생산관리부 부장",
		"홍길동  010-1234-5678":            "홍*동  010-****-5678",
		"Name: HONG GILDONG (홍길동)":      "Name: H*** ******G (홍*동)",
		"임차인: 응웬 반 호아 (NGUYEN VAN HOA)": "임차인: 응* * *아 (N***** *** **A)",
		"위임인 홍길동 (인)":                   "위임인 홍*동 (인)",
		"성    명 ┃ 홍길동":                  "성    명 ┃ 홍*동",
		// what people write of themselves and of others
		"늘봄1동 101동 1203호에 사는 김철수입니다(010-1234-5678). 김철수는": "늘봄1동 **** *****에 사는 김*수입니다(010-****-5678). 김*수는",
		"김철수인 제가 신고합니다":                                   "김*수인 제가 신고합니다",
		"제 이웃 박영희 씨(010-1234-5678)가":                      "제 이웃 박*희 씨(010-****-5678)가",
		"식당을 하는 이민호라고 합니다":                                "식당을 하는 이*호라고 합니다",
		"학교에 다니는 최수진이라고 합니다":                              "학교에 다니는 최*진이라고 합니다",
		"안녕하십니까, 김철수입니다. 김철수도":                            "안녕하십니까, 김*수입니다. 김*수도",
		"성명: 김하은\n김하은은 김하은에게":                             "성명: 김*은\n김*은은 김*은에게",
		"성명: 이영만\n이영만이 이영만에게":                             "성명: 이*만\n이*만이 이*만에게",
	} {
		if got := Mask(in, Find(in)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Of the sample agency's documents, nothing is taken for a name that is none.
func TestSampleAgency(t *testing.T) {
	names := regexp.MustCompile(`^(?:이모형|강보기|전시안|양모조|한별온|한가정|서예문|허구인|가린솔|노시안|나운별|마별온|문예비|정가명|송초안|최예제|김가상|백보람|진솔별|손가설|고임시|채운솔|안가안|차오름)$`)
	seen := 0
	err := filepath.WalkDir(filepath.Join("..", "..", "deploy", "sample"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.Contains(".md.txt.html", filepath.Ext(path)) {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		r := []rune(string(b))
		for _, s := range Find(string(b)) {
			if name := string(r[s.Start:s.End]); s.Type == Person {
				if seen++; !names.MatchString(name) {
					t.Errorf("%s: %q is taken for a name", filepath.Base(path), name)
				}
			}
		}
		return nil
	})
	if err != nil || seen < 30 {
		t.Errorf("%d names found, want at least 30; %v", seen, err)
	}
}

func TestNamesInTables(t *testing.T) {
	for in, want := range map[string]string{
		"담당자 | 홍길동": "담당자 | 홍*동",
	} {
		if got := Mask(in, Find(in)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestLaws counts what is taken for personal data in statutes, where there is none.
func TestLaws(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "data", "laws-kr", "admin-subset", "*", "*.md"))
	if err != nil || len(files) == 0 {
		t.Skip("needs ../shared/data/laws-kr/admin-subset")
	}
	articles, found := 0, map[Type]int{}
	for i, f := range files {
		if i%4 != 0 { // a sample; all of them together have .4 in 1,000 articles
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		articles += strings.Count(string(b), "\n##### 제")
		for _, s := range Find(string(b)) {
			found[s.Type]++
		}
	}
	n := 0
	for _, k := range found {
		n += k
	}
	rate := 1000 * float64(n) / float64(articles)
	t.Logf("%d articles, %v: %.2f in 1,000 articles", articles, found, rate)
	if rate > .5 {
		t.Errorf("%.2f false alarms in 1,000 articles, want at most .5", rate)
	}
}

func FuzzFind(f *testing.F) {
	f.Add("성명: 홍길동 900101-1234567 010-1234-5678 a@b.kr")
	f.Add("\u200b９００１０１－１２３４５６７\u200b")
	f.Add("@@가나다라 서울 중구 세종로 1, 101동 1호")
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		spans := Find(s)
		last, n := 0, utf8.RuneCountInString(s)
		for _, sp := range spans {
			if sp.Start < last || sp.End <= sp.Start || sp.End > n {
				t.Fatalf("Find(%q) = %v: out of order or range", s, spans)
			}
			last = sp.End
		}
		if got := utf8.RuneCountInString(Mask(s, spans)); got != n {
			t.Fatalf("Mask(%q) has %d code points, want %d", s, got, n)
		}
	})
}

// TestAdministrativeSet measures on 270 documents with marked spans. A span
// counts as found when one of its type overlaps it. The set marks nationwide
// numbers such as 1588-0000, which are no person's: they are not counted.
func TestAdministrativeSet(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "data", "pii-ko-admin", "pii.jsonl"))
	if err != nil {
		t.Skip("needs ../shared/data/pii-ko-admin")
	}
	defer f.Close()
	type mark struct {
		Start, End int
		Type       Type
		Text       string
	}
	nationwide := regexp.MustCompile(`^1[568]\d\d-\d{4}$`)
	gold, found, claimed, right := map[Type]int{}, map[Type]int{}, map[Type]int{}, map[Type]int{}
	meets := func(a mark, bs []mark) bool {
		for _, b := range bs {
			if a.Type == b.Type && a.Start < b.End && b.Start < a.End {
				return true
			}
		}
		return false
	}
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<22)
	for in.Scan() {
		var d struct {
			Text           string
			Spans, Repeats []mark
		}
		if err := json.Unmarshal(in.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		var got []mark
		for _, s := range Find(d.Text) {
			got = append(got, mark{s.Start, s.End, s.Type, ""})
		}
		for _, g := range d.Spans {
			if nationwide.MatchString(g.Text) {
				continue
			}
			gold[g.Type]++
			if meets(g, got) {
				found[g.Type]++
			}
		}
		for _, g := range got {
			claimed[g.Type]++
			if meets(g, append(d.Spans, d.Repeats...)) {
				right[g.Type]++
			}
		}
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		kind              Type
		recall, precision float64
	}{
		{RRN, .99, .98}, {FRN, .99, .98}, {Phone, .99, .98}, {Email, .99, .98}, {Card, .99, .98},
		{Account, .98, .98}, {Passport, .95, .98}, {Driver, .95, .98}, {Vehicle, .95, .98},
		{Business, .95, .98}, {Corporate, .95, .98}, {Insurance, .95, .98}, {Address, .95, .98}, {Person, .95, .98},
	} {
		recall := float64(found[tt.kind]) / float64(gold[tt.kind])
		precision := float64(right[tt.kind]) / float64(max(1, claimed[tt.kind]))
		t.Logf("%-18s %4d marked, recall %.3f, precision %.3f", tt.kind, gold[tt.kind], recall, precision)
		if recall < tt.recall || precision < tt.precision {
			t.Errorf("%s: recall %.3f, precision %.3f; want at least %.2f and %.2f", tt.kind, recall, precision, tt.recall, tt.precision)
		}
	}
}

// Where two known names share characters, the first in the text counts.
func TestNamesThatOverlap(t *testing.T) {
	for range 20 {
		s := "성명: 김이박\n성명: 이박최\n끝 김이박최"
		if got, want := Mask(s, Find(s)), "성명: 김*박\n성명: 이*최\n끝 김*박최"; got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// A register of a city: no item is compared with all others.
func BenchmarkFind(b *testing.B) {
	s := strings.Repeat("성명: 홍길동 010-1234-5678 880101-1234568\n", 1000)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		Find(s)
	}
}
