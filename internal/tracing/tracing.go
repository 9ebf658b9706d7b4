package tracing

import (
	"context"
	"errors"
	"fmt"
	"os"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Keys of attributes that OpenTelemetry's conventions have no name for.
const (
	keyStore   = attribute.Key("sluice.store")
	keyJob     = attribute.Key("sluice.job.id")
	keyKind    = attribute.Key("sluice.job.kind")
	keyAttempt = attribute.Key("sluice.job.attempt")
)

// endpoints are the variables that turn tracing on; the exporter reads them, and
// OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER and the like, by itself.
var endpoints = []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"}

// Wanted reports whether the environment names a collector.
func Wanted() bool {
	if os.Getenv("OTEL_SDK_DISABLED") == "true" {
		return false
	}
	for _, name := range endpoints {
		if os.Getenv(name) != "" {
			return true
		}
	}
	return false
}

// Start sends this process' spans to the collector that the environment names, by OTLP over HTTP.
// Without one it does nothing. stop sends what is left.
func Start(ctx context.Context, version string) (stop func(context.Context) error, err error) {
	if !Wanted() {
		return func(context.Context) error { return nil }, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("tracing: %w: check OTEL_EXPORTER_OTLP_ENDPOINT", err)
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "sluice"), attribute.String("service.version", version)),
		resource.WithFromEnv(), // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win
		resource.WithHost(), resource.WithProcessPID())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, errors.Join(fmt.Errorf("tracing: %w", err), exporter.Shutdown(ctx))
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	otel.SetTracerProvider(provider)
	return provider.Shutdown, nil
}

func tracer() trace.Tracer { return otel.Tracer("sluice") }

var traceContext propagation.TraceContext

// carrier is the one header of W3C Trace Context that a job's row keeps.
type carrier struct{ parent string }

const traceparent = "traceparent"

func (c *carrier) Get(key string) string {
	if key == traceparent {
		return c.parent
	}
	return ""
}

func (c *carrier) Set(key, value string) {
	if key == traceparent {
		c.parent = value
	}
}

func (c *carrier) Keys() []string { return []string{traceparent} }

// Save returns what a job's row keeps of ctx's span: a traceparent of 55 characters, "" without a
// span.
func Save(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	var c carrier
	traceContext.Inject(ctx, &c)
	return c.parent
}

// Job is what a span tells of a job.
type Job struct {
	Store, Kind, ID string
	Attempt         int
}

// StartJob begins the span of an attempt of a job, as a part of the trace that was saved in its
// row.
func StartJob(ctx context.Context, saved string, j Job) (context.Context, trace.Span) {
	if saved != "" {
		ctx = traceContext.Extract(ctx, &carrier{saved})
	}
	return tracer().Start(ctx, "job "+j.Kind, trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(keyStore.String(j.Store), keyJob.String(j.ID), keyKind.String(j.Kind), keyAttempt.Int(j.Attempt)))
}

// End ends a span that ended with err, whose text stays in the log: it may have a record's data in
// it.
func End(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, "see the log")
	}
	span.End()
}
