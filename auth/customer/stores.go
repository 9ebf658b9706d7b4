package customer

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"sluice/internal/problem"
	"sluice/tenants"
)

const (
	// storeFor is how long a store is believed to be as it was read: the longest that a store which
	// uninstalled, or an origin that was taken away, goes on being answered by another process.
	storeFor = 10 * time.Second
	// storeForWithout is how long while the database is away: shoppers' pages go on meanwhile.
	storeForWithout = 5 * time.Minute
	// loadFor bounds reading a store.
	loadFor = 5 * time.Second
	// rememberAtMost is how many stores are remembered before the ones that are too old are dropped.
	rememberAtMost = 50_000
)

// storefront is what every request needs to know of a store. It never changes.
type storefront struct {
	hash       string
	installed  bool
	origins    map[string]struct{} // of its channels: scheme://host[:port]
	accountURL string
	currency   string // ISO 4217, "" if unknown
	read       time.Time
}

// storeCache remembers stores, so that a verification asks no database.
type storeCache struct {
	db     *tenants.DB
	appURL string
	now    func() time.Time
	log    *slog.Logger
	flight singleflight.Group

	mu     sync.RWMutex
	stores map[string]*storefront
	epoch  map[string]uint64 // counts forget, so that what was being read meanwhile is not kept
}

func newStoreCache(db *tenants.DB, appURL string, now func() time.Time, log *slog.Logger) *storeCache {
	return &storeCache{db: db, appURL: appURL, now: now, log: log, stores: map[string]*storefront{}, epoch: map[string]uint64{}}
}

// known returns what is remembered of a store, however old, and whether it is young enough; nil if
// nothing is.
func (sc *storeCache) known(hash string) (sf *storefront, fresh bool) {
	sc.mu.RLock()
	sf = sc.stores[hash]
	sc.mu.RUnlock()
	return sf, sf != nil && sc.now().Sub(sf.read) < storeFor
}

// load reads a store, once for all who ask at the same time.
func (sc *storeCache) load(ctx context.Context, hash string) (*storefront, error) {
	v, err, _ := sc.flight.Do(hash, func() (any, error) {
		// The answer is for others too: it must not fail because the first one left.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadFor)
		defer cancel()
		sc.mu.RLock()
		epoch := sc.epoch[hash]
		sc.mu.RUnlock()
		sf, err := sc.read(ctx, hash)
		if err != nil {
			if old, _ := sc.known(hash); old != nil && sc.now().Sub(old.read) < storeForWithout {
				sc.log.WarnContext(ctx, "store not read; going by what it was", "store", hash, "error", err)
				return old, nil
			}
			return nil, err
		}
		sc.mu.Lock()
		defer sc.mu.Unlock()
		if sc.epoch[hash] == epoch {
			sc.keep(sf)
		}
		return sf, nil
	})
	if err != nil {
		return nil, err
	}
	return v.(*storefront), nil
}

func (sc *storeCache) read(ctx context.Context, hash string) (*storefront, error) {
	sf := &storefront{hash: hash, read: sc.now(), accountURL: sc.appURL + "/storefront/" + hash + "/account"}
	store, err := sc.db.Store(ctx, hash)
	if problem.CodeOf(err) == problem.NotFound {
		return sf, nil
	}
	if err != nil {
		return nil, err
	}
	if store.State == tenants.StoreUninstalled {
		return sf, nil
	}
	sf.installed, sf.currency = true, store.Currency
	origins, err := sc.db.ChannelOrigins(tenants.WithStore(ctx, hash))
	if err != nil {
		return nil, err
	}
	sf.origins = make(map[string]struct{}, len(origins))
	for _, o := range origins {
		sf.origins[o.Origin] = struct{}{}
	}
	return sf, nil
}

// keep remembers sf. The lock is held.
func (sc *storeCache) keep(sf *storefront) {
	if len(sc.stores) >= rememberAtMost {
		for hash, old := range sc.stores {
			if sf.read.Sub(old.read) >= storeFor {
				delete(sc.stores, hash)
			}
		}
		if len(sc.stores) >= rememberAtMost {
			clear(sc.stores) // all of them young: looking through them each time would cost more than reading anew
		}
	}
	sc.stores[sf.hash] = sf
}

func (sc *storeCache) forget(hash string) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	delete(sc.stores, hash)
	sc.epoch[hash]++ // one number for each store that was ever installed or uninstalled here
	sc.flight.Forget(hash)
}
