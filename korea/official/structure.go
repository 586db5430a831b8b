package official

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"biseo/korea/law"
	"biseo/korea/text"
)

// structureRules look at more than one line, or compare what is written with
// what can be computed.
var structureRules = []rule{
	{Code: "END_MISSING", Severity: Warning, Kinds: letters, Why: "본문이나 붙임의 마지막에 두 칸 띄고 ‘끝.’을 씁니다.", Bad: "알려드립니다.\n\n붙임  계획서 1부.", Good: "알려드립니다.\n\n붙임  계획서 1부.  끝.", check: endMissing},
	{Code: "END_AFTER_PARTIAL_TABLE", Severity: Error, Why: "서식의 칸을 다 쓰지 않았으면 ‘끝’ 대신 다음 칸에 ‘이하 빈칸’을 씁니다.", Bad: "| 이름 | 소속 |\n|---|---|\n| 가 | 나 |\n|  |  |\n\n  끝.", Good: "| 이름 | 소속 |\n|---|---|\n| 가 | 나 |\n| 이하 빈칸 |  |", check: endAfterPartialTable},
	{Code: "BUNIM_SINGLE_NUMBERED", Severity: Warning, Why: "붙임이 하나이면 번호를 붙이지 않습니다.", Bad: "붙임  1. 계획서 1부.  끝.", Good: "붙임  계획서 1부.  끝.", check: attachmentNumbered},
	{Code: "ITEM_ORDER", Severity: Error, Kinds: letters, Why: "항목은 1. → 가. → 1) → 가) → (1) → (가) → ① → ㉮ 순서로 내려갑니다.", Bad: "1. 목적\n  1) 배경\n  2) 필요성\n2. 내용", Good: "1. 목적\n  가. 배경\n  나. 필요성\n2. 내용", check: itemOrder},
	{Code: "ITEM_SINGLE", Severity: Warning, Kinds: letters, Why: "항목이 하나이면 항목 기호를 붙이지 않습니다.", Bad: "1. 목적\n  가. 배경\n2. 내용", Good: "1. 목적\n  배경\n2. 내용", check: itemSingle},
	{Code: "MONEY_MISMATCH", Severity: Error, Why: "숫자와 한글 금액이 다릅니다.", Bad: "금113,560원(금일십일만삼천오백오십원)", Good: "금113,560원(금일십일만삼천오백육십원)", check: moneyMismatch},
	{Code: "WEEKDAY_MISMATCH", Severity: Warning, Why: "날짜와 요일이 다릅니다.", Bad: "2026. 6. 19.(목)", Good: "2026. 6. 19.(금)", check: weekdayMismatch},
	{Code: "RANGE_ORDER", Severity: Warning, Why: "기간의 끝이 시작보다 이릅니다.", Bad: "2026. 6. 19.∼2026. 4. 23.", Good: "2026. 4. 23.∼2026. 6. 19.", check: rangeOrder},
	{Code: "LAW_BRACKET", Severity: Warning, Why: "법령 이름은 낫표(「 」)로 묶습니다.", Bad: "민원 처리에 관한 법률 제27조", Good: "「민원 처리에 관한 법률」 제27조", check: lawBracket},
	{Code: "INTERNAL_SENDER", Severity: Error, Kinds: []Kind{KindLetter}, Why: "내부결재 문서에는 발신명의를 쓰지 않습니다.", Bad: "수신  내부결재\n제목  계획 보고\n\n붙임  계획서 1부.  끝.\n\n행정안전부장관", Good: "수신  내부결재\n제목  계획 보고\n\n붙임  계획서 1부.  끝.", check: internalSender},
	{Code: "PLACEHOLDER_LEFT", Severity: Warning, Why: "채우지 않은 자리가 남아 있습니다.", Bad: "담당자: [작성 필요]", Good: "담당자: 홍길동", check: placeholderLeft},
	{Code: "LEVEL_SKIPPED", Severity: Error, Kinds: []Kind{KindReport, KindPlan, KindPress}, Why: "항목 단계를 건너뛰었습니다. □ → ㅇ → - 순서로 내려갑니다.", Bad: "□ 추진 배경\n  - 민원 증가", Good: "□ 추진 배경\n ㅇ 민원 증가\n  - 상반기 120건", check: levelSkipped},
	{Code: "TWO_SENTENCES", Severity: Warning, Kinds: []Kind{KindPress}, Why: "보도자료의 □ 하나에는 한 문장만 씁니다.", Bad: "□ 행정안전부는 9일 회의를 열었다. 회의에는 50명이 참석했다.", Good: "□ 행정안전부는 9일 50명이 참석한 회의를 열었다.", check: twoSentences},
}

