package llm

import (
	"fmt"
	"sync"
	"unicode"

	"github.com/pkoukk/tiktoken-go"
	tiktoken_loader "github.com/pkoukk/tiktoken-go-loader"
)

// vocabulary is o200k_base, embedded: about 1.5 Hangul syllables a token. Local
// models differ, so leave a margin of a third when filling a context window.
var vocabulary = sync.OnceValues(func() (*tiktoken.Tiktoken, error) {
	tiktoken.SetBpeLoader(tiktoken_loader.NewOfflineLoader())
	return tiktoken.GetEncoding("o200k_base")
})

// longestWord bounds what the encoder sees as one word: its time grows with the
// square of a word's length.
const longestWord = 200

// CountTokens returns the number of o200k_base tokens of s. The first call loads
// the vocabulary, about 130 ms. Safe for concurrent use; needs no network.
func CountTokens(s string) (int, error) {
	v, err := vocabulary()
	if err != nil {
		return 0, fmt.Errorf("load token vocabulary: %w", err)
	}
	n, start, word := 0, 0, 0
	for i, r := range s {
		if word++; unicode.IsSpace(r) {
			word = 0
		}
		if word == longestWord {
			n += len(v.Encode(s[start:i], nil, nil))
			start, word = i, 0
		}
	}
	return n + len(v.Encode(s[start:], nil, nil)), nil
}
