// Package report writes a judged run as one HTML file that needs no server and no
// network, in Korean and English, for readers who do not program.
package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/eval"
	"biseo/eval/golden"
	"biseo/eval/score"
	"biseo/eval/suite"
)

//go:embed report.html
var page string

// Write writes r to w. c, which may be nil, holds it against an earlier run; gold,
// which may be nil, is a run of the same cases in which the model got the passages
// that they name, and tells faults of search from faults of the model.
func Write(w io.Writer, r *suite.Report, c *suite.Comparison, gold *suite.Report) error {
	t, err := template.New("report").Funcs(template.FuncMap{"percent": percent, "signed": signed, "small": small, "seoul": seoul}).Parse(page)
	if err != nil {
		return fmt.Errorf("report page: %w", err)
	}
	return t.Execute(w, newView(r, c, gold))
}

func seoul(t time.Time) string {
	return t.In(time.FixedZone("KST", 9*60*60)).Format("2006-01-02 15:04")
}

func percent(v float64) string { return fmt.Sprintf("%.1f", 100*v) }
func signed(v float64) string  { return fmt.Sprintf("%+.1f", 100*v) }

// A text is a sentence in both languages.
type text struct{ KO, EN string }

type view struct {
	Manifest suite.Manifest
	Earlier  *suite.Manifest
	Verdict  text
	Changed  []setting // what the manifests differ in
	Tasks    []taskView
	Cases    []caseView
	Tags     []string
	Faults   bool // a run with the passages that the cases name tells search and generation apart
}

type setting struct {
	Name          text
	Before, After string
}

type taskView struct {
	Name  text
	Task  golden.Task
	Cases int
	Bars  []bar
	Rows  []row
	Fault text // whose fault it is where cases are not right; "" without a run that tells
}

// A bar is one verdict's part of a task, in thousandths of its width.
type bar struct {
	Verdict  score.Verdict
	Name     text
	N, X, W  int
	ShowText bool
}

type row struct {
	Metric score.Metric
	Name   text
	Cases  int
	Mean   float64
	CI95   [2]float64
	Diff   *suite.Difference
	Delta  float64
	Say    text
}

type caseView struct {
	ID, Task, Split, On, Tags, Note string
	Asker                           string
	Verdict                         score.Verdict
	VerdictName                     text
	Change                          string // better, worse or ""
	Fault                           string // see [suite.Fault]
	FaultName                       text
	Asked                           string
	Expected                        []text
	Now, Then                       *resultView // Then is that of the earlier run
}

type resultView struct {
	Verdict  text
	Findings []string
	Outcome  text
	Lines    []lineView
	Sources  []sourceView
	Warnings []string
	Millis   int64
}

type lineView struct {
	Kind, Status, Text string
	Cites              []int
	Why                string
}

type sourceView struct {
	N          int
	Cite, Path string
	Text       string
	Used       bool
}

var verdictNames = map[score.Verdict]text{
	score.Right: {"옳음", "right"}, score.Partial: {"일부", "partial"}, score.Silent: {"답 없음", "silent"}, score.Wrong: {"틀림", "wrong"},
}

var outcomeNames = map[assistant.Outcome]string{
	assistant.Answered: "답함(answered)", assistant.Partial: "일부만 답함(partial)", assistant.Extractive: "원문 발췌(extractive)", assistant.NoSource: "근거 없음(no_source)",
	assistant.BlockedPersonalData: "개인정보라 처리 안 함(blocked_personal_data)", assistant.BlockedGrade: "등급 때문에 처리 안 함(blocked_grade)", assistant.OutOfScope: "업무 밖(out_of_scope)",
}

var taskNames = map[golden.Task]text{
	golden.Search: {"검색", "Search"}, golden.Answer: {"질문 답변", "Answers"}, golden.Summary: {"요약", "Summaries"},
	golden.Report: {"보고서", "Reports"}, golden.Reply: {"민원 답변", "Complaint replies"}, golden.Safety: {"안전", "Safety"},
}

