package sandbox

import (
	"slices"
	"sync"
	"time"
)

const (
	visitLife    = 24 * time.Hour
	keptAttempts = 200
)

// visit is a shopper who is signed in at one storefront.
type visit struct {
	front    frontKey
	customer int64
	at       time.Time
}

// visits are the sessions of every storefront's shoppers, the login tokens that were used, and what
// came of the last sign-ins. All of it is in memory only: a new process knows no session.
type visits struct {
	now func() time.Time

	mu       sync.Mutex
	sessions map[string]visit
	spent    map[string]time.Time // client id, space, jti → when
	attempts []SignIn
}

func newVisits(now func() time.Time) *visits {
	return &visits{now: now, sessions: map[string]visit{}, spent: map[string]time.Time{}}
}

// begin signs a shopper in and returns the session's secret, always a new one.
func (v *visits) begin(key frontKey, customer int64) string {
	id := randomToken(24)
	v.mu.Lock()
	defer v.mu.Unlock()
	for k, s := range v.sessions {
		if v.now().Sub(s.at) > visitLife {
			delete(v.sessions, k)
		}
	}
	v.sessions[id] = visit{key, customer, v.now()}
	return id
}

// customer is whose session this is at this storefront; 0 is nobody's.
func (v *visits) customer(key frontKey, id string) int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	s, ok := v.sessions[id]
	if !ok || s.front != key || v.now().Sub(s.at) > visitLife {
		return 0
	}
	return s.customer
}

func (v *visits) end(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.sessions, id)
}

// spend notes the jti of a client's login token; false when it was noted before.
func (v *visits) spend(client, jti string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for k, at := range v.spent {
		if v.now().Sub(at) > visitLife { // long after iat forbids the token anyway
			delete(v.spent, k)
		}
	}
	key := client + " " + jti
	if _, used := v.spent[key]; used {
		return false
	}
	v.spent[key] = v.now()
	return true
}

// SignIn is one attempt to sign in at a storefront.
type SignIn struct {
	At        time.Time `json:"at"`
	Store     string    `json:"store_hash"`
	ChannelID int64     `json:"channel_id"`
	Method    string    `json:"method"` // password or token
	Customer  int64     `json:"customer_id,omitempty"`
	Refused   string    `json:"refused,omitempty"` // why; "" is success
}

func (v *visits) note(a SignIn) {
	a.At = v.now()
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.attempts) >= keptAttempts {
		v.attempts = slices.Delete(v.attempts, 0, 1)
	}
	v.attempts = append(v.attempts, a)
}

// SignIns returns the last attempts to sign in at the store's storefronts, the oldest first.
func (st *Store) SignIns() []SignIn {
	v := st.sb.visits
	v.mu.Lock()
	defer v.mu.Unlock()
	out := []SignIn{}
	for _, a := range v.attempts {
		if a.Store == st.Hash {
			out = append(out, a)
		}
	}
	return out
}
