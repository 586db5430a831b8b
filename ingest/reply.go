package ingest

import (
	"regexp"
	"slices"
	"strings"
)

// The lines that open a question or an answer in a complaint reply: a label by
// itself or before its text (질의 1, ○ 질문:, 가. (답변), 【회신】), or a sentence to the
// complainant.
var (
	askedMark    = partMark(`민원|질 ?의|질 ?문|신청|문의`, `내용|요지|사항`)
	answeredMark = partMark(`답 ?변|회 ?신|검토|처리`, `결과|의견|내용|사항`)
	askedOf      = regexp.MustCompile(`^[^\pL]{0,6}귀하(?:께서|의).{0,30}(?:민원|질의)의? ?(?:내용|요지|사항)[은는이]`)
	answeredTo   = regexp.MustCompile(`^[^\pL]{0,6}귀하(?:께서|의).{0,40}(?:검토|답변|회신).{0,20}다음과 ?같`)
	follows      = regexp.MustCompile(`다음과 ?같|아래와 ?같`)
)

func partMark(words, of string) *regexp.Regexp {
	return regexp.MustCompile(`^(?:[^\pL]|ㅇ){0,6}(?:[가나다라마바사아자차카타파하]\. ?)?[^\pL]{0,2}(?:` + words + `)(?: ?(?:` + of + `))? ?(\d*) ?(?:[)\]】>〉]? ?[:：]|[)\]】>〉]|\.|$)\s*`)
}

// The parts of a complaint reply, as they stand in a Path.
const questionPart, answerPart = "질의", "답변"

// reply cuts a complaint reply into what was asked and what was answered; nil if
// it shows no such marks. A path ends with 질의 or 답변, numbered as the document
// numbers them; that of an answer names its question before.
func (s *splitter) reply() []section {
	title := s.title()
	if from := s.doc.Meta.From; !from.IsZero() {
		title += "(" + koreanDate(from) + ")"
	} else if day := dateIn.FindString(firstOf(FieldValue(s.doc.Fields, "시행일자"), FieldValue(s.doc.Fields, "답변일"))); day != "" {
		title += "(" + day + ")"
	}
	var sections []section
	part, which := "", ""
	asked := FieldValue(s.doc.Fields, "요지") // what the answer under way answers
	bare := false                           // the part under way is one line that leads in what follows
	cur := section{}
	finish := func(end int) {
		label := strings.TrimSpace(part + " " + which)
		cite := strings.TrimSpace(title + " " + label)
		cur.end = end
		cur.cite = func(span) string { return cite }
		switch {
		case part == answerPart && asked != "":
			cur.path = []string{clip(questionPart+": "+asked, 80), label}
		case part != "":
			cur.path = []string{label}
		}
		sections = append(sections, s.listed(cur))
		cur = section{span: span{start: end}}
	}
	foot := s.footStart()
	lines := slices.DeleteFunc(slices.Clone(s.linesIn(span{0, foot})), func(l line) bool { return l.text == "" || l.kind == Table })
	labelled, answered := marked(lines)
	for i, l := range lines {
		if asked == "" && part == questionPart {
			asked = l.text
		}
		next, number, text := partAt(l.text, labelled)
		if next == "" && !answered && i > 0 && askedOf.MatchString(lines[i-1].text) {
			next, text = answerPart, l.text // nothing says where the answer begins
		}
		if next == "" || next == part && number == which {
			bare = false
			continue
		}
		if part == "" && !s.fits(span{0, l.start}, s.max/2) || part != "" && !bare {
			finish(l.start)
		}
		part, which, bare = next, number, follows.MatchString(text)
		cur.body = l.end
		if m := gistMark.FindStringSubmatch(l.text); m != nil {
			asked = m[1]
		} else if part == questionPart && text+number != "" {
			asked = text
		}
	}
	if part == "" {
		return nil
	}
	finish(foot)
	return s.withFoot(sections, foot)
}

// marked reports whether labels open both questions and answers, so that sentences
// to the complainant do not, and whether anything opens an answer.
func marked(lines []line) (labelled, answered bool) {
	var asks, answers bool
	for _, l := range lines {
		asks = asks || askedMark.MatchString(l.text)
		answers = answers || answeredMark.MatchString(l.text)
		answered = answered || answeredTo.MatchString(l.text)
	}
	return asks && answers, answers || answered
}

// partAt reports which part of a reply a line opens, its number, and what the line
// says behind its label.
func partAt(line string, labelled bool) (part, number, text string) {
	if m := answeredMark.FindStringSubmatch(line); m != nil {
		return answerPart, m[1], line[len(m[0]):]
	}
	if m := askedMark.FindStringSubmatch(line); m != nil {
		return questionPart, m[1], line[len(m[0]):]
	}
	switch {
	case labelled:
		return "", "", ""
	case answeredTo.MatchString(line):
		return answerPart, "", line
	case askedOf.MatchString(line):
		return questionPart, "", line
	}
	return "", "", ""
}
