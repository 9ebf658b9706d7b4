package flow

import (
	"errors"
	"time"

	"sluice/internal/bigcommerce"
)

// minHold is how long a run waits after a 429 that does not say how long.
const minHold = time.Second

// heldUntil reports whether err only says that the store's quota is used up, and when to go on.
func heldUntil(err error, now time.Time) (time.Time, bool) {
	var none *bigcommerce.NoQuotaError
	if errors.As(err, &none) {
		return latest(none.Until, now.Add(time.Millisecond)), true
	}
	var limited *bigcommerce.RateLimitError
	if errors.As(err, &limited) {
		return now.Add(max(limited.Wait(), minHold)), true
	}
	return time.Time{}, false
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
