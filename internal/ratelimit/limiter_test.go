package ratelimit

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"sluice/internal/testenv"
)

// clock is a time that tests move.
type clock struct{ ns atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.ns.Load()) }
func (c *clock) advance(d time.Duration) { c.ns.Add(int64(d)) }

func addr(t *testing.T, text string) netip.Addr {
	t.Helper()
	a, err := netip.ParseAddr(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// admitted calls until the limit refuses, or most times.
func admitted(l *Limiter, limit *Limit, store string, a netip.Addr, most int) int {
	for n := range most {
		if l.Wait(limit, store, a) > 0 {
			return n
		}
	}
	return most
}

func TestALimitAdmitsItsBurstAndThenItsRate(t *testing.T) {
	c := &clock{}
	l, a := New(nil, Options{Now: c.now}), addr(t, "203.0.113.7")
	limit := &Limit{Name: "x", Every: 100 * time.Millisecond, Burst: 5}
	if n := admitted(l, limit, "s", a, 100); n != 5 {
		t.Fatalf("%d at once", n)
	}
	if w := l.Wait(limit, "s", a); w != limit.Every {
		t.Fatalf("wait %s", w)
	}
	c.advance(limit.Every - 1)
	if w := l.Wait(limit, "s", a); w != 1 {
		t.Fatalf("wait %s", w)
	}
	c.advance(1)
	if n := admitted(l, limit, "s", a, 100); n != 1 {
		t.Fatalf("%d after one interval", n)
	}
	c.advance(3 * limit.Every)
	if n := admitted(l, limit, "s", a, 100); n != 3 {
		t.Fatalf("%d after three intervals", n)
	}
	c.advance(time.Hour)
	if n := admitted(l, limit, "s", a, 100); n != 5 {
		t.Fatalf("%d after an hour", n)
	}
}

func TestWhoIsCountedTogether(t *testing.T) {
	limit, other := &Limit{Name: "x", Every: time.Hour, Burst: 1}, &Limit{Name: "y", Every: time.Hour, Burst: 1}
	for name, test := range map[string]struct {
		limit    *Limit
		store    string
		addr     netip.Addr
		together bool
	}{
		"the same":             {limit, "a", addr(t, "203.0.113.7"), true},
		"mapped into IPv6":     {limit, "a", addr(t, "::ffff:203.0.113.7"), true},
		"another address":      {limit, "a", addr(t, "203.0.113.8"), false},
		"another store":        {limit, "b", addr(t, "203.0.113.7"), false},
		"another limit":        {other, "a", addr(t, "203.0.113.7"), false},
		"all of a store":       {limit, "a", netip.Addr{}, false},
		"an address of IPv6":   {limit, "a", addr(t, "2001:db8::1"), false},
		"nothing known of who": {limit, "", netip.Addr{}, false},
	} {
		l := New(nil, Options{})
		if l.Wait(limit, "a", addr(t, "203.0.113.7")) != 0 {
			t.Fatal("the first is refused")
		}
		if got := l.Wait(test.limit, test.store, test.addr) > 0; got != test.together {
			t.Errorf("%s: refused %v", name, got)
		}
	}
	l := New(nil, Options{})
	l.Wait(limit, "a", addr(t, "2001:db8::1"))
	if l.Wait(limit, "a", addr(t, "2001:db8::2%eth0")) == 0 || l.Wait(limit, "a", addr(t, "2001:db8:0:1::1")) != 0 {
		t.Error("IPv6 is not counted by /64")
	}
}

// TestALineWithManyNetworksOfIPv6: whoever has a /56 or a /48 has as many /64s, and not as many
// rates. Who is refused by their /64 uses nothing of the /48's, and the neighbours have a rate of
// their own.
func TestALineWithManyNetworksOfIPv6(t *testing.T) {
	c := &clock{}
	l, limit := New(nil, Options{Now: c.now}), &Limit{Name: "x", Every: time.Minute, Burst: 5}
	line := func(i int) netip.Addr {
		a := addr(t, "2001:db8:1::").As16()
		a[6], a[7], a[15] = byte(i>>8), byte(i), byte(i)
		return netip.AddrFrom16(a)
	}
	if n := admitted(l, limit, "s", line(0), 1000); n != limit.Burst {
		t.Fatalf("one /64: %d at once", n)
	}
	n := limit.Burst
	for i := 1; i < 65_536; i++ {
		n += admitted(l, limit, "s", line(i), 1)
	}
	if n != wideTimes*limit.Burst {
		t.Errorf("65,536 networks of one /48: %d at once, want %d", n, wideTimes*limit.Burst)
	}
	if n := admitted(l, limit, "s", addr(t, "2001:db8:2::1"), 1000); n != limit.Burst {
		t.Errorf("another /48: %d", n)
	}
	if n := admitted(l, limit, "other", line(0), 1000); n != limit.Burst {
		t.Errorf("another store: %d", n)
	}
	c.advance(limit.Every)
	n = 0
	for i := 1000; i < 2000; i++ {
		n += admitted(l, limit, "s", line(i), 1)
	}
	if n != wideTimes {
		t.Errorf("an interval later: %d, want %d", n, wideTimes)
	}
}

func connect(t *testing.T, url string) redis.UniversalClient {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(o)
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// settled waits until a Limiter has told Redis all that it wanted to tell.
func settled(t *testing.T, l *Limiter) {
	t.Helper()
	testenv.Eventually(t, "Redis was told", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return !l.telling
	})
}

// TestProcessesShareALimit: what one process admitted, the others count.
func TestProcessesShareALimit(t *testing.T) {
	testenv.EachRedis(t, func(t *testing.T, url string) {
		rdb, a := connect(t, url), addr(t, "203.0.113.7")
		limit := &Limit{Name: "x", Every: time.Hour, Burst: 40}
		total, processes := 0, 4
		for range processes {
			l := New(rdb, Options{})
			for range 200 {
				if l.Wait(limit, "s", a) == 0 {
					total++
				}
				settled(t, l)
			}
		}
		// Each process admits an eighth before it asks.
		if most := limit.Burst + processes*limit.Burst/shareAt; total < limit.Burst || total > most {
			t.Fatalf("%d admitted, want %d to %d", total, limit.Burst, most)
		}
		keys, err := rdb.Keys(t.Context(), "*").Result()
		if err != nil || len(keys) != 1 || keys[0] != "sluice:rate:{s}:x:203.0.113.7" {
			t.Fatalf("keys %v, %v", keys, err)
		}
		ttl, err := rdb.PTTL(t.Context(), keys[0]).Result()
		if paid := time.Duration(total) * limit.Every; err != nil || ttl > paid+time.Second || ttl < paid-time.Minute {
			t.Fatalf("expires in %s, %v: %d were admitted", ttl, err, total)
		}
		// The others have an address, and a store, of their own.
		fresh := New(rdb, Options{})
		if n := admitted(fresh, limit, "other", a, 100); n != 40 {
			t.Errorf("another store: %d", n)
		}
		settled(t, fresh)
	})
}

// TestProcessesShareTheRateOfAWideNetwork: it is a key of its own.
func TestProcessesShareTheRateOfAWideNetwork(t *testing.T) {
	rdb := connect(t, testenv.EmbeddedRedis(t))
	limit := &Limit{Name: "x", Every: time.Hour, Burst: 1}
	admit := func(from int) (n int) {
		l := New(rdb, Options{})
		for i := range 100 {
			if l.Wait(limit, "", addr(t, "2001:db8:0:"+strconv.Itoa(from+i)+"::1")) == 0 {
				n++
			}
			settled(t, l)
		}
		return n
	}
	first, second := admit(1000), admit(2000)
	if eighth := wideTimes / shareAt; first != wideTimes || second > eighth {
		t.Errorf("%d were admitted, then %d by another process: want %d, then up to %d", first, second, wideTimes, eighth)
	}
	if ttl, err := rdb.PTTL(t.Context(), "sluice:rate:{-}:x:2001:db8::/48").Result(); err != nil || ttl <= 0 || ttl > 2*limit.Every {
		t.Errorf("the /48's key expires in %s, %v", ttl, err)
	}
}

// TestOrdinaryCallersCostRedisNothing, and are forgotten.
func TestOrdinaryCallersCostRedisNothing(t *testing.T) {
	rdb, c := connect(t, testenv.EmbeddedRedis(t)), &clock{}
	l := New(rdb, Options{Now: c.now})
	limit := &Limit{Name: "x", Every: 100 * time.Millisecond, Burst: 80}
	for i := range 200_000 {
		a := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		if l.Wait(limit, "s", a) != 0 {
			t.Fatal("refused")
		}
		c.advance(10 * time.Microsecond)
	}
	settled(t, l)
	if n, err := rdb.DBSize(t.Context()).Result(); err != nil || n != 0 {
		t.Errorf("%d keys, %v", n, err)
	}
	kept := 0
	for i := range l.parts {
		kept += len(l.parts[i].entries)
	}
	// 10,000 are not paid off at any time.
	if kept > 2*shards*keepAtLeast {
		t.Errorf("%d of 200,000 are kept", kept)
	}
}

func TestWithoutRedisEachProcessCountsAlone(t *testing.T) {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialerRetries: 1})
	t.Cleanup(func() { _ = rdb.Close() })
	c := &clock{}
	l := New(rdb, Options{Now: c.now, Log: slog.New(slog.DiscardHandler)})
	limit := &Limit{Name: "x", Every: time.Second, Burst: 8}
	if n := admitted(l, limit, "s", addr(t, "203.0.113.7"), 100); n != 8 {
		t.Fatalf("%d admitted", n)
	}
	settled(t, l)
	c.advance(2 * time.Second)
	if n := admitted(l, limit, "s", addr(t, "203.0.113.7"), 100); n != 2 {
		t.Fatalf("%d admitted later", n)
	}
	settled(t, l)
}

