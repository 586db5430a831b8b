package telemetry

import (
	"bytes"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// measureProcess has r tell what the Go runtime and, on Linux, the kernel know of
// this process, under the names that Prometheus' own client uses.
func measureProcess(r *registry, began time.Time) {
	r.gauge("go_info", "1, labelled with the version of Go.", "version").set(1, runtime.Version())
	r.gauge("process_start_time_seconds", "Start of the process, in Unix seconds.").set(float64(began.UnixMilli()) / 1000)
	goroutines := r.gauge("go_goroutines", "Goroutines.")
	heap := r.gauge("go_memstats_heap_alloc_bytes", "Bytes of objects on the heap, live or not yet swept.")
	total := r.gauge("go_memstats_sys_bytes", "Bytes that the Go runtime has from the system.")
	cycles := r.counter("go_gc_cycles_total", "Collections of garbage.")
	resident := r.gauge("process_resident_memory_bytes", "Resident memory.")
	cpu := r.counter("process_cpu_seconds_total", "Processor time, user and system.")
	open := r.gauge("process_open_fds", "Open file descriptors.")
	most := r.gauge("process_max_fds", "Most file descriptors that may be open.")
	samples := []metrics.Sample{{Name: "/sched/goroutines:goroutines"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/total:bytes"}, {Name: "/gc/cycles/total:gc-cycles"}}
	r.update = append(r.update, func() {
		metrics.Read(samples)
		for i, f := range []*family{goroutines, heap, total, cycles} {
			f.set(float64(samples[i].Value.Uint64()))
		}
		if pages, ticks, ok := kernelStat(); ok {
			resident.set(float64(pages * os.Getpagesize()))
			cpu.set(float64(ticks) / 100) // USER_HZ is 100 on every architecture that Go knows
		}
		if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
			open.set(float64(len(fds)))
		}
		if n, ok := maxFiles(); ok {
			most.set(n)
		}
	})
}

// kernelStat reads resident pages and processor time in ticks (proc(5), stat).
func kernelStat() (pages, ticks int, ok bool) {
	b, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0, 0, false
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:])) // from the third
	if len(fields) < 22 {
		return 0, 0, false
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	pages, err = strconv.Atoi(fields[21])
	return pages, user + system, err == nil
}

// maxFiles reads the soft limit of open files.
func maxFiles() (float64, bool) {
	b, _ := os.ReadFile("/proc/self/limits")
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "Max open files"); ok && len(strings.Fields(rest)) > 0 {
			n, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return n, err == nil
		}
	}
	return 0, false
}
