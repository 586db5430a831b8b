package assistant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"biseo/assistant/excerpt"
	"biseo/assistant/ground"
	"biseo/assistant/retrieval"
	"biseo/index"
	"biseo/korea/text"
	"biseo/llm"
	"biseo/prompts"
)

const (
	maxDocs     = 10  // documents of one summary
	maxAudience = 100 // code points
	maxKeywords = 6
	firstChunks = 20 // of which one must be in force for the document to be found
)

// summaryLines is how many lines a length has.
var summaryLines = map[Length]int{OneLine: 1, FiveLines: 5, OnePage: 20}

// Summarize sums up documents that who may read on the given day, or files that the
// caller read. Every line is a checked sentence that names its page or clause. A
// document longer than the model's window is read in parts, in order, and the
// summary is written from what was found in each; where it has room, each part
// has a line. Without a model, or when it fails, the lines are copied from the
// documents and the outcome says so. A document that who may not read is
// [index.ErrNotFound]. See [Assistant.Answer] for events and deadlines.
func (a *Assistant) Summarize(ctx context.Context, who Principal, req SummaryRequest, emit func(Event) error) (*Answer, error) {
	if err := checkSummary(&req); err != nil {
		return nil, err
	}
	s := scope(who, req.On)
	var docs [][]index.Hit
	for _, id := range req.Docs {
		hits, err := a.document(ctx, s, id)
		if err != nil {
			return nil, fmt.Errorf("summarize %s: %w", id, err)
		}
		docs = append(docs, hits)
	}
	for _, u := range req.Uploads {
		docs = append(docs, u.hits())
	}
	var titles []string
	for _, hits := range docs {
		titles = append(titles, fullTitle(hits))
	}
	w := a.newWriter("summary", strings.Join(titles, ", "), retrieval.Day(s.On), emit)
	w.ans.Title = strings.Join(titles, ", ") + " 요약"
	if err := a.summarize(ctx, s, w, req, docs); err != nil {
		return nil, fmt.Errorf("summarize: %w", err)
	}
	a.lg.Info("summary", "outcome", w.ans.Outcome, "documents", len(docs), "sources", len(w.ans.Sources), "blocks", len(w.ans.Blocks), "warnings", len(w.ans.Warnings))
	return w.ans, nil
}

var (
	spaced     = regexp.MustCompile(`(?:^|\s)(?:[가-힣] ){2,}[가-힣](?:\s|$)`)
	year       = regexp.MustCompile(`(?:19|20)\d\d`)
	yearLine   = regexp.MustCompile(`^['’]?((?:19|20)\d\d)\s*(?:년도?|\.)?$|^((?:19|20)\d\d)년도?\s`)
	department = regexp.MustCompile(`^[가-힣]{2,10}(?:국|실|과|본부|사업소|담당관)$`)
)

// fullTitle is a document's title without spaces between its syllables (주 요 업 무),
// and where such a title says little, with the year and the department that the
// first lines state.
func fullTitle(hits []index.Hit) string {
	title := spaced.ReplaceAllStringFunc(hits[0].Doc.Title, func(m string) string {
		return " " + strings.ReplaceAll(m, " ", "") + " "
	})
	if title = strings.Join(strings.Fields(title), " "); title == strings.Join(strings.Fields(hits[0].Doc.Title), " ") {
		return hits[0].Doc.Title
	}
	lines := strings.Split(hits[0].Chunk.Text, "\n")
	for _, line := range lines[:min(len(lines), 10)] {
		line = strings.TrimSpace(line)
		if m := yearLine.FindStringSubmatch(line); m != nil && !year.MatchString(title) {
			title = cmp.Or(m[1], m[2]) + "년 " + title
		} else if bare := strings.ReplaceAll(line, " ", ""); department.MatchString(bare) && !strings.Contains(title, bare) {
			title += " (" + bare + ")"
			break
		}
	}
	return title
}

