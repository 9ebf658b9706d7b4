// Package governor compares Sluice's quota governor with two ways to keep within a store's quota
// that BigCommerce's own clients lead to.
//
// To stop when few requests are left is what the Python client does if it is asked to
// (rate_limiting_management with min_requests_remaining and wait): after each answer that succeeded
// it looks at X-Rate-Limit-Requests-Left and sleeps until the window ends. To send until a 429
// comes and wait for the window's end is what is left to the caller otherwise: the Python client
// raises RateLimitingException, and the PHP client, in the versions that were read for this, treats
// a 429 as any error.
package governor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sluice/internal/bench/harness"
	"sluice/internal/bench/stage"
	"sluice/internal/testenv"
)

// setting is a plan and a length of window.
type setting struct {
	name, plan string
	quota      int
	window     time.Duration
}

var settings = []setting{
	{"Standard, 30 s windows", "standard", 150, 30 * time.Second},
	{"Standard, 5 s windows", "standard", 150, 5 * time.Second},
	{"Pro, 5 s windows", "pro", 450, 5 * time.Second},
}

var ways = []string{ours, waitAfter429, keepMinimum}

const (
	processes = 3
	// length of a round: the first window, two whole ones of 30 s, and the beginning of another.
	length  = 92 * time.Second
	latency = 20 * time.Millisecond
)

// stand is one store of a round.
type stand struct {
	way     string
	setting int
	shared  bool // another app uses the store
}

func (s stand) hash() string {
	n := 0
	for i, w := range ways {
		if w == s.way {
			n = i
		}
	}
	kind := "alone"
	if s.shared {
		kind = "shared"
	}
	return fmt.Sprintf("%s%d%d", kind, s.setting, n)
}

func stands() []stand {
	var all []stand
	for i := range settings {
		for _, w := range ways {
			all = append(all, stand{w, i, false}, stand{w, i, true})
		}
	}
	return all
}

// Benchmarks compares alone and beside another app.
func Benchmarks() []harness.Benchmark {
	together := &harness.Together[stand]{Run: round} // both benchmarks' contenders at the same time
	return []harness.Benchmark{benchmark(together, false), benchmark(together, true)}
}

const about = `Three processes use up a store's quota together, on the sandbox in a process of its own (20 ms latency) and a real Redis.
Ours is the limiter behind the API client as jobs makes it, 8 requests in flight a process, all bulk; who gets no quota comes back when the
limiter says. The others send one request at a time a process, as BigCommerce's PHP and Python clients do. To keep a minimum is what the Python client
can be told to do (rate_limiting_management); 2 is its documentation's example. To wait after a 429 is what a caller of these
clients does otherwise: they wait for nothing themselves then. Both sleep exactly as long as X-Rate-Limit-Time-Reset-Ms says (the Python
client rounds up to whole seconds, which would cost it more). All contenders, settings and both scenarios of a round run at the same time, each on a store of its own. Counted by the sandbox by window,
without the first window and without the one in which the round ends: of a round 2 windows of 30 s or 17 of 5 s.`

func benchmark(together *harness.Together[stand], shared bool) harness.Benchmark {
	b := harness.Benchmark{
		Name: "governor/alone", About: about,
		Metrics: []harness.Metric{
			{Name: "quota used", Unit: "%", Better: harness.Higher, Means: "requests that were granted, of everybody, of what the windows allow"},
			{Name: "429s", Unit: "%", Better: harness.Lower, Means: "our requests that were refused because the window was used up, of all that we sent"},
			{Name: "requests", Better: harness.Neither, Means: "that we sent in the windows that count: what the share of 429s is taken of"},
		},
		Timeout: 3 * time.Minute,
	}
	use, refused := 98.0, 0.0
	if shared {
		b.Name, use, refused = "governor/beside another app", 97, 0.1
		b.About = "As governor/alone, and another app, with a token of its own, sends to the same store at random moments (Poisson, seeded) a third of its quota; it repeats nothing and minds no 429."
		b.Metrics = append(b.Metrics,
			harness.Metric{Name: "used by us", Unit: "%", Better: harness.Neither, Means: "granted requests of ours, of what the windows allow"},
			harness.Metric{Name: "its 429s", Unit: "%", Better: harness.Lower, Means: "requests of the other app that were refused, of all that it sent"})
	}
	for i, s := range settings {
		for _, w := range ways {
			name := w + " (" + s.name + ")"
			b.Contenders = append(b.Contenders, harness.Contender{Name: name, Round: together.Part(stand{w, i, shared})})
			if w == ours {
				b.Targets = append(b.Targets,
					harness.Target{Contender: name, Metric: "quota used", Op: harness.AtLeast, Bound: use},
					harness.Target{Contender: name, Metric: "429s", Op: harness.AtMost, Bound: refused})
			}
		}
	}
	return b
}

