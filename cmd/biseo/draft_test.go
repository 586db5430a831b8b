package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/assistant"
)

func TestPrintHints(t *testing.T) {
	var out strings.Builder
	printHints(&out, []assistant.Hint{{Text: "둘"}, {Text: "하나"}, {Text: "둘", Block: 3}})
	if diff := cmp.Diff("✎ 둘 (2곳)\n✎ 하나\n", out.String()); diff != "" {
		t.Errorf("hints (-want +got):\n%s", diff)
	}
}
