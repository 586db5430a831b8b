package retrieval

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"biseo/assistant/ground"
	"biseo/index"
	"biseo/korea/law"
	"biseo/korea/text"
)

// Law answers in several places: an article of a law, that of its decree which fixes
// the amount, the article that says what a word means. What belongs to a passage
// found is read from the links that ingest has written to the chunks, under the same
// scope as the passage itself.

const (
	pool        = 100 // chunks that a question finds, among which those that belong together are looked for
	linkGain    = 0.5 // of the score of the best passage that one is linked with
	rankOffset  = 3   // a passage of rank n, from 0, scores 1/(rankOffset+n)
	withParents = 3   // of the best passages bring the articles that they carry out,
	parentsEach = 2   // so many each
	partsShown  = 3   // of the best articles that were found in several chunks show a second
	maxLinks    = 8   // links of one hit that are followed
)

// passage is a hit and, if it is none by itself, why it stands beside the others.
type passage struct {
	index.Found
	key   string          // of its article; "" if it is of none
	links map[string]bool // keys of the provisions that it names
	via   *ground.Via
}

func newPassage(f index.Found) *passage {
	p := &passage{Found: f, key: f.Article(), links: map[string]bool{}}
	for _, h := range append([]index.Hit{f.Hit}, f.Parts...) {
		for _, l := range h.Chunk.Links {
			p.links[linkKey(l)] = true
		}
	}
	return p
}

// linkKey is the [law.Citation.Key] that a link stands for.
func linkKey(link string) string { return strings.TrimPrefix(link, text.LawTerm(law.Citation{})) }

// lawOf is the name in a key, family that of the law which it belongs to: a law, its
// 시행령 and its 시행규칙 are one family.
func lawOf(key string) string { name, _, _ := strings.Cut(key, "/"); return name }

func family(key string) string { return cmp.Or(law.Parent(lawOf(key)), lawOf(key)) }

// carriesOut reports that one of two articles belongs to a law and the other to
// its 시행령 or 시행규칙.
func carriesOut(a, b string) bool { return family(a) == family(b) && lawOf(a) != lawOf(b) }

func (p *passage) linked(o *passage) bool {
	return p.key != "" && o.key != "" && p.key != o.key && (p.links[o.key] || o.links[p.key])
}

// why says how c belongs to p.
func (p *passage) why(c *passage) *ground.Via {
	kind := ground.Names
	switch {
	case defines(c.Hit):
		kind = ground.Defines
	case carriesOut(p.key, c.key):
		kind = ground.Delegates
	}
	return &ground.Via{Kind: kind, Cite: p.Chunk.Cite, ChunkID: p.Chunk.ID}
}

// defines reports whether a hit is of an article of definitions: 제2조(정의).
func defines(h index.Hit) bool {
	return len(h.Chunk.Path) > 0 && strings.Contains(h.Chunk.Path[len(h.Chunk.Path)-1], "정의")
}

// Evidence finds the passages for a question of which one alone may not answer it:
// q.Limit places, of which those go to linked passages that the links raise above
// what ranks there, and with the best of a 시행령 or 시행규칙 to what they carry out. Hits
// come first, in their order; Via tells why the others stand there.
// Behind q.Limit follow second parts of the best articles.
func (f *Finder) Evidence(ctx context.Context, q index.Query) (Result, error) {
	limit := q.Limit
	q.Limit = max(pool, 2*limit)
	out, err := f.Find(ctx, q)
	if err != nil {
		return Result{}, err
	}
	all := out.Hits
	var found []*passage
	for _, one := range index.Gather(all) {
		found = append(found, newPassage(one))
	}
	chosen, err := f.together(ctx, q, found, limit)
	if err != nil {
		return Result{}, err
	}
	out.Hits, out.Via = nil, map[string]*ground.Via{}
	for _, p := range found { // hits in their order
		if p.via == nil && slices.Contains(chosen, p) {
			out.Hits = append(out.Hits, p.Hit)
		}
	}
	for _, p := range chosen {
		if p.via != nil {
			out.Hits = append(out.Hits, p.Hit)
			out.Via[p.Chunk.ID] = p.via
		}
	}
	shown := min(len(all), limit)
	for _, p := range found[:min(partsShown, len(found))] {
		if i := slices.IndexFunc(all[:shown], func(h index.Hit) bool { return len(p.Parts) > 0 && h.Chunk.ID == p.Parts[0].Chunk.ID }); i >= 0 {
			out.Hits = append(out.Hits, p.Parts[0])
		}
	}
	return out, nil
}

