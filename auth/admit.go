package auth

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/limits"
)

// admit counts a request against the person or key that makes it, and against their store; one that
// proves neither counts against its address. It answers 429 and returns false when that is too
// often. It asks no database: a session shows by its signature, a key by having been good a moment
// ago.
func (a *Auth) admit(c *gin.Context) bool {
	store, id := a.callerShown(bearer(c.GetHeader("Authorization")))
	if id == "" {
		return a.cfg.Gate.Pass(c)
	}
	if a.cfg.Limiter == nil {
		return true
	}
	return a.cfg.Limiter.Admit(c, store, id, a.cfg.Limits.Rate(limits.PrincipalRate)) &&
		a.cfg.Limiter.Pass(c, store, nil, a.cfg.Limits.Rate(limits.StoreRate))
}

// admitPayload counts a payload that BigCommerce signed against the user whom it names, and their
// store: one can be sent again and again, and each time costs a look into the database. It answers
// 429 and returns false when that is too often.
func (a *Auth) admitPayload(c *gin.Context, p *payload) bool {
	if a.cfg.Limiter == nil {
		return true
	}
	return a.cfg.Limiter.Admit(c, p.storeHash, "payload:"+strconv.FormatInt(p.User.ID, 10), a.cfg.Limits.Rate(limits.PrincipalRate)) &&
		a.cfg.Limiter.Pass(c, p.storeHash, nil, a.cfg.Limits.Rate(limits.StoreRate))
}

// callerShown returns whose token it is, "" if it does not show. Whether they still may call is
// another question.
func (a *Auth) callerShown(token string) (store, id string) {
	switch {
	case token == "":
		return "", ""
	case strings.HasPrefix(token, keyPrefix):
		return a.keys.get(hashKey(token), a.now())
	}
	claims, err := a.parseSession(token)
	if err != nil {
		return "", ""
	}
	return claims.Subject, claims.UserID
}

// bearer returns the token of an Authorization header, "" if it has none that could be ours.
func bearer(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") || len(token) > maxPayload {
		return ""
	}
	return token
}

const (
	// goodFor is how long a key that was good is counted by itself without being looked up first.
	goodFor = 5 * time.Minute
	// goodAtMost is how many such keys a process remembers.
	goodAtMost = 50_000
)

// goodKeys remembers which keys were good, by their hashes. It lets nobody in: each request's key
// is looked up in the database all the same. The zero value is ready.
type goodKeys struct {
	mu   sync.Mutex
	keys map[string]goodKey
}

type goodKey struct {
	store, id string
	until     time.Time
}

func (g *goodKeys) get(hash string, now time.Time) (store, id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	k, ok := g.keys[hash]
	if !ok || now.After(k.until) {
		return "", ""
	}
	return k.store, k.id
}

func (g *goodKeys) put(hash, store, id string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.keys == nil || len(g.keys) >= goodAtMost {
		g.keys = map[string]goodKey{}
	}
	g.keys[hash] = goodKey{store, id, now.Add(goodFor)}
}