// TestRedisIsToldAfterItCameBack: nothing that was admitted meanwhile is forgotten.
func TestRedisIsToldAfterItCameBack(t *testing.T) {
	away := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialerRetries: 1})
	t.Cleanup(func() { _ = away.Close() })
	c, a := &clock{}, addr(t, "203.0.113.7")
	l := New(away, Options{Now: c.now, Log: slog.New(slog.DiscardHandler)})
	limit := &Limit{Name: "x", Every: time.Hour, Burst: 8}
	for range 3 {
		l.Wait(limit, "s", a)
		settled(t, l)
	}
	l.rdb = connect(t, testenv.EmbeddedRedis(t))
	c.advance(quietFor)
	l.Wait(limit, "s", a)
	settled(t, l)
	other := New(l.rdb, Options{Now: c.now})
	other.Wait(limit, "s", a)
	settled(t, other)
	if n := admitted(other, limit, "s", a, 100); n != 3 {
		t.Errorf("%d more, of 8 less 4 there and 1 here", n)
	}
	settled(t, other)
}

func TestAtTheSameTime(t *testing.T) {
	rdb := connect(t, testenv.EmbeddedRedis(t))
	l, limit := New(rdb, Options{}), &Limit{Name: "x", Every: time.Hour, Burst: 100}
	var group sync.WaitGroup
	var n atomic.Int64
	for range 8 {
		group.Go(func() {
			for range 1000 {
				if l.Wait(limit, "s", netip.Addr{}) == 0 {
					n.Add(1)
				}
			}
		})
	}
	group.Wait()
	settled(t, l)
	if n.Load() != 100 {
		t.Errorf("%d admitted", n.Load())
	}
}

func TestARefusalSaysWhenToComeBack(t *testing.T) {
	gin.SetMode(gin.TestMode)
	l := New(nil, Options{})
	perAddress, perStore := &Limit{Name: "a", Every: 90 * time.Second, Burst: 1}, &Limit{Name: "s", Every: time.Hour, Burst: 2}
	r := gin.New()
	if err := r.SetTrustedProxies([]string{"192.0.2.1"}); err != nil {
		t.Fatal(err)
	}
	r.GET("/", func(c *gin.Context) {
		if l.Pass(c, "abc", perAddress, perStore) {
			c.Status(http.StatusNoContent)
		}
	})
	get := func(from string) *httptest.ResponseRecorder {
		req := httptest.NewRequest(http.MethodGet, "/", nil) // from 192.0.2.1
		req.Header.Set("X-Forwarded-For", from)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		return w
	}
	for i, step := range []struct {
		from        string
		status      int
		least, most int
	}{
		{"203.0.113.1", 204, 0, 0},
		{"203.0.113.1", 429, 89, 90}, // its own limit; nothing of the store's
		{"203.0.113.2", 204, 0, 0},
		{"203.0.113.3", 429, 3590, 3600}, // the store's
	} {
		w := get(step.from)
		after, _ := strconv.Atoi(w.Header().Get("Retry-After"))
		if w.Code != step.status || after < step.least || after > step.most {
			t.Errorf("step %d: %d, Retry-After %d, %s", i, w.Code, after, w.Body)
		}
	}
}

func BenchmarkWait(b *testing.B) {
	l, limit := New(nil, Options{}), &Limit{Name: "x", Every: time.Nanosecond, Burst: 1000}
	a := netip.MustParseAddr("203.0.113.7")
	b.ReportAllocs()
	for b.Loop() {
		l.Wait(limit, "abc123", a)
	}
}
