package assistant

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/assistant/excerpt"
	"biseo/assistant/ground"
	"biseo/assistant/retrieval"
	"biseo/index"
	"biseo/korea/text"
	"biseo/prompts"
)

// gather finds the evidence of each section and sends the sources, each once.
func (r *report) gather(ctx context.Context, s index.Scope, uploads []Upload) error {
	above, warned := map[string]bool{}, map[string]bool{}
	found := make([][]ground.Source, len(r.template.Sections))
	for i, sec := range r.template.Sections {
		if sec.Own || sec.Guidance == "" {
			continue
		}
		all, err := r.find(ctx, s, sec, uploads, warned, above)
		if err != nil {
			return err
		}
		found[i] = all.Sources(s.On)
	}
	if len(above) > 0 {
		if err := r.w.warn(WarnModelGrade, fmt.Sprintf("찾은 근거 가운데 %d건은 보안 등급이 높아 언어 모델에 보이지 않았으니 검색 결과에서 직접 확인해 주세요.", len(above))); err != nil {
			return err
		}
	}
	r.onTopic(found)
	all := []ground.Source{}
	number, main := map[string]int{}, map[string]bool{}
	for _, from := range r.assign(found) {
		// No passage is the main one of two sections.
		if i := slices.IndexFunc(from, func(s ground.Source) bool { return !main[s.ChunkID] }); i >= 0 {
			main[from[i].ChunkID] = true
			from = slices.Insert(slices.Delete(slices.Clone(from), i, i+1), 0, from[i])
		}
		from, err := fit(from[:min(len(from), sectionLimit)], r.a.opt.Window)
		if err != nil {
			return err
		}
		for i := range from {
			id := from[i].ChunkID
			if number[id] == 0 {
				number[id] = len(all) + 1
				from[i].N = number[id]
				all = append(all, from[i])
			}
			from[i].N = number[id]
		}
		r.from = append(r.from, from)
	}
	return r.a.cite(ctx, s, r.w, all)
}

// action are words of a topic that say what is done with its subject. Documents
// say it in other words: 확대 is 늘린다.
var action = regexp.MustCompile(`(?:^|\s)(?:확대|확충|개편|개선|강화|추진|시행|실시|도입|변경|신설|상향|인상|인하|완화|개정|지원|운영|정비)(?:\s|$)`)

// onTopic keeps the passages that hold nearly as much of the topic as the best one,
// of the kinds that a section prefers those that hold its subject, and what belongs
// to those kept.
func (r *report) onTopic(found [][]ground.Source) {
	share := map[string]float64{}
	best := 0.0
	subject := strings.TrimSpace(action.ReplaceAllString(r.topic, " "))
	for _, from := range found {
		for _, s := range from {
			if _, ok := share[s.ChunkID]; !ok {
				share[s.ChunkID] = excerpt.Coverage(r.topic, s)
				best = max(best, share[s.ChunkID])
			}
		}
	}
	for i := range found {
		kinds := r.template.Sections[i].Kinds
		kept := map[string]bool{} // hits come before what belongs to them
		found[i] = slices.DeleteFunc(found[i], func(s ground.Source) bool {
			kept[s.ChunkID] = share[s.ChunkID] >= max(onTopic*best, leastTopic) || s.Via != nil && kept[s.Via.ChunkID] ||
				subject != "" && slices.Contains(kinds, s.Kind) && excerpt.Coverage(subject, s) >= onTopic
			return !kept[s.ChunkID]
		})
	}
}

// assign leaves a passage whose own heading fits some sections (Ⅰ. 추진 배경, Ⅳ. 예산)
// to those that it fits best, and puts it first there.
func (r *report) assign(found [][]ground.Source) [][]ground.Source {
	fit := func(i int, s ground.Source) int {
		if len(s.Path) == 0 {
			return 0
		}
		sec, n := r.template.Sections[i], 0
		head := terms(s.Path[len(s.Path)-1])
		for t := range terms(strings.Join(sectionWords(sec), " ")) {
			if head[t] {
				n++
			}
		}
		return n
	}
	best := map[string]int{}
	for i, from := range found {
		for _, s := range from {
			best[s.ChunkID] = max(best[s.ChunkID], fit(i, s))
		}
	}
	out := make([][]ground.Source, len(found))
	for i, from := range found {
		for _, s := range from {
			if n := fit(i, s); n == best[s.ChunkID] || r.ofKind(r.template.Sections[i], s) || slices.ContainsFunc(strings.Split(s.Text, "\n"), func(line string) bool { return ground.Heading(strings.TrimSpace(line)) && r.named(line) == i }) {
				out[i] = append(out[i], s)
			}
		}
		rank := func(s ground.Source) int {
			if r.ofKind(r.template.Sections[i], s) {
				return math.MaxInt
			}
			return fit(i, s)
		}
		slices.SortStableFunc(out[i], func(a, b ground.Source) int { return cmp.Compare(rank(b), rank(a)) })
	}
	return out
}

