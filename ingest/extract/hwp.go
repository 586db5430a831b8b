package extract

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"biseo/ingest"
	"biseo/ingest/extract/blocks"
	"biseo/ingest/extract/hwp"
	"biseo/ingest/extract/hwpx"
	"biseo/ingest/extract/xmlzip"
)

// readHWP reads the body of a HWP 5 document: paragraphs, tables, text boxes,
// captions, notes and equations in document order. What is left out is the same
// as in HWPX. The format keeps no pages.
func readHWP(data []byte) (*ingest.Document, error) {
	d, err := hwp.Read(data)
	switch {
	case errors.Is(err, hwp.ErrPassword):
		return nil, refuse(named("암호가 걸린 한글 문서", d.Info)+"입니다.", nextUnlock)
	case errors.Is(err, hwp.ErrDRM):
		return nil, refuse(named("보안 프로그램(DRM)이나 인증서로 잠긴 한글 문서", d.Info)+"입니다.", "보안을 푼 뒤 다시 저장해 주세요.")
	case errors.Is(err, hwp.ErrVersion):
		return nil, refuse("알 수 없는 판의 한글 문서여서 읽지 못합니다.", nextHWPX)
	case errors.Is(err, hwp.ErrTooLarge):
		return nil, errBomb
	case err != nil:
		return nil, damaged("HWP", err)
	}
	return fromHWP(d, "변경 내용을 추적한 문서여서 지운 글이 섞여 있을 수 있습니다. 한글에서 변경 내용을 적용해 저장하면 없어집니다.")
}

const withoutDeleted = "변경 내용 추적에서 지운 글은 뺐습니다."

// readHWPX reads the same of a HWPX package.
func readHWPX(ctx context.Context, a *xmlzip.Archive) (*ingest.Document, error) {
	d, err := hwpx.Read(ctx, a)
	if errors.Is(err, hwp.ErrPassword) {
		return nil, refuse(named("암호가 걸렸거나 배포용으로 잠긴 한글 문서", d.Info)+"입니다.", nextUnlock)
	}
	if err != nil {
		return nil, asError("HWPX", err)
	}
	return fromHWP(d, withoutDeleted)
}

// readHWPML reads the same of a document in HWPML.
func readHWPML(ctx context.Context, s string) (*ingest.Document, error) {
	d, err := hwpx.ReadHWPML(ctx, s)
	if err != nil {
		return nil, asError("HWPML", err)
	}
	return fromHWP(d, withoutDeleted)
}

// fromHWP gives what was decoded to a builder; tracked warns of tracked changes.
func fromHWP(d *hwp.Document, tracked string) (*ingest.Document, error) {
	w := hwpWalker{b: &blocks.Builder{}}
	for _, section := range d.Sections {
		for i := range section {
			w.top(&section[i])
		}
	}
	if d.Distribution {
		w.b.Warn("배포용 문서입니다. 내용은 읽었지만 작성 기관이 복사나 인쇄를 막아 두었을 수 있습니다.")
	}
	if d.Tracked {
		w.b.Warn("%s", tracked)
	}
	if d.Damaged {
		if w.b.Len() == 0 {
			return nil, damaged("HWP", errors.New("본문을 풀 수 없음"))
		}
		w.b.Warn("파일의 일부가 손상되어 읽은 데까지만 담았습니다.")
	}
	w.properties(d.Info)
	return w.b.Finish()
}

// named adds the title that even a locked document shows.
func named(what string, info hwp.Info) string {
	if t := blocks.Clip(blocks.OneLine(info.Title), 60); t != "" {
		return what + "(“" + t + "”)"
	}
	return what
}

// A hwpWalker adds what HWP, HWPX and HWPML documents have in common, their
// paragraphs and objects, to a builder.
//
// Headers and footers of pages, memos and hidden comments are no body.
type hwpWalker struct {
	b        *blocks.Builder
	counters hwp.Counters
	notes    []string // of the top-level paragraph being read
}

