package ui

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"gorm.io/gorm"

	"sluice/auth"
	"sluice/internal/limits"
	"sluice/internal/openapi/openapitest"
	"sluice/internal/problem"
	"sluice/internal/ratelimit"
	"sluice/tenants"
)

// queries counts the statements that the panel's database is sent, by whatever way.
func (p *panel) queries() func() int64 {
	p.t.Helper()
	var n atomic.Int64
	count := func(*gorm.DB) { n.Add(1) }
	cb := p.db.AcrossStores(p.ctx(storeA)).Callback()
	for _, err := range []error{
		cb.Query().After("gorm:query").Register("test:count", count), cb.Row().After("gorm:row").Register("test:count", count),
		cb.Raw().After("gorm:raw").Register("test:count", count), cb.Create().After("gorm:create").Register("test:count", count),
		cb.Update().After("gorm:update").Register("test:count", count),
	} {
		if err != nil {
			p.t.Fatal(err)
		}
	}
	return n.Load
}

// TestListsAskAsMuchForOneAsForMany: no query in a loop, of no list.
func TestListsAskAsMuchForOneAsForMany(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	asked := p.queries()
	add := func(from, to int) {
		for i := from; i < to; i++ {
			var f flowView
			p.call("POST", "/flows", token, map[string]string{"kind": "products", "name": fmt.Sprint("flow ", i)}, http.StatusCreated, &f)
			source := map[string]any{"kind": "url", "url": "https://erp.example/parts.csv"}
			if i%2 == 1 {
				source = map[string]any{"kind": "upload", "snapshot_id": p.snapshot(storeA).ID}
			}
			p.call("PUT", "/flows/"+f.ID, token, map[string]any{"version": f.Version, "name": f.Name, "source": source, "format": f.Format, "options": f.Options,
				"mapping": map[string]any{"fields": []any{}}}, http.StatusOK, nil)
			for range 2 {
				r := &tenants.Run{FlowID: f.ID, Kind: "products", State: tenants.RunDone}
				if err := p.db.CreateRun(p.ctx(storeA), r); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.db.CreateAPIKey(p.ctx(storeA), &tenants.APIKey{Name: "x", SecretHash: tenants.NewID()}); err != nil {
				t.Fatal(err)
			}
			if _, err := p.db.EnsureUser(p.ctx(storeA), tenants.UserSeen{UserID: int64(100 + i)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	lists := []string{"/flows?limit=250", "/runs?limit=250", "/users?limit=250", "/api-keys?limit=250", "/audit?limit=250", "/storefront"}
	cost := func() map[string]int64 {
		costs := map[string]int64{}
		for _, path := range lists {
			before := asked()
			p.call("GET", path, token, nil, http.StatusOK, nil)
			costs[path] = asked() - before
		}
		return costs
	}
	add(0, 2)
	few := cost()
	add(2, 50)
	for path, n := range cost() {
		if n != few[path] {
			t.Errorf("%s: %d queries for 2, %d for 50", path, few[path], n)
		}
	}
	var page struct {
		Flows []flowView `json:"flows"`
		Next  string     `json:"next"`
	}
	seen := map[string]bool{}
	for after, pages := "", 0; pages < 10; pages++ {
		p.call("GET", "/flows?limit=20&after="+after, token, nil, http.StatusOK, &page)
		for i, f := range page.Flows {
			n := len(seen)
			if f.LastRun == nil || f.LastRun.FlowName != f.Name || f.Name != fmt.Sprint("flow ", n) || (f.Source.Kind == "upload") != (n%2 == 1) || f.Source.Kind == "" {
				t.Fatalf("flow %d of the page: %+v", i, f)
			}
			seen[f.ID] = true
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if len(seen) != 50 {
		t.Errorf("%d flows in pages", len(seen))
	}
}

// TestEveryRouteTakesASlot: whatever the route, a store cannot have any number of its requests
// under way, and who finds no slot learns when to come back. Another store is not touched by it.
func TestEveryRouteTakesASlot(t *testing.T) {
	p := newPanel(t)
	a := fill(t, p)
	close(p.jobs.events)
	token, other := p.open(storeA, 1), p.open(storeB, 1)
	for _, route := range p.api.Routes() {
		slot := route.slot
		if slot == "" {
			slot = limits.Requests
		}
		var reached limits.Name
		// The routes were registered with these Limits: they are emptied of slots, not replaced.
		var held []func()
		for {
			release, err := p.api.cfg.Limits.Hold(slot, storeA)
			if err != nil {
				break
			}
			held = append(held, release)
			reached = slot
		}
		if int64(len(held)) != p.api.cfg.Limits.Of(slot) || reached == "" {
			t.Fatalf("%s: %d slots", slot, len(held))
		}
		target := Prefix + strings.NewReplacer(":id", a.id(route.Path), "*id", a.id(route.Path)).Replace(route.Path)
		if route.Access != auth.AccessLogin {
			w := p.do(route.Method, target, token, strings.ReplaceAll(rules[route.Method+" "+route.Path].body, "SNAPSHOT", a.snapshot))
			if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || w.Header().Get("Content-Type") != problem.ContentType {
				t.Errorf("%s %s: %d %v: it takes no slot", route.Method, route.Path, w.Code, w.Header())
			}
			if route.Method == "GET" {
				if w := p.do(route.Method, target, other, ""); w.Code == http.StatusTooManyRequests {
					t.Errorf("%s %s of another store: %d", route.Method, route.Path, w.Code)
				}
			}
		}
		for _, release := range held {
			release()
		}
	}
}

// TestSlotsComeBack: after an answer, a refusal and a panic.
func TestSlotsComeBack(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	for range 100 {
		p.call("GET", "/flows", token, nil, http.StatusOK, nil)
		p.call("GET", "/flows/none", token, nil, http.StatusNotFound, nil)
		p.call("POST", "/mappings/preview", token, map[string]any{"kind": "products", "snapshot_id": "none"}, http.StatusNotFound, nil)
	}
	for _, l := range limits.All() {
		if l.Process() && p.api.cfg.Limits.Held(l.Name) != 0 {
			t.Errorf("%s: %d are held", l.Name, p.api.cfg.Limits.Held(l.Name))
		}
	}
}

// unread fails the test when it is read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.ErrUnexpectedEOF
}

// TestBodiesThatTellToBeTooLargeAreNotRead, of any route, nor is the rest waited for.
func TestBodiesThatTellToBeTooLargeAreNotRead(t *testing.T) {
	p := newPanel(t)
	a := fill(t, p)
	token := p.open(storeA, 1)
	for _, route := range p.api.Routes() {
		body := rules[route.Method+" "+route.Path].body
		if body == "" || route.Access == auth.AccessLogin {
			continue
		}
		most := int64(maxBody)
		if route.Path == "/uploads" {
			most = p.api.cfg.Limits.Of(limits.UploadBytes)
		}
		target := Prefix + strings.NewReplacer(":id", a.id(route.Path)).Replace(route.Path)
		r := httptest.NewRequest(route.Method, target, unread{t})
		r.ContentLength = most + 1
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		p.router.ServeHTTP(w, r)
		openapitest.CheckResponse(t, r, w)
		if w.Code != http.StatusRequestEntityTooLarge || w.Header().Get("Connection") != "close" {
			t.Errorf("%s %s: %d %v", route.Method, route.Path, w.Code, w.Header())
		}
	}
}

// TestAStoreThatIsFullSaysSo: of each thing that is kept, with what to do.
func TestAStoreThatIsFullSaysSo(t *testing.T) {
	p := newPanel(t)
	p.db.SetLimits(limits.New(map[limits.Name]int64{limits.Flows: 1, limits.APIKeys: 1, limits.Accounts: 1, limits.SnapshotBytes: 20}, nil))
	p.api.cfg.Limits = limits.New(map[limits.Name]int64{limits.FlowBytes: 500}, nil)
	token := p.open(storeA, 1)
	var f flowView
	p.call("POST", "/flows", token, map[string]string{"kind": "products", "name": "x"}, http.StatusCreated, &f)
	p.call("POST", "/api-keys", token, map[string]any{"name": "x", "scopes": []string{"flows:read"}}, http.StatusCreated, nil)
	p.call("PUT", "/customer-accounts", token, map[string]any{"accounts": []any{map[string]any{"external_id": "x", "customer_id": 1}}}, http.StatusOK, nil)
	if w := p.do("POST", Prefix+"/uploads", token, "a,b\n1,2\n"); w.Code != http.StatusCreated {
		t.Fatal(w.Code, w.Body)
	}
	for name, body := range map[string]string{
		"POST /flows":            `{"kind":"products","name":"y"}`,
		"POST /api-keys":         `{"name":"y","scopes":["flows:read"]}`,
		"PUT /customer-accounts": `{"accounts":[{"external_id":"y","customer_id":1}]}`,
		"POST /uploads":          "a,b\n1,2\n3,4\n5,6\n",
	} {
		method, path, _ := strings.Cut(name, " ")
		w := p.do(method, Prefix+path, token, body)
		var said problem.Body
		if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || w.Code != http.StatusConflict || said.Code != problem.LimitReached || len(said.Detail) < 40 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	p.call("PUT", "/flows/"+f.ID, token, map[string]any{"version": f.Version, "name": "x", "source": map[string]any{}, "format": f.Format, "options": f.Options,
		"mapping": map[string]any{"fields": []any{map[string]string{"target": "sku", "expression": strings.Repeat("x", 500)}}}}, http.StatusRequestEntityTooLarge, nil)
}

// TestTheDescriptionHasTheRates of each route.
func TestTheDescriptionHasTheRates(t *testing.T) {
	d, l := openapitest.Load(t), limits.New(nil, nil)
	principal, store := l.Rate(limits.PrincipalRate), l.Rate(limits.StoreRate)
	for _, route := range new(API).Routes() {
		var says []struct {
			Per     string `json:"per"`
			Burst   int    `json:"burst"`
			EveryMS int64  `json:"every_ms"`
		}
		openapitest.Extension(t, d.Operation(route.Method, Prefix+route.Path), "x-rate-limits", &says)
		for i, want := range []*ratelimit.Limit{principal, store} {
			if len(says) != 2 || says[i].Burst != want.Burst || says[i].EveryMS != want.Every.Milliseconds() {
				t.Errorf("%s %s: %+v", route.Method, route.Path, says)
			}
		}
	}
}

// pipes is a listener whose connections are pipes, so that simulated time moves them.
type pipes struct {
	waiting chan net.Conn
	closed  chan struct{}
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.waiting:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l *pipes) Close() error   { close(l.closed); return nil }
func (l *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// TestAnUploadMovesOrEnds: one that is slow is cut when it has had its time, one that stands still
// sooner, and one that moves goes on for as long as it takes.
func TestAnUploadMovesOrEnds(t *testing.T) {
	for name, test := range map[string]struct {
		chunk int           // bytes
		every time.Duration // a chunk
		whole int           // bytes; 0: half an hour, which is too long for it
		least time.Duration // until it ends
		most  time.Duration
		cut   bool
	}{
		"a byte a second":              {chunk: 1, every: time.Second, least: 50 * time.Second, most: 70 * time.Second, cut: true},
		"half as fast as it must be":   {chunk: uploadRate / 2, every: time.Second, least: time.Minute, most: 3 * time.Minute, cut: true},
		"it stands still":              {chunk: 1 << 20, every: time.Hour, least: 20 * time.Second, most: 40 * time.Second, cut: true},
		"an hour at twice the minimum": {chunk: 2 * uploadRate, every: time.Second, whole: 3600 * 2 * uploadRate, least: 59 * time.Minute, most: 61 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gin.SetMode(gin.TestMode)
				router := gin.New()
				var n int64
				var failed error
				done := make(chan time.Duration, 1)
				router.POST("/", func(c *gin.Context) {
					began := time.Now()
					n, failed = io.Copy(io.Discard, newPaced(c, 1<<40))
					done <- time.Since(began)
				})
				server, l := &http.Server{Handler: router}, &pipes{make(chan net.Conn), make(chan struct{})}
				ended := make(chan error, 1)
				go func() { ended <- server.Serve(l) }()
				near, far := net.Pipe()
				l.waiting <- far
				stopped, stop := make(chan struct{}), make(chan struct{})
				go func() {
					defer close(stopped)
					_, _ = io.WriteString(near, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
					chunk := fmt.Sprintf("%x\r\n%s\r\n", test.chunk, strings.Repeat("x", test.chunk))
					began := time.Now()
					for sent := 0; sent < test.whole || test.whole == 0 && time.Since(began) < 30*time.Minute; sent += test.chunk {
						if _, err := io.WriteString(near, chunk); err != nil {
							return
						}
						select {
						case <-stop:
							return
						case <-time.After(test.every):
						}
					}
					_, _ = io.WriteString(near, "0\r\n\r\n")
				}()
				go func() { _, _ = io.Copy(io.Discard, bufio.NewReader(near)) }()
				took := <-done
				if (failed != nil) != test.cut || took < test.least || took > test.most || !test.cut && n != int64(test.whole) {
					t.Errorf("after %s and %d bytes: %v", took, n, failed)
				}
				close(stop)
				_ = near.Close()
				<-stopped
				if err := server.Close(); err != nil {
					t.Error(err)
				}
				<-ended
			})
		})
	}
}
