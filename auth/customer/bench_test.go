package customer

import (
	"bytes"
	"io"
	"net/http"
	"testing"
)

// discard is a response that nobody reads, so that what is counted is the endpoint's own.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

// BenchmarkCurrentCustomer is a verification from the router on: time and allocations, without
// net/http.
func BenchmarkCurrentCustomer(b *testing.B) {
	f := newFixture(b)
	f.service.cfg.Limits = fresh(f)
	raw := []byte(token(b, storeA, 5))
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "/storefront/"+storeA+"/current-customer", nil)
	f.must(err)
	req.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	req.Header.Set("Origin", originA)
	req.RemoteAddr = "203.0.113.7:1234"
	body := bytes.NewReader(raw)
	w := &discard{header: http.Header{}}
	ticks := f.now
	f.service.cfg.Limits = fresh(&fixture{t: b, now: ticks})
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%perAddress.Burst == 0 {
			b.StopTimer()
			f.service.cfg.Limits = fresh(f)
			b.StartTimer()
		}
		body.Reset(raw)
		req.Body = io.NopCloser(body)
		clear(w.header)
		w.status = 0
		f.router.ServeHTTP(w, req)
		if w.status != http.StatusOK {
			b.Fatal(w.status)
		}
	}
}

// BenchmarkVerify is the token's part of it.
func BenchmarkVerify(b *testing.B) {
	v, raw := testVerifier(), token(b, storeA, 5)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.verify(raw, storeA); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkIssue is the session's.
func BenchmarkIssue(b *testing.B) {
	f := newFixture(b)
	who := Shopper{ID: 5, Email: "john.doe@example.com", GroupID: "6"}
	b.ReportAllocs()
	for b.Loop() {
		_, _, err := f.service.sessions.issue(storeA, who)
		f.must(err)
	}
}