// metricNames say in one line what each metric measures.
var metricNames = map[score.Metric]text{
	suite.Points:       {"점수: 옳음 1, 일부 ½, 답 없음 0, 틀림 −1", "points: right 1, partial ½, silent 0, wrong −1"},
	score.NDCG:         {"맞는 문단이 얼마나 위에 있나(nDCG@10)", "how high the right passages stand (nDCG@10)"},
	score.Recall:       {"열 건 안에 든 맞는 문단의 비율", "share of right passages among ten"},
	score.MRR:          {"첫 맞는 문단 순위의 역수(MRR)", "reciprocal rank of the first right passage"},
	score.MAP:          {"맞는 문단마다의 정밀도 평균(MAP)", "mean average precision (MAP)"},
	score.Success1:     {"첫째가 맞은 질문", "first hit right"},
	score.Success5:     {"다섯째 안에 맞은 질문", "right within five"},
	score.Forbidden:    {"보이면 안 되는 문서를 보이지 않음", "nothing shown that must not be"},
	score.CiteValid:    {"원문 그대로인 인용", "citations that are exact"},
	score.CiteCoverage: {"근거가 달린 사실 문장", "factual sentences with a citation"},
	score.CiteGold:     {"문항이 바라는 근거를 인용", "cites the passages wanted"},
	score.QuoteExact:   {"따옴표 안이 원문과 같음", "quotations exact"},
	score.Numbers:      {"수가 근거에 있음", "numbers stand in the source"},
	score.Amounts:      {"금액이 근거에 있음", "amounts stand in the source"},
	score.Dates:        {"날짜·시각이 근거에 있음", "dates stand in the source"},
	score.Periods:      {"기간이 근거에 있음", "periods stand in the source"},
	score.Articles:     {"조항이 근거에 있음", "articles stand in the source"},
	score.Entities:     {"부서·연락처가 근거에 있음", "departments and contacts stand in the source"},
	score.FactsVital:   {"말한 핵심 요점의 비율", "vital key facts said"},
	score.FactsAll:     {"말한 요점의 비율", "key facts said"},
	score.StrictVital:  {"핵심 요점을 모두 말함", "every vital key fact said"},
	score.NotWrong:     {"틀린 말을 하지 않음", "nothing wrong said"},
	score.OutcomeRight: {"결과 구분이 맞음", "outcome as expected"},
	score.Warned:       {"필요한 경고를 함", "warns where it must"},
	score.Private:      {"개인정보를 지킴", "personal data kept"},
	score.Form:         {"항목·빈칸·기한 등 꼴이 맞음", "sections, gaps, due date in form"},
	score.Lint:         {"공문서 규칙에 맞는 문단", "blocks within the rules of official documents"},
	score.ROUGE:        {"모범 요약과 닮음(ROUGE-L, 참고용)", "ROUGE-L with a reference (no gate)"},
	score.CHRF:         {"모범 요약과 닮음(chrF, 참고용)", "chrF with a reference (no gate)"},
}

func newView(r *suite.Report, c *suite.Comparison, gold *suite.Report) view {
	v := view{Manifest: r.Manifest, Verdict: verdict(r, c)}
	if c != nil {
		v.Earlier = &c.Before.Manifest
		v.Changed = changed(c.Before.Manifest, r.Manifest)
	}
	for _, t := range r.Tasks() {
		v.Tasks = append(v.Tasks, newTask(r, c, gold, t))
	}
	v.Faults = gold != nil
	then, ideal := byCase(nil), byCase(gold)
	if c != nil {
		then = byCase(c.Before)
	}
	for _, j := range r.Cases {
		cv := newCase(j)
		if old, ok := then[j.Case.ID]; ok {
			cv.Then = newResult(old)
			switch d := j.Score.Verdict.Points() - old.Score.Verdict.Points(); {
			case d > 0:
				cv.Change = "better"
			case d < 0:
				cv.Change = "worse"
			}
		}
		if g, ok := ideal[j.Case.ID]; ok {
			cv.Fault = suite.Fault(j, g)
			cv.FaultName = map[string]text{"retriever": {"검색 탓", "fault of search"}, "generator": {"생성 탓", "fault of generation"}}[cv.Fault]
		}
		v.Cases = append(v.Cases, cv)
		for _, tag := range j.Case.Tags {
			if !slices.Contains(v.Tags, tag) {
				v.Tags = append(v.Tags, tag)
			}
		}
	}
	slices.Sort(v.Tags)
	return v
}