var (
	ending     = regexp.MustCompile(`(?:^|[^가-힣])끝\.?\s*$|이하\s*빈칸`)
	subject    = regexp.MustCompile(`^\s*제\s*목(?:\s|$)`)
	closingDot = regexp.MustCompile(`[가-힣][)」”"]?\.\s*$`)
)

// endLine returns the number of the last line that ends the body; -1 if none.
func (d *document) endLine() int {
	for i, l := range slices.Backward(d.lines) {
		if ending.MatchString(l.text) {
			return i
		}
	}
	return -1
}

// endMissing speaks of texts with 붙임, and of whole letters, which have a 제목.
func endMissing(d *document) []hit {
	if d.endLine() >= 0 {
		return nil
	}
	last := -1
	for i, l := range d.lines {
		if l.from >= 0 {
			last = i
		}
	}
	if last < 0 {
		if !slices.ContainsFunc(d.lines, func(l line) bool { return subject.MatchString(l.text) }) {
			return nil
		}
		for i, l := range d.lines {
			if closingDot.MatchString(l.text) {
				last = i
			}
		}
		if last < 0 {
			return nil
		}
	}
	l := d.lines[last]
	body := strings.TrimRight(l.text, " \t")
	_, size := utf8.DecodeLastRuneInString(body)
	start, end := l.at(len(body)-size, len(body))
	h := hit{start: start, end: end}
	if l.from >= 0 && strings.HasSuffix(body, ".") {
		h.fix = ".  끝."
	}
	return []hit{h}
}

var emptyRow = regexp.MustCompile(`^\s*\|(?:[\s ]*\|)+\s*$`)

func endAfterPartialTable(d *document) []hit {
	i := d.endLine()
	if i < 0 || !strings.HasPrefix(strings.TrimSpace(d.lines[i].text), "끝") {
		return nil
	}
	for _, l := range slices.Backward(d.lines[:i]) {
		if strings.TrimSpace(l.text) == "" {
			continue
		}
		if !emptyRow.MatchString(l.text) {
			return nil
		}
		at := strings.Index(d.lines[i].text, "끝")
		start, end := d.lines[i].at(at, len(strings.TrimRight(d.lines[i].text, " ")))
		return []hit{{start: start, end: end}}
	}
	return nil
}

var oneAttachment = regexp.MustCompile(`^\s*(붙\s*임\s+1\.\s*)\S`)

func attachmentNumbered(d *document) []hit {
	var hits []hit
	for i, l := range d.lines {
		m := oneAttachment.FindStringSubmatchIndex(l.text)
		if m == nil || strings.Contains(l.text, "2.") || i+1 < len(d.lines) && d.lines[i+1].from == i {
			continue
		}
		start, end := l.at(m[2], m[3])
		hits = append(hits, hit{start: start, end: end, fix: "붙임  "})
	}
	return hits
}

// markAt is the place of it's mark.
func (d *document) markAt(it item) (start, end int) {
	l := d.lines[it.line]
	i := strings.Index(l.text, it.mark)
	return l.at(i, i+len(it.mark))
}

func itemOrder(d *document) []hit {
	var hits []hit
	level := 0 // of the item before; 0 before the first
	for _, it := range d.items {
		if it.class != numeral {
			continue
		}
		if level > 0 && it.level > level+1 && it.n == 1 {
			start, end := d.markAt(it)
			hits = append(hits, hit{start: start, end: end})
		}
		level = it.level
	}
	return hits
}

func itemSingle(d *document) []hit {
	var hits []hit
	for i, it := range d.items {
		if it.class != numeral || it.n != 1 {
			continue
		}
		single := !strings.Contains(it.text, second(it)) // the next one can stand within the line
		for _, next := range d.items[i+1:] {
			if next.class != numeral || next.level > it.level {
				continue
			}
			single = next.level < it.level || next.n == 1
			break
		}
		if single {
			start, end := d.markAt(it)
			hits = append(hits, hit{start: start, end: end})
		}
	}
	return hits
}

