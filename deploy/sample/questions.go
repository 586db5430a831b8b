package sample

import (
	_ "embed"
	"strings"
)

//go:embed questions.txt
var questions string

// Questions are questions that the sample agency's documents answer, for the
// page to offer.
func Questions() []string { return strings.Split(strings.TrimSpace(questions), "\n") }
