package index

import (
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"
)

// Check says what makes a document and its chunks unfit for storing in an index
// whose vectors are dim long, 0 for none: every backend refuses the same. A vector
// of another length is [ErrDimension].
func Check(d Doc, chunks []Chunk, dim int) error {
	if d.ID == "" {
		return errors.New("index: a document needs an ID")
	}
	if !utf8.ValidString(d.ID) { // the JSON of the document would hold another
		return fmt.Errorf("index: document ID %q is not UTF-8", d.ID)
	}
	if d.Grade > Classified {
		return fmt.Errorf("index %s: no such grade: %v", d.ID, d.Grade)
	}
	if err := checkDays(d.From, d.Until, d.Ends); err != nil {
		return fmt.Errorf("index %s: %w", d.ID, err)
	}
	for i, c := range chunks {
		if c.ID == "" || c.DocID != d.ID {
			return fmt.Errorf("index %s: chunk %d has ID %q and document %q", d.ID, i, c.ID, c.DocID)
		}
		if err := checkDays(c.From, c.Until); err != nil {
			return fmt.Errorf("index %s: chunk %s: %w", d.ID, c.ID, err)
		}
		if len(c.Sentences) == 1 || len(c.Dense) == 0 && len(c.Sentences) > 0 {
			return fmt.Errorf("index %s: chunk %s: vectors of %d sentences and of %d numbers for the whole", d.ID, c.ID, len(c.Sentences), len(c.Dense))
		}
		if len(c.Dense) > 0 {
			for _, v := range append([][]float32{c.Dense}, c.Sentences...) {
				if err := CheckVector(v, dim); err != nil {
					return fmt.Errorf("index %s: chunk %s: %w", d.ID, c.ID, err)
				}
			}
		}
	}
	return nil
}

func checkDays(ts ...time.Time) error {
	for _, t := range ts {
		if !t.IsZero() && t.Unix()%(24*60*60) != 0 {
			return fmt.Errorf("%v is not a day: want midnight UTC, see index.Day", t)
		}
	}
	return nil
}

// CheckVector says what makes v unfit for an index whose vectors are dim long: its
// length, [ErrDimension], or a value that is not finite.
func CheckVector(v []float32, dim int) error {
	if len(v) != dim {
		return fmt.Errorf("vector of %d where the index has %d: %w", len(v), dim, ErrDimension)
	}
	for _, f := range v {
		if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
			return errors.New("vector with a value that is not finite")
		}
	}
	return nil
}
