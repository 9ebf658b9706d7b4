package tracing

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Middleware makes a span of each request, named by its route. Probes are left out. storeOf tells
// which store's request it was, by the context that its handler left, "" for none.
func Middleware(storeOf func(context.Context) string) gin.HandlerFunc {
	return func(c *gin.Context) {
		route := c.FullPath()
		if route == "" || route == "/healthz" || route == "/readyz" {
			c.Next()
			return
		}
		method := c.Request.Method
		ctx, span := tracer().Start(c.Request.Context(), method+" "+route, trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(attribute.String("http.request.method", method), attribute.String("http.route", route)))
		defer span.End()
		c.Request = c.Request.WithContext(ctx)
		c.Next()
		if !span.IsRecording() {
			return
		}
		status := c.Writer.Status()
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		// Handlers that found out which store it is have put it into the request's context.
		if store := storeOf(c.Request.Context()); store != "" {
			span.SetAttributes(keyStore.String(store))
		}
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "see the log")
		}
	}
}

// Transport makes a span of each request that next sends to BigCommerce.
func Transport(next http.RoundTripper) http.RoundTripper { return transport{next} }

type transport struct{ next http.RoundTripper }

// RoundTrip sends no trace context along: BigCommerce has no use for it.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	_, span := tracer().Start(r.Context(), "BigCommerce "+r.Method, trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	res, err := t.next.RoundTrip(r)
	if !span.IsRecording() {
		return res, err
	}
	span.SetAttributes(attribute.String("http.request.method", r.Method), attribute.String("server.address", r.URL.Hostname()),
		attribute.String("url.path", pathOf(r.URL.Path)))
	switch {
	case err != nil:
		span.SetStatus(codes.Error, fmt.Sprintf("no answer: %T", err)) // the text has the address with its query
	case res.StatusCode >= http.StatusBadRequest:
		span.SetStatus(codes.Error, res.Status)
		fallthrough
	default:
		span.SetAttributes(attribute.Int("http.response.status_code", res.StatusCode))
	}
	return res, err
}

// pathOf is a path without the store, which every one of them has.
func pathOf(path string) string {
	if rest, ok := strings.CutPrefix(path, "/stores/"); ok {
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			return rest[i:]
		}
	}
	return path
}

// CloseIdleConnections lets http.Client reach the transport below.
func (t transport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
