package telemetry

import (
	"bufio"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A family is one named figure with a value for each combination of its labels. It
// is written in the text format of Prometheus, version 0.0.4. Safe for concurrent use.
type family struct {
	name    string
	kind    string // counter, gauge or histogram
	help    string
	labels  []string
	buckets []float64 // upper bounds, of a histogram

	mu     sync.Mutex
	series map[string]*series // by the text of the labels
}

type series struct {
	value  float64  // of a histogram the sum
	counts []uint64 // of a histogram, by bucket; the last is that without bound
}

// at returns the series with these values of the labels. The caller holds mu.
func (f *family) at(values []string) *series {
	key := labelText(f.labels, values)
	s := f.series[key]
	if s == nil {
		s = &series{}
		if f.kind == "histogram" {
			s.counts = make([]uint64, len(f.buckets)+1)
		}
		if f.series == nil {
			f.series = map[string]*series{}
		}
		f.series[key] = s
	}
	return s
}

func (f *family) add(v float64, values ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at(values).value += v
}

func (f *family) set(v float64, values ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at(values).value = v
}

func (f *family) observe(v float64, values ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.at(values)
	i, _ := slices.BinarySearch(f.buckets, v)
	s.counts[i]++
	s.value += v
}

func (f *family) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.series = nil
}

var (
	escapeHelp  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	escapeLabel = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

// labelText is `route="/v1/search",method="POST"`.
func labelText(names, values []string) string {
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(name + `="` + escapeLabel.Replace(strings.ToValidUTF8(values[i], "\uFFFD")) + `"`)
	}
	return b.String()
}

func (f *family) write(w *bufio.Writer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.series) == 0 {
		return
	}
	w.WriteString("# HELP " + f.name + " " + escapeHelp.Replace(f.help) + "\n# TYPE " + f.name + " " + f.kind + "\n")
	line := func(suffix, labels, more string, v float64) {
		if labels != "" && more != "" {
			labels += ","
		}
		if labels += more; labels != "" {
			labels = "{" + labels + "}"
		}
		w.WriteString(f.name + suffix + labels + " " + strconv.FormatFloat(v, 'g', -1, 64) + "\n")
	}
	for _, labels := range slices.Sorted(maps.Keys(f.series)) {
		s := f.series[labels]
		if f.kind != "histogram" {
			line("", labels, "", s.value)
			continue
		}
		count := uint64(0)
		for i, n := range s.counts {
			count += n
			bound := "+Inf"
			if i < len(f.buckets) {
				bound = strconv.FormatFloat(f.buckets[i], 'g', -1, 64)
			}
			line("_bucket", labels, `le="`+bound+`"`, float64(count))
		}
		line("_sum", labels, "", s.value)
		line("_count", labels, "", float64(count))
	}
}

// A registry holds families. Those that update sets are set before they are written.
type registry struct {
	families []*family

	mu     sync.Mutex
	update []func()
}

func (r *registry) family(kind, name, help string, buckets []float64, labels ...string) *family {
	f := &family{kind: kind, name: name, help: help, buckets: buckets, labels: labels}
	r.families = append(r.families, f)
	return f
}

func (r *registry) counter(name, help string, labels ...string) *family {
	return r.family("counter", name, help, nil, labels...)
}

func (r *registry) gauge(name, help string, labels ...string) *family {
	return r.family("gauge", name, help, nil, labels...)
}

func (r *registry) histogram(name, help string, buckets []float64, labels ...string) *family {
	return r.family("histogram", name, help, buckets, labels...)
}

func (r *registry) write(to io.Writer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, update := range r.update {
		update()
	}
	w := bufio.NewWriter(to)
	for _, f := range r.families {
		f.write(w)
	}
	return w.Flush()
}
