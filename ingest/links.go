package ingest

import (
	"slices"
	"sort"

	"biseo/index"
	"biseo/korea/law"
	"biseo/korea/text"
)

// mostOfRange is how many articles of a range (제3조부터 제50조까지) a chunk links to.
const mostOfRange = 30

// link fills the Links of chunks, which are all of d in order: the articles and 별표
// that each refers to, other than its own. References are read in the whole text,
// since what 법 means is said once, in the first article. A 부칙 has none: it speaks
// of articles as they were when it was written.
func link(d *Document, chunks []index.Chunk) {
	var self law.Citation
	if index.IsLaw(d.Meta.Kind) {
		self.Law = d.Meta.Title
	}
	at := -1
	var own law.Citation // of chunks[at]
	for _, r := range law.References(d.Text, self) {
		i := sort.Search(len(chunks), func(i int) bool { return chunks[i].Start > r.Start }) - 1
		if i < 0 || r.Part != law.Body && r.Part != law.Table {
			continue
		}
		c := &chunks[i]
		if i != at {
			at, own = i, law.Citation{}
			if f := law.Find(c.Cite); len(f) > 0 {
				own = law.Citation{Law: f[0].Law, Part: f[0].Part, Annex: f[0].Annex, Article: f[0].Article}
			}
		}
		if own.Part == law.Addenda {
			continue
		}
		for _, a := range r.Articles(mostOfRange) {
			if term := text.LawTerm(a); a.Key() != own.Key() && !slices.Contains(c.Links, term) {
				c.Links = append(c.Links, term)
			}
		}
	}
}
