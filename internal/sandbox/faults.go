package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Kinds of faults. Those of requests strike API calls; those of hooks strike webhook events.
const (
	Fault500           = "500"
	Fault503           = "503"
	Fault503RetryAfter = "503_retry_after" // whose body says when to come back (MS, in whole seconds, at least 1), as price lists document
	Fault429           = "429"             // with the four headers, none left
	Fault429Bare       = "429_bare"        // without any header: platform load
	Fault429RetryAfter = "429_retry_after" // with X-Retry-After only (MS, in whole seconds, at least 1)
	FaultLatency       = "latency"         // MS more before the answer
	FaultCutBefore     = "cut_before"      // the connection is cut, nothing happens
	FaultCutAfter      = "cut_after"       // the request takes effect, then the connection is cut
	FaultPartial       = "partial"         // the last thing of a batch fails: 207
	Fault401           = "401"

	FaultHookDrop      = "hook_drop"      // the event is lost
	FaultHookDuplicate = "hook_duplicate" // it is delivered twice
	FaultHookReorder   = "hook_reorder"   // it is delivered after the next one
)

var faultKinds = []string{Fault500, Fault503, Fault503RetryAfter, Fault429, Fault429Bare, Fault429RetryAfter, FaultLatency, FaultCutBefore,
	FaultCutAfter, FaultPartial, Fault401, FaultHookDrop, FaultHookDuplicate, FaultHookReorder}

// Fault makes matching requests (or webhook events) go wrong.
type Fault struct {
	ID         int    `json:"id"`
	Store      string `json:"store,omitempty"`       // "" is every store
	Method     string `json:"method,omitempty"`      // "" is every method; not used by hook faults
	PathPrefix string `json:"path_prefix,omitempty"` // of the path after /stores/{hash}; of the event's scope for hook faults
	Kind       string `json:"kind"`
	Times      int    `json:"times,omitempty"` // strikes this often, then is gone; 0 is for ever
	Every      int    `json:"every,omitempty"` // strikes each Nth match only; 0 and 1 are each
	MS         int    `json:"ms,omitempty"`    // latency, or wait of 429_retry_after and 503_retry_after, in milliseconds
	Struck     int    `json:"struck"`          // so far

	seen int
}

func (f *Fault) is(kind string) bool { return f != nil && f.Kind == kind }

func (f *Fault) hook() bool { return strings.HasPrefix(f.Kind, "hook_") }

// faultSet holds the faults in the order of their making; the first that matches strikes.
type faultSet struct {
	mu   sync.Mutex
	seq  int
	list []*Fault
}

// AddFault sets a fault and returns its id.
func (s *Sandbox) AddFault(f Fault) (int, error) {
	if !slices.Contains(faultKinds, f.Kind) {
		return 0, fmt.Errorf("unknown kind %q: use one of %s", f.Kind, strings.Join(faultKinds, ", "))
	}
	if f.Times < 0 || f.Every < 0 || f.MS < 0 {
		return 0, fmt.Errorf("times, every and ms must not be negative")
	}
	f.Method = strings.ToUpper(f.Method)
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.seq++
	f.ID, f.Struck, f.seen = s.faults.seq, 0, 0
	s.faults.list = append(s.faults.list, &f)
	return f.ID, nil
}

// Faults returns the faults that may still strike.
func (s *Sandbox) Faults() []Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	out := make([]Fault, len(s.faults.list))
	for i, f := range s.faults.list {
		out[i] = *f
	}
	return out
}

// ClearFaults removes every fault, or those with the given ids.
func (s *Sandbox) ClearFaults(ids ...int) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = slices.DeleteFunc(s.faults.list, func(f *Fault) bool {
		return len(ids) == 0 || slices.Contains(ids, f.ID)
	})
}

// next returns the fault that strikes this request, or nil.
func (fs *faultSet) next(store, method, path string) *Fault {
	return fs.strike(func(f *Fault) bool {
		return !f.hook() && (f.Method == "" || f.Method == method) && match(f, store, path)
	})
}

// nextHook returns the fault that strikes this webhook event, or nil.
func (fs *faultSet) nextHook(store, scope string) *Fault {
	return fs.strike(func(f *Fault) bool { return f.hook() && match(f, store, scope) })
}

func match(f *Fault, store, path string) bool {
	return (f.Store == "" || f.Store == store) && strings.HasPrefix(path, f.PathPrefix)
}

func (fs *faultSet) strike(matches func(*Fault) bool) *Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i, f := range fs.list {
		if !matches(f) {
			continue
		}
		if f.seen++; f.Every > 1 && f.seen%f.Every != 0 {
			continue
		}
		if f.Struck++; f.Times > 0 && f.Struck >= f.Times {
			fs.list = slices.Delete(fs.list, i, i+1)
		}
		hit := *f
		return &hit
	}
	return nil
}

// msgAsked is the message of what failed because a fault asked for it.
const msgAsked = "The sandbox was asked to fail this one."
