// Package export turns an answer of any task into a file: HWPX, DOCX, Markdown or
// plain text, laid out as Korean offices lay out reports and replies.
package export

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"biseo/assistant"
	"biseo/assistant/export/paper"
	"biseo/assistant/ground"
	"biseo/index"
	"biseo/korea/official"
)

// Options say how an answer is laid out. The zero value is a draft for the desk
// of the official who asked.
type Options struct {
	Public bool   // of a complaint reply the 공개용 version
	Form   []byte // an office's own HWPX or DOCX form, see [paper.Fill]; nil for Biseo's layout
	Agency string // named as the author in the file's properties
}

// Formats are the names of the formats that [Write] knows, which are also the
// endings of file names.
func Formats() []string { return []string{"hwpx", "docx", "md", "txt"} }

// Write writes a to w in one of [Formats]. Sentences that no source supports are
// marked [근거 확인 필요]; what is missing stays visible as [작성 필요: …]. The basis
// of each paragraph is a footnote, in complaint replies it stands in brackets
// behind the paragraph, because those are sent as plain text.
func Write(w io.Writer, format string, a *assistant.Answer, opt Options) error {
	paged := opt.Form == nil && (format == "hwpx" || format == "docx") // footnotes stand on their pages; elsewhere they end the text and list the sources
	d := layout(a, opt, paged)
	var b []byte
	var err error
	switch {
	case !slices.Contains(Formats(), format):
		return &assistant.InputError{Field: "format", Text: fmt.Sprintf("%q 형식으로는 저장하지 못합니다. 파일 이름을 .%s 중 하나로 끝내 주세요.", format, strings.Join(Formats(), ", ."))}
	case opt.Form != nil && (format == "md" || format == "txt"):
		return &assistant.InputError{Field: "form", Text: formatless}
	case opt.Form != nil:
		if b, _, err = paper.Fill(opt.Form, format, d); err != nil {
			err = formError(format, err)
		}
	case format == "hwpx":
		b, err = paper.HWPX(d)
	case format == "docx":
		b, err = paper.DOCX(d)
	case format == "md":
		b = []byte(paper.Markdown(d))
	default:
		b = []byte(paper.Text(d))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", format, err)
	}
	_, err = w.Write(b)
	return err
}

// CheckForm tells before a draft is made whether a form can be filled in a format,
// hwpx or docx. What is wrong with it is an [*assistant.InputError]; warnings are
// Korean sentences on marks that will not be filled.
func CheckForm(form []byte, format string) (warnings []string, err error) {
	if format != "hwpx" && format != "docx" {
		return nil, &assistant.InputError{Field: "form", Text: formatless}
	}
	_, left, err := paper.Fill(form, format, &paper.Document{})
	if err != nil {
		return nil, formError(format, err)
	}
	for _, mark := range left {
		warning := fmt.Sprintf("%s 표시는 비서가 모르거나 채울 수 없는 자리에 있어 그대로 남으니 저장한 뒤 고쳐 주세요.", mark)
		if mark == paper.BodyMark {
			warning = mark + "이 여럿이거나 다른 글과 한 문단에 있으니 본문이 들어갈 자리에만 한 번 적어 주세요."
		}
		warnings = append(warnings, warning)
	}
	return warnings, nil
}

const formatless = "서식은 HWPX나 DOCX로 저장할 때만 쓸 수 있으니 저장할 파일 이름을 .hwpx나 .docx로 끝내 주세요."

// formError says in Korean what is wrong with a form.
func formError(format string, err error) error {
	text := ""
	switch {
	case errors.Is(err, paper.ErrForm):
		text = fmt.Sprintf("%s 파일이 아니니 서식과 저장할 파일을 같은 형식으로 지정해 주세요.", strings.ToUpper(format))
	case errors.Is(err, paper.ErrNoBody):
		text = fmt.Sprintf("서식에 %s만 적은 문단이 없으니 본문이 들어갈 자리에 한 문단으로 적어 주세요.", paper.BodyMark)
	case errors.Is(err, paper.ErrTooLarge):
		text = "서식을 풀면 너무 크니 내용을 줄여서 다시 저장해 주세요."
	default:
		text = "서식 파일이 손상되었으니 원래 프로그램에서 열어 다시 저장해 주세요."
	}
	return &assistant.InputError{Field: "form", Text: text}
}

// layout is a as it is printed, with a list of its sources if so wanted.
func layout(a *assistant.Answer, opt Options, list bool) *paper.Document {
	d := &paper.Document{Title: a.Title, Gist: a.Gist, Keywords: a.Keywords, Creator: opt.Agency}
	if d.Title == "" {
		d.Title = a.Question
	}
	d.Date, _ = time.Parse(time.DateOnly, a.On) // the zero date where the answer names none
	if opt.Form == nil {
		d.Blocks = append(d.Blocks, paper.Block{Level: 1, Text: text(d.Title)})
	}
	line := func(s string) { d.Blocks = append(d.Blocks, paper.Block{Text: text(s)}) }
	line("[" + assistant.Label + "]")
	reply := a.Task == "reply"
	blocks := a.Blocks
	if reply && opt.Public {
		blocks = a.Reply.Public
	}
	if !reply && opt.Form == nil {
		if a.Gist != "" {
			line("문서요지: " + a.Gist)
		}
		if len(a.Keywords) > 0 {
			line("키워드: " + strings.Join(a.Keywords, ", "))
		}
	}
	p := printer{sources: a.Sources, marks: reportMarks(a.Marks), reply: reply}
	if reply {
		p.marks = letterMarks
	}
	for _, b := range blocks {
		d.Blocks = append(d.Blocks, p.block(b))
	}
	listed := slices.ContainsFunc(blocks, func(b assistant.Block) bool { return b.Kind == "heading" && join(b.Sentences) == "근거 자료" })
	switch {
	case reply:
		end(d.Blocks)
	case list && !listed:
		d.Blocks = append(d.Blocks, basis(a)...)
	}
	return d
}

