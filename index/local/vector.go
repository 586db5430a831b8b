package local

import (
	"encoding/binary"
	"errors"
	"math"
)

func dot(a, b []float32) float64 {
	var s float64
	for i, f := range a {
		s += float64(f) * float64(b[i])
	}
	return s
}

func packVector(v []float32) []byte {
	b := make([]byte, 0, 4*len(v))
	for _, f := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return b
}

// unpackVector reads a vector of length dim into v, which it may grow.
func unpackVector(v []float32, b []byte, dim int) ([]float32, error) {
	if len(b) != 4*dim {
		return nil, errors.New("stored vector has the wrong length")
	}
	v = v[:0]
	for ; len(b) > 0; b = b[4:] {
		v = append(v, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return v, nil
}