// top adds a paragraph of a section and then its notes.
func (w *hwpWalker) top(p *hwp.Paragraph) {
	w.paragraph(w.b, p)
	for _, s := range w.notes {
		w.b.Note(s)
	}
	w.notes = w.notes[:0]
}

// paragraph adds a paragraph to b, and the objects anchored in it where they stand.
func (w *hwpWalker) paragraph(b *blocks.Builder, p *hwp.Paragraph) {
	var t strings.Builder
	number := w.counters.Next(p)
	flush := func() {
		s := t.String()
		t.Reset()
		if number != "" && strings.TrimSpace(s) != "" {
			s = number + " " + strings.TrimLeft(s, " ")
			number = ""
		}
		if p.Outline > 0 && utf8.RuneCountInString(s) <= 120 && !strings.HasSuffix(strings.TrimSpace(s), "다.") {
			b.Heading(min(p.Outline, 9), s)
		} else {
			b.Line(s)
		}
	}
	for _, item := range p.Items {
		o := item.Object
		if o == nil {
			t.WriteString(item.Text)
			continue
		}
		switch o.Kind {
		case hwp.Note:
			w.notes = append(w.notes, w.text(o.Body))
		case hwp.Equation, hwp.Table, hwp.Drawing:
			if o.Kind != hwp.Equation || len(o.Caption) > 0 {
				flush()
			}
			if !o.Below {
				b.Caption(w.text(o.Caption))
			}
			switch o.Kind {
			case hwp.Equation: // part of the line
				t.WriteString(strings.TrimSpace(o.Text))
				if o.Below {
					flush()
				}
			case hwp.Table:
				w.table(b, o)
			case hwp.Drawing:
				b.Paragraph(o.Text)
				w.list(b, o.Body)
			}
			if o.Below {
				b.Caption(w.text(o.Caption))
			}
		}
	}
	flush()
}

func (w *hwpWalker) list(b *blocks.Builder, list []hwp.Paragraph) {
	for i := range list {
		w.paragraph(b, &list[i])
	}
}

// text is what list adds, as text.
func (w *hwpWalker) text(list []hwp.Paragraph) string {
	if len(list) == 0 {
		return ""
	}
	var b blocks.Builder
	w.list(&b, list)
	return b.Plain()
}

// table adds a table; a table of one cell is a box, whose content is added
// instead. Tables inside cells are text of the cell.
func (w *hwpWalker) table(b *blocks.Builder, o *hwp.Object) {
	if len(o.Cells) == 1 {
		w.list(b, o.Cells[0].Body)
		return
	}
	var rows [][]ingest.Cell
	last := -1
	for i := range o.Cells {
		c := &o.Cells[i]
		if c.Row != last {
			rows = append(rows, nil)
			last = c.Row
		}
		row := &rows[len(rows)-1]
		*row = append(*row, ingest.Cell{Text: w.text(c.Body), Row: c.Row, Col: c.Col, RowSpan: c.RowSpan, ColSpan: c.ColSpan})
	}
	b.Table(rows)
}

// reAgency is a name of more than three syllables that ends as those of agencies
// do; shorter ones may be names of persons.
var reAgency = regexp.MustCompile(`^[가-힣]{2,}([가-힣]시|[가-힣]도|[가-힣]군|[가-힣]구|[가-힣]청|[가-힣]부|[가-힣]처|위원회|공단|공사|재단|진흥원|연구원|교육원|센터)$`)

// properties takes over what the properties say. The title there is that of the
// template more often than not ("문 내용" in city documents), so it counts only if
// the body has it too; authors are mostly persons or computers, and dates those
// of the template.
func (w *hwpWalker) properties(info hwp.Info) {
	meta := &w.b.Doc.Meta
	meta.Keywords = append(meta.Keywords, blocks.Keywords([]string{info.Subject, info.Keywords})...)
	meta.Gist = blocks.OneLine(info.Comments)
	if author := blocks.OneLine(cmp.Or(info.Author, info.LastAuthor)); reAgency.MatchString(author) {
		meta.Agency = author
	}
	meta.Title = w.b.Title(blocks.OneLine(info.Title), w.b.FirstLine())
}
