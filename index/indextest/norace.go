//go:build !race

package indextest

// triples is how many questions Rights asks.
const triples = 10_000
