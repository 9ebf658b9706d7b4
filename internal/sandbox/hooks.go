package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxHooks is how many hooks a store may have per client and scope.
const maxHooks = 10

// hook is one webhook; changed in place under Store.mu.
type hook struct {
	ID          int64
	ClientID    string
	Scope       string
	Destination string
	Headers     map[string]string
	Active      bool
	Created     int64
	Updated     int64
	Heard       time.Time // from when on it hears of events
}

// hookScopes are the events that can be subscribed to, with their wildcards (webhooks.v3.yml).
var hookScopes = func() map[string]bool {
	m := map[string]bool{"store/app/uninstalled": true, "store/information/updated": true}
	for group, events := range map[string]string{
		"cart":          "created updated deleted couponApplied abandoned converted",
		"cart/lineItem": "created updated deleted",
		"category":      "created updated deleted",
		"brand":         "created updated deleted",
		"channel":       "created updated",
		"customer":      "created updated deleted address/created address/updated address/deleted payment/instrument/default/updated",
		"order":         "created updated archived statusUpdated message/created refund/created",
		"product":       "created updated deleted inventory/updated inventory/order/updated",
		"shipment":      "created updated deleted",
		"sku":           "created updated deleted inventory/updated inventory/order/updated",
		"subscriber":    "created updated deleted",
	} {
		m["store/"+group+"/*"] = true
		for e := range strings.FieldsSeq(events) {
			m["store/"+group+"/"+e] = true
		}
	}
	return m
}()

// covers reports whether a hook of this scope hears of the event.
func covers(scope, event string) bool {
	prefix, wild := strings.CutSuffix(scope, "*")
	return scope == event || wild && strings.HasPrefix(event, prefix)
}

func (h *hook) view(store string) map[string]any {
	headers := any(h.Headers)
	if h.Headers == nil {
		headers = nil
	}
	return map[string]any{
		"id": h.ID, "client_id": h.ClientID, "store_hash": store, "scope": h.Scope, "destination": h.Destination,
		"headers": headers, "is_active": h.Active, "created_at": h.Created, "updated_at": h.Updated,
	}
}

func (s *Sandbox) listHooks(c *call) reply {
	active := c.q.boolean("is_active")
	scope, dest := c.q.str("scope"), c.q.str("destination")
	page, limit := c.q.page()
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	var found []*hook
	for _, id := range sortedKeys(c.st.hooks) {
		h := c.st.hooks[id]
		if h.ClientID == c.tok.ClientID && (active == nil || h.Active == *active) &&
			(scope == "" || h.Scope == scope) && (dest == "" || h.Destination == dest) {
			found = append(found, h)
		}
	}
	from, to := window(len(found), page, limit)
	rows := make([][]byte, 0, to-from)
	for _, h := range found[from:to] {
		rows = append(rows, []byte(compact(h.view(c.st.Hash))))
	}
	return collection(rows, c.q.meta(len(found), len(rows), page, limit))
}

// hook finds the hook of the path among the caller's own.
func (c *call) hook() (*hook, *reply) {
	id, ok := c.pathID()
	if h := c.st.hooks[id]; ok && h != nil && h.ClientID == c.tok.ClientID {
		return h, nil
	}
	r := notFound("Webhook with id [" + c.r.PathValue("id") + "] not found")
	return nil, &r
}

func (s *Sandbox) getHook(c *call) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	c.st.mu.RLock()
	defer c.st.mu.RUnlock()
	h, r := c.hook()
	if r != nil {
		return *r
	}
	return single([]byte(compact(h.view(c.st.Hash))))
}

func (s *Sandbox) createHook(c *call) reply { return s.saveHook(c, true) }
func (s *Sandbox) updateHook(c *call) reply { return s.saveHook(c, false) }

var hookFields = []fieldSpec{
	{name: "scope", kind: kString, minLen: 1, required: true},
	{name: "destination", kind: kString, minLen: 1, required: true},
	{name: "is_active", kind: kBool},
	{name: "headers", kind: kObject, nullable: true},
}

var hookIndex = index(hookFields)