func byCase(r *suite.Report) map[string]suite.Judged {
	out := map[string]suite.Judged{}
	if r != nil {
		for _, j := range r.Cases {
			out[j.Case.ID] = j
		}
	}
	return out
}

// verdict is the whole in two sentences.
func verdict(r *suite.Report, c *suite.Comparison) text {
	n := map[score.Verdict]int{}
	for _, j := range r.Cases {
		n[j.Score.Verdict]++
	}
	t := text{
		fmt.Sprintf("문항 %d개 가운데 옳음 %d, 일부 %d, 답 없음 %d, 틀림 %d.", len(r.Cases), n[score.Right], n[score.Partial], n[score.Silent], n[score.Wrong]),
		fmt.Sprintf("Of %d cases %d right, %d partial, %d silent, %d wrong.", len(r.Cases), n[score.Right], n[score.Partial], n[score.Silent], n[score.Wrong]),
	}
	if c == nil {
		return t
	}
	var better, worse []string
	for _, d := range c.Differences {
		if d.Metric == suite.Points && d.Decision == "better" {
			better = append(better, string(d.Task))
		}
		if d.Metric == suite.Points && d.Decision == "worse" {
			worse = append(worse, string(d.Task))
		}
	}
	name := func(tasks []string, ko bool) string {
		var out []string
		for _, x := range tasks {
			if n := taskNames[golden.Task(x)]; ko {
				out = append(out, n.KO)
			} else {
				out = append(out, n.EN)
			}
		}
		return strings.Join(out, ", ")
	}
	if len(better) > 0 {
		t.KO += " 앞선 실행보다 나아진 일: " + name(better, true) + "."
		t.EN += " Better than the earlier run: " + name(better, false) + "."
	}
	if len(worse) > 0 {
		t.KO += " 앞선 실행보다 나빠진 일: " + name(worse, true) + "."
		t.EN += " Worse than the earlier run: " + name(worse, false) + "."
	}
	if len(better)+len(worse) == 0 {
		t.KO += " 앞선 실행과의 차이는 이 문항들로 가려낼 수 있는 크기가 아닙니다."
		t.EN += " These cases show no difference from the earlier run."
	}
	return t
}

// short cuts a SHA-256 to its first 12 digits, which tell two apart.
func short(s string) string {
	if len(s) == 64 && strings.Trim(s, "0123456789abcdef") == "" {
		return s[:12]
	}
	return s
}

// small is a p-value with three decimals, honest below them.
func small(p float64) string {
	if p < 0.001 {
		return "< .001"
	}
	return strings.TrimPrefix(fmt.Sprintf("%.3f", p), "0")
}

// changed lists what two manifests differ in, times left out.
func changed(before, after suite.Manifest) []setting {
	var out []setting
	add := func(ko, en, b, a string) {
		if a != b {
			out = append(out, setting{text{ko, en}, short(b), short(a)})
		}
	}
	add("프로그램", "program", before.Program, after.Program)
	add("소스 판", "revision", before.Revision, after.Revision)
	add("고친 소스", "changed source", tick(before.Dirty), tick(after.Dirty))
	add("모델", "model", before.Model, after.Model)
	add("임베딩", "embedder", before.Embedder, after.Embedder)
	add("색인 규칙", "rules", before.Rules, after.Rules)
	add("문서", "documents", before.Corpus, after.Corpus)
	add("묶음", "split", before.Split, after.Split)
	add("뽑은 문항", "sample", count(before.Sample), count(after.Sample))
	add("바른 문단을 줌", "gold passages", tick(before.Gold), tick(after.Gold))
	each := func(ko, en string, before, after map[string]string) {
		both := maps.Clone(after)
		maps.Copy(both, before)
		for _, k := range slices.Sorted(maps.Keys(both)) {
			add(ko+" "+k, en+" "+k, before[k], after[k])
		}
	}
	each("프롬프트", "prompt", before.Prompts, after.Prompts)
	each("문항", "set", before.Sets, after.Sets)
	each("설정", "setting", before.Settings, after.Settings)
	return out
}

