package sandbox

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// call is one API request on its way to its handler.
type call struct {
	r       *http.Request
	st      *Store
	tok     *token
	q       *query
	partial bool // a fault asks that the last thing of a batch fails
}

// route is one endpoint: its scopes (any of them suffices; none means every token), its concurrency
// limit per store, and how it words a 401.
type route struct {
	method, path string
	scopes       []string
	concurrent   int    // requests of one store at a time; 0 is unlimited
	class        string // what counts for that together; "" is the path's own
	bulk         string // bulkStock or bulkCatalogue: see Store.BulkOverlaps
	plain401     bool   // documented as plain text instead of JSON
	handle       func(*call) reply
}

var (
	productsRead  = []string{"store_v2_products", "store_v2_products_read_only"}
	productsWrite = []string{"store_v2_products"}
	infoRead      = []string{"store_v2_information", "store_v2_information_read_only"}

	customersRead  = []string{"store_v2_customers", "store_v2_customers_read_only"}
	customersWrite = []string{"store_v2_customers"}
	channelsRead   = []string{"store_channel_settings", "store_channel_settings_read_only"}
	channelsWrite  = []string{"store_channel_settings"}
	sitesRead      = []string{"store_sites", "store_sites_read_only"}
	sitesWrite     = []string{"store_sites"}
	contentRead    = []string{"store_v2_content", "store_v2_content_read_only"}
	contentWrite   = []string{"store_v2_content"}
)