func text(s string) []paper.Span { return []paper.Span{{Text: s}} }

// end closes a letter with two spaces and 끝., as 행정업무의 운영 및 혁신에 관한 규정
// 시행규칙 제4조제5항 asks for.
func end(blocks []paper.Block) {
	last := &blocks[len(blocks)-1]
	if last.Rows == nil && len(last.Text) > 0 && !strings.HasSuffix(last.Text[len(last.Text)-1].Text, "끝.") {
		last.Text = append(last.Text, paper.Span{Text: "  끝."})
	}
}

// basis lists the sources that the draft cites.
func basis(a *assistant.Answer) []paper.Block {
	var out []paper.Block
	for _, s := range a.Sources {
		if s.Used {
			out = append(out, paper.Block{Indent: 1, Text: text(fmt.Sprintf("%d. %s", len(out)+1, cite(s)))})
		}
	}
	if out == nil {
		return nil
	}
	return append([]paper.Block{{Level: 3, Text: text("□ 근거 자료")}}, out...)
}

// cite names a source with the day from which it counts.
func cite(s ground.Source) string {
	name := s.Cite
	if name == "" {
		name = s.Title
	}
	if s.Page > 0 && !strings.Contains(name, "쪽") && !strings.Contains(name, "p. ") {
		name = fmt.Sprintf("%s %d쪽", name, s.Page)
	}
	from, err := time.Parse(time.DateOnly, s.InForce.From)
	if err != nil {
		return name
	}
	if index.IsLaw(s.Kind) {
		return name + from.Format("(시행 2006. 1. 2.)")
	}
	return name + from.Format("(2006. 1. 2.)")
}

// A printer sets blocks in order. Its counters number headings and items.
type printer struct {
	sources []ground.Source
	marks   func(kind string, level, n int) string
	reply   bool
	count   [2][10]int // of headings and of items, by level
	noted   string     // the last footnote
}

func (p *printer) block(b assistant.Block) paper.Block {
	level := min(max(b.Level, 1), 8)
	switch b.Kind {
	case "heading":
		p.count[1] = [10]int{}
		p.noted = ""
		return paper.Block{Level: min(level+1, 4), Text: text(p.number(0, level, b) + join(b.Sentences))}
	case "table":
		rows := make([][]string, len(b.Rows))
		for r, row := range b.Rows {
			for _, s := range row {
				rows[r] = append(rows[r], shown(s))
			}
		}
		return paper.Block{Rows: paper.Table(rows)}
	case "item":
		out := paper.Block{Indent: level, Text: p.spans(p.number(1, level, b), b)}
		if p.reply {
			out.Indent = level - 1
		}
		return out
	}
	p.count[1] = [10]int{}
	return paper.Block{Text: p.spans("", b)}
}

// number counts a block of a kind on its level and returns its mark.
func (p *printer) number(kind, level int, b assistant.Block) string {
	p.count[kind][level]++
	clear(p.count[kind][level+1:])
	if m := p.marks(b.Kind, level, p.count[kind][level]); m != "" {
		return m + " "
	}
	return ""
}

// spans are the sentences of a block behind its mark, then its basis: gaps and
// unverified sentences in bold.
func (p *printer) spans(mark string, b assistant.Block) []paper.Span {
	out := text(mark)
	var cited []int
	for i, s := range b.Sentences {
		if i > 0 {
			out = append(out, paper.Span{Text: " "})
		}
		out = append(out, paper.Span{Text: shown(s), Bold: s.Status != ground.Verified && strings.Contains(shown(s), "[")})
		for _, c := range s.Cites {
			if s.Status == ground.Verified && !slices.Contains(cited, c.Source) && c.Source >= 1 && c.Source <= len(p.sources) {
				cited = append(cited, c.Source)
			}
		}
	}
	var names []string
	for _, n := range cited {
		if c := cite(p.sources[n-1]); !slices.Contains(names, c) {
			names = append(names, c)
		}
	}
	note := strings.Join(names, "; ")
	switch {
	case note == "" || note == p.noted:
	case p.reply:
		out = append(out, paper.Span{Text: " (근거: " + note + ")"})
	default:
		out = append(out, paper.Span{Note: note})
	}
	p.noted = note
	return out
}

// shown is a sentence as it is printed.
func shown(s ground.Sentence) string {
	t := strings.TrimSpace(s.Text)
	if s.Status == ground.Unverified && !strings.Contains(t, assistant.Unsure) {
		t += " " + assistant.Unsure
	}
	return t
}

func join(all []ground.Sentence) string {
	var out []string
	for _, s := range all {
		out = append(out, shown(s))
	}
	return strings.Join(out, " ")
}

// reportMarks are the marks of 개조식 reports, Ⅰ. □ ㅇ - * unless the template names
// others: two for headings, three for items.
func reportMarks(marks []string) func(kind string, level, n int) string {
	if len(marks) < 5 {
		marks = []string{"Ⅰ.", "□", "ㅇ", "-", "*"}
	}
	return func(kind string, level, n int) string {
		switch {
		case kind == "item":
			return marks[1+min(level, 3)]
		case level > 2:
			return ""
		case level == 1 && strings.HasPrefix(marks[0], "Ⅰ"):
			return official.ReportMark(1, n)
		}
		return marks[level-1]
	}
}

// letterMarks are the marks of 공문서: 1. 가. 1) 가).
func letterMarks(kind string, level, n int) string {
	if kind == "heading" {
		return ""
	}
	return official.Mark(level, n)
}
