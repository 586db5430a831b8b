package ingest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/index"
)

// The labels of an approval document (기안문, 시행문: 「행정업무의 운영 및 혁신에 관한
// 규정 시행규칙」 §4) and of a press release (규정 §63③). A label stands at the start
// of a line, its value after it or in the next cell.
var (
	recipientMark = regexp.MustCompile(`^수 ?신(?:[ :：|]|$)`)
	viaMark       = regexp.MustCompile(`^\( ?경 ?유 ?\)`)
	subjectMark   = regexp.MustCompile(`^제 ?목(?:[ :：|]|$)`)
	attachMark    = regexp.MustCompile(`^붙 ?임(?: ?\d+)?(?:[ :：|]|$)`)
	listedMark    = regexp.MustCompile(`^\d+\. ?`)
	relatedMark   = regexp.MustCompile(`^(?:\d+\. ?|가\. ?)?관련(?: ?[:：]|$)`)
	subItemMark   = regexp.MustCompile(`^[가-하]\. ?`)
	documentNo    = regexp.MustCompile(`[가-힣A-Za-z\d·ㆍ]+(?:\([가-힣\d]+\))?-\d+ ?(?:호 ?)?\([^()]*\)`) // ○○과-1234(2026. 6. 1.)
	enforcedMark  = regexp.MustCompile(`^시 ?행 ?\|? ?([^|(]*?-\d+) ?\|? ?\( ?\|? ?(\d{4}\. ?\d{1,2}\. ?\d{1,2}\.?)`)
	consentMark   = regexp.MustCompile(`^협 ?조 ?자(?:[ :：|]|$)`)
	listMark      = regexp.MustCompile(`^수 ?신 ?자 ?[ :：|]`)
	disclosure    = regexp.MustCompile(`(?:^|[|/ ])((?:대(?:국민|시민) ?)?공개|부분 ?공개|비 ?공개) ?(\([제\d호, ·]*\))?$`)
	disclosed     = regexp.MustCompile(`^공개 ?(?:구분|여부)$`)
	closing       = regexp.MustCompile(` *끝 ?\.?$`)
	officeTitle   = regexp.MustCompile(`(?:관|장|관리|주사보?|서기보?|연구사|위원|지사|시장|군수)$`)

	// What labels in cells or before a colon name.
	pressLabels = map[string]string{"보도시점": "보도시점", "보도일시": "보도시점", "배포": "배포", "배포일시": "배포", "배포일": "배포",
		"담당부서": "담당부서", "책임자": "책임자", "담당자": "담당자", "전화": "전화", "연락처": "전화"}
	replyLabels = map[string]string{"접수번호": "접수번호", "신청번호": "접수번호", "접수일": "접수일", "접수일자": "접수일",
		"답변일": "답변일", "답변일자": "답변일", "처리일": "답변일", "처리부서": "담당부서", "담당부서": "담당부서"}

	complaintNo = regexp.MustCompile(`(?:접수|신청|국민신문고|민원) ?번호 ?[:：]? ?((?:[\dA-Z]{2,4}-)?[\dA-Z*-]{8,})`)
	handlerMark = regexp.MustCompile(`([가-힣]{2,}(?:과|팀|실|담당관|센터|국|관|단)) [가-힣O○]{2,4} ?(?:주무관|사무관|주사|팀장)? ?\( ?(?:☎|전화)`)
	gistMark    = regexp.MustCompile(`(?:민원|질의|신청|문의)의? ?(?:내용|요지|사항)[은는]? ?[:：]? ?["“「'‘]([^"”」'’]{2,120})["”」'’]`)
)

// headLines and footLines bound where the head and the foot of a document are
// looked for, in lines that are not blank.
const headLines, footLines = 40, 16

// ReadFields reads what d says about itself, in its own order; nil if it says
// nothing. It is pure.
//
//   - an approval document: 기관, 수신, 경유, 제목, 관련, 붙임 (one field each), 발신명의,
//     수신자, 결재선, 협조자, 시행번호, 시행일자, 담당부서, 공개구분
//   - a press release: 보도시점, 배포, 담당부서, 책임자, 담당자, 전화
//   - a complaint reply, besides: 접수번호, 접수일, 답변일, 담당부서, 요지
//
// Values are text of d with single spaces; those of a table lose its cell marks.
func ReadFields(d *Document) []Field {
	r := newFieldReader(d.Text)
	r.letter()
	if len(r.fields) == 0 {
		r.press()
	}
	if d.Meta.Kind == "reply" || strings.HasPrefix(r.value("제목"), "[민원") {
		r.complaint()
	}
	if r.value("공개구분") == "" {
		r.labelledDisclosure()
	}
	return r.fields
}

