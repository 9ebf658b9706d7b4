package signintest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/bigcommerce"
)

// Platform is the API of some stores.
type Platform struct {
	server *httptest.Server

	mu       sync.Mutex
	stores   map[string][]bigcommerce.Customer
	groups   []bigcommerce.CustomerGroup
	password map[int64]string // by customer, as it was last set
	refused  bool             // passwords are
	requests []string
	lastID   int64
	now      func() time.Time
	away     bool
}

// New returns a Platform whose clock is now (nil: time.Now). It ends with the test.
func New(t testing.TB, now func() time.Time) *Platform {
	if now == nil {
		now = time.Now
	}
	p := &Platform{stores: map[string][]bigcommerce.Customer{}, password: map[int64]string{}, now: now, lastID: 100}
	p.server = httptest.NewServer(p)
	t.Cleanup(p.server.Close)
	return p
}

// Client implements signin.Clients. A store's token is "token-of-" and its hash.
func (p *Platform) Client(_ context.Context, hash string, count func(bigcommerce.Answer)) (*bigcommerce.Client, error) {
	return bigcommerce.New(bigcommerce.Config{
		APIURL: p.server.URL, StoreHash: hash, AccessToken: "token-of-" + hash, HTTP: p.server.Client(), OnRequest: count,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
}

// Add gives a store a customer and returns its id.
func (p *Platform) Add(store string, c bigcommerce.Customer) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastID++
	c.ID = p.lastID
	p.stores[store] = append(p.stores[store], c)
	return c.ID
}

// AddGroup makes a customer group of every store.
func (p *Platform) AddGroup(id int64, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.groups = append(p.groups, bigcommerce.CustomerGroup{ID: id, Name: name})
}

// Delete takes a customer away.
func (p *Platform) Delete(store string, id int64) {
	p.change(store, id, func(c *bigcommerce.Customer) { c.ID = -id })
}

// SetPassword gives a customer a password, as shoppers do who register.
func (p *Platform) SetPassword(id int64, password string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.password[id] = password
}

// Password returns a customer's password, "" for none.
func (p *Platform) Password(id int64) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.password[id]
}

// RefusePasswords has every new password refused with 422 from now on, or no longer.
func (p *Platform) RefusePasswords(refused bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = refused
}

// SetEmail changes a customer's e-mail.
func (p *Platform) SetEmail(store string, id int64, email string) {
	p.change(store, id, func(c *bigcommerce.Customer) { c.Email = email })
}

func (p *Platform) change(store string, id int64, fn func(*bigcommerce.Customer)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.stores[store] {
		if p.stores[store][i].ID == id {
			fn(&p.stores[store][i])
		}
	}
}

// Customers returns the customers of a store.
func (p *Platform) Customers(store string) (out []bigcommerce.Customer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.stores[store] {
		if c.ID > 0 {
			out = append(out, c)
		}
	}
	return out
}

// Clear takes every customer of every store away.
func (p *Platform) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stores, p.away, p.refused = map[string][]bigcommerce.Customer{}, false, false
}

// SetAway makes every request fail with 503 from now on, or no longer.
func (p *Platform) SetAway(away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = away
}

// Requests returns what was asked, as "GET abc123 /v3/customers".
func (p *Platform) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.requests...)
}

// ServeHTTP is the API.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rest, ok := strings.CutPrefix(r.URL.Path, "/stores/")
	store, path, _ := strings.Cut(rest, "/")
	p.requests = append(p.requests, r.Method+" "+store+" /"+path)
	w.Header().Set("Content-Type", "application/json")
	switch {
	case p.away:
		w.WriteHeader(http.StatusServiceUnavailable)
	case !ok || r.Header.Get("X-Auth-Token") != "token-of-"+store:
		w.WriteHeader(http.StatusUnauthorized)
	case r.Method == http.MethodGet && path == "v2/time":
		write(w, map[string]int64{"time": p.now().Unix()})
	case r.Method == http.MethodGet && path == "v2/customer_groups":
		write(w, p.groups)
	case path != "v3/customers":
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodGet:
		p.list(w, r, store)
	case r.Method == http.MethodPost:
		p.create(w, r, store)
	case r.Method == http.MethodPut:
		p.update(w, r, store)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func (p *Platform) list(w http.ResponseWriter, r *http.Request, store string) {
	found := []bigcommerce.Customer{}
	for _, c := range p.stores[store] {
		id, email := r.URL.Query().Get("id:in"), r.URL.Query().Get("email:in")
		if c.ID > 0 && (id == "" || id == strconv.FormatInt(c.ID, 10)) && (email == "" || strings.EqualFold(email, c.Email)) {
			found = append(found, c)
		}
	}
	write(w, map[string]any{"data": found, "meta": map[string]any{}})
}

func (p *Platform) create(w http.ResponseWriter, r *http.Request, store string) {
	var in []bigcommerce.Customer
	if json.NewDecoder(r.Body).Decode(&in) != nil || len(in) != 1 || in[0].Email == "" || in[0].FirstName == "" || in[0].LastName == "" {
		refuse(w, "first_name, last_name and email are required")
		return
	}
	for _, c := range p.stores[store] {
		if c.ID > 0 && strings.EqualFold(c.Email, in[0].Email) {
			refuse(w, "email "+in[0].Email+" already in use")
			return
		}
	}
	p.lastID++
	in[0].ID = p.lastID
	p.stores[store] = append(p.stores[store], in[0])
	write(w, map[string]any{"data": in, "meta": map[string]any{}})
}

func (p *Platform) update(w http.ResponseWriter, r *http.Request, store string) {
	var in []bigcommerce.CustomerChange
	if json.NewDecoder(r.Body).Decode(&in) != nil || len(in) != 1 {
		refuse(w, "one customer")
		return
	}
	for i := range p.stores[store] {
		c := &p.stores[store][i]
		if c.ID != in[0].ID {
			continue
		}
		for _, f := range []struct{ to, from *string }{
			{&c.FirstName, in[0].FirstName}, {&c.LastName, in[0].LastName}, {&c.Company, in[0].Company}, {&c.Phone, in[0].Phone},
		} {
			if f.from != nil {
				*f.to = *f.from
			}
		}
		if in[0].GroupID != nil {
			c.GroupID = *in[0].GroupID
		}
		if a := in[0].Authentication; a != nil {
			if p.refused {
				refuse(w, "the password "+a.NewPassword+" is too weak") // it may well repeat what was sent
				return
			}
			p.password[c.ID] = a.NewPassword
		}
		write(w, map[string]any{"data": []bigcommerce.Customer{*c}, "meta": map[string]any{}})
		return
	}
	refuse(w, "no such customer")
}

func refuse(w http.ResponseWriter, why string) {
	w.WriteHeader(http.StatusUnprocessableEntity)
	write(w, map[string]any{"status": 422, "title": "Customers failed.", "errors": map[string]string{".customer": why}})
}

func write(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }
