package official

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"biseo/korea/calendar"
	"biseo/korea/text"
)

func TestPlainDate(t *testing.T) {
	for at, want := range map[time.Time]string{
		time.Date(2026, 6, 9, 10, 0, 0, 0, calendar.Seoul): "2026. 6. 9.",
		time.Date(2026, 6, 18, 20, 0, 0, 0, time.UTC):      "2026. 6. 19.",
	} {
		got := PlainDate(at)
		if got != want {
			t.Errorf("PlainDate(%v) = %q, want %q", at, got, want)
		}
		if f := Lint(got, Options{}); len(f) > 0 {
			t.Errorf("%q: %+v", got, f)
		}
	}
}

func TestMoney(t *testing.T) {
	for n, want := range map[int64]string{
		113560: "금113,560원(금일십일만삼천오백육십원)", 120000000: "금120,000,000원(금일억이천만원)", 234580: "금234,580원(금이십삼만사천오백팔십원)",
		10000: "금10,000원(금일만원)", 1000: "금1,000원(금일천원)", 0: "금0원(금영원)", -1500: "금-1,500원(금마이너스 일천오백원)", 100: "금100원(금일백원)",
		1000000000000: "금1,000,000,000,000원(금일조원)",
	} {
		if got := Money(n); got != want {
			t.Errorf("Money(%d) = %q, want %q", n, got, want)
		}
	}
	// What is spelt is read back as the same amount, and passes the lint.
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		n := rnd.Int64N(int64(1) << uint(1+rnd.IntN(46)))
		if n < 10 { // a single digit without 십 is no value
			continue
		}
		values := text.Values(Words(n) + "원")
		if len(values) != 1 || values[0].Amount != strconv.FormatInt(n, 10) {
			t.Errorf("Words(%d) = %q is read as %v", n, Words(n), values)
		}
		if f := Lint(Money(n), Options{}); len(f) > 0 {
			t.Errorf("%q: %+v", Money(n), f)
		}
	}
	Words(-1 << 63) // does not overflow
}

func TestMarks(t *testing.T) {
	for _, tt := range []struct {
		level, n int
		want     string
	}{
		{1, 1, "1."}, {2, 1, "가."}, {3, 1, "1)"}, {4, 1, "가)"}, {5, 1, "(1)"}, {6, 1, "(가)"}, {7, 1, "①"}, {8, 1, "㉮"},
		{2, 14, "하."}, {2, 15, "거."}, {2, 28, "허."}, {2, 29, "[29]"}, {7, 20, "⑳"}, {7, 21, "[21]"}, {8, 14, "㉻"}, {8, 15, "[15]"}, {9, 1, "[1]"}, {1, 0, "[0]"}, {0, 1, "[1]"},
	} {
		if got := Mark(tt.level, tt.n); got != tt.want {
			t.Errorf("Mark(%d, %d) = %q, want %q", tt.level, tt.n, got, tt.want)
		}
	}
	var got []string
	for level := 1; level <= 5; level++ {
		got = append(got, ReportMark(level, 2))
	}
	if diff := cmp.Diff([]string{"Ⅱ.", "□", "ㅇ", "-", "*"}, got); diff != "" {
		t.Errorf("ReportMark (-want +got):\n%s", diff)
	}
}
