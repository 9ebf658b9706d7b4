package jobs

import (
	"context"
	"strings"
	"sync"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/tenants"
)

const (
	// pictureWait is how long who looks at changes waits for pictures: they are there without them.
	pictureWait = 1500 * time.Millisecond
	// pictureAge is how long what the store answered is used again: pages are looked at to and fro.
	pictureAge   = 10 * time.Minute
	noPictureAge = time.Minute
	// mostPictures is how many records are known at a time, of all stores.
	mostPictures = 20_000
)

// Pictures returns addresses of small pictures of records of run's kind in ctx's store. It costs one
// request of the store's quota, unless they were asked for lately. Whatever goes wrong: there are
// no pictures then.
func (s *Service) Pictures(ctx context.Context, run *tenants.Run, of []flow.Record) map[flow.Record]string {
	kind, err := s.cfg.Engine.Kind(run.Kind)
	pictured, ok := kind.(flow.Pictured)
	if err != nil || !ok {
		return nil
	}
	out, unknown := s.pictures.known(run, of, time.Now())
	if len(unknown) == 0 {
		return out
	}
	ctx, stop := context.WithTimeout(bigcommerce.WithInteractive(ctx), pictureWait)
	defer stop()
	client, err := s.cfg.Clients.Client(ctx, run.StoreHash, nil)
	if err != nil {
		return out
	}
	found, err := pictured.Pictures(ctx, client, unknown)
	if err != nil {
		s.cfg.Log.DebugContext(ctx, "no pictures of changed records", "store", run.StoreHash, "run", run.ID, "error", err)
		return out
	}
	for r, url := range found {
		if !strings.HasPrefix(url, "https://") {
			delete(found, r)
		}
	}
	s.pictures.learn(run, unknown, found, time.Now())
	for r, url := range found {
		out[r] = url
	}
	return out
}

// pictureKey names a record of any store.
type pictureKey struct {
	store, kind string
	record      flow.Record
}

type picture struct {
	url   string // "" if there is none
	until time.Time
}

// pictureMemory remembers pictures for a while. The zero value is ready.
type pictureMemory struct {
	mu sync.Mutex
	of map[pictureKey]picture
}

// known returns what is remembered, and of which records nothing is.
func (m *pictureMemory) known(run *tenants.Run, of []flow.Record, now time.Time) (out map[flow.Record]string, unknown []flow.Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out = make(map[flow.Record]string)
	for _, r := range of {
		p, ok := m.of[pictureKey{run.StoreHash, run.Kind, r}]
		switch {
		case !ok || now.After(p.until):
			unknown = append(unknown, r)
		case p.url != "":
			out[r] = p.url
		}
	}
	return out, unknown
}

func (m *pictureMemory) learn(run *tenants.Run, asked []flow.Record, found map[flow.Record]string, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of == nil || len(m.of)+len(asked) > mostPictures {
		m.of = make(map[pictureKey]picture)
	}
	for _, r := range asked {
		age := pictureAge
		if found[r] == "" { // BigCommerce may still be loading it
			age = noPictureAge
		}
		m.of[pictureKey{run.StoreHash, run.Kind, r}] = picture{found[r], now.Add(age)}
	}
}
