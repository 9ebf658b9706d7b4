package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"sluice/internal/testenv"
)

// otlp is a collector: it keeps the spans that it is sent.
type otlp struct {
	mu    sync.Mutex
	spans []*spans.Span
	raw   bytes.Buffer
	bad   error
}

func (o *otlp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = z
	}
	b, err := io.ReadAll(body)
	var request collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(b, &request)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil || r.URL.Path != "/v1/traces" {
		o.bad = err
	}
	o.raw.Write(b)
	for _, resource := range request.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			o.spans = append(o.spans, scope.Spans...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// named returns the spans of a name.
func (o *otlp) named(name string) (found []*spans.Span) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.spans {
		if s.Name == name {
			found = append(found, s)
		}
	}
	return found
}

// TestTraces: one trace leads from a merchant's request through the jobs that it made to each call
// of BigCommerce, and no span has what must not leave the process.
func TestTraces(t *testing.T) {
	o := &otlp{}
	server := httptest.NewServer(o)
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
	h := newHouse(t, houseOptions{})
	s := h.newShop(t)
	s.feed(feedHeader + "TR-1,Traced,1.50,3\n")
	if run := s.run(); run.Created != 1 {
		t.Fatalf("%+v", run)
	}
	const request = "POST /api/v1/flows/:id/runs"
	testenv.Eventually(t, "the spans arrive", func() bool { return len(o.named(request)) == 1 && len(o.named("job run.step")) > 2 })
	trace := o.named(request)[0].TraceId
	inTrace := func(name string) (n int) {
		for _, span := range o.named(name) {
			if bytes.Equal(span.TraceId, trace) {
				n++
			}
		}
		return n
	}
	testenv.Eventually(t, "the product's write is in the trace", func() bool {
		return inTrace("job run.step") > 2 && inTrace("BigCommerce POST") == 1
	})
	for _, name := range []string{"GET /healthz", "GET /readyz"} {
		if len(o.named(name)) > 0 {
			t.Errorf("%s has a span", name)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.bad != nil {
		t.Error(o.bad)
	}
	if !strings.Contains(o.raw.String(), s.store.Hash) {
		t.Error("no span says which store it is about")
	}
	token, err := h.program.db.AccessToken(t.Context(), s.store.Hash)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{token, h.cfg.ClientSecret, s.merchant.token, "TR-1", "signed_payload"} {
		if strings.Contains(o.raw.String(), secret) {
			t.Errorf("a span has %q", secret)
		}
	}
	ids := map[string]bool{}
	for _, span := range o.spans {
		ids[string(span.SpanId)] = true
	}
	orphans := slices.DeleteFunc(slices.Clone(o.spans), func(s *spans.Span) bool { return len(s.ParentSpanId) == 0 || ids[string(s.ParentSpanId)] })
	// A parent that has not ended yet, such as the panel's own, comes later: but none of a finished
	// run.
	for _, span := range orphans {
		if bytes.Equal(span.TraceId, trace) {
			t.Errorf("%s hangs in the air", span.Name)
		}
	}
}