// apiRoutes are the endpoints under /stores/{hash}: these, and those of every resource.
func (s *Sandbox) apiRoutes() []route {
	all := []route{
		{method: "GET", path: "/v2/store", scopes: infoRead, handle: s.getStore},
		{method: "GET", path: "/v2/time", scopes: infoRead, handle: s.getTime},
		{method: "GET", path: "/v2/tax_classes", scopes: infoRead, handle: s.listTaxClasses},

		{method: "GET", path: "/v3/catalog/products", scopes: productsRead, handle: s.listProducts},
		{method: "POST", path: "/v3/catalog/products", scopes: productsWrite, handle: s.createProduct},
		{method: "PUT", path: "/v3/catalog/products", scopes: productsWrite, bulk: bulkCatalogue, handle: s.updateProducts},
		{method: "DELETE", path: "/v3/catalog/products", scopes: productsWrite, handle: s.deleteProducts},
		{method: "GET", path: "/v3/catalog/products/{id}", scopes: productsRead, handle: s.getProduct},
		{method: "PUT", path: "/v3/catalog/products/{id}", scopes: productsWrite, handle: s.updateProduct},
		{method: "DELETE", path: "/v3/catalog/products/{id}", scopes: productsWrite, handle: s.deleteProduct},
		{method: "GET", path: "/v3/catalog/summary", scopes: productsRead, handle: s.catalogSummary},
		{method: "GET", path: "/v3/catalog/variants", scopes: productsRead, plain401: true, handle: s.listVariants},
		{method: "PUT", path: "/v3/catalog/variants", scopes: productsWrite, plain401: true, bulk: bulkCatalogue, handle: s.updateVariants},

		{method: "GET", path: "/v3/catalog/brands", scopes: productsRead, plain401: true, handle: s.listBrands},
		{method: "POST", path: "/v3/catalog/brands", scopes: productsWrite, plain401: true, handle: s.createBrand},
		{method: "DELETE", path: "/v3/catalog/brands", scopes: productsWrite, plain401: true, handle: s.deleteBrands},
		{method: "GET", path: "/v3/catalog/brands/{id}", scopes: productsRead, plain401: true, handle: s.getBrand},
		{method: "PUT", path: "/v3/catalog/brands/{id}", scopes: productsWrite, plain401: true, handle: s.updateBrand},
		{method: "DELETE", path: "/v3/catalog/brands/{id}", scopes: productsWrite, plain401: true, handle: s.deleteBrand},

		{method: "GET", path: "/v3/catalog/trees", scopes: productsRead, plain401: true, handle: s.listTrees},
		{method: "PUT", path: "/v3/catalog/trees", scopes: productsWrite, plain401: true, handle: s.upsertTrees},
		{method: "DELETE", path: "/v3/catalog/trees", scopes: productsWrite, plain401: true, handle: s.deleteTrees},
		{method: "GET", path: "/v3/catalog/trees/{id}/categories", scopes: productsRead, plain401: true, concurrent: 1, handle: s.categoryTree},
		{method: "GET", path: "/v3/catalog/trees/categories", scopes: productsRead, plain401: true, handle: s.listCategories},
		{method: "POST", path: "/v3/catalog/trees/categories", scopes: productsWrite, plain401: true, handle: s.createCategories},
		{method: "PUT", path: "/v3/catalog/trees/categories", scopes: productsWrite, plain401: true, handle: s.updateCategories},
		{method: "DELETE", path: "/v3/catalog/trees/categories", scopes: productsWrite, plain401: true, handle: s.deleteCategories},

		{method: "GET", path: "/v3/catalog/categories", scopes: productsRead, concurrent: 40, handle: s.legacyListCategories},
		{method: "POST", path: "/v3/catalog/categories", scopes: productsWrite, concurrent: 40, handle: s.legacyCreateCategory},
		{method: "GET", path: "/v3/catalog/categories/{id}", scopes: productsRead, concurrent: 40, handle: s.legacyGetCategory},

		{method: "GET", path: "/v3/customers", scopes: customersRead, handle: s.listCustomers},
		{method: "POST", path: "/v3/customers", scopes: customersWrite, concurrent: 3, handle: s.createCustomers},
		{method: "PUT", path: "/v3/customers", scopes: customersWrite, concurrent: 3, handle: s.updateCustomers},
		{method: "DELETE", path: "/v3/customers", scopes: customersWrite, handle: s.deleteCustomers},

		{method: "POST", path: "/v3/customers/validate-credentials", scopes: customersWrite, handle: s.validateCredentials},
		{method: "GET", path: "/v3/customers/settings/channels/{id}", scopes: customersRead, handle: s.getCustomerSettings},
		{method: "PUT", path: "/v3/customers/settings/channels/{id}", scopes: customersWrite, handle: s.updateCustomerSettings},

		{method: "GET", path: "/v3/channels", scopes: channelsRead, handle: s.listChannels},
		{method: "POST", path: "/v3/channels", scopes: channelsWrite, handle: s.createChannel},
		{method: "GET", path: "/v3/channels/{id}", scopes: channelsRead, handle: s.getChannel},
		{method: "PUT", path: "/v3/channels/{id}", scopes: channelsWrite, handle: s.updateChannel},
		{method: "GET", path: "/v3/channels/{id}/site", scopes: sitesRead, handle: s.getChannelSite},
		{method: "POST", path: "/v3/channels/{id}/site", scopes: sitesWrite, handle: s.createChannelSite},
		{method: "PUT", path: "/v3/channels/{id}/site", scopes: sitesWrite, handle: s.updateChannelSite},
		{method: "DELETE", path: "/v3/channels/{id}/site", scopes: sitesWrite, handle: s.deleteChannelSite},
		{method: "PUT", path: "/v3/channels/{id}/site/checkout-url", scopes: sitesWrite, handle: s.setCheckoutURL},
		{method: "DELETE", path: "/v3/channels/{id}/site/checkout-url", scopes: sitesWrite, handle: s.deleteCheckoutURL},

		{method: "GET", path: "/v3/sites", scopes: sitesRead, handle: s.listSites},
		{method: "POST", path: "/v3/sites", scopes: sitesWrite, handle: s.createSite},
		{method: "GET", path: "/v3/sites/{id}", scopes: sitesRead, handle: s.getSite},
		{method: "PUT", path: "/v3/sites/{id}", scopes: sitesWrite, handle: s.updateSite},
		{method: "DELETE", path: "/v3/sites/{id}", scopes: sitesWrite, handle: s.deleteSite},

		{method: "GET", path: "/v3/content/scripts", scopes: contentRead, handle: s.listScripts},
		{method: "POST", path: "/v3/content/scripts", scopes: contentWrite, handle: s.createScript},
		{method: "GET", path: "/v3/content/scripts/{uuid}", scopes: contentRead, handle: s.getScript},
		{method: "PUT", path: "/v3/content/scripts/{uuid}", scopes: contentWrite, handle: s.updateScript},
		{method: "DELETE", path: "/v3/content/scripts/{uuid}", scopes: contentWrite, handle: s.deleteScript},

		{method: "GET", path: "/v3/hooks", handle: s.listHooks},
		{method: "POST", path: "/v3/hooks", handle: s.createHook},
		{method: "GET", path: "/v3/hooks/{id}", handle: s.getHook},
		{method: "PUT", path: "/v3/hooks/{id}", handle: s.updateHook},
		{method: "DELETE", path: "/v3/hooks/{id}", handle: s.deleteHook},
	}
	for _, r := range s.resources {
		all = append(all, r.routes...)
	}
	return all
}

