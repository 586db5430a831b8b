// Package telemetry measures the service: figures for Prometheus, and traces for an
// OpenTelemetry collector if one is set. Neither holds anything that a person or a
// document says: labels and attributes are routes, stages, outcomes and counts.
//
// Start with [New]. A [Telemetry] is put around the parts that it measures: the
// index, the models, the handler. A nil one measures nothing and returns the parts
// as they are.
package telemetry

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"biseo/assistant/audit"
	"biseo/assistant/ground"
	"biseo/assistant/web"
)

// A Telemetry is what the parts of one service tell. Safe for concurrent use.
type Telemetry struct {
	figures *prometheus.Registry
	tracer  trace.Tracer
	stop    func(context.Context) error // of the traces

	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	stages   *prometheus.HistogramVec
	tasks    *prometheus.CounterVec
	taskTime *prometheus.HistogramVec
	calls    *prometheus.CounterVec
	waits    *prometheus.HistogramVec
	tokens   *prometheus.CounterVec
	rests    *prometheus.GaugeVec
	checked  *prometheus.CounterVec
	outside  prometheus.Counter
	audits   *prometheus.CounterVec
	streams  prometheus.Gauge
	jobs     *prometheus.CounterVec
	resting  map[string]*atomic.Bool // by model
}

// Bounds of the buckets, in seconds: of what a person waits for, and of a whole draft.
var (
	quick = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	slow  = []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 30, 60, 120}
)

// New returns a Telemetry without traces: see [Telemetry.Trace]. Its figures are in a
// registry of their own, with those of the Go runtime and of the process.
func New(version string) *Telemetry {
	t := &Telemetry{figures: prometheus.NewRegistry(), tracer: noop.NewTracerProvider().Tracer(""), stop: func(context.Context) error { return nil }, resting: map[string]*atomic.Bool{}}
	t.figures.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	f := promauto.With(t.figures)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return f.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return f.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return f.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	}
	gauge("biseo_build_info", "1, labelled with the version of the program.", "version").WithLabelValues(version).Set(1)
	t.requests = counter("biseo_http_requests_total", "Requests by route, method and status.", "route", "method", "status")
	t.latency = histogram("biseo_http_request_seconds", "Time of requests; that of a stream is its length.", slow, "route", "method")
	t.stages = histogram("biseo_stage_seconds", "Time of the stages of a request: search, passage, embed, rerank, generate and in it first_words, check, audit.", quick, "stage")
	t.tasks = counter("biseo_tasks_total", "Tasks by outcome: that of the answer, or failed; by whatever protocol they were asked for.", "task", "outcome")
	t.taskTime = histogram("biseo_task_seconds", "Time of tasks.", slow, "task")
	t.calls = counter("biseo_model_calls_total", "Calls of the models by outcome: ok, refused, empty, canceled, failed.", "model", "outcome")
	t.waits = histogram("biseo_model_wait_seconds", "How long calls of a model waited for their turn.", quick, "model")
	t.rests = gauge("biseo_model_resting", "1 while a model that failed several times in a row is left alone.", "model")
	t.tokens = counter("biseo_model_tokens_total", "Tokens that the language model read and wrote, as far as its server says.", "direction")
	t.checked = counter("biseo_sentences_checked_total", "Sentences of the language model by what their check found.", "status")
	t.outside = f.NewCounter(prometheus.CounterOpts{Name: "biseo_hits_outside_total", Help: "Passages that the index returned and the second check of rights dropped: a fault of the index."})
	t.audits = counter("biseo_audit_records_total", "Audit records by outcome: ok, or failed, after which the request was refused.", "outcome")
	t.streams = f.NewGauge(prometheus.GaugeOpts{Name: "biseo_streams_open", Help: "Streams of answers under way."})
	t.jobs = counter("biseo_jobs_ended_total", "Jobs by how they ended.", "kind", "state")

	// There from the start, so that the first fault is an increase.
	for _, m := range []string{Language, Embedding, Reranking} {
		t.resting[m] = new(atomic.Bool)
		t.rests.WithLabelValues(m).Set(0)
		t.calls.WithLabelValues(m, "ok")
		t.calls.WithLabelValues(m, "failed")
	}
	for _, outcome := range []string{"ok", "failed"} {
		t.audits.WithLabelValues(outcome)
	}
	for _, s := range []ground.Status{ground.Verified, ground.Unverified} {
		t.checked.WithLabelValues(string(s))
	}
	return t
}

// Page serves the figures in the formats of Prometheus.
func (t *Telemetry) Page() http.Handler {
	return promhttp.HandlerFor(t.figures, promhttp.HandlerOpts{})
}

// Web is what [web.Options] tell t.
func (t *Telemetry) Web() web.Metrics {
	if t == nil {
		return web.Metrics{}
	}
	return web.Metrics{
		Request: func(ctx context.Context, method, route string, status int, took time.Duration) {
			method, route = knownMethod(method), knownRoute(route)
			t.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
			t.latency.WithLabelValues(route, method).Observe(took.Seconds())
			describeRequest(ctx, method, route, status)
		},
		Task: func(task, outcome string, took time.Duration) {
			t.tasks.WithLabelValues(task, outcome).Inc()
			t.taskTime.WithLabelValues(task).Observe(took.Seconds())
		},
		Streams: func(running int) { t.streams.Set(float64(running)) },
		Job:     func(kind, state string) { t.jobs.WithLabelValues(kind, state).Inc() },
	}
}

// knownMethod bounds the values of a label that callers write.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

func knownRoute(r string) string {
	if r == "" {
		return "other"
	}
	return r
}

// Checked is told of each sentence of a model that was checked.
func (t *Telemetry) Checked(status ground.Status, took time.Duration) {
	if t == nil {
		return
	}
	t.checked.WithLabelValues(string(status)).Inc()
	t.stages.WithLabelValues("check").Observe(took.Seconds())
}

// Outside is told how many passages the second check of rights dropped.
func (t *Telemetry) Outside(n int) {
	if t != nil {
		t.outside.Add(float64(n))
	}
}

// Audit measures what writes audit records.
func (t *Telemetry) Audit(write func(context.Context, audit.Record) error) func(context.Context, audit.Record) error {
	if t == nil {
		return write
	}
	return func(ctx context.Context, r audit.Record) error {
		end := t.stage(ctx, "audit")
		err := write(ctx, r)
		end(err)
		outcome := "ok"
		if err != nil {
			outcome = "failed"
		}
		t.audits.WithLabelValues(outcome).Inc()
		return err
	}
}

// Resting reports whether a model, such as [Language], is left alone for a while.
func (t *Telemetry) Resting(model string) bool { return t != nil && t.resting[model].Load() }

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
