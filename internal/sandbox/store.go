package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// StoreSpec says what a new store is like; everything may be empty.
type StoreSpec struct {
	Hash        string     // permanent id, of letters a-z and digits (others are dropped); generated when empty
	Name        string     // default "Sandbox store HASH"
	Plan        string     // default Options.Plan
	OwnerEmail  string     // default owner@HASH.example
	OwnerLocale string     // default en-US
	Timezone    string     // default America/Chicago
	Currency    string     // default USD
	Users       []UserSpec // besides the owner
}

// UserSpec is a person who may use the control panel.
type UserSpec struct{ Email, Locale string }

// User is a person of a store. IDs are unique on the whole platform.
type User struct {
	ID       int64  `json:"id"`
	Username string `json:"username"`
	Email    string `json:"email"`
	Locale   string `json:"locale"`
	Owner    bool   `json:"owner"`
}

// storeInfo is the journal's form of what a store is.
type storeInfo struct {
	Name, Plan, Timezone, Currency string
	AccountUUID                    string
	NumericID                      int64
	Created                        int64            // unix seconds
	Next                           map[string]int64 // id sequences by kind
	Install                        *install         `json:",omitempty"`
	ConsentBanner                  bool             `json:",omitempty"` // the storefronts ask for consent to cookies
	Theme                          string           `json:",omitempty"` // markup of the merchant's in every page
}

// install is the app's presence on a store.
type install struct {
	UserID int64    // who confirmed
	Scopes []string // as granted
	At     int64
	Stale  bool `json:",omitempty"` // the grant was invalidated: the next open sends a fresh /auth
}

// token is an access token; only its SHA-256 is kept.
type token struct {
	Digest   string
	ClientID string
	Scopes   []string
	App      bool   // belongs to the app, not to store-level API credentials
	Secret   string `json:",omitempty"` // the client secret of store-level API credentials: their webhooks are signed with it
}

// has reports whether the token has one of these scopes.
func (t *token) has(scopes ...string) bool {
	return slices.ContainsFunc(scopes, func(sc string) bool { return slices.Contains(t.Scopes, sc) })
}

// Store is one simulated store. Its methods are safe for concurrent use.
type Store struct {
	Hash string

	sb        *Sandbox
	quota     quota
	log       *RequestLog
	numericID int64        // never changes
	hookCount atomic.Int64 // how many hooks there are, for announce

	eventCount atomic.Int64 // events announced, so that no two are the same

	next atomic.Int64 // when a resource has something to carry out, in unix nanoseconds; 0 is never

	mu       sync.RWMutex // guards everything below
	info     storeInfo
	users    []*User
	tokens   map[string]*token // by digest
	cat      catalogue
	shop     shop   // customers, channels, sites and scripts
	kept     []kept // what each resource keeps, in their order
	hooks    map[int64]*hook
	busy     map[string]int // requests under way by concurrency class
	overlaps int            // see BulkOverlaps
	pending  bytes.Buffer   // journal lines of the mutation under way
}

func newStore(s *Sandbox, spec StoreSpec) *Store {
	or := func(v, def string) string {
		if v == "" {
			return def
		}
		return v
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(spec.Hash))
	now := s.now()
	st := &Store{
		Hash: spec.Hash, sb: s, log: newRequestLog(),
		tokens: map[string]*token{}, hooks: map[int64]*hook{}, busy: map[string]int{},
		info: storeInfo{
			Name: or(spec.Name, "Sandbox store "+spec.Hash), Plan: or(spec.Plan, s.opts.Plan),
			Timezone: or(spec.Timezone, "America/Chicago"), Currency: or(spec.Currency, "USD"),
			AccountUUID: uuid.NewString(), NumericID: 1_000_000 + int64(h.Sum32()%9_000_000),
			Created: now.Unix(), Next: map[string]int64{},
		},
	}
	if _, ok := planQuota[st.info.Plan]; !ok {
		st.info.Plan = s.opts.Plan
	}
	st.numericID = st.info.NumericID
	st.cat.init()
	st.shop.init()
	st.keepers(s.resources)
	st.quota = quota{limit: planQuota[st.info.Plan], window: s.opts.Window, start: now}
	st.addUserLocked(or(spec.OwnerEmail, "owner@"+spec.Hash+".example"), or(spec.OwnerLocale, "en-US"), true)
	for _, u := range spec.Users {
		st.addUserLocked(u.Email, or(u.Locale, "en-US"), false)
	}
	return st
}

// nextID takes the next id of a kind; ids are never given twice, as on the platform.
func (st *Store) nextID(kind string, first int64) int64 {
	id := max(st.info.Next[kind], first)
	st.info.Next[kind] = id + 1
	return id
}

func (st *Store) addUserLocked(email, locale string, owner bool) *User {
	id := st.nextID(kindUser, st.info.NumericID*100)
	name, _, _ := strings.Cut(email, "@")
	u := &User{ID: id, Username: name, Email: email, Locale: locale, Owner: owner}
	st.users = append(st.users, u)
	return u
}