// A fieldReader collects fields from the lines of a document that are not blank.
type fieldReader struct {
	lines  []string // with single spaces, without the cell marks at both ends
	starts []int    // of the lines, in code points of the text
	foot   int      // of an approval document, the first line of its 결문; 0 if there is none
	fields []Field
}

func newFieldReader(text string) *fieldReader {
	r, at := &fieldReader{}, 0
	for l := range strings.Lines(text) {
		start := at
		at += utf8.RuneCountInString(l)
		if l = strings.Trim(strings.Join(strings.Fields(l), " "), "| "); l != "" {
			r.lines, r.starts = append(r.lines, l), append(r.starts, start)
		}
	}
	return r
}

func (r *fieldReader) add(name, value string) {
	if value = strings.Trim(value, "|:： "); value != "" && name != "" {
		r.fields = append(r.fields, Field{name, strings.Join(cells(value), " ")})
	}
}

func (r *fieldReader) value(name string) string { return FieldValue(r.fields, name) }

// FieldValue is the value of the first field of that name; "" if there is none.
func FieldValue(fields []Field, name string) string {
	for _, f := range fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// cells are the cells of a row that are not blank; of other text the text.
func cells(row string) []string {
	var out []string
	for c := range strings.SplitSeq(row, "|") {
		if c = strings.TrimSpace(c); c != "" {
			out = append(out, c)
		}
	}
	return out
}

// find is the first line from start on, before end, that matches; -1 if none does.
func (r *fieldReader) find(mark *regexp.Regexp, start, end int) int {
	for i := max(start, 0); i < min(end, len(r.lines)); i++ {
		if mark.MatchString(r.lines[i]) {
			return i
		}
	}
	return -1
}

// after is line i without the label that mark finds at its start.
func (r *fieldReader) after(mark *regexp.Regexp, i int) string {
	return r.lines[i][len(mark.FindString(r.lines[i])):]
}

// letter reads the parts of an approval document: 두문, 본문, 결문.
func (r *fieldReader) letter() {
	to := r.find(recipientMark, 0, headLines)
	subject := r.find(subjectMark, to, to+5)
	if to < 0 || subject < 0 {
		return
	}
	if to > 0 {
		if s := strings.ReplaceAll(r.lines[to-1], " ", ""); len([]rune(s)) <= 20 {
			r.add("기관", s)
		}
	}
	r.add("수신", r.after(recipientMark, to))
	if via := r.find(viaMark, to, subject); via >= 0 {
		r.add("경유", r.after(viaMark, via))
	}
	r.add("제목", r.after(subjectMark, subject))
	foot := len(r.lines) // where the body ends
	enforced := -1
	for i := len(r.lines) - 1; i > subject && enforced < 0; i-- {
		if enforcedMark.MatchString(r.lines[i]) {
			enforced, foot = i, i
		}
	}
	signed := r.find(consentMark, subject+1, foot)
	if signed < 0 {
		signed = foot
	}
	// The lines of the 결재선 stand between the body and 협조자.
	first := signed
	for first > subject+1 && signed-first < 3 && r.signs(first-1) {
		first--
	}
	if enforced < 0 {
		first = foot
	}
	r.related(subject+1, first)
	r.attachments(subject+1, first)
	for i := subject + 1; i < first; i++ {
		if listMark.MatchString(r.lines[i]) {
			r.add("수신자", r.after(listMark, i))
		}
	}
	if enforced < 0 {
		return
	}
	r.foot = first
	r.add("결재선", approvalLine(r.lines[first:signed]))
	if signed < foot {
		r.add("협조자", approvalLine([]string{r.after(consentMark, signed)}))
	}
	m := enforcedMark.FindStringSubmatch(r.lines[enforced])
	r.add("시행번호", m[1])
	r.add("시행일자", m[2])
	r.add("담당부서", m[1][:strings.LastIndex(m[1], "-")])
	for i := enforced; i < min(enforced+5, len(r.lines)); i++ {
		if m := disclosure.FindStringSubmatch(r.lines[i]); m != nil {
			r.add("공개구분", strings.ReplaceAll(m[1]+m[2], " ", ""))
		}
	}
}

// signs reports whether line i may belong to the 결재선: a row that begins with a
// title of office, or a name by itself.
func (r *fieldReader) signs(i int) bool {
	c := cells(r.lines[i])
	words := strings.Fields(r.lines[i])
	return len(c) > 1 && officeTitle.MatchString(strings.TrimLeft(c[0], "★⊙ ")) ||
		len(words) == 1 && len([]rune(words[0])) <= 6 && !strings.HasSuffix(words[0], ".") && !officeTitle.MatchString(words[0])
}

// approvalLine joins each title of office with the name and the day that follow it.
func approvalLine(lines []string) string {
	var out []string
	for _, l := range lines {
		for _, c := range cells(l) {
			if len(out) == 0 || officeTitle.MatchString(c) && len([]rune(c)) > 2 {
				out = append(out, c)
			} else {
				out[len(out)-1] += " " + c
			}
		}
	}
	return strings.Join(out, ", ")
}

// related reads the documents that the first items of the body refer to.
func (r *fieldReader) related(from, to int) {
	for i := from; i < min(from+3, to); i++ {
		l := r.lines[i]
		if relatedMark.MatchString(l) {
			r.add("관련", r.after(relatedMark, i))
			for i++; i < to && subItemMark.MatchString(r.lines[i]) && documentNo.MatchString(r.lines[i]); i++ {
				r.add("관련", r.after(subItemMark, i))
			}
			return
		}
		if !strings.Contains(l, "관련") {
			continue
		}
		for _, no := range documentNo.FindAllString(l, -1) {
			r.add("관련", no)
		}
	}
}

// attachments reads the items of 붙임, one a line.
func (r *fieldReader) attachments(from, to int) {
	at := -1
	for i := to - 1; i >= from && at < 0; i-- {
		if attachMark.MatchString(r.lines[i]) {
			at = i
		}
	}
	if at < 0 {
		return
	}
	for i := at; i < to; i++ {
		l := r.lines[i]
		if i == at {
			l = r.after(attachMark, i)
		} else if !listedMark.MatchString(l) {
			break
		}
		l = strings.TrimLeft(l, "|:： ")
		r.add("붙임", closing.ReplaceAllString(listedMark.ReplaceAllString(l, ""), ""))
		if closing.MatchString(l) {
			break
		}
	}
}

// press reads the head and the contacts of a press release.
func (r *fieldReader) press() {
	head := strings.ReplaceAll(strings.Join(r.lines[:min(len(r.lines), headLines)], "\n"), " ", "")
	if strings.Contains(head, "보도자료") || strings.Contains(head, "보도시점") || strings.Contains(head, "보도일시") {
		r.labelled(pressLabels)
	}
}

// labelled reads the values that stand after their labels, in the next cells or
// behind a colon, and those below them, where a row holds nothing but labels.
func (r *fieldReader) labelled(labels map[string]string) {
	label := func(cell string) string { return labels[strings.ReplaceAll(cell, " ", "")] }
	var header []string
	for _, l := range r.lines {
		row := cells(l)
		if len(header) > 1 && len(row) == len(header) {
			for i, h := range header {
				r.add(label(h), row[i])
			}
		}
		header = nil
		if len(row) > 1 && !slices.ContainsFunc(row, func(c string) bool { return label(c) == "" }) {
			header = row
			continue
		}
		for part := range strings.SplitSeq(l, " / ") {
			row := cells(part)
			if before, after, ok := strings.Cut(part, ":"); ok && label(before) != "" {
				row = []string{before, after}
			}
			name, value := "", ""
			for _, c := range row {
				if n := label(c); n != "" {
					r.add(name, value)
					name, value = n, ""
				} else if name != "" {
					value += " " + c
				}
			}
			r.add(name, value)
		}
	}
}

// complaint reads the number, the gist and the department of a complaint reply.
func (r *fieldReader) complaint() {
	r.labelled(replyLabels)
	all := strings.Join(r.lines, "\n")
	if m := complaintNo.FindStringSubmatch(all); m != nil && r.value("접수번호") == "" {
		r.add("접수번호", m[1])
	}
	if m := gistMark.FindStringSubmatch(all); m != nil {
		r.add("요지", m[1])
	}
	if m := handlerMark.FindStringSubmatch(all); m != nil && r.value("담당부서") == "" {
		r.add("담당부서", m[1])
	}
}

// labelledDisclosure reads 공개구분 or 공개여부 from a cell of the head or the foot.
func (r *fieldReader) labelledDisclosure() {
	for i, l := range r.lines {
		if i >= headLines && i < len(r.lines)-footLines {
			continue
		}
		c := cells(strings.NewReplacer(":", "|", "：", "|").Replace(l))
		for k := range c[:max(len(c)-1, 0)] {
			if m := disclosure.FindStringSubmatch(c[k+1]); m != nil && disclosed.MatchString(c[k]) {
				r.add("공개구분", strings.ReplaceAll(m[1]+m[2], " ", ""))
				return
			}
		}
	}
}

// DisclosureGrade is the least grade that a document's 공개구분 asks for: what
// 「공공기관의 정보공개에 관한 법률」 §9① 1호∼4호 keep closed is Classified, 5호∼8호 and
// a 비공개 or 부분공개 that names none Sensitive (N2SF guideline 1.0). 0 if it is
// open or says nothing.
func DisclosureGrade(fields []Field) index.Grade {
	v := FieldValue(fields, "공개구분")
	switch {
	case !strings.HasPrefix(v, "비공개") && !strings.HasPrefix(v, "부분공개"):
		return 0
	case strings.ContainsAny(v, "1234"):
		return index.Classified
	}
	return index.Sensitive
}

// applyFields reads d's fields, takes title and agency from them, and raises its
// grade to what its 공개구분 asks for.
func (d *Document) applyFields() {
	d.Fields = ReadFields(d)
	m := &d.Meta
	m.Title = firstOf(FieldValue(d.Fields, "제목"), m.Title)
	m.Agency = firstOf(m.Agency, FieldValue(d.Fields, "기관"))
	m.Floor = DisclosureGrade(d.Fields)
	if g := atLeast(m.Grade, m.Floor); g != m.Grade {
		m.Grade = g
		d.Warnings = append(slices.Clip(d.Warnings), fmt.Sprintf("공개구분이 %s이어서 폴더의 등급보다 높은 %s 등급으로 올렸습니다.", FieldValue(d.Fields, "공개구분"), gradeNames[g]))
	}
}

var gradeNames = map[index.Grade]string{index.Sensitive: "민감(sensitive)", index.Classified: "기밀(classified)"}

// atLeast is g, or floor if that is higher. An unset g counts as the highest.
func atLeast(g, floor index.Grade) index.Grade {
	if g == 0 {
		return 0
	}
	return max(g, floor)
}

// letter cuts an approval document: it is one chunk if it fits; otherwise its 결문
// is a part of its own. Every other document is cut at its headings.
func (s *splitter) letter() []section {
	whole := span{0, len(s.text)}
	foot := s.footStart()
	if foot == whole.end || FieldValue(s.doc.Fields, "수신") == "" || !s.fits(whole, s.max) {
		return s.withFoot(s.outline(span{0, foot}, nil), foot)
	}
	return []section{{span: whole, cite: func(span) string { return s.title() }}}
}

// footStart is where the 결문 of an approval document begins: 결재선, 시행번호,
// addresses, 공개구분. The end of the text if there is none.
func (s *splitter) footStart() int {
	if FieldValue(s.doc.Fields, "시행번호") == "" {
		return len(s.text)
	}
	r := newFieldReader(s.doc.Text)
	r.letter()
	if r.foot == 0 {
		return len(s.text)
	}
	return r.starts[r.foot]
}

// withFoot adds the 결문: to the last section if both fit, else as one of its own.
func (s *splitter) withFoot(sections []section, foot int) []section {
	end := len(s.text)
	if foot == end {
		return sections
	}
	if last := &sections[len(sections)-1]; s.fits(span{last.start, end}, s.max) {
		last.end = end
		return sections
	}
	return append(sections, section{span: span{foot, end}, path: []string{"결문"}, levels: s.prose(), cite: func(span) string { return s.title() + " 결문" }})
}