// apiHandler serves the API, the login host and the sandbox's own endpoints.
func (s *Sandbox) apiHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/stores/{hash}/{path...}", newRouter(s.apiRoutes(), s.endpoint))
	mux.HandleFunc("POST /oauth2/token", s.exchange)
	s.adminRoutes(mux)
	return mux
}

// endpoint is the way of every API request: see the package comment.
func (s *Sandbox) endpoint(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		st := s.Store(r.PathValue("hash"))
		if st == nil {
			writeReply(w, s.unauthorized(rt).to(r))
			return
		}
		entry := Request{At: s.now(), Method: r.Method, Path: strings.TrimPrefix(r.URL.RequestURI(), "/stores/"+st.Hash)}
		label := r.Method + " " + rt.path
		f := s.faults.next(st.Hash, r.Method, strings.TrimPrefix(r.URL.Path, "/stores/"+st.Hash))
		rep, state, withHeaders := s.carry(rt, st, r, f, &entry)
		entry.Status = rep.status
		st.log.add(entry, label)
		if f.is(FaultCutBefore) {
			cut(w)
			return
		}
		if f.is(FaultCutAfter) {
			cut(w)
			return
		}
		if withHeaders {
			state.write(w.Header())
		}
		if f.is(Fault429RetryAfter) {
			w.Header().Set("X-Retry-After", strconv.Itoa(max(1, f.MS/1000)))
		}
		writeReply(w, rep.to(r))
	})
}

// carry takes a request's time and answers it; one that is cut before gets the zero reply. The
// request has its place in its concurrency class from the beginning, so that slow ones meet, and
// until its answer is there, so that whoever has the answer finds the place free.
func (s *Sandbox) carry(rt route, st *Store, r *http.Request, f *Fault, entry *Request) (reply, quotaState, bool) {
	crowded := false
	if class := cmp.Or(rt.class, rt.path); rt.concurrent > 0 {
		if crowded = !st.enter(class, rt.concurrent); !crowded {
			defer st.leave(class)
		}
	}
	if rt.bulk != "" && !crowded {
		st.enterBulk(rt.bulk)
		defer st.leave(rt.bulk)
	}
	if f.is(FaultLatency) {
		s.sleep(r, time.Duration(f.MS)*time.Millisecond)
	}
	s.sleep(r, s.opts.Latency)
	if f.is(FaultCutBefore) {
		return reply{}, quotaState{}, false
	}
	return s.answer(rt, st, r, f, crowded, entry)
}

// answer decides about one request; crowded says that its class has no place left. The headers are
// left out only where a fault asks so.
func (s *Sandbox) answer(rt route, st *Store, r *http.Request, f *Fault, crowded bool, entry *Request) (reply, quotaState, bool) {
	look := st.quota.look(s.now())
	tok := st.tokenOf(r.Header.Get("X-Auth-Token"))
	if tok == nil || f.is(Fault401) {
		return s.unauthorized(rt), look, true
	}
	entry.Client = tok.ClientID
	state, granted := st.quota.take(s.now(), tok.ClientID)
	if !granted {
		return tooMany(), state, true
	}
	switch {
	case f.is(Fault500):
		return fail(http.StatusInternalServerError, "Internal Server Error", nil), state, true
	case f.is(Fault503):
		return fail(http.StatusServiceUnavailable, "Service Unavailable", nil), state, true
	case f.is(Fault503RetryAfter):
		return degraded(s.now(), max(1, f.MS/1000)), state, true
	case f.is(Fault429):
		state.left = 0
		return tooMany(), state, true
	case f.is(Fault429Bare), f.is(Fault429RetryAfter):
		return tooMany(), state, false
	}
	if len(rt.scopes) > 0 && !tok.has(rt.scopes...) {
		return forbidden(), state, true
	}
	if crowded {
		return tooMany(), state, true
	}
	q, err := newQuery(r.URL.RawQuery)
	if err != nil {
		return malformed(), state, true
	}
	q.now, q.lax = s.now(), s.opts.Choices.FieldsLeftOut
	if hasBody(r.Method) && !isJSON(r) {
		return reply{status: http.StatusUnsupportedMediaType, ctype: "text/html", body: []byte("Unsupported Media Type")}, state, true
	}
	// Read before any lock is taken: a slow client must not hold the store.
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return fail(http.StatusRequestEntityTooLarge, "The request payload is too large.", nil), state, true
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	st.carryOut(s.now())
	return rt.handle(&call{r: r, st: st, tok: tok, q: q, partial: f.is(FaultPartial)}), state, true
}

