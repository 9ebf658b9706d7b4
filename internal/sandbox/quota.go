package sandbox

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// defaultWindow is the platform's quota window.
const defaultWindow = 30 * time.Second

// planQuota is how many requests a window a plan's store may make, all its clients together.
var planQuota = map[string]int{"standard": 150, "plus": 150, "pro": 450, "enterprise": 7_000_000}

// quota counts one store's requests in fixed windows that follow one another without gap.
type quota struct {
	mu     sync.Mutex
	limit  int
	window time.Duration
	start  time.Time // of the current window
	used   int
}

// quotaState is what the four X-Rate-Limit headers say.
type quotaState struct {
	window, reset time.Duration
	quota, left   int
}

// take spends n requests (0 looks only) and reports whether they were granted.
func (q *quota) take(now time.Time, n int) (quotaState, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if gone := now.Sub(q.start); gone >= q.window {
		q.start = q.start.Add(gone / q.window * q.window)
		q.used = 0
	}
	ok := q.used+n <= q.limit
	if ok {
		q.used += n
	}
	return quotaState{q.window, q.start.Add(q.window).Sub(now), q.limit, max(0, q.limit-q.used)}, ok
}

func (q *quota) setLimit(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.limit = n
}

// write sets the headers; the reset is rounded up, so that a client that waits for it never comes too early.
func (s quotaState) write(h http.Header) {
	ms := func(d time.Duration) string {
		return strconv.FormatInt(int64((d+time.Millisecond-1)/time.Millisecond), 10)
	}
	h.Set("X-Rate-Limit-Time-Window-Ms", ms(s.window))
	h.Set("X-Rate-Limit-Time-Reset-Ms", ms(s.reset))
	h.Set("X-Rate-Limit-Requests-Quota", strconv.Itoa(s.quota))
	h.Set("X-Rate-Limit-Requests-Left", strconv.Itoa(s.left))
}
