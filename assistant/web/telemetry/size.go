package telemetry

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A Size is how much the service holds.
type Size struct {
	Documents, Chunks int
	Files             map[string]int // of the source folders, by how they stand
}

const (
	sizeAge  = time.Minute     // a size is read anew after so long
	sizeWait = 5 * time.Second // longest time that reading it takes
)

// Measure has t tell a size, which it reads when it is asked for it, at most once a
// minute. Where read fails there are no figures of size, and biseo_index_up is 0.
// Call it once at most.
func (t *Telemetry) Measure(read func(context.Context) (Size, error)) {
	if t != nil {
		t.figures.MustRegister(&sizes{read: read})
	}
}

var (
	indexUp        = prometheus.NewDesc("biseo_index_up", "1 if the size of the index could be read.", nil, nil)
	indexDocuments = prometheus.NewDesc("biseo_index_documents", "Documents in the index.", nil, nil)
	indexChunks    = prometheus.NewDesc("biseo_index_chunks", "Chunks in the index.", nil, nil)
	ingestFiles    = prometheus.NewDesc("biseo_ingest_files", "Files of the source folders by how they stand.", []string{"state"}, nil)
)

// sizes is a [prometheus.Collector] of what was last read.
type sizes struct {
	read func(context.Context) (Size, error)

	mu   sync.Mutex
	at   time.Time
	last Size
	err  error
}

func (s *sizes) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{indexUp, indexDocuments, indexChunks, ingestFiles} {
		to <- d
	}
}

func (s *sizes) Collect(to chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at.IsZero() || time.Since(s.at) >= sizeAge {
		ctx, cancel := context.WithTimeout(context.Background(), sizeWait)
		defer cancel()
		s.last, s.err = s.read(ctx)
		s.at = time.Now()
	}
	tell := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	tell(indexUp, number(s.err == nil))
	if s.err != nil {
		return
	}
	tell(indexDocuments, float64(s.last.Documents))
	tell(indexChunks, float64(s.last.Chunks))
	for state, n := range s.last.Files {
		tell(ingestFiles, float64(n), state)
	}
}