func (s *Sandbox) saveHook(c *call, create bool) reply {
	if r := c.q.problem(); r != nil {
		return *r
	}
	in, r := c.readObject()
	if r != nil {
		return *r
	}
	vals, errs := validate(hookFields, hookIndex, in, create, "")
	appOrigin := origin(s.callbacks().auth)
	if len(errs) == 0 && len(vals) == 0 {
		return fail(http.StatusUnprocessableEntity, titleFields, map[string]string{"obj": msgMissing})
	}
	st := c.st
	st.mu.Lock()
	defer st.mu.Unlock()
	at := s.now()
	now := at.Unix()
	next := &hook{ClientID: c.tok.ClientID, Active: true, Created: now, Heard: at.Add(max(s.opts.HookStart, 0))}
	if !create {
		old, r := c.hook()
		if r != nil {
			return *r
		}
		*next = *old
	}
	next.Updated = now
	for _, v := range vals {
		switch hookFields[v.field].name {
		case "scope":
			if next.Scope = unquote(v.raw); !s.mayHear(next.Scope) {
				errs["scope"] = "error.invalid.scope"
			}
		case "destination":
			next.Destination = unquote(v.raw)
			if msg := checkDestination(next.Destination, appOrigin); msg != "" {
				errs["destination"] = msg
			}
		case "is_active":
			next.Active = v.raw == "true"
		case "headers":
			next.Headers = headersOf(in["headers"], errs)
		}
	}
	if len(errs) > 0 {
		return invalid(errs)
	}
	if r := st.hookLimits(next); r != nil {
		return *r
	}
	if create {
		next.ID = st.nextID(kindHook, 1)
	}
	st.hooks[next.ID] = next
	st.countHooks()
	st.record(kindHook, next.ID, next)
	st.flush()
	return single([]byte(compact(next.view(st.Hash))))
}

// headersOf reads the custom headers: an object of strings, or null.
func headersOf(v any, errs map[string]string) map[string]string {
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, e := range m {
		s, ok := e.(string)
		if !ok {
			errs["headers."+k] = msgString
			continue
		}
		out[k] = s
	}
	return out
}

// checkDestination holds a destination to https on port 443. The one exception is the origin of the
// registered app, which on a sandbox is a loopback address (see the package comment).
func checkDestination(dest, appOrigin string) string {
	u, err := url.Parse(dest)
	if err != nil || u.Host == "" || u.User != nil {
		return "error.invalid.url"
	}
	if appOrigin != "" && origin(dest) == appOrigin {
		return ""
	}
	if u.Scheme != "https" || u.Port() != "" && u.Port() != "443" {
		return "error.destination.https: the destination must be https on port 443"
	}
	return ""
}

// origin is scheme, host and port of a URL, or "".
func origin(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// hookLimits: at most ten hooks a client and scope, one of them per destination.
func (st *Store) hookLimits(h *hook) *reply {
	n := 0
	for _, o := range st.hooks {
		if o.ID == h.ID || o.ClientID != h.ClientID || o.Scope != h.Scope {
			continue
		}
		if n++; o.Destination == h.Destination {
			r := fail(http.StatusUnprocessableEntity, "A webhook with this scope and destination exists already.",
				map[string]string{"destination": "error.duplicate: see webhook " + strconv.FormatInt(o.ID, 10)})
			return &r
		}
	}
	if n >= maxHooks {
		r := fail(http.StatusUnprocessableEntity, "The limit of 10 webhooks for this scope is reached.",
			map[string]string{"scope": "error.limit"})
		return &r
	}
	return nil
}

func (s *Sandbox) deleteHook(c *call) reply {
	c.st.mu.Lock()
	defer c.st.mu.Unlock()
	h, r := c.hook()
	if r != nil {
		return *r
	}
	c.st.dropHook(h)
	c.st.flush()
	return single([]byte(compact(h.view(c.st.Hash))))
}

func (st *Store) dropHook(h *hook) {
	delete(st.hooks, h.ID)
	st.countHooks()
	st.record(kindHook, h.ID, nil)
}

// countHooks keeps the number that fire reads without a lock.
func (st *Store) countHooks() { st.hookCount.Store(int64(len(st.hooks))) }

// hooksFor returns copies of the active hooks that hear of an event at that time. Callers hold
// st.mu.
func (st *Store) hooksFor(event string, at time.Time) []hook {
	var out []hook
	for _, id := range sortedKeys(st.hooks) {
		if h := st.hooks[id]; h.Active && covers(h.Scope, event) && !at.Before(h.Heard) {
			out = append(out, *h)
		}
	}
	return slices.Clip(out)
}