// together chooses limit of found, which are in the order of their rank, and of the
// articles that the best of them carry out.
func (f *Finder) together(ctx context.Context, q index.Query, found []*passage, limit int) ([]*passage, error) {
	score := make(map[*passage]float64, len(found))
	partner := map[*passage]*passage{}
	at := func(i int) float64 { return 1 / float64(rankOffset+i) }
	for i, p := range found {
		gain := 0.0
		for j, o := range found {
			if gain < at(j) && p.linked(o) {
				gain, partner[p] = at(j), o
			}
		}
		score[p] = at(i) + linkGain*gain
	}
	order := slices.Clone(found)
	slices.SortStableFunc(order, func(a, b *passage) int { return cmp.Compare(score[b], score[a]) })

	parents := map[*passage][]string{}
	known := map[string]*passage{}
	for _, p := range found {
		known[p.key] = p
	}
	var missing []string
	for _, p := range order[:min(withParents, len(order))] {
		for _, h := range append([]index.Hit{p.Hit}, p.Parts...) {
			for _, l := range h.Chunk.Links {
				k := linkKey(l)
				if len(parents[p]) == parentsEach || !carriesOut(p.key, k) || slices.Contains(parents[p], k) {
					continue
				}
				parents[p] = append(parents[p], k)
				if known[k] == nil && !slices.Contains(missing, k) {
					missing = append(missing, k)
				}
			}
		}
	}
	more, err := f.articles(ctx, q, missing)
	if err != nil {
		return nil, err
	}
	var chosen []*passage
	put := func(p, from *passage) {
		if p == nil || len(chosen) == limit || slices.Contains(chosen, p) {
			return
		}
		if rank := slices.Index(found, p); from != nil && (rank < 0 || rank >= limit) {
			p.via = from.why(p)
		}
		chosen = append(chosen, p)
	}
	for _, p := range order {
		put(p, partner[p])
		for _, k := range parents[p] {
			put(cmp.Or(known[k], more[k]), p)
		}
	}
	return chosen, nil
}

