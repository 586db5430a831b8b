package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"biseo/index"
)

// meaning returns the depth allowed chunks whose vectors are nearest to query.
func (v *view) meaning(ctx context.Context, query []float32, allowed []bool, depth int) ([]scored, error) {
	if len(query) == 0 {
		return nil, nil
	}
	q := make([]int8, v.dim)
	if quantise(q, query) == 0 {
		return nil, nil // the zero vector is near to nothing
	}
	var near []scored
	for i, e := range v.entries {
		for j, scale := range e.scale {
			if slot := v.base[i] + j; scale > 0 && allowed[slot] {
				near = append(near, scored{slot: slot, score: float64(scale) * float64(dot8(q, e.dense[j*v.dim:(j+1)*v.dim]))})
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	near = v.best(near, max(vectorCandidates, 3*depth))
	var dense []float32
	err := v.rescore(ctx, `SELECT key, dense FROM vectors`, near, func(b []byte) (_ float64, err error) {
		dense, err = unpackVector(dense, b, v.dim)
		if err != nil {
			return 0, err
		}
		return dot(query, dense), nil
	})
	return v.best(near, depth), err
}

func dot8(a, b []int8) int32 {
	b = b[:len(a)]
	var s0, s1 int32
	i := 0
	for ; i+1 < len(a); i += 2 {
		s0 += int32(a[i]) * int32(b[i])
		s1 += int32(a[i+1]) * int32(b[i+1])
	}
	if i < len(a) {
		s0 += int32(a[i]) * int32(b[i])
	}
	return s0 + s1
}

func dot(a, b []float32) float64 {
	var s float64
	for i, f := range a {
		s += float64(f) * float64(b[i])
	}
	return s
}

// quantise writes v as numbers from -127 to 127, and returns what to multiply
// them by.
func quantise(q []int8, v []float32) (scale float32) {
	var top float32
	for _, f := range v {
		top = max(top, f, -f)
	}
	if top == 0 {
		return 0
	}
	for i, f := range v {
		q[i] = int8(math.Round(float64(f / top * 127)))
	}
	return top / 127
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

func checkVector(v []float32, dim int) error {
	if len(v) != dim {
		return fmt.Errorf("vector of %d where the index has %d: %w", len(v), dim, index.ErrDimension)
	}
	for _, f := range v {
		if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
			return errors.New("vector with a value that is not finite")
		}
	}
	return nil
}