// Name is the store's name.
func (st *Store) Name() string {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.info.Name
}

// Plan is one of standard, plus, pro and enterprise.
func (st *Store) Plan() string {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.info.Plan
}

// Quota returns the plan's requests per window, and the window.
func (st *Store) Quota() (int, time.Duration) {
	st.quota.mu.Lock()
	defer st.quota.mu.Unlock()
	return st.quota.limit, st.quota.window
}

// Log is the store's request log.
func (st *Store) Log() *RequestLog { return st.log }

func (st *Store) setPlan(plan string) {
	n, ok := planQuota[plan]
	if !ok {
		return
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.info.Plan == plan {
		return
	}
	st.info.Plan = plan
	st.quota.setLimit(n)
	st.record(kindStore, 0, st.infoLocked())
	st.flush()
}

// SetName renames the store, as its settings page does; store/information/updated fires.
func (st *Store) SetName(name string) {
	st.mu.Lock()
	news := st.info.Name != name
	st.info.Name = name
	st.record(kindStore, 0, st.infoLocked())
	st.flush()
	st.mu.Unlock()
	if news {
		st.fire("store/information/updated", "store", 0)
	}
}

// Users returns the people of the store, the owner first.
func (st *Store) Users() []User {
	st.mu.RLock()
	defer st.mu.RUnlock()
	out := make([]User, len(st.users))
	for i, u := range st.users {
		out[i] = *u
	}
	return out
}

// Owner returns the store's owner.
func (st *Store) Owner() User { return st.Users()[0] }

// User returns the person with this id.
func (st *Store) User(id int64) (User, bool) {
	for _, u := range st.Users() {
		if u.ID == id {
			return u, true
		}
	}
	return User{}, false
}

// AddUser gives another person access to the control panel.
func (st *Store) AddUser(spec UserSpec) User {
	if spec.Locale == "" {
		spec.Locale = "en-US"
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	u := st.addUserLocked(spec.Email, spec.Locale, false)
	st.record(kindUser, u.ID, u)
	st.flush()
	return *u
}

// fixedScopes are those of what is no resource.
var fixedScopes = []string{"store_v2_products", "store_v2_information", "store_v2_customers", "store_v2_customers_login",
	"store_channel_settings", "store_sites", "store_v2_content", "store_content_checkout"}

// APIAccount is store-level API credentials, as the control panel makes them.
type APIAccount struct {
	ClientID     string
	ClientSecret string // signs the account's webhooks
	AccessToken  string
}

// APIAccount issues store-level API credentials. Without scopes they may do everything that the
// sandbox simulates. Each call is another client of the store.
func (st *Store) APIAccount(scopes ...string) APIAccount {
	if len(scopes) == 0 {
		scopes = st.sb.allScopes()
	}
	a := APIAccount{ClientID: randomToken(16), ClientSecret: randomToken(32)}
	st.mu.Lock()
	defer st.mu.Unlock()
	a.AccessToken = st.issueLocked(token{ClientID: a.ClientID, Secret: a.ClientSecret, Scopes: slices.Clone(scopes)})
	st.flush()
	return a
}

// Token is the access token of a new APIAccount.
func (st *Store) Token(scopes ...string) string { return st.APIAccount(scopes...).AccessToken }

// issueLocked makes a token what t says and returns it.
func (st *Store) issueLocked(t token) string {
	secret := randomToken(16)
	t.Digest = digest(secret)
	st.tokens[t.Digest] = &t
	st.record(kindToken, 0, &t)
	return secret
}

// clientSecret is what webhooks of a client are signed with: the app's secret, or that of the
// store-level API credentials that made the hook.
func (st *Store) clientSecret(clientID string) string {
	st.mu.RLock()
	defer st.mu.RUnlock()
	for _, t := range st.tokens {
		if t.ClientID == clientID && !t.App {
			return t.Secret
		}
	}
	return st.sb.clientSecret
}

// dropAppTokensLocked invalidates every token of the app.
func (st *Store) dropAppTokensLocked() {
	for d, t := range st.tokens {
		if t.App {
			delete(st.tokens, d)
			st.record(kindToken, 0, &token{Digest: d})
		}
	}
}

func (st *Store) tokenOf(secret string) *token {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.tokens[digest(secret)]
}

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// SeedProducts adds n plain products (SKU SEED-000001 …), quickly and without webhooks, for
// benchmarks.
func (st *Store) SeedProducts(n int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for range n {
		i := len(st.cat.order) + 1
		p := &product{
			name: fmt.Sprintf("Seeded product %06d", i), sku: fmt.Sprintf("SEED-%06d", i),
			vals: []fieldValue{{fieldIndex("type"), `"physical"`}, {fieldIndex("weight"), "1"}, {fieldIndex("price"), fmt.Sprintf("%d.5", i%1000)}},
		}
		st.insertProductLocked(p)
	}
	st.flush()
}

// Products returns how many products the store has.
func (st *Store) Products() int {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return len(st.cat.order)
}
