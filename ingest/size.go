package ingest

import (
	"biseo/index"
	"biseo/llm"
)

// chunkTokens is the longest chunk of a document of that kind, in tokens of
// [llm.CountTokens]; about 1.6 times as many code points of Korean. Chosen by what
// word search finds with it, among 150 to 1,200 tokens: articles of laws by their
// titles (best at 300, by little up to 500, which cuts fewer articles), plans and
// letters of two cities by 39 questions (400), complaint replies (300), welfare
// programmes and encyclopedia paragraphs (no loss from 500 on).
func chunkTokens(kind string) int {
	if index.IsLaw(kind) {
		return 500
	}
	switch kind {
	case "plan", "report", "press":
		return 400
	case "reply":
		return 300
	}
	return 600
}

// fits reports whether r has at most n tokens. What has as few code points is not
// counted: Korean has about .6 tokens a code point, English .25.
func (s *splitter) fits(r span, n int) bool { return r.len() <= n || s.tokens(r) <= n }

// tokens counts the tokens of r. Each line is counted once.
func (s *splitter) tokens(r span) int {
	n, at := 0, r.start
	lines := s.linesIn(r)
	if len(lines) == 0 {
		return s.count(r)
	}
	if at < lines[0].start {
		n += s.count(span{at, min(lines[0].start, r.end)})
	}
	for i := range lines {
		l := &lines[i]
		if l.end > r.end {
			return n + s.count(span{l.start, r.end})
		}
		if l.size == 0 {
			l.size = s.count(l.span) + 1
		}
		n += l.size - 1
	}
	return n
}

// count adds up the words of r, each with the space before it, as the encoder takes
// them apart. Documents repeat their words: each is encoded once.
func (s *splitter) count(r span) int {
	n := 0
	for start := r.start; start < r.end; {
		end := start + 1
		for end < r.end && (s.text[end] != ' ' || end+1 == r.end || s.text[end+1] == ' ') {
			end++
		}
		word := string(s.text[start:end])
		size, ok := s.sizes[word]
		if !ok {
			var err error
			if size, err = llm.CountTokens(word); err != nil { // the vocabulary is part of the program
				size = end - start
			}
			s.sizes[word] = size
		}
		n += size
		start = end
	}
	return n
}
