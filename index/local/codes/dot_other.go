//go:build !amd64

package codes

func dot(q *Query, codes []byte) int32 { return dotGo(q, codes) }
