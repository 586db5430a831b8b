package eval

import (
	"regexp"
	"strconv"
	"strings"
)

const (
	haskellQuoted = `"(?:[^"\\]|\\(?s:.))*"`
	pandocAttr    = `\((?:[^()"]|` + haskellQuoted + `|\((?:[^()"]|` + haskellQuoted + `)*\))*\)`
)

var (
	reNative = regexp.MustCompile(`\b(?:Str|Math \w+)\s+(` + haskellQuoted + `)|\b(?:Code|CodeBlock)\s+` + pandocAttr + `\s+(` + haskellQuoted + `)` +
		`|\b(Space|SoftBreak|LineBreak|Para|Plain|Header|Cell)\b|` + haskellQuoted)
	reHaskell = regexp.MustCompile(`\\(?:(\d+)|x([0-9a-fA-F]+)|(&)|\s+\\|(.))`)
)

// PandocText is the text of a document in pandoc's native form (Haskell values,
// as pandoc -t native writes): of Str, Code, CodeBlock and Math what is in their
// string, not what stands in attributes, addresses and raw markup.
func PandocText(native string) string {
	var out strings.Builder
	for _, m := range reNative.FindAllStringSubmatch(native, -1) {
		switch {
		case m[1] != "":
			out.WriteString(haskellString(m[1]))
		case m[2] != "":
			out.WriteString(haskellString(m[2]))
		case m[3] == "Space" || m[3] == "SoftBreak" || m[3] == "LineBreak":
			out.WriteByte(' ')
		case m[3] != "":
			out.WriteByte('\n')
		}
	}
	return out.String()
}

func haskellString(s string) string {
	return reHaskell.ReplaceAllStringFunc(s[1:len(s)-1], func(s string) string {
		switch g := reHaskell.FindStringSubmatch(s); {
		case g[1] != "":
			n, _ := strconv.ParseUint(g[1], 10, 32)
			return string(rune(n))
		case g[2] != "":
			n, _ := strconv.ParseUint(g[2], 16, 32)
			return string(rune(n))
		case g[4] == "n":
			return "\n"
		case g[4] == "t":
			return "\t"
		default:
			return g[4]
		}
	})
}
