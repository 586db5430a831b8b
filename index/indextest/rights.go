package indextest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"biseo/index"
)

// Rights asks 10,000 random questions (who, which document, which day) of one
// corpus, by Search and by Passage, and compares each answer with rules written
// down a second time here: nothing outside the rights, and limits filled from what
// the asker may see. Under the race detector it asks 1,000.
func Rights(t *testing.T, open func(t *testing.T) index.Index) {
	x := open(t)
	t.Cleanup(func() { x.Close() })
	docs := makeCorpus(t, x, rand.New(rand.NewPCG(7, 7)))
	const parts = 4
	for part := range parts {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			ask(t, x, docs, rand.New(rand.NewPCG(7, uint64(part))), triples/parts)
		})
	}
}

// ask asks n random questions and judges the answers.
func ask(t *testing.T, x index.Index, docs []rightsDoc, r *rand.Rand, n int) {
	leaks, short, wrong := 0, 0, 0
	for i := range n {
		asked := docs[r.IntN(len(docs))]
		who := index.Scope{Readers: pick(r, groups[:]), Grade: index.Grade(r.IntN(4)), On: randomDay(r)}
		q := index.Query{Scope: who, Limit: 1 + r.IntN(20)}
		if i%3 != 1 {
			q.Text = []string{"공통", "공통 수당", "공통 여비 계약 감사"}[r.IntN(3)]
		}
		if i%3 != 0 {
			q.Dense = axis(r.IntN(8))
		}
		l, s := judgeSearch(t, x, q, docs)
		leaks, short = leaks+l, short+s
		wrong += judgePassage(t, x, who, asked, r.IntN(len(asked.chunks)), r.IntN(3))
		if leaks+short+wrong > 20 {
			break // it will not get better
		}
	}
	if leaks+short+wrong > 0 {
		t.Errorf("of %d questions: %d hits outside the rights, %d results not filled, %d wrong passages", n, leaks, short, wrong)
	}
}

type rightsDoc struct {
	index.Doc
	chunks []index.Chunk
}

var groups = [...]string{"총무", "감사", "인사", "세무", "복지"}

// makeCorpus stores documents of every kind of right; each chunk holds 공통.
func makeCorpus(t *testing.T, x index.Index, r *rand.Rand) []rightsDoc {
	t.Helper()
	words := []string{"수당", "여비", "계약", "감사", "민원", "주차", "예산", "휴가"}
	var docs []rightsDoc
	for i := range 150 {
		d := newDoc(fmt.Sprintf("d%03d", i))
		d.Readers = pick(r, append(groups[:], index.Public))
		d.Grade = index.Grade(r.IntN(4))
		d.From, d.Until = randomSpan(r)
		var texts []string
		for range 1 + r.IntN(3) {
			texts = append(texts, "공통 "+words[r.IntN(len(words))]+" "+words[r.IntN(len(words))])
		}
		chunks := newChunks(d, texts...)
		for j := range chunks {
			chunks[j].Dense = between(r.IntN(8), r.IntN(8), r.Float64())
			if r.IntN(4) == 0 {
				chunks[j].From, chunks[j].Until = randomSpan(r)
			}
		}
		store(t, x, d, chunks)
		docs = append(docs, rightsDoc{d, chunks})
	}
	return docs
}

func pick(r *rand.Rand, from []string) []string {
	var picked []string
	for _, s := range from {
		if r.IntN(3) == 0 {
			picked = append(picked, s)
		}
	}
	return picked
}

// randomDay is one of few days, so that the edges of spans are met often.
func randomDay(r *rand.Rand) time.Time { return index.Day(2026, 1, 1+r.IntN(12)) }

func randomSpan(r *rand.Rand) (from, until time.Time) {
	if r.IntN(2) == 0 {
		from = randomDay(r)
	}
	if r.IntN(2) == 0 {
		until = randomDay(r)
	}
	return from, until
}

// maySee is the rule, not taken from package index.
func maySee(who index.Scope, d index.Doc, c index.Chunk) bool {
	member := false
	for _, reader := range d.Readers {
		if reader == "public" {
			member = true
		}
		for _, g := range who.Readers {
			member = member || g == reader
		}
	}
	clearance, grade := 1, 3
	if who.Grade > 0 {
		clearance = int(who.Grade)
	}
	if d.Grade > 0 {
		grade = int(d.Grade)
	}
	day := who.On.Unix()
	for _, from := range []time.Time{d.From, c.From} {
		if !from.IsZero() && day < from.Unix() {
			return false
		}
	}
	for _, until := range []time.Time{d.Until, c.Until} {
		if !until.IsZero() && day >= until.Unix() {
			return false
		}
	}
	return member && grade <= clearance
}

func judgeSearch(t *testing.T, x index.Index, q index.Query, docs []rightsDoc) (leaks, short int) {
	t.Helper()
	seen := map[string]bool{} // chunks that the asker may see
	for _, d := range docs {
		for _, c := range d.chunks {
			if maySee(q.Scope, d.Doc, c) {
				seen[c.ID] = true
			}
		}
	}
	want := min(q.Limit, len(seen))
	got := search(t, x, q)
	for _, h := range got {
		if !seen[h.Chunk.ID] {
			leaks++
		}
		delete(seen, h.Chunk.ID) // twice would be a leak too
	}
	if len(got) != want {
		short = 1
	}
	return leaks, short
}

func judgePassage(t *testing.T, x index.Index, who index.Scope, d rightsDoc, at, around int) (wrong int) {
	t.Helper()
	var want []string
	for i, c := range d.chunks {
		if i >= at-around && i <= at+around && maySee(who, d.Doc, c) {
			want = append(want, c.ID)
		}
	}
	if !maySee(who, d.Doc, d.chunks[at]) {
		want = nil
	}
	hits, err := x.Passage(t.Context(), who, d.chunks[at].ID, around)
	if want == nil && !errors.Is(err, index.ErrNotFound) || want != nil && err != nil || !slices.Equal(want, chunkIDs(hits)) {
		return 1
	}
	return 0
}
