package sandbox

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }

func (c *clock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.t = c.t.Add(d) }

func quotaHeaders(a *answer) map[string]string {
	out := map[string]string{}
	for _, n := range []string{"Time-Window-Ms", "Time-Reset-Ms", "Requests-Quota", "Requests-Left"} {
		out[n] = a.header.Get("X-Rate-Limit-" + n)
	}
	return out
}

func TestQuotaIsSharedAndRefreshed(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Plan: "standard", Now: c.now})
	mine, other := r.token, r.st.Token()
	c.add(1500 * time.Millisecond)
	for i := range 150 {
		r.token = []string{mine, other}[i%2]
		a := r.want(200, "GET", "/v2/time", nil)
		if want := strconv.Itoa(149 - i); a.header.Get("X-Rate-Limit-Requests-Left") != want {
			t.Fatalf("request %d leaves %s, want %s", i, a.header.Get("X-Rate-Limit-Requests-Left"), want)
		}
	}
	a := r.want(429, "GET", "/v2/time", nil)
	want := map[string]string{"Time-Window-Ms": "30000", "Time-Reset-Ms": "28500", "Requests-Quota": "150", "Requests-Left": "0"}
	if d := cmp.Diff(want, quotaHeaders(a)); d != "" {
		t.Error(d)
	}
	a.v2Error(t, "no quota left", 429)
	c.add(28500*time.Millisecond - 1)
	r.want(429, "GET", "/v2/time", nil)
	c.add(1)
	a = r.want(200, "GET", "/v2/time", nil)
	if d := cmp.Diff(map[string]string{"Time-Window-Ms": "30000", "Time-Reset-Ms": "30000", "Requests-Quota": "150", "Requests-Left": "149"}, quotaHeaders(a)); d != "" {
		t.Error(d)
	}
	// Unauthorized requests cost the store nothing.
	r.token = "nonsense"
	if a := r.want(401, "GET", "/v2/time", nil); a.header.Get("X-Rate-Limit-Requests-Left") != "149" {
		t.Errorf("left %s", a.header.Get("X-Rate-Limit-Requests-Left"))
	}
}

func TestQuotaFollowsThePlan(t *testing.T) {
	for plan, n := range map[string]string{"standard": "150", "plus": "150", "pro": "450", "enterprise": "7000000"} {
		r := newRig(t, Options{Plan: plan, Window: time.Second})
		a := r.want(200, "GET", "/v2/time", nil)
		if a.header.Get("X-Rate-Limit-Requests-Quota") != n || a.header.Get("X-Rate-Limit-Time-Window-Ms") != "1000" {
			t.Errorf("%s: %v", plan, quotaHeaders(a))
		}
	}
}

