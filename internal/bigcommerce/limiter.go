package bigcommerce

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limiter is asked before each request and told each answer. There is one per store.
type Limiter interface {
	// Wait returns when the call may be sent, or an error: ctx's own, or one that matches ErrNoQuota
	// (a *NoQuotaError) when the wait would be longer than the limiter is willing to block.
	//
	// The client calls done exactly once for each successful Wait, as soon as the answer's headers
	// are known or the attempt has failed, and possibly from another goroutine than Wait's.
	Wait(ctx context.Context, call Call) (done func(Answer), err error)
}

// Call is what a limiter knows of a request before it is sent.
type Call struct {
	Class       string // endpoint class with its own concurrency limit; "" for none
	Cost        int    // of the quota, in requests
	Interactive bool   // a person waits for it, see WithInteractive
}

// Answer is what a limiter learns from one HTTP attempt. Lost is set when no answer came back, so
// that it is unknown whether the request was counted; Latency is set in either case.
type Answer struct {
	Status int
	Lost   bool

	HasQuota      bool          // the four fields below were on the answer
	Quota         int           // X-Rate-Limit-Requests-Quota: requests per window
	Left          int           // X-Rate-Limit-Requests-Left: in this window, for every client of the store together
	Window        time.Duration // X-Rate-Limit-Time-Window-Ms; 0 if that one header was missing
	Reset         time.Duration // X-Rate-Limit-Time-Reset-Ms: until the window ends
	RetryAfter    time.Duration // X-Retry-After, whole seconds
	Latency       time.Duration // until the answer's headers, or the failure
	HasRetryAfter bool          // RetryAfter was on the answer
}

// ErrNoQuota is what a Limiter's error matches when the store's quota is used up for longer than
// the limiter is willing to block.
var ErrNoQuota = errors.New("bigcommerce: no quota left")

// NoQuotaError says when it is worth asking again.
type NoQuotaError struct {
	Until time.Time
}

func (e *NoQuotaError) Error() string {
	return ErrNoQuota.Error() + " until " + e.Until.UTC().Format(time.RFC3339)
}

// Is makes errors.Is(err, ErrNoQuota) true.
func (e *NoQuotaError) Is(target error) bool { return target == ErrNoQuota }

// noLimit admits everything.
type noLimit struct{}

func (noLimit) Wait(ctx context.Context, _ Call) (func(Answer), error) {
	return func(Answer) {}, ctx.Err()
}

type interactiveKey struct{}

// WithInteractive marks calls that a person waits for: a limiter lets them go before bulk work.
func WithInteractive(ctx context.Context) context.Context {
	return context.WithValue(ctx, interactiveKey{}, true)
}

func isInteractive(ctx context.Context) bool {
	on, _ := ctx.Value(interactiveKey{}).(bool)
	return on
}

// maxHeaderDuration bounds what a header may make us wait: a window is 30 s, and a garbled header
// must not park a store for years.
const maxHeaderDuration = time.Hour

// answerOf reads the rate headers of an answer. net/http has brought their names into one letter
// case. A header that is missing or not a number counts as missing: wrong quotas are worse than
// none.
func answerOf(status int, h http.Header) Answer {
	a := Answer{Status: status}
	quota, okQuota := headerInt(h, "X-Rate-Limit-Requests-Quota")
	left, okLeft := headerInt(h, "X-Rate-Limit-Requests-Left")
	reset, okReset := headerInt(h, "X-Rate-Limit-Time-Reset-Ms")
	if okQuota && okLeft && okReset {
		window, _ := headerInt(h, "X-Rate-Limit-Time-Window-Ms")
		a.HasQuota = true
		a.Quota, a.Left = quota, left
		a.Window, a.Reset = boundedDuration(window, time.Millisecond), boundedDuration(reset, time.Millisecond)
	}
	if after, ok := headerInt(h, "X-Retry-After"); ok {
		a.HasRetryAfter = true
		a.RetryAfter = boundedDuration(after, time.Second)
	}
	return a
}

// headerInt returns a header's value as a whole number that is not negative.
func headerInt(h http.Header, name string) (int, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(h.Get(name)), 10, 32)
	if err != nil || n < 0 {
		return 0, false
	}
	return int(n), true
}

func boundedDuration(n int, unit time.Duration) time.Duration {
	return min(time.Duration(n)*unit, maxHeaderDuration)
}