// articles looks up the articles of keys, each by the chunk that fits the question
// best. What the scope of q does not allow is not among them.
func (f *Finder) articles(ctx context.Context, q index.Query, keys []string) (map[string]*passage, error) {
	out := map[string]*passage{}
	search := func(keys []string) error {
		var cites []string
		for _, k := range keys {
			if c, ok := law.ParseKey(k); ok {
				cites = append(cites, c.String())
			}
		}
		if len(cites) == 0 {
			return nil
		}
		hits, err := f.index.Search(ctx, index.Query{Scope: q.Scope, Text: strings.Join(cites, " ") + " " + q.Text, Limit: 5*len(keys) + 5})
		if err != nil {
			return fmt.Errorf("look up articles: %w", err)
		}
		for _, one := range index.Gather(f.Allowed(q.Scope, hits)) {
			if p := newPassage(one); slices.Contains(keys, p.key) && out[p.key] == nil {
				out[p.key] = p
			}
		}
		return nil
	}
	if err := search(keys); err != nil {
		return nil, err
	}
	for _, k := range keys { // what others crowd out that name several of keys
		if out[k] == nil && len(keys) > 1 {
			if err := search([]string{k}); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// Context finds for each of found up to per passages that belong to it and are not
// among found: of a 시행령 or 시행규칙 what carries it out, nearest first, and what it
// carries out; the article that defines a word of it; the articles that it names.
func (f *Finder) Context(ctx context.Context, q index.Query, found []index.Found, per int) ([][]ground.Source, error) {
	out := make([][]ground.Source, len(found))
	var hits []*passage
	own, named, definitions := []string{}, []string{}, []string{}
	shown := map[string]bool{}
	add := func(to *[]string, key string) {
		if !slices.Contains(*to, key) {
			*to = append(*to, key)
		}
	}
	for _, one := range found {
		p := newPassage(one)
		hits = append(hits, p)
		if p.key == "" {
			continue
		}
		shown[p.key] = true
		add(&own, p.key)
		for _, l := range one.Chunk.Links[:min(maxLinks, len(one.Chunk.Links))] {
			add(&named, linkKey(l))
		}
		for _, n := range []string{"/2", "/3"} {
			add(&definitions, family(p.key)+n)
		}
	}
	below, err := f.citing(ctx, q, own)
	if err != nil {
		return nil, err
	}
	above, err := f.articles(ctx, q, named)
	if err != nil {
		return nil, err
	}
	terms, err := f.articles(ctx, index.Query{Scope: q.Scope, Text: "정의"}, definitions)
	if err != nil {
		return nil, err
	}
	for i, p := range hits {
		var with []*passage
		put := func(c *passage) {
			if c != nil && len(with) < per && !shown[c.key] && !slices.ContainsFunc(with, func(o *passage) bool { return o.key == c.key }) {
				with = append(with, c)
			}
		}
		for _, c := range delegated(p, below) {
			put(c)
		}
		for _, l := range p.Chunk.Links {
			if carriesOut(p.key, linkKey(l)) {
				put(above[linkKey(l)])
			}
		}
		for _, n := range []string{"/2", "/3"} {
			if c := terms[family(p.key)+n]; c != nil && p.key != "" && defines(c.Hit) && uses(p.Chunk.Text, c) {
				put(c)
			}
		}
		for _, l := range p.Chunk.Links {
			put(above[linkKey(l)])
		}
		for _, c := range with {
			src := Sources([]index.Hit{c.Hit}, q.On)[0]
			src.N, src.Via = 0, p.why(c)
			out[i] = append(out[i], src)
		}
	}
	return out, nil
}

// citing finds what carries out the articles of keys.
func (f *Finder) citing(ctx context.Context, q index.Query, keys []string) ([]*passage, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	var cites []string
	for _, k := range keys {
		if c, ok := law.ParseKey(k); ok {
			cites = append(cites, c.String())
		}
	}
	lower := index.Query{Scope: q.Scope, Text: strings.Join(cites, " ") + " " + q.Text, Limit: pool}
	lower.Kinds = []string{"decree", "rule"}
	if len(q.Kinds) > 0 {
		lower.Kinds = slices.DeleteFunc(lower.Kinds, func(k string) bool { return !slices.Contains(q.Kinds, k) })
		if len(lower.Kinds) == 0 {
			return nil, nil
		}
	}
	hits, err := f.index.Search(ctx, lower)
	if err != nil {
		return nil, fmt.Errorf("look up what carries out an article: %w", err)
	}
	var out []*passage
	for _, one := range index.Gather(f.Allowed(lower.Scope, hits)) {
		out = append(out, newPassage(one))
	}
	return out, nil
}

// delegated are the passages of below that carry out p, those first that name it first.
func delegated(p *passage, below []*passage) []*passage {
	place := func(c *passage) int {
		if p.key == "" || !carriesOut(p.key, c.key) {
			return -1
		}
		return slices.IndexFunc(c.Chunk.Links, func(l string) bool { return linkKey(l) == p.key })
	}
	var out []*passage
	for _, c := range below {
		if place(c) >= 0 {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b *passage) int { return cmp.Compare(place(a), place(b)) })
	return out
}

// uses reports whether a text holds a term that the passage c defines.
func uses(s string, c *passage) bool {
	for _, h := range append([]index.Hit{c.Hit}, c.Parts...) {
		for _, d := range law.Definitions(h.Chunk.Text) {
			if strings.Contains(s, d.Term) {
				return true
			}
		}
	}
	return false
}
