package refusals

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/internal/ratelimit"
)

const (
	// window is how long repeats are counted together.
	window = time.Minute
	// linesEach is how many lines of one kind an address gets in a window.
	linesEach = 5
	// linesInAll is how many lines there are in a window whoever they are of: many addresses are
	// easily had.
	linesInAll = 600
	// maxSubjects bounds what is counted apart. Beyond it addresses are counted together.
	maxSubjects = 4096
	// sweepEvery bounds how often room is looked for among them.
	sweepEvery = time.Second
)

// storePattern is what a store's hash in an address looks like; anything else there is not logged.
var storePattern = regexp.MustCompile(`^[a-z0-9]{1,32}$`)

// subject is what is counted together.
type subject struct {
	network           netip.Prefix // an address; of IPv6 its /64, which is one customer's
	kind, route, code string
}

type count struct {
	began            time.Time
	lines, unwritten int
}

// Options of a Log.
type Options struct {
	Log *slog.Logger
	// Store returns the store that a request's context belongs to, "" if none.
	Store func(context.Context) string
}

// Log writes refusals down. It is safe for concurrent use.
type Log struct {
	o Options

	mu     sync.Mutex
	counts map[subject]*count
	all    count
	swept  time.Time
	timer  *time.Timer // runs flush while there is something unwritten
}

// New returns a Log.
func New(o Options) *Log { return &Log{o: o, counts: map[subject]*count{}} }

// Close writes what was not written yet.
func (l *Log) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	l.tell(time.Time{})
}

// Middleware logs the request if it was refused.
func (l *Log) Middleware(c *gin.Context) {
	c.Next()
	status := c.Writer.Status()
	if status < http.StatusBadRequest {
		return
	}
	n := of(c)
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusTooManyRequests:
	case n.kind != "":
	default:
		return
	}
	code, reason, cause := n.code, n.reason, n.cause
	if err := problem.Noted(c); err != nil && code == "" {
		code, reason = string(problem.CodeOf(err)), problem.MessageOf(err)
		// What else failed may quote what was sent; why a credential is none never does.
		var p *problem.Error
		if errors.As(err, &p) && p.Code == problem.Unauthenticated {
			cause = p.Err
		}
	}
	kind := n.kind
	if kind == "" {
		kind = "request"
	}
	address := ratelimit.Address(c)
	if !l.admit(subject{network(address), kind, c.FullPath(), code}) {
		return
	}
	attrs := []slog.Attr{
		slog.String("kind", kind), slog.String("request_id", c.GetString(problem.RequestIDKey)), slog.String("address", address.String()),
		slog.String("method", c.Request.Method), slog.String("route", c.FullPath()), slog.Int("status", status), slog.String("code", code),
	}
	ctx := c.Request.Context()
	store := n.store
	if store == "" {
		store = l.o.Store(ctx)
	}
	optional := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	optional("reason", reason)
	if cause != nil {
		optional("cause", cause.Error())
	}
	optional("store", store)
	claimed := n.claimed
	if claimed == "" && storePattern.MatchString(c.Param("store_hash")) {
		claimed = c.Param("store_hash")
	}
	if claimed != store {
		optional("claimed_store", claimed)
	}
	optional("caller", n.caller)
	l.o.Log.LogAttrs(ctx, slog.LevelInfo, "refused", attrs...)
}

func network(a netip.Addr) netip.Prefix {
	a = a.Unmap()
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// admit reports whether s may have another line.
func (l *Log) admit(s subject) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	e := l.counts[s]
	if e == nil {
		if len(l.counts) >= maxSubjects && now.Sub(l.swept) >= sweepEvery {
			l.swept = now
			l.tell(now.Add(-window))
		}
		if len(l.counts) >= maxSubjects {
			s.network = netip.Prefix{}
			e = l.counts[s]
		}
	}
	if e == nil {
		e = &count{began: now}
		l.counts[s] = e
	}
	if now.Sub(e.began) >= window {
		l.say(s, e)
		*e = count{began: now}
	}
	if now.Sub(l.all.began) >= window {
		l.all = count{began: now}
	}
	if e.lines < linesEach && l.all.lines < linesInAll {
		e.lines++
		l.all.lines++
		return true
	}
	e.unwritten++
	if l.timer == nil {
		l.timer = time.AfterFunc(window, l.flush)
	}
	return false
}

// flush tells of the windows that are over, and comes again while there is more to tell.
func (l *Log) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer == nil { // closed
		return
	}
	l.timer = nil
	if l.tell(time.Now().Add(-window)) {
		l.timer = time.AfterFunc(window, l.flush)
	}
}

// tell says what of the windows that began by then, all for the zero time, has no line, and forgets
// them. It reports whether others are left that have something to say.
func (l *Log) tell(then time.Time) (more bool) {
	for s, e := range l.counts {
		if then.IsZero() || !e.began.After(then) {
			l.say(s, e)
			delete(l.counts, s)
			continue
		}
		more = more || e.unwritten > 0
	}
	return more
}

func (l *Log) say(s subject, e *count) {
	if e.unwritten == 0 {
		return
	}
	from := "many"
	if s.network.IsValid() {
		from = s.network.String()
		if s.network.IsSingleIP() {
			from = s.network.Addr().String()
		}
	}
	l.o.Log.Info("refusals suppressed", "count", e.unwritten, "kind", s.kind, "address", from, "route", s.route, "code", s.code, "since", e.began.UTC())
}
