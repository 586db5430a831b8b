package assistant

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"biseo/assistant/excerpt"
	"biseo/assistant/ground"
	"biseo/assistant/retrieval"
	"biseo/index"
	"biseo/korea/official"
	"biseo/prompts"
)

const (
	maxNotes     = 4000 // code points of what an official adds
	sectionLimit = 6    // passages of evidence for a section
	searchLimit  = 20   // passages looked at for a section
	onTopic      = 0.8  // share of the topic, of that of the best passage, that evidence must hold
	leastTopic   = 0.5  // share of the topic that evidence must hold
	sectionLines = 5    // sentences of a section whose template names no number
)

// Given marks what the official who asks for a draft stated.
const Given = "[담당자 입력]"

// Reports are the report templates that [Assistant.DraftReport] knows, by name.
func (a *Assistant) Reports() []prompts.Report { return a.opt.Prompts.Reports() }

// DraftReport drafts a report on a topic by a template: for each section it finds
// passages, has the model write from them and shows what holds, with a table
// where the evidence is one. What no document says stays a visible gap, [작성
// 필요: ...]. A sentence that no source supports is dropped where it states a
// value, and stands marked [Unsure] where not. Notes stand as given, marked [Given],
// in the section that they name ("검토 의견: ...") or at the end.
//
// Without a model, or when it fails, sections consist of lines copied from their
// passages: those that say by a word, a heading or their document's kind that they
// belong there. Where none does, lines on the topic stand below 관련 내용. Where nothing at all is found the outcome is [NoSource] and the blocks
// are the template with its gaps. See [Assistant.Answer] for events and deadlines.
func (a *Assistant) DraftReport(ctx context.Context, who Principal, req ReportRequest, emit func(Event) error) (*Answer, error) {
	template, err := a.checkReport(req)
	if err != nil {
		return nil, err
	}
	s := scope(who, req.On)
	s.Kinds, s.Agencies, s.Docs = req.Kinds, req.Agencies, req.Docs
	w := a.newWriter("report", req.Topic, retrieval.Day(s.On), emit)
	w.ans.Template, w.ans.Marks = template.Name, template.Marks
	w.ans.Title = strings.ReplaceAll(template.Title, "{주제}", strings.TrimSpace(req.Topic))
	r := report{a: a, w: w, template: template, topic: req.Topic, notes: notes(req.Notes, template), tables: map[string]bool{}}
	if err := r.draft(ctx, s, req.Uploads); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	a.lg.Info("report", "template", template.Name, "outcome", w.ans.Outcome, "mode", w.ans.Mode, "sources", len(w.ans.Sources), "blocks", len(w.ans.Blocks), "warnings", len(w.ans.Warnings))
	return w.ans, nil
}

func (a *Assistant) checkReport(req ReportRequest) (prompts.Report, error) {
	if err := checkQuestion("topic", req.Topic); err != nil {
		return prompts.Report{}, err
	}
	if err := checkDay(req.On); err != nil {
		return prompts.Report{}, err
	}
	if n := len([]rune(req.Notes)); n > maxNotes {
		return prompts.Report{}, &InputError{"notes", fmt.Sprintf("덧붙인 사실이 %d자로 길이 제한 %d자를 넘으니 줄여서 다시 적어 주세요.", n, maxNotes)}
	}
	name := cmp.Or(req.Template, "검토보고")
	t, ok := a.opt.Prompts.Report(name)
	if !ok {
		var names []string
		for _, r := range a.opt.Prompts.Reports() {
			names = append(names, r.Name)
		}
		return prompts.Report{}, &InputError{"template", fmt.Sprintf("%s 서식이 없으니 다음 가운데 하나로 적어 주세요: %s", name, strings.Join(names, ", "))}
	}
	return t, nil
}

// A report is a report on its way.
type report struct {
	a        *Assistant
	w        *writer
	template prompts.Report
	topic    string
	notes    map[string][]string // by heading; those without one under ""
	from     [][]ground.Source   // the evidence of each section, the main passage first
	tables   map[string]bool     // shown
	written  []string            // headings of the sections that say something
	t        tally
}

