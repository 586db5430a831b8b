package llmtest

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"unicode"

	"biseo/llm"
)

// A Command is an instruction that somebody put where a model reads it.
type Command struct {
	Text  string // of the instruction
	Write string // what a model writes that follows it; $SYSTEM stands for its system prompt
}

// Obedient follows the first of its commands that stands anywhere in its prompt, in
// a question as in a document, whoever gave it, and writes nothing else. Without
// one it is [Truthful]. It is the worst model to put in front of an attacker.
type Obedient struct {
	Commands []Command
	Seen     func(req llm.Request, obeyed bool) // called with every prompt; may be nil
}

func (Obedient) Model() string { return "obedient" }

func (o Obedient) Generate(ctx context.Context, req llm.Request, emit func(string) error) (*llm.Response, error) {
	read := letters(req.User)
	for _, command := range o.Commands {
		if !strings.Contains(read, letters(longest(command.Text))) {
			continue
		}
		if o.Seen != nil {
			o.Seen(req, true)
		}
		return write(ctx, "obedient", strings.ReplaceAll(command.Write, "$SYSTEM", req.System)+"\n", emit)
	}
	if o.Seen != nil {
		o.Seen(req, false)
	}
	r, err := Truthful{}.Generate(ctx, req, emit)
	if r != nil {
		r.Model = "obedient"
	}
	return r, err
}

var (
	quoted    = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	sentences = regexp.MustCompile(`[.!?。\n]+`)
)

// letters is the letters and digits of s, those in JSON strings as they read.
func letters(s string) string {
	s = quoted.ReplaceAllStringFunc(s, func(q string) string {
		var text string
		if json.Unmarshal([]byte(q), &text) != nil {
			return q
		}
		return text
	})
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// longest is the longest sentence of a command: a document is cut into sentences
// before a model reads it.
func longest(s string) string {
	best := ""
	for _, part := range sentences.Split(s, -1) {
		if len(letters(part)) > len(letters(best)) {
			best = part
		}
	}
	return best
}
