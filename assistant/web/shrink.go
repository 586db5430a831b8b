package web

import (
	"path"
	"regexp"
	"strings"
)

// shrink takes out of a file of the page what only its authors need: comments,
// indentation, and in scripts and styles the spaces that part no words. Strings,
// templates and regular expressions stay as they are, and a script keeps each line
// break that may end a statement. It reads the scripts of page/, which end no
// statement with a division and start no regular expression after a word or a
// closing bracket; it is no minifier for others.
func shrink(name, s string) string {
	switch path.Ext(name) {
	case ".js":
		return shrinkScript(s)
	case ".css":
		return shrinkStyle(s)
	}
	return indentation.ReplaceAllString(s, "\n")
}

var (
	indentation  = regexp.MustCompile(`\s*\n\s*`)
	styleComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	space        = regexp.MustCompile(`\s+`)
	styleGap     = regexp.MustCompile(` ?([{};,>]) ?|: `)
)

func shrinkStyle(s string) string {
	s = space.ReplaceAllString(styleComment.ReplaceAllString(s, ""), " ")
	s = styleGap.ReplaceAllStringFunc(s, strings.TrimSpace)
	return strings.TrimSpace(strings.ReplaceAll(s, ";}", "}"))
}

// word is a name, keyword or number of a script.
var word = regexp.MustCompile(`^[\pL\pN_$]+`)

func shrinkScript(s string) string {
	var out strings.Builder
	last := byte('\n') // of what is written
	var gap string     // white space since
	for i := 0; i < len(s); {
		var end int
		switch rest := s[i:]; {
		case strings.ContainsRune(" \t\n", rune(rest[0])):
			gap += rest[:1]
			i++
			continue
		case strings.HasPrefix(rest, "//"):
			i += until(rest, "\n")
			continue
		case strings.HasPrefix(rest, "/*"):
			i += until(rest, "*/") + 2
			continue
		case rest[0] == '\'' || rest[0] == '"':
			end = literal(rest, rest[0])
		case rest[0] == '`':
			end = template(rest)
		case rest[0] == '/' && (strings.ContainsRune("(,=:[!&|?{};", rune(last)) || strings.Contains(gap, "\n")):
			end = literal(rest, '/')
		default:
			end = max(len(word.FindString(rest)), 1)
		}
		token := s[i : i+end]
		switch both := inWord(last) && inWord(token[0]); {
		case strings.Contains(gap, "\n") && !strings.ContainsRune("{([,;\n", rune(last)) && !strings.ContainsRune(")].,?:}", rune(token[0])):
			out.WriteByte('\n')
		case gap != "" && (both || token[0] == last && (last == '+' || last == '-')):
			out.WriteByte(' ')
		}
		out.WriteString(token)
		last, gap, i = token[len(token)-1], "", i+end
	}
	return out.String() + "\n"
}

func inWord(b byte) bool {
	return b >= 0x80 || b == '_' || b == '$' || '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z'
}

// until is the length of s before end.
func until(s, end string) int {
	if i := strings.Index(s, end); i >= 0 {
		return i
	}
	return len(s)
}

// literal is the length of the string or regular expression at the start of s. In a
// class of characters a slash ends no expression.
func literal(s string, quote byte) int {
	class := false
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case quote == '/' && (s[i] == '[' || s[i] == ']'):
			class = s[i] == '['
		case s[i] == quote && !class:
			return i + 1
		}
	}
	return len(s)
}

// template is the length of the template at the start of s, with what stands in its
// braces.
func template(s string) int {
	depth := 0 // of braces
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case depth == 0 && c == '`':
			return i + 1
		case depth == 0 && strings.HasPrefix(s[i:], "${"):
			depth = 1
			i++
		case depth > 0 && c == '`':
			i += template(s[i:]) - 1
		case depth > 0 && (c == '\'' || c == '"'):
			i += literal(s[i:], c) - 1
		case depth > 0 && c == '{':
			depth++
		case depth > 0 && c == '}':
			depth--
		}
	}
	return len(s)
}
