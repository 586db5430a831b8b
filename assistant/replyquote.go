package assistant

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"biseo/assistant/complaint"
	"biseo/assistant/excerpt"
	"biseo/assistant/ground"
	"biseo/korea/law"
)

// A reply in the words of its sources, and of the citizen.

// retold is at most n code points of what a citizen wrote, as it may stand in
// quotation marks in an official's letter: it cannot close them, leads nowhere,
// and repeats no abuse.
func retold(s string, n int) string {
	s = link.ReplaceAllString(complaint.Calm(s), "(누리집 주소)")
	return strings.NewReplacer("“", "‘", "”", "’", `"`, "'", "[", "(", "]", ")").Replace(excerptOf(s, n))
}

// link is an address that a reader could follow.
var link = regexp.MustCompile(`(?i)(?:[a-z][a-z0-9+.-]*://|www\.)[^\s<>"'()\[\]“”‘’]+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:kr|com|net|org|io|me|example|xyz|top|site|info|biz|co)\b(?:/[^\s<>"'()\[\]“”‘’]*)?`)

// quoted answers a request in the words of its sources, in a letter's form. Rows of
// a table stay together in one.
func (r *replier) quoted(request complaint.Request, found []ground.Source, level int) (bool, error) {
	own := slices.Clone(found) // numbered from 1, as Select wants them
	for i := range own {
		own[i].N = i + 1
	}
	var picked []ground.Sentence
	for _, asked := range append([]string{request.Query}, strings.Split(request.Query, ",")...) {
		if len(picked) == 0 && excerpt.Relevant(asked, own, nil) {
			picked = excerpt.SelectFew(asked, own)
		}
	}
	var blocks []Block
	say := func(s ground.Sentence) {
		for _, b := range blocks {
			if len(b.Sentences) > 0 && b.Sentences[0].Text == s.Text { // another source says the same
				b.Sentences[0].Cites = append(b.Sentences[0].Cites, s.Cites...)
				return
			}
		}
		blocks = append(blocks, Block{Kind: "item", Level: level, Sentences: []ground.Sentence{s}})
	}
	var rows [][]ground.Sentence
	table := func() {
		if lines := r.spoken(rows); lines != nil {
			for _, s := range lines {
				say(s)
			}
		} else if rows != nil {
			blocks = append(blocks, Block{Kind: "table", Rows: rows})
		}
		rows = nil
	}
	shown := 0
	for _, s := range picked {
		src := found[s.Cites[0].Source-1]
		s.Cites[0].Source = src.N
		units := ground.Units(src)
		at := slices.IndexFunc(units, func(u ground.Unit) bool { return u.Start == s.Cites[0].Start })
		if at < 0 || shown == maxQuoted || bare.MatchString(units[at].Text) || slices.ContainsFunc(src.Path, func(h string) bool { return strings.Contains(ground.Squeeze(h), ground.Squeeze(s.Text)) }) {
			continue // the question of a Q&A pair answers nothing
		}
		if units[at].Cells > 0 {
			if rows != nil && rows[0][0].Cites[0].Source != src.N {
				table()
			}
			rows = append(rows, row(s))
			continue
		}
		table()
		say(ground.Quote(src, units[at]))
		shown++
	}
	table()
	if len(blocks) == 0 {
		return false, nil
	}
	for _, b := range blocks {
		var err error
		if b.Kind == "table" {
			err = r.w.begin(b)
		} else {
			err = r.line(b.Level, b.Sentences[0])
		}
		if err != nil {
			return false, err
		}
	}
	return true, r.w.warn(WarnExtracts, "언어 모델이 쓴 글이 아니라 원문을 인용한 답변이니 민원인에게 맞게 다듬어 주세요.")
}

// spoken turns rows under a header into lines of a letter, 다자녀 가정: 감면 50%, 증명서
// 우대카드; nil where the check does not follow.
func (r *replier) spoken(rows [][]ground.Sentence) []ground.Sentence {
	if len(rows) == 0 {
		return nil
	}
	var out []ground.Sentence
	head := rows[0]
	for _, row := range rows[1:] {
		if len(row) != len(head) || len(head) < 2 {
			return nil
		}
		var pairs []string
		for i := 1; i < len(row); i++ {
			pairs = append(pairs, head[i].Text+" "+row[i].Text)
		}
		s := ground.Attach(row[0].Text+": "+strings.Join(pairs, ", "), []int{row[0].Cites[0].Source}, r.w.ans.Sources)
		if s.Status != ground.Verified {
			return nil
		}
		out = append(out, s)
	}
	return out
}

// bare is an answer that says nothing without its question.
var bare = regexp.MustCompile(`^(?:답\s*[:.]\s*)?(?:네|예|아니요|아니오|아닙니다|그렇습니다|맞습니다)[.,!]?$`)

const maxQuoted = 4 // sentences quoted for one request

// row is a row of a table, cell by cell.
func row(s ground.Sentence) []ground.Sentence {
	var out []ground.Sentence
	for cell := range strings.SplitSeq(s.Text, " | ") {
		c := s
		c.Text = cell
		out = append(out, c)
	}
	return out
}

// based are fixed sentences of a letter, each checked against the article that it
// rests on as in force on the day of receipt; unverified and marked where the
// asker can see no such article.
func (r *replier) based(ctx context.Context, all []complaint.Basis) ([]ground.Sentence, error) {
	var out []ground.Sentence
	for _, b := range all {
		s := ground.Sentence{Text: b.Text + " " + Unsure, Cites: []ground.Cite{}, Status: ground.Unverified, Why: "근거 조문을 찾지 못함: " + b.Cite}
		src, err := r.a.article(ctx, r.scope, law.Find(b.Cite)[0].Citation)
		if err != nil {
			return nil, err
		}
		if src != nil {
			src.N = r.number(*src)
			if checked := ground.Attach(b.Text, []int{src.N}, r.w.ans.Sources); checked.Status == ground.Verified {
				s = checked
			}
		}
		if s.Status != ground.Verified {
			if err := r.w.warn(WarnRemedy, fmt.Sprintf("%s의 현행 조문을 색인에서 확인하지 못한 문장에 %s 표시를 했습니다.", b.Cite, Unsure)); err != nil {
				return nil, err
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// decided are the sentences of a decision. They are the official's and hold gaps;
// the article that each rests on is named where the asker can see it.
func (r *replier) decided(ctx context.Context, all []complaint.Basis) ([]ground.Sentence, error) {
	var out []ground.Sentence
	for _, b := range all {
		s := plainly(b.Text)
		if strings.Contains(b.Text, "[작성 필요") {
			s.Status = ground.Gap
		}
		if b.Cite != "" {
			src, err := r.a.article(ctx, r.scope, law.Find(b.Cite)[0].Citation)
			if err != nil {
				return nil, err
			}
			if src != nil {
				r.number(*src)
				s.Text = strings.TrimSuffix(s.Text, ".") + ". (근거: " + b.Cite + ")"
			}
		}
		out = append(out, s)
	}
	return out, nil
}
