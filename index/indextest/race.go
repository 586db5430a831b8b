//go:build race

package indextest

// triples is how many questions Rights asks; the race detector makes each slower.
const triples = 1_000