// second is the mark that follows the first mark of it's series.
func second(it item) string {
	next := Mark(it.level, 2)
	if strings.HasPrefix(it.mark, "⑴") || strings.HasPrefix(it.mark, "㈎") {
		r, size := utf8.DecodeRuneInString(it.mark)
		next = string(r+1) + it.mark[size:]
	}
	return next
}

var moneyPair = regexp.MustCompile(`([\d,]*\d)\s*원\s*[(（]\s*(?:일?금)?\s*([일이삼사오육륙칠팔구십백천만억조\s]+)\s*원?\s*정?\s*[)）]`)

func moneyMismatch(d *document) []hit {
	var hits []hit
	for _, l := range d.lines {
		for _, m := range scan(moneyPair, l) {
			digits, ok := parseAmount(m.group(1))
			spelt := strings.Join(strings.Fields(m.group(2)), "")
			if !ok || strings.ReplaceAll(silentOne(spelt), "륙", "육") == silentOne(Words(digits)) {
				continue
			}
			start, end := l.at(m.idx[0], m.idx[1])
			hits = append(hits, hit{start: start, end: end, detail: fmt.Sprintf("숫자와 한글 금액이 다릅니다. %s원이면 ‘%s원’입니다.", group3(digits), Words(digits))})
		}
	}
	return hits
}

// silentOne drops the 일 that people leave out: 일십만 and 십만 are one amount.
func silentOne(s string) string {
	for _, unit := range []string{"십", "백", "천"} {
		s = strings.ReplaceAll(s, "일"+unit, unit)
	}
	if strings.HasPrefix(s, "일만") {
		s = strings.TrimPrefix(s, "일")
	}
	return s
}

var (
	datedWeekday = regexp.MustCompile(`(?:^|[^\d.])((\d{4})\.\s*(\d{1,2})\.\s*(\d{1,2})\.?\s*\(([월화수목금토일])\))`)
	untilWeekday = regexp.MustCompile(`^\s*[~∼～〜-]\s*(\d{1,2})\.\s*(\d{1,2})\.?\s*\(([월화수목금토일])\)`)
)

var weekdays = []string{"일", "월", "화", "수", "목", "금", "토"}

func weekdayMismatch(d *document) []hit {
	var hits []hit
	compare := func(l line, y, m, day int, written string, from, to int) {
		if !isDate(y, m, day) {
			return
		}
		right := weekdays[time.Date(y, time.Month(m), day, 0, 0, 0, 0, time.UTC).Weekday()]
		if right == written {
			return
		}
		start, end := l.at(from, to)
		hits = append(hits, hit{start: start, end: end, detail: fmt.Sprintf("날짜와 요일이 다릅니다. %d. %d. %d.은(는) %s요일입니다.", y, m, day, right)})
	}
	for _, l := range d.lines {
		for _, m := range scan(datedWeekday, l) {
			compare(l, m.number(2), m.number(3), m.number(4), m.group(5), m.idx[2], m.idx[3])
			if u := untilWeekday.FindStringSubmatchIndex(m.after()); u != nil { // the year is that of the beginning
				for i := range u {
					u[i] += m.idx[1]
				}
				v := match{l, u}
				compare(l, m.number(2), v.number(1), v.number(2), v.group(3), u[2], u[1])
			}
		}
	}
	return hits
}

var dateRange = regexp.MustCompile(`(?:^|[^\d.])((\d{4})\.\s*(\d{1,2})\.\s*(\d{1,2})\.?(?:\s*\([월화수목금토일]\))?\s*[~∼～〜]\s*(?:(\d{4})\.\s*)?(\d{1,2})\.\s*(\d{1,2})\.?)`)

func rangeOrder(d *document) []hit {
	var hits []hit
	for _, l := range d.lines {
		for _, m := range scan(dateRange, l) {
			year := m.number(2)
			if m.group(5) != "" {
				year = m.number(5)
			}
			if !isDate(m.number(2), m.number(3), m.number(4)) || !isDate(year, m.number(6), m.number(7)) {
				continue
			}
			first := time.Date(m.number(2), time.Month(m.number(3)), m.number(4), 0, 0, 0, 0, time.UTC)
			if time.Date(year, time.Month(m.number(6)), m.number(7), 0, 0, 0, 0, time.UTC).Before(first) {
				start, end := l.at(m.idx[2], m.idx[3])
				hits = append(hits, hit{start: start, end: end})
			}
		}
	}
	return hits
}