func checkSummary(req *SummaryRequest) error {
	if err := checkDay(req.On); err != nil {
		return err
	}
	req.Length = cmp.Or(req.Length, FiveLines)
	n := len(req.Docs) + len(req.Uploads)
	switch {
	case n == 0:
		return &InputError{"docs", "요약할 문서를 하나 이상 골라 주세요."}
	case n > maxDocs:
		return &InputError{"docs", fmt.Sprintf("문서가 %d개로 한 번에 요약할 수 있는 %d개를 넘으니 나누어 요약해 주세요.", n, maxDocs)}
	case summaryLines[req.Length] == 0:
		return &InputError{"length", "요약 길이는 line(한 줄), brief(다섯 줄), page(한 쪽) 가운데 하나로 적어 주세요."}
	case len([]rune(req.Audience)) > maxAudience:
		return &InputError{"audience", fmt.Sprintf("읽는 사람은 %d자 안으로 적어 주세요.", maxAudience)}
	}
	for _, u := range req.Uploads {
		if len(u.Chunks) == 0 {
			return &InputError{"uploads", fmt.Sprintf("%s에 읽을 글이 없으니 글자가 들어 있는 파일로 다시 올려 주세요.", cmp.Or(u.Doc.Title, "올린 파일"))}
		}
	}
	return nil
}

// hits are the chunks of an upload. Whoever uploads a file may read it.
func (u Upload) hits() []index.Hit {
	out := make([]index.Hit, len(u.Chunks))
	for i, c := range u.Chunks {
		out[i] = index.Hit{Doc: u.Doc, Chunk: c}
	}
	return out
}

// rank returns the chunks of an upload that share terms with a query, best first.
func (u Upload) rank(query string) []index.Hit {
	asked := map[string]float64{}
	for _, t := range text.QueryTerms(query) {
		asked[t] = text.Weight(t)
	}
	var out []index.Hit
	for _, h := range u.hits() {
		for _, t := range slices.Compact(slices.Sorted(slices.Values(text.Terms(strings.Join(append([]string{h.Chunk.Text}, h.Chunk.Path...), "\n"))))) {
			h.Score += asked[t]
		}
		if h.Score > 0 {
			out = append(out, h)
		}
	}
	slices.SortStableFunc(out, func(a, b index.Hit) int { return cmp.Compare(b.Score, a.Score) })
	return out
}

// mayRead reports whether the model, if there is one, may see a document. A grade that
// is not set counts as the highest.
func (a *Assistant) mayRead(d index.Doc) bool {
	return a.opt.Generator == nil || cmp.Or(d.Grade, index.Classified) <= a.opt.Grade
}

// document returns all chunks of a document in s, in order.
func (a *Assistant) document(ctx context.Context, s index.Scope, id string) ([]index.Hit, error) {
	for i := range firstChunks {
		hits, err := a.index.Passage(ctx, s, index.ChunkID(id, i), math.MaxInt32)
		if errors.Is(err, index.ErrNotFound) {
			continue
		}
		if hits = a.finder.Allowed(s, hits); err != nil || len(hits) > 0 {
			return hits, err
		}
	}
	return nil, index.ErrNotFound
}

// A digest is a document on its way into a summary: its sources and the points
// found in them.
type digest struct {
	title  string
	all    []ground.Source     // of the whole document, numbered from 1
	points []ground.Sentence   // citing all
	table  [][]ground.Sentence // of results, without a model; citing all
}

// summarize reads each document and fills w. A single document that fits the
// model's window is written at once.
func (a *Assistant) summarize(ctx context.Context, scope index.Scope, w *writer, req SummaryRequest, docs [][]index.Hit) error {
	lines := summaryLines[req.Length]
	share := max(1, lines/len(docs))
	model := a.opt.Generator != nil
	for _, hits := range docs {
		if model && !a.mayRead(hits[0].Doc) {
			model = false
			if err := w.warn(WarnModelGrade, "문서의 보안 등급이 이 언어 모델에 허용된 등급보다 높아 모델을 쓰지 않았습니다."); err != nil {
				return err
			}
		}
	}
	if err := w.send(Event{Status: "writing"}); err != nil {
		return err
	}
	var all []digest
	var parts [][][]ground.Source // of each document
	calls := 1
	for _, hits := range docs {
		d := digest{title: hits[0].Doc.Title, all: retrieval.Sources(hits, scope.On)}
		p, err := split(d.all, a.opt.Window)
		if err != nil {
			return err
		}
		calls += len(p)
		all, parts = append(all, d), append(parts, p)
	}
	w.describe(docs, all)

	t := &tally{model: model}
	if model && calls == 2 {
		if err := a.cite(ctx, scope, w, all[0].all); err != nil {
			return err
		}
		out, err := a.sum(ctx, w, req, t, summing{passages: passages(w.ans.Sources), lines: lines})
		if err != nil {
			return err
		}
		if out.shown == 0 {
			t.copied++
			if err := w.points(excerpt.Digest(all[0].all, lines), req); err != nil {
				return err
			}
		}
		return w.conclude(t)
	}
	for i := range all {
		d := &all[i]
		quota := (2*share + len(parts[i]) - 1) / len(parts[i])
		if req.Length == OnePage {
			quota = max(1, share/len(parts[i]))
		}
		for _, part := range parts[i] {
			if !t.model {
				break
			}
			points, err := a.read(ctx, w, req, t, part, summing{lines: quota, calls: calls})
			if err != nil {
				return err
			}
			d.points = append(d.points, points...)
			calls--
		}
		if !t.model {
			d.points = excerpt.Digest(d.all, share)
			if req.Length != OneLine && !req.Prose {
				d.table = excerpt.Results(d.all)
			}
		}
	}
	return a.join(ctx, scope, w, req, t, all, share)
}

