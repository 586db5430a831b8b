package text

import (
	"testing"

	"golang.org/x/text/unicode/norm"
)

// What NFC leaves as it is without asking the tables must be what they leave as it is,
// in any company.
func TestIsComposed(t *testing.T) {
	n := 0
	for r := rune(0); r <= '\U0010ffff'; r++ {
		if !isComposed(r) {
			continue
		}
		n++
		if s := string(r); !norm.NFC.IsNormalString(s) || !norm.NFC.PropertiesString(s).BoundaryBefore() {
			t.Errorf("%U is not the same in NFC everywhere", r)
		}
	}
	if n < 30_000 {
		t.Errorf("only %d characters", n)
	}
	for _, s := range []string{"가\u11a8", "ㄱ\u0301", "e\u0301", "\u1100\u1161", "민원\xff처리", "\u2126", ""} {
		if got, want := NFC(s), norm.NFC.String(s); got != want {
			t.Errorf("NFC(%+q) = %+q, want %+q", s, got, want)
		}
	}
}

func BenchmarkNFC(b *testing.B) {
	s := "행정기관의 장은 민원을 접수ㆍ처리할 때에 「민원 처리에 관한 법률」 제19조제1항에 따라 3일 이내에 처리하여야 한다. "
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			NFC(s)
		}
	})
	b.Run("tables", func(b *testing.B) {
		for b.Loop() {
			norm.NFC.String(s)
		}
	})
}
