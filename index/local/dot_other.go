//go:build !amd64

package local

func dotCodes(q []int16, codes []byte) int32 { return dotGo(q, codes) }