// tick is yes or no in either language.
func tick(b bool) string {
	if b {
		return "○"
	}
	return "×"
}

// count is a number of cases, * for all.
func count(n int) string {
	if n == 0 {
		return "*"
	}
	return fmt.Sprint(n)
}

// fault says whose fault the cases of a task are that are not right.
func fault(r, gold *suite.Report, t golden.Task) text {
	given := byCase(gold)
	n, retriever, generator := 0, 0, 0
	for _, j := range r.Cases {
		g, ok := given[j.Case.ID]
		if j.Task != t || !ok || j.Score.Verdict == score.Right {
			continue
		}
		n++
		switch suite.Fault(j, g) {
		case "retriever":
			retriever++
		case "generator":
			generator++
		}
	}
	if n == 0 {
		return text{}
	}
	_, with := r.Values(t, suite.Points)
	_, ideal := gold.Values(t, suite.Points)
	return text{
		fmt.Sprintf("옳지 않은 %d문항: 바른 문단을 먼저 주면 옳아지는 검색 탓 %d, 그래도 옳지 않은 생성 탓 %d, 문단을 정하지 않아 알 수 없음 %d. 점수는 바른 문단을 주면 %s%%에서 %s%%.",
			n, retriever, generator, n-retriever-generator, percent(eval.Mean(with)), percent(eval.Mean(ideal))),
		fmt.Sprintf("%d cases not right: %d by search, right once the right passages come first; %d by generation, not right even then; %d name no passage and cannot be told. Points go from %s %% to %s %% with the right passages.",
			n, retriever, generator, n-retriever-generator, percent(eval.Mean(with)), percent(eval.Mean(ideal))),
	}
}

func newTask(r *suite.Report, c *suite.Comparison, gold *suite.Report, t golden.Task) taskView {
	v := taskView{Task: t, Name: taskNames[t]}
	n := map[score.Verdict]int{}
	for _, j := range r.Cases {
		if j.Task == t {
			n[j.Score.Verdict]++
			v.Cases++
		}
	}
	x := 0
	for _, verdict := range []score.Verdict{score.Right, score.Partial, score.Silent, score.Wrong} {
		w := 1000 * n[verdict] / v.Cases
		if n[verdict] > 0 {
			v.Bars = append(v.Bars, bar{verdict, verdictNames[verdict], n[verdict], x, w, w > 90})
			x += w
		}
	}
	for _, m := range r.Metrics(t) {
		_, values := r.Values(t, m)
		w := row{Metric: m, Name: metricNames[m], Cases: len(values), Mean: eval.Mean(values), CI95: eval.Bootstrap(values)}
		if c != nil {
			for _, d := range c.Differences {
				if d.Task == t && d.Metric == m {
					w.Diff, w.Delta = &d, d.After-d.Before
					w.Say = map[string]text{"better": {"나아짐", "better"}, "worse": {"나빠짐", "worse"}, "same": {"차이를 볼 수 없음", "no difference seen"}}[d.Decision]
				}
			}
		}
		v.Rows = append(v.Rows, w)
	}
	if gold != nil {
		v.Fault = fault(r, gold, t)
	}
	return v
}