// describe gives a summary its 문서요지 and 키워드: those that the agency gave the
// document, or the line that says most and the words that occur most.
func (w *writer) describe(docs [][]index.Hit, all []digest) {
	var whole []ground.Source
	for _, d := range all {
		for _, s := range d.all {
			s.N = len(whole) + 1
			whole = append(whole, s)
		}
	}
	if first := docs[0][0].Doc; len(docs) == 1 {
		w.ans.Gist, w.ans.Keywords = first.Gist, first.Keywords
	}
	if w.ans.Gist == "" {
		w.ans.Gist = excerpt.Gist(whole)
	}
	if len(w.ans.Keywords) == 0 {
		w.ans.Keywords = excerpt.Keywords(whole, maxKeywords)
	}
}

// split cuts sources, in order, into parts that the window holds.
func split(all []ground.Source, window int) ([][]ground.Source, error) {
	var out [][]ground.Source
	left := 0
	for _, s := range all {
		n, err := llm.CountTokens(s.Text)
		if err != nil {
			return nil, err
		}
		if left -= n; left < 0 || len(out) == 0 {
			out = append(out, nil)
			left = budget(window) - n
		}
		last := &out[len(out)-1]
		*last = append(*last, s)
	}
	return out, nil
}

// summing is one call for a summary.
type summing struct {
	passages []prompts.Passage
	lines    int
	calls    int
	compare  bool // what sets documents apart
}

// sum has the model write lines of a summary into w.
func (a *Assistant) sum(ctx context.Context, w *writer, req SummaryRequest, t *tally, s summing) (written, error) {
	p, err := a.opt.Prompts.Summary(prompts.SummaryData{Lines: s.lines, Prose: req.Prose, Audience: req.Audience, Compare: s.compare, Passages: s.passages})
	if err != nil {
		return written{}, err
	}
	d := draft{prompt: p, passages: s.passages, layout: req.layout(), heads: req.heads() && !s.compare, lines: s.lines, calls: s.calls}
	if s.compare {
		d.title = "문서 간 차이"
	}
	out, err := a.draft(ctx, w, d)
	t.add(out)
	return out, err
}

func (req SummaryRequest) layout() layout {
	if req.Prose || req.Length == OneLine {
		return prose
	}
	return items
}

// heads reports whether the document's headings stand in the summary.
func (req SummaryRequest) heads() bool { return req.Length == OnePage && !req.Prose }

// read has the model find the points of one part of a document. Where it finds
// none they are lines of the part itself. They cite the sources of the document.
func (a *Assistant) read(ctx context.Context, w *writer, req SummaryRequest, t *tally, part []ground.Source, s summing) ([]ground.Sentence, error) {
	local := slices.Clone(part)
	for i := range local {
		local[i].N = i + 1
	}
	s.passages = passages(local)
	scratch := &writer{said: map[string]bool{}, attach: w.attach, ans: &Answer{Sources: local, Prompt: w.ans.Prompt}}
	_, err := a.sum(ctx, scratch, req, t, s)
	if err != nil {
		return nil, err
	}
	w.ans.Prompt, w.ans.Model = scratch.ans.Prompt, scratch.ans.Model
	var points []ground.Sentence
	for _, b := range scratch.ans.Blocks {
		if b.Kind != "heading" {
			points = append(points, b.Sentences...)
		}
	}
	if len(points) == 0 {
		t.copied++
		points = excerpt.Digest(local, s.lines)
	}
	for _, p := range points {
		for i := range p.Cites {
			p.Cites[i].Source = part[p.Cites[i].Source-1].N
		}
	}
	return points, nil
}

