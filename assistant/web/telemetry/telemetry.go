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

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"biseo/assistant/audit"
	"biseo/assistant/ground"
	"biseo/assistant/web"
)

// A Telemetry is what the parts of one service tell. Safe for concurrent use.
type Telemetry struct {
	figures registry
	tracer  trace.Tracer
	stop    func(context.Context) error // of the traces

	requests, latency    *family
	stages               *family
	tasks, taskTime      *family
	calls, waits, tokens *family
	checked, outside     *family
	audits               *family
	streams, jobs        *family
	rests                *family
	resting              map[string]*atomic.Bool // by model
}

// Bounds of the buckets, in seconds: of what a person waits for, and of a whole draft.
var (
	quick = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	slow  = []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 30, 60, 120}
)

// New returns a Telemetry without traces: see [Telemetry.Trace].
func New(version string) *Telemetry {
	t := &Telemetry{tracer: noop.NewTracerProvider().Tracer(""), stop: func(context.Context) error { return nil }, resting: map[string]*atomic.Bool{}}
	r := &t.figures
	r.gauge("biseo_build_info", "1, labelled with the version of the program.", "version").set(1, version)
	t.requests = r.counter("biseo_http_requests_total", "Requests by route, method and status.", "route", "method", "status")
	t.latency = r.histogram("biseo_http_request_seconds", "Time of requests; that of a stream is its length.", slow, "route", "method")
	t.stages = r.histogram("biseo_stage_seconds", "Time of the stages of a request: search, passage, embed, rerank, generate and in it first_words, check, audit.", quick, "stage")
	t.tasks = r.counter("biseo_tasks_total", "Tasks by outcome: that of the answer, or failed.", "task", "outcome")
	t.taskTime = r.histogram("biseo_task_seconds", "Time of tasks.", slow, "task")
	t.calls = r.counter("biseo_model_calls_total", "Calls of the models by outcome: ok, refused, empty, canceled, failed.", "model", "outcome")
	t.waits = r.histogram("biseo_model_wait_seconds", "How long calls of a model waited for their turn.", quick, "model")
	t.rests = r.gauge("biseo_model_resting", "1 while a model that failed several times in a row is left alone.", "model")
	t.tokens = r.counter("biseo_model_tokens_total", "Tokens that the language model read and wrote, as far as its server says.", "direction")
	t.checked = r.counter("biseo_sentences_checked_total", "Sentences of the language model by what their check found.", "status")
	t.outside = r.counter("biseo_hits_outside_total", "Passages that the index returned and the second check of rights dropped: a fault of the index.")
	t.audits = r.counter("biseo_audit_records_total", "Audit records by outcome: ok, or failed, after which the request was refused.", "outcome")
	t.streams = r.gauge("biseo_streams_open", "Streams of answers under way.")
	t.jobs = r.counter("biseo_jobs_ended_total", "Jobs by how they ended.", "kind", "state")
	measureProcess(r, time.Now())

	// There from the start, so that the first fault is an increase.
	for _, m := range []string{Language, Embedding, Reranking} {
		t.resting[m] = new(atomic.Bool)
		t.rests.set(0, m)
		t.calls.add(0, m, "ok")
		t.calls.add(0, m, "failed")
	}
	for _, outcome := range []string{"ok", "failed"} {
		t.audits.add(0, outcome)
	}
	for _, s := range []ground.Status{ground.Verified, ground.Unverified} {
		t.checked.add(0, string(s))
	}
	t.outside.add(0)
	t.streams.set(0)
	return t
}

// Page serves the figures in the text format of Prometheus.
func (t *Telemetry) Page() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_ = t.figures.write(w) // a reader that is gone needs none
	})
}

// Web is what [web.Options] tell t.
func (t *Telemetry) Web() web.Metrics {
	if t == nil {
		return web.Metrics{}
	}
	return web.Metrics{
		Request: func(ctx context.Context, method, route string, status int, took time.Duration) {
			method, route = knownMethod(method), knownRoute(route)
			t.requests.add(1, route, method, strconv.Itoa(status))
			t.latency.observe(took.Seconds(), route, method)
			describeRequest(ctx, method, route, status)
		},
		Task: func(task, outcome string, took time.Duration) {
			t.tasks.add(1, task, outcome)
			t.taskTime.observe(took.Seconds(), task)
		},
		Streams: func(running int) { t.streams.set(float64(running)) },
		Job:     func(kind, state string) { t.jobs.add(1, kind, state) },
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
	t.checked.add(1, string(status))
	t.stages.observe(took.Seconds(), "check")
}

// Outside is told how many passages the second check of rights dropped.
func (t *Telemetry) Outside(n int) {
	if t != nil {
		t.outside.add(float64(n))
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
		t.audits.add(1, outcome)
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