// round runs every stand once.
func round(ctx context.Context, n int) (result map[stand]harness.Values, err error) {
	redisURL, stopRedis, err := testenv.StartRedis()
	if err != nil {
		return nil, err
	}
	defer stopRedis()
	var running []*stage.Process
	stop := func() {
		var wait sync.WaitGroup
		errs := make([]error, len(running))
		for i, p := range running {
			wait.Go(func() { errs[i] = p.Stop() })
		}
		wait.Wait()
		running = nil
		err = errors.Join(append(errs, err)...)
	}
	sandboxes := map[time.Duration]*stage.SandboxInfo{}
	var servers []*stage.Process
	defer func() {
		stop()
		for _, p := range servers {
			err = errors.Join(err, p.Stop())
		}
	}()
	for _, s := range settings {
		if sandboxes[s.window] != nil {
			continue
		}
		task := stage.SandboxTask{Window: s.window, Latency: latency}
		for _, st := range stands() {
			if settings[st.setting].window == s.window {
				task.Stores = append(task.Stores, stage.StoreTask{Hash: st.hash(), Plan: settings[st.setting].plan, Products: 1})
			}
		}
		p, err := stage.Start(ctx, stage.SandboxWorker, task)
		if err != nil {
			return nil, err
		}
		servers = append(servers, p)
		info := &stage.SandboxInfo{}
		if err := p.Hear(info); err != nil {
			return nil, err
		}
		sandboxes[s.window] = info
	}
	began := time.Now()
	for _, task := range tasks(n, redisURL, sandboxes) {
		p, err := stage.Start(ctx, clientWorker, task)
		if err != nil {
			return nil, err
		}
		running = append(running, p)
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(length - time.Since(began)):
	}
	result = map[stand]harness.Values{}
	for _, st := range stands() {
		info := sandboxes[settings[st.setting].window]
		if result[st], err = measure(ctx, info, st); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// tasks are what the client processes of a round do: three a way, and one is the other app of all
// stores that have one.
func tasks(n int, redisURL string, sandboxes map[time.Duration]*stage.SandboxInfo) []clientTask {
	other := clientTask{Way: otherApp}
	var all []clientTask
	for _, way := range ways {
		task := clientTask{Way: way, RedisURL: redisURL}
		for i, st := range stands() {
			s := settings[st.setting]
			info := sandboxes[s.window]
			if st.way != way {
				continue
			}
			task.Stores = append(task.Stores, storeTask{URL: info.URL, Store: st.hash(), Token: info.Stores[st.hash()].Token})
			if st.shared {
				other.Stores = append(other.Stores, storeTask{
					URL: info.URL, Store: st.hash(), Token: info.Stores[st.hash()].OtherToken,
					PerSecond: float64(s.quota) / 3 / s.window.Seconds(), Seed: uint64(100*n + i),
				})
			}
		}
		for range processes {
			all = append(all, task)
		}
	}
	return append(all, other)
}

// measure reads what the sandbox counted for a stand in the windows that count.
func measure(ctx context.Context, info *stage.SandboxInfo, st stand) (harness.Values, error) {
	windows, err := stage.Windows(ctx, info.URL, st.hash())
	if err != nil {
		return nil, err
	}
	if len(windows) < 2 {
		return nil, fmt.Errorf("%s: only %d windows have ended", st.hash(), len(windows))
	}
	var allowed, mine, refused, others, othersRefused float64
	for _, w := range windows[1:] {
		allowed += float64(w.Quota)
		for id, c := range w.Clients {
			if id == info.Stores[st.hash()].Client {
				mine += float64(c.Granted)
				refused += float64(c.Refused)
			} else {
				others += float64(c.Granted)
				othersRefused += float64(c.Refused)
			}
		}
	}
	v := harness.Values{"quota used": 100 * (mine + others) / allowed, "429s": 100 * refused / max(1, mine+refused), "requests": mine + refused}
	if st.shared {
		v["used by us"] = 100 * mine / allowed
		v["its 429s"] = 100 * othersRefused / max(1, others+othersRefused)
	}
	return v, nil
}