func hasBody(method string) bool { return method == http.MethodPost || method == http.MethodPut }

func isJSON(r *http.Request) bool {
	ct, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(ct), "application/json")
}

// unauthorized is the 401 of a missing, unknown or invalidated token. Some V3 descriptions document
// it as JSON, others as plain text (with this very media type).
func (s *Sandbox) unauthorized(rt route) reply {
	if rt.plain401 {
		return reply{status: http.StatusUnauthorized, ctype: "plain/text", body: []byte("Unauthorized"), err: "Unauthorized"}
	}
	return reply{status: http.StatusUnauthorized, body: []byte(compact(map[string]any{
		"status": http.StatusUnauthorized, "type": statusDocs,
		"title": "Unauthorized - the v3 Auth client ID or token in the request are not a valid combination for this store.",
	})), err: "Unauthorized"}
}

// forbidden is the 403 of a token that lacks the scope.
func forbidden() reply {
	return fail(http.StatusForbidden, "You don't have a required scope to access the endpoint", nil)
}

// degraded is the 503 of price_lists.v3.yml.
func degraded(now time.Time, seconds int) reply {
	const message = "Service temporarily unavailable"
	return reply{status: http.StatusServiceUnavailable, err: message, body: []byte(compact(map[string]any{"error": map[string]any{
		"code": "SERVICE_DEGRADED", "message": message, "retry_after_seconds": seconds,
		"details":   "We're unable to process your request right now, please retry later",
		"timestamp": now.UTC().Format("2006-01-02T15:04:05.000Z"),
	}}))}
}

func tooMany() reply { return fail(http.StatusTooManyRequests, "Too many requests", nil) }

// enter takes a place in a concurrency class.
func (st *Store) enter(class string, limit int) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.busy[class] >= limit {
		return false
	}
	st.busy[class]++
	return true
}

func (st *Store) leave(class string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.busy[class]--
}

// Bulk writes that must not run beside each other: what stock is then cannot be told
// (inventory-adjustments.mdx).
const (
	bulkStock     = "bulk stock"
	bulkCatalogue = "bulk catalogue"
)

// enterBulk notes a bulk write, and whether one of the other kind is under way.
func (st *Store) enterBulk(kind string) {
	other := bulkStock
	if kind == bulkStock {
		other = bulkCatalogue
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.busy[kind]++
	if st.busy[other] > 0 {
		st.overlaps++
	}
}

// BulkOverlaps is how often a bulk write of stock and one of the catalogue were carried out at the
// same time. BigCommerce takes both, and its figures are wrong then.
func (st *Store) BulkOverlaps() int {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.overlaps
}

// sleep waits, or less when the client goes away or the sandbox closes.
func (s *Sandbox) sleep(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
	case <-s.done:
	}
}

// cut closes the connection without an answer.
func cut(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			_ = conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler)
}

func writeReply(w http.ResponseWriter, r reply) {
	if r.status == http.StatusNoContent {
		w.WriteHeader(r.status)
		return
	}
	ct := r.ctype
	if ct == "" {
		ct = "application/json"
	}
	w.Header().Set("Content-Type", ct)
	w.Header().Set("Content-Length", strconv.Itoa(len(r.body)))
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body)
}

// pathID is the id in the path; ok is false when it is no number.
func (c *call) pathID() (int64, bool) {
	id, err := strconv.ParseInt(c.r.PathValue("id"), 10, 64)
	return id, err == nil
}
