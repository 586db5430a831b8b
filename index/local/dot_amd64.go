package local

import "golang.org/x/sys/cpu"

// dotAVX2 is dotGo for blocks · 32 numbers, at least one block.
//
//go:noescape
func dotAVX2(q *int16, codes *byte, blocks int) int32

var hasAVX2 = cpu.X86.HasAVX2

// dotCodes is the dot product of a query and the codes of a vector, of one length,
// a multiple of 32. The pure Go form takes seven times as long.
func dotCodes(q []int16, codes []byte) int32 {
	if !hasAVX2 || len(codes) < codeBlock || len(q) < len(codes) {
		return dotGo(q, codes)
	}
	return dotAVX2(&q[0], &codes[0], len(codes)/codeBlock)
}
