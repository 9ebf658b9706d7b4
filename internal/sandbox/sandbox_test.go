package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a running sandbox with one store and one client of it.
type rig struct {
	t     *testing.T
	s     *Sandbox
	st    *Store
	token string
	owner APIAccount // whose token it is
	http  *http.Client
}

// newRig starts a sandbox whose quota is out of the way unless the test says otherwise.
func newRig(t *testing.T, o Options) *rig {
	t.Helper()
	if o.Plan == "" {
		o.Plan = "enterprise"
	}
	if o.HookStart == 0 {
		o.HookStart = -1 // hooks hear at once unless the test is about that
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	st := s.AddStore(StoreSpec{Hash: "abc123", Name: "Test store", OwnerEmail: "jane.doe@example.com"})
	owner := st.APIAccount()
	return &rig{t: t, s: s, st: st, token: owner.AccessToken, owner: owner, http: &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is an API answer.
type answer struct {
	status int
	header http.Header
	raw    string
	json   map[string]any
}

// do sends a request; body is JSON text or a value to encode. The error is that of the connection.
func (r *rig) try(method, path string, body any) (*answer, error) {
	r.t.Helper()
	var rd io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		rd = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			r.t.Fatal(err)
		}
		rd = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, r.s.URLs().API+"/stores/"+r.st.Hash+path, rd)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", r.token)
	if rd != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := r.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	a := &answer{status: res.StatusCode, header: res.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &a.json)
	return a, nil
}

func (r *rig) do(method, path string, body any) *answer {
	r.t.Helper()
	a, err := r.try(method, path, body)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// want fails the test unless the answer has the status.
func (r *rig) want(status int, method, path string, body any) *answer {
	r.t.Helper()
	a := r.do(method, path, body)
	if a.status != status {
		r.t.Fatalf("%s %s: status %d, want %d; body %s", method, path, a.status, status, a.raw)
	}
	return a
}

// errorsOf returns the errors object of an error answer.
func (a *answer) errorsOf() map[string]any {
	m, _ := a.json["errors"].(map[string]any)
	return m
}

func (a *answer) data() []map[string]any {
	list, _ := a.json["data"].([]any)
	out := make([]map[string]any, len(list))
	for i, e := range list {
		out[i], _ = e.(map[string]any)
	}
	return out
}

func (a *answer) one() map[string]any { m, _ := a.json["data"].(map[string]any); return m }

func (a *answer) total() int {
	meta, _ := a.json["meta"].(map[string]any)
	p, _ := meta["pagination"].(map[string]any)
	n, _ := p["total"].(float64)
	return int(n)
}

func (r *rig) product(name, sku string) int64 {
	r.t.Helper()
	a := r.want(200, "POST", "/v3/catalog/products", map[string]any{"name": name, "sku": sku, "type": "physical", "weight": 1, "price": 9.5})
	return int64(a.one()["id"].(float64))
}

// within is a context that ends before the test would.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestStoreAndTime(t *testing.T) {
	r := newRig(t, Options{Plan: "pro"})
	a := r.want(200, "GET", "/v2/store", nil)
	for field, want := range map[string]any{"id": "abc123", "name": "Test store", "plan_name": "Pro", "currency": "USD", "admin_email": "jane.doe@example.com"} {
		if a.json[field] != want {
			t.Errorf("%s = %v, want %v", field, a.json[field], want)
		}
	}
	b := r.want(200, "GET", "/v2/time", nil)
	if got := int64(b.json["time"].(float64)); time.Since(time.Unix(got, 0)).Abs() > time.Minute {
		t.Errorf("time = %d", got)
	}
}

func TestTokensAndScopes(t *testing.T) {
	r := newRig(t, Options{})
	readOnly := r.st.Token("store_v2_products_read_only")
	other := r.s.AddStore(StoreSpec{Hash: "other1"}).Token()
	for _, tc := range []struct {
		name, token, method, path string
		status                    int
		body                      string
	}{
		{"no token", "", "GET", "/v3/catalog/products", 401, "not a valid combination"},
		{"unknown token", "nonsense", "GET", "/v3/catalog/products", 401, "not a valid combination"},
		{"unknown token, V2", "nonsense", "GET", "/v2/store", 401, `[{"status":401,"message":"Unauthorized"}]`},
		{"another store's token", other, "GET", "/v3/hooks", 401, "not a valid combination"},
		{"documented as plain text", "nonsense", "GET", "/v3/catalog/brands", 401, "Unauthorized"},
		{"reading with the read-only scope", readOnly, "GET", "/v3/catalog/products", 200, `"data":[]`},
		{"writing with the read-only scope", readOnly, "DELETE", "/v3/catalog/products?id:in=1", 403, "You don't have a required scope"},
		{"another scope", readOnly, "GET", "/v2/store", 403, "You don't have a required scope"},
		{"hooks need none", readOnly, "GET", "/v3/hooks", 200, `"data":[]`},
		{"unknown path", r.token, "GET", "/v3/nothing", 404, "not found"},
		{"unknown method", r.token, "PATCH", "/v3/catalog/products", 405, "Allowed: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r.token = tc.token
			a := r.want(tc.status, tc.method, tc.path, nil)
			if !strings.Contains(a.raw, tc.body) {
				t.Errorf("body %s does not contain %q", a.raw, tc.body)
			}
			if a.header.Get("X-Rate-Limit-Requests-Quota") == "" {
				t.Error("no quota headers")
			}
		})
	}
}

func TestUnknownStoreIsUnauthorized(t *testing.T) {
	r := newRig(t, Options{})
	r.st = &Store{Hash: "nobody"}
	r.want(401, "GET", "/v2/store", nil)
}

func TestBodiesMustBeJSON(t *testing.T) {
	r := newRig(t, Options{})
	a := r.want(400, "POST", "/v3/catalog/products", `{"name":`)
	if a.json["title"] != "Input is invalid." {
		t.Errorf("title %v", a.json["title"])
	}
	r.want(400, "POST", "/v3/catalog/products", `{} {}`)
	r.want(422, "POST", "/v3/catalog/products", `[]`)
	req, _ := http.NewRequest("POST", r.s.URLs().API+"/stores/abc123/v3/catalog/products", strings.NewReader("name=x"))
	req.Header.Set("X-Auth-Token", r.token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := r.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 415 {
		t.Errorf("form body: %d", res.StatusCode)
	}
}

func TestNewRefusesUnknownPlan(t *testing.T) {
	if _, err := New(Options{Plan: "gold"}); err == nil {
		t.Fatal("no error")
	}
}

// sprint shortens table tests.
func sprint(format string, args ...any) string { return fmt.Sprintf(format, args...) }

func reader(s string) io.Reader { return strings.NewReader(s) }

// adminAnswer reads the JSON of one of the sandbox's own endpoints.
func adminAnswer(t *testing.T, res *http.Response) map[string]any {
	t.Helper()
	defer res.Body.Close()
	var m map[string]any
	if err := json.NewDecoder(res.Body).Decode(&m); err != nil {
		t.Fatalf("%s: %v", res.Status, err)
	}
	return m
}
