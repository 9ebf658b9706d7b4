package sandbox

import (
	"bytes"
	"context"
	"crypto/sha1" // the platform's own hash of an event, not a protection
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// platformRetries are the waits before each further attempt, counted from the failure before.
var platformRetries = []time.Duration{60 * time.Second, 180 * time.Second, 300 * time.Second, 600 * time.Second, 900 * time.Second,
	1800 * time.Second, 3600 * time.Second, 7200 * time.Second, 21600 * time.Second, 50400 * time.Second, 86400 * time.Second}

const (
	platformBlock   = 3 * time.Minute // for a destination's domain below the success rate
	successWindow   = 2 * time.Minute // over which the rate is measured
	successMinimum  = 100             // deliveries in the window before the rate counts
	successRate     = 0.90
	hookStart       = time.Minute            // until a new hook hears of events
	repeatAfter     = 500 * time.Millisecond // until a delivery that happens to be made twice is repeated
	callbackTimeout = 10 * time.Second
	hookWorkers     = 4
	keptDeliveries  = 200 // per sandbox, for the control panel and tests
)

// Delivery is one attempt to deliver a webhook event.
type Delivery struct {
	At          time.Time `json:"at"`
	Store       string    `json:"store"`
	Hook        int64     `json:"hook_id"`
	ID          string    `json:"webhook_id"` // the webhook-id header, which is the body's hash; the same on every attempt
	Scope       string    `json:"scope"`
	Destination string    `json:"destination"`
	Attempt     int       `json:"attempt"` // from 1
	Status      int       `json:"status"`  // 0 when no answer came
	Error       string    `json:"error,omitempty"`
}

// event is something that happened, or one delivery of it on its way to one hook.
type event struct {
	st      *Store
	hook    hook // of a delivery: its ID is not 0
	at      time.Time
	id      string // the body's hash
	scope   string
	body    []byte
	attempt int
}

// dispatcher delivers events with a few workers; what waits for its retry waits in one timer each.
type dispatcher struct {
	s      *Sandbox
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	wake    *sync.Cond
	ready   []*event
	held    []*event // kept back by hook_reorder until the next event
	timers  map[*time.Timer]struct{}
	domains map[string]*domain // by host and client
	done    []Delivery
	closed  bool
	started bool
	active  int // deliveries under way
}

// domain is what is known of a destination's host, for one client.
type domain struct {
	recent  []outcome
	blocked time.Time // until
}

type outcome struct {
	at time.Time
	ok bool
}

func newDispatcher(s *Sandbox) *dispatcher {
	d := &dispatcher{s: s, timers: map[*time.Timer]struct{}{}, domains: map[string]*domain{}}
	d.wake = sync.NewCond(&d.mu)
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d
}

func (d *dispatcher) start() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.started || d.closed {
		return
	}
	d.started = true
	for range hookWorkers {
		d.wg.Go(d.work)
	}
}

func (d *dispatcher) stop() {
	d.mu.Lock()
	d.closed = true
	for t := range d.timers {
		t.Stop()
	}
	d.wake.Broadcast()
	d.mu.Unlock()
	d.cancel()
	d.wg.Wait()
}

// fire announces an event. It never blocks and needs no lock; id 0 leaves data.id out.
func (st *Store) fire(scope, kind string, id int64) {
	data := map[string]any{"type": kind}
	if id != 0 {
		data["id"] = id
	}
	st.announce(scope, data)
}

// announce is fire with more data than an id.
func (st *Store) announce(scope string, data any) {
	if st.hookCount.Load() == 0 {
		return
	}
	e := &event{st: st, scope: scope, at: st.sb.now()}
	e.id, e.body = st.eventBody(scope, data, e.at)
	st.sb.hooks.push(e)
}

// eventBody is a webhook's body, an id instead of the thing itself, and the body's hash, which
// tells one event from every other.
func (st *Store) eventBody(scope string, data any, at time.Time) (hash string, body []byte) {
	text := compact(data) + scope + strconv.FormatInt(at.UnixNano(), 10) + "#" + strconv.FormatInt(st.eventCount.Add(1), 10)
	sum := sha1.Sum([]byte(text))
	hash = hex.EncodeToString(sum[:])
	return hash, []byte(compact(map[string]any{
		"scope": scope, "store_id": strconv.FormatInt(st.numericID, 10), "producer": "stores/" + st.Hash,
		"hash": hash, "created_at": at.Unix(), "data": data,
	}))
}

func (d *dispatcher) push(list ...*event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.ready = append(d.ready, list...)
		d.wake.Broadcast()
	}
}

// take waits for the next event.
func (d *dispatcher) take() *event {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.ready) == 0 && !d.closed {
		d.wake.Wait()
	}
	if d.closed {
		return nil
	}
	e := d.ready[0]
	d.ready = d.ready[1:]
	d.active++
	return e
}

func (d *dispatcher) work() {
	for e := d.take(); e != nil; e = d.take() {
		if e.hook.ID == 0 {
			d.fanOut(e)
		} else {
			d.deliver(e)
		}
		d.mu.Lock()
		d.active--
		d.wake.Broadcast()
		d.mu.Unlock()
	}
}

// fanOut turns an event into a delivery for each hook that hears of it, unless a fault interferes.
func (d *dispatcher) fanOut(e *event) {
	e.st.mu.RLock()
	hooks := e.st.hooksFor(e.scope, e.at)
	e.st.mu.RUnlock()
	d.send(e, hooks)
}

