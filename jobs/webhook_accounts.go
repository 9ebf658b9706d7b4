package jobs

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
)

const (
	// accountFor is how long a store's secret that verified a delivery shows whom others count
	// against.
	accountFor = 5 * time.Minute
	// accountsAtMost is how many such stores a process remembers.
	accountsAtMost = 10_000
)

// admitWebhook counts a delivery that the app's secret did not sign: against its store, if that
// store's account shows to have signed it, else against its address. It answers 429 and returns
// false when that is too often. It asks no database.
func (s *Service) admitWebhook(c *gin.Context, body []byte) bool {
	store := s.accounts.signer(body, c.Request.Header, s.now())
	if store == "" || s.cfg.Limiter == nil {
		return s.cfg.Gate.Pass(c)
	}
	return s.cfg.Limiter.Pass(c, store, nil, s.cfg.StoreRate)
}

// verifyByStore checks a delivery that the app's secret did not sign with that of the store's API
// account, if it was added by store-level credentials: such an account can tell of its own store
// only. refused is why the app's did not.
func (s *Service) verifyByStore(ctx context.Context, body []byte, header http.Header, refused error) error {
	hook, err := parseWebhook(body)
	if err != nil {
		return refused
	}
	secret, err := s.db.WebhookSecret(ctx, hook.StoreHash)
	switch {
	case problem.CodeOf(err) == problem.NotFound, err == nil && secret == "":
		return refused
	case err != nil:
		return err
	}
	if err := verifyWith(secret, body, header); err != nil {
		return err
	}
	s.accounts.put(hook.StoreHash, secret, s.now())
	return nil
}

// accounts remembers the secrets of stores' own API accounts that signed a delivery a moment ago.
// It lets none in: each delivery is verified with the secret that the database has. The zero value
// is ready.
type accounts struct {
	mu     sync.Mutex
	stores map[string]accountSecret
}

type accountSecret struct {
	secret string
	until  time.Time
}

// signer returns the store that a delivery is of if its account's secret, as it was a moment ago,
// signed it; "" otherwise.
func (a *accounts) signer(body []byte, header http.Header, now time.Time) string {
	hook, err := parseWebhook(body)
	if err != nil {
		return ""
	}
	a.mu.Lock()
	known, ok := a.stores[hook.StoreHash]
	a.mu.Unlock()
	if !ok || now.After(known.until) || verifyWith(known.secret, body, header) != nil {
		return ""
	}
	return hook.StoreHash
}

func (a *accounts) put(store, secret string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stores == nil || len(a.stores) >= accountsAtMost {
		a.stores = map[string]accountSecret{}
	}
	a.stores[store] = accountSecret{secret, now.Add(accountFor)}
}
