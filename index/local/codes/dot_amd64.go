package codes

import "golang.org/x/sys/cpu"

// dotAVX2 is the sum of the products of q with the codes as they are written, from
// 0 to 15, over at least one block.
//
//go:noescape
func dotAVX2(q *int8, codes *byte, blocks int) int32

var hasAVX2 = cpu.X86.HasAVX2

// dot is dotGo, many times as fast where the processor allows.
func dot(q *Query, codes []byte) int32 {
	if n := len(q.codes) / block; hasAVX2 && n > 0 && len(codes) == n*block/2 {
		return dotAVX2(&q.codes[0], &codes[0], n) - zero*q.sum
	}
	return dotGo(q, codes)
}
