package index

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"biseo/korea/law"
)

// A Found is what a reader sees as one hit: the best chunk of an article or of a
// place in a document, with what repeats it.
type Found struct {
	Hit
	Parts   []Hit // other chunks of the same article that were found, best first
	Repeats []Doc // other documents that say nearly the same there, newest first
}

// Gather makes a ranking of hits diverse: chunks of one article become one Found at
// the place of the best, and so do chunks of documents that repeat each other but for
// dates and amounts ([Doc.Near]), which are represented by the newest document of
// hits. It is the same for every backend, changes no hit and looks at hits alone, so
// that nothing is learned of documents that the asker may not see.
func Gather(hits []Hit) []Found {
	var out []Found
	articles := map[string]int{} // position in out
	series := map[string][]int{} // by the document that they repeat, positions in out
	for _, h := range hits {
		key := articleKey(h)
		if i, ok := articles[key]; ok && key != "" {
			out[i].Parts = append(out[i].Parts, h)
			continue
		}
		root := cmp.Or(h.Doc.Near, h.Doc.ID)
		if i := slices.IndexFunc(series[root], func(i int) bool { return out[i].repeats(h) }); i >= 0 {
			out[series[root][i]].repeat(h)
			continue
		}
		if key != "" {
			articles[key] = len(out)
		}
		series[root] = append(series[root], len(out))
		out = append(out, Found{Hit: h})
	}
	return out
}

// Article is the [law.Citation.Key] of the article that a hit is of or lies in, ""
// if it is of none.
func (h Hit) Article() string {
	f := law.Find(h.Chunk.Cite)
	if len(f) == 0 || f[0].ByteStart != 0 || f[0].Article.N == 0 && f[0].Part == law.Body {
		return ""
	}
	c := f[0].Citation
	return law.Citation{Law: c.Law, Part: c.Part, Annex: c.Annex, Number: c.Number, Date: c.Date, Article: c.Article}.Key()
}

// articleKey tells the articles of two versions apart.
func articleKey(h Hit) string {
	if a := h.Article(); a != "" {
		return h.Doc.ID + "\x00" + a
	}
	return ""
}

// repeats reports whether h, of a document of the same series, says nearly the same
// as f, and no chunk of its document stands for f already.
func (f Found) repeats(h Hit) bool {
	if f.Doc.ID == h.Doc.ID || slices.ContainsFunc(f.Repeats, func(d Doc) bool { return d.ID == h.Doc.ID }) {
		return false
	}
	return alike(f.Chunk.Text, h.Chunk.Text)
}

// repeat lets the newer of f and h stand for both.
func (f *Found) repeat(h Hit) {
	older := h.Doc
	if newer(h.Doc, f.Doc) {
		older = f.Doc
		h.Score, h.Words, h.Meaning = f.Score, f.Words, f.Meaning // the place of the best
		f.Hit = h
	}
	f.Repeats = append(f.Repeats, older)
	slices.SortFunc(f.Repeats, func(a, b Doc) int {
		if newer(a, b) {
			return -1
		}
		return 1
	})
}

func newer(a, b Doc) bool {
	return cmp.Or(borne(a).Compare(borne(b)), cmp.Compare(a.ID, b.ID)) > 0
}

// borne is the day by which documents of a series are ordered.
func borne(d Doc) time.Time {
	if d.Dated.IsZero() {
		return d.From
	}
	return d.Dated
}

// alike reports whether two texts share most of their words, numbers left out.
func alike(a, b string) bool {
	const least = 0.6 // of the words of both together
	x, y := wordSet(a), wordSet(b)
	both := 0
	for w := range x {
		if y[w] {
			both++
		}
	}
	return float64(both) >= least*float64(len(x)+len(y)-both)
}

func wordSet(s string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }) {
		out[w] = true
	}
	return out
}