func (d *dispatcher) send(e *event, hooks []hook) {
	if len(hooks) == 0 {
		return
	}
	f := d.s.faults.nextHook(e.st.Hash, e.scope)
	if f.is(FaultHookDrop) {
		return
	}
	var out []*event
	for _, h := range hooks {
		one := *e
		one.hook = h
		out = append(out, &one)
		if f.is(FaultHookDuplicate) {
			again := one
			d.later(&again, d.s.opts.scaled(repeatAfter))
		}
	}
	if f.is(FaultHookReorder) {
		d.mu.Lock()
		d.held = append(d.held, out...)
		d.mu.Unlock()
		return
	}
	d.mu.Lock()
	out = append(out, d.held...)
	d.held = nil
	d.mu.Unlock()
	d.push(out...)
}

// deliver makes one attempt and plans the next when it fails.
func (d *dispatcher) deliver(e *event) {
	host := hostOf(e.hook.Destination) + " " + e.hook.ClientID // each client has its own success rate
	if until := d.blockedUntil(host); !until.IsZero() {
		d.later(e, until.Sub(d.s.now()))
		return
	}
	e.attempt++
	status, err := d.post(e)
	ok := err == nil && status >= 200 && status < 300
	d.note(e, host, status, err, ok)
	if ok {
		return
	}
	schedule := d.s.opts.HookRetrySchedule
	if e.attempt > len(schedule) {
		d.deactivate(e)
		return
	}
	d.later(e, schedule[e.attempt-1])
}

func (d *dispatcher) post(e *event) (int, error) {
	ctx, cancel := context.WithTimeout(d.ctx, callbackTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.hook.Destination, bytes.NewReader(e.body))
	if err != nil {
		return 0, err
	}
	for k, v := range e.hook.Headers {
		req.Header.Set(k, v)
	}
	now := d.s.now()
	wh, err := standardwebhooks.NewWebhookRaw([]byte(e.st.clientSecret(e.hook.ClientID)))
	if err != nil {
		return 0, err
	}
	sig, err := wh.Sign(e.id, now, e.body)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("webhook-id", e.id)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	req.Header.Set("webhook-signature", sig)
	res, err := d.s.client.Do(req)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	return res.StatusCode, res.Body.Close()
}

// later queues an event again after a wait.
func (d *dispatcher) later(e *event, wait time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	var t *time.Timer
	t = time.AfterFunc(max(wait, 0), func() {
		d.mu.Lock()
		delete(d.timers, t)
		d.mu.Unlock()
		e.st.mu.RLock()
		h := e.st.hooks[e.hook.ID]
		alive := h != nil && h.Active
		e.st.mu.RUnlock()
		if alive {
			d.push(e)
		}
	})
	d.timers[t] = struct{}{}
}

// deactivate turns off a hook whose last retry failed.
func (d *dispatcher) deactivate(e *event) {
	st := e.st
	st.mu.Lock()
	defer st.mu.Unlock()
	h := st.hooks[e.hook.ID]
	if h == nil || !h.Active {
		return
	}
	next := *h
	next.Active, next.Updated = false, d.s.now().Unix()
	st.hooks[h.ID] = &next
	st.record(kindHook, h.ID, &next)
	st.flush()
}

func hostOf(dest string) string {
	u, err := url.Parse(dest)
	if err != nil {
		return ""
	}
	return u.Host
}

func (d *dispatcher) blockedUntil(host string) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	if dom := d.domains[host]; dom != nil && d.s.now().Before(dom.blocked) {
		return dom.blocked
	}
	return time.Time{}
}

// note remembers an attempt and blocks the domain when too few succeed.
func (d *dispatcher) note(e *event, host string, status int, err error, ok bool) {
	now := d.s.now()
	del := Delivery{At: now, Store: e.st.Hash, Hook: e.hook.ID, ID: e.id, Scope: e.scope, Destination: e.hook.Destination, Attempt: e.attempt, Status: status}
	if err != nil {
		del.Error = err.Error()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.done = append(d.done, del)
	if len(d.done) > keptDeliveries {
		d.done = slices.Delete(d.done, 0, len(d.done)-keptDeliveries)
	}
	dom := d.domains[host]
	if dom == nil {
		dom = &domain{}
		d.domains[host] = dom
	}
	dom.recent = append(dom.recent, outcome{now, ok})
	old := 0
	for old < len(dom.recent) && now.Sub(dom.recent[old].at) > successWindow {
		old++
	}
	dom.recent = slices.Delete(dom.recent, 0, old)
	good := 0
	for _, o := range dom.recent {
		if o.ok {
			good++
		}
	}
	if n := len(dom.recent); n >= successMinimum && float64(good) < successRate*float64(n) {
		dom.blocked = now.Add(d.s.opts.HookBlockFor)
		dom.recent = nil
	}
	d.wake.Broadcast()
}

// Deliveries returns the last webhook delivery attempts of the store, oldest first.
func (st *Store) Deliveries() []Delivery {
	d := st.sb.hooks
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []Delivery
	for _, del := range d.done {
		if del.Store == st.Hash {
			out = append(out, del)
		}
	}
	return out
}

// SettleHooks waits until no webhook is on its way, retries that wait for their time apart, or
// until ctx ends.
func (s *Sandbox) SettleHooks(ctx context.Context) error {
	d := s.hooks
	stop := context.AfterFunc(ctx, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.wake.Broadcast()
	})
	defer stop()
	d.mu.Lock()
	defer d.mu.Unlock()
	for (len(d.ready) > 0 || d.active > 0) && !d.closed {
		if err := ctx.Err(); err != nil {
			return err
		}
		d.wake.Wait()
	}
	return nil
}
