package extract

import (
	"sync"
	"testing"

	"biseo/ingest/extract/pool"
)

// BenchmarkPoolHWPX reads the Seoul set in child processes and reports documents a second.
func BenchmarkPoolHWPX(b *testing.B) {
	paths := files(b, shared(b, "seoul-youth-allowance-hwpx"), ".hwpx")
	p := testPool(b, pool.Options{})
	b.ResetTimer()
	for range b.N {
		var wg sync.WaitGroup
		next := make(chan string)
		for range 4 {
			wg.Go(func() {
				for path := range next {
					if _, err := p.Read(b.Context(), path); err != nil {
						b.Error(err)
					}
				}
			})
		}
		for _, path := range paths {
			next <- path
		}
		close(next)
		wg.Wait()
	}
	b.ReportMetric(float64(b.N*len(paths))/b.Elapsed().Seconds(), "docs/s")
}

// BenchmarkReadHWPX is the same without the child processes.
func BenchmarkReadHWPX(b *testing.B) {
	paths := files(b, shared(b, "seoul-youth-allowance-hwpx"), ".hwpx")
	for range b.N {
		for _, path := range paths {
			mustRead(b, path)
		}
	}
	b.ReportMetric(float64(b.N*len(paths))/b.Elapsed().Seconds(), "docs/s")
}
