//go:build !amd64

package local

func dotCodes(q *vectorQuery, codes []byte) int32 { return dotGo(q, codes) }