// join shows the points of all documents, each under its title where there are
// several, or what the model makes of them where there are more than share; then
// what sets the documents apart.
func (a *Assistant) join(ctx context.Context, scope index.Scope, w *writer, req SummaryRequest, t *tally, all []digest, share int) error {
	if err := a.cite(ctx, scope, w, cited(all)); err != nil {
		return err
	}
	var points []ground.Sentence
	for _, d := range all {
		if len(all) > 1 {
			if err := w.heading(1, d.title); err != nil {
				return err
			}
		}
		points = append(points, d.points...)
		var out written
		if t.model && len(d.points) > share {
			from, err := w.evidence(d.points, a.opt.Window)
			if err != nil {
				return err
			}
			if out, err = a.sum(ctx, w, req, t, summing{passages: from, lines: share, calls: 2}); err != nil {
				return err
			}
		}
		rest := spread(d.points, share)
		if out.shown > 0 { // room that the model left goes to the parts that it left out, the last first
			rest = nil
			for _, p := range slices.Backward(d.points) {
				if len(rest) < share-out.shown && !w.ans.Sources[p.Cites[0].Source-1].Used {
					rest = append([]ground.Sentence{p}, rest...)
				}
			}
		}
		if err := w.points(rest, req); err != nil {
			return err
		}
		if d.table != nil {
			if err := w.begin(Block{Kind: "table", Rows: d.table}); err != nil {
				return err
			}
		}
	}
	if t.model && len(all) > 1 && req.Length != OneLine {
		from, err := w.evidence(points, a.opt.Window)
		if err != nil {
			return err
		}
		if _, err := a.sum(ctx, w, req, t, summing{passages: from, lines: 3, compare: true}); err != nil {
			return err
		}
	}
	return w.conclude(t)
}

// cited are the sources that the points of documents cite, numbered from 1; the
// points then cite those.
func cited(all []digest) []ground.Source {
	out := []ground.Source{}
	for _, d := range all {
		number := map[int]int{} // in the document -> in the answer
		said := slices.Concat(append([][]ground.Sentence{d.points}, d.table...)...)
		for _, p := range said {
			for _, c := range p.Cites {
				number[c.Source] = 0
			}
		}
		for _, s := range d.all {
			if _, ok := number[s.N]; ok {
				number[s.N] = len(out) + 1
				s.N = len(out) + 1
				out = append(out, s)
			}
		}
		for _, p := range said {
			for i := range p.Cites {
				p.Cites[i].Source = number[p.Cites[i].Source]
			}
		}
	}
	return out
}

// evidence is what points cite, as a model reads it: of each source only the
// sentences cited. Of more than the window holds it keeps some from each part.
func (w *writer) evidence(points []ground.Sentence, window int) ([]prompts.Passage, error) {
	for n := len(points); ; n = n * 3 / 4 {
		var out []prompts.Passage
		tokens := 0
		for _, s := range w.ans.Sources {
			p := prompts.Passage{N: s.N, Title: s.Title, Cite: s.Cite}
			for _, u := range ground.Units(s) {
				if slices.ContainsFunc(spread(points, n), func(q ground.Sentence) bool {
					return slices.ContainsFunc(q.Cites, func(c ground.Cite) bool { return c.Source == s.N && u.Start < c.End && c.Start < u.End })
				}) {
					p.Sentences = append(p.Sentences, u.Text)
					k, err := llm.CountTokens(u.Text)
					if err != nil {
						return nil, err
					}
					tokens += k
				}
			}
			if len(p.Sentences) > 0 {
				out = append(out, p)
			}
		}
		if tokens <= budget(window) || n <= 1 {
			return out, nil
		}
	}
}

// spread keeps n of all, evenly, the first and the last among them.
func spread(all []ground.Sentence, n int) []ground.Sentence {
	if n >= len(all) {
		return all
	}
	if n == 1 {
		return all[:1]
	}
	out := make([]ground.Sentence, n)
	for i := range out {
		out[i] = all[i*(len(all)-1)/(n-1)]
	}
	return out
}

// points shows sentences as a summary lays them out.
func (w *writer) points(all []ground.Sentence, req SummaryRequest) error {
	r := run{w: w, d: draft{layout: req.layout(), heads: req.heads()}}
	for _, s := range all {
		if req.Prose && !strings.ContainsAny(s.Text[max(0, len(s.Text)-1):], ".?!") {
			s.Text += "."
		}
		if err := r.show(s, claim{}); err != nil {
			return err
		}
	}
	return nil
}
