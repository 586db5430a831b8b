package telemetry

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Trace has t send traces to the collector at address, such as
// http://127.0.0.1:4318, by OTLP over HTTP. Call it before t is used, and
// [Telemetry.Close] at the end. It makes no request: a collector that does not
// answer is logged and never waited for.
func (t *Telemetry) Trace(ctx context.Context, lg *slog.Logger, address, version string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("address of the trace collector %q: want http://host:4318", address)
	}
	u.Path = cmp.Or(u.Path, "/v1/traces")
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.String()),
		otlptracehttp.WithProxy(func(*http.Request) (*url.URL, error) { return nil, nil })) // proxies named in the environment would carry them elsewhere
	if err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	about := resource.NewSchemaless(attribute.String("service.name", "biseo"), attribute.String("service.version", version))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(logged{exporter, lg}), sdk.WithResource(about))
	t.tracer, t.stop = provider.Tracer("biseo"), provider.Shutdown
	return nil
}

// Close sends the traces that are left.
func (t *Telemetry) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.stop(ctx)
}

// logged is an exporter whose errors go to the log: the kit's own handler of errors
// is a global.
type logged struct {
	sdk.SpanExporter
	lg *slog.Logger
}

func (l logged) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if err := l.SpanExporter.ExportSpans(ctx, spans); err != nil {
		l.lg.Warn("traces are not sent", "spans", len(spans), "err", err)
	}
	return nil
}

// Handler begins a span for each request to next. A traceparent that the caller
// sends makes it part of the caller's trace (W3C Trace Context).
func (t *Telemetry) Handler(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		next.ServeHTTP(w, r.WithContext(ctx))
		span.SetAttributes(attribute.String("biseo.request.id", w.Header().Get("X-Request-Id"))) // as in the log and the audit record
	})
}

// describeRequest tells the span of a request what it was, once its route is known.
func describeRequest(ctx context.Context, method, route string, status int) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	span.SetName(method + " " + route)
	span.SetAttributes(attribute.String("http.request.method", method), attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, http.StatusText(status))
	}
}