// terms is the set of index terms of s.
func terms(s string) map[string]bool {
	out := map[string]bool{}
	for _, t := range text.Terms(s) {
		out[t] = true
	}
	return out
}

// find returns passages for a section: of uploads, then of the kinds that it
// prefers, then of others. Earlier replies to complaints are about one case each
// and no evidence for a report unless they are asked for.
func (r *report) find(ctx context.Context, s index.Scope, sec prompts.Section, uploads []Upload, warned, above map[string]bool) (out retrieval.Result, err error) {
	query := r.topic + " " + sec.Query
	out.Via = map[string]*ground.Via{}
	add := func(hits []index.Hit) {
		for _, h := range hits {
			switch {
			case slices.ContainsFunc(out.Hits, func(o index.Hit) bool { return o.Chunk.ID == h.Chunk.ID }):
			case h.Doc.Kind == "reply" && !slices.Contains(slices.Concat(sec.Kinds, s.Kinds), "reply"):
			case !r.a.mayRead(h.Doc):
				above[h.Chunk.ID] = true
			default:
				out.Hits = append(out.Hits, h)
			}
		}
	}
	for _, u := range uploads {
		add(u.rank(query))
	}
	kinds := [][]string{s.Kinds}
	if len(s.Kinds) == 0 && len(sec.Kinds) > 0 {
		if kinds[0] = sec.Kinds; !sec.Only {
			kinds = append(kinds, nil)
		}
	}
	q := index.Query{Scope: s, Text: query, Limit: searchLimit}
	for _, k := range kinds {
		q.Kinds = k
		all, err := r.a.finder.Evidence(ctx, q)
		if err != nil {
			return out, err
		}
		r.w.ans.Mode = cmp.Or(r.w.ans.Mode, all.Mode)
		for _, warning := range lost(all.Fault) {
			if !warned[warning.Code] {
				warned[warning.Code] = true
				if err := r.w.warn(warning.Code, warning.Text); err != nil {
					return out, err
				}
			}
		}
		add(all.Hits)
		maps.Copy(out.Via, all.Via)
	}
	return out, nil
}

// purpose is how a line ends that says what a thing is for: 덜고자 함.
var purpose = regexp.MustCompile(`고자 (?:함|한다|합니다)\.?$`)

// fits returns what belongs in a section when no model judges it: a line that holds
// a word of the section's heading or query that the topic does not, or that stands
// under one; a regulation in a section of regulations, and what a press release
// says in the sections of one that are made from press releases.
func (r *report) fits(sec prompts.Section) excerpt.Fits {
	var words []string
	for _, word := range sectionWords(sec) {
		if utf8.RuneCountInString(word) > 1 && !strings.Contains(r.topic, word) {
			words = append(words, word)
		}
	}
	holds := func(s string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(s, word) })
	}
	return func(src ground.Source, above []string, text string) bool {
		if sec.Query == "" || r.ofKind(sec, src) {
			return true
		}
		for _, h := range src.Path {
			if !strings.Contains(ground.Squeeze(h), ground.Squeeze(src.Title)) {
				above = append([]string{h}, above...)
			}
		}
		if len(above) > 0 { // □ 문제점 below Ⅱ. 현황
			if i := r.named(above[len(above)-1]); i >= 0 {
				return r.template.Sections[i].Heading == sec.Heading
			}
		}
		return slices.ContainsFunc(above, holds) || holds(text) || purpose.MatchString(text) && (slices.Contains(words, "목적") || slices.Contains(words, "배경"))
	}
}

// ofKind reports whether all that a source says fits a section for its kind.
func (r *report) ofKind(sec prompts.Section, src ground.Source) bool {
	return slices.Contains(sec.Kinds, src.Kind) && (sec.Only || src.Kind == "press" && r.template.Kind == "press")
}

// named is the section whose heading a heading of a document holds, -1 if none.
func (r *report) named(head string) int {
	head = ground.Squeeze(head)
	return slices.IndexFunc(r.template.Sections, func(s prompts.Section) bool { return strings.Contains(head, ground.Squeeze(s.Heading)) })
}

// unsaid are words of headings and queries that say nothing of a section.
var unsaid = regexp.MustCompile(`^(?:추진|주요|향후|관련|검토)$`)

// sectionWords are the words by which lines and headings are told to fit a section.
func sectionWords(sec prompts.Section) []string {
	var out []string
	for _, word := range strings.Fields(sec.Heading + " " + sec.Query) {
		if !unsaid.MatchString(word) {
			out = append(out, word)
		}
	}
	return out
}
