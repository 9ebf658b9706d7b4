package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"sluice/internal/sandbox"
)

// SandboxWorker is the name under which RunSandbox is to be found.
const SandboxWorker = "sandbox"

// SandboxTask describes a simulated BigCommerce.
type SandboxTask struct {
	Window  time.Duration
	Latency time.Duration // of each answer
	Stores  []StoreTask
}

// StoreTask describes one of its stores.
type StoreTask struct {
	Hash, Plan string
	Products   int      // that it has from the start, as sandbox.SeedProducts makes them
	Tracking   string   // how their stock is tracked; "" is not at all
	Locations  []string // names of locations besides the first
	Currencies []string // besides the store's own
}

// SandboxInfo is what a sandbox tells once it listens.
type SandboxInfo struct {
	URL    string
	Stores map[string]StoreInfo
}

// StoreInfo is a store as two apps know it.
type StoreInfo struct {
	Token, OtherToken string // access tokens of two clients of the store
	Client            string // the first one's client id, by which the sandbox counts
}

// RunSandbox is the worker: a sandbox as a process of its own, so that its time is nobody else's.
func RunSandbox(ctx context.Context, in json.RawMessage, say func(any) error) error {
	var task SandboxTask
	if err := json.Unmarshal(in, &task); err != nil {
		return err
	}
	s, err := sandbox.New(sandbox.Options{Window: task.Window, Latency: task.Latency})
	if err != nil {
		return err
	}
	if err := s.Start(ctx); err != nil {
		return err
	}
	info := SandboxInfo{URL: s.URLs().API, Stores: map[string]StoreInfo{}}
	for _, spec := range task.Stores {
		st := s.AddStore(sandbox.StoreSpec{Hash: spec.Hash, Plan: spec.Plan})
		st.SeedProducts(spec.Products)
		if spec.Tracking != "" {
			st.SetTracking(spec.Tracking)
		}
		for _, name := range spec.Locations {
			st.AddLocation(name, name)
		}
		for _, code := range spec.Currencies {
			if err := st.AddCurrency(code); err != nil {
				return err
			}
		}
		token := st.Token()
		if err := useOnce(ctx, info.URL, spec.Hash, token); err != nil {
			return err
		}
		known := StoreInfo{Token: token, OtherToken: st.Token()}
		for id := range st.Log().Clients() { // the one that was used so far
			known.Client = id
		}
		info.Stores[spec.Hash] = known
	}
	if err := say(info); err != nil {
		return err
	}
	<-ctx.Done()
	return s.Close()
}

// useOnce makes a token's client known to the store's log.
func useOnce(ctx context.Context, url, store, token string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/stores/"+store+"/v2/time", nil)
	if err != nil {
		return err
	}
	req.Header.Set("X-Auth-Token", token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// Windows asks a sandbox what each client of a store did in the windows that have ended.
func Windows(ctx context.Context, url, store string) ([]sandbox.QuotaWindow, error) {
	var body struct {
		Windows []sandbox.QuotaWindow `json:"windows"`
	}
	err := ask(ctx, url+"/sandbox/stores/"+store+"/windows", &body)
	return body.Windows, err
}

// Counted is what a sandbox counted of a store's requests, and the mark to count from next.
type Counted struct {
	Mark uint64 `json:"mark"`
	sandbox.Counts
}

// Requests asks a sandbox how many requests of a store came since a mark; 0 is the beginning.
func Requests(ctx context.Context, url, store string, since uint64) (Counted, error) {
	var c Counted
	err := ask(ctx, url+"/sandbox/stores/"+store+"/requests?since="+strconv.FormatUint(since, 10), &c)
	return c, err
}

// Products asks a sandbox how many products its stores have, by store.
func Products(ctx context.Context, url string) (map[string]int, error) {
	var body struct {
		Stores []struct {
			Hash     string `json:"hash"`
			Products int    `json:"products"`
		} `json:"stores"`
	}
	if err := ask(ctx, url+"/sandbox/stores", &body); err != nil {
		return nil, err
	}
	list := make(map[string]int, len(body.Stores))
	for _, s := range body.Stores {
		list[s.Hash] = s.Products
	}
	return list, nil
}

func ask(ctx context.Context, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("stage: %s: %s", url, res.Status)
	}
	return json.NewDecoder(res.Body).Decode(into)
}