// notes puts each line of an official's notes under the heading that it names.
func notes(s string, t prompts.Report) map[string][]string {
	out := map[string][]string{}
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if !ground.HasWord(line) {
			continue
		}
		head, rest, ok := strings.Cut(line, ":")
		i := slices.IndexFunc(t.Sections, func(s prompts.Section) bool { return ground.Squeeze(s.Heading) == ground.Squeeze(head) })
		if ok && i >= 0 && ground.HasWord(rest) {
			out[t.Sections[i].Heading] = append(out[t.Sections[i].Heading], strings.TrimSpace(rest))
		} else {
			out[""] = append(out[""], line)
		}
	}
	return out
}

func (r *report) draft(ctx context.Context, s index.Scope, uploads []Upload) error {
	if err := r.w.send(Event{Status: "searching"}); err != nil {
		return err
	}
	if err := r.gather(ctx, s, uploads); err != nil {
		return err
	}
	if err := r.w.send(Event{Status: "writing"}); err != nil {
		return err
	}
	r.t.model = r.a.opt.Generator != nil
	for i := range r.template.Sections {
		if err := r.section(ctx, i); err != nil {
			return err
		}
	}
	if len(r.notes[""]) > 0 {
		if err := r.w.heading(1, "담당자 추가 사항"); err != nil {
			return err
		}
		if err := r.given(""); err != nil {
			return err
		}
	}
	if err := r.elsewhere(); err != nil {
		return err
	}
	r.describe()
	r.w.ans.Hints = hints(r.w.ans, official.Kind(r.template.Kind))
	if err := r.references(); err != nil {
		return err
	}
	if err := r.w.conclude(&r.t); err != nil {
		return err
	}
	if r.t.shown == 0 && !slices.ContainsFunc(r.w.ans.Sources, func(s ground.Source) bool { return s.Used }) {
		r.w.ans.Outcome = NoSource
	}
	return nil
}

// section drafts one section from its evidence, and marks what is missing.
func (r *report) section(ctx context.Context, i int) error {
	sec, from, w := r.template.Sections[i], r.from[i], r.w
	if !r.template.Plain {
		if err := w.heading(1, sec.Heading); err != nil {
			return err
		}
	}
	if len(sec.Table) > 0 {
		if err := w.begin(r.form(sec.Table)); err != nil {
			return err
		}
	}
	before := len(w.ans.Blocks)
	if len(from) > 0 {
		if err := r.write(ctx, i); err != nil {
			return err
		}
	}
	if err := r.given(sec.Heading); err != nil {
		return err
	}
	if rows := excerpt.Table(r.topic+" "+sec.Heading+" "+sec.Query, from, r.tables, r.fits(sec)); rows != nil && !r.template.Prose && !sec.Prose {
		if err := w.begin(Block{Kind: "table", Rows: rows}); err != nil {
			return err
		}
	}
	if len(w.ans.Blocks) > before {
		r.written = append(r.written, sec.Heading)
		return nil
	}
	if sec.Need == "" {
		return nil
	}
	r.t.gaps++
	if err := w.begin(r.block(sec)); err != nil {
		return err
	}
	return w.say(gapFor(sec.Need))
}

// write has the model write a section, or copies lines of its evidence.
func (r *report) write(ctx context.Context, i int) error {
	sec, from := r.template.Sections[i], r.from[i]
	lines := cmp.Or(sec.Lines, sectionLines)
	d := draft{layout: r.layout(sec), lines: lines, keep: true, calls: 1}
	if r.t.model {
		for _, later := range r.from[i+1:] {
			if len(later) > 0 {
				d.calls++
			}
		}
		d.passages = passages(from)
		var err error
		d.prompt, err = r.a.opt.Prompts.Section(prompts.SectionData{
			Report: r.w.ans.Title, Topic: r.topic, Section: sec, Lines: lines, Prose: d.layout == prose, On: r.w.ans.On, Passages: d.passages})
		if err != nil {
			return err
		}
		out, err := r.a.draft(ctx, r.w, d)
		r.t.add(out)
		if err != nil || out.shown > 0 {
			return err
		}
		r.t.copied++
	}
	if slices.ContainsFunc(from, func(s ground.Source) bool { return r.ofKind(sec, s) }) {
		from = slices.DeleteFunc(slices.Clone(from), func(s ground.Source) bool { return !r.ofKind(sec, s) })
	}
	shown := run{w: r.w, d: d}
	for _, s := range excerpt.About(r.topic+" "+sec.Heading+" "+sec.Query, from, lines, r.fits(sec)) {
		if r.w.said[ground.Squeeze(s.Text)] {
			continue
		}
		if err := shown.show(s, claim{}); err != nil {
			return err
		}
	}
	return nil
}

