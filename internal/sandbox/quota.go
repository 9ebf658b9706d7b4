package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// defaultWindow is the platform's quota window.
const defaultWindow = 30 * time.Second

// defaultPlan is that of stores whose plan nobody names.
const defaultPlan = "standard"

// planQuota is how many requests a window a plan's store may make, all its clients together.
var planQuota = map[string]int{"standard": 150, "plus": 150, "pro": 450, "enterprise": 7_000_000}

// quota counts one store's requests in fixed windows that follow one another without gap.
type quota struct {
	mu     sync.Mutex
	limit  int
	window time.Duration
	start  time.Time // of the current window
	used   int

	clients map[string]WindowCounts // of the current window, by client id
	ended   []QuotaWindow           // the windows before it that had a request, oldest first
}

// keptWindows is how many ended windows are remembered: an hour and a half of the platform's.
const keptWindows = 180

// QuotaWindow is one window of a store's quota, as the sandbox counted it.
type QuotaWindow struct {
	Start   time.Time               `json:"start"`
	Quota   int                     `json:"quota"`
	Clients map[string]WindowCounts `json:"clients"` // by the client id of the token
}

// WindowCounts is what one client did in one window.
type WindowCounts struct {
	Granted int `json:"granted"` // counted against the quota, whatever came of them
	Refused int `json:"refused"` // answered 429 because the window was used up
}

// quotaState is what the four X-Rate-Limit headers say.
type quotaState struct {
	window, reset time.Duration
	quota, left   int
}

// look says how the quota stands and spends nothing.
func (q *quota) look(now time.Time) quotaState {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.roll(now)
	return q.state(now)
}

// take spends one request of a client and reports whether it was granted.
func (q *quota) take(now time.Time, client string) (quotaState, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.roll(now)
	if q.clients == nil {
		q.clients = map[string]WindowCounts{}
	}
	counts := q.clients[client]
	ok := q.used < q.limit
	if ok {
		q.used++
		counts.Granted++
	} else {
		counts.Refused++
	}
	q.clients[client] = counts
	return q.state(now), ok
}

// roll begins the window that now is in.
func (q *quota) roll(now time.Time) {
	gone := now.Sub(q.start)
	if gone < q.window {
		return
	}
	if len(q.clients) > 0 {
		q.ended = append(q.ended, QuotaWindow{Start: q.start, Quota: q.limit, Clients: q.clients})
		q.ended = q.ended[max(0, len(q.ended)-keptWindows):]
	}
	q.start = q.start.Add(gone / q.window * q.window)
	q.used, q.clients = 0, nil
}

func (q *quota) state(now time.Time) quotaState {
	return quotaState{q.window, q.start.Add(q.window).Sub(now), q.limit, max(0, q.limit-q.used)}
}

// QuotaWindows returns the ended windows in which the store had a request, oldest first, at most
// 180.
func (st *Store) QuotaWindows() []QuotaWindow {
	q := &st.quota
	q.mu.Lock()
	defer q.mu.Unlock()
	q.roll(st.sb.now())
	return slices.Clone(q.ended)
}

func (q *quota) setLimit(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.limit = n
}

// write sets the headers; the reset is rounded up, so that a client that waits for it never comes
// too early.
func (s quotaState) write(h http.Header) {
	ms := func(d time.Duration) string {
		return strconv.FormatInt(int64((d+time.Millisecond-1)/time.Millisecond), 10)
	}
	h.Set("X-Rate-Limit-Time-Window-Ms", ms(s.window))
	h.Set("X-Rate-Limit-Time-Reset-Ms", ms(s.reset))
	h.Set("X-Rate-Limit-Requests-Quota", strconv.Itoa(s.quota))
	h.Set("X-Rate-Limit-Requests-Left", strconv.Itoa(s.left))
}
