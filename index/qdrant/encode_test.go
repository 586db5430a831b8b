package qdrant

import (
	"hash/fnv"
	"slices"
	"testing"

	"biseo/index"
	"biseo/korea/text"
)

// The hash of a term is stored: FNV-1a of 64 bits, folded.
func TestHashTerm(t *testing.T) {
	for _, term := range []string{"", "민원", "=처리기간", "§민원처리에관한법률/21", "\xff"} {
		h := fnv.New64a()
		h.Write([]byte(term))
		if got, want := hashTerm(term), uint32(h.Sum64()>>32)^uint32(h.Sum64()); got != want {
			t.Errorf("hashTerm(%q) = %d, want %d", term, got, want)
		}
	}
}

// The terms of a chunk are those that the index counts, in the order of their hashes.
func TestAnalyse(t *testing.T) {
	d := index.Doc{ID: "d", Title: "민원 처리 규정"}
	chunks := newChunks(d, "민원 처리 기간은 민원 처리 규정에 따른다.", "")
	for i, r := range analyse(d, chunks) {
		want, length := index.CountTerms(d, chunks[i])
		if r.length != length || len(r.terms) != len(want) {
			t.Errorf("chunk %d: %d terms of %v, want %d of %v", i, len(r.terms), r.length, len(want), length)
		}
		for term, counts := range want {
			at, ok := slices.BinarySearchFunc(r.terms, hashTerm(term), func(c termCount, h uint32) int { return int(int64(c.hash) - int64(h)) })
			if !ok || r.terms[at].counts != counts {
				t.Errorf("chunk %d: %s is not counted %v times", i, term, counts)
			}
		}
	}
	// Two terms of one hash count as one.
	one, other := sameHash(t)
	d.Title, chunks = "", newChunks(d, one+" "+other+" "+other)
	for _, c := range analyse(d, chunks)[0].terms {
		if c.hash == hashTerm(one) && c.counts != (index.FieldCounts{3: 3}) {
			t.Errorf("%s and %s, twice: %v", one, other, c.counts)
		}
	}
}

// sameHash are two words, each one term, of the same hash.
func sameHash(t *testing.T) (one, other string) {
	seen := map[uint32]string{}
	word := []byte("aaaaaa")
	for {
		s := string(word)
		if terms := text.Terms(s); len(terms) == 1 && terms[0] == s {
			if before, ok := seen[hashTerm(s)]; ok {
				return before, s
			}
			seen[hashTerm(s)] = s
		}
		i := 0
		for ; i < len(word) && word[i] == 'z'; i++ {
			word[i] = 'a'
		}
		if i == len(word) {
			t.Fatal("no two words have the same hash")
		}
		word[i]++
	}
}