func newCase(j suite.Judged) caseView {
	c := j.Case
	v := caseView{ID: c.ID, Task: string(j.Task), Split: c.Split, On: c.On, Tags: strings.Join(c.Tags, " "), Note: c.Note,
		Asker: strings.TrimSpace(strings.Join(c.Groups, ", ") + " " + c.Grade), Verdict: j.Score.Verdict, VerdictName: verdictNames[j.Score.Verdict],
		Asked: c.Asked(),
		Now:   newResult(j)}
	expect := func(ko, en, what string) { v.Expected = append(v.Expected, text{ko + what, en + what}) }
	for _, f := range c.Facts {
		mark := "○ "
		if f.Vital {
			mark = "● "
		}
		expect(mark, mark, f.Text+" ("+strings.Join(f.Any, " | ")+")")
	}
	for _, r := range c.Relevant {
		expect("찾을 곳 ", "to find ", fmt.Sprintf("%s (%d): %s", r.Doc, r.Gain, r.Quote))
	}
	for _, p := range c.Cites {
		expect("근거 ", "source ", p.Doc+": "+p.Quote)
	}
	for _, x := range []struct {
		ko, en string
		list   []string
	}{{"✕ 하면 안 되는 말 ", "✕ must not say ", c.MustNot}, {"✕ 보이면 안 되는 문서 ", "✕ must not show ", c.Forbidden}, {"결과 ", "outcome ", c.Outcome},
		{"경고 ", "warning ", c.Warnings}, {"항목 ", "sections ", c.Sections}, {"빈칸 ", "gaps ", c.Gaps}} {
		if len(x.list) > 0 {
			expect(x.ko, x.en, strings.Join(x.list, " | "))
		}
	}
	return v
}

func newResult(j suite.Judged) *resultView {
	v := &resultView{Verdict: verdictNames[j.Score.Verdict], Findings: j.Score.Findings, Millis: j.Result.Millis}
	r := j.Result
	switch {
	case r.Refused != "":
		v.Outcome = text{r.Refused, r.Refused}
	case r.Error != "":
		v.Outcome = text{r.Error, r.Error}
	}
	if r.Search != nil {
		for _, h := range r.Search.Hits {
			v.Sources = append(v.Sources, sourceView{h.Rank, h.Cite, r.Paths[h.DocID], h.Text, true})
		}
	}
	if a := r.Answer; a != nil {
		v.Outcome = text{outcomeNames[a.Outcome], string(a.Outcome)}
		for _, w := range a.Warnings {
			v.Warnings = append(v.Warnings, w.Text)
		}
		if a.Title != "" {
			v.Lines = append(v.Lines, lineView{Kind: "heading", Text: a.Title, Status: string(ground.Plain)})
		}
		for _, b := range a.Blocks {
			v.Lines = append(v.Lines, lines(b)...)
		}
		for _, s := range a.Sources {
			v.Sources = append(v.Sources, sourceView{s.N, s.Cite, r.Paths[s.DocID], s.Text, s.Used})
		}
	}
	return v
}

func lines(b assistant.Block) []lineView {
	var out []lineView
	line := func(s ground.Sentence) lineView {
		l := lineView{Kind: b.Kind, Status: string(s.Status), Text: s.Text, Why: s.Why + s.Warn}
		for _, c := range s.Cites {
			if !slices.Contains(l.Cites, c.Source) {
				l.Cites = append(l.Cites, c.Source)
			}
		}
		return l
	}
	for _, s := range b.Sentences {
		out = append(out, line(s))
	}
	for _, r := range b.Rows {
		var cells []string
		row := lineView{Kind: "table", Status: string(ground.Plain)}
		for _, s := range r {
			l := line(s)
			cells = append(cells, s.Text)
			row.Why += l.Why
			if s.Status != ground.Plain {
				row.Status = l.Status
			}
			for _, n := range l.Cites {
				if !slices.Contains(row.Cites, n) {
					row.Cites = append(row.Cites, n)
				}
			}
		}
		row.Text = strings.Join(cells, " | ")
		out = append(out, row)
	}
	return out
}
