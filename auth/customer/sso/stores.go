package sso

import (
	"context"
	"sync"
	"time"

	"sluice/internal/problem"
	"sluice/tenants"
)

const (
	// knownFor and absentFor are how long a process remembers that a store has the app, or has not. It
	// decides nothing but how callers are counted, and whether a store that nobody has is looked up
	// again.
	knownFor  = 10 * time.Minute
	absentFor = 10 * time.Second
	// storesAtMost is how many stores are remembered.
	storesAtMost = 50_000
)

// storeMemory remembers which stores have the app: anybody may name any.
type storeMemory struct {
	mu     sync.Mutex
	stores map[string]storeSeen
}

type storeSeen struct {
	installed bool
	until     time.Time
}

func (m *storeMemory) get(hash string, now time.Time) (installed, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.stores[hash]
	return s.installed, ok && now.Before(s.until)
}

func (m *storeMemory) put(hash string, installed bool, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stores == nil || len(m.stores) >= storesAtMost {
		m.stores = map[string]storeSeen{}
	}
	keep := absentFor
	if installed {
		keep = knownFor
	}
	m.stores[hash] = storeSeen{installed, now.Add(keep)}
}

// installed reports whether a store has the app, by memory or by a look. Who cannot be told is
// taken for one that has it: what comes next fails by itself.
func (s *Service) installed(ctx context.Context, hash string) bool {
	if !tenants.ValidStoreHash(hash) {
		return false
	}
	if installed, known := s.stores.get(hash, s.now()); known {
		return installed
	}
	store, err := s.cfg.DB.Store(tenants.WithStore(ctx, hash), hash)
	if err != nil && problem.CodeOf(err) != problem.NotFound {
		return true
	}
	installed := err == nil && store.State != tenants.StoreUninstalled
	s.stores.put(hash, installed, s.now())
	return installed
}