func TestQuotaIsFairUnderConcurrency(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Plan: "standard", Now: c.now})
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := map[int]int{}
	for range 8 {
		wg.Go(func() {
			for range 25 {
				a, err := r.try("GET", "/v2/time", nil)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				got[a.status]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if got[200] != 150 || got[429] != 50 {
		t.Errorf("%v", got)
	}
}

func TestConcurrencyLimit(t *testing.T) {
	r := newRig(t, Options{})
	const path = "/v3/catalog/trees/{id}/categories"
	if !r.st.enter(path, 1) {
		t.Fatal("no place")
	}
	r.want(429, "GET", "/v3/catalog/trees/1/categories", nil)
	r.st.leave(path)
	r.want(200, "GET", "/v3/catalog/trees/1/categories", nil)
	r.want(200, "GET", "/v3/catalog/trees/1/categories", nil) // the place was given back
}

func TestRequestLog(t *testing.T) {
	r := newRig(t, Options{})
	r.want(200, "GET", "/v3/catalog/products", nil)
	mark := r.st.Log().Mark()
	r.want(200, "GET", "/v3/catalog/products?limit=5", nil)
	r.want(404, "GET", "/v3/catalog/products/5", nil)
	mine := r.token
	r.token = r.st.Token()
	r.want(200, "GET", "/v2/time", nil)
	want := Counts{Total: 3, ByMethodPath: map[string]int{"GET /v3/catalog/products": 1, "GET /v3/catalog/products/{id}": 1, "GET /v2/time": 1},
		Status: map[int]int{200: 2, 404: 1}}
	if d := cmp.Diff(want, r.st.Log().Since(mark)); d != "" {
		t.Error(d)
	}
	if c := r.st.Log().ClientSince(r.st.tokenOf(mine).ClientID, mark); c.Total != 2 {
		t.Errorf("own requests: %+v", c)
	}
	if c := r.st.Log().Counts(); c.Total != 4 {
		t.Errorf("all: %+v", c)
	}
	rec := r.st.Log().Recent()
	if len(rec) != 4 || rec[1].Path != "/v3/catalog/products?limit=5" || rec[3].Client == rec[0].Client {
		t.Errorf("%+v", rec)
	}

	res, err := r.http.Get(r.s.URLs().Admin + "/sandbox/stores/abc123/requests?since=" + strconv.Itoa(int(mark)))
	if err != nil {
		t.Fatal(err)
	}
	a := adminAnswer(t, res)
	if a["total"] != 3.0 || a["mark"] != float64(mark+1) || len(a["clients"].(map[string]any)) != 2 {
		t.Errorf("%v", a)
	}
}

func TestRequestLogKeepsTheLastOnly(t *testing.T) {
	l := newRequestLog()
	for i := range keptRequests + 10 {
		l.add(Request{Status: i}, "x")
	}
	rec := l.Recent()
	if len(rec) != keptRequests || rec[0].Status != 10 || rec[keptRequests-1].Status != keptRequests+9 {
		t.Errorf("%d from %d to %d", len(rec), rec[0].Status, rec[len(rec)-1].Status)
	}
}

func TestFaults(t *testing.T) {
	r := newRig(t, Options{})
	for _, tc := range []struct {
		kind   string
		ms     int
		status int
		has    map[string]string // header → value; "" is absent
	}{
		{Fault500, 0, 500, map[string]string{"X-Rate-Limit-Requests-Quota": "7000000"}},
		{Fault503, 0, 503, map[string]string{"X-Rate-Limit-Requests-Quota": "7000000"}},
		{Fault429, 0, 429, map[string]string{"X-Rate-Limit-Requests-Left": "0"}},
		{Fault429Bare, 0, 429, map[string]string{"X-Rate-Limit-Requests-Left": "", "X-Retry-After": ""}},
		{Fault429RetryAfter, 3000, 429, map[string]string{"X-Rate-Limit-Requests-Left": "", "X-Retry-After": "3"}},
		{Fault401, 0, 401, nil},
		{FaultLatency, 30, 200, nil},
	} {
		t.Run(tc.kind, func(t *testing.T) {
			if _, err := r.s.AddFault(Fault{Store: "abc123", Method: "get", PathPrefix: "/v3/catalog", Kind: tc.kind, Times: 1, MS: tc.ms}); err != nil {
				t.Fatal(err)
			}
			r.want(200, "GET", "/v2/time", nil) // another path
			start := time.Now()
			a := r.want(tc.status, "GET", "/v3/catalog/products", nil)
			if tc.kind == FaultLatency && time.Since(start) < 30*time.Millisecond {
				t.Error("no latency")
			}
			for h, v := range tc.has {
				if a.header.Get(h) != v {
					t.Errorf("%s = %q, want %q", h, a.header.Get(h), v)
				}
			}
			r.want(200, "GET", "/v3/catalog/products", nil) // gone after one strike
		})
	}
}

func TestFaultEvery(t *testing.T) {
	r := newRig(t, Options{})
	if _, err := r.s.AddFault(Fault{Kind: Fault500, Every: 3, Times: 2}); err != nil {
		t.Fatal(err)
	}
	var got []int
	for range 9 {
		got = append(got, r.do("GET", "/v2/time", nil).status)
	}
	if d := cmp.Diff([]int{200, 200, 500, 200, 200, 500, 200, 200, 200}, got); d != "" {
		t.Error(d)
	}
}

func TestCutConnections(t *testing.T) {
	r := newRig(t, Options{})
	body := map[string]any{"name": "One", "type": "physical", "weight": 1, "price": 1}
	for kind, left := range map[string]int{FaultCutBefore: 0, FaultCutAfter: 1} {
		if _, err := r.s.AddFault(Fault{Method: "POST", Kind: kind, Times: 1}); err != nil {
			t.Fatal(err)
		}
		before := r.st.Products()
		if a, err := r.try("POST", "/v3/catalog/products", body); err == nil {
			t.Errorf("%s: answered %d", kind, a.status)
		}
		if got := r.st.Products() - before; got != left {
			t.Errorf("%s: %d products made, want %d", kind, got, left)
		}
	}
}

func TestPartialBatches(t *testing.T) {
	r := newRig(t, Options{})
	r.product("A", "a")
	r.product("B", "b")
	if _, err := r.s.AddFault(Fault{Kind: FaultPartial, Times: 2}); err != nil {
		t.Fatal(err)
	}
	a := r.want(207, "PUT", "/v3/catalog/products", `[{"id":77,"price":1},{"id":78,"price":1}]`)
	if len(a.data()) != 1 || a.data()[0]["id"] != 77.0 {
		t.Errorf("%s", a.raw)
	}
	if errs := a.errorsOf()["errors"].(map[string]any); errs["1.inventory_level"] == nil {
		t.Errorf("%v", errs)
	}
	if p := r.want(200, "GET", "/v3/catalog/products/78", nil); p.status != 200 || p.one()["price"] != 9.5 {
		t.Errorf("%s", p.raw)
	}
	r.s.ClearFaults()
	if _, err := r.s.AddFault(Fault{Kind: FaultPartial, Times: 1}); err != nil {
		t.Fatal(err)
	}
	a = r.want(207, "POST", "/v3/catalog/trees/categories", `[{"name":"x","tree_id":1},{"name":"y","tree_id":1}]`)
	if len(a.data()) != 1 {
		t.Errorf("%s", a.raw)
	}
}

func TestFaultsEndpoint(t *testing.T) {
	r := newRig(t, Options{})
	url := r.s.URLs().Admin + "/sandbox/faults"
	post := func(body string) *http.Response {
		res, err := r.http.Post(url, "application/json", reader(body))
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	res := post(`{"store":"abc123","method":"GET","path_prefix":"/v2","kind":"503","times":1}`)
	if a := adminAnswer(t, res); res.StatusCode != 201 || a["id"] != 1.0 {
		t.Errorf("%d %v", res.StatusCode, a)
	}
	for body, status := range map[string]int{`{"kind":"777"}`: 422, `{"kind":"500","colour":1}`: 400, `x`: 400, `{"kind":"500","times":-1}`: 422} {
		res := post(body)
		adminAnswer(t, res)
		if res.StatusCode != status {
			t.Errorf("%s: %d, want %d", body, res.StatusCode, status)
		}
	}
	res, err := r.http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	if list := adminAnswer(t, res)["faults"].([]any); len(list) != 1 {
		t.Errorf("%v", list)
	}
	req, _ := http.NewRequest(http.MethodDelete, url+"?id=1", nil)
	res, err = r.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if len(r.s.Faults()) != 0 {
		t.Error("the fault is still there")
	}
	r.want(200, "GET", "/v2/time", nil)
}

func TestLatencyOption(t *testing.T) {
	r := newRig(t, Options{Latency: 20 * time.Millisecond})
	start := time.Now()
	r.want(200, "GET", "/v2/time", nil)
	if d := time.Since(start); d < 20*time.Millisecond {
		t.Errorf("answered after %s", d)
	}
}

func TestQuotaWindowsTellWhoUsedThem(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Plan: "standard", Now: c.now})
	begun := c.now()
	mine, other := r.token, r.st.Token()
	use := func(token string, n, status int) {
		r.token = token
		for range n {
			r.want(status, "GET", "/v2/time", nil)
		}
	}
	if got := r.st.QuotaWindows(); len(got) != 0 {
		t.Errorf("before the first window has ended: %v", got)
	}
	use(mine, 100, 200)
	use(other, 50, 200)
	use(other, 2, 429)
	c.add(95 * time.Second) // two windows pass without a request
	use(mine, 1, 200)
	c.add(30 * time.Second)
	id := func(token string) string { return r.st.tokenOf(token).ClientID }
	want := []QuotaWindow{
		{Start: begun, Quota: 150, Clients: map[string]WindowCounts{id(mine): {Granted: 100}, id(other): {Granted: 50, Refused: 2}}},
		{Start: begun.Add(90 * time.Second), Quota: 150, Clients: map[string]WindowCounts{id(mine): {Granted: 1}}},
	}
	if d := cmp.Diff(want, r.st.QuotaWindows()); d != "" {
		t.Error(d)
	}
}