// elsewhere shows lines on the topic under a heading of their own where no section
// holds a line of a source: which section they fit, none of them says.
func (r *report) elsewhere() error {
	if r.t.shown > 0 || len(r.w.ans.Sources) == 0 || slices.ContainsFunc(r.w.ans.Sources, func(s ground.Source) bool { return s.Used }) {
		return nil
	}
	found := excerpt.About(r.topic, r.w.ans.Sources, sectionLines, nil)
	if len(found) == 0 {
		return nil
	}
	const head = "관련 내용"
	if err := r.w.heading(1, head); err != nil {
		return err
	}
	shown := run{w: r.w, d: draft{layout: r.layout(prompts.Section{})}}
	for _, s := range found {
		if err := shown.show(s, claim{}); err != nil {
			return err
		}
	}
	r.written = append(r.written, head)
	return nil
}

func (r *report) layout(sec prompts.Section) layout {
	if r.template.Prose || sec.Prose {
		return prose
	}
	return items
}

// block is what one sentence of a section stands in.
func (r *report) block(sec prompts.Section) Block {
	if r.layout(sec) == prose {
		return Block{Kind: "paragraph"}
	}
	return Block{Kind: "item", Level: 1}
}

// form is a table of a template. Its holes are gaps.
func (r *report) form(rows [][]string) Block {
	b := Block{Kind: "table"}
	missing := false
	for _, row := range rows {
		var cells []ground.Sentence
		for _, c := range row {
			s := ground.Sentence{Text: c}
			if strings.HasPrefix(c, "[작성 필요") || strings.Contains(c, "○○") || strings.Contains(c, "000-0000") {
				s.Status, missing = ground.Gap, true
			}
			cells = append(cells, s)
		}
		b.Rows = append(b.Rows, cells)
	}
	if missing {
		r.t.gaps++
	}
	return b
}

// given shows the official's notes on a section.
func (r *report) given(heading string) error {
	for _, n := range r.notes[heading] {
		b := Block{Kind: "item", Level: 1}
		if r.template.Prose {
			b.Kind, b.Level = "paragraph", 0
		}
		if err := r.w.begin(b); err != nil {
			return err
		}
		if err := r.w.say(ground.Sentence{Text: n + " " + Given}); err != nil {
			return err
		}
	}
	return nil
}

// describe gives the report its 문서요지, what it holds, and its 키워드.
func (r *report) describe() {
	var used []ground.Source
	for _, s := range r.w.ans.Sources {
		if s.Used {
			used = append(used, s)
		}
	}
	if len(r.written) > 0 {
		r.w.ans.Gist = fmt.Sprintf("%s에 관하여 %s 등을 정리한 %s", r.topic, strings.Join(r.written, ", "), r.template.Name)
	} else {
		r.w.ans.Gist = "[작성 필요: 문서요지]"
	}
	r.w.ans.Keywords = excerpt.Keywords(append([]ground.Source{{Title: r.topic}}, used...), maxKeywords)
}

// references lists the documents that the report cites (근거 자료).
func (r *report) references() error {
	var list []string
	for _, s := range r.w.ans.Sources {
		if ref := reference(s); s.Used && !slices.Contains(list, ref) {
			list = append(list, ref)
		}
	}
	if r.template.Uncited || len(list) == 0 {
		return nil
	}
	if err := r.w.heading(1, "근거 자료"); err != nil {
		return err
	}
	for _, ref := range list {
		if err := r.w.begin(Block{Kind: "item", Level: 1}); err != nil {
			return err
		}
		if err := r.w.say(ground.Sentence{Text: ref}); err != nil {
			return err
		}
	}
	return nil
}

// reference names a source: its citation, or title and page.
func reference(s ground.Source) string {
	ref := s.Cite
	if ref == "" {
		ref = s.Title
		if s.Page > 0 {
			ref += fmt.Sprintf(" %d쪽", s.Page)
		}
	}
	if t, err := parseDay(s.InForce.From); err == nil {
		ref += "(" + official.PlainDate(t) + " 시행)"
	}
	return ref
}