// titled tells the name of a law without brackets from words that happen to
// stand before 법 제3조.
var titled = regexp.MustCompile(`^[가-힣ㆍ·]{3,}(?:법|법률|시행령|시행규칙|조례)$|(?:에 관한 (?:법률|특별법|특례법|규정|규칙)|법|조례)(?: 시행령| 시행규칙)$|에 관한 (?:법률|특별법|특례법|규정|규칙|조례)$|^[가-힣]+[시도군구] [가-힣ㆍ· ]+조례$`)

// byNumber: 법률 제11245호 ○○법 names one promulgation and has no brackets.
var byNumber = regexp.MustCompile(`제\d+호\s*$`)

func lawBracket(d *document) []hit {
	var hits []hit
	text := string(d.runes)
	for _, l := range d.lines {
		runes := []rune(l.text)
		for _, f := range law.Find(l.text) {
			name := len([]rune(f.Law))
			if f.Listed || f.Law == "" || f.Whole() || f.Start+name > len(runes) || string(runes[f.Start:f.Start+name]) != f.Law {
				continue // in brackets, or only meant
			}
			h := hit{start: l.start + f.Start, end: l.start + f.Start + name}
			full, known := law.FullName(f.Law)
			if !known && !titled.MatchString(f.Law) || strings.Contains(text, `"`+f.Law) || byNumber.MatchString(string(runes[:f.Start])) { // quoted, or defined as a short name
				continue
			}
			switch {
			case known && full != f.Law:
				h.detail = fmt.Sprintf("법령은 정식 이름을 낫표로 묶어 ‘「%s」’로 씁니다.", full)
			case known || !strings.Contains(f.Law, " ") || strings.HasSuffix(f.Law, "조례"): // else the name may begin earlier
				h.fix = "「" + f.Law + "」"
			}
			hits = append(hits, h)
		}
	}
	return hits
}

var (
	internal = regexp.MustCompile(`(?m)^\s*수\s*신(?:자)?\s+내부\s?결재\s*$`)
	sender   = regexp.MustCompile(`^\s*([가-힣ㆍ·\s]{1,25}(?:장관|시장|도지사|청장|구청장|군수|처장|교육감|위원장|원장|이사장|사장))\s*$`)
)

func internalSender(d *document) []hit {
	var joined []string
	for _, l := range d.lines {
		joined = append(joined, l.text)
	}
	end := d.endLine()
	if end < 0 || !internal.MatchString(strings.Join(joined, "\n")) {
		return nil
	}
	for _, l := range d.lines[end+1:] {
		if strings.TrimSpace(l.text) == "" {
			continue
		}
		m := sender.FindStringSubmatchIndex(l.text)
		if m == nil {
			return nil
		}
		start, stop := l.at(m[2], m[3])
		return []hit{{start: start, end: stop}}
	}
	return nil
}

var placeholder = regexp.MustCompile(`\{\{[^}]*\}\}|\[(?:작성|근거 확인|확인) 필요[^\]]*\]|\b0{2,3}-0{3,4}(?:-0{4})?\b|○○(?:과|부|팀|국)(?:\s*/|\s+○)`)

func placeholderLeft(d *document) []hit {
	if !d.Final {
		return nil
	}
	var hits []hit
	for _, l := range d.lines {
		for _, m := range placeholder.FindAllStringIndex(l.text, -1) {
			start, end := l.at(m[0], m[1])
			hits = append(hits, hit{start: start, end: end})
		}
	}
	return hits
}

func levelSkipped(d *document) []hit {
	var hits []hit
	level := 0
	for _, it := range d.items {
		switch it.class {
		case chapter, heading, entry, detail:
			if it.class == detail && (level == 1 || level == 2) { // Ⅰ → ㅇ is common
				start, end := d.markAt(it)
				hits = append(hits, hit{start: start, end: end})
			}
			level = it.level
		case numeral: // a heading of its own kind: any level may follow
			level = 0
		}
	}
	return hits
}

func twoSentences(d *document) []hit {
	var hits []hit
	for _, it := range d.items {
		if it.class == heading && len(text.Sentences(strings.ReplaceAll(it.text, "\n", " "))) > 1 {
			hits = append(hits, hit{start: it.start, end: it.end})
		}
	}
	return hits
}
