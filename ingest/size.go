package ingest

import "biseo/llm"

// chunkTokens is the longest chunk of a document of that kind, in tokens.
func chunkTokens(kind string) int {
	switch kind {
	case "law", "decree", "rule", "ordinance", "directive":
		return 800
	}
	return 800
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

func (s *splitter) count(r span) int {
	n, err := llm.CountTokens(string(s.text[r.start:r.end]))
	if err != nil { // the vocabulary is part of the program
		return r.len()
	}
	return n
}
