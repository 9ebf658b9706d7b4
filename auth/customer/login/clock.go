package login

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

const (
	// measureEvery is how long a measured difference is believed. Clocks of servers drift by
	// milliseconds in that time.
	measureEvery = 10 * time.Minute
	// retryEvery spaces measurements that fail, so that a platform that is away is not asked per
	// sign-in.
	retryEvery = 30 * time.Second
	// maxRoundTrip is the longest answer that is believed: half of it is the measurement's error, and
	// an iat has 30 s to live.
	maxRoundTrip = 5 * time.Second
)

// Clock tells BigCommerce's time: ours, corrected by the difference to GET /v2/time. The difference
// is the platform's, not a store's, so one Clock serves all. It is safe for concurrent use.
type Clock struct {
	now func() time.Time
	log *slog.Logger

	mu       sync.Mutex
	skew     time.Duration // to be added to our time
	measured bool
	next     time.Time // when to measure again, by our clock
}

// NewClock returns a Clock that corrects now (nil: time.Now).
func NewClock(now func() time.Time, log *slog.Logger) *Clock {
	if now == nil {
		now = time.Now
	}
	if log == nil {
		log = slog.Default()
	}
	return &Clock{now: now, log: log}
}

// Now returns BigCommerce's time. ask is GET /v2/time with any store's client and is called when
// the last measurement is too old. When it fails the last difference holds, none at first: a
// shopper is not turned away for it.
func (c *Clock) Now(ctx context.Context, ask func(context.Context) (time.Time, error)) time.Time {
	c.mu.Lock()
	due := !c.now().Before(c.next)
	if due {
		c.next = c.now().Add(retryEvery) // others go on with what is known meanwhile
	}
	c.mu.Unlock()
	if due {
		c.measure(ctx, ask)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().Add(c.skew)
}

func (c *Clock) measure(ctx context.Context, ask func(context.Context) (time.Time, error)) {
	sent := c.now()
	theirs, err := ask(ctx)
	trip := c.now().Sub(sent)
	if err == nil && (trip < 0 || trip > maxRoundTrip) {
		err = errors.New("the answer took too long to tell the time by")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.log.WarnContext(ctx, "BigCommerce's clock was not read; the last difference holds", "known", c.measured, "error", err)
		return
	}
	// Their time is cut to whole seconds, so on average we lag half a second: an iat of the future
	// would be refused, one of the past has 30 s.
	c.skew = theirs.Sub(sent.Add(trip / 2))
	c.measured, c.next = true, c.now().Add(measureEvery)
}
