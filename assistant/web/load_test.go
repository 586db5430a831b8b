package web

import (
	"os"
	"runtime"
	"testing"
	"time"
)

// full reports whether the long versions of the load tests were asked for.
func full() bool { return os.Getenv("BISEO_TEST_LOAD") == "full" }

// goroutinesAs fails the test unless there are soon no more goroutines than before.
func goroutinesAs(t *testing.T, before int) {
	t.Helper()
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b := make([]byte, 1<<20)
	t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, b[:runtime.Stack(b, true)])
}
