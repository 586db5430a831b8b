// Package official knows how Korean official documents are written: it finds
// what departs from the rules ([Lint]), and it writes dates, amounts and
// item marks as they are wanted.
//
// The rules come from 「행정업무의 운영 및 혁신에 관한 규정」 제7조 and its
// 시행규칙 제2조ㆍ제4조, the ministry's handbook on official documents, and counts
// on published reports. They advise: nothing here blocks or edits by itself.
package official

import (
	"cmp"
	"fmt"
	"slices"
)

// A Kind of document decides which rules hold. The zero Kind is any text: only
// the rules for all documents hold.
type Kind string

const (
	KindLetter  Kind = "letter"  // 기안문, 시행문
	KindReply   Kind = "reply"   // 민원 회신
	KindNotice  Kind = "notice"  // 공고, 통지
	KindMinutes Kind = "minutes" // 회의록
	KindReport  Kind = "report"  // 보고서, in 개조식
	KindPlan    Kind = "plan"    // 계획, in 개조식
	KindPress   Kind = "press"   // 보도자료
)

var (
	letters = []Kind{KindLetter, KindReply, KindNotice, KindMinutes}
	reports = []Kind{KindReport, KindPlan}
)

// A Severity says how sure and how grave a finding is.
type Severity string

const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// A Finding is a place that departs from a rule.
type Finding struct {
	Code       string
	Severity   Severity
	Start, End int    // code points of the text, not empty
	Text       string // what is wrong and what to write, in Korean
	Fix        string // replacement for [Start, End) where one is certain, else ""
}

// A rule comes with an example: Lint finds Code in Bad, not in Good.
type rule struct {
	Code      string
	Severity  Severity
	Kinds     []Kind // documents it holds for; nil is all
	Mild      []Kind // documents in which it is only a Warning, because practice differs
	Why       string // what is wrong and what to write, in Korean
	Bad, Good string
	check     func(*document) []hit
}

// A hit is where a rule found something.
type hit struct {
	start, end int    // code points
	fix        string // as Finding.Fix
	detail     string // replaces rule.Why; may be ""
}

// Options say what is known about the text.
type Options struct {
	Kind  Kind
	Final bool // it is meant to be sent: gaps left for the writer are findings
}

// rules are all, in the order of their groups: notation, words, structure, style.
var rules = slices.Concat(notationRules, dictionaryRules, structureRules, styleRules)

// Lint returns what departs from the rules, in order of place and code. It
// passes over code, web addresses, e-mail addresses, embedded images, front
// matter and the amendment notes of laws (<개정 2026. 5. 6.>).
func Lint(text string, opt Options) []Finding {
	d := parse(text, opt)
	var out []Finding
	for _, r := range rules {
		if r.Kinds != nil && !slices.Contains(r.Kinds, opt.Kind) {
			continue
		}
		for _, h := range r.check(d) {
			f := Finding{Code: r.Code, Severity: r.Severity, Start: h.start, End: h.end, Text: r.Why, Fix: h.fix}
			if slices.Contains(r.Mild, opt.Kind) {
				f.Severity = Warning
			}
			if h.detail != "" {
				f.Text = h.detail
			}
			if h.fix != "" {
				f.Text += fmt.Sprintf(" ‘%s’ → ‘%s’", string(d.runes[h.start:h.end]), h.fix)
			}
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Code, b.Code), cmp.Compare(a.End, b.End))
	})
	return slices.Compact(out)
}
