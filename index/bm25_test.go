package index

import (
	"math"
	"testing"

	"biseo/korea/text"
)

func TestCountTerms(t *testing.T) {
	d := Doc{Title: "민원 처리"}
	c := Chunk{Path: []string{"제1장 민원"}, Cite: "민원", Text: "민원 민원"}
	terms, length := CountTerms(d, c)
	diff(t, terms["민원"], FieldCounts{1, 1, 1, 2})
	for f, s := range []string{d.Title, c.Path[0], c.Cite, c.Text} {
		diff(t, length[f], len(text.Terms(s)))
	}
	terms, length = CountTerms(Doc{}, Chunk{})
	diff(t, len(terms), 0)
	diff(t, length, FieldCounts{})
}

func TestBM25Score(t *testing.T) {
	p := BM25{K1: 1.2, B: 0.75, Fields: [...]float64{2, 1, 1, 1}}
	c := Collection{Chunks: 10, Length: FieldCounts{20, 0, 0, 1000}}
	// Worked by hand: title of 4 where 2 is the average, text of 50 where 100 is.
	length := FieldCounts{4, 0, 0, 50}
	tf := 2*1/(0.25+0.75*2) + 3/(0.25+0.75*0.5)
	want := 5 * tf * 2.2 / (tf + 1.2)
	got := p.Score(c, length, []Match{{Weight: 5, Counts: FieldCounts{1, 0, 0, 3}}})
	if !near(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	two := p.Score(c, length, []Match{{5, FieldCounts{1, 0, 0, 3}}, {1, FieldCounts{0, 0, 0, 1}}})
	if !(two > got) {
		t.Errorf("a second term adds nothing: %v after %v", two, got)
	}
	shorter := p.Score(c, FieldCounts{4, 0, 0, 25}, []Match{{5, FieldCounts{1, 0, 0, 3}}})
	if !(shorter > got) {
		t.Errorf("a shorter text does not score more: %v after %v", shorter, got)
	}
}

func TestBM25Edges(t *testing.T) {
	p := DefaultBM25()
	for _, test := range []struct {
		name    string
		c       Collection
		length  FieldCounts
		matches []Match
	}{
		{"nothing", Collection{}, FieldCounts{}, nil},
		{"no chunks", Collection{}, FieldCounts{0, 0, 0, 1}, []Match{{1, FieldCounts{0, 0, 0, 1}}}},
		{"empty chunk", Collection{Chunks: 1}, FieldCounts{}, []Match{{1, FieldCounts{}}}},
		{"term in an empty field", Collection{Chunks: 1, Length: FieldCounts{0, 0, 0, 9}}, FieldCounts{}, []Match{{1, FieldCounts{1, 0, 0, 0}}}},
	} {
		if got := p.Score(test.c, test.length, test.matches); got != 0 {
			t.Errorf("%s: got %v, want 0", test.name, got)
		}
	}
}

func TestBM25Weight(t *testing.T) {
	p := DefaultBM25()
	c := Collection{Chunks: 100}
	last := math.Inf(1)
	for _, df := range []int{0, 1, 50, 100, 101} { // 101: a count ahead of the collection
		got := p.Weight(c, Sentence, "민원", df)
		if !(got > 0) || got >= last && df <= 100 {
			t.Errorf("df %d: weight %v after %v, want less but above 0", df, got, last)
		}
		last = got
	}
	if got, want := p.Weight(c, Citation, "§/19", 1)/p.Weight(c, Sentence, "§/19", 1), 10.0; !near(got, want) {
		t.Errorf("an article that is asked for weighs %v of one that is mentioned, want %v", got, want)
	}
	if got, want := p.Weight(c, Sentence, "민원", 1), text.Weight("민원")*math.Log(1+99.5/1.5); !near(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
